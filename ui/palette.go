package ui

import (
	"cmp"
	"slices"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// A palette finds an action by its name and does it. Its answer is an actMsg.
type palette struct {
	boxed
	whyNot func(act) string // why an action is not possible now; empty: it is
	field  textinput.Model
	found  []action
	cursor int // in found
	top    int // first of found on the screen
	room   int // of them on the screen, at the last drawing
}

// newPalette returns the palette of all actions. WhyNot is asked at every
// drawing; nil means that everything is possible.
func newPalette(keys keyMap, whyNot func(act) string) *palette {
	if whyNot == nil {
		whyNot = func(act) string { return "" }
	}
	p := &palette{boxed: boxed{scope: inPalette, keys: keys}, whyNot: whyNot, field: newField("")}
	p.found = p.search("")
	return p
}

// search returns what is called so. While nothing is typed, what changes the run
// comes first and what has keys in the fingers last.
func (p *palette) search(name string) []action {
	found := p.keys.search(name)
	if name == "" {
		slices.SortStableFunc(found, func(a, b action) int { return cmp.Compare(a.later(), b.later()) })
	}
	return found
}

// later returns how late an action comes among all.
func (a *action) later() int {
	switch {
	case a.group == groupSteer:
		return 0
	case a.group == groupLook:
		return 1
	case !a.act.moves():
		return 2
	}
	return 3
}

func (p *palette) Init() tea.Cmd { return nil }

func (p *palette) Update(msg tea.Msg) (dialog, tea.Cmd) {
	switch msg := msg.(type) {
	case pickMsg:
		p.cursor = msg.item
		return p.accept()
	case wheelMsg:
		p.move(msg.by)
		return p, nil
	}
	switch p.asked(msg) {
	case actClose, actInterrupt:
		return nil, nil
	case actAccept:
		return p.accept()
	case actUp, actPrevName:
		p.move(-1)
	case actDown, actNextName:
		p.move(1)
	case actPageUp:
		p.move(-p.room)
	case actPageDown:
		p.move(p.room)
	default:
		if types(msg) {
			p.edit(msg)
		}
	}
	return p, nil
}

func (p *palette) move(by int) { p.cursor = max(min(p.cursor+by, len(p.found)-1), 0) }

// accept does the action under the cursor, if it is possible.
func (p *palette) accept() (dialog, tea.Cmd) {
	if p.cursor >= len(p.found) || p.whyNot(p.found[p.cursor].act) != "" {
		return p, nil
	}
	return nil, send(actMsg{p.found[p.cursor].act})
}

// edit edits the name.
func (p *palette) edit(msg tea.Msg) {
	before := p.field.Value()
	p.field = typed(p.field, msg)
	if now := p.field.Value(); now != before {
		p.found, p.cursor, p.top = p.search(now), 0, 0
	}
}

func (p *palette) View(th Theme, w, h int) string {
	if tooSmall(w, h) {
		return ""
	}
	w = min(w-4, 84)
	inner := w - 4
	about := p.about(th, inner)
	if h-4 > len(about)+6 {
		about = append([]row{{}}, about...)
	}
	p.room = max(min(h-4-len(about), 14), 1)
	p.top = max(p.cursor-p.room+1, min(p.top, p.cursor, len(p.found)-p.room), 0)
	rows := []row{{text: th.Accent.Render(":") + " " + fieldView(th, p.field, inner-2)}}
	for i := p.top; i < p.top+p.room; i++ {
		if i >= len(p.found) {
			rows = append(rows, row{drop: 1})
			continue
		}
		rows = append(rows, row{text: p.line(th, p.found[i], i == p.cursor, inner), item: i + 1})
	}
	if len(p.found) == 0 {
		rows[1].text = th.Muted.Render("no action is called that")
	}
	rows = append(rows, dropped(2, about)...)
	rows = append(rows, p.foot(th, inner, hint{act: actAccept, word: "do it"}, hint{act: actUp, also: actDown, word: "choose"}, hint{act: actClose}))
	return p.box(th, "Actions", rows, w, h)
}

// says returns what an action does, or why it cannot.
func (p *palette) says(a action) (words string, possible bool) {
	if why := p.whyNot(a.act); why != "" {
		return "not now: " + clean(why, lineBytes), false
	}
	return a.does, true
}

// about says of the action under the cursor in whole what its line may have no
// room for. It takes the same lines for most of them, so that what is chosen
// moves and the dialog does not.
func (p *palette) about(th Theme, w int) (rows []row) {
	if p.cursor < len(p.found) {
		words, possible := p.says(p.found[p.cursor])
		style := th.Text
		if !possible {
			style = th.Warn
		}
		rows = wrap(words, style, w)
	}
	for len(rows) < 2 {
		rows = append(rows, row{})
	}
	return rows
}

// line draws one action in w cells: its name, its key, and as far as there is
// room what it does or why it cannot.
func (p *palette) line(th Theme, a action, selected bool, w int) string {
	const cells, keyCells, fewest = 28, 11, 16 // of the name, of the key, and for the rest
	words, possible := p.says(a)
	style := th.Muted
	if !possible {
		style = th.Warn
	}
	name, key, rest := pad(a.name, cells), pad(a.key.Help().Key, keyCells), ""
	apart := func(cells int) string { return pad(a.name, cells-1) + blank(min(cells, 1)) } // from the key
	switch room := w - 2 - cells - keyCells; {
	case room >= fewest:
		rest = pad(words, room)
	case room >= 0: // that it cannot is said, and why below
		name, rest = apart(max(w-2-keyCells-len("not now"), 0)), blank(len("not now"))
		if !possible {
			rest = "not now"
		}
	default:
		name = apart(max(w-2-keyCells, 0))
	}
	if selected {
		return th.Selected.Render(th.Glyphs.Cursor + " " + name + key + rest)
	}
	return "  " + name + th.Accent.Render(key) + style.Render(rest)
}

// search returns the actions that query names, the best first: all for an
// empty query, in the order of the help. The one whose key is the query comes
// first, then those with all its words in the name, then those that say them.
func (k keyMap) search(query string) []action {
	words := strings.Fields(strings.ToLower(query))
	var byKey, byName, byText []action
	for _, a := range k {
		name := strings.ToLower(a.name)
		text := name + " " + strings.ToLower(a.does) + " " + strings.ToLower(a.word)
		switch {
		case a.act == actPanel, a.in != onPanels: // it needs its number, or its dialog
		case query != "" && slices.Contains(a.key.Keys(), query):
			byKey = append(byKey, a)
		case all(name, words):
			byName = append(byName, a)
		case all(text, words):
			byText = append(byText, a)
		}
	}
	return slices.Concat(byKey, byName, byText)
}

// all reports whether every word is in s.
func all(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}
