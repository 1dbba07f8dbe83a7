package scrape

import (
	"container/list"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/publicsuffix"

	"weir/engine"
)

// What a jar holds at most: what RFC 6265, section 6.1 asks of everyone, and
// not much more.
const (
	maxCookie       = 4096     // bytes of a name and its value; larger ones are dropped (RFC 6265bis, section 5.6)
	maxAttributes   = 1024     // bytes of a domain and a path, likewise
	maxAnswer       = 50       // cookies taken of one answer
	maxSiteCookies  = 100      // of one site; the oldest goes
	maxCookies      = 3000     // of a jar; the site that was used longest ago goes
	maxCookieHeader = 16 << 10 // bytes sent with one request
)

// A jar holds the cookies of one batch under the rules of RFC 6265: a cookie
// goes to the host that set it, or to the domain it was set for if that is not
// a public suffix (publicsuffix.org), below its path, and over TLS only if it
// says so. It is bounded in number and size.
//
// A nil jar is one that keeps nothing. A jar is safe for use by multiple
// goroutines.
type jar struct {
	mu     sync.Mutex
	sites  map[string]*list.Element // of *cookieSite, by name
	recent list.List                // used last at the front
	held   int                      // cookies of all sites, expired ones with them
}

// A cookieSite is the cookies of a registrable domain: no cookie is set from
// one for another.
type cookieSite struct {
	name  string
	jar   *cookiejar.Jar
	known []cookieKey // oldest first
}

// A cookieKey is what makes two cookies the same one (section 5.3). host is set
// for those that go back to their host only, domain for the others.
type cookieKey struct{ host, domain, path, name string }

func keyOf(c *http.Cookie, from *url.URL) cookieKey {
	k := cookieKey{domain: strings.ToLower(strings.TrimPrefix(c.Domain, ".")), path: c.Path, name: c.Name}
	if k.domain == "" {
		k.host = from.Hostname()
	}
	if !strings.HasPrefix(k.path, "/") { // the directory of the URL (section 5.1.4)
		k.path = from.Path[:max(strings.LastIndexByte(from.Path, '/'), 0)]
	}
	if k.path == "" {
		k.path = "/"
	}
	return k
}

// siteOf returns the registrable domain of a host name, or the name itself if
// it has none, as an address has.
func siteOf(host string) string {
	if site, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return site
	}
	return host
}

// keep takes the cookies of an answer from t.
func (j *jar) keep(t target, h http.Header) {
	if j == nil || len(h["Set-Cookie"]) == 0 {
		return
	}
	set := (&http.Response{Header: h}).Cookies()
	j.set(t.cookieURL(), set[:min(len(set), maxAnswer)])
}

func (j *jar) set(from *url.URL, cookies []*http.Cookie) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range cookies {
		if len(c.Name)+len(c.Value) > maxCookie || len(c.Domain)+len(c.Path) > maxAttributes {
			continue
		}
		s := j.site(siteOf(from.Hostname()))
		s.jar.SetCookies(from, []*http.Cookie{c})
		key := keyOf(c, from)
		known := slices.Index(s.known, key)
		switch {
		case c.MaxAge < 0 && known >= 0:
			s.known = slices.Delete(s.known, known, known+1)
			j.held--
		case c.MaxAge >= 0 && known < 0:
			s.known = append(s.known, key)
			j.held++
		}
		if len(s.known) > maxSiteCookies {
			s.drop()
			j.held--
		}
	}
	for j.held > maxCookies {
		last := j.recent.Remove(j.recent.Back()).(*cookieSite)
		delete(j.sites, last.name)
		j.held -= len(last.known)
	}
}

// site returns the cookies of a site, which is used now.
func (j *jar) site(name string) *cookieSite {
	if at, ok := j.sites[name]; ok {
		j.recent.MoveToFront(at)
		return at.Value.(*cookieSite)
	}
	if j.sites == nil {
		j.sites = make(map[string]*list.Element)
	}
	s := &cookieSite{name: name}
	s.jar, _ = cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List}) // it has no error to return
	j.sites[name] = j.recent.PushFront(s)
	return s
}

// drop forgets the oldest cookie.
func (s *cookieSite) drop() {
	k := s.known[0]
	s.known = s.known[1:]
	gone := &http.Cookie{Name: k.name, Domain: k.domain, Path: k.path, MaxAge: -1}
	s.jar.SetCookies(&url.URL{Scheme: "https", Host: k.host + k.domain, Path: "/"}, []*http.Cookie{gone})
}

// header returns the Cookie field for a request of t, empty if none goes with
// it.
func (j *jar) header(t target) string {
	if j == nil {
		return ""
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	u := t.cookieURL()
	name := siteOf(u.Hostname())
	if _, ok := j.sites[name]; !ok {
		return ""
	}
	var b strings.Builder
	for _, c := range j.site(name).jar.Cookies(u) {
		if b.Len()+len(c.Name)+len(c.Value)+3 > maxCookieHeader {
			break
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		if c.Quoted {
			c.Value = `"` + c.Value + `"`
		}
		b.WriteString(c.Name + "=" + c.Value)
	}
	return b.String()
}

// cookieURL returns t as a jar reads it: the path as it stands in the URL.
func (t target) cookieURL() *url.URL {
	return &url.URL{Scheme: t.scheme, Host: t.authority, Path: t.path}
}

// A jars is the jar of each batch. The zero value has none.
type jars struct {
	mu    sync.Mutex
	known map[engine.BatchID]*jar
}

// jar returns the jar of a batch, nil if the batch keeps no cookies. With keep
// it does from now on: a login needs them, whatever the operator said of others.
func (s *Scraper) jar(b engine.BatchID, keep bool) *jar {
	s.jars.mu.Lock()
	defer s.jars.mu.Unlock()
	j := s.jars.known[b]
	if j != nil || !keep && s.cfg.Cookies == nil {
		return j
	}
	if s.jars.known == nil {
		s.jars.known = make(map[engine.BatchID]*jar)
	}
	j = new(jar)
	s.jars.known[b] = j
	s.cfg.Cookies.fill(j)
	return j
}
