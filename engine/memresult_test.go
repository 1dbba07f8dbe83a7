package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A result comes back as it was, whatever is in it: nothing, much, and what a
// page of bad intent makes of it.
func TestMemRowsAreExact(t *testing.T) {
	long := strings.Repeat("long ", memBlock)
	some := Result{
		Outcome: Failed, Class: Status, Error: "404", Final: "http://two.test/", Title: "\x00\xff\u202e", Status: 404,
		Attempts: math.MaxInt32, Bytes: math.MaxInt64, Elapsed: math.MinInt64, FetchedAt: time.Now(),
		Timing:   Timing{1, -1, math.MaxInt64, math.MinInt64, 0, 5, 6},
		Header:   []Header{{"Age", "0"}, {"Age", ""}, {"", "x"}},
		History:  []Attempt{{503, Status, 6, 7, "status: retried"}, {}},
		Findings: []Finding{{"MissingCell", 5, 3, "start", "td", "<td>"}, {"", -1, 0, "", "", ""}},
		Records:  []Record{{{"a", "1"}, {"b", []string{"x"}}, {"c", nil}}, nil},
	}
	rs := []Result{
		{},
		some,
		{},
		some,
		{Header: []Header{}, History: []Attempt{}, Findings: []Finding{}, Records: []Record{}},
		{Outcome: Cancelled, Class: Class(long), Error: long, Final: long, Title: long},
		{Header: []Header{{long, long}, {"Age", "1"}}, Findings: []Finding{{Kind: long}}, History: []Attempt{{Why: long}}},
	}
	var many Result // more different words than are kept once
	for i := range memWords + 10 {
		many.Header = append(many.Header, Header{fmt.Sprint("X-", i), fmt.Sprint(i)})
	}
	rs = append(rs, many, some, many)

	s := NewMemStore()
	_, err := s.AddBatch(t.Context(), Batch{}, func(yield func(Job, error) bool) {
		for i := range rs {
			url := fmt.Sprint("http://one.test/", i)
			if !yield(Job{URL: url, Host: "one.test", Fingerprint: url}, nil) {
				return
			}
		}
	}, nil)
	if err != nil {
		t.Fatalf("AddBatch: %v", err)
	}
	keep := func(i int, num uint64) {
		t.Helper()
		r := &rs[i]
		r.Job, r.Batch, r.Num, r.URL, r.Host = JobID(i+1), 1, num, fmt.Sprint("http://one.test/", i), "one.test"
		if err := s.Finish(t.Context(), []Result{*r}, nil); err != nil {
			t.Fatalf("Finish: %v", err)
		}
	}
	check := func(q Query, want ...int) {
		t.Helper()
		got, err := s.Results(t.Context(), q)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d results, %v; want %d", len(got), err, len(want))
		}
		for n, i := range want {
			w := rs[i]
			if !got[n].FetchedAt.Equal(w.FetchedAt) {
				t.Errorf("result %d was fetched at %v, want %v", i, got[n].FetchedAt, w.FetchedAt)
			}
			got[n].FetchedAt = w.FetchedAt
			if !reflect.DeepEqual(got[n], w) {
				t.Errorf("result %d is\n%.2000s, want\n%.2000s", i, fmt.Sprintf("%+v", got[n]), fmt.Sprintf("%+v", w))
			}
		}
	}
	if jobs, err := s.Next(t.Context(), 100, Want{}); err != nil || len(jobs) != len(rs) {
		t.Fatalf("Next = %d, %v", len(jobs), err)
	}
	for i := range rs {
		keep(i, 10*uint64(i+1)) // the numbers need not be close
	}
	check(Query{}, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	check(Query{After: 55}, 5, 6, 7, 8, 9)
	check(Query{Outcomes: []Outcome{Failed}}, 1, 3, 8)

	// The next result of a job takes the place of the one that it had, and of
	// its records.
	if _, err := s.Change(t.Context(), Selector{Jobs: []JobID{2, 4}}, Change{Kind: ChangeRetry, Mark: 1}); err != nil {
		t.Fatalf("Change: %v", err)
	}
	if jobs, err := s.Next(t.Context(), 100, Want{}); err != nil || len(jobs) != 2 {
		t.Fatalf("Next = %d, %v", len(jobs), err)
	}
	check(Query{Jobs: []JobID{2}}, 1)
	rs[1] = Result{Outcome: OK}
	keep(1, 200)
	rs[3].Records = rs[3].Records[:1]
	keep(3, 201)
	check(Query{}, 0, 2, 4, 5, 6, 7, 8, 9, 1, 3)
	check(Query{Outcomes: []Outcome{Failed}}, 8, 3)
	for _, w := range s.words {
		if len(w) > memWord {
			t.Errorf("a word of %d bytes is kept, want at most %d", len(w), memWord)
		}
	}
	if len(s.records) != 3 || len(s.words) != memWords {
		t.Errorf("records of %d jobs and %d words are kept, want 3 and %d", len(s.records), len(s.words), memWords)
	}
}

// Whatever is in a result, it comes back as it was.
func FuzzMemRow(f *testing.F) {
	f.Add("reset", "cut \xff", "Title", int64(-1), int64(1<<62), uint8(3))
	f.Add("", "", "", int64(0), int64(0), uint8(0))
	f.Fuzz(func(t *testing.T, a, b, c string, n, m int64, many uint8) {
		r := Result{
			Job: 1, Batch: 1, Num: 1, URL: "http://one.test/", Host: "one.test", Outcome: Outcome(many % 6), Class: Class(a),
			Error: b, Final: c, Title: b + c, Status: int(int32(n)), Attempts: int(int32(m)), Bytes: n, Elapsed: time.Duration(m),
			Timing: Timing{Waited: time.Duration(n), Extract: time.Duration(m)},
		}
		for i := range many {
			r.Header = append(r.Header, Header{a, fmt.Sprint(b, i)})
			r.Findings = append(r.Findings, Finding{Kind: c, Row: int(i), Col: int(int32(n)), Field: a, Selector: b, Raw: c})
			r.History = append(r.History, Attempt{Status: int(int32(m)), Class: Class(b), Elapsed: time.Duration(n), Waited: time.Duration(m), Why: a})
		}
		s := NewMemStore()
		one := func(yield func(Job, error) bool) { yield(Job{URL: r.URL, Host: r.Host, Fingerprint: r.URL}, nil) }
		if _, err := s.AddBatch(t.Context(), Batch{}, one, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.Finish(t.Context(), []Result{r}, nil); err != nil {
			t.Fatal(err)
		}
		got, err := s.Results(t.Context(), Query{})
		if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], r) {
			t.Errorf("%+v, %v; want %+v", got, err, r)
		}
	})
}

// Results are found by number across blocks: from every place, and those that
// were replaced are passed over.
func TestMemRowsAfter(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := NewMemStore()
	const n = 5000
	_, err := s.AddBatch(t.Context(), Batch{}, func(yield func(Job, error) bool) {
		for i := range n {
			url := fmt.Sprint("http://one.test/", i)
			if !yield(Job{URL: url, Host: "one.test", Fingerprint: url}, nil) {
				return
			}
		}
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var nums []uint64
	num := uint64(0)
	for _, i := range random.Perm(n) {
		num += 1 + random.Uint64N(1000)
		r := Result{Job: JobID(i + 1), Batch: 1, Num: num, Outcome: OK}
		switch random.IntN(1000) {
		case 0:
			r.Title = strings.Repeat("x", 2*memBlock)
		case 1, 2, 3, 4:
			r.Title = strings.Repeat("x", random.IntN(memBlock))
		}
		if err := s.Finish(t.Context(), []Result{r}, nil); err != nil {
			t.Fatal(err)
		}
		nums = append(nums, num)
	}
	if len(s.rows.blocks) < 5 {
		t.Fatalf("there are %d blocks, want some", len(s.rows.blocks))
	}
	for range 500 {
		i := random.IntN(n)
		q := Query{After: nums[i] - uint64(random.IntN(2)), Limit: 1 + random.IntN(3)}
		want := nums[i:]
		if q.After == nums[i] {
			want = nums[i+1:]
		}
		want = want[:min(q.Limit, len(want))]
		got, err := s.States(t.Context(), q)
		if err != nil || len(got) != len(want) {
			t.Fatalf("States(%+v) = %d, %v; want %d", q, len(got), err, len(want))
		}
		for at := range got {
			if got[at].Num != want[at] {
				t.Fatalf("States(%+v) has %d, want %d", q, got[at].Num, want[at])
			}
		}
	}
	for _, q := range []Query{{After: num}, {After: math.MaxUint64}, {Jobs: []JobID{1}, After: num}} {
		if got, err := s.States(t.Context(), q); err != nil || len(got) != 0 {
			t.Errorf("States(%+v) = %d, %v; want none", q, len(got), err)
		}
	}
}
