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
