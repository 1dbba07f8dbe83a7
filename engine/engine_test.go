package engine_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// A run is an engine under way in a bubble.
type run struct {
	*engine.Engine
	t     *testing.T
	fake  *enginetest.Scraper
	begin time.Time
	ended chan error
	at    time.Time    // when Run returned
	taken engine.Stats // of the moment when New returned
}

// start runs an engine over fake. The jitter of retries is half of the most.
func start(t *testing.T, fake *enginetest.Scraper, cfg engine.Config) *run {
	t.Helper()
	return startIn(t.Context(), t, fake, cfg)
}

func startIn(ctx context.Context, t *testing.T, fake *enginetest.Scraper, cfg engine.Config) *run {
	t.Helper()
	if cfg.Random == nil {
		cfg.Random = func() float64 { return 0.5 }
	}
	e, err := engine.New(fake, cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{Engine: e, t: t, fake: fake, begin: time.Now(), ended: make(chan error, 1), taken: e.Snapshot()}
	go func() {
		err := e.Run(ctx)
		r.at = time.Now()
		r.ended <- err
	}()
	return r
}

// add adds a batch that must be taken.
func (r *run) add(b engine.Batch, jobs ...iter.Seq2[engine.Job, error]) engine.BatchID {
	r.t.Helper()
	added, err := r.Add(r.t.Context(), b, enginetest.Chain(jobs...))
	if err != nil {
		r.t.Fatalf("add: %v", err)
	}
	return added.Batch
}

// finish closes the engine, waits for the end and returns the last numbers.
func (r *run) finish() engine.Stats {
	r.t.Helper()
	r.Close()
	if err := <-r.ended; err != nil {
		r.t.Errorf("Run = %v, want nil", err)
	}
	s := r.Snapshot()
	r.balanced(s)
	return s
}

// balanced checks the law of the ledger, for the run, each batch and the store.
func (r *run) balanced(s engine.Stats) {
	r.t.Helper()
	var sum engine.Counts
	for _, b := range s.Batches {
		if !b.Counts.Balanced() {
			r.t.Errorf("batch %d does not balance: %+v", b.Batch.ID, b.Counts)
		}
		sum = sum.Add(b.Counts)
	}
	if !s.Counts.Balanced() || sum != s.Counts {
		r.t.Errorf("the run does not balance: %+v, batches %+v", s.Counts, sum)
	}
}

// starts returns when the requests for a host started, since the beginning.
func (r *run) starts(host string) []time.Duration {
	var out []time.Duration
	for _, c := range r.fake.Calls() {
		if c.Host == host {
			out = append(out, c.At.Sub(r.begin))
		}
	}
	return out
}

// gaps checks law 1 over all that was ever requested.
func (r *run) gaps(interval time.Duration) {
	r.t.Helper()
	last := map[string]time.Time{}
	for _, c := range r.fake.Calls() {
		if prev, ok := last[c.Host]; ok && c.At.Sub(prev) < interval {
			r.t.Errorf("%s: a gap of %v before %s, want at least %v", c.Host, c.At.Sub(prev), c.URL, interval)
		}
		last[c.Host] = c.At
	}
}

// want compares durations as text, which is easier to read.
func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s = %s, want %s", what, g, w)
	}
}

func seconds(ss ...float64) []time.Duration {
	var out []time.Duration
	for _, s := range ss {
		out = append(out, time.Duration(s*float64(time.Second)))
	}
	return out
}

func TestEngineTakes99SecondsForAHundredPagesOfOneHost(t *testing.T) {
	for _, workers := range []int{1, 5, 50} {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, &enginetest.Scraper{}, engine.Config{Workers: workers})
			r.add(engine.Batch{}, enginetest.Jobs("one.test", 100))
			s := r.finish()
			r.gaps(time.Second)
			if got := r.at.Sub(r.begin); got != 99*time.Second {
				t.Errorf("%d workers: took %v, want 1m39s", workers, got)
			}
			if s.Counts.OK != 100 || s.Rows != 100 || s.State != engine.RunFinished {
				t.Errorf("%d workers: %+v, %d rows, %v", workers, s.Counts, s.Rows, s.State)
			}
		})
	}
}

func TestEngineAccountsForEveryLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, &enginetest.Scraper{}, engine.Config{})
		bad := func(yield func(engine.Job, error) bool) { yield(engine.Job{}, errors.New("line 3: no URL")) }
		added, err := r.Add(t.Context(), engine.Batch{Name: "list"}, enginetest.Chain(
			enginetest.Jobs("one.test", 5), bad, enginetest.Jobs("one.test", 3), enginetest.Jobs("two.test", 2)))
		if want := (engine.Added{Batch: 1, New: 7, Duplicate: 3, Invalid: 1}); err != nil || added != want {
			t.Errorf("Add = %+v, %v; want %+v", added, err, want)
		}
		// What is a duplicate in one batch is new in the next.
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 1))
		s := r.finish()
		if c := s.Counts; c.Submitted != 12 || c.OK != 8 || c.Skipped != 4 || c.Duplicate != 3 || c.Invalid != 1 {
			t.Errorf("counts %+v", c)
		}
		rs, err := r.Results(t.Context(), engine.Query{})
		if err != nil || len(rs) != 8 {
			t.Errorf("%d results, %v; want 8", len(rs), err)
		}
		for i, res := range rs {
			if res.Num != uint64(i+1) {
				t.Errorf("result %d has number %d", i, res.Num)
			}
		}
	})
}

func TestEngineFeedsABoundedQueueAndCountsRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, &enginetest.Scraper{}, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 1000))
		synctest.Wait()
		s := r.Snapshot()
		if s.QueueLen != 100 || s.Hits == 0 || s.Counts.Backlog != 899 {
			t.Errorf("queue %d, hits %d, backlog %d; want 100, some, 899", s.QueueLen, s.Hits, s.Counts.Backlog)
		}
		before := s.Hits
		time.Sleep(10 * time.Second)
		synctest.Wait()
		s = r.Snapshot()
		if s.QueueLen != 100 || s.Hits < before+10 {
			t.Errorf("10 s later: queue %d, %d more hits; want 100, at least 10", s.QueueLen, s.Hits-before)
		}
		r.balanced(s)
		if d, err := r.Cancel(t.Context(), engine.Selector{All: true}); err != nil || d.Waiting+d.Queued != 989 {
			t.Errorf("Cancel = %+v, %v; want 989 jobs", d, err)
		}
		r.finish()
	})
}

func TestEngineAdmitsASmallBatchBehindABigOneAtOnce(t *testing.T) {
	for _, host := range []string{"one.test", "two.test"} {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, &enginetest.Scraper{}, engine.Config{})
			r.add(engine.Batch{}, enginetest.Jobs("one.test", 10_000))
			time.Sleep(5 * time.Second)
			small := func(yield func(engine.Job, error) bool) {
				for i := range 12 {
					j := enginetest.Job(host, 100_000+i)
					if !yield(j, nil) {
						return
					}
				}
			}
			id := r.add(engine.Batch{}, small)
			synctest.Wait()
			s := r.Snapshot()
			c := s.Batches[id-1].Counts
			if c.Backlog != 0 || c.Queued+c.InFlight+c.OK != 12 {
				t.Errorf("%s: of the small batch %d wait in the backlog, want all 12 admitted: %+v", host, c.Backlog, c)
			}
			if s.QueueLen != 100 {
				t.Errorf("%s: queue %d, want 100", host, s.QueueLen)
			}
			r.balanced(s)
			time.Sleep(25 * time.Second)
			synctest.Wait()
			if got := r.Snapshot().Batches[id-1].Counts.OK; got != 12 {
				t.Errorf("%s: 25 s later %d of the small batch are done, want 12", host, got)
			}
			r.Cancel(t.Context(), engine.Selector{All: true})
			r.finish()
			r.gaps(time.Second)
		})
	}
}

func TestEngineSlowHostDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, &enginetest.Scraper{}, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("slow.test", 50), enginetest.Jobs("idle.test", 1))
		r.finish()
		want(t, "starts of idle.test", r.starts("idle.test"), seconds(0))
	})
}

func TestEngineRetries(t *testing.T) {
	for _, tc := range []struct {
		name    string
		answer  func(r engine.Request, nth int) engine.Step
		starts  []time.Duration
		outcome engine.Outcome
		class   engine.Class
		history []string
	}{
		{
			name: "with backoff, until none is left", // half of 1 s, of 2 s; the gap is 1 s anyway
			answer: func(engine.Request, int) engine.Step {
				return enginetest.Fail(engine.Connect, "refused")
			},
			starts: seconds(0, 1, 2), outcome: engine.Failed, class: engine.Connect,
			history: []string{"connect: retried", "connect: retried", "no retry left"},
		},
		{
			name: "and it heals",
			answer: func(_ engine.Request, nth int) engine.Step {
				if nth == 1 {
					return enginetest.Status(503, 0)
				}
				return enginetest.OK(1)
			},
			starts: seconds(0, 1), outcome: engine.OK,
			history: []string{"status: retried", ""},
		},
		{
			name:   "not what would end the same",
			answer: func(engine.Request, int) engine.Step { return enginetest.Status(404, 0) },
			starts: seconds(0), outcome: engine.Failed, class: engine.Status,
			history: []string{"status: not retried"},
		},
		{
			name: "a refusal spends no retry and blocks the host for as long as it asked",
			answer: func(_ engine.Request, nth int) engine.Step {
				if nth <= 4 {
					return enginetest.Status(429, 10*time.Second)
				}
				return enginetest.OK(1)
			},
			starts: seconds(0, 10, 20, 30, 40), outcome: engine.OK,
		},
		{
			name: "a refusal without a time waits longer each time",
			answer: func(_ engine.Request, nth int) engine.Step {
				if nth <= 3 {
					return enginetest.Status(429, 0)
				}
				return enginetest.OK(1)
			},
			starts: seconds(0, 2, 6, 14), outcome: engine.OK,
		},
		{
			name: "a host that refuses for 900 s of its own accord is given up",
			answer: func(engine.Request, int) engine.Step {
				return enginetest.Status(429, 0)
			},
			// 2 4 8 16 32 and then 60 each: the first start after more than 900 s
			starts:  seconds(0, 2, 6, 14, 30, 62, 122, 182, 242, 302, 362, 422, 482, 542, 602, 662, 722, 782, 842, 902),
			outcome: engine.Failed, class: engine.RateLimited,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, &enginetest.Scraper{Answer: tc.answer}, engine.Config{Throttle: engine.ThrottleOff})
				r.add(engine.Batch{}, enginetest.Jobs("one.test", 1))
				r.finish()
				want(t, "starts", r.starts("one.test"), tc.starts)
				rs, _ := r.Results(t.Context(), engine.Query{})
				if len(rs) != 1 || rs[0].Outcome != tc.outcome || rs[0].Class != tc.class || rs[0].Attempts != len(tc.starts) {
					t.Fatalf("results %+v; want one %v %v after %d attempts", rs, tc.outcome, tc.class, len(tc.starts))
				}
				if len(rs[0].History) != len(tc.starts) {
					t.Errorf("%d attempts in its history, want %d", len(rs[0].History), len(tc.starts))
				}
				for i, why := range tc.history {
					if got := rs[0].History[i].Why; got != why {
						t.Errorf("attempt %d: %q, want %q", i+1, got, why)
					}
				}
			})
		})
	}
}

func TestEngineBlockedHostHasOneRequestInFlightUntilItAnswersWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{
			Latency: func(engine.Request) time.Duration { return 2500 * time.Millisecond },
			Answer: func(r engine.Request, nth int) engine.Step {
				if r.URL == "http://one.test/0" && nth == 1 {
					return enginetest.Status(429, 20*time.Second)
				}
				return enginetest.OK(1)
			},
		}
		r := start(t, fake, engine.Config{Throttle: engine.ThrottleOff})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 6))
		r.finish()
		// 0 1 2 go before the refusal comes at 2.5. That the other two are
		// answered well says nothing: they were sent before. One goes after
		// the block, and the rest when it was answered.
		want(t, "starts", r.starts("one.test"), seconds(0, 1, 2, 22.5, 25, 26, 27))
	})
}

func TestEngineAsksRobotsOncePerOriginAndFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{
			Latency: func(engine.Request) time.Duration { return 5 * time.Second },
			Answer: func(r engine.Request, _ int) engine.Step {
				switch {
				case r.Kind == engine.KindRobots:
					return enginetest.Rules(2 * time.Second)
				case r.URL == "http://one.test/1":
					return engine.Step{Result: &engine.Result{Outcome: engine.Skipped, Class: engine.Robots}}
				}
				return enginetest.OK(1)
			},
		}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, withOrigin(enginetest.Jobs("one.test", 4)), enginetest.Jobs("two.test", 1))
		time.Sleep(time.Second)
		s := r.Snapshot()
		if _, ok := s.Hosts[0].Reason.(engine.RobotsWait); !ok {
			t.Errorf("one.test waits for %#v, want robots.txt", s.Hosts[0].Reason)
		}
		if s.Counts.Queued != 4 || s.Counts.InFlight != 1 {
			t.Errorf("%+v: want four queued and that of two.test in flight", s.Counts)
		}
		s = r.finish()
		var kinds []engine.Kind
		for _, c := range fake.Calls() {
			if c.Host == "one.test" {
				kinds = append(kinds, c.Kind)
			}
		}
		want(t, "requests", kinds, []engine.Kind{engine.KindRobots, 0, 0, 0, 0})
		want(t, "starts", r.starts("one.test"), seconds(0, 5, 7, 9, 11))
		want(t, "starts of the other", r.starts("two.test"), seconds(0))
		if s.Counts.OK != 4 || s.Counts.Skipped != 1 {
			t.Errorf("counts %+v; want 4 ok, 1 skipped", s.Counts)
		}
	})
}

func withOrigin(jobs iter.Seq2[engine.Job, error]) iter.Seq2[engine.Job, error] {
	return func(yield func(engine.Job, error) bool) {
		for j, err := range jobs {
			j.Origin = "http://" + j.Host
			if !yield(j, err) {
				return
			}
		}
	}
}

func TestEngineSendsARedirectRoundFromTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
			switch r.URL {
			case "http://one.test/0":
				return enginetest.Hop(r, "http://one.test/moved", "one.test")
			case "http://one.test/moved":
				return enginetest.Hop(r, "http://two.test/here", "two.test")
			}
			return enginetest.OK(1)
		}}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 3))
		s := r.finish()
		// Each hop is a request and takes a turn; it goes before other jobs.
		want(t, "starts", r.starts("one.test"), seconds(0, 1, 2, 3))
		want(t, "starts after the hop", r.starts("two.test"), seconds(1))
		if s.Counts.OK != 3 {
			t.Errorf("counts %+v; want 3 ok", s.Counts)
		}
	})
}

func TestEnginePanicInTheScraperIsThatJobsFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
			if r.URL == "http://one.test/1" {
				panic("odd page")
			}
			return enginetest.OK(1)
		}}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 3))
		s := r.finish()
		rs, _ := r.Results(t.Context(), engine.Query{Outcomes: []engine.Outcome{engine.Failed}})
		if s.Counts.OK != 2 || len(rs) != 1 || rs[0].Class != engine.Extract || rs[0].Error != "engine: panic in a job: odd page" {
			t.Errorf("counts %+v, failed %+v", s.Counts, rs)
		}
	})
}

func TestEngineFollowsLinksWithinTheBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
			step := enginetest.OK(1)
			if r.Job.Depth < 2 {
				step.Result.Links = []engine.Job{enginetest.Job("one.test", r.Job.Depth+1), enginetest.Job("one.test", 0)}
			}
			return step
		}}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 1))
		s := r.finish()
		if c := s.Counts; c.Submitted != 3 || c.OK != 3 || c.Skipped != 0 {
			t.Errorf("counts %+v; want three ok: links that were seen count as nothing", c)
		}
	})
}

func TestEngineEndsWithItsContextAndLeavesTheRestUnfetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Latency: func(engine.Request) time.Duration { return 10 * time.Second }}
		e, err := engine.New(fake, engine.Config{})
		if err != nil {
			t.Fatal(err)
		}
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(200*time.Millisecond, func() { cancel(gone) })
		if _, err := e.Add(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", 300)); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if err := e.Run(ctx); !errors.Is(err, gone) {
			t.Errorf("Run = %v, want its context's cause", err)
		}
		if got := time.Since(begin); got != 200*time.Millisecond {
			t.Errorf("Run returned after %v, want 200ms", got)
		}
		time.Sleep(time.Minute)
		if n := len(fake.Calls()); n != 1 {
			t.Errorf("%d requests, want the one that was cut", n)
		}
		s := e.Snapshot()
		if !s.Counts.Balanced() || s.Counts.Backlog != 300 {
			t.Errorf("counts %+v; want 300 unfetched", s.Counts)
		}
		if _, err := e.Add(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", 1)); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("Add after the end = %v, want ErrClosed", err)
		}
	})
}

func TestEngineDrainFinishesWhatIsQueuedAndLeavesTheBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, &enginetest.Scraper{}, engine.Config{Queue: 10})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 300))
		time.Sleep(1500 * time.Millisecond)
		r.Drain()
		if err := <-r.ended; err != nil {
			t.Errorf("Run = %v", err)
		}
		s := r.Snapshot()
		if s.Counts.OK != 12 || s.Counts.Backlog != 288 || !s.Counts.Balanced() {
			t.Errorf("counts %+v; want 12 ok and 288 in the backlog", s.Counts)
		}
	})
}

func TestEngineGlobalRateCapsAllHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lists []iter.Seq2[engine.Job, error]
		for i := range 20 {
			lists = append(lists, enginetest.Jobs(fmt.Sprintf("h%02d.test", i), 1))
		}
		r := start(t, &enginetest.Scraper{}, engine.Config{Rate: 4})
		r.add(engine.Batch{}, lists...)
		r.finish()
		var got []time.Duration
		for _, c := range r.fake.Calls() {
			got = append(got, c.At.Sub(r.begin))
		}
		slices.Sort(got)
		for i, at := range got {
			if want := time.Duration(i) * 250 * time.Millisecond; at != want {
				t.Errorf("request %d started after %v, want %v", i, at, want)
			}
		}
	})
}
