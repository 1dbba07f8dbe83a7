package sqlite

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"weir/engine"
)

// back encodes the lists of a result and decodes them.
func back(t *testing.T, r engine.Result) (engine.Result, lists) {
	t.Helper()
	l, err := encode(&r)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	for name, b := range map[string][]byte{"timing": l.timing, "history": l.history, "header": l.header, "findings": l.findings, "records": l.records, "exact": l.exact} {
		if b != nil && !json.Valid(b) {
			t.Errorf("%s is no JSON: %s", name, b)
		}
	}
	out := engine.Result{}
	if err := decode(&out, string(l.timing), string(l.history), string(l.header), string(l.findings), string(l.records), string(l.exact)); err != nil {
		t.Errorf("decode: %v", err)
	}
	return out, l
}

func TestListsAreExact(t *testing.T) {
	long := strings.Repeat("long\x00\"\\<\u2028 ", 1<<15)
	one := func(v any) engine.Result {
		return engine.Result{Records: []engine.Record{{{Name: "b", Value: "1"}, {Name: "a", Value: v}, {Name: "a", Value: v}}}}
	}
	for _, tc := range []struct {
		name  string
		r     engine.Result
		exact bool // JSON cannot say it
	}{
		{"nothing", engine.Result{}, false},
		{"empty lists", engine.Result{Header: []engine.Header{}, History: []engine.Attempt{}, Findings: []engine.Finding{}, Records: []engine.Record{}}, false},
		{"a timing", engine.Result{Timing: engine.Timing{Waited: 1, DNS: -1, Connect: math.MaxInt64, TLS: math.MinInt64, Body: 5}}, false},
		{"a timing of nothing", engine.Result{Timing: engine.Timing{Waited: -1, DNS: -1, Connect: -1, TLS: -1, FirstByte: -1, Body: -1, Extract: -1}}, false},
		{"attempts", engine.Result{History: []engine.Attempt{{Status: 503, Class: engine.Status, Elapsed: 6, Waited: math.MinInt64, Why: "status: retried"}, {}}}, false},
		{"headers", engine.Result{Header: []engine.Header{{Name: "Age", Value: "0"}, {Name: "Age"}, {Value: "x"}}}, false},
		{"findings", engine.Result{Findings: []engine.Finding{{Kind: "MissingCell", Row: 5, Col: 3, Field: "start", Selector: "td > a", Raw: "<td>"}, {Row: -1}}}, false},
		{"a text", one("a\x00b\n\"\\\u2028</script>"), false},
		{"a long text", one(long), false},
		{"no value", one(nil), false},
		{"a bool", one(true), false},
		{"a number", one(engine.Number("-12345678901234567890.50e+7")), false},
		{"texts", one([]string{"x", ""}), false},
		{"no texts", one([]string{}), false},
		{"a list", one([]any{"x", engine.Number("1"), nil, false}), false},
		{"records without fields", engine.Result{Records: []engine.Record{{}, nil, {{Name: "a", Value: "x"}}, nil}}, false},
		{"a text of other bytes", one("a\xff\xc3"), true},
		{"a name of other bytes", engine.Result{Records: []engine.Record{{{Name: "\xff"}}}}, true},
		{"a number that is none", one(engine.Number("")), true},
		{"a word as a number", one(engine.Number("true")), true},
		{"nil texts", one([]string(nil)), true},
		{"a nil list", one([]any(nil)), true},
		{"an empty list", one([]any{}), true},
		{"a list of texts", one([]any{"x"}), true},
		{"texts of other bytes", one([]string{"\xff", "x"}), true},
		{"a list with a number that is none", one([]any{engine.Number("1_"), true}), true},
		{"a header of other bytes", engine.Result{Header: []engine.Header{{Name: "Server", Value: "caf\xe9"}}}, true},
		{"an attempt of other bytes", engine.Result{History: []engine.Attempt{{Why: "\xe9"}}}, true},
		{"a finding of other bytes", engine.Result{Findings: []engine.Finding{{Kind: "BadCell", Raw: "\xe9"}}, Records: []engine.Record{nil, {}}}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, l := back(t, tc.r)
			if !reflect.DeepEqual(got, tc.r) {
				t.Errorf("came back as\n%.2000s, want\n%.2000s", fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", tc.r))
			}
			if (l.exact != nil) != tc.exact {
				t.Errorf("exact is %.200s; want some: %v", l.exact, tc.exact)
			}
		})
	}
}

func TestNoValueOfARecord(t *testing.T) {
	for _, v := range []any{1, 1.5, map[string]any{}, []int{1}, []any{[]string{"x"}}, []any{[]any{}}, struct{}{}} {
		r := engine.Result{Num: 7, Records: []engine.Record{{{Name: "price", Value: v}}}}
		if _, err := encode(&r); err == nil || !strings.Contains(err.Error(), "result 7") || !strings.Contains(err.Error(), `"price"`) {
			t.Errorf("encode of %T = %v; want an error that names the result and the field", v, err)
		}
	}
}

// What is no JSON of ours is refused, and never a panic.
func TestDecodeRefuses(t *testing.T) {
	for _, text := range []string{
		"", "[", "[}", "[{}", "[{},]", "[{}] x", `[{"a"}]`, `[{"a":}]`, `[{"a":1`, `[{"a":"`, `[{"a":"\`, `[{"a":"\x"}]`, `[{"a":[[]]}]`,
		`[{"a":{}}]`, `[{"a":1 2}]`, `[{a:1}]`, `[{"a":01}]`, `[nul]`, "{}", `[1]`, `[{"a":-}]`,
	} {
		if got, err := decodeRecords(text); err == nil {
			t.Errorf("decodeRecords(%q) = %v, want an error", text, got)
		}
	}
}

// Whatever is in a result, its lists come back as they were.
func FuzzLists(f *testing.F) {
	f.Add("reset", "cut \xff", "Title", int64(-1), int64(1<<62), uint8(3))
	f.Add("", "1", "\x00", int64(0), int64(0), uint8(0x57))
	f.Fuzz(func(t *testing.T, a, b, c string, n, m int64, kinds uint8) {
		r := engine.Result{Timing: engine.Timing{Waited: time.Duration(n), DNS: -1, Extract: time.Duration(m)}}
		values := []any{a, engine.Number(b), nil, kinds&1 != 0, []string{a, c}, []any{b, engine.Number(c), nil}, []string(nil), []any{a}}
		for i := range kinds & 7 {
			r.Header = append(r.Header, engine.Header{Name: a, Value: fmt.Sprint(b, i)})
			r.Findings = append(r.Findings, engine.Finding{Kind: c, Row: int(i), Col: int(n), Field: a, Selector: b, Raw: c})
			r.History = append(r.History, engine.Attempt{Status: int(m), Class: engine.Class(b), Elapsed: time.Duration(n), Waited: time.Duration(m), Why: a})
			r.Records = append(r.Records, engine.Record{{Name: a, Value: values[kinds>>3&7]}, {Name: b, Value: values[i]}})
		}
		if got, _ := back(t, r); !reflect.DeepEqual(got, r) {
			t.Errorf("came back as\n%#v, want\n%#v", got, r)
		}
	})
}

// What can be read is written the same way again.
func FuzzDecodeRecords(f *testing.F) {
	f.Add(`[{"a":"x","b":[1,"2",null]},null,{}]`)
	f.Add(`[ {"\ud800":-0.5e+7} ]`)
	f.Fuzz(func(t *testing.T, text string) {
		records, err := decodeRecords(text)
		if err != nil {
			return
		}
		want := engine.Result{Records: records}
		if got, _ := back(t, want); !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %#v, and came back as %#v", text, want, got)
		}
	})
}
