package scrape

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"weir/engine"
)

// Fetch fetches one page for a look at it with recipe, as `weir try` does:
// robots.txt, the page and the redirects between them go back to back, without
// pace or retry. The URL counts as listed by the operator. Without a recipe the
// page is to be HTML; with one that was prepared and says how, it logs in first.
//
// The result says what Do would, without what a recipe adds. Without a page
// the error says why; the result is nil if nothing was asked for, because raw
// is no URL.
func (s *Scraper) Fetch(ctx context.Context, raw string, recipe *Recipe) (Page, *engine.Result, error) {
	job, err := s.Job(raw)
	if err != nil {
		return Page{}, nil, fmt.Errorf("scrape: %w", err)
	}
	ref := engine.RecipeRef{}
	if recipe != nil {
		ref = s.Use(recipe)
	}
	r := engine.Request{Recipe: ref, Job: job, URL: job.URL, Host: job.Host, Origin: job.Origin, Attempt: 1, Report: func(engine.Phase) {}}
	for {
		if failed := s.askFor(ctx, r); failed != nil {
			return Page{}, failed, fmt.Errorf("scrape: robots.txt of %s: %s", r.Origin, failed.Error)
		}
		page, step := s.lookFor(ctx, recipe, r)
		switch {
		case step.Again != nil:
			r = *step.Again
		case page == nil:
			return Page{}, step.Result, errors.New("scrape: " + step.Result.Error)
		default:
			return *page, step.Result, nil
		}
	}
}

// look makes one request for a page, without extracting or keeping anything.
func (s *Scraper) look(ctx context.Context, r engine.Request) (*Page, engine.Step) {
	return s.lookFor(ctx, nil, r)
}

// lookFor is look that may make a request of the recipe's login instead.
func (s *Scraper) lookFor(ctx context.Context, recipe *Recipe, r engine.Request) (*Page, engine.Step) {
	a, ctx := s.begin(ctx, r)
	defer a.end()
	a.peek = true
	if recipe != nil && recipe.login != nil {
		a.trail = new(trail)
		if step := a.enter(ctx, recipe); step != nil {
			return nil, *step
		}
	}
	page, step := a.fetch(ctx, new(bytes.Buffer))
	if step != nil {
		return nil, *step
	}
	a.result.Outcome = engine.OK
	return page, a.finish()
}

// askFor sees to it that the rules for r are known, and returns the failed
// result if they cannot be.
func (s *Scraper) askFor(ctx context.Context, r engine.Request) *engine.Result {
	if r.Origin == "" || s.robots.get(r.Origin) != nil {
		return nil
	}
	ask := r
	ask.Kind, ask.URL, ask.Hops = engine.KindRobots, r.Origin+"/robots.txt", nil
	for {
		step := s.Do(ctx, ask)
		if step.Again == nil {
			return step.Result
		}
		ask = *step.Again
	}
}
