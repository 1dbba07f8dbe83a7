package scrape_test

import (
	"strings"
	"testing"

	"weir/scrape"
)

// A fieldCase is a recipe, a page and what the one must read on the other.
type fieldCase struct {
	name, recipe, body string
	want               string // the records, a line of JSON each, and the findings with what stood there
}

func (tc fieldCase) run(t *testing.T) {
	t.Run(tc.name, func(t *testing.T) {
		x := extract(t, recipe(t, tc.recipe), page(t, "http://a.test/d/p", tc.body))
		check(t, recipe(t, tc.recipe), x)
		if got := told(t, x); got != tc.want {
			t.Errorf("%s on %s\n got %s\nwant %s", tc.recipe, tc.body, got, tc.want)
		}
	})
}

// told writes records and findings in short.
func told(t *testing.T, x scrape.Extraction) string {
	t.Helper()
	var lines []string
	for _, rec := range x.Records {
		text, err := rec.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.ReplaceAll(string(text), "\n", ""))
	}
	for _, f := range x.Findings {
		line := f.String() + " " + f.Field
		if f.Raw != "" {
			line += " " + f.Raw
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestFieldBool(t *testing.T) {
	for _, tc := range []fieldCase{
		{
			"whether an element is there", "rows: li\nfields: {n: {select: b}, sold: {select: i, type: bool}}",
			"<li><b>1</b><i></i><li><b>2</b>", `{"n":"1","sold":true}` + "\n" + `{"n":"2","sold":false}`,
		},
		{
			"whether the element has the attribute", "rows: option\nfields: {n: {}, on: {attr: selected, type: bool}}",
			"<option>1<option selected>2", `{"n":"1","on":false}` + "\n" + `{"n":"2","on":true}`,
		},
		{
			"false alone makes no record", "rows: li\nfields: {n: {select: b}, sold: {select: i, type: bool}}",
			"<li>spacer<li><i>", `{"n":null,"sold":true}`,
		},
		{
			"nor does an element without the attribute", "rows: option\nfields: {n: {select: b}, on: {attr: selected, type: bool}}",
			"<option>1<option selected>2", `{"n":null,"on":true}`,
		},
	} {
		tc.run(t)
	}
	x := extract(t, recipe(t, "rows: li\nfields: {n: {}, sold: {select: i, type: bool}}"), page(t, "http://a.test/", "<li>1<li>2<i></i><li>3"))
	if s := x.Fields[1]; s.Matched != 1 || s.Filled != 1 || s.Missing != 0 {
		t.Errorf("stats %+v, want one matched and filled: fill is the share of true", s)
	}
}
