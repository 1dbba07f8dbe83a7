package engine

import (
	"fmt"
	"iter"
	"math"
)

// This file is how a store on disk gives a Frontier back what it kept of it.

// A Refill is what a run had come to, as a [Journal] was told of it.
type Refill struct {
	State State
	Num   uint64 // the highest of a result

	// Batches are by id, from 1, without a gap. Read of them are the Batch,
	// Text too, Totals, Paused, Mark, Lines and Cut, and of the Counts
	// Duplicate and Invalid. The jobs make the rest; Submitted says about how
	// many will come.
	Batches []KeptBatch
}

// A RefillJob is a job and what became of it. It waits, unless it has ended.
// Its Priority is its batch's and not read.
type RefillJob struct {
	Job
	Ended   bool
	Outcome Outcome // of its result; OutcomeNone: it has none. What has one and has not ended is retried
	Note    uint64  // what Finish was told to note of that result
	Mark    uint64  // the cancel that took it by itself; 0: none
	Paused  *Paused // nil: it was not paused by name
}

// Refill fills an empty Frontier. The jobs come in any order; an id without a
// job was lost, and is not used again. What a job points to is read when it
// comes. The error is that of the list, or of a batch or job that cannot be: the
// Frontier is of no use then.
func (f *Frontier) Refill(r Refill, jobs iter.Seq2[*RefillJob, error]) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.num = r.Num
	f.notes.take(r.State)
	come := 0
	for i := range r.Batches {
		b := &r.Batches[i]
		if int(b.ID) != i+1 {
			return fmt.Errorf("engine: batch %d comes where batch %d is expected", b.ID, i+1)
		}
		mb := &memBatch{
			Batch: b.Batch, lanes: make(map[string]*memLane), mark: b.Mark, totals: b.Totals.Clone(),
			added:  Added{Batch: b.ID, Duplicate: b.Counts.Duplicate, Invalid: b.Counts.Invalid},
			paused: !b.Paused.At.IsZero(), pause: b.Paused, lines: b.Read,
		}
		come += b.Counts.Submitted - b.Counts.Duplicate - b.Counts.Invalid
		if b.Cut {
			mb.cut = 1
		}
		f.batches = append(f.batches, mb)
	}
	f.seen.expect(come)
	for j, err := range jobs {
		if err != nil {
			return err
		}
		if err := f.refill(j); err != nil {
			return err
		}
	}
	return nil
}

// refill puts one job where it was.
func (f *Frontier) refill(r *RefillJob) error {
	b := f.batch(r.Batch)
	switch {
	case r.ID < 1 || r.ID >= math.MaxUint32:
		return fmt.Errorf("engine: no job can have the id %d", r.ID)
	case b == nil:
		return fmt.Errorf("engine: job %d is of batch %d, which is not there", r.ID, r.Batch)
	case r.Outcome > Cancelled || r.Ended && r.Outcome == OutcomeNone:
		return fmt.Errorf("engine: job %d has ended with outcome %d, which is none", r.ID, r.Outcome)
	case f.known(r.ID) != nil:
		return fmt.Errorf("engine: there are two jobs with the id %d", r.ID)
	}
	j := f.place(uint32(r.ID), b, &r.Job)
	b.added.New++
	f.mark(b, r.Fingerprint, j.id)
	j.was = r.Outcome
	switch {
	case r.Ended:
		j.place, j.at = Ended, int64(r.Note)
		b.counts[Ended]++
		b.ended[r.Outcome]++
		return nil
	case r.Due.IsZero():
		j.place = Backlog
	default:
		j.place = Deferred
	}
	if r.Outcome != OutcomeNone {
		f.setKept(j, r.Note)
	}
	if r.Paused != nil {
		var n uint16
		f.pauses, n = number(f.pauses, *r.Paused)
		f.setPaused(j, n)
	}
	if r.Mark != 0 {
		f.setMark(j, r.Mark)
		f.marks[r.Mark] = append(f.marks[r.Mark], j)
		b.marked++
		return nil
	}
	b.counts[j.place]++
	f.wait(b, j, false)
	return nil
}
