package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// How long one frame lasts: for half a second after a key, else, while the run
// races, and while the terminal shows another window.
const (
	livelyFrame  = time.Second / 30
	calmFrame    = time.Second / 10
	racingFrame  = time.Second / 5
	blurredFrame = time.Second

	lively = 500 * time.Millisecond
)

// drawRate is how often a second the terminal is brought up to date at most. A
// key does not wait for the end of a frame, but for this, and one that does more
// than move for company before it (rushTime). An idle screen costs 0.8 % of a
// core for it, and 1.1 % at 40.
const drawRate = 30

// racing is how many results a second make a run race. A frame then has more
// new rows than a terminal has lines, and nobody can read them; the workers
// have a better use for half of what drawing costs.
const racing = 1000

// A feed is the one door through which engine state enters the screen: at most
// one view a frame, and none when nothing has changed.
//
// It goes round: next sleeps until the frame is over (frameMsg), take waits
// for a change (viewMsg). Only one of the two is ever under way.
type feed struct {
	sub *engine.Subscription

	// The screen draws from one view while the next is filled.
	bufs [2]engine.View
	fill int

	sleep *time.Timer   // of the last next
	frame time.Duration // how long that frame was to last

	over bool // the run has ended, and the last view was taken
}

type (
	// frameMsg says that what was drawn last has reached the terminal.
	frameMsg struct{}

	// viewMsg brings what changed since the last one. The view is the
	// model's until the next viewMsg. After last, only what is left to take
	// comes: the run has ended.
	viewMsg struct {
		view *engine.View
		last bool
	}

	// statsMsg brings the numbers alone, where time passes and nothing
	// changes.
	statsMsg struct{ stats engine.Stats }

	// secondMsg comes once a second.
	secondMsg struct{}

	// drawnMsg says that the first frame has reached the terminal.
	drawnMsg struct{}

	// calmMsg ends the lively time of a key, if it was the last.
	calmMsg struct{ keys int }
)

// next waits for the end of the frame.
func (f *feed) next(frame time.Duration) tea.Cmd {
	timer := time.NewTimer(frame)
	f.sleep, f.frame = timer, frame
	return func() tea.Msg {
		<-timer.C
		return frameMsg{}
	}
}

// hurry makes the frame under way a lively one from now on, if it is longer: a
// key was pressed, and what it changes is to be seen soon. If take is under way
// it does nothing.
func (f *feed) hurry() {
	if f.frame > livelyFrame {
		f.frame = livelyFrame
		f.sleep.Reset(livelyFrame) // if it has rung already, nobody hears it again
	}
}

// drawn waits until what is drawn now has reached the terminal.
func drawn() tea.Cmd {
	return tea.Tick(2*time.Second/drawRate, func(time.Time) tea.Msg { return drawnMsg{} })
}

// take waits for a change and takes it.
func (f *feed) take() tea.Cmd {
	f.fill = 1 - f.fill
	into := &f.bufs[f.fill]
	return func() tea.Msg {
		_, ok := <-f.sub.Ready()
		f.sub.Take(into)
		return viewMsg{view: into, last: !ok}
	}
}

// startOver makes the next view one of all there is. What it returns takes it, if
// nothing else will.
func (f *feed) startOver() tea.Cmd {
	f.sub.StartOver()
	if !f.over {
		return nil
	}
	f.over = false
	return f.take()
}

// second is the clock of a run in which nothing changes.
func second() tea.Cmd {
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return secondMsg{} })
}
