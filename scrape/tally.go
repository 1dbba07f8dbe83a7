package scrape

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// A tally is how often one selector of a recipe matched on a page. An author of
// recipes wants to know; a run does not, and never pays for it.
type tally struct {
	label  string // of what: a field's name, strip, near; empty: an alternative of the one above
	sel    string
	shown  int    // elements, of all rows together
	filled string // of records, as 3/4; empty: nothing is filled by it
	why    string // what is wrong with it, if anything
}

// tallies counts what each selector matched that x has read with. It counts
// with a budget of its own, and says whether that was enough.
func (x *extractor) tallies(ctx context.Context) ([]tally, bool) {
	y := *x
	y.w, y.out = newWork(ctx), Extraction{}
	rows := [][]*html.Node{y.page.Nodes}
	var all []tally
	switch {
	case y.pivot != nil:
		all = y.ofPivot(x)
	case y.table != nil:
		all = y.ofTables(x)
	case y.rows != nil:
		selected := y.below(y.rows, y.page.Nodes, true)
		rows = y.rowsOf(selected)
		t := tally{label: "rows", sel: y.rows.text, shown: len(selected), filled: strconv.Itoa(len(x.out.Records))}
		if n := x.out.Skipped; n > 0 {
			t.why = fmt.Sprintf("%d left out by match or skip", n)
		} else if n := x.out.Rows - len(x.out.Records); n > 0 {
			t.why = fmt.Sprintf("%d without a value", n)
		}
		if len(selected) == 0 {
			t.why = "matches nothing"
		}
		all = append(append(all, t), y.alternatives(y.rows, [][]*html.Node{y.page.Nodes})...)
	}
	for i := range y.fields {
		if y.pivot == nil {
			all = append(all, y.ofField(&y.fields[i], x.out.Fields[i], rows, x)...)
		}
	}
	page := [][]*html.Node{y.page.Nodes}
	for _, named := range []struct {
		label string
		g     *sign
	}{{"present", y.expect.present}, {"absent", y.expect.absent}} {
		if named.g != nil && named.g.sel != nil {
			all = append(all, tally{label: named.label, sel: named.g.sel.text, shown: y.often(named.g.sel, page)})
		}
	}
	for i := range y.follow {
		sel := y.follow[i].sel
		t := tally{label: "follow", sel: sel.text, shown: y.often(sel, page)}
		if t.shown == 0 {
			t.why = "matches nothing"
		}
		all = append(all, t)
	}
	return all, y.w.err == nil
}

// ofField counts the selectors of field f, which x has read in rows.
func (y *extractor) ofField(f *field, s FieldStats, rows [][]*html.Node, x *extractor) []tally {
	records := len(x.out.Records)
	if f.page {
		rows = [][]*html.Node{y.page.Nodes}
	}
	t := tally{label: f.name, sel: "the row", filled: fmt.Sprintf("%d/%d", s.Filled, records), shown: len(rows)}
	if f.sel != nil {
		t.sel, t.shown = f.sel.text, y.often(f.sel, rows)
	}
	t.why = whyEmpty(f, s, records, len(rows))
	if f.column != nil {
		t.sel, t.shown = f.selector(), s.Matched
		if s.Matched == 0 && len(rows) > 0 {
			t.why = "no such header"
			if names := y.headers(rows[len(rows)-1]); len(names) > 0 {
				t.why += "; there are " + strings.Join(names, ", ")
			}
		}
	}
	if f.sel != nil && t.shown == 0 && len(rows) > 0 {
		t.why = "matches nothing"
		if n := y.often(f.sel, [][]*html.Node{y.page.Nodes}); n > 0 {
			t.why = fmt.Sprintf("matches nothing in a row, %d elsewhere", n)
		}
	}
	if f.attr != "" {
		t.sel += " @" + f.attr
	}
	all := append([]tally{t}, y.alternatives(f.sel, rows)...)
	if f.strip != nil {
		n := 0
		for _, row := range rows {
			n += y.often(f.strip, [][]*html.Node{y.find(f, row)})
		}
		all = append(all, tally{label: "  strip", sel: f.strip.text, shown: n})
	}
	if f.near != nil {
		n := y.often(f.near.sel, [][]*html.Node{y.page.Nodes})
		t := tally{label: "  near", sel: f.near.sel.text, shown: n}
		if seen := y.when(f); n > 0 && seen.at == nil {
			t.why = fmt.Sprintf("%q is no year, month with its year or date", cutBytes(seen.raw, maxRaw))
		}
		all = append(all, t)
	}
	return all
}

// alternatives counts those of a selector that has several.
func (y *extractor) alternatives(sel *selector, rows [][]*html.Node) []tally {
	if sel == nil || len(sel.any) < 2 {
		return nil
	}
	var all []tally
	for _, text := range cutAlternatives(sel.text) {
		one, err := parseSelector(text)
		if err != nil {
			continue // it was parsed with the others
		}
		t := tally{sel: text, shown: y.often(&one, rows)}
		if t.shown == 0 && len(rows) > 0 {
			t.why = "matches nothing"
		}
		all = append(all, t)
	}
	return all
}

// often returns how many elements sel selects in rows.
func (y *extractor) often(sel *selector, rows [][]*html.Node) int {
	n := 0
	for _, row := range rows {
		for _, top := range row {
			m := sel.on(y.w, top)
			if y.rule.span && isElement(top) { // of a row that spans, it may be one of its elements
				n += len(m.MatchAll(top))
				continue
			}
			for c := top.FirstChild; c != nil; c = c.NextSibling {
				n += len(m.MatchAll(c))
			}
		}
	}
	return n
}

// cutAlternatives cuts a selector at the commas between its alternatives.
func cutAlternatives(text string) []string {
	var parts []string
	depth, from := 0, 0
	var quote byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case c == ',' && depth == 0:
			parts = append(parts, trimSelector(text[from:i]))
			from = i + 1
		}
	}
	return append(parts, trimSelector(text[from:]))
}

// trimSelector takes the white space off a selector's ends, but for what a
// backslash at the end has escaped.
func trimSelector(text string) string {
	text = strings.TrimLeft(text, " \t\r\n\f")
	end := len(strings.TrimRight(text, " \t\r\n\f"))
	if end < len(text) && end > 0 && text[end-1] == '\\' {
		end++
	}
	return text[:end]
}
