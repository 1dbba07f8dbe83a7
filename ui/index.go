package ui

import (
	"math"
	"slices"
	"time"

	"weir/engine"
)

// A record is what the screen keeps of every job it has heard of: 40 bytes,
// since there may be millions. Its text is kept only while it is needed (texts).
type record struct {
	bytes   int64  // of the decoded body
	id, num uint32 // num is 0 for a job that has not ended, or was cancelled
	took    uint32 // the last attempt, in tookUnits
	host    uint32 // in index.hosts
	batch   engine.BatchID
	records uint32
	class   uint16 // in index.classes
	status  int16
	tries   uint16
	place   engine.Place
	outcome engine.Outcome
}

const (
	tookUnit = 100 * time.Microsecond

	// forgotten is the place of a job that may have changed unheard: it is in
	// no list until there is news of it.
	forgotten engine.Place = math.MaxUint8
)

func (r *record) ended() bool { return r.place == engine.Ended }

// An index is the records of all jobs by slot: their number in the order in
// which the screen heard of them. Slots are never used twice.
//
// A list of a million is made beside the loop, from a snapshot: then a page is
// copied before it changes.
type index struct {
	pages  []*indexPage
	shared []bool // the page is also that of a snapshot
	n      uint32 // slots
	slots  map[uint32]*[pageLen]uint32

	hosts     []string // cleaned
	hostNums  map[string]uint32
	classes   []engine.Class // cleaned; the first is none
	classNums map[engine.Class]uint16
}

const pageLen = 1024

type indexPage [pageLen]record

func newIndex() *index {
	return &index{
		slots: map[uint32]*[pageLen]uint32{}, hostNums: map[string]uint32{},
		classes: []engine.Class{""}, classNums: map[engine.Class]uint16{"": 0},
	}
}

// at returns the record of a slot, which is not to be changed.
func (x *index) at(slot uint32) *record { return &x.pages[slot/pageLen][slot%pageLen] }

// slot returns where a job is, and false if nothing was heard of it.
func (x *index) slot(id engine.JobID) (uint32, bool) {
	if id > math.MaxUint32 {
		return 0, false
	}
	page := x.slots[uint32(id)/pageLen]
	if page == nil || page[id%pageLen] == 0 {
		return 0, false
	}
	return page[id%pageLen] - 1, true
}

// open gives a job a slot.
func (x *index) open(id engine.JobID) uint32 {
	if x.n%pageLen == 0 {
		x.pages, x.shared = append(x.pages, new(indexPage)), append(x.shared, false)
	}
	page := x.slots[uint32(id)/pageLen]
	if page == nil {
		page = new([pageLen]uint32)
		x.slots[uint32(id)/pageLen] = page
	}
	x.n++
	page[id%pageLen] = x.n
	return x.n - 1
}

// set changes the record of a slot.
func (x *index) set(slot uint32, r record) {
	p := slot / pageLen
	if x.shared[p] {
		page := *x.pages[p]
		x.pages[p], x.shared[p] = &page, false
	}
	x.pages[p][slot%pageLen] = r
}

// snapshot returns the records as they are now, for whoever reads them beside
// the loop. It knows no slots of jobs.
func (x *index) snapshot() *index {
	for i := range x.shared {
		x.shared[i] = true
	}
	return &index{pages: slices.Clone(x.pages), n: x.n, hosts: slices.Clip(x.hosts), classes: slices.Clip(x.classes)}
}

// fits reports whether an index can hold a job. An engine counts its jobs in
// 32 bits, so that it can.
func fits(s *engine.JobState) bool { return s.ID <= math.MaxUint32 && s.Num < math.MaxUint32 }

// record makes the record of a job's state. What is larger than its field is
// the largest that fits.
func (x *index) record(s *engine.JobState) record {
	return record{
		bytes: s.Bytes, id: uint32(s.ID), num: uint32(s.Num), took: most32(int64(s.Elapsed / tookUnit)),
		host: x.host(s.Host), batch: s.Batch, records: most32(int64(s.Records)), class: x.class(s.Class),
		status: int16(s.Status), tries: uint16(min(most32(int64(s.Attempts)), math.MaxUint16)), place: s.Place, outcome: s.Outcome,
	}
}

func most32(n int64) uint32 { return uint32(max(0, min(n, math.MaxUint32))) }

func (x *index) host(raw string) uint32 {
	n, ok := x.hostNums[raw]
	if !ok {
		n = uint32(len(x.hosts))
		x.hosts = append(x.hosts, clean(raw, urlBytes))
		x.hostNums[raw] = n
	}
	return n
}

func (x *index) class(raw engine.Class) uint16 {
	n, ok := x.classNums[raw]
	if !ok && len(x.classes) <= math.MaxUint16 { // there are some twenty
		n = uint16(len(x.classes))
		x.classes = append(x.classes, engine.Class(clean(string(raw), whyBytes)))
		x.classNums[raw] = n
	}
	return n
}

// A bitset is a set of slots. The zero bitset is empty.
type bitset struct {
	words []uint64
	n     int // slots in it
}

func (b *bitset) has(slot uint32) bool {
	w := int(slot / 64)
	return w < len(b.words) && b.words[w]&(1<<(slot%64)) != 0
}

func (b *bitset) add(slot uint32) {
	if b.has(slot) {
		return
	}
	if more := int(slot/64) + 1 - len(b.words); more > 0 {
		b.words = append(b.words, make([]uint64, more)...)
	}
	b.words[slot/64] |= 1 << (slot % 64)
	b.n++
}

func (b *bitset) remove(slot uint32) {
	if b.has(slot) {
		b.words[slot/64] &^= 1 << (slot % 64)
		b.n--
	}
}

func (b *bitset) clear() { *b = bitset{} }
