package engine

import (
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
)

// A million jobs are a million of these. What a job costs with all that
// belongs to it is in BenchmarkMemStoreJob.
func TestMemJobIsSmall(t *testing.T) {
	if got := unsafe.Sizeof(memJob{}); got > 32 {
		t.Errorf("a job takes %d bytes, want at most 32", got)
	}
	if got := unsafe.Sizeof(memOdd{}); got > 64 {
		t.Errorf("what few jobs have takes %d bytes, want at most 64", got)
	}
	s := NewMemStore()
	list := func(yield func(Job, error) bool) {
		for i := range 2 * len(memPage{}) {
			url := fmt.Sprint("http://one.test/", i)
			if !yield(Job{URL: url, Host: fmt.Sprint("one", ".test"), Origin: fmt.Sprint("http://", "one.test"), Fingerprint: url}, nil) {
				return
			}
		}
	}
	if _, err := s.AddBatch(t.Context(), Batch{}, list, nil); err != nil {
		t.Fatalf("AddBatch: %v", err)
	}
	jobs, err := s.Next(t.Context(), 10, Want{})
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	jobs[0].Attempts, jobs[1].Attempts = 1, 1
	if err := s.Release(t.Context(), jobs[:2]); err != nil {
		t.Errorf("Release: %v", err)
	}
	if jobs, err := s.Next(t.Context(), 2, Want{}); err != nil || len(jobs) != 2 {
		t.Fatalf("Next = %d, %v; want 2", len(jobs), err)
	}
	var rs []Result
	for _, j := range jobs[1:] {
		rs = append(rs, Result{Job: j.ID, Outcome: OK})
	}
	if err := s.Finish(t.Context(), rs, nil); err != nil {
		t.Errorf("Finish: %v", err)
	}
	first := s.job(1)
	for j := range s.all() {
		switch {
		case j.site != first.site:
			t.Fatalf("job %d has a host and an origin of its own", j.id)
		case (s.odd(j) != &s.odds.none) != (j == first):
			t.Errorf("job %d has what few have: %+v", j.id, s.odd(j))
		}
	}
	l := s.lane(first)
	if end := unsafe.StringData(s.origin(first).origin[len("http://"):]); unsafe.StringData(l.host) != end {
		t.Error("a host is kept apart from the origin that ends in it")
	}
}

// A job comes back with its times as they were given.
func TestMemTimesAreExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewMemStore()
		now := time.Now()
		for _, at := range []time.Time{
			{},
			now, now.Add(1), now.Add(-1), now.Add(time.Hour), now.Add(-time.Hour), now.Add(24*time.Hour + 123456789),
			now.Round(0), now.Round(0).Add(-1), time.Date(1999, 12, 31, 23, 59, 59, 999999999, time.UTC),
			time.Date(2250, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(1750, 1, 1, 0, 0, 0, 1, time.UTC),
		} {
			kept := s.since(at)
			got := s.time(kept)
			if !got.Equal(at) || got.IsZero() != at.IsZero() || s.since(got) != kept {
				t.Errorf("%v came back as %v", at, got)
			}
		}
		if got := s.time(s.since(now)); got != now { // with what the monotonic clock said
			t.Errorf("%v came back as %v", now, got)
		}
		for _, at := range []memTime{math.MinInt64, math.MaxInt64} { // as far as it reaches
			if got := s.since(s.time(at)); got-at > 1 || at-got > 1 {
				t.Errorf("%d came back as %d", at, got)
			}
		}
		far := now.AddDate(1000, 0, 0)
		if got := s.time(s.since(far)); got.Before(now.AddDate(292, 0, 0)) {
			t.Errorf("%v came back as %v, want 292 years from now", far, got)
		}
	})
}
