// Package export writes results and records as JSON Lines and CSV.
//
// A writer collects whole lines and hands them on at Flush, or before that when
// many have gathered: what has reached the file never ends inside a line, unless
// the file itself took only part of it. Text of pages is written as it is, with
// one exception: in CSV, a cell that a spreadsheet would run as a formula (it
// begins with = + - @, a tab or a line break, also behind spaces) has an
// apostrophe in front. Plain negative numbers stay.
package export

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"weir/engine"
)

// A Format is a way to write rows.
type Format uint8

// The formats.
const (
	JSONLines Format = iota // one JSON object a line
	CSV                     // RFC 4180, with a header line; lines end in LF
)

// FormatOf returns the format that the ending of a file's name asks for. The
// name - (standard output) is JSON Lines.
func FormatOf(path string) (Format, error) {
	if path == "-" {
		return JSONLines, nil
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".jsonl":
		return JSONLines, nil
	case ".csv":
		return CSV, nil
	}
	return 0, fmt.Errorf("export: %s ends in neither .jsonl nor .csv", path)
}

// ErrColumn is returned by [Records.Write] for a record with a field that is no
// column of the CSV. Nothing of the result was written.
var ErrColumn = errors.New("export: field is no column of the file")

// ErrOther is returned by Continue for a file that begins with other columns
// than the writer would write.
var ErrOther = errors.New("export: the file has other columns")

// heading reads the header line of a CSV file.
func heading(file io.Reader) ([]string, error) {
	r := csv.NewReader(file)
	r.FieldsPerRecord = -1
	names, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOther, err)
	}
	return names, nil
}

// gathered is how many bytes of lines are handed on without a Flush.
const gathered = 64 << 10

// lines is a buffer of whole lines in front of a writer. Its first error stays:
// after it nothing is known about the end of the file.
type lines struct {
	w   io.Writer
	buf bytes.Buffer
	err error
}

// end marks the end of a line, or undoes what was begun since mark if err is set.
func (l *lines) end(mark int, err error) error {
	if err != nil {
		l.buf.Truncate(mark)
		return err
	}
	if l.buf.Len() >= gathered {
		return l.Flush()
	}
	return nil
}

// Flush hands on all lines that were written.
func (l *lines) Flush() error {
	if l.err != nil || l.buf.Len() == 0 {
		return l.err
	}
	_, err := l.buf.WriteTo(l.w)
	if err != nil {
		l.err = fmt.Errorf("export: %w", err)
	}
	return l.err
}

// namer returns the name of a batch, its number if it has none.
func namer(name func(engine.BatchID) string) func(engine.BatchID) string {
	return func(id engine.BatchID) string {
		if name != nil {
			if n := name(id); n != "" {
				return n
			}
		}
		return strconv.FormatUint(uint64(id), 10)
	}
}
