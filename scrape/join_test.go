package scrape_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/scrape"
)

// joining is a recipe that joins the rows of a list with a page of each.
const joining = `
rows: tr
fields:
  name: {select: td}
  n:    {select: "td:nth-child(2)", type: int}
  tags: {select: i, many: true}
follow:
  - {select: a, join: true, then: {fields: {phone: {select: .phone, required: true}, ok: {select: b, type: bool}}}}
  - {select: "body > a", pages: 5}
`

// row is a row of a list, with a link if it has a URL.
func row(name string, n int, urls ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<tr><td>%s<td>%d", name, n)
	for _, u := range urls {
		fmt.Fprintf(&b, "<td><a href=%q>more</a>", u)
	}
	return b.String()
}

func TestJoinPutsPagesIntoTheRecordsOfTheirRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		served := newVisits()
		w := newWalk(t, served.pages(map[string]string{
			"/":    "<table>" + row("ann", 1, "/ann") + row("bob", 2) + row("cy<i>x</i><i>y</i>", 3, "mailto:cy@one.test", "/cy", "/ann") + row("", 0) + "</table><a href=/2>next</a>",
			"/2":   "<table>" + "<tr><td>dee<td>12345678901234567890<td><a href=/dee>",
			"/ann": "<p class=phone>11</p><b>", "/cy": "<p class=phone>33", "/dee": "<p class=phone>44",
		}), scrape.Config{})
		w.cfg.Interval = time.Second
		w.run(joining, "http://one.test/")
		served.inOrder(t, "0 /", "1 /ann", "2 /cy", "3 /2", "4 /dee")
		w.holds(
			`{"name":"ann","n":1,"tags":[],"phone":"11","ok":true}`,
			`{"name":"bob","n":2,"tags":[]}`,
			`{"name":"cyxy","n":3,"tags":["x","y"],"phone":"33","ok":false}`,
			`{"name":"","n":0,"tags":[]}`,
			`{"name":"dee","n":12345678901234567890,"tags":[],"phone":"44","ok":false}`,
		)
		if got := w.result("http://one.test/ann"); got.Records[0][0].Name != "name" || len(got.Records[0]) != 5 {
			t.Errorf("the record of ann is %v, want the fields of the row and then those of its page", got.Records)
		}
		if tags, ok := w.result("http://one.test/cy").Records[0][2].Value.([]string); !ok || len(tags) != 2 {
			t.Errorf("a list came out as %#v, want a []string of two", tags)
		}
		if w.stats.Rows != 5 {
			t.Errorf("%d rows counted, want 5", w.stats.Rows)
		}
	})
}

// Nothing that becomes of a page takes the row with it.
func TestJoinLosesNoRow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		served := newVisits()
		pages := served.pages(map[string]string{
			"one.test/robots.txt": "User-agent: *\nDisallow: /robots\n",
			"/": "<table>" + row("failed", 1, "/failed") + row("gone", 2, "http://down.test/gone") + row("robots", 3, "/robots") +
				row("blank", 4, "/blank") + row("away", 5, "/away") + row("big", 6, "/big") + row("private", 7, "http://10.0.0.1/") + row("late", 8, "http://late.test/8"),
			"/8": "hang", "/failed": "!404", "/blank": "<p>nothing", "/away": ">ftp://one.test/", "/big": "<p class=phone>" + strings.Repeat("9", 5000),
		})
		w := newPoliteWalk(t, pages, scrape.Config{MaxBody: 4000})
		w.down = map[string]bool{"down.test:80": true}
		w.before = func(e *engine.Engine) {
			go func() {
				time.Sleep(time.Second)
				e.Cancel(t.Context(), engine.Selector{Host: "late.test:80"})
			}()
		}
		w.run(strings.Replace(joining, "a, join", `"a[href]", match: ., scope: any, join`, 1), "http://one.test/")
		var want []string
		for i, name := range []string{"failed", "gone", "robots", "blank", "away", "big", "private", "late"} {
			want = append(want, fmt.Sprintf(`{"name":%q,"n":%d,"tags":[],"phone":null,"ok":null}`, name, i+1))
		}
		w.holds(want...)
		for _, tc := range []struct{ url, outcome, finding string }{
			{"http://one.test/failed", "failed status", "failed: status"},
			{"http://down.test/gone", "failed connect", "failed: connect"},
			{"http://one.test/robots", "skipped robots", "skipped: robots"},
			{"http://one.test/blank", "empty ", "empty"},
			{"http://one.test/away", "failed redirect", "failed: redirect"},
			{"http://one.test/big", "failed too_large", "failed: too_large"},
			{"http://10.0.0.1/", "failed blocked", "failed: blocked"},
			{"http://late.test/8", "cancelled ", "cancelled"},
		} {
			got := w.result(tc.url)
			want := []engine.Finding{{Kind: scrape.MissingDetail, Row: 1, Col: 4, Field: "phone", Selector: `a[href]`, Raw: tc.finding}}
			if is := fmt.Sprintf("%v %s", got.Outcome, got.Class); is != tc.outcome || !slices.Equal(got.Findings, want) {
				t.Errorf("%s: %s %q with %+v, want %s with %+v", tc.url, is, got.Error, got.Findings, tc.outcome, want)
			}
		}
	})
}

// Rows that lead to one page share its request, and each comes out.
func TestJoinOfTwoRowsWithOnePage(t *testing.T) {
	served := newVisits()
	pages := map[string]string{
		"/":  "<table>" + row("ann", 1, "/x?sid=1") + row("bob", 2, "/y") + row("cy", 3, "/x?sid=2") + row("ann", 1, "/x#z") + "</table><a href=/2>next</a>",
		"/2": "<table>" + row("dee", 4, "/x") + row("ann", 1, "/x"),
		"/3": "<table>" + row("dee", 4, "/x") + row("ann", 1, "/x"),
	}
	for _, x := range []string{"/x", "/x?sid=1", "/x?sid=2"} {
		pages[x] = "<p class=phone>1"
	}
	pages["/y"] = "!404"
	w := newWalk(t, served.pages(pages), scrape.Config{})
	w.run(joining+"fingerprint: {ignore: [sid]}\n", "http://one.test/", "http://one.test/2", "http://one.test/3")
	rec := func(name string, n int) string {
		return fmt.Sprintf(`{"name":%q,"n":%d,"tags":[],"phone":"1","ok":false}`, name, n)
	}
	w.holds(rec("ann", 1), rec("ann", 1), rec("cy", 3), `{"name":"bob","n":2,"tags":[],"phone":null,"ok":null}`,
		rec("dee", 4), rec("ann", 1), rec("dee", 4), rec("ann", 1))
	served.want(t, "/", "/2", "/3", "/x", "/x", "/x", "/y") // once for each page of the list
	w.counts(engine.Counts{Submitted: 7, OK: 6, Failed: 1})
}

// A page of a row may have several records, more pages, and rows that lead on.
func TestJoinGoesOn(t *testing.T) {
	served := newVisits()
	w := newWalk(t, served.pages(map[string]string{
		"/":   "<table>" + row("ann", 1, "/a") + row("bob", 2, "/a") + row("cy", 3, "/c"),
		"/a":  "<p>x<p>y <a href=/y>more</a><h2><a href=/a2>",
		"/a2": "<p>z<h2><a href=/a3></a><a href=/a4>", "/a4": "none", "/a3": "!404",
		"/y": "<h3>deep", "/c": "none",
	}), scrape.Config{})
	w.run(`
rows: tr
fields: {name: {select: td}}
follow:
  - select: a
    join: true
    then:
      rows: p
      fields: {p: {}}
      follow:
        - {select: h2 a}
        - {select: a, join: true, then: {fields: {h3: {select: h3}}}}
`, "http://one.test/")
	w.holds(
		`{"name":"ann","p":"x"}`, `{"name":"bob","p":"x"}`,
		`{"name":"ann","p":"y more","h3":"deep"}`, `{"name":"bob","p":"y more","h3":"deep"}`,
		`{"name":"ann","p":"z"}`, `{"name":"bob","p":"z"}`,
		`{"name":"cy","p":null}`,
	)
	w.counts(engine.Counts{Submitted: 7, OK: 4, Failed: 1, Empty: 2})
}

// A listing that is read again, by hand, does not ask for the same pages again,
// and asks for those of rows that are new.
func TestJoinOfAListingThatIsReadAgain(t *testing.T) {
	pages := map[string]string{
		"/": "<table>" + row("ann", 1, "/ann") + "</table>" + strings.Repeat(" ", 10), "/ann": "<p class=phone>1", "/bob": "<p class=phone>2",
	}
	served := newVisits()
	w := newWalk(t, served.pages(pages), scrape.Config{})
	w.open = true
	w.before = func(e *engine.Engine) {
		sub := e.Subscribe(engine.SubscribeOptions{})
		go func() {
			defer sub.Close()
			var v engine.View
			for range sub.Ready() {
				if sub.Take(&v); v.Stats.Counts.Left() > 0 || v.Stats.Counts.Submitted < 2 {
					continue
				}
				served.mu.Lock()
				pages["/"] = "<table>" + row("ann", 1, "/ann") + row("bob", 2, "/bob")
				served.mu.Unlock()
				e.Retry(t.Context(), engine.Selector{Jobs: []engine.JobID{1}})
				e.Close()
				return
			}
		}()
	}
	w.run(joining+"expect: {rows: 2}\n", "http://one.test/")
	served.want(t, "/", "/", "/ann", "/bob")
	w.holds(`{"name":"ann","n":1,"tags":[],"phone":"1","ok":false}`, `{"name":"bob","n":2,"tags":[],"phone":"2","ok":false}`)
}

func TestJoinOfMoreRowsThanAreFollowed(t *testing.T) {
	served := newVisits()
	pages := map[string]string{}
	var list strings.Builder
	list.WriteString("<table>")
	for i := range scrape.MaxNext + 2 {
		list.WriteString(row("x", i, fmt.Sprintf("/%d", i)))
		pages[fmt.Sprintf("/%d", i)] = "<p class=phone>1"
	}
	list.WriteString("</table><a href=/next>")
	pages["/"] = list.String()
	pages["/next"] = "<table>" + row("y", 1)
	w := newWalk(t, served.pages(pages), scrape.Config{})
	w.run(joining, "http://one.test/")
	w.counts(engine.Counts{Submitted: scrape.MaxNext + 2, OK: scrape.MaxNext + 2})
	got := w.result("http://one.test/")
	if len(got.Records) != 2 || fmt.Sprint(got.Records[0][1].Value) != "1000" || len(got.Findings) != 2 || got.Findings[1].String() != "MissingDetail@R1002C4" {
		t.Errorf("the listing kept %v with %v, want its last two rows with a finding each", got.Records, got.Findings)
	}
	if n := len(w.records()); n != scrape.MaxNext+3 {
		t.Errorf("%d records, want every row once: %d", n, scrape.MaxNext+3)
	}
}

// Rows times records is bounded, and what is over it loses no row.
func TestJoinOfManyRowsWithManyRecords(t *testing.T) {
	served := newVisits()
	var list strings.Builder
	list.WriteString("<table>")
	for i := range 1000 {
		list.WriteString(row("x", i, "/big"))
	}
	w := newWalk(t, served.pages(map[string]string{"/": list.String(), "/big": strings.Repeat("<p>a", 1000)}), scrape.Config{})
	w.run("rows: tr\nfields: {name: {select: td}}\nfollow: [{select: a, join: true, then: {rows: p, fields: {p: {}}}}]\n", "http://one.test/")
	got := w.result("http://one.test/big")
	if got.Class != engine.TooComplex || len(got.Records) != 1000 || len(got.Findings) != 1000 {
		t.Errorf("ended as %s %q with %d records and %d findings, want too_complex with the 1000 rows", got.Class, got.Error, len(got.Records), len(got.Findings))
	}
}
