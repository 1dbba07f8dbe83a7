package ui

import (
	"slices"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// batches is the panel of batches, in the order they were added.
type batches struct {
	face
	list []engine.BatchStats
	cur  cursor[engine.BatchID]
}

func newBatches(s *engine.Stats) *batches { return &batches{face: face{stats: s}} }

// SetSize sets how many cells and lines there are.
func (p *batches) SetSize(w, h int, framed bool) {
	p.pane.w, p.pane.h, p.pane.framed = w, h, framed
	p.cur.resize(p, p.pane.room())
}

// Update takes what concerns the panel. The batches of a view stay in its
// memory.
func (p *batches) Update(msg tea.Msg) {
	if _, anew := msg.(numbersMsg); anew {
		p.list = p.stats.Batches
		p.cur.sync(p)
	}
	p.cur.update(p, msg)
}

func (p *batches) count() int                 { return len(p.list) }
func (p *batches) keyAt(i int) engine.BatchID { return p.list[i].Batch.ID }
func (p *batches) find(id engine.BatchID) int { return slices.IndexFunc(p.list, is(id)) }
func is(id engine.BatchID) func(engine.BatchStats) bool {
	return func(b engine.BatchStats) bool { return b.Batch.ID == id }
}

// selected returns the batch under the cursor, nil without one.
func (p *batches) selected() *engine.BatchStats {
	id, ok := p.cur.target(p)
	if i := p.find(id); ok && i >= 0 {
		return &p.list[i]
	}
	return nil
}

// batchesLayout says which columns have room besides number, name, percent
// and ETA.
type batchesLayout struct {
	name   int // cells
	bar    bool
	counts bool // ok, failed and left: on a wide page, where a line names them
}

func (p pane) batchesLayout() batchesLayout {
	l := batchesLayout{bar: true, counts: p.w >= 76 && p.headed()}
	used := 1 + 4 + 1 + 1 + 4 + 1 + 8 + 1 + 4 + 8
	if l.counts {
		used += 3 * 8
	}
	if p.w-used < 12 {
		l.bar, used = false, used-9
	}
	l.name = p.w - used
	return l
}

// View draws the batches, in the order they were added.
func (p *batches) View(th Theme) []string {
	at := p.in(th)
	if len(p.list) == 0 {
		text := "no batch yet"
		if !p.only {
			text += ": " + p.keys.say("press %s, or ", actAdd) + "paste URLs"
		}
		return at.teach(text)
	}
	l := at.batchesLayout()
	lines := make([]string, 0, at.h)
	if at.headed() {
		b := newLine(at.w, false)
		b.paint(at.th.Muted, right("#", 5)).gap(1).paint(at.th.Muted, pad("batch", l.name+1))
		b.paint(at.th.Muted, pad("prio", 5))
		if l.bar {
			b.paint(at.th.Muted, pad("ended", 9))
		}
		b.gap(4).paint(at.th.Muted, right("eta", 8))
		if l.counts {
			b.paint(at.th.Muted, right("ok", 8)+right("failed", 8)+right("left", 8))
		}
		lines = append(lines, b.end())
	}
	for i := p.cur.top; i < len(p.list) && len(lines) < at.h; i++ {
		lines = append(lines, p.row(at, l, i))
	}
	return lines
}

func (p *batches) row(at pane, l batchesLayout, i int) string {
	t, selected := &p.list[i], i == p.cur.at
	c := t.Counts
	b := at.row(selected)
	b.put(at.cursor(selected)).put(right(strconv.Itoa(int(t.Batch.ID)), 4)).gap(1)
	alarm := fallen(t, l.name-6) // some of the name stays
	b.put(pad(nameOf(&t.Batch), l.name-width(alarm))).paint(at.th.Warn, alarm).gap(1)
	prio := ""
	if t.Batch.Priority != engine.Normal {
		prio = t.Batch.Priority.String()
	}
	b.put(pad(prio, 4)).gap(1)
	state, style := batchState(t, p.stats, at.th)
	cells := 8
	switch done := c.Ended() - c.Cancelled; { // what was cancelled is not progress
	case t.State == engine.BatchAdding && t.Batch.Lines == 0 && l.bar:
		b.paint(at.th.Accent, right(count(c.Submitted)+" read", 13))
	case t.State == engine.BatchAdding && t.Batch.Lines == 0:
		state, cells = count(c.Submitted)+" read", cells+4
	case t.State == engine.BatchAdding:
		p.progress(at, l, b, at.th.Accent, c.Submitted, max(t.Batch.Lines, c.Submitted+1)) // its last line is not read yet
	default:
		p.progress(at, l, b, at.th.OK, done, c.Submitted)
	}
	b.paint(style, right(state, cells))
	if l.counts {
		b.put(right(count(c.OK), 8)).put(right(count(c.Failed), 8)).put(right(count(c.Left()), 8))
	}
	return at.finish(b, selected)
}

// progress draws how much of all is done: of a list that is being read, its
// lines, and after that, its URLs.
func (p *batches) progress(at pane, l batchesLayout, b *line, bar Style, done, all int) {
	if l.bar {
		b.paint(bar, at.th.Glyphs.bar(done, all, 8)).gap(1)
	}
	b.put(right(strconv.Itoa(percent(done, all))+"%", 4))
}

// nameOf is what the operator calls a batch.
func nameOf(b *engine.Batch) string {
	if b.Name == "" {
		return "batch " + strconv.Itoa(int(b.ID))
	}
	return clean(b.Name, whyBytes)
}

// batchState is a batch's ETA, or why it has none.
func batchState(t *engine.BatchStats, s *engine.Stats, th Theme) (string, Style) {
	switch t.State {
	case engine.BatchCancelled:
		return "cancel", th.Muted
	case engine.BatchDone:
		return "done", th.Muted
	case engine.BatchPaused:
		return "paused", th.Warn
	}
	switch {
	case s.State == engine.RunPaused:
		return "paused", th.Warn
	case t.State == engine.BatchAdding:
		return "adding", th.Accent
	}
	return clock(t.ETA), th.Text
}

// title says how many there are.
func (p *batches) title(Glyphs) []string { return []string{count(len(p.list))} }

func (p *batches) page() int                 { return p.cur.page() }
func (p *batches) heads() int                { return p.pane.heads() }
func (p *batches) away(line int) (int, bool) { return p.cur.away(p, line-p.heads()) }
func (p *batches) host() string              { return "" }

func (p *batches) batchIDs() []engine.BatchID {
	if b := p.selected(); b != nil {
		return []engine.BatchID{b.Batch.ID}
	}
	return nil
}

func (p *batches) selectors() []engine.Selector {
	return []engine.Selector{{Batch: p.selected().Batch.ID}}
}

func (p *batches) shows() string { return "batch:" + itoa(uint64(p.selected().Batch.ID)) }
