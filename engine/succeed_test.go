package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// A successor is a Scraper that goes on with recipes and rules.
type successor struct {
	*enginetest.Scraper
	refuse  bool
	listed  []string
	batches []string
	rules   map[string]string
}

func (s *successor) Succeed(k *engine.Kept) error {
	if s.refuse {
		return errors.New("scrape: recipe r: no longer understood")
	}
	s.listed, s.batches = k.Listed, nil
	for _, b := range k.Batches {
		s.batches = append(s.batches, b.Text)
	}
	return nil
}

func (s *successor) Recall(origin string, rules []byte, fresh time.Time) bool {
	s.rules[origin] = fmt.Sprintf("%s until %v", rules, fresh.Sub(epoch))
	return string(rules) != "forgotten"
}

func TestScraperIsToldOfEarlierLives(t *testing.T) {
	for _, tc := range []struct {
		name  string
		rules []byte
		away  time.Duration
		asked int // for robots.txt, in all
	}{
		{"fresh rules", []byte("rules"), time.Minute, 1},
		{"old rules", []byte("rules"), 25 * time.Hour, 2},
		{"rules that it does not want", []byte("forgotten"), time.Minute, 2},
		{"rules that it did not say", nil, time.Minute, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				epoch = time.Now()
				scraper := &successor{Scraper: &enginetest.Scraper{}, rules: map[string]string{}}
				scraper.Answer = func(r engine.Request, _ int) engine.Step {
					if r.Kind != engine.KindRobots {
						return enginetest.OK(1)
					}
					step := enginetest.Rules(2 * time.Second)
					step.Robots.Rules = tc.rules
					return step
				}
				store := engine.NewMemStore()
				next := func() *run {
					e, err := engine.New(scraper, engine.Config{Store: store})
					if err != nil {
						t.Fatal(err)
					}
					return &run{Engine: e, t: t, fake: scraper.Scraper, begin: epoch, ended: make(chan error, 1)}
				}
				r := next()
				ctx, stop := context.WithCancel(t.Context())
				go func() { r.ended <- r.Run(ctx) }()
				r.add(engine.Batch{Text: "fields"}, withOrigin(enginetest.Jobs("one.test", 3)))
				r.until(3 * time.Second)
				stop()
				<-r.ended
				time.Sleep(tc.away)
				r = next()
				// Whether a turn for robots.txt is to come is in the estimate.
				want(t, "ETA", r.Snapshot().ETA, time.Duration(2*tc.asked)*time.Second)
				go func() { r.ended <- r.Run(t.Context()) }()
				r.finish()
				want(t, "recipes", scraper.batches, []string{"fields"})
				want(t, "listed", scraper.listed, []string{"http://one.test/0"})
				asked := 0
				for _, c := range scraper.Calls() {
					if c.Kind == engine.KindRobots {
						asked++
					}
				}
				if asked != tc.asked {
					t.Errorf("robots.txt was asked for %d times, want %d", asked, tc.asked)
				}
				rules := map[string]string{}
				if tc.rules != nil && tc.away < 24*time.Hour {
					rules["http://one.test"] = string(tc.rules) + " until 24h0m0s"
				}
				want(t, "rules", scraper.rules, rules)
				starts := r.starts("one.test")
				if gap := starts[len(starts)-1] - starts[len(starts)-2]; gap != 2*time.Second {
					t.Errorf("the last gap is %v, want the Crawl-delay of 2s", gap)
				}
				scraper.refuse = true
				if _, err := engine.New(scraper, engine.Config{Store: store}); err == nil || !strings.Contains(err.Error(), "no longer") {
					t.Errorf("New = %v, want the scraper's error", err)
				}
			})
		})
	}
}
