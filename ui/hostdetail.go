package ui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"weir/engine"
)

// A hostDialog tells how a host is asked, and how that came about: its rate
// since the first change that is kept, and every change with its reason. It
// shows the host as it is in the last view.
type hostDialog struct {
	hosts *hosts
	stats *engine.Stats
	name  string
	top   int // first change that is shown, of the newest first
	room  int // changes at the last drawing
}

func (d *hostDialog) Init() tea.Cmd { return nil }

func (d *hostDialog) Update(msg tea.Msg) (dialog, tea.Cmd) {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return d, nil
	}
	switch press.String() {
	case "esc", "d", "q", "enter", "ctrl+c":
		return nil, nil
	case "j", "down":
		d.top++
	case "k", "up":
		d.top--
	case "J", "pgdown":
		d.top += d.room
	case "K", "pgup":
		d.top -= d.room
	case "g", "home":
		d.top = 0
	case "G", "end":
		d.top = engine.PaceChanges
	}
	if h := d.host(); h != nil {
		d.top = max(0, min(d.top, len(h.Changes)-d.room))
	}
	return d, nil
}

// host returns the host, nil if the view has none of that name.
func (d *hostDialog) host() *engine.HostStats {
	if i := d.hosts.find(d.name); i >= 0 {
		return d.hosts.list[i]
	}
	return nil
}

func (d *hostDialog) View(th Theme, w, h int) string {
	host := d.host()
	if host == nil || tooSmall(w, h) {
		return ""
	}
	w = min(w-2, 96)
	var rows []row
	roomy := h >= 15 // else the changes have the room
	blank := func() {
		if roomy {
			rows = append(rows, row{drop: 3})
		}
	}
	blank()
	if roomy {
		told := whyHost(host, d.stats)
		for _, text := range told[1 : len(told)-len(changesText(host))] {
			rows = append(rows, wrap(text, th.Text, w-4)...)
		}
	}
	style := th.hostStyle(host, d.stats)
	rows = append(rows, row{text: style.Render(cut(hostText(host, d.stats, d.stats.At), w-4))})
	blank()
	if len(host.Changes) > 0 {
		for _, line := range timeline(th, host, d.stats.At, w-4) {
			rows = append(rows, row{text: line, drop: 1})
		}
		blank()
	}
	d.room = max(min(h, 19)-len(rows)-4, 1)
	if !roomy {
		d.room++ // no blank below them
	}
	rows = append(rows, d.changes(th, host, w-4)...)
	line := []string{"esc", "close"}
	if len(host.Changes) > d.room {
		line = []string{"j k", "scroll", "esc", "close"}
	}
	blank()
	rows = append(rows, row{text: keys(th, w-4, line...), drop: 1})
	return box(th, "Host "+clean(host.Host, whyBytes), rows, w, h)
}

// changes draws the changes, newest first: when, what, and why.
func (d *hostDialog) changes(th Theme, h *engine.HostStats, w int) []row {
	if len(h.Changes) == 0 {
		return []row{{text: th.Muted.Render("its pace has not changed yet")}}
	}
	newest := slices.Clone(h.Changes)
	slices.Reverse(newest)
	top := max(0, min(d.top, len(newest)-d.room))
	var rows []row
	for _, c := range newest[top:min(top+d.room, len(newest))] {
		mark := markOf(th, c)
		what := gapText(c.From) + " -> " + gapText(c.To)
		if !c.Until.IsZero() {
			what = "none for " + round(c.Until.Sub(c.At).Truncate(time.Second))
		}
		l := newLine(w, false).put(daytime(c.At)).put(right(short(max(d.stats.At.Sub(c.At), 0)), 8) + " ago  ")
		rows = append(rows, row{text: l.paint(mark.style, mark.glyph).gap(1).paint(mark.style, pad(what, 18)).put(" " + clean(c.Why, whyBytes)).end()})
	}
	return rows
}

// A mark says that a host's pace has changed, and how it is drawn.
type mark struct {
	glyph string // empty: it has not
	style lipgloss.Style
}

// markOf returns the mark of a change: cut, also by a block, or raised.
func markOf(th Theme, c engine.PaceChange) mark {
	if faster := c.To <= 0 || c.From > 0 && c.To < c.From; c.Until.IsZero() && faster {
		return mark{th.Glyphs.Up, th.OK}
	}
	return mark{th.Glyphs.Down, th.Warn}
}

// marks returns the marks of the changes in n cells of time up to now, oldest
// first. Of several in a cell a cut counts: it says more.
func marks(th Theme, changes []engine.PaceChange, now time.Time, cell time.Duration, n int) []mark {
	all := make([]mark, n)
	for _, c := range changes {
		i := n - 1 - int(now.Sub(c.At)/cell)
		if c.At.After(now) {
			i = n - 1
		}
		if i < 0 || all[i].glyph == th.Glyphs.Down {
			continue
		}
		all[i] = markOf(th, c)
	}
	return all
}

// sparkLine draws the rates of a host over the last half minute. Where its pace
// was cut or raised, the mark of that stands in place of the rate.
func sparkLine(th Theme, h *engine.HostStats, now time.Time) (glyphs []string, styles []lipgloss.Style) {
	marked := marks(th, h.Changes, now, engine.HistoryCell, engine.HistoryCells)
	for i, r := range []rune(th.Glyphs.spark(h.History[:], usualRate(h))) {
		glyph, style := string(r), th.Muted
		if marked[i].glyph != "" {
			glyph, style = marked[i].glyph, marked[i].style
		}
		glyphs, styles = append(glyphs, glyph), append(styles, style)
	}
	return glyphs, styles
}

// timelineLeast is the shortest time that a timeline is of.
const timelineLeast = engine.HistoryCells * engine.HistoryCell

// timeline draws how often a host could be asked since the first change that is
// kept, in three lines of w cells: the rate, with the time in which it was
// blocked left blank like a bar, the marks of the changes, and the time.
func timeline(th Theme, h *engine.HostStats, now time.Time, w int) []string {
	const head = 8 // cells before the rates
	n := max(w-head, 1)
	from := h.Changes[0].At
	span := max(now.Sub(from), timelineLeast)
	from = now.Add(-span)
	cell := span/time.Duration(n) + 1

	rates := make([]float64, n)
	blocked := make([]bool, n)
	peak := 0.0
	for i := range n {
		at := now.Add(-cell * time.Duration(n-1-i)).Add(-cell / 2)
		rates[i], blocked[i] = allowed(h.Changes, at)
		peak = max(peak, rates[i])
	}
	for i := range rates {
		if rates[i] < 0 { // not paced: as often as it answers
			rates[i] = max(2*peak, 1)
		}
	}
	glyphs := []rune(th.Glyphs.spark(rates, peak))
	l := newLine(w, false).paint(th.Muted, pad("rate", head))
	for i, glyph := range glyphs {
		if blocked[i] {
			l.paint(th.Warn, th.Glyphs.BarRest)
		} else {
			l.paint(th.Accent, string(glyph))
		}
	}
	m := newLine(w, false).paint(th.Muted, pad("changes", head))
	for _, one := range marks(th, h.Changes, now, cell, n) {
		if one.glyph == "" {
			m.gap(1)
		} else {
			m.paint(one.style, one.glyph)
		}
	}
	axis := newLine(w, false).gap(head).paint(th.Muted, daytime(from))
	axis.fill(w-len("now")).paint(th.Muted, "now")
	return []string{l.end(), m.end(), axis.end()}
}

// allowed returns how many requests a second the changes of a pace allowed at a
// moment, below zero if it was not paced, and whether a block stood then.
func allowed(changes []engine.PaceChange, at time.Time) (rate float64, blocked bool) {
	interval := changes[0].From
	for _, c := range changes {
		if c.At.After(at) {
			break
		}
		interval = c.To
		blocked = blocked || c.Until.After(at)
	}
	if interval <= 0 {
		return -1, blocked
	}
	return float64(time.Second) / float64(interval), blocked
}
