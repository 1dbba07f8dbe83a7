package scrape_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"weir/engine"
	"weir/scrape"
)

// objects writes records as JSON, a line each.
func objects(t *testing.T, records []engine.Record) string {
	t.Helper()
	var lines []string
	for _, rec := range records {
		line, err := json.Marshal(rec)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
	return strings.Join(lines, "\n")
}

func TestTable(t *testing.T) {
	for _, tc := range []gridCase{
		{"the first row, if nothing says better", "table: {}", "<table><tr><td>Name<td>Age<tr><td>Ann<td>30<tr><td>Bo<td>", `
{"Name":"Ann","Age":"30"}
{"Name":"Bo","Age":""}`},
		{"a thead of two rows, joined", "table: {}", `<table><thead><tr><th rowspan=2>Day<th colspan=2>Shift<tr><th>Early<th>Late<tbody><tr><th>Mon<td>a<td>b`, `
{"Day":"Mon","Shift Early":"a","Shift Late":"b"}`},
		{"rows of th without a thead", "table: {}", `<table><tr><td><th colspan=2>2025<tr><td><th>Q1<th>Q2<tr><th>North<td>1<td>2`, `
{"column 1":"North","2025 Q1":"1","2025 Q2":"2"}`},
		{"a title over it is no header", "table: {}", `<table><tr><th colspan=2>Staff<tr><th>Name<th>Age<tr><td>Ann<td>30`, `
{"Name":"Ann","Age":"30"}`},
		{"a title in td over it", "table: {}", `<table><tr><td colspan=2>Staff<tr><td>Name<td>Age<tr><td>Ann<td>30`, `
{"Name":"Ann","Age":"30"}`},
		{"a header given in numbers", "table: {header: 2}", `<table><tr><td>Name<td>Age<tr><td>first<td>years<tr><td>Ann<td>30`, `
{"Name first":"Ann","Age years":"30"}`},
		{"no header", "table: {header: 0}", `<table><tr><td>Ann<td>30`, `{"column 1":"Ann","column 2":"30"}`},
		{"a header at the side that shows itself", "table: {}", `<table><tr><th colspan=2>Ada Lovelace<tr><th>Born<td>1815<tr><th>Died<td>1852`, `
{"Born":"1815","Died":"1852"}`},
		{"a header at the side, two records", "table: {header: side}", `<table><tr><td>Name<td>Ann<td>Bo<tr><td>Age<td>30<td>31`, `
{"Name":"Ann","Age":"30"}
{"Name":"Bo","Age":"31"}`},
		{"names once, empty ones by their number", "table: {}", `<table><tr><th>a<th>a<th><th>a 2<th>a<th>column 3<tr><td>1<td>2<td>3<td>4<td>5<td>6`, `
{"a":"1","a 2":"2","column 3":"3","a 2 2":"4","a 3":"5","column 3 2":"6"}`},
		{"names that are the program's or none", "table: {}", `<table><tr><th>_url<th> __ <th>x` + "\x1b" + `[31m<th>` + strings.Repeat("é", 40) + `<tr><td>1<td>2<td>3<td>4`, `
{"url":"1","column 2":"2","x[31m":"3","` + strings.Repeat("é", 32) + `":"4"}`},
		{"renamed, whatever the case", "table: {columns: {'first NAME': name, Age: years}}", `<table><tr><th>First <br> name<th>age<th>x<tr><td>Ann<td>30<td>1`, `
{"name":"Ann","years":"30","x":"1"}`},
		{"spans are laid out", "table: {}", `<table><tr><th>a<th>b<th>c<tr><td rowspan=2>1<td colspan=2>2<tr><td>3<td>4`, `
{"a":"1","b":"2","c":"2"}
{"a":"1","b":"3","c":"4"}`},
		{"headings between, spacers and the header again are no records", "table: {}", `<table><tr><th>a<th>b<tr><td>1<td>2<tr><td colspan=2>Group<tr><td>&nbsp;<td><tr><th>a<th>b<tr><td>3<td>4`, `
{"a":"1","b":"2"}
{"a":"3","b":"4"}`},
		{"a short row", "table: {}", `<table><tr><th>a<th>b<tr><td>1`, `{"a":"1","b":null}`},
		{"a row with more than the header", "table: {}", `<table><tr><th>a<tr><td>1<td>2`, `{"a":"1","column 2":"2"}`},
		{"the innermost tables, of those inside one another", "table: {}", `<table><tr><td>menu<td><table><tr><td>a<tr><td>1</table></table><table><tr><td>b<tr><td>2</table>`, `
{"a":"1"}
{"b":"2"}`},
		{"the tables that are meant", "table: {select: '#t'}", `<table><tr><td>a<tr><td>1</table><table id=t><tr><td>b<tr><td>2<table><tr><td>x<tr><td>y</table></table>`, `
{"b":"2 x y"}`},
		{"a wide header is as wide as the table", "table: {}", `<table><thead><tr><th colspan=1000>a<tbody><tr><td>1<td>2`, `
{"a":"1","a 2":"2"}`},
		{"nothing below the header", "table: {}", `<table><tr><th>a<th>b`, ``},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x := extract(t, recipe(t, tc.recipe), page(t, "http://a.test/", tc.body))
			if got, want := objects(t, x.Records), strings.TrimSpace(tc.want); got != want {
				t.Errorf("%s\non %s\n got %s\nwant %s", tc.recipe, tc.body, got, want)
			}
		})
	}
}

func TestTableStats(t *testing.T) {
	const body = `<table><tr><th>a<th>b<tr><td>1<td><tr><td>2<td>x<tr><td>3</table><table><tr><th>c<th>a<tr><td>4<td>5</table>`
	x := extract(t, recipe(t, "table: {}"), page(t, "http://a.test/", body))
	var got []string
	for _, f := range x.Fields {
		got = append(got, fmt.Sprintf("%s %d/%d", f.Name, f.Filled, f.Matched))
	}
	if want := "a 4/4, b 1/2, c 1/1"; strings.Join(got, ", ") != want || x.Rows != 4 || len(x.Records) != 4 {
		t.Errorf("%d records of %d rows, %s; want 4 of 4, %s", len(x.Records), x.Rows, strings.Join(got, ", "), want)
	}
	for _, tc := range []struct{ recipe, why string }{
		{"table: {}\nexpect: {rows: 5}", "4 rows, expected ≥ 5"},
		{"table: {}\nexpect: {fill: {a: 100%, b: 50%}}", "b in 1 of 4 rows, expected ≥ 50%"},
		{"table: {}\nexpect: {fill: {gone: 1%}}", "gone in 0 of 4 rows, expected ≥ 1%"},
		{"table: {select: '#no'}", "0 rows, expected ≥ 1"},
	} {
		if x := extract(t, recipe(t, tc.recipe), page(t, "http://a.test/", body)); x.Why != tc.why {
			t.Errorf("%s: Why %q, want %q", tc.recipe, x.Why, tc.why)
		}
	}
}

func TestTryTable(t *testing.T) {
	got := string(try(t, recipe(t, "table: {select: table}"), page(t, "http://a.test/", `<table><tr><th>a<th>b`+"\x1b"+`<tr><td>1<td>2<tr><td>3</table><table><tr><th>a<th>c<tr><td>4<td>`)))
	for _, want := range []string{
		"\n#  a  b  c\n1  1  2\n2  3  -\n3  4\n", "\nrows   3       2        table\na      3/3     3        a\nb      1/3     1        b",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("Try wrote\n%s\nwithout\n%s", got, want)
		}
	}
}

func TestTableErrors(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"no mapping", "table: yes", `1:8: table is "yes", not a mapping of keys`},
		{"unknown key", "table:\n  haeder: 1", `2:3: unknown key "haeder" in table; did you mean "header"?`},
		{"header is a word", "table: {header: top}", `1:17: header is "top", neither side nor a whole number from 0 to 100`},
		{"header is too many", "table: {header: 101}", `1:17: header is "101", neither side nor a whole number from 0 to 100`},
		{"a name that is none", "table:\n  columns:\n    Name: _name", `3:11: field name "_name" begins with an underscore, as only _url and _batch do`},
		{"a name that is a list", "table:\n  columns:\n    Name: [a]", `3:11: Name is a list, not text`},
		{"beside fields", "table: {}\nfields: {a: {}}", `1:1: table beside fields: a page is read in one way`},
		{"beside a pivot", "table: {}\npivot: {select: table, top: {fields: {a: {}}}}", `1:1: table beside pivot: a page is read in one way`},
		{"beside rows", "rows: tr\ntable: {}", `1:1: rows beside table, which has rows of its own`},
		{"fill is no share", "table: {}\nexpect: {fill: {a: 2}}", `2:20: fill of a is "2", not 0% to 100%`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := scrape.ParseRecipe("t.yaml", []byte(tc.text))
			if want := "scrape: recipe t.yaml:" + tc.want; err == nil || err.Error() != want {
				t.Errorf("ParseRecipe(%q)\n got %v\nwant %s", tc.text, err, want)
			}
		})
	}
}

func TestTableIsBounded(t *testing.T) {
	var names strings.Builder
	for i := range 10_500 {
		if i%100 == 0 {
			names.WriteString("</table><table><tr>")
		}
		fmt.Fprintf(&names, "<th>%d", i)
	}
	for _, tc := range []struct{ name, body, want string }{
		{"columns", "<table><tr><td>a" + strings.Repeat("<td>x", 256), "a table of more than 256 columns"},
		{"wide cells", "<table><tr><th colspan=1000><th>x<tr><td>1", "a table of more than 256 columns"},
		{"names", names.String(), "more than 1000000 values"},
		{"cells that are not there", "<table><tr>" + strings.Repeat("<th>a", 250) + strings.Repeat("<tr><td>1", 4001), "more than 1000000 values"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x, err := recipe(t, "table: {}").Extract(t.Context(), page(t, "http://a.test/", tc.body))
			if !errors.Is(err, scrape.ErrTooComplex) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%d records, error %v; want %v: %s", len(x.Records), err, scrape.ErrTooComplex, tc.want)
			}
		})
	}
}
