package sqlite_test

import (
	"errors"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
	"weir/engine/sqlite"
)

func TestReaderBatches(t *testing.T) {
	s := made(t)
	check(t, sqlite.Exec(s.Path(), `
		INSERT INTO batch (id, name, recipe, recipe_hash, priority, interval, added, jobs, duplicate, invalid, ok, failed, skipped, cancelled, retry, lines, cut)
		VALUES (1, 'a', 'r', 'ab', 1, 2, 3000000004, 20, 1, 2, 3, 4, 5, 6, 1, 23, 0), (2, 'b', '', '', -1, -1, NULL, 2, 0, 0, 0, 0, 0, 0, 0, 2, 1)`))
	r, err := sqlite.Read(s.Path())
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	if r.Path() != s.Path() {
		t.Errorf("Path = %s, want %s", r.Path(), s.Path())
	}
	got, err := r.Batches(t.Context())
	want := []sqlite.BatchNote{
		{
			Batch: engine.Batch{ID: 1, Name: "a", Recipe: engine.RecipeRef{Name: "r", Hash: "ab"}, Priority: engine.High, Interval: 2, Added: time.Unix(3, 4).UTC()},
			Counts: engine.Counts{
				Submitted: 23, Backlog: 1, Retry: 1, OK: 3, Failed: 4, Skipped: 8, Cancelled: 6, Duplicate: 1, Invalid: 2,
			},
			Lines: 23,
		},
		{Batch: engine.Batch{ID: 2, Name: "b", Priority: engine.Low, Interval: -1}, Counts: engine.Counts{Submitted: 2, Backlog: 2}, Lines: 2, Cut: true},
	}
	if err != nil || len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("Batches = %+v, %v; want %+v", got, err, want)
	}
	for id, want := range []engine.Counts{want[0].Counts.Add(want[1].Counts), want[0].Counts, want[1].Counts, {}} {
		got, err := r.Count(t.Context(), engine.Query{Batch: engine.BatchID(id)})
		if err != nil || got != want || !got.Balanced() {
			t.Errorf("Count of batch %d = %+v, %v; want %+v", id, got, err, want)
		}
	}
	if err := r.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if _, err := r.Batches(t.Context()); !errors.Is(err, sqlite.ErrClosed) {
		t.Errorf("Batches of a closed Reader = %v, want ErrClosed", err)
	}
}

// A job that is cancelled while it is out is no job that is left when it comes
// back as it was, though nothing of its own has changed.
func TestReaderCountsWhatCameBackCancelled(t *testing.T) {
	s := made(t)
	if _, err := s.AddBatch(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", 3), nil); err != nil {
		t.Fatal(err)
	}
	jobs, err := s.Next(t.Context(), 2, engine.Want{})
	if err != nil || len(jobs) != 2 {
		t.Fatalf("Next = %v, %v", jobs, err)
	}
	for _, sel := range []engine.Selector{{Jobs: []engine.JobID{jobs[0].ID}}, {Batch: 1}} {
		_, err := s.Change(t.Context(), sel, engine.Change{Kind: engine.ChangeCancel, Mark: uint64(1 + sel.Batch)})
		check(t, err)
	}
	check(t, s.Sync(t.Context()))
	check(t, s.Release(t.Context(), jobs))
	check(t, s.Sync(t.Context()))
	r, err := sqlite.Read(s.Path())
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	defer r.Close()
	if got, err := r.Count(t.Context(), engine.Query{}); err != nil || got != (engine.Counts{Submitted: 3, Cancelled: 3}) {
		t.Errorf("Count = %+v, %v; want 3 cancelled", got, err)
	}
}
