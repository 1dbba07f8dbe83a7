package engine

import (
	"sync"
	"sync/atomic"
	"time"
)

// A door is where jobs come in. While every worker is busy, Submit takes its
// lock and no other, for the time of one append; a worker that looks for its
// next job takes in at once all that came. With eight producers, waiting for
// one lock of the pool was a quarter of a job's time; it is less than a tenth.
//
// Who holds both locks took the pool's first.
type door struct {
	mu    sync.Mutex
	in    []row         // jobs that no worker has seen yet, oldest first
	taken int           // jobs that Submit took, ever
	left  int           // gone, when it was asked last
	spare []*waiter     // to use again
	room  chan struct{} // closed when a place becomes free, if somebody waits for that; else nil
	shut  bool          // takes no jobs any more; set with both locks

	// What follows is read and written without the lock. What producers write
	// for each job, what workers do, and what changes seldom do not share a
	// cache line.
	_     [cacheLine]byte
	came  atomic.Bool  // in is not empty
	asked atomic.Bool  // room is not nil
	slack atomic.Bool  // a worker may be free: who brings a job sees to it that it is handed out
	back  atomic.Int64 // jobs that came back to the queue, ever
	_     [cacheLine]byte
	gone  atomic.Int64 // jobs that left the queue, ever
}

// A row is jobs that came one after another and go to one line: a list's URLs
// come host by host.
type row struct {
	chain
	n int
}

const cacheLine = 64 // bytes, on amd64 and most of arm64

// depth returns how many jobs wait in the queue. d.mu held.
func (d *door) depth() int {
	d.left = int(d.gone.Load())
	return d.taken + int(d.back.Load()) - d.left
}

// full reports whether as many as size wait in the queue. It asks the workers
// only if that is so by what they said last. d.mu held.
func (d *door) full(size int) bool {
	return d.taken+int(d.back.Load())-d.left >= size && d.depth() >= size
}

// Submit puts a job into the queue, or hands it to an idle worker at once if
// its host's turn has come. It never blocks. It returns ErrQueueFull if the
// queue is full and ErrPoolClosed after Close or Cancel.
func (p *Pool) Submit(job Job) error {
	d := &p.door
	d.mu.Lock()
	switch {
	case d.shut:
		d.mu.Unlock()
		return ErrPoolClosed
	case d.full(p.cfg.Queue):
		d.mu.Unlock()
		return ErrQueueFull
	}
	var w *waiter
	if n := len(d.spare) - 1; n >= 0 {
		w, d.spare = d.spare[n], d.spare[:n]
	} else {
		w = &waiter{Turn: Turn{pool: p}}
	}
	w.Job, w.Handed = job, time.Time{}
	d.taken++
	w.seq = d.taken
	d.push(w)
	d.mu.Unlock()
	// Either the worker that becomes free sees that a job came, or this sees
	// that a worker became free: each says its own before it asks.
	if d.slack.Load() {
		var m moment
		p.lock(&m)
		p.dispatch(&m)
		p.mu.Unlock()
	}
	return nil
}

// lock takes the pool's lock at a new moment and lets in what came.
func (p *Pool) lock(m *moment) {
	p.mu.Lock()
	*m = moment{}
	if p.door.came.Load() {
		p.letIn(m)
	}
}

// push adds w to what came. d.mu held.
func (d *door) push(w *waiter) {
	if n := len(d.in); n > 0 {
		r := &d.in[n-1]
		if w.like(r.last) {
			r.push(w)
			r.n++
			return
		}
	} else {
		d.came.Store(true)
	}
	w.next = nil
	d.in = append(d.in, row{chain{w, w}, 1})
}

// letIn moves what came to the lanes, and waiters that are used no more back to
// the door. p.mu held.
func (p *Pool) letIn(m *moment) {
	d := &p.door
	d.mu.Lock()
	d.in, p.in = p.in, d.in
	d.came.Store(false)
	d.spare = append(d.spare, p.spare...)
	p.lent = len(d.spare)
	d.mu.Unlock()
	clear(p.spare)
	p.spare = p.spare[:0]
	for _, r := range p.in {
		p.depth += r.n
		job := &r.first.Job
		l := p.lane(job.Host)
		// In a lane that waits for its turn already, they change nothing unless
		// they go before the others.
		if moved := l.putRow(r); moved || l.place == aside || job.Priority > l.best {
			p.place(l, m)
		}
	}
	clear(p.in)
	p.in = p.in[:0]
}

// ease says at the door that a worker may be free, and reports whether a job
// came meanwhile. p.mu held.
func (p *Pool) ease(m *moment) (came bool) {
	p.door.slack.Store(true)
	if came = p.door.came.Load(); came {
		p.letIn(m)
	}
	return came
}

// shut ends Submit and lets in what came last. p.mu held.
func (p *Pool) shut(m *moment) {
	p.door.mu.Lock()
	p.door.shut = true
	p.door.mu.Unlock()
	p.letIn(m)
	p.freeRoom()
}

// Room returns a channel that is closed as soon as the queue has a place, at
// once if it has one now or takes no jobs any more. Whoever waits may find the
// place gone: Submit says.
func (p *Pool) Room() <-chan struct{} {
	d := &p.door
	d.mu.Lock()
	if d.room == nil {
		d.room = make(chan struct{})
		d.asked.Store(true)
	}
	room := d.room
	d.mu.Unlock()
	p.freeRoom()
	return room
}

// freeRoom tells those who wait for a place in the queue that there is one.
func (p *Pool) freeRoom() {
	d := &p.door
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.room != nil && (d.shut || d.depth() < p.cfg.Queue) {
		close(d.room)
		d.room = nil
		d.asked.Store(false)
	}
}

// recycle keeps a waiter whose handler has returned for another job; its own
// stays in it till then. It keeps at most two queues full, because one goes
// while the next comes: what comes next of a job brings new ones. Where handlers
// start their jobs it keeps none: a Start that comes late must not count for
// another job. p.mu held.
func (p *Pool) recycle(w *waiter) {
	if len(p.spare)+p.lent < 2*p.cfg.Queue && !p.cfg.HandlerStarts {
		if w.Again != nil {
			w.Again, w.due = nil, time.Time{}
		}
		p.spare = append(p.spare, w)
	}
}

// QueueDepth returns how many jobs wait in the queue now. Jobs between two
// steps, which are never refused, are among them: it can pass the queue's size
// by as many.
func (p *Pool) QueueDepth() int {
	p.door.mu.Lock()
	defer p.door.mu.Unlock()
	return p.door.depth()
}
