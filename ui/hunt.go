package ui

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

const (
	// huntPage is how many jobs a hunt asks the engine for at once: what it
	// has found is published, and it can be dropped, after each of them.
	huntPage = 4096

	// huntShown is how many of the URLs that it finds are shown.
	huntShown = 8
)

// rePrefix begins a pattern that is a regular expression. A pair of slashes
// would not do: /archive/ is what somebody types who means that text.
const rePrefix = "re:"

// parsePattern returns what tells whether a URL has what was typed: that text,
// in any case, or, behind rePrefix, a match of that regular expression. It
// returns nil if nothing was typed yet.
func parsePattern(s string) (finds func(url string) bool, err error) {
	s = strings.TrimSpace(s)
	expr, isExpr := strings.CutPrefix(s, rePrefix)
	switch {
	case s == "", isExpr && expr == "":
		return nil, nil
	case isExpr:
		re, err := regexp.Compile(expr)
		if err != nil {
			return nil, errors.New("no regular expression: " + strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		return re.MatchString, nil
	}
	lower := strings.ToLower(s)
	return func(url string) bool { return containsFold(url, lower) }, nil
}

// A hunt looks which of the URLs that wait a pattern finds. It runs in a
// command of its own; the dialog looks at its bag meanwhile, and drops it when
// the pattern becomes another.
type hunt struct {
	finds   func(url string) bool
	batch   engine.BatchID // zero: the run
	dropped atomic.Bool
	bag     atomic.Pointer[bag] // as far as it is; never nil
}

// A bag is what a hunt has found. It is not changed once published.
type bag struct {
	first []string       // of the URLs, cleaned; at most huntShown
	jobs  []engine.JobID // those that wait
	of    int            // all that were looked at and wait
	aloft int            // found, and in flight
	done  bool           // all were looked at
	err   error
}

// huntMsg says that a hunt has ended. lookHuntMsg asks to look at one.
type (
	huntMsg     struct{ *hunt }
	lookHuntMsg struct{ *hunt }
)

func newHunt(finds func(string) bool, batch engine.BatchID) *hunt {
	h := &hunt{finds: finds, batch: batch}
	h.bag.Store(&bag{})
	return h
}

// start returns the commands that run the hunt and look at it.
func (h *hunt) start(c engine.Controller, call caller) tea.Cmd {
	return tea.Batch(call(func(ctx context.Context) tea.Msg { h.run(ctx, c); return huntMsg{h} }), h.look())
}

func (h *hunt) look() tea.Cmd {
	return tea.Tick(scanLook, func(time.Time) tea.Msg { return lookHuntMsg{h} })
}

// run looks at all that waits, or until the hunt is dropped.
func (h *hunt) run(ctx context.Context, c engine.Controller) {
	var b bag
	for q := (engine.Query{Batch: h.batch, Limit: huntPage}); !b.done && !h.dropped.Load(); {
		page, err := c.Waiting(ctx, q)
		if err == nil {
			err = context.Cause(ctx)
		}
		b.err = err
		for i := range page.Jobs {
			b.take(&page.Jobs[i], h.finds)
		}
		q.After = page.Next
		b.done = page.Next == 0 || err != nil
		found := b
		h.bag.Store(&found)
	}
}

func (b *bag) take(j *engine.WaitingJob, finds func(string) bool) {
	waits := j.Place != engine.InFlight
	if waits {
		b.of++
	}
	switch {
	case !finds(j.URL):
	case !waits:
		b.aloft++
	default:
		b.jobs = append(b.jobs, j.ID)
		if len(b.first) < huntShown {
			b.first = append(b.first[:len(b.first):len(b.first)], clean(j.URL, urlBytes))
		}
	}
}

// words says in at most w cells how many were found, and of how many.
func (b *bag) words(w int) string {
	n, of := len(b.jobs), plural(b.of, "waiting URL")
	if !b.done {
		of += " so far"
	}
	text := count(n) + " of " + of
	switch {
	case !b.done && b.of == 0:
		return "counting"
	case b.done && n == 0 && b.aloft == 0:
		return "nothing: none of " + of + " has that"
	case b.done && n == 0:
		text = "nothing that waits"
	}
	if b.aloft > 0 {
		if long := text + "; " + count(b.aloft) + " in flight " + goOn(b.aloft); width(long) <= w {
			return long
		}
	}
	return text
}

func goOn(n int) string {
	if n == 1 {
		return "goes on"
	}
	return "go on"
}
