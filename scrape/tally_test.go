package scrape

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestCutAlternatives(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     []string
	}{
		{"one", "a > b", []string{"a > b"}},
		{"two", "a , b", []string{"a", "b"}},
		{"a comma in parentheses", ":is(a, b) c, d:not(e, f)", []string{":is(a, b) c", "d:not(e, f)"}},
		{"a comma in a value", `[a="x,y"], [b='],']`, []string{`[a="x,y"]`, `[b='],']`}},
		{"a comma that is escaped", `a\,b, c`, []string{`a\,b`, "c"}},
		{"a space that is escaped", `a\ , b`, []string{`a\ `, "b"}},
		{"a quote that is escaped", `[a="\",x"], b`, []string{`[a="\",x"]`, "b"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := cutAlternatives(tc.in); !slices.Equal(got, tc.want) {
				t.Errorf("cutAlternatives(%q) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
}

// What is cut is what was parsed together.
func FuzzCutAlternatives(f *testing.F) {
	for _, seed := range []string{"a, b", ":is(a, b), c", `[a="x,y"], [b='],']`, `a\,b, c:contains("(,"), d`, "p:matches(a,b), q:matches([,)])", "p:contains(a,b)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		sel, err := compileSelector(text)
		if err != nil {
			return
		}
		parts := cutAlternatives(text)
		if len(parts) != len(sel.any) {
			t.Errorf("%q is cut into %q, and parsed as %d", text, parts, len(sel.any))
		}
		for _, part := range parts {
			if _, err := compileSelector(part); err != nil {
				t.Errorf("%q of %q: %v", part, text, err)
			}
		}
	})
}

// Counting has a budget of its own, and says so when it is spent.
func TestTryCountsWithinABudget(t *testing.T) {
	r, err := ParseRecipe("a.yaml", []byte("fields: {a: {select: 'b b, i'}}"))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse("http://a.test/")
	if err != nil {
		t.Fatal(err)
	}
	var counted []tally
	var all bool
	page := Page{URL: u, Body: []byte(strings.Repeat("<b>", 100) + strings.Repeat("<i>x</i>", 1000)), ContentType: "text/html"}
	if _, err = r.inspect(newWork(t.Context()), page, func(x *extractor) {
		counted, all = x.tallies(t.Context())
		if x.w.err != nil || len(x.out.Records) != 1 {
			t.Errorf("counting changed the extraction: %v, %d records", x.w.err, len(x.out.Records))
		}
	}); err != nil || !all {
		t.Fatal(err, all)
	}
	want := []tally{{"a", "b b, i", 1099, "1/1", ""}, {"", "b b", 99, "", ""}, {"", "i", 1000, "", ""}}
	if !slices.Equal(counted, want) {
		t.Errorf("counted %+v, want %+v", counted, want)
	}
}
