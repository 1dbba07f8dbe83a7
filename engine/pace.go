package engine

import (
	"fmt"
	"slices"
	"time"
)

// A pace is the rule for one host: not before next, not while blocked, one
// turn out at a time. It knows the clock only through its arguments. The pool's
// lock guards it.
type pace struct {
	set      time.Duration // by the operator for this host; 0: not set, below 0: unpaced
	crawl    time.Duration // asked for by robots.txt; only ever slows down
	base     time.Duration // the slowest that operator and robots.txt ask for
	interval time.Duration // in force: see apply
	adapts   adaptation    // to the host's answers; it only ever slows down
	changes  []PaceChange  // oldest first; only ever appended to or replaced

	last    time.Time // when the last request really started; zero: none yet
	outs    int       // turns that are out: handed over, their request not yet written
	out     time.Time // when the newest of them was handed over
	flight  int       // turns handed over and not yet returned
	paused  Paused    // by the operator, if At is set
	blocked time.Time // not before, because an answer refused
	why     Reason    // of the last block: a Reason with an Until
	said    time.Time // not before, because an answer asked for it, whatever else blocks
	saidWhy Reason
	probing bool // one in flight until the first good answer after a refusal or a failure

	proven   int  // requests at once that it has brought to an end: see prove
	crowding bool // it waits for one of its own to end, since others wait for workers too

	refusals int           // in a row
	refused  time.Time     // when the first of them came
	asked    time.Duration // of the time since, what the server asked for
	breaker  breaker       // for a host that cannot be reached
}

// The waits after a refusal that names no time: 2 s, doubled each time, at
// most 60 s (Crawlee's list of 2025).
const (
	busyBase = 2 * time.Second
	busyCap  = 60 * time.Second
)

// ParkAfter is the wait beyond which a blocked host counts as parked.
const ParkAfter = 5 * time.Minute

// PaceChanges is how many changes of a host's pace are kept.
const PaceChanges = 32

// A PaceChange is one change of how often a host is asked: of its interval, or
// a block.
type PaceChange struct {
	At       time.Time
	From, To time.Duration // the interval before and after; equal for a block
	Until    time.Time     // of a block: no request before it; zero: it is none
	Why      string        // "answered 429", "10 good answers", "set by the operator"
}

// apply sets the interval in force: the operator's for this host, or else
// general, and never faster than robots.txt asks or the host can bear. A change
// is kept with its reason.
func (p *pace) apply(general time.Duration, now time.Time, why string) {
	was := p.interval
	p.base = general
	if p.set != 0 {
		p.base = p.set
	}
	p.base = max(p.base, p.crawl, 0)
	p.interval = max(p.base, p.adapts.least(p.base))
	if p.interval != was && why != "" {
		p.note(PaceChange{At: now, From: was, To: p.interval, Why: why})
	}
}

// note keeps a change of the pace.
func (p *pace) note(c PaceChange) {
	if len(p.changes) == PaceChanges {
		p.changes = slices.Clone(p.changes[1:]) // snapshots may hold the old ones
	}
	p.changes = append(p.changes, c)
}

// block keeps the host idle until then, for that reason. A block that ends
// later stands. One that only draws out another is no change of its own.
func (p *pace) block(now, until time.Time, why Reason, said string) {
	if !liftable(why) && until.After(p.said) {
		p.said, p.saidWhy = until, why
	}
	if !until.After(p.blocked) {
		return
	}
	standing := !p.blocked.Before(now)
	p.blocked, p.why = until, why
	for i, c := range slices.Backward(p.changes) {
		if standing && !c.Until.IsZero() {
			p.changes = slices.Clone(p.changes)
			p.changes[i].Until, p.changes[i].Why = until, said
			return
		}
	}
	p.note(PaceChange{At: now, From: p.interval, To: p.interval, Until: until, Why: said})
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
	case p.crowding:
		return Crowding{InFlight: p.flight}
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
	p.block(now, now.Add(wait), why, fmt.Sprintf("answered %d", status))
	return p.why
}

// spend notes an answer after which nothing remains for so long.
func (p *pace) spend(now time.Time, reset time.Duration) {
	until := now.Add(reset)
	p.block(now, until, QuotaSpent{Until: until, Parked: reset > ParkAfter}, "quota spent")
}

// fail notes a request, handed out at handed, that got no answer. It returns
// why the host is left alone; nil: it is not yet.
func (p *pace) fail(now, handed time.Time, c Class) Reason {
	if wait := p.breaker.failed(now, handed); wait > 0 {
		until := now.Add(wait)
		p.probing = true
		p.block(now, until, HostDown{Until: until, Class: c, Failures: p.breaker.failures, Probes: p.breaker.probes}, fmt.Sprintf("unreachable: %s", c))
	}
	if p.breaker.opened.IsZero() {
		return nil
	}
	return p.why
}

// reach notes an answer, whatever it says, and reports whether the host could
// not be reached before.
func (p *pace) reach(now time.Time) bool {
	if !p.breaker.answered() {
		return false
	}
	p.lift(now)
	p.probing = p.refusals > 0
	return true
}

// liftable reports whether a block for that reason is nobody's wish: the host
// did not answer.
func liftable(why Reason) bool {
	switch why.(type) {
	case HostDown, RobotsDown:
		return true
	}
	return false
}

// lift ends a block that no answer asked for: the next request may probe the
// host, when what an answer asked for is over. It reports whether one stood.
func (p *pace) lift(now time.Time) bool {
	if !liftable(p.why) {
		return false
	}
	stood := p.blocked.After(now)
	if p.blocked = (time.Time{}); p.said.After(now) {
		p.blocked, p.why = p.said, p.saidWhy
	}
	return stood
}

// parked returns until when the host is left alone for so long that its jobs
// leave the queue; zero: it is not.
func (p *pace) parked(now time.Time) time.Time {
	if p.blocked.After(now) && Parked(p.why) {
		return p.blocked
	}
	return time.Time{}
}

// prove notes how a request ended, while it still counts as in flight. r is nil
// for one that ended well.
func (p *pace) prove(r *Result, answered bool) {
	switch {
	case r != nil && r.Class == Timeout:
		p.proven = 0
	case answered:
		p.proven = max(p.proven, p.flight)
	}
}

// crowds reports whether one more request would be more than the host has shown
// to bear. As many at once as it has brought to an end, and one more, may be in
// flight while others want workers too: one that never ends anything holds one
// worker and not all of them, each for as long as an attempt may take. It is how
// TCP begins. A host that is not paced is trusted from the start.
func (p *pace) crowds() bool { return p.interval > 0 && p.flight > p.proven }

// good notes an answer that did not refuse.
func (p *pace) good() {
	p.probing, p.refusals, p.asked = false, 0, 0
}

// hopeless reports whether the host has refused for longer than limit, not
// counting the time that it asked for itself.
func (p *pace) hopeless(now time.Time, limit time.Duration) bool {
	return p.refusals > 0 && now.Sub(p.refused)-p.asked > limit
}
