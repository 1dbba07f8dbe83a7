package engine_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"weir/engine"
)

// encoded is what package encoding/json makes of a value.
func encoded(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestAppendJSONString(t *testing.T) {
	var all []string
	for c := range 256 {
		all = append(all, string([]byte{byte(c)}), "x"+string(rune(c))+"y")
	}
	all = append(all, "", "plain <a> & 'b'", "tab\tline\nquote\" back\\", "\u2028\u2029", "é\xff\xc3", "\U0001f600", "\x7f")
	for _, s := range all {
		if got, want := string(engine.AppendJSONString([]byte("before "), s)), "before "+encoded(t, s); got != want {
			t.Errorf("AppendJSONString(%q) = %s, want %s", s, got, want)
		}
	}
}

func TestRecordJSON(t *testing.T) {
	rec := engine.Record{
		{Name: "a \"b\"", Value: "x"},
		{Name: "none"},
		{Name: "list", Value: []string{"p", "q\n", ""}},
		{Name: "empty", Value: []string{}},
		{Name: "nil", Value: []string(nil)},
		{Name: "n", Value: engine.Number("-12.50")},
		{Name: "t", Value: true},
		{Name: "mixed", Value: []any{"x", engine.Number("1")}},
	}
	want := `{"a \"b\"":"x","none":null,"list":["p","q\n",""],"empty":[],"nil":null,"n":-12.50,"t":true,"mixed":["x",1]}`
	got, err := rec.AppendJSON([]byte("["))
	if string(got) != "["+want || err != nil {
		t.Errorf("AppendJSON = %s, %v, want [%s", got, err, want)
	}
	if got := encoded(t, rec); got != want {
		t.Errorf("Marshal = %s, want %s", got, want)
	}
	for _, r := range []engine.Record{nil, {}} {
		if got, err := r.AppendJSON(nil); string(got) != "{}" || err != nil {
			t.Errorf("AppendJSON of none = %s, %v", got, err)
		}
	}
	for _, none := range []engine.Number{"no", "true", `"1"`, "1x", "1 2", "-", "01"} {
		bad := engine.Record{{Name: "a", Value: "x"}, {Name: "b", Value: none}}
		if got, err := bad.AppendJSON([]byte("keep")); string(got) != "keep" || err == nil {
			t.Errorf("AppendJSON of the number %q = %s, %v, want an error", none, got, err)
		}
	}
}
