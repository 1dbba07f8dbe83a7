package scrape

import (
	"strings"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"weir/engine"
)

// row extracts the record of one row, num from 1.
func (x *extractor) row(num int, row *goquery.Selection) {
	rec := make(engine.Record, len(x.fields))
	cells := make([]cell, len(x.fields))
	blank := true
	for i := range x.fields {
		cells[i] = x.cell(&x.fields[i], row)
		if x.w.err != nil {
			return
		}
		blank = blank && !cells[i].valued
		rec[i] = engine.Field{Name: x.fields[i].name, Value: cells[i].value}
	}
	if blank {
		return
	}
	x.out.Records = append(x.out.Records, rec)
	for i, c := range cells {
		x.count(num, i, c)
	}
}

// A cell is what one field found in one row.
type cell struct {
	value  any  // as in engine.Field
	found  bool // there was an element
	valued bool // there was something in it
	bad    bool // that cannot be read as the field's type
	raw    string
}

// cell reads field f of a row.
func (x *extractor) cell(f *field, row *goquery.Selection) cell {
	found := row
	if f.sel != nil {
		found = row.FindMatcher(x.matcher(f, row))
	}
	if f.many {
		return x.list(f, found)
	}
	if found.Length() == 0 {
		return cell{}
	}
	raw, ok := x.raw(f, found.Nodes[0])
	if !ok {
		return cell{found: true}
	}
	value, good := x.read(f, raw)
	return cell{value: value, found: true, valued: raw != "", bad: !good, raw: raw}
}

// matcher returns what selects f in row: all elements, or only the first.
func (x *extractor) matcher(f *field, row *goquery.Selection) goquery.Matcher {
	m := f.sel.on(x.w, row.Nodes[0])
	if f.many {
		return m
	}
	return firstOf{m}
}

// list reads all elements of a field; those without a value are left out.
func (x *extractor) list(f *field, found *goquery.Selection) cell {
	list := []string{}
	c := cell{found: found.Length() > 0}
	for _, n := range found.Nodes {
		raw, ok := x.raw(f, n)
		if !ok || raw == "" {
			continue
		}
		value, good := x.read(f, raw)
		if !good && !c.bad {
			c.bad, c.raw = true, raw
		}
		list = append(list, value)
		if x.w.err != nil {
			break
		}
	}
	c.value, c.valued = list, len(list) > 0
	return c
}

// raw returns the text or attribute of n as it stands on the page, and whether
// it is there.
func (x *extractor) raw(f *field, n *html.Node) (string, bool) {
	if f.attr == "" {
		return textOf(x.w, n), true
	}
	value, ok := attribute(n, f.attr)
	if !ok || !x.w.spend(1+len(value)/64) {
		return "", false
	}
	if f.typ == typeURL { // a line break inside one is nothing, not a space
		return strings.TrimSpace(value), true
	}
	return fold(value), true
}

// read returns the value of raw, and whether it is of f's type. An empty cell
// is of every type.
func (x *extractor) read(f *field, raw string) (string, bool) {
	if raw == "" {
		return "", true
	}
	if f.typ == typeURL && !x.w.spend(1+len(raw)/4) {
		return "", true
	}
	value, good := f.typ.read(raw, x.base)
	x.w.keep(value)
	return value, good
}

// count books a cell of a record and makes the finding it deserves.
func (x *extractor) count(row, i int, c cell) {
	f, stats := &x.fields[i], &x.out.Fields[i]
	if c.found {
		stats.Matched++
	}
	var kind string
	switch {
	case c.bad:
		stats.Bad++
		kind = BadCell
	case c.valued:
		stats.Filled++
		return
	case f.required:
		stats.Missing++
		kind = MissingCell
	default:
		return
	}
	if len(x.out.Findings) == MaxFindings {
		return
	}
	x.out.Findings = append(x.out.Findings, engine.Finding{
		Kind: kind, Row: row, Col: i + 1, Field: f.name, Selector: f.selector(), Raw: cutBytes(c.raw, maxRaw),
	})
}

// firstOf is a match whose MatchAll stops at the first. goquery asks once for
// each child of the element that is searched, so there may be more; the first
// of them is the first on the page.
type firstOf struct{ match }

func (m firstOf) MatchAll(n *html.Node) []*html.Node {
	if first := m.MatchFirst(n); first != nil {
		return []*html.Node{first}
	}
	return nil
}
