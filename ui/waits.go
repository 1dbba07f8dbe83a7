package ui

import (
	"fmt"
	"time"

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
func (t Theme) hostStyle(h *engine.HostStats, s *engine.Stats) Style {
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
