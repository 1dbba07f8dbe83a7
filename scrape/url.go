package scrape

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	whatwgerr "github.com/nlnwa/whatwg-url/errors"
	whatwg "github.com/nlnwa/whatwg-url/url"
)

// maxURL is the longest URL that is fetched, in bytes. RFC 9110, section 4.1
// asks everyone to support 8000 octets at least.
const maxURL = 8000

var (
	errUserinfo = errors.New("user and password in a URL are not supported: --auth takes them")
	errTwoURLs  = errors.New("two URLs in one place")
)

// parser reads URLs as browsers do (WHATWG). A lone percent sign becomes %25: a
// browser would send it as it is, and some servers refuse that.
var parser = whatwg.NewParser(whatwg.WithPercentEncodeSinglePercentSign())

// A target is a URL as it is fetched: absolute, serialised as WHATWG does,
// without a fragment. Two targets with equal href are one resource.
type target struct {
	href      string
	scheme    string // http or https
	authority string // for the Host header: a default port is left out
	host      string // host:port, always with its port; the pacing key
	path      string // begins with a slash
	query     string // with its question mark; empty if there is none
}

// parseTarget reads a URL that an operator wrote.
func parseTarget(raw string) (target, error) {
	if err := checkURL(raw); err != nil {
		return target{}, err
	}
	u, err := parser.Parse(raw)
	if err != nil {
		return target{}, urlError(err)
	}
	return newTarget(u)
}

// resolve reads a URL that an answer from t, or a page, wrote.
func (t target) resolve(ref string) (target, error) {
	if !utf8.ValidString(ref) {
		ref = escapeHigh(ref)
	}
	if err := checkURL(ref); err != nil {
		return target{}, err
	}
	u, err := parser.ParseRef(t.href, ref)
	if err != nil {
		return target{}, urlError(err)
	}
	return newTarget(u)
}

// checkURL refuses what the parser would take though no one means it.
func checkURL(raw string) error {
	switch {
	case len(raw) > maxURL:
		return fmt.Errorf("longer than %d bytes", maxURL)
	case !utf8.ValidString(raw):
		return errors.New("not UTF-8")
	}
	for i, word := range strings.Fields(raw) {
		if i > 0 && (strings.HasPrefix(word, "http://") || strings.HasPrefix(word, "https://")) {
			return errTwoURLs
		}
	}
	return nil
}

// urlError says in few words what the parser says with the whole URL in it.
func urlError(err error) error {
	switch kind := whatwgerr.Type(err); kind {
	case whatwgerr.MissingSchemeNonRelativeURL:
		return errors.New("not a URL: it begins with neither http:// nor https://")
	case whatwgerr.HostMissing:
		return errors.New("not a URL: no host")
	case whatwgerr.PortInvalid, whatwgerr.PortOutOfRange:
		return errors.New("not a URL: bad port")
	default:
		return fmt.Errorf("not a URL: bad host: %s", strings.ToLower(string(kind)))
	}
}

func newTarget(u *whatwg.Url) (target, error) {
	t := target{href: u.Href(true), scheme: u.Scheme(), authority: u.Host(), path: u.Pathname()}
	switch {
	case t.scheme != "http" && t.scheme != "https":
		return target{}, fmt.Errorf("scheme %s: only http and https are fetched", clip(t.scheme, 20))
	case u.Username() != "" || u.Password() != "":
		return target{}, errUserinfo
	case len(t.href) > maxURL:
		return target{}, fmt.Errorf("longer than %d bytes", maxURL)
	}
	t.host = fmt.Sprintf("%s:%d", u.Hostname(), u.DecodedPort())
	if i := strings.IndexByte(t.href, '?'); i >= 0 {
		t.query = t.href[i:]
	}
	return t, nil
}

// origin returns scheme://host:port, whose robots.txt rules t.
func (t target) origin() string { return t.scheme + "://" + t.host }

// request returns t in the form that makes net/http write path and query byte
// by byte as they stand in href: a url.URL with a Path would escape them anew.
func (t target) request() *url.URL {
	u := &url.URL{Scheme: t.scheme, Host: t.authority, Opaque: t.path}
	if strings.HasPrefix(t.path, "//") {
		u.Opaque = "//" + t.authority + t.path // written in absolute form (RFC 9112, 3.2.2)
	}
	if t.query != "" {
		u.RawQuery, u.ForceQuery = t.query[1:], true
	}
	return u
}

// base returns t for resolving the links of its page.
func (t target) base() *url.URL {
	u, err := url.Parse(t.href)
	if err != nil { // a host or escape that net/url is stricter about
		return t.request()
	}
	return u
}

const hexDigits = "0123456789ABCDEF"

// escapeHigh percent-encodes the bytes over ASCII of a URL in some other
// charset, as they are.
func escapeHigh(s string) string {
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		if c := s[i]; c < utf8.RuneSelf {
			b = append(b, c)
		} else {
			b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return string(b)
}
