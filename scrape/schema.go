package scrape

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// recipe reads the keys of a recipe into r.
func (s sheet) recipe(root *yaml.Node, r *Recipe) error {
	keys, err := s.pairs(root, "the recipe")
	if err != nil {
		return err
	}
	var expect pair
	var hasFields bool
	for _, p := range keys {
		switch p.key {
		case "name":
			if r.name, err = s.text(p); err == nil {
				err = s.named(p.value, checkName(r.name))
			}
		case "url":
			if r.url, err = s.text(p); err == nil {
				err = s.named(p.value, checkTemplate(r.url))
			}
		case "rows":
			r.rows, err = s.selector(p)
		case "fields":
			hasFields = true
			err = s.fields(p.value, r)
		case "follow":
			err = s.follows(p.value, r)
		case "expect":
			expect = p // once rows and fields are known
		default:
			err = s.unknown(p, "the recipe", "name", "url", "rows", "fields", "follow", "expect")
		}
		if err != nil {
			return err
		}
	}
	if !hasFields {
		return s.errorf(root, "no fields")
	}
	if r.rows != nil {
		r.expect.rows = 1
	}
	if expect.at == nil {
		return nil
	}
	return s.expect(expect.value, r)
}

// selector reads and compiles a selector.
func (s sheet) selector(p pair) (*selector, error) {
	text, err := s.text(p)
	if err != nil {
		return nil, err
	}
	sel, err := parseSelector(text)
	if err != nil {
		return nil, s.line(p.value.Line, err)
	}
	return &sel, nil
}

func (s sheet) fields(n *yaml.Node, r *Recipe) error {
	keys, err := s.pairs(n, "fields")
	if err != nil {
		return err
	}
	if len(keys) == 0 || len(keys) > MaxFields {
		return s.errorf(n, "%s, not 1 to %d", plural(len(keys), "field"), MaxFields)
	}
	for _, p := range keys {
		if err := checkField(p.key); err != nil {
			return s.line(p.at.Line, err)
		}
		f, err := s.field(p)
		if err != nil {
			return err
		}
		r.fields = append(r.fields, f)
	}
	return nil
}

func (s sheet) field(of pair) (field, error) {
	f := field{name: of.key, typ: typeString}
	what := "field " + of.key
	keys, err := s.pairs(of.value, what)
	if err != nil {
		return f, err
	}
	for _, p := range keys {
		switch p.key {
		case "select":
			f.sel, err = s.selector(p)
		case "attr":
			f.attr, err = s.attr(p)
		case "type":
			var name string
			if name, err = s.text(p); err == nil {
				f.typ, err = s.valueType(p, name)
			}
		case "required":
			f.required, err = s.flag(p)
		case "many":
			f.many, err = s.flag(p)
		default:
			err = s.unknown(p, what, "select", "attr", "type", "required", "many")
		}
		if err != nil {
			return f, err
		}
	}
	return f, nil
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

func (s sheet) valueType(p pair, name string) (valueType, error) {
	for _, t := range valueTypes {
		if t == name {
			return valueType(t), nil
		}
	}
	return "", s.errorf(p.value, "type %q is not %s%s", clip(name, maxShown), oneOf(valueTypes), suggest(name, valueTypes))
}

func (s sheet) follows(n *yaml.Node, r *Recipe) error {
	if n.Kind != yaml.SequenceNode {
		return s.errorf(n, "follow is %s, not a list", kindOf(n))
	}
	if len(n.Content) > maxFollow {
		return s.errorf(n, "%d entries in follow, at most %d", len(n.Content), maxFollow)
	}
	for _, entry := range n.Content {
		keys, err := s.pairs(entry, "an entry of follow")
		if err != nil {
			return err
		}
		f := follow{attr: "href", pages: defaultPages}
		for _, p := range keys {
			switch p.key {
			case "select":
				f.sel, err = s.selector(p)
			case "attr":
				f.attr, err = s.attr(p)
			case "pages":
				f.pages, err = s.count(p, 1, maxPages)
			default:
				err = s.unknown(p, "an entry of follow", "select", "attr", "pages")
			}
			if err != nil {
				return err
			}
		}
		if f.sel == nil {
			return s.errorf(entry, "an entry of follow has no select")
		}
		r.follow = append(r.follow, f)
	}
	return nil
}

func (s sheet) expect(n *yaml.Node, r *Recipe) error {
	keys, err := s.pairs(n, "expect")
	if err != nil {
		return err
	}
	for _, p := range keys {
		switch {
		case p.key == "rows" && r.rows == nil:
			err = s.errorf(p.at, "expect rows needs rows: without them the page is one record")
		case p.key == "rows":
			r.expect.rows, err = s.count(p, 0, maxCells)
		case p.key == "fill":
			r.expect.fill, err = s.fill(p.value, r)
		default:
			err = s.unknown(p, "expect", "rows", "fill")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s sheet) fill(n *yaml.Node, r *Recipe) ([]fill, error) {
	keys, err := s.pairs(n, "fill")
	if err != nil {
		return nil, err
	}
	names := r.Fields()
	var fs []fill
	for _, p := range keys {
		f := fill{field: -1}
		for i, name := range names {
			if name == p.key {
				f.field = i
			}
		}
		if f.field < 0 {
			return nil, s.errorf(p.at, "fill names %q, which is no field%s", clip(p.key, maxShown), suggest(p.key, names))
		}
		digits, ok := strings.CutSuffix(p.value.Value, "%")
		f.percent, err = strconv.Atoi(digits)
		if p.value.Kind != yaml.ScalarNode || !ok || err != nil || f.percent < 0 || f.percent > 100 {
			return nil, s.errorf(p.value, "fill of %s is %s, not 0%% to 100%%", p.key, kindOf(p.value))
		}
		fs = append(fs, f)
	}
	return fs, nil
}
