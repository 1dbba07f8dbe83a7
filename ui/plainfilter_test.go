package ui

import (
	"strings"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// What waits is cancelled, paused and resumed by the filters that find it. A cancel
// says first what it would take.
func TestPlainSteersByFilter(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.hear(time.Second)
		tt.talk("cancel host:a", "cancel: nothing is there: no batch was added yet\n")
		tt.say("pause")
		tt.say("add " + strings.Join(strings.Fields(urls(24)), " "))
		tt.say("add http://a.test/1 http://a.test/2 http://one.test/old")
		tt.talk("cancel host:a batch:2", "cancel host:a batch:2 finds 2 of 27 URLs that have not ended\n"+
			"cancel host:a batch:2 finds http://a.test/1\ncancel host:a batch:2 finds http://a.test/2\n"+
			"cancel host:a batch:2: answer yes to cancel 2 URLs, no to leave it\n")
		tt.talk("no", "cancel host:a batch:2: nothing cancelled\n")
		tt.talk("status", "0 of 27 URLs ended")
		tt.talk("cancel host:a.test\nyes", "2 URLs that match host:a.test cancelled: 2 waiting; undo takes it back\n")
		tt.talk("cancel host:a.test", "cancel: none of the 25 URLs that have not ended matches host:a.test\n")
		tt.talk("cancel batch:1\nno", "finds 24 of 25 URLs", "cancel batch:1 finds 16 more\n", "answer yes to cancel 24 URLs")
		tt.talk("cancel OLD batch:2\nno", "cancel OLD batch:2 finds http://one.test/old\n")
		tt.talk("undo", "undone: 2 URLs that match host:a.test cancelled: 2 waiting\n")

		tt.talk("pause host:a", "2 URLs that match host:a paused: 2 URLs wait; undo takes it back\n")
		tt.talk("pause host:a", "pause: 2 URLs that match host:a are paused already\n")
		tt.talk("pause host:one", "1 URL that matches host:one paused: 1 URL waits; undo takes it back\n")
		tt.talk("pause batch:2 1", "pause: 1 URL that matches batch:2 1 is paused already\n")
		tt.talk("resume host:h1", "resume: none of 8 URLs that match host:h1 is paused by itself\n")
		tt.talk("resume host:a", "2 URLs that match host:a go on; undo takes it back\n")
		tt.talk("resume", "the run goes on")
		tt.want(tt.hear(200*time.Second), "26 of 27 URLs ended")
		tt.talk("why http://one.test/old", "paused")
		tt.talk("undo\nundo\nundo", "undo: answer yes")
		tt.talk("hosts:one", `there is no command "hosts:one"`)
		tt.talk("pause batch:9", "pause: the 1 URL that has not ended does not match batch:9\n")
		tt.talk("resume outcome:bakclog", "does not match outcome:bakclog: no outcome begins with bakclog: did you mean backlog? ")
		tt.want(tt.say("resume host:one")+tt.hear(10*time.Second), "1 URL that matches host:one goes on", "all work is done: 100%, 27 of 27 URLs ended")
		tt.talk("cancel host:one", "cancel: nothing is left: every URL has ended\n")
	})
}

// Two changes of as many URLs have names of their own when they are undone.
func TestPlainUndoesByName(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.say("pause")
		tt.say("add http://a.test/1 http://a.test/2 http://b.test/1 http://b.test/2")
		tt.say("pause host:a")
		tt.say("pause host:b")
		tt.talk("undo\nundo", "undone: 2 URLs that match host:b paused: 2 URLs wait\nundone: 2 URLs that match host:a paused: 2 URLs wait\n")
	})
}

// What the views have told of a job that waits is what a filter may ask for: what its
// last attempt came to.
func TestWaitsAreFilteredByWhatTheViewsTold(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.say("pause")
		tt.say("add http://a.test/1 http://a.test/2 http://b.test/3")
		told := map[engine.JobID]engine.JobState{
			2: {ID: 2, Batch: 1, URL: "http://a.test/2", Host: "a.test", Status: 503, Class: engine.Status, Place: engine.Deferred},
			9: {ID: 9, Batch: 1, URL: "http://a.test/9", Status: 503}, // which has ended since
		}
		s := tt.controller.Snapshot()
		for typed, want := range map[string]string{
			"code:5xx":      "http://a.test/2",
			"class:status":  "http://a.test/2",
			"outcome:retry": "", // the store knows better
			"outcome:back":  "http://a.test/1 http://a.test/2 http://b.test/3",
			"host:b":        "http://b.test/3",
			"host:a code:4": "",
		} {
			var got []string
			for state, err := range matchingWaits(t.Context(), tt.controller, &s, parseFilter(typed), told) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, state.URL)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s finds %q, want %q", typed, got, want)
			}
		}
	})
}
