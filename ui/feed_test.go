package ui

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
	"weir/engine/enginetest"
)

// A run with thousands of changes a second costs the screen ten views a second,
// thirty after a key, and none once nothing changes.
func TestFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(2 * toastTime) // timers that the program leaves behind
		scraper := &enginetest.Scraper{Latency: func(engine.Request) time.Duration { return 10 * time.Millisecond }}
		eng, err := engine.New(scraper, engine.Config{Interval: -1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := eng.Add(t.Context(), engine.Batch{Name: "many"}, enginetest.Jobs("one.test", 2000)); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		m := newModel(t.Context(), Deps{Controller: eng, Name: "many", Interval: -1})
		var views, last atomic.Int64 // how many, and when the last one came
		begin := time.Now()
		p := tea.NewProgram(m, tea.WithInput(nil), tea.WithOutput(new(bytes.Buffer)), tea.WithWindowSize(120, 36), tea.WithoutSignalHandler(),
			tea.WithFilter(func(_ tea.Model, msg tea.Msg) tea.Msg {
				if _, ok := msg.(viewMsg); ok {
					views.Add(1)
					last.Store(int64(time.Since(begin)))
				}
				return msg
			}))
		wg.Go(func() {
			if _, err := p.Run(); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if err := eng.Run(t.Context()); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(3 * time.Second)
		calm := views.Load()
		p.Send(keyPress("j"))
		time.Sleep(500 * time.Millisecond)
		lively := views.Load() - calm
		time.Sleep(time.Minute)
		p.Quit()
		eng.Close()
		wg.Wait()
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		if got := m.results.table.ended; got != 2000 {
			t.Errorf("the screen knows %d results, want 2000", got)
		}
		if calm < 25 || calm > 32 {
			t.Errorf("%d views in 3 s, want ten a second", calm)
		}
		if lively < 11 || lively > 16 {
			t.Errorf("%d views in the half second after a key, want thirty a second", lively)
		}
		if got := time.Duration(last.Load()); got > 20*time.Second {
			t.Errorf("the last view came after %v, when nothing changed any more", got)
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
