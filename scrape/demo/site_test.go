package demo_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/scrape/demo"
)

// start starts a site without delays on ports of the system's choice.
func start(t *testing.T, seed uint64) *demo.Site {
	t.Helper()
	s, err := demo.Start(demo.Config{Seed: seed, Fast: true, Listen: func() (net.Listener, error) {
		return net.Listen("tcp", "127.0.0.1:0")
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// plain returns a client that takes answers as they come.
func plain(t *testing.T) *http.Client {
	tr := &http.Transport{DisableCompression: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// get asks for url; err is that of the answer or of its body.
func get(t *testing.T, c *http.Client, url string, header ...string) (*http.Response, []byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

// Every URL of the lists is fetched as a patient reader would: again after a
// refusal, at most three times after a failure.
func TestListsAnswer(t *testing.T) {
	s, c := start(t, 1), plain(t)
	lists := s.Lists()
	if len(lists) < 3 || len(s.Hosts()) < 8 {
		t.Errorf("%d lists over %d hosts, want at least 3 over 8", len(lists), len(s.Hosts()))
	}
	seen := make(map[string]bool)
	hosts := make(map[string]bool)
	ended := make(map[string]int)
	for _, l := range lists {
		if l.Name == "" || l.Recipe != "page" && l.Recipe != "schedule" && l.Recipe != "oncall" {
			t.Errorf("list %q has recipe %q", l.Name, l.Recipe)
		}
		for _, u := range l.URLs {
			if seen[u] {
				t.Errorf("%s is listed twice", u)
			}
			seen[u] = true
			rest, ok := strings.CutPrefix(u, "http://")
			host, _, _ := strings.Cut(rest, "/")
			if !ok || !slices.Contains(s.Hosts(), host) {
				t.Errorf("%s is on none of the hosts", u)
			}
			hosts[host] = true
			ended[patient(t, c, u)]++
		}
	}
	if len(hosts) != len(s.Hosts()) {
		t.Errorf("%d of %d hosts are listed", len(hosts), len(s.Hosts()))
	}
	t.Log(ended)
	if ended["200"] < 300 {
		t.Errorf("%d pages can be fetched, want at least 300", ended["200"])
	}
	for _, how := range []string{"301", "404", "503", "EOF", "unexpected EOF", "gzip that is none"} {
		if ended[how] == 0 {
			t.Errorf("no URL ends with %s: %v", how, ended)
		}
	}
}

// patient fetches u and says how it ended: with a status or an error.
func patient(t *testing.T, c *http.Client, u string) string {
	t.Helper()
	for failed := 0; ; {
		resp, body, err := get(t, c, u)
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF):
			return "unexpected EOF"
		case errors.Is(err, io.EOF):
			return "EOF"
		case err != nil:
			return err.Error()
		case resp.StatusCode == http.StatusTooManyRequests:
			if resp.Header.Get("Retry-After") == "" {
				t.Errorf("%s: 429 without Retry-After", u)
			}
			continue
		case resp.StatusCode == http.StatusServiceUnavailable && failed < 2:
			failed++
			continue
		case resp.StatusCode == http.StatusMovedPermanently && !strings.Contains(resp.Header.Get("Location"), "/"):
			t.Errorf("%s leads to %q", u, resp.Header.Get("Location"))
		case resp.Header.Get("Content-Encoding") == "gzip": // nobody asked for it
			if _, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
				t.Errorf("%s is gzip that was not asked for", u)
			}
			return "gzip that is none"
		case resp.StatusCode == http.StatusOK && len(body) < 20:
			t.Errorf("%s has a body of %d bytes", u, len(body))
		}
		return resp.Status[:3]
	}
}

func TestRobots(t *testing.T) {
	s, c := start(t, 1), plain(t)
	var none, private, slow int
	for _, h := range s.Hosts() {
		resp, body, err := get(t, c, "http://"+h+"/robots.txt")
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case resp.StatusCode == http.StatusNotFound:
			none++
			continue
		case resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain"):
			t.Errorf("robots.txt of %s: %s, %s", h, resp.Status, resp.Header.Get("Content-Type"))
		}
		if strings.Contains(string(body), "Disallow: /private/") {
			private++
		}
		if strings.Contains(string(body), "Crawl-delay: 2") {
			slow++
		}
	}
	if none == 0 || private == 0 || slow != 1 {
		t.Errorf("hosts without robots.txt %d, with a forbidden path %d, with Crawl-delay %d; want some, some, 1", none, private, slow)
	}
}

func TestLog(t *testing.T) {
	s, c := start(t, 1), plain(t)
	host := s.Hosts()[0]
	for _, path := range []string{"/staff/1", "/nowhere?x=1"} {
		if _, _, err := get(t, c, "http://"+host+path); err != nil {
			t.Fatal(err)
		}
	}
	resp, err := c.Post("http://"+host+"/staff/1", "text/plain", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	want := []demo.Hit{
		{Host: host, Method: "GET", Path: "/staff/1", Status: 200},
		{Host: host, Method: "GET", Path: "/nowhere?x=1", Status: 404},
		{Host: host, Method: "POST", Path: "/staff/1", Status: 405},
	}
	got := s.Log()
	if !slices.IsSortedFunc(got, func(a, b demo.Hit) int { return a.At.Compare(b.At) }) {
		t.Errorf("the log is not in the order of its times: %v", got)
	}
	for i := range got {
		if got[i].At.IsZero() {
			t.Errorf("hit %d has no time", i)
		}
		got[i].At = want[0].At
	}
	if !slices.Equal(got, want) {
		t.Errorf("Log() = %v, want %v", got, want)
	}
}

// A taken port does not keep the site from starting, and a site that cannot
// start leaves no port taken.
func TestStartListens(t *testing.T) {
	var made []net.Listener
	broken := errors.New("no more sockets")
	_, err := demo.Start(demo.Config{Listen: func() (net.Listener, error) {
		if len(made) == 3 {
			return nil, broken
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		made = append(made, l)
		return l, err
	}})
	if !errors.Is(err, broken) {
		t.Fatalf("Start = %v, want %v", err, broken)
	}
	for _, l := range made {
		if err := l.(*net.TCPListener).SetDeadline(time.Now()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("listener %v was left open: %v", l.Addr(), err)
		}
	}

	one, err := demo.Start(demo.Config{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = one.Close() }()
	two, err := demo.Start(demo.Config{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = two.Close() }()
	for _, h := range two.Hosts() {
		if slices.Contains(one.Hosts(), h) {
			t.Errorf("both sites have host %s", h)
		}
		if ip, _, err := net.SplitHostPort(h); err != nil || !net.ParseIP(ip).IsLoopback() {
			t.Errorf("host %s is not on loopback", h)
		}
	}
}

// After Close nothing listens, and a second Close is as good as one.
func TestCloseTwice(t *testing.T) {
	s := start(t, 1)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	for _, h := range s.Hosts() {
		if c, err := new(net.Dialer).DialContext(context.Background(), "tcp", h); err == nil {
			_ = c.Close()
			t.Errorf("%s still listens", h)
		}
	}
}
