package scrape_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"weir/engine"
	"weir/scrape"
)

// pemFile writes blocks to a file and returns its path.
func pemFile(t *testing.T, name string, blocks ...*pem.Block) string {
	t.Helper()
	var text strings.Builder
	for _, b := range blocks {
		if err := pem.Encode(&text, b); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// pair returns the PEM blocks of a certificate and its key.
func pair(t *testing.T, c tls.Certificate) (cert, key *pem.Block) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return &pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}, &pem.Block{Type: "PRIVATE KEY", Bytes: der}
}

// secureSite is a server with TLS on loopback that tells how many certificates
// its client showed.
func secureSite(t *testing.T, auth tls.ClientAuthType) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		html(w, fmt.Sprintf("%d certificates", len(r.TLS.PeerCertificates)))
	}))
	server.TLS = &tls.Config{ClientAuth: auth}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// strange returns the request for a link that a stranger wrote.
func (g *rig) strange(t *testing.T, url string) engine.Request {
	t.Helper()
	r := g.request(t, "http://listed.test/")
	r.Job.Depth, r.Job.URL, r.URL = 1, url, url
	return r
}

func TestRootsAndInsecure(t *testing.T) {
	server := secureSite(t, tls.NoClientCert)
	path := pemFile(t, "ca.pem", &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	roots, err := scrape.ReadRoots(path)
	if err != nil {
		t.Fatal(err)
	}
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for _, tc := range []struct {
		name    string
		cfg     scrape.Config
		strange bool
		class   engine.Class
	}{
		{name: "nobody vouches for it", class: engine.TLS},
		{name: "the file does", cfg: scrape.Config{Roots: roots}},
		{name: "the file does for links too", cfg: scrape.Config{Roots: roots}, strange: true},
		{name: "nobody asks", cfg: scrape.Config{Insecure: true}},
		{name: "nobody asks, but not of links", cfg: scrape.Config{Insecure: true}, strange: true, class: engine.TLS},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.cfg.Allow = loopback
			g := newRig(t, tc.cfg)
			var r engine.Request
			if tc.strange {
				r = g.strange(t, server.URL)
			} else {
				r = g.request(t, server.URL)
			}
			if got := g.Do(t.Context(), r).Result; got.Class != tc.class {
				t.Errorf("Do = %q %q, want %q", got.Class, got.Error, tc.class)
			}
		})
	}
}

func TestClientCertificateGoesToListedHosts(t *testing.T) {
	cert, key := pair(t, certificate(t))
	own, err := scrape.ReadCertificate(pemFile(t, "client.pem", cert), pemFile(t, "client.key", key))
	if err != nil {
		t.Fatal(err)
	}
	if both := pemFile(t, "both.pem", cert, key); true {
		if _, err := scrape.ReadCertificate(both, both); err != nil {
			t.Errorf("one file with both: %v", err)
		}
	}
	for _, tc := range []struct {
		name    string
		asks    tls.ClientAuthType
		cert    *tls.Certificate
		strange bool
		title   string
		class   engine.Class
	}{
		{name: "listed", asks: tls.RequireAnyClientCert, cert: own, title: "1 certificates"},
		{name: "listed, and not asked", asks: tls.NoClientCert, cert: own, title: "0 certificates"},
		{name: "a link", asks: tls.RequestClientCert, cert: own, strange: true, title: "0 certificates"},
		{name: "there is none", asks: tls.RequireAnyClientCert, class: engine.TLS},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := secureSite(t, tc.asks)
			roots := x509.NewCertPool()
			roots.AddCert(server.Certificate())
			g := newRig(t, scrape.Config{Roots: roots, Certificate: tc.cert, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
			var r engine.Request
			if tc.strange {
				r = g.strange(t, server.URL)
			} else {
				r = g.request(t, server.URL)
			}
			if got := g.Do(t.Context(), r).Result; got.Class != tc.class || got.Title != tc.title {
				t.Errorf("Do = %q %q, title %q; want %q, %q", got.Class, got.Error, got.Title, tc.class, tc.title)
			}
		})
	}
}

func TestPEMErrors(t *testing.T) {
	cert, key := pair(t, certificate(t))
	_, other := pair(t, certificate(t))
	for _, tc := range []struct {
		name string
		read func(path string) error
		path string
		want string // after the path
	}{
		{"no file", roots, "none.pem", ": no such file or directory"},
		{"nothing in it", roots, pemFile(t, "ca.pem", key), ": no certificate in it: want PEM, -----BEGIN CERTIFICATE-----"},
		{"the second is broken", roots, pemFile(t, "ca.pem", cert, key, &pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), ": certificate 2: x509: "},
		{"a directory", roots, t.TempDir(), ": is a directory"},
		{"no key", both, pemFile(t, "c.pem", cert), " with key "},
		{"the key of another", both, pemFile(t, "c.pem", cert, other), " with key "},
		{"a passphrase", both, pemFile(t, "c.pem", cert, &pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")}), ": the key has a passphrase"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.read(tc.path)
			if err == nil || !strings.HasPrefix(err.Error(), "scrape: "+tc.path+tc.want) {
				t.Errorf("got %v, want scrape: %s%s...", err, tc.path, tc.want)
			}
		})
	}
}

func roots(path string) error { _, err := scrape.ReadRoots(path); return err }
func both(path string) error  { _, err := scrape.ReadCertificate(path, path); return err }

func TestAuthGoesToListedOrigins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		auth, err := scrape.Basic("ada:hush:hush")
		if err != nil {
			t.Fatal(err)
		}
		var seen []string
		g := site(t, scrape.Config{Auth: auth}, func(w http.ResponseWriter, r *http.Request) {
			user, password, _ := r.BasicAuth()
			seen = append(seen, r.Host+":"+user+":"+password)
			html(w, "a")
		})
		g.request(t, "https://safe.test/") // listed with TLS: not to be asked for in the clear
		g.get(t, "http://one.test/")
		g.Do(t.Context(), g.strange(t, "http://one.test/link"))
		g.Do(t.Context(), g.strange(t, "http://safe.test/link"))
		g.Do(t.Context(), g.strange(t, "http://two.test/"))
		want := []string{"one.test:ada:hush:hush", "one.test:ada:hush:hush", "safe.test::", "two.test::"}
		if !slices.Equal(seen, want) {
			t.Errorf("sent %q, want %q", seen, want)
		}
	})
}

func TestAuthIsNeverPrinted(t *testing.T) {
	basic, err := scrape.Basic("ada:hush")
	if err != nil {
		t.Fatal(err)
	}
	bearer, err := scrape.Bearer("hush")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []*scrape.Auth{basic, bearer} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			if got := fmt.Sprintf(verb, a); !strings.Contains(got, "(hidden)") || strings.Contains(got, "hush") || strings.Contains(got, "YWRh") {
				t.Errorf("%s prints %s", verb, got)
			}
		}
	}
	for _, bad := range []string{"hush", ":hush", "ada:hu\nsh", "ada:hu\x00sh"} {
		if _, err := scrape.Basic(bad); err == nil || strings.Contains(err.Error(), "hu") {
			t.Errorf("Basic(%q): %v, want an error without it", bad, err)
		}
	}
	for _, bad := range []string{"", "hush hush", "hush\r\n"} {
		if _, err := scrape.Bearer(bad); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("Bearer(%q): %v, want an error without it", bad, err)
		}
	}
	_, err = scrape.New(scrape.Config{Auth: basic, Header: http.Header{"authorization": {"hush"}}})
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("New with two: %v, want an error without them", err)
	}
}
