package ui

import (
	"fmt"
	"strings"
	"time"

	"weir/engine"
)

// hostBrief is hostText, said shorter where it takes more than so many cells:
// what is left out is left out whole, and the time that is left stays.
func hostBrief(h *engine.HostStats, s *engine.Stats, now time.Time, cells int) string {
	text := hostText(h, s, now)
	if width(text) <= cells || h.Reason == nil || text != waitText(h.Reason, now) {
		return text
	}
	return waitBrief(h.Reason, now)
}

// waitBrief is waitText in at most 26 cells, but for long names of classes.
func waitBrief(r engine.Reason, now time.Time) string {
	parked := func(what string, until time.Time) string { return "PARKED " + what + ": " + in(until, now) }
	switch r := r.(type) {
	case engine.PaceWait:
		return "next in " + in(r.Next, now)
	case engine.ServerAsked:
		if r.Parked {
			return parked(fmt.Sprint(r.Status), r.Until)
		}
		return fmt.Sprintf("%d: again in %s", r.Status, in(r.Until, now))
	case engine.QuotaSpent:
		if r.Parked {
			return parked("quota", r.Until)
		}
	case engine.ServerBusy:
		return fmt.Sprintf("%d: again in %s", r.Status, in(r.Until, now))
	case engine.HostDown:
		return parked(clean(string(r.Class), whyBytes), r.Until)
	case engine.RobotsDown:
		return parked("robots", r.Until)
	case engine.Probing:
		return "one request at a time"
	case engine.Crowding:
		return "leaves workers to others"
	case engine.Paused:
		if r.Of > 0 {
			return fmt.Sprintf("paused: %d of %d failed", r.Failed, r.Of)
		}
	case engine.WorkersBusy:
		return "ready"
	}
	return waitText(r, now)
}

// whyBrief is the last column of a result in so many cells. A robots.txt rule
// that does not fit is named by its path alone: that is what differs.
func whyBrief(text string, cells int) string {
	if width(text) > cells {
		text = strings.Replace(text, "robots.txt: Disallow: ", "robots.txt: ", 1)
	}
	return text
}
