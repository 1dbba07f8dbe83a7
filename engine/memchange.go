package engine

import (
	"cmp"
	"context"
	"iter"
	"slices"
)

// Change implements [Store].
func (s *MemStore) Change(_ context.Context, sel Selector, ch Change) (Changed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Changed{Batches: make(map[BatchID]Counts), Hosts: make(map[BatchID]map[string]int)}
	if sel.Batch != 0 && s.batch(sel.Batch) == nil {
		return out, ErrNoBatch
	}
	switch ch.Kind {
	case ChangeCancel:
		s.cancel(sel, ch.Mark, &out)
	case ChangeRestore:
		if sel.All {
			s.restoreAll(&out)
			break
		}
		s.restore(sel.Mark, &out)
	case ChangeRetry:
		s.retry(sel, ch, &out)
	default:
		if len(sel.Jobs) > 0 && ch.Kind != ChangePriority {
			s.pause(sel.Jobs, ch, &out)
			break
		}
		for _, b := range s.selected(sel) {
			switch ch.Kind {
			case ChangePause:
				b.paused, b.pause = true, ch.Paused
			case ChangeResume:
				b.paused, b.pause = false, Paused{}
			case ChangePriority:
				b.Priority = ch.Priority
			}
		}
	}
	return out, nil
}

// selected returns the batches that sel is for as a whole.
func (s *MemStore) selected(sel Selector) []*memBatch {
	if sel.All {
		return s.batches
	}
	if b := s.batch(sel.Batch); b != nil {
		return []*memBatch{b}
	}
	return nil
}

// note counts a job that moved.
func (c *Changed) note(j *memJob, p Place, o Outcome) {
	l := j.site.lane
	id := l.batch.ID
	n := c.Batches[id]
	*n.at(p, o)++
	c.Batches[id] = n
	if c.Hosts[id] == nil {
		c.Hosts[id] = make(map[string]int)
	}
	c.Hosts[id][l.host]++
}

// cancel marks whole batches in one step each, and hosts and jobs one by one.
func (s *MemStore) cancel(sel Selector, mark uint64, out *Changed) {
	if sel.All || sel.Batch != 0 {
		for _, b := range s.selected(sel) {
			if b.mark != 0 {
				continue
			}
			b.mark = mark
			out.Batches[b.ID] = Counts{Backlog: b.counts[Backlog], Retry: b.counts[Deferred]}
		}
		return
	}
	jobs := s.named(sel.Jobs)
	if sel.Host != "" {
		jobs = s.all()
	}
	for j := range jobs {
		b := j.batch()
		if j.place == Ended || j.fresh || j.mark() != 0 || sel.Host != "" && j.site.lane.host != sel.Host || b.mark != 0 {
			continue
		}
		s.unqueue(b, j)
		j.setMark(mark)
		s.marks[mark] = append(s.marks[mark], j)
		if j.place == InFlight {
			continue
		}
		b.counts[j.place]--
		b.marked++
		out.note(j, j.place, OutcomeNone)
	}
}

// pause pauses jobs by name, or resumes them.
func (s *MemStore) pause(ids []JobID, ch Change, out *Changed) {
	paused, n := ch.Kind == ChangePause, uint16(0)
	if paused {
		s.pauses, n = number(s.pauses, ch.Paused)
	}
	for j := range s.named(ids) {
		b := j.batch()
		if j.place == Ended || j.fresh || j.paused() == paused || paused && (j.mark() != 0 || b.mark != 0) {
			continue
		}
		s.unqueue(b, j)
		j.setPaused(n)
		out.Jobs = append(out.Jobs, s.full(j))
		if j.place == InFlight || j.mark() != 0 {
			continue
		}
		if !paused {
			s.wait(b, j, false)
		}
		if b.mark == 0 {
			out.note(j, j.place, OutcomeNone)
		}
	}
}

// all passes over the jobs by id.
func (s *MemStore) all() iter.Seq[*memJob] {
	return func(yield func(*memJob) bool) {
		for id := range s.last {
			if !yield(s.job(id + 1)) {
				return
			}
		}
	}
}

// named passes over the jobs of those ids.
func (s *MemStore) named(ids []JobID) iter.Seq[*memJob] {
	return func(yield func(*memJob) bool) {
		for _, id := range ids {
			if j := s.known(id); j != nil && !yield(j) {
				return
			}
		}
	}
}

// restore takes a mark back: of a cancel, or of a retry whose job still waits.
func (s *MemStore) restore(mark uint64, out *Changed) {
	for _, b := range s.batches {
		if b.mark == mark {
			b.uncancel(out)
		}
	}
	for _, j := range s.marks[mark] {
		b := j.batch()
		switch {
		case j.mark() == mark: // it was cancelled
			s.uncancel(b, j, out)
		case j.row != 0 && j.place == Backlog && j.mark() == 0: // it was to be retried, and was not yet
			s.unqueue(b, j)
			j.setPaused(0)
			s.move(b, j, Ended)
			was := s.outcome(j.row)
			b.ended[was]++
			out.note(j, Ended, was)
		}
	}
	delete(s.marks, mark)
}

// restoreAll takes back every cancel, whenever it was.
func (s *MemStore) restoreAll(out *Changed) {
	for _, b := range s.batches {
		if b.mark != 0 {
			b.uncancel(out)
		}
	}
	for j := range s.all() {
		if mark := j.mark(); mark != 0 {
			delete(s.marks, mark)
			s.uncancel(j.batch(), j, out)
		}
	}
}

// uncancel takes back the cancel of a whole batch, and of one job.
func (b *memBatch) uncancel(out *Changed) {
	b.mark = 0
	out.Batches[b.ID] = Counts{Backlog: b.counts[Backlog], Retry: b.counts[Deferred]}
}

func (s *MemStore) uncancel(b *memBatch, j *memJob, out *Changed) {
	j.setMark(0)
	if j.place == InFlight {
		return
	}
	b.marked--
	b.counts[j.place]++
	s.wait(b, j, false)
	out.note(j, j.place, OutcomeNone)
}

// retry makes ended jobs wait again. Their result stays until the next one
// takes its place.
func (s *MemStore) retry(sel Selector, ch Change, out *Changed) {
	outcomes := ch.Outcomes
	if len(outcomes) == 0 {
		outcomes = []Outcome{Failed, Empty}
	}
	jobs := s.all()
	if len(sel.Jobs) > 0 {
		jobs = s.named(sel.Jobs)
	}
	for j := range jobs {
		b := j.batch()
		switch {
		case j.place != Ended || !slices.Contains(outcomes, s.outcome(j.row)),
			sel.Batch != 0 && b.ID != sel.Batch,
			sel.Host != "" && j.site.lane.host != sel.Host,
			b.mark != 0:
			continue
		}
		was := s.outcome(j.row)
		out.note(j, Ended, was)
		b.ended[was]--
		j.waited = s.since(ch.At)
		s.move(b, j, Backlog)
		s.queue(b, j, false)
		if ch.Mark != 0 {
			s.marks[ch.Mark] = append(s.marks[ch.Mark], j)
		}
	}
}

// Count implements [Store].
func (s *MemStore) Count(_ context.Context, q Query) (Counts, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var c Counts
	for _, b := range s.batches {
		if q.Batch == 0 || q.Batch == b.ID {
			c = c.Add(b.ledger())
		}
	}
	return c, nil
}

// ledger returns the numbers of one batch. What is leased counts as in flight:
// the queue is the engine's.
func (b *memBatch) ledger() Counts {
	c := Counts{
		Submitted: b.added.New + b.added.Duplicate + b.added.Invalid,
		Backlog:   b.counts[Backlog],
		Retry:     b.counts[Deferred],
		InFlight:  b.counts[InFlight],
		OK:        b.ended[OK],
		Empty:     b.ended[Empty],
		Failed:    b.ended[Failed],
		Skipped:   b.ended[Skipped] + b.added.Duplicate + b.added.Invalid,
		Cancelled: b.marked,
		Duplicate: b.added.Duplicate,
		Invalid:   b.added.Invalid,
	}
	if b.mark != 0 {
		c.Cancelled += c.Backlog + c.Retry
		c.Backlog, c.Retry = 0, 0
	}
	return c
}

// Results implements [Store].
func (s *MemStore) Results(_ context.Context, q Query) ([]Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(q.Outcomes, Cancelled) {
		return s.cancelled(q), nil
	}
	var out []Result
	if len(q.Jobs) > 0 {
		for j := range s.named(q.Jobs) {
			if j.row != 0 && s.takes(&q, j.row) {
				out = append(out, s.result(j.row))
			}
		}
		slices.SortFunc(out, func(a, b Result) int { return cmp.Compare(a.Num, b.Num) })
		if q.Limit > 0 && len(out) > q.Limit {
			out = out[:q.Limit]
		}
		return out, nil
	}
	from, _ := slices.BinarySearchFunc(s.rows, q.After+1, func(row memRow, num uint64) int {
		_, n := s.head(row)
		return cmp.Compare(n, num)
	})
	for _, row := range s.rows[from:] {
		if !s.takes(&q, row) {
			continue
		}
		if out = append(out, s.result(row)); q.Limit > 0 && len(out) == q.Limit {
			break
		}
	}
	return out, nil
}

// States implements [Store].
func (s *MemStore) States(ctx context.Context, q Query) ([]JobState, error) {
	rs, err := s.Results(ctx, q)
	states := make([]JobState, len(rs))
	for i := range rs {
		states[i] = rs[i].State()
	}
	return states, err
}

// takes reports whether q selects a result, which must be its job's last.
func (s *MemStore) takes(q *Query, row memRow) bool {
	j, num := s.head(row)
	l := j.site.lane
	return j.row == row && num > q.After &&
		(q.Batch == 0 || l.batch.ID == q.Batch) &&
		(q.Host == "" || l.host == q.Host) &&
		(len(q.Outcomes) == 0 || slices.Contains(q.Outcomes, s.outcome(row)))
}

// cancelled returns rows for the jobs that are cancelled now.
func (s *MemStore) cancelled(q Query) []Result {
	jobs := s.all()
	if len(q.Jobs) > 0 {
		jobs = s.named(q.Jobs)
	}
	var out []Result
	for j := range jobs {
		b := j.batch()
		if j.place != Backlog && j.place != Deferred || j.mark() == 0 && b.mark == 0 {
			continue
		}
		r := Result{Job: JobID(j.id), Batch: b.ID, URL: j.url, Host: j.site.lane.host, Outcome: Cancelled}
		if j.odd != nil {
			r.Attempts, r.Carry = int(j.odd.attempts), j.odd.carry
		}
		if q.Batch == 0 || r.Batch == q.Batch {
			if q.Host == "" || r.Host == q.Host {
				out = append(out, r)
			}
		}
		if q.Limit > 0 && len(out) == q.Limit {
			break
		}
	}
	return out
}
