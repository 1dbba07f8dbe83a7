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

// waiting returns all that waits, in pages of that many.
func (r *run) waiting(q engine.Query) (jobs []engine.WaitingJob) {
	r.t.Helper()
	for {
		page, err := r.Waiting(r.t.Context(), q)
		if err != nil {
			r.t.Fatal(err)
		}
		jobs = append(jobs, page.Jobs...)
		if q.After = page.Next; q.After == 0 {
			return jobs
		}
	}
}

// Waiting knows the places that the books know, in every mood of a run.
func TestWaitingAgreesWithTheBooks(t *testing.T) {
	for _, origin := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			fake := slow(1500 * time.Millisecond)
			fake.Answer = func(r engine.Request, nth int) engine.Step {
				switch {
				case r.Kind == engine.KindRobots:
					return enginetest.Rules(0)
				case r.URL == "http://one.test/0" && nth == 1:
					return enginetest.Status(503, 0)
				}
				return enginetest.OK(1)
			}
			r := start(t, fake, engine.Config{Queue: 4, Random: func() float64 { return 0.999 }})
			jobs := enginetest.Jobs("one.test", 12)
			if origin {
				jobs = withOrigin(jobs)
			}
			r.add(engine.Batch{}, jobs, enginetest.Jobs("two.test", 3))
			all := map[engine.Place]bool{}
			for at := time.Duration(0); at < 20*time.Second; at += 300 * time.Millisecond {
				r.until(at)
				places := map[engine.Place]int{}
				for _, j := range r.waiting(engine.Query{Limit: 4}) {
					places[j.Place]++
					all[j.Place] = true
				}
				c := r.Snapshot().Counts
				want := map[engine.Place]int{engine.Backlog: c.Backlog, engine.Queued: c.Queued, engine.Deferred: c.Retry, engine.InFlight: c.InFlight}
				for p, n := range want {
					if places[p] != n {
						t.Errorf("robots %v, after %v: Waiting tells of %d %v, the books of %d", origin, at, places[p], p, n)
					}
				}
			}
			if len(all) != 4 {
				t.Errorf("robots %v: only %v were met", origin, all)
			}
			r.ends()
		})
	}
}

func TestExcludeTakesWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := slow(1500 * time.Millisecond)
		fake.Answer = func(r engine.Request, nth int) engine.Step {
			if r.URL == "http://one.test/0" && nth == 1 {
				return enginetest.Status(503, 0)
			}
			return enginetest.OK(1)
		}
		r := start(t, fake, engine.Config{Queue: 4, Random: func() float64 { return 0.999 }})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 10))
		r.until(2400 * time.Millisecond)
		before := r.Snapshot().Counts
		if before.Retry != 1 || before.InFlight == 0 || before.Queued == 0 || before.Backlog == 0 {
			t.Fatalf("%+v: want a job in every place", before)
		}
		ids := []engine.JobID{10, 9, 9, 8, 7, 6, 5, 4, 3, 2, 1, 99} // in any order, twice, and one that is not there
		d, err := r.Exclude(t.Context(), ids)
		r.did(d, err, before.Backlog+before.Retry, before.Queued, 0)
		if ids[0] != 10 || d.Action != engine.ActExclude {
			t.Errorf("Exclude changed its list to %v, did %s", ids, d.Action)
		}
		synctest.Wait()
		s := r.Snapshot()
		r.balanced(s)
		if c := s.Counts; c.InFlight != before.InFlight || c.Cancelled != 10-before.InFlight || len(s.Undo) != 1 {
			t.Errorf("%+v, %d to undo; want %d in flight as before, and the rest cancelled at once", c, len(s.Undo), before.InFlight)
		}
		if left := r.waiting(engine.Query{}); len(left) != before.InFlight {
			t.Errorf("%v wait, want those in flight", left)
		}
		r.nothing(r.Exclude(t.Context(), ids)) // those in flight are no work for it
		r.nothing(r.Exclude(t.Context(), nil))
		r.until(time.Minute)
		if s := r.Snapshot(); s.Counts.OK != before.InFlight || s.Counts.Left() != 0 {
			t.Errorf("%+v, want those in flight to have ended ok", s.Counts)
		}
		r.undo(engine.ActExclude)
		if s := r.Snapshot(); s.Counts.Cancelled != 0 || s.Counts.Retry != 1 || s.Counts.Left() != 10-before.InFlight {
			t.Errorf("%+v, want all back, one in retry", s.Counts)
		}
		if s := r.finish(); s.Counts.OK != 10 {
			t.Errorf("%+v, want 10 ok", s.Counts)
		}
		r.gaps(time.Second)
	})
}

// A long list is excluded in parts, and is one change; screens see its rows
// cancelled, and as they were after its undoing.
func TestExcludeOfManyIsOneChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 25_000
		r := start(t, slow(time.Second), engine.Config{Workers: 2, Queue: 10})
		r.Pause(t.Context(), engine.Selector{All: true})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", n), enginetest.Jobs("two.test", 5))
		var ids []engine.JobID
		queued := 0
		for _, j := range r.waiting(engine.Query{Host: "one.test", Limit: 4096}) {
			ids = append(ids, j.ID)
			if j.Place == engine.Queued {
				queued++
			}
		}
		slices.Reverse(ids)
		d, err := r.Exclude(t.Context(), ids)
		r.did(d, err, n-queued, queued, 0)
		s := r.Snapshot()
		r.balanced(s)
		if last := s.Undo[len(s.Undo)-1]; s.Counts.Cancelled != n || len(s.Undo) != 2 || last.Waiting+last.Queued != n {
			t.Errorf("%+v, to undo %+v; want %d cancelled by one change", s.Counts, s.Undo, n)
		}
		r.undo(engine.ActExclude)
		if c := r.Snapshot().Counts; c.Cancelled != 0 || c.Left() != n+5 {
			t.Errorf("%+v, want all back", c)
		}
		if got := len(r.waiting(engine.Query{Host: "one.test"})); got != n {
			t.Errorf("%d wait, want %d", got, n)
		}
		r.Cancel(t.Context(), engine.Selector{All: true})
		r.Resume(t.Context(), engine.Selector{All: true})
		r.ends()
		if _, err := r.Exclude(t.Context(), ids); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("Exclude after the end returns %v", err)
		}
	})
}

// BenchmarkExclude is the exclusion of many of 1,000,000 waiting jobs, and its
// undoing, and the walk over all that waits. held is the longest time for which
// others had to wait for the engine meanwhile, as a screen does that asks for
// numbers: the median of the rounds.
func BenchmarkExclude(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("jobs=%d", n), func(b *testing.B) {
			e := crowded(b, 1_000_000)
			ids := make([]engine.JobID, n)
			for i := range ids {
				ids[i] = engine.JobID(i*(1_000_000/n) + 1)
			}
			var held, heldUndo, walk []time.Duration
			for b.Loop() {
				held = append(held, longest(e, func() {
					if d, err := e.Exclude(b.Context(), ids); err != nil || d.Waiting+d.Queued != n {
						b.Fatalf("Exclude = %+v, %v", d, err)
					}
				}))
				b.StopTimer()
				heldUndo = append(heldUndo, longest(e, func() {
					if _, err := e.Undo(b.Context()); err != nil {
						b.Fatal(err)
					}
				}))
				walk = append(walk, longest(e, func() {
					for q := (engine.Query{Limit: 4096}); ; {
						page, err := e.Waiting(b.Context(), q)
						if err != nil {
							b.Fatal(err)
						}
						if q.After = page.Next; q.After == 0 {
							break
						}
					}
				}))
				b.StartTimer()
			}
			for unit, took := range map[string][]time.Duration{"held-ms": held, "undo-held-ms": heldUndo, "walk-held-ms": walk} {
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, unit)
			}
		})
	}
}

// crowded returns an engine whose run is paused, with n jobs at 1000 hosts.
func crowded(b *testing.B, n int) *engine.Engine {
	b.Helper()
	e, err := engine.New(slow(time.Second), engine.Config{})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := e.Pause(b.Context(), engine.Selector{All: true}); err != nil {
		b.Fatal(err)
	}
	if added, err := e.Add(b.Context(), engine.Batch{}, listed(n, 1000)); err != nil || added.New != n {
		b.Fatalf("Add = %+v, %v", added, err)
	}
	return e
}

// longest returns the longest that a call took which does nothing but take the
// engine's lock, while do ran.
func longest(e *engine.Engine, do func()) (most time.Duration) {
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			default:
			}
			begin := time.Now()
			e.Waiting(context.Background(), engine.Query{After: 1 << 40}) // takes the lock, and does nothing with it
			most = max(most, time.Since(begin))
		}
	}()
	do()
	close(stop)
	<-ended
	return most
}
