package ui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textarea"
	tea "charm.land/bubbletea/v2"
)

// What the text area edits itself. A longer text is held: kept whole beside
// the area, which is slow and lossy for long texts (it stops at 10,000 lines).
const (
	editLines = 50
	editBytes = 8 << 10
)

// areaRows is how many lines of the list the form shows.
const areaRows = 4

// addText is the list of URLs of the Add form: a text area that never gets
// slow. A paste of more lines than it shows is held, shown by its first lines
// and `… 47 more lines`, and goes on being typed at below those. Backspace or
// up opens a held text for editing if it is short; else backspace takes its
// last line off. Ctrl+u drops it.
type addText struct {
	area  textarea.Model
	held  string   // as pasted, with LF line ends; empty: nothing is held
	lines int      // of held
	head  []string // its first lines, cleaned
}

func newAddText() addText {
	area := textarea.New()
	area.Prompt = ""
	area.ShowLineNumbers = false
	area.MaxHeight, area.MaxWidth = 0, 0
	area.KeyMap.InsertNewline.Unbind() // the form has a key for that
	area.KeyMap.Paste.Unbind()         // terminals paste by themselves; see tea.PasteMsg
	area.KeyMap.CopySelection.Unbind()
	area.SetHeight(areaRows)
	area.Focus()
	return addText{area: area}
}

// value returns the whole text.
func (t addText) value() string {
	switch tail := t.area.Value(); {
	case t.held == "":
		return tail
	case tail == "":
		return t.held
	default:
		return t.held + "\n" + tail
	}
}

// count returns the number of lines.
func (t addText) count() int {
	n := t.lines
	if t.area.Length() > 0 {
		n += t.area.LineCount()
	}
	return n
}

// insert puts pasted text in: where the cursor is, or at the end if the whole
// is then too long for the area.
func (t *addText) insert(s string) {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	if strings.Trim(s, " \t") == "" { // between two URLs: clean would take it away
		s = s[:min(len(s), 1)]
		t.area.InsertString(strings.Replace(s, "\t", " ", 1))
		return
	}
	if t.held == "" && len(s) <= editBytes && strings.Count(s, "\n") < areaRows {
		t.area.InsertString(cleanLines(s))
		t.fold()
		return
	}
	s = strings.TrimRight(s, "\n")
	if before := t.value(); before != "" {
		s = before + "\n" + s
	}
	t.hold(s)
	t.area.Reset()
}

// hold keeps s beside the area.
func (t *addText) hold(s string) {
	t.held, t.lines, t.head = s, 0, nil
	if s == "" {
		return
	}
	t.lines = strings.Count(s, "\n") + 1
	for line := range strings.Lines(s) {
		t.head = append(t.head, clean(strings.TrimRight(line, "\n"), lineBytes))
		if len(t.head) == areaRows {
			break
		}
	}
}

// fold holds what was typed when it has grown too long for the area.
func (t *addText) fold() {
	if t.area.LineCount() > editLines || t.area.Length() > editBytes {
		t.hold(t.value())
		t.area.Reset()
	}
}

// update takes a key press and reports whether the text is another one now.
func (t *addText) update(msg tea.KeyPressMsg) bool {
	if t.held != "" && t.area.Length() == 0 {
		switch msg.String() {
		case "ctrl+u":
			t.hold("")
			return true
		case "backspace", "ctrl+h", "up", "left":
			if t.lines <= editLines && len(t.held) <= editBytes {
				t.area.SetValue(cleanLines(t.held))
				t.hold("")
				break
			}
			if key.Matches(msg, t.area.KeyMap.DeleteCharacterBackward) {
				t.hold(t.held[:max(strings.LastIndexByte(t.held, '\n'), 0)])
				return true
			}
		}
	}
	before := t.area.Value()
	msg.Text = cleanKey(msg.Text)
	t.area, _ = t.area.Update(msg)
	changed := t.area.Value() != before
	t.fold()
	return changed || t.held == "" && before != "" && t.area.Length() == 0
}

// move moves the cursor so many lines down, and changes nothing.
func (t *addText) move(lines int) {
	for ; lines < 0; lines++ {
		t.area.CursorUp()
	}
	for ; lines > 0; lines-- {
		t.area.CursorDown()
	}
}

// view draws the text in exactly h rows of w cells.
func (t *addText) view(th Theme, w, h int, focused bool) []string {
	if focused {
		t.area.Focus()
	} else {
		t.area.Blur()
	}
	t.area.SetStyles(areaStyles(th))
	t.area.SetWidth(w)
	if t.held == "" {
		t.area.SetHeight(h)
		return strings.Split(t.area.View(), "\n")
	}
	var rows []string
	below := 0 // rows for what is typed under the held text
	if t.area.Length() > 0 && h > 1 {
		below = 1
	}
	shown := min(len(t.head), h-below)
	if shown < t.lines {
		shown = min(len(t.head), max(h-below-1, 0)) // an empty last line has no head
	}
	for _, line := range t.head[:shown] {
		rows = append(rows, pad(line, w))
	}
	if more := t.lines - shown; more > 0 && len(rows) < h-below {
		words := th.Glyphs.More + " " + plural(more, "more line")
		if shown == 0 {
			words = plural(more, "line")
		}
		rows = append(rows, th.Muted.Render(pad(words, w)))
	}
	for len(rows) < h-below {
		rows = append(rows, blank(w))
	}
	if below > 0 {
		t.area.SetHeight(1)
		rows = append(rows, strings.Split(t.area.View(), "\n")...)
	}
	return rows
}

// cleanLines cleans a text line by line.
func cleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = clean(line, editBytes)
	}
	return strings.Join(lines, "\n")
}

// areaStyles are the theme's styles for a text area: the terminal's own
// colours and a steady cursor.
func areaStyles(th Theme) textarea.Styles {
	state := textarea.StyleState{Text: th.Text.Style, CursorLine: th.Text.Style, Placeholder: th.Muted.Style, Selection: th.Selected.Style}
	return textarea.Styles{Focused: state, Blurred: state}
}
