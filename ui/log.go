package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// logKept is how many lines the log keeps; older ones are counted.
const logKept = 10_000

// A logLine is a line of the log, cleaned.
type logLine struct {
	at    time.Time
	level engine.Level
	text  string
}

// A log holds what happened, oldest first.
type log struct {
	lines   []logLine
	dropped uint64 // lines that never came, or went
	gone    int    // of them those that went
}

// take brings in the lines of a view.
func (l *log) take(lines []engine.LogLine, dropped uint64) {
	l.dropped += dropped
	for _, line := range lines {
		l.add(logLine{line.At, line.Level, clean(line.Text, 2*whyBytes)})
	}
}

func (l *log) add(line logLine) {
	if len(l.lines) >= logKept+logKept/4 { // now and then, not for every line
		gone := len(l.lines) - logKept
		l.lines = append(l.lines[:0], l.lines[gone:]...)
		l.dropped += uint64(gone)
		l.gone += gone
	}
	l.lines = append(l.lines, line)
}

// A logDialog shows the log. The cursor stays with the newest line until it is
// moved away from it; the line under it is told whole.
type logDialog struct {
	boxed
	log  *log
	num  int  // of the line under the cursor, counted from the first there ever was
	away bool // from the newest one
	top  int  // first line on the screen, an index
	room int  // lines on the screen at the last drawing
}

func newLogDialog(l *log) *logDialog { return &logDialog{boxed: boxed{scope: inLog}, log: l} }

func (d *logDialog) Init() tea.Cmd { return nil }

func (d *logDialog) Update(msg tea.Msg) (dialog, tea.Cmd) {
	switch msg := msg.(type) {
	case pickMsg:
		d.moveTo(msg.item)
	case wheelMsg:
		d.moveTo(d.cursor() + msg.by)
	}
	switch d.asked(msg) {
	case actClose, actInterrupt, actAccept, actBack, actQuit, actLog:
		return nil, nil
	case actUp:
		d.moveTo(d.cursor() - 1)
	case actDown:
		d.moveTo(d.cursor() + 1)
	case actPageUp:
		d.moveTo(d.cursor() - d.room)
	case actPageDown:
		d.moveTo(d.cursor() + d.room)
	case actTop:
		d.moveTo(0)
	case actEnd, actFollow:
		d.moveTo(len(d.log.lines) - 1)
	}
	return d, nil
}

// cursor returns the index of the line under the cursor.
func (d *logDialog) cursor() int {
	last := max(len(d.log.lines)-1, 0)
	if !d.away {
		return last
	}
	return max(0, min(d.num-d.log.gone, last))
}

func (d *logDialog) moveTo(i int) {
	last := max(len(d.log.lines)-1, 0)
	i = max(0, min(i, last))
	d.num, d.away = i+d.log.gone, i < last
}

// logWhole is the most lines in which the one under the cursor is told whole.
const logWhole = 3

func (d *logDialog) View(th Theme, w, h int) string {
	w -= 4
	room := max(min(h-4, 15, max(len(d.log.lines), 5)), 1) // a dialog has at most 19 rows
	title := "Log " + th.Glyphs.Dot + " " + plural(len(d.log.lines), "line")
	if d.log.dropped > 0 {
		title += ", " + count(d.log.dropped) + " dropped"
	}
	cursor := d.cursor()
	var whole []row
	if cursor < len(d.log.lines) && room > 2*logWhole {
		if text := d.log.lines[cursor].text; width(text) > w-4-logLead {
			whole = wrap(text, th.Accent, w-4)
			whole = whole[:min(len(whole), logWhole)]
		}
	}
	d.room = room - len(whole)
	d.top = max(cursor-d.room+1, min(d.top, cursor, len(d.log.lines)-d.room), 0)
	rows := make([]row, 0, room+1)
	for i := d.top; i < min(d.top+d.room, len(d.log.lines)); i++ {
		rows = append(rows, row{text: d.line(th, i, i == cursor, w-4), item: i + 1})
	}
	if len(rows) == 0 {
		rows = append(rows, row{text: th.Muted.Render("nothing happened yet")})
	}
	for len(rows) < d.room {
		rows = append(rows, row{drop: 1})
	}
	rows = append(rows, whole...)
	foot := d.foot(th, w-4, hint{act: actDown, also: actUp, word: "move"}, hint{act: actTop, also: actEnd, word: "oldest, newest"}, hint{act: actClose})
	foot.drop = 2
	return d.box(th, title, append(rows, foot), w, h)
}

// logLead is how many cells stand before the text of a line.
const logLead = len("▸15:04:05 ") - len("▸") + 1

func (d *logDialog) line(th Theme, i int, selected bool, w int) string {
	one := d.log.lines[i]
	l := newLine(w, selected)
	if selected {
		l.put(th.Glyphs.Cursor)
	} else {
		l.gap(1)
	}
	l.paint(th.Muted, daytime(one.at)).gap(1).paint(th.level(one.level), one.text)
	if selected {
		return th.Selected.Render(l.end())
	}
	return l.end()
}
