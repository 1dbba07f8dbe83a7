package engine

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// AppendJSON appends the record to b as one object, its fields in their order,
// as MarshalJSON writes it. The error is that of a value that is none of a
// [Field]'s; b is then as it was.
func (r Record) AppendJSON(b []byte) ([]byte, error) {
	begun := len(b)
	b = append(b, '{')
	for i := range r {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(AppendJSONString(b, r[i].Name), ':')
		var err error
		if b, err = appendValue(b, r[i].Value); err != nil {
			return b[:begun], err
		}
	}
	return append(b, '}'), nil
}

func appendValue(b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return append(b, "null"...), nil
	case string:
		return AppendJSONString(b, v), nil
	case []string:
		if v == nil {
			return append(b, "null"...), nil
		}
		b = append(b, '[')
		for i, s := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendJSONString(b, s)
		}
		return append(b, ']'), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case Number:
		if v != "" && (v[0] == '-' || '0' <= v[0] && v[0] <= '9') && json.Valid([]byte(v)) { // else it is for package json to complain
			return append(b, v...), nil
		}
	}
	return appendEncoded(b, value)
}

// AppendJSONString appends s to b as package encoding/json writes it, but for
// HTML's < > and &, which stay as they are.
func AppendJSONString(b []byte, s string) []byte {
	wide := false
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c == '"' || c == '\\':
			return appendEscaped(b, s)
		case c > '~':
			wide = true
		}
	}
	if wide && (!utf8.ValidString(s) || strings.Contains(s, "\u2028") || strings.Contains(s, "\u2029")) {
		return appendEscaped(b, s)
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendEscaped(b []byte, s string) []byte {
	b, _ = appendEncoded(b, s) // every string can be written
	return b
}

func appendEncoded(b []byte, value any) ([]byte, error) {
	out := bytes.NewBuffer(b)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return b, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
