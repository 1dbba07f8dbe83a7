package cli

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// A group is the functions that make up a run. It owns their goroutines: who
// makes a group waits for it. The first error, or a panic turned into one,
// ends the context that they all have, so that whoever holds the terminal can
// give it back.
type group struct {
	ctx  context.Context
	stop context.CancelCauseFunc
	wg   sync.WaitGroup
}

func newGroup(ctx context.Context) *group {
	g := new(group)
	g.ctx, g.stop = context.WithCancelCause(ctx)
	return g
}

// run calls f beside the others. This is the one place of the package that
// starts a goroutine.
func (g *group) run(f func(context.Context) error) {
	g.wg.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				g.stop(&panicError{p, debug.Stack()})
			}
		}()
		if err := f(g.ctx); err != nil {
			g.stop(err)
		}
	})
}

// wait waits for all and returns the first error.
func (g *group) wait() error {
	g.wg.Wait()
	return context.Cause(g.ctx)
}

// A panicError is a panic that was caught where it could not do harm.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }
