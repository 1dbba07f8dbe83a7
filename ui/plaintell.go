package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// plainHosts is how many hosts are told if nothing else is asked for.
const plainHosts = 20

func (p *plain) status([]string) tea.Cmd {
	s := &p.stats
	p.say("the run is "+s.State.String()+", at work for "+clock(s.Active)+": "+p.progressLine(),
		fmt.Sprintf("workers: %s of %s busy; the queue: %s of %s places taken, %s so far", count(s.Busy), count(s.Workers),
			count(s.QueueLen), count(s.QueueCap), plural(int(s.Hits), "backpressure hit")),
		"the run is limited by "+strings.Join(p.limits(), ", "))
	return nil
}

// limits says what limits the run.
func (p *plain) limits() []string {
	d := p.saved()
	return limitText(p.words(), &p.stats, d, losingOf(d, p.stats).unsaved)
}

// why says what the screen says on w, so that each line stands alone.
func (p *plain) why(args []string) tea.Cmd {
	takes := []subjectKind{ofRun, ofResult, ofBatch, ofHost, ofWorker, ofURL}
	s, ok := parseSubject(args, takes...)
	if !ok {
		return p.unclear("why", args, "", takes...)
	}
	return p.about("why", s, func(f found) tea.Cmd {
		p.say(p.whyLines(&f)...)
		return nil
	})
}

// whyLines are the sentences of the screen about f, each with its name.
func (p *plain) whyLines(f *found) []string {
	k, s, d := p.words(), &p.stats, p.saved()
	unsaved := losingOf(d, *s).unsaved
	switch f.kind {
	case ofRun:
		lines := named("the run", whyRun(k, s, d, unsaved))
		lines[0] = strings.Replace(lines[0], ": Limited", " is limited", 1)
		return lines
	case ofBatch:
		return named(f.name, whyBatch(k, f.batch, s))
	case ofHost:
		return named(f.name, whyHost(k, f.host, s))
	case ofWorker:
		return named(f.name, whyWorker(k, f.worker, s, d, unsaved))
	}
	var lines []string
	for _, r := range f.rows {
		name := r.url
		if len(f.rows) > 1 {
			name += " of batch " + itoa(uint64(r.batch))
		}
		lines = append(lines, named(name, whyOne(k, r, s))...)
	}
	for _, r := range f.rows {
		if h := hostOf(r, s); h != nil {
			return append(lines, named(selectorText(engine.Selector{Host: r.host}), whyHost(k, h, s))...)
		}
	}
	return lines
}

// named puts a name before those of the sentences that do not have it.
func named(name string, sentences []string) []string {
	lines := make([]string, len(sentences))
	_, short, ok := strings.Cut(name, "host ")
	if !ok {
		short = name
	}
	for i, text := range sentences {
		if lines[i] = text; !strings.Contains(strings.ToLower(text), strings.ToLower(short)) {
			lines[i] = name + ": " + text
		}
	}
	return lines
}

func (p *plain) batches([]string) tea.Cmd {
	for i := range p.stats.Batches {
		b := &p.stats.Batches[i]
		line := fmt.Sprintf("batch %d", b.Batch.ID)
		if b.Batch.Name != "" {
			line += ", " + b.Batch.Name
		}
		line += fmt.Sprintf(": %s, %s, %s of %s ended, %s failed", b.State,
			percentText(&b.Counts), count(b.Counts.Ended()), plural(b.Counts.Submitted, "URL"), count(b.Counts.Failed))
		if b.Batch.Priority != engine.Normal {
			line += ", priority " + b.Batch.Priority.String()
		}
		if b.ETA >= 0 && b.Counts.Left() > 0 {
			line += ", " + round(b.ETA.Truncate(time.Second)) + " left"
		}
		p.say(line)
		for _, text := range fallenFields(b) {
			p.say(text)
		}
	}
	if len(p.stats.Batches) == 0 {
		p.say("batches: no batch yet, add makes one")
	}
	return nil
}

// fallenFields says which fields of a batch collapsed, a line each.
func fallenFields(b *engine.BatchStats) (lines []string) {
	for _, f := range b.Fill {
		if before, known := b.Was(f.Field); known && f.Collapsed(before) {
			lines = append(lines, fieldLine(b, f))
		}
	}
	return lines
}

// fieldLine says how well a field of a batch is filled.
func fieldLine(b *engine.BatchStats, f engine.FieldFill) string {
	line := fmt.Sprintf("batch %d field %s: filled in %d%%, %s of %s", b.Batch.ID, f.Field, f.Percent(), count(f.Filled), plural(f.Records, "row"))
	before, known := b.Was(f.Field)
	if known && before.Records > 0 {
		line += fmt.Sprintf("; before, %d%%", before.Percent())
	}
	if known && f.Collapsed(before) {
		line += "; it has collapsed"
	}
	return line
}

// hosts tells what hosts do, those with work left if not all are asked for, in an
// order of the screen.
func (p *plain) hosts(args []string) tea.Cmd {
	by, turned, rest, err := parseOrder(args, hostOrders())
	rest, all := without(rest, "all")
	n, rest, ok := number(rest, plainHosts)
	switch {
	case err != nil:
		p.say("hosts: " + err.Error())
		return nil
	case !ok || len(rest) > 0:
		return p.usage("hosts")
	}
	panel := hosts{face: face{stats: &p.stats}, by: hostSort(max(by, 0)), turned: turned}
	for i := range p.stats.Hosts {
		if h := &p.stats.Hosts[i]; all || h.Waiting+h.InFlight > 0 {
			panel.list = append(panel.list, h)
		}
	}
	panel.sort()
	for _, h := range panel.list[:min(n, len(panel.list))] {
		p.say(strings.Join(whyHost(p.words(), h, &p.stats)[:2], " "))
	}
	done, more := len(p.stats.Hosts)-len(panel.list), len(panel.list)-n
	switch {
	case len(p.stats.Hosts) == 0:
		p.say("hosts: no host yet, hosts appear with the first batch")
	case len(panel.list) == 0:
		p.say("hosts: no host has work left; " + plural(done, "host") + " done, hosts all tells of them")
	case all && more > 0:
		p.say(fmt.Sprintf("hosts: %s more; hosts %d all tells all", count(more), len(panel.list)))
	case all:
		p.say("hosts: that is all")
	case more > 0:
		p.say(fmt.Sprintf("hosts: %s more with work left, %s done; hosts %d tells all", count(more), count(done), len(panel.list)))
	case done > 0:
		p.say(fmt.Sprintf("hosts: that is all with work left; %s done, hosts all tells of them", count(done)))
	}
	return nil
}

// hostOrders are the words for what hosts are sorted by.
func hostOrders() []string {
	names := make([]string, hostSorts)
	for by := range hostSorts {
		names[by] = strings.TrimSuffix(strings.TrimPrefix(by.String(), "by "), " first")
	}
	return names
}

func (p *plain) workers(args []string) tea.Cmd {
	if len(args) > 0 {
		return p.workersTo(args[0])
	}
	for _, w := range p.stats.Slots {
		line := fmt.Sprintf("worker %d: %s", w.Num, w.Phase)
		if w.URL != "" {
			line += " for " + in(p.stats.At, w.Since) + ", attempt " + tryText(&w) + ": " + w.URL
		}
		p.say(line)
	}
	return nil
}

// number reads the number that a command may begin with, or else takes another,
// and returns what comes after it.
func number(args []string, otherwise int) (n int, rest []string, ok bool) {
	if len(args) == 0 {
		return otherwise, nil, true
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return otherwise, args, true
	}
	return n, args[1:], n > 0
}

// logTold is how many lines of the log are told if nothing else is asked for.
const logTold = 20

// logLines tells what happened, as the log of the screen has it.
func (p *plain) logLines(args []string) tea.Cmd {
	n, rest, ok := number(args, logTold)
	if !ok || len(rest) > 0 {
		return p.usage("log")
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
