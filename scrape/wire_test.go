package scrape

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http/httptrace"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
)

// An attempt that is over may not start a request: nobody would count it.
func TestRequestAfterItsAttemptIsNotWritten(t *testing.T) {
	near, far := net.Pipe()
	w := newWire(func(p engine.Phase) { t.Errorf("Report(%v) after the end", p) })
	w.got(httptrace.GotConnInfo{Conn: &line{Conn: near}})
	w.end()
	w.sent()
	w.first()
	if n, err := far.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the server reads %d bytes, %v; want the connection closed", n, err)
	}
	if ctx, _ := w.dialing(t.Context()); ctx.Err() == nil {
		t.Error("a dial may begin after the end")
	}
}

// An answer may begin before the request was written; its phases do not.
func TestPhasesKeepTheirOrder(t *testing.T) {
	var got []engine.Phase
	w := newWire(func(p engine.Phase) { got = append(got, p) })
	w.first()
	w.sent()
	w.first() // after an informational answer
	w.sent()
	if want := []engine.Phase{engine.PhaseSent, engine.PhaseBody}; !slices.Equal(got, want) {
		t.Errorf("phases %v, want %v", got, want)
	}
}

// Over a shared connection a request may be written and its attempt not know:
// then it has started all the same, and the others go on.
func TestStartOfARequestThatFailed(t *testing.T) {
	var got []engine.Phase
	w := newWire(func(p engine.Phase) { got = append(got, p) })
	near, far := net.Pipe()
	defer far.Close()
	released := 0
	w.share(&poolConn{conn: &line{Conn: near}}, true, func(*poolConn) { released++ })
	w.perhapsSent()
	w.perhapsSent()
	w.end()
	w.sent()
	if want := []engine.Phase{engine.PhaseSent}; !slices.Equal(got, want) || released != 1 {
		t.Errorf("phases %v, released %d times; want %v, once", got, released, want)
	}
	go near.Write([]byte("x"))
	if n, err := far.Read(make([]byte, 1)); n != 1 {
		t.Errorf("the server reads %v, want the connection open", err)
	}
}

func TestPoolForgetsHosts(t *testing.T) {
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	s.pool.host("used").conns = []*poolConn{{}}
	s.pool.host("dialled").dialing = make(chan struct{})
	for i := range maxKnown + 1000 {
		s.pool.host(strconv.Itoa(i)).http1 = true
	}
	if n := len(s.pool.hosts); n > maxKnown {
		t.Errorf("%d hosts known, want at most %d", n, maxKnown)
	}
	if s.pool.hosts["used"] == nil || s.pool.hosts["dialled"] == nil {
		t.Error("a host in use is forgotten")
	}
}

// A dial that was begun for nothing is not part of the request's time.
func TestTimesOfADialThatWasNotNeeded(t *testing.T) {
	w := newWire(func(engine.Phase) {})
	w.resolving()
	w.resolved()
	w.connected(time.Second)
	w.shook(time.Second)
	if got := w.timing(time.Time{}); got.DNS < 0 || got.Connect <= 0 || got.TLS != time.Second {
		t.Errorf("timing %+v, want all three", got)
	}
	w.got(httptrace.GotConnInfo{Reused: true})
	want := engine.Timing{DNS: -1, Connect: -1, TLS: -1, FirstByte: -1, Body: -1, Extract: -1}
	if got := w.timing(time.Time{}); got != want {
		t.Errorf("timing %+v, want %+v", got, want)
	}
}

func TestSecureConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cert, roots := authority(t)
		s, err := New(Config{Roots: roots, Dial: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				c := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{cert}})
				defer c.Close()
				time.Sleep(time.Second)
				c.Read(make([]byte, 4096))
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>")
				io.Copy(io.Discard, c)
			}()
			return near, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		job, err := s.Job("https://one.test/")
		if err != nil {
			t.Fatal(err)
		}
		_, step := s.look(t.Context(), engine.Request{Job: job, URL: job.URL, Report: func(engine.Phase) {}})
		if got := step.Result; got.Outcome != engine.OK || got.Timing.TLS != time.Second || got.Timing.Connect != 0 {
			t.Errorf("%v %q %q, TLS took %v; want ok after 1s", got.Outcome, got.Class, got.Error, got.Timing.TLS)
		}
	})
}

// authority returns a certificate for one.test and the roots that vouch for it.
func authority(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"one.test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func TestPanicInExtractionIsAnError(t *testing.T) {
	got, err := safely(func() (Extraction, error) { panic(errors.New("out of range")) })
	if err == nil || err.Error() != "panic while extracting: out of range" || got.Title != "" {
		t.Errorf("safely = %+v, %v; want the panic as an error", got, err)
	}
}
