package engine

import (
	"cmp"
	"container/heap"
	"context"
	"maps"
	"slices"
	"time"
)

// This file is what a Frontier has to tell an engine that takes its run up
// again.

// memNotes are what a Frontier was given to keep.
type memNotes struct {
	run     *RunNotes
	hosts   map[string]HostState
	origins map[string]OriginState
}

// Keep does what [Store] says.
func (f *Frontier) Keep(_ context.Context, news State) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.journal != nil {
		f.journal.Noted(news)
	}
	f.notes.take(news)
	return nil
}

func (n *memNotes) take(news State) {
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
}

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

// Load does what [Store] says.
func (f *Frontier) Load(_ context.Context, now time.Time) (Kept, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reclaim()
	f.hasten(now)
	k := Kept{State: f.notes.state(), Num: f.num}
	for mark := range f.marks {
		k.Mark = max(k.Mark, mark)
	}
	at := make(map[*memLane]*KeptHost)
	for _, b := range f.batches {
		k.Mark = max(k.Mark, b.mark)
		kb := b.kept()
		kb.Hosts = make([]KeptHost, 0, len(b.lanes))
		for _, name := range slices.Sorted(maps.Keys(b.lanes)) {
			l := b.lanes[name]
			kb.Hosts = append(kb.Hosts, KeptHost{Host: name, Robots: l.site.origin != "" || len(l.sites) > 0})
			at[l] = &kb.Hosts[len(kb.Hosts)-1]
			for site := range l.all() {
				if site.listed != 0 {
					k.Listed = append(k.Listed, f.url(f.job(site.listed)))
				}
			}
		}
		k.Batches = append(k.Batches, kb)
	}
	for j := range f.all() {
		f.load(&k, j, at[f.lane(j)])
	}
	return k, nil
}

// kept returns what is to be known of a batch, but for its hosts.
func (b *memBatch) kept() KeptBatch {
	kb := KeptBatch{
		Batch: b.Batch, Counts: b.ledger(), Totals: b.totals.Clone(), Paused: b.pause, Mark: b.mark,
		Read: b.lines, Cut: b.reading+b.cut > 0,
	}
	if b.mark != 0 {
		kb.Marked = Counts{Backlog: b.counts[Backlog], Retry: b.counts[Deferred]}
	}
	return kb
}

// load adds one job to what is told of a run.
func (f *Frontier) load(k *Kept, j *memJob, at *KeptHost) {
	cancelled := f.odd(j).mark != 0 || f.of(j).mark != 0
	switch {
	case j.place == Ended:
		if j.was == Failed {
			at.Failed++
		}
		return
	case j.place == Deferred && !cancelled:
		k.Due = append(k.Due, f.full(j))
	}
	if f.odd(j).mark == 0 {
		at.Waiting++
	}
	if f.paused(j) {
		k.Paused = append(k.Paused, KeptPause{f.full(j), f.pauses[f.odd(j).paused-1], cancelled})
	}
}

// hasten makes the jobs that wait for a retry due after no more time from now
// than they were put off for.
func (f *Frontier) hasten(now time.Time) {
	for j := range f.all() {
		if j.place != Deferred {
			continue
		}
		due := f.time(f.odd(j).due)
		if latest := now.Add(max(due.Sub(f.time(j.waited())), 0)); due.After(latest) {
			f.odds.change(j.id, func(o *memOdd) { o.due = f.since(latest) })
		}
	}
	for i := range f.due {
		f.due[i].due = f.odds.of(f.due[i].id).due
	}
	heap.Init(&f.due)
}

// reclaim gives back the jobs that an engine which is no more had leased.
func (f *Frontier) reclaim() {
	for j := range f.all() {
		if j.place != InFlight || j.is(memFresh) {
			continue
		}
		b, to := f.of(j), Backlog
		if f.odd(j).due != 0 {
			to = Deferred
		}
		f.move(b, j, to)
		if f.odd(j).mark != 0 {
			b.marked++
			b.counts[to]--
			continue
		}
		f.wait(b, j, true)
	}
}
