package scrape

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http/httpguts"

	"weir/engine"
)

// Config holds the numbers and rules of a Scraper. The zero Config is usable.
type Config struct {
	// Timeout is what one attempt may take, from connecting to the end of
	// extraction. Zero means DefaultTimeout.
	Timeout time.Duration

	MaxBody   int64 // bytes of a page, its content coding undone; zero: DefaultMaxBody
	MaxHeader int64 // bytes of an answer's header; zero: DefaultMaxHeader

	// Workers is how many calls of Do there are at once, for the number of
	// connections that are kept. Zero means engine.DefaultWorkers.
	Workers int

	// UserAgent is sent with every request; its product token is whom
	// robots.txt is read for. Empty means "weir". Contact, if not empty, is
	// appended as " (+CONTACT)" (RFC 9309, section 2.2.1).
	UserAgent string
	Contact   string

	// Header and Auth (as Authorization) are sent to the origins that the
	// operator listed, but not on from a redirect to another one.
	Header http.Header
	Auth   *Auth

	// Cookies is what each batch's jar begins with. Nil: cookies are neither
	// kept nor sent, but for a batch that logs in. A page then comes out the
	// same whatever was fetched before it, in which order and by how many
	// workers, and no site can follow a run from page to page.
	Cookies *Cookies

	// Roots are the authorities that vouch for servers; nil: the system's.
	// Certificate is shown to the hosts that the operator listed and that ask
	// for one. Insecure believes those hosts whatever certificate they show.
	Roots       *x509.CertPool
	Certificate *tls.Certificate
	Insecure    bool

	// Keep, if not nil, is given every page that is fetched. A page that it
	// has is asked for with If-None-Match and If-Modified-Since, and one that
	// did not change is extracted as it was kept: ok, and Unchanged. The
	// caller closes it after the Scraper.
	Keep *Keep

	// IgnoreRobots makes jobs without an Origin, so that no robots.txt is
	// asked for.
	IgnoreRobots bool

	// Allow lists private networks that redirects and followed links may
	// lead into.
	Allow []netip.Prefix

	// Proxy is what requests go through, robots.txt and logins with them;
	// nil: nothing, whatever the environment says.
	Proxy *Proxy

	// HTTP1 leaves HTTP/2 out, which else is spoken to whoever offers it
	// over TLS.
	HTTP1 bool

	// Dial makes connections in place of a net.Dialer, with all checks on
	// the address but those of names. Nil means the network.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// A Scraper fetches pages over HTTP and extracts records from them by recipes.
// It implements [engine.Scraper].
//
// It starts no goroutine of its own; net/http has some for each connection,
// which end after Close. A Scraper is safe for use by multiple goroutines.
type Scraper struct {
	cfg       Config
	agent     string // the whole User-Agent
	fence     fence
	robots    robotsCache
	jars      jars
	transport *http.Transport
	pool      *pool                                                                 // of HTTP/2; nil: it is not spoken
	lookup    func(ctx context.Context, network, name string) ([]netip.Addr, error) // for socks5

	mu      sync.RWMutex
	recipes map[engine.RecipeRef]*Recipe
	secrets map[engine.RecipeRef][]string // of the fields of their logins

	sessions sessions
}

var _ engine.Scraper = (*Scraper)(nil)

// New returns a Scraper. It returns an error that names the first field of cfg
// that cannot be used.
//
// It also makes the standard logger drop the one message in which net/http
// prints bytes of a server.
func New(cfg Config) (*Scraper, error) {
	if err := cfg.complete(); err != nil {
		return nil, fmt.Errorf("scrape: %w", err)
	}
	quieten()
	s := &Scraper{
		cfg:     cfg,
		agent:   cfg.UserAgent,
		fence:   fence{allow: cfg.Allow},
		lookup:  net.DefaultResolver.LookupNetIP,
		recipes: make(map[engine.RecipeRef]*Recipe),
	}
	if cfg.Contact != "" {
		s.agent += " (+" + cfg.Contact + ")"
	}
	s.transport = s.newTransport()
	if !cfg.HTTP1 {
		s.pool = s.newPool()
	}
	return s, nil
}

// complete fills in the defaults.
func (cfg *Config) complete() error {
	switch {
	case cfg.Timeout < 0:
		return fmt.Errorf("timeout %v: want above zero", cfg.Timeout)
	case cfg.MaxBody < 0:
		return fmt.Errorf("max body %d: want above zero", cfg.MaxBody)
	case cfg.MaxHeader < 0:
		return fmt.Errorf("max header %d: want above zero", cfg.MaxHeader)
	case cfg.Workers < 0:
		return fmt.Errorf("workers %d: want at least 1", cfg.Workers)
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, DefaultTimeout)
	cfg.MaxBody = cmp.Or(cfg.MaxBody, DefaultMaxBody)
	cfg.MaxHeader = cmp.Or(cfg.MaxHeader, DefaultMaxHeader)
	cfg.Workers = cmp.Or(cfg.Workers, engine.DefaultWorkers)
	header := make(http.Header, len(cfg.Header))
	for name, values := range cfg.Header {
		if err := checkHeader(name, values); err != nil {
			return err
		}
		name = http.CanonicalHeaderKey(name)
		header[name] = append(header[name], values...)
	}
	if agent := header.Get("User-Agent"); agent != "" {
		cfg.UserAgent = cmp.Or(cfg.UserAgent, agent)
	}
	if cfg.Auth != nil {
		if header.Get("Authorization") != "" {
			return errors.New("header Authorization: there is one for the user or token already")
		}
		header.Set("Authorization", cfg.Auth.field)
	}
	header.Del("User-Agent") // robots.txt is read for it, so it is one everywhere
	cfg.Header = header
	cfg.UserAgent = cmp.Or(cfg.UserAgent, "weir")
	if !httpguts.ValidHeaderFieldValue(cfg.UserAgent) {
		return errors.New("user agent: not a header value")
	}
	if !httpguts.ValidHeaderFieldValue(cfg.Contact) || strings.ContainsAny(cfg.Contact, "()") {
		return errors.New("contact: want an address or a URL without brackets")
	}
	allow := make([]netip.Prefix, len(cfg.Allow))
	for i, p := range cfg.Allow {
		if !p.IsValid() {
			return fmt.Errorf("allow: prefix %d is not valid", i+1)
		}
		allow[i] = p.Masked()
	}
	cfg.Allow = allow
	return nil
}

// framing are the fields that net/http and this package write themselves.
var framing = map[string]bool{
	"Accept-Encoding": true, "Connection": true, "Content-Length": true, "Expect": true,
	"Host": true, "Keep-Alive": true, "Proxy-Authorization": true, "Proxy-Connection": true, "Te": true,
	"Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
}

func checkHeader(name string, values []string) error {
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		return fmt.Errorf("header %q: not a field name", clip(name, 40))
	case framing[http.CanonicalHeaderKey(name)]:
		return fmt.Errorf("header %s: cannot be set", name)
	}
	for _, v := range values {
		if !httpguts.ValidHeaderFieldValue(v) {
			return fmt.Errorf("header %s: not a field value", name) // which may be a secret
		}
	}
	return nil
}

// Use makes r known to Do and returns its name for an [engine.Batch]. Using a
// recipe twice is using it once.
func (s *Scraper) Use(r *Recipe) engine.RecipeRef {
	ref := r.Ref()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.recipes[ref]; !known {
		s.recipes[ref] = r
	}
	return ref
}

func (s *Scraper) recipe(ref engine.RecipeRef) (*Recipe, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if r, ok := s.recipes[ref]; ok {
		return r, nil
	}
	return nil, fmt.Errorf("recipe %q is not in use", ref.Name)
}

// Job makes a job of a URL that an operator wrote, for a recipe without rules
// of its own for fingerprints. Its host counts as listed by the operator from
// now on: it may be in a private network.
//
// The error says what is wrong with raw, without repeating it.
func (s *Scraper) Job(raw string) (engine.Job, error) { return s.listed(raw, nil) }

// listed is Job for a batch of r, which may be nil.
func (s *Scraper) listed(raw string, r *Recipe) (engine.Job, error) {
	t, err := parseTarget(raw)
	if err != nil {
		return engine.Job{}, err
	}
	s.fence.list(t)
	return s.job(t, r), nil
}

// job makes a job of a batch of r, which may be nil.
func (s *Scraper) job(t target, r *Recipe) engine.Job {
	j := engine.Job{URL: t.href, Host: t.host}
	if r == nil {
		j.Fingerprint = t.fingerprint()
	} else {
		j.Fingerprint = t.fingerprint(r.ignore...)
	}
	if !s.cfg.IgnoreRobots {
		j.Origin = t.origin()
	}
	return j
}

// Close ends the connections that are kept. Calls of Do that are under way are
// not disturbed. It returns nil.
func (s *Scraper) Close() error {
	s.transport.CloseIdleConnections()
	if s.pool != nil {
		s.pool.close()
	}
	return nil
}
