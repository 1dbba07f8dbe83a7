package engine

import (
	"encoding/binary"
	"iter"
	"sort"
	"strings"
	"time"
)

// This file is what a MemStore keeps of a result: a row of bytes, of 40 to 50
// where a Result has 360 and what it points to. The rows are in an arena, in the
// order of Num. The records of a page stay as they are. What the job has, its
// URL among it, is not in the row.

// A memRow is where a row is.
type memRow = memRef

const (
	memWords = 4096 // most strings that are kept once; others stand in their rows
	memWord  = 64   // bytes of the longest of them
)

// keep keeps a result in the place of the one that its job had, in the row that
// was. The bytes of that one are not used again.
func (s *MemStore) keep(r *Result, was uint64) uint64 {
	p := memPacker{s.packed[:0], s}
	p.buf = append(p.buf, byte(r.Outcome))
	p.num(int64(r.Num))
	p.num(int64(r.Job) - int64(r.Num)) // often a small one
	p.word(string(r.Class))
	p.text(r.Error)
	p.text(r.Final)
	p.text(r.Title)
	status := int64(r.Status) << 1
	if r.Unchanged {
		status |= 1
	}
	p.num(status)
	p.num(int64(r.Attempts))
	p.num(r.Bytes)
	p.num(int64(r.Elapsed))
	p.num(int64(s.since(r.FetchedAt)))
	for _, d := range r.Timing.all() {
		p.num(int64(*d))
	}
	if p.size(len(r.Header), r.Header == nil) {
		for i := range r.Header {
			p.word(r.Header[i].Name)
			p.text(r.Header[i].Value)
		}
	}
	if p.size(len(r.History), r.History == nil) {
		for i := range r.History {
			a := &r.History[i]
			p.num(int64(a.Status))
			p.word(string(a.Class))
			p.num(int64(a.Elapsed))
			p.num(int64(a.Waited))
			p.word(a.Why)
		}
	}
	if p.size(len(r.Findings), r.Findings == nil) {
		for i := range r.Findings {
			f := &r.Findings[i]
			p.word(f.Kind)
			p.num(int64(f.Row))
			p.num(int64(f.Col))
			p.word(f.Field)
			p.word(f.Selector)
			p.text(f.Raw)
		}
	}
	s.packed = p.buf

	delete(s.records, memRow(was))
	var size [binary.MaxVarintLen32]byte
	row := s.rows.put(binary.AppendUvarint(size[:0], uint64(len(p.buf))), p.buf)
	if r.Records != nil {
		s.records[row] = r.Records
	}
	return uint64(row)
}

// A memHead is what a row begins with.
type memHead struct {
	outcome Outcome
	num     uint64
	job     uint32
}

// head reads that, and leaves the rest of the row in p.
func (p *memPacker) head() memHead {
	_, size := binary.Uvarint(p.buf)
	h := memHead{outcome: Outcome(p.buf[size])}
	p.buf = p.buf[size+1:]
	h.num = uint64(p.getNum())
	h.job = uint32(int64(h.num) + p.getNum())
	return h
}

// read returns what reads a row.
func (s *MemStore) read(row memRow) memPacker { return memPacker{s.rows.bytes(row), s} }

// rowsAfter passes over the rows with a higher Num, in their order.
func (s *MemStore) rowsAfter(num uint64) iter.Seq2[memRow, memHead] {
	return func(yield func(memRow, memHead) bool) {
		blocks := s.rows.blocks
		// The first is in the last block that does not begin with one of them.
		from := sort.Search(len(blocks), func(i int) bool {
			p := memPacker{blocks[i], s}
			return p.head().num > num
		})
		for i := max(from-1, 0); i < len(blocks); i++ {
			for at := 0; at < len(blocks[i]); {
				p := memPacker{blocks[i][at:], s}
				length, size := binary.Uvarint(p.buf)
				if h := p.head(); h.num > num && !yield(s.rows.ref(i, at), h) {
					return
				}
				at += size + int(length)
			}
		}
	}
}

// result returns the result that a row was made of.
func (s *MemStore) result(row memRow) Result {
	p := s.read(row)
	r := s.bare(&p)
	if n, ok := p.getSize(); ok {
		r.Header = make([]Header, n)
		for i := range r.Header {
			r.Header[i] = Header{p.getWord(), p.getText()}
		}
	}
	if n, ok := p.getSize(); ok {
		r.History = make([]Attempt, n)
		for i := range r.History {
			a := &r.History[i]
			a.Status, a.Class = int(p.getNum()), Class(p.getWord())
			a.Elapsed, a.Waited = time.Duration(p.getNum()), time.Duration(p.getNum())
			a.Why = p.getWord()
		}
	}
	if n, ok := p.getSize(); ok {
		r.Findings = make([]Finding, n)
		for i := range r.Findings {
			f := &r.Findings[i]
			f.Kind, f.Row, f.Col = p.getWord(), int(p.getNum()), int(p.getNum())
			f.Field, f.Selector, f.Raw = p.getWord(), p.getWord(), p.getText()
		}
	}
	r.Records = s.records[row]
	return r
}

// state returns what screens are told of that result. It makes nothing of the
// lists in it.
func (s *MemStore) state(row memRow) JobState {
	p := s.read(row)
	r := s.bare(&p)
	state := r.State()
	for n, _ := p.getSize(); n > 0; n-- { // headers
		p.skipWord()
		p.skipText()
	}
	for n, _ := p.getSize(); n > 0; n-- { // attempts
		p.getNum()
		p.skipWord()
		p.getNum()
		p.getNum()
		p.skipWord()
	}
	if n, _ := p.getSize(); n > 0 {
		state.Findings, state.Finding = n, p.getWord()
	}
	state.Records = len(s.records[row])
	return state
}

// bare reads what a row begins with: the result but for its lists.
func (s *MemStore) bare(p *memPacker) Result {
	h := p.head()
	j := s.job(h.job)
	l := s.lane(j)
	r := Result{Outcome: h.outcome, Num: h.num, Job: JobID(h.job), Batch: l.batch.ID, URL: s.url(j), Host: l.host}
	r.Class = Class(p.getWord())
	r.Error, r.Final, r.Title = p.getText(), p.getText(), p.getText()
	status := p.getNum()
	r.Status, r.Unchanged = int(status>>1), status&1 != 0
	r.Attempts, r.Bytes = int(p.getNum()), p.getNum()
	r.Elapsed = time.Duration(p.getNum())
	r.FetchedAt = s.time(memTime(p.getNum()))
	for _, d := range r.Timing.all() {
		*d = time.Duration(p.getNum())
	}
	return r
}

func (t *Timing) all() [7]*time.Duration {
	return [...]*time.Duration{&t.Waited, &t.DNS, &t.Connect, &t.TLS, &t.FirstByte, &t.Body, &t.Extract}
}

// A memPacker writes a row, or reads it in the same order.
type memPacker struct {
	buf []byte
	s   *MemStore
}

func (p *memPacker) num(n int64) { p.buf = binary.AppendVarint(p.buf, n) }

func (p *memPacker) getNum() int64 {
	n, size := binary.Varint(p.buf)
	p.buf = p.buf[size:]
	return n
}

func (p *memPacker) text(t string) {
	p.num(int64(len(t)))
	p.buf = append(p.buf, t...)
}

func (p *memPacker) getText() string {
	n := p.getNum()
	t := string(p.buf[:n])
	p.buf = p.buf[n:]
	return t
}

func (p *memPacker) skipText() {
	n := p.getNum()
	p.buf = p.buf[n:]
}

// word writes a string that many results have: the number of it, from 1, or
// zero and the string.
func (p *memPacker) word(w string) {
	n, ok := p.s.numbers[w]
	if !ok && len(w) <= memWord && len(p.s.words) < memWords {
		w = strings.Clone(w) // it may be a part of a page
		p.s.words = append(p.s.words, w)
		n = len(p.s.words)
		p.s.numbers[w] = n
	}
	if p.num(int64(n)); n == 0 {
		p.text(w)
	}
}

func (p *memPacker) getWord() string {
	if n := p.getNum(); n > 0 {
		return p.s.words[n-1]
	}
	return p.getText()
}

func (p *memPacker) skipWord() {
	if p.getNum() == 0 {
		p.skipText()
	}
}

// size writes the length of a list, which may be nil, and reports whether
// there is one.
func (p *memPacker) size(n int, none bool) bool {
	if none {
		n = -1
	}
	p.num(int64(n))
	return n > 0
}

func (p *memPacker) getSize() (n int, ok bool) {
	n = int(p.getNum())
	return n, n >= 0
}
