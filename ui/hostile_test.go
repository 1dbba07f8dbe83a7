package ui

import (
	"errors"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// nasty is what pages write to break a screen.
var nasty = []string{
	"\x1b[2J", "\x1b]0;title\x07", "\x1bP1$r\x1b\\", "\u009b31m", "\xc2\x9b5m", "\x00\x07\b\x7f", "\r\n", "\t", "\u202e", "\u200b", "\ufeff",
	"e\u0301\u0301\u0301\u0301\u0301\u0301", "世界", "👩‍👩‍👧", "🇩🇪", "\xff\xfe", "\U000e0041", "\ue000", "plain text", "  ", "ⅷ…", "\"", "%s%n", "क्षि",
}

// sgr matches the only sequences that a view may hold: styles.
var sgr = regexp.MustCompile(`\x1b\[[0-9;:]*m`)

func hostile(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(30) {
		b.WriteString(nasty[r.IntN(len(nasty))])
	}
	return b.String()
}

// hostileResult is a page that wrote all of it.
func hostileResult(r *rand.Rand) engine.Result {
	res := rotaPage()
	res.URL, res.Final, res.Title, res.Error = hostile(r), hostile(r), hostile(r), hostile(r)
	res.Outcome = engine.Outcome(1 + r.IntN(5))
	for range r.IntN(5) {
		res.Header = append(res.Header, engine.Header{Name: hostile(r), Value: hostile(r)})
		res.Findings = append(res.Findings, engine.Finding{Kind: hostile(r), Field: hostile(r), Selector: hostile(r), Raw: hostile(r)})
		res.History = append(res.History, engine.Attempt{Why: hostile(r), Elapsed: time.Duration(r.Int64N(1e14))})
		res.Records = slices.Insert(res.Records, 0, engine.Record{{Name: hostile(r), Value: hostile(r)}, {Name: hostile(r), Value: []string{hostile(r), hostile(r)}}})
	}
	return res
}

// Whatever is typed, pasted or read from pages: no view is wider or higher
// than its screen, and none holds a control character beside its own styles.
func TestViewsHoldTheirSize(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	th := NewTheme(true, false)
	check := func(name, view string, w, h int) {
		t.Helper()
		checkSize(t, view, w, h)
		for _, c := range sgr.ReplaceAllString(view, "") {
			if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || unicode.Is(unicode.Co, c)) {
				t.Fatalf("%s draws %U:\n%q", name, c, view)
			}
		}
	}
	for range 25 {
		w, h := 1+r.IntN(130), 1+r.IntN(40)
		stats := busy()
		boxes := map[string]dialog{
			"add":      newAddForm(&listPlanner{}, time.Second, hostile(r)+strings.Repeat("\n"+hostile(r), r.IntN(9))),
			"quit":     newQuit(Deps{Saving: hostile(r)}, stats),
			"help":     newHelp(newKeys(), panel(1+r.IntN(4))),
			"palette":  newPalette(newKeys(), func(act) string { return hostile(r) }),
			"question": newQuestion("Sure?", []string{clean(hostile(r), 100)}, "do it", nil),
			"input":    newInput("Line", "label:", hostile(r), func(string) (tea.Msg, error) { return nil, errors.New(hostile(r)) }),
			"export":   newExport(&files{}, callIn(t.Context()), "all there are", 812, hostile(r), some(1)),
		}
		for name, d := range boxes {
			for _, msg := range []tea.Msg{tea.PasteMsg{Content: hostile(r)}, keyPress("enter"), tea.KeyPressMsg{Text: "\u202e世"}} {
				if name == "add" {
					f := d.(*addForm)
					f.scan = newScan(0, Spec{Text: f.text.value()})
					f.scan.run(f.planner)
					f.shown = f.scan.tally.Load()
					f.onlyBad = r.IntN(2) == 0 && len(f.shown.bad) > 0
				}
				check(name, d.View(th, w, h), w, h)
				if next, _ := d.Update(msg); next == nil {
					break
				}
			}
			check(name, d.View(th, w, h), w, h)
			stack := &desk{}
			stack.push(d)
			base := strings.TrimSuffix(strings.Repeat(pad(clean(hostile(r), 200), w)+"\n", h), "\n")
			if view := stack.draw(base, th, w, h, 4); w >= 60 && h >= 15 {
				check(name+" drawn", view, w, h)
			}
		}
		page := hostileResult(r)
		d := newDetail(nil, nil, nil, newKeys())
		d.SetSize(w, h)
		d.row, d.stats, d.batch = resultRow(&page), detailStats(), "2 "+clean(hostile(r), 100)
		d.result = cleanResult(page)
		shelf := &library{mime: hostile(r), pages: map[string]string{d.result.page: hostile(r) + "\n" + strings.Repeat(hostile(r), 9)}}
		d.bodies, d.body = shelf, keptBody{page.Num, readBody(t.Context(), shelf, d.result)}
		for range parts {
			check("detail", d.View(th), w, h)
			d.do(actScrollDown)
			d.do(actOpen)
			check("detail", d.View(th), w, h)
			d.do(actNextPanel)
		}
	}
}
