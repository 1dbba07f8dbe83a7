package enginetest

import (
	"fmt"
	"time"

	"weir/engine"
)

// This file is the part of TestStore about Change.

// A moved is what a Change says that it moved, by batch.
type moved = map[engine.BatchID]engine.Counts

var (
	all      = engine.Selector{All: true}
	onlyCanc = engine.Query{Outcomes: []engine.Outcome{engine.Cancelled}}
)

func cancel(mark uint64) engine.Change {
	return engine.Change{Kind: engine.ChangeCancel, Mark: mark}
}

func retry(mark uint64) engine.Change {
	return engine.Change{Kind: engine.ChangeRetry, Mark: mark}
}

// restore takes back what mark took.
func (s *shelf) restore(mark uint64, want moved) engine.Changed {
	s.Helper()
	return s.change(engine.Selector{Mark: mark}, engine.Change{Kind: engine.ChangeRestore}, want)
}

// two adds two batches over two hosts: of the first, one job is leased, one
// has ended, one waits for a retry and three wait; of the second two wait.
func (s *shelf) two() (leased engine.Job) {
	s.Helper()
	s.add(engine.Batch{}, Jobs("one.test", 4), Jobs("two.test", 2))
	jobs := s.leases(3, "b1 one.test/0", "b1 two.test/0", "b1 one.test/1")
	s.finish(engine.Failed, jobs[1])
	jobs[2].Due = s.now.Add(time.Minute)
	s.release(jobs[2])
	s.add(engine.Batch{}, Jobs("one.test", 1), Jobs("two.test", 1))
	s.counts(1, engine.Counts{Submitted: 6, Backlog: 3, Retry: 1, InFlight: 1, Failed: 1})
	s.counts(2, engine.Counts{Submitted: 2, Backlog: 2})
	return jobs[0]
}

func testCancelRun(s *shelf) {
	s.two()
	took := moved{1: {Backlog: 3, Retry: 1}, 2: {Backlog: 2}}
	s.change(all, cancel(1), took)
	s.counts(1, engine.Counts{Submitted: 6, InFlight: 1, Failed: 1, Cancelled: 4})
	s.counts(2, engine.Counts{Submitted: 2, Cancelled: 2})
	s.leases(100)
	s.change(all, cancel(2), nil) // nothing is left
	s.restore(2, nil)
	s.restore(1, took)
	s.counts(1, engine.Counts{Submitted: 6, Backlog: 3, Retry: 1, InFlight: 1, Failed: 1})
	s.counts(2, engine.Counts{Submitted: 2, Backlog: 2})
	s.restore(1, nil)
	s.now = s.now.Add(time.Hour)
	s.leases(100, "b2 one.test/0", "b1 two.test/1", "b2 two.test/0", "b1 one.test/2", "b1 one.test/3", "b1 one.test/1")
}

func testCancelBatch(s *shelf) {
	leased := s.two()
	took := moved{1: {Backlog: 3, Retry: 1}}
	sel := engine.Selector{Batch: 1}
	s.change(sel, cancel(1), took)
	s.counts(1, engine.Counts{Submitted: 6, InFlight: 1, Failed: 1, Cancelled: 4})
	s.counts(2, engine.Counts{Submitted: 2, Backlog: 2})
	s.change(sel, cancel(2), nil)
	s.leases(100, "b2 one.test/0", "b2 two.test/0")
	// What returns to a cancelled batch is cancelled, and restored with it.
	s.release(leased)
	s.counts(1, engine.Counts{Submitted: 6, Failed: 1, Cancelled: 5})
	s.restore(1, moved{1: {Backlog: 4, Retry: 1}})
	s.counts(1, engine.Counts{Submitted: 6, Backlog: 4, Retry: 1, Failed: 1})
	s.now = s.now.Add(time.Hour)
	if got := len(s.lease(100)); got != 5 {
		s.Errorf("%d jobs can be leased, want 5", got)
	}
}

func testCancelHost(s *shelf) {
	leased := s.two()
	sel := engine.Selector{Host: "one.test"}
	took := moved{1: {Backlog: 2, Retry: 1}, 2: {Backlog: 1}}
	got := s.change(sel, cancel(1), took)
	hosts := map[engine.BatchID]map[string]int{1: {"one.test": 3}, 2: {"one.test": 1}}
	s.same("by host", got.Hosts, hosts)
	s.counts(1, engine.Counts{Submitted: 6, Backlog: 1, InFlight: 1, Failed: 1, Cancelled: 3})
	s.counts(2, engine.Counts{Submitted: 2, Backlog: 1, Cancelled: 1})
	s.change(sel, cancel(2), nil)
	s.release(leased)
	s.counts(1, engine.Counts{Submitted: 6, Backlog: 1, Failed: 1, Cancelled: 4})
	s.leases(100, "b2 two.test/0", "b1 two.test/1")
	took[1], hosts[1]["one.test"] = engine.Counts{Backlog: 3, Retry: 1}, 4
	got = s.restore(1, took)
	s.same("by host", got.Hosts, hosts)
	s.counts(1, engine.Counts{Submitted: 6, Backlog: 3, Retry: 1, InFlight: 1, Failed: 1})
	s.now = s.now.Add(time.Hour)
	if got := len(s.lease(100)); got != 5 {
		s.Errorf("%d jobs can be leased, want 5", got)
	}
}

func testCancelJobs(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 6))
	jobs := s.lease(6)
	ended, out := jobs[0], jobs[1]
	s.finish(engine.OK, ended)
	s.release(jobs[2:]...)
	sel := engine.Selector{Jobs: []engine.JobID{ended.ID, out.ID, jobs[3].ID, jobs[4].ID, 999}}
	s.change(sel, cancel(1), moved{1: {Backlog: 2}})
	s.counts(1, engine.Counts{Submitted: 6, Backlog: 2, InFlight: 1, OK: 1, Cancelled: 2})
	s.leases(100, "b1 one.test/2", "b1 one.test/5")
	s.restore(1, moved{1: {Backlog: 2}})
	s.counts(1, engine.Counts{Submitted: 6, Backlog: 2, InFlight: 3, OK: 1})
	s.release(out) // the mark is off it too
	s.counts(1, engine.Counts{Submitted: 6, Backlog: 3, InFlight: 2, OK: 1})
	if got := len(s.lease(100)); got != 3 {
		s.Errorf("%d jobs can be leased, want 3", got)
	}
}

func testRestoreMarks(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 4), Jobs("two.test", 2))
	s.add(engine.Batch{}, Jobs("one.test", 1))
	s.change(engine.Selector{Jobs: []engine.JobID{2}}, cancel(1), moved{1: {Backlog: 1}})
	s.change(engine.Selector{Host: "one.test"}, cancel(2), moved{1: {Backlog: 3}, 2: {Backlog: 1}})
	s.change(engine.Selector{Batch: 1}, cancel(3), moved{1: {Backlog: 2}})
	s.counts(0, engine.Counts{Submitted: 7, Cancelled: 7})
	s.leases(100)
	s.restore(3, moved{1: {Backlog: 2}})
	s.counts(1, engine.Counts{Submitted: 6, Backlog: 2, Cancelled: 4})
	s.leases(100, "b1 two.test/0", "b1 two.test/1")
	s.restore(2, moved{1: {Backlog: 3}, 2: {Backlog: 1}})
	if got := len(s.lease(100)); got != 4 {
		s.Errorf("%d jobs can be leased, want 4", got)
	}
	s.restore(1, moved{1: {Backlog: 1}})
	s.leases(100, "b1 one.test/1")
	s.counts(0, engine.Counts{Submitted: 7, InFlight: 7})
}

// Every cancel is taken back at once, and nothing else is: a retry stays one.
func testRestoreAll(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 6))
	s.add(engine.Batch{}, Jobs("two.test", 2))
	jobs := s.leases(4, "b1 one.test/0", "b2 two.test/0", "b1 one.test/1", "b2 two.test/1")
	s.finish(engine.Failed, jobs[0])
	jobs[2].Due = s.now.Add(time.Minute)
	s.release(jobs[2])
	s.change(all, retry(1), moved{1: {Failed: 1}})
	ids := engine.Selector{Jobs: []engine.JobID{1, 2, 3}}
	s.change(ids, cancel(2), moved{1: {Backlog: 2, Retry: 1}})
	s.change(engine.Selector{Host: "two.test"}, cancel(3), nil) // both are leased
	s.change(engine.Selector{Batch: 1}, cancel(4), moved{1: {Backlog: 3}})
	s.release(jobs[1])
	s.counts(0, engine.Counts{Submitted: 8, InFlight: 1, Cancelled: 7})
	everything := engine.Change{Kind: engine.ChangeRestore}
	got := s.change(all, everything, moved{1: {Backlog: 5, Retry: 1}, 2: {Backlog: 1}})
	s.same("by host", got.Hosts[2], map[string]int{"two.test": 1})
	s.counts(0, engine.Counts{Submitted: 8, Backlog: 6, Retry: 1, InFlight: 1})
	s.release(jobs[3])
	s.counts(2, engine.Counts{Submitted: 2, Backlog: 2})
	s.change(all, everything, nil)
	s.rows(onlyCanc)
	// Their marks name nothing any more, and that of the retry still does.
	for _, mark := range []uint64{2, 3, 4} {
		s.restore(mark, nil)
	}
	s.restore(1, moved{1: {Failed: 1}})
	s.now = s.now.Add(time.Hour)
	if got := len(s.lease(100)); got != 7 {
		s.Errorf("%d jobs can be leased, want 7", got)
	}
}

func testCancelLeased(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 5))
	jobs := s.leases(5, "b1 one.test/0", "b1 one.test/1", "b1 one.test/2", "b1 one.test/3", "b1 one.test/4")
	s.change(engine.Selector{Host: "one.test"}, cancel(1), nil)
	s.counts(1, engine.Counts{Submitted: 5, InFlight: 5})
	s.release(jobs[0])
	jobs[1].Due = s.now.Add(time.Second)
	s.release(jobs[1])
	s.finish(engine.OK, jobs[2]) // it was faster than the cancel
	s.counts(1, engine.Counts{Submitted: 5, InFlight: 2, OK: 1, Cancelled: 2})
	s.now = s.now.Add(time.Hour)
	s.leases(100)
	s.restore(1, moved{1: {Backlog: 1, Retry: 1}})
	s.release(jobs[3])
	s.counts(1, engine.Counts{Submitted: 5, Backlog: 2, Retry: 1, InFlight: 1, OK: 1})
	if got := len(s.lease(100)); got != 3 {
		s.Errorf("%d jobs can be leased, want 3", got)
	}
	s.finish(engine.OK, jobs[4])
	s.rows(engine.Query{}, "1 ok one.test/2", "2 ok one.test/4")
}

// The engine has the job in its books once it was told of it, and the store
// has it in its own once it can be leased. A cancel between the two must move
// it in both or in neither.
func testCancelWhileAdding(s *shelf) {
	_, err := s.AddBatch(s.Context(), engine.Batch{}, Jobs("one.test", 3), func(j engine.Job, _ engine.Class) {
		if j.URL != "http://one.test/1" {
			return
		}
		got, err := s.Change(s.Context(), engine.Selector{Jobs: []engine.JobID{j.ID}}, cancel(1))
		if err != nil || got.Batches[1] != (engine.Counts{}) {
			s.Errorf("Change = %+v, %v; want it to move nothing", got, err)
		}
	})
	if err != nil {
		s.Fatalf("AddBatch: %v", err)
	}
	s.counts(1, engine.Counts{Submitted: 3, Backlog: 3})
	s.leases(100, "b1 one.test/0", "b1 one.test/1", "b1 one.test/2")
}

func testCancelledRows(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 3))
	s.add(engine.Batch{}, Jobs("two.test", 2))
	jobs := s.leases(2, "b1 one.test/0", "b2 two.test/0")
	s.finish(engine.OK, jobs[0])
	jobs[1].Attempts, jobs[1].Due = 2, s.now.Add(time.Minute)
	s.release(jobs[1])
	s.rows(onlyCanc)
	s.change(engine.Selector{Batch: 2}, cancel(1), moved{2: {Backlog: 1, Retry: 1}})
	s.change(engine.Selector{Jobs: []engine.JobID{3}}, cancel(2), moved{1: {Backlog: 1}})
	const (
		two  = "0 cancelled one.test/2"
		zero = "0 cancelled two.test/0"
		one  = "0 cancelled two.test/1"
	)
	s.rows(onlyCanc, two, zero, one)
	for _, tc := range []struct {
		q    engine.Query
		want []string
	}{
		{engine.Query{Batch: 2}, []string{zero, one}},
		{engine.Query{Host: "one.test"}, []string{two}},
		{engine.Query{Limit: 2}, []string{two, zero}},
		{engine.Query{Batch: 2, Limit: 1}, []string{zero}},
		{engine.Query{After: 3}, []string{zero, one}},
		{engine.Query{After: 4, Limit: 1}, []string{one}},
		{engine.Query{After: 5}, nil},
		{engine.Query{After: 3, Jobs: []engine.JobID{3, 5}}, []string{one}},
		{engine.Query{Jobs: []engine.JobID{1, 2, 3}}, []string{two}},
	} {
		tc.q.Outcomes = onlyCanc.Outcomes
		s.rows(tc.q, tc.want...)
	}
	rs, err := s.Results(s.Context(), engine.Query{Jobs: []engine.JobID{jobs[1].ID}, Outcomes: onlyCanc.Outcomes})
	if err != nil || len(rs) != 1 || rs[0].Job != jobs[1].ID || rs[0].Batch != 2 || rs[0].Attempts != 2 || rs[0].Host != "two.test" {
		s.Errorf("Results = %+v, %v; want one with job, batch, host and 2 attempts", rs, err)
	}
	s.rows(engine.Query{}, "1 ok one.test/0")
	s.restore(1, moved{2: {Backlog: 1, Retry: 1}})
	s.rows(onlyCanc, two)
}

func testPause(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 3))
	s.add(engine.Batch{}, Jobs("one.test", 3))
	one := engine.Selector{Batch: 1}
	s.change(one, engine.Change{Kind: engine.ChangePause}, nil)
	s.counts(1, engine.Counts{Submitted: 3, Backlog: 3})
	s.leases(1, "b2 one.test/0")
	s.change(one, engine.Change{Kind: engine.ChangeResume}, nil)
	s.leases(1, "b1 one.test/0")
	// A pause outlives a cancel that was taken back.
	s.change(one, engine.Change{Kind: engine.ChangePause}, nil)
	s.change(one, cancel(1), moved{1: {Backlog: 2}})
	s.restore(1, moved{1: {Backlog: 2}})
	s.leases(1, "b2 one.test/1")
	s.change(one, engine.Change{Kind: engine.ChangeResume}, nil)
	s.change(one, engine.Change{Kind: engine.ChangePriority, Priority: engine.High}, nil)
	jobs := s.leases(2, "b1 one.test/1", "b1 one.test/2")
	if p := jobs[0].Priority; p != engine.High {
		s.Errorf("priority %v, want high", p)
	}
	// What was leased before comes back with the new one.
	s.change(one, engine.Change{Kind: engine.ChangePriority, Priority: engine.Low}, nil)
	s.release(jobs...)
	if got := s.leases(3, "b2 one.test/2", "b1 one.test/1", "b1 one.test/2")[1].Priority; got != engine.Low {
		s.Errorf("priority %v, want low", got)
	}
}

// ended adds a batch with one job of each outcome that ended, and one that did
// not.
func (s *shelf) ended() {
	s.Helper()
	id := s.add(engine.Batch{}, Jobs("one.test", 4), Jobs("two.test", 1))
	for i, o := range []engine.Outcome{engine.OK, engine.Failed, engine.Empty, engine.Skipped} {
		jobs := s.leaseFor(1, engine.Want{Now: s.now, SkipHosts: map[string]struct{}{"two.test": {}}})
		s.same("leased", names(jobs), []string{fmt.Sprintf("b%d one.test/%d", id, i)})
		s.finish(o, jobs...)
	}
}

func testRetry(s *shelf) {
	s.ended()
	s.ended()
	got := s.change(engine.Selector{Batch: 1}, retry(1), moved{1: {Failed: 1, Empty: 1}})
	s.same("by host", got.Hosts, map[engine.BatchID]map[string]int{1: {"one.test": 2}})
	s.counts(1, engine.Counts{Submitted: 5, Backlog: 3, OK: 1, Skipped: 1})
	s.change(engine.Selector{Batch: 1}, retry(2), nil)
	// The old result stays until the next one takes its place.
	s.rows(engine.Query{Batch: 1, Outcomes: []engine.Outcome{engine.Failed}}, "2 failed one.test/1")
	jobs := s.leaseFor(1, engine.Want{Now: s.now, SkipBatches: map[engine.BatchID]struct{}{2: {}}, SkipHosts: map[string]struct{}{"two.test": {}}})
	if j := jobs[0]; j.ID != 2 || j.Attempts != 0 || j.Retries != 0 {
		s.Errorf("leased %+v, want job 2 as if it were new", j)
	}
	s.finish(engine.OK, jobs...)
	s.rows(engine.Query{Jobs: []engine.JobID{2}}, "9 ok one.test/1")
	s.rows(engine.Query{Batch: 1}, "1 ok one.test/0", "3 empty one.test/2", "4 skipped one.test/3", "9 ok one.test/1")
	s.rows(engine.Query{Batch: 1, After: 1, Limit: 1}, "3 empty one.test/2")
	s.counts(1, engine.Counts{Submitted: 5, Backlog: 2, OK: 2, Skipped: 1})

	s.change(all, engine.Change{Kind: engine.ChangeRetry, Mark: 3, Outcomes: []engine.Outcome{engine.OK, engine.Skipped}},
		moved{1: {OK: 2, Skipped: 1}, 2: {OK: 1, Skipped: 1}})
	s.counts(2, engine.Counts{Submitted: 5, Backlog: 3, Failed: 1, Empty: 1})
	s.change(engine.Selector{Host: "two.test"}, retry(4), nil)
	s.change(engine.Selector{Jobs: []engine.JobID{7, 8, 1}}, retry(5), moved{2: {Failed: 1, Empty: 1}})
	s.counts(0, engine.Counts{Submitted: 10, Backlog: 10})
	if got := len(s.lease(100)); got != 10 {
		s.Errorf("%d jobs can be leased, want 10", got)
	}
}

// A job that was put off and then ended waits in the backlog when it is
// retried by hand, not for its old time.
func testRetryDue(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 1))
	j := s.lease(1)[0]
	j.Due = s.now.Add(time.Hour)
	s.release(j)
	s.now = j.Due
	s.finish(engine.Failed, s.lease(1)...)
	s.now = s.now.Add(-time.Minute)
	s.change(all, retry(1), moved{1: {Failed: 1}})
	s.counts(1, engine.Counts{Submitted: 1, Backlog: 1})
	if j := s.leases(1, "b1 one.test/0")[0]; !j.Due.IsZero() {
		s.Errorf("due %v, want no time", j.Due)
	}
}

func testRetryRestore(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 5))
	s.finish(engine.Failed, s.lease(5)...)
	s.change(all, retry(1), moved{1: {Failed: 5}})
	jobs := s.leases(3, "b1 one.test/0", "b1 one.test/1", "b1 one.test/2")
	s.finish(engine.OK, jobs[0])
	jobs[1].Due = s.now.Add(time.Minute) // tried again, and to be tried once more
	s.release(jobs[1])
	// Two still wait as they were made to: they have their result again.
	s.restore(1, moved{1: {Failed: 2}})
	s.counts(1, engine.Counts{Submitted: 5, Retry: 1, InFlight: 1, OK: 1, Failed: 2})
	s.leases(100)
	s.rows(engine.Query{}, "2 failed one.test/1", "3 failed one.test/2", "4 failed one.test/3", "5 failed one.test/4", "6 ok one.test/0")
	s.now = s.now.Add(time.Hour)
	s.leases(100, "b1 one.test/1")
	// They can be retried once more, and cancelled then.
	s.change(all, retry(2), moved{1: {Failed: 2}})
	s.change(all, cancel(3), moved{1: {Backlog: 2}})
	s.restore(3, moved{1: {Backlog: 2}})
	s.restore(2, moved{1: {Failed: 2}})
	s.counts(1, engine.Counts{Submitted: 5, InFlight: 2, OK: 1, Failed: 2})
	s.leases(100)
}

// paused is a change of jobs by name: it moves these and says which they are.
func (s *shelf) paused(kind engine.ChangeKind, ids, want []engine.JobID, moved moved) {
	s.Helper()
	got := s.change(engine.Selector{Jobs: ids}, engine.Change{Kind: kind}, moved)
	var which []engine.JobID
	for _, j := range got.Jobs {
		which = append(which, j.ID)
		if j.Batch != 1 || j.Host == "" {
			s.Errorf("job %d is of batch %d and host %q", j.ID, j.Batch, j.Host)
		}
	}
	s.same("jobs", which, want)
}

func testPauseJobs(s *shelf) {
	type ids = []engine.JobID
	const pause, resume = engine.ChangePause, engine.ChangeResume
	s.add(engine.Batch{}, Jobs("one.test", 6))
	jobs := s.leases(3, "b1 one.test/0", "b1 one.test/1", "b1 one.test/2")
	s.finish(engine.Failed, jobs[0])
	jobs[1].Due = s.now.Add(time.Minute)
	s.release(jobs[1])
	// One has ended, one waits for a retry, one is leased, three wait.
	s.paused(pause, ids{1, 2, 3, 4, 999}, ids{2, 3, 4}, moved{1: {Backlog: 1, Retry: 1}})
	s.paused(pause, ids{2, 3, 4}, nil, nil)
	s.counts(1, engine.Counts{Submitted: 6, Backlog: 3, Retry: 1, InFlight: 1, Failed: 1})
	s.release(jobs[2]) // it is paused when it comes back
	s.now = s.now.Add(time.Hour)
	s.leases(100, "b1 one.test/4", "b1 one.test/5")
	// What is cancelled and comes back is still paused.
	s.change(engine.Selector{Jobs: ids{4}}, cancel(1), moved{1: {Backlog: 1}})
	s.paused(pause, ids{4}, nil, nil)
	s.paused(resume, ids{4}, ids{4}, nil)
	s.paused(pause, ids{4}, nil, nil) // it is cancelled: there is nothing to pause
	s.restore(1, moved{1: {Backlog: 1}})
	s.paused(pause, ids{4}, ids{4}, moved{1: {Backlog: 1}})
	s.change(engine.Selector{Jobs: ids{4}}, cancel(1), moved{1: {Backlog: 1}})
	s.restore(1, moved{1: {Backlog: 1}})
	s.leases(100)
	// So is what goes with its batch; it can be resumed meanwhile.
	s.change(engine.Selector{Batch: 1}, cancel(2), moved{1: {Backlog: 2, Retry: 1}})
	s.paused(resume, ids{4}, ids{4}, nil)
	s.restore(2, moved{1: {Backlog: 2, Retry: 1}})
	s.leases(100, "b1 one.test/3")
	s.paused(resume, ids{1, 2, 3, 4, 999}, ids{2, 3}, moved{1: {Backlog: 1, Retry: 1}})
	s.paused(resume, ids{2, 3}, nil, nil)
	back := s.leases(100, "b1 one.test/2", "b1 one.test/1")
	// The end of a job is the end of its pause.
	s.paused(pause, ids{2}, ids{2}, nil)
	s.finish(engine.Failed, back[1])
	s.change(all, retry(3), moved{1: {Failed: 2}})
	s.leases(100, "b1 one.test/0", "b1 one.test/1")
}
