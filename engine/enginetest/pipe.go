package enginetest

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// A PipeServer is a real [http.Server] whose connections are pairs of
// [net.Pipe]. It needs no socket, so it works inside a synctest bubble, where
// waiting for a socket would stop the clock.
//
// It answers for every address: the handler tells hosts apart by
// [http.Request.Host]. Request.RemoteAddr names the connection (pipe:1,
// pipe:2, ...), so that a test can see which requests shared one.
//
// A PipeServer is safe for use by multiple goroutines.
type PipeServer struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	dials  atomic.Int64
	client *http.Client
}

// NewPipeServer starts a server and ends it, with all its connections, when
// the test ends. Inside a bubble, t must be the bubble's.
func NewPipeServer(t testing.TB, handler http.Handler) *PipeServer {
	t.Helper()
	s := &PipeServer{conns: make(chan net.Conn), closed: make(chan struct{})}
	transport := &http.Transport{DialContext: s.Dial}
	s.client = &http.Client{Transport: transport}
	server := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	var wg sync.WaitGroup
	wg.Go(func() { server.Serve(pipeListener{s}) })
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
		wg.Wait()
	})
	return s
}

// Dial connects to the server, whatever the address. It returns ctx's cause
// when ctx ends before the server took the connection.
func (s *PipeServer) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	near, far := net.Pipe()
	from := pipeAddr(fmt.Sprintf("pipe:%d", s.dials.Add(1)))
	select {
	case s.conns <- pipeConn{far, pipeAddr(addr), from}:
		return pipeConn{near, from, pipeAddr(addr)}, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-s.closed:
		return nil, &net.OpError{Op: "dial", Net: network, Addr: pipeAddr(addr), Err: net.ErrClosed}
	}
}

// Dials returns how often a connection was asked for.
func (s *PipeServer) Dials() int { return int(s.dials.Load()) }

// Client returns an [http.Client] whose every connection leads to s.
func (s *PipeServer) Client() *http.Client { return s.client }

// A pipeListener hands the dialled connections to the http.Server.
type pipeListener struct{ s *PipeServer }

func (l pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.s.conns:
		return c, nil
	case <-l.s.closed:
		return nil, net.ErrClosed
	}
}

func (l pipeListener) Close() error {
	l.s.once.Do(func() { close(l.s.closed) })
	return nil
}

func (l pipeListener) Addr() net.Addr { return pipeAddr("pipe") }

// A pipeConn is one end of a pipe with addresses.
type pipeConn struct {
	net.Conn
	local, remote pipeAddr
}

func (c pipeConn) LocalAddr() net.Addr  { return c.local }
func (c pipeConn) RemoteAddr() net.Addr { return c.remote }

type pipeAddr string

func (a pipeAddr) Network() string { return "pipe" }
func (a pipeAddr) String() string  { return string(a) }
