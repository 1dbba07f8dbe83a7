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
		bs := BatchStats{Batch: b.Batch, State: b.state(), Paused: b.paused, Counts: b.counts, Rows: b.rows, ETA: ends[i]}
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

func (e *Engine) hostStats(s *Stats, now time.Time, t time.Duration) {
	e.views = e.pool.hosts(e.views[:0])
	gate := e.pool.gate(now)
	slices.SortFunc(e.views, func(a, b hostView) int { return cmp.Compare(a.host, b.host) })
	seen := 0
	for i := range e.views {
		v := &e.views[i]
		h := e.host(v.host)
		if h.left > 0 || !v.pace.last.IsZero() {
			seen++
		}
		hs := HostStats{
			Host: v.host, Interval: v.pace.interval, Set: v.pace.set, Changes: v.pace.changes, Last: v.pace.last,
			Waiting: h.left - h.flight, InFlight: v.pace.flight, Failed: h.failed, Down: !v.pace.breaker.opened.IsZero(),
			Reason: v.pace.reason(now), Paused: h.paused,
		}
		hs.History, hs.Rate = h.meter.read(t)
		if v.held != "" && (hs.Reason == nil || v.pace.flight > 0) {
			hs.Reason = RobotsWait{Origin: v.held}
		}
		switch {
		case hs.Waiting > 0 && !e.paused.IsZero():
			hs.Reason = s.Paused
		case hs.Reason != nil:
		case v.queued == 0:
			hs.Reason = e.unqueued(h, now)
		case len(e.slots) >= e.cfg.Workers:
			hs.Reason = WorkersBusy{Workers: e.cfg.Workers}
		case !gate.IsZero():
			hs.Reason = RateWait{Next: gate}
		}
		s.Hosts = append(s.Hosts, hs)
	}
	// Hosts that no job of has been queued yet have no lane.
	for name, h := range e.hosts {
		if _, ok := slices.BinarySearchFunc(e.views, name, func(v hostView, n string) int { return cmp.Compare(v.host, n) }); !ok {
			hs := HostStats{Host: name, Interval: max(e.cfg.Interval, 0), Waiting: h.left, Failed: h.failed, Reason: e.unqueued(h, now)}
			if hs.Waiting > 0 && !e.paused.IsZero() {
				hs.Reason = s.Paused
			}
			s.Hosts = append(s.Hosts, hs)
		}
	}
	slices.SortFunc(s.Hosts, func(a, b HostStats) int { return cmp.Compare(a.Host, b.Host) })
	for _, f := range e.flights {
		i, ok := slices.BinarySearchFunc(s.Hosts, f.req.Host, func(h HostStats, n string) int { return cmp.Compare(h.Host, n) })
		if !ok {
			continue
		}
		if hs := &s.Hosts[i]; hs.Phase == PhaseIdle || f.since.Before(hs.Since) {
			hs.Phase, hs.Since = f.phase, f.since
		}
	}
}

// unqueued returns why no job of a host that nothing holds is in the queue; nil
// if none waits.
func (e *Engine) unqueued(h *host, now time.Time) Reason {
	waiting := h.left - h.flight
	if waiting == 0 {
		return nil
	}
	var first Paused // of the batches that are paused
	for _, b := range e.batches {
		if n := b.waits[h.name]; n > 0 && !b.paused.At.IsZero() {
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
	case e.draining:
		return Draining{}
	case e.counts.Queued < e.cfg.Queue:
		// The queue would have taken what is due.
		if r, ok := h.firstRetry(now); ok {
			return r
		}
	}
	return QueueWait{Len: e.counts.Queued, Cap: e.cfg.Queue}
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
	note := func(k LimitKind, h *HostStats, next time.Time) {
		w := &waitsFor[k]
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
		until, _ := Until(h.Reason)
		switch h.Reason.(type) {
		case Paused:
			note(LimitPaused, h, until)
		case RobotsWait, RobotsDown:
			note(LimitRobots, h, until)
		case WorkersBusy:
			note(LimitWorkers, h, until)
		case nil, QueueWait, RetryWait, Draining: // its jobs are next, or not in the queue yet
		default:
			if Parked(h.Reason) {
				note(LimitParked, h, until)
			} else {
				note(LimitPace, h, until)
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
