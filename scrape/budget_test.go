package scrape

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// bomb returns a page of which every few bytes at the end make about 490 nodes:
// each paragraph opens all the unclosed <b> again.
func bomb(paragraphs int) []byte {
	var b strings.Builder
	b.WriteString("<p>")
	for i := range 490 {
		fmt.Fprintf(&b, "<b %d>", i)
	}
	b.WriteString("</p>" + strings.Repeat("<p>x</p>", paragraphs))
	return []byte(b.String())
}

// merging returns a page whose tags at the end cost as much as its first one has
// attributes.
func merging(attrs, tags int) []byte {
	var b strings.Builder
	b.WriteString("<html ")
	for i := range attrs {
		fmt.Fprintf(&b, "a%d ", i)
	}
	b.WriteString(">" + strings.Repeat("<hTmL b><body c>", tags))
	return []byte(b.String())
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct {
		name string
		page []byte
		want string
	}{
		{"40 KB that become millions of nodes", bomb(5000), "while it was parsed"},
		{"513 elements inside one another", []byte(strings.Repeat("<div>", 513)), "exceeds 512 nodes"},
		{"more nodes than a page has", []byte(strings.Repeat("<p>", 100_000)), "more than 2000000 nodes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWork(t.Context())
			w.nodes, w.slack = 100_000, 16<<20 // less than a real page may take
			_, err := w.parse(tc.page)
			if !errors.Is(err, ErrTooComplex) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("parse = %v, want %v: %s", err, ErrTooComplex, tc.want)
			}
		})
	}
}

// The HTML parser limits how many elements are open, not how deep a tree it can
// move them into.
func TestMeasureRefusesDepth(t *testing.T) {
	chain := func(deep int) *html.Node {
		root := &html.Node{Type: html.DocumentNode}
		for n := root; deep > 0; deep-- {
			c := &html.Node{Type: html.ElementNode, Data: "b"}
			n.AppendChild(c)
			n = c
		}
		return root
	}
	if _, err := newWork(t.Context()).measure(chain(maxDepth)); err != nil {
		t.Errorf("%d deep: %v, want no error", maxDepth, err)
	}
	if _, err := newWork(t.Context()).measure(chain(maxDepth + 1)); !errors.Is(err, ErrTooComplex) {
		t.Errorf("%d deep: %v, want %v", maxDepth+1, err, ErrTooComplex)
	}
}

// However the page is made, its parsing ends soon after its context.
func TestParseEndsWithContext(t *testing.T) {
	enough := errors.New("enough")
	for _, tc := range []struct {
		name string
		page []byte
	}{
		{"nodes", bomb(100_000)},
		{"attributes", merging(20_000, 20_000)},
		{"text", []byte(strings.Repeat("a</x>", 1_000_000))},
		{"foster parents", []byte("<table>" + strings.Repeat("a<tr>", 500_000))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, enough)
			defer cancel()
			begun := time.Now()
			_, err := newWork(ctx).parse(tc.page)
			if took := time.Since(begun); !errors.Is(err, enough) || took > 2*time.Second {
				t.Errorf("parse = %v after %v, want %v within 2s", err, took, enough)
			}
		})
	}
}

func TestParseEndsWithTime(t *testing.T) {
	w := newWork(t.Context())
	w.begun = time.Now().Add(-maxTime)
	if _, err := w.parse([]byte("<p>x")); !errors.Is(err, ErrTooComplex) {
		t.Errorf("parse = %v, want %v", err, ErrTooComplex)
	}
}

// A page is handed to the parser whole, whatever its portions.
func TestGuardHandsOverEverything(t *testing.T) {
	for _, page := range []string{
		"", "<", "x", "<html", "<<<<html<body<", strings.Repeat("<p>x", 1000),
		strings.Repeat("text ", 5000) + "<body>" + strings.Repeat("<", 500),
	} {
		g := guard{w: newWork(t.Context()), rest: []byte(page), heap: heapBytes()}
		var got []byte
		buf := make([]byte, 512)
		for {
			n, err := g.Read(buf)
			got = append(got, buf[:n]...)
			if tags := strings.Count(string(buf[:n]), "<"); tags > tagsPerRead {
				t.Errorf("%d tags in one read, want at most %d", tags, tagsPerRead)
			}
			if err != nil {
				break
			}
		}
		if string(got) != page {
			t.Errorf("read %d bytes of %.20q, want %d", len(got), page, len(page))
		}
	}
}

func TestPortion(t *testing.T) {
	many := strings.Repeat("<p>", tagsPerRead)
	for _, tc := range []struct {
		name, page string
		want       int
	}{
		{"nothing", "", 0},
		{"text", "text", 4},
		{"few tags", "<p>x<p>", 7},
		{"as many as go together", many, len(many)},
		{"one more", many + "<p>", len(many)},
		{"a merge begins anew", "<p><BODY x><p>", 3},
		{"and takes what follows", "<html><p>x<b>", 13},
		{"up to the next", "<html><p><html>", 9},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := portion([]byte(tc.page)); got != tc.want {
				t.Errorf("portion(%.20q) = %d, want %d", tc.page, got, tc.want)
			}
		})
	}
}

func TestWorkBoundsValues(t *testing.T) {
	r, err := ParseRecipe("r.yaml", []byte("rows: div\nfields: {t: {}, u: {}, v: {select: b}}"))
	if err != nil {
		t.Fatal(err)
	}
	page := Page{Body: []byte(strings.Repeat("<div>x", 100)), ContentType: "text/html"}
	for _, tc := range []struct {
		name  string
		bound func(w *work)
		want  string
	}{
		{"text inside text inside text", func(w *work) { w.text = 10_000 }, "more than 67108864 bytes of values"},
		{"values", func(w *work) { w.cells = 199 }, "more than 1000000 values"},
		{"values that are not there", func(w *work) { w.cells = 299 }, "more than 1000000 values"},
		{"steps", func(w *work) { w.steps = 4096 }, "more than 50000000 steps"},
		{"time", func(w *work) { w.begun = time.Now().Add(-maxTime) }, "more than 10s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWork(t.Context())
			tc.bound(w)
			x, err := r.extract(w, page)
			if !errors.Is(err, ErrTooComplex) || !strings.Contains(err.Error(), tc.want) || x.Records != nil {
				t.Errorf("%d records, error %v; want none, %v: %s", len(x.Records), err, ErrTooComplex, tc.want)
			}
		})
	}
	if x, err := r.extract(newWork(t.Context()), page); err != nil || len(x.Records) != 100 {
		t.Errorf("unbounded: %d records, error %v; want 100", len(x.Records), err)
	}
}
