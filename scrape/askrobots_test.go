package scrape_test

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/scrape"
)

// ask asks for the robots.txt of a listed URL's origin, hop by hop.
func (g *rig) ask(t *testing.T, url string) (engine.Step, int) {
	t.Helper()
	job, err := g.Job(url)
	if err != nil {
		t.Fatal(err)
	}
	r := engine.Request{
		Job: job, Kind: engine.KindRobots, Host: job.Host, Origin: job.Origin,
		Report: func(engine.Phase) {},
	}
	for n := 1; ; n++ {
		step := g.Do(t.Context(), r)
		if step.Again == nil {
			return step, n
		}
		r = *step.Again
		if r.Kind != engine.KindRobots || r.Origin != job.Origin {
			t.Fatalf("hop of kind %v for origin %q, want robots for %q", r.Kind, r.Origin, job.Origin)
		}
	}
}

// ruled returns the request for a page whose origin's rules are asked for.
func (g *rig) ruled(t *testing.T, url string) engine.Request {
	t.Helper()
	r := g.request(t, url)
	job, err := g.Job(url)
	if err != nil {
		t.Fatal(err)
	}
	r.Job.Origin, r.Origin = job.Origin, job.Origin
	return r
}

func TestRobotsAnswers(t *testing.T) {
	const forbid = "User-agent: weir\nDisallow: /private\nCrawl-delay: 4\n"
	plain := func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, forbid) }
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(code)
		}
	}
	hops := func(most int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			n, _ := strconv.Atoi(r.URL.Query().Get("n"))
			if n == most {
				plain(w, r)
				return
			}
			http.Redirect(w, r, fmt.Sprintf("http://host%d.test/?n=%d", n+1, n+1), http.StatusFound)
		}
	}
	for _, tc := range []struct {
		name     string
		handler  http.HandlerFunc
		failed   engine.Class // the answer is a failure
		forbids  bool
		requests int
		hint     engine.HostHint
	}{
		{name: "rules", handler: plain, forbids: true, requests: 1, hint: engine.HostHint{Status: 200, CrawlDelay: 4 * time.Second}},
		{name: "rules in a coding", handler: coded("br", squeeze(t, "br", forbid)), forbids: true, requests: 1, hint: engine.HostHint{Status: 200, CrawlDelay: 4 * time.Second}},
		{name: "none", handler: http.NotFound, requests: 1, hint: engine.HostHint{Status: 404}},
		{name: "none of our business", handler: status(403), requests: 1, hint: engine.HostHint{Status: 403, RetryAfter: time.Minute}},
		{name: "not now", handler: status(429), failed: engine.Status, requests: 1, hint: engine.HostHint{Status: 429, RetryAfter: time.Minute}},
		{name: "out of order", handler: status(503), failed: engine.Status, requests: 1, hint: engine.HostHint{Status: 503, RetryAfter: time.Minute}},
		{name: "five hops", handler: hops(5), forbids: true, requests: 6, hint: engine.HostHint{Status: 200, CrawlDelay: 4 * time.Second}},
		{name: "six hops lead nowhere", handler: hops(6), requests: 6, hint: engine.HostHint{Status: 302}},
		{name: "a redirect into a private network leads nowhere", handler: http.RedirectHandler("http://127.0.0.1/", http.StatusFound).ServeHTTP, requests: 1, hint: engine.HostHint{Status: 302}},
		{
			name: "cut", failed: engine.Truncated, requests: 1, hint: engine.HostHint{Status: 200},
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", "1000")
				plain(w, r)
			},
		},
		{
			name: "far too long, and the rest is not downloaded", forbids: true, requests: 1, hint: engine.HostHint{Status: 200, CrawlDelay: 4 * time.Second},
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", strconv.Itoa(100<<20))
				plain(w, r)
				for n := 0; n < 2<<20; {
					k, err := w.Write(make([]byte, 32<<10))
					if n += k; err != nil {
						return
					}
				}
				t.Error("more than 2 MiB were taken")
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var pages atomic.Int32
				g := site(t, scrape.Config{}, func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/private/x" {
						pages.Add(1)
						html(w, "page")
						return
					}
					tc.handler(w, r)
				})
				step, n := g.ask(t, "http://one.test/private/x")
				if n != tc.requests || step.Host != tc.hint {
					t.Errorf("%d requests, then hint %+v; want %d, %+v", n, step.Host, tc.requests, tc.hint)
				}
				if tc.failed != "" {
					if step.Result == nil || step.Result.Class != tc.failed || step.Robots != nil {
						t.Errorf("Do = %+v, want failed %q", step, tc.failed)
					}
					return
				}
				if step.Robots == nil || step.Robots.Fresh != 24*time.Hour || step.Result != nil {
					t.Fatalf("Do = %+v, want rules for a day", step)
				}
				var phases []engine.Phase
				r := g.ruled(t, "http://one.test/private/x")
				r.Report = func(p engine.Phase) { phases = append(phases, p) }
				got := g.Do(t.Context(), r).Result
				if !tc.forbids {
					if got.Outcome != engine.OK {
						t.Errorf("page: %v %q %q, want ok", got.Outcome, got.Class, got.Error)
					}
					return
				}
				if got.Outcome != engine.Skipped || got.Class != engine.Robots || got.Error != "robots.txt: Disallow: /private" || !got.FetchedAt.IsZero() {
					t.Errorf("page: %v %q %q at %v, want skipped robots", got.Outcome, got.Class, got.Error, got.FetchedAt)
				}
				if len(phases) > 0 || pages.Load() > 0 {
					t.Errorf("page: phases %v, %d requests, want none", phases, pages.Load())
				}
			})
		})
	}
}

func TestRobotsOfTheAgentThatIsSent(t *testing.T) {
	for _, tc := range []struct {
		name string
		cfg  scrape.Config
		want engine.Outcome
	}{
		{name: "the default", want: engine.OK},
		{name: "by user agent", cfg: scrape.Config{UserAgent: "Mole/2.0"}, want: engine.Skipped},
		{name: "by header", cfg: scrape.Config{Header: http.Header{"user-agent": {"Mole/2.0"}}}, want: engine.Skipped},
		{name: "by both", cfg: scrape.Config{UserAgent: "Rat/1.0", Header: http.Header{"User-Agent": {"Mole/2.0"}}}, want: engine.OK},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := site(t, tc.cfg, func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/robots.txt" {
						io.WriteString(w, "User-agent: mole\nDisallow: /\n")
						return
					}
					html(w, r.UserAgent())
				})
				g.ask(t, "http://one.test/")
				got := g.Do(t.Context(), g.ruled(t, "http://one.test/")).Result
				if got.Outcome != tc.want || got.Outcome == engine.OK && got.Title != cmp.Or(tc.cfg.UserAgent, "weir") {
					t.Errorf("Do = %v as %q, want %v", got.Outcome, got.Title, tc.want)
				}
			})
		})
	}
}

func TestPageOfAnOriginWithoutRules(t *testing.T) {
	g := site(t, scrape.Config{}, func(w http.ResponseWriter, r *http.Request) { t.Error("a request was made") })
	r := g.ruled(t, "http://one.test/")
	r.Report = func(p engine.Phase) { t.Errorf("Report(%v), want none", p) }
	if got := g.Do(t.Context(), r).Result; got.Outcome != engine.Failed || got.Class != engine.Robots {
		t.Errorf("Do = %v %q %q, want failed robots", got.Outcome, got.Class, got.Error)
	}
}

// A followed link into a private network: its robots.txt may not be asked for
// either, and its page must end at once and not wait for it.
func TestOriginBehindTheFence(t *testing.T) {
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.Errorf("%s was asked for", r.URL) }))
	defer inside.Close()
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(inside.URL, "http://"))
	g := newRig(t, scrape.Config{})
	for _, host := range []string{"127.0.0.1:" + port, "localhost:" + port} {
		origin := "http://" + host
		r := g.request(t, "http://one.test/")
		r.Job.Depth, r.Job.URL, r.Job.Origin, r.Job.Host = 1, origin+"/x", origin, host
		r.Origin, r.Host = origin, host
		robots := r
		robots.Kind, robots.URL = engine.KindRobots, origin+"/robots.txt"
		if step := g.Do(t.Context(), robots); step.Robots == nil {
			t.Errorf("%s: Do = %+v, want an answer", host, step)
		}
		r.URL = r.Job.URL
		r.Report = func(p engine.Phase) { t.Errorf("%s: Report(%v), want none", host, p) }
		if got := g.Do(t.Context(), r).Result; got.Outcome != engine.Failed || got.Class != engine.Blocked {
			t.Errorf("%s: Do = %v %q %q, want failed blocked", host, got.Outcome, got.Class, got.Error)
		}
	}
}

func TestFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		g := site(t, scrape.Config{}, func(w http.ResponseWriter, r *http.Request) {
			seen = append(seen, r.Host+r.URL.Path)
			switch r.Host + r.URL.Path {
			case "one.test/robots.txt", "three.test/robots.txt":
				io.WriteString(w, "User-agent: *\nDisallow: /no\n")
			case "one.test/a":
				http.Redirect(w, r, "http://two.test/b", http.StatusFound)
			case "two.test/b":
				w.Header().Set("Content-Type", "text/html; charset=iso-8859-1")
				io.WriteString(w, "<title>\xfc</title>")
			case "four.test/robots.txt":
				w.WriteHeader(500)
			default:
				http.NotFound(w, r)
			}
		})
		page, res, err := g.Fetch(t.Context(), "http://one.test/a", load(t, "page"))
		if err != nil || res.Outcome != engine.OK || res.Status != 200 || res.Final != "http://two.test/b" || res.URL != "http://one.test/a" {
			t.Fatalf("Fetch = %+v, %v; want ok", res, err)
		}
		if string(page.Body) != "<title>ü</title>" || page.URL.String() != "http://two.test/b" || page.ContentType != "text/html" {
			t.Errorf("page %+v, want the decoded page of two.test", page)
		}
		want := []string{"one.test/robots.txt", "one.test/a", "two.test/robots.txt", "two.test/b"}
		if !slices.Equal(seen, want) {
			t.Errorf("asked for %v, want %v", seen, want)
		}
		for _, tc := range []struct{ url, err string }{
			{url: "one.test", err: "scrape: not a URL: it begins with neither http:// nor https://"},
			{url: "http://one.test/gone", err: "scrape: status 404 Not Found"},
			{url: "http://three.test/no", err: "scrape: robots.txt: Disallow: /no"},
			{url: "http://four.test/", err: "scrape: robots.txt of http://four.test:80: status 500 Internal Server Error"},
		} {
			if _, res, err := g.Fetch(t.Context(), tc.url, load(t, "page")); err == nil || err.Error() != tc.err || (res == nil) != strings.Contains(tc.err, "not a URL") {
				t.Errorf("Fetch(%q) = %+v, %v; want %s", tc.url, res, err, tc.err)
			}
		}
	})
}
