package ui

// A scroll is which lines of a list that does not fit are on the screen. The
// zero scroll is at the top.
type scroll struct {
	top  int // the first line on the screen
	room int // lines on the screen at the last drawing
	all  int // lines there were then
}

// do moves as an act says, and reports whether it is one that moves.
func (s *scroll) do(a act) bool {
	switch a {
	case actUp:
		s.move(-1)
	case actDown:
		s.move(1)
	case actPageUp, actScrollUp:
		s.move(-s.room)
	case actPageDown, actScrollDown:
		s.move(s.room)
	case actTop:
		s.move(-s.all)
	case actEnd:
		s.move(s.all)
	default:
		return false
	}
	return true
}

func (s *scroll) move(lines int) { s.top = max(0, min(s.top+lines, s.all-s.room)) }

// show says how many lines there are and how many of them fit, and returns
// which of them to draw.
func (s *scroll) show(all, room int) (from, to int) {
	s.all, s.room = all, max(room, 0)
	s.move(0)
	return s.top, min(s.top+s.room, all)
}

// more reports whether there are lines that are not on the screen.
func (s *scroll) more() bool { return s.all > s.room }
