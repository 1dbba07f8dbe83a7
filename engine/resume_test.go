package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

func TestRunIsTakenUpAgain(t *testing.T) {
	for _, tc := range []struct {
		name  string
		end   func(*saga)
		away  time.Duration
		after []time.Duration // the starts of two.test in the second life
	}{
		// Of what was killed, the last second is not known in numbers.
		{"killed, and at once", (*saga).kill, 0, seconds(4.5, 5.5, 6.5)},
		{"killed, and later", (*saga).kill, time.Hour, seconds(3604.5, 3605.5, 3606.5)},
		{"left, and at once", (*saga).exit, 0, seconds(4.5, 5.5, 6.5)},
		{"left, and soon", (*saga).exit, 300 * time.Millisecond, seconds(4.5, 5.5, 6.5)},
		{"left, and later", (*saga).exit, time.Hour, seconds(3603.5, 3604.5, 3605.5)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := slow(600 * time.Millisecond)
				fake.Answer = func(r engine.Request, _ int) engine.Step {
					switch {
					case strings.HasSuffix(r.URL, "two.test/0"):
						return enginetest.Fail(engine.NotHTML, "no page")
					case strings.HasSuffix(r.URL, "one.test/0"):
						step := enginetest.OK(3)
						step.Result.Links = []engine.Job{enginetest.Job("six.test", 0), enginetest.Job("one.test", 1)}
						return step
					}
					step := enginetest.OK(2)
					step.Result.Fill = []engine.FieldFill{{Field: "n", Filled: 1, Records: 2}}
					return step
				}
				s := begin(t, fake, engine.Config{})
				first := engine.Batch{Name: "first", Recipe: engine.RecipeRef{Name: "r", Hash: "1"}, Text: "text", Priority: engine.High}
				s.add(first, enginetest.Jobs("one.test", 5), enginetest.Jobs("one.test", 1), enginetest.Bad(7))
				s.add(engine.Batch{Name: "second", Recipe: first.Recipe}, enginetest.Jobs("two.test", 6))
				s.until(3500 * time.Millisecond) // one.test/3 and two.test/3 are in flight
				before := s.Snapshot()
				tc.end(s)
				after, active := s.Snapshot(), 3500*time.Millisecond
				if strings.HasPrefix(tc.name, "killed") {
					after.Requests, active = 7, 2600*time.Millisecond
				}
				time.Sleep(tc.away)
				s.live()
				if d := s.taken.Durations; active < 3*time.Second && (d.Count == 6 || d.Count == 7) {
					after.Durations.Count, after.Durations.Sum = d.Count, time.Duration(d.Count)*600*time.Millisecond
				}
				want(t, "log", s.logged("taken up"), []string{"taken up again: 2 batches, 5 of 14 left"})

				now := s.taken
				s.balanced(now)
				counts := engine.Counts{Submitted: 14, Backlog: 5, OK: 6, Failed: 1, Skipped: 2, Duplicate: 1, Invalid: 1}
				if now.Counts != counts || now.State != engine.RunRunning {
					t.Errorf("%v with %+v, want it running with %+v", now.State, now.Counts, counts)
				}
				if now.Rows != before.Rows || now.Rows != 13 || now.Active != active {
					t.Errorf("%d rows, active for %v; want 13 and %v", now.Rows, now.Active, active)
				}
				want(t, "classes", now.Classes, before.Classes)
				if len(now.Batches) != 2 || now.Batches[0].Batch != before.Batches[0].Batch || now.Batches[1].Batch != before.Batches[1].Batch {
					t.Errorf("batches\n%+v, want\n%+v", now.Batches, before.Batches)
				}
				for i := range 2 {
					got, was := now.Batches[i], before.Batches[i]
					want(t, "fill", fmt.Sprint(got.Fill, got.Before, got.Rows), fmt.Sprint(was.Fill, was.Before, was.Rows))
				}
				if len(now.Batches[0].Fill) == 0 || len(now.Batches[1].Before) == 0 {
					t.Errorf("batches %+v, want them to know how well fields were filled", now.Batches)
				}
				if h := now.Hosts; len(h) != 3 || h[2].Failed != 1 || h[2].Waiting != 3 || h[0].Waiting != 2 || h[1].Waiting != 0 || !h[0].Last.IsZero() {
					t.Errorf("hosts %+v, want one.test with 2 waiting, two.test with 3 and a failed one", h)
				}
				if d := now.Durations; now.Requests != after.Requests || d.Count != after.Durations.Count || d.Sum != after.Durations.Sum {
					t.Errorf("%d requests, %+v; want %d, %+v", now.Requests, d, after.Requests, after.Durations)
				}
				end := s.finish()
				want(t, "starts of one.test", s.starts("one.test"), append(seconds(0, 1, 2, 3), tc.after[:2]...))
				want(t, "starts of two.test", s.starts("two.test"), append(seconds(0, 1, 2, 3), tc.after...))
				if end.Counts.OK != 11 || end.Counts.Left() != 0 || end.State != engine.RunFinished {
					t.Errorf("ended %v with %+v, want 11 ok", end.State, end.Counts)
				}
				if d := end.Active - active; d != s.at.Sub(s.run.begin)-3500*time.Millisecond-tc.away {
					t.Errorf("active for %v more", d)
				}
				s.once()
			})
		})
	}
}

// once checks that every job ended once and has its number.
func (s *saga) once() {
	s.t.Helper()
	rs, err := s.store.Results(context.Background(), engine.Query{})
	if err != nil {
		s.t.Fatal(err)
	}
	ended := make(map[engine.JobID]bool)
	for i, r := range rs {
		if ended[r.Job] {
			s.t.Errorf("job %d has two results", r.Job)
		}
		ended[r.Job] = true
		if r.Num != uint64(i+1) {
			s.t.Errorf("result %d has number %d", i+1, r.Num)
		}
	}
}

func TestRunThatIsAtItsEndIsTakenUp(t *testing.T) {
	for _, end := range []func(*saga){(*saga).kill, (*saga).exit, func(s *saga) { s.finish() }} {
		synctest.Test(t, func(t *testing.T) {
			s := begin(t, slow(time.Second), engine.Config{})
			s.add(engine.Batch{}, enginetest.Jobs("one.test", 2))
			s.until(5 * time.Second)
			end(s)
			time.Sleep(time.Hour)
			s.live()
			now := s.Snapshot()
			if now.State != engine.RunFinished || now.Counts.OK != 2 || now.Active != 2*time.Second {
				t.Errorf("%v after %v with %+v, want it finished after 2s with 2 ok", now.State, now.Active, now.Counts)
			}
			s.finish()
			if d := s.at.Sub(now.At); d != 0 {
				t.Errorf("Run took %v, want nothing to do", d)
			}
			want(t, "log", s.logged("done"), []string(nil)) // it was done before
			s.live()
			s.add(engine.Batch{}, enginetest.Jobs("one.test", 1)) // and yet it can go on
			if end := s.finish(); end.Counts.OK != 3 {
				t.Errorf("%+v, want 3 ok", end.Counts)
			}
			s.once()
		})
	}
}

// A run that no engine has begun yet has asked nobody: it waits for nothing.
func TestListThatNoEngineHasSeenIsTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := engine.NewMemStore()
		if _, err := store.AddBatch(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", 2), nil); err != nil {
			t.Fatal(err)
		}
		r := start(t, &enginetest.Scraper{}, engine.Config{Store: store})
		if end := r.finish(); end.Counts.OK != 2 || end.Active != time.Second || !end.Started.Equal(r.begin) {
			t.Errorf("%+v after %v since %v, want 2 ok after 1s", end.Counts, end.Active, end.Started)
		}
		want(t, "starts", r.starts("one.test"), seconds(0, 1))
	})
}

// What draining left behind is the next life's.
func TestDrainedRunIsTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := begin(t, slow(0), engine.Config{Queue: 3})
		s.add(engine.Batch{}, enginetest.Jobs("one.test", 10))
		s.until(1500 * time.Millisecond)
		s.Drain()
		if err := <-s.ended; err != nil {
			t.Errorf("Run = %v", err)
		}
		left := s.Snapshot().Counts
		if c := (engine.Counts{Submitted: 10, Backlog: 5, OK: 5}); left != c {
			t.Errorf("drained to %+v, want %+v", left, c)
		}
		s.live()
		if end := s.finish(); end.Counts.OK != 10 || s.taken.Counts != left || s.taken.State != engine.RunRunning {
			t.Errorf("%v with %+v, then %+v; want it running, then 10 ok", s.taken.State, s.taken.Counts, end.Counts)
		}
		s.gaps(time.Second)
		s.once()
	})
}

func TestPausesAreTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := begin(t, slow(0), engine.Config{})
		for i := range 4 {
			s.add(engine.Batch{}, enginetest.Jobs(fmt.Sprintf("h%d.test", i), 5))
		}
		s.until(1500 * time.Millisecond)
		sels := []engine.Selector{{Batch: 1}, {Host: "h1.test"}, {Jobs: []engine.JobID{13, 14}}}
		for _, sel := range sels {
			if _, err := s.Pause(t.Context(), sel); err != nil {
				t.Errorf("Pause: %v", err)
			}
		}
		paused := time.Now()
		s.kill()
		time.Sleep(time.Minute)
		s.live()
		s.until(2 * time.Minute)
		now := s.Snapshot()
		s.balanced(now)
		if p := now.Batches[0].Paused; !p.At.Equal(paused) || p.What != "batch" {
			t.Errorf("batch 1 is paused %+v", p)
		}
		if p := now.Hosts[1].Paused; !p.At.Equal(paused) || p.What != "host" || now.Hosts[1].Reason != p {
			t.Errorf("h1.test is paused %+v, since %v", p, now.Hosts[1].Reason)
		}
		urls := s.shown()
		for _, url := range []string{"h2.test/2", "h2.test/3"} {
			p, _ := urls[url].Reason.(engine.Paused)
			if why := now.Why(urls[url]); !p.At.Equal(paused) || p.What != "URL" || why != urls[url].Reason {
				t.Errorf("%s waits for %+v, which is %+v", url, urls[url].Reason, why)
			}
		}
		if c := (engine.Counts{Submitted: 20, Backlog: 8, OK: 12}); now.Counts != c {
			t.Errorf("%+v, want %+v", now.Counts, c)
		}
		// The run's own, over all of them.
		if _, err := s.Pause(t.Context(), engine.Selector{All: true}); err != nil {
			t.Errorf("Pause: %v", err)
		}
		active := s.Snapshot().Active
		s.until(3 * time.Minute)
		s.kill()
		time.Sleep(time.Minute)
		s.live()
		for _, sel := range sels {
			if _, err := s.Resume(t.Context(), sel); err != nil {
				t.Errorf("Resume: %v", err)
			}
		}
		time.Sleep(time.Minute)
		now = s.Snapshot()
		if now.State != engine.RunPaused || !now.Paused.At.Equal(s.begin.Add(2*time.Minute)) || now.Counts.OK != 12 || now.Active != active {
			t.Errorf("%v since %v after %v, with %+v; want it paused since 2m after %v", now.State, now.Paused, now.Active, now.Counts, active)
		}
		if _, err := s.Resume(t.Context(), engine.Selector{All: true}); err != nil {
			t.Errorf("Resume: %v", err)
		}
		if end := s.finish(); end.Counts.OK != 20 || end.Active != active+s.at.Sub(now.At) {
			t.Errorf("%+v after %v", end.Counts, end.Active)
		}
		s.once()
	})
}

func TestSafeguardIsTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(engine.Request, int) engine.Step { return enginetest.Fail(engine.NotHTML, "no page") }}
		s := begin(t, fake, engine.Config{Safeguard: 0.9, GiveUp: true})
		s.add(engine.Batch{}, enginetest.Jobs("one.test", 40))
		s.until(time.Minute)
		before := s.Snapshot()
		if before.Guarded == 0 || before.Hosts[0].Paused.Of != engine.SafeguardOf {
			t.Fatalf("%d guarded, %+v; the safeguard did not pause", before.Guarded, before.Hosts)
		}
		s.kill()
		s.live()
		now := s.Snapshot()
		if now.Guarded != before.Guarded || now.Hosts[0].Paused != before.Hosts[0].Paused {
			t.Errorf("%d guarded, paused %+v; want %d, %+v", now.Guarded, now.Hosts[0].Paused, before.Guarded, before.Hosts[0].Paused)
		}
		if end := s.finish(); end.Counts != before.Counts { // nobody watches: it ends
			t.Errorf("%+v, want %+v", end.Counts, before.Counts)
		}
	})
}

func TestSettingsAreTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := begin(t, slow(0), engine.Config{Workers: 3})
		s.add(engine.Batch{}, enginetest.Jobs("one.test", 100))
		s.add(engine.Batch{Interval: 5 * time.Second}, enginetest.Jobs("two.test", 100))
		s.until(time.Second)
		if _, err := s.SetWorkers(t.Context(), 9); err != nil {
			t.Error(err)
		}
		if _, err := s.SetInterval(t.Context(), engine.Selector{All: true}, 2*time.Second); err != nil {
			t.Error(err)
		}
		if _, err := s.SetInterval(t.Context(), engine.Selector{Host: "one.test"}, 3*time.Second); err != nil {
			t.Error(err)
		}
		if _, err := s.SetPriority(t.Context(), 2, engine.Low); err != nil {
			t.Error(err)
		}
		check := func(workers int, general, one time.Duration) {
			t.Helper()
			s.add(engine.Batch{}, enginetest.Jobs("six.test", 1))
			now := s.Snapshot()
			if now.Workers != workers || now.Hosts[0].Set != one || now.Hosts[1].Interval != general ||
				now.Hosts[2].Set != 5*time.Second || now.Batches[1].Batch.Priority != engine.Low {
				t.Errorf("%d workers, hosts %+v, batch 2 %+v", now.Workers, now.Hosts, now.Batches[1])
			}
		}
		check(9, 2*time.Second, 3*time.Second)
		s.kill()
		s.cfg.Workers = 0
		s.live()
		check(9, 2*time.Second, 3*time.Second)
		// Undone is undone in the next life too.
		if _, err := s.SetInterval(t.Context(), engine.Selector{Host: "one.test"}, -1); err != nil {
			t.Error(err)
		}
		if _, err := s.SetInterval(t.Context(), engine.Selector{All: true}, 4*time.Second); err != nil {
			t.Error(err)
		}
		for range 2 {
			if _, err := s.Undo(t.Context()); err != nil {
				t.Error(err)
			}
		}
		s.kill()
		s.live()
		check(9, 2*time.Second, 3*time.Second)
		s.kill()
		s.cfg.Workers, s.cfg.Interval = 2, time.Second // whoever takes it up may say otherwise
		s.live()
		check(2, time.Second, 3*time.Second)
		s.kill()
	})
}

// What was cancelled stays so, and the next life's own changes are its own.
func TestCancelsAreTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := begin(t, slow(0), engine.Config{})
		s.add(engine.Batch{}, enginetest.Jobs("one.test", 5))
		s.add(engine.Batch{}, enginetest.Jobs("two.test", 5), enginetest.Jobs("one.test", 2))
		s.until(500 * time.Millisecond)
		for _, sel := range []engine.Selector{{Batch: 1}, {Jobs: []engine.JobID{8, 9}}} {
			if _, err := s.Cancel(t.Context(), sel); err != nil {
				t.Errorf("Cancel: %v", err)
			}
		}
		before := s.Snapshot()
		s.kill()
		s.live()
		now := s.Snapshot()
		s.balanced(now)
		now.Counts.Backlog, now.Counts.Queued = 0, now.Counts.Left()
		if now.Counts != before.Counts || now.Batches[0].State != engine.BatchCancelled || len(now.Undo) != 0 {
			t.Errorf("%+v, batch 1 %v, %d to undo; want %+v", now.Counts, now.Batches[0].State, len(now.Undo), before.Counts)
		}
		s.nothing(s.Undo(t.Context()))
		if d, err := s.Cancel(t.Context(), engine.Selector{Jobs: []engine.JobID{10}}); err != nil || d.Waiting+d.Queued != 1 {
			t.Errorf("Cancel = %+v, %v", d, err)
		}
		if _, err := s.Undo(t.Context()); err != nil {
			t.Errorf("Undo: %v", err)
		}
		if now = s.Snapshot(); now.Counts.Cancelled != before.Counts.Cancelled {
			t.Errorf("%d are cancelled after the undo, want %d", now.Counts.Cancelled, before.Counts.Cancelled)
		}
		s.balanced(now)
		end := s.finish()
		if end.Counts.Cancelled != before.Counts.Cancelled || end.Counts.Left() != 0 {
			t.Errorf("%+v", end.Counts)
		}
		// Between two lives everything can be called back.
		if _, err := s.store.Change(t.Context(), engine.Selector{All: true}, engine.Change{Kind: engine.ChangeRestore}); err != nil {
			t.Fatal(err)
		}
		s.live()
		if end = s.finish(); end.Counts.OK != 12 {
			t.Errorf("%+v, want 12 ok", end.Counts)
		}
		s.once()
	})
}

// Jobs that ended in an earlier life can be retried in the next.
func TestRetryOfAnEarlierLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
			if nth == 1 && r.Job.ID < 4 {
				return enginetest.Fail(engine.NotHTML, "no page")
			}
			return enginetest.OK(1)
		}}
		s := begin(t, fake, engine.Config{})
		s.add(engine.Batch{}, enginetest.Jobs("one.test", 5))
		s.finish()
		s.live()
		d, err := s.Retry(t.Context(), engine.Selector{All: true})
		s.did(d, err, 3, 0, 0)
		s.until(5500 * time.Millisecond)
		s.kill()
		s.live()
		end := s.finish()
		if end.Counts.OK != 5 || end.Rows != 5 || end.Hosts[0].Failed != 0 {
			t.Errorf("%+v, %d rows, %+v; want 5 ok", end.Counts, end.Rows, end.Hosts)
		}
		want(t, "starts", s.starts("one.test"), seconds(0, 1, 2, 3, 4, 5, 6.5, 7.5))
	})
}

// A store that cannot be read is no run to take up.
func TestStoreThatCannotBeRead(t *testing.T) {
	_, err := engine.New(&enginetest.Scraper{}, engine.Config{Store: unread{}})
	if !errors.Is(err, engine.ErrStore) || !errors.Is(err, errDisk) {
		t.Errorf("New = %v, want the store's error", err)
	}
}

type unread struct{ engine.Store }

func (unread) Load(context.Context, time.Time) (engine.Kept, error) { return engine.Kept{}, errDisk }

// Links that a batch has seen in an earlier life are no new jobs.
func TestSeenLinksAreTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
			step := enginetest.OK(1)
			for i := range 5 {
				step.Result.Links = append(step.Result.Links, enginetest.Job("one.test", i))
			}
			return step
		}}
		s := begin(t, fake, engine.Config{})
		s.add(engine.Batch{}, enginetest.Jobs("one.test", 1))
		s.until(1500 * time.Millisecond)
		s.kill()
		s.live()
		if end := s.finish(); end.Counts.OK != 5 || end.Counts.Submitted != 5 {
			t.Errorf("%+v, want 5", end.Counts)
		}
		s.once()
		urls := map[string]int{}
		for _, c := range s.fake.Calls() {
			urls[c.URL]++
		}
		if slices.Max(slices.Collect(func(yield func(int) bool) {
			for _, n := range urls {
				if !yield(n) {
					return
				}
			}
		})) != 1 {
			t.Errorf("fetched %v, want each once", urls)
		}
	})
}
