package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/charmbracelet/x/ansi"

	"weir/engine"
)

// What the palette says of an action is so: one that is not possible says why,
// the key says the same, and neither does it; one that is possible does
// something. In every moment, on every panel.
func TestWhyNotIsTrue(t *testing.T) {
	idle := map[act]bool{ // they may have nothing to do, which needs no words
		actUp: true, actDown: true, actPageUp: true, actPageDown: true, actTop: true, actEnd: true, actPanel: true, actBack: true,
		actFollow: true, actUsual: true, actTheme: true, actThemeDefault: true, actInterrupt: true,
	}
	for _, sc := range []scene{startScene(), busyScene(), finishedScene()} {
		synctest.Test(t, func(t *testing.T) {
			if sc.jobs != nil {
				sc.jobs = fates(12)
			}
			for p := batchesPanel; p <= resultsPanel; p++ {
				for _, a := range newKeys() {
					if a.in != onPanels || idle[a.act] {
						continue
					}
					sc.focus = p
					s := newStage(t, sc, 100, 28)
					s.deps.Exporter = &files{there: map[string]int{}}
					s.fake.results = []engine.Result{{Job: 12, Num: 12, Outcome: engine.OK}}
					s.rest(rushTime) // until the texts of its rows are there
					s.drawn = nil
					s.lively = false // else the last change may be younger than the view
					before, look := s.after(), s.look
					why := s.whyNotFrozen(a.act)
					s.run(s.do(a.act, ""))
					s.rest(rushTime)
					s.drawn = nil
					where := fmt.Sprintf("%s, %v: %s", sc.name, p, a.id)
					did := s.toast() != "" || s.after() != before || len(s.said) > 0 || s.look != look
					s.toasts.list, s.drawn = nil, nil
					switch {
					case why != "" && (s.after() != before || len(s.said) > 0 || s.look != look):
						t.Errorf("%s: not possible (%s), and done", where, why)
					case why == "" && !did:
						t.Errorf("%s: possible, and nothing is done", where)
					}
				}
			}
		})
	}
}

// Reasons that have to be true of the moment.
func TestWhyNotSays(t *testing.T) {
	failed := busyScene()
	failed.stats.Trouble = "sqlite: disk is full"
	for _, tc := range []struct {
		name  string
		scene scene
		press []string
		act   act
		want  string
	}{
		{"nothing was added", startScene(), nil, actCancelAll, "nothing is there: no batch was added yet"},
		{"nothing to exclude", startScene(), nil, actExclude, "nothing waits: no batch was added yet"},
		{"an empty list", startScene(), []string{"1"}, actCancel, "nothing is selected: Batches is empty"},
		{"all has ended", finishedScene(), nil, actPauseAll, "nothing is left: every URL has ended"},
		{"a filter without a match", busyScene(), []string{"/", "z", "z", "z", "enter"}, actCopy, "nothing is selected: no row has what the filter asks for"},
		{"nothing to export of it", busyScene(), []string{"/", "z", "z", "z", "enter"}, actExport, "nothing to export: no row has what the filter asks for"},
		{"a failed store", failed, nil, actPauseAll, "the store failed, which has ended the run: nothing can be changed any more"},
		{"and one looks all the same", failed, nil, actWhyRun, ""},
		{"frozen: acting thaws first", finishedScene(), []string{"F"}, actPauseAll, ""},
		{"frozen: looking is as it was", startScene(), []string{"F"}, actCopy, "nothing is selected: Results is empty"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, tc.scene, 120, 36)
				s.press(tc.press...)
				if got := s.whyNotFrozen(tc.act); got != tc.want {
					t.Errorf("the palette says %q, want %q", got, tc.want)
				}
				if tc.want == "" {
					return
				}
				s.run(s.do(tc.act, ""))
				if got := s.toast(); got != tc.want {
					t.Errorf("the key says %q, want %q", got, tc.want)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, finishedScene(), 120, 36, func(d *Deps) { d.ReadOnly = true })
		s.press("F", ":")
		for _, r := range "pause or resume the run" {
			s.tell(keyPress(strings.Replace(string(r), " ", "space", 1)))
		}
		if got := s.screen(); !strings.Contains(got, "not now: read-only: pause or resume") {
			t.Errorf("frozen and read-only the palette says\n%s", got)
		}
	})
}

// What is said of the chosen action is read in whole at every size, and choosing
// moves nothing else: no side of the box, and no key below it.
func TestPaletteSaysAll(t *testing.T) {
	for _, size := range [][2]int{{120, 36}, {80, 24}, {60, 15}, {50, 12}} {
		for _, sc := range []scene{busyScene(), startScene(), storeFailed()} {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, sc, size[0], size[1])
				p := newPalette(s.keys, s.whyNotFrozen)
				s.run(s.dialogs.push(p))
				before := ""
				for i, a := range p.found {
					p.cursor = i
					s.drawn = nil
					lines := strings.Split(s.screen(), "\n")
					var all []string
					keys := 0 // the line of them
					for at := p.at.y; at < p.at.y+p.at.h; at++ {
						line := ansi.Cut(lines[at], p.at.x, p.at.x+p.at.w)
						words := strings.Fields(strings.Trim(line, "┏┃┗┓┛━"))
						if len(words) > 0 && words[0] == "enter" {
							keys = at
						}
						switch {
						case len(words) == 0:
						case words[0] != s.th.Glyphs.Cursor:
							all = append(all, words...)
						case a.key.Help().Key != "" && !slices.Contains(words, strings.Fields(a.key.Help().Key)[0]):
							t.Errorf("%v, %s: the key of %s does not stand apart: %q", size, sc.name, a.id, line)
						}
					}
					said, _ := p.says(a)
					if !strings.Contains(strings.Join(all, " "), said) {
						t.Errorf("%v, %s: of %s it does not say in whole %q:\n%s", size, sc.name, a.id, said, s.screen())
					}
					now := fmt.Sprint(p.at, keys)
					if before != "" && now != before {
						t.Fatalf("%v, %s: at %s the box moves:\n%s", size, sc.name, a.id, s.screen())
					}
					before = now
				}
			})
		}
	}
}
