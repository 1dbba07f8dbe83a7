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
		change := func(slot uint32) { // some are equal but for their ids, or their nums, and many texts begin alike
			o.x.set(slot, record{took: rnd.Uint32N(most / 4), num: rnd.Uint32N(3)})
			o.texts.put(slot, "example.org/page"[:rnd.IntN(17)]+[]string{"", "\x00", "/", "/a", "~", "é"}[rnd.IntN(6)])
		}
		for slot := range uint32(most) {
			change(slot)
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
		for step := range 300 {
			n := []int{1, 1, 7, 50, 300, 900}[rnd.IntN(6)]
			grows := step < 105 || step < 210 && rnd.IntN(2) == 0 // in the end all goes
			switch {
			case len(want) > 0 && rnd.IntN(3) == 0: // some change, and may come back to their block
				some := move(&want, n)
				for range 1 + rnd.IntN(3) {
					r.remove(slices.Clone(some), o)
					for _, slot := range some {
						change(slot)
					}
					r.insert(slices.Clone(some), o)
				}
				put(&want, some)
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
	if got := slices.Collect(r.all(o)); r.count() != len(want) || !slices.Equal(got, want) {
		t.Fatalf("%d slots are not the %d of a sorted list, or not in order", r.count(), len(want))
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
	from := func(b int) sortKey {
		if o.by.textual() {
			return r.keys[b]
		}
		return sortKey{numbered: r.nums[b]}
	}
	for b, block := range r.list {
		if n := len(block.notes); n == 0 || n > blockLen || int(block.n) != n || int(block.sorted) != n {
			t.Fatalf("block %d has %d slots, %d by its count, and %d in order", b, n, block.n, block.sorted)
		}
		if first := o.key(block.notes[0]); b > 0 && from(b).compare(first) > 0 {
			t.Fatalf("block %d begins with %v, which stands before its bound %v", b, first, from(b))
		}
		if last := o.key(block.notes[len(block.notes)-1]); b+1 < len(r.list) && from(b+1).compare(last) <= 0 {
			t.Fatalf("block %d ends with %v, which does not stand before the bound of the next, %v", b, last, from(b+1))
		}
	}
	if n := len(r.list); len(r.nums) != n || len(r.keys) != n && o.by.textual() {
		t.Fatalf("%d blocks have %d bounds, and %d with texts", n, len(r.nums), len(r.keys))
	}
	if most := 4*len(want)/blockLen + 2; len(r.list) > most {
		t.Fatalf("%d slots are in %d blocks, want at most %d", len(want), len(r.list), most)
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
	for b, block := range r.list[:len(r.list)-1] {
		if len(block.notes) != blockLen {
			t.Fatalf("block %d has %d slots, want %d", b, len(block.notes), blockLen)
		}
	}
	o.x.set(60_000, record{num: 301})
	r.insert([]uint32{60_000}, o)
	checkRanking(t, r, slices.Insert(want, 150, 60_000), o)
	if one, other := len(r.list[0].notes), len(r.list[1].notes); one != blockLen/2 || other != blockLen/2+1 {
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
	if len(r.list) != 2 {
		t.Errorf("%d slots are left in %d blocks, want 2", r.count(), len(r.list))
	}
}
