package engine

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// Every piece stays as it was, whatever comes after it, and references ascend.
func TestMemArenaKeepsPieces(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 7))
		var a memArena
		var refs []memRef
		var want [][]byte
		bytesOf := 0
		for range 300 {
			n := random.IntN(900)
			switch random.IntN(40) {
			case 0:
				n = memBlock - 1 + random.IntN(3)
			case 1:
				n = memBlock + random.IntN(3*memBlock)
			}
			piece := make([]byte, n)
			for i := range piece {
				piece[i] = byte(random.Uint32())
			}
			cut := random.IntN(n + 1)
			ref := a.put(piece[:cut], piece[cut:])
			if ref == 0 || len(refs) > 0 && ref < refs[len(refs)-1] {
				t.Fatalf("seed %d: piece %d is at %d, after %v", seed, len(refs), ref, refs[max(0, len(refs)-1):])
			}
			refs, want, bytesOf = append(refs, ref), append(want, bytes.Clone(piece)), bytesOf+n
			clear(piece) // it is the caller's
		}
		for i, ref := range refs {
			if got := a.bytes(ref)[:len(want[i])]; !bytes.Equal(got, want[i]) {
				t.Fatalf("seed %d: piece %d of %d bytes is another now", seed, i, len(want[i]))
			}
		}
		for i, block := range a.blocks {
			if cap(block) > memBlock && cap(block) != len(block) {
				t.Errorf("seed %d: block %d has %d bytes of room, want %d, or those of one piece", seed, i, cap(block), memBlock)
			}
		}
	}
}

// A piece of nothing has a place of its own too, even behind a block that is full.
func TestMemArenaKeepsNothing(t *testing.T) {
	var a memArena
	for _, n := range []int{0, memBlock, 0, 3 * memBlock, 0} {
		before := len(a.blocks)
		ref := a.put(make([]byte, n), nil)
		if got := len(a.bytes(ref)); got != n {
			t.Errorf("behind %d blocks, a piece of %d bytes has %d", before, n, got)
		}
	}
}

// A reference is the same after a way through five bytes, up to the last.
func TestMemRefsAreShort(t *testing.T) {
	for _, ref := range []memRef{0, 1, memBlock, 1<<32 - 1, 1 << 32, 0x123456789a, 1<<40 - 1} {
		if got := ref.short().ref(); got != ref {
			t.Errorf("%x came back as %x", uint64(ref), uint64(got))
		}
	}
}
