package ui

import (
	"cmp"
	"math"
	"slices"
)

// A column is one that rows are sorted by.
type column uint8

const (
	byNum column = iota
	byOutcome
	byCode
	byTime
	bySize
	byRows
	byTry
	byURL
	byWhy
	columns
)

func (c column) String() string {
	return [...]string{"#", "outcome", "code", "time", "size", "rows", "try", "url", "why"}[c]
}

// textual reports whether the column sorts by a text, which is not in the index.
func (c column) textual() bool { return c == byURL || c == byWhy }

// key returns what a textual column sorts by.
func (c column) key(t *text) string {
	if c == byURL {
		return bare(t.url)
	}
	return t.why
}

// An order is how rows of an index are sorted, smallest first. No two rows are
// equal.
type order struct {
	by   column
	x    *index
	keys []string // by slot, for a textual column
}

// number returns what two rows are compared by before their ids: the column,
// and within it the order of ending.
func (o *order) number(r *record) uint64 {
	num := r.num
	if num == 0 && !r.ended() {
		num = math.MaxUint32 // has not ended: after all that have
	} // and if it was cancelled it has ended as none
	var col uint32
	switch o.by {
	case byOutcome:
		col = [...]uint32{5, 4, 1, 0, 2, 3}[r.outcome] // failed, empty, skipped, cancelled, ok, none yet
	case byCode:
		col = uint32(uint16(r.status))
	case byTime:
		col = r.took
	case bySize:
		col = most32(r.bytes)
	case byRows:
		col = r.records
	case byTry:
		col = uint32(r.tries)
	}
	return uint64(col)<<32 | uint64(num)
}

// compare compares the rows of two slots.
func (o *order) compare(a, b uint32) int {
	if o.by.textual() {
		if c := cmp.Compare(o.keys[a], o.keys[b]); c != 0 {
			return c
		}
	}
	ra, rb := o.x.at(a), o.x.at(b)
	return cmp.Or(cmp.Compare(o.number(ra), o.number(rb)), cmp.Compare(ra.id, rb.id))
}

// sort sorts slots. A million of them take some 50 ms, by a text a second.
func (o *order) sort(slots []uint32) {
	if o.by.textual() || len(slots) < 1000 {
		slices.SortFunc(slots, o.compare)
		return
	}
	rows := make([]numbered, len(slots))
	sorted := true
	for i, slot := range slots {
		rows[i] = numbered{o.number(o.x.at(slot)), slot}
		sorted = sorted && (i == 0 || rows[i-1].number < rows[i].number)
	}
	if sorted { // rows are mostly heard of in the order of ending
		return
	}
	rows = sortNumbers(rows)
	for i := range rows {
		slots[i] = rows[i].slot
	}
	for i := 0; i < len(rows); { // those that are equal so far
		end := i + 1
		for end < len(rows) && rows[end].number == rows[i].number {
			end++
		}
		if end > i+1 {
			slices.SortFunc(slots[i:end], o.compare)
		}
		i = end
	}
}

// A numbered is a slot and what it is sorted by.
type numbered struct {
	number uint64
	slot   uint32
}

// sortNumbers sorts by number, a byte at a time from the last, which takes a
// quarter of the time that comparing them does. It passes over bytes in which
// all are alike. The memory of rows is used.
func sortNumbers(rows []numbered) []numbered {
	var counts [8][256]uint32
	for i := range rows {
		for b, n := 0, rows[i].number; b < 8; b, n = b+1, n>>8 {
			counts[b][byte(n)]++
		}
	}
	other := make([]numbered, len(rows))
	for b := range counts {
		at, c := uint32(0), &counts[b]
		if c[byte(rows[0].number>>(8*b))] == uint32(len(rows)) {
			continue
		}
		for i, n := range c {
			c[i], at = at, at+n
		}
		for i := range rows {
			to := &c[byte(rows[i].number>>(8*b))]
			other[*to] = rows[i]
			*to++
		}
		rows, other = other, rows
	}
	return rows
}
