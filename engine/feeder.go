package engine

import (
	"context"
	"slices"
	"time"
)

// The feeder's backoff after a refusal, when nobody says that there is room.
const (
	feedBackoffMin = 50 * time.Millisecond
	feedBackoffMax = time.Second
)

// feedQueue moves jobs from the backlog to the queue until ctx ends. It leases
// a little more than fits, so it meets ErrQueueFull and counts it; then it
// waits for room, for a change, or for its backoff.
func (e *Engine) feedQueue(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	backoff := feedBackoffMin
	for {
		full, wait := e.fill()
		room, more := (<-chan struct{})(nil), e.more
		if full {
			room, more = e.pool.Room(), nil
			if wait == 0 || backoff < wait {
				wait = backoff
			}
			backoff = min(2*backoff, feedBackoffMax)
		} else {
			backoff = feedBackoffMin
		}
		var ring <-chan time.Time
		if wait > 0 {
			timer.Reset(wait)
			ring = timer.C
		}
		select {
		case <-e.wake:
		case <-more:
		case <-room:
			backoff = feedBackoffMin
		case <-ring:
		case <-ctx.Done():
			return
		}
	}
}

// fill submits until the queue is full or nothing is left to submit. It reports
// a refusal of the pool, and in how long hosts are to be noted or, without one,
// a retry comes due; zero: neither.
//
// It holds the engine's lock over its calls of the store, so that no cancel or
// pause can fall between a job's lease and its place in the hand.
func (e *Engine) fill() (full bool, wait time.Duration) {
	defer e.caught("the feeder")
	e.mu.Lock()
	defer e.mu.Unlock()
	defer func() {
		if d := e.noteStale(time.Now()); d > 0 && (wait == 0 || d < wait) {
			wait = d
		}
	}()
	for {
		if e.draining || e.over || e.trouble != nil || !e.paused.IsZero() {
			e.fail(e.dropHand())
			return false, 0
		}
		if e.submit() {
			ok, err := e.balance()
			e.fail(err)
			if !ok || err != nil {
				return !e.passing, 0
			}
			continue
		}
		now := time.Now()
		jobs, err := e.lease(now)
		e.fail(err)
		if len(jobs) == 0 {
			return false, e.nextDue(now)
		}
		e.hand = append(e.hand, jobs...)
	}
}

// submit hands the leased jobs to the pool until it refuses one, or the places
// that are left are those of jobs that come back: see returning.
func (e *Engine) submit() (full bool) {
	e.passing = false
	for len(e.hand) > 0 {
		if e.counts.Queued >= e.cfg.Queue { // else there is room for those as well
			if room := e.cfg.Queue - e.pool.QueueDepth(); room > 0 && room <= e.returning() {
				e.passing = true
				return true
			}
		}
		j := e.hand[0]
		fresh := j
		fresh.Due, fresh.Class = time.Time{}, ""
		if err := e.pool.Submit(fresh); err != nil {
			e.hits++
			e.hitrate.add(time.Since(e.epoch))
			return true
		}
		e.hand = e.hand[1:]
		e.higher++
		if len(e.hand) > 0 && j.Priority < e.hand[0].Priority {
			e.higher = 0
		}
		e.shift(e.batch(j.Batch), j.Host, waitsIn(j), Queued, 0, 0)
		e.show(j, Queued, nil)
	}
	return false
}

// returning returns how many jobs in the hands of workers come back to the queue,
// as far as is known: their origin's robots.txt is to be asked first.
func (e *Engine) returning() (n int) {
	now := time.Now()
	e.pool.carried(func(t *Turn) {
		unread := func(name string) bool {
			o := e.origins[name]
			return name != "" && (o == nil || !o.fresh.After(now))
		}
		if t.back != nil || !t.begun && unread(t.Job.Origin) {
			n++
		}
	})
	return n
}

// waitsIn returns the place of a leased job that is not queued yet.
func waitsIn(j Job) Place {
	if j.Due.IsZero() {
		return Backlog
	}
	return Deferred
}

// dropHand returns the leased jobs to the store. In the books they wait where
// they waited, before and after.
func (e *Engine) dropHand() error {
	if len(e.hand) == 0 {
		return nil
	}
	err := e.release(e.hand)
	e.hand = e.hand[:0]
	return err
}

// lease asks the store for what fits and one more: first of hosts under their
// share, and if there are none of any host that is neither paused nor parked.
func (e *Engine) lease(now time.Time) ([]Job, error) {
	n := max(e.cfg.Queue-e.counts.Queued, 0) + 1
	w := Want{Now: now, SkipHosts: e.haltedNames(now)}
	halted := len(w.SkipHosts)
	share, _ := e.shares(now)
	e.skipSated(w.SkipHosts, share)
	jobs, err := e.store.Next(context.Background(), n, w)
	if err != nil || len(jobs) > 0 || len(w.SkipHosts) == halted {
		return jobs, err
	}
	w.SkipHosts = e.haltedNames(now)
	return e.store.Next(context.Background(), n, w)
}

// haltedNames returns the names of the hosts of which no job may enter the
// queue at now.
func (e *Engine) haltedNames(now time.Time) map[string]struct{} {
	hosts := e.halted(now)
	names := make(map[string]struct{}, len(hosts))
	for _, h := range hosts {
		names[h.name] = struct{}{}
	}
	return names
}

// skipSated adds the hosts to names that have their share of the queue.
func (e *Engine) skipSated(names map[string]struct{}, share int) {
	for _, h := range e.lined {
		if h.queued >= share {
			names[h.name] = struct{}{}
		}
	}
}

// shares returns how many places of the queue each host, and each batch, with
// work to queue is due.
func (e *Engine) shares(now time.Time) (perHost, perBatch int) {
	hosts, batches := e.waiting, 0
	for _, h := range e.halted(now) {
		if h.waits() {
			hosts--
		}
	}
	for _, b := range e.batches {
		if !b.halted() && b.counts.Backlog+b.counts.Queued > 0 {
			batches++
		}
	}
	up := func(n int) int { return (e.cfg.Queue + max(n, 1) - 1) / max(n, 1) }
	return up(hosts), up(batches)
}

// balance makes room in a full queue for a batch or host that is under its
// share: it gives back the newest job of the most over-represented one. It
// reports whether it did; the job that the room is for is first in the hand.
func (e *Engine) balance() (bool, error) {
	now := time.Now()
	perHost, perBatch := e.shares(now)
	books := func(j Job) (*host, *batch) { return e.hosts[j.Host], e.batch(j.Batch) }
	poor := func(j Job) bool {
		h, b := books(j)
		return h.queued < perHost || b.counts.Queued < perBatch
	}
	lower := false // leased ahead of a job of a higher priority
	if !poor(e.hand[0]) {
		jobs, err := e.leasePoor(now, perHost, perBatch)
		if err != nil || len(jobs) == 0 {
			return false, err
		}
		lower = jobs[0].Priority < e.hand[0].Priority
		e.hand = slices.Insert(e.hand, 0, jobs[0])
	}
	h, b := books(e.hand[0])
	victim, at := e.richest(func(w *waiter) (gain int) {
		// What a swap takes off the sum of the squares of all that hosts and
		// batches have in the queue. A sum that only falls comes to an end.
		wh, wb := books(w.Job)
		if wh != h {
			gain += wh.queued - h.queued - 1
		}
		if wb != b {
			gain += wb.counts.Queued - b.counts.Queued - 1
		}
		return gain
	})
	if lower && e.higher < lowShare-1 && (victim == 0 || e.cfg.Queue == 1) {
		// The queue is too small for every batch to have a place: then the
		// feeder decides as the pool would.
		low := e.hand[0]
		e.hand = e.hand[1:]
		return false, e.release([]Job{low})
	}
	if victim == 0 {
		return false, nil
	}
	return true, e.giveBack(e.pool.removeAt(at, func(w *waiter) bool { return w.Again == nil && w.Job.ID == victim }))
}

// leasePoor leases one job of a batch under its share, or else of a host under
// its share, if there is one.
func (e *Engine) leasePoor(now time.Time, perHost, perBatch int) ([]Job, error) {
	w := Want{Now: now, SkipHosts: e.haltedNames(now), SkipBatches: make(map[BatchID]struct{})}
	for _, b := range e.batches {
		if b.counts.Queued >= perBatch || b.counts.Backlog+b.counts.Retry == 0 {
			w.SkipBatches[b.ID] = struct{}{}
		}
	}
	if len(w.SkipBatches) < len(e.batches) {
		if jobs, err := e.store.Next(context.Background(), 1, w); err != nil || len(jobs) > 0 {
			return jobs, err
		}
	}
	if e.poor(now, perHost) == 0 {
		return nil, nil
	}
	w.SkipBatches = nil
	e.skipSated(w.SkipHosts, perHost)
	return e.store.Next(context.Background(), 1, w)
}

// poor returns how many hosts that have jobs outside the queue, and are not
// halted, are under their share of it.
func (e *Engine) poor(now time.Time, share int) int {
	n := e.stocked
	for _, h := range e.halted(now) {
		if h.stocked() {
			n--
		}
	}
	for _, h := range e.lined {
		if h.queued >= share && h.stocked() && !h.kept {
			n--
		}
	}
	return n
}

// richest returns the queued job with the most to gain from its going, the
// newest of them, and its host; zero if there is none. Jobs between two steps
// stay.
func (e *Engine) richest(gain func(*waiter) int) (id JobID, at string) {
	var best int
	var seq int
	names := func(yield func(string) bool) {
		for _, h := range e.lined {
			if !yield(h.name) {
				return
			}
		}
	}
	e.pool.eachAt(names, func(w *waiter) {
		if w.Again != nil {
			return
		}
		if r := gain(w); r > best || r == best && r > 0 && w.seq > seq {
			best, seq, id, at = r, w.seq, w.Job.ID, w.Job.Host
		}
	})
	return id, at
}

// recall takes the queued jobs that match out of the pool and gives them back
// to the backlog.
func (e *Engine) recall(match func(Job) bool) error {
	return e.giveBack(e.pool.remove(func(w *waiter) bool { return !w.probe() && match(w.Job) }))
}

// giveBack gives jobs that were queued back to the backlog.
func (e *Engine) giveBack(out []*waiter) error {
	var back []Job
	for _, w := range out {
		if w.probe() {
			continue
		}
		back = append(back, w.Job)
		e.shift(e.batch(w.Job.Batch), w.Job.Host, Queued, Backlog, 0, 0)
		e.show(w.Job, Backlog, e.waitsFor(w.Job, nil))
	}
	if len(back) == 0 {
		return nil
	}
	return e.release(back)
}

// deferUntil notes that a retry comes due.
func (e *Engine) deferUntil(due time.Time) {
	i, _ := slices.BinarySearchFunc(e.due, due, time.Time.Compare)
	e.due = slices.Insert(e.due, i, due)
	e.rouse()
}

// nextDue returns in how long the next retry comes due; zero: none waits.
func (e *Engine) nextDue(now time.Time) time.Duration {
	for len(e.due) > 0 && !e.due[0].After(now) {
		e.due = e.due[1:]
	}
	if len(e.due) == 0 {
		return 0
	}
	return e.due[0].Sub(now)
}
