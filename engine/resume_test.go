package engine_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

var errKilled = errors.New("killed")

// A life is a store as one process has it. When it is over, the process can
// neither change the store nor read it any more.
type life struct {
	engine.Store

	// before and after, if not nil, are called with the number of each call
	// and report whether the process dies then: before it has done anything,
	// or before anybody hears of what it did.
	before, after func(nth int) bool

	mu    sync.Mutex
	calls int
	over  bool
	ended time.Time      // when it was over
	notes []engine.State // all that was to be kept
}

func (l *life) kill() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.die(true)
}

func (l *life) die(now bool) {
	if now && !l.over {
		l.over, l.ended = true, time.Now()
	}
}

func (l *life) begin() (end func() error, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	nth := l.calls
	l.die(l.before != nil && l.before(nth))
	if l.over {
		return nil, errKilled
	}
	return func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.die(l.after != nil && l.after(nth))
		if l.over {
			return errKilled
		}
		return nil
	}, nil
}

func (l *life) AddBatch(ctx context.Context, b engine.Batch, jobs iter.Seq2[engine.Job, error], each func(engine.Job, engine.Class)) (engine.Added, error) {
	end, err := l.begin()
	if err != nil {
		return engine.Added{}, err
	}
	added, err := l.Store.AddBatch(ctx, b, jobs, each)
	return added, errors.Join(err, end())
}

func (l *life) Next(ctx context.Context, n int, w engine.Want) ([]engine.Job, error) {
	end, err := l.begin()
	if err != nil {
		return nil, err
	}
	jobs, err := l.Store.Next(ctx, n, w)
	if killed := end(); killed != nil {
		return nil, killed
	}
	return jobs, err
}

func (l *life) Release(ctx context.Context, back []engine.Job) error {
	end, err := l.begin()
	if err != nil {
		return err
	}
	return errors.Join(l.Store.Release(ctx, back), end())
}

func (l *life) Finish(ctx context.Context, rs []engine.Result, each func(engine.Job, engine.Class)) error {
	end, err := l.begin()
	if err != nil {
		return err
	}
	return errors.Join(l.Store.Finish(ctx, rs, each), end())
}

func (l *life) Change(ctx context.Context, sel engine.Selector, ch engine.Change) (engine.Changed, error) {
	end, err := l.begin()
	if err != nil {
		return engine.Changed{}, err
	}
	moved, err := l.Store.Change(ctx, sel, ch)
	return moved, errors.Join(err, end())
}

func (l *life) Keep(ctx context.Context, news engine.State) error {
	end, err := l.begin()
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.notes = append(l.notes, news)
	l.mu.Unlock()
	return errors.Join(l.Store.Keep(ctx, news), end())
}

// noted returns all that was to be kept so far.
func (l *life) noted() []engine.State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.notes)
}

// A saga is a run of several lives over one store.
type saga struct {
	*run
	t     *testing.T
	cfg   engine.Config
	store engine.Store
	life  *life
	stop  context.CancelCauseFunc
}

// begin begins the first life of a run.
func begin(t *testing.T, fake *enginetest.Scraper, cfg engine.Config) *saga {
	s := &saga{t: t, cfg: cfg, store: engine.NewMemStore()}
	s.run = &run{fake: fake, begin: time.Now()}
	s.live()
	return s
}

// live begins another life.
func (s *saga) live() {
	s.t.Helper()
	s.life = &life{Store: s.store}
	s.cfg.Store = s.life
	first := s.run.begin
	var ctx context.Context
	ctx, s.stop = context.WithCancelCause(s.t.Context())
	s.run = startIn(ctx, s.t, s.fake, s.cfg)
	s.run.begin = first
}

// kill ends a life as kill -9 does, and exit as the end of the program does.
func (s *saga) kill() {
	s.t.Helper()
	s.life.kill()
	s.stop(errKilled)
	if err := <-s.ended; err == nil {
		s.t.Error("Run of a killed engine = nil")
	}
}

func (s *saga) exit() {
	s.t.Helper()
	gone := errors.New("gone")
	s.stop(gone)
	if err := <-s.ended; !errors.Is(err, gone) {
		s.t.Errorf("Run = %v, want the cause of its context", err)
	}
}

// logged returns the log lines that have a text in them.
func (s *saga) logged(text string) (lines []string) {
	var v engine.View
	sub := s.Subscribe(engine.SubscribeOptions{})
	defer sub.Close()
	sub.Take(&v)
	for _, l := range v.Log {
		if strings.Contains(l.Text, text) {
			lines = append(lines, l.Text)
		}
	}
	return lines
}

// shown returns what a screen that begins now is told of jobs, by their URLs.
func (s *saga) shown() map[string]engine.JobState {
	var v engine.View
	sub := s.Subscribe(engine.SubscribeOptions{})
	defer sub.Close()
	out := make(map[string]engine.JobState)
	for {
		sub.Take(&v)
		for _, j := range v.Jobs {
			out[strings.TrimPrefix(j.URL, "http://")] = j
		}
		if !v.More {
			return out
		}
	}
}

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

func TestRetriesDueAreTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
			if nth < 3 && r.Job.ID%2 == 1 {
				return enginetest.Fail(engine.Reset, "cut")
			}
			return enginetest.OK(1)
		}}
		s := begin(t, fake, engine.Config{Interval: -1, Random: func() float64 { return 0.999999 }})
		s.add(engine.Batch{}, enginetest.Jobs("one.test", 2))
		s.until(1500 * time.Millisecond) // the second retry is due at 3 s
		before := s.shown()["one.test/0"]
		s.kill()
		s.live()
		at, now := s.shown()["one.test/0"], s.Snapshot()
		was, _ := before.Reason.(engine.RetryWait)
		is, _ := at.Reason.(engine.RetryWait)
		if at.Place != engine.Deferred || !was.Due.Equal(is.Due) || was.Class != is.Class || was.Retry != is.Retry || is.Retry != 2 || at.Class != engine.Reset || at.Attempts != 2 {
			t.Errorf("shown as %+v, want it as %+v", at, before)
		}
		if got := s.taken.Hosts[0].Reason; got != engine.Reason(is) {
			t.Errorf("its host waits for %+v, want %+v", got, is)
		}
		if c := (engine.Counts{Submitted: 2, Retry: 1, OK: 1}); now.Counts != c || now.Limit.Kind != engine.LimitRetry || !now.Limit.Next.Equal(is.Due) {
			t.Errorf("%+v limited by %+v", now.Counts, now.Limit)
		}
		end := s.finish()
		if d := s.at.Sub(s.run.begin).Round(time.Millisecond); d != 3*time.Second || end.Counts.OK != 2 {
			t.Errorf("ended after %v with %+v; want 3s, 2 ok", d, end.Counts)
		}
		rs, _ := s.store.Results(t.Context(), engine.Query{})
		if len(rs) != 2 || rs[1].Attempts != 3 {
			t.Errorf("%+v, want the second result after 3 attempts", rs)
		}
	})
}

func TestBlocksAreTakenUp(t *testing.T) {
	answer := func(steps map[string]engine.Step) *enginetest.Scraper {
		return &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
			if step, ok := steps[r.Host]; ok && time.Since(epoch) < 10*time.Minute {
				return step
			}
			if r.Kind == engine.KindRobots {
				return enginetest.Rules(0)
			}
			return enginetest.OK(1)
		}}
	}
	steps := map[string]engine.Step{
		"asked.test":  enginetest.Status(429, 20*time.Minute),
		"busy.test":   enginetest.Status(429, 0),
		"down.test":   enginetest.Fail(engine.Connect, "refused"),
		"robots.test": enginetest.Status(500, 0),
		"quota.test":  {Result: enginetest.OK(1).Result, Host: engine.HostHint{Status: 200, QuotaReset: 15 * time.Minute}},
	}
	for _, away := range []time.Duration{0, 30 * time.Second, 2 * time.Hour} {
		t.Run(away.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				epoch = time.Now()
				s := begin(t, answer(steps), engine.Config{Workers: 20})
				for host := range steps {
					list := enginetest.Jobs(host, 8)
					if host == "robots.test" {
						list = withOrigin(list)
					}
					s.add(engine.Batch{}, list)
				}
				s.until(2*time.Minute + 100*time.Millisecond)
				before := s.Snapshot()
				left := time.Now()
				s.kill()
				time.Sleep(away)
				s.live()
				synctest.Wait()
				now := s.Snapshot()
				s.balanced(now)
				for i, was := range before.Hosts {
					is := now.Hosts[i]
					until, _ := engine.Until(was.Reason)
					if until.After(now.At) {
						if fmt.Sprint(is.Reason) != fmt.Sprint(was.Reason) || is.Down != was.Down {
							t.Errorf("%s waits for %T %+v, want %T %+v", was.Host, is.Reason, is.Reason, was.Reason, was.Reason)
						}
						if !slices.ContainsFunc(is.Changes, func(c engine.PaceChange) bool { return c.Until.Equal(until) }) {
							t.Errorf("%s: its pace changed %+v, want the block", was.Host, is.Changes)
						}
					}
					if is.Waiting != was.Waiting {
						t.Errorf("%s: %d wait, want %d", was.Host, is.Waiting, was.Waiting)
					}
				}
				for url, j := range s.shown() {
					i := slices.IndexFunc(now.Hosts, func(h engine.HostStats) bool { return h.Host == j.Host })
					if j.Place == engine.Queued && engine.Parked(now.Hosts[i].Reason) {
						t.Errorf("%s is in the queue, and its host is parked", url)
					}
				}
				end := s.finish()
				if end.Counts.Failed > 0 || end.Counts.Left() > 0 {
					t.Errorf("%+v, want all ok", end.Counts)
				}
				for _, was := range before.Hosts {
					until, _ := engine.Until(was.Reason)
					for _, c := range s.fake.Calls() {
						if c.Host == was.Host && c.At.After(left) && c.At.Before(until) {
							t.Errorf("%s was asked %v before its block was over", c.Host, until.Sub(c.At))
							break
						}
					}
				}
				s.once()
			})
		})
	}
}

var epoch time.Time // of the bubble of TestBlocksAreTakenUp

// Whoever lifts the block of a host that cannot be reached lifts nothing that
// the host asked for, in an earlier life too.
func TestWhatAHostAskedForStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, now := engine.NewMemStore(), time.Now()
		if _, err := store.AddBatch(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", 1), nil); err != nil {
			t.Fatal(err)
		}
		err := store.Keep(t.Context(), engine.State{Hosts: []engine.HostState{{
			Host: "one.test", At: now, Failures: 5, Opened: now,
			Block: engine.Block{Kind: engine.BlockDown, Until: now.Add(time.Hour), Class: engine.Connect, Count: 5},
			Asked: engine.Block{Kind: engine.BlockAsked, Until: now.Add(time.Minute), Asked: time.Minute, Status: 429},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		r := start(t, &enginetest.Scraper{}, engine.Config{Store: store})
		if d, err := r.Resume(t.Context(), engine.Selector{Host: "one.test"}); err != nil || d.Action != engine.ActProbe {
			t.Errorf("Resume = %+v, %v; want a probe", d, err)
		}
		r.finish()
		want(t, "starts", r.starts("one.test"), seconds(60))
	})
}

// A host that refuses and refuses is asked as if nobody had been killed: one
// request at a time, after ever longer waits, and it is given up when it would
// have been.
func TestRefusalsAreTakenUp(t *testing.T) {
	starts := func(kills ...time.Duration) (at []time.Duration, end engine.Counts, took time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			fake := slow(3 * time.Second)
			fake.Answer = func(engine.Request, int) engine.Step { return enginetest.Status(429, 0) }
			s := begin(t, fake, engine.Config{Throttle: engine.ThrottleOff})
			s.add(engine.Batch{}, enginetest.Jobs("one.test", 3))
			for _, at := range kills {
				s.until(at)
				s.kill()
				s.live()
			}
			end = s.finish().Counts
			at, took = s.starts("one.test"), s.at.Sub(s.run.begin)
		})
		return at, end, took
	}
	at, end, took := starts()
	again, counts, later := starts(8*time.Second, 100*time.Second, 400*time.Second, 800*time.Second)
	want(t, "starts", again, at)
	if counts != end || later != took || end.Failed != 3 {
		t.Errorf("ended after %v with %+v, want %v, %+v", later, counts, took, end)
	}
}

// A host that is probed goes on to be: one request, and longer waits.
func TestProbesAreTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(engine.Request, int) engine.Step { return enginetest.Fail(engine.Connect, "refused") }}
		s := begin(t, fake, engine.Config{GiveUp: true, Retries: -1})
		s.add(engine.Batch{}, enginetest.Jobs("one.test", 10))
		s.until(50 * time.Second) // 4 failed; the 5th opened it at 4 s, the first probe was at 34 s, the next is at 94 s
		s.kill()
		s.live()
		down, ok := s.Snapshot().Hosts[0].Reason.(engine.HostDown)
		if !ok || down.Probes != 1 || down.Failures != 6 || !down.Until.Equal(s.begin.Add(94*time.Second)) {
			t.Errorf("waits for %+v, want the second probe at 94s", s.Snapshot().Hosts[0].Reason)
		}
		end := s.finish() // the third probe in vain is the last: 94 s, 214 s
		want(t, "starts", s.starts("one.test"), seconds(0, 1, 2, 3, 4, 34, 94, 214))
		if end.Counts.Failed != 10 {
			t.Errorf("%+v, want 10 failed", end.Counts)
		}
	})
}

func TestThrottleIsTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refusals := 0
		fake := &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
			if r.Job.ID == 5 && nth == 1 {
				refusals++
				return enginetest.Status(429, time.Second)
			}
			return enginetest.OK(1)
		}}
		s := begin(t, fake, engine.Config{})
		s.add(engine.Batch{}, enginetest.Jobs("one.test", 60))
		s.until(30 * time.Second)
		slowed := s.Snapshot().Hosts[0].Interval
		if slowed <= time.Second {
			t.Fatalf("the interval is %v, want it slowed", slowed)
		}
		s.kill()
		s.live()
		if got := s.Snapshot().Hosts[0].Interval; got != slowed {
			t.Errorf("the interval is %v, want %v", got, slowed)
		}
		s.finish()
		starts := s.starts("one.test")
		if last := starts[len(starts)-1] - starts[len(starts)-2]; last >= slowed || refusals != 1 {
			t.Errorf("the last gap is %v, want it to have recovered from %v", last, slowed)
		}
		for i := range starts[1:] {
			if gap := starts[i+1] - starts[i]; gap < time.Second {
				t.Errorf("a gap of %v", gap)
			}
		}
	})
}

// A clock that goes back makes nothing wait for longer than was left.
func TestClockThatGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := engine.NewMemStore()
		if _, err := store.AddBatch(t.Context(), engine.Batch{}, enginetest.Chain(enginetest.Jobs("one.test", 2), enginetest.Jobs("two.test", 1)), nil); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(time.Hour) // what the clock said then
		jobs, _ := store.Next(t.Context(), 1, engine.Want{Now: at})
		jobs[0].Due, jobs[0].Waited, jobs[0].Retries, jobs[0].Class = at.Add(50*time.Second), at, 1, engine.Reset
		if err := store.Release(t.Context(), jobs); err != nil {
			t.Fatal(err)
		}
		pause := engine.Change{Kind: engine.ChangePause, Paused: engine.Paused{At: at, What: "batch"}}
		if _, err := store.AddBatch(t.Context(), engine.Batch{}, enginetest.Jobs("six.test", 0), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Change(t.Context(), engine.Selector{Batch: 2}, pause); err != nil {
			t.Fatal(err)
		}
		err := store.Keep(t.Context(), engine.State{
			Run: &engine.RunNotes{At: at, Started: at.Add(-time.Minute), Worked: 40 * time.Second, Ended: true, Requests: 7},
			Hosts: []engine.HostState{{
				Host: "one.test", At: at, Refused: at.Add(-time.Second), Refusals: 1, Probing: true,
				Block: engine.Block{Kind: engine.BlockBusy, Until: at.Add(30 * time.Second), Status: 429, Count: 1},
			}},
			Origins: []engine.OriginState{{Origin: "http://six.test", Host: "six.test", At: at, Fresh: at.Add(time.Second)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		r := start(t, &enginetest.Scraper{}, engine.Config{Store: store})
		s := &saga{run: r, t: t, store: store}
		want(t, "log", s.logged("clock"), []string{"the clock has gone back by 1h0m0s since the run was left: no wait is longer for it"})
		now := r.Snapshot()
		if now.Active != 40*time.Second || now.Started.After(now.At) {
			t.Errorf("active for %v since %v, want 40s", now.Active, now.Started)
		}
		if p := now.Batches[1].Paused; p.What != "batch" || !p.At.Equal(now.At) {
			t.Errorf("batch 2 is paused %+v, want it since now", p)
		}
		r.finish()
		want(t, "starts of one.test", r.starts("one.test"), seconds(30, 50)) // the retry is behind
		want(t, "starts of two.test", r.starts("two.test"), seconds(1))
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

// What is known of a host is noted once a second, and at once if it was not
// noted for so long.
func TestHostsAreNotedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := slow(100 * time.Millisecond)
		fake.Answer = func(r engine.Request, nth int) engine.Step {
			if time.Since(epoch) < 1050*time.Millisecond {
				return enginetest.OK(1)
			}
			return enginetest.Status(429, time.Minute)
		}
		epoch = time.Now()
		s := begin(t, fake, engine.Config{Workers: 50, Interval: -1})
		s.add(engine.Batch{}, enginetest.Jobs("one.test", 5000))
		s.until(1800 * time.Millisecond)
		hosts := 0
		for _, n := range s.life.noted() {
			hosts += len(n.Hosts)
		}
		if hosts != 1 {
			t.Errorf("the host was noted %d times, want at its first refusal", hosts)
		}
		s.until(10 * time.Second)
		var notes []engine.HostState
		for _, n := range s.life.noted() {
			notes = append(notes, n.Hosts...)
		}
		if len(notes) != 2 || notes[1].Refusals != 50 || !notes[1].At.Equal(s.begin.Add(2100*time.Millisecond)) {
			t.Errorf("noted %d times, last %+v; want a second time after a second, with 50 refusals", len(notes), notes[len(notes)-1])
		}
		runs := 0
		for _, n := range s.life.noted() {
			if n.Run != nil {
				runs++
			}
		}
		if runs > 4 { // at the start, with the batch, and once in the second that had results
			t.Errorf("the run was noted %d times, want at most 4", runs)
		}
		s.kill()
	})
}

// A pace alone is noted every ten seconds, and at the end.
func TestPaceIsNotedNowAndThen(t *testing.T) {
	for _, exit := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := begin(t, slow(2300*time.Millisecond), engine.Config{Throttle: engine.ThrottleLatency})
			s.add(engine.Batch{}, enginetest.Jobs("one.test", 100))
			s.until(26 * time.Second) // it goes from 5 s to 2.3 s, less with each answer
			hosts := 0
			for _, n := range s.life.noted() {
				hosts += len(n.Hosts)
			}
			if hosts != 3 {
				t.Errorf("the host was noted %d times in 26 s, want 3", hosts)
			}
			if exit {
				s.exit()
			} else {
				s.kill()
			}
			before := s.Snapshot().Hosts[0].Interval
			s.live()
			got := s.taken.Hosts[0].Interval
			if exit && got != before || got < before || got > before+200*time.Millisecond {
				t.Errorf("the interval is %v, and was %v", got, before)
			}
			s.kill()
		})
	}
}

// A successor is a Scraper that goes on with recipes and rules.
type successor struct {
	*enginetest.Scraper
	refuse  bool
	listed  []string
	batches []string
	rules   map[string]string
}

func (s *successor) Succeed(k *engine.Kept) error {
	if s.refuse {
		return errors.New("scrape: recipe r: no longer understood")
	}
	s.listed, s.batches = k.Listed, nil
	for _, b := range k.Batches {
		s.batches = append(s.batches, b.Text)
	}
	return nil
}

func (s *successor) Recall(origin string, rules []byte, fresh time.Time) bool {
	s.rules[origin] = fmt.Sprintf("%s until %v", rules, fresh.Sub(epoch))
	return string(rules) != "forgotten"
}

func TestScraperIsToldOfEarlierLives(t *testing.T) {
	for _, tc := range []struct {
		name  string
		rules []byte
		away  time.Duration
		asked int // for robots.txt, in all
	}{
		{"fresh rules", []byte("rules"), time.Minute, 1},
		{"old rules", []byte("rules"), 25 * time.Hour, 2},
		{"rules that it does not want", []byte("forgotten"), time.Minute, 2},
		{"rules that it did not say", nil, time.Minute, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				epoch = time.Now()
				scraper := &successor{Scraper: &enginetest.Scraper{}, rules: map[string]string{}}
				scraper.Answer = func(r engine.Request, _ int) engine.Step {
					if r.Kind != engine.KindRobots {
						return enginetest.OK(1)
					}
					step := enginetest.Rules(2 * time.Second)
					step.Robots.Rules = tc.rules
					return step
				}
				store := engine.NewMemStore()
				next := func() *run {
					e, err := engine.New(scraper, engine.Config{Store: store})
					if err != nil {
						t.Fatal(err)
					}
					return &run{Engine: e, t: t, fake: scraper.Scraper, begin: epoch, ended: make(chan error, 1)}
				}
				r := next()
				ctx, stop := context.WithCancel(t.Context())
				go func() { r.ended <- r.Run(ctx) }()
				r.add(engine.Batch{Text: "fields"}, withOrigin(enginetest.Jobs("one.test", 3)))
				r.until(3 * time.Second)
				stop()
				<-r.ended
				time.Sleep(tc.away)
				r = next()
				// Whether a turn for robots.txt is to come is in the estimate.
				want(t, "ETA", r.Snapshot().ETA, time.Duration(2*tc.asked)*time.Second)
				go func() { r.ended <- r.Run(t.Context()) }()
				r.finish()
				want(t, "recipes", scraper.batches, []string{"fields"})
				want(t, "listed", scraper.listed, []string{"http://one.test/0"})
				asked := 0
				for _, c := range scraper.Calls() {
					if c.Kind == engine.KindRobots {
						asked++
					}
				}
				if asked != tc.asked {
					t.Errorf("robots.txt was asked for %d times, want %d", asked, tc.asked)
				}
				rules := map[string]string{}
				if tc.rules != nil && tc.away < 24*time.Hour {
					rules["http://one.test"] = string(tc.rules) + " until 24h0m0s"
				}
				want(t, "rules", scraper.rules, rules)
				starts := r.starts("one.test")
				if gap := starts[len(starts)-1] - starts[len(starts)-2]; gap != 2*time.Second {
					t.Errorf("the last gap is %v, want the Crawl-delay of 2s", gap)
				}
				scraper.refuse = true
				if _, err := engine.New(scraper, engine.Config{Store: store}); err == nil || !strings.Contains(err.Error(), "no longer") {
					t.Errorf("New = %v, want the scraper's error", err)
				}
			})
		})
	}
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
