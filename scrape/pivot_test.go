package scrape_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"weir/scrape"
)

// A gridCase is a recipe, a page and what the one must make of the other.
type gridCase struct{ name, recipe, body, want string }

func (tc gridCase) run(t *testing.T) {
	t.Run(tc.name, func(t *testing.T) {
		got := cells(t, extract(t, recipe(t, tc.recipe), page(t, "http://a.test/", tc.body)))
		if want := strings.TrimSpace(tc.want); got != want {
			t.Errorf("%s\non %s\n got %s\nwant %s", tc.recipe, tc.body, got, want)
		}
	})
}

// cells writes records as values with bars between them, and findings with
// their places, a line each.
func cells(t *testing.T, x scrape.Extraction) string {
	t.Helper()
	var lines []string
	for _, rec := range x.Records {
		var values []string
		for _, f := range rec {
			values = append(values, fmt.Sprint(f.Value))
		}
		lines = append(lines, strings.Join(values, "|"))
	}
	for _, f := range x.Findings {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s", f, f.Field, f.Raw)))
	}
	return strings.Join(lines, "\n")
}

const rota = `<table><tr><td><td><b>Ward</b><br>7a-7p<td><b>Desk</b><br>8a-4p<tr><td>Mon<td>Ann<td>Bo<tr><td>Tue<td>-<td>Cy</table>`

func TestPivot(t *testing.T) {
	const pivot = `pivot:
  select: table
  side: {fields: {day: {}}}
  top:
    fields: {service: {select: b}, text: {}}
  cell: {fields: {who: {}}}
`
	for _, tc := range []gridCase{
		{"a record a cell: side, top, cell", pivot, rota, `
Mon|Ward|Ward 7a-7p|Ann
Mon|Desk|Desk 8a-4p|Bo
Tue|Ward|Ward 7a-7p|-
Tue|Desk|Desk 8a-4p|Cy`},
		{"marks that mean nothing", pivot + "  blank: ['-', '–']\n", rota, `
Mon|Ward|Ward 7a-7p|Ann
Mon|Desk|Desk 8a-4p|Bo
Tue|Desk|Desk 8a-4p|Cy`},
		{"one such mark", pivot + "  blank: '-'\n", rota, `
Mon|Ward|Ward 7a-7p|Ann
Mon|Desk|Desk 8a-4p|Bo
Tue|Desk|Desk 8a-4p|Cy`},
		{"a pattern of what is no cell", pivot + "  skip: '^(Ann|-)$'\n", rota, `
Mon|Desk|Desk 8a-4p|Bo
Tue|Desk|Desk 8a-4p|Cy`},
		{"an empty cell is none, white space and all", pivot, `<table><tr><td>&nbsp;<td>x<td>y<tr><td>Mon<td>&nbsp; <td>Bo`, `
Mon|<nil>|y|Bo`},
		{"without a side", "pivot: {select: table, top: {fields: {h: {}}}, cell: {fields: {v: {}}}}", `<table><tr><th>A<th>B<tr><td>1<td>2<tr><td>3`, `
A|1
B|2
A|3`},
		{"without a top, the reverse", "pivot: {select: table, side: {fields: {h: {}}}, cell: {fields: {v: {}}}}", `<table><tr><th>A<td>1<td>2<tr><th>B<td>3`, `
A|1
A|2
B|3`},
		{"headings alone", "pivot: {select: table, side: {fields: {d: {}}}, top: {fields: {h: {}}}}", `<table><tr><td><th>A<th>B<tr><th>1<td>x<td><tr><th>2<td>x<td>x`, `
1|A
2|A
2|B`},
		{"headings further in", "pivot: {select: table, side: {fields: {d: {}}, column: 2}, top: {fields: {h: {}}, row: 2}, cell: {fields: {v: {}}}}", `<table><tr><td colspan=3>Title<tr><td>no<td><td>A<tr><td>1<td>Mon<td>x`, `Mon|A|x`},
		{"several headings on each side", "pivot: {select: table, side: [{fields: {d: {}}}, {fields: {shift: {}}, column: 2}], top: [{fields: {month: {}}}, {fields: {h: {}}, row: 2}], cell: {fields: {v: {}}}}", `<table><tr><td><td><td colspan=2>March<td>April<tr><td><td><td>30<td>31<td>1<tr><td rowspan=2>Ward<td>day<td>a<td>b<td>c<tr><td>night<td>d<td><td>e`, `
Ward|day|March|30|a
Ward|day|March|31|b
Ward|day|April|1|c
Ward|night|March|30|d
Ward|night|April|1|e`},
		{"a cell that spans is one in each place", pivot, `<table><tr><td><td>A<td>B<tr><td>1<td colspan=2>x<tr><td>2<td rowspan=2>y<td>z<tr><td>3<td>v`, `
1|<nil>|A|x
1|<nil>|B|x
2|<nil>|A|y
2|<nil>|B|z
3|<nil>|A|y
3|<nil>|B|v`},
		{"a heading that spans the cells is none", pivot, `<table><tr><td><td>A<td>B<tr><td colspan=3>Week 2<tr><td>1<td>x<td>y`, `
1|<nil>|A|x
1|<nil>|B|y`},
		{"tables inside cells are not entered", "pivot: {select: '#t', side: {fields: {d: {}}}, cell: {fields: {v: {}}}}", `<table id=t><tr><td>1<td>x<table><tr><td>i<td>j</table><tr><td>2<td>y`, `
1|x i j
2|y`},
		{"the table that is meant may be inside one", "pivot: {select: 'table[border=\"1\"]', side: {fields: {d: {}}}, cell: {fields: {v: {}}}}", `<TABLE><TR><TD>menu<TR><TD><TABLE BORDER="1"><TR><TD>1<TD>x</TABLE></TABLE>`, `1|x`},
		{"several tables, each with its headings", "pivot: {select: table, top: {fields: {h: {}}}, cell: {fields: {v: {}}}}", `<table><tr><td>A<tr><td>1</table><table><tr><td>B<tr><td>2</table>`, `
A|1
B|2`},
		{"cut in two", pivot + "  split: /\n  blank: '-'\n", `<table><tr><td><td>A<tr><td>1<td>x / y<tr><td>2<td>- / z<tr><td>3<td>- / -`, `
1|<nil>|A|x
1|<nil>|A|y
2|<nil>|A|z`},
		{"cut at line breaks", pivot + "  split: <br>\n", `<table><tr><td><td>A<tr><td>1<td><b>x<br>y</b>`, `
1|<nil>|A|x
1|<nil>|A|y`},
		{"a cell's own word counts more than its headings'", "pivot: {select: table, side: {fields: {on: {}, d: {}}}, top: {fields: {on: {select: i}, h: {select: b}}}, cell: {fields: {v: {select: b}, on: {select: i}}}}", `<table><tr><td><td><b>A</b><i>7a</i><td><b>B</b><tr><td>1<td><b>x</b><td><b>y</b> <i>9a</i><tr><td>2<td><b>z</b><i></i><td><b>v</b>`, `
7a|1|A|x
9a|1|B|y
7a|2|A|z
2|2|B|v`},
		{"findings have the place in the grid", "pivot: {select: table, side: {fields: {d: {type: int}}}, top: {fields: {h: {required: true}}}, cell: {fields: {v: {type: int}, w: {select: b, required: true}}}}", `<table><tr><td><td colspan=2>A<td><tr><td>x<td>1<td><b>2</b><td><b>3</b><tr><td>4<td colspan=2>y<td>`, `
x|A|1|<nil>
x|A|2|2
x||3|3
4|A|y|<nil>
4|A|y|<nil>
BadCell@R2C2 d x
MissingCell@R2C2 w
BadCell@R2C3 d x
BadCell@R2C4 d x
MissingCell@R2C4 h
BadCell@R3C2 v y
MissingCell@R3C2 w
BadCell@R3C3 v y
MissingCell@R3C3 w`},
		{"a cell beyond the headings", "pivot: {select: table, side: {fields: {d: {}}}, top: {fields: {h: {required: true}}}, cell: {fields: {v: {}}}}", `<table><tr><td><td>A<tr><td>1<td>x<td>y`, `
1|A|x
1|<nil>|y
MissingCell@R2C3 h`},
		{"no table", pivot, "<p>gone", ""},
	} {
		tc.run(t)
	}
}

func TestPivotIsEmpty(t *testing.T) {
	const pivot = "pivot: {select: table, top: {fields: {h: {}}}, cell: {fields: {v: {}}}}\n"
	for _, tc := range []struct{ name, recipe, body, why string }{
		{"no table", pivot, "<p>", "0 rows, expected ≥ 1"},
		{"headings alone", pivot, "<table><tr><td>A<td>B", "0 rows, expected ≥ 1"},
		{"as many as expected", pivot + "expect: {rows: 2}", "<table><tr><td>A<td>B<tr><td>1<td>2", ""},
		{"fewer than expected", pivot + "expect: {rows: 3}", "<table><tr><td>A<td>B<tr><td>1<td>2", "2 rows, expected ≥ 3"},
		{"too few headings", pivot + "expect: {fill: {h: 80%}}", "<table><tr><td>A<td><tr><td>1<td>2", "h in 1 of 2 rows, expected ≥ 80%"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if x := extract(t, recipe(t, tc.recipe), page(t, "http://a.test/", tc.body)); x.Why != tc.why || x.Empty != (tc.why != "") {
				t.Errorf("Empty, Why = %v, %q; want %q", x.Empty, x.Why, tc.why)
			}
		})
	}
}

func TestPivotFields(t *testing.T) {
	r := recipe(t, "pivot: {select: table, cell: {fields: {who: {}, on: {}}}, top: {fields: {on: {}, h: {}}}, side: [{fields: {d: {}}}, {fields: {e: {}}, column: 2}]}")
	if got, want := r.Fields(), []string{"d", "e", "on", "h", "who"}; !slices.Equal(got, want) {
		t.Errorf("Fields() = %q, want %q: side, top, cell, however they are written", got, want)
	}
}

func TestPivotErrors(t *testing.T) {
	const cell = "  select: table\n  cell: {fields: {a: {}}}\n"
	for _, tc := range []struct{ name, text, want string }{
		{"no mapping", "pivot: table", `1:8: pivot is "table", not a mapping of keys`},
		{"no select", "pivot:\n  top: {fields: {a: {}}}", "2:3: pivot has no select: which table?"},
		{"no heading", "pivot:\n" + cell, "2:3: pivot has neither top nor side: without headings, read the cells with rows and fields"},
		{"a heading without fields", "pivot:\n" + cell + "  top: {row: 2}", "4:8: top has no fields"},
		{"a heading with the other's key", "pivot:\n" + cell + "  top: {fields: {b: {}}, column: 2}", `4:26: unknown key "column" in top; known are fields, row`},
		{"row zero", "pivot:\n" + cell + "  top: {fields: {b: {}}, row: 0}", `4:31: row is "0", not a whole number from 1 to 100`},
		{"no heading in a list", "pivot:\n" + cell + "  side: []", "4:9: 0 entries in side, not 1 to 10"},
		{"unknown key", "pivot:\n" + cell + "  sides: {}", `4:3: unknown key "sides" in pivot; did you mean "side"?`},
		{"a cell without fields", "pivot: {select: a, cell: {}}", "1:26: cell has no fields"},
		{"unknown key of the cell", "pivot:\n  cell: {field: {}}", `2:10: unknown key "field" in cell; did you mean "fields"?`},
		{"broken selector", "pivot:\n  select: 'td['", `2:11: selector "td[": unclosed bracket`},
		{"broken pattern", "pivot:\n" + cell + "  skip: '('", `4:9: regex "(": missing closing )`},
		{"long pattern", "pivot:\n" + cell + "  skip: '" + strings.Repeat("x", 1025) + "'", `4:9: regex "` + strings.Repeat("x", 80) + `...": 1025 bytes long, at most 1024`},
		{"blank is no text", "pivot:\n" + cell + "  blank: [a, {}]", "4:14: an entry of blank is a mapping, not text"},
		{"many blanks", "pivot:\n" + cell + "  blank: [" + strings.Repeat("a,", 21) + "]", "4:10: blank has 21 entries, not 1 to 20"},
		{"split at nothing", "pivot:\n" + cell + "  split: ' '", "4:10: split is blank: it is the text that stands between the parts, or <br>"},
		{"beside fields", "fields: {a: {}}\npivot: {select: a, top: {fields: {a: {}}}}", "2:1: pivot beside fields: a page is read in one way"},
		{"beside rows", "rows: tr\npivot: {select: a, top: {fields: {a: {}}}}", "1:1: rows beside pivot, which has rows of its own"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := scrape.ParseRecipe("p.yaml", []byte(tc.text))
			if want := "scrape: recipe p.yaml:" + tc.want; err == nil || err.Error() != want {
				t.Errorf("ParseRecipe(%.80q)\n got %v\nwant %s", tc.text, err, want)
			}
		})
	}
}

// Try counts what the selectors of headings match in headings, and those of
// cells in cells.
func TestTryPivot(t *testing.T) {
	r := recipe(t, "pivot: {select: table, side: {fields: {day: {}}}, top: {fields: {service: {select: b}, at: {select: i}}}, cell: {fields: {who: {}, at: {select: u}}}}")
	got := string(try(t, r, page(t, "http://a.test/", rota)))
	want := `
cells    4       1        table
day      4/4     2        the heading
service  4/4     2        b
at       0/4     0        i            matches nothing
who      4/4     4        the cell
at       0/4     0        u            matches nothing
`
	if !strings.Contains(got, want) {
		t.Errorf("Try wrote\n%s\nwithout\n%s", got, want)
	}
}
