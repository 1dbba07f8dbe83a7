package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

func TestRetriesDueAreTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
			if nth < 3 && r.Job.ID%2 == 1 {
				return enginetest.Fail(engine.Reset, "cut")
			}
			return enginetest.OK(1)
		}}
		s := begin(t, fake, engine.Config{Interval: -1, Random: func() float64 { return 0.999999 }})
		s.add(engine.Batch{}, enginetest.Jobs("one.test", 2))
		s.until(1500 * time.Millisecond) // the second retry is due at 3 s
		before := s.shown()["one.test/0"]
		s.kill()
		s.live()
		at, now := s.shown()["one.test/0"], s.Snapshot()
		was, _ := before.Reason.(engine.RetryWait)
		is, _ := at.Reason.(engine.RetryWait)
		if at.Place != engine.Deferred || !was.Due.Equal(is.Due) || was.Class != is.Class || was.Retry != is.Retry || is.Retry != 2 || at.Class != engine.Reset || at.Attempts != 2 {
			t.Errorf("shown as %+v, want it as %+v", at, before)
		}
		if got := s.taken.Hosts[0].Reason; got != engine.Reason(is) {
			t.Errorf("its host waits for %+v, want %+v", got, is)
		}
		if c := (engine.Counts{Submitted: 2, Retry: 1, OK: 1}); now.Counts != c || now.Limit.Kind != engine.LimitRetry || !now.Limit.Next.Equal(is.Due) {
			t.Errorf("%+v limited by %+v", now.Counts, now.Limit)
		}
		end := s.finish()
		if d := s.at.Sub(s.run.begin).Round(time.Millisecond); d != 3*time.Second || end.Counts.OK != 2 {
			t.Errorf("ended after %v with %+v; want 3s, 2 ok", d, end.Counts)
		}
		rs, _ := s.store.Results(t.Context(), engine.Query{})
		if len(rs) != 2 || rs[1].Attempts != 3 {
			t.Errorf("%+v, want the second result after 3 attempts", rs)
		}
	})
}

func TestBlocksAreTakenUp(t *testing.T) {
	answer := func(steps map[string]engine.Step) *enginetest.Scraper {
		return &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
			if step, ok := steps[r.Host]; ok && time.Since(epoch) < 10*time.Minute {
				return step
			}
			if r.Kind == engine.KindRobots {
				return enginetest.Rules(0)
			}
			return enginetest.OK(1)
		}}
	}
	steps := map[string]engine.Step{
		"asked.test":  enginetest.Status(429, 20*time.Minute),
		"busy.test":   enginetest.Status(429, 0),
		"down.test":   enginetest.Fail(engine.Connect, "refused"),
		"robots.test": enginetest.Status(500, 0),
		"quota.test":  {Result: enginetest.OK(1).Result, Host: engine.HostHint{Status: 200, QuotaReset: 15 * time.Minute}},
	}
	for _, away := range []time.Duration{0, 30 * time.Second, 2 * time.Hour} {
		t.Run(away.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				epoch = time.Now()
				s := begin(t, answer(steps), engine.Config{Workers: 20})
				for host := range steps {
					list := enginetest.Jobs(host, 8)
					if host == "robots.test" {
						list = withOrigin(list)
					}
					s.add(engine.Batch{}, list)
				}
				s.until(2*time.Minute + 100*time.Millisecond)
				before := s.Snapshot()
				left := time.Now()
				s.kill()
				time.Sleep(away)
				s.live()
				synctest.Wait()
				now := s.Snapshot()
				s.balanced(now)
				for i, was := range before.Hosts {
					is := now.Hosts[i]
					until, _ := engine.Until(was.Reason)
					if until.After(now.At) {
						if fmt.Sprint(is.Reason) != fmt.Sprint(was.Reason) || is.Down != was.Down {
							t.Errorf("%s waits for %T %+v, want %T %+v", was.Host, is.Reason, is.Reason, was.Reason, was.Reason)
						}
						if !slices.ContainsFunc(is.Changes, func(c engine.PaceChange) bool { return c.Until.Equal(until) }) {
							t.Errorf("%s: its pace changed %+v, want the block", was.Host, is.Changes)
						}
					}
					if is.Waiting != was.Waiting {
						t.Errorf("%s: %d wait, want %d", was.Host, is.Waiting, was.Waiting)
					}
				}
				for url, j := range s.shown() {
					i := slices.IndexFunc(now.Hosts, func(h engine.HostStats) bool { return h.Host == j.Host })
					if j.Place == engine.Queued && engine.Parked(now.Hosts[i].Reason) {
						t.Errorf("%s is in the queue, and its host is parked", url)
					}
				}
				end := s.finish()
				if end.Counts.Failed > 0 || end.Counts.Left() > 0 {
					t.Errorf("%+v, want all ok", end.Counts)
				}
				for _, was := range before.Hosts {
					until, _ := engine.Until(was.Reason)
					for _, c := range s.fake.Calls() {
						if c.Host == was.Host && c.At.After(left) && c.At.Before(until) {
							t.Errorf("%s was asked %v before its block was over", c.Host, until.Sub(c.At))
							break
						}
					}
				}
				s.once()
			})
		})
	}
}

var epoch time.Time // of the bubble of TestBlocksAreTakenUp

// Whoever lifts the block of a host that cannot be reached lifts nothing that
// the host asked for, in an earlier life too.
func TestWhatAHostAskedForStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, now := engine.NewMemStore(), time.Now()
		if _, err := store.AddBatch(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", 1), nil); err != nil {
			t.Fatal(err)
		}
		err := store.Keep(t.Context(), engine.State{Hosts: []engine.HostState{{
			Host: "one.test", At: now, Failures: 5, Opened: now,
			Block: engine.Block{Kind: engine.BlockDown, Until: now.Add(time.Hour), Class: engine.Connect, Count: 5},
			Asked: engine.Block{Kind: engine.BlockAsked, Until: now.Add(time.Minute), Asked: time.Minute, Status: 429},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		r := start(t, &enginetest.Scraper{}, engine.Config{Store: store})
		if d, err := r.Resume(t.Context(), engine.Selector{Host: "one.test"}); err != nil || d.Action != engine.ActProbe {
			t.Errorf("Resume = %+v, %v; want a probe", d, err)
		}
		r.finish()
		want(t, "starts", r.starts("one.test"), seconds(60))
	})
}

// A host that refuses and refuses is asked as if nobody had been killed: one
// request at a time, after ever longer waits, and it is given up when it would
// have been.
func TestRefusalsAreTakenUp(t *testing.T) {
	starts := func(kills ...time.Duration) (at []time.Duration, end engine.Counts, took time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			fake := slow(3 * time.Second)
			fake.Answer = func(engine.Request, int) engine.Step { return enginetest.Status(429, 0) }
			s := begin(t, fake, engine.Config{Throttle: engine.ThrottleOff})
			s.add(engine.Batch{}, enginetest.Jobs("one.test", 3))
			for _, at := range kills {
				s.until(at)
				s.kill()
				s.live()
			}
			end = s.finish().Counts
			at, took = s.starts("one.test"), s.at.Sub(s.run.begin)
		})
		return at, end, took
	}
	at, end, took := starts()
	again, counts, later := starts(8*time.Second, 100*time.Second, 400*time.Second, 800*time.Second)
	want(t, "starts", again, at)
	if counts != end || later != took || end.Failed != 3 {
		t.Errorf("ended after %v with %+v, want %v, %+v", later, counts, took, end)
	}
}

// A host that is probed goes on to be: one request, and longer waits.
func TestProbesAreTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(engine.Request, int) engine.Step { return enginetest.Fail(engine.Connect, "refused") }}
		s := begin(t, fake, engine.Config{GiveUp: true, Retries: -1})
		s.add(engine.Batch{}, enginetest.Jobs("one.test", 10))
		s.until(50 * time.Second) // 4 failed; the 5th opened it at 4 s, the first probe was at 34 s, the next is at 94 s
		s.kill()
		s.live()
		down, ok := s.Snapshot().Hosts[0].Reason.(engine.HostDown)
		if !ok || down.Probes != 1 || down.Failures != 6 || !down.Until.Equal(s.begin.Add(94*time.Second)) {
			t.Errorf("waits for %+v, want the second probe at 94s", s.Snapshot().Hosts[0].Reason)
		}
		end := s.finish() // the third probe in vain is the last: 94 s, 214 s
		want(t, "starts", s.starts("one.test"), seconds(0, 1, 2, 3, 4, 34, 94, 214))
		if end.Counts.Failed != 10 {
			t.Errorf("%+v, want 10 failed", end.Counts)
		}
	})
}

func TestThrottleIsTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refusals := 0
		fake := &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
			if r.Job.ID == 5 && nth == 1 {
				refusals++
				return enginetest.Status(429, time.Second)
			}
			return enginetest.OK(1)
		}}
		s := begin(t, fake, engine.Config{})
		s.add(engine.Batch{}, enginetest.Jobs("one.test", 60))
		s.until(30 * time.Second)
		slowed := s.Snapshot().Hosts[0].Interval
		if slowed <= time.Second {
			t.Fatalf("the interval is %v, want it slowed", slowed)
		}
		s.kill()
		s.live()
		if got := s.Snapshot().Hosts[0].Interval; got != slowed {
			t.Errorf("the interval is %v, want %v", got, slowed)
		}
		s.finish()
		starts := s.starts("one.test")
		if last := starts[len(starts)-1] - starts[len(starts)-2]; last >= slowed || refusals != 1 {
			t.Errorf("the last gap is %v, want it to have recovered from %v", last, slowed)
		}
		for i := range starts[1:] {
			if gap := starts[i+1] - starts[i]; gap < time.Second {
				t.Errorf("a gap of %v", gap)
			}
		}
	})
}

// A clock that goes back makes nothing wait for longer than was left.
func TestClockThatGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := engine.NewMemStore()
		if _, err := store.AddBatch(t.Context(), engine.Batch{}, enginetest.Chain(enginetest.Jobs("one.test", 2), enginetest.Jobs("two.test", 1)), nil); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(time.Hour) // what the clock said then
		jobs, _ := store.Next(t.Context(), 1, engine.Want{Now: at})
		jobs[0].Due, jobs[0].Waited, jobs[0].Retries, jobs[0].Class = at.Add(50*time.Second), at, 1, engine.Reset
		if err := store.Release(t.Context(), jobs); err != nil {
			t.Fatal(err)
		}
		pause := engine.Change{Kind: engine.ChangePause, Paused: engine.Paused{At: at, What: "batch"}}
		if _, err := store.AddBatch(t.Context(), engine.Batch{}, enginetest.Jobs("six.test", 0), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Change(t.Context(), engine.Selector{Batch: 2}, pause); err != nil {
			t.Fatal(err)
		}
		err := store.Keep(t.Context(), engine.State{
			Run: &engine.RunNotes{At: at, Started: at.Add(-time.Minute), Worked: 40 * time.Second, Ended: true, Requests: 7},
			Hosts: []engine.HostState{{
				Host: "one.test", At: at, Refused: at.Add(-time.Second), Refusals: 1, Probing: true,
				Block: engine.Block{Kind: engine.BlockBusy, Until: at.Add(30 * time.Second), Status: 429, Count: 1},
			}},
			Origins: []engine.OriginState{{Origin: "http://six.test", Host: "six.test", At: at, Fresh: at.Add(time.Second)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		r := start(t, &enginetest.Scraper{}, engine.Config{Store: store})
		s := &saga{run: r, t: t, store: store}
		want(t, "log", s.logged("clock"), []string{"the clock has gone back by 1h0m0s since the run was left: no wait is longer for it"})
		now := r.Snapshot()
		if now.Active != 40*time.Second || now.Started.After(now.At) {
			t.Errorf("active for %v since %v, want 40s", now.Active, now.Started)
		}
		if p := now.Batches[1].Paused; p.What != "batch" || !p.At.Equal(now.At) {
			t.Errorf("batch 2 is paused %+v, want it since now", p)
		}
		r.finish()
		want(t, "starts of one.test", r.starts("one.test"), seconds(30, 50)) // the retry is behind
		want(t, "starts of two.test", r.starts("two.test"), seconds(1))
	})
}

// What is known of a host is noted once a second, and at once if it was not
// noted for so long.
func TestHostsAreNotedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := slow(100 * time.Millisecond)
		fake.Answer = func(r engine.Request, nth int) engine.Step {
			if time.Since(epoch) < 1050*time.Millisecond {
				return enginetest.OK(1)
			}
			return enginetest.Status(429, time.Minute)
		}
		epoch = time.Now()
		s := begin(t, fake, engine.Config{Workers: 50, Interval: -1})
		s.add(engine.Batch{}, enginetest.Jobs("one.test", 5000))
		s.until(1800 * time.Millisecond)
		hosts := 0
		for _, n := range s.life.noted() {
			hosts += len(n.Hosts)
		}
		if hosts != 1 {
			t.Errorf("the host was noted %d times, want at its first refusal", hosts)
		}
		s.until(10 * time.Second)
		var notes []engine.HostState
		for _, n := range s.life.noted() {
			notes = append(notes, n.Hosts...)
		}
		if len(notes) != 2 || notes[1].Refusals != 50 || !notes[1].At.Equal(s.begin.Add(2100*time.Millisecond)) {
			t.Errorf("noted %d times, last %+v; want a second time after a second, with 50 refusals", len(notes), notes[len(notes)-1])
		}
		runs := 0
		for _, n := range s.life.noted() {
			if n.Run != nil {
				runs++
			}
		}
		if runs > 4 { // at the start, with the batch, and once in the second that had results
			t.Errorf("the run was noted %d times, want at most 4", runs)
		}
		s.kill()
	})
}

// A pace alone is noted every ten seconds, and at the end.
func TestPaceIsNotedNowAndThen(t *testing.T) {
	for _, exit := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := begin(t, slow(2300*time.Millisecond), engine.Config{Throttle: engine.ThrottleLatency})
			s.add(engine.Batch{}, enginetest.Jobs("one.test", 100))
			s.until(26 * time.Second) // it goes from 5 s to 2.3 s, less with each answer
			hosts := 0
			for _, n := range s.life.noted() {
				hosts += len(n.Hosts)
			}
			if hosts != 3 {
				t.Errorf("the host was noted %d times in 26 s, want 3", hosts)
			}
			if exit {
				s.exit()
			} else {
				s.kill()
			}
			before := s.Snapshot().Hosts[0].Interval
			s.live()
			got := s.taken.Hosts[0].Interval
			if exit && got != before || got < before || got > before+200*time.Millisecond {
				t.Errorf("the interval is %v, and was %v", got, before)
			}
			s.kill()
		})
	}
}
