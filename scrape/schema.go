package scrape

import (
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
		{name: "login", read: sheet.login},
		{name: "sitemap", read: sheet.sitemap},
		{name: "fingerprint", read: func(s sheet, p pair, r *Recipe) error {
			_, err := mapping(s, p.value, "fingerprint", fingerprintKeys(), r)
			return err
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
		{name: "page", read: func(s sheet, p pair, r *reading) error {
			kind, err := s.word(p, pageKinds)
			r.xml = kind == "xml"
			return err
		}},
		{name: "rows", read: sheet.rows},
		{name: "fields", read: func(s sheet, p pair, r *reading) (err error) {
			r.fields, err = s.fields(p.value)
			return err
		}},
		{name: "pivot", read: sheet.pivot},
		{name: "table", read: sheet.table},
		{name: "any", read: sheet.ways},
		{name: "follow", read: sheet.follows},
		{name: "expect", read: sheet.expect, last: true},
	}
}

func (s sheet) recipe(root *yaml.Node, r *Recipe) error {
	has, err := mapping(s, root, "the recipe", recipeKeys(), r)
	if err != nil {
		return err
	}
	if err := s.whole(root, has); err != nil {
		return err
	}
	r.anchored = r.anchor() || r.sitemap != nil && r.sitemap.reach.scope != scopeAny ||
		r.login != nil && strings.HasPrefix(r.login.url, slotBase)
	return s.walks(root, &r.reading)
}

// whole says whether the keys of a reading are enough, and one way to read.
func (s sheet) whole(n *yaml.Node, has map[string]pair) error {
	var ways []string
	for _, way := range []string{"fields", "pivot", "table", "any"} {
		if _, ok := has[way]; ok {
			ways = append(ways, way)
		}
	}
	rows, ok := has["rows"]
	switch {
	case len(ways) == 0:
		return s.errorf(n, "no fields")
	case len(ways) > 1:
		return s.errorf(has[ways[1]].at, "%s beside %s: a page is read in one way", ways[1], ways[0])
	case ok && ways[0] != "fields":
		return s.errorf(rows.at, "rows beside %s, which has rows of its own", ways[0])
	}
	return nil
}

// rows reads what the rows are: a selector, or a mapping with more.
func (s sheet) rows(p pair, r *reading) (err error) {
	r.expect.rows = 1 // unless expect says otherwise
	if p.value.Kind != yaml.MappingNode {
		r.rows, err = s.selector(p)
		return err
	}
	if _, err = mapping(s, p.value, "rows", rowKeys(), r); err == nil && r.rows == nil {
		err = s.errorf(p.value, "rows has no select")
	}
	return err
}

// selector reads and compiles a selector.
func (s sheet) selector(p pair) (*selector, error) {
	text, err := s.text(p)
	if err != nil {
		return nil, err
	}
	sel, err := parseSelector(text)
	if err != nil {
		return nil, s.errorf(p.value, "%w%s", err, suggestPseudo(err))
	}
	return &sel, nil
}

// pseudoClasses are those that a selector may have.
var pseudoClasses = []string{
	"not", "is", "where", "has", "haschild", "contains", "containsown", "matches", "matchesown", "scope", "root",
	"first-child", "last-child", "only-child", "first-of-type", "last-of-type", "only-of-type", "nth-child",
	"nth-last-child", "nth-of-type", "nth-last-of-type", "empty", "input", "lang", "link", "enabled", "disabled", "checked",
}

// suggestPseudo is suggest for an error about an unknown pseudo-class.
func suggestPseudo(err error) string {
	_, name, ok := strings.Cut(err.Error(), "unknown pseudoclass or pseudoelement :")
	if !ok {
		return ""
	}
	return suggest(name, pseudoClasses)
}
