package sqlite

import (
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// This file takes rows out of pages of a database file, of which nothing is
// believed: https://www.sqlite.org/fileformat2.html, sections 1.6 and 2.1.

// A carved is a row that was found on a page.
type carved struct {
	id   int64          // its rowid; 0 in a table without
	vals []driver.Value // nil, int64, float64, string or []byte
}

var errCell = errors.New("no row")

// A kind is what the first byte of a page says: of a b-tree, or something
// else.
type kind byte

// The pages of b-trees. Tables that are WITHOUT ROWID are kept as indexes are,
// with rows in the inner pages too. Everything else begins with the number of
// a page, and so with a zero in a file of less than 2^24 pages.
const (
	indexInner kind = 0x02
	tableInner kind = 0x05
	indexLeaf  kind = 0x0a
	tableLeaf  kind = 0x0d
)

// rowsOf returns the rows of page n, and how many of its cells could not be
// read. It reports false when the page is none of a b-tree.
func (w *wreck) rowsOf(n uint32, page []byte) (rows []carved, broken int, ok bool) {
	head := 0
	if n == 1 {
		head = fileHeader
	}
	if len(page) <= head+8 {
		return nil, 0, false
	}
	k := kind(page[head])
	first := head + 8
	switch k {
	case tableLeaf, indexLeaf:
	case indexInner, tableInner:
		first += 4
	default:
		return nil, 0, false
	}
	cells := int(binary.BigEndian.Uint16(page[head+3:]))
	if first+2*cells > w.usable {
		return nil, 0, false
	}
	if k == tableInner {
		return nil, 0, true
	}
	if page = page[:min(len(page), w.usable)]; first+2*cells > len(page) {
		return nil, cells, true
	}
	left := 2 * w.usable // cells do not overlap: as many bytes as a page has, and some for those that are broken
	for i := range cells {
		at := int(binary.BigEndian.Uint16(page[first+2*i:]))
		if at < first+2*cells || at >= len(page) {
			broken++
			continue
		}
		row, n, err := w.cell(k, page[at:])
		if left -= n; err != nil || left < 0 {
			broken++
			continue
		}
		rows = append(rows, row)
	}
	if k == tableLeaf {
		var astray int
		rows, astray = ascending(rows)
		broken += astray
	}
	return rows, broken, true
}

// ascending returns the rows without those whose ids break the order in which
// they stand on a page, and how many these are.
func ascending(rows []carved) (sorted []carved, astray int) {
	sorted = rows[:0]
	for _, r := range rows {
		n := len(sorted)
		switch {
		case n == 0 || r.id > sorted[n-1].id:
			sorted = append(sorted, r)
			continue
		case n == 1 || r.id > sorted[n-2].id:
			sorted[n-1] = r // the one before it is too high, and not this one too low
		}
		astray++
	}
	return sorted, astray
}

// cell reads the cell at the start of b, which ends with its page, and says
// how many bytes of the page it looked at.
func (w *wreck) cell(k kind, b []byte) (r carved, looked int, err error) {
	if k == indexInner {
		looked = 4 // the page that is before it
	}
	if len(b) < looked {
		return r, looked, errCell
	}
	size, n := varint(b[looked:])
	if looked += n; n == 0 || size < 1 || size > w.bytes {
		return r, looked, errCell
	}
	if k == tableLeaf {
		r.id, n = varint(b[looked:])
		if looked += n; n == 0 {
			return r, looked, errCell
		}
	}
	b = b[looked:]
	local := w.local(k, size)
	if local > len(b) {
		return r, looked, errCell
	}
	payload := b[:local]
	looked += local
	if int64(local) < size {
		if local+4 > len(b) {
			return r, looked, errCell
		}
		payload, err = w.overflow(slices.Clone(payload), binary.BigEndian.Uint32(b[local:]), int(size))
		if err != nil {
			return r, looked, err
		}
	}
	r.vals, err = record(payload)
	return r, looked, err
}

// local returns how many bytes of a payload stand in its cell.
func (w *wreck) local(k kind, size int64) int {
	u := int64(w.usable)
	most := u - 35
	if k != tableLeaf {
		most = (u-12)*64/255 - 23
	}
	if size <= most {
		return int(size)
	}
	least := (u-12)*32/255 - 23
	if n := least + (size-least)%(u-4); n <= most {
		return int(n)
	}
	return int(least)
}

// overflow appends the pages of a chain to payload until it has size bytes.
// Each page is followed a few times at most, whatever points to it.
func (w *wreck) overflow(payload []byte, n uint32, size int) ([]byte, error) {
	for len(payload) < size {
		if n < 2 || int64(n) > int64(len(w.pages)) || w.pages[n-1].visits == maxVisits {
			return nil, errCell
		}
		w.pages[n-1].visits++
		page, err := w.read(n, w.chain)
		if err != nil {
			return nil, err
		}
		rest := min(size-len(payload), w.usable-4)
		if len(page) < 4+rest {
			return nil, errCell
		}
		payload = append(payload, page[4:4+rest]...)
		n = binary.BigEndian.Uint32(page)
	}
	if n != 0 {
		return nil, errCell // the last page of a chain names no next one
	}
	return payload, nil
}

// record decodes a record, which fills payload to its last byte.
func record(payload []byte) (vals []driver.Value, err error) {
	size, n := varint(payload)
	if n == 0 || size < int64(n) || size > int64(len(payload)) {
		return nil, errCell
	}
	types, body := payload[n:size], payload[size:]
	for len(types) > 0 {
		serial, n := varint(types)
		if n == 0 || serial < 0 {
			return nil, errCell
		}
		types = types[n:]
		width := serialBytes(serial)
		if width > int64(len(body)) {
			return nil, errCell
		}
		v, ok := value(serial, body[:width])
		if !ok {
			return nil, errCell
		}
		vals = append(vals, v)
		body = body[width:]
	}
	if len(body) > 0 {
		return nil, errCell
	}
	return vals, nil
}

// serialBytes returns how many bytes a value of a serial type takes.
func serialBytes(serial int64) int64 {
	if serial >= 12 {
		return (serial - 12) / 2
	}
	return [...]int64{0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0}[serial]
}

func value(serial int64, b []byte) (v any, ok bool) {
	switch {
	case serial == 0:
		return nil, true
	case serial <= 6:
		n := int64(int8(b[0]))
		for _, c := range b[1:] {
			n = n<<8 | int64(c)
		}
		return n, true
	case serial == 7:
		return math.Float64frombits(binary.BigEndian.Uint64(b)), true
	case serial <= 9:
		return serial - 8, true
	case serial < 12:
		return nil, false // kept for SQLite's own use
	case serial%2 == 0:
		return append([]byte{}, b...), true
	}
	return string(b), true
}

// varint reads a number of one to nine bytes, the first ones with seven bits
// each, the highest first. It returns the bytes read: none if b ends before.
func varint(b []byte) (int64, int) {
	var v uint64
	for i := range min(len(b), 9) {
		if i == 8 {
			return int64(v<<8 | uint64(b[8])), 9
		}
		v = v<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return int64(v), i + 1
		}
	}
	return 0, 0
}
