package ui

// A resultsLayout says which columns have room: size, try, why, rows, title,
// fields, batch, host and ended are dropped in this order until the URL has 30
// cells.
type resultsLayout struct {
	num, size, rows, try bool
	why, url             int // cells; 0: no such column

	batch, host, ended, title int // likewise: columns that are chosen beside the usual ones
	fields                    []fieldColumn
}

// A fieldColumn is the column of a field.
type fieldColumn struct {
	at    int // in the choice
	name  string
	cells int
}

// The cells of chosen columns.
const (
	batchCells = 16
	hostCells  = 20
	endedCells = 8
	titleCells = 24
	fieldLeast = 12 // and as many as its name, up to
	fieldMost  = 20
)

// layout is how the panel is laid out on a pane, with the fields that the run
// has.
func (p *results) layout(at pane) resultsLayout {
	var fields []fieldColumn
	for _, i := range p.fieldsShown() {
		name := clean(p.columns.fields[i], fieldBytes)
		fields = append(fields, fieldColumn{i, name, max(fieldLeast, min(width(name), fieldMost))})
	}
	return at.resultsLayout(p.columns.shownColumns, fields)
}

func (p pane) resultsLayout(c shownColumns, fields []fieldColumn) resultsLayout {
	l := resultsLayout{num: p.framed || p.w >= 80, size: c&showSize != 0, try: c&showTry != 0}
	l.rows = l.num && c&showRows != 0
	if c&showWhy != 0 {
		l.why = min(24+max(p.w-118, 0)/3, 60)
	}
	chosen := func(one shownColumns, cells int) int {
		if c&one == 0 {
			return 0
		}
		return cells
	}
	l.fields = fields
	l.batch, l.host, l.ended, l.title = chosen(showBatch, batchCells), chosen(showHost, hostCells), chosen(showTime, endedCells), chosen(showTitle, titleCells)
	for drop := 0; ; drop++ {
		used := 24 // cursor, outcome, code, time, one before the URL
		if l.num {
			used += 9
		}
		if l.size {
			used += 9
		}
		if l.rows {
			used += 6
		}
		if l.try {
			used += 4
		}
		if l.why > 0 {
			used += l.why + 1
		}
		for _, cells := range []int{l.batch, l.host, l.ended, l.title} {
			if cells > 0 {
				used += cells + 1
			}
		}
		for _, f := range l.fields {
			used += f.cells + 1
		}
		l.url = p.w - used
		if l.url >= 30 || drop == 8 {
			return l
		}
		switch drop {
		case 0:
			l.size = false
		case 1:
			l.try = false
		case 2:
			l.why = 0
		case 3:
			l.rows = false
		case 4:
			l.title = 0
			if n := len(l.fields); n > 0 { // one after the other, from the end
				l.fields = l.fields[:n-1]
				drop--
			}
		case 5:
			l.batch = 0
		case 6:
			l.host = 0
		case 7:
			l.ended = 0
		}
	}
}

// lead draws the first two columns: cursor, mark and number.
func (l resultsLayout) lead(b *line, cursor, mark, num string) {
	b.put(cursor)
	if l.num {
		b.put(mark + right(num, 7) + " ")
	} else {
		b.put(mark)
	}
}

// outcomeCells is the width of the outcome column: with # there is a blank
// before the code, and without one "cancelled" still fits.
func (l resultsLayout) outcomeCells() int {
	if l.num {
		return 10
	}
	return 9
}

// A heading is one of the line of headings: so many cells, which begin with a
// gap.
type heading struct {
	text  string
	gap   int
	cells int
	left  bool
	sorts bool // by the column; else it is a name and nothing more
	by    column
}

// headings are those of a layout, from the left.
func (p *results) headings(l resultsLayout) []heading {
	var all []heading
	put := func(by column, text string, gap, cells int, left bool) {
		all = append(all, heading{text, gap, cells, left, true, by})
	}
	name := func(text string, cells int) {
		if cells > 0 {
			all = append(all, heading{text: text, gap: 1, cells: cells, left: true})
		}
	}
	if l.num {
		put(byNum, "#", 1, 8, false)
	}
	gap := 1
	if !l.num {
		gap = 2
	}
	put(byOutcome, "outcome", gap, l.outcomeCells()-1, true)
	put(byCode, "code", 0, 5, false) // with its arrow
	if p.table.want.show == showWaiting {
		all = append(all, heading{text: "due", gap: 2, cells: 6})
	} else {
		put(byTime, "time", 0, 8, false)
	}
	if l.size {
		put(bySize, "size", 0, 9, false)
	}
	if l.rows {
		put(byRows, "rows", 0, 6, false)
	}
	if l.try {
		put(byTry, "try", 0, 4, false)
	}
	name("ended", l.ended)
	name("batch", l.batch)
	name("host", l.host)
	put(byURL, "url", 1, l.url, true)
	name("title", l.title)
	for _, f := range l.fields {
		name(f.name, f.cells)
	}
	if l.why > 0 {
		put(byWhy, "why", 1, l.why, true)
	}
	return all
}

// head draws the headings; the one that sorts wears an arrow.
func (p *results) head(at pane, l resultsLayout) string {
	w := p.table.want
	b := newLine(at.w, false)
	for _, h := range p.headings(l) {
		style, text := at.th.Muted, h.text
		if h.sorts && w.by == h.by && (h.by != byNum || w.turned) {
			style = at.th.Accent
			arrow := at.th.Glyphs.Up
			if w.down() {
				arrow = at.th.Glyphs.Down
			}
			if h.left && width(text)+2 <= h.cells {
				text += " "
			}
			text += arrow
		}
		b.gap(h.gap)
		if h.left {
			b.paint(style, pad(text, h.cells))
		} else {
			b.paint(style, right(text, h.cells))
		}
	}
	return b.end()
}

// sortsAt returns the column that the heading in a cell of their line sorts by.
func (p *results) sortsAt(l resultsLayout, x int) (column, bool) {
	for _, h := range p.headings(l) {
		if x -= h.gap; x < 0 {
			break
		}
		if x < h.cells {
			at := 0
			if !h.left {
				at = h.cells - width(h.text) - 1 // its arrow may stand behind it
			}
			return h.by, h.sorts && at <= x && x < at+width(h.text)+2
		}
		x -= h.cells
	}
	return 0, false
}
