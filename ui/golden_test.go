package ui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/exp/golden"

	"weir/engine"
)

// A state is a screen that an operator may have before them: a scene, and what
// was done to it.
type state struct {
	name  string
	scene func() scene // nil: the busy one
	do    func(*stage)
}

// at is the screen of a state.
func (st state) at(t *testing.T, w, h int) *stage {
	sc := busyScene()
	if st.scene != nil {
		sc = st.scene()
	}
	s := newStage(t, sc, w, h)
	if st.do != nil {
		st.do(s)
	}
	return s
}

// base is what a screen is compared with: the scene that it began with if that
// has a golden of its own at this size, else the busy one, with the same panel
// focused. What is called after a panel is about the focus, and is compared with
// the busy scene as it begins.
func (st state) base(t *testing.T, s *stage) (lines []string, name string) {
	sc := busyScene()
	if st.scene != nil && st.scene().name == "parked" && !slices.Contains(wideSizes, [2]int{s.w, s.h}) {
		sc = parkedScene()
	}
	base := newStage(t, sc, s.w, s.h)
	if !strings.HasPrefix(st.name, "panel ") {
		base.turnTo(s.focus)
		base.tell(nil)
	}
	return strings.Split(base.screen(), "\n"), sc.name
}

// keyed returns what presses keys, slowly enough for a question to hear them.
func keyed(names ...string) func(*stage) {
	return func(s *stage) {
		for _, name := range names {
			s.press(name)
			s.rest(grace)
		}
	}
}

// toPart goes to a part of the details.
func toPart(name string) func(*stage) {
	return func(s *stage) {
		for range 9 {
			if formOf(s.w, s.h) == cardForm || strings.Contains(s.screen(), "["+name) {
				return
			}
			s.press("tab")
		}
		s.t.Fatalf("no part of the details is called %s:\n%s", name, s.screen())
	}
}

// pasted pastes a text and lets it be read.
func pasted(text string) func(*stage) {
	return func(s *stage) {
		s.tell(tea.PasteMsg{Content: text})
		s.rest(time.Second)
	}
}

// inOrder does one thing after the other.
func inOrder(do ...func(*stage)) func(*stage) {
	return func(s *stage) {
		for _, one := range do {
			one(s)
		}
	}
}

// stored is a store with the results of two of its rows at hand.
func stored(s *stage) {
	bad, good := failed(), rotaPage()
	bad.Job, good.Job = 810, 812
	for i := range bad.Header {
		bad.Header[i] = engine.Header{Name: fmt.Sprintf("X-Field-%d", i+1), Value: strings.Repeat("value ", 3*i)}
	}
	good.Findings = append(good.Findings, engine.Finding{Kind: "BadValue", Row: 7, Col: 1, Field: "date", Selector: "td:nth-child(1)", Raw: "31.2.2025"})
	s.fake.results = []engine.Result{bad, good}
}

// keeping keeps the page of one of them.
func keeping(s *stage) {
	page := "<!doctype html>\n<title>Rota of February</title>\n" + strings.Repeat("<tr><td>2025-02-01</td>\t<td>7a-5p</td></tr>\n", 40)
	s.detail.bodies = &library{mime: "text/html; charset=utf-8", at: noon, pages: map[string]string{rotaPage().Final: page}}
}

// waits brings jobs that wait, for every reason that a row can have of its own.
func waits(s *stage) {
	at := s.stats.At
	wait := func(id engine.JobID, host string, p engine.Place, why engine.Reason) engine.JobState {
		return engine.JobState{ID: id, Batch: 1, URL: fmt.Sprintf("http://%s/late/%d", host, id), Host: host, Place: p, Reason: why}
	}
	s.more(
		wait(2001, "127.0.0.1:4010", engine.Queued, nil),
		wait(2002, "127.0.0.1:4011", engine.Backlog, nil),
		wait(2003, "127.0.0.1:4012", engine.Deferred, engine.RetryWait{Due: at.Add(4200 * time.Millisecond), Class: engine.Timeout, Retry: 1}),
		wait(2004, "127.0.0.1:4013", engine.Deferred, engine.HopWait{Host: "127.0.0.1:4014", Due: at.Add(time.Second)}),
		wait(2005, "127.0.0.1:4014", engine.InFlight, nil),
		wait(2006, "127.0.0.1:4010", engine.Backlog, engine.Paused{At: noon, What: "URL"}),
		wait(2007, "127.0.0.1:4010", engine.Backlog, engine.QueueWait{Len: 100, Cap: 100}),
	)
}

// loggedScene is the busy one with a log.
func loggedScene() scene {
	sc := busyScene()
	for i := range 20 {
		line := engine.LogLine{At: noon.Add(time.Duration(i) * 9 * time.Second), Text: fmt.Sprintf("127.0.0.1:4012 /a/%d: status 503, retry 1 of 2", i)}
		switch i % 7 {
		case 3:
			line.Level, line.Text = engine.LevelWarn, "127.0.0.1:4011 answered 429 and asked for 10s"
		case 5:
			line.Level, line.Text = engine.LevelBad, "127.0.0.1:4014 cannot be reached: connection refused"
		}
		sc.log = append(sc.log, line)
	}
	return sc
}

// soon is the later scene at the time of the busy one.
func soon() scene {
	sc := later()
	sc.stats.At = busyScene().stats.At
	return sc
}

// changing is a busy scene with its numbers changed.
func changing(change func(*engine.Stats)) func() scene {
	return func() scene {
		sc := busyScene()
		change(&sc.stats)
		return sc
	}
}

// manyHosts is a busy scene with a host for every thing that may keep one.
func manyHosts() scene {
	sc := busyScene()
	sc.focus = hostsPanel
	at := sc.stats.At
	until := at.Add(95 * time.Second)
	for i, why := range []engine.Reason{
		engine.HostDown{Until: until, Class: engine.DNS, Failures: 5, Probes: 2},
		engine.RobotsDown{Until: until, Status: 503},
		engine.QuotaSpent{Until: until, Parked: true},
		engine.ServerBusy{Until: until, Status: 503, Refusals: 3},
		engine.Probing{},
		engine.Crowding{InFlight: 4},
		engine.RobotsWait{},
		engine.WorkersBusy{Workers: 5},
		engine.RateWait{Next: until},
		engine.PaceWait{Next: until, Interval: 2 * time.Minute, Crawl: true},
		engine.PaceWait{Next: until, Interval: 4 * time.Minute, Slowed: true},
		engine.Paused{At: noon, What: "host"},
		engine.Paused{At: noon, What: "host", Failed: 12, Of: 20},
		engine.Draining{},
	} {
		sc.stats.Hosts = append(sc.stats.Hosts, engine.HostStats{
			Host: fmt.Sprintf("host-%02d.example.org", i+1), Interval: time.Second, Waiting: 1200 * (i + 1), Failed: i, Reason: why,
		})
	}
	return sc
}

// states are the screens worth a golden beside the scenes as they begin, and
// the dialogs that have one of their own.
func states() []state {
	open := inOrder(stored, keyed("enter"))
	openFailed := inOrder(stored, keyed("down", "down", "enter"))
	typing := func(keys ...string) func(*stage) { return inOrder(keyed("/"), pasted(strings.Join(keys, " "))) }
	return []state{
		// Each panel with the focus, and its footer.
		{"panel 1", func() scene {
			sc := filledScene()
			sc.stats.Batches = append(sc.stats.Batches, sc.stats.Batches[1], sc.stats.Batches[1])
			adding, paused := &sc.stats.Batches[3], &sc.stats.Batches[4]
			adding.Batch.ID, adding.State, adding.Batch.Lines = 4, engine.BatchAdding, 300
			paused.Batch.ID, paused.State, paused.Batch.Priority, paused.Batch.Name = 5, engine.BatchPaused, engine.Low, "a name that is longer than its column has cells"
			return sc
		}, keyed("1", "down", "down")},
		{"panel 2", nil, keyed("2", "down")},
		{"panel 3", manyHosts, keyed("down", "down")},
		{"hosts sorted", manyHosts, keyed("s", "s", "s", "s", "S")},

		// What Results can show.
		{"filter typed", nil, typing("outcome:failed", "code:5xx")},
		{"filter kept", nil, inOrder(typing("host:127.0.0.1:4011"), keyed("enter"))},
		{"filter without a match", nil, inOrder(typing("zebra"), keyed("enter"))},
		{"waiting", nil, inOrder(waits, keyed("v"))},
		{"all", nil, inOrder(waits, keyed("v", "v"))},
		{"marked", nil, keyed("space", "down", "space", "space")},
		{"sorted", nil, keyed("s", "s", "s", "S")},
		{"not following", nil, func(s *stage) { keyed("down", "down")(s); s.bring(soon()) }},

		// Details of a URL.
		{"details failed", nil, openFailed},
		{"details headers", nil, inOrder(openFailed, toPart("headers"))},
		{"details ok", nil, open},
		{"details findings", nil, inOrder(open, toPart("findings"))},
		{"details body", nil, inOrder(keeping, open, toPart("body"))},
		{"details body not kept", nil, inOrder(openFailed, toPart("body"))},
		{"details of what waits", nil, inOrder(waits, keyed("v", "enter"))},

		// Dialogs over a screen.
		{"add", nil, pasted(rota())},
		{"add only invalid", nil, inOrder(pasted(rota()), keyed("ctrl+o"))},
		{"add a file that is missing", nil, inOrder(keyed("a"), pasted("/missing/urls.txt"))},
		{"help", nil, keyed("?")},
		{"help searched", nil, keyed("?", "u", "n", "d", "o")},
		{"quit", nil, keyed("q")},
		{"log", loggedScene, keyed("l", "k", "k")},
		{"why a row", nil, inOrder(waits, keyed("v", "w"))},
		{"why the run", parkedScene, keyed("W")},
		{"faster", nil, keyed("3", "down", ">")},
		{"undo of something old", changing(func(s *engine.Stats) { s.Undo[0].At = noon }), keyed("u")},

		// States of the run and of the screen.
		{"frozen", nil, func(s *stage) { keyed("F")(s); s.view(later()) }},
		{"toasts", nil, func(s *stage) {
			s.bring(soon())
			s.tell(doneMsg{err: errors.New("sqlite: disk I/O error")})
		}},
		{"read-only", nil, func(s *stage) { s.watch(true); keyed("x")(s) }},
		{"draining", changing(func(s *engine.Stats) { s.State = engine.RunDraining }), nil},
		{"cancelled", changing(func(s *engine.Stats) {
			s.State, s.Limit, s.QueueLen, s.Busy, s.Slots, s.HitRate = engine.RunCancelled, engine.Limit{}, 0, 0, make([]engine.WorkerStats, 5), 0
			s.Counts = engine.Counts{Submitted: 1255, OK: 790, Empty: 3, Failed: 9, Skipped: 10, Cancelled: 443}
			for i := range s.Slots {
				s.Slots[i].Num = i + 1
			}
			for i := range s.Batches {
				s.Batches[i].State = engine.BatchCancelled
			}
			for i := range s.Hosts {
				s.Hosts[i] = engine.HostStats{Host: s.Hosts[i].Host, Interval: time.Second}
			}
		}), nil},
		{"large numbers", changing(func(s *engine.Stats) {
			s.Counts = engine.Counts{Submitted: 123_456_789, Backlog: 100_000_000, Queued: 10_000, Retry: 123_456, InFlight: 1024, OK: 23_000_000, Empty: 99_999, Failed: 232_310}
			s.QueueLen, s.QueueCap, s.Hits, s.HitRate, s.Workers, s.Busy = 10_000, 10_000, 987_654_321, 12_345, 1024, 1024
			s.Rate, s.ETA, s.Active = 1234.5, 93*24*time.Hour, 400*24*time.Hour
		}), nil},
	}
}

// wideSizes are those of terminals that have more room, or just enough, for
// four panels.
var wideSizes = [][2]int{{200, 60}, {100, 30}}

// TestScreens compares every state at every size, and the scenes as they begin
// where there is more room, without the lines that are those of the busy scene.
func TestScreens(t *testing.T) {
	compare := func(st state, size [2]int) {
		w, h := size[0], size[1]
		t.Run(fmt.Sprintf("%s-%dx%d", strings.ReplaceAll(st.name, " ", "-"), w, h), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := st.at(t, w, h)
				checkFrame(t, s, w, h)
				base, name := st.base(t, s)
				golden.RequireEqual(t, beyond(base, strings.Split(s.screen(), "\n"), name))
			})
		})
	}
	for _, st := range states() {
		for _, size := range sizes {
			compare(st, size)
		}
		if slices.Contains(onCard, st.name) {
			compare(st, [2]int{40, 10})
		}
	}
	for _, sc := range scenes() {
		for _, size := range wideSizes {
			if sc.name != "busy" { // which is in TestView
				compare(state{sc.name, func() scene { return sc }, nil}, size)
			}
		}
	}
}

// The colours of every theme, on dark and on light, and what is left of them
// on terminals that have fewer: every role stands in the busy scene at 60x15.
func TestThemeView(t *testing.T) {
	frame := func(name string, th func(Theme) Theme) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, busyScene(), 60, 15)
				s.th = th(s.th)
				s.toasts.say(engine.LevelWarn, "something to be warned of")
				s.toasts.say(engine.LevelBad, "something bad")
				s.tell(nil)
				checkFrame(t, s, 60, 15)
				golden.RequireEqual(t, s.View().Content)
			})
		})
	}
	for _, name := range ThemeNames() {
		for ground, dark := range map[string]bool{"dark": true, "light": false} {
			frame(name+"-"+ground, func(th Theme) Theme { return th.Called(name).Lit(dark) })
		}
	}
	for name, p := range map[string]colorprofile.Profile{"256": colorprofile.ANSI256, "16": colorprofile.ANSI, "none": colorprofile.ASCII} {
		frame("default-"+name, func(th Theme) Theme { return th.On(p) })
	}
}

// No size is too small to be drawn in, in any state.
func TestScreensOfAlmostNothing(t *testing.T) {
	for _, st := range states() {
		synctest.Test(t, func(t *testing.T) {
			s := st.at(t, 120, 36)
			for _, size := range [][2]int{{1, 1}, {2, 1}, {1, 2}, {0, 0}, {1, 60}, {200, 1}, {23, 3}} {
				s.tell(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
				if size[0] > 0 {
					checkFrame(t, s, size[0], size[1])
				}
			}
			s.tell(tea.WindowSizeMsg{Width: 120, Height: 36})
			checkFrame(t, s, 120, 36)
			if t.Failed() {
				t.Fatal(st.name)
			}
		})
	}
}

// onCard are the states that can be told on the card.
var onCard = []string{"add", "help", "help searched", "quit", "why the run", "toasts", "read-only", "draining", "cancelled", "large numbers"}

// beyond returns the lines of a screen without those that are the same as in
// base, which have a golden of their own. Blanks at the end of a line are left
// out.
func beyond(base, lines []string, name string) string {
	var b strings.Builder
	for i := 0; i < len(lines); {
		same := i
		for same < len(lines) && lines[same] == base[same] {
			same++
		}
		if same > i+1 {
			fmt.Fprintf(&b, "(lines %d to %d are those of %s)\n", i+1, same, name)
			i = same
			continue
		}
		b.WriteString(strings.TrimRight(lines[i], " ") + "\n")
		i++
	}
	return b.String()
}
