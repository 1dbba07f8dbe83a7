package scrape

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

func TestTextOf(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"white space is one space, ends are trimmed", " \n a\t\r\n b  ", "a b"},
		{"no-break and other spaces", "a&nbsp;&nbsp;b&#8195;c&#12288;", "a b c"},
		{"a no-width space is a character", "a&#8203;b", "a\u200bb"},
		{"inline elements join", "a<b>b</b><i>c</i>", "abc"},
		{"inline elements keep spaces", "a <b> b</b> c", "a b c"},
		{"br", "a<br>b<br><br>c", "a b c"},
		{"block end", "<div>a</div>b", "a b"},
		{"block start", "a<div>b</div>", "a b"},
		{"blocks in blocks end together", "<div><p>a</p></div>b", "a b"},
		{"end of an inline around a block", "<b><div>a</div></b>b", "a b"},
		{"cells and rows", "<table><tr><td>a<td>b<tr><td>c</table>d", "a b c d"},
		{"list", "<ul><li>a<li>b</ul>", "a b"},
		{"empty block", "a<p></p>b", "a b"},
		{"scripts and styles", "a<script>x</script>b<style>y</style>c", "abc"},
		{"comment", "a<!-- x -->b", "ab"},
		{"template", "a<template><p>x</p></template>b", "ab"},
		{"noscript is shown", "a<noscript> b</noscript>", "a b"},
		{"options", "<select><option>a<option>b</select>", "a b"},
		{"characters", "&lt;b&gt; &amp; ü", "<b> & ü"},
		{"nothing", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWork(t.Context())
			doc, err := w.parse([]byte("<body><span id=x>" + tc.in))
			if err != nil {
				t.Fatal(err)
			}
			// A block inside a span may be moved: take the whole body.
			body := goquery.NewDocumentFromNode(doc.root).Find("body").Nodes[0]
			if got := textOf(w, body); got != tc.want {
				t.Errorf("textOf(%s) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
}

// What was asked for is read even where a page's reader would not see it.
func TestTextOfUnseen(t *testing.T) {
	w := newWork(t.Context())
	doc, err := w.parse([]byte(`<script type=x> {"a":
 1} </script><template><p>x</p></template>`))
	if err != nil {
		t.Fatal(err)
	}
	page := goquery.NewDocumentFromNode(doc.root)
	if got, want := textOf(w, page.Find("script").Nodes[0]), `{"a": 1}`; got != want {
		t.Errorf("text of a script is %q, want %q", got, want)
	}
	if got, want := textOf(w, page.Find("template").Nodes[0]), "x"; got != want {
		t.Errorf("text of a template is %q, want %q", got, want)
	}
}

// Text next to the element that is read is no part of it.
func TestTextOfStaysInside(t *testing.T) {
	w := newWork(t.Context())
	doc, err := w.parse([]byte(`<p>before<b>in<i>side</i></b>behind`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := textOf(w, goquery.NewDocumentFromNode(doc.root).Find("b").Nodes[0]), "inside"; got != want {
		t.Errorf("textOf = %q, want %q", got, want)
	}
}

func TestTextOfIsPaidFor(t *testing.T) {
	w := newWork(t.Context())
	doc, err := w.parse([]byte(strings.Repeat("<b>x</b>", 20_000)))
	if err != nil {
		t.Fatal(err)
	}
	w.steps = 5000
	if got := textOf(w, doc.root); w.err == nil || len(got) >= 20_000 {
		t.Errorf("read %d bytes, error %v; want fewer and an error", len(got), w.err)
	}
}

// Folding knows the white space that package unicode knows.
func TestFoldSpaces(t *testing.T) {
	for r := range rune(0x3100) {
		s := "x" + string(r) + "y\xff" + string(r)
		if got, want := fold(s), strings.Join(strings.Fields(s), " "); got != want {
			t.Errorf("fold(%q) = %q, want %q", s, got, want)
		}
	}
}

// A string stays what it was, whatever is made after it.
func TestTexts(t *testing.T) {
	var made texts
	var got []string
	for i := range 3000 {
		got = append(got, made.string([]byte(strings.Repeat(string(rune('a'+i%26)), i%700))))
	}
	for i, s := range got {
		if want := strings.Repeat(string(rune('a'+i%26)), i%700); s != want {
			t.Fatalf("string %d is %q, want %q", i, s, want)
		}
	}
	var little texts
	if s := little.string([]byte("x")); s != "x" || little.room.Cap() > 64 {
		t.Errorf("a page with the text %q keeps %d bytes", s, little.room.Cap())
	}
	if n := testing.AllocsPerRun(100, func() { made.string([]byte("0123456789")) }); n != 0 {
		t.Errorf("%v allocations for a short string, want less than one", n)
	}
}
