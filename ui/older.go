package ui

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// olderPage is how many states are read between two looks at the screen.
const olderPage = 2000

// An older reads the results that no view may have brought: those of before the
// first one, or of a time in which views were missed. It reads the newest of
// them first, since these are on top of the list.
type older struct {
	gap                 // that is read now
	gaps []gap          // then these
	lost []engine.JobID // then jobs of which there may be other news

	up     bool   // pages go up, to find the newest
	from   uint64 // after this one
	all    int    // about how many there are
	read   int
	atLost bool // the lost ones are read again, for those that were cancelled
}

// A gap is results that are missing: those after one Num and before another.
// Pages go down from its upper end.
type gap struct{ after, high uint64 }

func (g gap) any() bool { return g.high > g.after+1 }

// olderMsg brings some of them.
type olderMsg struct {
	*older
	states []engine.JobState
	done   bool
	err    error
}

// newOlder returns what reads the results after one Num, of about so many in
// all, and then what became of the lost jobs.
func newOlder(after, results uint64, lost []engine.JobID) *older {
	from := max(after, max(results, olderPage)-olderPage)
	return &older{gap: gap{after, from + 1}, lost: lost, up: true, from: from, all: int(max(results, after)-after) + len(lost)}
}

// goOn makes o read what is left of another as well.
func (o *older) goOn(old *older) {
	o.gaps = append([]gap{old.gap}, old.gaps...)
	o.lost = append(o.lost, old.lost...)
	o.all += max(old.all-old.read, 0)
	if old.up { // what it would have found on its way up o finds, too
		o.after = min(o.after, old.from)
		o.high = max(o.high, o.after+1)
	}
}

// resultsOf returns how many results a run has had, which is about the
// highest Num.
func resultsOf(s *engine.Stats) uint64 {
	var n uint64
	for i := range s.Classes {
		n += s.Classes[i].Results
	}
	return max(n, uint64(max(s.Counts.OK+s.Counts.Empty+s.Counts.Failed, 0)))
}

// share returns how much was read, in percent.
func (o *older) share() int { return min(percent(o.read, o.all), 99) }

// next reads the next page.
func (o *older) next(ctx context.Context, read reader) olderMsg {
	msg := olderMsg{older: o}
	switch {
	case o.up:
		msg.states, msg.err = read(ctx, engine.Query{After: o.from, Limit: olderPage})
	case o.any():
		from := o.after
		if o.high-1 > from+olderPage {
			from = o.high - 1 - olderPage
		}
		msg.states, msg.err = read(ctx, engine.Query{After: from, Limit: olderPage})
	case len(o.lost) > 0:
		q := engine.Query{Jobs: o.lost[:min(len(o.lost), olderPage)]}
		if o.atLost {
			q.Outcomes = []engine.Outcome{engine.Cancelled}
		}
		msg.states, msg.err = read(ctx, q)
	default:
		msg.done = true
	}
	return msg
}

// took says that a page was taken over.
func (o *older) took(states []engine.JobState) {
	o.read += len(states)
	switch {
	case o.up:
		if o.up = len(states) == olderPage; o.up {
			o.from = states[len(states)-1].Num
		}
	case o.any():
		o.high = max(o.high-min(o.high, olderPage), o.after+1)
	case o.atLost:
		o.lost, o.atLost = o.lost[min(len(o.lost), olderPage):], false
	default:
		o.atLost = true
	}
	for !o.up && !o.any() && len(o.gaps) > 0 {
		o.gap, o.gaps = o.gaps[0], o.gaps[1:]
	}
}

// startOlder begins to read what the views have not brought, when the first of
// them is whole, and what became of the jobs that were lost from sight.
func (m *Model) startOlder(lost []engine.JobID) tea.Cmd {
	old := m.results.older
	if old == nil && m.results.table.kept >= losingOf(m.deps, m.stats).ended() && len(lost) == 0 {
		return nil // the views have brought all there are
	}
	o := newOlder(m.seen, resultsOf(&m.stats), lost)
	m.results.older = o
	if old != nil {
		o.goOn(old)
		return nil // when the page that is being read comes
	}
	return m.readOlder()
}

func (m *Model) readOlder() tea.Cmd {
	o := m.results.older
	return m.call(func(ctx context.Context) tea.Msg { return o.next(ctx, m.deps.Controller.States) })
}

func (m *Model) takeOlder(msg olderMsg) tea.Cmd {
	if msg.older != m.results.older { // it was overtaken, and nothing of its page is noted
		m.results.takeOlder(msg.states)
		return m.readOlder()
	}
	if msg.err != nil || msg.done {
		m.results.older = nil
		if msg.err != nil && !errors.Is(msg.err, context.Canceled) {
			return m.toasts.say(engine.LevelBad, "reading older results: "+msg.err.Error())
		}
		return nil
	}
	msg.took(msg.states)
	m.results.takeOlder(msg.states)
	return m.readOlder()
}
