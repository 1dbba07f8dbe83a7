package scrape_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/exp/golden"

	"weir/scrape"
)

func try(t testing.TB, r *scrape.Recipe, p scrape.Page) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := scrape.Try(t.Context(), &b, r, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTry(t *testing.T) {
	file := func(name string) string {
		body, err := os.ReadFile(filepath.Join("testdata", "pages", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	long := "<table class=amion-schedule>" + strings.Repeat("<tr><td>2025-11-03<td>Day<td>late<td>19:00<td>王小明, 外科 "+strings.Repeat("x", 40), 30)
	for _, tc := range []struct{ name, recipe, body string }{
		{"rows with gaps", "schedule", file("schedule.html")},
		{"one record with lists", "page", file("article.html")},
		{"types", "cards.yaml", file("cards.html")},
		{"next pages", "grid.yaml", file("grid.html")},
		{"more than is shown, wide characters", "schedule", long},
		{"every selector, and what it lacks", "find.yaml", file("find.html")},
		{"no row", "schedule", "<title>Nothing</title>"},
		{"nothing", "page", ""},
		{"hostile text", "page", "<title>a\x1b]0;owned\x07\x9b31m\u202eb\u200bc</title><h1>e" + strings.Repeat("\u0301", 9) + "</h1><a href='\x1b[2J'>"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			golden.RequireEqual(t, try(t, load(t, tc.recipe), page(t, "https://h.test/p", tc.body)))
		})
	}
}

func TestTryErrors(t *testing.T) {
	var b bytes.Buffer
	p := scrape.Page{Body: []byte("{}"), ContentType: "application/json"}
	if _, err := scrape.Try(t.Context(), &b, load(t, "page"), p); !errors.Is(err, scrape.ErrNotHTML) || b.Len() > 0 {
		t.Errorf("Try = %v and wrote %q, want %v and nothing", err, b.String(), scrape.ErrNotHTML)
	}
	if _, err := scrape.Try(t.Context(), broken{}, load(t, "page"), page(t, "http://a.test/", "")); !errors.Is(err, errBroken) {
		t.Errorf("Try = %v, want %v", err, errBroken)
	}
}

// What is left out is said, not only what is followed.
func TestTryShowsThatLinksAreLeftOut(t *testing.T) {
	var links strings.Builder
	for i := range scrape.MaxNext + 1 {
		fmt.Fprintf(&links, "<a href=/%d>", i)
	}
	got := string(try(t, recipe(t, "fields: {t: {select: title}}\nfollow: [{select: a}]"), page(t, "http://a.test/", links.String())))
	if want := "\n1 finding\n  ManyLinks@R1001C1  a  \"http://a.test/1000\"\n\nfollows 1000 pages\n"; !strings.Contains(strings.ReplaceAll(got, "C1    ", "C1  "), want) {
		t.Errorf("Try printed\n%s\nwant in it %q", got, want)
	}
}

var errBroken = errors.New("broken pipe")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

// Whatever a page writes: what is printed is lines of visible characters.
func FuzzTry(f *testing.F) {
	f.Add([]byte("<title>\x1b[31m\u009b\u202e\xff\u0301</title><h1>\u200b\ue000</h1><a href='\x00&#27;'>"))
	f.Add([]byte("<table class=amion-schedule><tr><td>\x07<td>\r<td>x<td>\U000e0041<td><a href=//\x1b>"))
	var rs []*scrape.Recipe
	for _, name := range []string{"page", "schedule", "cards.yaml", "grid.yaml"} {
		rs = append(rs, load(f, name))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, r := range rs {
			var b bytes.Buffer
			_, err := scrape.Try(t.Context(), &b, r, page(t, "http://a.test/", string(body)))
			if err != nil {
				if !errors.Is(err, scrape.ErrTooComplex) {
					t.Fatal(err)
				}
				continue
			}
			for i, c := range b.String() {
				if c != '\n' && !unicode.IsPrint(c) {
					t.Fatalf("%s printed %U at %d: %q", r.Name(), c, i, b.String()[max(0, i-20):i])
				}
			}
		}
	})
}

func ExampleTry() {
	r, err := scrape.ParseRecipe("births.yaml", []byte(`
rows: li
fields:
  name: {select: b, required: true}
  born: {select: i, type: date}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	p := scrape.Page{ContentType: "text/html", Body: []byte(`<ul><li><b>Ada</b> <i>10 December 1815</i><li><b>Alan</b> <i>soon</i></ul>`)}
	if _, err := scrape.Try(context.Background(), os.Stdout, r, p); err != nil {
		fmt.Println(err)
	}
	// Output:
	// recipe   births
	// kind     text/html, 74 bytes
	// outcome  ok, 2 records
	//
	// #  name  born
	// 1  Ada   1815-12-10
	// 2  Alan  soon
	//
	// field  filled  matched  select
	// rows   2       2        li
	// name   2/2     2        b
	// born   1/2     2        i       1 not of type date
	//
	// 1 finding
	//   BadCell@R2C2  born  i  "soon"
}
