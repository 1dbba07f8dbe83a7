package engine_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"weir/engine"
)

// This file is what an operator may expect of a run: plain maps, no clock and no
// goroutines. It knows of the engine only what a screen shows.
//
// A model knows the marks that operations leave: pauses, cancels, intervals,
// workers, priorities, and the stack of what can be undone. What the engine does
// by itself, such as ending a job, it reads from the screen.

// A whom is one thing that can be paused: one of its fields is set.
type whom struct {
	all   bool
	batch engine.BatchID
	host  string
	job   engine.JobID
}

// whoms returns what a selector is for.
func whoms(sel engine.Selector) []whom {
	switch {
	case sel.All:
		return []whom{{all: true}}
	case sel.Batch != 0:
		return []whom{{batch: sel.Batch}}
	case sel.Host != "":
		return []whom{{host: sel.Host}}
	}
	var ws []whom
	for _, id := range sel.Jobs {
		ws = append(ws, whom{job: id})
	}
	return ws
}

// takesIn reports whether a selector selects a job.
func takesIn(sel engine.Selector, j engine.JobState) bool {
	return sel.All || sel.Batch != 0 && j.Batch == sel.Batch ||
		sel.Host != "" && j.Host == sel.Host || slices.Contains(sel.Jobs, j.ID)
}

// An operation is one call of a steering method, and what it returned.
type operation struct {
	action   engine.Action
	undo     bool // take back the newest change; no other field counts
	sel      engine.Selector
	interval time.Duration
	workers  int
	priority engine.Priority

	done engine.Done
	err  error
}

func (o *operation) String() string {
	switch {
	case o.undo:
		return "undo"
	case o.action == engine.ActInterval:
		return fmt.Sprintf("interval %v of %s", o.interval, label(o.sel))
	case o.action == engine.ActWorkers:
		return fmt.Sprintf("workers %d", o.workers)
	case o.action == engine.ActPriority:
		return fmt.Sprintf("priority %v of %s", o.priority, label(o.sel))
	}
	return fmt.Sprintf("%s %s", o.action, label(o.sel))
}

// A sight is what a screen shows at one moment.
type sight struct {
	stats engine.Stats
	jobs  map[engine.JobID]engine.JobState
}

func (s *sight) host(name string) *engine.HostStats {
	for i := range s.stats.Hosts {
		if s.stats.Hosts[i].Host == name {
			return &s.stats.Hosts[i]
		}
	}
	return nil
}

// left returns how many jobs of a host have not ended.
func (s *sight) left(host string) (n int) {
	for _, j := range s.jobs {
		if j.Host == host && j.Place != engine.Ended {
			n++
		}
	}
	return n
}

// A change is one entry of the stack of what can be undone.
type change struct {
	done  engine.Done
	back  func(m *model)
	fresh bool                             // made in this step, while the run went on
	jobs  map[engine.JobID]engine.JobState // of a retry: what they were before
}

// A model is what the operator has asked for so far.
type model struct {
	guarded   bool // there is a safeguard, which pauses too
	workers   int
	general   time.Duration
	own       map[string]time.Duration // the interval of one host
	priority  map[engine.BatchID]engine.Priority
	paused    map[whom]time.Time
	gone      map[engine.BatchID]*change // cancelled as a whole
	cancelled map[engine.JobID]*change   // cancelled by name or host
	undos     []*change                  // newest last
}

func newModel(cfg engine.Config) *model {
	return &model{
		guarded:   cfg.Safeguard > 0,
		workers:   cfg.Workers,
		general:   cfg.Interval,
		own:       map[string]time.Duration{},
		priority:  map[engine.BatchID]engine.Priority{},
		paused:    map[whom]time.Time{},
		gone:      map[engine.BatchID]*change{},
		cancelled: map[engine.JobID]*change{},
	}
}

func (m *model) clone() *model {
	c := *m
	c.own, c.priority, c.paused = maps.Clone(m.own), maps.Clone(m.priority), maps.Clone(m.paused)
	c.gone, c.cancelled, c.undos = maps.Clone(m.gone), maps.Clone(m.cancelled), slices.Clone(m.undos)
	return &c
}

// cancels reports whether a job is cancelled unless it has ended before.
func (m *model) cancels(j engine.JobState) bool {
	return m.gone[j.Batch] != nil || m.cancelled[j.ID] != nil
}

// forbids says why a request may not begin; empty: it may.
func (m *model) forbids(a *ask) string {
	is := func(w whom) bool { return !m.paused[w].IsZero() }
	switch {
	case is(whom{all: true}):
		return "the run is paused"
	case is(whom{host: a.Host}):
		return "the host is paused"
	case a.Kind == engine.KindRobots:
		return "" // it is an origin's, no job's
	case is(whom{host: a.Job.Host}):
		return "the host of its job is paused"
	case is(whom{batch: a.Job.Batch}):
		return "its batch is paused"
	case is(whom{job: a.Job.ID}):
		return "its job is paused"
	case m.gone[a.Job.Batch] != nil:
		return "its batch is cancelled"
	case m.cancelled[a.Job.ID] != nil:
		return "its job is cancelled"
	}
	return ""
}

// interval returns the shortest gap that the operator allows at a host; zero or
// below: none is set.
func (m *model) interval(host string) time.Duration {
	return cmp.Or(m.own[host], m.general)
}

// push remembers a change.
func (m *model) push(c *change) {
	if m.undos = append(m.undos, c); len(m.undos) > engine.UndoDepth {
		m.undos = m.undos[1:]
	}
}

// apply takes an operation to the model and returns what is wrong with what the
// engine answered; empty: nothing. If exact, the run stood still from what now
// shows until the operation was over, and so every number can be known. Else
// jobs may have ended or come meanwhile, and what was taken is settled when the
// run is at rest (see settle).
func (m *model) apply(o *operation, now *sight, exact bool) string {
	want := engine.Done{Action: o.action, Selector: o.sel, At: o.done.At}
	var err error // what it must be
	c := &change{fresh: !exact}
	numbers, known := true, true // Done is known; err is known
	switch {
	case o.undo:
		return m.undo(o, now)
	case o.sel.Batch != 0 && int(o.sel.Batch) > len(now.stats.Batches):
		if !exact {
			return "" // it may have been added meanwhile; draws do not ask for it
		}
		err, numbers = engine.ErrNoBatch, false
	case o.action == engine.ActCancel:
		known, numbers = exact, exact
		err = m.cancel(o, now, c, &want, exact)
	case o.action == engine.ActRetry:
		known, numbers = exact, exact
		if err = m.retry(o, now, c, &want); !exact {
			c.jobs = nil
		}
	case o.action == engine.ActPause:
		known = !m.guarded && (exact || o.sel.Batch == 0) && (exact || len(o.sel.Jobs) == 0)
		numbers = exact
		err = m.pause(o, now, c, &want)
	case o.action == engine.ActResume:
		known, numbers = !m.guarded && (exact || len(o.sel.Jobs) == 0), false
		err = m.resume(o, now, c, exact)
	case o.action == engine.ActWorkers:
		was := m.workers
		want.Selector = engine.Selector{All: true}
		want.From, want.To = fmt.Sprint(was), fmt.Sprint(o.workers)
		if err = nothing(was == o.workers); err == nil {
			m.workers = o.workers
			c.back = func(m *model) { m.workers = was }
		}
	case o.action == engine.ActPriority:
		id, was := o.sel.Batch, m.priority[o.sel.Batch]
		want.From, want.To = was.String(), o.priority.String()
		if err = nothing(was == o.priority); err == nil {
			m.priority[id] = o.priority
			c.back = func(m *model) { m.priority[id] = was }
		}
	case o.action == engine.ActInterval:
		numbers = false
		err = m.setInterval(o, now, c)
	}
	switch {
	case known && !errors.Is(o.err, err) || !known && o.err != nil && !errors.Is(o.err, engine.ErrNothing):
		return fmt.Sprintf("%v returned %v, want %v", o, o.err, err)
	case o.err != nil || o.done.Action == engine.ActProbe:
		return ""
	case numbers && !reflect.DeepEqual(o.done, want):
		return fmt.Sprintf("%v did %+v, want %+v", o, o.done, want)
	}
	c.done = o.done
	m.push(c)
	return ""
}

// nothing returns ErrNothing if that is what is left to do.
func nothing(is bool) error {
	if is {
		return engine.ErrNothing
	}
	return nil
}

// cancel marks whole batches, or jobs that have not ended.
func (m *model) cancel(o *operation, now *sight, c *change, want *engine.Done, exact bool) error {
	c.back = func(m *model) {
		maps.DeleteFunc(m.gone, func(_ engine.BatchID, by *change) bool { return by == c })
		maps.DeleteFunc(m.cancelled, func(_ engine.JobID, by *change) bool { return by == c })
	}
	if o.err != nil && !exact {
		return o.err
	}
	whole := o.sel.All || o.sel.Batch != 0
	nobody := true
	for id, j := range now.jobs {
		if !takesIn(o.sel, j) || m.gone[j.Batch] != nil && m.gone[j.Batch] != c || j.Place == engine.Ended {
			continue
		}
		if m.cancelled[id] == nil {
			tell(want, j)
		}
		switch {
		case whole:
			m.gone[j.Batch] = c // also if all that is left of it is a cancelled request whose transport does not let go
		case m.cancelled[id] == nil:
			m.cancelled[id] = c
		default:
			continue
		}
		nobody = false
	}
	return nothing(nobody && exact)
}

// tell counts a job in what an operation did.
func tell(d *engine.Done, j engine.JobState) {
	switch j.Place {
	case engine.Backlog, engine.Deferred:
		d.Waiting++
	case engine.Queued:
		d.Queued++
	case engine.InFlight:
		d.InFlight++
	}
}

func (m *model) retry(o *operation, now *sight, c *change, want *engine.Done) error {
	c.jobs = map[engine.JobID]engine.JobState{}
	for id, j := range now.jobs {
		if (j.Outcome == engine.Failed || j.Outcome == engine.Empty) && takesIn(o.sel, j) && m.gone[j.Batch] == nil {
			c.jobs[id] = j
			want.Waiting++
		}
	}
	c.back = func(*model) {}
	return nothing(want.Waiting == 0)
}

func (m *model) pause(o *operation, now *sight, c *change, want *engine.Done) error {
	if len(o.sel.Jobs) > 0 {
		return m.pauseJobs(o, now, c, want)
	}
	ws := slices.DeleteFunc(whoms(o.sel), func(w whom) bool {
		return !m.paused[w].IsZero() || w.batch != 0 && m.gone[w.batch] != nil || w.host != "" && now.host(w.host) == nil
	})
	if o.err != nil && m.guarded {
		return o.err // the safeguard was first
	}
	if len(ws) == 0 && c.fresh && o.err == nil {
		ws = whoms(o.sel) // its batch is not cancelled after all
	}
	if len(ws) == 0 {
		return engine.ErrNothing
	}
	for _, j := range now.jobs {
		if takesIn(o.sel, j) {
			tell(want, j)
		}
	}
	for _, w := range ws {
		m.paused[w] = o.done.At
	}
	c.back = func(m *model) {
		for _, w := range ws {
			delete(m.paused, w)
		}
	}
	return nil
}

// pauseJobs pauses those that have not ended and are not cancelled or paused.
// While the run goes on, the engine says which these are.
func (m *model) pauseJobs(o *operation, now *sight, c *change, want *engine.Done) error {
	ids := o.done.Selector.Jobs
	if !c.fresh {
		ids = nil
		for _, id := range o.sel.Jobs {
			j, ok := now.jobs[id]
			if ok && j.Place != engine.Ended && !m.cancels(j) && m.paused[whom{job: id}].IsZero() && !slices.Contains(ids, id) {
				ids = append(ids, id)
				tell(want, j)
			}
		}
		want.Selector.Jobs = ids
	}
	if o.err != nil && c.fresh || len(ids) == 0 {
		return engine.ErrNothing
	}
	for _, id := range ids {
		m.paused[whom{job: id}] = o.done.At
	}
	c.back = func(m *model) {
		for _, id := range ids {
			delete(m.paused, whom{job: id})
		}
	}
	return nil
}

func (m *model) resume(o *operation, now *sight, c *change, exact bool) error {
	ws := whoms(o.sel)
	if len(o.sel.Jobs) > 0 && o.err == nil {
		ws = whoms(o.done.Selector)
	}
	if m.guarded && len(o.sel.Jobs) == 0 {
		if o.err != nil {
			return o.err
		}
	} else {
		ws = slices.DeleteFunc(ws, func(w whom) bool { return m.paused[w].IsZero() })
	}
	if len(ws) == 0 {
		if o.sel.Host != "" && !now.stats.Paused.At.IsZero() {
			return o.err // the pause of the run hides whether it is down
		}
		if o.done.Action == engine.ActProbe && (!exact || isDown(now.host(o.sel.Host), now.stats.At)) {
			return nil
		}
		if exact && o.sel.Host != "" && isDown(now.host(o.sel.Host), now.stats.At) {
			return errors.New("a probe")
		}
		return engine.ErrNothing
	}
	if o.done.Action == engine.ActProbe {
		return nil
	}
	for _, w := range ws {
		delete(m.paused, w)
	}
	c.back = func(*model) {} // see undo: it knows since when they are paused
	return nil
}

// isDown reports whether a host is left alone because it cannot be reached.
func isDown(h *engine.HostStats, now time.Time) bool {
	if h == nil {
		return false
	}
	switch r := h.Reason.(type) {
	case engine.HostDown:
		return r.Until.After(now)
	case engine.RobotsDown:
		return r.Until.After(now)
	}
	return false
}

func (m *model) setInterval(o *operation, now *sight, c *change) error {
	if o.sel.All {
		was := m.general
		if was == o.interval {
			return engine.ErrNothing
		}
		m.general = o.interval
		c.back = func(m *model) { m.general = was }
		return nil
	}
	was := map[string]time.Duration{}
	if o.sel.Host != "" && now.host(o.sel.Host) != nil {
		was[o.sel.Host] = m.own[o.sel.Host]
	}
	for _, j := range now.jobs {
		if o.sel.Batch != 0 && j.Batch == o.sel.Batch && j.Place != engine.Ended {
			was[j.Host] = m.own[j.Host]
		}
	}
	maps.DeleteFunc(was, func(_ string, d time.Duration) bool { return d == o.interval })
	if len(was) == 0 {
		return engine.ErrNothing
	}
	for name := range was {
		m.own[name] = o.interval
	}
	c.back = func(m *model) { maps.Copy(m.own, was) }
	return nil
}

// undo takes back the newest change.
func (m *model) undo(o *operation, now *sight) string {
	if len(m.undos) == 0 {
		if !errors.Is(o.err, engine.ErrNothing) {
			return fmt.Sprintf("undo returned %v with nothing to undo", o.err)
		}
		return ""
	}
	last := m.undos[len(m.undos)-1]
	m.undos = m.undos[: len(m.undos)-1 : len(m.undos)-1]
	want := last.done
	want.At = o.done.At
	switch {
	case o.err != nil && !(m.guarded && errors.Is(o.err, engine.ErrNothing)): // the safeguard paused before the undo did
		return fmt.Sprintf("undo of %v returned %v", last.done, o.err)
	case !reflect.DeepEqual(o.done, want):
		return fmt.Sprintf("undo did %+v, want %+v", o.done, want)
	}
	last.back(m)
	if last.done.Action == engine.ActResume {
		for _, w := range whoms(last.done.Selector) {
			if j := now.jobs[w.job]; w.job == 0 || j.Place != engine.Ended && !m.cancels(j) && m.paused[w].IsZero() {
				m.paused[w] = o.done.At
			}
		}
	}
	return ""
}
