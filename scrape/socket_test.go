package scrape_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"weir/engine"
	"weir/scrape"
)

// certificate returns one for one.test that signed itself.
func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "one.test"}, DNSNames: []string{"one.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestRealSocket(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { html(w, "real") }))
	defer server.Close()
	g := newRig(t, scrape.Config{})
	for range 2 {
		got := g.get(t, server.URL)
		if got.Outcome != engine.OK || got.Title != "real" || got.Timing.Connect == 0 {
			t.Errorf("Do = %v %q %q, want ok", got.Outcome, got.Class, got.Error)
		}
	}
}

func TestRealRefusal(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	got := newRig(t, scrape.Config{}).get(t, "http://"+l.Addr().String()+"/")
	if got.Class != engine.Connect {
		t.Errorf("Do = %q %q, want connect", got.Class, got.Error)
	}
}

func TestRealReset(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 1))
			c.(*net.TCPConn).SetLinger(0) // the rest unread: RST
			c.Close()
		}
	}()
	got := newRig(t, scrape.Config{}).get(t, "http://"+l.Addr().String()+"/")
	if got.Class != engine.Reset {
		t.Errorf("Do = %q %q, want reset", got.Class, got.Error)
	}
}

// A stranger's redirect or link to a name that leads into the own machine is
// stopped at the dial, where the name's address is known.
func TestFenceChecksTheAddressThatIsDialled(t *testing.T) {
	var inside atomic.Int32
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inside.Add(1)
		html(w, "inside")
	}))
	defer target.Close()
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(target.URL, "http://"))
	name := "http://localhost:" + port + "/"
	outside := httptest.NewServer(http.RedirectHandler(name, http.StatusFound))
	defer outside.Close()
	for _, tc := range []struct {
		name  string
		cfg   scrape.Config
		list  bool
		class engine.Class
	}{
		{name: "forbidden", class: engine.Blocked},
		{name: "allowed", cfg: scrape.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}}},
		{name: "listed", list: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inside.Store(0)
			g := newRig(t, tc.cfg)
			if tc.list {
				g.Job(name)
			}
			step := g.Do(t.Context(), g.request(t, outside.URL))
			if step.Again == nil || step.Again.URL != name {
				t.Fatalf("Do = %+v, want a hop to %s", step, name)
			}
			step.Again.Origin = "" // robots.txt apart
			got := g.Do(t.Context(), *step.Again).Result
			if got.Class != tc.class || (inside.Load() == 1) != (tc.class == "") {
				t.Errorf("Do = %q %q with %d requests inside, want %q", got.Class, got.Error, inside.Load(), tc.class)
			}
		})
	}
}
