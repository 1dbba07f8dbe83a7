package engine_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"weir/engine"
	"weir/engine/enginetest"
)

// filled is a page of n records with the given numbers of good values.
func filled(n int, date, shift int) engine.Step {
	step := enginetest.OK(n)
	step.Result.Fill = []engine.FieldFill{{"date", date, n}, {"shift", shift, n}}
	return step
}

func TestFillOfABatchAndOfTheOneBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
			switch r.Job.Batch {
			case 1:
				return filled(30, 30, 29)
			case 2:
				step := filled(7, 7, 7)
				step.Result.Fill = append(step.Result.Fill, engine.FieldFill{Field: "person", Filled: 1, Records: 7})
				slices.Reverse(step.Result.Fill)
				return step
			}
			return filled(10, 0, 9)
		}}
		r := start(t, fake, engine.Config{Interval: -1, Fill: map[string][]engine.FieldFill{"shifts": {{"date", 7, 8}}}})
		shifts := engine.Batch{Recipe: engine.RecipeRef{Name: "shifts"}}
		r.add(shifts, enginetest.Jobs("one.test", 2))
		r.add(engine.Batch{Recipe: engine.RecipeRef{Name: "other"}}, enginetest.Jobs("two.test", 2))
		synctest.Wait()
		early := r.Snapshot()
		shifts.Recipe.Hash = "changed since"
		r.add(shifts, enginetest.Jobs("one.test", 3))
		r.finish()
		s := r.Snapshot()
		for i, wants := range [][2][]engine.FieldFill{
			{{{"date", 60, 60}, {"shift", 58, 60}}, {{"date", 7, 8}}}, // of the run before
			{{{"person", 2, 14}, {"shift", 14, 14}, {"date", 14, 14}}, nil},
			{{{"date", 0, 30}, {"shift", 27, 30}}, {{"date", 60, 60}, {"shift", 58, 60}}},
		} {
			want(t, "fill", s.Batches[i].Fill, wants[0])
			want(t, "fill before", s.Batches[i].Before, wants[1])
		}
		want(t, "fill as it was told", early.Batches[0].Fill, []engine.FieldFill{{"date", 60, 60}, {"shift", 58, 60}})
	})
}

func TestToldFillStaysAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(engine.Request, int) engine.Step { return filled(5, 5, 4) }}
		r := start(t, fake, engine.Config{Workers: 1})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 2))
		synctest.Wait()
		told := r.Snapshot().Batches[0].Fill
		r.finish()
		want(t, "fill after one page", told, []engine.FieldFill{{"date", 5, 5}, {"shift", 4, 5}})
		want(t, "fill after two", r.Snapshot().Batches[0].Fill, []engine.FieldFill{{"date", 10, 10}, {"shift", 8, 10}})
	})
}

func TestFieldFillCollapsed(t *testing.T) {
	for _, tc := range []struct {
		name        string
		now, before engine.FieldFill
		want        bool
	}{
		{"a column that moved", engine.FieldFill{Filled: 0, Records: 20}, engine.FieldFill{Filled: 100, Records: 100}, true},
		{"under half of what it was", engine.FieldFill{Filled: 24, Records: 100}, engine.FieldFill{Filled: 50, Records: 100}, true},
		{"half of what it was", engine.FieldFill{Filled: 25, Records: 100}, engine.FieldFill{Filled: 50, Records: 100}, false},
		{"too few records yet", engine.FieldFill{Filled: 0, Records: 19}, engine.FieldFill{Filled: 100, Records: 100}, false},
		{"too few records before", engine.FieldFill{Filled: 0, Records: 100}, engine.FieldFill{Filled: 19, Records: 19}, false},
		{"never filled", engine.FieldFill{Filled: 0, Records: 100}, engine.FieldFill{Filled: 0, Records: 100}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.now.Collapsed(tc.before); got != tc.want {
				t.Errorf("Collapsed of %v after %v = %v, want %v", tc.now, tc.before, got, tc.want)
			}
		})
	}
}
