package ui

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"weir/engine"
)

// library is a Bodies of pages by URL, all of the same type.
type library struct {
	mime  string
	pages map[string]string
	at    time.Time
	err   error
	asked []string
}

func (l *library) Body(_ context.Context, url string, most int64) (Body, bool, error) {
	l.asked = append(l.asked, url)
	page, kept := l.pages[url]
	b := Body{Type: l.mime, At: l.at, Size: int64(len(page)), Raw: []byte(page)[:min(int64(len(page)), most)]}
	b.Text = []byte(strings.ToValidUTF8(string(b.Raw), "\ufffd"))
	return b, kept, l.err
}

// reading is details of r on their body, read.
func reading(t *testing.T, r engine.Result, l Bodies, w, h int) detail {
	t.Helper()
	d := opened(t, r, w, h)
	d.bodies = l
	if cmd := d.turn(bodyPart); cmd != nil {
		d, _ = d.Update(cmd())
	}
	return d
}

// source2025 is what a page with everything in it may look like.
const source2025 = "<!DOCTYPE html>\r\n<title>Rota\x1b]0;owned\x07 of February</title>\r\n" +
	"<table>\n\t<tr>\n\t\t<td>2025-02-01\n\ta\tbb\tccc\tdddd\tend\n" +
	"<p>R\u00f3is\u00edn\u202e evil \u200bzero\x1b[31mred\x1b[0m\x9b5m \u009b31m nul\x00 del\x7f</p>\r" +
	"<p>\u4e16\u754c\u4e16\u754c\u4e16\u754c\u4e16\u754c\u4e16\u754c\u4e16\u754c\u4e16\u754c\u4e16\u754c\u4e16\u754c\u4e16\u754c\u4e16\u754c\u4e16\u754c\u4e16\u754c\u4e16\u754c\u4e16\u754c\u4e16\u754c</p>\n" +
	"<p>e\u0301e\u0301\u0301\u0301\u0301\u0301\u0301 \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea</p>\n" +
	"\n\n   <script>var everything = {\"on\":1,\"one\":2,\"line\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]}</script>"

func TestBodyView(t *testing.T) {
	kept := time.Date(2026, 11, 23, 14, 2, 58, 0, time.Local)
	for _, size := range sizes {
		for _, tc := range []struct{ name, mime, page string }{
			{"html", "text/html; charset=utf-8", source2025},
			{"hex", "image/png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x90\x00\x00\x00\xc8\x08\x02" + strings.Repeat("\x00ab\x1b", 40)},
		} {
			t.Run(fmt.Sprintf("%s-%dx%d", tc.name, size[0], size[1]), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStage(t, busyScene(), size[0], size[1])
					r := rotaPage()
					r.Job = s.results.under().id
					s.fake.results = []engine.Result{r}
					s.detail.bodies = &library{mime: tc.mime, at: kept, pages: map[string]string{r.Final: tc.page}}
					s.press("d", "tab")
					checkFrame(t, s, size[0], size[1])
					golden.RequireEqual(t, s.screen())
				})
			})
		}
	}
}

// Whatever happens to a body, the part says it.
func TestBodySays(t *testing.T) {
	r := rotaPage()
	r.FetchedAt = time.Date(2026, 11, 23, 14, 2, 58, 250e3, time.Local)
	at := r.FetchedAt.Add(20 * time.Millisecond)
	lost := failed()
	lost.Status = 0
	bad := failed()
	with := func(mime, page string, at time.Time) *library {
		return &library{mime: mime, at: at, pages: map[string]string{r.Final: page}}
	}
	for _, tc := range []struct {
		name   string
		r      engine.Result
		bodies Bodies
		want   []string
	}{
		{"nothing is kept", r, nil, []string{"bodies are not kept: start weir with --keep-bodies DIR"}},
		{"no answer", lost, with("", "", at), []string{"no body of this page is kept: no answer came"}},
		{"a bad answer", bad, with("", "", at), []string{"no body of this page is kept: those are of pages that a recipe could read"}},
		{"gone", r, &library{err: errors.New("scrape: /tmp/\x1b[31mbodies/ab/abc.zst: no such file or directory")}, []string{"scrape: /tmp/[31mbodies/ab/abc.zst: no such file or directory"}},
		{"text", r, with("text/html", "<p>a\nb", at), []string{"6 B · text/html · kept 14:02:58\n<p>a\nb\n"}},
		{"no type", r, with("", "plain", at), []string{"5 B · kept 14:02:58\nplain\n"}},
		{"of an earlier attempt", r, with("text/html", "a", r.FetchedAt.Add(-time.Hour)), []string{"kept 13:02:58: not by this attempt"}},
		{"as exactly as it is kept", r, with("text/html", "a", r.FetchedAt.Truncate(time.Millisecond)), []string{"kept 14:02:58\na\n"}},
		{"of another day", r, with("text/html", "a", at.AddDate(0, 0, -3)), []string{"kept 2026-11-20 14:02:58: not by this attempt"}},
		{"empty", r, with("text/html", "", at), []string{"0 B · text/html · kept 14:02:58\nit is empty\n"}},
		{"a part", r, with("text/html", strings.Repeat("0123456789", 1<<20), at), []string{"first 1.0 MB of 10 MB · text/html · kept 14:02:58", "1 of 1, 0% · J K scroll"}},
		{"an image", r, with("text/html", "\x89PNG\r\n\x1a\n", at), []string{"no text: its first bytes", "00000000  89 50 4e 47 0d 0a 1a 0a", ".PNG...."}},
		{"text with a null", r, with("text/html", "a\x00b\x1b", at), []string{"\nab\n"}},
		{"bytes without a type", r, with("application/x-thing", "a\x00b", at), []string{"no text: its first bytes"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			view := bareLines(reading(t, tc.r, tc.bodies, 78, 19).View(NewTheme(true, false)))
			for _, want := range tc.want {
				if !strings.Contains(view, want) {
					t.Errorf("%q is missing:\n%s", want, view)
				}
			}
		})
	}
}

// A body is read once, when it is to be seen, and for the job that is shown.
func TestBodyIsReadWhenItIsSeen(t *testing.T) {
	r := rotaPage()
	shelf := &library{mime: "text/html", pages: map[string]string{r.Final: "one", r.URL: "two"}}
	d := opened(t, r, 78, 17)
	d.bodies = shelf
	for range parts - 2 { // to the part after it
		if cmd := d.turn((d.part + parts - 1) % parts); d.part != bodyPart && cmd != nil {
			t.Errorf("part %d reads something", d.part)
		}
	}
	cmd := d.turn(bodyPart)
	if view := bareLines(d.View(NewTheme(true, false))); cmd == nil || !strings.Contains(view, "being read") {
		t.Fatalf("the body is not being read:\n%s", view)
	}
	d.turn(recordsPart)
	if again := d.turn(bodyPart); again != nil {
		t.Error("it is read twice")
	}
	late := cmd()
	if d, _ = d.Update(late); !strings.Contains(bareLines(d.View(NewTheme(true, false))), "\none\n") || fmt.Sprint(shelf.asked) != "["+r.Final+"]" {
		t.Errorf("asked for %q, the screen says\n%s", shelf.asked, d.View(NewTheme(true, false)))
	}
	next := r
	next.Job, next.Num, next.Final = 19, 813, ""
	d.results.(*kept).results = append(d.results.(*kept).results, next)
	d, cmd = d.Update(d.show(resultRow(&next), detailStats())())
	if cmd == nil || d.part != bodyPart {
		t.Fatal("the body of the next job is not read")
	}
	if d, _ = d.Update(late); strings.Contains(d.View(NewTheme(true, false)), "one") {
		t.Error("the body of the job before is shown for it")
	}
	if d, _ = d.Update(cmd()); !strings.Contains(d.View(NewTheme(true, false)), "two") {
		t.Errorf("the next body is not shown:\n%s", d.View(NewTheme(true, false)))
	}
}

// Text of any kind and length stands on lines of any width whole, in order and
// no wider than that, wherever one begins to read.
func TestSourceIsWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	texts := []string{source2025, strings.Repeat("\u4e16", 700), strings.Repeat("a\u4e16", 700), strings.Repeat("e\u0301", 900), strings.Repeat("plain ", 300), "\n\n\n", ""}
	for range 40 {
		var text strings.Builder
		text.WriteString(hostile(r))
		for range r.IntN(6) {
			text.WriteString(hostile(r) + []string{"\n", "\r\n", "\r", ""}[r.IntN(4)])
		}
		texts = append(texts, text.String(), strings.Repeat(text.String(), 30))
	}
	for _, text := range texts {
		s := newSource(text)
		if strings.ContainsFunc(s.text, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			t.Fatalf("%q became %q", text, s.text)
		}
		if n := s.count(); n > 0 && s.lines[n-1].at+s.length(n-1) != uint32(len(s.text)) {
			t.Fatalf("the lines of %q end at %d of %d", text, s.lines[n-1].at+s.length(n-1), len(s.text))
		}
		for _, w := range []int{1, 2, 3, 7, 54, 118} {
			var got strings.Builder
			for i := range s.count() {
				rows := s.rows(i, w)
				all := s.draw(nil, Theme{}, i, 0, rows, w)
				if w > 2 { // else no wide character fits
					got.WriteString(strings.Join(all, ""))
				}
				for row, line := range all {
					if cells := max(ansi.StringWidth(line), ansi.StringWidthWc(line)); cells > w {
						t.Fatalf("in %d cells row %d is %d wide: %q", w, row, cells, line)
					}
					if line == "" && rows > 1 && w > 2 {
						t.Fatalf("in %d cells row %d of %d is empty", w, row, rows)
					}
					if one := s.draw(nil, Theme{}, i, row, row+1, w); one[0] != line {
						t.Fatalf("in %d cells row %d alone is %q, want %q", w, row, one[0], line)
					}
				}
			}
			if w > 2 && got.String() != s.text {
				t.Fatalf("in %d cells the text is %q, want %q", w, got.String(), s.text)
			}
		}
	}
}

// A counted leaf has blocks of some rows and counts what is drawn.
type counted struct {
	blocks, each int
	drawn, asked *int
}

func (l counted) head(Theme, int) []string { return nil }
func (l counted) count() int               { return l.blocks }
func (l counted) rows(int, int) int        { *l.asked++; return l.each }
func (l counted) draw(lines []string, _ Theme, i, from, end, _ int) []string {
	for row := from; row < end; row++ {
		*l.drawn++
		lines = append(lines, fmt.Sprintf("%d.%d", i, row))
	}
	return lines
}

// Of a leaf with a million blocks, or with blocks of a million rows, no more is
// looked at than is on the screen.
func TestLeafIsDrawnWhereItIsSeen(t *testing.T) {
	for _, tc := range []struct {
		blocks, each int
		end          string
	}{{1_000_000, 1, "999999.0"}, {1, 1_000_000, "0.999999"}, {1000, 1000, "999.999"}, {3, 1, "2.0"}} {
		var drawn, asked int
		s := sight{counted{tc.blocks, tc.each, &drawn, &asked}, 80, 20}
		for _, step := range []struct {
			from  lineAt
			by    int
			first string
		}{
			{lineAt{}, 0, "0.0"},
			{lineAt{}, -5, "0.0"},
			{lineAt{-3, -3}, 0, "0.0"},
			{s.end(), -1 << 30, "0.0"},
			{s.end(), 100, ""},
			{lineAt{1 << 30, 7}, 3, ""},
		} {
			if step.by == -1<<30 {
				step.from, step.by = s.scrolled(s.end(), -19), -1
				step.first = ""
			}
			drawn, asked = 0, 0
			lines, _, _ := s.lines(Theme{}, s.scrolled(step.from, step.by))
			if want := min(s.room, tc.blocks*tc.each); len(lines) != want || drawn != want {
				t.Fatalf("%d of %d: %d lines, %d drawn, want %d", tc.blocks, tc.each, len(lines), drawn, want)
			}
			if step.first != "" && lines[0] != step.first {
				t.Errorf("%d of %d from %v by %d: the first is %q, want %q", tc.blocks, tc.each, step.from, step.by, lines[0], step.first)
			}
			if step.from == s.end() && lines[len(lines)-1] != tc.end {
				t.Errorf("the last is %q, want %q", lines[len(lines)-1], tc.end)
			}
			if asked > 1000 {
				t.Errorf("%d of %d: %d questions for 20 lines", tc.blocks, tc.each, asked)
			}
		}
	}
	// Down and up again line by line is where it was.
	var drawn, asked int
	s := sight{counted{50, 3, &drawn, &asked}, 80, 20}
	at := lineAt{}
	for i := range 130 {
		if want := (lineAt{i / 3, i % 3}); at != want {
			t.Fatalf("%d lines down is %v, want %v", i, at, want)
		}
		at = s.scrolled(at, 1)
	}
	if at = s.scrolled(at, -130); at != (lineAt{}) {
		t.Errorf("all the way up again is %v", at)
	}
}

// An operator reads a page as it was kept, and goes on to the next.
func TestStoryOfABody(t *testing.T) {
	shelf := &library{mime: "text/html; charset=utf-8", pages: map[string]string{}}
	for i := range 2 {
		shelf.pages[fmt.Sprintf("http://one.test/%d", i)] = source2025 + fmt.Sprintf("\n<p>page %d</p>\n", i) + strings.Repeat("<br>\n", 99) + "</html>"
	}
	scraper := broken()
	answer := scraper.Answer
	scraper.Answer = func(r engine.Request, n int) engine.Step {
		shelf.at = time.Now()
		return answer(r, n)
	}
	tell(t, scraper, func(d *Deps) { d.Bodies = shelf }, func(ta *tale) {
		ta.paste(pagesOf("one.test", 2))
		ta.press("enter")
		ta.rest(time.Minute)
		ta.press("enter", "tab")
		ta.sees("[body]", "kept ", "<title>Rota]0;owned of February</title>", "of 113", "J K scroll")
		ta.press("G")
		ta.sees("</html>", "-113 of 113")
		ta.press("j", "J")
		ta.sees("page 0", "[body]")
		ta.press("g")
		ta.sees("<!DOCTYPE html>")
		ta.resize(60, 15)
		ta.sees("<!DOCTYPE html>", "[body]")
		ta.resize(120, 36)
		ta.press("esc", "enter")
		ta.sees("[records 3]")
	})
}

// BenchmarkBody draws a frame while a body is scrolled of which a megabyte is
// kept, as short lines, one long one, and one long one of wide characters.
func BenchmarkBody(b *testing.B) {
	for _, page := range []struct{ name, text string }{
		{"lines", strings.Repeat("<td>2025-02-01</td>\n", bodyMost/20)},
		{"empty", strings.Repeat("\n", bodyMost)},
		{"line", strings.Repeat("0123456789", bodyMost/10)},
		{"wide", strings.Repeat("\u4e16\u754c", bodyMost/6)},
	} {
		m := held(1000)
		m.runAll(m.do(actOpen, ""), func() bool { return false })
		r := rotaPage()
		m.detail.result = cleanResult(r)
		m.detail.bodies, m.detail.part, m.detail.chosen = &library{}, bodyPart, true
		m.detail.body = keptBody{r.Num, newSource(page.text)}
		for _, key := range []struct {
			name string
			act  act
		}{{"J", actScrollDown}, {"K", actScrollUp}, {"G", actEnd}, {"resize", actNone}} {
			b.Run(page.name+"/"+key.name, func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					if key.act == actNone {
						m.Update(tea.WindowSizeMsg{Width: 120 + i%9, Height: 36})
					} else {
						m.do(key.act, "")
						m.drawn = nil
					}
					m.View()
				}
			})
		}
	}
}

// BenchmarkSource is the work of making a body ready to be shown.
func BenchmarkSource(b *testing.B) {
	for _, page := range []struct{ name, text string }{
		{"lines", strings.Repeat("<td>2025-02-01</td>\n", bodyMost/20)},
		{"wide", strings.Repeat("\u4e16\u754c", bodyMost/6)},
		{"hostile", strings.Repeat("\U0001f469\u200d\U0001f467e\u0301\u202e", bodyMost/17)},
	} {
		b.Run(page.name, func(b *testing.B) {
			b.SetBytes(int64(len(page.text)))
			for b.Loop() {
				newSource(page.text)
			}
		})
	}
}
