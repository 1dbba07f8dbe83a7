package ui

import (
	"fmt"
	"math"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// A leaving is how a run is left.
type leaving uint8

// The ways out, mildest first.
const (
	leaveNow    leaving = iota // nothing is lost: there is nothing, or the run is kept
	leaveExport                // not yet: export first
	leaveDrain                 // finish what is queued and in flight
	leaveCancel                // stop, keep what has ended
)

// quitMsg is the answer of the quit dialog. Staying is no answer: the dialog
// just closes.
type quitMsg struct{ how leaving }

// A losing says what leaving now would lose.
type losing struct {
	counts  engine.Counts
	drain   time.Duration // what a drain takes; below zero: not known
	saving  string        // file that results go to; empty: none
	kept    string        // the command that goes on with the run; empty: it is in memory only
	unsaved int           // results that leaving loses: they are in no file, and the run is not kept
	behind  int           // results that are not in that file yet
	trouble string        // of the store: the run has ended with it; empty: none
}

// losingOf returns what leaving at the moment of s would lose.
func losingOf(d Deps, s engine.Stats) losing {
	l := losing{counts: s.Counts, saving: d.Saving, kept: d.Kept, drain: drainTime(s)}
	l.behind = l.ended()
	if d.Saving != "" && d.Saved != nil {
		l.behind = max(0, l.behind-int(d.Saved()))
	}
	if d.Kept == "" {
		l.unsaved = l.behind
	}
	if s.Trouble != "" {
		l.trouble, _ = troubleCause(&s)
	}
	return l
}

// any reports whether there is something to ask about.
func (l losing) any() bool { return l.counts.Left() > 0 || l.unsaved > 0 }

// A quitDialog asks before work or results are lost.
type quitDialog struct {
	waking
	losing
	deps Deps
}

// newQuit returns the question at the moment of s; its numbers go on with the
// views that it is handed.
func newQuit(d Deps, s engine.Stats) *quitDialog {
	return &quitDialog{waking: waking{boxed: boxed{scope: inQuit}}, losing: losingOf(d, s), deps: d}
}

func (q *quitDialog) Update(msg tea.Msg) (dialog, tea.Cmd) {
	switch msg := msg.(type) {
	case viewMsg:
		q.losing = losingOf(q.deps, msg.view.Stats)
	case statsMsg:
		q.losing = losingOf(q.deps, msg.stats)
	}
	switch q.hears(msg) {
	case actClose, actAccept, actNo, actBack:
		return nil, nil
	case actInterrupt: // the second time
		if q.kept != "" || q.trouble != "" {
			return nil, send(quitMsg{leaveNow})
		}
		return nil, send(quitMsg{leaveCancel})
	case actQuit:
		if q.kept != "" {
			return nil, send(quitMsg{leaveNow})
		}
		return nil, nil
	case actQuitExport:
		if q.ended() > 0 {
			return nil, send(quitMsg{leaveExport})
		}
	case actQuitDrain:
		if q.draining() > 0 && !q.deps.ReadOnly {
			return nil, send(quitMsg{leaveDrain})
		}
	case actQuitCancel:
		if q.trouble != "" { // nothing can be cancelled any more
			return nil, send(quitMsg{leaveNow})
		}
		if q.deps.ReadOnly && q.kept != "" {
			return q, nil
		}
		return nil, send(quitMsg{leaveCancel})
	}
	return q, nil
}

// ended returns how many results there are. Duplicates and lines that are no
// URL have none, and cancelled jobs have nothing in theirs.
func (l losing) ended() int {
	c := l.counts
	return c.Ended() - c.Cancelled - c.Duplicate - c.Invalid
}

// draining returns how many jobs a drain finishes.
func (l losing) draining() int {
	if l.trouble != "" {
		return 0
	}
	return l.counts.Queued + l.counts.InFlight
}

// drainTime estimates how long a drain takes: for each host its share of what
// is queued and in flight, at its pace, once it may be asked again. It is
// below zero when that is not known: a host is parked or paused, or unpaced.
func drainTime(s engine.Stats) time.Duration {
	draining := s.Counts.Queued + s.Counts.InFlight
	left, longest := 0, time.Duration(0)
	for _, h := range s.Hosts {
		left += h.Waiting + h.InFlight
	}
	for _, h := range s.Hosts {
		n := h.Waiting + h.InFlight
		if n == 0 {
			continue
		}
		if _, paused := h.Reason.(engine.Paused); paused || engine.Parked(h.Reason) {
			return -1
		}
		var until time.Time
		if _, pace := h.Reason.(engine.PaceWait); !pace {
			until, _ = engine.Until(h.Reason)
		}
		share := math.Ceil(float64(n) * float64(draining) / float64(left))
		longest = max(longest, time.Duration(share)*h.Interval+max(0, until.Sub(s.At)))
	}
	if longest == 0 {
		return -1
	}
	return longest
}

func (q *quitDialog) View(th Theme, w, h int) string {
	if tooSmall(w, h) {
		return ""
	}
	w = min(w-4, 74)
	c := q.counts
	rows := []row{{drop: 5}} // where there is little room the choices have it
	if q.trouble != "" {
		rows = append(rows, dropped(1, wrap("The store failed: "+q.trouble+".", th.Bad, w-4))...)
	}
	if left := c.Left(); left > 0 {
		rows = append(rows, dropped(2, wrap(fmt.Sprintf("%s not fetched: %s queued, %s in flight, %s to retry, %s in backlog.",
			count(left), count(c.Queued), count(c.InFlight), count(c.Retry), count(c.Backlog)), th.Text, w-4))...)
	} else {
		rows = append(rows, row{text: "Every job has ended.", drop: 2})
	}
	words, style := q.results(th)
	rows = append(rows, dropped(1, wrap(words, style, w-4))...)
	rows = append(rows, row{drop: 4}, q.choice(th, actClose, "stay"))
	if q.kept != "" {
		rows = append(rows, q.choice(th, actQuit, q.keptText(w-12)))
	}
	if q.ended() > 0 {
		rows = append(rows, q.choice(th, actQuitExport, "export the results first"))
	}
	if q.draining() > 0 && !q.deps.ReadOnly {
		rows = append(rows, q.choice(th, actQuitDrain, q.drainText(w-12)))
	}
	switch {
	case q.deps.ReadOnly && q.kept == "":
		rows = append(rows, q.choice(th, actQuitCancel, "leave: this program is the run, and ends it"))
	case q.deps.ReadOnly, q.trouble != "" && q.kept != "":
	case q.trouble != "":
		rows = append(rows, q.choice(th, actQuitCancel, "leave"))
	case c.Left() > 0 && q.kept != "":
		rows = append(rows, q.choice(th, actQuitCancel, "cancel what is left, for good, and leave"))
	case c.Left() > 0:
		rows = append(rows, q.choice(th, actQuitCancel, "cancel: stop now, leave within a second"))
	case q.kept == "":
		rows = append(rows, q.choice(th, actQuitCancel, "leave"))
	}
	rows = append(rows, row{drop: 5})
	return q.box(th, "Leave?", rows, w, h)
}

// keptText says what comes of a run that is kept, in w cells.
func (l losing) keptText(w int) string {
	again := clean(l.kept, lineBytes)
	if l.counts.Left() == 0 {
		return cut("leave: "+again+" shows it again", w)
	}
	words := "leave: the rest waits for " + again
	if width(words) > w {
		words = "leave: " + again + " goes on"
	}
	return cut(words, w)
}

// drainText says what a drain finishes and how long that takes, in w cells.
func (l losing) drainText(w int) string {
	about := ""
	if l.drain >= 0 {
		about = " (about " + round(l.drain) + ")"
	}
	n := count(l.draining())
	words := fmt.Sprintf("drain: finish the %s queued and in flight%s, leave", n, about)
	if width(words) > w {
		words = fmt.Sprintf("drain: finish %s%s, leave", n, about)
	}
	return words
}

// results says where the results are.
func (l losing) results(th Theme) (string, Style) {
	n := plural(l.ended(), "result")
	switch {
	case l.ended() == 0:
		return "No results yet.", th.Muted
	case l.kept != "" && l.saving == "":
		return n + " kept.", th.OK
	case l.saving == "" && l.ended() == 1:
		return "1 result is only in memory (no -o): leaving loses it.", th.Bad
	case l.saving == "":
		return n + " are only in memory (no -o): leaving loses them.", th.Bad
	case l.behind > 0:
		style := th.Warn
		if l.kept != "" {
			style = th.OK
		}
		return fmt.Sprintf("%s go to %s; %s of them will when you leave.", n, clean(l.saving, lineBytes), count(l.behind)), style
	}
	return fmt.Sprintf("%s saved in %s.", n, clean(l.saving, lineBytes)), th.OK
}
