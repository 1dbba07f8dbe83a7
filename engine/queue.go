package engine

import (
	"math"
	"slices"
	"time"
)

// lowShare bounds how long a lower priority waits for a higher one: passed over
// lowShare-1 times in a row it goes next, so it has at least every tenth turn.
// The share is a choice: a tenth is felt by nobody above, and is no standstill.
const lowShare = 10

// foremost is the priority of jobs between two steps. They go before everything
// and take no turn of the others' count: each is the rest of a job that has had
// its turn.
const foremost Priority = math.MaxInt

// A waiter is one job in the queue: fresh, or between two steps. Its Turn is
// what a worker is handed when it leaves the queue.
type waiter struct {
	next *waiter // behind it in its chain
	seq  int     // order of arrival
	Turn
	due time.Time // not before; zero: now
}

// like reports whether both go to one line of one lane.
func (w *waiter) like(o *waiter) bool {
	return w.Job.Batch == o.Job.Batch && w.Job.Priority == o.Job.Priority && w.Job.Host == o.Job.Host
}

// host and origin are those of the request that comes next.
func (w *waiter) host() string {
	if w.Again != nil {
		return w.Again.Host
	}
	return w.Job.Host
}

func (w *waiter) origin() string {
	if w.Again == nil {
		return w.Job.Origin
	}
	if w.Again.Kind == KindRobots {
		return "" // nothing holds up the request that others are held for
	}
	return w.Again.Origin
}

// A lane is the part of the queue for one host, with the host's pace.
//
// Jobs between two steps come first. Then come the priorities, the highest
// first unless a lower one was passed over too often, and inside a priority the
// batches take turns.
type lane struct {
	host  string
	older *lane // made before it; nil: it is the first
	pace  pace
	front chain
	tiers []tier // by priority, descending; an empty one stays for a while
	size  int    // waiters in front and tiers

	place  place
	next   spot      // where the waiter stands that goes next, while it has a place
	best   Priority  // the highest that could go, while it has a place
	at     time.Time // when it may go on, while timed
	index  int       // where it stands in the heap, while timed
	ahead  *lane     // ready before it, while ready
	behind *lane     // and after it
}

// A place says where a lane stands in the pool.
type place uint8

const (
	aside place = iota // nowhere: it has no job that could go, or its turn is out
	timed              // in the heap of those whose turn comes at a known time
	ready              // among those whose turn has come
)

// A tier is one priority of a lane.
type tier struct {
	priority Priority
	batches  []line // the one whose turn it is first; none is empty
	passed   int    // turns in a row that went to other tiers while it had a job that could go
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

// join adds all of d at the end.
func (c *chain) join(d chain) {
	switch {
	case d.first == nil:
	case c.first == nil:
		*c = d
	default:
		c.last.next = d.first
		c.last = d.last
	}
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
	if len(held) == 0 {
		return nil, c.first
	}
	return c.search(held)
}

func (c *chain) search(held map[string]struct{}) (prev, w *waiter) {
	for w = c.first; w != nil; prev, w = w, w.next {
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

// put adds w behind its like. It reports whether tiers have moved, and a spot is
// no good any more.
func (l *lane) put(w *waiter) (moved bool) { return l.putRow(row{chain{w, w}, 1}) }

// putRow is put for all of a row.
func (l *lane) putRow(r row) (moved bool) {
	l.size += r.n
	w := r.first
	t := l.tier(w.Job.Priority)
	if t == len(l.tiers) || l.tiers[t].priority != w.Job.Priority {
		if len(l.tiers) >= 2*lowShare { // any number may be a priority
			l.tiers = slices.DeleteFunc(l.tiers, func(t tier) bool { return len(t.batches) == 0 })
			t = l.tier(w.Job.Priority)
		}
		l.tiers = slices.Insert(l.tiers, t, tier{priority: w.Job.Priority})
		moved = true
	}
	bs := &l.tiers[t].batches
	for i := range *bs {
		if b := &(*bs)[i]; b.batch == w.Job.Batch {
			b.jobs.join(r.chain)
			return moved
		}
	}
	*bs = append(*bs, line{w.Job.Batch, r.chain})
	return moved
}

// tier returns where the tier of a priority is, or belongs.
func (l *lane) tier(p Priority) int {
	t := 0
	for t < len(l.tiers) && l.tiers[t].priority > p {
		t++
	}
	return t
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

// find returns where the waiter stands that goes next, and the highest priority
// of those that could go, whose origin is not held: the lane's place among the
// others goes by that, whoever's turn it is in the lane.
func (l *lane) find(held map[string]struct{}) (at spot, best Priority, ok bool) {
	if prev, w := l.front.free(held); w != nil {
		return spot{-1, 0, prev, w}, foremost, true
	}
	passed := 0
	for t := range l.tiers {
		n := l.tiers[t].passed
		if ok && (n < lowShare-1 || n <= passed) {
			continue
		}
		if b, prev, w := l.tiers[t].free(held); w != nil {
			if !ok {
				best = min(l.tiers[t].priority, foremost-1)
			}
			at, ok, passed = spot{t, b, prev, w}, true, n
		}
	}
	return at, best, ok
}

// free returns the tier's first waiter whose origin is not held, its batch, and
// the waiter before; nil if there is none.
func (t *tier) free(held map[string]struct{}) (batch int, prev, w *waiter) {
	if len(held) > 0 || len(t.batches) == 0 {
		return t.search(held)
	}
	return 0, nil, t.batches[0].jobs.first
}

func (t *tier) search(held map[string]struct{}) (batch int, prev, w *waiter) {
	for b := range t.batches {
		if prev, w := t.batches[b].jobs.free(held); w != nil {
			return b, prev, w
		}
	}
	return 0, nil, nil
}

// only returns the chain that all of the lane's waiters are in; nil if they are
// in several.
func (l *lane) only() *chain {
	if l.front.first != nil || len(l.tiers) != 1 || len(l.tiers[0].batches) != 1 {
		return nil
	}
	return &l.tiers[0].batches[0].jobs
}

// take removes the waiter at a spot. Its batch goes to the end of its tier, and
// the other tiers were passed over.
func (l *lane) take(at spot, held map[string]struct{}) *waiter {
	l.size--
	if at.tier < 0 {
		l.front.cut(at.prev, at.waiter)
		return at.waiter
	}
	if len(l.tiers) > 1 {
		l.pass(at.tier, held)
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

// pass counts a turn that tier has had: the others were passed over.
func (l *lane) pass(tier int, held map[string]struct{}) {
	for t := range l.tiers {
		if _, _, w := l.tiers[t].free(held); w != nil && t != tier {
			l.tiers[t].passed++
		} else {
			l.tiers[t].passed = 0
		}
	}
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

// A laneHeap is the lanes whose turn comes at a known time, the earliest first.
// Each knows where it stands.
type laneHeap []*lane

func (h laneHeap) Len() int           { return len(h) }
func (h laneHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }

func (h laneHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *laneHeap) Push(x any) {
	l := x.(*lane)
	l.index = len(*h)
	*h = append(*h, l)
}

func (h *laneHeap) Pop() any {
	last := len(*h) - 1
	l := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return l
}

// top returns the first lane, nil if there is none.
func (h laneHeap) top() *lane {
	if len(h) == 0 {
		return nil
	}
	return h[0]
}

// A rank is the lanes of one priority whose turn has come, the one that has
// waited longest first.
type rank struct {
	priority    Priority
	first, last *lane
	passed      int // jobs in a row that other ranks were served while it had a lane
}

// ranks are the lanes whose turn has come, by priority, descending; an empty
// one stays for a while.
type ranks []rank

// next returns the lane that is served next, nil if there is none: the first of
// the highest rank, unless a lower one was passed over too often.
func (rs ranks) next() *lane {
	var l *lane
	passed := 0
	for i := range rs {
		r := &rs[i]
		if r.first == nil {
			continue
		}
		if l == nil || r.passed >= lowShare-1 && r.passed > passed && l.best != foremost {
			l, passed = r.first, r.passed
		}
	}
	return l
}

// serve counts a job of l, which is still in its rank: the others are passed
// over.
func (rs ranks) serve(l *lane) {
	if l.best == foremost || len(rs) == 1 {
		return
	}
	for i := range rs {
		switch r := &rs[i]; {
		case r.priority == l.best || r.first == nil:
			r.passed = 0
		default:
			r.passed++
		}
	}
}

// only reports whether l is the only lane there is, and no other priority is
// remembered.
func (rs ranks) only(l *lane) bool {
	return len(rs) == 1 && rs[0].first == l && rs[0].last == l
}

// find returns where the rank of a priority is, or belongs.
func (rs ranks) find(p Priority) int {
	i := 0
	for i < len(rs) && rs[i].priority > p {
		i++
	}
	return i
}

// add puts l at the end of the rank of its best priority.
func (rs *ranks) add(l *lane) {
	i := rs.find(l.best)
	if i == len(*rs) || (*rs)[i].priority != l.best {
		if len(*rs) >= 2*lowShare { // any number may be a priority
			*rs = slices.DeleteFunc(*rs, func(r rank) bool { return r.first == nil })
			i = rs.find(l.best)
		}
		*rs = slices.Insert(*rs, i, rank{priority: l.best})
	}
	r := &(*rs)[i]
	l.ahead, l.behind = r.last, nil
	if r.last == nil {
		r.first = l
	} else {
		r.last.behind = l
	}
	r.last = l
}

// remove takes l out of its rank.
func (rs ranks) remove(l *lane) {
	r := &rs[rs.find(l.best)]
	if l.ahead == nil {
		r.first = l.behind
	} else {
		l.ahead.behind = l.behind
	}
	if l.behind == nil {
		r.last = l.ahead
	} else {
		l.behind.ahead = l.ahead
	}
	l.ahead, l.behind = nil, nil
}
