package engine

import (
	"cmp"
	"fmt"
	"time"
)

// The numbers of retrying: those of Scrapy's retry middleware, with full
// jitter (Brooker, "Exponential Backoff And Jitter", 2015).
const (
	DefaultRetries = 2
	retryBase      = time.Second
	retryCap       = time.Minute

	// A host that refuses for longer than this, not counting the time that
	// it asked for itself, is given up.
	refusalLimit = 900 * time.Second

	// A server may ask for at most this long.
	retryAfterCap = 24 * time.Hour
)

// A verdict says what follows from an attempt.
type verdict struct {
	again  bool
	held   bool // the host refused or is parked: the answer says nothing of the page
	spent  bool // it costs a retry
	due    time.Time
	reason Reason
	class  Class  // instead of the attempt's own, if set
	why    string // for the attempt's history
}

// judge takes the hint of an answer to its host, and decides whether the job
// comes back.
func (e *Engine) judge(f *flight, j *Job, r Result, h HostHint, now time.Time) verdict {
	if held := e.hint(f, h, &r); held != nil {
		_, down := held.(HostDown)
		switch {
		case !e.hopeless(f.req.Host, held, now):
			v := verdict{again: true, held: true, due: now, reason: held, why: "refused: comes back when the host may be asked"}
			if down {
				v.why = fmt.Sprintf("%s: comes back when the host is probed", r.Class)
			}
			if !Parked(held) { // else the host holds it, behind its other jobs
				v.due, _ = Until(held)
			}
			return v
		case down:
			e.giveUp(f.req.Host, r, held)
			return verdict{held: true, why: "host unreachable for too long: given up"}
		}
		return verdict{held: true, class: RateLimited, why: "refused for too long: given up"}
	}
	if r.Outcome != Failed {
		return verdict{}
	}
	if !retryable(r.Class, r.Status) {
		return verdict{why: fmt.Sprintf("%s: not retried", r.Class)}
	}
	if j.Retries >= e.cfg.Retries {
		return verdict{why: "no retry left"}
	}
	due := now.Add(backoff(j.Retries, e.cfg.Random()))
	return verdict{
		again: true, spent: true, due: due,
		reason: RetryWait{Due: due, Class: r.Class, Retry: j.Retries + 1},
		why:    fmt.Sprintf("%s: retried", r.Class),
	}
}

// backoff returns the wait before retry n, from 0: a random part of
// min(retryCap, retryBase * 2^n), random being in [0, 1).
func backoff(n int, random float64) time.Duration {
	most := min(retryCap, retryBase<<min(n, 10))
	return time.Duration(random * float64(most))
}

// retryable reports whether another attempt may end better. All requests are
// GET, which may be repeated (RFC 9110, 9.2.2).
func retryable(c Class, status int) bool {
	switch c {
	case Timeout, DNS, Connect, Proxy, TLS, Reset, Truncated:
		return true
	case Status:
		switch status {
		case 408, 425, 429, 500, 502, 503, 504, 522, 524:
			return true
		}
	}
	return false
}

// hint takes what came of a request to its host's pace. r is nil for one that
// ended well. It returns why the host must wait if it refused, or if it could
// not be reached for long enough; else nil.
func (e *Engine) hint(f *flight, h HostHint, r *Result) (held Reason) {
	now, name := time.Now(), f.req.Host
	quota := min(h.QuotaReset, retryAfterCap)
	var away time.Time
	news, paced := false, false // for the next life: what it said, or its pace
	e.pool.tune(name, func(p *pace) (why string) {
		defer func() {
			away = p.parked(now)
			news, paced = news || held != nil, why != ""
		}()
		if h.CrawlDelay > 0 {
			p.crawl, why, news = h.CrawlDelay, "robots.txt asks for it", true
		}
		p.prove(r, h.Status != 0)
		if h.Status == 0 {
			if r != nil && unreachable(r.Class, h) {
				held = e.failed(f, p, r, now)
			}
			return why
		}
		if p.reach(now) {
			news = true
			e.unpark(name)
			e.sayf(LevelInfo, "%s answers again", name)
		}
		if said := p.adapts.answered(now, f.started, h.Status, isRefusal(h), h.Latency, p.base); said != "" {
			why = said
		}
		switch {
		case isRefusal(h):
			first := p.refusals == 0
			held = p.refuse(now, h.Status, cmp.Or(min(h.RetryAfter, retryAfterCap), quota))
			if first {
				e.sayf(LevelWarn, "%s answered %d: no request before %s", name, h.Status, p.blocked.Format(time.TimeOnly))
			}
		case r == nil || r.Outcome != Failed || h.Status < 500:
			if p.refusals > 0 && !f.started.Before(p.blocked) {
				e.sayf(LevelInfo, "%s answers again", name)
				p.good()
				news = true
			}
		}
		if held == nil && quota > 0 {
			p.spend(now, quota)
			news = true
		}
		return why
	})
	switch {
	case news:
		e.noteSoon(e.host(name), now)
	case paced:
		e.notePace(e.host(name), now)
	}
	e.park(name, away)
	return held
}

// failed notes a request that did not reach its host.
func (e *Engine) failed(f *flight, p *pace, r *Result, now time.Time) Reason {
	opened := p.breaker.opened
	held := p.fail(now, f.turn.Handed, r.Class)
	if down, ok := held.(HostDown); ok && p.breaker.opened.After(opened) && down.Probes == 0 {
		e.sayf(LevelBad, "%s cannot be reached (%s, %d times in a row): parked, a probe at %s",
			f.req.Host, r.Class, down.Failures, down.Until.Format(time.TimeOnly))
	}
	return held
}

// hopeless reports whether a host that refuses, or cannot be reached, is to be
// given up.
func (e *Engine) hopeless(hostName string, held Reason, now time.Time) (hopeless bool) {
	if down, ok := held.(HostDown); ok {
		return e.cfg.GiveUp && down.Probes >= GiveUpProbes
	}
	e.pool.tune(hostName, func(p *pace) string {
		hopeless = p.hopeless(now, refusalLimit)
		return ""
	})
	return hopeless
}

// giveUp fails what is left of a host that cannot be reached: until it would
// have been probed again, its jobs end without a request.
func (e *Engine) giveUp(name string, r Result, held Reason) {
	h := e.host(name)
	until, _ := Until(held)
	h.gone = gone{until: until, class: r.Class, why: "host unreachable: " + r.Error}
	e.tune(name, func(p *pace) string {
		p.lift(time.Now())
		return ""
	})
	e.unpark(name)
	e.sayf(LevelBad, "%s is given up after %d probes: %d URLs fail", name, GiveUpProbes, h.left)
}

// park takes the jobs of a host that is left alone until then out of the queue:
// others need the room. A time that is not later than what is known changes
// nothing.
func (e *Engine) park(name string, until time.Time) {
	h := e.host(name)
	if !until.After(h.parked) {
		return
	}
	h.parked = until
	e.keepBack(h)
	e.deferUntil(until)
	e.fail(e.giveBack(e.pool.remove(func(w *waiter) bool { return w.Again == nil && w.Job.Host == name })))
	e.fail(e.dropHand()) // it is behind these in the order of the lists
	e.settle()           // a run that drains may have waited for these only
}

// unpark lets the feeder take up the jobs of a host again.
func (e *Engine) unpark(name string) {
	e.host(name).parked = time.Time{}
	e.rouse()
}
