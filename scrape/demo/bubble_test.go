package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A pipes is the loopback of a bubble: listeners over net.Pipe.
type pipes struct {
	mu    sync.Mutex
	hosts map[string]*pipe
}

type pipe struct {
	name  string
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipe) Network() string { return "pipe" }
func (p *pipe) String() string  { return p.name }
func (p *pipe) Addr() net.Addr  { return p }
func (p *pipe) Close() error    { p.once.Do(func() { close(p.done) }); return nil }

func (p *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (ps *pipes) listen() (net.Listener, error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := &pipe{name: fmt.Sprintf("h%d.test:80", len(ps.hosts)), conns: make(chan net.Conn), done: make(chan struct{})}
	if ps.hosts == nil {
		ps.hosts = make(map[string]*pipe)
	}
	ps.hosts[p.name] = p
	return p, nil
}

func (ps *pipes) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	ps.mu.Lock()
	p := ps.hosts[addr]
	ps.mu.Unlock()
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-p.done:
		return nil, errors.New("refused")
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// bubble starts a site in a bubble, with its delays, and a client for it.
func bubble(t *testing.T, f func(t *testing.T, s *Site, c *http.Client)) {
	synctest.Test(t, func(t *testing.T) {
		var ps pipes
		s, err := Start(Config{Seed: 1, Listen: ps.listen})
		if err != nil {
			t.Fatal(err)
		}
		tr := &http.Transport{DialContext: ps.dial}
		f(t, s, &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }})
		tr.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// find returns a listed path with a fault, and its host.
func (s *Site) find(t *testing.T, f fault) (host int, path string, e entry) {
	t.Helper()
	for i, h := range s.hosts {
		for _, path := range h.listed {
			if e := h.known[path]; e.fault == f && h.crowd == 0 && !slices.Contains(h.extra, path) {
				return i, path, e
			}
		}
	}
	t.Fatalf("no listed path has fault %d", f)
	return 0, "", entry{}
}

// fetch returns the status, when the header came, and when the body ended.
func fetch(ctx context.Context, c *http.Client, url string) (resp *http.Response, body []byte, head, whole time.Duration, err error) {
	begin := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, nil, 0, 0, err
	}
	resp, err = c.Do(req)
	head = time.Since(begin)
	if err != nil {
		return nil, nil, head, head, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err = io.ReadAll(resp.Body)
	return resp, body, head, time.Since(begin), err
}

func TestDelaysAreThePlans(t *testing.T) {
	whole := func(e entry) time.Duration { return e.delay }
	half := func(e entry) time.Duration { return e.delay / 2 }
	for _, tc := range []struct {
		name  string
		fault fault
		head  func(entry) time.Duration // when the header comes
		codes []int                     // of one attempt after the other
		after string                    // Retry-After of the first
	}{
		{"a page", none, whole, []int{200, 200}, ""},
		{"a slow page stops halfway", slow, half, []int{200, 200}, ""},
		{"503 heals", heals, whole, []int{503, 200, 200}, ""},
		{"503 heals the second time", relapses, whole, []int{503, 503, 200}, ""},
		{"503 while it restarts", restarts, whole, []int{503, 200}, "4"},
		{"503 for good", down, whole, []int{503, 503, 503, 503}, ""},
		{"a month without a shift", hollow, whole, []int{200}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *Site, c *http.Client) {
				i, path, e := s.find(t, tc.fault)
				for n, want := range tc.codes {
					resp, _, head, took, err := fetch(t.Context(), c, s.base(i)+path)
					if err != nil {
						t.Fatal(err)
					}
					if resp.StatusCode != want || head != tc.head(e) || took != e.delay {
						t.Errorf("attempt %d: %d after %v, whole after %v; want %d after %v, whole after %v",
							n+1, resp.StatusCode, head, took, want, tc.head(e), e.delay)
					}
					if got := resp.Header.Get("Retry-After"); n == 0 && got != tc.after {
						t.Errorf("Retry-After %q, want %q", got, tc.after)
					}
				}
			})
		})
	}
}

func TestConnectionsAreCut(t *testing.T) {
	bubble(t, func(t *testing.T, s *Site, c *http.Client) {
		i, path, e := s.find(t, cut)
		if _, _, head, _, err := fetch(t.Context(), c, s.base(i)+path); !errors.Is(err, io.EOF) || head != e.delay {
			t.Errorf("cut: %v after %v, want %v after %v", err, head, io.EOF, e.delay)
		}
	})
}

// A client that goes away frees the handler at once.
func TestDelayEndsWithTheClient(t *testing.T) {
	bubble(t, func(t *testing.T, s *Site, c *http.Client) {
		i, path, _ := s.find(t, slow)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, _, _, err := fetch(ctx, c, s.base(i)+path); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("fetch = %v, want %v", err, context.DeadlineExceeded)
		}
		time.Sleep(slowMost) // a handler that slept on would have answered by then
		if hits := s.Log(); len(hits) != 1 || hits[0].Status != 0 {
			t.Errorf("Log() = %v, want one hit that was never answered", hits)
		}
	})
}

// Close waits for nobody: no fake time passes while ten requests are under
// way and one connection has not yet said what it wants.
func TestCloseIsPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ps pipes
		s, err := Start(Config{Seed: 1, Listen: ps.listen})
		if err != nil {
			t.Fatal(err)
		}
		tr := &http.Transport{DialContext: ps.dial}
		var wg sync.WaitGroup
		for i, h := range s.hosts {
			wg.Go(func() {
				_, _, _, _, err := fetch(t.Context(), &http.Client{Transport: tr}, s.base(i)+h.listed[0])
				if err == nil {
					t.Errorf("host %d answered after Close", i)
				}
			})
		}
		mute, err := ps.dial(t.Context(), "", s.names[0])
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		begin := time.Now()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("Close took %v, want none", took)
		}
		wg.Wait()
		_ = mute.Close()
		tr.CloseIdleConnections()
	})
}

// A connection that is accepted while the site closes, too late for Close to
// know it, is not kept.
func TestLateConnectionIsClosed(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var s Site
	near, far := net.Pipe()
	s.track(ctx, far, http.StateNew)
	_ = near.SetReadDeadline(time.Now().Add(time.Second))
	if _, err := near.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("Read = %v, want %v", err, io.EOF)
	}
	s.track(ctx, far, http.StateClosed)
	s.conns.Wait()
}
