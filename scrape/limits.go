package scrape

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"weir/engine"
)

// The defaults of a Config: what a page may cost.
const (
	DefaultTimeout   = 30 * time.Second // of the first version of this system
	DefaultMaxBody   = 10 << 20         // bytes, decoded
	DefaultMaxHeader = 256 << 10        // bytes
)

const (
	maxHops     = 10       // redirects on the way to a page
	maxWords    = 200      // bytes of an error's text that others wrote
	maxFields   = 64       // header fields kept with a result
	maxValue    = 512      // bytes kept of each of them
	maxDrain    = 64 << 10 // bytes of an unwanted body read to keep its connection
	drainFor    = 250 * time.Millisecond
	wireOverrun = 64 << 10 // bytes a coded body may have on the wire over what it decodes to
)

// A capped reader reads at most max bytes and then fails with class too_large:
// what is over a cap is never cut in silence.
type capped struct {
	r    io.Reader
	left int64 // below zero: the cap was passed
	max  int64
	what string // for the error: "body", "body on the wire"
}

func newCapped(r io.Reader, max int64, what string) *capped {
	return &capped{r: r, left: max, max: max, what: what}
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left < 0 {
		return 0, c.over()
	}
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1] // one more tells a body of exactly max from a larger one
	}
	n, err := c.r.Read(p)
	if int64(n) > c.left {
		n, c.left = int(c.left), -1
		return n, c.over()
	}
	c.left -= int64(n)
	return n, err
}

func (c *capped) over() error {
	return faultf(engine.TooLarge, "%s over %s", c.what, size(c.max))
}

// size writes a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

// clip cuts a text that others wrote to max bytes and replaces what is not
// printable.
func clip(s string, max int) string {
	cut := len(s) > max
	if cut {
		for max > 0 && !utf8.RuneStart(s[max]) {
			max--
		}
		s = s[:max]
	}
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if cut {
		s += "..."
	}
	return s
}
