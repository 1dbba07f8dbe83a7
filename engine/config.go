package engine

import "time"

// Config holds the numbers an operator may turn. The zero Config is usable.
type Config struct {
	Workers int // requests at once, 1 to MaxWorkers; zero: as the run was left, or DefaultWorkers
	Queue   int // jobs in the bounded queue; zero: DefaultQueue

	// Interval is the shortest time between two requests to one host. Zero
	// means as the run was left, or DefaultInterval; below zero means no
	// pacing.
	Interval time.Duration

	// Throttle is how the pace of a host adapts to its answers.
	Throttle Throttle

	// Rate caps the requests per second of the whole run. Zero: no cap.
	Rate float64

	// Retries is how often a job whose attempt failed is tried again. Zero
	// means DefaultRetries; below zero means never.
	Retries int

	// GiveUp says that nobody watches the run: the jobs of a host that stays
	// unreachable, or whose robots.txt does, fail after GiveUpProbes. Without
	// it the host is probed until it answers or its jobs are cancelled. A run
	// that was closed also ends when the Safeguard holds all that is left.
	GiveUp bool

	// Safeguard is the share of the last SafeguardOf answers of a host or
	// batch that may fail, from 0 to 1: when it is reached, the host or else
	// the batch is paused. Refusals, which the pace heeds, do not count. Zero
	// means never.
	Safeguard float64

	// Fill is how well the fields of a recipe, by its name, were filled in the
	// run before this one, for [BatchStats.Before]. Nil: nothing is known.
	Fill map[string][]FieldFill

	// Store keeps the run, and has what it had come to before. Nil means a
	// new MemStore. The engine does not close a store that it was given.
	Store Store

	// Random returns a number in [0, 1) for the jitter of retries. Nil means
	// math/rand/v2.
	Random func() float64
}
