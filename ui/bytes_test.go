package ui

import (
	"regexp"
	"testing"
	"unicode"
	"unicode/utf8"
)

// ours are the sequences that a terminal may get of a screen, and no others.
var ours = regexp.MustCompile(`^(?:` +
	`[\r\n\t\x08]` + // the cursor
	`|\x1b\[[0-9;:]*m` + // styles
	"|\x1b\\[[0-9;]*[ABCDEFGHd`aef]|\\x1bM" + // the cursor
	`|\x1b\[[0-9;]*[JKXLMP@STrb]` + // erase, insert, delete, scroll, repeat
	`|\x1b\[\?(?:7|25|1002|1003|1004|1006|1049|2004|2026|2027)[hl]` + // modes: cursor, mouse, focus, other screen, paste, updates in one piece
	`|\x1b\[\?20(?:26|27)\$p` + // does it know the last two?
	`|\x1b\[[=<>?]?[0-9;]*u|\x1b\[>4(?:;[0-9])?m` + // how keys are sent
	`|\x1b\]11;\?\x07|\x1b\]11[012]\x07` + // its background, which is asked for and never set
	`|\x1b\]2;[^\x00-\x1f\x7f-\x{9f}]*\x07` + // the title
	`|\x1b\]9;4;[0-9;]+\x07` + // progress
	`|\x1b\]7501;state=[a-z]+\x07` + // what the program is at
	`|\x1b\]52;c;[A-Za-z0-9+/=]*\x07` + // the clipboard
	`)`)

// checkBytes fails the test for anything in what a program wrote that is not on
// the list of what a terminal is to get.
func checkBytes(t *testing.T, out []byte) {
	t.Helper()
	if at := foreign(out); at >= 0 {
		t.Errorf("%q reached the terminal", out[at:min(at+40, len(out))])
	}
}

// foreign returns where the first thing begins that is not ours, or -1.
func foreign(out []byte) int {
	for at := 0; at < len(out); {
		if seq := ours.Find(out[at:]); seq != nil {
			at += len(seq)
			continue
		}
		r, n := utf8.DecodeRune(out[at:])
		if r == utf8.RuneError && n == 1 || odd(r) {
			return at
		}
		at += n
	}
	return -1
}

// odd reports whether a character has no business in a cell.
func odd(r rune) bool {
	return !unicode.IsPrint(r) || unicode.In(r, unicode.Cf, unicode.Co)
}
