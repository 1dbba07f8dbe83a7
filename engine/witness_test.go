package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"weir/engine"
)

// This file judges what was asked of the far side, by these laws:
//
//   - A request begins only if nothing is paused or cancelled that it belongs
//     to, and none of a cancelled job is written.
//   - Never more are in flight than there are workers, and one at a time at a
//     host that refused or cannot be reached.
//   - Two starts at a host are an interval apart, and none is earlier than the
//     host asked for.
//   - A job that has ended is not requested again unless it was retried, and it
//     has no more attempts than its retries allow, but for those that are free.
//
// A witness sees the weather's log, and what the model allowed at which time.

// A moment is what the operator had asked for from some time on.
type moment struct {
	from time.Time
	*model
}

// A witness keeps what it has seen so far.
type witness struct {
	weather  *weather
	judged   int    // asks of the log
	open     []*ask // of these, those that were under way when it last looked
	hosts    map[string]*farHost
	retries  int
	rate     float64
	last     time.Time            // when the last request of all began
	paid     map[engine.JobID]int // attempts that cost the first try or a retry
	lives    map[engine.JobID]int // how often a job was retried by hand
	finished map[engine.JobID]time.Time
	faults   []string
}

// A farHost is what a host has said and seen.
type farHost struct {
	asks  []*ask
	spans []span
	crawl []span // from when on robots.txt asks for the gap

	failures int       // connections in a row that failed
	opened   time.Time // when the breaker last opened, if it is open
	answered time.Time // when the last answer came
	failed   time.Time // when the last connection failed
	unsure   bool      // an answer and a failure came at the same moment: the order counts
}

// A span is a time in which no request may begin, or only one at once.
type span struct {
	from, until time.Time // exclusive; until zero: it has not ended
	gap         time.Duration
	single      bool // one at a time
	down        bool // because the host cannot be reached
	why         string
}

func newWitness(w *weather, cfg engine.Config) *witness {
	return &witness{
		weather: w, hosts: map[string]*farHost{}, retries: max(cfg.Retries, 0), rate: cfg.Rate,
		paid: map[engine.JobID]int{}, lives: map[engine.JobID]int{}, finished: map[engine.JobID]time.Time{},
	}
}

func (w *witness) host(name string) *farHost {
	if w.hosts[name] == nil {
		w.hosts[name] = &farHost{}
	}
	return w.hosts[name]
}

func (w *witness) faultf(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

// judge looks at what was asked since it last looked. moments are those of the
// step, in order; the first was in force before it. ops are its operations.
func (w *witness) judge(moments []moment, before, now *sight, ops []*operation) {
	fresh := w.weather.log(w.judged)
	w.judged += len(fresh)
	all := append(slices.Clone(w.open), fresh...)
	w.open = w.open[:0]
	for _, a := range all {
		if a.ended.IsZero() {
			w.open = append(w.open, a)
		}
	}
	for _, o := range ops {
		w.counts(o, now)
	}
	w.answers(all)
	for _, o := range ops {
		w.allow(o)
	}
	for i, a := range all {
		if i >= len(all)-len(fresh) {
			w.begins(a, all[:i], inForce(moments, a.began))
			w.again(a, before, ops)
		}
		w.starts(a, inForce(moments, a.start))
	}
}

// inForce returns what was in force at t, before or after what happened then.
func inForce(ms []moment, t time.Time) []moment {
	from, to := 0, 0
	for i, m := range ms {
		if m.from.Before(t) {
			from = i
		}
		if !m.from.After(t) {
			to = i
		}
	}
	return ms[from : to+1]
}

// counts counts how often jobs were retried by hand.
func (w *witness) counts(o *operation, now *sight) {
	if o.err != nil || o.undo || o.action != engine.ActRetry {
		return
	}
	for id, j := range now.jobs {
		if takesIn(o.sel, j) {
			w.lives[id]++
		}
	}
}

// allow ends the spans of hosts that the operator lets be asked.
func (w *witness) allow(o *operation) {
	for name, h := range w.hosts {
		switch o.done.Action {
		case engine.ActRetry:
		case engine.ActResume, engine.ActPause, engine.ActProbe:
			if o.done.Selector.Host != name {
				continue
			}
		default:
			return
		}
		if o.err == nil {
			h.lift(o.done.At)
		}
	}
}

func (h *farHost) lift(now time.Time) {
	for i := range h.spans {
		if s := &h.spans[i]; s.down && !s.single && !s.from.After(now) && s.until.After(now) {
			s.until = now
		}
	}
}

// answers takes in what requests came to, in the order of their ends. Of two at
// the same time the failures and refusals come first, which allows more.
func (w *witness) answers(all []*ask) {
	var ended []*ask
	for _, a := range all {
		if a.landed() {
			ended = append(ended, a)
		}
	}
	slices.SortStableFunc(ended, func(a, b *ask) int {
		if c := a.ended.Compare(b.ended); c != 0 {
			return c
		}
		return a.goodness() - b.goodness()
	})
	for i, a := range ended {
		h := w.host(a.Host)
		if a.Kind == engine.KindPage && a.step.Result != nil {
			w.pays(a, h, ended[i:])
		}
		h.learn(a)
	}
}

// landed reports whether a request has ended and was not cut: the engine heeds
// what it says.
func (a *ask) landed() bool {
	if a.ended.IsZero() {
		return false
	}
	cause := context.Cause(a.ctx) // Canceled: its worker has let go of it
	cut := cause != nil && !errors.Is(cause, context.Canceled)
	return !cut || a.step.Robots != nil || a.step.Result != nil && a.step.Result.Outcome != engine.Failed
}

// refused returns for how long an answer asks to be left alone at least; zero:
// it does not.
func (a *ask) refused() time.Duration {
	switch h := a.step.Host; {
	case h.Status != 429 && (h.Status != 503 || h.RetryAfter == 0):
		return 0
	case h.RetryAfter > 0:
		return h.RetryAfter
	}
	return 2 * time.Second
}

// goodness orders what came to an end at the same moment.
func (a *ask) goodness() int {
	switch {
	case a.step.Host.Status == 0:
		return 0
	case a.refused() > 0:
		return 1
	}
	return 2
}

// pays counts an attempt that costs: one that was answered, or that failed
// while the host was not known to be down. rest are it and the answers after it.
func (w *witness) pays(a *ask, h *farHost, rest []*ask) {
	id := a.Job.ID
	switch {
	case a.refused() > 0:
		return
	case a.step.Host.Status == 0:
		failures := h.failures
		for _, o := range rest {
			if o.Host == a.Host && o.ended.Equal(a.ended) && o.step.Host.Status == 0 {
				failures++ // whose turn it was first is not known
			}
		}
		if failures >= 5 || !h.opened.IsZero() || h.unsure {
			return
		}
	}
	w.paid[id]++
	if most := (1 + w.retries) * (1 + w.lives[id]); w.paid[id] > most {
		w.faultf("job %d had %d attempts that cost a retry, want at most %d", id, w.paid[id], most)
	}
	if o := a.step.Result.Outcome; o == engine.OK || o == engine.Skipped {
		w.finished[id] = a.ended
	}
}

// learn takes in an answer, or that there was none.
func (h *farHost) learn(a *ask) {
	hint, now := a.step.Host, a.ended
	if hint.CrawlDelay > 0 {
		h.crawl = append(h.crawl, span{from: now, gap: hint.CrawlDelay})
	}
	if hint.Status == 0 {
		h.failed = now
		h.unsure = h.unsure || h.answered.Equal(now)
		if a.began.Before(h.opened) {
			return // of the same incident
		}
		if h.failures++; h.failures >= 5 {
			h.opened = now
			h.spans = append(h.spans,
				span{from: now, until: now.Add(30 * time.Second), down: true, why: "it cannot be reached"},
				span{from: now, single: true, down: true, why: "it is probed"})
		}
		return
	}
	h.unsure = h.failed.Equal(now)
	h.answered, h.failures, h.opened = now, 0, time.Time{}
	h.lift(now)
	refused := a.refused()
	for i := range h.spans {
		s := &h.spans[i]
		if s.single && s.until.IsZero() && (s.down || refused == 0 && !a.start.Before(s.from.Add(s.gap))) {
			s.until = now
		}
	}
	if refused > 0 {
		h.spans = append(h.spans,
			span{from: now, until: now.Add(refused), why: "it refused"},
			span{from: now, gap: refused, single: true, why: "it refused, and is asked carefully"})
	}
	if q := hint.QuotaReset; q > 0 {
		h.spans = append(h.spans, span{from: now, until: now.Add(q), why: "its quota is spent"})
	}
}

// begins judges the beginning of a request. before are those of the log before
// it that had not ended when the step began.
func (w *witness) begins(a *ask, before []*ask, ms []moment) {
	h, b := w.host(a.Host), a.began
	faultf := func(format string, args ...any) {
		w.faultf("%s of job %d at %v: %s", a.Host, a.Job.ID, b.Sub(w.weather.begin), fmt.Sprintf(format, args...))
	}
	why, workers := "", 0
	for _, m := range ms {
		workers = max(workers, m.workers)
	}
	for _, m := range ms {
		if why = m.forbids(a); why == "" {
			break
		}
	}
	if why != "" {
		faultf("requested though %s", why)
	}
	flying := 1
	for _, o := range before {
		if o.under(b) {
			flying++
		}
	}
	if flying > workers {
		faultf("%d requests in flight of %d workers", flying, workers)
	}
	if w.rate > 0 && !w.last.IsZero() && b.Sub(w.last) < time.Duration(float64(time.Second)/w.rate) {
		faultf("%v after the last of all hosts", b.Sub(w.last))
	}
	w.last = b
	for _, s := range h.spans {
		switch {
		case !s.from.Before(b) || !s.until.IsZero() && !b.Before(s.until):
		case !s.single:
			faultf("requested though %s", s.why)
		case slices.ContainsFunc(h.asks, func(o *ask) bool { return o.under(b) }):
			faultf("not alone though %s", s.why)
		}
	}
	w.gap(a, h, ms, faultf)
	h.asks = append(h.asks, a)
}

// under reports whether a request, which began earlier, is surely under way at
// t.
func (a *ask) under(t time.Time) bool { return a.ended.IsZero() || a.ended.After(t) }

// gap judges the time between the last start at a host and this beginning.
func (w *witness) gap(a *ask, h *farHost, ms []moment, faultf func(string, ...any)) {
	least := ms[0].interval(a.Host)
	for _, m := range ms {
		least = min(least, m.interval(a.Host))
	}
	if c := h.crawled(a.began); c > least {
		least = c
	}
	if least <= 0 {
		return
	}
	for _, o := range slices.Backward(h.asks) {
		if a.began.Sub(o.began) > least+5*time.Second {
			break
		}
		switch s := o.turn(); {
		case s.IsZero() || s.After(a.began):
			faultf("the turn of %s is still out", o.URL)
		case a.began.Sub(s) < least:
			faultf("%v after the last start, want at least %v", a.began.Sub(s), least)
		}
	}
}

// turn returns when a request used its turn: at its start, or when its
// connection had failed.
func (a *ask) turn() time.Time {
	if a.start.IsZero() {
		return a.ended
	}
	return a.start
}

// crawled returns the gap that robots.txt had asked for before t.
func (h *farHost) crawled(t time.Time) (gap time.Duration) {
	for _, c := range h.crawl {
		if c.from.Before(t) {
			gap = c.gap
		}
	}
	return gap
}

// again judges a request of a job that has ended.
func (w *witness) again(a *ask, before *sight, ops []*operation) {
	id := a.Job.ID
	if at, ok := w.finished[id]; ok && a.began.After(at) {
		w.faultf("job %d is requested again after it was fetched", id)
	}
	j := before.jobs[id]
	if j.Place != engine.Ended || j.Outcome == engine.Cancelled {
		return
	}
	for _, o := range ops {
		if o.err == nil && !o.undo && o.done.Action == engine.ActRetry && takesIn(o.done.Selector, j) {
			return
		}
	}
	w.faultf("job %d is requested though it has ended (%v)", id, j.Outcome)
}

// starts judges the start of a request: it may have begun before a cancel, and
// must not be written after it.
func (w *witness) starts(a *ask, ms []moment) {
	if a.start.IsZero() || a.written || a.Kind == engine.KindRobots {
		return
	}
	a.written = true
	for _, m := range ms {
		if !m.cancels(engine.JobState{ID: a.Job.ID, Batch: a.Job.Batch}) {
			return
		}
	}
	w.faultf("job %d is written at %v though it is cancelled", a.Job.ID, a.start.Sub(w.weather.begin))
}

// cut reports whether the request of a job is still under way though its
// context has ended.
func (w *witness) cut(id engine.JobID) bool {
	return slices.ContainsFunc(w.weather.log(0), func(a *ask) bool {
		return a.Job.ID == id && a.Kind == engine.KindPage && a.ended.IsZero() && a.stubborn && a.ctx.Err() != nil
	})
}

// between returns how many of the queued jobs are between two steps: the last
// answer for them was a redirect. The queue never refuses these.
func (w *witness) between(jobs map[engine.JobID]engine.JobState) (n int) {
	last := map[engine.JobID]*ask{}
	for _, a := range w.weather.log(0) {
		if a.Kind != engine.KindRobots && jobs[a.Job.ID].Place == engine.Queued {
			last[a.Job.ID] = a
		}
	}
	for _, a := range last {
		if a.landed() && a.step.Again != nil {
			n++
		}
	}
	return n
}

// failures returns how many attempts failed of what is paused.
func (w *witness) failures(of whom) (n int) {
	for _, a := range w.weather.log(0) {
		if r := a.step.Result; a.landed() && r != nil && r.Outcome == engine.Failed && (a.Host == of.host || a.Job.Batch == of.batch) {
			n++
		}
	}
	return n
}

// asksRobots reports whether a robots.txt is being asked for.
func (w *witness) asksRobots() bool {
	return slices.ContainsFunc(w.open, func(a *ask) bool { return a.Kind == engine.KindRobots })
}

// hopped reports whether the last answer for a job was a redirect.
func (w *witness) hopped(id engine.JobID) bool {
	for _, a := range slices.Backward(w.weather.log(0)) {
		if a.Job.ID == id && a.Kind == engine.KindPage {
			return a.landed() && a.step.Again != nil
		}
	}
	return false
}
