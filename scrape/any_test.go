package scrape_test

import (
	"slices"
	"strings"
	"testing"

	"weir/scrape"
)

const anyRecipe = `
any:
  - pivot: {select: 'table.grid', side: {fields: {day: {}}}, top: {fields: {what: {}}}, cell: {fields: {who: {}}}}
  - {rows: li, fields: {who: {select: b, required: true}, when: {select: i}}, expect: {rows: 2}}
  - fields: {notice: {select: p.notice}}
follow: [{select: 'a[rel=next]'}]
`

func TestAny(t *testing.T) {
	for _, tc := range []struct{ name, body, want, why string }{
		{"the first way", "<table class=grid><tr><td><td>A<tr><td>1<td>x</table><ul><li><b>y</b></ul>", "1|A|x", ""},
		{"the second, if the first has no record", "<table class=grid><tr><td><td>A</table><ul><li><b>y</b><li><i>9</i></ul>", "y|<nil>\n<nil>|9\nMissingCell@R2C1 who", ""},
		{"by its own expectation", "<ul><li><b>y</b></ul>", "y|<nil>", "1 row, expected ≥ 2"},
		{"one record of the page", "<p class=notice>closed", "closed", ""},
		{"none", "<p>", "", "0 rows, expected ≥ 1, by none of 3 ways"},
		{"none, but rows by the second", "<ul><li>x</ul>", "", "0 rows, expected ≥ 2, by none of 3 ways (and 1 without a value)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x := extract(t, recipe(t, anyRecipe), page(t, "http://a.test/", tc.body+"<a rel=next href=/2>"))
			if got := cells(t, x); got != tc.want || x.Why != tc.why || x.Empty != (tc.why != "") {
				t.Errorf("on %s\n got %s, %q\nwant %s, %q", tc.body, got, x.Why, tc.want, tc.why)
			}
			if !slices.Equal(x.Next, []string{"http://a.test/2"}) {
				t.Errorf("follows %q, want /2, whatever the way", x.Next)
			}
		})
	}
}

func TestAnyExpectsForAll(t *testing.T) {
	r := recipe(t, "any: [{rows: tr, fields: {a: {}, b: {select: b}}}, {rows: li, fields: {a: {}}}]\nexpect: {rows: 2, fill: {a: 100%, b: 50%}}")
	for _, tc := range []struct{ body, why string }{
		{"<li>1<li>2", "b in 0 of 2 rows, expected ≥ 50%"},
		{"<li>1", "1 row, expected ≥ 2"},
		{"<table><tr><td>1<tr><td><b>2</b></table>", ""},
	} {
		if x := extract(t, r, page(t, "http://a.test/", tc.body)); x.Why != tc.why {
			t.Errorf("%s: Why %q, want %q", tc.body, x.Why, tc.why)
		}
	}
}

func TestAnyFields(t *testing.T) {
	for _, tc := range []struct {
		recipe string
		want   []string
	}{
		{anyRecipe, []string{"day", "what", "who", "when", "notice"}},
		{"any: [{rows: li, fields: {a: {}}}, {table: {}}]", nil}, // the page names some
	} {
		if got := recipe(t, tc.recipe).Fields(); !slices.Equal(got, tc.want) {
			t.Errorf("%s: Fields() = %q, want %q", tc.recipe, got, tc.want)
		}
	}
}

func TestAnyErrors(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"no list", "any: {fields: {a: {}}}", "1:6: any is a mapping, not a list"},
		{"nothing", "any: []", "1:6: 0 entries in any, not 1 to 10"},
		{"too many", "any: [" + strings.Repeat("{table: {}},", 11) + "]", "1:6: 11 entries in any, not 1 to 10"},
		{"a way that is none", "any:\n  - rows: tr", "2:5: no fields"},
		{"inside one another", "any:\n  - any: [{table: {}}]", `2:5: unknown key "any" in an entry of any; known are rows, fields, pivot, table, expect`},
		{"what is said once", "any:\n  - table: {}\n    page: xml", `3:5: unknown key "page" in an entry of any; known are rows, fields, pivot, table, expect`},
		{"beside fields", "fields: {a: {}}\nany: [{table: {}}]", "2:1: any beside fields: a page is read in one way"},
		{"fill of no field", "any: [{rows: tr, fields: {date: {}}}]\nexpect: {fill: {dates: 1%}}", `2:17: fill names "dates", which is no field; did you mean "date"?`},
		{"fill of no field of the way", "any:\n  - {rows: tr, fields: {a: {}}}\n  - {rows: tr, fields: {b: {}}, expect: {fill: {a: 1%}}}", `3:49: fill names "a", which is no field; known are b`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := scrape.ParseRecipe("a.yaml", []byte(tc.text))
			if want := "scrape: recipe a.yaml:" + tc.want; err == nil || err.Error() != want {
				t.Errorf("ParseRecipe(%q)\n got %v\nwant %s", tc.text, err, want)
			}
		})
	}
}

func TestTryAny(t *testing.T) {
	got := string(try(t, recipe(t, anyRecipe), page(t, "http://a.test/", "<li><b>y</b><li><b>z</b>")))
	for _, want := range []string{"\n#  who  when\n1  y    -\n", "\nrows    2       2        li\nwho     2/2     2        b\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("Try wrote\n%s\nwithout\n%s", got, want)
		}
	}
}
