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
	name    string
	args    string // as the help writes them
	does    string
	run     func(p *plain, args []string) tea.Cmd
	changes bool // it changes the run; so does workers with a number
	answers bool // it answers a question
}

// A plainQuestion awaits one of the answers in the list of commands: yes or no, or
// those that quit asks for.
type plainQuestion struct {
	asks string         // what is said to ask it, and again if the answer is no command
	left string         // what is said if the answer is not yes
	yes  func() tea.Cmd // nil: it is the question of quit
}

// ofQuit reports whether it is the question of quit; nil is no question.
func (q *plainQuestion) ofQuit() bool { return q != nil && q.yes == nil }

// barred reports whether a command would change a run that is only watched.
func (p *plain) barred(c *plainCommand) bool { return p.deps.ReadOnly && c.changes }

// plainWords are the commands that sentences name in the place of keys.
var plainWords = keyMap{
	{act: actUndo, key: bind("undo", ""), group: groupSteer},
	{act: actExport, key: bind("export", "")},
	{act: actRetry, key: bind("retry", ""), group: groupSteer},
	{act: actRetryAll, key: bind("retry", ""), group: groupSteer},
	{act: actPause, key: bind("resume", ""), group: groupSteer},
	{act: actPauseAll, key: bind("resume", ""), group: groupSteer},
	{act: actMore, key: bind("workers +1", ""), group: groupSteer},
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
		{name: "status", does: "how the run does, and what limits it", run: (*plain).status},
		{name: "why", args: "[N | URL | batch N | host NAME | worker N]", does: "why result N, a URL, a batch, a host or a worker waits, or how it ended; without a name, what limits the run", run: (*plain).why},
		{name: "batches", does: "the batches, with their numbers", run: (*plain).batches},
		{name: "hosts", args: "[N] [all] [sort:ORDER]", does: "the first N hosts with work left, 20 without N, or of all, and what they wait for; sort: worst (parked, blocked and slow ones first, as without it) host pace rate waiting failed; turn: in its place is the other way round", run: (*plain).hosts},
		{name: "workers", args: "[N | +N | -N]", does: "what the workers do; with N: work with so many, or so many more or fewer", run: (*plain).workers},
		{name: "results", args: "[N] [sort:COLUMN] [FILTER]", does: "the last N results, 10 without N; of those with a text in their URL, title or why, or outcome:failed code:5xx host: batch: class:; with sort: the first N by # outcome code time size rows try url or why; turn: in its place is the other way round", run: (*plain).resultLines},
		{name: "failed", args: "[N] [sort:COLUMN] [FILTER]", does: "the last N failed or empty results, as in results", run: (*plain).failedLines},
		{name: "waiting", args: "[N] [sort:COLUMN] [FILTER]", does: "the first N URLs that wait or are in flight, 10 without N, and why; of those with a text in them, or outcome:retry host: batch:, and code: class: of their last attempt; sort: as in results", run: (*plain).waitingLines},
		{name: "show", args: "N | URL | batch N | host NAME [PART]", does: "result N or a URL: attempts, headers, findings and records, the first 10 of each; with timeline, headers, findings, records, body or json: all of that. A batch: how its fields are filled. A host: how its pace has changed", run: (*plain).show},
		{name: "log", args: "[N]", does: "the last N lines of what happened, 20 without N, newest last", run: (*plain).logLines},
		{name: "add", args: "[recipe=R] [priority=P] [interval=D] URL...|FILE|BASE MONTHS", does: "add a batch; a line that is a URL needs no add", run: (*plain).add, changes: true},
		{name: "preview", args: "[recipe=R] [priority=P] [interval=D] URL...|FILE|BASE MONTHS", does: "say what add would add: how many URLs are new, duplicate or invalid, on how many hosts, which lines are wrong, and how long it takes; then ask whether to add it", run: (*plain).preview, changes: true},
		{name: "cancel", args: "BATCH | host NAME | URL | worker N | FILTER | all", does: "cancel what has not ended; of what waiting FILTER finds it says first which URLs these are, and asks", run: (*plain).cancel, changes: true},
		{name: "exclude", args: "[batch N] PATTERN", does: "cancel what waits and has that text in its URL, in any case, when it has said how many these are; re:EXPR is a regular expression", run: (*plain).exclude, changes: true},
		{name: "pause", args: "[BATCH | host NAME | URL | worker N | FILTER]", does: "start no new request; without a name, of the run; with FILTER, of what waiting FILTER finds", run: (*plain).pause, changes: true},
		{name: "resume", args: "[BATCH | host NAME | URL | FILTER]", does: "go on; a host that cannot be reached is probed", run: (*plain).resume, changes: true},
		{name: "retry", args: "[BATCH | host NAME | URL | result N | FILTER]", does: "retry what failed or was empty", run: (*plain).retry, changes: true},
		{name: "interval", args: "D [BATCH | host NAME]", does: "time between two requests to a host: 500ms, 2s; 0 does not pace", run: (*plain).interval, changes: true},
		{name: "slower", args: "BATCH | host NAME", does: "the next longer interval", run: (*plain).slower, changes: true},
		{name: "faster", args: "BATCH | host NAME", does: "the next shorter interval", run: (*plain).faster, changes: true},
		{name: "priority", args: "BATCH low|normal|high", does: "which batch goes first", run: (*plain).priority, changes: true},
		{name: "undo", does: "take back the last change", run: (*plain).undo, changes: true},
		{name: "export", args: "FILE [overwrite] [FILTER]", does: "write all results, or those that results FILTER finds, to a .jsonl or .csv file; a name with blanks stands in quotes", run: (*plain).export},
		{name: "open", args: "N | URL", does: "the page of result N or a URL in the browser", run: (*plain).open},
		{name: "freeze", does: "say nothing that was not asked for, until it is typed again", run: (*plain).freeze},
		{name: "drain", does: "finish what is queued and in flight, then leave", run: (*plain).drain, changes: true},
		{name: "quit", does: "leave; asks when work is left or results would be lost", run: (*plain).quit},
		{name: "stay", does: "answers quit: go on", run: (*plain).stay, answers: true},
		{name: "leave", does: "answers quit: leave a run that is kept, and cancel nothing", run: (*plain).leave, answers: true},
		{name: "yes", does: "answers a question: do it", run: (*plain).yes, answers: true},
		{name: "no", does: "answers a question: do not", run: (*plain).no, answers: true},
		{name: "help", args: "[COMMAND]", does: "this list; ? is short for it", run: (*plain).help},
	}
}

// typed does what a line says, when the URLs before it are a batch.
func (p *plain) typed(text string) tea.Cmd {
	switch {
	case text == "", strings.HasPrefix(text, "#"):
		return nil
	case !isURL(text) && len(p.urls) > 0:
		p.held = text
		return p.addURLs()
	case !isURL(text): // of which the numbers of the last view may be old
		return p.ask(func(context.Context) tea.Msg { return commandMsg{text} })
	case p.deps.ReadOnly:
		p.say("read-only: add is not possible here")
		return nil
	}
	if p.asked != nil && p.asked.yes != nil {
		p.say(p.asked.left)
	}
	p.asked = nil // it was no answer
	p.urls = append(p.urls, text)
	p.urlTicks++
	ticks := p.urlTicks
	return tea.Tick(urlsRest, func(time.Time) tea.Msg { return urlsMsg{ticks} })
}

// command does what a line says that begins with a command.
func (p *plain) command(text string) tea.Cmd {
	words := strings.Fields(text)
	name, args := strings.ToLower(words[0]), words[1:]
	if name == "?" {
		name = "help"
	}
	p.was, p.asked = p.asked, nil
	commands := plainCommands()
	i := slices.IndexFunc(commands, func(c plainCommand) bool { return c.name == name })
	wrong := ""
	switch {
	case i < 0:
		wrong = noCommand(name)
	case commands[i].args == "" && len(args) > 0 && !p.barred(&commands[i]):
		wrong = fmt.Sprintf("%s stands alone: %s is not understood, nothing is done", name, strings.Join(args, " "))
	}
	if p.was != nil && p.was.yes != nil && wrong == "" && !commands[i].answers {
		p.say(p.was.left)
	}
	switch {
	case wrong != "":
		p.say(wrong)
		if p.was != nil {
			p.pose(*p.was)
		}
	case p.quitting() && name == "cancel" && len(args) == 0: // who only watches may answer that, too
		return p.stop()
	case p.barred(&commands[i]):
		p.say("read-only: " + name + " is not possible here")
	default:
		return commands[i].run(p, args)
	}
	return nil
}

func (p *plain) help(args []string) tea.Cmd {
	none := true
	for _, c := range plainCommands() {
		if len(args) == 0 || args[0] == c.name {
			none = false
			words := strings.TrimSpace(c.name+" "+c.args) + ": " + c.does
			if p.barred(&c) {
				words = c.name + ": not possible, read-only"
			}
			p.say(words)
		}
	}
	if none {
		p.say("help: " + noCommand(args[0]))
	}
	return nil
}

// noCommand says that a word is no command, and which one is near it.
func noCommand(word string) string {
	commands := plainCommands()
	names := make([]string, len(commands))
	for i := range commands {
		names[i] = commands[i].name
	}
	return fmt.Sprintf("there is no command %q: %shelp lists them", word, meant("", nearest(word, names), " "))
}

// freeze holds back what is said without being asked for, or ends that.
func (p *plain) freeze([]string) tea.Cmd {
	if p.frozen.IsZero() {
		p.frozen, p.withheld = p.stats.At, 0
		p.say("freeze: nothing is said unasked until freeze is typed again; collecting goes on, log tells what happens")
		return nil
	}
	p.say(fmt.Sprintf("freeze: it is over after %s, %s held back", clock(p.stats.At.Sub(p.frozen)), plural(p.withheld, "line")))
	p.frozen = time.Time{}
	return nil
}

// quitting reports whether the question of quit is answered now.
func (p *plain) quitting() bool { return p.was.ofQuit() }

func (p *plain) stay([]string) tea.Cmd {
	if p.was == nil {
		p.say("stay: nothing was asked")
		return nil
	}
	p.say("staying")
	return nil
}

func (p *plain) leave([]string) tea.Cmd {
	switch {
	case !p.quitting():
		p.say("leave: nothing was asked: quit asks what is to be done")
	case p.deps.Kept == "":
		p.asked = p.was
		p.say("leave: this run is kept nowhere: answer stay, export FILE, drain or cancel")
	default:
		p.leaving = true
	}
	return nil
}

// quit leaves, after a question if something would be lost.
func (p *plain) quit([]string) tea.Cmd {
	l := losingOf(p.saved(), p.stats)
	if !l.any() {
		p.leaving = true
		return nil
	}
	c := l.counts
	if left := c.Left(); left > 0 {
		p.say(fmt.Sprintf("%s not fetched: %s queued, %s in flight, %s to retry, %s in backlog.",
			plural(left, "URL"), count(c.Queued), count(c.InFlight), count(c.Retry), count(c.Backlog)))
	}
	words, _ := l.results(Theme{})
	p.say(words)
	if l.kept != "" {
		p.say(l.keptText(1 << 10))
	}
	answers := "Answer stay, export FILE, drain or cancel."
	switch {
	case p.deps.ReadOnly && l.kept != "":
		answers = "Answer stay, leave or export FILE."
	case p.deps.ReadOnly:
		answers = "Answer stay, export FILE, or cancel: this program is the run, and ends it."
	case l.kept != "":
		answers = "Answer stay, leave, export FILE, drain or cancel; cancel is for good."
	}
	p.pose(plainQuestion{asks: answers})
	return nil
}

// drain leaves when what is queued and in flight has ended.
func (p *plain) drain([]string) tea.Cmd {
	l := losingOf(p.deps, p.stats)
	p.say(strings.TrimSuffix(l.drainText(1<<10), "leave") + "then leave")
	if others := l.counts.Left() - l.draining(); others > 0 {
		what := "drain: " + plural(others, "other URL")
		if p.deps.Kept == "" {
			p.say(what + " will not be fetched")
		} else {
			p.say(what + " will wait for " + p.deps.Kept)
		}
	}
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
			return leftMsg{[]string{errorLine("cancel", err)}}
		}
		return leftMsg{[]string{doneWords(done)}} // which nobody can undo any more
	})
}
