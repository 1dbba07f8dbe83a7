package engine

import (
	"sync"
	"time"
)

// Seq counts the changes of a feed.
type Seq uint64

// A View is what changed for one subscriber between two calls of
// [Subscription.Take]: everything in (From, To].
type View struct {
	From, To   Seq
	Full       bool       // replace what you hold, do not merge: the first view, or you came too late
	More       bool       // there is more already: take again before drawing conclusions from what is missing
	Stats      Stats      // of the moment of Take
	Jobs       []JobState // latest state of each changed job, oldest change first
	Log        []LogLine  // the newest, at most SubscribeOptions.MaxLog
	LogDropped uint64     // lines since the last view that are not in Log
}

// A Level says how much a log line matters.
type Level uint8

// The levels.
const (
	LevelInfo Level = iota
	LevelWarn
	LevelBad
)

// A LogLine is one thing that happened. Its text may hold page-made bytes.
type LogLine struct {
	At    time.Time
	Level Level
	Text  string
}

// SubscribeOptions say how much one View may carry. The zero value is usable.
type SubscribeOptions struct {
	MaxJobs int // most jobs in one view; 0: 4096
	MaxLog  int // most log lines in one view; 0: 64
}

// feedKept is how many finished jobs a feed keeps for those who come late; the
// rest is read from the store.
const feedKept = 10_000

// logKept is how many log lines it keeps.
const logKept = 512

// A feed holds the latest state of every job worth showing, in the order of
// their last change, and any number of cursors into that order.
//
// A change marks the job and moves it to the end; nobody is waited for. A
// reader that falls behind finds each job once, in its newest state.
type feed struct {
	stats func(*Stats)

	// reading is held by readers, before mu, while they copy jobs: a change
	// meets one of them at mu, and not all.
	reading sync.Mutex

	mu    sync.Mutex
	seq   Seq
	ends  node // both ends of the list: the first is next, the last prev
	at    map[JobID]*node
	free  *node // nodes to use again, linked by next
	frees int
	kept  int   // jobs in the list that have settled, and may be dropped
	swept *node // none up to this one has settled
	gone  Seq   // of the job that was dropped last: no older change of a settled job is kept
	log   [logKept]LogLine
	lines uint64 // log lines ever
	subs  []*Subscription
	quiet int // of them, those whose Ready holds no token
	ended bool
}

// A node is one job in the list. Jobs have settled that have ended or gone
// back to the backlog.
type node struct {
	job        JobState
	seq        Seq // of its last change
	prev, next *node
	readers    int // whose cursors stand on it
}

// nodesFree is how many nodes a feed keeps for jobs to come. One that settles
// makes another go, so a few are enough; what a run needed once for more jobs
// is not held for ever.
const nodesFree = 256

func newFeed(stats func(*Stats)) *feed {
	f := &feed{stats: stats, at: make(map[JobID]*node)}
	f.ends.prev, f.ends.next, f.swept = &f.ends, &f.ends, &f.ends
	return f
}

// set takes the new state of a job.
func (f *feed) set(s JobState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, ok := f.at[s.ID]
	if ok {
		f.unlink(n)
	} else {
		n = f.alloc()
		f.at[s.ID] = n
	}
	f.put(n, &s)
}

// put links a node, which is in no list, at the end with state s.
func (f *feed) put(n *node, s *JobState) {
	f.seq++
	if n.seq != 0 && n.job.isSettled() {
		f.kept--
	}
	n.job, n.seq = *s, f.seq
	n.prev, n.next = f.ends.prev, &f.ends
	n.prev.next, f.ends.prev = n, n
	if s.isSettled() {
		f.kept++
		f.trim()
	}
	f.tell()
}

func (s *JobState) isSettled() bool { return s.Place == Ended || s.Place == Backlog }

// update changes the jobs that match, which may be many.
func (f *feed) update(match func(*JobState) bool, change func(*JobState)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []*node
	for n := f.ends.next; n != &f.ends; n = n.next {
		if match(&n.job) {
			found = append(found, n)
		}
	}
	for _, n := range found {
		s := n.job
		if f.at[s.ID] != n {
			continue // it was dropped to make room
		}
		change(&s)
		f.unlink(n)
		f.put(n, &s)
	}
}

// get returns the last known state of a job.
func (f *feed) get(id JobID) (JobState, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, ok := f.at[id]
	if !ok {
		return JobState{}, false
	}
	return n.job, true
}

// poke says that something changed that is no job.
func (f *feed) poke() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seq++
	f.tell()
}

// say adds a line to the log.
func (f *feed) say(l LogLine) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log[f.lines%logKept] = l
	f.lines++
	f.seq++
	f.tell()
}

// said returns how many lines the log had so far.
func (f *feed) said() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lines
}

// end says that nothing will change any more.
func (f *feed) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	for _, s := range f.subs {
		s.hangUp()
	}
}

// The rest is called with the lock held. A change costs the same for any
// number of readers, but for those that it wakes and those who stand where the
// job stood.

func (f *feed) tell() {
	if f.quiet == 0 {
		return
	}
	for _, s := range f.subs {
		s.tell()
	}
}

func (f *feed) alloc() *node {
	n := f.free
	if n == nil {
		return new(node)
	}
	f.free, n.next = n.next, nil
	f.frees--
	return n
}

// unlink takes a node out of the list. Cursors that stand on it step back.
func (f *feed) unlink(n *node) {
	if n.readers > 0 {
		for _, s := range f.subs {
			if s.pos == n {
				s.stand(n.prev)
			}
		}
	}
	if f.swept == n {
		f.swept = n.prev
	}
	n.prev.next, n.next.prev = n.next, n.prev
}

// trim drops the jobs that settled longest ago, beyond feedKept. A reader that
// has not seen one of them has to start over.
//
// They are found by a cursor like a reader's: what it has passed has not
// settled, or else stands further behind since.
func (f *feed) trim() {
	for f.kept > feedKept {
		n := f.swept.next
		if !n.job.isSettled() {
			f.swept = n
			continue
		}
		f.gone = n.seq
		f.unlink(n)
		delete(f.at, n.job.ID)
		f.kept--
		*n = node{}
		if f.frees < nodesFree {
			n.next, f.free = f.free, n
			f.frees++
		}
	}
}
