package sqlite

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"weir/engine"
)

// This file is how the lists of a result become text that people can read and
// that comes back as it was. JSON cannot say all that may be in them: bytes
// that are no UTF-8, a number that is none, a nil list where another is empty.
// What has such a thing is written as well as JSON can, and exactly in a column
// of its own.

// lists are the columns of a result that are lists. Nil is NULL.
type lists struct {
	timing, history, header, findings, records, exact []byte
}

// size is how many bytes the lists take.
func (l *lists) size() int {
	return len(l.timing) + len(l.history) + len(l.header) + len(l.findings) + len(l.records) + len(l.exact)
}

// encode writes the lists of a result. The error is that of a value that is
// none of an [engine.Field]'s.
func encode(r *engine.Result) (lists, error) {
	var l lists
	l.timing = appendTiming(&r.Timing)
	l.history = list(r.History, func(b []byte, a *engine.Attempt) []byte {
		b = strconv.AppendInt(append(b, `{"status":`...), int64(a.Status), 10)
		b = engine.AppendJSONString(append(b, `,"class":`...), string(a.Class))
		b = strconv.AppendInt(append(b, `,"elapsed":`...), int64(a.Elapsed), 10)
		b = strconv.AppendInt(append(b, `,"waited":`...), int64(a.Waited), 10)
		return append(engine.AppendJSONString(append(b, `,"why":`...), a.Why), '}')
	})
	l.header = list(r.Header, func(b []byte, h *engine.Header) []byte {
		b = engine.AppendJSONString(append(b, '['), h.Name)
		return append(engine.AppendJSONString(append(b, ','), h.Value), ']')
	})
	l.findings = list(r.Findings, func(b []byte, f *engine.Finding) []byte {
		b = engine.AppendJSONString(append(b, `{"kind":`...), f.Kind)
		b = strconv.AppendInt(append(b, `,"row":`...), int64(f.Row), 10)
		b = strconv.AppendInt(append(b, `,"col":`...), int64(f.Col), 10)
		b = engine.AppendJSONString(append(b, `,"field":`...), f.Field)
		b = engine.AppendJSONString(append(b, `,"selector":`...), f.Selector)
		return append(engine.AppendJSONString(append(b, `,"raw":`...), f.Raw), '}')
	})
	var err error
	l.records = list(r.Records, func(b []byte, rec *engine.Record) []byte {
		if *rec == nil {
			return append(b, "null"...)
		}
		out := *rec
		for i := range out {
			ok, e := sayable(out[i].Value)
			if e != nil && err == nil {
				err = fmt.Errorf("sqlite: result %d, field %q: %w", r.Num, out[i].Name, e)
			}
			if !ok {
				out = said(out)
				break
			}
		}
		b, e := out.AppendJSON(b)
		if e != nil && err == nil {
			err = fmt.Errorf("sqlite: result %d: %w", r.Num, e)
		}
		return b
	})
	if err == nil && !exactly(r) {
		l.exact, err = encodeExact(r)
	}
	return l, err
}

// list writes a list as an array, of what one writes.
func list[T any](items []T, one func([]byte, *T) []byte) []byte {
	if items == nil {
		return nil
	}
	b := make([]byte, 0, 128)
	b = append(b, '[')
	for i := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, &items[i])
	}
	return append(b, ']')
}

// stages are the names of the columns of a timing.
var stages = [...]string{"waited", "dns", "connect", "tls", "first_byte", "body", "extract"}

func stagesOf(t *engine.Timing) [len(stages)]*time.Duration {
	return [...]*time.Duration{&t.Waited, &t.DNS, &t.Connect, &t.TLS, &t.FirstByte, &t.Body, &t.Extract}
}

// none is what a stage has that did not happen.
const none time.Duration = -1

func appendTiming(t *engine.Timing) []byte {
	if *t == (engine.Timing{}) {
		return nil
	}
	b := make([]byte, 0, 128)
	b = append(b, '{')
	for i, d := range stagesOf(t) {
		if *d == none {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), stages[i]...), `":`...)
		b = strconv.AppendInt(b, int64(*d), 10)
	}
	return append(b, '}')
}

// exactly reports whether JSON says all that is in the lists.
func exactly(r *engine.Result) bool {
	ok := utf8.ValidString
	for i := range r.History {
		if a := &r.History[i]; !ok(string(a.Class)) || !ok(a.Why) {
			return false
		}
	}
	for i := range r.Header {
		if h := &r.Header[i]; !ok(h.Name) || !ok(h.Value) {
			return false
		}
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; !ok(f.Kind) || !ok(f.Field) || !ok(f.Selector) || !ok(f.Raw) {
			return false
		}
	}
	for _, rec := range r.Records {
		for i := range rec {
			if !ok(rec[i].Name) {
				return false
			}
			if ok, _ := sayable(rec[i].Value); !ok {
				return false
			}
		}
	}
	return true
}

// sayable reports whether JSON says what a value is, and returns an error if it
// is none of a field's.
func sayable(value any) (bool, error) {
	switch v := value.(type) {
	case nil, bool:
		return true, nil
	case string:
		return utf8.ValidString(v), nil
	case engine.Number:
		return isNumber(v), nil
	case []string:
		for _, s := range v {
			if !utf8.ValidString(s) {
				return false, nil
			}
		}
		return v != nil, nil
	case []any:
		all, texts := true, true // a list of texts only comes back as []string
		for _, item := range v {
			if _, list := item.([]string); list {
				return false, fmt.Errorf("no value of a record: %T in a list", item)
			}
			if _, list := item.([]any); list {
				return false, fmt.Errorf("no value of a record: %T in a list", item)
			}
			ok, err := sayable(item)
			if err != nil {
				return false, err
			}
			_, isText := item.(string)
			all, texts = all && ok, texts && isText
		}
		return all && !texts, nil
	}
	return false, fmt.Errorf("no value of a record: %T", value)
}

// isNumber reports whether n is a number in JSON, and nothing around it.
func isNumber(n engine.Number) bool {
	if n == "" || n[0] != '-' && !digit(n[0]) || !digit(n[len(n)-1]) {
		return false
	}
	return json.Valid([]byte(n))
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// said returns a record as JSON can say it.
func said(r engine.Record) engine.Record {
	out := make(engine.Record, len(r))
	for i := range r {
		out[i] = engine.Field{Name: r[i].Name, Value: saidValue(r[i].Value)}
	}
	return out
}

func saidValue(value any) any {
	switch v := value.(type) {
	case engine.Number:
		if !isNumber(v) {
			return string(v)
		}
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = saidValue(v[i])
		}
		return out
	}
	return value
}

// bytewise returns a text in which every byte of s is a character of its own,
// and unbytewise takes that back.
func bytewise(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

func unbytewise(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

// An exact is the lists of a result in which all texts are bytewise, and values
// say what they are.
type exact struct {
	History  []engine.Attempt
	Header   []engine.Header
	Findings []engine.Finding
	Records  [][]exactField
}

type exactField struct {
	Name  string
	Value exactValue
}

// An exactValue has one of its fields, or none for nil.
type exactValue struct {
	Text   *string      `json:",omitempty"`
	Number *string      `json:",omitempty"`
	Bool   *bool        `json:",omitempty"`
	Texts  []string     `json:",omitzero"`
	List   []exactValue `json:",omitzero"`
	Nil    string       `json:",omitempty"` // "texts" or "list": one that is nil
}

func encodeExact(r *engine.Result) ([]byte, error) {
	return json.Marshal(exactOf(r, bytewise))
}

// exactOf copies the lists, with every text as f has it.
func exactOf(r *engine.Result, f func(string) string) exact {
	var e exact
	e.History, e.Header, e.Findings = copyLists(r.History, r.Header, r.Findings, f)
	if r.Records != nil {
		e.Records = make([][]exactField, len(r.Records))
	}
	for i, rec := range r.Records {
		if rec != nil {
			e.Records[i] = make([]exactField, len(rec))
		}
		for j := range rec {
			e.Records[i][j] = exactField{f(rec[j].Name), exactFrom(rec[j].Value)}
		}
	}
	return e
}

// copyLists copies lists, with every text as f has it.
func copyLists(as []engine.Attempt, hs []engine.Header, fs []engine.Finding, f func(string) string) ([]engine.Attempt, []engine.Header, []engine.Finding) {
	as, hs, fs = clone(as), clone(hs), clone(fs)
	for i := range as {
		as[i].Class, as[i].Why = engine.Class(f(string(as[i].Class))), f(as[i].Why)
	}
	for i := range hs {
		hs[i] = engine.Header{Name: f(hs[i].Name), Value: f(hs[i].Value)}
	}
	for i := range fs {
		v := &fs[i]
		v.Kind, v.Field, v.Selector, v.Raw = f(v.Kind), f(v.Field), f(v.Selector), f(v.Raw)
	}
	return as, hs, fs
}

// clone copies a list; of nil it is nil.
func clone[T any](items []T) []T {
	if items == nil {
		return nil
	}
	return append([]T{}, items...)
}

func exactFrom(value any) (e exactValue) {
	switch v := value.(type) {
	case string:
		s := bytewise(v)
		e.Text = &s
	case engine.Number:
		s := bytewise(string(v))
		e.Number = &s
	case bool:
		e.Bool = &v
	case []string:
		if v == nil {
			e.Nil = "texts"
			break
		}
		e.Texts = make([]string, len(v))
		for i := range v {
			e.Texts[i] = bytewise(v[i])
		}
	case []any:
		if v == nil {
			e.Nil = "list"
			break
		}
		e.List = make([]exactValue, len(v))
		for i := range v {
			e.List[i] = exactFrom(v[i])
		}
	}
	return e
}

func (e *exactValue) value() any {
	switch {
	case e.Text != nil:
		return unbytewise(*e.Text)
	case e.Number != nil:
		return engine.Number(unbytewise(*e.Number))
	case e.Bool != nil:
		return *e.Bool
	case e.Texts != nil:
		out := make([]string, len(e.Texts))
		for i := range out {
			out[i] = unbytewise(e.Texts[i])
		}
		return out
	case e.List != nil:
		out := make([]any, len(e.List))
		for i := range out {
			out[i] = e.List[i].value()
		}
		return out
	case e.Nil == "texts":
		return []string(nil)
	case e.Nil == "list":
		return []any(nil)
	}
	return nil
}
