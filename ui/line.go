package ui

import (
	"strings"
)

// A line is one line of the screen in the making: cells are put at its end.
// What does not fit in its cells is cut off.
type line struct {
	b     strings.Builder
	used  int
	cells int
	plain bool // without styles: the row is reversed as a whole
}

func newLine(cells int, plain bool) *line {
	l := &line{cells: cells, plain: plain}
	l.b.Grow(2 * cells)
	return l
}

// put adds text as it is. The text may be styled.
func (l *line) put(s string) *line {
	w := width(s)
	if l.used+w > l.cells {
		s = cut(s, l.cells-l.used)
		w = width(s)
	}
	l.b.WriteString(s)
	l.used += w
	return l
}

// paint adds plain text in a style, which the blanks around it do not wear: an
// underline is under words.
func (l *line) paint(st Style, s string) *line {
	if w := width(s); l.used+w > l.cells {
		s = cut(s, l.cells-l.used)
	}
	l.used += width(s)
	switch {
	case s == "":
	case l.plain || strings.TrimSpace(s) == "":
		l.b.WriteString(s)
	default:
		text := strings.Trim(s, " ")
		before, after, _ := strings.Cut(s, text)
		l.b.WriteString(before + st.Render(text) + after)
	}
	return l
}

// gap adds so many blanks.
func (l *line) gap(cells int) *line { return l.put(blank(min(cells, l.cells-l.used))) }

// fill adds blanks up to a column.
func (l *line) fill(to int) *line { return l.gap(to - l.used) }

// end returns the line, filled up to its width.
func (l *line) end() string {
	l.fill(l.cells)
	return l.b.String()
}

// A pane is where a panel draws, and how: inside a frame, or as a page.
type pane struct {
	th      Theme
	w, h    int  // cells inside
	framed  bool // a page has a heading and no frame
	focused bool
}

// headedFrom is how many lines a panel has from which on one of them is a heading.
const headedFrom = 8

// headed reports whether a panel of few columns has a line that names them: one
// that is high enough, in a frame or on a page.
func (p pane) headed() bool { return p.h >= headedFrom }

// heads is how many lines that are.
func (p pane) heads() int {
	if p.headed() {
		return 1
	}
	return 0
}

// room returns how many rows of such a panel are on the screen.
func (p pane) room() int { return p.h - p.heads() }

// row begins the line of a list's row: selected says that the cursor is there.
func (p pane) row(selected bool) *line { return newLine(p.w, selected && p.focused) }

// finish ends a row, reversed if the cursor is on it and has the keys.
func (p pane) finish(l *line, selected bool) string {
	s := l.end()
	if selected && p.focused {
		return p.th.Selected.Render(s)
	}
	return s
}

// cursor is the first cell of a row.
func (p pane) cursor(selected bool) string {
	if selected {
		return p.th.Glyphs.Cursor
	}
	return " "
}

// teach is what an empty panel says.
func (p pane) teach(text string) []string {
	return []string{newLine(p.w, false).gap(2).put(text).end()}
}
