package ui

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/x/exp/golden"
)

// titledScene is a busy one whose pages have titles and an end.
func titledScene() scene {
	sc := busyScene()
	for i := range sc.jobs {
		sc.jobs[i].Title = "Rota of ward " + fmt.Sprint(sc.jobs[i].Num)
		sc.jobs[i].Ended = noon.Add(time.Duration(sc.jobs[i].Num) * time.Second)
	}
	return sc
}

func TestColumnsView(t *testing.T) {
	for _, size := range append(sizes, [2]int{200, 60}) {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, titledScene(), size[0], size[1])
				s.press("C", "space", "j", "j", "space", "k", "j", "j", "j", "space", "j", "space")
				checkSize(t, s.View().Content, size[0], size[1])
				golden.RequireEqual(t, s.screen())
			})
		})
	}
}

// Every choice of columns fits, at every width, and keeps the URL.
func TestColumnsFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, w := range []int{60, 79, 80, 100, 120, 200} {
			s := newStage(t, titledScene(), w, 36)
			for c := range shownColumns(1 << len(columnNames)) {
				l := s.results.pane.resultsLayout(c)
				if l.url < 12 {
					t.Fatalf("%d cells, %v: the URL has %d", w, c, l.url)
				}
				if c%7 == 0 {
					s.choose(c)
					s.drawn = nil
					checkFrame(t, s, w, 36)
				}
			}
		}
	})
}

// A choice is shown at once, kept by its names, and taken back by u.
func TestColumnsAreChosen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, titledScene(), 120, 36)
		s.press("C", "j", "j", "j", "space", "j", "j", "space", "j", "space", "j", "space", "esc")
		if want := "size rows try host ended title"; s.look.Columns != want || s.dialogs.any() {
			t.Errorf("the choice is %q, want %q", s.look.Columns, want)
		}
		got := s.screen()
		for _, want := range []string{"ended    host                 url", "title", "12:13:29 127.0.0.1:4011       127.0.0.1:4011/ocs?Month=11-25 Rota of ward 809"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is missing:\n%s", want, got)
			}
		}
		if strings.Contains(got, "why     ") || strings.Contains(got, "expected") {
			t.Errorf("why is still there:\n%s", got)
		}
		again := dressed(t, titledScene(), s.look, 120, 36)
		if again.results.columns != s.results.columns || again.results.columns == usualColumns {
			t.Errorf("the next screen shows %q", again.results.columns)
		}
		s.press("C", "u", "enter")
		if s.look.Columns != "" || s.results.columns != usualColumns {
			t.Errorf("u leaves %q", s.look.Columns)
		}
	})
}

func TestParseColumns(t *testing.T) {
	for c := range shownColumns(1 << len(columnNames)) {
		if got, unknown := parseColumns(c.String()); got != c || unknown != nil {
			t.Errorf("%q is read as %q, unknown %v", c, got, unknown)
		}
	}
	if c, unknown := parseColumns("why colour size"); c != showWhy|showSize || len(unknown) != 1 || unknown[0] != "colour" {
		t.Errorf("got %q, unknown %v", c, unknown)
	}
	look, lines := Look{Columns: "why colour"}.known()
	if look.Columns != "why" || len(lines) != 1 || !strings.Contains(lines[0], `unknown column "colour"`) {
		t.Errorf("the look is %+v, the log says %q", look, lines)
	}
}
