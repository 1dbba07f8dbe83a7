package engine_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

var errDisk = errors.New("no space left on device")

// A badDisk is a store that fails from its nth call of one method on, as a disk that is
// full does.
type badDisk struct {
	*engine.MemStore
	method string
	mu     sync.Mutex
	after  int       // calls that go well
	failed time.Time // when it first did
}

func (s *badDisk) fails(method string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.method == method {
		s.after--
	}
	if s.after >= 0 {
		return nil
	}
	if s.failed.IsZero() {
		s.failed = time.Now()
	}
	return errDisk
}

func (s *badDisk) AddBatch(ctx context.Context, b engine.Batch, jobs iter.Seq2[engine.Job, error], each func(engine.Job, engine.Class)) (engine.Added, error) {
	if err := s.fails("AddBatch"); err != nil {
		return engine.Added{}, err
	}
	return s.MemStore.AddBatch(ctx, b, jobs, each)
}

func (s *badDisk) Next(ctx context.Context, n int, w engine.Want) ([]engine.Job, error) {
	jobs, err := s.MemStore.Next(ctx, n, w)
	if len(jobs) > 0 { // else it is not known how often it is asked
		if err := s.fails("Next"); err != nil {
			return nil, err
		}
	}
	return jobs, err
}

func (s *badDisk) Release(ctx context.Context, back []engine.Job) error {
	if err := s.fails("Release"); err != nil {
		return err
	}
	return s.MemStore.Release(ctx, back)
}

func (s *badDisk) Finish(ctx context.Context, rs []engine.Result, each func(engine.Job, engine.Class)) error {
	if err := s.fails("Finish"); err != nil {
		return err
	}
	return s.MemStore.Finish(ctx, rs, each)
}

func (s *badDisk) Change(ctx context.Context, sel engine.Selector, ch engine.Change) (engine.Changed, error) {
	if err := s.fails("Change"); err != nil {
		return engine.Changed{}, err
	}
	return s.MemStore.Change(ctx, sel, ch)
}

func (s *badDisk) Sync(context.Context) error { return s.fails("Sync") }

func (s *badDisk) Keep(ctx context.Context, news engine.State) error {
	if err := s.fails("Keep"); err != nil {
		return err
	}
	return s.MemStore.Keep(ctx, news)
}

// at returns when the store first failed; zero: it did not.
func (s *badDisk) at() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// A store that fails ends the run: nothing is started any more, what counts as
// ended is kept, and the error names both the store and what was wrong.
func TestStoreThatFailsEndsTheRun(t *testing.T) {
	for _, tc := range []struct {
		method string
		after  int
	}{
		{"AddBatch", 1},
		{"Next", 0},
		{"Next", 3},
		{"Release", 0},
		{"Release", 2},
		{"Finish", 0},
		{"Finish", 4},
		{"Change", 0},
		{"Sync", 1},
		{"Keep", 2},
	} {
		t.Run(tc.method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &badDisk{MemStore: engine.NewMemStore(), method: tc.method, after: tc.after}
				fake := &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
					if nth == 1 && r.Job.ID%2 == 0 {
						return enginetest.Fail(engine.Reset, "cut")
					}
					return enginetest.OK(1)
				}}
				r := start(t, fake, engine.Config{Workers: 2, Queue: 3, Store: store})
				r.add(engine.Batch{}, enginetest.Jobs("one.test", 20), enginetest.Jobs("two.test", 20))
				time.Sleep(2500 * time.Millisecond)
				_, err := r.Pause(t.Context(), engine.Selector{Batch: 1})
				if first := tc.method == "Change" || tc.method == "Sync"; err != nil && store.at().IsZero() ||
					first && !errors.Is(err, engine.ErrStore) {
					t.Errorf("Pause = %v", err)
				}
				if _, err := r.Resume(t.Context(), engine.Selector{Batch: 1}); err != nil && store.at().IsZero() {
					t.Errorf("Resume = %v", err)
				}
				added, err := r.Add(t.Context(), engine.Batch{}, enginetest.Jobs("two.test", 1))
				if store.at().IsZero() != (err == nil) {
					t.Errorf("Add = %+v, %v", added, err)
				}
				err = <-r.ended
				if !errors.Is(err, engine.ErrStore) || !errors.Is(err, errDisk) {
					t.Errorf("Run = %v, want it to say that the store failed and why", err)
				}
				s := r.Snapshot()
				if s.Trouble != err.Error() || !strings.Contains(s.Trouble, errDisk.Error()) {
					t.Errorf("Trouble is %q, want %q", s.Trouble, err)
				}
				for _, c := range fake.Calls() {
					if c.At.After(store.at()) {
						t.Errorf("%s started %v after the store failed", c.URL, c.At.Sub(store.at()))
					}
				}
				kept, err := store.Results(t.Context(), engine.Query{})
				if err != nil || len(kept) != s.Counts.OK {
					t.Errorf("%d results are kept, %v; %d count as ended", len(kept), err, s.Counts.OK)
				}
			})
		})
	}
}
