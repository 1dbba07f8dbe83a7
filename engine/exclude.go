package engine

import (
	"context"
	"errors"
	"slices"
	"time"
)

// excludeAtOnce is how many jobs are excluded before the lock is given to
// others for a moment: a few milliseconds' worth.
const excludeAtOnce = 10_000

// An exclusion is one under way. The engine's lock guards it.
type exclusion struct {
	mark   uint64
	done   Done
	hidden []JobState // what screens showed of its jobs
	undone bool       // it was taken back before it was whole
}

// Exclude implements [Controller]. However many jobs there are, others have
// their turn at the lock in between; it is one change to undo all the same,
// from its first jobs on.
func (e *Engine) Exclude(ctx context.Context, jobs []JobID) (Done, error) {
	ids := slices.Clone(jobs)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	x := &exclusion{done: Done{Action: ActExclude}}
	var err error
	for part := range slices.Chunk(ids, excludeAtOnce) {
		if _, err = e.guarding(func(now time.Time) (Done, error) { return x.done, e.exclude(ctx, x, part, now) }); err != nil {
			break
		}
	}
	e.sync(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	d := x.done
	switch {
	case err == nil, errors.Is(err, ErrClosed) && d.Queued+d.Waiting > 0: // what is left then waits no more
		err = e.trouble
	}
	if err == nil && d.Queued+d.Waiting == 0 {
		err = ErrNothing
	}
	if err == nil {
		e.sayf(LevelWarn, "%d URLs excluded: %d waiting, %d queued", d.Waiting+d.Queued, d.Waiting, d.Queued)
	}
	return d, err
}

// exclude goes on with an exclusion.
func (e *Engine) exclude(ctx context.Context, x *exclusion, part []JobID, now time.Time) error {
	if x.undone {
		return nil
	}
	takes := Selector{Jobs: part}.matcher()
	queued, cancelled := e.counts.Queued, e.counts.Cancelled
	if err := e.recallAll(takes); err != nil {
		return err
	}
	queued -= e.counts.Queued
	if x.mark == 0 {
		e.changes++
		x.mark = e.changes
	}
	moved, err := e.change(ctx, Selector{Jobs: part}, Change{Kind: ChangeCancel, Mark: x.mark, Waiting: true})
	if err != nil {
		return err
	}
	e.shiftMoved(moved, 1)
	took := e.counts.Cancelled - cancelled
	if took == 0 {
		return nil
	}
	first := x.done.Queued+x.done.Waiting == 0
	x.done.Queued += queued
	x.done.Waiting += took - queued
	x.hidden = append(x.hidden, e.hide(takes, now)...)
	if first {
		x.done.At = now
		e.remember(now, x.done, func(ctx context.Context) error {
			x.undone = true
			return e.uncancel(ctx, x.mark, x.hidden, nil)
		})
		e.undos[len(e.undos)-1].of = x
	}
	for i := range e.undos {
		if e.undos[i].of == x {
			e.undos[i].done = x.done
		}
	}
	return nil
}

// Waiting implements [Controller].
func (e *Engine) Waiting(ctx context.Context, q Query) (WaitingPage, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	page, err := e.store.Waiting(ctx, q)
	if err != nil || !slices.ContainsFunc(page.Jobs, func(j WaitingJob) bool { return j.Place == InFlight }) {
		return page, err
	}
	places := make(map[JobID]Place, e.counts.Queued+len(e.hand))
	e.pool.jobs(func(j *Job) { places[j.ID] = Queued })
	for _, j := range e.hand {
		places[j.ID] = waitsIn(j)
	}
	for i := range page.Jobs {
		if j := &page.Jobs[i]; j.Place == InFlight {
			if p, ok := places[j.ID]; ok {
				j.Place = p
			}
		}
	}
	return page, nil
}
