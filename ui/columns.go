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
	columns shownColumns
	cursor  int // in columnNames
}

func (d *columnsDialog) Init() tea.Cmd { return nil }

func (d *columnsDialog) Update(msg tea.Msg) (dialog, tea.Cmd) {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return d, nil
	}
	switch press.String() {
	case "esc", "enter", "C", "q", "ctrl+c":
		return nil, nil
	case "j", "down":
		d.cursor = min(d.cursor+1, len(columnNames)-1)
		return d, nil
	case "k", "up":
		d.cursor = max(d.cursor-1, 0)
		return d, nil
	case "space", "x":
		d.columns ^= 1 << d.cursor
	case "u":
		d.columns = usualColumns
	default:
		return d, nil
	}
	return d, send(columnsMsg{d.columns})
}

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
		rows = append(rows, row{text: text})
	}
	rows = append(rows, row{drop: 2}, row{text: keys(th, w-4, "space", "show or hide", "u", "as usual", "esc", "close"), drop: 1})
	return box(th, "Columns of Results", rows, w, h)
}

// choose shows columns.
func (m *Model) choose(c shownColumns) {
	m.results.columns = c
	m.look.Columns = c.String()
	m.resize()
}
