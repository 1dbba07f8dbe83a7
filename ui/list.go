package ui

import tea "charm.land/bubbletea/v2"

// A cursor stands on one row of a list and holds it by its key: rows that come,
// go or change places do not move it to another.
//
// A key press acts on the row that the operator saw under the cursor, which
// may be another than the one under it now if a view came in between.
type cursor[K comparable] struct {
	key K   // the row it stands on
	at  int // where that is now
	top int // first row on the screen
	h   int // rows on the screen

	seen  K    // the row under it in the last frame that was drawn
	some  bool // there was one
	moved bool // the operator has put it where it stands
}

// rows is a list as a cursor sees it.
type rows[K comparable] interface {
	count() int
	keyAt(i int) K
	find(key K) int // below zero: not in the list
}

// sync finds the row again after the list has changed. A row that is gone
// leaves the cursor where it stood.
func (c *cursor[K]) sync(l rows[K]) {
	n := l.count()
	if n == 0 {
		c.at, c.top = 0, 0
		return
	}
	at := l.find(c.key)
	if at < 0 {
		at = min(c.at, n-1)
	} else {
		c.top += at - c.at // its line on the screen stays
	}
	c.at = at
	c.key = l.keyAt(at)
	c.scroll(n)
}

// home goes to the first row, of a list that nobody works in.
func (c *cursor[K]) home(l rows[K]) {
	c.at, c.top = 0, 0
	if l.count() > 0 {
		c.key = l.keyAt(0)
	}
}

// scroll brings the cursor's row onto the screen.
func (c *cursor[K]) scroll(n int) {
	h := max(c.h, 1)
	c.top = min(c.top, n-h, c.at)
	c.top = max(c.top, c.at-h+1, 0)
}

// update takes what concerns the cursor of a message.
func (c *cursor[K]) update(l rows[K], msg tea.Msg) {
	switch msg := msg.(type) {
	case moveMsg:
		c.moveTo(l, c.at+msg.by)
	case frameMsg:
		c.drawn(l)
	}
}

// page returns how many rows a page key moves by.
func (c *cursor[K]) page() int { return max(c.h-1, 1) }

// away returns how far the row is that stands so many lines below the first
// one on the screen. There may be none.
func (c *cursor[K]) away(l rows[K], line int) (rows int, ok bool) {
	row := c.top + line
	return row - c.at, line >= 0 && row < l.count()
}

// moveTo goes to row i, or as near as there is one.
func (c *cursor[K]) moveTo(l rows[K], i int) {
	n := l.count()
	if n == 0 {
		return
	}
	c.at = max(0, min(i, n-1))
	c.key = l.keyAt(c.at)
	c.scroll(n)
	c.seen, c.some, c.moved = c.key, true, true // the operator goes there with open eyes
}

// resize sets how many rows are on the screen.
func (c *cursor[K]) resize(l rows[K], h int) {
	c.h = h
	if n := l.count(); n > 0 {
		c.scroll(n)
	}
}

// drawn says that the frame has reached the terminal.
func (c *cursor[K]) drawn(l rows[K]) { c.seen, c.some = c.key, l.count() > 0 }

// target returns the row that a key means, and false if there is none.
func (c *cursor[K]) target(l rows[K]) (K, bool) {
	if c.some && l.find(c.seen) >= 0 {
		return c.seen, true
	}
	return c.key, l.count() > 0
}
