package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// A bucket is a server's rate limit as nginx's limit_req has it: rate requests
// a second, and burst beyond that at once.
type bucket struct {
	rate, burst float64
	after       time.Duration // Retry-After of a refusal; 0: none
	level       float64
	last        time.Time
	ok, refused int
}

func (b *bucket) answer(engine.Request, int) engine.Step {
	now := time.Now()
	b.level = max(0, b.level-now.Sub(b.last).Seconds()*b.rate)
	b.last = now
	if b.level+1 > b.burst+1 {
		b.refused++
		return enginetest.Status(429, b.after)
	}
	b.level++
	b.ok++
	return enginetest.OK(1)
}

// A server with a rate limit of its own is used well and hardly bothered.
func TestThrottleAIMDFindsWhatTheServerAllows(t *testing.T) {
	for _, tc := range []struct {
		name        string
		rate, burst float64
		after       time.Duration
	}{
		{name: "3.5 a second, burst 5", rate: 3.5, burst: 5},
		{name: "one in two seconds", rate: 0.5, burst: 1},
		{name: "one a second, says how long", rate: 1, burst: 1, after: 3 * time.Second},
		{name: "20 a second, burst 20", rate: 20, burst: 20},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const long = 15 * time.Minute
				b := &bucket{rate: tc.rate, burst: tc.burst, after: tc.after, last: time.Now()}
				fake := &enginetest.Scraper{Answer: b.answer, Latency: func(engine.Request) time.Duration { return 20 * time.Millisecond }}
				r := start(t, fake, engine.Config{Interval: -1, Throttle: engine.ThrottleAIMD})
				r.add(engine.Batch{}, enginetest.Jobs("one.test", 25_000))
				time.Sleep(long)
				synctest.Wait()
				share := float64(b.ok) / (tc.rate*long.Seconds() + tc.burst)
				t.Logf("%.0f%% of what it allows, %d refusals", 100*share, b.refused)
				if share < 0.80 {
					t.Errorf("%.0f%% of what the server allows, want at least 80%%", 100*share)
				}
				if b.refused > 14 {
					t.Errorf("%d refusals in 15 minutes, want at most 14", b.refused)
				}
				changes := r.Snapshot().Hosts[0].Changes
				if n := len(changes); n == 0 || n > engine.PaceChanges {
					t.Errorf("%d changes of the pace are kept, want 1 to %d", n, engine.PaceChanges)
				}
				for i, c := range changes {
					if c.Why == "" || c.Until.IsZero() == (c.From == c.To) || i > 0 && c.From != changes[i-1].To {
						t.Errorf("change %d is %+v after %+v", i, c, changes[max(i-1, 0)])
					}
				}
				r.Cancel(t.Context(), engine.Selector{All: true})
				r.finish()
			})
		})
	}
}

// gapsOf runs one host whose nth answer is given, and returns the gaps between
// its requests and the host in the end.
func gapsOf(t *testing.T, cfg engine.Config, n int, latency time.Duration, answer func(nth int) engine.Step) (gaps []time.Duration, end engine.HostStats) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		fake := &enginetest.Scraper{
			Latency: func(engine.Request) time.Duration { return latency },
			Answer: func(engine.Request, int) engine.Step {
				calls++
				step := answer(calls)
				step.Host.Latency = latency
				return step
			},
		}
		cfg.Retries = -1
		r := start(t, fake, cfg)
		r.add(engine.Batch{}, enginetest.Jobs("one.test", n))
		end = r.finish().Hosts[0]
		starts := r.starts("one.test")
		for i := 1; i < len(starts); i++ {
			gaps = append(gaps, starts[i]-starts[i-1])
		}
	})
	return gaps, end
}

func TestThrottleAIMDByTheNumbers(t *testing.T) {
	ok := func(int) engine.Step { return enginetest.OK(1) }
	refuseAt := func(at ...int) func(int) engine.Step {
		return func(nth int) engine.Step {
			if slices.Contains(at, nth) {
				return enginetest.Status(429, time.Millisecond) // hardly a block: only the throttle speaks
			}
			return enginetest.OK(1)
		}
	}
	const ms = time.Millisecond
	for _, tc := range []struct {
		name   string
		cfg    engine.Config
		n      int
		answer func(int) engine.Step
		gap    map[int]time.Duration // by number, from 1
		last   time.Duration         // what its last change was to; 0: not looked at
	}{
		{
			name: "starts at one a second and grows by half with ten good answers",
			cfg:  engine.Config{Interval: -1, Throttle: engine.ThrottleAIMD}, n: 40, answer: ok,
			gap: map[int]time.Duration{1: 1000 * ms, 9: 1000 * ms, 10: 1000 * ms * 2 / 3, 20: 444444444, 30: 296296296},
		},
		{
			name: "never faster than the operator's interval",
			cfg:  engine.Config{Interval: 500 * ms, Throttle: engine.ThrottleAIMD}, n: 40, answer: ok,
			gap: map[int]time.Duration{1: 500 * ms, 39: 500 * ms},
		},
		{
			name: "cuts to 0.7 of the rate, holds for 15 s, then creeps",
			cfg:  engine.Config{}, n: 40, answer: refuseAt(1),
			// 11 gaps of 1.43 s until the hold is over, then ten good answers
			gap: map[int]time.Duration{1: 1428571428, 20: 1428571428, 21: 1360544217, 31: 1295756397},
		},
		{
			name: "and back to the interval, no further",
			cfg:  engine.Config{}, n: 140, answer: refuseAt(1),
			gap: map[int]time.Duration{1: 1428571428, 139: time.Second}, last: time.Second,
		},
		{
			name: "is at most 60 s",
			cfg:  engine.Config{}, n: 8, answer: refuseAt(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
			gap: map[int]time.Duration{1: 1428571428, 14: time.Minute, 15: time.Minute}, last: time.Minute,
		},
		{
			name: "a page that is broken is no refusal",
			cfg:  engine.Config{}, n: 10,
			answer: func(int) engine.Step { return enginetest.Status(503, 0) },
			gap:    map[int]time.Duration{1: time.Second, 9: time.Second},
		},
		{
			name: "does nothing where it is off",
			cfg:  engine.Config{Throttle: engine.ThrottleOff}, n: 10, answer: refuseAt(1, 3),
			gap: map[int]time.Duration{1: time.Second, 9: time.Second},
		},
		{
			name: "is off by default where there is no interval",
			cfg:  engine.Config{Interval: -1, Workers: 1}, n: 5, answer: refuseAt(1),
			gap: map[int]time.Duration{2: 0, 4: 0},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			gaps, end := gapsOf(t, tc.cfg, tc.n, 0, tc.answer)
			for i, want := range tc.gap {
				if got := gaps[i-1]; got != want {
					t.Errorf("gap %d is %v, want %v; all: %v", i, got, want, gaps)
				}
			}
			if n := len(end.Changes); tc.last != 0 && (n == 0 || end.Changes[n-1].To != tc.last) {
				t.Errorf("changes %+v, want the last one to %v", end.Changes, tc.last)
			}
		})
	}
}

// Five requests are out when the host begins to refuse: that is one incident.
func TestThrottleAIMDCutsOncePerIncident(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{
			Latency: func(engine.Request) time.Duration { return 4500 * time.Millisecond },
			Answer: func(_ engine.Request, nth int) engine.Step {
				if nth == 1 {
					return enginetest.Status(429, time.Second)
				}
				return enginetest.OK(1)
			},
		}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 5))
		s := r.finish()
		// Five refusals, each asking for a second from then on.
		c := s.Hosts[0].Changes
		if len(c) != 2 || c[0].Until.Sub(c[0].At) != 5*time.Second || c[1].From != time.Second || c[1].To == c[1].From || c[1].Why != "answered 429" {
			t.Errorf("changes %+v, want one block of 5s and one cut from 1s", c)
		}
	})
}

func TestThrottleLatencyFollowsTheAnswers(t *testing.T) {
	cfg := engine.Config{Interval: -1, Throttle: engine.ThrottleLatency}
	for _, tc := range []struct {
		name    string
		latency time.Duration
		answer  func(int) engine.Step
		want    []time.Duration
		last    time.Duration
	}{
		{
			// The first answer comes before the second request, and so on.
			name: "down to the latency, by halves", latency: time.Second,
			answer: func(int) engine.Step { return enginetest.OK(1) },
			want:   seconds(3, 2, 1.5, 1.25, 1.125), last: 1031250000,
		},
		{
			name: "a bad answer never lowers the delay", latency: time.Second,
			answer: func(int) engine.Step { return enginetest.Status(404, 0) },
			want:   seconds(5, 5, 5, 5, 5), last: 5 * time.Second,
		},
		{
			name: "but raises it, to at most 60 s", latency: 100 * time.Second,
			answer: func(int) engine.Step { return enginetest.Status(404, 0) },
			want:   seconds(5, 5, 5, 5), last: time.Minute,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			gaps, end := gapsOf(t, cfg, 7, tc.latency, tc.answer)
			if got, want := fmt.Sprint(gaps[:len(tc.want)]), fmt.Sprint(tc.want); got != want {
				t.Errorf("gaps %s, want %s", got, want)
			}
			if end.Interval != tc.last {
				t.Errorf("the interval ends at %v, want %v", end.Interval, tc.last)
			}
		})
	}
}

func TestParseThrottle(t *testing.T) {
	for _, want := range []engine.Throttle{engine.ThrottleOff, engine.ThrottleAIMD, engine.ThrottleLatency} {
		if got, err := engine.ParseThrottle(want.String()); err != nil || got != want {
			t.Errorf("ParseThrottle(%q) = %v, %v", want, got, err)
		}
	}
	if got, err := engine.ParseThrottle(""); err != nil || got != engine.ThrottleDefault {
		t.Errorf("ParseThrottle of nothing = %v, %v; want the default", got, err)
	}
	for _, bad := range []string{"default", "AIMD", "fast"} {
		if _, err := engine.ParseThrottle(bad); err == nil {
			t.Errorf("ParseThrottle(%q) = nil, want an error", bad)
		}
	}
}

// A host that says that nothing remains is left alone until its reset, though
// it has not refused anything: it is not slowed, and no retry is spent.
func TestQuotaSpentBlocksUntilTheReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
			step := enginetest.OK(1)
			if r.URL == "http://one.test/1" {
				step.Host.QuotaReset = 30 * time.Second
			}
			return step
		}}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 4))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		h := r.Snapshot().Hosts[0]
		if why, ok := h.Reason.(engine.QuotaSpent); !ok || !why.Until.Equal(r.begin.Add(31*time.Second)) || why.Parked {
			t.Errorf("the host waits for %#v, want its quota at 31s", h.Reason)
		}
		s := r.finish()
		want(t, "starts", r.starts("one.test"), seconds(0, 1, 31, 32))
		if s.Counts.OK != 4 || s.Retried != 0 || len(s.Hosts[0].Changes) != 1 || s.Hosts[0].Changes[0].Why != "quota spent" {
			t.Errorf("counts %+v, %d retries, changes %v", s.Counts, s.Retried, s.Hosts[0].Changes)
		}
	})
}

// A refusal that names no time, of a host whose quota names one.
func TestRefusalTakesItsTimeFromTheQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(_ engine.Request, nth int) engine.Step {
			if nth > 1 {
				return enginetest.OK(1)
			}
			step := enginetest.Status(429, 0)
			step.Host.QuotaReset = 20 * time.Second
			return step
		}}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 1))
		r.finish()
		want(t, "starts", r.starts("one.test"), seconds(0, 20))
	})
}
