package scrape

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A googleCase is one question to a robots.txt and its answer.
type googleCase struct {
	Robots, Agent, URL string
	Allowed            bool
}

// The 145 cases of Google's parser. All agree but those of RFC 9309, section
// 2.2.2: that a character which needs no percent-encoding is the same with one
// (Google's parser compares as it stands), and that one which needs it is
// encoded before (Google's leaves that to its caller; in the translation that
// is read here it is done).
func TestRobotsCasesOfGoogle(t *testing.T) {
	cases := longLines()
	file, err := os.Open(filepath.Join("testdata", "robots", "google.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var c googleCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	if len(cases) != 145 {
		t.Errorf("%d cases, want 145", len(cases))
	}
	differ := map[string]bool{"User-agent: FooBot\nDisallow: /\nAllow: /foo/bar/%62%61%7A\n http://foo.bar/foo/bar/baz": true}
	for _, c := range cases {
		ok, by, err := parseRobots(c.Robots, c.Agent).allows(t.Context(), pathOf(t, c.URL))
		if (ok == c.Allowed) == differ[c.Robots+" "+c.URL] || err != nil {
			t.Errorf("%s may fetch %.60q by %.100q: %v (%.40q), %v; want %v", c.Agent, c.URL, c.Robots, ok, by, err, c.Allowed)
		}
	}
}

// pathOf returns what of a URL a robots.txt rules. Google's cases have some that
// are never fetched: empty ones, and ones of 16 KiB.
func pathOf(t *testing.T, url string) string {
	if len(url) > maxURL {
		return strings.TrimPrefix(url, "http://foo.bar")
	}
	if url == "" {
		return "/"
	}
	at, err := parseTarget(url)
	if err != nil {
		t.Fatal(err)
	}
	return at.path + at.query
}

// longLines are the cases of lines that are cut after 8 x 2083 bytes.
func longLines() []googleCase {
	fill := func(key, letter string) string {
		return "/x/" + strings.Repeat(letter, 8*2083-len(key)-2*len("/x/")+1)
	}
	no, a, b := fill("disallow: ", "a"), fill("allow: ", "a"), fill("allow: ", "b")
	one := "user-agent: FooBot\ndisallow: " + no + "/qux\n"
	two := "user-agent: FooBot\ndisallow: /\nallow: " + a + "/qux\nallow: " + b + "/qux\n"
	return []googleCase{
		{one, "FooBot", "http://foo.bar/fux", true},
		{one, "FooBot", "http://foo.bar" + no + "/fux", false},
		{two, "FooBot", "http://foo.bar/", false},
		{two, "FooBot", "http://foo.bar" + a + "/qux", true},
		{two, "FooBot", "http://foo.bar" + b + "/fux", true},
	}
}
