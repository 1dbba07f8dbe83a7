package engine

import "time"

// The numbers of the breaker. Parking after failures in a row is what Nutch
// does; a probe is one request, so that a host that is down for an hour is
// asked about ten times and not once for every URL.
const (
	breakAfter = 5                // connection failures in a row that park a host
	probeFirst = 30 * time.Second // the wait before the first probe, doubled each time
	probeMost  = 10 * time.Minute // and at most

	// GiveUpProbes is how many probes in vain an engine with Config.GiveUp
	// makes before it fails the jobs of a host.
	GiveUpProbes = 3
)

// A breaker leaves a host alone that cannot be reached. It is closed while the
// host answers, whatever it answers. After breakAfter failures in a row it
// opens for a while; then one request probes the host, and the next failure
// opens it for longer. It knows the clock only through its arguments.
type breaker struct {
	failures int       // in a row
	opened   time.Time // when it last opened; zero: it is closed
	probes   int       // in vain, since it was closed
}

// failed notes a request, handed out at handed, that got no answer, and returns
// for how long the host is left alone from now; zero: it is not. What was on
// its way when the breaker opened belongs to the same incident.
func (b *breaker) failed(now, handed time.Time) time.Duration {
	open := !b.opened.IsZero()
	if open && handed.Before(b.opened) {
		return 0
	}
	b.failures++
	switch {
	case open:
		b.probes++
	case b.failures < breakAfter:
		return 0
	}
	b.opened = now
	return min(probeFirst<<min(b.probes, 10), probeMost)
}

// answered closes the breaker and reports whether it was open.
func (b *breaker) answered() bool {
	open := !b.opened.IsZero()
	*b = breaker{}
	return open
}

// unreachable reports whether a failure is one of reaching a host. An attempt
// that got an answer never is, however it ended.
func unreachable(c Class, h HostHint) bool {
	if h.Status != 0 {
		return false
	}
	switch c {
	case Timeout, DNS, Connect, Proxy, TLS, Reset:
		return true
	}
	return false
}
