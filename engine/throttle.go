package engine

import (
	"fmt"
	"slices"
	"time"
)

// A Throttle says how the pace of a host adapts to its answers. Whatever it
// says, no host is asked faster than the operator's interval and robots.txt
// allow.
type Throttle uint8

// The throttles.
const (
	// ThrottleDefault is ThrottleAIMD where there is an interval, and
	// ThrottleOff where there is none.
	ThrottleDefault Throttle = iota

	// ThrottleOff keeps the interval. Refusals still block a host for as
	// long as it asks.
	ThrottleOff

	// ThrottleAIMD raises the rate a little with good answers and cuts it
	// when a host refuses (additive increase, multiplicative decrease: Chiu
	// and Jain, 1989).
	ThrottleAIMD

	// ThrottleLatency waits between two requests for as long as the host
	// takes to answer one (the AutoThrottle of Scrapy).
	ThrottleLatency
)

var throttleNames = [...]string{"default", "off", "aimd", "latency"}

// String returns the name of the throttle, as the flag takes it.
func (t Throttle) String() string { return throttleNames[t] }

// ParseThrottle returns the throttle of that name; an empty one is the
// default.
func ParseThrottle(name string) (Throttle, error) {
	if name == "" {
		return ThrottleDefault, nil
	}
	if i := slices.Index(throttleNames[1:], name); i >= 0 {
		return Throttle(i + 1), nil
	}
	return 0, fmt.Errorf("engine: throttle %q: want aimd, latency or off", name)
}

// resolve returns what the default means where base is the interval; 0: none.
func (t Throttle) resolve(base time.Duration) Throttle {
	switch {
	case t != ThrottleDefault:
		return t
	case base == 0:
		return ThrottleOff
	}
	return ThrottleAIMD
}

// The numbers of ThrottleAIMD. With them a server that allows 0.5 to 20
// requests a second, with bursts of 1 to 20, is used to 87 to 90 % of that, with
// 7 to 13 refusals in 15 minutes (TestThrottleAIMDFindsWhatTheServerAllows).
// Without aimdStep a fast server refuses twice as often: ten good answers of it
// come in no time.
const (
	aimdStart  = time.Second       // the first gap where the operator sets none
	aimdGood   = 10                // good answers to one raise
	aimdRaise  = 1.5               // until the first cut
	aimdCreep  = 1.05              // after it
	aimdCut    = 0.7               // once per incident
	aimdHold   = 15 * time.Second  // no raise after a cut
	aimdStep   = 8 * time.Second   // nor two within it, after the first cut
	aimdProbe  = 120 * time.Second // no raise beyond aimdNear of the rate that was refused
	aimdNear   = 0.95
	gapLongest = 60 * time.Second // no throttle goes beyond
)

// latencyStart is the first gap of ThrottleLatency.
const latencyStart = 5 * time.Second

// An adaptation is what a throttle has learnt of one host. It knows the clock
// only through its arguments.
type adaptation struct {
	kind    Throttle
	gap     time.Duration // what it asks for now; 0: it has not spoken yet
	good    int           // good answers since the last change
	cutAt   time.Time     // when it last cut; zero: never
	raised  time.Time     // when it last went faster
	refused time.Duration // the gap that was refused then
}

// least returns the shortest gap that a throttle would make of base, which is
// what operator and robots.txt ask for; 0: nothing.
func (a *adaptation) least(base time.Duration) time.Duration {
	switch a.kind.resolve(base) {
	case ThrottleOff:
		return 0
	case ThrottleAIMD:
		if a.gap == 0 && base == 0 {
			a.gap = aimdStart
		}
	case ThrottleLatency:
		if a.gap == 0 {
			a.gap = max(latencyStart, base)
		}
	}
	return a.gap
}

// answered learns from an answer to a request that started at started: that it
// refused, or how long it took. base is the least gap that operator and
// robots.txt allow. One page that is broken (a 503 that asks for nothing) says
// nothing of the pace. If the gap is another now, it says why.
func (a *adaptation) answered(now, started time.Time, status int, refused bool, latency, base time.Duration) (why string) {
	switch a.kind.resolve(base) {
	case ThrottleAIMD:
		switch {
		case refused:
			return a.cut(now, started, status, base)
		case status < 500:
			return a.raise(now, base)
		}
	case ThrottleLatency:
		old := max(a.gap, base)
		next := min(max(latency, (old+latency)/2, base), gapLongest)
		if next > old || status < 400 {
			return a.set(next, fmt.Sprintf("answered in %v", latency.Round(time.Millisecond)))
		}
	}
	return ""
}

// cut slows down, once for all requests that were sent before it did.
func (a *adaptation) cut(now, started time.Time, status int, base time.Duration) (why string) {
	if started.Before(a.cutAt) {
		return ""
	}
	was := max(a.gap, base)
	a.cutAt, a.refused = now, was
	return a.set(min(time.Duration(float64(was)/aimdCut), gapLongest), fmt.Sprintf("answered %d", status))
}

// raise goes faster after so many good answers. Those within the hold of a cut
// say nothing.
func (a *adaptation) raise(now time.Time, base time.Duration) (why string) {
	everCut := !a.cutAt.IsZero()
	if everCut && now.Sub(a.cutAt) < aimdHold {
		return ""
	}
	if a.good++; a.good < aimdGood || a.gap <= base || everCut && now.Sub(a.raised) < aimdStep {
		return ""
	}
	a.raised = now
	by := aimdRaise
	if everCut {
		by = aimdCreep
	}
	next := time.Duration(float64(a.gap) / by)
	if everCut && now.Sub(a.cutAt) < aimdProbe {
		next = max(next, min(time.Duration(float64(a.refused)/aimdNear), a.gap))
	}
	return a.set(max(next, base), fmt.Sprintf("%d good answers", aimdGood))
}

// set takes a new gap.
func (a *adaptation) set(gap time.Duration, why string) string {
	a.gap, a.good = gap, 0
	return why
}
