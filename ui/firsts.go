package ui

import (
	"cmp"
	"context"
	"errors"
	"slices"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// This file is how the columns of fields come by their values: they are read
// from the first record of the results on the screen, which no view brings, in
// a command as texts are (asktexts.go), and only for the fields that are chosen.

const (
	// firstsMost is how many results the values are kept of, and firstsRead how
	// many are read at once: whole, since a store knows no parts of them.
	firstsMost = 1024
	firstsRead = 16
)

// A first is the values of the first record of a result, in the order in which
// the fields were chosen.
type first struct {
	num    uint64 // of the result
	values []cell // nil: it has no record, or cannot be read
}

// firstCells are the values that are known, by slot. The zero firstCells know none.
type firstCells struct {
	at     map[uint32]first
	choice int  // how often fields were chosen: answers for others are late
	asked  bool // some are being read
}

// forget drops all values: others are wanted.
func (f *firstCells) forget() { *f = firstCells{choice: f.choice + 1} }

// firstsMsg brings values.
type firstsMsg struct {
	choice int
	asked  map[uint32]uint64 // num by slot of what was asked for
	firsts map[uint32]first
	err    error
}

// fieldsShown returns which of the chosen fields this run has, by their place in
// the choice.
func (p *results) fieldsShown() []int {
	var shown []int
	for i, name := range p.columns.fields {
		if slices.ContainsFunc(p.stats.Batches, func(b engine.BatchStats) bool {
			return slices.ContainsFunc(b.Fill, func(f engine.FieldFill) bool { return f.Field == name })
		}) {
			shown = append(shown, i)
		}
	}
	return shown
}

// askFirsts reads the values that the screen lacks, if none are being read.
func (m *Model) askFirsts() tea.Cmd {
	p := m.results
	if p.firsts.asked || len(p.columns.fields) == 0 || len(p.fieldsShown()) == 0 {
		return nil
	}
	asked := map[uint32]uint64{}
	var slots []uint32
	for _, slot := range p.onScreen(0) {
		r := p.table.x.at(slot)
		if known, ok := p.firsts.at[slot]; r.num == 0 || r.records == 0 || ok && known.num == uint64(r.num) {
			continue
		}
		if _, ok := asked[slot]; !ok {
			asked[slot] = uint64(r.num)
			slots = append(slots, slot)
		}
	}
	if len(slots) == 0 {
		return nil
	}
	ids := make([]engine.JobID, len(slots))
	at := make(map[engine.JobID]uint32, len(slots))
	for i, slot := range slots {
		ids[i] = engine.JobID(slot)
		at[ids[i]] = slot
	}
	p.firsts.asked = true
	choice, fields := p.firsts.choice, p.columns.fields
	return m.call(func(ctx context.Context) tea.Msg {
		msg := firstsMsg{choice: choice, asked: asked, firsts: make(map[uint32]first, len(ids))}
		for some := range slices.Chunk(ids, firstsRead) {
			rs, err := m.deps.Controller.Results(ctx, engine.Query{Jobs: some})
			if err != nil {
				msg.err = err
				break
			}
			for i := range rs {
				if slot, ok := at[rs[i].Job]; ok {
					msg.firsts[slot] = firstOf(&rs[i], fields)
				}
			}
		}
		return msg
	})
}

// firstOf returns the values of fields in the first record of a result.
func firstOf(r *engine.Result, fields []string) first {
	f := first{num: r.Num}
	if len(r.Records) == 0 {
		return f
	}
	f.values = make([]cell, len(fields))
	origin := originOf(cmp.Or(r.Final, r.URL))
	for i, name := range fields {
		if at := slices.IndexFunc(r.Records[0], func(f engine.Field) bool { return f.Name == name }); at >= 0 {
			v := r.Records[0][at].Value
			f.values[i] = cell{text: clean(engine.Text(v, ", "), whyBytes), there: v != nil}
			f.values[i].shorten(origin)
		}
	}
	return f
}

// takeFirsts keeps the values that were read. What the store has not is not
// asked for again.
func (m *Model) takeFirsts(msg firstsMsg) tea.Cmd {
	p := m.results
	if msg.choice != p.firsts.choice {
		return nil
	}
	p.firsts.asked = false
	if len(p.firsts.at)+len(msg.asked) > firstsMost || p.firsts.at == nil {
		kept := map[uint32]first{}
		for _, slot := range p.onScreen(0) {
			if f, ok := p.firsts.at[slot]; ok {
				kept[slot] = f
			}
		}
		p.firsts.at = kept
	}
	for slot, num := range msg.asked {
		f := msg.firsts[slot]
		if f.num < num {
			f = first{num: num}
		}
		p.firsts.at[slot] = f
	}
	if msg.err != nil && !errors.Is(msg.err, context.Canceled) {
		return m.toasts.say(engine.LevelBad, "reading results: "+msg.err.Error())
	}
	return nil
}

// value returns what a row has in a chosen field, and false while that is not
// known.
func (p *results) value(slot uint32, r *jobRow, field int) (cell, bool) {
	if r.num == 0 || r.records == 0 {
		return cell{}, true
	}
	f, ok := p.firsts.at[slot]
	switch {
	case !ok || f.num < r.num:
		return cell{}, false
	case f.values == nil:
		return cell{}, true
	}
	return f.values[field], true
}
