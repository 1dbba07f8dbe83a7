package engine

import (
	"context"
	"sync/atomic"
	"time"
)

// A Turn is a host's permission for one request, in the hands of a worker. It
// is the handler's until the handler returns; the pool may use it again then.
type Turn struct {
	// What the pool reads and writes to hand a job over stands in one cache
	// line, with the first two of waiter.
	lane    *lane
	ctx     *turnContext
	back    *waiter  // what comes next of the job
	Again   *Request // the request to make; nil: the job's first
	Worker  int      // the slot's number
	started bool
	begun   bool // the engine's: it has seen the job; guarded by its lock
	front   bool // back goes before all others

	// Handed is when it was handed over; zero in a pool without HandlerStarts
	// for a host that is not paced: nobody has read the clock then.
	Handed time.Time

	Job  Job
	pool *Pool
}

// Start says that the job's request is on the wire now: its host's interval
// counts from here. Only the first call counts, and only in a pool with
// HandlerStarts.
func (t *Turn) Start() {
	p := t.pool
	var m moment
	p.lock(&m)
	defer p.mu.Unlock()
	if t.started {
		return
	}
	t.started = true
	t.lane.pace.started(m.now())
	p.place(t.lane, &m)
	p.dispatch(&m)
}

// again queues r as what comes next of the turn's job, when the handler has
// returned: not before after has passed, and ahead of other jobs of its host.
func (t *Turn) again(r *Request, after time.Duration) {
	t.back, t.front = &waiter{Turn: Turn{Job: t.Job, Again: r, pool: t.pool}}, true
	if after > 0 {
		t.back.due = time.Now().Add(after)
	}
}

// putBack queues the turn's job as it came, when the handler has returned: it
// was not its turn after all.
func (t *Turn) putBack() { t.again(t.Again, 0) }

// cancel ends the context of the turn's handler. Only the first call counts.
func (t *Turn) cancel(cause error) { t.ctx.get().cancel(cause) }

// A turnContext is the context of one handler. It makes the context that it
// stands for when somebody asks for more than Err, which saves a job that never
// does two allocations. It ends at the latest when its handler returns, and is
// never used again: whoever keeps it keeps an ended context.
type turnContext struct{ made atomic.Pointer[madeContext] }

// nextContext returns the context of the worker's next turn.
func (w *worker) nextContext() *turnContext {
	if w.context == len(w.contexts) {
		w.contexts, w.context = new([64]turnContext), 0
	}
	w.context++
	return &w.contexts[w.context-1]
}

type madeContext struct {
	context.Context
	cancel context.CancelCauseFunc
}

func newContext() *madeContext {
	ctx, cancel := context.WithCancelCause(context.Background())
	return &madeContext{ctx, cancel}
}

// ended stands for every context whose handler returned before it was made.
var ended = func() *madeContext {
	c := newContext()
	c.cancel(nil)
	return c
}()

// get returns the context, made now if it was not yet.
func (c *turnContext) get() *madeContext {
	if c.made.Load() == nil {
		c.made.CompareAndSwap(nil, newContext())
	}
	return c.made.Load()
}

// end ends the context, as cancel with nil would.
func (c *turnContext) end() {
	if !c.made.CompareAndSwap(nil, ended) {
		c.made.Load().cancel(nil)
	}
}

// Deadline implements [context.Context]: there is none.
func (c *turnContext) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done implements [context.Context].
func (c *turnContext) Done() <-chan struct{} { return c.get().Done() }

// Err implements [context.Context].
func (c *turnContext) Err() error {
	if made := c.made.Load(); made != nil {
		return made.Err()
	}
	return nil
}

// Value implements [context.Context]. [context.Cause] finds the cause by it.
func (c *turnContext) Value(key any) any { return c.get().Value(key) }
