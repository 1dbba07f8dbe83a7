package ui

import (
	"slices"

	"github.com/charmbracelet/colorprofile"
)

// A shade is the colour of one meaning: in 24 bits, from which a terminal of 256
// colours takes the nearest, and by its number where there are 16. No number is
// the terminal's own foreground.
type shade struct {
	dark, light           string
	basicDark, basicLight string
}

// of returns the colour on a background and a terminal.
func (s shade) of(dark bool, p colorprofile.Profile) string {
	switch {
	case p <= colorprofile.ANSI && dark:
		return s.basicDark
	case p <= colorprofile.ANSI:
		return s.basicLight
	case dark:
		return s.dark
	}
	return s.light
}

// looks are what a theme makes of the five meanings.
type looks struct {
	name                         string
	ok, warn, bad, muted, accent shade
}

const (
	highContrast = "high-contrast"
	colourBlind  = "colour-blind"
	mono         = "mono"
)

// themes are all there are; the first is the default. Text has a contrast of
// 4.5 at least on the usual backgrounds, 7 in high-contrast (WCAG 2.2, success
// criteria 1.4.3 and 1.4.6).
//
// The hues of colour-blind are those of Okabe and Ito, "Color Universal Design"
// (2008), on light backgrounds darkened until they can be read: bluish green,
// orange, vermillion, blue. On dark ones blue and vermillion cannot be read and
// become those of Paul Tol's "Colour Schemes" (SRON/EPS/TN/09-002, 2021): light
// blue of its scheme light, orange of vibrant, pale cyan of pale. The five stay
// apart for people with any one of three deficiencies, which is measured
// (TestColourBlind). Of 16 colours, which every terminal paints its own way, it
// avoids green beside red.
var themes = []looks{
	{
		name:   "default",
		ok:     shade{"#87d787", "#00651a", "2", "2"},
		warn:   shade{"#ffd75f", "#7a4a00", "3", "3"},
		bad:    shade{"#ff9a8f", "#b00020", "1", "1"},
		muted:  shade{"#a8a8a8", "#5a5a5a", "", ""},
		accent: shade{"#5fd7ff", "#005f87", "6", "6"},
	},
	{
		name:   highContrast, // of 16 colours no dark one is sure to be dark enough on light
		ok:     shade{"#5fff87", "#004d1a", "10", ""},
		warn:   shade{"#ffff5f", "#573a00", "11", ""},
		bad:    shade{"#ffafaf", "#870016", "9", "1"},
		muted:  shade{"#d0d0d0", "#3a3a3a", "", ""},
		accent: shade{"#87ffff", "#003f66", "14", "4"},
	},
	{
		name:   colourBlind,
		ok:     shade{"#77aadd", "#004933", "6", "6"},
		warn:   shade{"#f0e442", "#573a00", "3", "3"},
		bad:    shade{"#ee7733", "#b14d00", "1", "1"},
		muted:  shade{"#a8a8a8", "#6a6a6a", "", ""},
		accent: shade{"#cceeff", "#006faf", "5", "4"},
	},
	{name: mono}, // as a terminal without colour shows every theme
}

// ThemeNames returns the names of the themes, the default first.
func ThemeNames() []string {
	names := make([]string, len(themes))
	for i, l := range themes {
		names[i] = l.name
	}
	return names
}

// looksOf returns the theme of that name, the default if there is none.
func looksOf(name string) looks {
	if i := slices.IndexFunc(themes, func(l looks) bool { return l.name == name }); i >= 0 {
		return themes[i]
	}
	return themes[0]
}

// nextTheme returns the name that follows, the first after the last.
func nextTheme(name string) string {
	names := ThemeNames()
	return names[(slices.Index(names, name)+1)%len(names)]
}
