package ui

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"weir/engine"
)

// A part is one page of the details of a URL.
type part int

const (
	timelinePart part = iota
	headersPart
	findingsPart
	recordsPart
	parts
)

// A detail shows one job: what became of it, every attempt, where the time
// went, and what was extracted. It is a component: the parent chooses the job,
// gives it keys and a size, and draws the frame around it.
type detail struct {
	results engine.Controller
	call    caller
	keys    keyMap

	row    *jobRow // the job as the lists know it; nil: none
	batch  string  // its batch's number and name
	most   int     // attempts that a job can have; 0: not known
	stats  *engine.Stats
	result *fetched
	asked  uint64 // num that the result was asked for
	err    string // why there is none

	part  part
	top   int    // first line of the part that is shown
	sheet *sheet // what was drawn last
	w, h  int    // cells
}

// A sheet is the part that was drawn last. It is kept because a table of many
// records takes longer to draw than a frame may.
type sheet struct {
	of    sheetOf
	lines []string
	room  int // lines of it that were shown at once
}

// A sheetOf is what a sheet was drawn from.
type sheetOf struct {
	result  *fetched
	part    part
	w       int
	theme   string
	dark    bool
	profile colorprofile.Profile
}

// A fetched is the result of a job, cleaned, with its records as a table.
type fetched struct {
	engine.Result
	table records
}

// detailMsg brings the result of a job, or says that there is none.
type detailMsg struct {
	id     engine.JobID
	result *fetched
	err    error
}

func newDetail(c engine.Controller, call caller, keys keyMap) detail {
	return detail{results: c, call: call, keys: keys, sheet: &sheet{}}
}

// SetSize sets how many cells View may use.
func (d *detail) SetSize(w, h int) { d.w, d.h = w, h }

// show shows the job of row. Call it for every newer state of the row, too:
// it fetches the result once the job has ended, and again when it has ended
// anew after a retry.
func (d *detail) show(row *jobRow, s *engine.Stats) tea.Cmd {
	if d.row == nil || row.id != d.row.id {
		*d = detail{results: d.results, call: d.call, keys: d.keys, sheet: d.sheet, w: d.w, h: d.h}
		if row.outcome == engine.OK || row.outcome == engine.Empty {
			d.part = recordsPart
		}
	}
	d.row, d.stats = row, s
	d.batch, d.most = batchName(s, row.batch), mostAttempts(s)
	if row.num == 0 || row.num == d.asked {
		return nil
	}
	d.asked = row.num
	id, results := row.id, d.results
	return d.call(func(ctx context.Context) tea.Msg {
		rs, err := results.Results(ctx, engine.Query{Jobs: []engine.JobID{id}})
		if err != nil || len(rs) == 0 {
			return detailMsg{id: id, err: cmp.Or(err, errNoResult)}
		}
		return detailMsg{id: id, result: cleanResult(rs[len(rs)-1])}
	})
}

// Update takes the fetched result.
func (d detail) Update(msg tea.Msg) (detail, tea.Cmd) {
	if msg, ok := msg.(detailMsg); ok && d.row != nil && msg.id == d.row.id { // else of a job that was shown before
		d.result, d.err = msg.result, ""
		if msg.err != nil {
			d.err = clean(msg.err.Error(), lineBytes)
		}
		d.scroll(0)
	}
	return d, nil
}

// do does what open details make of an act, and reports whether it is one of
// theirs: the next part, a page up or down.
func (d *detail) do(a act) bool {
	switch a {
	case actNextPanel:
		d.part, d.top = (d.part+1)%parts, 0
	case actPrevPanel:
		d.part, d.top = (d.part+parts-1)%parts, 0
	case actScrollDown, actPageDown:
		d.scroll(max(d.sheet.room-1, 1))
	case actScrollUp, actPageUp:
		d.scroll(-max(d.sheet.room-1, 1))
	default:
		return false
	}
	return true
}

func (d *detail) scroll(lines int) {
	d.top = max(0, min(d.top+lines, len(d.sheet.lines)-d.sheet.room))
}

// leastPart is how many lines a part has at least, where there is little room:
// what led to the page and its title give way to it.
const leastPart = 3

// View draws the details in at most the set size, without a frame.
func (d detail) View(th Theme) string {
	if d.row == nil || d.w < 1 || d.h < 1 {
		return ""
	}
	lines := d.head(th, d.h-3-leastPart)
	room := max(d.h-len(lines)-3, 1)
	body := d.draw(th, room)
	top := max(0, min(d.top, len(body)-room))
	shown := body[top:min(top+room, len(body))]
	lines = append(lines, "")
	lines = append(lines, shown...)
	for range min(d.floor(), room) - len(shown) { // the line of the parts stays where it is
		lines = append(lines, "")
	}
	lines = append(lines, "", d.tabs(th, top+room < len(body)))
	lines = lines[:min(len(lines), d.h)]
	for i, line := range lines {
		lines[i] = cut(line, d.w)
	}
	return strings.Join(lines, "\n")
}

// draw returns the lines of the part, from the sheet if nothing has changed.
func (d detail) draw(th Theme, room int) []string {
	of := sheetOf{d.result, d.part, d.w, th.Name, th.Dark, th.profile}
	if d.result == nil || of != d.sheet.of {
		d.sheet.of, d.sheet.lines = of, d.lines(th)
	}
	d.sheet.room = room
	return d.sheet.lines
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

// head says what became of the job, in a line, with its URL and batch below, and
// more where that takes no more than most lines.
func (d detail) head(th Theme, most int) []string {
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
	var why []string
	if r.why != "" && r.outcome != engine.OK && !strings.Contains(lines[0], r.why) {
		why = append(why, style.Render(cut(r.why, d.w)))
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

var partNames = [parts]string{"timeline", "headers", "findings", "records"}

// tabs names the parts; the one that is shown stands in brackets.
func (d detail) tabs(th Theme, more bool) string {
	counts := [parts]int{-1, 0, 0, 0}
	if d.result != nil {
		counts = [parts]int{-1, len(d.result.Header), len(d.result.Findings), len(d.result.Records)}
	}
	words := make([]string, parts)
	for p, name := range partNames {
		if counts[p] >= 0 {
			name += " " + count(counts[p])
		}
		if part(p) == d.part {
			name = th.Accent.Render("[" + name + "]")
		}
		words[p] = name
	}
	line := strings.Join(words, "  ")
	if key := d.keys.shown("", actScrollDown); more && key != "" {
		line += th.Muted.Render("  " + key + " more")
	}
	return line
}

// lines returns the part that is shown, whole.
func (d detail) lines(th Theme) []string {
	switch {
	case d.row == nil:
		return nil
	case d.part == timelinePart:
		return d.timeline(th)
	case d.err != "":
		return []string{th.Bad.Render(d.err)}
	case d.result == nil && d.row.num != 0:
		return []string{th.Muted.Render("being fetched")}
	case d.result == nil:
		return []string{th.Muted.Render("nothing yet: the job has not ended")}
	}
	switch d.part {
	case headersPart:
		return headerLines(th, d.result.Header, d.w)
	case findingsPart:
		return findingLines(th, d.result.Findings, d.w)
	}
	return d.result.table.lines(th, d.w)
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
