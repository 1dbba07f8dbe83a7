package scrape

import "golang.org/x/net/html"

// A rowRule says which of the elements that rows selects are rows, and what
// belongs to one. The zero rule takes all, each alone.
type rowRule struct {
	sieve      // of the text of rows
	span  bool // a row goes on until the next selected sibling
}

// rowKeys are the keys of rows, where it is more than a selector.
func rowKeys() []key[*reading] {
	return append(sieveKeys(func(r *reading) *sieve { return &r.rule.sieve }), []key[*reading]{
		{name: "select", read: func(s sheet, p pair, r *reading) (err error) {
			r.rows, err = s.selector(p)
			return err
		}},
		{name: "span", read: func(s sheet, p pair, r *reading) (err error) {
			r.rule.span, err = s.flag(p)
			return err
		}},
	}...)
}

// rowsOf returns the rows among the elements that rows selects.
func (x *extractor) rowsOf(selected []*html.Node) [][]*html.Node {
	var starts map[*html.Node]bool
	if x.rule.span {
		starts = make(map[*html.Node]bool, len(selected))
		for _, n := range selected {
			starts[n] = true
		}
	}
	rows := make([][]*html.Node, 0, len(selected))
	for i, n := range selected {
		if !x.isRow(n) {
			x.out.Skipped++
			continue
		}
		if !x.rule.span {
			rows = append(rows, selected[i:i+1:i+1])
			continue
		}
		row := []*html.Node{n}
		for s := n.NextSibling; s != nil && !starts[s] && x.w.spend(1); s = s.NextSibling {
			if isElement(s) {
				row = append(row, s)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// isRow reports whether the text of a selected element is that of a row.
func (x *extractor) isRow(n *html.Node) bool {
	return x.rule.all() || x.rule.passes(x.w, textOf(x.w, n))
}

// among returns what sel selects of top and below it, as below does.
func (x *extractor) among(sel *selector, top []*html.Node, all bool) []*html.Node {
	return x.search(sel, top, true, all)
}
