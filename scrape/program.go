package scrape

import (
	"math/bits"
	"slices"
)

// A program finds what several selectors select in one walk over a tree.
//
// A chain of n compounds has n bits side by side. An element has the bit of a
// compound if it matches it and hangs, as the chain says, on an element that has
// the bit before. Whether it may is known when the walk comes to it: "a b" asks
// for a bit of any element around it, "a > b" of its parent, "a + b" of the
// element before it and "a ~ b" of any before it. So an element is asked only
// for compounds that carry on what its neighbours have, each once. That is at
// most elements x compounds steps, whatever the page: there is no searching and
// no trying again.
//
// A program is immutable.
type program struct {
	ids   map[*selector]int
	parts []part // by bit
	pre   []*condition

	// Masks of bits, in words of 64: those that hang on nothing, those that
	// are the scope, and those that the next one hangs on by the combinator.
	first, scopes, down, child, next, later []uint64

	bound *program // of the chains that begin at the scope; nil: none do
}

// A part is a compound of a program.
type part struct {
	test
	ends int // the selector of which it is the last; -1: none
}

// newProgram compiles selectors, leaving out nil and odd ones.
func newProgram(sels ...*selector) *program {
	p := &program{ids: map[*selector]int{}, bound: &program{}}
	for id, sel := range sels {
		if sel == nil || sel.odd {
			continue
		}
		p.ids[sel] = id
		for _, c := range sel.any {
			if c[0].scope {
				p.bound.add(c, id)
			} else {
				p.add(c, id)
			}
		}
	}
	if p.bound.parts == nil {
		p.bound = nil
	}
	return p
}

// id returns the number of a selector that p was made of.
func (p *program) id(sel *selector) (int, bool) {
	if p == nil {
		return 0, false
	}
	id, ok := p.ids[sel]
	return id, ok
}

func (p *program) words() int { return len(p.first) }

// add gives the bits of one word to a chain.
func (p *program) add(c chain, id int) {
	if len(p.parts)+len(c) > 64*p.words() {
		p.parts = append(p.parts, make([]part, 64*p.words()-len(p.parts))...)
		for _, mask := range []*[]uint64{&p.first, &p.scopes, &p.down, &p.child, &p.next, &p.later} {
			*mask = append(*mask, 0)
		}
	}
	for i := range c {
		word, bit := len(p.parts)/64, uint64(1)<<(len(p.parts)%64)
		switch {
		case c[i].link == ' ':
			p.down[word] |= bit >> 1
		case c[i].link == '>':
			p.child[word] |= bit >> 1
		case c[i].link == '+':
			p.next[word] |= bit >> 1
		case c[i].link == '~':
			p.later[word] |= bit >> 1
		case c[i].scope:
			p.scopes[word] |= bit
		default:
			p.first[word] |= bit
		}
		p.parts = append(p.parts, part{test: c[i].test, ends: -1})
		p.pre = append(p.pre, c[i].test.marked...)
	}
	p.parts[len(p.parts)-1].ends = id
}

// Hits are the elements that the selectors of a program select.
type hits struct {
	of    *program
	row   int32     // the scope of a bound program; -1: none yet
	found [][]int32 // of each selector, ascending; one twice if two alternatives select it
}

// between returns those of a selector from lo to before hi.
func (h *hits) between(id int, lo, hi int32) []int32 {
	if id >= len(h.found) {
		return nil
	}
	list := h.found[id]
	from, _ := slices.BinarySearch(list, lo)
	to, _ := slices.BinarySearch(list[from:], hi)
	return list[from : from+to]
}

func (h *hits) add(id int, i int32) {
	for len(h.found) <= id {
		h.found = append(h.found, nil)
	}
	h.found[id] = append(h.found[id], i)
}

// hitsOf returns the hits of p, empty at first, and whether they are new.
func (t *tree) hitsOf(p *program) (h *hits, fresh bool) {
	for i := range t.hits {
		if t.hits[i].of == p {
			return t.hits[i], false
		}
	}
	n := len(t.hits)
	if n < cap(t.hits) {
		t.hits = t.hits[:n+1]
	} else {
		t.hits = append(t.hits, nil)
	}
	if t.hits[n] == nil {
		t.hits[n] = &hits{}
	}
	h = t.hits[n]
	h.reset(p)
	return h, true
}

func (h *hits) reset(p *program) {
	h.of, h.row = p, -1
	for i := range h.found {
		h.found[i] = h.found[i][:0]
	}
}

// whole returns what the chains of p that have no scope select on the page.
func (t *tree) whole(w *work, p *program) *hits {
	h, fresh := t.hitsOf(p)
	if fresh && p.parts != nil {
		t.prepare(w, p)
		clear(t.self[:p.words()])
		clear(t.above[:p.words()])
		t.run(w, p, 1, int32(len(t.elems)), h)
	}
	return h
}

// inside returns what a bound program selects of an element, as the scope, and of
// what is below it. Rows are asked about in turn: the answer for one takes the
// place of the one before.
func (t *tree) inside(w *work, p *program, row int32) *hits {
	h, _ := t.hitsOf(p)
	if h.row == row {
		return h
	}
	h.reset(p)
	h.row = row
	t.prepare(w, p)
	self := t.self[int(row)*p.words():][:p.words()]
	clear(self)
	for word, mask := range p.scopes {
		for ; mask != 0; mask &= mask - 1 {
			bit := bits.TrailingZeros64(mask)
			part := &p.parts[word*64+bit]
			if !part.bare() && (row == 0 || !part.holds(w, t, row)) { // the document is no element
				continue
			}
			self[word] |= 1 << bit
			if part.ends >= 0 && row > 0 {
				h.add(part.ends, row)
			}
		}
	}
	copy(t.above[int(row)*p.words():], self)
	t.run(w, p, row+1, t.elems[row].end, h)
	return h
}

// prepare makes room for the bits of p and finds what its conditions ask for.
func (t *tree) prepare(w *work, p *program) {
	for _, c := range p.pre {
		t.mark(w, c)
	}
	n := len(t.elems) * p.words()
	for _, b := range []*[]uint64{&t.self, &t.above, &t.before} {
		*b = slices.Grow((*b)[:0], n)[:n]
	}
}

// run walks over the elements from lo to before hi. Their parents outside have
// their bits already.
func (t *tree) run(w *work, p *program, lo, hi int32, h *hits) {
	words := int32(p.words())
	for i := lo; i < hi; {
		e := &t.elems[i]
		steps, going := 1, uint64(0) // what may carry on below
		for k := range words {
			at, up := i*words+k, e.parent*words+k
			may := t.above[up]&p.down[k] | t.self[up]&p.child[k]
			if p.next[k]|p.later[k] != 0 {
				t.before[at] = 0
				if e.prev > 0 {
					prev := e.prev*words + k
					t.before[at] = t.before[prev] | t.self[prev]
					may |= t.self[prev]&p.next[k] | t.before[at]&p.later[k]
				}
			}
			may = may<<1 | p.first[k]
			self := uint64(0)
			for ; may != 0; may &= may - 1 {
				bit := bits.TrailingZeros64(may)
				steps++
				part := &p.parts[int(k)*64+bit]
				if !part.holds(w, t, i) {
					continue
				}
				self |= 1 << bit
				if part.ends >= 0 {
					h.add(part.ends, i)
				}
			}
			t.self[at], t.above[at] = self, t.above[up]|self
			going |= p.first[k] | t.above[at]&p.down[k] | self&p.child[k]
		}
		if !w.spend(steps) {
			return
		}
		if going == 0 {
			i = e.end
		} else {
			i++
		}
	}
}
