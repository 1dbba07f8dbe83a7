package ui

import "strings"

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
	bad, takes := f.trouble(th), ""
	if f.shown.fresh > 0 {
		d, err := parsePace(f.interval.Value())
		if err != nil {
			d = f.pace
		}
		takes = f.shown.takes(d)
	}
	rows := []row{{drop: 9}, {text: f.prompt(), drop: 8}}
	for _, line := range f.list(th, inner, list) {
		rows = append(rows, row{text: line})
	}
	rows = append(rows,
		row{drop: 9},
		row{text: f.fields(th, inner)},
		row{drop: 9},
		row{text: f.counts(th, inner), drop: 1},
		row{text: bad, drop: 2},
		row{text: takes, drop: 3},
		row{drop: 9},
		row{text: f.keys(th, inner)},
	)
	return box(th, "Add a batch", rows, w, h)
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
		for _, bad := range f.shown.bad[f.badTop:min(f.badTop+h, len(f.shown.bad))] {
			rows = append(rows, th.Warn.Render(cut(bad, w-4)))
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

// fields draws recipe, priority and interval. Wide boxes have fixed columns.
func (f *addForm) fields(th Theme, w int) string {
	recipe := "-"
	if len(f.recipes) > 0 {
		recipe = clean(f.recipes[f.recipe], lineBytes)
	}
	value := func(field int, text string, cells int) string {
		if f.focus == field {
			return th.Selected.Render(cut(text, cells)) + blank(cells-width(cut(text, cells)))
		}
		return pad(text, cells)
	}
	down := " " + th.Glyphs.Down
	room := min(w-45, 10) // for the interval
	interval := value(fieldInterval, f.interval.Value(), room)
	if f.focus == fieldInterval {
		interval = fieldView(th, f.interval, room)
	}
	label := th.Muted.Render
	if w < 66 {
		return label("recipe ") + value(fieldRecipe, cut(recipe, 8)+down, 11) +
			label("priority ") + value(fieldPriority, f.priority.String()+down, 9) +
			label("interval ") + interval
	}
	return label("recipe   ") + value(fieldRecipe, cut(recipe, 11)+down, 13) + " " +
		label("priority  ") + value(fieldPriority, f.priority.String()+down, 13) + " " +
		label("interval  ") + interval
}

// counts says what the list holds, as far as it is read.
func (f *addForm) counts(th Theme, w int) string {
	switch {
	case f.shown.err != nil:
		return th.Bad.Render(clean(f.shown.err.Error(), lineBytes))
	case f.text.count() == 0:
		return th.Muted.Render("a range of months is BASE 2025-11+6: six of them, from November on")
	case f.shown.total() == 0 && !f.shown.done:
		return th.Muted.Render("reading the list")
	case !f.shown.done:
		return f.shown.words(w-1) + th.Glyphs.More
	}
	return f.shown.words(w)
}

// trouble says why enter did nothing, else which line is the first bad one.
func (f *addForm) trouble(th Theme) string {
	switch {
	case f.say != "":
		return th.Bad.Render(f.say)
	case f.adding:
		return th.Muted.Render("adding it as soon as the first URL is read")
	case len(f.shown.bad) > 0:
		return th.Warn.Render("invalid, " + f.shown.bad[0])
	}
	return ""
}

func (f *addForm) keys(th Theme, w int) string {
	add := "add"
	if f.shown.fresh > 0 {
		add += " " + count(f.shown.fresh)
	}
	if f.onlyBad {
		return keys(th, w, "up down", "move", "ctrl+o", "show the list", "esc", "back")
	}
	tab := "next field"
	if f.focus == fieldRecipe || f.focus == fieldPriority {
		tab += "   " + th.Accent.Render("left right") + " choose"
	}
	if len(f.shown.bad) > 0 {
		return keys(th, w, "enter", add, "tab", tab, "ctrl+o", "only show invalid", "esc", "drop")
	}
	return keys(th, w, "enter", add, "tab", tab, "ctrl+j", "new line", "esc", "drop")
}
