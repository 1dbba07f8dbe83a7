package engine_test

import (
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// A scene is a run that has come to a point worth looking at.
type scene struct {
	name  string
	fake  *enginetest.Scraper
	cfg   engine.Config
	play  func(r *run)
	after time.Duration // since the beginning
}

// show plays a scene and calls look with its snapshot.
func (s scene) show(t *testing.T, look func(t *testing.T, r *run, s engine.Stats)) {
	t.Run(s.name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			if s.fake == nil {
				s.fake = &enginetest.Scraper{}
			}
			r := start(t, s.fake, s.cfg)
			if s.play != nil {
				s.play(r)
			}
			r.until(s.after)
			look(t, r, r.Snapshot())
			r.Resume(t.Context(), engine.Selector{All: true})
			r.ends()
		})
	})
}

// refuses answers every request with that refusal.
func refuses(after time.Duration) *enginetest.Scraper {
	return &enginetest.Scraper{Answer: func(engine.Request, int) engine.Step { return enginetest.Status(429, after) }}
}

// jobs plays the adding of n jobs of each host.
func jobs(n int, hosts ...string) func(*run) {
	return func(r *run) {
		for _, h := range hosts {
			r.add(engine.Batch{Name: h}, enginetest.Jobs(h, n))
		}
	}
}

func TestLimitIsTheFirstThatIsTrue(t *testing.T) {
	all := engine.Selector{All: true}
	at := func(s float64) time.Time {
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(s * float64(time.Second)))
	}
	for _, tc := range []struct {
		scene
		want engine.Limit
	}{
		{
			scene{name: "nothing was added"},
			engine.Limit{Kind: engine.LimitNothing},
		},
		{
			scene{name: "nothing is left", play: jobs(3, "one.test"), after: time.Minute},
			engine.Limit{Kind: engine.LimitNothing},
		},
		{
			scene{name: "the run is paused", play: func(r *run) {
				jobs(3, "one.test")(r)
				r.until(500 * time.Millisecond)
				r.Pause(r.t.Context(), all)
			}, after: time.Minute},
			engine.Limit{Kind: engine.LimitPaused, Jobs: 2, Reason: engine.Paused{At: at(.5), What: "run"}},
		},
		{
			scene{name: "all batches left are paused", play: func(r *run) {
				jobs(3, "one.test", "two.test")(r)
				r.until(500 * time.Millisecond)
				r.Pause(r.t.Context(), engine.Selector{Batch: 1})
				r.until(700 * time.Millisecond)
				r.Pause(r.t.Context(), engine.Selector{Batch: 2})
			}, after: time.Minute},
			engine.Limit{Kind: engine.LimitPaused, Hosts: 2, Waiting: 2, Jobs: 4, Host: "one.test", Reason: engine.Paused{At: at(.5), What: "batch"}},
		},
		{
			scene{name: "all hosts left are paused", play: func(r *run) {
				jobs(3, "one.test")(r)
				r.until(500 * time.Millisecond)
				r.Pause(r.t.Context(), engine.Selector{Host: "one.test"})
			}, after: time.Minute},
			engine.Limit{Kind: engine.LimitPaused, Hosts: 1, Waiting: 1, Jobs: 2, Host: "one.test", Reason: engine.Paused{At: at(.5), What: "host"}},
		},
		{
			scene{name: "robots.txt", fake: slow(30 * time.Second), play: func(r *run) {
				r.add(engine.Batch{}, withOrigin(enginetest.Jobs("one.test", 3)), withOrigin(enginetest.Jobs("two.test", 1)))
			}, after: 5 * time.Second},
			engine.Limit{Kind: engine.LimitRobots, Hosts: 2, Waiting: 2, Jobs: 4, Host: "one.test", Reason: engine.RobotsWait{Origin: "http://one.test"}},
		},
		{
			scene{name: "all hosts are parked", fake: refuses(10 * time.Minute), play: jobs(2, "one.test"), after: time.Minute},
			engine.Limit{
				Kind: engine.LimitParked, Hosts: 1, Waiting: 1, Jobs: 2, Next: at(600), Host: "one.test",
				Reason: engine.ServerAsked{Until: at(600), Asked: 10 * time.Minute, Status: 429, Parked: true},
			},
		},
		{
			scene{name: "every worker awaits bytes", fake: slow(time.Minute), cfg: engine.Config{Interval: -1}, play: jobs(20, "one.test"), after: time.Second},
			engine.Limit{Kind: engine.LimitServer, Hosts: 1, Jobs: 20},
		},
		{
			scene{name: "every worker is busy", fake: &enginetest.Scraper{Answer: func(engine.Request, int) engine.Step {
				time.Sleep(10 * time.Second) // extracting
				return enginetest.OK(1)
			}}, cfg: engine.Config{Interval: -1}, play: jobs(20, "one.test"), after: time.Second},
			engine.Limit{
				Kind: engine.LimitWorkers, Hosts: 1, Waiting: 1, Jobs: 20, Host: "one.test",
				Reason: engine.WorkersBusy{Workers: 5},
			},
		},
		{
			scene{name: "hosts wait for their turn", play: jobs(9, "one.test", "two.test"), after: 1250 * time.Millisecond},
			engine.Limit{
				Kind: engine.LimitPace, Hosts: 2, Waiting: 2, Jobs: 14, Next: at(2), Host: "one.test",
				Reason: engine.PaceWait{Next: at(2), Interval: time.Second},
			},
		},
		{
			scene{name: "a block that is no park is pace", fake: refuses(time.Minute), play: jobs(2, "one.test"), after: time.Second},
			engine.Limit{
				Kind: engine.LimitPace, Hosts: 1, Waiting: 1, Jobs: 2, Next: at(60), Host: "one.test",
				Reason: engine.ServerAsked{Until: at(60), Asked: time.Minute, Status: 429},
			},
		},
		{
			scene{
				name: "the rate of all is capped", cfg: engine.Config{Rate: 0.1, Interval: -1},
				play: jobs(3, "one.test"), after: time.Second,
			},
			engine.Limit{
				Kind: engine.LimitPace, Hosts: 1, Waiting: 1, Jobs: 2, Next: at(10), Host: "one.test",
				Reason: engine.RateWait{Next: at(10)},
			},
		},
		{
			scene{
				name: "only retries are left", cfg: engine.Config{Interval: -1}, play: jobs(1, "one.test"), after: 100 * time.Millisecond,
				fake: &enginetest.Scraper{Answer: func(engine.Request, int) engine.Step { return enginetest.Status(500, 0) }},
			},
			engine.Limit{Kind: engine.LimitRetry, Hosts: 1, Jobs: 1, Next: at(.5)},
		},
		{
			scene{name: "what is left is in flight", fake: slow(time.Minute), play: jobs(1, "one.test", "two.test"), after: time.Second},
			engine.Limit{Kind: engine.LimitBacklog, Hosts: 2, Jobs: 2},
		},
	} {
		tc.show(t, func(t *testing.T, _ *run, s engine.Stats) {
			s.Limit.Next = s.Limit.Next.UTC()
			if got, want := plain(s.Limit), plain(tc.want); got != want {
				t.Errorf("limited by %v\n got %s\nwant %s", s.Limit.Kind, got, want)
			}
		})
	}
}

// plain writes a value with its types, and times without their monotonic part.
func plain(v any) string {
	switch l := v.(type) {
	case engine.Limit:
		why := plain(l.Reason)
		l.Reason = nil
		return fmt.Sprintf("%+v %s", l, why)
	}
	return fmt.Sprintf("%T%+v", v, v)
}

func TestHostsSayWhyTheyWait(t *testing.T) {
	at := func(s float64) time.Time {
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(s * float64(time.Second)))
	}
	connects := &enginetest.Scraper{Connect: func(engine.Request) time.Duration { return 20 * time.Second }}
	// probed refuses once and is slow then.
	probed := &enginetest.Scraper{
		Latency: func(r engine.Request) time.Duration {
			return time.Duration(r.Job.ID+engine.JobID(r.Attempt)-2) * time.Minute
		},
		Answer: func(r engine.Request, nth int) engine.Step {
			if nth == 1 && r.URL == "http://one.test/0" {
				return enginetest.Status(429, 3*time.Second)
			}
			return enginetest.OK(1)
		},
	}
	delayed := &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
		if r.Kind == engine.KindRobots {
			return enginetest.Rules(30 * time.Second)
		}
		return enginetest.OK(1)
	}}
	for _, tc := range []struct {
		scene
		want engine.Reason
	}{
		{scene{name: "its turn comes", play: jobs(5, "one.test"), after: 1500 * time.Millisecond}, engine.PaceWait{Next: at(2), Interval: time.Second}},
		{scene{name: "robots.txt asks for a delay", fake: delayed, play: func(r *run) {
			r.add(engine.Batch{}, withOrigin(enginetest.Jobs("one.test", 5)))
		}, after: 40 * time.Second}, engine.PaceWait{Next: at(60), Interval: 30 * time.Second, Crawl: true}},
		{scene{name: "the server asked", fake: refuses(time.Minute), play: jobs(5, "one.test"), after: time.Second}, engine.ServerAsked{Until: at(60), Asked: time.Minute, Status: 429}},
		{scene{name: "the server asked for long", fake: refuses(time.Hour), play: jobs(5, "one.test"), after: time.Second}, engine.ServerAsked{Until: at(3600), Asked: time.Hour, Status: 429, Parked: true}},
		{scene{name: "the server is busy, again", fake: refuses(0), play: jobs(5, "one.test"), after: 7 * time.Second}, engine.ServerBusy{Until: at(14), Status: 429, Refusals: 3}},
		{scene{name: "robots.txt is asked for", fake: slow(30 * time.Second), play: func(r *run) {
			r.add(engine.Batch{}, withOrigin(enginetest.Jobs("one.test", 1)))
		}, after: 5 * time.Second}, engine.RobotsWait{Origin: "http://one.test"}},
		{scene{name: "a turn is out", fake: connects, play: jobs(5, "one.test"), after: 5 * time.Second}, engine.TurnOut{Since: at(0)}},
		{scene{name: "one probe is under way", fake: probed, play: jobs(5, "one.test"), after: 10 * time.Second}, engine.Probing{}},
		{scene{name: "it is paused", play: func(r *run) {
			jobs(5, "one.test")(r)
			r.until(time.Second)
			r.Pause(r.t.Context(), engine.Selector{Host: "one.test"})
		}, after: 5 * time.Second}, engine.Paused{At: at(1), What: "host"}},
		{scene{name: "the run is paused before it was asked", play: func(r *run) {
			r.Pause(r.t.Context(), engine.Selector{All: true})
			jobs(5, "one.test")(r)
		}, after: 5 * time.Second}, engine.Paused{At: at(0), What: "run"}},
		{scene{name: "no worker is free", fake: slow(time.Minute), cfg: engine.Config{Interval: -1, Workers: 2}, play: jobs(5, "one.test"), after: time.Second}, engine.WorkersBusy{Workers: 2}},
		{scene{name: "the rate of all is capped", cfg: engine.Config{Interval: -1, Rate: 0.5}, play: jobs(5, "one.test"), after: 3 * time.Second}, engine.RateWait{Next: at(4)}},
		{scene{
			name: "all its jobs wait for retries", cfg: engine.Config{Interval: -1, Random: func() float64 { return .9 }}, play: jobs(2, "one.test"), after: 1500 * time.Millisecond,
			fake: &enginetest.Scraper{Answer: func(engine.Request, int) engine.Step { return enginetest.Status(500, 0) }},
		}, engine.RetryWait{Due: at(2.7), Class: engine.Status, Retry: 2}},
		{scene{
			name: "its retry is over", cfg: engine.Config{Interval: -1, Queue: 1, Workers: 1}, play: jobs(4, "one.test"), after: 5 * time.Second,
			fake: &enginetest.Scraper{
				Latency: func(r engine.Request) time.Duration { return time.Duration(r.Job.ID-1) * time.Minute },
				Answer:  func(engine.Request, int) engine.Step { return enginetest.Status(500, 0) },
			},
		}, engine.WorkersBusy{Workers: 1}},
		{scene{name: "nothing holds it", fake: slow(time.Minute), play: jobs(1, "one.test"), after: 5 * time.Second}, nil},
	} {
		tc.show(t, func(t *testing.T, _ *run, s engine.Stats) {
			if len(s.Hosts) != 1 {
				t.Fatalf("%d hosts, want 1", len(s.Hosts))
			}
			if got, want := plain(s.Hosts[0].Reason), plain(tc.want); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestHostsShowWhatIsUnderWay(t *testing.T) {
	scene{
		name: "two requests", fake: slow(5 * time.Second), play: jobs(9, "one.test"), after: 1500 * time.Millisecond,
	}.show(t, func(t *testing.T, r *run, s engine.Stats) {
		h := s.Hosts[0]
		if h.Phase != engine.PhaseSent || !h.Since.Equal(r.begin) || h.InFlight != 2 || h.Waiting != 7 || !h.Last.Equal(r.begin.Add(time.Second)) {
			t.Errorf("host %+v; want the older of two requests sent at the beginning, 7 waiting", h)
		}
		if len(s.Slots) != 5 {
			t.Fatalf("%d workers, want 5", len(s.Slots))
		}
		idle, second := 0, false
		for i, w := range s.Slots {
			switch {
			case w.Num != i+1:
				t.Errorf("worker %d stands at %d", w.Num, i+1)
			case w.Phase == engine.PhaseIdle && w.Job == 0:
				idle++
			case w.URL == "http://one.test/1":
				second = true
				if w.Phase != engine.PhaseSent || !w.Since.Equal(r.begin.Add(time.Second)) || w.Attempt != 1 || w.Most != 3 {
					t.Errorf("worker %+v; want it with the second request, sent after a second", w)
				}
			}
		}
		if idle != 3 || !second {
			t.Errorf("%d workers idle, the second request shown: %v; want 3, and it with whoever was free", idle, second)
		}
	})
}

func TestRatesAndHistories(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, &enginetest.Scraper{}, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 24), enginetest.Jobs("two.test", 24))
		r.until(23900 * time.Millisecond) // 24 requests to each, in six cells of 4 s
		s := r.Snapshot()
		full := engine.History{0, 0, 1, 1, 1, 1, 1, 0}
		check := func(what string, h engine.History, rate, each float64) {
			t.Helper()
			for i := range 7 {
				if h[i] != each*full[i] {
					t.Errorf("history of %s: %v, want %v of %v", what, h, each, full)
				}
			}
			if math.Abs(rate-each) > each/10 || math.Abs(h[7]-each) > each/10 {
				t.Errorf("rate of %s: %v, of its last cell %v; want %v", what, rate, h[7], each)
			}
		}
		check("the run", s.History, s.Rate, 2)
		check("one.test", s.Hosts[0].History, s.Hosts[0].Rate, 1)
		if s.Requests != 48 {
			t.Errorf("%d requests, want 48", s.Requests)
		}
		r.until(time.Minute)
		if s = r.Snapshot(); s.Rate != 0 || s.History != (engine.History{}) || s.Hosts[0].History != (engine.History{}) {
			t.Errorf("long after the end: %v, %v; want zeros", s.Rate, s.History)
		}
		r.finish()
	})
}

func TestActiveTimeIsWithoutPausesAndRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, &enginetest.Scraper{}, engine.Config{})
		all := engine.Selector{All: true}
		active := func(seconds float64) {
			t.Helper()
			synctest.Wait()
			if got, want := r.Snapshot().Active, time.Duration(seconds*float64(time.Second)); got != want {
				t.Errorf("after %v: active for %v, want %v", time.Since(r.begin), got, want)
			}
		}
		sleep := func(s int) { time.Sleep(time.Duration(s) * time.Second) }
		sleep(5)
		active(0)
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 3)) // works for 2 s, then rests
		sleep(10)
		active(2)
		r.Pause(t.Context(), all)
		sleep(10)
		active(2)
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 3)) // while it is paused
		sleep(10)
		active(2)
		r.Resume(t.Context(), all)
		sleep(1)
		active(3)
		r.Pause(t.Context(), all)
		sleep(3)
		r.Cancel(t.Context(), all) // it rests within a pause
		sleep(3)
		r.Resume(t.Context(), all)
		sleep(3)
		active(3)
		r.finish()
	})
}
