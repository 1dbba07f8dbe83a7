package ui

import (
	"testing"
	"testing/synctest"
	"time"

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
