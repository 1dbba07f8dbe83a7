package engine

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
	lines uint64
	fresh bool // the next view starts over
	lost  bool // so it must: what it has not seen is gone
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
	s.tell()
	if f.ended {
		s.hangUp()
	}
	return s
}

func (s *Subscription) tell() {
	if s.gone {
		return
	}
	select {
	case s.ready <- struct{}{}:
	default:
	}
	s.told = true
}

func (s *Subscription) hangUp() {
	if !s.gone {
		s.gone = true
		close(s.ready)
	}
}

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
	s.told = false
	into.Full = s.fresh || s.lost
	if into.Full {
		s.pos, s.seen, s.fresh, s.lost = &f.ends, 0, false, false
	}
	into.From = s.seen
	into.Jobs = into.Jobs[:0]
	for len(into.Jobs) < s.opts.MaxJobs {
		n := s.pos.next
		if n == &f.ends {
			break
		}
		into.Jobs = append(into.Jobs, n.job)
		s.pos, s.seen = n, n.seq
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
	s.over, s.pos = true, &f.ends
	for i, other := range f.subs {
		if other == s {
			f.subs = append(f.subs[:i], f.subs[i+1:]...)
			break
		}
	}
	return nil
}
