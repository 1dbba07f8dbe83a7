// Package peers measures the engine beside its peers, in one run. It is a
// module of its own, so that none of them is a dependency of weir:
//
//	cd engine/testdata/peers && go test -bench . -count 10 | benchstat -col /peer -
package peers

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/alitto/pond/v2"
	"github.com/gammazero/workerpool"
	"github.com/panjf2000/ants/v2"
	"github.com/sourcegraph/conc/pool"

	"weir/engine"
)

const (
	workers = 5
	queue   = 100
)

var oneJob = engine.Job{ID: 1, Batch: 1, Host: "one.test", URL: "http://one.test/1"}

// use is a handler that wants its job.
//
//go:noinline
func use(*engine.Job) {}

// A carrier takes empty jobs and runs them; wait returns when all have run.
type carrier struct {
	name   string
	open   func(done func()) (submit func(), wait func())
	closed bool
}

var carriers = []carrier{
	{name: "weir", open: func(done func()) (func(), func()) {
		p, err := engine.NewPool(func(context.Context, *engine.Turn) error { done(); return nil },
			engine.PoolConfig{Workers: workers, Queue: queue, Interval: -1})
		if err != nil {
			panic(err)
		}
		return func() {
				for p.Submit(oneJob) != nil { // the queue is full: nothing else is refused
					<-p.Room()
				}
			}, func() {
				p.Close()
				p.Wait(context.Background())
			}
	}},
	{name: "pond", open: func(done func()) (func(), func()) {
		p := pond.NewPool(workers, pond.WithQueueSize(queue))
		return func() { p.Go(done) }, p.StopAndWait
	}},
	{name: "ants", open: func(done func()) (func(), func()) {
		p, err := ants.NewPool(workers)
		if err != nil {
			panic(err)
		}
		return func() { p.Submit(done) }, p.Release
	}},
	{name: "conc", open: func(done func()) (func(), func()) {
		p := pool.New().WithMaxGoroutines(workers)
		var mu sync.Mutex // its Go is for one goroutine at a time
		return func() { mu.Lock(); p.Go(done); mu.Unlock() }, p.Wait
	}},
	{name: "workerpool", open: func(done func()) (func(), func()) {
		p := workerpool.New(workers)
		return func() { p.Submit(done) }, p.StopWait
	}},
	// These two carry a Job as weir does, 160 bytes and not the 8 of a func; a
	// closure that holds one is made anew each time.
	{name: "pond-job", open: func(done func()) (func(), func()) {
		p := pond.NewPool(workers, pond.WithQueueSize(queue))
		return func() { job := oneJob; p.Go(func() { use(&job); done() }) }, p.StopAndWait
	}},
	{name: "chan-job", open: func(done func()) (func(), func()) {
		jobs := make(chan engine.Job, queue)
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for job := range jobs {
					use(&job)
					done()
				}
			})
		}
		return func() { jobs <- oneJob }, func() { close(jobs); wg.Wait() }
	}},
	{name: "chan", open: func(done func()) (func(), func()) {
		jobs := make(chan func(), queue)
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for job := range jobs {
					job()
				}
			})
		}
		return func() { jobs <- done }, func() { close(jobs); wg.Wait() }
	}},
}

// BenchmarkSubmitRun is one empty job from Submit to its end.
func BenchmarkSubmitRun(b *testing.B) {
	for _, producers := range []int{1, 8} {
		for _, c := range carriers {
			b.Run("producers="+string(rune('0'+producers))+"/peer="+c.name, func(b *testing.B) {
				b.ReportAllocs()
				var ran atomic.Int64
				submit, wait := c.open(func() { ran.Add(1) })
				var wg sync.WaitGroup
				b.ResetTimer()
				for i := range producers {
					n := b.N / producers
					if i == 0 {
						n += b.N % producers
					}
					wg.Go(func() {
						for range n {
							submit()
						}
					})
				}
				wg.Wait()
				wait()
				b.StopTimer()
				if c.name != "ants" && ran.Load() != int64(b.N) { // ants does not wait for its last ones
					b.Fatalf("%d of %d ran", ran.Load(), b.N)
				}
			})
		}
	}
}

// BenchmarkRefused is a Submit that is refused.
func BenchmarkRefused(b *testing.B) {
	b.Run("peer=weir", func(b *testing.B) {
		b.ReportAllocs()
		hold := make(chan struct{})
		p, err := engine.NewPool(func(context.Context, *engine.Turn) error { <-hold; return nil },
			engine.PoolConfig{Workers: 1, Queue: 1, Interval: -1})
		if err != nil {
			b.Fatal(err)
		}
		job := engine.Job{ID: 1, Host: "one.test"}
		for p.Submit(job) == nil {
		}
		for b.Loop() {
			if p.Submit(job) == nil {
				b.Fatal("taken")
			}
		}
		close(hold)
		p.Close()
		p.Wait(context.Background())
	})
	b.Run("peer=pond", func(b *testing.B) {
		b.ReportAllocs()
		hold := make(chan struct{})
		p := pond.NewPool(1, pond.WithQueueSize(1), pond.WithNonBlocking(true))
		job := func() { <-hold }
		for p.Go(job) == nil {
		}
		for b.Loop() {
			if p.Go(job) == nil {
				b.Fatal("taken")
			}
		}
		close(hold)
		p.StopAndWait()
	})
}
