package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// slow answers after d.
func slow(d time.Duration) *enginetest.Scraper {
	return &enginetest.Scraper{Latency: func(engine.Request) time.Duration { return d }}
}

// until sleeps until d after the beginning and until all is at rest.
func (r *run) until(d time.Duration) {
	time.Sleep(d - time.Since(r.begin))
	synctest.Wait()
}

// did checks what a steering method did.
func (r *run) did(d engine.Done, err error, waiting, queued, inFlight int) {
	r.t.Helper()
	if err != nil || d.Waiting != waiting || d.Queued != queued || d.InFlight != inFlight {
		r.t.Errorf("%s took %d waiting, %d queued, %d in flight, %v; want %d, %d, %d",
			d.Action, d.Waiting, d.Queued, d.InFlight, err, waiting, queued, inFlight)
	}
	r.balanced(r.Snapshot())
}

// nothing checks that there was nothing to do.
func (r *run) nothing(d engine.Done, err error) {
	r.t.Helper()
	if !errors.Is(err, engine.ErrNothing) {
		r.t.Errorf("%s %s = %+v, %v; want ErrNothing", d.Action, label(d.Selector), d, err)
	}
}

// undo undoes what must be of that action.
func (r *run) undo(action engine.Action) {
	r.t.Helper()
	if d, err := r.Undo(r.t.Context()); err != nil || d.Action != action {
		r.t.Errorf("Undo = %s, %v; want %s", d.Action, err, action)
	}
	r.balanced(r.Snapshot())
}

// ends cancels what is left and waits for the end.
func (r *run) ends() engine.Stats {
	r.Cancel(r.t.Context(), engine.Selector{All: true})
	return r.finish()
}

func TestRetryAndItsUndo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
			switch {
			case nth > 1:
				return enginetest.OK(1)
			case r.URL == "http://one.test/3":
				return engine.Step{Result: &engine.Result{Outcome: engine.Empty}}
			}
			return enginetest.Status(404, 0)
		}}
		r := start(t, fake, engine.Config{})
		all := engine.Selector{All: true}
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 4), enginetest.Jobs("two.test", 1))
		r.until(10 * time.Second)
		r.Pause(t.Context(), all)
		d, err := r.Retry(t.Context(), all)
		r.did(d, err, 5, 0, 0)
		r.nothing(r.Retry(t.Context(), all))
		r.undo(engine.ActRetry)
		if c := r.Snapshot().Counts; c.Failed != 4 || c.Empty != 1 || c.Left() != 0 {
			t.Errorf("%+v, want four failed and one empty again", c)
		}
		d, err = r.Retry(t.Context(), engine.Selector{Host: "two.test"})
		r.did(d, err, 1, 0, 0)
		d, err = r.Retry(t.Context(), engine.Selector{Jobs: []engine.JobID{1, 2, 4}})
		r.did(d, err, 3, 0, 0)
		r.Resume(t.Context(), all)
		r.until(11500 * time.Millisecond) // two of one.test have gone, one has not
		r.undo(engine.ActResume)
		r.undo(engine.ActRetry)
		r.Resume(t.Context(), all)
		s := r.finish()
		if c := s.Counts; c.OK != 3 || c.Failed+c.Empty != 2 {
			t.Errorf("%+v, want three ok, and two as they were", c)
		}
		rs, _ := r.Results(t.Context(), engine.Query{Jobs: []engine.JobID{1}})
		if len(rs) != 1 || rs[0].Outcome != engine.OK || rs[0].Attempts != 1 || len(rs[0].History) != 1 {
			t.Errorf("job 1: %+v, want one result, ok after one attempt", rs)
		}
		r.gaps(time.Second)
	})
}

// A job that came back by itself before, and then by hand.
func TestRetryOfAJobThatWasDeferred(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(_ engine.Request, nth int) engine.Step {
			if nth <= 3 {
				return enginetest.Status(500, 0)
			}
			return enginetest.OK(1)
		}}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 1))
		r.until(time.Minute)
		d, err := r.Retry(t.Context(), engine.Selector{All: true})
		r.did(d, err, 1, 0, 0)
		synctest.Wait()
		r.balanced(r.Snapshot())
		if s := r.finish(); s.Counts.OK != 1 {
			t.Errorf("%+v, want it ok", s.Counts)
		}
	})
}

func TestSetWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(time.Second), engine.Config{Interval: -1})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 200))
		busy := func(n int) {
			t.Helper()
			time.Sleep(1500 * time.Millisecond)
			synctest.Wait()
			if s := r.Snapshot(); s.Busy != n || s.Workers != n {
				t.Errorf("%d of %d workers busy, want %d", s.Busy, s.Workers, n)
			}
		}
		busy(5)
		if d, err := r.SetWorkers(t.Context(), 9); err != nil || d.From != "5" || d.To != "9" {
			t.Errorf("SetWorkers = %+v, %v; want 5 to 9", d, err)
		}
		busy(9)
		r.SetWorkers(t.Context(), 1)
		busy(1)
		r.nothing(r.SetWorkers(t.Context(), 1))
		if _, err := r.SetWorkers(t.Context(), 0); err == nil || errors.Is(err, engine.ErrNothing) {
			t.Errorf("SetWorkers(0) = %v, want an error that says the range", err)
		}
		r.undo(engine.ActWorkers)
		busy(9)
		r.undo(engine.ActWorkers)
		busy(5)
		r.ends()
	})
}

// One worker, five hundred, and one again, under a load of many hosts: more go
// to work at once, and of fewer none takes up another job.
func TestSetWorkersFromOneToFiveHundredAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(time.Second), engine.Config{Workers: 1, Queue: 1000})
		list := enginetest.Jobs("h0.test", 9)
		for i := range 600 {
			list = enginetest.Chain(list, enginetest.Jobs(fmt.Sprintf("h%d.test", i+1), 9))
		}
		r.add(engine.Batch{}, list)
		for _, step := range []struct{ workers, busy int }{{1, 1}, {500, 500}, {1, 1}, {500, 500}, {7, 7}} {
			if step.workers != r.Snapshot().Workers {
				if _, err := r.SetWorkers(t.Context(), step.workers); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
			// Those beyond a lower number finish what they carry, within a second.
			if s := r.Snapshot(); s.Busy < step.busy {
				t.Errorf("%d workers: %d busy at once, want %d", step.workers, s.Busy, step.busy)
			}
			time.Sleep(1100 * time.Millisecond)
			synctest.Wait()
			if s := r.Snapshot(); s.Busy != step.busy {
				t.Errorf("%d workers: %d busy a second later, want %d", step.workers, s.Busy, step.busy)
			}
			r.balanced(r.Snapshot())
			r.gaps(time.Second)
		}
		r.ends()
	})
}

func TestSetIntervalCountsFromTheLastStart(t *testing.T) {
	for _, tc := range []struct {
		name     string
		sel      engine.Selector
		one, two []time.Duration
	}{
		// From 10 s to 4 s at 2 s, back to 10 s at 9 s.
		{"a host", engine.Selector{Host: "one.test"}, seconds(0, 4, 8, 18), seconds(0, 10, 20)},
		{"a batch", engine.Selector{Batch: 1}, seconds(0, 4, 8, 18), seconds(0, 10, 20)},
		{"all", engine.Selector{All: true}, seconds(0, 4, 8, 18), seconds(0, 4, 8, 18)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, &enginetest.Scraper{}, engine.Config{Interval: 10 * time.Second})
				r.add(engine.Batch{}, enginetest.Jobs("one.test", 9)) // all of them queued
				r.add(engine.Batch{}, enginetest.Jobs("two.test", 9))
				r.until(2 * time.Second)
				if d, err := r.SetInterval(t.Context(), tc.sel, 4*time.Second); err != nil || d.From != "10s" || d.To != "4s" {
					t.Errorf("SetInterval = %+v, %v; want 10s to 4s", d, err)
				}
				r.until(9 * time.Second)
				r.undo(engine.ActInterval)
				r.until(27 * time.Second)
				want(t, "starts of one.test", r.starts("one.test"), tc.one)
				want(t, "starts of two.test", r.starts("two.test"), tc.two)
				r.ends()
			})
		})
	}
}

func TestSetIntervalRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, &enginetest.Scraper{}, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 2))
		if _, err := r.SetInterval(t.Context(), engine.Selector{All: true}, 0); err == nil {
			t.Error("an interval of 0 is taken; want an error: 0 may mean two things")
		}
		r.nothing(r.SetInterval(t.Context(), engine.Selector{All: true}, time.Second))
		r.nothing(r.SetInterval(t.Context(), engine.Selector{Host: "none.test"}, time.Second))
		if _, err := r.SetInterval(t.Context(), engine.Selector{Batch: 7}, time.Second); !errors.Is(err, engine.ErrNoBatch) {
			t.Errorf("a batch that is not there: %v, want ErrNoBatch", err)
		}
		if d, err := r.SetInterval(t.Context(), engine.Selector{Host: "one.test"}, -1); err != nil || d.To != "unpaced" {
			t.Errorf("SetInterval = %+v, %v; want unpaced", d, err)
		}
		synctest.Wait()
		want(t, "starts", r.starts("one.test"), seconds(0, 0))
		r.finish()
	})
}

func TestSetPriority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, &enginetest.Scraper{}, engine.Config{Queue: 4})
		one := func(from int) func(yield func(engine.Job, error) bool) {
			return func(yield func(engine.Job, error) bool) {
				for i := range 6 {
					if !yield(enginetest.Job("one.test", from+i), nil) {
						return
					}
				}
			}
		}
		r.Pause(t.Context(), engine.Selector{All: true})
		r.add(engine.Batch{}, one(0))
		r.add(engine.Batch{}, one(100))
		r.Resume(t.Context(), engine.Selector{All: true})
		r.until(1500 * time.Millisecond)
		if d, err := r.SetPriority(t.Context(), 2, engine.High); err != nil || d.From != "normal" || d.To != "high" {
			t.Errorf("SetPriority = %+v, %v; want normal to high", d, err)
		}
		r.nothing(r.SetPriority(t.Context(), 2, engine.High))
		if _, err := r.SetPriority(t.Context(), 9, engine.Low); !errors.Is(err, engine.ErrNoBatch) {
			t.Errorf("a batch that is not there: %v, want ErrNoBatch", err)
		}
		r.until(3500 * time.Millisecond)
		r.undo(engine.ActPriority)
		r.until(7500 * time.Millisecond)
		r.SetPriority(t.Context(), 2, engine.Low)
		r.finish()
		var got []engine.BatchID
		for _, c := range r.fake.Calls() {
			got = append(got, (engine.BatchID(c.Job)-1)/6+1)
		}
		// In turn; batch 2 first for two; in turn for four; batch 1 first.
		want(t, "after the change", got[2:4], []engine.BatchID{2, 2})
		turns := slices.Clone(got[4:8])
		slices.Sort(turns)
		want(t, "after the undo, sorted", turns, []engine.BatchID{1, 1, 2, 2})
		want(t, "at last", got[8:], []engine.BatchID{1, 1, 1, 2})
	})
}

func TestUndoTakesBackTheLastTwenty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(time.Second), engine.Config{Workers: 1})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 3))
		for n := 2; n <= 25; n++ {
			r.SetWorkers(t.Context(), n)
		}
		r.Pause(t.Context(), engine.Selector{All: true})
		if got := r.Snapshot().Undo; len(got) != engine.UndoDepth || got[19].Action != engine.ActPause || got[18].To != "25" {
			t.Errorf("Undo holds %+v, want the last 20", got)
		}
		r.undo(engine.ActPause)
		for n := 24; n >= 6; n-- {
			r.undo(engine.ActWorkers)
			if got := r.Snapshot().Workers; got != n {
				t.Errorf("%d workers, want %d", got, n)
			}
		}
		r.nothing(r.Undo(t.Context()))
		r.finish()
	})
}

func TestSteeringIsRefusedAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, &enginetest.Scraper{}, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 1))
		r.finish()
		all := engine.Selector{All: true}
		for name, f := range map[string]func() (engine.Done, error){
			"cancel":   func() (engine.Done, error) { return r.Cancel(t.Context(), all) },
			"pause":    func() (engine.Done, error) { return r.Pause(t.Context(), all) },
			"resume":   func() (engine.Done, error) { return r.Resume(t.Context(), all) },
			"retry":    func() (engine.Done, error) { return r.Retry(t.Context(), all) },
			"workers":  func() (engine.Done, error) { return r.SetWorkers(t.Context(), 3) },
			"interval": func() (engine.Done, error) { return r.SetInterval(t.Context(), all, time.Minute) },
			"priority": func() (engine.Done, error) { return r.SetPriority(t.Context(), 1, engine.High) },
			"undo":     func() (engine.Done, error) { return r.Undo(t.Context()) },
		} {
			if _, err := f(); !errors.Is(err, engine.ErrClosed) {
				t.Errorf("%s = %v, want ErrClosed", name, err)
			}
		}
	})
}

func TestJobsRunWhileTheirListIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, &enginetest.Scraper{}, engine.Config{})
		r.add(engine.Batch{}, func(yield func(engine.Job, error) bool) {
			for i := range 3 {
				if !yield(enginetest.Job("one.test", i), nil) {
					return
				}
				time.Sleep(10 * time.Second)
				if got := r.Snapshot().Batches[0].State; got != engine.BatchAdding {
					t.Errorf("the batch is %v, want adding", got)
				}
			}
		})
		r.finish()
		want(t, "starts", r.starts("one.test"), seconds(0, 10, 20))
	})
}

func TestListsThatAreReadAtOnceKeepTheirNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, &enginetest.Scraper{}, engine.Config{})
		done := make(chan engine.Added, 3)
		for i, first := range []time.Duration{3, 2, 1} { // the last one's first line comes first
			go func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				added, err := r.Add(t.Context(), engine.Batch{Name: fmt.Sprint("list ", i+1)}, enginetest.Chain(
					func(func(engine.Job, error) bool) { time.Sleep(first * time.Second) },
					enginetest.Bad(1), enginetest.Jobs(fmt.Sprintf("h%d.test", i+1), 2)))
				if err != nil {
					t.Errorf("Add: %v", err)
				}
				done <- added
			}()
		}
		for range 3 {
			<-done
		}
		// More for the first: its first line is refused too.
		r.add(engine.Batch{ID: 1}, enginetest.Bad(1), enginetest.Jobs("h1.test", 3))
		s := r.finish()
		if len(s.Batches) != 3 {
			t.Fatalf("%d batches, want 3", len(s.Batches))
		}
		for i, b := range s.Batches {
			want := engine.Counts{Submitted: 3, OK: 2, Skipped: 1, Invalid: 1}
			if i == 0 {
				want = engine.Counts{Submitted: 7, OK: 3, Skipped: 4, Invalid: 2, Duplicate: 2}
			}
			if b.Batch.Name != fmt.Sprint("list ", i+1) || b.Counts != want || b.State != engine.BatchDone {
				t.Errorf("batch %d: %q, %v, %+v; want list %d, done, %+v", i+1, b.Batch.Name, b.State, b.Counts, i+1, want)
			}
		}
	})
}

// Shares of hosts and of batches can be at odds; the feeder must not go round
// in circles then. (If it does, this test hangs.)
func TestFeederSettlesWhenSharesAreAtOdds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(time.Second), engine.Config{Queue: 12})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 30))
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 30))
		r.add(engine.Batch{}, enginetest.Jobs("two.test", 30))
		r.until(5500 * time.Millisecond)
		s := r.Snapshot()
		r.balanced(s)
		for _, b := range s.Batches {
			if b.Counts.Queued == 0 {
				t.Errorf("batch %d has no place in the queue", b.Batch.ID)
			}
		}
		r.ends()
	})
}

// What a worker returns when it is one too many may be for another to take.
func TestPoolLosesNoTurnWhenAWorkerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var at []time.Duration
		p := newPool(t, func(ctx context.Context, turn *engine.Turn) error {
			if turn.Job.Host == "one.test" {
				at = append(at, time.Since(begin))
			}
			return take(map[engine.JobID]time.Duration{1: 2 * time.Second, 2: 5 * time.Second}[turn.Job.ID])(ctx, turn)
		}, engine.PoolConfig{Workers: 2, HandlerStarts: true}) // no handler starts: each returns its turn unused
		for i, host := range []string{"two.test", "one.test", "one.test"} {
			if err := p.Submit(job(i+1, host)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(3 * time.Second)
		if err := p.SetWorkers(1); err != nil {
			t.Fatal(err)
		}
		drain(t, p)
		want(t, "jobs of one.test were handed out", at, seconds(0, 5))
	})
}

// What a manual retry waits counts from the retry, not from when its URL was
// added.
func TestRetryWaitsFromTheRetryOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(_ engine.Request, nth int) engine.Step {
			if nth == 1 {
				return enginetest.Status(404, 0)
			}
			return enginetest.OK(1)
		}}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 1))
		time.Sleep(time.Minute)
		if _, err := r.Retry(t.Context(), engine.Selector{All: true}); err != nil {
			t.Fatal(err)
		}
		r.finish()
		rs, err := r.Results(t.Context(), engine.Query{})
		if err != nil || len(rs) != 1 || rs[0].Timing.Waited != 0 {
			t.Errorf("results %+v, %v; want one that waited for nothing", rs, err)
		}
	})
}

// A request that hangs takes as long as it takes: nothing is promised.
