package ui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// A freezer holds the display still: collecting goes on, and nothing that is
// drawn changes. The zero freezer is not frozen.
//
// It keeps of what happens meanwhile the newest numbers, and counts the rest:
// the views start over when the display goes on, and what they have dropped by
// then is read from the store. So a night of it costs no memory.
type freezer struct {
	on      bool
	since   time.Time // by the clock of the run
	stats   engine.Stats
	changes int  // states that came since
	more    bool // and there were others that were not counted
	full    bool // what comes is all there is, and not what changed
}

// take counts what a view tells. One that starts over does not tell how much it
// has missed.
func (f *freezer) take(v *engine.View) {
	f.full = f.full || v.Full
	f.more = f.more || v.Full
	if !f.full {
		f.changes += len(v.Jobs)
	}
	if !v.More {
		f.full = false
	}
	f.keep(&v.Stats)
}

// keep keeps the newest numbers.
func (f *freezer) keep(s *engine.Stats) { f.stats = ownStats(s) }

// ownStats returns a copy that does not change when the view that it came from
// is filled anew.
func ownStats(s *engine.Stats) engine.Stats {
	own := *s
	own.Slots, own.Batches, own.Hosts = slices.Clone(s.Slots), slices.Clone(s.Batches), slices.Clone(s.Hosts)
	own.Undo, own.Classes = slices.Clone(s.Undo), slices.Clone(s.Classes)
	for i := range own.Batches {
		own.Batches[i].Fill = slices.Clone(own.Batches[i].Fill)
	}
	return own
}

// frozen freezes the display, or lets it go on.
func (m *Model) frozen() tea.Cmd {
	if m.freezer.on {
		return m.thaw()
	}
	m.stats = ownStats(&m.stats)
	m.tell(numbersMsg{})
	m.freezer = freezer{on: true, since: m.stats.At, stats: m.stats}
	return nil
}

// thaw lets the display go on: with the numbers at once, and with the rows when
// the next view brings them.
func (m *Model) thaw() tea.Cmd {
	f := m.freezer
	m.freezer = freezer{}
	var cmds []tea.Cmd
	if !f.stats.At.IsZero() {
		cmds = append(cmds, m.takeStats(&f.stats))
	}
	if f.changes > 0 || f.more {
		cmds = append(cmds, m.feed.startOver())
	}
	return tea.Batch(cmds...)
}

// frozenBits say for how long the display has been frozen, and what it missed.
func (h header) frozenBits() []bit {
	f := h.frozen
	if f == nil || !f.on {
		return nil
	}
	missed := plural(f.changes, "change")
	if f.more {
		missed = count(f.changes) + "+ changes"
	}
	return []bit{
		{text: "  FROZEN " + round(max(f.stats.At.Sub(f.since), 0).Truncate(time.Second)), style: h.th.Warn},
		{text: ", " + missed, style: h.th.Warn, drop: dropETA},
	}
}
