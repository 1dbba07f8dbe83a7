package ui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// A row of a list in a dialog is selected by a click, an action of the palette
// done, and what looks like a box or a field is pressed.
func TestMouseOnRowsOfDialogs(t *testing.T) {
	logged := func(s *stage) {
		for i := range 40 {
			s.log.add(logLine{at: noon, level: engine.LevelInfo, text: "line " + itoa(uint64(i)) + strings.Repeat(" and on", 30)})
		}
		s.drawn = nil
	}
	for _, tc := range []struct {
		name   string
		before func(*stage)
		press  []string
		on     []string // texts to click on
		check  func(s *stage) bool
	}{
		{"an action", nil, []string{":", "p", "a", "u", "s", "e"}, []string{"pause or resume the run"}, func(s *stage) bool {
			return !s.dialogs.any() && len(s.fake.calls) == 1 && s.fake.calls[0] == "pause the run"
		}},
		{"one that is not possible", nil, []string{":", "c", "a", "n", "c", "e", "l"}, []string{"not now: it has ended"}, func(s *stage) bool {
			return s.dialogs.any() && len(s.fake.calls) == 0
		}},
		{"a column", nil, []string{"C"}, []string{"the host that"}, func(s *stage) bool {
			return s.dialogs.open[0].(*columnsDialog).cursor == 5 && s.results.columns.shownColumns == usualColumns
		}},
		{"again", nil, []string{"C"}, []string{"the host that", "the host that"}, func(s *stage) bool {
			return s.results.columns.shownColumns == usualColumns|showHost
		}},
		{"its box", nil, []string{"C"}, []string{"[ ] host"}, func(s *stage) bool { return s.results.columns.shownColumns == usualColumns|showHost }},
		{"a line of the log is told whole", logged, []string{"l"}, []string{"line 34"}, func(s *stage) bool {
			return strings.Count(s.screen(), "line 34") == 2 && strings.Contains(s.screen(), "▸12:00:00 line 34")
		}},
		{"a field of the form", nil, []string{"a"}, []string{"priority"}, func(s *stage) bool {
			f := s.dialogs.open[0].(*addForm)
			return f.focus == fieldPriority && f.priority == engine.Normal
		}},
		{"again it chooses", nil, []string{"a"}, []string{"recipe", "page ▾", "priority", "normal"}, func(s *stage) bool {
			f := s.dialogs.open[0].(*addForm)
			return f.priority == engine.High && f.recipe == 1
		}},
		{"back to its list", nil, []string{"a", "tab"}, []string{"│ "}, func(s *stage) bool { return s.dialogs.open[0].(*addForm).focus == fieldText }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, busyScene(), 120, 36)
				if tc.before != nil {
					tc.before(s)
				}
				s.press(tc.press...)
				for _, text := range tc.on {
					if text == "│ " { // of the frame in the form's frame
						s.screen()
						b := s.dialogs.open[0].frame()
						s.clickAt(b.at.x+6, b.at.y+5)
						continue
					}
					s.clickOn(text)
				}
				if !tc.check(s) {
					t.Errorf("calls %v:\n%s", s.fake.calls, s.screen())
				}
			})
		})
	}
}

// A click beside a dialog closes it as esc would. Questions and an export under
// way stay: a slip of the mouse is no answer.
func TestMouseBesideDialogs(t *testing.T) {
	for _, tc := range []struct {
		name  string
		press []string
		paste string
		left  int // dialogs
	}{
		{"log", []string{"l"}, "", 0},
		{"palette", []string{":"}, "", 0},
		{"columns", []string{"C"}, "", 0},
		{"help", []string{"?"}, "", 0},
		{"note", []string{"W"}, "", 0},
		{"interval", []string{"3", "="}, "", 0},
		{"form", []string{"a"}, "", 0},
		{"form with a long list asks", []string{"a"}, strings.Repeat("http://one.test/x ", 3) + strings.Repeat("\nhttp://one.test/y", 9), 2},
		{"question", []string{"q"}, "", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, busyScene(), 120, 36)
				s.press(tc.press...)
				if tc.paste != "" {
					s.tell(tea.PasteMsg{Content: tc.paste})
				}
				s.rest(time.Second)
				if !s.dialogs.any() {
					t.Fatal("no dialog is open")
				}
				s.clickAt(1, 30)
				s.rest(time.Second)
				if got := len(s.dialogs.open); got != tc.left || len(s.fake.calls) > 0 {
					t.Errorf("%d dialogs are open, want %d; told %v", got, tc.left, s.fake.calls)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		w := &writing{path: "out.jsonl"}
		e := newExport(&files{}, s.call, "all", 3, "out.jsonl", some(3))
		e.writing = w
		s.run(s.dialogs.push(e))
		s.clickAt(1, 30)
		if !s.dialogs.any() || w.stopped.Load() {
			t.Error("a click beside it stops an export")
		}
		s.clickOn("stop")
		if !w.stopped.Load() {
			t.Error("stop does not stop it")
		}
	})
}

// The wheel scrolls the dialog that it is over, and types nothing.
func TestMouseWheelInDialogs(t *testing.T) {
	for _, tc := range []struct {
		name  string
		press []string
		is    func(s *stage) any // what changes
		down  any                // to this
	}{
		{"palette", []string{":"}, func(s *stage) any { return s.dialogs.open[0].(*palette).cursor }, 3},
		{"columns", []string{"C"}, func(s *stage) any { return s.dialogs.open[0].(*columnsDialog).cursor }, 3},
		{"help", []string{"?"}, func(s *stage) any { return s.dialogs.open[0].(*help).top }, 3},
		{"a form's choice stays", []string{"a", "tab"}, func(s *stage) any { return s.dialogs.open[0].(*addForm).recipe }, 0},
		{"an input", []string{"3", "="}, func(s *stage) any { return s.dialogs.open[0].(*input).field.Value() }, "2.9s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, busyScene(), 60, 15)
				s.press(tc.press...)
				s.rest(time.Second)
				s.screen()
				first := tc.is(s)
				at := s.dialogs.open[0].frame().at
				s.tell(tea.MouseWheelMsg{X: at.x + 3, Y: at.y + 2, Button: tea.MouseWheelDown})
				if got := tc.is(s); got != tc.down {
					t.Errorf("the wheel makes it %v, want %v", got, tc.down)
				}
				s.tell(tea.MouseWheelMsg{X: at.x + 3, Y: at.y + 2, Button: tea.MouseWheelUp})
				if got := tc.is(s); got != first {
					t.Errorf("back it is %v, want %v", got, first)
				}
				s.tell(tea.MouseWheelMsg{X: 0, Y: 0, Button: tea.MouseWheelDown})
				if got := tc.is(s); got != first {
					t.Errorf("beside the dialog the wheel makes it %v", got)
				}
				if cur := s.results.cur.at; cur != 0 {
					t.Errorf("the rows below are scrolled to %d", cur)
				}
			})
		})
	}
}

// The question about an old run is answered with the mouse too, not within its
// grace and not beside its choices.
func TestMouseOnAnOffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newAsking(unfinished(), noon)
		m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
		click := func(text string) tea.Msg {
			t.Helper()
			for y, line := range strings.Split(m.View().Content, "\n") {
				if x := strings.Index(string(cells(line)), text); x >= 0 {
					_, cmd := m.Update(tea.MouseClickMsg{X: len([]rune(string(cells(line))[:x])), Y: y, Button: tea.MouseLeft})
					if cmd == nil {
						return nil
					}
					return cmd()
				}
			}
			t.Fatalf("%q is not on the screen", text)
			return nil
		}
		if got := click("a new run"); got != nil {
			t.Errorf("within its grace: %v", got)
		}
		d := m.open[0].(*offerDialog)
		m.Update(awakeMsg{&d.waking})
		for text, want := range map[string]Answer{"resume it": AnswerResume, "a new run": AnswerNew, "leave": AnswerLeave} {
			if got := click(text); got != (answerMsg{want}) {
				t.Errorf("a click on %q: %v, want %v", text, got, want)
			}
		}
		if got := click("not fetched"); got != nil {
			t.Errorf("a click on the text: %v", got)
		}
		if got := click("weir"); got != nil {
			t.Errorf("a click beside it: %v", got)
		}
		m.noMouse = true
		if got := click("resume it"); got != nil || m.View().MouseMode != tea.MouseModeNone {
			t.Errorf("with the mouse off: %v", got)
		}
	})
}
