package ui

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

func (p *plain) status([]string) tea.Cmd {
	s := &p.stats
	p.say(s.State.String()+" "+clock(s.Active)+": "+p.progressLine(),
		fmt.Sprintf("%s of %s busy; %s of %s queued; %s", count(s.Busy), plural(s.Workers, "worker"),
			count(s.QueueLen), count(s.QueueCap), plural(int(s.Hits), "backpressure hit")),
		"limited by "+strings.Join(limitText(p.words(), s, p.deps, losingOf(p.deps, *s).unsaved), ", "))
	return nil
}

func (p *plain) why(args []string) tea.Cmd {
	s := &p.stats
	if len(args) == 2 && args[0] == "host" {
		i := slices.IndexFunc(s.Hosts, func(h engine.HostStats) bool { return h.Host == args[1] })
		if i < 0 {
			p.say("there is no such host: hosts lists them")
			return nil
		}
		p.say(whyHost(p.words(), &s.Hosts[i], s)...)
		return nil
	}
	if len(args) > 0 { // not the run's answer to a question about something else
		return p.usage("why")
	}
	p.say(whyRun(p.words(), s, p.deps, losingOf(p.deps, *s).unsaved)...)
	return nil
}

func (p *plain) batches([]string) tea.Cmd {
	for _, b := range p.stats.Batches {
		p.say(fmt.Sprintf("batch %d, %s: %s, %s, %s of %s ended, %s failed", b.Batch.ID, nameOf(&b.Batch), b.State,
			percentText(&b.Counts), count(b.Counts.Ended()), plural(b.Counts.Submitted, "URL"), count(b.Counts.Failed)))
	}
	if len(p.stats.Batches) == 0 {
		p.say("no batch yet: add makes one")
	}
	return nil
}

func (p *plain) hosts([]string) tea.Cmd {
	none := true
	for i := range p.stats.Hosts {
		if h := &p.stats.Hosts[i]; h.Waiting+h.InFlight > 0 {
			none = false
			p.say(fmt.Sprintf("%s, %s left, every %s: %s", h.Host, count(h.Waiting+h.InFlight), paceText(h.Interval), hostText(h, &p.stats, p.stats.At)))
		}
	}
	if none {
		p.say("no host has work left")
	}
	return nil
}

func (p *plain) workers(args []string) tea.Cmd {
	if len(args) > 0 {
		n, err := strconv.Atoi(args[0])
		if err != nil {
			return p.usage("workers")
		}
		return p.steer(func(ctx context.Context) (engine.Done, error) { return p.deps.Controller.SetWorkers(ctx, n) })
	}
	for _, w := range p.stats.Slots {
		line := fmt.Sprintf("worker %d, %s", w.Num, w.Phase)
		if w.URL != "" {
			line += " for " + in(p.stats.At, w.Since) + ": " + w.URL
		}
		p.say(line)
	}
	return nil
}

func (p *plain) resultLines(args []string) tea.Cmd {
	n, words := p.number(args, 10), args
	if len(args) > 0 {
		if _, err := strconv.Atoi(args[0]); err == nil {
			words = args[1:]
		}
	}
	if len(words) > 0 {
		return p.find(parseFilter(strings.Join(words, " ")), n)
	}
	q := engine.Query{Limit: n}
	if p.last > uint64(n) {
		q.After = p.last - uint64(n)
	}
	return p.tell(q, n)
}

func (p *plain) failedLines(args []string) tea.Cmd {
	return p.tell(engine.Query{Outcomes: []engine.Outcome{engine.Failed, engine.Empty}}, p.number(args, 10))
}

// number returns the number that a command was given, or else.
func (p *plain) number(args []string, otherwise int) int {
	if len(args) > 0 {
		if n, err := strconv.Atoi(args[0]); err == nil && n > 0 {
			return n
		}
	}
	return otherwise
}

// tell says the last n results that q selects.
func (p *plain) tell(q engine.Query, n int) tea.Cmd {
	return p.ask(func(ctx context.Context) tea.Msg {
		rs, err := p.deps.Controller.Results(ctx, q)
		if err != nil {
			return saidMsg{[]string{errorLine(err)}}
		}
		var lines []string
		for i := range rs[max(len(rs)-n, 0):] {
			lines = append(lines, rowLine(resultRow(&rs[max(len(rs)-n, 0)+i])))
		}
		if len(lines) == 0 {
			lines = []string{"none"}
		}
		return saidMsg{lines}
	})
}

// logTold is how many lines of the log are told if nothing else is asked for.
const logTold = 20

// logLines tells what happened, as the log of the screen has it.
func (p *plain) logLines(args []string) tea.Cmd {
	n := logTold
	if len(args) > 0 {
		var err error
		if n, err = strconv.Atoi(args[0]); err != nil || n < 1 || len(args) > 1 {
			return p.usage("log")
		}
	}
	all := p.log.lines
	if len(all) == 0 {
		p.say("log: nothing happened yet")
		return nil
	}
	shown := all[max(len(all)-n, 0):]
	for _, l := range shown {
		level := [...]string{engine.LevelInfo: "", engine.LevelWarn: "warning: ", engine.LevelBad: "trouble: "}[l.level]
		p.say(daytime(l.at) + " " + level + l.text)
	}
	words := fmt.Sprintf("log: that is all, %s", plural(len(all), "line"))
	if len(shown) < len(all) {
		words = fmt.Sprintf("log: the last %s of %s: log %d tells all", count(len(shown)), plural(len(all), "line"), len(all))
	}
	if p.log.dropped > 0 {
		words += "; " + count(p.log.dropped) + " older are no longer kept"
	}
	p.say(words)
	return nil
}

func (p *plain) show(args []string) tea.Cmd {
	if len(args) != 1 {
		return p.usage("show")
	}
	num, err := strconv.ParseUint(strings.TrimPrefix(args[0], "#"), 10, 64)
	if err != nil || num == 0 {
		return p.usage("show")
	}
	return p.ask(func(ctx context.Context) tea.Msg {
		rs, err := p.deps.Controller.Results(ctx, engine.Query{After: num - 1, Limit: 1})
		if err != nil {
			return saidMsg{[]string{errorLine(err)}}
		}
		if len(rs) == 0 || rs[0].Num != num {
			return saidMsg{[]string{"there is no such result"}}
		}
		return saidMsg{resultText(rs[0])}
	})
}

// resultText tells a whole result in lines.
func resultText(r engine.Result) []string {
	lines := []string{rowLine(resultRow(&r))}
	if r.Title != "" {
		lines = append(lines, "title: "+r.Title)
	}
	for i, a := range r.History {
		line := fmt.Sprintf("attempt %d: status %s, %s, waited %s", i+1, statusText(int16(a.Status)), duration(a.Elapsed), short(a.Waited))
		if a.Why != "" {
			line += ", " + a.Why
		}
		lines = append(lines, line)
	}
	for _, f := range r.Findings {
		lines = append(lines, "finding: "+f.String()+" "+f.Field)
	}
	for i, rec := range r.Records {
		cells := make([]string, len(rec))
		for c, f := range rec {
			cells[c] = f.Name + " " + cellText(f.Value)
		}
		lines = append(lines, fmt.Sprintf("row %d: %s", i+1, strings.Join(cells, ", ")))
	}
	return lines
}

func (p *plain) export(args []string) tea.Cmd {
	if len(args) == 0 || len(args) > 1 && args[1] != "overwrite" {
		return p.usage("export")
	}
	path, overwrite := args[0], len(args) > 1
	return p.ask(func(ctx context.Context) tea.Msg {
		n, err := p.deps.Exporter.Export(ctx, path, overwrite, allResults(ctx, p.deps.Controller, engine.Query{}))
		switch {
		case errors.Is(err, fs.ErrExist):
			return saidMsg{[]string{path + " is there already: export " + path + " overwrite"}}
		case err != nil:
			return saidMsg{[]string{errorLine(err)}}
		}
		return saidMsg{[]string{plural(n, "row") + " written to " + path}}
	})
}
