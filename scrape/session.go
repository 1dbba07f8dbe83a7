package scrape

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/html"

	"weir/engine"
)

// What a login may cost. Accounts are often locked after three wrong tries.
const (
	maxPosts    = 2 // times in a row that the form is sent without success
	maxRounds   = 3 // times in a row that there is no form to send
	loginHops   = 10
	loginPoll   = 200 * time.Millisecond // until a job looks again while another makes a request of the login
	loginRest   = 5 * time.Minute        // after maxRounds, nobody asks for the form
	maxVain     = 10                     // see session.wants
	leastSecret = 4                      // bytes of a secret that is looked for in what is shown: shorter ones are in every text
)

// errLogin begins the words of what went wrong with a login.
var errLogin = errors.New("login")

// A session is the login of one batch at one page.
//
// Nobody owns it between two requests: it knows which request comes next, and
// the first job that has a turn at that host makes it. While it is under way the
// others come again a little later. So a job that is cancelled in between takes
// nothing with it.
//
// A session is safe for use by multiple goroutines.
type session struct {
	login  *login
	values []string // of the login's fields
	page   target   // with the form

	mu     sync.Mutex
	next   loginStep
	under  bool // a request of the login is under way
	in     bool
	age    int // logins so far
	posts  int // in a row without success
	rounds int // in a row without a form to send
	vain   int // logins in a row after which the page that had asked for one asked again
	asking int // pages in a row that asked for a login
	rest   time.Time
	failed *fault // why nobody logs in any more, if rest is zero or to come
	hidden []int  // fields that are passwords on the page
	token  string
	from   target // where the token came from
}

// A loginStep is a request of a login. The zero step asks for the page with the
// form.
type loginStep struct {
	to    target // zero: the page with the form
	form  string // to send; empty: GET
	sent  bool   // the form was sent before
	from  target // the page that the form was on
	hops  int
	again bool // not the first request: to is set
}

type sessionKey struct {
	batch engine.BatchID
	page  string
}

// A sessions is the session of each batch. The zero value has none.
type sessions struct {
	mu    sync.Mutex
	known map[sessionKey]*session
}

// session returns the session that a job of r needs.
func (s *Scraper) session(r *Recipe, t *trail, j engine.Job) (*session, error) {
	listed := j.URL
	if len(t.From) > 0 {
		listed = t.From[0]
	}
	page, err := r.loginPage(listed)
	if err != nil {
		return nil, fmt.Errorf("%w: its page: %w", errLogin, err)
	}
	s.mu.RLock()
	values, ready := s.secrets[r.Ref()]
	s.mu.RUnlock()
	if !ready {
		return nil, fmt.Errorf("%w: what it needs was not read at the start", errLogin)
	}
	key := sessionKey{j.Batch, page.href}
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	ses := s.sessions.known[key]
	if ses == nil {
		if s.sessions.known == nil {
			s.sessions.known = make(map[sessionKey]*session)
		}
		ses = &session{login: r.login, values: values, page: page}
		s.sessions.known[key] = ses
		s.fence.list(page) // it stands in the recipe
		s.jar(j.Batch, true)
	}
	return ses, nil
}

// A visit is what an attempt at a page knows of the login, from step to step.
type visit struct {
	page   *engine.Request // waits while a request of the login is made; nil: none is
	logins int             // that the page has asked for
	age    int             // of the session that the page was asked for with
}

// enter sees to it that the batch is logged in. It returns the step that comes
// first, nil if the page may be asked for.
func (a *attempt) enter(ctx context.Context, r *Recipe) *engine.Step {
	var err error
	if a.session, err = a.s.session(r, a.trail, a.r.Job); err != nil {
		step := a.fail(ctx, engine.Extract, err)
		return &step
	}
	if v, ok := a.r.Baton.(visit); ok {
		a.visit = v
	}
	ses := a.session
	ses.mu.Lock()
	now := time.Now()
	next := ses.next
	if !next.again {
		next.to = ses.page
	}
	switch {
	case ses.in:
		a.visit.age = ses.age
		ses.mu.Unlock()
		if a.visit.page != nil {
			return a.back(0)
		}
		return nil
	case ses.failed != nil && !now.Before(ses.rest) && !ses.rest.IsZero():
		ses.failed, ses.rounds = nil, 0
		fallthrough
	case ses.failed == nil:
	default:
		failed := ses.failed
		ses.mu.Unlock()
		step := a.fail(ctx, failed.class, failed)
		return &step
	}
	wait := time.Duration(0)
	switch {
	case ses.under:
		wait = loginPoll
	case now.Before(ses.rest):
		wait = ses.rest.Sub(now)
	case a.visit.page != nil && a.r.Host == next.to.host:
		ses.under = true
		if next.form != "" {
			ses.posts++
		}
		ses.mu.Unlock()
		return a.stepIn(ctx, next)
	}
	ses.mu.Unlock()
	return a.toLogin(next.to.host, wait)
}

// toLogin sends the job to the host of the login's next request.
func (a *attempt) toLogin(host string, wait time.Duration) *engine.Step {
	v := a.visit
	if v.page == nil {
		page := a.r
		v.page = &page
	}
	again := a.r
	again.URL, again.Host, again.Hops, again.Baton = a.session.page.href, host, nil, v
	// The operator names this one page, with what is to be written there: no
	// crawler comes across it, and robots.txt is for crawlers.
	again.Origin = ""
	a.step.Again, a.step.After, a.step.Login = &again, wait, true
	return &a.step
}

// back sends the job to its page.
func (a *attempt) back(wait time.Duration) *engine.Step {
	again := *a.visit.page
	again.Baton = visit{logins: a.visit.logins}
	a.step.Again, a.step.After = &again, wait
	return &a.step
}

// stepIn makes one request of the login.
func (a *attempt) stepIn(ctx context.Context, st loginStep) *engine.Step {
	ses := a.session
	next, done, err := a.logIn(ctx, st)
	var class engine.Class
	switch {
	case err == nil:
	case ctx.Err() != nil && context.Cause(ctx) == errTimeout:
		class, err = engine.Timeout, fmt.Errorf("%w: no answer within %v", errLogin, a.s.cfg.Timeout)
	default:
		class, err = classOf(err, false), fmt.Errorf("%w: %w", errLogin, err)
	}
	cut := ctx.Err() != nil && context.Cause(ctx) != errTimeout
	ses.advance(a, st, next, done, cut, class, err)
	switch {
	case err != nil:
		step := a.fail(ctx, class, err)
		return &step
	case done:
		return a.back(0)
	}
	return a.toLogin(next.to.host, 0)
}

// advance notes what came of a step: the next one, a login, or trouble.
func (ses *session) advance(a *attempt, st, next loginStep, done, cut bool, class engine.Class, err error) {
	ses.mu.Lock()
	defer ses.mu.Unlock()
	ses.under = false
	ses.next = next
	if err == nil {
		if done {
			ses.in, ses.posts, ses.rounds, ses.asking, ses.rest = true, 0, 0, 0, time.Time{}
			ses.age++
		}
		return
	}
	ses.next = loginStep{}
	if cut { // nobody knows what came of it
		return
	}
	var final *rejected
	refused := a.step.Host.Status == http.StatusTooManyRequests || a.step.Host.RetryAfter > 0
	answered := a.result.Status != 0 && !refused
	if answered && !st.sent && st.form == "" {
		ses.rounds++
	}
	later := class // of the jobs that fail for it without a request: they are not retried, and say nothing of their host
	if later != engine.Status {
		later = engine.Extract
	}
	switch {
	case errors.As(err, &final):
		ses.failed, ses.rest = &fault{later, err}, time.Time{}
	case ses.posts >= maxPosts:
		ses.failed = &fault{later, fmt.Errorf("%w (the form was sent %d times, and is not again)", err, ses.posts)}
		ses.rest = time.Time{}
	case ses.rounds >= maxRounds:
		ses.failed = &fault{later, fmt.Errorf("%w (%d times)", err, ses.rounds)}
		ses.rest = time.Now().Add(loginRest)
	case answered:
		ses.rest = time.Now().Add(time.Second << max(ses.posts, ses.rounds))
	}
}

// A rejected is a login that is not to be tried again: the site refused it, and
// to repeat it may lock the account.
type rejected struct{ error }

func reject(class engine.Class, format string, args ...any) error {
	return &fault{class, &rejected{fmt.Errorf(format, args...)}}
}

// logIn makes the request of a step and returns the one that follows from it,
// or done if the batch is logged in.
func (a *attempt) logIn(ctx context.Context, st loginStep) (next loginStep, done bool, err error) {
	ses := a.session
	a.t = st.to
	if err := a.s.fence.check(a.t.host); err != nil {
		return next, false, err
	}
	a.extra = http.Header{}
	if st.form != "" {
		a.form = st.form
		a.extra.Set("Content-Type", "application/x-www-form-urlencoded")
		a.extra.Set("Origin", st.from.scheme+"://"+st.from.authority) // what frameworks ask of a form against forgery
		a.extra.Set("Referer", st.from.href)
	}
	resp, err := a.send(ctx)
	if err != nil {
		return next, false, err
	}
	defer resp.Body.Close()
	sent := st.sent || st.form != ""
	switch status := resp.StatusCode; {
	case isRedirect(status):
		drain(resp, a.cancel)
		if st.form != "" && (status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect) {
			return next, false, faultf(engine.Redirect, "the form would have to be sent to another place (status %d)", status)
		}
		to, err := st.to.resolve(resp.Header.Get("Location"))
		switch {
		case err != nil:
			return next, false, faultf(engine.Redirect, "a redirect to nowhere")
		case st.hops == loginHops:
			return next, false, faultf(engine.Redirect, "more than %d redirects", loginHops)
		}
		if err := a.s.fence.check(to.host); err != nil {
			return next, false, err
		}
		return loginStep{to: to, sent: sent, from: st.from, hops: st.hops + 1, again: true}, false, nil
	case sent && (status == http.StatusUnauthorized || status == http.StatusForbidden):
		drain(resp, a.cancel)
		return next, false, reject(engine.Status, "rejected: %w", statusError(status))
	case status >= 500, status == http.StatusTooManyRequests, !sent && (status < 200 || status > 299):
		drain(resp, a.cancel)
		return next, false, &fault{engine.Status, statusError(status)}
	}
	text, _, err := a.s.readPage(resp, new(bytes.Buffer), false)
	if class := engine.NotHTML; err != nil && !(sent && classOf(err, true) == class) {
		return next, false, &fault{classOf(err, true), err}
	}
	a.done = time.Now()
	w := newWork(ctx)
	doc, err := newLoginDoc(w, toUTF8(text, resp.Header.Get("Content-Type")), a.t)
	if err != nil {
		return next, false, &fault{engine.TooComplex, err}
	}
	l := ses.login
	n := doc.form(l)
	switch {
	case w.err != nil:
		return next, false, &fault{engine.TooComplex, w.err}
	case sent && (n != nil || l.again.on(doc)):
		return next, false, reject(engine.Extract, "rejected: the page asks for it again")
	case sent:
		return next, true, ses.keep(doc, a.t, false)
	case n == nil:
		return next, false, faultf(engine.Extract, "the page has no such form")
	}
	form, err := doc.fill(l, n, ses.values)
	switch {
	case w.err != nil:
		return next, false, &fault{engine.TooComplex, w.err}
	case err != nil:
		return next, false, reject(engine.Extract, "%w", err)
	case ses.page.scheme == "https" && form.action.scheme == "http":
		return next, false, reject(engine.Extract, "the form would be sent in the clear")
	}
	if err := a.s.fence.check(form.action.host); err != nil {
		return next, false, err
	}
	ses.mu.Lock()
	ses.hidden = form.hidden
	ses.mu.Unlock()
	ses.keep(doc, a.t, true)
	return loginStep{to: form.action, form: form.body, from: a.t, again: true}, false, nil
}

// keep takes the token of a page. first says that another may still come.
func (ses *session) keep(doc *loginDoc, at target, first bool) error {
	if ses.login.token.sel == nil {
		return nil
	}
	value := doc.token(&ses.login.token)
	ses.mu.Lock()
	defer ses.mu.Unlock()
	if first || value != "" {
		ses.token, ses.from = value, at
	}
	if !first && ses.token == "" {
		return faultf(engine.Extract, "no token: nothing on the page is %s", clip(ses.login.token.sel.text, maxShown))
	}
	return nil
}

// wants notes that a page asked for a login, with which it was fetched at age,
// and reports whether there is to be another. A page that the account may never
// see asks for ever, and each login that did not help it doubles how many pages
// in a row must ask before there is one more.
func (ses *session) wants(v visit) bool {
	ses.mu.Lock()
	defer ses.mu.Unlock()
	if ses.age != v.age || !ses.in {
		return v.logins == 0 // there was one meanwhile, or is about to be
	}
	if v.logins > 0 {
		ses.vain = min(ses.vain+1, maxVain)
	}
	ses.asking++
	if v.logins > 0 || ses.asking < 1<<ses.vain {
		return false
	}
	ses.in = false
	return true
}

// good notes that a page did not ask for a login.
func (ses *session) good(v visit) {
	ses.mu.Lock()
	defer ses.mu.Unlock()
	if ses.asking = 0; v.logins > 0 {
		ses.vain = 0
	}
}

// askedAgain ends the attempt at a page that asks for a login: there is one, and
// the page is fetched again.
func (a *attempt) askedAgain(ctx context.Context, class engine.Class) engine.Step {
	if !a.session.wants(a.visit) {
		why := "the page asks for one"
		if a.visit.logins > 0 {
			why = "the page asks for one right after it"
		}
		return a.fail(ctx, class, fmt.Errorf("%w: %s", errLogin, why))
	}
	j := a.r.Job
	again := a.r
	again.URL, again.Host, again.Origin, again.Hops = j.URL, j.Host, j.Origin, nil
	again.Baton = visit{logins: a.visit.logins + 1}
	a.step.Again, a.step.Login = &again, true
	return a.step
}

// leadsToLogin reports whether a redirect leads to the page with the form.
func (ses *session) leadsToLogin(url string) bool {
	t, err := parseTarget(url)
	return err == nil && t.origin() == ses.page.origin() && t.path == ses.page.path
}

// token adds what goes with every request to t. own says that t is the
// operator's to send secrets to.
func (ses *session) carry(t target, own bool, h http.Header) target {
	ses.mu.Lock()
	defer ses.mu.Unlock()
	tok := &ses.login.token
	if ses.token == "" || !own && t.origin() != ses.from.origin() {
		return t
	}
	if tok.header != "" {
		h.Set(tok.header, strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return -1
			}
			return r
		}, ses.token))
		return t
	}
	t = t.without(tok.query)
	mark := "?"
	if t.query != "" {
		mark = "&"
	}
	t.query += mark + url.QueryEscape(tok.query) + "=" + url.QueryEscape(ses.token)
	return t
}

// without returns t without a parameter of its query.
func (t target) without(name string) target {
	if !strings.Contains(t.query, name+"=") {
		return t
	}
	head := t.href[:len(t.href)-len(t.query)]
	params := slices.DeleteFunc(strings.Split(t.query[1:], "&"), func(p string) bool { return paramName(p) == name })
	if t.query = ""; len(params) > 0 {
		t.query = "?" + strings.Join(params, "&")
	}
	t.href = head + t.query
	return t
}

// hide takes what is secret out of a text that people will see; all of it, if
// the secret stands there in some coding.
func (ses *session) hide(text string) string {
	secrets := ses.spoken()
	holds := func(text string) bool {
		return slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(text, s) })
	}
	for _, s := range secrets {
		text = strings.ReplaceAll(text, s, "(hidden)")
	}
	for _, decode := range []func(string) (string, error){
		url.PathUnescape, url.QueryUnescape, func(s string) (string, error) { return html.UnescapeString(s), nil },
	} {
		if plain, err := decode(text); err == nil && plain != text && holds(plain) {
			return "(hidden)"
		}
	}
	return text
}

// shows reports whether a text holds what is secret.
func (ses *session) shows(text string) bool { return ses.hide(text) != text }

// spoken returns what is to be hidden: the token and the values that are not in
// the recipe.
func (ses *session) spoken() []string {
	ses.mu.Lock()
	defer ses.mu.Unlock()
	values := []string{ses.token}
	for i := range ses.login.fields {
		if !ses.login.fields[i].open() {
			values = append(values, ses.values[i])
		}
	}
	return slices.DeleteFunc(values, func(v string) bool { return len(v) < leastSecret })
}

// hideRecords takes what is a password on the login's page out of records.
func (ses *session) hideRecords(records []engine.Record) {
	ses.mu.Lock()
	var passwords []string
	for _, i := range ses.hidden {
		if len(ses.values[i]) >= leastSecret {
			passwords = append(passwords, ses.values[i])
		}
	}
	ses.mu.Unlock()
	hide := func(v any) any {
		text, ok := v.(string)
		for _, p := range passwords {
			text = strings.ReplaceAll(text, p, "(hidden)")
		}
		if !ok {
			return v
		}
		return text
	}
	for _, rec := range records {
		for i := range rec {
			switch v := rec[i].Value.(type) {
			case string:
				rec[i].Value = hide(v)
			case []string:
				for j := range v {
					v[j] = hide(v[j]).(string)
				}
			case []any:
				for j := range v {
					v[j] = hide(v[j])
				}
			}
		}
	}
}

// hideAll takes what is secret out of a result.
func (ses *session) hideAll(r *engine.Result) {
	r.Error, r.Final, r.Title = ses.hide(r.Error), ses.hide(r.Final), ses.hide(r.Title)
	for i := range r.Header {
		r.Header[i].Value = ses.hide(r.Header[i].Value)
	}
	for i := range r.Findings {
		r.Findings[i].Raw = ses.hide(r.Findings[i].Raw)
	}
	r.Links = slices.DeleteFunc(r.Links, func(j engine.Job) bool { return ses.shows(j.URL) })
}
