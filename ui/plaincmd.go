package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// A plainCommand is one word of [Plain].
type plainCommand struct {
	name string
	args string // as the help writes them
	does string
	run  func(p *plain, args []string) tea.Cmd
}

// plainChanges are the commands that change the run. So does workers with a
// number.
var plainChanges = []string{"add", "cancel", "exclude", "pause", "resume", "retry", "interval", "priority", "undo", "drain"}

// barred reports whether a command would change a run that is only watched.
func (p *plain) barred(name string) bool {
	return p.deps.ReadOnly && slices.Contains(plainChanges, name)
}

// plainWords are the commands that sentences name in the place of keys.
var plainWords = keyMap{
	{act: actUndo, key: bind("undo", ""), group: groupSteer},
	{act: actExport, key: bind("export", "")},
	{act: actRetryAll, key: bind("retry", ""), group: groupSteer},
	{act: actPauseAll, key: bind("resume", ""), group: groupSteer},
}

// words returns those of the commands that are possible.
func (p *plain) words() keyMap {
	if p.deps.ReadOnly {
		return plainWords.watching()
	}
	return plainWords
}

// plainCommands are all there are, in the order of the help.
func plainCommands() []plainCommand {
	return []plainCommand{
		{"status", "", "how the run does, and what limits it", (*plain).status},
		{"why", "[host NAME]", "what limits the run or a host, in sentences", (*plain).why},
		{"batches", "", "the batches, with their numbers", (*plain).batches},
		{"hosts", "", "the hosts with work left, and what they wait for", (*plain).hosts},
		{"workers", "[N]", "what the workers do; with N: work with so many", (*plain).workers},
		{"results", "[N] [FILTER]", "the last N results, 10 without N; of those with a text in their URL, title or why, or outcome:failed code:5xx host: batch: class:", (*plain).resultLines},
		{"failed", "[N]", "the last N failed or empty results", (*plain).failedLines},
		{"show", "N", "result N: attempts, findings and records", (*plain).show},
		{"add", "[recipe=R] [priority=P] [interval=D] URL...|FILE|BASE MONTHS", "add a batch; a line that is a URL needs no add", (*plain).add},
		{"cancel", "BATCH | host NAME | all", "cancel what has not ended", (*plain).cancel},
		{"exclude", "[batch N] PATTERN", "cancel what waits and has that text in its URL, in any case; re:EXPR is a regular expression", (*plain).exclude},
		{"pause", "[BATCH | host NAME]", "start no new request; without a name, of the run", (*plain).pause},
		{"resume", "[BATCH | host NAME]", "go on", (*plain).resume},
		{"retry", "[BATCH | host NAME]", "retry what failed or was empty", (*plain).retry},
		{"interval", "D [BATCH | host NAME]", "time between two requests to a host: 500ms, 2s; 0 does not pace", (*plain).interval},
		{"priority", "BATCH low|normal|high", "which batch goes first", (*plain).priority},
		{"undo", "", "take back the last change", (*plain).undo},
		{"export", "FILE [overwrite]", "write all results to a .jsonl or .csv file", (*plain).export},
		{"drain", "", "finish what is queued and in flight, then leave", (*plain).drain},
		{"quit", "", "leave; asks when work is left or results would be lost", (*plain).quit},
		{"help", "[COMMAND]", "this list", (*plain).help},
	}
}

// command does what a line says.
func (p *plain) command(text string) tea.Cmd {
	words := strings.Fields(text)
	if len(words) == 0 || strings.HasPrefix(text, "#") {
		return nil
	}
	if lower := strings.ToLower(text); strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://") {
		if p.deps.ReadOnly {
			p.say("read-only: add is not possible here")
			return nil
		}
		p.urls = append(p.urls, text)
		p.urlTicks++
		ticks := p.urlTicks
		return tea.Tick(urlsRest, func(time.Time) tea.Msg { return urlsMsg{ticks} })
	}
	name, args := strings.ToLower(words[0]), words[1:]
	if name == "?" {
		name = "help"
	}
	if p.asked {
		p.asked = false
		switch {
		case name == "stay":
			p.say("staying")
			return nil
		case name == "leave" && p.deps.Kept != "":
			p.leaving = true
			return nil
		case name == "cancel" && len(args) == 0:
			return p.stop()
		}
	}
	for _, c := range plainCommands() {
		if c.name == name {
			if p.barred(name) {
				p.say("read-only: " + name + " is not possible here")
				return nil
			}
			return c.run(p, args)
		}
	}
	p.say(fmt.Sprintf("there is no command %q: help lists them", name))
	return nil
}

func (p *plain) help(args []string) tea.Cmd {
	for _, c := range plainCommands() {
		if len(args) == 0 || args[0] == c.name {
			words := strings.TrimSpace(c.name+" "+c.args) + ": " + c.does
			if p.barred(c.name) {
				words = c.name + ": not possible, read-only"
			}
			p.say(words)
		}
	}
	return nil
}

// quit leaves, after a question if something would be lost.
func (p *plain) quit([]string) tea.Cmd {
	l := losingOf(p.deps, p.stats)
	if !l.any() {
		p.leaving = true
		return nil
	}
	c := l.counts
	if left := c.Left(); left > 0 {
		p.say(fmt.Sprintf("%s not fetched: %s queued, %s in flight, %s to retry, %s in backlog.",
			count(left), count(c.Queued), count(c.InFlight), count(c.Retry), count(c.Backlog)))
	}
	words, _ := l.results(Theme{})
	switch {
	case p.deps.ReadOnly && l.kept != "":
		p.say(words, l.keptText(1<<10), "Answer stay, leave or export FILE.")
	case p.deps.ReadOnly:
		p.say(words, "Answer stay, export FILE, or cancel: this program is the run, and ends it.")
	case l.kept != "":
		p.say(words, l.keptText(1<<10), "Answer stay, leave, export FILE, drain or cancel; cancel is for good.")
	default:
		p.say(words, "Answer stay, export FILE, drain or cancel.")
	}
	p.asked = true
	return nil
}

// drain leaves when what is queued and in flight has ended.
func (p *plain) drain([]string) tea.Cmd {
	l := losingOf(p.deps, p.stats)
	p.say(l.drainText(1 << 10))
	return p.ask(func(context.Context) tea.Msg {
		p.deps.Controller.Drain()
		return nil
	})
}

// stop cancels the run and leaves.
func (p *plain) stop() tea.Cmd {
	if p.deps.ReadOnly {
		p.leaving = true // the run ends with this program
		return nil
	}
	return p.ask(func(ctx context.Context) tea.Msg {
		done, err := p.deps.Controller.Cancel(ctx, engine.Selector{All: true})
		if err != nil && !errors.Is(err, engine.ErrNothing) {
			return leftMsg{[]string{errorLine(err)}}
		}
		return leftMsg{[]string{plainDone(done, false)}}
	})
}
