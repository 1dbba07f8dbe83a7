package scrape

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

func recipeOf(t *testing.T, name, text string) *Recipe {
	t.Helper()
	r, err := ParseRecipe(name+".yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const rotaText = "rows: tr\nfields:\n  day: {select: \"td:nth-child(1)\"}\n  who: {select: \"td:nth-child(2)\"}\n"

// page puts a page of recipe r into k.
func (k *Keep) page(r *Recipe, url, job, mime, body string) {
	ref := r.Ref()
	k.put(entry{
		URL: url, Job: job, At: time.Date(2025, 11, 3, 7, 0, 0, 0, time.UTC), Status: 200, Type: mime, Kind: "text/html",
		Recipe: ref.Name, Version: ref.Hash,
	}, []byte(body), r)
}

// rota is a page with a row of two cells for each of rows.
func rota(rows ...string) string {
	var b strings.Builder
	b.WriteString("<title>rota</title><table>")
	for _, r := range rows {
		day, who, _ := strings.Cut(r, " ")
		fmt.Fprintf(&b, "<tr><td>%s<td>%s", day, who)
	}
	return b.String()
}

var rereadConfig = Config{Timeout: 10 * time.Second, MaxBody: DefaultMaxBody}

func reread(t *testing.T, dir string, r *Recipe, compare bool) []Reread {
	t.Helper()
	k, err := OpenKept(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []Reread
	for i := range k.Len() {
		got = append(got, k.Reread(t.Context(), i, r, rereadConfig, compare))
	}
	return got
}

func TestReextract(t *testing.T) {
	dir := t.TempDir()
	k := openKeep(t, dir, 0)
	was := recipeOf(t, "rota", rotaText)
	for i := range 40 {
		url := fmt.Sprintf("http://one.test/%d", i)
		k.page(was, url, url, "text/html; charset=windows-1252", rota(fmt.Sprintf("%d Caf\xe9", i), fmt.Sprintf("%d Bo", i)))
	}
	k.page(was, "http://one.test/final", "http://one.test/listed", "text/html", rota("1 Ada"))
	k.page(was, "http://one.test/7", "http://one.test/7", "text/html", rota("7 Eve")) // it changed
	k.page(was, "http://one.test/empty", "http://one.test/empty", "text/html", "<p>")
	k.page(was, "http://one.test/gone", "http://one.test/gone", "text/html", rota("gone"))
	if err := os.Remove(bodyPath(dir, k.known["http://one.test/gone"].hash)); err != nil {
		t.Fatal(err)
	}
	now := recipeOf(t, "rota", strings.Replace(rotaText, "who:", "name:", 1)+"expect: {rows: 1}\n")
	got := reread(t, dir, now, true)
	if len(got) != 43 {
		t.Fatalf("%d pages, want 43", len(got))
	}
	for i, p := range got[:40] {
		r := p.Result
		want := fmt.Sprintf("[[{day %d} {name Café}] [{day %d} {name Bo}]]", i, i)
		before := strings.ReplaceAll(want, "name", "who")
		if i == 7 {
			want, before = "[[{day 7} {name Eve}]]", "[[{day 7} {who Eve}]]"
		}
		if r.URL != fmt.Sprintf("http://one.test/%d", i) || r.Outcome != engine.OK || fmt.Sprint(r.Records) != want || r.Title != "rota" || r.Status != 200 || r.Host != "one.test:80" || r.Final != "" || r.FetchedAt.Year() != 2025 {
			t.Errorf("page %d: %+v, want %s", i, r, want)
		}
		if !p.Known || fmt.Sprint(p.Before) != before {
			t.Errorf("page %d: before %v (%v), want %s", i, p.Before, p.Known, before)
		}
	}
	if r := got[40].Result; r.URL != "http://one.test/listed" || r.Final != "http://one.test/final" {
		t.Errorf("a page behind a redirect: %+v", r)
	}
	if r := got[41].Result; r.Outcome != engine.Empty || r.Error != "0 rows, expected ≥ 1" {
		t.Errorf("an empty page: %v %q", r.Outcome, r.Error)
	}
	if r := got[42].Result; r.Outcome != engine.Failed || r.Class != engine.Decode || r.Error != "kept body: no such file or directory" {
		t.Errorf("a body that is gone: %v %q %q", r.Outcome, r.Class, r.Error)
	}
}

func TestReextractWithoutTheRecipeOfThen(t *testing.T) {
	dir := t.TempDir()
	k := openKeep(t, dir, 0)
	was := recipeOf(t, "rota", rotaText)
	k.page(was, "http://one.test/", "http://one.test/", "text/html", rota("1 Ada"))
	for _, text := range []string{"", "fields: [broken"} {
		path := filepath.Join(dir, "recipes", was.hash+".yaml")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := reread(t, dir, recipeOf(t, "rota", rotaText+"#\n"), true); len(got) != 1 || got[0].Known || got[0].Result.Outcome != engine.OK {
			t.Errorf("with %q for it: %+v, want the page, and nothing known of before", text, got)
		}
	}
	if got := reread(t, dir, was, true); !got[0].Known || fmt.Sprint(got[0].Before) != "[[{day 1} {who Ada}]]" {
		t.Errorf("with that recipe itself: %+v, want it known", got[0])
	}
	if got := reread(t, dir, was, false); got[0].Known {
		t.Error("compared unasked")
	}
}

// A page of a recipe within the recipe is read by that, and joined to its row.
func TestReextractOfWhatWasFollowed(t *testing.T) {
	const text = "rows: tr\nfields: {day: {select: td}}\nfollow:\n" +
		"  - {select: \"td a\", join: true, then: {fields: {who: {select: h1}}}}\n"
	dir := t.TempDir()
	was := recipeOf(t, "rota", text)
	server := enginetest.NewPipeServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/ada" {
			io.WriteString(w, "<h1>Ada</h1><h2>cardiology</h2>")
			return
		}
		io.WriteString(w, "<table><tr><td>1 <a href=/ada>more</a></tr><tr><td>2</table>")
	}))
	s, err := New(Config{Dial: server.Dial, Keep: openKeep(t, dir, 0), IgnoreRobots: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	job, err := s.Job("http://one.test/")
	if err != nil {
		t.Fatal(err)
	}
	ref := s.Use(was)
	get := func(j engine.Job) *engine.Result {
		step := s.Do(t.Context(), engine.Request{Job: j, URL: j.URL, Host: j.Host, Recipe: ref, Report: func(engine.Phase) {}})
		if step.Result == nil || step.Result.Outcome != engine.OK {
			t.Fatalf("%s: %+v, want ok", j.URL, step.Result)
		}
		return step.Result
	}
	list := get(job)
	if len(list.Links) != 1 {
		t.Fatalf("links %+v, want one", list.Links)
	}
	detail := get(list.Links[0])
	now := recipeOf(t, "rota", strings.Replace(text, "who: {select: h1}", "who: {select: h1}, ward: {select: h2}", 1))
	got := reread(t, dir, now, true)
	if len(got) != 2 {
		t.Fatalf("%d pages, want 2", len(got))
	}
	for i, want := range []*engine.Result{list, detail} {
		if fmt.Sprint(got[i].Before) != fmt.Sprint(want.Records) || !got[i].Known {
			t.Errorf("page %d: before %v, want %v as it was fetched", i, got[i].Before, want.Records)
		}
	}
	if text := fmt.Sprint(got[1].Result.Records); text != "[[{day 1 more} {who Ada} {ward cardiology}]]" {
		t.Errorf("records %s, want the row, its page and the new field", text)
	}
}

func TestWhichPagesAreReread(t *testing.T) {
	dir := t.TempDir()
	k := openKeep(t, dir, 0)
	k.page(recipeOf(t, "rota", rotaText), "http://one.test/1", "http://one.test/1", "text/html", "")
	k.page(recipeOf(t, "rota", rotaText+"#\n"), "http://one.test/2", "http://one.test/2", "text/html", "")
	for _, tc := range []struct {
		name, only, recipe string
		more               bool // pages of another recipe
		want               int
		err                string
	}{
		{name: "all of one, whatever the recipe is called", recipe: "new", want: 2},
		{name: "those of the recipe", recipe: "rota", more: true, want: 2},
		{name: "those that are named", only: "wards", recipe: "rota", more: true, want: 1},
		{name: "none", recipe: "new", more: true, err: `: no pages of recipe "new": there are those of rota (2), wards (1)`},
		{name: "none of that name", only: "x", recipe: "rota", more: true, err: `: no pages of recipe "x": there are those of rota (2), wards (1)`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.more {
				k.page(recipeOf(t, "wards", rotaText), "http://one.test/3", "http://one.test/3", "text/html", "")
			}
			kept, err := OpenKept(dir)
			if err != nil {
				t.Fatal(err)
			}
			err = kept.Only(tc.only, tc.recipe)
			if tc.err != "" {
				if err == nil || err.Error() != "scrape: "+dir+tc.err {
					t.Errorf("got %v, want %s", err, tc.err)
				}
			} else if err != nil || kept.Len() != tc.want {
				t.Errorf("%d pages, %v; want %d", kept.Len(), err, tc.want)
			}
		})
	}
	if _, err := OpenKept(t.TempDir()); err == nil || !strings.HasSuffix(err.Error(), "want a directory of --keep-bodies") {
		t.Errorf("OpenKept of something else: %v", err)
	}
}

func rec(kv ...string) engine.Record {
	var r engine.Record
	for i := 0; i < len(kv); i += 2 {
		r = append(r, engine.Field{Name: kv[i], Value: kv[i+1]})
	}
	return r
}

func TestCompareRows(t *testing.T) {
	a, b, c, d := rec("x", "a"), rec("x", "b"), rec("x", "c"), rec("x", "d")
	for _, tc := range []struct {
		name        string
		before, now []engine.Record
		want        RowChanges
	}{
		{"nothing", nil, nil, RowChanges{}},
		{"the same", []engine.Record{a, b}, []engine.Record{a, b}, RowChanges{Same: 2}},
		{"in another order", []engine.Record{a, b}, []engine.Record{b, a}, RowChanges{Same: 2}},
		{"gained", []engine.Record{a}, []engine.Record{b, a, c}, RowChanges{Same: 1, Gained: 2}},
		{"lost", []engine.Record{a, b, c}, []engine.Record{b}, RowChanges{Same: 1, Lost: 2}},
		{"changed", []engine.Record{a, b}, []engine.Record{a, c}, RowChanges{Same: 1, Changed: 1}},
		{"changed and gained", []engine.Record{a, b}, []engine.Record{a, c, d}, RowChanges{Same: 1, Changed: 1, Gained: 1}},
		{"twice is not once", []engine.Record{a, a}, []engine.Record{a}, RowChanges{Same: 1, Lost: 1}},
		{"fields in another order", []engine.Record{rec("x", "1", "y", "2")}, []engine.Record{rec("y", "2", "x", "1")}, RowChanges{Same: 1}},
		{"a field more", []engine.Record{rec("x", "1")}, []engine.Record{rec("x", "1", "y", "2")}, RowChanges{Changed: 1}},
		{"a number is no text", []engine.Record{rec("x", "1")}, []engine.Record{{{Name: "x", Value: engine.Number("1")}}}, RowChanges{Changed: 1}},
		{"nothing is not empty", []engine.Record{rec("x", "")}, []engine.Record{{{Name: "x"}}}, RowChanges{Changed: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before, err := rowsOf(tc.before)
			if err != nil {
				t.Fatal(err)
			}
			now, err := rowsOf(tc.now)
			if err != nil {
				t.Fatal(err)
			}
			if got := compareRows(before, now); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestReadRows(t *testing.T) {
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "rows.jsonl")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	read, err := ReadRows(file(`{"_url":"http://one.test/","_batch":"b","x":"a"}

{"_url":"http://one.test/","_batch":"b","x":"b","url":3,"records":"odd names"}
{"url":"http://two.test/","final_url":"http://three.test/","outcome":"ok","records":[{"x":"a"}]}
{"url":"http://empty.test/","final_url":"","outcome":"empty","records":[]}
{"url":"http://failed.test/","final_url":"http://failed.test/","outcome":"failed","records":[]}
`))
	if err != nil {
		t.Fatal(err)
	}
	a, err := rowsOf([]engine.Record{rec("x", "a")})
	if err != nil {
		t.Fatal(err)
	}
	rows := read.of
	one, three, empty := rows["http://one.test/"], rows["http://three.test/"], rows["http://empty.test/"]
	if len(rows) != 3 || len(one) != 2 || one[0] != a[0] || len(three) != 1 || three[0] != a[0] || empty == nil || len(empty) != 0 {
		t.Errorf("got %v", rows)
	}
	kinds := engine.Record{{Name: "z", Value: "é<\u2028"}, {Name: "n", Value: engine.Number("-5.50")}, {Name: "b", Value: true}, {Name: "none"}, {Name: "l", Value: []string{"a"}}, {Name: "m", Value: []any{engine.Number("1"), "x"}}}
	text, err := kinds.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if read, err = ReadRows(file(`{"url":"u","outcome":"ok","records":[` + string(text) + "]}\n")); err != nil {
		t.Fatal(err)
	}
	if want, err := rowsOf([]engine.Record{kinds}); err != nil || read.of["u"][0] != want[0] {
		t.Errorf("%s is another row when it is read, %v", text, err)
	}
	for _, tc := range []struct{ name, text, want string }{
		{"no JSON", "{\"_url\":\"u\"}\nurl,final_url\n", ":2: not JSON Lines, as weir -o and --records write them"},
		{"another JSON", "{\"a\":1}\n", ":1: neither a result nor a record: no url and outcome, and no _url"},
		{"a broken record", "{\"url\":\"u\",\"outcome\":\"ok\",\"records\":[3]}\n", ":1: a record: json: cannot unmarshal"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := file(tc.text)
			if _, err := ReadRows(path); err == nil || !strings.HasPrefix(err.Error(), "scrape: "+path+tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}
