package ui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
)

// below returns a screen without the line that tells the run's state.
func below(screen string) string { return screen[strings.IndexByte(screen, '\n'):] }

// later is the busy scene some seconds on: three more jobs have ended, a host is
// parked, a batch is done.
func later() scene {
	sc := busyScene()
	s := &sc.stats
	s.At = s.At.Add(12 * time.Second)
	s.Counts.OK += 3
	s.Counts.Queued -= 3
	s.Batches[1].State = engine.BatchDone
	s.Hosts[1].Reason = engine.ServerAsked{Until: s.At.Add(10 * time.Minute), Asked: 10 * time.Minute, Status: 429, Parked: true}
	sc.jobs = fates(815)[812:]
	return sc
}

// view hands over a view whose memory is used again right after, as the feed
// does.
func (s *stage) view(sc scene) {
	v := &engine.View{Stats: sc.stats, Jobs: sc.jobs, Log: sc.log}
	s.tell(viewMsg{view: v})
	useAgain(v)
}

func useAgain(v *engine.View) {
	for i := range v.Stats.Hosts {
		v.Stats.Hosts[i] = engine.HostStats{Host: "used again"}
	}
	for i := range v.Stats.Batches {
		v.Stats.Batches[i] = engine.BatchStats{}
	}
	clear(v.Stats.Slots)
	clear(v.Jobs)
}

// While the display is frozen nothing of it changes but the time that it has
// been and what it has missed. Afterwards it is as if it never had been.
func TestFreeze(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := newStage(t, busyScene(), 120, 36)
		s := newStage(t, busyScene(), 120, 36)
		was := s.screen()
		first := &engine.View{Stats: busyScene().stats}
		s.tell(viewMsg{view: first})
		s.press("F")
		useAgain(first) // what is frozen must not stand there
		if got := s.screen(); below(got) != below(was) || !strings.Contains(got, " FROZEN 0s, 0 changes ") {
			t.Fatalf("frozen:\n%s", got)
		}
		half := later()
		half.jobs = half.jobs[:1]
		half.log = []engine.LogLine{{At: noon, Text: "it was said meanwhile"}}
		half.stats.At = half.stats.At.Add(-7 * time.Second)
		s.view(half)
		if got := s.screen(); below(got) != below(was) || !strings.Contains(got, " FROZEN 5s, 1 change ") {
			t.Errorf("after a view:\n%s", got)
		}
		tick := later().stats
		tick.At = tick.At.Add(-time.Second)
		s.tell(statsMsg{tick})
		if got := s.screen(); !strings.Contains(got, " FROZEN 11s, 1 change ") {
			t.Errorf("some seconds later:\n%s", got)
		}
		s.view(later())
		if got := s.screen(); below(got) != below(was) || !strings.Contains(got, " FROZEN 12s, 4 changes ") {
			t.Errorf("after two views:\n%s", got)
		}
		checkFrame(t, s, 120, 36)
		if n := len(s.log.lines); n == 0 || s.log.lines[n-1].text != "it was said meanwhile" {
			t.Errorf("the log has %v", s.log.lines)
		}
		if s.toast() != "" {
			t.Errorf("the toast is %q", s.toast())
		}
		s.press("j", "enter", "esc", "g") // it can be read
		s.press("F")
		if !strings.Contains(s.toast(), "PARKED") {
			t.Errorf("what happened meanwhile is not told: %q", s.toast())
		}
		free.bring(later())
		for _, one := range []*stage{s, free} {
			one.press("f")
			one.rest(2 * toastTime)
		}
		if got, want := s.screen(), free.screen(); got != want {
			t.Errorf("thawed:\n%s\nwant\n%s", got, want)
		}
	})
}

// Whoever acts, or leaves, sees how things are; whoever only looks does not.
func TestActingThaws(t *testing.T) {
	for key, thaws := range map[string]bool{"P": true, "u": true, "q": true, "ctrl+c": true, "w": false, "j": false, "t": false, "?": false} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, busyScene(), 120, 36)
			s.press("F")
			s.view(later())
			s.press(key)
			if frozen := s.freezer.on; frozen == thaws || thaws != (s.stats.Counts.OK == 793) {
				t.Errorf("after %s: frozen %v, %d ok", key, frozen, s.stats.Counts.OK)
			}
		})
	}
}

// Many changes are brought in by parts, in their order, whatever comes between
// the parts. A view that starts over takes the place of what came before it.
func TestThawByParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := busyScene()
		all := fates(5 * thawPart)
		sc.jobs = all[:10]
		s := newStage(t, sc, 120, 36)
		s.press("F")
		gone := all[10]
		gone.ID = 1 << 30
		s.tell(viewMsg{view: &engine.View{Stats: sc.stats, Jobs: []engine.JobState{gone}}})
		s.tell(viewMsg{view: &engine.View{Full: true, More: true, Stats: sc.stats, Jobs: all[:4*thawPart]}})
		s.tell(viewMsg{view: &engine.View{Stats: sc.stats, Jobs: all[4*thawPart:]}})

		cmd := s.Model.frozen() // thaws; its commands are carried out below
		if n := s.results.table.count(); n != thawPart {
			t.Errorf("the first part has %d rows, want %d", n, thawPart)
		}
		last := all[len(all)-1]
		last.Why = "it came between two parts"
		s.tell(viewMsg{view: &engine.View{Stats: sc.stats, Jobs: []engine.JobState{last}}})
		s.press("F")
		if got := s.toast(); got != "it is still catching up" {
			t.Errorf("frozen again at once: %q", got)
		}
		s.run(cmd)
		s.rest(time.Second)
		if n := s.results.table.count(); n != len(all) || s.freezer.holds() {
			t.Errorf("there are %d rows, want %d; more to come: %v", n, len(all), s.freezer.holds())
		}
		if got := s.screen(); !strings.Contains(got, "it came between") {
			t.Errorf("what came between two parts is lost:\n%s", got)
		}
	})
}

// A drained run is left when it has ended, frozen or not.
func TestFrozenDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		s.press("F")
		sc := later()
		sc.stats.State = engine.RunDraining
		s.tell(viewMsg{view: &engine.View{Stats: sc.stats}, last: true})
		s.rest(time.Second)
		if !s.quit {
			t.Error("the screen stays")
		}
	})
}

// It is said at every size.
func TestFrozenIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, size := range [][2]int{{120, 36}, {80, 24}, {60, 15}, {40, 10}} {
			s := newStage(t, busyScene(), size[0], size[1])
			s.run(s.do(actFreeze, ""))
			if !strings.Contains(s.screen(), "FROZEN 0s") {
				t.Errorf("%v:\n%s", size, s.screen())
			}
			checkFrame(t, s, size[0], size[1])
		}
	})
}
