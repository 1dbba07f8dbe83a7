package engine

import (
	"context"
	"iter"
	"time"
)

// A Store is between the engine and what outlives it. Jobs are leased: one
// that [Store.Next] handed out stays out until Finish or Release.
//
// All methods are safe for use by multiple goroutines. MemStore keeps a run in
// memory; enginetest.TestStore is the suite that every store passes.
type Store interface {
	// AddBatch keeps b and its jobs under new ids. The jobs are streamed; an
	// error in the sequence is a line that is no URL and counts as invalid.
	// Jobs with a fingerprint seen before in the batch count as duplicates.
	// b.ID zero makes a new batch; an id of an earlier call adds to it.
	// Jobs can be leased as soon as they were read. When ctx ends, what was
	// read so far stays and ctx's cause is returned. each, if not nil, is
	// called for every job that is kept, with its ids and before it can be
	// leased or changed, and for every refused line with a Job that has only
	// its Batch, and Duplicate or Invalid. It may wait for a goroutine that
	// is in another call of the store, so no lock is held over it.
	AddBatch(ctx context.Context, b Batch, jobs iter.Seq2[Job, error], each func(Job, Class)) (Added, error)

	// Next leases up to n waiting jobs: the highest priority first, batches
	// of one priority in turn, and within a batch its hosts in turn. A job
	// with a Due was waiting for a retry until then.
	Next(ctx context.Context, n int, w Want) ([]Job, error)

	// Release gives leased jobs back as they are now. One with a Due is to
	// be leased again then, behind the others of its host; one without goes
	// to their front. A job that was cancelled meanwhile is cancelled.
	Release(ctx context.Context, back []Job) error

	// Finish keeps the results and takes their jobs off the books, in one
	// step. A nil error means kept. A result of a job that had one before
	// (a manual retry) takes its place. Links in a result become jobs of the
	// same batch in the same step, told to each as in AddBatch; a link that
	// the batch has seen is passed over.
	Finish(ctx context.Context, rs []Result, each func(Job, Class)) error

	// Change marks what sel selects and says how many jobs moved. The engine
	// makes it under its lock, so it does not block for what the store writes
	// to: Sync does.
	Change(ctx context.Context, sel Selector, ch Change) (Changed, error)

	// Waiting returns jobs of q's Batch and Host that have not ended and are
	// not cancelled, in the order of their ids, those after q.After: a page of
	// them, for which it looks at q.Limit jobs at most.
	Waiting(ctx context.Context, q Query) (WaitingPage, error)

	// Count returns the numbers of jobs that q selects.
	Count(ctx context.Context, q Query) (Counts, error)

	// Keep notes what a run that goes on must know and no job says: what has
	// changed of it. It never blocks for what the store writes to: what the
	// last second brought may be lost with the process.
	Keep(ctx context.Context, news State) error

	// Sync returns when all that was changed before is kept, or with the
	// error for which it is not.
	Sync(ctx context.Context) error

	// Load returns what the run had come to when the store was opened. An
	// engine calls it once and before anything else, when there is no other
	// any more: jobs that are still leased wait again where they waited,
	// before the others of their host and in the order of their ids. A job
	// that was put off waits from now for no longer than it was put off for
	// (from its Waited to its Due), should the clock have gone back.
	Load(ctx context.Context, now time.Time) (Kept, error)

	// Results returns what q selects, in the order of Num; cancelled jobs
	// have no Num and come only when q asks for Cancelled, in the order of
	// their ids. These have the Carry of their jobs, and no others do.
	Results(ctx context.Context, q Query) ([]Result, error)

	// States returns of the same results, in the same order, what screens are
	// told of them: [Result.State]. It is for reading many of them, so it is
	// to touch no record, header or attempt for it.
	States(ctx context.Context, q Query) ([]JobState, error)

	Close() error
}

// Want narrows what Next leases.
type Want struct {
	Now         time.Time           // jobs due later stay
	SkipHosts   map[string]struct{} // these have enough in the queue, or are paused
	SkipBatches map[BatchID]struct{}
}

// A Selector says what a change is for. Set one of the fields; the zero
// Selector selects nothing.
type Selector struct {
	All   bool    // the run
	Batch BatchID // one batch
	Host  string  // all jobs of one host
	Jobs  []JobID
	Mark  uint64 // what an earlier cancel with this mark took (for Restore)
}

// A ChangeKind says what a Change does.
type ChangeKind uint8

// The changes.
const (
	ChangeCancel  ChangeKind = iota // unfinished jobs are marked with Change.Mark
	ChangeRestore                   // jobs that Selector.Mark took are unfetched again; with Selector.All, those that any cancel took
	ChangePause                     // Next passes over the batch, or the named jobs
	ChangeResume                    // of jobs that are paused by name and with their batch, takes back one
	ChangePriority
	ChangeRetry // failed and empty jobs are waiting again, under their ids
)

// A Change is one mark on a store's jobs.
type Change struct {
	Kind     ChangeKind
	Mark     uint64    // ChangeCancel, ChangeRetry: names it, for its undoing; a retry with zero cannot be undone
	Waiting  bool      // ChangeCancel of named jobs: passes over those that are leased
	Paused   Paused    // ChangePause: since when and by whom, for Load
	Priority Priority  // ChangePriority
	Outcomes []Outcome // ChangeRetry: which; empty means Failed and Empty
	At       time.Time // ChangeRetry: since when they wait
}

// Changed says how many jobs a change moved, by batch and by where they were
// before (for ChangeRestore: where they are now). Leased jobs are not among
// them: they move when they return.
type Changed struct {
	Batches map[BatchID]Counts
	Hosts   map[BatchID]map[string]int // the same jobs by batch and host

	// Jobs are those that were paused or resumed by name, leased ones too.
	Jobs []Job
}

// A Query selects jobs and results.
type Query struct {
	Batch    BatchID // zero: all
	Host     string  // empty: all
	Jobs     []JobID // empty: all
	Outcomes []Outcome
	After    uint64 // results with a higher Num only; of Cancelled, and for Waiting, jobs with a higher id
	Limit    int    // at most so many; zero: all
}

// A WaitingPage is some of the jobs that wait.
type WaitingPage struct {
	Jobs []WaitingJob
	Next uint64 // the After of the next page; zero: this is the last
}

// A WaitingJob is what is known of a job that waits without asking further.
type WaitingJob struct {
	ID    JobID
	URL   string
	Place Place // of a Store, InFlight is any leased job: the queue is the engine's
}
