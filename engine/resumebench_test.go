package engine_test

import (
	"fmt"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// BenchmarkTakeUp is what it takes to go on with a run of a million jobs, from
// the store's memory: half of them wait, a tenth of these for a retry.
func BenchmarkTakeUp(b *testing.B) {
	for _, hosts := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			const jobs = 1_000_000
			store := engine.NewMemStore()
			_, err := store.AddBatch(b.Context(), engine.Batch{}, func(yield func(engine.Job, error) bool) {
				for i := range jobs {
					if !yield(enginetest.Job(fmt.Sprintf("h%d.test", i%hosts), i), nil) {
						return
					}
				}
			}, nil)
			if err != nil {
				b.Fatal(err)
			}
			now := time.Now()
			out, err := store.Next(b.Context(), jobs/2, engine.Want{Now: now})
			if err != nil {
				b.Fatal(err)
			}
			var rs []engine.Result
			for i, j := range out {
				if i%10 == 0 {
					j.Due, j.Waited, j.Retries, j.Class = now.Add(time.Duration(i)*time.Second), now, 1, engine.Reset
					if err := store.Release(b.Context(), []engine.Job{j}); err != nil {
						b.Fatal(err)
					}
					continue
				}
				rs = append(rs, engine.Result{Job: j.ID, Batch: j.Batch, URL: j.URL, Host: j.Host, Num: uint64(i + 1), Outcome: engine.OK})
			}
			if err := store.Finish(b.Context(), rs, nil); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				e, err := engine.New(&enginetest.Scraper{}, engine.Config{Store: store})
				if err != nil || e.Snapshot().Counts.Left() != jobs-len(rs) {
					b.Fatal(err)
				}
			}
		})
	}
}
