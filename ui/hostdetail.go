package ui

import (
	"slices"
	"time"

	"weir/engine"
)

// hostFacts tell how a host is asked, and how that came about: its rate since
// the first change that is kept, and every change with its reason.
type hostFacts struct {
	hosts *hosts
	stats *engine.Stats
	says  keyMap
	name  string
}

// host returns the host, nil if the view has none of that name.
func (f hostFacts) host() *engine.HostStats {
	if i := f.hosts.find(f.name); i >= 0 {
		return f.hosts.list[i]
	}
	return nil
}

func (f hostFacts) title() (string, bool) {
	h := f.host()
	if h == nil {
		return "", false
	}
	return "Host " + clean(h.Host, whyBytes), true
}

func (f hostFacts) head(th Theme, w int, roomy bool) []row {
	h, s := f.host(), f.stats
	var rows []row
	blank := func() {
		if roomy {
			rows = append(rows, row{drop: 3})
		}
	}
	if roomy {
		told := whyHost(f.says, h, s)
		for _, text := range told[1 : len(told)-len(changesText(h, changesTold))] {
			rows = append(rows, wrap(text, th.Text, w)...)
		}
	}
	rows = append(rows, row{text: th.hostStyle(h, s).Render(cut(hostText(h, s, s.At), w))})
	blank()
	if len(h.Changes) > 0 {
		for _, line := range timeline(th, h, s.At, w) {
			rows = append(rows, row{text: line, drop: 1})
		}
		blank()
	}
	return rows
}

// list draws the changes, newest first: when, what, and why.
func (f hostFacts) list(th Theme, w int) (heading, lines []row) {
	h := f.host()
	if len(h.Changes) == 0 {
		return nil, []row{{text: th.Muted.Render("its pace has not changed yet")}}
	}
	for _, c := range slices.Backward(h.Changes) {
		mark := markOf(th, c)
		what := gapText(c.From) + " -> " + gapText(c.To)
		if !c.Until.IsZero() {
			what = "none for " + round(c.Until.Sub(c.At).Truncate(time.Second))
		}
		l := newLine(w, false).put(daytime(c.At)).put(right(short(max(f.stats.At.Sub(c.At), 0)), 8) + " ago  ")
		lines = append(lines, row{text: l.paint(mark.style, mark.glyph).gap(1).paint(mark.style, pad(what, 18)).put(" " + clean(c.Why, whyBytes)).end()})
	}
	return nil, lines
}

// A mark says that a host's pace has changed, and how it is drawn.
type mark struct {
	glyph string // empty: it has not
	style Style
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
func sparkLine(th Theme, h *engine.HostStats, now time.Time) (glyphs []string, styles []Style) {
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
