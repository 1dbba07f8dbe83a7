package export

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"weir/engine"
)

// Records writes one row for each record. It is not safe for use by multiple
// goroutines.
type Records struct {
	lines
	format Format
	batch  func(engine.BatchID) string
	fields []string // the columns after _url and _batch; nil: not known yet
	open   bool     // fields that are no column go into _more
	headed bool
}

// NewRecords returns a writer of records to w. batch is as in [NewResults].
//
// fields matters for CSV only, whose header comes before the first row: it
// names the columns, in order, which is what a run with one recipe knows
// beforehand ([weir/scrape.Recipe.Fields]). A record with another field is then
// refused with [ErrColumn]. With no fields the columns are those of the first
// record, and there is a last column, _more, with a JSON object of what later
// records of other recipes have beyond them: nothing is lost and no header
// changes.
func NewRecords(w io.Writer, f Format, batch func(engine.BatchID) string, fields []string) *Records {
	if len(fields) == 0 {
		fields = nil
	}
	return &Records{lines: lines{w: w}, format: f, batch: namer(batch), fields: slices.Clone(fields), open: fields == nil}
}

// Continue makes w write behind the rows of a file that another writer of
// records has begun: the columns are those of the file. Call it before Write.
// It returns [ErrOther] for a file that another one would not go on with: one
// with other columns than w has, or with a fixed number of them where w may
// meet others.
func (w *Records) Continue(file io.Reader) error {
	if w.format != CSV {
		return nil
	}
	names, err := heading(file)
	if err != nil {
		return err
	}
	last := len(names) - 1
	if last < 1 || names[0] != "_url" || names[1] != "_batch" {
		return ErrOther
	}
	if names[last] == "_more" {
		w.open, names = true, names[:last]
	} else if w.open || !slices.Equal(names[2:], w.fields) {
		return ErrOther
	}
	w.fields = []string{}
	for _, name := range names[2:] {
		w.fields = append(w.fields, wild(name))
	}
	w.headed = true
	return nil
}

// Write writes the records of one result, each as one line: _url (after
// redirects) and _batch, then the fields. Nothing of the result is written if
// there is an error.
func (w *Records) Write(r engine.Result) error {
	if w.err != nil {
		return w.err
	}
	url := r.Final
	if url == "" {
		url = r.URL
	}
	mark, headed := w.buf.Len(), w.headed
	batch := w.batch(r.Batch)
	var head []byte // of every line: all of it but the record's own fields
	if w.format == JSONLines && len(r.Records) > 0 {
		head = append(engine.AppendJSONString([]byte(`{"_url":`), url), `,"_batch":`...)
		head = engine.AppendJSONString(head, batch)
	}
	for _, rec := range r.Records {
		var err error
		if w.format == CSV {
			own := engine.Record{{Name: "_url", Value: url}, {Name: "_batch", Value: batch}}
			err = w.csv(append(own, rec...))
		} else {
			err = w.json(head, rec)
		}
		if err != nil {
			w.headed = headed
			return w.end(mark, err)
		}
	}
	return w.end(mark, nil)
}

// json writes a record behind head, an object that is not closed.
func (w *Records) json(head []byte, rec engine.Record) error {
	at := w.buf.Len() + len(head)
	w.buf.Write(head)
	line, err := rec.AppendJSON(w.buf.AvailableBuffer())
	if err != nil {
		return err
	}
	w.buf.Write(line)
	w.buf.WriteByte('\n')
	if len(rec) == 0 {
		w.buf.Truncate(at)
		w.buf.WriteString("}\n")
		return nil
	}
	w.buf.Bytes()[at] = ',' // for the brace that opened the record
	return nil
}

// csv writes a record whose first two fields are _url and _batch.
func (w *Records) csv(rec engine.Record) error {
	if w.open && w.fields == nil {
		w.fields = []string{}
		for _, f := range rec[2:] {
			w.fields = append(w.fields, f.Name)
		}
	}
	cells := make([]string, 2+len(w.fields))
	var more engine.Record
	for i, f := range rec {
		at := i
		if i >= 2 {
			at = 2 + slices.Index(w.fields, f.Name)
		}
		switch {
		case at >= 2 || i < 2:
			cells[at] = text(f.Value)
		case w.open:
			more = append(more, f)
		default:
			return fmt.Errorf("%w: %q", ErrColumn, f.Name)
		}
	}
	if w.open {
		cell, err := moreCell(more)
		if err != nil {
			return err
		}
		cells = append(cells, cell)
	}
	w.head()
	writeCSV(&w.buf, cells)
	return nil
}

// head writes the header line before the first row.
func (w *Records) head() {
	if w.headed {
		return
	}
	w.headed = true
	names := append([]string{"_url", "_batch"}, w.fields...)
	if w.open {
		names = append(names, "_more")
	}
	writeCSV(&w.buf, names)
}

// moreCell returns what has no column as one JSON object.
func moreCell(more engine.Record) (string, error) {
	if len(more) == 0 {
		return "", nil
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(more)
	return strings.TrimSuffix(b.String(), "\n"), err
}
