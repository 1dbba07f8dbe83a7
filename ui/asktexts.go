package ui

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// This file is how the texts of rows come to the screen that it does not keep:
// a row is drawn without them, they are read from the store in a command, and
// drawn when they are there.

// textsMsg brings the texts of slots, as far as the store has them.
type textsMsg struct {
	slots []uint32
	texts map[uint32]text
	err   error
}

// onScreen returns the slots of the rows on the screen, and so many more rows
// above and below them.
func (p *results) onScreen(more int) []uint32 {
	n := p.table.count()
	from, to := max(p.cur.top-more, 0), min(p.cur.top+max(p.cur.h, 1)+more, n)
	slots := make([]uint32, 0, max(to-from, 0)+1)
	for i := from; i < to; i++ {
		slots = append(slots, p.table.slotAt(i))
	}
	if slot, ok := p.table.x.slot(p.open); ok && p.open != 0 {
		slots = append(slots, slot)
	}
	return slots
}

// askTexts reads the texts that the screen lacks, or soon will, if they are not
// being read already. Those that it has it keeps.
func (m *Model) askTexts() tea.Cmd {
	p := m.results
	near := p.onScreen(p.cur.h / 2)
	p.table.texts.show(near)
	if p.asked {
		return nil
	}
	lacks := false
	for _, slot := range near {
		if _, ok := p.table.texts.get(slot); !ok {
			lacks = true
			break
		}
	}
	if !lacks {
		return nil
	}
	wide := p.onScreen(2 * p.cur.h)
	if len(wide) > textsRead/2 { // they would push each other out
		wide = near
	}
	var slots []uint32
	for _, slot := range wide {
		if _, ok := p.table.texts.get(slot); !ok {
			slots = append(slots, slot)
		}
	}
	p.asked = true
	needs := needed(p.table.x, slots)
	return m.call(func(ctx context.Context) tea.Msg {
		texts, err := readTexts(ctx, m.deps.Controller.States, needs)
		return textsMsg{slots, texts, err}
	})
}

// takeTexts keeps the texts that were read. What the store has not, or cannot
// tell, is not asked for again and again.
func (m *Model) takeTexts(msg textsMsg) tea.Cmd {
	m.results.asked = false
	var said tea.Cmd
	none := text{}
	if msg.err != nil && !errors.Is(msg.err, context.Canceled) {
		said = m.toasts.say(engine.LevelBad, "reading results: "+msg.err.Error())
		none.why = clean(msg.err.Error(), whyBytes)
	}
	for _, slot := range msg.slots {
		if _, ok := m.results.table.texts.get(slot); ok {
			continue // there was news of it
		}
		tx, ok := msg.texts[slot]
		if !ok {
			tx = none
		}
		m.results.table.texts.read.put(slot, tx)
	}
	return tea.Batch(said, m.reshow())
}

// A need is a job that has ended and whose text is to be read.
type need struct {
	slot      uint32
	id        engine.JobID
	cancelled bool
}

// needed returns which of the slots of x are such jobs.
func needed(x *index, slots []uint32) []need {
	needs := make([]need, 0, len(slots))
	for _, slot := range slots {
		if r := x.at(slot); r.ended() {
			needs = append(needs, need{slot, engine.JobID(slot), r.outcome == engine.Cancelled})
		}
	}
	return needs
}

// readTexts returns the texts of jobs by slot. What the store has nothing of is
// not among them.
func readTexts(ctx context.Context, read reader, needs []need) (map[uint32]text, error) {
	found := make(map[uint32]text, len(needs))
	at := make(map[engine.JobID]uint32, len(needs))
	var ended, cancelled []engine.JobID
	for _, n := range needs {
		at[n.id] = n.slot
		if n.cancelled {
			cancelled = append(cancelled, n.id)
		} else {
			ended = append(ended, n.id)
		}
	}
	for _, q := range []engine.Query{{Jobs: ended}, {Jobs: cancelled, Outcomes: []engine.Outcome{engine.Cancelled}}} {
		if len(q.Jobs) == 0 {
			continue // it would be a query for all
		}
		states, err := read(ctx, q)
		if err != nil {
			return found, err
		}
		for i := range states {
			if slot, ok := at[states[i].ID]; ok {
				found[slot] = newText(&states[i])
			}
		}
	}
	return found, nil
}
