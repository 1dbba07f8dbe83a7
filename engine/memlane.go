package engine

import (
	"container/heap"
	"iter"
	"strings"
)

// This file is how a Frontier has its waiting jobs: by host in lanes, and the
// lanes of a batch in a ring, in which they take turns.

// A memSite is what the jobs of one origin have in common.
type memSite struct {
	lane   *memLane
	origin string
	first  string // the URL that came first
	number uint32 // its place in Frontier.sites, counted from 1; 0: it has none yet
	listed uint32 // the first job that came with a list; 0: none did
}

// A memLane is the waiting jobs of one host in one batch: those given back,
// which go first, and then the others.
type memLane struct {
	batch *memBatch
	host  string
	site  memSite             // of the origin that came first
	sites map[string]*memSite // of the others, by origin
	first uint32              // of the jobs in it, linked by next; 0: none
	front uint32              // the last of those given back; 0: none
	last  uint32
	live  int32 // jobs in it that can be leased

	turn   uint64   // its place in the ring: the lowest is next; 0: it was in none yet
	behind *memLane // in the ring
	ringed bool     // the ring has it, be there a job to lease or not
}

// site returns where the jobs of a host and an origin belong.
func (f *Frontier) site(b *memBatch, host, origin string) *memSite {
	site := b.site(host, origin)
	if site.number == 0 {
		f.sites = append(f.sites, site)
		site.number = uint32(len(f.sites))
	}
	return site
}

func (b *memBatch) site(host, origin string) *memSite {
	l := b.lanes[host]
	if l == nil {
		if strings.HasSuffix(origin, host) {
			host = origin[len(origin)-len(host):] // one string for both
		}
		l = &memLane{batch: b, host: host}
		l.site = memSite{lane: l, origin: origin}
		b.lanes[host] = l
	}
	if l.site.origin == origin {
		return &l.site
	}
	at := l.sites[origin]
	if at == nil {
		if l.sites == nil {
			l.sites = make(map[string]*memSite)
		}
		at = &memSite{lane: l, origin: origin}
		l.sites[origin] = at
	}
	return at
}

// all passes over the sites of a lane.
func (l *memLane) all() iter.Seq[*memSite] {
	return func(yield func(*memSite) bool) {
		if !yield(&l.site) {
			return
		}
		for _, site := range l.sites {
			if !yield(site) {
				return
			}
		}
	}
}

// link puts a job at the end of its lane, or behind the others in front.
func (f *Frontier) link(l *memLane, j *memJob, front bool) {
	after := l.last
	if front {
		after = l.front
		l.front = j.id
	}
	if after == 0 {
		j.next, l.first = l.first, j.id
	} else {
		prev := f.job(after)
		j.next, prev.next = prev.next, j.id
	}
	if l.last == after {
		l.last = j.id
	}
}

// unlink takes the first job out of a lane that has one.
func (f *Frontier) unlink(l *memLane) *memJob {
	j := f.job(l.first)
	if l.front == j.id {
		l.front = 0
	}
	if l.last == j.id {
		l.last = 0
	}
	l.first, j.next = j.next, 0
	return j
}

// A memRing is the lanes of a batch that have jobs to lease, in the order of
// their turns. A lane without any leaves it when its turn comes, and keeps its
// turn.
//
// To take the next and to put one at the end is a few steps, however many
// lanes there are; so is to pass over one. Only a lane that comes back with a
// turn that others had after it costs the logarithm of the number of those.
type memRing struct {
	first, last *memLane // linked by behind, their turns ascending
	back        turnHeap // those that came back with an old turn
	turns       uint64   // given so far

	// Those passed over since the last call of rejoin, linked likewise. All
	// of them have lower turns than the others.
	passed, passedLast *memLane
}

// join puts in a lane that the ring does not have, by its turn. The first time
// that is the end.
func (r *memRing) join(l *memLane) {
	if l.turn == 0 {
		r.turns++
		l.turn = r.turns
	}
	l.ringed = true
	if r.last != nil && r.last.turn > l.turn {
		heap.Push(&r.back, l)
		return
	}
	r.append(l)
}

func (r *memRing) append(l *memLane) {
	if r.last == nil {
		r.first = l
	} else {
		r.last.behind = l
	}
	r.last = l
}

// take takes out the lane whose turn it is, of those with jobs to lease; nil
// if there is none.
func (r *memRing) take() *memLane {
	for {
		l := r.first
		switch {
		case len(r.back) > 0 && (l == nil || r.back[0].turn < l.turn):
			l = heap.Pop(&r.back).(*memLane)
		case l == nil:
			return nil
		default:
			if r.first = l.behind; r.first == nil {
				r.last = nil
			}
			l.behind = nil
		}
		if l.live > 0 {
			return l
		}
		l.ringed = false
	}
}

// served puts a lane that was taken at the end.
func (r *memRing) served(l *memLane) {
	r.turns++
	l.turn = r.turns
	r.append(l)
}

// pass puts a lane that was taken aside, and rejoin all of those back where
// they were.
func (r *memRing) pass(l *memLane) {
	if r.passed == nil {
		r.passed = l
	} else {
		r.passedLast.behind = l
	}
	r.passedLast = l
}

func (r *memRing) rejoin() {
	if r.passed == nil {
		return
	}
	r.passedLast.behind = r.first
	if r.first == nil {
		r.last = r.passedLast
	}
	r.first, r.passed, r.passedLast = r.passed, nil, nil
}

// A turnHeap is lanes, the one with the lowest turn on top.
type turnHeap []*memLane

func (h turnHeap) Len() int           { return len(h) }
func (h turnHeap) Less(i, j int) bool { return h[i].turn < h[j].turn }
func (h turnHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *turnHeap) Push(x any)        { *h = append(*h, x.(*memLane)) }

func (h *turnHeap) Pop() any {
	last := len(*h) - 1
	l := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return l
}
