package ui

import (
	"errors"
	"strings"
)

// View draws the form. Where the screen is low, blank rows go first, then the
// list becomes lower, down to one line.
func (f *addForm) View(th Theme, w, h int) string {
	if tooSmall(w, h) {
		return ""
	}
	w = min(w-6, 84)
	inner := w - 4
	list := areaRows
	const others = 7 // rows that stay at any height, the frame of the list among them
	if free := h - 2 - others; free < areaRows {
		list = max(free, 1)
	}
	rows := []row{{drop: 9}, {text: f.prompt(), drop: 8}}
	for _, line := range f.list(th, inner, list) {
		rows = append(rows, row{text: line, item: 1 + fieldText})
	}
	rows = append(rows,
		row{drop: 9},
		f.fields(th, inner),
		row{drop: 9},
	)
	rows = append(rows, f.told(th, inner)...)
	rows = append(rows, row{drop: 9}, f.last(th, inner))
	return f.box(th, "Add a batch", rows, w, h)
}

func (f *addForm) prompt() string {
	if f.onlyBad {
		return "Lines that cannot be added, " + count(len(f.shown.bad)) + " of " + count(f.shown.invalid) + ":"
	}
	return "URLs, a file, or a range of months (spaces or lines between):"
}

// list draws the text area, or the refused lines, in a thin frame.
func (f *addForm) list(th Theme, w, h int) []string {
	g, line := th.Glyphs.Thin, th.Muted.Render
	if f.focus == fieldText {
		line = th.Accent.Render
	}
	var rows []string
	if f.onlyBad {
		from, to := f.bad.show(len(f.shown.bad), h)
		for _, bad := range f.shown.bad[from:to] {
			rows = append(rows, th.Warn.Render(badText(bad, w-4)))
		}
		for len(rows) < h {
			rows = append(rows, "")
		}
	} else {
		rows = f.text.view(th, w-4, h, f.focus == fieldText)
	}
	lines := []string{line(g.TopLeft + strings.Repeat(g.Top, w-2) + g.TopRight)}
	for _, r := range rows {
		lines = append(lines, line(g.Side)+" "+pad(r, w-4)+" "+line(g.Side))
	}
	return append(lines, line(g.BottomLeft+strings.Repeat(g.Bottom, w-2)+g.BottomRight))
}

// fields draws recipe, priority and interval. Wide boxes have fixed columns,
// narrow ones the one field that has the keys.
func (f *addForm) fields(th Theme, w int) row {
	recipe := "-"
	if len(f.recipes) > 0 {
		recipe = clean(f.recipes[f.recipe], lineBytes)
	}
	room := max(min(w-45, 10), 5) // for the interval
	labels, cells, most := [3]string{"recipe   ", " priority  ", " interval  "}, [3]int{13, 13, room}, 11
	if w < 66 {
		labels, cells, most = [3]string{"recipe ", "priority ", "interval "}, [3]int{11, 9, room}, 8
	}
	down := " " + th.Glyphs.Down
	texts := [3]string{cut(recipe, most) + down, f.priority.String() + down, f.interval.Value()}
	var r row
	at := 0
	for i, field := range []int{fieldRecipe, fieldPriority, fieldInterval} {
		if w < 50 && field != max(f.focus, fieldRecipe) {
			continue // there is room for the one that has the keys
		}
		value := pad(texts[i], cells[i])
		switch {
		case f.focus != field:
		case field == fieldInterval:
			value = fieldView(th, f.interval, room)
		default:
			text := cut(texts[i], cells[i])
			value = th.Selected.Render(text) + blank(cells[i]-width(text))
		}
		r.text += th.Muted.Render(labels[i]) + value
		end := at + len(labels[i]) + cells[i]
		r.spots = append(r.spots, spot{from: at, to: end, item: 1 + field})
		at = end
	}
	return r
}

// told says what the list holds, what is wrong, and how long it takes: in three
// lines, and more where sentences are long and there is room for them.
func (f *addForm) told(th Theme, w int) []row {
	var rows []row
	say := func(drop, most int, style Style, text string) {
		lines := []string{cut(text, w)}
		if most > 1 {
			lines = fold(text, w, most)
		}
		for _, line := range lines {
			rows = append(rows, row{text: style.Render(line), drop: drop})
		}
	}
	text, style := f.counts(th, w)
	if f.shown.err != nil {
		say(1, 3, style, text)
	} else {
		say(1, 1, style, text)
	}
	switch {
	case f.say != "":
		say(2, 2, th.Bad, f.say)
	case f.adding:
		say(2, 1, th.Muted, "adding it as soon as the first URL is read")
	case len(f.shown.bad) > 0:
		bad := "invalid, " + f.shown.bad[0]
		if width(bad) > w {
			bad = badText(f.shown.bad[0], w) // that it is, the line above says
		}
		say(2, 1, th.Warn, bad)
	case f.shown.fresh > 0:
		rows = append(rows, row{drop: 2})
	}
	if f.shown.fresh > 0 {
		d, err := parsePace(f.interval.Value())
		if err != nil {
			d = f.pace
		}
		say(3, 1, th.Text, f.shown.takes(d, w))
	}
	for len(rows) < 3 {
		rows = append(rows, row{drop: 3})
	}
	return rows
}

// counts says what the list holds, as far as it is read.
func (f *addForm) counts(th Theme, w int) (string, Style) {
	switch {
	case f.text.count() == 0 && w < 66:
		return "months: BASE 2025-11+6, six from November on", th.Muted
	case f.text.count() == 0:
		return "a range of months is BASE 2025-11+6: six of them, from November on", th.Muted
	case errors.Is(f.shown.err, ErrNoURL):
		return ErrNoURL.Error(), th.Muted
	case f.shown.err != nil:
		return clean(f.shown.err.Error(), lineBytes), th.Bad
	case f.shown.total() == 0 && !f.shown.done:
		return "reading the list", th.Muted
	case !f.shown.done:
		return f.shown.words(w-1) + th.Glyphs.More, th.Text
	}
	return f.shown.words(w), th.Text
}

// badText writes what is wrong with a line of the list in at most w cells: of
// where, which URL and why, the URL gives way.
func badText(text string, w int) string {
	const least = 8 // cells of the URL
	from, to := strings.Index(text, ": ")+len(": "), strings.LastIndex(text, ": ")
	if all := width(text); all <= w || from > to || w-(all-width(text[from:to])) < least {
		return cut(text, w)
	}
	room := w - width(text[:from]) - width(text[to:])
	return text[:from] + cut(text[from:to], room) + text[to:]
}

// last is the line of keys.
func (f *addForm) last(th Theme, w int) row {
	f.scope = f.room()
	add := hint{act: actAccept, word: "add"}
	if f.shown.fresh > 0 {
		add.word += " " + count(f.shown.fresh)
	}
	if f.onlyBad {
		return f.foot(th, w, hint{act: actDown, also: actUp, word: "move"}, hint{act: actRefused, word: "show the list"}, hint{act: actClose, word: "back"})
	}
	hints := []hint{add, {act: actNextField}}
	if f.scope == inChoice {
		hints = append(hints, hint{act: actBefore, also: actAfter, word: "choose"})
	}
	switch {
	case len(f.shown.bad) > 0:
		hints = append(hints, hint{act: actRefused})
	case f.focus == fieldText:
		hints = append(hints, hint{act: actNewLine})
	}
	return f.foot(th, w, append(hints, hint{act: actClose, word: "drop"})...)
}
