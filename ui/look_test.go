package ui

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
)

// dressed shows a scene to somebody who left a look behind.
func dressed(t *testing.T, sc scene, l Look, w, h int) *stage {
	s := newStage(t, sc, w, h)
	s.Model.wear(l)
	s.resize()
	s.bring(sc)
	return s
}

// What an operator chooses is in the look, and a screen that is given it is as
// it was left.
func TestLookIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		if s.look != (Look{}) {
			t.Errorf("before a key the look is %+v", s.look)
		}
		s.press("t", "s", "s", "S", "3", "s", "S", "ctrl+up", "ctrl+up", "1", "ctrl+right", "ctrl+down", "4", "enter", "ctrl+right", "esc")
		want := Look{
			Theme: "high-contrast", Results: Sorting{By: "code", Turned: true}, Hosts: Sorting{By: "by host", Turned: true},
			Sizes: Sizes{Top: -1, Hosts: 2, Batches: 2, Details: 2},
		}
		if s.look != want {
			t.Fatalf("the look is %+v, want %+v", s.look, want)
		}
		text, err := json.Marshal(s.look)
		if err != nil {
			t.Fatal(err)
		}
		var kept Look
		if err := json.Unmarshal(text, &kept); err != nil || kept != want {
			t.Fatalf("%s is read as %+v, %v", text, kept, err)
		}
		again := dressed(t, busyScene(), kept, 120, 36)
		for _, one := range []*stage{s, again} {
			one.press("3", "g", "4", "g")
			one.rest(2 * toastTime)
		}
		if got, want := again.screen(), s.screen(); got != want {
			t.Errorf("the next screen is\n%s\nwant\n%s", got, want)
		}
		if again.look != want {
			t.Errorf("its look is %+v, want %+v", again.look, want)
		}
		if again.th.Name != want.Theme {
			t.Errorf("its theme is %s, want %s", again.th.Name, want.Theme)
		}
		again.press("f", ":", "p", "a", "n", "e", "l", "s", "space", "a", "s", "enter")
		want.Results, want.Sizes = Sorting{}, Sizes{}
		if again.look != want {
			t.Errorf("following, with usual sizes, the look is %+v, want %+v", again.look, want)
		}
	})
}

// A theme that was named goes before the kept one, which stays kept.
func TestLookYieldsToTheFlag(t *testing.T) {
	m := newModel(t.Context(), Deps{Controller: &fakeController{}, Theme: mono, Look: Look{Theme: colourBlind}})
	if m.th.Name != mono || m.look.Theme != colourBlind {
		t.Errorf("the theme is %s, and %s is kept", m.th.Name, m.look.Theme)
	}
}

// What is not known is dropped, piece by piece, with a line in the log.
func TestLookOfAnotherVersion(t *testing.T) {
	at := time.Date(2026, 11, 26, 5, 0, 0, 0, time.UTC)
	m := newModel(t.Context(), Deps{
		Controller: &fakeController{}, Now: func() time.Time { return at }, Notes: []string{"the file was broken"},
		Look: Look{Theme: "plaid\x1b[2J", Results: Sorting{By: "colour", Turned: true}, Hosts: Sorting{By: "by rate"}, Sizes: Sizes{Top: 1 << 40}},
	})
	if want := (Look{Hosts: Sorting{By: "by rate"}, Sizes: Sizes{Top: sizeMost}}); m.look != want {
		t.Errorf("the look is %+v, want %+v", m.look, want)
	}
	var got []string
	for _, l := range m.log.lines {
		got = append(got, l.text)
		if !l.at.Equal(at) || l.level != engine.LevelInfo {
			t.Errorf("a line of %v, level %v", l.at, l.level)
		}
	}
	if len(got) != 3 || got[0] != "the file was broken" || !strings.Contains(got[1], "unknown theme") || strings.Contains(got[1], "\x1b") ||
		got[2] != `the kept screen has an unknown order of results "colour": not used` {
		t.Errorf("the log says %q", got)
	}
}

// No sizes, however far from usual, make a frame that does not fit.
func TestSizesFit(t *testing.T) {
	far := []int{-sizeMost, -7, -1, 0, 1, 7, 30, sizeMost}
	for _, size := range [][2]int{{100, 28}, {120, 36}, {200, 60}} {
		w, h := size[0], size[1]
		for _, top := range far {
			for i, other := range far {
				for _, details := range []bool{false, true} {
					panels, detail := places(w, h, details, Sizes{Top: top, Hosts: other, Batches: other, Details: top}, demand{i * i, 1000 * i})
					cells := detail.w * detail.h
					for _, p := range panels[1:] {
						if p.w < leastWidth || p.h < leastTop || p.x < 0 || p.y < headRows || p.x+p.w > w || p.y+p.h > h-1 {
							t.Fatalf("%dx%d, %d and %d: a panel at %+v", w, h, top, other, p)
						}
						cells += p.w * p.h
					}
					if want := w * (h - headRows - 1); cells != want {
						t.Fatalf("%dx%d, %d and %d, details %v: %d cells are drawn, want %d", w, h, top, other, details, cells, want)
					}
				}
			}
		}
	}
}

// A panel that cannot become larger says so, and what it would have become is
// not kept.
func TestSizesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 100, 28)
		s.press("3")
		s.press(slices.Repeat([]string{"ctrl+up"}, 40)...)
		end := s.look.Sizes
		if s.toast() != "there is no more room" || end.Hosts == 0 || end.Hosts > 20 {
			t.Errorf("sizes are %+v, and the toast is %q", end, s.toast())
		}
		s.press("ctrl+down")
		if s.look.Sizes.Hosts != end.Hosts-1 {
			t.Errorf("one row less makes %+v of %+v", s.look.Sizes, end)
		}
		s.press("ctrl+right")
		if s.toast() != "Hosts is as wide as the screen" {
			t.Errorf("the toast is %q", s.toast())
		}
		checkFrame(t, s, 100, 28)
	})
}

// In a tall terminal the upper panels have the rows that they need, up to their
// share, and Results has the others. What the operator has set comes on top.
func TestTallPanelsAreOfUse(t *testing.T) {
	for _, tc := range []struct {
		name             string
		h                int
		by               Sizes
		workers, hosts   int
		top, mid, result int // lines, with the frame
	}{
		{"usual", 36, Sizes{}, 5, 5, 7, 8, 16},
		{"usual, and many of all", 36, Sizes{}, 50, 50, 7, 8, 16},
		{"tall", 60, Sizes{}, 5, 5, 10, 8, 37}, // with a heading above the workers
		{"taller, without room for a heading", 44, Sizes{}, 5, 5, 7, 8, 24},
		{"one worker more, still without", 44, Sizes{}, 6, 5, 8, 8, 23},
		{"nothing yet", 60, Sizes{}, 0, 0, 10, 8, 37},
		{"eight workers", 60, Sizes{}, 8, 5, 11, 8, 36},
		{"seven hosts", 60, Sizes{}, 5, 7, 10, 10, 35},
		{"many of all", 60, Sizes{}, 50, 50, 13, 14, 28},
		{"as set", 60, Sizes{Top: 3, Hosts: -2}, 5, 5, 13, 6, 36},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sc := busyScene()
				s := newStage(t, sc, 120, tc.h, func(d *Deps) { d.Look.Sizes = tc.by })
				checkFrame(t, s, 120, tc.h)
				sc.stats.Slots, sc.stats.Hosts = make([]engine.WorkerStats, tc.workers), make([]engine.HostStats, tc.hosts)
				if tc.workers == 0 {
					sc.stats.Batches = nil
				}
				for i := range sc.stats.Slots {
					sc.stats.Slots[i].Num = i + 1
				}
				for i := range sc.stats.Hosts {
					sc.stats.Hosts[i].Host = fmt.Sprintf("host-%d.test", i)
				}
				s.bring(sc)
				checkFrame(t, s, 120, tc.h)
				lines := strings.Split(s.screen(), "\n")
				at := func(title string) int {
					return slices.IndexFunc(lines, func(line string) bool {
						return strings.Contains(line, "─ "+title) || strings.Contains(line, "━ "+title)
					})
				}
				top, mid, result := at("3 Hosts")-at("1 Batches"), at("4 Results")-at("3 Hosts"), tc.h-1-at("4 Results")
				if top != tc.top || mid != tc.mid || result != tc.result {
					t.Errorf("the panels have %d, %d and %d lines, want %d, %d and %d:\n%s", top, mid, result, tc.top, tc.mid, tc.result, s.screen())
				}
			})
		})
	}
}
