package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

const (
	// showTold is how many headers, findings and rows of a result are told if
	// not one part of it is asked for.
	showTold = 10

	// jsonPart is the part of a result that Y copies on the screen.
	jsonPart = "json"

	// wholeLine is the width of what is told as lines: they are not folded.
	wholeLine = 1 << 20
)

// show tells what d opens on the screen.
func (p *plain) show(args []string) tea.Cmd {
	part := ""
	if n := len(args) - 1; n > 0 && (args[n] == jsonPart || slices.Contains(partNames[:], args[n])) {
		part, args = args[n], args[:n]
	}
	takes := []subjectKind{ofResult, ofURL, ofBatch, ofHost}
	s, ok := parseSubject(args, takes...)
	switch whole := s.kind == ofBatch || s.kind == ofHost; {
	case !ok && part == "":
		return p.unclear("show", args, "", takes...)
	case !ok || whole && part != "":
		return p.usage("show")
	}
	return p.about("show", s, func(f found) tea.Cmd {
		switch f.kind {
		case ofBatch:
			p.say(p.batchLines(&f)...)
			return nil
		case ofHost:
			p.say(p.hostLines(&f)...)
			return nil
		}
		var ended []engine.JobID
		for _, r := range f.rows {
			if r.place == engine.Ended {
				ended = append(ended, r.id)
			}
		}
		if len(ended) < len(f.rows) { // what is known of it is why it waits
			p.say(p.whyLines(&f)...)
		}
		if len(ended) == 0 {
			return nil
		}
		return p.ask(func(ctx context.Context) tea.Msg {
			var lines []string
			for r, err := range theResults(ctx, p.deps.Controller, ended) {
				if err != nil {
					return saidMsg{[]string{errorLine("show", err)}}
				}
				lines = append(lines, resultLines(ctx, p.deps.Bodies, &r, part)...)
			}
			return saidMsg{lines}
		})
	})
}

// batchLines tell how a batch goes, and how well its fields are filled.
func (p *plain) batchLines(f *found) []string {
	b := f.batch
	lines := append(p.whyLines(f), fmt.Sprintf("%s: recipe %s, priority %s.", f.name, b.Batch.Recipe.Name, b.Batch.Priority))
	for _, field := range b.Fill {
		lines = append(lines, fieldLine(b, field))
	}
	if len(b.Fill) == 0 {
		lines = append(lines, f.name+": no records yet, fields are counted page by page.")
	}
	return lines
}

// hostLines tell how a host is asked, and how that came about.
func (p *plain) hostLines(f *found) []string {
	h := f.host
	told := whyHost(p.words(), h, &p.stats)
	lines := slices.Concat(told[:len(told)-len(changesText(h, changesTold))], changesText(h, len(h.Changes)))
	if len(h.Changes) == 0 {
		lines = append(lines, "Its pace has not changed yet.")
	}
	rates := make([]string, len(h.History))
	for i, r := range h.History {
		rates[i] = rate(r)
	}
	lines = append(lines, fmt.Sprintf("Rates of the last %s, one every %s, oldest first: %s.",
		round(engine.HistoryCells*engine.HistoryCell), round(engine.HistoryCell), strings.Join(rates, " ")))
	return named(f.name, lines)
}

// resultLines tell a whole result, or one part of it, each line with its name. It
// does I/O for a body.
func resultLines(ctx context.Context, bodies Bodies, r *engine.Result, part string) []string {
	name := fmt.Sprintf("result %d", r.Num)
	if r.Num == 0 {
		name = fmt.Sprintf("job %d", r.Job)
	}
	if part == jsonPart {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(jsonOf(r)); err != nil {
			return []string{errorLine("show", err)}
		}
		return []string{strings.TrimSpace(b.String())}
	}
	var lines []string
	for p, tell := range []func(*engine.Result) (lines []string, none string){
		timelinePart: timelineLines, headersPart: headerLines, findingsPart: findingLines, recordsPart: recordsLines,
		bodyPart: func(r *engine.Result) ([]string, string) { return bodyLines(ctx, bodies, r), "" },
	} {
		of := partNames[p]
		if part != of && (part != "" || of == partNames[bodyPart]) {
			continue
		}
		told, none := tell(r)
		more := 0
		if of != partNames[timelinePart] && part == "" {
			more = max(len(told)-showTold, 0)
		}
		for _, text := range told[:len(told)-more] {
			lines = append(lines, name+" "+text)
		}
		switch {
		case more > 0:
			lines = append(lines, fmt.Sprintf("%s has %s more %s: show %d %s", name, count(more), of, r.Num, of))
		case len(told) == 0 && part != "":
			lines = append(lines, name+": "+none)
		}
	}
	if part == "" {
		lines = append([]string{rowLine(resultRow(r), byNum)}, lines...)
	}
	return lines
}

// timelineLines tell where a result was found, what was tried for it, and where
// the time of the last attempt went.
func timelineLines(r *engine.Result) (lines []string, none string) {
	lines = append(lines, fmt.Sprintf("is of batch %d, host %s", r.Batch, r.Host))
	if r.Final != "" && r.Final != r.URL {
		lines = append(lines, "led to "+r.Final)
	}
	if r.Title != "" {
		lines = append(lines, "title: "+r.Title)
	}
	for i, a := range r.History {
		line := fmt.Sprintf("attempt %d: status %s, %s, waited %s", i+1, statusText(int16(a.Status)), duration(a.Elapsed), short(a.Waited))
		switch {
		case a.Why != "":
			line += ", " + a.Why
		case a.Class != "":
			line += ", " + string(a.Class)
		}
		lines = append(lines, line)
	}
	var times []string
	for _, s := range stagesOf(r.Timing) {
		if s.time >= 0 {
			times = append(times, s.name+" "+duration(s.time))
		}
	}
	if len(r.History) > 0 && len(times) > 0 {
		lines = append(lines, "time of the last attempt: "+strings.Join(times, ", "))
	}
	return lines, ""
}

func headerLines(r *engine.Result) (lines []string, none string) {
	for _, h := range r.Header {
		lines = append(lines, "header "+h.Name+": "+headers.value(nil, h))
	}
	return lines, "no headers: no answer came"
}

// findingLines tell the findings as the screen groups them, each line whole.
func findingLines(r *engine.Result) (lines []string, none string) {
	var kind, field string
	for _, l := range newFindings(r.Findings) {
		switch l.indent {
		case 0:
			kind = l.text
		case 2:
			field = l.text + ", " + strings.Join(strings.Fields(l.note), " ")
		default:
			line := "finding: " + kind + " in field " + field + ", " + l.text
			if l.note != "" {
				line += ": " + l.note
			}
			lines = append(lines, line)
		}
	}
	return lines, "nothing was missing or bad"
}

func recordsLines(r *engine.Result) (lines []string, none string) {
	for i, rec := range r.Records {
		cells := make([]string, len(rec))
		for c, f := range rec {
			cells[c] = f.Name + " " + cellText(f.Value)
		}
		lines = append(lines, fmt.Sprintf("row %d: %s", i+1, strings.Join(cells, ", ")))
	}
	return lines, "no records"
}

// bodyLines tell the body of a page, if it is kept, line by line.
func bodyLines(ctx context.Context, bodies Bodies, r *engine.Result) (lines []string) {
	if bodies == nil {
		return []string{"body: bodies are not kept: start weir with --keep-bodies DIR"}
	}
	l := readBody(ctx, bodies, cleanResult(*r))
	all := l.head(Theme{}, wholeLine)
	for i := range l.count() {
		all = l.draw(all, Theme{}, i, 0, l.rows(i, wholeLine), wholeLine)
	}
	for _, text := range all {
		lines = append(lines, "body: "+strings.TrimRight(text, " "))
	}
	return lines
}

// open shows a page in the browser, or says where it is.
func (p *plain) open(args []string) tea.Cmd {
	s, ok := parseSubject(args, ofResult, ofURL)
	if !ok {
		return p.usage("open")
	}
	return p.about("open", s, func(f found) tea.Cmd {
		url := f.rows[0].url
		if p.deps.Open == nil {
			p.say("open: no browser can be opened from here: " + url)
			return nil
		}
		return p.ask(func(context.Context) tea.Msg {
			if err := p.deps.Open(url); err != nil {
				return saidMsg{[]string{"open: " + url + " cannot be opened: " + err.Error()}}
			}
			return saidMsg{[]string{"open: opened " + url}}
		})
	})
}
