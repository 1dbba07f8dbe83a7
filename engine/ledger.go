package engine

import (
	"cmp"
	"slices"
	"time"
)

// This file is the books of a run: batches, hosts and what is in flight. All
// of it is guarded by the engine's lock; every change of a number goes through
// shift, so that the ledger balances at every moment.

// A batch is a Batch with its numbers.
type batch struct {
	Batch
	counts      Counts
	adding      int    // lists that are being read into it
	unread      bool   // its first line is still to come
	paused      Paused // if At is set
	answers     window
	mark        uint64      // the cancel that took the whole batch; 0: none
	marked      Counts      // what that cancel took: Backlog and Retry
	markedHosts []hostStock // the same by host; a host may come more than once
	due         time.Time   // the latest that a retry of it was ever due
	rows        int
	fill        fill
	before      *batch // the last one with this recipe, added before; nil: none
	announced   bool   // its end was logged
}

func (b *batch) state() BatchState {
	switch {
	case b.mark != 0:
		return BatchCancelled
	case b.reading():
		return BatchAdding
	case b.counts.Left() == 0:
		return BatchDone
	case !b.paused.At.IsZero():
		return BatchPaused
	}
	return BatchRunning
}

// reading reports whether jobs may still come from a list.
func (b *batch) reading() bool { return b.adding > 0 || b.unread }

// halted reports whether no request of the batch may start.
func (b *batch) halted() bool { return b.mark != 0 || !b.paused.At.IsZero() }

// A host is what the engine counts of a host; its pace is the pool's. What a
// snapshot reads of every host stands first: with very many, most of its time
// is spent on getting that out of memory.
type host struct {
	name    string
	at      int   // in Stats.Hosts
	lane    *lane // nil: it has none, or no snapshot has seen it
	left    int   // jobs not ended
	queued  int
	flight  int     // jobs in flight
	stock   []stock // those in the backlog or waiting for a retry, by batch
	failed  int
	spot    int // in the forecast that is being made; -1: it is not in it
	robots  robotsTurn
	kept    bool   // Engine.kept has it
	stale   bool   // Engine.stale has it
	behind  bool   // its pace is another than was noted
	meter   meter  // requests
	paused  Paused // if At is set
	gauge   gauge  // of its requests and the attempts of its jobs
	answers window
	noted   time.Time // when the store was last told of it
	parked  time.Time // its jobs stay in the backlog until then
	stays   map[JobID]stay
	retries []RetryWait // of its jobs, the first due first; those of jobs that were cancelled too
	gone    gone
	lined   int // where it stands in Engine.lined, while it has jobs in the queue
}

// retried notes a retry that is to come.
func (h *host) retried(r RetryWait) {
	i, _ := slices.BinarySearchFunc(h.retries, r, func(a, b RetryWait) int { return a.Due.Compare(b.Due) })
	h.retries = slices.Insert(h.retries, i, r)
}

// firstRetry returns the next retry that comes, if there is one.
func (h *host) firstRetry(now time.Time) (r RetryWait, ok bool) {
	for len(h.retries) > 0 && !h.retries[0].Due.After(now) {
		h.retries = h.retries[1:]
	}
	if len(h.retries) == 0 {
		return r, false
	}
	return h.retries[0], true
}

// A stay is the pause of a job by name, from then until it is resumed or ends.
type stay struct {
	batch  BatchID
	paused Paused
	was    Reason // why it waited before
}

// stays returns the pause of a job by name; zero: there is none.
func (e *Engine) stays(j Job) Paused { return e.host(j.Host).stays[j.ID].paused }

// A stock is the jobs of one host and batch that are in the backlog or wait for
// a retry.
type stock struct {
	batch BatchID
	jobs  int // not 0
}

// A hostStock is the stock of one batch at a host.
type hostStock struct {
	host *host
	jobs int
}

// wait counts n more jobs of a batch in the host's stock.
func (h *host) wait(id BatchID, n int) {
	i, ok := h.find(id)
	if !ok {
		if n != 0 {
			h.stock = slices.Insert(h.stock, i, stock{id, n})
		}
		return
	}
	if h.stock[i].jobs += n; h.stock[i].jobs == 0 {
		h.stock = slices.Delete(h.stock, i, i+1)
	}
}

// stockOf returns how many jobs of a batch are in the host's stock.
func (h *host) stockOf(id BatchID) int {
	if i, ok := h.find(id); ok {
		return h.stock[i].jobs
	}
	return 0
}

func (h *host) find(id BatchID) (int, bool) {
	return slices.BinarySearchFunc(h.stock, id, func(s stock, id BatchID) int { return cmp.Compare(s.batch, id) })
}

// waits reports whether a job of the host waits, wherever.
func (h *host) waits() bool { return h.left > h.flight }

// stocked reports whether a job of the host waits outside the queue.
func (h *host) stocked() bool { return h.left > h.queued+h.flight }

// halted reports whether no job of the host may enter the queue at now.
func (h *host) halted(now time.Time) bool { return !h.paused.At.IsZero() || h.parked.After(now) }

// staying returns how many jobs of a batch are paused by name, in flight or not.
func (h *host) staying(id BatchID) (n int) {
	for _, st := range h.stays {
		if st.batch == id {
			n++
		}
	}
	return n
}

// stayed returns the first of the pauses by name; zero: there is none.
func (h *host) stayed() (first Paused) {
	for _, st := range h.stays {
		if first.At.IsZero() || st.paused.At.Before(first.At) {
			first = st.paused
		}
	}
	return first
}

// A gone is a host or origin whose jobs fail without a request, for a while:
// it is given up. The zero gone is none.
type gone struct {
	until  time.Time
	class  Class
	why    string
	status int
}

// result is the end of a job of it.
func (g *gone) result(j Job) Result {
	return Result{Outcome: Failed, Class: g.class, Status: g.status, Attempts: j.Attempts, Error: g.why}
}

// A flight is one request under way.
type flight struct {
	turn    *Turn
	job     Job
	req     Request
	batch   *batch
	phase   Phase
	since   time.Time // when the phase began
	touched bool      // something went over the wire, or tried to
	started time.Time // when its headers were written
	cut     uint64    // the cancel that took the job; 0: none
}

// An origin is what is known of the robots.txt of an origin.
type origin struct {
	host   string // whose turns its requests take
	asking bool
	fresh  time.Time // the rules are known until then
	tries  int       // asked in vain, in a row
	rounds int       // how often the host was parked for it, in a row
	gone   gone      // it is given up: all its jobs fail
	toll   gone      // one job fails for the requests that were made for it in vain; until is zero: none
}

// open returns the books of a batch, opening them at its first line. Of two
// lists that are read at the same time, that of the later batch may be the
// first to have one.
func (e *Engine) open(b Batch, id BatchID) *batch {
	for int(id) > len(e.batches) {
		e.batches = append(e.batches, &batch{Batch: Batch{ID: BatchID(len(e.batches) + 1)}, unread: true})
	}
	eb := e.batches[id-1]
	if eb.unread {
		b.ID, eb.unread = id, false
		eb.Batch = b
		eb.before = e.before(eb)
	}
	return eb
}

// before returns the last batch with the recipe of b that was added before it;
// nil: there is none.
func (e *Engine) before(b *batch) *batch {
	for _, old := range slices.Backward(e.batches[:b.ID-1]) {
		if !old.unread && old.Recipe.Name == b.Recipe.Name {
			return old
		}
	}
	return nil
}

// admit counts one line of a list, or one link of a page.
func (e *Engine) admit(b *batch, j Job, class Class) {
	b.counts.Submitted++
	e.counts.Submitted++
	books := [...]*Counts{&b.counts, &e.counts}
	switch {
	case class == Duplicate:
		for _, c := range books {
			c.Skipped++
			c.Duplicate++
		}
	case class == Invalid:
		for _, c := range books {
			c.Skipped++
			c.Invalid++
		}
	default:
		h := e.host(j.Host)
		if h.left == 0 && b.Interval != 0 {
			e.tune(j.Host, func(p *pace) string { p.set = b.Interval; return setByOperator })
		}
		for _, c := range books {
			c.Backlog++
		}
		e.count(h, 1, 0, 0)
		if h.robots == robotsNone && j.Origin != "" {
			h.robots = robotsUnasked
		}
		if h.stockOf(b.ID) == 0 {
			e.entered.Store(true)
		}
		h.wait(b.ID, 1)
		b.announced = false
		if b.mark != 0 {
			e.lose(b, j.Host, Backlog)
		}
	}
	if b.counts.Submitted%256 == 0 || b.counts.Submitted < 256 {
		e.feed.poke()
	}
}

// lose moves one job of a batch that was cancelled as a whole from a place to
// cancelled, as that cancel would have.
func (e *Engine) lose(b *batch, hostName string, from Place) {
	e.shift(b, hostName, from, Ended, OutcomeNone, Cancelled)
	b.marked.Backlog++
	b.markedHosts = append(b.markedHosts, hostStock{e.host(hostName), 1})
}

// shift moves one job of b from one place in the books to another. Outcomes
// count only for Ended.
func (e *Engine) shift(b *batch, hostName string, from, to Place, was, is Outcome) {
	*b.counts.at(from, was)--
	*b.counts.at(to, is)++
	*e.counts.at(from, was)--
	*e.counts.at(to, is)++
	h := e.host(hostName)
	var left, queued, flight int
	switch from {
	case Backlog, Deferred:
		h.wait(b.ID, -1)
	case Queued:
		queued--
		if e.passing {
			e.rouse()
		}
	case InFlight:
		flight--
	case Ended:
		left++
	}
	switch to {
	case Backlog, Deferred:
		h.wait(b.ID, 1)
	case Queued:
		queued++
	case InFlight:
		flight++
	case Ended:
		left--
	}
	e.count(h, left, queued, flight)
}

// count changes the numbers of a host by so many jobs, and what is known of all
// hosts by them: the feeder asks for that at each lease, and must not pass over
// all of them.
func (e *Engine) count(h *host, left, queued, flight int) {
	waits, stocked, lined := h.waits(), h.stocked(), h.queued > 0
	h.left += left
	h.queued += queued
	h.flight += flight
	e.waiting += change(waits, h.waits())
	e.stocked += change(stocked, h.stocked())
	switch change(lined, h.queued > 0) {
	case 1:
		h.lined = len(e.lined)
		e.lined = append(e.lined, h)
	case -1:
		last := e.lined[len(e.lined)-1]
		last.lined = h.lined
		e.lined[h.lined] = last
		e.lined[len(e.lined)-1] = nil
		e.lined = e.lined[:len(e.lined)-1]
	}
}

// change returns by how many a number of hosts has changed for one of them.
func change(was, is bool) int {
	switch {
	case is && !was:
		return 1
	case was && !is:
		return -1
	}
	return 0
}

// keepBack notes that a host was paused or parked.
func (e *Engine) keepBack(h *host) {
	if !h.kept {
		h.kept = true
		e.kept = append(e.kept, h)
	}
}

// stockOf returns how many jobs of a batch are in the backlog or wait for a
// retry, by host.
func (e *Engine) stockOf(b *batch) []hostStock {
	hosts := make([]hostStock, 0, min(b.counts.Backlog+b.counts.Retry, len(e.roll)))
	for _, h := range e.roll {
		if n := h.stockOf(b.ID); n != 0 {
			hosts = append(hosts, hostStock{h, n})
		}
	}
	return hosts
}

// halted returns the hosts of which no job may enter the queue at now.
func (e *Engine) halted(now time.Time) []*host {
	e.kept = slices.DeleteFunc(e.kept, func(h *host) bool {
		h.kept = h.halted(now)
		return !h.kept
	})
	return e.kept
}

// shiftAll moves counts of a batch between the backlog and retry places and
// cancelled, in either direction: to cancelled with sign 1, back with -1.
func (e *Engine) shiftAll(b *batch, c Counts, hosts []hostStock, sign int) {
	for _, books := range [...]*Counts{&b.counts, &e.counts} {
		books.Backlog -= sign * c.Backlog
		books.Retry -= sign * c.Retry
		books.Cancelled += sign * (c.Backlog + c.Retry)
	}
	for _, s := range hosts {
		s.host.wait(b.ID, -sign*s.jobs)
		e.count(s.host, -sign*s.jobs, 0, 0)
	}
}

// shiftMoved is shiftAll for what the store has moved.
func (e *Engine) shiftMoved(moved Changed, sign int) {
	for id, c := range moved.Batches {
		hosts := make([]hostStock, 0, len(moved.Hosts[id]))
		for name, n := range moved.Hosts[id] {
			hosts = append(hosts, hostStock{e.host(name), n})
		}
		e.shiftAll(e.batch(id), c, hosts, sign)
	}
}

// host returns the books of a host, opening them if need be.
func (e *Engine) host(name string) *host {
	h := e.hosts[name]
	if h == nil {
		h = &host{name: name}
		e.hosts[name] = h
		e.roll = append(e.roll, h)
	}
	return h
}

// batch returns a batch of the run, nil if there is none of that id.
func (e *Engine) batch(id BatchID) *batch {
	if id < 1 || int(id) > len(e.batches) {
		return nil
	}
	return e.batches[id-1]
}

// A meter counts events over the last HistoryCells cells.
type meter struct {
	past  int64 // number of the first cell at which nothing is left of what was added
	cell  int64 // number of the newest cell since the epoch of the run
	cells [HistoryCells]int
}

// add counts one event at t, in time since the run's epoch.
func (m *meter) add(t time.Duration) {
	m.roll(t)
	m.cells[m.cell%HistoryCells]++
	m.past = m.cell + HistoryCells
}

// holds reports whether an event counts at t.
func (m *meter) holds(t time.Duration) bool { return int64(t/HistoryCell) < m.past }

// roll empties the cells that have passed.
func (m *meter) roll(t time.Duration) {
	now := int64(t / HistoryCell)
	if now-m.cell >= HistoryCells {
		m.cells = [HistoryCells]int{}
		m.cell = now
	}
	for m.cell < now {
		m.cell++
		m.cells[m.cell%HistoryCells] = 0
	}
}

// read returns the rates of the cells, oldest first, and the rate over the
// last full cell and what has passed of the current one.
func (m *meter) read(t time.Duration) (h History, rate float64) {
	m.roll(t)
	for i := range HistoryCells {
		h[i] = float64(m.cells[(m.cell+1+int64(i))%HistoryCells]) / HistoryCell.Seconds()
	}
	// The newest cell still fills: its rate is over what has passed of it.
	h[HistoryCells-1] *= HistoryCell.Seconds() / max(t%HistoryCell, time.Second).Seconds()
	span := min(t, HistoryCell+t%HistoryCell)
	if span <= 0 {
		return h, 0
	}
	last := m.cells[m.cell%HistoryCells]
	if m.cell > 0 {
		last += m.cells[(m.cell-1)%HistoryCells]
	}
	return h, float64(last) / max(span, time.Second).Seconds()
}
