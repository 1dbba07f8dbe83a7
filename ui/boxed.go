package ui

import (
	"cmp"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// boxed is what all dialogs have in common: the keys that they go by, and what
// was drawn where, which is what a click finds. The zero boxed has the keys
// that weir comes with.
type boxed struct {
	scope scope
	keys  keyMap

	at   place // on the screen; of the last drawing
	rows []row // inside, from the first line on; of the last drawing
}

// frame returns the dialog's own boxed.
func (b *boxed) frame() *boxed { return b }

func (b *boxed) bound() keyMap {
	if b.keys == nil {
		b.keys = newKeys()
	}
	return b.keys
}

type (
	// hitMsg asks a dialog for an act, as its key would.
	hitMsg struct{ act act }

	// pickMsg says which item of its list was clicked, and at which cell.
	pickMsg struct{ item, cell int }

	// wheelMsg scrolls a dialog so many lines down.
	wheelMsg struct{ by int }
)

// asked returns what a key or a click asks of the dialog; actNone for a key that
// means nothing here, or is text.
func (b *boxed) asked(msg tea.Msg) act {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return b.bound().meant(b.scope, msg.String())
	case hitMsg:
		return msg.act
	}
	return actNone
}

// A spot is a part of a line that presses something when it is clicked.
type spot struct {
	from, to int // cells: up to and without to
	act      act // that is done
	item     int // or the number, from 1, of the item that is picked
}

// spotAt returns the spot at a cell, an empty one without one.
func spotAt(spots []spot, cell int) spot {
	for _, s := range spots {
		if s.from <= cell && cell < s.to {
			return s
		}
	}
	return spot{}
}

// click returns the message of what is drawn at a cell of the screen, nil if
// that is nothing to click on, and whether it is in the box at all.
func (b *boxed) click(x, y int) (msg tea.Msg, inside bool) {
	if x -= b.at.x; x < 0 || x >= b.at.w || y < b.at.y || y >= b.at.y+b.at.h {
		return nil, false
	}
	line, cell := y-b.at.y-1, x-2
	if line < 0 || line >= len(b.rows) || cell < 0 || cell >= b.at.w-4 {
		return nil, true
	}
	r := b.rows[line]
	switch s := spotAt(r.spots, cell); {
	case s.act != actNone:
		return hitMsg{s.act}, true
	case s.item > 0:
		return pickMsg{s.item - 1, cell - s.from}, true
	case r.item > 0:
		return pickMsg{r.item - 1, cell}, true
	}
	return nil, true
}

// box draws rows in a heavy frame of w cells and at most h lines; at least 8
// cells and 3 lines.
func (b *boxed) box(th Theme, title string, rows []row, w, h int) string {
	g, line := th.Glyphs.Heavy, th.Accent.Render
	title = cut(title, w-6)
	b.rows = fit(rows, h-2)
	var s strings.Builder
	s.WriteString(line(g.TopLeft + g.Top + " " + title + " " + strings.Repeat(g.Top, w-5-width(title)) + g.TopRight))
	for _, r := range b.rows {
		s.WriteString("\n" + line(g.Side) + " " + pad(r.text, w-4) + " " + line(g.Side))
	}
	s.WriteString("\n" + line(g.BottomLeft+strings.Repeat(g.Bottom, w-2)+g.BottomRight))
	return s.String()
}

// keyGap is how far apart the hints of a dialog stand.
const keyGap = "   "

// foot is a dialog's line of keys and what they do, in at most w cells. What
// does not fit is left out whole, the last hint last; hints whose acts have no
// key are not there.
func (b *boxed) foot(th Theme, w int, hints ...hint) row {
	k := b.bound()
	type drawn struct {
		hint
		keys [2]string
	}
	var all []drawn
	cells := func(d drawn) int {
		n := width(d.keys[0]) + 1 + width(d.word)
		if d.keys[1] != "" {
			n += 1 + width(d.keys[1])
		}
		return n
	}
	used := -len(keyGap)
	for _, h := range hints {
		d := drawn{h, [2]string{k.shownIn(b.scope, h.act)}}
		d.word = cmp.Or(h.word, k.of(h.act).key.Help().Desc)
		if h.also != actNone {
			d.keys[1] = k.shownIn(b.scope, h.also)
		}
		if d.keys[0] == "" {
			d.act, d.keys = d.also, [2]string{d.keys[1]}
		}
		if d.keys[0] != "" {
			all = append(all, d)
			used += len(keyGap) + cells(d)
		}
	}
	for used > w && len(all) > 1 {
		i := len(all) - 2
		used -= len(keyGap) + cells(all[i])
		all = append(all[:i], all[i+1:]...)
	}
	var r row
	at := 0
	for i, d := range all {
		if i > 0 {
			r.text += keyGap
			at += len(keyGap)
		}
		r.text += th.Accent.Render(d.keys[0])
		if d.keys[1] != "" {
			r.spots = append(r.spots, spot{from: at + width(d.keys[0]) + 1, to: at + width(d.keys[0]) + 1 + width(d.keys[1]), act: d.also})
			r.text += " " + th.Accent.Render(d.keys[1])
		}
		r.text += " " + d.word
		r.spots = append(r.spots, spot{from: at, to: at + cells(d), act: d.act})
		at += cells(d)
	}
	return r
}

// choice is a line of a question: a key and what it does.
func (b *boxed) choice(th Theme, a act, does string) row {
	key := b.bound().shownIn(b.scope, a)
	return row{text: "  " + th.Accent.Render(pad(key, max(6, width(key)+1))) + does, spots: []spot{{from: 2, to: 1 << 10, act: a}}}
}
