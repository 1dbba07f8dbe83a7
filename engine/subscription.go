package engine

import (
	"runtime"
	"slices"
)

// A Subscription is one reader's cursor over the changes of a run. It holds
// nothing up: what the reader has not taken yet is kept once, for all readers,
// as the latest state of each job.
//
// Ready may be received from by several goroutines; Take is for one at a time.
type Subscription struct {
	feed  *feed
	opts  SubscribeOptions
	ready chan struct{}

	// The lock of feed guards the rest.
	pos   *node // the node that was taken last; before the first one, the ends
	seen  Seq   // changes up to here were taken
	upTo  Seq   // what the view that is being made is of
	after Seq   // what was gone when it last started over
	lines uint64
	fresh bool // the next view starts over
	told  bool // ready holds its token
	gone  bool // ready is closed
	over  bool // so is the subscription: nothing moves pos any more
}

func (f *feed) subscribe(o SubscribeOptions) *Subscription {
	if o.MaxJobs <= 0 {
		o.MaxJobs = 4096
	}
	if o.MaxLog <= 0 {
		o.MaxLog = 64
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &Subscription{feed: f, opts: o, ready: make(chan struct{}, 1), pos: &f.ends, fresh: true}
	f.subs = append(f.subs, s)
	f.ends.readers++
	f.quiet++
	s.tell()
	if f.ended {
		s.hangUp()
	}
	return s
}

// tell sees to it that Ready holds its token.
func (s *Subscription) tell() {
	if s.told {
		return
	}
	select {
	case s.ready <- struct{}{}:
	default:
	}
	s.told = true
	s.feed.quiet--
}

// hangUp closes Ready, which counts as told from then on.
func (s *Subscription) hangUp() {
	if s.gone {
		return
	}
	if !s.told {
		s.told = true
		s.feed.quiet--
	}
	s.gone = true
	close(s.ready)
}

// stand moves the cursor.
func (s *Subscription) stand(n *node) {
	s.pos.readers--
	n.readers++
	s.pos = n
}

// lost reports whether a change that was not taken is gone.
func (s *Subscription) lost() bool { return s.feed.gone > max(s.seen, s.after) }

// Ready returns a channel of capacity 1 that says that there is something to
// take. It is closed by Close, and when the run has ended: what is left can
// still be taken then.
func (s *Subscription) Ready() <-chan struct{} { return s.ready }

// StartOver makes the next view a Full one, as for a reader that comes too late:
// for one that has let views go by and kept nothing of them. It never blocks,
// and may be called while another goroutine takes a view.
func (s *Subscription) StartOver() {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	s.fresh = true
	s.tell()
}

// takePart is how many jobs a reader copies before it lets others have the
// lock of the feed: about 5 us.
const takePart = 128

// Take fills into with what changed since the last call, reusing its slices.
// It never blocks, and one call does a bounded amount of work: if there is
// more, into.More is set and Ready holds its token again.
//
// The run waits for no reader longer than it takes to copy some jobs: a large
// view is made in parts, and what changes meanwhile comes with the next one.
func (s *Subscription) Take(into *View) {
	most := s.begin(into)
	s.feed.stats(&into.Stats) // after it: what changes from now on has a token of its own
	if cap(into.Jobs) < most {
		into.Jobs = make([]JobState, 0, most)
	}
	for s.part(into) {
		runtime.Gosched() // whoever waits for the lock goes first
	}
}

// begin begins a view, which is of the changes up to now, and returns how many
// jobs that can be at most.
func (s *Subscription) begin(into *View) (most int) {
	f := s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.told && !s.gone {
		s.told = false
		f.quiet++
	}
	into.Full = !s.over && (s.fresh || s.lost())
	if into.Full {
		s.stand(&f.ends)
		s.seen, s.after, s.fresh = 0, f.gone, false
	}
	s.upTo = f.seq
	into.From, into.To, into.More = s.seen, s.seen, false
	into.Jobs, into.Log, into.LogDropped = into.Jobs[:0], into.Log[:0], 0
	return int(min(uint64(s.upTo-s.seen), uint64(len(f.at)), uint64(s.opts.MaxJobs)))
}

// part takes some jobs of a view and reports whether there are more for it. If
// not, it ends the view.
func (s *Subscription) part(into *View) (more bool) {
	f := s.feed
	f.reading.Lock()
	defer f.reading.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case s.over:
		return false
	case s.lost(): // since the last part: the next view starts over
	case s.copy(into):
		return true
	}
	into.More = s.pos.next != &f.ends
	if !into.More {
		s.seen = f.seq
	}
	into.To = s.seen
	s.takeLog(into)
	if into.More {
		s.tell()
	}
	return false
}

// copy copies a part of the jobs that changed, and reports whether the view
// has room for more of them. What changes between two parts goes behind all
// that the view is of, so each job is in it once.
func (s *Subscription) copy(into *View) (more bool) {
	at := s.pos
	for range takePart {
		n := at.next
		if more = n != &s.feed.ends && n.seq <= s.upTo && len(into.Jobs) < s.opts.MaxJobs; !more {
			break
		}
		into.Jobs = append(into.Jobs, n.job)
		at, s.seen = n, n.seq
	}
	s.stand(at)
	return more
}

func (s *Subscription) takeLog(into *View) {
	f := s.feed
	missed := f.lines - s.lines
	n := min(missed, uint64(s.opts.MaxLog), logKept)
	into.LogDropped = missed - n
	for i := f.lines - n; i < f.lines; i++ {
		into.Log = append(into.Log, f.log[i%logKept])
	}
	s.lines = f.lines
}

// Close ends the subscription and closes Ready. What was not taken by then is
// not told any more: a view has the numbers only. Closing twice is closing
// once.
func (s *Subscription) Close() error {
	f := s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	s.hangUp()
	if s.over {
		return nil
	}
	s.over = true
	s.stand(&f.ends)
	f.ends.readers--
	f.subs = slices.DeleteFunc(f.subs, func(other *Subscription) bool { return other == s })
	return nil
}
