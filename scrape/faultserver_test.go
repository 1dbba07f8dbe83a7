package scrape_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test over real sockets waits for what must come at
// once. It is only ever spent by a test that fails.
const patience = 10 * time.Second

// A faultServer accepts connections on loopback and does to each of them what a
// fault asks for. Its handlers end with their client: one that hangs does so
// until the client has closed the connection.
type faultServer struct {
	t    *testing.T
	l    net.Listener
	wg   sync.WaitGroup
	mu   sync.Mutex
	live map[net.Conn]bool
	seen int // connections accepted
}

// serveFault begins to accept. A nil secure is plain TCP.
func serveFault(t *testing.T, secure *tls.Config, talk func(*peer)) *faultServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &faultServer{t: t, l: l, live: make(map[net.Conn]bool)}
	t.Cleanup(s.close)
	s.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.seen++
			s.live[c] = true
			s.mu.Unlock()
			s.wg.Go(func() {
				defer s.end(c)
				p := &peer{Conn: c, tcp: c.(*net.TCPConn)}
				if secure != nil {
					shake := tls.Server(c, secure)
					if shake.Handshake() != nil {
						p.hang() // so that it is the client who leaves
						return
					}
					p.Conn = shake
				}
				p.in = bufio.NewReader(p.Conn)
				talk(p)
			})
		}
	})
	return s
}

func (s *faultServer) end(c net.Conn) {
	c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, c)
}

func (s *faultServer) addr() string { return s.l.Addr().String() }

func (s *faultServer) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// left waits until the client has closed all its connections.
func (s *faultServer) left() error {
	s.l.Close()
	gone := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-time.After(patience):
		return errors.New("the client keeps a connection open")
	}
}

func (s *faultServer) close() {
	s.l.Close()
	s.mu.Lock()
	for c := range s.live {
		c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// A peer is the server's end of one connection.
type peer struct {
	net.Conn // TLS, if there is any
	tcp      *net.TCPConn
	in       *bufio.Reader
	first    string // the first line of the request that was read last
}

// request reads a request's header and returns it; empty if there is none.
func (p *peer) request() string {
	var head strings.Builder
	for {
		line, err := p.in.ReadString('\n')
		if err != nil {
			return ""
		}
		if head.Len() == 0 {
			p.first = line
		}
		head.WriteString(line)
		if line == "\r\n" {
			return head.String()
		}
	}
}

// say writes text and reports whether the client still takes it.
func (p *peer) say(text ...string) bool {
	_, err := io.WriteString(p.Conn, strings.Join(text, ""))
	return err == nil
}

// forever repeats a piece until the client has had enough. What no client may
// take is a gigabyte.
func (p *peer) forever(piece string) {
	if len(piece) < 4096 {
		piece = strings.Repeat(piece, 4096/len(piece))
	}
	bytes := []byte(piece)
	for sent := 0; sent < 1<<30; sent += len(bytes) {
		if _, err := p.Conn.Write(bytes); err != nil {
			return
		}
	}
}

// drip writes text a byte at a time, so often that the connection is never
// silent for long, and then hangs.
func (p *peer) drip(text string) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for i := range len(text) {
		<-tick.C
		if !p.say(text[i : i+1]) {
			return
		}
	}
	p.hang()
}

// hang says nothing more until the client has closed the connection.
func (p *peer) hang() { io.Copy(io.Discard, p.tcp) }

// reset ends the connection as a crash does: RST in place of FIN.
func (p *peer) reset() {
	p.tcp.SetLinger(0)
	p.tcp.Close()
}

// okHead begins an answer with a page.
const okHead = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"

// answerOf returns an answer with more header fields and a body of the length
// that it says.
func answerOf(more, body string) string {
	return fmt.Sprintf("%s%sContent-Length: %d\r\n\r\n%s", okHead, more, len(body), body)
}

// chunk writes one piece of a chunked body.
func chunk(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }

// faultPage is a page that every recipe of the tests is content with.
const faultPage = "<!doctype html><title>whole</title>"
