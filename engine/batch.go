package engine

import (
	"sync"
	"time"
)

// A BatchID names one batch of a run, from 1. Zero is no batch.
type BatchID uint32

// A RecipeRef names a recipe by its name and the hash of its text, so that two
// versions of one recipe are told apart in a run.
type RecipeRef struct {
	Name string
	Hash string // hex SHA-256 of the text
}

// A Batch is a list of URLs that were added together: one recipe, one
// priority, one scope of deduplication.
type Batch struct {
	ID       BatchID // given by the Store
	Name     string  // what an operator calls it: a file, a range of months
	Recipe   RecipeRef
	Text     string // the recipe's own text; the store keeps it by its hash
	Priority Priority

	// Interval is the shortest time between two requests to each host of
	// this batch that has no jobs left when the batch brings some: a host at
	// work keeps its pace. Zero leaves all of them at the engine's interval;
	// below zero does not pace them.
	Interval time.Duration

	// Lines is about how many lines its list has, so that a screen can show
	// how far it is read; zero: not known. A Store need not keep it.
	Lines int

	Added time.Time
}

// A BatchState says what a batch does now.
type BatchState uint8

// The states of a batch.
const (
	BatchAdding    BatchState = iota // its list is still being read; what is read already runs
	BatchRunning                     // it has jobs left
	BatchPaused                      // by the operator: no new request starts
	BatchCancelled                   // its unfetched jobs are cancelled
	BatchDone                        // every job has ended
)

// String returns the state as the screen shows it.
func (s BatchState) String() string {
	return [...]string{"adding", "running", "paused", "cancelled", "done"}[s]
}

// Added says what became of the lines of a list.
type Added struct {
	Batch     BatchID
	New       int // jobs
	Duplicate int // equal fingerprints within the batch
	Invalid   int // lines that are no URL
}

// Seen is the set of fingerprints of one batch. The zero Seen is empty and
// ready. It is safe for use by multiple goroutines.
type Seen struct {
	mu  sync.Mutex
	set map[string]struct{}
}

// MarkSeen adds fingerprint and reports whether it was new. It is one atomic
// step: of any number of simultaneous calls with one fingerprint, exactly one
// returns true.
func (s *Seen) MarkSeen(fingerprint string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.set[fingerprint]; ok {
		return false
	}
	if s.set == nil {
		s.set = make(map[string]struct{})
	}
	s.set[fingerprint] = struct{}{}
	return true
}

// Len returns how many fingerprints were marked.
func (s *Seen) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.set)
}
