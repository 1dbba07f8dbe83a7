package engine

import (
	"hash/maphash"
	"slices"
)

// A memSeen is a set of fingerprints, by batch. It keeps of each the id of the
// job that has it and 16 bits of its hash, and takes the fingerprint itself from
// the job: that is 7 to 9 bytes for each. The zero memSeen is empty.
//
// It is in many parts, each of which grows by itself and by a quarter, so that
// it neither stands half empty nor keeps anybody waiting while all of it moves.
type memSeen struct{ parts []memPart }

// memParts is how many parts there are; their number is the upper bits of a
// hash. At a million fingerprints, a thousand are in each.
const memParts = 1 << 10

// A memPart is a table of open addressing. A fingerprint stands where its tag
// says, as a share of the length, or behind that: so that it finds its place in
// a longer table too.
type memPart struct {
	tags []uint16 // zero: nothing is here
	ids  []uint32
	n    int
}

// add puts in that the job of that id has a fingerprint with that hash, unless
// a job that is in has the same one, which same tells. It reports whether it
// did.
func (s *memSeen) add(hash uint64, id uint32, same func(id uint32) bool) bool {
	if s.parts == nil {
		s.parts = make([]memPart, memParts)
	}
	p := &s.parts[hash%memParts]
	tag := max(uint16(hash>>48), 1)
	if p.n+1 > len(p.tags)/8*7 {
		p.grow(len(p.tags) + max(len(p.tags)/4, 8))
	}
	at := p.home(tag)
	for ; p.tags[at] != 0; at = p.behind(at) {
		if p.tags[at] == tag && same(p.ids[at]) {
			return false
		}
	}
	p.tags[at], p.ids[at] = tag, id
	p.n++
	return true
}

// expect makes room for about n more fingerprints, so that adding them is
// quicker. What is beyond four million is not believed before it comes.
func (s *memSeen) expect(n int) {
	n = min(n, 1<<22)
	if n < memParts {
		return // as likely in one part as in another
	}
	if s.parts == nil {
		s.parts = make([]memPart, memParts)
	}
	for i := range s.parts {
		p := &s.parts[i]
		// Parts differ by some fingerprints. A few may have to grow.
		if size := (p.n+n/memParts)*6/5 + 8; size > len(p.tags) {
			p.grow(size)
		}
	}
}

func (p *memPart) home(tag uint16) int { return int(uint64(tag) * uint64(len(p.tags)) >> 16) }

func (p *memPart) behind(at int) int {
	if at++; at == len(p.tags) {
		return 0
	}
	return at
}

// grow makes a table longer, at least so long.
func (p *memPart) grow(size int) {
	was := *p
	// Grow rounds up to what is taken from memory in any case.
	p.tags, p.ids = slices.Grow[[]uint16](nil, size), slices.Grow[[]uint32](nil, size)
	size = min(cap(p.tags), cap(p.ids))
	p.tags, p.ids = p.tags[:size], p.ids[:size]
	for i, tag := range was.tags {
		if tag == 0 {
			continue
		}
		at := p.home(tag)
		for p.tags[at] != 0 {
			at = p.behind(at)
		}
		p.tags[at], p.ids[at] = tag, was.ids[i]
	}
}

// mark reports whether no job of the batch has the fingerprint yet. If so, the
// job of that id is the one that has it.
func (f *Frontier) mark(b *memBatch, fingerprint string, by uint32) bool {
	return f.seen.add(f.hash(b.ID, fingerprint), by, func(id uint32) bool {
		j := f.job(id)
		site := f.origin(j)
		return site.lane.batch == b && f.urls.has(site.first, j.url.ref(), fingerprint)
	})
}

// hashing returns a hash of the fingerprints of batches that nobody outside can
// foresee.
func hashing() func(BatchID, string) uint64 {
	seed := maphash.MakeSeed()
	return func(b BatchID, fingerprint string) uint64 {
		return (maphash.String(seed, fingerprint) ^ uint64(b)) * 0x9e3779b97f4a7c15 // 2^64 by the golden ratio
	}
}
