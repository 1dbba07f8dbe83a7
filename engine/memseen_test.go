package engine

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"testing"
)

// The set is one of a map, however good or bad the hash is, and with room made
// before or not.
func TestMemSeenIsAMap(t *testing.T) {
	seed := maphash.MakeSeed()
	good := func(v int) uint64 { return maphash.Comparable(seed, v) }
	for _, tc := range []struct {
		name string
		n    int
		hash func(int) uint64
	}{
		{"good", 60_000, good},
		{"one part", 3_000, func(v int) uint64 { return good(v) &^ (memParts - 1) }},
		{"one tag", 3_000, func(v int) uint64 { return good(v) & (1<<48 - 1) }},
		{"one part and the last tags", 1_000, func(v int) uint64 { return good(v)<<56>>8 | 0xff<<56 | 5 }},
		{"one hash", 500, func(int) uint64 { return 1 << 63 }},
		{"none", 500, func(int) uint64 { return 0 }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(3, uint64(tc.n)))
			var s memSeen
			values := make(map[uint32]int) // by id
			model := make(map[int]bool)
			inVain := 0
			for step := range 2 * tc.n {
				if random.IntN(tc.n) == 0 {
					s.expect(random.IntN(4 * memParts))
				}
				v, id := random.IntN(tc.n), uint32(step+1)
				added := s.add(tc.hash(v), id, func(other uint32) bool {
					got, ok := values[other]
					if !ok {
						t.Fatalf("step %d: asked for id %d, which was never put in", step, other)
					}
					if got != v {
						inVain++
					}
					return got == v
				})
				if added == model[v] {
					t.Fatalf("step %d: adding %d reports %v, and it was in: %v", step, v, added, model[v])
				}
				if added {
					model[v], values[id] = true, v
				}
			}
			if tc.name == "good" && inVain > tc.n/50 {
				t.Errorf("%d fingerprints were looked at in vain", inVain)
			}
		})
	}
}

// A set costs what is said of it, of any size above some thousands.
func TestMemSeenIsSmall(t *testing.T) {
	seed := maphash.MakeSeed()
	never := func(uint32) bool { return false }
	slots := func(s *memSeen) (n int) {
		for i := range s.parts {
			n += len(s.parts[i].tags)
		}
		return n
	}
	var s memSeen
	for n := 1; n <= 200_000; n++ {
		s.add(maphash.Comparable(seed, n), uint32(n), never)
		if n%5_000 == 0 && n >= 100_000 {
			if got := float64(slots(&s)) / float64(n); got < 8./7 || got > 1.5 {
				t.Errorf("%d fingerprints take %.2f places each, want 8/7 to 1.5", n, got)
			}
		}
	}
	var told memSeen
	told.expect(200_000)
	before := slots(&told)
	for n := range 200_000 {
		told.add(maphash.Comparable(seed, n), uint32(n+1), never)
	}
	if after := slots(&told); after > before+before/20 || after > 200_000*7/5 {
		t.Errorf("room for 200,000 has grown from %d to %d places", before, after)
	}
	told.expect(-1)
	told.expect(1 << 60) // a file that is damaged may say so
	if got := slots(&told); got > 7*(1<<22)/5+400_000*2 {
		t.Errorf("there are %d places", got)
	}
}

// Fingerprints are of their batch, and a job found by a link is seen as one of a
// list is.
func TestMemSeenIsByBatch(t *testing.T) {
	s := NewMemStore()
	list := func(yield func(Job, error) bool) {
		for i := range 3000 {
			url := fmt.Sprint("http://one.test/", i%2000)
			if !yield(Job{URL: url, Host: "one.test", Fingerprint: url}, nil) {
				return
			}
		}
	}
	for id := range BatchID(3) {
		added, err := s.AddBatch(t.Context(), Batch{}, list, nil)
		if want := (Added{Batch: id + 1, New: 2000, Duplicate: 1000}); err != nil || added != want {
			t.Errorf("AddBatch = %+v, %v; want %+v", added, err, want)
		}
	}
	if _, err := s.Next(t.Context(), 1, Want{}); err != nil {
		t.Fatal(err)
	}
	links := []Job{{URL: "http://one.test/7", Host: "one.test", Fingerprint: "http://one.test/7"}, {URL: "http://one.test/new", Host: "one.test", Fingerprint: "http://one.test/new"}}
	var found []JobID
	err := s.Finish(t.Context(), []Result{{Job: 1, Batch: 1, Num: 1, Outcome: OK, Links: links}}, func(j Job, _ Class) { found = append(found, j.ID) })
	if err != nil || len(found) != 1 || found[0] != 6001 {
		t.Errorf("Finish = %v, and %v are new; want 6001", err, found)
	}
}

// Two fingerprints with one hash are two fingerprints.
func TestMemSeenTellsEqualHashesApart(t *testing.T) {
	s := NewMemStore()
	s.hash = func(_ BatchID, f string) uint64 { return uint64(len(f)) }
	list := func(yield func(Job, error) bool) {
		for _, f := range []string{"a", "b", "b", "a", "c", "cc", "c", "cc", "dd", "", ""} {
			if !yield(Job{URL: "http://one.test/" + f, Host: "one.test", Fingerprint: f}, nil) {
				return
			}
		}
	}
	added, err := s.AddBatch(t.Context(), Batch{}, list, nil)
	if want := (Added{Batch: 1, New: 6, Duplicate: 5}); err != nil || added != want {
		t.Errorf("AddBatch = %+v, %v; want %+v", added, err, want)
	}
	other, err := s.AddBatch(t.Context(), Batch{}, list, nil)
	if want := (Added{Batch: 2, New: 6, Duplicate: 5}); err != nil || other != want {
		t.Errorf("AddBatch = %+v, %v; want %+v", other, err, want)
	}
	again, err := s.AddBatch(t.Context(), Batch{ID: 1}, list, nil)
	if want := (Added{Batch: 1, Duplicate: 11}); err != nil || again != want {
		t.Errorf("AddBatch = %+v, %v; want %+v", again, err, want)
	}
}

// BenchmarkMemSeen is one fingerprint put into a set that grows to so many, as
// it comes and with room made before, and one that is in it.
func BenchmarkMemSeen(b *testing.B) {
	seed := maphash.MakeSeed()
	for _, n := range []int{10_000, 200_000, 1_000_000} {
		hashes := make([]uint64, n)
		for i := range hashes {
			hashes[i] = maphash.Comparable(seed, i)
		}
		fill := func(s *memSeen) {
			for i, hash := range hashes {
				s.add(hash, uint32(i+1), func(id uint32) bool { return hashes[id-1] == hash })
			}
		}
		var s memSeen
		run := func(name string, do func()) {
			b.Run(fmt.Sprintf("n=%d/%s", n, name), func(b *testing.B) {
				for b.Loop() {
					do()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/fingerprint")
			})
		}
		run("grown", func() { s = memSeen{}; fill(&s) })
		run("seen", func() { fill(&s) })
		run("expected", func() { s = memSeen{}; s.expect(n); fill(&s) })
	}
}
