package scrape

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

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
