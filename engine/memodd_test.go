package engine

import (
	"maps"
	"math/rand/v2"
	"testing"
)

// What few jobs have is a map by job, and what is like all takes nothing.
func TestMemOddsAreAMap(t *testing.T) {
	for seed := range uint64(10) {
		random := rand.New(rand.NewPCG(seed, 9))
		var o memOdds
		model := make(map[uint32]memOdd)
		ids := 1 + random.Uint32N(4*uint32(len(memPage{})))
		for step := range 2000 {
			id := 1 + random.Uint32N(ids)
			mark, add := random.Uint64N(3), random.Int32N(2)
			edit := func(odd *memOdd) { odd.mark, odd.attempts = mark, (odd.attempts+add)%2 }
			o.change(id, edit)
			odd := model[id]
			edit(&odd)
			model[id] = odd
			if random.IntN(300) == 0 { // all end
				for id := range model {
					o.change(id, func(odd *memOdd) { *odd = memOdd{} })
				}
				clear(model)
			}
			if step%100 != 0 {
				continue
			}
			pages := make(map[int]int)
			for id := range ids + 2 {
				if id > 0 && *o.of(id) != model[id] {
					t.Fatalf("seed %d: job %d of %d has %+v, want %+v", seed, id, ids, *o.of(id), model[id])
				}
				if model[id] != (memOdd{}) {
					page, _ := memPlace(id)
					pages[page]++
				}
			}
			got := make(map[int]int)
			for i, p := range o.pages {
				if p != nil {
					got[i] = p.n
				}
			}
			if !maps.Equal(got, pages) {
				t.Fatalf("seed %d: the pages have %v, want %v", seed, got, pages)
			}
		}
	}
}

// A job that has come to its end twice is like all, and a store is told what it
// noted of the result before, also when another process noted it.
func TestMemJobEndsPlain(t *testing.T) {
	var f Frontier
	f.init(nil)
	job := RefillJob{Job: Job{ID: 1, Batch: 1, URL: "u", Host: "h", Fingerprint: "u", Attempts: 1}, Outcome: Failed, Note: 7}
	err := f.Refill(Refill{Batches: []KeptBatch{{Batch: Batch{ID: 1}}}}, func(yield func(*RefillJob, error) bool) { yield(&job, nil) })
	if err != nil {
		t.Fatal(err)
	}
	for note := uint64(8); note < 11; note++ {
		if jobs, err := f.Next(t.Context(), 1, Want{}); err != nil || len(jobs) != 1 {
			t.Fatalf("Next = %d, %v", len(jobs), err)
		}
		keep := func(_ *Result, was uint64) uint64 {
			if was != note-1 {
				t.Errorf("before %d, %d is said to have been noted", note, was)
			}
			return note
		}
		if err := f.Finish([]Result{{Job: 1, Batch: 1, Num: note, Outcome: Failed}}, keep, nil, nil); err != nil {
			t.Fatal(err)
		}
		if got := *f.odd(f.job(1)); got != (memOdd{}) {
			t.Errorf("after its end it has %+v", got)
		}
		if _, err := f.Change(t.Context(), Selector{All: true}, Change{Kind: ChangeRetry, Mark: note}); err != nil {
			t.Fatal(err)
		}
	}
}
