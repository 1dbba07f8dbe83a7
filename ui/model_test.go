package ui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/exp/golden"

	"weir/engine"
)

func TestView(t *testing.T) {
	for _, size := range []struct {
		name string
		w, h int
	}{{"120x36", 120, 36}, {"80x24", 80, 24}, {"60x15", 60, 15}, {"40x10", 40, 10}, {"200x60", 200, 60}, {"100x30", 100, 30}} {
		for _, sc := range scenes() {
			if slices.Contains(wideSizes, [2]int{size.w, size.h}) && sc.name != "busy" {
				continue // in TestScreens
			}
			t.Run(sc.name+"-"+size.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStage(t, sc, size.w, size.h)
					checkSize(t, s.View().Content, size.w, size.h)
					golden.RequireEqual(t, s.screen())
				})
			})
		}
	}
}

// Where a terminal has no glyphs, every cell keeps its place.
func TestASCII(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		s.th = NewTheme(true, true)
		s.tell(nil)
		checkSize(t, s.View().Content, 120, 36)
		golden.RequireEqual(t, s.screen())
	})
}

// The roles of the theme, in what terminals are sent.
func TestTheme(t *testing.T) {
	for _, tc := range []struct {
		name    string
		theme   Theme
		ok, bad string
	}{
		{"dark", NewTheme(true, false), "\x1b[38;2;135;215;135mx\x1b[m", "\x1b[38;2;255;154;143mx\x1b[m"},
		{"light", NewTheme(true, false).Lit(false), "\x1b[38;2;0;101;26mx\x1b[m", "\x1b[38;2;176;0;32mx\x1b[m"},
		{"16 colours", NewTheme(true, false).On(colorprofile.ANSI), "\x1b[32mx\x1b[m", "\x1b[31mx\x1b[m"},
		{"none", NewTheme(false, false).On(colorprofile.ASCII), "x", "\x1b[1;4;4mx\x1b[m"},
	} {
		if ok, bad := tc.theme.OK.Render("x"), tc.theme.Bad.Render("x"); ok != tc.ok || bad != tc.bad {
			t.Errorf("%s: ok is %q, bad %q, want %q, %q", tc.name, ok, bad, tc.ok, tc.bad)
		}
	}
}

// No line is ever wider than the terminal, whatever its size and whatever a
// page has put into titles, URLs, names and errors.
func TestViewFits(t *testing.T) {
	for _, sc := range []scene{hostileScene(), startScene()} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, sc, 120, 36)
			for _, w := range []int{1, 2, 7, 8, 9, 25, 59, 60, 66, 79, 80, 99, 100, 110, 120, 200} {
				for _, h := range []int{1, 2, 5, 15, 28, 60} {
					s.tell(tea.WindowSizeMsg{Width: w, Height: h})
					for p := batchesPanel; p <= resultsPanel; p++ {
						s.turnTo(p)
						checkFrame(t, s, w, h)
					}
					s.tell(actMsg{actDetails})
					checkFrame(t, s, w, h)
					s.tell(actMsg{actBack})
					if t.Failed() {
						t.Fatalf("at %dx%d", w, h)
					}
				}
			}
		})
	}
}

func checkFrame(t *testing.T, s *stage, w, h int) {
	t.Helper()
	view := s.View().Content
	checkSize(t, view, w, h)
	if got := strings.Count(view, "\n") + 1; got != h {
		t.Errorf("view has %d lines, want %d", got, h)
	}
}

// Nothing but text, the glyphs of the screen and its own styles comes out.
func TestViewLetsNothingThrough(t *testing.T) {
	for _, ascii := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, hostileScene(), 120, 36)
			s.th = NewTheme(true, ascii)
			look := func(where string) {
				t.Helper()
				v := s.View()
				for _, text := range []string{v.Content, v.WindowTitle} {
					if got := strange(text, ascii); got != "" {
						t.Errorf("%s: %q came out", where, got)
					}
				}
			}
			s.choose(chosen{shownColumns: showHost | showBatch | showTitle | showWhy})
			look("chosen columns")
			for p := batchesPanel; p <= resultsPanel; p++ {
				s.turnTo(p)
				for _, a := range []act{actColumns, actWhy, actWhyRun, actLog, actDetails, actHelp} {
					s.tell(actMsg{a})
					s.rest(time.Second)
					look(fmt.Sprintf("panel %d, act %d", p, a))
					s.press("esc")
				}
			}
			s.tell(doneMsg{err: errors.New(evil)})
			look("toast of an error")
			s.press("/")
			s.tell(tea.PasteMsg{Content: evil})
			look("filter")
			s.press("esc")
			s.tell(tea.PasteMsg{Content: evil + "\n" + evil})
			s.rest(time.Second)
			look("add")
		})
	}
}

// evil is what a page may call itself.
const evil = "http://h\x1b]0;owned\x07/\x1b[2J\u009b31m\x9b\u202egpj\u200b\u0301\u0301\u0301\u0301\u0301\u0301" +
	"\U0001F468\u200d\U0001F469\U0001F1E9\U0001F1EA\U000E0041\uE000東京\xff\r\n\t<b>&é́" +
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// hostileScene is a busy one with hostile bytes wherever a page or a list can
// put them.
func hostileScene() scene {
	sc := busyScene()
	sc.jobs = append(sc.jobs[len(sc.jobs)-50:], engine.JobState{
		ID: 2000, Batch: 1, URL: evil, Host: evil, Place: engine.Ended, Outcome: engine.Failed,
		Class: engine.Class(evil), Why: evil, Title: evil, Num: 2000, Status: 200, Attempts: 1,
	})
	for i := range sc.stats.Hosts {
		sc.stats.Hosts[i].Host = evil + strings.Repeat("x", i)
		sc.stats.Hosts[i].Changes = []engine.PaceChange{{At: noon, From: time.Second, To: 2 * time.Second, Why: evil}}
	}
	for i := range sc.stats.Slots {
		sc.stats.Slots[i].URL, sc.stats.Slots[i].Host, sc.stats.Slots[i].Job = evil, evil, 2000
	}
	for i := range sc.stats.Batches {
		sc.stats.Batches[i].Batch.Name = evil
		sc.stats.Batches[i].Batch.Recipe.Name = evil
		sc.stats.Batches[i].Fill = []engine.FieldFill{{Field: evil, Records: 40}}
		sc.stats.Batches[i].Before = []engine.FieldFill{{Field: evil, Filled: 40, Records: 40}}
	}
	sc.stats.Limit.Host = evil
	sc.log = []engine.LogLine{{At: noon, Level: engine.LevelBad, Text: evil}}
	return sc
}

// strange returns the first thing in a frame that has no business there.
func strange(s string, ascii bool) string {
	allowed := "█░▁▂▃▄▅▆▇╭─╮│╰╯┏━┓┃┗┛┌┐└┘▸•…·▾▴↑↓○●‖✓✗≥"
	for s != "" {
		if rest, ok := strings.CutPrefix(s, "\x1b["); ok {
			n := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != ';' })
			if n < 0 || rest[n] != 'm' {
				return "\x1b[" + rest[:n+1]
			}
			s = rest[n+1:]
			continue
		}
		r, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		switch {
		case r == '\n', ' ' <= r && r <= '~':
		case ascii:
			return string(r)
		case strings.ContainsRune(allowed, r), strings.ContainsRune("東京é\u0301\uFFFD\U0001F468\U0001F469", r) && n > 1:
		default:
			return string(r)
		}
	}
	return ""
}
