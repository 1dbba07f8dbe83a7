package engine

import (
	"context"
	"iter"
	"slices"
	"strings"
)

// Change does what [Store] says.
func (f *Frontier) Change(_ context.Context, sel Selector, ch Change) (Changed, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := Changed{Batches: make(map[BatchID]Counts), Hosts: make(map[BatchID]map[string]int)}
	if sel.Batch != 0 && f.batch(sel.Batch) == nil {
		return out, ErrNoBatch
	}
	m := moving{Moved: Moved{Change: ch}, told: f.journal != nil, out: &out}
	switch ch.Kind {
	case ChangeCancel:
		f.cancel(sel, &m)
	case ChangeRestore:
		if sel.All {
			f.restoreAll(&m)
			break
		}
		f.restore(sel.Mark, &m)
	case ChangeRetry:
		f.retry(sel, &m)
	default:
		if len(sel.Jobs) > 0 && ch.Kind != ChangePriority {
			f.pause(sel.Jobs, &m)
			break
		}
		for _, b := range f.selected(sel) {
			switch ch.Kind {
			case ChangePause:
				b.paused, b.pause = true, ch.Paused
			case ChangeResume:
				b.paused, b.pause = false, Paused{}
			case ChangePriority:
				b.Priority = ch.Priority
			}
			m.Batches = append(m.Batches, b.ID)
		}
	}
	if m.told && len(m.Batches)+len(m.Jobs)+len(m.Back) > 0 {
		f.journal.Moved(m.Moved)
	}
	return out, nil
}

// A moving is a change under way.
type moving struct {
	Moved
	told bool // somebody is told of it
	out  *Changed
}

// job notes that a job is other than it was, and batch that a batch is.
func (m *moving) job(j *memJob) {
	if m.told {
		m.Jobs = append(m.Jobs, JobID(j.id))
	}
}

func (m *moving) batch(b *memBatch) {
	m.Batches = append(m.Batches, b.ID)
	m.out.Batches[b.ID] = Counts{Backlog: b.counts[Backlog], Retry: b.counts[Deferred]}
}

// selected returns the batches that sel is for as a whole.
func (f *Frontier) selected(sel Selector) []*memBatch {
	if sel.All {
		return f.batches
	}
	if b := f.batch(sel.Batch); b != nil {
		return []*memBatch{b}
	}
	return nil
}

// note counts a job that moved.
func (c *Changed) note(l *memLane, p Place, o Outcome) {
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
func (f *Frontier) cancel(sel Selector, m *moving) {
	if sel.All || sel.Batch != 0 {
		for _, b := range f.selected(sel) {
			if b.mark != 0 {
				continue
			}
			b.mark = m.Mark
			m.batch(b)
		}
		return
	}
	jobs := f.named(sel.Jobs)
	if sel.Host != "" {
		jobs = f.all()
	}
	for j := range jobs {
		b := f.of(j)
		if j.place == Ended || j.is(memFresh) || f.odd(j).mark != 0 || sel.Host != "" && f.lane(j).host != sel.Host || b.mark != 0 ||
			m.Waiting && j.place == InFlight {
			continue
		}
		f.unqueue(b, j)
		f.setMark(j, m.Mark)
		f.marks[m.Mark] = append(f.marks[m.Mark], j)
		m.job(j)
		if j.place == InFlight {
			continue
		}
		b.counts[j.place]--
		b.marked++
		m.out.note(f.lane(j), j.place, OutcomeNone)
	}
}

// pause pauses jobs by name, or resumes them.
func (f *Frontier) pause(ids []JobID, m *moving) {
	paused, n := m.Kind == ChangePause, uint16(0)
	if paused {
		f.pauses, n = number(f.pauses, m.Paused)
	}
	for j := range f.named(ids) {
		b := f.of(j)
		if j.place == Ended || j.is(memFresh) || f.paused(j) == paused || paused && (f.odd(j).mark != 0 || b.mark != 0) {
			continue
		}
		f.unqueue(b, j)
		f.setPaused(j, n)
		m.out.Jobs = append(m.out.Jobs, f.full(j))
		m.job(j)
		if j.place == InFlight || f.odd(j).mark != 0 {
			continue
		}
		if !paused {
			f.wait(b, j, false)
		}
		if b.mark == 0 {
			m.out.note(f.lane(j), j.place, OutcomeNone)
		}
	}
}

// all passes over the jobs by id.
func (f *Frontier) all() iter.Seq[*memJob] { return f.after(0) }

// after passes over the jobs with a higher id.
func (f *Frontier) after(id uint64) iter.Seq[*memJob] {
	return func(yield func(*memJob) bool) {
		for id++; id <= uint64(f.last); id++ {
			if j := f.known(JobID(id)); j != nil && !yield(j) {
				return
			}
		}
	}
}

// named passes over the jobs of those ids.
func (f *Frontier) named(ids []JobID) iter.Seq[*memJob] {
	return func(yield func(*memJob) bool) {
		for _, id := range ids {
			if j := f.known(id); j != nil && !yield(j) {
				return
			}
		}
	}
}

// restore takes a mark back: of a cancel, or of a retry whose job still waits.
func (f *Frontier) restore(mark uint64, m *moving) {
	for _, b := range f.batches {
		if b.mark == mark {
			b.uncancel(m)
		}
	}
	for _, j := range f.marks[mark] {
		b := f.of(j)
		switch {
		case f.odd(j).mark == mark: // it was cancelled
			f.uncancel(b, j, m)
		case f.kept(j) != 0 && j.place == Backlog && f.odd(j).mark == 0: // it was to be retried, and was not yet
			f.unqueue(b, j)
			f.setPaused(j, 0)
			f.ended(b, j, f.kept(j))
			b.ended[j.was]++
			m.out.note(f.lane(j), Ended, j.was)
			if m.told {
				m.Back = append(m.Back, JobID(j.id))
			}
		}
	}
	delete(f.marks, mark)
}

// restoreAll takes back every cancel, whenever it was.
func (f *Frontier) restoreAll(m *moving) {
	for _, b := range f.batches {
		if b.mark != 0 {
			b.uncancel(m)
		}
	}
	for j := range f.all() {
		if mark := f.odd(j).mark; mark != 0 {
			delete(f.marks, mark)
			f.uncancel(f.of(j), j, m)
		}
	}
}

// uncancel takes back the cancel of a whole batch, and of one job.
func (b *memBatch) uncancel(m *moving) {
	b.mark = 0
	m.batch(b)
}

func (f *Frontier) uncancel(b *memBatch, j *memJob, m *moving) {
	f.setMark(j, 0)
	m.job(j)
	if j.place == InFlight {
		return
	}
	b.marked--
	b.counts[j.place]++
	f.wait(b, j, false)
	m.out.note(f.lane(j), j.place, OutcomeNone)
}

// retry makes ended jobs wait again. Their result stays until the next one
// takes its place.
func (f *Frontier) retry(sel Selector, m *moving) {
	outcomes := m.Outcomes
	if len(outcomes) == 0 {
		outcomes = []Outcome{Failed, Empty}
	}
	jobs := f.all()
	if len(sel.Jobs) > 0 {
		jobs = f.named(sel.Jobs)
	}
	for j := range jobs {
		b := f.of(j)
		switch {
		case j.place != Ended || !slices.Contains(outcomes, j.was),
			sel.Batch != 0 && b.ID != sel.Batch,
			sel.Host != "" && f.lane(j).host != sel.Host,
			b.mark != 0:
			continue
		}
		m.out.note(f.lane(j), Ended, j.was)
		b.ended[j.was]--
		m.job(j)
		f.reopen(b, j, f.since(m.At))
		f.queue(b, j, false)
		if m.Mark != 0 {
			f.marks[m.Mark] = append(f.marks[m.Mark], j)
		}
	}
}

// Count does what [Store] says.
func (f *Frontier) Count(_ context.Context, q Query) (Counts, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var c Counts
	for _, b := range f.batches {
		if q.Batch == 0 || q.Batch == b.ID {
			c = c.Add(b.ledger())
		}
	}
	return c, nil
}

// Waiting does what [Store] says.
func (f *Frontier) Waiting(_ context.Context, q Query) (WaitingPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var page WaitingPage
	if q.Batch != 0 && f.batch(q.Batch) == nil {
		return page, ErrNoBatch
	}
	var reel strings.Builder
	end := uint64(f.last)
	if q.Limit > 0 && q.After < end && end-q.After > uint64(q.Limit) {
		end = q.After + uint64(q.Limit)
		page.Next = end
	}
	for id := q.After + 1; id <= end; id++ {
		j := f.known(JobID(id))
		if j == nil || j.place == Ended || j.is(memFresh) || f.odd(j).mark != 0 {
			continue
		}
		l := f.lane(j)
		if l.batch.mark != 0 || q.Batch != 0 && l.batch.ID != q.Batch || q.Host != "" && l.host != q.Host {
			continue
		}
		if page.Jobs == nil {
			page.Jobs = make([]WaitingJob, 0, end-id+1)
		}
		page.Jobs = append(page.Jobs, WaitingJob{ID: JobID(j.id), URL: f.urls.urlIn(&reel, f.origin(j).first, j.url.ref()), Place: j.place})
	}
	return page, nil
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

// Cancelled returns the results that q selects of jobs that are cancelled now,
// whatever its Outcomes: see [Store].
func (f *Frontier) Cancelled(q Query) []Result {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cancelled(q)
}

func (f *Frontier) cancelled(q Query) []Result {
	jobs := f.after(q.After)
	if len(q.Jobs) > 0 {
		jobs = f.named(q.Jobs)
	}
	var out []Result
	for j := range jobs {
		b := f.of(j)
		if uint64(j.id) <= q.After || j.place != Backlog && j.place != Deferred || f.odd(j).mark == 0 && b.mark == 0 {
			continue
		}
		odd := f.odd(j)
		r := Result{
			Job: JobID(j.id), Batch: b.ID, URL: f.url(j), Host: f.lane(j).host, Outcome: Cancelled,
			Attempts: int(odd.attempts), Carry: odd.carry,
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
