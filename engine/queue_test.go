package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// Whatever leaves a chain, from wherever in it: the rest keeps its order, and
// the next to come stands behind it.
func TestChainIsAListThatLosesNobody(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var c chain
	var want []JobID
	for step := range 5000 {
		switch n := r.IntN(10); {
		case n < 6:
			id := JobID(step)
			c.push(&waiter{Turn: Turn{Job: Job{ID: id}}})
			want = append(want, id)
		case n < 9 && len(want) > 0:
			at := r.IntN(len(want))
			if r.IntN(2) == 0 {
				at = len(want) - 1
			}
			var prev *waiter
			w := c.first
			for range at {
				prev, w = w, w.next
			}
			c.cut(prev, w)
			want = slices.Delete(want, at, at+1)
		default:
			odd := func(id JobID) bool { return id%4 == JobID(r.IntN(4)) }
			var out, gone []JobID
			for _, w := range c.remove(func(w *waiter) bool {
				if !odd(w.Job.ID) {
					return false
				}
				gone = append(gone, w.Job.ID)
				return true
			}, nil) {
				out = append(out, w.Job.ID)
			}
			if !slices.Equal(out, gone) {
				t.Fatalf("step %d: removed %v, want %v", step, out, gone)
			}
			want = slices.DeleteFunc(want, func(id JobID) bool { return slices.Contains(gone, id) })
		}
		var got []JobID
		for w := c.first; w != nil; w = w.next {
			got = append(got, w.Job.ID)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("step %d: the chain is %v, want %v", step, got, want)
		}
	}
}

// A job that goes before the others of its host takes its host forward too.
func TestPoolServesTheHostOfAnUrgentJobFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []JobID
		first := make(chan struct{})
		p, err := NewPool(func(_ context.Context, turn *Turn) error {
			if got = append(got, turn.Job.ID); len(got) == 1 {
				<-first
			}
			return nil
		}, PoolConfig{Workers: 1, Interval: -1})
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range []Job{
			{ID: 1, Host: "a.test"}, // in the worker's hands
			{ID: 2, Host: "b.test"},
			{ID: 3, Host: "a.test"},
			{ID: 4, Host: "a.test", Priority: High},
		} {
			if err := p.Submit(j); err != nil {
				t.Fatal(err)
			}
		}
		close(first)
		p.Close()
		if err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []JobID{1, 4, 2, 3}; !slices.Equal(got, want) {
			t.Errorf("order %v, want %v", got, want)
		}
	})
}

// The rest of a job that has started goes before everything, and does not count
// against those that wait: they are passed over by jobs.
func TestPoolFinishesWhatItBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		p, err := NewPool(func(_ context.Context, turn *Turn) error {
			got = append(got, turn.Job.URL)
			if n := len(got); n%4 != 0 && turn.Job.URL != "low" {
				turn.again(&Request{Host: "a.test"}, 0)
			}
			return nil
		}, PoolConfig{Workers: 1, Interval: -1})
		if err != nil {
			t.Fatal(err)
		}
		p.setPaused(true)
		for i := range 22 {
			j := Job{Host: "a.test", URL: "high", Priority: High}
			if i%11 == 10 {
				j = Job{Host: "b.test", URL: "low", Priority: Low}
			}
			if err := p.Submit(j); err != nil {
				t.Fatal(err)
			}
		}
		p.setPaused(false)
		p.Close()
		if err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		high := slices.Repeat([]string{"high"}, 4*9) // nine jobs of four steps
		want := slices.Concat(high, []string{"low"}, slices.Repeat([]string{"high"}, 4*9-1), []string{"low"})
		if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
			t.Errorf("order %v, want it to begin with %v", got, want)
		}
	})
}

// A priority that nobody has used yet takes no place from one whose turn it is.
func TestPoolKeepsATurnWhenAPriorityIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []Priority
		var p *Pool
		p, err := NewPool(func(_ context.Context, turn *Turn) error {
			if got = append(got, turn.Job.Priority); len(got) == 9 { // the low one goes next
				return p.Submit(Job{Host: "a.test"})
			}
			return nil
		}, PoolConfig{Workers: 1, Interval: -1})
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Repeat([]Priority{High}, 13)
		p.setPaused(true)
		for _, priority := range append(want, Low, Low) {
			if err := p.Submit(Job{Host: "a.test", Priority: priority}); err != nil {
				t.Fatal(err)
			}
		}
		p.setPaused(false)
		if err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		want = append(slices.Insert(want, 9, Low), Normal, Low)
		if !slices.Equal(got, want) {
			t.Errorf("order %v, want %v", got, want)
		}
		p.Close()
	})
}

// Choosing the next job costs no memory, whatever waits.
func TestPoolChoosesWithoutAllocating(t *testing.T) {
	p, err := NewPool(nil, PoolConfig{Queue: 300, Interval: -1})
	if err != nil {
		t.Fatal(err)
	}
	p.setPaused(true)
	for i := range 300 {
		job := Job{Host: string(rune('a' + i%100)), Batch: BatchID(i % 7), Priority: Priority(i % 3)}
		if err := p.Submit(job); err != nil {
			t.Fatal(err)
		}
	}
	var m moment
	got := testing.AllocsPerRun(1000, func() {
		l := p.ready.next()
		p.ready.serve(l)
		l.put(l.take(l.next, p.held))
		p.move(l, aside, l.best)
		p.place(l, &m)
	})
	if got != 0 {
		t.Errorf("%v allocations for a job, want 0", got)
	}
}

// Of priorities that nothing waits with any more only a few are kept.
func TestPoolForgetsPriorities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := NewPool(func(context.Context, *Turn) error { return nil }, PoolConfig{Interval: -1})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 500 {
			for _, priority := range []Priority{Priority(i), Priority(-i)} {
				if err := p.Submit(Job{Host: "a.test", Priority: priority}); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
		}
		if tiers, ranks := len(p.lane("a.test").tiers), len(p.ready); tiers > 2*lowShare || ranks > 2*lowShare {
			t.Errorf("%d tiers and %d ranks are kept, want at most %d", tiers, ranks, 2*lowShare)
		}
		p.Close()
		if err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// Waiters are used again, and those that hops bring do not pile up.
func TestPoolKeepsNoMoreWaitersThanItsQueueNeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hops := 0
		p, err := NewPool(func(_ context.Context, turn *Turn) error {
			if hops++; hops < 500 {
				turn.again(&Request{Host: "a.test"}, 0)
			}
			return nil
		}, PoolConfig{Workers: 1, Queue: 3, Interval: -1})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := p.Submit(Job{Host: "a.test"}); err != nil {
				t.Fatal(err)
			}
		}
		p.Close()
		if err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if spare := len(p.spare) + len(p.door.spare); hops != 502 || spare < 3 || spare > 2*3 {
			t.Errorf("after %d hops %d spare waiters; want 502 and one or two queues full", hops, spare)
		}
	})
}

// A waiter that is used again brings nothing along from the job before.
func TestPoolUsesWaitersAgainAsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var carried []string
		p, err := NewPool(func(_ context.Context, turn *Turn) error {
			carried = append(carried, fmt.Sprint(turn.Job.ID, turn.Again != nil))
			if turn.Job.ID == 1 && turn.Again == nil {
				turn.again(&Request{Host: "a.test"}, time.Second)
			}
			return nil
		}, PoolConfig{Workers: 1, Queue: 3, Interval: -1})
		if err != nil {
			t.Fatal(err)
		}
		for id := range JobID(8) {
			if err := p.Submit(Job{ID: id, Host: "a.test"}); err != nil {
				t.Fatal(err)
			}
			if err := p.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if want := []string{"0 false", "1 false", "1 true", "2 false", "3 false", "4 false", "5 false", "6 false", "7 false"}; !slices.Equal(carried, want) {
			t.Errorf("carried %q, want %q", carried, want)
		}
		p.Close()
	})
}

// Where handlers start their jobs, a Start that comes late does not count for
// another job: no Turn is used twice.
func TestPoolGivesEachJobATurnOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := make(map[*Turn]bool)
		p, err := NewPool(func(_ context.Context, turn *Turn) error {
			for old := range turns {
				old.Start()
			}
			if turns[turn] || turn.started {
				t.Errorf("job %d has a Turn that was used or started before", turn.Job.ID)
			}
			turns[turn] = true
			return nil
		}, PoolConfig{Workers: 1, HandlerStarts: true, Interval: -1})
		if err != nil {
			t.Fatal(err)
		}
		for id := range JobID(10) {
			if err := p.Submit(Job{ID: id, Host: "a.test"}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		p.Close()
		if err := p.Wait(t.Context()); err != nil || len(turns) != 10 {
			t.Errorf("Wait = %v after %d turns, want nil after 10", err, len(turns))
		}
	})
}

// Between two steps a job is in the queue: it is counted, and a probe is not.
func TestPoolCountsJobsBetweenTwoSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := NewPool(func(_ context.Context, turn *Turn) error {
			if turn.Job.ID > 0 && turn.Again == nil {
				turn.again(&Request{Host: "a.test"}, time.Second)
			}
			return nil
		}, PoolConfig{Workers: 1, Queue: 2, Interval: -1})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []JobID{0, 1, 2} {
			if err := p.Submit(Job{ID: id, Host: "a.test"}); err != nil {
				t.Fatal(err)
			}
		}
		p.enqueue(waiter{Turn: Turn{Again: &Request{Host: "a.test", Kind: KindRobots}}, due: time.Now().Add(time.Second)})
		synctest.Wait()
		if got := p.QueueDepth(); got != 2 {
			t.Errorf("QueueDepth = %d with two jobs between two steps, want 2", got)
		}
		if err := p.Submit(Job{Host: "a.test"}); err != ErrQueueFull {
			t.Errorf("submit beside them: %v, want ErrQueueFull", err)
		}
		if err := p.Wait(t.Context()); err != nil || p.QueueDepth() != 0 {
			t.Errorf("Wait = %v with QueueDepth %d, want nil with 0", err, p.QueueDepth())
		}
		p.Close()
	})
}

// After a refusal one request is in flight, on a host that is not paced too.
func TestPoolProbesAnUnpacedHostWithOneJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		p, err := NewPool(func(context.Context, *Turn) error { <-hold; return nil }, PoolConfig{Workers: 3, Interval: -1})
		if err != nil {
			t.Fatal(err)
		}
		p.tune("a.test", func(pc *pace) string { pc.probing = true; return "" })
		p.setPaused(true)
		for range 3 {
			if err := p.Submit(Job{Host: "a.test"}); err != nil {
				t.Fatal(err)
			}
		}
		p.setPaused(false) // now there are three to choose from
		synctest.Wait()
		if got := p.ActiveWorkers(); got != 1 {
			t.Errorf("ActiveWorkers = %d, want 1", got)
		}
		p.tune("a.test", func(pc *pace) string { pc.good(); return "" })
		synctest.Wait()
		if got := p.ActiveWorkers(); got != 3 {
			t.Errorf("ActiveWorkers = %d after a good answer, want 3", got)
		}
		close(hold)
		p.Close()
		if err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// What is taken out of the queue comes in the order in which it arrived, also
// those that wait between two steps.
func TestPoolRemovesInOrderOfArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := NewPool(func(_ context.Context, turn *Turn) error {
			turn.again(&Request{Host: "a.test"}, time.Hour-time.Duration(turn.Job.ID)*time.Minute)
			return nil
		}, PoolConfig{Workers: 1, Interval: -1})
		if err != nil {
			t.Fatal(err)
		}
		for id := range JobID(5) {
			if err := p.Submit(Job{ID: id, Host: "a.test"}); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		var ids []JobID
		for _, w := range p.remove(func(*waiter) bool { return true }) {
			ids = append(ids, w.Job.ID)
		}
		if want := []JobID{0, 1, 2, 3, 4}; !slices.Equal(ids, want) {
			t.Errorf("removed %v, want %v", ids, want)
		}
		p.Close()
	})
}
