package engine

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// This file plays the rest of a run as a flow. It knows jobs and turns only as
// numbers; eta.go fills it.

// A forecast is the rest of a run while its end is estimated. It is kept to be
// used again: all times are in seconds from now.
type forecast struct {
	hosts   []outlook  // of those with jobs that wait
	roll    []*host    // the same
	queued  []standing // what is in the queue, while it is counted
	marks   []mark
	ordered []mark          // the same, those of a host together and in their order
	left    []int32         // hosts that have turns left; while the flow is played, the slowest pace first
	batches []float64       // when the last request of each has ended; below zero: none is known
	etas    []time.Duration // the same
	run     float64         // the latest of them

	workers float64
	rate    float64 // requests per second of all hosts; infinite: no cap
	gate    float64 // when the next of them may start
}

// An outlook is what is left at one host.
type outlook struct {
	gap    float64 // from one start to the next, at least; 0: unpaced
	next   float64 // when the next request may start
	busy   float64 // how long a request takes a worker
	jobs   int     // that wait
	more   float64 // turns that are no job's
	slowed int     // of Engine.slowed, if its throttle lets go of it on the way; -1: it does not

	first  int32 // its marks, as a list; -1: none
	lo, hi int32 // those that are still to come, in their order

	// While the flow is played.
	from  float64 // since when it takes part
	done  float64 // turns
	tier  int32   // of the best that is left, from 0
	speed float64 // turns per second now
	early float64 // how much of its gap has passed
}

// A standing is one job in the queue: the host whose turn it waits for, and its
// batch.
type standing struct {
	host  *host
	batch BatchID
}

// A mark is the point in a host's turns at which a batch has had its last.
type mark struct {
	batch    int32
	next     int32 // mark of the same host; -1: none
	priority Priority
	jobs     int
	turns    float64 // that it needs
	at       float64 // turns of the host until then
}

// add counts n jobs of a batch that wait at a host. The batches come one after
// the other.
func (fc *forecast) add(h *host, batch int, p Priority, n int) {
	if n <= 0 || !h.paused.At.IsZero() {
		return
	}
	o := &fc.hosts[h.spot]
	o.jobs += n
	if i := o.first; i >= 0 && int(fc.marks[i].batch) == batch {
		fc.marks[i].jobs += n
		return
	}
	fc.marks = append(fc.marks, mark{batch: int32(batch), next: o.first, priority: p, jobs: n})
	o.first = int32(len(fc.marks) - 1)
}

// order puts the marks of a host into their order, each job needing so many
// turns: the highest priority first, but for every lowShare-th turn, and in one
// priority the batches in turn.
func (fc *forecast) order(o *outlook, turns float64) {
	lo := len(fc.ordered)
	for i := o.first; i >= 0; i = fc.marks[i].next {
		m := fc.marks[i]
		m.turns = float64(m.jobs) * turns
		fc.ordered = append(fc.ordered, m)
	}
	o.lo, o.hi = int32(lo), int32(len(fc.ordered))
	marks := fc.ordered[lo:]
	if len(marks) == 1 {
		marks[0].at = marks[0].turns + o.more
		return
	}
	slices.SortFunc(marks, func(a, b mark) int {
		return cmp.Or(-cmp.Compare(a.priority, b.priority), cmp.Compare(a.turns, b.turns))
	})
	below := 0.0
	for _, m := range marks {
		below += m.turns
	}
	above := 0.0
	for len(marks) > 0 {
		same := 1
		for same < len(marks) && marks[same].priority == marks[0].priority {
			same++
		}
		size := 0.0 // turns of those that are done before
		for i := range marks[:same] {
			// By then those that have more to do had as many turns.
			m := &marks[i]
			m.at = size + m.turns*float64(same-i)
			size += m.turns
		}
		below -= size
		for i := range marks[:same] {
			m := &marks[i]
			own := m.at
			m.at += above
			if above > 0 {
				m.at = min(m.at, own*lowShare)
			}
			m.at += min(below, own/(lowShare-1)) + o.more
		}
		above += size
		marks = marks[same:]
	}
	slices.SortFunc(fc.ordered[lo:], func(a, b mark) int { return cmp.Compare(a.at, b.at) })
}

// play finds when each mark is reached. measured says that it is known how long
// requests take. If it is not, only hosts that have a pace can be foreseen.
func (fc *forecast) play(measured bool) {
	var carried, started float64 // workers and starts a second that the hosts could use
	unpaced := false
	for _, i := range fc.left {
		if o := &fc.hosts[i]; o.gap > 0 {
			carried += o.busy / o.gap
			started += 1 / o.gap
		} else {
			unpaced = true
		}
	}
	switch {
	case unpaced && !measured:
	case unpaced, carried > fc.workers, started > fc.rate:
		fc.flow()
	default:
		for _, i := range fc.left {
			o := &fc.hosts[i]
			for ; o.lo < o.hi; o.lo++ {
				fc.reach(o, o.next+max(fc.ordered[o.lo].at-1, 0)*o.gap)
			}
		}
	}
}

// reach notes that the next mark of a host is reached with a request that
// starts at that time.
func (fc *forecast) reach(o *outlook, at float64) {
	end := &fc.batches[fc.ordered[o.lo].batch]
	*end = max(*end, at+o.busy)
	fc.run = max(fc.run, *end)
}

// flowSteps is in how many steps the flow is played if all hosts were to end
// together. What one that ends within a step leaves unused goes to nobody, which
// makes the estimate too long by half a step at most.
const flowSteps = 32

// flowMost bounds the steps, whatever the numbers are: a screen waits for them.
const flowMost = 100 * flowSteps

// flow plays the hosts against the workers and the cap on the rate.
func (fc *forecast) flow() {
	slices.SortFunc(fc.left, func(a, b int32) int { return -cmp.Compare(fc.hosts[a].gap, fc.hosts[b].gap) })
	// Of requests that follow each other at a rate the first comes before its
	// time is over.
	ahead := 0.0
	if !math.IsInf(fc.rate, 1) {
		ahead = max(1-fc.gate*fc.rate, 0) / float64(max(len(fc.left), 1))
	}
	tiers := int32(0)
	var work, starts, longest float64
	for _, i := range fc.left {
		o := &fc.hosts[i]
		o.busy = max(o.busy, 1e-6)
		o.from, o.done, o.early = max(o.next-o.gap, 0), ahead, max(o.gap-o.next, 0)
		tiers = max(tiers, fc.rank(o)+1)
		turns := fc.ordered[o.hi-1].at
		work += turns * o.busy
		starts += turns
		longest = max(longest, o.from+turns*o.gap)
	}
	step := max(work/fc.workers, starts/fc.rate, longest) / flowSteps
	now := 0.0
	for range flowMost {
		soon := math.Inf(1) // when a host comes to its end, or takes part
		workers, rate := fc.workers, fc.rate
		for t := range tiers {
			kept := fc.below(t, now+step)
			w, r := fc.share(t, now+step, workers*(1-kept), rate*(1-kept))
			workers, rate = w+workers*kept, r+rate*kept
		}
		for _, i := range fc.left {
			switch o := &fc.hosts[i]; {
			case o.from > now+step:
				soon = min(soon, o.from-now)
			case o.speed > 0:
				soon = min(soon, max(o.from-now, 0)+max(fc.ordered[o.hi-1].at-o.done, 0)/o.speed)
			}
		}
		if math.IsInf(soon, 1) {
			return // nothing is left that moves
		}
		next := now + max(soon, step)
		left := fc.left[:0]
		for _, i := range fc.left {
			if o := &fc.hosts[i]; o.from < next && o.speed > 0 && fc.advance(o, max(o.from, now), next) {
				tiers = max(tiers, fc.rank(o)+1)
			}
			if fc.hosts[i].lo < fc.hosts[i].hi {
				left = append(left, i)
			}
		}
		fc.left, now = left, next
	}
}

// rank finds the tier of the best that is left at a host, 0 being the highest.
func (fc *forecast) rank(o *outlook) int32 {
	best := Low
	for _, m := range fc.ordered[o.lo:o.hi] {
		best = max(best, m.priority)
	}
	o.tier = int32(max(High-best, 0))
	return o.tier
}

// below returns what share of workers and rate is kept for the tiers below one:
// every lowShare-th turn, if any of them takes part by then.
func (fc *forecast) below(tier int32, by float64) float64 {
	for _, i := range fc.left {
		if o := &fc.hosts[i]; o.tier > tier && o.from <= by {
			return 1.0 / lowShare
		}
	}
	return 0
}

// share gives the hosts of a tier that take part by then their speeds, from what
// workers and rate there are, and returns what remains of these. No host is
// faster than its pace; those that could be are equally fast.
func (fc *forecast) share(tier int32, by, workers, rate float64) (float64, float64) {
	var busy, hosts float64
	for _, i := range fc.left {
		if o := &fc.hosts[i]; o.tier == tier && o.from <= by {
			busy += o.busy
			hosts++
		}
	}
	for _, i := range fc.left { // the slowest pace first
		o := &fc.hosts[i]
		if o.tier != tier {
			continue
		}
		if o.speed = 0; o.from > by {
			continue
		}
		o.speed = max(min(workers/busy, rate/hosts), 0)
		if o.gap > 0 {
			o.speed = min(o.speed, 1/o.gap)
		}
		workers -= o.speed * o.busy
		rate -= o.speed
		busy -= o.busy
		hosts--
	}
	return workers, rate
}

// advance plays one host from one time to another, and reports whether it
// reached a mark.
func (fc *forecast) advance(o *outlook, from, to float64) (reached bool) {
	done := o.done + o.speed*(to-from)
	for ; o.lo < o.hi && fc.ordered[o.lo].at <= done+1e-9; o.lo++ {
		at := from + max(fc.ordered[o.lo].at-o.done, 0)/o.speed
		if o.speed*o.gap > 0.999 {
			at = max(at-o.early, from) // its pace alone holds it up
		}
		fc.reach(o, at)
		reached = true
	}
	o.done = done
	return reached && o.lo < o.hi
}
