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
	mu     sync.Mutex
	in     chain         // jobs that no worker has seen yet, oldest first
	taken  int           // jobs that Submit took, ever
	spare  chain         // waiters to use again
	spares int           // how many
	room   chan struct{} // closed when a place becomes free, if somebody waits for that; else nil
	shut   bool          // takes no jobs any more; set with both locks

	// These are read and written without the lock.
	gone  atomic.Int64 // jobs that left the queue, less those that came back to it
	came  atomic.Bool  // in is not empty
	asked atomic.Bool  // room is not nil
	slack atomic.Bool  // a worker may be free: who brings a job sees to it that it is handed out
}

// depth returns how many jobs wait in the queue. d.mu held.
func (d *door) depth() int { return d.taken - int(d.gone.Load()) }

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
	case d.depth() >= p.cfg.Queue:
		d.mu.Unlock()
		return ErrQueueFull
	}
	w := d.spare.first
	if w == nil {
		w = &waiter{Turn: Turn{pool: p}}
	} else {
		d.spare.cut(nil, w)
		d.spares--
	}
	w.Job = job
	d.in.push(w)
	d.taken++
	if !d.came.Load() {
		d.came.Store(true)
	}
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

// letIn moves what came to the lanes, and waiters that are used no more back to
// the door. p.mu held.
func (p *Pool) letIn(m *moment) {
	d := &p.door
	d.mu.Lock()
	w := d.in.first
	d.in = chain{}
	d.came.Store(false)
	d.spare.join(p.spare)
	d.spares += p.spares
	p.lent = d.spares
	d.mu.Unlock()
	p.spare, p.spares = chain{}, 0
	for w != nil {
		row, n := chain{w, w}, 0 // what came in a row and stands in one line: a list's URLs come host by host
		job := &w.Job
		for w != nil && w.Job.Batch == job.Batch && w.Job.Priority == job.Priority && w.Job.Host == job.Host {
			p.arrive(w)
			row.last = w
			n++
			w = w.next
		}
		row.last.next = nil
		l := p.lane(job.Host)
		// In a lane that waits for its turn already, they change nothing unless
		// they go before the others.
		if moved := l.putRow(row, n); moved || l.place == aside || job.Priority > l.best {
			p.place(l, m)
		}
	}
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
	if p.spares+p.lent < 2*p.cfg.Queue && !p.cfg.HandlerStarts {
		w.Again, w.due = nil, time.Time{}
		p.spare.push(w)
		p.spares++
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
