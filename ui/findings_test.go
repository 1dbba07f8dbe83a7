package ui

import (
	"strings"
	"testing"

	"weir/engine"
)

// Findings are gathered by kind, field and what stood there; rows are named
// once, in order.
func TestFindingsAreGathered(t *testing.T) {
	f := func(kind string, row, col int, field, raw string) engine.Finding {
		return engine.Finding{Kind: kind, Row: row, Col: col, Field: field, Selector: "td:nth-child(" + field[:1] + ")", Raw: raw}
	}
	all := []engine.Finding{
		f("MissingCell", 9, 5, "person", ""), f("BadCell", 2, 3, "start", "7pm?"), f("MissingCell", 5, 5, "person", ""),
		f("MissingCell", 6, 5, "person", ""), f("MissingCell", 7, 5, "person", ""), f("BadCell", 14, 3, "start", "noon"),
		f("BadCell", 3, 3, "start", "7pm?"), f("MissingCell", 1, 2, "shift", ""), f("MissingCell", 5, 5, "person", ""),
		f("BadCell", 4, 3, "start", "\x1b[31m"),
	}
	want := `MissingCell  6
  shift  column 2  td:nth-child(s)
    row 1
  person  column 5  td:nth-child(p)
    rows 5-7, 9
BadCell  4
  start  column 3  td:nth-child(s)
    rows 2-3  "7pm?"
    row 14  "noon"
    row 4  "[31m"`
	if got := wholeLeaf(newFindings(all), 60); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := wholeLeaf(newFindings(all), 20); !strings.Contains(got, "\n  person  column 5\n  td:nth-child(p)\n") {
		t.Errorf("a long line is not folded:\n%s", got)
	}
}

// wholeLeaf draws all of a leaf in w cells, without its head.
func wholeLeaf(l leaf, w int) string {
	var lines []string
	for i := range l.count() {
		lines = l.draw(lines, NewTheme(true, false), i, 0, l.rows(i, w), w)
	}
	return bareLines(strings.Join(lines, "\n"))
}
