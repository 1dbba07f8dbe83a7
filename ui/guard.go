package ui

import (
	"context"
	"fmt"
	"runtime/debug"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// A guard is a model whose panics end the program as an error would: the
// terminal is given back first, and whoever ran the program has the stack.
// Bubble Tea writes the stack of a command in a batch while its screen still
// stands, and takes it away with it.
type guard struct {
	model tea.Model
	ctx   context.Context // the program's; it ends with the first panic
	stop  context.CancelCauseFunc
	last  tea.View // what was drawn before
}

// run runs a model as a program until it quits, ctx ends or something of it
// panics. It returns ctx's cause, or an [engine.PanicError].
func run(ctx context.Context, m tea.Model, opts ...tea.ProgramOption) error {
	g := &guard{model: m}
	g.ctx, g.stop = context.WithCancelCause(ctx)
	defer g.stop(nil)
	_, err := tea.NewProgram(g, append([]tea.ProgramOption{tea.WithContext(g.ctx)}, opts...)...).Run()
	switch {
	case g.ctx.Err() != nil:
		return context.Cause(g.ctx)
	case err != nil:
		return fmt.Errorf("ui: %w", err)
	}
	return nil
}

// caught, deferred, ends the program if what it is deferred in panics.
func (g *guard) caught() {
	if v := recover(); v != nil {
		g.stop(&engine.PanicError{Value: v, Stack: debug.Stack(), In: "the screen"})
	}
}

func (g *guard) Init() tea.Cmd {
	defer g.caught()
	return g.command(g.model.Init())
}

func (g *guard) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	return g, g.update(msg)
}

func (g *guard) update(msg tea.Msg) tea.Cmd {
	if g.ctx.Err() != nil {
		return nil // what is half changed is not to be touched
	}
	defer g.caught()
	_, cmd := g.model.Update(msg)
	return g.command(cmd)
}

func (g *guard) View() (v tea.View) {
	defer func() { v = g.last }()
	if g.ctx.Err() == nil {
		defer g.caught()
		g.last = g.model.View()
	}
	return v
}

// command guards a command, and those that it answers with.
func (g *guard) command(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() tea.Msg {
		defer g.caught()
		msg := cmd()
		batch, ok := msg.(tea.BatchMsg)
		if !ok {
			return msg
		}
		guarded := make(tea.BatchMsg, len(batch))
		for i := range batch {
			guarded[i] = g.command(batch[i])
		}
		return guarded
	}
}
