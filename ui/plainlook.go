package ui

import (
	"context"
	"iter"
	"slices"
	"strings"

	"weir/engine"
)

// This file looks through all jobs of a run, waiting and ended, a page at a time.

// lookUpURL finds the jobs of the URL that is f.name, those that wait first, and
// else a URL that is like it.
func (f *found) lookUpURL(ctx context.Context, c engine.Controller, s *engine.Stats) (near string, err error) {
	url, _, _ := strings.Cut(f.name, "#") // of which jobs have none
	is := func(other string) bool {
		if near == "" && other != url && alike(other, url) {
			near = other
		}
		return other == url
	}
	for i := range s.Batches {
		b := &s.Batches[i]
		if b.Counts.Left() == 0 {
			continue
		}
		for j, err := range waitingJobs(ctx, c, engine.Query{Batch: b.Batch.ID}) {
			if err != nil {
				return "", err
			}
			if is(j.URL) {
				f.rows = append(f.rows, newRow(waitingState(ctx, c, s, b.Batch.ID, j)))
			}
		}
	}
	for _, q := range []engine.Query{{}, {Outcomes: []engine.Outcome{engine.Cancelled}}} {
		for state, err := range allStates(ctx, c, q) {
			if err != nil {
				return "", err
			}
			if is(state.URL) && !slices.ContainsFunc(f.rows, func(r *jobRow) bool { return r.id == state.ID }) {
				f.rows = append(f.rows, newRow(state))
			}
		}
	}
	return near, nil
}

// alike reports whether one URL was likely meant for the other: they differ in
// case, a slash at the end, or two bytes in one place.
func alike(a, b string) bool {
	a, b = strings.TrimSuffix(strings.ToLower(a), "/"), strings.TrimSuffix(strings.ToLower(b), "/")
	if len(a) < len(b) {
		a, b = b, a
	}
	same := 0
	for same < len(b) && a[same] == b[same] {
		same++
	}
	for end := 1; same < len(b) && end <= len(b)-same && a[len(a)-end] == b[len(b)-end]; {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a)-same <= 2
}

// waitingState is what is known of a job that waits, its own reason apart: that
// comes with the views.
func waitingState(ctx context.Context, c engine.Controller, s *engine.Stats, batch engine.BatchID, j engine.WaitingJob) *engine.JobState {
	state := &engine.JobState{ID: j.ID, Batch: batch, URL: j.URL, Place: j.Place}
	// The host is the one in the URL, or else a group that has it.
	hosts := slices.Clone(s.Hosts)
	slices.SortStableFunc(hosts, func(a, b engine.HostStats) int {
		inA, inB := strings.Contains(j.URL, a.Host), strings.Contains(j.URL, b.Host)
		switch {
		case inA == inB:
			return 0
		case inA:
			return -1
		}
		return 1
	})
	for i := range hosts {
		page, err := c.Waiting(ctx, engine.Query{Batch: batch, Host: hosts[i].Host, After: uint64(j.ID) - 1, Limit: 1})
		if err == nil && len(page.Jobs) > 0 && page.Jobs[0].ID == j.ID {
			state.Host = hosts[i].Host
			break
		}
	}
	return state
}

// known brings in what the views have told of jobs that wait.
func (p *plain) known(rows []*jobRow) {
	for i, r := range rows {
		if told, ok := p.waits[r.id]; ok && r.place != engine.Ended {
			told.Place = r.place // which is newer
			rows[i] = newRow(&told)
		}
	}
}

// waitingJobs returns the jobs that wait which q selects.
func waitingJobs(ctx context.Context, c engine.Controller, q engine.Query) iter.Seq2[engine.WaitingJob, error] {
	q.Limit = huntPage
	return func(yield func(engine.WaitingJob, error) bool) {
		for {
			page, err := c.Waiting(ctx, q)
			if err == nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				yield(engine.WaitingJob{}, err)
				return
			}
			for _, j := range page.Jobs {
				if !yield(j, nil) {
					return
				}
			}
			if q.After = page.Next; page.Next == 0 {
				return
			}
		}
	}
}

// allStates returns the states of the results that q selects. A state is valid until
// the next one.
func allStates(ctx context.Context, c engine.Controller, q engine.Query) iter.Seq2[*engine.JobState, error] {
	q.Limit = plainPage
	return func(yield func(*engine.JobState, error) bool) {
		for {
			page, err := c.States(ctx, q)
			if err == nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range page {
				q.After = page[i].Num
				if slices.Contains(q.Outcomes, engine.Cancelled) {
					q.After = uint64(page[i].ID)
				}
				if !yield(&page[i], nil) {
					return
				}
			}
			if len(page) < plainPage {
				return
			}
		}
	}
}
