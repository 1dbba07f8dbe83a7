package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"weir/engine"
)

// kept is a controller that only has results.
type kept struct {
	engine.Controller
	results []engine.Result
	err     error
	asked   int
}

func (k *kept) Results(_ context.Context, q engine.Query) ([]engine.Result, error) {
	k.asked++
	var rs []engine.Result
	for _, r := range k.results {
		if len(q.Jobs) == 1 && q.Jobs[0] == r.Job {
			rs = append(rs, r)
		}
	}
	return rs, k.err
}

// failed is job 810 of the drawings.
func failed() engine.Result {
	return engine.Result{
		Job: 17, Batch: 2, Num: 810, URL: "http://127.0.0.1:4012/a/17", Host: "127.0.0.1:4012",
		Outcome: engine.Failed, Class: engine.Status, Error: "status 503", Status: 503,
		Attempts: 3, Bytes: 210, Elapsed: 40 * time.Millisecond,
		Header: make([]engine.Header, 9),
		Timing: engine.Timing{Waited: 72 * time.Second, Connect: time.Millisecond, TLS: -1, FirstByte: 38 * time.Millisecond, Body: time.Millisecond, Extract: -1},
		History: []engine.Attempt{
			{Status: 503, Class: engine.Status, Elapsed: 44 * time.Millisecond, Waited: time.Second, Why: "status: retried"},
			{Status: 503, Class: engine.Status, Elapsed: 41 * time.Millisecond, Waited: 2100 * time.Millisecond, Why: "status: retried"},
			{Status: 503, Class: engine.Status, Elapsed: 40 * time.Millisecond, Waited: 4 * time.Second, Why: "no retry left"},
		},
	}
}

// rotaPage is a page that went well.
func rotaPage() engine.Result {
	r := engine.Result{
		Job: 18, Batch: 2, Num: 812, URL: "http://127.0.0.1:4010/schedule/2025-02", Final: "http://127.0.0.1:4010/schedule/2025-02/",
		Outcome: engine.OK, Status: 200, Attempts: 1, Bytes: 8100, Elapsed: 118 * time.Millisecond, Title: "Rota of February",
		Header:   []engine.Header{{Name: "Content-Type", Value: "text/html"}, {Name: "Etag", Value: strings.Repeat("0123456789", 9)}},
		Findings: []engine.Finding{{Kind: "MissingCell", Row: 5, Col: 3, Field: "start", Selector: "td:nth-child(3)"}},
		Timing:   engine.Timing{Waited: 300 * time.Millisecond, DNS: -1, Connect: -1, TLS: -1, FirstByte: 100 * time.Millisecond, Body: 10 * time.Millisecond, Extract: 8 * time.Millisecond},
		History:  []engine.Attempt{{Status: 200, Elapsed: 118 * time.Millisecond, Waited: 300 * time.Millisecond}},
	}
	for day := 1; day <= 31; day++ {
		rec := engine.Record{{Name: "date", Value: fmt.Sprintf("2025-02-%02d", day)}, {Name: "shift", Value: "7a-5p"}, {Name: "start", Value: nil}}
		if day > 2 {
			rec = append(rec, engine.Field{Name: "who", Value: []string{"Ada Lovelace", "Grace Hopper"}})
		}
		r.Records = append(r.Records, rec)
	}
	return r
}

func detailStats() *engine.Stats {
	return &engine.Stats{
		At:      time.Date(2026, 11, 23, 14, 3, 0, 0, time.UTC),
		Batches: []engine.BatchStats{{Batch: engine.Batch{ID: 2, Name: "urls.txt"}}},
		Slots:   []engine.WorkerStats{{}, {Most: 3}},
	}
}

// opened returns the details of r, fetched.
func opened(t *testing.T, r engine.Result, w, h int) detail {
	t.Helper()
	d := newDetail(&kept{results: []engine.Result{r}}, nil, callIn(t.Context()), newKeys())
	d.SetSize(w, h)
	cmd := d.show(resultRow(&r), detailStats())
	if cmd == nil {
		t.Fatal("a job that has ended is not fetched")
	}
	d, _ = d.Update(cmd())
	return d
}

func TestDetailView(t *testing.T) {
	for name, r := range map[string]engine.Result{"failed": failed(), "ok": rotaPage()} {
		for _, size := range [][2]int{{56, 22}, {78, 17}, {56, 9}} {
			t.Run(fmt.Sprintf("%s-%dx%d", name, size[0], size[1]), func(t *testing.T) {
				view := ansi.Strip(opened(t, r, size[0], size[1]).View(NewTheme(true, false)))
				checkSize(t, view, size[0], size[1])
				golden.RequireEqual(t, view)
			})
		}
	}
}

// bareLines returns a view without styles and the blanks at the ends of lines.
func bareLines(view string) string {
	lines := strings.Split(ansi.Strip(view), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func TestDetailParts(t *testing.T) {
	d := opened(t, rotaPage(), 78, 17)
	for _, want := range []struct{ tabs, line string }{
		{"[records 31]", "date        shift  start  who"}, // first, since it ended ok
		{"[body]", "bodies are not kept: start weir with --keep-bodies DIR"},
		{"[timeline]", "1          200   118ms     0.3s"},
		{"[headers 2]", "Content-Type: text/html"},
		{"[findings 1]", "MissingCell  1\n  start  column 3  td:nth-child(3)\n    row 5"},
		{"[records 31]", "2025-02-03  7a-5p  -      Ada Lovelace, Grace Hopper"},
	} {
		view := bareLines(d.View(NewTheme(true, false)))
		if !strings.Contains(view, want.tabs) || !strings.Contains(view, want.line) {
			t.Errorf("got\n%s\nwant %s and %q", view, want.tabs, want.line)
		}
		d.do(actNextPanel)
	}
	if d.do(actPrevPanel); d.part != recordsPart {
		t.Errorf("shift+tab leads to part %d, want the one before", d.part)
	}
}

func TestDetailScroll(t *testing.T) {
	d := opened(t, rotaPage(), 78, 17)
	for _, step := range []struct {
		act        act
		times      int
		has, lacks string
	}{
		{actNone, 0, "1-9 of 31 · enter whole records · J K scroll", "2025-02-31"},
		{actScrollDown, 1, "9-17 of 31", "2025-02-08"}, // the last line stays
		{actPageDown, 9, "23-31 of 31", "2025-02-22"},
		{actScrollUp, 1, "15-23 of 31", "2025-02-24"},
		{actPageUp, 9, "1-9 of 31", "2025-02-10"},
		{actEnd, 1, "23-31 of 31", "2025-02-22"},
		{actTop, 1, "1-9 of 31", "2025-02-10"},
	} {
		for range step.times {
			d.do(step.act)
		}
		view := bareLines(d.View(NewTheme(true, false)))
		if !strings.Contains(view, step.has) || strings.Contains(view, step.lacks) || !strings.Contains(view, "date        shift  start  who") {
			t.Errorf("after act %d, %d times:\n%s\nwant %q, and the heading", step.act, step.times, view, step.has)
		}
	}
}

// The part that was chosen stays for the next job, from its beginning; nobody
// having chosen, each job begins with what tells most.
func TestDetailOfTheNextJob(t *testing.T) {
	d := opened(t, rotaPage(), 78, 17)
	bad := failed()
	next := func(r *engine.Result) { d.show(resultRow(r), detailStats()) }
	if next(&bad); d.part != timelinePart {
		t.Errorf("a job that failed is shown from part %d, want the attempts", d.part)
	}
	good := rotaPage()
	if next(&good); d.part != recordsPart {
		t.Errorf("a job that ended ok is shown from part %d, want the records", d.part)
	}
	d.do(actNextPanel)
	d.do(actPrevPanel)
	d.at = lineAt{7, 0}
	if next(&bad); d.part != recordsPart || d.at != (lineAt{}) {
		t.Errorf("the next job is shown from part %d, %v; want the chosen part, from its beginning", d.part, d.at)
	}
	d.forget()
	if next(&bad); d.part != timelinePart {
		t.Errorf("details that are opened anew begin with part %d", d.part)
	}
}

// The line of the parts says as much as fits, and a click finds what it says.
func TestDetailTabs(t *testing.T) {
	r := rotaPage()
	for range 1100 {
		r.Findings = append(r.Findings, r.Findings[0])
	}
	d := opened(t, r, 78, 17)
	for _, tc := range []struct {
		w    int
		want string
	}{
		{78, "timeline  headers 2  findings 1,101  [records 31]  body"},
		{53, "timeline headers 2 findings 1,101 [records 31] body"},
		{45, "timeline headers findings [records 31] body"},
		{38, "time head find [records 31] body"},
		{31, "time head find [records] body"},
		{20, "time head find [reco…"},
	} {
		d.SetSize(tc.w, 17)
		line := bareLines(d.View(NewTheme(true, false)))
		line = line[strings.LastIndexByte(line, '\n')+1:]
		if line != cut(tc.want, tc.w) {
			t.Errorf("in %d cells: %q, want %q", tc.w, line, tc.want)
		}
		for p, name := range partNames {
			x := strings.Index(line, name[:4])
			if got, ok := d.partAt(x); x >= 0 && (!ok || got != part(p)) {
				t.Errorf("in %d cells, cell %d of %q is part %d, %v; want %s", tc.w, x, line, got, ok, name)
			}
		}
		if _, ok := d.partAt(strings.IndexByte(line, ' ')); ok {
			t.Errorf("in %d cells, the gap is a part", tc.w)
		}
	}
}

func TestDetailFetches(t *testing.T) {
	r := failed()
	k := &kept{results: []engine.Result{r}}
	d := newDetail(k, nil, callIn(t.Context()), newKeys())
	d.SetSize(56, 22)
	s := detailStats()

	waiting := resultRow(&r)
	waiting.num, waiting.place, waiting.outcome, waiting.reason = 0, engine.Queued, engine.OutcomeNone, engine.PaceWait{Next: s.At.Add(300 * time.Millisecond)}
	if cmd := d.show(waiting, s); cmd != nil {
		t.Error("a job that has not ended is fetched")
	}
	if view := ansi.Strip(d.View(NewTheme(true, false))); !strings.Contains(view, "next in 0.3s") {
		t.Errorf("a waiting job does not say why:\n%s", view)
	}

	ended := resultRow(&r)
	cmd := d.show(ended, s)
	if cmd == nil {
		t.Fatal("the end of the job is not fetched")
	}
	if again := d.show(ended, s); again != nil {
		t.Error("fetched twice")
	}
	late := cmd()
	other := *ended
	other.id = 99
	d.show(&other, s)
	if d, _ = d.Update(late); d.result != nil {
		t.Error("took the result of the job that was shown before")
	}

	k.err = errors.New("disk \x1b[31mgone")
	d.show(ended, s)
	d, _ = d.Update(d.show(&other, s)())
	if view := d.View(NewTheme(true, false)); !strings.Contains(ansi.Strip(view), "disk [31mgone") {
		t.Errorf("the error is not shown clean:\n%q", view)
	}
}

// Where there is little room a page that led elsewhere, has a title and a long
// URL still shows what it yielded, and which part that is.
func TestDetailWithLittleRoom(t *testing.T) {
	r := rotaPage()
	r.URL = "http://127.0.0.1:4010/" + strings.Repeat("long/", 30)
	for _, h := range []int{8, 9, 10, 12, 17} {
		view := ansi.Strip(opened(t, r, 58, h).View(NewTheme(true, false)))
		checkSize(t, view, 58, h)
		if !strings.Contains(view, "[records 31]") || !strings.Contains(view, "2025-02-01  7a-5p") {
			t.Errorf("in %d lines:\n%s", h, view)
		}
	}
}
