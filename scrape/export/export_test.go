package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/engine"
	"weir/scrape/export"
)

func batchName(id engine.BatchID) string {
	if id == 1 {
		return "urls.txt"
	}
	return ""
}

// full is a result with everything in it.
func full() engine.Result {
	return engine.Result{
		Job: 7, Batch: 1, Num: 3, URL: "http://a.test/x?a=1&b=2", Final: "http://a.test/y", Host: "a.test:80",
		Outcome: engine.Empty, Error: "0 rows, expected ≥ 1", Status: 200, Unchanged: true, Attempts: 2, Bytes: 8100,
		Elapsed: 117600 * time.Microsecond, FetchedAt: time.Date(2025, 11, 3, 7, 0, 0, 120_999_000, time.FixedZone("", 3600)),
		Title: "<On call> \u2028\x1b \"x\"",
		Records: []engine.Record{
			{{Name: "z", Value: "1 & 2"}, {Name: "a", Value: []string{"p", "q; r"}}, {Name: "n"}},
			{{Name: "z", Value: "=1+1"}, {Name: "a", Value: []string{}}, {Name: "n", Value: "-5"}},
		},
	}
}

// flawed is a page with cells that are not as they should be.
func flawed() engine.Result {
	return engine.Result{
		Batch: 1, URL: "http://a.test/z", Outcome: engine.OK, Status: 200, Attempts: 1, Records: []engine.Record{{{Name: "n", Value: "1,5 <"}}},
		Findings: []engine.Finding{{Kind: "BadCell", Row: 1, Col: 2, Field: "n", Selector: "td", Raw: "1,5 <"}, {Kind: "MissingCell", Row: 2, Col: 1, Field: "d"}},
	}
}

// never is a job that was skipped before any request.
func never() engine.Result {
	return engine.Result{Batch: 2, URL: "http://a.test/private", Outcome: engine.Skipped, Class: engine.Robots, Error: "disallowed by robots.txt"}
}

func TestFormatOf(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     export.Format
		err      string
	}{
		{"json lines", "out.jsonl", export.JSONLines, ""},
		{"csv", "dir.x/out.csv", export.CSV, ""},
		{"capitals", "OUT.CSV", export.CSV, ""},
		{"standard output", "-", export.JSONLines, ""},
		{"json is something else", "out.json", 0, "export: out.json ends in neither .jsonl nor .csv"},
		{"no ending", "out", 0, "export: out ends in neither .jsonl nor .csv"},
		{"the ending of a directory", "out.csv/x", 0, "export: out.csv/x ends in neither .jsonl nor .csv"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := export.FormatOf(tc.in)
			if got != tc.want || (err == nil) != (tc.err == "") || err != nil && err.Error() != tc.err {
				t.Errorf("FormatOf(%q) = %v, %v; want %v, %s", tc.in, got, err, tc.want, tc.err)
			}
		})
	}
}

// results writes rs and returns what was written.
func results(t testing.TB, f export.Format, rs ...engine.Result) string {
	t.Helper()
	var b bytes.Buffer
	w := export.NewResults(&b, f, batchName)
	for _, r := range rs {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func records(t testing.TB, f export.Format, fields []string, rs ...engine.Result) (string, error) {
	t.Helper()
	var b bytes.Buffer
	w := export.NewRecords(&b, f, batchName, fields)
	var failed error
	for _, r := range rs {
		if err := w.Write(r); err != nil {
			failed = err
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String(), failed
}

func TestResults(t *testing.T) {
	for _, tc := range []struct {
		name   string
		format export.Format
		in     []engine.Result
		want   string
	}{
		{"findings", export.JSONLines, []engine.Result{flawed()}, `{"url":"http://a.test/z","final_url":"","batch":"urls.txt","outcome":"ok","class":"","error":"","status":200,"unchanged":false,"attempts":1,"bytes":0,"elapsed_ms":0,"fetched_at":null,"title":"","findings":[{"kind":"BadCell","row":1,"col":2,"field":"n","raw":"1,5 <"},{"kind":"MissingCell","row":2,"col":1,"field":"d","raw":""}],"records":[{"n":"1,5 <"}]}
`},
		{"json lines", export.JSONLines, []engine.Result{full(), never()}, `{"url":"http://a.test/x?a=1&b=2","final_url":"http://a.test/y","batch":"urls.txt","outcome":"empty","class":"","error":"0 rows, expected ≥ 1","status":200,"unchanged":true,"attempts":2,"bytes":8100,"elapsed_ms":118,"fetched_at":"2025-11-03T06:00:00.120Z","title":"<On call> \u2028\u001b \"x\"","records":[{"z":"1 & 2","a":["p","q; r"],"n":null},{"z":"=1+1","a":[],"n":"-5"}]}
{"url":"http://a.test/private","final_url":"","batch":"2","outcome":"skipped","class":"robots","error":"disallowed by robots.txt","status":0,"unchanged":false,"attempts":0,"bytes":0,"elapsed_ms":0,"fetched_at":null,"title":"","records":[]}
`},
		{"csv", export.CSV, []engine.Result{never(), full()}, "url,final_url,batch,outcome,class,error,status,unchanged,attempts,bytes,elapsed_ms,fetched_at,title,records\n" +
			"http://a.test/private,,2,skipped,robots,disallowed by robots.txt,0,false,0,0,0,,,0\n" +
			"http://a.test/x?a=1&b=2,http://a.test/y,urls.txt,empty,,\"0 rows, expected ≥ 1\",200,true,2,8100,118,2025-11-03T06:00:00.120Z,\"<On call> \u2028\x1b \"\"x\"\"\",2\n"},
		{"nothing", export.CSV, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := results(t, tc.format, tc.in...); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

// A page that was fetched and not redirected ended where it began.
func TestResultsFinalURL(t *testing.T) {
	r := full()
	r.Final = ""
	if got := results(t, export.JSONLines, r); !strings.Contains(got, `"final_url":"http://a.test/x?a=1&b=2"`) {
		t.Errorf("got %s, want final_url to be the url", got)
	}
}

// Numbers and booleans are such in JSON, and text in CSV: a negative number is
// no formula there, and what only looks like one is.
func TestRecordsOfEveryKind(t *testing.T) {
	r := engine.Result{Batch: 1, URL: "http://a.test/", Records: []engine.Record{
		{{Name: "n", Value: engine.Number("-12345678901234567890.50")}, {Name: "is", Value: true}, {Name: "list", Value: []any{engine.Number("1"), "=x"}}},
		{{Name: "n", Value: "-1+1"}, {Name: "is", Value: false}, {Name: "list", Value: []any{}}},
	}}
	for _, tc := range []struct {
		name   string
		format export.Format
		want   string
	}{
		{"json lines", export.JSONLines, `{"_url":"http://a.test/","_batch":"urls.txt","n":-12345678901234567890.50,"is":true,"list":[1,"=x"]}
{"_url":"http://a.test/","_batch":"urls.txt","n":"-1+1","is":false,"list":[]}
`},
		{"csv", export.CSV, "_url,_batch,n,is,list\nhttp://a.test/,urls.txt,-12345678901234567890.50,true,1; =x\nhttp://a.test/,urls.txt,'-1+1,false,\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := records(t, tc.format, []string{"n", "is", "list"}, r)
			if err != nil || got != tc.want {
				t.Errorf("%v, got\n%s\nwant\n%s", err, got, tc.want)
			}
		})
	}
}

func TestRecords(t *testing.T) {
	other := engine.Result{Batch: 2, URL: "http://b.test/", Records: []engine.Record{{{Name: "n", Value: "N"}, {Name: "new", Value: "\t=x"}}}}
	for _, tc := range []struct {
		name   string
		format export.Format
		fields []string
		in     []engine.Result
		want   string
		err    error
	}{
		{
			"json lines take any field", export.JSONLines,
			[]string{"z"},
			[]engine.Result{full(), never(), other},
			`{"_url":"http://a.test/y","_batch":"urls.txt","z":"1 & 2","a":["p","q; r"],"n":null}
{"_url":"http://a.test/y","_batch":"urls.txt","z":"=1+1","a":[],"n":"-5"}
{"_url":"http://b.test/","_batch":"2","n":"N","new":"\t=x"}
`, nil,
		},
		{
			"csv with the columns of a recipe", export.CSV,
			[]string{"z", "a", "n"},
			[]engine.Result{never(), full()},
			"_url,_batch,z,a,n\nhttp://a.test/y,urls.txt,1 & 2,p; q; r,\nhttp://a.test/y,urls.txt,'=1+1,,-5\n", nil,
		},
		{
			"csv refuses a field that is no column, and nothing else", export.CSV,
			[]string{"n", "a", "z"},
			[]engine.Result{other, full(), other},
			"_url,_batch,n,a,z\nhttp://a.test/y,urls.txt,,p; q; r,1 & 2\nhttp://a.test/y,urls.txt,-5,,'=1+1\n", export.ErrColumn,
		},
		{
			"csv without columns takes the first record's and keeps the rest", export.CSV, nil,
			[]engine.Result{full(), other},
			"_url,_batch,z,a,n,_more\nhttp://a.test/y,urls.txt,1 & 2,p; q; r,,\nhttp://a.test/y,urls.txt,'=1+1,,-5,\nhttp://b.test/,2,,,N,\"{\"\"new\"\":\"\"\\t=x\"\"}\"\n", nil,
		},
		{
			"a list of no columns is none", export.CSV,
			[]string{},
			[]engine.Result{other},
			"_url,_batch,n,new,_more\nhttp://b.test/,2,N,'\t=x,\n", nil,
		},
		{"nothing", export.CSV, []string{"a"}, []engine.Result{never()}, "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := records(t, tc.format, tc.fields, tc.in...)
			if got != tc.want || !errors.Is(err, tc.err) {
				t.Errorf("error %v, got\n%s\nwant %v\n%s", err, got, tc.err, tc.want)
			}
		})
	}
}

// Half of a result is not written: its second record does not fit.
func TestRecordsWholeResults(t *testing.T) {
	r := engine.Result{URL: "u", Records: []engine.Record{{{Name: "a", Value: "1"}}, {{Name: "b", Value: "2"}}}}
	got, err := records(t, export.CSV, []string{"a"}, r, engine.Result{URL: "v", Records: []engine.Record{{{Name: "a", Value: "3"}}}})
	if want := "_url,_batch,a\nv,0,3\n"; got != want || !errors.Is(err, export.ErrColumn) {
		t.Errorf("got %q, %v; want %q, %v", got, err, want, export.ErrColumn)
	}
}

// A caller may give names away: those of fields stay as they were.
func TestRecordsKeepTheCallersResult(t *testing.T) {
	r := full()
	r.Records[0] = slices.Grow(r.Records[0], 5)
	if _, err := records(t, export.CSV, nil, r); err != nil {
		t.Fatal(err)
	}
	if r.Records[0][0].Name != "z" || len(r.Records[0]) != 3 {
		t.Errorf("the record is %v now", r.Records[0])
	}
}

var errFull = errors.New("no space left on device")

// disk takes room bytes, and notes where the lines of each write ended.
type disk struct {
	bytes.Buffer
	room   int
	broken int // writes that ended inside a line
}

func (d *disk) Write(b []byte) (int, error) {
	if len(b) > 0 && b[len(b)-1] != '\n' {
		d.broken++
	}
	if n := d.room - d.Len(); len(b) > n {
		d.Buffer.Write(b[:n])
		return n, errFull
	}
	return d.Buffer.Write(b)
}

func TestWritesAreWholeLines(t *testing.T) {
	for _, f := range []export.Format{export.JSONLines, export.CSV} {
		d := &disk{room: 1 << 30}
		w := export.NewResults(d, f, batchName)
		for range 1000 {
			if err := w.Write(full()); err != nil {
				t.Fatal(err)
			}
		}
		if d.Len() == 0 {
			t.Errorf("format %v: a thousand results and nothing handed on before Flush", f)
		}
		if err := w.Flush(); err != nil || d.broken > 0 {
			t.Errorf("format %v: %v, %d writes ended inside a line", f, err, d.broken)
		}
	}
}

// After an error nothing more is written: the end of the file is not known.
func TestErrorStays(t *testing.T) {
	d := &disk{room: 100}
	w := export.NewRecords(d, export.JSONLines, batchName, nil)
	if err := w.Write(full()); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); !errors.Is(err, errFull) {
		t.Errorf("Flush = %v, want %v", err, errFull)
	}
	d.room = 1 << 20
	if err := w.Write(full()); !errors.Is(err, errFull) {
		t.Errorf("Write after it = %v, want %v", err, errFull)
	}
	if err := w.Flush(); !errors.Is(err, errFull) || d.Len() != 100 {
		t.Errorf("Flush after it = %v, %d bytes; want %v, 100", err, d.Len(), errFull)
	}
}

// Whatever a page holds: the CSV reads back as rows of one width, what it read
// is the text or the text behind an apostrophe, and no cell is a formula.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"=1", " \t-1", "-1.5", "a\"b,c\nd", "\r\n", "\ufeff@", "＋1", "\xff\x00", "'"} {
		f.Add(seed, "x")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		r := engine.Result{URL: a, Batch: 1, Title: b, Records: []engine.Record{{{Name: "a", Value: a}, {Name: "b", Value: []string{b, a}}}}}
		text, err := records(t, export.CSV, []string{"a", "b"}, r)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(rows) != 2 {
			t.Fatalf("%q reads as %d rows, %v; want 2", text, len(rows), err)
		}
		want := []string{a, "urls.txt", a, b + "; " + a}
		for i, cell := range rows[1] {
			// A reader of CSV may take CR LF for LF, inside quotes too.
			plain := strings.ReplaceAll(want[i], "\r\n", "\n")
			if cell != plain && cell != "'"+plain {
				t.Errorf("cell %d is %q, want %q or that behind an apostrophe", i, cell, plain)
			}
			if cell != "" && strings.ContainsRune("=+@\t\r\n", rune(cell[0])) {
				t.Errorf("cell %d is %q: a formula", i, cell)
			}
		}
	})
}

// Whatever a page holds: a line of JSON Lines is one line of JSON.
func FuzzJSONLines(f *testing.F) {
	f.Add("a\nb\u2028", "\xff\x00<>&")
	f.Fuzz(func(t *testing.T, a, b string) {
		r := engine.Result{URL: a, Title: b, Error: a, Records: []engine.Record{{{Name: "f", Value: []string{a, b}}}}}
		got := results(t, export.JSONLines, r)
		var back struct {
			URL, Title string
			Records    []map[string][]string
		}
		if err := json.Unmarshal([]byte(got), &back); err != nil || strings.Count(got, "\n") != 1 {
			t.Fatalf("%q: %v, want one line of JSON", got, err)
		}
		valid := func(s string) string { return strings.ToValidUTF8(s, "\ufffd") }
		if len([]rune(back.Title)) < len([]rune(valid(b))) || back.Records[0]["f"][0] != back.URL {
			t.Errorf("%q came back as %+v", got, back)
		}
	})
}
