package engine

// A memArena is pieces of bytes, one after another in blocks that stay where
// they are. A piece costs its bytes and nothing else: no header, no rounding
// up, and the garbage collector looks into no block. What was put in stays.
type memArena struct{ blocks [][]byte }

// memBlock is how many bytes a block has. A longer piece has one for itself.
const memBlock = 64 << 10

// A memRef says where in a memArena a piece begins: its block, counted from 1,
// above the lowest 16 bits, and its first byte in those. Zero is no piece. A
// piece that was put in later has a higher one.
type memRef uint64

// put puts a piece in, of two parts. Whoever reads it must know where it ends.
func (a *memArena) put(head, rest []byte) memRef {
	n := len(head) + len(rest)
	last := len(a.blocks) - 1
	if last < 0 || memBlock-len(a.blocks[last]) < max(n, 1) {
		a.blocks = append(a.blocks, make([]byte, 0, max(memBlock, n)))
		last++
	}
	at := len(a.blocks[last])
	a.blocks[last] = append(append(a.blocks[last], head...), rest...)
	return a.ref(last, at)
}

// ref returns the reference of a piece by the place of its block in blocks, and
// its own in that.
func (a *memArena) ref(block, at int) memRef { return memRef(block+1)<<16 | memRef(at) }

// A memRef40 is a memRef in five bytes, for those that many have. It is enough
// for a tebibyte of blocks.
type memRef40 [5]byte

func (r memRef) short() memRef40 {
	return memRef40{byte(r), byte(r >> 8), byte(r >> 16), byte(r >> 24), byte(r >> 32)}
}

func (r memRef40) ref() memRef {
	return memRef(r[0]) | memRef(r[1])<<8 | memRef(r[2])<<16 | memRef(r[3])<<24 | memRef(r[4])<<32
}

// bytes returns what begins with a piece: it, and those behind it in its block.
func (a *memArena) bytes(r memRef) []byte { return a.blocks[r>>16-1][r&(memBlock-1):] }
