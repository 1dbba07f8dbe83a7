package ui

import (
	"context"
	"errors"
	"iter"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// Deps is what the screen needs of the other rooms.
type Deps struct {
	Controller engine.Controller
	ReadOnly   bool          // the run is watched, and cannot be changed from here
	Name       string        // the run's name in the header: "demo", a list's name
	Interval   time.Duration // the operator's interval: the form's default; going faster asks once
	Planner    Planner
	Exporter   Exporter
	Bodies     Bodies // nil: the pages are not kept

	// Saving names the file that results already go to. Empty: they are only
	// in memory, and the screen says so before it lets them go.
	Saving string
	Saved  func() uint64 // Num of the last result written there; nil without Saving

	// Kept is the command that goes on with this run later, "weir resume 7":
	// a store keeps it, so leaving loses nothing and cancels nothing. Empty:
	// the run is in memory only.
	Kept string

	// Lists is closed when the lists that the run began with have been read:
	// before that, nothing left to do does not mean that all is done. Nil:
	// there are none.
	Lists <-chan struct{}

	// Drawn is called once, when the first frame has reached the terminal, or
	// soon after. It never blocks. Nil: nobody waits for that.
	Drawn func()

	Open  func(url string) error // shows a page in the browser; nil: its URL is copied instead
	ASCII bool                   // the terminal has no glyphs
	Theme string                 // its name, before that of Look; empty: not said
	Keys  Keys                   // from [Bind]; zero: those that weir comes with

	// Look is what Keep was given last. Keep is called when the screen has
	// ended and the operator has changed something of it; nil: nothing is
	// kept. Notes are lines for the log about what came before the screen.
	Look  Look
	Keep  func(Look)
	Notes []string

	// Now is the clock of a screen that has not yet seen a View, for the
	// names of pasted batches. Nil: time.Now. Everything else goes by the
	// time of the last View.
	Now func() time.Time
}

// ErrNoURL is what a [Planner] says of a text that holds no URL so far: nothing is
// wrong with it, there is more to come.
var ErrNoURL = errors.New("no URL yet")

// A Planner turns what was typed or pasted into jobs.
type Planner interface {
	// Recipes names what the form offers, the default first.
	Recipes() []string

	// Plan reads a Spec. The error is ErrNoURL or names what is wrong with the
	// whole;
	// errors in the sequence are single bad lines and name their line. The
	// sequence may be read more than once.
	Plan(spec Spec) (engine.Batch, iter.Seq2[engine.Job, error], error)
}

// A Spec is a filled-in form.
type Spec struct {
	Text     string // URLs, a file's path, or a base URL and a range of months
	Recipe   string
	Priority engine.Priority
	Interval time.Duration
}

// An Exporter writes results to a file whose ending says the format.
type Exporter interface {
	// Export writes rs to path and returns how many rows it wrote. It
	// returns fs.ErrExist if the file is there and overwrite is false.
	Export(ctx context.Context, path string, overwrite bool, rs iter.Seq2[engine.Result, error]) (int, error)
}

// Bodies reads pages as they were kept when they were fetched.
type Bodies interface {
	// Body reads the page that was kept last of url, which is where redirects
	// ended: its first bytes, at most so many. kept is false if there is none.
	// Errors name the file.
	Body(ctx context.Context, url string, most int64) (b Body, kept bool, err error)
}

// A Body is the beginning of a page as it was kept.
type Body struct {
	Type string    // Content-Type, as the server wrote it
	At   time.Time // when it was kept, or found to be unchanged
	Size int64     // bytes of the whole

	Raw  []byte // its first bytes
	Text []byte // Raw as UTF-8, if it is text
}

// A caller makes a command of a call that may block for I/O: it runs do with
// the context of the screen, off the loop.
type caller func(do func(ctx context.Context) tea.Msg) tea.Cmd

// callIn returns the caller whose calls end with ctx.
func callIn(ctx context.Context) caller {
	return func(do func(context.Context) tea.Msg) tea.Cmd {
		return func() tea.Msg { return do(ctx) }
	}
}
