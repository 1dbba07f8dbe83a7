package engine_test

import (
	"fmt"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// downUntil answers nothing for a host before a time since the beginning, and
// everything of the others.
func downUntil(host string, up time.Duration, c engine.Class) *enginetest.Scraper {
	begin := time.Now()
	return &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
		switch {
		case r.Host == host && time.Since(begin) < up:
			return enginetest.Fail(c, "no answer")
		case r.Kind == engine.KindRobots:
			return enginetest.Rules(0)
		}
		return enginetest.OK(1)
	}}
}

// forEver is longer than any test.
const forEver = 1000 * time.Hour

func TestBreakerParksAHostThatCannotBeReached(t *testing.T) {
	for _, class := range []engine.Class{engine.Timeout, engine.DNS, engine.Connect, engine.TLS, engine.Reset} {
		t.Run(string(class), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, downUntil("one.test", 100*time.Second, class), engine.Config{Queue: 20})
				r.add(engine.Batch{}, enginetest.Jobs("one.test", 50))
				r.until(10 * time.Second)
				s := r.Snapshot()
				until := r.begin.Add(34 * time.Second)
				if why := s.Hosts[0].Reason; why != (engine.HostDown{Until: until, Class: class, Failures: 5}) {
					t.Errorf("the host waits for %#v, want a probe at 34s", why)
				}
				if s.Limit.Kind != engine.LimitParked || !s.Limit.Next.Equal(until) {
					t.Errorf("limited by %v until %v, want a parked host until 34s", s.Limit.Kind, s.Limit.Next)
				}
				if s.QueueLen != 0 || s.Busy != 0 || s.Counts.Left() != 50 {
					t.Errorf("%d queued, %d workers busy, %d jobs left; want 0, 0, 50", s.QueueLen, s.Busy, s.Counts.Left())
				}
				r.until(50 * time.Second)
				if why, _ := r.Snapshot().Hosts[0].Reason.(engine.HostDown); why.Probes != 1 || why.Failures != 6 || !why.Until.Equal(r.begin.Add(94*time.Second)) {
					t.Errorf("after a probe in vain it waits for %+v, want the second at 94s", why)
				}
				s = r.finish()
				want(t, "starts", r.starts("one.test")[:10], seconds(0, 1, 2, 3, 4, 34, 94, 214, 215, 216))
				if s.Counts.OK != 50 {
					t.Errorf("%+v; want 50 ok: a probe spends no retry", s.Counts)
				}
			})
		})
	}
}

// Nobody watches: after three probes in vain all jobs of the host fail at once.
func TestBreakerGivesUpAfterThreeProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, downUntil("one.test", forEver, engine.Connect), engine.Config{GiveUp: true})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 30), enginetest.Jobs("two.test", 3))
		s := r.finish()
		want(t, "starts", r.starts("one.test"), seconds(0, 1, 2, 3, 4, 34, 94, 214))
		want(t, "starts of the other", r.starts("two.test"), seconds(0, 1, 2))
		if got := r.at.Sub(r.begin); got != 215*time.Second {
			t.Errorf("took %v, want 215s: the rest fails in the next turn, all at once", got)
		}
		if s.Counts.Failed != 30 || s.Counts.OK != 3 {
			t.Errorf("%+v; want 30 failed, 3 ok", s.Counts)
		}
		rs, _ := r.Results(t.Context(), engine.Query{Host: "one.test"})
		asked := 0
		for _, res := range rs {
			if res.Class != engine.Connect {
				t.Errorf("%s: class %q, want connect", res.URL, res.Class)
			}
			if asked += res.Attempts; res.Attempts == 0 && res.Error != "host unreachable: no answer" {
				t.Errorf("%s: %q", res.URL, res.Error)
			}
		}
		if asked != 8 {
			t.Errorf("%d attempts in the results, want the 8 requests", asked)
		}
	})
}

// With somebody to watch it is probed on, at most ten minutes apart.
func TestBreakerProbesOnWhileSomebodyWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, downUntil("one.test", forEver, engine.Connect), engine.Config{Retries: -1})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 6))
		r.until(time.Hour)
		want(t, "starts", r.starts("one.test"), seconds(0, 1, 2, 3, 4, 34, 94, 214, 454, 934, 1534, 2134, 2734, 3334))
		// Four failed before the breaker opened; no probe costs a job.
		if c := r.Snapshot().Counts; c.Failed != 4 || c.Left() != 2 {
			t.Errorf("%+v; want 4 failed and 2 left", c)
		}
		if s := r.ends(); s.Counts.Cancelled != 2 {
			t.Errorf("%+v; want 2 cancelled", s.Counts)
		}
	})
}

// An answer of any kind closes it, and what failed before does not count.
func TestBreakerIsClosedByAnyAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		fake := &enginetest.Scraper{Answer: func(engine.Request, int) engine.Step {
			if n++; n%5 == 0 {
				return enginetest.Status(404, 0)
			}
			return enginetest.Fail(engine.Connect, "refused")
		}}
		r := start(t, fake, engine.Config{Retries: -1})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 40))
		r.finish()
		var at []float64
		for i := range 40 {
			at = append(at, float64(i))
		}
		want(t, "starts", r.starts("one.test"), seconds(at...))
	})
}

// An answer to a request from before it opened says that the host is there.
func TestBreakerIsClosedByALateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{
			Latency: func(r engine.Request) time.Duration {
				if r.Job.ID == 1 {
					return 20 * time.Second
				}
				return 0
			},
			Answer: func(r engine.Request, nth int) engine.Step {
				if nth == 1 && r.Job.ID > 1 && r.Job.ID < 7 {
					return enginetest.Fail(engine.Reset, "cut")
				}
				return enginetest.OK(1)
			},
		}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 9))
		r.finish()
		want(t, "starts", r.starts("one.test"), seconds(0, 1, 2, 3, 4, 5, 20, 21, 22, 23, 24, 25, 26, 27))
	})
}

// One that is slow to answer is no longer asked one at a time when it does.
func TestBreakerThatClosedLetsMoreThanOneThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := downUntil("one.test", 20*time.Second, engine.Connect)
		fake.Latency = func(engine.Request) time.Duration {
			if time.Since(fake.Calls()[0].At) < 30*time.Second {
				return 0
			}
			return 2500 * time.Millisecond
		}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 9))
		r.finish()
		want(t, "starts", r.starts("one.test")[5:9], seconds(34, 36.5, 37.5, 38.5))
	})
}

// A connection that is cut after its headers came was one.
func TestBreakerCountsNoAnswerThatWasCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(engine.Request, int) engine.Step {
			step := enginetest.Fail(engine.Reset, "cut")
			step.Host.Status = 200
			return step
		}}
		r := start(t, fake, engine.Config{Retries: -1})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 9))
		r.finish()
		want(t, "starts", r.starts("one.test"), seconds(0, 1, 2, 3, 4, 5, 6, 7, 8))
	})
}

// A job that is on its way to another host goes on though its own is parked.
func TestBreakerLeavesJobsBetweenTwoStepsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
			switch {
			case r.Host == "two.test":
				return enginetest.OK(1)
			case r.Job.ID == 1:
				step := enginetest.Hop(r, "http://two.test/moved", "two.test")
				step.After = 20 * time.Second
				return step
			}
			return enginetest.Fail(engine.Connect, "refused")
		}}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 9))
		r.until(25 * time.Second)
		want(t, "starts at one.test", r.starts("one.test"), seconds(0, 1, 2, 3, 4, 5))
		want(t, "starts at two.test", r.starts("two.test"), seconds(20))
		r.ends()
	})
}

// Ten requests are out when the host goes away: that is one incident.
func TestBreakerOpensOncePerIncident(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{
			Latency: func(engine.Request) time.Duration { return 20 * time.Second },
			Answer:  func(engine.Request, int) engine.Step { return enginetest.Fail(engine.Timeout, "no answer") },
		}
		r := start(t, fake, engine.Config{Workers: 10})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 60))
		// They start at 0 to 9 s and fail at 20 to 29 s; as places become
		// free, four more start before the fifth failure, at 24 s.
		r.until(53 * time.Second)
		want(t, "starts", len(r.starts("one.test")), 14)
		h := r.Snapshot().Hosts[0]
		if why, _ := h.Reason.(engine.HostDown); why.Failures != 5 || why.Probes != 0 || !why.Until.Equal(r.begin.Add(54*time.Second)) {
			t.Errorf("the host waits for %+v, want the first probe at 54s", h.Reason)
		}
		r.until(70 * time.Second)
		if n := r.Snapshot().Hosts[0].InFlight; n != 1 {
			t.Errorf("%d requests in flight, want one probe", n)
		}
		r.ends()
	})
}

// p on a parked host: the next request probes it now.
func TestResumeOfAHostThatIsDownProbesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, downUntil("one.test", 10*time.Second, engine.Connect), engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 6))
		sel := engine.Selector{Host: "one.test"}
		r.until(5 * time.Second)
		d, err := r.Resume(t.Context(), sel)
		if err != nil || d.Action != engine.ActProbe {
			t.Errorf("Resume = %+v, %v", d, err)
		}
		r.until(12 * time.Second)
		r.did(mustResume(r, sel), nil, 0, 0, 0)
		r.until(12500 * time.Millisecond)
		r.nothing(r.Resume(t.Context(), sel)) // it answers
		r.finish()
		want(t, "starts", r.starts("one.test"), seconds(0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17))
	})
}

func mustResume(r *run, sel engine.Selector) engine.Done {
	r.t.Helper()
	d, err := r.Resume(r.t.Context(), sel)
	if err != nil {
		r.t.Errorf("resume %s: %v", label(sel), err)
	}
	return d
}

// A retry by hand of what was given up asks the host again.
func TestRetryOfWhatWasGivenUpAsksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, downUntil("one.test", 300*time.Second, engine.Connect), engine.Config{GiveUp: true})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 6))
		r.until(301 * time.Second)
		d, err := r.Retry(t.Context(), engine.Selector{All: true})
		r.did(d, err, 6, 0, 0)
		if s := r.finish(); s.Counts.OK != 6 {
			t.Errorf("%+v; want 6 ok", s.Counts)
		}
		want(t, "took", r.at.Sub(r.begin), 306*time.Second)
	})
}

// What waits for a long time leaves the queue to others.
func TestParkedHostsHoldNoPlaceInTheQueue(t *testing.T) {
	quota := func() engine.Step {
		step := enginetest.OK(1)
		step.Host.QuotaReset = time.Hour
		return step
	}
	for _, tc := range []struct {
		name   string
		answer func() engine.Step
		queued int // jobs of one.test in the queue while it waits
	}{
		{"asked for an hour", func() engine.Step { return enginetest.Status(429, time.Hour) }, 0},
		{"asked for a minute: it keeps its share", func() engine.Step { return enginetest.Status(429, time.Minute) }, 10},
		{"its quota is spent for an hour", quota, 0},
		{"cannot be reached", func() engine.Step { return enginetest.Fail(engine.Connect, "refused") }, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
					if r.Host == "one.test" {
						return tc.answer()
					}
					return enginetest.OK(1)
				}}
				r := start(t, fake, engine.Config{Queue: 20})
				r.add(engine.Batch{}, enginetest.Jobs("one.test", 100), enginetest.Jobs("two.test", 100))
				r.until(10500 * time.Millisecond)
				s := r.Snapshot()
				r.balanced(s)
				if s.QueueLen != 20 || s.Counts.Queued != 20 {
					t.Errorf("%d in the queue, want 20", s.QueueLen)
				}
				one := 0
				for id, j := range replica(r) {
					if j.Place == engine.Queued && id <= 100 {
						one++
					}
				}
				if one != tc.queued {
					t.Errorf("%d of one.test are queued, want %d", one, tc.queued)
				}
				r.ends()
			})
		})
	}
}

// Nor do they count in what the others are due.
func TestParkedHostsHaveNoShareOfTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
			if r.Host == "one.test" {
				return enginetest.Status(429, time.Hour)
			}
			return enginetest.OK(1)
		}}
		r := start(t, fake, engine.Config{Queue: 20})
		id := r.add(engine.Batch{}, enginetest.Jobs("one.test", 10), enginetest.Jobs("two.test", 100))
		r.until(1500 * time.Millisecond)
		r.add(engine.Batch{ID: id}, enginetest.Jobs("three.test", 100))
		r.until(1600 * time.Millisecond)
		queued := map[string]int{}
		for _, j := range replica(r) {
			if j.Place == engine.Queued {
				queued[j.Host]++
			}
		}
		want(t, "queued", queued, map[string]int{"two.test": 10, "three.test": 10})
		r.ends()
	})
}

// replica returns what a new screen is told of all jobs.
func replica(r *run) map[engine.JobID]engine.JobState {
	sub := r.Subscribe(engine.SubscribeOptions{})
	defer sub.Close()
	all := map[engine.JobID]engine.JobState{}
	merge(sub, all)
	return all
}

// robotsThat answers the nth request for robots.txt so, and every page well.
func robotsThat(answer func(nth int) engine.Step) *enginetest.Scraper {
	return &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
		if r.Kind == engine.KindRobots {
			return answer(nth)
		}
		return enginetest.OK(1)
	}}
}

// A server whose robots.txt is out of order: its pages may not be asked for
// (RFC 9309, 2.3.1.4) until it is read, five minutes apart.
func TestRobotsOutOfOrderParksTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := robotsThat(func(nth int) engine.Step {
			if nth <= 4 {
				return enginetest.Status(503, 0)
			}
			return enginetest.Rules(0)
		})
		r := start(t, fake, engine.Config{Queue: 10})
		r.add(engine.Batch{}, withOrigin(enginetest.Jobs("one.test", 15)))
		r.until(10 * time.Second)
		s := r.Snapshot()
		until := r.begin.Add(302 * time.Second)
		if why := s.Hosts[0].Reason; why != (engine.RobotsDown{Until: until, Origin: "http://one.test", Class: engine.Status, Status: 503}) {
			t.Errorf("the host waits for %#v, want robots.txt at 302s", why)
		}
		if s.Limit.Kind != engine.LimitRobots || !s.Limit.Next.Equal(until) || s.QueueLen != 0 {
			t.Errorf("limited by %v until %v, %d queued; want robots.txt until 302s and none", s.Limit.Kind, s.Limit.Next, s.QueueLen)
		}
		s = r.finish()
		want(t, "starts", r.starts("one.test")[:6], seconds(0, 1, 2, 302, 602, 603))
		if s.Counts.OK != 15 {
			t.Errorf("%+v; want 15 ok", s.Counts)
		}
	})
}

func TestRobotsOutOfOrderIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := robotsThat(func(int) engine.Step { return enginetest.Status(503, 0) })
		r := start(t, fake, engine.Config{GiveUp: true})
		r.add(engine.Batch{}, withOrigin(enginetest.Jobs("one.test", 30)), enginetest.Jobs("two.test", 2))
		s := r.finish()
		want(t, "starts", r.starts("one.test"), seconds(0, 1, 2, 302, 602, 902))
		if s.Counts.Failed != 30 || s.Counts.OK != 2 || r.at.Sub(r.begin) != 903*time.Second {
			t.Errorf("%+v after %v; want 30 failed and 2 ok after 903s", s.Counts, r.at.Sub(r.begin))
		}
		rs, _ := r.Results(t.Context(), engine.Query{Host: "one.test"})
		for _, res := range rs {
			if res.Class != engine.Status || res.Status != 503 || res.Error != "robots.txt: status 503" || res.Attempts != 0 {
				t.Errorf("%s: %s %d %q after %d attempts", res.URL, res.Class, res.Status, res.Error, res.Attempts)
			}
		}
	})
}

// Somebody watches: it is asked for as long as it takes.
func TestRobotsOutOfOrderIsAskedOnWhileSomebodyWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, robotsThat(func(int) engine.Step { return enginetest.Status(503, 0) }), engine.Config{})
		r.add(engine.Batch{}, withOrigin(enginetest.Jobs("one.test", 3)))
		r.until(2000 * time.Second)
		want(t, "starts", r.starts("one.test"), seconds(0, 1, 2, 302, 602, 902, 1202, 1502, 1802))
		if c := r.Snapshot().Counts; c.Left() != 3 {
			t.Errorf("%+v; want 3 left", c)
		}
		r.ends()
	})
}

// Once it is read, earlier troubles are forgotten.
func TestRobotsThatIsOutOfOrderNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := robotsThat(func(nth int) engine.Step {
			if nth%4 != 0 {
				return enginetest.Status(503, 0)
			}
			step := enginetest.Rules(0)
			step.Robots.Fresh = 10 * time.Second
			return step
		})
		r := start(t, fake, engine.Config{GiveUp: true})
		r.add(engine.Batch{}, withOrigin(enginetest.Jobs("one.test", 60)))
		if s := r.finish(); s.Counts.OK != 60 {
			t.Errorf("%+v; want 60 ok", s.Counts)
		}
	})
}

// A retry by hand asks for robots.txt again, though it was given up.
func TestRetryAsksForRobotsThatWasGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := robotsThat(func(nth int) engine.Step {
			if nth <= 6 {
				return enginetest.Status(503, 0)
			}
			return enginetest.Rules(0)
		})
		r := start(t, fake, engine.Config{GiveUp: true})
		r.add(engine.Batch{}, withOrigin(enginetest.Jobs("one.test", 3)))
		r.until(950 * time.Second)
		d, err := r.Retry(t.Context(), engine.Selector{All: true})
		r.did(d, err, 3, 0, 0)
		if s := r.finish(); s.Counts.OK != 3 || r.at.Sub(r.begin) != 953*time.Second {
			t.Errorf("%+v after %v; want 3 ok after 953s", s.Counts, r.at.Sub(r.begin))
		}
	})
}

// What no retry mends is not waited for.
func TestRobotsThatNobodyMayReadFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := robotsThat(func(int) engine.Step { return enginetest.Fail(engine.Blocked, "a private address") })
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, withOrigin(enginetest.Jobs("one.test", 5)))
		if s := r.finish(); s.Counts.Failed != 5 || r.at.Sub(r.begin) != time.Second {
			t.Errorf("%+v after %v; want 5 failed in the next turn", s.Counts, r.at.Sub(r.begin))
		}
	})
}

// The job for which robots.txt is asked pays for it; then the next one asks,
// until the breaker opens. The probes are for robots.txt too.
func TestBreakerCountsRobots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, downUntil("one.test", forEver, engine.Connect), engine.Config{GiveUp: true})
		r.add(engine.Batch{}, withOrigin(enginetest.Jobs("one.test", 30)))
		r.until(20 * time.Second)
		if c := r.Snapshot().Counts; c.Failed != 1 || c.Left() != 29 {
			t.Errorf("%+v; want one failed, and 29 that wait for the host", c)
		}
		s := r.finish()
		want(t, "robots.txt was asked for", r.starts("one.test"), seconds(0, 1, 2, 3, 4, 34, 94, 214))
		if s.Counts.Failed != 30 || r.at.Sub(r.begin) != 215*time.Second {
			t.Errorf("%+v after %v; want 30 failed after 215s", s.Counts, r.at.Sub(r.begin))
		}
		rs, _ := r.Results(t.Context(), engine.Query{})
		for i, res := range rs {
			want := "host unreachable: no answer"
			if i == 0 {
				want = "robots.txt: no answer"
			}
			if res.Class != engine.Connect || res.Error != want || res.Attempts != 0 {
				t.Errorf("%s: %s %q, want %q", res.URL, res.Class, res.Error, want)
			}
		}
	})
}

// A list with one URL of a host that is gone ends in seconds.
func TestOneURLOfAHostThatIsDownFailsSoon(t *testing.T) {
	for _, list := range []func(iter.Seq2[engine.Job, error]) iter.Seq2[engine.Job, error]{
		withOrigin,
		func(jobs iter.Seq2[engine.Job, error]) iter.Seq2[engine.Job, error] { return jobs },
	} {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, downUntil("one.test", forEver, engine.DNS), engine.Config{})
			r.add(engine.Batch{}, list(enginetest.Jobs("one.test", 1)))
			if s := r.finish(); s.Counts.Failed != 1 || r.at.Sub(r.begin) > 3*time.Second {
				t.Errorf("%+v after %v; want it failed within 3s", s.Counts, r.at.Sub(r.begin))
			}
			want(t, "starts", r.starts("one.test"), seconds(0, 1, 2))
		})
	}
}

// Every change of a pace is kept, whoever made it.
func TestPaceChangesNameTheirReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := robotsThat(func(int) engine.Step { return enginetest.Rules(3 * time.Second) })
		pages := fake.Answer
		fake.Answer = func(r engine.Request, nth int) engine.Step {
			if r.URL == "http://one.test/1" && nth == 1 {
				return enginetest.Status(429, 20*time.Second)
			}
			return pages(r, nth)
		}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, withOrigin(enginetest.Jobs("one.test", 5)))
		r.until(8 * time.Second)
		ctx := t.Context()
		if _, err := r.SetInterval(ctx, engine.Selector{Host: "one.test"}, 10*time.Second); err != nil {
			t.Fatal(err)
		}
		r.undo(engine.ActInterval)
		if _, err := r.SetInterval(ctx, engine.Selector{All: true}, 7*time.Second); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range r.Snapshot().Hosts[0].Changes {
			at := c.At.Sub(r.begin)
			if !c.Until.IsZero() {
				got = append(got, fmt.Sprintf("%v none for %v: %s", at, c.Until.Sub(c.At), c.Why))
				continue
			}
			got = append(got, fmt.Sprintf("%v %v to %v: %s", at, c.From, c.To.Round(time.Millisecond), c.Why))
		}
		want(t, "changes", got, []string{
			"0s 1s to 3s: robots.txt asks for it",
			"6s none for 20s: answered 429",
			"6s 3s to 4.286s: answered 429",
			"8s 4.285714285s to 10s: set by the operator",
			"8s 10s to 4.286s: set by the operator",
			"8s 4.285714285s to 7s: set by the operator",
		})
		r.ends()
	})
}
