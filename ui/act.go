package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"weir/engine"
)

// thenMsg goes on after a question was answered with yes.
type thenMsg struct{ do func() tea.Cmd }

// do does an act, or says why it cannot. Pressed is its key, if there was one.
func (m *Model) do(a act, pressed string) tea.Cmd {
	if m.freezer.on && (m.keys.of(a).changes() || a == actQuit || a == actInterrupt) && m.whyReadOnly(a) == "" {
		return tea.Batch(m.thaw(), m.do(a, pressed)) // who acts sees how things are
	}
	if why := m.whyNot(a); why != "" {
		return m.toasts.say(engine.LevelWarn, why)
	}
	if m.results.open != 0 {
		if cmd, ok := m.detail.do(a); ok {
			return cmd
		}
	}
	switch a {
	case actUp:
		return m.move(-1)
	case actDown:
		return m.move(1)
	case actPageUp:
		return m.move(-m.focused().page())
	case actPageDown:
		return m.move(m.focused().page())
	case actTop:
		return m.move(-1 << 40)
	case actEnd:
		return m.move(1 << 40)
	case actPanel:
		if p := panel(strings.Index("-1234", pressed)); pressed != "" && p >= batchesPanel {
			m.turnTo(p)
		}
	case actNextPanel:
		m.turnTo(m.focus%resultsPanel + 1)
	case actPrevPanel:
		m.turnTo((m.focus+2)%resultsPanel + 1)

	case actMark:
		m.mark()
	case actMarkAll:
		m.markAll()
	case actOpen:
		return m.open()
	case actDetails:
		return m.details()
	case actBack:
		return m.back()
	case actFilter:
		m.turnTo(resultsPanel)
		m.filtering = true
		m.filter.Focus()
		m.resize()
	case actSort, actTurn:
		cmd := m.sort(a == actTurn)
		m.sorted()
		return cmd
	case actShow:
		w := m.results.table.want
		w.show = (w.show + 1) % (showAll + 1)
		return m.relist(w)
	case actFollow:
		w := m.results.table.want
		w.show, w.by, w.turned = showEnded, byNum, false
		m.turnTo(resultsPanel)
		cmd := m.relist(w)
		m.results.following()
		m.sorted()
		return cmd
	case actHost:
		host := m.focused().host()
		m.turnTo(hostsPanel)
		m.hosts.cur.moveTo(m.hosts, m.hosts.find(host))
	case actBatch:
		id := m.focused().batchIDs()[0]
		m.turnTo(batchesPanel)
		m.batches.cur.moveTo(m.batches, m.batches.find(id))

	case actWhy:
		if m.focus != resultsPanel {
			return m.dialogs.push(newNote("Why?", m.why()))
		}
		return m.whenTold(m.results.selected(), func(r *jobRow) tea.Cmd {
			return m.dialogs.push(newNote("Why?", whyJob(m.says, r, &m.stats)))
		})
	case actWhyRun:
		return m.dialogs.push(newNote("Why does the run wait?", whyRun(m.says, &m.stats, m.saved(), m.unsaved())))
	case actCopy, actCopyJSON:
		return m.copy(a == actCopyJSON)
	case actBrowser:
		return m.browse()
	case actExport:
		return m.export()
	case actLog:
		return m.dialogs.push(newLogDialog(&m.log))
	case actMouse:
		return m.mouseOn()
	case actColumns:
		return m.dialogs.push(newColumns(m.results.columns, &m.stats))
	case actFreeze:
		return m.frozen()
	case actTaller, actFlatter, actWider, actNarrower:
		m.look.Sizes = m.resized(a)
		m.resize()
	case actUsual:
		m.look.Sizes = Sizes{}
		m.resize()
	case actTheme:
		return m.dress(nextTheme(m.th.Name))
	case actThemeDefault, actThemeHigh, actThemeBlind, actThemeMono:
		return m.dress(themes[a-actThemeDefault].name)
	case actPalette:
		return m.dialogs.push(newPalette(m.keys, m.whyNotFrozen))
	case actHelp:
		h := newHelp(m.keys, m.focus)
		h.only = m.deps.ReadOnly
		return m.dialogs.push(h)
	case actAdd:
		return m.paste("")
	case actQuit, actInterrupt:
		return m.quit()
	case actSuspend:
		return tea.Suspend
	}
	return m.steer(a)
}

// dress changes the theme.
func (m *Model) dress(name string) tea.Cmd {
	m.th = m.th.Called(name)
	m.look.Theme = m.th.Name
	text := "theme " + m.th.Name
	if m.th.profile < colorprofile.ANSI {
		text += ": there are no colours here (NO_COLOR, or the terminal has none)"
	}
	return m.toasts.say(engine.LevelInfo, text)
}

// move moves the cursor of the focused panel; open details go with it.
func (m *Model) move(by int) tea.Cmd {
	m.focused().Update(moveMsg{by})
	if r := m.results.under(); m.results.open != 0 && r != nil {
		return m.show(r)
	}
	return nil
}

// turnTo gives a panel the focus and closes the details.
func (m *Model) turnTo(p panel) {
	m.focus = p
	m.results.open = 0
	m.resize()
}

func (m *Model) mark() {
	r := m.results.under()
	if r == nil {
		return
	}
	slot, _ := m.results.table.x.slot(r.id)
	if m.results.marks.has(slot) {
		m.results.marks.remove(slot)
	} else {
		m.results.marks.add(slot)
	}
	m.results.move(m.results.cur.at + 1)
}

func (m *Model) markAll() {
	for slot := range m.results.table.each() {
		m.results.marks.add(slot)
	}
}

// open shows a result's details, or the results of a batch, host or worker.
func (m *Model) open() tea.Cmd {
	text := m.focused().shows()
	if text == "" {
		return m.details()
	}
	m.turnTo(resultsPanel)
	return m.setFilter(text)
}

// details opens what is known of the selected row: the dialog of a batch or a
// host, or the details of a URL.
func (m *Model) details() tea.Cmd {
	if m.focus == batchesPanel {
		return m.dialogs.push(newFacts(batchFacts{m.batches, &m.stats, m.says, m.batches.selected().Batch.ID}))
	}
	if m.focus == hostsPanel {
		return m.dialogs.push(newFacts(hostFacts{m.hosts, &m.stats, m.says, m.hosts.selected().Host}))
	}
	r := m.row()
	m.focus = resultsPanel
	if i := m.results.table.find(r.id); i >= 0 {
		m.results.move(i)
	}
	return m.show(r)
}

func (m *Model) show(r *jobRow) tea.Cmd {
	opened := m.results.open == 0
	m.results.open = r.id
	if opened {
		m.detail.forget()
		m.resize()
	}
	return m.detail.show(r, &m.stats)
}

// reshow brings open details up to date with their row.
func (m *Model) reshow() tea.Cmd {
	if m.results.open == 0 {
		return nil
	}
	r := m.results.table.of(m.results.open)
	if r == nil {
		return nil
	}
	return m.detail.show(r, &m.stats)
}

// back undoes the nearest thing that stands in the way.
func (m *Model) back() tea.Cmd {
	switch {
	case m.results.open != 0:
		m.results.open = 0
		m.resize()
	case m.results.marks.n > 0:
		m.results.marks.clear()
	case m.filter.Value() != "":
		return m.setFilter("")
	case m.results.table.making != nil:
		m.results.table.stay()
		m.sorted()
	default:
		m.toasts.list = nil
	}
	return nil
}

// sort sorts the panel by its next column, or turns its order.
func (m *Model) sort(turn bool) tea.Cmd {
	if m.focus == hostsPanel {
		if turn {
			m.hosts.turn()
		} else {
			m.hosts.next()
		}
		return nil
	}
	w := m.results.table.want
	if turn {
		w.turned = !w.turned
	} else {
		w.by, w.turned = (w.by+1)%columns, false
	}
	return m.relist(w)
}

// row returns the job of the row under the cursor, nil without one: on the
// workers panel that of the worker.
func (m *Model) row() *jobRow {
	switch m.focus {
	case workersPanel:
		if w := m.workers.selected(); w != nil {
			return m.results.table.of(w.Job)
		}
	case resultsPanel:
		return m.results.selected()
	}
	return nil
}

// why tells why the row under the cursor waits, or how it ended.
func (m *Model) why() []string {
	s := &m.stats
	switch m.focus {
	case batchesPanel:
		return whyBatch(m.says, m.batches.selected(), s)
	case hostsPanel:
		return whyHost(m.says, m.hosts.selected(), s)
	case workersPanel:
		return whyWorker(m.says, m.workers.selected(), s, m.saved(), m.unsaved())
	}
	return nil
}
