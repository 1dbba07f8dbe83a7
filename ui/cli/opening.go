package cli

import (
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	// openingShows is how long a terminal may stay without a word in front of a
	// screen, and openingSays how long the lines of a program without one.
	openingShows = 100 * time.Millisecond
	openingSays  = 500 * time.Millisecond
)

// opening says what is being opened if it takes long: an operator must see that
// something goes on. What it returns ends that, and may be called again. In
// front of a screen the line is taken away then.
func (a *app) opening(what string, m mode) (opened func()) {
	return opening(a.stderr, what, m == screen && isTerminal(a.stderr))
}

func opening(w io.Writer, what string, erase bool) (opened func()) {
	after := openingSays
	if erase {
		after = openingShows
	}
	var mu sync.Mutex // guards the following
	over, said := false, false
	timer := time.AfterFunc(after, func() {
		mu.Lock()
		defer mu.Unlock()
		if over {
			return
		}
		said = true
		end := "\n"
		if erase {
			end = ""
		}
		_, _ = fmt.Fprintf(w, "weir: opening %s%s", plainText(what), end)
	})
	return func() {
		timer.Stop()
		mu.Lock()
		defer mu.Unlock()
		if over = true; said && erase {
			_, _ = io.WriteString(w, "\r\x1b[K") // to the end of the line: it is as if nothing had been said
		}
		said = false
	}
}
