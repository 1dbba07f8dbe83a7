package ui

import (
	"strings"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// Results are found by the words that the screen's filter knows, and a question
// that is not understood is not answered with something else.
func TestPlainFinds(t *testing.T) {
	s := &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
		switch {
		case r.Kind == engine.KindRobots:
			return enginetest.Rules(0)
		case r.URL == "http://one.test/2":
			return engine.Step{Result: &engine.Result{Outcome: engine.Failed, Class: engine.Status, Status: 503, Error: "busy"}}
		}
		return enginetest.OK(1)
	}}
	plainly(t, s, func(tt *teletype) {
		tt.say("http://one.test/2\nhttp://one.test/1\nhttp://two.test/3")
		tt.want(tt.hear(10*time.Second), "all work is done")
		for _, tc := range []struct{ typed, want string }{
			{"results code:5xx", "1 of 3 results match code:5xx"},
			{"results outcome:ok", "2 of 3 results match outcome:ok"},
			{"results 1 outcome:ok host:one", "1 of 3 results match outcome:ok host:one"},
			{"results class:status batch:1", "1 of 3 results match class:status batch:1"},
			{"results batch:2", "0 of 3 results match batch:2"},
			{"results TWO.test", "1 of 3 results match TWO.test"},
			{"results code:-", "0 of 3 results match code:-"},
			{"why http://one.test/1", "that is written so:"},
			{"? quit", "quit: leave"},
		} {
			tt.want(tt.say(tc.typed), tc.want)
		}
		if said := tt.say("results 1 outcome:ok"); strings.Count(said, " ok, status") != 1 || !strings.Contains(said, "http://one.test/1") {
			tt.t.Errorf("the last of two that are ok is %q", said)
		}
	})
}
