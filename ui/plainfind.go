package ui

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
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
	q, ok := p.search("results", args)
	if !ok {
		return nil
	}
	if q.filter.text != "" {
		return p.tell(q, "match "+q.filter.text, func(ctx context.Context) iter.Seq2[*engine.JobState, error] {
			return matching(ctx, p.deps.Controller, q.filter)
		})
	}
	from := p.last - min(p.last, uint64(q.n)) // of the last of all the others need not be read
	if q.sorted {
		from = 0
	}
	return p.tell(q, "", func(ctx context.Context) iter.Seq2[*engine.JobState, error] {
		return allStates(ctx, p.deps.Controller, engine.Query{After: from})
	})
}

func (p *plain) failedLines(args []string) tea.Cmd {
	q, ok := p.search("failed", args)
	if !ok {
		return nil
	}
	match := "failed or were empty"
	if q.filter.text != "" {
		match += " and match " + q.filter.text
	}
	return p.tell(q, match, func(ctx context.Context) iter.Seq2[*engine.JobState, error] {
		return matching(ctx, p.deps.Controller, q.filter, engine.Failed, engine.Empty)
	})
}

// tell says the last of some results, or the first in the order that is asked for,
// and how many of all they are, which match something. That is empty for all.
func (p *plain) tell(q search, match string, some func(context.Context) iter.Seq2[*engine.JobState, error]) tea.Cmd {
	return p.ask(func(ctx context.Context) tea.Msg {
		states, found, err := q.pick(func() iter.Seq2[*engine.JobState, error] { return some(ctx) }, true)
		if err != nil {
			return saidMsg{[]string{errorLine("results", err)}}
		}
		var lines []string
		for i := range states {
			lines = append(lines, rowLine(newRow(&states[i]), q.want.by))
		}
		c := p.deps.Controller.Snapshot().Counts
		results := plural(c.Ended()-c.Duplicate-c.Invalid, "result")
		switch {
		case match != "":
			line := fmt.Sprintf("%s of %s %s", count(found), results, match)
			if amiss := q.filter.amiss(); found == 0 && amiss != "" {
				line += ": " + amiss
			}
			lines = append(lines, line+q.words(len(states)))
		case found == 0:
			lines = []string{"results: there is none yet"}
		case q.sorted:
			lines = append(lines, results+q.words(len(states)))
		}
		return saidMsg{lines}
	})
}

// matching returns the results that a filter lets through, of those outcomes if some
// are named, in the order of their ending; those that were cancelled come last, if
// it asks for them.
func matching(ctx context.Context, c engine.Controller, f filter, outcomes ...engine.Outcome) iter.Seq2[*engine.JobState, error] {
	queries := []engine.Query{{Outcomes: outcomes}}
	for _, t := range f.terms {
		if t.key == "outcome" && strings.HasPrefix(engine.Cancelled.String(), t.value) && len(outcomes) == 0 {
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
	q, ok := p.search("waiting", args)
	if !ok {
		return nil
	}
	q.want.show = showWaiting
	waits := maps.Clone(p.waits)
	return p.ask(func(ctx context.Context) tea.Msg {
		s := p.deps.Controller.Snapshot()
		w, err := findWaiting(ctx, p.deps.Controller, &s, q, waits)
		if err != nil {
			return saidMsg{[]string{errorLine("waiting", err)}}
		}
		return foundMsg{found{rows: w.rows}, func(all found) tea.Cmd {
			for _, r := range all.rows {
				p.say(named(r.url, whyOne(p.words(), r, &p.stats))...)
			}
			p.say("waiting: " + w.words(q.filter, s.Counts.Left()) + q.words(len(w.rows)))
			return nil
		}}
	})
}

// words says how many of the URLs that are left were found, and how many of them
// told.
func (w waitingURLs) words(f filter, left int) string {
	match := f.text
	told := "the first " + count(len(w.rows)) + " of " + count(w.found)
	if len(w.rows) == w.found {
		told = "all " + count(w.found)
	}
	switch {
	case left == 0, w.found == 0 && match == "":
		return "every URL has ended"
	case w.found == 0:
		text := "none of the " + count(left) + " URLs that have not ended matches " + match
		if left == 1 {
			text = "the 1 URL that has not ended does not match " + match
		}
		if amiss := f.amiss(); amiss != "" {
			text += ": " + amiss
		}
		return text
	case match == "":
		return told + " that have not ended"
	}
	return told + " that match " + match + ", of " + count(left) + " that have not ended"
}

// matchingWaits returns the jobs that have not ended which a filter lets through,
// as far as the store and waits, which the views have told, know of them.
func matchingWaits(ctx context.Context, c engine.Controller, s *engine.Stats, f filter, waits map[engine.JobID]engine.JobState) iter.Seq2[*engine.JobState, error] {
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
	return func(yield func(*engine.JobState, error) bool) {
		for i := range s.Batches {
			b := &s.Batches[i]
			if b.Counts.Left() == 0 || !byBatch.keeps(&jobRow{batch: b.Batch.ID}) {
				continue
			}
			for _, host := range hosts {
				for j, err := range waitingJobs(ctx, c, engine.Query{Batch: b.Batch.ID, Host: host}) {
					state, told := waits[j.ID]
					if !told {
						state = engine.JobState{ID: j.ID, Batch: b.Batch.ID, URL: j.URL, Host: host}
					}
					state.Place = j.Place // which is newer
					if (err != nil || f.keeps(newRow(&state))) && !yield(&state, err) {
						return
					}
				}
			}
		}
	}
}

// findWaiting finds the jobs that have not ended which a search asks for, and makes
// rows of the first.
func findWaiting(ctx context.Context, c engine.Controller, s *engine.Stats, q search, waits map[engine.JobID]engine.JobState) (w waitingURLs, err error) {
	states, found, err := q.pick(func() iter.Seq2[*engine.JobState, error] { return matchingWaits(ctx, c, s, q.filter, waits) }, false)
	w.found = found
	for i := range states {
		state := &states[i]
		if _, told := waits[state.ID]; !told {
			state = waitingState(ctx, c, s, state.Batch, engine.WaitingJob{ID: state.ID, URL: state.URL, Place: state.Place})
		}
		w.rows = append(w.rows, newRow(state))
	}
	return w, err
}

// lookUpWaiting finds the jobs that have not ended which a filter lets through.
func (f *found) lookUpWaiting(ctx context.Context, c engine.Controller, s *engine.Stats, by filter, waits map[engine.JobID]engine.JobState) error {
	for state, err := range matchingWaits(ctx, c, s, by, waits) {
		if err != nil {
			return err
		}
		f.sel.Jobs = append(f.sel.Jobs, state.ID)
		if state.Place == engine.InFlight {
			f.aloft++
		}
		if len(f.first) < huntShown {
			f.first = append(f.first, state.URL)
		}
	}
	f.of = s.Counts.Left()
	switch n := len(f.sel.Jobs); {
	case f.of == 0:
		return errors.New(runEnded(&s.Counts))
	case n == 0:
		return errors.New(waitingURLs{}.words(by, f.of))
	case n == 1:
		f.name = "1 URL that matches " + by.text
	default:
		f.name = plural(n, "URL") + " that match " + by.text
	}
	return nil
}

// words says how many URLs a filter has found.
func (f *found) words() string {
	text := count(len(f.sel.Jobs)) + " of " + plural(f.of, "URL") + " that have not ended"
	if f.of == 1 {
		text = "the 1 URL that has not ended"
	}
	if f.aloft > 0 {
		text += ", " + count(f.aloft) + " in flight"
	}
	return text
}
