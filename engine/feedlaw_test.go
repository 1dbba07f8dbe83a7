package engine

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A replica is a reader's copy of the jobs.
type replica struct {
	name  string
	sub   *Subscription
	view  View
	jobs  map[JobID]JobState
	fulls int
	lines uint64 // of the log, taken and dropped
}

func (r *replica) take(t *testing.T, o SubscribeOptions) {
	r.sub.Take(&r.view)
	if len(r.view.Jobs) > o.MaxJobs || len(r.view.Log) > o.MaxLog {
		t.Errorf("%s: a view of %d jobs and %d lines, want at most %d and %d", r.name, len(r.view.Jobs), len(r.view.Log), o.MaxJobs, o.MaxLog)
	}
	if r.view.Full {
		r.fulls++
		clear(r.jobs)
	}
	for _, j := range r.view.Jobs {
		r.jobs[j.ID] = j
	}
	r.lines += uint64(len(r.view.Log)) + r.view.LogDropped
}

// held returns how many jobs a feed holds.
func held(f *feed) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.at)
}

// balanced checks what a feed counts of its readers, so that it need not look
// at each of them: one that is forgotten is never told, one too many makes
// every change look.
func balanced(t *testing.T, f *feed) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	quiet := 0
	for _, s := range f.subs {
		if !s.told {
			quiet++
		}
	}
	if f.quiet != quiet {
		t.Errorf("%d readers have no token, want %d", f.quiet, quiet)
	}
	sum := f.ends.readers
	for n := f.ends.next; n != &f.ends; n = n.next {
		sum += n.readers
	}
	if sum != len(f.subs) {
		t.Errorf("%d readers stand in the list, want %d", sum, len(f.subs))
	}
}

// At 100,000 changes a second and with 16 readers, quick, slow, with small
// views and asleep, the copies of all are equal to what was told at the end,
// and the feed never holds more than it may.
func TestFeedWithManyReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const jobs, width, readers = 25_000, 300, 16
		f := newFeed(func(*Stats) {})
		var wg sync.WaitGroup
		var replicas []*replica
		for i := range readers {
			o := SubscribeOptions{MaxJobs: 4096, MaxLog: 64}
			rest := time.Second / 30
			name := fmt.Sprint("reader ", i)
			switch i {
			case 0:
				name, rest = "asleep", time.Hour
			case 1:
				name = "with small views"
				o.MaxJobs, o.MaxLog = 100, 1
			case 2:
				name = "who falls asleep"
			case 3:
				name, rest = "quick", 0
				o.MaxJobs = 7
			}
			r := &replica{name: name, sub: f.subscribe(o), jobs: make(map[JobID]JobState)}
			replicas = append(replicas, r)
			wg.Go(func() {
				if i == 0 {
					time.Sleep(rest)
				}
				for range r.sub.Ready() {
					r.take(t, o)
					if time.Sleep(rest); i == 2 && len(r.jobs) > 1000 {
						time.Sleep(time.Second / 2) // with jobs under way in its copy
					}
				}
				for r.take(t, o); r.view.More; {
					r.take(t, o)
				}
			})
		}

		truth := make(map[JobID]JobState)
		unsettled, changes, said := 0, 0, uint64(0)
		set := func(i int, p Place) {
			if i < 1 || i > jobs {
				return
			}
			s := JobState{ID: JobID(i), URL: "http://one.test/", Place: p, Attempts: changes}
			if was, ok := truth[s.ID]; ok && !was.isSettled() {
				unsettled--
			}
			if !s.isSettled() {
				unsettled++
			}
			truth[s.ID] = s
			f.set(s)
			if most := unsettled + feedKept; held(f) > most {
				t.Fatalf("the feed holds %d jobs, want at most %d", held(f), most)
			}
			if changes++; changes%1000 == 0 {
				f.say(LogLine{Text: fmt.Sprint(changes)})
				said++
			}
			if changes%100 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		for i := 1; i <= jobs+width; i++ {
			if set(i, Queued); i%9 == 0 { // given back
				set(i, Backlog)
				set(i, Queued)
			}
			set(i-100, InFlight)
			if n := i - 200; n%7 == 0 { // tried once more
				set(n, Deferred)
				set(n, InFlight)
			}
			if n := i - width; n%997 != 0 { // those never end
				set(n, Ended)
			}
			if i%5000 == 0 { // some are changed together
				f.update(func(s *JobState) bool { return s.ID%1000 == 1 }, func(s *JobState) {
					s.Why, s.Attempts = "changed", changes
					truth[s.ID] = *s
				})
			}
		}
		f.end()
		wg.Wait()

		last := &replica{name: "who comes last", sub: f.subscribe(SubscribeOptions{}), jobs: make(map[JobID]JobState)}
		for last.view.More = true; last.view.More; {
			last.take(t, last.sub.opts)
		}
		if want := unsettled + feedKept; len(last.jobs) != want || held(f) != want {
			t.Errorf("the feed holds %d jobs and shows %d, want %d", held(f), len(last.jobs), want)
		}
		balanced(t, f)
		for _, r := range append(replicas, last) {
			for id, j := range r.jobs {
				if j != truth[id] {
					t.Fatalf("%s: job %d is\n%+v, want\n%+v", r.name, id, j, truth[id])
				}
			}
			for id := range last.jobs {
				if _, ok := r.jobs[id]; !ok {
					t.Fatalf("%s: job %d is missing", r.name, id)
				}
			}
			if r.lines != said {
				t.Errorf("%s: %d lines of the log taken or counted as dropped, want %d", r.name, r.lines, said)
			}
		}
		for _, r := range replicas[4:] {
			if r.fulls != 1 || len(r.jobs) != jobs {
				t.Errorf("%s kept up, started over %d times and has %d jobs, want once and %d", r.name, r.fulls, len(r.jobs), jobs)
			}
		}
		if asleep, dozing := replicas[0].fulls, replicas[2].fulls; asleep != 1 || dozing < 2 {
			t.Errorf("the one asleep started over %d times, the one who fell asleep %d times; want once, and again", asleep, dozing)
		}

		// What was dropped settled before all that was kept.
		dropped, kept := 0, changes
		for id, j := range truth {
			if _, ok := last.jobs[id]; !ok {
				dropped = max(dropped, j.Attempts)
			} else if j.isSettled() {
				kept = min(kept, j.Attempts)
			}
		}
		if dropped >= kept {
			t.Errorf("the feed dropped a job at change %d and kept one that settled at %d", dropped, kept)
		}
	})
}

// A job that comes and goes without end leaves nothing behind.
func TestFeedHoldsNothingOfOldChanges(t *testing.T) {
	f := newFeed(func(*Stats) {})
	f.subscribe(SubscribeOptions{}) // never takes
	states := [...]JobState{{ID: 1, Place: Queued}, {ID: 1, Place: Backlog}, {ID: 2, Place: Ended}, {ID: 2, Place: Backlog}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range 400_000 {
		f.set(states[i%len(states)])
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
		t.Errorf("400,000 changes of two jobs took %d bytes, want nearly none", got)
	}
}

// What a feed needed once, when more jobs were under way, it gives back.
func TestFeedShrinksAfterAPeak(t *testing.T) {
	const peak = 5 * feedKept
	f := newFeed(func(*Stats) {})
	for _, p := range []Place{Deferred, Ended} {
		for i := range peak {
			f.set(JobState{ID: JobID(i + 1), Place: p})
		}
	}
	spare := 0
	for n := f.free; n != nil; n = n.next {
		spare++
	}
	if held(f) != feedKept || spare != nodesFree {
		t.Errorf("the feed holds %d jobs and has room for %d more, want %d and %d", held(f), spare, feedKept, nodesFree)
	}
}

// A change of many jobs may make some of them go: they are changed no more.
func TestFeedUpdateMakesRoom(t *testing.T) {
	const waiting = 500
	f := newFeed(func(*Stats) {})
	for i := range waiting + feedKept {
		s := JobState{ID: JobID(i + 1), Place: Deferred}
		if i >= waiting {
			s.Place = Backlog
		}
		f.set(s)
	}
	changed := make(map[JobID]bool)
	f.update(func(*JobState) bool { return true }, func(s *JobState) {
		s.Place, s.Outcome = Ended, Cancelled
		changed[s.ID] = true
	})
	s := f.subscribe(SubscribeOptions{MaxJobs: 2 * feedKept})
	var v View
	s.Take(&v)
	if len(v.Jobs) != feedKept || held(f) != feedKept {
		t.Errorf("the feed holds %d jobs and shows %d, want %d", held(f), len(v.Jobs), feedKept)
	}
	for _, j := range v.Jobs {
		if !changed[j.ID] || j.Outcome != Cancelled {
			t.Fatalf("job %d is %v %v, changed %v; want it cancelled", j.ID, j.Place, j.Outcome, changed[j.ID])
		}
	}
	if len(changed) != feedKept {
		t.Errorf("%d jobs were changed, want %d: those that are there yet", len(changed), feedKept)
	}
}

// What was gone before a reader came, or before it started over, is nothing
// that it lost: or one with small views would start over for ever where an old
// job is still under way.
func TestFeedTellsALateReaderAllThereIs(t *testing.T) {
	f := newFeed(func(*Stats) {})
	for i := range 2 * feedKept {
		s := JobState{ID: JobID(i + 1), Place: Ended}
		if i < 10 {
			s.Place = InFlight
		}
		f.set(s)
	}
	s := f.subscribe(SubscribeOptions{MaxJobs: 3})
	var v View
	jobs := 0
	for v.More = true; v.More && jobs <= feedKept+10; jobs += len(v.Jobs) {
		if s.Take(&v); v.Full != (jobs == 0) {
			t.Fatalf("after %d jobs: full %v, want that of the first view only", jobs, v.Full)
		}
	}
	if jobs != feedKept+10 {
		t.Errorf("told of %d jobs, want %d", jobs, feedKept+10)
	}
}

func TestFeedCountsItsReaders(t *testing.T) {
	f := newFeed(func(*Stats) {})
	f.set(JobState{ID: 1, Place: Queued})
	f.set(JobState{ID: 2, Place: Queued})
	var v View
	var subs []*Subscription
	for i := range 6 {
		s := f.subscribe(SubscribeOptions{MaxJobs: 1 + i%2})
		subs = append(subs, s)
		balanced(t, f)
		if i > 1 {
			s.Take(&v)
			balanced(t, f)
		}
	}
	f.set(JobState{ID: 1, Place: InFlight})
	balanced(t, f)
	for i, s := range subs {
		s.Take(&v)
		if i%3 == 0 {
			s.Close()
		}
		balanced(t, f)
	}
	f.end()
	balanced(t, f)
	for _, s := range subs {
		for v.More = true; v.More; {
			s.Take(&v)
			balanced(t, f)
		}
		s.Close()
		balanced(t, f)
	}
}

// What happens between two parts of one view: jobs that are in it change
// again, others that are not change before they are, and one settles and goes.
func TestFeedViewInParts(t *testing.T) {
	f := newFeed(func(*Stats) {})
	const n = 3 * takePart
	for i := range n {
		f.set(JobState{ID: JobID(i + 1), Place: InFlight})
	}
	s := f.subscribe(SubscribeOptions{})
	var v View
	if most := s.begin(&v); most != n {
		t.Errorf("a view of at most %d jobs, want %d", most, n)
	}
	if !s.part(&v) {
		t.Fatal("the first part is the last")
	}
	f.set(JobState{ID: 1, Place: InFlight, Attempts: 1}) // in the view already
	f.set(JobState{ID: n, Place: InFlight, Attempts: 1}) // not yet
	f.set(JobState{ID: n + 1, Place: Queued})            // new
	f.say(LogLine{Text: "meanwhile"})
	for s.part(&v) {
	}
	if len(v.Jobs) != n-1 || !v.More || v.To != n-1 || len(v.Log) != 1 {
		t.Errorf("a view of %d jobs up to %d, more %v, %d lines; want %d, more, and one line", len(v.Jobs), v.To, v.More, len(v.Log), n-1)
	}
	for i, j := range v.Jobs {
		if j.ID != JobID(i+1) || j.Attempts != 0 {
			t.Fatalf("job %d of the view is %d after %d attempts, want %d as it was", i, j.ID, j.Attempts, i+1)
		}
	}
	<-s.Ready()
	from := v.To
	s.Take(&v)
	if len(v.Jobs) != 3 || v.More || v.Full || v.From != from || v.To != n+4 {
		t.Fatalf("the next view has %d jobs from %d to %d, more %v, full %v; want 3 from %d to %d", len(v.Jobs), v.From, v.To, v.More, v.Full, from, n+4)
	}
	if v.Jobs[0].ID != 1 || v.Jobs[1].ID != n || v.Jobs[2].ID != n+1 || v.Jobs[0].Attempts+v.Jobs[1].Attempts != 2 {
		t.Errorf("the next view has %+v, want jobs 1, %d and %d as they are", v.Jobs, n, n+1)
	}

	// A reader whose changes go between two parts starts over with its next
	// view, and is told so at once.
	for i := range feedKept + feedKept/2 {
		f.set(JobState{ID: JobID(i + n + 2), Place: Ended})
		if i == feedKept-1 {
			s.begin(&v)
			s.part(&v)
		}
	}
	for s.part(&v) {
	}
	if v.Full || !v.More || len(v.Jobs) != takePart || len(s.Ready()) != 1 {
		t.Errorf("a view of %d jobs, full %v, more %v; want %d, more and a token", len(v.Jobs), v.Full, v.More, takePart)
	}
	jobs := 0
	for first := true; v.More; first = false {
		if s.Take(&v); v.Full != first {
			t.Errorf("after %d jobs: full %v, want that of the first view only", jobs, v.Full)
		}
		jobs += len(v.Jobs)
	}
	if want := feedKept + n + 1; jobs != want {
		t.Errorf("told of %d jobs, want %d", jobs, want)
	}

	// One that hangs up in between has what it had.
	f.set(JobState{ID: 1, Place: Queued})
	s.begin(&v)
	s.Close()
	if s.part(&v) || v.More || len(v.Jobs) != 0 {
		t.Errorf("after Close a view of %d jobs, more %v; want none", len(v.Jobs), v.More)
	}
	balanced(t, f)
}

// The same with all of it at once, for the race detector.
func TestFeedReadersAndChangesAtOnce(t *testing.T) {
	const jobs, changes = 10 * takePart, 30_000
	f := newFeed(func(*Stats) {})
	var wg sync.WaitGroup
	last := make([]JobState, jobs)
	for i := range 3 {
		r := &replica{name: fmt.Sprint("reader ", i), sub: f.subscribe(SubscribeOptions{}), jobs: make(map[JobID]JobState)}
		wg.Go(func() {
			var to Seq
			for range r.sub.Ready() {
				for r.view.More = true; r.view.More; {
					r.take(t, r.sub.opts)
					once := make(map[JobID]bool)
					for _, j := range r.view.Jobs {
						if once[j.ID] {
							t.Errorf("%s: job %d is twice in one view", r.name, j.ID)
						}
						once[j.ID] = true
					}
					if r.view.From != to {
						t.Errorf("%s: a view from %d, want from %d", r.name, r.view.From, to)
					}
					to = r.view.To
				}
			}
			for r.take(t, r.sub.opts); r.view.More; {
				r.take(t, r.sub.opts)
			}
			for _, want := range last {
				if got := r.jobs[want.ID]; got != want {
					t.Errorf("%s: job %d is %+v, want %+v", r.name, want.ID, got, want)
					return
				}
			}
		})
	}
	for i := range changes {
		s := JobState{ID: JobID(i%jobs + 1), Place: InFlight, Attempts: i}
		last[i%jobs] = s
		f.set(s)
	}
	f.end()
	wg.Wait()
}

// What changes while a view gets its numbers is in them, or has a token that
// brings a view with newer ones: a screen is never left with old numbers.
func TestNumbersAreNotOlderThanTheirToken(t *testing.T) {
	var f *feed
	ended, late := 0, true
	f = newFeed(func(s *Stats) {
		s.Counts.OK = ended
		if late { // it ends when its number has been read
			late = false
			ended++
			f.set(JobState{ID: 1, Place: Ended, Outcome: OK})
		}
	})
	s := f.subscribe(SubscribeOptions{})
	var v View
	f.set(JobState{ID: 1, Place: InFlight})
	for range 3 {
		select {
		case <-s.Ready():
			s.Take(&v)
		default:
		}
	}
	if v.Stats.Counts.OK != 1 {
		t.Errorf("the last view says %d ok, want 1", v.Stats.Counts.OK)
	}
}
