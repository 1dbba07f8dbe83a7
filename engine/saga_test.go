package engine_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

var errKilled = errors.New("killed")

// A life is a store as one process has it. When it is over, the process can
// neither change the store nor read it any more.
type life struct {
	engine.Store

	// before and after, if not nil, are called with the number of each call
	// and report whether the process dies then: before it has done anything,
	// or before anybody hears of what it did.
	before, after func(nth int) bool

	mu    sync.Mutex
	calls int
	over  bool
	ended time.Time      // when it was over
	notes []engine.State // all that was to be kept
}

func (l *life) kill() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.die(true)
}

func (l *life) die(now bool) {
	if now && !l.over {
		l.over, l.ended = true, time.Now()
	}
}

func (l *life) begin() (end func() error, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	nth := l.calls
	l.die(l.before != nil && l.before(nth))
	if l.over {
		return nil, errKilled
	}
	return func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.die(l.after != nil && l.after(nth))
		if l.over {
			return errKilled
		}
		return nil
	}, nil
}

func (l *life) AddBatch(ctx context.Context, b engine.Batch, jobs iter.Seq2[engine.Job, error], each func(engine.Job, engine.Class)) (engine.Added, error) {
	end, err := l.begin()
	if err != nil {
		return engine.Added{}, err
	}
	added, err := l.Store.AddBatch(ctx, b, jobs, each)
	return added, errors.Join(err, end())
}

func (l *life) Next(ctx context.Context, n int, w engine.Want) ([]engine.Job, error) {
	end, err := l.begin()
	if err != nil {
		return nil, err
	}
	jobs, err := l.Store.Next(ctx, n, w)
	if killed := end(); killed != nil {
		return nil, killed
	}
	return jobs, err
}

func (l *life) Release(ctx context.Context, back []engine.Job) error {
	end, err := l.begin()
	if err != nil {
		return err
	}
	return errors.Join(l.Store.Release(ctx, back), end())
}

func (l *life) Finish(ctx context.Context, rs []engine.Result, each func(engine.Job, engine.Class)) error {
	end, err := l.begin()
	if err != nil {
		return err
	}
	return errors.Join(l.Store.Finish(ctx, rs, each), end())
}

func (l *life) Change(ctx context.Context, sel engine.Selector, ch engine.Change) (engine.Changed, error) {
	end, err := l.begin()
	if err != nil {
		return engine.Changed{}, err
	}
	moved, err := l.Store.Change(ctx, sel, ch)
	return moved, errors.Join(err, end())
}

func (l *life) Keep(ctx context.Context, news engine.State) error {
	end, err := l.begin()
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.notes = append(l.notes, news)
	l.mu.Unlock()
	return errors.Join(l.Store.Keep(ctx, news), end())
}

// noted returns all that was to be kept so far.
func (l *life) noted() []engine.State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.notes)
}

// A saga is a run of several lives over one store.
type saga struct {
	*run
	t     *testing.T
	cfg   engine.Config
	store engine.Store
	life  *life
	stop  context.CancelCauseFunc
}

// begin begins the first life of a run.
func begin(t *testing.T, fake *enginetest.Scraper, cfg engine.Config) *saga {
	s := &saga{t: t, cfg: cfg, store: engine.NewMemStore()}
	s.run = &run{fake: fake, begin: time.Now()}
	s.live()
	return s
}

// live begins another life.
func (s *saga) live() {
	s.t.Helper()
	s.life = &life{Store: s.store}
	s.cfg.Store = s.life
	first := s.run.begin
	var ctx context.Context
	ctx, s.stop = context.WithCancelCause(s.t.Context())
	s.run = startIn(ctx, s.t, s.fake, s.cfg)
	s.run.begin = first
}

// kill ends a life as kill -9 does, and exit as the end of the program does.
func (s *saga) kill() {
	s.t.Helper()
	s.life.kill()
	s.stop(errKilled)
	if err := <-s.ended; err == nil {
		s.t.Error("Run of a killed engine = nil")
	}
}

func (s *saga) exit() {
	s.t.Helper()
	gone := errors.New("gone")
	s.stop(gone)
	if err := <-s.ended; !errors.Is(err, gone) {
		s.t.Errorf("Run = %v, want the cause of its context", err)
	}
}

// logged returns the log lines that have a text in them.
func (s *saga) logged(text string) (lines []string) {
	var v engine.View
	sub := s.Subscribe(engine.SubscribeOptions{})
	defer sub.Close()
	sub.Take(&v)
	for _, l := range v.Log {
		if strings.Contains(l.Text, text) {
			lines = append(lines, l.Text)
		}
	}
	return lines
}

// shown returns what a screen that begins now is told of jobs, by their URLs.
func (s *saga) shown() map[string]engine.JobState {
	var v engine.View
	sub := s.Subscribe(engine.SubscribeOptions{})
	defer sub.Close()
	out := make(map[string]engine.JobState)
	for {
		sub.Take(&v)
		for _, j := range v.Jobs {
			out[strings.TrimPrefix(j.URL, "http://")] = j
		}
		if !v.More {
			return out
		}
	}
}
