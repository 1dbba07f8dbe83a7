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

// A robotsTurn says whether a host has a turn for robots.txt to come. Of several
// origins at one host only the first counts.
type robotsTurn uint8

const (
	robotsNone    robotsTurn = iota // none of its jobs has an origin
	robotsUnasked                   // the first of them gives its turn to robots.txt
	robotsAsked                     // that turn has come
)

// estimate sets the ETA of the run, and returns those of its batches in their
// order. Both are of what can go on now: jobs that the operator has paused, with
// their batch or host, do not count, nor do those that draining leaves behind.
func (e *Engine) estimate(s *Stats, now time.Time) []time.Duration {
	fc := &e.future
	fc.begin(e, now)
	if e.paused.IsZero() && s.Counts.Left() > 0 {
		e.outlooks(fc, s, now)
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

// begin empties a forecast.
func (fc *forecast) begin(e *Engine, now time.Time) {
	fc.hosts, fc.roll, fc.marks, fc.ordered = fc.hosts[:0], fc.roll[:0], fc.marks[:0], fc.ordered[:0]
	fc.left, fc.batches, fc.etas = fc.left[:0], fc.batches[:0], fc.etas[:0]
	fc.run, fc.workers, fc.rate, fc.gate = -1, float64(e.cfg.Workers), math.Inf(1), 0
	if e.cfg.Rate > 0 {
		fc.rate = e.cfg.Rate
		fc.gate = max(e.pool.gate(now).Sub(now).Seconds(), 0)
	}
	for range e.batches {
		fc.batches = append(fc.batches, -1)
	}
}

// outlook takes a host into a forecast, with what is known of it now.
func (e *Engine) outlook(fc *forecast, s *Stats, now time.Time, h *host, slowed int) {
	hs := &s.Hosts[h.at]
	o := outlook{first: -1, slowed: slowed, gap: max(hs.Interval, 0).Seconds(), busy: h.gauge.busy}
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
	case Probing, Crowding:
		o.next = max(o.next, o.busy)
	}
	if t, ok := Until(hs.Reason); ok {
		o.next = max(o.next, t.Sub(now).Seconds())
	}
	if h.robots == robotsUnasked {
		o.more = 1
	}
	h.spot = len(fc.hosts)
	fc.hosts, fc.roll = append(fc.hosts, o), append(fc.roll, h)
}

// outlooks counts what can go on, by host and batch.
func (e *Engine) outlooks(fc *forecast, s *Stats, now time.Time) {
	// Where one batch is all that is left, the hosts' own books are enough.
	only, several := -1, false
	for i, b := range e.batches {
		if b.counts.Left() > 0 {
			several = several || only >= 0
			only = i
		}
	}
	single := only >= 0 && !several && !e.draining
	for _, w := range e.loads {
		h := e.roll[w.at]
		e.outlook(fc, s, now, h, int(w.slowed))
		if single && !e.batches[only].halted() {
			fc.add(h, only, e.batches[only].Priority, h.left-h.flight-len(h.stays))
		}
	}
	if !single {
		fc.queued = fc.queued[:0]
		e.pool.each(func(w *waiter) {
			if h := e.hosts[w.host()]; h != nil && !w.probe() {
				if h.spot < 0 { // it came since
					e.outlook(fc, s, now, h, -1)
				}
				fc.queued = append(fc.queued, standing{h, w.Job.Batch})
			}
		})
		slices.SortFunc(fc.queued, func(a, b standing) int {
			return cmp.Or(cmp.Compare(a.host.spot, b.host.spot), cmp.Compare(a.batch, b.batch))
		})
		queued := fc.queued
		for _, h := range fc.roll {
			for _, st := range h.stock {
				queued = e.standings(fc, queued, h, st.batch)
				if b := e.batch(st.batch); !b.halted() && !e.draining {
					fc.add(h, int(st.batch)-1, b.Priority, st.jobs-h.staying(st.batch))
				}
			}
			queued = e.standings(fc, queued, h, BatchID(len(e.batches)))
		}
	}
	for i := range fc.hosts {
		if o := &fc.hosts[i]; o.first >= 0 {
			h := fc.roll[i]
			turns := h.gauge.turns(o.jobs, e.cfg.Retries)
			if o.slowed >= 0 {
				p := &e.slowed[o.slowed]
				o.gap = p.ahead(s.At.Add(time.Duration(o.next*float64(time.Second))), turns*float64(o.jobs)).Seconds() + h.gauge.lead
			}
			fc.order(o, turns)
			fc.left = append(fc.left, int32(i))
		}
	}
}

// standings counts the jobs of a host in the queue, of the batches up to one, and
// returns the others.
func (e *Engine) standings(fc *forecast, queued []standing, h *host, upto BatchID) []standing {
	for len(queued) > 0 && queued[0].host == h && queued[0].batch <= upto {
		b := queued[0].batch
		fc.add(h, int(b)-1, e.batch(b).Priority, 1)
		queued = queued[1:]
	}
	return queued
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
