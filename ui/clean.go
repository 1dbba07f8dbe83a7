package ui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// maxMarks is the most combining marks that one character keeps.
const maxMarks = 4

// clean makes one line of page-made text safe for a terminal and of known
// width, in at most maxBytes bytes of its input. Titles, URLs, header fields,
// status texts, errors and TLS names go through it once, when they enter the
// model.
//
// What stays is printable and means itself: no control characters of either
// set (so no escape sequence is left, in any coding: its letters stay and are
// read as letters), no bidirectional or zero-width characters, variation
// selectors, tags, private use or unassigned characters. Broken UTF-8 becomes
// U+FFFD, any run of white space one space. Characters about whose width
// terminals disagree (emoji sequences, some Indic clusters) are reduced to
// their first part, or to a question mark.
func clean(s string, maxBytes int) string {
	whole := len(s)
	if whole > maxBytes {
		end := max(maxBytes, 0)
		for end > max(0, maxBytes-utf8.UTFMax) && !utf8.RuneStart(s[end]) {
			end-- // never through the middle of a character
		}
		s = s[:end]
	}
	if !isASCII(s) || strings.Contains(s, "  ") {
		s = sweep(s, false)
	}
	s = strings.TrimSpace(s)
	if whole > maxBytes {
		s += glyphs.More
	}
	return s
}

// tabCells is how far apart the stops of a tab are.
const tabCells = 4

// cleanSource is clean for a line of a page's source, of any length: its white
// space stays, each character of it as a blank and a tab as blanks up to the
// next stop.
func cleanSource(s string) string {
	if isASCII(s) {
		return s
	}
	return sweep(s, true)
}

// sweep does what clean promises for text that is not plain ASCII, or with
// source what cleanSource does.
func sweep(s string, source bool) string {
	var b strings.Builder
	b.Grow(len(s))
	space, marks := false, maxMarks // a mark with nothing to stand on goes
	tabs := source && strings.Contains(s, "\t")
	cells := 0 // so far, if there are tabs
	for _, r := range s {
		switch {
		case source && (unicode.IsSpace(r) || unicode.Is(unicode.Z, r)):
			n := 1
			if r == '\t' {
				n = tabCells - cells%tabCells
			}
			b.WriteString(blank(n))
			cells, marks = cells+n, maxMarks
			continue
		case unicode.IsSpace(r), unicode.Is(unicode.Z, r):
			space, marks = true, maxMarks
			continue
		case !unicode.IsPrint(r), ignorable(r):
			continue
		case unicode.Is(unicode.M, r):
			if marks++; marks > maxMarks {
				continue
			}
		default:
			marks = 0
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r) // broken UTF-8 ranges as U+FFFD
		if tabs {
			cells += runeCells(r)
		}
	}
	return sameWidth(b.String())
}

// runeCells returns how many cells a character takes that was cleaned. Those of
// a text add up to its width.
func runeCells(r rune) int {
	if ' ' <= r && r <= '~' {
		return 1
	}
	return ansi.WcWidth.StringWidth(string(r))
}

// ignorable reports whether r counts as printable and is drawn as nothing, or
// changes how its neighbours are drawn.
func ignorable(r rune) bool {
	switch {
	case r == 0x034F, // combining grapheme joiner
		r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0, // Hangul fillers
		r == 0x17B4, r == 0x17B5, // Khmer inherent vowels
		0x180B <= r && r <= 0x180F,   // Mongolian selectors
		0xFE00 <= r && r <= 0xFE0F,   // variation selectors
		0xE0100 <= r && r <= 0xE01EF, // more of them
		0x1F3FB <= r && r <= 0x1F3FF: // skin tones
		return true
	}
	return false
}

// sameWidth keeps the clusters whose width is the same whether a terminal
// counts characters or clusters; of the others it keeps the first character,
// or a question mark where that is in doubt itself. What is kept of a cluster
// may make another one with what follows, so it is done until nothing changes.
func sameWidth(s string) string {
	for ansi.WcWidth.StringWidth(s) != ansi.GraphemeWidth.StringWidth(s) || regional(s) {
		s = firsts(s)
	} // the sums agree; clusters that differ both ways do not occur
	return s
}

// firsts goes once through s for sameWidth; what it returns is shorter, if there
// was a cluster in doubt.
func firsts(s string) string {
	var b strings.Builder
	for s != "" {
		cluster, cells := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		s = s[len(cluster):]
		if ansi.WcWidth.StringWidth(cluster) == cells && !regional(cluster) {
			b.WriteString(cluster)
			continue
		}
		r, n := utf8.DecodeRuneInString(cluster)
		switch first := cluster[:n]; {
		case isRegional(r):
			b.WriteByte('?')
		case ansi.WcWidth.StringWidth(first) == ansi.GraphemeWidth.StringWidth(first):
			b.WriteString(first)
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}

// isRegional reports whether r is a regional indicator: two of them make a
// flag, of which no two terminals agree on the width.
func isRegional(r rune) bool { return 0x1F1E6 <= r && r <= 0x1F1FF }

func regional(s string) bool { return strings.ContainsFunc(s, isRegional) }
