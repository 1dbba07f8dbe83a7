package ui

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/engine"
)

var errNoResult = errors.New("the result is no longer kept")

// A fetched is the result of a job, cleaned, with what its parts show. Its
// records, findings and header stand there only.
type fetched struct {
	engine.Result
	page     string // URL that answered, as it is
	records  *records
	findings findings
	header   headers
	found    int // findings
}

// cleanResult returns r with everything that a page or a server wrote cleaned.
// It takes time for long results: call it off the loop.
func cleanResult(r engine.Result) *fetched {
	page := cmp.Or(r.Final, r.URL)
	f := &fetched{page: page, records: newRecords(r.Records, page), findings: newFindings(r.Findings), found: len(r.Findings)}
	f.header = make(headers, len(r.Header))
	for i, h := range r.Header {
		f.header[i] = engine.Header{Name: clean(h.Name, lineBytes), Value: clean(h.Value, valueBytes)}
	}
	r.Final = clean(r.Final, urlBytes)
	r.Title = clean(r.Title, lineBytes)
	r.Error = clean(r.Error, lineBytes)
	r.History = slices.Clone(r.History)
	for i := range r.History {
		r.History[i].Why = clean(r.History[i].Why, lineBytes)
	}
	r.Records, r.Findings, r.Header, r.Links = nil, nil, nil, nil
	f.Result = r
	return f
}

// valueBytes is the most that is kept of a header field or a cell.
const valueBytes = 4096

// timeline draws the attempts, newest first, and where the time of the last
// one went.
func (d detail) timeline(th Theme) []string {
	var lines []string
	if d.result == nil {
		for _, sentence := range whyJob(d.keys, d.row, d.stats)[1:] { // the first is its URL
			lines = append(lines, folded(sentence, d.w)...)
		}
		return lines
	}
	if len(d.result.History) > 0 {
		lines = append(lines, th.Muted.Render(attemptsHead))
		for i, a := range slices.Backward(d.result.History) {
			code := unknown
			if a.Status != 0 {
				code = strconv.Itoa(a.Status)
			}
			why := a.Why
			if why == "" {
				why = string(a.Class)
			}
			line := pad(strconv.Itoa(i+1), 7) + right(code, 7) + right(duration(a.Elapsed), 8) + right(short(a.Waited), 9) + "  "
			for _, text := range folded(why, max(d.w-width(line), 8)) {
				lines = append(lines, line+text)
				line = blank(width(line))
			}
		}
		lines = append(lines, "")
	}
	return append(lines, bars(th, d.result.Timing, d.w)...)
}

const attemptsHead = "attempt   code    time   waited  why"

// A timeStage is a part of the time of an attempt; below zero it did not happen.
type timeStage struct {
	name string
	time time.Duration
}

func stagesOf(t engine.Timing) []timeStage {
	return []timeStage{
		{"waited host", t.Waited},
		{"dns", t.DNS},
		{"connect", t.Connect},
		{"tls", t.TLS},
		{"first byte", t.FirstByte},
		{"body", t.Body},
		{"extract", t.Extract},
	}
}

// bars draws the stages of an attempt, the longest over the whole of its room.
// A stage that took any time has one cell at least; one that did not happen
// has none and no time.
func bars(th Theme, t engine.Timing, w int) []string {
	stages := stagesOf(t)
	var longest time.Duration
	for _, s := range stages {
		longest = max(longest, s.time)
	}
	room := max(w*3/4-21, 1)
	lines := make([]string, 0, len(stages))
	for i, s := range stages {
		cells := 0
		if s.time > 0 {
			cells = max(int(int64(s.time)*int64(room)/int64(longest)), 1)
		}
		style := th.Accent
		if i == 0 {
			style = th.Muted // not the host's fault
		}
		lines = append(lines, pad(s.name, 13)+pad(style.Render(strings.Repeat(th.Glyphs.BarFull, cells)), w-24)+right(duration(s.time), 6))
	}
	return lines
}

// headers are the fields of an answer's header. Long values go on in the next
// line.
type headers []engine.Header

// value is what is drawn of a field.
func (headers) value(h engine.Header) string {
	if h.Value == "" {
		return emptyText
	}
	return h.Value
}

func (l headers) head(Theme, int) []string { return nil }
func (l headers) count() int               { return len(l) }

func (l headers) rows(i, w int) int {
	if value := l.value(l[i]); width(l[i].Name)+2+width(value) > w {
		return 1 + rowsOf(value, w-2)
	}
	return 1
}

func (l headers) draw(lines []string, th Theme, i, from, end, w int) []string {
	name, value := cut(l[i].Name, w-1)+":", l.value(l[i])
	if width(l[i].Name)+2+width(value) <= w {
		return append(lines, th.Accent.Render(name)+" "+value)
	}
	all := []string{th.Accent.Render(name)}
	for _, text := range folded(value, w-2) {
		all = append(all, "  "+text)
	}
	return append(lines, all[from:end]...)
}
