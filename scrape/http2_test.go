package scrape_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"weir/engine"
	"weir/scrape"
)

// pipes is a listener whose connections are pairs of net.Pipe, for servers with
// TLS in a bubble.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	dials  atomic.Int32
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	p.dials.Add(1)
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// secure returns a pipe listener, the configuration of a server as one.test
// behind it, and that of a Scraper that reaches and believes it.
func secure(t *testing.T, cfg scrape.Config) (*pipes, *tls.Config, scrape.Config) {
	t.Helper()
	cert := certificate(t)
	own, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	cfg.Roots = x509.NewCertPool()
	cfg.Roots.AddCert(own)
	p := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	cfg.Dial = p.dial
	return p, &tls.Config{Certificates: []tls.Certificate{cert}}, cfg
}

// site2 returns a rig that reaches handler as https://one.test over HTTP/2.
func site2(t *testing.T, cfg scrape.Config, adapt func(*http.Server), handler http.HandlerFunc) (*rig, *pipes) {
	t.Helper()
	p, conf, cfg := secure(t, cfg)
	server := &http.Server{Handler: handler, TLSConfig: conf, ErrorLog: log.New(io.Discard, "", 0)}
	if adapt != nil {
		adapt(server)
	}
	var wg sync.WaitGroup
	wg.Go(func() { server.ServeTLS(p, "", "") })
	g := newRig(t, cfg)
	t.Cleanup(func() {
		g.Close()
		close(p.closed)
		server.Close()
		wg.Wait()
	})
	return g, p
}

func TestHTTP2ReportsPhasesAndTimesExactly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, p := site2(t, scrape.Config{}, nil, func(w http.ResponseWriter, r *http.Request) {
			if r.ProtoMajor != 2 || r.ContentLength != 0 {
				t.Errorf("%s with a body of %d, want HTTP/2 with none", r.Proto, r.ContentLength)
			}
			time.Sleep(2 * time.Second)
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<title>slow")
			w.(http.Flusher).Flush()
			time.Sleep(3 * time.Second)
			io.WriteString(w, " page</title>")
		})
		for _, tc := range []struct {
			name, phases string
			timing       engine.Timing
		}{
			{
				name: "new connection", phases: "connect+0s sent+0s body+2s extract+5s",
				timing: engine.Timing{DNS: -1, FirstByte: 2 * time.Second, Body: 3 * time.Second},
			},
			{
				name: "kept connection", phases: "sent+0s body+2s extract+5s",
				timing: engine.Timing{DNS: -1, Connect: -1, TLS: -1, FirstByte: 2 * time.Second, Body: 3 * time.Second},
			},
		} {
			d := newDiary()
			r := g.request(t, "https://one.test/a//b?c=%zz")
			r.Report = d.report
			res := g.Do(t.Context(), r).Result
			if got := d.String(); got != tc.phases || res.Timing != tc.timing || res.Outcome != engine.OK || res.Title != "slow page" {
				t.Errorf("%s: %v %q %q, phases %s, timing %+v; want ok, %s, %+v", tc.name, res.Outcome, res.Class, res.Error, got, res.Timing, tc.phases, tc.timing)
			}
		}
		if p.dials.Load() != 1 {
			t.Errorf("%d connections, want 1", p.dials.Load())
		}
	})
}

func TestHTTP2SharesAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var most, now atomic.Int32
		g, p := site2(t, scrape.Config{Workers: 8}, nil, func(w http.ResponseWriter, r *http.Request) {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(time.Second)
			now.Add(-1)
			html(w, "a")
		})
		from := time.Now()
		for range 3 {
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					if got := g.get(t, "https://one.test/"); got.Outcome != engine.OK {
						t.Errorf("%v %q %q, want ok", got.Outcome, got.Class, got.Error)
					}
				})
			}
			wg.Wait()
		}
		if took := time.Since(from); took != 3*time.Second || most.Load() != 8 || p.dials.Load() != 1 {
			t.Errorf("3 times 8 requests took %v on %d connections, at most %d at once; want 3s, 1, 8", took, p.dials.Load(), most.Load())
		}
	})
}

// A server that allows one stream on a connection gets several connections.
func TestHTTP2WithFewStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, p := site2(t, scrape.Config{}, func(s *http.Server) {
			s.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 1}
		}, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(10 * time.Second)
			html(w, "a")
		})
		for range 2 { // the second time on kept connections
			var wg sync.WaitGroup
			from := time.Now()
			for range 3 {
				wg.Go(func() {
					if got := g.get(t, "https://one.test/"); got.Outcome != engine.OK {
						t.Errorf("%v %q %q, want ok", got.Outcome, got.Class, got.Error)
					}
				})
				time.Sleep(time.Second) // until then the server has said what it allows
			}
			wg.Wait()
			if took := time.Since(from); took != 12*time.Second {
				t.Errorf("took %v, want 12s", took)
			}
		}
		if p.dials.Load() != 3 {
			t.Errorf("%d connections, want 3", p.dials.Load())
		}
	})
}

func TestEndingOneStreamLeavesTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, p := site2(t, scrape.Config{}, nil, func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(10 * time.Second):
				html(w, "a")
			case <-r.Context().Done():
			}
		})
		var wg sync.WaitGroup
		wg.Go(func() {
			if got := g.get(t, "https://one.test/"); got.Outcome != engine.OK {
				t.Errorf("the other: %v %q %q, want ok", got.Outcome, got.Class, got.Error)
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		from := time.Now()
		g.Do(ctx, g.request(t, "https://one.test/"))
		if took := time.Since(from); took != 5*time.Second {
			t.Errorf("Do returned after %v, want 5s", took)
		}
		wg.Wait()
		if p.dials.Load() != 1 {
			t.Errorf("%d connections, want 1", p.dials.Load())
		}
	})
}

// An elastic connection takes what is written to it without being read.
type elastic struct {
	net.Conn
	mu     sync.Mutex
	cond   *sync.Cond
	buf    bytes.Buffer
	err    error
	frozen chan struct{} // if it is there, nothing is taken before it is closed
}

func (e *elastic) pump() {
	p := make([]byte, 32<<10)
	for e.err == nil {
		n, err := e.Conn.Read(p)
		e.mu.Lock()
		e.buf.Write(p[:n])
		e.err = err
		frozen := e.frozen
		e.mu.Unlock()
		e.cond.Broadcast()
		if frozen != nil {
			<-frozen
		}
	}
}

// freeze takes one more write and then no more until the returned function is
// called.
func (e *elastic) freeze() (thaw func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.frozen = make(chan struct{})
	return sync.OnceFunc(func() { close(e.frozen) })
}

func (e *elastic) Read(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for e.buf.Len() == 0 {
		if e.err != nil {
			return 0, e.err
		}
		e.cond.Wait()
	}
	return e.buf.Read(p)
}

// A raw server speaks HTTP/2 frame by frame.
type raw struct {
	*http2.Framer
	conn    net.Conn
	under   *elastic
	headers *atomic.Int32 // requests seen, of all connections
	enc     *hpack.Encoder
	block   bytes.Buffer
}

// next reads up to the next request and returns its stream.
func (r *raw) next() (stream uint32, err error) {
	for {
		f, err := r.ReadFrame()
		if err != nil {
			return 0, err
		}
		if h, ok := f.(*http2.HeadersFrame); ok {
			r.headers.Add(1)
			if !h.StreamEnded() {
				return 0, fmt.Errorf("stream %d has a body", h.StreamID)
			}
			return h.StreamID, nil
		}
	}
}

func (r *raw) fields(kv ...string) []byte {
	r.block.Reset()
	for i := 0; i < len(kv); i += 2 {
		r.enc.WriteField(hpack.HeaderField{Name: kv[i], Value: kv[i+1]})
	}
	return r.block.Bytes()
}

// page answers a stream.
func (r *raw) page(stream uint32) {
	r.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, EndHeaders: true, BlockFragment: r.fields(":status", "200", "content-type", "text/html")})
	r.WriteData(stream, true, []byte("<title>a</title>"))
}

// wire2 returns a rig whose connections to https://one.test talk to talk, and
// the number of requests that were seen.
func wire2(t *testing.T, cfg scrape.Config, talk func(r *raw)) (*rig, *atomic.Int32) {
	t.Helper()
	p, conf, cfg := secure(t, cfg)
	headers := serve2(t, p, conf, talk)
	g := newRig(t, cfg)
	t.Cleanup(func() { g.Close() })
	return g, headers
}

// serve2 lets talk have what is dialled of p.
func serve2(t *testing.T, p *pipes, conf *tls.Config, talk func(r *raw)) *atomic.Int32 {
	t.Helper()
	conf.NextProtos = []string{"h2", "http/1.1"}
	headers := new(atomic.Int32)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := p.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				e := &elastic{Conn: c}
				e.cond = sync.NewCond(&e.mu)
				wg.Go(e.pump)
				conn := tls.Server(e, conf)
				defer conn.Close()
				if err := conn.Handshake(); err != nil {
					return
				}
				if conn.ConnectionState().NegotiatedProtocol != "h2" {
					if readHeader(bufio.NewReader(conn)) == nil {
						io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<title>one</title>")
					}
					return
				}
				if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
					return
				}
				r := &raw{Framer: http2.NewFramer(conn, conn), conn: conn, under: e, headers: headers}
				r.enc = hpack.NewEncoder(&r.block)
				r.WriteSettings()
				talk(r)
			})
		}
	})
	t.Cleanup(func() { close(p.closed); wg.Wait() })
	return headers
}

// Law 1 over HTTP/2: whatever a server says to a request, it is sent once.
func TestHTTP2SendsNoSecondRequest(t *testing.T) {
	for _, tc := range []struct {
		name string
		talk func(r *raw, stream uint32) // the answer to the second request
	}{
		{"its stream is refused", func(r *raw, stream uint32) { r.WriteRSTStream(stream, http2.ErrCodeRefusedStream) }},
		{"GOAWAY before it", func(r *raw, stream uint32) {
			r.WriteGoAway(stream-2, http2.ErrCodeNo, nil)
		}},
		{"GOAWAY for all", func(r *raw, stream uint32) { r.WriteGoAway(0, http2.ErrCodeNo, nil) }},
		{"a protocol error of the first stream", func(r *raw, stream uint32) { r.WriteRSTStream(stream, http2.ErrCodeProtocol) }},
		{"enhance your calm", func(r *raw, stream uint32) { r.WriteRSTStream(stream, http2.ErrCodeEnhanceYourCalm) }},
		{"the connection is cut", func(r *raw, stream uint32) { r.conn.Close() }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := new(atomic.Int32)
				g, headers := wire2(t, scrape.Config{}, func(r *raw) {
					for {
						stream, err := r.next()
						if err != nil {
							return
						}
						if n.Add(1) == 2 {
							tc.talk(r, stream)
							continue
						}
						r.page(stream)
					}
				})
				if res := g.get(t, "https://one.test/"); res.Outcome != engine.OK {
					t.Fatalf("first: %q %q, want ok", res.Class, res.Error)
				}
				d := newDiary()
				r := g.request(t, "https://one.test/")
				r.Report = d.report
				res := g.Do(t.Context(), r).Result
				if res.Class != engine.Reset {
					t.Errorf("second: %v %q %q, want failed reset", res.Outcome, res.Class, res.Error)
				}
				time.Sleep(5 * time.Second) // for what may come late
				if got := headers.Load(); got != 2 || d.String() != "sent+0s" {
					t.Errorf("the server saw %d requests, phases %s; want 2, sent+0s once", got, d)
				}
				if res := g.get(t, "https://one.test/"); res.Outcome != engine.OK || headers.Load() != 3 {
					t.Errorf("third: %q %q after %d requests, want ok after 3", res.Class, res.Error, headers.Load())
				}
			})
		})
	}
}

// A request that hangs in the middle of being written when its time is up may
// have reached the server: it has started, as far as the pace is concerned.
func TestHTTP2RequestThatIsHalfWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done := make(chan struct{})
		g, _ := wire2(t, scrape.Config{Timeout: 7 * time.Second}, func(r *raw) {
			stream, err := r.next()
			if err != nil {
				return
			}
			r.page(stream)
			thaw := r.under.freeze()
			r.WritePing(false, [8]byte{}) // its answer is the last that is read
			<-done
			thaw()
		})
		g.get(t, "https://one.test/")
		time.Sleep(time.Second)
		d := newDiary()
		r := g.request(t, "https://one.test/")
		r.Report = d.report
		got := g.Do(t.Context(), r).Result
		if got.Class != engine.Timeout || d.String() != "sent+7s" {
			t.Errorf("Do = %q %q, phases %s; want timeout, sent+7s", got.Class, got.Error, d)
		}
		close(done)
	})
}

// Close does not disturb what is under way, and leaves nothing behind it.
func TestCloseDuringARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var closed atomic.Int64 // nanoseconds since from
		from := time.Now()
		g, _ := site2(t, scrape.Config{}, func(s *http.Server) {
			s.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateClosed {
					closed.Store(int64(time.Since(from)))
				}
			}
		}, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(10 * time.Second)
			html(w, "a")
		})
		time.AfterFunc(time.Second, func() { g.Close() })
		if got := g.get(t, "https://one.test/"); got.Outcome != engine.OK {
			t.Errorf("%q %q, want ok", got.Class, got.Error)
		}
		time.Sleep(time.Second)
		if took := time.Duration(closed.Load()); took != 10*time.Second {
			t.Errorf("the connection was closed after %v, want 10s", took)
		}
	})
}

// What net/http's own transport does with a refused stream, with and without a
// body: it is why that transport is passed by.
func TestNetHTTPSendsARefusedRequestAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, conf, cfg := secure(t, scrape.Config{})
		headers := serve2(t, p, conf, func(r *raw) {
			for stream, err := r.next(); err == nil; stream, err = r.next() {
				r.WriteRSTStream(stream, http2.ErrCodeRefusedStream)
			}
		})
		protocols := new(http.Protocols)
		protocols.SetHTTP2(true)
		transport := &http.Transport{DialContext: p.dial, TLSClientConfig: &tls.Config{RootCAs: cfg.Roots}, Protocols: protocols}
		defer transport.CloseIdleConnections()
		req, err := http.NewRequestWithContext(t.Context(), "GET", "https://one.test/", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := transport.RoundTrip(req); err == nil || headers.Load() < 2 {
			t.Errorf("%v after %d requests; want several: has net/http changed?", err, headers.Load())
		}
	})
}

func TestHTTP2Faults(t *testing.T) {
	const small = 32 << 10
	for _, tc := range []struct {
		name  string
		talk  func(r *raw, stream uint32)
		class engine.Class
		err   string
	}{
		{
			name: "a field larger than all may be", class: engine.Protocol, err: "connection error: COMPRESSION_ERROR",
			talk: func(r *raw, stream uint32) {
				block := r.fields(":status", "200", "a", strings.Repeat("x", small+4096))
				r.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block[:16<<10]})
				r.WriteContinuation(stream, true, block[16<<10:])
			},
		},
		{
			name: "more header by the table", class: engine.TooLarge, // HPACK: a byte each
			talk: func(r *raw, stream uint32) {
				kv := []string{":status", "200"}
				for range 1000 {
					kv = append(kv, "a", strings.Repeat("x", 1000))
				}
				r.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, EndHeaders: true, BlockFragment: r.fields(kv...)})
			},
		},
		{
			name: "continuations without end", class: engine.Protocol,
			talk: func(r *raw, stream uint32) {
				r.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: r.fields(":status", "200")})
				for r.WriteContinuation(stream, false, r.fields("a", strings.Repeat("x", 4000))) == nil {
				}
			},
		},
		{
			name: "empty continuations without end", class: engine.TooLarge, err: "connection: more came than answers may have",
			talk: func(r *raw, stream uint32) {
				r.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: r.fields(":status", "200")})
				for r.WriteContinuation(stream, false, nil) == nil {
				}
			},
		},
		{
			name: "informational answers without end", class: engine.TooLarge,
			talk: func(r *raw, stream uint32) {
				for r.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, EndHeaders: true, BlockFragment: r.fields(":status", "103", "link", "x")}) == nil {
				}
			},
		},
		{
			name: "pings without end", class: engine.TooLarge, err: "connection: more came than answers may have",
			talk: func(r *raw, stream uint32) {
				go io.Copy(io.Discard, r.conn)
				for r.WritePing(false, [8]byte{}) == nil {
				}
			},
		},
		{
			name: "settings without end", class: engine.TooLarge, err: "connection: more came than answers may have",
			talk: func(r *raw, stream uint32) {
				go io.Copy(io.Discard, r.conn)
				for r.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 16}) == nil {
				}
			},
		},
		{
			name: "a body without end", class: engine.TooLarge, err: "body over 64 KiB",
			talk: func(r *raw, stream uint32) {
				go io.Copy(io.Discard, r.conn)
				r.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, EndHeaders: true, BlockFragment: r.fields(":status", "200", "content-type", "text/html")})
				for r.WriteData(stream, false, make([]byte, 8<<10)) == nil {
				}
			},
		},
		{
			name: "a body that is cut", class: engine.Reset,
			talk: func(r *raw, stream uint32) {
				r.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, EndHeaders: true, BlockFragment: r.fields(":status", "200", "content-type", "text/html")})
				r.WriteData(stream, false, []byte("<title>a"))
				r.WriteRSTStream(stream, http2.ErrCodeInternal)
			},
		},
		{
			name: "a body shorter than it said", class: engine.Truncated,
			talk: func(r *raw, stream uint32) {
				r.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, EndHeaders: true, BlockFragment: r.fields(":status", "200", "content-type", "text/html", "content-length", "100")})
				r.WriteData(stream, true, []byte("<title>a"))
			},
		},
		{
			name: "no status", class: engine.Protocol,
			talk: func(r *raw, stream uint32) {
				r.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, EndHeaders: true, BlockFragment: r.fields("a", "b")})
			},
		},
		{
			name: "no HTTP/2 at all", class: engine.Protocol,
			talk: func(r *raw, stream uint32) { io.WriteString(r.conn, "HTTP/1.1 200 OK\r\n\r\n<title>a</title>") },
		},
		{
			name: "nothing", class: engine.Timeout, err: "no result within 7s",
			talk: func(r *raw, stream uint32) { io.Copy(io.Discard, r.conn) },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, headers := wire2(t, scrape.Config{MaxHeader: small, MaxBody: 64 << 10, Timeout: 7 * time.Second}, func(r *raw) {
					if stream, err := r.next(); err == nil {
						tc.talk(r, stream)
						io.Copy(io.Discard, r.conn)
					}
				})
				got := g.get(t, "https://one.test/")
				if got.Class != tc.class || tc.err != "" && got.Error != tc.err {
					t.Errorf("Do = %v %q %q, want %q %q", got.Outcome, got.Class, got.Error, tc.class, tc.err)
				}
				if headers.Load() != 1 {
					t.Errorf("%d requests, want 1", headers.Load())
				}
			})
		})
	}
}

// A kept connection is not kept for a server that chatters on it.
func TestPingsOnAnIdleConnectionEndIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pings atomic.Int32
		g, _ := wire2(t, scrape.Config{}, func(r *raw) {
			stream, err := r.next()
			if err != nil {
				return
			}
			r.page(stream)
			go io.Copy(io.Discard, r.conn)
			for r.WritePing(false, [8]byte{}) == nil {
				pings.Add(1)
			}
		})
		from := time.Now()
		g.get(t, "https://one.test/")
		synctest.Wait()
		// TLS makes 39 bytes of a frame of 17. A buffer of 64 KiB on either side may be full.
		if n := pings.Load(); n < 100 || n > (1<<20+128<<10)/39+1000 || time.Since(from) > time.Second {
			t.Errorf("%d pings in %v, want some, and the connection closed", n, time.Since(from))
		}
	})
}

func TestWhoSpeaksHTTP2(t *testing.T) {
	for _, tc := range []struct {
		name  string
		cfg   scrape.Config
		h2    bool // the server does
		proto string
		dials int32
	}{
		{"both", scrape.Config{}, true, "HTTP/2.0", 1},
		{"we", scrape.Config{}, false, "HTTP/1.1", 1},
		{"the server", scrape.Config{HTTP1: true}, true, "HTTP/1.1", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, p := site2(t, tc.cfg, func(s *http.Server) {
					s.Protocols = new(http.Protocols)
					s.Protocols.SetHTTP1(true)
					s.Protocols.SetHTTP2(tc.h2)
				}, func(w http.ResponseWriter, r *http.Request) { html(w, r.Proto) })
				for range 3 {
					d := newDiary()
					r := g.request(t, "https://one.test/")
					r.Report = d.report
					if got := g.Do(t.Context(), r).Result; got.Title != tc.proto || !strings.Contains(d.String(), "sent+0s body+0s") {
						t.Errorf("%q %q over %s, phases %s; want %s", got.Class, got.Error, got.Title, d, tc.proto)
					}
					synctest.Wait()
				}
				if p.dials.Load() != tc.dials {
					t.Errorf("%d connections, want %d", p.dials.Load(), tc.dials)
				}
			})
		})
	}
}

// Of many hosts, no more connections are kept than workers may come back to.
func TestHTTP2KeepsSoManyConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var open atomic.Int32
		g, _ := site2(t, scrape.Config{Workers: 1, Insecure: true}, func(s *http.Server) {
			s.ConnState = func(_ net.Conn, state http.ConnState) {
				switch state {
				case http.StateNew:
					open.Add(1)
				case http.StateClosed:
					open.Add(-1)
				}
			}
		}, func(w http.ResponseWriter, r *http.Request) { html(w, r.Host) })
		for i := range 50 {
			if got := g.get(t, fmt.Sprintf("https://h%d.test/", i)); got.Outcome != engine.OK {
				t.Fatalf("%q %q, want ok", got.Class, got.Error)
			}
		}
		time.Sleep(time.Second) // for the goodbyes
		if n := open.Load(); n != 32 {
			t.Errorf("%d connections open, want 32", n)
		}
		d := newDiary()
		r := g.request(t, "https://h49.test/")
		r.Report = d.report
		g.Do(t.Context(), r)
		if !strings.HasPrefix(d.String(), "sent") {
			t.Errorf("the host that was asked last: phases %s, want its connection kept", d)
		}
		g.Close()
		time.Sleep(time.Second)
		if n := open.Load(); n != 0 {
			t.Errorf("%d connections open after Close, want none", n)
		}
	})
}

// Law 1 through the engine: whatever the way to a host, its requests start the
// interval apart, robots.txt among them.
func TestPaceHoldsOverHTTP2AndThroughAProxy(t *testing.T) {
	for _, tc := range []struct {
		name, scheme string
		cfg          scrape.Config
	}{
		{"HTTP/2", "https", scrape.Config{}},
		{"a proxy", "http", scrape.Config{Proxy: proxyOf(t, "http://p.test:3128")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				starts := map[string][]time.Time{}
				handler := func(w http.ResponseWriter, r *http.Request) {
					mu.Lock()
					starts[r.Host] = append(starts[r.Host], time.Now())
					mu.Unlock()
					html(w, "a")
				}
				var g *rig
				if tc.scheme == "https" {
					tc.cfg.Insecure = true
					g, _ = site2(t, tc.cfg, nil, handler)
				} else {
					g = site(t, tc.cfg, handler)
				}
				e, err := engine.New(g.Scraper, engine.Config{Workers: 5, Interval: time.Second, Throttle: engine.ThrottleOff})
				if err != nil {
					t.Fatal(err)
				}
				var list strings.Builder
				for i := range 10 {
					fmt.Fprintf(&list, "%s://one.test/%d\n%[1]s://two.test/%[2]d\n", tc.scheme, i)
				}
				if _, err := e.Add(t.Context(), engine.Batch{Recipe: g.recipe}, g.List("list", strings.NewReader(list.String()))); err != nil {
					t.Fatal(err)
				}
				e.Close()
				if err := e.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				for host, at := range starts {
					if len(at) != 11 {
						t.Errorf("%s: %d requests, want 10 and robots.txt", host, len(at))
					}
					for i := range at[1:] {
						if gap := at[i+1].Sub(at[i]); gap != time.Second {
							t.Errorf("%s: request %d came after %v, want 1s", host, i+1, gap)
						}
					}
				}
				if c := e.Snapshot().Counts; c.OK != 20 {
					t.Errorf("counts %+v, want 20 ok", c)
				}
			})
		})
	}
}

func TestServerThatWantsHTTP1(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, headers := wire2(t, scrape.Config{}, func(r *raw) {
			if stream, err := r.next(); err == nil {
				r.WriteRSTStream(stream, http2.ErrCodeHTTP11Required)
				io.Copy(io.Discard, r.conn)
			}
		})
		if got := g.get(t, "https://one.test/"); got.Class != engine.Reset {
			t.Errorf("first: %q %q, want reset, which is retried", got.Class, got.Error)
		}
		if got := g.get(t, "https://one.test/"); got.Title != "one" || headers.Load() != 1 {
			t.Errorf("second: %q %q after %d requests over HTTP/2; want a page over HTTP/1.1", got.Class, got.Error, headers.Load())
		}
	})
}
