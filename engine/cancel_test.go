package engine_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

func TestCancelEndsRequestsAndStartsNone(t *testing.T) {
	for _, tc := range []struct {
		name string
		sel  engine.Selector
		jobs int // that it takes
		more int // requests of others that start in the next 2 s, in the workers' place
	}{
		// Of batch 1 there are 20 at each of two hosts, of batch 2 five at
		// one of them; the queue holds 10, and two requests of 30 s each
		// are under way.
		{"a run", engine.Selector{All: true}, 45, 0},
		{"a batch", engine.Selector{Batch: 1}, 40, 2},
		{"a host", engine.Selector{Host: "one.test"}, 25, 1},
		{"jobs", engine.Selector{Jobs: []engine.JobID{40, 2, 99, 20, 1}}, 4, 1}, // in any order
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, slow(30*time.Second), engine.Config{Workers: 2, Queue: 10})
				r.Pause(t.Context(), engine.Selector{All: true})
				r.add(engine.Batch{}, enginetest.Jobs("one.test", 20), enginetest.Jobs("two.test", 20))
				r.add(engine.Batch{}, enginetest.Jobs("one.test", 5))
				r.Resume(t.Context(), engine.Selector{All: true})
				r.until(2500 * time.Millisecond)
				before, taken := r.Snapshot(), 0
				takes := func(id engine.JobID, batch engine.BatchID, host string) bool {
					return tc.sel.All || batch == tc.sel.Batch || host == tc.sel.Host || slices.Contains(tc.sel.Jobs, id)
				}
				for _, w := range before.Slots {
					if takes(w.Job, w.Batch, w.Host) {
						taken++
					}
				}
				d, err := r.Cancel(t.Context(), tc.sel)
				if err != nil || d.InFlight != taken || d.Waiting+d.Queued != tc.jobs-taken {
					t.Errorf("Cancel = %+v, %v; want %d in flight, %d elsewhere", d, err, taken, tc.jobs-taken)
				}
				synctest.Wait() // no time passes
				s := r.Snapshot()
				r.balanced(s)
				if before.Busy != 2 || taken == 0 || s.Counts.Cancelled != tc.jobs {
					t.Errorf("%d busy, %d of them cancelled, %+v; want 2, some, %d cancelled", before.Busy, taken, s.Counts, tc.jobs)
				}
				for _, w := range s.Slots {
					if w.Job != 0 && takes(w.Job, w.Batch, w.Host) {
						t.Errorf("worker %d still carries job %d", w.Num, w.Job)
					}
				}
				r.nothing(r.Cancel(t.Context(), tc.sel))
				r.until(4500 * time.Millisecond)
				more := 0
				for _, c := range r.fake.Calls() {
					batch := engine.BatchID(1)
					if c.Job > 40 {
						batch = 2
					}
					if c.At.Sub(r.begin) < 2500*time.Millisecond {
						continue
					}
					more++
					if takes(c.Job, batch, c.Host) {
						t.Errorf("job %d started %v after the beginning", c.Job, c.At.Sub(r.begin))
					}
				}
				if more < tc.more {
					t.Errorf("%d requests of others started, want at least %d", more, tc.more)
				}
				r.gaps(time.Second)
				r.ends()
			})
		})
	}
}

func TestCancelFreesTheWorkersForTheNextBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Latency: func(r engine.Request) time.Duration {
			if r.Job.Batch == 1 {
				return time.Minute
			}
			return time.Second / 2
		}}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 500))
		r.until(10 * time.Second) // all five workers await an answer
		d, err := r.Cancel(t.Context(), engine.Selector{Batch: 1})
		r.did(d, err, 395, 100, 5)
		// The next batch waits for the turn of nobody but the host.
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 3), enginetest.Jobs("two.test", 2))
		r.until(20 * time.Second)
		want(t, "starts of one.test", r.starts("one.test"), seconds(0, 1, 2, 3, 4, 10, 11, 12))
		want(t, "starts of two.test", r.starts("two.test"), seconds(10, 11))
		r.ends()
	})
}

func TestCancelDoesNotWaitForRobots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(30*time.Second), engine.Config{})
		r.add(engine.Batch{}, withOrigin(enginetest.Jobs("one.test", 3)))
		r.until(time.Second)
		d, err := r.Cancel(t.Context(), engine.Selector{Batch: 1})
		r.did(d, err, 0, 3, 0)
		synctest.Wait()
		if s := r.Snapshot(); s.Busy != 0 || s.Counts.Cancelled != 3 {
			t.Errorf("%d workers are busy, counts %+v; want none, 3 cancelled", s.Busy, s.Counts)
		}
		r.undo(engine.ActCancel)
		if s := r.finish(); s.Counts.OK != 3 {
			t.Errorf("%+v, want 3 ok", s.Counts)
		}
		r.gaps(time.Second)
	})
}

func TestRunEndsThoughRobotsWouldBeAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step { return enginetest.Fail(engine.Reset, "cut") }}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, withOrigin(enginetest.Jobs("one.test", 3)))
		synctest.Wait() // it was asked for once, and will be again
		r.Pause(t.Context(), engine.Selector{All: true})
		r.ends()
		if got := r.at.Sub(r.begin); got != 0 {
			t.Errorf("the run ended after %v, want at once", got)
		}
	})
}

func TestUndoOfCancelBringsTheUnfetchedBack(t *testing.T) {
	for _, sel := range []engine.Selector{
		{All: true}, {Batch: 1}, {Host: "one.test"}, {Jobs: []engine.JobID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
	} {
		synctest.Test(t, func(t *testing.T) {
			fake := slow(1500 * time.Millisecond)
			fake.Answer = func(r engine.Request, nth int) engine.Step {
				if r.URL == "http://one.test/0" && nth == 1 {
					return enginetest.Status(503, 0)
				}
				return enginetest.OK(1)
			}
			// One waits for its retry, one has ended, some are in flight,
			// queued and in the backlog.
			r := start(t, fake, engine.Config{Queue: 4, Random: func() float64 { return 0.999 }})
			r.add(engine.Batch{}, enginetest.Jobs("one.test", 10))
			r.until(2400 * time.Millisecond)
			before := r.Snapshot().Counts
			if before.Retry != 1 || before.InFlight == 0 || before.Queued == 0 || before.Backlog == 0 {
				t.Fatalf("%+v: want a job in every place", before)
			}
			d, err := r.Cancel(t.Context(), sel)
			r.did(d, err, before.Backlog+before.Retry, before.Queued, before.InFlight)
			r.until(time.Minute)
			if s := r.Snapshot(); s.Counts.Cancelled != 10 || s.Counts.Left() != 0 {
				t.Errorf("%s: %+v, want 10 cancelled", label(sel), s.Counts)
			}
			r.undo(engine.ActCancel)
			if s := r.Snapshot(); s.Counts.Cancelled != 0 || s.Counts.Retry != 1 || s.Counts.Left() != 10 {
				t.Errorf("%s: %+v, want all back, one in retry", label(sel), s.Counts)
			}
			if s := r.finish(); s.Counts.OK != 10 {
				t.Errorf("%s: %+v, want 10 ok", label(sel), s.Counts)
			}
			r.gaps(time.Second)
		})
	}
}

// A stubborn scraper lets go of a request some time after its context ended.
type stubborn struct {
	*enginetest.Scraper
	lag time.Duration
}

func (s stubborn) Do(ctx context.Context, r engine.Request) engine.Step {
	step := s.Scraper.Do(ctx, r)
	if ctx.Err() != nil {
		time.Sleep(s.lag)
	}
	return step
}

func TestUndoBeforeTheCutRequestHasReturned(t *testing.T) {
	for _, sel := range []engine.Selector{{All: true}, {Batch: 1}, {Host: "one.test"}, {Jobs: []engine.JobID{1}}} {
		synctest.Test(t, func(t *testing.T) {
			fake := slow(10 * time.Second)
			e, err := engine.New(stubborn{fake, 3 * time.Second}, engine.Config{})
			if err != nil {
				t.Fatal(err)
			}
			r := &run{Engine: e, t: t, fake: fake, begin: time.Now(), ended: make(chan error, 1)}
			go func() { r.ended <- e.Run(t.Context()) }()
			r.add(engine.Batch{}, enginetest.Jobs("one.test", 1))
			r.until(time.Second)
			d, err := r.Cancel(t.Context(), sel)
			r.did(d, err, 0, 0, 1)
			r.until(2 * time.Second)
			r.undo(engine.ActCancel)
			r.until(3900 * time.Millisecond)
			if c := r.Snapshot().Counts; c.InFlight != 1 {
				t.Errorf("%s: %+v, want one in flight until its transport lets go", label(sel), c)
			}
			if s := r.finish(); s.Counts.OK != 1 {
				t.Errorf("%s: %+v, want one ok", label(sel), s.Counts)
			}
			want(t, "starts", r.starts("one.test"), seconds(0, 4))
		})
	}
}

// A job can be taken by its name and then with its batch.
func TestUndoOfTwoCancelsGivesEachItsOwnBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(time.Minute), engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 3))
		r.until(1500 * time.Millisecond)
		d, err := r.Cancel(t.Context(), engine.Selector{Jobs: []engine.JobID{1, 3}})
		r.did(d, err, 0, 1, 1)
		d, err = r.Cancel(t.Context(), engine.Selector{Batch: 1}) // 1 has not returned yet
		r.did(d, err, 0, 0, 1)
		synctest.Wait()
		r.undo(engine.ActCancel)
		if c := r.Snapshot().Counts; c.Cancelled != 2 || c.Left() != 1 {
			t.Errorf("%+v, want two still cancelled", c)
		}
		r.undo(engine.ActCancel)
		r.Cancel(t.Context(), engine.Selector{Jobs: []engine.JobID{1}})
		if s := r.finish(); s.Counts.OK != 2 || s.Counts.Cancelled != 1 {
			t.Errorf("%+v, want two ok, one cancelled", s.Counts)
		}
	})
}

func TestCancelOfTheRunLeavesWhatIsDoneAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
			if r.Job.Batch == 1 && nth == 1 {
				return enginetest.Status(404, 0)
			}
			return enginetest.OK(1)
		}}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 2))
		r.until(5 * time.Second)
		r.add(engine.Batch{}, enginetest.Jobs("two.test", 5))
		r.until(6500 * time.Millisecond)
		d, err := r.Cancel(t.Context(), engine.Selector{All: true})
		r.did(d, err, 0, 3, 0)
		// The first batch was done: it can be retried, and added to.
		if d, err = r.Retry(t.Context(), engine.Selector{Batch: 1}); err != nil || d.Waiting != 2 {
			t.Errorf("Retry = %+v, %v; want two jobs", d, err)
		}
		r.add(engine.Batch{ID: 1}, enginetest.Jobs("one.test", 3)) // one of them is new
		s := r.finish()
		if c := s.Batches[0].Counts; c.OK != 2 || c.Failed != 1 || s.Batches[0].State != engine.BatchDone {
			t.Errorf("batch 1: %+v, %v; want two ok, the new one failed, done", c, s.Batches[0].State)
		}
	})
}

// BenchmarkCancel100k cancels a batch of 100,000 waiting jobs and takes it
// back.
func BenchmarkCancel100k(b *testing.B) {
	for _, hosts := range []int{1, 100_000} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			e, err := engine.New(&enginetest.Scraper{}, engine.Config{})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := e.Add(b.Context(), engine.Batch{}, func(yield func(engine.Job, error) bool) {
				for i := range 100_000 {
					if !yield(enginetest.Job(fmt.Sprintf("h%d.test", i%hosts), i), nil) {
						return
					}
				}
			}); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if d, err := e.Cancel(b.Context(), engine.Selector{Batch: 1}); err != nil || d.Waiting != 100_000 {
					b.Fatalf("Cancel = %+v, %v", d, err)
				}
				if _, err := e.Undo(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
