package engine

import (
	"context"
	"sync"
	"time"
)

// A RateLimiter is one gate that lets callers through one at a time, at least
// an interval apart.
//
// Two calls of Wait that return nil do so at least the interval apart, however
// many goroutines call it, after any idle time and after any late timer: the
// next turn counts from the moment the last one was really taken. (A limiter
// that counts slots instead lets the next call follow at once after one late
// wake-up.) The first call returns at once. Waiters come through in the order
// in which they came.
//
// A RateLimiter is safe for use by multiple goroutines.
type RateLimiter struct {
	turn chan struct{} // holds one token; whoever has it is next

	mu       sync.Mutex
	interval time.Duration
	last     time.Time     // when the last turn was taken; zero: none yet
	changed  chan struct{} // closed and replaced when interval or last are set from outside
}

// NewRateLimiter returns a limiter with the given interval between two turns.
// At zero or below, Wait never waits.
func NewRateLimiter(interval time.Duration) *RateLimiter {
	return &RateLimiter{
		turn:     make(chan struct{}, 1),
		interval: interval,
		changed:  make(chan struct{}),
	}
}

// Wait blocks until the caller's turn has come. It returns [context.Cause] if
// ctx ends before; the turn is then the next waiter's, who waits no longer for
// it than if the caller had never come.
func (l *RateLimiter) Wait(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-l.turn }()
	for {
		next, changed := l.take()
		if next.IsZero() {
			return nil
		}
		timer := time.NewTimer(time.Until(next))
		select {
		case <-timer.C:
		case <-changed:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}

// take takes the turn if it has come and returns the zero time; else it
// returns when the turn comes and a channel that is closed if that changes.
// It never blocks for long.
func (l *RateLimiter) take() (next time.Time, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if next := turnAfter(l.last, l.interval); next.After(now) {
		return next, l.changed
	}
	l.last = now
	return time.Time{}, nil
}

// next returns when the next turn comes, which may be in the past.
func (l *RateLimiter) next() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return turnAfter(l.last, l.interval)
}

// turnAfter is the whole law of the gap: the next turn comes an interval after
// the last one was taken.
func turnAfter(last time.Time, interval time.Duration) time.Time {
	if last.IsZero() || interval <= 0 {
		return time.Time{}
	}
	return last.Add(interval)
}

// Reset forgets the last turn: the next one comes at once.
func (l *RateLimiter) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = time.Time{}
	l.tell()
}

// SetInterval changes the interval, for those who wait too: their turn counts
// from the last one taken.
func (l *RateLimiter) SetInterval(interval time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.interval = interval
	l.tell()
}

// Interval returns the interval.
func (l *RateLimiter) Interval() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.interval
}

func (l *RateLimiter) tell() {
	close(l.changed)
	l.changed = make(chan struct{})
}
