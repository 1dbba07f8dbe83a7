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
	epoch time.Time           // when it was made
	hash  func(string) uint32 // of fingerprints

	mu      sync.Mutex
	batches []*memBatch // by id, from 1
	pages   []*memPage  // the jobs by id, from 1
	last    uint32      // the id of the newest job
	due     dueHeap     // jobs that wait for a retry
	rows    []memRow    // the results, in the order of Num; one that was replaced is no longer its job's
	records map[memRow][]Record
	blocks  [][]byte
	words   []string // that rows have in common
	numbers map[string]int
	packed  []byte // reused by keep
	marks   map[uint64][]*memJob
	turns   uint64   // leases so far
	pauses  []Paused // of jobs by name, as memOdd counts them
	reasons []Class  // of jobs that were put off, likewise
	notes   memNotes
}

// A memBatch is a batch with its waiting jobs by host.
type memBatch struct {
	Batch
	mark    uint64 // the cancel that took the whole batch; 0: none
	paused  bool
	pause   Paused // what it was paused with
	seen    memSeen
	added   Added
	lanes   map[string]*memLane
	ring    memRing
	served  uint64
	counts  [Ended + 1]int // jobs by place, those with a mark of their own apart
	ended   [Cancelled + 1]int
	marked  int // unfinished jobs with a mark of their own, leased ones apart
	waiting int // jobs in the lanes that can be leased
	totals  Totals
	lines   int // read from lists
	reading int // lists that were not read to their end
}

// NewMemStore returns an empty store.
func NewMemStore() *MemStore {
	return &MemStore{
		epoch: time.Now(), hash: hashing(),
		marks:   make(map[uint64][]*memJob),
		records: make(map[memRow][]Record), numbers: make(map[string]int),
	}
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
	mb.reading++
	s.mu.Unlock()
	var added Added
	added.Batch = mb.ID
	for j, err := range jobs {
		if ctx.Err() != nil {
			return added, context.Cause(ctx)
		}
		switch s.line(mb, j, err, each) {
		case Invalid:
			added.Invalid++
		case Duplicate:
			added.Duplicate++
		default:
			added.New++
		}
	}
	if ctx.Err() != nil {
		return added, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	mb.reading--
	return added, nil
}

// line keeps one line of a list, which is no URL if bad says so, and returns
// why it became no job. A job is told to each before it can be leased.
func (s *MemStore) line(b *memBatch, j Job, bad error, each func(Job, Class)) (refused Class) {
	s.mu.Lock()
	b.lines++
	switch {
	case bad != nil:
		refused = Invalid
		b.added.Invalid++
	case !s.mark(&b.seen, j.Fingerprint):
		refused = Duplicate
		b.added.Duplicate++
	}
	if refused != "" {
		s.mu.Unlock()
		if each != nil {
			each(Job{Batch: b.ID}, refused)
		}
		return refused
	}
	mj := s.open(b, &j)
	s.mu.Unlock()
	s.tell(mj, each)
	return ""
}

// tell tells of a new job, and lets it be leased then.
func (s *MemStore) tell(j *memJob, each func(Job, Class)) {
	if each != nil {
		s.mu.Lock()
		full := s.full(j)
		s.mu.Unlock()
		each(full, "")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := j.batch()
	j.fresh = false
	s.move(b, j, Backlog)
	s.queue(b, j, false)
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
	l := j.site.lane
	if !l.ringed {
		b.ring.join(l)
	}
	l.live++
	b.waiting++
	if j.inLane {
		return // it never left: its mark was only lifted
	}
	j.inLane = true
	s.link(l, j, front)
}

// unqueue takes a job off its lane's books, if it is on them. The lane forgets
// it when it comes to it.
func (s *MemStore) unqueue(b *memBatch, j *memJob) {
	if j.inLane && j.waits() {
		j.site.lane.live--
		b.waiting--
	}
}

// pop returns the next job of a lane that waits, and forgets those that do
// not. There is one.
func (s *MemStore) pop(l *memLane) *memJob {
	for {
		j := s.unlink(l)
		j.inLane = false
		if j.waits() {
			return j
		}
	}
}

// Next implements [Store].
func (s *MemStore) Next(_ context.Context, n int, w Want) ([]Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake(w.Now)
	order := make([]*memBatch, 0, len(s.batches))
	most := 0
	for _, b := range s.batches {
		if _, skip := w.SkipBatches[b.ID]; b.waiting > 0 && !skip && !b.paused && b.mark == 0 {
			order = append(order, b)
			most += b.waiting
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
			j, ok := s.lease(b, w)
			if !ok {
				b.ring.rejoin()
				order = slices.Delete(order, i, i+1)
				same--
				continue
			}
			if out == nil {
				out = make([]Job, 0, min(n, most))
			}
			out = append(out, j)
			i++
		}
	}
	for _, b := range order {
		b.ring.rejoin()
	}
	return out, nil
}

// lease hands out the next job of a batch, and reports whether it has one for
// w. The lanes passed over are to rejoin the ring.
func (s *MemStore) lease(b *memBatch, w Want) (Job, bool) {
	for l := b.ring.take(); l != nil; l = b.ring.take() {
		if _, skip := w.SkipHosts[l.host]; skip {
			b.ring.pass(l)
			continue
		}
		j := s.pop(l)
		l.live--
		b.waiting--
		s.move(b, j, InFlight)
		s.turns++
		b.served = s.turns
		b.ring.served(l)
		return s.full(j), true
	}
	return Job{}, false
}

// wake puts what is due again into its lane, behind the others: a retry is
// worth less than a job that was never tried. Its place stays until it is
// leased.
func (s *MemStore) wake(now time.Time) {
	for len(s.due) > 0 && !s.time(s.due[0].due()).After(now) {
		j := heap.Pop(&s.due).(*memJob)
		j.inHeap = false
		if j.place == Deferred && j.waits() {
			s.queue(j.batch(), j, false)
		}
	}
}

// Release implements [Store].
func (s *MemStore) Release(_ context.Context, back []Job) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range back {
		j := s.known(r.ID)
		b := j.batch()
		s.tried(j, &r)
		j.waited = s.since(r.Waited)
		to := Deferred
		if r.Due.IsZero() {
			to = Backlog
		}
		s.move(b, j, to)
		if j.mark() != 0 {
			b.marked++
			b.counts[to]--
			continue
		}
		s.wait(b, j, true)
	}
	return nil
}

// wait puts an unmarked job where its place says that it waits. One that is
// paused is put there when it is resumed.
func (s *MemStore) wait(b *memBatch, j *memJob, front bool) {
	switch {
	case j.paused():
	case j.place == Backlog || j.inLane:
		s.queue(b, j, front)
	case !j.inHeap:
		j.inHeap = true
		heap.Push(&s.due, j)
	}
}

// Finish implements [Store].
func (s *MemStore) Finish(_ context.Context, rs []Result, each func(Job, Class)) error {
	for _, j := range s.end(rs) {
		s.tell(j, each)
	}
	return nil
}

// end keeps results, takes their jobs off the books and puts their links on
// them. It returns the jobs that the links became, still to be told of.
func (s *MemStore) end(rs []Result) (fresh []*memJob) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range rs {
		r := &rs[i]
		j := s.known(r.Job)
		b := j.batch()
		s.move(b, j, Ended)
		b.ended[r.Outcome]++
		j.setMark(0)
		j.setPaused(0)
		s.tried(j, &Job{})
		b.totals.Count(r)
		for _, l := range r.Links {
			if s.mark(&b.seen, l.Fingerprint) { // one that was seen is no line of a list
				l.Depth = int(j.depth) + 1
				fresh = append(fresh, s.open(b, &l))
			}
		}
		s.keep(j, r)
	}
	return fresh
}

// Close implements [Store]. Nothing is left behind.
func (s *MemStore) Close() error { return nil }

// A dueHeap is the deferred jobs, the one due first on top.
type dueHeap []*memJob

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due() < h[j].due() }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)        { *h = append(*h, x.(*memJob)) }

func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	j := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return j
}
