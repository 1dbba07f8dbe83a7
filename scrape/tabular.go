package scrape

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/html"

	"weir/engine"
)

const (
	tableColumns = 256 // of a table that names its own
	columnCost   = 100 // values that a name costs which no table of the page had before
)

// A tabular reads tables by their headers: every row below the header is a
// record whose fields have the names of the columns.
type tabular struct {
	sel    *selector // nil: every table that has no other inside
	header int       // lines of the header; below zero: the table tells
	side   bool      // the header is the first column, and a record is a column
	names  []renamed
}

// A renamed column has another name in records than on the page.
type renamed struct{ from, to string }

// innermost selects what a tabular reads when it does not say: tables around
// tables are there for the layout.
var innermost = func() *selector {
	sel, err := parseSelector("table:not(:has(table))")
	if err != nil {
		panic(err)
	}
	return &sel
}()

// readTables extracts every row of every table.
func (x *extractor) readTables() {
	fields := make(map[string]int) // of x.out.Fields, by name
	for i := range x.out.Fields {
		fields[x.out.Fields[i].Name] = i
	}
	for _, table := range x.below(x.table.selector(), x.page.Nodes, true) {
		t := x.table.read(x.w, table)
		if x.w.err != nil {
			return
		}
		at := make([]int, len(t.names)) // in x.out.Fields, by column
		for i, name := range t.names {
			n, known := fields[name]
			if !known {
				if !x.w.reserve(columnCost) {
					return
				}
				n = len(x.out.Fields)
				fields[name] = n
				x.out.Fields = append(x.out.Fields, FieldStats{Name: name, Selector: t.heads[i]})
			}
			at[i] = n
		}
		for i := t.first; i < t.len(); i++ {
			x.tableRow(t, i, at)
			if x.w.err != nil {
				return
			}
		}
	}
}

// tableRow makes the record of one row.
func (x *extractor) tableRow(t *header, i int, at []int) {
	x.out.Rows++
	if t.isTitle(i) {
		return
	}
	rec := make(engine.Record, len(t.names))
	blank, again := true, true
	for j, name := range t.names {
		rec[j].Name = name
		c := t.at(i, j)
		text := ""
		if c != nil {
			text = textOf(x.w, c.node)
		}
		if !x.w.keep(text) { // a place in the record, if nothing more
			return
		}
		again = again && text == t.heads[j]
		if c == nil {
			continue
		}
		rec[j].Value = text
		blank = blank && text == ""
	}
	if blank || again {
		return
	}
	for j, f := range rec {
		stats := &x.out.Fields[at[j]]
		if f.Value != nil {
			stats.Matched++
		}
		if f.Value != nil && f.Value != "" {
			stats.Filled++
		}
	}
	x.out.Records = append(x.out.Records, rec)
}

// selector returns what selects the tables.
func (v *tabular) selector() *selector {
	if v.sel == nil {
		return innermost
	}
	return v.sel
}

// A header is a table whose columns have names. If it is turned, the lines of
// its grid are the columns, without those that are titles.
type header struct {
	*grid
	turned bool
	lined  []int    // the lines that are columns, if it is turned
	first  int      // row below the header
	heads  []string // what stands over each column, "" for nothing
	names  []string // of each column, all different
}

// read lays a table out and names its columns.
func (v *tabular) read(w *work, table *html.Node) *header {
	t := &header{grid: layOut(w, table)}
	switch {
	case v.side:
		t.turn()
	case v.header >= 0:
		t.first = min(v.header, t.len())
	default:
		t.guess(w)
	}
	if t.columns() > tableColumns {
		w.fail(tooComplex("a table of more than %d columns", tableColumns))
		return t
	}
	taken := make(map[string]bool)
	again := make(map[string]int)
	for j := range t.columns() {
		head := t.head(w, j)
		name := v.name(head, j)
		base := name
		for n := max(again[base], 1); taken[name]; n++ {
			name = base + " " + strconv.Itoa(n+1)
			again[base] = n + 1
		}
		taken[name] = true
		t.heads, t.names = append(t.heads, head), append(t.names, name)
	}
	return t
}

// turn makes the first column the header.
func (t *header) turn() {
	for i := range t.lines {
		if !t.isTitle(i) {
			t.lined = append(t.lined, i)
		}
	}
	t.turned, t.first = true, min(1, t.width)
}

// len returns how many rows there are, with those of the header.
func (t *header) len() int {
	if t.turned {
		return t.width
	}
	return len(t.lines)
}

func (t *header) columns() int {
	if t.turned {
		return len(t.lined)
	}
	return t.width
}

func (t *header) at(row, col int) *gridCell {
	if t.turned {
		row, col = t.lined[col], row
	}
	return t.grid.at(row, col)
}

// isTitle reports whether a row is one cell across several columns.
func (t *header) isTitle(row int) bool {
	if t.columns() < 2 {
		return false
	}
	first := t.at(row, 0)
	for j := 1; first != nil && j < t.columns(); j++ {
		if t.at(row, j) != first {
			return false
		}
	}
	return first != nil
}

// guess finds out where the header of a table is: its thead; else the rows at
// its top whose cells are all th; else, if every row begins with its only th,
// the first column; else the first row. Titles over the table do not count.
func (t *header) guess(w *work) {
	if t.first = t.grid.head; t.first > 0 {
		return
	}
	start := 0
	for start < len(t.lines) && t.isTitle(start) {
		start++
	}
	end := start
	for end < len(t.lines) && t.all(w, end) {
		end++
	}
	switch {
	case end > start && end < len(t.lines):
		t.first = end
	case end == start && start < len(t.lines) && t.beside():
		t.turn()
	default:
		t.first = min(start+1, len(t.lines))
	}
}

// all reports whether the cells of a line are th, but for empty ones.
func (t *header) all(w *work, line int) bool {
	any := false
	for _, s := range t.lines[line].spans {
		switch n := t.cells[s.cell].node; {
		case n.Data == "th":
			any = true
		case textOf(w, n) != "":
			return false
		}
	}
	return any
}

// beside reports whether every line of several columns, titles apart, begins
// with its only th.
func (t *header) beside() bool {
	for i, l := range t.lines {
		if len(l.spans) == 0 || t.isTitle(i) {
			continue
		}
		for k, s := range l.spans {
			if th := t.cells[s.cell].node.Data == "th"; th != (k == 0) || s.from == 0 != (k == 0) {
				return false
			}
		}
	}
	return t.width > 1
}

// head returns the texts over a column, from the top, each cell once. Of
// several rows, titles of the whole table are left out.
func (t *header) head(w *work, col int) string {
	var texts []string
	var before *gridCell
	for i := range t.first {
		c := t.at(i, col)
		if c == nil || c == before || t.first > 1 && t.isTitle(i) {
			continue
		}
		before = c
		if text := textOf(w, c.node); text != "" {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, " ")
}

// name returns what the column col with a head is called in records: as the
// recipe says; else the head, cut to 64 bytes and without what cannot be
// printed and underscores at its beginning, which are the program's own; else
// its number from 1.
func (v *tabular) name(head string, col int) string {
	for _, r := range v.names {
		if strings.EqualFold(r.from, head) {
			return r.to
		}
	}
	name := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return -1
	}, cutBytes(head, 4*maxName))
	name = strings.TrimSpace(cutBytes(strings.TrimLeft(name, "_ "), maxName))
	if name == "" {
		return "column " + strconv.Itoa(col+1)
	}
	return name
}
