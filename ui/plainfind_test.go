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
			{"? quit", "quit: leave"},
		} {
			tt.talk(tc.typed, tc.want)
		}
		if said := tt.say("results 1 outcome:ok"); strings.Count(said, " ok, status") != 1 || !strings.Contains(said, "http://one.test/1") {
			tt.t.Errorf("the last of two that are ok is %q", said)
		}
	})
}

// What waits is found by the words that can be known of it, and says why.
func TestPlainTellsWhatWaits(t *testing.T) {
	plainly(t, answering(nil), func(tt *teletype) {
		tt.hear(time.Second)
		tt.talk("waiting", "waiting: every URL has ended\n")
		tt.say("pause")
		tt.say("add " + strings.Join(strings.Fields(urls(24)), " "))
		tt.say("add https://h1.test/more")
		said := tt.say("waiting")
		if got := strings.Count(said, ": In the backlog: paused.\n"); got != plainTold {
			t.Errorf("%d are told, want %d:\n%s", got, plainTold, said)
		}
		tt.want(said, "waiting: the first 10 of 25 that have not ended\n")
		tt.talk("waiting 1 host:h1", "https://h1.test/1: In the backlog: paused.\nwaiting: the first 1 of 9 that match host:h1, of 25 that have not ended\n")
		tt.talk("waiting batch:2 host:h1 outcome:back", "https://h1.test/more: In the backlog: paused.\nwaiting: all 1 that match batch:2 host:h1 outcome:back, of 25 that have not ended\n")
		tt.talk("waiting outcome:retry", "waiting: none of the 25 URLs that have not ended matches outcome:retry\n")
		tt.talk("waiting H2.TEST/2", "waiting: all 3 that match H2.TEST/2, of 25 that have not ended\n")
		tt.talk("waiting batch:3", "waiting: none of the 25 URLs")
		tt.talk("waiting 0", "waiting is written so:")
	})
}

// All 5xx of one host, exported, is one line; and who has exported all loses
// nothing by leaving.
func TestPlainExportsWhatAFilterFinds(t *testing.T) {
	plainly(t, answering(map[string]engine.Step{"one.test/2": refused, "two.test/2": refused}), func(tt *teletype) {
		tt.say("http://one.test/1\nhttp://one.test/2\nhttp://two.test/2\nhttp://two.test/1")
		tt.want(tt.hear(10*time.Second), "all work is done")
		tt.talk("export bad.jsonl code:5xx host:one", "export: 1 result matches code:5xx host:one: 1 row written to bad.jsonl\n")
		if got := tt.files.urls["bad.jsonl"]; len(got) != 1 || got[0] != "http://one.test/2" {
			t.Errorf("it has %q", got)
		}
		tt.talk("export bad.jsonl code:5xx", "export: bad.jsonl is there already: export bad.jsonl overwrite code:5xx replaces it\n")
		tt.talk("export bad.jsonl overwrite code:5xx", "export: 2 results match code:5xx: 2 rows written to bad.jsonl\n")
		tt.talk("export none.jsonl code:418", "export: nothing is written: no result matches code:418\n")
		if _, is := tt.files.there["none.jsonl"]; is {
			t.Error("a file without a row is there")
		}
		tt.talk("export", "export is written so:")
		tt.talk("quit", "4 results are only in memory")
		tt.talk("export all.csv", "export: 4 rows written to all.csv\n")
		tt.talk("status", "4 results saved to all.csv")
		tt.say("quit")
		tt.left()
	})
}

// What was cancelled has its place in a filter and in what it exports.
func TestPlainExportsTheCancelled(t *testing.T) {
	plainly(t, answering(nil), func(tt *teletype) {
		tt.say("pause")
		tt.say("add http://one.test/1 http://one.test/2")
		tt.say("cancel 1")
		tt.talk("results", "results: there is none yet\n")
		tt.talk("export gone.jsonl outcome:cancelled", "export: 2 results match outcome:cancelled: 2 rows written to gone.jsonl\n")
	})
}
