package engine

import "time"

// A JobID names one job of a run. Ids count from 1 and are never used twice;
// zero is no job.
type JobID uint64

// A Job is one URL of a batch. It is plain data: whoever lists URLs (package
// scrape, in this program) makes URL, Host, Origin and Fingerprint, and the
// engine only compares them byte by byte.
type Job struct {
	ID    JobID   // given by the Store when the batch is added
	Batch BatchID // likewise

	Host     string   // the pacing key: host:port, or the name of a group of hosts
	Priority Priority // its batch's, when it was leased

	URL         string // as it is fetched: absolute, without a fragment
	Origin      string // scheme://host:port whose robots.txt rules the URL; empty: no robots.txt is asked
	Fingerprint string // two jobs of a batch with equal fingerprints are duplicates
	Depth       int    // links followed to get here; 0 for a URL of the list

	// Carry is what whoever made the job wants to know of it later: bytes that
	// nobody else reads. It is kept as long as the job and comes with it to
	// every attempt. What goes from one step of an attempt to the next is
	// [Request].Baton.
	Carry string

	Attempts int       // requests for this job that have ended
	Retries  int       // attempts that were spent as retries, at most Config.Retries
	Due      time.Time // not before; zero: now
	Class    Class     // of the attempt for which it was put off to then; empty: none was
	Waited   time.Time // since when it waits: when it was added, or deferred
}

// A Priority orders batches: the queue hands out jobs of a higher one first.
type Priority int

// The priorities that a screen offers. Normal is the zero value.
const (
	Low    Priority = -1
	Normal Priority = 0
	High   Priority = 1
)

// String returns low, normal or high.
func (p Priority) String() string {
	switch {
	case p < Normal:
		return "low"
	case p > Normal:
		return "high"
	}
	return "normal"
}

// A Place says where a job is. Every job is in exactly one of them, and the
// ledger ([Counts]) has one number for each.
type Place uint8

// The places, in the order a job passes them.
const (
	Backlog  Place = iota // kept by the store, not yet in the queue
	Queued                // in the bounded queue, or between two steps
	Deferred              // waiting for a retry
	InFlight              // with a worker, or its result awaits its commit
	Ended                 // it has an Outcome
)

// String returns the place as the screen names it.
func (p Place) String() string {
	return [...]string{"backlog", "queued", "retry", "in flight", "ended"}[p]
}

// A JobState is what a screen knows of one job: its latest state, whole.
type JobState struct {
	ID       JobID
	Batch    BatchID
	URL      string
	Host     string
	Place    Place
	Reason   Reason  // of its own to wait, if it has one; [Stats.Why] knows all others
	Attempts int     // requests made so far
	Outcome  Outcome // OutcomeNone until Place is Ended
	Class    Class
	Why      string        // in words: the error, the skip reason, what is missing
	Num      uint64        // order of ending in this run, from 1; 0 until ended
	Status   int           // HTTP status of the last answer; 0: none
	Elapsed  time.Duration // of the last attempt
	Bytes    int64         // of the decoded body
	Records  int           // rows extracted
	Findings int           // cells that were missing or bad
	Finding  string        // the kind of the first of them
	Title    string        // of the page, as the page wrote it
	Ended    time.Time
}
