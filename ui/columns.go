package ui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
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

// noColumns is how the choice of none is kept.
const noColumns = "none"

// parseColumns reads a kept choice; empty is the usual one. Names that are not
// known are returned.
func parseColumns(text string) (c shownColumns, unknown []string) {
	if text == "" {
		return usualColumns, nil
	}
	for name := range strings.FieldsSeq(text) {
		i := slices.IndexFunc(columnNames, func(n struct{ name, tells string }) bool { return n.name == name })
		switch {
		case i >= 0:
			c |= 1 << i
		case name != noColumns:
			unknown = append(unknown, name)
		}
	}
	return c, unknown
}

// String is what parseColumns reads.
func (c shownColumns) String() string {
	if c == usualColumns {
		return ""
	}
	var names []string
	for i, n := range columnNames {
		if c&(1<<i) != 0 {
			names = append(names, n.name)
		}
	}
	if len(names) == 0 {
		return noColumns
	}
	return strings.Join(names, " ")
}

// columnsMsg says which columns are to be shown.
type columnsMsg struct{ columns shownColumns }

// A columnsDialog chooses the columns of Results. What is chosen is shown at
// once.
type columnsDialog struct {
	boxed
	columns shownColumns
	cursor  int // in columnNames
}

func newColumns(c shownColumns) *columnsDialog {
	return &columnsDialog{boxed: boxed{scope: inColumns}, columns: c}
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
		d.move(-len(columnNames))
	case actEnd:
		d.move(len(columnNames))
	case actColumn:
		d.columns ^= 1 << d.cursor
		return d, send(columnsMsg{d.columns})
	case actColumnsUsual:
		d.columns = usualColumns
		return d, send(columnsMsg{d.columns})
	}
	return d, nil
}

func (d *columnsDialog) move(by int) { d.cursor = max(0, min(d.cursor+by, len(columnNames)-1)) }

// columnLead is how many cells stand before the name of a column: the cursor
// and its box.
const columnLead = len("> [x] ")

func (d *columnsDialog) View(th Theme, w, h int) string {
	if tooSmall(w, h) {
		return ""
	}
	w = min(w-4, 64)
	rows := []row{{drop: 2}}
	for i, n := range columnNames {
		box := "[ ] "
		if d.columns&(1<<i) != 0 {
			box = "[x] "
		}
		l := newLine(w-4, i == d.cursor)
		if i == d.cursor {
			l.put(th.Glyphs.Cursor)
		} else {
			l.gap(1)
		}
		text := l.gap(1).put(box+pad(n.name, 8)).paint(th.Muted, n.tells).end()
		if i == d.cursor {
			text = th.Selected.Render(text)
		}
		rows = append(rows, row{text: text, item: i + 1})
	}
	foot := d.foot(th, w-4, hint{act: actColumn}, hint{act: actColumnsUsual}, hint{act: actClose})
	foot.drop = 1
	rows = append(rows, row{drop: 2}, foot)
	return d.box(th, "Columns of Results", rows, w, h)
}

// choose shows columns.
func (m *Model) choose(c shownColumns) {
	m.results.columns = c
	m.look.Columns = c.String()
	m.resize()
}
