package ui

import (
	"slices"
	"sort"
	"strings"

	"weir/engine"
)

// records is the records of a result as clean text, for a table of them and for
// lines that tell of one field each.
type records struct {
	names []string // of the fields, in the order in which they first appear
	cells []int    // width of the widest of each column, its name too
	recs  [][]cell // the values of each record, up to the last field that it has

	label       int // cells of the widest name, with the count of its list
	value       int // and of the widest value, of lists the widest item
	short, long []entry
}

// A cell is the value of a field: a text or a list. The zero cell was not there.
type cell struct {
	text  string   // on one line
	items []string // of a list
	there bool
	short string // in a column: links without what they have in common
	link  bool   // it is one link
}

// emptyText is how a value is drawn that is there and empty.
const emptyText = `""`

// newCell returns a value that was found on a page of that origin, see originOf.
func newCell(v any, origin string) cell {
	if v == nil {
		return cell{short: unknown}
	}
	c := cell{there: true, text: clean(engine.Text(v, ", "), valueBytes)}
	add := func(v any) {
		c.items = append(c.items, clean(engine.Text(v, ", "), valueBytes))
	}
	switch v := v.(type) {
	case []string:
		for _, item := range v {
			add(item)
		}
	case []any:
		for _, item := range v {
			add(item)
		}
	}
	c.shorten(origin)
	return c
}

// shorten makes what a column shows of the value.
func (c *cell) shorten(origin string) {
	c.short, c.link = c.String(), isLink(c.text)
	if !c.link && slices.ContainsFunc(c.items, isLink) {
		links := make([]string, len(c.items))
		for i, item := range c.items {
			links[i] = linkText(item, origin)
		}
		c.short = strings.Join(links, ", ")
	} else if c.link {
		c.short = linkText(c.text, origin)
	}
}

// column draws the value in exactly so many cells.
func (c cell) column(cells int) string {
	if c.link {
		return padLink(c.short, cells)
	}
	return pad(c.short, cells)
}

// String writes the value on one line.
func (c cell) String() string {
	switch {
	case !c.there:
		return unknown
	case c.text == "":
		return emptyText
	}
	return c.text
}

// values returns the items of a list, or else the one value.
func (c cell) values() []string {
	if len(c.items) > 0 {
		return c.items
	}
	return []string{c.String()}
}

// cellText writes the value of a field on one line.
func cellText(v any) string { return newCell(v, "").String() }

// newRecords returns the records that were found on a page.
func newRecords(rs []engine.Record, page string) *records {
	t, origin := new(records), originOf(page)
	column := make(map[string]int)
	for _, r := range rs {
		row := make([]cell, len(t.names))
		for _, f := range r {
			c, ok := column[f.Name]
			if !ok {
				c = len(t.names)
				column[f.Name] = c
				name := clean(f.Name, lineBytes)
				t.names = append(t.names, name)
				t.cells = append(t.cells, width(name))
				row = append(row, cell{})
			}
			row[c] = newCell(f.Value, origin)
			t.cells[c] = max(t.cells[c], width(row[c].short))
			t.label = max(t.label, width(labelOf(t.names[c], row[c])))
			for _, v := range row[c].values() {
				t.value = max(t.value, width(v))
			}
		}
		t.recs = append(t.recs, row)
	}
	t.short, t.long = t.entries(listShown), t.entries(0)
	return t
}

// at returns a value of a record. Records from before a field first appeared
// have none of it.
func (t *records) at(rec, field int) cell {
	if field < len(t.recs[rec]) {
		return t.recs[rec][field]
	}
	return cell{}
}

// labelOf is what stands before a value: the field's name, and how long its
// list is.
func labelOf(name string, c cell) string {
	if len(c.items) > 1 {
		name += " " + count(len(c.items))
	}
	return name
}

const (
	recordGap = 2 // cells between two columns
	recordMin = 8 // cells that a column is made no narrower than
)

// A recordTable is records as a table. The widest columns give way first; fields
// for which there is still no room are left out.
type recordTable struct{ *records }

// columns returns the widths of the columns that are shown.
func (t recordTable) columns(w int) []int {
	shown, least := 0, -recordGap
	for shown < len(t.cells) {
		if least += recordGap + min(t.cells[shown], recordMin); least > w && shown > 0 {
			break
		}
		shown++
	}
	cells := slices.Clone(t.cells[:shown])
	total := (shown - 1) * recordGap
	for c := range cells {
		cells[c] = min(cells[c], w)
		total += cells[c]
	}
	for ; total > w; total-- {
		widest := slices.Index(cells, slices.Max(cells))
		if cells[widest] == 1 {
			break
		}
		cells[widest]--
	}
	return cells
}

func (t recordTable) head(th Theme, w int) []string {
	l := newLine(w, false)
	for c, n := range t.columns(w) {
		if c > 0 {
			l.gap(recordGap)
		}
		l.paint(th.Muted, pad(t.names[c], n))
	}
	return []string{l.end()}
}

func (t recordTable) count() int        { return len(t.recs) }
func (t recordTable) rows(int, int) int { return 1 }

func (t recordTable) draw(lines []string, th Theme, i, _, _, w int) []string {
	l := newLine(w, false)
	for c, n := range t.columns(w) {
		if c > 0 {
			l.gap(recordGap)
		}
		if v := t.at(i, c); v.there {
			l.put(v.column(n))
		} else {
			l.paint(th.Muted, pad(unknown, n))
		}
	}
	return append(lines, l.end())
}

// opens says what opening the table shows.
func (t recordTable) opens(w int) string {
	if hidden := len(t.names) - len(t.columns(w)); hidden > 0 {
		return plural(hidden, "more field")
	}
	return "whole records"
}

// An entry is a line, or a few, of a record: a value of a field, the item of a
// list, or one of the entries below.
type entry struct{ rec, field, item int32 }

// The items that are none.
const (
	entryHead = -1 // which record this is
	entryMore = -2 // the rest of a list
)

const (
	// listShown is how many items of a list are shown, and foldShown how many
	// lines of one value, until the record is opened.
	listShown = 3
	foldShown = 3
)

// entries lists the records, with so many items of a list longer than that and
// one more; all of them for 0.
func (t *records) entries(shown int) []entry {
	var all []entry
	for rec := range t.recs {
		if len(t.recs) > 1 {
			all = append(all, entry{int32(rec), 0, entryHead})
		}
		for field := range t.names {
			n := len(t.at(rec, field).values())
			cut := shown > 0 && n > shown+1
			if cut {
				n = shown
			}
			for item := range n {
				all = append(all, entry{int32(rec), int32(field), int32(item)})
			}
			if cut {
				all = append(all, entry{int32(rec), int32(field), entryMore})
			}
		}
	}
	return all
}

// recordLines are records as lines, a field below the other.
type recordLines struct {
	*records
	entries []entry
	folds   bool // long values too
}

func (t *records) folded() recordLines { return recordLines{t, t.short, true} }
func (t *records) opened() recordLines { return recordLines{t, t.long, false} }

// block returns the first block of a record.
func (l recordLines) block(rec int) int {
	return sort.Search(len(l.entries), func(i int) bool { return int(l.entries[i].rec) >= rec })
}

// indent returns how far in the values stand.
func (l recordLines) indent(w int) int { return min(l.label+recordGap, w/2) }

// text is the value of an entry.
func (l recordLines) text(e entry) string {
	v := l.at(int(e.rec), int(e.field))
	if e.item == entryMore {
		return glyphs.More + " " + count(len(v.items)-listShown) + " more"
	}
	text := v.values()[e.item]
	if text == "" {
		return emptyText
	}
	return text
}

func (l recordLines) head(Theme, int) []string { return nil }
func (l recordLines) count() int               { return len(l.entries) }

func (l recordLines) rows(i, w int) int {
	e := l.entries[i]
	if e.item < 0 {
		return 1
	}
	n := rowsOf(l.text(e), w-l.indent(w))
	if l.folds {
		n = min(n, foldShown)
	}
	return n
}

func (l recordLines) draw(lines []string, th Theme, i, from, end, w int) []string {
	e := l.entries[i]
	if e.item == entryHead {
		return append(lines, th.Accent.Render(cut("record "+count(int(e.rec)+1)+" of "+count(len(l.recs)), w)))
	}
	v, indent := l.at(int(e.rec), int(e.field)), l.indent(w)
	style := th.Text
	if !v.there || e.item == entryMore {
		style = th.Muted
	}
	all := folded(l.text(e), w-indent)
	if l.folds && len(all) > foldShown {
		all = all[:foldShown]
		all[foldShown-1] = pad(all[foldShown-1], w-indent-1) + glyphs.More
	}
	for row := from; row < end; row++ {
		label := ""
		if row == 0 && e.item == 0 {
			label = labelOf(l.names[e.field], v)
		}
		lines = append(lines, newLine(w, false).paint(th.Muted, pad(label, indent)).paint(style, all[row]).end())
	}
	return lines
}

// opens says what opening the lines shows, or closing them; nothing if all of
// them is there.
func (l recordLines) opens(w int) string {
	switch {
	case len(l.recs) > 1:
		return "table"
	case !l.folds:
		return "fold"
	case len(l.short) < len(l.long), l.value > foldShown*(w-l.indent(w)):
		return "all of it"
	}
	return ""
}
