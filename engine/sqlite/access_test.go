package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
	"weir/engine/sqlite"
)

// end leases and finishes n jobs of a store, one by one, from num on.
func end(t *testing.T, s engine.Store, n int, num uint64, edit func(*engine.Result)) {
	t.Helper()
	for i := range n {
		jobs, err := s.Next(t.Context(), 1, engine.Want{})
		if err != nil || len(jobs) != 1 {
			t.Fatalf("Next = %d jobs, %v", len(jobs), err)
		}
		j := jobs[0]
		r := engine.Result{Job: j.ID, Batch: j.Batch, URL: j.URL, Host: j.Host, Num: num + uint64(i), Outcome: engine.OK}
		if edit(&r); t.Failed() {
			return
		}
		if err := s.Finish(t.Context(), []engine.Result{r}, nil); err != nil {
			t.Fatalf("Finish: %v", err)
		}
	}
}

// Texts of any bytes and of the longest body come back as they were.
func TestLongTexts(t *testing.T) {
	long := strings.Repeat("\x00\xff long \u2028\"", 10<<20/12)
	for name, edit := range map[string]func(*engine.Result){
		"of any bytes": func(r *engine.Result) {
			r.Title, r.Error, r.Final, r.Class = long, long[:1000], long[:1000], engine.Class(long[:1000])
		},
		"in a record": func(r *engine.Result) {
			r.Records = []engine.Record{{{Name: "a", Value: strings.ToValidUTF8(long[:1<<20], "?")}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := made(t)
			j := enginetest.Job("one.test", 1)
			j.URL += "\x00\xff"
			if name == "of any bytes" {
				j.URL, j.Carry = j.URL+long[:1<<20], long[:1<<20]
			}
			_, err := s.AddBatch(t.Context(), engine.Batch{Name: "\x00\xff"}, func(yield func(engine.Job, error) bool) { yield(j, nil) }, nil)
			check(t, err)
			var want engine.Result
			end(t, s, 1, 1, func(r *engine.Result) {
				edit(r)
				want = *r
			})
			s = again(t, s)
			got, err := s.Results(t.Context(), engine.Query{})
			if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
				t.Errorf("%d results, %v; want the one that was kept", len(got), err)
			}
			k, err := s.Load(t.Context(), time.Now())
			if err != nil || k.Batches[0].Name != "\x00\xff" {
				t.Errorf("Load = %q, %v", k.Batches[0].Name, err)
			}
		})
	}
}

// Whoever reads, results are kept; what was read before is read again.
func TestReadersDoNotBlockTheWriter(t *testing.T) {
	s := made(t)
	_, err := s.AddBatch(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", 20), nil)
	check(t, err)
	release, err := sqlite.Hold(s.Path())
	check(t, err)
	end(t, s, 20, 1, func(*engine.Result) {}) // it would hang, or fail after 5 s
	if rs, err := s.Results(t.Context(), engine.Query{}); len(rs) != 20 || err != nil {
		t.Errorf("%d results, %v; want 20", len(rs), err)
	}
	check(t, release())
}

// With a reader at every moment, the write-ahead log is no longer than it may
// be and one commit.
func TestLogEndsWithReaders(t *testing.T) {
	t.Parallel()
	const most, commit = 1 << 20, 200 << 10
	s := made(t)
	sqlite.SetLogMost(s, most)
	_, err := s.AddBatch(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", 60), nil)
	check(t, err)
	done := make(chan struct{})
	var reading sync.WaitGroup
	for range 2 {
		reading.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := s.Results(t.Context(), engine.Query{}); err != nil {
					t.Errorf("Results: %v", err)
					return
				}
			}
		})
	}
	longest := int64(0)
	end(t, s, 60, 1, func(r *engine.Result) {
		r.Title = strings.Repeat("x", commit/2)
		at, err := os.Stat(s.Path() + "-wal")
		if err != nil {
			t.Errorf("the log: %v", err)
			return
		}
		longest = max(longest, at.Size())
	})
	close(done)
	reading.Wait()
	if longest > most+commit {
		t.Errorf("the log was %d bytes long, want at most %d", longest, most+commit)
	}
	if at, err := os.Stat(s.Path()); err != nil || at.Size() < 50*commit/2 {
		t.Errorf("the file has %d bytes, %v; want what was in the log", at.Size(), err)
	}
}

// A host's cancel is few statements where its jobs are in a row, and however
// many they are, the next process knows each.
func TestCancelOfManyIsKept(t *testing.T) {
	s := made(t)
	_, err := s.AddBatch(t.Context(), engine.Batch{}, enginetest.Chain(
		enginetest.Jobs("one.test", 1000), enginetest.Jobs("two.test", 500), enginetest.Jobs("one.test", 1500)), nil)
	check(t, err)
	end(t, s, 7, 1, func(*engine.Result) {})
	_, err = s.Change(t.Context(), engine.Selector{Host: "one.test"}, engine.Change{Kind: engine.ChangeCancel, Mark: 1})
	check(t, err)
	want, err := s.Count(t.Context(), engine.Query{})
	check(t, err)
	s = again(t, s)
	if got, err := s.Count(t.Context(), engine.Query{}); got != want || err != nil || want.Cancelled < 1490 {
		t.Errorf("Count = %+v, %v; want %+v", got, err, want)
	}
	r, err := sqlite.Read(s.Path())
	check(t, err)
	defer r.Close()
	if got, err := r.Count(t.Context(), engine.Query{}); got != want || err != nil {
		t.Errorf("Count of a Reader = %+v, %v; want %+v", got, err, want)
	}
}

// A retry that was taken back before it began is none for the next process.
func TestRetryTakenBackIsKept(t *testing.T) {
	s := made(t)
	_, err := s.AddBatch(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", 5), nil)
	check(t, err)
	end(t, s, 4, 1, func(r *engine.Result) { r.Outcome = engine.Failed })
	for _, step := range []struct {
		sel engine.Selector
		ch  engine.Change
	}{
		{engine.Selector{Jobs: []engine.JobID{1}}, engine.Change{Kind: engine.ChangeRetry, Mark: 1}},
		{engine.Selector{All: true}, engine.Change{Kind: engine.ChangeRetry, Mark: 2}},
		{engine.Selector{Mark: 2}, engine.Change{Kind: engine.ChangeRestore}},
	} {
		_, err := s.Change(t.Context(), step.sel, step.ch)
		check(t, err)
	}
	s = again(t, s)
	want := engine.Counts{Submitted: 5, Backlog: 2, Failed: 3}
	if got, err := s.Count(t.Context(), engine.Query{}); got != want || err != nil {
		t.Errorf("Count = %+v, %v; want %+v", got, err, want)
	}
}

// What an operator asks of the file is in its views.
func TestViews(t *testing.T) {
	s := made(t)
	_, err := s.AddBatch(t.Context(), engine.Batch{Name: "list"}, enginetest.Jobs("one.test", 6), nil)
	check(t, err)
	outcomes := []engine.Outcome{engine.OK, engine.Failed, engine.Empty}
	end(t, s, 3, 1, func(r *engine.Result) {
		r.Outcome, r.Elapsed = outcomes[r.Num-1], 1_500_000
		r.Records = []engine.Record{{{Name: "a", Value: fmt.Sprint(r.Num)}}}
	})
	change := func(kind engine.ChangeKind, id engine.JobID) {
		_, err := s.Change(t.Context(), engine.Selector{Jobs: []engine.JobID{id}}, engine.Change{Kind: kind, Mark: 1})
		check(t, err)
	}
	change(engine.ChangeCancel, 4)
	change(engine.ChangePause, 5)
	check(t, s.Sync(t.Context()))
	for sql, want := range map[string]string{
		"SELECT group_concat(state) FROM jobs WHERE batch = 'list'":                         "ok,failed,empty,cancelled,paused,waiting",
		"SELECT group_concat(outcome || ' ' || elapsed_ms) FROM results":                    "ok 1,failed 1,empty 1",
		"SELECT records ->> '$[0].a' FROM results WHERE url = 'http://one.test/1'":          "2",
		"SELECT submitted || ' ' || ok || ' ' || cancelled || ' ' || \"left\" FROM batches": "6 1 1 2",
	} {
		if got, err := sqlite.Ask(s.Path(), sql); err != nil || got[0] != want {
			t.Errorf("%s = %q, %v; want %q", sql, got, err, want)
		}
	}
}

// What SQLite thinks of a file that a whole run went through.
func TestFileIsWhole(t *testing.T) {
	s := made(t)
	_, err := s.AddBatch(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", 200), nil)
	check(t, err)
	end(t, s, 30, 1, func(r *engine.Result) { r.Title = strings.Repeat("x", int(r.Num)*500) })
	shut(t, s)
	if got, err := sqlite.Ask(s.Path(), "PRAGMA integrity_check"); err != nil || got[0] != "ok" {
		t.Errorf("integrity_check = %q, %v", got, err)
	}
	if files, err := filepath.Glob(s.Path() + "-*"); len(files) > 0 || err != nil {
		t.Errorf("beside a closed run there are %q, %v", files, err)
	}
}
