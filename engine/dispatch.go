package engine

import (
	"container/heap"
	"slices"
	"time"
)

// This file decides which job a worker gets, and which idle worker keeps the
// clock. Everything in it is called with the pool's lock held.

// A moment is the time of one hold of the lock, read when somebody asks for it.
// In a pool that is not paced nobody does, and the clock was a fifth of what a
// job cost there.
type moment struct{ at time.Time }

func (m *moment) now() time.Time {
	if m.at.IsZero() {
		m.at = time.Now()
	}
	return m.at
}

// passed reports whether the moment is at t or after it. The zero t is long
// past.
func (m *moment) passed(t time.Time) bool { return t.IsZero() || m.reached(t) }

func (m *moment) reached(t time.Time) bool { return !t.After(m.now()) }

// lane returns the host's lane, making it if need be. Lanes are kept: a host's
// pace outlives its jobs.
func (p *Pool) lane(host string) *lane {
	if p.latest != nil && p.latest.host == host {
		return p.latest
	}
	l := p.lanes[host]
	if l == nil {
		l = &lane{host: host, older: p.newest}
		p.newest = l
		l.pace.last = p.since
		l.pace.adapts.kind = p.cfg.Throttle
		l.pace.apply(p.cfg.Interval, time.Time{}, "")
		p.lanes[host] = l
	}
	p.latest = l
	return l
}

// depart counts a waiter that leaves the lanes.
func (p *Pool) depart(w *waiter) {
	if w.probe() {
		p.depth--
		return
	}
	p.leave()
}

// leave is depart of a job's own request.
func (p *Pool) leave() {
	p.depth--
	p.door.gone.Add(1)
	if p.door.asked.Load() {
		p.freeRoom()
	}
}

// probe reports whether w is a request that is no job's.
func (w *waiter) probe() bool { return w.Again != nil && w.Again.Kind == KindRobots }

// place puts l where it belongs: among those whose turn has come, among those
// whose turn comes at a known time, or nowhere. A lane that stays among those
// of its priority keeps its place there.
func (p *Pool) place(l *lane, m *moment) {
	at, ok := l.pace.next()
	switch {
	case !ok:
		p.move(l, aside, l.best)
	case p.crowds(l): // until a turn of it comes back, or no other wants one
		p.move(l, aside, l.best)
	case m.passed(at):
		p.seat(l, ready)
	default:
		l.at = at
		p.seat(l, timed)
	}
}

// crowds reports whether l is to leave the workers to others, and remembers it.
func (p *Pool) crowds(l *lane) bool {
	crowding := l.pace.crowds() && l.size > 0 && p.depth > l.size
	switch {
	case crowding == l.pace.crowding:
	case crowding:
		p.crowd[l] = struct{}{}
	default:
		delete(p.crowd, l)
	}
	l.pace.crowding = crowding
	return crowding
}

// disperse lets the lane go on that left the workers to others, when they have
// gone. Of two such lanes each is the other's reason.
func (p *Pool) disperse(m *moment) {
	for l := range p.crowd {
		if p.depth == l.size {
			p.place(l, m)
		}
	}
}

// seat puts l to a place if it has a job that could go, else to none.
func (p *Pool) seat(l *lane, to place) {
	next, best, ok := l.find(p.held)
	if !ok {
		p.move(l, aside, best)
		return
	}
	l.next = next
	p.move(l, to, best)
}

// move takes l from the place where it stands to another, as a lane of priority
// best.
func (p *Pool) move(l *lane, to place, best Priority) {
	if l.place == to && to == ready && l.best == best {
		return
	}
	switch {
	case l.place == ready:
		p.ready.remove(l)
	case l.place == timed && to == timed:
		heap.Fix(&p.timed, l.index)
	case l.place == timed:
		heap.Remove(&p.timed, l.index)
	}
	l.best = best
	switch {
	case to == ready:
		p.ready.add(l)
	case to == timed && l.place != timed:
		heap.Push(&p.timed, l)
	}
	l.place = to
}

// ripe returns the lane whose job goes next, nil if there is none.
func (p *Pool) ripe(m *moment) *lane {
	if p.paused || p.cause != nil {
		return nil
	}
	if len(p.later)+len(p.timed) > 0 {
		p.ripen(m)
	}
	if len(p.crowd) == 1 {
		p.disperse(m)
	}
	for {
		l := p.ready.next()
		if l == nil || !p.crowds(l) {
			return l
		}
		p.move(l, aside, l.best)
	}
}

// ripen moves the jobs and lanes that have waited for the clock long enough.
func (p *Pool) ripen(m *moment) {
	for len(p.later) > 0 && m.passed(p.later[0].due) {
		w := p.later[0]
		p.later = slices.Delete(p.later, 0, 1)
		l := p.lane(w.host())
		l.putFront(w)
		p.place(l, m)
	}
	for l := p.timed.top(); l != nil && m.passed(l.at); l = p.timed.top() {
		p.move(l, ready, l.best)
	}
}

// pass takes the turn of the limiter of all hosts, if there is one.
func (p *Pool) pass() bool {
	if p.cfg.Limiter == nil {
		return true
	}
	next, _ := p.cfg.Limiter.take()
	return next.IsZero()
}

// hand gives the next job of a ripe lane to worker w. It notes the time, anew
// for each job, where the gap to the next counts from it, and where the handler
// wants it. Only the engine changes intervals, so a pool without HandlerStarts
// that is not paced has no use for it later either.
func (p *Pool) hand(w *worker, l *lane, m *moment) {
	var now time.Time
	if l.pace.interval > 0 || p.cfg.HandlerStarts {
		now = time.Now()
	}
	p.ready.serve(l)
	t := l.take(l.next, p.held)
	p.depart(t)
	p.active++
	l.pace.hand(now)
	t.lane, t.Worker, t.Handed, t.started, t.ctx = l, w.num, now, !p.cfg.HandlerStarts, w.nextContext()
	w.turn = t
	if t.started {
		l.pace.started(now)
	}
	if l.behind != nil {
		p.move(l, aside, l.best) // it goes behind those that wait longer
	}
	if l.pace.interval > 0 || l.pace.probing {
		p.place(l, m)
	} else {
		p.seat(l, ready) // as before: an unpaced host waits for no clock
	}
}

// relay is finish and hand in one, for what is usual under load: the lane of w's
// last job is the only one that is ready, waits for no clock, and has its jobs in
// one line, so the first of them is next whatever the rules of choosing say. If
// that is not so, it does nothing and returns false. To find it out step by step
// took a quarter of a job's time.
func (p *Pool) relay(w *worker) bool {
	t := w.turn
	l := t.lane
	switch {
	case p.paused || w.num > p.workers || p.active > p.workers || p.cfg.Limiter != nil || p.cfg.HandlerStarts:
		return false
	case len(p.timed)+len(p.later)+len(p.held) > 0 || !p.ready.only(l) || l.pace.interval > 0 || t.back != nil:
		return false
	}
	c := l.only()
	if c == nil || c.first == c.last { // without its last job the lane has no place
		return false
	}
	next := c.first
	c.cut(nil, next)
	l.size--
	l.next.waiter = c.first
	p.leave()
	p.recycle(t)
	next.lane, next.Worker, next.started, next.ctx = l, w.num, true, w.nextContext()
	w.turn = next
	return true
}

// dispatch hands out what can go to the workers that are free.
func (p *Pool) dispatch(m *moment) {
	for l := p.ripe(m); l != nil; l = p.ripe(m) {
		w := p.free()
		if w == nil {
			p.door.slack.Store(false) // whoever comes free looks for itself
			return
		}
		if !p.pass() {
			break
		}
		p.hire(w)
		p.hand(w, l, m)
		w.rouse()
	}
	p.setClock(m, nil)
}

// slack reports whether a worker could take a job.
func (p *Pool) slack() bool { return len(p.idle) > 0 || p.hired < p.workers }

// free returns a worker that could take a job: an idle one, or one that is
// yet to be started; nil if there is none. It prefers one that does not keep
// the clock.
func (p *Pool) free() *worker {
	if p.active >= p.workers {
		return nil // others, of before the last SetWorkers, still carry theirs
	}
	var clock *worker
	for i := len(p.idle) - 1; i >= 0; i-- {
		switch w := p.idle[i]; {
		case w.num > p.workers:
		case w == p.clock:
			clock = w
		default:
			return w
		}
	}
	if p.hired < p.workers {
		for i := range p.workers {
			if i >= len(p.slots) || p.slots[i] == nil {
				return &worker{num: i + 1, wake: make(chan struct{}, 1), context: len(worker{}.contexts)}
			}
		}
	}
	return clock
}

// hire takes w out of the idle, or starts it.
func (p *Pool) hire(w *worker) {
	for len(p.slots) < w.num {
		p.slots = append(p.slots, nil)
	}
	if p.slots[w.num-1] == nil {
		p.slots[w.num-1] = w
		p.hired++
		p.wg.Go(func() { p.work(w) })
		return
	}
	p.leaveIdle(w)
}

func (p *Pool) leaveIdle(w *worker) {
	if i := slices.Index(p.idle, w); i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
	}
	if p.clock == w {
		p.clock = nil
	}
}

// rouse makes an idle worker look again.
func (w *worker) rouse() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// await returns true when w was handed a turn or should look again, and false
// when it should end. It lets go of the lock while it waits.
func (p *Pool) await(w *worker, m *moment) bool {
	if w.turn != nil {
		return true
	}
	if w.num > p.workers || p.over() {
		return false
	}
	if l := p.ripe(m); l != nil && p.active < p.workers && p.pass() {
		p.hand(w, l, m)
		if p.slack() {
			p.dispatch(m)
		}
		return true
	}
	p.rest(w, m)
	return true
}

// rest makes w idle until it should look again.
func (p *Pool) rest(w *worker, m *moment) {
	p.idle = append(p.idle, w)
	defer p.leaveIdle(w)
	if p.ease(m) {
		return
	}
	p.setClock(m, w)
	if p.clock != w {
		p.mu.Unlock()
		<-w.wake
	} else {
		timer := time.NewTimer(time.Until(p.alarm))
		p.mu.Unlock()
		select {
		case <-w.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	p.lock(m)
}

// setClock sees to it that some worker wakes when the next job may go. w, if
// not nil, is a worker that is about to wait; else one is sent to do so.
func (p *Pool) setClock(m *moment, w *worker) {
	at := p.next(m)
	switch {
	case at.IsZero() || p.cause != nil || p.paused:
	case p.clock != nil:
		if at.Before(p.alarm) {
			p.clock.rouse() // it sets its own clock anew
		}
	case w != nil:
		p.clock, p.alarm = w, at
	default:
		if w := p.free(); w != nil {
			p.hire(w)
			w.rouse()
		}
	}
}

// next returns when a job may go that may not go now; zero: no time is known.
func (p *Pool) next(m *moment) time.Time {
	var at time.Time
	if l := p.timed.top(); l != nil {
		at = l.at
	}
	if len(p.later) > 0 && (at.IsZero() || p.later[0].due.Before(at)) {
		at = p.later[0].due
	}
	if p.ready.next() != nil && p.cfg.Limiter != nil {
		if gate := p.cfg.Limiter.next(); !m.passed(gate) && (at.IsZero() || gate.Before(at)) {
			at = gate
		}
	}
	return at
}

// finish takes a turn back from w, and what comes next of its job.
func (p *Pool) finish(w *worker, m *moment) {
	t := w.turn
	w.turn = nil
	l := t.lane
	l.pace.returned(t.started)
	switch {
	case t.back == nil:
	case p.cause == nil:
		t.back.seq = t.seq
		p.putBack(t.back, t.front, m)
	default:
		p.dropped = append(p.dropped, t.back)
	}
	t.back = nil
	p.recycle(t)
	if l.place == aside { // else it has its place: a return holds up nothing
		p.place(l, m)
	}
	p.active--
	if !p.busy() {
		p.settle()
	}
}

// putBack queues what comes next of a job that was carried.
func (p *Pool) putBack(w *waiter, front bool, m *moment) {
	p.depth++
	if !w.probe() {
		p.door.back.Add(1)
	}
	if !m.passed(w.due) {
		i, _ := slices.BinarySearchFunc(p.later, w.due, func(a *waiter, t time.Time) int { return a.due.Compare(t) })
		p.later = slices.Insert(p.later, i, w)
		return
	}
	l := p.lane(w.host())
	if front {
		l.putFront(w)
	} else {
		l.put(w)
	}
	p.place(l, m)
	p.dispatch(m)
}

func (p *Pool) busy() bool { return p.depth+p.active > 0 || p.door.came.Load() }

// over reports whether nothing will ever run again.
func (p *Pool) over() bool { return p.cause != nil || p.door.shut && !p.busy() }

// settle tells those who wait when the last job is done, and sends the workers
// home when it was the last for good.
func (p *Pool) settle() {
	if !p.busy() {
		if p.quiet != nil {
			close(p.quiet)
			p.quiet = nil
		}
	}
	if p.over() {
		for _, w := range p.idle {
			w.rouse()
		}
	}
}
