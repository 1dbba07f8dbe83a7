package scrape_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"weir/scrape"
)

func TestColumn(t *testing.T) {
	const plain = "<table><tr><th>Day<th> On\n Call <th>Tel</tr><tr><td>1<td>Li<td>7</tr><tr><td>2<td>Wu<td>8</table>"
	const rows = "rows: tr\nfields: "
	const both = `{"w":"Li"}` + "\n" + `{"w":"Wu"}`
	for _, tc := range []fieldCase{
		{"by its header, folded, of any case", rows + "{w: {column: on call}}", plain, both},
		{"the heading row is no record", rows + "{w: {column: Day}}", plain, `{"w":"1"}` + "\n" + `{"w":"2"}`},
		{"the first name that there is", rows + "{w: {column: [Who, On call, Day]}}", plain, both},
		{"no such header", rows + "{w: {column: Who}, d: {column: Day}}", plain, `{"w":null,"d":"1"}` + "\n" + `{"w":null,"d":"2"}`},
		{"a part of a header is not it", rows + "{w: {column: call}, d: {column: tel}}", plain, `{"w":null,"d":"7"}` + "\n" + `{"w":null,"d":"8"}`},
		{"selected in the cell", rows + "{w: {column: a, select: b}}", "<table><tr><td>a<td>b<tr><td>x<b>1</b><b>2</b><td><b>3</b></table>", `{"w":"1"}`},
		{"all selected in the cell", rows + "{w: {column: a, select: b, many: true}}", "<table><tr><td>a<td>b<tr><td>x<b>1</b><b>2</b><td><b>3</b></table>", `{"w":["1","2"]}`},
		{"an attribute of what is selected in the cell", rows + "{w: {column: a, select: b, attr: id}}", "<table><tr><td>a<tr><td><b id=1></table>", `{"w":"1"}`},
		{"a header over two columns", rows + "{w: {column: b}, v: {column: c}}", "<table><tr><th colspan=2>a<th>b<th>c<tr><td>1<td>2<td>3<td>4</table>", `{"w":"3","v":"4"}`},
		{"a cell over two columns", rows + "{a: {column: a}, b: {column: b}, c: {column: c}}", "<table><tr><th>a<th>b<th>c<tr><td colspan=2>1<td>2</table>", `{"a":"1","b":"1","c":"2"}`},
		{"a cell over two rows", rows + "{a: {column: a}, b: {column: b}}", "<table><tr><th>a<th>b<tr><td rowspan=2>1<td>2<tr><td>3</table>", `{"a":"1","b":"2"}` + "\n" + `{"a":"1","b":"3"}`},
		{"the thead alone has headers", "rows: tbody tr\nfields: {b: {column: b}, c: {column: c}}", "<table><thead><tr><td>a<td>b</thead><tbody><tr><th>c<td>1<tr><th>d<td>2</table>", `{"b":"1","c":null}` + "\n" + `{"b":"2","c":null}`},
		{"the first of two headers with one text", rows + "{a: {column: a}}", "<table><tr><th>a<th>a<tr><td>1<td>2</table>", `{"a":"1"}`},
		{"a header further down", rows + "{b: {column: b}}", "<table><tr><td colspan=2>Title<tr><th>a<th>b<tr><td>1<td>2</table>", `{"b":"2"}`},
		{"each table has its own", rows + "{a: {column: a}}", "<table><tr><th>a<th>b<tr><td>1<td>2</table><table><tr><th>b<th>a<tr><td>3<td>4</table>", `{"a":"1"}` + "\n" + `{"a":"4"}`},
		{"of a table inside a cell, not of the one around it", rows + "{a: {column: a}, c: {column: c}}", "<table><tr><th>a<tr><td><table><tr><th>c<tr><td>1</table></table>", `{"a":"c 1","c":null}` + "\n" + `{"a":null,"c":"1"}`},
		{"a row that is no tr, but in one", "rows: td\nfields: {n: {}, a: {column: a}}", "<table><tr><th>a<th>b<tr><td>1<td>2</table>", `{"n":"1","a":"1"}` + "\n" + `{"n":"2","a":"1"}`},
		{"a row in no table", "rows: p\nfields: {n: {}, a: {column: a}}", "<p>1", `{"n":"1","a":null}`},
		{"a row that is too short", rows + "{a: {column: a}, b: {column: b}}", "<table><tr><th>a<th>b<tr><td>1</table>", `{"a":"1","b":null}`},
		{"a finding names the header", rows + "{a: {column: a}, b: {column: b, required: true}}", "<table><tr><th>a<th>b<tr><td>1</table>", `{"a":"1","b":null}` + "\nMissingCell@R2C2 b"},
	} {
		tc.run(t)
	}
	x := extract(t, recipe(t, rows+"{a: {column: [Who, Day], select: b, required: true}, n: {}}"), page(t, "http://a.test/", plain))
	if got, want := x.Findings[0].Selector, `column "Who" or "Day" b`; got != want {
		t.Errorf("selector of a finding is %q, want %q", got, want)
	}
}

func TestTryColumn(t *testing.T) {
	var b bytes.Buffer
	p := page(t, "http://a.test/", "<table><tr><th>Day<th>On Call<tr><td>1<td>Li</table>")
	if _, err := scrape.Try(t.Context(), &b, recipe(t, "rows: tr\nfields: {w: {column: Who}, d: {column: Day}}"), p); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`w      0/1     0        column "Who"  no such header; there are day, on call`,
		`d      1/1     1        column "Day"`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("Try printed\n%s\nwant %s", b.String(), want)
		}
	}
}

// A table whose spans make each row cost as much as all cells above it.
func TestColumnIsBounded(t *testing.T) {
	body := "<table><tr>" + strings.Repeat("<th rowspan=65534>a", 900) + strings.Repeat("<tr><td>x", 5000) + "</table>"
	_, err := recipe(t, "rows: tr\nfields: {a: {column: a}}").Extract(t.Context(), page(t, "http://a.test/", body))
	if !errors.Is(err, scrape.ErrTooComplex) {
		t.Errorf("Extract = %v, want %v", err, scrape.ErrTooComplex)
	}
}
