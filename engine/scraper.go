package engine

import (
	"context"
	"time"
)

// A Scraper turns one request into a step. Package scrape has the one that
// speaks HTTP; enginetest has fakes.
type Scraper interface {
	// Do makes at most one request and extracts what came back. It never
	// retries, never sleeps and never follows a redirect: it returns a Step.
	//
	// Do calls r.Report at each phase. The report of [PhaseSent] is the
	// request's start: the host's interval counts from that moment, and no
	// other request to the host is on its way to be written before it.
	// A Do that returns without any report has touched no wire, and its
	// turn is given back.
	//
	// When ctx ends, Do returns as soon as its transport lets go.
	Do(ctx context.Context, r Request) Step
}

// A Salvager is a Scraper that makes records of the Carry of a job that ended
// without any: its host was given up, robots.txt forbids it, its page failed, it
// was cancelled.
type Salvager interface {
	// Salvage fills in what the Carry of r, which is not empty, has to say of
	// r. ref is the recipe of its batch. It makes no request, and is called
	// for a cancelled job each time somebody asks for its row.
	Salvage(ref RecipeRef, r *Result)
}

// A Kind says what a request is for.
type Kind uint8

// The kinds of requests.
const (
	KindPage   Kind = iota // the job's page, or a hop on the way to it
	KindRobots             // the robots.txt of Request.Origin
)

// A Request is one request that is to be made now, its host's turn having come.
type Request struct {
	Job     Job
	Kind    Kind
	URL     string   // what to fetch: the job's URL, robots.txt, or a redirect's target
	Host    string   // the pacing key of URL
	Origin  string   // of URL
	Hops    []string // URLs that redirected here, oldest first
	Attempt int      // of the job, from 1
	Recipe  RecipeRef

	// Baton is the scraper's own: what it put into Step.Again comes back. It
	// ends with the attempt; what stays with the job is [Job].Carry.
	Baton any

	// Report is called at the beginning of each phase, from the goroutine of
	// Do or of its transport. It never blocks for long and is never nil.
	Report func(Phase)
}

// A Phase is a stage of a request, as the workers panel shows it.
type Phase uint8

// The phases, in their order. A request on a kept connection begins with
// PhaseSent.
const (
	PhaseIdle    Phase = iota
	PhaseConnect       // resolving, connecting, TLS
	PhaseSent          // headers written; awaiting the first byte
	PhaseBody          // reading
	PhaseExtract       // parsing and extracting
)

// String returns the phase as the screen shows it.
func (p Phase) String() string {
	return [...]string{"idle", "connect", "fetch", "body", "extract"}[p]
}

// A Step is what came of one request. Exactly one of Result, Again and Robots
// is set.
type Step struct {
	Result *Result  // the attempt has ended: as what, with which records and links
	Again  *Request // this request comes next: a redirect hop, a login
	Robots *RobotsAnswer

	After time.Duration // Again is not made before this has passed
	Login bool          // Again logs in, or waits for another that does
	Host  HostHint
}

// A RobotsAnswer says that the rules of an origin are known. The scraper keeps
// the rules themselves and skips what they forbid.
type RobotsAnswer struct {
	Fresh time.Duration // how long they hold
	Rules []byte        // for a [Successor] to go on with; nil: it will ask again
}

// A HostHint is what an answer said of its host.
type HostHint struct {
	Status     int           // 0: there was no answer
	Latency    time.Duration // from the headers written to the first byte
	RetryAfter time.Duration // asked for by the server; 0: it did not ask
	QuotaReset time.Duration // nothing remains of what it allows for so long (RateLimit fields); 0: it did not say so
	CrawlDelay time.Duration // of robots.txt; 0: none
}
