package scrape

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/publicsuffix"
)

// Cookies are what every batch's jar begins with. The zero Cookies are none.
type Cookies struct{ list []fileCookie }

type fileCookie struct {
	from   *url.URL
	cookie *http.Cookie
}

// fill puts c into an empty jar, what has expired apart.
func (c *Cookies) fill(j *jar) {
	if c == nil {
		return
	}
	for _, f := range c.list {
		one := *f.cookie
		j.set(f.from, []*http.Cookie{&one})
	}
}

// LoadCookies reads a file as [ReadCookies] does.
func LoadCookies(path string) (*Cookies, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, pathError(path, err)
	}
	defer f.Close()
	c, err := ReadCookies(path, f)
	if named, ok := errors.AsType[*fs.PathError](err); ok { // the path is said already
		err = fmt.Errorf("scrape: %s: %w", path, named.Err)
	}
	return c, err
}

// ReadCookies reads a file of cookies in the form that curl (-c), wget and the
// exports of browsers have, which is Netscape's: a cookie a line, seven fields
// apart by tabs (domain, TRUE for its subdomains too, path, TRUE for TLS only,
// seconds since 1970 when it expires or 0, name, value). Lines that begin with
// # are comments, but for #HttpOnly_ in front of a domain.
//
// Errors are of the form `scrape: cookies.txt:3: ...` and never hold a value.
// The list may hold at most 3,000 cookies, of 4 KiB each.
func ReadCookies(name string, in io.Reader) (*Cookies, error) {
	c := &Cookies{}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 4*maxCookie)
	n := 0
	for lines.Scan() {
		n++
		text, _ := strings.CutPrefix(strings.TrimRight(lines.Text(), "\r"), "#HttpOnly_")
		if strings.TrimSpace(text) == "" || text[0] == '#' {
			continue
		}
		one, err := parseCookie(text)
		if err == nil && len(c.list) == maxCookies {
			err = fmt.Errorf("more than %d cookies", maxCookies)
		}
		if err != nil {
			return nil, fmt.Errorf("scrape: %s:%d: %w", name, n, err)
		}
		c.list = append(c.list, one)
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("scrape: %s:%d: longer than %s: not a cookie", name, n+1, size(4*maxCookie))
	} else if err != nil {
		return nil, fmt.Errorf("scrape: %s: %w", name, err)
	}
	return c, nil
}

func parseCookie(line string) (fileCookie, error) {
	f := strings.Split(line, "\t")
	if len(f) == 6 {
		f = append(f, "") // as curl reads a cookie without a value
	}
	if len(f) != 7 {
		return fileCookie{}, fmt.Errorf("%d fields, want 7 apart by tabs: domain, subdomains, path, secure, expires, name, value", len(f))
	}
	t, err := parseTarget("https://" + strings.TrimPrefix(f[0], ".") + "/")
	if err != nil || t.path != "/" {
		return fileCookie{}, fmt.Errorf("domain %q: not a host name", clip(f[0], maxShown))
	}
	u := t.cookieURL()
	c := &http.Cookie{Path: f[2], Name: f[5], Value: f[6]}
	wide, ok := truth(f[1])
	if !ok {
		return fileCookie{}, fmt.Errorf("subdomains %q: want TRUE or FALSE", clip(f[1], maxShown))
	}
	if c.Secure, ok = truth(f[3]); !ok {
		return fileCookie{}, fmt.Errorf("secure %q: want TRUE or FALSE", clip(f[3], maxShown))
	}
	expires, err := strconv.ParseFloat("0"+f[4], 64) // empty, or with a fraction, in some exports
	switch {
	case err != nil || expires > 1<<53:
		return fileCookie{}, fmt.Errorf("expires %q: want seconds since 1970, or 0", clip(f[4], maxShown))
	case !strings.HasPrefix(c.Path, "/") || !httpguts.ValidHeaderFieldValue(c.Path):
		return fileCookie{}, fmt.Errorf("path %q: want it to begin with /", clip(c.Path, maxShown))
	case !httpguts.ValidHeaderFieldName(c.Name):
		return fileCookie{}, errors.New("name: not one of a cookie")
	case !httpguts.ValidHeaderFieldValue(c.Value) || strings.ContainsRune(c.Value, ';'):
		return fileCookie{}, errors.New("value: not one of a cookie") // which may be a secret
	case len(c.Name)+len(c.Value) > maxCookie || len(f[0])+len(c.Path) > maxAttributes:
		return fileCookie{}, fmt.Errorf("larger than a cookie may be: %s", size(maxCookie))
	}
	if expires > 0 {
		c.Expires = time.Unix(int64(expires), 0)
	}
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); wide && err != nil { // an address has nothing below it
		if suffix, icann := publicsuffix.PublicSuffix(host); suffix == host && (icann || strings.Contains(host, ".")) {
			return fileCookie{}, fmt.Errorf("domain %q: a public suffix, under which everyone can have a site", clip(f[0], maxShown))
		}
		if c.Domain = host; c.Valid() != nil {
			return fileCookie{}, fmt.Errorf("domain %q: not one of a cookie", clip(f[0], maxShown))
		}
	}
	return fileCookie{u, c}, nil
}

func truth(s string) (yes, ok bool) {
	return strings.EqualFold(s, "TRUE"), strings.EqualFold(s, "TRUE") || strings.EqualFold(s, "FALSE")
}
