package cli

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// How long nothing is said of a run that is being opened, and how often what is
// said is brought up to date: on a line of a terminal, and on lines of their own
// where a line cannot be written anew.
const (
	openingShows = 300 * time.Millisecond
	openingMoves = 250 * time.Millisecond

	openingSays  = 500 * time.Millisecond
	openingAgain = 5 * time.Second
)

// An opening says how far a run is read that is being opened, if it takes long:
// an operator must see that something goes on. On a terminal it is one line,
// which is taken away in the end.
type opening struct {
	w     io.Writer
	what  string
	total int  // URLs of the run
	anew  bool // its line can be written anew

	read atomic.Int64 // of total

	mu    sync.Mutex // guards the following, and w
	said  bool
	over  bool
	timer *time.Timer
}

// newOpening begins to open a run of total URLs.
func newOpening(w io.Writer, what string, total int, anew bool) *opening {
	o := &opening{w: w, what: plainText(what), total: total, anew: anew}
	after := openingSays
	if anew {
		after = openingShows
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.timer = time.AfterFunc(after, o.say)
	return o
}

// say says how far it is, and again after a while.
func (o *opening) say() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over {
		return
	}
	text := fmt.Sprintf("weir: opening %s: %d of %s", o.what, min(int(o.read.Load()), o.total), plural(o.total, "URL"))
	if o.anew {
		text = "\r" + text + clearLine
		o.timer.Reset(openingMoves)
	} else {
		text += "\n"
		o.timer.Reset(openingAgain)
	}
	o.said = true
	_, _ = io.WriteString(o.w, text) // whoever does not see it does not miss it
}

// clearLine takes away what stands behind the cursor on its line.
const clearLine = "\x1b[K"

// reads notes how many URLs have been read. It never waits for the terminal.
func (o *opening) reads(urls int) { o.read.Store(int64(urls)) }

// done ends it, and may be called again.
func (o *opening) done() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.timer.Stop()
	if o.said && o.anew && !o.over {
		_, _ = io.WriteString(o.w, "\r"+clearLine) // as if nothing had been said
	}
	o.over = true
}
