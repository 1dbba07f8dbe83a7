package ui

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Whatever comes and goes, a ranking is what a plain sorted list would be, and
// its blocks are neither too long nor too many.
func TestRanking(t *testing.T) {
	const most = 6000
	for seed := range uint64(3) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		o := &order{by: byTime, x: newIndex()}
		for slot := range uint32(most) { // some are equal but for their ids, or their nums
			o.x.set(slot, record{took: rnd.Uint32N(most / 4), num: rnd.Uint32N(3)})
		}
		out := make([]uint32, most) // the slots that are not there, smallest first
		for slot := range out {
			out[slot] = uint32(slot)
		}
		slices.SortFunc(out, o.compare)
		var want []uint32
		r := new(ranking)
		// move takes some slots out of a list, neighbours or from anywhere.
		move := func(from *[]uint32, n int) (some []uint32) {
			n = min(n, len(*from))
			at := rnd.IntN(len(*from) - n + 1)
			anywhere := rnd.IntN(2) == 0
			switch rnd.IntN(4) {
			case 0:
				at = 0
			case 1:
				at = len(*from) - n
			}
			for range n {
				if anywhere {
					at = rnd.IntN(len(*from))
				}
				some = append(some, (*from)[at])
				*from = slices.Delete(*from, at, at+1)
			}
			return some
		}
		put := func(to *[]uint32, some []uint32) {
			*to = append(*to, some...)
			slices.SortFunc(*to, o.compare)
		}
		for step := range 150 {
			n := []int{1, 1, 7, 50, 300, 900}[rnd.IntN(6)]
			grows := step < 60 || step < 100 && rnd.IntN(2) == 0 // in the end all goes
			switch {
			case grows && len(out) > 0:
				some := move(&out, n)
				slices.SortFunc(some, o.compare)
				put(&want, some)
				r.insert(some, o)
			case rnd.IntN(30) == 0:
				is := func(slot uint32) bool { return slot%3 == 0 }
				for _, slot := range want {
					if is(slot) {
						out = append(out, slot)
					}
				}
				put(&out, nil)
				want = slices.DeleteFunc(want, is)
				r.removeFunc(is, o)
			case len(want) > 0:
				some := move(&want, n)
				if len(out) > 0 { // one that is not there does not matter
					r.remove(append(slices.Clone(some), out[rnd.IntN(len(out))]), o)
				} else {
					r.remove(slices.Clone(some), o)
				}
				put(&out, some)
			}
			checkRanking(t, r, want, o)
		}
	}
}

func checkRanking(t *testing.T, r *ranking, want []uint32, o *order) {
	t.Helper()
	if got := slices.Collect(r.all()); r.n != len(want) || !slices.Equal(got, want) {
		t.Fatalf("%d slots are not the %d of a sorted list, or not in order", r.n, len(want))
	}
	if got := slices.Collect(r.backward()); len(got) > 0 {
		if slices.Reverse(got); !slices.Equal(got, want) {
			t.Fatal("backward is not the reverse")
		}
	}
	for i, slot := range want {
		if i%17 > 0 && i+1 < len(want) {
			continue
		}
		if got := r.at(i); got != slot {
			t.Fatalf("slot %d is at %d, want %d", got, i, slot)
		}
		if at, ok := r.find(slot, o); at != i || !ok {
			t.Fatalf("slot %d is found at %d, %v, want %d", slot, at, ok, i)
		}
	}
	for b, block := range r.blocks {
		if n := len(block.slots); n == 0 || n > blockLen || cap(block.slots) > blockLen {
			t.Fatalf("block %d has %d slots and room for %d", b, n, cap(block.slots))
		}
		if head := o.key(block.slots[0]); block.head != head {
			t.Fatalf("block %d has the head %v, want %v", b, block.head, head)
		}
	}
	if most := 4*len(want)/blockLen + 2; len(r.blocks) > most {
		t.Fatalf("%d slots are in %d blocks, want at most %d", len(want), len(r.blocks), most)
	}
}

// Slots that come at the end, as results do, leave full blocks behind.
func TestRankingFillsItsBlocks(t *testing.T) {
	r, o := new(ranking), &order{x: newIndex()}
	var some []uint32
	for slot := range uint32(50_000) {
		o.x.set(slot, record{num: slot + 1})
		if some = append(some, slot); len(some) == 70 {
			r.insert(some, o)
			some = some[:0]
		}
	}
	for b, block := range r.blocks[:len(r.blocks)-1] {
		if len(block.slots) != blockLen {
			t.Fatalf("block %d has %d slots, want %d", b, len(block.slots), blockLen)
		}
	}
}
