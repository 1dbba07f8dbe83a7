package scrape

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A field is one column of a recipe. What it finds goes this way to a value:
//
//	elements -> strip -> take or attr -> regex -> split -> type -> fallback
type field struct {
	name     string
	sel      *selector // nil: the row itself
	column   *column   // nil: sel says it all; else sel is nil
	page     bool      // sel looks in the whole page, not in the row
	attr     string    // empty: the text
	take     take      // empty: takeText
	strip    *selector // elements that are not read; nil: none
	regex    *pattern  // the part that is the value; nil: the whole
	split    string    // what stands between the items of a list; empty: no list
	typ      valueType
	order    string // of dates in numbers, see dateRule
	near     *nearby
	currency string // see setting
	fallback any    // the value of a cell without one; nil: none
	required bool
	many     bool
}

// selector returns the text of f's selector or column, empty for the row itself.
func (f *field) selector() string {
	switch {
	case f.column != nil && f.column.sel != nil:
		return f.column.text + " " + f.column.sel.text
	case f.column != nil:
		return f.column.text
	case f.sel == nil:
		return ""
	}
	return f.sel.text
}

// fieldRooms are the values of from.
var fieldRooms = []string{"row", "page"}

const maxSplit = 64 // bytes of the text between the items of a list

// fieldKeys are the keys of a field.
func fieldKeys() []key[*field] {
	return []key[*field]{
		{name: "select", read: func(s sheet, p pair, f *field) (err error) {
			f.sel, err = s.selector(p)
			return err
		}},
		{name: "column", read: sheet.column},
		{name: "from", read: func(s sheet, p pair, f *field) error {
			where, err := s.word(p, fieldRooms)
			f.page = where == "page"
			return err
		}},
		{name: "attr", read: func(s sheet, p pair, f *field) (err error) {
			f.attr, err = s.attr(p)
			return err
		}},
		{name: "take", read: func(s sheet, p pair, f *field) error {
			name, err := s.word(p, takes)
			f.take = take(name)
			return err
		}},
		{name: "strip", read: func(s sheet, p pair, f *field) (err error) {
			f.strip, err = s.selector(p)
			return err
		}},
		{name: "regex", read: func(s sheet, p pair, f *field) (err error) {
			f.regex, err = s.regex(p)
			return err
		}},
		{name: "group", last: true, read: func(s sheet, p pair, f *field) (err error) {
			f.regex, err = s.group(p, f.regex)
			return err
		}},
		{name: "split", read: func(s sheet, p pair, f *field) (err error) {
			f.split, err = s.text(p)
			if err == nil && (f.split == "" || len(f.split) > maxSplit) {
				err = s.errorf(p.value, "split %q is not of 1 to %d bytes", clip(f.split, maxShown), maxSplit)
			}
			return err
		}},
		{name: "type", read: func(s sheet, p pair, f *field) error {
			name, err := s.word(p, valueTypes)
			f.typ = valueType(name)
			return err
		}},
		{name: "order", read: func(s sheet, p pair, f *field) (err error) {
			f.order, err = s.word(p, dateOrders)
			return err
		}},
		{name: "near", read: func(s sheet, p pair, f *field) (err error) {
			f.near, err = s.near(p)
			return err
		}},
		{name: "currency", read: func(s sheet, p pair, f *field) (err error) {
			f.currency, err = s.text(p)
			if err == nil && !isCurrency(f.currency) {
				err = s.errorf(p.value, "currency %q is no code of ISO 4217, such as USD or EUR", clip(f.currency, maxShown))
			}
			return err
		}},
		{name: "default", last: true, read: sheet.fallback},
		{name: "required", read: func(s sheet, p pair, f *field) (err error) {
			f.required, err = s.flag(p)
			return err
		}},
		{name: "many", read: func(s sheet, p pair, f *field) (err error) {
			f.many, err = s.flag(p)
			return err
		}},
	}
}

// nearKeys are the keys of a field's near.
func nearKeys() []key[*nearby] {
	return []key[*nearby]{
		{name: "select", read: func(s sheet, p pair, n *nearby) (err error) {
			n.sel, err = s.selector(p)
			return err
		}},
		{name: "attr", read: func(s sheet, p pair, n *nearby) (err error) {
			n.attr, err = s.attr(p)
			return err
		}},
		{name: "regex", read: func(s sheet, p pair, n *nearby) (err error) {
			n.regex, err = s.regex(p)
			return err
		}},
		{name: "group", last: true, read: func(s sheet, p pair, n *nearby) (err error) {
			n.regex, err = s.group(p, n.regex)
			return err
		}},
	}
}

// fields reads a mapping of fields, at least one.
func (s sheet) fields(n *yaml.Node) ([]field, error) {
	keys, err := s.pairs(n, "fields")
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 || len(keys) > MaxFields {
		return nil, s.errorf(n, "%s, not 1 to %d", plural(len(keys), "field"), MaxFields)
	}
	fs := make([]field, 0, len(keys))
	for _, p := range keys {
		if err := checkField(p.key); err != nil {
			return nil, s.at(p.at, err)
		}
		f := field{name: p.key, typ: typeString}
		has, err := mapping(s, p.value, "field "+p.key, fieldKeys(), &f)
		if err != nil {
			return nil, err
		}
		if err := s.fits(p.at, has, &f); err != nil {
			return nil, err
		}
		if f.column != nil { // which is found from the row
			f.column.sel, f.sel = f.sel, nil
		}
		fs = append(fs, f)
	}
	return fs, nil
}

// fits says whether the keys of a field go together.
func (s sheet) fits(at *yaml.Node, has map[string]pair, f *field) error {
	given := func(key string) *yaml.Node { return has[key].at } // nil: not there
	if f.attr != "" {
		for _, key := range []string{"take", "strip"} {
			if n := given(key); n != nil {
				return s.errorf(n, "%s and attr in one field: it is about the text, and attr reads none", key)
			}
		}
	}
	if f.page && f.sel == nil {
		return s.errorf(given("from"), "from: page without select: what of the page?")
	}
	for _, key := range []string{"order", "near"} {
		if n := given(key); n != nil && !f.typ.dated() {
			return s.errorf(n, "%s is for the types date and datetime, and this is %s", key, f.typ)
		}
	}
	if n := given("currency"); n != nil && f.typ != typeMoney {
		return s.errorf(n, "currency is for the type money, and this is %s", f.typ)
	}
	if f.typ == typeBool {
		return s.fitsBool(at, given, f)
	}
	if n := given("default"); n != nil && f.required {
		return s.errorf(n, "default on a required field, which must not lack a value")
	}
	return nil
}

func (s sheet) fitsBool(at *yaml.Node, given func(key string) *yaml.Node, f *field) error {
	for _, not := range []struct{ key, why string }{
		{"required", "which is true or false and never missing"},
		{"default", "which is true or false and never missing"},
		{"many", "which is one: whether there is an element"},
		{"split", "which is one: whether there is an element"},
	} {
		if n := given(not.key); n != nil {
			return s.errorf(n, "%s on a bool, %s", not.key, not.why)
		}
	}
	if f.sel == nil && f.attr == "" && f.regex == nil {
		return s.errorf(at, "a bool without select, attr or regex is always true")
	}
	return nil
}

// attr reads the name of an attribute. HTML knows them in lower case.
func (s sheet) attr(p pair) (string, error) {
	name, err := s.text(p)
	if err != nil {
		return "", err
	}
	if name == "" || strings.ContainsAny(name, " \t\n\f\r\"'>/=<") {
		return "", s.errorf(p.value, "attr %q is no attribute's name", clip(name, maxShown))
	}
	return strings.ToLower(name), nil
}

// word returns one of known.
func (s sheet) word(p pair, known []string) (string, error) {
	name, err := s.text(p)
	if err == nil && !slices.Contains(known, name) {
		err = s.errorf(p.value, "%s %q is not %s%s", p.key, clip(name, maxShown), oneOf(known), suggest(name, known))
	}
	return name, err
}

// regex reads and compiles a regular expression.
func (s sheet) regex(p pair) (*pattern, error) {
	text, err := s.text(p)
	if err != nil {
		return nil, err
	}
	re, err := parsePattern(text)
	return re, s.at(p.value, err)
}

// group reads which group of re is its value.
func (s sheet) group(p pair, re *pattern) (*pattern, error) {
	name, err := s.text(p)
	if err != nil {
		return nil, err
	}
	if re == nil {
		return nil, s.errorf(p.at, "group without regex: a group of what?")
	}
	re, err = re.choose(name)
	return re, s.at(p.value, err)
}

// near reads where a page says when it is.
func (s sheet) near(p pair) (*nearby, error) {
	n := &nearby{}
	if _, err := mapping(s, p.value, "near", nearKeys(), n); err != nil {
		return nil, err
	}
	if n.sel == nil {
		return nil, s.errorf(p.at, "near has no select")
	}
	return n, nil
}

// fallback reads the value of cells without one. It is read as the page's are,
// but that there is no page: nothing is near, and URLs are absolute.
func (s sheet) fallback(p pair, f *field) error {
	text, err := s.text(p)
	if err != nil {
		return err
	}
	text, ok := f.typ.read(fold(text), setting{dates: dateRule{order: f.order}, currency: f.currency})
	switch {
	case text == "":
		return s.errorf(p.value, "default is blank, which a cell without a value is anyway")
	case !ok:
		return s.errorf(p.value, "default %q cannot be read as %s", clip(text, maxShown), f.typ)
	}
	f.fallback = f.typ.value(text)
	switch list := f.many || f.split != ""; {
	case list && f.typ.numeric():
		f.fallback = []any{f.fallback}
	case list:
		f.fallback = []string{text}
	}
	return nil
}
