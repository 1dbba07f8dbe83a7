package enginetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"weir/engine"
)

// This file is the part of TestStore about the way of a job in and out again.

func testAddLines(s *shelf) {
	var told []string
	added, err := s.AddBatch(s.Context(), engine.Batch{Name: "list"},
		Chain(Bad(1), Jobs("one.test", 2), Jobs("one.test", 3), Bad(7), Jobs("two.test", 1)),
		func(j engine.Job, class engine.Class) {
			told = append(told, fmt.Sprintf("%d %s %s%s", j.Batch, j.Host, j.Fingerprint, class))
			if j.ID == 0 != (class != "") {
				s.Errorf("told of job %d with class %q", j.ID, class)
			}
		})
	if want := (engine.Added{Batch: 1, New: 4, Duplicate: 2, Invalid: 2}); err != nil || added != want {
		s.Errorf("AddBatch = %+v, %v; want %+v", added, err, want)
	}
	// A refused line has no job, and yet a batch.
	s.same("told of", strings.Join(told, ", "), strings.Join([]string{
		"1  invalid", "1 one.test http://one.test/0", "1 one.test http://one.test/1",
		"1  duplicate", "1  duplicate", "1 one.test http://one.test/2",
		"1  invalid", "1 two.test http://two.test/0",
	}, ", "))
	s.counts(1, engine.Counts{Submitted: 8, Backlog: 4, Skipped: 4, Duplicate: 2, Invalid: 2})

	// What is a duplicate in one batch is new in the next.
	if added, err = s.AddBatch(s.Context(), engine.Batch{}, Jobs("one.test", 1), nil); err != nil || added.New != 1 {
		s.Errorf("AddBatch = %+v, %v; want one new", added, err)
	}
	if added, err = s.AddBatch(s.Context(), engine.Batch{}, Chain(), nil); err != nil || added != (engine.Added{Batch: 3}) {
		s.Errorf("AddBatch of nothing = %+v, %v; want batch 3", added, err)
	}
	s.counts(3, engine.Counts{})
	s.counts(0, engine.Counts{Submitted: 9, Backlog: 5, Skipped: 4, Duplicate: 2, Invalid: 2})
}

func testAddIDs(s *shelf) {
	var mu sync.Mutex
	ids := map[engine.JobID]int{}
	batches := map[engine.BatchID]int{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			added, err := s.AddBatch(s.Context(), engine.Batch{}, Jobs("one.test", 50), func(j engine.Job, _ engine.Class) {
				mu.Lock()
				defer mu.Unlock()
				ids[j.ID]++
			})
			if err != nil || added.New != 50 {
				s.Errorf("AddBatch = %+v, %v; want 50 new", added, err)
			}
			mu.Lock()
			defer mu.Unlock()
			batches[added.Batch]++
		})
	}
	wg.Wait()
	s.finish(engine.OK, s.lease(200)...)
	s.add(engine.Batch{}, Jobs("one.test", 10)) // after the others have ended
	for _, j := range s.lease(200) {
		ids[j.ID]++
	}
	if len(ids) != 210 || ids[0] != 0 {
		s.Errorf("%d different ids, want 210, none of them 0", len(ids))
	}
	if len(batches) != 4 || batches[0] != 0 {
		s.Errorf("batch ids %v, want four different ones, none of them 0", batches)
	}
}

func testAddEach(s *shelf) {
	out := map[engine.JobID]bool{}
	_, err := s.AddBatch(s.Context(), engine.Batch{}, Jobs("one.test", 20), func(j engine.Job, _ engine.Class) {
		for _, leased := range s.lease(100) {
			if leased.ID == j.ID {
				s.Errorf("job %d was leased before it was told of", j.ID)
			}
			out[leased.ID] = true
		}
	})
	if err != nil {
		s.Errorf("AddBatch: %v", err)
	}
	for _, j := range s.lease(100) {
		out[j.ID] = true
	}
	if len(out) != 20 {
		s.Errorf("%d jobs were leased, want 20", len(out))
	}
}

func testAddStreams(s *shelf) {
	const most = 10_000
	read := 0
	added, err := s.AddBatch(s.Context(), engine.Batch{}, func(yield func(engine.Job, error) bool) {
		for ; read < most && len(s.lease(1)) == 0; read++ {
			if !yield(Job("one.test", read), nil) {
				return
			}
		}
	}, nil)
	if err != nil || added.New != read || read == most {
		s.Errorf("AddBatch = %+v, %v; want the first job to be leased before %d lines are read", added, err, most)
	}
}

func testAddContext(s *shelf) {
	gone := errors.New("gone")
	for _, tc := range []struct {
		name  string
		stops bool // the list ends by itself when ctx does
	}{{"an endless list", false}, {"a list that stops by itself", true}} {
		ctx, cancel := context.WithCancelCause(s.Context())
		defer cancel(nil)
		added, err := s.AddBatch(ctx, engine.Batch{}, func(yield func(engine.Job, error) bool) {
			for i := range 1000 {
				if i == 7 {
					cancel(gone)
					if tc.stops {
						return
					}
				}
				if !yield(Job("one.test", i), nil) {
					return
				}
			}
		}, nil)
		if !errors.Is(err, gone) || added.Batch == 0 || added.New != 7 {
			s.Errorf("%s: AddBatch = %+v, %v; want 7 new and the cause of its context", tc.name, added, err)
		}
		s.counts(added.Batch, engine.Counts{Submitted: 7, Backlog: 7})
	}
	if got := len(s.lease(100)); got != 14 {
		s.Errorf("%d jobs can be leased, want 14", got)
	}
}

func testAddMore(s *shelf) {
	id := s.add(engine.Batch{Name: "list", Priority: engine.High}, Jobs("one.test", 2))
	s.add(engine.Batch{}, Jobs("one.test", 1))
	added, err := s.AddBatch(s.Context(), engine.Batch{ID: id}, Chain(Jobs("one.test", 3), Bad(4)),
		func(j engine.Job, class engine.Class) {
			if j.Batch != id {
				s.Errorf("told of batch %d, want %d", j.Batch, id)
			}
		})
	if want := (engine.Added{Batch: id, New: 1, Duplicate: 2, Invalid: 1}); err != nil || added != want {
		s.Errorf("AddBatch = %+v, %v; want %+v", added, err, want)
	}
	s.counts(id, engine.Counts{Submitted: 6, Backlog: 3, Skipped: 3, Duplicate: 2, Invalid: 1})
	s.leases(3, "b1 one.test/0", "b1 one.test/1", "b1 one.test/2")
}

func testNextOrder(s *shelf) {
	s.add(engine.Batch{Priority: engine.Low}, Jobs("one.test", 1))
	s.add(engine.Batch{}, Jobs("one.test", 3), Jobs("two.test", 1))
	s.add(engine.Batch{}, Jobs("one.test", 2))
	s.add(engine.Batch{Priority: engine.High}, Jobs("one.test", 1))
	if got := s.lease(0); len(got) != 0 {
		s.Errorf("Next(0) = %v, want none", names(got))
	}
	jobs := s.leases(100, "b4 one.test/0",
		"b2 one.test/0", "b3 one.test/0", "b2 two.test/0", "b3 one.test/1", "b2 one.test/1", "b2 one.test/2",
		"b1 one.test/0")
	for _, j := range jobs {
		want := map[engine.BatchID]engine.Priority{1: engine.Low, 4: engine.High}[j.Batch]
		if j.Priority != want {
			s.Errorf("job of batch %d has priority %v, want %v", j.Batch, j.Priority, want)
		}
	}
	s.counts(0, engine.Counts{Submitted: 8, InFlight: 8})
	s.leases(1)
}

func testNextTurns(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 2), Jobs("two.test", 2), Jobs("six.test", 1))
	s.add(engine.Batch{}, Jobs("one.test", 2))
	for _, want := range []string{
		"b1 one.test/0", "b2 one.test/0", "b1 two.test/0", "b2 one.test/1",
		"b1 six.test/0", "b1 one.test/1", "b1 two.test/1",
	} {
		s.leases(1, want)
	}
}

func testNextSkips(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 2), Jobs("two.test", 2))
	s.add(engine.Batch{}, Jobs("one.test", 1), Jobs("two.test", 1))
	got := s.leaseFor(100, engine.Want{Now: s.now, SkipHosts: map[string]struct{}{"one.test": {}}})
	s.same("Next without a host", names(got), []string{"b1 two.test/0", "b2 two.test/0", "b1 two.test/1"})
	got = s.leaseFor(100, engine.Want{Now: s.now, SkipBatches: map[engine.BatchID]struct{}{1: {}}})
	s.same("Next without a batch", names(got), []string{"b2 one.test/0"})
	got = s.leaseFor(100, engine.Want{
		Now: s.now, SkipHosts: map[string]struct{}{"one.test": {}}, SkipBatches: map[engine.BatchID]struct{}{2: {}},
	})
	s.same("Next without either", names(got), []string(nil))
	s.leases(100, "b1 one.test/0", "b1 one.test/1")
}

func testNextKeepsTurns(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 3), Jobs("two.test", 3), Jobs("six.test", 3), Jobs("ten.test", 3))
	without := func(hosts ...string) engine.Want {
		w := engine.Want{Now: s.now, SkipHosts: map[string]struct{}{}}
		for _, h := range hosts {
			w.SkipHosts[h] = struct{}{}
		}
		return w
	}
	got := s.leaseFor(1, without("one.test", "two.test"))
	s.same("Next without one and two", names(got), []string{"b1 six.test/0"})
	got = s.leaseFor(2, without("one.test", "ten.test"))
	s.same("Next without one and ten", names(got), []string{"b1 two.test/0", "b1 six.test/1"})
	s.leases(3, "b1 one.test/0", "b1 ten.test/0", "b1 two.test/1")
	got = s.leaseFor(100, without("six.test", "one.test"))
	s.same("Next without six and one", names(got), []string{"b1 ten.test/1", "b1 two.test/2", "b1 ten.test/2"})
	s.leases(100, "b1 six.test/2", "b1 one.test/1", "b1 one.test/2")
}

func testNextOnce(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 100), Jobs("two.test", 100))
	s.add(engine.Batch{}, Jobs("one.test", 100))
	var mu sync.Mutex
	times := map[engine.JobID]int{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				jobs, err := s.Next(s.Context(), 7, engine.Want{Now: s.now})
				if err != nil {
					s.Errorf("Next: %v", err)
				}
				if len(jobs) == 0 {
					return
				}
				mu.Lock()
				for _, j := range jobs {
					times[j.ID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for id, n := range times {
		if n != 1 {
			s.Errorf("job %d was handed out %d times", id, n)
		}
	}
	if len(times) != 300 {
		s.Errorf("%d jobs were handed out, want 300", len(times))
	}
}

// Jobs of one host may differ in all else. What is equal or empty is no less
// given than what is not.
func testNextWhole(s *shelf) {
	given := []engine.Job{
		{URL: "http://one.test/", Host: "one.test", Origin: "http://one.test", Fingerprint: "http://one.test/"},
		{URL: "https://one.test/", Host: "one.test", Origin: "https://one.test", Fingerprint: "https://one.test/", Depth: 3},
		{URL: "http://one.test/?b&a", Host: "one.test", Origin: "http://one.test", Fingerprint: "http://one.test/?a&b", Waited: s.now},
		{URL: "http://one.test/x", Host: "one.test", Fingerprint: "x", Waited: s.now.Add(time.Nanosecond)},
		{URL: "http://one.test/y", Host: "one.test", Origin: "https://one.test", Waited: s.now.Add(-time.Nanosecond)},
		{URL: "http://one.test/z", Host: "one.test", Origin: "http://two.test", Fingerprint: "http://one.test/z"},
		{URL: "http://one.test/c", Host: "one.test", Fingerprint: "http://one.test/c", Carry: "a\x00\xff"},
		{URL: "http://one.test/d", Host: "one.test", Fingerprint: "d", Carry: "a\x00\xff"},
	}
	var told []engine.Job
	_, err := s.AddBatch(s.Context(), engine.Batch{Priority: engine.High}, func(yield func(engine.Job, error) bool) {
		for _, j := range given {
			if !yield(j, nil) {
				return
			}
		}
	}, func(j engine.Job, _ engine.Class) { told = append(told, j) })
	if err != nil {
		s.Fatalf("AddBatch: %v", err)
	}
	check := func(what string, got []engine.Job) {
		s.Helper()
		if len(got) != len(given) {
			s.Fatalf("%s %d jobs, want %d", what, len(got), len(given))
		}
		for i, j := range got {
			want := given[i]
			if !j.Waited.Equal(want.Waited) || j.Waited.IsZero() != want.Waited.IsZero() || !j.Due.Equal(want.Due) {
				s.Errorf("%s a job that waits since %v and is due %v, want %v and %v", what, j.Waited, j.Due, want.Waited, want.Due)
			}
			j.Waited, j.Due = want.Waited, want.Due
			want.ID, want.Batch, want.Priority = engine.JobID(i+1), 1, engine.High
			if j != want {
				s.Errorf("%s\n%+v, want\n%+v", what, j, want)
			}
		}
	}
	check("told of", told)
	out := s.lease(100)
	check("leased", out)
	for i := range out {
		j := &out[i]
		j.Attempts, j.Retries, j.Waited = i, 2*i, s.now.Add(time.Duration(i))
		if i == 1 {
			j.Due, j.Class = s.now, engine.Reset // it goes behind the others, which are not put off
		}
		given[i].Attempts, given[i].Retries, given[i].Waited = j.Attempts, j.Retries, j.Waited
		given[i].Due, given[i].Class = j.Due, j.Class
	}
	s.release(out...)
	back := s.lease(100)
	if len(back) == len(out) {
		slices.SortFunc(back, func(a, b engine.Job) int { return cmp.Compare(a.ID, b.ID) })
	}
	check("leased again", back)
}

func testReleaseFront(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 5), Jobs("two.test", 1))
	jobs := s.leases(4, "b1 one.test/0", "b1 two.test/0", "b1 one.test/1", "b1 one.test/2")
	jobs[2].Attempts, jobs[2].Waited = 1, s.now
	s.counts(1, engine.Counts{Submitted: 6, Backlog: 2, InFlight: 4})
	s.release(jobs[2], jobs[3])
	s.counts(1, engine.Counts{Submitted: 6, Backlog: 4, InFlight: 2})
	back := s.leases(100, "b1 one.test/1", "b1 one.test/2", "b1 one.test/3", "b1 one.test/4")
	if j := back[0]; j.Attempts != 1 || !j.Waited.Equal(s.now) || !j.Due.IsZero() {
		s.Errorf("a job came back as %+v, want it as it was released", j)
	}
	s.release()
}

func testReleaseDue(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 3))
	jobs := s.lease(2)
	due := s.now.Add(time.Minute)
	for i := range jobs {
		jobs[i].Due, jobs[i].Attempts, jobs[i].Retries = due.Add(time.Duration(-i)*time.Second), 2, 1
	}
	s.release(jobs...)
	s.counts(1, engine.Counts{Submitted: 3, Backlog: 1, Retry: 2})
	s.leases(0)
	s.now = due.Add(-1001 * time.Millisecond)
	last := s.leases(100, "b1 one.test/2")
	s.release(last...)
	s.now = due.Add(-time.Millisecond)
	s.leases(2, "b1 one.test/2", "b1 one.test/1") // behind the others
	s.counts(1, engine.Counts{Submitted: 3, Retry: 1, InFlight: 2})
	s.leases(1)
	s.now = due
	got := s.leases(100, "b1 one.test/0")
	if j := got[0]; !j.Due.Equal(due) || j.Attempts != 2 || j.Retries != 1 {
		s.Errorf("came back as %+v, want due %v, 2 attempts, 1 retry", j, due)
	}
	s.counts(1, engine.Counts{Submitted: 3, InFlight: 3})
	// Given back without a time, it waits in the backlog.
	got[0].Due = time.Time{}
	s.release(got[0])
	s.counts(1, engine.Counts{Submitted: 3, Backlog: 1, InFlight: 2})
	if j := s.leases(1, "b1 one.test/0")[0]; !j.Due.IsZero() {
		s.Errorf("due %v, want no time", j.Due)
	}
}

// A job's Carry is the store's to keep, for a job of a list and for one of a
// link, until the run ends: an ended job may be retried.
func testCarry(s *shelf) {
	first, second := Job("one.test", 0), Job("one.test", 1)
	first.Carry = "\x00 of the list"
	s.add(engine.Batch{}, func(yield func(engine.Job, error) bool) { _ = yield(first, nil) && yield(second, nil) })
	links := []engine.Job{Job("one.test", 2), Job("one.test", 3)}
	links[0].Carry = "of a link"
	out := s.lease(2)
	err := s.Finish(s.Context(), []engine.Result{{
		Job: out[1].ID, Batch: 1, URL: out[1].URL, Host: out[1].Host, Num: 9, Outcome: engine.OK, Links: links,
	}}, func(j engine.Job, _ engine.Class) {
		if want := map[string]string{links[0].URL: links[0].Carry}[j.URL]; j.Carry != want {
			s.Errorf("told of %s with %q, want %q", j.URL, j.Carry, want)
		}
	})
	if err != nil {
		s.Fatalf("Finish: %v", err)
	}
	s.release(out[0])
	carry := map[engine.JobID]string{1: first.Carry, 3: links[0].Carry}
	same := func(what string, jobs []engine.Job, want int) {
		s.Helper()
		if len(jobs) != want {
			s.Errorf("%s: %d jobs, want %d", what, len(jobs), want)
		}
		for _, j := range jobs {
			if j.Carry != carry[j.ID] {
				s.Errorf("%s: job %d has %q, want %q", what, j.ID, j.Carry, carry[j.ID])
			}
		}
	}
	out = s.lease(10)
	same("given back", out, 3)
	for i := range out {
		out[i].Carry = "another" // only what the job was made with is kept
		out[i].Due, out[i].Attempts, out[i].Retries = s.now.Add(time.Second), 1, 1
	}
	s.release(out...)
	s.now = s.now.Add(time.Minute)
	out = s.lease(10)
	same("put off", out, 3)
	s.release(out...)
	s.change(all, cancel(1), moved{1: {Retry: 3}})
	s.restore(1, moved{1: {Retry: 3}})
	three := engine.Selector{Jobs: []engine.JobID{1, 3, 4}}
	s.change(three, cancel(2), moved{1: {Retry: 3}})
	rs, err := s.Results(s.Context(), onlyCanc)
	if err != nil || len(rs) != 3 {
		s.Errorf("Results of cancelled jobs = %d, %v; want 3", len(rs), err)
	}
	for _, r := range rs {
		if r.Carry != carry[r.Job] {
			s.Errorf("the row of cancelled job %d has %q, want %q", r.Job, r.Carry, carry[r.Job])
		}
	}
	s.restore(2, moved{1: {Retry: 3}})
	got := s.change(three, engine.Change{Kind: engine.ChangePause}, moved{1: {Retry: 3}})
	same("paused", got.Jobs, 3)
	got = s.change(three, engine.Change{Kind: engine.ChangeResume}, moved{1: {Retry: 3}})
	same("resumed", got.Jobs, 3)
	s.now = s.now.Add(time.Hour)
	out = s.lease(10)
	same("undone", out, 3)
	s.finish(engine.Failed, out...)
	s.change(all, retry(3), moved{1: {Failed: 3}})
	s.restore(3, moved{1: {Failed: 3}})
	s.change(all, retry(4), moved{1: {Failed: 3}})
	out = s.lease(10)
	same("retried by hand", out, 3)
	s.finish(engine.OK, out...)
	if rs, err = s.Results(s.Context(), engine.Query{}); err != nil || len(rs) != 4 {
		s.Errorf("Results = %d, %v; want 4", len(rs), err)
	}
	for _, r := range rs {
		if r.Carry != "" {
			s.Errorf("the result of job %d has %q: it is what cancelled jobs have", r.Job, r.Carry)
		}
	}
}
