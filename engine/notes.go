package engine

import (
	"context"
	"time"
)

// This file is what an engine has its store keep for the next life of the run
// ([State]). All of it is called with the engine's lock held, and none of it
// waits: see [Store.Keep].

// noteEvery is how often a host is noted that refuses or comes to its senses,
// and how often the run is; paceEvery is how often one is for its pace alone.
// Both are choices: a write for each answer is a lot, and what a throttle has
// learnt in a few seconds it learns again in a few.
const (
	noteEvery = time.Second
	paceEvery = 10 * time.Second
)

// tune changes the pace of a host for good reason, and notes it.
func (e *Engine) tune(name string, change func(*pace) (why string)) {
	e.pool.tune(name, change)
	e.note(e.host(name), time.Now())
}

// note notes what is known of a host.
func (e *Engine) note(h *host, now time.Time) {
	h.noted, h.behind = now, false
	e.tell(State{Hosts: []HostState{e.hostState(h, now)}})
}

// noteSoon is note for what answers bring: if the host was noted a moment ago
// it is left to the feeder.
func (e *Engine) noteSoon(h *host, now time.Time) {
	switch {
	case h.stale:
	case h.noted.IsZero() || now.Sub(h.noted) >= noteEvery:
		e.note(h, now)
	default:
		h.stale = true
		if e.stale = append(e.stale, h); len(e.stale) == 1 {
			e.noteAt = now.Add(noteEvery)
			e.rouse()
		}
	}
}

// notePace is note for what the throttle has learnt. What it leaves out is noted
// with the next news of the host, or when the run ends.
func (e *Engine) notePace(h *host, now time.Time) {
	if h.behind = true; h.noted.IsZero() || now.Sub(h.noted) >= paceEvery {
		e.note(h, now)
	}
}

// noteRest notes all that is still to be noted.
func (e *Engine) noteRest(now time.Time) {
	for _, h := range e.roll {
		if h.behind && !h.stale {
			e.stale = append(e.stale, h)
		}
	}
	e.noteAt = now
	e.noteStale(now)
	e.noteRun(now)
}

// noteStale notes the hosts that are due for it, and returns in how long more
// of them are; zero: none is waiting for it.
func (e *Engine) noteStale(now time.Time) time.Duration {
	if len(e.stale) == 0 {
		return 0
	}
	if e.noteAt.After(now) {
		return e.noteAt.Sub(now)
	}
	news := State{Hosts: make([]HostState, 0, len(e.stale))}
	for i, h := range e.stale {
		news.Hosts = append(news.Hosts, e.hostState(h, now))
		h.stale, h.behind, h.noted = false, false, now
		e.stale[i] = nil
	}
	e.stale = e.stale[:0]
	e.tell(news)
	return 0
}

// noteRun notes the numbers and settings of the run.
func (e *Engine) noteRun(now time.Time) {
	e.runNoted = now
	e.tell(State{Run: &RunNotes{
		At: now, Ended: e.over, Started: e.started, Worked: e.active(now), Paused: e.paused,
		Workers: e.cfg.Workers, Interval: e.cfg.Interval,
		Hits: e.hits, Requests: e.sent, Retried: e.retried, Took: e.took,
	}})
}

// noteRunSoon is noteRun for what requests bring.
func (e *Engine) noteRunSoon(now time.Time) {
	if now.Sub(e.runNoted) >= noteEvery {
		e.noteRun(now)
	}
}

// noteOrigin notes what is known of the robots.txt of an origin.
func (e *Engine) noteOrigin(name string, o *origin, rules []byte, now time.Time) {
	e.tell(State{Origins: []OriginState{{Origin: name, Host: o.host, At: now, Fresh: o.fresh, Rounds: o.rounds, Rules: rules}}})
}

func (e *Engine) tell(news State) { e.fail(e.store.Keep(context.Background(), news)) }

func (e *Engine) hostState(h *host, now time.Time) HostState {
	s := HostState{Host: h.name, At: now, Paused: h.paused}
	e.pool.look(h.name, func(p *pace) {
		s.Interval, s.Crawl = p.set, p.crawl
		if p.blocked.After(now) {
			s.Block = asBlock(p.why, p.blocked)
		}
		if p.said.After(now) {
			s.Asked = asBlock(p.saidWhy, p.said)
		}
		s.Probing, s.Refusals, s.Refused, s.Excused = p.probing, p.refusals, p.refused, p.asked
		s.Failures, s.Opened, s.Probes = p.breaker.failures, p.breaker.opened, p.breaker.probes
		a := &p.adapts
		s.Gap, s.Good, s.Cut, s.Raised, s.TooFast = a.gap, a.good, a.cutAt, a.raised, a.refused
	})
	return s
}

// asBlock returns a reason that lasts until then as plain data.
func asBlock(why Reason, until time.Time) Block {
	b := Block{Until: until}
	switch why := why.(type) {
	case ServerAsked:
		b.Kind, b.Asked, b.Status = BlockAsked, why.Asked, why.Status
	case ServerBusy:
		b.Kind, b.Status, b.Count = BlockBusy, why.Status, why.Refusals
	case QuotaSpent:
		b.Kind = BlockQuota
		if why.Parked {
			b.Kind = BlockQuotaLong
		}
	case HostDown:
		b.Kind, b.Class, b.Count, b.Probes = BlockDown, why.Class, why.Failures, why.Probes
	case RobotsDown:
		b.Kind, b.Class, b.Status, b.Origin, b.Probes = BlockRobots, why.Class, why.Status, why.Origin, why.Probes
	}
	return b
}

// reason returns the reason that a block was made of, which lasts until then.
// It is nil for a block of no kind that is known.
func (b *Block) reason(until time.Time) Reason {
	switch b.Kind {
	case BlockAsked:
		return ServerAsked{Until: until, Asked: b.Asked, Status: b.Status, Parked: b.Asked > ParkAfter}
	case BlockBusy:
		return ServerBusy{Until: until, Status: b.Status, Refusals: b.Count}
	case BlockQuota, BlockQuotaLong:
		return QuotaSpent{Until: until, Parked: b.Kind == BlockQuotaLong}
	case BlockDown:
		return HostDown{Until: until, Class: b.Class, Failures: b.Count, Probes: b.Probes}
	case BlockRobots:
		return RobotsDown{Until: until, Origin: b.Origin, Class: b.Class, Status: b.Status, Probes: b.Probes}
	}
	return nil
}
