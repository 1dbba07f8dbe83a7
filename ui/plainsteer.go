package ui

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// addURLs adds the gathered lines as one batch.
func (p *plain) addURLs() tea.Cmd {
	if len(p.urls) == 0 {
		return nil
	}
	text := strings.Join(p.urls, "\n")
	p.urls = nil
	return p.plan(Spec{Text: text})
}

func (p *plain) add(args []string) tea.Cmd {
	var spec Spec
	for len(args) > 0 {
		name, value, _ := strings.Cut(args[0], "=")
		var err error
		switch name {
		case "recipe":
			spec.Recipe = value
		case "priority":
			spec.Priority, err = parsePriority(value)
		case "interval":
			spec.Interval, err = parsePace(value)
		default:
			name = ""
		}
		if err != nil {
			p.say(err.Error())
			return nil
		}
		if name == "" {
			break
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return p.usage("add")
	}
	spec.Text = strings.Join(args, " ")
	return p.plan(spec)
}

// plan reads a list and adds it.
func (p *plain) plan(spec Spec) tea.Cmd {
	if names := p.deps.Planner.Recipes(); spec.Recipe == "" && len(names) > 0 {
		spec.Recipe = names[0]
	}
	return p.ask(func(ctx context.Context) tea.Msg {
		batch, jobs, err := p.deps.Planner.Plan(spec)
		if err != nil {
			return saidMsg{[]string{errorLine(err)}}
		}
		var bad []string
		added, err := p.deps.Controller.Add(ctx, batch, firstBad(jobs, 20, &bad))
		lines := []string{fmt.Sprintf("batch %d added: %s new, %s duplicate, %s invalid", added.Batch, count(added.New), count(added.Duplicate), count(added.Invalid))}
		for _, b := range bad {
			lines = append(lines, "invalid, "+b)
		}
		if more := added.Invalid - len(bad); more > 0 {
			lines = append(lines, fmt.Sprintf("and %s more invalid", count(more)))
		}
		if err != nil {
			lines = append(lines, errorLine(err))
		}
		return saidMsg{lines}
	})
}

// firstBad passes jobs on and keeps the texts of the first errors in bad.
func firstBad(jobs jobSeq, most int, bad *[]string) jobSeq {
	return func(yield func(engine.Job, error) bool) {
		for job, err := range jobs {
			if err != nil && len(*bad) < most {
				*bad = append(*bad, err.Error())
			}
			if !yield(job, err) {
				return
			}
		}
	}
}

func (p *plain) cancel(args []string) tea.Cmd {
	if p.quitting() && len(args) == 0 {
		return p.stop()
	}
	return p.change("cancel", args, p.deps.Controller.Cancel)
}

// exclude cancels what waits and has a pattern, and says which URLs these are.
func (p *plain) exclude(args []string) tea.Cmd {
	var sel engine.Selector
	if len(args) > 2 && args[0] == "batch" {
		var ok bool
		if sel, ok = selectorOf(args[:2]); !ok {
			return p.usage("exclude")
		}
		args = args[2:]
	}
	finds, err := parsePattern(strings.Join(args, " "))
	if err != nil {
		p.say("error: " + err.Error())
		return nil
	}
	if finds == nil {
		return p.usage("exclude")
	}
	c := p.deps.Controller
	return p.ask(func(ctx context.Context) tea.Msg {
		h := newHunt(finds, sel.Batch)
		h.run(ctx, c)
		b := h.bag.Load()
		if b.err != nil {
			return saidMsg{[]string{errorLine(b.err)}}
		}
		if len(b.jobs) == 0 {
			return saidMsg{[]string{b.words(valueBytes)}}
		}
		d, err := c.Exclude(ctx, b.jobs)
		if err != nil {
			return saidMsg{[]string{errorLine(err)}}
		}
		lines := []string{b.words(valueBytes) + ":"}
		lines = append(lines, b.first...)
		if more := len(b.jobs) - len(b.first); more > 0 {
			lines = append(lines, "and "+count(more)+" more")
		}
		return saidMsg{append(lines, plainDone(d, false))}
	})
}

func (p *plain) pause(args []string) tea.Cmd { return p.change("pause", args, p.deps.Controller.Pause) }

func (p *plain) resume(args []string) tea.Cmd {
	return p.change("resume", args, p.deps.Controller.Resume)
}

func (p *plain) retry(args []string) tea.Cmd { return p.change("retry", args, p.deps.Controller.Retry) }

func (p *plain) undo([]string) tea.Cmd {
	return p.ask(func(ctx context.Context) tea.Msg {
		done, err := p.deps.Controller.Undo(ctx)
		return steeredMsg{done, true, err}
	})
}

// change steers what args name. Nothing is the run, but for cancel, which
// wants that said.
func (p *plain) change(name string, args []string, do func(context.Context, engine.Selector) (engine.Done, error)) tea.Cmd {
	sel, ok := selectorOf(args)
	if !ok || name == "cancel" && len(args) == 0 {
		return p.usage(name)
	}
	return p.steer(func(ctx context.Context) (engine.Done, error) { return do(ctx, sel) })
}

func (p *plain) interval(args []string) tea.Cmd {
	if len(args) == 0 {
		return p.usage("interval")
	}
	every, err := parsePace(args[0])
	sel, ok := selectorOf(args[1:])
	if err != nil || !ok {
		return p.usage("interval")
	}
	return p.steer(func(ctx context.Context) (engine.Done, error) {
		return p.deps.Controller.SetInterval(ctx, sel, every)
	})
}

func (p *plain) priority(args []string) tea.Cmd {
	if len(args) != 2 {
		return p.usage("priority")
	}
	sel, ok := selectorOf(args[:1])
	to, err := parsePriority(args[1])
	if !ok || sel.Batch == 0 || err != nil {
		return p.usage("priority")
	}
	return p.steer(func(ctx context.Context) (engine.Done, error) {
		return p.deps.Controller.SetPriority(ctx, sel.Batch, to)
	})
}

// parsePriority reads low, normal or high.
func parsePriority(s string) (engine.Priority, error) {
	for _, p := range []engine.Priority{engine.Low, engine.Normal, engine.High} {
		if p.String() == s {
			return p, nil
		}
	}
	return 0, fmt.Errorf("priority %q: low, normal or high", s)
}

// selectorOf reads what a command is for: a batch's number, `host NAME`, or
// all, which is the same as nothing.
func selectorOf(args []string) (engine.Selector, bool) {
	switch {
	case len(args) == 0, len(args) == 1 && args[0] == "all":
		return engine.Selector{All: true}, true
	case len(args) == 2 && args[0] == "host":
		return engine.Selector{Host: args[1]}, true
	case len(args) == 2 && args[0] == "batch":
		args = args[1:]
	}
	n, err := strconv.ParseUint(args[0], 10, 32)
	return engine.Selector{Batch: engine.BatchID(n)}, len(args) == 1 && err == nil && n > 0
}

// steer makes a steering call and says what it did.
func (p *plain) steer(do func(context.Context) (engine.Done, error)) tea.Cmd {
	return p.ask(func(ctx context.Context) tea.Msg {
		done, err := do(ctx)
		return steeredMsg{done, false, err}
	})
}

// usage says how a command is written.
func (p *plain) usage(name string) tea.Cmd {
	p.say("that is written so:")
	return p.help([]string{name})
}

// plainDone says what a steering call did, with the word that undoes it.
func plainDone(d engine.Done, undone bool) string {
	if undone {
		return doneText(plainWords, d, true)
	}
	return doneWords(d) + "; undo takes it back"
}
