package ui

import (
	"iter"
	"math/bits"
	"slices"
	"strings"
)

const (
	// blockLen is how many slots a block of a ranking has at most, and
	// blockRoom how many what came and went since it was looked at last may
	// take in it: 1 KB and an eighth.
	blockLen  = 256
	blockRoom = blockLen + 32
)

// A ranking is slots in the order of a list, smallest first, each once. It
// keeps them in blocks: a slot that comes or goes is noted in its block and
// touches no other, so that it costs about the same in a list of a million as
// in one of a thousand.
//
// Nearly all of that is waiting for memory that no cache holds. So what comes
// and goes is found by the bounds of blocks, which lie together, with no look
// at the records of other slots nor at the slots of the block; and a block is
// put in order when it is looked at, which few are before the next change.
//
// The zero ranking is empty.
type ranking struct {
	blocks
	has   bitset // the slots in it
	near  int    // the block that was looked at last: the next one is not far
	start int    // the place of its first slot
}

// The blocks of a ranking, and where each begins: none of its slots stands before
// that, and all of the blocks before do.
type blocks struct {
	list []block
	nums []numbered // where they begin: all of them stay in a cache
	keys []sortKey  // the same with the texts of a textual column, else none
}

// A block is some slots that follow those of the block before it.
type block struct {
	notes  []uint32 // slots in order, and behind them those that came or went since: one that is there twice has gone
	n      int32    // slots, once all that is noted is done; never none
	sorted int32    // how many of the notes are in order
}

// newRanking returns the ranking of slots, which are in order. It copies them.
func newRanking(slots []uint32, o *order) *ranking {
	const roomy = blockLen * 7 / 8 // one more may come anywhere
	r := &ranking{blocks: blocksOf(slots, roomy, o)}
	for _, slot := range slots {
		r.has.add(slot)
	}
	return r
}

// blocksOf returns slots in blocks of the same length, which is at most size.
func blocksOf(slots []uint32, size int, o *order) blocks {
	parts := (len(slots) + size - 1) / size
	b := blocks{list: make([]block, parts), nums: make([]numbered, parts)}
	if o.by.textual() {
		b.keys = make([]sortKey, parts)
	}
	for i := range b.list {
		some := slots[len(slots)*i/parts : len(slots)*(i+1)/parts]
		b.list[i] = block{append(make([]uint32, 0, blockRoom), some...), int32(len(some)), int32(len(some))}
		from := o.key(some[0])
		b.nums[i] = from.numbered
		if b.keys != nil {
			from.text = strings.Clone(from.text) // those of all blocks lie together, and stay in a cache
			b.keys[i] = from
		}
	}
	return b
}

// replace puts others in the place of some blocks.
func (b *blocks) replace(from, to int, by blocks) {
	b.list, b.nums = slices.Replace(b.list, from, to, by.list...), slices.Replace(b.nums, from, to, by.nums...)
	if b.keys != nil {
		b.keys = slices.Replace(b.keys, from, to, by.keys...)
	}
}

// count returns how many slots there are.
func (r *ranking) count() int { return r.has.n }

// at returns the slot at a place from 0 on.
func (r *ranking) at(i int, o *order) uint32 {
	b := r.near
	for i < r.startOf(b) {
		b--
	}
	for i >= r.startOf(b)+int(r.list[b].n) {
		b++
	}
	return r.inOrder(b, o)[i-r.start]
}

// find returns the place of a slot, and false if it is not there.
func (r *ranking) find(slot uint32, o *order) (int, bool) {
	if !r.has.has(slot) {
		return 0, false
	}
	b := r.blocksFor([]uint32{slot}, o)[0]
	return r.startOf(b) + slices.Index(r.inOrder(b, o), slot), true
}

// startOf looks at a block and returns the place of its first slot.
func (r *ranking) startOf(b int) int {
	for ; r.near < b; r.near++ {
		r.start += int(r.list[r.near].n)
	}
	for ; r.near > b; r.near-- {
		r.start -= int(r.list[r.near-1].n)
	}
	return r.start
}

// note says that a slot came to a block, or went from it: it has by more.
func (r *ranking) note(b int, slot uint32, by int) {
	block := &r.list[b]
	if len(block.notes) == cap(block.notes) {
		block.settle()
	}
	block.notes = append(block.notes, slot)
	block.n += int32(by)
	if b < r.near {
		r.start += by
	}
}

// settle takes out of the notes what has gone. What came back may belong in
// another place than before.
func (b *block) settle() {
	if len(b.notes) == int(b.n) {
		return
	}
	type noted struct {
		slot  uint32
		there bool
	}
	old, late := b.notes[:b.sorted], b.notes[b.sorted:]
	all := make([]noted, 0, len(late))
	shift := 32 - bits.Len(uint(4*len(late)))
	places := make([]int32, 1<<(32-shift)) // of slots in all, from 1 on, by their hash
	find := func(slot uint32) *int32 {
		for h := slot * 0x9e3779b1 >> shift; ; h = (h + 1) % uint32(len(places)) { // neighbours lie apart: Knuth, TAOCP 3, 6.4
			if at := &places[h]; *at == 0 || all[*at-1].slot == slot {
				return at
			}
		}
	}
	for _, slot := range late {
		at := find(slot)
		if *at == 0 {
			all = append(all, noted{slot: slot})
			*at = int32(len(all))
		}
		all[*at-1].there = !all[*at-1].there
	}
	b.notes = b.notes[:0]
	for _, slot := range old {
		if at := find(slot); *at == 0 {
			b.notes = append(b.notes, slot)
		} else {
			all[*at-1].there = !all[*at-1].there
		}
	}
	b.sorted = int32(len(b.notes))
	for _, one := range all {
		if one.there {
			b.notes = append(b.notes, one.slot)
		}
	}
}

// inOrder returns the slots of a block, smallest first; without an order as
// they are.
func (r *ranking) inOrder(b int, o *order) []uint32 {
	block := &r.list[b]
	block.settle()
	slots := block.notes
	if o == nil || int(block.sorted) == len(slots) {
		return slots
	}
	keys := o.keys(slots)
	old, late := keys[:block.sorted], keys[block.sorted:]
	slices.SortFunc(late, sortKey.compare)
	for at := len(keys) - 1; len(late) > 0; at-- { // the last of both goes there
		if n := len(old) - 1; n >= 0 && old[n].isAfter(&late[len(late)-1]) == 1 {
			slots[at], old = old[n].slot, old[:n]
		} else {
			n := len(late) - 1
			slots[at], late = late[n].slot, late[:n]
		}
	}
	block.sorted = block.n
	return slots
}

// blocksFor returns the blocks of slots: for each the last that does not begin
// behind it. It goes on with all of them step by step, and by number without
// branches, so that one wait for memory is for many.
func (r *ranking) blocksFor(slots []uint32, o *order) []int {
	keys := o.keys(slots)
	in := make([]int, len(keys))
	for n := len(r.list); n > 1; n -= n / 2 { // which of n blocks
		half := n / 2
		if r.keys != nil {
			for i := range in {
				in[i] += half * (1 - r.keys[in[i]+half].isAfter(&keys[i]))
			}
			continue
		}
		for i := range in {
			in[i] += half * (1 - r.nums[in[i]+half].isAfter(&keys[i].numbered))
		}
	}
	return in
}

// insert brings in slots, none of which is there.
func (r *ranking) insert(slots []uint32, o *order) {
	if len(slots) == 0 {
		return
	}
	for _, slot := range slots {
		r.has.add(slot)
	}
	if len(r.list) == 0 {
		o.sort(slots)
		r.blocks = blocksOf(slots, blockLen, o)
		return
	}
	in := r.blocksFor(slots, o)
	for i, b := range in {
		r.note(b, slots[i], 1)
	}
	in = slices.DeleteFunc(in, func(b int) bool { return r.list[b].n <= blockLen })
	slices.Sort(in)
	for _, b := range slices.Backward(slices.Compact(in)) { // from the end, so that the others stay
		r.split(b, o)
	}
}

// split makes several of a block that is too long: full ones at the end of the
// list, where most slots come, since more will.
func (r *ranking) split(b int, o *order) {
	all, before := r.inOrder(b, o), len(r.list)
	full := 0
	if b == len(r.list)-1 {
		full = (len(all) - 1) / blockLen * blockLen
	}
	r.replace(b, b+1, blocksOf(all[full:], blockLen, o))
	if full > 0 {
		r.replace(b, b, blocksOf(all[:full], blockLen, o))
	}
	if b < r.near {
		r.near += len(r.list) - before
	}
}

// remove takes out those of the slots that are there. It uses their memory.
func (r *ranking) remove(slots []uint32, o *order) {
	slots = slices.DeleteFunc(slots, func(slot uint32) bool { return !r.has.has(slot) })
	if len(slots) == 0 {
		return
	}
	in := r.blocksFor(slots, o)
	for i, b := range in {
		r.has.remove(slots[i])
		r.note(b, slots[i], -1)
	}
	if r.has.n == 0 {
		*r = ranking{}
		return
	}
	in = slices.DeleteFunc(in, func(b int) bool { return r.list[b].n > blockLen/2 })
	slices.Sort(in)
	for _, b := range slices.Backward(slices.Compact(in)) { // from the end, so that the others stay
		r.join(b)
		r.join(b - 1)
	}
}

// join makes one of a block and the one behind it, if they have become short.
func (r *ranking) join(b int) {
	if b < 0 || b+1 >= len(r.list) {
		return
	}
	one, other := &r.list[b], &r.list[b+1]
	if one.n+other.n > blockLen/2 && one.n > 0 && other.n > 0 {
		return
	}
	if r.near == b+1 {
		r.startOf(b)
	} else if r.near > b {
		r.near--
	}
	one.notes = append(one.notes, other.notes...)
	one.n += other.n
	r.replace(b+1, b+2, blocks{})
}

// removeFunc takes out all slots of which is holds.
func (r *ranking) removeFunc(is func(slot uint32) bool, o *order) {
	left := make([]uint32, 0, r.count())
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
		for b := range r.list {
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
		for b := range slices.Backward(r.list) {
			for _, slot := range slices.Backward(r.inOrder(b, o)) {
				if !yield(slot) {
					return
				}
			}
		}
	}
}
