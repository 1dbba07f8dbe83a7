package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// This file is a job in the hands of a worker: from the turn it was handed to
// what came of its request.

// carry is the pool's handler.
func (e *Engine) carry(ctx context.Context, t *Turn) error {
	f := e.begin(ctx, t)
	if f == nil {
		return nil
	}
	step := e.do(ctx, f)
	switch {
	case f.req.Kind == KindRobots:
		e.endRobots(ctx, f, step)
	case step.Again != nil && e.endHop(ctx, f, step):
	default:
		e.endAttempt(ctx, f, step)
	}
	return nil
}

// begin takes a job from the queue into flight. It returns nil if there is
// nothing to request after all: the turn is given back.
func (e *Engine) begin(ctx context.Context, t *Turn) *flight {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := t.Handed
	if t.Again != nil && t.Again.Kind == KindRobots {
		j := t.Again.Job
		switch {
		case e.host(j.Host).left == 0 || ctx.Err() != nil:
			e.askedRobots(j.Origin, e.origins[j.Origin]) // nobody wants to know any more
			return nil
		case e.rests(t.Again.Host, now):
			t.putBack()
			return nil
		}
		return e.launch(t, nil, *t.Again, now)
	}
	t.begun = true
	b := e.batch(t.Job.Batch)
	mark, taken := e.taken[t.Job.ID]
	delete(e.taken, t.Job.ID)
	switch {
	case ctx.Err() != nil, taken, b.halted(), !e.host(t.Job.Host).paused.At.IsZero(), !e.stays(t.Job).At.IsZero():
		// It was cancelled or paused while it was being handed over.
		e.shift(b, t.Job.Host, Queued, Backlog, 0, 0)
		e.putDown(t.Job, b, mark)
		return nil
	}
	req := Request{Job: t.Job, URL: t.Job.URL, Host: t.Job.Host, Origin: t.Job.Origin, Recipe: b.Recipe}
	if t.Again != nil {
		req = *t.Again
		req.Job = t.Job
	}
	req.Attempt = t.Job.Attempts + 1
	switch {
	case t.Again == nil && e.paused.IsZero() && e.host(req.Host).halted(now):
		// The host was parked: its jobs leave the queue to others.
		e.shift(b, t.Job.Host, Queued, Backlog, 0, 0)
		e.putDown(t.Job, b, 0)
		return nil
	case e.rests(req.Host, now):
		t.putBack()
		return nil
	}
	if g := &e.host(req.Host).gone; g.until.After(now) {
		e.shift(b, t.Job.Host, Queued, InFlight, 0, 0)
		e.finish(b, t.Job, g.result(t.Job))
		return nil
	}
	if o := e.robots(req.Origin, req.Host, now); o != nil {
		switch {
		case !o.gone.until.IsZero():
			e.shift(b, t.Job.Host, Queued, InFlight, 0, 0)
			e.finish(b, t.Job, o.gone.result(t.Job))
			return nil
		case !o.toll.until.IsZero():
			e.shift(b, t.Job.Host, Queued, InFlight, 0, 0)
			e.finish(b, t.Job, o.toll.result(t.Job))
			o.toll = gone{}
			return nil
		case o.asking:
			t.putBack()
			return nil
		}
		// The first job of an origin gives its turn to robots.txt.
		o.asking = true
		e.pool.hold(req.Origin)
		t.putBack()
		e.host(req.Host).robots = robotsAsked
		asker := Job{Host: req.Host, Origin: req.Origin}
		return e.launch(t, nil, Request{Kind: KindRobots, Job: asker, Host: req.Host, Origin: req.Origin}, now)
	}
	e.shift(b, t.Job.Host, Queued, InFlight, 0, 0)
	f := e.launch(t, b, req, now)
	e.show(t.Job, InFlight, nil)
	return f
}

// rests reports whether the run or the host was paused or parked: a job that
// was on its way to a worker then keeps its place in the queue.
func (e *Engine) rests(hostName string, now time.Time) bool {
	return !e.paused.IsZero() || e.host(hostName).halted(now)
}

// launch enters a request under way. b is nil for robots.txt.
func (e *Engine) launch(t *Turn, b *batch, req Request, now time.Time) *flight {
	f := &flight{turn: t, job: req.Job, req: req, batch: b, phase: PhaseConnect, since: now}
	f.req.Report = func(p Phase) { e.report(f, p) }
	e.flights[t] = f
	e.slots[t.Worker] = f
	return f
}

// report notes a phase of a request. The report of PhaseSent starts the
// host's interval.
func (e *Engine) report(f *flight, p Phase) {
	if p == PhaseSent {
		f.turn.Start()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	f.touched = true
	f.phase, f.since = p, now
	if p == PhaseSent && f.started.IsZero() {
		f.started = now
		e.sent++
		e.host(f.req.Host).meter.add(now.Sub(e.epoch))
	}
}

// do makes the request. A panic in the scraper is that job's failure.
func (e *Engine) do(ctx context.Context, f *flight) (step Step) {
	defer func() {
		if v := recover(); v != nil {
			err := &PanicError{Value: v, Stack: debug.Stack()}
			step = Step{Result: &Result{Outcome: Failed, Class: Extract, Error: err.Error()}}
			e.sayf(LevelBad, "panic while scraping %s: %v\n%s", f.req.URL, v, err.Stack)
		}
		if f.turnTouched(e) {
			f.turn.Start() // a connection that failed has used its turn too
		}
	}()
	step = e.scraper.Do(ctx, f.req)
	if step.Result == nil && step.Again == nil && step.Robots == nil {
		step.Result = &Result{Outcome: Failed, Class: Extract, Error: "the scraper returned nothing"}
	}
	return step
}

func (f *flight) turnTouched(e *Engine) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return f.touched
}

// land takes a request off those under way.
func (e *Engine) land(f *flight) {
	delete(e.flights, f.turn)
	delete(e.slots, f.turn.Worker)
	now := time.Now()
	e.idle[f.turn.Worker] = now
	if !f.started.IsZero() {
		e.took.add(now.Sub(f.started))
	}
	e.measure(f, now)
}

// endHop queues the next request of a job: between two steps it counts as
// queued. It reports whether it did; a job that was cut meanwhile has none.
func (e *Engine) endHop(ctx context.Context, f *flight, step Step) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	e.land(f)
	e.hopped(f, step.Again.Host)
	e.hint(f, step.Host, nil)
	e.shift(f.batch, f.job.Host, InFlight, Queued, 0, 0)
	again := *step.Again
	again.Recipe = f.req.Recipe
	f.turn.again(&again, step.After)
	shown := e.state(f.job, Queued)
	if step.After > 0 {
		shown.Reason = HopWait{Host: again.Host, Due: time.Now().Add(step.After), Login: step.Login}
	} else if again.Host != f.job.Host || step.Login {
		shown.Reason = HopWait{Host: again.Host, Login: step.Login}
	}
	e.feed.set(shown)
	return true
}

// endAttempt decides what comes of a job whose attempt has ended.
func (e *Engine) endAttempt(ctx context.Context, f *flight, step Step) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.land(f)
	now := time.Now()
	j, b := f.job, f.batch
	if ctx.Err() != nil && (step.Result == nil || step.Result.Outcome == Failed) {
		// It was cut: unfetched again, or cancelled.
		e.shift(b, j.Host, InFlight, Backlog, 0, 0)
		e.putDown(j, b, f.cut)
		return
	}
	r := *step.Result
	if f.touched {
		j.Attempts++
	}
	r.Attempts = j.Attempts
	r.Timing.Waited = max(f.turn.Handed.Sub(j.Waited), 0)
	v := e.judge(f, &j, r, step.Host, now)
	if f.touched {
		if !v.held {
			e.watch(b, e.host(f.req.Host), r.Outcome == Failed, now)
		}
		e.past[j.ID] = append(e.past[j.ID], Attempt{
			Status: r.Status, Class: r.Class, Elapsed: r.Elapsed, Waited: r.Timing.Waited, Why: v.why,
		})
	}
	e.tried(b, f, j, r, v)
	if !v.again {
		if v.class != "" {
			r.Class = v.class
		}
		e.finish(b, j, r)
		return
	}
	j.Due, j.Waited, j.Class = v.due, now, ""
	if v.spent {
		j.Class = r.Class
		j.Retries++
		e.retried++
	}
	e.shift(b, j.Host, InFlight, Deferred, 0, 0)
	if err := e.release([]Job{j}); err != nil {
		e.fail(err)
		return
	}
	e.deferUntil(v.due)
	if r, ok := v.reason.(RetryWait); ok {
		h := e.host(j.Host)
		h.firstRetry(now) // forgets those that are over
		h.retried(r)
	}
	e.noteRunSoon(now)
	s := e.state(j, Deferred)
	s.Class, s.Status, s.Why, s.Elapsed, s.Reason = r.Class, r.Status, r.Error, r.Elapsed, e.waitsFor(j, v.reason)
	e.feed.set(s)
	e.settle()
}

// putDown returns a leased job, whose place is the backlog, to the store, and
// counts it as cancelled if it is. mark is the cancel that took it by name or
// host; zero: none.
func (e *Engine) putDown(j Job, b *batch, mark uint64) {
	e.fail(e.release([]Job{j}))
	switch {
	case mark != 0 && mark != b.mark:
		e.shift(b, j.Host, Backlog, Ended, 0, Cancelled)
		e.showCancelled(j)
	case b.mark != 0:
		e.lose(b, j.Host, Backlog)
		e.showCancelled(j)
	default:
		e.show(j, Backlog, e.waitsFor(j, nil))
		e.rouse()
	}
	e.settle()
}

// waitsFor returns what a job waits for by itself that waits for why, or is
// paused by name.
func (e *Engine) waitsFor(j Job, why Reason) Reason {
	stays := e.host(j.Host).stays
	st, ok := stays[j.ID]
	if !ok {
		return why
	}
	st.was = why
	stays[j.ID] = st
	return st.paused
}

// finish hands the result of a job, which is in flight, to the committer.
func (e *Engine) finish(b *batch, j Job, r Result) {
	r.Job, r.Batch, r.URL, r.Host = j.ID, j.Batch, j.URL, j.Host
	r.History, r.Carry = e.past[j.ID], j.Carry
	delete(e.past, j.ID)
	for i := range r.Links {
		r.Links[i].Waited = time.Now()
	}
	select {
	case e.done <- r:
	default:
		// The store is behind. Let go of the lock, so that the committer can
		// catch up, and of nothing else: a worker that waits here takes no
		// new job.
		e.mu.Unlock()
		e.done <- r
		e.mu.Lock()
	}
}

// show tells the screens where a job is now.
func (e *Engine) show(j Job, p Place, why Reason) {
	s := e.state(j, p)
	s.Reason = why
	e.feed.set(s)
}

func (e *Engine) showCancelled(j Job) {
	s := e.state(j, Ended)
	s.Outcome, s.Ended = Cancelled, time.Now()
	e.feed.set(s)
}

func (e *Engine) state(j Job, p Place) JobState {
	return JobState{ID: j.ID, Batch: j.Batch, URL: j.URL, Host: j.Host, Place: p, Attempts: j.Attempts}
}

// commit keeps results until there are no more, as many in one step as are
// there.
func (e *Engine) commit(ctx context.Context) {
	const most = 64
	rs := make([]Result, 0, most)
	for r := range e.done {
		rs = append(rs[:0], r)
	more:
		for len(rs) < most {
			select {
			case r, ok := <-e.done:
				if !ok {
					break more
				}
				rs = append(rs, r)
			default:
				break more
			}
		}
		e.keep(ctx, rs)
	}
}

// keep commits results and then counts them: done means kept.
func (e *Engine) keep(ctx context.Context, rs []Result) {
	defer e.caught("keeping results")
	e.keeping.Lock()
	defer e.keeping.Unlock()
	e.salvage(rs)
	e.mu.Lock()
	for i := range rs {
		e.num++
		rs[i].Num = e.num
	}
	e.mu.Unlock()
	err := e.store.Finish(ctx, rs, func(j Job, class Class) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.admit(e.batch(j.Batch), j, class)
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil {
		e.fail(fmt.Errorf("%d results are not kept: %w", len(rs), err))
		return
	}
	now := time.Now()
	e.noteRunSoon(now)
	e.rouse() // for the links that became jobs
	for i := range rs {
		r := &rs[i]
		b := e.batch(r.Batch)
		e.shift(b, r.Host, InFlight, Ended, 0, r.Outcome)
		delete(e.host(r.Host).stays, r.Job)
		if r.Outcome == Failed {
			e.host(r.Host).failed++
		}
		b.rows += len(r.Records)
		b.fill.add(r.Fill)
		e.rows += len(r.Records)
		e.classes = tally(e.classes, r.Outcome, r.Class, 1)
		e.meter.add(now.Sub(e.epoch))
		state := r.State()
		state.Ended = now
		e.feed.set(state)
	}
	e.settle()
}

// salvage makes records of what the jobs of results without any carried. It is
// called without the lock: what they carry may be long.
func (e *Engine) salvage(rs []Result) {
	s, able := e.scraper.(Salvager)
	for i := range rs {
		r := &rs[i]
		if able && r.Carry != "" && len(r.Records) == 0 {
			e.mu.Lock()
			ref := e.batch(r.Batch).Recipe
			e.mu.Unlock()
			s.Salvage(ref, r)
		}
		r.Carry = ""
	}
}

// isRefusal reports whether an answer asks to come back later.
func isRefusal(h HostHint) bool { return h.Status == 429 || h.Status == 503 && h.RetryAfter > 0 }
