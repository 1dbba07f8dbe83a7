package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// audit checks, when all is at rest, what the engine counts of all hosts, and
// the hosts of a snapshot.
func (r *run) audit() {
	r.t.Helper()
	synctest.Wait()
	if err := r.Audit(); err != nil {
		r.t.Error(err)
	}
	s := r.Snapshot()
	if err := r.AuditHosts(&s); err != nil {
		r.t.Error(err)
	}
}

// Whatever the operator and the hosts do, what the feeder and snapshots go by is
// what a walk over all hosts would find.
func TestHostsAreCountedAsTheyChange(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			w := &weather{seed: seed}
			fake := &enginetest.Scraper{
				Latency: drawn(seed, 2*time.Second),
				Answer: func(r engine.Request, _ int) engine.Step {
					switch n := w.draw("answer", r).IntN(20); {
					case r.Kind == engine.KindRobots && n < 10:
						return enginetest.Rules(0)
					case n < 2:
						return enginetest.Status(500, 0)
					case n == 2:
						return enginetest.Status(429, 10*time.Minute) // it is parked
					case n == 3:
						return enginetest.Status(404, 0)
					case n == 4 && len(r.Hops) == 0:
						return enginetest.Hop(r, r.URL+"/", fmt.Sprintf("h%d.test", w.draw("hop", r).IntN(30)))
					}
					return enginetest.OK(1)
				},
			}
			cfg := engine.Config{Queue: 6, Workers: 3, Safeguard: 0.15}
			if seed%4 == 0 {
				cfg.Interval, cfg.Rate = -1, 10
			}
			r := start(t, fake, cfg)
			host := func() string { return fmt.Sprintf("h%d.test", random.IntN(20)) }
			batches := 0
			for range 60 {
				ctx := t.Context()
				sel := engine.Selector{Host: host()}
				switch random.IntN(8) {
				case 0:
					sel = engine.Selector{All: true}
				case 1, 2:
					sel = engine.Selector{Batch: engine.BatchID(1 + random.IntN(batches+1))}
				}
				switch random.IntN(10) {
				case 0, 1:
					batches++
					jobs := enginetest.Chain(enginetest.Jobs(host(), random.IntN(30)), enginetest.Jobs(host(), random.IntN(30)))
					if random.IntN(2) == 0 {
						jobs = withOrigin(jobs)
					}
					r.add(engine.Batch{}, jobs)
				case 2:
					r.Pause(ctx, sel)
				case 3, 4:
					r.Resume(ctx, sel)
				case 5:
					r.Cancel(ctx, sel)
				case 6:
					r.Retry(ctx, sel)
				case 7:
					r.Undo(ctx)
				default:
					time.Sleep(time.Duration(random.IntN(int(5 * time.Second))))
				}
				r.audit()
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
			r.Resume(t.Context(), engine.Selector{All: true})
			r.Cancel(t.Context(), engine.Selector{All: true})
			r.finish()
		})
	}
}

// A list that is read while the queue is full offers the queue the first job
// of each host, which may be worth a place in it, and not each of its jobs.
func TestAListThatIsReadDoesNotKnockAtAFullQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, slow(time.Hour), engine.Config{Queue: 10, Workers: 1})
		slowly := func(host string) (knocks uint64) {
			before := r.Snapshot().Hits
			_, err := r.Add(t.Context(), engine.Batch{}, func(yield func(engine.Job, error) bool) {
				for i := range 500 {
					if !yield(enginetest.Job(host, i), nil) {
						return
					}
					synctest.Wait() // the feeder looks at each
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			return r.Snapshot().Hits - before
		}
		const most = 12 // one for each place, when the second list gets its share, and two more
		for i, host := range []string{"one.test", "two.test"} {
			if got := slowly(host); got == 0 || got > most {
				t.Errorf("%d refusals while list %d was read, want 1 to %d", got, i+1, most)
			}
		}
	})
}
