// Package enginetest has what tests of the engine, and of what stands behind
// its seams, have in common: a scraper that fakes its answers, a server over
// in-memory connections for tests in a bubble, and the suite that every Store
// must pass.
package enginetest

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"weir/engine"
)

// A Scraper is an [engine.Scraper] that makes no requests. It notes when it
// was called and answers what it is told to. The zero Scraper answers every
// request at once with an ok result.
//
// A Scraper is safe for use by multiple goroutines.
type Scraper struct {
	// Answer returns the step for a request; nth counts the requests for its
	// URL, from 1. Nil answers OK.
	Answer func(r engine.Request, nth int) engine.Step

	// Latency is how long a request takes, after its start. Nil is zero.
	Latency func(r engine.Request) time.Duration

	// Connect is how long it takes to start. Nil is zero.
	Connect func(r engine.Request) time.Duration

	// Salvaging is called by Salvage. Nil salvages nothing.
	Salvaging func(engine.RecipeRef, *engine.Result)

	mu    sync.Mutex
	calls []Call
	seen  map[string]int
}

// A Call is one request as the far side would see it.
type Call struct {
	At   time.Time // when it started
	Kind engine.Kind
	Job  engine.JobID
	URL  string
	Host string
}

// Do implements [engine.Scraper].
func (s *Scraper) Do(ctx context.Context, r engine.Request) engine.Step {
	if s.Connect != nil {
		r.Report(engine.PhaseConnect)
		if err := sleep(ctx, s.Connect(r)); err != nil {
			return Fail(engine.Connect, err.Error())
		}
	}
	if ctx.Err() != nil {
		return Fail(engine.Connect, context.Cause(ctx).Error())
	}
	r.Report(engine.PhaseSent)
	begin := time.Now()
	s.mu.Lock()
	if s.seen == nil {
		s.seen = make(map[string]int)
	}
	url := r.URL
	if url == "" {
		url = r.Origin + "/robots.txt"
	}
	s.seen[url]++
	nth := s.seen[url]
	s.calls = append(s.calls, Call{At: begin, Kind: r.Kind, Job: r.Job.ID, URL: r.URL, Host: r.Host})
	s.mu.Unlock()
	if s.Latency != nil {
		if err := sleep(ctx, s.Latency(r)); err != nil {
			return Fail(engine.Reset, err.Error())
		}
	}
	r.Report(engine.PhaseExtract)
	step := s.answer(r, nth)
	if step.Result != nil {
		// One step may be the answer to many requests at once.
		r := *step.Result
		r.Elapsed, r.FetchedAt = time.Since(begin), begin
		step.Result = &r
	}
	return step
}

// Salvage implements [engine.Salvager].
func (s *Scraper) Salvage(ref engine.RecipeRef, r *engine.Result) {
	if s.Salvaging != nil {
		s.Salvaging(ref, r)
	}
}

func (s *Scraper) answer(r engine.Request, nth int) engine.Step {
	switch {
	case s.Answer != nil:
		return s.Answer(r, nth)
	case r.Kind == engine.KindRobots:
		return Rules(0)
	}
	return OK(1)
}

// Calls returns the requests so far, in the order of their starts.
func (s *Scraper) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// OK is a page with n records.
func OK(n int) engine.Step {
	r := &engine.Result{Outcome: engine.OK, Status: 200, Bytes: 1000}
	for i := range n {
		r.Records = append(r.Records, engine.Record{{Name: "n", Value: fmt.Sprint(i)}})
	}
	return engine.Step{Result: r, Host: engine.HostHint{Status: 200}}
}

// Fail is a request that got no answer.
func Fail(c engine.Class, why string) engine.Step {
	return engine.Step{Result: &engine.Result{Outcome: engine.Failed, Class: c, Error: why}}
}

// Status is an answer that is no success; after, if not zero, is its
// Retry-After.
func Status(code int, after time.Duration) engine.Step {
	return engine.Step{
		Result: &engine.Result{Outcome: engine.Failed, Class: engine.Status, Status: code, Error: fmt.Sprintf("status %d", code)},
		Host:   engine.HostHint{Status: code, RetryAfter: after},
	}
}

// Rules is a robots.txt that asks for a delay; zero: for none.
func Rules(delay time.Duration) engine.Step {
	return engine.Step{
		Robots: &engine.RobotsAnswer{Fresh: 24 * time.Hour},
		Host:   engine.HostHint{Status: 200, CrawlDelay: delay},
	}
}

// Hop is a redirect to another URL.
func Hop(r engine.Request, url, host string) engine.Step {
	next := r
	next.URL, next.Host, next.Hops = url, host, append(append([]string(nil), r.Hops...), r.URL)
	return engine.Step{Again: &next, Host: engine.HostHint{Status: 302}}
}

// Jobs returns n jobs of one host, without robots.txt.
func Jobs(host string, n int) iter.Seq2[engine.Job, error] {
	return func(yield func(engine.Job, error) bool) {
		for i := range n {
			if !yield(Job(host, i), nil) {
				return
			}
		}
	}
}

// Job returns the i-th job of a host.
func Job(host string, i int) engine.Job {
	url := fmt.Sprintf("http://%s/%d", host, i)
	return engine.Job{URL: url, Host: host, Fingerprint: url}
}

// Chain joins lists.
func Chain(lists ...iter.Seq2[engine.Job, error]) iter.Seq2[engine.Job, error] {
	return func(yield func(engine.Job, error) bool) {
		for _, l := range lists {
			for j, err := range l {
				if !yield(j, err) {
					return
				}
			}
		}
	}
}
