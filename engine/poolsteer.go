package engine

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// This file is how the engine steers its pool. Each method takes the pool's
// lock for a short time and never blocks.

// remove takes out of the queue what matches and returns it, oldest first,
// with what is about to return to it.
func (p *Pool) remove(match func(*waiter) bool) []*waiter {
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	var out []*waiter
	for _, w := range p.slots {
		if w != nil && w.turn != nil && w.turn.back != nil && match(w.turn.back) {
			out = append(out, w.turn.back)
			w.turn.back = nil
		}
	}
	out = append(out, p.removeLocked(match)...)
	p.settle()
	return out
}

// leftover returns what Cancel took out of the queue, and what would have come
// back to it. Call it after Wait.
func (p *Pool) leftover() []*waiter {
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	return p.dropped
}

func (p *Pool) removeLocked(match func(*waiter) bool) []*waiter {
	var out []*waiter
	var m moment
	for _, l := range p.lanes {
		if l.size == 0 {
			continue
		}
		before := len(out)
		if out = l.remove(match, out); len(out) > before {
			p.place(l, &m)
		}
	}
	p.later = slices.DeleteFunc(p.later, func(w *waiter) bool {
		if !match(w) {
			return false
		}
		out = append(out, w)
		return true
	})
	for i := range out {
		p.depart(out[i])
	}
	slices.SortFunc(out, func(a, b *waiter) int { return cmp.Compare(a.seq, b.seq) })
	return out
}

// each calls f for every waiter, in no order. f must not call the pool.
func (p *Pool) each(f func(*waiter)) {
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	for _, l := range p.lanes {
		l.each(f)
	}
	for _, w := range p.later {
		f(w)
	}
}

// jobs calls f for every job that counts as queued, in no order: those that are
// about to return to the queue too. f must not call the pool.
func (p *Pool) jobs(f func(*Job)) {
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	each := func(w *waiter) {
		if !w.probe() {
			f(&w.Job)
		}
	}
	for _, w := range p.slots {
		if w != nil && w.turn != nil && w.turn.back != nil {
			each(w.turn.back)
		}
	}
	for _, l := range p.lanes {
		if l.size > 0 {
			l.each(each)
		}
	}
	for _, w := range p.later {
		each(w)
	}
}

// eachAt calls f for every waiter in the lanes of these hosts. f must not call
// the pool.
func (p *Pool) eachAt(hosts iter.Seq[string], f func(*waiter)) {
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	for host := range hosts {
		if l := p.lanes[host]; l != nil {
			l.each(f)
		}
	}
}

// removeAt takes out of the lane of one host what matches and returns it.
func (p *Pool) removeAt(host string, match func(*waiter) bool) []*waiter {
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	l := p.lanes[host]
	if l == nil {
		return nil
	}
	out := l.remove(match, nil)
	if len(out) == 0 {
		return nil
	}
	p.place(l, &m)
	for _, w := range out {
		p.depart(w)
	}
	p.settle()
	return out
}

// sort moves waiters to the tier that priority now names.
func (p *Pool) sort(batch BatchID, priority Priority) {
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	for _, l := range p.lanes {
		moved := l.remove(func(w *waiter) bool { return w.Job.Batch == batch && w.Again == nil }, nil)
		for _, w := range moved {
			w.Job.Priority = priority
			l.put(w)
		}
		if len(moved) > 0 {
			p.place(l, &m)
		}
	}
}

// hold keeps the jobs of origin in the queue; release lets them go.
func (p *Pool) hold(origin string)    { p.setHeld(origin, true) }
func (p *Pool) release(origin string) { p.setHeld(origin, false) }

func (p *Pool) setHeld(origin string, held bool) {
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	if held {
		p.held[origin] = struct{}{}
	} else {
		delete(p.held, origin)
	}
	p.placeAll()
}

// placeAll puts every lane with work where it belongs. p.mu held.
func (p *Pool) placeAll() {
	var m moment
	for _, l := range p.lanes {
		if l.size > 0 {
			p.place(l, &m)
		}
	}
	p.dispatch(&m)
}

// setPaused stops handing out jobs, or goes on. What is under way is finished.
func (p *Pool) setPaused(paused bool) {
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	p.paused = paused
	p.dispatch(&m)
}

// tune changes the pace of one host and hands out what may go now. change says
// why the interval may be another then.
func (p *Pool) tune(host string, change func(*pace) (why string)) {
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	l := p.lane(host)
	why := change(&l.pace)
	l.pace.apply(p.cfg.Interval, m.now(), why)
	p.place(l, &m)
	p.dispatch(&m)
}

// look calls f to read the pace of one host. f must not call the pool.
func (p *Pool) look(host string, f func(*pace)) {
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	f(&p.lane(host).pace)
}

// setInterval changes the interval of all hosts that have none of their own.
func (p *Pool) setInterval(d time.Duration) {
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	p.cfg.Interval = d
	for _, l := range p.lanes {
		l.pace.apply(d, m.now(), setByOperator)
	}
	p.placeAll()
}

// read calls f to read the lanes for a snapshot, the one made last first. f must
// not call the pool. asking are the origins, by host, of jobs that gave their
// turn to the robots.txt of these.
func (p *Pool) read(f func(newest *lane, asking map[string]string)) {
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	p.ripen(&m) // while every worker is busy nobody else does
	asking := make(map[string]string)
	for _, w := range p.slots {
		if w != nil && w.turn != nil && w.turn.back != nil {
			if _, held := p.held[w.turn.back.origin()]; held {
				asking[w.turn.back.host()] = w.turn.back.origin()
			}
		}
	}
	f(p.newest, asking)
}

// heldFor returns the origin whose robots.txt all jobs of a lane wait for;
// empty: they do not. It is for read.
func (p *Pool) heldFor(l *lane, asking map[string]string) (origin string) {
	if l.size == 0 {
		return asking[l.host]
	}
	if len(p.held) == 0 {
		return ""
	}
	if _, _, free := l.find(p.held); !free {
		l.each(func(w *waiter) { origin = w.origin() })
	}
	return origin
}

// gate returns when the limiter of all hosts lets the next request through;
// zero: now.
func (p *Pool) gate(now time.Time) time.Time {
	if p.cfg.Limiter == nil {
		return time.Time{}
	}
	if next := p.cfg.Limiter.next(); next.After(now) {
		return next
	}
	return time.Time{}
}

// enqueue queues a request that is no job's, ahead of the others of its host.
func (p *Pool) enqueue(w waiter) {
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	if p.cause == nil {
		w.pool = p
		p.putBack(&w, true, &m)
	}
}

// carried calls f for the turn of every job in a worker's hands. f must not
// call the pool.
func (p *Pool) carried(f func(*Turn)) {
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	for _, w := range p.slots {
		if w != nil && w.turn != nil && (w.turn.Again == nil || w.turn.Again.Kind != KindRobots) {
			f(&w.turn.Turn)
		}
	}
}
