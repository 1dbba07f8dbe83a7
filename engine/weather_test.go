package engine_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// A weather is a scraper whose answers are drawn from a seed: the same for the
// same URL, attempt and hop, whatever else happens.
type weather struct {
	enginetest.Scraper
	seed uint64
}

func newWeather(seed uint64) *weather {
	w := &weather{seed: seed}
	w.Answer = w.answer
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

// Do implements [engine.Scraper]: some requests never get as far as a
// connection.
func (w *weather) Do(ctx context.Context, r engine.Request) engine.Step {
	if rng := w.draw("connect", r); rng.IntN(12) == 0 {
		r.Report(engine.PhaseConnect)
		select {
		case <-time.After(time.Duration(rng.IntN(1500)) * time.Millisecond):
		case <-ctx.Done():
		}
		return enginetest.Fail(engine.Connect, "connection refused")
	}
	return w.Scraper.Do(ctx, r)
}

func (w *weather) answer(r engine.Request, nth int) engine.Step {
	rng := w.draw("answer", r)
	n := rng.IntN(100)
	if r.Kind == engine.KindRobots {
		switch {
		case n < 60, n < 80 && nth > 2:
			return enginetest.Rules(0)
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
	case n < 26:
		return enginetest.Status(503, 0)
	case n < 30:
		return enginetest.Status(429, time.Duration(1+rng.IntN(5))*time.Second)
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
			step.Result.Links = append(step.Result.Links, enginetest.Job(r.Job.Host, 100*r.Job.Depth+i))
		}
		return step
	}
	return enginetest.OK(1)
}
