package engine

import (
	"errors"
	"testing"
	"time"
)

// An exclusion that is taken back before it is whole takes no more, and the
// change that came between is undone before it.
func TestExclusionUndoneBeforeItIsWhole(t *testing.T) {
	e, err := New(nil, Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Add(t.Context(), Batch{}, func(yield func(Job, error) bool) {
		for _, url := range []string{"http://one.test/1", "http://one.test/2", "http://one.test/3"} {
			if !yield(Job{URL: url, Host: "one.test", Fingerprint: url}, nil) {
				return
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	x := &exclusion{done: Done{Action: ActExclude}}
	part := func(id JobID, want int) {
		t.Helper()
		if _, err := e.guarding(func(now time.Time) (Done, error) { return x.done, e.exclude(t.Context(), x, []JobID{id}, now) }); err != nil {
			t.Fatal(err)
		}
		if got := e.Snapshot().Counts.Cancelled; got != want {
			t.Errorf("%d are cancelled with job %d, want %d", got, id, want)
		}
	}
	undo := func(action Action, want int) {
		t.Helper()
		d, err := e.Undo(t.Context())
		if got := e.Snapshot().Counts; err != nil || d.Action != action || got.Cancelled != want || !got.Balanced() {
			t.Errorf("Undo = %s, %v, %+v; want %s, %d cancelled", d.Action, err, got, action, want)
		}
	}
	part(1, 1)
	if _, err := e.Cancel(t.Context(), Selector{All: true}); err != nil {
		t.Fatal(err)
	}
	part(2, 3) // was taken by the cancel
	undo(ActCancel, 1)
	part(2, 2)
	if u := e.Snapshot().Undo; len(u) != 1 || u[0].Waiting != 2 {
		t.Errorf("to undo: %+v, want one change of 2", u)
	}
	undo(ActExclude, 0)
	part(3, 0)
	if _, err := e.Undo(t.Context()); !errors.Is(err, ErrNothing) {
		t.Errorf("Undo returns %v, want that there is nothing", err)
	}
}
