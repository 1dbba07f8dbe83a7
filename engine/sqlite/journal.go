package sqlite

import (
	"sync"
	"time"
)

// An entry is one change that is still to be written.
type entry interface{ write(w *writer) error }

// A journal is the changes that are not in the file yet, in their order. Those
// that were put in under one lock are committed together.
type journal struct {
	mu      sync.Mutex
	change  sync.Cond // of any of the following
	entries []entry
	results int    // among them
	put     uint64 // entries so far
	kept    uint64 // of them are in the file
	hurry   bool   // somebody waits, and not for company
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
	j.change.Broadcast()
}

// wait returns when all that was put in until now is in the file, or the error
// for which it is not. With hurry, it is written at once.
func (j *journal) wait(hurry bool) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if hurry && j.kept < j.put {
		j.hurry = true
		j.change.Broadcast()
	}
	for upto := j.put; j.kept < upto && j.err == nil; {
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

// take returns the next entries to be written together, in at least linger
// after the last commit if there are few. It returns none when the journal is
// closed and empty.
func (j *journal) take(last time.Time) []entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	for {
		if n := len(j.entries); n == 0 {
			if j.closing {
				return nil
			}
			j.change.Wait()
			continue
		} else if j.hurry || j.closing || j.results >= group || n >= most/2 {
			break
		}
		d := time.Until(last.Add(linger))
		if d <= 0 {
			break
		}
		ripe := time.AfterFunc(d, j.change.Broadcast)
		j.change.Wait()
		ripe.Stop()
	}
	out := j.entries
	j.entries, j.results, j.hurry = nil, 0, false
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
