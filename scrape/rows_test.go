package scrape_test

import "testing"

func TestRows(t *testing.T) {
	const list = "<dl><dt>A<dd>1<dd class=b>2 <i>x</i><dt>B<dt>C<dd>3</dl>"
	const term = "rows: {select: dt, span: true}\n"
	for _, tc := range []fieldCase{
		{"a mapping with nothing but a selector", "rows: {select: dt}\nfields: {t: {}}", list, `{"t":"A"}` + "\n" + `{"t":"B"}` + "\n" + `{"t":"C"}`},
		{"rows like a pattern", "rows: {select: dt, match: '[AC]'}\nfields: {t: {}}", list, `{"t":"A"}` + "\n" + `{"t":"C"}`},
		{"rows unlike a pattern", "rows: {select: dt, skip: B}\nfields: {t: {}}", list, `{"t":"A"}` + "\n" + `{"t":"C"}`},
		{"both", "rows: {select: dt, match: '[AB]', skip: B}\nfields: {t: {}}", list, `{"t":"A"}`},
		{"the pattern sees folded text", "rows: {select: p, match: '^a b$'}\nfields: {t: {}}", "<p> a\n<b>b</b> ", `{"t":"a b"}`},
		{"a span goes on to the next", term + "fields: {t: {}, d: {select: dd, many: true}}", list, `{"t":"A","d":["1","2 x"]}` + "\n" + `{"t":"B","d":[]}` + "\n" + `{"t":"C","d":["3"]}`},
		{"a sibling itself, by its class", term + "fields: {d: {select: .b}}", list, `{"d":"2 x"}`},
		{"the first of the siblings", term + "fields: {d: {select: dd}}", list, `{"d":"1"}` + "\n" + `{"d":"3"}`},
		{"inside a sibling", term + "fields: {d: {select: i}}", list, `{"d":"x"}`},
		{"a child of a sibling", term + "fields: {d: {select: '> i'}}", list, `{"d":"x"}`},
		{"the first element itself", term + "fields: {d: {select: dt}}", list, `{"d":"A"}` + "\n" + `{"d":"B"}` + "\n" + `{"d":"C"}`},
		{"all elements of the row", term + "fields: {d: {many: true}}", list, `{"d":["A","1","2 x"]}` + "\n" + `{"d":["B"]}` + "\n" + `{"d":["C","3"]}`},
		{"what is skipped ends a span all the same", "rows: {select: dt, span: true, skip: B}\nfields: {d: {many: true}}", list, `{"d":["A","1","2 x"]}` + "\n" + `{"d":["C","3"]}`},
		{"a span ends with its parent", "rows: {select: h2, span: true}\nfields: {d: {many: true}}", "<div><h2>1</h2><p>a</div><p>b</p><h2>2</h2>c<p>d", `{"d":["1","a"]}` + "\n" + `{"d":["2","d"]}`},
	} {
		tc.run(t)
	}
	x := extract(t, recipe(t, "rows: {select: dt, skip: B}\nfields: {t: {}}"), page(t, "http://a.test/", list))
	if x.Rows != 2 || x.Skipped != 1 {
		t.Errorf("%d rows and %d skipped, want 2 and 1", x.Rows, x.Skipped)
	}
}
