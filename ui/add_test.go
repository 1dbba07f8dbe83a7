package ui

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"weir/engine"
)

// rota is the list of the drawing: 50 lines, the third bad, two of them twice.
func rota() string {
	lines := []string{
		"https://rota.example.org/schedule/2025-01", "https://rota.example.org/schedule/2025-02",
		"htp://rota.example.org/x", "https://rota.example.org/schedule/2025-01", "https://rota.example.org/schedule/2025-02",
	}
	for len(lines) < 50 {
		lines = append(lines, fmt.Sprintf("https://rota.example.org/page/%d", len(lines)))
	}
	return strings.Join(lines, "\r")
}

func TestAddView(t *testing.T) {
	goldens(t, func() dialog { return newAddForm(&listPlanner{}, time.Second, rota()) })
}

// urls returns n lines of different URLs.
func urls(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "https://h%d.test/%d\n", i%3, i)
	}
	return b.String()
}

func TestAddKeys(t *testing.T) {
	for _, tc := range []struct {
		name  string
		start string // text in the form
		do    func(*desk)
		want  func(addMsg) string // empty: as wanted; nil: no batch may come
		text  string              // that must stand on the screen at the end
		open  int                 // dialogs open at the end
	}{
		{
			name: "enter adds what was typed",
			do:   func(d *desk) { d.typeText("https://a.test/1"); d.press("enter") },
			want: func(m addMsg) string { return wantJobs(m, "https://a.test/1") },
		},
		{
			name: "ctrl+j makes a line",
			do: func(d *desk) {
				d.typeText("https://a.test/1")
				d.press("ctrl+j")
				d.typeText("https://a.test/2")
				d.press("enter")
			},
			want: func(m addMsg) string { return wantJobs(m, "https://a.test/1", "https://a.test/2") },
		},
		{
			name: "CR, CRLF and tabs of a paste separate",
			do: func(d *desk) {
				d.paste("https://a.test/1\rhttps://a.test/2\r\nhttps://a.test/3\thttps://a.test/4")
				d.press("enter")
			},
			want: func(m addMsg) string {
				return wantJobs(m, "https://a.test/1", "https://a.test/2", "https://a.test/3", "https://a.test/4")
			},
		},
		{
			name: "a tab in an unbracketed paste separates",
			do: func(d *desk) {
				for k := range strings.SplitSeq("https://a.test/1", "") {
					d.key(k)
				}
				d.key("tab")
				for k := range strings.SplitSeq("https://a.test/2", "") {
					d.key(k)
				}
				d.rest(time.Second)
				d.press("enter")
			},
			want: func(m addMsg) string { return wantJobs(m, "https://a.test/1", "https://a.test/2") },
		},
		{
			name: "an unbracketed paste is text, its enter a line",
			do: func(d *desk) {
				for _, r := range "https://a.test/1" {
					d.key(string(r))
				}
				d.key("enter")
				for _, r := range "https://a.test/2" {
					d.key(string(r))
				}
				d.rest(time.Second)
			},
			text: "2 URLs on 1 host: 2 new", open: 1,
		},
		{
			name: "enter before the preview waits for it",
			do: func(d *desk) {
				d.paste("")
				d.key("h")
				d.key("backspace")
				d.run(d.update(tea.PasteMsg{Content: "https://a.test/1"}))
				d.press("enter")
			},
			want: func(m addMsg) string { return wantJobs(m, "https://a.test/1") },
		},
		{
			name: "recipe, priority and interval go with the batch", start: "https://a.test/1",
			do: func(d *desk) {
				d.press("tab", "right", "tab", "right", "tab", "backspace", "backspace", "backspace", "backspace")
				d.typeText("2.5")
				d.press("enter")
			},
			want: func(m addMsg) string {
				if m.batch.Recipe.Name != "schedule" || m.batch.Priority != engine.High || m.batch.Interval != 2500*time.Millisecond {
					return fmt.Sprintf("got %+v, want schedule, high, 2.5s", m.batch)
				}
				return ""
			},
		},
		{
			name: "typing replaces the run's interval", start: "https://a.test/1",
			do: func(d *desk) {
				d.press("shift+tab")
				d.typeText("2.5")
				d.press("enter")
			},
			want: func(m addMsg) string {
				if m.batch.Interval != 2500*time.Millisecond {
					return fmt.Sprintf("interval %v, want 2.5s", m.batch.Interval)
				}
				return ""
			},
		},
		{
			name: "the run's own interval stays zero", start: "https://a.test/1",
			do: func(d *desk) { d.press("enter") },
			want: func(m addMsg) string {
				if m.batch.Interval != 0 {
					return fmt.Sprintf("interval %v, want 0: the batch follows the run", m.batch.Interval)
				}
				return ""
			},
		},
		{
			name: "faster than the run asks once, esc stays", start: "https://a.test/1",
			do:   func(d *desk) { faster(d, "0.5"); d.press("esc") },
			text: "interval  0.5", open: 1,
		},
		{
			name: "faster than the run, agreed", start: "https://a.test/1",
			do: func(d *desk) { faster(d, "0"); d.press("y") },
			want: func(m addMsg) string {
				if m.batch.Interval != -1 {
					return fmt.Sprintf("interval %v, want -1: unpaced", m.batch.Interval)
				}
				return ""
			},
		},
		{
			name: "an interval that is none is said", start: "https://a.test/1",
			do:   func(d *desk) { faster(d, "fast") },
			text: "interval: a number of seconds", open: 1,
		},
		{
			name: "shift+tab goes back", start: "https://a.test/1",
			do: func(d *desk) { d.press("tab", "tab", "shift+tab", "left", "enter") },
			want: func(m addMsg) string {
				if m.batch.Recipe.Name != "schedule" {
					return "recipe " + m.batch.Recipe.Name + ", want the other one"
				}
				return ""
			},
		},
		{
			name: "nothing but bad lines is not added", start: "htp://a.test/ ftp://b.test/",
			do:   func(d *desk) { d.press("enter") },
			text: "nothing to add", open: 1,
		},
		{
			name: "an empty form is not added",
			do:   func(d *desk) { d.press("enter") },
			text: "nothing to add: type or paste URLs", open: 1,
		},
		{
			name: "a file that is not there is said", start: "/missing",
			do:   func(d *desk) { d.press("enter") },
			text: "open /missing: no such file or directory", open: 1,
		},
		{
			name: "ctrl+o shows the bad lines", start: urls(30) + "ftp://x.test/ mailto:y\n" + urls(3),
			do:   func(d *desk) { d.press("ctrl+o") },
			text: "line 31: ftp://x.test/: scheme is not http or https", open: 1,
		},
		{
			name: "esc leaves the bad lines first", start: urls(3) + "ftp://x.test/",
			do:   func(d *desk) { d.press("ctrl+o", "esc") },
			text: "4 URLs on 3 hosts: 3 new · 1 invalid", open: 1,
		},
		{name: "esc drops five lines", start: urls(5), do: func(d *desk) { d.press("esc") }},
		{name: "ctrl+c drops five lines", start: urls(5), do: func(d *desk) { d.press("ctrl+c") }},
		{
			name: "esc asks for six lines", start: urls(6),
			do:   func(d *desk) { d.press("esc") },
			text: "6 lines of this list are not added yet.", open: 2,
		},
		{name: "and drops them then", start: urls(6), do: func(d *desk) { d.press("esc"); d.rest(grace); d.press("y") }},
		{
			name: "or keeps them", start: urls(6), do: func(d *desk) { d.press("esc"); d.rest(grace); d.press("n") },
			text: "6 URLs on 3 hosts: 6 new", open: 1,
		},
		{
			name: "typing goes on below a held paste", start: urls(50),
			do:   func(d *desk) { d.typeText("https://below.test/"); d.press("enter") },
			want: func(m addMsg) string { return wantCount(m, 51) },
		},
		{
			name: "backspace opens a short held paste", start: urls(50),
			do:   func(d *desk) { d.press("backspace", "enter") },
			want: func(m addMsg) string { return wantCount(m, 49+1) }, // h1.test/4 for h1.test/49
		},
		{
			name: "backspace takes lines off a long one", start: urls(5000),
			do:   func(d *desk) { d.press("backspace", "backspace", "enter") },
			want: func(m addMsg) string { return wantCount(m, 4998) },
		},
		{
			name: "ctrl+u drops a held paste", start: urls(50),
			do:   func(d *desk) { d.press("ctrl+u"); d.paste("https://a.test/1"); d.press("enter") },
			want: func(m addMsg) string { return wantJobs(m, "https://a.test/1") },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, newAddForm(&listPlanner{}, time.Second, tc.start))
				tc.do(d)
				d.rest(time.Second)
				if tc.want == nil && len(d.answers) > 0 {
					t.Errorf("got %v, want no answer", d.answers)
				} else if tc.want != nil {
					add, ok := d.answer().(addMsg)
					if !ok {
						t.Fatalf("got %T, want an addMsg", d.answer())
					}
					if wrong := tc.want(add); wrong != "" {
						t.Error(wrong)
					}
				}
				if len(d.open) != tc.open {
					t.Errorf("%d dialogs are open, want %d", len(d.open), tc.open)
				}
				if view := d.screen(120, 36); !strings.Contains(view, tc.text) {
					t.Errorf("%q does not stand on\n%s", tc.text, view)
				}
			})
		})
	}
}

// faster sets the interval and presses enter.
func faster(d *desk, interval string) {
	d.press("shift+tab", "ctrl+u")
	d.typeText(interval)
	d.press("enter")
	d.rest(grace)
}

func wantJobs(m addMsg, want ...string) string {
	var got []string
	for job, err := range m.jobs {
		if err == nil {
			got = append(got, job.URL)
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		return fmt.Sprintf("got jobs %v, want %v", got, want)
	}
	return ""
}

func wantCount(m addMsg, want int) string {
	got := 0
	for _, err := range m.jobs {
		if err == nil {
			got++
		}
	}
	if got != want {
		return fmt.Sprintf("got %d jobs, want %d", got, want)
	}
	return ""
}

// slowPlanner stops after so many jobs until it is let go.
type slowPlanner struct {
	listPlanner
	stop int
	wait chan struct{}
	read int
}

func (p *slowPlanner) Plan(s Spec) (engine.Batch, iter.Seq2[engine.Job, error], error) {
	b, jobs, err := p.listPlanner.Plan(s)
	return b, func(yield func(engine.Job, error) bool) {
		for job, err := range jobs {
			if p.read++; p.read == p.stop {
				<-p.wait
			}
			if !yield(job, err) {
				return
			}
		}
	}, err
}

func TestAddPreviewStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &slowPlanner{stop: 2100, wait: make(chan struct{})}
		d := newDesk(t, newAddForm(p, time.Second, urls(5000)))
		if view := d.screen(120, 36); !strings.Contains(view, "2,001 URLs on 3 hosts: 2,001 new…") {
			t.Errorf("a list that is still read does not say how far it is:\n%s", view)
		}
		close(p.wait)
		d.rest(time.Second)
		if view := d.screen(120, 36); !strings.Contains(view, "5,000 URLs on 3 hosts: 5,000 new ") {
			t.Errorf("the whole list is not counted:\n%s", view)
		}
	})
}

func TestAddDropsStaleScans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &slowPlanner{stop: 2100, wait: make(chan struct{})}
		d := newDesk(t, newAddForm(p, time.Second, urls(5000)))
		d.press("ctrl+u")
		close(p.wait)
		d.paste("https://a.test/1")
		if p.read > 2110 {
			t.Errorf("%d lines were read: the dropped list went on", p.read)
		}
		if view := d.screen(120, 36); !strings.Contains(view, "1 URL on 1 host: 1 new") {
			t.Errorf("want the newer list counted:\n%s", view)
		}
	})
}

// The form itself never works through a long list: a paste of 100,000 URLs
// holds it up no longer than a glance.
func TestAddLongPasteDoesNotBlock(t *testing.T) {
	text := urls(100_000)
	f := newAddForm(&listPlanner{}, time.Second, "")
	begin := time.Now()
	f.Update(tea.PasteMsg{Content: text})
	f.View(NewTheme(true, false), 120, 31)
	f.Update(keyPress("x"))
	f.View(NewTheme(true, false), 120, 31)
	if took := time.Since(begin); took > 100*time.Millisecond {
		t.Errorf("took %v, want at most 100ms", took)
	}
}

func TestParsePace(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     time.Duration
		bad      bool
	}{
		{name: "seconds", in: "2", want: 2 * time.Second},
		{name: "parts of seconds", in: " 0.25 ", want: 250 * time.Millisecond},
		{name: "with a unit", in: "1m30s", want: 90 * time.Second},
		{name: "as the form writes it", in: "1.0s", want: time.Second},
		{name: "zero does not pace", in: "0", want: -1},
		{name: "zero with a unit", in: "0s", want: -1},
		{name: "empty", in: "", bad: true},
		{name: "negative", in: "-1", bad: true},
		{name: "more than a day", in: "25h", bad: true},
		{name: "not a number", in: "NaN", bad: true},
		{name: "infinite", in: "Inf", bad: true},
		{name: "words", in: "fast", bad: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := parsePace(tc.in)
			if got != tc.want || (err != nil) != tc.bad {
				t.Errorf("parsePace(%q) = %v, %v; want %v, error %v", tc.in, got, err, tc.want, tc.bad)
			}
		})
	}
}

// Whatever parsePace takes, paceText writes so that it reads back.
func FuzzPace(f *testing.F) {
	for _, seed := range []string{"1", "0.5", "100ms", "1m30s", "0", "33.333", "1ns"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		d, err := parsePace(in)
		if err != nil {
			return
		}
		if back, err := parsePace(paceText(d)); err != nil || back != d {
			t.Errorf("parsePace(%q) = %v, written %q, read back %v, %v", in, d, paceText(d), back, err)
		}
	})
}

// A text that is held though it has few lines, the last of them empty, is drawn
// in any room.
func TestAddTextHeldWithAnEmptyEnd(t *testing.T) {
	text := newAddText()
	for _, s := range []string{"http://one.test/" + strings.Repeat("a", editBytes-20), "\n", "http://one.test/b", "\n"} {
		text.insert(s)
	}
	if text.held == "" || len(text.head) == text.lines {
		t.Fatalf("held are %d bytes in %d lines, %d of them shown", len(text.held), text.lines, len(text.head))
	}
	for h := 1; h <= 2*areaRows; h++ {
		if got := len(text.view(NewTheme(true, false), 60, h, true)); got != h {
			t.Errorf("in %d rows it draws %d", h, got)
		}
	}
}

// refusing is a planner that has one thing to say of every list.
type refusing struct {
	listPlanner
	err error
}

func (p *refusing) Plan(Spec) (engine.Batch, iter.Seq2[engine.Job, error], error) {
	return engine.Batch{}, nil, p.err
}

// A list that only begins is nothing to complain of; what is wrong with one is
// said to its end, where there is little room, too.
func TestAddSaysWhatIsMissing(t *testing.T) {
	th := NewTheme(true, false)
	long := errors.New("recipe page has no {month} in its url: choose schedule for a range of months, or paste URLs")
	for _, tc := range []struct {
		name, typed string
		err         error
		style       Style
		want        string // in one line of 60x15, or several
	}{
		{"nothing", "", nil, th.Muted, "months: BASE 2025-11+6, six from November on"},
		{"the beginning of a URL", "https://", ErrNoURL, th.Muted, "no URL yet"},
		{"a mistake", "x", errors.New("open x: no such file or directory"), th.Bad, "open x: no such file or directory"},
		{"a long story", "http://one.test 2025-11+6", long, th.Bad, long.Error()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, newAddForm(&refusing{err: tc.err}, time.Second, tc.typed))
				view := d.open[len(d.open)-1].View(th, 60, 10)
				var lines []string
				for line := range strings.Lines(ansi.Strip(view)) {
					lines = append(lines, strings.TrimSpace(strings.Trim(line, "┃ \n")))
				}
				if got := strings.Join(lines, " "); !strings.Contains(got, tc.want) || !strings.Contains(got, "esc drop") {
					t.Errorf("%q is not said:\n%s", tc.want, ansi.Strip(view))
				}
				if first := strings.Fields(tc.want)[0]; !strings.Contains(view, tc.style.Render(first)[:len(tc.style.Render(first))-len("\x1b[m")]) {
					t.Errorf("%q is not drawn as it should be:\n%q", first, view)
				}
			})
		})
	}
}

func TestBadText(t *testing.T) {
	for _, tc := range []struct {
		w        int
		in, want string
	}{
		{50, "line 3: htp://one.test/: no scheme", "line 3: htp://one.test/: no scheme"},
		{30, "line 3: htp://one.test/: no scheme", "line 3: htp://one.…: no scheme"},
		{28, "line 3: htp://one.test/: no scheme", "line 3: htp://on…: no scheme"},
		{27, "line 3: htp://one.test/: no scheme", "line 3: htp://o…: no scheme"},
		{26, "line 3: htp://one.test/: no scheme", "line 3: htp://one.test/: …"},
		{10, "line 3: no", "line 3: no"},
		{9, "line 3: no", "line 3: …"},
		{5, "nothing", "noth…"},
	} {
		if got := badText(tc.in, tc.w); got != tc.want {
			t.Errorf("in %d cells it is %q, want %q", tc.w, got, tc.want)
		}
	}
}
