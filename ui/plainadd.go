package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

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
	return p.plan(p.withRecipe(Spec{Text: text}))
}

func (p *plain) add(args []string) tea.Cmd {
	spec, ok := p.spec("add", args)
	if !ok {
		return nil
	}
	return p.plan(spec)
}

// preview says what add would add, and asks whether it is to be added.
func (p *plain) preview(args []string) tea.Cmd {
	spec, ok := p.spec("preview", args)
	if !ok {
		return nil
	}
	return p.ask(func(ctx context.Context) tea.Msg {
		s := newScan(0, spec)
		defer context.AfterFunc(ctx, func() { s.dropped.Store(true) })()
		s.run(p.deps.Planner)
		return foundMsg{then: func(found) tea.Cmd { return p.previewed(spec, s.tally.Load()) }}
	})
}

// previewed says what a list holds, as the form of the screen does.
func (p *plain) previewed(spec Spec, t *tally) tea.Cmd {
	if t.err != nil {
		p.say(noList("preview", spec, t.err))
		return nil
	}
	p.say("preview: " + strings.ReplaceAll(t.words(valueBytes), " · ", ", "))
	p.say(badLines(t.bad, t.invalid)...)
	if t.fresh == 0 {
		p.say("preview: nothing to add")
		return nil
	}
	pace := p.deps.Interval
	if spec.Interval != 0 {
		pace = spec.Interval
	}
	p.say("preview: " + t.takes(pace, valueBytes))
	p.say(p.hurries("preview", spec)...)
	p.question("preview", "add "+plural(t.fresh, "URL"), "nothing added", func() tea.Cmd { return p.addBatch(t.batch, t.jobs) })
	return nil
}

// hurries says that a batch asks hosts more often than the run was asked to, if it
// does.
func (p *plain) hurries(command string, spec Spec) []string {
	if spec.Interval == 0 || !tooFast(spec.Interval, p.deps) {
		return nil
	}
	return named(command, fasterText("each host of the batch", spec.Interval, p.deps))
}

// noList says why what was typed is no list.
func noList(command string, spec Spec, err error) string {
	if errors.Is(err, ErrNoURL) {
		return command + ": " + spec.Text + " is no URL"
	}
	return errorLine(command, err)
}

// spec reads what a command is to add, or says what is wrong with it.
func (p *plain) spec(command string, args []string) (spec Spec, ok bool) {
	for len(args) > 0 {
		name, value, is := strings.Cut(args[0], "=")
		var err error
		switch name {
		case "recipe":
			spec.Recipe = value
		case "priority":
			spec.Priority, err = parsePriority(value)
		case "interval":
			spec.Interval, err = parsePace(value)
		default:
			if is && len(args) > 1 && !strings.ContainsFunc(name, func(r rune) bool { return r < 'a' || r > 'z' }) {
				err = fmt.Errorf("%s= is not known: %sthere are recipe= priority= interval=", name, meant("", nearest(name+"=", []string{"recipe=", "priority=", "interval="}), " "))
			}
			name = ""
		}
		if err != nil {
			p.say(command + ": " + err.Error())
			return spec, false
		}
		if name == "" {
			break
		}
		args = args[1:]
	}
	if len(args) == 0 {
		p.usage(command)
		return spec, false
	}
	spec.Text = strings.Join(args, " ")
	return p.withRecipe(spec), true
}

// withRecipe returns spec with the recipe that is used if none is named.
func (p *plain) withRecipe(spec Spec) Spec {
	if names := p.deps.Planner.Recipes(); spec.Recipe == "" && len(names) > 0 {
		spec.Recipe = names[0]
	}
	return spec
}

// plan reads a list and adds it.
func (p *plain) plan(spec Spec) tea.Cmd {
	return p.ask(func(ctx context.Context) tea.Msg {
		batch, jobs, err := p.deps.Planner.Plan(spec)
		if err != nil {
			return saidMsg{[]string{noList("add", spec, err)}}
		}
		answer := p.added(ctx, batch, jobs)
		answer.lines = append(answer.lines, p.hurries("add", spec)...)
		return answer
	})
}

// addBatch adds a list that was read for its preview; it is read again.
func (p *plain) addBatch(batch engine.Batch, jobs jobSeq) tea.Cmd {
	return p.ask(func(ctx context.Context) tea.Msg { return p.added(ctx, batch, jobs) })
}

// added adds a batch and says what came of it.
func (p *plain) added(ctx context.Context, batch engine.Batch, jobs jobSeq) saidMsg {
	if batch.Name == "" {
		batch.Name = "typed " + time.Now().Local().Format("15:04")
	}
	var bad []string
	added, err := p.deps.Controller.Add(ctx, batch, firstBad(jobs, badTold, &bad))
	lines := []string{fmt.Sprintf("batch %d added: %s new, %s duplicate, %s invalid", added.Batch, count(added.New), count(added.Duplicate), count(added.Invalid))}
	lines = append(lines, badLines(bad, added.Invalid)...)
	if err != nil {
		lines = append(lines, errorLine("add", err))
	}
	return saidMsg{lines}
}

// badTold is how many lines that are no URL are told with what is wrong with them.
const badTold = 20

// badLines tell of the first lines that are no URL, and how many more there are.
func badLines(bad []string, all int) (lines []string) {
	for _, b := range bad[:min(len(bad), badTold)] {
		lines = append(lines, "invalid, "+b)
	}
	if more := all - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %s more invalid", count(more)))
	}
	return lines
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

// parsePriority reads low, normal or high.
func parsePriority(s string) (engine.Priority, error) {
	for _, p := range []engine.Priority{engine.Low, engine.Normal, engine.High} {
		if p.String() == s {
			return p, nil
		}
	}
	return 0, fmt.Errorf("priority %q: low, normal or high", s)
}
