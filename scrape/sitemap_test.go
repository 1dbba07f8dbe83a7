package scrape_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/scrape"
)

// mapped is a recipe that reads sitemaps.
const mapped = titles + "sitemap: {match: '/p/', skip: 'bad'}\n"

// urlset is a sitemap of URLs, index one of sitemaps.
func urlset(urls ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<!-- made by hand -->\n" + `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
	for _, u := range urls {
		fmt.Fprintf(&b, "<url>\n<loc>\n  %s\n</loc><lastmod>2025-11-03</lastmod></url>", u)
	}
	return b.String() + "</urlset>"
}

func index(urls ...string) string {
	s := urlset(urls...)
	return strings.NewReplacer("<urlset", "<sitemapindex", "</urlset", "</sitemapindex", "<url>", "<sitemap>", "</url>", "</sitemap>").Replace(s)
}

func zipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	z.Close()
	return b.String()
}

// files serves bodies by path with the type that their ending says; gzip: in
// front is sent with that content coding.
func (v *visits) files(files map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v.add(r)
		body, ok := files[r.URL.Path]
		if !ok {
			html(w, r.URL.Path)
			return
		}
		if to, is := strings.CutPrefix(body, ">"); is {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		kind := "application/xml"
		switch {
		case strings.HasSuffix(r.URL.Path, ".txt"):
			kind = "text/plain; charset=utf-8"
		case strings.HasSuffix(r.URL.Path, ".gz"):
			kind = "application/x-gzip"
		case strings.HasSuffix(r.URL.Path, ".html"):
			kind = "text/html"
		}
		w.Header().Set("Content-Type", kind)
		if rest, coded := strings.CutPrefix(body, "gzip:"); coded {
			w.Header().Set("Content-Encoding", "gzip")
			body = rest
		}
		w.Write([]byte(body))
	}
}

func TestSitemap(t *testing.T) {
	one := func(paths ...string) (urls []string) {
		for _, p := range paths {
			urls = append(urls, "http://one.test"+p)
		}
		return urls
	}
	for _, tc := range []struct {
		name   string
		files  map[string]string
		list   string
		recipe string
		want   []string
		counts engine.Counts
		title  string // of what was listed
	}{
		{
			name: "of pages", list: "/s.xml",
			files: map[string]string{"/s.xml": urlset(append(one("/p/1", "/p/2?a&amp;b", "/p/bad", "/other", "/p/1#x"), "https://one.test/p/3", "http://two.test/p/4", "/p/5", "mailto:x")...)},
			want:  []string{"/s.xml", "/p/1", "/p/2"}, counts: engine.Counts{Submitted: 4, OK: 3, Failed: 1},
			title: "sitemap: 3 URLs, 2 passed over by match and skip, 1 out of scope, 2 no URL",
		},
		{
			name: "of sitemaps, plain, packed and coded", list: "/index.xml",
			files: map[string]string{
				"/index.xml": index(one("/a.xml", "/b.xml.gz", "/c.xml", "/d.xml.gz", "/a.xml")...),
				"/a.xml":     urlset(one("/p/1")...), "/b.xml.gz": zipped(urlset(one("/p/2")...)),
				"/c.xml": "gzip:" + zipped(urlset(one("/p/3")...)), "/d.xml.gz": "gzip:" + zipped(zipped(urlset(one("/p/4", "/p/1")...))),
			},
			want:   []string{"/index.xml", "/a.xml", "/b.xml.gz", "/c.xml", "/d.xml.gz", "/p/1", "/p/2", "/p/3", "/p/4"},
			counts: engine.Counts{Submitted: 9, OK: 9}, title: "sitemap: 4 sitemaps",
		},
		{
			name: "robots.txt", list: "/robots.txt",
			files: map[string]string{
				"/robots.txt": "User-agent: *\nDisallow: /p/no\nDisallow: /robots\nSitemap: http://one.test/a.xml\nsitemap:http://cdn.test/b.txt\n",
				"/a.xml":      urlset(one("/p/1", "/p/no")...), "/b.txt": "\ufeffhttp://one.test/p/2\r\n\r\nhttp://cdn.test/p/3\nhttp://one.test/bad\n",
			},
			want:   []string{"/robots.txt", "/robots.txt", "/robots.txt", "/a.xml", "/b.txt", "/p/1", "/p/2"}, // robots.txt twice as itself, one of them of cdn.test
			counts: engine.Counts{Submitted: 6, OK: 5, Skipped: 1}, title: "sitemap: 2 sitemaps",
		},
		{
			name: "images have locations too", list: "/s.xml",
			files: map[string]string{"/s.xml": `<s:urlset xmlns:s="a" xmlns:image="b"><s:url><s:loc>http://one.test/p/1</s:loc><image:image><image:loc>http://one.test/p/i.jpg</image:loc></image:image></s:url>` +
				`<s:url><s:loc><![CDATA[http://one.test/p/2]]></s:loc></s:url></s:urlset>`},
			want: []string{"/s.xml", "/p/1", "/p/2"}, counts: engine.Counts{Submitted: 3, OK: 3}, title: "sitemap: 2 URLs",
		},
		{
			name: "in Latin-1 and in UTF-16", list: "/index.xml",
			files: map[string]string{
				"/index.xml": index(one("/l.xml", "/u.xml")...),
				"/l.xml":     "<?xml version='1.0' encoding='ISO-8859-1'?><urlset><url><loc>http://one.test/p/\xfc</loc></url></urlset>",
				"/u.xml":     wide("<?xml version='1.0' encoding='UTF-16'?><urlset><url><loc>http://one.test/p/w</loc></url></urlset>"),
			},
			want: []string{"/index.xml", "/l.xml", "/u.xml", "/p/ü", "/p/w"}, counts: engine.Counts{Submitted: 5, OK: 5}, title: "sitemap: 2 sitemaps",
		},
		{
			name: "a page is a page", list: "/p.html", files: map[string]string{"/p.html": "<title>a page</title><urlset><url><loc>http://one.test/p/1</loc></url></urlset>"},
			want: []string{"/p.html"}, counts: engine.Counts{Submitted: 1, OK: 1}, title: "a page",
		},
		{
			name: "something else", list: "/x.bin", files: map[string]string{"/x.bin": "\x00\x01\x02"},
			want: []string{"/x.bin"}, counts: engine.Counts{Submitted: 1, Failed: 1},
		},
		{
			name: "to a limit", list: "/s.xml", recipe: titles + "sitemap: {limit: 2}\n", files: map[string]string{"/s.xml": urlset(one("/1", "/1", "/2", "/3", "/4")...)},
			want: []string{"/s.xml", "/1", "/2"}, counts: engine.Counts{Submitted: 3, OK: 3}, title: "sitemap: 2 URLs, 2 over the limit",
		},
		{
			name: "of other hosts", list: "/s.xml", recipe: titles + "sitemap: {hosts: [two.test]}\n",
			files: map[string]string{"/s.xml": urlset("http://two.test/1", "http://one.test/2", "http://six.test/3")},
			want:  []string{"/s.xml", "/1", "/2"}, counts: engine.Counts{Submitted: 3, OK: 3}, title: "sitemap: 2 URLs, 1 out of scope",
		},
		{
			name: "of any host, and on from there", list: "/s.xml", recipe: titles + "sitemap: {scope: any}\nfollow: [{select: a, pages: 2}]\n",
			files: map[string]string{"/s.xml": urlset("http://two.test/1.html"), "/1.html": "<title>1</title><a href=/2.html>", "/2.html": "<title>2</title><a href=/3.html>", "/3.html": "<title>3</title><a href=/4.html>"},
			want:  []string{"/s.xml", "/1.html", "/2.html", "/3.html"}, counts: engine.Counts{Submitted: 4, OK: 4}, title: "sitemap: 1 URL",
		},
		{
			name: "a redirect out of scope", list: "/s.xml",
			files: map[string]string{"/s.xml": urlset(one("/p/1")...), "/p/1": ">http://two.test/p/1"},
			want:  []string{"/s.xml", "/p/1"}, counts: engine.Counts{Submitted: 2, OK: 1, Skipped: 1}, title: "sitemap: 1 URL",
		},
		{
			name: "nothing for us", list: "/s.xml", files: map[string]string{"/s.xml": urlset(one("/q")...)},
			want: []string{"/s.xml"}, counts: engine.Counts{Submitted: 1, Empty: 1}, title: "sitemap: 0 URLs, 1 passed over by match and skip",
		},
		{
			name: "an index that lists itself and pages", list: "/s.xml",
			files: map[string]string{"/s.xml": index(one("/s.xml", "/p/1")...)},
			want:  []string{"/s.xml", "/p/1"}, counts: engine.Counts{Submitted: 2, OK: 1, Failed: 1}, title: "sitemap: 2 sitemaps",
		},
		{
			name: "indexes without end", list: "/1.xml",
			files: map[string]string{"/1.xml": index(one("/2.xml")...), "/2.xml": index(one("/3.xml")...), "/3.xml": index(one("/4.xml")...), "/4.xml": index(one("/5.xml")...)},
			want:  []string{"/1.xml", "/2.xml", "/3.xml", "/4.xml"}, counts: engine.Counts{Submitted: 4, OK: 3, Failed: 1}, title: "sitemap: 1 sitemap",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				served := newVisits()
				make := newWalk
				if tc.list == "/robots.txt" {
					make = newPoliteWalk
				}
				w := make(t, served.files(tc.files), scrape.Config{})
				w.tls = func(string) {}
				w.cfg.Retries = -1
				if tc.recipe == "" {
					tc.recipe = mapped
				}
				w.run(tc.recipe, "http://one.test"+tc.list)
				w.counts(tc.counts)
				served.want(t, tc.want...)
				if got := w.result("http://one.test" + tc.list).Title; got != tc.title {
					t.Errorf("title %q, want %q", got, tc.title)
				}
			})
		})
	}
}

// wide is a text in UTF-16.
func wide(text string) string {
	b := []byte("\xff\xfe")
	for _, c := range text {
		b = append(b, byte(c), 0)
	}
	return string(b)
}

func TestSitemapKeepsThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		served := newVisits()
		w := newWalk(t, served.files(map[string]string{
			"/index.xml": index("http://one.test/a.xml", "http://one.test/b.xml"),
			"/a.xml":     urlset("http://one.test/p/1", "http://one.test/p/2"), "/b.xml": urlset("http://one.test/p/3", "http://one.test/p/2"),
		}), scrape.Config{})
		w.cfg.Interval = time.Second
		w.run(mapped, "http://one.test/index.xml")
		served.inOrder(t, "0 /index.xml", "1 /a.xml", "2 /b.xml", "3 /p/1", "4 /p/2", "5 /p/3")
	})
}

func TestHostileSitemap(t *testing.T) {
	const head, loc = `<?xml version="1.0"?><urlset>`, "<url><loc>http://one.test/p/1</loc></url>"
	for _, tc := range []struct {
		name, body, path string
		class            engine.Class
		words            string
		links            int
	}{
		{name: "cut in the middle", body: head + loc + "<url><loc>http://one.test/p/2", class: engine.Extract, words: "sitemap: it ends inside of 3 elements (read so far: 1 URL)", links: 1},
		{name: "broken", body: head + loc + "<url>\n<loc <>", class: engine.Extract, words: "sitemap: line 2: not XML (read so far: 1 URL)", links: 1},
		{name: "more ends than beginnings", body: head + loc + "</urlset></a></b></c>", links: 1},
		{name: "nested", body: head + strings.Repeat("<a>", 100_000), class: engine.TooComplex, words: "page too complex: more than 2000 elements deep"},
		{name: "locations in locations", body: head + strings.Repeat("<loc>http://one.test/", 1000), class: engine.Extract, words: "sitemap: it ends inside of 1001 elements (read so far: 0 URLs)"},
		{name: "a location without end", body: head + "<url><loc>http://one.test/p/" + strings.Repeat("a", 200_000) + "</loc></url></urlset>", words: "sitemap: 0 URLs, 1 no URL"},
		{
			name: "laughs", words: "sitemap: 0 URLs, 1 passed over by match and skip",
			body: `<?xml version="1.0"?><!DOCTYPE urlset [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><urlset><url><loc>http://one.test/&b;&b;&b;</loc></url></urlset>`,
		},
		{name: "a file of ours", body: `<?xml version="1.0"?><!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/passwd">]><urlset><url><loc>http://one.test/p/&x;</loc></url></urlset>`, links: 1},
		{name: "a bomb", path: "/s.xml.gz", body: zipped(head + strings.Repeat(" ", 1<<20)), class: engine.TooLarge, words: "unpacked body over 512 KiB"},
		{name: "a bomb in a coding", body: "gzip:" + zipped(strings.Repeat(" ", 1<<20)), class: engine.TooLarge, words: "body over 512 KiB"},
		{name: "broken packing", path: "/s.xml.gz", body: "\x1f\x8b\x08\x00broken", class: engine.Decode, words: "gzip: "},
		{name: "packing that ends early", path: "/s.xml.gz", body: zipped(urlset(strings.Repeat("x", 1000)))[:60], class: engine.Decode, words: "gzip: unexpected EOF"},
		{name: "an unknown charset", body: `<?xml version="1.0" encoding="x-none"?><urlset>` + loc + "</urlset>", class: engine.NotHTML},
		{name: "a private address", body: head + "<url><loc>http://127.0.0.1/p/1</loc></url></urlset>", words: "sitemap: 0 URLs, 1 out of scope"},
		{name: "attributes", body: head + "<url" + strings.Repeat(" a='b'", 50_000) + ">" + loc + "</url></urlset>", links: 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			served := newVisits()
			if tc.path == "" {
				tc.path = "/s.xml"
			}
			g := site(t, scrape.Config{MaxBody: 512 << 10}, served.files(map[string]string{tc.path: tc.body}))
			g.use(t, mapped)
			begin := time.Now()
			got := g.get(t, "http://one.test"+tc.path)
			if got.Class != tc.class || !strings.Contains(got.Error, tc.words) || len(got.Links) != tc.links {
				t.Errorf("ended as %v %q %q with links %v, want %q %q and %d", got.Outcome, got.Class, got.Error, got.Links, tc.class, tc.words, tc.links)
			}
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestSitemapIsChecked(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"{match: '['}", `regex "[": missing closing ]`},
		{"{limit: 50001}", `limit is "50001", not a whole number from 1 to 50000`},
		{"{scope: any, hosts: [a.test]}", "hosts beside scope: any"},
		{"{pages: 3}", `unknown key "pages" in sitemap`},
		{"true", "sitemap is"},
	} {
		_, err := scrape.ParseRecipe("walk.yaml", []byte(titles+"sitemap: "+tc.text+"\n"))
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "walk.yaml:4") {
			t.Errorf("%s: %v, want line 4 and %s", tc.text, err, tc.want)
		}
	}
}
