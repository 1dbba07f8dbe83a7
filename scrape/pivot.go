package scrape

import (
	"slices"

	"golang.org/x/net/html"
)

// A pivot reads a wide table, such as one with days down and services across:
// one record for each cell, with what the headings above and beside it say.
//
// A record's fields are those of side, top and cell, in this order. Where they
// share a name, the value comes from the cell if it has one, else from the
// heading above, else from the one beside: a heading says what holds unless a
// cell says otherwise.
type pivot struct {
	sel   *selector // the tables
	parts []pivotPart
	blank []string   // folded texts of a cell that is none
	skip  *pattern   // nil: none is passed over
	split *separator // nil: a cell is one
	rows  int        // of headings; the cells are below and to the right
	cols  int
}

// A pivotPart is a heading, or the cell itself, and what is read from it.
type pivotPart struct {
	row, col int // of a heading, from 1: a row of headings above, or a column of them beside; both 0: the cell
	fields   []field
	into     []int // indexes of the reading's fields
}

// finish puts the fields of all parts together and returns them. It orders the
// parts from the most general to the most special: side, top, cell.
func (p *pivot) finish() []field {
	rank := func(part pivotPart) int {
		switch {
		case part.col > 0:
			return 0
		case part.row > 0:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(p.parts, func(a, b pivotPart) int { return rank(a) - rank(b) })
	var all []field
	for i := range p.parts {
		part := &p.parts[i]
		p.rows, p.cols = max(p.rows, part.row), max(p.cols, part.col)
		for _, f := range part.fields {
			at := slices.IndexFunc(all, func(o field) bool { return o.name == f.name })
			if at < 0 {
				at = len(all)
				all = append(all, f)
			} else {
				f.required = f.required || all[at].required
				all[at] = f
			}
			part.into = append(part.into, at)
		}
	}
	return all
}

// selectors returns those of the tables and of all fields.
func (p *pivot) selectors() []*selector {
	sels := []*selector{p.sel}
	for _, part := range p.parts {
		for i := range part.fields {
			sels = append(sels, part.fields[i].sel)
		}
	}
	return sels
}

// A pivoting is a pivot at work on one table.
type pivoting struct {
	*extractor
	v     *pivot
	g     *grid
	heads []map[*gridCell][]cell // by part: what was read from its headings
}

// pivots extracts every cell of every table.
func (x *extractor) pivots() {
	for _, table := range x.below(x.pivot.sel, x.page.Nodes, true) {
		p := pivoting{extractor: x, v: x.pivot, g: layOut(x.w, table)}
		for range p.v.parts {
			p.heads = append(p.heads, make(map[*gridCell][]cell))
		}
		p.table()
		if x.w.err != nil {
			return
		}
	}
}

// table goes over the places below and beside the headings. A cell that spans
// several is one in each; a heading that reaches into them is none.
func (p *pivoting) table() {
	for y := p.v.rows; y < len(p.g.lines); y++ {
		for _, s := range p.g.lines[y].spans {
			c := &p.g.cells[s.cell]
			if c.row < p.v.rows || c.col < p.v.cols {
				continue
			}
			for col := s.from; col < s.to; col++ {
				p.place(c.node, y, col)
				if p.w.err != nil {
					return
				}
			}
		}
	}
}

// place makes the records of one place.
func (p *pivoting) place(n *html.Node, y, col int) {
	text := textOf(p.w, n)
	if p.none(text) {
		return
	}
	parts := []*html.Node{n}
	if p.v.split != nil {
		parts = p.v.split.cut(p.w, n)
	}
	for _, n := range parts {
		if len(parts) > 1 && p.none(textOf(p.w, n)) {
			continue
		}
		if p.w.err != nil || !p.w.reserve(len(p.fields)) {
			return
		}
		p.out.Rows++
		cells := make([]cell, len(p.fields))
		for i := range p.v.parts {
			part := &p.v.parts[i]
			for j, c := range p.read(i, n, y, col) {
				if at := part.into[j]; c.valued || !cells[at].valued {
					cells[at] = c
				}
			}
		}
		p.col = col + 1
		p.record(y+1, cells)
	}
}

// none reports whether a cell with a text makes no record.
func (p *pivoting) none(text string) bool {
	return text == "" || slices.Contains(p.v.blank, text) || p.v.skip != nil && p.v.skip.matches(p.w, text)
}

// read reads the fields of one part for a cell in its place. A heading is read
// once.
func (p *pivoting) read(i int, n *html.Node, y, col int) []cell {
	part := &p.v.parts[i]
	var head *gridCell
	switch {
	case part.row > 0:
		head = p.g.at(part.row-1, col)
	case part.col > 0:
		head = p.g.at(y, part.col-1)
	default:
		return p.readAll(part.fields, []*html.Node{n})
	}
	if known, ok := p.heads[i][head]; ok {
		return known
	}
	var row []*html.Node
	if head != nil {
		row = []*html.Node{head.node}
	}
	cells := p.readAll(part.fields, row)
	p.heads[i][head] = cells
	return cells
}

// readAll reads fields of what stands in row, which may be nothing.
func (x *extractor) readAll(fields []field, row []*html.Node) []cell {
	cells := make([]cell, len(fields))
	for i := range fields {
		cells[i] = x.cell(&fields[i], x.find(&fields[i], row))
	}
	return cells
}

// reserve takes the places of n values and reports whether they fit.
func (w *work) reserve(n int) bool {
	if w.cells -= n; w.cells < 0 {
		w.fail(tooComplex("more than %d values", maxCells))
	}
	return w.spend(n)
}
