package scrape

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"weir/engine"
)

// RowChanges say how the rows of a page differ from those of before.
type RowChanges struct {
	Same    int
	Gained  int
	Lost    int
	Changed int // rows that are neither, as many of before as of now
}

// A row stands for a record in comparisons: two records with equal rows have the
// same fields with the same values, in whatever order.
type row [sha256.Size]byte

func rowsOf(records []engine.Record) ([]row, error) {
	rows := make([]row, len(records))
	var text []byte
	var err error
	for i, rec := range records {
		if rows[i], text, err = rowOf(rec, text); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// rowOf returns the row of a record, with text as room to work in. Fields that
// begin with an underscore are no part of it.
func rowOf(rec engine.Record, text []byte) (row, []byte, error) {
	own := slices.DeleteFunc(slices.Clone(rec), func(f engine.Field) bool { return f.Name != "" && f.Name[0] == '_' })
	slices.SortStableFunc(own, func(a, b engine.Field) int { return strings.Compare(a.Name, b.Name) })
	text, err := own.AppendJSON(text[:0])
	return sha256.Sum256(text), text, err
}

// readRecord returns the row of a record written as JSON.
func readRecord(text []byte) (row, error) {
	fields := make(map[string]any)
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&fields); err != nil {
		return row{}, err
	}
	var rec engine.Record
	for name, value := range fields {
		rec = append(rec, engine.Field{Name: name, Value: value})
	}
	r, _, err := rowOf(rec, nil)
	return r, err
}

// compareRows compares the rows of a page, which may stand in another order.
// Rows without a counterpart are changed as long as there are such on both
// sides, and gained or lost beyond.
func compareRows(before, now []row) (c RowChanges) {
	left := make(map[row]int)
	for _, r := range before {
		left[r]++
	}
	for _, r := range now {
		if left[r] > 0 {
			left[r]--
			c.Same++
		}
	}
	gone, come := len(before)-c.Same, len(now)-c.Same
	c.Changed = min(gone, come)
	c.Lost, c.Gained = gone-c.Changed, come-c.Changed
	return c
}

// maxRow is the longest line of a file of rows that is read, in bytes.
const maxRow = 256 << 20

// Rows are rows of before by their URL, after redirects. It is only read, and
// safe for use by multiple goroutines.
type Rows struct{ of map[string][]row }

// ReadRows reads a file that -o or --records wrote as JSON Lines. A URL of -o
// that has no row is there all the same, but for failed and skipped ones: of
// them nothing is known. Errors are of the form `scrape: rows.jsonl:3: ...`.
func ReadRows(path string) (*Rows, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, pathError(path, err)
	}
	defer f.Close()
	rows := make(map[string][]row)
	in := bufio.NewScanner(f)
	in.Buffer(nil, maxRow)
	for n := 1; in.Scan(); n++ {
		if len(bytes.TrimSpace(in.Bytes())) == 0 {
			continue
		}
		if err := readRow(in.Bytes(), rows); err != nil {
			return nil, fmt.Errorf("scrape: %s:%d: %w", path, n, err)
		}
	}
	if err := in.Err(); err != nil {
		return nil, pathError(path, err)
	}
	return &Rows{rows}, nil
}

func readRow(line []byte, into map[string][]row) error {
	var l struct {
		Record  string            `json:"_url"`
		URL     string            `json:"url"`
		Final   string            `json:"final_url"`
		Outcome string            `json:"outcome"`
		Records []json.RawMessage `json:"records"`
	}
	err := json.Unmarshal(line, &l)
	var kind *json.UnmarshalTypeError // a record with a field of that name
	switch {
	case err != nil && !errors.As(err, &kind):
		return errors.New("not JSON Lines, as weir -o and --records write them")
	case l.Record != "":
		row, err := readRecord(line)
		into[l.Record] = append(into[l.Record], row)
		return err
	case l.URL == "" || l.Outcome == "":
		return errors.New("neither a result nor a record: no url and outcome, and no _url")
	case l.Outcome != engine.OK.String() && l.Outcome != engine.Empty.String():
		return nil
	}
	if l.Final == "" {
		l.Final = l.URL
	}
	if into[l.Final] == nil {
		into[l.Final] = []row{}
	}
	for _, rec := range l.Records {
		row, err := readRecord(rec)
		if err != nil {
			return fmt.Errorf("a record: %w", err)
		}
		into[l.Final] = append(into[l.Final], row)
	}
	return nil
}

// Missing returns how many URLs have rows and are no pages of k.
func (r *Rows) Missing(k *Kept) (n int) {
	if r == nil {
		return 0
	}
	have := make(map[string]bool, len(k.pages))
	for _, p := range k.pages {
		have[p.URL] = true
	}
	for url, rows := range r.of {
		if len(rows) > 0 && !have[url] {
			n++
		}
	}
	return n
}

// Changes compares the rows of r with those of against, or, if that is nil, with
// what the recipe of then found. known is whether there is anything to compare
// with.
func (r Reread) Changes(against *Rows) (c RowChanges, known bool) {
	if r.same && against == nil {
		return RowChanges{Same: len(r.Result.Records)}, r.Known
	}
	before, err := rowsOf(r.Before)
	known = r.Known
	if against != nil {
		before, known = against.of[cmp.Or(r.Result.Final, r.Result.URL)]
	}
	now, nerr := rowsOf(r.Result.Records)
	if !known || err != nil || nerr != nil {
		return RowChanges{}, false
	}
	return compareRows(before, now), true
}
