package ui

import (
	"context"
	"errors"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// steered are what cancel, pause and resume are for.
var steered = []subjectKind{ofRun, ofBatch, ofHost, ofURL, ofResult, ofWorker, ofWaiting}

// retried is what retry is for: filters find what has ended.
var retried = []subjectKind{ofRun, ofBatch, ofHost, ofURL, ofResult, ofFilter}

// cancel cancels at once what was named, and what a filter finds when it was said
// which URLs these are.
func (p *plain) cancel(args []string) tea.Cmd {
	s, ok := parseSubject(args, steered...)
	if !ok || len(args) == 0 {
		return p.unclear("cancel", args, "", steered...)
	}
	return p.about("cancel", s, func(f found) tea.Cmd {
		f.carried()
		cancel := func() tea.Cmd {
			return p.steer(plainOrder{"cancel", f.name, f.ended("cancel", &p.stats), "nothing of " + f.name + " is left to cancel"}, f.sel, engine.Controller.Cancel)
		}
		if f.kind != ofWaiting {
			return cancel()
		}
		p.choose("cancel "+s.filter.text, f.words(), f.first, len(f.sel.Jobs), "cancel", "nothing cancelled", cancel)
		return nil
	})
}

// choose says what the pattern or filter of a command has found, which n URLs these
// are, and asks whether they are meant.
func (p *plain) choose(name, finds string, first []string, n int, verb, left string, yes func() tea.Cmd) {
	p.say(name + " finds " + finds)
	for _, url := range first {
		p.say(name + " finds " + url)
	}
	if more := n - len(first); more > 0 {
		p.say(name + " finds " + count(more) + " more")
	}
	p.question(name, verb+" "+plural(n, "URL"), left, yes)
}

func (p *plain) pause(args []string) tea.Cmd {
	s, ok := parseSubject(args, steered...)
	if !ok {
		return p.unclear("pause", args, "", steered...)
	}
	return p.about("pause", s, func(f found) tea.Cmd {
		f.carried()
		ended := ""
		if f.kind != ofRun && f.kind != ofHost { // which may be paused for what comes
			ended = f.ended("pause", &p.stats)
		}
		return p.steer(plainOrder{"pause", f.name, ended, f.name + " " + f.is() + " paused already"}, f.sel, engine.Controller.Pause)
	})
}

func (p *plain) resume(args []string) tea.Cmd {
	s, ok := parseSubject(args, steered...)
	if !ok {
		return p.unclear("resume", args, "", steered...)
	}
	return p.about("resume", s, func(f found) tea.Cmd {
		not := f.name + " is not paused"
		if f.many() {
			not = "none of " + f.name + " is paused by itself"
		}
		return p.steer(plainOrder{"resume", f.name, "", not}, f.sel, engine.Controller.Resume)
	})
}

func (p *plain) retry(args []string) tea.Cmd {
	s, ok := parseSubject(args, retried...)
	if !ok {
		return p.unclear("retry", args, "", retried...)
	}
	return p.about("retry", s, func(f found) tea.Cmd {
		not := "nothing of " + f.name + " failed or was empty"
		if f.failed > 0 {
			not = "what failed or was empty of " + f.name + " is to be asked again already"
		}
		return p.steer(plainOrder{"retry", f.name, "", not}, f.sel, engine.Controller.Retry)
	})
}

// carried calls a worker that has a URL by that, which it will be rid of.
func (f *found) carried() {
	if f.kind == ofWorker && f.worker.Job != 0 {
		f.name = f.worker.URL
	}
}

// ended says that nothing is left of f to do something with; empty if there is.
func (f *found) ended(verb string, s *engine.Stats) string {
	switch f.kind {
	case ofRun:
		return runEnded(&s.Counts)
	case ofBatch:
		return batchEnded(f.batch, verb)
	case ofHost:
		return hostEnded(f.host, verb)
	case ofWorker:
		if f.worker.Job == 0 {
			return f.name + " has no URL now"
		}
	}
	text := ""
	for _, r := range f.rows {
		if text = jobEnded(f.name, r, verb); text == "" {
			break
		}
	}
	return text
}

// A plainOrder is a change that was typed.
type plainOrder struct {
	command string
	what    string // what it is for, in sentences
	not     string // why it is not possible; empty: it is
	nothing string // what is said if there was nothing to change
}

// steer makes a steering call and says what it did.
func (p *plain) steer(o plainOrder, sel engine.Selector, do func(engine.Controller, context.Context, engine.Selector) (engine.Done, error)) tea.Cmd {
	if o.not != "" {
		p.say(o.command + ": " + o.not)
		return nil
	}
	return p.ask(func(ctx context.Context) tea.Msg {
		done, err := do(p.deps.Controller, ctx, sel)
		return steeredMsg{plainOrder: o, done: done, err: err}
	})
}

// steered says what came of a change.
func (p *plain) steered(msg steeredMsg) {
	key, called := nameKey(msg.done.Selector), selectorText(msg.done.Selector)
	if msg.undone {
		if what, ok := p.named[key]; ok {
			msg.what = what
		} else {
			msg.what = called
		}
	}
	switch {
	case errors.Is(msg.err, engine.ErrNothing):
		p.say(msg.command + ": " + msg.nothing)
	case msg.err != nil:
		p.say(errorLine(msg.command, msg.err))
	case msg.undone:
		p.say("undone: " + doneTo(msg.what, msg.done))
	case msg.done.Action == engine.ActProbe: // which cannot be undone
		p.say(doneTo(msg.what, msg.done))
	default:
		if called != msg.what {
			p.named[key] = msg.what
		}
		p.say(doneTo(msg.what, msg.done) + "; undo takes it back")
	}
}

// nameKey tells the selectors of changes apart, by which they were called so and so.
func nameKey(s engine.Selector) string {
	key := selectorText(s)
	if n := len(s.Jobs); n > 1 {
		key += fmt.Sprint(" ", s.Jobs[0], " ", s.Jobs[n-1])
	}
	return key
}

// undo takes back the last change. An old one is named first.
func (p *plain) undo([]string) tea.Cmd {
	undo := func() tea.Cmd {
		return p.ask(func(ctx context.Context) tea.Msg {
			done, err := p.deps.Controller.Undo(ctx)
			return steeredMsg{plainOrder: plainOrder{command: "undo", nothing: "nothing to undo"}, done: done, err: err, undone: true}
		})
	}
	if old := oldChange(&p.stats); old != "" {
		p.say("undo: the last change is old: " + old)
		p.question("undo", "undo it", "nothing undone", undo)
		return nil
	}
	return undo()
}

// question asks for yes or no.
func (p *plain) question(command, does, left string, yes func() tea.Cmd) {
	p.pose(plainQuestion{asks: command + ": answer yes to " + does + ", no to leave it", left: command + ": " + left, yes: yes})
}

// pose says a question, and awaits its answer.
func (p *plain) pose(q plainQuestion) {
	p.say(q.asks)
	p.asked = &q
}

func (p *plain) yes([]string) tea.Cmd {
	if p.was == nil || p.was.yes == nil {
		p.say("yes: there is no question that it answers")
		p.asked = p.was
		return nil
	}
	return p.was.yes()
}

func (p *plain) no([]string) tea.Cmd {
	switch {
	case p.was == nil:
		p.say("no: nothing was asked")
	case p.was.yes == nil:
		p.say("staying")
	default:
		p.say(p.was.left)
	}
	return nil
}

// usage says how a command is written.
func (p *plain) usage(name string) tea.Cmd {
	p.say(name + " is written so:")
	return p.help([]string{name})
}
