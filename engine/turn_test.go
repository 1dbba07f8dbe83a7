package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
)

// The context of a job is made when somebody asks for it, and may be kept.
func TestTurnContextOutlivesItsJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		var kept, asked, derived []context.Context
		p := newPool(t, func(ctx context.Context, _ *engine.Turn) error {
			for _, old := range kept {
				if old == ctx {
					t.Error("the context of an earlier job was used again")
				}
				if old.Err() == nil {
					t.Error("the context of an earlier job is alive while a later one runs")
				}
			}
			if ctx.Err() != nil {
				t.Errorf("Err = %v while the job runs, want nil", ctx.Err())
			}
			kept = append(kept, ctx)
			derived = append(derived, context.WithValue(ctx, key{}, len(kept))) // asks for nothing yet
			if len(kept)%2 == 0 {
				ctx.Done()
				child, cancel := context.WithCancel(ctx)
				t.Cleanup(cancel)
				asked = append(asked, child)
			}
			return nil
		}, engine.PoolConfig{Workers: 1, Interval: -1})
		for i := range 40 { // more than are made at a time
			if err := p.Submit(job(i, "one.test")); err != nil {
				t.Fatal(err)
			}
		}
		drain(t, p)
		all := append(append(kept, asked...), derived...)
		if got := len(all); got != 40+20+40 {
			t.Fatalf("%d contexts, want 100", got)
		}
		for i, ctx := range all {
			select {
			case <-ctx.Done():
			default:
				t.Errorf("context %d has not ended", i)
			}
			if got := context.Cause(ctx); got != context.Canceled || ctx.Err() != context.Canceled {
				t.Errorf("context %d: Cause = %v, Err = %v, want %v", i, got, ctx.Err(), context.Canceled)
			}
		}
		if got := derived[6].Value(key{}); got != 7 {
			t.Errorf("Value = %v, want 7", got)
		}
	})
}

func TestTurnContextNamesTheCauseOfACancel(t *testing.T) {
	why := errors.New("why")
	for _, tc := range []struct {
		name string
		ask  func(context.Context) context.Context // before the cancel
	}{
		{"asked for nothing", func(ctx context.Context) context.Context { return ctx }},
		{"asked for Done", func(ctx context.Context) context.Context { ctx.Done(); return ctx }},
		{"a child", func(ctx context.Context) context.Context {
			child, cancel := context.WithTimeout(ctx, time.Hour)
			t.Cleanup(cancel)
			return child
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cancelled := make(chan struct{})
				var got error
				p := newPool(t, func(ctx context.Context, _ *engine.Turn) error {
					ctx = tc.ask(ctx)
					<-cancelled
					<-ctx.Done()
					got = context.Cause(ctx)
					return nil
				}, engine.PoolConfig{Workers: 1, Interval: -1})
				if err := p.Submit(job(1, "one.test")); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				p.Cancel(why)
				close(cancelled)
				if err := p.Wait(t.Context()); err != why {
					t.Errorf("Wait = %v, want %v", err, why)
				}
				if got != why {
					t.Errorf("Cause = %v, want %v", got, why)
				}
			})
		})
	}
}
