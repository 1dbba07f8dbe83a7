package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// An Engine works off batches of URLs with a Scraper: it feeds a bounded Pool
// from the backlog in a Store, keeps each host's pace, decides what is tried
// again, keeps the books, and tells screens what happens.
//
// Its steering methods are those of [Controller]. An Engine is safe for use by
// multiple goroutines.
type Engine struct {
	cfg     Config
	scraper Scraper
	store   Store
	pool    *Pool
	feed    *feed
	wake    chan struct{} // capacity 1: the feeder should look again
	more    chan struct{} // capacity 1: so it should unless the queue is full
	ending  chan struct{} // closed when nothing is left that Run waits for
	done    chan Result   // from workers to the committer
	epoch   time.Time
	entered atomic.Bool // a batch has a job at a host where it had none

	// keeping is held while results are kept and then counted, so that none
	// is retried in between. It is taken before mu.
	keeping sync.Mutex

	mu      sync.Mutex
	batches []*batch
	hosts   map[string]*host
	roll    []*host // the same, those that a snapshot has seen by name
	ranked  int     // so many are
	linked  *lane   // those made up to this one are known to their hosts
	waiting int     // hosts with jobs left that are not in flight
	stocked int     // hosts with jobs that wait outside the queue
	lined   []*host // hosts with jobs in the queue, in no order
	kept    []*host // hosts that were paused or parked, and may be so no more
	stale   []*host // hosts to be noted at noteAt
	origins map[string]*origin
	flights map[*Turn]*flight
	slots   map[int]*flight // by worker number
	idle    map[int]time.Time
	hand    []Job            // leased, not yet submitted
	higher  int              // submitted since one last went ahead of a higher priority
	passing bool             // they wait for jobs that are queued by the books, but not in the pool's queue
	taken   map[JobID]uint64 // cancelled by name or host while a worker was being handed them
	past    map[JobID][]Attempt
	counts  Counts
	hits    uint64
	sent    uint64
	retried uint64
	num     uint64
	rows    int
	took    Durations
	classes []ClassCount
	changes uint64 // marks given out
	undos   []undo
	due     []time.Time // when retries come due, ascending
	meter   meter       // jobs ended
	hitrate meter
	gauge   gauge // of the requests of all hosts

	// Reused by snapshot.
	loads  []workload // hosts with jobs that wait, by name
	slowed []pace     // of those that recover from a refusal
	halts  []*batch   // that are paused
	future forecast

	noteAt   time.Time
	runNoted time.Time // when the run was last noted
	adding   int       // calls of Add under way
	paused   time.Time
	rested   time.Duration // time in pauses and at rest
	restFrom time.Time     // since when nothing is to do; zero: there is
	started  time.Time
	closing  bool
	draining bool
	running  bool
	over     bool  // Run has ended
	trouble  error // of the store: the run cannot go on
	stopped  bool  // ending is closed
}

// New returns an idle engine; call [Engine.Run] to start it. Batches may be
// added before. A run that the store has is taken up where it was left; see
// [Successor]. It returns an error that names the first field of cfg that is
// out of range, or an [ErrStore].
func New(s Scraper, cfg Config) (*Engine, error) {
	if cfg.Rate < 0 {
		return nil, fmt.Errorf("engine: rate %g: want at least 0", cfg.Rate)
	}
	if err := checkSafeguard(cfg.Safeguard); err != nil {
		return nil, err
	}
	if cfg.Retries == 0 {
		cfg.Retries = DefaultRetries
	}
	cfg.Retries = max(cfg.Retries, 0)
	if cfg.Store == nil {
		cfg.Store = NewMemStore()
	}
	if cfg.Random == nil {
		cfg.Random = rand.Float64
	}
	now := time.Now()
	kept, err := load(cfg.Store, now)
	if err != nil {
		return nil, err
	}
	cfg = kept.settled(cfg)
	e := &Engine{
		cfg:     cfg,
		scraper: s,
		store:   cfg.Store,
		wake:    make(chan struct{}, 1),
		more:    make(chan struct{}, 1),
		ending:  make(chan struct{}),
		done:    make(chan Result, 256),
		epoch:   now,
		hosts:   make(map[string]*host),
		origins: make(map[string]*origin),
		flights: make(map[*Turn]*flight),
		slots:   make(map[int]*flight),
		idle:    make(map[int]time.Time),
		taken:   make(map[JobID]uint64),
		past:    make(map[JobID][]Attempt),
	}
	e.feed = newFeed(e.snapshot)
	pc := PoolConfig{Workers: cfg.Workers, Queue: cfg.Queue, Interval: cfg.Interval, Throttle: cfg.Throttle, HandlerStarts: true}
	if cfg.Rate > 0 {
		pc.Limiter = NewRateLimiter(time.Duration(float64(time.Second) / cfg.Rate))
	}
	if e.pool, err = NewPool(e.carry, pc); err != nil {
		return nil, err
	}
	e.cfg.Workers, e.cfg.Queue, e.cfg.Interval = e.pool.cfg.Workers, e.pool.cfg.Queue, e.pool.cfg.Interval
	if err := e.takeUp(kept, now); err != nil {
		return nil, err
	}
	return e, nil
}

// Run works until the engine was closed and every job has ended (see also
// [Config].GiveUp), or was told to drain and has, or until ctx is done. It
// returns nil in the first two cases and [context.Cause] in the third; jobs that were in flight then are
// unfetched again. Trouble with the store ends it with an [ErrStore].
// Call it once.
func (e *Engine) Run(ctx context.Context) error {
	e.mu.Lock()
	e.running = true
	e.noteRun(time.Now())
	e.mu.Unlock()
	e.sync(ctx) // from here on it is known that requests may have started
	e.mu.Lock()
	e.settle()
	e.mu.Unlock()

	feeding, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var feeder, committer sync.WaitGroup
	feeder.Go(func() { e.feedQueue(feeding) })
	committer.Go(func() { e.commit(context.WithoutCancel(ctx)) })

	var err error
	select {
	case <-e.ending:
		e.mu.Lock()
		err = e.trouble
		e.mu.Unlock()
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	stop()
	feeder.Wait()
	e.mu.Lock()
	e.over = true
	if rerr := e.recallAll(func(Job) bool { return true }); err == nil {
		err = rerr
	}
	e.pool.remove((*waiter).probe) // nobody will want to know
	e.mu.Unlock()
	if err != nil {
		e.pool.Cancel(err)
	}
	e.pool.Close()
	// The pool's own cause, if any, is the one that was just given to it.
	_ = e.pool.Wait(context.WithoutCancel(ctx))
	close(e.done)
	committer.Wait()
	e.mu.Lock()
	e.fail(e.giveBack(e.pool.leftover()))
	e.noteRest(time.Now())
	e.mu.Unlock()
	e.sync(ctx)
	e.mu.Lock()
	if e.trouble != nil {
		err = e.trouble
	}
	e.mu.Unlock()
	e.feed.end()
	return err
}

// Close implements [Controller]: no batch is taken any more, and Run returns
// when every job has ended.
func (e *Engine) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closing = true
	e.settle()
}

// Drain implements [Controller]: what is queued and in flight is finished, the
// backlog stays, and Run returns.
func (e *Engine) Drain() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.draining {
		e.draining = true
		e.say(LevelInfo, "draining: what is queued and in flight is finished, the backlog stays")
	}
	e.settle()
}

// Results implements [Controller].
func (e *Engine) Results(ctx context.Context, q Query) ([]Result, error) {
	rs, err := e.store.Results(ctx, q)
	e.salvage(rs)
	return rs, err
}

// States implements [Controller]. What a [Salvager] would make of a cancelled
// job's Carry is not counted.
func (e *Engine) States(ctx context.Context, q Query) ([]JobState, error) {
	return e.store.States(ctx, q)
}

// Subscribe implements [Controller].
func (e *Engine) Subscribe(o SubscribeOptions) *Subscription { return e.feed.subscribe(o) }

// Snapshot implements [Controller].
func (e *Engine) Snapshot() Stats {
	var s Stats
	e.snapshot(&s)
	return s
}

// sync waits until the store has kept what it was told, whatever becomes of
// ctx.
func (e *Engine) sync(ctx context.Context) {
	if err := e.store.Sync(context.WithoutCancel(ctx)); err != nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.fail(err)
	}
}

// The rest is called with e.mu held.

// settle looks whether something has come to its end: a batch, the run.
func (e *Engine) settle() {
	now := time.Now()
	for _, b := range e.batches {
		if done := b.counts.Left() == 0 && !b.reading(); done && !b.announced && b.mark == 0 {
			b.announced = true
			c := b.counts
			e.sayf(LevelInfo, "batch %d %s done: %d ok, %d empty, %d failed, %d skipped", b.ID, b.Name, c.OK, c.Empty, c.Failed, c.Skipped)
		}
	}
	if e.counts.Left() == 0 && e.adding == 0 && e.restFrom.IsZero() && !e.started.IsZero() {
		e.restFrom = now
	}
	if e.stopped || !e.running {
		return
	}
	ended := e.closing && e.adding == 0 && e.counts.Left() == 0 ||
		e.draining && e.counts.Queued == 0 && e.counts.InFlight == 0 ||
		e.closing && e.adding == 0 && e.abandoned() ||
		e.trouble != nil
	if ended {
		e.stopped = true
		close(e.ending)
	}
	e.feed.poke()
}

// abandoned reports whether all that is left waits for somebody to lift a pause
// of the safeguard, and nobody watches.
func (e *Engine) abandoned() bool {
	if !e.cfg.GiveUp || e.counts.Queued+e.counts.InFlight > 0 {
		return false
	}
	n := e.guarded()
	if n == 0 || n < e.counts.Left() {
		return false
	}
	e.sayf(LevelBad, "the safeguard holds all that is left: %d URLs are not fetched", n)
	return true
}

// stir ends a rest: there is something to do again.
func (e *Engine) stir(now time.Time) {
	if !e.restFrom.IsZero() {
		if end := e.pausedOr(now); end.After(e.restFrom) {
			e.rested += end.Sub(e.restFrom)
		}
		e.restFrom = time.Time{}
	}
}

// pausedOr returns since when the run is paused, or else now.
func (e *Engine) pausedOr(now time.Time) time.Time {
	if !e.paused.IsZero() {
		return e.paused
	}
	return now
}

// rouse makes the feeder look.
func (e *Engine) rouse() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// fail ends the run over trouble with the store. The first one counts.
func (e *Engine) fail(err error) {
	if e.trouble == nil && err != nil {
		e.trouble = fmt.Errorf("%w: %w", ErrStore, err)
		e.sayf(LevelBad, "the store failed: %v", err)
		e.settle()
	}
}

// caught, deferred, makes trouble of a panic in a goroutine of the engine's own.
// The run cannot go on, but whoever holds the terminal can give it back. It is
// deferred before the engine's lock is taken.
func (e *Engine) caught(what string) {
	if v := recover(); v != nil {
		err := &PanicError{Value: v, Stack: debug.Stack(), In: what}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.fail(err)
	}
}

// change is the store's Change, and release its Release: not to be interrupted,
// because the books would no longer agree with it. Each ends the run if the
// store failed.
func (e *Engine) change(ctx context.Context, sel Selector, ch Change) (Changed, error) {
	moved, err := e.store.Change(context.WithoutCancel(ctx), sel, ch)
	if err != nil && !errors.Is(err, ErrNoBatch) {
		e.fail(err)
		err = e.trouble
	}
	return moved, err
}

func (e *Engine) release(back []Job) error {
	if err := e.store.Release(context.Background(), back); err != nil {
		e.fail(err)
		return e.trouble
	}
	return nil
}

func (e *Engine) say(l Level, text string) { e.feed.say(LogLine{At: time.Now(), Level: l, Text: text}) }

func (e *Engine) sayf(l Level, format string, args ...any) { e.say(l, fmt.Sprintf(format, args...)) }
