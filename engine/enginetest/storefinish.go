package enginetest

import (
	"cmp"
	"reflect"
	"slices"
	"time"

	"weir/engine"
)

// This file is the part of TestStore about results.

func testFinishKeeps(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 1))
	j := s.lease(1)[0]
	want := engine.Result{
		Job: j.ID, Batch: j.Batch, Num: 1, URL: j.URL, Final: "http://two.test/x", Host: j.Host,
		Outcome: engine.Empty, Class: engine.Status, Error: "rows: 0, want 1", Status: 404,
		Unchanged: true, Attempts: 2, Bytes: 1 << 40, Elapsed: 1500 * time.Millisecond, FetchedAt: s.now,
		Title: "A \x1b[31mpage\x00 \xff",
		Records: []engine.Record{
			{{Name: "z", Value: "1"}, {Name: "a", Value: []string{"x", ""}}, {Name: "none", Value: nil}},
			{{Name: "z", Value: ""}},
			{{Name: "z", Value: engine.Number("-12345678901234567890.50")}, {Name: "a", Value: []any{engine.Number("1"), "1"}}, {Name: "none", Value: false}},
		},
		Findings: []engine.Finding{{Kind: "MissingCell", Row: 5, Col: 3, Field: "start", Selector: "td", Raw: "<td>"}},
		Header:   []engine.Header{{Name: "Age", Value: "0"}, {Name: "Age", Value: "1"}},
		Timing:   engine.Timing{Waited: 1, DNS: -1, Connect: 2, TLS: -1, FirstByte: 3, Body: 4, Extract: 5},
		History:  []engine.Attempt{{Status: 503, Class: engine.Status, Elapsed: 6, Waited: 7, Why: "status: retried"}},
	}
	if err := s.Finish(s.Context(), []engine.Result{want}, nil); err != nil {
		s.Fatalf("Finish: %v", err)
	}
	rs, err := s.Results(s.Context(), engine.Query{})
	if err != nil || len(rs) != 1 {
		s.Fatalf("Results = %d, %v; want one", len(rs), err)
	}
	got := rs[0]
	if !got.FetchedAt.Equal(want.FetchedAt) {
		s.Errorf("FetchedAt = %v, want %v", got.FetchedAt, want.FetchedAt)
	}
	got.FetchedAt = want.FetchedAt
	if !reflect.DeepEqual(got, want) {
		s.Errorf("kept\n%+v, want\n%+v", got, want)
	}
	s.counts(1, engine.Counts{Submitted: 1, Empty: 1})
	s.leases(1)
}

func testFinishLinks(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 2), Jobs("one.test", 1))
	j := s.lease(1)[0]
	var told []engine.Job
	err := s.Finish(s.Context(), []engine.Result{{
		Job: j.ID, Batch: j.Batch, URL: j.URL, Host: j.Host, Num: 1, Outcome: engine.OK,
		Links: []engine.Job{Job("one.test", 1), Job("two.test", 5), Job("two.test", 5), Job("one.test", 0)},
	}}, func(j engine.Job, class engine.Class) {
		if class != "" {
			s.Errorf("told of a refused link: %q", class)
		}
		told = append(told, j)
		for _, leased := range s.lease(100) {
			if leased.ID == j.ID {
				s.Errorf("link %d was leased before it was told of", j.ID)
			}
			s.release(leased)
		}
	})
	if err != nil {
		s.Fatalf("Finish: %v", err)
	}
	s.same("told of", names(told), []string{"b1 two.test/5"})
	s.counts(1, engine.Counts{Submitted: 4, Backlog: 2, OK: 1, Skipped: 1, Duplicate: 1})
	jobs := s.lease(100)
	slices.SortFunc(jobs, func(a, b engine.Job) int { return cmp.Compare(a.ID, b.ID) })
	s.same("leased", names(jobs), []string{"b1 one.test/1", "b1 two.test/5"})
	if jobs[1].Depth != 1 || jobs[1].ID != told[0].ID {
		s.Errorf("the link became %+v, want depth 1 and id %d", jobs[1], told[0].ID)
	}
}

// Whoever looks while the links of several results are told of finds all of
// the results kept, and all of the links on the books.
func testFinishOnce(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 2))
	s.add(engine.Batch{}, Jobs("one.test", 1))
	jobs := s.lease(3)
	slices.SortFunc(jobs, func(a, b engine.Job) int { return cmp.Compare(a.ID, b.ID) })
	var rs []engine.Result
	for i, j := range jobs {
		rs = append(rs, engine.Result{
			Job: j.ID, Batch: j.Batch, URL: j.URL, Host: j.Host, Num: uint64(i + 1), Outcome: engine.OK,
			Links: []engine.Job{Job("two.test", 2*i), Job("two.test", 2*i+1), Job("two.test", 0)},
		})
	}
	told := map[engine.JobID]bool{}
	err := s.Finish(s.Context(), rs, func(j engine.Job, _ engine.Class) {
		c, err := s.Count(s.Context(), engine.Query{})
		if err != nil || !c.Balanced() || c.Submitted != 10 || c.OK != 3 || c.Left() != 7 {
			s.Errorf("link %d: Count = %+v, %v; want 10, of them 3 ok and 7 left", len(told), c, err)
		}
		s.rows(engine.Query{}, "1 ok one.test/0", "2 ok one.test/1", "3 ok one.test/0")
		told[j.ID] = true
		for _, leased := range s.lease(100) {
			if !told[leased.ID] || leased.ID == j.ID {
				s.Errorf("link %d was leased before it was told of", leased.ID)
			}
		}
	})
	if err != nil {
		s.Fatalf("Finish: %v", err)
	}
	if len(told) != 7 {
		s.Errorf("told of %d links, want 7: batch 1 has 0 to 3, and batch 2 4, 5 and 0", len(told))
	}
	s.lease(100)
	s.counts(0, engine.Counts{Submitted: 10, InFlight: 7, OK: 3})
}

func testResults(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 3))
	s.add(engine.Batch{}, Jobs("two.test", 2))
	byBatch := s.lease(100)
	slices.SortFunc(byBatch, func(a, b engine.Job) int { return cmp.Compare(a.ID, b.ID) })
	s.rows(engine.Query{})
	s.finish(engine.OK, byBatch[3], byBatch[0]) // 1, 2
	s.finish(engine.Failed, byBatch[1])         // 3
	s.finish(engine.Empty, byBatch[4])          // 4
	s.finish(engine.Skipped, byBatch[2])        // 5
	const (
		one   = "1 ok two.test/0"
		two   = "2 ok one.test/0"
		three = "3 failed one.test/1"
		four  = "4 empty two.test/1"
		five  = "5 skipped one.test/2"
	)
	s.rows(engine.Query{}, one, two, three, four, five)
	s.rows(engine.Query{After: 2}, three, four, five)
	s.rows(engine.Query{After: 2, Limit: 2}, three, four)
	s.rows(engine.Query{After: 5})
	s.rows(engine.Query{Batch: 2}, one, four)
	s.rows(engine.Query{Batch: 2, Limit: 1}, one)
	s.rows(engine.Query{Host: "one.test", After: 2}, three, five)
	s.rows(engine.Query{Outcomes: []engine.Outcome{engine.Failed, engine.Empty}}, three, four)
	s.rows(engine.Query{Jobs: []engine.JobID{byBatch[4].ID, byBatch[0].ID, 999}}, two, four)
	s.rows(engine.Query{Jobs: []engine.JobID{byBatch[4].ID, byBatch[0].ID, byBatch[1].ID}, Limit: 2}, two, three)
	s.rows(engine.Query{Jobs: []engine.JobID{byBatch[4].ID, byBatch[0].ID}, Batch: 1}, two)
	s.rows(engine.Query{Outcomes: []engine.Outcome{engine.Cancelled}})
	s.counts(1, engine.Counts{Submitted: 3, OK: 1, Failed: 1, Skipped: 1})
	s.counts(2, engine.Counts{Submitted: 2, OK: 1, Empty: 1})
	s.counts(0, engine.Counts{Submitted: 5, OK: 2, Failed: 1, Empty: 1, Skipped: 1})
}

func testStates(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 4))
	s.add(engine.Batch{}, Jobs("two.test", 2))
	jobs := s.lease(100)
	slices.SortFunc(jobs, func(a, b engine.Job) int { return cmp.Compare(a.ID, b.ID) })
	result := func(j engine.Job, num uint64) engine.Result {
		return engine.Result{Job: j.ID, Batch: j.Batch, URL: j.URL, Host: j.Host, Num: num}
	}
	rich := result(jobs[0], 1)
	rich.Outcome, rich.Status, rich.Attempts, rich.Bytes, rich.Elapsed = engine.OK, 200, 3, 1<<40, 1500*time.Millisecond
	rich.Title, rich.FetchedAt = "A \x1b[31mpage\x00 \xff", s.now
	rich.Records = []engine.Record{{{Name: "a", Value: "1"}}, {{Name: "a", Value: nil}}}
	rich.Findings = []engine.Finding{{Kind: "MissingCell", Row: 2, Col: 1, Field: "a"}, {Kind: "BadCell"}}
	rich.Header = []engine.Header{{Name: "Age", Value: "0"}}
	rich.History = []engine.Attempt{{Status: 503, Class: engine.Status, Why: "status: retried"}}
	same := result(jobs[4], 2)
	same.Outcome, same.Unchanged = engine.OK, true
	failed := result(jobs[1], 3)
	failed.Outcome, failed.Class, failed.Error = engine.Failed, engine.Timeout, "no answer in 30s"
	again := result(jobs[2], 4)
	again.Outcome, again.Error = engine.Empty, "0 rows, expected 1"
	if err := s.Finish(s.Context(), []engine.Result{rich, same, failed, again}, nil); err != nil {
		s.Fatalf("Finish: %v", err)
	}
	s.release(jobs[3], jobs[5])
	s.change(engine.Selector{Batch: 2}, cancel(1), moved{2: {Backlog: 1}})
	s.change(engine.Selector{Jobs: []engine.JobID{again.Job}}, engine.Change{Kind: engine.ChangeRetry}, moved{1: {Empty: 1}})
	for _, q := range []engine.Query{
		{},
		{After: 1, Limit: 2},
		{Batch: 2},
		{Host: "one.test", Outcomes: []engine.Outcome{engine.Failed, engine.Empty}},
		{Jobs: []engine.JobID{again.Job, rich.Job, 999}},
		onlyCanc,
		{Jobs: []engine.JobID{jobs[5].ID, rich.Job}, Outcomes: onlyCanc.Outcomes},
	} {
		rs, err := s.Results(s.Context(), q)
		if err != nil || len(rs) == 0 {
			s.Fatalf("Results of %+v = %d, %v; want some", q, len(rs), err)
		}
		want := make([]engine.JobState, len(rs))
		for i := range rs {
			want[i] = rs[i].State()
		}
		got, err := s.States(s.Context(), q)
		if err != nil || !reflect.DeepEqual(got, want) {
			s.Errorf("States of %+v = %v\n%+v, want\n%+v", q, err, got, want)
		}
	}
	got, err := s.States(s.Context(), engine.Query{After: 100})
	if err != nil || len(got) != 0 {
		s.Errorf("States of what is not there = %+v, %v; want none", got, err)
	}
}
