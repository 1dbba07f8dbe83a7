package engine

import (
	"cmp"
	"slices"
	"time"
)

// snapshot fills s with the state of the run now, reusing its slices.
func (e *Engine) snapshot(s *Stats) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	t := now.Sub(e.epoch)
	*s = Stats{
		At: now, Started: e.started, Active: e.active(now), State: e.runState(), Counts: e.counts,
		Workers: e.cfg.Workers, Busy: len(e.slots), QueueLen: e.counts.Queued, QueueCap: e.cfg.Queue,
		Hits: e.hits, Requests: e.sent, Retried: e.retried, Rows: e.rows, LogLines: e.feed.said(),
		Durations: e.took, Classes: append(s.Classes[:0], e.classes...),
		Slots: s.Slots[:0], Batches: s.Batches[:0], Hosts: s.Hosts[:0], Undo: s.Undo[:0],
	}
	if !e.paused.IsZero() {
		s.Paused = Paused{At: e.paused, What: "run"}
	}
	if e.trouble != nil {
		s.Trouble = e.trouble.Error()
	}
	s.Guarded = e.guarded()
	s.History, s.Rate = e.meter.read(t)
	_, s.HitRate = e.hitrate.read(t)
	for _, u := range e.undos {
		s.Undo = append(s.Undo, u.done)
	}
	e.slotStats(s)
	e.hostStats(s, now, t)
	s.Limit = e.limit(s, now)
	ends := e.estimate(s, now)
	for i, b := range e.batches {
		bs := BatchStats{Batch: b.Batch, State: b.state(), Paused: b.paused, Counts: b.counts, Rows: b.rows, ETA: ends[i], Fill: b.fill.tell()}
		bs.Before = e.cfg.Fill[b.Recipe.Name]
		if b.before != nil && b.before.fill.fields != nil {
			bs.Before = b.before.fill.tell()
		}
		s.Batches = append(s.Batches, bs)
	}
}

func (e *Engine) runState() RunState {
	switch left := e.counts.Left(); {
	case e.counts.Submitted == 0 && e.adding == 0:
		return RunIdle
	case left == 0 && e.adding == 0:
		if e.counts.Cancelled > 0 && e.counts.Cancelled == e.counts.Ended()-e.counts.Skipped {
			return RunCancelled
		}
		return RunFinished
	case !e.paused.IsZero():
		return RunPaused
	case e.draining:
		return RunDraining
	}
	return RunRunning
}

// active returns how long the run has worked.
func (e *Engine) active(now time.Time) time.Duration {
	if e.started.IsZero() {
		return 0
	}
	end := e.pausedOr(now)
	if !e.restFrom.IsZero() && e.restFrom.Before(end) {
		end = e.restFrom
	}
	return max(end.Sub(e.started)-e.rested, 0)
}

func (e *Engine) slotStats(s *Stats) {
	slots := e.cfg.Workers
	for n := range e.slots {
		slots = max(slots, n)
	}
	for n := 1; n <= slots; n++ {
		f := e.slots[n]
		if f == nil {
			if n <= e.cfg.Workers {
				s.Slots = append(s.Slots, WorkerStats{Num: n, Since: e.idle[n]})
			}
			continue
		}
		w := WorkerStats{
			Num: n, Phase: f.phase, Since: f.since, Job: f.job.ID, Batch: f.job.Batch, Kind: f.req.Kind,
			URL: f.req.URL, Host: f.req.Host, Attempt: f.req.Attempt, Most: 1 + e.cfg.Retries,
		}
		if f.req.Kind == KindRobots {
			w.URL, w.Attempt = f.job.Origin+"/robots.txt", 1
		}
		s.Slots = append(s.Slots, w)
	}
}

// A workload is a host that has jobs waiting when a snapshot is made.
type workload struct {
	at     int32 // in Stats.Hosts
	slowed int32 // its pace in Engine.slowed; -1: nothing is to be foreseen of it
}

// hostStats sets the hosts of s, by name, and Engine.loads.
func (e *Engine) hostStats(s *Stats, now time.Time, t time.Duration) {
	gate := e.pool.gate(now)
	// Why jobs wait that their host does not hold up, for all hosts alike.
	var full, busy Reason
	full = QueueWait{Len: e.counts.Queued, Cap: e.cfg.Queue}
	if e.draining {
		full = Draining{}
	}
	if len(e.slots) >= e.cfg.Workers {
		busy = WorkersBusy{Workers: e.cfg.Workers}
	} else if !gate.IsZero() {
		busy = RateWait{Next: gate}
	}
	var run Reason // its pause
	if !e.paused.IsZero() {
		run = s.Paused
	}
	e.halts = e.halts[:0]
	for _, b := range e.batches {
		if !b.paused.At.IsZero() {
			e.halts = append(e.halts, b)
		}
	}
	e.loads, e.slowed = e.loads[:0], e.slowed[:0]
	e.pool.read(func(newest *lane, asking map[string]string) {
		for l := newest; l != e.linked; l = l.older {
			e.host(l.host).lane = l
		}
		e.linked = newest
		e.rank()
		s.Hosts = slices.Grow(s.Hosts, len(e.roll))[:len(e.roll)]
		for i, h := range e.roll {
			hs := &s.Hosts[i]
			*hs = HostStats{}
			hs.Host, hs.Waiting, hs.Failed, hs.Paused = h.name, h.left-h.flight, h.failed, h.paused
			queued, slowed := 0, false
			if l := h.lane; l != nil {
				p := &l.pace
				hs.Interval, hs.Set, hs.Changes, hs.Last = p.interval, p.set, p.changes, p.last
				if hs.Last == e.pool.since {
					hs.Last = time.Time{} // none in this life
				}
				hs.InFlight, hs.Down, hs.Reason = p.flight, !p.breaker.opened.IsZero(), p.reason(now)
				if held := e.pool.heldFor(l, asking); held != "" && p.paused.At.IsZero() && (hs.Reason == nil || p.flight > 0) {
					hs.Reason = RobotsWait{Origin: held}
				}
				queued = l.size
				slowed = h.gauge.refusals == 1 && p.recovers()
			} else {
				hs.Interval = max(e.cfg.Interval, 0)
			}
			if h.meter.holds(t) {
				hs.History, hs.Rate = h.meter.read(t)
			}
			switch {
			case hs.Waiting > 0 && run != nil:
				hs.Reason = run
			case hs.Reason != nil:
			case queued == 0:
				hs.Reason = e.unqueued(h, hs.Waiting, now, full)
			default:
				hs.Reason = busy
			}
			h.spot = -1
			if hs.Waiting > 0 || queued > 0 {
				w := workload{at: int32(i), slowed: -1}
				if slowed {
					w.slowed = int32(len(e.slowed))
					e.slowed = append(e.slowed, h.lane.pace)
				}
				e.loads = append(e.loads, w)
			}
		}
	})
	for _, f := range e.flights {
		hs := &s.Hosts[e.hosts[f.req.Host].at] // its host has a lane, so it is known
		if hs.Phase == PhaseIdle || f.since.Before(hs.Since) {
			hs.Phase, hs.Since = f.phase, f.since
		}
	}
}

// rank puts the hosts into the order of their names, those that were added
// since among those that have it already.
func (e *Engine) rank() {
	if e.ranked == len(e.roll) {
		return
	}
	byName := func(a, b *host) int { return cmp.Compare(a.name, b.name) }
	added := slices.Clone(e.roll[e.ranked:])
	slices.SortFunc(added, byName)
	old := e.ranked
	for i := len(e.roll) - 1; len(added) > 0; i-- { // from the end: none is in the way
		if last := added[len(added)-1]; old > 0 && byName(e.roll[old-1], last) > 0 {
			old--
			e.roll[i] = e.roll[old]
		} else {
			e.roll[i] = last
			added = added[:len(added)-1]
		}
		e.roll[i].at = i
	}
	e.ranked = len(e.roll)
}

// unqueued returns why none of the jobs of a host that nothing holds is in the
// queue, of which so many wait; nil if none does. full is why if nothing else
// is.
func (e *Engine) unqueued(h *host, waiting int, now time.Time, full Reason) Reason {
	if waiting == 0 {
		return nil
	}
	var first Paused // of the batches that are paused
	for _, b := range e.halts {
		if n := h.stockOf(b.ID); n > 0 {
			if waiting -= n; first.At.IsZero() || b.paused.At.Before(first.At) {
				first = b.paused
			}
		}
	}
	switch {
	case waiting == 0:
		return first
	case len(h.stays) >= waiting:
		return h.stayed()
	case e.counts.Queued < e.cfg.Queue && !e.draining:
		// The queue would have taken what is due.
		if r, ok := h.firstRetry(now); ok {
			return r
		}
	}
	return full
}

// limit finds what keeps the run from going faster: the first that is true.
func (e *Engine) limit(s *Stats, now time.Time) Limit {
	l := Limit{Jobs: s.Counts.Left()}
	if l.Jobs == 0 {
		return l
	}
	if !e.paused.IsZero() {
		l.Kind, l.Reason = LimitPaused, s.Paused
		return l
	}
	var waitsFor [LimitBacklog + 1]struct {
		hosts int
		next  time.Time
		host  string
		why   Reason
	}
	note := func(k LimitKind, h *HostStats) {
		w := &waitsFor[k]
		next, _ := Until(h.Reason)
		if w.hosts++; w.host == "" || !next.IsZero() && (w.next.IsZero() || next.Before(w.next)) {
			w.next, w.host, w.why = next, h.Host, h.Reason
		}
	}
	for i := range s.Hosts {
		h := &s.Hosts[i]
		if h.Waiting+h.InFlight == 0 {
			continue
		}
		l.Hosts++
		if h.Waiting == 0 {
			continue
		}
		switch h.Reason.(type) {
		case Paused:
			note(LimitPaused, h)
		case RobotsWait, RobotsDown:
			note(LimitRobots, h)
		case WorkersBusy:
			note(LimitWorkers, h)
		case nil, QueueWait, RetryWait, Draining: // its jobs are next, or not in the queue yet
		default:
			if Parked(h.Reason) {
				note(LimitParked, h)
			} else {
				note(LimitPace, h)
			}
		}
	}
	busy, await := len(e.slots), 0
	for _, f := range e.slots {
		if f.phase == PhaseConnect || f.phase == PhaseSent || f.phase == PhaseBody {
			await++
		}
	}
	idleWork := s.Counts.Backlog+s.Counts.Queued > 0
	switch halted, first := e.haltedJobs(); {
	case busy == 0 && halted == l.Jobs:
		l.Kind = LimitPaused
		l.Reason = first
	case busy == 0 && waitsFor[LimitPaused].hosts == l.Hosts:
		l.Kind = LimitPaused
	case waitsFor[LimitRobots].hosts > 0 && waitsFor[LimitRobots].hosts == l.Hosts:
		l.Kind = LimitRobots
	case waitsFor[LimitParked].hosts > 0 && waitsFor[LimitParked].hosts == l.Hosts:
		l.Kind = LimitParked
	case busy >= e.cfg.Workers && await == busy && idleWork:
		l.Kind = LimitServer
	case busy >= e.cfg.Workers && idleWork:
		l.Kind = LimitWorkers
	case idleWork && waitsFor[LimitPace].hosts > 0:
		l.Kind = LimitPace
	case busy == 0 && s.Counts.Retry > 0 && !idleWork:
		l.Kind = LimitRetry
		l.Next = e.firstDue(now)
	case idleWork:
		l.Kind = LimitPace
	default:
		l.Kind = LimitBacklog
	}
	if w := waitsFor[l.Kind]; w.hosts > 0 {
		l.Waiting, l.Next, l.Host, l.Reason = w.hosts, w.next, w.host, w.why
	}
	return l
}

// haltedJobs returns how many jobs wait only because a batch of theirs is
// paused, and the first of these pauses.
func (e *Engine) haltedJobs() (n int, first Paused) {
	for _, b := range e.batches {
		if b.paused.At.IsZero() || b.mark != 0 || b.counts.Left() == 0 {
			continue
		}
		n += b.counts.Left()
		if first.At.IsZero() || b.paused.At.Before(first.At) {
			first = b.paused
		}
	}
	return n, first
}

func (e *Engine) firstDue(now time.Time) time.Time {
	for _, due := range e.due {
		if due.After(now) {
			return due
		}
	}
	return time.Time{}
}
