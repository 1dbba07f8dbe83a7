package ui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/engine"
)

var errNoResult = errors.New("the result is no longer kept")

// cleanResult returns r with everything that a page or a server wrote cleaned,
// and its records as a table. It takes time for long results: call it off the
// loop.
func cleanResult(r engine.Result) *fetched {
	r.Final = clean(r.Final, urlBytes)
	r.Title = clean(r.Title, lineBytes)
	r.Error = clean(r.Error, lineBytes)
	r.Header = slices.Clone(r.Header)
	for i, h := range r.Header {
		r.Header[i] = engine.Header{Name: clean(h.Name, lineBytes), Value: clean(h.Value, valueBytes)}
	}
	r.Findings = slices.Clone(r.Findings)
	for i, f := range r.Findings {
		f.Kind, f.Field = clean(f.Kind, lineBytes), clean(f.Field, lineBytes)
		f.Selector, f.Raw = clean(f.Selector, lineBytes), clean(f.Raw, lineBytes)
		r.Findings[i] = f
	}
	r.History = slices.Clone(r.History)
	for i := range r.History {
		r.History[i].Why = clean(r.History[i].Why, lineBytes)
	}
	return &fetched{Result: r, table: newRecords(r.Records)}
}

// valueBytes is the most that is kept of a header field or a cell.
const valueBytes = 4096

// timeline draws the attempts, newest first, and where the time of the last
// one went.
func (d detail) timeline(th Theme) []string {
	var lines []string
	if d.result == nil {
		switch {
		case d.err != "":
			return []string{th.Bad.Render(d.err)}
		case d.row.num != 0:
			return []string{th.Muted.Render("being fetched")}
		}
		var lines []string
		for _, sentence := range whyJob(d.keys, d.row, d.stats)[1:] { // the first is its URL
			for _, r := range wrap(sentence, th.Text, d.w) {
				lines = append(lines, r.text)
			}
		}
		return lines
	}
	if len(d.result.History) > 0 {
		lines = append(lines, th.Muted.Render("attempt   code    time   waited  why"))
		for i, a := range slices.Backward(d.result.History) {
			code := unknown
			if a.Status != 0 {
				code = fmt.Sprint(a.Status)
			}
			why := a.Why
			if why == "" {
				why = string(a.Class)
			}
			lines = append(lines, pad(fmt.Sprint(i+1), 7)+right(code, 7)+right(duration(a.Elapsed), 8)+right(short(a.Waited), 9)+"  "+why)
		}
		lines = append(lines, "")
	}
	return append(lines, bars(th, d.result.Timing, d.w)...)
}

// bars draws the stages of an attempt, the longest over the whole of its room.
// A stage that took any time has one cell at least; one that did not happen
// has none and no time.
func bars(th Theme, t engine.Timing, w int) []string {
	stages := []struct {
		name string
		time time.Duration
	}{
		{"waited host", t.Waited},
		{"dns", t.DNS},
		{"connect", t.Connect},
		{"tls", t.TLS},
		{"first byte", t.FirstByte},
		{"body", t.Body},
		{"extract", t.Extract},
	}
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

// headerLines draws header fields; long values go on in the next line.
func headerLines(th Theme, header []engine.Header, w int) []string {
	if len(header) == 0 {
		return []string{th.Muted.Render("no headers: no answer came")}
	}
	var lines []string
	for _, h := range header {
		name := th.Accent.Render(h.Name + ":")
		if width(h.Name)+2+width(h.Value) <= w {
			lines = append(lines, name+" "+h.Value)
			continue
		}
		lines = append(lines, name)
		for _, r := range wrap(h.Value, th.Text, w-2) {
			lines = append(lines, "  "+r.text)
		}
	}
	return lines
}

// findingLines draws what was missing or bad, a finding a line.
func findingLines(th Theme, findings []engine.Finding, w int) []string {
	if len(findings) == 0 {
		return []string{th.Muted.Render("nothing was missing or bad")}
	}
	lines := make([]string, 0, len(findings))
	for _, f := range findings {
		line := th.Warn.Render(f.String()) + "  " + f.Field + "  " + th.Muted.Render(f.Selector)
		if f.Raw != "" {
			line += fmt.Sprintf("  %q", f.Raw)
		}
		lines = append(lines, cut(line, w))
	}
	return lines
}
