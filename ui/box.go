package ui

import (
	"strings"

	"charm.land/bubbles/v2/textinput"
	"charm.land/lipgloss/v2"
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
	text string
	drop int
}

// fit returns the text of the rows that are kept in h lines.
func fit(rows []row, h int) []string {
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
	lines := make([]string, 0, left)
	for i, r := range rows {
		if kept[i] {
			lines = append(lines, r.text)
		}
	}
	return lines
}

// box draws rows in a heavy frame of w cells and at most h lines; at least 8
// cells and 3 lines.
func box(th Theme, title string, rows []row, w, h int) string {
	g, line := th.Glyphs.Heavy, th.Accent.Render
	title = cut(title, w-6)
	var b strings.Builder
	b.WriteString(line(g.TopLeft + g.Top + " " + title + " " + strings.Repeat(g.Top, w-5-width(title)) + g.TopRight))
	for _, text := range fit(rows, h-2) {
		b.WriteString("\n" + line(g.Side) + " " + pad(text, w-4) + " " + line(g.Side))
	}
	b.WriteString("\n" + line(g.BottomLeft+strings.Repeat(g.Bottom, w-2)+g.BottomRight))
	return b.String()
}

// wrap breaks words into rows of at most w cells.
func wrap(words string, style lipgloss.Style, w int) []row {
	var rows []row
	for line := range strings.Lines(ansi.Wrap(words, max(w, 1), "")) {
		rows = append(rows, row{text: style.Render(strings.TrimRight(line, " \n"))})
	}
	return rows
}

// keys draws a line of keys and what they do, given in pairs, in at most w
// cells. What does not fit is left out whole, the last pair last.
func keys(th Theme, w int, pairs ...string) string {
	var all []string
	cells := -len(keyGap)
	for i := 0; i+1 < len(pairs); i += 2 {
		pair := th.Accent.Render(pairs[i]) + " " + pairs[i+1]
		all = append(all, pair)
		cells += len(keyGap) + width(pair)
	}
	for cells > w && len(all) > 1 {
		i := len(all) - 2
		cells -= len(keyGap) + width(all[i])
		all = append(all[:i], all[i+1:]...)
	}
	return strings.Join(all, keyGap)
}

const keyGap = "   "

// choice draws a line of a question: its key and what that does.
func choice(th Theme, key, does string) string {
	return "  " + th.Accent.Render(pad(key, 6)) + does
}

// fieldView draws a one-line input in w cells.
func fieldView(th Theme, f textinput.Model, w int) string {
	f.SetWidth(max(w-1, 1)) // the cursor stands behind the last character
	f.SetStyles(textinput.Styles{
		Focused: textinput.StyleState{Text: th.Text, Placeholder: th.Muted},
		Blurred: textinput.StyleState{Text: th.Text, Placeholder: th.Muted},
	})
	return f.View()
}
