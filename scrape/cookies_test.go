package scrape

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// answerOf puts Set-Cookie fields from url into j.
func (j *jar) answerOf(t *testing.T, url string, fields ...string) {
	t.Helper()
	from, err := parseTarget(url)
	if err != nil {
		t.Fatal(err)
	}
	j.keep(from, http.Header{"Set-Cookie": fields})
}

func (j *jar) sentTo(t *testing.T, url string) string {
	t.Helper()
	to, err := parseTarget(url)
	if err != nil {
		t.Fatal(err)
	}
	return j.header(to)
}

func TestCookiesGoWhereTheyMay(t *testing.T) {
	for _, tc := range []struct{ name, from, set, to, want string }{
		{"back to its host", "http://www.one.test/", "a=1", "http://www.one.test/x", "a=1"},
		{"to no other host", "http://www.one.test/", "a=1", "http://one.test/", ""},
		{"to no subdomain unless it says so", "http://one.test/", "a=1", "http://www.one.test/", ""},
		{"to the domain", "http://www.one.test/", "a=1; Domain=one.test", "http://two.one.test/", "a=1"},
		{"not to a domain of others", "http://www.one.test/", "a=1; Domain=two.test", "http://two.test/", ""},
		{"not to a public suffix", "http://www.one.co.uk/", "a=1; Domain=co.uk", "http://two.co.uk/", ""},
		{"not to a public suffix, nor back", "http://www.one.co.uk/", "a=1; Domain=co.uk", "http://www.one.co.uk/", ""},
		{"not to a private suffix", "http://one.github.io/", "a=1; Domain=github.io", "http://two.github.io/", ""},
		{"not to the top", "http://one.test/", "a=1; Domain=test", "http://two.test/", ""},
		{"not beside its path", "http://one.test/in/x", "a=1", "http://one.test/out", ""},
		{"below its path", "http://one.test/in/x", "a=1", "http://one.test/in/y/z", "a=1"},
		{"not in the clear", "https://one.test/", "a=1; Secure", "http://one.test/", ""},
		{"over TLS", "https://one.test/", "a=1; Secure", "https://one.test/", "a=1"},
		{"over", "http://one.test/", "a=1; Max-Age=0", "http://one.test/", ""},
		{"an address", "http://10.0.0.1/", "a=1", "http://10.0.0.1/", "a=1"},
		{"an address has no domain", "http://10.0.0.1/", "a=1; Domain=0.0.1", "http://11.0.0.1/", ""},
		{"quoted", "http://one.test/", `a="1 2"`, "http://one.test/", `a="1 2"`},
		{"too large", "http://one.test/", "a=" + strings.Repeat("x", maxCookie), "http://one.test/", ""},
		{"as large as may be", "http://one.test/", "a=" + strings.Repeat("x", maxCookie-1), "http://one.test/", "a=" + strings.Repeat("x", maxCookie-1)},
		{"a path too large", "http://one.test/", "a=1; Path=/" + strings.Repeat("x", maxAttributes), "http://one.test/" + strings.Repeat("x", maxAttributes), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var j jar
			j.answerOf(t, tc.from, tc.set)
			if got := j.sentTo(t, tc.to); got != tc.want {
				t.Errorf("%q of %s sends %q to %s, want %q", tc.set, tc.from, got, tc.to, tc.want)
			}
		})
	}
}

func TestNilJarKeepsNothing(t *testing.T) {
	var j *jar
	j.answerOf(t, "http://one.test/", "a=1")
	if got := j.sentTo(t, "http://one.test/"); got != "" {
		t.Errorf("sends %q, want nothing", got)
	}
}

// Whatever a site sets, a jar holds so many and sends so much.
func TestJarIsBounded(t *testing.T) {
	t.Run("of one answer", func(t *testing.T) {
		var j jar
		var fields []string
		for i := range 2 * maxAnswer {
			fields = append(fields, fmt.Sprintf("c%d=1", i))
		}
		j.answerOf(t, "http://one.test/", fields...)
		if j.held != maxAnswer {
			t.Errorf("%d cookies held, want %d", j.held, maxAnswer)
		}
	})
	t.Run("of one site, by names", func(t *testing.T) {
		var j jar
		for i := range 3 * maxSiteCookies {
			j.answerOf(t, fmt.Sprintf("http://h%d.one.test/", i%7), fmt.Sprintf("c%d=1; Domain=one.test", i))
		}
		got := strings.Split(j.sentTo(t, "http://x.one.test/"), "; ")
		if len(got) != maxSiteCookies || j.held != maxSiteCookies || got[0] != fmt.Sprintf("c%d=1", 2*maxSiteCookies) {
			t.Errorf("%d cookies sent from %s, %d held; want the newest %d", len(got), got[0], j.held, maxSiteCookies)
		}
	})
	t.Run("of one site, by paths that are left out", func(t *testing.T) {
		var j jar
		for i := range 3 * maxSiteCookies {
			j.answerOf(t, fmt.Sprintf("http://one.test/%d/", i), "a=1")
		}
		if old, young := j.sentTo(t, "http://one.test/0/"), j.sentTo(t, fmt.Sprintf("http://one.test/%d/", 3*maxSiteCookies-1)); old != "" || young != "a=1" || j.held != maxSiteCookies {
			t.Errorf("the oldest sends %q, the newest %q, %d held; want the newest only", old, young, j.held)
		}
	})
	t.Run("of all sites", func(t *testing.T) {
		var j jar
		j.answerOf(t, "http://first.test/", "a=1")
		j.answerOf(t, "http://second.test/", "a=1")
		for i := range maxCookies - 1 {
			j.sentTo(t, "http://first.test/") // it is in use
			j.answerOf(t, fmt.Sprintf("http://s%d.test/", i), "a=1")
		}
		if j.held != maxCookies || len(j.sites) != maxCookies || j.recent.Len() != maxCookies {
			t.Errorf("%d cookies of %d sites (%d in order), want %d", j.held, len(j.sites), j.recent.Len(), maxCookies)
		}
		if used, unused := j.sentTo(t, "http://first.test/"), j.sentTo(t, "http://second.test/"); used != "a=1" || unused != "" {
			t.Errorf("the site in use sends %q, the one longest out of it %q", used, unused)
		}
	})
	t.Run("in a request", func(t *testing.T) {
		var j jar
		for i := range 20 {
			j.answerOf(t, "http://one.test/", fmt.Sprintf("c%d=%s", i, strings.Repeat("x", 4000)))
		}
		if got := len(j.sentTo(t, "http://one.test/")); got > maxCookieHeader || got < 4000 {
			t.Errorf("%d bytes sent, want at most %d", got, maxCookieHeader)
		}
	})
	t.Run("taken back, it does not count", func(t *testing.T) {
		var j jar
		j.answerOf(t, "http://one.test/", "a=1", "b=1")
		j.answerOf(t, "http://one.test/", "a=; Max-Age=0", "c=; Max-Age=0")
		if got := j.sentTo(t, "http://one.test/"); got != "b=1" || j.held != 1 {
			t.Errorf("sends %q, %d held; want b=1, 1", got, j.held)
		}
	})
}

const cookieFile = "# Netscape HTTP Cookie File\n\n" +
	"one.test\tFALSE\t/\tFALSE\t0\ta\t1\r\n" +
	"#HttpOnly_.one.test\tTRUE\t/in\tTRUE\t4102444800\tb\tsecret\n" +
	".two.test\tTRUE\t/\tfalse\t4102444800.5\tc\t\n" +
	"old.test\tFALSE\t/\tFALSE\t1\td\t1\n" +
	"bücher.test\tFALSE\t/\tFALSE\t\te\t1\n"

func TestReadCookies(t *testing.T) {
	c, err := ReadCookies("cookies.txt", strings.NewReader(cookieFile))
	if err != nil {
		t.Fatal(err)
	}
	var j jar
	c.fill(&j)
	for _, tc := range []struct{ url, want string }{
		{"http://one.test/", "a=1"},
		{"https://one.test/in/x", "b=secret; a=1"},
		{"http://one.test/in", "a=1"},
		{"https://www.one.test/in", "b=secret"},
		{"http://www.two.test/", "c="},
		{"http://old.test/", ""},
		{"http://b\u00fccher.test/", "e=1"},
	} {
		if got := j.sentTo(t, tc.url); got != tc.want {
			t.Errorf("%s is sent %q, want %q", tc.url, got, tc.want)
		}
	}
}

func TestReadCookiesErrors(t *testing.T) {
	good := "one.test\tFALSE\t/\tFALSE\t0\ta\t1\n"
	for _, tc := range []struct{ name, in, want string }{
		{"spaces for tabs", "one.test FALSE / FALSE 0 a hush", "c.txt:1: 1 fields, want 7 apart by tabs: domain, subdomains, path, secure, expires, name, value"},
		{"no host", "one/x\tFALSE\t/\tFALSE\t0\ta\thush", `c.txt:1: domain "one/x": not a host name`},
		{"subdomains", "one.test\tyes\t/\tFALSE\t0\ta\thush", `c.txt:1: subdomains "yes": want TRUE or FALSE`},
		{"secure", "one.test\tTRUE\t/\t1\t0\ta\thush", `c.txt:1: secure "1": want TRUE or FALSE`},
		{"path", "one.test\tTRUE\tx\tTRUE\t0\ta\thush", `c.txt:1: path "x": want it to begin with /`},
		{"expires", "one.test\tTRUE\t/\tTRUE\tnever\ta\thush", `c.txt:1: expires "never": want seconds since 1970, or 0`},
		{"name", "one.test\tTRUE\t/\tTRUE\t0\ta b\thush", "c.txt:1: name: not one of a cookie"},
		{"value", "one.test\tTRUE\t/\tTRUE\t0\ta\thush\x01", "c.txt:1: value: not one of a cookie"},
		{"value of two", "one.test\tTRUE\t/\tTRUE\t0\ta\thush;b=1", "c.txt:1: value: not one of a cookie"},
		{"too large", "one.test\tTRUE\t/\tTRUE\t0\ta\thush" + strings.Repeat("x", maxCookie), "c.txt:1: larger than a cookie may be: 4 KiB"},
		{"a public suffix", good + "\n.co.uk\tTRUE\t/\tTRUE\t0\ta\thush", `c.txt:3: domain ".co.uk": a public suffix, under which everyone can have a site`},
		{"a line that is no line", good + strings.Repeat("hush", maxCookie+1), "c.txt:2: longer than 16 KiB: not a cookie"},
		{"too many", strings.Repeat(good, maxCookies+1), "c.txt:3001: more than 3000 cookies"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ReadCookies("c.txt", strings.NewReader(tc.in))
			if err == nil || err.Error() != "scrape: "+tc.want || strings.Contains(err.Error(), "hush") && tc.name != "no host" {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

// A batch has a jar of its own, and none unless it is asked for.
func TestCookiesOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, err := ReadCookies("c.txt", strings.NewReader("one.test\tFALSE\t/\tFALSE\t0\tfile\t1\n"))
		if err != nil {
			t.Fatal(err)
		}
		for _, tc := range []struct {
			name  string
			begin *Cookies
			login bool
			want  string
		}{
			{"without", nil, false, "/1: /2: /3: /4:"},
			{"from nothing", &Cookies{}, false, "/1: /2:session=1 /3: /4:session=3"},
			{"from a file", begin, false, "/1:file=1 /2:file=1; session=1 /3:file=1 /4:file=1; session=3"},
			{"one that logs in", nil, true, "/1: /2: /3: /4:session=3"},
		} {
			var seen []string
			server := enginetest.NewPipeServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				seen = append(seen, r.URL.Path+":"+r.Header.Get("Cookie"))
				http.SetCookie(w, &http.Cookie{Name: "session", Value: r.URL.Path[1:], Path: "/", Expires: time.Now().Add(time.Hour)})
				w.Header().Set("Content-Type", "text/html")
				io.WriteString(w, "<p>")
			}))
			s, err := New(Config{Dial: server.Dial, Cookies: tc.begin})
			if err != nil {
				t.Fatal(err)
			}
			if tc.login {
				s.jar(2, true)
			}
			for i, batch := range []engine.BatchID{1, 1, 2, 2} {
				job, err := s.Job(fmt.Sprintf("http://one.test/%d", i+1))
				if err != nil {
					t.Fatal(err)
				}
				job.Batch = batch
				_, step := s.look(t.Context(), engine.Request{Job: job, URL: job.URL, Report: func(engine.Phase) {}})
				for _, h := range step.Result.Header {
					if h.Name == "Set-Cookie" && !strings.HasPrefix(h.Value, "session=(hidden); Path=/; Expires=") {
						t.Errorf("%s: %s is kept with the result", tc.name, h.Value)
					}
				}
			}
			if got := strings.Join(seen, " "); got != tc.want {
				t.Errorf("%s: sent %s\nwant %s", tc.name, got, tc.want)
			}
			s.Close()
		}
	})
}

// robots.txt is one for all batches: it is asked for as nobody in particular.
func TestNoCookiesForRobots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := enginetest.NewPipeServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/robots.txt" && r.Header["Cookie"] != nil {
				t.Errorf("robots.txt was asked for with %q", r.Header["Cookie"])
			}
			http.SetCookie(w, &http.Cookie{Name: "from", Value: r.URL.Path, Path: "/"})
		}))
		s, err := New(Config{Dial: server.Dial, Cookies: &Cookies{}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		s.Fetch(t.Context(), "http://one.test/a", nil)
		s.robots = robotsCache{}
		s.Fetch(t.Context(), "http://one.test/a", nil)
		if got := s.jar(0, false).header(target{scheme: "http", authority: "one.test", path: "/"}); got != "from=/a" {
			t.Errorf("the jar holds %q, want the page's", got)
		}
	})
}
