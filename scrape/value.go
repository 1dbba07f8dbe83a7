package scrape

import (
	"strconv"
	"strings"
	"time"

	whatwg "github.com/nlnwa/whatwg-url/url"

	"weir/engine"
)

// A valueType says how the text of a field is read. The name is the recipe's.
type valueType string

const (
	typeString valueType = "string"
	typeInt    valueType = "int"
	typeFloat  valueType = "float"
	typeBool   valueType = "bool" // of what was found, not of its text
	typeDate   valueType = "date"
	typeTime   valueType = "time"
	typeStamp  valueType = "datetime"
	typeURL    valueType = "url"
	typeMoney  valueType = "money"
)

var valueTypes = []string{"string", "int", "float", "bool", "date", "time", "datetime", "url", "money"}

// A setting is what the reading of a value depends on beside its type.
type setting struct {
	base     *whatwg.Url // what relative URLs hang on; nil: only absolute ones can be read
	dates    dateRule
	currency string // ISO 4217: what $, kr and amounts without a currency mean; empty: nothing
}

// read returns raw in the one form that values of its type have, and whether it
// could be read. Nothing is guessed: what can be read in two ways (03/04/2025,
// 1.234, $5) cannot be read, unless the setting says how.
//
//   - int: -1234, of 1234, 1,234, 1 234 or 1'234
//   - float: 1234.5, of 1,234.5 and the like; the decimal sign is a point
//   - date: 2025-11-03, see readDate
//   - time: 07:00, or 07:00:30 with seconds, see readTime
//   - datetime: 2025-11-03T07:00:00Z, or 2025-11-03T07:00, see readDatetime
//   - url: absolute, as WHATWG resolves it
//   - money: 1234.50 EUR, see readMoney
func (t valueType) read(raw string, set setting) (string, bool) {
	switch t {
	case typeInt:
		return readInt(raw)
	case typeFloat:
		return readFloat(raw)
	case typeDate:
		return readDate(raw, set.dates)
	case typeTime:
		return readTime(raw)
	case typeStamp:
		return readDatetime(raw, set.dates)
	case typeURL:
		return readURL(raw, set.base)
	case typeMoney:
		return readMoney(raw, set.currency)
	}
	return raw, true
}

// dated reports whether values are dates, with or without a time.
func (t valueType) dated() bool { return t == typeDate || t == typeStamp }

// value returns what read made of a text as a field has it.
func (t valueType) value(text string) any {
	if t.numeric() {
		return engine.Number(text)
	}
	return text
}

func (t valueType) numeric() bool { return t == typeInt || t == typeFloat }

func readInt(raw string) (string, bool) {
	sign, digits := cutSign(raw)
	digits, ok := ungroup(digits)
	if !ok || len(digits) > 100 {
		return raw, false
	}
	digits = strings.TrimLeft(digits, "0")
	if digits == "" {
		return "0", true
	}
	return sign + digits, true
}

func readFloat(raw string) (string, bool) {
	sign, s := cutSign(raw)
	whole, part, point := strings.Cut(s, ".")
	ok := true
	if whole != "" || !point { // .5 is 0.5
		whole, ok = ungroup(whole)
	}
	if !ok || point && !allDigits(part) || len(s) > 100 {
		return raw, false
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if !point {
		return sign + whole, true
	}
	return sign + whole + "." + part, true
}

// cutSign splits off a sign: "-" or nothing. The minus may be U+2212.
func cutSign(s string) (sign, rest string) {
	for _, minus := range []string{"-", "\u2212"} {
		if rest, ok := strings.CutPrefix(s, minus); ok {
			return "-", rest
		}
	}
	return "", strings.TrimPrefix(s, "+")
}

// ungroup takes the separators out of digits that are grouped by three, or have
// none. One number has one kind of separator.
func ungroup(s string) (string, bool) {
	if allDigits(s) {
		return s, true
	}
	for _, sep := range []string{",", " ", "'", "\u2019"} {
		groups := strings.Split(s, sep)
		if len(groups) == 1 {
			continue
		}
		for i, g := range groups {
			if !allDigits(g) || len(g) != 3 && (i > 0 || len(g) > 3) {
				return s, false
			}
		}
		return strings.Join(groups, ""), true
	}
	return s, false
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

var timeLayouts = []string{"15:04", "15:04:05", "3:04PM", "3:04:05PM", "3PM"}

// readTime reads a time of day: 07:00, 7:00, 07:00:30, 0700, 7:00 pm, 7 a.m.,
// 7p. 24:00 is the end of the day and stays.
func readTime(raw string) (string, bool) {
	if len(raw) > 32 {
		return raw, false
	}
	s := strings.ToUpper(strings.NewReplacer(" ", "", ".", "").Replace(raw))
	if n := len(s); n > 1 && (s[n-1] == 'A' || s[n-1] == 'P') {
		s += "M"
	}
	if s == "24:00" {
		return s, true
	}
	if len(s) == 4 && allDigits(s) {
		s = s[:2] + ":" + s[2:]
	}
	for _, layout := range timeLayouts {
		at, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if strings.Contains(layout, "05") {
			return at.Format(time.TimeOnly), true
		}
		return at.Format("15:04"), true
	}
	return raw, false
}

// longestURL is how long a URL on a page may be to be resolved, in bytes.
// Longer ones are data: URLs.
const longestURL = 64 << 10

func readURL(raw string, base *whatwg.Url) (string, bool) {
	if raw == "" || len(raw) > longestURL {
		return raw, false
	}
	var u *whatwg.Url
	var err error
	if base != nil {
		u, err = base.Parse(raw)
	} else {
		u, err = parser.Parse(raw)
	}
	if err != nil {
		return raw, false
	}
	return u.Href(false), true
}

// percent returns n of all in percent, rounded down; 100 of nothing.
func percent(n, all int) int {
	if all == 0 {
		return 100
	}
	return n * 100 / all
}

// plural writes a number with its noun: 1 row, 2 rows.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
