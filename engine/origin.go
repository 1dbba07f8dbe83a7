package engine

import (
	"context"
	"time"
)

// robotsRetry is how long a host whose robots.txt could not be read is left
// alone (RFC 9309, 2.3.1.4, leaves the time to the crawler).
const robotsRetry = 5 * time.Minute

// This file asks for robots.txt. It is the request of an origin, not of a job:
// it takes a turn of the host like any other, but stands outside the ledger.
// While it is under way the origin's jobs wait in the queue.

// robots returns what keeps the pages of an origin from being asked for; nil
// if nothing does.
func (e *Engine) robots(name, host string, now time.Time) *origin {
	if name == "" {
		return nil
	}
	o := e.origins[name]
	if o == nil {
		o = &origin{host: host}
		e.origins[name] = o
	}
	if !o.gone.until.IsZero() && !o.gone.until.After(now) {
		o.gone, o.tries = gone{}, 0
	}
	if o.fresh.After(now) {
		return nil
	}
	return o
}

// endRobots takes the answer to robots.txt, or a hop on the way to it.
//
// An origin that cannot be asked may not be fetched from (RFC 9309, 2.3.1.4):
// see robotsFailed. A refusal (429) only blocks the host.
func (e *Engine) endRobots(ctx context.Context, f *flight, step Step) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.land(f)
	name := f.job.Origin
	o := e.origins[name]
	now := time.Now()
	switch {
	case ctx.Err() != nil && step.Robots == nil:
		e.askedRobots(name, o)
	case step.Again != nil:
		e.hint(f, step.Host, nil)
		e.askRobots(f.job, *step.Again, now.Add(step.After))
	case step.Robots != nil:
		e.hint(f, step.Host, nil)
		o.fresh, o.tries, o.rounds = now.Add(step.Robots.Fresh), 0, 0
		e.noteOrigin(name, o, step.Robots.Rules, now)
		e.askedRobots(name, o)
	default:
		if !e.robotsFailed(f, o, *step.Result, step.Host, now) {
			e.askedRobots(name, o)
		}
	}
	e.feed.poke()
}

// robotsFailed decides what follows when robots.txt could not be read. It is
// asked again as a page would be retried. When no retry is left it depends: a
// host that cannot be reached costs the job for which it was asked, and the
// next job asks anew, until the breaker opens; one that answers and is out of
// order is parked for robotsRetry, and with Config.GiveUp its jobs fail after
// GiveUpProbes of these; what no retry mends fails them at once.
//
// It reports whether the next request for robots.txt is queued already; else
// the origin's jobs may go on.
func (e *Engine) robotsFailed(f *flight, o *origin, r Result, h HostHint, now time.Time) (again bool) {
	lost := gone{until: now.Add(robotsRetry), class: r.Class, why: "robots.txt: " + r.Error, status: r.Status}
	held := e.hint(f, h, &r)
	_, down := held.(HostDown)
	switch {
	case held != nil && !e.hopeless(f.req.Host, held, now):
		return false // the next job whose turn comes asks again, after the block
	case down:
		e.giveUp(f.req.Host, r, held)
		return false
	case held != nil:
		lost.class = RateLimited
	case !retryable(r.Class, r.Status):
	case o.tries < e.cfg.Retries:
		e.askRobots(f.job, Request{Kind: KindRobots, Host: f.job.Host, Origin: f.job.Origin}, now.Add(backoff(o.tries, e.cfg.Random())))
		o.tries++
		e.retried++
		return true
	case unreachable(r.Class, h):
		o.tries, o.toll = 0, lost
		return false
	default:
		if o.rounds++; !e.cfg.GiveUp || o.rounds <= GiveUpProbes {
			e.parkForRobots(f.job, o.rounds, lost, now)
			e.noteOrigin(f.job.Origin, o, nil, now)
			return false
		}
	}
	o.gone = lost
	e.sayf(LevelBad, "%s: robots.txt cannot be read (%s): its pages are given up", f.job.Origin, r.Error)
	return false
}

// parkForRobots leaves a host alone because of the robots.txt of the origin of
// j, for the nth time in a row.
func (e *Engine) parkForRobots(j Job, n int, lost gone, now time.Time) {
	down := RobotsDown{Until: lost.until, Origin: j.Origin, Class: lost.class, Status: lost.status, Probes: n - 1}
	e.tune(j.Host, func(p *pace) string {
		p.block(now, lost.until, down, "robots.txt unreachable")
		return ""
	})
	if n == 1 {
		e.sayf(LevelBad, "%s: %s: parked, asked again at %s", j.Origin, lost.why, lost.until.Format(time.TimeOnly))
	}
	e.park(j.Host, lost.until)
}

// askRobots queues one more request for the robots.txt of j's origin.
func (e *Engine) askRobots(j Job, r Request, due time.Time) {
	if e.over {
		return
	}
	r.Kind, r.Job = KindRobots, j
	e.pool.enqueue(waiter{Turn: Turn{Again: &r}, due: due})
}

// askedRobots lets the jobs of an origin go on: what is known of it now
// decides what becomes of them.
func (e *Engine) askedRobots(name string, o *origin) {
	o.asking = false
	e.pool.release(name)
}
