package scrape

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"weir/engine"
)

// Do makes the one request that r asks for and extracts what comes back. See
// [engine.Scraper] for what it promises.
//
// When ctx ends, the result is failed with ctx's cause as its error and no
// class; when the attempt's own time runs out, its class is timeout.
func (s *Scraper) Do(ctx context.Context, r engine.Request) engine.Step {
	a, ctx := s.begin(ctx, r)
	defer a.end()
	if r.Job.Depth == 0 {
		if t, err := parseTarget(r.Job.URL); err == nil {
			s.fence.list(t) // the list may have been read by an earlier process
			a.t = t
		}
	}
	if r.Kind == engine.KindRobots {
		return a.robots(ctx)
	}
	return a.page(ctx)
}

// An attempt is one call of Do.
type attempt struct {
	s      *Scraper
	r      engine.Request
	cancel context.CancelFunc // ends the attempt's context
	wire   *wire
	start  time.Time
	done   time.Time     // when the body was read; zero: it was not
	took   time.Duration // by extraction; below zero: there was none
	t      target
	asked  *kept  // whether it is still so
	trail  *trail // of the job; nil: it is not for a recipe
	reach  *reach // how far redirects may lead; nil: anywhere
	charts bool   // the answer may be a sitemap
	xml    bool   // the page is to be XML
	peek   bool   // it is for no batch

	session *session // of the batch; nil: nobody logs in
	visit   visit
	form    string      // to send instead of a GET; empty: none
	extra   http.Header // of a request of the login; nil: it is none

	step   engine.Step // Host is filled in as it becomes known
	result engine.Result
}

// begin returns an attempt and its context. The caller calls end.
func (s *Scraper) begin(ctx context.Context, r engine.Request) (*attempt, context.Context) {
	ctx, stop := context.WithTimeoutCause(ctx, s.cfg.Timeout, errTimeout)
	ctx, enough := context.WithCancelCause(ctx)
	cancel := func() { enough(errEnough); stop() }
	a := &attempt{s: s, r: r, cancel: cancel, wire: newWire(r.Report), start: time.Now(), took: -1}
	a.result = engine.Result{Job: r.Job.ID, Batch: r.Job.Batch, URL: r.Job.URL, Host: r.Job.Host, FetchedAt: a.start}
	if r.URL != r.Job.URL {
		a.result.Final = r.URL
	}
	if recipe, err := s.recipe(r.Recipe); err == nil {
		a.xml = recipe.xml
	}
	return a, ctx
}

func (a *attempt) end() {
	a.wire.end()
	a.cancel()
}

// page fetches r.URL and extracts its records by the recipe.
func (a *attempt) page(ctx context.Context) engine.Step {
	recipe, err := a.s.recipe(a.r.Recipe)
	if err != nil {
		return a.fail(ctx, engine.Extract, err)
	}
	if a.trail, err = recipe.trail(a.r.Job); err != nil {
		return a.fail(ctx, engine.Extract, err)
	}
	a.reach, a.xml = a.trail.reach(recipe), a.trail.reading.xml
	a.charts = recipe.sitemap != nil && (a.r.Job.Depth == 0 || a.trail.Chart > 0)
	if recipe.login != nil {
		if step := a.enter(ctx, recipe); step != nil {
			return *step
		}
	}
	room := pages.Get().(*bytes.Buffer)
	defer putPage(room) // a result holds nothing of it
	page, step := a.fetch(ctx, room)
	if step != nil {
		return *step
	}
	if recipe.anchored && len(a.trail.From) == 0 {
		a.trail.begin(a.r.Job.URL, a.t.href)
	}
	if page.chart != chartNone {
		return a.sitemap(ctx, recipe, page)
	}
	page.trail = a.trail
	if a.session != nil {
		page.again = &a.session.login.again
	}
	return a.extract(ctx, recipe, *page)
}

// fetch returns the page, read into room, or the step that says why there is
// none.
func (a *attempt) fetch(ctx context.Context, room *bytes.Buffer) (*Page, *engine.Step) {
	stop := func(step engine.Step) (*Page, *engine.Step) { return nil, &step }
	var err error
	if a.t.href != a.r.URL { // else it was read already
		if a.t, err = parseTarget(a.r.URL); err != nil {
			return stop(a.fail(ctx, engine.Protocol, fmt.Errorf("URL: %w", err)))
		}
	}
	if err := a.s.fence.check(a.t.host); err != nil {
		return stop(a.fail(ctx, engine.Blocked, err))
	}
	if step := a.obey(ctx); step != nil {
		return nil, step
	}
	resp, err := a.send(ctx)
	if err != nil {
		return stop(a.fail(ctx, classOf(err, false), err))
	}
	defer resp.Body.Close()
	switch {
	case isRedirect(resp.StatusCode):
		drain(resp, a.cancel)
		again, err := a.s.hop(a.r, a.t, resp.Header, maxHops)
		if err != nil {
			return stop(a.fail(ctx, classOf(err, false), err))
		}
		if a.session != nil && a.session.leadsToLogin(again.URL) {
			return stop(a.askedAgain(ctx, engine.Extract))
		}
		if a.reach != nil && !a.reach.holdsURL(again.URL, a.trail.From) {
			return stop(a.skip(engine.Scope, fmt.Errorf("redirect out of scope: to %s", clip(again.URL, maxShown))))
		}
		a.step.Again, a.step.After = again, retryAfter(resp.Header, time.Now())
		return nil, &a.step
	case resp.StatusCode == http.StatusNotModified && a.asked != nil:
		a.done = time.Now()
		return a.unchanged(resp.Header)
	case resp.StatusCode < 200 || resp.StatusCode > 299 || resp.StatusCode == http.StatusPartialContent:
		drain(resp, a.cancel)
		if a.session != nil && a.session.login.again.asks(resp.StatusCode) {
			return stop(a.askedAgain(ctx, engine.Status))
		}
		return stop(a.fail(ctx, engine.Status, statusError(resp.StatusCode)))
	}
	if a.charts {
		return a.chart(ctx, resp)
	}
	text, kind, err := a.s.readPage(resp, room, a.xml)
	a.done = time.Now()
	a.result.Bytes = int64(len(text))
	if err != nil {
		return stop(a.fail(ctx, classOf(err, true), err))
	}
	a.keep(resp, kind, text)
	text = decode(text, resp.Header.Get("Content-Type"), a.xml)
	return &Page{URL: a.t.base(), Body: text, ContentType: kind, Depth: a.r.Job.Depth}, nil
}

// obey returns the step of a page that robots.txt forbids; nil if it may be
// fetched.
func (a *attempt) obey(ctx context.Context) *engine.Step {
	if a.r.Origin == "" || a.t.path == "/robots.txt" && a.t.query == "" { // which is implicitly allowed (RFC 9309, section 2.2.2)
		return nil
	}
	var step engine.Step
	known := a.s.robots.get(a.r.Origin)
	switch {
	case known == nil:
		step = a.fail(ctx, engine.Robots, errors.New("robots.txt: its rules are not known any more"))
	case known.fence != nil:
		step = a.fail(ctx, engine.Blocked, known.fence)
	default:
		ok, by, err := known.allows(ctx, a.t.path+a.t.query)
		if ok {
			return nil
		}
		if err != nil {
			step = a.fail(ctx, engine.Timeout, err)
			break
		}
		a.result.FetchedAt = time.Time{}
		step = a.skip(engine.Robots, fmt.Errorf("robots.txt: Disallow: %s", clip(by, maxShown)))
	}
	return &step
}

// send makes the request and notes what the answer's header says.
func (a *attempt) send(ctx context.Context) (*http.Response, error) {
	own, to := http.Header{}, a.t
	mine := a.s.ownHeader(a.r, a.t)
	if a.extra != nil {
		mine = mine && a.t.origin() == a.session.page.origin()
	}
	if mine {
		maps.Copy(own, a.s.cfg.Header)
	}
	maps.Copy(own, a.extra)
	if a.extra == nil {
		a.ask(own)
	}
	if a.session != nil && a.extra == nil {
		to = a.session.carry(a.t, mine, own)
	}
	cookies := a.cookies()
	if c := cookies.header(a.t); c != "" {
		own["Cookie"] = []string{strings.Join(append(slices.Clip(own["Cookie"]), c), "; ")} // one field (RFC 6265, section 5.4)
	}
	resp, err := a.s.send(ctx, a.wire, to, own, a.form)
	if err != nil {
		return nil, err
	}
	cookies.keep(a.t, resp.Header)
	a.result.Status = resp.StatusCode
	a.result.Header = keep(resp.Header)
	a.step.Host = engine.HostHint{Status: resp.StatusCode, Latency: max(a.wire.timing(time.Time{}).FirstByte, 0)}
	if resp.StatusCode >= 400 {
		a.step.Host.RetryAfter = retryAfter(resp.Header, time.Now())
		a.step.Host.QuotaReset = quotaReset(resp.Header, time.Now())
	}
	return resp, nil
}

// cookies returns the jar of the attempt's batch; nil for robots.txt, which is
// asked for once for all of them.
func (a *attempt) cookies() *jar {
	if a.r.Kind == engine.KindRobots {
		return nil
	}
	return a.s.jar(a.r.Job.Batch, false)
}

// extract ends the attempt with what recipe finds on page.
func (a *attempt) extract(ctx context.Context, recipe *Recipe, page Page) engine.Step {
	a.wire.extracting()
	from := time.Now()
	got, err := safely(func() (Extraction, error) { return recipe.Extract(ctx, page) })
	a.took = time.Since(from)
	if a.session != nil && err == nil {
		if got.asks {
			return a.askedAgain(ctx, engine.Extract)
		}
		a.session.good(a.visit)
		a.session.hideRecords(got.Records)
	}
	if err != nil {
		return a.fail(ctx, extractClass(err), err)
	}
	res := &a.result
	res.Outcome = engine.OK
	if got.Empty {
		res.Outcome, res.Error = engine.Empty, got.Why
	}
	res.Title, res.Fill = got.Title, got.fill()
	if err := a.walk(recipe, got); err != nil {
		return a.fail(ctx, engine.TooComplex, err)
	}
	return a.finish()
}

// extractClass returns the class of an error of Recipe.Extract.
func extractClass(err error) engine.Class {
	switch {
	case errors.Is(err, ErrTooComplex):
		return engine.TooComplex
	case errors.Is(err, ErrNotHTML), errors.Is(err, ErrNotXML):
		return engine.NotHTML
	}
	return engine.Extract
}

// fail ends the attempt with a failed result. A context that someone else ended
// outranks whatever it broke.
func (a *attempt) fail(ctx context.Context, class engine.Class, err error) engine.Step {
	switch cause := context.Cause(ctx); cause {
	case nil, errEnough:
	case errTimeout:
		class, err = engine.Timeout, fmt.Errorf("no result within %v", a.s.cfg.Timeout)
	default:
		class, err = "", cause
	}
	a.result.Outcome, a.result.Class, a.result.Error = engine.Failed, class, words(err)
	return a.finish()
}

// skip ends the attempt: the page is not to be had, and that is no failure.
func (a *attempt) skip(class engine.Class, why error) engine.Step {
	a.result.Outcome, a.result.Class, a.result.Error = engine.Skipped, class, words(why)
	return a.finish()
}

// finish returns the step of a result that is complete but for its times.
func (a *attempt) finish() engine.Step {
	a.result.Elapsed = time.Since(a.start)
	a.result.Timing = a.wire.timing(a.done)
	a.result.Timing.Extract = a.took
	if a.session != nil {
		a.session.hideAll(&a.result)
	}
	a.step.Result = &a.result
	return a.step
}

// safely turns a panic into an error: a page that breaks the parser is one
// failed page.
func safely(f func() (Extraction, error)) (e Extraction, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic while extracting: %v", v)
		}
	}()
	return f()
}

func statusError(status int) error {
	if text := http.StatusText(status); text != "" {
		return fmt.Errorf("status %d %s", status, text)
	}
	return fmt.Errorf("status %d", status)
}

// keep returns an answer's header for a result, in the order of its names: at
// most maxFields fields, each cut to maxValue bytes. Of a cookie, its value is
// left out: who has it has the session.
func keep(h http.Header) []engine.Header {
	var fields []engine.Header
	for name, values := range h {
		for _, v := range values {
			if name == "Set-Cookie" {
				v = withoutValue(v)
			}
			fields = append(fields, engine.Header{Name: name, Value: v})
		}
	}
	slices.SortStableFunc(fields, func(a, b engine.Header) int { return strings.Compare(a.Name, b.Name) })
	fields = slices.Clip(fields[:min(len(fields), maxFields)])
	for i, f := range fields {
		fields[i] = engine.Header{Name: clip(f.Name, maxShown), Value: clip(f.Value, maxValue)}
	}
	return fields
}

// withoutValue returns a Set-Cookie field with its value hidden.
func withoutValue(cookie string) string {
	pair, attributes, found := strings.Cut(cookie, ";")
	name, _, _ := strings.Cut(pair, "=")
	if !found {
		return name + "=(hidden)"
	}
	return name + "=(hidden);" + attributes
}
