package scrape

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"
)

// Whatever a sitemap says: reading it ends, and costs no more than it weighs.
func FuzzSitemap(f *testing.F) {
	for _, seed := range []string{
		"<urlset><url><loc>http://one.test/a</loc></url></urlset>",
		"<?xml version='1.0' encoding='utf-16'?><sitemapindex><sitemap><loc> x </loc>",
		"<a><loc><loc>b</loc></loc><image:loc>c</image:loc></a></b>", "<!DOCTYPE x [<!ENTITY a 'b'>]><loc>&a;</loc>",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		w := newWork(t.Context())
		taken := 0
		err := locs(w, text, func(url string) {
			if taken += len(url); strings.TrimSpace(url) != url {
				t.Errorf("%q has white space around it", url)
			}
		})
		if taken > 4*len(text) { // a byte of another charset may become four
			t.Errorf("%d bytes of URLs of %d", taken, len(text))
		}
		if err == nil && w.err != nil {
			t.Errorf("read to its end, though %v", w.err)
		}
		_ = chartOf(text, "/sitemap.xml", "text/xml")

		// The same text as a URL comes out as it went in.
		url := strings.TrimSpace(string(text))
		if !utf8.ValidString(url) || strings.ContainsFunc(url, func(r rune) bool { return r < ' ' || r > 0xD7FF }) || len(url) >= longestURL/8 {
			return
		}
		var page bytes.Buffer
		page.WriteString("<urlset><url><loc>\n")
		xml.EscapeText(&page, []byte(url))
		page.WriteString("</loc><image:image><image:loc>x</image:loc></image:image></url></urlset>")
		var got []string
		if err := locs(newWork(t.Context()), page.Bytes(), func(url string) { got = append(got, url) }); err != nil || len(got) != 1 || got[0] != url {
			t.Errorf("%q came out as %q, %v", url, got, err)
		}
	})
}

// Whatever stands in a file of cookies: what is taken is a cookie that can be
// sent, and an error names its line and no value.
func FuzzCookies(f *testing.F) {
	for _, seed := range []string{
		"one.test\tFALSE\t/\tFALSE\t0\ta\tb", "#HttpOnly_.one.test\tTRUE\t/x\tTRUE\t1999999999.5\tn\t", "# c\r\n\r\n", "a\tb",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := ReadCookies("c.txt", bytes.NewReader(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "scrape: c.txt:") {
				t.Errorf("error %q names no line", err)
			}
			return
		}
		for _, one := range c.list {
			c := *one.cookie
			if c.Value = ""; c.Valid() != nil || !httpguts.ValidHeaderFieldValue(one.cookie.Value) || strings.Contains(one.cookie.Value, ";") {
				t.Errorf("took %v", one.cookie)
			}
		}
		c.fill(new(jar))
	})
}

// Whatever a line of the index of kept bodies says: it is passed over, or it is
// the entry that its own line would be read as.
func FuzzKeptEntry(f *testing.F) {
	for _, seed := range []string{
		`{"url":"http://one.test/","hash":"` + strings.Repeat("ab", 32) + `","status":200,"at":"2026-11-26T03:00:00Z"}`,
		`{"url":"x","hash":"zz"}`, `{"url":`, `[]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, hash, ok := parseEntry(text)
		if !ok {
			return
		}
		line, err := json.Marshal(e)
		if err != nil {
			return // a time with seconds in its zone can be read, but not written
		}
		if again, same, ok := parseEntry(string(line)); !ok || same != hash || again.URL != e.URL || again.Version != e.Version {
			t.Errorf("%s is read as %+v, and that as %+v", text, e, again)
		}
		if path := bodyPath("dir", hash); !strings.HasPrefix(path, "dir/") || strings.Contains(path, "..") {
			t.Errorf("kept in %s", path)
		}
	})
}

// Whatever a page with a form says: it is filled in or refused, at a cost that
// is bounded, and where it is sent to is a page of the web.
func FuzzLoginForm(f *testing.F) {
	for _, seed := range []string{
		"<form action=/in method=post><input name=user><input type=password name=pw><input type=hidden name=t value=1></form>",
		"<form id=a></form><input form=a type=password name=pw><base href='javascript:x'>", "<form method=get action='//two.test'><select name=s><option selected>",
	} {
		f.Add([]byte(seed))
	}
	r, err := ParseRecipe("r.yaml", []byte("fields: {t: {}}\nlogin: {url: 'http://one.test/login', fields: {user: '${A}', pw: '${B}'}}\n"))
	if err != nil {
		f.Fatal(err)
	}
	at, err := parseTarget("http://one.test/login")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, page []byte) {
		w := newWork(t.Context())
		d, err := newLoginDoc(w, toUTF8(page, "text/html"), at)
		if err != nil {
			return
		}
		n := d.form(r.login)
		if n == nil {
			return
		}
		form, err := d.fill(r.login, n, []string{"ada", "lovelace"})
		if err == nil && form.action.scheme != "http" && form.action.scheme != "https" {
			t.Errorf("sent to %s", form.action.href)
		}
	})
}
