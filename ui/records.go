package ui

import (
	"slices"
	"strings"

	"weir/engine"
)

// records is the records of a result as a table of clean text.
type records struct {
	names []string   // of the fields, in the order in which they first appear
	rows  [][]string // a cell for each name; a cell that was not there is "-"
	cells []int      // width of the widest of each column, its name too
}

func newRecords(rs []engine.Record) records {
	var t records
	column := make(map[string]int)
	for _, r := range rs {
		row := slices.Repeat([]string{unknown}, len(t.names))
		for _, f := range r {
			c, ok := column[f.Name]
			if !ok {
				c = len(t.names)
				column[f.Name] = c
				name := clean(f.Name, lineBytes)
				t.names = append(t.names, name)
				t.cells = append(t.cells, width(name))
				row = append(row, unknown)
			}
			row[c] = cellText(f.Value)
			t.cells[c] = max(t.cells[c], width(row[c]))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// cellText writes the value of a field on one line.
func cellText(v any) string {
	if v == nil {
		return unknown
	}
	return clean(engine.Text(v, ", "), valueBytes)
}

const (
	recordGap = 2 // cells between two columns
	recordMin = 8 // cells that a column is made no narrower than
)

// lines draws the table in w cells. The widest columns give way first; fields
// for which there is still no room are named below it.
func (t records) lines(th Theme, w int) []string {
	if len(t.rows) == 0 {
		return []string{th.Muted.Render("no records")}
	}
	if len(t.names) == 1 { // one field: the whole of each value, folded
		return t.column(th, w)
	}
	if len(t.rows) == 1 {
		return t.page(th, w)
	}
	cells := slices.Clone(t.cells)
	shown := len(cells)
	for total(cells[:shown]) > w {
		widest := slices.Index(cells[:shown], slices.Max(cells[:shown]))
		if cells[widest] > recordMin {
			cells[widest]--
		} else if shown--; shown == 1 {
			break
		}
	}
	draw := func(row []string) string {
		var b strings.Builder
		for c := range shown {
			text := unknown // a row from before the field first appeared
			if c < len(row) {
				text = row[c]
			}
			if c == shown-1 {
				b.WriteString(cut(text, w))
			} else {
				b.WriteString(pad(text, cells[c]) + blank(recordGap))
			}
		}
		return cut(b.String(), w)
	}
	lines := []string{th.Muted.Render(draw(t.names))}
	for _, row := range t.rows {
		lines = append(lines, draw(row))
	}
	if shown < len(t.names) {
		lines = append(lines, th.Muted.Render(cut("also "+strings.Join(t.names[shown:], ", "), w)))
	}
	return lines
}

// page draws the only record, a field a line: long values go on below.
func (t records) page(th Theme, w int) []string {
	label := 0
	for _, name := range t.names {
		label = max(label, min(width(name), 16))
	}
	var lines []string
	for c, name := range t.names {
		for i, r := range wrap(t.rows[0][c], th.Text, w-label-recordGap) {
			if i > 0 {
				name = ""
			}
			lines = append(lines, th.Muted.Render(pad(name, label+recordGap))+r.text)
		}
	}
	return lines
}

// column draws records of one field.
func (t records) column(th Theme, w int) []string {
	lines := []string{th.Muted.Render(cut(t.names[0], w))}
	for _, row := range t.rows {
		text := unknown // an empty record
		if len(row) > 0 {
			text = row[0]
		}
		lines = append(lines, cut(text, w))
	}
	return lines
}

// total returns the width of columns with their gaps.
func total(cells []int) int {
	sum := (len(cells) - 1) * recordGap
	for _, c := range cells {
		sum += c
	}
	return sum
}
