package ui

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"sync/atomic"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// exportedMsg says how an export ended. The dialog that made it is closed
// then; an error means that the file is not whole.
type exportedMsg struct {
	path string
	rows int
	err  error
}

// An exportDialog asks for a file, writes results to it and shows how far it
// is. It never overwrites a file unasked.
type exportDialog struct {
	boxed
	exporter Exporter
	call     caller
	what     string // what is written: "what the filter shows"
	most     int    // results there are
	results  iter.Seq2[engine.Result, error]

	field    textinput.Model
	proposed bool // what is in the field is the proposal, untouched
	err      string
	writing  *writing
}

// A writing is an export under way.
type writing struct {
	path    string
	done    atomic.Int64 // results handed to the exporter so far
	stopped atomic.Bool
	rows    int
	err     error
}

type (
	wroteMsg     struct{ *writing }    // it has ended
	lookWroteMsg struct{ *writing }    // look at how far it is
	overwriteMsg struct{ path string } // the file that is there may go
)

var errStopped = errors.New("stopped")

// newExport asks where most results go. What says which they are; path is a
// proposal, which typing replaces. Results is read in a command, from its
// beginning for each file that is tried.
func newExport(e Exporter, call caller, what string, most int, path string, results iter.Seq2[engine.Result, error]) *exportDialog {
	return &exportDialog{boxed: boxed{scope: inInput}, exporter: e, call: call, what: what, most: most, results: results, field: newField(path), proposed: true}
}

func (e *exportDialog) Init() tea.Cmd { return nil }

func (e *exportDialog) Update(msg tea.Msg) (dialog, tea.Cmd) {
	switch asked := e.asked(msg); {
	case asked == actNone: // it may be text
	case e.writing != nil:
		if asked != actAccept {
			e.writing.stopped.Store(true)
		}
		return e, nil
	case asked == actAccept:
		path := strings.TrimSpace(e.field.Value())
		if path == "" {
			e.err = "a file name that ends in .jsonl or .csv"
			return e, nil
		}
		return e, e.write(path, false)
	default:
		return nil, nil
	}
	switch msg := msg.(type) {
	case tea.KeyPressMsg, tea.PasteMsg:
		if e.writing == nil {
			e.field, e.err = typedOver(e.field, &e.proposed, msg), ""
		}
	case lookWroteMsg:
		if msg.writing == e.writing {
			return e, e.look()
		}
	case overwriteMsg:
		return e, e.write(msg.path, true)
	case wroteMsg:
		if msg.writing == e.writing {
			return e.wrote()
		}
	}
	return e, nil
}

// stays says that a click beside an export under way does not stop it.
func (e *exportDialog) stays() bool { return e.writing != nil }

// write returns the commands that write the file and look at how far that is.
func (e *exportDialog) write(path string, overwrite bool) tea.Cmd {
	w := &writing{path: path}
	e.writing, e.err = w, ""
	exporter, results := e.exporter, e.results
	return tea.Batch(e.look(), e.call(func(ctx context.Context) tea.Msg {
		w.rows, w.err = exporter.Export(ctx, path, overwrite, func(yield func(engine.Result, error) bool) {
			for r, err := range results {
				if w.stopped.Load() {
					yield(engine.Result{}, errStopped)
					return
				}
				if !yield(r, err) {
					return
				}
				w.done.Add(1)
			}
		})
		return wroteMsg{w}
	}))
}

func (e *exportDialog) look() tea.Cmd {
	w := e.writing
	return tea.Tick(scanLook, func(time.Time) tea.Msg { return lookWroteMsg{w} })
}

// wrote takes the end of the export.
func (e *exportDialog) wrote() (dialog, tea.Cmd) {
	w := e.writing
	e.writing = nil
	switch {
	case errors.Is(w.err, fs.ErrExist):
		text := []string{clean(w.path, lineBytes) + " is there already."}
		return e, send(pushMsg{newQuestion("Overwrite the file?", text, "overwrite it", overwriteMsg{w.path})})
	case w.err != nil && w.done.Load() == 0: // nothing was written: another name may do
		e.err = clean(w.err.Error(), whyBytes)
		return e, nil
	}
	return nil, send(exportedMsg{w.path, w.rows, w.err})
}

func (e *exportDialog) View(th Theme, w, h int) string {
	if tooSmall(w, h) {
		return ""
	}
	w = min(w-4, 74)
	inner := w - 4
	rows := []row{{drop: 2}, {text: fmt.Sprintf("%s, %s, to this file (.jsonl or .csv):", plural(e.most, "result"), e.what)}}
	if e.writing == nil {
		rows = append(rows, row{text: fieldView(th, e.field, inner)})
	} else {
		rows = append(rows, row{text: th.Muted.Render(clean(e.writing.path, lineBytes))})
	}
	rows = append(rows, row{drop: 2})
	if e.writing != nil {
		done := int(e.writing.done.Load())
		bar := th.Glyphs.bar(done, e.most, max(inner-24, 8))
		rows = append(rows,
			row{text: th.OK.Render(bar) + " " + count(done) + " of " + count(e.most)},
			e.foot(th, inner, hint{act: actClose, word: "stop"}))
	} else {
		rows = append(rows, wrap(e.err, th.Bad, inner)...)
		rows = append(rows, e.foot(th, inner, hint{act: actAccept, word: "export"}, hint{act: actClose, word: "leave it"}))
	}
	rows = append(rows, row{drop: 2})
	return e.box(th, "Export", rows, w, h)
}

// allResults reads what q selects from the store, a page at a time.
func allResults(ctx context.Context, c engine.Controller, q engine.Query) iter.Seq2[engine.Result, error] {
	const page = 500
	return func(yield func(engine.Result, error) bool) {
		q.Limit = page
		for {
			rs, err := c.Results(ctx, q)
			if err != nil {
				yield(engine.Result{}, err)
				return
			}
			for _, r := range rs {
				q.After = r.Num
				if !yield(r, nil) {
					return
				}
			}
			if len(rs) < page {
				return
			}
		}
	}
}
