package ui

import (
	"fmt"
	"strings"
	"time"

	"weir/engine"
)

// limitText says what limits the run, in words that follow "limited by", the
// most important part first. What does not fit is dropped from its end.
func limitText(k keyMap, s *engine.Stats, d Deps, unsaved int) []string {
	if s.Trouble != "" {
		return troubleText(s, d)
	}
	l := &s.Limit
	if l.Kind == engine.LimitNothing {
		return restText(k, s, d, unsaved)
	}
	parts := limitParts(k, s)
	parts[0] = limitName(s) + parts[0]
	return parts
}

// limitName is what limits the run, in two or three words.
func limitName(s *engine.Stats) string {
	switch l := &s.Limit; l.Kind {
	case engine.LimitPaused:
		if pauseOf(s).Of > 0 {
			return "the safeguard's pause"
		}
		return "your pause"
	case engine.LimitRobots:
		return "robots.txt"
	case engine.LimitParked:
		if l.Waiting > 1 {
			return count(l.Waiting) + " parked hosts"
		}
		return "a parked host"
	case engine.LimitServer:
		return "server latency"
	case engine.LimitWorkers:
		return "workers"
	case engine.LimitPace:
		return "host pace"
	case engine.LimitRetry:
		return "retry waits"
	case engine.LimitBacklog:
		return "an empty backlog"
	}
	return "lack of work"
}

// pauseOf returns the pause that limits a run.
func pauseOf(s *engine.Stats) engine.Paused {
	if p, ok := s.Limit.Reason.(engine.Paused); ok {
		return p
	}
	return s.Paused
}

// limitParts are what there is to say of a limit behind its name.
func limitParts(k keyMap, s *engine.Stats) []string {
	l := &s.Limit
	name := clean(l.Host, urlBytes)
	next := func(parts ...string) []string {
		if !l.Next.IsZero() {
			parts = append(parts, "next in "+in(l.Next, s.At))
		}
		if name != "" {
			parts = append(parts, name)
		}
		return parts
	}
	switch l.Kind {
	case engine.LimitPaused:
		return pauseParts(k, s)
	case engine.LimitRobots:
		return next(": " + hostsWait(l, "for the rules of their site", "for the rules of its site"))
	case engine.LimitParked:
		first := ": " + wait(plural(l.Jobs, "URL"), l.Jobs)
		if !l.Next.IsZero() {
			first += " " + in(l.Next, s.At)
		}
		parts := []string{first}
		switch r := l.Reason.(type) {
		case engine.ServerAsked:
			parts = append(parts, fmt.Sprintf("%s answered %d and asked for %s", name, r.Status, round(r.Asked)))
		case engine.HostDown:
			parts = append(parts, fmt.Sprintf("%s cannot be reached (%s, %s)", name, clean(string(r.Class), whyBytes), times(r.Failures)))
			if probe := k.say("%s on it probes now", actPause); probe != "" {
				parts = append(parts, probe)
			}
		default:
			if name != "" {
				parts = append(parts, name)
			}
		}
		if !l.Next.IsZero() {
			parts = append(parts, "again at "+daytime(l.Next))
		}
		return parts
	case engine.LimitServer:
		return next(": " + awaiting(s.Busy))
	case engine.LimitWorkers:
		parts := []string{": the only one is busy"}
		if s.Workers != 1 {
			parts[0] = ": all " + count(s.Workers) + " are busy"
		}
		if l.Waiting > 0 {
			parts = append(parts, plural(l.Waiting, "host")+" could go on")
		}
		if more := k.say("%s adds one", actMore); more != "" {
			parts = append(parts, more)
		}
		return parts
	case engine.LimitPace:
		if l.Waiting == 0 {
			return next(": no turn has come")
		}
		return next(": " + hostsWait(l, "their turn", "its turn"))
	case engine.LimitRetry:
		return next(": " + plural(s.Counts.Retry, "URL") + " to be asked again")
	}
	parts := []string{": " + plural(s.Counts.InFlight, "request") + " in flight"}
	if n := s.Counts.Retry; n > 0 {
		parts = append(parts, wait(count(n), n)+" to be retried")
	}
	return parts
}

// hostsWait says how many of the hosts with work left wait for what many do, or
// one does.
func hostsWait(l *engine.Limit, many, one string) string {
	switch {
	case l.Hosts == 1:
		return "the 1 host waits " + one
	case l.Waiting == 1:
		return "1 of " + plural(l.Hosts, "host") + " waits " + one
	}
	return count(l.Waiting) + " of " + plural(l.Hosts, "host") + " wait " + many
}

// wait is what n of something do.
func wait(them string, n int) string {
	if n == 1 {
		return them + " waits"
	}
	return them + " wait"
}

// pauseParts say since when what is paused, and what resumes it.
func pauseParts(k keyMap, s *engine.Stats) []string {
	at := pauseOf(s)
	when := " at " + daytime(at.At)
	if ago := pausedFor(s); ago != "" {
		when += ", " + ago + " ago"
	}
	parts := []string{when + ": " + resumes(k, s)}
	if at.Of > 0 {
		parts = append(parts, fmt.Sprintf("%d of the last %d answers failed", at.Failed, at.Of))
	}
	return parts
}

// pausedFor says for how long, if that is a minute: no second of a pause is news.
func pausedFor(s *engine.Stats) string {
	if d := s.At.Sub(pauseOf(s).At).Truncate(time.Minute); d > 0 {
		return round(d)
	}
	return ""
}

// resumes says which key resumes how much of what is paused.
func resumes(k keyMap, s *engine.Stats) string {
	left := s.Counts.Left()
	urls := plural(left, "URL")
	what := k.say("%s resumes "+urls, actPauseAll)
	if at := pauseOf(s); at.What != "" && at.What != "run" {
		which := " on the "
		if s.Limit.Waiting > 1 {
			which = " on each "
		}
		if what = k.say("%s", actPause); what != "" {
			what += which + clean(at.What, whyBytes) + " resumes " + urls
		}
	}
	if what == "" {
		return wait(urls, left)
	}
	return what
}

// narrowPause are the words of a pause, the fullest that fit into so many cells.
func narrowPause(k keyMap, s *engine.Stats, cells int) []string {
	name, left := limitName(s), s.Counts.Left()
	what, waits := resumes(k, s), wait(plural(left, "URL"), left)
	all := []string{name + pauseParts(k, s)[0]}
	if ago := pausedFor(s); ago != "" {
		all = append(all, name+", "+ago+" ago: "+what)
	}
	all = append(all, name+": "+what, name+": "+waits, waits)
	for _, words := range all {
		if width(words) <= cells {
			return []string{words}
		}
	}
	return all[len(all)-1:]
}

// limitSentences is limitText in whole sentences.
func limitSentences(k keyMap, s *engine.Stats, d Deps, unsaved int) string {
	parts := limitText(k, s, d, unsaved)
	sep := ", "
	if s.Trouble == "" && s.Limit.Kind == engine.LimitNothing { // each part is about something else
		sep = ". "
	}
	return "Limited by " + strings.Join(parts, sep) + "."
}

// limitHold is how long a diagnosis that is true no longer stays in the header
// at most, if it was true for as long before.
const limitHold = time.Second

// A steady is what the header says limits the run. While work goes on, pace and
// latency take turns several times a second, and nobody could read that: a
// diagnosis gains the time in which it is true, loses that in which it is not,
// and gives way when nothing is left. So it is the one that was true for most of
// the last moments, with the numbers of when it was. What an operator has to know
// at once is not held back, and holds back nothing.
type steady struct {
	told engine.Stats // of the last view in which it was true; without lists
	kind engine.LimitKind
	at   time.Time     // both of the last view
	left time.Duration // until it gives way, up to limitHold
}

// take brings in the numbers of a view.
func (d *steady) take(s *engine.Stats) {
	held := d.told.Limit.Kind
	if passed := max(s.At.Sub(d.at), 0); d.kind == held {
		d.left = min(d.left+passed, limitHold)
	} else {
		d.left -= passed
	}
	d.kind, d.at = s.Limit.Kind, s.At
	if d.kind != held {
		if d.left > 0 && takesTurns(&d.told) && takesTurns(s) {
			return
		}
		d.left = limitHold
	}
	d.told = *s
	d.told.Slots, d.told.Batches, d.told.Hosts, d.told.Undo, d.told.Classes = nil, nil, nil, nil, nil // they are the view's
}

// A heldRate is the rate of a run as the header has it. That of the last seconds
// changes with every result, and nobody could read that: it is shown anew once a
// second, and at once when the run comes to a stop or goes on.
type heldRate struct {
	at    time.Time // of the view that it is from
	shown float64   // jobs per second
}

// take brings in the numbers of a view.
func (r *heldRate) take(s *engine.Stats) {
	if d := s.At.Sub(r.at); d < 0 || d >= time.Second || s.Rate == 0 || r.shown == 0 {
		r.at, r.shown = s.At, s.Rate
	}
}

// takesTurns reports whether what limits a run is one of the things that do so
// in turn while work goes on.
func takesTurns(s *engine.Stats) bool {
	switch s.Limit.Kind {
	case engine.LimitRobots, engine.LimitServer, engine.LimitWorkers, engine.LimitPace, engine.LimitRetry, engine.LimitBacklog:
		return s.Trouble == ""
	}
	return false
}

// troubleText says that the store has failed, which has ended the run.
func troubleText(s *engine.Stats, d Deps) []string {
	cause, file := troubleCause(s)
	parts := []string{"a failed store: " + cause, "nothing is kept since " + daytime(s.At)}
	if d.Kept != "" {
		parts = append(parts, clean(d.Kept, whyBytes)+" goes on")
	}
	if file != "" {
		parts = append(parts, file)
	}
	return parts
}

// troubleCause says what happened to the store, and to which file of it, if
// that is known.
func troubleCause(s *engine.Stats) (cause, file string) {
	cause = strings.TrimPrefix(s.Trouble, engine.ErrStore.Error()+": ")
	cause = strings.TrimPrefix(cause, "sqlite: ")
	if before, after, ok := strings.Cut(cause, ": "); ok && strings.ContainsAny(before, `/\`) {
		file, cause = before, after
	}
	return clean(cause, whyBytes), clean(file, whyBytes)
}

func awaiting(n int) string {
	if n == 1 {
		return "the 1 worker awaits bytes"
	}
	return "all " + count(n) + " workers await bytes"
}

// restText is the line of a run without work: what is left to be done about it.
func restText(k keyMap, s *engine.Stats, d Deps, unsaved int) []string {
	c := s.Counts
	if c.Submitted == 0 {
		return []string{limitName(s) + k.say(": press %s to add a batch", actAdd)}
	}
	parts := []string{limitName(s)}
	results := c.Ended() - c.Cancelled - c.Duplicate - c.Invalid
	switch {
	case unsaved > 0:
		parts = append(parts, plural(unsaved, "result")+" NOT SAVED"+k.say(": %s exports them", actExport))
	case results > 0 && d.Saving != "":
		parts = append(parts, plural(results, "result")+" saved to "+clean(d.Saving, whyBytes))
	case results > 0 && d.Kept != "":
		parts = append(parts, plural(results, "result")+" kept"+k.say(": %s exports them", actExport))
	}
	if c.Failed > 0 {
		parts = append(parts, k.say("%s retries ", actRetryAll)+count(c.Failed)+" failed")
	}
	if c.Cancelled > 0 {
		parts = append(parts, count(c.Cancelled)+" cancelled"+k.say(": %s brings them back", actUndo))
	}
	return parts
}
