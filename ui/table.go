package ui

import (
	"iter"
	"slices"
	"time"

	"weir/engine"
)

// A show says which jobs the results panel lists.
type show uint8

const (
	showEnded show = iota
	showWaiting
	showAll
)

func (s show) String() string { return [...]string{"ended", "waiting", "all"}[s] }

// A want says which rows are listed, and how.
type want struct {
	show   show
	filter filter
	by     column
	turned bool // the other way round than usual for the column
}

// down reports whether the largest comes first: the newest, the slowest.
func (w want) down() bool {
	usual := w.by == byNum && w.show != showWaiting || byTime <= w.by && w.by <= byTry
	return usual != w.turned
}

// test returns which records of x are wanted, as far as they tell.
func (w want) test(x *index) func(*record) bool {
	tests := make([]func(*record) bool, len(w.filter.terms))
	for i, t := range w.filter.terms {
		tests[i] = t.test(x)
	}
	return func(r *record) bool {
		if w.show != showAll && r.ended() != (w.show == showEnded) {
			return false
		}
		for _, test := range tests {
			if !test(r) {
				return false
			}
		}
		return true
	}
}

// A table holds what the screen knows of every job that it has heard of, and
// the list of those that are wanted.
type table struct {
	x     *index
	texts texts
	read  reader // of the store
	few   int    // rows that fill the screen

	want  want
	has   want     // what rows is: want, unless a list is being made
	order order    // of rows
	test  tester   // of has
	rows  *ranking // slots
	slots []uint32 // reused by put

	stored bool   // what is put comes from the store
	doubts bitset // slots of which there may be news that never came

	making  *listing // the list that is being made; nil: none
	changed map[uint32]change
	next    tester // of want, while its list is being made
	share   int    // how much of it is made, in percent

	ended   int    // jobs that have
	kept    int    // of them, those that have a result
	waiting int    // and that have not
	newest  uint64 // highest Num there was
	counts  []int  // jobs by class
}

type tester func(*record) bool

// A change is what a list that is being made has missed of a slot.
type change struct {
	wanted bool
	key    string // of a textual column
}

func newTable() *table {
	t := &table{x: newIndex(), texts: newTexts()}
	t.adopt(t.want, order{by: t.want.by, x: t.x}, new(ranking))
	return t
}

// adopt makes rows, which are in that order, the list.
func (t *table) adopt(w want, o order, rows *ranking) {
	t.has, t.order, t.test, t.rows = w, o, w.test(t.x), rows
}

func (t *table) count() int { return t.rows.count() }

// slotAt returns which slot stands on line i of the list.
func (t *table) slotAt(i int) uint32 {
	if t.has.down() {
		i = t.count() - 1 - i
	}
	return t.rows.at(i, &t.order)
}

// all passes over the slots of the list from its first line on.
func (t *table) all() iter.Seq[uint32] {
	if t.has.down() {
		return t.rows.backward(&t.order)
	}
	return t.rows.all(&t.order)
}

// each is all in no order of use, which does not keep the operator waiting while
// the whole list is put in it.
func (t *table) each() iter.Seq[uint32] { return t.rows.all(nil) }

func (t *table) at(i int) *jobRow { return t.row(t.slotAt(i)) }

func (t *table) keyAt(i int) engine.JobID { return engine.JobID(t.slotAt(i)) }

// row returns the row of a slot.
func (t *table) row(slot uint32) *jobRow {
	r := t.x.at(slot)
	row := &jobRow{
		id: engine.JobID(slot), num: uint64(r.num), host: t.x.hosts[r.host], class: t.x.classes[r.class],
		time: time.Duration(r.took) * tookUnit, bytes: int64(r.bytes), batch: r.batch, records: int32(min(r.records, 1<<31-1)),
		tries: int32(r.tries), status: r.status, place: r.place, outcome: r.outcome,
		reason: t.texts.waits[slot].reason,
	}
	row.text, row.told = t.texts.get(slot)
	return row
}

// of returns the row of a job, nil if nothing is known of it.
func (t *table) of(id engine.JobID) *jobRow {
	slot, ok := t.x.slot(id)
	if !ok {
		return nil
	}
	return t.row(slot)
}

// find returns the line of a job, below zero if it is not listed.
func (t *table) find(id engine.JobID) int {
	slot, ok := t.x.slot(id)
	if !ok || !t.test(t.x.at(slot)) {
		return -1
	}
	i, ok := t.rows.find(slot, &t.order)
	switch {
	case !ok:
		return -1
	case t.has.down():
		return t.count() - 1 - i
	}
	return i
}

// drop takes slots out of the list, as far as they are there. They are found by
// what is known of them, so this comes before what is news of them.
func (t *table) drop(slots []uint32) {
	slots = slices.DeleteFunc(slots, func(slot uint32) bool { return !t.test(t.x.at(slot)) })
	t.rows.remove(slots, &t.order)
}

// put takes states that are newer than what the table has of their jobs, each
// job once, and returns how many more rows the list has.
func (t *table) put(states []engine.JobState) int {
	before := t.count()
	t.slots = t.slots[:0]
	for i := range states {
		if slot, ok := t.x.slot(states[i].ID); ok {
			t.slots = append(t.slots, slot)
		}
	}
	t.drop(t.slots)
	t.slots = t.slots[:0]
	for i := range states {
		if s := &states[i]; fits(s) {
			if slot, listed := t.keep(s); listed {
				t.slots = append(t.slots, slot)
			}
		}
	}
	t.rows.insert(t.slots, &t.order)
	return max(t.count()-before, 0)
}

// putStored is put for those of the states from the store that are news.
func (t *table) putStored(states []engine.JobState) {
	t.stored = true
	t.put(t.news(states))
	t.stored = false
}

// keep takes one state and reports whether it is to be listed.
func (t *table) keep(s *engine.JobState) (slot uint32, listed bool) {
	if old, known := t.x.slot(s.ID); known {
		t.tally(t.x.at(old), -1)
	}
	slot = uint32(s.ID)
	t.doubts.remove(slot)
	r, tx := t.x.record(s), newText(s)
	t.x.set(slot, r)
	t.texts.put(slot, tx, r.ended(), s.Reason, t.stored)
	t.tally(&r, 1)
	if t.order.by.textual() {
		t.order.texts.put(slot, t.order.by.key(&tx))
	}
	if t.making != nil {
		c := change{wanted: t.next(&r) && t.want.filter.finds(&tx)}
		if t.want.by.textual() {
			c.key = t.want.by.key(&tx)
		}
		t.changed[slot] = c
	}
	return slot, t.test(&r) && t.has.filter.finds(&tx)
}

func (t *table) tally(r *record, by int) {
	if r.ended() {
		t.ended += by
	} else {
		t.waiting += by
	}
	if r.num > 0 {
		t.kept += by
	}
	t.newest = max(t.newest, uint64(r.num))
	if more := int(r.class) + 1 - len(t.counts); more > 0 {
		t.counts = append(t.counts, make([]int, more)...)
	}
	t.counts[r.class] += by
}

// doubt marks all jobs that have not ended for good: there may be news of them
// that never came.
func (t *table) doubt() {
	for slot, r := range t.x.all() {
		if !r.ended() || r.outcome == engine.Cancelled {
			t.doubts.add(slot)
		}
	}
}

// forget drops the rows of those of which nothing has come since, and returns
// them.
func (t *table) forget() []engine.JobID {
	if t.doubts.n == 0 {
		return nil
	}
	var slots []uint32
	for slot := range t.x.all() {
		if t.doubts.has(slot) {
			slots = append(slots, slot)
		}
	}
	t.doubts.clear()
	t.drop(slices.Clone(slots))
	ids := make([]engine.JobID, len(slots))
	for i, slot := range slots {
		r := *t.x.at(slot)
		t.tally(&r, -1)
		r.place = forgotten
		t.x.set(slot, r)
		delete(t.texts.waits, slot)
		ids[i] = engine.JobID(slot)
		if t.making != nil {
			t.changed[slot] = change{}
		}
	}
	return ids
}

// news returns those of the states from the store, which may be old, that are
// newer than what the table has.
func (t *table) news(states []engine.JobState) []engine.JobState {
	return slices.DeleteFunc(states, func(s engine.JobState) bool {
		slot, ok := t.x.slot(s.ID)
		if !ok {
			return false
		}
		r := t.x.at(slot)
		return !r.ended() || r.outcome == engine.Cancelled || uint64(r.num) >= s.Num
	})
}

// classes returns the classes that rows have, in the order of their names.
func (t *table) classes() []string {
	var names []string
	for n, count := range t.counts {
		if n > 0 && count > 0 {
			names = append(names, string(t.x.classes[n]))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// listAtOnce is how many jobs are listed within a frame. Those known of a large
// run may be far apart, so what is looked at for them has a bound of its own.
const (
	listAtOnce = 4000
	lookAtOnce = 64_000
)

// relist changes what is wanted. A long list is made elsewhere: then the old
// one stays until listed, and relist returns what to make. The list that was
// being made till then is dropped.
func (t *table) relist(w want) *listing {
	t.stay()
	t.want = w
	if t.listNow(w) {
		return nil
	}
	t.making, t.changed, t.next, t.share = newListing(t, w), map[uint32]change{}, w.test(t.x), 0
	return t.making
}

// stay drops the list that is being made: what is listed is what is wanted.
func (t *table) stay() {
	if t.making != nil {
		t.making.dropped.Store(true)
	}
	t.want, t.making, t.changed, t.next = t.has, nil, nil, nil
}

// listNow makes a list of few rows whose texts are at hand, if they are.
func (t *table) listNow(w want) bool {
	if t.ended+t.waiting > listAtOnce || t.x.opened*pageLen > lookAtOnce {
		return false
	}
	o := order{by: w.by, x: t.x}
	test := w.test(t.x)
	var rows []uint32
	for slot, r := range t.x.all() {
		if !test(r) {
			continue
		}
		if w.by.textual() || len(w.filter.words) > 0 {
			tx, ok := t.texts.get(slot)
			switch {
			case !ok:
				return false
			case !w.filter.finds(&tx):
				continue
			case w.by.textual():
				o.texts.put(slot, w.by.key(&tx))
			}
		}
		rows = append(rows, slot)
	}
	o.sort(rows)
	t.adopt(w, o, newRanking(rows, &o))
	return true
}

// listed takes a list that was made, as far as it was, and says whether it is
// one that is wanted.
func (t *table) listed(msg listedMsg) bool {
	if msg.listing != t.making {
		t.x.unshare() // it was dropped, and is not gone on with
		return false
	}
	t.share = msg.share
	if msg.done {
		t.making = nil
		t.x.unshare()
	}
	if !msg.done && msg.rows == nil {
		return true
	}
	o := order{by: t.want.by, x: t.x, texts: msg.texts}
	var stale bitset
	var fresh []uint32
	for slot, c := range t.changed {
		stale.add(slot)
		if o.by.textual() {
			o.texts.put(slot, c.key)
		}
		if c.wanted {
			fresh = append(fresh, slot)
		}
	}
	if stale.n > 0 {
		msg.rows.removeFunc(stale.has, &o)
	}
	t.adopt(t.want, o, msg.rows)
	t.rows.insert(fresh, &t.order)
	if msg.done {
		t.changed, t.next = nil, nil
	}
	return true
}
