package enginetest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// Answers are often prepared once and given to every request. Each request has
// its own times all the same.
func TestScraperGivesOneStepToManyRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := enginetest.Fail(engine.Connect, "refused")
		s := &enginetest.Scraper{
			Answer:  func(engine.Request, int) engine.Step { return refused },
			Latency: func(engine.Request) time.Duration { return time.Second },
		}
		ask := func() *engine.Result {
			return s.Do(t.Context(), engine.Request{URL: "http://one.test/", Report: func(engine.Phase) {}}).Result
		}
		begin := time.Now()
		first, second := ask(), ask()
		if first == second || !first.FetchedAt.Equal(begin) || !second.FetchedAt.Equal(begin.Add(time.Second)) {
			t.Errorf("fetched %v and %v after the begin, want 0 and 1s", first.FetchedAt.Sub(begin), second.FetchedAt.Sub(begin))
		}
		if !refused.Result.FetchedAt.IsZero() {
			t.Errorf("the prepared step was changed: %+v", refused.Result)
		}
	})
}
