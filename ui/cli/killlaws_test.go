package cli_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A killRun is all that is known from outside of a run that was killed and
// resumed until it ended. Hosts are named host0 to host3 throughout.
type killRun struct {
	lives []killedLife  // each a process; only the last ended by itself
	asked []killRequest // of the site, in the order in which they came

	results, records  string // what the run wrote with -o and --records
	exported, rexport string // what weir export made of its file afterwards
	ledger            killLedger
	over              bool // the last process found that the run had ended
	code              int
}

// A killedLife is what a process left when it ended.
type killedLife struct {
	what    string             // its command and when it was killed, for people
	began   bool               // there was a file to resume from
	counted int                // results that it said were kept, when last heard
	output  string             // the file of -o
	kept    map[string]keptRow // what its file of the run holds, by URL
	check   string             // SQLite's word on that file
}

// A keptRow is a result as the file of a run holds it, whole: all columns as
// text.
type keptRow string

// A killLedger is the books of the whole run when it has ended.
type killLedger struct {
	Submitted, Backlog, Queued, Retry int
	InFlight                          int `json:"in_flight"`
	OK, Empty, Failed, Skipped        int
	Cancelled, Duplicate, Invalid     int
}

// killAhead is how many results may wait for their commit in a program that is
// killed: those that the engine hands to its store at once (64), and as many
// as wait behind them (256).
const killAhead = 64 + 256

// A killLaw is broken by a run if broken returns an error. want is the same
// run without a kill.
type killLaw struct {
	name   string
	broken func(r, want *killRun) error
}

var killLaws = []killLaw{
	{"nothing is asked for before there is a file", (*killRun).asksTooEarly},
	{"what was acknowledged is kept", (*killRun).losesAcknowledged},
	{"what is kept stays", (*killRun).losesKept},
	{"what is kept is not fetched again", (*killRun).fetchesKept},
	{"a kill costs each URL in flight one fetch", (*killRun).fetchesTwice},
	{"a kill hits a bounded number of URLs", (*killRun).hitsMany},
	{"robots.txt is asked for once a life", (*killRun).asksForRobots},
	{"the file is sound", (*killRun).unsound},
	{"no line is torn", (*killRun).torn},
	{"no row comes twice", (*killRun).doubled},
	{"the output is that of an uninterrupted run", (*killRun).differs},
	{"the export is the output", (*killRun).exportsElse},
	{"the ledger balances", (*killRun).unbalanced},
}

// broken returns the names of the laws that r breaks, and how.
func (r *killRun) broken(want *killRun) (names []string, err error) {
	for _, law := range killLaws {
		if e := law.broken(r, want); e != nil {
			names = append(names, law.name)
			err = errors.Join(err, fmt.Errorf("%s: %w", law.name, e))
		}
	}
	return names, err
}

func (r *killRun) last() *killedLife { return &r.lives[len(r.lives)-1] }

// page reports whether a request is for a page.
func (q killRequest) page() bool { return strings.Contains(q.url, "/p/") }

func (r *killRun) asksTooEarly(*killRun) error {
	for _, q := range r.asked {
		if !r.lives[q.life].began {
			return fmt.Errorf("%s asked for %s and left nothing to resume from", r.lives[q.life].what, q.url)
		}
	}
	return nil
}

// losesAcknowledged: a program acknowledges a result when it counts it, as its
// metrics show, and when it writes its row to the file of -o.
func (r *killRun) losesAcknowledged(*killRun) error {
	final, _ := killRows(r.results)
	for _, l := range r.lives {
		if l.counted > len(l.kept) {
			return fmt.Errorf("%s: it counted %d results, the file holds %d", l.what, l.counted, len(l.kept))
		}
		rows, _ := killRows(l.output)
		for url, line := range rows {
			if _, ok := l.kept[url]; !ok {
				return fmt.Errorf("%s: %s was written and is not in the file", l.what, url)
			}
			if final[url] != line {
				return fmt.Errorf("%s: the row was %s, in the end it is %q", l.what, line, final[url])
			}
		}
	}
	return nil
}

func (r *killRun) losesKept(*killRun) error {
	for i, l := range r.lives[1:] {
		before := r.lives[i]
		for url, row := range before.kept {
			if l.kept[url] != row {
				return fmt.Errorf("%s: %s was kept as %q, after %s it is %q", before.what, url, row, l.what, l.kept[url])
			}
		}
	}
	final, _ := killRows(r.results)
	for url := range r.last().kept {
		if _, ok := final[url]; !ok {
			return fmt.Errorf("%s is kept and was not written", url)
		}
	}
	return nil
}

func (r *killRun) fetchesKept(*killRun) error {
	for _, q := range r.asked {
		for _, l := range r.lives[:q.life] {
			if _, ok := l.kept[q.url]; ok {
				return fmt.Errorf("%s was kept by %s and asked for by %s", q.url, l.what, r.lives[q.life].what)
			}
		}
	}
	return nil
}

// fetchesTwice: a life asks for a page once, and again only after a 500. As
// what is kept is not fetched again, each kill costs a page one fetch, and only
// if it hit it in flight.
func (r *killRun) fetchesTwice(*killRun) error {
	type in struct {
		life int
		url  string
	}
	asked := map[in]int{}
	failed := map[in]int{}
	for _, q := range r.asked {
		if !q.page() {
			continue
		}
		at := in{q.life, q.url}
		if asked[at] > failed[at] {
			return fmt.Errorf("%s was asked for %d times by %s", q.url, asked[at]+1, r.lives[q.life].what)
		}
		asked[at]++
		if q.status >= 500 && q.whole {
			failed[at]++
		}
	}
	return nil
}

// hits returns how many pages were in flight when each life ended: asked for,
// not kept, and not waiting for a retry.
func (r *killRun) hits() []int {
	hit := make([]map[string]bool, len(r.lives))
	for _, q := range r.asked {
		_, kept := r.lives[q.life].kept[q.url]
		if kept || !q.page() || q.status >= 500 {
			continue
		}
		if hit[q.life] == nil {
			hit[q.life] = map[string]bool{}
		}
		hit[q.life][q.url] = true
	}
	n := make([]int, len(hit))
	for i := range hit {
		n[i] = len(hit[i])
	}
	return n
}

func (r *killRun) hitsMany(*killRun) error {
	hits := r.hits()
	for i, n := range hits {
		if n > killWorkers+killAhead {
			return fmt.Errorf("%s: %d pages were fetched and not kept", r.lives[i].what, n)
		}
	}
	if n := hits[len(hits)-1]; n > 0 {
		return fmt.Errorf("%d pages were fetched and are not kept in the end", n)
	}
	return nil
}

func (r *killRun) asksForRobots(*killRun) error {
	seen := map[killRequest]bool{}
	for _, q := range r.asked {
		if q.page() {
			continue
		}
		q.status, q.whole = 0, false
		if seen[q] {
			return fmt.Errorf("%s was asked for twice by %s", q.url, r.lives[q.life].what)
		}
		seen[q] = true
	}
	return nil
}

func (r *killRun) unsound(*killRun) error {
	for _, l := range r.lives {
		if l.began && l.check != "ok" {
			return fmt.Errorf("%s: %s", l.what, l.check)
		}
	}
	return nil
}

func (r *killRun) torn(*killRun) error {
	if _, err := killRows(r.results); err != nil {
		return err
	}
	_, err := killRecords(r.records)
	return err
}

func (r *killRun) doubled(*killRun) error {
	seen := map[string]bool{}
	for line := range strings.Lines(r.results) {
		url := killURL(line)
		if seen[url] {
			return fmt.Errorf("results: %s", line)
		}
		seen[url] = true
	}
	clear(seen)
	rows, _ := killRecords(r.records)
	for _, row := range rows {
		if seen[row] {
			return fmt.Errorf("records: %s", row)
		}
		seen[row] = true
	}
	return nil
}

func (r *killRun) differs(want *killRun) error {
	if r.code != want.code && !(r.over && r.code == 0) {
		return fmt.Errorf("exit code %d, want %d", r.code, want.code)
	}
	if err := killSame(killTimeless(r.results), killTimeless(want.results)); err != nil {
		return fmt.Errorf("results: %w", err)
	}
	got, _ := killRecords(r.records)
	rows, _ := killRecords(want.records)
	if err := killSame(got, rows); err != nil {
		return fmt.Errorf("records: %w", err)
	}
	return nil
}

func (r *killRun) exportsElse(*killRun) error {
	if err := killSame(slices.Collect(strings.Lines(r.exported)), slices.Collect(strings.Lines(r.results))); err != nil {
		return fmt.Errorf("results: %w", err)
	}
	got, err := killRecords(r.rexport)
	if err != nil {
		return err
	}
	want, _ := killRecords(r.records)
	if err := killSame(got, want); err != nil {
		return fmt.Errorf("records: %w", err)
	}
	return nil
}

func (r *killRun) unbalanced(want *killRun) error {
	l := r.ledger
	if sum := l.OK + l.Empty + l.Failed + l.Skipped + l.Cancelled; sum != l.Submitted || l != want.ledger {
		return fmt.Errorf("%+v is %d in sum, want %+v", l, sum, want.ledger)
	}
	if n := len(r.last().kept); n != l.Submitted-l.Duplicate {
		return fmt.Errorf("%d results are kept, want one for each of %+v", n, l)
	}
	return nil
}

// killRows returns the whole lines of a file of results by URL, and an error if
// there is more.
func killRows(text string) (map[string]string, error) {
	rows := map[string]string{}
	for line := range strings.Lines(text) {
		if !strings.HasSuffix(line, "\n") || !json.Valid([]byte(line)) || killURL(line) == "" {
			return rows, fmt.Errorf("results: %q", line)
		}
		rows[killURL(line)] = line
	}
	return rows, nil
}

// killURL returns the URL of a row of results; empty if it has none.
func killURL(line string) string {
	var row struct{ URL string }
	_ = json.Unmarshal([]byte(line), &row) // a torn line has none
	return row.URL
}

// killTimeless returns the rows of a file of results without what may differ
// between two runs: when and how fast a page came, and how many attempts one
// took that a kill may have hit.
func killTimeless(text string) []string {
	var rows []string
	for line := range strings.Lines(text) {
		var row map[string]any
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			rows = append(rows, line)
			continue
		}
		for _, key := range []string{"fetched_at", "elapsed_ms", "attempts"} {
			delete(row, key)
		}
		text, _ := json.Marshal(row) // it was JSON
		rows = append(rows, string(text))
	}
	return rows
}

// killRecords returns the rows of a file of records, without the line of names
// and the last column: what the columns do not hold, which is nothing. It is
// there in a file that was begun on a screen, where other recipes could come.
func killRecords(text string) ([]string, error) {
	if text != "" && !strings.HasSuffix(text, "\n") {
		return nil, errors.New("records: the last line has no end")
	}
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("records: %w", err)
	}
	if len(all) == 0 || all[0][0] != "_url" {
		return nil, errors.New("records: no line of names")
	}
	n := len(all[0])
	more := all[0][n-1] == "_more"
	var rows []string
	for _, row := range all[1:] {
		if row[0] == "_url" {
			return nil, errors.New("records: two lines of names")
		}
		if more && row[n-1] == "" {
			row = row[:n-1]
		}
		rows = append(rows, fmt.Sprintf("%q", row))
	}
	return rows, nil
}

// killSame compares two lists as sets in which a member may come twice.
func killSame(got, want []string) error {
	got, want = slices.Clone(got), slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	for i := range max(len(got), len(want)) {
		switch {
		case i == len(got) || i < len(want) && got[i] > want[i]:
			return fmt.Errorf("%d rows, want %d; missing is %s", len(got), len(want), want[i])
		case i == len(want) || got[i] < want[i]:
			return fmt.Errorf("%d rows, want %d; too much is %s", len(got), len(want), got[i])
		}
	}
	return nil
}
