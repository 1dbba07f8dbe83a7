package ui

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// files is an exporter into nowhere; it takes a millisecond a result.
type files struct {
	there map[string]int      // rows by path
	urls  map[string][]string // of them, by path; nil: nobody asks
	err   error
}

func (f *files) Export(_ context.Context, path string, overwrite bool, rs iter.Seq2[engine.Result, error]) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	if _, ok := f.there[path]; ok && !overwrite {
		return 0, fmt.Errorf("export: open %s: %w", path, fs.ErrExist)
	}
	f.there[path] = 0
	for r, err := range rs {
		if err != nil {
			return f.there[path], err
		}
		f.there[path]++
		if f.urls != nil {
			f.urls[path] = append(f.urls[path], r.URL)
		}
		time.Sleep(time.Millisecond)
	}
	return f.there[path], nil
}

// some yields n results.
func some(n int) iter.Seq2[engine.Result, error] {
	return func(yield func(engine.Result, error) bool) {
		for i := range n {
			if !yield(engine.Result{Num: uint64(i + 1)}, nil) {
				return
			}
		}
	}
}

func TestExportView(t *testing.T) {
	goldens(t, func() dialog {
		return newExport(&files{}, callIn(t.Context()), "all there are", 812, "demo.jsonl", some(812))
	})
}

func TestExportKeys(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error // of the exporter
		do   func(*desk)
		want tea.Msg
		text string // that must stand on the screen at the end
		rows int    // in out.jsonl at the end; it has 7 before
	}{
		{
			name: "enter writes", rows: 7,
			do:   func(d *desk) { d.press("backspace"); d.typeText("2"); d.press("enter"); d.rest(time.Second) },
			want: exportedMsg{path: "out.json2", rows: 300},
		},
		{
			name: "what is typed takes the place of the proposal", rows: 7,
			do:   func(d *desk) { d.typeText("2.csv"); d.press("enter"); d.rest(time.Second) },
			want: exportedMsg{path: "2.csv", rows: 300},
		},
		{
			name: "a file that is there is asked for", rows: 7,
			do:   func(d *desk) { d.press("enter") },
			text: "out.jsonl is there already.",
		},
		{
			name: "and kept", rows: 7,
			do:   func(d *desk) { d.press("enter"); d.rest(grace); d.press("n") },
			text: "enter export",
		},
		{
			name: "or overwritten", rows: 300,
			do:   func(d *desk) { d.press("enter"); d.rest(grace); d.press("y"); d.rest(time.Second) },
			want: exportedMsg{path: "out.jsonl", rows: 300},
		},
		{
			name: "an error is said, another name can be tried", rows: 7, err: errors.New("no ending \x1b[2J.txt"),
			do:   func(d *desk) { d.press("enter") },
			text: "no ending [2J.txt",
		},
		{name: "without a name nothing is written", rows: 7, do: func(d *desk) { d.press("ctrl+u", "enter") }, text: "a file name that ends in"},
		{name: "esc leaves it", rows: 7, do: func(d *desk) { d.press("esc") }},
		{
			name: "a paste is the name", rows: 7,
			do:   func(d *desk) { d.paste("new.csv\r"); d.press("enter"); d.rest(time.Second) },
			want: exportedMsg{path: "new.csv", rows: 300},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &files{there: map[string]int{"out.jsonl": 7}, err: tc.err}
				d := newDesk(t, newExport(f, callIn(t.Context()), "all there are", 300, "out.jsonl", some(300)))
				tc.do(d)
				switch {
				case tc.want == nil && len(d.answers) > 0:
					t.Errorf("got %v, want no answer", d.answers)
				case tc.want != nil && d.answer() != tc.want:
					t.Errorf("got %v, want %v", d.answer(), tc.want)
				}
				if d.any() != (tc.text != "") {
					t.Errorf("open: %v", d.any())
				}
				if view := d.screen(80, 24); !strings.Contains(view, tc.text) {
					t.Errorf("%q does not stand on\n%s", tc.text, view)
				}
				if f.there["out.jsonl"] != tc.rows {
					t.Errorf("out.jsonl has %d rows, want %d", f.there["out.jsonl"], tc.rows)
				}
				d.rest(time.Second)
			})
		})
	}
}

func TestExportStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &files{there: map[string]int{}}
		d := newDesk(t, newExport(f, callIn(t.Context()), "all there are", 3000, "out.jsonl", some(3000)))
		d.press("enter") // and 100 ms
		if view := d.screen(80, 24); !strings.Contains(view, " of 3,000") || strings.Contains(view, " 0 of 3,000") {
			t.Errorf("an export under way does not say how far it is:\n%s", view)
		}
		d.press("esc")
		got, ok := d.answer().(exportedMsg)
		if !ok || !errors.Is(got.err, errStopped) || got.rows < 90 || got.rows > 200 {
			t.Errorf("got %+v, want stopped after about 100 of 3,000", d.answer())
		}
	})
}

func TestAllResultsReadsPages(t *testing.T) {
	k := &paged{n: 1234}
	var got []uint64
	for r, err := range allResults(t.Context(), k, engine.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Num)
	}
	if len(got) != 1234 || got[0] != 1 || got[1233] != 1234 || k.asked != 3 {
		t.Errorf("got %d results in %d pages, want 1234 in 3", len(got), k.asked)
	}
	k.err = errors.New("disk")
	for _, err := range allResults(t.Context(), k, engine.Query{}) {
		if !errors.Is(err, k.err) {
			t.Errorf("got %v, want %v", err, k.err)
		}
	}
}

// paged is a controller with n results.
type paged struct {
	engine.Controller
	n, asked int
	err      error
}

func (p *paged) Results(_ context.Context, q engine.Query) ([]engine.Result, error) {
	p.asked++
	var rs []engine.Result
	for num := q.After + 1; num <= uint64(p.n) && len(rs) < q.Limit; num++ {
		rs = append(rs, engine.Result{Num: num})
	}
	return rs, p.err
}
