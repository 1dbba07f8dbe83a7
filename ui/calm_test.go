package ui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// Of a paused run, nothing on the screen moves but once a minute.
func TestPausedScreenIsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := pausedScene()
		since := sc.stats.Paused.At
		s := newStage(t, sc, 120, 36)
		at := func(after time.Duration) string {
			sc.stats.At = since.Add(after)
			s.tell(statsMsg{sc.stats})
			return s.View().Content
		}
		var frames []string
		for second := range 180 {
			frame := at(time.Duration(second) * time.Second)
			if n := len(frames); n == 0 || frames[n-1] != frame {
				frames = append(frames, frame)
			}
		}
		if len(frames) != 3 {
			t.Errorf("%d frames in three minutes, want 3", len(frames))
		}
		sc.stats.State, sc.stats.Limit = engine.RunRunning, engine.Limit{}
		if at(180*time.Second) == frames[len(frames)-1] {
			t.Error("a run that goes on looks like one that is paused")
		}
	})
}

// What limits a run is not read faster than it can be: of diagnoses that take
// turns the header shows the one that was true for most of the time, and what
// has to be known at once.
func TestLimitedByIsCalm(t *testing.T) {
	const ms = time.Millisecond
	pace, server, robots := engine.LimitPace, engine.LimitServer, engine.LimitRobots
	words := map[engine.LimitKind]string{
		pace: "host pace: ", server: "server latency: ", robots: "robots.txt: ",
		engine.LimitPaused: "your pause ", engine.LimitParked: "2 parked hosts: ", engine.LimitNothing: "lack of work",
	}
	type seen struct {
		at    time.Duration // since the first
		kind  engine.LimitKind
		shown engine.LimitKind
	}
	turns := func(from, to time.Duration, a, b engine.LimitKind, shown engine.LimitKind) (all []seen) {
		for at := from; at < to; at += 200 * ms {
			all = append(all, seen{at, a, shown}, seen{at + 100*ms, b, shown})
		}
		return all
	}
	for _, tc := range []struct {
		name string
		seen []seen
	}{
		{"what has lasted a second", []seen{{0, pace, pace}, {100 * ms, server, pace}, {1099 * ms, server, pace}, {1100 * ms, server, server}}},
		{"the first is held a second, too", []seen{{0, pace, pace}, {1 * ms, server, pace}, {1000 * ms, server, pace}, {1001 * ms, server, server}, {1002 * ms, pace, server}, {2001 * ms, pace, server}, {2002 * ms, pace, pace}}},
		{"turns about", turns(0, 10*time.Second, pace, server, pace)},
		{"mostly the other", []seen{
			{0, pace, pace}, {100 * ms, server, pace}, {500 * ms, pace, pace}, {600 * ms, server, pace}, // 1 s, 0.6 s, 0.7 s left
			{1299 * ms, server, pace}, {1300 * ms, server, server}, {1400 * ms, pace, server}, {1500 * ms, server, server},
		}},
		{"two others in turn", append([]seen{{0, pace, pace}, {50 * ms, server, pace}}, append(turns(100*ms, 1000*ms, robots, server, pace), turns(1100*ms, 4000*ms, robots, server, robots)...)...)},
		{"nothing comes between two views", []seen{{0, pace, pace}, {5000 * ms, server, pace}, {5999 * ms, server, pace}, {6000 * ms, server, server}}},
		{"paused, and on", []seen{{0, pace, pace}, {10 * ms, engine.LimitPaused, engine.LimitPaused}, {20 * ms, server, server}, {30 * ms, pace, server}}},
		{"parked, and on", []seen{{0, server, server}, {10 * ms, engine.LimitParked, engine.LimitParked}, {20 * ms, pace, pace}}},
		{"finished", []seen{{0, pace, pace}, {10 * ms, engine.LimitNothing, engine.LimitNothing}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sc := busyScene()
				since := sc.stats.At
				var s *stage
				for _, v := range tc.seen {
					sc.stats.At, sc.stats.Limit = since.Add(v.at), engine.Limit{Kind: v.kind, Hosts: 3, Waiting: 2, Next: since.Add(v.at + time.Second)}
					if s == nil {
						s = newStage(t, sc, 120, 36)
					} else {
						s.tell(statsMsg{sc.stats})
					}
					line := strings.Split(s.screen(), "\n")[3]
					if want := " limited by " + words[v.shown]; !strings.HasPrefix(line, want) {
						t.Fatalf("after %v of %v the line is %q, want %q", v.at, v.kind, line, want)
					}
				}
			})
		})
	}
}

// A diagnosis that is held keeps its numbers but for the clock, at every size;
// that a store has failed is not held back.
func TestLimitedByIsOfOneMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := busyScene()
		s := newStage(t, sc, 120, 36)
		sc.stats.Limit, sc.stats.At = engine.Limit{Kind: engine.LimitServer, Hosts: 3}, sc.stats.At.Add(time.Second/5)
		s.tell(statsMsg{sc.stats})
		if got := s.screen(); !strings.Contains(got, "host pace: 5 of 5 hosts wait their turn · next in 0.1s") {
			t.Errorf("0.2 s later next is not in 0.1 s:\n%s", got)
		}
		sc.stats.At = sc.stats.At.Add(time.Second)
		s.tell(statsMsg{sc.stats})
		sc.stats.Busy, sc.stats.Limit.Kind, sc.stats.At = 1, engine.LimitPace, sc.stats.At.Add(time.Second/2)
		s.tell(statsMsg{sc.stats})
		for _, size := range [][3]any{{120, 36, "server latency: all 5 workers await bytes"}, {60, 15, "server latency: all 5 workers await bytes"}, {40, 10, "limited by server latency"}} {
			s.tell(tea.WindowSizeMsg{Width: size[0].(int), Height: size[1].(int)})
			if got := s.screen(); !strings.Contains(got, size[2].(string)) || !strings.Contains(got, "1/5") {
				t.Errorf("at %vx%v %q does not stand beside one busy worker:\n%s", size[0], size[1], size[2], got)
			}
		}
		sc.stats.Trouble = "sqlite: disk full"
		s.tell(statsMsg{sc.stats})
		for _, size := range [][3]any{{40, 10, "failed store: disk full"}, {60, 15, "limited by a failed store: disk full"}, {120, 36, "limited by a failed store: disk full"}} {
			s.tell(tea.WindowSizeMsg{Width: size[0].(int), Height: size[1].(int)})
			if got := s.screen(); !strings.Contains(got, size[2].(string)) {
				t.Errorf("at %vx%v a failed store is held back:\n%s", size[0], size[1], got)
			}
		}
	})
}

// The rate of the run is shown anew once a second, and at once when it stops and
// when it goes on.
func TestRateIsCalm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := busyScene()
		since := sc.stats.At
		s := newStage(t, sc, 120, 36)
		for _, v := range []struct {
			at   time.Duration // since the first
			rate float64
			want string
		}{
			{100 * time.Millisecond, 7, "4.9/s"},
			{999 * time.Millisecond, 8, "4.9/s"},
			{time.Second, 6, "6.0/s"},
			{1500 * time.Millisecond, 5, "6.0/s"},
			{1600 * time.Millisecond, 0, " 0/s"},
			{1700 * time.Millisecond, 3, "3.0/s"},
			{2600 * time.Millisecond, 4, "3.0/s"},
			{2700 * time.Millisecond, 4, "4.0/s"},
		} {
			sc.stats.At, sc.stats.Rate = since.Add(v.at), v.rate
			for _, size := range [][2]int{{120, 36}, {60, 15}, {40, 10}} {
				s.tell(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
				s.tell(statsMsg{sc.stats})
				if got := s.screen(); !strings.Contains(got, v.want) {
					t.Fatalf("after %v at %v/s it does not say %q:\n%s", v.at, v.rate, v.want, got)
				}
			}
		}
	})
}
