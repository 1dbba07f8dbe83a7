package engine_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// first returns when the first request of each batch started, since the
// beginning.
func (r *run) first() map[engine.BatchID]time.Duration {
	at := map[engine.BatchID]time.Duration{}
	batch := map[engine.JobID]engine.BatchID{}
	for id, j := range replica(r) {
		batch[id] = j.Batch
	}
	for _, c := range r.fake.Calls() {
		if b := batch[c.Job]; at[b] == 0 {
			at[b] = c.At.Sub(r.begin)
		}
	}
	return at
}

// A low batch behind a high one that never ends has every tenth turn of their
// host, however small the queue, and the high one has the others.
func TestFairLowPriorityHasEveryTenthTurn(t *testing.T) {
	for _, queue := range []int{1, 2, 10, 100} {
		t.Run(fmt.Sprintf("queue of %d", queue), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, &enginetest.Scraper{}, engine.Config{Queue: queue})
				r.add(engine.Batch{Priority: engine.High}, enginetest.Jobs("one.test", 5000))
				r.until(500 * time.Millisecond)
				r.add(engine.Batch{Priority: engine.Low}, enginetest.Jobs("one.test", 5000))
				r.until(1000 * time.Second)
				s := r.Snapshot()
				high, low := s.Batches[0].Counts.OK, s.Batches[1].Counts.OK
				if low < 99 || low > 101 || high+low != 1001 {
					t.Errorf("high had %d turns and low %d of 1001, want one in ten", high, low)
				}
				if at := r.first()[2]; at > 11*time.Second {
					t.Errorf("the first of the low batch started after %v, want at most ten turns", at)
				}
				r.ends()
			})
		})
	}
}

// Batches of one priority take turns at their host: the first job of the one
// that came last waits for one of each of the others.
func TestFairBatchesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, &enginetest.Scraper{}, engine.Config{Queue: 20})
		for range 10 {
			r.add(engine.Batch{}, enginetest.Jobs("one.test", 100))
		}
		r.until(100 * time.Second)
		for _, b := range r.Snapshot().Batches {
			if b.Counts.OK < 9 || b.Counts.OK > 12 {
				t.Errorf("batch %d had %d turns of 101, want a tenth", b.Batch.ID, b.Counts.OK)
			}
		}
		for id, at := range r.first() {
			if at > 10*time.Second {
				t.Errorf("the first of batch %d started after %v, want at most ten turns", id, at)
			}
		}
		r.ends()
	})
}

// The list names one host after the other, and the queue holds one job of
// each: still the nth job of a host starts in the nth second. The unluckiest
// one waits for the workers once, never for another host's interval.
func TestFairTheUnluckiestJobWaitsForItsOwnHostOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const hosts, each = 20, 30
		r := start(t, slow(100*time.Millisecond), engine.Config{Queue: hosts})
		list := enginetest.Jobs("h0.test", each)
		for i := range hosts - 1 {
			list = enginetest.Chain(list, enginetest.Jobs(fmt.Sprintf("h%d.test", i+1), each))
		}
		r.add(engine.Batch{}, list)
		r.finish()
		var worst time.Duration
		for i := range hosts {
			starts := r.starts(fmt.Sprintf("h%d.test", i))
			for n, at := range starts {
				worst = max(worst, at-time.Duration(n)*time.Second)
			}
		}
		// Five workers carry twenty requests of 0.1 s in 0.4 s.
		if worst > 400*time.Millisecond {
			t.Errorf("a job started %v after its host's turn, want at most 400ms", worst)
		}
	})
}

// A host that had the whole queue to itself makes room at once for one that
// comes, though its own jobs are of a higher priority.
func TestFairANewHostStartsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(100*time.Millisecond), engine.Config{})
		r.add(engine.Batch{Priority: engine.High}, enginetest.Jobs("one.test", 3000))
		r.until(10500 * time.Millisecond)
		r.add(engine.Batch{Priority: engine.Low}, enginetest.Jobs("two.test", 1))
		r.until(10600 * time.Millisecond)
		want(t, "starts", r.starts("two.test"), seconds(10.5))
		r.ends()
	})
}
