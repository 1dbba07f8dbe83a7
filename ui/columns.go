package ui

import (
	"net/url"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// The columns of Results that an operator can choose, beside #, outcome, code,
// time and url, as bits.
type shownColumns uint16

const (
	showSize shownColumns = 1 << iota
	showRows
	showTry
	showWhy
	showBatch
	showHost
	showTime
	showTitle

	usualColumns = showSize | showRows | showTry | showWhy
)

// columnNames are their names in the order of the bits, and what they tell.
var columnNames = []struct{ name, tells string }{
	{"size", "bytes of the decoded body"},
	{"rows", "records that were extracted"},
	{"try", "attempts"},
	{"why", "the class of what failed, and words about it"},
	{"batch", "the batch's number and name"},
	{"host", "the host that the URL is paced with"},
	{"ended", "the time of day when it ended"},
	{"title", "of the page"},
}

// A chosen is which columns of Results an operator wants to see. Fields are
// those of recipes, as they are named there: a run that has no such field shows
// none.
type chosen struct {
	shownColumns
	fields []string
}

const (
	// noColumns is how the choice of none is kept, and fieldPrefix what stands
	// before the name of a field.
	noColumns   = "none"
	fieldPrefix = "field:"

	// fieldsMost is how many fields may be chosen, and fieldBytes how long the
	// name of one may be.
	fieldsMost = 8
	fieldBytes = 256
)

// parseColumns reads a kept choice; empty is the usual one. Names that are not
// known are returned.
func parseColumns(text string) (c chosen, unknown []string) {
	if text == "" {
		return chosen{shownColumns: usualColumns}, nil
	}
	for name := range strings.FieldsSeq(text) {
		i := slices.IndexFunc(columnNames, func(n struct{ name, tells string }) bool { return n.name == name })
		escaped, isField := strings.CutPrefix(name, fieldPrefix)
		field, err := url.PathUnescape(escaped)
		switch {
		case i >= 0:
			c.shownColumns |= 1 << i
		case isField && err == nil && field != "" && len(field) <= fieldBytes && len(c.fields) < fieldsMost && !slices.Contains(c.fields, field):
			c.fields = append(c.fields, field)
		case name != noColumns:
			unknown = append(unknown, name)
		}
	}
	return c, unknown
}

// String is what parseColumns reads.
func (c chosen) String() string {
	if c.shownColumns == usualColumns && len(c.fields) == 0 {
		return ""
	}
	var names []string
	for i, n := range columnNames {
		if c.shownColumns&(1<<i) != 0 {
			names = append(names, n.name)
		}
	}
	for _, name := range c.fields {
		names = append(names, fieldPrefix+url.PathEscape(name))
	}
	if len(names) == 0 {
		return noColumns
	}
	return strings.Join(names, " ")
}

// fieldsOf returns the fields of the recipes of a run, as far as there have been
// pages of them, in the order of the batches.
func fieldsOf(s *engine.Stats) []string {
	var names []string
	seen := map[string]bool{}
	for i := range s.Batches {
		for _, f := range s.Batches[i].Fill {
			if !seen[f.Field] && f.Field != "" && len(f.Field) <= fieldBytes {
				seen[f.Field] = true
				names = append(names, f.Field)
			}
		}
	}
	return names
}

// columnsMsg says which columns are to be shown.
type columnsMsg struct{ columns chosen }

// A columnsDialog chooses the columns of Results. What is chosen is shown at
// once.
type columnsDialog struct {
	boxed
	columns chosen
	offered []string // fields that can be chosen
	cursor  int      // in columnNames, then in offered
	top     int      // first line that is shown
	room    int      // lines at the last drawing
}

// newColumns offers the fields of a run, and those that are chosen although it
// has none.
func newColumns(c chosen, s *engine.Stats) *columnsDialog {
	d := &columnsDialog{boxed: boxed{scope: inColumns}, columns: chosen{c.shownColumns, slices.Clone(c.fields)}, offered: fieldsOf(s)}
	for _, name := range c.fields {
		if !slices.Contains(d.offered, name) {
			d.offered = append(d.offered, name)
		}
	}
	return d
}

// lines returns how many columns there are to choose from.
func (d *columnsDialog) lines() int { return len(columnNames) + len(d.offered) }

// has reports whether a column is chosen.
func (d *columnsDialog) has(i int) bool {
	if i < len(columnNames) {
		return d.columns.shownColumns&(1<<i) != 0
	}
	return slices.Contains(d.columns.fields, d.offered[i-len(columnNames)])
}

// turn chooses the column under the cursor, or no longer.
func (d *columnsDialog) turn() {
	if d.cursor < len(columnNames) {
		d.columns.shownColumns ^= 1 << d.cursor
		return
	}
	name := d.offered[d.cursor-len(columnNames)]
	if at := slices.Index(d.columns.fields, name); at >= 0 {
		d.columns.fields = slices.Delete(d.columns.fields, at, at+1)
	} else if len(d.columns.fields) < fieldsMost {
		d.columns.fields = append(d.columns.fields, name)
	}
}

func (d *columnsDialog) Init() tea.Cmd { return nil }

func (d *columnsDialog) Update(msg tea.Msg) (dialog, tea.Cmd) {
	asked := d.asked(msg)
	switch msg := msg.(type) {
	case pickMsg: // the box of any row, or the row that is selected already
		if msg.item == d.cursor || msg.cell < columnLead {
			asked = actColumn
		}
		d.cursor = msg.item
	case wheelMsg:
		d.move(msg.by)
	}
	switch asked {
	case actClose, actInterrupt, actAccept, actBack, actQuit, actColumns:
		return nil, nil
	case actDown:
		d.move(1)
	case actUp:
		d.move(-1)
	case actTop:
		d.move(-d.lines())
	case actEnd:
		d.move(d.lines())
	case actColumn:
		d.turn()
		return d, d.tell()
	case actColumnsUsual:
		d.columns = chosen{shownColumns: usualColumns}
		return d, d.tell()
	}
	return d, nil
}

// tell says what is chosen now.
func (d *columnsDialog) tell() tea.Cmd {
	return send(columnsMsg{chosen{d.columns.shownColumns, slices.Clone(d.columns.fields)}})
}

func (d *columnsDialog) move(by int) { d.cursor = max(0, min(d.cursor+by, d.lines()-1)) }

// columnLead is how many cells stand before the name of a column: the cursor
// and its box.
const columnLead = len("> [x] ")

func (d *columnsDialog) View(th Theme, w, h int) string {
	if tooSmall(w, h) {
		return ""
	}
	w = min(w-4, 64)
	title := "Columns of Results"
	d.room = max(min(h, 19)-5, 1) // frame, two blanks, keys
	if d.lines() > d.room {
		title += " " + itoa(uint64(d.cursor+1)) + " of " + itoa(uint64(d.lines()))
	}
	d.top = max(0, min(d.top, d.cursor, d.lines()-d.room), d.cursor-d.room+1)
	rows := []row{{drop: 2}}
	for i := d.top; i < min(d.top+d.room, d.lines()); i++ {
		box := "[ ] "
		if d.has(i) {
			box = "[x] "
		}
		l := newLine(w-4, i == d.cursor)
		if i == d.cursor {
			l.put(th.Glyphs.Cursor)
		} else {
			l.gap(1)
		}
		l.gap(1).put(box)
		if i < len(columnNames) {
			l.put(pad(columnNames[i].name, 8)).paint(th.Muted, columnNames[i].tells)
		} else {
			name := clean(d.offered[i-len(columnNames)], fieldBytes)
			l.put(pad(name, min(max(width(name)+1, 8), max(w-24, 8)))).paint(th.Muted, d.tells(i))
		}
		text := l.end()
		if i == d.cursor {
			text = th.Selected.Render(text)
		}
		rows = append(rows, row{text: text, item: i + 1})
	}
	foot := d.foot(th, w-4, hint{act: actColumn}, hint{act: actColumnsUsual}, hint{act: actClose})
	foot.drop = 1
	rows = append(rows, row{drop: 2}, foot)
	return d.box(th, title, rows, w, h)
}

// tells says what a field is.
func (d *columnsDialog) tells(i int) string {
	if len(d.columns.fields) == fieldsMost && !d.has(i) {
		return "field: " + itoa(fieldsMost) + " are shown at most"
	}
	return "field, of the first record"
}

// choose shows columns.
func (m *Model) choose(c chosen) {
	m.results.columns = c
	m.results.firsts.forget()
	m.look.Columns = c.String()
	m.resize()
}
