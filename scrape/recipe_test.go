package scrape_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/engine"
	"weir/scrape"
)

func TestParseRecipeErrors(t *testing.T) {
	const fields = "fields: {a: {select: b}}\n"
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "", "1:1: empty"},
		{"white space", " \n\n", "1:1: empty"},
		{"comments only", "# a\n# b\n", "1:1: nothing but comments"},
		{"a list", "- a", "1:1: the recipe is a list, not a mapping of keys"},
		{"text", "page", `1:1: the recipe is "page", not a mapping of keys`},
		{"broken YAML", "name: x\nfields: [", "3:1: while parsing a flow node: did not find expected node content"},
		{"bad indentation", "name: x\n  fields: y", `2:9: mapping values are not allowed in this context; keys that belong together begin in one column, and text with a colon and a space in it stands in quotes`},
		{"a tab", "fields:\n\ta: {}", "2:1: while scanning for the next token: found character that cannot start any token; YAML indents with spaces, not with tabs"},
		{"a pattern in double quotes", "fields:\n  a: {regex: \"\\d+\"}", `2:15: while scanning a quoted scalar: found unknown escape character; a pattern stands in single quotes: '\d'`},
		{"a selector with a bracket in braces", "fields:\n  a: {select: a[b=c]}", "2:16: while parsing a flow mapping: did not find expected ',' or '}'; inside braces, text with one of []{}, in it stands in quotes"},
		{"a template without quotes", "url: {base}/x\n" + fields, "1:12: while parsing a block mapping: did not find expected key; keys that belong together begin in one column, and text that begins with { or [ stands in quotes"},
		{"a selector of everything", "rows: *\n" + fields, "1:8: while scanning an alias: did not find expected alphabetic or numeric character; text that begins with * stands in quotes"},
		{"a stray character", "rows: @x", "1:7: while scanning for the next token: found character that cannot start any token; text that begins with @ stands in quotes"},
		{"two documents", "name: x\n---\nname: y", "2:1: a second document: a recipe is one"},
		{"control characters", "name: \x01", "1:1: control characters are not allowed (value: 1)"},
		{"no fields", "name: x\nrows: tr", "1:1: no fields"},
		{"unknown key, near miss", "name: x\n\nfeilds: {}", `3:1: unknown key "feilds" in the recipe; did you mean "fields"?`},
		{"unknown key, capital", "Name: x", `1:1: unknown key "Name" in the recipe; did you mean "name"?`},
		{"unknown key, swapped", "rosw: tr", `1:1: unknown key "rosw" in the recipe; did you mean "rows"?`},
		{"unknown key, nothing like it", "workers: 5", `1:1: unknown key "workers" in the recipe; known are name, url, login, sitemap, fingerprint, page, rows, fields, pivot, table, any, follow, expect`},
		{"merge keys are no keys", "<<: {name: x}\n" + fields, `1:1: unknown key "<<" in the recipe; known are name, url, login, sitemap, fingerprint, page, rows, fields, pivot, table, any, follow, expect`},
		{"key twice", "name: x\nrows: a\nname: y", `3:1: key "name" in the recipe stands in 1:1 already`},
		{"key that is a list", "? [a]\n: b", "1:3: a key in the recipe is a list, not text"},
		{"alias", "name: &n x\nrows: *n\n" + fields, `2:7: rows is an alias (recipes have none), not text`},
		{"name is empty", "name:\n" + fields, "1:6: name is empty, not text"},
		{"name is blank", "name: ' '\n" + fields, `1:7: name " " is empty or has white space around it`},
		{"name is long", "name: " + strings.Repeat("x", 65) + "\n" + fields, `1:7: name "` + strings.Repeat("x", 65) + `" is longer than 64 bytes`},
		{"name cannot be shown", "name: \"a\\e[31m\"\n" + fields, `1:7: name "a?[31m" holds what cannot be printed`},
		{"broken rows", "name: x\nrows: 'td['\n" + fields, `2:7: selector "td[": unclosed bracket`},
		{"broken selector in a field", "fields:\n  a:\n    select: td\n  b:\n    select: 'td:nope'\n", `5:13: selector "td:nope": unknown pseudoclass or pseudoelement :nope; did you mean "scope"?`},
		{"pseudo-class, near miss", "fields:\n  a: {select: 'td:nth-chid(1)'}", `2:15: selector "td:nth-chid(1)": unknown pseudoclass or pseudoelement :nth-chid; did you mean "nth-child"?`},
		{"broken selector in follow", fields + "follow:\n  - select: a\n  - {select: 'a >'}", `4:14: selector "a >": ends where an element is expected`},
		{"broken row selector", "rows:\n  select: 'td['\n" + fields, `2:11: selector "td[": unclosed bracket`},
		{"rows without a selector", "rows: {match: a}\n" + fields, "1:7: rows has no select"},
		{"unknown key in rows", "rows: {select: a, spam: true}\n" + fields, `1:19: unknown key "spam" in rows; did you mean "span"?`},
		{"broken match", "rows:\n  select: a\n  match: '['\n" + fields, `3:10: regex "[": missing closing ] [`},
		{"rows is a list", "rows: [a]\n" + fields, "1:7: rows is a list, not text"},
		{"broken sign", fields + "expect:\n  present: a >", `3:12: selector "a >": ends where an element is expected`},
		{"sign of nothing", fields + "expect: {absent: {}}", "2:18: absent has neither select nor match"},
		{"unknown key in a sign", fields + "expect: {absent: {mach: a}}", `2:19: unknown key "mach" in absent; did you mean "match"?`},
		{"fields is a list", "fields: [a]", "1:9: fields is a list, not a mapping of keys"},
		{"no field", "fields: {}", "1:9: 0 fields, not 1 to 100"},
		{"field is text", "fields:\n  a: td", `2:6: field a is "td", not a mapping of keys`},
		{"field name of the program", "fields:\n  _url: {}", `2:3: field name "_url" begins with an underscore, as only _url and _batch do`},
		{"field name that is a formula", "fields:\n  =1: {}", `2:3: field name "=1" is not of letters, digits and _ - . or spaces between them`},
		{"field name with a line break", "fields:\n  \"a\\nb\": {}", `2:3: field name "a?b" is not of letters, digits and _ - . or spaces between them`},
		{"empty field name", "fields:\n  '': {}", `2:3: field name "" is not of 1 to 64 bytes`},
		{"unknown key in a field", "fields:\n  a:\n    select: b\n    requird: true", `4:5: unknown key "requird" in field a; did you mean "required"?`},
		{"unknown type", "fields:\n  a: {type: dat}", `2:13: type "dat" is not string, int, float, bool, date, time, datetime, url or money; did you mean "date"?`},
		{"required is no bool", "fields:\n  a: {required: maybe}", `2:17: required is "maybe", not true or false`},
		{"many is a number", "fields:\n  a: {many: 1}", `2:13: many is "1", not true or false`},
		{"a bool is never missing", "fields:\n  a: {select: b, type: bool,\n    required: true}", "3:5: required on a bool, which is true or false and never missing"},
		{"a bool is one", "fields:\n  a: {select: b, many: true, type: bool}", "2:18: many on a bool, which is one: whether there is an element"},
		{"a bool of the row itself", "fields:\n  a: {type: bool}", "2:3: a bool without select, attr or regex is always true"},
		{"default of a bool", "fields:\n  a: {select: b, type: bool, default: true}", "2:30: default on a bool, which is true or false and never missing"},
		{"a bool is no list", "fields:\n  a: {select: b, type: bool, split: x}", "2:30: split on a bool, which is one: whether there is an element"},
		{"column of nothing", "fields:\n  a: {column: ''}", `2:15: column "" is not of 1 to 200 bytes`},
		{"column of no name", "fields:\n  a: {column: []}", "2:15: column has 0 names, not 1 to 20"},
		{"column that is a mapping", "fields:\n  a: {column: [{b: c}]}", "2:16: column is a mapping, not text"},
		{"unknown take", "fields:\n  a: {take: htm}", `2:13: take "htm" is not text, own, html or markup; did you mean "html"?`},
		{"take of an attribute", "fields:\n  a:\n    attr: b\n    take: own", "4:5: take and attr in one field: it is about the text, and attr reads none"},
		{"strip of an attribute", "fields:\n  a:\n    attr: b\n    strip: i", "4:5: strip and attr in one field: it is about the text, and attr reads none"},
		{"broken strip", "fields:\n  a: {strip: 'i['}", `2:14: selector "i[": unclosed bracket`},
		{"broken regex", "fields:\n  a:\n    regex: '(a'", `3:12: regex "(a": missing closing )`},
		{"regex is a list", "fields:\n  a: {regex: [b]}", "2:14: regex is a list, not text"},
		{"group without regex", "fields:\n  a: {group: 1}", "2:7: group without regex: a group of what?"},
		{"group that is not there", "fields:\n  a: {group: 2, regex: '(a)'}", `2:14: group 2: regex "(a)" has 1 group`},
		{"group below zero", "fields:\n  a: {group: -1, regex: '(a)'}", `2:14: group -1: regex "(a)" has 1 group`},
		{"group name, near miss", "fields:\n  a: {regex: '(?P<year>a)', group: yaer}", `2:36: regex "(?P<year>a)" has no group named "yaer"; did you mean "year"?`},
		{"split at nothing", "fields:\n  a: {split: ''}", `2:14: split "" is not of 1 to 64 bytes`},
		{"split at much", "fields:\n  a: {split: " + strings.Repeat("x", 65) + "}", `2:14: split "` + strings.Repeat("x", 65) + `" is not of 1 to 64 bytes`},
		{"default is not of the type", "fields:\n  a: {default: none, type: int}", `2:16: default "none" cannot be read as int`},
		{"default by the order", "fields:\n  a: {default: 13/1/2025, type: date, order: mdy}", `2:16: default "13/1/2025" cannot be read as date`},
		{"default without a year", "fields:\n  a: {default: 3 March, type: date, near: {select: title}}", `2:16: default "3 March" cannot be read as date`},
		{"default that hangs on the page", "fields:\n  a: {default: /x, type: url}", `2:16: default "/x" cannot be read as url`},
		{"blank default", "fields:\n  a: {default: ' '}", "2:16: default is blank, which a cell without a value is anyway"},
		{"default of what must be there", "fields:\n  a: {required: true, default: x}", "2:23: default on a required field, which must not lack a value"},
		{"unknown order", "fields:\n  a: {type: date, order: dym}", `2:26: order "dym" is not mdy, dmy or ymd; did you mean "dmy"?`},
		{"order of numbers", "fields:\n  a: {type: int, order: dmy}", "2:18: order is for the types date and datetime, and this is int"},
		{"near of text", "fields:\n  a: {near: {select: title}}", "2:7: near is for the types date and datetime, and this is string"},
		{"near without select", "fields:\n  a: {type: date, near: {regex: a}}", "2:19: near has no select"},
		{"unknown key in near", "fields:\n  a: {type: date, near: {selct: a}}", `2:26: unknown key "selct" in near; did you mean "select"?`},
		{"group in near without regex", "fields:\n  a: {type: date, near: {select: a, group: 1}}", "2:37: group without regex: a group of what?"},
		{"unknown currency", "fields:\n  a: {type: money, currency: usd}", `2:30: currency "usd" is no code of ISO 4217, such as USD or EUR`},
		{"currency of a number", "fields:\n  a: {type: float, currency: USD}", "2:20: currency is for the type money, and this is float"},
		{"attr is no name", "fields:\n  a: {attr: 'a b'}", `2:13: attr "a b" is no attribute's name`},
		{"follow is no list", fields + "follow: {select: a}", "2:9: follow is a mapping, not a list"},
		{"follow without select", fields + "follow: [{pages: 3}]", "2:10: an entry of follow has no select"},
		{"follow no page", fields + "follow: [{select: a, pages: 0}]", `2:29: pages is "0", not a whole number from 1 to 10000`},
		{"follow a fraction", fields + "follow: [{select: a, pages: 1.5}]", `2:29: pages is "1.5", not a whole number from 1 to 10000`},
		{"follow for ever", fields + "follow: [{select: a, pages: 10001}]", `2:29: pages is "10001", not a whole number from 1 to 10000`},
		{"unknown key in follow", fields + "follow: [{select: a, page: 3}]", `2:22: unknown key "page" in an entry of follow; did you mean "pages"?`},
		{"too many entries", fields + "follow: [" + strings.Repeat("{select: a},", 11) + "]", "2:9: 11 entries in follow, at most 10"},
		{"expect rows without rows", fields + "expect: {rows: 1}", "2:10: expect rows needs rows: without them the page is one record"},
		{"expect less than nothing", "rows: a\n" + fields + "expect: {rows: -1}", `3:16: rows is "-1", not a whole number from 0 to 1000000`},
		{"expect something else", fields + "expect: {row: 1}", `2:10: unknown key "row" in expect; did you mean "rows"?`},
		{"fill of no field", "fields: {date: {}}\nexpect:\n  fill:\n    dates: 1%", `4:5: fill names "dates", which is no field; did you mean "date"?`},
		{"fill without percent", fields + "expect: {fill: {a: 100}}", `2:20: fill of a is "100", not 0% to 100%`},
		{"fill over 100", fields + "expect: {fill: {a: 101%}}", `2:20: fill of a is "101%", not 0% to 100%`},
		{"url with another slot", "url: '{base}/{day}'\n" + fields, `1:6: url "{base}/{day}": only {base} and {month} are filled`},
		{"url with base in the middle", "url: 'http://{base}/x'\n" + fields, `1:6: url "http://{base}/x": {base} stands at the beginning or not at all`},
		{"url without a site", "url: '/x/{month}'\n" + fields, `1:6: url "/x/{month}" begins with none of {base}, http:// and https://`},
		{"url with a form that is none", "url: '{base}/{month:mm-yy}'\n" + fields, `1:6: url "{base}/{month:mm-yy}": {month:mm-yy}: a form is made of YYYY, YY, MM, M and - / . _ or spaces between them, not "mm-yy"`},
		{"url with a form too many", "url: '{base}/{month:YYY}'\n" + fields, `1:6: url "{base}/{month:YYY}": {month:YYY}: a form is made of YYYY, YY, MM, M and - / . _ or spaces between them, not "Y"`},
		{"url with an empty form", "url: '{base}/{month:}'\n" + fields, `1:6: url "{base}/{month:}": {month:}: no form, such as MM-YY`},
		{"url with years only", "url: '{base}/{month:YYYY}'\n" + fields, `1:6: url "{base}/{month:YYYY}": no form has the month, M or MM`},
		{"url with an open slot", "url: '{base}/{month'\n" + fields, `1:6: url "{base}/{month": only {base} and {month} are filled`},
		{"url with a stray bracket", "url: '{base}/}'\n" + fields, `1:6: url "{base}/}": only {base} and {month} are filled`},
		{"empty url", "url: ''\n" + fields, "1:6: url is empty"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := scrape.ParseRecipe("oncall.yaml", []byte(tc.text))
			if want := "scrape: recipe oncall.yaml:" + tc.want; err == nil || err.Error() != want {
				t.Errorf("ParseRecipe(%.60q)\n got %v\nwant %s", tc.text, err, want)
			}
			if strings.Contains(tc.want, "unknown key") && !strings.Contains(tc.text, "<<") && scrape.CheckSchema(t, tc.text) == nil {
				t.Errorf("the schema takes %q", tc.text)
			}
		})
	}
}

func TestParseRecipeLimits(t *testing.T) {
	pad := func(n int) []byte { return []byte("fields: {a: {}}\n#" + strings.Repeat("x", n-17)) }
	if _, err := scrape.ParseRecipe("a.yaml", pad(scrape.MaxRecipe)); err != nil {
		t.Errorf("a recipe of MaxRecipe bytes: %v, want no error", err)
	}
	if _, err := scrape.ParseRecipe("a.yaml", pad(scrape.MaxRecipe+1)); err == nil || err.Error() != "scrape: recipe a.yaml:1:1: longer than 1048576 bytes" {
		t.Errorf("one byte more: %v, want longer than 1048576 bytes", err)
	}
	var b strings.Builder
	b.WriteString("fields:\n")
	for range scrape.MaxFields {
		b.WriteString("  f" + strings.Repeat("x", b.Len()%60) + strings.Repeat("y", b.Len()%7) + hex.EncodeToString([]byte{byte(b.Len()), byte(b.Len() >> 8)}) + ": {}\n")
	}
	if _, err := scrape.ParseRecipe("a.yaml", []byte(b.String())); err != nil {
		t.Errorf("a recipe of MaxFields fields: %v, want no error", err)
	}
	if _, err := scrape.ParseRecipe("a.yaml", []byte(b.String()+"  one more: {}\n")); err == nil || err.Error() != "scrape: recipe a.yaml:2:3: 101 fields, not 1 to 100" {
		t.Errorf("one field more: %v, want 101 fields, not 1 to 100", err)
	}
	// The parser of a deep recipe neither hangs nor overflows.
	if _, err := scrape.ParseRecipe("a.yaml", []byte(strings.Repeat("[", scrape.MaxRecipe))); err == nil || !strings.Contains(err.Error(), "exceeded max depth") {
		t.Errorf("a million open brackets: %v, want exceeded max depth", err)
	}
}

func TestRecipe(t *testing.T) {
	const text = "# yaml-language-server: $schema=recipe.schema.json\n# who is\n# on call\n#\n# more\nurl: 'http://a.test/{month}'\nfields:\n  b: {select: td}\n  a: {attr: HREF}\n"
	r, err := scrape.ParseRecipe("/some/where/on-call.v2.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(text))
	if got, want := r.Ref(), (engine.RecipeRef{Name: "on-call.v2", Hash: hex.EncodeToString(sum[:])}); got != want {
		t.Errorf("Ref() = %v, want %v: the file's name and the hash of the text", got, want)
	}
	if r.Text() != text || r.Name() != "on-call.v2" || r.URL() != "http://a.test/{month}" || r.About() != "who is on call" {
		t.Errorf("Text, Name, URL, About = %q, %q, %q, %q", r.Text(), r.Name(), r.URL(), r.About())
	}
	if got, want := r.Fields(), []string{"b", "a"}; !slices.Equal(got, want) {
		t.Errorf("Fields() = %q, want %q, as written", got, want)
	}
	x := extract(t, r, page(t, "http://a.test/", "<td href=x>y"))
	if len(x.Records) != 0 { // td outside of a table is no element
		t.Errorf("records %v, want none", x.Records)
	}
}

func TestRecipeNamedByItsText(t *testing.T) {
	r, err := scrape.ParseRecipe("a.yaml", []byte("name: 'my recipe'\nfields: {a: {}}"))
	if err != nil || r.Name() != "my recipe" {
		t.Errorf("ParseRecipe = %v, %v; want my recipe", r, err)
	}
	_, err = scrape.ParseRecipe(" .yaml", []byte("fields: {a: {}}"))
	if want := `scrape: recipe  .yaml:1:1: no name, and the file's will not do: name " " is empty or has white space around it`; err == nil || err.Error() != want {
		t.Errorf("ParseRecipe = %v, want %s", err, want)
	}
}

func TestRecipesBuiltIn(t *testing.T) {
	var names []string
	for _, r := range scrape.Recipes() {
		names = append(names, r.Name())
		if got, err := scrape.LoadRecipe(r.Name()); err != nil || got != r {
			t.Errorf("LoadRecipe(%s) = %p, %v; want the one of Recipes, %p", r.Name(), got, err, r)
		}
		if r.About() == "" || strings.Contains(r.About(), "\n") {
			t.Errorf("%s says of itself %q, want a line", r.Name(), r.About())
		}
	}
	if want := []string{"feed", "links", "oncall", "page", "schedule", "table"}; !slices.Equal(names, want) {
		t.Errorf("Recipes() = %q, want %q", names, want)
	}
	scrape.Recipes()[0] = nil // a copy
	if scrape.Recipes()[0] == nil {
		t.Error("Recipes() hands out its own list")
	}
}

func TestLoadRecipeErrors(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bad.yml"), []byte("\nfeld: x"), 0o600); err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(dir, "long.yaml")
	if err := os.WriteFile(long, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	gone := filepath.Join(dir, "gone.yaml")
	for _, tc := range []struct{ name, in, want string }{
		{"near miss", "pgae", `scrape: no recipe is named "pgae"; did you mean "page"?: built in are feed, links, oncall, page, schedule, table, and a file of your own ends in .yaml`},
		{"no name", "", `scrape: no recipe is named "": built in are feed, links, oncall, page, schedule, table, and a file of your own ends in .yaml`},
		{"no file", gone, "scrape: recipe " + gone + ": no such file or directory"},
		{"a directory", dir, "scrape: recipe " + dir + ": is a directory"},
		{"broken", filepath.Join(dir, "bad.yml"), "scrape: recipe " + dir + `/bad.yml:2:1: unknown key "feld" in the recipe; did you mean "fields"?`},
		{"long", long, "scrape: recipe " + long + ":1:1: longer than 1048576 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := scrape.LoadRecipe(tc.in); err == nil || err.Error() != tc.want {
				t.Errorf("LoadRecipe(%q)\n got %v\nwant %s", tc.in, err, tc.want)
			}
		})
	}
	if _, err := scrape.LoadRecipe(gone); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error of a missing file is %v, want one that is fs.ErrNotExist", err)
	}
}

// One recipe serves all workers.
func TestRecipeConcurrently(t *testing.T) {
	r := load(t, "schedule")
	body, err := os.ReadFile(filepath.Join("testdata", "pages", "schedule.html"))
	if err != nil {
		t.Fatal(err)
	}
	p := page(t, "http://a.test/", string(body))
	want := string(written(t, extract(t, r, p)))
	for range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for range 5 {
				if got := string(written(t, extract(t, r, p))); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
}
