package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/engine"
)

// findings is what was missing or bad on a page, by kind, by field, and by what
// stood there instead.
type findings []findingLine

// A findingLine is one line of them, or a few if it is long.
type findingLine struct {
	text   string
	note   string // behind it, muted
	indent int    // cells
}

// newFindings puts findings in order: kinds and values as they first appear,
// fields by their place in the recipe, rows by number.
func newFindings(all []engine.Finding) findings {
	type group struct {
		engine.Finding // the first of them
		rows           []int
	}
	var kinds []string
	of := map[string][]*group{}
	at := map[engine.Finding]*group{}
	for _, f := range all {
		key := f
		key.Row = 0
		g := at[key]
		if g == nil {
			g = &group{Finding: f}
			at[key] = g
			if of[f.Kind] == nil {
				kinds = append(kinds, f.Kind)
			}
			of[f.Kind] = append(of[f.Kind], g)
		}
		g.rows = append(g.rows, f.Row)
	}
	var lines findings
	for _, kind := range kinds {
		groups := of[kind]
		slices.SortStableFunc(groups, func(a, b *group) int {
			return cmp.Or(cmp.Compare(a.Col, b.Col), strings.Compare(a.Field, b.Field), strings.Compare(a.Selector, b.Selector))
		})
		n := 0
		for _, g := range groups {
			n += len(g.rows)
		}
		lines = append(lines, findingLine{text: clean(kind, lineBytes), note: count(n)})
		for i, g := range groups {
			if i == 0 || g.Col != groups[i-1].Col || g.Field != groups[i-1].Field || g.Selector != groups[i-1].Selector {
				lines = append(lines, findingLine{text: clean(g.Field, lineBytes), note: "column " + strconv.Itoa(g.Col) + "  " + clean(g.Selector, lineBytes), indent: 2})
			}
			line := findingLine{text: rowsText(g.rows), indent: 4}
			if g.Raw != "" {
				line.note = fmt.Sprintf("%q", clean(g.Raw, lineBytes))
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// rowsText names rows: row 5, rows 5-9, 14.
func rowsText(rows []int) string {
	rows = slices.Clone(rows)
	slices.Sort(rows)
	rows = slices.Compact(rows)
	var b strings.Builder
	for i := 0; i < len(rows); {
		end := i
		for end+1 < len(rows) && rows[end+1] == rows[end]+1 {
			end++
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(rows[i]))
		if end > i {
			b.WriteString("-" + strconv.Itoa(rows[end]))
		}
		i = end + 1
	}
	if len(rows) == 1 {
		return "row " + b.String()
	}
	return "rows " + b.String()
}

func (l findingLine) String() string {
	if l.note == "" {
		return l.text
	}
	return l.text + "  " + l.note
}

func (f findings) head(Theme, int) []string { return nil }
func (f findings) count() int               { return len(f) }
func (f findings) rows(i, w int) int        { return rowsOf(f[i].String(), w-f[i].indent) }

func (f findings) draw(lines []string, th Theme, i, from, end, w int) []string {
	l := f[i]
	style := th.Text
	if l.indent == 0 {
		style = th.Warn
	}
	if all := folded(l.String(), w-l.indent); len(all) > 1 {
		for _, text := range all[from:end] {
			lines = append(lines, blank(l.indent)+style.Render(text))
		}
		return lines
	}
	b := newLine(w, false).gap(l.indent).paint(style, l.text)
	if l.note != "" {
		b.gap(2).paint(th.Muted, l.note)
	}
	return append(lines, b.end())
}
