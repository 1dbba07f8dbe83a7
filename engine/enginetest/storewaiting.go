package enginetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"weir/engine"
)

// This file is the part of TestStore about Waiting, and about the cancel of
// what it tells of.

// waits checks what Waiting tells in pages of q.Limit, each job as its id,
// place and URL, and returns how many pages that took.
func (s *shelf) waits(q engine.Query, want ...string) (pages int) {
	s.Helper()
	var got []string
	for pages < 100 {
		page, err := s.Waiting(s.Context(), q)
		if err != nil {
			s.Fatalf("Waiting: %v", err)
		}
		pages++
		if q.Limit > 0 && len(page.Jobs) > q.Limit {
			s.Errorf("a page of %d has %d jobs", q.Limit, len(page.Jobs))
		}
		for _, j := range page.Jobs {
			got = append(got, fmt.Sprintf("%d %v %s", j.ID, j.Place, j.URL[len("http://"):]))
		}
		if page.Next == 0 {
			break
		}
		q.After = page.Next
	}
	if !slices.Equal(got, want) {
		s.Errorf("Waiting tells of\n%q, want\n%q", got, want)
	}
	return pages
}

func testWaiting(s *shelf) {
	s.waits(engine.Query{Limit: 2})
	s.two()
	first := []string{"1 in flight one.test/0", "2 retry one.test/1", "3 backlog one.test/2", "4 backlog one.test/3", "6 backlog two.test/1"}
	second := []string{"7 backlog one.test/0", "8 backlog two.test/0"}
	all := slices.Concat(first, second)
	for _, tc := range []struct {
		limit, pages int // 8 jobs in all, one of which has ended
	}{{0, 1}, {1, 8}, {2, 4}, {3, 3}, {7, 2}, {8, 1}, {9, 1}} {
		if got := s.waits(engine.Query{Limit: tc.limit}, all...); got != tc.pages {
			s.Errorf("pages of %d: %d, want %d", tc.limit, got, tc.pages)
		}
	}
	s.waits(engine.Query{Batch: 1, Limit: 3}, first...)
	s.waits(engine.Query{Batch: 2, Limit: 3}, second...)
	s.waits(engine.Query{Host: "two.test", Limit: 3}, "6 backlog two.test/1", "8 backlog two.test/0")
	s.waits(engine.Query{Batch: 2, Host: "two.test"}, "8 backlog two.test/0")
	s.waits(engine.Query{After: 6}, second...)
	s.waits(engine.Query{After: 8})
	s.waits(engine.Query{After: 1 << 40, Limit: 1})
	if _, err := s.Waiting(s.Context(), engine.Query{Batch: 3}); !errors.Is(err, engine.ErrNoBatch) {
		s.Errorf("Waiting of a batch that is not there returns %v", err)
	}
}

func testWaitingPasses(s *shelf) {
	s.two()
	s.change(engine.Selector{Jobs: []engine.JobID{1, 3}}, cancel(1), moved{1: {Backlog: 1}})
	s.waits(engine.Query{Batch: 1}, "2 retry one.test/1", "4 backlog one.test/3", "6 backlog two.test/1")
	s.change(engine.Selector{Batch: 1}, cancel(2), moved{1: {Backlog: 2, Retry: 1}})
	s.waits(engine.Query{}, "7 backlog one.test/0", "8 backlog two.test/0")
	s.restore(2, moved{1: {Backlog: 2, Retry: 1}})
	s.restore(1, moved{1: {Backlog: 1}})
	s.paused(engine.ChangePause, []engine.JobID{4}, []engine.JobID{4}, moved{1: {Backlog: 1}})
	s.waits(engine.Query{After: 3}, "4 backlog one.test/3", "6 backlog two.test/1", "7 backlog one.test/0", "8 backlog two.test/0") // paused is not cancelled
	_, err := s.AddBatch(s.Context(), engine.Batch{}, Jobs("new.test", 2), func(j engine.Job, _ engine.Class) {
		page, err := s.Waiting(s.Context(), engine.Query{Batch: 3})
		if told := int(j.ID) - 9; err != nil || len(page.Jobs) != told {
			s.Errorf("while job %d is told of, %d wait (%v), want %d", j.ID, len(page.Jobs), err, told)
		}
	})
	if err != nil {
		s.Fatalf("AddBatch: %v", err)
	}
}

// A cancel of what waits leaves no mark on a leased job: it is not cancelled
// when it returns, and a restore has nothing to take from it.
func testCancelWaiting(s *shelf) {
	leased := s.two()
	ch := cancel(1)
	ch.Waiting = true
	took := moved{1: {Backlog: 1, Retry: 1}, 2: {Backlog: 1}}
	s.change(engine.Selector{Jobs: []engine.JobID{leased.ID, 2, 3, 5, 8}}, ch, took) // 5 has ended
	s.counts(1, engine.Counts{Submitted: 6, Backlog: 2, InFlight: 1, Failed: 1, Cancelled: 2})
	s.release(leased)
	s.counts(1, engine.Counts{Submitted: 6, Backlog: 3, Failed: 1, Cancelled: 2})
	s.restore(1, took)
	s.now = s.now.Add(time.Hour)
	s.waits(engine.Query{}, "1 backlog one.test/0", "2 retry one.test/1", "3 backlog one.test/2", "4 backlog one.test/3",
		"6 backlog two.test/1", "7 backlog one.test/0", "8 backlog two.test/0")
	if got := len(s.lease(100)); got != 7 {
		s.Errorf("%d jobs can be leased, want 7", got)
	}
}
