package sqlite_test

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
	"weir/engine/sqlite"
)

// listed returns n jobs over 100 hosts in turn, with URLs of 60 bytes.
func listed(n int) iter.Seq2[engine.Job, error] {
	return func(yield func(engine.Job, error) bool) {
		for i := range n {
			host := fmt.Sprintf("h%06d.test:443", i%100)
			url := fmt.Sprintf("https://h%06d.test/%08d/%031d", i%100, i, 0)
			if !yield(engine.Job{URL: url, Host: host, Origin: "https://h.test", Fingerprint: url, Waited: time.Unix(1e9, 0)}, nil) {
				return
			}
		}
	}
}

// page is what a page came to, with so many records; none is a page of the
// built-in recipe "page", whose one record has a title and some texts.
func page(j engine.Job, num uint64, records int) engine.Result {
	r := engine.Result{
		Job: j.ID, Batch: j.Batch, Num: num, URL: j.URL, Host: j.Host, Outcome: engine.OK, Status: 200,
		Attempts: 1, Bytes: 10_000 + int64(num), Elapsed: 123_456_789, FetchedAt: time.Unix(1.8e9, 123456789).UTC(),
		Title:   fmt.Sprintf("Page %08d of a schedule for everybody", num),
		Timing:  engine.Timing{Waited: 1e9 + 1234, DNS: -1, Connect: -1, TLS: -1, FirstByte: 98_765_432, Body: 20_123_456, Extract: 1_234_567},
		History: []engine.Attempt{{Status: 200, Elapsed: 123_456_789, Waited: 1e9}},
	}
	for _, name := range []string{"Content-Type", "Date", "Server", "Etag", "Last-Modified"} {
		r.Header = append(r.Header, engine.Header{Name: name, Value: fmt.Sprintf("value %016d", num)})
	}
	if records == 0 {
		r.Records = []engine.Record{{
			{Name: "title", Value: r.Title},
			{Name: "description", Value: "What stands in the head of the page, in a sentence or two."},
			{Name: "heading", Value: "A heading"},
			{Name: "links", Value: engine.Number("23")},
		}}
	}
	for i := range records {
		r.Records = append(r.Records, engine.Record{
			{Name: "date", Value: fmt.Sprintf("2026-11-%02d", i+1)},
			{Name: "shift", Value: "Night, second floor"},
			{Name: "start", Value: "19:00"},
			{Name: "name", Value: fmt.Sprintf("Somebody %d", num)},
		})
	}
	return r
}

// fresh makes a run for a benchmark.
func fresh(b *testing.B) *sqlite.Store {
	b.Helper()
	s, err := sqlite.Create(filepath.Join(b.TempDir(), "a.db"), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

// finish leases and finishes up to n jobs of a store, most at once, and returns
// how long each Finish took.
func finish(b *testing.B, s engine.Store, n, most, records int, num uint64) (took []time.Duration) {
	b.Helper()
	for n > 0 {
		jobs, err := s.Next(b.Context(), min(n, most), engine.Want{})
		if err != nil || len(jobs) == 0 {
			b.Fatalf("Next = %d, %v", len(jobs), err)
		}
		n -= len(jobs)
		rs := make([]engine.Result, len(jobs))
		for i, j := range jobs {
			num++
			rs[i] = page(j, num, records)
		}
		begin := time.Now()
		if err := s.Finish(b.Context(), rs, nil); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
	}
	return took
}

// BenchmarkFinish is one result kept, of as many at once as the engine's
// committer has when it is behind, in the bytes of the file and in time.
func BenchmarkFinish(b *testing.B) {
	for _, records := range []int{0, 10} {
		b.Run(fmt.Sprintf("records=%d", records), func(b *testing.B) {
			const n = 20_000
			var took []time.Duration
			var bytes int64
			for b.Loop() {
				b.StopTimer()
				s := fresh(b)
				if _, err := s.AddBatch(b.Context(), engine.Batch{}, listed(n), nil); err != nil {
					b.Fatal(err)
				}
				before := size(b, s)
				b.StartTimer()
				took = append(took, finish(b, s, n, 64, records, 0)...)
				b.StopTimer()
				bytes = size(b, s) - before
				b.StartTimer()
			}
			slices.Sort(took)
			b.ReportMetric(float64(bytes)/n, "B/result")
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "results/s")
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}

// size returns the bytes of the file of a store once all of it is in there.
func size(b *testing.B, s *sqlite.Store) int64 {
	b.Helper()
	if err := s.Sync(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := sqlite.Exec(s.Path(), "PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
		b.Fatal(err)
	}
	at, err := os.Stat(s.Path())
	if err != nil {
		b.Fatal(err)
	}
	return at.Size()
}

// BenchmarkEngine is one job from the backlog to its kept result, with a
// scraper that answers at once, through a store in memory and one on disk.
func BenchmarkEngine(b *testing.B) {
	for _, workers := range []int{5, 50} {
		for _, kind := range []string{"memory", "disk"} {
			b.Run(fmt.Sprintf("workers=%d/%s", workers, kind), func(b *testing.B) {
				const n = 20_000
				scraper := &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
					res := page(r.Job, 1, 0)
					res.Num = 0
					return engine.Step{Result: &res, Host: engine.HostHint{Status: 200}}
				}}
				for b.Loop() {
					b.StopTimer()
					var s engine.Store = engine.NewMemStore()
					if kind == "disk" {
						s = fresh(b)
					}
					e, err := engine.New(scraper, engine.Config{Workers: workers, Interval: -1, Queue: 1000, Store: s})
					if err != nil {
						b.Fatal(err)
					}
					if _, err := e.Add(b.Context(), engine.Batch{}, enginetest.Chain(enginetest.Jobs("one.test", n/2), enginetest.Jobs("two.test", n/2))); err != nil {
						b.Fatal(err)
					}
					e.Close()
					b.StartTimer()
					if err := e.Run(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "results/s")
			})
		}
	}
}

// BenchmarkCancelHost is the cancel of a host with 100,000 waiting jobs, until
// it is on disk: those of another host stand between them, or not.
func BenchmarkCancelHost(b *testing.B) {
	for _, apart := range []bool{true, false} {
		b.Run(fmt.Sprintf("apart=%v", apart), func(b *testing.B) {
			const n = 100_000
			var change time.Duration
			for b.Loop() {
				b.StopTimer()
				s := fresh(b)
				_, err := s.AddBatch(b.Context(), engine.Batch{}, func(yield func(engine.Job, error) bool) {
					for i := range 2 * n {
						host := "one.test"
						if apart && i%2 == 0 || !apart && i < n {
							host = "two.test"
						}
						if !yield(enginetest.Job(host, i), nil) {
							return
						}
					}
				}, nil)
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				begin := time.Now()
				if _, err := s.Change(b.Context(), engine.Selector{Host: "one.test"}, engine.Change{Kind: engine.ChangeCancel, Mark: 1}); err != nil {
					b.Fatal(err)
				}
				change += time.Since(begin)
				if err := s.Sync(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(change.Milliseconds())/float64(b.N), "ms-in-memory")
		})
	}
}

// BenchmarkOpen is a run of many jobs opened, until the engine could begin,
// with the live heap that it has then. With -short it is not made.
func BenchmarkOpen(b *testing.B) {
	if testing.Short() {
		b.Skip("it makes files of some hundred megabytes")
	}
	const n = 1_000_000
	for _, ended := range []bool{false, true} {
		b.Run(fmt.Sprintf("jobs=%d/ended=%v", n, ended), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "a.db")
			s, err := sqlite.Create(path, nil)
			if err != nil {
				b.Fatal(err)
			}
			begin := time.Now()
			if _, err := s.AddBatch(b.Context(), engine.Batch{}, listed(n), nil); err != nil {
				b.Fatal(err)
			}
			b.Logf("%.0f jobs/s added", n/time.Since(begin).Seconds())
			begin = time.Now()
			if ended {
				finish(b, s, n, 64, 0, 0)
				b.Logf("%.0f results/s kept", n/time.Since(begin).Seconds())
			}
			begin = time.Now()
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			at, err := os.Stat(path)
			if err != nil {
				b.Fatal(err)
			}
			b.Logf("closed in %v, %d MB", time.Since(begin), at.Size()>>20)
			s = nil
			var heap uint64
			for b.Loop() {
				b.StopTimer()
				before := live()
				b.StartTimer()
				s, err := sqlite.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				k, err := s.Load(b.Context(), time.Now())
				if err != nil || len(k.Batches) != 1 || k.Batches[0].Counts.Submitted != n {
					b.Fatalf("Load = %d batches, %v", len(k.Batches), err)
				}
				b.StopTimer()
				heap = live() - before
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(heap)/n, "B/job")
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/open")
		})
	}
}

// live returns the bytes of the heap that are in use.
func live() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
