package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"weir/engine"
)

// A printer says how a run without a screen goes. It is safe for use by
// multiple goroutines.
type printer interface {
	every() time.Duration // between two calls of progress
	progress(engine.Stats)
	note(text string) // something that happened, in one line
	end(ending)
}

// newPrinter returns the printer for w: JSON lines if asked for; else a bar if
// w is a terminal that nothing else is written to, and lines if not.
func newPrinter(w io.Writer, log string, shared bool) printer {
	switch {
	case log == "json":
		return &jsonPrinter{enc: json.NewEncoder(w)}
	case isTerminal(w) && !dumb() && !shared:
		return &barPrinter{w: w, ascii: !utf8Locale()}
	}
	return &linePrinter{w: w}
}

// A holder keeps notes to itself until it is released.
type holder struct {
	printer
	mu   sync.Mutex
	held []string
	free bool
}

func (h *holder) note(text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.free {
		h.held = append(h.held, text)
		return
	}
	h.printer.note(text)
}

// release passes on what was held, and from now on everything at once.
func (h *holder) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, text := range h.held {
		h.printer.note(text)
	}
	h.held, h.free = nil, true
}

// A linePrinter writes for files and for terminals that others write to.
type linePrinter struct {
	mu sync.Mutex
	w  io.Writer
}

func (p *linePrinter) every() time.Duration { return 5 * time.Second }

func (p *linePrinter) progress(s engine.Stats) { p.note(progressLine(s)) }

func (p *linePrinter) note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintln(p.w, "weir: "+text)
}

func (p *linePrinter) end(e ending) {
	for _, l := range e.lines() {
		p.note(l)
	}
}

// A barPrinter keeps one line of a terminal up to date.
type barPrinter struct {
	mu    sync.Mutex
	w     io.Writer
	ascii bool
	last  string // what stands on the line
}

func (p *barPrinter) every() time.Duration { return 200 * time.Millisecond }

// barCells is how long the bar is.
const barCells = 20

func (p *barPrinter) progress(s engine.Stats) {
	full, rest := "█", "░"
	if p.ascii {
		full, rest = "#", "."
	}
	n := percent(s.Counts) * barCells / 100
	line := strings.Repeat(full, n) + strings.Repeat(rest, barCells-n) + " " + progressLine(s)
	if cells := []rune(line); len(cells) >= columns(p.w) {
		line = string(cells[:columns(p.w)-1])
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if line != p.last {
		fmt.Fprint(p.w, "\r"+line+"\x1b[K")
		p.last = line
	}
}

func (p *barPrinter) note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprint(p.w, "\r\x1b[Kweir: "+text+"\n"+p.last)
}

func (p *barPrinter) end(e ending) {
	p.progress(e.stats)
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintln(p.w)
	for _, l := range e.lines() {
		fmt.Fprintln(p.w, "weir: "+l)
	}
}
