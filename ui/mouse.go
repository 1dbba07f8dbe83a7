package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"weir/engine"
)

// The mouse selects, scrolls, sorts, filters and presses what looks pressable.
// What it does a key does too: it is read off the last frame where it points,
// and is done as the key would.

// wheelRows is how far one turn of the wheel goes.
const wheelRows = 3

// mouse takes what the mouse did.
func (m *Model) mouse(msg tea.MouseMsg) tea.Cmd {
	if m.look.NoMouse || m.pasting {
		return nil
	}
	at := msg.Mouse()
	switch msg.(type) {
	case tea.MouseReleaseMsg:
		m.pointer = pointer{}
	case tea.MouseMotionMsg:
		m.dragged(at.X, at.Y)
	case tea.MouseWheelMsg:
		by := map[tea.MouseButton]int{tea.MouseWheelUp: -wheelRows, tea.MouseWheelDown: wheelRows}[at.Button]
		return m.wheel(at.X, at.Y, by)
	case tea.MouseClickMsg:
		if at.Button == tea.MouseLeft {
			return m.click(at.X, at.Y)
		}
	}
	return nil
}

// wheel scrolls what is under the mouse, without giving it the keys.
func (m *Model) wheel(x, y, by int) tea.Cmd {
	if m.dialogs.any() {
		return m.dialogs.wheel(x, y, by)
	}
	p, _ := m.panelAt(x, y)
	switch p {
	case nowhere:
		return nil
	case detailsPlace:
		m.detail.scroll(by)
		return nil
	}
	had := m.focus
	m.focus = p
	cmd := m.move(by)
	m.focus = had
	return cmd
}

// click presses, selects, sorts or filters by what is under the mouse, or takes
// hold of an edge.
func (m *Model) click(x, y int) tea.Cmd {
	lines := strings.Split(m.content(), "\n")
	if y < 0 || y >= len(lines) || x < 0 || x >= m.w {
		return nil
	}
	if m.dialogs.any() {
		return m.dialogs.click(x, y)
	}
	if formOf(m.w, m.h) == cardForm {
		return m.clickCard(x, y)
	}
	text := cells(lines[y])
	if y == len(lines)-1 {
		return m.clickFoot(x)
	}
	if m.filtering {
		m.filterAct(actAccept)
	}
	switch {
	case y == outcomesRow:
		return m.clickOutcomes(text, x)
	case y < headRows:
		return nil
	case y == headRows && formOf(m.w, m.h) == pageForm:
		m.clickTab(text, x)
		return nil
	}
	m.pointer = pointer{m.edgeAt(x, y), x, y}
	p, line := m.panelAt(x, y)
	switch p {
	case nowhere:
		return nil
	case detailsPlace:
		return m.clickDetails(text, x)
	}
	return m.clickPanel(p, line, x, text)
}

// cells returns the characters of a line, one for each cell: a wide one stands
// in its first, and the second is 0.
func cells(line string) []rune {
	var all []rune
	for text := ansi.Strip(line); text != ""; {
		cluster, w := ansi.FirstGraphemeCluster(text, ansi.GraphemeWidth)
		for i := range w {
			r := rune(0)
			if i == 0 {
				r = []rune(cluster)[0]
			}
			all = append(all, r)
		}
		text = text[len(cluster):]
	}
	return all
}

// wordAt returns the word around cell x and where it begins; an empty one on a
// blank.
func wordAt(text []rune, x int) (word string, begin int) {
	if x < 0 || x >= len(text) || text[x] == ' ' {
		return "", x
	}
	begin, end := x, x
	for begin > 0 && text[begin-1] != ' ' {
		begin--
	}
	for end < len(text) && text[end] != ' ' {
		end++
	}
	return string(text[begin:end]), begin
}

// mouseOn turns the mouse on or off.
func (m *Model) mouseOn() tea.Cmd {
	m.look.NoMouse = !m.look.NoMouse
	m.pointer = pointer{}
	if m.look.NoMouse {
		return m.toasts.say(engine.LevelInfo, "mouse off: the terminal selects text")
	}
	return m.toasts.say(engine.LevelInfo, "mouse on: it selects, scrolls, sorts and presses")
}
