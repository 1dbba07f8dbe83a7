package engine_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// This file plays random operations against random answers and checks the laws
// after each step. A sequence is a seed: what is done and what is answered
// depends on nothing else, so a failure is played again with
//
//	go test ./engine -run 'TestLedger/seed_17$'
//
// A failing seed prints what was played. WEIR_SEEDS says how many seeds are
// played, and WEIR_FROM which is the first.

// TestLedgerBalancesWhateverHappens plays sequences that nobody thought of.
func TestLedgerBalancesWhateverHappens(t *testing.T) {
	from, n := number(t, "WEIR_FROM", 0), number(t, "WEIR_SEEDS", 80)
	if testing.Short() {
		n = min(n, 25)
	}
	for seed := from; seed < from+n; seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { playLedger(t, seed) })
		})
	}
}

// number reads a number from the environment.
func number(t *testing.T, name string, or uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return or
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// A ledgerRun is a run with what the laws need to be checked.
type ledgerRun struct {
	*run
	store   *listing
	weather *weather
	witness *witness
	model   *model
	cfg     engine.Config
	sub     *engine.Subscription
	rng     *rand.Rand
	played  []string
	closed  bool
	over    bool // Run has returned

	// How many jobs may have been on their way to a worker when the run was
	// paused: they keep their place in the queue.
	onTheWay int

	// now is what the screen showed when the laws were last checked, and so
	// before the step that is played.
	now   sight
	shown map[engine.JobID]engine.JobState // what the screen was told

	// Of the step that is played:
	mu      sync.Mutex // for operations at the same time; held over each
	moments []moment
	ops     []*operation
	expect  []func() string // laws that only this step has
}

func playLedger(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 17))
	store := &listing{MemStore: engine.NewMemStore()}
	cfg := engine.Config{
		Workers: 1 + rng.IntN(8), Queue: 1 + rng.IntN(25), Interval: time.Second,
		Retries: engine.DefaultRetries, Store: store, Random: func() float64 { return 0.5 },
		GiveUp: rng.IntN(2) == 0,
	}
	switch rng.IntN(8) {
	case 0:
		cfg.Interval = -1
	case 1:
		cfg.Interval = 250 * time.Millisecond
	case 2:
		cfg.Retries = -1
	case 3:
		cfg.Rate = 2
	}
	if rng.IntN(4) == 0 {
		cfg.Safeguard = 0.15 + rng.Float64()/3
	}
	if rng.IntN(3) == 0 {
		cfg.Throttle = engine.Throttle(1 + rng.IntN(3))
	}
	w := newWeather(seed, cfg.GiveUp)
	e, err := engine.New(w, cfg)
	if err != nil {
		t.Fatal(err)
	}
	l := &ledgerRun{
		run:   &run{Engine: e, t: t, fake: &w.Scraper, begin: w.begin, ended: make(chan error, 1)},
		store: store, weather: w, witness: newWitness(w, cfg), model: newModel(cfg), cfg: cfg, rng: rng,
		sub: e.Subscribe(engine.SubscribeOptions{}), shown: map[engine.JobID]engine.JobState{},
	}
	l.now.jobs = map[engine.JobID]engine.JobState{}
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() { l.ended <- e.Run(ctx) }()
	defer func() {
		if !l.over {
			cancel(nil)
			<-l.ended
		}
		if t.Failed() {
			cfg.Store, cfg.Random = nil, nil
			t.Logf("%+v\n%s", cfg, strings.Join(l.played, "\n"))
		}
	}()

	l.step(true, l.add)
	for range 10 + rng.IntN(20) {
		switch n := rng.IntN(20); {
		case n < 5:
			l.step(false, l.rest)
		case n < 8:
			l.step(true, l.add)
		case n < 15:
			l.step(true, l.steer(l.draw(true)))
		default:
			l.step(false, l.several()...)
		}
		if t.Failed() {
			return
		}
	}
	switch rng.IntN(6) {
	case 0:
		l.cutShort(cancel)
	case 1:
		l.drainAll()
	default:
		l.finishAll()
	}
}

// step does operations at the same time, waits until all is at rest and checks
// the laws. It is exact if there is one operation that takes no time.
func (l *ledgerRun) step(exact bool, ops ...func(exact bool)) {
	l.t.Helper()
	l.moments = []moment{{l.now.stats.At, l.model}}
	l.ops, l.expect = nil, nil
	l.model = l.model.clone()
	if exact {
		l.moments = nil // it was in force only before
		ops[0](true)
		l.moments = append(l.moments, moment{l.now.stats.At, l.model})
	} else {
		var wg sync.WaitGroup
		for _, op := range ops {
			wg.Go(func() { op(false) })
		}
		wg.Wait()
	}
	synctest.Wait()
	l.check(exact)
}

// rest lets time pass: mostly less than a host's interval or a few of them, and
// sometimes as long as a host is left alone.
func (l *ledgerRun) rest(bool) {
	most := 3000
	if l.rng.IntN(8) == 0 {
		most = 60_000
	}
	d := time.Duration(l.rng.IntN(most)) * time.Millisecond
	l.note(fmt.Sprintf("rest %v", d))
	time.Sleep(d)
}

// several draws two or three operations that are done in the next second and a
// half, or at the same moment. There is no retry beside a cancel or undo: nobody
// could tell which of them a job was late for.
func (l *ledgerRun) several() (ops []func(exact bool)) {
	var takes, retries bool
	for range 2 + l.rng.IntN(2) {
		op := l.adder()
		if l.rng.IntN(5) > 0 {
			o := l.draw(false)
			for retries && (o.undo || o.action == engine.ActCancel) || takes && o.action == engine.ActRetry {
				o = l.draw(false)
			}
			takes = takes || o.undo || o.action == engine.ActCancel
			retries = retries || o.action == engine.ActRetry
			op = l.steer(o)
		}
		after := time.Duration(max(l.rng.IntN(2000)-500, 0)) * time.Millisecond
		ops = append(ops, func(exact bool) {
			time.Sleep(after)
			op(exact)
		})
	}
	return ops
}

// draw draws an operation. Only one that is alone sets the interval of a host or
// batch: which hosts that meets, and what they had before, depends on the moment;
// for a batch also on who gave its turn to a robots.txt that is asked for.
func (l *ledgerRun) draw(alone bool) *operation {
	o := &operation{sel: l.selector(alone)}
	switch n := l.rng.IntN(100); {
	case n < 22:
		o.action = engine.ActCancel
	case n < 36:
		o.action = engine.ActPause
	case n < 50:
		o.action = engine.ActResume
	case n < 60:
		o.action = engine.ActRetry
	case n < 82:
		o.undo = true
	case n < 88:
		o.action, o.workers, o.sel = engine.ActWorkers, 1+l.rng.IntN(8), engine.Selector{All: true}
		if l.rng.IntN(4) == 0 {
			o.workers = 1 + l.rng.IntN(engine.MaxWorkers)
		}
	case n < 91 && len(l.now.stats.Batches) > 0:
		o.action, o.priority = engine.ActPriority, engine.Priority(l.rng.IntN(3)-1)
		o.sel = engine.Selector{Batch: engine.BatchID(1 + l.rng.IntN(len(l.now.stats.Batches)))}
	default:
		o.action = engine.ActInterval
		o.interval = []time.Duration{-1, 100 * time.Millisecond, time.Second, 1700 * time.Millisecond, 4 * time.Second}[l.rng.IntN(5)]
	}
	named := len(o.sel.Jobs) > 0
	switch o.action {
	case engine.ActInterval:
		if named || !alone || o.sel.Batch != 0 && l.witness.asksRobots() {
			o.sel = engine.Selector{All: true}
		}
	}
	return o
}

// steer returns the call of an operation.
func (l *ledgerRun) steer(o *operation) func(exact bool) {
	return func(exact bool) {
		ctx, now := l.t.Context(), &l.now
		l.mu.Lock()
		defer l.mu.Unlock()
		if !exact {
			now = l.listed()
		}
		switch {
		case o.undo:
			o.done, o.err = l.Undo(ctx)
		case o.action == engine.ActCancel:
			o.done, o.err = l.Cancel(ctx, o.sel)
		case o.action == engine.ActPause:
			o.done, o.err = l.Pause(ctx, o.sel)
		case o.action == engine.ActResume:
			o.done, o.err = l.Resume(ctx, o.sel)
		case o.action == engine.ActRetry:
			o.done, o.err = l.Retry(ctx, o.sel)
		case o.action == engine.ActWorkers:
			o.done, o.err = l.SetWorkers(ctx, o.workers)
		case o.action == engine.ActPriority:
			o.done, o.err = l.SetPriority(ctx, o.sel.Batch, o.priority)
		case o.action == engine.ActInterval:
			o.done, o.err = l.SetInterval(ctx, o.sel, o.interval)
		}
		answer := fmt.Sprint(o.err)
		if o.err == nil {
			answer = fmt.Sprintf("%s: %d waiting, %d queued, %d in flight", o.done.Action, o.done.Waiting, o.done.Queued, o.done.InFlight)
		}
		l.played = append(l.played, fmt.Sprintf("%v %v (%s)", time.Since(l.begin), o, answer))
		if l.closed && errors.Is(o.err, engine.ErrClosed) {
			return // it had just ended
		}
		l.ops = append(l.ops, o)
		var last *change
		if n := len(l.model.undos); o.undo && n > 0 {
			last = l.model.undos[n-1]
		}
		next := l.model.clone()
		if wrong := next.apply(o, now, exact); wrong != "" {
			l.t.Errorf("%v: %s", time.Since(l.begin), wrong)
		}
		if exact && last != nil && last.jobs != nil {
			l.expect = append(l.expect, l.givenBack(last))
		}
		if !next.paused[whom{all: true}].IsZero() && l.model.paused[whom{all: true}].IsZero() {
			l.onTheWay = next.workers
		}
		l.model = next
		l.moments = append(l.moments, moment{time.Now(), next})
	}
}

// listed returns what the screen showed before the step, with the jobs that
// came since, and those that an undo gave back.
func (l *ledgerRun) listed() *sight {
	now := sight{stats: l.now.stats, jobs: maps.Clone(l.now.jobs)}
	for id, j := range now.jobs {
		if j.Outcome == engine.Cancelled && !l.model.cancels(j) {
			j.Place, j.Outcome = engine.Backlog, engine.OutcomeNone
			now.jobs[id] = j
		}
	}
	for _, j := range l.store.from(len(now.jobs)) {
		now.jobs[j.ID] = engine.JobState{ID: j.ID, Batch: j.Batch, URL: j.URL, Host: j.Host}
	}
	return &now
}

// givenBack returns the law of a retry that was undone: what still waits has
// its result back.
func (l *ledgerRun) givenBack(c *change) func() string {
	waits := map[engine.JobID]bool{}
	for id := range c.jobs {
		j := l.now.jobs[id]
		waits[id] = (j.Place == engine.Backlog || j.Place == engine.Queued) && !l.model.cancels(j)
	}
	return func() string {
		for id, was := range c.jobs {
			if j := l.now.jobs[id]; waits[id] && (j.Outcome != was.Outcome || j.Num != was.Num) {
				return fmt.Sprintf("job %d is %v %v after the undo of its retry, want %v", id, j.Place, j.Outcome, was.Outcome)
			}
		}
		return ""
	}
}

func (l *ledgerRun) note(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.played = append(l.played, fmt.Sprintf("%v %s", time.Since(l.begin), what))
}

// selector draws whom an operation is for.
func (l *ledgerRun) selector(alone bool) engine.Selector {
	s := &l.now.stats
	switch n := l.rng.IntN(20); {
	case n < 4:
		return engine.Selector{All: true}
	case n < 10 && len(s.Batches) > 0:
		return engine.Selector{Batch: s.Batches[l.rng.IntN(len(s.Batches))].Batch.ID}
	case n < 16 && len(s.Hosts) > 0:
		return engine.Selector{Host: s.Hosts[l.rng.IntN(len(s.Hosts))].Host}
	case n < 17 && alone:
		return engine.Selector{Batch: 999}
	}
	var sel engine.Selector
	for range 1 + l.rng.IntN(8) {
		sel.Jobs = append(sel.Jobs, engine.JobID(1+l.rng.IntN(60)))
	}
	return sel
}

func label(sel engine.Selector) string {
	switch {
	case sel.All:
		return "all"
	case sel.Batch != 0:
		return fmt.Sprint("batch ", sel.Batch)
	case sel.Host != "":
		return sel.Host
	}
	return fmt.Sprint(sel.Jobs)
}

// add adds a list.
func (l *ledgerRun) add(exact bool) { l.adder()(exact) }

// adder draws a list of 1 to 40 lines over 1 to 5 hosts: some of them twice,
// some no URL. Some lists are for a batch that is there already, some have an
// interval of their own.
func (l *ledgerRun) adder() func(exact bool) {
	lines, hosts := 1+l.rng.IntN(40), 1+l.rng.IntN(5)
	b := engine.Batch{Name: "list", Priority: engine.Priority(l.rng.IntN(3) - 1)}
	if n := len(l.now.stats.Batches); n > 0 && l.rng.IntN(4) == 0 {
		b = l.now.stats.Batches[l.rng.IntN(n)].Batch
	} else if l.rng.IntN(6) == 0 {
		b.Interval = []time.Duration{-1, 500 * time.Millisecond, 2 * time.Second}[l.rng.IntN(3)]
	}
	var jobs []iter.Seq2[engine.Job, error]
	for i := range lines {
		host := fmt.Sprintf("h%d.test", l.rng.IntN(hosts))
		if l.rng.IntN(20) == 0 {
			jobs = append(jobs, enginetest.Bad(i))
			continue
		}
		jobs = append(jobs, func(yield func(engine.Job, error) bool) {
			yield(l.weather.job(host, i%25), nil)
		})
	}
	return func(exact bool) {
		added, err := l.Add(l.t.Context(), b, enginetest.Chain(jobs...))
		if err != nil {
			l.t.Errorf("add: %v", err)
		}
		if added.New+added.Duplicate+added.Invalid != lines || b.ID != 0 && added.Batch != b.ID {
			l.t.Errorf("added %+v, want %d lines to batch %d", added, lines, b.ID)
		}
		l.note(fmt.Sprintf("add batch %d: %d new, interval %v, %v", added.Batch, added.New, b.Interval, b.Priority))
		l.mu.Lock()
		defer l.mu.Unlock()
		next := l.model.clone()
		if b.ID == 0 {
			next.priority[added.Batch] = b.Priority
		}
		l.model = next
		l.moments = append(l.moments, moment{time.Now(), next})
	}
}

// check checks the laws when all is at rest.
func (l *ledgerRun) check(exact bool) {
	l.t.Helper()
	before := l.look()
	s := &l.now.stats
	l.balanced(*s)
	ctx := l.t.Context()
	for _, b := range s.Batches {
		kept, err := l.store.Count(ctx, engine.Query{Batch: b.Batch.ID})
		if err != nil {
			l.t.Fatal(err)
		}
		l.agree(fmt.Sprint("batch ", b.Batch.ID), b.Counts, kept)
	}
	kept, _ := l.store.Count(ctx, engine.Query{})
	hand := l.agree("the run", s.Counts, kept)
	if hand > 0 && (s.Counts.Queued < l.cfg.Queue || s.State == engine.RunPaused) {
		l.t.Errorf("%d jobs are held, though the queue has room or the run is %v: %+v", hand, s.State, s.Counts)
	}
	l.replica(*s)
	l.settle(before, exact)
	l.witness.judge(l.moments, before, &l.now, l.ops)
	l.modelled()
	l.reasoned(*s)
	l.fed()
	for _, f := range l.witness.faults {
		l.t.Error(f)
	}
	for _, law := range l.expect {
		if wrong := law(); wrong != "" {
			l.t.Error(wrong)
		}
	}
	if l.t.Failed() {
		l.t.Logf("at %v after %v", time.Since(l.begin), l.played[len(l.played)-1])
	}
}

// look takes what the screen shows now, and returns what it showed before. Of
// jobs that were never queued a screen is not told; the store has them.
func (l *ledgerRun) look() *sight {
	before := l.now
	l.now = sight{stats: l.Snapshot(), jobs: maps.Clone(before.jobs)}
	merge(l.sub, l.shown)
	maps.Copy(l.now.jobs, l.shown)
	cancelled := map[engine.JobID]bool{}
	rows, _ := l.Results(l.t.Context(), engine.Query{Outcomes: []engine.Outcome{engine.Cancelled}})
	for _, r := range rows {
		cancelled[r.Job] = true
	}
	for _, j := range l.store.from(0) {
		if _, shown := l.shown[j.ID]; shown {
			continue
		}
		state := engine.JobState{ID: j.ID, Batch: j.Batch, URL: j.URL, Host: j.Host}
		if cancelled[j.ID] {
			state.Place, state.Outcome = engine.Ended, engine.Cancelled
		}
		l.now.jobs[j.ID] = state
	}
	return &before
}

// A listing is a store that knows which jobs it was given.
type listing struct {
	*engine.MemStore
	mu   sync.Mutex
	jobs []engine.Job
}

func (s *listing) note(each func(engine.Job, engine.Class)) func(engine.Job, engine.Class) {
	return func(j engine.Job, class engine.Class) {
		if class == "" {
			s.mu.Lock()
			s.jobs = append(s.jobs, j)
			s.mu.Unlock()
		}
		each(j, class)
	}
}

// from returns the jobs from the nth on.
func (s *listing) from(n int) []engine.Job {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.jobs[n:len(s.jobs):len(s.jobs)]
}

// AddBatch implements [engine.Store].
func (s *listing) AddBatch(ctx context.Context, b engine.Batch, jobs iter.Seq2[engine.Job, error], each func(engine.Job, engine.Class)) (engine.Added, error) {
	return s.MemStore.AddBatch(ctx, b, jobs, s.note(each))
}

// Finish implements [engine.Store].
func (s *listing) Finish(ctx context.Context, rs []engine.Result, each func(engine.Job, engine.Class)) error {
	return s.MemStore.Finish(ctx, rs, s.note(each))
}

// agree checks the engine's books against the store's, which knows of leased
// jobs only that they are leased: those that the engine has queued or in
// flight, and those in the feeder's hand, which count as waiting until they
// are queued. It returns how many these are.
func (l *ledgerRun) agree(what string, books, kept engine.Counts) (hand int) {
	l.t.Helper()
	hand = kept.InFlight - books.Queued - books.InFlight
	waiting := books.Backlog + books.Retry - kept.Backlog - kept.Retry
	if hand < 0 || hand != waiting || books.Backlog < kept.Backlog || books.Retry < kept.Retry {
		l.t.Errorf("%s: books %+v, the store has %+v", what, books, kept)
	}
	for _, c := range []*engine.Counts{&books, &kept} {
		c.Backlog, c.Retry, c.Queued, c.InFlight = 0, 0, 0, 0
	}
	if books != kept {
		l.t.Errorf("%s: books %+v, the store has %+v", what, books, kept)
	}
	return hand
}

// reasoned checks that whatever waits says why, and so that nothing is stuck: a
// job that is queued and held up by nothing would be with a worker.
func (l *ledgerRun) reasoned(s engine.Stats) {
	l.t.Helper()
	for _, h := range s.Hosts {
		if h.Waiting > 0 && h.Reason == nil {
			l.t.Errorf("%s has %d jobs waiting and no reason, with %d of %d workers busy", h.Host, h.Waiting, s.Busy, s.Workers)
		}
	}
	for _, j := range l.now.jobs {
		waits := j.Place == engine.Backlog || j.Place == engine.Queued || j.Place == engine.Deferred
		if why := s.Why(j); waits != (why != nil) {
			l.t.Errorf("job %d of %s is in %v for %#v", j.ID, j.Host, j.Place, why)
		}
	}
}

// replica counts the jobs as a screen shows them against the books.
func (l *ledgerRun) replica(s engine.Stats) {
	l.t.Helper()
	counts := make([]engine.Counts, len(s.Batches))
	for _, j := range l.now.jobs {
		*at(&counts[j.Batch-1], j)++
	}
	for i, c := range counts {
		books := s.Batches[i].Counts
		c.Submitted, c.Duplicate, c.Invalid = books.Submitted, books.Duplicate, books.Invalid
		if c.Skipped += c.Duplicate + c.Invalid; c != books {
			l.t.Errorf("batch %d: a screen shows %+v, the books say %+v", i+1, c, books)
		}
	}
}

// at returns where a job counts.
func at(c *engine.Counts, j engine.JobState) *int {
	switch j.Place {
	case engine.Backlog:
		return &c.Backlog
	case engine.Queued:
		return &c.Queued
	case engine.Deferred:
		return &c.Retry
	case engine.InFlight:
		return &c.InFlight
	}
	switch j.Outcome {
	case engine.OK:
		return &c.OK
	case engine.Empty:
		return &c.Empty
	case engine.Failed:
		return &c.Failed
	case engine.Skipped:
		return &c.Skipped
	}
	return &c.Cancelled
}

// merge takes what there is and merges it into a replica.
func merge(sub *engine.Subscription, into map[engine.JobID]engine.JobState) {
	var v engine.View
	for more := true; more; more = v.More {
		sub.Take(&v)
		if v.Full {
			clear(into)
		}
		for _, j := range v.Jobs {
			into[j.ID] = j
		}
	}
}

// finishAll resumes what is paused and sees that every job ends, once.
func (l *ledgerRun) finishAll() {
	l.resumeAll()
	l.Close()
	l.closed = true
	l.note("close")
	for range 30 {
		if l.await(time.Hour) {
			break
		}
		l.resumeAll() // a safeguard pauses again
	}
	l.check(false)
	s := l.now.stats
	if left := s.Counts.Left(); !l.over || left != 0 && !(l.cfg.GiveUp && left == s.Guarded) || s.Busy != 0 {
		l.t.Fatalf("the run does not end: %+v is left, %d workers busy: %+v", s.Counts, s.Busy, s.Hosts)
	}
	l.rows()
}

// resumeAll resumes the run, its batches, its hosts and its jobs.
func (l *ledgerRun) resumeAll() {
	s := l.Snapshot()
	sels := []engine.Selector{{All: true}}
	for _, b := range s.Batches {
		sels = append(sels, engine.Selector{Batch: b.Batch.ID})
	}
	for _, h := range s.Hosts {
		sels = append(sels, engine.Selector{Host: h.Host})
	}
	sels = append(sels, engine.Selector{Jobs: slices.Sorted(maps.Keys(l.now.jobs))})
	l.step(false, func(bool) {
		for _, sel := range sels {
			l.steer(&operation{action: engine.ActResume, sel: sel})(false)
		}
	})
}

// await waits for the end of the run and reports whether it came in time. It
// begins a step, which the caller checks.
func (l *ledgerRun) await(most time.Duration) bool {
	l.moments = []moment{{l.now.stats.At, l.model}}
	l.ops, l.expect = nil, nil
	l.model = l.model.clone()
	select {
	case err := <-l.ended:
		if err != nil {
			l.t.Errorf("Run = %v", err)
		}
		l.over = true
	case <-time.After(most):
		synctest.Wait()
		l.check(false)
	}
	return l.over
}

// drainAll finishes what is queued and in flight; the backlog stays.
func (l *ledgerRun) drainAll() {
	l.resumeAll()
	s := &l.now
	l.Drain()
	l.note("drain")
	stays := map[engine.JobID]bool{}
	for id, j := range s.jobs {
		stays[id] = j.Place == engine.Backlog || j.Place == engine.Deferred
	}
	asked := len(l.weather.log(0))
	l.closed = true
	for range 30 {
		if l.await(time.Hour) {
			break
		}
		l.resumeAll() // a safeguard pauses again, with jobs between two steps in the queue
	}
	if !l.over {
		l.t.Fatalf("the run does not drain: %+v", l.now.stats.Counts)
	}
	l.check(false)
	for _, a := range l.weather.log(asked) {
		if a.Kind == engine.KindPage && stays[a.Job.ID] {
			l.t.Errorf("job %d is requested, and was in the backlog of a run that drains", a.Job.ID)
		}
	}
	l.left(l.now.stats)
}

// left checks that the store has all that is left at the end.
func (l *ledgerRun) left(s engine.Stats) {
	kept, _ := l.store.Count(l.t.Context(), engine.Query{})
	if s.Counts.Queued+s.Counts.InFlight+kept.InFlight != 0 || s.Busy != 0 {
		l.t.Errorf("after the end %+v, %d workers busy; the store has %+v", s.Counts, s.Busy, kept)
	}
}

// rows checks that each job has one row, the newest, and that screens show it.
func (l *ledgerRun) rows() {
	ctx := l.t.Context()
	rows := map[engine.JobID]engine.Outcome{}
	kept, _ := l.Results(ctx, engine.Query{})
	for _, r := range kept {
		if _, twice := rows[r.Job]; twice {
			l.t.Errorf("job %d has two results", r.Job)
		}
		rows[r.Job] = r.Outcome
	}
	cancelled, _ := l.Results(ctx, engine.Query{Outcomes: []engine.Outcome{engine.Cancelled}})
	for _, r := range cancelled {
		if was := rows[r.Job]; was != engine.OutcomeNone && was != engine.Failed && was != engine.Empty {
			l.t.Errorf("job %d is cancelled and %v", r.Job, was) // one that was retried has its old result
		}
		rows[r.Job] = engine.Cancelled
	}
	for id, shown := range l.now.jobs {
		if rows[id] != shown.Outcome && shown.Place == engine.Ended {
			l.t.Errorf("job %d is shown as %v, its row says %v", id, shown.Outcome, rows[id])
		}
	}
}

// cutShort ends the run through its context: whatever was under way is
// unfetched again, in the books and in the store.
func (l *ledgerRun) cutShort(cancel context.CancelCauseFunc) {
	gone := errors.New("gone")
	before := len(l.fake.Calls()) + l.Snapshot().Busy
	l.moments = []moment{{l.now.stats.At, l.model}}
	l.ops, l.expect = nil, nil
	cancel(gone)
	if err := <-l.ended; !errors.Is(err, gone) {
		l.t.Errorf("Run = %v, want its context's cause", err)
	}
	l.over = true
	l.note("cut short")
	synctest.Wait()
	l.check(false)
	l.left(l.now.stats)
	time.Sleep(time.Hour)
	if got := len(l.fake.Calls()); got > before {
		l.t.Errorf("%d requests started after the end", got-before)
	}
}
