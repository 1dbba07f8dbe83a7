package ui

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// A palette finds an action by its name and does it. Its answer is an actMsg.
type palette struct {
	keys   keyMap
	whyNot func(act) string // why an action is not possible now; empty: it is
	field  textinput.Model
	found  []action
	cursor int // in found
}

// newPalette returns the palette of all actions. WhyNot is asked at every
// drawing; nil means that everything is possible.
func newPalette(keys keyMap, whyNot func(act) string) *palette {
	if whyNot == nil {
		whyNot = func(act) string { return "" }
	}
	p := &palette{keys: keys, whyNot: whyNot, field: newField("")}
	p.found = keys.search("")
	return p
}

func (p *palette) Init() tea.Cmd { return nil }

func (p *palette) Update(msg tea.Msg) (dialog, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		switch msg.String() {
		case "esc", "ctrl+c":
			return nil, nil
		case "enter":
			if p.cursor >= len(p.found) || p.whyNot(p.found[p.cursor].act) != "" {
				return p, nil
			}
			return nil, send(actMsg{p.found[p.cursor].act})
		case "up", "ctrl+p":
			p.cursor = max(p.cursor-1, 0)
			return p, nil
		case "down", "ctrl+n":
			p.cursor = max(min(p.cursor+1, len(p.found)-1), 0)
			return p, nil
		}
		p.edit(msg)
	case tea.PasteMsg:
		p.edit(msg)
	}
	return p, nil
}

// edit edits the name.
func (p *palette) edit(msg tea.Msg) {
	before := p.field.Value()
	p.field = typed(p.field, msg)
	if now := p.field.Value(); now != before {
		p.found, p.cursor = p.keys.search(now), 0
	}
}

func (p *palette) View(th Theme, w, h int) string {
	if tooSmall(w, h) {
		return ""
	}
	w = min(w-4, 84)
	inner := w - 4
	shown := max(min(h-4, 14), 1)
	lines := []string{th.Accent.Render(":") + " " + fieldView(th, p.field, inner-2)}
	top := min(max(p.cursor-shown+1, 0), max(len(p.found)-shown, 0))
	for i := top; i < top+shown; i++ {
		if i >= len(p.found) {
			lines = append(lines, "")
			continue
		}
		lines = append(lines, p.line(th, p.found[i], i == p.cursor, inner))
	}
	if len(p.found) == 0 {
		lines[1] = th.Muted.Render("no action is called that")
	}
	lines = append(lines, keys(th, inner, "enter", "do it", "up down", "choose", "esc", "close"))
	rows := make([]row, len(lines))
	for i, line := range lines {
		rows[i].text = line
	}
	return box(th, "Actions", rows, w, h)
}

// line draws one action in w cells: its name, its key, and what it does or why
// it cannot.
func (p *palette) line(th Theme, a action, selected bool, w int) string {
	does, style := a.does, th.Muted
	if why := p.whyNot(a.act); why != "" {
		does, style = "not now: "+clean(why, lineBytes), th.Warn
	}
	name, key := pad(a.name, 28), pad(a.key.Help().Key, 10)
	rest := pad(does, w-width(name)-width(key)-2)
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
		case a.act == actPanel: // needs its number
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
