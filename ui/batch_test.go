package ui

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"weir/engine"
)

// filledScene is a busy one whose first batch has lost a field.
func filledScene() scene {
	sc := busyScene()
	b := &sc.stats.Batches[0]
	b.Batch.Recipe.Name, b.Rows = "schedule", 4464
	b.Fill = []engine.FieldFill{
		{Field: "date", Filled: 4464, Records: 4464},
		{Field: "shift", Filled: 4460, Records: 4464},
		{Field: "person", Filled: 535, Records: 4464},
		{Field: "link", Filled: 0, Records: 4464},
	}
	b.Before = []engine.FieldFill{{Field: "date", Filled: 62, Records: 62}, {Field: "person", Filled: 61, Records: 62}, {Field: "link", Records: 62}}
	return sc
}

func TestBatchDetails(t *testing.T) {
	for _, size := range [][2]int{{120, 36}, {80, 24}, {60, 15}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, filledScene(), size[0], size[1])
				s.press("1", "g", "d")
				checkSize(t, s.View().Content, size[0], size[1])
				golden.RequireEqual(t, s.screen())
			})
		})
	}
}

// A dialog that stays open shows the batch as it is, and ends with it in view.
func TestBatchDetailsAreThoseOfTheLastView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := filledScene()
		s := newStage(t, sc, 120, 36)
		s.press("1", "g", "d")
		for i := range 40 {
			sc.stats.Batches[0].Fill = append(sc.stats.Batches[0].Fill, engine.FieldFill{Field: fmt.Sprintf("column %d", i+5), Filled: i, Records: 40})
		}
		s.bring(sc)
		if got := s.screen(); !strings.Contains(got, "column 5 ") || strings.Contains(got, "column 44") {
			t.Errorf("the first fields are not what is shown:\n%s", got)
		}
		s.press("G")
		if got := s.screen(); !strings.Contains(got, "column 44") || strings.Contains(got, "shift") {
			t.Errorf("G does not show the last fields:\n%s", got)
		}
		s.press("g", "j")
		if got := s.screen(); strings.Contains(got, "date  ") || !strings.Contains(got, "shift") {
			t.Errorf("j does not move on by one field:\n%s", got)
		}
		s.press("d")
		if s.dialogs.any() {
			t.Error("d does not close what d opened")
		}
	})
}

func TestRowOfABatchNamesTheFieldThatCollapsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := filledScene()
		s := newStage(t, sc, 120, 36)
		if got := s.screen(); !strings.Contains(got, "! person 11%") {
			t.Errorf("no row says that person collapsed:\n%s", got)
		}
		sc.stats.Batches[0].Fill[2].Filled = 4000
		s.bring(sc)
		if got := s.screen(); strings.Contains(got, "!") {
			t.Errorf("a row complains though nothing collapsed:\n%s", got)
		}
	})
}

// While a list is read its row says how far that is: of its lines where they
// are known, else how many there were so far.
func TestBatchBeingRead(t *testing.T) {
	for _, tc := range []struct {
		name  string
		w, h  int
		lines int
		want  string // in its row
		why   string
	}{
		{"of so many", 120, 36, 1_000_000, "██░░░░░░  31%  adding", "adding, 312,400 of about 1.00M lines read."},
		{"of more than were thought", 120, 36, 300_000, "███████░  99%  adding", "adding, 312,400 of about 300,000 lines read."},
		{"of who knows how many", 120, 36, 0, " 312,400 read  adding", "adding, 312,400 lines read."},
		{"without a bar", 100, 28, 0, "urls.txt                 312,400 read", ""},
		{"in percent", 100, 28, 1_000_000, "urls.txt                  31%  adding", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sc := busyScene()
				b := &sc.stats.Batches[0]
				b.State, b.Batch.Lines = engine.BatchAdding, tc.lines
				b.Batch.Name = "urls.txt"
				b.Counts = engine.Counts{Submitted: 312_400, Backlog: 312_380, OK: 10, Skipped: 10, Duplicate: 10}
				s := newStage(t, sc, tc.w, tc.h)
				s.press("1", "g")
				checkSize(t, s.View().Content, tc.w, tc.h)
				if got := s.screen(); !strings.Contains(got, tc.want) {
					t.Errorf("the screen shows\n%s\nwant %q", got, tc.want)
				}
				if s.press("w"); tc.why != "" && !strings.Contains(s.screen(), tc.why) {
					t.Errorf("w says\n%s\nwant %q", s.screen(), tc.why)
				}
			})
		})
	}
}

// A field's name stands beside its numbers, however wide the screen is. A long
// name leaves them their room.
func TestFieldsStandNearTheirNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tc := range []struct {
			name string
			w    int
			want string
		}{
			{"id", 92, "id     ███████████████░░░░░░░░░░░░░░░    50%        1        2        -"},
			{"id", 63, "id        50%        1        2"},
			{strings.Repeat("long", 20), 92, "longlonglonglonglonglonglonglonglonglonglonglo… █████░░░░░    50%        1        2        -"},
			{strings.Repeat("long", 20), 63, "longlonglonglonglonglonglonglonglongl…    50%        1        2"},
		} {
			sc := filledScene()
			sc.stats.Batches[0].Fill = []engine.FieldFill{{Field: tc.name, Filled: 1, Records: 2}}
			s := newStage(t, sc, 120, 36)
			_, lines := batchFacts{batches: s.batches, stats: &s.stats, id: 1}.list(s.th, tc.w)
			if got := strings.TrimRight(ansi.Strip(lines[0].text), " "); got != tc.want || width(got) > tc.w {
				t.Errorf("in %d cells it is\n%q, want\n%q", tc.w, got, tc.want)
			}
		}
	})
}
