package scrape

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"weir/engine"
)

// rowsPerRoom is how many records are given memory at once, at most.
const rowsPerRoom = 64

// row extracts the record of one row, num from 1. A row is one element, or
// several that stand beside one another.
func (x *extractor) row(num int, row []*html.Node) {
	x.cells = slices.Grow(x.cells[:0], len(x.fields))[:len(x.fields)]
	cells := x.cells
	for i := range x.fields {
		f := &x.fields[i]
		cells[i] = x.cell(f, x.find(f, row))
		if x.w.err != nil {
			return
		}
	}
	absent := 0
	for i := range cells {
		if !cells[i].valued {
			absent++
		}
	}
	if x.w.reserve(absent) { // a record has room for them all the same
		x.record(num, cells)
	}
}

// find returns what f's selector has in a row, in document order: all if f
// takes many, else at most the first; the row itself without one. Of a row that
// spans, it may be one of the row's own elements.
func (x *extractor) find(f *field, row []*html.Node) []*html.Node {
	switch {
	case f.sel == nil:
		return row
	case f.page:
		return x.onPage(f)
	case x.rule.span:
		return x.among(f.sel, row, f.many)
	}
	return x.below(f.sel, row, f.many)
}

// onPage returns what f's selector has on the whole page. It is the same for
// every row, and searched for once.
func (x *extractor) onPage(f *field) []*html.Node {
	found, known := x.shared[f]
	if !known {
		found = x.below(f.sel, x.page.Nodes, f.many)
		if x.shared == nil {
			x.shared = make(map[*field][]*html.Node)
		}
		x.shared[f] = found
	}
	return found
}

// record keeps the record of a row, unless it has no value, and books its
// cells, one for each field.
func (x *extractor) record(num int, cells []cell) {
	blank := true
	for i, c := range cells {
		blank = blank && !c.valued
		if stats := &x.out.Fields[i]; c.unlike {
			if stats.Unlike++; stats.Unlike == 1 {
				stats.Text = cutBytes(c.raw, maxRaw)
			}
		}
	}
	if blank {
		return
	}
	if len(x.room) < len(cells) {
		rows := min(max(x.out.Rows-len(x.out.Records), 1), rowsPerRoom) // that may come
		x.room = make([]engine.Field, len(cells)*rows)
		x.out.Records = slices.Grow(x.out.Records, rows)
	}
	rec := engine.Record(x.room[:len(cells):len(cells)])
	x.room = x.room[len(cells):]
	for i, c := range cells {
		rec[i] = engine.Field{Name: x.fields[i].name, Value: c.value}
		x.count(num, i, c)
	}
	x.out.Records = append(x.out.Records, rec)
}

// A cell is what one field found in one row.
type cell struct {
	value  any    // as in engine.Field
	found  bool   // there was an element
	valued bool   // there was something in it, or it is true
	bad    bool   // that cannot be read as the field's type
	unlike bool   // that the field's regex does not match
	raw    string // what is bad or unlike, the first of it
}

// cell reads field f from the elements that find found for it. What it does
// not know is how they were found.
func (x *extractor) cell(f *field, found []*html.Node) cell {
	if f.column != nil && len(found) > 0 {
		found = x.under(f, found)
	}
	var c cell
	switch {
	case f.typ == typeBool:
		return x.truth(f, found)
	case f.many || f.split != "":
		c = x.list(f, found)
	default:
		c = x.single(f, found)
	}
	if !c.valued && f.fallback != nil {
		c.value = f.fallback
	}
	return c
}

// truth says whether there is an element, with f's attribute and a match of its
// regex if it has them.
func (x *extractor) truth(f *field, found []*html.Node) cell {
	c := cell{found: len(found) > 0}
	if c.found {
		if f.attr == "" && f.regex == nil {
			c.valued = true
		} else if raw, ok := x.raw(f, found[0]); ok {
			c.valued = f.regex == nil || f.regex.matches(x.w, raw)
		}
	}
	c.value = c.valued
	return c
}

// single reads the first element.
func (x *extractor) single(f *field, found []*html.Node) cell {
	if len(found) == 0 {
		return cell{}
	}
	raw, ok := x.raw(f, found[0])
	if !ok {
		return cell{found: true}
	}
	if f.regex != nil {
		part, ok := f.regex.find(x.w, raw)
		if !ok {
			return cell{found: true, unlike: raw != "", raw: raw}
		}
		raw = part
	}
	value, good := x.read(f, raw)
	return cell{value: value, found: true, valued: raw != "", bad: !good, raw: raw}
}

// list reads all elements of a field; those without a value are left out.
func (x *extractor) list(f *field, found []*html.Node) cell {
	texts, values := []string{}, []any{} // one of them: values of a numeric type
	c := cell{found: len(found) > 0}
	for _, n := range found {
		for _, raw := range x.parts(f, n, &c) {
			if raw == "" {
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
				return cell{}
			}
		}
	}
	c.value, c.valued = texts, len(texts)+len(values) > 0
	if f.typ.numeric() {
		c.value = values
	}
	return c
}

// parts returns the texts that f has in one element, each of which is a value.
func (x *extractor) parts(f *field, n *html.Node, c *cell) []string {
	raw, ok := x.raw(f, n)
	if !ok {
		return nil
	}
	parts := []string{raw}
	if f.regex != nil {
		if parts = f.regex.all(x.w, raw); len(parts) == 0 && raw != "" && !c.unlike && !c.bad {
			c.unlike, c.raw = true, raw
		}
		if !f.many {
			parts = parts[:min(len(parts), 1)]
		}
	}
	if f.split == "" {
		return parts
	}
	var cut []string
	for _, p := range parts {
		for item := range strings.SplitSeq(p, f.split) {
			if !x.w.spend(1 + len(item)/64) {
				return nil
			}
			cut = append(cut, fold(item))
		}
	}
	return cut
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
	text, good := f.typ.read(raw, x.setting(f))
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
		Kind: kind, Row: row, Col: cmp.Or(x.col, i+1), Field: f.name, Selector: f.selector(), Raw: cutBytes(c.raw, maxRaw),
	})
}
