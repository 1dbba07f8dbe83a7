package scrape

import (
	"fmt"
	"slices"
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// A scopeName says how far from where a walk began its links may lead.
type scopeName uint8

const (
	scopeAny  scopeName = iota
	scopeHost           // the host of the URL at which the walk began
	scopePath           // and below its directory
)

var scopeNames = []string{"any", "host", "path"}

// A reach is where links may lead. The zero reach is everywhere.
//
// A walk begins at the URL of a list, and where that was redirected to: a list
// says one.test and its server www.one.test.
type reach struct {
	scope scopeName
	hosts []glob // of names, or of names with a port, that are in scope besides
}

func (s sheet) scope(p pair, r *reach) error {
	name, err := s.text(p)
	if err != nil {
		return err
	}
	at := slices.Index(scopeNames, name)
	if at < 0 {
		return s.errorf(p.value, "scope %q is not %s%s", clip(name, maxShown), oneOf(scopeNames), suggest(name, scopeNames))
	}
	r.scope = scopeName(at)
	return nil
}

func (s sheet) hosts(p pair, r *reach) error {
	names, err := s.texts(p, maxHosts)
	if err != nil {
		return err
	}
	for i, name := range names {
		if err := checkHost(name); err != nil {
			return s.at(p.value.Content[i], err)
		}
		r.hosts = append(r.hosts, newGlob(strings.ToLower(name)))
	}
	return nil
}

// checkHost says whether name can be a host, with stars in it or not.
func checkHost(name string) error {
	bad := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.*:[]", r)
	}
	switch i := strings.IndexFunc(name, bad); {
	case strings.Contains(name, "/"):
		return fmt.Errorf("host %q is a URL: only a host such as docs.example.org or *.example.org", clip(name, maxShown))
	case i >= 0:
		return fmt.Errorf("host %q is not of letters, digits and - . * :, or an international name not in its xn-- form", clip(name, maxShown))
	}
	return nil
}

// holds reports whether u is in reach of a walk that began at began, of which
// there is one or more.
func (r *reach) holds(u *whatwg.Url, began []string) bool {
	if r.scope == scopeAny {
		return true
	}
	name := strings.ToLower(u.Hostname())
	with := fmt.Sprintf("%s:%d", name, u.DecodedPort())
	for _, h := range r.hosts {
		if h.matches(name) || h.matches(with) {
			return true
		}
	}
	for _, from := range began {
		b, err := parser.Parse(from)
		if err != nil || !sameHost(u, b) {
			continue
		}
		if r.scope == scopeHost || strings.HasPrefix(u.Pathname(), directory(b.Pathname())) {
			return true
		}
	}
	return false
}

// holdsURL is holds for a URL as text.
func (r *reach) holdsURL(url string, began []string) bool {
	if r.scope == scopeAny {
		return true
	}
	u, err := parser.Parse(url)
	return err == nil && r.holds(u, began)
}

// sameHost reports whether two URLs are of one host and port. Ports 80 and 443
// are one: a site answers at both, at the one often only with a redirect.
func sameHost(a, b *whatwg.Url) bool {
	if a.Hostname() != b.Hostname() {
		return false
	}
	p, q := a.DecodedPort(), b.DecodedPort()
	return p == q || (p == 80 || p == 443) && (q == 80 || q == 443)
}

// directory returns a path up to its last slash.
func directory(path string) string { return path[:strings.LastIndexByte(path, '/')+1] }
