package ui

import (
	"fmt"
	"strings"
	"time"

	"weir/engine"
)

// limitText says what limits the run, most important part first. The parts
// are of one sentence: what does not fit is dropped from its end.
func limitText(k keyMap, s *engine.Stats, d Deps, unsaved int) []string {
	if s.Trouble != "" {
		return troubleText(s, d)
	}
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
		at := s.Paused
		if p, ok := l.Reason.(engine.Paused); ok {
			at = p
		}
		urls := plural(s.Counts.Left(), "URL")
		what := k.say("%s resumes "+urls, actPauseAll)
		if at.What != "" && at.What != "run" {
			what = k.say("%s on the ", actPause)
			if what != "" {
				what += clean(at.What, whyBytes) + " resumes " + urls
			}
		}
		if what == "" {
			if what = urls + " wait"; s.Counts.Left() == 1 {
				what += "s"
			}
		}
		when := "at " + daytime(at.At)
		if ago := s.At.Sub(at.At).Truncate(time.Minute); ago > 0 { // no second of a pause is news
			when += ", " + round(ago) + " ago"
		}
		when += ": "
		if at.Of > 0 {
			return []string{"paused by the safeguard " + when + what, fmt.Sprintf("%d of the last %d answers failed", at.Failed, at.Of)}
		}
		return []string{"paused by you " + when + what}
	case engine.LimitRobots:
		return next(fmt.Sprintf("robots.txt: %s of %s wait for the rules of their site", count(l.Waiting), plural(l.Hosts, "host")))
	case engine.LimitParked:
		first := "host parked: " + plural(l.Jobs, "URL") + " wait"
		if l.Jobs == 1 {
			first += "s"
		}
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
		return next(fmt.Sprintf("server latency: %s", awaiting(s.Busy)))
	case engine.LimitWorkers:
		ready := plural(l.Waiting, "host") + " could go on"
		parts := []string{"workers: " + busyWorkers(s.Workers), ready}
		if more := k.say("%s adds one", actMore); more != "" {
			parts = append(parts, more)
		}
		return parts
	case engine.LimitPace:
		switch {
		case l.Waiting == 0:
			return next("host pace: no turn has come")
		case l.Hosts == 1:
			return next("host pace: the 1 host waits its turn")
		}
		return next(fmt.Sprintf("host pace: %s of %s wait their turn", count(l.Waiting), plural(l.Hosts, "host")))
	case engine.LimitRetry:
		return next("retry waits: " + plural(s.Counts.Retry, "URL") + " to be asked again")
	case engine.LimitBacklog:
		return []string{"backlog empty: what is left is in flight", plural(s.Counts.InFlight, "request")}
	}
	return restText(k, s, d, unsaved)
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
		return []string{"nothing to do" + k.say(": press %s to add a batch", actAdd)}
	}
	parts := []string{"nothing to do"}
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
