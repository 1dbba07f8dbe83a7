package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"weir/engine"
	"weir/engine/enginetest"
)

func TestAboutLines(t *testing.T) {
	long := strings.Repeat("http://one.test/page\n", 10_000) // 210 kB
	for _, tc := range []struct {
		name, in string
		want     int
	}{
		{"nothing", "", 0},
		{"no line end", "http://one.test/", 1},
		{"three", "a\nb\nc\n", 3},
		{"the last without an end", "a\nb\nc", 3},
		{"more than is looked at", long, 9997}, // of 10,000, by the 3120 line ends in the first 64 KiB
	} {
		if got := aboutLines(strings.NewReader(tc.in), int64(len(tc.in))); got != tc.want {
			t.Errorf("%s: about %d lines, want %d", tc.name, got, tc.want)
		}
	}
}

// What a screen cannot show waits for its first frame, and for nothing where
// there is none. Who leaves before it does not wait either.
func TestListsWaitForTheFirstFrame(t *testing.T) {
	const half = firstLines/2 + 1 // lines of each list
	for _, tc := range []struct {
		name          string
		mode          mode
		before, drawn int // lines that are read until the frame is drawn, and then
		left          bool
	}{
		{name: "screen", mode: screen, before: firstLines, drawn: 2 * half},
		{name: "left before it", mode: screen, before: firstLines, drawn: firstLines, left: true},
		{name: "plain", mode: plain, before: 2 * half, drawn: 2 * half},
		{name: "headless", mode: headless, before: 2 * half, drawn: 2 * half},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fakeSession()
				eng, err := engine.New(&enginetest.Scraper{}, engine.Config{})
				if err != nil {
					t.Fatal(err)
				}
				s.Engine = eng
				r := &run{app: &app{}, s: s, mode: tc.mode, print: newPrinter(io.Discard, "json", false), drawn: make(chan struct{}), added: make(chan struct{})}
				r.adding, r.noMore = context.WithCancelCause(t.Context())
				defer r.noMore(nil)
				for i := range 2 {
					var list strings.Builder
					for j := range half {
						fmt.Fprintf(&list, "http://one.test/%d/%d\n", i, j)
					}
					r.plans = append(r.plans, &plan{name: "list", in: strings.NewReader(list.String()), halt: func() {}})
				}
				go func() { _ = r.feed(t.Context()) }() // returns nil
				synctest.Wait()
				read := func() int { return eng.Snapshot().Counts.Submitted }
				if got := read(); got != tc.before {
					t.Errorf("%d lines are read before the frame, want %d", got, tc.before)
				}
				if tc.left {
					r.noMore(errInterrupted)
				} else {
					close(r.drawn)
				}
				<-r.added
				if got := read(); got != tc.drawn {
					t.Errorf("%d lines are read, want %d", got, tc.drawn)
				}
			})
		})
	}
}
