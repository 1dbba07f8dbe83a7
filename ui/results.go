package ui

import (
	"strings"
	"time"

	"weir/engine"
)

const (
	urlBytes = 4096 // most of a URL that the screen keeps
	whyBytes = 512  // and of an error or a title
)

// results is the panel of jobs: those that ended, newest first and following,
// unless the operator wants otherwise.
type results struct {
	table  *table
	cur    cursor[engine.JobID]
	open   engine.JobID // whose details are open; 0: none
	marks  map[engine.JobID]struct{}
	pace   time.Duration // of the run, for who has nothing to see yet
	follow bool
	news   int  // listed since the cursor left the newest
	older  bool // results from before the first view are still being read
}

func newResults() *results {
	return &results{table: newTable(), marks: map[engine.JobID]struct{}{}, follow: true}
}

// newRow cleans a job's state as it enters the screen.
func newRow(s *engine.JobState) *jobRow {
	return &jobRow{
		id: s.ID, num: s.Num, batch: s.Batch,
		url: clean(s.URL, urlBytes), host: clean(s.Host, urlBytes), title: clean(s.Title, whyBytes),
		why:   why(s.Place, s.Outcome, s.Class, s.Why, s.Findings, s.Finding),
		class: engine.Class(clean(string(s.Class), whyBytes)), reason: s.Reason,
		time: s.Elapsed, bytes: s.Bytes, records: int32(s.Records), findings: int32(s.Findings),
		tries: int32(s.Attempts), status: int16(s.Status), place: s.Place, outcome: s.Outcome,
	}
}

// resultRow is newRow for what the store has kept.
func resultRow(r *engine.Result) *jobRow {
	state := r.State()
	return newRow(&state)
}

// why writes the last column: the class, then what is known besides.
func why(at engine.Place, o engine.Outcome, class engine.Class, words string, findings int, first string) string {
	parts := []string{string(class), words}
	switch {
	case class != "" && strings.HasPrefix(words, string(class)):
		parts = parts[1:]
	case at == engine.Ended && o == engine.OK && words == "" && findings > 0:
		parts = append(parts, plural(findings, "finding"), first)
	}
	var b strings.Builder
	for _, p := range parts {
		if p != "" && b.Len() > 0 {
			b.WriteString(": ")
		}
		b.WriteString(p)
	}
	return clean(b.String(), whyBytes)
}

// take brings in the states of a view.
func (p *results) take(states []engine.JobState, full bool) {
	if full {
		p.table.clear()
		p.news = 0
	}
	if len(states) == 0 && !full {
		return
	}
	rows := make([]*jobRow, len(states))
	for i := range states {
		rows[i] = newRow(&states[i])
	}
	p.add(rows)
}

// takeOlder brings in what the store had before the first view.
func (p *results) takeOlder(rs []engine.Result) {
	var rows []*jobRow
	for i := range rs {
		if p.table.byID[rs[i].Job] == nil { // a view knows it in a newer state
			rows = append(rows, resultRow(&rs[i]))
		}
	}
	p.table.put(rows)
	p.sync()
}

func (p *results) add(rows []*jobRow) {
	listed := p.table.put(rows)
	if p.follow && p.open != 0 && listed > 0 { // who reads a row keeps it
		p.follow, p.news = false, 0
	}
	if !p.follow {
		p.news += listed
	}
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
	return p.table.byID[id]
}

// selected returns the row that a key means: the one whose details are open,
// also if it has left the list, else the one under the cursor.
func (p *results) selected() *jobRow {
	if r := p.table.byID[p.open]; r != nil {
		return r
	}
	return p.under()
}

// acted returns the rows that a key acts on: the marked, or the selected one.
func (p *results) acted() []*jobRow {
	if len(p.marks) == 0 {
		if r := p.selected(); r != nil {
			return []*jobRow{r}
		}
		return nil
	}
	var rows []*jobRow
	for i := range p.table.count() {
		if r := p.table.at(i); p.marked(r.id) {
			rows = append(rows, r)
		}
	}
	return rows
}

func (p *results) marked(id engine.JobID) bool {
	_, ok := p.marks[id]
	return ok
}
