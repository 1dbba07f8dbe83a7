package engine_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

func TestPauseFinishesWhatIsUnderWayAndKeepsTheGap(t *testing.T) {
	for _, tc := range []struct {
		name     string
		sel      engine.Selector
		one, two []time.Duration // until 64 s
	}{
		{"a run", engine.Selector{All: true}, seconds(0, 1, 2, 60, 61), seconds(0, 1, 2, 60, 61)},
		{"a batch", engine.Selector{Batch: 1}, seconds(0, 1, 2, 60, 61), seconds(0, 1, 2, 3, 4)},
		{"a host", engine.Selector{Host: "one.test"}, seconds(0, 1, 2, 60, 61), seconds(0, 1, 2, 3, 4)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, slow(1200*time.Millisecond), engine.Config{})
				r.add(engine.Batch{}, enginetest.Jobs("one.test", 5))
				r.add(engine.Batch{}, enginetest.Jobs("two.test", 5))
				r.until(2500 * time.Millisecond)
				if _, err := r.Pause(t.Context(), tc.sel); err != nil {
					t.Errorf("Pause: %v", err)
				}
				r.nothing(r.Pause(t.Context(), tc.sel))
				r.balanced(r.Snapshot())
				r.until(50 * time.Second)
				s := r.Snapshot()
				if s.Busy != 0 || s.Counts.OK < 6 {
					t.Errorf("%d busy, %d ok; want what was under way finished", s.Busy, s.Counts.OK)
				}
				r.until(60 * time.Second)
				if _, err := r.Resume(t.Context(), tc.sel); err != nil {
					t.Errorf("Resume: %v", err)
				}
				r.nothing(r.Resume(t.Context(), tc.sel))
				s = r.finish()
				want(t, "starts of one.test", r.starts("one.test"), tc.one)
				want(t, "starts of two.test", r.starts("two.test"), tc.two)
				if s.Counts.OK != 10 {
					t.Errorf("%+v, want 10 ok", s.Counts)
				}
				if tc.sel.All && s.Active != 62200*time.Millisecond-57500*time.Millisecond {
					t.Errorf("active for %v, want 4.7s: a pause does not count", s.Active)
				}
			})
		})
	}
}

// onTheWay adds 60 jobs for 50 workers and calls f while some of these have
// been handed theirs and have not begun; how many is up to the scheduler, so
// it is done a few times. It checks that no request starts after f, which
// returns how many are under way.
func onTheWay(t *testing.T, name string, f func(r *run) (inFlight int), then func(r *run)) {
	for range 15 {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, slow(time.Second), engine.Config{Interval: -1, Workers: 50})
			r.add(engine.Batch{}, enginetest.Jobs("one.test", 60))
			for len(r.fake.Calls()) < 5 {
				runtime.Gosched()
			}
			inFlight := f(r)
			n := len(r.fake.Calls())
			r.until(time.Minute)
			if got := len(r.fake.Calls()); got > max(n, inFlight) {
				t.Errorf("%s: %d requests, want no more than the %d under way", name, got, max(n, inFlight))
			}
			r.balanced(r.Snapshot())
			then(r)
		})
	}
}

func TestCancelOnTheWayToAWorkerStartsNothing(t *testing.T) {
	var ids []engine.JobID
	for id := range engine.JobID(60) {
		ids = append(ids, id+1)
	}
	for _, sel := range []engine.Selector{{All: true}, {Batch: 1}, {Host: "one.test"}, {Jobs: ids}} {
		onTheWay(t, label(sel), func(r *run) int {
			d, err := r.Cancel(r.t.Context(), sel)
			if err != nil || d.Waiting+d.Queued+d.InFlight != 60 {
				r.t.Errorf("%s: Cancel = %+v, %v; want 60 jobs", label(sel), d, err)
			}
			return d.InFlight
		}, func(r *run) {
			if s := r.Snapshot(); s.Counts.Cancelled != 60 {
				r.t.Errorf("%s: %+v, want 60 cancelled", label(sel), s.Counts)
			}
			r.undo(engine.ActCancel)
			if s := r.finish(); s.Counts.OK != 60 {
				r.t.Errorf("%s: %+v, want 60 ok after the undo", label(sel), s.Counts)
			}
		})
	}
}

func TestPauseOnTheWayToAWorkerStartsNothing(t *testing.T) {
	for _, sel := range []engine.Selector{{All: true}, {Batch: 1}, {Host: "one.test"}} {
		onTheWay(t, label(sel), func(r *run) int {
			d, err := r.Pause(r.t.Context(), sel)
			if err != nil {
				r.t.Errorf("%s: Pause: %v", label(sel), err)
			}
			return d.InFlight
		}, func(r *run) {
			r.undo(engine.ActPause)
			if s := r.finish(); s.Counts.OK != 60 {
				r.t.Errorf("%s: %+v, want 60 ok", label(sel), s.Counts)
			}
		})
	}
}

// What is on its way when the run's context ends is unfetched again.
func TestEndOfContextOnTheWayToAWorkerLosesNothing(t *testing.T) {
	for range 30 {
		synctest.Test(t, func(t *testing.T) {
			fake, store := slow(time.Second), engine.NewMemStore()
			e, err := engine.New(fake, engine.Config{Interval: -1, Workers: 50, Store: store})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- e.Run(ctx) }()
			if _, err := e.Add(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", 60)); err != nil {
				t.Fatal(err)
			}
			for len(fake.Calls()) < 5 {
				runtime.Gosched()
			}
			cancel()
			<-ended
			kept, _ := store.Count(t.Context(), engine.Query{})
			if c := e.Snapshot().Counts; c != kept || c.Backlog != 60 || !c.Balanced() {
				t.Errorf("books %+v, the store has %+v; want 60 unfetched", c, kept)
			}
		})
	}
}
