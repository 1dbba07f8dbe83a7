package ui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
)

// This file is the card: what a terminal below 60x15 shows, down to one cell.
// There are no rows on it, so its keys are those of the whole run.

// cardActs are what can be done on the card, most important first; then what
// stands at the end of its line of keys. Their keys are those of the panels, but
// for cancel, which means the run.
var (
	cardActs = []act{actCancel, actUndo, actPauseAll, actExclude, actRetryAll, actAdd, actMore, actFewer, actWhyRun, actExport, actLog, actFreeze, actTheme, actPalette}
	cardLast = []act{actHelp, actQuit}
)

// cardDialogs are those of them that open a dialog: without room for one they
// are not there. Quit is, since there has to be a way out.
var cardDialogs = []act{actExclude, actAdd, actWhyRun, actExport, actLog, actPalette, actHelp}

// cardHas reports whether an act is one of the card's in w x h cells.
func cardHas(a act, w, h int) bool {
	return (slices.Contains(cardActs, a) || slices.Contains(cardLast, a)) && (!tooSmall(w, h-1) || !slices.Contains(cardDialogs, a))
}

// whyNotCard says that an act of the palette means a row or a panel, which nobody
// sees on the card.
func (m *Model) whyNotCard(a act) string {
	switch {
	case formOf(m.w, m.h) != cardForm, a != actCancel && cardHas(a, m.w, m.h):
		return ""
	case a == actCancelAll, a == actMouse, a == actSuspend, actThemeDefault <= a && a <= actThemeMono:
		return ""
	}
	return "it needs a terminal of 60x15"
}

// cardAct does what a key or a click on the card asks for. There is no row that
// x could mean, so it means the run.
func (m *Model) cardAct(a act) tea.Cmd {
	switch {
	case a == actCancel || a == actCancelAll:
		return m.do(actCancelAll, "")
	case a == actInterrupt || a == actSuspend || cardHas(a, m.w, m.h):
		return m.do(a, "")
	}
	return nil
}

// clickCard does what the line of keys has under the mouse.
func (m *Model) clickCard(x, y int) tea.Cmd {
	rows := m.head().card(m.h)
	if y < 0 || y >= len(rows) {
		return nil
	}
	return m.cardAct(spotAt(rows[y].spots, x).act)
}

// card draws state, counts and keys: as many lines as there is room for, and in
// each what fits.
func (h header) card(height int) []row {
	t, s := h.th, h.s
	c := &s.Counts
	line := func(drop int, bits ...bit) row { return row{text: spread(bits, nil, h.w), drop: drop} }

	state := append([]bit{{"weir ", t.Accent, 3}}, h.stateBits()...)
	state[2].drop = 2 // the clock

	done := []bit{{h.percent(), t.Text, 0}, {" " + h.done(), t.Text, 1}}
	if cells := min(15, h.w-3-width(done[0].text+done[1].text)); cells >= 5 {
		done = append([]bit{{t.Glyphs.bar(c.Ended(), c.Submitted, cells) + " ", t.OK, 0}}, done...)
	}

	work := []bit{{"workers ", t.Muted, 0}, {count(s.Busy) + "/" + count(s.Workers), t.Text, 0}, {"  queue ", t.Muted, 1}, {count(s.QueueLen), t.Text, 1}}
	if s.QueueCap > 0 && s.QueueLen >= s.QueueCap {
		work = append(work, bit{" FULL", t.Warn, 1})
	}
	failed := bit{"failed " + count(c.Failed), t.Text, 0}
	if c.Failed > 0 {
		failed.style = t.Bad
	}

	l := h.limit
	style := t.limitStyle(l)
	limit := []bit{{"limited by ", style, 1}, {limitName(l), style, 0}}
	switch {
	case l.Trouble != "":
		cause, _ := troubleCause(l)
		limit = []bit{{"failed store: ", style, 1}, {cause, style, 0}}
	case !l.Limit.Next.IsZero():
		limit = append(limit, bit{", " + in(l.Limit.Next, l.At), style, 0})
	}

	return fit([]row{
		line(0, state...),
		line(2, done...),
		line(6, bit{rate(h.rate), t.Text, 0}, bit{"  " + h.eta(), t.Text, 1}),
		line(7, work...),
		line(3, failed, bit{"  backpressure ", t.Muted, 1}, bit{count(s.Hits), t.Text, 1}),
		line(4, limit...),
		{text: blank(h.w), drop: 9},
		h.cardKeys(height),
		line(8, bit{"60x15 shows more", t.Muted, 0}, bit{" (now " + count(h.w) + "x" + count(height) + ")", t.Muted, 1}),
	}, height)
}

// cardKeys is the line of keys: those that fit, the less important ones not.
func (h header) cardKeys(height int) row {
	keys := func(acts []act) (with []act, cells int) {
		for _, a := range acts {
			if key := h.keys.shown("", a); key != "" && cardHas(a, h.w, height) {
				with, cells = append(with, a), cells+1+width(key)
			}
		}
		return with, cells
	}
	const words = " work here"
	room := h.w - 1
	if h.w >= 36 {
		room -= len(words)
	}
	last, end := keys(cardLast)
	first, used := keys(cardActs)
	for len(first) > 0 && used+end > room {
		first, used = keys(first[:len(first)-1])
	}
	l := newLine(h.w, false)
	r := row{drop: 1}
	for _, a := range append(first, last...) {
		from := l.gap(1).used
		l.paint(h.th.Accent, h.keys.shown("", a))
		r.spots = append(r.spots, spot{from: from, to: l.used, act: a})
	}
	if l.used+len(words) < h.w {
		l.paint(h.th.Accent, words)
	}
	r.text = l.end()
	return r
}
