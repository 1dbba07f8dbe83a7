package ui

import (
	"cmp"
	"iter"
	"slices"
	"sort"
)

// blockLen is how many slots a block of a ranking has at most: 1 KB of them.
const blockLen = 256

// A ranking is slots in the order of a list, smallest first, each once. It
// keeps them in blocks: a slot that comes or goes moves those of its block and
// no others, so that it costs about the same in a list of a million as in one
// of a thousand.
//
// The zero ranking is empty.
type ranking struct {
	blocks []block
	n      int   // slots in them
	starts []int // the places of the first slots of blocks, as far as they are known
}

// A block is some slots that follow each other, and what the first of them is
// sorted by: which block a slot is in is found without a look at records.
type block struct {
	slots []uint32 // never empty
	head  sortKey
}

// newRanking returns the ranking of slots, which are in order. It copies them.
func newRanking(slots []uint32, o *order) *ranking {
	const roomy = blockLen * 7 / 8 // one more may come anywhere
	return &ranking{blocks: blocksOf(slots, roomy, o), n: len(slots)}
}

// blocksOf returns slots in blocks of the same length, which is at most size.
func blocksOf(slots []uint32, size int, o *order) []block {
	parts := (len(slots) + size - 1) / size
	blocks := make([]block, parts)
	for i := range blocks {
		from, to := len(slots)*i/parts, len(slots)*(i+1)/parts
		blocks[i] = block{append(make([]uint32, 0, blockLen), slots[from:to]...), o.key(slots[from])}
	}
	return blocks
}

// at returns the slot at a place from 0 on.
func (r *ranking) at(i int) uint32 {
	r.place()
	b := sort.Search(len(r.starts), func(b int) bool { return r.starts[b] > i }) - 1
	return r.blocks[b].slots[i-r.starts[b]]
}

// find returns the place of a slot, and false if it is not there.
func (r *ranking) find(slot uint32, o *order) (int, bool) {
	s := r.seats([]uint32{slot}, o)[0]
	if !r.has(s, slot) {
		return 0, false
	}
	r.place()
	return r.starts[s.block] + s.at, true
}

// place brings starts up to date.
func (r *ranking) place() {
	for b := len(r.starts); b < len(r.blocks); b++ {
		start := 0
		if b > 0 {
			start = r.starts[b-1] + len(r.blocks[b-1].slots)
		}
		r.starts = append(r.starts, start)
	}
}

// moved says that the places of what is behind a block are others now.
func (r *ranking) moved(b int) { r.starts = r.starts[:min(len(r.starts), b+1)] }

// A seat is where in a ranking a slot is, or else belongs.
type seat struct{ block, at int }

// has reports whether a slot is on its seat.
func (r *ranking) has(s seat, slot uint32) bool {
	return s.block < len(r.blocks) && s.at < len(r.blocks[s.block].slots) && r.blocks[s.block].slots[s.at] == slot
}

// seats finds the seats of slots. It goes on with all of them step by step, and
// without branches: nearly all of the time is waiting for memory that no cache
// holds, and so one wait is for many.
func (r *ranking) seats(slots []uint32, o *order) []seat {
	seats := make([]seat, len(slots))
	if r.n == 0 {
		return seats
	}
	sought := o.seek(slots)
	for n := len(r.blocks); n > 1; n -= n / 2 { // which of n blocks: the last that begins before it
		for i := range seats {
			s := &seats[i]
			half := &r.blocks[s.block+n/2]
			s.block += n / 2 * sought.isAfter(i, half.slots[0], &half.head)
		}
	}
	for n := blockLen; n > 0; n /= 2 { // where in it: behind all that stand before it
		for i := range seats {
			s := &seats[i]
			if slots := r.blocks[s.block].slots; s.at+n <= len(slots) {
				s.at += n * sought.isAfter(i, slots[s.at+n-1], nil)
			}
		}
	}
	for i, s := range seats { // it may be the first of the next block
		if next := (seat{s.block + 1, 0}); s.at == len(r.blocks[s.block].slots) && r.has(next, slots[i]) {
			seats[i] = next
		}
	}
	return seats
}

// insert brings in slots that are in order, none of which is there.
func (r *ranking) insert(slots []uint32, o *order) {
	if r.n == 0 {
		r.blocks = blocksOf(slots, blockLen, o)
	} else {
		seats := r.seats(slots, o)
		for end := len(slots); end > 0; { // from the end, so that the other seats stay
			from := end - 1
			for from > 0 && seats[from-1].block == seats[from].block {
				from--
			}
			r.fill(slots[from:end], seats[from:end], o)
			end = from
		}
	}
	r.n += len(slots)
}

// fill brings slots into the block where they belong. One that is too long then
// becomes several: full ones at the end of the list, if that is where slots
// come, since more will.
func (r *ranking) fill(slots []uint32, seats []seat, o *order) {
	b := seats[0].block
	all, end := r.blocks[b].slots, len(r.blocks[b].slots)
	atEnd := b == len(r.blocks)-1 && seats[0].at == end
	r.moved(b)
	all = append(all, slots...)
	for i, s := range slices.Backward(seats) { // what lies between two of them moves as one
		copy(all[s.at+i+1:], all[s.at:end])
		all[s.at+i] = slots[i]
		end = s.at
	}
	if len(all) <= blockLen {
		r.set(b, all, seats[0].at, o)
		return
	}
	var full []block
	for ; atEnd && len(all) > blockLen; all = all[blockLen:] {
		full = append(full, blocksOf(all[:blockLen], blockLen, o)...)
	}
	r.blocks = slices.Replace(r.blocks, b, b+1, append(full, blocksOf(all, blockLen, o)...)...)
}

// set makes slots a block that was another from a place in it on.
func (r *ranking) set(b int, slots []uint32, from int, o *order) {
	r.blocks[b].slots = slots
	if from == 0 && len(slots) > 0 {
		r.blocks[b].head = o.key(slots[0])
	}
}

// remove takes out those of the slots that are there.
func (r *ranking) remove(slots []uint32, o *order) {
	seats := r.seats(slots, o)
	there := seats[:0]
	for i, s := range seats {
		if r.has(s, slots[i]) {
			there = append(there, s)
		}
	}
	slices.SortFunc(there, func(a, b seat) int { return cmp.Or(b.block-a.block, b.at-a.at) })
	r.n -= len(there)
	for i, s := range there { // from the end, so that the other seats stay
		r.set(s.block, slices.Delete(r.blocks[s.block].slots, s.at, s.at+1), s.at, o)
		if i+1 == len(there) || there[i+1].block != s.block {
			r.moved(s.block)
			r.join(s.block, o)
			r.join(s.block-1, o)
		}
	}
	if r.n == 0 {
		*r = ranking{}
	}
}

// join makes one of a block and the one behind it, if they have become short.
func (r *ranking) join(b int, o *order) {
	if b < 0 || b+1 >= len(r.blocks) {
		return
	}
	one, other := r.blocks[b].slots, r.blocks[b+1].slots
	if len(one)+len(other) > blockLen/2 && len(one) > 0 && len(other) > 0 {
		return
	}
	r.set(b, append(one, other...), 0, o)
	r.blocks = slices.Delete(r.blocks, b+1, b+2)
	r.moved(b)
}

// removeFunc takes out all slots of which is holds.
func (r *ranking) removeFunc(is func(slot uint32) bool, o *order) {
	left := make([]uint32, 0, r.n)
	for slot := range r.all() {
		if !is(slot) {
			left = append(left, slot)
		}
	}
	*r = *newRanking(left, o)
}

// all passes over the slots, smallest first.
func (r *ranking) all() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for _, block := range r.blocks {
			for _, slot := range block.slots {
				if !yield(slot) {
					return
				}
			}
		}
	}
}

// backward passes over the slots, largest first.
func (r *ranking) backward() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for _, block := range slices.Backward(r.blocks) {
			for _, slot := range slices.Backward(block.slots) {
				if !yield(slot) {
					return
				}
			}
		}
	}
}
