package engine

import (
	"context"
	"iter"
	"time"
)

// ReadOnly returns a controller through which c can be watched and not changed:
// every steering method returns ErrReadOnly and does nothing, Drain and Close
// do nothing. What is watched may still be steered by whoever has c.
func ReadOnly(c Controller) Controller { return readOnly{c} }

// readOnly names every method, so that one that a Controller gains is not let
// through unseen.
type readOnly struct{ of Controller }

func (readOnly) Add(context.Context, Batch, iter.Seq2[Job, error]) (Added, error) {
	return Added{}, ErrReadOnly
}

func (readOnly) Cancel(context.Context, Selector) (Done, error) { return Done{}, ErrReadOnly }
func (readOnly) Exclude(context.Context, []JobID) (Done, error) { return Done{}, ErrReadOnly }
func (readOnly) Pause(context.Context, Selector) (Done, error)  { return Done{}, ErrReadOnly }
func (readOnly) Resume(context.Context, Selector) (Done, error) { return Done{}, ErrReadOnly }
func (readOnly) Retry(context.Context, Selector) (Done, error)  { return Done{}, ErrReadOnly }
func (readOnly) Undo(context.Context) (Done, error)             { return Done{}, ErrReadOnly }
func (readOnly) SetWorkers(context.Context, int) (Done, error)  { return Done{}, ErrReadOnly }

func (readOnly) SetInterval(context.Context, Selector, time.Duration) (Done, error) {
	return Done{}, ErrReadOnly
}

func (readOnly) SetPriority(context.Context, BatchID, Priority) (Done, error) {
	return Done{}, ErrReadOnly
}

func (readOnly) Drain() {}
func (readOnly) Close() {}

func (r readOnly) Snapshot() Stats                            { return r.of.Snapshot() }
func (r readOnly) Subscribe(o SubscribeOptions) *Subscription { return r.of.Subscribe(o) }

func (r readOnly) Results(ctx context.Context, q Query) ([]Result, error) {
	return r.of.Results(ctx, q)
}

func (r readOnly) Waiting(ctx context.Context, q Query) (WaitingPage, error) {
	return r.of.Waiting(ctx, q)
}

func (r readOnly) States(ctx context.Context, q Query) ([]JobState, error) {
	return r.of.States(ctx, q)
}
