package ui

import (
	"math"
	"math/bits"
	"slices"
	"strings"
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
	by    column
	x     *index
	texts sortTexts // for a textual column
}

// sortTexts are the texts that rows are sorted by, by slot, in pages as the index
// has them.
type sortTexts []*[pageLen]string

func (t sortTexts) at(slot uint32) string { return t[slot/pageLen][slot%pageLen] }

func (t *sortTexts) put(slot uint32, text string) {
	p := int(slot / pageLen)
	if more := p + 1 - len(*t); more > 0 {
		*t = append(*t, make(sortTexts, more)...)
	}
	if (*t)[p] == nil {
		(*t)[p] = new([pageLen]string)
	}
	(*t)[p][slot%pageLen] = text
}

// number returns what two rows are compared by before their ids, and behind
// their texts if the column is textual: the column, and within it the order of
// ending.
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
		col = r.bytes
	case byRows:
		col = r.records
	case byTry:
		col = uint32(r.tries)
	}
	return uint64(col)<<32 | uint64(num)
}

// A sortKey is what a row is sorted by, from its first field to the last.
type sortKey struct {
	lead uint64 // how the text begins: where that differs it need not be read
	text string // of a textual column
	numbered
}

// A numbered is a slot and the number that it is sorted by, before its id.
type numbered struct {
	number uint64
	slot   uint32
}

// lead returns the first eight bytes of a text, the first of them as the
// highest.
func lead(t string) uint64 {
	if len(t) < 8 {
		t += "\x00\x00\x00\x00\x00\x00\x00\x00"
	}
	return uint64(t[7]) | uint64(t[6])<<8 | uint64(t[5])<<16 | uint64(t[4])<<24 |
		uint64(t[3])<<32 | uint64(t[2])<<40 | uint64(t[1])<<48 | uint64(t[0])<<56
}

// keys returns the keys of slots. Each loop waits for all it reads at once.
func (o *order) keys(slots []uint32) []sortKey {
	keys := make([]sortKey, len(slots))
	if o.by.textual() {
		for i, slot := range slots {
			keys[i].text = o.texts.at(slot)
		}
		for i := range keys {
			keys[i].lead = lead(keys[i].text)
		}
	}
	for i, slot := range slots {
		keys[i].numbered = numbered{o.number(o.x.at(slot)), slot}
	}
	return keys
}

func (o *order) key(slot uint32) sortKey { return o.keys([]uint32{slot})[0] }

// isAfter returns 1 if a row with this key stands behind one with another, else
// 0.
func (k *sortKey) isAfter(other *sortKey) int {
	if k.lead == other.lead && (k.text != "" || other.text != "") {
		if c := strings.Compare(k.text, other.text); c != 0 {
			return max(c, 0)
		}
	}
	_, less := bits.Sub64(uint64(other.slot), uint64(k.slot), 0)
	_, less = bits.Sub64(other.number, k.number, less)
	_, less = bits.Sub64(other.lead, k.lead, less)
	return int(less)
}

// isAfter is that for a column without a text. It has no branch that depends on
// what it reads.
func (k *numbered) isAfter(other *numbered) int {
	_, less := bits.Sub64(uint64(other.slot), uint64(k.slot), 0)
	_, less = bits.Sub64(other.number, k.number, less)
	return int(less)
}

func (k sortKey) compare(other sortKey) int { return k.isAfter(&other) - other.isAfter(&k) }

// sort sorts slots. A million of them take some 50 ms, by a text a second.
func (o *order) sort(slots []uint32) {
	if o.by.textual() || len(slots) < 1000 {
		keys := o.keys(slots)
		slices.SortFunc(keys, sortKey.compare)
		for i := range keys {
			slots[i] = keys[i].slot
		}
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
			slices.Sort(slots[i:end])
		}
		i = end
	}
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
