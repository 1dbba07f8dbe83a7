package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// tabRows are the lines of the tab line.
const tabRows = 1

// resize says to the panels and the details how much room they have, and which
// of them has the keys.
func (m *Model) resize() {
	m.results.typing = m.filtering
	open := m.results.open != 0
	framed := formOf(m.w, m.h) == wideForm
	m.demand = m.demands()
	panels, details := m.places(open, m.look.Sizes)
	for p := batchesPanel; p <= resultsPanel; p++ {
		w, h := m.w, max(m.h-headRows-tabRows-1, 0)
		if framed {
			w, h = panels[p].w-2, panels[p].h-2
		}
		if p == resultsPanel && m.filtered() {
			h--
		}
		m.panel(p).SetSize(w, h, framed)
		m.panel(p).SetFocus(p == m.focus && !open)
	}
	switch {
	case framed:
		m.detail.SetSize(details.w-4, details.h-2)
	default:
		m.detail.SetSize(max(m.w-2, 0), max(m.results.pane.h-1, 0))
	}
}

// places lays the panels out as they were when they were told of their sizes.
func (m *Model) places(details bool, by Sizes) (panels [5]place, detail place) {
	return places(m.w, m.h, details, by, m.demand)
}

// demands returns how many rows the upper panels have now.
func (m *Model) demands() demand {
	return demand{top: max(m.batches.count(), m.workers.count()), hosts: m.hosts.count()}
}

// panel returns a panel by its number.
func (m *Model) panel(p panel) component {
	return [...]component{nil, m.batches, m.workers, m.hosts, m.results}[p]
}

// focused returns the panel that has the keys.
func (m *Model) focused() component { return m.panel(m.focus) }

// filtered reports whether the filter has a line on the screen.
func (m *Model) filtered() bool { return m.filtering || m.filter.Value() != "" }

// View draws the screen, unless nothing has changed since it was drawn.
func (m *Model) View() tea.View {
	if m.drawn == nil {
		v := m.draw()
		m.drawn = &v
	}
	return *m.drawn
}

func (m *Model) draw() tea.View {
	v := tea.NewView(m.content())
	v.AltScreen, v.ReportFocus = true, true
	if !m.look.NoMouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	c := &m.stats.Counts
	v.WindowTitle = "weir"
	if c.Submitted > 0 {
		v.WindowTitle += " " + percentText(c)
		if c.Failed > 0 {
			v.WindowTitle += " " + glyphs.Dot + " " + count(c.Failed) + " failed"
		}
	}
	if m.th.ASCII {
		v.WindowTitle = onlyASCII(v.WindowTitle)
	}
	state := tea.ProgramStateIdle
	switch m.stats.State {
	case engine.RunRunning, engine.RunDraining:
		v.ProgressBar = tea.NewProgressBar(tea.ProgressBarDefault, percent(c.Ended(), c.Submitted))
		state = tea.ProgramStateWorking
	case engine.RunPaused:
		v.ProgressBar = tea.NewProgressBar(tea.ProgressBarWarning, percent(c.Ended(), c.Submitted))
	case engine.RunFinished, engine.RunCancelled:
		state = tea.ProgramStateDone
	}
	if m.stats.Trouble != "" {
		v.WindowTitle += " " + glyphs.Dot + " STOPPED"
		v.ProgressBar, state = tea.NewProgressBar(tea.ProgressBarError, percent(c.Ended(), c.Submitted)), tea.ProgramStateError
	}
	v.ProgramStatus = &tea.ProgramStatus{State: state}
	return v
}

// head returns the header of now.
func (m *Model) head() header {
	limit := m.limited.told
	limit.At = m.stats.At
	h := header{th: m.th, keys: m.says, s: &m.stats, limit: &limit, frozen: &m.freezer, deps: m.saved(), rate: m.rate.shown, peak: m.peak, w: m.w}
	if m.stats.Limit.Kind == engine.LimitNothing {
		h.unsaved = m.unsaved()
	}
	return h
}

// content draws every cell.
func (m *Model) content() string {
	if m.w < 1 || m.h < 1 {
		return ""
	}
	top, head := headRows, m.head()
	var lines []string
	switch formOf(m.w, m.h) {
	case cardForm:
		top = 0
		for _, r := range head.card(m.h) {
			lines = append(lines, r.text)
		}
	case pageForm:
		lines = append(head.lines(), m.tabs())
		lines = append(lines, m.pageLines()...)
		lines = append(fill(lines, m.h-1, m.w), m.foot())
	case wideForm:
		lines = append(head.lines(), m.wideLines()...)
		lines = append(lines, m.foot())
	}
	lines = fill(lines, m.h, m.w)
	if m.dialogs.any() {
		lines = strings.Split(m.dialogs.draw(strings.Join(lines, "\n"), m.th, m.w, m.h, top), "\n")
		if tooSmall(m.w, m.h-top-1) { // it has the keys, and is not to be seen
			lines[len(lines)-1] = newLine(m.w, false).paint(m.th.Warn, "no room: esc closes").end()
		}
	}
	lines = m.toasted(fill(lines, m.h, m.w))
	s := strings.Join(lines, "\n")
	if m.th.ASCII {
		s = onlyASCII(s)
	}
	return s
}

// fill makes lines h in number.
func fill(lines []string, h, w int) []string {
	for len(lines) < h {
		lines = append(lines, blank(w))
	}
	return lines[:h]
}

// toasted lays the toasts over the last lines above the footer.
func (m *Model) toasted(lines []string) []string {
	told := m.toasts.view(m.th, m.w)
	if formOf(m.w, m.h) == cardForm {
		told = told[max(len(told)-1, 0):]
	}
	for i, text := range told {
		y := len(lines) - 1 - len(told) + i
		if y < 0 {
			continue
		}
		lines[y] = overlay(lines[y], text, max(m.w-width(text)-1, 0), 0)
	}
	return lines
}

// panelLines draws the inside of a panel.
func (m *Model) panelLines(p panel) []string {
	lines := m.panel(p).View(m.th)
	if p == resultsPanel && m.filtered() {
		lines = append([]string{m.filterLine(m.results.pane.w)}, lines...)
	}
	return lines
}

// filterLine is the filter as it is typed, or stands.
func (m *Model) filterLine(w int) string {
	l := newLine(w, false).gap(1).paint(m.th.Accent, "/ ")
	found := m.results.found() + m.says.say(" "+m.th.Glyphs.Dot+" %s clears", m.clears())
	room := max(w-l.used-width(found)-3, 8)
	if m.filtering {
		l.put(pad(fieldView(m.th, m.filter, room), room))
	} else {
		l.put(pad(m.filter.Value(), room))
	}
	return l.gap(1).paint(m.th.Muted, found).end()
}

// clears returns what takes the filter away: back, and close while it is typed.
func (m *Model) clears() act {
	if m.filtering {
		return actClose
	}
	return actBack
}

// wideLines draws the four panels in their frames.
func (m *Model) wideLines() []string {
	panels, d := m.places(m.results.open != 0, m.look.Sizes)
	frame := func(p panel) []string {
		at := panels[p]
		return framed(m.th, string('0'+rune(p))+" "+p.String(), m.panel(p).title(m.th.Glyphs), m.panelLines(p), at.w, at.h, p == m.focus && m.results.open == 0)
	}
	lines := beside(frame(batchesPanel), frame(workersPanel))
	under := append(frame(hostsPanel), frame(resultsPanel)...)
	if m.results.open == 0 {
		return append(lines, under...)
	}
	inner := strings.Split(m.detail.View(m.th), "\n")
	for i := range inner {
		inner[i] = " " + pad(inner[i], d.w-4) + " "
	}
	var back []string
	if key := m.keys.shown("", actBack); key != "" {
		back = []string{key + " back"}
	}
	details := framed(m.th, "Details "+m.detailName(), back, inner, d.w, d.h, true)
	return append(lines, beside(under, details)...)
}

// detailName is the number of the job whose details are open.
func (m *Model) detailName() string {
	if r := m.results.table.of(m.results.open); r != nil && r.num > 0 {
		return "#" + itoa(r.num)
	}
	return "of job " + itoa(uint64(m.results.open))
}

// pageLines draws the focused panel, or the details, as a page.
func (m *Model) pageLines() []string {
	if m.results.open == 0 {
		return m.panelLines(m.focus)
	}
	lines := []string{newLine(m.w, false).gap(1).paint(m.th.Accent, strings.TrimPrefix(m.detailName(), "of ")).end()}
	for line := range strings.SplitSeq(m.detail.View(m.th), "\n") {
		lines = append(lines, " "+line)
	}
	return lines
}

// tabs names the panels; the one that is shown stands in brackets. Narrow
// screens have the numbers for that one only.
func (m *Model) tabs() string {
	s := &m.stats
	notes := [...]string{"", count(len(s.Batches)), count(s.Busy) + "/" + count(s.Workers), count(len(s.Hosts)), count(m.results.table.count())}
	narrow := m.w < 80
	l := newLine(m.w, false)
	gap := 2
	if narrow {
		gap = 1
	}
	for p := batchesPanel; p <= resultsPanel; p++ {
		text := string('0'+rune(p)) + " " + p.String()
		if !narrow || p == m.focus {
			text += " " + notes[p]
		}
		switch {
		case p > batchesPanel:
			l.gap(gap)
		case !narrow:
			l.gap(1)
		}
		if p == m.focus {
			l.paint(m.th.Accent, "["+text+"]")
		} else {
			l.paint(m.th.Muted, " "+text+" ")
		}
	}
	m.noteTab(l)
	return l.end()
}

// noteTab says at the end of the tab line what is unusual about the panel that
// is shown: which rows, how many are marked or new, another order. A frame has
// it in its upper side.
func (m *Model) noteTab(l *line) {
	var note []string
	switch {
	case m.results.open != 0:
	case m.focus == resultsPanel:
		if show := m.results.table.want.show; show != showEnded {
			note = append(note, show.String())
		}
		for _, part := range m.results.title(m.th.Glyphs)[1:] {
			if part != "newest first" && part != "following" {
				note = append(note, part)
			}
		}
	case m.focus == hostsPanel && m.hosts.by != worstFirst:
		note = append(note, m.hosts.by.String())
	}
	for n := len(note); n > 0; n-- {
		text := strings.Join(note[:n], " "+m.th.Glyphs.Dot+" ")
		if l.used+2+width(text)+1 <= m.w {
			l.fill(m.w-1-width(text)).paint(m.th.Muted, text)
			return
		}
	}
}

// foot is the footer of what has the keys.
func (m *Model) foot() string {
	line, _ := m.footer()
	return line
}

// footer draws the footer, and says where a click presses what.
func (m *Model) footer() (string, []spot) {
	n := footerSize(m.w)
	switch {
	case m.filtering:
		return footer(m.th, m.keys, filterFooter, lastHints[:0], m.w)
	case m.results.open != 0:
		return footer(m.th, m.keys, m.possible(detailFooters[n]), lastHints[:1], m.w)
	}
	return footer(m.th, m.keys, m.possible(footers[m.focus][n]), lastHints, m.w)
}

// possible leaves out what cannot be done to a run that is only watched.
func (m *Model) possible(hints []hint) []hint {
	var kept []hint
	for _, h := range hints {
		if m.whyReadOnly(h.act) == "" {
			kept = append(kept, h)
		}
	}
	return kept
}
