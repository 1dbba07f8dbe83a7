package scrape_test

import (
	"fmt"
	"strings"

	"weir/scrape"
)

func typeFaults() []fault {
	kind := func(value string) string { // in place of text/html
		return strings.Replace(answerOf("", faultPage), "text/html", value, 1)
	}
	return []fault{
		{name: "a picture", ends: "not_html", talk: says(kind("image/png"))},
		{name: "a film without end", ends: "not_html", talk: floods("HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n", "x")},
		{name: "a picture that says it is text", ends: "not_html", talk: says("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n\x89PNG\r\n\x1a\n" + faultPage)},
		{name: "a type of 60 KiB", ends: "not_html", talk: says(kind("text/" + strings.Repeat("x", 60<<10)))},
		{name: "a type with 10,000 parameters", ends: "ok", talk: says(kind("text/html" + strings.Repeat("; a=b", 10000))), memory: 4 << 20},
		{name: "a type that is broken", ends: "ok", talk: says(kind("text/html; ;;=\"; charset"))},
		{name: "no type, and a page", ends: "ok", talk: says(strings.Replace(kind(""), "Content-Type: \r\n", "", 1))},
		{name: "two types", ends: "ok", talk: says(answerOf("Content-Type: image/png\r\n", faultPage))},
		{name: "a charset of 50 KiB", ends: "ok", talk: says(kind("text/html; charset=" + strings.Repeat("x", 50<<10)))},
		{name: "a charset nobody knows", ends: "ok", talk: says(kind("text/html; charset=klingon"))},
		{name: "a charset that hides scripts", ends: "empty", talk: says(kind("text/html; charset=iso-2022-kr"))},
		{name: "UTF-7", ends: "ok", talk: says(kind("text/html; charset=utf-7"))},
		{name: "UTF-16 that is not", ends: "empty", talk: says(kind("text/html; charset=utf-16"))},
		{name: "a meta refresh into the own machine", ends: "ok", talk: says(answerOf("", "<meta http-equiv=refresh content='0;url=http://127.0.0.1:1/'>"+faultPage))},
		{name: "a Refresh header into the own machine", ends: "ok", talk: says(answerOf("Refresh: 0;url=http://127.0.0.1:1/\r\n", faultPage))},
		{name: "a base of another kind", ends: "ok", talk: says(answerOf("", "<base href='javascript:alert(1)'>"+faultPage+"<a href=x>")), recipe: titles + "  links: {select: a, attr: href, type: url, many: true}\nfollow: [{select: a, pages: 2}]\n"},
	}
}

func htmlFaults() []fault {
	list := []fault{
		{name: "100,000 elements inside one another", ends: "too_complex", talk: says(answerOf("", strings.Repeat("<div>", 100000)))},
		{name: "100 attributes on 3,000 elements", ends: "ok", talk: says(answerOf("", faultPage+strings.Repeat("<p"+strings.Repeat(" a=b c=d e=f", 33)+">", 3000)))},
		{name: "200,000 attributes on one element", heavy: true, ends: "ok", talk: says(answerOf("", faultPage+"<p"+manyAttributes(200000)+">"))},
		{name: "one attribute of 4 MiB", ends: "ok", talk: says(answerOf("", faultPage+"<p a='"+strings.Repeat("x", 4<<20)+"'>"))},
		{name: "a tag that does not end", ends: "ok", talk: says(answerOf("", faultPage+"<p a='"+strings.Repeat("x", 4<<20)))},
		{name: "4 MiB of less-than signs", heavy: true, ends: "ok", talk: says(answerOf("", faultPage+strings.Repeat("<", 4<<20)))},
		{name: "a comment that does not end", ends: "ok", talk: says(answerOf("", faultPage+"<!--"+strings.Repeat("-", 4<<20)))},
		{name: "a script that does not end", heavy: true, ends: "ok", talk: says(answerOf("", faultPage+"<script>"+strings.Repeat("</scrip", 500000)))},
		{name: "4 MiB of zero bytes", heavy: true, ends: "ok", talk: says(answerOf("", faultPage+strings.Repeat("\x00", 4<<20)))},
		{name: "a million entities", heavy: true, ends: "ok", talk: says(answerOf("", faultPage+strings.Repeat("&amp", 1000000)))},
		{name: "tables inside tables", ends: "too_complex", talk: says(answerOf("", strings.Repeat("<table><tr><td>", 20000)))},
		{name: "text that a table sends away", ends: "ok", talk: says(answerOf("", faultPage+strings.Repeat("<table>x", 300)+strings.Repeat("<b>x</b>", 20000)))},
		{name: "formatting that is built anew for every paragraph", heavy: true, ends: "too_complex", talk: says(answerOf("", formatting(300, 10000)))},
		{name: "links inside links", ends: "empty", talk: says(answerOf("", strings.Repeat("<a><table>", 20000)))},
		{name: "a second html element, again and again", heavy: true, ends: "too_complex or empty", talk: says(answerOf("", manyRoots(2000)))},
		{name: "pictures inside pictures", ends: "too_complex", talk: says(answerOf("", strings.Repeat("<svg><desc>", 50000)))},
		{name: "templates inside templates", ends: "too_complex", talk: says(answerOf("", strings.Repeat("<template>", 50000)))},
		{name: "a selector that explodes", ends: "too_complex or empty", talk: says(answerOf("", faultPage+strings.Repeat("<div>", 500)+strings.Repeat("<p>", 3000))), recipe: "fields:\n  title: {select: 'section div div div div p', many: true}\n"},
		{name: "700,000 rows", heavy: true, ends: "too_complex", talk: says(answerOf("", "<table>"+strings.Repeat("<tr><td>x", 700000))), recipe: "rows: tr\nfields:\n  title: {select: td}\n"},
		{name: "a title of 4 MiB", heavy: true, ends: "ok", talk: says(answerOf("", "<title>"+strings.Repeat("x ", 2<<20)+"</title>"))},
	}
	for i := range list {
		list[i].cfg = func(c *scrape.Config) { c.MaxBody = scrape.DefaultMaxBody }
		list[i].within, list[i].memory = patience, 512<<20
	}
	return list
}

// manyAttributes returns n attributes of different names.
func manyAttributes(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, " a%d", i)
	}
	return out.String()
}

// manyRoots returns n html elements, each with an attribute of its own: a
// parser gives them all to the first.
func manyRoots(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "<html%s>", manyAttributes(i%64)+fmt.Sprintf(" b%d", i))
	}
	return out.String()
}

// formatting returns paragraphs, each of which a parser begins with as many
// elements as the first one left open.
func formatting(open, paragraphs int) string {
	var out strings.Builder
	out.WriteString("<p>")
	for i := range open {
		fmt.Fprintf(&out, "<b a=%d>", i)
	}
	return out.String() + strings.Repeat("<p>x", paragraphs)
}
