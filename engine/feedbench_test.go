package engine

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// BenchmarkFeedChange is one change of a job with one reader, who takes a view
// as often as a screen would that draws 30 times a second at 100,000 changes a
// second.
func BenchmarkFeedChange(b *testing.B) { benchmarkChange(b, 1, InFlight) }

// BenchmarkFeedEnd is the same where each change ends a job and makes another
// one go, and BenchmarkFeedReaders is that with other numbers of readers, who
// share what one would take.
func BenchmarkFeedEnd(b *testing.B) { benchmarkChange(b, 1, Ended) }

func BenchmarkFeedReaders(b *testing.B) {
	for _, n := range []int{0, 16, 256} {
		b.Run(fmt.Sprintf("readers=%d", n), func(b *testing.B) { benchmarkChange(b, n, Ended) })
	}
}

func benchmarkChange(b *testing.B, readers int, p Place) {
	f := newFeed(func(*Stats) {})
	subs := make([]*Subscription, readers)
	for i := range subs {
		subs[i] = f.subscribe(SubscribeOptions{MaxJobs: 4096 / max(readers, 1)})
	}
	var v View
	for _, s := range subs {
		s.Take(&v)
	}
	states := make([]JobState, 1000)
	if p == Ended {
		states = make([]JobState, 2*feedKept)
	}
	for i := range states {
		states[i] = JobState{ID: JobID(i + 1), URL: "http://one.test/", Place: p}
		f.set(states[i])
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		f.set(states[n%len(states)])
		n++
		if readers > 0 && n%3333 == 0 {
			for _, s := range subs {
				<-s.Ready()
				s.Take(&v)
			}
		}
	}
}

// BenchmarkFeedTake is a view of 4,096 jobs, the most that one has by default,
// into a view that was used before and into a new one.
func BenchmarkFeedTake(b *testing.B) {
	for _, fresh := range []bool{false, true} {
		b.Run(fmt.Sprintf("new=%v", fresh), func(b *testing.B) {
			f := newFeed(func(*Stats) {})
			s := f.subscribe(SubscribeOptions{})
			random := rand.New(rand.NewPCG(1, 2))
			for i := range 2 * feedKept {
				f.set(JobState{ID: JobID(1 + random.IntN(feedKept)), URL: "http://one.test/", Place: Ended, Num: uint64(i)})
			}
			var v View
			b.ReportAllocs()
			for b.Loop() {
				if fresh {
					v = View{}
				}
				f.mu.Lock()
				s.fresh = true
				f.mu.Unlock()
				if s.Take(&v); len(v.Jobs) != 4096 {
					b.Fatalf("%d jobs", len(v.Jobs))
				}
			}
		})
	}
}

// BenchmarkFeedMillion is a million jobs on their way through the queue and a
// worker, told of by one goroutine with 16 readers: 15 of them take 30 views a
// second, and one is asleep until the end. An op is a job: three changes, and
// five of every tenth, which is given back first. It is run as fast as can be,
// and at 100,000 changes a second.
//
// It reports how long the longest change and the longest Take took (and the
// longest of all but one in 10,000 changes: the longest of all is likely to
// be what the machine did meanwhile), and what the feed holds at the end.
// Run it with -benchtime 1000000x; the paced one needs half a minute for that.
func BenchmarkFeedMillion(b *testing.B) {
	b.Run("unpaced", func(b *testing.B) { benchmarkFeed(b, 0) })
	b.Run("paced", func(b *testing.B) { benchmarkFeed(b, 100_000) })
}

func benchmarkFeed(b *testing.B, pace int) { // changes per second; 0: any
	const width, readers = 200, 16
	before := liveHeap()
	f := newFeed(func(*Stats) {})
	var wg sync.WaitGroup
	takes := make([]time.Duration, readers) // the longest of each
	var fulls, views int
	asleep := f.subscribe(SubscribeOptions{})
	for i := range readers - 1 {
		s := f.subscribe(SubscribeOptions{})
		wg.Go(func() {
			var v View
			for range s.Ready() {
				begin := time.Now()
				s.Take(&v)
				takes[i] = max(takes[i], time.Since(begin))
				if i == 0 {
					views++
					if v.Full {
						fulls++
					}
				}
				time.Sleep(time.Second / 30)
			}
		})
	}
	tail := strings.Repeat("x", 30)
	urls := make([]string, b.N)
	for i := range urls {
		urls[i] = fmt.Sprintf("https://one.test/%012d/%s", i, tail)
	}
	sets := make([]int32, 0, 4*b.N)
	runtime.GC()
	b.ResetTimer()
	begin := time.Now()
	last := begin
	set := func(i int, p Place) {
		if i < 0 || i >= b.N {
			return
		}
		s := JobState{ID: JobID(i + 1), URL: urls[i], Host: "one.test", Place: p}
		if p == Ended {
			s.Outcome, s.Num = OK, uint64(i+1)
		}
		f.set(s)
		now := time.Now()
		sets = append(sets, int32(min(now.Sub(last), time.Second)))
		if pace > 0 {
			due := begin.Add(time.Duration(len(sets)) * time.Second / time.Duration(pace))
			if ahead := due.Sub(now); ahead > time.Millisecond {
				time.Sleep(ahead)
				now = time.Now()
			}
		}
		last = now
	}
	for i := range b.N + width {
		if set(i, Queued); i%10 == 0 {
			set(i, Backlog)
			set(i, Queued)
		}
		set(i-width/2, InFlight)
		set(i-width, Ended)
	}
	b.StopTimer()
	f.end()
	wg.Wait()
	urls = nil
	held := liveHeap() - before - uint64(4*cap(sets))
	var v View
	begin = time.Now()
	for v.More = true; v.More; {
		asleep.Take(&v)
	}
	b.ReportMetric(float64(time.Since(begin).Microseconds()), "us-to-wake")
	slices.Sort(sets)
	b.ReportMetric(float64(len(sets))/b.Elapsed().Seconds(), "changes/s")
	b.ReportMetric(float64(sets[len(sets)-1])/1e3, "us-max-set")
	b.ReportMetric(float64(sets[len(sets)-1-len(sets)/10_000])/1e3, "us-p99.99-set")
	b.ReportMetric(float64(sets[len(sets)/2]), "ns-p50-set")
	b.ReportMetric(float64(slices.Max(takes).Microseconds()), "us-max-take")
	b.ReportMetric(float64(held)/(1<<20), "MiB-held")
	b.ReportMetric(float64(fulls)/float64(max(views, 1)), "fulls/view")
}

// liveHeap returns the bytes of the heap that are in use.
func liveHeap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
