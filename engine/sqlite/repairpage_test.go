package sqlite

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"testing"
)

func TestAscending(t *testing.T) {
	for _, tc := range []struct{ in, want []int64 }{
		{nil, nil},
		{[]int64{1, 2, 3}, []int64{1, 2, 3}},
		{[]int64{1, 2, 3 + 1<<40, 4, 5}, []int64{1, 2, 4, 5}},
		{[]int64{1 << 40, 2, 3}, []int64{2, 3}},
		{[]int64{10, 11, 3, 13, 14}, []int64{10, 11, 13, 14}},
		{[]int64{10, 11, 11, 12}, []int64{10, 11, 12}},
		{[]int64{10, 11, -12, 13}, []int64{10, 11, 13}},
	} {
		var rows []carved
		for _, id := range tc.in {
			rows = append(rows, carved{id: id})
		}
		rows, astray := ascending(rows)
		var got []int64
		for _, r := range rows {
			got = append(got, r.id)
		}
		if !slices.Equal(got, tc.want) || astray != len(tc.in)-len(tc.want) {
			t.Errorf("ascending(%v) = %v, %d astray; want %v", tc.in, got, astray, tc.want)
		}
	}
}

// A page that says that it has many long rows does not make many bytes of it,
// and a row that goes on for ever ends.
func TestRowsOfCraftedPages(t *testing.T) {
	const size, cells = 1 << 16, 10000
	// A leaf whose cells are all the same one, of a text of 10000 bytes, or of
	// more that goes on in page 3.
	crafted := func(length, local int, next, last uint32) *wreck {
		record := []byte{4, 0, 0, 0}
		put := func(at []byte, v int) { at[0], at[1], at[2] = byte(v>>14)|0x80, byte(v>>7)|0x80, byte(v&0x7f) }
		put(record[1:], 13+2*length)
		cell := make([]byte, 3)
		put(cell, len(record)+length)
		cell = append(cell, record...)
		cell = append(cell, make([]byte, local-len(record))...)
		if next > 0 {
			cell = binary.BigEndian.AppendUint32(cell, next)
		}
		file := make([]byte, 4*size)
		copy(file, magic)
		file[17] = 1 // a page has 64 KiB
		page := file[size : 2*size]
		page[0] = byte(indexLeaf)
		binary.BigEndian.PutUint16(page[3:], cells)
		copy(page[size-len(cell):], cell)
		for i := range cells {
			binary.BigEndian.PutUint16(page[8+2*i:], uint16(size-len(cell)))
		}
		binary.BigEndian.PutUint32(file[2*size:], 4) // page 3 goes on in page 4
		binary.BigEndian.PutUint32(file[3*size:], last)
		return survey(bytes.NewReader(file), int64(len(file)), nil, 0)
	}
	rows := func(w *wreck, page uint32) int {
		t.Helper()
		b, err := w.read(page, make([]byte, size))
		if err != nil {
			t.Fatal(err)
		}
		rows, broken, ok := w.rowsOf(page, b)
		if len(rows)+broken != cells || !ok {
			t.Errorf("%d rows and %d broken ones, %v; want %d together", len(rows), broken, ok, cells)
		}
		return len(rows)
	}
	w := crafted(10000, 10004, 0, 0)
	if got, want := rows(w, 2), 2*size/10007; got != want {
		t.Errorf("%d rows of 10000 bytes come out of a page, want %d", got, want)
	}
	w = crafted(2*size-100, w.local(indexLeaf, 2*size-96), 3, 0)
	if got := rows(w, 2); got != maxVisits {
		t.Errorf("%d rows go on in the same pages, want %d", got, maxVisits)
	}
	w = crafted(2*size-100, w.local(indexLeaf, 2*size-96), 4, 0)
	if got := rows(w, 2); got != 0 {
		t.Errorf("%d rows go on in too few pages, want none", got)
	}
	w = crafted(2*size-100, w.local(indexLeaf, 2*size-96), 3, 1)
	if got := rows(w, 2); got != 0 {
		t.Errorf("%d rows go on in too many pages, want none", got)
	}
}

// Whatever a file and its log have: every page is looked at, and no byte comes
// out of it more than a few times, so the work is bounded.
func FuzzRows(f *testing.F) {
	page := make([]byte, 512)
	copy(page, magic)
	page[16], page[fileHeader] = 2, byte(tableLeaf)
	leaf := make([]byte, 512)
	copy(leaf, []byte{byte(tableLeaf), 0, 0, 0, 2, 0, 0, 0, 0, 0x01, 0xf0, 0x01, 0x00})
	copy(leaf[0x1f0:], []byte{5, 1, 3, 1, 0x11, 7, 'a', 'b'})
	copy(leaf[0x100:], []byte{0x87, 0x68, 2, 3, 0, 0x8f, 0x4d})
	astray := make([]byte, 512)
	copy(astray, []byte{byte(tableLeaf), 0, 0, 0, 3, 0, 0, 0, 0x01, 0xf8, 0x01, 0xf0, 0x01, 0xe8})
	for i, id := range []byte{4, 70, 5} {
		copy(astray[0x1e8+8*i:], []byte{3, id, 2, 1, 9})
	}
	f.Add(append(slices.Clone(page), astray...), []byte{})
	f.Add(append(page, leaf...), []byte{0x37, 0x7f, 6, 0x82})
	f.Add(leaf, bytes.Repeat([]byte{0}, 1000))
	f.Fuzz(func(t *testing.T, main, log []byte) {
		w := survey(bytes.NewReader(main), int64(len(main)), bytes.NewReader(log), int64(len(log)))
		var r Repaired
		var size int
		for rows := range w.rows(t.Context(), &r) {
			if len(rows) == 0 {
				t.Error("a page without rows")
			}
			if rows[0].id != 0 && !slices.IsSortedFunc(rows, func(a, b carved) int { return cmp.Or(cmp.Compare(a.id, b.id), 1) }) {
				t.Errorf("the rows of a page are out of order: %v", rows)
			}
			for _, row := range rows {
				for _, v := range row.vals {
					switch v := v.(type) {
					case string:
						size += len(v)
					case []byte:
						size += len(v)
					}
				}
			}
		}
		// A page's own bytes twice, those of overflow maxVisits times.
		if most := (2 + maxVisits) * (len(main) + len(log) + 2*w.size); size > 2*most {
			t.Errorf("%d bytes of rows come out of %d and %d", size, len(main), len(log))
		}
		if r.Unread > r.Pages {
			t.Errorf("%d of %d pages are unread", r.Unread, r.Pages)
		}
	})
}
