package engine

import (
	"container/heap"
	"slices"
	"time"
)

// A waiter is one job in the queue: fresh, or between two steps.
type waiter struct {
	job   Job
	again *Request  // the request to make next; nil: the job's first
	due   time.Time // not before; zero: now
	seq   uint64    // order of arrival
}

// host and origin are those of the request that comes next.
func (w *waiter) host() string {
	if w.again != nil {
		return w.again.Host
	}
	return w.job.Host
}

func (w *waiter) origin() string {
	if w.again == nil {
		return w.job.Origin
	}
	if w.again.Kind == KindRobots {
		return "" // nothing holds up the request that others are held for
	}
	return w.again.Origin
}

// A lane is the part of the queue for one host, with the host's pace.
//
// Jobs between two steps come first. Then come the priorities, the highest
// first, and inside a priority the batches take turns.
type lane struct {
	host  string
	pace  pace
	front []waiter
	tiers []tier // by priority, descending; none is empty
	size  int    // waiters in front and tiers

	best   Priority  // of the waiter that goes next, while in a heap
	served uint64    // when a job was last taken, in turns of the pool
	at     time.Time // when it may go on, while in the timed heap
	heap   *laneHeap // the heap it stands in; nil: none
	index  int       // where
}

// A tier is one priority of a lane.
type tier struct {
	priority Priority
	batches  []line // the one whose turn it is first; none is empty
}

// A line is the jobs of one batch in a tier, in their order.
type line struct {
	batch BatchID
	jobs  []waiter
}

// put adds w behind its like.
func (l *lane) put(w waiter) {
	l.size++
	t, found := slices.BinarySearchFunc(l.tiers, w.job.Priority, func(t tier, p Priority) int { return int(p - t.priority) })
	if !found {
		l.tiers = slices.Insert(l.tiers, t, tier{priority: w.job.Priority})
	}
	bs := &l.tiers[t].batches
	for i := range *bs {
		if (*bs)[i].batch == w.job.Batch {
			(*bs)[i].jobs = append((*bs)[i].jobs, w)
			return
		}
	}
	*bs = append(*bs, line{batch: w.job.Batch, jobs: []waiter{w}})
}

// putFront adds w before all others, behind those put there before.
func (l *lane) putFront(w waiter) {
	l.size++
	l.front = append(l.front, w)
}

// find returns where the next waiter stands whose origin is not held.
func (l *lane) find(held map[string]struct{}) (at spot, ok bool) {
	free := func(w *waiter) bool {
		if len(held) == 0 {
			return true
		}
		_, is := held[w.origin()]
		return !is
	}
	for i := range l.front {
		if free(&l.front[i]) {
			return spot{tier: -1, job: i}, true
		}
	}
	for t := range l.tiers {
		for b := range l.tiers[t].batches {
			for j := range l.tiers[t].batches[b].jobs {
				if free(&l.tiers[t].batches[b].jobs[j]) {
					return spot{t, b, j}, true
				}
			}
		}
	}
	return spot{}, false
}

// A spot in a lane: a tier, a batch's line and a job in it. Tier -1 is front.
type spot struct{ tier, batch, job int }

// priority returns what stands at a spot is worth. Jobs between two steps go
// before everything, so that a redirect is not overtaken.
func (l *lane) priority(at spot) Priority {
	if at.tier < 0 {
		return High + 1
	}
	return l.tiers[at.tier].priority
}

// take removes the waiter at a spot. Its batch goes to the end of its tier.
func (l *lane) take(at spot) waiter {
	l.size--
	if at.tier < 0 {
		w := l.front[at.job]
		l.front = slices.Delete(l.front, at.job, at.job+1)
		return w
	}
	t := &l.tiers[at.tier]
	b := t.batches[at.batch]
	w := b.jobs[at.job]
	if at.job == 0 {
		b.jobs[0] = waiter{}
		b.jobs = b.jobs[1:]
	} else {
		b.jobs = slices.Delete(b.jobs, at.job, at.job+1)
	}
	switch {
	case len(b.jobs) == 0:
		t.batches = slices.Delete(t.batches, at.batch, at.batch+1)
	case len(t.batches) > 1:
		t.batches = append(slices.Delete(t.batches, at.batch, at.batch+1), b)
	default:
		t.batches[at.batch] = b
	}
	if len(t.batches) == 0 {
		l.tiers = slices.Delete(l.tiers, at.tier, at.tier+1)
	}
	return w
}

// remove takes out all that match and appends them to out.
func (l *lane) remove(match func(*waiter) bool, out []waiter) []waiter {
	before := len(out)
	keep := func(ws []waiter) []waiter {
		return slices.DeleteFunc(ws, func(w waiter) bool {
			if !match(&w) {
				return false
			}
			out = append(out, w)
			return true
		})
	}
	l.front = keep(l.front)
	for t := range l.tiers {
		for b := range l.tiers[t].batches {
			l.tiers[t].batches[b].jobs = keep(l.tiers[t].batches[b].jobs)
		}
		l.tiers[t].batches = slices.DeleteFunc(l.tiers[t].batches, func(b line) bool { return len(b.jobs) == 0 })
	}
	l.tiers = slices.DeleteFunc(l.tiers, func(t tier) bool { return len(t.batches) == 0 })
	l.size -= len(out) - before
	return out
}

// each calls f for every waiter.
func (l *lane) each(f func(*waiter)) {
	for i := range l.front {
		f(&l.front[i])
	}
	for t := range l.tiers {
		for b := range l.tiers[t].batches {
			for j := range l.tiers[t].batches[b].jobs {
				f(&l.tiers[t].batches[b].jobs[j])
			}
		}
	}
}

// A laneHeap is a heap of lanes that knows where each stands in it.
type laneHeap struct {
	lanes []*lane
	less  func(a, b *lane) bool
}

func (h *laneHeap) Len() int           { return len(h.lanes) }
func (h *laneHeap) Less(i, j int) bool { return h.less(h.lanes[i], h.lanes[j]) }

func (h *laneHeap) Swap(i, j int) {
	h.lanes[i], h.lanes[j] = h.lanes[j], h.lanes[i]
	h.lanes[i].index, h.lanes[j].index = i, j
}

func (h *laneHeap) Push(x any) {
	l := x.(*lane)
	l.heap, l.index = h, len(h.lanes)
	h.lanes = append(h.lanes, l)
}

func (h *laneHeap) Pop() any {
	last := len(h.lanes) - 1
	l := h.lanes[last]
	h.lanes[last] = nil
	h.lanes = h.lanes[:last]
	l.heap = nil
	return l
}

// top returns the first lane, nil if there is none.
func (h *laneHeap) top() *lane {
	if len(h.lanes) == 0 {
		return nil
	}
	return h.lanes[0]
}

// move puts l into heap to, which may be nil, and out of the one it is in.
func (l *lane) move(to *laneHeap) {
	switch {
	case l.heap == to && to != nil:
		heap.Fix(to, l.index)
		return
	case l.heap != nil:
		heap.Remove(l.heap, l.index)
	}
	if to != nil {
		heap.Push(to, l)
	}
}
