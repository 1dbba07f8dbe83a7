package sqlite_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"weir/engine"
	"weir/engine/enginetest"
	"weir/engine/sqlite"
)

// A disk that fails in the middle of a run ends it with an error that names
// both the store and the cause. Nothing is started after it. With the disk as
// it should be, a second engine does the rest: all URLs have a result then, and
// none is fetched again whose result was in the file.
func TestRunOnFailingDisk(t *testing.T) {
	const hosts, each, workers = 4, 10, 3
	for _, tc := range []struct {
		name string
		fault
		want error
	}{
		{"full", fault{calls: callWrite, code: sqlite3.SQLITE_FULL, stays: true}, sqlite.ErrFull},
		{"full for once", fault{calls: callWrite, code: sqlite3.SQLITE_FULL}, sqlite.ErrFull},
		{"cannot sync", fault{calls: callSync}, sqlite.ErrIO},
		{"read-only", fault{calls: callWrite, code: sqlite3.SQLITE_READONLY, stays: true}, sqlite.ErrReadOnly},
		{"gone", fault{calls: everything, stays: true}, sqlite.ErrIO},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for nth := 1; nth < 400; nth += 13 * stride {
				d := newDisk(t)
				path := d.path("run.db")
				over := false
				synctest.Test(t, func(t *testing.T) {
					s, err := sqlite.Create(path, nil)
					check(t, err)
					var first, second enginetest.Scraper
					slow := func(engine.Request) time.Duration { return 300 * time.Millisecond }
					first.Latency, second.Latency = slow, slow
					eng, err := engine.New(&first, engine.Config{Workers: workers, Store: s})
					check(t, err)
					tc.nth = nth
					d.fail(tc.fault)
					_, added := eng.Add(t.Context(), engine.Batch{}, enginetest.Chain(
						enginetest.Jobs("h0.test", each), enginetest.Jobs("h1.test", each),
						enginetest.Jobs("h2.test", each), enginetest.Jobs("h3.test", each)))
					eng.Close()
					err = eng.Run(t.Context())
					calls := len(first.Calls())
					if _, hit := d.heal(); hit == "" {
						over = true // it was done before so many calls
						check(t, added)
						check(t, err)
					} else if !errors.Is(err, engine.ErrStore) || !errors.Is(err, tc.want) {
						t.Errorf("%s failed: Run = %v, want ErrStore and %v", hit, err, tc.want)
					}
					if err := s.Close(); !over && !errors.Is(err, tc.want) {
						t.Errorf("Close = %v, want %v", err, tc.want)
					}
					synctest.Wait()
					if n := len(first.Calls()); n != calls {
						t.Errorf("%d requests after the end", n-calls)
					}

					s, err = sqlite.Open(path)
					check(t, err)
					rs, err := s.Results(t.Context(), engine.Query{})
					check(t, err)
					kept := map[string]bool{}
					for _, r := range rs {
						kept[r.URL] = true
					}
					// Those in flight, and those that waited for their commit.
					if lost := calls - len(kept); lost < 0 || lost > 2*workers {
						t.Errorf("%d requests came to %d results in the file, want at most %d lost", calls, len(kept), 2*workers)
					}
					eng, err = engine.New(&second, engine.Config{Workers: workers, Store: s})
					check(t, err)
					eng.Close()
					check(t, eng.Run(t.Context()))
					for _, c := range second.Calls() {
						if kept[c.URL] {
							t.Errorf("%s is fetched again", c.URL)
						}
					}
					rs, err = s.Results(t.Context(), engine.Query{})
					check(t, err)
					seen := map[string]int{}
					for _, r := range rs {
						seen[r.URL]++
					}
					if added == nil && len(seen) != hosts*each || len(rs) != len(seen) {
						t.Errorf("%d results of %d URLs, want each of %d once", len(rs), len(seen), hosts*each)
					}
					check(t, s.Close())
				})
				if t.Failed() || over {
					return
				}
			}
		})
	}
}

// Whichever page of a run is lost: an engine goes on with what Repair makes of
// the rest. Every job that is left has a result then, and none is fetched whose
// result was left.
func TestRepairedRunGoesOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "run.db")
	s, err := sqlite.Create(path, nil)
	check(t, err)
	for range 2 {
		_, err = s.AddBatch(t.Context(), engine.Batch{Name: "list"}, enginetest.Chain(
			enginetest.Jobs("h0.test", 12), enginetest.Jobs("h1.test", 12), enginetest.Jobs("h2.test", 12)), nil)
		check(t, err)
	}
	jobs, err := s.Next(t.Context(), 40, engine.Want{Now: time.Now()})
	check(t, err)
	var rs []engine.Result
	for i, j := range jobs {
		rs = append(rs, engine.Result{
			Job: j.ID, Batch: j.Batch, Num: uint64(i + 1), URL: j.URL, Host: j.Host, Outcome: engine.OK,
			Records: []engine.Record{{{Name: "text", Value: strings.Repeat("long ", 100+i%10*200)}}},
		})
	}
	check(t, s.Finish(t.Context(), rs, nil))
	check(t, s.Keep(t.Context(), engine.State{Run: &engine.RunNotes{Workers: 3}, Hosts: []engine.HostState{{Host: "h0.test", At: time.Now(), Refusals: 1}}}))
	shut(t, s)
	main, err := os.ReadFile(path)
	check(t, err)

	for page := 0; page < len(main); page += pageBytes * stride {
		hurt := bytes.Clone(main)
		clear(hurt[page:][:pageBytes])
		to, got, err := repair(t, hurt, nil)
		check(t, err)
		synctest.Test(t, func(t *testing.T) {
			s, err := sqlite.Open(to)
			check(t, err)
			rs, err := s.Results(t.Context(), engine.Query{})
			check(t, err)
			kept := map[engine.JobID]bool{}
			for _, r := range rs {
				kept[r.Job] = true
			}
			var fake enginetest.Scraper
			eng, err := engine.New(&fake, engine.Config{Workers: 3, Store: s})
			check(t, err)
			for b := range got.Batches {
				if _, err := eng.Resume(t.Context(), engine.Selector{Batch: engine.BatchID(b + 1)}); err != nil && !errors.Is(err, engine.ErrNothing) {
					t.Errorf("Resume: %v", err)
				}
			}
			eng.Close()
			check(t, eng.Run(t.Context()))
			fetched := 0
			for _, c := range fake.Calls() {
				if c.Kind == engine.KindRobots {
					continue
				}
				if fetched++; kept[c.Job] {
					t.Errorf("job %d is fetched again", c.Job)
				}
			}
			counts, err := s.Count(t.Context(), engine.Query{})
			if err != nil || !counts.Balanced() || counts.Left() != 0 || counts.OK != got.Jobs || fetched != got.Jobs-got.Results {
				t.Errorf("%d fetched, %+v, %v; want all of %d jobs ok, %d of them before", fetched, counts, err, got.Jobs, got.Results)
			}
			check(t, s.Close())
		})
		if t.Failed() {
			t.Fatalf("page %d was lost: %+v", page/pageBytes+1, got)
		}
	}
}

// A clock that goes back, by 26 years here, makes nothing wait for longer than
// it was to wait when it was written: a retry ten minutes, a host five.
func TestClockGoesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.db")
	s, err := sqlite.Create(path, nil)
	check(t, err)
	_, err = s.AddBatch(t.Context(), engine.Batch{}, enginetest.Chain(enginetest.Jobs("one.test", 1), enginetest.Jobs("two.test", 1)), nil)
	check(t, err)
	now := time.Now()
	jobs, err := s.Next(t.Context(), 1, engine.Want{Now: now})
	check(t, err)
	later := jobs[0] // of one.test
	later.Due, later.Attempts, later.Waited = now.Add(10*time.Minute), 1, now
	check(t, s.Release(t.Context(), []engine.Job{later}))
	check(t, s.Keep(t.Context(), engine.State{
		Run:   &engine.RunNotes{At: now, Started: now},
		Hosts: []engine.HostState{{Host: "two.test", At: now, Block: engine.Block{Kind: engine.BlockAsked, Until: now.Add(5 * time.Minute), Asked: 5 * time.Minute, Status: 503}}},
	}))
	shut(t, s)
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		if !begin.Before(now.AddDate(-20, 0, 0)) {
			t.Fatalf("the clock did not go back: it is %v", begin)
		}
		s, err := sqlite.Open(path)
		check(t, err)
		var fake enginetest.Scraper
		eng, err := engine.New(&fake, engine.Config{Store: s})
		check(t, err)
		eng.Close()
		check(t, eng.Run(t.Context()))
		check(t, s.Close())
		starts := map[string]time.Duration{}
		for _, c := range fake.Calls() {
			starts[c.Host] = c.At.Sub(begin)
		}
		if at := starts["one.test"]; at <= 0 || at > 10*time.Minute {
			t.Errorf("the retry came after %v, want at most 10 minutes", at)
		}
		if at := starts["two.test"]; at <= 0 || at > 5*time.Minute {
			t.Errorf("the host was asked after %v, want at most 5 minutes", at)
		}
		if len(starts) != 2 {
			t.Errorf("requests to %v, want two hosts", starts)
		}
	})
}
