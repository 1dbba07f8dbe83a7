package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// This file is the operator's hand: every method of [Controller] that changes
// a run. Each works under the engine's lock, its call of the store included,
// so that the books and the store agree at every moment.

// guard runs a change under the lock, if the engine still takes changes, and
// returns when the store has it.
func (e *Engine) guard(ctx context.Context, change func(now time.Time) (Done, error)) (Done, error) {
	d, err := e.guarding(change)
	if err != nil {
		return d, err
	}
	e.sync(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	return d, e.trouble
}

func (e *Engine) guarding(change func(now time.Time) (Done, error)) (Done, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over || e.stopped {
		return Done{}, ErrClosed
	}
	now := time.Now()
	d, err := change(now)
	d.At = now
	if err == nil {
		e.settle()
		e.rouse()
		e.feed.poke()
	}
	return d, err
}

// selects returns the batches that sel is for as a whole, or an error.
func (e *Engine) selects(sel Selector) ([]*batch, error) {
	if sel.All {
		return e.batches, nil
	}
	if sel.Batch != 0 {
		if b := e.batch(sel.Batch); b != nil {
			return []*batch{b}, nil
		}
		return nil, ErrNoBatch
	}
	return nil, nil
}

// matcher returns what reports whether sel takes in a job. It is made once for
// a change: many jobs by name are put in order for it.
func (sel Selector) matcher() func(Job) bool {
	if !slices.IsSorted(sel.Jobs) {
		sel.Jobs = slices.Sorted(slices.Values(sel.Jobs))
	}
	return func(j Job) bool {
		if sel.All || sel.Batch != 0 && j.Batch == sel.Batch || sel.Host != "" && j.Host == sel.Host {
			return true
		}
		_, named := slices.BinarySearch(sel.Jobs, j.ID)
		return named
	}
}

// Cancel implements [Controller]: queued jobs are taken out, requests under
// way end through their context, and no new one starts.
func (e *Engine) Cancel(ctx context.Context, sel Selector) (Done, error) {
	takes := sel.matcher()
	return e.guard(ctx, func(now time.Time) (Done, error) {
		d := Done{Action: ActCancel, Selector: sel}
		whole, err := e.selects(sel)
		if err != nil {
			return d, err
		}
		whole = slices.DeleteFunc(slices.Clone(whole), func(b *batch) bool {
			return b.mark != 0 || b.counts.Left() == 0 && !b.reading()
		})
		if (sel.All || sel.Batch != 0) && len(whole) == 0 {
			return d, ErrNothing
		}
		queued, cancelled := e.counts.Queued, e.counts.Cancelled
		if err := e.recallAll(takes); err != nil {
			return d, err
		}
		d.Queued = queued - e.counts.Queued
		e.changes++
		mark := e.changes
		if len(whole) > 0 {
			for _, b := range whole {
				if _, err := e.change(ctx, Selector{Batch: b.ID}, Change{Kind: ChangeCancel, Mark: mark}); err != nil {
					return d, err
				}
				e.cancelBatch(b, mark)
			}
		} else {
			moved, err := e.change(ctx, sel, Change{Kind: ChangeCancel, Mark: mark})
			if err != nil {
				return d, err
			}
			e.shiftMoved(moved, 1)
		}
		d.Waiting = e.counts.Cancelled - cancelled - d.Queued
		lost := e.cut(takes, mark)
		d.InFlight = len(lost)
		e.pool.carried(func(t *Turn) {
			if t.begun || !takes(t.Job) {
				return
			}
			// It is on its way to a worker, who will put it down.
			d.Queued++
			lost = append(lost, t.Job.ID)
			if len(whole) == 0 {
				e.taken[t.Job.ID] = mark
			}
		})
		if len(whole) == 0 && d.Waiting+d.Queued+d.InFlight == 0 {
			return d, ErrNothing
		}
		hidden := e.hide(takes, now)
		e.remember(now, d, func(ctx context.Context) error { return e.uncancel(ctx, mark, hidden, lost) })
		e.sayf(LevelWarn, "%s cancelled: %d waiting, %d queued, %d in flight", e.label(sel), d.Waiting, d.Queued, d.InFlight)
		return d, nil
	})
}

// recallAll gives what matches of the queue back to the backlog, and then the
// hand, which is behind it in the order of the lists.
func (e *Engine) recallAll(match func(Job) bool) error {
	if err := e.recall(match); err != nil {
		return err
	}
	return e.dropHand()
}

// cancelBatch moves all of a batch that waits to cancelled, in one step
// however many jobs it has.
func (e *Engine) cancelBatch(b *batch, mark uint64) {
	b.mark = mark
	b.marked = Counts{Backlog: b.counts.Backlog, Retry: b.counts.Retry}
	b.markedHosts = e.stockOf(b)
	e.shiftAll(b, b.marked, b.markedHosts, 1)
}

// cut ends the requests under way of the jobs that takes takes in, and returns
// these.
func (e *Engine) cut(takes func(Job) bool, mark uint64) (ids []JobID) {
	for _, f := range e.flights {
		switch {
		case f.batch == nil:
			if e.host(f.job.Host).left > 0 {
				continue // somebody still wants to know what robots.txt says
			}
		case f.cut != 0 || !takes(f.job):
			continue
		default:
			f.cut = mark
			ids = append(ids, f.job.ID)
		}
		f.turn.cancel(ErrCancelled)
	}
	return ids
}

// hide tells the screens that the waiting jobs that takes takes in are
// cancelled, and returns what they showed before.
func (e *Engine) hide(takes func(Job) bool, now time.Time) (was []JobState) {
	e.feed.update(func(s *JobState) bool {
		return (s.Place == Backlog || s.Place == Deferred) && takes(Job{ID: s.ID, Batch: s.Batch, Host: s.Host})
	}, func(s *JobState) {
		was = append(was, *s)
		s.Place, s.Outcome, s.Reason, s.Ended = Ended, Cancelled, nil, now
	})
	return was
}

// uncancel takes a cancel back: the unfetched jobs wait again. hidden are those
// that waited before it, as screens showed them; lost those that were with a
// worker, and returned since or will.
func (e *Engine) uncancel(ctx context.Context, mark uint64, hidden []JobState, lost []JobID) error {
	moved, err := e.change(ctx, Selector{Mark: mark}, Change{Kind: ChangeRestore})
	if err != nil {
		return err
	}
	for _, b := range e.batches {
		if b.mark == mark {
			b.mark = 0
			e.shiftAll(b, b.marked, b.markedHosts, -1)
			b.marked, b.markedHosts = Counts{}, nil
			delete(moved.Batches, b.ID)
		}
	}
	e.shiftMoved(moved, -1)
	for _, f := range e.flights {
		if f.cut == mark {
			f.cut = 0
		}
	}
	maps.DeleteFunc(e.taken, func(_ JobID, m uint64) bool { return m == mark })
	for _, s := range hidden {
		if now, ok := e.feed.get(s.ID); ok && now.Outcome == Cancelled {
			e.feed.set(s)
		}
	}
	for _, id := range lost {
		if s, ok := e.feed.get(id); ok && s.Outcome == Cancelled {
			s.Place, s.Outcome, s.Ended = Backlog, OutcomeNone, time.Time{}
			s.Reason = e.waitsFor(Job{ID: s.ID, Host: s.Host}, nil)
			e.feed.set(s)
		}
	}
	return nil
}

// forgive lets hosts and their origins that were given up be asked again.
func (e *Engine) forgive(hosts map[string]int) {
	for name := range hosts {
		h := e.host(name)
		h.gone = gone{}
		e.lift(h)
	}
	for _, o := range e.origins {
		if _, is := hosts[o.host]; is {
			o.gone, o.tries = gone{}, 0
		}
	}
}

// Retry implements [Controller]: jobs that failed, or whose pages were empty,
// wait again under their ids.
func (e *Engine) Retry(ctx context.Context, sel Selector) (Done, error) {
	takes := sel.matcher()
	e.keeping.Lock()
	defer e.keeping.Unlock()
	return e.guard(ctx, func(now time.Time) (Done, error) {
		d := Done{Action: ActRetry, Selector: sel}
		if e.closing && e.stopped || e.draining {
			return d, ErrClosed
		}
		if _, err := e.selects(sel); err != nil {
			return d, err
		}
		e.changes++
		mark := e.changes
		moved, err := e.change(ctx, sel, Change{Kind: ChangeRetry, Mark: mark, At: now})
		if err != nil {
			return d, err
		}
		for id, c := range moved.Batches {
			e.retryCounts(e.batch(id), c, moved.Hosts[id], 1)
			e.forgive(moved.Hosts[id])
			d.Waiting += c.Failed + c.Empty
		}
		if d.Waiting == 0 {
			return d, ErrNothing
		}
		e.stir(now)
		var was []JobState
		e.feed.update(func(s *JobState) bool {
			b := e.batch(s.Batch)
			return (s.Outcome == Failed || s.Outcome == Empty) && b.mark == 0 &&
				takes(Job{ID: s.ID, Batch: s.Batch, Host: s.Host})
		}, func(s *JobState) {
			was = append(was, *s)
			*s = JobState{ID: s.ID, Batch: s.Batch, URL: s.URL, Host: s.Host, Place: Backlog}
		})
		e.remember(now, d, func(ctx context.Context) error { return e.unretry(ctx, mark, takes, was) })
		e.sayf(LevelInfo, "%s: %d jobs to be fetched again", e.label(sel), d.Waiting)
		return d, nil
	})
}

// retryCounts moves failed and empty jobs of a batch to the backlog with sign
// 1, and back with -1.
func (e *Engine) retryCounts(b *batch, c Counts, hosts map[string]int, sign int) {
	for _, books := range [...]*Counts{&b.counts, &e.counts} {
		books.Failed -= sign * c.Failed
		books.Empty -= sign * c.Empty
		books.Backlog += sign * (c.Failed + c.Empty)
	}
	b.announced = false
	for name, n := range hosts {
		h := e.host(name)
		h.wait(b.ID, sign*n)
		e.count(h, sign*n, 0, 0)
	}
}

// unretry gives the jobs that still wait for their retry their result back.
func (e *Engine) unretry(ctx context.Context, mark uint64, takes func(Job) bool, was []JobState) error {
	if err := e.recallAll(takes); err != nil {
		return err
	}
	moved, err := e.change(ctx, Selector{Mark: mark}, Change{Kind: ChangeRestore})
	if err != nil {
		return err
	}
	for id, c := range moved.Batches {
		e.retryCounts(e.batch(id), c, moved.Hosts[id], -1)
	}
	for _, s := range was {
		if now, ok := e.feed.get(s.ID); ok && now.Place == Backlog {
			e.feed.set(s)
		}
	}
	return nil
}

// labelOf names what a change was for, for the log.
func (e *Engine) labelOf(d Done) string {
	if d.Action == ActExclude {
		return fmt.Sprintf("%d URLs", d.Waiting+d.Queued)
	}
	return e.label(d.Selector)
}

// label names what a selector selects, for the log.
func (e *Engine) label(sel Selector) string {
	switch {
	case sel.All:
		return "the run"
	case sel.Batch != 0:
		if b := e.batch(sel.Batch); b != nil {
			return fmt.Sprintf("batch %d %s", b.ID, b.Name)
		}
	case sel.Host != "":
		return "host " + sel.Host
	}
	return fmt.Sprintf("%d URLs", len(sel.Jobs))
}
