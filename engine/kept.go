package engine

import (
	"slices"
	"time"
)

// This file is what passes from one life of a run to the next besides its jobs
// and results: what an engine tells its store ([State]), and what a store has
// to tell the next engine ([Kept]). All of it is plain data, and the same after
// a way through JSON. The zero value of each is that of a new run.

// A State is what a run that goes on must know and no job says. What is given
// to [Store.Keep] at once is what has changed: a host or an origin that is not
// in it stays as it was kept.
type State struct {
	Run     *RunNotes     `json:"run,omitzero"` // nil: as it was
	Hosts   []HostState   `json:"hosts,omitzero"`
	Origins []OriginState `json:"origins,omitzero"`
}

// RunNotes are the numbers of a run and the operator's settings that hold for
// all of it.
type RunNotes struct {
	At       time.Time     `json:"at,omitzero"`       // when this was noted
	Ended    bool          `json:"ended,omitzero"`    // the engine came to its end: no request started after At
	Started  time.Time     `json:"started,omitzero"`  // when the first batch was added
	Worked   time.Duration `json:"worked,omitzero"`   // until At: [Stats].Active
	Paused   time.Time     `json:"paused,omitzero"`   // since then the run is paused; zero: it is not
	Workers  int           `json:"workers,omitzero"`  // set
	Interval time.Duration `json:"interval,omitzero"` // set; below zero: unpaced
	Hits     uint64        `json:"hits,omitzero"`     // backpressure hits
	Requests uint64        `json:"requests,omitzero"` // sent
	Retried  uint64        `json:"retried,omitzero"`  // attempts that were retries
	Took     Durations     `json:"took,omitzero"`     // of the requests that have ended
}

// A HostState is what is known of how a host may be asked. A host without one
// was never refused, slowed, paused or set.
type HostState struct {
	Host     string        `json:"host"`
	At       time.Time     `json:"at,omitzero"`       // when this was noted
	Interval time.Duration `json:"interval,omitzero"` // set by the operator for this host; 0: not set; below zero: unpaced
	Crawl    time.Duration `json:"crawl,omitzero"`    // asked for by robots.txt
	Paused   Paused        `json:"paused,omitzero"`   // if its At is set

	Block Block `json:"block,omitzero"` // in force, if its Until is after At
	Asked Block `json:"asked,omitzero"` // what an answer asked for, which stands when a block ends that nobody asked for

	Probing  bool          `json:"probing,omitzero"`  // one request at a time until the first good answer
	Refusals int           `json:"refusals,omitzero"` // in a row
	Refused  time.Time     `json:"refused,omitzero"`  // when the first of them came
	Excused  time.Duration `json:"excused,omitzero"`  // of the time since, what the host asked for itself

	Failures int       `json:"failures,omitzero"` // requests in a row that did not reach it
	Opened   time.Time `json:"opened,omitzero"`   // when it was last left alone for that; zero: it is not
	Probes   int       `json:"probes,omitzero"`   // in vain since then

	Gap     time.Duration `json:"gap,omitzero"` // of the throttle; 0: it has not spoken yet
	Good    int           `json:"good,omitzero"`
	Cut     time.Time     `json:"cut,omitzero"`     // when the throttle last slowed down
	Raised  time.Time     `json:"raised,omitzero"`  // and when it last went faster
	TooFast time.Duration `json:"tooFast,omitzero"` // the gap that was refused then
}

// A Block is a [Reason] of a host to wait that ends by itself, as plain data.
type Block struct {
	Kind   string        `json:"kind,omitzero"` // see the constants
	Until  time.Time     `json:"until,omitzero"`
	Asked  time.Duration `json:"asked,omitzero"`
	Status int           `json:"status,omitzero"`
	Class  Class         `json:"class,omitzero"`
	Count  int           `json:"count,omitzero"` // refusals or failures in a row
	Probes int           `json:"probes,omitzero"`
	Origin string        `json:"origin,omitzero"`
}

// The kinds of blocks.
const (
	BlockAsked     = "asked"  // [ServerAsked]
	BlockBusy      = "busy"   // [ServerBusy]
	BlockQuota     = "quota"  // [QuotaSpent]
	BlockQuotaLong = "spent"  // likewise, Parked
	BlockDown      = "down"   // [HostDown]
	BlockRobots    = "robots" // [RobotsDown]
)

// An OriginState is what is known of the robots.txt of an origin.
type OriginState struct {
	Origin string    `json:"origin"`
	Host   string    `json:"host"` // whose turns its requests take
	At     time.Time `json:"at,omitzero"`
	Fresh  time.Time `json:"fresh,omitzero"`  // the rules hold until then
	Rounds int       `json:"rounds,omitzero"` // how often the host was parked for them, in a row
	Rules  []byte    `json:"rules,omitzero"`  // as the scraper wants them back; nil: it did not say
}

// Kept is what a run had come to when its store was opened.
type Kept struct {
	State
	Batches []KeptBatch // by id, from 1
	Num     uint64      // the highest of a result
	Mark    uint64      // no cancel and no retry that is in force has a higher one
	Due     []Job       // that wait for a retry, unless they are cancelled
	Paused  []KeptPause // jobs that are paused by name and have not ended
	Listed  []string    // URLs that came with a list, in any state: for each origin that has some, at least one
}

// A KeptBatch is a batch and what became of it.
type KeptBatch struct {
	Batch  // Text too
	Counts Counts
	Totals Totals
	Paused Paused // if its At is set
	Mark   uint64 // the cancel that took the whole batch; 0: none
	Marked Counts // what that cancel holds: Backlog and Retry
	Hosts  []KeptHost

	// Read is how many lines of lists were read into the batch. Cut says that
	// a list was not read to its end: what is behind these lines of it is not
	// in the run.
	Read int
	Cut  bool
}

// A KeptHost is what a batch has at one host.
type KeptHost struct {
	Host    string
	Waiting int  // jobs in the backlog or waiting for a retry, what Mark holds too
	Failed  int  // jobs that failed
	Robots  bool // some of its jobs have an Origin
}

// A KeptPause is a job that is paused by name.
type KeptPause struct {
	Job       Job
	Paused    Paused
	Cancelled bool // it, or its batch
}

// Totals are what a store adds up of the results of a batch, in the step that
// keeps them. A result that takes the place of another counts like any other,
// so they never fall.
type Totals struct {
	Rows    int          `json:"rows,omitzero"`    // records
	Classes []ClassCount `json:"classes,omitzero"` // by outcome and then class
	Fill    []FieldFill  `json:"fill,omitzero"`    // at most fillFields
}

// Count adds a result.
func (t *Totals) Count(r *Result) {
	t.Rows += len(r.Records)
	t.Classes = tally(t.Classes, r.Outcome, r.Class, 1)
	t.Fill = addFill(t.Fill, r.Fill)
}

// Clone returns a copy that Count does not change.
func (t *Totals) Clone() Totals {
	return Totals{t.Rows, slices.Clone(t.Classes), slices.Clone(t.Fill)}
}
