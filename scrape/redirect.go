package scrape

import (
	"net/http"
	"slices"

	"weir/engine"
)

// isRedirect reports whether an answer names another place for a GET (RFC
// 9110, section 15.4). 300 and 304 do not.
func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// hop returns the request that follows r, whose target t answered with a
// redirect. It is made in its own turn: the target may be another host, and
// even on this one a request is a request. Its URL was written by a stranger
// and is checked here for scheme, form and address.
func (s *Scraper) hop(r engine.Request, t target, h http.Header, most int) (*engine.Request, error) {
	location := h.Get("Location")
	if location == "" {
		return nil, faultf(engine.Redirect, "redirect without a Location")
	}
	next, err := t.resolve(location)
	if err != nil {
		return nil, faultf(engine.Redirect, "redirect to %q: %w", clip(location, maxShown), err)
	}
	hops := append(slices.Clip(r.Hops), t.href)
	switch {
	case slices.Contains(hops, next.href):
		return nil, faultf(engine.Redirect, "redirect loop: %s again", clip(next.href, maxShown))
	case len(hops) > most:
		return nil, faultf(engine.Redirect, "more than %d redirects", most)
	}
	if err := s.fence.check(next.host); err != nil {
		return nil, err
	}
	again := r
	again.URL, again.Host, again.Hops = next.href, next.host, hops
	if r.Kind == engine.KindPage && !s.cfg.IgnoreRobots {
		again.Origin = next.origin()
	}
	return &again, nil
}

// ownHeader reports whether the operator's header fields go with r: to origins
// that the operator listed, as long as no redirect led away from there. What
// came back from another origin was chosen there, and a link from https to http
// would send them in the clear.
func (s *Scraper) ownHeader(r engine.Request, t target) bool {
	if !s.fence.isOrigin(t.origin()) {
		return false
	}
	for _, url := range r.Hops {
		if from, err := parseTarget(url); err != nil || from.origin() != t.origin() {
			return false
		}
	}
	return true
}
