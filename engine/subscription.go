package engine

import "slices"

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

// Take fills into with what changed since the last call, reusing its slices.
// It never blocks, and one call does a bounded amount of work: if there is
// more, into.More is set and Ready holds its token again.
func (s *Subscription) Take(into *View) {
	s.feed.stats(&into.Stats)
	f := s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.over {
		*into = View{From: s.seen, To: s.seen, Stats: into.Stats, Jobs: into.Jobs[:0], Log: into.Log[:0]}
		return
	}
	if s.told && !s.gone {
		s.told = false
		f.quiet++
	}
	if into.Full = s.fresh || s.lost(); into.Full {
		s.stand(&f.ends)
		s.seen, s.after, s.fresh = 0, f.gone, false
	}
	into.From = s.seen
	into.Jobs = into.Jobs[:0]
	at := s.pos
	for len(into.Jobs) < s.opts.MaxJobs && at.next != &f.ends {
		at = at.next
		into.Jobs = append(into.Jobs, at.job)
		s.seen = at.seq
	}
	s.stand(at)
	into.More = at.next != &f.ends
	if !into.More {
		s.seen = f.seq
	}
	into.To = s.seen
	s.takeLog(into)
	if into.More {
		s.tell()
	}
}

func (s *Subscription) takeLog(into *View) {
	f := s.feed
	missed := f.lines - s.lines
	n := min(missed, uint64(s.opts.MaxLog), logKept)
	into.LogDropped = missed - n
	into.Log = into.Log[:0]
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
