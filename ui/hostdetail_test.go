package ui

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/x/exp/golden"

	"weir/engine"
)

// slowedScene is a busy one whose second host was cut, blocked and raised.
func slowedScene() scene {
	sc := busyScene()
	at := sc.stats.At
	ago := func(seconds int) time.Time { return at.Add(-time.Duration(seconds) * time.Second) }
	h := &sc.stats.Hosts[1]
	h.Changes = []engine.PaceChange{
		{At: ago(170), From: time.Second, To: 1429 * time.Millisecond, Why: "answered 429"},
		{At: ago(170), From: 1429 * time.Millisecond, To: 1429 * time.Millisecond, Until: ago(140), Why: "answered 429"},
		{At: ago(100), From: 1429 * time.Millisecond, To: time.Second, Why: "10 good answers"},
		{At: ago(62), From: time.Second, To: 3 * time.Second, Why: "set by the operator"},
		{At: ago(21), From: 3 * time.Second, To: 2857 * time.Millisecond, Why: "10 good answers"},
		{At: ago(3), From: 2857 * time.Millisecond, To: 4081 * time.Millisecond, Why: "answered 429"},
		{At: ago(3), From: 4081 * time.Millisecond, To: 4081 * time.Millisecond, Until: at.Add(7200 * time.Millisecond), Why: "answered 429"},
	}
	h.Interval = 4081 * time.Millisecond
	return sc
}

func TestHostDetails(t *testing.T) {
	for _, size := range sizes {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, slowedScene(), size[0], size[1])
				s.press("3", "g", "d")
				checkSize(t, s.View().Content, size[0], size[1])
				golden.RequireEqual(t, s.screen())
			})
		})
	}
}

// A dialog that stays open shows the host as it is; its changes can be scrolled.
func TestHostDetailsGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := slowedScene()
		s := newStage(t, sc, 80, 24)
		s.press("3", "g", "d")
		h := &sc.stats.Hosts[1]
		for i := range 20 {
			h.Changes = append(h.Changes, engine.PaceChange{At: sc.stats.At, From: time.Second, To: 2 * time.Second, Why: fmt.Sprintf("change %d of many", i)})
		}
		s.bring(sc)
		if got := s.screen(); !strings.Contains(got, "change 19") || strings.Contains(got, "change 1 of") {
			t.Errorf("the newest changes are not what is shown:\n%s", got)
		}
		s.press("j")
		if got := s.screen(); strings.Contains(got, "change 19") || !strings.Contains(got, "change 18") {
			t.Errorf("j does not move on by one change:\n%s", got)
		}
		s.press("G")
		if got := s.screen(); !strings.Contains(got, "1.00s -> 1.42s") {
			t.Errorf("G does not show the oldest change:\n%s", got)
		}
		s.press("j", "j", "j", "k")
		if got := s.screen(); strings.Contains(got, "1.00s -> 1.42s") {
			t.Errorf("k does not leave the end at once:\n%s", got)
		}
		s.press("d")
		if s.dialogs.any() {
			t.Error("d does not close what d opened")
		}
		s.press("G", "d")
		if got := s.screen(); !strings.Contains(got, "its pace has not changed yet") {
			t.Errorf("a host without a change:\n%s", got)
		}
	})
}

// Where a pace was cut or raised the sparkline of its host says so.
func TestSparklineIsMarked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := slowedScene()
		s := newStage(t, sc, 120, 36)
		// 21 s ago is the sixth cell of 4 s from the right, 3 s ago the last.
		if got, want := s.screen(), "4.0s ▇▃▴▁▁▁▁▾"; !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
		sc.stats.At = sc.stats.At.Add(5 * time.Second)
		s.bring(sc)
		if got, want := s.screen(), "4.0s ▇▴▁▁▁▾▁▁"; !strings.Contains(got, want) {
			t.Errorf("5 s later: want %q in\n%s", want, got)
		}
	})
}

func TestMarkOf(t *testing.T) {
	th := NewTheme(true, false)
	for _, tc := range []struct {
		name string
		give engine.PaceChange
		want string
	}{
		{"slower", engine.PaceChange{From: time.Second, To: 2 * time.Second}, th.Glyphs.Down},
		{"faster", engine.PaceChange{From: 2 * time.Second, To: time.Second}, th.Glyphs.Up},
		{"paced from now on", engine.PaceChange{To: time.Second}, th.Glyphs.Down},
		{"not paced any more", engine.PaceChange{From: time.Second}, th.Glyphs.Up},
		{"blocked", engine.PaceChange{From: time.Second, To: time.Second, Until: noon}, th.Glyphs.Down},
	} {
		if got := markOf(th, tc.give).glyph; got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	// A cut is told where a raise falls into the same cell, in either order.
	cut, raise := engine.PaceChange{At: noon, From: 1, To: 2}, engine.PaceChange{At: noon.Add(time.Second), From: 2, To: 1}
	for _, changes := range [][]engine.PaceChange{{cut, raise}, {raise, cut}} {
		if got := marks(th, changes, noon.Add(2*time.Second), 4*time.Second, 2); got[1].glyph != th.Glyphs.Down || got[0].glyph != "" {
			t.Errorf("marks are %v", got)
		}
	}
}

// What was allowed at a moment follows from the changes up to it.
func TestAllowed(t *testing.T) {
	changes := slowedScene().stats.Hosts[1].Changes
	at := slowedScene().stats.At
	for _, tc := range []struct {
		ago     int // seconds
		rate    string
		blocked bool
	}{
		{200, "1.00", false},
		{169, "0.70", true},
		{141, "0.70", true},
		{139, "0.70", false},
		{99, "1.00", false},
		{30, "0.33", false},
		{1, "0.25", true},
	} {
		rate, blocked := allowed(changes, at.Add(-time.Duration(tc.ago)*time.Second))
		if got := fmt.Sprintf("%.2f", rate); got != tc.rate || blocked != tc.blocked {
			t.Errorf("%d s ago %s a second, blocked %v; want %s, %v", tc.ago, got, blocked, tc.rate, tc.blocked)
		}
	}
	block := engine.PaceChange{At: noon, From: time.Second, To: time.Second, Until: noon.Add(time.Minute)}
	during := engine.PaceChange{At: noon.Add(time.Second), From: time.Second, To: 2 * time.Second}
	if _, blocked := allowed([]engine.PaceChange{block, during}, noon.Add(30*time.Second)); !blocked {
		t.Error("a change during a block ends it")
	}
	if rate, _ := allowed([]engine.PaceChange{{At: noon, From: time.Second}}, noon); rate >= 0 {
		t.Errorf("a host that is not paced is allowed %v", rate)
	}
}
