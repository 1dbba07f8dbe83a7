package scrape

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"

	"weir/engine"
)

// idleFor is how long a connection is kept for the next request to its host.
const idleFor = 90 * time.Second

// newTransport returns a transport that makes one request of one RoundTrip: no
// proxies from the environment, no HTTP/2, no coding undone behind our back.
func (s *Scraper) newTransport() *http.Transport {
	http1 := new(http.Protocols)
	http1.SetHTTP1(true)
	return &http.Transport{
		DialContext:            s.dial,
		DialTLSContext:         s.dialTLS,
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

// dial connects to addr (host:port) within the fence, on behalf of the attempt
// whose wire ctx carries.
func (s *Scraper) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	w := ctx.Value(wireKey{}).(*wire)
	ctx, done := w.dialing(ctx)
	defer done()
	return s.connect(ctx, w, network, addr)
}

func (s *Scraper) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	w := ctx.Value(wireKey{}).(*wire)
	ctx, done := w.dialing(ctx)
	defer done()
	conn, err := s.connect(ctx, w, network, addr)
	if err != nil {
		return nil, err
	}
	name, _, err := net.SplitHostPort(addr)
	if err != nil {
		conn.Close()
		return nil, &fault{engine.Connect, err}
	}
	from := time.Now()
	secure := tls.Client(conn, s.tlsConfig(addr, name, "http/1.1"))
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, &fault{engine.TLS, err}
	}
	w.shook(time.Since(from))
	return secure, nil
}

func (s *Scraper) connect(ctx context.Context, w *wire, network, addr string) (net.Conn, error) {
	dial := s.cfg.Dial
	if dial == nil {
		dial = s.fence.dialer(addr).DialContext
	}
	from := time.Now()
	conn, err := dial(ctx, network, addr)
	if err != nil {
		return nil, dialError(err)
	}
	w.connected(time.Since(from))
	return &line{Conn: conn}, nil
}

// nothing is the body of every request: empty, but not nil. It has no GetBody,
// so net/http cannot send the request a second time when a kept connection
// turns out to be dead; with a nil body it does, at once and in silence.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, io.EOF }
func (nothing) Close() error             { return nil }

// send makes one request for t, with the fields of own beside the usual ones,
// and returns its answer once the header is there. The caller closes the
// answer's body.
func (s *Scraper) send(ctx context.Context, w *wire, t target, own http.Header) (*http.Response, error) {
	req := (&http.Request{
		Method: http.MethodGet,
		URL:    t.request(),
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
	resp, err := s.transport.RoundTrip(req)
	if err != nil {
		if class := classOf(err, false); class == engine.Protocol && w.cut() {
			err = &fault{engine.Reset, fmt.Errorf("connection cut: %w", err)}
		}
		return nil, err
	}
	w.answered()
	return resp, nil
}

// drain reads a body that no one wants, if it is short and comes at once, so
// that its connection can be kept; cancel ends the attempt if it does not.
func drain(resp *http.Response, cancel context.CancelFunc) {
	if resp.ContentLength > maxDrain {
		return
	}
	stop := time.AfterFunc(drainFor, cancel)
	defer stop.Stop()
	io.CopyN(io.Discard, resp.Body, maxDrain)
}

// A quietLog drops what net/http logs about answers that no one asked for: it
// would print page bytes over a screen, and has no other way to be told.
type quietLog struct{ io.Writer }

func (q quietLog) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("Unsolicited response received on idle HTTP channel")) {
		return len(line), nil
	}
	return q.Writer.Write(line)
}

var quieten = sync.OnceFunc(func() { log.SetOutput(quietLog{log.Writer()}) })
