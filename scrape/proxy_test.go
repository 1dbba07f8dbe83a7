package scrape_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"weir/engine"
	"weir/scrape"
)

// A middleman is a proxy of any kind over a real socket. Whatever name it is
// asked for, it goes to the same two servers.
type middleman struct {
	plain, secure string // host:port behind it
	refuse        int    // status, or reply of SOCKS; 0: it serves
	hangUp        bool   // without a word

	mu   sync.Mutex
	seen []string
}

func (m *middleman) note(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen = append(m.seen, fmt.Sprintf(format, args...))
}

func (m *middleman) notes() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.seen)
}

// ServeHTTP is an HTTP proxy.
func (m *middleman) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	who, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.Header.Get("Proxy-Authorization"), "Basic "))
	m.note("%s %s by %s", r.Method, r.RequestURI, who)
	if m.hangUp {
		panic(http.ErrAbortHandler)
	}
	if m.refuse > 0 {
		w.WriteHeader(m.refuse)
		return
	}
	if r.Method == http.MethodConnect {
		far, err := net.Dial("tcp", m.secure)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		near, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n")
		splice(near, far)
		return
	}
	out := r.Clone(r.Context())
	out.RequestURI, out.URL.Host = "", m.plain
	out.Header.Del("Proxy-Authorization")
	resp, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
	w.WriteHeader(resp.StatusCode)
	io.Copy(w, resp.Body)
}

func splice(a, b net.Conn) {
	var wg sync.WaitGroup
	for _, c := range [][2]net.Conn{{a, b}, {b, a}} {
		wg.Go(func() {
			io.Copy(c[0], c[1])
			c[0].Close()
		})
	}
	wg.Wait()
}

// socks is a SOCKS5 proxy (RFC 1928, RFC 1929).
func (m *middleman) socks(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	take := func(n int) []byte {
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			c.Close()
		}
		return b
	}
	methods := take(int(take(2)[1]))
	who := ""
	if slices.Contains(methods, 2) {
		c.Write([]byte{5, 2})
		take(1)
		user := take(int(take(1)[0]))
		who = string(user) + ":" + string(take(int(take(1)[0])))
		c.Write([]byte{1, 0})
	} else {
		c.Write([]byte{5, 0})
	}
	var host string
	switch take(4)[3] {
	case 1:
		host = net.IP(take(4)).String()
	case 4:
		host = net.IP(take(16)).String()
	default:
		host = string(take(int(take(1)[0])))
	}
	port := take(2)
	addr := fmt.Sprintf("%s:%d", host, int(port[0])<<8|int(port[1]))
	m.note("socks %s by %s", addr, who)
	if m.hangUp {
		return
	}
	c.Write([]byte{5, byte(m.refuse), 0, 1, 0, 0, 0, 0, 0, 0})
	if m.refuse > 0 {
		return
	}
	to := m.plain
	if strings.HasSuffix(addr, ":443") {
		to = m.secure
	}
	far, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	splice(c, far)
}

// start makes m answer as a proxy of scheme and returns its host:port.
func (m *middleman) start(t *testing.T, scheme string, cert tls.Certificate) string {
	t.Helper()
	if strings.HasPrefix(scheme, "socks") {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				wg.Go(func() { m.socks(c) })
			}
		})
		t.Cleanup(func() { l.Close(); wg.Wait() })
		return l.Addr().String()
	}
	s := httptest.NewUnstartedServer(m)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if scheme == "https" {
		s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// behind starts the two servers behind m, the secure one as one.test, and
// returns who vouches for it and for a proxy on loopback.
func (m *middleman) behind(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header["Proxy-Authorization"] != nil || r.Header["Proxy-Connection"] != nil {
			t.Errorf("the site was told of the proxy: %v", r.Header)
		}
		html(w, fmt.Sprintf("page %s%s over HTTP/%d", r.Host, r.RequestURI, r.ProtoMajor))
	})
	plain := httptest.NewServer(page)
	t.Cleanup(plain.Close)
	cert := certificate(t)
	secure := httptest.NewUnstartedServer(page)
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	secure.EnableHTTP2 = true
	secure.StartTLS()
	t.Cleanup(secure.Close)
	m.plain, m.secure = plain.Listener.Addr().String(), secure.Listener.Addr().String()
	own, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	lent := httptest.NewTLSServer(nil) // its certificate is good for 127.0.0.1
	defer lent.Close()
	roots := x509.NewCertPool()
	roots.AddCert(own)
	roots.AddCert(lent.Certificate())
	return lent.TLS.Certificates[0], roots
}

func proxyOf(t *testing.T, raw string, except ...string) *scrape.Proxy {
	t.Helper()
	p, err := scrape.ParseProxy(raw, except)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestThroughAProxy(t *testing.T) {
	for _, tc := range []struct {
		proxy, url string
		seen       []string
	}{
		{"http", "http://one.test/a?b", []string{"GET http://one.test/robots.txt by ada:hush", "GET http://one.test/a?b by ada:hush"}},
		{"http", "https://one.test/a?b", []string{"CONNECT one.test:443 by ada:hush"}},
		{"https", "http://one.test/a?b", []string{"GET http://one.test/robots.txt by ada:hush", "GET http://one.test/a?b by ada:hush"}},
		{"https", "https://one.test/a?b", []string{"CONNECT one.test:443 by ada:hush"}},
		{"socks5h", "http://one.test/a?b", []string{"socks one.test:80 by ada:hush"}},
		{"socks5h", "https://one.test/a?b", []string{"socks one.test:443 by ada:hush"}},
		{"socks5h", "http://[2606:2800:220:1::]/a?b", []string{"socks 2606:2800:220:1:::80 by ada:hush"}},
		{"socks5", "http://93.184.216.34/a?b", []string{"socks 93.184.216.34:80 by ada:hush"}},
	} {
		t.Run(tc.proxy+" to "+tc.url, func(t *testing.T) {
			m := &middleman{}
			cert, roots := m.behind(t)
			addr := m.start(t, tc.proxy, cert)
			g := newRig(t, scrape.Config{Proxy: proxyOf(t, tc.proxy+"://ada:hush@"+addr), Roots: roots})
			page, res, err := g.Fetch(t.Context(), tc.url, nil)
			if err != nil {
				t.Fatalf("Fetch: %v (%+v)", err, res)
			}
			_, where, _ := strings.Cut(tc.url, "//")
			version := 1
			if strings.HasPrefix(tc.url, "https") {
				version = 2
			}
			if want := fmt.Sprintf("<title>page %s over HTTP/%d</title>", where, version); !strings.Contains(string(page.Body), want) {
				t.Errorf("got %s, want %s", page.Body, want)
			}
			if got := m.notes(); !slices.Equal(got, tc.seen) {
				t.Errorf("the proxy saw %q, want %q", got, tc.seen)
			}
			if secure := strings.HasPrefix(tc.url, "https"); (res.Timing.TLS >= 0) != secure && res.Timing.Connect >= 0 {
				t.Errorf("TLS took %v", res.Timing.TLS)
			}
		})
	}
}

// What a proxy does wrong is the proxy's fault, in words that name it and never
// hold its password.
func TestFaultsOfAProxy(t *testing.T) {
	for _, tc := range []struct {
		name, proxy, url string
		refuse           int
		hangUp           bool
		class            engine.Class
		err              string // PROXY is its name
	}{
		{name: "it wants a password", proxy: "http", url: "http://one.test/", refuse: 407, class: engine.Proxy, err: "PROXY: status 407 Proxy Authentication Required"},
		{name: "and for a tunnel", proxy: "http", url: "https://one.test/", refuse: 407, class: engine.Proxy, err: "PROXY: no tunnel to one.test:443: status 407 Proxy Authentication Required"},
		{name: "no tunnels", proxy: "http", url: "https://one.test/", refuse: 403, class: engine.Proxy, err: "PROXY: no tunnel to one.test:443: status 403 Forbidden"},
		{name: "the site is down", proxy: "http", url: "https://one.test/", refuse: 502, class: engine.Connect, err: "PROXY cannot reach one.test:443: status 502 Bad Gateway"},
		{name: "it hangs up", proxy: "http", url: "http://one.test/", hangUp: true, class: engine.Proxy, err: "PROXY: EOF"},
		{name: "it hangs up on a tunnel", proxy: "http", url: "https://one.test/", hangUp: true, class: engine.Proxy, err: "PROXY: no tunnel to one.test:443: unexpected EOF"},
		{name: "not vouched for", proxy: "https", url: "http://one.test/", class: engine.Proxy, err: "PROXY: tls: failed to verify certificate"},
		{name: "socks: not allowed", proxy: "socks5h", url: "http://one.test/", refuse: 2, class: engine.Proxy, err: "PROXY: connection not allowed by ruleset"},
		{name: "socks: the site is down", proxy: "socks5h", url: "http://one.test/", refuse: 5, class: engine.Connect, err: "PROXY cannot reach one.test:80: connection refused"},
		{name: "socks: it hangs up", proxy: "socks5h", url: "http://one.test/", hangUp: true, class: engine.Proxy, err: "PROXY: EOF"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := &middleman{refuse: tc.refuse, hangUp: tc.hangUp}
			cert, _ := m.behind(t)
			addr := m.start(t, tc.proxy, cert)
			g := newRig(t, scrape.Config{Proxy: proxyOf(t, tc.proxy+"://ada:hush@"+addr)})
			got := g.get(t, tc.url)
			want := strings.ReplaceAll(tc.err, "PROXY", "proxy "+tc.proxy+"://"+addr)
			if got.Class != tc.class || !strings.HasPrefix(got.Error, want) || strings.Contains(got.Error, "hush") {
				t.Errorf("Do = %q %q, want %q %q", got.Class, got.Error, tc.class, want)
			}
		})
	}
	for _, scheme := range []string{"http", "https", "socks5h"} {
		for _, url := range []string{"http://one.test/", "https://one.test/"} {
			t.Run("no "+scheme+" proxy there for "+url, func(t *testing.T) {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				l.Close()
				g := newRig(t, scrape.Config{Proxy: proxyOf(t, scheme+"://ada:hush@"+l.Addr().String())})
				got := g.get(t, url)
				if want := fmt.Sprintf("proxy %s://%s: dial tcp", scheme, l.Addr()); got.Class != engine.Proxy || !strings.HasPrefix(got.Error, want) {
					t.Errorf("Do = %q %q, want proxy %q", got.Class, got.Error, want)
				}
			})
		}
	}
}

// The proxy resolves names; what can only lead inside is not asked of it.
func TestFenceHoldsThroughAProxy(t *testing.T) {
	for _, tc := range []struct {
		proxy, url string
		list       bool
		class      engine.Class
	}{
		{proxy: "http", url: "http://two.test/"},
		{proxy: "http", url: "http://10.0.0.1/", class: engine.Blocked},
		{proxy: "http", url: "http://0x0a000001/", class: engine.Blocked},
		{proxy: "http", url: "http://[fd00::1]/", class: engine.Blocked},
		{proxy: "http", url: "http://intranet/", class: engine.Blocked},
		{proxy: "http", url: "http://intranet./", class: engine.Blocked},
		{proxy: "http", url: "http://metadata.google.internal/", class: engine.Blocked},
		{proxy: "socks5h", url: "http://printer.local/", class: engine.Blocked},
		{proxy: "http", url: "http://intranet/", list: true},
		{proxy: "http", url: "http://10.0.0.1/", list: true},
	} {
		t.Run(fmt.Sprintf("%s to %s, listed %v", tc.proxy, tc.url, tc.list), func(t *testing.T) {
			m := &middleman{}
			cert, _ := m.behind(t)
			g := newRig(t, scrape.Config{Proxy: proxyOf(t, tc.proxy+"://"+m.start(t, tc.proxy, cert))})
			r := g.strange(t, tc.url)
			if tc.list {
				r = g.request(t, tc.url)
			}
			got := g.Do(t.Context(), r).Result
			if got.Class != tc.class || (len(m.notes()) == 0) != (tc.class != "") {
				t.Errorf("Do = %q %q, the proxy saw %q; want %q", got.Class, got.Error, m.notes(), tc.class)
			}
		})
	}
}

func TestExceptFromTheProxy(t *testing.T) {
	for _, tc := range []struct {
		except string
		url    string
		direct bool
	}{
		{"", "http://one.test/", false},
		{"one.test", "http://one.test/", true},
		{"one.test", "http://www.one.test/", true},
		{".one.test", "http://one.test/", false},
		{"one.test:81", "http://one.test/", false},
		{"10.0.0.0/8", "http://10.1.1.1/", true},
		{"*", "https://one.test/", true},
		{"", "http://127.0.0.1/", true},
		{"", "http://localhost/", true},
	} {
		t.Run(tc.except+" "+tc.url, func(t *testing.T) {
			var dialled string
			g := newRig(t, scrape.Config{
				Proxy: proxyOf(t, "http://proxy.test:3128", tc.except),
				Dial: func(_ context.Context, _, addr string) (net.Conn, error) {
					dialled = addr
					return nil, errors.New("no")
				},
			})
			g.get(t, tc.url)
			if got := dialled != "proxy.test:3128"; got != tc.direct {
				t.Errorf("dialled %s", dialled)
			}
		})
	}
}

func TestProxyOfTheEnvironment(t *testing.T) {
	for _, tc := range []struct {
		name, http, https, all, no string
		url, want                  string
	}{
		{name: "none", url: "http://one.test/", want: "one.test:80"},
		{name: "http", http: "http://p.test:1", url: "http://one.test/", want: "p.test:1"},
		{name: "without a scheme", http: "p.test:1", url: "http://one.test/", want: "p.test:1"},
		{name: "not for https", http: "p.test:1", url: "https://one.test/", want: "one.test:443"},
		{name: "https", https: "https://p.test", url: "https://one.test/", want: "p.test:443"},
		{name: "for all", all: "socks5h://p.test", url: "https://one.test/", want: "p.test:1080"},
		{name: "but not for one", all: "socks5h://p.test", no: "one.test", url: "https://one.test/", want: "one.test:443"},
		{name: "nor the flag's", all: "socks5h://p.test", url: "https://two.test/", want: "two.test:443"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, name := range []string{"http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUEST_METHOD"} {
				t.Setenv(name, "")
				t.Setenv(strings.ToUpper(name), "")
			}
			t.Setenv("HTTP_PROXY", tc.http)
			t.Setenv("HTTPS_PROXY", tc.https)
			t.Setenv("ALL_PROXY", tc.all)
			t.Setenv("NO_PROXY", tc.no)
			p, err := scrape.EnvironmentProxy([]string{"two.test"})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range []*scrape.Proxy{p, nil} {
				var dialled string
				g := newRig(t, scrape.Config{Proxy: p, Dial: func(_ context.Context, _, addr string) (net.Conn, error) {
					dialled = addr
					return nil, errors.New("no")
				}})
				g.get(t, tc.url)
				want := tc.want
				if p == nil && strings.HasPrefix(dialled, "p.test") {
					t.Errorf("dialled %s unasked", dialled)
				}
				if p != nil && dialled != want {
					t.Errorf("dialled %s, want %s", dialled, want)
				}
			}
		})
	}
	t.Setenv("HTTPS_PROXY", "ftp://ada:hush@p.test")
	if _, err := scrape.EnvironmentProxy(nil); err == nil || !strings.HasPrefix(err.Error(), "scrape: HTTPS_PROXY: want a proxy such as") || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v", err)
	}
}

func TestProxyErrorsHideTheirURL(t *testing.T) {
	for _, bad := range []string{
		"", "hush", "hush:3128", "ftp://hush", "http://", "http://ada:hush@", "http://a:hush@p.test/path",
		"http://a:hush@p.test?x", "http://a:hush@p.test#x", "http://a:hush@p.test:x", "socks5://a:" + strings.Repeat("hush", 64) + "@p.test", "socks4://hush",
	} {
		if _, err := scrape.ParseProxy(bad, nil); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("ParseProxy(%q): %v, want an error without it", bad, err)
		}
	}
}

// Law 1: a kept connection to the proxy that turns out to be dead is no reason
// to send a request twice.
func TestDeadConnectionToAProxySendsNoSecondRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var requests atomic.Int32
		g := wire(t, scrape.Config{Proxy: proxyOf(t, "http://p.test:3128")}, func(c net.Conn, r *bufio.Reader) {
			requests.Add(1)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 16\r\n\r\n<title>a</title>")
			if readHeader(r) == nil {
				requests.Add(1)
			}
		})
		if res := g.get(t, "http://one.test/"); res.Outcome != engine.OK {
			t.Fatalf("first: %+v, want ok", res)
		}
		synctest.Wait()
		d := newDiary()
		r := g.request(t, "http://two.test/") // the connection is kept for all sites
		r.Report = d.report
		res := g.Do(t.Context(), r).Result
		if res.Class != engine.Proxy || !strings.HasPrefix(res.Error, "proxy http://p.test:3128: ") {
			t.Errorf("second: %v %q %q, want failed proxy", res.Outcome, res.Class, res.Error)
		}
		if got, phases := requests.Load(), d.String(); got != 2 || phases != "sent+0s" {
			t.Errorf("the proxy saw %d requests, phases %s; want 2, sent+0s once", got, phases)
		}
	})
}
