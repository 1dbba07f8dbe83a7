package engine_test

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// A forecast is a scene whose end is foreseen on the way.
type forecast struct {
	name string
	fake *enginetest.Scraper
	cfg  engine.Config
	play func(r *run)

	// then is done at that time, if it is set, and the ETA that counts is the
	// one right after it. Else it is the one at half-way.
	at   time.Duration
	then func(r *run)

	// stays are the batches that then halts: the run's end is that of the
	// others. leaves is how many jobs it halts of those that go on.
	stays  map[engine.BatchID]bool
	leaves int
}

// etas plays the scene, and calls check with the ETAs and how long it took from
// there: of the run under 0, of each batch that had not ended under its id.
func (f forecast) etas(t *testing.T, check func(id engine.BatchID, eta, left time.Duration)) {
	const look = 500 * time.Millisecond
	type sample struct {
		at  time.Time
		eta []time.Duration // of the run and its batches
	}
	var samples []sample
	r := start(t, f.fake, f.cfg)
	f.play(r)
	for {
		synctest.Wait()
		if f.then != nil && time.Since(r.begin) == f.at {
			f.then(r)
			synctest.Wait()
		}
		s := r.Snapshot()
		etas, left := []time.Duration{s.ETA}, 0
		for _, b := range s.Batches {
			etas = append(etas, b.ETA)
			if !f.stays[b.Batch.ID] {
				left += b.Counts.Left()
			}
		}
		if left -= f.leaves; left <= 0 && time.Since(r.begin) > f.at {
			break
		}
		samples = append(samples, sample{s.At, etas})
		if len(samples) > 36_000 {
			t.Error("it does not come to an end")
			break
		}
		time.Sleep(look)
	}
	results, err := r.Results(t.Context(), engine.Query{})
	if err != nil {
		t.Fatal(err)
	}
	ends := make([]time.Time, len(samples[0].eta))
	for _, res := range results {
		end := res.FetchedAt.Add(res.Elapsed)
		for _, id := range []engine.BatchID{0, res.Batch} {
			if end.After(ends[id]) {
				ends[id] = end
			}
		}
	}
	took := ends[0].Sub(r.begin)
	half := samples[len(samples)/2]
	if f.then != nil {
		half = samples[f.at/look]
	}
	for id, end := range ends {
		if left := end.Sub(half.at); left > 0 && !f.stays[engine.BatchID(id)] {
			check(engine.BatchID(id), half.eta[id], left)
		}
	}
	for id := range f.stays {
		if half.eta[id] >= 0 {
			t.Errorf("ETA of batch %d, which is paused: %v, want none", id, half.eta[id])
		}
	}
	t.Logf("took %v", took)
	r.ends()
}

// drawn returns a latency for each request, drawn evenly from zero to twice the
// mean.
func drawn(seed uint64, mean time.Duration) func(engine.Request) time.Duration {
	w := &weather{seed: seed}
	return func(r engine.Request) time.Duration {
		return time.Duration(2 * w.draw("latency", r).Float64() * float64(mean))
	}
}

// fails is a server that fails that share of its requests.
func fails(share float64, latency time.Duration) *enginetest.Scraper {
	w := &weather{seed: 1}
	return &enginetest.Scraper{
		Latency: func(engine.Request) time.Duration { return latency },
		Answer: func(r engine.Request, _ int) engine.Step {
			if w.draw("fails", r).Float64() < share {
				return enginetest.Status(503, 0)
			}
			return enginetest.OK(1)
		},
	}
}

// refusesOnce asks for a wait at the first request for that job of one.test.
func refusesOnce(job int, after time.Duration) *enginetest.Scraper {
	return &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
		if r.URL == fmt.Sprintf("http://one.test/%d", job) && nth == 1 {
			return enginetest.Status(429, after)
		}
		return enginetest.OK(1)
	}}
}

// spread plays one batch with so many jobs of each host, in turn by host.
func spread(sizes ...int) func(*run) {
	return func(r *run) {
		r.add(engine.Batch{}, func(yield func(engine.Job, error) bool) {
			for i, more := 0, true; more; i++ {
				more = false
				for h, n := range sizes {
					if i >= n {
						continue
					}
					more = true
					if !yield(enginetest.Job(fmt.Sprintf("h%d.test", h), i), nil) {
						return
					}
				}
			}
		})
	}
}

// even are so many hosts of one size.
func even(hosts, n int) (sizes []int) {
	for range hosts {
		sizes = append(sizes, n)
	}
	return sizes
}

// part are n jobs of a host that start at the job of that number.
func part(host string, from, n int) func(yield func(engine.Job, error) bool) {
	return func(yield func(engine.Job, error) bool) {
		for i := range n {
			if !yield(enginetest.Job(host, from+i), nil) {
				return
			}
		}
	}
}

func TestETAAtHalfWay(t *testing.T) {
	latency := func(d func(engine.Request) time.Duration) *enginetest.Scraper { return &enginetest.Scraper{Latency: d} }
	sized := func(p engine.Priority, from, n int) func(*run) {
		return func(r *run) {
			r.add(engine.Batch{Priority: p}, part("one.test", from, n))
		}
	}
	both := func(plays ...func(*run)) func(*run) {
		return func(r *run) {
			for _, play := range plays {
				play(r)
			}
		}
	}
	for _, f := range []forecast{
		{name: "one host", fake: slow(300 * time.Millisecond), play: jobs(200, "one.test")},
		{name: "one host with slow answers", fake: slow(20 * time.Second), cfg: engine.Config{Workers: 30}, play: jobs(100, "one.test")},
		{name: "one host that is slow to connect", fake: &enginetest.Scraper{
			Connect: func(engine.Request) time.Duration { return 700 * time.Millisecond },
		}, play: jobs(100, "one.test")},
		{name: "ten hosts of different sizes", fake: slow(300 * time.Millisecond), play: spread(3, 10, 30, 50, 70, 90, 100, 130, 200, 400)},
		{name: "ten hosts of different sizes and few workers", fake: slow(400 * time.Millisecond), cfg: engine.Config{Workers: 2}, play: spread(3, 10, 30, 50, 70, 90, 100, 130, 200, 400)},
		{name: "many small hosts", fake: slow(2 * time.Second), play: spread(even(100, 5)...)},
		{name: "many small hosts, more than the queue takes", fake: slow(2 * time.Second), cfg: engine.Config{Queue: 20}, play: spread(even(100, 5)...)},
		{name: "many small hosts, unpaced", fake: slow(2 * time.Second), cfg: engine.Config{Interval: -1}, play: spread(even(100, 5)...)},
		{name: "one host, unpaced", fake: slow(2 * time.Second), cfg: engine.Config{Interval: -1}, play: jobs(500, "one.test")},
		{name: "workers are nearly all that the pace needs", fake: latency(drawn(1, 800*time.Millisecond)), play: spread(even(5, 400)...)},
		{name: "drawn latency, paced", fake: latency(drawn(2, 2*time.Second)), play: spread(even(20, 100)...)},
		{name: "drawn latency, unpaced", fake: latency(drawn(3, 2*time.Second)), cfg: engine.Config{Interval: -1}, play: spread(even(20, 100)...)},
		{name: "slow hosts and quick ones", fake: latency(func(r engine.Request) time.Duration {
			if r.Host == "h0.test" || r.Host == "h1.test" {
				return 4 * time.Second
			}
			return 100 * time.Millisecond
		}), play: spread(100, 50, 100, 200, 300)},
		{name: "slow hosts and quick ones, unpaced", fake: latency(func(r engine.Request) time.Duration {
			if r.Host == "h0.test" || r.Host == "h1.test" {
				return 4 * time.Second
			}
			return 100 * time.Millisecond
		}), cfg: engine.Config{Interval: -1, Workers: 3}, play: spread(100, 50, 100, 200, 300)},
		{name: "a capped rate", fake: slow(300 * time.Millisecond), cfg: engine.Config{Rate: 2}, play: spread(even(10, 20)...)},
		{name: "a low rate", fake: slow(300 * time.Millisecond), cfg: engine.Config{Rate: 0.1}, play: spread(even(10, 1)...)},
		{name: "a capped rate, unpaced", fake: slow(300 * time.Millisecond), cfg: engine.Config{Rate: 2, Interval: -1}, play: spread(10, 50, 140)},
		{name: "a Crawl-delay among quick hosts", fake: &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
			switch {
			case r.Kind != engine.KindRobots:
				return enginetest.OK(1)
			case r.Host == "one.test":
				return enginetest.Rules(10 * time.Second)
			}
			return enginetest.Rules(0)
		}}, play: func(r *run) {
			r.add(engine.Batch{}, withOrigin(enginetest.Jobs("one.test", 20)))
			r.add(engine.Batch{}, withOrigin(enginetest.Jobs("two.test", 150)), withOrigin(enginetest.Jobs("three.test", 50)))
		}},
		{name: "robots.txt of hosts that are not asked yet", fake: slow(2 * time.Second), play: func(r *run) {
			for i := range 100 {
				r.add(engine.Batch{ID: engine.BatchID(min(i, 1))}, withOrigin(enginetest.Jobs(fmt.Sprintf("h%d.test", i), 2)))
			}
		}, at: 20 * time.Second, then: func(*run) {}},
		{name: "a retry that is not due", fake: &enginetest.Scraper{Answer: func(_ engine.Request, nth int) engine.Step {
			if nth < 6 {
				return enginetest.Status(500, 0)
			}
			return enginetest.OK(1)
		}}, cfg: engine.Config{Interval: -1, Retries: 5}, play: jobs(1, "one.test"), at: 8 * time.Second, then: func(*run) {}},
		{name: "a host blocked at half-way", fake: refusesOnce(99, 2*time.Minute), cfg: engine.Config{Throttle: engine.ThrottleOff}, play: jobs(200, "one.test", "two.test"), at: 100 * time.Second, then: func(*run) {}},
		{
			name: "an unpaced host blocked", fake: refusesOnce(99, 2*time.Minute), play: jobs(100, "one.test"),
			cfg: engine.Config{Interval: -1, Throttle: engine.ThrottleOff}, at: 10 * time.Second, then: func(*run) {},
		},
		{name: "a turn is out", fake: &enginetest.Scraper{
			Connect: func(engine.Request) time.Duration { return 20 * time.Second },
		}, play: jobs(10, "one.test"), at: 45 * time.Second, then: func(*run) {}},
		{name: "a slow pace among hosts without one", fake: slow(2 * time.Second), cfg: engine.Config{Interval: -1}, play: func(r *run) {
			r.add(engine.Batch{Interval: 40 * time.Second}, enginetest.Jobs("one.test", 8))
			spread(even(5, 120)...)(r)
		}},
		{name: "a habit of refusing", fake: &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
			if r.Job.ID%20 == 0 && nth == 1 {
				return enginetest.Status(429, 30*time.Second)
			}
			return enginetest.OK(1)
		}}, cfg: engine.Config{Throttle: engine.ThrottleOff}, play: jobs(200, "one.test")},
		{name: "a host that refused several at once", fake: &enginetest.Scraper{
			Latency: func(engine.Request) time.Duration { return 3 * time.Second },
			Answer: func(r engine.Request, nth int) engine.Step {
				if r.Job.ID >= 100 && r.Job.ID <= 102 && nth == 1 {
					return enginetest.Status(429, 30*time.Second)
				}
				return enginetest.OK(1)
			},
		}, play: jobs(250, "one.test"), at: 140 * time.Second, then: func(*run) {}},
		{name: "a host slowed down at half-way", fake: refusesOnce(99, 30*time.Second), play: jobs(250, "one.test"), at: 130 * time.Second, then: func(*run) {}},
		{name: "a host slowed down early", fake: refusesOnce(20, 2*time.Second), play: jobs(200, "one.test")},
		{name: "a host blocked and slowed down at half-way", fake: refusesOnce(99, 30*time.Second), play: jobs(200, "one.test", "two.test"), at: 100 * time.Second, then: func(*run) {}},
		{name: "a share of failures", fake: fails(0.2, 300*time.Millisecond), play: jobs(200, "one.test")},
		{name: "a large share of failures", fake: fails(0.5, 300*time.Millisecond), play: jobs(200, "one.test")},
		{name: "nothing but failures", fake: fails(1, 300*time.Millisecond), play: jobs(100, "one.test")},
		{name: "a share of failures, unpaced", fake: fails(0.2, 2*time.Second), cfg: engine.Config{Interval: -1}, play: spread(even(10, 40)...)},
		{name: "a redirect from each page", fake: &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
			if len(r.Hops) == 0 {
				return enginetest.Hop(r, r.URL+"/", r.Host)
			}
			return enginetest.OK(1)
		}}, play: jobs(100, "one.test")},
		{name: "two batches of one priority", fake: slow(300 * time.Millisecond), play: both(sized(0, 0, 150), sized(0, 1000, 100))},
		{name: "three batches of one priority", fake: slow(300 * time.Millisecond), play: both(sized(0, 0, 150), sized(0, 1000, 80), sized(0, 2000, 220))},
		{name: "two batches of different priority", fake: slow(300 * time.Millisecond), play: both(sized(engine.Low, 0, 50), sized(engine.High, 1000, 200))},
		{name: "two batches of different priority, more than the queue takes", fake: slow(300 * time.Millisecond), cfg: engine.Config{Queue: 10}, play: both(sized(engine.Low, 0, 50), sized(engine.High, 1000, 200))},
		{name: "two batches at different hosts", fake: slow(2 * time.Second), play: func(r *run) {
			jobs(100, "one.test")(r)
			spread(even(30, 15)...)(r)
		}},
		{name: "different priorities at different hosts", fake: slow(2 * time.Second), play: func(r *run) {
			for i, p := range []engine.Priority{engine.Low, engine.High} {
				for h := range 30 {
					host := fmt.Sprintf("h%d.test", 100*i+h)
					r.add(engine.Batch{ID: engine.BatchID(min(h, 1) * (i + 1)), Priority: p}, enginetest.Jobs(host, 5))
				}
			}
		}, at: 20 * time.Second, then: func(*run) {}},
		{
			name: "a batch is paused", fake: slow(300 * time.Millisecond), play: both(sized(0, 0, 150), sized(0, 1000, 100)),
			at: 100 * time.Second, then: func(r *run) { r.Pause(r.t.Context(), engine.Selector{Batch: 1}) },
			stays: map[engine.BatchID]bool{1: true},
		},
		{
			name: "a host is paused", fake: slow(300 * time.Millisecond), play: spread(300, 100),
			at: 50 * time.Second, then: func(r *run) {
				r.Pause(r.t.Context(), engine.Selector{Host: "h0.test"})
			}, leaves: 249,
		},
		{name: "a list with duplicates", fake: slow(2 * time.Second), cfg: engine.Config{Interval: -1}, play: func(r *run) {
			for range 2 {
				r.add(engine.Batch{}, enginetest.Jobs("one.test", 100), enginetest.Jobs("one.test", 100), enginetest.Jobs("two.test", 100))
			}
		}},
		{
			name: "it drains", fake: slow(300 * time.Millisecond), play: jobs(300, "one.test"),
			at: 50 * time.Second, then: func(r *run) { r.Drain() }, leaves: 149,
		},
	} {
		t.Run(f.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f.etas(t, func(id engine.BatchID, eta, left time.Duration) {
					off := float64(eta-left) / float64(left)
					t.Logf("%d: ETA %v, was %v: %+.1f %%", id, eta, left, 100*off)
					if eta < 0 || math.Abs(off) > 0.1 {
						t.Errorf("ETA of %d (0: the run): %v, it was %v: %+.1f %%, want at most 10 %% off", id, eta, left, 100*off)
					}
				})
			})
		})
	}
}

func TestETAOfASteadyHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(300*time.Millisecond), engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 200))
		const took = 199*time.Second + 300*time.Millisecond
		for _, at := range []float64{0.015, 0.25, 0.5, 0.75} {
			r.until(time.Duration(at * float64(took)))
			left := took - time.Since(r.begin)
			s := r.Snapshot()
			for what, eta := range map[string]time.Duration{"run": s.ETA, "batch": s.Batches[0].ETA} {
				if diff := (eta - left).Abs(); diff > left/10 {
					t.Errorf("at %v of it: the ETA of the %s is %v, want %v within 10 %%", at, what, eta, left)
				}
			}
		}
		r.finish()
		if got := r.at.Sub(r.begin); got != took {
			t.Errorf("took %v, want %v", got, took)
		}
		if s := r.Snapshot(); s.ETA >= 0 || s.Batches[0].ETA >= 0 {
			t.Errorf("ETA %v, of the batch %v after the end; want none", s.ETA, s.Batches[0].ETA)
		}
	})
}

func TestETAIsUnknown(t *testing.T) {
	pause := func(play func(*run), sels ...engine.Selector) func(*run) {
		return func(r *run) {
			play(r)
			r.until(2500 * time.Millisecond)
			for _, sel := range sels {
				if _, err := r.Pause(r.t.Context(), sel); err != nil {
					r.t.Error(err)
				}
			}
		}
	}
	for _, s := range []scene{
		{name: "nothing was added"},
		{name: "nothing is left", play: jobs(3, "one.test"), after: time.Minute},
		{name: "the run is paused", play: pause(jobs(9, "one.test"), engine.Selector{All: true}), after: 5 * time.Second},
		{name: "all batches are paused", play: pause(jobs(9, "one.test", "two.test"), engine.Selector{Batch: 1}, engine.Selector{Batch: 2}), after: 5 * time.Second},
		{name: "the only batch is paused", play: pause(jobs(9, "one.test"), engine.Selector{Batch: 1}), after: 5 * time.Second},
		{name: "all hosts are paused", play: pause(jobs(9, "one.test", "two.test"), engine.Selector{Host: "one.test"}, engine.Selector{Host: "two.test"}), after: 5 * time.Second},
		{name: "what is left is in flight", fake: slow(time.Minute), play: jobs(1, "one.test", "two.test"), after: 30 * time.Second},
		{name: "no request has ended and the hosts are unpaced", fake: slow(time.Minute), cfg: engine.Config{Interval: -1}, play: jobs(9, "one.test"), after: time.Second},
	} {
		s.show(t, func(t *testing.T, _ *run, s engine.Stats) {
			if s.ETA >= 0 {
				t.Errorf("ETA %v, want it unknown", s.ETA)
			}
			for _, b := range s.Batches {
				if b.ETA >= 0 {
					t.Errorf("ETA of batch %d: %v, want it unknown", b.Batch.ID, b.ETA)
				}
			}
		})
	}
}

// Before the first answer a host with a pace has an ETA all the same.
func TestETAFromPaceAlone(t *testing.T) {
	scene{name: "no request has ended", fake: slow(time.Minute), play: jobs(9, "one.test"), after: 250 * time.Millisecond}.show(t, func(t *testing.T, _ *run, s engine.Stats) {
		if want := 7750 * time.Millisecond; s.ETA != want || s.Batches[0].ETA != want {
			t.Errorf("ETA %v, of the batch %v; want %v", s.ETA, s.Batches[0].ETA, want)
		}
	})
}

// BenchmarkSnapshot is one snapshot of a run whose hosts want more than the
// workers can carry: what a screen costs the engine, up to 30 times a second.
// Of the hosts, so many were asked before, and so many have jobs left.
func BenchmarkSnapshot(b *testing.B) {
	for _, bc := range []struct{ hosts, asked, left, batches int }{
		{100, 0, 100, 1},
		{1000, 0, 1000, 1},
		{10_000, 0, 10_000, 1},
		{10_000, 10_000, 10_000, 1},
		{10_000, 10_000, 100, 1},
		{100_000, 0, 100_000, 1},
		{10_000, 0, 10_000, 10},
		{1000, 0, 1000, 100},
	} {
		b.Run(fmt.Sprintf("hosts=%d/asked=%d/left=%d/batches=%d", bc.hosts, bc.asked, bc.left, bc.batches), func(b *testing.B) {
			// The first requests say how long one takes. Those after them are
			// never answered.
			var asked atomic.Int32
			most := int32(max(bc.asked, 5))
			fake := &enginetest.Scraper{Latency: func(engine.Request) time.Duration {
				switch n := asked.Add(1); {
				case n > most:
					return time.Hour
				case n > most-5:
					return 50 * time.Millisecond
				}
				return 0
			}}
			e, err := engine.New(fake, engine.Config{})
			if err != nil {
				b.Fatal(err)
			}
			add := func(jobs, hosts int) {
				_, err := e.Add(b.Context(), engine.Batch{}, func(yield func(engine.Job, error) bool) {
					for i := range jobs {
						if !yield(enginetest.Job(fmt.Sprintf("h%d.test", i%hosts), i), nil) {
							return
						}
					}
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			ctx, stop := context.WithCancel(b.Context())
			var running sync.WaitGroup
			running.Go(func() { e.Run(ctx) })
			if bc.asked > 0 {
				add(bc.asked, bc.hosts)
				for e.Snapshot().Counts.OK < bc.asked {
					time.Sleep(100 * time.Millisecond)
				}
			}
			for range bc.batches {
				add(2*bc.left, bc.left)
			}
			for asked.Load() < most+5 {
				runtime.Gosched()
			}
			var v engine.View
			screen := e.Subscribe(engine.SubscribeOptions{})
			screen.Take(&v) // it makes the slices that are used again
			b.ReportAllocs()
			for b.Loop() {
				screen.Take(&v)
			}
			b.StopTimer()
			if n := len(v.Stats.Hosts); n != bc.hosts || v.Stats.ETA < 0 {
				b.Errorf("%d hosts, ETA %v", n, v.Stats.ETA)
			}
			stop()
			running.Wait()
		})
	}
}
