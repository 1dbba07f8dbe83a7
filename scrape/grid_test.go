package scrape

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// firstTable parses a page and returns the first table of it.
func firstTable(t testing.TB, page string) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range elements(root) {
		if n.Data == "table" {
			return n
		}
	}
	t.Fatalf("no table in %.80q", page)
	return nil
}

// drawn writes a grid as the texts of its places: a line a row, . for nothing.
func drawn(t testing.TB, g *grid) string {
	var rows []string
	for y := range g.lines {
		var row []string
		for x := range g.width {
			text := "."
			if c := g.at(y, x); c != nil {
				text = textOf(newWork(t.Context()), c.node)
			}
			row = append(row, text)
		}
		rows = append(rows, strings.Join(row, " "))
	}
	return strings.Join(rows, " / ")
}

func TestGrid(t *testing.T) {
	for _, tc := range []struct{ name, table, want string }{
		{"plain", "<tr><td>a<td>b<tr><td>c<td>d", "a b / c d"},
		{"nothing", "", ""},
		{"rows of different length", "<tr><td>a<tr><td>b<td>c<tr><tr><td>d", "a . / b c / . . / d ."},
		{"across", "<tr><td colspan=2>a<td>b<tr><td>c<td>d<td>e", "a a b / c d e"},
		{"down", "<tr><td rowspan=2>a<td>b<tr><td>c", "a b / a c"},
		{"both", "<tr><td>a<td colspan=2 rowspan=2>b<tr><td>c<tr><td>d<td>e<td>f", "a b b / c b b / d e f"},
		{"down beyond the rows there are", "<tr><td rowspan=9>a<td>b<tr><td>c", "a b / a c"},
		{"across beyond the columns there are", "<tr><td colspan=1000>a<tr><td>b<td>c", "a a / b c"},
		{"down ends with its group", "<tbody><tr><td rowspan=3>a<td>b<tbody><tr><td>c<td>d", "a b / c d"},
		{"zero is down to the end of the group", "<tbody><tr><td rowspan=0>a<td>b<tr><td>c<tr><td>d<tbody><tr><td>e<td>f", "a b / a c / a d / e f"},
		{"zero columns are one", "<tr><td colspan=0>a<td>b", "a b"},
		{"numbers as HTML reads them", "<tr><td colspan=' +2px'>a<td colspan=-2>b<td colspan=1.9>c<td colspan=x>d<tr><td>1<td>2<td>3<td>4<td>5", "a a b c d / 1 2 3 4 5"},
		{"a head, a foot that stands before the body", "<thead><tr><th>h<tfoot><tr><td>f<tbody><tr><td>b", "h / b / f"},
		{"the one from above keeps its place", "<tr><td>a<td>b<td rowspan=2>c<td>d<tr><td>e<td colspan=3>f<tr><td>1<td>2<td>3<td>4<td>5", "a b c d . / e f c f . / 1 2 3 4 5"},
		{"and goes on below where it was cut", "<tr><td>a<td rowspan=3>b<td>c<tr><td colspan=3 rowspan=2>d<tr><td>e", "a b c . / d b d . / d b d e"},
		{"a table in a cell is one cell", "<tr><td><table><tr><td>x<td>y</table><td>b<tr><td>c<td>d", "x y b / c d"},
		{"a caption and columns are no row", "<caption>t</caption><colgroup><col span=9><tbody><tr><td>a", "a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWork(t.Context())
			if got := drawn(t, layOut(w, firstTable(t, "<table>"+tc.table+"</table>"))); got != tc.want || w.err != nil {
				t.Errorf("%s\n got %s, %v\nwant %s", tc.table, got, w.err, tc.want)
			}
		})
	}
}

func TestGridHead(t *testing.T) {
	for _, tc := range []struct {
		name, table string
		want        int
	}{
		{"none", "<tr><th>a<tr><td>b", 0},
		{"two rows of it", "<thead><tr><th>a<tr><th>b<tbody><tr><td>c", 2},
		{"one that is not first", "<tbody><tr><td>c<thead><tr><th>a", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if g := layOut(newWork(t.Context()), firstTable(t, "<table>"+tc.table)); g.head != tc.want {
				t.Errorf("%d lines of head, want %d", g.head, tc.want)
			}
		})
	}
}

// slots forms a table by the words of the HTML standard, place by place, and
// then does the few things that grid promises besides.
func slots(table *html.Node) string {
	type slot struct{ x, y int }
	taken := map[slot]string{}
	var width, height int
	group := func(trs []*html.Node) {
		for i, tr := range trs {
			y, x := height, 0
			height++
			for td := tr.FirstChild; td != nil; td = td.NextSibling {
				for taken[slot{x, y}] != "" {
					x++
				}
				cols, rows := 1, 1
				for _, a := range td.Attr {
					if a.Key == "colspan" {
						fmt.Sscan(a.Val, &cols)
					} else {
						fmt.Sscan(a.Val, &rows)
					}
				}
				text := td.FirstChild.Data
				if rows == 0 {
					rows = len(trs) // to the end of the group
				}
				width = max(width, x+1) // no column without a cell that begins there
				for dx := range cols {
					if taken[slot{x + dx, y}] != "" {
						continue // cut off, here and below
					}
					for dy := range min(rows, len(trs)-i) {
						taken[slot{x + dx, y + dy}] = text
					}
				}
				x += cols
			}
		}
	}
	for g := table.FirstChild; g != nil; g = g.NextSibling {
		var trs []*html.Node
		for tr := g.FirstChild; tr != nil; tr = tr.NextSibling {
			trs = append(trs, tr)
		}
		group(trs)
	}
	var rows []string
	for y := range height {
		var row []string
		for x := range width {
			if text := taken[slot{x, y}]; text != "" {
				row = append(row, text)
			} else {
				row = append(row, ".")
			}
		}
		rows = append(rows, strings.Join(row, " "))
	}
	return strings.Join(rows, " / ")
}

// Tables at random are laid out as the standard's own steps do it.
func TestGridIsTheStandards(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	overlaps := 0
	for range 3000 {
		var b strings.Builder
		b.WriteString("<table>")
		cell := 0
		for range 1 + r.IntN(2) {
			b.WriteString("<tbody>")
			for range 1 + r.IntN(4) {
				b.WriteString("<tr>")
				for range r.IntN(4) {
					cell++
					fmt.Fprintf(&b, "<td colspan=%d rowspan=%d>%d</td>", 1+r.IntN(3), r.IntN(4), cell)
				}
			}
		}
		table := firstTable(t, b.String())
		g := layOut(newWork(t.Context()), table)
		if got, want := drawn(t, g), slots(table); got != want {
			t.Fatalf("%s\n got %s\nwant %s", b.String(), got, want)
		}
		for _, l := range g.lines {
			for i := range l.spans[min(1, len(l.spans)):] {
				if l.spans[i].to > l.spans[i+1].from {
					overlaps++
				}
			}
		}
	}
	if overlaps > 0 {
		t.Errorf("%d lines have spans that overlap or are out of order", overlaps)
	}
}

// A page of spans costs no more than a page may.
func TestGridIsBounded(t *testing.T) {
	down := "<table><tr>" + strings.Repeat("<td rowspan=65534>", 500) + strings.Repeat("<tr>", 500)
	both := "<table>" + strings.Repeat("<tr>"+strings.Repeat("<td rowspan=65534 colspan=1000>x", 20), 300)
	for _, tc := range []struct{ name, page, want string }{
		{"cells that go on in every row", down, "more than 2000000 nodes and places of cells"},
		{"and in every column", both, "more than 2000000 nodes and places of cells"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, begun := newWork(t.Context()), time.Now()
			w.nodes = 100_000
			table := firstTable(t, tc.page)
			g := layOut(w, table)
			if !errors.Is(w.err, ErrTooComplex) || !strings.Contains(w.err.Error(), tc.want) {
				t.Errorf("error %v, want %v: %s", w.err, ErrTooComplex, tc.want)
			}
			places := 0
			for _, l := range g.lines {
				places += len(l.spans)
			}
			if took := time.Since(begun); places > 100_000 || took > 5*time.Second {
				t.Errorf("%d places after %v, want at most 100000 within 5s", places, took)
			}
		})
	}
	w := newWork(t.Context())
	if g := layOut(w, firstTable(t, "<table><tr><td colspan=1000 rowspan=65534>"+strings.Repeat("<tr><td>x", 5000))); w.err != nil || g.width != 1001 || len(g.lines) != 5001 {
		t.Errorf("a wide cell in a plain table: %d columns, %d lines, %v; want 1001, 5001 and no error", g.width, len(g.lines), w.err)
	}
}

// However a table is built, its cells cost no more than a page may.
func TestPivotIsBounded(t *testing.T) {
	var fields strings.Builder
	for i := range 90 {
		fields.WriteString(fmt.Sprintf(", f%d: {select: b}", i))
	}
	wide := strings.Repeat("<td colspan=1000>", 40) + "<td>x"
	for _, tc := range []struct{ name, fields, body, want string }{
		{"a cell in every place of a wide grid", "", "<table><tr>" + wide + strings.Repeat("<tr><td>1"+strings.Repeat("<td colspan=1000>x", 40), 5), "more than 1000000 values"},
		{"records of many fields that are not there", fields.String(), "<table><tr>" + wide + "<tr><td>1" + strings.Repeat("<td colspan=1000>x", 30), "more than 1000000 values"},
		{"a large cell again and again", "", "<table><tr><td><td colspan=1000><td><tr><td rowspan=65534>1<td colspan=1000 rowspan=65534>" + strings.Repeat("<b>x</b>", 5_000) + strings.Repeat("<tr>", 1000), "more than 50000000 steps"},
		{"a cell cut in many", "", "<table><tr><td><td><tr><td>1<td>" + strings.Repeat("<b>", 300) + strings.Repeat("x/", 30_000), "more than 2000000 nodes and places"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := fmt.Sprintf("pivot: {select: table, side: {fields: {d: {}}}, top: {fields: {h: {}}}, cell: {fields: {v: {}%s}}, split: '/'}", tc.fields)
			r, err := ParseRecipe("r.yaml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			w := newWork(t.Context())
			w.nodes, w.steps, w.cells = 200_000, 2_000_000, 100_000
			x, err := r.extract(w, Page{Body: []byte(tc.body), ContentType: "text/html"})
			if !errors.Is(err, ErrTooComplex) || !strings.Contains(err.Error(), tc.want) || x.Records != nil {
				t.Errorf("%d records, error %v; want none, %v: %s", len(x.Records), err, ErrTooComplex, tc.want)
			}
		})
	}
}
