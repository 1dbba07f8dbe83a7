package scrape_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/scrape"
)

// links is a page with a title and a link to each of some URLs.
func links(title string, urls ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!doctype html><title>%s</title>", title)
	for _, u := range urls {
		fmt.Fprintf(&b, "<p><a href=%q>to %s</a>", u, u)
	}
	return b.String()
}

func TestFollow(t *testing.T) {
	for _, tc := range []struct {
		name, follow string
		pages        map[string]string
		list         []string
		want         []string // asked for
		counts       engine.Counts
	}{
		{
			name: "by pattern, on the absolute URL", follow: `{select: a, match: '^http://one\.test/docs/.*\.html', skip: '\?'}`,
			pages:  map[string]string{"/": links("0", "/docs/a.html", "docs/b.html", "/docs/c.html?x", "/other.html", "/docs/d.pdf")},
			want:   []string{"/", "/docs/a.html", "/docs/b.html"},
			counts: engine.Counts{Submitted: 3, OK: 1, Failed: 2},
		},
		{
			name: "to a depth", follow: "{select: a, depth: 2}",
			pages:  map[string]string{"/": links("0", "/1"), "/1": links("1", "/2", "/"), "/2": links("2", "/3"), "/3": links("3")},
			want:   []string{"/", "/1", "/2"},
			counts: engine.Counts{Submitted: 3, OK: 3},
		},
		{
			name: "each entry has a depth of its own", follow: "{select: 'a[href*=next]', pages: 3}, {select: 'a[href*=item]', depth: 1}",
			pages: map[string]string{
				"/": links("0", "/next1"), "/next1": links("1", "/next2"), "/next2": links("2", "/next3"),
				"/next3": links("3", "/next4", "/item1"), "/item1": links("i", "/item2"),
			},
			want:   []string{"/", "/next1", "/next2", "/next3", "/item1"},
			counts: engine.Counts{Submitted: 5, OK: 5},
		},
		{
			name: "a pattern stays on the host", follow: "{select: a, match: ok}",
			pages:  map[string]string{"/": links("0", "/ok", "http://two.test/ok", "http://one.test:81/ok", "https://one.test/ok", "http://www.one.test/ok"), "/ok": links("ok")},
			want:   []string{"/", "/ok", "TLS one.test"},
			counts: engine.Counts{Submitted: 3, OK: 2, Failed: 1},
		},
		{
			name: "next pages go anywhere", follow: "{select: a}",
			pages:  map[string]string{"one.test/": links("0", "http://two.test/ok"), "/ok": links("ok", "http://six.test/ok")},
			want:   []string{"/", "/ok", "/ok"},
			counts: engine.Counts{Submitted: 3, OK: 3},
		},
		{
			name: "other hosts by name", follow: `{select: a, match: ok, hosts: ["two.test:80*", "*.six.test", "[::1]:81"]}`,
			pages:  map[string]string{"/": links("0", "/ok", "http://two.test:8080/ok", "http://two.test:81/ok", "http://a.b.six.test/ok", "http://six.test/ok", "http://asix.test/ok", "http://three.test/ok"), "/ok": links("ok")},
			want:   []string{"/", "/ok", "/ok", "/ok"},
			counts: engine.Counts{Submitted: 4, OK: 4},
		},
		{
			name: "to hosts by name, without a pattern", follow: "{select: a, hosts: [two.test]}",
			list:   []string{"http://one.test/dir/page"},
			pages:  map[string]string{"/dir/page": links("0", "/ok", "http://two.test/ok", "http://six.test/ok"), "/ok": links("ok")},
			want:   []string{"/dir/page", "/ok", "/ok"},
			counts: engine.Counts{Submitted: 3, OK: 3},
		},
		{
			name: "below the directory", follow: "{select: a, scope: path}",
			list:   []string{"http://one.test/docs/guide/index.html"},
			pages:  map[string]string{"/docs/guide/index.html": links("0", "a.html", "sub/b.html", "../other.html", "/docs/guide2/c.html", "%2e%2e/d.html", "http://two.test/docs/guide/e.html")},
			want:   []string{"/docs/guide/index.html", "/docs/guide/a.html", "/docs/guide/sub/b.html"},
			counts: engine.Counts{Submitted: 3, OK: 1, Failed: 2},
		},
		{
			name: "below where it began, not where it is", follow: "{select: a, scope: path, depth: 5}",
			list:   []string{"http://one.test/docs/"},
			pages:  map[string]string{"/docs/": links("0", "a/b/"), "/docs/a/b/": links("1", "../c"), "/docs/a/c": links("2", "/docs", "/docs/d"), "/docs/d": links("3")},
			want:   []string{"/docs/", "/docs/a/b/", "/docs/a/c", "/docs/d"},
			counts: engine.Counts{Submitted: 4, OK: 4},
		},
		{
			name: "a list says one host and its server another", follow: "{select: a, match: ok}",
			pages:  map[string]string{"one.test/": ">http://www.one.test/home", "/home": links("0", "ok1", "http://one.test/ok2", "http://two.test/ok3"), "/ok1": links("1"), "/ok2": links("2")},
			want:   []string{"/", "/home", "/ok1", "/ok2"},
			counts: engine.Counts{Submitted: 3, OK: 3},
		},
		{
			name: "a redirect out of scope", follow: "{select: a, match: ok}",
			pages:  map[string]string{"one.test/": links("0", "/ok1", "/ok2"), "/ok1": ">http://two.test/ok1", "/ok2": ">/away", "/away": links("2")},
			want:   []string{"/", "/ok1", "/ok2", "/away"},
			counts: engine.Counts{Submitted: 3, OK: 2, Skipped: 1},
		},
		{
			name: "a page of its own recipe", follow: "{select: a, then: {fields: {h: {select: title}}, follow: [{select: a, pages: 1}]}}",
			pages:  map[string]string{"/": links("0", "/a", "/b", "/"), "/a": links("a", "/c"), "/b": links("b", "/c"), "/c": links("c", "/d")},
			want:   []string{"/", "/", "/a", "/b", "/c"},
			counts: engine.Counts{Submitted: 5, OK: 5},
		},
		{
			name: "what is no page", follow: "{select: a}",
			pages:  map[string]string{"/": links("0", "mailto:a@b.test", "javascript:x()", "ftp://one.test/", "http://", "#x", "", "http://u:p@one.test/")},
			want:   []string{"/"},
			counts: engine.Counts{Submitted: 1, OK: 1},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				served := newVisits()
				w := newWalk(t, served.pages(tc.pages), scrape.Config{})
				w.tls = func(host string) { served.note("TLS " + host) }
				if tc.list == nil {
					tc.list = []string{"http://one.test/"}
				}
				w.cfg.Retries = -1
				w.run(titles+"follow: ["+tc.follow+"]\n", tc.list...)
				w.counts(tc.counts)
				served.want(t, tc.want...)
			})
		})
	}
}

func TestRedirectOutOfScopeSaysWhereTo(t *testing.T) {
	served := newVisits()
	w := newWalk(t, served.pages(map[string]string{
		"one.test/docs/": links("0", "/docs/a"), "/docs/a": ">/docs/b", "/docs/b": ">/login?back=docs",
	}), scrape.Config{})
	w.run(titles+"follow: [{select: a, scope: path}]\n", "http://one.test/docs/")
	got := w.result("http://one.test/docs/a")
	if got.Outcome != engine.Skipped || got.Class != engine.Scope || got.Error != "redirect out of scope: to http://one.test/login?back=docs" || got.Status != 302 {
		t.Errorf("ended as %v %q %d: %s", got.Outcome, got.Class, got.Status, got.Error)
	}
	served.want(t, "/docs/", "/docs/a", "/docs/b")
}

// What is found is one batch: it takes the turns of its host, each once.
func TestFollowedPagesKeepThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		served := newVisits()
		w := newWalk(t, served.pages(map[string]string{
			"/": links("0", "/a", "/b", "/a#x"), "/a": links("a", "/b", "/c", "/"), "/b": links("b", "/c"), "/c": links("c"),
		}), scrape.Config{})
		w.cfg.Interval = time.Second
		w.run(titles+"follow: [{select: a, match: ., then: {fields: {h: {select: title}}, follow: [{select: a, depth: 9}]}}]\n", "http://one.test/")
		served.inOrder(t, "0 /", "1 /a", "2 /b", "3 /c", "4 /")
		w.holds(`{"title":"0"}`, `{"h":"a"}`, `{"h":"b"}`, `{"h":"c"}`, `{"h":"0"}`)
		if w.took != 4*time.Second {
			t.Errorf("took %v, want 4s", w.took)
		}
	})
}

// A retry by hand and a redirect know the way that led to the page.
func TestRetriedPageIsReadByTheRecipeOfItsLink(t *testing.T) {
	pages := map[string]string{
		"/": links("0", "/a"), "/a": "!404", "/b": links("b", "/c"), "/c": links("c", "/d"),
	}
	served := newVisits()
	w := newWalk(t, served.pages(pages), scrape.Config{})
	w.before = func(e *engine.Engine) {
		sub := e.Subscribe(engine.SubscribeOptions{})
		go func() {
			defer sub.Close()
			var v engine.View
			for range sub.Ready() {
				sub.Take(&v)
				if v.Stats.Counts.Failed == 1 {
					served.mu.Lock()
					pages["/a"] = ">/b"
					served.mu.Unlock()
					e.Retry(t.Context(), engine.Selector{All: true})
					e.Close()
					return
				}
			}
		}()
	}
	w.open = true
	w.run(titles+"follow: [{select: a, then: {fields: {h: {select: title}}, follow: [{select: a, pages: 1}]}}]\n", "http://one.test/")
	w.counts(engine.Counts{Submitted: 3, OK: 3})
	w.holds(`{"title":"0"}`, `{"h":"b"}`, `{"h":"c"}`)
}

func TestFollowIsChecked(t *testing.T) {
	for _, tc := range []struct{ entry, want string }{
		{"{match: a}", "an entry of follow has no select"},
		{"{select: a, match: '('}", `regex "(": missing closing )`},
		{"{select: a, skip: ''}", `regex "": empty`},
		{"{select: a, depth: 0}", `depth is "0", not a whole number from 1 to 10000`},
		{"{select: a, depth: 2, pages: 3}", "depth beside pages"},
		{"{select: a, scope: hots}", `scope "hots" is not any, host or path; did you mean "host"?`},
		{"{select: a, scope: any, hosts: [a.test]}", "hosts beside scope: any"},
		{"{select: a, hosts: ['http://a.test/']}", `host "http://a.test/" is a URL`},
		{"{select: a, hosts: [bücher.test]}", "xn--"},
		{"{select: a, hosts: []}", "hosts has 0 entries"},
		{"{select: a, then: {fields: {}}}", "0 fields, not 1 to 100"},
		{"{select: a, then: {rows: a}}", "no fields"},
		{"{select: a, then: {name: x, fields: {a: {}}}}", `unknown key "name" in then`},
		{"{select: a, depth: 2, then: {fields: {a: {}}}}", "depth beside then"},
		{"{select: a, join: true}", "join without then"},
		{"{select: a, join: 1, then: {fields: {a: {}}}}", `join is "1", not true or false`},
		{"{select: a, join: true, then: {table: {select: table}}}", "join with a table"},
		{"{select: a, join: true, then: {any: [{table: {select: table}}, {fields: {b: {}}}]}}", "join with a table"},
		{"{select: a, join: true, then: {fields: {title: {}}}}", "field title is joined with a row that has a field title"},
		{
			"{select: a, join: true, then: {fields: {b: {}}, follow: [{select: a, join: true, then: {fields: {title: {}}}}]}}",
			"field title is joined with a row that has a field title",
		},
		{"{select: a, join: true, then: {fields: {b: {}}}}, {select: b, join: true, then: {fields: {c: {}}}}", "a second join: entry 1"},
		{strings.Repeat("{select: a, then: {fields: {a: {}}, follow: [", 8) + "{select: a}" + strings.Repeat("]}}", 8), "then inside of then 8 times, at most 7"},
	} {
		_, err := scrape.ParseRecipe("walk.yaml", []byte(titles+"follow: ["+tc.entry+"]\n"))
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "scrape: recipe walk.yaml:") {
			t.Errorf("%s: %v, want %s", tc.entry, err, tc.want)
		}
	}
	for _, way := range []string{
		"pivot: {select: table, side: {fields: {d: {}}}, cell: {fields: {a: {}}}}", "table: {select: table}", "any: [{fields: {a: {}}}, {fields: {b: {}}}]",
	} {
		_, err := scrape.ParseRecipe("walk.yaml", []byte(way+"\nfollow: [{select: a, join: true, then: {fields: {z: {}}}}]\n"))
		if want := "scrape: recipe walk.yaml:2:22: join beside pivot, table or any"; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("join beside %s: %v, want %s", way, err, want)
		}
	}
	for _, entry := range []string{
		"{select: a, join: false, then: {fields: {title: {}}}}", // two records
		"{select: a, join: true, then: {fields: {b: {}}, follow: [{select: a, then: {fields: {title: {}}}}]}}",
	} {
		r, err := scrape.ParseRecipe("walk.yaml", []byte(titles+"follow: ["+entry+"]\n"))
		if err != nil {
			t.Errorf("%s: %v", entry, err)
			continue
		}
		if got := strings.Join(r.Fields(), " "); got != strings.Join(strings.Fields("title "+map[bool]string{true: "b"}[strings.Contains(entry, "b: ")]), " ") {
			t.Errorf("%s: columns %q, want each field once", entry, got)
		}
	}
}

// A million next pages cost no more than a million listed ones.
func TestPlainLinkCarriesNothing(t *testing.T) {
	served := newVisits()
	w := newWalk(t, served.pages(map[string]string{"/": links("0", "/a")}), scrape.Config{})
	for _, tc := range []struct {
		follow string
		bare   bool
	}{
		{"{select: a}", true},
		{"{select: a, pages: 3, scope: any}", true},
		{"{select: a, match: a}", false},
		{"{select: a}, {select: b}", false},
		{"{select: a, then: {fields: {h: {}}}}", false},
	} {
		w.use(t, titles+"follow: ["+tc.follow+"]\n")
		got := w.get(t, "http://one.test/").Links
		if len(got) != 1 || (got[0].Carry == "") != tc.bare || (got[0].Fingerprint == got[0].URL) == strings.Contains(tc.follow, "then") {
			t.Errorf("%s: links %+v, want one that carries nothing: %v", tc.follow, got, tc.bare)
		}
	}
}
