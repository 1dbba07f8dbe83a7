package enginetest

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/engine"
)

// TestStore is the suite that every [engine.Store] must pass. open returns an
// empty store and sees to its end with t.Cleanup.
//
// The suite needs no clock: all times in it are given. It calls the store from
// inside of the callbacks and of the lists that it gives it, as the engine
// does, so a store that holds a lock over them hangs.
func TestStore(t *testing.T, open func(t *testing.T) engine.Store) {
	for _, tc := range []struct {
		name string
		test func(s *shelf)
	}{
		{"AddBatch says what became of every line", testAddLines},
		{"AddBatch never uses an id twice", testAddIDs},
		{"AddBatch tells of a job before it can be leased", testAddEach},
		{"AddBatch lets jobs run while the list is read", testAddStreams},
		{"AddBatch ends with its context and keeps what was read", testAddContext},
		{"AddBatch adds to an earlier batch", testAddMore},
		{"Next takes the highest priority, then batches and hosts in turn", testNextOrder},
		{"Next goes on with the turns of the call before", testNextTurns},
		{"Next passes over hosts and batches", testNextSkips},
		{"Next keeps the turn of a host that it passed over", testNextKeepsTurns},
		{"Next hands a job out once", testNextOnce},
		{"Next hands a job out as it was given", testNextWhole},
		{"A job's Carry comes back on every way", testCarry},
		{"Release puts a job to the front", testReleaseFront},
		{"Release puts off a job that has a time", testReleaseDue},
		{"Finish keeps the whole result", testFinishKeeps},
		{"Finish makes jobs of links", testFinishLinks},
		{"Finish is one step", testFinishOnce},
		{"Results come by cursor, filter and limit", testResults},
		{"States are those of Results", testStates},
		{"Cancel and restore of the run", testCancelRun},
		{"Cancel and restore of a batch", testCancelBatch},
		{"Cancel and restore of a host", testCancelHost},
		{"Cancel and restore of jobs", testCancelJobs},
		{"Restore gives back what its mark took and no more", testRestoreMarks},
		{"Restore of every cancel", testRestoreAll},
		{"Cancel of leased jobs waits for their return", testCancelLeased},
		{"Cancel of a host passes over a job that is still told of", testCancelWhileAdding},
		{"Cancelled jobs have rows", testCancelledRows},
		{"Cancel of what waits leaves leased jobs", testCancelWaiting},
		{"Waiting tells of jobs in pages", testWaiting},
		{"Waiting passes over what is new or cancelled", testWaitingPasses},
		{"Pause, resume and priority of batches", testPause},
		{"Pause and resume of jobs", testPauseJobs},
		{"Retry makes ended jobs wait again", testRetry},
		{"Retry forgets when a job was due", testRetryDue},
		{"Restore of a retry", testRetryRestore},
		{"A batch that is not there", testNoBatch},
		{"What is to be kept comes back", testKeep},
		{"What was kept is plain data", testKeepJSON},
		{"Load of a new store", testLoadNew},
		{"Load tells of batches and their jobs", testLoad},
		{"Load tells what was listed", testLoadListed},
		{"Load tells of a list that was cut", testLoadCut},
		{"Load gives back what is leased", testLoadLeased},
		{"Load tells of pauses", testLoadPaused},
		{"Load tells of retries", testLoadDue},
		{"Load with an earlier clock", testLoadEarlier},
		{"Load adds up results", testLoadTotals},
		{"Many at once", testManyAtOnce},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.test(&shelf{T: t, Store: open(t), now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)})
		})
	}
}

// A shelf is a store under test.
type shelf struct {
	*testing.T
	engine.Store
	now time.Time
	num uint64
}

// add adds a batch that must be taken.
func (s *shelf) add(b engine.Batch, jobs ...iter.Seq2[engine.Job, error]) engine.BatchID {
	s.Helper()
	added, err := s.AddBatch(s.Context(), b, Chain(jobs...), nil)
	if err != nil {
		s.Fatalf("AddBatch: %v", err)
	}
	return added.Batch
}

// lease leases up to n jobs.
func (s *shelf) lease(n int) []engine.Job { s.Helper(); return s.leaseFor(n, engine.Want{Now: s.now}) }

func (s *shelf) leaseFor(n int, w engine.Want) []engine.Job {
	s.Helper()
	jobs, err := s.Next(s.Context(), n, w)
	if err != nil {
		s.Fatalf("Next: %v", err)
	}
	return jobs
}

// leases checks which jobs come next; they are out then.
func (s *shelf) leases(n int, want ...string) []engine.Job {
	s.Helper()
	jobs := s.lease(n)
	s.same("Next", names(jobs), want)
	return jobs
}

// names returns the jobs in short: b1 one.test/0.
func names(jobs []engine.Job) []string {
	var out []string
	for _, j := range jobs {
		out = append(out, fmt.Sprintf("b%d %s", j.Batch, strings.TrimPrefix(j.URL, "http://")))
	}
	return out
}

func (s *shelf) release(jobs ...engine.Job) {
	s.Helper()
	if err := s.Release(s.Context(), jobs); err != nil {
		s.Fatalf("Release: %v", err)
	}
}

// finish ends jobs with one outcome.
func (s *shelf) finish(o engine.Outcome, jobs ...engine.Job) {
	s.Helper()
	var rs []engine.Result
	for _, j := range jobs {
		s.num++
		rs = append(rs, engine.Result{Job: j.ID, Batch: j.Batch, URL: j.URL, Host: j.Host, Num: s.num, Outcome: o, Attempts: 1})
	}
	if err := s.Finish(s.Context(), rs, nil); err != nil {
		s.Fatalf("Finish: %v", err)
	}
}

// change makes a change and checks what it says that it moved.
func (s *shelf) change(sel engine.Selector, ch engine.Change, want map[engine.BatchID]engine.Counts) engine.Changed {
	s.Helper()
	got, err := s.Change(s.Context(), sel, ch)
	if err != nil {
		s.Fatalf("Change: %v", err)
	}
	for id, c := range got.Batches {
		if c == (engine.Counts{}) {
			delete(got.Batches, id)
		}
	}
	if len(got.Batches)+len(want) > 0 {
		s.same("Change moved", got.Batches, want)
	}
	return got
}

// counts checks the numbers of a batch, or of all, and that they balance.
func (s *shelf) counts(id engine.BatchID, want engine.Counts) {
	s.Helper()
	got, err := s.Count(s.Context(), engine.Query{Batch: id})
	if err != nil {
		s.Fatalf("Count: %v", err)
	}
	if got != want {
		s.Errorf("Count of batch %d = %+v, want %+v", id, got, want)
	}
	if !got.Balanced() {
		s.Errorf("batch %d does not balance: %+v", id, got)
	}
}

// rows checks which results a query finds: number, outcome and URL.
func (s *shelf) rows(q engine.Query, want ...string) {
	s.Helper()
	rs, err := s.Results(s.Context(), q)
	if err != nil {
		s.Fatalf("Results: %v", err)
	}
	var got []string
	for _, r := range rs {
		got = append(got, fmt.Sprintf("%d %s %s", r.Num, r.Outcome, strings.TrimPrefix(r.URL, "http://")))
	}
	s.same(fmt.Sprintf("Results of %+v", q), got, want)
}

func (s *shelf) same(what string, got, want any) {
	s.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		s.Errorf("%s = %s, want %s", what, g, w)
	}
}

// Bad is a line that is no URL.
func Bad(line int) iter.Seq2[engine.Job, error] {
	return func(yield func(engine.Job, error) bool) {
		yield(engine.Job{}, fmt.Errorf("line %d: no URL", line))
	}
}

func testNoBatch(s *shelf) {
	id := s.add(engine.Batch{}, Jobs("one.test", 1))
	none := id + 1
	if _, err := s.AddBatch(s.Context(), engine.Batch{ID: none}, Jobs("one.test", 1), nil); !errors.Is(err, engine.ErrNoBatch) {
		s.Errorf("AddBatch to batch %d = %v, want ErrNoBatch", none, err)
	}
	for kind := engine.ChangeCancel; kind <= engine.ChangeRetry; kind++ {
		if kind == engine.ChangeRestore {
			continue // it is for a mark
		}
		if _, err := s.Change(s.Context(), engine.Selector{Batch: none}, engine.Change{Kind: kind, Mark: 1}); !errors.Is(err, engine.ErrNoBatch) {
			s.Errorf("change %d of batch %d = %v, want ErrNoBatch", kind, none, err)
		}
	}
	s.change(engine.Selector{}, engine.Change{Kind: engine.ChangeCancel, Mark: 2}, nil)
	s.change(engine.Selector{Mark: 77}, engine.Change{Kind: engine.ChangeRestore}, nil)
	s.change(engine.Selector{Jobs: []engine.JobID{99}}, engine.Change{Kind: engine.ChangeCancel, Mark: 3}, nil)
	s.change(engine.Selector{Host: "none.test"}, engine.Change{Kind: engine.ChangeCancel, Mark: 4}, nil)
	s.counts(0, engine.Counts{Submitted: 1, Backlog: 1})
}

// Whatever runs at once, nothing is lost and the numbers balance. Run it with
// the race detector.
func testManyAtOnce(s *shelf) {
	const adders, each = 3, 60
	var wg sync.WaitGroup
	for i := range adders {
		wg.Go(func() {
			host := fmt.Sprintf("h%d.test", i)
			if _, err := s.AddBatch(s.Context(), engine.Batch{}, Chain(Jobs(host, each), Jobs(host, 5)), nil); err != nil {
				s.Errorf("AddBatch: %v", err)
			}
		})
	}
	var mu sync.Mutex
	var num uint64
	left := adders * each
	over := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return left == 0
	}
	for range 3 {
		wg.Go(func() {
			for !over() && !s.Failed() {
				jobs, err := s.Next(s.Context(), 5, engine.Want{Now: s.now})
				if err != nil {
					s.Errorf("Next: %v", err)
					return
				}
				if len(jobs) == 0 {
					continue
				}
				if err := s.Release(s.Context(), jobs[1:]); err != nil {
					s.Errorf("Release: %v", err)
				}
				mu.Lock()
				num++
				left--
				err = s.Finish(s.Context(), []engine.Result{{
					Job: jobs[0].ID, Batch: jobs[0].Batch, URL: jobs[0].URL, Host: jobs[0].Host, Num: num, Outcome: engine.OK,
				}}, nil)
				mu.Unlock()
				if err != nil {
					s.Errorf("Finish: %v", err)
				}
			}
		})
	}
	wg.Go(func() {
		for mark := uint64(1); !over() && !s.Failed(); mark++ {
			sel := []engine.Selector{all, {Host: "h1.test"}, {Jobs: []engine.JobID{1, 2, 3, 50}}}[mark%3]
			if _, err := s.Change(s.Context(), sel, cancel(mark)); err != nil {
				s.Errorf("cancel: %v", err)
			}
			if c, err := s.Count(s.Context(), engine.Query{}); err != nil || !c.Balanced() {
				s.Errorf("Count = %+v, %v; want it to balance", c, err)
			}
			if _, err := s.Change(s.Context(), engine.Selector{Mark: mark}, engine.Change{Kind: engine.ChangeRestore}); err != nil {
				s.Errorf("restore: %v", err)
			}
		}
	})
	wg.Wait()
	s.counts(0, engine.Counts{Submitted: adders * (each + 5), OK: adders * each, Skipped: adders * 5, Duplicate: adders * 5})
	rs, err := s.Results(s.Context(), engine.Query{})
	if err != nil || len(rs) != adders*each {
		s.Errorf("%d results, %v; want %d", len(rs), err, adders*each)
	}
	urls := map[string]bool{}
	for _, r := range rs {
		urls[r.URL] = true
	}
	if len(urls) != adders*each || !slices.IsSortedFunc(rs, func(a, b engine.Result) int { return int(a.Num) - int(b.Num) }) {
		s.Errorf("%d different URLs, want %d in the order of their numbers", len(urls), adders*each)
	}
}
