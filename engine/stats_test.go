package engine_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// times returns durations whose requests took exactly these times.
func times(took ...time.Duration) engine.Durations {
	d := engine.Durations{Count: uint64(len(took))}
	for _, t := range took {
		d.Sum += t
		for i, bound := range engine.DurationBounds {
			if t <= bound {
				d.Within[i]++
			}
		}
	}
	return d
}

func TestStatsDurationsAreFromHeadersWrittenToTheEnd(t *testing.T) {
	all := engine.Selector{All: true}
	for _, tc := range []struct {
		name string
		fake *enginetest.Scraper
		jobs int
		play func(r *run)
		want engine.Durations
	}{
		{
			name: "a bound is within its bucket",
			fake: &enginetest.Scraper{Latency: func(r engine.Request) time.Duration {
				return []time.Duration{10 * time.Millisecond, time.Second, time.Second + 1}[r.Job.ID-1]
			}},
			jobs: 3,
			want: times(10*time.Millisecond, time.Second, time.Second+1),
		},
		{
			name: "longer than every bound",
			fake: &enginetest.Scraper{Latency: func(engine.Request) time.Duration { return 2 * time.Minute }},
			jobs: 1,
			want: times(2 * time.Minute),
		},
		{
			name: "connecting is not part of it",
			fake: &enginetest.Scraper{
				Connect: func(engine.Request) time.Duration { return 3 * time.Second },
				Latency: func(engine.Request) time.Duration { return 20 * time.Millisecond },
			},
			jobs: 2,
			want: times(20*time.Millisecond, 20*time.Millisecond),
		},
		{
			name: "hops and retries are requests",
			fake: &enginetest.Scraper{
				Answer: func(r engine.Request, nth int) engine.Step {
					switch {
					case r.Job.ID == 1 && len(r.Hops) == 0:
						return enginetest.Hop(r, r.URL+"/moved", r.Host)
					case r.Job.ID == 2 && nth == 1:
						return enginetest.Status(500, 0)
					}
					return enginetest.OK(1)
				},
				Latency: func(engine.Request) time.Duration { return 300 * time.Millisecond },
			},
			jobs: 2,
			want: times(300*time.Millisecond, 300*time.Millisecond, 300*time.Millisecond, 300*time.Millisecond),
		},
		{
			name: "one that was cut has taken its time",
			fake: &enginetest.Scraper{Latency: func(engine.Request) time.Duration { return time.Hour }},
			jobs: 1,
			play: func(r *run) {
				r.until(4 * time.Second)
				r.Cancel(r.t.Context(), all)
			},
			want: times(4 * time.Second),
		},
		{
			name: "one that was cut before it was written has not",
			fake: &enginetest.Scraper{Connect: func(engine.Request) time.Duration { return time.Hour }},
			jobs: 1,
			play: func(r *run) {
				r.until(4 * time.Second)
				r.Cancel(r.t.Context(), all)
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, tc.fake, engine.Config{})
				r.add(engine.Batch{}, enginetest.Jobs("one.test", tc.jobs))
				if tc.play != nil {
					tc.play(r)
				}
				s := r.finish()
				want(t, "durations", s.Durations, tc.want)
				want(t, "requests", s.Requests, tc.want.Count)
			})
		})
	}
}

func TestStatsDurationsTakeInRobots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Latency: func(r engine.Request) time.Duration {
			if r.Kind == engine.KindRobots {
				return 7 * time.Second
			}
			return 70 * time.Millisecond
		}}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, withOrigin(enginetest.Jobs("one.test", 2)))
		want(t, "durations", r.finish().Durations, times(7*time.Second, 70*time.Millisecond, 70*time.Millisecond))
	})
}

func TestStatsCountResultsByClass(t *testing.T) {
	fate := func(o engine.Outcome, c engine.Class) engine.Step {
		return engine.Step{Result: &engine.Result{Outcome: o, Class: c}, Host: engine.HostHint{Status: 200}}
	}
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
			switch {
			case r.Job.ID == 1:
				return fate(engine.Skipped, engine.Robots)
			case r.Job.ID == 2 && nth == 1, r.Job.ID == 3:
				return fate(engine.Failed, engine.TooLarge)
			case r.Job.ID == 4:
				return fate(engine.Failed, engine.Decode)
			case r.Job.ID == 5:
				return fate(engine.Empty, "")
			case r.Job.ID == 6 && nth == 1:
				return enginetest.Status(503, 0) // refused: not its end
			}
			return enginetest.OK(1)
		}}
		r := start(t, fake, engine.Config{})
		r.add(engine.Batch{}, enginetest.Chain(enginetest.Jobs("one.test", 8), enginetest.Jobs("one.test", 1)))
		r.until(time.Minute)
		first := r.Snapshot().Classes
		want(t, "classes", first, []engine.ClassCount{
			{Outcome: engine.OK, Results: 3},
			{Outcome: engine.Empty, Results: 1},
			{Outcome: engine.Failed, Class: engine.Decode, Results: 1},
			{Outcome: engine.Failed, Class: engine.TooLarge, Results: 2},
			{Outcome: engine.Skipped, Class: engine.Robots, Results: 1},
		})

		// What was handed out stays as it was, and nothing ever falls.
		kept := slices.Clone(first)
		var view engine.View
		sub := r.Subscribe(engine.SubscribeOptions{})
		defer sub.Close()
		sub.Take(&view)
		clear(view.Stats.Classes)
		if _, err := r.Retry(context.Background(), engine.Selector{Jobs: []engine.JobID{2, 3}}); err != nil {
			t.Fatal(err)
		}
		s := r.finish()
		want(t, "classes of an older snapshot", first, kept)
		want(t, "classes after a retry by hand", s.Classes, []engine.ClassCount{
			{Outcome: engine.OK, Results: 4},
			{Outcome: engine.Empty, Results: 1},
			{Outcome: engine.Failed, Class: engine.Decode, Results: 1},
			{Outcome: engine.Failed, Class: engine.TooLarge, Results: 3},
			{Outcome: engine.Skipped, Class: engine.Robots, Results: 1},
		})
		want(t, "failed in the books", fmt.Sprint(s.Counts.Failed, s.Counts.Duplicate), "2 1")
	})
}
