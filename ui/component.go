package ui

import (
	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// A component is one of the four panels as the root model knows it: the root
// gives it its size and the keys, hands it messages, and puts its lines in
// their place. It does no I/O, starts no command of its own and has no clock:
// the time is that of the numbers.
//
// Its bindings are those in keys.go whose panels name it, its styles are the
// roles of the [Theme]. A panel has no second set of either, so that one line
// of the configuration rebinds a key, and one theme dresses the screen.
type component interface {
	// SetSize sets how many cells the lines of View may have, and how many
	// lines there may be. Framed says that the root draws a frame around
	// them; a page has a heading in its place.
	SetSize(w, h int, framed bool)
	// SetFocus says whether keys go to this panel: its row is reversed then.
	SetFocus(on bool)
	// Update takes a numbersMsg, a moveMsg or a frameMsg.
	Update(msg tea.Msg)
	// View draws the lines.
	View(th Theme) []string
	// title says how much there is, and how it is sorted: parts of the note
	// in the frame, most important first.
	title(g Glyphs) []string

	count() int // rows
	page() int  // rows that a page key moves by
	// heads is how many lines stand above the rows.
	heads() int
	// away returns how far the row on a line of View is from the cursor.
	// There may be none.
	away(line int) (rows int, ok bool)

	// What the row under the cursor is of. Results answer for all that are
	// marked, but for the host.
	host() string                 // empty: none
	batchIDs() []engine.BatchID   // each once
	selectors() []engine.Selector // what a key acts on
	shows() string                // the filter that shows its results; empty: it is a result
}

type (
	// numbersMsg says that the numbers the panels share are of a new view.
	numbersMsg struct{}

	// moveMsg moves the cursor so many rows down.
	moveMsg struct{ by int }
)

// A face is what the panels have in common: where they draw, and the numbers
// that they show, which are the root's.
type face struct {
	pane  pane // without a theme
	stats *engine.Stats
	keys  keyMap // that sentences name
	only  bool   // the run is only watched: nothing can be added
}

func (f *face) SetFocus(on bool) { f.pane.focused = on }

// in returns where to draw, and how.
func (f *face) in(th Theme) pane {
	at := f.pane
	at.th = th
	return at
}
