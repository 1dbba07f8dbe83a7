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
		if !strings.Contains(tc.recipe, "html") { // which is not folded
			check(t, recipe(t, tc.recipe), x)
		}
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

// The way of a value: elements, strip, take or attr, regex, split, type, default.
func TestFieldValue(t *testing.T) {
	const cell = "<p>Smith <b>MD</b><sup>1</sup>, 5&nbsp;pm<br>x</p>"
	for _, tc := range []fieldCase{
		{"take text is what is taken anyway", "fields: {a: {select: p, take: text}}", cell, `{"a":"Smith MD1, 5 pm x"}`},
		{"take own leaves out what is inside", "fields: {a: {select: p, take: own}}", cell, `{"a":"Smith , 5 pm x"}`},
		{"own text on both sides of an element is one word", "fields: {a: {select: p, take: own}}", "<p>Mon<b>x</b>day", `{"a":"Monday"}`},
		{"on both sides of a line break it is two", "fields: {a: {select: p, take: own}}", "<p>Mon<br>day", `{"a":"Mon day"}`},
		{"take html is what was parsed", "fields: {a: {select: p, take: html}}", cell, `{"a":"Smith <b>MD</b><sup>1</sup>, 5 pm<br/>x"}`},
		{"take html of what is empty is blank", "fields: {a: {select: p, take: html}, b: {select: i}}", "<p> </p><i>x", `{"a":"","b":"x"}`},
		{"take html of a script is what it says", `fields: {a: {select: script, take: html, regex: '"price":"([^"]+)"'}}`, `<script type=a>{"price":"1<2&amp;3"}</script>`, `{"a":"1<2&amp;3"}`},
		{"and of what is around it", "fields: {a: {select: div, take: html}}", `<div><script>"a"<b</script>"&lt;`, `{"a":"<script>\"a\"<b</script>&#34;&lt;"}`},
		{"strip leaves elements out", "fields: {a: {select: p, strip: 'sup, br'}}", cell, `{"a":"Smith MD, 5 pmx"}`},
		{"strip leaves the page alone", "fields: {a: {select: p, strip: sup}, b: {select: sup}}", cell, `{"a":"Smith MD, 5 pm x","b":"1"}`},
		{"strip by what is around the element", "fields: {a: {select: p, strip: 'div > p > sup'}, b: {select: p, strip: 'body > p > sup'}}", cell, `{"a":"Smith MD1, 5 pm x","b":"Smith MD, 5 pm x"}`},
		{"strip by where it stands in it", "fields: {a: {select: p, strip: '> b'}}", "<p><b>1</b><i><b>2</b></i>", `{"a":"2"}`},
		{"strip and own", "fields: {a: {select: p, strip: b, take: own}}", "<p>x<b>1</b>y", `{"a":"xy"}`},
		{"strip and html", "fields: {a: {select: p, strip: b, take: html}}", "<p>x<b>1</b><i class=c>y", `{"a":"x<i class=\"c\">y</i>"}`},
		{"the whole match of a regex", `fields: {a: {select: p, regex: '\d+ pm'}}`, cell, `{"a":"5 pm"}`},
		{"its first group", `fields: {a: {select: p, regex: '(\d+) (pm)'}}`, cell, `{"a":"5"}`},
		{"its group named value", `fields: {a: {select: p, regex: '(\d+) (?P<value>pm)'}}`, cell, `{"a":"pm"}`},
		{"another group by number", `fields: {a: {select: p, group: 2, regex: '(\d+) (pm)'}}`, cell, `{"a":"pm"}`},
		{"another group by name", `fields: {a: {select: p, regex: '(\d+) (?P<half>pm)', group: half}}`, cell, `{"a":"pm"}`},
		{"a regex on an attribute", `fields: {a: {select: a, attr: href, regex: '(\d+)$', type: int}}`, "<a href=/staff/7>", `{"a":7}`},
		{"a regex on HTML", `fields: {a: {select: p, take: html, regex: '<sup>(.*?)</sup>'}}`, cell, `{"a":"1"}`},
		{"a regex that does not match is a missing value", `fields: {a: {select: p, regex: z}, b: {select: b}}`, cell, `{"a":null,"b":"MD"}`},
		{
			"and a finding with the text if it is required", `fields: {a: {select: p, regex: z, required: true}, b: {select: b}}`, cell,
			`{"a":null,"b":"MD"}` + "\nMissingCell@R1C1 a Smith MD1, 5 pm x",
		},
		{"all matches of all elements", `fields: {a: {select: p, regex: '\d+', many: true, type: int}}`, "<p>1 and 2<p>none<p>3", `{"a":[1,2,3]}`},
		{"of many elements without a match there is none", `fields: {a: {select: p, regex: z, many: true}, b: {select: p}}`, "<p>1<p>2", `{"a":[],"b":"1"}`},
		{"split cuts", "fields: {a: {select: p, split: '; '}}", "<p>a;  b ; ; c;d", `{"a":["a","b","c;d"]}`},
		{"split of one", "fields: {a: {select: p, split: ','}}", "<p>a", `{"a":["a"]}`},
		{"split of nothing", "fields: {a: {select: p, split: ','}, b: {select: i}}", "<p>,</p><i>x", `{"a":[],"b":"x"}`},
		{"split takes the first element", "fields: {a: {select: p, split: ','}}", "<p>a,b<p>c", `{"a":["a","b"]}`},
		{"split with many takes all", "fields: {a: {select: p, split: ',', many: true}}", "<p>a,b<p>c", `{"a":["a","b","c"]}`},
		{"split after a regex takes the first match", `fields: {a: {select: p, split: ',', regex: '[\d,]+'}}`, "<p>x 1,2 y 3,4", `{"a":["1","2"]}`},
		{"split before the type", "fields: {a: {select: p, split: ',', type: int}}", "<p>1, 2, x", `{"a":[1,2,"x"]}` + "\nBadCell@R1C1 a x"},
		{"default of a missing cell", "fields: {a: {select: i, default: none}, b: {select: p}}", "<p>x", `{"a":"none","b":"x"}`},
		{"default of a blank cell", "fields: {a: {select: i, default: 0, type: int}, b: {select: p}}", "<p>x<i> </i>", `{"a":0,"b":"x"}`},
		{"default of a cell unlike the regex", "fields: {a: {select: p, regex: z, default: none}, b: {select: p}}", "<p>x", `{"a":"none","b":"x"}`},
		{"no default of a bad cell", "fields: {a: {select: p, type: int, default: 0}}", "<p>x", `{"a":"x"}` + "\nBadCell@R1C1 a x"},
		{"default of an empty list", "fields: {a: {select: i, many: true, default: 1, type: int}, b: {select: p}}", "<p>x", `{"a":[1],"b":"x"}`},
		{"default of a split list", "fields: {a: {select: i, split: ',', default: none}, b: {select: p}}", "<p>x", `{"a":["none"],"b":"x"}`},
		{"defaults alone make no record", "rows: p\nfields: {a: {select: i, default: none}}", "<p>x<p><i>y", `{"a":"y"}`},
		{"a default has one form too", "fields: {a: {select: i, default: '1,000', type: float}, b: {select: p}}", "<p>x", `{"a":1000,"b":"x"}`},
		{"a bool by a regex", "rows: p\nfields: {a: {}, b: {type: bool, regex: '^x'}}", "<p>x<p>yx", `{"a":"x","b":true}` + "\n" + `{"a":"yx","b":false}`},
		{"a bool by a regex on an attribute", "rows: p\nfields: {a: {}, b: {attr: class, type: bool, regex: off}}", "<p class='on off'>1<p class=on>2<p>3", `{"a":"1","b":true}` + "\n" + `{"a":"2","b":false}` + "\n" + `{"a":"3","b":false}`},
		{
			"dates near the title", "rows: p\nfields: {d: {type: date, order: mdy, near: {select: title, regex: 'for (.*)'}}}", "<title>Shifts for December 2025</title><p>12/31<p>1/1<p>Tue 1/2",
			`{"d":"2025-12-31"}` + "\n" + `{"d":"2026-01-01"}` + "\n" + `{"d":"Tue 1/2"}` + "\nBadCell@R3C1 d Tue 1/2",
		},
		{"a day and its time near an attribute", "fields: {d: {select: p, type: datetime, near: {select: table, attr: data-month}}}", "<table data-month=2026-03></table><p>7 07:30", `{"d":"2026-03-07T07:30"}`},
		{"near by a group", "fields: {d: {select: p, type: date, near: {select: h1, regex: '(\\w+) (\\d+)', group: 2}}}", "<h1>Year 2026</h1><p>7 March", `{"d":"2026-03-07"}`},
		{"near something that says nothing", "fields: {d: {select: p, type: date, near: {select: title}}}", "<title>Shifts 2026</title><p>7 March", `{"d":"7 March"}` + "\nBadCell@R1C1 d 7 March"},
		{"near nothing", "fields: {d: {select: p, type: date, near: {select: h1}}}", "<p>7 March", `{"d":"7 March"}` + "\nBadCell@R1C1 d 7 March"},
		{"money", "rows: p\nfields: {m: {type: money, currency: USD}}", "<p>$1,234.50<p>5 EUR<p>¥5", `{"m":"1234.50 USD"}` + "\n" + `{"m":"5 EUR"}` + "\n" + `{"m":"¥5"}` + "\nBadCell@R3C1 m ¥5"},
	} {
		tc.run(t)
	}
}

// What a regex never matched is known, with an example.
func TestFieldUnlike(t *testing.T) {
	long := strings.Repeat("é", 60)
	x := extract(t, recipe(t, "rows: p\nfields: {n: {regex: '\\d+', required: true}, m: {regex: '\\d+', many: true}, a: {attr: class}}"), page(t, "http://a.test/", "<p class=c>"+long+"<p>2<p class=c>b<p class=blank>"))
	if s := x.Fields[0]; s.Unlike != 2 || s.Text != long[:80] || s.Missing != 3 || s.Filled != 1 {
		t.Errorf("stats %+v; want 2 unlike, the first of them cut to 80 bytes", s)
	}
	if s := x.Fields[1]; s.Unlike != 2 || s.Text != long[:80] {
		t.Errorf("stats of a list %+v; want 2 unlike, the first of them cut to 80 bytes", s)
	}
}
