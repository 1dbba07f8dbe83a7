package ui

import (
	"context"
	"errors"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

const (
	// rushTime is how long the first key of a row waits for company, and
	// rushKeys how many different ones make it text: a paste from a terminal
	// that does not bracket it must not be taken for commands. Keys that only
	// move, and come first, are not waited with: a text that begins like them
	// does no harm.
	rushTime = 10 * time.Millisecond
	rushKeys = 8
)

// rushMsg ends a moment of keys.
type rushMsg struct{}

// key takes a key press. Inputs and dialogs have it at once.
func (m *Model) key(msg tea.KeyPressMsg) tea.Cmd {
	switch {
	case m.pasting: // more of the same text
		m.rush = append(m.rush, msg)
		return nil
	case m.dialogs.any():
		if m.leaving && msg.String() == "ctrl+c" {
			return tea.Quit
		}
		return m.dialogs.update(msg)
	case m.filtering:
		return m.filterKey(msg)
	}
	var cmd tea.Cmd
	if m.moved == len(m.rush) && m.moves(msg) {
		m.moved++
		cmd = m.press(msg)
	}
	m.rush = append(m.rush, msg)
	if len(m.rush) > 1 {
		return cmd
	}
	return tea.Batch(cmd, endRushSoon())
}

// moves reports whether all that a key does is to go elsewhere.
func (m *Model) moves(msg tea.KeyPressMsg) bool {
	a := m.keys.find(msg.String(), m.focus)
	return a != nil && a.act.moves()
}

func endRushSoon() tea.Cmd {
	return tea.Tick(rushTime, func(time.Time) tea.Msg { return rushMsg{} })
}

// endRush does what the keys of the last moment say, or takes them as text.
func (m *Model) endRush() tea.Cmd {
	rush, moved := m.rush, m.moved
	m.rush, m.moved = nil, 0
	if m.pasting && len(rush) == 0 {
		m.pasting = false
		return nil
	}
	different := map[string]bool{}
	for _, k := range rush {
		different[k.String()] = true
	}
	if m.pasting || len(different) > rushKeys {
		m.pasting = true // until a moment without a key
		return tea.Batch(m.paste(rushText(rush)), endRushSoon())
	}
	var cmds []tea.Cmd
	for _, k := range rush[moved:] {
		switch {
		case m.dialogs.any(): // the one before opened it
			cmds = append(cmds, m.dialogs.update(k))
		case m.filtering:
			cmds = append(cmds, m.filterKey(k))
		default:
			cmds = append(cmds, m.press(k))
		}
	}
	return tea.Batch(cmds...)
}

// rushText returns what keys have typed.
func rushText(keys []tea.KeyPressMsg) string {
	var b strings.Builder
	for _, k := range keys {
		switch {
		case k.Text != "":
			b.WriteString(k.Text)
		case k.Code == tea.KeyEnter:
			b.WriteByte('\n')
		case k.Code == tea.KeyTab:
			b.WriteByte('\t')
		}
	}
	return b.String()
}

// paste gives text to the input that is open, or opens the Add form with it.
func (m *Model) paste(text string) tea.Cmd {
	switch {
	case m.dialogs.any():
		return m.dialogs.update(tea.PasteMsg{Content: text})
	case m.filtering:
		m.filter = typed(m.filter, tea.PasteMsg{Content: text})
		return m.refilter()
	}
	if why := m.whyReadOnly(actAdd); why != "" {
		return m.toasts.say(engine.LevelWarn, why)
	}
	return m.dialogs.push(newAddForm(m.deps.Planner, m.deps.Interval, text))
}

// press does what one key says.
func (m *Model) press(msg tea.KeyPressMsg) tea.Cmd {
	pressed := msg.String()
	a := m.keys.find(pressed, m.focus)
	again, later := m.hold(a, msg)
	switch {
	case a == nil || again:
		return later
	case formOf(m.w, m.h) == cardForm:
		return tea.Batch(later, m.cardAct(a.act))
	}
	return tea.Batch(later, m.do(a.act, pressed))
}

// heldTime is how long after a press of a key another one of it may be its
// repeat: terminals say nothing of a key that is held but send it again, at
// first after 250 to 660 ms.
const heldTime = 700 * time.Millisecond

// letGoMsg says that a key is not held, if it was not pressed again since.
type letGoMsg struct{ press int }

// hold reports whether a press is of a key that is held and counts once: what
// cancels a row would cancel those that come in its place. The command ends
// that.
func (m *Model) hold(a *action, msg tea.KeyPressMsg) (again bool, later tea.Cmd) {
	pressed := msg.String()
	again = pressed == m.held || msg.IsRepeat
	m.held = ""
	if a == nil || a.act != actCancel && a.act != actCancelAll {
		return false, nil
	}
	m.held = pressed
	m.holds++
	press := m.holds
	return again, tea.Tick(heldTime, func(time.Time) tea.Msg { return letGoMsg{press} })
}

// filterKey takes a key while the filter is typed.
func (m *Model) filterKey(msg tea.KeyPressMsg) tea.Cmd {
	a := m.keys.meant(inFilter, msg.String())
	if a != actComplete {
		m.choices = nil
	}
	if a != actNone {
		return m.filterAct(a)
	}
	before := m.filter.Value()
	m.filter = typed(m.filter, msg)
	if m.filter.Value() == before {
		return nil
	}
	return m.refilter()
}

// filterAct does what a key or a click asks of the filter that is typed.
func (m *Model) filterAct(a act) tea.Cmd {
	switch a {
	case actAccept, actUp, actDown:
		m.filtering = false
		m.filter.Blur()
		m.resize()
		return nil
	case actComplete:
		return m.complete()
	}
	return m.setFilter("")
}

// complete puts the next completion in the place of the last word.
func (m *Model) complete() tea.Cmd {
	if m.choices == nil {
		m.typed = m.filter.Value()
		m.choices = completions(m.typed, &m.stats, m.results.table)
		m.choice = -1
	}
	if len(m.choices) == 0 {
		return nil
	}
	m.choice = (m.choice + 1) % len(m.choices)
	choices := m.choices
	cmd := m.retype(m.typed[:strings.LastIndexByte(m.typed, ' ')+1] + choices[m.choice])
	if strings.HasSuffix(choices[m.choice], ":") && len(choices) == 1 {
		m.choices = nil // the next tab completes its value
	}
	return cmd
}

func (m *Model) retype(text string) tea.Cmd {
	m.filter.SetValue(text)
	m.filter.CursorEnd()
	return m.refilter()
}

// setFilter filters by text without an input, none with an empty one.
func (m *Model) setFilter(text string) tea.Cmd {
	m.filtering = false
	m.filter.Blur()
	cmd := m.retype(text)
	m.resize()
	return cmd
}

// refilter lists what the filter says now.
func (m *Model) refilter() tea.Cmd {
	w := m.results.table.want
	w.filter = parseFilter(m.filter.Value())
	return m.relist(w)
}

// relist lists results anew, long lists off the loop.
func (m *Model) relist(w want) tea.Cmd {
	m.results.table.few = m.results.cur.h
	return m.makeList(m.results.relist(w))
}

// makeList goes on with a list, if there is one to be made.
func (m *Model) makeList(l *listing) tea.Cmd {
	if l == nil {
		return nil
	}
	return m.call(func(ctx context.Context) tea.Msg { return l.step(ctx) })
}

// listed takes a list that was made, and goes on with it if that was a part.
func (m *Model) listed(msg listedMsg) tea.Cmd {
	if !m.results.table.listed(msg) {
		return nil
	}
	if msg.rows != nil {
		m.results.relisted()
	}
	switch {
	case !msg.done:
		return m.makeList(msg.listing)
	case msg.err != nil && !errors.Is(msg.err, context.Canceled):
		return m.toasts.say(engine.LevelBad, "reading results: "+msg.err.Error())
	}
	return nil
}
