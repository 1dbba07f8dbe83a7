package export_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"weir/engine"
	"weir/scrape/export"
)

// A writer is what Results and Records have in common.
type writer interface {
	Write(engine.Result) error
	Continue(io.Reader) error
	Flush() error
}

// Wherever a file was left and gone on with, it comes out as one that was
// written at once.
func TestContinueComesOutAsOne(t *testing.T) {
	rs := []engine.Result{
		never(), full(), {Batch: 1, URL: "http://a.test/odd", Outcome: engine.OK, Records: []engine.Record{
			{{Name: "n", Value: "3"}, {Name: "=later", Value: "x"}, {Name: "z", Value: []string{"q"}}},
		}}, full(), never(),
	}
	odd := engine.Result{Batch: 1, URL: "http://a.test/names", Records: []engine.Record{{{Name: "=head", Value: "1"}, {Name: "two\nlines", Value: "2"}, {Name: `"`, Value: "3"}}, {}}}
	for _, tc := range []struct {
		name string
		rs   []engine.Result
		open func(io.Writer) writer
	}{
		{"results, csv", rs, func(w io.Writer) writer { return export.NewResults(w, export.CSV, batchName) }},
		{"results, json lines", rs, func(w io.Writer) writer { return export.NewResults(w, export.JSONLines, batchName) }},
		{"records, open", rs, func(w io.Writer) writer { return export.NewRecords(w, export.CSV, batchName, nil) }},
		{"records with wild names", []engine.Result{odd, full(), odd}, func(w io.Writer) writer { return export.NewRecords(w, export.CSV, batchName, nil) }},
		{"records without a field", []engine.Result{{Records: []engine.Record{{}}}, full()}, func(w io.Writer) writer { return export.NewRecords(w, export.CSV, batchName, nil) }},
		{"records, fixed", []engine.Result{full(), never(), full()}, func(w io.Writer) writer {
			return export.NewRecords(w, export.CSV, batchName, []string{"a", "z", "n"})
		}},
		{"records, json lines", rs, func(w io.Writer) writer { return export.NewRecords(w, export.JSONLines, batchName, nil) }},
	} {
		for at := range len(tc.rs) + 1 {
			t.Run(fmt.Sprintf("%s, after %d", tc.name, at), func(t *testing.T) {
				var whole, file bytes.Buffer
				put(t, tc.open(&whole), tc.rs)
				put(t, tc.open(&file), tc.rs[:at])
				w := tc.open(&file)
				if file.Len() > 0 {
					if err := w.Continue(bytes.NewReader(file.Bytes())); err != nil {
						t.Fatal(err)
					}
				}
				put(t, w, tc.rs[at:])
				if got, want := file.String(), whole.String(); got != want {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			})
		}
	}
}

func put(t *testing.T, w writer, rs []engine.Result) {
	t.Helper()
	for _, r := range rs {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}

func TestContinueRefusesOtherFiles(t *testing.T) {
	fixed := []string{"a", "z"}
	for _, tc := range []struct {
		name, file string
		w          writer
		ok         bool
	}{
		{name: "results of another version", file: "url,outcome\nx,ok\n", w: export.NewResults(nil, export.CSV, nil)},
		{name: "nothing in it", file: "", w: export.NewResults(nil, export.CSV, nil)},
		{name: "records for results", file: "_url,_batch,a\n", w: export.NewResults(nil, export.CSV, nil)},
		{name: "results for records", file: "url,final_url,batch\n", w: export.NewRecords(nil, export.CSV, nil, nil)},
		{name: "one column", file: "_url\n", w: export.NewRecords(nil, export.CSV, nil, nil)},
		{name: "other fields", file: "_url,_batch,z,a\n", w: export.NewRecords(nil, export.CSV, nil, fixed)},
		{name: "fixed where others may come", file: "_url,_batch,a,z\n", w: export.NewRecords(nil, export.CSV, nil, nil)},
		{name: "the same fields", file: "_url,_batch,a,z\n", w: export.NewRecords(nil, export.CSV, nil, fixed), ok: true},
		{name: "open where no others come", file: "_url,_batch,q,_more\n", w: export.NewRecords(nil, export.CSV, nil, fixed), ok: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := tc.w.Continue(strings.NewReader(tc.file)); tc.ok && err != nil || !tc.ok && !errors.Is(err, export.ErrOther) {
				t.Errorf("Continue = %v, want it to go on: %v", err, tc.ok)
			}
		})
	}
}

// The columns are the file's, whatever the writer was made with.
func TestContinueTakesTheColumnsOfTheFile(t *testing.T) {
	var b bytes.Buffer
	w := export.NewRecords(&b, export.CSV, batchName, []string{"a", "z", "n"})
	if err := w.Continue(strings.NewReader("_url,_batch,z,_more\n")); err != nil {
		t.Fatal(err)
	}
	put(t, w, []engine.Result{{Batch: 1, URL: "u", Records: []engine.Record{{{Name: "n", Value: "1"}, {Name: "z", Value: "2"}}}}})
	if got, want := b.String(), "u,urls.txt,2,\"{\"\"n\"\":\"\"1\"\"}\"\n"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}
