package engine_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

func TestPauseFinishesWhatIsUnderWayAndKeepsTheGap(t *testing.T) {
	for _, tc := range []struct {
		name     string
		sel      engine.Selector
		one, two []time.Duration // until 64 s
	}{
		{"a run", engine.Selector{All: true}, seconds(0, 1, 2, 60, 61), seconds(0, 1, 2, 60, 61)},
		{"a batch", engine.Selector{Batch: 1}, seconds(0, 1, 2, 60, 61), seconds(0, 1, 2, 3, 4)},
		{"a host", engine.Selector{Host: "one.test"}, seconds(0, 1, 2, 60, 61), seconds(0, 1, 2, 3, 4)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, slow(900*time.Millisecond), engine.Config{})
				r.add(engine.Batch{}, enginetest.Jobs("one.test", 5))
				r.add(engine.Batch{}, enginetest.Jobs("two.test", 5))
				r.until(2500 * time.Millisecond)
				if _, err := r.Pause(t.Context(), tc.sel); err != nil {
					t.Errorf("Pause: %v", err)
				}
				r.nothing(r.Pause(t.Context(), tc.sel))
				r.balanced(r.Snapshot())
				r.until(50 * time.Second)
				s := r.Snapshot()
				if s.Busy != 0 || s.Counts.OK < 6 {
					t.Errorf("%d busy, %d ok; want what was under way finished", s.Busy, s.Counts.OK)
				}
				r.until(60 * time.Second)
				if _, err := r.Resume(t.Context(), tc.sel); err != nil {
					t.Errorf("Resume: %v", err)
				}
				r.nothing(r.Resume(t.Context(), tc.sel))
				s = r.finish()
				want(t, "starts of one.test", r.starts("one.test"), tc.one)
				want(t, "starts of two.test", r.starts("two.test"), tc.two)
				if s.Counts.OK != 10 {
					t.Errorf("%+v, want 10 ok", s.Counts)
				}
				if tc.sel.All && s.Active != 61900*time.Millisecond-57500*time.Millisecond {
					t.Errorf("active for %v, want 4.4s: a pause does not count", s.Active)
				}
			})
		})
	}
}

// onTheWay adds 60 jobs for 50 workers and calls f while some of these have
// been handed theirs and have not begun; how many is up to the scheduler, so
// it is done a few times. It checks that no request starts after f, which
// returns how many are under way.
func onTheWay(t *testing.T, name string, f func(r *run) (inFlight int), then func(r *run)) {
	for range 15 {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, slow(time.Second), engine.Config{Interval: -1, Workers: 50})
			r.add(engine.Batch{}, enginetest.Jobs("one.test", 60))
			for len(r.fake.Calls()) < 5 {
				runtime.Gosched()
			}
			inFlight := f(r)
			n := len(r.fake.Calls())
			r.until(time.Minute)
			if got := len(r.fake.Calls()); got > max(n, inFlight) {
				t.Errorf("%s: %d requests, want no more than the %d under way", name, got, max(n, inFlight))
			}
			r.balanced(r.Snapshot())
			then(r)
		})
	}
}

func TestCancelOnTheWayToAWorkerStartsNothing(t *testing.T) {
	for _, sel := range []engine.Selector{{All: true}, {Batch: 1}, {Host: "one.test"}, {Jobs: ids(1, 60)}} {
		onTheWay(t, label(sel), func(r *run) int {
			d, err := r.Cancel(r.t.Context(), sel)
			if err != nil || d.Waiting+d.Queued+d.InFlight != 60 {
				r.t.Errorf("%s: Cancel = %+v, %v; want 60 jobs", label(sel), d, err)
			}
			return d.InFlight
		}, func(r *run) {
			if s := r.Snapshot(); s.Counts.Cancelled != 60 {
				r.t.Errorf("%s: %+v, want 60 cancelled", label(sel), s.Counts)
			}
			r.undo(engine.ActCancel)
			if s := r.finish(); s.Counts.OK != 60 {
				r.t.Errorf("%s: %+v, want 60 ok after the undo", label(sel), s.Counts)
			}
		})
	}
}

func TestPauseOnTheWayToAWorkerStartsNothing(t *testing.T) {
	for _, sel := range []engine.Selector{{All: true}, {Batch: 1}, {Host: "one.test"}, {Jobs: ids(1, 60)}} {
		onTheWay(t, label(sel), func(r *run) int {
			d, err := r.Pause(r.t.Context(), sel)
			if err != nil {
				r.t.Errorf("%s: Pause: %v", label(sel), err)
			}
			return d.InFlight
		}, func(r *run) {
			r.undo(engine.ActPause)
			if s := r.finish(); s.Counts.OK != 60 {
				r.t.Errorf("%s: %+v, want 60 ok", label(sel), s.Counts)
			}
		})
	}
}

// What is on its way when the run's context ends is unfetched again.
func TestEndOfContextOnTheWayToAWorkerLosesNothing(t *testing.T) {
	for range 30 {
		synctest.Test(t, func(t *testing.T) {
			fake, store := slow(time.Second), engine.NewMemStore()
			e, err := engine.New(fake, engine.Config{Interval: -1, Workers: 50, Store: store})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- e.Run(ctx) }()
			if _, err := e.Add(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", 60)); err != nil {
				t.Fatal(err)
			}
			for len(fake.Calls()) < 5 {
				runtime.Gosched()
			}
			cancel()
			<-ended
			kept, _ := store.Count(t.Context(), engine.Query{})
			if c := e.Snapshot().Counts; c != kept || c.Backlog != 60 || !c.Balanced() {
				t.Errorf("books %+v, the store has %+v; want 60 unfetched", c, kept)
			}
		})
	}
}

// ids returns the ids from one to another.
func ids(from, to engine.JobID) (ids []engine.JobID) {
	for id := from; id <= to; id++ {
		ids = append(ids, id)
	}
	return ids
}

// One URL is paused wherever it is: its request is finished, and else it stays
// where it waits while the others go on.
func TestPauseOfJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := slow(1500 * time.Millisecond)
		fake.Answer = func(r engine.Request, nth int) engine.Step {
			if nth == 1 && r.Job.ID <= 2 {
				return enginetest.Status(500, 0)
			}
			return enginetest.OK(1)
		}
		r := start(t, fake, engine.Config{Queue: 5})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 20))
		ctx, sel := t.Context(), func(ids ...engine.JobID) engine.Selector { return engine.Selector{Jobs: ids} }
		r.until(1600 * time.Millisecond)
		// 1 waits for its retry, 2 is in flight, 3 to 7 are queued, 8 to 20 are not.
		d, err := r.Pause(ctx, sel(1, 2, 4, 5, 20, 99))
		r.did(d, err, 2, 2, 1)
		r.nothing(r.Pause(ctx, sel(1, 2, 4, 5, 20, 99)))
		r.until(1700 * time.Millisecond)
		d, err = r.Pause(ctx, sel(4, 6))
		r.did(d, err, 0, 1, 0)
		paused := engine.Paused{At: r.begin.Add(1600 * time.Millisecond), What: "URL"}
		later := paused
		later.At = r.begin.Add(1700 * time.Millisecond)
		reasons := func(want map[engine.JobID]engine.Paused) {
			t.Helper()
			shown, s := replica(r), r.Snapshot()
			for id, p := range want {
				if why := s.Why(shown[id]); why != p || shown[id].Reason != p {
					t.Errorf("job %d waits for %#v, by itself for %#v; want its pause", id, why, shown[id].Reason)
				}
			}
		}
		reasons(map[engine.JobID]engine.Paused{1: paused, 4: paused, 5: paused, 6: later})
		r.until(40 * time.Second)
		asked := map[engine.JobID]int{}
		for _, c := range fake.Calls() {
			asked[c.Job]++
		}
		for id := range engine.JobID(20) {
			want := 1
			if id+1 == 4 || id+1 == 5 || id+1 == 6 || id+1 == 20 {
				want = 0
			}
			if asked[id+1] != want {
				t.Errorf("job %d was asked for %d times, want %d", id+1, asked[id+1], want)
			}
		}
		s := r.Snapshot()
		if s.Counts.OK != 14 || s.Counts.Retry != 2 || s.Counts.Backlog != 4 || s.Limit.Kind != engine.LimitPaused || s.Limit.Reason != paused {
			t.Errorf("%+v, limited by %v, %v; want the six that are paused", s.Counts, s.Limit.Kind, s.Limit.Reason)
		}
		reasons(map[engine.JobID]engine.Paused{1: paused, 2: paused, 4: paused, 5: paused, 6: later})
		// An undo resumes what that pause had paused, and no more.
		r.undo(engine.ActPause)
		r.until(50 * time.Second)
		if c := r.Snapshot().Counts; c.OK != 15 || c.Left() != 5 {
			t.Errorf("%+v; want job 6 ended, and five left", c)
		}
		d, err = r.Resume(ctx, sel(1, 2, 4, 6, 99))
		r.did(d, err, 3, 0, 0)
		r.nothing(r.Resume(ctx, sel(1, 2, 4)))
		r.until(60 * time.Second)
		if c := r.Snapshot().Counts; c.OK != 18 {
			t.Errorf("%+v; want 18 ok", c)
		}
		r.undo(engine.ActResume)
		r.undo(engine.ActPause)
		if s := r.finish(); s.Counts.OK != 20 {
			t.Errorf("%+v; want all ok", s.Counts)
		}
		r.gaps(time.Second)
	})
}

// A pause by name outlives a cancel that was taken back, and says what the job
// waited for when it is resumed.
func TestPauseOfAJobThatWasCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
			if nth == 1 {
				return enginetest.Status(500, 0)
			}
			return enginetest.OK(1)
		}}
		r := start(t, fake, engine.Config{Interval: time.Minute})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 1))
		ctx, one := t.Context(), engine.Selector{Jobs: ids(1, 1)}
		r.until(100 * time.Millisecond)
		d, err := r.Pause(ctx, one)
		r.did(d, err, 1, 0, 0)
		r.Cancel(ctx, engine.Selector{Batch: 1})
		r.undo(engine.ActCancel)
		s := r.Snapshot()
		if why := s.Why(replica(r)[1]); why != (engine.Paused{At: r.begin.Add(100 * time.Millisecond), What: "URL"}) {
			t.Errorf("it waits for %#v, want its pause", why)
		}
		mustResume(r, one)
		if why := replica(r)[1].Reason; why != (engine.RetryWait{Due: r.begin.Add(500 * time.Millisecond), Class: engine.Status, Retry: 1}) {
			t.Errorf("it waits for %#v, want its retry", why)
		}
		r.finish()
		want(t, "starts", r.starts("one.test"), seconds(0, 60))
	})
}

// What is in flight when it is paused and cancelled is paused when the cancel
// is taken back, be it before its request has ended or after.
func TestPauseOfAJobInFlightThatWasCancelled(t *testing.T) {
	for _, wait := range []time.Duration{0, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, slow(time.Minute), engine.Config{})
			r.add(engine.Batch{}, enginetest.Jobs("one.test", 1))
			r.until(time.Second)
			d, err := r.Pause(t.Context(), engine.Selector{Jobs: ids(1, 1)})
			r.did(d, err, 0, 0, 1)
			r.Cancel(t.Context(), engine.Selector{Batch: 1})
			if wait > 0 {
				time.Sleep(wait)
				synctest.Wait()
			}
			r.undo(engine.ActCancel)
			r.until(10 * time.Second)
			if j := replica(r)[1]; j.Place != engine.Backlog || j.Reason != (engine.Paused{At: r.begin.Add(time.Second), What: "URL"}) {
				t.Errorf("it is in %v for %#v, want it paused", j.Place, j.Reason)
			}
			r.undo(engine.ActPause)
			if s := r.finish(); s.Counts.OK != 1 {
				t.Errorf("%+v; want it ok", s.Counts)
			}
		})
	}
}

// The end of a job is the end of its pause: a retry by hand runs.
func TestPauseEndsWithItsJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := slow(2 * time.Second)
		fake.Answer = func(_ engine.Request, nth int) engine.Step {
			if nth == 1 {
				return enginetest.Status(404, 0)
			}
			return enginetest.OK(1)
		}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 1))
		r.until(time.Second)
		d, err := r.Pause(t.Context(), engine.Selector{Jobs: ids(1, 1)})
		r.did(d, err, 0, 0, 1)
		r.until(5 * time.Second)
		d, err = r.Retry(t.Context(), engine.Selector{All: true})
		r.did(d, err, 1, 0, 0)
		if s := r.finish(); s.Counts.OK != 1 {
			t.Errorf("%+v; want it ok", s.Counts)
		}
	})
}

// The ETA is of what can go on: URLs that are paused do not count.
func TestETAWithoutWhatIsPausedByName(t *testing.T) {
	for _, others := range []int{0, 1} { // batches at another host
		synctest.Test(t, func(t *testing.T) {
			r := start(t, slow(100*time.Millisecond), engine.Config{})
			r.add(engine.Batch{}, enginetest.Jobs("one.test", 100))
			for range others {
				r.add(engine.Batch{}, enginetest.Jobs("two.test", 5))
			}
			r.until(20500 * time.Millisecond)
			r.Pause(t.Context(), engine.Selector{Jobs: ids(51, 100)})
			r.until(20600 * time.Millisecond)
			if got, want := r.Snapshot().ETA, 28500*time.Millisecond; (got - want).Abs() > 200*time.Millisecond {
				t.Errorf("%d other batches: ETA = %v, want %v: the 50th starts at 49s", others, got, want)
			}
			r.ends()
		})
	}
}

// What a pause gives back to the backlog comes out of it in the order of its
// list, the job that the feeder had in its hand too.
func TestPauseKeepsTheOrderOfTheList(t *testing.T) {
	for _, sel := range []engine.Selector{{Host: "one.test"}, {Batch: 1}, {Jobs: ids(1, 20)}} {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, &enginetest.Scraper{}, engine.Config{Queue: 5})
			r.add(engine.Batch{}, enginetest.Jobs("one.test", 20))
			r.until(3500 * time.Millisecond)
			if _, err := r.Pause(t.Context(), sel); err != nil {
				t.Fatal(err)
			}
			mustResume(r, sel)
			r.finish()
			var got []engine.JobID
			for _, c := range r.fake.Calls() {
				got = append(got, c.Job)
			}
			want(t, label(sel)+": jobs were asked for", got, ids(1, 20))
		})
	}
}
