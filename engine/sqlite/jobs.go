package sqlite

import (
	"context"
	"iter"
	"slices"
	"time"

	"weir/engine"
)

var _ engine.Store = (*Store)(nil)

// AddBatch implements [engine.Store]. While the list is read, it waits for the
// disk when 4096 changes are not on it yet. It returns when all that was read
// is.
func (s *Store) AddBatch(ctx context.Context, b engine.Batch, jobs iter.Seq2[engine.Job, error], each func(engine.Job, engine.Class)) (engine.Added, error) {
	if err := s.journal.failed(); err != nil {
		return engine.Added{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	added, err := s.front.AddBatch(ctx, b, func(yield func(engine.Job, error) bool) {
		for j, err := range jobs {
			if err := s.journal.room(ctx); err != nil {
				cancel(err)
			}
			if !yield(j, err) {
				return
			}
		}
	}, each)
	if e := s.journal.wait(context.WithoutCancel(ctx), true); e != nil {
		return added, e
	}
	return added, err
}

// Next implements [engine.Store].
func (s *Store) Next(ctx context.Context, n int, w engine.Want) ([]engine.Job, error) {
	if err := s.journal.failed(); err != nil {
		return nil, err
	}
	return s.front.Next(ctx, n, w)
}

// Release implements [engine.Store]. It is written behind.
func (s *Store) Release(ctx context.Context, back []engine.Job) error {
	if err := s.journal.failed(); err != nil {
		return err
	}
	return s.front.Release(ctx, back)
}

// Finish implements [engine.Store]. Links can be leased when they are on disk.
// It does not end with ctx: what was given to the disk cannot be taken back.
func (s *Store) Finish(_ context.Context, rs []engine.Result, each func(engine.Job, engine.Class)) error {
	if err := s.journal.failed(); err != nil {
		return err
	}
	if len(rs) == 0 {
		return nil
	}
	entries := make([]*ended, len(rs))
	for i := range rs {
		e, err := newEnded(&rs[i])
		if err != nil {
			return err
		}
		url, host, _ := s.front.Find(rs[i].Job)
		e.given = given(&rs[i], url, host)
		entries[i] = e
	}
	next := 0
	return s.front.Finish(rs, func(r *engine.Result, was uint64) uint64 {
		e := entries[next]
		next++
		e.was = was
		s.journal.add(e)
		return r.Num
	}, func() error { return s.journal.wait(context.Background(), false) }, each)
}

// Change implements [engine.Store]. Sync waits for the disk.
func (s *Store) Change(ctx context.Context, sel engine.Selector, ch engine.Change) (engine.Changed, error) {
	if err := s.journal.failed(); err != nil {
		return engine.Changed{}, err
	}
	return s.front.Change(ctx, sel, ch)
}

// Waiting implements [engine.Store]. It asks no disk.
func (s *Store) Waiting(ctx context.Context, q engine.Query) (engine.WaitingPage, error) {
	if err := s.journal.failed(); err != nil {
		return engine.WaitingPage{}, err
	}
	return s.front.Waiting(ctx, q)
}

// Count implements [engine.Store].
func (s *Store) Count(ctx context.Context, q engine.Query) (engine.Counts, error) {
	if err := s.journal.failed(); err != nil {
		return engine.Counts{}, err
	}
	return s.front.Count(ctx, q)
}

// Keep implements [engine.Store]. It is written behind.
func (s *Store) Keep(ctx context.Context, news engine.State) error {
	if err := s.journal.failed(); err != nil {
		return err
	}
	return s.front.Keep(ctx, news)
}

// Sync implements [engine.Store].
func (s *Store) Sync(ctx context.Context) error { return s.journal.wait(ctx, true) }

// Load implements [engine.Store].
func (s *Store) Load(ctx context.Context, now time.Time) (engine.Kept, error) {
	if err := s.journal.failed(); err != nil {
		return engine.Kept{}, err
	}
	return s.front.Load(ctx, now)
}

// Results implements [engine.Store].
func (s *Store) Results(ctx context.Context, q engine.Query) ([]engine.Result, error) {
	if err := s.journal.failed(); err != nil {
		return nil, err
	}
	if slices.Contains(q.Outcomes, engine.Cancelled) {
		return s.front.Cancelled(q), nil
	}
	if q.Batch == 0 && q.Host == "" && len(q.Jobs) == 0 && len(q.Outcomes) == 0 {
		if out, ok := s.recent.results(q.After, q.Limit); ok {
			return out, nil
		}
	}
	return s.read.Results(ctx, q)
}

// States implements [engine.Store].
func (s *Store) States(ctx context.Context, q engine.Query) ([]engine.JobState, error) {
	if err := s.journal.failed(); err != nil {
		return nil, err
	}
	if slices.Contains(q.Outcomes, engine.Cancelled) {
		return states(s.front.Cancelled(q)), nil
	}
	return s.read.States(ctx, q)
}
