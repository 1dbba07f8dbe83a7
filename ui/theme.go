package ui

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
)

// A Theme says what the five meanings of the screen look like. It changes
// these and nothing else; every meaning is also told by a word or a glyph.
type Theme struct {
	Name string // one of ThemeNames

	OK     Style // ok, running
	Warn   Style // empty, waiting longer than usual, full, paused
	Bad    Style // failed, parked, unsaved
	Muted  Style // frames, skipped, idle
	Accent Style // focus, keys, sort

	Text     Style // everything else: the terminal's own colours
	Selected Style // the row under the cursor

	Glyphs Glyphs
	Dark   bool
	ASCII  bool // the finished frame goes through onlyASCII

	colours bool // there are some, and bold and underline need not stand for them
	profile colorprofile.Profile
}

// NewTheme returns the default theme for a terminal with a dark or light
// background and 24-bit colour. See [Theme.On] for terminals with fewer.
func NewTheme(dark, ascii bool) Theme {
	return Theme{Name: ThemeNames()[0], Dark: dark, ASCII: ascii, Glyphs: glyphs}.On(colorprofile.TrueColor)
}

// A Style is how text of one line looks. What lipgloss puts around it is made
// once: a frame has hundreds of texts, and making it for each was two fifths of
// a frame's time.
type Style struct {
	lipgloss.Style
	on, off string
}

func newStyle(st lipgloss.Style) Style {
	on, off, _ := strings.Cut(st.Render("x"), "x")
	return Style{st, on, off}
}

// Render returns text, which is of one line, as it looks in the style.
func (s Style) Render(text string) string {
	if text == "" {
		return ""
	}
	return s.on + text + s.off
}

// On returns the theme as a terminal of profile p shows it: with 16 colours by
// their numbers, without colour by bold and underline.
func (t Theme) On(p colorprofile.Profile) Theme {
	t.profile = p
	plain := lipgloss.NewStyle()
	t.Text, t.Selected = newStyle(plain), newStyle(plain.Reverse(true))
	looks := looksOf(t.Name)
	t.colours = looks.name != mono && p >= colorprofile.ANSI
	style := func(s shade, without lipgloss.Style) Style {
		c := s.of(t.Dark, p)
		switch {
		case !t.colours:
			return newStyle(without)
		case c == "":
			return newStyle(plain)
		}
		return newStyle(plain.Foreground(lipgloss.Color(c)))
	}
	t.OK = style(looks.ok, plain)
	t.Warn = style(looks.warn, plain.Bold(true))
	t.Bad = style(looks.bad, plain.Bold(true).Underline(true))
	t.Muted = style(looks.muted, plain)
	t.Accent = style(looks.accent, plain.Underline(true))
	return t
}

// Lit returns the theme for a dark or light background.
func (t Theme) Lit(dark bool) Theme {
	t.Dark = dark
	return t.On(t.profile)
}

// Called returns the theme of that name for the same terminal, and the same one
// if there is none.
func (t Theme) Called(name string) Theme {
	t.Name = looksOf(name).name
	return t.On(t.profile)
}

// edge is the style of a frame. Without colour the heavy lines say enough: an
// underlined frame would only look broken.
func (t Theme) edge(focused bool) Style {
	if focused && t.colours {
		return t.Accent
	}
	return t.Muted
}

// Glyphs are the drawing characters of the screen, each one cell wide.
type Glyphs struct {
	BarFull, BarRest string
	Spark            [8]string // from least to most
	Light            Frame     // panels
	Heavy            Frame     // the focused panel, and dialogs
	Thin             Frame     // an input within a dialog
	Cursor           string    // before the selected row
	Mark             string    // before a marked row
	More             string    // where text was cut
	Dot              string    // between parts of a sentence
	Down, Up         string    // sorted: largest first, smallest first; and choices
	Idle, Run        string    // states of the run
	Pause, Done      string
	Stop             string
}

// A Frame is the characters of a box.
type Frame struct{ TopLeft, Top, TopRight, Side, BottomLeft, Bottom, BottomRight string }

var glyphs = Glyphs{
	BarFull: "█", BarRest: "░",
	Spark:  [8]string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	Light:  Frame{"╭", "─", "╮", "│", "╰", "─", "╯"},
	Heavy:  Frame{"┏", "━", "┓", "┃", "┗", "━", "┛"},
	Thin:   Frame{"┌", "─", "┐", "│", "└", "─", "┘"},
	Cursor: "▸", Mark: "•", More: "…", Dot: "·", Down: "▾", Up: "▴",
	Idle: "○", Run: "●", Pause: "‖", Done: "✓", Stop: "✗",
}

// asciiFor holds, cell for cell, what stands for the glyphs of the screen
// where a terminal has none.
var asciiFor = map[rune]byte{
	'█': '#', '░': '.',
	'▁': '_', '▂': '.', '▃': ':', '▄': '-', '▅': '=', '▆': '+', '▇': '*',
	'╭': '+', '─': '-', '╮': '+', '│': '|', '╰': '+', '╯': '+',
	'┏': '#', '━': '=', '┓': '#', '┃': '#', '┗': '#', '┛': '#',
	'┌': '+', '┐': '+', '└': '+', '┘': '+',
	'▸': '>', '•': '*', '…': '~', '·': '-', '▾': 'v', '▴': '^', '↑': '^', '↓': 'v',
	'○': 'o', '●': '@', '‖': '"', '✓': 'v', '✗': 'x', '≥': '>',
}

// onlyASCII replaces what is not ASCII in a finished frame, so that it keeps
// its columns: glyphs by their likes, letters of other scripts by question
// marks. Escape sequences are ASCII and stay.
func onlyASCII(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for s != "" {
		if s[0] < 0x80 {
			b.WriteByte(s[0])
			s = s[1:]
			continue
		}
		cluster, cells := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		s = s[len(cluster):]
		for _, r := range cluster {
			if c, ok := asciiFor[r]; ok {
				b.WriteByte(c)
				cells--
			}
			break
		}
		for range cells {
			b.WriteByte('?')
		}
	}
	return b.String()
}
