package ui

import (
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
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

// subscribed gives the stage the feed of an engine that does nothing.
func (s *stage) subscribed() *stage {
	s.t.Helper()
	eng, err := engine.New(&enginetest.Scraper{}, engine.Config{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.feed.sub = eng.Subscribe(engine.SubscribeOptions{})
	return s
}

// While the display is frozen nothing of it changes but the time that it has
// been and what it has missed. Afterwards it is as if it never had been.
func TestFreeze(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := newStage(t, busyScene(), 120, 36)
		s := newStage(t, busyScene(), 120, 36).subscribed()
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
		if got := s.stats.Counts.OK; got != 793 {
			t.Errorf("at once there are %d ok, want 793", got)
		}
		all := later()
		all.jobs = append(busyScene().jobs, all.jobs...)
		s.tell(viewMsg{view: &engine.View{Full: true, Stats: all.stats, Jobs: all.jobs}})
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
			s := newStage(t, busyScene(), 120, 36).subscribed()
			s.press("F")
			s.view(later())
			s.press(key)
			if frozen := s.freezer.on; frozen == thaws || thaws != (s.stats.Counts.OK == 793) {
				t.Errorf("after %s: frozen %v, %d ok", key, frozen, s.stats.Counts.OK)
			}
		})
	}
}

// What happens while the display is frozen is not kept, however much: it is
// counted.
func TestFreezeKeepsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36).subscribed()
		s.press("F")
		heap := func() uint64 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		v := &engine.View{Stats: busyScene().stats}
		before := heap()
		for i := range 4000 {
			v.Jobs = append(v.Jobs, ended(1001+i))
		}
		for range 250 {
			for i := range v.Jobs {
				v.Jobs[i].ID += 4000
				v.Jobs[i].Num += 4000
			}
			s.Update(viewMsg{view: v})
		}
		if got := s.screen(); !strings.Contains(got, ", 1.00M changes ") {
			t.Errorf("after a million changes:\n%s", got)
		}
		if after := heap(); after > before+4<<20 { // v is 1 MB of it
			t.Errorf("a million changes take %d bytes of heap", after-before)
		}
		// A screen that came too late does not know how many it has missed.
		s.tell(viewMsg{view: &engine.View{Full: true, More: true, Stats: v.Stats, Jobs: v.Jobs}})
		s.tell(viewMsg{view: &engine.View{Stats: v.Stats, Jobs: v.Jobs}})
		if got := s.screen(); !strings.Contains(got, ", 1.00M+ changes ") {
			t.Errorf("after a view that starts over:\n%s", got)
		}
		s.press("F")
		if s.freezer.on || s.freezer.changes > 0 {
			t.Errorf("thawed it is %+v", s.freezer)
		}
	})
}

// When the display goes on it shows what it would have shown without a stop:
// also of more results than a feed keeps, and when the run has ended meanwhile.
func TestThaw(t *testing.T) {
	const jobs = 12_000
	for _, over := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			defer time.Sleep(2 * toastTime)
			var shown *shownRun
			showRun(t, 50, jobs, func(s *shownRun) {
				shown = s
				s.viewsIn(100 * time.Millisecond)
				s.prog.Send(keyPress("F"))
				s.viewsIn(10 * time.Second)
				if over {
					s.eng.Close()
					s.viewsIn(time.Second)
				}
				s.prog.Send(keyPress("F"))
				s.viewsIn(5 * time.Second)
			})
			tb := shown.model.results.table
			if tb.waiting > 0 || tb.kept != jobs || tb.count() != jobs {
				t.Errorf("over %v: %d wait, %d have results, %d are listed, want 0 and all %d", over, tb.waiting, tb.kept, tb.count(), jobs)
			}
		})
	}
}

// A row that waits keeps the cursor while the views start over in parts, and is
// lost only if none of them tells of it.
func TestStartingOverKeepsTheCursor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		wait := func(id engine.JobID) engine.JobState {
			return engine.JobState{ID: id, Batch: 1, Place: engine.Queued, URL: "http://wait.test/" + itoa(uint64(id)), Host: "wait.test"}
		}
		s.more(wait(2001), wait(2002), wait(2003))
		s.press("v", "g", "j")
		if got := s.results.cur.key; got != 2002 {
			t.Fatalf("the cursor is on %d, want 2002", got)
		}
		stats := s.stats
		s.tell(viewMsg{view: &engine.View{Full: true, More: true, Stats: stats, Jobs: []engine.JobState{wait(2003)}}})
		if got := s.results.cur.key; got != 2002 || s.results.table.count() != 3 {
			t.Errorf("half way the cursor is on %d of %d rows, want 2002 of 3", got, s.results.table.count())
		}
		s.tell(viewMsg{view: &engine.View{Stats: stats, Jobs: []engine.JobState{wait(2002)}}})
		if got := s.results.cur.key; got != 2002 || s.results.table.count() != 2 || s.results.table.of(2001) != nil {
			t.Errorf("then the cursor is on %d of %d rows, want 2002 of 2", got, s.results.table.count())
		}
	})
}

// Who falls behind again while the views start over still reads all that was
// missed before.
func TestStartingOverTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := many(t, 1000)
		for num := 1001; num <= 5000; num++ {
			r := engine.Result{Job: engine.JobID(num), Num: uint64(num), Outcome: engine.OK, URL: "http://late.test/", Host: "late.test"}
			s.fake.results = append(s.fake.results, r)
		}
		stats := s.stats
		stats.Counts = engine.Counts{Submitted: 5000, OK: 5000}
		for range 2 {
			s.tell(viewMsg{view: &engine.View{Full: true, More: true, Stats: stats, Jobs: []engine.JobState{ended(4000)}}})
		}
		s.tell(viewMsg{view: &engine.View{Stats: stats, Jobs: []engine.JobState{ended(5000)}}})
		s.rest(time.Second)
		if got := s.results.table.ended; got != 5000 {
			t.Errorf("%d results are known, want 5000", got)
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
