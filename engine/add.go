package engine

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Add implements [Controller].
func (e *Engine) Add(ctx context.Context, b Batch, jobs iter.Seq2[Job, error]) (Added, error) {
	e.mu.Lock()
	if e.closing || e.draining || e.over {
		e.mu.Unlock()
		return Added{}, ErrClosed
	}
	now := time.Now()
	if b.Added.IsZero() {
		b.Added = now
	}
	if e.started.IsZero() {
		e.started = now
		e.noteRun(now)
	}
	e.stir(now)
	e.adding++
	e.mu.Unlock()

	var eb *batch
	added, err := e.store.AddBatch(ctx, b, e.stamp(jobs), func(j Job, class Class) {
		e.mu.Lock()
		defer e.mu.Unlock()
		if eb == nil {
			eb = e.open(b, j.Batch)
			eb.adding++
		}
		e.admit(eb, j, class)
	})

	e.mu.Lock()
	defer e.mu.Unlock()
	e.adding--
	e.rouse()
	if eb == nil && added.Batch != 0 {
		eb = e.open(b, added.Batch) // a batch without a line
		eb.adding++
	}
	if eb != nil {
		eb.adding--
		e.sayf(LevelInfo, "batch %d %s added: %d new, %d duplicate, %d invalid", eb.ID, eb.Name, added.New, added.Duplicate, added.Invalid)
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, ErrNoBatch) {
		e.fail(err)
		err = e.trouble
	}
	e.settle()
	return added, err
}

// stamp gives the jobs of a list the time since when they wait. The feeder is
// told when the store has taken one, not when it is about to: it would look too
// early. The first of a batch at a host may be worth a place in a full queue,
// those behind it are not.
func (e *Engine) stamp(jobs iter.Seq2[Job, error]) iter.Seq2[Job, error] {
	return func(yield func(Job, error) bool) {
		for j, err := range jobs {
			j.Waited = time.Now()
			if !yield(j, err) {
				return
			}
			if e.entered.Swap(false) {
				e.rouse()
				continue
			}
			select {
			case e.more <- struct{}{}:
			default:
			}
		}
	}
}
