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
	}
	l.lines = append(l.lines, line)
}

// A logDialog shows the log, at its end unless it was scrolled.
type logDialog struct {
	log  *log
	back int // lines between the last one shown and the newest
	room int // lines at the last drawing
}

func (d *logDialog) Init() tea.Cmd { return nil }

func (d *logDialog) Update(msg tea.Msg) (dialog, tea.Cmd) {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return d, nil
	}
	switch press.String() {
	case "esc", "l", "q", "enter", "ctrl+c":
		return nil, nil
	case "k", "up":
		d.back++
	case "j", "down":
		d.back--
	case "pgup":
		d.back += d.room
	case "pgdown":
		d.back -= d.room
	case "g", "home":
		d.back = len(d.log.lines)
	case "G", "end", "f":
		d.back = 0
	}
	d.back = max(0, min(d.back, len(d.log.lines)-d.room))
	return d, nil
}

func (d *logDialog) View(th Theme, w, h int) string {
	w -= 4
	d.room = max(min(h-4, 15, max(len(d.log.lines), 5)), 1) // a dialog has at most 19 rows
	title := "Log " + th.Glyphs.Dot + " " + plural(len(d.log.lines), "line")
	if d.log.dropped > 0 {
		title += ", " + count(d.log.dropped) + " dropped"
	}
	end := max(len(d.log.lines)-d.back, 0)
	shown := d.log.lines[max(end-d.room, 0):end]
	lines := make([]row, 0, d.room+1)
	for _, one := range shown {
		text := th.Muted.Render(daytime(one.at)) + " "
		if one.level == engine.LevelInfo {
			text += one.text
		} else {
			text += th.level(one.level).Render(one.text)
		}
		lines = append(lines, row{text: cut(text, w-4)})
	}
	if len(shown) == 0 {
		lines = append(lines, row{text: th.Muted.Render("nothing happened yet")})
	}
	for len(lines) < d.room {
		lines = append(lines, row{drop: 1})
	}
	lines = append(lines, row{text: keys(th, w-4, "j k", "scroll", "g G", "oldest, newest", "esc", "close"), drop: 2})
	return box(th, title, lines, w, h)
}
