package ui

import (
	"strconv"
	"strings"
	"time"

	"weir/engine"
)

// View draws the heading and the rows that are on the screen.
func (p *results) View(th Theme) []string {
	at := p.in(th)
	if p.table.count() == 0 {
		return p.teach(at)
	}
	l := p.layout(at)
	lines := make([]string, 0, at.h)
	if p.heads() > 0 {
		lines = append(lines, p.head(at, l))
	}
	for i := p.cur.top; i < p.table.count() && len(lines) < at.h; i++ {
		lines = append(lines, p.row(at, l, i))
	}
	return lines
}

// teach is what the panel says while it has no rows.
func (p *results) teach(at pane) []string {
	s := p.stats
	var text []string
	switch t := p.table; {
	case t.want.filter.text != "" && p.total() > 0: // the line of the filter says how many match
		if t.making == nil {
			text = p.teachFilter()
		}
	case t.making != nil:
		text = []string{p.makes()}
	case p.older != nil:
		text = []string{p.reads()}
	case s.Counts.Submitted > 0 && t.want.show == showWaiting:
		text = append([]string{"No URL waits in the queue, for a retry or in flight.", ""}, p.teachKey(actShow, 0, "shows those that ended")...)
	case s.Counts.Submitted > 0:
		text = append([]string{"No URL has ended yet.", ""}, p.teachKey(actShow, 0, "shows those that wait, and why")...)
	default:
		if p.only {
			text = []string{"No URLs yet."}
			break
		}
		paste := "adds a batch"
		text = []string{"No URLs yet.", ""}
		if key := p.teachKey(actAdd, 16, "add a batch: paste or type URLs, name a file, or a range of months"); key != nil {
			text, paste = append(text, key...), "does the same"
		}
		text = append(text,
			"paste           anywhere on this screen "+paste,
			"weir demo       shows all this on a site that runs on your own machine")
		if at.framed {
			text = append(text, "", teachPace(p.keys, p.pace, at.w-4))
		}
	}
	lines := []string{blank(at.w)}
	for _, line := range text {
		lines = append(lines, newLine(at.w, false).gap(2).put(line).end())
	}
	return lines[:min(len(lines), max(at.h, 0))]
}

// teachFilter is what the panel says while no row has what the filter asks for.
func (p *results) teachFilter() []string {
	none := map[show]string{showEnded: "No URL that has ended", showWaiting: "No URL that waits", showAll: "No URL"}
	text := []string{none[p.table.want.show] + " has that.", "", "A filter is text, or outcome: code: host: batch: class:"}
	if p.table.want.show == showEnded && p.stats.Counts.Left() > 0 && !p.typing { // then it is text
		text = append(text, p.teachKey(actShow, 0, "looks among those that wait")...)
	}
	return text
}

// teachKey is the line of what a key does, none without a key. The words stand
// so many cells from its begin, or beside it.
func (p *results) teachKey(a act, cells int, does string) []string {
	key := p.keys.say("%s", a)
	if key == "" {
		return nil
	}
	return []string{pad(key, max(cells, width(key)+2)) + does}
}

// teachPace says in w cells how hosts are asked at an interval of d.
func teachPace(k keyMap, d time.Duration, w int) string {
	change := k.say(": %s and %s on panel 3 change that", actSlower, actFaster) + "."
	often := "Each host is asked as fast as it answers"
	switch {
	case d == time.Second:
		often = "Each host is asked at most once a second"
	case d > 0:
		often = "Each host is asked at most once in " + paceText(d)
	}
	if whole := often + ", whatever the number of workers" + change; d > 0 && width(whole) <= w {
		return whole
	}
	return often + change
}

func (p *results) row(at pane, l resultsLayout, i int) string {
	s := p.stats
	r := p.table.at(i)
	selected := i == p.cur.at
	b := at.row(selected)
	mark, num := " ", unknown
	if p.marks.n > 0 && p.marks.has(p.table.slotAt(i)) {
		mark = at.th.Glyphs.Mark
	}
	if r.num > 0 {
		num = strconv.FormatUint(r.num, 10)
	}
	l.lead(b, at.cursor(selected), mark, num)
	b.paint(at.th.outcome(r), pad(r.state(), l.outcomeCells()))

	code, took, bytes, records := unknown, unknown, unknown, unknown
	if r.status > 0 {
		code = strconv.Itoa(int(r.status))
	}
	if r.tries > 0 {
		took, bytes = duration(r.time), size(r.bytes)
	}
	if r.outcome == engine.OK || r.outcome == engine.Empty {
		records = strconv.Itoa(int(r.records))
	}
	reason := r.why
	if r.place != engine.Ended {
		took, bytes = unknown, unknown
		var due time.Time
		if reason, due = jobWait(r, s); !due.IsZero() {
			took = short(max(due.Sub(s.At), 0))
		}
	}
	if at.th.ASCII {
		reason = strings.ReplaceAll(reason, "≥", ">=")
	}
	b.put(right(code, 4)).gap(2).put(right(took, 6))
	if l.size {
		b.put(right(bytes, 9))
	}
	if l.rows {
		b.put(right(records, 6))
	}
	if l.try {
		b.put(right(strconv.Itoa(int(r.tries)), 4))
	}
	if l.ended > 0 {
		ended := unknown
		if r.ended != 0 {
			ended = daytime(time.Unix(r.ended, 0))
		}
		b.gap(1).put(pad(ended, l.ended))
	}
	if l.batch > 0 {
		b.gap(1).put(pad(batchName(s, r.batch), l.batch))
	}
	if l.host > 0 {
		b.gap(1).put(pad(r.host, l.host))
	}
	if r.told {
		b.gap(1).put(padURL(bare(r.url), l.url))
	} else {
		b.gap(1).paint(at.th.Muted, pad(glyphs.More, l.url))
	}
	if l.title > 0 {
		b.gap(1).paint(at.th.Muted, pad(r.title, l.title))
	}
	for _, f := range l.fields {
		b.gap(1)
		switch v, known := p.value(p.table.slotAt(i), r, f.at); {
		case !known:
			b.paint(at.th.Muted, pad(glyphs.More, f.cells))
		case !v.there:
			b.paint(at.th.Muted, pad(unknown, f.cells))
		default:
			b.put(v.column(f.cells))
		}
	}
	if l.why > 0 {
		b.gap(1).paint(at.th.Muted, pad(whyBrief(reason, l.why), l.why))
	}
	return at.finish(b, selected)
}

// outcome is the style of an outcome.
func (t Theme) outcome(r *jobRow) Style {
	switch r.outcome {
	case engine.OK:
		return t.OK
	case engine.Empty:
		return t.Warn
	case engine.Failed:
		return t.Bad
	}
	return t.Muted
}
