package ui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// How a root model uses dialogs:
//
//   - it holds one dialogs value and hands it every message but the keys,
//     pastes and mouse of a moment when no dialog is open;
//   - it opens one with dialogs.push, or returns a pushMsg from a command;
//   - it draws the top ones over its frame with dialogs.draw;
//   - it acts on the messages that dialogs answer with: addMsg, quitMsg,
//     actMsg, exportedMsg, and whatever message it gave a question or an
//     input to send.
//
// A dialog that has ended returns nil from its Update and is taken off.

// A dialog is one modal box. It is a component: it does no I/O and has no
// clock, and what it decides it says in messages.
type dialog interface {
	// Init returns the command that starts with the dialog, or nil.
	Init() tea.Cmd
	// Update takes a message and returns the dialog as it is then, nil when
	// it has ended.
	Update(msg tea.Msg) (dialog, tea.Cmd)
	// View draws the dialog, its frame included, in at most w x h cells.
	View(th Theme, w, h int) string
	// frame returns its keys and what was drawn where.
	frame() *boxed
}

type (
	// pushMsg opens a dialog over the others.
	pushMsg struct{ dialog dialog }

	// awakeMsg ends the grace of a question: from now on it takes keys.
	awakeMsg struct{ question *waking }
)

// grace is how long a question ignores keys, so that a key that was on its way
// before the question appeared does not answer it.
const grace = 300 * time.Millisecond

// dialogs is the stack of open dialogs. The zero value is empty and ready, with
// the keys that weir comes with.
type dialogs struct {
	open []dialog
	keys keyMap // that they go by
}

// any reports whether a dialog is open: it has the keys then.
func (s dialogs) any() bool { return len(s.open) > 0 }

// push opens d over the others and returns its first command.
func (s *dialogs) push(d dialog) tea.Cmd {
	s.open = append(s.open, d)
	if s.keys != nil {
		d.frame().keys = s.keys
	}
	return d.Init()
}

// update hands msg on: what the operator did to the top dialog alone, anything
// else to all, since a list that lies under a question still streams.
func (s *dialogs) update(msg tea.Msg) tea.Cmd {
	if push, ok := msg.(pushMsg); ok {
		return s.push(push.dialog)
	}
	first := 0
	switch msg.(type) {
	case tea.KeyMsg, tea.PasteMsg, hitMsg, pickMsg, wheelMsg:
		first = max(len(s.open)-1, 0)
	}
	var cmds []tea.Cmd
	kept := s.open[:first:first]
	for _, d := range s.open[first:] {
		next, cmd := d.Update(msg)
		cmds = append(cmds, cmd)
		if next != nil {
			kept = append(kept, next)
		}
	}
	s.open = kept
	return tea.Batch(cmds...)
}

// draw lays the open dialogs over base, a screen of w x h cells. Each stands
// in the middle of the screen and below the first top lines, which are never
// covered. Where there is no room for one none is drawn.
func (s dialogs) draw(base string, th Theme, w, h, top int) string {
	room := h - top - 1 // the footer keeps its line
	if tooSmall(w, room) {
		return base
	}
	for _, d := range s.open {
		box := d.View(th, w, room)
		bw, bh := lipgloss.Size(box)
		at := place{max((w-bw)/2, 0), max((h-bh)/2, top), bw, bh}
		base, d.frame().at = overlay(base, box, at.x, at.y), at
	}
	return base
}

// click does what a click on a cell of the screen means to the top dialog: it
// presses, picks, or beside the dialog closes it as esc would. A slip of the
// mouse answers no question and stops no export: those stay.
func (s *dialogs) click(x, y int) tea.Cmd {
	d := s.open[len(s.open)-1]
	msg, inside := d.frame().click(x, y)
	if stays, ok := d.(interface{ stays() bool }); !inside && (!ok || !stays.stays()) {
		msg = hitMsg{actClose}
	}
	if msg == nil {
		return nil
	}
	return s.update(msg)
}

// wheel scrolls the top dialog, if the mouse is over it.
func (s *dialogs) wheel(x, y, by int) tea.Cmd {
	if _, inside := s.open[len(s.open)-1].frame().click(x, y); !inside {
		return nil
	}
	return s.update(wheelMsg{by})
}

// overlay returns base with box laid over it, its upper left cell at x, y.
// A wide character that the edge of the box cuts becomes a space.
func overlay(base, box string, x, y int) string {
	lines := strings.Split(base, "\n")
	for i, b := range strings.Split(box, "\n") {
		if y+i >= len(lines) {
			break
		}
		line := lines[y+i]
		left := ansi.Truncate(line, x, "")
		left += strings.Repeat(" ", x-lipgloss.Width(left))
		end := x + lipgloss.Width(b)
		right := ""
		if rest := lipgloss.Width(line) - end; rest > 0 {
			right = ansi.TruncateLeft(line, end, "")
			if lipgloss.Width(right) > rest { // a wide character, half covered
				right = " " + ansi.TruncateLeft(line, end+1, "")
			}
		}
		lines[y+i] = left + b + right
	}
	return strings.Join(lines, "\n")
}
