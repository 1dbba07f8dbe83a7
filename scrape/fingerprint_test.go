package scrape_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"weir/engine"
	"weir/scrape"
)

// use puts a recipe of the given text in use.
func (g *rig) use(t *testing.T, text string) *scrape.Recipe {
	t.Helper()
	r, err := scrape.ParseRecipe("walk.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Prepare(r); err != nil {
		t.Fatal(err)
	}
	g.recipe = g.Use(r)
	return r
}

func TestFingerprintLeavesIgnoredParametersOut(t *testing.T) {
	g := newRig(t, scrape.Config{})
	for _, tc := range []struct{ name, ignore, url, want string }{
		{"none", "[x]", "http://one.test/a?c&b", "http://one.test/a?b&c"},
		{"a name", "[sid]", "http://one.test/?sid=1&q=2", "http://one.test/?q=2"},
		{"all there are", "[sid]", "http://one.test/?sid=1", "http://one.test/"},
		{"twice, and without a value", "[sid]", "http://one.test/?sid&a&sid=2&SID=3", "http://one.test/?SID=3&a"},
		{"not a part of a name", "[sid]", "http://one.test/?side=1&inside=2", "http://one.test/?inside=2&side=1"},
		{"a star behind", `["utm_*"]`, "http://one.test/?utm_source=a&utm_=b&utm=c&x=d", "http://one.test/?utm=c&x=d"},
		{"a star before", `["*_id"]`, "http://one.test/?a_id=1&_id=2&id=3&a_idx=4", "http://one.test/?a_idx=4&id=3"},
		{"stars between", `["a*b*c"]`, "http://one.test/?abc=1&aXbYc=2&acb=3&aXc=4&ab=5&abcd=6", "http://one.test/?aXc=4&ab=5&abcd=6&acb=3"},
		{"parts may not overlap", `["ab*ba"]`, "http://one.test/?aba=1&abba=2", "http://one.test/?aba=1"},
		{"only a star", `["*"]`, "http://one.test/?a=1&b=2", "http://one.test/"},
		{"escaped", `["s id", "ü*"]`, "http://one.test/?s%20id=1&s+id=2&%C3%BCx=3&b=4", "http://one.test/?b=4"},
		{"of the path", "[jsessionid]", "http://one.test/a;jsessionid=1;v=2/b;jsessionid=3?x=4", "http://one.test/a;v=2/b?x=4"},
		{"of the path, nothing ignored", "[x]", "http://one.test/a;jsessionid=1", "http://one.test/a;jsessionid=1"},
		{"a semicolon in the query stays", "[b]", "http://one.test/?a=1;b=2", "http://one.test/?a=1;b=2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := g.use(t, titles+"fingerprint: {ignore: "+tc.ignore+"}\n")
			for job, err := range g.ListFor(r.Ref(), "list", strings.NewReader(tc.url)) {
				if err != nil || job.Fingerprint != tc.want {
					t.Errorf("fingerprint %s, %v; want %s", job.Fingerprint, err, tc.want)
				}
				plain, _ := g.Job(tc.url)
				if job.URL != plain.URL {
					t.Errorf("%s is fetched as %s", plain.URL, job.URL)
				}
			}
		})
	}
}

func TestFingerprintOfARecipeIsChecked(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"fingerprint: [a]", "walk.yaml:5"},
		{"fingerprint: {ignore: a}", `ignore is "a", not a list`},
		{"fingerprint: {ignore: []}", "ignore has 0 entries, not 1 to 100"},
		{"fingerprint: {ignore: [a, '']}", "an entry of ignore is not of 1 to 64 bytes"},
		{"fingerprint: {ignore: [[a]]}", "an entry of ignore is a list, not text"},
		{"fingerprint: {ignor: [a]}", `unknown key "ignor" in fingerprint; did you mean "ignore"?`},
	} {
		_, err := scrape.ParseRecipe("walk.yaml", []byte(titles+"# a line\n"+tc.text+"\n"))
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "walk.yaml:5") {
			t.Errorf("%s: %v, want line 5 and %s", tc.text, err, tc.want)
		}
	}
}

// A site writes a new session into every link. Its pages are fetched once.
func TestFollowedLinksAreOnePageByTheRecipesRules(t *testing.T) {
	served := newVisits()
	var n atomic.Int32
	w := newWalk(t, func(w http.ResponseWriter, r *http.Request) {
		served.add(r)
		html(w, r.URL.Path)
		for _, page := range "abc" {
			fmt.Fprintf(w, `<a href="/%c?sid=%d">x</a>`, page, n.Add(1))
		}
	}, scrape.Config{})
	w.run(titles+"follow: [{select: a, pages: 5}]\nfingerprint: {ignore: [sid]}\n", "http://one.test/a", "http://one.test/a?sid=0")
	w.counts(engine.Counts{Submitted: 4, OK: 3, Skipped: 1, Duplicate: 1})
	served.want(t, "/a", "/b", "/c")
}
