package scrape_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"weir/engine"
	"weir/scrape"
)

var placed = regexp.MustCompile(`^scrape: recipe f\.yaml:[1-9]\d*:[1-9]\d*: .`)

// Whatever comes in: ParseRecipe does not panic, its errors are one line that
// names file, line and column, and what it takes works on a page.
func FuzzParseRecipe(f *testing.F) {
	for _, r := range scrape.Recipes() {
		f.Add([]byte(r.Text()))
	}
	for _, seed := range []string{
		"fields: {a: {select: 'td:not(a > b):has(> c)', attr: X, type: int, many: true, required: true}}",
		"rows: {select: dt, match: '[a-z]+', skip: x, span: true}\nfields: {a: {strip: i, take: own, regex: '(a)|b', group: 1, split: ';', default: x}}\nexpect: {present: a, absent: {match: x}}",
		"fields: {a: {type: date, order: mdy, near: {select: title, regex: '\\d+'}}, b: {type: money, currency: USD}, c: {select: b, type: bool}}",
		"rows: tr\nfields: {a: }\nexpect: {rows: 1, fill: {a: 1%}}", "a: &x [*x]", "? {a: b}\n: c", "%YAML 1.2\n---\n!!binary x", "\xff\xfea\x00", "fields: !!set {a}",
	} {
		f.Add([]byte(seed))
	}
	p := page(f, "http://a.test/", "<title>x</title><table><tr><td><a href=y>1</a></table>")
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := scrape.ParseRecipe("f.yaml", text)
		if err != nil {
			if !placed.MatchString(err.Error()) || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("error %q is not one line with file, line and column", err)
			}
			return
		}
		if _, err := r.Extract(t.Context(), p); err != nil && !errors.Is(err, scrape.ErrTooComplex) {
			t.Errorf("Extract with %q: %v", text, err)
		}
	})
}

// Whatever the page: Extract does not panic and keeps its promises.
func FuzzExtract(f *testing.F) {
	files, err := filepath.Glob("testdata/pages/*.html")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	for _, seed := range []string{"<base href='//'><a href=x>", "<table><b><p></table></b>x", "<svg><title>x</title><template><li>", "<html a><html b><body c>\x00<frameset>"} {
		f.Add([]byte(seed))
	}
	var rs []*scrape.Recipe
	for _, name := range []string{"page", "schedule", "cards.yaml", "grid.yaml"} {
		rs = append(rs, load(f, name))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, r := range rs {
			x, err := r.Extract(t.Context(), page(t, "http://a.test/b?c", string(body)))
			if err != nil {
				if !errors.Is(err, scrape.ErrTooComplex) {
					t.Fatal(err)
				}
				continue
			}
			check(t, r, x)
		}
	})
}

// check tests what holds for every extraction.
func check(t *testing.T, r *scrape.Recipe, x scrape.Extraction) {
	if x.Empty != (x.Why != "") || len(x.Records) > x.Rows {
		t.Errorf("%s: %d records of %d rows, Empty %v, Why %q", r.Name(), len(x.Records), x.Rows, x.Empty, x.Why)
	}
	for _, rec := range x.Records {
		if text, err := rec.MarshalJSON(); err != nil || !json.Valid(text) {
			t.Errorf("%s: record %v is written as %s, %v", r.Name(), rec, text, err)
		}
		for i, name := range r.Fields() {
			if rec[i].Name != name {
				t.Errorf("%s: field %d is %s, want %s", r.Name(), i, rec[i].Name, name)
			}
			switch v := rec[i].Value.(type) {
			case nil, []string, engine.Number, bool:
			case []any:
				for _, item := range v {
					switch item.(type) {
					case string, engine.Number:
					default:
						t.Errorf("%s: %s holds a %T", r.Name(), name, item)
					}
				}
			case string:
				if r.Name() != "page" && rec[i].Name != "link" && rec[i].Name != "who" && v != strings.Join(strings.Fields(v), " ") {
					t.Errorf("%s: %s is %q, not folded", r.Name(), name, v)
				}
			default:
				t.Errorf("%s: %s is a %T", r.Name(), name, v)
			}
		}
	}
	for _, found := range x.Findings {
		if found.Row < 1 || found.Row > x.Rows || found.Col < 1 || found.Col > len(r.Fields()) || len(found.Raw) > 80 {
			t.Errorf("%s: finding %+v is out of range", r.Name(), found)
		}
	}
	for _, u := range x.Next {
		if !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") || strings.Contains(u, "#") {
			t.Errorf("%s: next page %q", r.Name(), u)
		}
	}
	for _, s := range x.Fields {
		if s.Matched > len(x.Records) || s.Filled+s.Bad+s.Missing > len(x.Records) || s.Filled+s.Bad > s.Matched {
			t.Errorf("%s: stats %+v of %d records", r.Name(), s, len(x.Records))
		}
	}
}
