package sqlite_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/sqlite"
)

// What a store remembers of its last results is what its file has.
func TestRecentResultsAreThoseOfTheFile(t *testing.T) {
	const jobs = 2500 // more than are remembered
	s := made(t)
	_, err := s.AddBatch(t.Context(), engine.Batch{Name: "list"}, func(yield func(engine.Job, error) bool) {
		for i := range jobs {
			url := fmt.Sprintf("http://one.test/%d", i)
			if !yield(engine.Job{URL: url, Host: "one.test", Fingerprint: url}, nil) {
				return
			}
		}
	}, nil)
	check(t, err)
	var num uint64
	finish := func(n int, long string) {
		t.Helper()
		js, err := s.Next(t.Context(), n, engine.Want{Now: time.Now()})
		check(t, err)
		rs := make([]engine.Result, len(js))
		for i, j := range js {
			num++
			rs[i] = engine.Result{
				Job: j.ID, Batch: j.Batch, URL: j.URL, Host: j.Host, Num: num, Outcome: engine.Failed, Class: engine.Status, Status: 500 + i,
				FetchedAt: time.Now(), Title: "One", Carry: "no business of a result's", Fill: []engine.FieldFill{{Field: "a"}},
				Records: []engine.Record{{{Name: "a", Value: "one"}, {Name: "b", Value: engine.Number("1.50")}}, nil},
				Header:  []engine.Header{{Name: "X", Value: long}},
				Links:   []engine.Job{{URL: j.URL, Host: j.Host, Fingerprint: j.URL}},
			}
		}
		check(t, s.Finish(t.Context(), rs, nil))
	}
	same := func(far uint64) {
		t.Helper()
		r, err := sqlite.Read(s.Path())
		check(t, err)
		defer r.Close()
		for _, q := range []engine.Query{
			{After: num - far},
			{After: num - far, Limit: 3},
			{After: num - min(far, 600)},
			{After: num - 10, Limit: 4},
			{After: num - 1},
			{After: num},
			{After: num + 7},
			{After: 1<<64 - 1},
		} {
			got, err := s.Results(t.Context(), q)
			check(t, err)
			want, err := r.Results(t.Context(), q)
			check(t, err)
			if len(got) != len(want) {
				t.Fatalf("%+v at %d: %d results, the file has %d", q, num, len(got), len(want))
			}
			for i := range got {
				if !reflect.DeepEqual(got[i], want[i]) {
					t.Fatalf("%+v at %d: result %d is\n%+v, in the file\n%+v", q, num, i, got[i], want[i])
				}
			}
		}
	}
	for range 30 {
		finish(50, "short")
	}
	same(num)
	finish(5, strings.Repeat("long", 1<<18)) // more than are remembered, in bytes
	same(10)
	finish(20, "short")
	same(22)
	again := func(n int) {
		t.Helper()
		done, err := s.Change(t.Context(), engine.Selector{All: true}, engine.Change{Kind: engine.ChangeRetry, At: time.Now()})
		check(t, err)
		if len(done.Batches) == 0 {
			t.Fatal("nothing is retried")
		}
		finish(n, "again") // takes the place of what is remembered, or is only in the file
		same(40)
	}
	again(1000)
	again(30)
	finish(10, "short")
	same(20)
}
