package ui

import (
	"weir/engine"
)

// title says how much there is and in which order, most important first.
func (p *results) title(g Glyphs) []string {
	s, t := p.stats, p.table
	n := t.count()
	if t.want.show == showEnded && t.want.filter.text == "" && n == 0 && s.Counts.Submitted == 0 {
		return []string{"empty"}
	}
	if t.making != nil && t.has.filter.text != t.want.filter.text { // the rows are those of before
		return []string{p.makes()}
	}
	var parts []string
	first := count(n)
	if t.want.filter.text != "" {
		first = count(n) + " of " + count(p.total())
	}
	if left := s.Counts.Left(); t.want.show == showWaiting && t.want.filter.text == "" && left > n {
		first += " of " + count(left) // the rest is in the backlog
	}
	if t.want.show != showEnded {
		first += " " + t.want.show.String()
	}
	parts = append(parts, first)
	if p.marks.n > 0 {
		parts = append(parts, count(p.marks.n)+" marked")
	}
	over := s.State == engine.RunFinished || s.State == engine.RunCancelled
	switch {
	case t.making != nil:
		parts = append(parts, p.makes())
	case !p.newest() || t.want.show != showEnded:
		parts = append(parts, p.sorting(g))
	case !p.follow && p.news > 0:
		return append(append(parts, count(p.news)+" new"), p.followKey()...)
	case !p.follow && !over:
		return append(append(parts, "newest first"), p.followKey()...)
	default:
		parts = append(parts, "newest first")
		if p.follow && !over && s.State != engine.RunIdle {
			parts = append(parts, "following")
		}
	}
	if p.older != nil {
		parts = append(parts, p.reads())
	}
	return parts
}

// followKey says which key goes back to the newest.
func (p *results) followKey() []string {
	if text := p.keys.say("%s follows", actFollow); text != "" {
		return []string{text}
	}
	return nil
}

// reads says how far the older results are read.
func (p *results) reads() string { return "reading older ones " + itoa(uint64(p.older.share())) + "%" }

// found says how many rows the filter shows of how many.
func (p *results) found() string {
	t := p.table
	match := count(t.count()) + " of " + count(p.total()) + " match"
	switch {
	case t.making == nil:
		return match
	case t.has.filter.text == t.want.filter.text && t.has.show == t.want.show: // a part is there
		return count(t.count()) + " match so far, " + p.makes()
	}
	return p.makes()
}

// makes says how far the list is that is being made.
func (p *results) makes() string {
	what := "sorting"
	if len(p.table.want.filter.words) > 0 {
		what = "searching"
	}
	if p.table.share > 0 {
		what += " " + itoa(uint64(p.table.share)) + "%"
	}
	return what
}

// sorting names the column and the direction.
func (p *results) sorting(g Glyphs) string {
	w := p.table.want
	switch {
	case w.by == byNum && w.down():
		return "newest first"
	case w.by == byNum:
		return "oldest first"
	case w.down():
		return "by " + w.by.String() + " " + g.Down
	}
	return "by " + w.by.String() + " " + g.Up
}

// total returns how many rows there were without the filter.
func (p *results) total() int {
	t := p.table
	switch t.want.show {
	case showEnded:
		return t.ended
	case showWaiting:
		return t.waiting
	}
	return t.ended + t.waiting
}
