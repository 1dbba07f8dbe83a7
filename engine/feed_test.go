package engine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// A screen is a subscriber with its copy of the jobs.
type screen struct {
	sub   *engine.Subscription
	view  engine.View
	jobs  map[engine.JobID]engine.JobState
	to    engine.Seq
	fulls int
}

func newScreen(r *run, o engine.SubscribeOptions) *screen {
	return &screen{sub: r.Subscribe(o), jobs: make(map[engine.JobID]engine.JobState)}
}

// take takes one view and merges it.
func (s *screen) take(t *testing.T) {
	t.Helper()
	s.sub.Take(&s.view)
	if s.view.Full {
		s.fulls++
		clear(s.jobs)
		s.to = 0
	}
	if s.view.From != s.to || s.view.To < s.view.From {
		t.Errorf("view from %d to %d, want one from %d on", s.view.From, s.view.To, s.to)
	}
	s.to = s.view.To
	for _, j := range s.view.Jobs {
		s.jobs[j.ID] = j
	}
}

// follow takes whenever there is something, and rests after each view.
func (s *screen) follow(t *testing.T, rest time.Duration) {
	for range s.sub.Ready() {
		s.take(t)
		time.Sleep(rest)
	}
	for s.take(t); s.view.More; s.take(t) { // what came last
	}
}

func TestReplicasOfAllReadersAreEqualAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{
			Latency: func(r engine.Request) time.Duration { return time.Duration(len(r.URL)*37%900) * time.Millisecond },
			Answer: func(r engine.Request, nth int) engine.Step {
				switch {
				case r.Job.ID%7 == 0 && nth == 1:
					return enginetest.Status(503, 0)
				case r.Job.ID%11 == 0:
					return enginetest.Status(404, 0)
				}
				return enginetest.OK(1)
			},
		}
		r := start(t, fake, engine.Config{Interval: 100 * time.Millisecond})
		fast := newScreen(r, engine.SubscribeOptions{})
		late := newScreen(r, engine.SubscribeOptions{MaxJobs: 7})
		asleep := newScreen(r, engine.SubscribeOptions{MaxJobs: 50})
		var wg sync.WaitGroup
		wg.Go(func() { fast.follow(t, 0) })
		wg.Go(func() { late.follow(t, 250*time.Millisecond) })
		wg.Go(func() { time.Sleep(time.Hour); asleep.follow(t, 0) })
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 120), enginetest.Jobs("two.test", 120), enginetest.Jobs("six.test", 60))
		r.until(3 * time.Second)
		r.Cancel(t.Context(), engine.Selector{Host: "six.test"})
		r.until(5 * time.Second)
		r.undo(engine.ActCancel)
		r.until(9 * time.Second)
		r.Cancel(t.Context(), engine.Selector{Jobs: []engine.JobID{290, 291, 292}})
		r.finish()
		wg.Wait()

		truth := newScreen(r, engine.SubscribeOptions{})
		truth.take(t)
		for name, s := range map[string]*screen{"fast": fast, "slow": late, "asleep": asleep} {
			if !maps.Equal(s.jobs, truth.jobs) {
				t.Errorf("%s: its copy differs from the feed", name)
			}
			if s.fulls != 1 {
				t.Errorf("%s started over %d times, want once", name, s.fulls)
			}
		}
		ended := map[engine.Outcome]int{}
		for _, j := range truth.jobs {
			ended[j.Outcome]++
		}
		if c := r.Snapshot().Counts; ended[engine.OK] != c.OK || ended[engine.Failed] != c.Failed || c.Cancelled != 3 {
			t.Errorf("the feed has %v, the books %+v", ended, c)
		}
	})
}

func TestViewStartsOverForOneWhoComesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(100*time.Millisecond), engine.Config{Workers: 400, Queue: 1000, Interval: -1})
		s, keeper := newScreen(r, engine.SubscribeOptions{}), newScreen(r, engine.SubscribeOptions{})
		var wg sync.WaitGroup
		wg.Go(func() { keeper.follow(t, 0) })
		s.take(t)
		if !s.view.Full || s.view.More || len(s.view.Jobs) != 0 {
			t.Errorf("first view: full %v, more %v, %d jobs; want full and empty", s.view.Full, s.view.More, len(s.view.Jobs))
		}
		const n = 10_300
		r.add(engine.Batch{}, enginetest.Jobs("one.test", n))
		r.finish()
		for i, want := range []struct {
			jobs int
			more bool
		}{{4096, true}, {4096, true}, {10_000 - 2*4096, false}} {
			s.take(t)
			if len(s.view.Jobs) != want.jobs || s.view.More != want.more || s.view.Full != (i == 0) {
				t.Errorf("view %d: %d jobs, more %v, full %v; want %+v, full only the first", i, len(s.view.Jobs), s.view.More, s.view.Full, want)
			}
		}
		for _, j := range s.jobs {
			if j.Num <= n-10_000 {
				t.Fatalf("the result numbered %d is in the view, want the last 10,000", j.Num)
			}
		}
		s.take(t)
		if s.view.Full || len(s.view.Jobs) != 0 || s.view.From != s.view.To {
			t.Errorf("nothing is new: full %v, %d jobs, from %d to %d", s.view.Full, len(s.view.Jobs), s.view.From, s.view.To)
		}
		wg.Wait()
		if keeper.fulls != 1 || len(keeper.jobs) != n {
			t.Errorf("one who kept up started over %d times and has %d jobs, want once, %d", keeper.fulls, len(keeper.jobs), n)
		}
	})
}

// A reader that asks for it is told all there is once more: at once if it waits,
// and after the end too.
func TestStartOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(100*time.Millisecond), engine.Config{Workers: 4, Interval: -1})
		s := newScreen(r, engine.SubscribeOptions{MaxJobs: 3})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 10))
		full := func(when string) {
			t.Helper()
			s.sub.StartOver()
			synctest.Wait()
			<-s.sub.Ready()
			fulls := s.fulls
			for s.take(t); s.view.More; s.take(t) {
			}
			if s.fulls != fulls+1 || len(s.jobs) != 10 {
				t.Errorf("%s: started over %d times with %d jobs, want once with 10", when, s.fulls-fulls, len(s.jobs))
			}
		}
		r.until(150 * time.Millisecond)
		full("at first")
		full("when nothing has changed")
		s.sub.StartOver()
		s.take(t)
		full("half way through a full view")
		r.finish()
		full("after the end")
		if err := s.sub.Close(); err != nil {
			t.Error(err)
		}
		s.sub.StartOver()
		if s.take(t); s.view.Full || len(s.view.Jobs) > 0 {
			t.Errorf("after Close a view is full: %v, with %d jobs", s.view.Full, len(s.view.Jobs))
		}
	})
}

func TestViewSaysHowManyLogLinesItDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, &enginetest.Scraper{}, engine.Config{})
		s := newScreen(r, engine.SubscribeOptions{MaxLog: 3})
		for i := range 10 {
			r.add(engine.Batch{Name: fmt.Sprint("list ", i)})
		}
		synctest.Wait()
		s.take(t)
		lines := s.view.Stats.LogLines
		if lines < 10 || uint64(len(s.view.Log))+s.view.LogDropped != lines || len(s.view.Log) != 3 {
			t.Errorf("%d lines and %d dropped of %d, want 3 and the rest of 10 or more", len(s.view.Log), s.view.LogDropped, lines)
		}
		s.take(t)
		if len(s.view.Log) != 0 || s.view.LogDropped != 0 {
			t.Errorf("%d lines, %d dropped; want none: they were told", len(s.view.Log), s.view.LogDropped)
		}
		r.Pause(t.Context(), engine.Selector{All: true})
		s.take(t)
		if len(s.view.Log) != 1 || s.view.Log[0].Text != "the run paused" || s.view.Log[0].Level != engine.LevelWarn || s.view.LogDropped != 0 {
			t.Errorf("log %+v, %d dropped; want the one line of the pause", s.view.Log, s.view.LogDropped)
		}
		for range 600 { // more than are kept
			r.Resume(t.Context(), engine.Selector{All: true})
			r.Pause(t.Context(), engine.Selector{All: true})
		}
		s.take(t)
		if len(s.view.Log) != 3 || s.view.LogDropped != 1197 {
			t.Errorf("%d lines, %d dropped; want 3 and 1197", len(s.view.Log), s.view.LogDropped)
		}
		r.Resume(t.Context(), engine.Selector{All: true})
		r.finish()
	})
}

func TestReadyHoldsOneToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, &enginetest.Scraper{}, engine.Config{})
		s := newScreen(r, engine.SubscribeOptions{MaxJobs: 2})
		token := func() bool {
			synctest.Wait()
			select {
			case _, ok := <-s.sub.Ready():
				return ok
			default:
				return false
			}
		}
		if !token() {
			t.Error("no token for the first view")
		}
		s.take(t)
		if token() {
			t.Error("a token though nothing changed")
		}
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 5))
		if !token() || token() {
			t.Error("many changes: want one token")
		}
		for more := true; more; more = s.view.More {
			s.take(t)
			if got := token(); got != s.view.More {
				t.Errorf("a token %v when there is more %v", got, s.view.More)
			}
		}
		r.ends()
	})
}

// One who has hung up and takes all the same learns nothing, and upsets
// nothing: the jobs that it knew of are long gone.
func TestTakeAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(100*time.Millisecond), engine.Config{Workers: 400, Queue: 1000, Interval: -1})
		s := newScreen(r, engine.SubscribeOptions{MaxJobs: 50})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 10_300))
		r.until(500 * time.Millisecond)
		s.take(t)
		if err := s.sub.Close(); err != nil || !s.view.More {
			t.Errorf("Close = %v, more %v; want there to be more", err, s.view.More)
		}
		r.finish()
		for range 3 {
			s.take(t)
			if v := &s.view; v.More || v.Full || len(v.Jobs)+len(v.Log) > 0 || v.LogDropped > 0 || v.Stats.Counts.OK != 10_300 {
				t.Errorf("a view of %d jobs and %d lines, full %v, more %v, %d ok; want the numbers alone", len(v.Jobs), len(v.Log), v.Full, v.More, v.Stats.Counts.OK)
			}
		}
	})
}

func TestReadyIsClosedByCloseAndAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, &enginetest.Scraper{}, engine.Config{})
		one, two := newScreen(r, engine.SubscribeOptions{}), newScreen(r, engine.SubscribeOptions{})
		closed := make(chan struct{})
		go func() {
			for range one.sub.Ready() { // one that waits is let go
			}
			close(closed)
		}()
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 2))
		for range 2 {
			if err := one.sub.Close(); err != nil {
				t.Errorf("Close = %v", err)
			}
		}
		<-closed
		if got := time.Since(r.begin); got != 0 {
			t.Errorf("Ready was closed after %v, want at once", got)
		}
		r.finish()
		for range two.sub.Ready() {
		}
		two.take(t) // what is left can still be taken
		if len(two.jobs) != 2 || two.view.Stats.State != engine.RunFinished {
			t.Errorf("%d jobs, %v; want 2, finished", len(two.jobs), two.view.Stats.State)
		}
		last := newScreen(r, engine.SubscribeOptions{})
		for range last.sub.Ready() {
		}
		if last.take(t); len(last.jobs) != 2 {
			t.Errorf("one who comes after the end sees %d jobs, want 2", len(last.jobs))
		}
	})
}

// A hasty store has somebody retry what it has just kept, before the engine
// can have counted it.
type hasty struct {
	*engine.MemStore
	retry func()
}

func (h hasty) Finish(ctx context.Context, rs []engine.Result, each func(engine.Job, engine.Class)) error {
	err := h.MemStore.Finish(ctx, rs, each)
	go h.retry()
	for range 10_000 {
		runtime.Gosched()
	}
	return err
}

func TestRetryOfWhatWasJustKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r *run
		store := hasty{engine.NewMemStore(), func() {
			if _, err := r.Retry(t.Context(), engine.Selector{All: true}); err != nil && !errors.Is(err, engine.ErrNothing) && !errors.Is(err, engine.ErrClosed) {
				t.Errorf("Retry: %v", err)
			}
		}}
		fake := &enginetest.Scraper{Answer: func(_ engine.Request, nth int) engine.Step {
			if nth == 1 {
				return enginetest.Status(404, 0)
			}
			return enginetest.OK(1)
		}}
		r = start(t, fake, engine.Config{Store: store})
		s := newScreen(r, engine.SubscribeOptions{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 1))
		r.until(500 * time.Millisecond)
		stats := r.Snapshot()
		r.balanced(stats)
		s.take(t)
		if got := s.jobs[1].Place; got != engine.Queued || stats.Counts.Queued != 1 {
			t.Errorf("the job is shown as %v, the books say %+v; want it queued", got, stats.Counts)
		}
		if c := r.finish().Counts; c.OK != 1 {
			t.Errorf("%+v, want it ok", c)
		}
	})
}

// Whatever the engine does, Take comes back: here a hundred requests are under
// way, a steering call is, and nobody else reads.
func TestTakeAndTheRunDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(time.Second), engine.Config{Workers: 100, Interval: -1})
		s := newScreen(r, engine.SubscribeOptions{MaxJobs: 1})
		for range 50 {
			newScreen(r, engine.SubscribeOptions{}) // never takes, never closes
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			for range 200 {
				s.take(t)
			}
		})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 1000))
		wg.Wait()
		if got := time.Since(r.begin); got != 0 {
			t.Errorf("200 views took %v, want no time", got)
		}
		r.finish()
		if got := r.at.Sub(r.begin); got != 10*time.Second {
			t.Errorf("the run took %v, want 10s", got)
		}
	})
}
