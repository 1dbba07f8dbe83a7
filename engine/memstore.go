package engine

import (
	"cmp"
	"container/heap"
	"context"
	"iter"
	"slices"
	"sync"
	"time"
)

// A MemStore keeps a run in memory, results too. It is the reference for what
// a Store does. Make one with NewMemStore.
type MemStore struct {
	mu      sync.Mutex
	batches []*memBatch // by id, from 1
	jobs    []*memJob   // likewise
	due     dueHeap     // jobs that wait for a retry
	results []*Result   // in the order of Num; one that was replaced is no longer its job's
	marks   map[uint64][]*memJob
	hosts   map[string]HostState
	turns   uint64 // leases so far
}

// A memBatch is a batch with its waiting jobs by host.
type memBatch struct {
	Batch
	mark    uint64 // the cancel that took the whole batch; 0: none
	paused  bool
	seen    Seen
	added   Added
	lanes   map[string]*memLane
	ring    []*memLane // the lanes, the one whose turn it is first
	served  uint64
	counts  [Ended + 1]int // jobs by place, those with a mark of their own apart
	ended   [Cancelled + 1]int
	marked  int // unfinished jobs with a mark of their own, leased ones apart
	waiting int // jobs in the lanes that can be leased
}

// A memLane is the waiting jobs of one host in one batch.
type memLane struct {
	host  string
	front []*memJob // given back; they go first
	jobs  []*memJob
	live  int // jobs in it that can be leased
}

// A memJob is one job. The place of a leased one is InFlight.
type memJob struct {
	Job
	place  Place
	fresh  bool // it is still being told of: a change passes over it
	inLane bool // a lane still points to it, whatever its place
	inHeap bool // so does the heap of those due again
	mark   uint64
	result *Result
}

// NewMemStore returns an empty store.
func NewMemStore() *MemStore {
	return &MemStore{marks: make(map[uint64][]*memJob), hosts: make(map[string]HostState)}
}

// AddBatch implements [Store].
func (s *MemStore) AddBatch(ctx context.Context, b Batch, jobs iter.Seq2[Job, error], each func(Job, Class)) (Added, error) {
	s.mu.Lock()
	mb := s.batch(b.ID)
	switch {
	case b.ID == 0:
		b.ID = BatchID(len(s.batches) + 1)
		mb = &memBatch{Batch: b, lanes: make(map[string]*memLane), added: Added{Batch: b.ID}}
		s.batches = append(s.batches, mb)
	case mb == nil:
		s.mu.Unlock()
		return Added{}, ErrNoBatch
	}
	s.mu.Unlock()
	var added Added
	added.Batch = mb.ID
	for j, err := range jobs {
		if ctx.Err() != nil {
			return added, context.Cause(ctx)
		}
		class := Class("")
		switch {
		case err != nil:
			class = Invalid
			added.Invalid++
		case !mb.seen.MarkSeen(j.Fingerprint):
			class = Duplicate
			added.Duplicate++
		default:
			added.New++
		}
		s.keep(mb, j, class, each)
	}
	return added, context.Cause(ctx)
}

// keep keeps one line of a list: a job if class is empty. The job is told to
// each before it can be leased.
func (s *MemStore) keep(b *memBatch, j Job, class Class, each func(Job, Class)) {
	if class != "" {
		s.mu.Lock()
		if class == Invalid {
			b.added.Invalid++
		} else {
			b.added.Duplicate++
		}
		s.mu.Unlock()
		if each != nil {
			each(Job{Batch: b.ID}, class)
		}
		return
	}
	s.mu.Lock()
	j.ID, j.Batch, j.Priority = JobID(len(s.jobs)+1), b.ID, b.Priority
	mj := &memJob{Job: j, place: InFlight, fresh: true}
	s.jobs = append(s.jobs, mj)
	b.added.New++
	b.counts[InFlight]++
	s.mu.Unlock()
	if each != nil {
		each(j, "")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	mj.fresh = false
	s.move(b, mj, Backlog)
	s.queue(b, mj, false)
}

func (s *MemStore) batch(id BatchID) *memBatch {
	if id < 1 || int(id) > len(s.batches) {
		return nil
	}
	return s.batches[id-1]
}

// move changes a job's place in the books of its batch.
func (s *MemStore) move(b *memBatch, j *memJob, to Place) {
	b.counts[j.place]--
	b.counts[to]++
	j.place = to
}

// queue puts a job into its lane, to be leased.
func (s *MemStore) queue(b *memBatch, j *memJob, front bool) {
	l := b.lanes[j.Host]
	if l == nil {
		l = &memLane{host: j.Host}
		b.lanes[j.Host] = l
		b.ring = append(b.ring, l)
	}
	l.live++
	b.waiting++
	if j.inLane {
		return // it never left: its mark was only lifted
	}
	j.inLane = true
	if front {
		l.front = append(l.front, j)
	} else {
		l.jobs = append(l.jobs, j)
	}
}

// unqueue takes a job off its lane's books. The lane forgets the pointer when
// it comes to it.
func (s *MemStore) unqueue(b *memBatch, j *memJob) {
	b.lanes[j.Host].live--
	b.waiting--
}

// waits reports whether a lane may hand out j.
func (j *memJob) waits() bool { return (j.place == Backlog || j.place == Deferred) && j.mark == 0 }

// pop returns the next job that waits, and forgets those that do not.
func (l *memLane) pop() *memJob {
	for _, from := range [...]*[]*memJob{&l.front, &l.jobs} {
		for len(*from) > 0 {
			j := (*from)[0]
			(*from)[0] = nil
			*from = (*from)[1:]
			j.inLane = false
			if j.waits() {
				return j
			}
		}
	}
	return nil
}

// Next implements [Store].
func (s *MemStore) Next(_ context.Context, n int, w Want) ([]Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake(w.Now)
	order := make([]*memBatch, 0, len(s.batches))
	for _, b := range s.batches {
		if _, skip := w.SkipBatches[b.ID]; b.waiting > 0 && !skip && !b.paused && b.mark == 0 {
			order = append(order, b)
		}
	}
	slices.SortFunc(order, func(a, b *memBatch) int {
		return cmp.Or(-cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.served, b.served))
	})
	var out []Job
	for len(order) > 0 && len(out) < n {
		// One job of each batch of the highest priority, in turn, until they have none.
		same := 1
		for same < len(order) && order[same].Priority == order[0].Priority {
			same++
		}
		for i := 0; i < same && len(out) < n; {
			b := order[i]
			j := s.lease(b, w)
			if j == nil {
				order = slices.Delete(order, i, i+1)
				same--
				continue
			}
			out = append(out, *j)
			i++
		}
	}
	return out, nil
}

// lease hands out the next job of a batch, nil if it has none for w.
func (s *MemStore) lease(b *memBatch, w Want) *Job {
	for i, l := range b.ring {
		if _, skip := w.SkipHosts[l.host]; skip || l.live == 0 {
			continue
		}
		j := l.pop()
		s.unqueue(b, j)
		s.move(b, j, InFlight)
		s.turns++
		b.served = s.turns
		// The lane goes to the end; those passed over keep their turn.
		copy(b.ring[i:], b.ring[i+1:])
		b.ring[len(b.ring)-1] = l
		lent := j.Job
		lent.Priority = b.Priority
		return &lent
	}
	return nil
}

// wake puts what is due again into its lane, behind the others: a retry is
// worth less than a job that was never tried. Its place stays until it is
// leased.
func (s *MemStore) wake(now time.Time) {
	for len(s.due) > 0 && !s.due[0].Due.After(now) {
		j := heap.Pop(&s.due).(*memJob)
		j.inHeap = false
		if j.place == Deferred && j.mark == 0 {
			s.queue(s.batch(j.Batch), j, false)
		}
	}
}

// Release implements [Store].
func (s *MemStore) Release(_ context.Context, back []Job) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range back {
		j := s.jobs[r.ID-1]
		b := s.batch(j.Batch)
		j.Attempts, j.Retries, j.Due, j.Waited = r.Attempts, r.Retries, r.Due, r.Waited
		to := Deferred
		if j.Due.IsZero() {
			to = Backlog
		}
		s.move(b, j, to)
		if j.mark != 0 {
			b.marked++
			b.counts[to]--
			continue
		}
		s.wait(b, j, true)
	}
	return nil
}

// wait puts an unmarked job where its place says that it waits.
func (s *MemStore) wait(b *memBatch, j *memJob, front bool) {
	switch {
	case j.place == Backlog || j.inLane:
		s.queue(b, j, front)
	case !j.inHeap:
		j.inHeap = true
		heap.Push(&s.due, j)
	}
}

// Finish implements [Store].
func (s *MemStore) Finish(_ context.Context, rs []Result, each func(Job, Class)) error {
	for i := range rs {
		r := rs[i]
		s.mu.Lock()
		j := s.jobs[r.Job-1]
		b := s.batch(j.Batch)
		s.move(b, j, Ended)
		b.ended[r.Outcome]++
		j.mark = 0
		j.Attempts = r.Attempts
		links := r.Links
		r.Links = nil
		j.result = &r
		s.results = append(s.results, j.result)
		s.mu.Unlock()
		for _, l := range links {
			l.Depth = j.Depth + 1
			class := Class("")
			if !b.seen.MarkSeen(l.Fingerprint) {
				continue // a link that was seen is no line of a list
			}
			s.keep(b, l, class, each)
		}
	}
	return nil
}

// Hosts implements [Store].
func (s *MemStore) Hosts(_ context.Context, put []HostState) ([]HostState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range put {
		s.hosts[h.Host] = h
	}
	out := make([]HostState, 0, len(s.hosts))
	for _, h := range s.hosts {
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b HostState) int { return cmp.Compare(a.Host, b.Host) })
	return out, nil
}

// Close implements [Store]. Nothing is left behind.
func (s *MemStore) Close() error { return nil }

// A dueHeap is the deferred jobs, the one due first on top.
type dueHeap []*memJob

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].Due.Before(h[j].Due) }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)        { *h = append(*h, x.(*memJob)) }

func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	j := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return j
}
