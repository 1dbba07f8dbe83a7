package ui

import (
	"iter"
	"slices"
	"strings"
)

// blockLen is how many slots a block of a ranking has at most: 1 KB of them.
const blockLen = 256

// A ranking is slots in the order of a list, smallest first, each once. It
// keeps them in blocks: a slot that comes or goes moves those of its block and
// no others, so that it costs about the same in a list of a million as in one
// of a thousand.
//
// Nearly all of that is waiting for memory that no cache holds. So what comes
// and goes is found by the bounds of blocks and by its id, with no look at the
// records of other slots; and a block is put in order when it is looked at,
// which few are before the next change.
//
// The zero ranking is empty.
type ranking struct {
	blocks []block
	n      int // slots in them
	near   int // the block that was looked at last: the next one is not far
	start  int // the place of its first slot

	fetched uint32 // of no meaning: what fetch reads has to go somewhere
}

// A block is some slots that follow those of the block before it.
type block struct {
	from   sortKey  // none of them stands before this, and all of the block before do
	slots  []uint32 // never empty
	sorted int      // how many are in order; those behind have come since
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
		some := slots[len(slots)*i/parts : len(slots)*(i+1)/parts]
		from := o.key(some[0])
		from.text = strings.Clone(from.text) // those of all blocks lie together, and stay in a cache
		blocks[i] = block{from, append(make([]uint32, 0, blockLen), some...), len(some)}
	}
	return blocks
}

// at returns the slot at a place from 0 on.
func (r *ranking) at(i int, o *order) uint32 {
	b := r.near
	for i < r.startOf(b) {
		b--
	}
	for i >= r.startOf(b)+len(r.blocks[b].slots) {
		b++
	}
	return r.inOrder(b, o)[i-r.start]
}

// find returns the place of a slot, and false if it is not there.
func (r *ranking) find(slot uint32, o *order) (int, bool) {
	if r.n == 0 {
		return 0, false
	}
	b := r.blocksFor([]uint32{slot}, o)[0]
	at := slices.Index(r.inOrder(b, o), slot)
	if at < 0 {
		return 0, false
	}
	return r.startOf(b) + at, true
}

// startOf looks at a block and returns the place of its first slot.
func (r *ranking) startOf(b int) int {
	for ; r.near < b; r.near++ {
		r.start += len(r.blocks[r.near].slots)
	}
	for ; r.near > b; r.near-- {
		r.start -= len(r.blocks[r.near-1].slots)
	}
	return r.start
}

// grown says that a block has so many slots more.
func (r *ranking) grown(b, by int) {
	r.n += by
	if b < r.near {
		r.start += by
	}
}

// inOrder returns the slots of a block, smallest first; without an order as
// they are.
func (r *ranking) inOrder(b int, o *order) []uint32 {
	block := &r.blocks[b]
	if o == nil || block.sorted == len(block.slots) {
		return block.slots
	}
	keys := o.keys(block.slots)
	old, late := keys[:block.sorted], keys[block.sorted:]
	slices.SortFunc(late, sortKey.compare)
	for at := len(keys) - 1; len(late) > 0; at-- { // the last of both goes there
		if n := len(old) - 1; n >= 0 && old[n].isAfter(&late[len(late)-1]) == 1 {
			block.slots[at], old = old[n].slot, old[:n]
		} else {
			n := len(late) - 1
			block.slots[at], late = late[n].slot, late[:n]
		}
	}
	block.sorted = len(keys)
	return block.slots
}

// blocksFor returns the blocks of slots. It goes on with all of them step by
// step, and without branches, so that one wait for memory is for many.
func (r *ranking) blocksFor(slots []uint32, o *order) []int {
	keys := o.keys(slots)
	in := make([]int, len(keys))
	for n := len(r.blocks); n > 1; n -= n / 2 { // which of n blocks: the last that is not after it
		for i := range in {
			in[i] += n / 2 * (1 - r.blocks[in[i]+n/2].from.isAfter(&keys[i]))
		}
	}
	return in
}

// insert brings in slots, none of which is there.
func (r *ranking) insert(slots []uint32, o *order) {
	if len(slots) == 0 {
		return
	}
	if r.n == 0 {
		o.sort(slots)
		*r = ranking{blocks: blocksOf(slots, blockLen, o), n: len(slots)}
		return
	}
	in := r.blocksFor(slots, o)
	for i, b := range in {
		r.blocks[b].slots = append(r.blocks[b].slots, slots[i])
		r.grown(b, 1)
	}
	slices.Sort(in)
	for _, b := range slices.Backward(slices.Compact(in)) { // from the end, so that the others stay
		if len(r.blocks[b].slots) > blockLen {
			r.split(b, o)
		}
	}
}

// split makes several of a block that is too long: full ones at the end of the
// list, where most slots come, since more will.
func (r *ranking) split(b int, o *order) {
	all := r.inOrder(b, o)
	var full []block
	for atEnd := b == len(r.blocks)-1; atEnd && len(all) > blockLen; all = all[blockLen:] {
		full = append(full, blocksOf(all[:blockLen], blockLen, o)...)
	}
	parts := append(full, blocksOf(all, blockLen, o)...)
	r.blocks = slices.Replace(r.blocks, b, b+1, parts...)
	if b < r.near {
		r.near += len(parts) - 1
	}
}

// remove takes out those of the slots that are there.
func (r *ranking) remove(slots []uint32, o *order) {
	if r.n == 0 || len(slots) == 0 {
		return
	}
	in := r.blocksFor(slots, o)
	r.fetch(in)
	for i, b := range in {
		block := &r.blocks[b]
		at := slices.Index(block.slots, slots[i])
		if at < 0 {
			continue
		}
		block.slots = slices.Delete(block.slots, at, at+1)
		if at < block.sorted {
			block.sorted--
		}
		r.grown(b, -1)
	}
	slices.Sort(in)
	for _, b := range slices.Backward(slices.Compact(in)) { // from the end, so that the others stay
		r.join(b)
		r.join(b - 1)
	}
	if r.n == 0 {
		*r = ranking{}
	}
}

// fetch reads a slot of each line of memory that blocks have. It waits for all of
// them at once, where a search in one block after the other waits for each.
func (r *ranking) fetch(blocks []int) {
	const line = 16 // slots
	var sum uint32
	for _, b := range blocks {
		slots := r.blocks[b].slots
		for i := 0; i < len(slots); i += line {
			sum += slots[i]
		}
	}
	r.fetched = sum
}

// join makes one of a block and the one behind it, if they have become short.
func (r *ranking) join(b int) {
	if b < 0 || b+1 >= len(r.blocks) {
		return
	}
	one, other := &r.blocks[b], &r.blocks[b+1]
	if len(one.slots)+len(other.slots) > blockLen/2 && len(one.slots) > 0 && len(other.slots) > 0 {
		return
	}
	if r.near == b+1 {
		r.startOf(b)
	} else if r.near > b {
		r.near--
	}
	one.slots = append(one.slots, other.slots...)
	r.blocks = slices.Delete(r.blocks, b+1, b+2)
}

// removeFunc takes out all slots of which is holds.
func (r *ranking) removeFunc(is func(slot uint32) bool, o *order) {
	left := make([]uint32, 0, r.n)
	for slot := range r.all(o) {
		if !is(slot) {
			left = append(left, slot)
		}
	}
	*r = *newRanking(left, o)
}

// all passes over the slots, smallest first; without an order in that of blocks,
// but within a block as they are, which is at once.
func (r *ranking) all(o *order) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for b := range r.blocks {
			for _, slot := range r.inOrder(b, o) {
				if !yield(slot) {
					return
				}
			}
		}
	}
}

// backward passes over the slots, largest first.
func (r *ranking) backward(o *order) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for b := range slices.Backward(r.blocks) {
			for _, slot := range slices.Backward(r.inOrder(b, o)) {
				if !yield(slot) {
					return
				}
			}
		}
	}
}
