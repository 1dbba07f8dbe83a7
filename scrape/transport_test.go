package scrape

import (
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"weir/engine"
)

// net/http prints what a server says unasked, escapes and all, to the standard
// logger. The test first shows that it still does.
func TestNothingOfAServerReachesTheLog(t *testing.T) {
	before, flags := log.Writer(), log.Flags()
	defer func() { log.SetOutput(before); log.SetFlags(flags) }()
	log.SetFlags(0)
	unasked := func(t *testing.T) {
		s, err := New(Config{Dial: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				far.Read(make([]byte, 4096))
				io.WriteString(far, "HTTP/1.1 204 No Content\r\n\r\nowned")
			}()
			return near, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		job, err := s.Job("http://one.test/")
		if err != nil {
			t.Fatal(err)
		}
		s.look(t.Context(), engine.Request{Job: job, URL: job.URL, Report: func(engine.Phase) {}})
		synctest.Wait()
		s.Close()
	}
	for _, tc := range []struct {
		name   string
		wrap   func(io.Writer) io.Writer
		silent bool
	}{
		{name: "as it is", wrap: func(w io.Writer) io.Writer { return w }},
		{name: "as New makes it", wrap: func(w io.Writer) io.Writer { return quietLog{w} }, silent: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out bytes.Buffer
			synctest.Test(t, func(t *testing.T) {
				quieten() // in New it comes before what the next line does
				log.SetOutput(tc.wrap(&out))
				unasked(t)
			})
			if got := out.Len() == 0; got != tc.silent {
				t.Errorf("logged %q, want silence: %v", &out, tc.silent)
			}
			log.Print("something else")
			if !bytes.HasSuffix(out.Bytes(), []byte("something else\n")) {
				t.Errorf("logged %q, want other lines to pass", &out)
			}
		})
	}
}

// With socks5 it is us who resolve names, so all of the address policy holds.
func TestNamesForASocksProxyAreChecked(t *testing.T) {
	for _, tc := range []struct {
		name  string
		addrs string
		list  bool
		want  string
		class engine.Class
	}{
		{name: "public", addrs: "93.184.216.34", want: "93.184.216.34:80"},
		{name: "IPv4 first", addrs: "2606:2800:220:1:: 93.184.216.34", want: "93.184.216.34:80"},
		{name: "IPv6", addrs: "2606:2800:220:1::", want: "[2606:2800:220:1::]:80"},
		{name: "private", addrs: "10.0.0.1 ::ffff:10.0.0.2", class: engine.Blocked},
		{name: "private and public", addrs: "10.0.0.1 93.184.216.34", want: "93.184.216.34:80"},
		{name: "private and listed", addrs: "10.0.0.1", list: true, want: "10.0.0.1:80"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := New(Config{})
			if err != nil {
				t.Fatal(err)
			}
			s.lookup = func(context.Context, string, string) (ips []netip.Addr, err error) {
				for a := range strings.FieldsSeq(tc.addrs) {
					ips = append(ips, netip.MustParseAddr(a))
				}
				return ips, nil
			}
			if tc.list {
				if _, err := s.Job("http://one.test/"); err != nil {
					t.Fatal(err)
				}
			}
			got, err := s.resolve(t.Context(), "one.test:80")
			var class engine.Class
			if err != nil {
				class = classOf(err, false)
			}
			if got != tc.want || class != tc.class {
				t.Errorf("got %q, %v (%s); want %q, %s", got, err, class, tc.want, tc.class)
			}
		})
	}
}

// These are how net/http of Go 1.26 begins what it says of HTTP/2 answers. A
// server can have it say so in a loop.
func TestQuietLogDropsWhatServersCause(t *testing.T) {
	var out bytes.Buffer
	logger := log.New(quietLog{&out}, "", log.LstdFlags)
	logger.Printf("Unsolicited response received on idle HTTP channel starting with %q; err=%v", "owned", nil)
	logger.Printf("Transport: unhandled response frame type %T", "*http.http2UnknownFrame")
	logger.Print("protocol error: received DATA before a HEADERS frame")
	logger.Print("http2: Transport received unsolicited DATA frame; closing connection")
	if out.Len() > 0 {
		t.Errorf("logged %q, want nothing", &out)
	}
	logger.Print("disk full")
	if !strings.HasSuffix(out.String(), " disk full\n") {
		t.Errorf("logged %q, want other lines to pass", &out)
	}
}
