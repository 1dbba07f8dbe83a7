package ui

import (
	"strconv"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"weir/engine"
)

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

// View draws the heading and the rows that are on the screen.
func (p *results) View(th Theme) []string {
	at := p.in(th)
	if p.table.count() == 0 {
		return p.teach(at)
	}
	l := p.layout(at)
	lines := make([]string, 0, at.h)
	if p.heads() > 0 {
		lines = append(lines, p.head(at, l))
	}
	for i := p.cur.top; i < p.table.count() && len(lines) < at.h; i++ {
		lines = append(lines, p.row(at, l, i))
	}
	return lines
}

// teach is what the panel says while it has no rows.
func (p *results) teach(at pane) []string {
	s := p.stats
	var text []string
	switch t := p.table; {
	case t.want.filter.text != "" && p.total() > 0:
		text = []string{p.found() + p.keys.say(" "+at.th.Glyphs.Dot+" %s clears", p.clears)}
	case t.making != nil:
		text = []string{p.makes()}
	case p.older != nil:
		text = []string{p.reads()}
	case s.Counts.Submitted > 0 && t.want.show == showWaiting:
		text = append([]string{"No URL waits in the queue, for a retry or in flight.", ""}, p.teachKey(actShow, 0, "shows those that ended")...)
	case s.Counts.Submitted > 0:
		text = append([]string{"No URL has ended yet.", ""}, p.teachKey(actShow, 0, "shows those that wait, and why")...)
	default:
		if p.only {
			text = []string{"No URLs yet."}
			break
		}
		paste := "adds a batch"
		text = []string{"No URLs yet.", ""}
		if key := p.teachKey(actAdd, 16, "add a batch: paste or type URLs, name a file, or a range of months"); key != nil {
			text, paste = append(text, key...), "does the same"
		}
		text = append(text,
			"paste           anywhere on this screen "+paste,
			"weir demo       shows all this on a site that runs on your own machine")
		if at.framed {
			text = append(text, "", teachPace(p.keys, p.pace, at.w-4))
		}
	}
	lines := []string{blank(at.w)}
	for _, line := range text {
		lines = append(lines, newLine(at.w, false).gap(2).put(line).end())
	}
	return lines[:min(len(lines), max(at.h, 0))]
}

// teachKey is the line of what a key does, none without a key. The words stand
// so many cells from its begin, or beside it.
func (p *results) teachKey(a act, cells int, does string) []string {
	key := p.keys.say("%s", a)
	if key == "" {
		return nil
	}
	return []string{pad(key, max(cells, width(key)+2)) + does}
}

// teachPace says in w cells how hosts are asked at an interval of d.
func teachPace(k keyMap, d time.Duration, w int) string {
	change := k.say(": %s and %s on panel 3 change that", actSlower, actFaster) + "."
	often := "Each host is asked as fast as it answers"
	switch {
	case d == time.Second:
		often = "Each host is asked at most once a second"
	case d > 0:
		often = "Each host is asked at most once in " + paceText(d)
	}
	if whole := often + ", whatever the number of workers" + change; d > 0 && width(whole) <= w {
		return whole
	}
	return often + change
}

func (p *results) row(at pane, l resultsLayout, i int) string {
	s := p.stats
	r := p.table.at(i)
	selected := i == p.cur.at
	b := at.row(selected)
	mark, num := " ", unknown
	if p.marks.n > 0 && p.marks.has(p.table.slotAt(i)) {
		mark = at.th.Glyphs.Mark
	}
	if r.num > 0 {
		num = strconv.FormatUint(r.num, 10)
	}
	l.lead(b, at.cursor(selected), mark, num)
	b.paint(at.th.outcome(r), pad(r.state(), l.outcomeCells()))

	code, took, bytes, records := unknown, unknown, unknown, unknown
	if r.status > 0 {
		code = strconv.Itoa(int(r.status))
	}
	if r.tries > 0 {
		took, bytes = duration(r.time), size(r.bytes)
	}
	if r.outcome == engine.OK || r.outcome == engine.Empty {
		records = strconv.Itoa(int(r.records))
	}
	reason := r.why
	if r.place != engine.Ended {
		took, bytes = unknown, unknown
		var due time.Time
		if reason, due = jobWait(r, s); !due.IsZero() {
			took = short(max(due.Sub(s.At), 0))
		}
	}
	if at.th.ASCII {
		reason = strings.ReplaceAll(reason, "≥", ">=")
	}
	b.put(right(code, 4)).gap(2).put(right(took, 6))
	if l.size {
		b.put(right(bytes, 9))
	}
	if l.rows {
		b.put(right(records, 6))
	}
	if l.try {
		b.put(right(strconv.Itoa(int(r.tries)), 4))
	}
	if l.ended > 0 {
		ended := unknown
		if r.ended != 0 {
			ended = daytime(time.Unix(r.ended, 0))
		}
		b.gap(1).put(pad(ended, l.ended))
	}
	if l.batch > 0 {
		b.gap(1).put(pad(batchName(s, r.batch), l.batch))
	}
	if l.host > 0 {
		b.gap(1).put(pad(r.host, l.host))
	}
	if r.told {
		b.gap(1).put(padURL(bare(r.url), l.url))
	} else {
		b.gap(1).paint(at.th.Muted, pad(glyphs.More, l.url))
	}
	if l.title > 0 {
		b.gap(1).paint(at.th.Muted, pad(r.title, l.title))
	}
	for _, f := range l.fields {
		b.gap(1)
		switch v, known := p.value(p.table.slotAt(i), r, f.at); {
		case !known:
			b.paint(at.th.Muted, pad(glyphs.More, f.cells))
		case !v.there:
			b.paint(at.th.Muted, pad(unknown, f.cells))
		default:
			b.put(pad(v.String(), f.cells))
		}
	}
	if l.why > 0 {
		b.gap(1).paint(at.th.Muted, pad(whyBrief(reason, l.why), l.why))
	}
	return at.finish(b, selected)
}

// outcome is the style of an outcome.
func (t Theme) outcome(r *jobRow) lipgloss.Style {
	switch r.outcome {
	case engine.OK:
		return t.OK
	case engine.Empty:
		return t.Warn
	case engine.Failed:
		return t.Bad
	}
	return t.Muted
}

// title says how much there is and in which order, most important first.
func (p *results) title(g Glyphs) []string {
	s, t := p.stats, p.table
	n := t.count()
	if t.want.show == showEnded && t.want.filter.text == "" && n == 0 && s.Counts.Submitted == 0 {
		return []string{"empty"}
	}
	if t.making != nil && t.has.filter.text != t.want.filter.text { // the rows are those of before
		return []string{p.makes()}
	}
	var parts []string
	first := count(n)
	if t.want.filter.text != "" {
		first = count(n) + " of " + count(p.total())
	}
	if left := s.Counts.Left(); t.want.show == showWaiting && t.want.filter.text == "" && left > n {
		first += " of " + count(left) // the rest is in the backlog
	}
	if t.want.show != showEnded {
		first += " " + t.want.show.String()
	}
	parts = append(parts, first)
	if p.marks.n > 0 {
		parts = append(parts, count(p.marks.n)+" marked")
	}
	over := s.State == engine.RunFinished || s.State == engine.RunCancelled
	switch {
	case t.making != nil:
		parts = append(parts, p.makes())
	case !p.newest() || t.want.show != showEnded:
		parts = append(parts, p.sorting(g))
	case !p.follow && p.news > 0:
		return append(append(parts, count(p.news)+" new"), p.followKey()...)
	case !p.follow && !over:
		return append(append(parts, "newest first"), p.followKey()...)
	default:
		parts = append(parts, "newest first")
		if p.follow && !over && s.State != engine.RunIdle {
			parts = append(parts, "following")
		}
	}
	if p.older != nil {
		parts = append(parts, p.reads())
	}
	return parts
}

// followKey says which key goes back to the newest.
func (p *results) followKey() []string {
	if text := p.keys.say("%s follows", actFollow); text != "" {
		return []string{text}
	}
	return nil
}

// reads says how far the older results are read.
func (p *results) reads() string { return "reading older ones " + itoa(uint64(p.older.share())) + "%" }

// found says how many rows the filter shows of how many.
func (p *results) found() string {
	t := p.table
	match := count(t.count()) + " of " + count(p.total()) + " match"
	switch {
	case t.making == nil:
		return match
	case t.has.filter.text == t.want.filter.text && t.has.show == t.want.show: // a part is there
		return count(t.count()) + " match so far, " + p.makes()
	}
	return p.makes()
}

// makes says how far the list is that is being made.
func (p *results) makes() string {
	what := "sorting"
	if len(p.table.want.filter.words) > 0 {
		what = "searching"
	}
	if p.table.share > 0 {
		what += " " + itoa(uint64(p.table.share)) + "%"
	}
	return what
}

// sorting names the column and the direction.
func (p *results) sorting(g Glyphs) string {
	w := p.table.want
	switch {
	case w.by == byNum && w.down():
		return "newest first"
	case w.by == byNum:
		return "oldest first"
	case w.down():
		return "by " + w.by.String() + " " + g.Down
	}
	return "by " + w.by.String() + " " + g.Up
}

// total returns how many rows there were without the filter.
func (p *results) total() int {
	t := p.table
	switch t.want.show {
	case showEnded:
		return t.ended
	case showWaiting:
		return t.waiting
	}
	return t.ended + t.waiting
}
