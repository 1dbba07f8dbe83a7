package ui

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/engine"
)

// What is written the wrong way round, or is no file, says how it is written.
func TestParseExport(t *testing.T) {
	for _, tc := range []struct {
		typed, path string
		overwrite   bool
		words       string
		err         string
	}{
		{typed: "x.jsonl", path: "x.jsonl"},
		{typed: "x.CSV overwrite", path: "x.CSV", overwrite: true},
		{typed: "x.csv overwrite code:5xx host:a", path: "x.csv", overwrite: true, words: "code:5xx host:a"},
		{typed: "x.csv code:5xx overwrite", path: "x.csv", overwrite: true, words: "code:5xx"},
		{typed: "x.csv report.csv", path: "x.csv", words: "report.csv"},
		{typed: `"my shifts.csv" code:5xx`, path: "my shifts.csv", words: "code:5xx"},
		{typed: `"my shifts.csv`, err: `a file in quotes is written "NAME.jsonl"`},
		{typed: "code:5xx x.jsonl", err: "the file comes first: export x.jsonl code:5xx"},
		{typed: "code:5xx host:a x.jsonl overwrite", err: "the file comes first: export x.jsonl overwrite code:5xx host:a"},
		{typed: "overwrite x.jsonl", err: "the file comes first: export x.jsonl overwrite"},
		{typed: "overwrite x.jsonl code:5xx", err: "the file comes first: export x.jsonl overwrite code:5xx"},
		{typed: "old code:5xx /tmp/x.csv", err: "the file comes first: export /tmp/x.csv old code:5xx"},
		{typed: "code:5xx", err: "there is no file: export NAME.jsonl code:5xx, or a name that ends in .csv"},
		{typed: "overwrite", err: "there is no file: export NAME.jsonl overwrite, or a name that ends in .csv"},
		{typed: "x.txt", err: "x.txt ends in neither .jsonl nor .csv, which says how it is written"},
		{typed: "http://a.test/x.csv", err: "http://a.test/x.csv ends in neither .jsonl nor .csv, which says how it is written"},
	} {
		path, overwrite, words, err := parseExport(strings.Fields(tc.typed))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tc.err || err == nil && (path != tc.path || overwrite != tc.overwrite || strings.Join(words, " ") != tc.words) {
			t.Errorf("%s: %q, %v, %q, error %q; want %q, %v, %q, %q", tc.typed, path, overwrite, words, got, tc.path, tc.overwrite, tc.words, tc.err)
		}
	}
}

// A filter that nothing can match says which word is not what was meant.
func TestFilterAmiss(t *testing.T) {
	for typed, want := range map[string]string{
		"code:5xx host:a batch:1": "",
		"/tag:news http://a.test": "",
		"a:8080":                  "a:8080 is looked for as text, a: is no filter: there are batch: class: code: host: outcome:",
		"hosts:one":               "hosts:one is looked for as text, hosts: is no filter: did you mean host:? there are batch: class: code: host: outcome:",
		"outcome:skip":            "",
		"outcome:retry":           "",
		"outcome:faild":           "no outcome begins with faild: did you mean failed? there are ok, empty, failed, skipped, cancelled, backlog, queued, retry, in flight",
		"batch:one":               "a batch has a number: batch:2",
		"batch:0":                 "a batch has a number: batch:2",
		"code:-":                  "",
		"code:50x":                "",
		"code:many":               "a code is of digits: code:503, or code:5xx for all that begin with 5",
	} {
		if got := parseFilter(typed).amiss(); got != want {
			t.Errorf("%s: %q, want %q", typed, got, want)
		}
	}
}

// Nothing is written by an export that is not understood, and it says why not.
func TestPlainExportSaysWhatIsWrong(t *testing.T) {
	plainly(t, answering(map[string]engine.Step{"/2": refused}), func(tt *teletype) {
		tt.say("http://one.test/1\nhttp://one.test/2")
		tt.want(tt.hear(10*time.Second), "all work is done")
		tt.talk("export code:5xx x.jsonl", "export: the file comes first: export x.jsonl code:5xx\n")
		tt.talk("export x.jsonl codes:5xx", "export: nothing is written: no result matches codes:5xx: codes:5xx is looked for as text, codes: is no filter: did you mean code:? ")
		tt.talk(`export "my old.jsonl" code:5xx`, "1 row written to my old.jsonl\n")
		tt.talk(`export "my old.jsonl" code:5xx`, `export: my old.jsonl is there already: export "my old.jsonl" overwrite code:5xx`)
		tt.talk("retry outcome:bad", "retry: no result matches outcome:bad: no outcome begins with bad: ")
		if got := slices.Sorted(maps.Keys(tt.files.urls)); !slices.Equal(got, []string{"my old.jsonl"}) {
			tt.t.Errorf("these were written: %q", got)
		}
	})
}
