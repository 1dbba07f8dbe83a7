package engine

import (
	"context"
	"errors"
	"time"
)

// This file is pausing and resuming: the run, batches, hosts and jobs by name.
// The safeguard pauses through it too.

// Pause implements [Controller]. Requests under way are finished; no new one
// starts.
func (e *Engine) Pause(ctx context.Context, sel Selector) (Done, error) {
	return e.guard(ctx, func(now time.Time) (Done, error) {
		return e.pause(ctx, sel, now)
	})
}

// Resume implements [Controller].
func (e *Engine) Resume(ctx context.Context, sel Selector) (Done, error) {
	return e.guard(ctx, func(now time.Time) (Done, error) {
		return e.resume(ctx, sel, now)
	})
}

func (e *Engine) pause(ctx context.Context, sel Selector, now time.Time) (Done, error) {
	if b := e.batch(sel.Batch); !sel.All && b != nil && b.mark != 0 {
		return Done{Action: ActPause, Selector: sel}, ErrNothing // nothing of it would run
	}
	d, err := e.halt(ctx, sel, pausedByHand(sel, now))
	if err != nil {
		return d, err
	}
	e.remember(now, d, func(ctx context.Context) error {
		_, err := e.resume(ctx, d.Selector, time.Now())
		return unlessNothing(err)
	})
	e.sayf(LevelWarn, "%s paused", e.label(sel))
	return d, nil
}

// unlessNothing is the error of an undo: what it would change may have ended.
func unlessNothing(err error) error {
	if errors.Is(err, ErrNothing) {
		return nil
	}
	return err
}

// pausedByHand is the reason of what the operator pauses at now.
func pausedByHand(sel Selector, now time.Time) Paused {
	p := Paused{At: now, What: "host"}
	switch {
	case len(sel.Jobs) > 0:
		p.What = "URL"
	case sel.All:
		p.What = "run"
	case sel.Batch != 0:
		p.What = "batch"
	}
	return p
}

// halt pauses what sel is for, as p says.
func (e *Engine) halt(ctx context.Context, sel Selector, p Paused) (Done, error) {
	d := Done{Action: ActPause, Selector: sel}
	switch {
	case sel.All:
		if !e.paused.IsZero() {
			return d, ErrNothing
		}
		e.paused = p.At
		e.pool.setPaused(true)
		e.noteRun(p.At)
		d.Waiting, d.Queued, d.InFlight = e.counts.Backlog+e.counts.Retry, e.counts.Queued, e.counts.InFlight
	case sel.Batch != 0:
		b := e.batch(sel.Batch)
		if b == nil {
			return d, ErrNoBatch
		}
		if !b.paused.At.IsZero() {
			return d, ErrNothing
		}
		d.Waiting, d.Queued, d.InFlight = b.counts.Backlog+b.counts.Retry, b.counts.Queued, b.counts.InFlight
		b.paused = p
		if err := e.recallAll(sel.matcher()); err != nil {
			return d, err
		}
		if _, err := e.change(ctx, sel, Change{Kind: ChangePause, Paused: p}); err != nil {
			return d, err
		}
	case sel.Host != "":
		h := e.hosts[sel.Host]
		if h == nil || !h.paused.At.IsZero() {
			return d, ErrNothing
		}
		d.Waiting, d.Queued, d.InFlight = h.left-h.queued-h.flight, h.queued, h.flight
		h.paused = p
		e.keepBack(h)
		e.tune(sel.Host, func(pc *pace) string { pc.paused = p; return "" })
		if err := e.recallAll(sel.matcher()); err != nil {
			return d, err
		}
	case len(sel.Jobs) > 0:
		return e.haltJobs(ctx, d, p)
	default:
		return d, ErrNothing
	}
	return d, nil
}

// haltJobs pauses jobs by name. d.Selector names those that were not paused
// before, so that its undoing resumes no others.
func (e *Engine) haltJobs(ctx context.Context, d Done, p Paused) (Done, error) {
	queued := e.counts.Queued
	if err := e.recallAll(d.Selector.matcher()); err != nil {
		return d, err
	}
	moved, err := e.change(ctx, d.Selector, Change{Kind: ChangePause, Paused: p})
	if err != nil {
		return d, err
	}
	if len(moved.Jobs) == 0 {
		return d, ErrNothing
	}
	d.Queued = queued - e.counts.Queued
	for _, c := range moved.Batches {
		d.Waiting += c.Left()
	}
	d.InFlight = len(moved.Jobs) - d.Waiting
	d.Waiting -= d.Queued
	d.Selector.Jobs = nil
	for _, j := range moved.Jobs {
		d.Selector.Jobs = append(d.Selector.Jobs, j.ID)
		h := e.host(j.Host)
		if h.stays == nil {
			h.stays = make(map[JobID]stay)
		}
		st := stay{batch: j.Batch, paused: p}
		s, ok := e.feed.get(j.ID)
		if !ok {
			s = e.state(j, Backlog) // no screen was told of it yet
		}
		if s.Place == Backlog || s.Place == Deferred {
			st.was, s.Reason = s.Reason, p
			e.feed.set(s)
		}
		h.stays[j.ID] = st
	}
	e.pool.carried(func(t *Turn) {
		if !t.begun && e.stays(t.Job) == p {
			// It is on its way to a worker, who will put it down.
			d.Queued++
			d.InFlight--
		}
	})
	return d, nil
}

// resumeJobs is the opposite of haltJobs.
func (e *Engine) resumeJobs(ctx context.Context, d Done) (Done, error) {
	moved, err := e.change(ctx, d.Selector, Change{Kind: ChangeResume})
	if err != nil {
		return d, err
	}
	if len(moved.Jobs) == 0 {
		return d, ErrNothing
	}
	for _, c := range moved.Batches {
		d.Waiting += c.Left()
	}
	d.Selector.Jobs = nil
	for _, j := range moved.Jobs {
		d.Selector.Jobs = append(d.Selector.Jobs, j.ID)
		h := e.host(j.Host)
		if s, ok := e.feed.get(j.ID); ok && s.Reason == h.stays[j.ID].paused {
			s.Reason = h.stays[j.ID].was
			e.feed.set(s)
		}
		delete(h.stays, j.ID)
	}
	return d, nil
}

func (e *Engine) resume(ctx context.Context, sel Selector, now time.Time) (Done, error) {
	d := Done{Action: ActResume, Selector: sel}
	switch {
	case sel.All:
		if e.paused.IsZero() {
			return d, ErrNothing
		}
		if e.restFrom.IsZero() {
			e.rested += now.Sub(e.paused)
		} else if e.restFrom.After(e.paused) {
			e.rested += e.restFrom.Sub(e.paused)
		}
		e.paused = time.Time{}
		e.pool.setPaused(false)
		e.noteRun(now)
	case sel.Batch != 0:
		b := e.batch(sel.Batch)
		if b == nil {
			return d, ErrNoBatch
		}
		if b.paused.At.IsZero() {
			return d, ErrNothing
		}
		b.paused, b.answers = Paused{}, window{}
		if _, err := e.change(ctx, sel, Change{Kind: ChangeResume}); err != nil {
			return d, err
		}
	case sel.Host != "":
		h := e.hosts[sel.Host]
		if h == nil {
			return d, ErrNothing
		}
		lifted := e.lift(h)
		if h.paused.At.IsZero() {
			if !lifted {
				return d, ErrNothing
			}
			d.Action = ActProbe
			e.sayf(LevelInfo, "%s is probed now", e.label(sel))
			return d, nil // there is no use in undoing this
		}
		h.paused, h.answers = Paused{}, window{}
		for _, b := range e.batches {
			b.answers = window{} // or what the host still fails would pause them first
		}
		e.tune(sel.Host, func(p *pace) string { p.paused = Paused{}; return "" })
	case len(sel.Jobs) > 0:
		var err error
		if d, err = e.resumeJobs(ctx, d); err != nil {
			return d, err
		}
	default:
		return d, ErrNothing
	}
	e.remember(now, d, func(ctx context.Context) error {
		// Of a batch that is cancelled too: that may be undone next.
		_, err := e.halt(ctx, d.Selector, pausedByHand(sel, time.Now()))
		return unlessNothing(err)
	})
	e.sayf(LevelInfo, "%s resumed", e.label(sel))
	return d, nil
}

// lift lets a host that cannot be reached be probed now, and reports whether it
// was left alone for that.
func (e *Engine) lift(h *host) (lifted bool) {
	e.pool.tune(h.name, func(p *pace) string {
		lifted = p.lift(time.Now())
		return ""
	})
	if lifted {
		e.unpark(h.name)
		e.note(h, time.Now())
	}
	return lifted
}
