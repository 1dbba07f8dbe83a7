package engine

import (
	"encoding/binary"
	"strings"
	"time"
)

// This file is what a MemStore keeps of a result: a row of bytes, of 40 to 50
// where a Result has 360 and what it points to, put one after another in
// blocks. The records of a page stay as they are. What the job has, its URL
// among it, is not in the row.

// A memRow says where a row is: its block, counted from 1, in the upper half,
// and its first byte in the lower. Zero is no row.
type memRow uint64

const (
	memBlock = 64 << 10 // bytes of a block; a longer row has one for itself
	memWords = 4096     // most strings that are kept once; others stand in their rows
	memWord  = 64       // bytes of the longest of them
)

// keep keeps a result in the place of the one that its job had, in the row that
// was. The bytes of that one are not used again.
func (s *MemStore) keep(r *Result, was uint64) uint64 {
	p := memPacker{s.packed[:0], s}
	p.buf = append(p.buf, byte(r.Outcome))
	p.num(int64(r.Job))
	p.num(int64(r.Num))
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
	row := s.put(p.buf)
	s.rows = append(s.rows, row)
	if r.Records != nil {
		s.records[row] = r.Records
	}
	return uint64(row)
}

// put puts a row at the end of the last block, or into a new one.
func (s *MemStore) put(row []byte) memRow {
	last := len(s.blocks) - 1
	if last < 0 || cap(s.blocks[last])-len(s.blocks[last]) < len(row) {
		s.blocks = append(s.blocks, make([]byte, 0, max(memBlock, len(row))))
		last++
	}
	at := len(s.blocks[last])
	s.blocks[last] = append(s.blocks[last], row...)
	return memRow(last+1)<<32 | memRow(at)
}

// bytes returns what begins with a row.
func (s *MemStore) bytes(row memRow) []byte { return s.blocks[row>>32-1][uint32(row):] }

// outcome returns how the job of a row ended, and head also which it is and
// its Num.
func (s *MemStore) outcome(row memRow) Outcome { return Outcome(s.bytes(row)[0]) }

func (s *MemStore) head(row memRow) (j *memJob, num uint64) {
	p := memPacker{s.bytes(row)[1:], s}
	return s.job(uint32(p.getNum())), uint64(p.getNum())
}

// result returns the result that a row was made of.
func (s *MemStore) result(row memRow) Result {
	p := memPacker{s.bytes(row), s}
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
	p := memPacker{s.bytes(row), s}
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
	r := Result{Outcome: Outcome(p.buf[0])}
	p.buf = p.buf[1:]
	j := s.job(uint32(p.getNum()))
	l := j.site.lane
	r.Job, r.Batch, r.URL, r.Host = JobID(j.id), l.batch.ID, j.url, l.host
	r.Num = uint64(p.getNum())
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
