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

	mu      sync.Mutex
	seq     Seq
	nodes   []node // node 0 is both ends of the list
	free    []int32
	at      map[JobID]int32
	settled []settled // jobs that may be dropped, oldest first
	kept    int       // of them, those that are still settled
	log     [logKept]LogLine
	lines   uint64 // log lines ever
	subs    []*Subscription
	ended   bool
}

// A node is one job in the list.
type node struct {
	job        JobState
	seq        Seq // of its last change
	prev, next int32
}

// A settled job has ended or gone back to the backlog, at a change.
type settled struct {
	id  JobID
	seq Seq
}

func newFeed(stats func(*Stats)) *feed {
	return &feed{stats: stats, nodes: make([]node, 1), at: make(map[JobID]int32)}
}

// set takes the new state of a job.
func (f *feed) set(s JobState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, ok := f.at[s.ID]
	if ok {
		f.unlink(i)
	} else {
		i = f.alloc()
		f.at[s.ID] = i
	}
	f.put(i, s)
}

// put links node i, which is in no list, at the end with state s.
func (f *feed) put(i int32, s JobState) {
	f.seq++
	n := &f.nodes[i]
	if n.seq != 0 && n.job.isSettled() {
		f.kept--
	}
	n.job, n.seq = s, f.seq
	last := f.nodes[0].prev
	n.prev, n.next = last, 0
	f.nodes[last].next = i
	f.nodes[0].prev = i
	if s.isSettled() {
		f.kept++
		f.settled = append(f.settled, settled{s.ID, f.seq})
		f.trim()
	}
	f.tell()
}

func (s *JobState) isSettled() bool { return s.Place == Ended || s.Place == Backlog }

// update changes the jobs that match, which may be many.
func (f *feed) update(match func(*JobState) bool, change func(*JobState)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []int32
	for i := f.nodes[0].next; i != 0; i = f.nodes[i].next {
		if match(&f.nodes[i].job) {
			found = append(found, i)
		}
	}
	for _, i := range found {
		s := f.nodes[i].job
		if j, ok := f.at[s.ID]; !ok || j != i {
			continue // it was dropped to make room
		}
		change(&s)
		f.unlink(i)
		f.put(i, s)
	}
}

// get returns the last known state of a job.
func (f *feed) get(id JobID) (JobState, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, ok := f.at[id]
	if !ok {
		return JobState{}, false
	}
	return f.nodes[i].job, true
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

// The rest is called with the lock held.

func (f *feed) tell() {
	for _, s := range f.subs {
		if !s.told {
			s.tell()
		}
	}
}

func (f *feed) alloc() int32 {
	if n := len(f.free); n > 0 {
		i := f.free[n-1]
		f.free = f.free[:n-1]
		return i
	}
	f.nodes = append(f.nodes, node{})
	return int32(len(f.nodes) - 1)
}

// unlink takes node i out of the list. Cursors that stand on it step back.
func (f *feed) unlink(i int32) {
	n := &f.nodes[i]
	for _, s := range f.subs {
		if s.pos == i {
			s.pos = n.prev
		}
	}
	f.nodes[n.prev].next = n.next
	f.nodes[n.next].prev = n.prev
}

// trim drops the jobs that settled longest ago, beyond feedKept. A reader that
// has not seen one of them has to start over.
func (f *feed) trim() {
	for f.kept > feedKept {
		old := f.settled[0]
		f.settled = f.settled[1:]
		i, ok := f.at[old.id]
		if !ok || f.nodes[i].seq != old.seq {
			continue // it changed since, and stands again further behind
		}
		for _, s := range f.subs {
			if s.seen < old.seq {
				s.lost = true
			}
		}
		f.unlink(i)
		f.nodes[i] = node{}
		delete(f.at, old.id)
		f.free = append(f.free, i)
		f.kept--
	}
}
