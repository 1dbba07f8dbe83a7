package ui

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// Unknown numbers.
const unknown = "-"

// duration writes a measured time with three figures in at most 6 cells:
// 118ms 2.11s 30.0s 3m12s 1h04m 3d04h. Below zero is unknown.
func duration(d time.Duration) string {
	switch {
	case d < 0:
		return unknown
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < 10*time.Second:
		return strconv.FormatFloat(float64(d/(10*time.Millisecond))/100, 'f', 2, 64) + "s"
	case d < time.Minute:
		return strconv.FormatFloat(float64(d/(100*time.Millisecond))/10, 'f', 1, 64) + "s"
	}
	return clock(d)
}

// short writes a time that is watched, in tenths below 10 s: 0.3s 8.8s 47s
// 9m02s. Below zero is unknown.
func short(d time.Duration) string {
	switch {
	case d < 0:
		return unknown
	case d < 10*time.Second:
		return strconv.FormatFloat(float64(d/(100*time.Millisecond))/10, 'f', 1, 64) + "s"
	}
	return clock(d)
}

// clock writes a time in whole seconds: 0s 47s 3m12s 1h04m 3d04h. Below zero
// is unknown.
func clock(d time.Duration) string {
	s := int64(d / time.Second)
	switch {
	case d < 0:
		return unknown
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 24*3600:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	}
	if days := s / (24 * 3600); days >= 100 {
		return fmt.Sprintf("%dd", min(days, 9999))
	}
	return fmt.Sprintf("%dd%02dh", s/(24*3600), s/3600%24)
}

// round writes a time as someone would say it: 10s 10m 1m30s 31m 2h. Seconds
// go from ten minutes on, zeros always.
func round(d time.Duration) string {
	switch {
	case d < 0:
		return unknown
	case d < 10*time.Second && d%time.Second != 0:
		return short(d)
	case d >= 10*time.Minute && d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	s := clock(d)
	for _, zero := range []string{"00s", "00m", "00h"} {
		if t, ok := strings.CutSuffix(s, zero); ok && t != "" && (t[len(t)-1] < '0' || t[len(t)-1] > '9') {
			return t
		}
	}
	return s
}

// size writes a number of bytes in SI units, at most 8 cells: 210 B, 8.1 kB,
// 22 kB. Below zero is unknown.
func size(n int64) string {
	if n < 0 {
		return unknown
	}
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	f, units := float64(n), "kMGTPE"
	for f /= 1000; f >= 999.5 && len(units) > 1; f /= 1000 {
		units = units[1:]
	}
	if f < 9.95 {
		return strconv.FormatFloat(f, 'f', 1, 64) + " " + units[:1] + "B"
	}
	return strconv.FormatFloat(f, 'f', 0, 64) + " " + units[:1] + "B"
}

// count writes a number in at most 7 cells: 12,345, from a million 1.23M.
func count[N int | int64 | uint64](n N) string {
	if n < 0 {
		return unknown
	}
	if n < 1_000_000 {
		s := strconv.FormatUint(uint64(n), 10)
		if len(s) > 3 {
			s = s[:len(s)-3] + "," + s[len(s)-3:]
		}
		return s
	}
	f, units := float64(n)/1e6, "MGTPE"
	for ; f >= 1000 && len(units) > 1; f /= 1000 {
		units = units[1:]
	}
	digits := 2
	if f >= 100 {
		digits = 0
	} else if f >= 10 {
		digits = 1
	}
	scale := math.Pow10(digits)
	return strconv.FormatFloat(math.Floor(f*scale)/scale, 'f', digits, 64) + units[:1]
}

// rate writes something per second in at most 6 cells: 4.9/s, and what is too
// slow for one decimal by the minute: 7/min.
func rate(f float64) string {
	switch {
	case f < 0 || math.IsNaN(f) || math.IsInf(f, 0):
		return unknown
	case f == 0:
		return "0/s"
	case f < 1.0/120:
		return "<1/min"
	case f < 0.15:
		return strconv.FormatFloat(f*60, 'f', 0, 64) + "/min"
	case f < 99.95:
		return strconv.FormatFloat(f, 'f', 1, 64) + "/s"
	case f < 999.5:
		return strconv.FormatFloat(f, 'f', 0, 64) + "/s"
	case f < 9950:
		return strconv.FormatFloat(f/1000, 'f', 1, 64) + "k/s"
	case f < 999_500:
		return strconv.FormatFloat(f/1000, 'f', 0, 64) + "k/s"
	}
	return strconv.FormatFloat(f/1e6, 'f', 0, 64) + "M/s"
}

// percent returns how much of all is done, rounded down, so that 100 means
// all. Nothing of nothing is 0.
func percent(done, all int) int {
	if all <= 0 {
		return 0
	}
	return min(max(int(int64(done)*100/int64(all)), 0), 100)
}

// bar draws how much of all is done in so many cells.
func (g Glyphs) bar(done, all, cells int) string {
	full := 0
	if all > 0 {
		full = min(max(int(int64(done)*int64(cells)/int64(all)), 0), cells)
	}
	return strings.Repeat(g.BarFull, full) + strings.Repeat(g.BarRest, cells-full)
}

// spark draws rates, oldest first. The highest of them, or peak if that is
// higher, stays one step below the top.
func (g Glyphs) spark(rates []float64, peak float64) string {
	for _, r := range rates {
		peak = max(peak, r)
	}
	var b strings.Builder
	for _, r := range rates {
		level := 0
		if peak > 0 && r > 0 {
			steps := len(g.Spark) - 1
			level = max(0, min(int(math.Ceil(r/peak*float64(steps)-1e-9))-1, steps))
		}
		b.WriteString(g.Spark[level])
	}
	return b.String()
}

// itoa writes a number that names something, without commas.
func itoa(n uint64) string { return strconv.FormatUint(n, 10) }

// plural writes a count and its noun: 1 URL, 31 URLs.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}

// isASCII reports whether s is printable ASCII: a cell a byte.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// width returns how many cells s takes.
func width(s string) int {
	if isASCII(s) {
		return len(s)
	}
	return lipgloss.Width(s)
}

// cut returns s in at most so many cells; the last one says that more was
// there. It takes plain and styled text.
func cut(s string, cells int) string {
	if cells <= 0 {
		return ""
	}
	if len(s) <= cells && isASCII(s) {
		return s
	}
	return ansi.Truncate(s, cells, glyphs.More)
}

// cutURL returns a URL without its scheme, or a path, in at most so many cells.
// What tells it from the next one stands at its end, so it is the middle that
// gives way: behind the host, and up to where a new part begins if one is near.
func cutURL(url string, cells int) string {
	all, more := width(url), width(glyphs.More)
	if all <= cells || cells < 16 {
		return cut(url, cells)
	}
	head := max(width(url[:strings.IndexByte(url, '/')+1]), cells/3)
	if head+more > cells/2+cells/4 { // a long host
		head = cells / 2
	}
	tail := ansi.TruncateLeft(url, all-(cells-head-more), "")
	if i := strings.IndexAny(tail, "/?&"); i > 0 && i <= len(tail)/2 {
		tail = tail[i:]
		if rest := cells - width(tail) - more; rest >= head+4 { // worth it
			head = rest
		}
	}
	return cut(ansi.Truncate(url, head, "")+glyphs.More+tail, cells)
}

// padURL returns a URL in exactly so many cells, see cutURL.
func padURL(url string, cells int) string { return pad(cutURL(url, cells), cells) }

// pad returns s in exactly so many cells, from the left.
func pad(s string, cells int) string {
	s = cut(s, cells)
	return s + blank(cells-width(s))
}

// right returns s in exactly so many cells, from the right. A number that does
// not fit is better not drawn at all: columns are made wide enough.
func right(s string, cells int) string {
	s = cut(s, cells)
	return blank(cells-width(s)) + s
}

const spaces = "                                                                                                                                "

// blank returns so many spaces.
func blank(cells int) string {
	if cells <= 0 {
		return ""
	}
	if cells <= len(spaces) {
		return spaces[:cells]
	}
	return strings.Repeat(" ", cells)
}
