package engine_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// This file plays random operations against random answers and checks the laws
// after each. A sequence is a seed: what is done and what is answered depends
// on nothing else, so a failure is played again with -run 'TestLedger/seed_17'.

// TestLedgerBalancesWhateverHappens plays sequences that nobody thought of.
func TestLedgerBalancesWhateverHappens(t *testing.T) {
	n := uint64(120)
	if testing.Short() {
		n = 30
	}
	for seed := range n {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { playLedger(t, seed) })
		})
	}
}

// A ledgerRun is a run with what the laws need to be checked.
type ledgerRun struct {
	*run
	store *engine.MemStore
	seed  uint64
	queue int
	sub   *engine.Subscription
	shown map[engine.JobID]engine.JobState

	mu     sync.Mutex // for two operations under way
	rng    *rand.Rand
	played []string
}

func playLedger(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 17))
	w := newWeather(seed)
	l := &ledgerRun{store: engine.NewMemStore(), rng: rng, seed: seed, queue: 1 + rng.IntN(25), shown: map[engine.JobID]engine.JobState{}}
	cfg := engine.Config{
		Workers: 1 + rng.IntN(8), Queue: l.queue, Store: l.store, Random: func() float64 { return 0.5 },
		GiveUp: true, // or an origin that never has its robots.txt is asked for ever
	}
	e, err := engine.New(w, cfg)
	if err != nil {
		t.Fatal(err)
	}
	l.run = &run{Engine: e, t: t, fake: &w.Scraper, begin: time.Now(), ended: make(chan error, 1)}
	l.sub = e.Subscribe(engine.SubscribeOptions{})
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	go func() { l.ended <- e.Run(ctx) }()
	defer func() {
		if t.Failed() {
			t.Logf("queue %d, %d workers: %v", cfg.Queue, cfg.Workers, l.played)
		}
	}()

	l.do(l.addSome)
	for range 10 + rng.IntN(20) {
		switch rng.IntN(10) {
		case 0, 1, 2: // two at the same time
			l.do(l.draw(), l.draw())
		default:
			l.do(l.draw())
		}
		if t.Failed() {
			return
		}
	}
	if rng.IntN(5) == 0 {
		l.cutShort(cancel)
		return
	}
	l.finishAll()
}

// draw draws an operation; it is done when it is called.
func (l *ledgerRun) draw() func() {
	n := l.rng.IntN(100)
	switch {
	case n < 15:
		return l.addSome
	case n < 45:
		return func() { time.Sleep(time.Duration(l.between(0, 3000)) * time.Millisecond) }
	}
	sel, what := l.selector(), ""
	var steer func(context.Context) (engine.Done, error)
	simple := func(name string, f func(context.Context, engine.Selector) (engine.Done, error)) {
		what = fmt.Sprintf("%s %s", name, label(sel))
		steer = func(ctx context.Context) (engine.Done, error) { return f(ctx, sel) }
	}
	switch {
	case n < 57:
		simple("cancel", l.Cancel)
	case n < 64:
		simple("pause", l.Pause)
	case n < 71:
		simple("resume", l.Resume)
	case n < 78:
		simple("retry", l.Retry)
	case n < 92:
		what, steer = "undo", l.Undo
	case n < 96:
		workers := 1 + l.rng.IntN(8)
		what = fmt.Sprintf("workers %d", workers)
		steer = func(ctx context.Context) (engine.Done, error) { return l.SetWorkers(ctx, workers) }
	default:
		p := engine.Priority(l.rng.IntN(3) - 1)
		id := engine.BatchID(1 + l.rng.IntN(max(len(l.Snapshot().Batches), 1)))
		what = fmt.Sprintf("batch %d %v", id, p)
		steer = func(ctx context.Context) (engine.Done, error) { return l.SetPriority(ctx, id, p) }
	}
	return func() {
		l.note(what)
		if _, err := steer(l.t.Context()); err != nil && !errors.Is(err, engine.ErrNothing) {
			l.t.Errorf("%s: %v", what, err)
		}
	}
}

func (l *ledgerRun) between(from, to int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return from + l.rng.IntN(to-from)
}

func (l *ledgerRun) note(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.played = append(l.played, fmt.Sprintf("%v %s", time.Since(l.begin), what))
}

// selector draws whom an operation is for.
func (l *ledgerRun) selector() engine.Selector {
	s := l.Snapshot()
	switch n := l.rng.IntN(10); {
	case n < 2:
		return engine.Selector{All: true}
	case n < 5 && len(s.Batches) > 0:
		return engine.Selector{Batch: s.Batches[l.rng.IntN(len(s.Batches))].Batch.ID}
	case n < 8 && len(s.Hosts) > 0:
		return engine.Selector{Host: s.Hosts[l.rng.IntN(len(s.Hosts))].Host}
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

// addSome adds a list of 1 to 40 lines over 1 to 5 hosts: some of them twice,
// some no URL.
func (l *ledgerRun) addSome() {
	lines, hosts := l.between(1, 41), l.between(1, 6)
	var jobs []iter.Seq2[engine.Job, error]
	for i := range lines {
		host := fmt.Sprintf("h%d.test", l.between(0, hosts))
		one := func(yield func(engine.Job, error) bool) {
			j := enginetest.Job(host, 1000*int(l.seed)+i%25)
			if host > "h2.test" {
				j.Origin = "http://" + host
			}
			yield(j, nil)
		}
		if l.between(0, 20) == 0 {
			one = enginetest.Bad(i)
		}
		jobs = append(jobs, one)
	}
	added, err := l.Add(l.t.Context(), engine.Batch{Name: "list"}, enginetest.Chain(jobs...))
	if err != nil {
		l.t.Errorf("add: %v", err)
	}
	if added.New+added.Duplicate+added.Invalid != lines {
		l.t.Errorf("added %+v, want %d lines", added, lines)
	}
	l.note(fmt.Sprintf("add batch %d of %d", added.Batch, added.New))
}

// do does operations at the same time and checks the laws when all is at rest.
func (l *ledgerRun) do(ops ...func()) {
	var wg sync.WaitGroup
	for _, op := range ops {
		wg.Go(op)
	}
	wg.Wait()
	synctest.Wait()
	l.check()
}

func (l *ledgerRun) check() {
	l.t.Helper()
	s := l.Snapshot()
	l.balanced(s)
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
	if hand > 0 && s.Counts.Queued < l.queue && s.State != engine.RunPaused {
		l.t.Errorf("%d jobs are held while the queue has room: %+v", hand, s.Counts)
	}
	l.replica(s)
	l.reasoned(s)
	l.gaps(time.Second)
	if l.t.Failed() {
		l.t.Logf("after %v", l.played[len(l.played)-1])
	}
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
	for _, j := range l.shown {
		waits := j.Place == engine.Backlog || j.Place == engine.Queued || j.Place == engine.Deferred
		if why := s.Why(j); waits != (why != nil) {
			l.t.Errorf("job %d of %s is in %v for %#v", j.ID, j.Host, j.Place, why)
		}
	}
}

// replica keeps a screen's copy of the jobs and counts it against the books.
func (l *ledgerRun) replica(s engine.Stats) {
	l.t.Helper()
	merge(l.sub, l.shown)
	var places [engine.Ended + 1]int
	for _, j := range l.shown {
		places[j.Place]++
	}
	if c := s.Counts; places[engine.Queued] != c.Queued || places[engine.InFlight] != c.InFlight || places[engine.Deferred] != c.Retry {
		l.t.Errorf("a screen shows %d queued, %d in flight, %d retries; the books say %+v",
			places[engine.Queued], places[engine.InFlight], places[engine.Deferred], c)
	}
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
	s := l.Snapshot()
	sels := []engine.Selector{{All: true}}
	for _, b := range s.Batches {
		sels = append(sels, engine.Selector{Batch: b.Batch.ID})
	}
	for _, h := range s.Hosts {
		sels = append(sels, engine.Selector{Host: h.Host})
	}
	var jobs engine.Selector
	for id := range engine.JobID(s.Counts.Submitted) {
		jobs.Jobs = append(jobs.Jobs, id+1)
	}
	sels = append(sels, jobs)
	for _, sel := range sels {
		if _, err := l.Resume(l.t.Context(), sel); err != nil && !errors.Is(err, engine.ErrNothing) {
			l.t.Errorf("resume %s: %v", label(sel), err)
		}
	}
	l.Close()
	l.note("close")
	select {
	case err := <-l.ended:
		if err != nil {
			l.t.Errorf("Run = %v", err)
		}
	case <-time.After(24 * time.Hour):
		s := l.Snapshot()
		l.t.Fatalf("the run does not end: %+v; %+v", s.Counts, s.Hosts)
	}
	l.check()
	if s = l.Snapshot(); s.Counts.Left() != 0 || s.Busy != 0 {
		l.t.Errorf("%+v is left, %d workers busy", s.Counts, s.Busy)
	}
	l.rows(s)
}

// rows checks that each job has one row, the newest, and that screens show it.
func (l *ledgerRun) rows(s engine.Stats) {
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
	var c engine.Counts
	for _, o := range rows {
		switch o {
		case engine.OK:
			c.OK++
		case engine.Empty:
			c.Empty++
		case engine.Failed:
			c.Failed++
		case engine.Skipped:
			c.Skipped++
		case engine.Cancelled:
			c.Cancelled++
		}
	}
	c.Duplicate, c.Invalid = s.Counts.Duplicate, s.Counts.Invalid
	c.Skipped += c.Duplicate + c.Invalid
	if c.Submitted = s.Counts.Submitted; c != s.Counts {
		l.t.Errorf("rows %+v, want %+v", c, s.Counts)
	}
	for id, shown := range l.shown {
		if rows[id] != shown.Outcome {
			l.t.Errorf("job %d is shown as %v, its row says %v", id, shown.Outcome, rows[id])
		}
	}
}

// cutShort ends the run through its context: whatever was under way is
// unfetched again, in the books and in the store.
func (l *ledgerRun) cutShort(cancel context.CancelCauseFunc) {
	gone := errors.New("gone")
	before := len(l.fake.Calls()) + l.Snapshot().Busy
	cancel(gone)
	if err := <-l.ended; !errors.Is(err, gone) {
		l.t.Errorf("Run = %v, want its context's cause", err)
	}
	l.note("cut short")
	synctest.Wait()
	l.check()
	kept, _ := l.store.Count(l.t.Context(), engine.Query{})
	if s := l.Snapshot(); s.Counts.Queued+s.Counts.InFlight+kept.InFlight != 0 || s.Busy != 0 {
		l.t.Errorf("after the end %+v, %d workers busy; the store has %+v", s.Counts, s.Busy, kept)
	}
	time.Sleep(time.Hour)
	if got := len(l.fake.Calls()); got > before {
		l.t.Errorf("%d requests started after the end", got-before)
	}
}
