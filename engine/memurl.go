package engine

import (
	"encoding/binary"
	"strings"
)

// A memURLs is the URLs of jobs and their fingerprints, as bytes in an arena.
// What a URL begins with as the first one of its site does is not kept again,
// and neither is what a fingerprint begins with as its URL does. Whoever asks
// for one says again what the first of its site is.
//
// A piece is, for the URL: how many bytes it shares with that one (a byte); a
// varint, of twice the number of its other bytes, and one more if the
// fingerprint is another; those bytes. For such a fingerprint then likewise: how
// many bytes it shares with the URL, how many others there are, and those.
type memURLs struct {
	arena memArena
	piece []byte // reused by put
}

// put keeps a URL and a fingerprint.
func (u *memURLs) put(first, url, fingerprint string) memRef {
	same := shared(first, url)
	u.piece = append(u.piece[:0], byte(same))
	n := uint64(len(url)-same) << 1
	if fingerprint == url {
		u.piece = binary.AppendUvarint(u.piece, n)
		u.piece = append(u.piece, url[same:]...)
		return u.arena.put(u.piece, nil)
	}
	u.piece = binary.AppendUvarint(u.piece, n|1)
	u.piece = append(u.piece, url[same:]...)
	same = shared(url, fingerprint)
	u.piece = append(u.piece, byte(same))
	u.piece = binary.AppendUvarint(u.piece, uint64(len(fingerprint)-same))
	u.piece = append(u.piece, fingerprint[same:]...)
	return u.arena.put(u.piece, nil)
}

// shared returns how many bytes two strings begin with alike, at most 255.
func shared(a, b string) int {
	most := min(len(a), len(b), 255)
	for i := range most {
		if a[i] != b[i] {
			return i
		}
	}
	return most
}

// parts returns the two parts that a URL is of, and what follows them if the
// fingerprint is another.
func (u *memURLs) parts(first string, ref memRef) (head string, rest, own []byte) {
	b := u.arena.bytes(ref)
	head = first[:b[0]]
	n, size := binary.Uvarint(b[1:])
	b = b[1+size:]
	rest = b[:n>>1]
	if n&1 != 0 {
		own = b[n>>1:]
	}
	return head, rest, own
}

// url returns a URL.
func (u *memURLs) url(first string, ref memRef) string {
	head, rest, _ := u.parts(first, ref)
	return joined(head, rest)
}

// memReel is how many bytes of URLs stand one behind another in a reel.
const memReel = 4 << 10

// urlIn returns a URL that is part of a reel, for many that are wanted together
// and not for long: it keeps those beside it from being given back.
func (u *memURLs) urlIn(reel *strings.Builder, first string, ref memRef) string {
	head, rest, _ := u.parts(first, ref)
	n := len(head) + len(rest)
	if reel.Cap()-reel.Len() < n {
		reel.Reset()
		reel.Grow(max(n, memReel))
	}
	at := reel.Len()
	reel.WriteString(head)
	reel.Write(rest)
	return reel.String()[at:]
}

// both returns a URL and its fingerprint.
func (u *memURLs) both(first string, ref memRef) (url, fingerprint string) {
	head, rest, own := u.parts(first, ref)
	url = joined(head, rest)
	if own == nil {
		return url, url
	}
	n, size := binary.Uvarint(own[1:])
	return url, joined(url[:own[0]], own[1+size:][:n])
}

// has reports whether a fingerprint is that one.
func (u *memURLs) has(first string, ref memRef, fingerprint string) bool {
	head, rest, own := u.parts(first, ref)
	if own != nil {
		_, is := u.both(first, ref)
		return is == fingerprint
	}
	tail, ok := strings.CutPrefix(fingerprint, head)
	return ok && tail == string(rest)
}

// joined returns one string of two parts.
func joined(head string, rest []byte) string {
	if len(rest) == 0 {
		return head
	}
	var b strings.Builder
	b.Grow(len(head) + len(rest))
	b.WriteString(head)
	b.Write(rest)
	return b.String()
}
