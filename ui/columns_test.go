package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/exp/golden"

	"weir/engine"
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
				l := s.results.pane.resultsLayout(c, nil)
				if l.url < 12 {
					t.Fatalf("%d cells, %v: the URL has %d", w, c, l.url)
				}
				if c%7 == 0 {
					s.choose(chosen{shownColumns: c})
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
		if again.results.columns.String() != s.results.columns.String() || again.results.columns.shownColumns == usualColumns {
			t.Errorf("the next screen shows %q", again.results.columns)
		}
		s.press("C", "u", "enter")
		if s.look.Columns != "" || s.results.columns.shownColumns != usualColumns {
			t.Errorf("u leaves %q", s.look.Columns)
		}
	})
}

func TestParseColumns(t *testing.T) {
	for c := range shownColumns(1 << len(columnNames)) {
		for _, fields := range [][]string{nil, {"date"}, {"on call", "field:x", "50%", "Zo\u00eb\x1b"}} {
			want := chosen{c, fields}
			if got, unknown := parseColumns(want.String()); got.shownColumns != c || !slices.Equal(got.fields, fields) || unknown != nil {
				t.Errorf("%q is read as %q, unknown %v", want, got, unknown)
			}
		}
	}
	if c, unknown := parseColumns("why colour size"); c.shownColumns != showWhy|showSize || len(unknown) != 1 || unknown[0] != "colour" {
		t.Errorf("got %q, unknown %v", c, unknown)
	}
	if c, unknown := parseColumns("field: field:%zz field:a field:a why" + strings.Repeat(" field:b", 20) + " field:" + strings.Repeat("x", 300)); c.String() != "why field:a field:b" || len(unknown) != 23 {
		t.Errorf("got %q, %d unknown", c, len(unknown))
	}
	look, lines := Look{Columns: "why colour"}.known()
	if look.Columns != "why" || len(lines) != 1 || !strings.Contains(lines[0], `unknown column "colour"`) {
		t.Errorf("the look is %+v, the log says %q", look, lines)
	}
}

// rotaStage is a screen of pages with records whose recipe has some fields.
func rotaStage(t *testing.T, w, h int) *stage {
	sc := titledScene()
	sc.stats.Batches[0].Fill = []engine.FieldFill{{Field: "date", Records: 9}, {Field: "time", Records: 9}, {Field: "on call\x1b[31m", Records: 9}}
	sc.stats.Batches[1].Fill = []engine.FieldFill{{Field: "time", Records: 9}, {Field: "person", Records: 9}}
	s := newStage(t, sc, w, h)
	for _, j := range sc.jobs[len(sc.jobs)-60:] {
		r := engine.Result{Job: j.ID, Num: j.Num, Outcome: j.Outcome}
		if j.Records > 0 {
			r.Records = []engine.Record{
				{{Name: "date", Value: fmt.Sprintf("2025-02-%02d", j.Num%28+1)}, {Name: "time", Value: ""}, {Name: "person", Value: []string{"Ad\x1b[2Ja", "Grace"}}},
				{{Name: "date", Value: "of the second record"}},
			}
		}
		s.fake.results = append(s.fake.results, r)
	}
	return s
}

// Fields of the recipes are columns too, of what the first record of each row
// has.
func TestFieldColumnsView(t *testing.T) {
	for _, size := range append(sizes, [2]int{200, 60}) {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := rotaStage(t, size[0], size[1])
				s.press("C", "G", "space", "k", "k", "k", "space", "j", "space")
				checkFrame(t, s, size[0], size[1])
				dialog := s.screen()
				s.press("esc")
				checkFrame(t, s, size[0], size[1])
				golden.RequireEqual(t, dialog+"\n\n"+s.screen())
			})
		})
	}
}

func TestFieldColumnsAreRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := rotaStage(t, 120, 36)
		count := &counting{fakeController: s.fake}
		s.deps.Controller = count
		s.press("j", "k")
		if count.asked.Load() != 0 {
			t.Errorf("%d results are read though no field is shown", count.asked.Load())
		}
		s.choose(chosen{0, []string{"date", "gone", "time", "person"}})
		s.press("j", "k")
		got := s.screen()
		for _, want := range []string{"url", "date         time         person", "2025-02-26   \"\"           Ad[2Ja, Gra…"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is missing:\n%s", want, got)
			}
		}
		for _, no := range []string{"gone", "second record"} {
			if strings.Contains(got, no) {
				t.Errorf("%q is on the screen:\n%s", no, got)
			}
		}
		read := count.asked.Load()
		if read == 0 || int(read) > s.results.cur.h+3 {
			t.Errorf("%d results are read for %d rows", read, s.results.cur.h)
		}
		if s.press("j", "k"); count.asked.Load() != read {
			t.Errorf("%d more are read although nothing has changed", count.asked.Load()-read)
		}
		// The next screen has the same columns, and only the heading of what sorts
		// does.
		if s.look.Columns != "field:date field:gone field:time field:person" {
			t.Errorf("kept as %q", s.look.Columns)
		}
		head := strings.Split(s.screen(), "\n")[s.headLine()]
		s.tell(tea.MouseClickMsg{X: cellOf(head, "time         person"), Y: s.headLine(), Button: tea.MouseLeft})
		if w := s.results.table.want; w.by != byNum || w.turned {
			t.Errorf("the heading of a field sorts by %v, turned %v", w.by, w.turned)
		}
		s.tell(tea.MouseClickMsg{X: cellOf(head, "time url"), Y: s.headLine(), Button: tea.MouseLeft})
		if by := s.results.table.want.by; by != byTime {
			t.Errorf("the heading time sorts by %v, want time:\n%s", by, head)
		}
		// A store that cannot tell is asked once.
		s.fake.err = errors.New("disk gone")
		s.choose(chosen{0, []string{"date"}})
		s.press("j", "k")
		read = count.asked.Load()
		if s.press("j", "k", "j"); count.asked.Load() != read {
			t.Errorf("a store with trouble is asked %d times more", count.asked.Load()-read)
		}
	})
}

// headLine is the line of the screen that has the headings of Results.
func (s *stage) headLine() int {
	panels, _ := s.places(false, s.look.Sizes)
	return panels[resultsPanel].y + 1
}

// cellOf returns the cell in which text begins.
func cellOf(line, text string) int {
	before, _, found := strings.Cut(line, text)
	if !found {
		return -1
	}
	return len([]rune(before)) + 1
}

// counting is a controller that counts the results that are read by name.
type counting struct {
	*fakeController
	asked atomic.Int64
}

func (c *counting) Results(ctx context.Context, q engine.Query) ([]engine.Result, error) {
	c.asked.Add(int64(len(q.Jobs)))
	return c.fakeController.Results(ctx, q)
}
