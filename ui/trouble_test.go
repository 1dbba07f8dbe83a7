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

	"weir/engine"
)

// troubled is the busy scene with one host as given.
func troubled(change func(at time.Time, h *engine.HostStats)) scene {
	sc := busyScene()
	sc.focus = hostsPanel
	change(sc.stats.At, &sc.stats.Hosts[1])
	return sc
}

func isDown(at time.Time, h *engine.HostStats) {
	h.Down, h.InFlight, h.Phase = true, 0, engine.PhaseIdle
	h.Reason = engine.HostDown{Until: at.Add(28 * time.Second), Class: engine.Connect, Failures: 6, Probes: 1}
	h.Changes = []engine.PaceChange{
		{At: at.Add(-2 * time.Minute), From: time.Second, To: 1428571428, Why: "answered 429"},
		{At: at.Add(-2 * time.Second), From: 1428571428, To: 1428571428, Until: at.Add(28 * time.Second), Why: "unreachable: connect"},
	}
}

func isGuarded(at time.Time, h *engine.HostStats) {
	h.InFlight, h.Phase = 0, engine.PhaseIdle
	h.Paused = engine.Paused{At: at.Add(-5 * time.Second), What: "host", Failed: 12, Of: 20}
	h.Reason = h.Paused
}

// Whatever keeps a host from being asked is said in its row, and p lifts what
// the operator may lift.
func TestHostsInTrouble(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(time.Time, *engine.HostStats)
		row    string
		calls  string // that p makes
	}{
		{"unreachable", isDown, "PARKED connect 6x: probe at 12:03:40, 28s", "resume host 127.0.0.1:4011"},
		{"robots.txt out of order", func(at time.Time, h *engine.HostStats) {
			h.InFlight, h.Reason = 0, engine.RobotsDown{Until: at.Add(4 * time.Minute), Class: engine.Status, Status: 503}
		}, "PARKED robots 503: at 12:07:12, 4m00s", "resume host 127.0.0.1:4011"},
		{"robots.txt cut", func(at time.Time, h *engine.HostStats) {
			h.InFlight, h.Reason = 0, engine.RobotsDown{Until: at.Add(4 * time.Minute), Class: engine.Truncated}
		}, "PARKED robots truncated: at 12:07:12, 4m00s", "resume host 127.0.0.1:4011"},
		{"the safeguard", isGuarded, "paused: 12 of the last 20 answers failed", "resume host 127.0.0.1:4011"},
		{"paused, and the run too", func(at time.Time, h *engine.HostStats) {
			isGuarded(at, h)
			h.Reason = engine.Paused{At: at, What: "run"}
		}, "paused", "resume host 127.0.0.1:4011"},
		{"asked to stay away", func(at time.Time, h *engine.HostStats) {
			h.InFlight, h.Reason = 0, engine.ServerAsked{Until: at.Add(time.Hour), Asked: time.Hour, Status: 429, Parked: true}
		}, "PARKED 429 asked 1h: at 13:03:12, 1h00m", "pause host 127.0.0.1:4011"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, troubled(tc.change), 120, 36)
				if got := s.screen(); !strings.Contains(got, tc.row) {
					t.Errorf("the screen does not say %q:\n%s", tc.row, got)
				}
				s.press("p")
				if got := strings.Join(s.fake.calls, ", "); got != tc.calls {
					t.Errorf("the engine was told %q, want %q", got, tc.calls)
				}
			})
		})
	}
}

func TestToastOfAProbe(t *testing.T) {
	got := doneText(newKeys(), engine.Done{Action: engine.ActProbe, Selector: engine.Selector{Host: "one.test"}}, false)
	if want := "host one.test is probed now"; got != want {
		t.Errorf("toast is %q, want %q: there is nothing to undo", got, want)
	}
}

// p on URLs that wait pauses those, and resumes them when all are paused.
func TestPauseOfURLs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		waits := func(id engine.JobID, why engine.Reason) engine.JobState {
			return engine.JobState{ID: id, Batch: 1, URL: "http://127.0.0.1:4011/late", Host: "127.0.0.1:4011", Place: engine.Backlog, Reason: why}
		}
		paused := engine.Paused{At: noon, What: "URL"}
		s.more(waits(900, nil), waits(901, paused))
		s.press("v", "p", "*", "p")
		s.more(waits(900, paused))
		s.press("p", "*", "p")
		if got, want := strings.Join(s.fake.calls, ", "), "pause job 900, pause 2 jobs, resume job 900, resume 2 jobs"; got != want {
			t.Errorf("the engine was told %q, want %q", got, want)
		}
		if got := s.screen(); !strings.Contains(got, "paused") {
			t.Errorf("the screen does not say that they are paused:\n%s", got)
		}
	})
}

// Hosts that cannot be reached stand with those that are parked.
func TestUnreachableHostsStandFirst(t *testing.T) {
	for _, why := range []engine.Reason{engine.HostDown{}, engine.RobotsDown{}} {
		if got := hostRank(&engine.HostStats{Waiting: 1, Reason: why}); got != 0 {
			t.Errorf("%T ranks %d, want 0", why, got)
		}
	}
}

func TestWhyOfAnUnreachableHost(t *testing.T) {
	sc := troubled(isDown)
	got := whyHost(newKeys(), &sc.stats.Hosts[1], &sc.stats)
	want := []string{
		"6 failures in a row, 1 probe in vain. Its URLs wait in the backlog; p on the host probes it now.",
		"12:03:10: no request before 12:03:40: unreachable: connect.",
		"12:01:12: from 1.00s to 1.42s between requests: answered 429.",
	}
	if !slices.Equal(got[2:], want) {
		t.Errorf("why says %q, want it to end with %q", got, want)
	}
}

// A host that is probed is not back before it answers.
func TestNoticesOfAnUnreachableHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		probed := func(at time.Time, h *engine.HostStats) {
			h.Down, h.InFlight, h.Reason = true, 1, engine.Probing{}
		}
		for _, change := range []func(time.Time, *engine.HostStats){isDown, probed, isDown} {
			s.bring(troubled(change))
		}
		s.bring(busyScene())
		guarded := troubled(isGuarded)
		b := &guarded.stats.Batches[0]
		b.State, b.Paused = engine.BatchPaused, engine.Paused{At: noon, What: "batch", Failed: 20, Of: 20}
		s.bring(guarded)
		s.bring(guarded)
		var got []string
		for _, one := range s.toasts.list {
			got = append(got, one.text)
		}
		want := []string{
			"127.0.0.1:4011 is back",
			"batch 1 schedule 2024-11+36 paused by the safeguard: 20 of the last 20 answers failed · p on it goes on",
			"127.0.0.1:4011 paused by the safeguard: 12 of the last 20 answers failed · p on it goes on",
		}
		if !slices.Equal(got, want) {
			t.Errorf("toasts are %q, want %q", got, want)
		}
	})
}

// The next turn of a host is that of one of its jobs: the others only say that
// they wait for it. A block holds all of them until then.
func TestJobWait(t *testing.T) {
	next := noon.Add(time.Second)
	for _, tc := range []struct {
		host, own engine.Reason
		text      string
		due       time.Time
	}{
		{engine.PaceWait{Next: next}, nil, "host: next in 1.0s", time.Time{}},
		{engine.ServerAsked{Until: next, Asked: time.Minute, Status: 429}, nil, "host: 429 asked 1m: again in 1.0s", next},
		{engine.PaceWait{Next: noon}, engine.RetryWait{Due: next, Class: engine.Reset, Retry: 1}, "retry 1 in 1.0s: reset", next},
		{engine.QueueWait{Len: 5, Cap: 5}, nil, "the queue: 5 of 5 places taken", time.Time{}},
		{engine.PaceWait{Next: next}, engine.Paused{What: "URL"}, "paused", time.Time{}},
	} {
		s := engine.Stats{At: noon, QueueLen: 5, QueueCap: 5, Hosts: []engine.HostStats{{Host: "one.test", Waiting: 1, Reason: tc.host}}}
		text, due := jobWait(&jobRow{host: "one.test", place: engine.Backlog, reason: tc.own}, &s)
		if text != tc.text || !due.Equal(tc.due) {
			t.Errorf("%#v, %#v: %q until %v, want %q until %v", tc.host, tc.own, text, due, tc.text, tc.due)
		}
	}
}

// Every reason has its words.
func TestWaitText(t *testing.T) {
	for _, tc := range []struct {
		why  engine.Reason
		want string
	}{
		{engine.QueueWait{Len: 98, Cap: 1000}, "the queue: 98 of 1,000 places taken"},
		{engine.HopWait{Host: "two.test"}, "redirected to two.test"},
		{engine.HopWait{Host: "two.test", Login: true, Due: noon.Add(time.Second)}, "logging in at two.test"},
		{engine.HopWait{Host: "two.test", Due: noon.Add(3 * time.Second)}, "redirected to two.test in 3.0s"},
		{engine.Draining{}, "draining: the backlog stays"},
		{engine.QuotaSpent{Until: noon.Add(3 * time.Second)}, "quota spent: again in 3.0s"},
		{engine.RobotsWait{}, "waits for robots.txt"},
		{engine.RateWait{Next: noon.Add(3 * time.Second)}, "rate of the run: in 3.0s"},
		{engine.ServerBusy{Until: noon.Add(time.Minute), Status: 429, Refusals: 2}, "429 refused 2x: again in 1m00s"},
		{nil, "its turn has come"},
	} {
		if got := waitText(tc.why, noon); got != tc.want {
			t.Errorf("%#v: %q, want %q", tc.why, got, tc.want)
		}
	}
}

func TestLimitOfTroubles(t *testing.T) {
	at := noon.Add(time.Minute)
	for _, tc := range []struct {
		name  string
		limit engine.Limit
		want  string
	}{
		{"unreachable", engine.Limit{
			Kind: engine.LimitParked, Jobs: 12, Next: at.Add(30 * time.Second), Host: "one.test",
			Reason: engine.HostDown{Until: at.Add(30 * time.Second), Class: engine.DNS, Failures: 5},
		}, "a parked host: 12 URLs wait 30s | one.test cannot be reached (dns, 5x) | p on it probes now | again at 12:01:30"},
		{"robots.txt", engine.Limit{
			Kind: engine.LimitRobots, Jobs: 12, Hosts: 1, Waiting: 1, Next: at.Add(300 * time.Second), Host: "one.test",
			Reason: engine.RobotsDown{Until: at.Add(300 * time.Second), Class: engine.Status, Status: 503},
		}, "robots.txt: the 1 host waits for the rules of its site | next in 5m00s | one.test"},
		{"the safeguard", engine.Limit{
			Kind: engine.LimitPaused, Jobs: 12, Host: "one.test", Reason: engine.Paused{At: noon, What: "host", Failed: 12, Of: 20},
		}, "the safeguard's pause at 12:00:00, 1m ago: p on the host resumes 12 URLs | 12 of the last 20 answers failed"},
	} {
		s := engine.Stats{At: at, Limit: tc.limit, Counts: engine.Counts{Submitted: 12, Backlog: 12}}
		if got := strings.Join(limitText(newKeys(), &s, Deps{}, 0), " | "); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// storeFailed is a run that has ended because its store did.
func storeFailed() scene {
	sc := busyScene()
	sc.name = "store failed"
	sc.stats.Trouble = engine.ErrStore.Error() + ": sqlite: /home/one/.local/state/weir/runs/7.db: no space left on the device"
	return sc
}

// When the store has failed, every form of the screen says so, in words that
// begin with what happened.
func TestStoreFailedView(t *testing.T) {
	for _, size := range [][2]int{{120, 36}, {80, 24}, {60, 15}, {50, 12}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, busyScene(), size[0], size[1])
				s.deps.Kept = "weir resume 7"
				s.bring(storeFailed())
				checkSize(t, s.View().Content, size[0], size[1])
				golden.RequireEqual(t, s.screen())
			})
		})
	}
}

// A run whose store failed stays on the screen until the operator leaves it,
// which cancels nothing.
func TestStoreFailed(t *testing.T) {
	for _, tc := range []struct {
		name, kept string
		state      engine.RunState
		keys       []string
		words      []string
	}{
		{"kept", "weir resume 7", engine.RunRunning, []string{"q", "q"}, []string{"leave: the rest waits for weir resume 7"}},
		{"kept, interrupted", "weir resume 7", engine.RunRunning, []string{"ctrl+c", "ctrl+c"}, nil},
		{"kept, x", "weir resume 7", engine.RunPaused, []string{"q", "x"}, nil},
		{"while it drained", "weir resume 7", engine.RunDraining, []string{"q", "q"}, nil},
		{"not kept", "", engine.RunRunning, []string{"q", "x"}, []string{"x     leave"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, busyScene(), 120, 36)
				s.deps.Kept = tc.kept
				sc := storeFailed()
				sc.stats.State = tc.state
				s.tell(viewMsg{view: &engine.View{Stats: sc.stats}, last: true})
				s.tell(frameMsg{})
				if want := "the store failed: no space left on the device: nothing more is fetched"; s.toast() != want {
					t.Errorf("toast is %q, want %q", s.toast(), want)
				}
				if v := s.View(); v.WindowTitle != "weir 64% · 9 failed · STOPPED" || v.ProgressBar.State != tea.ProgressBarError {
					t.Errorf("title %q, progress %v", v.WindowTitle, v.ProgressBar)
				}
				s.rest(time.Minute)
				if s.quit {
					t.Fatal("the screen has left by itself")
				}
				s.press(tc.keys[0])
				s.rest(time.Second)
				got := s.screen()
				for _, want := range append(tc.words, "The store failed: no space left on the device.") {
					if !strings.Contains(got, want) {
						t.Errorf("the question does not say %q:\n%s", want, got)
					}
				}
				if strings.Contains(got, "drain: ") || strings.Contains(got, "cancel what is left") {
					t.Errorf("what is not possible is offered:\n%s", got)
				}
				s.press(tc.keys[1])
				s.rest(time.Second)
				if !s.quit || len(s.fake.calls) > 0 {
					t.Errorf("left: %v; the engine was told %v, want nothing", s.quit, s.fake.calls)
				}
			})
		})
	}
}

// What a store says of itself is said in few words, and once.
func TestTroubleCause(t *testing.T) {
	for trouble, want := range map[string][2]string{
		engine.ErrStore.Error() + ": sqlite: C:\\runs\\7.db: the device failed": {"the device failed", "C:\\runs\\7.db"},
		engine.ErrStore.Error() + ": sqlite: closed":                            {"closed", ""},
		engine.ErrStore.Error() + ": jetstream: no answer: 3 tries":             {"jetstream: no answer: 3 tries", ""},
		engine.ErrStore.Error() + ": a \x1b[2J/b: c\x00":                        {"c", "a [2J/b"},
	} {
		if cause, file := troubleCause(&engine.Stats{Trouble: trouble}); cause != want[0] || file != want[1] {
			t.Errorf("%q is told as %q of %q, want %q", trouble, cause, file, want)
		}
	}
	p := plain{seen: true}
	for range 3 {
		sc := storeFailed()
		p.take(&engine.View{Stats: sc.stats})
	}
	if got := strings.Count(strings.Join(p.pending, "\n"), "the store failed"); got != 1 {
		t.Errorf("lines say it %d times, want once: %q", got, p.pending)
	}
}
