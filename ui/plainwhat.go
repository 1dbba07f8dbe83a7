package ui

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// A subjectKind says what a command is for.
type subjectKind uint8

const (
	ofRun subjectKind = iota
	ofBatch
	ofHost
	ofWorker
	ofURL
	ofResult
	ofFilter  // the results that it lets through
	ofWaiting // likewise, what has not ended
)

// A subject is what a command is for, as it was typed.
type subject struct {
	kind   subjectKind
	num    uint64 // of a batch, a worker or a result
	text   string // a host or a URL
	filter filter
}

// parseSubject reads what a command is for, and reports whether that is one of
// the kinds that it takes: nothing or all is the run; a number alone is of the
// first of them that has numbers.
func parseSubject(args []string, takes ...subjectKind) (subject, bool) {
	words := map[string]subjectKind{"batch": ofBatch, "result": ofResult, "worker": ofWorker}
	s := subject{}
	switch {
	case len(args) == 0, len(args) == 1 && args[0] == "all":
	case len(args) == 1 && isURL(args[0]):
		s.kind, s.text = ofURL, args[0]
	case len(args) == 2 && args[0] == "host":
		s.kind, s.text = ofHost, args[1]
	case slices.ContainsFunc(args, isTerm):
		s.kind, s.filter = ofFilter, parseFilter(strings.Join(args, " "))
		if slices.Contains(takes, ofWaiting) {
			s.kind = ofWaiting
		}
	case len(args) == 1:
		i := slices.IndexFunc(takes, func(k subjectKind) bool { return k == ofBatch || k == ofResult })
		if i < 0 {
			return s, false
		}
		s.kind = takes[i]
	case len(args) == 2:
		var ok bool
		if s.kind, ok = words[args[0]]; !ok {
			return s, false
		}
	default:
		return s, false
	}
	switch s.kind {
	case ofBatch, ofResult, ofWorker:
		n, err := strconv.ParseUint(strings.TrimPrefix(args[len(args)-1], "#"), 10, 32)
		if s.num = n; err != nil || n == 0 {
			return s, false
		}
	}
	return s, slices.Contains(takes, s.kind)
}

func isURL(word string) bool {
	word = strings.ToLower(word)
	return strings.HasPrefix(word, "http://") || strings.HasPrefix(word, "https://")
}

// isTerm reports whether a word is of the language of filters: code:5xx.
func isTerm(word string) bool {
	key, _, ok := strings.Cut(strings.ToLower(word), ":")
	return ok && slices.Contains(filterKeys, key+":")
}

// unclear says what a command was likely meant to be for, or else how it is written.
// Before and after are the words of the line that are clear.
func (p *plain) unclear(before string, args []string, after string, takes ...subjectKind) tea.Cmd {
	name, _, _ := strings.Cut(before, " ")
	text := strings.Join(args, " ")
	if near := nearSubject(&p.stats, args, takes); near != "" {
		line := strings.TrimSpace(before + " " + near + " " + after)
		p.say(fmt.Sprintf("%s: %s is not understood: did you mean %s?", name, text, line))
		return nil
	}
	if slices.Contains(takes, ofFilter) || slices.Contains(takes, ofWaiting) {
		if amiss := parseFilter(text).amiss(); amiss != "" {
			p.say(name + ": " + amiss)
			return nil
		}
	}
	return p.usage(name)
}

// nearSubject returns what a command may be for that is near to what was typed: a host
// or an outcome without the word before it, a batch by its name; empty if nothing is.
func nearSubject(s *engine.Stats, args []string, takes []subjectKind) string {
	text := strings.ToLower(strings.Join(args, " "))
	if len(text) < 3 || text == "host" {
		return ""
	}
	if slices.Contains(takes, ofBatch) {
		var named []engine.BatchID
		for i := range s.Batches {
			if b := &s.Batches[i].Batch; containsFold(b.Name, strings.TrimPrefix(text, "batch ")) {
				named = append(named, b.ID)
			}
		}
		if len(named) == 1 {
			return selectorText(engine.Selector{Batch: named[0]})
		}
	}
	if slices.Contains(takes, ofFilter) || slices.Contains(takes, ofWaiting) {
		if slices.Contains(outcomeNames(), text) {
			return "outcome:" + text
		}
	}
	if host := nearestHost(text, s.Hosts); host != "" && slices.Contains(takes, ofHost) && len(args) == 1 {
		return selectorText(engine.Selector{Host: host})
	}
	return ""
}

// A found is what a subject names: it is there.
type found struct {
	kind subjectKind
	name string // in sentences
	sel  engine.Selector

	batch  *engine.BatchStats
	host   *engine.HostStats
	worker *engine.WorkerStats
	rows   []*jobRow // of a URL, in each batch that has it; of a result
	failed int       // of the results that were found, those that failed or were empty

	first []string // of the URLs that a filter found; at most huntShown
	aloft int      // of them, those in flight
	of    int      // and of how many
}

// tally counts a result.
func (f *found) tally(o engine.Outcome) {
	if o == engine.Failed || o == engine.Empty {
		f.failed++
	}
}

// many reports whether it is more than one URL, of which sentences say `are`.
func (f *found) many() bool { return f.kind == ofWaiting && len(f.sel.Jobs) > 1 }

// is returns the verb of what is said of it.
func (f *found) is() string {
	if f.many() {
		return "are"
	}
	return "is"
}

// foundMsg goes on with what was found.
type foundMsg struct {
	found found
	then  func(found) tea.Cmd
}

// about looks up what a command is for and goes on with that, or says that there
// is no such thing.
func (p *plain) about(command string, s subject, then func(found) tea.Cmd) tea.Cmd {
	var waits map[engine.JobID]engine.JobState
	if s.kind == ofWaiting {
		waits = maps.Clone(p.waits)
	}
	return p.ask(func(ctx context.Context) tea.Msg {
		stats := p.deps.Controller.Snapshot()
		f, err := lookUp(ctx, p.deps.Controller, &stats, s, waits)
		if err != nil {
			return saidMsg{[]string{command + ": " + err.Error()}}
		}
		return foundMsg{f, then}
	})
}

// lookUp finds what a subject names. Waits is what the views have told of jobs
// that have not ended, for a filter. The error is a sentence for the operator
// that names what is nearest, if something is near.
func lookUp(ctx context.Context, c engine.Controller, s *engine.Stats, what subject, waits map[engine.JobID]engine.JobState) (found, error) {
	f := found{kind: what.kind}
	switch what.kind {
	case ofRun:
		f.name, f.sel = "the run", engine.Selector{All: true}
	case ofBatch:
		i := slices.IndexFunc(s.Batches, is(engine.BatchID(what.num)))
		if i < 0 {
			return f, fmt.Errorf("no batch %d is known: there %s, batches lists them", what.num, areBatches(len(s.Batches)))
		}
		f.batch, f.sel = &s.Batches[i], engine.Selector{Batch: s.Batches[i].Batch.ID}
		f.name = selectorText(f.sel)
	case ofHost:
		i := slices.IndexFunc(s.Hosts, func(h engine.HostStats) bool { return h.Host == what.text })
		if i < 0 {
			return f, fmt.Errorf("no host %s is known: %shosts lists them", what.text, meant("", nearestHost(what.text, s.Hosts), " "))
		}
		f.host, f.sel = &s.Hosts[i], engine.Selector{Host: what.text}
		f.name = selectorText(f.sel)
	case ofWorker:
		i := slices.IndexFunc(s.Slots, func(w engine.WorkerStats) bool { return uint64(w.Num) == what.num })
		if i < 0 {
			return f, fmt.Errorf("no worker %d is known: there are %s, workers lists them", what.num, count(s.Workers))
		}
		f.name, f.worker = fmt.Sprintf("worker %d", what.num), &s.Slots[i]
		f.sel.Jobs = []engine.JobID{f.worker.Job}
	case ofResult:
		states, err := c.States(ctx, engine.Query{After: what.num - 1, Limit: 1})
		switch {
		case err != nil:
			return f, err
		case len(states) == 0 || states[0].Num != what.num:
			return f, fmt.Errorf("there is no result %d: results lists the last of them", what.num)
		}
		f.rows = []*jobRow{newRow(&states[0])}
		f.tally(states[0].Outcome)
		f.name = states[0].URL
		f.sel.Jobs = []engine.JobID{states[0].ID}
	case ofURL:
		f.name = what.text
		near, err := f.lookUpURL(ctx, c, s)
		switch {
		case err != nil:
			return f, err
		case len(f.rows) == 0:
			return f, fmt.Errorf("no URL %s is known%s", what.text, meant(": ", near, ""))
		}
		for _, r := range f.rows {
			f.sel.Jobs = append(f.sel.Jobs, r.id)
		}
	case ofFilter:
		for state, err := range matching(ctx, c, what.filter) {
			if err != nil {
				return f, err
			}
			f.sel.Jobs = append(f.sel.Jobs, state.ID)
			f.tally(state.Outcome)
		}
		if len(f.sel.Jobs) == 0 {
			return f, errors.New(what.filter.none("result"))
		}
		f.name = fmt.Sprintf("%s that match %s", plural(len(f.sel.Jobs), "result"), what.filter.text)
		if len(f.sel.Jobs) == 1 {
			f.name = "1 result that matches " + what.filter.text
		}
	case ofWaiting:
		f.name = what.filter.text
		return f, f.lookUpWaiting(ctx, c, s, what.filter, waits)
	}
	return f, nil
}

func areBatches(n int) string {
	switch n {
	case 0:
		return "is none yet"
	case 1:
		return "is 1"
	}
	return "are " + count(n)
}

// meant asks for what is near, if something is.
func meant(before, near, after string) string {
	if near == "" {
		return ""
	}
	return before + "did you mean " + near + "?" + after
}

// nearestHost returns the host that a name was meant for: that with the fewest
// slips, or the only one that has it in its name; empty if none is near.
func nearestHost(name string, hosts []engine.HostStats) string {
	name = strings.ToLower(name)
	names := make([]string, len(hosts))
	var has []string
	for i := range hosts {
		names[i] = hosts[i].Host
		if strings.Contains(names[i], name) {
			has = append(has, names[i])
		}
	}
	if near := nearest(name, names); near != "" || len(has) != 1 {
		return near
	}
	return has[0]
}
