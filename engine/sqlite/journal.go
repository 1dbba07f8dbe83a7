package sqlite

import (
	"context"
	"slices"
	"sync"
	"time"

	"weir/engine"
)

// An entry is one change that is still to be written.
type entry interface {
	write(w *writer) error

	// of is the batch whose numbers it changes; 0: none, every: maybe any.
	of() engine.BatchID
}

const every = ^engine.BatchID(0)

// A journal is the changes that are not in the file yet, in their order. Those
// that were put in under one lock are committed together.
type journal struct {
	mu      sync.Mutex
	change  sync.Cond // of any of the following
	entries []entry
	results int            // among them
	put     uint64         // entries so far
	kept    uint64         // of them are in the file
	last    engine.BatchID // the newest batch
	hurry   bool           // somebody waits, and not for company
	closing bool
	err     error // what ended it
}

const (
	group  = 50                    // results that are worth a commit of their own
	linger = 20 * time.Millisecond // between two commits of less
	most   = 4096                  // entries; a list that is read waits when there are more
)

// add puts an entry in. It never waits.
func (j *journal) add(e entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return // nothing is written any more, and whoever asks is told
	}
	j.entries = append(j.entries, e)
	j.put++
	if _, ok := e.(*ended); ok {
		j.results++
	}
	// What is in between is no news to anybody who waits: see ripe.
	if n := len(j.entries); n == 1 || n == most/2 || j.results == group {
		j.change.Broadcast()
	}
}

// wake makes everybody look again. It takes the lock, so that nobody who has
// looked already and is about to wait misses it.
func (j *journal) wake() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.change.Broadcast()
}

// wait returns when all that was put in until now is in the file, or the error
// for which it is not, or the cause of ctx. With hurry, it is written at once.
func (j *journal) wait(ctx context.Context, hurry bool) error {
	defer context.AfterFunc(ctx, j.wake)()
	j.mu.Lock()
	defer j.mu.Unlock()
	if hurry && j.kept < j.put {
		j.hurry = true
		j.change.Broadcast()
	}
	for upto := j.put; j.kept < upto && j.err == nil; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		j.change.Wait()
	}
	return j.err
}

// room returns when the journal is not too long, or the error that ended it, or
// the cause of ctx.
func (j *journal) room(ctx context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.entries) < most || j.err != nil {
		return j.err
	}
	defer context.AfterFunc(ctx, j.wake)()
	for len(j.entries) >= most && j.err == nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		j.change.Wait()
	}
	return j.err
}

// failed returns the error that ended the journal.
func (j *journal) failed() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// ripe returns true when there are entries to be written, at least linger after
// the last commit if they are few; false when the journal is closed and empty.
func (j *journal) ripe(last time.Time) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	for {
		n := len(j.entries)
		switch {
		case n == 0 && j.closing:
			return false
		case n == 0:
			j.change.Wait()
			continue
		case j.hurry || j.closing || j.results >= group || n >= most/2:
			return true
		}
		d := time.Until(last.Add(linger))
		if d <= 0 {
			return true
		}
		t := time.AfterFunc(d, j.wake)
		j.change.Wait()
		t.Stop()
	}
}

// take returns the entries that are to be written now.
func (j *journal) take() []entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := j.entries
	j.entries, j.results, j.hurry = nil, 0, false
	j.change.Broadcast() // there is room
	return out
}

// batches returns all batches. The Frontier is locked.
func (j *journal) batches() (out []engine.BatchID) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for id := range j.last {
		out = append(out, id+1)
	}
	return out
}

// committed notes that the next n entries are in the file, or that err ended
// the journal.
func (j *journal) committed(n int, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.kept += uint64(n); err != nil && j.err == nil {
		j.err, j.entries = err, nil
	}
	j.change.Broadcast()
}

// close ends the journal once all of it is written.
func (j *journal) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closing = true
	j.change.Broadcast()
}

// The rest is [engine.Journal].

func (j *journal) Added(b engine.Batch) {
	j.add(&added{b})
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last = b.ID
}

func (j *journal) Refused(b engine.BatchID, _ engine.Class) { j.add(refused(b)) }
func (j *journal) Read(b engine.BatchID)                    { j.add(refused(b)) }
func (j *journal) Opened(o engine.Job)                      { j.add(&opened{o}) }
func (j *journal) Returned(r engine.Job)                    { j.add(&returned{r}) }
func (j *journal) Moved(m engine.Moved)                     { j.add(&moved{m}) }

// Noted copies what it is told: it is the caller's again before it is written.
func (j *journal) Noted(news engine.State) {
	if news.Run != nil {
		run := *news.Run
		news.Run = &run
	}
	news.Hosts, news.Origins = slices.Clone(news.Hosts), slices.Clone(news.Origins)
	for i := range news.Origins {
		news.Origins[i].Rules = slices.Clone(news.Origins[i].Rules)
	}
	j.add(&state{news})
}
