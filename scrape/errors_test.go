package scrape_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"weir/engine"
	"weir/scrape"
)

const htmlHead = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"

func TestClassOfABadAnswer(t *testing.T) {
	for _, tc := range []struct {
		name, raw string
		class     engine.Class
	}{
		{name: "no answer", raw: "", class: engine.Reset},
		{name: "cut in the status line", raw: "HTTP/1.1 2", class: engine.Reset},
		{name: "cut in the header", raw: "HTTP/1.1 200 OK\r\nContent-Ty", class: engine.Reset},
		{name: "cut between the lines of a header", raw: htmlHead, class: engine.Reset},
		{name: "not HTTP", raw: "220 mail.one.test ESMTP\r\n", class: engine.Protocol},
		{name: "a status that is no number", raw: "HTTP/1.1 abc OK\r\n\r\n", class: engine.Protocol},
		{name: "a header line without a colon", raw: "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", class: engine.Protocol},
		{name: "two lengths", raw: htmlHead + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n<p>ab", class: engine.Protocol},
		{name: "body shorter than its length", raw: htmlHead + "Content-Length: 50\r\n\r\n<title>a</title>", class: engine.Truncated},
		{name: "chunked body without its end", raw: htmlHead + "Transfer-Encoding: chunked\r\n\r\n10\r\n<title>a</title>\r\n", class: engine.Truncated},
		{name: "a chunk that is no number", raw: htmlHead + "Transfer-Encoding: chunked\r\n\r\nzz\r\n<title>", class: engine.Protocol},
		{name: "header over its cap", raw: htmlHead + "X-Long: " + strings.Repeat("x", 300<<10) + "\r\n\r\n", class: engine.TooLarge},
		{name: "more informational answers than anyone needs", raw: strings.Repeat("HTTP/1.1 103 Early Hints\r\nX-Long: "+strings.Repeat("x", 64<<10)+"\r\n\r\n", 6), class: engine.TooLarge},
		{name: "redirect without a place", raw: "HTTP/1.1 302 Found\r\n\r\n", class: engine.Redirect},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := wire(t, scrape.Config{}, answer(tc.raw))
				got := g.get(t, "http://one.test/")
				if got.Outcome != engine.Failed || got.Class != tc.class || got.Error == "" {
					t.Errorf("Do = %v %q %q, want failed %q", got.Outcome, got.Class, got.Error, tc.class)
				}
			})
		})
	}
}

func TestClassOfABrokenConnection(t *testing.T) {
	fails := func(err error) scrape.Config {
		return scrape.Config{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, err }}
	}
	talks := func(talk func(net.Conn)) scrape.Config {
		return scrape.Config{Dial: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				talk(far)
			}()
			return near, nil
		}}
	}
	dns := &net.DNSError{Err: "no such host", Name: "one.test", IsNotFound: true}
	for _, tc := range []struct {
		name, url string
		cfg       scrape.Config
		class     engine.Class
		phases    string
	}{
		{
			name: "a name that does not resolve", url: "http://one.test/", class: engine.DNS, phases: "connect+0s",
			cfg: fails(&net.OpError{Op: "dial", Net: "tcp", Err: dns}),
		},
		{
			name: "refused", url: "http://one.test/", class: engine.Connect, phases: "connect+0s",
			cfg: fails(&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}),
		},
		{
			name: "plain HTTP where TLS was expected", url: "https://one.test/", class: engine.TLS, phases: "connect+0s",
			cfg: talks(func(c net.Conn) {
				c.Read(make([]byte, 4096))
				io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
			}),
		},
		{
			name: "cut in the handshake", url: "https://one.test/", class: engine.TLS, phases: "connect+0s",
			cfg: talks(func(c net.Conn) { c.Read(make([]byte, 10)) }),
		},
		{
			name: "a certificate nobody vouches for", url: "https://one.test/", class: engine.TLS, phases: "connect+0s",
			cfg: talks(func(c net.Conn) {
				tls.Server(c, &tls.Config{Certificates: []tls.Certificate{certificate(t)}}).Handshake()
			}),
		},
		{
			name: "cut while the request was read", url: "http://one.test/", class: engine.Reset, phases: "connect+0s sent+0s",
			cfg: talks(func(c net.Conn) { c.Read(make([]byte, 1)) }),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newRig(t, tc.cfg)
				d := newDiary()
				r := g.request(t, tc.url)
				r.Report = d.report
				got := g.Do(t.Context(), r).Result
				if got.Outcome != engine.Failed || got.Class != tc.class || got.Error == "" {
					t.Errorf("Do = %v %q %q, want failed %q", got.Outcome, got.Class, got.Error, tc.class)
				}
				if d.String() != tc.phases {
					t.Errorf("phases %s, want %s", d, tc.phases)
				}
			})
		})
	}
}

func TestEndlessHeaderCostsABoundedAmount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		g := wire(t, scrape.Config{MaxHeader: 8 << 10}, func(c net.Conn, _ *bufio.Reader) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for {
				n, err := io.WriteString(c, "X-More: and more\r\n")
				if sent += n; err != nil {
					return
				}
			}
		})
		if got := g.get(t, "http://one.test/"); got.Class != engine.TooLarge {
			t.Errorf("Do = %q %q, want too_large", got.Class, got.Error)
		}
		synctest.Wait()
		if sent > 16<<10 {
			t.Errorf("the server sent %d bytes of header, want at most the cap and a buffer", sent)
		}
	})
}
