package export

import (
	"bytes"
	"encoding/csv"
	"strings"
	"unicode"
	"unicode/utf8"

	"weir/engine"
)

// writeCSV writes one line of CSV. Every cell is neutralised.
func writeCSV(b *bytes.Buffer, cells []string) {
	safe := make([]string, len(cells))
	for i, c := range cells {
		safe[i] = neutral(c)
	}
	w := csv.NewWriter(b)
	w.Write(safe) // a bytes.Buffer takes everything
	w.Flush()
}

// neutral returns text as a cell of CSV may have it: what a spreadsheet would run
// as a formula has an apostrophe in front.
//
// That is text whose first character, white space and invisible characters
// apart, is one of = + - @ or their full-width forms, and text that begins with
// a tab or line break (OWASP, CSV injection). A plain negative number
// (-12, -1.5) stays.
func neutral(text string) string {
	rest := strings.TrimLeftFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	})
	first, _ := utf8.DecodeRuneInString(rest)
	lead := text[:len(text)-len(rest)]
	if strings.ContainsRune("=+-@＝＋－＠", first) && rest != "" && !isNegative(text) || strings.ContainsAny(lead, "\t\r\n") {
		return "'" + text
	}
	return text
}

// wild returns the text that a cell was made of by neutral.
func wild(cell string) string {
	if text, ok := strings.CutPrefix(cell, "'"); ok && neutral(text) == cell {
		return text
	}
	return cell
}

// isNegative reports whether text is a minus sign and a plain number.
func isNegative(text string) bool {
	digits, minus := strings.CutPrefix(text, "-")
	whole, part, point := strings.Cut(digits, ".")
	return minus && isDigits(whole) && (!point || isDigits(part))
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// text returns a field's value as a cell: a list is joined by "; ".
func text(v any) string { return engine.Text(v, "; ") }
