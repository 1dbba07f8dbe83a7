package scrape

import (
	"sync"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A tree is the elements of a parsed page in document order, each with its
// place among the others: what a selector asks of an element's neighbours is
// looked up and not searched for. What stands in a <template> is no part of the
// page (HTML standard, section 4.12.3) and is not in it.
//
// Trees are used again for other pages; see release.
type tree struct {
	nodes []*html.Node // the first is the document
	elems []elem       // of each of them

	asked int32                // the last answer of index
	where map[*html.Node]int32 // nil: not needed yet

	hits  []*hits
	marks map[*condition][]bool // by element

	// Bits of every element, in words of the program that runs; see run.
	self, above, before []uint64
}

// An elem is an element of a tree. It names others by their place in elems;
// zero, the document, also stands for none.
type elem struct {
	parent int32
	prev   int32 // the child before it
	last   int32 // its last child
	end    int32 // the first behind it that is not below it
	nth    int32 // child of its parent, from 1
	kids   int32 // how many children it has
}

var trees = sync.Pool{New: func() any { return new(tree) }}

// release gives t back when the page is done. Nothing of it may be in use.
func (t *tree) release() {
	clear(t.nodes)
	for _, h := range t.hits {
		h.of = nil
	}
	*t = tree{
		nodes: t.nodes[:0], elems: t.elems[:0], hits: t.hits[:0],
		self: t.self, above: t.above, before: t.before,
	}
	if cap(t.elems) <= maxPooled {
		trees.Put(t)
	}
}

// maxPooled is the most elements that a tree has room for and is kept. A page of
// 1 MB has about 20,000.
const maxPooled = 32 << 10

// plant takes up the elements of a page, whose nodes were counted before.
func (t *tree) plant(root *html.Node) {
	t.add(root, elem{})
	for at, n := int32(0), root.FirstChild; n != nil; {
		if n.Type == html.ElementNode {
			p := &t.elems[at]
			p.kids++
			e := elem{parent: at, prev: p.last, nth: p.kids}
			at = int32(len(t.elems))
			p.last = at
			t.add(n, e)
			if n.FirstChild != nil && !isTemplate(n) {
				n = n.FirstChild
				continue
			}
			at = t.leave(at)
		}
		for n.NextSibling == nil && n.Parent != root {
			n = n.Parent
			at = t.leave(at)
		}
		n = n.NextSibling
	}
	t.leave(0)
}

func (t *tree) add(n *html.Node, e elem) {
	t.nodes, t.elems = append(t.nodes, n), append(t.elems, e)
}

// leave ends element i, when all below it are there, and returns its parent.
func (t *tree) leave(i int32) int32 {
	e := &t.elems[i]
	e.end = int32(len(t.elems))
	return e.parent
}

func isTemplate(n *html.Node) bool { return isElement(n) && n.DataAtom == atom.Template }

// index returns the place of n, and false for a node that is not in the tree.
// Rows are asked for in their order, each once for every field, so the last
// answer is tried first, and then those behind it.
func (t *tree) index(n *html.Node) (int32, bool) {
	if t.where == nil {
		for i := int(t.asked); i < len(t.nodes); i++ {
			if t.nodes[i] == n {
				t.asked = int32(i)
				return t.asked, true
			}
		}
		t.where = make(map[*html.Node]int32, len(t.nodes))
		for i, n := range t.nodes {
			t.where[n] = int32(i)
		}
	}
	i, ok := t.where[n]
	return i, ok
}

// below returns the elements below top, and top too if it is among them, that
// sel selects: all or at most the first, in document order. A leading > and
// :scope mean top. What p has compiled is found for all its selectors at once;
// it may be nil. There are less once w is spent.
func (t *tree) below(w *work, p *program, sel *selector, top *html.Node, among, all bool) []*html.Node {
	i, ok := t.index(top)
	if !ok || sel.odd || isTemplate(top) {
		return sel.on(w, top).below(among, all)
	}
	id, ok := p.id(sel)
	if !ok {
		p = sel.alone
	}
	lo, hi := i+1, t.elems[i].end
	if among {
		lo = i
	}
	free := t.whole(w, p).between(id, lo, hi)
	var bound []int32
	if p.bound != nil {
		bound = t.inside(w, p.bound, i).between(id, lo, hi)
	}
	if !all {
		switch {
		case len(free) == 0 && len(bound) == 0:
			return nil
		case len(bound) == 0 || len(free) > 0 && free[0] < bound[0]:
			i = free[0]
		default:
			i = bound[0]
		}
		return t.nodes[i : i+1 : i+1]
	}
	if !w.spend(len(free) + len(bound)) {
		return nil
	}
	found := make([]*html.Node, 0, len(free)+len(bound))
	for last := int32(-1); len(free) > 0 || len(bound) > 0; {
		if len(bound) == 0 || len(free) > 0 && free[0] < bound[0] {
			i, free = free[0], free[1:]
		} else {
			i, bound = bound[0], bound[1:]
		}
		if i != last { // another alternative may select it too
			found, last = append(found, t.nodes[i]), i
		}
	}
	return found
}
