package scrape_test

import (
	"encoding/csv"
	"fmt"
	entities "html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"
	"golang.org/x/text/encoding/charmap"

	"weir/scrape"
)

// The recipes that are built in, on the pages of testdata/recipes: what they
// make of each is written beside it.
func TestRecipesOnPages(t *testing.T) {
	for _, r := range scrape.Recipes() {
		files, err := filepath.Glob(filepath.Join("testdata", "recipes", r.Name(), "*.*ml"))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) < 3 {
			t.Errorf("%s is shown on %d pages, want at least 3", r.Name(), len(files))
		}
		for _, file := range files {
			t.Run(r.Name()+"/"+filepath.Base(file), func(t *testing.T) {
				body, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				p := page(t, "http://site.test/d/page?Lo=7f3a", string(r.Decode(body, "")))
				p.ContentType = ""
				x, err := r.Extract(t.Context(), p)
				if err != nil {
					golden.RequireEqual(t, []byte(err.Error()+"\n"))
					return
				}
				golden.RequireEqual(t, written(t, x))
			})
		}
	}
}

// bodyOf returns a page of a recipe, decoded.
func bodyOf(t *testing.T, recipe, file string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "recipes", recipe, file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(load(t, recipe).Decode(body, "")), "\u00a0", " ")
}

// The number of records is that of what stands in the page's bytes, counted
// without parsing it.
func TestRecipesCount(t *testing.T) {
	for _, tc := range []struct {
		recipe, file, each string // a regular expression that is there once for each record
		more               int    // records beyond its matches
	}{
		{recipe: "links", file: "index.html", each: `(?i)<(a|area)\s[^>]*href=`, more: -1}, // one in a template
		{recipe: "links", file: "hostile.html", each: `<a href=`},
		{recipe: "table", file: "rivers.html", each: `<tr>(<th>Total|<th scope="row")`},
		{recipe: "table", file: "nineties.html", each: `<TR><TD>(Rope|Tar|Bell)|<TR><TD>Closed`},
		{recipe: "table", file: "infobox.html", each: `<table`},
		{recipe: "feed", file: "rss2-podcast.xml", each: `<item>`},
		{recipe: "feed", file: "rss1-rdf.xml", each: `<item `},
		{recipe: "feed", file: "atom-blog.xml", each: `<entry>`},
		{recipe: "feed", file: "atom-releases.xml", each: `<entry>`},
		{recipe: "feed", file: "broken-rss2.xml", each: `<item>`},
		{recipe: "feed", file: "no-items.xml", each: `<item>`},
		{recipe: "schedule", file: "month-2025-12.html", each: `<tr><td>2`},
		{recipe: "schedule", file: "month-2026-02.html", each: `<tr><td>2`},
		{recipe: "schedule", file: "hollow.html", each: `<tr><td>2`},
		{recipe: "oncall", file: "day-2025-12-31.html", each: `<td nowrap><font color="#606060">`},
		{recipe: "oncall", file: "day-2026-01-01.html", each: `<td nowrap><font color="#606060">`},
		{recipe: "oncall", file: "day-odd.html", each: `<td nowrap>(<font|all day)`},
		// By hand: 2 of 29 December, of the 30th 4, of the 31st 5, of New Year
		// 2, of the days after it 2 and 4. The expression finds the 6 days.
		{recipe: "oncall", file: "weeks-over-new-year.html", each: `(?m)^<TR.*?<td nowrap>\w+ \d+/\d+`, more: 13},
		{recipe: "oncall", file: "month-without-names.html", each: `<nobr>`},
		{recipe: "oncall", file: "expired.html", each: `<nobr>`},
	} {
		t.Run(tc.recipe+"/"+tc.file, func(t *testing.T) {
			body := bodyOf(t, tc.recipe, tc.file)
			want := len(regexp.MustCompile(tc.each).FindAllString(body, -1)) + tc.more
			p := page(t, "http://site.test/", body)
			p.ContentType = ""
			if x := extract(t, load(t, tc.recipe), p); len(x.Records) != want {
				t.Errorf("%d records, want %d: the matches of %s and %d", len(x.Records), want, tc.each, tc.more)
			}
		})
	}
}

// A month's grid agrees with the report that the site keeps beside it: day by
// day and service by service.
func TestOncallIsTheSitesReport(t *testing.T) {
	for _, month := range []string{"2025-12", "2026-01"} {
		t.Run(month, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join("testdata", "recipes", "oncall", "month-"+month+".csv"))
			if err != nil {
				t.Fatal(err)
			}
			raw, err = charmap.Windows1252.NewDecoder().Bytes(raw)
			if err != nil {
				t.Fatal(err)
			}
			lines, err := csv.NewReader(strings.NewReader(entities.UnescapeString(string(raw)))).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, l := range lines[1:] {
				date, err := time.Parse("1/2/2006", l[0])
				if err != nil {
					t.Fatal(err)
				}
				who := "OPEN"
				if words := strings.Fields(l[3]); words[0] == "Dr." {
					who = words[2] + "-" + string([]rune(words[1])[:1])
				}
				want = append(want, date.Format(time.DateOnly)+" "+l[1]+" "+who)
			}
			body := bodyOf(t, "oncall", "month-"+month+".html")
			x := extract(t, load(t, "oncall"), page(t, "http://site.test/", body))
			var got []string
			seen, split, remote, noted := map[string]bool{}, 0, 0, 0
			for _, rec := range x.Records {
				at := map[string]any{}
				for _, f := range rec {
					at[f.Name] = f.Value
				}
				who := at["person"]
				if at["open"] == true {
					who = "OPEN"
				}
				place := fmt.Sprint(at["date"], " ", at["service"])
				hours := fmt.Sprint(at["start"], " ", at["end"])
				switch {
				case seen[place]: // the second of a split cell
					split++
					if hours != "17:00 07:00" {
						t.Errorf("%s: the second has %s, want 17:00 07:00", place, hours)
					}
				default:
					got = append(got, fmt.Sprint(place, " ", who))
					if hours != "07:00 19:00" && hours != "07:00 17:00" {
						t.Errorf("%s has %s, want 07:00 to 19:00 or 17:00", place, hours)
					}
				}
				seen[place] = true
				if at["telehealth"] == true {
					remote++
				}
				if at["note"] != nil {
					noted++
				}
			}
			if !slices.Equal(got, want) {
				for i := range want {
					if i >= len(got) || got[i] != want[i] {
						t.Fatalf("%d first records, want %d; the first that differs is %q, want %q", len(got), len(want), got[min(i, len(got)-1)], want[i])
					}
				}
				t.Fatalf("%d first records, want %d", len(got), len(want))
			}
			if w := strings.Count(body, " 7a-5p / "); split != w || len(x.Findings) > 0 {
				t.Errorf("%d cells are split, want %d; findings %v, want none", split, w, x.Findings)
			}
			if w := strings.Count(body, `TITLE="telehealth"`); remote != w {
				t.Errorf("%d are by telehealth, want %d", remote, w)
			}
			if w := strings.Count(body, `SRC="/note.gif"`); noted != w {
				t.Errorf("%d have a note, want %d", noted, w)
			}
		})
	}
}
