package sqlite

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"weir/engine"
)

// This file is the way back of encode.go. What it reads may have been changed
// by hand or by a bad disk, so it takes any JSON of the right form and says
// what is wrong with another.

// decode reads the lists of a result from its columns. Empty is NULL.
func decode(r *engine.Result, timing, history, header, findings, records, exactly string) error {
	if timing != "" {
		r.Timing = engine.Timing{Waited: none, DNS: none, Connect: none, TLS: none, FirstByte: none, Body: none, Extract: none}
		var by map[string]int64
		if err := json.Unmarshal([]byte(timing), &by); err != nil {
			return fmt.Errorf("timing: %w", err)
		}
		for i, d := range stagesOf(&r.Timing) {
			if n, ok := by[stages[i]]; ok {
				*d = time.Duration(n)
			}
		}
	}
	if exactly != "" {
		return decodeExact(r, exactly)
	}
	if history != "" {
		if err := json.Unmarshal([]byte(history), &r.History); err != nil {
			return fmt.Errorf("history: %w", err)
		}
	}
	if findings != "" {
		if err := json.Unmarshal([]byte(findings), &r.Findings); err != nil {
			return fmt.Errorf("findings: %w", err)
		}
	}
	if header != "" {
		var pairs [][2]string
		if err := json.Unmarshal([]byte(header), &pairs); err != nil {
			return fmt.Errorf("header: %w", err)
		}
		r.Header = make([]engine.Header, len(pairs))
		for i, p := range pairs {
			r.Header[i] = engine.Header{Name: p[0], Value: p[1]}
		}
	}
	if records != "" {
		var err error
		if r.Records, err = decodeRecords(records); err != nil {
			return fmt.Errorf("records: %w", err)
		}
	}
	return nil
}

func decodeExact(r *engine.Result, text string) error {
	var e exact
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return fmt.Errorf("exact: %w", err)
	}
	r.History, r.Header, r.Findings = copyLists(e.History, e.Header, e.Findings, unbytewise)
	if e.Records == nil {
		return nil
	}
	r.Records = make([]engine.Record, len(e.Records))
	for i, fields := range e.Records {
		if fields == nil {
			continue
		}
		r.Records[i] = make(engine.Record, len(fields))
		for j := range fields {
			r.Records[i][j] = engine.Field{Name: unbytewise(fields[j].Name), Value: fields[j].Value.value()}
		}
	}
	return nil
}

// decodeRecords reads an array of objects, the fields of each in their order,
// which package json does not keep.
func decodeRecords(text string) ([]engine.Record, error) {
	p := parser{text: text}
	out := []engine.Record{}
	p.items('[', ']', func() {
		if p.word("null") {
			out = append(out, nil)
			return
		}
		r := engine.Record{}
		if len(out) > 0 {
			r = make(engine.Record, 0, len(out[len(out)-1])) // rows are alike
		}
		p.items('{', '}', func() {
			f := engine.Field{Name: p.string()}
			p.expect(':')
			f.Value = p.value()
			r = append(r, f)
		})
		out = append(out, r)
	})
	if p.space(); p.at != len(text) {
		p.fail("end")
	}
	return out, p.err
}

// A parser goes over a text of JSON. After an error it goes nowhere.
type parser struct {
	text string
	at   int
	err  error
}

func (p *parser) fail(want string) {
	if p.err == nil {
		p.err = fmt.Errorf("byte %d of %d: want %s", p.at, len(p.text), want)
	}
}

func (p *parser) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return
		}
	}
}

// next reports whether c comes next, and passes it then.
func (p *parser) next(c byte) bool {
	p.space()
	if p.err != nil || p.at >= len(p.text) || p.text[p.at] != c {
		return false
	}
	p.at++
	return true
}

func (p *parser) expect(c byte) {
	if !p.next(c) {
		p.fail(string(c))
	}
}

// word reports whether w comes next, and passes it then.
func (p *parser) word(w string) bool {
	p.space()
	if p.err != nil || !strings.HasPrefix(p.text[p.at:], w) {
		return false
	}
	p.at += len(w)
	return true
}

// items calls one for each item between two brackets.
func (p *parser) items(open, end byte, one func()) {
	if p.expect(open); p.next(end) {
		return
	}
	for p.err == nil {
		one()
		if p.next(end) {
			return
		}
		p.expect(',')
	}
}

// string passes a string.
func (p *parser) string() string {
	p.space()
	if p.at >= len(p.text) || p.text[p.at] != '"' {
		p.fail("a string")
		return ""
	}
	plain := true
	for i := p.at + 1; i < len(p.text); i++ {
		switch p.text[i] {
		case '\\':
			plain = false
			i++
		case '"':
			raw := p.text[p.at : i+1]
			p.at = i + 1
			if plain {
				return raw[1 : len(raw)-1]
			}
			var s string
			if err := json.Unmarshal([]byte(raw), &s); err != nil {
				p.fail("a string")
			}
			return s
		}
	}
	p.fail("the end of a string")
	return ""
}

// value passes what a field may have.
func (p *parser) value() any {
	p.space()
	if p.at < len(p.text) && p.text[p.at] == '[' {
		return p.list()
	}
	return p.scalar()
}

// list passes a list. One of texts only is a []string.
func (p *parser) list() any {
	texts, all := []string{}, []any(nil)
	p.items('[', ']', func() {
		v := p.scalar()
		if s, ok := v.(string); ok && all == nil {
			texts = append(texts, s)
			return
		}
		if all == nil {
			all = make([]any, len(texts))
			for i := range texts {
				all[i] = texts[i]
			}
		}
		all = append(all, v)
	})
	if all != nil {
		return all
	}
	return texts
}

func (p *parser) scalar() any {
	switch p.space(); {
	case p.at < len(p.text) && p.text[p.at] == '"':
		return p.string()
	case p.word("null"):
		return nil
	case p.word("true"):
		return true
	case p.word("false"):
		return false
	}
	end := p.at
	for end < len(p.text) && strings.IndexByte("+-.eE0123456789", p.text[end]) >= 0 {
		end++
	}
	n := engine.Number(p.text[p.at:end])
	if !isNumber(n) {
		p.fail("a value")
	}
	p.at = end
	return n
}
