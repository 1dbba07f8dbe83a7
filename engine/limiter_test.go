package engine_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
)

// waits calls Wait n times in each of so many goroutines and returns when the
// calls returned, since begin, in order.
func waits(t *testing.T, l *engine.RateLimiter, goroutines, n int) []time.Duration {
	t.Helper()
	begin := time.Now()
	var mu sync.Mutex
	var at []time.Duration
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range n {
				if err := l.Wait(t.Context()); err != nil {
					t.Errorf("Wait = %v", err)
				}
				mu.Lock()
				at = append(at, time.Since(begin))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(at)
	return at
}

func TestRateLimiterKeepsTheGap(t *testing.T) {
	for _, tc := range []struct {
		name       string
		interval   time.Duration
		goroutines int
		n          int
		took       time.Duration
	}{
		{name: "the first wait is immediate", interval: time.Second, goroutines: 1, n: 1, took: 0},
		{name: "five in four seconds", interval: time.Second, goroutines: 1, n: 5, took: 4 * time.Second},
		{name: "ten goroutines, three each", interval: time.Second, goroutines: 10, n: 3, took: 29 * time.Second},
		{name: "a hundred pages take 99 s", interval: time.Second, goroutines: 5, n: 20, took: 99 * time.Second},
		{name: "100 ms", interval: 100 * time.Millisecond, goroutines: 3, n: 2, took: 500 * time.Millisecond},
		{name: "500 ms", interval: 500 * time.Millisecond, goroutines: 3, n: 2, took: 2500 * time.Millisecond},
		{name: "no interval", interval: 0, goroutines: 3, n: 2, took: 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := waits(t, engine.NewRateLimiter(tc.interval), tc.goroutines, tc.n)
				for i, at := range got {
					if want := time.Duration(i) * tc.interval; at != want {
						t.Errorf("turn %d came after %v, want %v", i, at, want)
					}
				}
				if last := got[len(got)-1]; last != tc.took {
					t.Errorf("took %v, want %v", last, tc.took)
				}
			})
		})
	}
}

func TestRateLimiterKeepsTheGapAfterIdling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := engine.NewRateLimiter(time.Second)
		waits(t, l, 1, 1)
		time.Sleep(10 * time.Second)
		// Slots that passed unused are not made up for.
		if got := waits(t, l, 3, 1); !slices.Equal(got, []time.Duration{0, time.Second, 2 * time.Second}) {
			t.Errorf("after idling the turns came after %v, want 0s 1s 2s", got)
		}
	})
}

func TestRateLimiterResetLetsTheNextCallThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := engine.NewRateLimiter(time.Minute)
		waits(t, l, 1, 1)
		l.Reset()
		if got := waits(t, l, 1, 1); got[0] != 0 {
			t.Errorf("after Reset the wait took %v, want 0", got[0])
		}
		// A waiter sees the reset too.
		time.AfterFunc(5*time.Second, l.Reset)
		if got := waits(t, l, 1, 1); got[0] != 5*time.Second {
			t.Errorf("a waiter came through after %v, want 5s", got[0])
		}
	})
}

func TestRateLimiterSetIntervalCountsFromTheLastTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := engine.NewRateLimiter(time.Minute)
		waits(t, l, 1, 1)
		time.AfterFunc(3*time.Second, func() { l.SetInterval(10 * time.Second) })
		if got := waits(t, l, 1, 1); got[0] != 10*time.Second {
			t.Errorf("the waiter came through after %v, want 10s", got[0])
		}
		if got := l.Interval(); got != 10*time.Second {
			t.Errorf("Interval = %v, want 10s", got)
		}
	})
}

func TestRateLimiterCancelledWaiterGivesItsTurnBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := engine.NewRateLimiter(time.Second)
		waits(t, l, 1, 1)
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if err := l.Wait(ctx); !errors.Is(err, gone) {
					t.Errorf("Wait = %v, want its cause", err)
				}
			})
		}
		time.Sleep(200 * time.Millisecond)
		cancel(gone)
		wg.Wait()
		// The newcomer waits for nobody's turn but its own.
		if got := waits(t, l, 1, 1); got[0] != 800*time.Millisecond {
			t.Errorf("the newcomer waited %v, want 800ms", got[0])
		}
		if err := l.Wait(ctx); !errors.Is(err, gone) {
			t.Errorf("Wait with an ended context = %v, want its cause", err)
		}
	})
}
