package scrape

import (
	"context"
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"

	"weir/engine"
)

// A wire watches one attempt: it reports its phases and takes its times.
//
// Its report of PhaseSent is the request's start, on which the pace of a host
// is built. So it comes once for every request of which a byte may be written,
// and a request whose attempt is over before its header was written is not
// written at all.
//
// Its methods are called from the transport's goroutines as well.
type wire struct {
	via    *via   // set before the request is made, as is scheme
	scheme string // of the target

	mu     sync.Mutex
	report func(engine.Phase)
	phase  engine.Phase
	over   bool               // Do has returned, or is about to
	stop   context.CancelFunc // ends the dial in progress
	conn   *line

	shared  bool     // conn carries other requests as well
	release func()   // gives conn back
	spare   net.Conn // dialled, and not used yet

	dnsFrom, sentAt, firstAt time.Time
	dns, connect, tls        time.Duration // below zero: did not happen
}

func newWire(report func(engine.Phase)) *wire {
	return &wire{report: report, stop: func() {}, release: func() {}, dns: -1, connect: -1, tls: -1}
}

type wireKey struct{}

// trace returns ctx with w's hooks in it.
func (w *wire) trace(ctx context.Context) context.Context {
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart:             func(httptrace.DNSStartInfo) { w.resolving() },
		DNSDone:              func(httptrace.DNSDoneInfo) { w.resolved() },
		GotConn:              w.got,
		WroteHeaders:         w.sent,
		GotFirstResponseByte: w.first,
	})
	return context.WithValue(ctx, wireKey{}, w)
}

// dialing says that a connection is being made, and returns a context for it
// that ends with the attempt: net/http would let it go on for a later request.
func (w *wire) dialing(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		cancel()
		return ctx, cancel
	}
	w.stop = cancel
	if w.phase == engine.PhaseIdle {
		w.enter(engine.PhaseConnect)
	}
	return ctx, cancel
}

func (w *wire) resolving() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dnsFrom = time.Now()
}

func (w *wire) resolved() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dns = time.Since(w.dnsFrom)
}

// connected and shook keep how long connecting and the TLS handshake took.
func (w *wire) connected(took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.connect = took - max(w.dns, 0)
}

func (w *wire) shook(took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tls = took
}

func (w *wire) got(info httptrace.GotConnInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conn = lineOf(info.Conn)
	if info.Reused { // the dial that may have been begun was not needed
		w.dns, w.connect, w.tls = -1, -1, -1
	}
}

// sent is called when the headers are written, but not yet flushed; over HTTP/2
// they are, and if their attempt is over by then perhapsSent has reported them.
func (w *wire) sent() {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over:
		if w.conn != nil && !w.shared {
			w.conn.Close()
		}
	case w.sentAt.IsZero():
		w.sentAt = time.Now()
		w.enter(engine.PhaseSent)
		if !w.firstAt.IsZero() {
			w.enter(engine.PhaseBody)
		}
	}
}

// first is called at the answer's first byte, which a hasty server may write
// before it has read the request.
func (w *wire) first() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.firstAt.IsZero() {
		return
	}
	w.firstAt = time.Now()
	if !w.sentAt.IsZero() {
		w.enter(engine.PhaseBody)
	}
}

// extracting says that the body was read.
func (w *wire) extracting() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.enter(engine.PhaseExtract)
}

// answered says that an answer came. It makes up for the report of PhaseSent
// if the answer overtook the request.
func (w *wire) answered() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sentAt.IsZero() {
		w.sentAt = time.Now()
		w.enter(engine.PhaseSent)
		w.enter(engine.PhaseBody)
	}
}

// enter reports a phase. The lock is held, so that reports keep their order.
func (w *wire) enter(p engine.Phase) {
	if w.over {
		return
	}
	w.phase = p
	w.report(p)
}

// end makes w silent, ends its dial and gives its connection back.
func (w *wire) end() {
	w.mu.Lock()
	w.over = true
	w.stop()
	release := w.release
	w.mu.Unlock()
	release()
}

// cut reports whether the connection was cut or closed by the server.
func (w *wire) cut() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conn != nil && w.conn.cut.Load()
}

// timing returns the times of an attempt whose body was read at done. Zero
// done means that it was not.
func (w *wire) timing(done time.Time) engine.Timing {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := engine.Timing{DNS: w.dns, Connect: w.connect, TLS: w.tls, FirstByte: -1, Body: -1, Extract: -1}
	if !w.firstAt.IsZero() && !w.sentAt.IsZero() {
		t.FirstByte = max(w.firstAt.Sub(w.sentAt), 0)
	}
	if !w.firstAt.IsZero() && !done.IsZero() {
		t.Body = done.Sub(w.firstAt)
	}
	return t
}

// A line is a connection below TLS that remembers that it has ended: net/http
// calls an answer that was cut in its header malformed, and has no type for a
// kept connection that turns out to be closed.
type line struct {
	net.Conn
	cut     atomic.Bool
	bounded atomic.Bool
	left    atomic.Int64 // bytes that may still come, if bounded
}

func (l *line) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if err != nil {
		l.cut.Store(true)
	}
	if l.left.Add(-int64(n)) < 0 && l.bounded.Load() {
		l.Conn.Close()
		return 0, faultf(engine.TooLarge, "connection: more came than answers may have")
	}
	return n, err
}

// allow sets how many bytes may come from now on.
func (l *line) allow(n int64) {
	l.left.Store(n)
	l.bounded.Store(true)
}

// lineOf returns the line of a connection as the transport knows it.
func lineOf(c net.Conn) *line {
	for { // TLS within the TLS of a proxy
		secure, ok := c.(*tls.Conn)
		if !ok {
			break
		}
		c = secure.NetConn()
	}
	l, _ := c.(*line)
	return l
}
