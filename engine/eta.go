package engine

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// This file estimates when what is left of a run, and of each batch, has ended.
//
// The estimate plays the rest of the run as a flow: each host starts requests
// no faster than its pace, all of them together no faster than the workers can
// carry and the cap on the rate allows, and hosts that want more than there is
// share it evenly, as they do in the pool. What it needs to know is counted (the
// jobs left) or in force (pace, blocks, workers, cap) or measured (how long
// requests take, and how many a job needs).

// until returns when a host that waits for a moment may go on.
func until(r Reason) (t time.Time, ok bool) {
	switch r := r.(type) {
	case ServerAsked:
		return r.Until, true
	case ServerBusy:
		return r.Until, true
	case QuotaSpent:
		return r.Until, true
	}
	return time.Time{}, false
}

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

// A robotsTurn says whether a host has a turn for robots.txt to come. Of several
// origins at one host only the first counts.
type robotsTurn uint8

const (
	robotsNone    robotsTurn = iota // none of its jobs has an origin
	robotsUnasked                   // the first of them gives its turn to robots.txt
	robotsAsked                     // that turn has come
)

// A forecast is the rest of a run while its end is estimated. It is kept to be
// used again: all times are in seconds from now.
type forecast struct {
	hosts   []outlook  // in the order of Stats.Hosts
	queued  []standing // what is in the queue, while it is counted
	marks   []mark
	ordered []mark          // the same, those of a host together and in their order
	left    []int32         // hosts that have turns left; while the flow is played, the slowest pace first
	batches []float64       // when the last request of each has ended; below zero: none is known
	etas    []time.Duration // the same
	run     float64         // the latest of them

	workers float64
	rate    float64 // requests per second of all hosts; infinite: no cap
	gate    float64 // when the next of them may start
}

// An outlook is what is left at one host.
type outlook struct {
	gap  float64 // from one start to the next, at least; 0: unpaced
	next float64 // when the next request may start
	busy float64 // how long a request takes a worker
	jobs int     // that wait
	more float64 // turns that are no job's
	view int     // of Engine.views, if its throttle lets go of it on the way; -1: it does not

	first  int32 // its marks, as a list; -1: none
	lo, hi int32 // those that are still to come, in their order

	// While the flow is played.
	from  float64 // since when it takes part
	done  float64 // turns
	tier  int32   // of the best that is left, from 0
	speed float64 // turns per second now
	early float64 // how much of its gap has passed
}

// A standing is one job in the queue: the host whose turn it waits for, and its
// batch.
type standing struct {
	host  *host
	batch BatchID
}

// A mark is the point in a host's turns at which a batch has had its last.
type mark struct {
	batch    int32
	next     int32 // mark of the same host; -1: none
	priority Priority
	jobs     int
	turns    float64 // that it needs
	at       float64 // turns of the host until then
}

// estimate sets the ETA of the run, and returns those of its batches in their
// order. Both are of what can go on now: jobs that the operator has paused, with
// their batch or host, do not count, nor do those that draining leaves behind.
func (e *Engine) estimate(s *Stats, now time.Time) []time.Duration {
	fc := &e.future
	fc.begin(e, s, now)
	if e.paused.IsZero() && s.Counts.Left() > 0 {
		e.outlooks(fc, s)
		fc.play(e.gauge.requests > 0)
		e.deferred(fc, now)
	}
	s.ETA = eta(fc.run)
	for _, at := range fc.batches {
		fc.etas = append(fc.etas, eta(at))
	}
	return fc.etas
}

// eta returns a time of a forecast as a duration; below zero: unknown.
func eta(at float64) time.Duration {
	if at < 0 {
		return -1
	}
	return time.Duration(min(at, 1e9) * float64(time.Second))
}

// begin empties a forecast and takes in what is known of the hosts.
func (fc *forecast) begin(e *Engine, s *Stats, now time.Time) {
	fc.hosts, fc.marks, fc.ordered = fc.hosts[:0], fc.marks[:0], fc.ordered[:0]
	fc.left, fc.batches, fc.etas = fc.left[:0], fc.batches[:0], fc.etas[:0]
	fc.run, fc.workers, fc.rate, fc.gate = -1, float64(e.cfg.Workers), math.Inf(1), 0
	if e.cfg.Rate > 0 {
		fc.rate = e.cfg.Rate
		fc.gate = max(e.pool.gate(now).Sub(now).Seconds(), 0)
	}
	for range e.batches {
		fc.batches = append(fc.batches, -1)
	}
	view := 0
	for i := range s.Hosts {
		hs := &s.Hosts[i]
		h := e.host(hs.Host)
		h.spot = i
		o := outlook{first: -1, view: -1, gap: max(hs.Interval, 0).Seconds(), busy: h.gauge.busy}
		if h.gauge.requests == 0 {
			o.busy = e.gauge.busy
		}
		if o.gap > 0 {
			o.next = max(hs.Last.Add(hs.Interval).Sub(now).Seconds(), 0)
			// The next turn counts from the headers of the one before, and the
			// way to them is not part of the interval.
			o.gap += h.gauge.lead
			if h.gauge.refusals > 1 {
				o.gap += h.gauge.blocked // it is a habit
			}
		}
		switch why := hs.Reason.(type) {
		case TurnOut:
			o.next = max(why.Since.Sub(now).Seconds()+o.gap, 0)
		case Probing:
			o.next = max(o.next, o.busy)
		}
		if t, ok := until(hs.Reason); ok {
			o.next = max(o.next, t.Sub(now).Seconds())
		}
		if h.robots == robotsUnasked {
			o.more = 1
		}
		for view < len(e.views) && e.views[view].host < hs.Host {
			view++
		}
		if view < len(e.views) && e.views[view].host == hs.Host && h.gauge.refusals == 1 && e.views[view].pace.recovers() {
			o.view = view
		}
		fc.hosts = append(fc.hosts, o)
	}
}

// outlooks counts what can go on, by host and batch.
func (e *Engine) outlooks(fc *forecast, s *Stats) {
	// Where one batch is all that is left, the hosts' own books are enough.
	only, several := -1, false
	for i, b := range e.batches {
		if b.counts.Left() > 0 {
			several = several || only >= 0
			only = i
		}
	}
	if only >= 0 && !several && !e.draining {
		if b := e.batches[only]; !b.halted() {
			for _, h := range e.roll {
				fc.add(h, only, b.Priority, h.left-h.flight)
			}
		}
	} else {
		fc.queued = fc.queued[:0]
		e.pool.each(func(w *waiter) {
			if h := e.hosts[w.host()]; h != nil && !w.probe() {
				fc.queued = append(fc.queued, standing{h, w.job.Batch})
			}
		})
		slices.SortFunc(fc.queued, func(a, b standing) int { return cmp.Compare(a.batch, b.batch) })
		queued := fc.queued
		for i, b := range e.batches {
			if !b.halted() && !e.draining {
				for name, n := range b.waits {
					fc.add(e.host(name), i, b.Priority, n)
				}
			}
			for ; len(queued) > 0 && queued[0].batch <= b.ID; queued = queued[1:] {
				fc.add(queued[0].host, i, b.Priority, 1)
			}
		}
	}
	for _, h := range e.roll {
		if o := &fc.hosts[h.spot]; o.first >= 0 {
			turns := h.gauge.turns(o.jobs, e.cfg.Retries)
			if o.view >= 0 {
				p := &e.views[o.view].pace
				o.gap = p.ahead(s.At.Add(time.Duration(o.next*float64(time.Second))), turns*float64(o.jobs)).Seconds() + h.gauge.lead
			}
			fc.order(o, turns)
			fc.left = append(fc.left, int32(h.spot))
		}
	}
}

// add counts n jobs of a batch that wait at a host. The batches come one after
// the other.
func (fc *forecast) add(h *host, batch int, p Priority, n int) {
	if n <= 0 || !h.paused.At.IsZero() {
		return
	}
	o := &fc.hosts[h.spot]
	o.jobs += n
	if i := o.first; i >= 0 && int(fc.marks[i].batch) == batch {
		fc.marks[i].jobs += n
		return
	}
	fc.marks = append(fc.marks, mark{batch: int32(batch), next: o.first, priority: p, jobs: n})
	o.first = int32(len(fc.marks) - 1)
}

// etaLowShare is of how many turns of a host a lower priority has at least one
// while a higher one has work; zero: it has none.
const etaLowShare = 0

// order puts the marks of a host into their order, each job needing so many
// turns: the highest priority first, and in one priority the batches in turn.
func (fc *forecast) order(o *outlook, turns float64) {
	lo := len(fc.ordered)
	for i := o.first; i >= 0; i = fc.marks[i].next {
		m := fc.marks[i]
		m.turns = float64(m.jobs) * turns
		fc.ordered = append(fc.ordered, m)
	}
	o.lo, o.hi = int32(lo), int32(len(fc.ordered))
	marks := fc.ordered[lo:]
	if len(marks) == 1 {
		marks[0].at = marks[0].turns + o.more
		return
	}
	slices.SortFunc(marks, func(a, b mark) int {
		return cmp.Or(-cmp.Compare(a.priority, b.priority), cmp.Compare(a.turns, b.turns))
	})
	below := 0.0
	for _, m := range marks {
		below += m.turns
	}
	above := 0.0
	for len(marks) > 0 {
		same := 1
		for same < len(marks) && marks[same].priority == marks[0].priority {
			same++
		}
		size := 0.0 // turns of those that are done before
		for i := range marks[:same] {
			// By then those that have more to do had as many turns.
			m := &marks[i]
			m.at = size + m.turns*float64(same-i)
			size += m.turns
		}
		below -= size
		for i := range marks[:same] {
			m := &marks[i]
			own := m.at
			m.at += above
			if etaLowShare > 0 {
				if above > 0 {
					m.at = min(m.at, own*etaLowShare)
				}
				m.at += min(below, own/(etaLowShare-1))
			}
			m.at += o.more
		}
		above += size
		marks = marks[same:]
	}
	slices.SortFunc(fc.ordered[lo:], func(a, b mark) int { return cmp.Compare(a.at, b.at) })
}

// play finds when each mark is reached. measured says that it is known how long
// requests take. If it is not, only hosts that have a pace can be foreseen.
func (fc *forecast) play(measured bool) {
	var carried, started float64 // workers and starts a second that the hosts could use
	unpaced := false
	for _, i := range fc.left {
		if o := &fc.hosts[i]; o.gap > 0 {
			carried += o.busy / o.gap
			started += 1 / o.gap
		} else {
			unpaced = true
		}
	}
	switch {
	case unpaced && !measured:
	case unpaced, carried > fc.workers, started > fc.rate:
		fc.flow()
	default:
		for _, i := range fc.left {
			o := &fc.hosts[i]
			for ; o.lo < o.hi; o.lo++ {
				fc.reach(o, o.next+max(fc.ordered[o.lo].at-1, 0)*o.gap)
			}
		}
	}
}

// reach notes that the next mark of a host is reached with a request that
// starts at that time.
func (fc *forecast) reach(o *outlook, at float64) {
	end := &fc.batches[fc.ordered[o.lo].batch]
	*end = max(*end, at+o.busy)
	fc.run = max(fc.run, *end)
}

// flowSteps is in how many steps the flow is played if all hosts were to end
// together. What one that ends within a step leaves unused goes to nobody, which
// makes the estimate too long by half a step at most.
const flowSteps = 32

// flowMost bounds the steps, whatever the numbers are: a screen waits for them.
const flowMost = 100 * flowSteps

// flow plays the hosts against the workers and the cap on the rate.
func (fc *forecast) flow() {
	slices.SortFunc(fc.left, func(a, b int32) int { return -cmp.Compare(fc.hosts[a].gap, fc.hosts[b].gap) })
	// Of requests that follow each other at a rate the first comes before its
	// time is over.
	ahead := 0.0
	if !math.IsInf(fc.rate, 1) {
		ahead = max(1-fc.gate*fc.rate, 0) / float64(max(len(fc.left), 1))
	}
	tiers := int32(0)
	var work, starts, longest float64
	for _, i := range fc.left {
		o := &fc.hosts[i]
		o.busy = max(o.busy, 1e-6)
		o.from, o.done, o.early = max(o.next-o.gap, 0), ahead, max(o.gap-o.next, 0)
		tiers = max(tiers, fc.rank(o)+1)
		turns := fc.ordered[o.hi-1].at
		work += turns * o.busy
		starts += turns
		longest = max(longest, o.from+turns*o.gap)
	}
	step := max(work/fc.workers, starts/fc.rate, longest) / flowSteps
	now := 0.0
	for range flowMost {
		soon := math.Inf(1) // when a host comes to its end, or takes part
		workers, rate := fc.workers, fc.rate
		for t := range tiers {
			workers, rate = fc.share(t, now+step, workers, rate)
		}
		for _, i := range fc.left {
			switch o := &fc.hosts[i]; {
			case o.from > now+step:
				soon = min(soon, o.from-now)
			case o.speed > 0:
				soon = min(soon, max(o.from-now, 0)+max(fc.ordered[o.hi-1].at-o.done, 0)/o.speed)
			}
		}
		if math.IsInf(soon, 1) {
			return // nothing is left that moves
		}
		next := now + max(soon, step)
		left := fc.left[:0]
		for _, i := range fc.left {
			if o := &fc.hosts[i]; o.from < next && o.speed > 0 && fc.advance(o, max(o.from, now), next) {
				tiers = max(tiers, fc.rank(o)+1)
			}
			if fc.hosts[i].lo < fc.hosts[i].hi {
				left = append(left, i)
			}
		}
		fc.left, now = left, next
	}
}

// rank finds the tier of the best that is left at a host, 0 being the highest.
func (fc *forecast) rank(o *outlook) int32 {
	best := Low
	for _, m := range fc.ordered[o.lo:o.hi] {
		best = max(best, m.priority)
	}
	o.tier = int32(max(High-best, 0))
	return o.tier
}

// share gives the hosts of a tier that take part by then their speeds, from what
// workers and rate there are, and returns what remains of these. No host is
// faster than its pace; those that could be are equally fast.
func (fc *forecast) share(tier int32, by, workers, rate float64) (float64, float64) {
	var busy, hosts float64
	for _, i := range fc.left {
		if o := &fc.hosts[i]; o.tier == tier && o.from <= by {
			busy += o.busy
			hosts++
		}
	}
	for _, i := range fc.left { // the slowest pace first
		o := &fc.hosts[i]
		if o.tier != tier {
			continue
		}
		if o.speed = 0; o.from > by {
			continue
		}
		o.speed = max(min(workers/busy, rate/hosts), 0)
		if o.gap > 0 {
			o.speed = min(o.speed, 1/o.gap)
		}
		workers -= o.speed * o.busy
		rate -= o.speed
		busy -= o.busy
		hosts--
	}
	return workers, rate
}

// advance plays one host from one time to another, and reports whether it
// reached a mark.
func (fc *forecast) advance(o *outlook, from, to float64) (reached bool) {
	done := o.done + o.speed*(to-from)
	for ; o.lo < o.hi && fc.ordered[o.lo].at <= done+1e-9; o.lo++ {
		at := from + max(fc.ordered[o.lo].at-o.done, 0)/o.speed
		if o.speed*o.gap > 0.999 {
			at = max(at-o.early, from) // its pace alone holds it up
		}
		fc.reach(o, at)
		reached = true
	}
	o.done = done
	return reached && o.lo < o.hi
}

// deferred moves the ends of batches to behind the retries that they wait for.
func (e *Engine) deferred(fc *forecast, now time.Time) {
	for i, b := range e.batches {
		if end := &fc.batches[i]; *end >= 0 && b.counts.Retry > 0 {
			*end = max(*end, b.due.Sub(now).Seconds()+e.gauge.busy)
			fc.run = max(fc.run, *end)
		}
	}
}

// recovers reports whether the host was slowed down and is to come back to the
// pace that operator and robots.txt ask for. Where they ask for none, the
// throttle is to find out what the host can bear, and nobody knows it.
func (p *pace) recovers() bool {
	return p.base > 0 && p.interval > p.base && p.adapts.kind.resolve(p.base) == ThrottleAIMD && !p.adapts.cutAt.IsZero()
}

// ahead returns the mean gap of so many turns from now on, if the host refuses
// none of them: what raise would do.
func (p *pace) ahead(now time.Time, turns float64) time.Duration {
	a, left, begin := p.adapts, turns, now
	// pass lets turns pass until so many have, and until then.
	pass := func(n float64, until time.Time) {
		n = min(max(n, math.Ceil(until.Sub(now).Seconds()/a.gap.Seconds())), left)
		left -= n
		now = now.Add(time.Duration(n * float64(a.gap)))
	}
	pass(0, a.cutAt.Add(aimdHold))
	for left > 0 && a.gap > p.base {
		pass(float64(aimdGood-a.good), a.raised.Add(aimdStep))
		gap := time.Duration(float64(a.gap) / aimdCreep)
		if near := time.Duration(float64(a.refused) / aimdNear); gap < near && now.Before(a.cutAt.Add(aimdProbe)) {
			gap = min(near, a.gap)
			if gap == a.gap {
				pass(0, a.cutAt.Add(aimdProbe))
				continue
			}
		}
		a.gap, a.good, a.raised = max(gap, p.base), 0, now
	}
	return time.Duration((float64(now.Sub(begin)) + left*float64(p.base)) / turns)
}
