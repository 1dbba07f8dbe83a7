package scrape

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// An expect says what a page must hold not to count as empty.
type expect struct {
	rows    int // at least so many
	fill    []fill
	present *sign // nil: nothing
	absent  *sign
}

// A fill is the least share of rows that have a good value in a field.
type fill struct {
	field   string
	percent int
}

// A sign tells one page from another: an element, or text like a pattern in
// one, or anywhere if there is no selector.
type sign struct {
	sel   *selector
	match *pattern
}

func (g *sign) String() string {
	switch {
	case g.match == nil:
		return g.sel.text
	case g.sel == nil:
		return fmt.Sprintf("text like %q", clip(g.match.text, maxShown))
	}
	return fmt.Sprintf("%s like %q", g.sel.text, clip(g.match.text, maxShown))
}

// expectKeys are the keys of expect.
func expectKeys() []key[*reading] {
	return []key[*reading]{
		{name: "rows", read: func(s sheet, p pair, r *reading) (err error) {
			if r.onePage() {
				return s.errorf(p.at, "expect rows needs rows: without them the page is one record")
			}
			r.expect.rows, err = s.count(p, 0, maxCells)
			return err
		}},
		{name: "fill", read: func(s sheet, p pair, r *reading) (err error) {
			r.expect.fill, err = s.fill(p.value, r)
			return err
		}},
		{name: "present", read: func(s sheet, p pair, r *reading) (err error) {
			r.expect.present, err = s.sign(p)
			return err
		}},
		{name: "absent", read: func(s sheet, p pair, r *reading) (err error) {
			r.expect.absent, err = s.sign(p)
			return err
		}},
	}
}

// signKeys are the keys of present and absent, where they are more than a
// selector.
func signKeys() []key[*sign] {
	return []key[*sign]{
		{name: "select", read: func(s sheet, p pair, g *sign) (err error) {
			g.sel, err = s.selector(p)
			return err
		}},
		{name: "match", read: func(s sheet, p pair, g *sign) (err error) {
			g.match, err = s.regex(p)
			return err
		}},
	}
}

func (s sheet) expect(p pair, r *reading) error {
	_, err := mapping(s, p.value, "expect", expectKeys(), r)
	return err
}

// sign reads a selector, or a mapping of what makes a sign.
func (s sheet) sign(p pair) (*sign, error) {
	g := &sign{}
	if p.value.Kind != yaml.MappingNode {
		var err error
		g.sel, err = s.selector(p)
		return g, err
	}
	if _, err := mapping(s, p.value, p.key, signKeys(), g); err != nil {
		return nil, err
	}
	if g.sel == nil && g.match == nil {
		return nil, s.errorf(p.value, "%s has neither select nor match", p.key)
	}
	return g, nil
}

func (s sheet) fill(n *yaml.Node, r *reading) ([]fill, error) {
	keys, err := s.pairs(n, "fill")
	if err != nil {
		return nil, err
	}
	names := r.names()
	var fs []fill
	for _, p := range keys {
		f := fill{field: p.key}
		if !r.open() && !slices.Contains(names, p.key) {
			return nil, s.errorf(p.at, "fill names %q, which is no field%s", clip(p.key, maxShown), suggestAny(p.key, names))
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

// signs says why the page is not one that the recipe is for, or nothing.
func (x *extractor) signs() string {
	if g := x.expect.present; g != nil && !x.shows(g) {
		return fmt.Sprintf("no %s on the page, expected one", g)
	}
	if g := x.expect.absent; g != nil && x.shows(g) {
		return fmt.Sprintf("%s on the page, expected none", g)
	}
	return ""
}

// shows reports whether the page has a sign.
func (x *extractor) shows(g *sign) bool {
	found := x.page.Nodes
	if g.sel != nil {
		found = x.below(g.sel, found, g.match != nil)
	}
	if g.match == nil {
		return len(found) > 0
	}
	for _, n := range found {
		if g.match.matches(x.w, textOf(x.w, n)) {
			return true
		}
	}
	return false
}

// judge says whether the page holds what the recipe expects. Another page than
// the expected one explains all the rest.
func (x *extractor) judge(signs string) {
	rows := len(x.out.Records)
	switch {
	case signs != "":
		x.empty(signs)
	case x.onePage() && rows == 0:
		x.empty("no field found, expected ≥ 1" + x.byNone())
	case rows < x.expect.rows:
		why := fmt.Sprintf("%s, expected ≥ %d%s", plural(rows, "row"), x.expect.rows, x.byNone())
		if blank := x.out.Rows - rows; blank > 0 {
			why += fmt.Sprintf(" (and %d without a value)", blank)
		}
		x.empty(why)
	default:
		for _, f := range x.expect.fill {
			if got := x.filled(f.field); percent(got, rows) < f.percent {
				x.empty(fmt.Sprintf("%s in %d of %s, expected ≥ %d%%", f.field, got, plural(rows, "row"), f.percent))
				return
			}
		}
	}
}

// filled returns in how many records a field has a good value.
func (x *extractor) filled(field string) int {
	for i := range x.out.Fields {
		if x.out.Fields[i].Name == field {
			return x.out.Fields[i].Filled
		}
	}
	return 0
}

func (x *extractor) empty(why string) { x.out.Empty, x.out.Why = true, why }
