package scrape

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"weir/engine"
)

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
