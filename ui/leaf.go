package ui

// A leaf is what one part of the details shows: blocks, one below the other. A
// leaf may have a million of them, or one that takes as many lines: only those
// on the screen are drawn.
type leaf interface {
	// head returns the lines that stay above while the blocks are scrolled.
	head(th Theme, w int) []string

	// count returns how many blocks there are.
	count() int

	// rows returns how many lines of w cells block i takes, at least one.
	rows(i, w int) int

	// draw appends lines from up to end of block i, in at most w cells each.
	draw(lines []string, th Theme, i, from, end, w int) []string
}

// drawnLines are a leaf of lines that are drawn already.
type drawnLines []string

func (l drawnLines) head(Theme, int) []string { return nil }
func (l drawnLines) count() int               { return len(l) }
func (l drawnLines) rows(int, int) int        { return 1 }
func (l drawnLines) draw(lines []string, _ Theme, i, _, _, w int) []string {
	return append(lines, cut(l[i], w))
}

// A lineAt is a line of a leaf: of a block, from 0.
type lineAt struct{ block, row int }

// A sight is a leaf as it is on the screen: so many lines of w cells, from a
// line on.
type sight struct {
	leaf
	w, room int
}

// scrolled returns the line that is so many lines below another, above it for
// less than none. It does not go past the last screen.
func (s sight) scrolled(from lineAt, by int) lineAt {
	at := s.valid(from)
	for ; by < 0 && at != (lineAt{}); by++ {
		if at.row == 0 {
			at.block--
			at.row = s.rows(at.block, s.w)
		}
		step := min(at.row, -by)
		at.row -= step
		by += step - 1
	}
	for by > 0 && at.block < s.count() {
		step := min(s.rows(at.block, s.w)-at.row, by)
		if at.row += step; at.row >= s.rows(at.block, s.w) {
			at.block, at.row = at.block+1, 0
		}
		by -= step
	}
	return s.within(at)
}

// within returns the line, or the first one of the last screen if it is below
// that.
func (s sight) within(at lineAt) lineAt {
	last := lineAt{s.count(), 0}
	for left := s.room; left > 0 && last != (lineAt{}); {
		if last.row == 0 {
			last.block--
			last.row = s.rows(last.block, s.w)
		}
		step := min(last.row, left)
		last.row -= step
		left -= step
	}
	if at.block > last.block || at.block == last.block && at.row > last.row {
		return last
	}
	return at
}

// end is the first line of the last screen.
func (s sight) end() lineAt { return s.within(lineAt{s.count(), 0}) }

// valid returns the line, or the nearest one that there is.
func (s sight) valid(at lineAt) lineAt {
	if at.block < 0 || s.count() == 0 {
		return lineAt{}
	}
	if at.block >= s.count() {
		return lineAt{s.count(), 0}
	}
	return lineAt{at.block, max(0, min(at.row, s.rows(at.block, s.w)-1))}
}

// lines draws what is on the screen from a line on, and returns the lines
// between which that is.
func (s sight) lines(th Theme, at lineAt) (lines []string, from, to lineAt) {
	at = s.within(s.valid(at))
	from = at
	lines = make([]string, 0, max(s.room, 0))
	for at.block < s.count() && len(lines) < s.room {
		all := s.rows(at.block, s.w)
		end := min(all, at.row+s.room-len(lines))
		lines = s.draw(lines, th, at.block, at.row, end, s.w)
		if at.row = end; end == all {
			at.block, at.row = at.block+1, 0
		}
	}
	return lines, from, at
}

// position says which blocks stand between two lines, or how far into a longer
// one they are; nothing if that is all.
func (s sight) position(from, to lineAt) string {
	if from == (lineAt{}) && to.block == s.count() {
		return ""
	}
	first, last := from.block+1, to.block // of the next one there is a part at most
	of := " of " + count(s.count())
	if first < last {
		return count(first) + "-" + count(last) + of
	}
	if all := s.rows(from.block, s.w); all > s.room {
		return count(first) + of + ", " + itoa(uint64(percent(from.row+s.room, all))) + "%"
	}
	return count(first) + of
}
