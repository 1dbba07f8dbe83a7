package ui

import (
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// A name that is not known is said to be so, with what is near it.
func TestPlainSaysWhatIsNotKnown(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.hear(time.Second)
		tt.talk("cancel 1", "cancel: no batch 1 is known: there is none yet, batches lists them\n")
		tt.say("pause")
		tt.say("add http://a.test/schedule/1 http://a.test/schedule/2 http://bee.test:8080/")
		for _, tc := range []struct{ typed, want string }{
			{"pause host a.tset", "pause: no host a.tset is known: did you mean a.test? hosts lists them\n"},
			{"cancel host BEE.test", "cancel: no host BEE.test is known: did you mean bee.test:8080? hosts lists them\n"},
			{"resume host test", "resume: no host test is known: did you mean a.test? hosts lists them\n"},
			{"retry host c.test", "retry: no host c.test is known: did you mean a.test? hosts lists them\n"},
			{"interval 2s host nowhere", "interval: no host nowhere is known: hosts lists them\n"},
			{"slower 3", "slower: no batch 3 is known: there is 1, batches lists them\n"},
			{"priority 3 high", "priority: no batch 3 is known: there is 1, batches lists them\n"},
			{"cancel http://a.test/schedule/3", "cancel: no URL http://a.test/schedule/3 is known: did you mean http://a.test/schedule/1?\n"},
			{"pause HTTP://bee.test:8080", "pause: no URL HTTP://bee.test:8080 is known: did you mean http://bee.test:8080/?\n"},
			{"retry https://elsewhere.test/", "retry: no URL https://elsewhere.test/ is known\n"},
			{"why worker 9", "why: no worker 9 is known: there are 5, workers lists them\n"},
			{"show 7", "show: there is no result 7: results lists the last of them\n"},
			{"retry code:5xx", "retry: no result matches code:5xx\n"},
		} {
			tt.talk(tc.typed, tc.want)
		}
		tt.talk("status", "0 of 3 URLs ended")
	})
}

func TestAlike(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"http://a.test/1", "http://a.test/2", true},
		{"http://a.test/1", "http://a.test/123", true},
		{"http://a.test/1", "http://a.test/1234", false},
		{"http://a.test/ab", "http://a.test/ba", true},
		{"http://a.test/abc", "http://a.test/xyz", false},
		{"http://a.test/a/b", "http://x.test/a/c", false},
		{"http://A.test", "http://a.test/", true},
		{"", "http://a.test/", false},
	} {
		if got, back := alike(tc.a, tc.b), alike(tc.b, tc.a); got != tc.want || back != tc.want {
			t.Errorf("alike(%q, %q) = %v and %v, want %v", tc.a, tc.b, got, back, tc.want)
		}
	}
}

// A URL is steered by itself, as the screen does it in a row of the results, and
// what cannot be done says why.
func TestPlainSteersURLs(t *testing.T) {
	plainly(t, answering(map[string]engine.Step{"/bad": refused, "/worse": refused}), func(tt *teletype) {
		tt.hear(time.Second)
		tt.say("http://a.test/bad\nhttp://a.test/worse")
		tt.hear(10 * time.Second)
		tt.say("pause")
		tt.say("add http://a.test/1 http://a.test/2")
		tt.talk("pause http://a.test/2", "http://a.test/2 paused: 1 URL waits; undo takes it back")
		tt.talk("pause http://a.test/2", "pause: http://a.test/2 is paused already")
		tt.talk("why http://a.test/2", "http://a.test/2: In the backlog: paused.\n")
		tt.talk("undo", "undone: http://a.test/2 paused: 1 URL waits")
		tt.talk("resume http://a.test/2", "resume: http://a.test/2 is not paused")
		tt.talk("cancel http://a.test/2#top", "http://a.test/2#top cancelled: 1 ")
		tt.talk("cancel http://a.test/2", "cancel: http://a.test/2 has ended cancelled: there is nothing to cancel")
		tt.talk("results outcome:cancelled", "1 of 3 results match outcome:cancelled")
		tt.talk("why http://a.test/2", "http://a.test/2: Cancelled by you; undo brings it back.")
		tt.talk("undo", "undone: http://a.test/2#top cancelled")
		tt.talk("pause http://a.test/bad", "pause: http://a.test/bad has ended failed: there is nothing to pause")
		tt.talk("pause batch 1", "pause: batch 1 has ended: nothing is left to pause")
		tt.talk("retry result 1", "http://a.test/bad: 1 URL to be asked again")
		tt.talk("retry http://a.test/1", "retry: nothing of http://a.test/1 failed or was empty")
		tt.talk("undo", "undone: http://a.test/bad: 1 URL")
		tt.talk("retry class:status code:5xx worse\nundo", "1 result that matches class:status code:5xx worse: 1 URL to be asked again", "undone: 1 result that matches class:status code:5xx worse: 1 URL")
		tt.talk("retry code:5xx", "2 results that match code:5xx: 2 URLs to be asked again; undo takes it back")
		tt.say("resume")
		tt.want(tt.hear(20*time.Second), "all work is done", "2 ok, 0 empty, 2 failed")
		tt.talk("cancel all", "cancel: nothing is left: every URL has ended")
		tt.talk("cancel host a.test", "cancel: a.test has nothing left to cancel")
		tt.talk("retry code:2xx", "retry: nothing of 2 results that match code:2xx failed or was empty")
	})
}

// A change that is old is named before it is undone.
func TestPlainAsksBeforeAnOldUndo(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.hear(time.Second)
		tt.say("pause")
		tt.say("add http://a.test/1")
		tt.say("cancel 1")
		at := daytime(time.Now().Add(-time.Second))
		tt.hear(2 * time.Minute)
		tt.talk("undo", "undo: the last change is old: Batch 1 cancelled: 1 waiting, 2m01s ago at "+at+".\nundo: answer yes to undo it, no to leave it\n")
		tt.talk("no", "undo: nothing undone")
		tt.talk("undo\nyes", "undone: batch 1 cancelled: 1 ")
	})
}
