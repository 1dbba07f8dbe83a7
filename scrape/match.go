package scrape

import (
	"iter"
	"slices"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A match is a selector bound to one page: it pays for its steps out of the
// page's work and matches nothing any more once that is spent. Whoever selects
// with it looks at work.err afterwards.
//
// It is a [goquery.Matcher].
type match struct {
	sel   selector
	w     *work
	scope *html.Node // what a leading > and :scope mean
}

var _ goquery.Matcher = match{}

// on binds sel to a page's work and to the element the search begins in.
func (sel selector) on(w *work, scope *html.Node) match {
	return match{sel: sel, w: w, scope: scope}
}

// Match reports whether n is selected.
func (m match) Match(n *html.Node) bool {
	return m.of(m.sel, n)
}

// MatchAll returns n and what is below it as far as it is selected, in document
// order.
func (m match) MatchAll(n *html.Node) []*html.Node {
	var found []*html.Node
	for c := range elements(n) {
		if m.Match(c) {
			found = append(found, c)
		}
		if m.w.err != nil {
			return nil
		}
	}
	return found
}

// MatchFirst returns the first that MatchAll would, or nil.
func (m match) MatchFirst(n *html.Node) *html.Node {
	for c := range elements(n) {
		if m.Match(c) {
			return c
		}
		if m.w.err != nil {
			return nil
		}
	}
	return nil
}

// Filter returns those of nodes that are selected.
func (m match) Filter(nodes []*html.Node) []*html.Node {
	return slices.DeleteFunc(slices.Clone(nodes), func(n *html.Node) bool { return !m.Match(n) })
}

// below returns the elements below the scope, and the scope too if it is among
// them, that are selected: all or at most the first, in document order.
func (m match) below(among, all bool) []*html.Node {
	var found []*html.Node
	for c := m.scope; c != nil; c = c.NextSibling {
		if c == m.scope && !among {
			if c = c.FirstChild; c == nil {
				break
			}
		}
		if all {
			found = append(found, m.MatchAll(c)...)
		} else if first := m.MatchFirst(c); first != nil {
			return []*html.Node{first}
		}
		if among {
			break
		}
	}
	return found
}

// of reports whether one alternative of sel matches n.
func (m match) of(sel selector, n *html.Node) bool {
	if !isElement(n) {
		return false
	}
	for _, p := range sel.any {
		if m.chain(p, len(p)-1, n) == matched {
			return true
		}
	}
	return false
}

// A verdict is matched, or how much of the search a mismatch has settled.
type verdict uint8

const (
	matched    verdict = iota
	notHere            // another ancestor or sibling may do
	notInRow           // no earlier sibling will do; an ancestor may
	notAnyhere         // nothing further up will do either
)

// chain reports whether n matches step i of p and what lies left of it.
//
// It goes from the last step to the first. The verdicts say what a mismatch
// implies: if no ancestor of n matches the steps before a descendant
// combinator, no ancestor of those ancestors will, so the search ends there
// instead of trying every combination of ancestors. `section div div div span`
// on 500 nested divs is thus 500 steps and not 500*499*498/6.
func (m match) chain(p chain, i int, n *html.Node) verdict {
	if !m.compound(&p[i], n) {
		return notHere
	}
	if i == 0 {
		return matched
	}
	switch p[i].link {
	case ' ':
		for a := n.Parent; isElement(a) || a != nil && a == m.scope; a = a.Parent {
			if v := m.chain(p, i-1, a); v == matched || v == notAnyhere {
				return v
			}
		}
		return notAnyhere
	case '>':
		if !isElement(n.Parent) && n.Parent != m.scope {
			return notAnyhere
		}
		if v := m.chain(p, i-1, n.Parent); v == matched || v == notAnyhere {
			return v
		}
		return notInRow
	case '+':
		if s := m.sibling(n); s != nil {
			return m.chain(p, i-1, s)
		}
		return notInRow
	default: // '~'
		for s := m.sibling(n); s != nil; s = m.sibling(s) {
			if v := m.chain(p, i-1, s); v != notHere {
				return v
			}
		}
		return notInRow
	}
}

// sibling returns the element before n, or nil.
func (m match) sibling(n *html.Node) *html.Node {
	for n = n.PrevSibling; n != nil && !isElement(n); n = n.PrevSibling {
		if !m.w.spend(1) {
			return nil
		}
	}
	return n
}

// compound reports whether n is what c asks for, combinators apart.
func (m match) compound(c *compound, n *html.Node) bool {
	if !m.w.spend(1) || c.scope && n != m.scope {
		return false
	}
	if !isElement(n) { // the document, as the scope of a page without rows
		return c.scope && c.plain == nil && c.sub == nil
	}
	if c.plain != nil && (!c.cost.pay(m.w, n) || !c.plain.Match(n)) {
		return false
	}
	for i := range c.sub {
		if !m.relation(&c.sub[i], n) {
			return false
		}
	}
	return true
}

func (m match) relation(r *relation, n *html.Node) bool {
	switch r.kind {
	case "not":
		return !m.of(r.sel, n) && m.w.err == nil
	case "is":
		return m.of(r.sel, n)
	case "haschild":
		m.scope = n
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if m.of(r.sel, c) {
				return true
			}
			if !m.w.spend(1) {
				return false
			}
		}
		return false
	default: // has
		m.scope = n
		for c := range elements(n) {
			if c != n && m.of(r.sel, c) {
				return true
			}
			if !m.w.spend(1) {
				return false
			}
		}
		return false
	}
}

// pay spends what cascadia walks over to answer a plain part about n, before it
// is asked: cascadia cannot be interrupted.
func (c cost) pay(w *work, n *html.Node) bool {
	if c.siblings > 0 && !w.spend(c.siblings*w.children(n.Parent)/8) { // a hop is cheap
		return false
	}
	if c.text > 0 {
		for t := range nodes(n) {
			if !w.spend(c.text * (1 + len(t.Data)/64)) {
				return false
			}
		}
	}
	if c.parents > 0 {
		for a := n.Parent; a != nil; a = a.Parent {
			if !w.spend(c.parents) {
				return false
			}
		}
	}
	return true
}

// nodes yields n and everything below it, in document order. It does not
// recurse: a page may be nested deeper than a stack is good for.
func nodes(n *html.Node) iter.Seq[*html.Node] {
	return func(yield func(*html.Node) bool) {
		for c := n; c != nil; c = after(c, n) {
			if !yield(c) {
				return
			}
		}
	}
}

// after returns the node that follows c in document order below top, or nil.
func after(c, top *html.Node) *html.Node {
	if c.FirstChild != nil {
		return c.FirstChild
	}
	return beyond(c, top)
}

// beyond returns the node that follows c and everything below it, or nil.
func beyond(c, top *html.Node) *html.Node {
	for ; c != top; c = c.Parent {
		if c.NextSibling != nil {
			return c.NextSibling
		}
	}
	return nil
}

// elements yields the elements among nodes(n). What stands in a <template> is no
// part of the page (HTML standard, section 4.12.3).
func elements(n *html.Node) iter.Seq[*html.Node] {
	return func(yield func(*html.Node) bool) {
		for c := n; c != nil; {
			if isElement(c) && !yield(c) {
				return
			}
			if c.DataAtom == atom.Template {
				c = beyond(c, n)
			} else {
				c = after(c, n)
			}
		}
	}
}
