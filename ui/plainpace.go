package ui

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// workersTo sets how many workers there are: N, or so many more or fewer.
func (p *plain) workersTo(arg string) tea.Cmd {
	n, err := strconv.Atoi(arg)
	if err != nil {
		return p.usage("workers")
	}
	if arg[0] == '+' || arg[0] == '-' {
		n += p.stats.Workers
	}
	o := plainOrder{command: "workers", what: "the run", nothing: plural(n, "worker") + " it is already"}
	switch {
	case n < 1:
		o.not = "one worker is the least: pause pauses the run"
	case n > engine.MaxWorkers:
		o.not = count(engine.MaxWorkers) + " workers are the most"
	}
	return p.steer(o, engine.Selector{}, func(c engine.Controller, ctx context.Context, _ engine.Selector) (engine.Done, error) {
		return c.SetWorkers(ctx, n)
	})
}

func (p *plain) interval(args []string) tea.Cmd {
	if len(args) == 0 {
		return p.usage("interval")
	}
	every, err := parsePace(args[0])
	s, ok := parseSubject(args[1:], ofRun, ofBatch, ofHost)
	switch {
	case err != nil:
		return p.usage("interval")
	case !ok:
		return p.unclear("interval "+args[0], args[1:], "", ofBatch, ofHost)
	}
	return p.about("interval", s, func(f found) tea.Cmd { return p.pace("interval", f, every) })
}

func (p *plain) slower(args []string) tea.Cmd { return p.step("slower", args) }
func (p *plain) faster(args []string) tea.Cmd { return p.step("faster", args) }

// step makes a host, or those of a batch, slower or faster by a step.
func (p *plain) step(command string, args []string) tea.Cmd {
	s, ok := parseSubject(args, ofBatch, ofHost)
	if !ok {
		return p.unclear(command, args, "", ofBatch, ofHost)
	}
	return p.about(command, s, func(f found) tea.Cmd {
		var now time.Duration
		if f.host != nil {
			now = f.host.Interval
		} else {
			now = batchPace(f.batch, &p.stats, p.deps)
		}
		to := step(now, command == "faster")
		if to == now {
			p.say(command + ": " + f.name + " is at the end of the steps, with " + gapText(now) + " between requests: interval sets any")
			return nil
		}
		return p.pace(command, f, to)
	})
}

// pace sets an interval. One that is faster than the operator's own is asked
// about once.
func (p *plain) pace(command string, f found, every time.Duration) tea.Cmd {
	fast := tooFast(every, p.deps)
	set := func() tea.Cmd {
		if fast {
			p.fast[f.name] = true
		}
		return p.steer(plainOrder{command: command, what: f.name, nothing: f.name + " has that interval already"}, f.sel,
			func(c engine.Controller, ctx context.Context, sel engine.Selector) (engine.Done, error) {
				return c.SetInterval(ctx, sel, every)
			})
	}
	if !fast || p.fast[f.name] {
		return set()
	}
	p.say(named(command, fasterText(f.name, every, p.deps))...)
	p.question(command, "ask "+f.name+" that often", "the pace of "+f.name+" stays", set)
	return nil
}

func (p *plain) priority(args []string) tea.Cmd {
	n := len(args) - 1
	if n < 1 {
		return p.usage("priority")
	}
	s, ok := parseSubject(args[:n], ofBatch)
	to, err := parsePriority(args[n])
	switch {
	case err != nil:
		return p.usage("priority")
	case !ok:
		return p.unclear("priority", args[:n], args[n], ofBatch)
	}
	return p.about("priority", s, func(f found) tea.Cmd {
		return p.steer(plainOrder{command: "priority", what: f.name, nothing: fmt.Sprintf("%s has priority %s already", f.name, to)}, f.sel,
			func(c engine.Controller, ctx context.Context, sel engine.Selector) (engine.Done, error) {
				return c.SetPriority(ctx, sel.Batch, to)
			})
	})
}

// exclude cancels what waits and has a pattern, when it was said which URLs these
// are.
func (p *plain) exclude(args []string) tea.Cmd {
	s := subject{}
	if len(args) > 2 && args[0] == "batch" {
		var ok bool
		if s, ok = parseSubject(args[:2], ofBatch); !ok {
			return p.usage("exclude")
		}
		args = args[2:]
	}
	pattern := strings.Join(args, " ")
	finds, err := parsePattern(pattern)
	if err != nil {
		p.say("exclude: " + err.Error())
		return nil
	}
	if finds == nil {
		return p.usage("exclude")
	}
	return p.about("exclude", s, func(f found) tea.Cmd {
		h := newHunt(finds, f.sel.Batch)
		return p.ask(func(ctx context.Context) tea.Msg {
			h.run(ctx, p.deps.Controller)
			return foundMsg{f, func(f found) tea.Cmd { return p.hunted(pattern, f, h.bag.Load()) }}
		})
	})
}

// hunted says what a pattern has found and asks whether that is to go.
func (p *plain) hunted(pattern string, f found, b *bag) tea.Cmd {
	name := "exclude " + pattern
	switch {
	case b.err != nil:
		p.say(errorLine("exclude", b.err))
		return nil
	case len(b.jobs) == 0:
		p.say(name + " finds " + b.words(valueBytes))
		return nil
	}
	finds, aloft, _ := strings.Cut(b.words(valueBytes), "; ")
	finds += " of " + f.name
	if aloft != "" {
		finds += "; " + aloft
	}
	p.choose(name, finds, b.first, len(b.jobs), "exclude", "nothing excluded", func() tea.Cmd {
		return p.steer(plainOrder{command: "exclude", nothing: "none of them waits any more"}, engine.Selector{},
			func(c engine.Controller, ctx context.Context, _ engine.Selector) (engine.Done, error) {
				return c.Exclude(ctx, b.jobs)
			})
	})
	return nil
}
