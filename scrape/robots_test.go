package scrape

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jimsmart/grobotstxt"
)

func TestRobotsRules(t *testing.T) {
	for _, tc := range []struct{ name, text, path, by string }{
		{name: "no rules", path: "/"},
		{name: "for everyone", text: "User-agent: *\nDisallow: /a", path: "/a/b", by: "/a"},
		{name: "not this path", text: "User-agent: *\nDisallow: /a", path: "/b"},
		{name: "our own group alone", text: "User-agent: *\nDisallow: /\n\nUser-agent: weir\nDisallow: /a", path: "/b"},
		{name: "our own group, empty", text: "User-agent: *\nDisallow: /\n\nUser-agent: weir\nDisallow:", path: "/b"},
		{name: "our name in any case, with a version", text: "user-AGENT: WeIr/2.0\nDisallow: /a", path: "/a", by: "/a"},
		{name: "somebody else's", text: "User-agent: weirdo\nDisallow: /", path: "/a"},
		{name: "two groups of ours are one", text: "User-agent: weir\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: weir\nDisallow: /b", path: "/b", by: "/b"},
		{name: "the next group is not ours", text: "User-agent: weir\nDisallow: /a\nUser-agent: x\nDisallow: /", path: "/b"},
		{name: "several agents of a group", text: "User-agent: x\nUser-agent: weir\nDisallow: /a", path: "/a", by: "/a"},
		{name: "a rule before any agent", text: "Disallow: /", path: "/a"},
		{name: "the longest decides", text: "User-agent: *\nDisallow: /a\nAllow: /a/b", path: "/a/b/c"},
		{name: "the longest decides in any order", text: "User-agent: *\nAllow: /a\nDisallow: /a/b", path: "/a/b/c", by: "/a/b"},
		{name: "allow before disallow", text: "User-agent: *\nDisallow: /a\nAllow: /a", path: "/a"},
		{name: "a star", text: "User-agent: *\nDisallow: /*.pdf", path: "/x/y.pdf?z", by: "/*.pdf"},
		{name: "an end", text: "User-agent: *\nDisallow: /*.pdf$", path: "/x/y.pdf?z"},
		{name: "a query", text: "User-agent: *\nDisallow: /a?b=", path: "/a?b=c", by: "/a?b="},
		{name: "letters coded in the path", text: "User-agent: *\nDisallow: /~a", path: "/%7ea", by: "/~a"},
		{name: "letters coded in the rule", text: "User-agent: *\nDisallow: /%7Ea", path: "/~a", by: "/~a"},
		{name: "hex in the other case", text: "User-agent: *\nDisallow: /%c3%bc", path: "/%C3%BC", by: "/%C3%BC"},
		{name: "not ASCII", text: "User-agent: *\nDisallow: /ü", path: "/%C3%BC", by: "/%C3%BC"},
		{name: "a coded slash is no slash", text: "User-agent: *\nDisallow: /a/b", path: "/a%2Fb"},
		{name: "a character that browsers code", text: "User-agent: *\nDisallow: /`a", path: "/%60a", by: "/%60a"},
		{name: "an index page is its directory", text: "User-agent: *\nDisallow: /a\nAllow: /a/index.html", path: "/a/"},
		{name: "but not what is below it", text: "User-agent: *\nDisallow: /a\nAllow: /a/index.html", path: "/a/b", by: "/a"},
		{name: "a common slip of the pen", text: "User-agent: *\nDissallow: /a", path: "/a", by: "/a"},
		{name: "a mark, and Windows line ends", text: "\xef\xbb\xbfUser-agent: *\r\nDisallow: /a\r\n", path: "/a", by: "/a"},
		{name: "beyond half a megabyte", text: strings.Repeat("#", maxRobots) + "\nUser-agent: *\nDisallow: /", path: "/a"},
		{name: "a rule that is cut at half a megabyte", text: padded("Disallow: /", "private\n"), path: "/a"},
		{name: "a rule that ends at half a megabyte", text: padded("Disallow: /a\n", "User-agent: weir\nAllow: /\n"), path: "/a", by: "/a"},
		{name: "a star in the middle, and the longest decides", text: "User-agent: *\nAllow: /p*e\nDisallow: /page.\n", path: "/page.html", by: "/page."},
		{name: "a star is as long as it is written", text: "User-agent: *\nAllow: /***\nDisallow: /ab\n", path: "/abc"},
		{name: "an end that is met", text: "User-agent: *\nDisallow: /a$", path: "/a", by: "/a$"},
		{name: "an end that a query passes", text: "User-agent: *\nDisallow: /a$", path: "/a?b"},
		{name: "a dollar that is not at the end", text: "User-agent: *\nDisallow: /a$b", path: "/a$b/c", by: "/a%24b"},
		{name: "a coded star is a star", text: "User-agent: *\nDisallow: /a%2Ab", path: "/a*b", by: "/a%2Ab"},
		{name: "a coded star stands for itself only", text: "User-agent: *\nDisallow: /a%2Ab", path: "/axb"},
		{name: "a coded dollar is a dollar", text: "User-agent: *\nDisallow: /a%24", path: "/a$b", by: "/a%24"},
		{name: "a comment behind a rule", text: "User-agent: * # all\nDisallow: /a # not b\n", path: "/a", by: "/a"},
		{name: "a rule that begins with a star", text: "User-agent: *\nDisallow: *.gif", path: "/x.gif", by: "*.gif"},
		{name: "a rule without its slash", text: "User-agent: *\nDisallow: a", path: "/a"},
		{name: "an empty line does not end a group", text: "User-agent: *\n\n\nDisallow: /a", path: "/a", by: "/a"},
		{name: "a sitemap does not end a group", text: "User-agent: *\nSitemap: /s\nDisallow: /a", path: "/a", by: "/a"},
		{name: "old line ends", text: "User-agent: *\rDisallow: /a\r", path: "/a", by: "/a"},
		{name: "two groups for everyone", text: "User-agent: *\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: *\nDisallow: /b", path: "/b", by: "/b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ok, by, err := parseRobots(tc.text, "weir").allows(t.Context(), tc.path)
			if ok != (tc.by == "") || !ok && by != tc.by || err != nil {
				t.Errorf("allows(%q) = %v by %q, %v; want forbidden by %q", tc.path, ok, by, err, tc.by)
			}
		})
	}
}

// padded returns a robots.txt whose first half megabyte ends with last.
func padded(last, rest string) string {
	const head = "User-agent: *\n"
	return head + strings.Repeat("#", maxRobots-len(head)-len(last)-1) + "\n" + last + rest
}

func TestCrawlDelay(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       time.Duration
	}{
		{name: "none", text: "User-agent: *\nDisallow: /"},
		{name: "for everyone", text: "User-agent: *\nCrawl-delay: 2", want: 2 * time.Second},
		{name: "a fraction", text: "User-agent: *\ncrawl-DELAY: 0.5", want: 500 * time.Millisecond},
		{name: "our own before everyone's", text: "User-agent: *\nCrawl-delay: 9\nUser-agent: weir\nCrawl-delay: 3", want: 3 * time.Second},
		{name: "our own group names none", text: "User-agent: *\nCrawl-delay: 9\nUser-agent: weir\nDisallow: /a"},
		{name: "the next agent's is not ours", text: "User-agent: weir\nCrawl-delay: 3\nUser-agent: x\nCrawl-delay: 60", want: 3 * time.Second},
		{name: "after a rule", text: "User-agent: *\nDisallow: /a\nCrawl-delay: 2", want: 2 * time.Second},
		{name: "the longer of two", text: "User-agent: *\nCrawl-delay: 5\nCrawl-delay: 2", want: 5 * time.Second},
		{name: "at most five minutes", text: "User-agent: *\nCrawl-delay: 86400", want: 5 * time.Minute},
		{name: "more than fits", text: "User-agent: *\nCrawl-delay: 1e999", want: 5 * time.Minute},
		{name: "negative", text: "User-agent: *\nCrawl-delay: -2"},
		{name: "no number", text: "User-agent: *\nCrawl-delay: NaN"},
		{name: "words", text: "User-agent: *\nCrawl-delay: a while"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := parseRobots(tc.text, "weir").delay; got != tc.want {
				t.Errorf("delay of %q = %v, want %v", tc.text, got, tc.want)
			}
		})
	}
}

func TestProductToken(t *testing.T) {
	for agent, want := range map[string]string{
		"weir/1.0 (+a@one.test)": "weir", "weir": "weir", "my-bot_2 x": "my-bot_2", "(none)": "", "": "", "ümlaut": "",
	} {
		if got := productToken(agent); got != want {
			t.Errorf("productToken(%q) = %q, want %q", agent, got, want)
		}
	}
}

// Half a megabyte of stars ends with its context.
func TestHostileRobotsEndsWithItsContext(t *testing.T) {
	r := parseRobots("User-agent: *\n"+strings.Repeat("Disallow: /*a*a*a*a*a*a*a*a*a*a*a*a*b\n", 13000), "weir")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, _, err := r.allows(ctx, "/"+strings.Repeat("a", maxURL))
	if took := time.Since(begin); err == nil || took > 2*time.Second {
		t.Errorf("allows took %v, %v; want its context's end", took, err)
	}
}

func TestRobotsCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c robotsCache
		a, b := &rules{}, &rules{}
		c.put("http://a.test:80", a)
		c.put("http://a.test:80", b)
		if got := c.get("http://a.test:80"); got != b {
			t.Errorf("get = %p, want the newer rules %p", got, b)
		}
		time.Sleep(robotsFresh) // a job may start this late
		if c.get("http://a.test:80") != b {
			t.Error("rules are gone after a day")
		}
		time.Sleep(robotsKept - robotsFresh)
		if c.get("http://a.test:80") != nil || c.used != 0 || len(c.entries) != 0 {
			t.Errorf("old rules are kept: %d bytes", c.used)
		}
	})
}

func TestRobotsCacheIsBounded(t *testing.T) {
	var c robotsCache
	big := &rules{lines: []rule{{pattern: strings.Repeat("x", 1<<20)}}}
	c.put("first", &rules{})
	for i := range 2 * robotsBudget >> 20 {
		c.put(fmt.Sprint("big", i), big)
		if c.get("first") == nil {
			t.Fatalf("rules in use are gone after %d more", i)
		}
	}
	if c.used > robotsBudget || c.get("big0") != nil || len(c.entries) != c.recent.Len() {
		t.Errorf("%d bytes in %d entries, want at most %d", c.used, len(c.entries), robotsBudget)
	}
}

// dollars are those that stand for themselves: we encode them.
var dollars = regexp.MustCompile(`\$[^\s#]`)

// Whatever a robots.txt says: we agree with grobotstxt, which reads it anew
// for every URL, wherever paths are written in one way only; and the delay is
// between nothing and five minutes.
func FuzzRobots(f *testing.F) {
	for _, seed := range []string{
		"User-agent: *\nDisallow: /a\nAllow: /a/*b$", "User-agent: weir\nUser-agent: x\nDisallow: /index.html\nUser-agent: *\nDisallow: /",
		"user agent weir\nallow /index.htm", "Disallow: /\rUser-agent: weir\r\nCrawl-delay: 3\n\nDisallow: /$", "User-agent: * x\nDisallow:*",
	} {
		f.Add(seed, "/a/b")
		f.Add(seed, "/")
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		r := parseRobots(text, "weir")
		if r.delay < 0 || r.delay > maxCrawlDelay {
			t.Errorf("delay of %q = %v", text, r.delay)
		}
		if strings.ContainsAny(path, "%*$"+encoded) || len(text) > 10000 || dollars.MatchString(text) {
			return
		}
		u, err := parseTarget("http://one.test" + path)
		if err != nil || u.path+u.query != path || strings.ContainsAny(path, encoded) || strings.Contains(text, "%") {
			return
		}
		for _, c := range encoded[1:] {
			if strings.ContainsRune(text, c) {
				return
			}
		}
		got, by, err := r.allows(t.Context(), path)
		if want := grobotstxt.AgentAllowed(text, "weir", u.href); got != want || err != nil {
			t.Errorf("robots.txt %q: allows(%q) = %v by %q, %v; want %v", text, path, got, by, err, want)
		}
	})
}
