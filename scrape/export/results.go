package export

import (
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"time"

	"weir/engine"
)

// Results writes one row for each result. It is not safe for use by multiple
// goroutines.
type Results struct {
	lines
	format Format
	batch  func(engine.BatchID) string
	headed bool
}

// NewResults returns a writer of results to w. batch returns a batch's name;
// where it is nil or returns nothing, the batch's number is written.
func NewResults(w io.Writer, f Format, batch func(engine.BatchID) string) *Results {
	return &Results{lines: lines{w: w}, format: f, batch: namer(batch)}
}

// columns are those of CSV.
var columns = []string{
	"url", "final_url", "batch", "outcome", "class", "error", "status", "unchanged", "attempts",
	"bytes", "elapsed_ms", "fetched_at", "title", "records",
}

// Continue makes w write behind the rows of a file that another writer of
// results has begun. Call it before Write. It returns [ErrOther] for a file
// that another one would not go on with.
func (w *Results) Continue(file io.Reader) error {
	if w.format != CSV {
		return nil
	}
	names, err := heading(file)
	if err == nil && !slices.Equal(names, columns) {
		err = ErrOther
	}
	w.headed = err == nil
	return err
}

// row is a result as JSON Lines have it: its keys and their order are promised.
type row struct {
	URL       string          `json:"url"`
	FinalURL  string          `json:"final_url"` // where redirects led; url if nowhere; empty: never fetched
	Batch     string          `json:"batch"`
	Outcome   string          `json:"outcome"`
	Class     engine.Class    `json:"class"`
	Error     string          `json:"error"`
	Status    int             `json:"status"`    // 0: no answer
	Unchanged bool            `json:"unchanged"` // as it was when it was fetched before
	Attempts  int             `json:"attempts"`
	Bytes     int64           `json:"bytes"`
	ElapsedMS int64           `json:"elapsed_ms"`
	FetchedAt *string         `json:"fetched_at"` // RFC 3339, UTC, to the millisecond; null: never fetched
	Title     string          `json:"title"`
	Findings  []finding       `json:"findings,omitempty"` // only where there are some
	Records   []engine.Record `json:"-"`                  // the last key; they write themselves
}

// finding is what is wrong with one cell of the records.
type finding struct {
	Kind  string `json:"kind"`  // such as MissingCell
	Row   int    `json:"row"`   // from 1, as is col
	Col   int    `json:"col"`   // the place of the field in the recipe
	Field string `json:"field"` // its name
	Raw   string `json:"raw"`   // what stood there, at most 80 bytes
}

func (w *Results) row(r engine.Result) row {
	out := row{
		URL: r.URL, FinalURL: r.Final, Batch: w.batch(r.Batch), Outcome: r.Outcome.String(),
		Class: r.Class, Error: r.Error, Status: r.Status, Unchanged: r.Unchanged, Attempts: r.Attempts, Bytes: r.Bytes,
		ElapsedMS: r.Elapsed.Round(time.Millisecond).Milliseconds(), Title: r.Title, Records: r.Records,
	}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, finding{Kind: f.Kind, Row: f.Row, Col: f.Col, Field: f.Field, Raw: f.Raw})
	}
	if !r.FetchedAt.IsZero() {
		at := r.FetchedAt.UTC().Format("2006-01-02T15:04:05.000Z07:00")
		out.FetchedAt = &at
		if out.FinalURL == "" {
			out.FinalURL = r.URL
		}
	}
	return out
}

// Write writes one result as one line. In CSV, the column records holds how
// many there are: the records themselves are for [Records].
func (w *Results) Write(r engine.Result) error {
	if w.err != nil {
		return w.err
	}
	mark := w.buf.Len()
	if w.format == CSV {
		return w.end(mark, w.csv(w.row(r)))
	}
	enc := json.NewEncoder(&w.buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(w.row(r)); err != nil {
		return w.end(mark, err)
	}
	w.buf.Truncate(w.buf.Len() - len("}\n"))
	return w.end(mark, w.records(r.Records))
}

// records ends the object of a row with the key of that name.
func (w *Results) records(rs []engine.Record) error {
	w.buf.WriteString(`,"records":[`)
	for i, rec := range rs {
		if i > 0 {
			w.buf.WriteByte(',')
		}
		text, err := rec.AppendJSON(w.buf.AvailableBuffer())
		if err != nil {
			return err
		}
		w.buf.Write(text)
	}
	w.buf.WriteString("]}\n")
	return nil
}

func (w *Results) csv(r row) error {
	if !w.headed {
		w.headed = true
		writeCSV(&w.buf, columns)
	}
	at := ""
	if r.FetchedAt != nil {
		at = *r.FetchedAt
	}
	writeCSV(&w.buf, []string{
		r.URL, r.FinalURL, r.Batch, r.Outcome, string(r.Class), r.Error,
		strconv.Itoa(r.Status), strconv.FormatBool(r.Unchanged), strconv.Itoa(r.Attempts), strconv.FormatInt(r.Bytes, 10),
		strconv.FormatInt(r.ElapsedMS, 10), at, r.Title, strconv.Itoa(len(r.Records)),
	})
	return nil
}
