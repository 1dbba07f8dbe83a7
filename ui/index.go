package ui

import (
	"iter"
	"math"
	"slices"
	"time"

	"weir/engine"
)

// A record is what the screen keeps of every job it has heard of: 32 bytes,
// since there may be millions. Its text is kept only while it is needed (texts).
type record struct {
	num     uint32 // 0 for a job that has not ended, or was cancelled
	took    uint32 // the last attempt, in tookUnits
	bytes   uint32 // of the decoded body
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

	// forgotten is the place of a job of which nothing is known: nothing was
	// heard of it, or it may have changed unheard. It is in no list until
	// there is news of it.
	forgotten engine.Place = math.MaxUint8
)

func (r *record) ended() bool { return r.place == engine.Ended }

// An index is the records of all jobs by slot. A slot is the id of a job in 32
// bits: ids are given out one after the other, so that where one job is known
// most are, in the end.
//
// A list of a million is made beside the loop, from a snapshot: then a page is
// copied before it changes.
type index struct {
	pages  []*indexPage // nil: nothing is known of its jobs
	shared []bool       // the page is also that of a snapshot
	read   int          // snapshots that somebody reads
	opened int          // pages that are not nil

	hosts     []string // cleaned
	hostNums  map[string]uint32
	classes   []engine.Class // cleaned; the first is none
	classNums map[engine.Class]uint16
}

const pageLen = 512

type indexPage [pageLen]record

func newIndex() *index {
	return &index{hostNums: map[string]uint32{}, classes: []engine.Class{""}, classNums: map[engine.Class]uint16{"": 0}}
}

// at returns the record of a slot of which something is known. It is not to be
// changed.
func (x *index) at(slot uint32) *record { return &x.pages[slot/pageLen][slot%pageLen] }

// slot returns the slot of a job, and false if nothing is known of it.
func (x *index) slot(id engine.JobID) (uint32, bool) {
	if p := id / pageLen; p >= engine.JobID(len(x.pages)) || x.pages[p] == nil {
		return 0, false
	}
	return uint32(id), x.at(uint32(id)).place != forgotten
}

// all passes over the slots of which something is known, and their records.
func (x *index) all() iter.Seq2[uint32, *record] {
	return func(yield func(uint32, *record) bool) {
		for p, page := range x.pages {
			if page == nil {
				continue
			}
			for i := range page {
				if r := &page[i]; r.place != forgotten && !yield(uint32(p*pageLen+i), r) {
					return
				}
			}
		}
	}
}

// set changes the record of a slot.
func (x *index) set(slot uint32, r record) {
	p := int(slot / pageLen)
	if more := p + 1 - len(x.pages); more > 0 {
		x.pages, x.shared = append(x.pages, make([]*indexPage, more)...), append(x.shared, make([]bool, more)...)
	}
	switch {
	case x.pages[p] == nil:
		page := new(indexPage)
		for i := range page {
			page[i].place = forgotten
		}
		x.pages[p] = page
		x.opened++
	case x.shared[p]:
		page := *x.pages[p]
		x.pages[p], x.shared[p] = &page, false
	}
	x.pages[p][slot%pageLen] = r
}

// snapshot returns the records as they are now, for whoever reads them beside
// the loop. Who does not any more calls unshare.
func (x *index) snapshot() *index {
	x.read++
	for i := range x.shared {
		x.shared[i] = true
	}
	return &index{pages: slices.Clone(x.pages), hosts: slices.Clip(x.hosts), classes: slices.Clip(x.classes)}
}

// unshare says that a snapshot is read no more. After the last one pages change
// in their place again.
func (x *index) unshare() {
	if x.read--; x.read == 0 {
		clear(x.shared)
	}
}

// fits reports whether an index can hold a job. An engine counts its jobs in
// 32 bits, so that it can.
func fits(s *engine.JobState) bool { return s.ID <= math.MaxUint32 && s.Num < math.MaxUint32 }

// record makes the record of a job's state. What is larger than its field is
// the largest that fits.
func (x *index) record(s *engine.JobState) record {
	return record{
		num: uint32(s.Num), took: most32(int64(s.Elapsed / tookUnit)), bytes: most32(s.Bytes),
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
