package ui

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
)

// where returns the first cell of a text on the screen.
func (s *stage) where(text string) (x, y int) {
	s.t.Helper()
	for y, line := range strings.Split(s.screen(), "\n") {
		if before, _, ok := strings.Cut(line, text); ok {
			return lipgloss.Width(before), y
		}
	}
	s.t.Fatalf("%q is not on the screen:\n%s", text, s.screen())
	return 0, 0
}

// clickOn clicks on a text of the screen.
func (s *stage) clickOn(text string) {
	s.t.Helper()
	x, y := s.where(text)
	s.clickAt(x, y)
}

func (s *stage) clickAt(x, y int) {
	s.tell(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
	s.rest(20 * time.Millisecond)
	s.tell(tea.MouseReleaseMsg{X: x, Y: y})
	s.tell(frameMsg{})
}

func TestMouse(t *testing.T) {
	selected := func(s *stage) string {
		for line := range strings.SplitSeq(s.screen(), "\n") {
			if _, after, ok := strings.Cut(line, "▸"); ok && strings.HasPrefix(line, "┃") {
				return strings.Fields(after)[0]
			}
		}
		return ""
	}
	for _, tc := range []struct {
		name  string
		w, h  int
		on    []string // texts to click on
		check func(s *stage) bool
	}{
		{"a row", 120, 36, []string{"809 ok"}, func(s *stage) bool { return selected(s) == "809" }},
		{"a row that is selected opens", 120, 36, []string{"809 ok", "2.11s"}, func(s *stage) bool { return s.results.open == 809 }},
		{"a row of another panel", 120, 36, []string{"2 urls.txt"}, func(s *stage) bool {
			return s.focus == batchesPanel && s.batches.selected().Batch.ID == 2 && len(s.fake.calls) == 0
		}},
		{"a batch that is selected shows its results", 120, 36, []string{"2 urls.txt", "2 urls.txt"}, func(s *stage) bool { return s.filter.Value() == "batch:2" }},
		{"a host", 120, 36, []string{"127.0.0.1:4012              1.0s"}, func(s *stage) bool {
			return s.focus == hostsPanel && s.hosts.selected().Host == "127.0.0.1:4012"
		}},
		{"a title", 120, 36, []string{"3 Hosts"}, func(s *stage) bool { return s.focus == hostsPanel && s.look == (Look{}) }},
		{"a heading sorts", 120, 36, []string{"time     size"}, func(s *stage) bool { return s.results.table.want.by == byTime && !s.results.table.want.turned }},
		{"again it turns", 120, 36, []string{"time     size", "time▾"}, func(s *stage) bool {
			return s.results.table.want.by == byTime && s.results.table.want.turned && s.look.Results == Sorting{By: "time", Turned: true}
		}},
		{"a heading of hosts", 120, 36, []string{"waiting flight"}, func(s *stage) bool { return s.focus == hostsPanel && s.hosts.by == hostByWaiting }},
		{"an outcome of the header", 120, 36, []string{"failed 9"}, func(s *stage) bool { return s.filter.Value() == "outcome:failed" }},
		{"its number", 120, 36, []string{"3  failed 9"}, func(s *stage) bool { return s.filter.Value() == "outcome:empty" }},
		{"an outcome of a row", 120, 36, []string{"failed     503"}, func(s *stage) bool { return s.filter.Value() == "outcome:failed" }},
		{"a code of a row", 120, 36, []string{"503    40ms"}, func(s *stage) bool { return s.filter.Value() == "code:503" }},
		{"a row below a filter", 120, 36, []string{"failed 9", "808 failed"}, func(s *stage) bool { return selected(s) == "808" }},
		{"a hint of the footer", 120, 36, []string{"r retry"}, func(s *stage) bool { return s.toast() == "only what failed or was empty is retried" }},
		{"its word", 120, 36, []string{"quit"}, func(s *stage) bool { return s.dialogs.any() }},
		{"a pair of keys", 120, 36, []string{"2 Workers", "- workers"}, func(s *stage) bool { return slices.Equal(s.fake.calls, []string{"workers 4"}) }},
		{"a tab", 80, 24, []string{"2 Workers"}, func(s *stage) bool { return s.focus == workersPanel }},
		{"a row of a page", 80, 24, []string{"809 ok", "2.11s"}, func(s *stage) bool { return s.results.open == 809 }},
		{"a part of the details", 120, 36, []string{"809 ok", "2.11s", "headers"}, func(s *stage) bool { return s.detail.part == headersPart }},
		{"a part of the details of a page", 80, 24, []string{"809 ok", "2.11s", "findings"}, func(s *stage) bool { return s.detail.part == findingsPart }},
		{"the header", 120, 36, []string{"limited by"}, func(s *stage) bool { return s.focus == resultsPanel && !s.dialogs.any() }},
		{"the filter keeps what was typed", 120, 36, []string{"/ filter", "enter keep it"}, func(s *stage) bool { return !s.filtering }},
		{"the card has nothing to press", 40, 10, []string{"work here"}, func(s *stage) bool { return len(s.fake.calls) == 0 && !s.dialogs.any() }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, busyScene(), tc.w, tc.h)
				for _, text := range tc.on {
					s.clickOn(text)
				}
				if !tc.check(s) {
					t.Errorf("calls %v, toast %q, filter %q, focus %v:\n%s", s.fake.calls, s.toast(), s.filter.Value(), s.focus, s.screen())
				}
			})
		})
	}
}

// Dialogs are answered with the mouse, by their keys and nothing else, and not
// within their grace.
func TestMouseInDialogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		s.press("q")
		s.clickOn("x     cancel")
		if len(s.fake.calls) > 0 || !s.dialogs.any() {
			t.Fatal("a click within the grace is an answer")
		}
		s.rest(time.Second)
		s.clickOn("not fetched")
		s.clickAt(2, 30)
		if len(s.fake.calls) > 0 || !s.dialogs.any() || s.focus != resultsPanel {
			t.Error("a click beside the choices does something")
		}
		s.clickOn("stay")
		if s.dialogs.any() {
			t.Error("stay does not stay")
		}
		s.press("q")
		s.rest(time.Second)
		s.clickOn("cancel: stop now")
		if want := []string{"cancel the run"}; !slices.Equal(s.fake.calls, want) {
			t.Errorf("the engine was told %v, want %v", s.fake.calls, want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		s.press("l")
		s.clickOn("esc close")
		s.press("w")
		s.clickOn("any key closes")
		if s.dialogs.any() {
			t.Errorf("a dialog is open:\n%s", s.screen())
		}
		s.press("?")
		s.clickOn("X  cancel")
		if len(s.fake.calls) > 0 || s.dialogs.open[0].(*help).field.Value() != "" {
			t.Error("the help presses its keys")
		}
		s.tell(tea.MouseWheelMsg{X: 40, Y: 20, Button: tea.MouseWheelDown})
	})
}

// The wheel scrolls what it is over and gives it no keys.
func TestMouseWheel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		wheel := func(text string, b tea.MouseButton) {
			x, y := s.where(text)
			s.tell(tea.MouseWheelMsg{X: x, Y: y, Button: b})
		}
		wheel("811 empty", tea.MouseWheelDown)
		if s.results.cur.at != 3 {
			t.Errorf("the cursor is on row %d, want 3", s.results.cur.at)
		}
		wheel("127.0.0.1:4011              2.9s", tea.MouseWheelDown)
		if s.hosts.cur.at != 3 || s.focus != resultsPanel {
			t.Errorf("hosts are on row %d, the keys on %v", s.hosts.cur.at, s.focus)
		}
		wheel("127.0.0.1:4011              2.9s", tea.MouseWheelUp)
		if s.hosts.cur.at != 0 {
			t.Errorf("hosts are on row %d, want 0", s.hosts.cur.at)
		}
	})
}

// Edges are dragged, as far as there is room, and the sizes are kept.
func TestMouseDrag(t *testing.T) {
	drag := func(s *stage, x, y, toX, toY int) {
		s.tell(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
		for x != toX || y != toY {
			x += max(-1, min(toX-x, 1))
			y += max(-1, min(toY-y, 1))
			s.tell(tea.MouseMotionMsg{X: x, Y: y, Button: tea.MouseLeft})
		}
		s.tell(tea.MouseReleaseMsg{X: x, Y: y})
		s.tell(tea.MouseMotionMsg{X: x + 5, Y: y + 5})
	}
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		panels, _ := places(120, 36, false, Sizes{}, demand{})
		drag(s, 60, panels[hostsPanel].y, 60, panels[hostsPanel].y+2)
		if want := (Sizes{Top: 2}); s.look.Sizes != want {
			t.Errorf("sizes are %+v, want %+v", s.look.Sizes, want)
		}
		drag(s, panels[workersPanel].x, 6, panels[workersPanel].x-9, 6)
		drag(s, 60, panels[resultsPanel].y+2, 60, 0) // further than there is room
		if want := (Sizes{Top: 2, Hosts: leastHosts - panels[hostsPanel].h, Batches: -9}); s.look.Sizes != want {
			t.Errorf("sizes are %+v, want %+v", s.look.Sizes, want)
		}
		checkFrame(t, s, 120, 36)
		s.press("4", "enter")
		_, d := places(120, 36, true, s.look.Sizes, demand{})
		drag(s, d.x, d.y+5, d.x+10, d.y+5)
		if s.look.Sizes.Details != -10 {
			t.Errorf("details are %+d, want -10", s.look.Sizes.Details)
		}
	})
}

// m gives the mouse to the terminal and takes it back.
func TestMouseOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		if s.View().MouseMode != tea.MouseModeCellMotion {
			t.Error("the mouse is off at first")
		}
		s.press("m")
		if s.View().MouseMode != tea.MouseModeNone || s.toast() != "mouse off: the terminal selects text" || !s.look.NoMouse {
			t.Errorf("m: mode %v, toast %q", s.View().MouseMode, s.toast())
		}
		s.clickOn("809 ok")
		if s.results.cur.at != 0 {
			t.Error("a click that was on its way is taken")
		}
		s.press("m")
		if s.View().MouseMode != tea.MouseModeCellMotion || s.look != (Look{}) {
			t.Errorf("m again: mode %v, %+v", s.View().MouseMode, s.look)
		}
	})
}

// Whatever is clicked, dragged or scrolled, at any size: nothing breaks, and
// what changes the run is only what the footer offers.
func TestMouseEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, size := range [][2]int{{120, 36}, {80, 24}, {60, 15}, {40, 10}, {1, 1}} {
			for _, keys := range [][]string{nil, {"enter"}, {"?"}, {"a"}, {"q"}, {"/"}} {
				sc := busyScene()
				sc.jobs = fates(40)
				s := newStage(t, sc, size[0], size[1])
				s.deps.Exporter = &files{there: map[string]int{}}
				s.press(keys...)
				for y := -1; y <= size[1]; y += 5 {
					for x := -1; x <= size[0]; x += 17 {
						s.tell(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
						s.tell(tea.MouseMotionMsg{X: x + 1, Y: y - 1, Button: tea.MouseLeft})
						s.tell(tea.MouseReleaseMsg{X: x, Y: y})
						s.tell(tea.MouseWheelMsg{X: x, Y: y, Button: tea.MouseWheelDown})
					}
				}
				checkFrame(t, s, size[0], size[1])
			}
		}
	})
}
