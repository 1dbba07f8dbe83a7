package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/exp/golden"
)

// cardSizes are terminals that show the card.
var cardSizes = [][2]int{{59, 20}, {50, 12}, {40, 10}, {30, 6}, {24, 5}, {20, 4}, {12, 3}, {8, 2}, {1, 1}}

// What the card shows in each of them.
func TestCard(t *testing.T) {
	for _, sc := range []scene{busyScene(), finishedScene(), startScene()} {
		t.Run(sc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var all strings.Builder
				s := newStage(t, sc, 120, 36)
				for _, size := range cardSizes {
					s.tell(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
					checkFrame(t, s, size[0], size[1])
					fmt.Fprintf(&all, "%dx%d\n%s\n", size[0], size[1], strings.ReplaceAll(s.screen(), " \n", "\n"))
				}
				golden.RequireEqual(t, all.String())
			})
		})
	}
}

// Every key that the card tells does something there, by itself and by a click,
// and the dialog that it opens can be seen. Keys that act on a row do nothing:
// there is none.
func TestCardKeys(t *testing.T) {
	for _, size := range [][2]int{{50, 12}, {40, 10}, {24, 5}, {20, 4}} {
		synctest.Test(t, func(t *testing.T) {
			shown := func(with ...func(*Deps)) *stage {
				s := newStage(t, busyScene(), size[0], size[1], with...)
				s.deps.Exporter = &files{there: map[string]int{}}
				return s
			}
			s := shown()
			before := s.after()
			rows := s.head().card(s.h)
			told := map[act]bool{}
			for y, r := range rows {
				for _, spot := range r.spots {
					told[spot.act] = true
					clicked, pressed := shown(), shown()
					clicked.clickAt(spot.from, y)
					pressed.pressAct(spot.act)
					clicked.rest(time.Second)
					pressed.rest(time.Second)
					if got, want := clicked.after(), pressed.after(); got != want || got == before && len(pressed.toasts.list) == 0 {
						t.Errorf("%v: a click on %s: %s\nits key: %s", size, s.keys.of(spot.act).id, got, want)
					}
					if spot.act != actQuit && pressed.dialogs.any() && !strings.ContainsAny(pressed.screen(), "┏") {
						t.Errorf("%v: %s opens what is not to be seen:\n%s", size, s.keys.of(spot.act).id, pressed.screen())
					}
				}
			}
			if size[0] >= 40 && size[1] >= 10 {
				for _, a := range slices.Concat(cardActs[:8], cardLast) {
					if !told[a] {
						t.Errorf("%v: %s is not told:\n%s", size, s.keys.of(a).id, s.screen())
					}
				}
			}
			for _, a := range s.keys {
				if a.in != onPanels || len(a.key.Keys()) == 0 || told[a.act] || cardHas(a.act, size[0], size[1]) {
					continue
				}
				s := shown()
				s.pressAct(a.act)
				if a.act == actInterrupt || a.act == actCancelAll {
					continue
				}
				if s.dialogs.any() || len(s.fake.calls) > 0 || s.filtering {
					t.Errorf("%v: %s does something: %s", size, a.id, s.after())
				}
			}
		})
	}
}

// On the card a pattern excludes of the run: the batch under the cursor of a
// panel that is not there is not meant. And a filter that was being typed has
// the keys no longer.
func TestCardMeansTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		s.press("1", "/")
		s.turnTo(batchesPanel)
		s.tell(tea.WindowSizeMsg{Width: 40, Height: 10})
		s.press("E")
		if !s.dialogs.any() || s.dialogs.open[0].(*excludeDialog).batch != 0 {
			t.Errorf("E does not ask about the run:\n%s", s.screen())
		}
		s.press("esc", "x")
		if want := []string{"cancel the run"}; !slices.Equal(s.fake.calls, want) {
			t.Errorf("x told the engine %v, want %v", s.fake.calls, want)
		}
	})
}

// A dialog that a terminal has no room for says how it is left.
func TestDialogWithoutRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 20, 4)
		s.press("q")
		if !strings.HasSuffix(s.screen(), "no room: esc closes ") {
			t.Errorf("nothing is said of it:\n%s", s.screen())
		}
		s.rest(time.Second)
		s.press("esc")
		if s.dialogs.any() || strings.Contains(s.screen(), "no room") {
			t.Errorf("it is not closed:\n%s", s.screen())
		}
	})
}

// Where a question has little room its choices have it, all of them.
func TestQuestionsInLittleRoom(t *testing.T) {
	for _, size := range [][2]int{{50, 12}, {40, 10}, {30, 8}, {24, 7}} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, busyScene(), size[0], size[1])
			s.press("q")
			got := s.screen()
			for _, choice := range []string{"esc   s", "e     e", "d     d", "x     c"} {
				if !strings.Contains(got, choice) {
					t.Errorf("%v: %q is missing:\n%s", size, choice, got)
				}
			}
			checkFrame(t, s, size[0], size[1])
		})
	}
}

// The form shows a field whole where it cannot show all three.
func TestNarrowForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 40, 10)
		s.press("a")
		for _, want := range []string{"recipe page ▾  ", "recipe page ▾  ", "priority normal ▾", "interval 1.0s"} {
			if got := s.screen(); !strings.Contains(got, want) {
				t.Errorf("%q is missing:\n%s", want, got)
			}
			s.press("tab")
		}
	})
}

// The palette opens on the card, and does there what needs no row: also when it
// was opened where there are some.
func TestCardHasAPalette(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		s.press(":")
		for _, key := range "cancel sel" {
			s.press(string(key))
		}
		s.tell(tea.WindowSizeMsg{Width: 50, Height: 12})
		s.drawn = nil
		if got := s.screen(); !strings.Contains(got, "not now: it needs a terminal of 60x15") {
			t.Errorf("nothing says why no row can be cancelled:\n%s", got)
		}
		s.press("enter")
		s.press("esc")
		if got := strings.Join(s.fake.calls, " "); got != "" {
			t.Errorf("%s was asked for, of a row that nobody sees", got)
		}
		s.press(":")
		for _, key := range "pause or resume the run" {
			s.press(string(key))
		}
		s.press("enter")
		s.rest(0)
		if got := strings.Join(s.fake.calls, " "); !strings.Contains(got, "pause") {
			t.Errorf("the run is not paused by the palette of the card: %q", got)
		}
	})
}
