package scrape_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"weir/scrape"
)

// An issuer makes certificates that the faults' clients believe.
type issuer struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	a := &issuer{t: t, pool: x509.NewCertPool()}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "the tests"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	own := a.issue(func(c *x509.Certificate) { *c = *a.cert })
	a.key = own.PrivateKey.(*ecdsa.PrivateKey)
	cert, err := x509.ParseCertificate(own.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	a.cert = cert
	a.pool.AddCert(cert)
	return a
}

// issue returns a certificate for 127.0.0.1 with what change makes different.
func (a *issuer) issue(change func(*x509.Certificate)) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(2), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	if change != nil {
		change(c)
	}
	by := a.key
	if by == nil {
		by = key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, &key.PublicKey, by)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func tlsFaults(t *testing.T) []fault {
	a := newIssuer(t)
	trust := func(c *scrape.Config) { c.Roots = a.pool }
	good := a.issue(nil)
	with := func(cert tls.Certificate, change func(*tls.Config)) *tls.Config {
		c := &tls.Config{Certificates: []tls.Certificate{cert}}
		if change != nil {
			change(c)
		}
		return c
	}
	wide := good
	for range 300 { // 100 KiB of it
		wide.Certificate = append(wide.Certificate, good.Certificate[0])
	}
	const hello = "\x16\x03\x03\x00\x28\x02\x00\x00\x24\x03\x03" // of a server, up to its random bytes
	over := "https://{addr}/"
	list := []fault{
		{name: "TLS as it should be", ends: "ok", secure: with(good, nil)},
		{name: "a certificate for another name", words: "certificate", secure: with(a.issue(func(c *x509.Certificate) {
			c.IPAddresses, c.DNSNames = nil, []string{"two.test"}
		}), nil)},
		{name: "a certificate for another address", words: "certificate", secure: with(a.issue(func(c *x509.Certificate) {
			c.IPAddresses = []net.IP{net.IPv4(10, 0, 0, 1)}
		}), nil)},
		{name: "a certificate that is over", words: "expired", secure: with(a.issue(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), nil)},
		{name: "a certificate that is to come", words: "not yet valid", secure: with(a.issue(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }), nil)},
		{name: "a certificate for something else", words: "usage", secure: with(a.issue(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} }), nil)},
		{name: "TLS 1.0 at most", words: "version", secure: with(good, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10 })},
		{name: "no cipher in common", secure: with(good, func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_RC4_128_SHA}
		})},
		{name: "a client certificate is asked for", words: "certificate", secure: with(good, func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert })},
		{name: "a client certificate is asked for, TLS 1.2", secure: with(good, func(c *tls.Config) {
			c.ClientAuth, c.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12
		})},
		{name: "HTTP/2 agreed on, HTTP/1 spoken", ends: "protocol or reset", secure: with(good, func(c *tls.Config) { c.NextProtos = []string{"h2"} })},
		{name: "a chain of 300 certificates", ends: "ok", secure: with(wide, nil), memory: 8 << 20},
		{name: "plain HTTP in place of TLS", raw: true, url: over, talk: hangs("HTTP/1.1 400 Bad Request\r\n\r\n")},
		{name: "a mail server in place of TLS", raw: true, url: over, talk: hangs("220 mail.one.test ESMTP\r\n")},
		{name: "an alert in place of a hello", raw: true, url: over, talk: hangs("\x15\x03\x03\x00\x02\x02\x28")},
		{name: "alerts without end", raw: true, url: over, talk: floods("", "\x15\x03\x03\x00\x02\x01\x5a")},
		{name: "empty records without end", raw: true, url: over, talk: floods("", "\x16\x03\x03\x00\x00")},
		{name: "a hello of noise", raw: true, url: over, talk: hangs(hello + strings.Repeat("x", 33) + "\xff\xff\xff\xff")},
		{name: "a record longer than records are", raw: true, url: over, talk: hangs("\x16\x03\x03\xff\xff\x02" + strings.Repeat("x", 70000))},
		{name: "a hello that breaks off", raw: true, url: over, talk: func(p *peer) { io.ReadFull(p.tcp, make([]byte, 100)); p.say(hello) }},
		{name: "a handshake that is reset", raw: true, url: over, talk: func(p *peer) { io.ReadFull(p.tcp, make([]byte, 100)); p.reset() }},
	}
	for i := range list {
		f := &list[i]
		if f.ends == "" {
			f.ends = "tls"
		}
		f.cfg = trust
	}
	return append(list,
		fault{name: "a certificate that signed itself", ends: "tls", words: "unknown authority", memory: 8 << 20, secure: with(a.issue(nil), nil)},
		fault{name: "TLS that ends without a word, the page without length", ends: "ok", secure: with(good, nil), cfg: trust, talk: func(p *peer) {
			p.say(okHead, "\r\n", faultPage)
			p.tcp.Close()
		}},
		fault{name: "TLS that turns into noise", ends: "tls", secure: with(good, nil), cfg: trust, talk: func(p *peer) {
			p.say(okHead, "\r\n", faultPage)
			io.WriteString(p.tcp, noise(4000))
		}},
		fault{name: "an alert in place of HTTP", ends: "protocol", talk: says("\x15\x03\x03\x00\x02\x02\x28")},
		fault{name: "plain HTTP where TLS is wanted", ends: "status", words: "status 400", talk: says("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")},
	)
}

func resetFaults(t *testing.T) []fault {
	then := func(text ...string) func(*peer) {
		return func(p *peer) {
			p.say(text...)
			p.reset()
		}
	}
	return []fault{
		{name: "refused", ends: "connect", url: refused(t)},
		{name: "reset at once", ends: "reset or connect", raw: true, talk: func(p *peer) { p.reset() }},
		{name: "reset while the request is read", ends: "reset", raw: true, talk: func(p *peer) { p.in.ReadByte(); p.reset() }},
		{name: "reset after the request", ends: "reset", talk: then()},
		{name: "closed after the request", ends: "reset", talk: says()},
		{name: "closed in the status line", ends: "reset", talk: says("HTTP/1.1 2")},
		{name: "closed in the header", ends: "reset", talk: says(okHead + "Content-Le")},
		{name: "closed after 100 Continue", ends: "reset", talk: says("HTTP/1.1 100 Continue\r\n\r\n")},
		{name: "reset in the header", ends: "reset", talk: then(okHead + "Content-Le")},
		{name: "reset in the body", ends: "reset", talk: then(okHead+"Content-Length: 100\r\n\r\n", faultPage)},
		{name: "reset in a chunk", ends: "reset", talk: then(okHead+"Transfer-Encoding: chunked\r\n\r\n", "64\r\n"+faultPage)},
		{name: "reset in gzip", ends: "reset", talk: then(okHead+isCoded("gzip")+"\r\n", string(squeeze(t, "gzip", faultPage))[:20])},
	}
}

// refused returns a URL where nobody listens.
func refused(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String() + "/"
}
