package cli

import (
	"context"
	"testing"

	"weir/engine"
	"weir/engine/enginetest"
)

// However many jobs are cancelled, each has its row once, and no more are held
// than are read at once.
func TestEachCancelled(t *testing.T) {
	const jobs = 2*page + 7
	for _, n := range []int{0, 1, page, jobs} {
		s := engine.NewMemStore()
		added, err := s.AddBatch(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", jobs), nil)
		if err != nil {
			t.Fatal(err)
		}
		var ids []engine.JobID
		for id := range engine.JobID(n) {
			ids = append(ids, jobs-id)
		}
		if _, err := s.Change(t.Context(), engine.Selector{Jobs: ids}, engine.Change{Kind: engine.ChangeCancel, Mark: 1}); err != nil {
			t.Fatal(err)
		}
		var last engine.JobID
		seen := 0
		read := func(ctx context.Context, q engine.Query) ([]engine.Result, error) { return s.Results(ctx, q) }
		err = eachCancelled(t.Context(), added.Batch, read, func(rs []engine.Result) error {
			if len(rs) > page {
				t.Errorf("%d rows at once, want at most %d", len(rs), page)
			}
			for _, r := range rs {
				if r.Job <= last {
					t.Errorf("job %d comes after job %d", r.Job, last)
				}
				last = r.Job
				seen++
			}
			return nil
		})
		if err != nil || seen != n {
			t.Errorf("%d rows, %v; want %d", seen, err, n)
		}
	}
}
