package ui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// pile is a controller with n waiting jobs; every tenth is of an archive, and
// of these every third is in flight.
func pile(n int) *fakeController {
	c := &fakeController{}
	for i := range n {
		j := engine.WaitingJob{ID: engine.JobID(i + 1), URL: fmt.Sprintf("http://127.0.0.1:4010/a/%d", i), Place: engine.Place(i % 3)}
		if i%10 == 0 {
			j.URL = fmt.Sprintf("http://127.0.0.1:4010/Archive/%d/\x1b[31mschedule\u202e.html?month=2025-%02d", i, i%12+1)
		}
		if i%30 == 0 {
			j.Place = engine.InFlight
		}
		c.waits = append(c.waits, j)
	}
	return c
}

func TestExcludeView(t *testing.T) {
	for _, tc := range []struct{ name, typed string }{
		{"empty", ""}, {"some", "/archive/"}, {"few", "re:/a/1[12]$"}, {"none", "nowhere"}, {"bad", "re:td[(x"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			goldens(t, func() dialog {
				e := newExclude(pile(1204), callIn(t.Context()), "batch 2 urls.txt", 2)
				for _, r := range tc.typed {
					e.Update(keyPress(string(r)))
				}
				if e.hunt != nil {
					e.hunt.run(t.Context(), e.from)
					e.Update(huntMsg{e.hunt})
				}
				return e
			})
		})
	}
}

func TestExcludeKeys(t *testing.T) {
	archive := []engine.JobID{11, 21, 41, 51, 71, 81} // of 90; 1, 31 and 61 are in flight
	for _, tc := range []struct {
		name string
		do   func(*desk)
		want []engine.JobID // the answer
		text string         // that must stand on the screen at the end
	}{
		{name: "enter excludes what was shown", do: func(d *desk) { d.typeText("/archive/"); d.press("enter") }, want: archive},
		{name: "in any case", do: func(d *desk) { d.typeText("ARCHIVE"); d.press("enter") }, want: archive},
		{name: "a paste is a pattern", do: func(d *desk) { d.paste("/archive/\r"); d.press("enter") }, want: archive},
		{name: "a regular expression is taken as it is", do: func(d *desk) { d.typeText("re:Archive/[12]0/"); d.press("enter") }, want: archive[:2]},
		{name: "with its own case", do: func(d *desk) { d.typeText("re:archive"); d.press("enter") }, text: "nothing: none of 87 waiting URLs has that"},
		{name: "a dot is a dot", do: func(d *desk) { d.typeText("127.0.0.1.4010"); d.press("enter") }, text: "nothing: none of"},
		{name: "what is in flight is told", do: func(d *desk) { d.typeText("/archive/") }, text: "6 of 87 waiting URLs; 3 in flight go on"},
		{name: "only in flight", do: func(d *desk) { d.typeText("/archive/30/"); d.press("enter") }, text: "nothing that waits; 1 in flight goes on"},
		{name: "the first are named, cleaned", do: func(d *desk) { d.typeText("/archive/") }, text: "http://127.0.0.1:4010/Archive/10/[31mschedule.html?month=2025-11"},
		{name: "a bad expression is told", do: func(d *desk) { d.typeText("re:a("); d.press("enter") }, text: "no regular expression: missing closing ): `a(`"},
		{name: "and mended", do: func(d *desk) { d.typeText("re:/Archive("); d.press("backspace", "enter") }, want: archive},
		{name: "enter without a pattern does nothing", do: func(d *desk) { d.press("enter", "enter") }, text: "what you type is counted here"},
		{name: "nor with spaces", do: func(d *desk) { d.typeText("   re:"); d.press("enter") }, text: "what you type is counted here"},
		{name: "esc leaves them", do: func(d *desk) { d.typeText("/archive/"); d.press("esc") }},
		{name: "ctrl+c too", do: func(d *desk) { d.press("ctrl+c") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, newExclude(pile(90), callIn(t.Context()), "the run", 0))
				tc.do(d)
				d.rest(time.Second)
				if tc.want == nil && len(d.answers) > 0 {
					t.Errorf("got %v, want no answer", d.answers)
				}
				if tc.want != nil {
					if got, ok := d.answer().(excludeMsg); !ok || !slices.Equal(got.jobs, tc.want) {
						t.Errorf("got %v, want %v", d.answer(), tc.want)
					}
				}
				if view := d.screen(80, 24); d.any() != (tc.text != "") || !strings.Contains(view, tc.text) {
					t.Errorf("open: %v; %q does not stand on\n%s", d.any(), tc.text, view)
				}
			})
		})
	}
}

// While it counts it says how far it is; the next key drops the count, and
// enter waits for it.
func TestExcludeCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := pile(10 * huntPage)
		c.takes = 40 * time.Millisecond // a page
		e := newExclude(c, callIn(t.Context()), "the run", 0)
		d := newDesk(t, e)
		d.key("/")
		d.rest(100 * time.Millisecond)
		if view := d.screen(80, 24); !strings.Contains(view, " so far") || !strings.Contains(view, "http://127.0.0.1:4010/a/1 ") {
			t.Errorf("after 100 ms of 400 there is no first screenful:\n%s", view)
		}
		old := e.hunt
		d.key("A")
		if !old.dropped.Load() {
			t.Error("the next key does not drop the count")
		}
		d.rest(100 * time.Millisecond)
		if n := len(old.bag.Load().jobs); n > 3*huntPage || old.bag.Load().done {
			t.Errorf("the dropped count went on to %d", n)
		}
		d.key("enter")
		d.key("enter")
		d.rest(100 * time.Millisecond)
		if view := d.screen(80, 24); len(d.answers) > 0 || !strings.Contains(view, "excludes when all are counted") {
			t.Errorf("answers %v while it counts, on\n%s", d.answers, view)
		}
		d.rest(time.Second)
		if got, ok := d.answer().(excludeMsg); !ok || len(got.jobs) != 10*huntPage-(10*huntPage+29)/30 {
			t.Errorf("got %d jobs, want all that wait", len(got.jobs))
		}
	})
	synctest.Test(t, func(t *testing.T) { // typing takes enter back
		c := pile(10 * huntPage)
		c.takes = 40 * time.Millisecond
		d := newDesk(t, newExclude(c, callIn(t.Context()), "the run", 0))
		d.key("a")
		d.key("enter")
		d.key("r")
		d.rest(2 * time.Second)
		if len(d.answers) > 0 || !d.any() {
			t.Errorf("answers %v", d.answers)
		}
		d.key("enter")
		d.rest(0)
		if got, ok := d.answer().(excludeMsg); !ok || len(got.jobs) < 1000 {
			t.Errorf("got %d jobs", len(got.jobs))
		}
	})
	synctest.Test(t, func(t *testing.T) { // an error is told, and nothing is excluded
		c := pile(90)
		c.err = errors.New("disk \x1b[2Jgone")
		d := newDesk(t, newExclude(c, callIn(t.Context()), "the run", 0))
		d.typeText("a")
		d.press("enter")
		if view := d.screen(80, 24); len(d.answers) > 0 || !strings.Contains(view, "disk [2Jgone") {
			t.Errorf("answers %v on\n%s", d.answers, view)
		}
	})
}

// E on the screen: what it is for, that it is one change, and its toast.
func TestExcludeOnTheScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		s.fake.waits = pile(90).waits
		s.press("E", "/", "a", "r", "c")
		if got := s.screen(); !strings.Contains(got, "Text in the waiting URLs of the run:") || !strings.Contains(got, "enter exclude 6 URLs") {
			t.Errorf("the dialog is\n%s", got)
		}
		s.press("enter")
		if want := []string{"exclude [11 21 41 51 71 81]"}; !slices.Equal(s.fake.calls, want) {
			t.Errorf("the engine was told %v, want %v", s.fake.calls, want)
		}
		if got := s.toast(); got != "6 excluded · u to undo" {
			t.Errorf("the toast says %q", got)
		}
		s.press("1", "down", "E", "a")
		if got := s.screen(); !strings.Contains(got, "Text in the waiting URLs of batch 2 urls.txt:") {
			t.Errorf("the dialog is\n%s", got)
		}
		if q := s.fake.asked[len(s.fake.asked)-1]; q.Batch != 2 || s.fake.asked[0].Batch != 0 {
			t.Errorf("asked for %+v, want batch 2", q)
		}
		s.press("esc")
		s.fake.err = engine.ErrNothing
		s.run(s.exclude([]engine.JobID{1}))
		s.rest(0)
		if got := s.toast(); got != "none of them waits any more" {
			t.Errorf("the toast says %q", got)
		}
		s.press("down", "E") // batch 3 is cancelled
		if got := s.toast(); got != "nothing of batch 3 waits: every URL has ended or is in flight" || s.dialogs.any() {
			t.Errorf("the toast says %q", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, finishedScene(), 80, 24)
		s.press("E")
		if got := s.toast(); got != "nothing waits: every URL has ended or is in flight" || s.dialogs.any() {
			t.Errorf("the toast says %q", got)
		}
	})
}

// BenchmarkHunt is the count of a pattern over 1,000,000 waiting URLs of 60
// bytes, in an engine. first-ms is when there is something to show.
func BenchmarkHunt(b *testing.B) {
	eng, err := engine.New(&enginetest.Scraper{}, engine.Config{})
	if err != nil {
		b.Fatal(err)
	}
	const n = 1_000_000
	if added, err := eng.Add(b.Context(), engine.Batch{}, func(yield func(engine.Job, error) bool) {
		for i := range n {
			host := fmt.Sprintf("h%03d.test", i%1000)
			url := fmt.Sprintf("http://%s/archive/%09d/%030d", host, i, i)
			if !yield(engine.Job{URL: url, Host: host, Fingerprint: url}, nil) {
				return
			}
		}
	}); err != nil || added.New != n {
		b.Fatalf("Add = %+v, %v", added, err)
	}
	for _, pattern := range []string{"/archive/", "/00000001", "nowhere", `re:/archive/0+(12|34)\d*/`} {
		b.Run(pattern, func(b *testing.B) {
			finds, err := parsePattern(pattern)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			var first time.Duration
			for b.Loop() {
				begin := time.Now()
				h := newHunt(func(url string) bool {
					found := finds(url)
					if found && first == 0 {
						first = time.Since(begin)
					}
					return found
				}, 0)
				h.run(b.Context(), eng)
				if of := h.bag.Load().of; of != n {
					b.Fatalf("looked at %d", of)
				}
			}
			b.ReportMetric(float64(first.Microseconds())/1000, "first-ms")
		})
	}
}
