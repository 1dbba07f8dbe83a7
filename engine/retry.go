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
	spent  bool // it costs a retry
	due    time.Time
	reason Reason
	class  Class  // instead of the attempt's own, if set
	why    string // for the attempt's history
}

// judge takes the hint of an answer to its host, and decides whether the job
// comes back.
func (e *Engine) judge(f *flight, j *Job, r Result, h HostHint, now time.Time) verdict {
	refused := e.hint(f, h, r.Outcome != Failed)
	if refused != nil {
		if until, ok := e.hopeless(f.req.Host, refused, now); !ok {
			return verdict{again: true, due: until, reason: refused, why: "refused: comes back when the host may be asked"}
		}
		return verdict{class: RateLimited, why: "refused for too long: given up"}
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
	case Timeout, DNS, Connect, TLS, Reset, Truncated:
		return true
	case Status:
		switch status {
		case 408, 425, 429, 500, 502, 503, 504, 522, 524:
			return true
		}
	}
	return false
}

// hint takes what an answer said of its host to the host's pace. It returns
// why the host must wait if the answer refused, else nil.
func (e *Engine) hint(f *flight, h HostHint, good bool) (refused Reason) {
	now := time.Now()
	if h.CrawlDelay > 0 {
		e.pool.tune(f.req.Host, func(p *pace) { p.crawl = h.CrawlDelay })
	}
	if h.Status != 0 {
		e.pool.tune(f.req.Host, func(p *pace) { p.adapts.answered(now, f.started, h.Status, isRefusal(h), h.Latency, p.base) })
	}
	quota := min(h.QuotaReset, retryAfterCap)
	switch {
	case isRefusal(h):
		e.pool.tune(f.req.Host, func(p *pace) {
			first := p.refusals == 0
			refused = p.refuse(now, h.Status, cmp.Or(min(h.RetryAfter, retryAfterCap), quota))
			if first {
				e.sayf(LevelWarn, "%s answered %d: no request before %s", f.req.Host, h.Status, p.blocked.Format(time.TimeOnly))
			}
		})
	case h.Status != 0 && (good || h.Status < 500):
		e.pool.tune(f.req.Host, func(p *pace) {
			if p.refusals > 0 && !f.started.Before(p.blocked) {
				e.sayf(LevelInfo, "%s answers again", f.req.Host)
				p.good()
			}
		})
	}
	if refused == nil && quota > 0 {
		e.pool.tune(f.req.Host, func(p *pace) { p.spend(now, quota) })
	}
	return refused
}

// hopeless reports whether a host that refuses is to be given up, and else
// when its jobs come back.
func (e *Engine) hopeless(hostName string, why Reason, now time.Time) (until time.Time, hopeless bool) {
	e.pool.tune(hostName, func(p *pace) { hopeless = p.hopeless(now, refusalLimit) })
	switch why := why.(type) {
	case ServerAsked:
		until = why.Until
	case ServerBusy:
		until = why.Until
	case QuotaSpent:
		until = why.Until
	}
	return until, hopeless
}
