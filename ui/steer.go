package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// doneMsg says what came of a change.
type doneMsg struct {
	done    engine.Done
	err     error
	undone  bool
	nothing string // what to say if there was nothing to change
}

// change makes a command of one call that steers the run.
func (m *Model) change(nothing string, do func(context.Context, engine.Controller) (engine.Done, error)) tea.Cmd {
	return m.inTurn(m.call(func(ctx context.Context) tea.Msg {
		done, err := do(ctx, m.deps.Controller)
		return doneMsg{done: done, err: err, nothing: nothing}
	}))
}

// inTurn starts a change when those before it are done: commands run side by
// side, and a cancel and its undo must not overtake each other.
func (m *Model) inTurn(cmd tea.Cmd) tea.Cmd {
	if m.changing {
		m.changes = append(m.changes, cmd)
		return nil
	}
	m.changing = true
	return cmd
}

// nextChange starts the change that waits longest.
func (m *Model) nextChange() tea.Cmd {
	if len(m.changes) == 0 {
		m.changing = false
		return nil
	}
	cmd := m.changes[0]
	m.changes = m.changes[1:]
	return cmd
}

// done says what came of a change.
func (m *Model) done(msg doneMsg) tea.Cmd {
	next := m.nextChange()
	if m.leaving && next == nil {
		return tea.Quit
	}
	if msg.done.Action == engine.ActWorkers && msg.err != nil {
		m.ordered = 0
	}
	return tea.Batch(next, m.sayDone(msg))
}

func (m *Model) sayDone(msg doneMsg) tea.Cmd {
	switch {
	case errors.Is(msg.err, engine.ErrNothing):
		return m.toasts.say(engine.LevelWarn, msg.nothing)
	case errors.Is(msg.err, engine.ErrReadOnly):
		return m.toasts.say(engine.LevelWarn, "read-only: the run cannot be changed here")
	case errors.Is(msg.err, engine.ErrClosed):
		return m.toasts.say(engine.LevelWarn, "the run has ended: nothing can be changed any more")
	case msg.err != nil:
		return m.toasts.say(engine.LevelBad, msg.err.Error())
	}
	if m.results.marks.n > 0 && !msg.undone {
		m.results.marks.clear() // they were acted on
	}
	if msg.undone { // what it said is no longer so, least of all that it can be undone
		m.toasts.drop(doneText(m.says, msg.done, false))
	}
	return m.toasts.say(engine.LevelInfo, doneText(m.says, msg.done, msg.undone))
}

// steer does the acts that change the run.
func (m *Model) steer(a act) tea.Cmd {
	run := engine.Selector{All: true}
	switch a {
	case actCancel:
		return m.each("nothing of that is left to cancel", engine.Controller.Cancel, m.focused().selectors()...)
	case actCancelAll:
		return m.each("nothing is left to cancel", engine.Controller.Cancel, run)
	case actRetry:
		return m.each("nothing of that failed or was empty", engine.Controller.Retry, m.focused().selectors()...)
	case actRetryAll:
		return m.each("nothing failed or was empty", engine.Controller.Retry, run)
	case actExclude:
		return m.dialogs.push(m.newExclude())
	case actPause:
		return m.pause()
	case actPauseAll:
		if m.stats.State == engine.RunPaused {
			return m.each("the run is not paused", engine.Controller.Resume, run)
		}
		return m.each("the run is paused already", engine.Controller.Pause, run)
	case actMore, actFewer:
		n := m.workersTo(a)
		m.ordered = n
		return m.change("there are so many workers already", func(ctx context.Context, c engine.Controller) (engine.Done, error) {
			return c.SetWorkers(ctx, n)
		})
	case actLower, actHigher:
		id, p := m.priorityTo(a)
		return m.change("it has that priority already", func(ctx context.Context, c engine.Controller) (engine.Done, error) {
			return c.SetPriority(ctx, id, p)
		})
	case actSlower, actFaster:
		sel, now, _ := m.paced()
		return m.pace(sel, step(now, a == actFaster))
	case actInterval:
		sel, now, who := m.paced()
		return m.dialogs.push(newInput("Interval", "Between two requests to "+who+":", paceText(now), func(s string) (tea.Msg, error) {
			d, err := parsePace(s)
			return thenMsg{func() tea.Cmd { return m.pace(sel, d) }}, err
		}))
	case actUndo:
		return m.undo()
	}
	return nil
}

// each makes one change for each selector, one after the other.
func (m *Model) each(nothing string, do func(engine.Controller, context.Context, engine.Selector) (engine.Done, error), sels ...engine.Selector) tea.Cmd {
	cmds := make([]tea.Cmd, len(sels))
	for i, sel := range sels {
		cmds[i] = m.change(nothing, func(ctx context.Context, c engine.Controller) (engine.Done, error) { return do(c, ctx, sel) })
	}
	return tea.Batch(cmds...)
}

// excludesOf returns the batch of which URLs are excluded: that under the cursor
// on panel 1; else nil, for the run.
func (m *Model) excludesOf() *engine.BatchStats {
	if m.focus == batchesPanel && formOf(m.w, m.h) != cardForm {
		return m.batches.selected()
	}
	return nil
}

// newExclude asks which URLs to exclude.
func (m *Model) newExclude() *excludeDialog {
	if b := m.excludesOf(); b != nil {
		scope := strings.TrimSpace(fmt.Sprintf("batch %d %s", b.Batch.ID, clean(b.Batch.Name, lineBytes)))
		return newExclude(m.deps.Controller, m.call, scope, b.Batch.ID)
	}
	return newExclude(m.deps.Controller, m.call, "the run", 0)
}

// exclude takes out what the exclude dialog has found.
func (m *Model) exclude(jobs []engine.JobID) tea.Cmd {
	return m.change("none of them waits any more", func(ctx context.Context, c engine.Controller) (engine.Done, error) {
		return c.Exclude(ctx, jobs)
	})
}

// pause pauses what is selected, or resumes it.
func (m *Model) pause() tea.Cmd {
	if h := m.hosts.selected(); m.focus == hostsPanel {
		sel := engine.Selector{Host: h.Host}
		if !h.Paused.At.IsZero() {
			return m.each("the host is not paused", engine.Controller.Resume, sel)
		}
		switch h.Reason.(type) {
		case engine.HostDown, engine.RobotsDown:
			return m.each("the host is asked already", engine.Controller.Resume, sel)
		}
		return m.each("the host is paused already", engine.Controller.Pause, sel)
	}
	if b := m.batches.selected(); m.focus == batchesPanel {
		sel := engine.Selector{Batch: b.Batch.ID}
		if b.State == engine.BatchPaused {
			return m.each("the batch is not paused", engine.Controller.Resume, sel)
		}
		return m.each("nothing is left to pause", engine.Controller.Pause, sel)
	}
	sels := m.focused().selectors()
	if m.focus == resultsPanel && !m.results.anyActed(func(slot uint32, r *record) bool { return !r.ended() && !m.results.pausedByName(slot) }) {
		return m.each("nothing of that is paused", engine.Controller.Resume, sels...)
	}
	return m.each("nothing of that is left to pause", engine.Controller.Pause, sels...)
}

// workersTo returns how many workers + or - ask for. Presses add up before
// the first of them is seen to work.
func (m *Model) workersTo(a act) int {
	n := m.stats.Workers
	if m.ordered != 0 {
		n = m.ordered
	}
	if a == actMore {
		return n + 1
	}
	return n - 1
}

func (m *Model) priorityTo(a act) (engine.BatchID, engine.Priority) {
	id := m.focused().batchIDs()[0]
	var p engine.Priority
	if i := m.batches.find(id); i >= 0 {
		p = m.batches.list[i].Batch.Priority
	}
	if a == actLower {
		return id, p - 1
	}
	return id, p + 1
}

// paceSteps are the intervals that < and > go along.
var paceSteps = []time.Duration{
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second,
	10 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute,
}

// step returns the next step from an interval; at either end it stays there.
func step(now time.Duration, faster bool) time.Duration {
	i, found := slices.BinarySearch(paceSteps, now)
	switch {
	case faster:
		i--
	case found:
		i++
	}
	return paceSteps[max(0, min(i, len(paceSteps)-1))]
}

// paced returns whose pace is meant, how it is now, and what to call it: a
// host's, or that of all hosts of a batch.
func (m *Model) paced() (sel engine.Selector, now time.Duration, who string) {
	now = m.deps.Interval
	if m.focus == batchesPanel {
		b := m.batches.selected()
		return engine.Selector{Batch: b.Batch.ID}, batchPace(b, &m.stats, m.deps), fmt.Sprintf("each host of batch %d", b.Batch.ID)
	}
	host := m.focused().host()
	if i := m.hosts.find(host); i >= 0 {
		now = m.hosts.list[i].Interval
	}
	return engine.Selector{Host: host}, now, clean(host, urlBytes)
}

// batchPace returns the interval of the hosts of a batch: its own, or that of a
// host with work left.
func batchPace(b *engine.BatchStats, s *engine.Stats, d Deps) time.Duration {
	now := d.Interval
	for i := range s.Hosts {
		if h := &s.Hosts[i]; h.Waiting > 0 {
			now = h.Interval
		}
	}
	if b.Batch.Interval != 0 {
		now = b.Batch.Interval
	}
	return now
}

// pace sets an interval. One that is faster than the operator's own is asked
// about once.
func (m *Model) pace(sel engine.Selector, d time.Duration) tea.Cmd {
	who := selectorText(sel)
	set := func() tea.Cmd {
		m.faster[who] = m.faster[who] || m.isFaster(d)
		return m.change(who+" has that interval already", func(ctx context.Context, c engine.Controller) (engine.Done, error) {
			return c.SetInterval(ctx, sel, d)
		})
	}
	if !m.isFaster(d) || m.faster[who] {
		return set()
	}
	return m.dialogs.push(newQuestion("Faster than your interval?", fasterText(who, d, m.deps), "ask it that often", thenMsg{set}))
}

func (m *Model) isFaster(d time.Duration) bool { return tooFast(d, m.deps) }

// tooFast reports whether an interval is shorter than the operator's own.
func tooFast(d time.Duration, deps Deps) bool { return deps.Interval > 0 && d < deps.Interval }

// fasterText says what such an interval means.
func fasterText(who string, d time.Duration, deps Deps) []string {
	return []string{
		fmt.Sprintf("%s between two requests to %s: this run was asked to keep %s.", paceText(d), clean(who, urlBytes), paceText(deps.Interval)),
		"A site that wants less traffic may answer with refusals, or shut you out.",
	}
}

// undoAge is how old a change may be that u undoes unasked.
const undoAge = time.Minute

// undo takes the last change back; an old one is named first.
func (m *Model) undo() tea.Cmd {
	undo := func() tea.Cmd {
		return m.inTurn(m.call(func(ctx context.Context) tea.Msg {
			done, err := m.deps.Controller.Undo(ctx)
			return doneMsg{done: done, err: err, undone: true, nothing: "nothing to undo"}
		}))
	}
	old := oldChange(&m.stats)
	if old == "" {
		return undo()
	}
	return m.dialogs.push(newQuestion("Undo that?", []string{old}, "undo it", thenMsg{undo}))
}

// oldChange names the last change if that is too old to be undone unasked. It
// is empty if none is known: that may be younger than the last view.
func oldChange(s *engine.Stats) string {
	n := len(s.Undo)
	if n == 0 {
		return ""
	}
	last := s.Undo[n-1]
	age := s.At.Sub(last.At)
	if age <= undoAge {
		return ""
	}
	return fmt.Sprintf("%s, %s ago at %s.", capital(clean(doneWords(last), whyBytes)), round(age.Truncate(time.Second)), daytime(last.At))
}
