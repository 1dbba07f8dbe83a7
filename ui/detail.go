package ui

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// A part is one page of the details of a URL.
type part int

const (
	timelinePart part = iota
	headersPart
	findingsPart
	recordsPart
	bodyPart
	parts
)

// A detail shows one job: what became of it, every attempt, where the time
// went, what was extracted, and the page that it was extracted from. It is a
// component: the parent chooses the job, gives it keys and a size, and draws the
// frame around it.
type detail struct {
	results engine.Controller
	bodies  Bodies // nil: they are not kept
	call    caller
	keys    keyMap

	row    *jobRow // the job as the lists know it; nil: none
	batch  string  // its batch's number and name
	most   int     // attempts that a job can have; 0: not known
	stats  *engine.Stats
	result *fetched
	asked  uint64 // num that the result was asked for
	err    string // why there is none
	body   keptBody

	part   part
	chosen bool   // the operator has chosen the part: it stays with the next job
	opened bool   // long values and wide tables are shown whole
	at     lineAt // of the part, the first that is shown
	w, h   int    // cells
}

// detailMsg brings the result of a job, or says that there is none.
type detailMsg struct {
	id     engine.JobID
	num    uint64
	result *fetched
	err    error
}

func newDetail(c engine.Controller, b Bodies, call caller, keys keyMap) detail {
	return detail{results: c, bodies: b, call: call, keys: keys}
}

// SetSize sets how many cells View may use.
func (d *detail) SetSize(w, h int) {
	if d.w > 0 && w > 0 {
		d.at.row = d.at.row * d.w / w // about the same text stays
	}
	d.w, d.h = w, h
}

// show shows the job of row. Call it for every newer state of the row, too:
// it fetches the result once the job has ended, and again when it has ended
// anew after a retry. The next job is shown from the part that the operator has
// chosen, or else from the one that tells most.
func (d *detail) show(row *jobRow, s *engine.Stats) tea.Cmd {
	if d.row == nil || row.id != d.row.id {
		*d = detail{
			results: d.results, bodies: d.bodies, call: d.call, keys: d.keys, w: d.w, h: d.h,
			part: d.part, chosen: d.chosen, opened: d.opened,
		}
		if !d.chosen {
			d.part = timelinePart
			if row.outcome == engine.OK || row.outcome == engine.Empty {
				d.part = recordsPart
			}
		}
	}
	d.row, d.stats = row, s
	d.batch, d.most = batchName(s, row.batch), mostAttempts(s)
	if row.num == 0 || row.num == d.asked {
		return nil
	}
	d.asked = row.num
	id, num, results := row.id, row.num, d.results
	return d.call(func(ctx context.Context) tea.Msg {
		rs, err := results.Results(ctx, engine.Query{Jobs: []engine.JobID{id}})
		if err != nil || len(rs) == 0 {
			return detailMsg{id: id, num: num, err: cmp.Or(err, errNoResult)}
		}
		return detailMsg{id: id, num: num, result: cleanResult(rs[len(rs)-1])}
	})
}

// forget forgets the job and what was chosen: who opens details begins anew.
func (d *detail) forget() {
	*d = detail{results: d.results, bodies: d.bodies, call: d.call, keys: d.keys, w: d.w, h: d.h}
}

// Update takes what was fetched or read.
func (d detail) Update(msg tea.Msg) (detail, tea.Cmd) {
	switch msg := msg.(type) {
	case detailMsg:
		if d.row == nil || msg.id != d.row.id || msg.num != d.asked { // of a job that was shown before
			return d, nil
		}
		if d.result = msg.result; d.result == nil {
			d.err = clean(msg.err.Error(), lineBytes)
		}
	case bodyMsg:
		if d.row != nil && msg.id == d.row.id && msg.body.num == d.body.num {
			d.body = msg.body
		}
	}
	return d, d.askBody()
}

// do does what open details make of an act, and reports whether it is one of
// theirs: the next part, a page up or down.
func (d *detail) do(a act) (tea.Cmd, bool) {
	s := d.sight(Theme{})
	switch a {
	case actNextPanel:
		return d.turn((d.part + 1) % parts), true
	case actPrevPanel:
		return d.turn((d.part + parts - 1) % parts), true
	case actScrollDown, actPageDown:
		d.scroll(max(s.room-1, 1))
	case actScrollUp, actPageUp:
		d.scroll(-max(s.room-1, 1))
	case actTop:
		d.at = lineAt{}
	case actEnd:
		d.at = s.end()
	case actOpen:
		d.open()
	default:
		return nil, false
	}
	return nil, true
}

// turn shows a part, because the operator wants it.
func (d *detail) turn(p part) tea.Cmd {
	d.part, d.chosen, d.at = p, true, lineAt{}
	return d.askBody()
}

// open shows long values and wide tables whole, or no longer. What is on top
// stays.
func (d *detail) open() {
	if d.part != recordsPart || d.result == nil || len(d.result.records.recs) == 0 {
		return
	}
	rec := d.at.block
	if l, ok := d.leaf(Theme{}).(recordLines); ok {
		rec = int(l.entries[min(rec, len(l.entries)-1)].rec)
	}
	d.opened = !d.opened
	d.at = lineAt{block: rec}
	if l, ok := d.leaf(Theme{}).(recordLines); ok {
		d.at.block = l.block(rec)
	}
}

func (d *detail) scroll(lines int) { d.at = d.sight(Theme{}).scrolled(d.at, lines) }

// View draws the details in at most the set size, without a frame.
func (d detail) View(th Theme) string {
	if d.row == nil || d.w < 1 || d.h < 1 {
		return ""
	}
	s := d.sight(th)
	lines := d.head(th)
	if d.roomy() {
		lines = append(lines, "")
	}
	shown, from, to := s.lines(th, d.at)
	shown = append(s.head(th, d.w), shown...)
	lines = append(lines, shown...)
	for range min(d.floor(), d.room()) - len(shown) { // the line of the parts stays where it is
		lines = append(lines, "")
	}
	lines = append(lines, th.Muted.Render(d.hint(s, from, to)), d.tabs(th))
	lines = lines[:min(len(lines), d.h)]
	for i, line := range lines {
		lines[i] = cut(line, d.w)
	}
	return strings.Join(lines, "\n")
}

// roomy reports whether there is room for more than what has to be said.
func (d detail) roomy() bool { return d.h >= 12 }

// room returns how many lines a part has.
func (d detail) room() int {
	n := d.h - len(d.head(Theme{})) - 2
	if d.roomy() {
		n--
	}
	return max(n, 1)
}

// sight is the part that is shown, where it is shown.
func (d detail) sight(th Theme) sight {
	l := d.leaf(th)
	return sight{l, d.w, max(d.room()-len(l.head(Theme{}, d.w)), 1)}
}

// hint says which of the part is on the screen, and the keys that show more.
func (d detail) hint(s sight, from, to lineAt) string {
	var parts []string
	add := func(key, word string) {
		if key != "" && word != "" {
			parts = append(parts, key+" "+word)
		}
	}
	position := s.position(from, to)
	if position != "" {
		parts = append(parts, position)
	}
	if l, ok := s.leaf.(interface{ opens(w int) string }); ok {
		add(d.keys.shown("", actOpen), l.opens(d.w))
	}
	if position != "" {
		add(d.keys.shown(" ", actScrollDown, actScrollUp), "scroll")
	}
	return joined(parts, d.w)
}

// floor returns how many lines a short part takes: as many as the timeline.
func (d detail) floor() int {
	if d.result == nil {
		return len(d.timeline(Theme{}))
	}
	n := len(bars(Theme{}, engine.Timing{}, 0))
	if tries := len(d.result.History); tries > 0 {
		n += tries + 2
	}
	return n
}

// leastPart is how many lines a part has at least, where there is little room:
// what led to the page and its title give way to it.
const leastPart = 3

// head says what became of the job, in a line, with its URL and batch below, and
// more where there is room.
func (d detail) head(th Theme) []string {
	most := d.h - 3 - leastPart
	r := d.row
	facts := []string{r.state()}
	if r.class != "" && r.class != engine.Status {
		facts = append(facts, string(r.class))
	}
	if r.status != 0 {
		facts = append(facts, fmt.Sprintf("status %d", r.status))
	}
	if tries := int(r.tries); tries > 0 {
		try := fmt.Sprintf("attempt %d", tries)
		if tries <= d.most {
			try += fmt.Sprintf(" of %d", d.most)
		}
		facts = append(facts, try, duration(r.time), size(r.bytes))
	}
	style := th.outcome(r)
	lines := []string{style.Render(strings.Join(facts, " · "))}

	var why []string
	if r.why != "" && r.outcome != engine.OK && !strings.Contains(lines[0], r.why) {
		why = append(why, style.Render(cut(r.why, d.w)))
	}
	if !d.roomy() {
		return append(append(lines, cut(r.url, d.w)), why...)
	}
	tail := ""
	if d.batch != "" {
		tail = "batch " + d.batch
	}
	if width(r.url)+2+width(tail) <= d.w {
		lines = append(lines, r.url+"  "+th.Muted.Render(tail))
	} else {
		lines = append(lines, fold(r.url, d.w, max(1, min(most-2, 3)))...)
		lines = append(lines, th.Muted.Render(tail))
	}
	more := func(name, value string) {
		if len(lines)+len(why) < most {
			lines = append(lines, th.Muted.Render(name)+cut(value, d.w-width(name)))
		}
	}
	if res := d.result; res != nil {
		if res.Final != "" && res.Final != r.url {
			more("led to ", res.Final)
		}
		if res.Title != "" {
			more("title ", res.Title)
		}
	}
	return append(lines, why...)
}

// fold breaks s into lines of w cells, at most so many.
func fold(s string, w, most int) []string {
	rows := wrap(s, Theme{}.Text, w)
	lines := make([]string, 0, most)
	for i, r := range rows {
		if i == most-1 && len(rows) > most {
			lines = append(lines, pad(r.text, w-1)+glyphs.More)
			break
		}
		lines = append(lines, r.text)
	}
	return lines
}

var partNames = [parts]string{"timeline", "headers", "findings", "records", "body"}

// tabNames are the parts as the line of them names them, with how much there is
// of each. Where that is too long, what does not fit goes: first the counts of
// those that are not shown, then the ends of their names.
func (d detail) tabNames() (names [parts]string, gap int) {
	counts := [parts]int{-1, 0, 0, 0, -1}
	if r := d.result; r != nil {
		counts = [parts]int{-1, len(r.header), r.found, len(r.records.recs), -1}
	}
	for tight := range 5 {
		gap = 2
		if tight > 0 {
			gap = 1
		}
		cells := (len(names) - 1) * gap
		for p, name := range partNames {
			shown := part(p) == d.part
			if tight > 2 && !shown {
				name = name[:4]
			}
			if counts[p] >= 0 && (tight < 2 || shown && tight < 4) {
				name += " " + count(counts[p])
			}
			if shown {
				name = "[" + name + "]"
			}
			names[p] = name
			cells += width(name)
		}
		if cells <= d.w {
			break
		}
	}
	return names, gap
}

// tabs names the parts; the one that is shown stands in brackets.
func (d detail) tabs(th Theme) string {
	names, gap := d.tabNames()
	for p, name := range names {
		if part(p) == d.part {
			names[p] = th.Accent.Render(name)
		}
	}
	return strings.Join(names[:], blank(gap))
}

// partAt returns the part whose name stands in a cell of the line of the parts.
func (d detail) partAt(x int) (part, bool) {
	names, gap := d.tabNames()
	for p, name := range names {
		if 0 <= x && x < width(name) {
			return part(p), true
		}
		x -= width(name) + gap
	}
	return 0, false
}

// leaf is the part that is shown.
func (d detail) leaf(th Theme) leaf {
	one := func(words string) leaf { return told{words: []string{words}} }
	r := d.result
	switch {
	case d.row == nil:
		return told{}
	case r == nil && d.err != "":
		return told{words: []string{d.err}, bad: true}
	case r == nil && d.row.num != 0:
		return one("being fetched")
	case d.part == timelinePart:
		return drawnLines(d.timeline(th))
	case r == nil:
		return one("nothing yet: the job has not ended")
	}
	switch d.part {
	case headersPart:
		if len(r.header) == 0 {
			return one("no headers: no answer came")
		}
		return r.header
	case findingsPart:
		if len(r.findings) == 0 {
			return one("nothing was missing or bad")
		}
		return r.findings
	case bodyPart:
		switch {
		case d.bodies == nil:
			return one("bodies are not kept: start weir with --keep-bodies DIR")
		case d.body.leaf == nil:
			return one("being read")
		}
		return d.body.leaf
	}
	switch t := r.records; {
	case len(t.recs) == 0:
		return one("no records")
	case d.opened:
		return t.opened()
	case len(t.recs) == 1:
		return t.folded()
	default:
		return recordTable{t}
	}
}

// batchName returns what a batch is called: its number and its name.
func batchName(s *engine.Stats, id engine.BatchID) string {
	for _, b := range s.Batches {
		if b.Batch.ID == id {
			return strings.TrimSpace(fmt.Sprintf("%d %s", id, clean(b.Batch.Name, whyBytes)))
		}
	}
	return fmt.Sprint(id)
}

// mostAttempts returns how many attempts a job can have, as the workers say;
// 0 while none of them has had one.
func mostAttempts(s *engine.Stats) int {
	most := 0
	for _, w := range s.Slots {
		most = max(most, w.Most)
	}
	return most
}
