package engine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// tardy is a fake whose host tardy.test says 200 and delivers nothing within
// 30 s, from its nth request on; it and all others answer the rest after some
// time.
func tardy(from int, answer time.Duration) *enginetest.Scraper {
	late := func(r engine.Request) bool { return r.Host == "tardy.test" && r.Job.ID >= engine.JobID(from) }
	return &enginetest.Scraper{
		Latency: func(r engine.Request) time.Duration {
			if late(r) {
				return 30 * time.Second
			}
			return answer
		},
		Answer: func(r engine.Request, _ int) engine.Step {
			if late(r) {
				step := enginetest.Fail(engine.Timeout, "no result within 30s")
				step.Host.Status = 200
				return step
			}
			return enginetest.OK(1)
		},
	}
}

// A host that ends nothing has one worker while others want some, however often
// its turn comes.
func TestHostThatEndsNothingHoldsOneWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, tardy(0, 200*time.Millisecond), engine.Config{Workers: 3, Retries: -1})
		r.add(engine.Batch{}, enginetest.Jobs("tardy.test", 50))
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 100), enginetest.Jobs("two.test", 100))
		r.until(70 * time.Second)
		want(t, "starts of tardy.test", r.starts("tardy.test"), seconds(0, 30, 60))
		for _, h := range r.Snapshot().Hosts {
			if _, crowds := h.Reason.(engine.Crowding); crowds != (h.Host == "tardy.test") {
				t.Errorf("%s waits for %#v; want Crowding for tardy.test and nobody else", h.Host, h.Reason)
			}
		}
		for _, host := range []string{"one.test", "two.test"} {
			if got := r.starts(host); len(got) != 71 || got[70] != 70*time.Second {
				t.Errorf("%s: %d starts, want 71: one a second", host, len(got))
			}
		}
		r.ends()
	})
}

// What it may have, it may have again when nobody else wants a worker.
func TestHostThatEndsNothingHasAllWorkersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, tardy(0, 200*time.Millisecond), engine.Config{Workers: 3, Retries: -1})
		r.add(engine.Batch{}, enginetest.Jobs("tardy.test", 50))
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 5))
		r.until(20 * time.Second)
		// The last job of one.test leaves the queue at 4 s.
		want(t, "starts of tardy.test", r.starts("tardy.test"), seconds(0, 4, 5))
		want(t, "starts of one.test", r.starts("one.test"), seconds(0, 1, 2, 3, 4))
		r.ends()
	})
}

// A slow host that answers earns the workers that its pace needs.
func TestSlowHostEarnsItsWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(2500*time.Millisecond), engine.Config{Workers: 9})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 50))
		r.add(engine.Batch{}, enginetest.Jobs("two.test", 50))
		r.until(10 * time.Second)
		got := r.starts("one.test")
		half := time.Second / 2
		want(t, "starts of one.test", got, []time.Duration{0, 5 * half, 7 * half, 10 * half, 12 * half, 14 * half, 16 * half, 18 * half, 20 * half})
		r.ends()
	})
}

// A host that has earned more loses it with the first answer that never comes.
func TestHostThatFallsSilentHoldsWhatItEarnedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, tardy(3, 200*time.Millisecond), engine.Config{Workers: 5, Retries: -1})
		r.add(engine.Batch{}, enginetest.Jobs("tardy.test", 50))
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 300))
		r.until(100 * time.Second)
		want(t, "starts of tardy.test", r.starts("tardy.test"), seconds(0, 1, 2, 3, 33, 63, 93))
		if n := len(r.starts("one.test")); n != 101 {
			t.Errorf("one.test: %d starts, want 101", n)
		}
		r.ends()
	})
}
