package ui

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
	"weir/engine/enginetest"
)

// A shown run is a screen over jobs that take 10 ms each, in a bubble.
type shownRun struct {
	eng   *engine.Engine
	model *Model
	prog  *tea.Program
	begin time.Time

	mu    sync.Mutex
	views []time.Time // when each view reached the model
}

// showRun shows a run of so many jobs until story returns.
func showRun(t *testing.T, workers, jobs int, story func(*shownRun)) {
	t.Helper()
	scraper := &enginetest.Scraper{Latency: func(engine.Request) time.Duration { return 10 * time.Millisecond }}
	eng, err := engine.New(scraper, engine.Config{Interval: -1, Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := eng.Add(t.Context(), engine.Batch{Name: "many"}, enginetest.Jobs("one.test", jobs)); err != nil {
		t.Fatal(err)
	}
	s := &shownRun{eng: eng, begin: time.Now(), model: newModel(t.Context(), Deps{Controller: eng, Name: "many", Interval: -1})}
	s.prog = tea.NewProgram(s.model, tea.WithInput(nil), tea.WithOutput(new(bytes.Buffer)), tea.WithWindowSize(120, 36), tea.WithoutSignalHandler(),
		tea.WithFilter(func(_ tea.Model, msg tea.Msg) tea.Msg {
			if _, ok := msg.(viewMsg); ok {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.views = append(s.views, time.Now())
			}
			return msg
		}))
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := s.prog.Run(); err != nil {
			t.Error(err)
		}
	})
	wg.Go(func() {
		if err := eng.Run(t.Context()); err != nil {
			t.Error(err)
		}
	})
	story(s)
	s.prog.Quit()
	eng.Close()
	wg.Wait()
	if err := s.model.Close(); err != nil {
		t.Error(err)
	}
	if got := s.model.results.table.ended; got != jobs {
		t.Errorf("the screen knows %d results, want %d", got, jobs)
	}
}

// viewsIn lets d pass and returns when, from its begin, views came.
func (s *shownRun) viewsIn(d time.Duration) (at []time.Duration) {
	begin := time.Now()
	time.Sleep(d)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.views {
		if v.After(begin) {
			at = append(at, v.Sub(begin))
		}
	}
	return at
}

// A run with hundreds of results a second costs the screen ten views a second,
// thirty after a key, and none once nothing changes.
func TestFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(2 * toastTime) // timers that the program leaves behind
		showRun(t, 5, 2000, func(s *shownRun) {
			if calm := len(s.viewsIn(3 * time.Second)); calm < 25 || calm > 32 {
				t.Errorf("%d views in 3 s, want ten a second", calm)
			}
			s.prog.Send(keyPress("j"))
			if lively := len(s.viewsIn(500 * time.Millisecond)); lively < 11 || lively > 16 {
				t.Errorf("%d views in the half second after a key, want thirty a second", lively)
			}
			s.viewsIn(time.Minute)
			if got := s.views[len(s.views)-1].Sub(s.begin); got > 20*time.Second {
				t.Errorf("the last view came after %v, when nothing changed any more", got)
			}
		})
	})
}

// A run with thousands of results a second costs the screen five views a
// second. After a key they come as they always do: the long frame that is under
// way is cut short.
func TestRacingFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(2 * toastTime)
		showRun(t, 20, 9000, func(s *shownRun) {
			s.viewsIn(time.Second)
			racing := s.viewsIn(2 * time.Second)
			if n := len(racing); n < 9 || n > 11 {
				t.Errorf("%d views in 2 s, want five a second", n)
			}
			// A moment after a view there is the most to cut.
			time.Sleep(racingFrame - (2*time.Second - racing[len(racing)-1]) + 10*time.Millisecond)
			s.prog.Send(keyPress("j"))
			after := s.viewsIn(500 * time.Millisecond)
			if n := len(after); n < 13 || n > 16 {
				t.Errorf("%d views in the half second after a key, want thirty a second", n)
			}
			if first := after[0]; first > livelyFrame+10*time.Millisecond {
				t.Errorf("the first view came %v after the key, want it within a lively frame", first)
			}
			s.viewsIn(time.Minute)
		})
	})
}

// A key cuts the frame of a terminal that shows another window short too.
func TestHurry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f feed
		begin := time.Now()
		ring := f.next(blurredFrame)
		time.Sleep(100 * time.Millisecond)
		f.hurry()
		time.Sleep(10 * time.Millisecond)
		f.hurry() // held down, keys do not put it off
		ring()
		if got, want := time.Since(begin), 100*time.Millisecond+livelyFrame; got != want {
			t.Errorf("the frame lasted %v, want %v", got, want)
		}
		f.hurry() // between frames
		begin = time.Now()
		f.next(livelyFrame)()
		if got := time.Since(begin); got != livelyFrame {
			t.Errorf("the frame lasted %v, want %v", got, livelyFrame)
		}
	})
}

// The screen ends with its context, and says with what cause.
func TestRunEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(2 * toastTime)
		eng, err := engine.New(&enginetest.Scraper{}, engine.Config{})
		if err != nil {
			t.Fatal(err)
		}
		hangUp := errors.New("hang up")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(hangUp) })
		var out bytes.Buffer
		err = Run(ctx, Deps{Controller: eng}, tea.WithInput(nil), tea.WithOutput(&out), tea.WithWindowSize(80, 24), tea.WithoutSignalHandler())
		if !errors.Is(err, hangUp) {
			t.Errorf("Run = %v, want %v", err, hangUp)
		}
		const enter, leave = "\x1b[?1049h", "\x1b[?1049l"
		if s := out.String(); bytes.Count(out.Bytes(), []byte(enter)) != 1 || bytes.LastIndex(out.Bytes(), []byte(leave)) < bytes.Index(out.Bytes(), []byte(enter)) {
			t.Errorf("the terminal was not given back: %q", s)
		}
	})
}

// A page is what is written to it, from any goroutine.
type page struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *page) has(text string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bytes.Contains(p.out.Bytes(), []byte(text))
}

// Whoever waits for the first frame is told once, and not before it has reached
// the terminal.
func TestDrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(2 * toastTime)
		eng, err := engine.New(&enginetest.Scraper{}, engine.Config{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		begin, calls := time.Now(), 0
		var out page
		var prog *tea.Program
		d := Deps{Controller: eng, Drawn: func() {
			if calls++; calls > 1 {
				return
			}
			if took := time.Since(begin); !out.has("4 Results") || took > 100*time.Millisecond {
				t.Errorf("called after %v, when the frame was there: %v", took, out.has("4 Results"))
			}
			go prog.Send(tea.WindowSizeMsg{Width: 100, Height: 30})
		}}
		time.AfterFunc(time.Second, leave)
		if err := Run(ctx, d, tea.WithInput(nil), tea.WithOutput(&out), tea.WithWindowSize(120, 36), tea.WithoutSignalHandler(),
			func(p *tea.Program) { prog = p }); !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v", err)
		}
		if calls != 1 {
			t.Errorf("called %d times, want once", calls)
		}
	})
}
