package engine_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// A weather is a scraper whose answers are drawn from a seed: the same for the
// same URL, attempt and hop, whatever else happens. Some hosts are down for a
// while. It keeps a log of what it was asked.
type weather struct {
	enginetest.Scraper
	seed   uint64
	begin  time.Time
	mortal bool // some robots.txt and hosts never answer

	mu   sync.Mutex
	asks []*ask
}

// An ask is one call of Do: a request, or an attempt at one.
type ask struct {
	engine.Request
	stubborn bool // it does not end with its context
	ctx      context.Context

	began time.Time // when Do was called
	start time.Time // when the headers were written; zero: they were not yet, or never
	ended time.Time // when Do returned; zero: it has not
	step  engine.Step

	written bool // the witness has judged its start
}

func newWeather(seed uint64, mortal bool) *weather {
	w := &weather{seed: seed, begin: time.Now(), mortal: mortal}
	w.Answer = w.answer
	w.Connect = func(r engine.Request) time.Duration {
		if rng := w.draw("dial", r); rng.IntN(4) == 0 && !w.stubborn(r) {
			return time.Duration(rng.IntN(400)) * time.Millisecond
		}
		return 0
	}
	w.Latency = func(r engine.Request) time.Duration {
		rng := w.draw("latency", r)
		switch n := rng.IntN(10); {
		case n < 6:
			return 0
		case n < 9:
			return time.Duration(rng.IntN(2000)) * time.Millisecond
		}
		return 5 * time.Second
	}
	return w
}

// draw returns the numbers of one request.
func (w *weather) draw(what string, r engine.Request) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprint(h, what, r.Kind, r.URL, r.Origin, r.Attempt, len(r.Hops))
	return rand.New(rand.NewPCG(w.seed, h.Sum64()))
}

// stubborn reports whether a transport does not let go when it is told to.
func (w *weather) stubborn(r engine.Request) bool { return w.draw("stubborn", r).IntN(12) == 0 }

// down reports whether a host is down now. One in four is so for a while.
func (w *weather) down(host string) bool {
	rng := w.draw("down", engine.Request{Host: host, URL: host})
	if rng.IntN(4) > 0 {
		return false
	}
	from := time.Duration(rng.IntN(20)) * time.Second
	to := from + time.Duration(1+rng.IntN(150))*time.Second
	if w.mortal && rng.IntN(3) == 0 {
		to = 1000 * time.Hour
	}
	now := time.Since(w.begin)
	return from <= now && now < to
}

// Do implements [engine.Scraper].
func (w *weather) Do(ctx context.Context, r engine.Request) engine.Step {
	a := &ask{Request: r, ctx: ctx, began: time.Now(), stubborn: w.stubborn(r)}
	w.mu.Lock()
	w.asks = append(w.asks, a)
	w.mu.Unlock()
	r.Report = func(p engine.Phase) {
		if p == engine.PhaseSent {
			w.mu.Lock()
			a.start = time.Now()
			w.mu.Unlock()
		}
		a.Report(p)
	}
	doing := ctx
	if a.stubborn {
		doing = context.WithoutCancel(ctx)
	}
	step := w.do(doing, r)
	w.mu.Lock()
	defer w.mu.Unlock()
	a.ended, a.step = time.Now(), step
	return step
}

// do lets some requests get no further than to a connection.
func (w *weather) do(ctx context.Context, r engine.Request) engine.Step {
	rng := w.draw("connect", r)
	refused := rng.IntN(12) == 0 && (r.Kind == engine.KindPage || w.mortal) // the draw is the same for each robots.txt of an origin
	if w.down(r.Host) || refused {
		r.Report(engine.PhaseConnect)
		select {
		case <-time.After(time.Duration(rng.IntN(1500)) * time.Millisecond):
		case <-ctx.Done():
		}
		return enginetest.Fail(engine.Connect, "connection refused")
	}
	return w.Scraper.Do(ctx, r)
}

// log returns what was asked from the nth on. It may be read while nothing runs.
func (w *weather) log(from int) []*ask {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asks[from:len(w.asks):len(w.asks)]
}

// job returns a job of a host. Those of h3 and up have a robots.txt.
func (w *weather) job(host string, n int) engine.Job {
	j := enginetest.Job(host, 1000*int(w.seed)+n)
	if host > "h2.test" {
		j.Origin = "http://" + host
	}
	return j
}

func (w *weather) answer(r engine.Request, nth int) engine.Step {
	rng := w.draw("answer", r)
	n := rng.IntN(100)
	if r.Kind == engine.KindRobots {
		switch {
		case n < 50, n < 80 && nth > 2, !w.mortal && nth > 5:
			return enginetest.Rules(0)
		case n < 60:
			return enginetest.Rules(time.Duration(1+rng.IntN(4)) * time.Second)
		case n < 70:
			return enginetest.Status(429, 2*time.Second)
		}
		return enginetest.Fail(engine.Reset, "cut")
	}
	switch {
	case n < 8:
		return engine.Step{Result: &engine.Result{Outcome: engine.Empty, Status: 200}, Host: engine.HostHint{Status: 200}}
	case n < 18:
		return enginetest.Status(404, 0)
	case n < 25:
		return enginetest.Status(503, 0)
	case n < 26:
		return enginetest.Status(503, time.Duration(1+rng.IntN(5))*time.Second)
	case n < 30:
		after := time.Duration(1+rng.IntN(5)) * time.Second
		if rng.IntN(10) == 0 {
			after = 400 * time.Second // it is parked
		}
		return enginetest.Status(429, after)
	case n < 34:
		return enginetest.Status(429, 0)
	case n < 44 && len(r.Hops) < 3:
		host := r.Host
		if w.seed%2 == 0 && rng.IntN(2) == 0 {
			host = fmt.Sprintf("h%d.test", rng.IntN(6)) // the sixth has no job of its own
		}
		step := enginetest.Hop(r, fmt.Sprintf("http://%s/moved/%d", host, rng.IntN(1000)), host)
		if r.Origin != "" {
			step.Again.Origin = "http://" + host
		}
		if w.seed%2 == 0 && rng.IntN(4) == 0 {
			step.After = 700 * time.Millisecond
		}
		return step
	case n < 50:
		step := enginetest.OK(1)
		for i := range 3 {
			host := r.Job.Host
			if rng.IntN(6) == 0 {
				host = fmt.Sprintf("h%d.test", rng.IntN(5))
			}
			if r.Job.Depth < 3 {
				step.Result.Links = append(step.Result.Links, w.job(host, 100*(1+r.Job.Depth)+i))
			}
		}
		return step
	case n < 54:
		step := enginetest.OK(1)
		step.Host.QuotaReset = time.Duration(1+rng.IntN(8)) * time.Second
		if rng.IntN(10) == 0 {
			step.Host.QuotaReset = 400 * time.Second
		}
		return step
	}
	return enginetest.OK(1)
}
