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
	next  *waiter   // behind it in its chain
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
	front chain
	tiers []tier // by priority, descending; one that was needed once stays
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
	jobs  chain
}

// A chain is waiters in their order. They are linked, so that a lane that runs
// empty and fills again, as most do, allocates nothing.
type chain struct{ first, last *waiter }

// push adds w at the end.
func (c *chain) push(w *waiter) {
	w.next = nil
	if c.first == nil {
		c.first = w
	} else {
		c.last.next = w
	}
	c.last = w
}

// cut removes w, which stands behind prev; nil: it is the first.
func (c *chain) cut(prev, w *waiter) {
	if prev == nil {
		c.first = w.next
	} else {
		prev.next = w.next
	}
	if c.last == w {
		c.last = prev
	}
	w.next = nil
}

// free returns the first waiter whose origin is not held, and the one before.
func (c *chain) free(held map[string]struct{}) (prev, w *waiter) {
	for w = c.first; w != nil && len(held) > 0; prev, w = w, w.next {
		if _, is := held[w.origin()]; !is {
			break
		}
	}
	return prev, w
}

// remove takes out all that match and appends them to out.
func (c *chain) remove(match func(*waiter) bool, out []*waiter) []*waiter {
	var prev *waiter
	for w := c.first; w != nil; {
		next := w.next
		if match(w) {
			c.cut(prev, w)
			out = append(out, w)
		} else {
			prev = w
		}
		w = next
	}
	return out
}

// put adds w behind its like.
func (l *lane) put(w *waiter) {
	l.size++
	t := 0
	for t < len(l.tiers) && l.tiers[t].priority > w.job.Priority {
		t++
	}
	if t == len(l.tiers) || l.tiers[t].priority != w.job.Priority {
		l.tiers = slices.Insert(l.tiers, t, tier{priority: w.job.Priority})
	}
	bs := &l.tiers[t].batches
	for i := range *bs {
		if b := &(*bs)[i]; b.batch == w.job.Batch {
			b.jobs.push(w)
			return
		}
	}
	*bs = append(*bs, line{w.job.Batch, chain{w, w}})
}

// putFront adds w before all others, behind those put there before.
func (l *lane) putFront(w *waiter) {
	l.size++
	l.front.push(w)
}

// A spot is where a waiter stands in a lane: a tier, a batch's line in it, and
// the waiter before it, if there is one. Tier -1 is front.
type spot struct {
	tier, batch  int
	prev, waiter *waiter
}

// find returns where the next waiter stands whose origin is not held.
func (l *lane) find(held map[string]struct{}) (at spot, ok bool) {
	if prev, w := l.front.free(held); w != nil {
		return spot{-1, 0, prev, w}, true
	}
	for t := range l.tiers {
		for b := range l.tiers[t].batches {
			if prev, w := l.tiers[t].batches[b].jobs.free(held); w != nil {
				return spot{t, b, prev, w}, true
			}
		}
	}
	return spot{}, false
}

// priority returns what stands at a spot is worth. Jobs between two steps go
// before everything, so that a redirect is not overtaken.
func (l *lane) priority(at spot) Priority {
	if at.tier < 0 {
		return High + 1
	}
	return l.tiers[at.tier].priority
}

// take removes the waiter at a spot. Its batch goes to the end of its tier.
func (l *lane) take(at spot) *waiter {
	l.size--
	if at.tier < 0 {
		l.front.cut(at.prev, at.waiter)
		return at.waiter
	}
	bs := &l.tiers[at.tier].batches
	b := &(*bs)[at.batch]
	b.jobs.cut(at.prev, at.waiter)
	switch {
	case b.jobs.first == nil:
		*bs = slices.Delete(*bs, at.batch, at.batch+1)
	case len(*bs) > 1:
		turn := *b
		*bs = append(slices.Delete(*bs, at.batch, at.batch+1), turn)
	}
	return at.waiter
}

// remove takes out all that match and appends them to out.
func (l *lane) remove(match func(*waiter) bool, out []*waiter) []*waiter {
	before := len(out)
	out = l.front.remove(match, out)
	for t := range l.tiers {
		bs := &l.tiers[t].batches
		for b := range *bs {
			out = (*bs)[b].jobs.remove(match, out)
		}
		*bs = slices.DeleteFunc(*bs, func(b line) bool { return b.jobs.first == nil })
	}
	l.size -= len(out) - before
	return out
}

// each calls f for every waiter.
func (l *lane) each(f func(*waiter)) {
	for w := l.front.first; w != nil; w = w.next {
		f(w)
	}
	for t := range l.tiers {
		for b := range l.tiers[t].batches {
			for w := l.tiers[t].batches[b].jobs.first; w != nil; w = w.next {
				f(w)
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
		if len(to.lanes) > 1 {
			heap.Fix(to, l.index)
		}
		return
	case l.heap != nil:
		heap.Remove(l.heap, l.index)
	}
	if to != nil {
		heap.Push(to, l)
	}
}
