package ui

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// watching is a screen that may only watch.
func watching(t *testing.T, sc scene, w, h int) *stage {
	return newStage(t, sc, w, h, func(d *Deps) { d.ReadOnly = true })
}

// Every action of the list, on every panel: one that changes the run is refused
// with its name, whoever asks for it; none reaches the engine. And the list is
// right about which ones change it: without read-only the others do not.
func TestReadOnly(t *testing.T) {
	each := func(t *testing.T, s *stage, check func(a action, where string)) {
		for _, p := range []panel{batchesPanel, workersPanel, hostsPanel, resultsPanel} {
			for _, a := range newKeys() {
				if a.act == actQuit || a.act == actInterrupt {
					continue // TestReadOnlyIsLeft
				}
				s.turnTo(p)
				s.dialogs.open, s.filtering, s.toasts.list, s.fake.calls = nil, false, nil, nil
				s.run(s.do(a.act, ""))
				s.rest(20 * time.Millisecond)
				check(a, fmt.Sprintf("panel %d, %s", p, a.id))
			}
		}
	}
	sc := busyScene()
	sc.jobs = fates(12)
	synctest.Test(t, func(t *testing.T) {
		s := watching(t, sc, 120, 36)
		each(t, s, func(a action, where string) {
			if len(s.fake.calls) > 0 {
				t.Errorf("%s: the engine was told %v", where, s.fake.calls)
			}
			if want := "read-only: " + a.name + " is not possible here"; a.changes() != (s.toast() == want) {
				t.Errorf("%s: changes is %v, and the toast says %q", where, a.changes(), s.toast())
			}
			if a.changes() && s.dialogs.any() {
				t.Errorf("%s opens a dialog", where)
			}
		})
	})
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, sc, 120, 36)
		each(t, s, func(a action, where string) {
			if !a.changes() && len(s.fake.calls) > 0 {
				t.Errorf("%s is said to change nothing, and told the engine %v", where, s.fake.calls)
			}
		})
	})
}

// Nothing that can be pressed or pasted reaches the engine, in dialogs neither.
func TestReadOnlyWhateverIsPressed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := watching(t, busyScene(), 120, 36)
		s.deps.Exporter = &files{there: map[string]int{}}
		var all []string
		for _, a := range s.keys {
			all = append(all, a.key.Keys()...)
		}
		all = append(all, "y", "n", "d", "e", "x")
		all = slices.DeleteFunc(all, func(k string) bool { return strings.HasPrefix(k, "ctrl+") && len(k) > 6 })
		for i, first := range all {
			for _, second := range []string{all[(7*i)%len(all)], "y", "enter"} {
				s.press(first)
				s.rest(grace)
				s.press(second, "esc", "esc")
			}
		}
		s.tell(tea.PasteMsg{Content: "http://one.test/"})
		if len(s.fake.calls) > 0 || s.dialogs.any() || !strings.Contains(s.toast(), "read-only: add a batch") {
			t.Errorf("the engine was told %v, a dialog is open: %v, the toast says %q", s.fake.calls, s.dialogs.any(), s.toast())
		}
	})
}

// A toast, the help, the palette, the footer and the header say that it is so.
func TestReadOnlyIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, size := range [][2]int{{120, 36}, {80, 24}, {60, 15}, {40, 10}} {
			s := watching(t, busyScene(), size[0], size[1])
			got := s.screen()
			if !strings.Contains(strings.SplitN(got, "\n", 2)[0], "READ-ONLY") {
				t.Errorf("the header does not say so:\n%s", got)
			}
			if foot := got[strings.LastIndexByte(got, '\n'):]; strings.Contains(foot, "add") || strings.Contains(foot, "retry") || strings.Contains(foot, "pause") {
				t.Errorf("the footer offers what is not possible:\n%s", got)
			}
			checkFrame(t, s, size[0], size[1])
			if size[0] < 60 {
				if strings.Contains(got, "x u P") || !strings.Contains(got, "? q work here") {
					t.Errorf("the card offers what is not possible:\n%s", got)
				}
				continue
			}
			s.press("?")
			if got := s.screen(); !strings.Contains(got, "Steer: not possible, read-only") && size[1] > 15 {
				t.Errorf("the help does not say so:\n%s", got)
			}
			s.press("X")
			if got := s.screen(); !strings.Contains(got, "cancel the run              read-only") {
				t.Errorf("the help's search does not say so:\n%s", got)
			}
			s.press("esc", ":", "c", "a", "n", "c", "e", "l")
			if got := s.screen(); !strings.Contains(got, "not now: read-only: cancel") && size[1] > 15 {
				t.Errorf("the palette does not say so:\n%s", got)
			}
		}
	})
}

// It can be left, and the question says what that does; it never cancels.
func TestReadOnlyIsLeft(t *testing.T) {
	for _, tc := range []struct{ kept, says, key string }{
		{"", "x     leave: this program is the run, and ends it", "x"},
		{"weir resume 7", "q     leave: the rest waits for weir resume 7", "q"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := watching(t, busyScene(), 120, 36)
			s.deps.Kept = tc.kept
			s.press("q")
			s.rest(time.Second)
			got := s.screen()
			if !strings.Contains(got, tc.says) || strings.Contains(got, "drain") || strings.Contains(got, "cancel what") {
				t.Errorf("the question is\n%s", got)
			}
			s.press("d")
			if s.quit || !s.dialogs.any() {
				t.Error("d answers the question")
			}
			s.press(tc.key)
			if !s.quit || len(s.fake.calls) > 0 || s.toast() != "" {
				t.Errorf("left: %v; the engine was told %v, the operator %q", s.quit, s.fake.calls, s.toast())
			}
		})
	}
}

// deafController is one that a plain screen must not reach.
type deafController struct{ engine.Controller }

func (deafController) Add(context.Context, engine.Batch, iter.Seq2[engine.Job, error]) (engine.Added, error) {
	panic("add")
}

// Lines refuse with the same word, and help says so.
func TestReadOnlyLines(t *testing.T) {
	for _, c := range plainCommands() {
		p := &plain{deps: Deps{ReadOnly: true, Controller: engine.ReadOnly(deafController{}), Planner: &listPlanner{}}, call: callIn(t.Context())}
		p.command(c.name + " 1")
		said := strings.Join(p.pending, "\n")
		want := fmt.Sprintf("read-only: %s is not possible here", c.name)
		if c.changes != (said == want) {
			t.Errorf("%s says %q", c.name, said)
		}
		p.pending = nil
		p.command("help " + c.name)
		if said := strings.Join(p.pending, "\n"); c.changes != (said == c.name+": not possible, read-only") {
			t.Errorf("help %s says %q", c.name, said)
		}
	}
	p := &plain{deps: Deps{ReadOnly: true, Controller: engine.ReadOnly(deafController{})}, call: callIn(t.Context())}
	if cmd := p.typed("http://one.test/"); cmd != nil || len(p.urls) > 0 {
		t.Error("a URL is gathered")
	}
	_, err := p.deps.Controller.SetWorkers(t.Context(), 4)
	if got := errorLine("workers", err); got != "workers: read-only: the run cannot be changed here" {
		t.Errorf("workers 4 says %q", got)
	}
}
