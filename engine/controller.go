package engine

import (
	"context"
	"iter"
	"time"
)

// A Controller is what a screen talks to. *Engine is one; a remote engine can
// stand behind it as well.
//
// The steering methods are safe to call at any moment and from any goroutine,
// and doing a thing twice is doing it once: the second call returns
// ErrNothing. Each returns a Done, which says what it did and can be undone.
type Controller interface {
	// Add adds a batch. The jobs are read to their end before Add returns,
	// and run from the first on. See [Store] for what errors in jobs mean.
	Add(ctx context.Context, b Batch, jobs iter.Seq2[Job, error]) (Added, error)

	Cancel(ctx context.Context, sel Selector) (Done, error)
	// Exclude cancels those of the jobs that still wait. Jobs in flight go on,
	// and are not counted.
	Exclude(ctx context.Context, jobs []JobID) (Done, error)
	Pause(ctx context.Context, sel Selector) (Done, error)  // the run, a batch, a host or jobs by name
	Resume(ctx context.Context, sel Selector) (Done, error) // likewise
	Retry(ctx context.Context, sel Selector) (Done, error)  // failed and empty jobs

	SetWorkers(ctx context.Context, n int) (Done, error) // 1 to MaxWorkers
	// SetInterval paces one host, the hosts of a batch, or all hosts. Below
	// zero does not pace.
	SetInterval(ctx context.Context, sel Selector, d time.Duration) (Done, error)
	SetPriority(ctx context.Context, batch BatchID, p Priority) (Done, error)

	// Undo takes back the newest change that was not undone.
	Undo(ctx context.Context) (Done, error)

	Snapshot() Stats
	Subscribe(o SubscribeOptions) *Subscription
	Results(ctx context.Context, q Query) ([]Result, error)
	States(ctx context.Context, q Query) ([]JobState, error) // of the same, without what was extracted

	// Waiting returns jobs that have not ended and are not cancelled, with
	// the places where they are, a page at a time. See [Store].
	Waiting(ctx context.Context, q Query) (WaitingPage, error)

	// Drain finishes what is queued and in flight and leaves the backlog;
	// then Run returns. Close finishes everything first.
	Drain()
	Close()
}

// An Action names what a steering method did.
type Action string

// The actions.
const (
	ActCancel   Action = "cancel"
	ActExclude  Action = "exclude"
	ActPause    Action = "pause"
	ActResume   Action = "resume"
	ActRetry    Action = "retry"
	ActWorkers  Action = "workers"
	ActInterval Action = "interval"
	ActPriority Action = "priority"
	ActProbe    Action = "probe" // a host that cannot be reached was resumed: no change to undo
)

// A Done says what a steering method did, in numbers that a toast can be made
// of.
type Done struct {
	Action   Action
	At       time.Time
	Selector Selector // of an exclusion, zero
	Waiting  int      // jobs it took or gave back: in the backlog or waiting for a retry
	Queued   int      // likewise, in the queue
	InFlight int      // requests that it ended
	From, To string   // for workers, interval and priority
}

// UndoDepth is how many changes can be undone.
const UndoDepth = 20
