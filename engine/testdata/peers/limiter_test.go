package peers

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"go.uber.org/ratelimit"
	"golang.org/x/time/rate"

	"weir/engine"
)

// A gate lets callers through an interval apart; wait returns when it did.
type gate struct {
	name string
	open func(interval time.Duration) (wait func(context.Context) error)
}

var gates = []gate{
	{"weir", func(d time.Duration) func(context.Context) error { return engine.NewRateLimiter(d).Wait }},
	{"rate", func(d time.Duration) func(context.Context) error { return rate.NewLimiter(rate.Every(d), 1).Wait }},
	{"uber", func(d time.Duration) func(context.Context) error {
		l := ratelimit.New(1, ratelimit.Per(d), ratelimit.WithoutSlack)
		return func(context.Context) error { l.Take(); return nil } // it cannot be cancelled
	}},
	{"failsafe", func(d time.Duration) func(context.Context) error {
		return ratelimiter.NewSmooth[any](1, d).AcquirePermit
	}},
}

// BenchmarkGap is ten goroutines that pass one gate 200 times, as the program
// meets it: when each has come through, it looks at the clock. An op is the
// 200 turns. Run it with -benchtime 1x.
func BenchmarkGap(b *testing.B) {
	const turns, callers = 200, 10
	for _, interval := range []time.Duration{5 * time.Millisecond, 20 * time.Millisecond} {
		for _, g := range gates {
			b.Run("interval="+interval.String()+"/peer="+g.name, func(b *testing.B) {
				var short, gaps int
				var total time.Duration
				shortest := time.Hour
				for b.Loop() {
					wait := g.open(interval)
					through := make(chan time.Time, turns)
					var wg sync.WaitGroup
					for range callers {
						wg.Go(func() {
							for range turns / callers {
								if err := wait(b.Context()); err != nil {
									b.Error(err)
								}
								through <- time.Now()
							}
						})
					}
					wg.Wait()
					close(through)
					var at []time.Time
					for t := range through {
						at = append(at, t)
					}
					slices.SortFunc(at, time.Time.Compare)
					for i := 1; i < len(at); i++ {
						gap := at[i].Sub(at[i-1])
						shortest = min(shortest, gap)
						if gap < interval {
							short++
						}
					}
					gaps += len(at) - 1
					total += at[len(at)-1].Sub(at[0])
				}
				b.ReportMetric(100*float64(short)/float64(gaps), "%short")
				b.ReportMetric(shortest.Seconds()*1000, "shortest-ms")
				b.ReportMetric(total.Seconds()/(float64(gaps)*interval.Seconds()), "total/ideal")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// BenchmarkNewcomer is how long one waits who comes when fifty before it have
// given up, at an interval of 20 ms. Run it with -benchtime 10x.
func BenchmarkNewcomer(b *testing.B) {
	const interval = 20 * time.Millisecond
	for _, g := range gates {
		b.Run("peer="+g.name, func(b *testing.B) {
			var waited time.Duration
			n := 0
			for b.Loop() {
				wait := g.open(interval)
				if err := wait(b.Context()); err != nil { // the first turn is free
					b.Fatal(err)
				}
				ctx, cancel := context.WithCancel(b.Context())
				var wg sync.WaitGroup
				for range 50 {
					wg.Go(func() { _ = wait(ctx) })
				}
				time.Sleep(interval / 4) // they wait by now; one that does not makes it easier for all alike
				cancel()
				if g.name != "uber" { // whose waiters do not give up
					wg.Wait()
				}
				begin := time.Now()
				if err := wait(b.Context()); err != nil {
					b.Fatal(err)
				}
				waited += time.Since(begin)
				n++
				wg.Wait()
			}
			b.ReportMetric(waited.Seconds()*1000/float64(n), "waited-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}
