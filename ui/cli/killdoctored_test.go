package cli_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// madeUp is a run of three pages that was killed once: when the first was kept,
// the second was fetched, and the third waited for a retry.
func madeUp() *killRun {
	const one, two, three = "http://host0/p/1", "http://host0/p/2", "http://host1/p/3"
	line := func(url string) string {
		return fmt.Sprintf("{\"url\":%q,\"outcome\":\"ok\",\"attempts\":1,\"elapsed_ms\":3,\"fetched_at\":\"2026\"}\n", url)
	}
	record := func(url string) string { return url + ",list,\"a, b\"\n" }
	const names = "_url,_batch,person\n"
	r := &killRun{
		lives: []killedLife{
			{what: "life 0", began: true, counted: 1, output: line(one), kept: map[string]keptRow{one: "1"}, check: "ok"},
			{
				what: "life 1", began: true, counted: 3, output: line(one) + line(two) + line(three),
				kept: map[string]keptRow{one: "1", two: "2", three: "3"}, check: "ok",
			},
		},
		asked: []killRequest{
			{life: 0, url: "http://host0/robots.txt", status: 200, whole: true},
			{life: 0, url: one, status: 200, whole: true},
			{life: 0, url: three, status: 500, whole: true},
			{life: 0, url: two, status: 200, whole: true},
			{life: 1, url: two, status: 200, whole: true},
			{life: 1, url: three, status: 500, whole: true},
			{life: 1, url: three, status: 200, whole: true},
		},
		ledger: killLedger{Submitted: 3, OK: 3},
	}
	r.results, r.records = line(one)+line(two)+line(three), names+record(one)+record(two)+record(three)
	r.exported, r.rexport = line(two)+line(one)+line(three), names+record(three)+record(two)+record(one)
	return r
}

// A law that nothing breaks proves nothing: each of these has gone wrong in one
// way, and the law for it must say so.
func TestKillLaws(t *testing.T) {
	if _, err := madeUp().broken(madeUp()); err != nil {
		t.Fatal(err)
	}
	lines := func(text string) []string { return slices.Collect(strings.Lines(text)) }
	drop := func(text string, i int) string { return strings.Join(slices.Delete(lines(text), i, i+1), "") }
	twice := func(text string, i int) string { return text + lines(text)[i] }
	const (
		tooEarly  = "nothing is asked for before there is a file"
		lost      = "what was acknowledged is kept"
		stays     = "what is kept stays"
		again     = "what is kept is not fetched again"
		once      = "a kill costs each URL in flight one fetch"
		bounded   = "a kill hits a bounded number of URLs"
		robots    = "robots.txt is asked for once a life"
		sound     = "the file is sound"
		whole     = "no line is torn"
		double    = "no row comes twice"
		same      = "the output is that of an uninterrupted run"
		exported  = "the export is the output"
		balanced  = "the ledger balances"
		one       = "http://host0/p/1"
		two       = "http://host0/p/2"
		robotsTXT = "http://host0/robots.txt"
	)
	broken := map[string]bool{}
	for _, tc := range []struct {
		name   string
		doctor func(*killRun)
		want   []string
	}{
		{"asked, and left no file", func(r *killRun) { r.lives[0] = killedLife{} }, []string{tooEarly}},
		{"counted and not kept", func(r *killRun) { r.lives[0].counted = 2 }, []string{lost}},
		{"written and not kept", func(r *killRun) { r.lives[0].output += lines(r.results)[1] }, []string{lost}},
		{"written, and another row in the end", func(r *killRun) {
			r.lives[0].output = strings.Replace(r.lives[0].output, ":3", ":4", 1)
		}, []string{lost}},
		{"kept and lost by the next life", func(r *killRun) {
			r.lives = slices.Insert(r.lives, 1, r.lives[0])
			r.lives[1].kept = nil
			r.lives[1].output, r.lives[1].counted = "", 0
			for i := range r.asked {
				if r.asked[i].life == 1 {
					r.asked[i].life = 2
				}
			}
		}, []string{stays}},
		{"kept, and fetched anew by the next life", func(r *killRun) { r.lives[1].kept[one] = "other" }, []string{stays}},
		{"kept and fetched again", func(r *killRun) {
			r.asked = append(r.asked, killRequest{life: 1, url: one, status: 200, whole: true})
		}, []string{again}},
		{"fetched twice in a life", func(r *killRun) { r.asked = append(r.asked, r.asked[4]) }, []string{once}},
		{"retried and then fetched twice", func(r *killRun) { r.asked = append(r.asked, r.asked[6]) }, []string{once}},
		{"an answer that was cut off, and no retry", func(r *killRun) {
			r.asked[5].whole = false
		}, []string{once}},
		{"fetched and forgotten", func(r *killRun) { delete(r.lives[1].kept, two) }, []string{lost, bounded, balanced}},
		{"too many in flight", func(r *killRun) {
			for i := range killWorkers + killAhead {
				r.asked = append(r.asked, killRequest{life: 0, url: fmt.Sprintf("http://host1/p/%d", 10+i)})
			}
		}, []string{bounded}},
		{"robots.txt for every page", func(r *killRun) {
			r.asked = append(r.asked, killRequest{life: 1, url: robotsTXT}, killRequest{life: 1, url: robotsTXT, status: 200})
		}, []string{robots}},
		{"a page of the file is bad", func(r *killRun) { r.lives[0].check = "*** in database main ***" }, []string{sound}},
		{"a result without its end", func(r *killRun) { r.results = r.results[:len(r.results)-9] }, []string{whole, same, exported, lost, stays}},
		{"a result that another one goes on in", func(r *killRun) {
			r.results = strings.Replace(r.results, "\"2026\"}\n", "\"20", 1)
		}, []string{whole, same, exported, lost, stays}},
		{"a record without its end", func(r *killRun) { r.records = r.records[:len(r.records)-1] }, []string{whole, same, exported}},
		{"a record that another one goes on in", func(r *killRun) {
			r.records = strings.Replace(r.records, "a, b\"\n", "a,", 1)
		}, []string{whole, same, exported}},
		{"names of fields twice", func(r *killRun) { r.records = twice(r.records, 0) }, []string{whole, same, exported}},
		{"a result is lost", func(r *killRun) { r.results = drop(r.results, 1) }, []string{stays, same, exported, lost}},
		{"a result comes twice", func(r *killRun) { r.results = twice(r.results, 1) }, []string{double, same, exported}},
		{"a record is lost", func(r *killRun) { r.records = drop(r.records, 2) }, []string{same, exported}},
		{"a record comes twice", func(r *killRun) { r.records = twice(r.records, 2) }, []string{double, same, exported}},
		{"another exit code", func(r *killRun) { r.code = 1 }, []string{same}},
		{"a wrong exit code of a run that was over", func(r *killRun) { r.code, r.over = 1, true }, []string{same}},
		{"an export that lacks a result", func(r *killRun) { r.exported = drop(r.exported, 1) }, []string{exported}},
		{"an export with a record twice", func(r *killRun) { r.rexport = twice(r.rexport, 1) }, []string{exported}},
		{"an export of another time", func(r *killRun) {
			r.exported = strings.Replace(r.exported, "2026", "2027", 1)
		}, []string{exported}},
		{"a ledger that does not add up", func(r *killRun) { r.ledger.OK-- }, []string{balanced}},
		{"a ledger that adds up to less", func(r *killRun) { r.ledger.OK--; r.ledger.Submitted-- }, []string{balanced}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := madeUp()
			tc.doctor(r)
			got, err := r.broken(madeUp())
			slices.Sort(got)
			slices.Sort(tc.want)
			if !slices.Equal(got, tc.want) {
				t.Errorf("breaks %q, want %q:\n%v", got, tc.want, err)
			}
			for _, name := range got {
				broken[name] = true
			}
		})
	}
	for _, law := range killLaws {
		if !broken[law.name] {
			t.Errorf("nothing breaks %q; broken are %q", law.name, slices.Sorted(maps.Keys(broken)))
		}
	}
}
