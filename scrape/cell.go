package scrape

import (
	"strings"

	"golang.org/x/net/html"

	"weir/engine"
)

// row extracts the record of one row, num from 1. A row is one element, or
// several that stand beside one another.
func (x *extractor) row(num int, row []*html.Node) {
	cells := make([]cell, len(x.fields))
	for i := range x.fields {
		f := &x.fields[i]
		cells[i] = x.cell(f, x.find(f, row))
		if x.w.err != nil {
			return
		}
	}
	x.record(num, cells)
}

// find returns what f's selector has in a row, in document order: all if f
// takes many, else at most the first; the row itself without one.
func (x *extractor) find(f *field, row []*html.Node) []*html.Node {
	if f.sel == nil {
		return row
	}
	return x.below(f.sel, row, f.many)
}

// record keeps the record of a row, unless it has no value, and books its
// cells, one for each field.
func (x *extractor) record(num int, cells []cell) {
	blank := true
	for _, c := range cells {
		blank = blank && !c.valued
	}
	if blank {
		return
	}
	rec := make(engine.Record, len(cells))
	for i, c := range cells {
		rec[i] = engine.Field{Name: x.fields[i].name, Value: c.value}
		x.count(num, i, c)
	}
	x.out.Records = append(x.out.Records, rec)
}

// A cell is what one field found in one row.
type cell struct {
	value  any  // as in engine.Field
	found  bool // there was an element
	valued bool // there was something in it, or it is true
	bad    bool // that cannot be read as the field's type
	raw    string
}

// cell reads field f from the elements that find found for it. What it does
// not know is how they were found.
func (x *extractor) cell(f *field, found []*html.Node) cell {
	if f.many {
		return x.list(f, found)
	}
	if len(found) == 0 {
		if f.typ == typeBool {
			return cell{value: false}
		}
		return cell{}
	}
	raw, ok := x.raw(f, found[0])
	if f.typ == typeBool {
		return cell{value: ok, found: true, valued: ok}
	}
	if !ok {
		return cell{found: true}
	}
	value, good := x.read(f, raw)
	return cell{value: value, found: true, valued: raw != "", bad: !good, raw: raw}
}

// list reads all elements of a field; those without a value are left out.
func (x *extractor) list(f *field, found []*html.Node) cell {
	texts, values := []string{}, []any{} // one of them: values of a numeric type
	c := cell{found: len(found) > 0}
	for _, n := range found {
		raw, ok := x.raw(f, n)
		if !ok || raw == "" {
			continue
		}
		value, good := x.read(f, raw)
		if !good && !c.bad {
			c.bad, c.raw = true, raw
		}
		if f.typ.numeric() {
			values = append(values, value)
		} else {
			texts = append(texts, value.(string))
		}
		if x.w.err != nil {
			break
		}
	}
	c.value, c.valued = texts, len(texts)+len(values) > 0
	if f.typ.numeric() {
		c.value = values
	}
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
func (x *extractor) read(f *field, raw string) (any, bool) {
	if raw == "" {
		return "", true
	}
	if f.typ == typeURL && !x.w.spend(1+len(raw)/4) {
		return "", true
	}
	text, good := f.typ.read(raw, x.base)
	x.w.keep(text)
	if !good {
		return text, false
	}
	return f.typ.value(text), true
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
