package scrape

import (
	"go.yaml.in/yaml/v4"
)

const (
	maxHeadings = 10  // of top and of side
	maxHeading  = 100 // the furthest row or column of headings
	maxBlanks   = 20
)

func pivotKeys() []key[*pivot] {
	return []key[*pivot]{
		{name: "select", read: func(s sheet, p pair, v *pivot) (err error) {
			v.sel, err = s.selector(p)
			return err
		}},
		{name: "side", read: func(s sheet, p pair, v *pivot) error { return s.headings(p, "column", v) }},
		{name: "top", read: func(s sheet, p pair, v *pivot) error { return s.headings(p, "row", v) }},
		{name: "cell", read: func(s sheet, p pair, v *pivot) error {
			part := pivotPart{}
			if _, err := mapping(s, p.value, "cell", cellKeys(), &part); err != nil {
				return err
			}
			if part.fields == nil {
				return s.errorf(p.value, "cell has no fields")
			}
			v.parts = append(v.parts, part)
			return nil
		}},
		{name: "blank", read: func(s sheet, p pair, v *pivot) error {
			texts, err := s.some(p, maxBlanks)
			for _, text := range texts {
				v.blank = append(v.blank, fold(text))
			}
			return err
		}},
		{name: "skip", read: func(s sheet, p pair, v *pivot) (err error) {
			v.skip, err = s.regex(p)
			return err
		}},
		{name: "split", read: func(s sheet, p pair, v *pivot) error {
			texts, err := s.some(p, maxBlanks)
			if err != nil {
				return err
			}
			v.split, err = newSeparator(texts...)
			return s.at(p.value, err)
		}},
	}
}

func cellKeys() []key[*pivotPart] {
	return []key[*pivotPart]{
		{name: "fields", read: func(s sheet, p pair, part *pivotPart) (err error) {
			part.fields, err = s.fields(p.value)
			return err
		}},
	}
}

// headingKeys are the keys of top and side. line is row or column.
func headingKeys(line string) []key[*pivotPart] {
	return append(cellKeys(), key[*pivotPart]{name: line, read: func(s sheet, p pair, part *pivotPart) (err error) {
		if line == "row" {
			part.row, err = s.count(p, 1, maxHeading)
		} else {
			part.col, err = s.count(p, 1, maxHeading)
		}
		return err
	}})
}

// headings reads top or side: one mapping, or a list of them. line is row or
// column.
func (s sheet) headings(p pair, line string, v *pivot) error {
	entries := []*yaml.Node{p.value}
	if p.value.Kind == yaml.SequenceNode {
		entries = p.value.Content
	}
	if len(entries) == 0 || len(entries) > maxHeadings {
		return s.errorf(p.value, "%d entries in %s, not 1 to %d", len(entries), p.key, maxHeadings)
	}
	for _, entry := range entries {
		part := pivotPart{row: 1}
		if line == "column" {
			part = pivotPart{col: 1}
		}
		if _, err := mapping(s, entry, p.key, headingKeys(line), &part); err != nil {
			return err
		}
		if part.fields == nil {
			return s.errorf(entry, "%s has no fields", p.key)
		}
		v.parts = append(v.parts, part)
	}
	return nil
}

// pivot reads a pivot and the fields that it makes.
func (s sheet) pivot(p pair, r *reading) error {
	v := &pivot{}
	has, err := mapping(s, p.value, "pivot", pivotKeys(), v)
	if err != nil {
		return err
	}
	_, top := has["top"]
	_, side := has["side"]
	switch {
	case v.sel == nil:
		return s.errorf(p.value, "pivot has no select: which table?")
	case !top && !side:
		return s.errorf(p.value, "pivot has neither top nor side: without headings, read the cells with rows and fields")
	}
	r.fields = v.finish()
	if len(r.fields) > MaxFields {
		return s.errorf(p.value, "%s, not 1 to %d", plural(len(r.fields), "field"), MaxFields)
	}
	r.pivot = v
	r.expect.rows = 1 // unless expect says otherwise
	return nil
}

func tabularKeys() []key[*tabular] {
	return []key[*tabular]{
		{name: "select", read: func(s sheet, p pair, v *tabular) (err error) {
			v.sel, err = s.selector(p)
			return err
		}},
		{name: "header", read: func(s sheet, p pair, v *tabular) (err error) {
			if p.value.Kind == yaml.ScalarNode && p.value.Value == "side" {
				v.side = true
				return nil
			}
			if v.header, err = s.count(p, 0, maxHeading); err != nil {
				return s.errorf(p.value, "header is %s, neither side nor a whole number from 0 to %d", kindOf(p.value), maxHeading)
			}
			return nil
		}},
		{name: "columns", read: sheet.renames},
	}
}

// renames reads the names of columns: those on the page, and those in records.
func (s sheet) renames(p pair, v *tabular) error {
	keys, err := s.pairs(p.value, "columns")
	if err != nil {
		return err
	}
	if len(keys) > MaxFields {
		return s.errorf(p.value, "%d columns, at most %d", len(keys), MaxFields)
	}
	for _, p := range keys {
		to, err := s.text(p)
		if err != nil {
			return err
		}
		if err := checkField(to); err != nil {
			return s.at(p.value, err)
		}
		v.names = append(v.names, renamed{from: fold(p.key), to: to})
	}
	return nil
}

// table reads what reads tables by their headers.
func (s sheet) table(p pair, r *reading) error {
	v := &tabular{header: -1}
	if _, err := mapping(s, p.value, "table", tabularKeys(), v); err != nil {
		return err
	}
	r.table = v
	r.expect.rows = 1 // unless expect says otherwise
	return nil
}

// some reads one text or a list of at most n.
func (s sheet) some(p pair, n int) ([]string, error) {
	if p.value.Kind == yaml.SequenceNode {
		return s.texts(p, n)
	}
	text, err := s.text(p)
	return []string{text}, err
}
