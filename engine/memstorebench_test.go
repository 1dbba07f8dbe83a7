package engine_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"testing"
	"time"

	"weir/engine"
)

// crowds are the ways in which a list spreads over hosts.
var crowds = []int{1, 1_000, 100_000} // hosts

// benchTime is when the first attempt of a benchmark started. The others follow
// a millisecond apart.
var benchTime = time.Now()

// listed returns n jobs over hosts in turn, as package scrape makes them: a URL
// of 60 bytes that is the fingerprint too, and a host and an origin of their
// own for each job.
func listed(n, hosts int) iter.Seq2[engine.Job, error] {
	return func(yield func(engine.Job, error) bool) {
		for i := range n {
			host := fmt.Sprintf("h%06d.test:443", i%hosts)
			url := fmt.Sprintf("https://%s/%08d/", strings.TrimSuffix(host, ":443"), i)
			url += strings.Repeat("x", 60-len(url))
			if !yield(engine.Job{URL: url, Host: host, Origin: "https://" + host, Fingerprint: url}, nil) {
				return
			}
		}
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

// BenchmarkMemStoreJob is what a job costs that waits in a MemStore: in bytes
// of live heap, its strings among them, and in time to add it.
func BenchmarkMemStoreJob(b *testing.B) {
	const n = 200_000
	for _, hosts := range crowds {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			var bytes uint64
			for b.Loop() {
				b.StopTimer()
				before := live()
				b.StartTimer()
				s := engine.NewMemStore()
				if added, err := s.AddBatch(b.Context(), engine.Batch{}, listed(n, hosts), nil); err != nil || added.New != n {
					b.Fatalf("AddBatch = %+v, %v", added, err)
				}
				b.StopTimer()
				bytes = live() - before
				runtime.KeepAlive(s)
				b.StartTimer()
			}
			b.ReportMetric(float64(bytes)/n, "B/job")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/job")
		})
	}
}

// BenchmarkMemStoreEnded is what a job costs that has ended without records,
// likewise, as bare as can be and with a title of 41 bytes and some headers. The time is that of leasing it and keeping its result.
func BenchmarkMemStoreEnded(b *testing.B) {
	const n = 200_000
	for _, bc := range []struct{ hosts, headers int }{{1, 0}, {1_000, 0}, {1, 8}} {
		b.Run(fmt.Sprintf("hosts=%d/headers=%d", bc.hosts, bc.headers), func(b *testing.B) {
			var bytes uint64
			for b.Loop() {
				b.StopTimer()
				before := live()
				s := engine.NewMemStore()
				if _, err := s.AddBatch(b.Context(), engine.Batch{}, listed(n, bc.hosts), nil); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				finishAll(b, s, bc.headers)
				b.StopTimer()
				bytes = live() - before
				runtime.KeepAlive(s)
				b.StartTimer()
			}
			b.ReportMetric(float64(bytes)/n, "B/job")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/job")
		})
	}
}

// BenchmarkMemStoreMillion is the figure that is asked for: the bytes of live
// heap for each of a million URLs of 60 bytes, of one host or ten, that have
// ended without records, with their results. Waiting is what they were before.
func BenchmarkMemStoreMillion(b *testing.B) {
	const n = 1_000_000
	for _, hosts := range []int{1, 10} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			var waiting, ended uint64
			for b.Loop() {
				before := live()
				s := engine.NewMemStore()
				if _, err := s.AddBatch(b.Context(), engine.Batch{}, listed(n, hosts), nil); err != nil {
					b.Fatal(err)
				}
				waiting = live() - before
				finishAll(b, s, 0)
				ended = live() - before
				runtime.KeepAlive(s)
			}
			b.ReportMetric(float64(waiting)/n, "B/URL-waiting")
			b.ReportMetric(float64(ended)/n, "B/URL")
		})
	}
}

// finishAll leases all jobs of a store and finishes them, 64 at once, as the
// engine's committer does.
func finishAll(b *testing.B, s engine.Store, headers int) {
	var num uint64
	rs := make([]engine.Result, 0, 64)
	for {
		jobs, err := s.Next(context.Background(), cap(rs), engine.Want{})
		if err != nil {
			b.Fatal(err)
		}
		if len(jobs) == 0 {
			return
		}
		rs = rs[:0]
		for _, j := range jobs {
			num++
			r := ending(j, num)
			if headers > 0 {
				r.Title = fmt.Sprintf("Page %08d of a schedule for everybody", num)
			}
			for i := range headers {
				r.Header = append(r.Header, engine.Header{Name: fmt.Sprint("X-Header-", i), Value: fmt.Sprintf("value-%d", num+uint64(i))})
			}
			rs = append(rs, r)
		}
		if err := s.Finish(context.Background(), rs, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// ending is the result of a page that was fetched well, without a record.
func ending(j engine.Job, num uint64) engine.Result {
	return engine.Result{
		Job: j.ID, Batch: j.Batch, Num: num, URL: j.URL, Host: j.Host, Outcome: engine.OK, Status: 200,
		Attempts: 1, Bytes: 10_000 + int64(num), Elapsed: 123_456_789, FetchedAt: benchTime.Add(time.Duration(num) * time.Millisecond),
		Timing: engine.Timing{Waited: 1e9 + 1234, DNS: -1, Connect: -1, TLS: -1, FirstByte: 98_765_432, Body: 20_123_456, Extract: 1_234_567},
	}
}

// BenchmarkMemStoreRead is one job or result read, of 200,000: as jobs that wait
// are, for a pattern to be tried on, and then as results are, for a screen or a
// file, all of them or some by the ids of their jobs.
func BenchmarkMemStoreRead(b *testing.B) {
	const n, page = 200_000, 4096
	s := engine.NewMemStore()
	if _, err := s.AddBatch(b.Context(), engine.Batch{}, listed(n, 10), nil); err != nil {
		b.Fatal(err)
	}
	read := func(name string, all func(engine.Query) (got int, next uint64, err error)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				total := 0
				for q := (engine.Query{Limit: page}); ; {
					got, next, err := all(q)
					if err != nil {
						b.Fatal(err)
					}
					if total += got; next == 0 {
						break
					}
					q.After = next
				}
				if total != n {
					b.Fatalf("%d were read, want %d", total, n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/job")
		})
	}
	read("waiting", func(q engine.Query) (int, uint64, error) {
		p, err := s.Waiting(b.Context(), q)
		return len(p.Jobs), p.Next, err
	})
	finishAll(b, s, 0)
	read("states", func(q engine.Query) (int, uint64, error) {
		got, err := s.States(b.Context(), q)
		if len(got) == 0 {
			return 0, 0, err
		}
		return len(got), got[len(got)-1].Num, err
	})
	read("states-by-id", func(q engine.Query) (int, uint64, error) {
		last := min(q.After+page, n)
		for id := q.After + 1; id <= last; id++ {
			q.Jobs = append(q.Jobs, engine.JobID(id))
		}
		q.After, q.Limit = 0, 0
		got, err := s.States(b.Context(), q)
		if last == n {
			last = 0
		}
		return len(got), last, err
	})
}

// BenchmarkMemStoreCancel is the cancel of a host with 100,000 waiting jobs, and
// its undoing.
func BenchmarkMemStoreCancel(b *testing.B) {
	const n = 100_000
	s := engine.NewMemStore()
	if _, err := s.AddBatch(b.Context(), engine.Batch{}, listed(2*n, 2), nil); err != nil {
		b.Fatal(err)
	}
	var back time.Duration
	for mark := uint64(1); b.Loop(); mark++ {
		got, err := s.Change(b.Context(), engine.Selector{Host: "h000001.test:443"}, engine.Change{Kind: engine.ChangeCancel, Mark: mark})
		if err != nil || got.Batches[1].Backlog != n {
			b.Fatalf("Change = %+v, %v", got, err)
		}
		begin := time.Now()
		if _, err := s.Change(b.Context(), engine.Selector{Mark: mark}, engine.Change{Kind: engine.ChangeRestore}); err != nil {
			b.Fatal(err)
		}
		back += time.Since(begin)
	}
	b.ReportMetric(float64((b.Elapsed()-back).Microseconds())/1000/float64(b.N), "ms-cancel")
	b.ReportMetric(float64(back.Microseconds())/1000/float64(b.N), "ms-undo")
}

// BenchmarkMemStoreNext is one job leased, of many hosts with jobs enough, by
// itself and with a hundred others as the engine leases them. With skip, half
// of a thousand hosts are passed over.
func BenchmarkMemStoreNext(b *testing.B) {
	for _, bc := range []struct{ hosts, at, skip int }{
		{1_000, 1, 0}, {100_000, 1, 0}, {1_000, 100, 0}, {100_000, 100, 0}, {1_000, 100, 500}, {100_000, 100, 500},
	} {
		b.Run(fmt.Sprintf("hosts=%d/at=%d/skip=%d", bc.hosts, bc.at, bc.skip), func(b *testing.B) {
			s := engine.NewMemStore()
			if _, err := s.AddBatch(b.Context(), engine.Batch{}, listed(4*100_000, bc.hosts), nil); err != nil {
				b.Fatal(err)
			}
			w := engine.Want{SkipHosts: make(map[string]struct{})}
			for i := range bc.skip {
				w.SkipHosts[fmt.Sprintf("h%06d.test:443", 2*i)] = struct{}{}
			}
			leased := 0
			for b.Loop() {
				jobs, err := s.Next(b.Context(), bc.at, w)
				if err != nil || len(jobs) != bc.at {
					b.Fatalf("Next = %d, %v", len(jobs), err)
				}
				leased += len(jobs)
				if err := s.Release(b.Context(), jobs); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(leased), "ns/job")
		})
	}
}
