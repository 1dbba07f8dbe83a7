package scrape_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/scrape"
)

func TestRedirectIsTheNextRequest(t *testing.T) {
	for _, tc := range []struct {
		name, from, location string
		status               int
		url, host, origin    string
	}{
		{name: "moved", status: 301, from: "http://one.test/a/b", location: "../c?d#e", url: "http://one.test/c?d", host: "one.test:80", origin: "http://one.test:80"},
		{name: "found elsewhere", status: 302, from: "http://one.test/", location: "https://two.test/", url: "https://two.test/", host: "two.test:443", origin: "https://two.test:443"},
		{name: "see other", status: 303, from: "http://one.test/", location: "//two.test:81/x", url: "http://two.test:81/x", host: "two.test:81", origin: "http://two.test:81"},
		{name: "temporary", status: 307, from: "http://one.test/", location: "?q=1", url: "http://one.test/?q=1", host: "one.test:80", origin: "http://one.test:80"},
		{name: "permanent", status: 308, from: "http://one.test/", location: "/b", url: "http://one.test/b", host: "one.test:80", origin: "http://one.test:80"},
		{name: "in UTF-8", status: 302, from: "http://one.test/", location: "/\u00fc", url: "http://one.test/%C3%BC", host: "one.test:80", origin: "http://one.test:80"},
		{name: "in Latin-1", status: 302, from: "http://one.test/", location: "/\xfc", url: "http://one.test/%FC", host: "one.test:80", origin: "http://one.test:80"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := site(t, scrape.Config{}, func(w http.ResponseWriter, r *http.Request) {
					w.Header()["Location"] = []string{tc.location}
					w.WriteHeader(tc.status)
				})
				r := g.request(t, tc.from)
				step := g.Do(t.Context(), r)
				got := step.Again
				if got == nil || step.Result != nil || step.Robots != nil {
					t.Fatalf("Do = %+v, want a hop", step)
				}
				if got.URL != tc.url || got.Host != tc.host || got.Origin != tc.origin {
					t.Errorf("hop to %q of %q, origin %q; want %q of %q, %q", got.URL, got.Host, got.Origin, tc.url, tc.host, tc.origin)
				}
				if !slices.Equal(got.Hops, []string{tc.from}) || got.Job != r.Job || got.Kind != engine.KindPage || got.Attempt != 1 || got.Recipe != g.recipe {
					t.Errorf("hop %+v, want the job's own with one hop", got)
				}
				if step.Host.Status != tc.status {
					t.Errorf("host hint %+v, want status %d", step.Host, tc.status)
				}
			})
		})
	}
}

// follow carries a request from hop to hop, as the engine does, without robots.
func (g *rig) follow(t *testing.T, r engine.Request) (*engine.Result, int) {
	t.Helper()
	for n := 1; ; n++ {
		r.Origin = ""
		step := g.Do(t.Context(), r)
		if step.Again == nil {
			return step.Result, n
		}
		r = *step.Again
	}
}

func TestChainsOfRedirects(t *testing.T) {
	for _, tc := range []struct {
		name     string
		next     func(path string) string // "": a page
		class    engine.Class
		err      string
		requests int
	}{
		{
			name: "ten hops", requests: 11,
			next: func(path string) string {
				if path == "/xxxxxxxxxx" {
					return ""
				}
				return path + "x"
			},
		},
		{
			name: "eleven hops", requests: 11, class: engine.Redirect, err: "more than 10 redirects",
			next: func(path string) string { return path + "x" },
		},
		{
			name: "to itself", requests: 1, class: engine.Redirect, err: "redirect loop: http://one.test/ again",
			next: func(path string) string { return "#top" },
		},
		{
			name: "round and round", requests: 3, class: engine.Redirect, err: "redirect loop: http://one.test/b again",
			next: func(path string) string {
				return map[string]string{"/": "/b", "/b": "/c", "/c": "/b"}[path]
			},
		},
		{
			name: "out of the web", requests: 1, class: engine.Redirect,
			err:  `redirect to "mailto:a@one.test": scheme mailto: only http and https are fetched`,
			next: func(string) string { return "mailto:a@one.test" },
		},
		{
			name: "to no URL", requests: 1, class: engine.Redirect, err: `redirect to "http://[::1": not a URL: `,
			next: func(string) string { return "http://[::1" },
		},
		{
			name: "with a password", requests: 1, class: engine.Redirect, err: `redirect to "http://a:b@one.test/": user and password`,
			next: func(string) string { return "http://a:b@one.test/" },
		},
		{
			name: "longer than a URL may be", requests: 1, class: engine.Redirect, err: `redirect to "/` + strings.Repeat("x", 79) + `...": longer than 8000 bytes`,
			next: func(string) string { return "/" + strings.Repeat("x", 9000) },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := site(t, scrape.Config{}, func(w http.ResponseWriter, r *http.Request) {
					next := tc.next(r.URL.Path)
					if next == "" {
						html(w, "end")
						return
					}
					w.Header().Set("Location", next)
					w.WriteHeader(302)
				})
				got, n := g.follow(t, g.request(t, "http://one.test/"))
				if got.Class != tc.class || !strings.HasPrefix(got.Error, tc.err) || n != tc.requests {
					t.Errorf("%d requests, then %q %q; want %d, then %q %q", n, got.Class, got.Error, tc.requests, tc.class, tc.err)
				}
				if tc.class == "" && (got.Final != "http://one.test/xxxxxxxxxx" || got.URL != "http://one.test/") {
					t.Errorf("URL %q, final %q", got.URL, got.Final)
				}
			})
		})
	}
}

func TestRedirectMayAskToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := site(t, scrape.Config{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "7")
			http.Redirect(w, r, "/b", http.StatusFound)
		})
		step := g.Do(t.Context(), g.request(t, "http://one.test/"))
		if step.After != 7*time.Second || step.Host.RetryAfter != 0 {
			t.Errorf("After %v, host asked for %v; want 7s for the hop only", step.After, step.Host.RetryAfter)
		}
	})
}

// The operator's header is for the hosts that the operator named.
func TestOwnHeaderStaysAtItsOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		g := site(t, scrape.Config{Header: http.Header{"Authorization": {"Bearer secret"}}}, func(w http.ResponseWriter, r *http.Request) {
			seen = append(seen, fmt.Sprintf("%s%s:%v", r.Host, r.URL.Path, r.Header.Get("Authorization") != ""))
			switch r.Host + r.URL.Path {
			case "one.test/":
				http.Redirect(w, r, "/here", http.StatusFound)
			case "one.test/here":
				http.Redirect(w, r, "http://two.test/", http.StatusFound)
			case "two.test/":
				http.Redirect(w, r, "http://one.test/back", http.StatusFound)
			default:
				html(w, "end")
			}
		})
		g.follow(t, g.request(t, "http://one.test/"))
		link := g.request(t, "http://one.test/")
		link.Job.Depth, link.URL, link.Job.URL = 1, "http://three.test/", "http://three.test/"
		g.follow(t, link)
		want := []string{"one.test/:true", "one.test/here:true", "two.test/:false", "one.test/back:false", "three.test/:false"}
		if !slices.Equal(seen, want) {
			t.Errorf("sent the header to\n%v, want\n%v", seen, want)
		}
	})
}

func TestRedirectsIntoPrivateNetworks(t *testing.T) {
	for _, tc := range []struct {
		name, location string
		allow, list    string
		class          engine.Class
	}{
		{name: "loopback", location: "http://127.0.0.1/", class: engine.Blocked},
		{name: "loopback in hex", location: "http://0x7f000001/", class: engine.Blocked},
		{name: "loopback as one number", location: "http://2130706433/", class: engine.Blocked},
		{name: "this host", location: "http://0/", class: engine.Blocked},
		{name: "private", location: "http://10.1.2.3/", class: engine.Blocked},
		{name: "metadata", location: "http://169.254.169.254/latest/meta-data/", class: engine.Blocked},
		{name: "metadata on a public address", location: "http://168.63.129.16/", class: engine.Blocked},
		{name: "carrier", location: "http://100.100.100.200/", class: engine.Blocked},
		{name: "IPv6 loopback", location: "http://[::1]/", class: engine.Blocked},
		{name: "IPv6 private", location: "http://[fd00:ec2::254]/", class: engine.Blocked},
		{name: "IPv6 link-local", location: "http://[fe80::1]/", class: engine.Blocked},
		{name: "IPv4 mapped", location: "http://[::ffff:10.0.0.1]/", class: engine.Blocked},
		{name: "IPv4 translated", location: "http://[64:ff9b::10.0.0.1]/", class: engine.Blocked},
		{name: "IPv4 in 6to4", location: "http://[2002:7f00:1::]/", class: engine.Blocked},
		{name: "a tunnel", location: "http://[2001::1]/", class: engine.Blocked},
		{name: "public", location: "http://93.184.216.34/"},
		{name: "public IPv6", location: "http://[2606:2800:220:1::]/"},
		{name: "public, translated", location: "http://[64:ff9b::93.184.216.34]/"},
		{name: "allowed", location: "http://10.1.2.3/", allow: "10.1.0.0/16"},
		{name: "allowed and mapped", location: "http://[::ffff:10.1.2.3]/", allow: "10.1.0.0/16"},
		{name: "beside what is allowed", location: "http://10.2.0.1/", allow: "10.1.0.0/16", class: engine.Blocked},
		{name: "listed", location: "http://10.1.2.3/x", list: "http://10.1.2.3/"},
		{name: "the listed site with TLS", location: "https://10.1.2.3/x", list: "http://10.1.2.3/"},
		{name: "another port of what is listed", location: "http://10.1.2.3:22/", list: "http://10.1.2.3/", class: engine.Blocked},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var cfg scrape.Config
				if tc.allow != "" {
					cfg.Allow = []netip.Prefix{netip.MustParsePrefix(tc.allow)}
				}
				g := site(t, cfg, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Location", tc.location)
					w.WriteHeader(302)
				})
				if tc.list != "" {
					g.request(t, tc.list)
				}
				step := g.Do(t.Context(), g.request(t, "http://one.test/"))
				if tc.class == "" {
					if step.Again == nil {
						t.Errorf("Do = %q %q, want a hop", step.Result.Class, step.Result.Error)
					}
					return
				}
				if step.Result == nil || step.Result.Class != tc.class {
					t.Errorf("Do = %+v, want %q", step, tc.class)
				}
			})
		})
	}
}

func TestFollowedLinkIntoAPrivateNetworkTouchesNoWire(t *testing.T) {
	g := site(t, scrape.Config{}, func(w http.ResponseWriter, r *http.Request) { t.Error("a request was made") })
	r := g.request(t, "http://one.test/")
	r.Job.Depth, r.URL, r.Job.URL = 1, "http://192.168.0.1/", "http://192.168.0.1/"
	r.Report = func(p engine.Phase) { t.Errorf("Report(%v), want none", p) }
	if got := g.Do(t.Context(), r).Result; got.Class != engine.Blocked {
		t.Errorf("Do = %q %q, want blocked", got.Class, got.Error)
	}
}

// A run that is taken up again never called Job.
func TestListedJobOfAnEarlierProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := site(t, scrape.Config{}, func(w http.ResponseWriter, r *http.Request) { html(w, "kept") })
		r := g.request(t, "http://one.test/")
		r.Job.URL, r.Job.Host = "http://10.0.0.1/", "10.0.0.1:80"
		r.URL, r.Host = r.Job.URL, r.Job.Host
		if got := g.Do(t.Context(), r).Result; got.Outcome != engine.OK {
			t.Errorf("Do = %q %q, want ok", got.Class, got.Error)
		}
	})
}
