package scrape

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// ofPivot counts the selectors of a pivot: those of its headings in the
// headings, those of its cells in the cells.
func (y *extractor) ofPivot(x *extractor) []tally {
	v := y.pivot
	tables := y.below(v.sel, y.page.Nodes, true)
	t := tally{label: "cells", sel: v.sel.text, shown: len(tables), filled: strconv.Itoa(len(x.out.Records))}
	switch {
	case len(tables) == 0:
		t.why = "matches nothing"
	case x.out.Rows == 0:
		t.why = "no cell below and beside the headings has a text"
	}
	all := append([]tally{t}, y.alternatives(v.sel, [][]*html.Node{y.page.Nodes})...)
	grids := make([]*grid, len(tables))
	for i, table := range tables {
		grids[i] = layOut(y.w, table)
	}
	for i := range v.parts {
		part := &v.parts[i]
		what, rows := "the cell", y.places(grids, part)
		if part.row > 0 || part.col > 0 {
			what = "the heading"
		}
		for j := range part.fields {
			f := &part.fields[j]
			ts := y.ofField(f, x.out.Fields[part.into[j]], rows, x)
			if f.sel == nil {
				ts[0].sel = strings.Replace(ts[0].sel, "the row", what, 1)
			}
			all = append(all, ts...)
		}
	}
	return all
}

// places returns the cells that a part of a pivot is read from, each once.
func (y *extractor) places(grids []*grid, part *pivotPart) [][]*html.Node {
	var rows [][]*html.Node
	for _, g := range grids {
		for i := range g.cells {
			c := &g.cells[i]
			head := c.row < y.pivot.rows || c.col < y.pivot.cols
			switch {
			case !y.w.spend(1):
				return rows
			case part.row > 0 && (g.at(part.row-1, c.col) != c || c.col < y.pivot.cols),
				part.col > 0 && (g.at(c.row, part.col-1) != c || c.row < y.pivot.rows),
				part.row == 0 && part.col == 0 && head:
				continue
			}
			rows = append(rows, []*html.Node{c.node})
		}
	}
	return rows
}

// ofTables tells how the columns of tables are filled.
func (y *extractor) ofTables(x *extractor) []tally {
	sel := y.table.selector()
	t := tally{label: "rows", sel: sel.text, filled: strconv.Itoa(len(x.out.Records))}
	if t.shown = y.often(sel, [][]*html.Node{y.page.Nodes}); t.shown == 0 {
		t.why = "matches nothing"
	} else if n := x.out.Rows - len(x.out.Records); n > 0 {
		t.why = fmt.Sprintf("%d without a value, a title or the header again", n)
	}
	all := []tally{t}
	for _, s := range x.out.Fields {
		t := tally{label: fit(safe(s.Name), tryCell), sel: s.Selector, shown: s.Matched, filled: fmt.Sprintf("%d/%d", s.Filled, len(x.out.Records))}
		if n := s.Matched - s.Filled; n > 0 {
			t.why = fmt.Sprintf("%d blank", n)
		}
		all = append(all, t)
	}
	return all
}
