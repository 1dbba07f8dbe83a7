package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/engine"
)

// whyRun tells what limits the run, in sentences.
func whyRun(k keyMap, s *engine.Stats, d Deps, unsaved int) []string {
	lines := []string{limitSentences(k, s, d, unsaved)}
	c := s.Counts
	lines = append(lines,
		fmt.Sprintf("%s of %s ended; left: %s in the backlog, %s queued, %s to retry, %s in flight.",
			count(c.Ended()), plural(c.Submitted, "URL"), count(c.Backlog), count(c.Queued), count(c.Retry), count(c.InFlight)),
		fmt.Sprintf("%s of %s busy; queue %s of %s; %s so far, %s a second now.",
			count(s.Busy), plural(s.Workers, "worker"), count(s.QueueLen), count(s.QueueCap), plural(int(s.Hits), "backpressure hit"), count(int(s.HitRate+0.5))),
	)
	var best float64
	for i := range s.Hosts {
		if h := &s.Hosts[i]; h.Waiting+h.InFlight > 0 && h.Interval > 0 {
			best += float64(time.Second) / float64(h.Interval)
		}
	}
	if best > 0 {
		lines = append(lines, fmt.Sprintf("The pace of the hosts with work left allows %s; the run makes %s.", rate(best), rate(s.Rate)))
	}
	return lines
}

// whyBatch tells where the jobs of a batch are.
func whyBatch(k keyMap, b *engine.BatchStats, s *engine.Stats) []string {
	c := b.Counts
	state := b.State.String()
	if b.State == engine.BatchPaused && b.Paused.Of > 0 {
		state = waitText(b.Paused, s.At) + " (safeguard)" + k.say("; %s goes on", actPause)
	}
	switch {
	case b.State != engine.BatchAdding:
	case b.Batch.Lines > 0:
		state += fmt.Sprintf(", %s of about %s read", count(c.Submitted), plural(b.Batch.Lines, "line"))
	default:
		state += fmt.Sprintf(", %s read", plural(c.Submitted, "line"))
	}
	if s.State == engine.RunPaused && c.Left() > 0 {
		state += "; the run is paused"
	}
	return []string{
		fmt.Sprintf("Batch %d %s: %s.", b.Batch.ID, nameOf(&b.Batch), state),
		fmt.Sprintf("%s; left: %s in the backlog, %s queued, %s to retry, %s in flight.",
			plural(c.Submitted, "URL"), count(c.Backlog), count(c.Queued), count(c.Retry), count(c.InFlight)),
		fmt.Sprintf("Ended: %s ok, %s empty, %s failed, %s skipped (%s duplicate, %s invalid), %s cancelled; %s.",
			count(c.OK), count(c.Empty), count(c.Failed), count(c.Skipped), count(c.Duplicate), count(c.Invalid), count(c.Cancelled), plural(b.Rows, "row")),
	}
}

// whyJob tells why a job waits, or how it ended, and what its host does if it
// has not: its URL first.
func whyJob(k keyMap, r *jobRow, s *engine.Stats) []string {
	lines := append([]string{bare(r.url)}, whyOne(k, r, s)...)
	if h := hostOf(r, s); h != nil {
		lines = append(lines, whyHost(k, h, s)...)
	}
	return lines
}

// hostOf returns the host that a job waits for; nil if it has ended.
func hostOf(r *jobRow, s *engine.Stats) *engine.HostStats {
	i := slices.IndexFunc(s.Hosts, func(h engine.HostStats) bool { return h.Host == r.host })
	if i < 0 || r.place == engine.Ended {
		return nil
	}
	return &s.Hosts[i]
}

// whyOne is what whyJob tells of the job itself.
func whyOne(k keyMap, r *jobRow, s *engine.Stats) (lines []string) {
	ended := r.place == engine.Ended
	switch {
	case ended && r.outcome == engine.Cancelled:
		lines = append(lines, "Cancelled by you"+k.say("; %s brings it back", actUndo)+".")
	case ended:
		told := "Ended " + r.outcome.String()
		if r.why != "" {
			told += ": " + r.why
		}
		lines = append(lines, told+".")
		if r.tries > 0 {
			last := fmt.Sprintf("%s, the last one took %s; ", plural(int(r.tries), "attempt"), duration(r.time))
			if !saysStatus(r) {
				last += "status " + statusText(r.status) + "; "
			}
			lines = append(lines, last+size(r.bytes)+"; "+plural(int(r.records), "row")+".")
		}
		if again := k.say("%s retries it.", actRetry); again != "" && (r.outcome == engine.Failed || r.outcome == engine.Empty) {
			lines = append(lines, again)
		}
	case r.place == engine.InFlight:
		lines = append(lines, "In flight.")
	default:
		lines = append(lines, placeText(r.place)+": "+waitText(whyWaits(r, s), s.At)+".")
	}
	return lines
}

// whyWorker tells what a worker does, or why it idles.
func whyWorker(k keyMap, w *engine.WorkerStats, s *engine.Stats, d Deps, unsaved int) []string {
	name := "Worker " + itoa(uint64(w.Num))
	if w.Phase == engine.PhaseIdle {
		_, text, _ := idleText(s, true)
		return []string{
			name + " idles: " + text + ".",
			limitSentences(k, s, d, unsaved),
		}
	}
	return []string{clean(w.URL, urlBytes), name + ": " + w.Phase.String() + " for " + short(max(s.At.Sub(w.Since), 0)) + ", attempt " + tryText(w) + "."}
}

// placeText begins a sentence with where a job waits.
func placeText(p engine.Place) string {
	return map[engine.Place]string{
		engine.Backlog: "In the backlog", engine.Queued: "In the queue", engine.Deferred: "Put off after a failed attempt",
	}[p]
}

// saysStatus reports whether the why of a job names the status of its answer.
func saysStatus(r *jobRow) bool {
	return r.status != 0 && strings.Contains(r.why, "status "+statusText(r.status))
}

func statusText(status int16) string {
	if status == 0 {
		return "none"
	}
	return fmt.Sprint(status)
}

// whyNext says when a host is asked next, why not before, and how much waits
// for it; what the host does if that is not known.
func whyNext(h *engine.HostStats, s *engine.Stats) string {
	name := clean(h.Host, urlBytes)
	at, known := engine.Until(h.Reason)
	if !known || h.Waiting == 0 || s.State == engine.RunPaused {
		return name + ": " + hostText(h, s, s.At) + "."
	}
	next, because := "Next request to ", waitText(h.Reason, s.At)
	switch r := h.Reason.(type) {
	case engine.PaceWait:
		switch {
		case r.Crawl:
			because = "its robots.txt asks for " + round(r.Interval) + " between requests"
		case r.Slowed:
			because = "its answers have slowed it to one request in " + duration(r.Interval)
		default:
			because = "its turn has not come"
		}
	case engine.RateWait:
		because = "the rate of the whole run is used up"
	case engine.ServerAsked:
		because = fmt.Sprintf("it answered %d at %s and asked for %s", r.Status, daytime(r.Until.Add(-r.Asked)), round(r.Asked))
	case engine.ServerBusy:
		because = fmt.Sprintf("it refused %s with %d", times(r.Refusals), r.Status)
	case engine.QuotaSpent:
		because = "it said that its quota is spent until " + daytime(r.Until)
	case engine.HostDown:
		next, because = "Next probe of ", fmt.Sprintf("it failed %s in a row (%s)", times(r.Failures), clean(string(r.Class), whyBytes))
	case engine.RobotsDown:
		next, because = "Next try of the robots.txt of ", "it could not be had ("+robotsTrouble(r)+")"
	}
	wait := plural(h.Waiting, "URL") + " wait behind it"
	if h.Waiting == 1 {
		wait = "1 URL waits behind it"
	}
	return next + name + " in " + in(at, s.At) + ": " + because + "; " + wait + "."
}

// whyHost tells what a host does, in sentences.
func whyHost(k keyMap, h *engine.HostStats, s *engine.Stats) []string {
	pace := "not paced"
	if h.Interval > 0 {
		pace = "one request every " + duration(h.Interval)
	}
	if h.Set != 0 {
		pace += " (set by you)"
	}
	lines := []string{
		whyNext(h, s),
		fmt.Sprintf("%s; %s over the last 4 s; %s left, %s in flight, %s failed.",
			capital(pace), rate(h.Rate), count(h.Waiting), count(h.InFlight), count(h.Failed)),
	}
	if down, ok := h.Reason.(engine.HostDown); ok {
		lines = append(lines, fmt.Sprintf("%s in a row, %s in vain. Its URLs wait in the backlog%s.",
			plural(down.Failures, "failure"), plural(down.Probes, "probe"), k.say("; %s on the host probes it now", actPause)))
	}
	return append(lines, changesText(h, changesTold)...)
}

// gapText writes a pace as the time between two requests.
func gapText(d time.Duration) string {
	if d <= 0 {
		return "no time"
	}
	return duration(d)
}

// changesTold is how many changes of a pace a why tells.
const changesTold = 3

// changesText tells so many of the last changes of a host's pace, newest first,
// a sentence each.
func changesText(h *engine.HostStats, most int) (lines []string) {
	for _, c := range slices.Backward(h.Changes) {
		if len(lines) == most {
			break
		}
		if c.Until.IsZero() {
			lines = append(lines, fmt.Sprintf("%s: from %s to %s between requests: %s.", daytime(c.At), gapText(c.From), gapText(c.To), clean(c.Why, whyBytes)))
		} else {
			lines = append(lines, fmt.Sprintf("%s: no request before %s: %s.", daytime(c.At), daytime(c.Until), clean(c.Why, whyBytes)))
		}
	}
	return lines
}
