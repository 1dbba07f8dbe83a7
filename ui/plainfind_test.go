package ui

import (
	"strings"
	"testing"
	"time"

	"weir/engine"
)

// refused is the answer of a page that is not served.
var refused = engine.Step{Result: &engine.Result{Outcome: engine.Failed, Class: engine.Status, Status: 503, Error: "busy"}}

// Results are found by the words that the screen's filter knows, and a question
// that is not understood is not answered with something else.
func TestPlainFinds(t *testing.T) {
	plainly(t, answering(map[string]engine.Step{"one.test/2": refused}), func(tt *teletype) {
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
			tt.talk(tc.typed, tc.want)
		}
		if said := tt.say("results 1 outcome:ok"); strings.Count(said, " ok, status") != 1 || !strings.Contains(said, "http://one.test/1") {
			tt.t.Errorf("the last of two that are ok is %q", said)
		}
	})
}
