package engine

import "time"

// This file is what was measured of requests and attempts, for the ETA.

// gaugeLast is how many requests a gauge looks back on, about. Answers that take
// an exponentially distributed time have a mean within 5 % over so many.
const gaugeLast = 256

// A gauge is what was measured of the requests of a host, or of the run. All are
// means, in which older requests weigh ever less.
type gauge struct {
	requests int
	busy     float64 // seconds from a worker's hand to its next
	lead     float64 // of these, until the headers were written
	hops     float64 // share of requests that led to another at the same host

	attempts int
	failures float64 // share of attempts that a retry could follow

	tried int // jobs left that have spent a retry
	spent int // retries that these have spent

	refusals int       // incidents: of requests under way at once one counts
	refused  time.Time // when the last answer refused
	blocked  float64   // seconds that an attempt blocked the host for
}

// mean moves a mean to take in a value, as the nth.
func mean(m *float64, n int, value float64) { *m += (value - *m) / float64(min(n, gaugeLast)) }

// request takes in a request that has ended.
func (g *gauge) request(busy, lead time.Duration) {
	g.requests++
	mean(&g.busy, g.requests, busy.Seconds())
	mean(&g.lead, g.requests, lead.Seconds())
	mean(&g.hops, g.requests, 0)
}

// hop takes in that the last request led to another.
func (g *gauge) hop() { g.hops += 1 / float64(min(max(g.requests, 1), gaugeLast)) }

// attempt takes in how an attempt of a job has ended that had spent so many
// retries before.
func (g *gauge) attempt(failed bool, v verdict, retries int) {
	g.attempts++
	if failed {
		mean(&g.failures, g.attempts, 1)
	} else {
		mean(&g.failures, g.attempts, 0)
	}
	switch {
	case v.spent:
		g.spent++
		if retries == 0 {
			g.tried++
		}
	case !v.again && retries > 0:
		g.tried, g.spent = max(g.tried-1, 0), max(g.spent-retries, 0)
	}
}

// turns returns how many turns a job that waits will need, when jobs of the host
// do and each may be retried so often.
func (g *gauge) turns(jobs, retries int) float64 {
	// A job needs 1 + f + f^2 + ... attempts, one term for each that it can
	// have, where f is the share that fails.
	attempts := func(retries float64) (sum float64) {
		f := 1.0
		for retries++; retries > 0; retries-- {
			sum += f * min(retries, 1)
			f *= g.failures
			if f < 0.001 {
				break
			}
		}
		return sum
	}
	each := attempts(float64(retries))
	// Jobs that were cancelled may still be counted as tried.
	if tried := min(g.tried, jobs); tried > 0 && g.spent > 0 {
		rest := attempts(max(float64(retries)-float64(g.spent)/float64(g.tried), 0))
		each += (rest - each) * float64(tried) / float64(jobs)
	}
	return each / max(1-g.hops, 0.05)
}

// measure takes a request that has ended into the gauges of its host and of the
// run. One that was cut, or never got as far as the wire, says nothing.
func (e *Engine) measure(f *flight, now time.Time) {
	if !f.touched || f.cut != 0 {
		return
	}
	sent := f.started
	if sent.IsZero() {
		sent = now
	}
	for _, g := range [...]*gauge{&e.gauge, &e.host(f.req.Host).gauge} {
		g.request(now.Sub(f.turn.Handed), sent.Sub(f.turn.Handed))
	}
}

// hopped notes that a request led to another. One at another host takes no turn
// of this one's.
func (e *Engine) hopped(f *flight, to string) {
	if to == f.req.Host {
		e.host(to).gauge.hop()
	}
}

// tried notes how an attempt of a job has ended, before the job spends the retry
// that the verdict may cost it.
func (e *Engine) tried(b *batch, f *flight, j Job, r Result, v verdict) {
	if f.touched {
		failed := v.again || r.Outcome == Failed && retryable(r.Class, r.Status)
		e.host(j.Host).gauge.attempt(failed, v, j.Retries)
	}
	g, now, wait := &e.host(f.req.Host).gauge, time.Now(), 0.0
	if v.again && !v.spent {
		if f.started.After(g.refused) {
			g.refusals++
			wait = v.due.Sub(now).Seconds()
		}
		g.refused = now
	}
	mean(&g.blocked, max(g.attempts, 1), wait)
	if v.due.After(b.due) {
		b.due = v.due
	}
}
