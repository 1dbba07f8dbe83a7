package scrape

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// This file is the language of recipes: for each mapping, the keys that it may
// have and what they mean. A new key is a line in one of the tables and the
// method that it names. (The tables are functions since they hold one another.)

// recipeKeys are the keys of a recipe: its own and those of its reading.
func recipeKeys() []key[*Recipe] {
	keys := []key[*Recipe]{
		{name: "name", read: func(s sheet, p pair, r *Recipe) (err error) {
			if r.name, err = s.text(p); err != nil {
				return err
			}
			return s.at(p.value, checkName(r.name))
		}},
		{name: "url", read: func(s sheet, p pair, r *Recipe) (err error) {
			if r.url, err = s.text(p); err != nil {
				return err
			}
			return s.at(p.value, checkTemplate(r.url))
		}},
	}
	for _, k := range readingKeys() {
		read := func(s sheet, p pair, r *Recipe) error { return k.read(s, p, &r.reading) }
		keys = append(keys, key[*Recipe]{name: k.name, read: read, last: k.last})
	}
	return keys
}

// readingKeys are the keys of whatever says what to read: a recipe, and what
// stands in its place further down.
func readingKeys() []key[*reading] {
	return []key[*reading]{
		{name: "rows", read: func(s sheet, p pair, r *reading) (err error) {
			r.rows, err = s.selector(p)
			r.expect.rows = 1 // unless expect says otherwise
			return err
		}},
		{name: "fields", read: func(s sheet, p pair, r *reading) (err error) {
			r.fields, err = s.fields(p.value)
			return err
		}},
		{name: "follow", read: sheet.follows},
		{name: "expect", read: sheet.expect, last: true},
	}
}

func followKeys() []key[*follow] {
	return []key[*follow]{
		{name: "select", read: func(s sheet, p pair, f *follow) (err error) {
			f.sel, err = s.selector(p)
			return err
		}},
		{name: "attr", read: func(s sheet, p pair, f *follow) (err error) {
			f.attr, err = s.attr(p)
			return err
		}},
		{name: "pages", read: func(s sheet, p pair, f *follow) (err error) {
			f.pages, err = s.count(p, 1, maxPages)
			return err
		}},
	}
}

func expectKeys() []key[*reading] {
	return []key[*reading]{
		{name: "rows", read: func(s sheet, p pair, r *reading) (err error) {
			if r.rows == nil {
				return s.errorf(p.at, "expect rows needs rows: without them the page is one record")
			}
			r.expect.rows, err = s.count(p, 0, maxCells)
			return err
		}},
		{name: "fill", read: func(s sheet, p pair, r *reading) (err error) {
			r.expect.fill, err = s.fill(p.value, r)
			return err
		}},
	}
}

// recipe reads a recipe into r.
func (s sheet) recipe(root *yaml.Node, r *Recipe) error {
	has, err := mapping(s, root, "the recipe", recipeKeys(), r)
	if err != nil {
		return err
	}
	return s.whole(root, has)
}

// whole says whether the keys of a reading are enough.
func (s sheet) whole(n *yaml.Node, has map[string]pair) error {
	if _, ok := has["fields"]; !ok {
		return s.errorf(n, "no fields")
	}
	return nil
}

// selector reads and compiles a selector.
func (s sheet) selector(p pair) (*selector, error) {
	text, err := s.text(p)
	if err != nil {
		return nil, err
	}
	sel, err := parseSelector(text)
	if err != nil {
		return nil, s.at(p.value, err)
	}
	return &sel, nil
}

func (s sheet) follows(p pair, r *reading) error {
	n := p.value
	if n.Kind != yaml.SequenceNode {
		return s.errorf(n, "follow is %s, not a list", kindOf(n))
	}
	if len(n.Content) > maxFollow {
		return s.errorf(n, "%d entries in follow, at most %d", len(n.Content), maxFollow)
	}
	for _, entry := range n.Content {
		f := follow{attr: "href", pages: defaultPages}
		if _, err := mapping(s, entry, "an entry of follow", followKeys(), &f); err != nil {
			return err
		}
		if f.sel == nil {
			return s.errorf(entry, "an entry of follow has no select")
		}
		r.follow = append(r.follow, f)
	}
	return nil
}

func (s sheet) expect(p pair, r *reading) error {
	_, err := mapping(s, p.value, "expect", expectKeys(), r)
	return err
}

func (s sheet) fill(n *yaml.Node, r *reading) ([]fill, error) {
	keys, err := s.pairs(n, "fill")
	if err != nil {
		return nil, err
	}
	names := r.names()
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
