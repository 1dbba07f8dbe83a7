package scrape_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"weir/scrape"
)

func TestFieldFromPage(t *testing.T) {
	const body = "<title>Shifts of 3 March 2026</title><h1>A</h1><h1>B</h1><p>x<p>y"
	for _, tc := range []fieldCase{
		{"in every row", "rows: p\nfields: {a: {}, d: {from: page, select: title, regex: 'of (.*)', type: date}}", body, `{"a":"x","d":"2026-03-03"}` + "\n" + `{"a":"y","d":"2026-03-03"}`},
		{"the first, or all", "rows: p\nfields: {a: {}, one: {from: page, select: h1}, all: {from: page, select: h1, many: true}}", body, `{"a":"x","one":"A","all":["A","B"]}` + "\n" + `{"a":"y","one":"A","all":["A","B"]}`},
		{"from the row is how it is", "rows: p\nfields: {a: {from: row}, b: {from: row, select: h1}}", body, `{"a":"x","b":null}` + "\n" + `{"a":"y","b":null}`},
		{"of a pivot", "pivot: {select: table, side: {fields: {d: {}}}, cell: {fields: {v: {}, t: {from: page, select: h1}}}}", "<h1>A</h1><table><tr><td>1<td>x", `{"d":"1","v":"x","t":"A"}`},
	} {
		tc.run(t)
	}
	for _, tc := range []struct{ text, want string }{
		{"fields: {a: {from: page}}", "a.yaml:1:14: from: page without select: what of the page?"},
		{"fields: {a: {from: pages}}", `a.yaml:1:20: from "pages" is not row or page; did you mean "page"?`},
	} {
		_, err := scrape.ParseRecipe("a.yaml", []byte(tc.text))
		if err == nil || err.Error() != "scrape: recipe "+tc.want {
			t.Errorf("%s: %v, want %s", tc.text, err, tc.want)
		}
	}
}

func TestFieldMarkup(t *testing.T) {
	for _, tc := range []fieldCase{
		{"text that is HTML", "fields: {a: {select: p, take: markup}}", "<p>&lt;p&gt;One &lt;b&gt;wo&lt;/b&gt;rd&lt;br&gt;more &amp;amp; more&lt;script&gt;no&lt;/script&gt;", `{"a":"One word more & more"}`},
		{"text that is none", "fields: {a: {select: p, take: markup}}", "<p>3 &lt; 4 &amp; 5", `{"a":"3 < 4 & 5"}`},
		{"markup of its own is not read again", "fields: {a: {select: p, take: markup}}", "<p>the tag <b>&lt;b&gt;</b>", `{"a":"the tag <b>"}`},
		{"text that says it is", "fields: {a: {select: p, take: markup}}", "<p type=text>&lt;b&gt;", `{"a":"<b>"}`},
		{"before the regex", "fields: {a: {select: p, take: markup, regex: '^(\\w+)$'}}", "<p>&lt;b&gt;x&lt;/b&gt;", `{"a":"x"}`},
	} {
		tc.run(t)
	}
}

// A page cannot have its text parsed without bound.
func TestFieldMarkupIsBounded(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("&lt;p>")
	for i := range 490 {
		fmt.Fprintf(&bomb, "&lt;b %d>", i)
	}
	bomb.WriteString("&lt;/p>" + strings.Repeat("&lt;p>x&lt;/p>", 8000))
	_, err := recipe(t, "fields: {a: {select: div, take: markup}}").Extract(t.Context(), page(t, "http://a.test/", "<div>"+bomb.String()))
	if !errors.Is(err, scrape.ErrTooComplex) {
		t.Errorf("a page inside the page that becomes millions of nodes: %v, want %v", err, scrape.ErrTooComplex)
	}
}
