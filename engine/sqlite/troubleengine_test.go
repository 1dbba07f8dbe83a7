package sqlite_test

import (
	"errors"
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
			for nth := 1; nth < 400; nth += 13 {
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
