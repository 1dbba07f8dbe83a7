package engine_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// carrying returns n jobs of a host with a Carry each.
func carrying(host string, n int) func(func(engine.Job, error) bool) {
	return func(yield func(engine.Job, error) bool) {
		for i := range n {
			j := enginetest.Job(host, i)
			j.Carry = fmt.Sprintf("%s/%d \x00\xff", host, i)
			if !yield(j, nil) {
				return
			}
		}
	}
}

// A job has its Carry at every request for it: the first, a redirect's, a
// retry, after a cancel that was undone and after a retry by hand.
func TestCarryComesWithTheJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		fake := &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
			if want := fmt.Sprintf("one.test/%d \x00\xff", r.Job.ID-1); r.Job.Carry != want {
				t.Errorf("%s, request %d: Carry %q, want %q", r.URL, nth, r.Job.Carry, want)
			}
			asked = append(asked, fmt.Sprint(r.URL, " ", nth, " ", r.Baton))
			switch {
			case r.URL == "http://two.test/hop" && nth == 1:
				return enginetest.Status(500, 0)
			case r.URL == "http://two.test/hop":
				return enginetest.Status(404, 0)
			case r.Job.ID == 1:
				hop := enginetest.Hop(r, "http://two.test/hop", "two.test")
				hop.Again.Baton = nth
				return hop
			}
			return enginetest.OK(1)
		}}
		r := start(t, fake, engine.Config{Workers: 1})
		r.add(engine.Batch{}, carrying("one.test", 2))
		r.until(500 * time.Millisecond)
		if _, err := r.Cancel(t.Context(), engine.Selector{Batch: 1}); err != nil {
			t.Fatal(err)
		}
		r.undo(engine.ActCancel)
		r.until(time.Minute)
		if _, err := r.Retry(t.Context(), engine.Selector{Batch: 1}); err != nil {
			t.Fatal(err)
		}
		r.finish()
		want(t, "requests", fmt.Sprintf("%q", asked), fmt.Sprintf("%q", []string{
			"http://one.test/0 1 <nil>", "http://two.test/hop 1 1", "http://one.test/1 1 <nil>",
			"http://one.test/0 2 <nil>", "http://two.test/hop 2 2",
			"http://one.test/0 3 <nil>", "http://two.test/hop 3 3",
		}))
	})
}

// Whatever ends a job without records, what it carries is not lost: its page
// failed, its host was given up before it was asked, it was cancelled.
func TestCarryIsSalvaged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := downUntil("down.test", forEver, engine.Connect)
		answer := fake.Answer
		fake.Answer = func(r engine.Request, nth int) engine.Step {
			if r.Host == "lost.test" {
				return enginetest.Status(404, 0)
			}
			return answer(r, nth)
		}
		calls := map[string]int{}
		fake.Salvaging = func(ref engine.RecipeRef, res *engine.Result) {
			if ref.Name != "own" || res.Carry == "" || res.Batch == 0 || res.URL == "" {
				t.Errorf("Salvage(%v, %+v): want the batch's recipe and a job with a Carry", ref, res)
			}
			calls[res.URL]++
			res.Records = []engine.Record{{{Name: "carried", Value: res.Carry}}}
		}
		r := start(t, fake, engine.Config{GiveUp: true})
		r.add(engine.Batch{Recipe: engine.RecipeRef{Name: "other"}}, enginetest.Jobs("down.test", 10))
		r.add(engine.Batch{Recipe: engine.RecipeRef{Name: "own"}},
			carrying("down.test", 10), carrying("lost.test", 3), carrying("good.test", 2), carrying("late.test", 3))
		r.until(1500 * time.Millisecond)
		if _, err := r.Cancel(t.Context(), engine.Selector{Host: "late.test"}); err != nil {
			t.Fatal(err)
		}
		s := r.finish()
		if s.Batches[1].Rows != 17 {
			t.Errorf("the batch has %d records, want 13 of jobs that carry and 4 of good pages", s.Batches[1].Rows)
		}
		count := func(q engine.Query) (n int) {
			t.Helper()
			rs, err := r.Results(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, res := range rs {
				carried := len(res.Records) == 1 && res.Records[0][0].Name == "carried"
				if carried {
					n++
				}
				if res.Carry != "" || carried && res.Batch != 2 {
					t.Errorf("%s ended as %+v", res.URL, res)
				}
			}
			return n
		}
		if got := count(engine.Query{}); got != 13 {
			t.Errorf("%d results with what was carried, want 10 of down.test and 3 of lost.test", got)
		}
		for url, n := range calls {
			if n != 1 {
				t.Errorf("%s was salvaged %d times, want once: when it ended", url, n)
			}
		}
		if got := count(engine.Query{Outcomes: []engine.Outcome{engine.Cancelled}}); got != 1 {
			t.Errorf("%d cancelled rows with what was carried, want 1", got)
		}
	})
}
