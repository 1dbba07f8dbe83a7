package engine_test

import (
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// Every job that waits says why, and until when if that is known.
func TestJobsSayWhyTheyWait(t *testing.T) {
	at := func(s float64) time.Time {
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(s * float64(time.Second)))
	}
	fails := func(class engine.Class) *enginetest.Scraper {
		return &enginetest.Scraper{Answer: func(engine.Request, int) engine.Step { return enginetest.Fail(class, "no") }}
	}
	hops := func(after time.Duration) *enginetest.Scraper {
		return &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
			if r.Host == "one.test" {
				step := enginetest.Hop(r, "http://two.test/", "two.test")
				step.After = after
				return step
			}
			return enginetest.OK(1)
		}}
	}
	logsIn := func(host string) *enginetest.Scraper {
		return &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
			if r.Host == "one.test" && nth == 1 {
				step := enginetest.Hop(r, "http://"+host+"/login", host)
				step.Login = true
				return step
			}
			return enginetest.OK(1)
		}}
	}
	twoFirst := func(r *run) {
		jobs(9, "two.test")(r)
		r.until(100 * time.Millisecond)
		jobs(9, "one.test")(r)
	}
	pause := func(n int, sel engine.Selector) func(*run) {
		return func(r *run) {
			jobs(n, "one.test")(r)
			r.until(time.Second)
			r.Pause(r.t.Context(), sel)
		}
	}
	for _, tc := range []struct {
		scene
		job  engine.JobID // one that screens are not told of, if there is no such state: it is in the backlog
		want engine.Reason
	}{
		{scene{name: "in the queue for its host's turn", play: jobs(9, "one.test"), after: 1500 * time.Millisecond}, 5, engine.PaceWait{Next: at(2), Interval: time.Second}},
		{scene{name: "in the backlog for its host's turn", cfg: engine.Config{Queue: 2}, play: jobs(9, "one.test"), after: 1500 * time.Millisecond}, 9, engine.PaceWait{Next: at(2), Interval: time.Second}},
		{scene{name: "in the backlog behind other hosts", cfg: engine.Config{Queue: 1, Workers: 1}, fake: slow(time.Minute), play: jobs(9, "two.test", "three.test", "one.test"), after: 1500 * time.Millisecond}, 27, engine.QueueWait{Len: 1, Cap: 1}},
		{scene{name: "the run is paused", play: pause(9, engine.Selector{All: true}), after: 5 * time.Second}, 5, engine.Paused{At: at(1), What: "run"}},
		{scene{name: "its batch is paused", play: pause(9, engine.Selector{Batch: 1}), after: 5 * time.Second}, 5, engine.Paused{At: at(1), What: "batch"}},
		{scene{name: "its host is paused", play: pause(9, engine.Selector{Host: "one.test"}), after: 5 * time.Second}, 5, engine.Paused{At: at(1), What: "host"}},
		{scene{name: "its batch is paused, its host goes on", play: func(r *run) {
			pause(9, engine.Selector{Batch: 1})(r)
			jobs(9, "one.test")(r)
		}, after: 5 * time.Second}, 5, engine.Paused{At: at(1), What: "batch"}},
		{scene{name: "its host is paused, and its retry not due", fake: fails(engine.Truncated), play: func(r *run) {
			jobs(1, "one.test")(r)
			r.until(100 * time.Millisecond)
			r.Pause(r.t.Context(), engine.Selector{Host: "one.test"})
		}, after: 200 * time.Millisecond}, 1, engine.Paused{At: at(.1), What: "host"}},
		{scene{name: "its retry is due, and no worker is free", cfg: engine.Config{Interval: -1, Queue: 1, Workers: 1}, fake: &enginetest.Scraper{
			Latency: func(r engine.Request) time.Duration { return time.Duration(r.Job.ID-1) * time.Minute },
			Answer:  func(engine.Request, int) engine.Step { return enginetest.Fail(engine.Truncated, "no") },
		}, play: jobs(4, "one.test"), after: 5 * time.Second}, 1, engine.WorkersBusy{Workers: 1}},
		{scene{name: "in flight", fake: slow(time.Minute), play: jobs(1, "one.test"), after: 5 * time.Second}, 1, nil},
		{scene{name: "ended", play: jobs(1, "one.test"), after: 5 * time.Second}, 1, nil},
		{scene{name: "its retry is not due", fake: fails(engine.Truncated), cfg: engine.Config{Random: func() float64 { return 0.9 }}, play: jobs(1, "one.test"), after: 500 * time.Millisecond}, 1, engine.PaceWait{Next: at(1), Interval: time.Second}},
		{scene{name: "its retry is due after its host's turn", fake: fails(engine.Truncated), cfg: engine.Config{Random: func() float64 { return 0.9 }}, play: jobs(1, "one.test"), after: 1500 * time.Millisecond}, 1, engine.RetryWait{Due: at(2.8), Class: engine.Truncated, Retry: 2}},
		{scene{name: "the server asked", fake: refuses(time.Minute), play: jobs(5, "one.test"), after: time.Second}, 1, engine.ServerAsked{Until: at(60), Asked: time.Minute, Status: 429}},
		{scene{name: "the server asked another job", fake: refuses(time.Minute), play: jobs(5, "one.test"), after: time.Second}, 4, engine.ServerAsked{Until: at(60), Asked: time.Minute, Status: 429}},
		{scene{name: "its host cannot be reached", fake: fails(engine.DNS), play: jobs(9, "one.test"), after: 10 * time.Second}, 9, engine.HostDown{Until: at(34), Class: engine.DNS, Failures: 5}},
		{scene{name: "no worker is free", fake: slow(time.Minute), cfg: engine.Config{Interval: -1, Workers: 2}, play: jobs(5, "one.test"), after: time.Second}, 5, engine.WorkersBusy{Workers: 2}},
		{scene{name: "a redirect waits at another host", fake: hops(0), play: twoFirst, after: 150 * time.Millisecond}, 10, engine.PaceWait{Next: at(1), Interval: time.Second}},
		{scene{name: "a redirect waits for its time", fake: hops(30 * time.Second), play: jobs(2, "one.test"), after: 5 * time.Second}, 1, engine.HopWait{Host: "two.test", Due: at(30)}},
		{scene{name: "a login waits at another host", fake: logsIn("two.test"), play: twoFirst, after: 150 * time.Millisecond}, 10, engine.HopWait{Host: "two.test", Login: true}},
		{scene{name: "a login waits at its own host", fake: logsIn("one.test"), play: jobs(2, "one.test"), after: 150 * time.Millisecond}, 1, engine.HopWait{Host: "one.test", Login: true}},
		{scene{name: "a drain leaves the backlog of a host whose queue goes on", cfg: engine.Config{Queue: 2}, play: func(r *run) {
			jobs(9, "one.test")(r)
			r.until(100 * time.Millisecond)
			r.Drain()
		}, after: 200 * time.Millisecond}, 9, engine.Draining{}},
		{scene{name: "a drain leaves the backlog", cfg: engine.Config{Queue: 1}, fake: slow(time.Minute), play: func(r *run) {
			jobs(9, "two.test", "one.test")(r)
			r.until(time.Second)
			r.Drain()
		}, after: 5 * time.Second}, 18, engine.Draining{}},
	} {
		tc.show(t, func(t *testing.T, r *run, s engine.Stats) {
			j, ok := replica(r)[tc.job]
			if !ok {
				j = engine.JobState{ID: tc.job, Batch: s.Batches[len(s.Batches)-1].Batch.ID, Host: "one.test"}
			}
			if got, want := plain(s.Why(j)), plain(tc.want); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}
