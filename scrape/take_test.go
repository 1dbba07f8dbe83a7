package scrape

import (
	"errors"
	"strings"
	"testing"
)

// A page cannot make what a field writes, copies or searches grow without
// bound: elements inside one another are read once for each.
func TestFieldIsBounded(t *testing.T) {
	body := strings.Repeat("<div>", 400) + strings.Repeat("<p><b>x", 4000)
	for _, tc := range []struct{ name, field, why string }{
		{"html", "{select: '*', take: html, many: true}", "steps"},
		{"copies", "{select: '*', strip: i, many: true}", "steps"},
		{"own text", "{select: 'p, b', take: own, many: true, regex: 'x'}", ""}, // linear
		{"a regex", "{select: '*', many: true, regex: 'x+$'}", "steps"},
		{"many matches", "{select: '*', many: true, regex: 'x'}", "steps"},
		{"splits", "{select: '*', many: true, split: x}", "steps"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := ParseRecipe("a.yaml", []byte("fields: {a: "+tc.field+"}"))
			if err != nil {
				t.Fatal(err)
			}
			w := newWork(t.Context())
			w.steps = 2_000_000
			_, err = r.extract(w, Page{Body: []byte(body), ContentType: "text/html"})
			if errors.Is(err, ErrTooComplex) != (tc.why != "") || err != nil && !strings.Contains(err.Error(), tc.why) {
				t.Errorf("extract = %v, want %v for %q", err, ErrTooComplex, tc.why)
			}
		})
	}
}

func TestTakeHTMLIsBounded(t *testing.T) {
	r, err := ParseRecipe("a.yaml", []byte("fields: {a: {select: body, take: html}}"))
	if err != nil {
		t.Fatal(err)
	}
	w := newWork(t.Context())
	w.text = 1000
	_, err = r.extract(w, Page{Body: []byte(strings.Repeat("<p>x", 1000)), ContentType: "text/html"})
	if want := "more than 67108864 bytes of values"; !errors.Is(err, ErrTooComplex) || !strings.Contains(err.Error(), want) {
		t.Errorf("extract = %v, want %v: %s", err, ErrTooComplex, want)
	}
}
