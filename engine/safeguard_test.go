package engine_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// failing answers 404 for the URLs of bad, by number within their host, and
// everything else well.
func failing(bad func(host string, i int) bool) *enginetest.Scraper {
	return &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
		var i int
		fmt.Sscanf(r.URL, "http://"+r.Host+"/%d", &i)
		if nth == 1 && bad(r.Host, i) {
			return enginetest.Status(404, 0)
		}
		return enginetest.OK(1)
	}}
}

// Half of the last twenty answers fail: the host is paused, the other goes on,
// nothing is lost, and one key lifts it.
func TestSafeguardPausesAHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := failing(func(host string, i int) bool { return host == "one.test" && i >= 30 })
		r := start(t, fake, engine.Config{Safeguard: 0.5})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 100), enginetest.Jobs("two.test", 100))
		r.until(60 * time.Second)
		s := r.Snapshot()
		// 0 to 29 are well and 30 to 39 fail: at 39 s ten of the last twenty have.
		paused := engine.Paused{At: r.begin.Add(39 * time.Second), What: "host", Failed: 10, Of: 20}
		if why := s.Hosts[0].Reason; why != paused {
			t.Errorf("the host waits for %#v, want the safeguard at 39s", why)
		}
		if s.Guarded != 60 || len(s.Undo) != 0 || s.Limit.Kind != engine.LimitPace {
			t.Errorf("%d jobs guarded, %d changes to undo, limited by %v; want 60, none, the pace of the other", s.Guarded, len(s.Undo), s.Limit.Kind)
		}
		r.balanced(s)
		r.until(200 * time.Second)
		if s = r.Snapshot(); s.Limit.Kind != engine.LimitPaused || s.Limit.Reason != paused || s.Counts.OK != 130 || s.Counts.Failed != 10 {
			t.Errorf("limited by %v, %v, counts %+v; want the pause", s.Limit.Kind, s.Limit.Reason, s.Counts)
		}
		mustResume(r, engine.Selector{Host: "one.test"})
		// A window begins anew and must be full: that of the host, not of the
		// batch, whose last answers were well.
		r.until(300 * time.Second)
		if why := r.Snapshot().Hosts[0].Reason; why != (engine.Paused{At: r.begin.Add(219 * time.Second), What: "host", Failed: 20, Of: 20}) {
			t.Errorf("the host waits for %+v, want the safeguard again after twenty answers, at 219s", why)
		}
		mustResume(r, engine.Selector{Host: "one.test"})
		r.until(400 * time.Second)
		if s = r.Snapshot(); s.Counts.OK != 130 || s.Counts.Failed != 50 || s.Guarded != 20 {
			t.Errorf("%+v, %d guarded; want 130 ok, 50 failed, 20 guarded", s.Counts, s.Guarded)
		}
		r.ends()
	})
}

// Failures that are spread over many hosts pause their batch, and no other.
func TestSafeguardPausesABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := failing(func(host string, _ int) bool { return host != "good.test" })
		r := start(t, fake, engine.Config{Safeguard: 1})
		var hosts []string
		for i := range 10 {
			hosts = append(hosts, fmt.Sprintf("h%d.test", i))
		}
		ten := enginetest.Jobs(hosts[0], 10)
		for _, h := range hosts[1:] {
			ten = enginetest.Chain(ten, enginetest.Jobs(h, 10))
		}
		r.add(engine.Batch{}, ten)
		r.add(engine.Batch{}, enginetest.Jobs("good.test", 1050))
		r.until(30 * time.Second)
		s := r.Snapshot()
		b := s.Batches[0]
		if b.State != engine.BatchPaused || b.Paused != (engine.Paused{At: r.begin.Add(time.Second), What: "batch", Failed: 20, Of: 20}) || b.Counts.Failed != 20 {
			t.Errorf("batch 1 is %v, %+v, %+v; want it paused after twenty failures", b.State, b.Paused, b.Counts)
		}
		if s.Guarded != 80 {
			t.Errorf("%d jobs guarded, want 80", s.Guarded)
		}
		mustResume(r, engine.Selector{Batch: 1})
		if b := r.Snapshot().Batches[0]; b.State != engine.BatchRunning || b.Paused != (engine.Paused{}) {
			t.Errorf("batch 1 is %v, %+v after it was resumed", b.State, b.Paused)
		}
		r.until(50 * time.Second)
		s = r.Snapshot()
		if at := s.Batches[0].Paused.At.Sub(r.begin); at != 31*time.Second || s.Guarded != 60 {
			t.Errorf("paused again at %v, %d guarded; want 31s, after twenty more, and 60", at, s.Guarded)
		}
		r.Cancel(t.Context(), engine.Selector{Batch: 1})
		if s = r.Snapshot(); s.Guarded != 0 {
			t.Errorf("%d jobs guarded after they were cancelled", s.Guarded)
		}
		r.ends()
	})
}

// Only the last twenty count: two of five may fail for as long as they like.
func TestSafeguardForgetsWhatIsLongAgo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, failing(func(_ string, i int) bool { return i%5 < 2 }), engine.Config{Safeguard: 0.5})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 300))
		if s := r.finish(); s.Counts.OK != 180 || s.Counts.Failed != 120 {
			t.Errorf("%+v; want 180 ok, 120 failed", s.Counts)
		}
	})
}

// What was in flight when the host was paused is not counted after.
func TestSafeguardCountsNothingWhilePaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := failing(func(string, int) bool { return true })
		fake.Latency = func(engine.Request) time.Duration { return 4500 * time.Millisecond }
		r := start(t, fake, engine.Config{Safeguard: 1})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 60))
		r.until(60 * time.Second) // 24 have failed, and the pause came with the 20th
		if c := r.Snapshot().Counts; c.Failed != 24 {
			t.Errorf("%+v; want 24 failed", c)
		}
		mustResume(r, engine.Selector{Host: "one.test"})
		r.until(200 * time.Second)
		if c := r.Snapshot().Counts; c.Failed != 48 {
			t.Errorf("%+v; want 48 failed: twenty more, and four in flight", c)
		}
		r.ends()
	})
}

// What the pace and the breaker heed is not counted twice.
func TestSafeguardDoesNotCountRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
			if nth < 4 && r.Job.ID <= 8 {
				return enginetest.Status(429, time.Second)
			}
			return enginetest.OK(1)
		}}
		r := start(t, fake, engine.Config{Safeguard: 0.1})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 50))
		if s := r.finish(); s.Counts.OK != 50 || s.Guarded != 0 {
			t.Errorf("%+v; want 50 ok", s.Counts)
		}
	})
}

// Off, which is the default: a site may fail as much as it likes.
func TestSafeguardIsOffByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, failing(func(string, int) bool { return true }), engine.Config{})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 50))
		if s := r.finish(); s.Counts.Failed != 50 {
			t.Errorf("%+v; want 50 failed", s.Counts)
		}
	})
}

// Nobody watches, so nobody would lift the pause: the run ends when it holds
// all that is left, and leaves that unfetched.
func TestSafeguardEndsARunThatNobodyWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := failing(func(host string, _ int) bool { return host == "one.test" })
		most := fake.Answer
		fake.Answer = func(r engine.Request, nth int) engine.Step {
			if nth == 1 && r.URL == "http://two.test/39" {
				return enginetest.Status(503, 0) // its retry is all that is left to do
			}
			return most(r, nth)
		}
		r := start(t, fake, engine.Config{Safeguard: 0.5, GiveUp: true})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 50))
		r.add(engine.Batch{}, enginetest.Jobs("two.test", 40))
		s := r.finish()
		if s.Counts.Failed != 20 || s.Counts.OK != 40 || s.Counts.Backlog != 30 || s.Guarded != 30 {
			t.Errorf("%+v, %d guarded; want 20 failed, 40 ok, 30 left and guarded", s.Counts, s.Guarded)
		}
		if got := r.at.Sub(r.begin); got != 40*time.Second {
			t.Errorf("took %v, want 40s: until the other host is done", got)
		}
	})
}

// A run that is watched waits for the operator.
func TestSafeguardWaitsForWhoeverWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, failing(func(string, int) bool { return true }), engine.Config{Safeguard: 0.5})
		r.add(engine.Batch{}, enginetest.Jobs("one.test", 50))
		r.Close()
		r.until(time.Hour)
		select {
		case err := <-r.ended:
			t.Fatalf("the run ended: %v", err)
		default:
		}
		r.Cancel(t.Context(), engine.Selector{All: true})
		if s := r.finish(); s.Counts.Cancelled != 30 {
			t.Errorf("%+v; want 30 cancelled", s.Counts)
		}
	})
}

func TestSafeguardOutOfRange(t *testing.T) {
	for _, share := range []float64{-0.1, 1.1} {
		if _, err := engine.New(&enginetest.Scraper{}, engine.Config{Safeguard: share}); err == nil {
			t.Errorf("New with a safeguard of %g = nil, want an error", share)
		}
	}
}

// A job that the safeguard holds with its host and with its batch is one job.
func TestSafeguardHoldsAJobOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, failing(func(string, int) bool { return true }), engine.Config{Safeguard: 1})
		id := r.add(engine.Batch{}, enginetest.Jobs("one.test", 50))
		r.until(30 * time.Second)
		if s := r.Snapshot(); s.Guarded != 30 {
			t.Errorf("%d jobs guarded, want the 30 left of the host", s.Guarded)
		}
		for i := range 20 {
			r.add(engine.Batch{ID: id}, enginetest.Jobs(fmt.Sprintf("h%d.test", i), 2))
		}
		r.until(40 * time.Second)
		if s := r.Snapshot(); s.Batches[0].State != engine.BatchPaused || s.Guarded != 50 || s.Guarded != s.Counts.Left() {
			t.Errorf("batch %v, %d jobs guarded of %+v; want paused, 50", s.Batches[0].State, s.Guarded, s.Counts)
		}
		r.audit()
		r.ends()
	})
}
