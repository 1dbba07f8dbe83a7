package ui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// A freezer keeps what happens while the display is frozen: collecting goes on,
// and nothing that is drawn changes. The zero freezer is not frozen.
//
// What it has kept is brought in by parts, so that a key is never held up by it;
// views that come meanwhile go behind it.
type freezer struct {
	on      bool
	since   time.Time // by the clock of the run
	changes int       // states that came since

	view engine.View          // all that came, as one view
	at   map[engine.JobID]int // where a job is in it
}

// thawPart is how many states are brought in at a time.
const thawPart = 2000

// thawMsg asks for the next part.
type thawMsg struct{}

// holds reports whether a view has to wait.
func (f *freezer) holds() bool { return f.on || len(f.view.Jobs) > 0 }

// take keeps a view: of each job the newest state.
func (f *freezer) take(v *engine.View) {
	if v.Full {
		f.view.Full, f.view.Jobs, f.at = true, nil, nil
	}
	if f.at == nil {
		f.at = map[engine.JobID]int{}
	}
	for i := range v.Jobs {
		s := v.Jobs[i]
		if old, ok := f.at[s.ID]; ok {
			f.view.Jobs[old] = s
			continue
		}
		f.at[s.ID] = len(f.view.Jobs)
		f.view.Jobs = append(f.view.Jobs, s)
	}
	f.view.More = v.More
	f.changes += len(v.Jobs)
	f.stats(&v.Stats)
}

// stats keeps the newest numbers.
func (f *freezer) stats(s *engine.Stats) { f.view.Stats = ownStats(s) }

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

// part returns the next part of what was kept.
func (f *freezer) part() *engine.View {
	v := f.view
	if rest := len(v.Jobs) - thawPart; rest > 0 {
		v.Jobs, v.More = v.Jobs[:thawPart], true
		f.view.Jobs, f.view.Full = f.view.Jobs[thawPart:], false
		f.at = map[engine.JobID]int{} // those that come from now on go behind
		return &v
	}
	*f = freezer{}
	return &v
}

// frozen freezes the display, or lets it go on.
func (m *Model) frozen() tea.Cmd {
	if m.freezer.on {
		return m.thaw()
	}
	if m.freezer.holds() {
		return m.toasts.say(engine.LevelWarn, "it is still catching up")
	}
	m.stats = ownStats(&m.stats)
	m.tell(numbersMsg{})
	m.freezer = freezer{on: true, since: m.stats.At}
	m.freezer.stats(&m.stats)
	return nil
}

// thaw lets the display go on.
func (m *Model) thaw() tea.Cmd {
	m.freezer.on = false
	return m.thawed()
}

// thawed brings in the next part of what was kept.
func (m *Model) thawed() tea.Cmd {
	if m.freezer.view.Stats.At.IsZero() {
		return nil // nothing was kept
	}
	cmd := m.takeView(viewMsg{view: m.freezer.part(), kept: true})
	if m.freezer.holds() {
		cmd = tea.Batch(cmd, send(thawMsg{}))
	}
	return cmd
}

// frozenBits say for how long the display has been frozen, and what it missed.
func (h header) frozenBits() []bit {
	if h.frozen == nil || !h.frozen.on {
		return nil
	}
	age := max(h.frozen.view.Stats.At.Sub(h.frozen.since), 0)
	return []bit{
		{text: "  FROZEN " + round(age.Truncate(time.Second)), style: h.th.Warn},
		{text: ", " + plural(h.frozen.changes, "change"), style: h.th.Warn, drop: dropETA},
	}
}
