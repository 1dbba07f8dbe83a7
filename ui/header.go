package ui

import (
	"strings"

	"weir/engine"
)

// A bit is a piece of a header line. Where the line has no room, the bits with
// the highest drop go first; those with drop 0 stay.
type bit struct {
	text  string
	style Style
	drop  int
}

// spread draws bits at the left and at the right end of a line of w cells; the
// last cell stays empty, as the first one does. A gap that was asked for stands
// in the text of its bit.
func spread(left, rightmost []bit, w int) string {
	total := func(bits []bit) int {
		n := 0
		for _, b := range bits {
			n += width(b.text)
		}
		return n
	}
	for total(left)+total(rightmost)+2 > w {
		most := 0
		for _, b := range append(left[:len(left):len(left)], rightmost...) {
			most = max(most, b.drop)
		}
		if most == 0 {
			break
		}
		keep := func(bits []bit) []bit {
			var kept []bit
			for _, b := range bits {
				if b.drop != most {
					kept = append(kept, b)
				}
			}
			return kept
		}
		left, rightmost = keep(left), keep(rightmost)
	}
	l := newLine(w, false).gap(1)
	for _, b := range left {
		l.paint(b.style, b.text)
	}
	if len(rightmost) > 0 {
		l.fill(w - 1 - total(rightmost))
		for _, b := range rightmost {
			l.paint(b.style, b.text)
		}
	}
	return l.end()
}

// A header is the four lines on top of every screen: state, gauges, outcomes,
// and what limits the run.
type header struct {
	th      Theme
	keys    keyMap
	s       *engine.Stats
	limit   *engine.Stats // that the last line tells of
	deps    Deps
	frozen  *freezer
	unsaved int
	rate    float64 // jobs per second
	peak    float64 // highest rate seen so far, jobs per second
	w       int
}

func (h header) lines() []string {
	if h.w < 80 {
		return h.narrow()
	}
	return []string{h.state(), h.gauges(), h.outcomes(), h.limited()}
}

// stateBits are the glyph and the name of the run's state, with its clock.
func (h header) stateBits() []bit {
	g, t := h.th.Glyphs, h.th
	glyph, word, style := g.Run, h.s.State.String(), t.OK
	switch h.s.State {
	case engine.RunIdle:
		glyph, style = g.Idle, t.Muted
	case engine.RunPaused:
		glyph, word, style = g.Pause, "PAUSED", t.Warn
	case engine.RunDraining:
		style = t.Warn
	case engine.RunCancelled:
		glyph, style = g.Stop, t.Warn
	case engine.RunFinished:
		glyph = g.Done
	}
	if h.s.Trouble != "" {
		glyph, word, style = g.Stop, "STOPPED", t.Bad
	}
	bits := []bit{{text: glyph + " " + word, style: style}, {text: " " + clock(h.s.Active), style: t.Text}}
	if h.deps.ReadOnly {
		bits = append(bits, bit{text: "  READ-ONLY", style: t.Warn})
	}
	return append(bits, h.frozenBits()...)
}

func (h header) eta() string {
	if h.s.State != engine.RunRunning && h.s.State != engine.RunDraining || h.s.Trouble != "" {
		return "ETA " + unknown
	}
	return "ETA " + clock(h.s.ETA)
}

// done writes how many of all have ended.
func (h header) done() string {
	return count(h.s.Counts.Ended()) + "/" + count(h.s.Counts.Submitted)
}

func (h header) percent() string { return percentText(&h.s.Counts) }

func percentText(c *engine.Counts) string {
	return count(percent(c.Ended(), c.Submitted)) + "%"
}

// What is dropped first where a header line has no room.
const (
	dropLast = 1 + iota
	dropETA
	dropBar
	dropSpark
	dropName
)

func (h header) state() string {
	t, s := h.th, h.s
	cells, sep := 8, " "
	left := h.stateBits()
	if h.w >= 100 {
		cells, sep = 24, "  "
		if name := clean(h.deps.Name, whyBytes); name != "" {
			left = append(left, bit{"  ", t.Text, dropName}, bit{cut(name, 24), t.Accent, dropName})
		}
	}
	left = append(left, bit{"  " + right(rate(h.rate), 6), t.Text, 0})
	if s.State != engine.RunIdle {
		left = append(left, bit{" " + t.Glyphs.spark(s.History[:], h.peak), t.Muted, dropSpark})
	}
	c := &s.Counts
	return spread(left, []bit{
		{t.Glyphs.bar(c.Ended(), c.Submitted, cells) + " ", t.OK, dropBar},
		{h.percent() + sep + h.done(), t.Text, 0},
		{"  " + h.eta(), t.Text, dropETA},
	}, h.w)
}

func (h header) gauges() string {
	t, s := h.th, h.s
	g := t.Glyphs
	full := s.QueueCap > 0 && s.QueueLen >= s.QueueCap
	queue := t.OK
	if full {
		queue = t.Warn
	}
	workers, depth := count(s.Busy)+"/"+count(s.Workers), count(s.QueueLen)
	var left []bit
	if h.w >= 100 {
		left = []bit{
			{"workers ", t.Muted, 0},
			{g.bar(s.Busy, s.Workers, 10) + " ", t.OK, dropBar},
			{workers, t.Text, 0},
			{"    queue ", t.Muted, 0},
			{g.bar(s.QueueLen, s.QueueCap, 20) + " ", queue, dropBar},
			{right(depth, width(count(s.QueueCap))) + "/" + count(s.QueueCap), t.Text, 0},
		}
	} else {
		left = []bit{
			{"workers ", t.Muted, 0},
			{workers, t.Text, 0},
			{"  queue ", t.Muted, 0},
			{g.bar(s.QueueLen, s.QueueCap, 8) + " ", queue, dropBar},
			{depth + "/" + count(s.QueueCap), t.Text, 0},
		}
	}
	if full {
		left = append(left, bit{" FULL", t.Warn, 0})
	}
	hits := []bit{{"backpressure ", t.Muted, 0}, {count(s.Hits), t.Text, 0}}
	if n := int(s.HitRate + 0.5); n > 0 {
		hits = append(hits, bit{" +" + count(n) + "/s", t.Warn, dropLast})
	}
	return spread(left, hits, h.w)
}

// over reports whether every job has ended: then a failure is one for good.
func over(s *engine.Stats) bool {
	return s.State == engine.RunFinished || s.State == engine.RunCancelled
}

// outcomeBits are the counts of outcomes, sep cells apart.
func (h header) outcomeBits(sep string) []bit {
	t, c := h.th, h.s.Counts
	failed, style := "failed ", t.Text
	if c.Failed > 0 {
		style = t.Bad
		if over(h.s) {
			failed = "FAILED "
		}
	}
	empty := t.Text
	if c.Empty > 0 {
		empty = t.Warn
	}
	bits := []bit{
		{"ok " + count(c.OK), t.OK, 0},
		{sep + "empty " + count(c.Empty), empty, 0},
		{sep, t.Text, 0},
		{failed + count(c.Failed), style, 0},
		{sep + "skipped " + count(c.Skipped), t.Muted, 0},
	}
	if c.Cancelled > 0 {
		bits = append(bits, bit{sep + "cancelled " + count(c.Cancelled), t.Muted, 0})
	}
	return bits
}

func (h header) outcomes() string {
	words := "retry "
	if h.w >= 100 {
		words = "retry waiting "
	}
	return spread(h.outcomeBits("  "), []bit{{words + count(h.s.Counts.Retry), h.th.Muted, dropLast}}, h.w)
}

// limited draws the parts that fit, whole.
func (h header) limited() string {
	return h.limitedBy(limitText(h.keys, h.limit, h.deps, h.unsaved))
}

func (h header) limitedBy(parts []string) string {
	l := newLine(h.w, false).gap(1).paint(h.th.Muted, "limited by ")
	style := h.th.limitStyle(h.limit)
	for i, part := range parts {
		sep := " " + h.th.Glyphs.Dot + " "
		if i == 0 {
			l.paint(style, part)
			continue
		}
		if l.used+width(sep)+width(part) > h.w-1 {
			break
		}
		l.paint(h.th.Muted, sep)
		style := h.th.Text
		if strings.Contains(part, "NOT SAVED") {
			style = h.th.Bad
		}
		l.paint(style, part)
	}
	return l.end()
}

// limitStyle is the style of the diagnosis.
func (t Theme) limitStyle(s *engine.Stats) Style {
	if s.Trouble != "" {
		return t.Bad
	}
	switch s.Limit.Kind {
	case engine.LimitParked:
		return t.Bad
	case engine.LimitPaused, engine.LimitRetry:
		return t.Warn
	}
	return t.Text
}

// narrow is the header of 60 to 79 columns.
func (h header) narrow() []string {
	t, s := h.th, h.s
	c := &s.Counts
	first := append(h.stateBits(), bit{"  " + right(rate(h.rate), 6), t.Text, 0},
		bit{"   " + t.Glyphs.bar(c.Ended(), c.Submitted, 8), t.OK, dropBar},
		bit{" " + h.percent(), t.Text, 0},
		bit{"   " + h.eta(), t.Text, dropETA})
	second := []bit{
		{h.done(), t.Text, 0},
		{"  workers ", t.Muted, 0},
		{count(s.Busy) + "/" + count(s.Workers), t.Text, 0},
		{"  queue ", t.Muted, 0},
		{count(s.QueueLen) + "/" + count(s.QueueCap), t.Text, 0},
	}
	if s.QueueCap > 0 && s.QueueLen >= s.QueueCap {
		second = append(second, bit{" FULL", t.Warn, 0})
	}
	second = append(second, bit{"  bp ", t.Muted, dropLast}, bit{count(s.Hits), t.Text, dropLast})
	third := append(h.outcomeBits(" "), bit{" retry " + count(c.Retry), t.Muted, dropLast})
	return []string{spread(first, nil, h.w), spread(second, nil, h.w), spread(third, nil, h.w), h.limitedBy(h.narrowLimit())}
}

// narrowLimit says the number first: the words after it may not fit.
func (h header) narrowLimit() []string {
	l := &h.limit.Limit
	if h.limit.Trouble != "" {
		return limitText(h.keys, h.limit, h.deps, h.unsaved)
	}
	if l.Kind == engine.LimitPace && !l.Next.IsZero() {
		words := limitName(h.limit) + ": next in " + in(l.Next, h.limit.At)
		more := " (" + wait(count(l.Waiting)+" of "+plural(l.Hosts, "host"), l.Waiting) + ")"
		if width("limited by "+words+more)+2 <= h.w {
			words += more
		}
		return []string{words}
	}
	if l.Kind == engine.LimitPaused {
		return narrowPause(h.keys, h.limit, h.w-2-len("limited by "))
	}
	if l.Kind == engine.LimitNothing && h.unsaved > 0 {
		return []string{limitName(h.limit), count(h.unsaved) + " NOT SAVED" + h.keys.say(": %s exports", actExport)}
	}
	return limitText(h.keys, h.limit, h.deps, h.unsaved)
}
