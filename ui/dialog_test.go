package ui

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"weir/engine"
)

// sizes are the screens worth a golden.
var sizes = [][2]int{{120, 36}, {80, 24}, {60, 15}}

// blanks are those at the end of lines, most of what dialogs over an empty
// screen are made of.
var blanks = regexp.MustCompile(`(?m) +$`)

// goldens compares what draw makes at every size.
func goldens(t *testing.T, open func() dialog) {
	for _, size := range sizes {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, open())
				view := d.screen(size[0], size[1])
				checkSize(t, view, size[0], size[1])
				golden.RequireEqual(t, blanks.ReplaceAllString(view, ""))
			})
		})
	}
}

// busy is the run of the drawings.
func busy() engine.Stats {
	at := time.Date(2026, 11, 23, 14, 3, 0, 0, time.UTC)
	return engine.Stats{
		At: at, State: engine.RunRunning,
		Counts: engine.Counts{
			Submitted: 1255, Backlog: 324, Queued: 100, Retry: 14, InFlight: 5,
			OK: 790, Empty: 3, Failed: 9, Skipped: 10,
		},
		Hosts: []engine.HostStats{
			{Host: "127.0.0.1:4010", Interval: time.Second, Waiting: 165, InFlight: 1},
			{Host: "127.0.0.1:4011", Interval: 2900 * time.Millisecond, Waiting: 31, Reason: engine.ServerAsked{Until: at.Add(7200 * time.Millisecond)}},
			{Host: "127.0.0.1:4012", Interval: time.Second, Waiting: 120, InFlight: 1},
			{Host: "127.0.0.1:4013", Interval: time.Second, Waiting: 122, InFlight: 3},
		},
	}
}

func TestQuitView(t *testing.T) {
	goldens(t, func() dialog { return newQuit(Deps{}, busy()) })
}

func TestQuitKeptView(t *testing.T) {
	goldens(t, func() dialog { return newQuit(Deps{Kept: "weir resume 7"}, busy()) })
}

func TestHelpView(t *testing.T) {
	goldens(t, func() dialog { return newHelp(newKeys(), resultsPanel) })
}

func TestPaletteView(t *testing.T) {
	whyNot := func(a act) string {
		if a == actUndo {
			return "nothing to undo"
		}
		return ""
	}
	goldens(t, func() dialog { return newPalette(newKeys(), whyNot) })
}

func TestQuestionView(t *testing.T) {
	goldens(t, func() dialog {
		return newQuestion("Faster than the run?", []string{"0.5s between two requests to a host: this run was asked to keep 1.0s."}, "add it with that interval", nil)
	})
}

func TestInputView(t *testing.T) {
	goldens(t, func() dialog {
		return newInput("Interval", "time between two requests to 127.0.0.1:4010:", "1.0s", nil)
	})
}

func TestQuestionIgnoresKeysAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{t: t}
		d.run(d.push(newQuestion("Sure?", nil, "do it", fasterMsg{})))
		d.rest(grace - time.Millisecond)
		d.key("y")
		d.key("esc")
		d.rest(0)
		if !d.any() {
			t.Fatal("a key in flight has answered")
		}
		d.rest(2 * time.Millisecond)
		d.key("y")
		d.rest(0)
		if d.any() {
			t.Error("the question does not take keys after its grace")
		}
	})
}

// The grace of a question is its own: that of an older one wakes no other.
func TestQuestionsWakeThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{t: t}
		d.run(d.push(newQuestion("First?", nil, "do it", nil)))
		d.rest(grace - time.Millisecond)
		d.run(d.push(newQuestion("Second?", nil, "do it", nil)))
		d.rest(10 * time.Millisecond)
		d.key("esc")
		if len(d.open) != 2 {
			t.Error("the second question was answered within its grace")
		}
		d.rest(grace)
		d.key("esc")
		d.key("esc")
		if d.any() {
			t.Error("esc does not close one question after the other")
		}
	})
}

func TestQuestionKeys(t *testing.T) {
	for key, yes := range map[string]bool{"y": true, "Y": true, "n": false, "esc": false, "enter": false, "ctrl+c": false} {
		t.Run(key, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, newQuestion("Sure?", nil, "do it", quitMsg{leaveDrain}))
				d.press("j") // means nothing
				d.press(key)
				if d.any() {
					t.Error("the question is still open")
				}
				if got := len(d.answers) == 1; got != yes {
					t.Errorf("answers %v, want one: %v", d.answers, yes)
				}
			})
		})
	}
}

func TestInputTakesKeysAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		check := func(s string) (tea.Msg, error) {
			every, err := parsePace(s)
			return exportedMsg{path: every.String()}, err
		}
		d := &desk{t: t}
		d.run(d.push(newInput("Interval", "between two requests:", "1.0s", check)))
		for _, k := range []string{"ctrl+u", "x", "enter"} {
			d.key(k)
		}
		if view := d.screen(80, 24); !strings.Contains(view, errPace.Error()[:40]) {
			t.Errorf("a bad value is not said:\n%s", view)
		}
		d.key("backspace")
		d.run(d.update(tea.PasteMsg{Content: "5\n"}))
		d.key("enter")
		d.rest(0)
		if got, want := d.answer(), (exportedMsg{path: "5s"}); got != want || d.any() {
			t.Errorf("got %v, open %v; want %v and closed", got, d.any(), want)
		}
	})
}

// What is proposed needs no clearing: it goes when something is typed, and
// stays for who edits it.
func TestInputProposes(t *testing.T) {
	for name, tc := range map[string]struct {
		keys []string
		want string
	}{
		"taken as it is":           {[]string{"enter"}, "1.0s"},
		"typed over":               {[]string{"5", "0", "enter"}, "50"},
		"edited from its end":      {[]string{"backspace", "m", "enter"}, "1.0m"},
		"edited from where one is": {[]string{"home", "2", "enter"}, "21.0s"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &desk{t: t}
				d.run(d.push(newInput("Interval", "between two requests:", "1.0s", func(s string) (tea.Msg, error) {
					return exportedMsg{path: s}, nil
				})))
				for _, k := range tc.keys {
					d.key(k)
				}
				d.rest(0)
				if got, want := d.answer(), (exportedMsg{path: tc.want}); got != want {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		})
	}
}

// Keys go to the top dialog alone, what happens meanwhile to all.
func TestDialogsHandOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, newQuit(Deps{}, busy()), newHelp(newKeys(), resultsPanel))
		d.press("x")
		if len(d.answers) > 0 {
			t.Errorf("%v: the dialog below took the key", d.answers)
		}
		later := busy()
		later.Counts.Queued--
		later.Counts.OK++
		d.run(d.update(viewMsg{view: &engine.View{Stats: later}}))
		d.press("esc")
		if view := d.screen(80, 24); !strings.Contains(view, "813 results") {
			t.Errorf("the dialog below missed a view:\n%s", view)
		}
	})
}

func TestQuitKeys(t *testing.T) {
	idle := busy()
	idle.Counts.Backlog, idle.Counts.Queued, idle.Counts.Retry, idle.Counts.InFlight = 0, 0, 0, 0
	fresh := busy()
	fresh.Counts = engine.Counts{Submitted: 10, Backlog: 10}
	for _, tc := range []struct {
		name  string
		stats engine.Stats
		kept  string
		key   string
		want  tea.Msg
		stays bool
	}{
		{name: "esc stays", stats: busy(), key: "esc"},
		{name: "enter stays", stats: busy(), key: "enter"},
		{name: "e exports", stats: busy(), key: "e", want: quitMsg{leaveExport}},
		{name: "d drains", stats: busy(), key: "d", want: quitMsg{leaveDrain}},
		{name: "x cancels", stats: busy(), key: "x", want: quitMsg{leaveCancel}},
		{name: "ctrl+c again cancels", stats: busy(), key: "ctrl+c", want: quitMsg{leaveCancel}},
		{name: "q again stays", stats: busy(), key: "q"},
		{name: "q again leaves a run that is kept", stats: busy(), kept: "weir resume 7", key: "q", want: quitMsg{leaveNow}},
		{name: "ctrl+c again leaves it, and cancels nothing", stats: busy(), kept: "weir resume 7", key: "ctrl+c", want: quitMsg{leaveNow}},
		{name: "x cancels it", stats: busy(), kept: "weir resume 7", key: "x", want: quitMsg{leaveCancel}},
		{name: "nothing to drain", stats: idle, key: "d", stays: true},
		{name: "nothing to export", stats: fresh, key: "e", stays: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, newQuit(Deps{Kept: tc.kept}, tc.stats))
				d.press(tc.key)
				switch {
				case d.any() != tc.stays:
					t.Errorf("open: %v, want %v", d.any(), tc.stays)
				case tc.want == nil && len(d.answers) > 0:
					t.Errorf("got %v, want no answer", d.answers)
				case tc.want != nil && d.answer() != tc.want:
					t.Errorf("got %v, want %v", d.answer(), tc.want)
				}
			})
		})
	}
}

func TestQuitSaysWhatIsLost(t *testing.T) {
	saved := func(n uint64) func() uint64 { return func() uint64 { return n } }
	idle := busy()
	idle.Counts.Backlog, idle.Counts.Queued, idle.Counts.Retry, idle.Counts.InFlight = 0, 0, 0, 0
	parkedHost := busy()
	parkedHost.Hosts[1].Reason = engine.ServerAsked{Until: parkedHost.At.Add(time.Hour), Parked: true}
	for _, tc := range []struct {
		name  string
		deps  Deps
		stats engine.Stats
		any   bool
		want  string
	}{
		{"in memory only", Deps{}, busy(), true, "812 results are only in memory (no -o)"},
		{"all in the file", Deps{Saving: "out.jsonl", Saved: saved(812)}, busy(), true, "812 results saved in out.jsonl."},
		{"some on their way", Deps{Saving: "out.jsonl", Saved: saved(800)}, busy(), true, "12 of them will when you leave"},
		{"done and saved", Deps{Saving: "out.jsonl", Saved: saved(812)}, idle, false, "Every job has ended."},
		{"kept", Deps{Kept: "weir resume 7"}, busy(), true, "leave: the rest waits for weir resume 7"},
		{"kept, and in a file", Deps{Kept: "weir resume 7", Saving: "out.jsonl", Saved: saved(800)}, busy(), true, "12 of them will when you leave"},
		{"kept and done", Deps{Kept: "weir resume 7"}, idle, false, "812 results kept."},
		{"kept, done and behind with a file", Deps{Kept: "weir resume 7", Saving: "out.jsonl", Saved: saved(800)}, idle, false, "leave: weir resume 7 shows it again"},
		{"done and not saved", Deps{}, idle, true, "Every job has ended."},
		{"drain time is known", Deps{}, busy(), true, "105 queued and in flight (about"},
		{"drain time is not known while a host is parked", Deps{}, parkedHost, true, "105 queued and in flight, leave"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := losingOf(tc.deps, tc.stats).any(); got != tc.any {
				t.Errorf("asks: %v, want %v", got, tc.any)
			}
			view := ansi.Strip(newQuit(tc.deps, tc.stats).View(NewTheme(true, false), 80, 19))
			if !strings.Contains(view, tc.want) {
				t.Errorf("%q does not stand in\n%s", tc.want, view)
			}
		})
	}
}

func TestPaletteKeys(t *testing.T) {
	whyNot := func(a act) string {
		if a == actUndo {
			return "nothing to undo"
		}
		return ""
	}
	for _, tc := range []struct {
		name  string
		keys  []string
		want  tea.Msg
		stays bool
	}{
		{name: "words find it", keys: []string{"c", "a", "n", "c", "e", "l", "space", "r", "u", "n", "enter"}, want: actMsg{actCancelAll}},
		{name: "the key finds it", keys: []string{"R", "enter"}, want: actMsg{actRetryAll}},
		{name: "down goes on", keys: []string{"p", "a", "u", "s", "e", "down", "enter"}, want: actMsg{actPauseAll}},
		{name: "up comes back", keys: []string{"p", "a", "u", "s", "e", "down", "up", "enter"}, want: actMsg{actPause}},
		{name: "what is not possible says why", keys: []string{"u", "enter"}, stays: true},
		{name: "no such action", keys: []string{"q", "q", "q", "enter"}, stays: true},
		{name: "esc closes", keys: []string{"a", "esc"}},
		{name: "ctrl+c closes", keys: []string{"a", "ctrl+c"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, newPalette(newKeys(), whyNot))
				d.press(tc.keys...)
				if d.any() != tc.stays {
					t.Errorf("open: %v, want %v", d.any(), tc.stays)
				}
				if tc.want != nil && d.answer() != tc.want || tc.want == nil && len(d.answers) > 0 {
					t.Errorf("got %v, want %v", d.answers, tc.want)
				}
			})
		})
	}
}

// While nothing is typed the palette has every action once: those that change
// the run, those that look at it, and those that only move last.
func TestPaletteHasEveryAction(t *testing.T) {
	found := newPalette(newKeys(), nil).found
	if all := newKeys().search(""); len(found) != len(all) || all[0].act != actUp {
		t.Errorf("%d actions of %d, and the help begins with %s", len(found), len(all), all[0].name)
	}
	var parts []string
	last := ""
	for _, a := range found {
		part := string(a.group)
		if a.act.moves() {
			part = "move"
		}
		if part != last {
			parts, last = append(parts, part), part
		}
	}
	if got, want := strings.Join(parts, ", "), "Steer, Look, Lists, move"; got != want {
		t.Errorf("the parts are %s, want %s", got, want)
	}
	seen := map[act]bool{}
	for i, a := range found {
		if seen[a.act] {
			t.Errorf("%s is there twice", a.name)
		}
		seen[a.act] = true
		p := newPalette(newKeys(), nil)
		for range i {
			p.Update(keyPress("down"))
		}
		if view := ansi.Strip(p.View(NewTheme(true, false), 120, 31)); !strings.Contains(view, "▸ "+a.name) {
			t.Errorf("%s cannot be reached:\n%s", a.name, view)
		}
		if a.act == actNone || a.name == "" || a.does == "" {
			t.Errorf("%+v: no name, or does nothing", a)
		}
	}
}

func TestHelpKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, newHelp(newKeys(), resultsPanel))
		d.typeText("undo")
		view := d.screen(80, 24)
		if !strings.Contains(view, "take back the last change") || strings.Contains(view, "export") {
			t.Errorf("typing does not search:\n%s", view)
		}
		d.typeText("zzz")
		if view := d.screen(80, 24); !strings.Contains(view, "no key does that") {
			t.Errorf("nothing found is not said:\n%s", view)
		}
		d.press("esc")
		if d.any() {
			t.Error("esc does not close")
		}
	})
}

// Every key of the map stands in the help, at every size, scrolled or not.
func TestHelpIsWhole(t *testing.T) {
	for _, size := range sizes {
		h := newHelp(newKeys(), batchesPanel)
		var all strings.Builder
		for range 30 {
			all.WriteString(ansi.Strip(h.View(NewTheme(true, false), size[0], size[1]-5)))
			h.Update(keyPress("down"))
		}
		for _, a := range newKeys() {
			if want := a.pair + "  " + a.word; a.pair != "" && !strings.Contains(all.String(), want) {
				t.Errorf("%v: %q is missing", size, want)
			}
		}
	}
}

func TestOverlay(t *testing.T) {
	for _, tc := range []struct {
		name, base, box string
		x, y            int
		want            string
	}{
		{"in the middle", "abcdef\nghijkl", "XY", 2, 1, "abcdef\nghXYkl"},
		{"over the end of a short line", "ab", "XY", 4, 0, "ab  XY"},
		{"below the base is not drawn", "ab", "X\nY", 0, 0, "Xb"},
		{"a wide character cut at its left half", "世界", "X", 1, 0, " X界"},
		{"a wide character cut at its right half", "世界", "X", 2, 0, "世X "},
		{"styles after the box go on", "\x1b[31mabcd\x1b[m", "X", 1, 0, "aXcd"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := ansi.Strip(overlay(tc.base, tc.box, tc.x, tc.y)); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// A terminal that becomes too small for an open dialog shows none of it, and
// all of it when there is room again.
func TestDialogsWithoutRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		for _, key := range []string{"l", "w", "W", ":", "?", "C", "E", "e", "a", "q", "/"} {
			s.press(key)
			whole := s.screen()
			for _, size := range [][2]int{{1, 1}, {23, 9}, {60, 3}, {24, 7}, {200, 1}} {
				s.tell(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
				checkFrame(t, s, size[0], size[1])
			}
			s.tell(tea.WindowSizeMsg{Width: 120, Height: 36})
			if got := s.screen(); got != whole {
				t.Errorf("after %s and small sizes the screen is\n%s\nwant\n%s", key, got, whole)
			}
			s.press("esc")
		}
	})
}

// A note that does not fit is scrolled to its end, by keys and the wheel; any
// other key closes it, as every key does one that fits.
func TestNoteIsReadToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, parkedScene(), 60, 15)
		s.press("W")
		whole := whyRun(s.says, &s.stats, s.saved(), 0)
		end := whole[len(whole)-1]
		end = end[strings.LastIndex(strings.TrimRight(end, "."), " ")+1:]
		last := func() bool { return strings.Contains(s.screen(), end) }
		if last() || !strings.Contains(s.screen(), "Limited by") || !strings.Contains(s.screen(), "j k more   esc close") {
			t.Fatalf("it is at its beginning:\n%s", s.screen())
		}
		for _, key := range []string{"j", "pgdown", "G"} {
			s.press(key)
			if strings.Contains(s.screen(), "Limited by") || !s.dialogs.any() {
				t.Errorf("after %s:\n%s", key, s.screen())
			}
			checkFrame(t, s, 60, 15)
		}
		if !last() {
			t.Errorf("G does not show %q:\n%s", end, s.screen())
		}
		for range 9 {
			s.press("k")
		}
		if !strings.Contains(s.screen(), "Limited by") {
			t.Errorf("k does not lead back:\n%s", s.screen())
		}
		if s.tell(tea.MouseWheelMsg{X: 30, Y: 8, Button: tea.MouseWheelDown}); strings.Contains(s.screen(), "Limited by") {
			t.Errorf("the wheel does not scroll it:\n%s", s.screen())
		}
		s.press("x")
		if s.dialogs.any() || len(s.fake.calls) > 0 {
			t.Errorf("x does not only close it: %v\n%s", s.fake.calls, s.screen())
		}
		s.press("W")
		s.screen() // where it scrolls
		s.tell(tea.WindowSizeMsg{Width: 120, Height: 36})
		if !last() || !strings.Contains(s.screen(), "any key closes") {
			t.Errorf("with room it is\n%s", s.screen())
		}
		if s.press("j"); s.dialogs.any() {
			t.Errorf("j does not close it:\n%s", s.screen())
		}
	})
}
