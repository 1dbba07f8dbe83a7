package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"weir/engine"
)

func batchOf(recipe string, rows, filled int) engine.BatchStats {
	return engine.BatchStats{
		Batch: engine.Batch{Recipe: engine.RecipeRef{Name: recipe}}, Rows: rows,
		Fill: []engine.FieldFill{{Field: "date", Filled: filled, Records: rows}},
	}
}

func TestPastRemembersTheLastBatchWithRecords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fill.json")
	read := func() *past {
		p, err := readPast(path)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if got := read().before(); len(got) != 0 {
		t.Errorf("before the first run: %v, want nothing", got)
	}
	for _, batches := range [][]engine.BatchStats{
		{batchOf("a", 10, 9), batchOf("b", 5, 5), batchOf("a", 20, 17), batchOf("a", 0, 0)},
		{batchOf("b", 7, 1)},
		{batchOf("b", 0, 0)}, // a run in which nothing was found says nothing
	} {
		if err := read().keep(&engine.Stats{At: time.Now(), Batches: batches}); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string][]engine.FieldFill{
		"a": {{Field: "date", Filled: 17, Records: 20}},
		"b": {{Field: "date", Filled: 1, Records: 7}},
	}
	if got := read().before(); !reflect.DeepEqual(got, want) {
		t.Errorf("before = %v, want %v", got, want)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, mode %v; want 0600", err, info.Mode())
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".fill-*")); left != nil {
		t.Errorf("left behind: %q", left)
	}
}

func TestPastForgetsTheRecipesThatRanLongAgo(t *testing.T) {
	p := &past{path: filepath.Join(t.TempDir(), "fill.json"), fill: map[string]pastFill{}}
	at := time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC)
	for i := range pastKept + 3 {
		s := &engine.Stats{At: at.Add(time.Duration(i) * time.Minute), Batches: []engine.BatchStats{batchOf(fmt.Sprint(i), 1, 1)}}
		if err := p.keep(s); err != nil {
			t.Fatal(err)
		}
	}
	if _, known := p.fill["2"]; known || len(p.fill) != pastKept || p.fill["3"].Fields == nil {
		t.Errorf("%d recipes, the third among them: %v; want the last %d", len(p.fill), known, pastKept)
	}
}
