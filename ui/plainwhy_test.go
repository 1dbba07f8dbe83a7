package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// Lines say what w says on the screen, whole, and each names what it is about.
func TestPlainWhySaysWhatTheScreenSays(t *testing.T) {
	plainly(t, answering(map[string]engine.Step{"/bad": refused}), func(tt *teletype) {
		tt.hear(time.Second)
		tt.say("add http://a.test/bad http://a.test/2 http://a.test/3 http://a.test/4 http://a.test/5 http://a.test/6 http://a.test/7")
		at, name := daytime(time.Now()), "typed "+time.Now().Local().Format("15:04")
		tt.say("interval 5s host a.test")
		for _, tc := range []struct{ typed, want string }{
			{"why", "" +
				"the run is limited by host pace: the 1 host waits its turn, next in 4.0s, a.test.\n" +
				"the run: 1 of 7 URLs ended; left: 0 in the backlog, 6 queued, 0 to retry, 0 in flight.\n" +
				"the run: 0 of 5 workers busy; queue 6 of 100; 0 backpressure hits so far, 0 a second now.\n" +
				"The pace of the hosts with work left allows 0.2/s; the run makes 0.3/s.\n"},
			{"why host a.test", "" +
				"Next request to a.test in 3.0s: its turn has not come; 6 URLs wait behind it.\n" +
				"host a.test: One request every 5.00s (set by you); 0.5/s over the last 4 s; 6 left, 0 in flight, 1 failed.\n" +
				"host a.test: " + at + ": from 1.00s to 5.00s between requests: set by the operator.\n"},
			{"why http://a.test/7", "" +
				"http://a.test/7: In the queue: next in 2.0s.\n" +
				"Next request to a.test in 2.0s: its turn has not come; 6 URLs wait behind it.\n" +
				"host a.test: One request every 5.00s (set by you); 0.4/s over the last 4 s; 6 left, 0 in flight, 1 failed.\n" +
				"host a.test: " + at + ": from 1.00s to 5.00s between requests: set by the operator.\n"},
			{"why batch 1", "" +
				"Batch 1 " + name + ": running.\n" +
				"batch 1: 7 URLs; left: 0 in the backlog, 6 queued, 0 to retry, 0 in flight.\n" +
				"batch 1: Ended: 0 ok, 0 empty, 1 failed, 0 skipped (0 duplicate, 0 invalid), 0 cancelled; 0 rows.\n"},
			{"why 1", "" +
				"http://a.test/bad: Ended failed: status: busy.\n" +
				"http://a.test/bad: 1 attempt, the last one took 0ms; status 503; 0 B; 0 rows.\n" +
				"http://a.test/bad: retry retries it.\n"},
			{"why worker 2", "" +
				"Worker 2 idles: no host is ready: next in 4.0s.\n" +
				"worker 2: Limited by host pace: the 1 host waits its turn, next in 4.0s, a.test.\n"},
		} {
			if got := tt.say(tc.typed); !strings.Contains(got, tc.want) {
				t.Errorf("%s says\n%swant\n%s", tc.typed, got, tc.want)
			}
		}
		tt.talk("why host", "why is written so:")
		tt.talk("why nothing", "why is written so:")
	})
}

// Two batches with the same URL have a why each.
func TestPlainWhyOfTwoBatches(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.say("pause")
		tt.say("add http://a.test/1")
		tt.say("add http://a.test/1")
		tt.talk("cancel 2", "batch 2 cancelled")
		tt.talk("why http://a.test/1", "http://a.test/1 of batch 1: In the backlog: paused.\nhttp://a.test/1 of batch 2: Cancelled by you; undo brings it back.\n")
		tt.talk("undo\nwhy http://a.test/1", "http://a.test/1 of batch 1: In the backlog: paused.\nhttp://a.test/1 of batch 2: In the backlog: paused.\n")
	})
}

// The hosts come in the order of the screen, and no more of them than are asked
// for.
func TestPlainHosts(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.hear(time.Second)
		tt.talk("hosts", "hosts: no host yet, hosts appear with the first batch")
		var list strings.Builder
		for i := range 25 {
			fmt.Fprintf(&list, " http://h%02d.test/1 http://h%02d.test/2 http://h%02d.test/3", i, i, i)
		}
		tt.say("add" + list.String() + " http://once.test/")
		tt.hear(500 * time.Millisecond)
		tt.talk("slower host h24.test", "host h24.test: interval 1s -> 2s; undo takes it back")
		said := tt.say("hosts")
		if got := strings.Count(said, "Next request to "); got != plainHosts || !strings.HasPrefix(said, "Next request to h24.test in ") {
			t.Errorf("%d hosts, want %d, the slowest first:\n%s", got, plainHosts, said)
		}
		tt.want(said, "hosts: 5 more with work left, 1 done; hosts 25 tells all\n")
		tt.talk("hosts 1", "Next request to h24.test in 1.5s: its turn has not come; 1 URL waits behind it. One request every 2.00s (set by you); 0.5/s over the last 4 s; 1 left, 0 in flight, 0 failed.\nhosts: that is all with work left; 25 done, hosts all tells of them\n")
		tt.hear(5 * time.Second)
		tt.talk("hosts", "hosts: no host has work left; 26 hosts done, hosts all tells of them\n")
		tt.talk("hosts 0", "hosts is written so:")
		tt.talk("hosts few", "hosts is written so:")
	})
}

// A field that collapses is told once without being asked for, and again with its
// batch.
func TestPlainTellsOfAFieldThatCollapsed(t *testing.T) {
	p := &plain{fell: map[string]bool{}}
	b := engine.BatchStats{
		Batch:  engine.Batch{ID: 2, Name: "grid"},
		Fill:   []engine.FieldFill{{Field: "date", Filled: 12, Records: 100}, {Field: "name", Filled: 99, Records: 100}},
		Before: []engine.FieldFill{{Field: "date", Filled: 49, Records: 50}, {Field: "name", Filled: 50, Records: 50}},
	}
	v := &engine.View{Stats: engine.Stats{Batches: []engine.BatchStats{b}}}
	p.take(v)
	p.take(v)
	want := "batch 2 field date: filled in 12%, 12 of 100 rows; before, 98%; it has collapsed"
	if !slices.Equal(p.pending, []string{want}) {
		t.Errorf("two views say %q, want %q", p.pending, want)
	}
	p.pending = nil
	p.batches(nil)
	if len(p.pending) != 2 || p.pending[1] != want {
		t.Errorf("batches says %q, want %q last", p.pending, want)
	}
	got := p.batchLines(&found{kind: ofBatch, name: "batch 2", batch: &b})
	if rest := got[len(got)-2:]; rest[0] != want || rest[1] != "batch 2 field name: filled in 99%, 99 of 100 rows; before, 100%" {
		t.Errorf("show says %q", got)
	}
}

// What a view has told of a job that waits is said, where the store knows only
// that it does; and where it is, the store knows better.
func TestPlainKnowsWhatTheViewsTold(t *testing.T) {
	p := &plain{waits: map[engine.JobID]engine.JobState{}}
	told := engine.JobState{ID: 7, Batch: 1, URL: "http://a.test/7", Host: "a.test", Place: engine.Deferred, Reason: engine.RetryWait{Due: noon.Add(3 * time.Second), Class: engine.Reset, Retry: 1}}
	p.take(&engine.View{Jobs: []engine.JobState{told, {ID: 8, Place: engine.Queued}}})
	p.take(&engine.View{Jobs: []engine.JobState{{ID: 8, Place: engine.Ended}}})
	if len(p.waits) != 1 {
		t.Errorf("%d jobs wait, want one: %v", len(p.waits), p.waits)
	}
	p.stats = engine.Stats{At: noon, Counts: engine.Counts{Submitted: 1, Retry: 1}}
	for place, want := range map[engine.Place]string{engine.Deferred: "http://a.test/7: Put off after a failed attempt: retry 1 in 3.0s: reset.", engine.InFlight: "http://a.test/7: In flight."} {
		f := found{kind: ofURL, rows: []*jobRow{newRow(&engine.JobState{ID: 7, Batch: 1, URL: "http://a.test/7", Place: place})}}
		p.known(f.rows)
		if got := p.whyLines(&f); !slices.Equal(got, []string{want}) {
			t.Errorf("%v: it says %q, want %q", place, got, want)
		}
	}
	p.take(&engine.View{Full: true})
	if len(p.waits) != 0 {
		t.Errorf("after a whole view %v wait", p.waits)
	}
}

// The host of a job that no view has told of is found, too.
func TestPlainWhyOfTheBacklog(t *testing.T) {
	plainly(t, answering(nil), func(tt *teletype) {
		tt.say("add " + strings.Join(strings.Fields(urls(300)), " "))
		tt.talk("why https://h2.test/299", "https://h2.test/299: In the backlog: ", "\nNext request to h2.test in ", "host h2.test: One request every 1.00s; ")
	})
}
