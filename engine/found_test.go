package engine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// This file has the shortest scenes of what TestLedgerBalancesWhateverHappens
// found.

// A worker that is over a lowered number still carries its request. Until it
// has returned it counts.
func TestFewerWorkersMeansFewerRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Latency: func(r engine.Request) time.Duration {
			return map[string]time.Duration{"short.test": time.Second, "long.test": 10 * time.Second}[r.Host]
		}}
		r := start(t, fake, engine.Config{Workers: 3, Interval: -1})
		r.add(engine.Batch{}, enginetest.Jobs("short.test", 1))
		synctest.Wait() // it has worker 1
		r.add(engine.Batch{}, enginetest.Jobs("long.test", 2))
		r.until(500 * time.Millisecond)
		r.add(engine.Batch{}, enginetest.Jobs("next.test", 4))
		r.SetWorkers(t.Context(), 1)
		r.finish()
		want(t, "starts of next.test", r.starts("next.test"), seconds(10, 10, 10, 10))
	})
}

func TestSetIntervalTwiceIsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(time.Second), engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 5), enginetest.Jobs("two.test", 5))
		for _, sel := range []engine.Selector{{Host: "one.test"}, {Batch: 1}, {All: true}} {
			if _, err := r.SetInterval(t.Context(), sel, 3*time.Second); err != nil {
				t.Errorf("%s: %v", label(sel), err)
			}
			r.nothing(r.SetInterval(t.Context(), sel, 3*time.Second))
		}
		for range 2 { // of all, and of the batch, which changed only two.test
			r.undo(engine.ActInterval)
		}
		for _, h := range r.Snapshot().Hosts {
			if want := map[string]time.Duration{"one.test": 3 * time.Second}[h.Host]; h.Set != want {
				t.Errorf("%s is set to %v after the undos, want %v", h.Host, h.Set, want)
			}
		}
		r.finish()
	})
}

func TestUndoOfAResumeOfACancelledBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(time.Second), engine.Config{})
		sel := engine.Selector{Batch: r.add(engine.Batch{}, enginetest.Jobs("one.test", 5))}
		r.Pause(t.Context(), sel)
		r.Cancel(t.Context(), sel)
		r.Resume(t.Context(), sel)
		r.undo(engine.ActResume)
		r.undo(engine.ActCancel)
		if s := r.Snapshot().Batches[0].State; s != engine.BatchPaused {
			t.Errorf("the batch is %v, want it paused as it was before the cancel", s)
		}
		r.undo(engine.ActPause)
		r.finish()
	})
}
