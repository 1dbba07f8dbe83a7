package scrape_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/exp/golden"

	"weir/engine"
	"weir/scrape"
)

// recipe parses a recipe, which must be one for the schema too, or ends the
// test.
func recipe(t testing.TB, text string) *scrape.Recipe {
	t.Helper()
	r, err := scrape.ParseRecipe("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := scrape.CheckSchema(t, text); err != nil {
		t.Errorf("%s\n%v", text, err)
	}
	return r
}

// load returns a built-in recipe or the one in a file of testdata.
func load(t testing.TB, name string) *scrape.Recipe {
	t.Helper()
	if strings.HasSuffix(name, ".yaml") {
		name = filepath.Join("testdata", "pages", name)
	}
	r, err := scrape.LoadRecipe(name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func page(t testing.TB, at, body string) scrape.Page {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	return scrape.Page{URL: u, Body: []byte(body), ContentType: "text/html; charset=utf-8"}
}

func extract(t testing.TB, r *scrape.Recipe, p scrape.Page) scrape.Extraction {
	t.Helper()
	x, err := r.Extract(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestExtractPages(t *testing.T) {
	for _, tc := range []struct{ name, recipe, file, at string }{
		{"built-in schedule with gaps", "schedule", "schedule.html", "https://rota.test/schedule/2025-12"},
		{"unclosed tags and nested tables, decoded from windows-1252", "grid.yaml", "grid.html", "http://rota.test:8080/ocs?Lo=7f3a"},
		{"built-in page", "page", "article.html", "https://rivers.test/x/y.html"},
		{"types and lists", "cards.yaml", "cards.html", "https://cards.test/"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body, err := os.ReadFile(filepath.Join("testdata", "pages", tc.file))
			if err != nil {
				t.Fatal(err)
			}
			golden.RequireEqual(t, written(t, extract(t, load(t, tc.recipe), page(t, tc.at, string(body)))))
		})
	}
}

// written writes an extraction for a person to read and a test to compare.
func written(t *testing.T, x scrape.Extraction) []byte {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "title %q\nempty %v %q\nrows %d\n", x.Title, x.Empty, x.Why, x.Rows)
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, rec := range x.Records {
		if err := enc.Encode(rec); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range x.Findings {
		fmt.Fprintf(&b, "%s field %s, selector %q, raw %q\n", f, f.Field, f.Selector, f.Raw)
	}
	for _, f := range x.Fields {
		fmt.Fprintf(&b, "%s: %d matched, %d filled, %d missing, %d bad\n", f.Name, f.Matched, f.Filled, f.Missing, f.Bad)
	}
	for _, u := range x.Next {
		fmt.Fprintf(&b, "next %s\n", u)
	}
	return b.Bytes()
}

func TestExtractEmpty(t *testing.T) {
	const rows = `<table><tr><td>1<td>a<tr><td>2<td><tr><td>x<td>c</table>`
	const fields = "rows: tr\nfields:\n  n: {select: 'td:first-child', type: int}\n  s: {select: 'td:nth-child(2)'}\n"
	for _, tc := range []struct{ name, recipe, body, why string }{
		{"rows without expect want one", fields, "<p>no table", "0 rows, expected ≥ 1"},
		{"none is enough if the recipe says so", fields + "expect: {rows: 0}", "<p>no table", ""},
		{"fewer than expected", fields + "expect: {rows: 4}", rows, "3 rows, expected ≥ 4"},
		{"one row is singular", fields + "expect: {rows: 4}", "<table><tr><td>1</table>", "1 row, expected ≥ 4"},
		{"as many as expected", fields + "expect: {rows: 3}", rows, ""},
		{"rows that hold nothing are no records", fields, "<table><tr><td><tr><th>1</table>", "0 rows, expected ≥ 1 (and 2 without a value)"},
		{"a blank cell is not filled", fields + "expect: {fill: {s: 67%}}", rows, "s in 2 of 3 rows, expected ≥ 67%"},
		{"the share is rounded down", fields + "expect: {fill: {s: 66%}}", rows, ""},
		{"a bad cell is not filled", fields + "expect: {fill: {n: 100%}}", rows, "n in 2 of 3 rows, expected ≥ 100%"},
		{"fill of no rows is not asked", fields + "expect: {rows: 0, fill: {n: 100%}}", "", ""},
		{"a page without any field", "fields: {t: {select: title}}", "<p>text", "no field found, expected ≥ 1"},
		{"a page with one", "fields: {t: {select: title}, u: {select: b}}", "<title>x</title>", ""},
		{"a sign that is there", fields + "expect: {present: 'td:first-child'}", rows, ""},
		{"a sign that is not", fields + "expect: {present: h1.schedule}", rows, "no h1.schedule on the page, expected one"},
		{"a sign that should not be there", fields + "expect: {absent: 'form#login'}", "<form id=login>" + rows, "form#login on the page, expected none"},
		{"and is not", fields + "expect: {absent: 'form#login'}", rows, ""},
		{"words that should not be there", fields + "expect: {absent: {match: '(?i)access denied'}}", "<title>Access\nDenied</title>" + rows, `text like "(?i)access denied" on the page, expected none`},
		{"words in another place", fields + "expect: {absent: {select: 'h1, h2', match: Denied}}", "<h1>x</h1><p>Denied" + rows, ""},
		{"words in that place, the second of it", fields + "expect: {absent: {select: 'h1, h2', match: Denied}}", "<h1>x</h1><h2>Denied</h2>" + rows, `h1, h2 like "Denied" on the page, expected none`},
		{"words that should be there", fields + "expect: {present: {match: Rota}}", rows, `no text like "Rota" on the page, expected one`},
		{"another page explains the missing rows", fields + "expect: {absent: form, rows: 9}", "<form>", "form on the page, expected none"},
		{"an empty body is a page", "fields: {t: {select: title}}", "", "no field found, expected ≥ 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x := extract(t, recipe(t, tc.recipe), page(t, "http://a.test/", tc.body))
			if x.Why != tc.why || x.Empty != (tc.why != "") {
				t.Errorf("Empty, Why = %v, %q; want %q", x.Empty, x.Why, tc.why)
			}
		})
	}
}

// A list with several bad values is one finding, with the first of them.
func TestExtractBadList(t *testing.T) {
	r := recipe(t, "fields: {n: {select: b, type: int, many: true}}")
	x := extract(t, r, page(t, "http://a.test/", "<b>1</b><b>x</b><b></b><b>y</b>"))
	want := engine.Finding{Kind: scrape.BadCell, Row: 1, Col: 1, Field: "n", Selector: "b", Raw: "x"}
	if got := x.Records[0][0].Value.([]any); !slices.Equal(got, []any{engine.Number("1"), "x", "y"}) || len(x.Findings) != 1 || x.Findings[0] != want {
		t.Errorf("%q with findings %+v; want 1 x y with %+v", got, x.Findings, want)
	}
}

func TestExtractFindingsAreBounded(t *testing.T) {
	r := recipe(t, "rows: p\nfields:\n  n: {type: int, attr: n}\n  m: {select: b, required: true}")
	long := strings.Repeat("é", 100)
	x := extract(t, r, page(t, "http://a.test/", strings.Repeat("<p n="+long+">", 900)))
	if len(x.Records) != 900 || len(x.Findings) != scrape.MaxFindings || x.Fields[0].Bad != 900 || x.Fields[1].Missing != 900 {
		t.Fatalf("%d records, %d findings, stats %+v; want 900 of each and %d findings", len(x.Records), len(x.Findings), x.Fields, scrape.MaxFindings)
	}
	want := engine.Finding{Kind: scrape.BadCell, Row: 1, Col: 1, Field: "n", Raw: long[:80]}
	if x.Findings[0] != want || x.Findings[1].String() != "MissingCell@R1C2" {
		t.Errorf("findings %+v, %v; want %+v, MissingCell@R1C2", x.Findings[0], x.Findings[1], want)
	}
	if got := x.Records[0][0].Value; got != long {
		t.Errorf("the bad value was changed to %q", got)
	}
}

func TestExtractType(t *testing.T) {
	r := recipe(t, "fields: {t: {select: p}}")
	for _, tc := range []struct {
		name, kind, body string
		err              error
	}{
		{"html", "text/html", "<p>x", nil},
		{"with parameters and capitals", " Text/HTML ;charset=x", "<p>x", nil},
		{"xhtml", "application/xhtml+xml", "<p>x", nil},
		{"said nothing, is html", "", "<!doctype html><p>x", nil},
		{"said nothing, is a picture", "", "\x89PNG\x0d\x0a\x1a\x0a", scrape.ErrNotHTML},
		{"pdf", "application/pdf", "%PDF-1.7", scrape.ErrNotHTML},
		{"json", "application/json", "{}", scrape.ErrNotHTML},
		{"text", "text/plain", "<p>x", scrape.ErrNotHTML},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := r.Extract(t.Context(), scrape.Page{Body: []byte(tc.body), ContentType: tc.kind})
			if !errors.Is(err, tc.err) {
				t.Errorf("error %v, want %v", err, tc.err)
			}
		})
	}
}

func TestExtractNext(t *testing.T) {
	const follow = "fields: {t: {select: title}}\nfollow: [{select: 'a[rel=next]', pages: 2}, {select: area, attr: data-go, pages: 5}]\n"
	const body = `<a rel=next href=" /b#x "><a rel=next href="/b#y"><a rel=next href="?"><a rel=next href="/a?p#z">` +
		`<a rel=next href="javascript:go()"><a rel=next href="http://[bad"><a rel=next><a href=/no><area data-go=c>`
	for _, tc := range []struct {
		name, at string
		depth    int
		body     string
		want     []string
	}{
		{"absolute, once, not the page itself, only the web", "http://h.test/a?p", 0, body, []string{"http://h.test/b", "http://h.test/a?", "http://h.test/c"}},
		{"one link before the last page of its row", "http://h.test/a?p", 1, body, []string{"http://h.test/b", "http://h.test/a?", "http://h.test/c"}},
		{"the last page of its row", "http://h.test/a?p", 2, body, []string{"http://h.test/c"}},
		{"after all rows", "http://h.test/a?p", 5, body, nil},
		{"base leads elsewhere", "http://h.test/a", 0, `<base href="https://o.test/d/">` + body, []string{"https://o.test/b", "https://o.test/d/?", "https://o.test/a?p", "https://o.test/d/c"}},
		{"the first base that has an address counts", "http://h.test/a", 0, `<base target=x><base href=/e/><base href=/f/><area data-go=c>`, []string{"http://h.test/e/c"}},
		{"a base that is no web address does not count", "http://h.test/a", 0, `<base href="data:x"><area data-go=c>`, []string{"http://h.test/c"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := page(t, tc.at, tc.body)
			p.Depth = tc.depth
			if got := extract(t, recipe(t, follow), p).Next; !slices.Equal(got, tc.want) {
				t.Errorf("Next = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestExtractNextIsBounded(t *testing.T) {
	var b strings.Builder
	for i := range scrape.MaxNext + 5 {
		fmt.Fprintf(&b, "<a href=/%d>", i)
	}
	x := extract(t, recipe(t, "fields: {t: {select: title}}\nfollow: [{select: a}]"), page(t, "http://a.test/", b.String()))
	if len(x.Next) != scrape.MaxNext || x.Next[0] != "http://a.test/0" {
		t.Errorf("%d pages from %q, want the first %d", len(x.Next), x.Next[0], scrape.MaxNext)
	}
	want := engine.Finding{Kind: scrape.ManyLinks, Row: 1001, Col: 1, Selector: "a", Raw: "http://a.test/1000"}
	if len(x.Findings) != 1 || x.Findings[0] != want {
		t.Errorf("findings %+v, want %+v", x.Findings, want)
	}
}

// Without an address nothing relative can be read, and nothing is followed.
func TestExtractWithoutURL(t *testing.T) {
	r := recipe(t, "fields: {u: {select: a, attr: href, type: url, many: true}}\nfollow: [{select: a}]")
	x := extract(t, r, scrape.Page{Body: []byte(`<a href=/x><a href=http://a.test>`), ContentType: "text/html"})
	want := []string{"/x", "http://a.test/"}
	if got := x.Records[0][0].Value.([]string); !slices.Equal(got, want) || x.Fields[0].Bad != 1 || x.Next != nil {
		t.Errorf("links %q, %d bad, next %q; want %q, 1, none", got, x.Fields[0].Bad, x.Next, want)
	}
}

func TestExtractTitleIsCut(t *testing.T) {
	x := extract(t, load(t, "page"), page(t, "http://a.test/", "<title>"+strings.Repeat("é", 1000)))
	if want := strings.Repeat("é", 512); x.Title != want {
		t.Errorf("Title has %d bytes, want %d", len(x.Title), len(want))
	}
}

// What ctx ended of comes back as the error, and nothing else does.
func TestExtractCancelled(t *testing.T) {
	why := errors.New("the operator said so")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	x, err := load(t, "page").Extract(ctx, page(t, "http://a.test/", "<title>x"))
	if !errors.Is(err, why) || x.Title != "" || x.Records != nil {
		t.Errorf("Extract = %+v, %v; want nothing and %v", x, err, why)
	}
}

// A month of shifts, as the workers extract it.
func BenchmarkExtract(b *testing.B) {
	var page strings.Builder
	page.WriteString("<title>x</title><table class=amion-schedule>")
	for i := range 60 {
		fmt.Fprintf(&page, "<tr><td>2025-11-%02d<td>Day<td>07:00<td>19:00<td><a href=/staff/%d>Okafor, Chidi</a>\n", i/2+1, i)
	}
	r := load(b, "schedule")
	p := scrape.Page{Body: []byte(page.String()), ContentType: "text/html"}
	b.ReportAllocs()
	for b.Loop() {
		if x, err := r.Extract(b.Context(), p); err != nil || len(x.Records) != 60 {
			b.Fatal(len(x.Records), err)
		}
	}
}
