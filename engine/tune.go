package engine

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// This file is the operator's other hand: workers, pace and priorities, and
// the undoing of all of them.

// An undo is one change that can be taken back. back runs under the engine's
// lock.
type undo struct {
	done Done
	back func(ctx context.Context) error
	of   *exclusion // the exclusion that goes on with it; nil: it is none
}

// remember makes a change undoable.
func (e *Engine) remember(now time.Time, d Done, back func(ctx context.Context) error) {
	d.At = now
	if e.undos = append(e.undos, undo{done: d, back: back}); len(e.undos) > UndoDepth {
		e.undos = slices.Delete(e.undos, 0, 1)
	}
}

// Undo implements [Controller]. It returns ErrNothing when nothing is left to
// undo.
func (e *Engine) Undo(ctx context.Context) (Done, error) {
	return e.guard(ctx, func(now time.Time) (Done, error) {
		if len(e.undos) == 0 {
			return Done{}, ErrNothing
		}
		last := e.undos[len(e.undos)-1]
		rest := slices.Clone(e.undos[:len(e.undos)-1])
		err := last.back(ctx)
		e.undos = rest // taking a change back is no change to undo
		if err != nil {
			return last.done, err
		}
		if e.counts.Left() > 0 {
			e.stir(now)
		}
		e.sayf(LevelInfo, "undone: %s of %s", last.done.Action, e.labelOf(last.done))
		return last.done, nil
	})
}

// SetWorkers implements [Controller].
func (e *Engine) SetWorkers(ctx context.Context, n int) (Done, error) {
	return e.guard(ctx, func(now time.Time) (Done, error) {
		was := e.cfg.Workers
		d := Done{Action: ActWorkers, Selector: Selector{All: true}, From: fmt.Sprint(was), To: fmt.Sprint(n)}
		if n == was {
			return d, ErrNothing
		}
		if err := e.pool.SetWorkers(n); err != nil {
			return d, err
		}
		e.cfg.Workers = n
		e.noteRun(now)
		e.remember(now, d, func(context.Context) error {
			e.cfg.Workers = was
			e.noteRun(time.Now())
			return e.pool.SetWorkers(was)
		})
		return d, nil
	})
}

// setByOperator is why a pace changed by hand.
const setByOperator = "set by the operator"

// SetInterval implements [Controller]. A host's own interval stands above the
// general one; robots.txt may slow either down further.
func (e *Engine) SetInterval(ctx context.Context, sel Selector, d time.Duration) (Done, error) {
	return e.guard(ctx, func(now time.Time) (Done, error) {
		done := Done{Action: ActInterval, Selector: sel, To: interval(d)}
		if d == 0 {
			return done, fmt.Errorf("engine: interval 0: want a time, or below zero for no pacing")
		}
		if sel.All {
			was := e.cfg.Interval
			if was == d {
				return done, ErrNothing
			}
			done.From = interval(was)
			set := func(d time.Duration) {
				e.cfg.Interval = d
				e.pool.setInterval(d)
				e.noteRun(time.Now())
			}
			set(d)
			e.remember(now, done, func(context.Context) error { set(was); return nil })
			return done, nil
		}
		hosts, err := e.paced(sel)
		if err != nil {
			return done, err
		}
		was := make(map[string]time.Duration, len(hosts))
		for _, name := range hosts {
			e.pool.look(name, func(p *pace) {
				if p.set != d {
					was[name] = p.set
					done.From = interval(p.interval)
				}
			})
		}
		for name := range was {
			e.tune(name, func(p *pace) string { p.set = d; return setByOperator })
		}
		if len(was) == 0 {
			return done, ErrNothing
		}
		e.remember(now, done, func(context.Context) error {
			for name, d := range was {
				e.tune(name, func(p *pace) string { p.set = d; return setByOperator })
			}
			return nil
		})
		return done, nil
	})
}

// paced returns the hosts whose pace sel is for.
func (e *Engine) paced(sel Selector) ([]string, error) {
	if sel.Host != "" {
		if e.hosts[sel.Host] == nil {
			return nil, ErrNothing
		}
		return []string{sel.Host}, nil
	}
	b := e.batch(sel.Batch)
	if b == nil {
		return nil, ErrNoBatch
	}
	var hosts []string
	for _, s := range e.stockOf(b) {
		hosts = append(hosts, s.host.name)
	}
	e.pool.each(func(w *waiter) {
		if w.Job.Batch == b.ID {
			hosts = append(hosts, w.Job.Host)
		}
	})
	e.pool.carried(func(t *Turn) {
		if t.Job.Batch == b.ID {
			hosts = append(hosts, t.Job.Host)
		}
	})
	slices.Sort(hosts)
	return slices.Compact(hosts), nil
}

func interval(d time.Duration) string {
	if d <= 0 {
		return "unpaced"
	}
	return d.String()
}

// SetPriority implements [Controller].
func (e *Engine) SetPriority(ctx context.Context, id BatchID, p Priority) (Done, error) {
	return e.guard(ctx, func(now time.Time) (Done, error) {
		d := Done{Action: ActPriority, Selector: Selector{Batch: id}, To: p.String()}
		b := e.batch(id)
		if b == nil {
			return d, ErrNoBatch
		}
		p = min(max(p, Low), High)
		was := b.Priority
		d.From, d.To = was.String(), p.String()
		if p == was {
			return d, ErrNothing
		}
		set := func(ctx context.Context, p Priority) error {
			b.Priority = p
			e.pool.sort(id, p)
			_, err := e.change(ctx, Selector{Batch: id}, Change{Kind: ChangePriority, Priority: p})
			return err
		}
		if err := set(ctx, p); err != nil {
			return d, err
		}
		e.remember(now, d, func(ctx context.Context) error { return set(ctx, was) })
		return d, e.dropHand()
	})
}
