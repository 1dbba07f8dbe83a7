package engine

import "errors"

// Every error that callers branch on. Each says when it comes out and what
// state is left behind.
var (
	// ErrQueueFull is returned by [Pool.Submit] when as many jobs wait as the
	// queue holds. The job was not taken; it counts as a backpressure hit.
	ErrQueueFull = errors.New("engine: queue full")

	// ErrPoolClosed is returned by [Pool.Submit] after [Pool.Close] or
	// [Pool.Cancel]. The job was not taken.
	ErrPoolClosed = errors.New("engine: pool closed")

	// ErrClosed is returned by the steering methods of an [Engine] that was
	// closed or has ended. Nothing was changed.
	ErrClosed = errors.New("engine: closed")

	// ErrCancelled is the cause of a context that ended because an operator
	// cancelled the job, its batch or the run.
	ErrCancelled = errors.New("engine: cancelled by the operator")

	// ErrNoBatch is returned for a batch id that was never given out.
	ErrNoBatch = errors.New("engine: no such batch")

	// ErrNothing is returned by a steering method whose selector matches
	// nothing that it could change, and by [Engine.Undo] when there is
	// nothing to undo. Nothing was changed.
	ErrNothing = errors.New("engine: nothing to change")

	// ErrReadOnly is returned by the steering methods of what [ReadOnly]
	// returns. Nothing was changed.
	ErrReadOnly = errors.New("engine: read-only: nothing can be changed here")

	// ErrStore is in the error with which [Engine.Run] returns when the store
	// failed: nothing more was started then, and what the store said it had
	// kept is kept. [Stats].Trouble says the same on the screen.
	ErrStore = errors.New("engine: the store failed")
)
