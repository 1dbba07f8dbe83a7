package engine

import "time"

// This file is the books of a run: batches, hosts and what is in flight. All
// of it is guarded by the engine's lock; every change of a number goes through
// shift, so that the ledger balances at every moment.

// A batch is a Batch with its numbers.
type batch struct {
	Batch
	counts      Counts
	adding      bool
	pausedAt    time.Time
	mark        uint64         // the cancel that took the whole batch; 0: none
	marked      Counts         // what that cancel took: Backlog and Retry
	markedHosts map[string]int // the same by host
	waits       map[string]int // jobs in the backlog or waiting for a retry, by host
	rows        int
	announced   bool // its end was logged
}

func (b *batch) state() BatchState {
	switch {
	case b.mark != 0:
		return BatchCancelled
	case b.adding:
		return BatchAdding
	case b.counts.Left() == 0:
		return BatchDone
	case !b.pausedAt.IsZero():
		return BatchPaused
	}
	return BatchRunning
}

// halted reports whether no request of the batch may start.
func (b *batch) halted() bool { return b.mark != 0 || !b.pausedAt.IsZero() }

// A host is what the engine counts of a host; its pace is the pool's.
type host struct {
	left   int // jobs not ended
	queued int
	flight int // jobs in flight
	failed int
	meter  meter // requests
	paused time.Time
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
	asking bool
	fresh  time.Time // the rules are known until then
	tries  int       // asked in vain, in a row
	dead   time.Time // it could not be asked, and is not asked before
	class  Class
	why    string
	status int
}

// shift moves one job of b from one place in the books to another. Outcomes
// count only for Ended.
func (e *Engine) shift(b *batch, hostName string, from, to Place, was, is Outcome) {
	*b.counts.at(from, was)--
	*b.counts.at(to, is)++
	*e.counts.at(from, was)--
	*e.counts.at(to, is)++
	h := e.host(hostName)
	switch from {
	case Backlog, Deferred:
		b.wait(hostName, -1)
	case Queued:
		h.queued--
	case InFlight:
		h.flight--
	case Ended:
		h.left++
	}
	switch to {
	case Backlog, Deferred:
		b.wait(hostName, 1)
	case Queued:
		h.queued++
	case InFlight:
		h.flight++
	case Ended:
		h.left--
	}
}

// wait counts n more jobs of a host that wait in backlog or retry.
func (b *batch) wait(hostName string, n int) {
	if b.waits[hostName] += n; b.waits[hostName] == 0 {
		delete(b.waits, hostName)
	}
}

// shiftAll moves counts of a batch between the backlog and retry places and
// cancelled, in either direction: to cancelled with sign 1, back with -1.
func (e *Engine) shiftAll(b *batch, c Counts, hosts map[string]int, sign int) {
	for _, books := range [...]*Counts{&b.counts, &e.counts} {
		books.Backlog -= sign * c.Backlog
		books.Retry -= sign * c.Retry
		books.Cancelled += sign * (c.Backlog + c.Retry)
	}
	for name, n := range hosts {
		b.wait(name, -sign*n)
		e.host(name).left -= sign * n
	}
}

// host returns the books of a host, opening them if need be.
func (e *Engine) host(name string) *host {
	h := e.hosts[name]
	if h == nil {
		h = &host{}
		e.hosts[name] = h
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
	cells [HistoryCells]int
	cell  int64 // number of the newest cell since the epoch of the run
}

// add counts one event at t, in time since the run's epoch.
func (m *meter) add(t time.Duration) {
	m.roll(t)
	m.cells[m.cell%HistoryCells]++
}

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
