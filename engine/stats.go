package engine

import (
	"cmp"
	"slices"
	"time"
)

// Counts is the ledger: where the jobs of a batch, or of the run, are. Every
// number is absolute.
type Counts struct {
	Submitted int // all that were ever added, duplicates and invalid lines too

	Backlog  int // kept by the store, not yet in the queue
	Queued   int // in the queue, or between two steps
	Retry    int // waiting for a retry
	InFlight int // with a worker, or the result awaits its commit

	OK        int
	Empty     int
	Failed    int
	Skipped   int // Duplicate and Invalid are among them
	Cancelled int

	Duplicate int
	Invalid   int
}

// Left returns how many jobs have not ended.
func (c Counts) Left() int { return c.Backlog + c.Queued + c.Retry + c.InFlight }

// Ended returns how many have.
func (c Counts) Ended() int { return c.OK + c.Empty + c.Failed + c.Skipped + c.Cancelled }

// Balanced reports whether every submitted URL is accounted for and no number
// is below zero (the law of the ledger).
func (c Counts) Balanced() bool {
	for _, n := range [...]int{
		c.Submitted, c.Backlog, c.Queued, c.Retry, c.InFlight,
		c.OK, c.Empty, c.Failed, c.Skipped, c.Cancelled, c.Duplicate, c.Invalid,
	} {
		if n < 0 {
			return false
		}
	}
	return c.Submitted == c.Left()+c.Ended() && c.Duplicate+c.Invalid <= c.Skipped
}

// Add returns the sum, field by field.
func (c Counts) Add(d Counts) Counts {
	c.Submitted += d.Submitted
	c.Backlog += d.Backlog
	c.Queued += d.Queued
	c.Retry += d.Retry
	c.InFlight += d.InFlight
	c.OK += d.OK
	c.Empty += d.Empty
	c.Failed += d.Failed
	c.Skipped += d.Skipped
	c.Cancelled += d.Cancelled
	c.Duplicate += d.Duplicate
	c.Invalid += d.Invalid
	return c
}

// at returns the number for a place; an ended job also needs its outcome.
func (c *Counts) at(p Place, o Outcome) *int {
	switch p {
	case Backlog:
		return &c.Backlog
	case Queued:
		return &c.Queued
	case Deferred:
		return &c.Retry
	case InFlight:
		return &c.InFlight
	}
	switch o {
	case OK:
		return &c.OK
	case Empty:
		return &c.Empty
	case Failed:
		return &c.Failed
	case Skipped:
		return &c.Skipped
	}
	return &c.Cancelled
}

// A RunState says what a run does now.
type RunState uint8

// The states of a run.
const (
	RunIdle      RunState = iota // nothing was added yet
	RunRunning                   // jobs are left
	RunPaused                    // by the operator
	RunDraining                  // what is queued and in flight is finished, nothing more
	RunCancelled                 // every job left was cancelled
	RunFinished                  // every job has ended
)

// String returns the state as the screen shows it.
func (s RunState) String() string {
	return [...]string{"idle", "running", "paused", "draining", "cancelled", "finished"}[s]
}

// HistoryCells is how many cells a rate history has, and HistoryCell how much
// time one covers: together the last 32 s.
const (
	HistoryCells = 8
	HistoryCell  = 4 * time.Second
)

// History is a rate over the last HistoryCells cells, oldest first, in jobs
// (for a run) or requests (for a host) per second. The last cell is the
// current one and still fills.
type History [HistoryCells]float64

// Stats is the state of a run at one moment, in absolute numbers.
//
// The ETAs, of the run and of each batch, are estimated from what is left at
// each host, the host's pace and block now, the workers, the cap on the rate,
// the order of the batches, and how long requests took and how many a job needed
// so far. They are of what can go on: jobs that the operator paused, with their
// batch or host, do not count, nor does the backlog of a run that drains. One is
// unknown if nothing that can go on is left but requests in flight, if the run
// is paused, or if hosts are unpaced and no request has ended yet.
type Stats struct {
	At      time.Time
	Started time.Time     // when the first batch was added; zero: not yet
	Active  time.Duration // time since Started, without pauses and without the time after the end
	State   RunState
	Paused  Paused // meaningful in RunPaused
	Counts  Counts
	Trouble string // of the store, in words: the run ends with it; empty: none
	Guarded int    // jobs left that wait only for a pause of the safeguard to be lifted
	Limit   Limit

	Workers  int // set
	Busy     int // carrying a job now
	QueueLen int // jobs in the queue now
	QueueCap int
	Hits     uint64  // backpressure hits so far
	HitRate  float64 // per second, over the last 4 s
	Requests uint64  // sent so far, of every kind
	Retried  uint64  // attempts that were retries
	Rate     float64 // jobs ended per second, over the last 4 s
	History  History
	ETA      time.Duration // of all that can go on; below zero: unknown
	Rows     int           // records kept so far
	LogLines uint64        // log lines so far

	Durations Durations    // of the requests that have ended
	Classes   []ClassCount // results kept so far, by outcome and then class

	Slots   []WorkerStats // by number
	Batches []BatchStats  // by id
	Hosts   []HostStats   // by name

	Undo []Done // what Undo would take back, newest last; at most UndoDepth
}

// DurationBounds are the upper bounds of the buckets of [Durations], ascending.
var DurationBounds = [...]time.Duration{
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second,
	10 * time.Second, 30 * time.Second, time.Minute,
}

// Durations says how long requests took, from the moment their headers were
// written ([PhaseSent]) to the end of the attempt, extraction included.
// Requests of every kind count, those that were cut too; an attempt that wrote
// no headers does not. The zero Durations is that of no request.
type Durations struct {
	Within [len(DurationBounds)]uint64 // requests that took at most that bound
	Count  uint64                      // requests
	Sum    time.Duration
}

// add counts one request.
func (d *Durations) add(took time.Duration) {
	for i, bound := range DurationBounds {
		if took <= bound {
			d.Within[i]++
		}
	}
	d.Count++
	d.Sum += took
}

// A ClassCount is how many results of one outcome and class were kept. It
// never falls: a job that was fetched again by hand has a result each time.
// Jobs without a result (duplicates, invalid lines, cancelled ones) are in
// [Counts] only.
type ClassCount struct {
	Outcome Outcome
	Class   Class // empty: it has none
	Results uint64
}

// tally counts n more results in counts, which is ordered by outcome and
// class.
func tally(counts []ClassCount, o Outcome, c Class, n uint64) []ClassCount {
	key := ClassCount{Outcome: o, Class: c}
	i, ok := slices.BinarySearchFunc(counts, key, func(a, b ClassCount) int {
		return cmp.Or(cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Class, b.Class))
	})
	if !ok {
		counts = slices.Insert(counts, i, key)
	}
	counts[i].Results += n
	return counts
}

// WorkerStats is one worker slot.
type WorkerStats struct {
	Num     int // from 1
	Phase   Phase
	Since   time.Time // when the phase began, or since when it idles
	Job     JobID     // 0: idle, or asking for robots.txt
	Batch   BatchID
	Kind    Kind
	URL     string
	Host    string
	Attempt int // of the job, from 1
	Most    int // attempts that it can have
}

// BatchStats is one batch.
type BatchStats struct {
	Batch  Batch
	State  BatchState
	Paused Paused // if its At is set
	Counts Counts
	ETA    time.Duration // of all that can go on, as in Stats; below zero: unknown
	Rows   int
	Fill   []FieldFill // of its pages so far, a page that was retried each time; read only
	Before []FieldFill // likewise, of the last batch before it with a recipe of the same name, or else of the run before
}

// HostStats is one host.
type HostStats struct {
	Host     string
	Interval time.Duration // in force now; 0: unpaced
	Set      time.Duration // by the operator for this host; 0: not set
	Changes  []PaceChange  // of its pace, oldest first, at most PaceChanges; read only
	Last     time.Time     // when its last request started
	Rate     float64       // requests per second, over the last 4 s
	History  History
	Waiting  int // jobs left that are not in flight
	InFlight int
	Failed   int       // jobs that failed
	Down     bool      // it could not be reached when it was last asked: its breaker is open
	Reason   Reason    // why nothing of it starts now; nil: nothing holds it
	Paused   Paused    // by name, if its At is set
	Phase    Phase     // of its oldest request in flight; PhaseIdle: none
	Since    time.Time // when that phase began
}
