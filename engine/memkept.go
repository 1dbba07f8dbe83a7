package engine

import (
	"cmp"
	"container/heap"
	"context"
	"maps"
	"slices"
	"time"
)

// This file is what a MemStore has to tell an engine that takes its run up
// again.

// memNotes are what a MemStore was given to keep.
type memNotes struct {
	run     *RunNotes
	hosts   map[string]HostState
	origins map[string]OriginState
}

// Keep implements [Store].
func (s *MemStore) Keep(_ context.Context, news State) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := &s.notes
	if news.Run != nil {
		run := *news.Run
		n.run = &run
	}
	if len(news.Hosts) > 0 && n.hosts == nil {
		n.hosts = make(map[string]HostState)
	}
	for _, h := range news.Hosts {
		n.hosts[h.Host] = h
	}
	if len(news.Origins) > 0 && n.origins == nil {
		n.origins = make(map[string]OriginState)
	}
	for _, o := range news.Origins {
		n.origins[o.Origin] = o
	}
	return nil
}

// Sync implements [Store]: there is nothing to wait for.
func (s *MemStore) Sync(context.Context) error { return nil }

// state returns all that was kept, hosts and origins by name.
func (n *memNotes) state() State {
	var out State
	if n.run != nil {
		run := *n.run
		out.Run = &run
	}
	out.Hosts = slices.SortedFunc(maps.Values(n.hosts), func(a, b HostState) int { return cmp.Compare(a.Host, b.Host) })
	out.Origins = slices.SortedFunc(maps.Values(n.origins), func(a, b OriginState) int { return cmp.Compare(a.Origin, b.Origin) })
	return out
}

// Load implements [Store].
func (s *MemStore) Load(_ context.Context, now time.Time) (Kept, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reclaim()
	s.hasten(now)
	k := Kept{State: s.notes.state()}
	if n := len(s.rows); n > 0 {
		_, k.Num = s.head(s.rows[n-1])
	}
	for mark := range s.marks {
		k.Mark = max(k.Mark, mark)
	}
	at := make(map[*memLane]*KeptHost)
	for _, b := range s.batches {
		k.Mark = max(k.Mark, b.mark)
		kb := KeptBatch{
			Batch: b.Batch, Counts: b.ledger(), Totals: b.totals.Clone(), Paused: b.pause, Mark: b.mark,
			Hosts: make([]KeptHost, 0, len(b.lanes)), Lines: b.lines, Cut: b.reading > 0,
		}
		if b.mark != 0 {
			kb.Marked = Counts{Backlog: b.counts[Backlog], Retry: b.counts[Deferred]}
		}
		for _, name := range slices.Sorted(maps.Keys(b.lanes)) {
			l := b.lanes[name]
			kb.Hosts = append(kb.Hosts, KeptHost{Host: name, Robots: l.site.origin != "" || len(l.sites) > 0})
			at[l] = &kb.Hosts[len(kb.Hosts)-1]
			for site := range l.all() {
				if site.listed != 0 {
					k.Listed = append(k.Listed, s.job(site.listed).url)
				}
			}
		}
		k.Batches = append(k.Batches, kb)
	}
	for j := range s.all() {
		s.load(&k, j, at[j.site.lane])
	}
	return k, nil
}

// load adds one job to what is told of a run.
func (s *MemStore) load(k *Kept, j *memJob, at *KeptHost) {
	cancelled := j.mark() != 0 || j.batch().mark != 0
	switch {
	case j.place == Ended:
		if s.outcome(j.row) == Failed {
			at.Failed++
		}
		return
	case j.place == Deferred && !cancelled:
		k.Due = append(k.Due, s.full(j))
	}
	if j.mark() == 0 {
		at.Waiting++
	}
	if j.paused() {
		k.Paused = append(k.Paused, KeptPause{s.full(j), s.pauses[j.odd.paused-1], cancelled})
	}
}

// hasten makes the jobs that wait for a retry due after no more time from now
// than they were put off for.
func (s *MemStore) hasten(now time.Time) {
	for j := range s.all() {
		if j.place != Deferred {
			continue
		}
		due := s.time(j.due())
		if latest := now.Add(max(due.Sub(s.time(j.waited)), 0)); due.After(latest) {
			j.odd.due = s.since(latest)
		}
	}
	heap.Init(&s.due)
}

// reclaim gives back the jobs that an engine which is no more had leased.
func (s *MemStore) reclaim() {
	for j := range s.all() {
		if j.place != InFlight || j.fresh {
			continue
		}
		b, to := j.batch(), Backlog
		if j.due() != 0 {
			to = Deferred
		}
		s.move(b, j, to)
		if j.mark() != 0 {
			b.marked++
			b.counts[to]--
			continue
		}
		s.wait(b, j, true)
	}
}
