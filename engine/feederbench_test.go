package engine

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"time"
)

// BenchmarkLease is one turn of the feeder with a full queue: it leases a job,
// meets the refusal, and looks whether somebody is under his share. Of the
// hosts, 100 have jobs left; the others have none any more.
func BenchmarkLease(b *testing.B) {
	for _, hosts := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			e, err := New(nil, Config{})
			if err != nil {
				b.Fatal(err)
			}
			ctx := context.Background()
			list := func(hosts, each int) iter.Seq2[Job, error] {
				return func(yield func(Job, error) bool) {
					for i := range hosts * each {
						host := fmt.Sprintf("h%06d.test", i%hosts)
						url := fmt.Sprintf("http://%s/%d", host, i)
						if !yield(Job{URL: url, Fingerprint: url, Host: host}, nil) {
							return
						}
					}
				}
			}
			if _, err := e.Add(ctx, Batch{}, list(hosts, 1)); err != nil {
				b.Fatal(err)
			}
			if _, err := e.Cancel(ctx, Selector{Batch: 1}); err != nil {
				b.Fatal(err)
			}
			for range 2 {
				if _, err := e.Add(ctx, Batch{}, list(100, 100)); err != nil {
					b.Fatal(err)
				}
			}
			e.pool.setPaused(true) // what is queued stays there
			e.fill()
			b.ReportAllocs()
			for b.Loop() {
				e.mu.Lock()
				if err := e.dropHand(); err != nil {
					b.Fatal(err)
				}
				jobs, err := e.lease(time.Now())
				if err != nil || len(jobs) != 1 {
					b.Fatalf("leased %d jobs, %v", len(jobs), err)
				}
				e.hand = append(e.hand, jobs...)
				if ok, err := e.balance(); ok || err != nil {
					b.Fatalf("balance: %v, %v", ok, err)
				}
				e.mu.Unlock()
			}
		})
	}
}
