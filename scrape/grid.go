package scrape

import (
	"slices"
	"sort"
	"strings"

	"golang.org/x/net/html"
)

// What a cell may span (HTML standard, section 4.9.11).
const (
	maxColspan = 1000
	maxRowspan = 65534
)

// A grid is a table that was laid out: it says which cell stands in which row
// and column, both counted from 0.
//
// It is formed as the HTML standard says (section 4.9.12.1), with three things
// made definite. A span ends with the last row of its row group, as browsers
// draw it, and with the last column in which a cell begins: so colspan=1000
// means all columns there are. Where a cell overlaps one from further up, the
// place belongs to that one, and so do those below it: a cell is cut once.
// Tables inside cells are no part of it.
type grid struct {
	cells []gridCell
	lines []gridLine
	width int // columns
	head  int // lines of a thead that comes before all others
}

// A gridCell is one td or th. It stands at its upper left corner.
type gridCell struct {
	node     *html.Node
	row, col int
}

// A gridLine is one tr.
type gridLine struct {
	node  *html.Node
	spans []span // from left to right, none over another
}

// A span is the part of a line that one cell takes.
type span struct {
	cell     int // index
	from, to int // columns, to is the first beyond
}

// A growth is a span that goes on in the lines below.
type growth struct {
	span
	left int // lines; below zero: all of the row group
}

// layOut forms the grid of table. It stops early, with fewer lines, when w is
// spent: each place of a cell in a line costs as much as a node of the page.
func layOut(w *work, table *html.Node) *grid {
	g := &grid{}
	var feet []*html.Node
	var bare []*html.Node // rows that stand in no row group
	flush := func() {
		g.group(w, bare)
		bare = nil
	}
	for c := table.FirstChild; c != nil && w.spend(1); c = c.NextSibling {
		switch {
		case isTag(c, "tr"):
			bare = append(bare, c)
		case isTag(c, "tfoot"):
			feet = append(feet, c)
		case isTag(c, "thead"), isTag(c, "tbody"):
			flush()
			first := len(g.lines) == 0
			g.group(w, children(w, c, "tr"))
			if first && isTag(c, "thead") {
				g.head = len(g.lines)
			}
		}
	}
	flush()
	for _, f := range feet { // they are drawn below all others
		g.group(w, children(w, f, "tr"))
	}
	g.trim(w)
	return g
}

// children returns the children of n that have one of the tags.
func children(w *work, n *html.Node, tags ...string) []*html.Node {
	var found []*html.Node
	for c := n.FirstChild; c != nil && w.spend(1); c = c.NextSibling {
		if c.Type == html.ElementNode && slices.Contains(tags, c.Data) {
			found = append(found, c)
		}
	}
	return found
}

func isTag(n *html.Node, tag string) bool { return n.Type == html.ElementNode && n.Data == tag }

// group lays out the rows of one row group.
func (g *grid) group(w *work, rows []*html.Node) {
	var above []growth // from left to right, none over another
	for _, tr := range rows {
		above = g.line(w, tr, above)
		if w.err != nil {
			return
		}
	}
}

// line lays out one row under what grows into it, and returns what grows into
// the next.
func (g *grid) line(w *work, tr *html.Node, above []growth) []growth {
	y, x, k := len(g.lines), 0, 0
	all := make([]growth, 0, len(above)+4)
	for _, td := range children(w, tr, "td", "th") {
		for ; k < len(above) && above[k].from <= x; k++ {
			all = append(all, above[k])
			x = max(x, above[k].to)
		}
		cell := len(g.cells)
		g.cells = append(g.cells, gridCell{node: td, row: y, col: x})
		end, left := x+colspan(td), rowspan(td)
		for ; k < len(above) && above[k].from < end; k++ { // an overlap
			if x < above[k].from {
				all = append(all, growth{span{cell, x, above[k].from}, left})
			}
			all = append(all, above[k])
			x = max(x, above[k].to)
		}
		if x < end {
			all = append(all, growth{span{cell, x, end}, left})
			x = end
		}
	}
	all = append(all, above[k:]...)
	line := gridLine{node: tr, spans: make([]span, len(all))}
	var below []growth
	for i, s := range all {
		line.spans[i] = s.span
		if s.left--; s.left != 0 {
			below = append(below, s)
		}
	}
	if w.grow(1 + len(all)) {
		g.lines = append(g.lines, line)
	}
	return below
}

// trim takes off the columns in which no cell begins, at the right.
func (g *grid) trim(w *work) {
	for i := range g.cells {
		g.width = max(g.width, g.cells[i].col+1)
	}
	for i := range g.lines {
		spans := g.lines[i].spans
		if !w.spend(len(spans)) {
			return
		}
		for len(spans) > 0 && spans[len(spans)-1].from >= g.width {
			spans = spans[:len(spans)-1]
		}
		if n := len(spans); n > 0 {
			spans[n-1].to = min(spans[n-1].to, g.width)
		}
		g.lines[i].spans = spans
	}
}

// at returns the cell that covers a place, nil if none does.
func (g *grid) at(row, col int) *gridCell {
	if row < 0 || row >= len(g.lines) {
		return nil
	}
	spans := g.lines[row].spans
	i := sort.Search(len(spans), func(i int) bool { return spans[i].to > col })
	if i == len(spans) || spans[i].from > col {
		return nil
	}
	return &g.cells[spans[i].cell]
}

// grow takes the room of n more nodes and reports whether there is so much.
func (w *work) grow(n int) bool {
	if w.nodes -= n; w.nodes < 0 {
		w.fail(tooComplex("more than %d nodes and places of cells", maxNodes))
	}
	return w.spend(n)
}

// colspan returns how many columns a cell takes.
func colspan(td *html.Node) int {
	value, _ := attribute(td, "colspan")
	n, ok := spanOf(value)
	if !ok || n == 0 {
		return 1
	}
	return min(n, maxColspan)
}

// rowspan returns how many rows a cell takes; below zero: all to the end of its
// row group.
func rowspan(td *html.Node) int {
	value, _ := attribute(td, "rowspan")
	switch n, ok := spanOf(value); {
	case !ok:
		return 1
	case n == 0:
		return -1
	default:
		return min(n, maxRowspan)
	}
}

// spanOf reads a number as HTML reads them (section 2.3.4.2): what follows the
// digits does not matter. Numbers over maxRowspan may come back smaller, but
// not below it.
func spanOf(value string) (n int, ok bool) {
	value = strings.TrimLeft(value, " \t\n\f\r")
	digits := strings.TrimPrefix(value, "+")
	if minus, ok := strings.CutPrefix(value, "-"); ok {
		digits = minus
	}
	for i := 0; i < len(digits) && '0' <= digits[i] && digits[i] <= '9' && n <= maxRowspan; i++ {
		n, ok = n*10+int(digits[i]-'0'), true
	}
	if n > 0 && value[0] == '-' {
		return 0, false
	}
	return n, ok
}
