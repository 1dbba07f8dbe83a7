package engine

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// The defaults of a Pool, those of the first version of this system.
const (
	DefaultWorkers  = 5
	DefaultQueue    = 100
	DefaultInterval = time.Second

	MaxWorkers = 500
)

// A Handler carries one job. ctx ends when the job is cancelled. A panic in it
// becomes the job's error, a *PanicError.
type Handler func(ctx context.Context, t *Turn) error

// PoolConfig holds the numbers of a Pool. The zero PoolConfig is usable.
type PoolConfig struct {
	Workers int // jobs carried at once, 1 to MaxWorkers; zero: DefaultWorkers
	Queue   int // jobs waiting in front of them, at most; zero: DefaultQueue

	// Interval is the shortest time between the starts of two jobs of one
	// host. Zero means DefaultInterval; below zero means no pacing.
	Interval time.Duration

	// Throttle is how the pace of a host adapts to what its handler reports
	// of its answers, which only the engine's own does.
	Throttle Throttle

	// Limiter, if not nil, is one more gate that every start of every host
	// passes. Other pools may share it.
	Limiter *RateLimiter

	// HandlerStarts says that a job has not started when its handler is
	// called, but when the handler calls [Turn.Start]. Until then no other
	// job of the host is handed out, and a job that returns without Start
	// has used no turn.
	HandlerStarts bool

	// Ended, if not nil, is called with each job that a handler was called
	// for and what it returned, from the worker's goroutine.
	Ended func(Job, error)
}

// A PanicError is the error of a job whose handler panicked, or of a run whose
// own goroutines did.
type PanicError struct {
	Value any
	Stack []byte
	In    string // what panicked; empty: a job
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("engine: panic in %s: %v", cmp.Or(e.In, "a job"), e.Value)
}

// A Pool carries jobs with a bounded number of workers behind a bounded queue,
// and starts the jobs of one host at least an interval apart.
//
// The queue knows the host of each job. A worker is handed only a job whose
// host's turn has come, so a host that waits holds no worker: fifty jobs of a
// slow host do not delay the first job of an idle one.
//
// Inside a host the highest priority goes first, and the batches of a priority
// take turns. Among the hosts whose turn has come, which wait only if every
// worker is busy, the one with a job of the highest priority goes first, and of
// equals the one that has waited longest: among n hosts of one priority a job
// at the head of its host waits for n-1 others of that priority.
//
// Nobody starves, at both places by one rule: a lower priority that was passed
// over nine times in a row goes next. So with two priorities the lower one has
// exactly every tenth job while the higher one never ends, and with n of them
// waits for 9+n-2 jobs of the others at most.
//
// An idle worker keeps the clock for the others, so a Pool has no goroutines
// but its workers. They are started by need and end after Close or Cancel;
// Wait waits for them.
//
// A Pool is safe for use by multiple goroutines.
type Pool struct {
	cfg    PoolConfig
	handle Handler
	wg     sync.WaitGroup

	door door // where jobs come in

	mu     sync.Mutex
	lanes  map[string]*lane
	since  time.Time          // the last start of an earlier life at the latest, of each host; zero: there is none
	newest *lane              // the one made last
	latest *lane              // the one asked for last: a list's URLs come host by host
	ready  ranks              // the host's turn has come
	timed  laneHeap           // it comes at lane.at
	crowd  map[*lane]struct{} // it has come, but others are to have the workers
	later  []*waiter          // between two steps and not due yet
	held   map[string]struct{}
	depth  int       // waiters in lanes and later
	in     []row     // as long as letIn works, then empty: the door's next
	spare  []*waiter // to use again, on their way back to the door
	lent   int       // how many were at the door already, at most
	paused bool

	workers int       // the limit, now
	slots   []*worker // by number; nil: not started
	hired   int       // workers in slots
	idle    []*worker
	active  int     // workers that carry a job
	clock   *worker // the idle worker that wakes at alarm
	alarm   time.Time
	cause   error         // of Cancel
	dropped []*waiter     // what Cancel took out of the queue
	quiet   chan struct{} // closed when nothing is queued or carried, if somebody waits for that; else nil
}

// A worker is one slot.
type worker struct {
	num  int           // from 1
	wake chan struct{} // capacity 1: look again
	turn *waiter       // what it carries, or was just handed

	// Contexts for the next turns. One is 8 bytes; made one by one they were
	// a tenth of a job's cost.
	contexts *[64]turnContext
	context  int // the next of them
}

// NewPool returns a pool that is ready for Submit. It returns an error that
// names the first number of cfg that is out of range.
func NewPool(handle Handler, cfg PoolConfig) (*Pool, error) {
	if cfg.Workers == 0 {
		cfg.Workers = DefaultWorkers
	}
	if cfg.Queue == 0 {
		cfg.Queue = DefaultQueue
	}
	if cfg.Interval == 0 {
		cfg.Interval = DefaultInterval
	}
	if err := checkWorkers(cfg.Workers); err != nil {
		return nil, err
	}
	if cfg.Queue < 1 {
		return nil, fmt.Errorf("engine: queue %d: want at least 1", cfg.Queue)
	}
	p := &Pool{
		cfg:     cfg,
		handle:  handle,
		lanes:   make(map[string]*lane),
		crowd:   make(map[*lane]struct{}),
		held:    make(map[string]struct{}),
		workers: cfg.Workers,
	}
	p.door.slack.Store(true)
	return p, nil
}

func checkWorkers(n int) error {
	if n < 1 || n > MaxWorkers {
		return fmt.Errorf("engine: workers %d: want 1 to %d", n, MaxWorkers)
	}
	return nil
}

// Wait blocks until no job is queued or carried, and after Close or Cancel
// until the workers are gone too. It returns [context.Cause] if ctx ends
// first, and the cause of Cancel if the pool was cancelled.
func (p *Pool) Wait(ctx context.Context) error {
	for {
		p.mu.Lock()
		busy, over, cause := p.busy(), p.over(), p.cause
		if busy && p.quiet == nil {
			p.quiet = make(chan struct{})
		}
		quiet := p.quiet
		p.mu.Unlock()
		if !busy {
			if over {
				p.wg.Wait()
			}
			return cause
		}
		select {
		case <-quiet:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Close ends Submit. What is queued is still carried; then the workers end.
// Closing twice is closing once.
func (p *Pool) Close() {
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	p.shut(&m)
	p.settle()
}

// Cancel is the other ending: the queue is emptied, the contexts of the jobs
// under way end with cause (nil: ErrCancelled), and no job starts any more.
// It does not wait for the jobs under way; Wait does.
func (p *Pool) Cancel(cause error) {
	if cause == nil {
		cause = ErrCancelled
	}
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	if p.cause != nil {
		return
	}
	p.cause = cause
	p.shut(&m)
	p.dropped = p.removeLocked(func(*waiter) bool { return true })
	for _, w := range p.slots {
		if w != nil && w.turn != nil {
			w.turn.cancel(cause)
		}
	}
	p.settle()
}

// ActiveWorkers returns how many workers carry a job now.
func (p *Pool) ActiveWorkers() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.active
}

// SetWorkers changes the number of workers, 1 to MaxWorkers. More take up work
// at once; fewer end when they have carried what they carry.
func (p *Pool) SetWorkers(n int) error {
	if err := checkWorkers(n); err != nil {
		return err
	}
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	p.workers = n
	for _, w := range p.idle {
		if w.num > n {
			w.rouse()
		}
	}
	p.ease(&m)
	p.dispatch(&m)
	return nil
}

// work is the life of a worker. It goes on after a handler that panicked.
func (p *Pool) work(w *worker) {
	var m moment
	p.lock(&m)
	defer func() {
		p.slots[w.num-1] = nil
		p.hired--
		p.ease(&m)
		p.dispatch(&m) // what it returned last may be for another
		p.mu.Unlock()
	}()
	for p.carry(w, &m) {
	}
}

// carry carries jobs until the worker is to end, or until a handler panics: that
// is the job's error, and again is true. One deferred call for all jobs and not
// one for each saves a fourteenth of what a job costs. p.mu held, but while a
// handler runs. It reads t.Job then, and others may, so handlers treat it as
// constant.
func (p *Pool) carry(w *worker, m *moment) (again bool) {
	handling := false
	defer func() {
		if !handling {
			return
		}
		var err error
		if v := recover(); v != nil { // else the handler ended its goroutine
			err, again = &PanicError{Value: v, Stack: debug.Stack()}, true
		}
		w.turn.ctx.end()
		p.tell(w.turn, err)
		p.lock(m)
		p.finish(w, m)
	}()
	for p.await(w, m) {
		switch {
		case w.turn == nil:
			continue
		case p.cause != nil: // since it was handed over
			w.turn.putBack()
			p.finish(w, m)
			continue
		}
		for more := true; more; more = p.relay(w) {
			t := w.turn
			p.mu.Unlock()
			handling = true
			err := p.handle(t.ctx, &t.Turn)
			handling = false
			t.ctx.end()
			p.tell(t, err)
			p.lock(m)
		}
		p.finish(w, m)
	}
	return false
}

// tell tells of a job whose handler has returned, if somebody wants to know.
func (p *Pool) tell(t *waiter, err error) {
	if p.cfg.Ended != nil {
		p.cfg.Ended(t.Job, err)
	}
}
