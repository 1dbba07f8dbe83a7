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
	d := newDetail(&kept{results: []engine.Result{r}}, callIn(t.Context()), newKeys())
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

func TestDetailParts(t *testing.T) {
	d := opened(t, rotaPage(), 78, 17)
	for _, want := range []struct{ tabs, line string }{
		{"[records 31]", "date        shift  start  who"}, // first, since it ended ok
		{"[timeline]", "1          200   118ms     0.3s"},
		{"[headers 2]", "Content-Type: text/html"},
		{"[findings 1]", "MissingCell@R5C3  start  td:nth-child(3)"},
		{"[records 31]", "2025-02-03  7a-5p  -      Ada Lovelace, Grace Hopper"},
	} {
		view := ansi.Strip(d.View(NewTheme(true, false)))
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
	view := func() string { return ansi.Strip(d.View(NewTheme(true, false))) }
	if strings.Contains(view(), "2025-02-31") {
		t.Fatal("all records fit: nothing to scroll")
	}
	for range 9 {
		d.do(actScrollDown)
	}
	if !strings.Contains(view(), "2025-02-31") || strings.Contains(view(), "J more") {
		t.Errorf("J does not reach the end:\n%s", view())
	}
	for range 9 {
		d.do(actScrollUp)
	}
	if !strings.Contains(view(), "2025-02-01") {
		t.Errorf("K does not reach the beginning:\n%s", view())
	}
}

// A page of many records is drawn once, not once a frame.
func TestDetailKeepsItsSheet(t *testing.T) {
	d := opened(t, rotaPage(), 78, 17)
	d.View(NewTheme(true, false))
	first := &d.sheet.lines[0]
	d.View(NewTheme(true, false))
	if &d.sheet.lines[0] != first {
		t.Error("the same part was drawn again")
	}
	dark := d.View(NewTheme(true, false))
	if d.View(NewTheme(false, false)) == dark {
		t.Error("another theme changes nothing")
	}
	d.SetSize(40, 17)
	d.View(NewTheme(false, false))
	if w := ansi.StringWidth(d.sheet.lines[1]); w > 40 {
		t.Errorf("a line of %d cells is left of the wider sheet, want at most 40", w)
	}
}

func TestDetailFetches(t *testing.T) {
	r := failed()
	k := &kept{results: []engine.Result{r}}
	d := newDetail(k, callIn(t.Context()), newKeys())
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
