package scrape

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"time"

	"weir/engine"
)

// HTTP/2 and law 1. net/http's transport sends a request again, at once and in
// silence, if the server refuses its stream or says GOAWAY, and the empty body
// that stops it in HTTP/1 makes a GET with a body here, which some servers
// refuse. So its pool is passed by: every HTTP/2 connection is an
// [http.ClientConn] of ours, whose RoundTrip sends one request once, and what
// fails is the engine's to repeat in its turn.
//
// Who speaks HTTP/2 is found out by ALPN, once for a host: those that do not are
// left to the HTTP/1 transport.

const (
	maxKnown  = 10_000  // hosts of which is known what they speak
	maxStream = 1 << 20 // bytes that a server may send ahead on one stream

	// maxIdle is what may come on a connection without a request: what was
	// on its way when the last one ended, and a little more. In bytes.
	maxIdle = maxStream + 64<<10
)

// A pool keeps HTTP/2 connections, several of a host if it allows few streams
// on one. It is safe for use by multiple goroutines.
type pool struct {
	transport *http.Transport // makes connections of connections
	most      int             // connections kept, of all hosts together

	// perAnswer is what one answer may cost on the wire. A connection that
	// has brought more than that for each request since the last one began,
	// or more than maxIdle without any, is closed: frames that belong to no
	// answer (PING, SETTINGS) are otherwise free.
	perAnswer int64

	mu     sync.Mutex
	closed bool
	hosts  map[string]*poolHost // by host:port
	open   int                  // connections of all hosts
	uses   uint64               // so far
}

type poolHost struct {
	http1   bool          // it does not speak HTTP/2
	dialing chan struct{} // closed when the dial under way has ended; nil: there is none
	conns   []*poolConn
}

type poolConn struct {
	*http.ClientConn
	conn net.Conn
	busy int    // requests under way, to the end of their attempts
	used uint64 // the last of pool.uses
}

func (s *Scraper) newPool() *pool {
	p := &pool{
		most:      8*s.cfg.Workers + 24,
		perAnswer: 2 * (s.cfg.MaxBody + wireOverrun + s.cfg.MaxHeader), // frames and TLS come on top
		hosts:     make(map[string]*poolHost),
	}
	both := new(http.Protocols)
	both.SetHTTP1(true)
	both.SetHTTP2(true)
	p.transport = &http.Transport{
		DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return ctx.Value(wireKey{}).(*wire).takeSpare(), nil
		},
		Protocols: both,
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream: maxStream,
			WriteByteTimeout:          s.cfg.Timeout, // a server that does not read is not waited for by what has ended
		},
		DisableCompression:     true,
		MaxResponseHeaderBytes: s.cfg.MaxHeader,
		IdleConnTimeout:        idleFor,
	}
	return p
}

// roundTrip makes the request for a target whose scheme is https.
func (s *Scraper) roundTrip(req *http.Request, w *wire, host string) (*http.Response, error) {
	c, speaks, err := s.pool.take(req.Context(), host)
	if err != nil {
		return nil, err
	}
	reused := c != nil
	if speaks == unknown {
		c, speaks, err = s.dialPool(req.Context(), w, host)
		if err != nil {
			return nil, err
		}
	}
	if speaks == http1 {
		defer w.closeSpare()
		return s.transport.RoundTrip(req)
	}
	w.share(c, reused, s.pool.release)
	if req.ContentLength == 0 {
		req.Body, req.TransferEncoding = nil, nil
	}
	resp, err := c.RoundTrip(req)
	if err != nil {
		w.perhapsSent()
		if stream := (streamError{}); errors.As(err, &stream) && stream.Code == http11Required {
			s.pool.onlyHTTP1(host)
		}
	}
	return resp, err
}

// http11Required is the code of an error with which a server asks for the same
// over HTTP/1.1 (RFC 9113, section 7).
const http11Required = 0xd

func (p *pool) onlyHTTP1(host string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.host(host).http1 = true
}

// What is known of a host.
type speaks int

const (
	unknown speaks = iota // the caller is to dial, and to call learned
	http1
	http2
)

// take returns a connection of host with room for one more request, which is
// reserved. While another goroutine dials it waits: often one connection is
// enough for all.
func (p *pool) take(ctx context.Context, host string) (*poolConn, speaks, error) {
	for {
		p.mu.Lock()
		h := p.host(host)
		if h.http1 {
			p.mu.Unlock()
			return nil, http1, nil
		}
		p.drop(h, func(c *poolConn) bool { return c.Err() != nil })
		for _, c := range h.conns {
			if c.Reserve() == nil {
				p.hold(c)
				p.mu.Unlock()
				return c, http2, nil
			}
		}
		wait := h.dialing
		if wait == nil {
			h.dialing = make(chan struct{})
			p.mu.Unlock()
			return nil, unknown, nil
		}
		p.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, unknown, context.Cause(ctx)
		}
	}
}

// host returns what is known of a host.
func (p *pool) host(name string) *poolHost {
	h, ok := p.hosts[name]
	if !ok {
		if len(p.hosts) >= maxKnown {
			for other, h := range p.hosts { // any of them will do: it is asked once more
				if h.dialing == nil && len(h.conns) == 0 {
					delete(p.hosts, other)
					break
				}
			}
		}
		h = new(poolHost)
		p.hosts[name] = h
	}
	return h
}

// drop takes connections of a host out of the pool.
func (p *pool) drop(h *poolHost, which func(*poolConn) bool) {
	had := len(h.conns)
	h.conns = slices.DeleteFunc(h.conns, which)
	p.open -= had - len(h.conns)
}

// hold notes one more request on c.
func (p *pool) hold(c *poolConn) {
	c.busy++
	p.uses++
	c.used = p.uses
	lineOf(c.conn).allow(int64(c.busy) * p.perAnswer)
}

// release notes that an attempt on c is over.
func (p *pool) release(c *poolConn) {
	p.mu.Lock()
	c.busy--
	idle, closed := c.busy == 0, p.closed
	if idle {
		lineOf(c.conn).allow(maxIdle)
	}
	p.mu.Unlock()
	if idle && closed { // not under the lock: a server may hold up a goodbye
		c.Close()
	}
}

// learned ends a dial: with a connection, with the news that the host speaks
// HTTP/1 only, or with nothing.
func (p *pool) learned(host string, s speaks, c *poolConn) {
	p.mu.Lock()
	h := p.host(host)
	close(h.dialing)
	h.dialing = nil
	h.http1 = s == http1
	var old *poolConn
	if c != nil {
		h.conns = append(h.conns, c)
		p.open++
		p.hold(c)
		if p.open > p.most {
			old = p.dropOldest()
		}
	}
	p.mu.Unlock()
	if old != nil {
		old.Close()
	}
}

// dropOldest takes the idle connection out of the pool that was used longest
// ago, if there is one.
func (p *pool) dropOldest() *poolConn {
	var oldest *poolConn
	var of *poolHost
	for _, h := range p.hosts {
		for _, c := range h.conns {
			if c.busy == 0 && (oldest == nil || c.used < oldest.used) {
				oldest, of = c, h
			}
		}
	}
	if oldest != nil {
		p.drop(of, func(c *poolConn) bool { return c == oldest })
	}
	return oldest
}

// close closes the connections that are idle, and later those that are not.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	var idle []*poolConn
	for _, h := range p.hosts {
		for _, c := range h.conns {
			if c.busy == 0 {
				idle = append(idle, c)
			}
		}
	}
	p.mu.Unlock()
	for _, c := range idle {
		c.Close()
	}
}

// dialPool connects to host and finds out what it speaks. If that is HTTP/1,
// the connection is the wire's spare one, for dialTLS to find.
func (s *Scraper) dialPool(ctx context.Context, w *wire, host string) (c *poolConn, what speaks, err error) {
	defer func() { s.pool.learned(host, what, c) }()
	dialling, done := w.dialing(ctx)
	defer done()
	conn, err := s.dialSecure(dialling, w, "tcp", host, "h2", "http/1.1")
	if err != nil {
		return nil, unknown, err
	}
	w.setSpare(conn)
	if secure, ok := conn.(*tls.Conn); !ok || secure.ConnectionState().NegotiatedProtocol != "h2" {
		return nil, http1, nil
	}
	lineOf(conn).allow(s.pool.perAnswer)
	cc, err := s.pool.transport.NewClientConn(dialling, "https", host)
	if err == nil {
		err = cc.Reserve()
	}
	if err != nil {
		conn.Close()
		return nil, unknown, &fault{engine.Reset, err}
	}
	return &poolConn{ClientConn: cc, conn: conn}, http2, nil
}

// share tells w that its request goes over a connection of several.
func (w *wire) share(c *poolConn, reused bool, release func(*poolConn)) {
	w.mu.Lock()
	w.shared, w.release = true, func() { release(c) }
	w.mu.Unlock()
	w.got(httptrace.GotConnInfo{Conn: c.conn, Reused: reused})
}

// perhapsSent reports the start of a request that failed, if that was not done:
// its header may be on its way all the same.
func (w *wire) perhapsSent() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sentAt.IsZero() {
		w.sentAt = time.Now()
		w.enter(engine.PhaseSent)
	}
}

// The spare connection of a wire is one that was dialled before it was known
// what for.
func (w *wire) setSpare(c net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spare = c
}

func (w *wire) takeSpare() net.Conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.spare
	w.spare = nil
	return c
}

func (w *wire) closeSpare() {
	if c := w.takeSpare(); c != nil {
		c.Close()
	}
}

// A streamError is what net/http makes of an error of one stream: its own type
// is not exported, but turns into any with these fields.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (e streamError) Error() string { return "stream error" }

// http2Class returns the class of an error of HTTP/2, whose other types and
// variables net/http keeps to itself.
func http2Class(err error) (engine.Class, bool) {
	text := err.Error()
	if strings.Contains(text, "header list larger than") || strings.Contains(text, "header list too large") {
		return engine.TooLarge, true
	}
	var stream streamError
	if errors.As(err, &stream) {
		if stream.Cause != nil && stream.Cause.Error() == "received from peer" {
			return engine.Reset, true
		}
		return engine.Protocol, true
	}
	for _, gone := range []string{
		"http2: server sent GOAWAY", "graceful shutdown GOAWAY", "http2: client conn not usable",
		"http2: client conn could not be established", "http2: client connection lost", "http2: client connection force closed",
	} {
		if strings.Contains(text, gone) {
			return engine.Reset, true
		}
	}
	return "", false
}
