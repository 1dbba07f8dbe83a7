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

// A Frontier is the jobs of a run in memory: which batch and host each of them
// is of, where it is, and which come next. It is what a [Store] needs besides a
// place for results: AddBatch, Next, Release, Change, Waiting, Count, Keep and Load do what
// Store says of them, and touch nothing but memory.
//
// A store that outlives the process gives it a [Journal], which is told of
// every change that the next life of the run must know, and puts them back with
// Refill. A MemStore is a Frontier without one.
//
// A Frontier is safe for use by multiple goroutines. A job takes 32 bytes, those
// that its URL has not in common with others of its site, and some ten for the
// books.
type Frontier struct {
	journal Journal                      // nil: nobody needs to know
	epoch   time.Time                    // when it was made
	hash    func(BatchID, string) uint64 // of fingerprints

	mu      sync.Mutex
	batches []*memBatch // by id, from 1
	pages   []*memPage  // the jobs by id, from 1
	last    uint32      // the id of the newest job
	odds    memOdds
	sites   []*memSite // by number, from 1
	urls    memURLs
	seen    memSeen // the fingerprints
	due     dueHeap // jobs that wait for a retry
	marks   map[uint64][]*memJob
	turns   uint64   // leases so far
	num     uint64   // the highest of a result
	pauses  []Paused // of jobs by name, as memOdd counts them
	reasons []Class  // of jobs that were put off, likewise
	notes   memNotes
}

// A Journal is told of the changes of a [Frontier]: each once, in their order,
// and while the Frontier is locked, so its methods must be quick and call
// nothing of the Frontier. What one call of the Frontier changes at once is
// told without a change of another call between.
type Journal interface {
	// Added tells of a new batch.
	Added(b Batch)
	// Refused tells of a line of a list that became no job.
	Refused(b BatchID, why Class)
	// Read tells of a list that was read to its end.
	Read(b BatchID)
	// Opened tells of a new job.
	Opened(j Job)
	// Returned tells of a job that was given back other than it was before it
	// was leased: its Attempts, Retries, Due or Waited, or cancelled by now,
	// which the numbers of its batch tell. That a job is leased is not told:
	// when the process dies, it is where it was.
	Returned(j Job)
	// Moved tells of a change that changed something.
	Moved(m Moved)
	// Noted tells of what was given to Keep.
	Noted(news State)
}

// Moved is a [Change] and what it changed.
type Moved struct {
	Change
	Batches []BatchID // whose own mark, pause or priority is another now
	Jobs    []JobID   // likewise; for ChangeRetry, those that wait again
	Back    []JobID   // ChangeRestore: their retry is taken back, and they have ended
}

// A memBatch is a batch with its waiting jobs by host.
type memBatch struct {
	Batch
	mark    uint64 // the cancel that took the whole batch; 0: none
	paused  bool
	pause   Paused // what it was paused with
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
	reading int // lists that are being read
	cut     int // lists that were not read to their end
}

// NewFrontier returns an empty Frontier that tells j what changes; nil: nobody.
func NewFrontier(j Journal) *Frontier {
	f := &Frontier{}
	f.init(j)
	return f
}

func (f *Frontier) init(j Journal) {
	f.journal, f.epoch, f.hash, f.marks = j, time.Now(), hashing(), make(map[uint64][]*memJob)
}

// AddBatch does what [Store] says.
func (f *Frontier) AddBatch(ctx context.Context, b Batch, jobs iter.Seq2[Job, error], each func(Job, Class)) (Added, error) {
	f.mu.Lock()
	mb := f.batch(b.ID)
	switch {
	case b.ID == 0:
		b.ID = BatchID(len(f.batches) + 1)
		mb = &memBatch{Batch: b, lanes: make(map[string]*memLane), added: Added{Batch: b.ID}}
		f.batches = append(f.batches, mb)
		if f.journal != nil {
			f.journal.Added(b)
		}
	case mb == nil:
		f.mu.Unlock()
		return Added{}, ErrNoBatch
	}
	mb.reading++
	mb.cut = max(mb.cut-1, 0) // what comes is the rest of it
	f.mu.Unlock()
	var added Added
	added.Batch = mb.ID
	for j, err := range jobs {
		if ctx.Err() != nil {
			break
		}
		switch f.line(mb, j, err, each) {
		case Invalid:
			added.Invalid++
		case Duplicate:
			added.Duplicate++
		default:
			added.New++
		}
	}
	err := context.Cause(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	if mb.reading--; err != nil {
		mb.cut++
	} else if f.journal != nil {
		f.journal.Read(mb.ID)
	}
	return added, err
}

// line keeps one line of a list, which is no URL if bad says so, and returns
// why it became no job. A job is told to each before it can be leased.
func (f *Frontier) line(b *memBatch, j Job, bad error, each func(Job, Class)) (refused Class) {
	f.mu.Lock()
	b.lines++
	switch {
	case bad != nil:
		refused = Invalid
		b.added.Invalid++
	case !f.mark(b, j.Fingerprint, f.last+1):
		refused = Duplicate
		b.added.Duplicate++
	}
	if refused != "" {
		if f.journal != nil {
			f.journal.Refused(b.ID, refused)
		}
		f.mu.Unlock()
		if each != nil {
			each(Job{Batch: b.ID}, refused)
		}
		return refused
	}
	mj := f.open(b, &j)
	f.mu.Unlock()
	f.tell(mj, each)
	return ""
}

// tell tells of a new job, and lets it be leased then.
func (f *Frontier) tell(j *memJob, each func(Job, Class)) {
	if each != nil {
		f.mu.Lock()
		full := f.full(j)
		f.mu.Unlock()
		each(full, "")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.of(j)
	j.flags &^= memFresh
	f.move(b, j, Backlog)
	f.queue(b, j, false)
}

// Still calls do while nothing changes, with what returns a batch as it is,
// but for its Hosts. It is how a store writes numbers beside the changes that
// made them: do takes the journal as it is then. It must call no other method.
func (f *Frontier) Still(do func(batch func(BatchID) KeptBatch)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do(func(id BatchID) KeptBatch { return f.batch(id).kept() })
}

// Find returns the URL and the host of a job, and whether there is one.
func (f *Frontier) Find(id JobID) (url, host string, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	j := f.known(id)
	if j == nil {
		return "", "", false
	}
	return f.url(j), f.lane(j).host, true
}

func (f *Frontier) batch(id BatchID) *memBatch {
	if id < 1 || int(id) > len(f.batches) {
		return nil
	}
	return f.batches[id-1]
}

// move changes a job's place in the books of its batch.
func (f *Frontier) move(b *memBatch, j *memJob, to Place) {
	b.counts[j.place]--
	b.counts[to]++
	j.place = to
}

// queue puts a job into its lane, to be leased.
func (f *Frontier) queue(b *memBatch, j *memJob, front bool) {
	l := f.lane(j)
	if !l.ringed {
		b.ring.join(l)
	}
	l.live++
	b.waiting++
	if j.is(memInLane) {
		return // it never left: its mark was only lifted
	}
	j.flags |= memInLane
	f.link(l, j, front)
}

// unqueue takes a job off its lane's books, if it is on them. The lane forgets
// it when it comes to it.
func (f *Frontier) unqueue(b *memBatch, j *memJob) {
	if j.is(memInLane) && f.waits(j) {
		f.lane(j).live--
		b.waiting--
	}
}

// pop returns the next job of a lane that waits, and forgets those that do
// not. There is one.
func (f *Frontier) pop(l *memLane) *memJob {
	for {
		j := f.unlink(l)
		j.flags &^= memInLane
		if f.waits(j) {
			return j
		}
	}
}

// Next does what [Store] says.
func (f *Frontier) Next(_ context.Context, n int, w Want) ([]Job, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wake(w.Now)
	order := make([]*memBatch, 0, len(f.batches))
	most := 0
	for _, b := range f.batches {
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
			j, ok := f.lease(b, w)
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
func (f *Frontier) lease(b *memBatch, w Want) (Job, bool) {
	for l := b.ring.take(); l != nil; l = b.ring.take() {
		if _, skip := w.SkipHosts[l.host]; skip {
			b.ring.pass(l)
			continue
		}
		j := f.pop(l)
		l.live--
		b.waiting--
		f.move(b, j, InFlight)
		f.turns++
		b.served = f.turns
		b.ring.served(l)
		return f.full(j), true
	}
	return Job{}, false
}

// wake puts what is due again into its lane, behind the others: a retry is
// worth less than a job that was never tried. Its place stays until it is
// leased.
func (f *Frontier) wake(now time.Time) {
	for len(f.due) > 0 && !f.time(f.due[0].due).After(now) {
		j := f.job(heap.Pop(&f.due).(dueJob).id)
		f.setHeaped(j, false)
		if j.place == Deferred && f.waits(j) {
			f.queue(f.of(j), j, false)
		}
	}
}

// Release does what [Store] says.
func (f *Frontier) Release(_ context.Context, back []Job) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range back {
		j := f.known(r.ID)
		b := f.of(j)
		f.back(j, &r)
		to := Deferred
		if r.Due.IsZero() {
			to = Backlog
		}
		f.move(b, j, to)
		if f.odd(j).mark != 0 {
			b.marked++
			b.counts[to]--
			continue
		}
		f.wait(b, j, true)
	}
	return nil
}

// wait puts an unmarked job where its place says that it waits. One that is
// paused is put there when it is resumed.
func (f *Frontier) wait(b *memBatch, j *memJob, front bool) {
	switch {
	case f.paused(j):
	case j.place == Backlog || j.is(memInLane):
		f.queue(b, j, front)
	case !f.odd(j).heaped:
		f.setHeaped(j, true)
		heap.Push(&f.due, dueJob{f.odd(j).due, j.id})
	}
}

// Finish takes the jobs of results off the books and puts their links on them,
// in one step. keep is called for each result in that step, under the lock: it
// is given what it returned for the result that the job had before, zero for
// none, and returns what is to be noted of this one, which is not zero. Then
// commit is called without the lock; when it returns nil, the links that became
// jobs are told to each, and can be leased. A nil commit is one that does
// nothing.
func (f *Frontier) Finish(rs []Result, keep func(r *Result, was uint64) uint64, commit func() error, each func(Job, Class)) error {
	fresh := f.end(rs, keep)
	if commit != nil {
		if err := commit(); err != nil {
			return err
		}
	}
	for _, j := range fresh {
		f.tell(j, each)
	}
	return nil
}

// end returns the jobs that the links became, still to be told of.
func (f *Frontier) end(rs []Result, keep func(r *Result, was uint64) uint64) (fresh []*memJob) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range rs {
		r := &rs[i]
		j := f.known(r.Job)
		b := f.of(j)
		f.ended(b, j, keep(r, f.kept(j)))
		j.was = r.Outcome
		b.ended[r.Outcome]++
		f.setMark(j, 0)
		f.setPaused(j, 0)
		f.tried(j, &Job{})
		b.totals.Count(r)
		f.num = max(f.num, r.Num)
		for _, l := range r.Links {
			if f.mark(b, l.Fingerprint, f.last+1) { // one that was seen is no line of a list
				l.Depth = int(j.depth) + 1
				fresh = append(fresh, f.open(b, &l))
			}
		}
	}
	return fresh
}

// back notes what became of a leased job.
func (f *Frontier) back(j *memJob, r *Job) {
	if f.journal == nil {
		f.tried(j, r)
		j.at = int64(f.since(r.Waited))
		return
	}
	was := f.bare(j)
	f.tried(j, r)
	j.at = int64(f.since(r.Waited))
	if f.bare(j) != was || f.odd(j).mark != 0 || f.of(j).mark != 0 {
		f.journal.Returned(f.full(j))
	}
}

// A dueJob is a job that waits for a retry, and until when.
type dueJob struct {
	due memTime
	id  uint32
}

// A dueHeap is the deferred jobs, the one due first on top.
type dueHeap []dueJob

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due < h[j].due }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)        { *h = append(*h, x.(dueJob)) }

func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	j := (*h)[last]
	*h = (*h)[:last]
	return j
}
