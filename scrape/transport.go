package scrape

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"weir/engine"
)

// idleFor is how long a connection is kept for the next request to its host.
const idleFor = 90 * time.Second

// newTransport returns a transport that makes one request of one RoundTrip: no
// proxies from the environment, no HTTP/2 (http2.go has its own connections),
// no coding undone behind our back.
func (s *Scraper) newTransport() *http.Transport {
	http1 := new(http.Protocols)
	http1.SetHTTP1(true)
	return &http.Transport{
		DialContext:            s.dial,
		DialTLSContext:         s.dialTLS,
		Proxy:                  forwarder,
		Protocols:              http1,
		DisableCompression:     true,
		MaxResponseHeaderBytes: s.cfg.MaxHeader,
		IdleConnTimeout:        idleFor,

		// As many requests are in flight to one host as there are workers,
		// and a worker may come back to any of a few hosts within idleFor.
		MaxIdleConnsPerHost: s.cfg.Workers,
		MaxIdleConns:        8*s.cfg.Workers + 24,
	}
}

// forwarder tells net/http of a proxy that is handed requests as they are:
// their form is another one. Of tunnels it need not know.
func forwarder(r *http.Request) (*url.URL, error) {
	if w := r.Context().Value(wireKey{}).(*wire); w.via.forwards(r.URL.Scheme) {
		return w.via.url, nil
	}
	return nil, nil
}

// dial connects to addr (host:port) within the fence, on behalf of the attempt
// whose wire ctx carries. If that is to go through a proxy, addr is what
// net/http means: the proxy, or the host at the other end of a tunnel.
func (s *Scraper) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	w := ctx.Value(wireKey{}).(*wire)
	ctx, done := w.dialing(ctx)
	defer done()
	return s.connect(ctx, w, network, addr)
}

func (s *Scraper) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	w := ctx.Value(wireKey{}).(*wire)
	if conn := w.takeSpare(); conn != nil {
		return conn, nil
	}
	ctx, done := w.dialing(ctx)
	defer done()
	return s.dialSecure(ctx, w, network, addr, "http/1.1")
}

// dialSecure connects to addr with TLS and offers to speak one of protocols.
func (s *Scraper) dialSecure(ctx context.Context, w *wire, network, addr string, protocols ...string) (net.Conn, error) {
	conn, err := s.connect(ctx, w, network, addr)
	if err != nil || w.via.forwards(w.scheme) {
		return conn, err // to an https proxy TLS is spoken already
	}
	name, _, err := net.SplitHostPort(addr)
	if err != nil {
		conn.Close()
		return nil, &fault{engine.Connect, err}
	}
	from := time.Now()
	secure, err := handshake(ctx, conn, s.tlsConfig(addr, name, protocols...))
	if err != nil {
		return nil, &fault{engine.TLS, err}
	}
	w.shook(time.Since(from))
	return secure, nil
}

// handshake begins TLS on conn, which it closes if that fails.
func handshake(ctx context.Context, conn net.Conn, cfg *tls.Config) (*tls.Conn, error) {
	secure := tls.Client(conn, cfg)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

func (s *Scraper) connect(ctx context.Context, w *wire, network, addr string) (conn net.Conn, err error) {
	from := time.Now()
	switch {
	case w.via.forwards(w.scheme):
		conn, err = s.reach(ctx, w.via)
	case w.via != nil:
		conn, err = s.tunnel(ctx, w.via, addr)
	default:
		dial := s.cfg.Dial
		if dial == nil {
			dial = s.fence.dialer(addr).DialContext
		}
		if conn, err = dial(ctx, network, addr); err != nil {
			return nil, dialError(err)
		}
		conn = &line{Conn: conn}
	}
	if err != nil {
		return nil, err
	}
	w.connected(time.Since(from))
	return conn, nil
}

// nothing is the body of every request: empty, but not nil. It has no GetBody,
// so net/http cannot send the request a second time when a kept connection
// turns out to be dead; with a nil body it does, at once and in silence.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, io.EOF }
func (nothing) Close() error             { return nil }

// WriteTo spares each request the 32 KiB that net/http copies a body through.
func (nothing) WriteTo(io.Writer) (int64, error) { return 0, nil }

// A sheaf is the body of a form: one that cannot be sent twice either.
type sheaf struct{ *strings.Reader }

func (sheaf) Close() error { return nil }

// send makes one request for t, with the fields of own beside the usual ones
// and, if form is not empty, with that to be sent, and returns its answer once
// the header is there. The caller closes the
// answer's body.
func (s *Scraper) send(ctx context.Context, w *wire, t target, own http.Header, form string) (*http.Response, error) {
	var err error
	if w.via, err = s.cfg.Proxy.via(t); err != nil {
		return nil, &fault{engine.Proxy, err}
	}
	if err := s.fence.fenced(w.via, t); err != nil {
		return nil, err
	}
	w.scheme = t.scheme
	to := t.request()
	if w.via.forwards(t.scheme) {
		to.Opaque = "//" + t.authority + t.path // written in absolute form, as a proxy wants it
	}
	req := (&http.Request{
		Method: http.MethodGet,
		URL:    to,
		Host:   t.authority,
		Header: http.Header{
			"User-Agent":      {s.agent},
			"Accept":          {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
			"Accept-Encoding": {acceptEncoding},
		},
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Body:       nothing{},

		// Without this net/http reads from the body to see whether it is
		// empty, and calls it chunked if a busy machine answers late.
		TransferEncoding: []string{"identity"},
	}).WithContext(w.trace(ctx))
	maps.Copy(req.Header, own)
	if form != "" {
		req.Method, req.Body, req.ContentLength, req.TransferEncoding = http.MethodPost, sheaf{strings.NewReader(form)}, int64(len(form)), nil
	}
	var resp *http.Response
	if t.scheme == "https" && s.pool != nil {
		resp, err = s.roundTrip(req, w, t.host)
	} else {
		resp, err = s.transport.RoundTrip(req)
	}
	if err != nil {
		return nil, w.explain(err)
	}
	w.answered()
	if w.via != nil && resp.StatusCode == http.StatusProxyAuthRequired {
		resp.Body.Close()
		return nil, w.via.blame(statusError(resp.StatusCode))
	}
	return resp, nil
}

// explain gives the error of a request the class that only its wire knows.
func (w *wire) explain(err error) error {
	var known *fault
	class := classOf(err, false)
	switch {
	case errors.As(err, &known):
		return known // without what net/http says around it
	case class == engine.Protocol && w.cut() && cutShort(err):
		class, err = engine.Reset, fmt.Errorf("connection cut: %w", err)
	}
	if class == engine.Reset && w.via.forwards(w.scheme) {
		return w.via.blame(err) // the connection was to the proxy, which has a status for sites that cut theirs
	}
	return &fault{class, err}
}

// drain reads a body that no one wants, if it is short and comes at once, so
// that its connection can be kept; cancel ends the attempt if it does not.
func drain(resp *http.Response, cancel context.CancelFunc) {
	if resp.ContentLength > maxDrain || resp.StatusCode == http.StatusSwitchingProtocols {
		return // the body of the latter is the bare connection, which no context ends
	}
	stop := time.AfterFunc(drainFor, cancel)
	defer stop.Stop()
	io.CopyN(io.Discard, resp.Body, maxDrain)
}

// A quietLog drops what net/http logs about answers that it did not expect: it
// would print page bytes over a screen, as often as a server likes, and has no
// other way to be told.
type quietLog struct{ io.Writer }

func (q quietLog) Write(line []byte) (int, error) {
	for _, said := range [...]string{
		"Unsolicited response received on idle HTTP channel",
		"Transport: unhandled response frame type", "protocol error: received ", "http2: ",
	} {
		if bytes.Contains(line, []byte(said)) {
			return len(line), nil
		}
	}
	return q.Writer.Write(line)
}

var quieten = sync.OnceFunc(func() { log.SetOutput(quietLog{log.Writer()}) })
