package ui

import (
	"strings"

	"charm.land/bubbles/v2/textinput"
	"github.com/charmbracelet/x/ansi"
)

// lineBytes is the most that is kept of one line of foreign text.
const lineBytes = 1024

// tooSmall reports whether a dialog has no room to be read in. It is not drawn
// then, and takes keys all the same.
func tooSmall(w, h int) bool { return w < 24 || h < 3 }

// A row is one line of a box. Where the box is too high for the screen, rows
// with the highest drop go first, later ones before earlier ones; rows with
// drop 0 stay until nothing else is left.
type row struct {
	text  string
	drop  int
	item  int    // the number of the list's item that it shows, from 1; 0: none
	spots []spot // what a click on it presses
}

// fit returns the rows that are kept in h lines.
func fit(rows []row, h int) []row {
	kept := make([]bool, len(rows))
	left := len(rows)
	for i := range kept {
		kept[i] = true
	}
	for ; left > max(h, 0); left-- {
		worst := -1
		for i, r := range rows {
			if kept[i] && (worst < 0 || r.drop >= rows[worst].drop) {
				worst = i
			}
		}
		kept[worst] = false
	}
	fits := make([]row, 0, left)
	for i, r := range rows {
		if kept[i] {
			fits = append(fits, r)
		}
	}
	return fits
}

// wrap breaks words into rows of at most w cells.
func wrap(words string, style Style, w int) []row {
	var rows []row
	for line := range strings.Lines(ansi.Wrap(words, max(w, 1), "")) {
		rows = append(rows, row{text: style.Render(strings.TrimRight(line, " \n"))})
	}
	return rows
}

// folded breaks plain words into lines of at most w cells, at least one.
func folded(words string, w int) []string {
	if width(words) <= w {
		return []string{words}
	}
	var lines []string
	for line := range strings.Lines(ansi.Wrap(words, max(w, 1), "")) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	return lines
}

// rowsOf returns how many lines folded makes.
func rowsOf(words string, w int) int {
	if width(words) <= w {
		return 1
	}
	return len(folded(words, w))
}

// dropped gives rows a drop.
func dropped(drop int, rows []row) []row {
	for i := range rows {
		rows[i].drop = drop
	}
	return rows
}

// fieldView draws a one-line input in w cells.
func fieldView(th Theme, f textinput.Model, w int) string {
	f.SetWidth(max(w-1, 1)) // the cursor stands behind the last character
	f.SetStyles(textinput.Styles{
		Focused: textinput.StyleState{Text: th.Text.Style, Placeholder: th.Muted.Style},
		Blurred: textinput.StyleState{Text: th.Text.Style, Placeholder: th.Muted.Style},
	})
	return f.View()
}
