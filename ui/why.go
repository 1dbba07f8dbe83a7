package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"weir/engine"
)

// in writes how long it is until t.
func in(t, now time.Time) string { return short(max(t.Sub(now), 0)) }

// daytime writes a moment as the operator's clock shows it.
func daytime(t time.Time) string { return t.Local().Format(time.TimeOnly) }

// waitText writes a reason in the few words of a column.
func waitText(r engine.Reason, now time.Time) string {
	switch r := r.(type) {
	case engine.PaceWait:
		if r.Crawl {
			return "next in " + in(r.Next, now) + ": robots.txt asks for " + round(r.Interval)
		}
		if r.Slowed {
			return "next in " + in(r.Next, now) + ": slowed by its answers"
		}
		return "next in " + in(r.Next, now)
	case engine.ServerAsked:
		if r.Parked {
			return fmt.Sprintf("PARKED %d asked %s: at %s, %s", r.Status, round(r.Asked), daytime(r.Until), in(r.Until, now))
		}
		return fmt.Sprintf("%d asked %s: again in %s", r.Status, round(r.Asked), in(r.Until, now))
	case engine.QuotaSpent:
		if r.Parked {
			return fmt.Sprintf("PARKED quota spent: at %s, %s", daytime(r.Until), in(r.Until, now))
		}
		return "quota spent: again in " + in(r.Until, now)
	case engine.ServerBusy:
		return fmt.Sprintf("%d refused %s: again in %s", r.Status, times(r.Refusals), in(r.Until, now))
	case engine.RetryWait:
		return fmt.Sprintf("retry %d in %s: %s", r.Retry, in(r.Due, now), clean(string(r.Class), whyBytes))
	case engine.HostDown:
		return fmt.Sprintf("PARKED %s %s: probe at %s, %s", clean(string(r.Class), whyBytes), times(r.Failures), daytime(r.Until), in(r.Until, now))
	case engine.RobotsDown:
		return fmt.Sprintf("PARKED robots %s: at %s, %s", robotsTrouble(r), daytime(r.Until), in(r.Until, now))
	case engine.RobotsWait:
		return "waits for robots.txt"
	case engine.TurnOut:
		return "connecting"
	case engine.Probing:
		return "one request at a time until it answers well"
	case engine.Crowding:
		return fmt.Sprintf("leaves workers to others until one of its %d in flight ends", r.InFlight)
	case engine.Paused:
		if r.Of > 0 {
			return fmt.Sprintf("paused: %d of the last %d answers failed", r.Failed, r.Of)
		}
		return "paused"
	case engine.WorkersBusy:
		return "ready: " + busyWorkers(r.Workers)
	case engine.RateWait:
		return "rate of the run: in " + in(r.Next, now)
	case engine.HopWait:
		if r.Login {
			return "logging in at " + clean(r.Host, urlBytes)
		}
		if r.Due.IsZero() {
			return "redirected to " + clean(r.Host, urlBytes)
		}
		return "redirected to " + clean(r.Host, urlBytes) + " in " + in(r.Due, now)
	case engine.QueueWait:
		return fmt.Sprintf("the queue: %s of %s places taken", count(r.Len), count(r.Cap))
	case engine.Draining:
		return "draining: the backlog stays"
	}
	return "its turn has come"
}

// robotsTrouble says what came of a request for robots.txt.
func robotsTrouble(r engine.RobotsDown) string {
	if r.Status != 0 {
		return fmt.Sprint(r.Status)
	}
	return clean(string(r.Class), whyBytes)
}

// whyWaits returns what a job waits for; nil if nothing is known.
func whyWaits(r *jobRow, s *engine.Stats) engine.Reason {
	return s.Why(engine.JobState{Batch: r.batch, Host: r.host, Place: r.place, Reason: r.reason})
}

// jobWait says why a job waits, and when it may go on if that is known: the
// next turn of its host is that of another job.
func jobWait(r *jobRow, s *engine.Stats) (text string, due time.Time) {
	why := whyWaits(r, s)
	switch why.(type) {
	case nil:
		return "", due
	case engine.PaceWait, engine.RateWait, engine.TurnOut, engine.Probing, engine.Crowding, engine.RobotsWait, engine.WorkersBusy:
		return "host: " + waitText(why, s.At), due
	case engine.ServerAsked, engine.ServerBusy, engine.QuotaSpent, engine.HostDown, engine.RobotsDown:
		due, _ = engine.Until(why)
		return "host: " + waitText(why, s.At), due
	}
	due, _ = engine.Until(why)
	return waitText(why, s.At), due
}

func times(n int) string {
	if n <= 1 {
		return "once"
	}
	return fmt.Sprintf("%dx", n)
}

func busyWorkers(n int) string {
	if n == 1 {
		return "the 1 worker is busy"
	}
	return fmt.Sprintf("all %s workers are busy", count(n))
}

// slow is how long a request may be in flight before its host is said to be.
const slow = 5 * time.Second

// hostText says what a host does, or why nothing of it starts.
func hostText(h *engine.HostStats, s *engine.Stats, now time.Time) string {
	flying := h.Phase != engine.PhaseIdle && h.InFlight > 0
	switch {
	case h.Waiting == 0 && h.InFlight == 0:
		if s.Counts.Left() == 0 {
			return "done"
		}
		return "nothing to do"
	case s.State == engine.RunPaused && h.InFlight == 0:
		return "paused"
	case flying && now.Sub(h.Since) >= slow:
		return "slow: " + in(now, h.Since) + " in flight"
	case h.Waiting == 0:
		return "last job in flight"
	case flying && h.Phase == engine.PhaseConnect:
		return "connecting"
	case h.Reason != nil:
		return waitText(h.Reason, now)
	case h.InFlight > 0:
		return plural(h.InFlight, "request") + " in flight"
	}
	return "ready"
}

// hostRank orders hosts by what they do: parked, blocked, slowed, at work, at
// rest. It depends on the kind of the reason and never on the clock.
func hostRank(h *engine.HostStats) int {
	if h.Waiting+h.InFlight == 0 {
		return 4
	}
	if engine.Parked(h.Reason) {
		return 0
	}
	switch h.Reason.(type) {
	case engine.ServerAsked, engine.QuotaSpent, engine.ServerBusy:
		return 1
	case engine.Probing:
		return 2
	}
	return 3
}

// hostStyle is the style of what hostText says.
func (t Theme) hostStyle(h *engine.HostStats, s *engine.Stats) lipgloss.Style {
	switch rank := hostRank(h); {
	case rank == 0:
		return t.Bad
	case rank <= 2, s.State == engine.RunPaused && h.Waiting > 0:
		return t.Warn
	case rank == 4:
		return t.Muted
	}
	return t.Text
}

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

// whyRun tells what limits the run, in sentences.
func whyRun(k keyMap, s *engine.Stats, d Deps, unsaved int) []string {
	lines := []string{"Limited by " + strings.Join(limitText(k, s, d, unsaved), ", ") + "."}
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

// whyJob tells why a job waits, or how it ended.
func whyJob(k keyMap, r *jobRow, s *engine.Stats) []string {
	lines := []string{bare(r.url)}
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
			lines = append(lines, fmt.Sprintf("%s, the last one took %s; status %s; %s; %s.",
				plural(int(r.tries), "attempt"), duration(r.time), statusText(r.status), size(r.bytes), plural(int(r.records), "row")))
		}
		if again := k.say("%s retries it.", actRetry); again != "" && (r.outcome == engine.Failed || r.outcome == engine.Empty) {
			lines = append(lines, again)
		}
	case r.place == engine.InFlight:
		lines = append(lines, "In flight.")
	default:
		lines = append(lines, "In "+placeText(r.place)+": "+waitText(whyWaits(r, s), s.At)+".")
	}
	if ended {
		return lines
	}
	for i := range s.Hosts {
		if h := &s.Hosts[i]; h.Host == r.host {
			return append(lines, whyHost(k, h, s)...)
		}
	}
	return lines
}

func placeText(p engine.Place) string {
	return map[engine.Place]string{
		engine.Backlog: "the backlog", engine.Queued: "the queue", engine.Deferred: "wait for its retry", engine.InFlight: "flight",
	}[p]
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
	return append(lines, changesText(h)...)
}

// gapText writes a pace as the time between two requests.
func gapText(d time.Duration) string {
	if d <= 0 {
		return "no time"
	}
	return duration(d)
}

// changesTold is how many changes of a pace are told, newest first.
const changesTold = 3

// changesText tells the last changes of a host's pace, a sentence each.
func changesText(h *engine.HostStats) (lines []string) {
	for _, c := range slices.Backward(h.Changes) {
		if len(lines) == changesTold {
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
