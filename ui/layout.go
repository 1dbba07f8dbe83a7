package ui

import (
	"cmp"
	"strings"
)

// A form is one of the three ways to lay the screen out.
type form uint8

const (
	cardForm form = iota // state, counts and keys: there is no room for rows
	pageForm             // one panel under header and tab line, without a frame
	wideForm             // four panels in frames
)

func formOf(w, h int) form {
	switch {
	case w < 60 || h < 15:
		return cardForm
	case w >= 100 && h >= 28:
		return wideForm
	}
	return pageForm
}

const headRows = 4

// A place is where a panel's frame stands, frame included.
type place struct{ x, y, w, h int }

// The least that a panel is made: cells or rows, frame included.
const (
	leastWidth   = 36
	leastTop     = 3 // batches, workers
	leastHosts   = 4
	leastResults = 6
)

// A demand is how many rows the upper panels have: batches or workers, whichever
// are more, and hosts.
type demand struct{ top, hosts int }

// places lays the four panels and the details out in the wide form: batches
// and workers on top, hosts below, results in the rest. Details take the right
// half from hosts down. In a tall terminal all three get more rows, the upper two
// as far as they need them. Sizes change that as far as there is room.
func places(w, h int, details bool, by Sizes, n demand) (panels [5]place, detail place) {
	const sides = 2
	top, mid := 7, 8
	if more := (h - 36) / 4; more > 0 {
		most := top + more
		if n.top += sides; most-sides >= headedFrom {
			n.top = max(n.top+1, headedFrom+sides)
		}
		top = max(top, min(n.top, most))
		mid = max(mid, min(n.hosts+1+sides, mid+more))
	}
	rows := h - headRows - 1
	top = max(leastTop, min(top+by.Top, rows-leastHosts-leastResults))
	mid = max(leastHosts, min(mid+by.Hosts, rows-top-leastResults))
	left := max(leastWidth, min(w*54/120+by.Batches, w-leastWidth))
	full := w
	if details {
		full = max(leastWidth, min(w/2-by.Details, w-leastWidth))
		detail = place{full, headRows + top, w - full, h - headRows - top - 1}
	}
	panels[batchesPanel] = place{0, headRows, left, top}
	panels[workersPanel] = place{left, headRows, w - left, top}
	panels[hostsPanel] = place{0, headRows + top, full, mid}
	panels[resultsPanel] = place{0, headRows + top + mid, full, h - headRows - top - mid - 1}
	return panels, detail
}

// framed draws lines inside a frame of w x h cells, heavy if it has the focus.
// Title and note stand in its upper side; the parts of the note that do not fit
// are dropped whole, from its end.
func framed(th Theme, title string, note []string, lines []string, w, h int, focused bool) []string {
	f, style := th.Glyphs.Light, th.edge(focused)
	if focused {
		f = th.Glyphs.Heavy
	}
	title = " " + title + " "
	var told string
	for n := len(note); n > 0 && told == ""; n-- {
		told = " " + strings.Join(note[:n], " "+th.Glyphs.Dot+" ") + " "
		if width(title)+width(told)+5 > w {
			told = ""
		}
	}
	fill := w - 4 - width(title) - width(told)
	out := make([]string, 0, h)
	out = append(out, style.Render(f.TopLeft+f.Top+title+strings.Repeat(f.Top, max(fill, 0))+told+f.Top+f.TopRight))
	side := style.Render(f.Side)
	for i := range h - 2 {
		inner := blank(w - 2)
		if i < len(lines) {
			inner = lines[i]
		}
		out = append(out, side+inner+side)
	}
	return append(out, style.Render(f.BottomLeft+strings.Repeat(f.Bottom, w-2)+f.BottomRight))
}

// beside joins two blocks of lines of the same height.
func beside(left, rightmost []string) []string {
	out := make([]string, len(left))
	for i := range left {
		out[i] = left[i] + rightmost[i]
	}
	return out
}

// A hint is a key in the footer, with its word there.
type hint struct {
	act  act
	also act    // its key stands beside the other
	sep  string // between the two; empty: a blank
	word string // empty: the binding's own
	gap  bool   // one blank more before it
}

// lastHints end every footer.
var lastHints = []hint{{act: actHelp}, {act: actQuit}}

// footers are the hints of the panels, most important first, on screens of
// 100, 80 and 60 columns. What does not fit is dropped from the end.
var footers = map[panel][3][]hint{
	batchesPanel: {
		{{act: actAdd}, {act: actOpen, word: "its results"}, {act: actCancel}, {act: actUndo}, {act: actPause}, {act: actLower, also: actHigher, word: "priority"}, {act: actRetry}, {act: actDetails}, {act: actWhy}, {act: actPauseAll, word: "all"}, {act: actPalette, gap: true}},
		{{act: actAdd}, {act: actOpen, word: "results"}, {act: actCancel}, {act: actPause}, {act: actLower, also: actHigher, word: "priority"}, {act: actDetails}, {act: actWhy}},
		{{act: actAdd}, {act: actOpen, word: "results"}, {act: actCancel}, {act: actPause}},
	},
	workersPanel: {
		{{act: actMore, also: actFewer, word: "workers"}, {act: actCancel, word: "cancel its URL"}, {act: actDetails}, {act: actHost}, {act: actBatch}, {act: actWhy}, {act: actPause, word: "pause its batch"}, {act: actPauseAll, word: "all"}, {act: actPalette, gap: true}},
		{{act: actMore, also: actFewer, word: "workers"}, {act: actCancel, word: "cancel URL"}, {act: actDetails}, {act: actHost}, {act: actBatch}},
		{{act: actMore, also: actFewer, word: "workers"}, {act: actCancel}, {act: actDetails}},
	},
	hostsPanel: {
		{{act: actSlower}, {act: actFaster}, {act: actInterval}, {act: actPause}, {act: actCancel, word: "cancel jobs"}, {act: actWhy}, {act: actOpen, word: "its results"}, {act: actSort}, {act: actPauseAll, word: "all"}, {act: actPalette, gap: true}, {act: actDetails}},
		{{act: actSlower}, {act: actFaster}, {act: actPause}, {act: actCancel}, {act: actWhy}, {act: actOpen, word: "its results"}, {act: actDetails}},
		{{act: actSlower}, {act: actFaster}, {act: actPause}, {act: actCancel}},
	},
	resultsPanel: {
		{{act: actAdd}, {act: actOpen}, {act: actRetry}, {act: actFilter}, {act: actMark}, {act: actWhy}, {act: actCopy}, {act: actExport}, {act: actPause}, {act: actPauseAll, word: "all"}, {act: actPalette, gap: true}},
		{{act: actAdd}, {act: actRetry}, {act: actOpen}, {act: actFilter}, {act: actWhy}, {act: actPauseAll}, {act: actPalette, word: "all"}},
		{{act: actAdd}, {act: actRetry}, {act: actFilter}, {act: actWhy}, {act: actPauseAll, word: "pause"}},
	},
}

// detailFooters are those of the details.
var detailFooters = [3][]hint{
	{{act: actNextPanel, word: "next part"}, {act: actDown, also: actUp, word: "next URL"}, {act: actRetry}, {act: actHost}, {act: actBatch}, {act: actCopy, word: "copy URL"}, {act: actCopyJSON}, {act: actBrowser}, {act: actBack}},
	{{act: actNextPanel, word: "next part"}, {act: actDown, also: actUp, sep: "/", word: "next URL"}, {act: actRetry}, {act: actHost, word: "host"}, {act: actCopy}, {act: actBack}},
	{{act: actNextPanel, word: "part"}, {act: actDown, also: actUp, sep: "/", word: "URL"}, {act: actRetry}, {act: actBack}},
}

// filterFooter is the footer while a filter is typed.
var filterFooter = []hint{{act: actAccept, word: "keep it"}, {act: actComplete}, {act: actClose, word: "clear it"}}

// footer draws hints in w cells, and says where a click presses what; last
// stays at the end in any case.
func footer(th Theme, keys keyMap, hints, last []hint, w int) (string, []spot) {
	hints, last = keys.known(hints), keys.known(last)
	cells := func(hints []hint) int {
		n := 0
		for _, h := range hints {
			n += 2 + width(keys.hinted(h)) + 1 + width(h.word)
			if h.gap {
				n++
			}
		}
		return n
	}
	for len(hints) > 0 && cells(hints)+cells(last)-1 > w {
		hints = hints[:len(hints)-1]
	}
	l := newLine(w, false).gap(1)
	var spots []spot
	for i, h := range append(hints[:len(hints):len(hints)], last...) {
		if i > 0 {
			l.gap(2)
		}
		if h.gap {
			l.gap(1)
		}
		from := l.used
		l.paint(th.Accent, keys.hinted(h)).put(" " + h.word)
		spots = append(spots, keys.spots(h, from, l.used)...)
	}
	return l.end(), spots
}

// spots returns what a click presses on a hint in the cells from and up to to:
// of two keys each its own, and the word the first.
func (k keyMap) spots(h hint, from, to int) []spot {
	first := k.shown("", h.act)
	if first == "" {
		return []spot{{from: from, to: to, act: h.also}}
	}
	whole := spot{from: from, to: to, act: h.act}
	if also := k.shown("", h.also); h.also != actNone && also != "" {
		from += width(first + cmp.Or(h.sep, " "))
		return []spot{{from: from, to: from + width(also), act: h.also}, whole}
	}
	return []spot{whole}
}

// hinted returns the keys of a hint.
func (k keyMap) hinted(h hint) string {
	if h.also == actNone {
		return k.shown("", h.act)
	}
	return k.shown(cmp.Or(h.sep, " "), h.act, h.also)
}

// known returns the hints whose acts have a key, each with its word.
func (k keyMap) known(hints []hint) []hint {
	var kept []hint
	for _, h := range hints {
		if h.word == "" {
			h.word = k.of(h.act).key.Help().Desc
		}
		if k.hinted(h) != "" {
			kept = append(kept, h)
		}
	}
	return kept
}

// footerSize returns which of three footers a width has room for.
func footerSize(w int) int {
	switch {
	case w >= 100:
		return 0
	case w >= 80:
		return 1
	}
	return 2
}
