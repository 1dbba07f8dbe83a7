package ui

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// Whatever comes and goes, a ranking is what a plain sorted list would be, and
// its blocks are neither too long nor too many.
func TestRanking(t *testing.T) {
	const most = 6000
	for seed := range uint64(2) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		o := &order{by: []column{byTime, byURL}[seed], x: newIndex()}
		for slot := range uint32(most) { // some are equal but for their ids, or their nums, and many texts begin alike
			o.x.set(slot, record{took: rnd.Uint32N(most / 4), num: rnd.Uint32N(3)})
			o.texts.put(slot, "example.org/page"[:rnd.IntN(17)]+[]string{"", "\x00", "/", "/a", "~", "é"}[rnd.IntN(6)])
		}
		compare := func(a, b uint32) int {
			x, y := o.x.at(a), o.x.at(b)
			by := cmp.Compare(x.took, y.took)
			if o.by == byURL {
				by = cmp.Compare(o.texts.at(a), o.texts.at(b))
			}
			return cmp.Or(by, cmp.Compare(x.num-1, y.num-1), cmp.Compare(a, b)) // without a num it has not ended, and is behind the others
		}
		out := make([]uint32, most) // the slots that are not there, smallest first
		for slot := range out {
			out[slot] = uint32(slot)
		}
		rnd.Shuffle(most, func(i, j int) { out[i], out[j] = out[j], out[i] })
		o.sort(out)
		if !slices.IsSortedFunc(out, compare) {
			t.Fatalf("by %v slots are not in order", o.by)
		}
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
			slices.SortFunc(*to, compare)
		}
		for step := range 200 {
			n := []int{1, 1, 7, 50, 300, 900}[rnd.IntN(6)]
			grows := step < 70 || step < 140 && rnd.IntN(2) == 0 // in the end all goes
			switch {
			case grows && len(out) > 0:
				some := move(&out, n)
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
			if len(want) > 0 { // one block is put in order, and now and then all
				i := rnd.IntN(len(want))
				if at, ok := r.find(want[i], o); at != i || !ok || r.at(i, o) != want[i] {
					t.Fatalf("slot %d is found at %d, %v, and %d is at %d", want[i], at, ok, r.at(i, o), i)
				}
			}
			if rnd.IntN(4) == 0 || len(want) == 0 {
				if got, want := slices.Sorted(r.all(nil)), slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
					t.Fatalf("in no order there are %d slots, not the %d of a list", len(got), len(want))
				}
				checkRanking(t, r, want, o)
			}
		}
	}
}

func checkRanking(t *testing.T, r *ranking, want []uint32, o *order) {
	t.Helper()
	if got := slices.Collect(r.all(o)); r.n != len(want) || !slices.Equal(got, want) {
		t.Fatalf("%d slots are not the %d of a sorted list, or not in order", r.n, len(want))
	}
	if got := slices.Collect(r.backward(o)); len(got) > 0 {
		if slices.Reverse(got); !slices.Equal(got, want) {
			t.Fatal("backward is not the reverse")
		}
	}
	for i, slot := range want {
		if i%17 > 0 && i+1 < len(want) {
			continue
		}
		if got := r.at(i, o); got != slot {
			t.Fatalf("slot %d is at %d, want %d", got, i, slot)
		}
		if at, ok := r.find(slot, o); at != i || !ok {
			t.Fatalf("slot %d is found at %d, %v, want %d", slot, at, ok, i)
		}
	}
	for b, block := range r.blocks {
		if n := len(block.slots); n == 0 || n > blockLen || cap(block.slots) > blockLen || block.sorted != n {
			t.Fatalf("block %d has %d slots, %d in order, and room for %d", b, n, block.sorted, cap(block.slots))
		}
		if first := o.key(block.slots[0]); b > 0 && block.from.isAfter(&first) > 0 {
			t.Fatalf("block %d begins with %v, which stands before its bound %v", b, first, block.from)
		}
		if last := o.key(block.slots[len(block.slots)-1]); b+1 < len(r.blocks) && r.blocks[b+1].from.isAfter(&last) == 0 {
			t.Fatalf("block %d ends with %v, which does not stand before the bound of the next, %v", b, last, r.blocks[b+1].from)
		}
	}
	if most := 4*len(want)/blockLen + 2; len(r.blocks) > most {
		t.Fatalf("%d slots are in %d blocks, want at most %d", len(want), len(r.blocks), most)
	}
}

// Slots that come at the end, as results do, leave full blocks behind, and one
// that comes between others leaves room for more.
func TestRankingFillsItsBlocks(t *testing.T) {
	r, o := new(ranking), &order{x: newIndex()}
	var some, want []uint32
	for slot := range uint32(49_000) {
		want = append(want, slot)
		o.x.set(slot, record{num: 2*slot + 2})
		if some = append(some, slot); len(some) == 70 {
			slices.Reverse(some)
			r.insert(some, o)
			some = some[:0]
		}
	}
	for b, block := range r.blocks[:len(r.blocks)-1] {
		if len(block.slots) != blockLen {
			t.Fatalf("block %d has %d slots, want %d", b, len(block.slots), blockLen)
		}
	}
	o.x.set(60_000, record{num: 301})
	r.insert([]uint32{60_000}, o)
	checkRanking(t, r, slices.Insert(want, 150, 60_000), o)
	if one, other := len(r.blocks[0].slots), len(r.blocks[1].slots); one != blockLen/2 || other != blockLen/2+1 {
		t.Errorf("a block that was full became one of %d and one of %d", one, other)
	}
}

// Blocks that become short are made one, whichever of them was the first to.
func TestRankingJoinsItsBlocks(t *testing.T) {
	o := &order{x: newIndex()}
	var want []uint32
	for slot := range uint32(6 * 224) {
		o.x.set(slot, record{num: slot + 1})
		want = append(want, slot)
	}
	r := newRanking(want, o)
	for _, b := range []uint32{1, 2, 4, 3, 5} { // the last 200 of each go
		for slot := 224*b + 24; slot < 224*(b+1); slot++ {
			r.remove([]uint32{slot}, o)
			want = slices.DeleteFunc(want, func(s uint32) bool { return s == slot })
			checkRanking(t, r, want, o)
		}
	}
	if len(r.blocks) != 2 {
		t.Errorf("%d slots are left in %d blocks, want 2", r.n, len(r.blocks))
	}
}
