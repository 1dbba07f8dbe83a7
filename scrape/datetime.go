package scrape

import (
	"strings"
	"time"
)

// localTime is a date with a time of day and no offset, as values of type
// datetime have it if the page names none; with seconds if the page has them.
const localTime = "2006-01-02T15:04"

// isoTimes are ISO 8601, with and without an offset.
var (
	isoOffset = []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04Z0700"}
	isoLocal  = []string{"2006-01-02T15:04:05.999999999", localTime}
)

// mailTimes are the dates of mail and HTTP (RFC 822 and 1123). Their zones are
// offsets by the time they are tried.
var mailTimes = []string{"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04 -0700", "2 Jan 06 15:04:05 -0700", "2 Jan 06 15:04 -0700"}

// zones are the names of RFC 822, section 5.1. Others mean different things to
// different people.
var zones = map[string]string{
	"Z": "+0000", "UT": "+0000", "UTC": "+0000", "GMT": "+0000",
	"EST": "-0500", "EDT": "-0400", "CST": "-0600", "CDT": "-0500",
	"MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700",
}

// readDatetime reads a date with a time of day: 2025-11-03T07:00,
// 2025-11-03 07:00:00+01:00, Mon, 03 Nov 2025 07:00:00 GMT, and any date and
// time of this package beside one another: Nov 3, 2025 at 7 pm, 07:00 3.11.2025.
//
// With an offset it becomes RFC 3339, without one 2025-11-03T07:00. 24:00 is
// the beginning of the next day.
func readDatetime(raw string, rule dateRule) (string, bool) {
	if len(raw) > 80 {
		return raw, false
	}
	iso := raw
	if len(iso) > 10 && iso[10] == ' ' {
		iso = iso[:10] + "T" + strings.TrimSpace(iso[11:])
	}
	for _, layout := range isoOffset {
		if at, err := time.Parse(layout, iso); err == nil {
			return inYears(raw, at, time.RFC3339Nano)
		}
	}
	for _, layout := range isoLocal {
		if at, err := time.Parse(layout, iso); err == nil {
			return inYears(raw, at, layoutOf(at, strings.Count(iso, ":") > 1))
		}
	}
	words, offset := cutZone(strings.Fields(strings.ReplaceAll(raw, ",", " ")))
	if offset != "" {
		text, weekday, named := dateWords(strings.Join(words, " "))
		for _, layout := range mailTimes {
			at, err := time.Parse(layout, text+" "+offset)
			if err == nil && (!named || at.Weekday() == weekday) {
				return inYears(raw, century(at, layout), time.RFC3339)
			}
		}
	}
	for n := 1; n <= 2; n++ { // words of the time
		if len(words) <= n {
			break
		}
		last := len(words) - n
		if text, ok := joinTime(words[:last], words[last:], offset, rule); ok {
			return text, true
		}
		if text, ok := joinTime(words[n:], words[:n], offset, rule); ok {
			return text, true
		}
	}
	return raw, false
}

// joinTime reads a date and a time of day.
func joinTime(date, clock []string, offset string, rule dateRule) (string, bool) {
	for len(date) > 0 && (date[len(date)-1] == "at" || date[len(date)-1] == "@") {
		date = date[:len(date)-1]
	}
	text := strings.Join(clock, " ")
	if allDigits(text) { // 0700 may be a year: then the date must not lack one
		rule.near = nil
	}
	day, ok := dateOf(strings.Join(date, " "), rule)
	if !ok {
		return "", false
	}
	text, ok = readTime(text)
	if !ok {
		return "", false
	}
	hour := 0
	if text == "24:00" {
		text, hour = "00:00", 24
	}
	layout := localTime
	if strings.Count(text, ":") > 1 {
		layout = "2006-01-02T15:04:05"
	}
	at, err := time.Parse(layout, day.Format(time.DateOnly)+"T"+text)
	if err != nil {
		return "", false
	}
	at = at.Add(time.Duration(hour) * time.Hour)
	if offset == "" {
		return inYears("", at, layout)
	}
	at, err = time.Parse("2006-01-02T15:04:05 -0700", at.Format("2006-01-02T15:04:05")+" "+offset)
	if err != nil {
		return "", false
	}
	return inYears("", at, time.RFC3339)
}

// inYears writes a time whose year has four digits; raw if it has not.
func inYears(raw string, at time.Time, layout string) (string, bool) {
	if at.Year() < 1 || at.Year() > 9999 {
		return raw, false
	}
	return at.Format(layout), true
}

// layoutOf returns the layout without an offset in which nothing of at is lost.
func layoutOf(at time.Time, seconds bool) string {
	switch {
	case at.Nanosecond() > 0:
		return "2006-01-02T15:04:05.999999999"
	case seconds:
		return "2006-01-02T15:04:05"
	}
	return localTime
}

// century moves a year of two digits to where RFC 2822, section 4.3, has it:
// from 50 on in the last century. (Package time has that from 69 on.)
func century(at time.Time, layout string) time.Time {
	if !strings.Contains(layout, "2006") && at.Year() >= 2050 {
		return at.AddDate(-100, 0, 0)
	}
	return at
}

// cutZone takes a zone off the end of a date's words and returns its offset,
// -0500.
func cutZone(words []string) (rest []string, offset string) {
	if len(words) < 2 {
		return words, ""
	}
	last := words[len(words)-1]
	if off, ok := zones[last]; ok {
		return words[:len(words)-1], off
	}
	digits := strings.Replace(last, ":", "", 1)
	if len(digits) == 5 && (digits[0] == '+' || digits[0] == '-') && allDigits(digits[1:]) {
		return words[:len(words)-1], digits
	}
	return words, ""
}
