package engine_test

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"weir/engine"
)

// This file holds the screen against the model.

// settle takes to the model what the engine did by itself in the step: what the
// safeguard paused, and what an operation took that was done while the run went
// on. It checks that this was the engine's to do.
func (l *ledgerRun) settle(before *sight, exact bool) {
	l.t.Helper()
	l.model = l.model.clone() // the last moment is as it was
	paused := map[whom]engine.Paused{}
	for _, b := range l.now.stats.Batches {
		paused[whom{batch: b.Batch.ID}] = b.Paused
	}
	for _, h := range l.now.stats.Hosts {
		if p, ok := h.Reason.(engine.Paused); ok && p.What == "host" {
			paused[whom{host: h.Host}] = p
		}
	}
	for _, w := range slices.SortedFunc(maps.Keys(paused), func(a, b whom) int { return paused[a].At.Compare(paused[b].At) }) {
		l.settlePause(w, paused[w])
	}
	for w := range l.model.paused {
		if j := l.now.jobs[w.job]; j.Place == engine.Ended && j.Outcome != engine.Cancelled {
			delete(l.model.paused, w) // the end of a job is the end of its pause
		}
	}
	for _, c := range slices.Backward(l.model.undos) {
		if c.fresh {
			l.settleCancel(c, before)
			c.fresh = false
		}
	}
	l.settleIntervals(before, exact)
}

// settlePause takes a pause of the safeguard.
func (l *ledgerRun) settlePause(w whom, p engine.Paused) {
	if p.Of == 0 || !l.model.paused[w].IsZero() {
		return
	}
	if l.cfg.Safeguard == 0 {
		l.t.Errorf("%+v is paused by a safeguard that is off", w)
	}
	if n := l.witness.failures(w); float64(n) < l.cfg.Safeguard*engine.SafeguardOf || float64(p.Failed) < l.cfg.Safeguard*engine.SafeguardOf {
		l.t.Errorf("the safeguard paused %+v after %d failures, %d it says", w, n, p.Failed)
	}
	l.model.paused[w] = p.At
	if len(l.ops) > 0 {
		return // it may have been resumed and paused again
	}
	i := 1
	for i < len(l.moments) && !l.moments[i].from.After(p.At) {
		i++
	}
	l.moments = slices.Insert(l.moments, i, moment{p.At, l.moments[i-1].model})
	for ; i < len(l.moments); i++ {
		m := l.moments[i].clone()
		m.paused[w] = p.At
		l.moments[i].model = m
	}
}

// settleCancel finds out what a cancel took that was done while the run went on:
// all that was there and had not ended.
func (l *ledgerRun) settleCancel(c *change, before *sight) {
	states := map[engine.BatchID]engine.BatchState{}
	for _, b := range l.now.stats.Batches {
		states[b.Batch.ID] = b.State
	}
	sel := c.done.Selector
	left := func(id engine.BatchID) bool { // certainly when it was cancelled
		for _, j := range before.jobs {
			if j.Batch == id && l.now.jobs[j.ID].Place != engine.Ended {
				return true
			}
		}
		return false
	}
	drop := func(f func(m *model)) {
		f(l.model)
		for _, m := range l.moments {
			f(m.model)
		}
	}
	for id, by := range l.model.gone {
		if by == c && states[id] != engine.BatchCancelled && !left(id) {
			drop(func(m *model) { delete(m.gone, id) }) // it had ended
		}
	}
	for id, by := range l.model.cancelled {
		if j := l.now.jobs[id]; by == c && j.Place == engine.Ended && j.Outcome != engine.Cancelled {
			drop(func(m *model) { delete(m.cancelled, id) }) // likewise
		}
	}
	switch {
	case c.done.Action != engine.ActCancel || sel.Batch != 0:
		return
	case sel.All:
		for id, state := range states {
			if int(id) > len(before.stats.Batches) && state == engine.BatchCancelled && l.model.gone[id] == nil {
				l.model.gone[id] = c // it was added just before
			}
		}
		return
	}
	for id, j := range l.now.jobs {
		_, known := before.jobs[id]
		if !known && takesIn(sel, j) && !l.model.cancels(j) && (j.Outcome == engine.Cancelled || j.Place == engine.InFlight && l.witness.cut(id)) {
			l.model.cancelled[id] = c
		}
	}
}

// settleIntervals takes the interval of a batch to the hosts that had no job
// left when it brought them one.
func (l *ledgerRun) settleIntervals(before *sight, exact bool) {
	brought := map[string]map[time.Duration]bool{}
	for id, j := range l.now.jobs {
		if _, known := before.jobs[id]; !known {
			if brought[j.Host] == nil {
				brought[j.Host] = map[time.Duration]bool{}
			}
			brought[j.Host][l.now.stats.Batches[j.Batch-1].Batch.Interval] = true
		}
	}
	for host, ds := range brought {
		set := l.now.host(host).Set
		if exact && len(l.ops) == 0 && len(ds) == 1 && before.left(host) == 0 {
			for d := range ds {
				if d != 0 && set != d {
					l.t.Errorf("%s is set to %v by a batch of %v", host, set, d)
				}
			}
		}
		if set != l.model.own[host] && ds[set] {
			l.model.own[host] = set
		}
		for i, m := range l.moments { // each may have been in force for a part of the step
			m := m.clone()
			for d := range ds {
				if d != 0 && d < m.interval(host) {
					m.own[host] = d
				}
			}
			l.moments[i].model = m
		}
	}
}

// modelled checks what the screen shows against the model.
func (l *ledgerRun) modelled() {
	l.t.Helper()
	s, m := &l.now.stats, l.model
	var undos []engine.Done
	for _, c := range m.undos {
		undos = append(undos, c.done)
	}
	if !slices.EqualFunc(s.Undo, undos, func(a, b engine.Done) bool { return reflect.DeepEqual(a, b) }) {
		l.t.Errorf("can be undone: %+v, want %+v", s.Undo, undos)
	}
	if s.Workers != m.workers {
		l.t.Errorf("%d workers, want %d", s.Workers, m.workers)
	}
	if at := m.paused[whom{all: true}]; !s.Paused.At.Equal(at) {
		l.t.Errorf("the run is paused since %v, want %v", s.Paused.At, at)
	}
	for _, b := range s.Batches {
		id := b.Batch.ID
		if at := m.paused[whom{batch: id}]; !b.Paused.At.Equal(at) {
			l.t.Errorf("batch %d is paused since %v, want %v", id, b.Paused.At, at)
		}
		if b.Batch.Priority != m.priority[id] {
			l.t.Errorf("batch %d is %v, want %v", id, b.Batch.Priority, m.priority[id])
		}
		if (b.State == engine.BatchCancelled) != (m.gone[id] != nil) {
			l.t.Errorf("batch %d is %v, want cancelled: %v", id, b.State, m.gone[id] != nil)
		}
	}
	l.cancelledAsModelled()
	l.pausedAsModelled()
	for i := range s.Hosts {
		l.hostAsModelled(&s.Hosts[i])
	}
	most := l.cfg.Queue + l.witness.between(l.now.jobs)
	switch {
	case s.Counts.Queued <= most:
		l.onTheWay = 0
	case s.Counts.Queued > most+l.onTheWay:
		l.t.Errorf("%d jobs in a queue of %d, want at most %d", s.Counts.Queued, l.cfg.Queue, most+l.onTheWay)
	}
}

// cancelledAsModelled checks that the jobs shown as cancelled are those that
// the model has cancelled, but for requests whose transport does not let go.
func (l *ledgerRun) cancelledAsModelled() {
	l.t.Helper()
	for id, j := range l.now.jobs {
		cancelled := l.model.cancels(j)
		switch {
		case j.Place == engine.Ended && j.Outcome != engine.Cancelled:
			delete(l.model.cancelled, id) // it ended all the same
		case cancelled && j.Place == engine.InFlight:
			if !l.witness.cut(id) {
				l.t.Errorf("job %d of %s is in flight though it is cancelled", id, j.Host)
			}
		case cancelled != (j.Outcome == engine.Cancelled):
			l.t.Errorf("job %d of batch %d at %s is %v %v, want cancelled: %v", id, j.Batch, j.Host, j.Place, j.Outcome, cancelled)
		}
	}
}

// pausedAsModelled checks that what is paused leaves the queue to others, but for
// jobs between two steps: these are put down when their turn comes.
func (l *ledgerRun) pausedAsModelled() {
	l.t.Helper()
	for id, j := range l.now.jobs {
		at := l.model.paused[whom{job: id}]
		if p, _ := j.Reason.(engine.Paused); (j.Place == engine.Backlog || j.Place == engine.Deferred) && !p.At.Equal(at) {
			l.t.Errorf("job %d is in %v for %+v, want it paused since %v", id, j.Place, j.Reason, at)
		}
		paused := !l.model.paused[whom{batch: j.Batch}].IsZero() || !l.model.paused[whom{host: j.Host}].IsZero() || !at.IsZero()
		if paused && j.Place == engine.Queued && !l.witness.hopped(id) {
			l.t.Errorf("job %d of batch %d at %s is queued though it is paused", id, j.Batch, j.Host)
		}
	}
}

// hostAsModelled checks a host's pause, interval and numbers.
func (l *ledgerRun) hostAsModelled(h *engine.HostStats) {
	l.t.Helper()
	waiting := 0
	for _, j := range l.now.jobs {
		if j.Host == h.Host && j.Place != engine.Ended && j.Place != engine.InFlight {
			waiting++
		}
	}
	if h.Waiting != waiting {
		l.t.Errorf("%s has %d jobs waiting, a screen shows %d", h.Host, h.Waiting, waiting)
	}
	at := l.model.paused[whom{host: h.Host}]
	p, _ := h.Reason.(engine.Paused)
	if hidden := p.What == "run"; !hidden && (p.What == "host" || !at.IsZero()) && !p.At.Equal(at) {
		l.t.Errorf("%s waits for %+v, want it paused since %v", h.Host, h.Reason, at)
	}
	if own := l.model.own[h.Host]; h.Set != own {
		l.t.Errorf("%s is set to %v, want %v", h.Host, h.Set, own)
	}
	far := l.witness.host(h.Host)
	base := max(l.model.interval(h.Host), far.crawled(l.now.stats.At.Add(1)), 0)
	steady := l.cfg.Throttle == engine.ThrottleOff || l.cfg.Throttle == engine.ThrottleDefault && base == 0
	if h.Interval < base || steady && h.Interval != base {
		l.t.Errorf("%s has an interval of %v, want %v", h.Host, h.Interval, base)
	}
	if down := !far.opened.IsZero(); h.Down != down && !far.unsure {
		l.t.Errorf("%s is down: %v, want %v", h.Host, h.Down, down)
	}
}

// fed checks that nothing stays behind while the queue has room.
func (l *ledgerRun) fed() {
	l.t.Helper()
	s := &l.now.stats
	if s.Counts.Queued >= l.cfg.Queue || s.State == engine.RunPaused || s.State == engine.RunDraining || l.over {
		return
	}
	for id, j := range l.now.jobs {
		due, waits := engine.Until(j.Reason)
		switch {
		case j.Place != engine.Backlog && j.Place != engine.Deferred,
			j.Place == engine.Deferred && (!waits || due.After(s.At)),
			!l.model.paused[whom{batch: j.Batch}].IsZero(),
			!l.model.paused[whom{host: j.Host}].IsZero(),
			!l.model.paused[whom{job: id}].IsZero(),
			engine.Parked(l.now.host(j.Host).Reason):
			continue
		}
		if _, robots := l.now.host(j.Host).Reason.(engine.RobotsWait); robots {
			continue // it may be parked too
		}
		l.t.Errorf("job %d of %s is in %v for %#v while the queue has room: %d of %d", id, j.Host, j.Place, s.Why(j), s.Counts.Queued, l.cfg.Queue)
	}
}
