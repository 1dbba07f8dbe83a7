package engine

import (
	"context"
	"time"
)

// robotsRetry is how long an origin whose robots.txt could not be asked for is
// left alone (RFC 9309, 2.3.1.4, leaves the time to the crawler).
const robotsRetry = 5 * time.Minute

// This file asks for robots.txt. It is the request of an origin, not of a job:
// it takes a turn of the host like any other, but stands outside the ledger.
// While it is under way the origin's jobs wait in the queue.

// robots returns what keeps the pages of an origin from being asked for; nil
// if nothing does.
func (e *Engine) robots(name string, now time.Time) *origin {
	if name == "" {
		return nil
	}
	o := e.origins[name]
	if o == nil {
		o = &origin{}
		e.origins[name] = o
	}
	if !o.dead.IsZero() && !o.dead.After(now) {
		o.dead, o.tries = time.Time{}, 0
	}
	if o.fresh.After(now) {
		return nil
	}
	return o
}

// endRobots takes the answer to robots.txt, or a hop on the way to it.
//
// An origin that cannot be asked may not be fetched from (RFC 9309, 2.3.1.4).
// It is asked again as a page would be retried; when no retry is left, its
// jobs fail with the class of that failure, and after robotsRetry it is asked
// anew. A refusal (429) only blocks the host.
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
		e.hint(f, step.Host, true)
		e.askRobots(f.job, *step.Again, now.Add(step.After))
	case step.Robots != nil:
		e.hint(f, step.Host, true)
		o.fresh, o.tries = now.Add(step.Robots.Fresh), 0
		e.askedRobots(name, o)
	default:
		e.robotsFailed(f, o, *step.Result, step.Host, now)
	}
	e.feed.poke()
}

// robotsFailed decides what follows when robots.txt could not be read.
func (e *Engine) robotsFailed(f *flight, o *origin, r Result, h HostHint, now time.Time) {
	if refused := e.hint(f, h, false); refused != nil {
		if _, hopeless := e.hopeless(f.req.Host, refused, now); !hopeless {
			// The next job whose turn comes asks again, after the block.
			e.askedRobots(f.job.Origin, o)
			return
		}
		r.Class = RateLimited
	} else if retryable(r.Class, r.Status) && o.tries < e.cfg.Retries {
		e.askRobots(f.job, Request{Kind: KindRobots, Host: f.job.Host, Origin: f.job.Origin}, now.Add(backoff(o.tries, e.cfg.Random())))
		o.tries++
		e.retried++
		return
	}
	o.dead, o.class, o.why, o.status = now.Add(robotsRetry), r.Class, r.Error, r.Status
	e.sayf(LevelBad, "%s: robots.txt cannot be read (%s): its pages are not asked for", f.job.Origin, r.Error)
	e.askedRobots(f.job.Origin, o)
}

// askRobots queues one more request for the robots.txt of j's origin.
func (e *Engine) askRobots(j Job, r Request, due time.Time) {
	if e.over {
		return
	}
	r.Kind, r.Job = KindRobots, j
	e.pool.enqueue(waiter{again: &r, due: due})
}

// askedRobots lets the jobs of an origin go on: what is known of it now
// decides what becomes of them.
func (e *Engine) askedRobots(name string, o *origin) {
	o.asking = false
	e.pool.release(name)
}
