package scrape

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"weir/engine"
)

// robots asks for the robots.txt of r.Origin, or goes on with the asking after
// a redirect, and keeps the rules (RFC 9309, section 2.3.1).
func (a *attempt) robots(ctx context.Context) engine.Step {
	url := a.r.URL
	if len(a.r.Hops) == 0 {
		url = a.r.Origin + "/robots.txt"
	}
	var err error
	if a.t, err = parseTarget(url); err != nil {
		return a.fail(ctx, engine.Protocol, err)
	}
	if err := a.s.fence.check(a.t.host); err != nil {
		return a.fenced(err)
	}
	resp, err := a.send(ctx)
	if err != nil {
		if class := classOf(err, false); class != engine.Blocked {
			return a.fail(ctx, class, err)
		}
		return a.fenced(err)
	}
	defer resp.Body.Close()
	switch status := resp.StatusCode; {
	case isRedirect(status):
		drain(resp, a.cancel)
		again, err := a.s.hop(a.r, a.t, resp.Header, maxRobotsHops)
		if err != nil {
			return a.rules(&rules{}, openRobots) // it leads nowhere: unavailable
		}
		a.step.Again, a.step.After = again, retryAfter(resp.Header, time.Now())
		return a.step
	case status == http.StatusTooManyRequests || status >= 500 || status < 200:
		drain(resp, a.cancel)
		return a.fail(ctx, engine.Status, statusError(status))
	case status >= 300:
		drain(resp, a.cancel)
		return a.rules(&rules{}, openRobots) // unavailable: everything is allowed
	}
	text, err := readRobots(resp)
	if err != nil {
		return a.fail(ctx, classOf(err, true), err)
	}
	return a.rules(parseRobots(text, productToken(a.s.agent)), cmp.Or(text, openRobots))
}

// fenced keeps that the origin may not be asked, so that its jobs end as
// blocked and do not wait for rules for ever.
func (a *attempt) fenced(err error) engine.Step {
	if len(a.r.Hops) > 0 {
		return a.rules(&rules{}, openRobots) // only the redirect is blocked: it leads nowhere
	}
	return a.rules(&rules{fence: err}, "")
}

// rules keeps what a robots.txt says. text is what says the same in a later
// process; empty: nothing does, it is to be asked for again.
func (a *attempt) rules(r *rules, text string) engine.Step {
	a.s.robots.put(a.r.Origin, r)
	a.step.Robots = &engine.RobotsAnswer{Fresh: robotsFresh}
	if text != "" {
		a.step.Robots.Rules = []byte(text)
	}
	a.step.Host.CrawlDelay = r.delay
	return a.step
}

// readRobots returns the part of a robots.txt that is parsed. What comes after
// it is not downloaded.
func readRobots(resp *http.Response) (string, error) {
	// The declared length may be over the cap: it is only where reading ends.
	resp.ContentLength = -1
	b, err := newBody(resp, maxRobots)
	if err != nil {
		return "", err
	}
	defer b.Close()
	text, err := io.ReadAll(b)
	var known *fault
	if errors.As(err, &known) && known.class == engine.TooLarge {
		return wholeLines(string(text)), nil
	}
	return string(text), err
}
