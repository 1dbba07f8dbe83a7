package scrape

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// A table lines up its columns. Its cells are safe text.
type table struct {
	gap   int // cells between columns
	right int // so many columns are set to the right
	rows  [][]string
}

func (t *table) add(row ...string) { t.rows = append(t.rows, row) }

func (t *table) print(b *bytes.Buffer) {
	var wide []int
	for _, row := range t.rows {
		for i, c := range row {
			if i == len(wide) {
				wide = append(wide, 0)
			}
			wide[i] = max(wide[i], cells(c))
		}
	}
	for _, row := range t.rows {
		var line strings.Builder
		for i, c := range row {
			pad := strings.Repeat(" ", wide[i]-cells(c))
			if i < t.right {
				c, pad = pad+c, ""
			}
			line.WriteString(c + pad + strings.Repeat(" ", t.gap))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

// safe returns s as a terminal may have it: what is no visible character is
// written as its escape (control characters, direction marks, zero-width and
// private ones, broken UTF-8), and so are more than two marks on one letter.
func safe(s string) string {
	var b strings.Builder
	marks := 0
	for i, r := range s {
		mark := unicode.In(r, unicode.Mn, unicode.Me)
		if marks++; !mark {
			marks = 0
		}
		switch {
		case r == unicode.ReplacementChar && s[i] != "\uFFFD"[0]:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !unicode.IsPrint(r), marks > 2, mark && i == 0:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// fit shortens safe text to at most n cells, with an ellipsis.
func fit(s string, n int) string {
	if cells(s) <= n {
		return s
	}
	used := 0
	for i, r := range s {
		if used += runeCells(r); used > n-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// cells returns how many columns of a terminal safe text takes.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}
