// Package demo is the site that "weir demo" scrapes: invented hosts on
// loopback, a port each, with pages in two dialects of on-call schedules and
// with the trouble that real sites give: refusals, errors that heal, slow
// answers, cut connections, missing cells.
//
// Everything about it follows from a seed: the pages byte by byte (but for the
// ports in absolute links), how long each answer takes, and what goes wrong.
// What depends on the past depends on counts, never on a clock. The table of
// hosts and every number that decides how long a run takes are in plan.go.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// firstPort is the port of the first host, where it is free.
const firstPort = 4010

// headerTimeout is how long a connection may take to say what it wants.
const headerTimeout = 10 * time.Second

// Config says which site it is. The zero Config is usable.
type Config struct {
	// Seed decides everything about the site. Every value is a site.
	Seed uint64

	// Fast leaves out the delays. Retry-After is still asked for.
	Fast bool

	// Listen returns the listener of the next host; the address of the
	// listener is the name of the host. Nil means 127.0.0.1, on the ports
	// from 4010 on that are free, else on any port.
	Listen func() (net.Listener, error)
}

// A Site is a running demo site. It is safe for use by multiple goroutines.
type Site struct {
	fast    bool
	hosts   []*host
	names   []string // of the hosts: host:port
	meters  []*meter
	servers []*http.Server
	log     hitLog

	cancel  context.CancelFunc // ends the context that every request's comes from
	serving sync.WaitGroup     // the servers' loops
	conns   sync.WaitGroup     // their connections
	close   sync.Once
}

// Start begins to serve. The caller must call [Site.Close]. It returns an
// error if a listener cannot be had; nothing is left running then.
func Start(cfg Config) (*Site, error) {
	s := &Site{fast: cfg.Fast, hosts: newHosts(cfg.Seed)}
	listen := cfg.Listen
	if listen == nil {
		listen = loopback(firstPort)
	}
	var listeners []net.Listener
	for range s.hosts {
		l, err := listen()
		if err != nil {
			for _, l := range listeners {
				_ = l.Close() // the first error is the one to tell
			}
			return nil, fmt.Errorf("demo: listen: %w", err)
		}
		listeners = append(listeners, l)
		s.names = append(s.names, l.Addr().String())
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	for i, l := range listeners {
		s.meters = append(s.meters, newMeter(s.hosts[i]))
		server := &http.Server{
			Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(i, w, r) }),
			BaseContext:       func(net.Listener) context.Context { return ctx },
			ConnState:         func(c net.Conn, state http.ConnState) { s.track(ctx, c, state) },
			ErrorLog:          log.New(io.Discard, "", 0), // a screen is in front of us
			ReadHeaderTimeout: headerTimeout,
		}
		s.servers = append(s.servers, server)
		s.serving.Go(func() { _ = server.Serve(l) }) // it ends with Close and says so
	}
	return s, nil
}

// loopback returns a listen function for 127.0.0.1 that tries the ports from
// first on, each once, and any port in place of one that is taken.
func loopback(first int) func() (net.Listener, error) {
	port := first - 1
	return func() (net.Listener, error) {
		port++
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return net.Listen("tcp", "127.0.0.1:0")
		}
		return l, nil
	}
}

// track counts the connections, and closes one that came in while the site
// closed.
func (s *Site) track(ctx context.Context, c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.conns.Add(1)
		if ctx.Err() != nil {
			_ = c.Close() // its reader ends with an error, and says so below
		}
	case http.StateClosed:
		s.conns.Done()
	}
}

// Close ends the site: requests in flight are cut. It returns when every
// listener, server and connection is gone, which takes no longer than a
// moment. Closing twice is closing once.
func (s *Site) Close() error {
	var errs []error
	s.close.Do(func() {
		s.cancel()
		for _, server := range s.servers {
			errs = append(errs, server.Close())
		}
	})
	s.serving.Wait()
	s.conns.Wait()
	return errors.Join(errs...)
}

// A List is a batch that makes sense to an operator.
type List struct {
	Name   string
	Recipe string // a built-in recipe: schedule, oncall or page
	URLs   []string
}

// Lists returns the site's URLs in the order in which to add them. No URL is
// in them twice, and the hosts of a list take turns in it.
func (s *Site) Lists() []List {
	out := make([]List, len(lists))
	for at, l := range lists {
		out[at] = List{Name: l.name, Recipe: l.recipe}
		for n, left := 0, true; left; n++ {
			left = false
			for i, h := range s.hosts {
				if h.list == at && n < len(h.listed) {
					left = true
					out[at].URLs = append(out[at].URLs, s.base(i)+h.listed[n])
				}
			}
		}
	}
	return out
}

// Hosts returns the names of the hosts, as they stand in URLs.
func (s *Site) Hosts() []string { return slices.Clone(s.names) }

// base returns scheme and authority of a host.
func (s *Site) base(i int) string { return "http://" + s.names[i] }
