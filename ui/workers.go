package ui

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// workers is the panel of worker slots, by number.
type workers struct {
	face
	list []engine.WorkerStats
	cur  cursor[int]
}

func newWorkers(s *engine.Stats) *workers { return &workers{face: face{stats: s}} }

// SetSize sets how many cells and lines there are.
func (p *workers) SetSize(w, h int, framed bool) {
	p.pane.w, p.pane.h, p.pane.framed = w, h, framed
	p.cur.resize(p, p.pane.room())
}

// Update takes what concerns the panel. The slots of a view stay in its
// memory.
func (p *workers) Update(msg tea.Msg) {
	if _, anew := msg.(numbersMsg); anew {
		p.list = p.stats.Slots
		p.cur.sync(p)
	}
	p.cur.update(p, msg)
}

func (p *workers) count() int      { return len(p.list) }
func (p *workers) keyAt(i int) int { return p.list[i].Num }
func (p *workers) find(num int) int {
	if i := num - 1; 0 <= i && i < len(p.list) && p.list[i].Num == num {
		return i
	}
	for i := range p.list {
		if p.list[i].Num == num {
			return i
		}
	}
	return -1
}

// selected returns the worker under the cursor, nil without one.
func (p *workers) selected() *engine.WorkerStats {
	num, ok := p.cur.target(p)
	if i := p.find(num); ok && i >= 0 {
		return &p.list[i]
	}
	return nil
}

// View draws the slots, by number.
func (p *workers) View(th Theme) []string {
	at, s := p.in(th), p.stats
	if s.State == engine.RunIdle || len(p.list) == 0 {
		return at.teach(plural(s.Workers, "worker") + ", all idle: no work yet")
	}
	lines := make([]string, 0, at.h)
	if at.headed() {
		b := newLine(at.w, false)
		b.paint(at.th.Muted, "  # does       time host             page")
		b.fill(at.w-4).paint(at.th.Muted, "try")
		lines = append(lines, b.end())
	}
	first := -1 // the idle worker that says when it goes on
	for i := range p.list {
		if p.list[i].Phase == engine.PhaseIdle {
			first = i
			break
		}
	}
	for i := p.cur.top; i < len(p.list) && len(lines) < at.h; i++ {
		lines = append(lines, p.row(at, i, i == first))
	}
	return lines
}

func (p *workers) row(at pane, i int, first bool) string {
	s := p.stats
	w, selected := &p.list[i], i == p.cur.at && at.focused
	b := at.row(selected)
	b.put(at.cursor(selected)).put(right(strconv.Itoa(w.Num), 2)).gap(1)
	if w.Phase == engine.PhaseIdle {
		does, why, style := idleText(s, first)
		b.paint(at.th.idle(style), pad(does, 8)).put(right(unknown, 7)).gap(1)
		b.paint(at.th.Muted, why)
		return at.finish(b, selected)
	}
	host, path := hostAndPath(w)
	since := max(s.At.Sub(w.Since), 0)
	b.paint(at.th.OK, pad(w.Phase.String(), 8))
	style := at.th.Text
	if since >= slow {
		style = at.th.Warn
	}
	b.paint(style, right(short(since), 7)).gap(1)
	b.put(pad(host, 16)).gap(1)
	b.put(padURL(path, at.w-b.used-5)).gap(1)
	b.put(right(tryText(w), 3))
	return at.finish(b, selected)
}

// idle is the style of an idle worker's state.
func (t Theme) idle(paused bool) Style {
	if paused {
		return t.Warn
	}
	return t.Muted
}

// idleText says why a worker idles; only the first one says until when.
func idleText(s *engine.Stats, first bool) (does, why string, paused bool) {
	switch {
	case s.State == engine.RunPaused:
		return "paused", "the run is paused", true
	case s.Counts.Left() == 0:
		return "idle", "nothing to do", false
	case s.Limit.Kind == engine.LimitPaused:
		return "paused", "all that is left is paused", true
	case s.Limit.Kind == engine.LimitBacklog:
		return "idle", "the rest is in flight", false
	case s.State == engine.RunDraining && s.QueueLen == 0:
		return "idle", "the queue is drained", false
	}
	if t := nextTurn(s); first && t != "" {
		return "idle", "no host is ready: next in " + t, false
	}
	return "idle", "no host is ready", false
}

// nextTurn returns how long it is until a host with work may be asked again.
func nextTurn(s *engine.Stats) string {
	next := s.Limit.Next
	if next.IsZero() {
		for i := range s.Hosts {
			if t, ok := engine.Until(s.Hosts[i].Reason); ok && s.Hosts[i].Waiting > 0 && (next.IsZero() || t.Before(next)) {
				next = t
			}
		}
	}
	if next.IsZero() {
		return ""
	}
	return in(next, s.At)
}

// hostAndPath splits what a worker fetches.
func hostAndPath(w *engine.WorkerStats) (host, path string) {
	url := bare(clean(w.URL, urlBytes))
	host, path, _ = strings.Cut(url, "/")
	if w.Host != "" {
		host = clean(w.Host, urlBytes) // the pacing key may be a group
	}
	if w.Kind == engine.KindRobots && path == "" {
		path = "robots.txt"
	}
	return host, "/" + path
}

// tryText is the attempt, and of how many if it is not the first.
func tryText(w *engine.WorkerStats) string {
	switch {
	case w.Attempt <= 0:
		return unknown
	case w.Attempt == 1 || w.Most <= 0:
		return strconv.Itoa(w.Attempt)
	}
	return strconv.Itoa(w.Attempt) + "/" + strconv.Itoa(w.Most)
}

// title says how many are busy.
func (p *workers) title(Glyphs) []string {
	return []string{count(p.stats.Busy) + " of " + count(p.stats.Workers)}
}

func (p *workers) page() int                 { return p.cur.page() }
func (p *workers) heads() int                { return p.pane.heads() }
func (p *workers) away(line int) (int, bool) { return p.cur.away(p, line-p.heads()) }

func (p *workers) host() string {
	if w := p.selected(); w != nil {
		return w.Host
	}
	return ""
}

func (p *workers) batchIDs() []engine.BatchID {
	if w := p.selected(); w != nil && w.Batch != 0 {
		return []engine.BatchID{w.Batch}
	}
	return nil
}

func (p *workers) selectors() []engine.Selector {
	return []engine.Selector{{Jobs: []engine.JobID{p.selected().Job}}}
}

func (p *workers) shows() string { return "host:" + clean(p.selected().Host, urlBytes) }
