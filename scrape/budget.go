package scrape

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/metrics"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// ErrTooComplex is returned by [Recipe.Extract] for a page that costs more than
// a page may (class too_complex). Nothing is kept of the page.
var ErrTooComplex = errors.New("scrape: page too complex")

// What the extraction of one page may cost. For scale: a table of 10,000 rows
// of 10 cells (1.6 MB) is 220,000 nodes and takes 2.3 million steps for its
// 100,000 values.
const (
	maxTime  = 10 * time.Second // wall time of parsing and extraction
	maxNodes = 2_000_000        // of the parsed page
	maxDepth = 2_000            // elements inside one another
	maxSteps = 50_000_000       // elements looked at, some many times; about 3 s
	maxCells = 1_000_000        // values extracted
	maxText  = 64 << 20         // bytes of the values extracted, all together

	// How far the process's heap may grow while one page is parsed: slack,
	// and more for each byte read, up to the most. Pages of tables take up to
	// 30 bytes for each of their own; a page that was built to explode, 8,000
	// (measured with the one of the tests). The heap is that of the whole
	// process, since Go counts none for one goroutine: the slack is for what
	// other workers hold meanwhile.
	heapSlack   = 128 << 20
	heapPerByte = 64
	heapMost    = 512 << 20

	// tagsPerRead is how many tags the HTML parser is given between two
	// looks at the clock. The worst known tag makes 512 nodes.
	tagsPerRead = 64

	// stepsPerLook is how many steps go by between two looks at the clock.
	stepsPerLook = 4096
)

// tooComplex says which limit was met.
func tooComplex(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrTooComplex, fmt.Sprintf(format, args...))
}

// A work is what one page may still cost. Its first error stays.
type work struct {
	ended func() error // what ended the context of Extract; nil: nothing yet
	begun time.Time
	err   error
	nodes int    // left
	steps int    // left
	look  int    // steps until the clock is looked at
	cells int    // left
	text  int    // bytes left
	slack int    // bytes, as heapSlack
	fold  []byte // room for the text that is folded
	texts texts  // that were read
	tree  *tree  // of the page, once something is selected; see treeOf
	tidy  *tidy  // that made the nodes of the page; nil: package html did

	// Of the element whose children were counted last.
	parent *html.Node
	count  int
}

// children returns how many children n has. Its neighbours are asked about one
// after the other, so the answer is kept.
func (w *work) children(n *html.Node) int {
	if n == nil {
		return 0
	}
	if n != w.parent {
		w.parent, w.count = n, 0
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			w.count++
		}
	}
	return w.count
}

func newWork(ctx context.Context) *work {
	ended := func() error {
		if ctx.Err() == nil {
			return nil
		}
		return context.Cause(ctx)
	}
	return &work{ended: ended, begun: time.Now(), nodes: maxNodes, steps: maxSteps, look: stepsPerLook, cells: maxCells, text: maxText, slack: heapSlack}
}

// spend takes n steps and reports whether the work may go on.
func (w *work) spend(n int) bool {
	if w.look -= n; w.look > 0 && w.err == nil {
		return true
	}
	w.steps -= stepsPerLook - w.look
	w.look = stepsPerLook
	if w.steps < 0 {
		w.fail(tooComplex("more than %d steps", maxSteps))
	}
	return w.alive()
}

// alive looks at the clock and reports whether the work may go on.
func (w *work) alive() bool {
	if err := w.ended(); err != nil {
		w.fail(err)
	}
	if time.Since(w.begun) > maxTime {
		w.fail(tooComplex("more than %v", maxTime))
	}
	return w.err == nil
}

// keep takes the place of one extracted value and reports whether it fits.
func (w *work) keep(value string) bool {
	w.cells--
	w.text -= len(value)
	switch {
	case w.cells < 0:
		w.fail(tooComplex("more than %d values", maxCells))
	case w.text < 0:
		w.fail(tooComplex("more than %d bytes of values", maxText))
	}
	return w.err == nil
}

// treeOf returns the tree of the one page of w.
func (w *work) treeOf(root *html.Node) *tree {
	if w.tree == nil {
		w.tree = trees.Get().(*tree)
		w.tree.plant(root)
	}
	return w.tree
}

// done ends the use of the page: of its nodes, not of what was read from them.
func (w *work) done() {
	if w.tree != nil {
		w.tree.release()
		w.tree = nil
	}
	if w.tidy != nil {
		w.tidy.release()
		w.tidy = nil
	}
}

func (w *work) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// parse parses body within the limits of w. Scripting is off: what stands in
// <noscript> is part of the page, as it is for every reader without scripts.
func (w *work) parse(body []byte) (*document, error) {
	if root := w.tidyPage(body); root != nil {
		return w.measure(root)
	} else if w.err != nil {
		return nil, w.err
	}
	root, err := html.ParseWithOptions(&guard{w: w, rest: body, heap: heapBytes()}, html.ParseOptionEnableScripting(false))
	if w.err != nil {
		return nil, w.err
	}
	if err != nil { // bytes cannot fail to be read: it is nested too deep
		return nil, fmt.Errorf("%w: %w", ErrTooComplex, err)
	}
	return w.measure(root)
}

// A document is a parsed page.
type document struct {
	root  *html.Node
	title *html.Node // the first <title>, or nil
	base  string     // the href of the first <base> that has one
}

// measure walks over the whole page once: it counts nodes and depth, so that
// everything after it may rely on them, and finds title and base.
func (w *work) measure(root *html.Node) (*document, error) {
	doc := &document{root: root}
	depth, based := 0, false
	for n := root; n != nil; {
		if w.nodes--; w.nodes < 0 {
			return nil, tooComplex("more than %d nodes", maxNodes)
		}
		if w.nodes%stepsPerLook == 0 && !w.alive() {
			return nil, w.err
		}
		if n.Namespace == "" {
			switch {
			case n.DataAtom == atom.Title && doc.title == nil:
				doc.title = n
			case n.DataAtom == atom.Base && !based:
				doc.base, based = attribute(n, "href")
			}
		}
		if n.FirstChild != nil {
			n = n.FirstChild
			if depth++; depth > maxDepth {
				return nil, tooComplex("more than %d elements deep", maxDepth)
			}
			continue
		}
		for n != root && n.NextSibling == nil {
			n = n.Parent
			depth--
		}
		n = n.NextSibling // of the root: nil
	}
	return doc, nil
}

// attribute returns the value of an element's attribute and whether it is there.
func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// A guard gives a page to the HTML parser in small portions and looks at clock,
// context and heap before each. The parser cannot be interrupted otherwise.
type guard struct {
	w    *work
	rest []byte
	read int
	heap uint64 // bytes, before the page was parsed
}

// Read hands over at most tagsPerRead tags.
func (g *guard) Read(b []byte) (int, error) {
	if !g.w.alive() {
		return 0, g.w.err
	}
	now, most := heapBytes(), min(g.w.slack+heapPerByte*g.read, heapMost)
	if now > g.heap && now-g.heap > uint64(most) {
		g.w.fail(tooComplex("the heap grew by %d MiB while it was parsed", (now-g.heap)>>20))
		return 0, g.w.err
	}
	n := copy(b, g.rest[:portion(g.rest[:min(len(b), len(g.rest))])])
	g.rest = g.rest[n:]
	g.read += n
	if n == 0 && len(b) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// portion returns how many bytes of page hold tagsPerRead tags. A second <html>
// or <body> begins a portion of its own: the parser merges its attributes into
// the first one's, at the price of all that are there.
func portion(page []byte) int {
	tags := bytes.Count(page[:min(1, len(page))], []byte("<"))
	for n := 0; n < len(page); tags++ {
		i := bytes.IndexByte(page[n+1:], '<')
		if i < 0 {
			break
		}
		n += 1 + i
		if tags == tagsPerRead || merges(page[n:]) {
			return n
		}
	}
	return len(page)
}

// merges reports whether tag begins <html or <body.
func merges(tag []byte) bool {
	if len(tag) < 5 {
		return false
	}
	name := tag[1:5]
	return bytes.EqualFold(name, []byte("html")) || bytes.EqualFold(name, []byte("body"))
}

// heapBytes returns how much heap the process holds, dead objects that were not
// yet swept included. It takes less than a microsecond and stops nothing.
func heapBytes() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
