package scrape

import (
	"net"
	"slices"
	"strings"
	"testing"
)

func TestTarget(t *testing.T) {
	for _, tc := range []struct{ name, raw, href, host, origin, print string }{
		{name: "as it stands", raw: "https://one.test/a?b=c", href: "https://one.test/a?b=c", host: "one.test:443", origin: "https://one.test:443"},
		{name: "no path is the root", raw: "http://one.test", href: "http://one.test/", host: "one.test:80", origin: "http://one.test:80"},
		{name: "case of scheme and host", raw: "HTTP://One.TEST/A", href: "http://one.test/A", host: "one.test:80", origin: "http://one.test:80"},
		{name: "default port", raw: "https://one.test:443/", href: "https://one.test/", host: "one.test:443", origin: "https://one.test:443"},
		{name: "own port", raw: "https://one.test:8443/", href: "https://one.test:8443/", host: "one.test:8443", origin: "https://one.test:8443"},
		{name: "fragment off", raw: "http://one.test/a#b?c", href: "http://one.test/a", host: "one.test:80", origin: "http://one.test:80"},
		{name: "dots in the path", raw: "http://one.test/a/./b/../c/%2e%2e/d", href: "http://one.test/a/d", host: "one.test:80", origin: "http://one.test:80"},
		{name: "white space around", raw: " \thttp://one.test/ \n", href: "http://one.test/", host: "one.test:80", origin: "http://one.test:80"},
		{name: "space inside", raw: "http://one.test/a b?c d", href: "http://one.test/a%20b?c%20d", host: "one.test:80", origin: "http://one.test:80"},
		{name: "lone percent", raw: "http://one.test/100%", href: "http://one.test/100%25", host: "one.test:80", origin: "http://one.test:80"},
		{name: "an international name", raw: "http://bücher.test/", href: "http://xn--bcher-kva.test/", host: "xn--bcher-kva.test:80", origin: "http://xn--bcher-kva.test:80"},
		{name: "IPv4 in hex", raw: "http://0x7f.1/", href: "http://127.0.0.1/", host: "127.0.0.1:80", origin: "http://127.0.0.1:80"},
		{name: "IPv6", raw: "http://[0:0::1]:81/", href: "http://[::1]:81/", host: "[::1]:81", origin: "http://[::1]:81"},
		{name: "sorted by name", raw: "http://one.test/?b=1&a=2&b=0", href: "http://one.test/?b=1&a=2&b=0", host: "one.test:80", origin: "http://one.test:80", print: "http://one.test/?a=2&b=1&b=0"},
		{name: "an empty query asks nothing", raw: "http://one.test/?", href: "http://one.test/?", host: "one.test:80", origin: "http://one.test:80", print: "http://one.test/"},
		{name: "empty parameters say nothing", raw: "http://one.test/?&b&&a&", href: "http://one.test/?&b&&a&", host: "one.test:80", origin: "http://one.test:80", print: "http://one.test/?a&b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := parseTarget(tc.raw)
			if err != nil {
				t.Fatal(err)
			}
			if tc.print == "" {
				tc.print = tc.href
			}
			if got.href != tc.href || got.host != tc.host || got.origin() != tc.origin || got.fingerprint() != tc.print {
				t.Errorf("parseTarget(%q) = %q of %q, origin %q, fingerprint %q; want %q of %q, %q, %q",
					tc.raw, got.href, got.host, got.origin(), got.fingerprint(), tc.href, tc.host, tc.origin, tc.print)
			}
		})
	}
}

func TestNoTarget(t *testing.T) {
	for _, tc := range []struct{ name, raw, want string }{
		{name: "nothing", raw: "", want: "not a URL: it begins with neither http:// nor https://"},
		{name: "no scheme", raw: "one.test/a", want: "not a URL: it begins with neither http:// nor https://"},
		{name: "mail", raw: "mailto:a@one.test", want: "scheme mailto: only http and https are fetched"},
		{name: "a file", raw: "file:///etc/passwd", want: "scheme file: only http and https are fetched"},
		{name: "a script", raw: "javascript:alert(1)", want: "scheme javascript: only http and https are fetched"},
		{name: "no host", raw: "http://", want: "not a URL: no host"},
		{name: "a port out of range", raw: "http://one.test:65536/", want: "not a URL: bad port"},
		{name: "a port in words", raw: "http://one.test:http/", want: "not a URL: bad port"},
		{name: "a space in the host", raw: "http://one test/", want: "not a URL: bad host: "},
		{name: "user and password", raw: "http://a:b@one.test/", want: errUserinfo.Error()},
		{name: "a user", raw: "http://a@one.test/", want: errUserinfo.Error()},
		{name: "two on a line", raw: "http://one.test/ http://two.test/", want: errTwoURLs.Error()},
		{name: "not UTF-8", raw: "http://one.test/\xff", want: "not UTF-8"},
		{name: "too long", raw: "http://one.test/" + strings.Repeat("x", maxURL), want: "longer than 8000 bytes"},
		{name: "too long once it is written out", raw: "http://one.test/" + strings.Repeat("ü", maxURL/4), want: "longer than 8000 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := parseTarget(tc.raw)
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("parseTarget(%.80q) = %q, %v; want error %q", tc.raw, got.href, err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "one.test") {
				t.Errorf("parseTarget(%.80q): %v: the error repeats the URL", tc.raw, err)
			}
		})
	}
}

// Whatever comes in: a target is one again when it is read again, what is sent
// for it is what its href says, and the order of a query's parameters does not
// tell two fingerprints apart.
func FuzzURL(f *testing.F) {
	for _, seed := range []string{
		"http://one.test", "http://[::1]:80/", "http://a@b:c@d/?#", "https://ü.test/ü?ü#ü", "http://one.test//a\\b/%2e%2e/c",
		"http://one.test/%zz|^?a=%&b='\"", "http:one.test", "HTTP:///one.test:080/;p?b&a", "http://1.2.3/?&&=&",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		once, err := parseTarget(raw)
		if err != nil {
			return
		}
		twice, err := parseTarget(once.href)
		if err != nil || twice != once {
			t.Fatalf("parseTarget(%q) = %+v, but of its href %+v, %v", raw, once, twice, err)
		}
		if name, port, err := net.SplitHostPort(once.host); err != nil || name == "" || !allDigits(port) {
			t.Errorf("parseTarget(%q): host %q, want host:port", raw, once.host)
		}
		sent := strings.TrimPrefix(once.request().RequestURI(), once.scheme+"://"+once.authority)
		if want := once.path + once.query; sent != want || once.href != once.scheme+"://"+once.authority+want {
			t.Errorf("for %q %q is sent, want %q", once.href, sent, want)
		}
		print := once.fingerprint()
		again, err := parseTarget(print)
		if err != nil || again.fingerprint() != print {
			t.Errorf("fingerprint of %q is %q, and of that %q, %v", once.href, print, again.fingerprint(), err)
		}
		if head, query, ok := strings.Cut(once.href, "?"); ok && len(query) < 200 {
			params := strings.Split(query, "&")
			names := make(map[string]bool)
			for _, p := range params {
				name, _, _ := strings.Cut(p, "=")
				names[name] = true
			}
			if len(names) != len(params) {
				return // equal names keep their order
			}
			slices.Reverse(params)
			other, err := parseTarget(head + "?" + strings.Join(params, "&"))
			if err == nil && other.fingerprint() != print {
				t.Errorf("fingerprint of %q is %q, of the same backwards %q", once.href, print, other.fingerprint())
			}
		}
	})
}
