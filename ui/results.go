package ui

import (
	"iter"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// results is the panel of jobs: those that ended, newest first and following,
// unless the operator wants otherwise.
type results struct {
	face
	table  *table
	cur    cursor[engine.JobID]
	open   engine.JobID  // whose details are open; 0: none
	marks  bitset        // of slots
	pace   time.Duration // of the run, for who has nothing to see yet
	follow bool
	news   int    // listed since the cursor left the newest
	older  *older // results from before the first view are still being read; nil: none are
	asked  bool   // texts are being read

	columns chosen
	firsts  firstCells
	typing  bool // a filter
}

func newResults(s *engine.Stats) *results {
	return &results{face: face{stats: s}, table: newTable(), follow: true, columns: chosen{shownColumns: usualColumns}}
}

// SetSize sets how many cells and lines there are, the heading's among them.
func (p *results) SetSize(w, h int, framed bool) {
	p.pane.w, p.pane.h, p.pane.framed = w, h, framed
	p.cur.resize(p.table, h-p.heads())
}

// Update takes what concerns the panel. What a view says of jobs comes by
// take.
func (p *results) Update(msg tea.Msg) {
	if move, ok := msg.(moveMsg); ok {
		p.move(p.cur.at + move.by)
		return
	}
	p.cur.update(p.table, msg)
}

// take brings in the states of a view, each job once.
func (p *results) take(states []engine.JobState) {
	if len(states) == 0 {
		return
	}
	listed := p.table.put(states)
	if p.follow && p.open != 0 && listed > 0 { // who reads a row keeps it
		p.follow, p.news = false, 0
	}
	if !p.follow {
		p.news += listed
	}
	p.sync()
}

// forget drops the rows of jobs of which the views told nothing since they
// started over, and returns these jobs.
func (p *results) forget() []engine.JobID {
	lost := p.table.forget()
	p.sync()
	return lost
}

// takeOlder brings in what the store has of before the view.
func (p *results) takeOlder(states []engine.JobState) {
	p.table.putStored(states)
	p.sync()
}

// sync puts the cursor where it belongs after the list has changed.
func (p *results) sync() {
	if p.follow && p.newest() {
		p.cur.sync(p.table)
		p.cur.top, p.cur.at = 0, 0
		if p.table.count() > 0 {
			p.cur.key = p.table.keyAt(0)
		}
		return
	}
	p.cur.sync(p.table)
}

// newest reports whether the newest row is the first one.
func (p *results) newest() bool { return p.table.has.by == byNum && p.table.has.down() }

// move moves the cursor; away from the newest row stops following it.
func (p *results) move(to int) {
	p.cur.moveTo(p.table, to)
	if p.follow && p.cur.at > 0 {
		p.follow, p.news = false, 0
	}
}

// following goes back to the newest row and stays there.
func (p *results) following() {
	p.follow, p.news = true, 0
	p.sync()
	p.cur.drawn(p.table)
}

// relist changes what is listed; the work that is left is returned.
func (p *results) relist(w want) *listing {
	l := p.table.relist(w)
	if l == nil {
		p.relisted()
	}
	return l
}

func (p *results) relisted() {
	if p.table.find(p.cur.key) < 0 { // its row is not in this list: begin at the top
		p.cur.at, p.cur.top = 0, 0
	}
	p.sync()
	p.cur.drawn(p.table)
}

// under returns the row under the cursor, nil without one.
func (p *results) under() *jobRow {
	id, ok := p.cur.target(p.table)
	if !ok {
		return nil
	}
	return p.table.of(id)
}

// selected returns the row that a key means: the one whose details are open,
// also if it has left the list, else the one under the cursor.
func (p *results) selected() *jobRow {
	if p.open != 0 {
		if r := p.table.of(p.open); r != nil {
			return r
		}
	}
	return p.under()
}

// acted passes over the slots that a key acts on: of the marked rows that are
// listed, which is all or each of the table, or of the selected one.
func (p *results) acted(listed iter.Seq[uint32]) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		if p.marks.n == 0 {
			if r := p.selected(); r != nil {
				slot, _ := p.table.x.slot(r.id)
				yield(slot)
			}
			return
		}
		for slot := range listed {
			if p.marks.has(slot) && !yield(slot) {
				return
			}
		}
	}
}

// one returns the row that a key acts on if it is a single one, else nil.
func (p *results) one() *jobRow {
	var only *jobRow
	for slot := range p.acted(p.table.each()) {
		if only != nil {
			return nil
		}
		only = p.table.row(slot)
	}
	return only
}

// anyActed reports whether a key acts on a record of which is holds.
func (p *results) anyActed(is func(slot uint32, r *record) bool) bool {
	for slot := range p.acted(p.table.each()) {
		if is(slot, p.table.x.at(slot)) {
			return true
		}
	}
	return false
}

// jobs returns the jobs that a key acts on.
func (p *results) jobs() []engine.JobID {
	var ids []engine.JobID
	for slot := range p.acted(p.table.all()) {
		ids = append(ids, engine.JobID(slot))
	}
	return ids
}

// pausedByName reports whether a job was.
func (p *results) pausedByName(slot uint32) bool {
	_, paused := p.table.texts.waits[slot].reason.(engine.Paused)
	return paused
}

func (p *results) count() int                { return p.table.count() }
func (p *results) page() int                 { return p.cur.page() }
func (p *results) away(line int) (int, bool) { return p.cur.away(p.table, line-p.heads()) }

// heads is how many lines stand above the rows.
func (p *results) heads() int {
	if p.pane.framed || p.pane.w >= 80 || p.pane.h >= 14 {
		return 1
	}
	return 0
}

func (p *results) host() string {
	if r := p.selected(); r != nil {
		return r.host
	}
	return ""
}

func (p *results) batchIDs() []engine.BatchID {
	var ids []engine.BatchID
	seen := map[engine.BatchID]bool{}
	for slot := range p.acted(p.table.all()) {
		if b := p.table.x.at(slot).batch; !seen[b] {
			seen[b] = true
			ids = append(ids, b)
		}
	}
	return ids
}

func (p *results) selectors() []engine.Selector { return []engine.Selector{{Jobs: p.jobs()}} }
func (p *results) shows() string                { return "" }
