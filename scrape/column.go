package scrape

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
	"golang.org/x/net/html"
)

// A column says that a field stands in the cell of its row that is under a
// header, whichever column that is.
type column struct {
	names []string  // of the header, folded, in lower case: the first that the table has
	text  string    // as the recipe writes it
	sel   *selector // inside that cell; nil: the cell itself
}

const (
	maxColumns   = 20        // names of one column
	maxColumn    = 200       // bytes of a name
	columnHeader = "column " // how a column is written where a selector is
)

// column reads one name or several.
func (s sheet) column(p pair, f *field) error {
	nodes := []*yaml.Node{p.value}
	if p.value.Kind == yaml.SequenceNode {
		nodes = p.value.Content
	}
	if len(nodes) == 0 || len(nodes) > maxColumns {
		return s.errorf(p.value, "column has %s, not 1 to %d", plural(len(nodes), "name"), maxColumns)
	}
	f.column = &column{}
	var quoted []string
	for _, n := range nodes {
		text, err := s.text(pair{key: "column", at: p.at, value: n})
		if err != nil {
			return err
		}
		name := fold(text)
		if name == "" || len(name) > maxColumn {
			return s.errorf(n, "column %q is not of 1 to %d bytes", clip(text, maxShown), maxColumn)
		}
		f.column.names = append(f.column.names, strings.ToLower(name))
		quoted = append(quoted, strconv.Quote(name))
	}
	f.column.text = columnHeader + strings.Join(quoted, " or ")
	return nil
}

// A headed is a table with the names of its columns.
type headed struct {
	*grid
	lines map[*html.Node]int // number of each tr
	names map[string]heading // by text, folded, in lower case
}

// A heading is the first place of a text among a table's headings.
type heading struct{ row, col int }

// under returns what f means by its column in a row: the cell below the header,
// or what is selected in it. It is nothing if the row is in no table, the table
// has no such header, or the row stands above or beside it.
func (x *extractor) under(f *field, row []*html.Node) []*html.Node {
	tr, table := trOf(row[0])
	if table == nil || !x.w.spend(1) {
		return nil
	}
	t := x.headed(table)
	line, ok := t.lines[tr]
	if !ok {
		return nil
	}
	for _, name := range f.column.names {
		at, ok := t.names[name]
		if !ok {
			continue
		}
		cell := t.at(line, at.col)
		if line <= at.row || cell == nil {
			return nil
		}
		found := []*html.Node{cell.node}
		if f.column.sel != nil {
			found = x.below(f.column.sel, found, f.many)
		}
		return found
	}
	return nil
}

// trOf returns the tr that n is or stands in, and its table.
func trOf(n *html.Node) (tr, table *html.Node) {
	for tr = n; tr != nil && !isTag(tr, "tr"); tr = tr.Parent {
	}
	if tr == nil {
		return nil, nil
	}
	for table = tr.Parent; table != nil && !isTag(table, "table"); table = table.Parent {
	}
	return tr, table
}

// headed lays out a table, once for a page. Its headings are the cells of its
// thead, or else those of its first row and of rows that have a th.
func (x *extractor) headed(table *html.Node) *headed {
	if t, ok := x.tables[table]; ok {
		return t
	}
	t := &headed{grid: layOut(x.w, table), lines: map[*html.Node]int{}, names: map[string]heading{}}
	for i, line := range t.grid.lines {
		t.lines[line.node] = i
	}
	for i := range t.cells {
		c := &t.cells[i]
		switch {
		case t.head > 0 && c.row >= t.head:
			continue
		case t.head == 0 && c.row > 0 && !isTag(c.node, "th"):
			continue
		}
		name := strings.ToLower(textOf(x.w, c.node))
		if _, twice := t.names[name]; !twice && name != "" && len(name) <= 2*maxColumn {
			t.names[name] = heading{row: c.row, col: c.col}
		}
	}
	if x.tables == nil {
		x.tables = make(map[*html.Node]*headed)
	}
	x.tables[table] = t
	return t
}

// headers returns the names of columns that f's row could have had, for who
// wants to know why it had none.
func (x *extractor) headers(row []*html.Node) []string {
	_, table := trOf(row[0])
	if table == nil {
		return nil
	}
	t := x.headed(table)
	names := make([]string, 0, len(t.names))
	for name := range t.names {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return t.names[a].col - t.names[b].col })
	return names
}
