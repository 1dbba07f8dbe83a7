package engine

import "time"

// A pace is the rule for one host: not before next, not while blocked, one
// turn out at a time. It knows the clock only through its arguments. The pool's
// lock guards it.
type pace struct {
	set      time.Duration // by the operator for this host; 0: not set, below 0: unpaced
	crawl    time.Duration // asked for by robots.txt; only ever slows down
	base     time.Duration // the slowest that operator and robots.txt ask for
	interval time.Duration // in force: see apply
	adapts   adaptation    // to the host's answers; it only ever slows down

	last    time.Time // when the last request really started; zero: none yet
	outs    int       // turns that are out: handed over, their request not yet written
	out     time.Time // when the newest of them was handed over
	flight  int       // turns handed over and not yet returned
	paused  Paused    // by the operator, if At is set
	blocked time.Time // not before, because an answer refused
	why     Reason    // ServerAsked, ServerBusy or QuotaSpent, while blocked or probing
	probing bool      // one in flight until the first good answer after a refusal

	refusals int           // in a row
	refused  time.Time     // when the first of them came
	asked    time.Duration // of the time since, what the server asked for
}

// The waits after a refusal that names no time: 2 s, doubled each time, at
// most 60 s (Crawlee's list of 2025).
const (
	busyBase = 2 * time.Second
	busyCap  = 60 * time.Second
)

// ParkAfter is the wait beyond which a blocked host counts as parked.
const ParkAfter = 5 * time.Minute

// apply sets the interval in force: the operator's for this host, or else
// general, and never faster than robots.txt asks or the host can bear.
func (p *pace) apply(general time.Duration) {
	p.base = general
	if p.set != 0 {
		p.base = p.set
	}
	p.base = max(p.base, p.crawl, 0)
	p.interval = max(p.base, p.adapts.least(p.base))
}

// next returns when the host's next request may start, or that it may not
// before something else happens: a turn comes back, the operator resumes it.
func (p *pace) next() (at time.Time, ok bool) {
	switch {
	case !p.paused.At.IsZero():
		return time.Time{}, false
	case p.interval > 0 && p.outs > 0:
		return time.Time{}, false
	case p.probing && p.flight > 0:
		return time.Time{}, false
	}
	at = turnAfter(p.last, p.interval)
	if p.blocked.After(at) {
		at = p.blocked
	}
	return at, true
}

// reason says why nothing of the host starts at now; nil if nothing holds it.
func (p *pace) reason(now time.Time) Reason {
	next := turnAfter(p.last, p.interval)
	switch {
	case !p.paused.At.IsZero():
		return p.paused
	case p.blocked.After(now):
		return p.why
	case p.probing && p.flight > 0:
		return Probing{}
	case p.interval > 0 && p.outs > 0:
		return TurnOut{Since: p.out}
	case next.After(now):
		return PaceWait{Next: next, Interval: p.interval, Crawl: p.crawl > 0 && p.interval == p.crawl, Slowed: p.interval > p.base}
	}
	return nil
}

// hand gives a turn out.
func (p *pace) hand(now time.Time) {
	p.out = now
	p.outs++
	p.flight++
}

// started says that a turn's request was written at now.
func (p *pace) started(now time.Time) {
	p.outs--
	p.last = now
}

// returned says that a turn came back. A turn that was never started has not
// used its time: the next one may follow at once.
func (p *pace) returned(started bool) {
	if !started {
		p.outs--
	}
	p.flight--
}

// refuse notes an answer that asked to come back later: after the given time,
// or after a longer one each time if it named none.
func (p *pace) refuse(now time.Time, status int, asked time.Duration) Reason {
	if p.refusals == 0 {
		p.refused, p.asked = now, 0
	}
	p.refusals++
	p.probing = true
	wait := asked
	var why Reason
	if asked > 0 {
		p.asked += asked
		why = ServerAsked{Until: now.Add(asked), Asked: asked, Status: status, Parked: asked > ParkAfter}
	} else {
		wait = min(busyBase<<min(p.refusals-1, 10), busyCap)
		why = ServerBusy{Until: now.Add(wait), Status: status, Refusals: p.refusals}
	}
	if until := now.Add(wait); until.After(p.blocked) {
		p.blocked, p.why = until, why
	}
	return p.why
}

// spend notes an answer after which nothing remains for so long.
func (p *pace) spend(now time.Time, reset time.Duration) {
	if until := now.Add(reset); until.After(p.blocked) {
		p.blocked, p.why = until, QuotaSpent{Until: until, Parked: reset > ParkAfter}
	}
}

// good notes an answer that did not refuse.
func (p *pace) good() {
	p.probing, p.refusals, p.asked = false, 0, 0
}

// hopeless reports whether the host has refused for longer than limit, not
// counting the time that it asked for itself.
func (p *pace) hopeless(now time.Time, limit time.Duration) bool {
	return p.refusals > 0 && now.Sub(p.refused)-p.asked > limit
}
