package engine_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// This file has the shortest scenes of what TestLedgerBalancesWhateverHappens
// found.

// A worker that is over a lowered number still carries its request. Until it
// has returned it counts.
func TestFewerWorkersMeansFewerRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Latency: func(r engine.Request) time.Duration {
			return map[string]time.Duration{"short.test": time.Second, "long.test": 10 * time.Second}[r.Host]
		}}
		r := start(t, fake, engine.Config{Workers: 3, Interval: -1})
		r.add(engine.Batch{}, enginetest.Jobs("short.test", 1))
		synctest.Wait() // it has worker 1
		r.add(engine.Batch{}, enginetest.Jobs("long.test", 2))
		r.until(500 * time.Millisecond)
		r.add(engine.Batch{}, enginetest.Jobs("next.test", 4))
		r.SetWorkers(t.Context(), 1)
		r.finish()
		want(t, "starts of next.test", r.starts("next.test"), seconds(10, 10, 10, 10))
	})
}

func TestSetIntervalTwiceIsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(time.Second), engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 5), enginetest.Jobs("two.test", 5))
		for _, sel := range []engine.Selector{{Host: "one.test"}, {Batch: 1}, {All: true}} {
			if _, err := r.SetInterval(t.Context(), sel, 3*time.Second); err != nil {
				t.Errorf("%s: %v", label(sel), err)
			}
			r.nothing(r.SetInterval(t.Context(), sel, 3*time.Second))
		}
		for range 2 { // of all, and of the batch, which changed only two.test
			r.undo(engine.ActInterval)
		}
		for _, h := range r.Snapshot().Hosts {
			if want := map[string]time.Duration{"one.test": 3 * time.Second}[h.Host]; h.Set != want {
				t.Errorf("%s is set to %v after the undos, want %v", h.Host, h.Set, want)
			}
		}
		r.finish()
	})
}

func TestUndoOfAResumeOfACancelledBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(time.Second), engine.Config{})
		sel := engine.Selector{Batch: r.add(engine.Batch{}, enginetest.Jobs("one.test", 5))}
		r.Pause(t.Context(), sel)
		r.Cancel(t.Context(), sel)
		r.Resume(t.Context(), sel)
		r.undo(engine.ActResume)
		r.undo(engine.ActCancel)
		if s := r.Snapshot().Batches[0].State; s != engine.BatchPaused {
			t.Errorf("the batch is %v, want it paused as it was before the cancel", s)
		}
		r.undo(engine.ActPause)
		r.finish()
	})
}

// A host asks for 5 s. Then others of its requests fail, so that its breaker
// opens, and one that was under way is answered, so that it closes.
func TestWhatAServerAskedForOutlastsTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{
			Answer: func(r engine.Request, nth int) engine.Step {
				switch id := r.Job.ID; {
				case nth > 1 || id >= 7:
				case id == 1:
					return enginetest.Status(429, 5*time.Second)
				case id < 7:
					return enginetest.Fail(engine.Reset, "cut")
				}
				return enginetest.OK(1)
			},
			Latency: func(r engine.Request) time.Duration {
				return map[engine.JobID]time.Duration{1: 0, 7: 2 * time.Second}[r.Job.ID] + time.Duration(min(r.Job.ID-1, 1))*time.Second
			},
		}
		r := start(t, fake, engine.Config{Workers: 7, Interval: -1})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 10))
		r.finish()
		for i, at := range r.starts("one.test") {
			if i >= 7 && at < 5*time.Second {
				t.Errorf("request %d started at %v, and the server had asked for 5s", i+1, at)
			}
		}
	})
}

func TestResumeOfAHostThatMayBeAskedAnyway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, downUntil("one.test", time.Hour, engine.Connect), engine.Config{Interval: -1})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 5))
		synctest.Wait()
		r.Pause(t.Context(), engine.Selector{All: true})
		r.until(10 * time.Minute)
		r.nothing(r.Resume(t.Context(), engine.Selector{Host: "one.test"}))
		r.ends()
	})
}

// The last of the queue goes back to the backlog because its host is parked:
// that is the end of a run that drains.
func TestDrainEndsWhenWhatIsQueuedIsParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, robotsThat(func(int) engine.Step { return enginetest.Status(500, 0) }), engine.Config{})
		r.add(engine.Batch{}, withOrigin(enginetest.Jobs("one.test", 3)))
		synctest.Wait()
		r.Drain()
		select {
		case err := <-r.ended:
			if c := r.Snapshot().Counts; err != nil || c.Backlog != 3 {
				t.Errorf("Run = %v with %+v, want 3 in the backlog", err, c)
			}
		case <-time.After(time.Hour):
			t.Errorf("the run does not end: %+v", r.Snapshot().Counts)
			r.ends()
		}
	})
}

// Jobs that were on their way to a worker when their host was parked leave the
// queue like the others of it.
func TestParkedOnTheWayToAWorker(t *testing.T) {
	for range 15 {
		synctest.Test(t, func(t *testing.T) {
			var asked atomic.Int64
			fake := &enginetest.Scraper{Answer: func(engine.Request, int) engine.Step {
				if asked.Add(1) == 1 {
					return enginetest.Status(429, 10*time.Minute)
				}
				return enginetest.OK(1)
			}}
			r := start(t, fake, engine.Config{Interval: -1, Workers: 50})
			r.add(engine.Batch{}, enginetest.Jobs("one.test", 60))
			synctest.Wait()
			if s := r.Snapshot(); s.Counts.Queued != 0 {
				t.Errorf("%+v, want nothing of a parked host queued", s.Counts)
			}
			r.finish()
		})
	}
}

// A redirect's wait is over while every worker is busy.
func TestAHopThatIsDueWaitsForAWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{
			Answer: func(r engine.Request, _ int) engine.Step {
				if r.Job.ID == 1 && len(r.Hops) == 0 {
					step := enginetest.Hop(r, "http://three.test/", "three.test")
					step.After = time.Second
					return step
				}
				return enginetest.OK(1)
			},
			Latency: func(r engine.Request) time.Duration {
				return map[string]time.Duration{"two.test": 5 * time.Second}[r.Host]
			},
		}
		r := start(t, fake, engine.Config{Workers: 1})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 1))
		synctest.Wait()
		r.add(engine.Batch{}, enginetest.Jobs("two.test", 1))
		r.until(2 * time.Second)
		s, shown := r.Snapshot(), replica(r)
		want(t, "why", s.Why(shown[1]), engine.WorkersBusy{Workers: 1})
		r.finish()
	})
}

// A job of another host was sent to it, and waits there for its robots.txt.
func TestAPausedHostIsPausedWhileItsRobotsAreAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{
			Answer: func(r engine.Request, _ int) engine.Step {
				switch {
				case r.Kind == engine.KindRobots:
					return enginetest.Rules(0)
				case len(r.Hops) == 0:
					step := enginetest.Hop(r, "http://two.test/", "two.test")
					step.Again.Origin = "http://two.test"
					return step
				}
				return enginetest.OK(1)
			},
			Latency: func(r engine.Request) time.Duration { return 5 * time.Second },
		}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 1))
		r.until(6 * time.Second)
		r.Pause(t.Context(), engine.Selector{Host: "two.test"})
		want(t, "reason", r.Snapshot().Hosts[1].Reason, engine.Paused{At: r.begin.Add(6 * time.Second), What: "host"})
		r.undo(engine.ActPause)
		r.finish()
	})
}

// A job was paused in flight, is between two steps and goes back to the backlog
// with a cancel: it is still paused when that is taken back.
func TestAHopOfAPausedJobGoesBackPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := slow(time.Second)
		fake.Answer = func(r engine.Request, _ int) engine.Step {
			step := enginetest.Hop(r, "http://two.test/", "two.test")
			step.After = time.Minute
			return step
		}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 1))
		r.until(500 * time.Millisecond)
		d, err := r.Pause(t.Context(), engine.Selector{Jobs: ids(1, 1)})
		r.did(d, err, 0, 0, 1)
		r.until(2 * time.Second)
		d, err = r.Cancel(t.Context(), engine.Selector{Batch: 1})
		r.did(d, err, 0, 1, 0)
		r.undo(engine.ActCancel)
		j := replica(r)[1]
		want(t, "place and reason", []any{j.Place, j.Reason}, []any{engine.Backlog, engine.Paused{At: r.begin.Add(500 * time.Millisecond), What: "URL"}})
		r.ends()
	})
}
