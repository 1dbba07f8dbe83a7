package ui

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// A source is the text of a page, cleaned, as a leaf: its lines, folded. A line
// may be a megabyte long: where its rows begin is looked up, for any width, and
// is not to be found out from its beginning.
type source struct {
	title bodyTitle
	text  string // all lines, without what ends them
	lines []sourceLine
	marks []sourceMark
}

// A sourceLine is a line of the text. It ends where the next one begins.
type sourceLine struct {
	at    uint32 // in the text
	cells uint32 // all of them
	last  uint32 // the cell in which the last character begins
	marks uint32 // first of its marks
}

// A sourceMark is a place in a line that is not plain ASCII.
type sourceMark struct {
	at    uint32 // in the text
	cells uint32 // before it, of the line
}

// markEvery is how many bytes lie between two marks, about: that much is read to
// find a cell.
const markEvery = 256

// newSource cleans text, which is UTF-8, and folds it for no width in
// particular. It takes a tenth of a second for a megabyte: call it off the loop.
// A line ends with CR, LF or both.
func newSource(text string) *source {
	s := &source{}
	var all strings.Builder
	all.Grow(len(text))
	for text != "" {
		line, rest := text, ""
		if end := strings.IndexAny(text, "\r\n"); end >= 0 {
			line, rest = text[:end], text[end+1:]
			if text[end] == '\r' {
				rest = strings.TrimPrefix(rest, "\n")
			}
		}
		s.add(&all, strings.TrimRight(cleanSource(line), " "))
		text = rest
	}
	s.text = all.String()
	return s
}

// add puts a clean line at the end of all.
func (s *source) add(all *strings.Builder, line string) {
	begin := uint32(all.Len())
	all.WriteString(line)
	l := sourceLine{at: begin, cells: uint32(len(line)), last: uint32(max(len(line)-1, 0)), marks: uint32(len(s.marks))}
	if !isASCII(line) {
		cells, next := uint32(0), markEvery
		for i, r := range line {
			n := uint32(runeCells(r))
			if n > 0 {
				l.last = cells
				if i >= next { // a character, not what stands on one
					s.marks = append(s.marks, sourceMark{begin + uint32(i), cells})
					next = i + markEvery
				}
			}
			cells += n
		}
		l.cells = cells
	}
	s.lines = append(s.lines, l)
}

func (s *source) head(th Theme, w int) []string { return s.title.lines(th, w) }
func (s *source) count() int                    { return len(s.lines) }

// length returns how many bytes a line has.
func (s *source) length(i int) uint32 {
	if i+1 < len(s.lines) {
		return s.lines[i+1].at - s.lines[i].at
	}
	return uint32(len(s.text)) - s.lines[i].at
}

// plain reports whether a line is ASCII: a cell a byte. Whatever else there is
// has more bytes than cells.
func (s *source) plain(i int) bool { return s.lines[i].cells == s.length(i) }

// fold returns how many cells lie between the beginnings of two rows. A wide
// character that begins in the last of them reaches into one more.
func (s *source) fold(i, w int) int {
	if s.plain(i) || int(s.lines[i].cells) <= w {
		return max(w, 1)
	}
	return max(w-1, 1)
}

func (s *source) rows(i, w int) int { return int(s.lines[i].last)/s.fold(i, w) + 1 }

func (s *source) draw(lines []string, _ Theme, i, from, end, w int) []string {
	fold := s.fold(i, w)
	at := s.find(i, from*fold)
	for row := from; row < end; row++ {
		next := s.find(i, (row+1)*fold)
		lines = append(lines, cut(s.text[at:next], w))
		at = next
	}
	return lines
}

// find returns where the first character of line i stands that begins in that
// cell or after it.
func (s *source) find(i, cell int) uint32 {
	l, size := &s.lines[i], s.length(i)
	if s.plain(i) {
		return l.at + min(uint32(cell), size)
	}
	marks := s.marks[l.marks:]
	if i+1 < len(s.lines) {
		marks = s.marks[l.marks:s.lines[i+1].marks]
	}
	at, cells := l.at, uint32(0)
	if n := sort.Search(len(marks), func(n int) bool { return marks[n].cells > uint32(cell) }); n > 0 {
		at, cells = marks[n-1].at, marks[n-1].cells
	}
	for at < l.at+size {
		r, n := utf8.DecodeRuneInString(s.text[at:])
		c := uint32(runeCells(r))
		if c > 0 && cells >= uint32(cell) { // what stands on a character stays with it
			break
		}
		at, cells = at+uint32(n), cells+c
	}
	return at
}
