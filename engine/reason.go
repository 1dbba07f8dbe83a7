package engine

import (
	"cmp"
	"slices"
	"time"
)

// A Reason says why a job or a host waits, in numbers that a sentence can be
// made of. The types below are all there are.
//
//sumtype:decl
type Reason interface{ isReason() }

type (
	// PaceWait: the host's next turn has not come.
	PaceWait struct {
		Next     time.Time     // when the turn comes
		Interval time.Duration // the host's interval now
		Crawl    bool          // the interval was raised by robots.txt (Crawl-delay)
		Slowed   bool          // it was raised by the throttle, for the host's answers
	}

	// ServerAsked: an answer named a time to come back (RFC 9110, 10.2.3).
	ServerAsked struct {
		Until  time.Time
		Asked  time.Duration // what the server said
		Status int           // 429 or 503
		Parked bool          // longer than ParkAfter: the others go on meanwhile
	}

	// ServerBusy: an answer refused without naming a time, so the host waits
	// longer after each refusal.
	ServerBusy struct {
		Until    time.Time
		Status   int
		Refusals int // in a row
	}

	// QuotaSpent: the host said that nothing remains of what it allows
	// (draft-ietf-httpapi-ratelimit-headers).
	QuotaSpent struct {
		Until  time.Time
		Parked bool // longer than ParkAfter
	}

	// RetryWait: the job comes back after a failed attempt.
	RetryWait struct {
		Due   time.Time
		Class Class
		Retry int // which retry it will be, from 1
	}

	// HostDown: the host could not be reached so often in a row that it is
	// parked; one request probes it when the wait is over.
	HostDown struct {
		Until    time.Time
		Class    Class // of the last failure
		Failures int   // in a row
		Probes   int   // of them, probes
	}

	// RobotsDown: robots.txt could not be read, so nothing of the origin may
	// be asked for (RFC 9309, 2.3.1.4). The host is parked, and robots.txt is
	// asked for again then.
	RobotsDown struct {
		Until  time.Time
		Origin string
		Class  Class // of the last failure
		Status int   // of the last answer; 0: there was none
		Probes int   // asked again in vain
	}

	// HopWait: the next request of the job follows from its last, a redirect,
	// and goes to another host or is not to be made before Due. Or it is one of
	// a login at that host, which the job makes or waits for.
	HopWait struct {
		Host  string
		Due   time.Time // zero: as soon as the host's turn comes
		Login bool
	}

	// RobotsWait: the origin's robots.txt is being asked for.
	RobotsWait struct{ Origin string }

	// TurnOut: the host's turn was handed to a worker that has not yet
	// written its request: it resolves, connects or shakes hands.
	TurnOut struct{ Since time.Time }

	// Probing: one request at a time until the first good answer after a
	// refusal or a failure.
	Probing struct{}

	// Crowding: others want workers too, and the host has more requests in
	// flight than it has yet brought to an end at once.
	Crowding struct{ InFlight int }

	// Paused: by the operator, or by the safeguard.
	Paused struct {
		At         time.Time
		What       string // run, batch, host or URL
		Failed, Of int    // by the safeguard: so many of the last answers failed; Of is zero: by the operator
	}

	// WorkersBusy: its turn has come and no worker is free.
	WorkersBusy struct{ Workers int }

	// RateWait: the global cap on requests per second.
	RateWait struct{ Next time.Time }

	// QueueWait: nothing holds it but those before it: in the backlog, that
	// the queue has no place for it yet; in the queue, others of its host.
	QueueWait struct{ Len, Cap int } // jobs in the queue, and the most that may be

	// Draining: what is in the backlog stays there.
	Draining struct{}
)

func (PaceWait) isReason()    {}
func (ServerAsked) isReason() {}
func (ServerBusy) isReason()  {}
func (QuotaSpent) isReason()  {}
func (RetryWait) isReason()   {}
func (HostDown) isReason()    {}
func (RobotsDown) isReason()  {}
func (HopWait) isReason()     {}
func (RobotsWait) isReason()  {}
func (TurnOut) isReason()     {}
func (Probing) isReason()     {}
func (Crowding) isReason()    {}
func (Paused) isReason()      {}
func (WorkersBusy) isReason() {}
func (RateWait) isReason()    {}
func (QueueWait) isReason()   {}
func (Draining) isReason()    {}

// Until returns the moment at which a reason ends by itself; ok is false if
// that is not known.
func Until(r Reason) (t time.Time, ok bool) {
	switch r := r.(type) {
	case PaceWait:
		return r.Next, true
	case ServerAsked:
		return r.Until, true
	case ServerBusy:
		return r.Until, true
	case QuotaSpent:
		return r.Until, true
	case HostDown:
		return r.Until, true
	case RobotsDown:
		return r.Until, true
	case RetryWait:
		return r.Due, true
	case HopWait:
		return r.Due, !r.Due.IsZero()
	case RateWait:
		return r.Next, true
	}
	return time.Time{}, false
}

// Parked reports whether a host that waits for r is left alone for so long that
// its jobs leave the queue to others.
func Parked(r Reason) bool {
	switch r := r.(type) {
	case ServerAsked:
		return r.Parked
	case QuotaSpent:
		return r.Parked
	case HostDown, RobotsDown:
		return true
	}
	return false
}

// Why returns what holds a job that waits: the first that is true of the run's
// pause, its batch's, its host's, its own, a wait of its own (a retry) or of its
// host, whichever ends later, and those that go before it. It is nil for a job
// that is in flight or has ended, and for one whose turn has come this moment.
func (s *Stats) Why(j JobState) Reason {
	if j.Place == InFlight || j.Place == Ended {
		return nil
	}
	if s.State == RunPaused {
		return s.Paused
	}
	if b := int(j.Batch) - 1; b >= 0 && b < len(s.Batches) && s.Batches[b].State == BatchPaused {
		return s.Batches[b].Paused
	}
	hop, _ := j.Reason.(HopWait)
	host := s.hostReason(cmp.Or(hop.Host, j.Host))
	if p, paused := host.(Paused); paused && p.What != "URL" {
		return host
	}
	if _, paused := j.Reason.(Paused); paused {
		return j.Reason
	}
	if until, ok := Until(j.Reason); ok && until.After(s.At) {
		if later, ok := Until(host); !ok || later.Before(until) {
			return j.Reason
		}
	}
	_, queue := host.(QueueWait)
	if hop.Login {
		switch host.(type) {
		case nil, PaceWait, TurnOut, WorkersBusy, RateWait, QueueWait:
			return hop // what it waits for there says more than that it waits
		}
	}
	switch {
	case j.Place != Queued && s.State == RunDraining:
		return Draining{}
	case j.Place != Queued && queue:
		return QueueWait{Len: s.QueueLen, Cap: s.QueueCap}
	case queue: // it is between two steps
		return j.Reason
	}
	return host
}

// hostReason returns why nothing of a host starts.
func (s *Stats) hostReason(name string) Reason {
	i, ok := slices.BinarySearchFunc(s.Hosts, name, func(h HostStats, name string) int { return cmp.Compare(h.Host, name) })
	if !ok {
		return nil
	}
	return s.Hosts[i].Reason
}

// A LimitKind names what limits a run now.
type LimitKind uint8

// What can limit a run, in the order in which the first that is true is the
// diagnosis.
const (
	LimitNothing LimitKind = iota // nothing is left to do
	LimitPaused                   // the run, or all that is left of it
	LimitRobots                   // all hosts with work left wait for robots.txt
	LimitParked                   // all hosts with work left are parked
	LimitServer                   // every worker awaits bytes
	LimitWorkers                  // a host's turn has come and every worker is busy
	LimitPace                     // hosts wait for their turn
	LimitRetry                    // only retries are left, and none is due
	LimitBacklog                  // what is left is in flight
)

// String returns the words that follow "limited by".
func (k LimitKind) String() string {
	return [...]string{
		"nothing to do", "paused", "robots.txt", "host parked", "server latency",
		"workers", "host pace", "retry waits", "backlog empty",
	}[k]
}

// A Limit is the one diagnosis of a run: what keeps it from going faster.
type Limit struct {
	Kind    LimitKind
	Hosts   int       // hosts with work left
	Waiting int       // of those, hosts that wait for what Kind says
	Jobs    int       // jobs behind it
	Next    time.Time // when the first of them may go on; zero: not known
	Host    string    // which host that is
	Reason  Reason    // why that one waits; for LimitPaused a Paused
}
