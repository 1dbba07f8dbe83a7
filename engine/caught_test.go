package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"weir/engine"
	"weir/engine/enginetest"
)

// A brittleStore panics in one of its methods.
type brittleStore struct {
	*engine.MemStore
	method string
}

func (s brittleStore) Next(ctx context.Context, n int, w engine.Want) ([]engine.Job, error) {
	if s.method == "Next" {
		panic("torn page")
	}
	return s.MemStore.Next(ctx, n, w)
}

func (s brittleStore) Finish(ctx context.Context, rs []engine.Result, each func(engine.Job, engine.Class)) error {
	if s.method == "Finish" {
		panic("torn page")
	}
	return s.MemStore.Finish(ctx, rs, each)
}

// A panic in the engine's own goroutines is trouble that ends the run: the
// program that shows it lives to give the terminal back. A job whose result was
// being kept has not ended.
func TestEnginePanicOfItsOwnEndsTheRun(t *testing.T) {
	for method, what := range map[string]string{"Next": "the feeder", "Finish": "keeping results"} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, err := engine.New(&enginetest.Scraper{}, engine.Config{Store: brittleStore{engine.NewMemStore(), method}})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := e.Add(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", 9)); err != nil {
					t.Fatal(err)
				}
				err = e.Run(t.Context())
				p, ok := errors.AsType[*engine.PanicError](err)
				if !ok || !errors.Is(err, engine.ErrStore) || p.In != what || p.Value != "torn page" || !strings.Contains(string(p.Stack), "brittleStore") {
					t.Errorf("Run = %v, want the panic in %s as trouble with the store", err, what)
				}
				if s := e.Snapshot(); s.Counts.Ended() != 0 || !s.Counts.Balanced() || !strings.Contains(s.Trouble, "panic in "+what) {
					t.Errorf("counts %+v, trouble %q; want nothing ended, and the panic", s.Counts, s.Trouble)
				}
			})
		})
	}
}
