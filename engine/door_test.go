package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A job that comes at the moment at which a worker goes to rest is carried: if
// one were forgotten, its producer would wait for ever. There is no bubble
// here, because in one goroutines take turns.
func TestPoolForgetsNoJobAtTheDoor(t *testing.T) {
	const producers, jobs = 4, 5000
	var ran atomic.Int64
	done := make([]chan struct{}, producers)
	for i := range done {
		done[i] = make(chan struct{}, 1)
	}
	p, err := NewPool(func(_ context.Context, turn *Turn) error {
		ran.Add(1)
		done[turn.Job.ID] <- struct{}{}
		return nil
	}, PoolConfig{Workers: 2, Interval: -1})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range producers {
		wg.Go(func() {
			for range jobs {
				if err := p.Submit(Job{ID: JobID(i), Host: "a.test"}); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-done[i]:
				case <-time.After(20 * time.Second):
					t.Error("a job was forgotten")
					return
				}
			}
		})
	}
	wg.Wait()
	p.Close()
	if err := p.Wait(t.Context()); err != nil || ran.Load() != producers*jobs {
		t.Errorf("Wait = %v after %d jobs, want nil after %d", err, ran.Load(), producers*jobs)
	}
}

// Jobs that no worker has seen yet are in the queue as all others are: counted,
// found by who steers, dropped by Cancel, carried after Close.
func TestPoolCountsWhatIsBehindTheDoor(t *testing.T) {
	for _, tc := range []struct {
		name  string
		do    func(p *Pool)
		depth int
		ran   int
		left  []JobID
		err   error
	}{
		{name: "close", do: (*Pool).Close, depth: 3, ran: 4},
		{name: "cancel", do: func(p *Pool) { p.Cancel(nil) }, ran: 1, left: []JobID{1, 2, 3}, err: ErrCancelled},
		{name: "remove", depth: 2, ran: 3, do: func(p *Pool) {
			p.remove(func(w *waiter) bool { return w.Job.ID == 2 })
			p.Close()
		}},
		{name: "more workers", ran: 4, do: func(p *Pool) {
			if err := p.SetWorkers(4); err != nil {
				t.Error(err)
			}
			p.Close()
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var ran atomic.Int32
				hold := make(chan struct{})
				p, err := NewPool(func(context.Context, *Turn) error { ran.Add(1); <-hold; return nil },
					PoolConfig{Workers: 1, Queue: 3, Interval: -1})
				if err != nil {
					t.Fatal(err)
				}
				for i := range 5 {
					want := error(nil)
					if i == 4 {
						want = ErrQueueFull
					}
					if err := p.Submit(Job{ID: JobID(i), Host: "a.test"}); err != want {
						t.Errorf("submit %d: %v, want %v", i, err, want)
					}
					synctest.Wait() // the first is carried, the others find the worker busy
				}
				if !p.door.came.Load() || p.QueueDepth() != 3 {
					t.Errorf("something behind the door: %v, QueueDepth = %d; want true, 3", p.door.came.Load(), p.QueueDepth())
				}
				tc.do(p)
				synctest.Wait()
				if got := p.QueueDepth(); got != tc.depth {
					t.Errorf("QueueDepth = %d, want %d", got, tc.depth)
				}
				if err := p.Submit(Job{}); err != ErrPoolClosed {
					t.Errorf("submit: %v, want ErrPoolClosed", err)
				}
				close(hold)
				if err := p.Wait(t.Context()); !errors.Is(err, tc.err) {
					t.Errorf("Wait = %v, want %v", err, tc.err)
				}
				var left []JobID
				for _, w := range p.leftover() {
					left = append(left, w.Job.ID)
				}
				if int(ran.Load()) != tc.ran || !slices.Equal(left, tc.left) {
					t.Errorf("%d ran and %v was left, want %d and %v", ran.Load(), left, tc.ran, tc.left)
				}
			})
		})
	}
}

// An urgent job is not overlooked because it is new: the next worker sees it.
func TestPoolSeesWhatCameBeforeItChooses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []JobID
		var p *Pool
		p, err := NewPool(func(_ context.Context, turn *Turn) error {
			if got = append(got, turn.Job.ID); turn.Job.ID == 2 {
				return p.Submit(Job{ID: 9, Host: "b.test", Priority: High})
			}
			return nil
		}, PoolConfig{Workers: 1, Interval: -1})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			if err := p.Submit(Job{ID: JobID(i), Host: "a.test"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []JobID{0, 1, 2, 9, 3, 4}; !slices.Equal(got, want) {
			t.Errorf("order %v, want %v", got, want)
		}
		p.Close()
	})
}

// What comes while somebody holds the pool's lock, and no worker was free when
// it was taken, is seen before a worker rests, before the door is shut for
// good, and before anybody says that all is done.
func TestPoolAsksAtTheDoorAtLast(t *testing.T) {
	for name, last := range map[string]func(*Pool, *moment){
		"rest": func(p *Pool, m *moment) {
			if !p.ease(m) {
				t.Error("ease = false, want true: a job came")
			}
		},
		"shut": (*Pool).shut,
	} {
		t.Run(name, func(t *testing.T) {
			p, err := NewPool(nil, PoolConfig{Interval: -1})
			if err != nil {
				t.Fatal(err)
			}
			p.door.slack.Store(false)
			var m moment
			p.lock(&m)
			defer p.mu.Unlock()
			if err := p.Submit(Job{Host: "a.test"}); err != nil {
				t.Fatal(err)
			}
			if !p.busy() {
				t.Error("busy = false with a job behind the door")
			}
			last(p, &m)
			if l := p.ready.next(); l == nil || p.door.came.Load() || !p.busy() {
				t.Errorf("the job's host is ready: %v; something is behind the door: %v; busy: %v", l != nil, p.door.came.Load(), p.busy())
			}
		})
	}
}
