package scrape

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// A dateRule says how the dates of a field are read where they can be read in
// more than one way. The zero rule reads only what has one meaning everywhere.
type dateRule struct {
	order string  // mdy, dmy or ymd: of dates written with numbers
	near  *moment // what the page says of when it is; nil: nothing
}

var dateOrders = []string{"mdy", "dmy", "ymd"}

// A moment is a day, a month or a year, or a day without what is around it:
// what is not known is zero.
type moment struct {
	year  int
	month time.Month
	day   int
}

// wholeDates are the ways to write a date with its year, for each order. Those
// of no order have one meaning everywhere. Commas, ordinal endings and the
// weekday are taken off before.
var wholeDates = func() map[string][]string {
	words := []string{
		"2006-1-2", "2006/1/2",
		"2 January 2006", "2 Jan 2006", "2-Jan-2006", "January 2 2006", "Jan 2 2006",
	}
	return map[string][]string{
		"":    append(slices.Clip(words), "2.1.2006"),
		"dmy": append(slices.Clip(words), "2.1.2006", "2/1/2006", "2-1-2006"),
		"mdy": append(slices.Clip(words), "1.2.2006", "1/2/2006", "1-2-2006"),
		"ymd": append(slices.Clip(words), "2006.1.2"),
	}
}()

// partDates are the ways to write a date without its year.
var partDates = func() map[string][]string {
	words := []string{"2 January", "2 Jan", "2-Jan", "January 2", "Jan 2"}
	return map[string][]string{
		"":    words,
		"dmy": append(slices.Clip(words), "2/1", "2.1", "2-1"),
		"mdy": append(slices.Clip(words), "1/2", "1.2", "1-2"),
		"ymd": append(slices.Clip(words), "1/2", "1.2", "1-2"),
	}
}()

// monthDates are the ways to write a month with its year.
var monthDates = []string{"January 2006", "Jan 2006", "2006 January", "2006 Jan", "2006-1", "2006/1", "1/2006", "1-2006", "1.2006"}

// stampLayouts are ISO 8601 dates with a time behind them; the date counts.
var stampLayouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"}

// readDate reads a date: 2025-11-03, 3 November 2025, Mon, Nov 3, 2025,
// 3.11.2025, 2025-11-03T07:00:00Z; by an order also 3/11/2025; near a moment
// also 3 November, 3/11 and 3. A weekday that does not fit the date makes it
// unreadable.
func readDate(raw string, rule dateRule) (string, bool) {
	if len(raw) > 64 {
		return raw, false
	}
	for _, layout := range stampLayouts {
		if at, err := time.Parse(layout, raw); err == nil {
			return at.Format(time.DateOnly), true
		}
	}
	at, ok := dateOf(raw, rule)
	if !ok {
		return raw, false
	}
	return at.Format(time.DateOnly), true
}

// dateOf reads a date without a time behind it.
func dateOf(raw string, rule dateRule) (time.Time, bool) {
	text, weekday, named := dateWords(raw)
	m, ok := momentIn(text, wholeDates[rule.order])
	if !ok && rule.near != nil {
		m, ok = partOf(text, rule)
	}
	if !ok {
		return time.Time{}, false
	}
	at := time.Date(m.year, m.month, m.day, 0, 0, 0, 0, time.UTC)
	return at, m.exists() && (!named || at.Weekday() == weekday)
}

// partOf reads a date without its year, or a day without its month, and takes
// from near what it lacks.
func partOf(text string, rule dateRule) (moment, bool) {
	near := *rule.near
	if len(text) <= 2 && allDigits(text) {
		day, _ := strconv.Atoi(text)
		return moment{near.year, near.month, day}, near.month != 0
	}
	m, ok := momentIn(text, partDates[rule.order])
	if !ok {
		return m, false
	}
	m.year = near.year
	if near.month == 0 {
		return m, true
	}
	// Of three years, the one that brings it nearest: pages of December show
	// days of January. The middle of a month stands for the month.
	mid := max(near.day, 1)
	if near.day == 0 {
		mid = 15
	}
	middle := time.Date(near.year, near.month, mid, 0, 0, 0, 0, time.UTC)
	least := time.Duration(1<<63 - 1)
	for year := near.year - 1; year <= near.year+1; year++ {
		away := time.Date(year, m.month, m.day, 0, 0, 0, 0, time.UTC).Sub(middle).Abs()
		if away < least {
			m.year, least = year, away
		}
	}
	return m, true
}

// exists reports whether a whole moment is a day of the calendar.
func (m moment) exists() bool {
	at := time.Date(m.year, m.month, m.day, 0, 0, 0, 0, time.UTC)
	return m.year > 0 && m.year <= 9999 && at.Month() == m.month && at.Day() == m.day
}

// momentOf reads what a page says of when it is: 2026, March 2026, or a date.
func momentOf(raw, order string) (moment, bool) {
	raw = fold(raw)
	if len(raw) > 64 {
		return moment{}, false
	}
	if date, ok := readDate(raw, dateRule{order: order}); ok {
		return momentIn(date, []string{time.DateOnly})
	}
	text, _, named := dateWords(raw)
	if named {
		return moment{}, false
	}
	if m, ok := momentIn(text, monthDates); ok {
		m.day = 0
		return m, m.year > 0
	}
	year, err := strconv.Atoi(text)
	return moment{year: year}, err == nil && len(text) == 4 && allDigits(text) && year > 0
}

// momentIn reads text by the first of layouts that fits.
func momentIn(text string, layouts []string) (moment, bool) {
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil {
			return moment{at.Year(), at.Month(), at.Day()}, true
		}
	}
	return moment{}, false
}

// dateWords returns the words of a date as layouts have them, and the weekday
// that stands before them.
func dateWords(raw string) (text string, weekday time.Weekday, named bool) {
	words := strings.Fields(strings.ReplaceAll(raw, ",", " "))
	if len(words) == 0 {
		return "", 0, false
	}
	if weekday, named = weekdayOf(words[0]); named {
		words = words[1:]
	}
	for i, w := range words {
		words[i] = cutOrdinal(strings.TrimSuffix(w, "."), w)
	}
	return strings.Join(words, " "), weekday, named
}

// cutOrdinal takes st, nd, rd or th off a number, and the point off a month's
// abbreviation or the end of 3.11.; anything else stays as it was.
func cutOrdinal(bare, word string) string {
	for _, end := range []string{"st", "nd", "rd", "th"} {
		if n, ok := strings.CutSuffix(word, end); ok && allDigits(n) {
			return n
		}
	}
	switch {
	case allDigits(bare): // 3. November
		return bare
	case allDigits(bare): // 3. November
		return bare
	case strings.EqualFold(bare, "sept"):
		return bare[:3]
	case strings.IndexFunc(bare, func(r rune) bool { return !unicode.IsLetter(r) }) < 0:
		return bare
	case strings.Count(word, ".") == 2 && allDigits(strings.ReplaceAll(word, ".", "")):
		return bare
	}
	return word
}

func weekdayOf(word string) (time.Weekday, bool) {
	word = strings.ToLower(strings.TrimSuffix(word, "."))
	for d := range time.Weekday(7) {
		if name := strings.ToLower(d.String()); word == name || word == name[:3] {
			return d, true
		}
	}
	return 0, false
}
