package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// This file takes a run up again that an earlier engine left in the store, be
// it that it ended or that its process was killed.

// A Successor is a Scraper that can go on with what one in an earlier process
// began.
type Successor interface {
	// Succeed is told what the run had come to, before any other method is
	// called: the recipes of the batches ([Batch].Text), and which hosts an
	// operator has listed. An error ends the taking up.
	Succeed(k *Kept) error

	// Recall is given the rules of an origin back, as a [RobotsAnswer] had
	// them, and how long they hold. It reports whether it has them now: if
	// not they are asked for again.
	Recall(origin string, rules []byte, fresh time.Time) bool
}

// A clockwork turns the times that an earlier life noted into those of this
// one. What was noted later than now was noted by a clock that has gone back
// since: then all of it counts from now, so that nothing waits for longer than
// was left when it was noted.
type clockwork struct{ now, noted time.Time }

func (c clockwork) time(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	from := c.now
	if c.noted.After(from) {
		from = c.noted
	}
	return c.now.Add(t.Sub(from)) // now has what the monotonic clock said
}

func (c clockwork) paused(p Paused) Paused {
	if p.At = c.time(p.At); p.At.After(c.now) {
		p.At = c.now
	}
	return p
}

// settled fills in what cfg leaves to the run as it was left.
func (k *Kept) settled(cfg Config) Config {
	if k.Run == nil {
		return cfg
	}
	if cfg.Workers == 0 {
		cfg.Workers = min(max(k.Run.Workers, 0), MaxWorkers)
	}
	cfg.Interval = cmp.Or(cfg.Interval, k.Run.Interval)
	return cfg
}

// takeUp takes the run up. Nobody else has the engine yet.
func (e *Engine) takeUp(k *Kept, now time.Time) error {
	if k.Run == nil && len(k.Batches) == 0 {
		return nil
	}
	successor, able := e.scraper.(Successor)
	if able {
		if err := successor.Succeed(k); err != nil {
			return err
		}
	}
	e.num, e.changes = k.Num, k.Mark
	for i := range k.Batches {
		e.takeUpBatch(&k.Batches[i], now)
	}
	e.takeUpRun(k.Run, now)
	for i := range k.Hosts {
		e.takeUpHost(&k.Hosts[i], now)
	}
	for i := range k.Origins {
		o := &k.Origins[i]
		c := clockwork{now, o.At}
		at := &origin{host: o.Host, rounds: o.Rounds}
		if fresh := c.time(o.Fresh); able && o.Rules != nil && fresh.After(now) && successor.Recall(o.Origin, o.Rules, fresh) {
			at.fresh = fresh
			e.host(o.Host).robots = robotsAsked
		}
		e.origins[o.Origin] = at
	}
	e.takeUpDue(k.Due, now)
	for i := range k.Paused {
		e.takeUpPause(&k.Paused[i], now)
	}
	if back := k.goneBack(now); back > time.Second { // less is a clock that was set right
		e.sayf(LevelWarn, "the clock has gone back by %v since the run was left: no wait is longer for it", back.Round(time.Second))
	}
	e.sayf(LevelInfo, "taken up again: %d batches, %d of %d left", len(e.batches), e.counts.Left(), e.counts.Submitted)
	return nil
}

func (e *Engine) takeUpBatch(kb *KeptBatch, now time.Time) {
	b := &batch{
		Batch: kb.Batch, counts: kb.Counts, rows: kb.Totals.Rows, mark: kb.Mark,
		paused: clockwork{now: now}.paused(kb.Paused), announced: kb.Counts.Left() == 0,
	}
	b.fill.fields = kb.Totals.Fill
	b.before = e.before(b)
	e.batches = append(e.batches, b)
	e.counts = e.counts.Add(b.counts)
	e.rows += b.rows
	for _, c := range kb.Totals.Classes {
		e.classes = tally(e.classes, c.Outcome, c.Class, c.Results)
	}
	for _, kh := range kb.Hosts {
		h := e.host(kh.Host)
		h.failed += kh.Failed
		if kh.Robots {
			h.robots = robotsUnasked
		}
		if b.mark == 0 { // a cancel of an earlier life is none that could be undone
			h.wait(b.ID, kh.Waiting)
			e.count(h, kh.Waiting, 0, 0)
		}
	}
}

// takeUpRun goes on with the numbers of the run. Time between its lives is no
// time that it worked.
func (e *Engine) takeUpRun(notes *RunNotes, now time.Time) {
	// Of the last requests of a process that was killed nothing is known: for
	// all that is, one to each host started this moment.
	e.pool.since = now
	if notes == nil { // it came to no request
		notes, e.pool.since = &RunNotes{At: now}, time.Time{}
	}
	c := clockwork{now, notes.At}
	if last := c.time(notes.At); notes.Ended && last.Before(now) {
		e.pool.since = last
	}
	e.hits, e.sent, e.retried, e.took = notes.Hits, notes.Requests, notes.Retried, notes.Took
	if e.started = c.time(notes.Started); e.started.IsZero() && len(e.batches) > 0 {
		e.started = now
	}
	if !notes.Paused.IsZero() {
		e.paused = c.time(notes.Paused)
		e.pool.setPaused(true)
	}
	if e.counts.Left() == 0 {
		e.restFrom = e.pausedOr(now)
	}
	if !e.started.IsZero() {
		e.rested = e.pausedOr(now).Sub(e.started) - notes.Worked
	}
}

// takeUpHost goes on with a host as it was left.
func (e *Engine) takeUpHost(s *HostState, now time.Time) {
	c := clockwork{now, s.At}
	h := e.host(s.Host)
	h.paused = c.paused(s.Paused)
	e.pool.tune(s.Host, func(p *pace) string {
		p.set, p.crawl, p.paused = s.Interval, s.Crawl, h.paused
		p.probing, p.refusals, p.refused, p.asked = s.Probing, s.Refusals, c.time(s.Refused), s.Excused
		p.breaker = breaker{failures: s.Failures, opened: c.time(s.Opened), probes: s.Probes}
		a := &p.adapts
		a.gap, a.good, a.cutAt, a.raised, a.refused = s.Gap, s.Good, c.time(s.Cut), c.time(s.Raised), s.TooFast
		for _, b := range [...]*Block{&s.Asked, &s.Block} { // the one in force last
			until := c.time(b.Until)
			if why := b.reason(until); why != nil && until.After(now) {
				p.block(now, until, why, "as it was left")
			}
		}
		h.parked = p.parked(now)
		return "as it was left"
	})
	if h.halted(now) {
		e.keepBack(h)
	}
	if !h.parked.IsZero() {
		e.due = append(e.due, h.parked)
	}
}

// takeUpDue goes on with jobs that wait for a retry.
func (e *Engine) takeUpDue(jobs []Job, now time.Time) {
	slices.SortStableFunc(jobs, func(a, b Job) int { return a.Due.Compare(b.Due) })
	for _, j := range jobs {
		due := clockwork{now: now}.time(j.Due)
		h, b := e.host(j.Host), e.batch(j.Batch)
		s := e.state(j, Deferred)
		s.Class = j.Class
		if due.After(now) {
			e.due = append(e.due, due)
			if due.After(b.due) {
				b.due = due
			}
			if j.Class != "" {
				r := RetryWait{Due: due, Class: j.Class, Retry: j.Retries}
				h.retried(r)
				s.Reason = r
			}
		}
		if j.Retries > 0 {
			h.gauge.tried++
			h.gauge.spent += j.Retries
		}
		e.feed.set(s)
	}
	slices.SortFunc(e.due, time.Time.Compare)
}

// takeUpPause goes on with a job that is paused by name.
func (e *Engine) takeUpPause(p *KeptPause, now time.Time) {
	h := e.host(p.Job.Host)
	if h.stays == nil {
		h.stays = make(map[JobID]stay)
	}
	st := stay{batch: p.Job.Batch, paused: clockwork{now: now}.paused(p.Paused)}
	if !p.Cancelled {
		s, ok := e.feed.get(p.Job.ID)
		if !ok {
			s = e.state(p.Job, waitsIn(p.Job))
		}
		st.was, s.Reason = s.Reason, st.paused
		e.feed.set(s)
	}
	h.stays[p.Job.ID] = st
}

// goneBack returns by how much the clock is behind what was noted last.
func (k *Kept) goneBack(now time.Time) (back time.Duration) {
	if k.Run != nil {
		back = k.Run.At.Sub(now)
	}
	for i := range k.Hosts {
		back = max(back, k.Hosts[i].At.Sub(now))
	}
	for i := range k.Origins {
		back = max(back, k.Origins[i].At.Sub(now))
	}
	return back
}

// load asks the store what it has of the run.
func load(store Store, now time.Time) (*Kept, error) {
	k, err := store.Load(context.Background(), now)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStore, err)
	}
	return &k, nil
}
