package scrape

import (
	"fmt"
	"time"

	"weir/engine"
)

// This file is how a Scraper goes on with what one in an earlier process began.

var _ engine.Successor = (*Scraper)(nil)

// Succeed implements [engine.Successor]: the recipes of k's batches are in use
// then, unless they are already, and what an operator listed counts as listed.
// Sessions begin anew, so the secrets of logins are read again.
//
// The error names the recipe of a batch that has jobs left. One that nothing
// waits for may be of no use any more: its jobs would fail if they were retried.
func (s *Scraper) Succeed(k *engine.Kept) error {
	for _, raw := range k.Listed {
		if t, err := parseTarget(raw); err == nil { // as it did when it was listed
			s.fence.list(t)
		}
	}
	for i := range k.Batches {
		b := &k.Batches[i]
		if _, err := s.recipe(b.Recipe); err == nil {
			continue
		}
		if err := s.reuse(b.Recipe, b.Text); err != nil && b.Counts.Left() > 0 {
			return fmt.Errorf("batch %d %s: %w", b.ID, b.Name, err)
		}
	}
	return nil
}

// reuse takes a recipe into use that is known by its text.
func (s *Scraper) reuse(ref engine.RecipeRef, text string) error {
	r, err := ParseRecipe(ref.Name+".yaml", []byte(text))
	if err != nil {
		return err
	}
	if got := r.Ref(); got != ref {
		return fmt.Errorf("scrape: recipe %s %.12s: its text is that of %s %.12s", clip(ref.Name, maxShown), ref.Hash, clip(got.Name, maxShown), got.Hash)
	}
	if err := s.Prepare(r); err != nil {
		return err
	}
	s.Use(r)
	return nil
}

// Recall implements [engine.Successor]: rules are the text of a robots.txt. It
// takes them as long as there is room for them, and reads them when the first
// page of the origin is asked for.
func (s *Scraper) Recall(origin string, rules []byte, fresh time.Time) bool {
	return s.robots.recall(origin, string(rules), productToken(s.agent), fresh.Add(robotsKept-robotsFresh))
}

// openRobots is the text of a robots.txt that there is none of.
const openRobots = "# not available: everything is allowed (RFC 9309, section 2.3.1.3)\n"
