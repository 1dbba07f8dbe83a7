package cli_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The pages of a killSite.
const (
	killHosts  = 4
	killListed = 200 // of each host; the others are found by links
	killChains = 10  // of each host: listed pages that begin a row of links
	killChain  = 5   // pages in such a row behind the listed one
	killPages  = killListed + killChains*killChain
	killURLs   = killHosts * killPages
)

// A killSite is four hosts on loopback that remember who asked them for what.
// The life of a program that asks is a number; requests are of the one that
// was set when their connection was accepted.
//
// Every page has three rows, but for every 50th, which is gone (404). Some of
// the first hundred of each host answer 500 when they are asked for the first
// time, so that jobs wait for a retry; one always does. An answer takes up to
// 5 ms.
type killSite struct {
	hosts  [killHosts]string // host:port
	server http.Server
	byPort map[string]int

	mu    sync.Mutex
	life  int
	conns map[string]bool // by the client's address: open; absent: never seen
	asked []killRequest
	times map[string]int // how often each page was asked for
	more  chan struct{}  // capacity 1: a connection was accepted or closed
	first time.Time      // when the life asked for its first page
}

// A killRequest is one request of a page or of robots.txt.
type killRequest struct {
	life   int
	url    string // with host0 to host3 for the host
	status int
	whole  bool // the answer was written whole
}

func newKillSite(t *testing.T) *killSite {
	s := &killSite{
		byPort: map[string]int{}, conns: map[string]bool{}, times: map[string]int{},
		more: make(chan struct{}, 1),
	}
	s.server.Handler = s
	s.server.ConnState = s.state
	s.server.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		s.mu.Lock()
		defer s.mu.Unlock()
		return context.WithValue(ctx, killLife{}, s.life)
	}
	var serving sync.WaitGroup
	for i := range s.hosts {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s.hosts[i] = l.Addr().String()
		_, port, _ := net.SplitHostPort(s.hosts[i])
		s.byPort[port] = i
		serving.Go(func() { _ = s.server.Serve(l) })
	}
	t.Cleanup(func() {
		_ = s.server.Close()
		serving.Wait()
	})
	return s
}

// killLife is the key of the life that a connection is of.
type killLife struct{}

// state notes which connections are open.
func (s *killSite) state(c net.Conn, state http.ConnState) {
	if state != http.StateNew && state != http.StateClosed {
		return
	}
	s.mu.Lock()
	s.conns[c.RemoteAddr().String()] = state == http.StateNew
	s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// next says that requests are now of the life with that number. Call it while
// no program asks.
func (s *killSite) next(life int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.life, s.first = life, time.Time{}
}

// firstPage returns when the present life asked for its first page.
func (s *killSite) firstPage() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first
}

// settle waits until nothing that a dead program sent is still on its way.
// Connections are accepted in the order in which they were made, so when a new
// one has been, all of the dead have; and when they are closed, their requests
// are noted.
func (s *killSite) settle(t *testing.T) {
	t.Helper()
	var probes []string
	for _, host := range s.hosts {
		c, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		probes = append(probes, c.LocalAddr().String())
		c.Close()
	}
	late := time.After(patience)
	for !s.quiet(probes) {
		select {
		case <-s.more:
		case <-late:
			t.Fatal("connections of a dead program stay open")
		}
	}
}

// quiet reports whether the probes were accepted and no connection is open. It
// forgets the connections if so.
func (s *killSite) quiet(probes []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range probes {
		if _, seen := s.conns[p]; !seen {
			return false
		}
	}
	for _, open := range s.conns {
		if open {
			return false
		}
	}
	clear(s.conns)
	return true
}

// requests returns what was asked for so far.
func (s *killSite) requests() []killRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]killRequest(nil), s.asked...)
}

// neutral gives the hosts in a text the names host0 to host3, so that the
// texts of two sites can be compared.
func (s *killSite) neutral(text string) string {
	for i, host := range s.hosts {
		text = strings.ReplaceAll(text, host, fmt.Sprint("host", i))
	}
	return text
}

// list returns the listed pages of one host, a line each.
func (s *killSite) list(host int) string {
	var b strings.Builder
	for n := range killListed {
		fmt.Fprintf(&b, "http://%s/p/%d\n", s.hosts[host], n)
	}
	return b.String()
}

func (s *killSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, port, _ := net.SplitHostPort(r.Host)
	host := s.byPort[port]
	name := fmt.Sprintf("http://host%d%s", host, r.URL.Path)
	s.mu.Lock()
	s.times[name]++
	times := s.times[name]
	i := len(s.asked)
	s.asked = append(s.asked, killRequest{life: r.Context().Value(killLife{}).(int), url: name})
	page := s.asked[i].page()
	if page && s.first.IsZero() {
		s.first = time.Now()
	}
	s.mu.Unlock()

	status, body := killPage(host, r.URL.Path, times)
	if page {
		select {
		case <-time.After(time.Duration(rand.Int64N(int64(5 * time.Millisecond)))):
		case <-r.Context().Done(): // whoever asked is dead
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err := io.WriteString(w, body)
	if err == nil {
		err = http.NewResponseController(w).Flush()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[i].status, s.asked[i].whole = status, err == nil
}

// killPage is what a host answers, times being how often it was asked.
func killPage(host int, path string, times int) (status int, body string) {
	n, err := strconv.Atoi(strings.TrimPrefix(path, "/p/"))
	switch {
	case path == "/robots.txt":
		return http.StatusOK, "User-agent: *\nDisallow: /private/\n"
	case err != nil || n < 0 || n >= killPages || n%50 == 49:
		return http.StatusNotFound, "<title>Gone</title>"
	case killFails(n, times):
		return http.StatusInternalServerError, "<title>Not now</title>"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE html><title>Page %d of %d</title><table>", n, host)
	for row := range 3 {
		fmt.Fprintf(&b, "<tr><td>%d-%d-%d<td>Okafor, \"Chidi\" %d<td>%d.50</tr>\n", host, n, row, n%7, n*row)
	}
	b.WriteString("</table>")
	if next, ok := killNext(n); ok {
		fmt.Fprintf(&b, "<a rel=next href=/p/%d>on</a>", next)
	}
	return http.StatusOK, b.String()
}

// killFails reports whether a page answers 500 when it is asked for so often.
func killFails(n, times int) bool {
	return n == 13 || n%25 == 12 && n < 100 && times == 1
}

// killNext returns the page that a page links to.
func killNext(n int) (next int, ok bool) {
	switch {
	case n < killChains: // begins a row
		return killListed + n*killChain, true
	case n < killListed || (n-killListed)%killChain == killChain-1:
		return 0, false
	}
	return n + 1, true
}

// killRecipe reads the pages of a killSite.
const killRecipe = `name: rows
rows: "table tr"
fields:
  id:     {select: "td:nth-child(1)", required: true}
  person: {select: "td:nth-child(2)"}
  hours:  {select: "td:nth-child(3)", type: float}
follow: [{select: "a[rel=next]", pages: 10}]
`
