package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

const (
	toastTime = 6 * time.Second
	maxToasts = 3
)

// toastMsg asks for a toast.
type toastMsg struct {
	level engine.Level
	text  string
}

// toastGoneMsg takes a toast away.
type toastGoneMsg struct{ id int }

// A toast is one line that says what a key did, or what happened without one.
type toast struct {
	id    int
	level engine.Level
	text  string
}

// toasts are the newest few; each goes after a while.
type toasts struct {
	list []toast
	last int
}

// say shows a line. One that is shown already is shown anew.
func (t *toasts) say(level engine.Level, text string) tea.Cmd {
	t.drop(text)
	t.last++
	t.list = append(t.list, toast{t.last, level, clean(text, 2*whyBytes)})
	if extra := len(t.list) - maxToasts; extra > 0 {
		t.list = append(t.list[:0], t.list[extra:]...)
	}
	id := t.last
	return tea.Tick(toastTime, func(time.Time) tea.Msg { return toastGoneMsg{id} })
}

// drop takes the toast with a text away.
func (t *toasts) drop(text string) {
	text = clean(text, 2*whyBytes)
	t.list = slices.DeleteFunc(t.list, func(old toast) bool { return old.text == text })
}

// gone takes a toast away.
func (t *toasts) gone(id int) {
	for i := range t.list {
		if t.list[i].id == id {
			t.list = append(t.list[:i], t.list[i+1:]...)
			return
		}
	}
}

// view draws the toasts, newest last, each in at most w cells.
func (t *toasts) view(th Theme, w int) []string {
	var lines []string
	for _, one := range t.list {
		lines = append(lines, newStyle(th.level(one.level).Reverse(true)).Render(cut(" "+one.text+" ", w)))
	}
	return lines
}

// level is the style of a log level.
func (t Theme) level(l engine.Level) Style {
	switch l {
	case engine.LevelWarn:
		return t.Warn
	case engine.LevelBad:
		return t.Bad
	}
	return t.Text
}

// doneText says what a change did, or that it was taken back.
func doneText(k keyMap, d engine.Done, undone bool) string {
	switch {
	case undone:
		return "undone: " + doneWords(d)
	case d.Action == engine.ActProbe:
		return doneWords(d)
	}
	return doneWords(d) + k.say(" "+glyphs.Dot+" %s to undo", actUndo)
}

// doneWords says what a change did, with its numbers.
func doneWords(d engine.Done) string { return doneTo(selectorText(d.Selector), d) }

// doneTo is doneWords with another name for what was changed.
func doneTo(what string, d engine.Done) string {
	switch d.Action {
	case engine.ActCancel:
		return what + " cancelled: " + movedText(d)
	case engine.ActExclude:
		return count(d.Waiting+d.Queued) + " excluded"
	case engine.ActPause:
		switch n := d.Waiting + d.Queued; n {
		case 0:
			return what + " paused"
		case 1:
			return what + " paused: 1 URL waits"
		default:
			return what + " paused: " + plural(n, "URL") + " wait"
		}
	case engine.ActResume:
		return what + " " + goOn(max(len(d.Selector.Jobs), 1))
	case engine.ActProbe:
		return what + " is probed now"
	case engine.ActRetry:
		return what + ": " + plural(d.Waiting+d.Queued, "URL") + " to be asked again"
	case engine.ActWorkers:
		return "workers " + d.From + " -> " + d.To
	}
	return what + ": " + string(d.Action) + " " + d.From + " -> " + d.To
}

// movedText writes the jobs of a cancel by where they were.
func movedText(d engine.Done) string {
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{{d.Waiting, "waiting"}, {d.Queued, "queued"}, {d.InFlight, "in flight"}} {
		if p.n > 0 {
			parts = append(parts, count(p.n)+" "+p.word)
		}
	}
	if len(parts) == 0 {
		return "nothing was left"
	}
	return strings.Join(parts, ", ")
}

// selectorText names what a change was for.
func selectorText(s engine.Selector) string {
	switch {
	case s.All:
		return "the run"
	case s.Batch != 0:
		return fmt.Sprintf("batch %d", s.Batch)
	case s.Host != "":
		return "host " + s.Host
	case len(s.Jobs) == 1:
		return fmt.Sprintf("job %d", s.Jobs[0])
	case len(s.Jobs) > 1:
		return plural(len(s.Jobs), "job")
	}
	return "nothing"
}

// capital writes a sentence's first letter.
func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// guardToast tells that the safeguard has paused something.
func guardToast(k keyMap, what string, p engine.Paused) toastMsg {
	return toastMsg{engine.LevelBad, fmt.Sprintf("%s paused by the safeguard: %d of the last %d answers failed", what, p.Failed, p.Of) + k.say(" "+glyphs.Dot+" %s on it goes on", actPause)}
}

// notices compares two moments and says what happened without a key: the store
// failed, a batch finished, a host was parked, a host is back.
func notices(k keyMap, before, after *engine.Stats) []toastMsg {
	var said []toastMsg
	if after.Trouble != "" && before.Trouble == "" {
		cause, _ := troubleCause(after)
		said = append(said, toastMsg{engine.LevelBad, "the store failed: " + cause + ": nothing more is fetched"})
	}
	was := map[engine.BatchID]engine.BatchState{}
	for i := range before.Batches {
		was[before.Batches[i].Batch.ID] = before.Batches[i].State
	}
	for i := range after.Batches {
		b := &after.Batches[i]
		state, known := was[b.Batch.ID]
		if known && state != b.State && b.State == engine.BatchPaused && b.Paused.Of > 0 {
			said = append(said, guardToast(k, fmt.Sprintf("batch %d %s", b.Batch.ID, nameOf(&b.Batch)), b.Paused))
		}
		if !known || state == b.State || b.State != engine.BatchDone {
			continue
		}
		level := engine.LevelInfo
		if b.Counts.Failed > 0 {
			level = engine.LevelWarn
		}
		said = append(said, toastMsg{level, fmt.Sprintf("batch %d %s finished: %s ok, %s empty, %s failed",
			b.Batch.ID, nameOf(&b.Batch), count(b.Counts.OK), count(b.Counts.Empty), count(b.Counts.Failed))})
	}
	j := 0
	for i := range after.Hosts { // both are in the order of their names
		h := &after.Hosts[i]
		for j < len(before.Hosts) && before.Hosts[j].Host < h.Host {
			j++
		}
		var old engine.HostStats
		if j < len(before.Hosts) && before.Hosts[j].Host == h.Host {
			old = before.Hosts[j]
		}
		if p, ok := h.Reason.(engine.Paused); ok && p.Of > 0 && old.Reason != h.Reason {
			said = append(said, guardToast(k, clean(h.Host, whyBytes), p))
		}
		// While a host that is down is probed it is not back yet.
		was := old.Down || engine.Parked(old.Reason)
		switch is := h.Down || engine.Parked(h.Reason); {
		case is && !was:
			said = append(said, toastMsg{engine.LevelBad, clean(h.Host, whyBytes) + " " + waitText(h.Reason, after.At)})
		case was && !is:
			said = append(said, toastMsg{engine.LevelInfo, clean(h.Host, whyBytes) + " is back"})
		}
	}
	return said
}
