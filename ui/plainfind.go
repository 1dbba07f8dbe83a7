package ui

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

const (
	// plainPage is how many results are looked through at a time.
	plainPage = 1000

	// plainTold is how many URLs are told if nothing else is asked for.
	plainTold = 10
)

func (p *plain) resultLines(args []string) tea.Cmd {
	n, words, ok := number(args, plainTold)
	switch {
	case !ok:
		return p.usage("results")
	case len(words) > 0:
		f := parseFilter(strings.Join(words, " "))
		return p.lastOf(n, "match "+f.text, func(ctx context.Context) iter.Seq2[*engine.JobState, error] {
			return matching(ctx, p.deps.Controller, f)
		})
	}
	return p.lastOf(n, "", func(ctx context.Context) iter.Seq2[*engine.JobState, error] {
		return allStates(ctx, p.deps.Controller, engine.Query{After: p.last - min(p.last, uint64(n))})
	})
}

func (p *plain) failedLines(args []string) tea.Cmd {
	n, rest, ok := number(args, plainTold)
	if !ok || len(rest) > 0 {
		return p.usage("failed")
	}
	return p.lastOf(n, "failed or were empty", func(ctx context.Context) iter.Seq2[*engine.JobState, error] {
		return allStates(ctx, p.deps.Controller, engine.Query{Outcomes: []engine.Outcome{engine.Failed, engine.Empty}})
	})
}

// lastOf says the last n of some results, and how many of all they are, which
// match something. That is empty for the last of all.
func (p *plain) lastOf(n int, match string, some func(context.Context) iter.Seq2[*engine.JobState, error]) tea.Cmd {
	return p.ask(func(ctx context.Context) tea.Msg {
		var last []string
		found := 0
		for state, err := range some(ctx) {
			if err != nil {
				return saidMsg{[]string{errorLine("results", err)}}
			}
			if found++; len(last) == n {
				last = last[1:]
			}
			last = append(last, rowLine(newRow(state)))
		}
		c := p.deps.Controller.Snapshot().Counts
		results := c.Ended() - c.Duplicate - c.Invalid
		switch {
		case match != "":
			last = append(last, fmt.Sprintf("%s of %s %s", count(found), plural(results, "result"), match))
		case found == 0:
			last = []string{"results: there is none yet"}
		}
		return saidMsg{last}
	})
}

// matching returns the results that a filter lets through, in the order of their
// ending; those that were cancelled come last, if it asks for them.
func matching(ctx context.Context, c engine.Controller, f filter) iter.Seq2[*engine.JobState, error] {
	queries := []engine.Query{{}}
	for _, t := range f.terms {
		if t.key == "outcome" && strings.HasPrefix(engine.Cancelled.String(), t.value) {
			queries = append(queries, engine.Query{Outcomes: []engine.Outcome{engine.Cancelled}})
		}
	}
	return func(yield func(*engine.JobState, error) bool) {
		for _, q := range queries {
			for state, err := range allStates(ctx, c, q) {
				if (err != nil || f.keeps(newRow(state))) && !yield(state, err) {
					return
				}
			}
		}
	}
}

// keeps reports whether a filter lets the row of a job through.
func (f *filter) keeps(r *jobRow) bool {
	for _, t := range f.terms {
		var is bool
		switch t.key {
		case "outcome":
			is = strings.HasPrefix(r.state(), t.value)
		case "class":
			is = strings.HasPrefix(string(r.class), t.value)
		case "host":
			is = containsFold(r.host, t.value)
		case "batch":
			is = strconv.FormatUint(uint64(r.batch), 10) == t.value
		case "code":
			code := strconv.Itoa(int(r.status))
			is = r.status > 0 && strings.HasPrefix(code, strings.TrimRight(t.value, "x")) || r.status == 0 && t.value == unknown
		}
		if !is {
			return false
		}
	}
	return f.finds(&r.text)
}

// some returns what a filter asks with the terms of some keys only, and that
// without them.
func (f filter) some(keys ...string) (with, without filter) {
	for _, t := range f.terms {
		if slices.Contains(keys, t.key) {
			with.terms = append(with.terms, t)
		} else {
			without.terms = append(without.terms, t)
		}
	}
	without.words, without.text = f.words, f.text
	return with, without
}

// A waitingURLs is what waiting asks for.
type waitingURLs struct {
	rows  []*jobRow // the first of them
	found int
}

// waitingLines tells of URLs that wait or are in flight what w says of them.
func (p *plain) waitingLines(args []string) tea.Cmd {
	n, words, ok := number(args, plainTold)
	if !ok {
		return p.usage("waiting")
	}
	f := parseFilter(strings.Join(words, " "))
	return p.ask(func(ctx context.Context) tea.Msg {
		s := p.deps.Controller.Snapshot()
		w, err := findWaiting(ctx, p.deps.Controller, &s, f, n)
		if err != nil {
			return saidMsg{[]string{errorLine("waiting", err)}}
		}
		return foundMsg{found{rows: w.rows}, func(all found) tea.Cmd {
			for _, r := range all.rows {
				p.say(named(r.url, whyOne(p.words(), r, &p.stats))...)
			}
			p.say("waiting: " + w.words(f.text, s.Counts.Left()))
			return nil
		}}
	})
}

// words says how many of the URLs that are left were found, and how many of them
// told.
func (w waitingURLs) words(match string, left int) string {
	told := "the first " + count(len(w.rows)) + " of " + count(w.found)
	if len(w.rows) == w.found {
		told = "all " + count(w.found)
	}
	switch {
	case left == 0, w.found == 0 && match == "":
		return "every URL has ended"
	case w.found == 0:
		return "none of the " + plural(left, "URL") + " that have not ended matches " + match
	case match == "":
		return told + " that have not ended"
	}
	return told + " that match " + match + ", of " + count(left) + " that have not ended"
}

// findWaiting finds the jobs that have not ended which a filter lets through, and
// makes rows of the first n.
func findWaiting(ctx context.Context, c engine.Controller, s *engine.Stats, f filter, n int) (w waitingURLs, err error) {
	byHost, f := f.some("host")
	var hosts []string
	for i := range s.Hosts {
		if h := &s.Hosts[i]; len(byHost.terms) > 0 && byHost.keeps(&jobRow{host: h.Host}) {
			hosts = append(hosts, h.Host)
		}
	}
	if len(byHost.terms) == 0 {
		hosts = []string{""} // all of them
	}
	byBatch, f := f.some("batch")
	for i := range s.Batches {
		b := &s.Batches[i]
		if b.Counts.Left() == 0 || !byBatch.keeps(&jobRow{batch: b.Batch.ID}) {
			continue
		}
		for _, host := range hosts {
			for j, err := range waitingJobs(ctx, c, engine.Query{Batch: b.Batch.ID, Host: host}) {
				if err != nil {
					return w, err
				}
				state := &engine.JobState{ID: j.ID, Batch: b.Batch.ID, URL: j.URL, Host: host, Place: j.Place}
				if !f.keeps(newRow(state)) {
					continue
				}
				if w.found++; len(w.rows) < n {
					w.rows = append(w.rows, newRow(waitingState(ctx, c, s, b.Batch.ID, j)))
				}
			}
		}
	}
	return w, nil
}
