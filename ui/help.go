package ui

import (
	"slices"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// A help shows every binding, by group, and finds one when text is typed. It
// is made of the key map, so that it is never wrong.
type help struct {
	boxed
	scroll
	panel panel // keys that do nothing there are muted
	only  bool  // the run is only watched: keys that change it are told to be of no use
	field textinput.Model
}

func newHelp(keys keyMap, p panel) *help {
	return &help{boxed: boxed{scope: inHelp, keys: keys}, panel: p, field: newField("")}
}

func (h *help) Init() tea.Cmd { return nil }

func (h *help) Update(msg tea.Msg) (dialog, tea.Cmd) {
	if wheel, ok := msg.(wheelMsg); ok {
		h.move(wheel.by)
		return h, nil
	}
	a := h.asked(msg)
	if key, ok := msg.(tea.KeyPressMsg); ok && h.field.Value() == "" && slices.Contains(h.keys.of(actHelp).key.Keys(), key.String()) {
		a = actHelp // a letter is text only once there is some
	}
	switch a {
	case actClose, actInterrupt, actAccept, actHelp:
		return nil, nil
	}
	if !h.do(a) && types(msg) {
		h.field = typed(h.field, msg)
		h.top = 0
	}
	return h, nil
}

// Wide help has a column for each group, side by side.
const helpWide = 116 // cells of its box

// Where the groups begin, side by side, and where in a group its entries do.
var (
	helpGroups = []int{0, 37, 74}
	helpStops  = []int{0, 16, 34, 50}
)

func (h *help) View(th Theme, w, height int) string {
	if tooSmall(w, height) {
		return ""
	}
	w = min(w-2, helpWide)
	inner := w - 4
	var lines []string
	switch {
	case h.field.Value() != "":
		lines = h.matches(th, inner)
	case w < helpWide:
		lines = h.stacked(th, inner)
	default:
		lines = h.beside(th)
	}
	blanks := 1 // above the last line
	if len(lines)+3 > height {
		blanks = 0
	}
	from, to := h.show(len(lines), min(len(lines), height-3-blanks))
	var rows []row
	for _, line := range lines[from:to] {
		rows = append(rows, row{text: line})
	}
	if blanks > 0 {
		rows = append(rows, row{})
	}
	rows = append(rows, h.last(th, inner))
	title := "Help"
	if h.panel != 0 {
		title += ": panel " + string('0'+rune(h.panel)) + " " + h.panel.String()
	}
	return h.box(th, title, rows, w, height)
}

// last is the line below: what is searched, or how to.
func (h *help) last(th Theme, w int) row {
	if h.field.Value() != "" {
		return row{text: th.Accent.Render("search: ") + fieldView(th, h.field, w-8)}
	}
	hints := []hint{{act: actClose}}
	if h.more() {
		hints = []hint{{act: actUp, also: actDown, word: "more"}, {act: actClose}}
	}
	told := "type to search" + keyGap
	r := h.foot(th, w-width(told), hints...)
	r.text = th.Muted.Render(told) + r.text
	for i := range r.spots {
		r.spots[i].from += width(told)
		r.spots[i].to += width(told)
	}
	return r
}

// beside draws the groups in columns.
func (h *help) beside(th Theme) []string {
	var lines []string
	for g, name := range h.groups() {
		for i, line := range append([]string{h.heading(th, name)}, h.group(th, name, 36)...) {
			if i == len(lines) {
				lines = append(lines, "")
			}
			lines[i] = pad(lines[i], helpGroups[g]) + line
		}
	}
	return lines
}

// stacked draws the groups one under the other.
func (h *help) stacked(th Theme, w int) []string {
	var lines []string
	for _, name := range h.groups() {
		lines = append(lines, h.heading(th, name))
		for _, line := range h.group(th, name, w-2) {
			lines = append(lines, "  "+line)
		}
	}
	return lines
}

// heading is the name of a group.
func (h *help) heading(th Theme, name group) string {
	text := string(name)
	switch {
	case name != groupSteer:
	case h.only:
		return th.Accent.Render(text+": ") + th.Warn.Render("not possible, read-only")
	case h.keys.capitals():
		text += ": selected (capital: all)"
	}
	return th.Accent.Render(text)
}

// groups returns the headings, in the order of the key map.
func (h *help) groups() []group {
	var names []group
	for _, a := range h.keys {
		if a.in == onPanels && !slices.Contains(names, a.group) {
			names = append(names, a.group)
		}
	}
	return names
}

// group draws the entries of one group in lines of w cells. An entry begins at
// the next stop that the one before leaves free.
func (h *help) group(th Theme, name group, w int) []string {
	var lines []string
	line, used := "", -1 // used up to and without this cell; -1: nothing yet
	for _, a := range h.keys {
		if a.group != name || a.pair == "" {
			continue
		}
		cells := width(a.pair) + 2 + width(a.word)
		at := slices.IndexFunc(helpStops, func(stop int) bool { return stop > used })
		if used >= 0 && (at < 0 || helpStops[at]+cells > w) {
			lines, line, used, at = append(lines, line), "", 0, 0
		}
		word := a.word
		if h.panel != 0 && !a.on(h.panel) || h.only && a.changes() {
			word = th.Muted.Render(word)
		}
		line = pad(line, helpStops[at]) + th.Accent.Render(a.pair) + "  " + word
		used = helpStops[at] + cells
	}
	return append(lines, line)
}

// matches draws what the search has found, an action a line.
func (h *help) matches(th Theme, w int) []string {
	var lines []string
	for _, a := range h.keys.search(h.field.Value()) {
		does := a.does
		if h.only && a.changes() {
			does = "read-only"
		}
		lines = append(lines, th.Accent.Render(pad(a.key.Help().Key, 10))+pad(a.name, 28)+th.Muted.Render(cut(does, w-38)))
	}
	if len(lines) == 0 {
		return []string{th.Muted.Render("no key does that")}
	}
	return lines
}
