package sqlite

import (
	"context"
	"encoding/binary"
	"io"
	"iter"
	"slices"
)

const (
	magic       = "SQLite format 3\x00" // the first bytes of page 1
	fileHeader  = 100                   // bytes of page 1 before its b-tree
	usualPage   = 4096                  // bytes; what our files have, if the header does not say
	lockByte    = 1 << 30               // the page with this byte has nothing else
	walHeader   = 32                    // bytes
	frameHeader = 24
	maxVisits   = 4 // how often a page of overflow is followed
)

// A wreck is a database file of which nothing is believed, with its
// write-ahead log. It is only read.
type wreck struct {
	main, log io.ReaderAt
	bytes     int64       // of both
	size      int         // bytes of a page
	usable    int         // of those, what SQLite uses
	pages     []wreckPage // by number, from 1
	said      int         // how many there are to be, as the header says; 0: it says nothing
	older     []frame     // copies of pages that newer ones stand in front of, the newest first
	torn      bool        // the log has frames that cannot be read, or is none
	chain     []byte      // a page, for overflow
}

// A wreckPage is what is known of a page.
type wreckPage struct {
	frame  int64 // where its newest copy stands in the log; zero: in the file
	visits uint8 // as a page of overflow
	free   bool  // it is in no use, and may have rows that were deleted
	odd    bool  // it is no page of a b-tree
}

// A frame is a copy of a page.
type frame struct {
	page uint32
	from io.ReaderAt
	at   int64
}

// survey reads what a file and its log say of themselves. There may be no log.
func survey(main io.ReaderAt, size int64, log io.ReaderAt, logSize int64) *wreck {
	w := &wreck{main: main, log: log, bytes: size + logSize, size: usualPage}
	head := make([]byte, fileHeader)
	n, _ := main.ReadAt(head, 0)
	whole := n == fileHeader && string(head[:len(magic)]) == magic
	if b := pageSize(uint32(binary.BigEndian.Uint16(head[16:]))); whole && b > 0 {
		w.size = b
	}
	frames := w.frames(logSize, !whole)
	w.usable = w.size
	if whole && w.size-int(head[20]) >= 480 {
		w.usable -= int(head[20])
	}
	w.chain = make([]byte, w.size)
	inFile := (size + int64(w.size) - 1) / int64(w.size)
	most := inFile + logSize/int64(w.size+frameHeader) // that file and log can have together
	w.pages = make([]wreckPage, inFile)
	for _, f := range frames {
		if int64(f.page) > most {
			continue
		}
		for int(f.page) > len(w.pages) {
			w.pages = append(w.pages, wreckPage{})
		}
		if p := &w.pages[f.page-1]; p.frame == 0 {
			p.frame = f.at
		} else {
			w.older = append(w.older, f)
		}
	}
	for i := range inFile {
		if w.pages[i].frame != 0 {
			w.older = append(w.older, frame{uint32(i + 1), main, i * int64(w.size)})
		}
	}
	w.readFirst()
	return w
}

// pageSize returns the bytes of a page for what a header says: zero for what
// is no size.
func pageSize(n uint32) int {
	if n == 1 {
		n = 1 << 16
	}
	if n < 512 || n > 1<<16 || n&(n-1) != 0 {
		return 0
	}
	return int(n)
}

// frames returns the frames of the log that were committed, the newest first
// (https://www.sqlite.org/fileformat2.html, section 4). With sizeOfLog, the
// log says how big a page is.
//
// The checksum of a frame goes on with that of the one before it, so each can
// be checked with what stands there. SQLite stops at the first that is broken;
// those behind it were committed too, and are taken.
func (w *wreck) frames(size int64, sizeOfLog bool) []frame {
	if size == 0 {
		return nil
	}
	head := make([]byte, walHeader)
	if n, _ := w.log.ReadAt(head, 0); n < walHeader {
		w.torn = true
		return nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[3]&1 != 0 {
		order = binary.BigEndian
	}
	salt, last := [8]byte(head[16:]), [8]byte(head[24:])
	known := binary.BigEndian.Uint32(head)&^1 == 0x377f0682 && walSum(order, [8]byte{}, head[:24]) == last
	if b := pageSize(binary.BigEndian.Uint32(head[8:])); known && sizeOfLog && b > 0 {
		w.size = b
	}
	w.torn = !known
	var frames []frame
	committed := 0
	buf := make([]byte, frameHeader+w.size)
	for at := int64(walHeader); at+int64(len(buf)) <= size; at += int64(len(buf)) {
		if _, err := w.log.ReadAt(buf, at); err != nil {
			w.torn = true
			continue
		}
		page, sum := binary.BigEndian.Uint32(buf), [8]byte(buf[16:])
		whole := page > 0 && walSum(order, walSum(order, last, buf[:8]), buf[frameHeader:]) == sum
		last = sum
		if whole && !known {
			salt, known = [8]byte(buf[8:]), true // the first whole frame says what the header did
		}
		if [8]byte(buf[8:]) != salt {
			continue // it is of before the log was last begun anew, or of nothing
		}
		if whole {
			frames = append(frames, frame{page, w.log, at + frameHeader})
		} else {
			w.torn = true
		}
		if binary.BigEndian.Uint32(buf[4:]) != 0 { // the last of a commit
			committed = len(frames)
		}
	}
	frames = frames[:committed]
	slices.Reverse(frames)
	return frames
}

// walSum is the checksum of the log, from sum on.
func walSum(order binary.ByteOrder, sum [8]byte, b []byte) [8]byte {
	s0, s1 := binary.BigEndian.Uint32(sum[:]), binary.BigEndian.Uint32(sum[4:])
	for ; len(b) >= 8; b = b[8:] {
		s0 += order.Uint32(b) + s1
		s1 += order.Uint32(b[4:]) + s0
	}
	binary.BigEndian.PutUint32(sum[:], s0)
	binary.BigEndian.PutUint32(sum[4:], s1)
	return sum
}

// read reads the newest copy of page n, which there is, into buf.
func (w *wreck) read(n uint32, buf []byte) ([]byte, error) {
	if at := w.pages[n-1].frame; at != 0 {
		return readPage(frame{n, w.log, at}, buf)
	}
	return readPage(frame{n, w.main, int64(n-1) * int64(w.size)}, buf)
}

// readPage reads a copy of a page into buf: the last one of a cut file is
// shorter than others.
func readPage(f frame, buf []byte) ([]byte, error) {
	n, err := f.from.ReadAt(buf, f.at)
	if err != nil && err != io.EOF {
		return nil, err
	}
	return buf[:n], nil
}

// readFirst reads what page 1 says of the others: how many there are, and
// which are free.
func (w *wreck) readFirst() {
	if len(w.pages) == 0 {
		return
	}
	buf := make([]byte, w.size)
	page, err := w.read(1, buf)
	if err != nil || len(page) < fileHeader || string(page[:len(magic)]) != magic {
		return
	}
	if binary.BigEndian.Uint32(page[24:]) == binary.BigEndian.Uint32(page[92:]) {
		w.said = int(binary.BigEndian.Uint32(page[28:]))
	}
	there := func(n uint32) bool { return n > 1 && int64(n) <= int64(len(w.pages)) }
	trunk := binary.BigEndian.Uint32(page[32:])
	for there(trunk) && !w.pages[trunk-1].free {
		if page, err = w.read(trunk, buf); err != nil || len(page) < w.size {
			return
		}
		leaves := int64(binary.BigEndian.Uint32(page[4:]))
		if leaves > int64(w.usable/4-2) {
			return // it is none
		}
		t := &w.pages[trunk-1]
		t.free = true
		for i := range leaves {
			// One that was written later than the list is in use again.
			if leaf := binary.BigEndian.Uint32(page[8+4*i:]); there(leaf) && w.pages[leaf-1].frame <= t.frame {
				w.pages[leaf-1].free = true
			}
		}
		trunk = binary.BigEndian.Uint32(page)
	}
}

// rows returns the rows of each page, as long as ctx lasts, and adds what
// cannot be read to r. A row may come more than once: the newest copy of a
// page is before all older ones, which come only if something is broken, and
// then without the rows that go on in other pages, for these may have changed.
func (w *wreck) rows(ctx context.Context, r *Repaired) iter.Seq[[]carved] {
	return func(yield func([]carved) bool) {
		buf := make([]byte, w.size)
		r.Pages = max(len(w.pages), w.said)
		r.Unread = r.Pages - len(w.pages)
		for i := range w.pages {
			p, n := &w.pages[i], uint32(i+1)
			if ctx.Err() != nil {
				return
			}
			if p.free || int64(i) == lockByte/int64(w.size) {
				continue
			}
			page, err := w.read(n, buf)
			if err != nil {
				r.Unread++
				continue
			}
			rows, broken, ok := w.rowsOf(n, page)
			r.Broken += broken
			if p.odd = !ok; len(rows) > 0 && !yield(rows) {
				return
			}
		}
		for _, p := range w.pages {
			if p.odd && p.visits == 0 {
				r.Unread++
			}
		}
		if r.Unread == 0 && r.Broken == 0 && !w.torn {
			return
		}
		w.pages = nil // so that nothing goes on in another page
		for _, f := range w.older {
			if ctx.Err() != nil {
				return
			}
			page, err := readPage(f, buf)
			if err != nil {
				continue
			}
			if rows, _, _ := w.rowsOf(f.page, page); len(rows) > 0 && !yield(rows) {
				return
			}
		}
	}
}
