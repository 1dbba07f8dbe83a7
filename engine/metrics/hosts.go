package metrics

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"weir/engine"
)

// TopHosts is how many hosts have a label of their own: those with the most
// jobs waiting. The others are added up under OtherHosts.
const (
	TopHosts   = 20
	OtherHosts = "other"
)

// A hostLine is what is written of one host, or of the others.
type hostLine struct {
	name     string
	waiting  int
	flight   int
	interval time.Duration
	blocked  time.Time // zero: it is not
	why      string
}

// reasons are the values of the label reason, each of which is always written.
var reasons = []string{
	"interval", "crawl_delay", "throttle", "retry_after", "parked", "backoff", "quota", "probing", "crowding",
	"unreachable", "robots", "robots_unreachable", "connecting", "paused", "workers_busy", "rate", "retry", "draining", "queue",
}

// reasonOf names what a host with jobs waiting waits for. until is set for a
// host that is blocked: not asked before.
func reasonOf(r engine.Reason) (name string, until time.Time) {
	switch r := r.(type) {
	case engine.PaceWait:
		switch {
		case r.Crawl:
			return "crawl_delay", time.Time{}
		case r.Slowed:
			return "throttle", time.Time{}
		}
		return "interval", time.Time{}
	case engine.ServerAsked:
		if r.Parked {
			return "parked", r.Until
		}
		return "retry_after", r.Until
	case engine.ServerBusy:
		return "backoff", r.Until
	case engine.QuotaSpent:
		if r.Parked {
			return "parked", r.Until
		}
		return "quota", r.Until
	case engine.HostDown:
		return "unreachable", r.Until
	case engine.RobotsDown:
		return "robots_unreachable", r.Until
	case engine.Probing:
		return "probing", time.Time{}
	case engine.Crowding:
		return "crowding", time.Time{}
	case engine.RobotsWait:
		return "robots", time.Time{}
	case engine.TurnOut:
		return "connecting", time.Time{}
	case engine.Paused:
		return "paused", time.Time{}
	case engine.WorkersBusy:
		return "workers_busy", time.Time{}
	case engine.RateWait:
		return "rate", time.Time{}
	case engine.RetryWait:
		return "retry", time.Time{}
	case engine.Draining:
		return "draining", time.Time{}
	}
	return "queue", time.Time{} // QueueWait, or its jobs are next
}

func (o out) hosts(s *engine.Stats) {
	waits := make(map[string]int, len(reasons))
	for i := range s.Hosts {
		if h := &s.Hosts[i]; h.Waiting > 0 {
			why, _ := reasonOf(h.Reason)
			waits[why]++
		}
	}
	for _, why := range reasons {
		o.gauge(hosts, float64(waits[why]), why)
	}
	for _, l := range bounded(s.Hosts) {
		o.gauge(hostWaiting, float64(l.waiting), l.name)
		o.gauge(hostFlight, float64(l.flight), l.name)
		o.gauge(hostInterval, l.interval.Seconds(), l.name)
		if !l.blocked.IsZero() {
			o.gauge(hostBlocked, left(s.At, l.blocked), l.name, l.why)
		}
	}
}

// bounded returns a line for each of the TopHosts, and one for the rest if
// there is one. No two lines have the same name.
func bounded(all []engine.HostStats) []hostLine {
	top := make([]*engine.HostStats, len(all))
	for i := range all {
		top[i] = &all[i]
	}
	slices.SortFunc(top, func(a, b *engine.HostStats) int {
		return cmp.Or(cmp.Compare(b.Waiting, a.Waiting), cmp.Compare(a.Host, b.Host))
	})
	lines := make([]hostLine, 0, min(len(top), TopHosts)+1)
	taken := map[string]bool{OtherHosts: true} // a host of that name is one of the others
	var rest *hostLine
	for _, h := range top {
		l := hostLine{
			name:    strings.ToValidUTF8(h.Host, "?"),
			waiting: h.Waiting, flight: h.InFlight, interval: h.Interval,
		}
		if why, until := reasonOf(h.Reason); !until.IsZero() {
			l.blocked, l.why = until, why
		}
		switch {
		case len(lines) < TopHosts && !taken[l.name]:
			taken[l.name] = true
			lines = append(lines, l)
		case rest == nil:
			l.name = OtherHosts
			rest = &l
		default:
			rest.add(l)
		}
	}
	if rest != nil {
		lines = append(lines, *rest)
	}
	return lines
}

// add takes one more host into the line of the others: jobs are added up, of
// times the longest counts.
func (l *hostLine) add(h hostLine) {
	l.waiting += h.waiting
	l.flight += h.flight
	l.interval = max(l.interval, h.interval)
	if h.blocked.After(l.blocked) {
		l.blocked, l.why = h.blocked, h.why
	}
}
