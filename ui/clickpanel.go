package ui

import (
	"slices"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// outcomesRow is the line of the header that has the counts of outcomes.
const outcomesRow = 2

// The places that are no panel.
const (
	nowhere      panel = 0
	detailsPlace panel = 100
)

// panelAt returns what is drawn at a cell, and in which line of it, frames
// aside: -1 is the frame.
func (m *Model) panelAt(x, y int) (p panel, line int) {
	if formOf(m.w, m.h) == pageForm {
		line = y - headRows - tabRows
		switch {
		case line < 0 || y >= m.h-1:
			return nowhere, 0
		case m.results.open != 0:
			return detailsPlace, line
		}
		return m.focus, line
	}
	in := func(at place) bool { return at.x <= x && x < at.x+at.w && at.y <= y && y < at.y+at.h }
	panels, d := m.places(m.results.open != 0, m.look.Sizes)
	if m.results.open != 0 && in(d) {
		return detailsPlace, y - d.y - 1
	}
	for p := batchesPanel; p <= resultsPanel; p++ {
		if at := panels[p]; in(at) {
			if line = y - at.y - 1; line >= at.h-2 || x == at.x || x == at.x+at.w-1 {
				line = -1
			}
			return p, line
		}
	}
	return nowhere, 0
}

// clickPanel gives a panel the keys, and selects the row on a line of it. The
// row that was selected is opened; a heading sorts.
func (m *Model) clickPanel(p panel, line, x int, text []rune) tea.Cmd {
	again := p == m.focus
	if !again {
		m.turnTo(p)
	}
	if p == resultsPanel && m.filtered() {
		line--
	}
	switch away, ok := m.focused().away(line); {
	case 0 <= line && line < m.focused().heads():
		return m.clickHead(p, text, x)
	case !ok:
		return nil
	case p == resultsPanel && again && m.filterBy(text, x):
		return m.refilter()
	case again && away == 0 && m.whyNot(actOpen) == "":
		return m.open()
	default:
		return m.move(away)
	}
}

// clickHead sorts by the column whose heading is clicked; again, it turns the
// order.
func (m *Model) clickHead(p panel, text []rune, x int) tea.Cmd {
	word, _ := wordAt(text, x)
	if word == "" {
		return nil
	}
	switch p {
	case hostsPanel:
		names := []string{"state", "host", "pace", "rate", "wait", "failed"} // in the order of hostSort
		by := slices.IndexFunc(names, func(n string) bool { return strings.HasPrefix(word, n) })
		switch {
		case by < 0:
			return nil
		case hostSort(by) == m.hosts.by:
			m.hosts.turn()
		default:
			m.hosts.by, m.hosts.turned = hostSort(by), false
			m.hosts.resort()
		}
		m.sorted()
	case resultsPanel:
		at := m.results.pane
		if at.framed {
			x-- // the frame
		}
		if by, ok := m.results.sortsAt(m.results.layout(at), x); ok {
			w := m.results.table.want
			w.by, w.turned = by, by == w.by && !w.turned
			cmd := m.relist(w)
			m.sorted()
			return cmd
		}
	}
	return nil
}

// outcomeWords are the outcomes as the screen writes them.
var outcomeWords = []string{"ok", "empty", "failed", "skipped", "cancelled"}

// filterBy puts the outcome or the code that is clicked in the filter, and
// reports whether it was one. They stand before everything that others wrote.
func (m *Model) filterBy(text []rune, x int) bool {
	word, begin := wordAt(text, x)
	// Frame, cursor and mark aside, a number may stand before it.
	before := strings.FieldsFunc(string(text[:begin]), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	switch {
	case slices.Contains(outcomeWords, word) && len(before) <= 1:
		m.filter.SetValue("outcome:" + word)
	case len(word) == 3 && strings.Trim(word, "0123456789") == "" && len(before) > 0 && len(before) <= 2 && slices.Contains(outcomeWords, before[len(before)-1]):
		m.filter.SetValue("code:" + word)
	default:
		return false
	}
	m.filter.CursorEnd()
	m.resize()
	return true
}

// clickOutcomes filters by an outcome of the header.
func (m *Model) clickOutcomes(text []rune, x int) tea.Cmd {
	word, begin := wordAt(text, x)
	if strings.Trim(word, "0123456789,.kM") == "" && begin > 1 { // its number
		word, _ = wordAt(text, begin-2)
	}
	if word = strings.ToLower(word); !slices.Contains(outcomeWords, word) {
		return nil
	}
	m.turnTo(resultsPanel)
	return m.setFilter("outcome:" + word)
}

// clickTab goes to the panel whose name is clicked.
func (m *Model) clickTab(text []rune, x int) {
	for p := batchesPanel; p <= resultsPanel; p++ {
		name := string('0'+rune(p)) + " " + p.String()
		if begin := strings.Index(string(text), name); begin >= 0 && begin <= x && x < begin+len(name) {
			m.turnTo(p)
		}
	}
}

// clickDetails turns the details to the part whose name is clicked.
func (m *Model) clickDetails(text []rune, x int) tea.Cmd {
	tabs := strings.TrimRight(ansi.Strip(m.detail.tabs(m.th)), " ")
	before, _, found := strings.Cut(string(text), tabs) // a frame before it has runes of one cell
	if !found {
		return nil
	}
	if p, ok := m.detail.partAt(x - len([]rune(before))); ok {
		return m.detail.turn(p)
	}
	return nil
}

// clickFoot does what a hint of the footer says.
func (m *Model) clickFoot(x int) tea.Cmd {
	_, spots := m.footer()
	a := spotAt(spots, x).act
	switch {
	case a == actNone:
		return nil
	case m.filtering:
		return m.filterAct(a)
	}
	return m.do(a, "")
}
