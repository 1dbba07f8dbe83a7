package ui

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// A hostSort is what hosts are ordered by.
type hostSort uint8

const (
	worstFirst hostSort = iota
	hostByName
	hostByPace
	hostByRate
	hostByWaiting
	hostByFailed
	hostSorts
)

func (h hostSort) String() string {
	return [...]string{"worst first", "by host", "by pace", "by rate", "by waiting", "by failed"}[h]
}

// hosts is the panel of hosts: parked, blocked, slowed, then slowest pace
// first. The order depends on states and settings, never on a countdown.
type hosts struct {
	face
	list   []*engine.HostStats // in order; of the view
	cur    cursor[string]
	by     hostSort
	turned bool
}

func newHosts(s *engine.Stats) *hosts { return &hosts{face: face{stats: s}} }

// SetSize sets how many cells and lines there are, the heading's among them.
func (p *hosts) SetSize(w, h int, framed bool) {
	p.pane.w, p.pane.h, p.pane.framed = w, h, framed
	p.cur.resize(p, h-p.heads())
}

// Update takes what concerns the panel. The hosts of a view stay in its memory.
func (p *hosts) Update(msg tea.Msg) {
	if _, anew := msg.(numbersMsg); anew {
		p.take()
	}
	p.cur.update(p, msg)
}

func (p *hosts) count() int         { return len(p.list) }
func (p *hosts) keyAt(i int) string { return p.list[i].Host }
func (p *hosts) find(name string) int {
	return slices.IndexFunc(p.list, func(h *engine.HostStats) bool { return h.Host == name })
}

// take brings in the hosts of a view. Until the operator works in the panel it
// shows those that stand first.
func (p *hosts) take() {
	p.list = p.list[:0]
	for i := range p.stats.Hosts {
		p.list = append(p.list, &p.stats.Hosts[i])
	}
	p.sort()
	if !p.pane.focused && !p.cur.moved {
		p.cur.home(p)
		return
	}
	p.cur.sync(p)
}

func (p *hosts) sort() {
	slices.SortFunc(p.list, func(a, b *engine.HostStats) int {
		n := p.compare(a, b)
		if p.turned {
			n = -n
		}
		return cmp.Or(n, strings.Compare(a.Host, b.Host))
	})
}

func (p *hosts) compare(a, b *engine.HostStats) int {
	switch p.by {
	case hostByName:
		return strings.Compare(a.Host, b.Host)
	case hostByPace:
		return cmp.Compare(b.Interval, a.Interval)
	case hostByRate:
		return cmp.Compare(b.Rate, a.Rate)
	case hostByWaiting:
		return cmp.Compare(b.Waiting, a.Waiting)
	case hostByFailed:
		return cmp.Compare(b.Failed, a.Failed)
	}
	return cmp.Or(cmp.Compare(hostRank(a), hostRank(b)), cmp.Compare(b.Interval, a.Interval))
}

// selected returns the host under the cursor, nil without one.
func (p *hosts) selected() *engine.HostStats {
	name, ok := p.cur.target(p)
	if i := p.find(name); ok && i >= 0 {
		return p.list[i]
	}
	return nil
}

// hostsLayout gives the columns their cells; 0: no such column.
type hostsLayout struct {
	wide                          bool // the names of the columns written out
	host, pace, spark             int
	rate, waiting, flight, failed int // with one blank before
	state                         int
}

func (p pane) hostsLayout(longest int) hostsLayout {
	l := hostsLayout{wide: p.w >= 98, pace: 7, rate: 8, waiting: 8, flight: 7, failed: 7}
	if l.wide {
		l.host = min(max(25, longest), max(25, p.w/4))
		if p.w >= 110 {
			l.spark = 8
		}
	} else {
		l.host, l.pace, l.rate, l.waiting, l.flight, l.failed = min(max(16, longest), max(16, p.w/4)), 6, 7, 7, 3, 0
		if p.w < 72 {
			l.rate, l.flight = 0, 0
		}
	}
	used := 2 + l.host + l.pace + l.rate + l.waiting + l.flight + l.failed + 1
	if l.spark > 0 {
		used += l.spark
	}
	if l.wide {
		used++
	}
	l.state = p.w - used
	if !p.framed {
		l.state-- // the last column of a page stays empty
	}
	return l
}

// View draws the hosts below their heading.
func (p *hosts) View(th Theme) []string {
	at := p.in(th)
	if len(p.list) == 0 {
		text := "no host yet: hosts appear with the first batch"
		if at.w >= 90 {
			text += ", with their pace and the reason they wait"
		}
		return at.teach(text)
	}
	longest := 0
	for _, h := range p.list {
		longest = max(longest, width(clean(h.Host, whyBytes)))
	}
	l := at.hostsLayout(longest)
	lines := make([]string, 0, at.h)
	lines = append(lines, p.head(at, l))
	for i := p.cur.top; i < len(p.list) && len(lines) < at.h; i++ {
		lines = append(lines, p.row(at, l, i))
	}
	return lines
}

func (p *hosts) head(at pane, l hostsLayout) string {
	b := newLine(at.w, false)
	put := func(by hostSort, text string) {
		style := at.th.Muted
		if p.by == by {
			style = at.th.Accent
		}
		b.paint(style, text)
	}
	b.gap(2)
	put(hostByName, pad("host", l.host))
	put(hostByPace, right("pace", l.pace))
	if l.wide {
		rate := "rate"
		b.gap(1)
		if l.spark > 0 {
			put(hostByRate, pad(rate, l.spark+l.rate-1))
		} else {
			put(hostByRate, right(rate, l.rate-1))
		}
	} else if l.rate > 0 {
		put(hostByRate, right("rate", l.rate))
	}
	if l.wide {
		put(hostByWaiting, right("waiting", l.waiting))
		b.paint(at.th.Muted, right("flight", l.flight))
		put(hostByFailed, right("failed", l.failed))
		b.gap(2)
	} else {
		put(hostByWaiting, right("wait", l.waiting))
		if l.flight > 0 {
			b.paint(at.th.Muted, right("in", l.flight))
		}
		b.gap(1)
	}
	arrow := at.th.Glyphs.Down
	if p.turned {
		arrow = at.th.Glyphs.Up
	}
	if p.by == worstFirst {
		put(worstFirst, "state "+arrow)
	} else {
		b.paint(at.th.Muted, "state").gap(2).paint(at.th.Accent, p.by.String()+" "+arrow)
	}
	return b.end()
}

func (p *hosts) row(at pane, l hostsLayout, i int) string {
	s := p.stats
	h, selected := p.list[i], i == p.cur.at
	b := at.row(selected)
	pace := unknown
	if h.Interval > 0 {
		pace = short(h.Interval)
	}
	b.put(at.cursor(selected)).gap(1).put(pad(clean(h.Host, whyBytes), l.host)).put(right(pace, l.pace))
	if l.wide {
		b.gap(1)
		if l.spark > 0 {
			glyphs, styles := sparkLine(at.th, h, s.At)
			for i, glyph := range glyphs {
				b.paint(styles[i], glyph)
			}
		}
		b.put(right(rate(h.Rate), l.rate-1))
	} else if l.rate > 0 {
		b.put(right(rate(h.Rate), l.rate))
	}
	b.put(right(count(h.Waiting), l.waiting))
	if l.flight > 0 {
		b.put(right(strconv.Itoa(h.InFlight), l.flight))
	}
	if l.failed > 0 {
		style := at.th.Text
		if h.Failed > 0 {
			style = at.th.Bad
		}
		b.paint(style, right(count(h.Failed), l.failed)).gap(1)
	}
	b.gap(1).paint(at.th.hostStyle(h, s), pad(hostBrief(h, s, s.At, l.state), l.state))
	return at.finish(b, selected)
}

// usualRate puts a host that keeps its pace in the middle of its sparkline, so
// that both ways out of it show.
func usualRate(h *engine.HostStats) float64 {
	if h.Interval <= 0 {
		return 0
	}
	return 1.4 * float64(time.Second) / float64(h.Interval)
}

// next goes to the next order.
func (p *hosts) next() {
	p.by, p.turned = (p.by+1)%hostSorts, false
	p.resort()
}

// turn turns the order round.
func (p *hosts) turn() {
	p.turned = !p.turned
	p.resort()
}

func (p *hosts) resort() {
	p.sort()
	p.cur.sync(p)
}

// title says how many there are and in which order.
func (p *hosts) title(g Glyphs) []string {
	by := p.by
	if len(p.list) == 0 {
		by = worstFirst
	}
	return []string{count(len(p.list)) + " " + g.Dot + " " + by.String()}
}

func (p *hosts) page() int                  { return p.cur.page() }
func (p *hosts) heads() int                 { return 1 }
func (p *hosts) away(line int) (int, bool)  { return p.cur.away(p, line-p.heads()) }
func (p *hosts) batchIDs() []engine.BatchID { return nil }

func (p *hosts) host() string {
	if h := p.selected(); h != nil {
		return h.Host
	}
	return ""
}

func (p *hosts) selectors() []engine.Selector { return []engine.Selector{{Host: p.selected().Host}} }

func (p *hosts) shows() string { return "host:" + clean(p.selected().Host, urlBytes) }
