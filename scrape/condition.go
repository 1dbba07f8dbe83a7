package scrape

// A condition is :not, :is or :has as a program asks for it.
type condition struct {
	not bool // the answer is turned round

	// alone are the alternatives if each is one compound that asks about the
	// element itself: they are tried where they are needed. Otherwise all
	// elements are marked for which the condition holds, before the program
	// that needs them runs.
	alone []*test

	sel  *selector
	link byte     // what has an element that sel selects: 0: itself, ' ': one around it, '>': its parent
	has  [][]step // alternatives of :has(> a b), which begin at the element itself
}

// A step is a compound of :has(> a b) and how it hangs on the one before.
type step struct {
	link byte
	of   *program // that has only this compound
}

// newCondition compiles a relation. It reports false for one that no program
// can answer, because :scope in it may mean many elements.
func newCondition(r *relation) (c *condition, ok bool) {
	c = &condition{not: r.kind == "not", sel: &r.sel}
	switch r.kind {
	case "has":
		c.link = ' '
	case "haschild":
		c.link = '>'
	}
	if r.sel.odd {
		return nil, false
	}
	single := true
	for _, alt := range r.sel.any {
		single = single && len(alt) == 1 && alt[0].test.marked == nil
		if !alt[0].scope {
			continue
		}
		if r.kind != "has" || len(alt) == 1 || !alt[0].test.bare() || alt[1].link != '>' && alt[1].link != ' ' {
			return nil, false
		}
		var steps []step
		for i := range alt[1:] {
			one := alt[1+i]
			link := one.link
			one.link = 0
			steps = append(steps, step{link, newProgram(&selector{any: []chain{{one}}})})
		}
		c.has = append(c.has, steps)
	}
	if single && c.link == 0 {
		for _, alt := range r.sel.any {
			c.alone = append(c.alone, &alt[0].test)
		}
	}
	return c, true
}

// holds reports whether an element itself is one of c.alone.
func (c *condition) holds(w *work, t *tree, i int32) bool {
	for _, test := range c.alone {
		if w.spend(1) && test.holds(w, t, i) {
			return true
		}
	}
	return false
}

// mark finds for which elements c holds.
func (t *tree) mark(w *work, c *condition) {
	if _, done := t.marks[c]; done {
		return
	}
	marks := t.spread(w, c.link, t.whole(w, c.sel.alone).all())
	for _, steps := range c.has {
		last := len(steps) - 1
		found := t.whole(w, steps[last].of).all()
		for ; last > 0; last-- {
			hangs := t.spread(w, steps[last].link, found)
			found = nil
			for _, i := range t.whole(w, steps[last-1].of).all() {
				if hangs[i] {
					found = append(found, i)
				}
			}
		}
		for i, marked := range t.spread(w, steps[0].link, found) {
			marks[i] = marks[i] || marked
		}
	}
	if t.marks == nil {
		t.marks = map[*condition][]bool{}
	}
	t.marks[c] = marks
}

// all returns the elements of a program of one selector.
func (h *hits) all() []int32 {
	if len(h.found) == 0 {
		return nil
	}
	return h.found[0]
}

// spread marks the elements that the found ones hang on by link: with 0 they
// themselves. What lies beyond a marked element is marked already, so each is
// marked once.
func (t *tree) spread(w *work, link byte, found []int32) []bool {
	marks := make([]bool, len(t.elems))
	for _, i := range found {
		e := &t.elems[i]
		switch link {
		case 0:
			marks[i] = true
		case '>':
			marks[e.parent] = true
		case '+':
			marks[e.prev] = true
		case ' ':
			for at := e.parent; at > 0 && !marks[at]; at = t.elems[at].parent {
				marks[at] = true
			}
		default: // '~'
			for at := e.prev; at > 0 && !marks[at]; at = t.elems[at].prev {
				marks[at] = true
			}
		}
	}
	w.spend(len(marks)/8 + len(found))
	return marks
}
