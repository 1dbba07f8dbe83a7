package scrape

import "golang.org/x/net/html/atom"

// start takes in a start tag, whose attributes are t.attrs. Every loop is the
// standard's "reprocess the token".
func (t *tidy) start(tag atom.Atom, name string) bool {
	for {
		switch t.mode {
		case initial:
			t.quirks = true
			t.mode = beforeHTML
		case beforeHTML:
			t.mode = beforeHead
			if tag == atom.Html {
				return t.add(tag, name, t.attrs)
			}
			t.imply(atom.Html)
		case beforeHead:
			t.mode = inHead
			if tag == atom.Head {
				return t.add(tag, name, t.attrs)
			}
			if tag == atom.Html {
				return false
			}
			t.imply(atom.Head)
		case inHead:
			switch tag {
			case atom.Base, atom.Link, atom.Meta:
				return t.void(tag, name)
			case atom.Script, atom.Style, atom.Title:
				return t.raw(tag, name)
			case atom.Html, atom.Head, atom.Basefont, atom.Bgsound, atom.Noscript, atom.Noframes, atom.Template:
				return false
			}
			t.pop()
			t.mode = afterHead
		case afterHead:
			switch tag {
			case atom.Html, atom.Head, atom.Frameset, atom.Base, atom.Basefont, atom.Bgsound, atom.Link, atom.Meta, atom.Noframes,
				atom.Script, atom.Style, atom.Template, atom.Title:
				return false
			}
			t.mode = inBody
			if tag == atom.Body {
				return t.add(tag, name, t.attrs)
			}
			t.imply(atom.Body)
		case inTable:
			switch tag {
			case atom.Caption:
				t.mode = inCaption
				return t.add(tag, name, t.attrs)
			case atom.Colgroup:
				t.mode = inColumns
				return t.add(tag, name, t.attrs)
			case atom.Tbody, atom.Thead, atom.Tfoot:
				t.mode = inTableBody
				return t.add(tag, name, t.attrs)
			case atom.Col:
				t.imply(atom.Colgroup)
				t.mode = inColumns
			case atom.Td, atom.Th, atom.Tr:
				t.imply(atom.Tbody)
				t.mode = inTableBody
			case atom.Script, atom.Style:
				return t.raw(tag, name)
			default:
				return false
			}
		case inColumns:
			if tag == atom.Col {
				return t.void(tag, name)
			}
			if tag == atom.Html || tag == atom.Template {
				return false
			}
			t.pop()
			t.mode = inTable
		case inTableBody:
			switch tag {
			case atom.Tr:
				t.mode = inRow
				return t.add(tag, name, t.attrs)
			case atom.Td, atom.Th:
				t.imply(atom.Tr)
				t.mode = inRow
			case atom.Caption, atom.Col, atom.Colgroup, atom.Tbody, atom.Tfoot, atom.Thead:
				t.pop()
				t.mode = inTable
			case atom.Script, atom.Style:
				return t.raw(tag, name)
			default:
				return false
			}
		case inRow:
			switch tag {
			case atom.Td, atom.Th:
				t.mode = inCell
				return t.add(tag, name, t.attrs)
			case atom.Caption, atom.Col, atom.Colgroup, atom.Tbody, atom.Tfoot, atom.Thead, atom.Tr:
				t.pop()
				t.mode = inTableBody
			case atom.Script, atom.Style:
				return t.raw(tag, name)
			default:
				return false
			}
		case inCell:
			switch tag {
			case atom.Caption, atom.Col, atom.Colgroup, atom.Tbody, atom.Td, atom.Tfoot, atom.Th, atom.Thead, atom.Tr:
				t.endCell()
			default:
				return t.inBody(tag, name)
			}
		case inCaption:
			switch tag {
			case atom.Caption, atom.Col, atom.Colgroup, atom.Tbody, atom.Td, atom.Tfoot, atom.Thead, atom.Tr:
				t.endCaption()
			default:
				return t.inBody(tag, name)
			}
		case inBody:
			return t.inBody(tag, name)
		default:
			return false
		}
	}
}

// void adds an element that has no content.
func (t *tidy) void(tag atom.Atom, name string) bool {
	ok := t.add(tag, name, t.attrs)
	t.pop()
	return ok
}

// inBody takes in a start tag among text.
func (t *tidy) inBody(tag atom.Atom, name string) bool {
	switch tag {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Center, atom.Details, atom.Dialog, atom.Dir, atom.Div, atom.Dl,
		atom.Fieldset, atom.Figcaption, atom.Figure, atom.Footer, atom.Header, atom.Hgroup, atom.Main, atom.Menu, atom.Nav, atom.Ol,
		atom.P, atom.Search, atom.Section, atom.Summary, atom.Ul, atom.Pre, atom.Listing:
		return t.endP() && t.add(tag, name, t.attrs)
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return t.endP() && !isHeading(t.top().DataAtom) && t.add(tag, name, t.attrs)
	case atom.Form:
		if t.form != nil || !t.endP() || !t.add(tag, name, t.attrs) {
			return false
		}
		t.form = t.top()
		return true
	case atom.Li:
		return t.endItem(atom.Li, atom.Li) && t.endP() && t.add(tag, name, t.attrs)
	case atom.Dd, atom.Dt:
		return t.endItem(atom.Dd, atom.Dt) && t.endP() && t.add(tag, name, t.attrs)
	case atom.Button:
		return t.scope(tag, 0) < 0 && t.add(tag, name, t.attrs)
	case atom.A, atom.Nobr:
		return t.formats(tag) == 0 && t.format(tag, name)
	case atom.B, atom.Big, atom.Code, atom.Em, atom.Font, atom.I, atom.S, atom.Small, atom.Strike, atom.Strong, atom.Tt, atom.U:
		return t.formats(tag) < 3 && t.format(tag, name)
	case atom.Table:
		if t.unsure && t.scope(atom.P, atom.Button) >= 0 || !t.quirks && !t.endP() {
			return false
		}
		t.mode = inTable
		return t.add(tag, name, t.attrs)
	case atom.Area, atom.Br, atom.Embed, atom.Img, atom.Wbr, atom.Param, atom.Source, atom.Track, atom.Link, atom.Meta, atom.Base:
		return t.void(tag, name)
	case atom.Input:
		return t.scope(atom.Select, 0) < 0 && t.void(tag, name)
	case atom.Hr:
		return t.scope(atom.Select, 0) < 0 && t.endP() && t.void(tag, name)
	case atom.Script, atom.Style, atom.Title, atom.Textarea, atom.Iframe:
		return t.raw(tag, name)
	case atom.Select:
		return t.scope(tag, 0) < 0 && t.add(tag, name, t.attrs)
	case atom.Option, atom.Optgroup:
		if t.scope(atom.Select, 0) < 0 {
			return false
		}
		if t.top().DataAtom == atom.Option {
			t.pop()
		}
		if tag == atom.Optgroup && t.top().DataAtom == atom.Optgroup {
			t.pop()
		}
		if top := t.top().DataAtom; top != atom.Select && (top != atom.Optgroup || tag == atom.Optgroup) {
			return false
		}
		return t.add(tag, name, t.attrs)
	case atom.Html, atom.Head, atom.Body, atom.Frame, atom.Frameset, atom.Basefont, atom.Bgsound, atom.Noframes, atom.Template,
		atom.Plaintext, atom.Applet, atom.Marquee, atom.Object, atom.Keygen, atom.Image, atom.Xmp, atom.Noembed, atom.Rb, atom.Rtc,
		atom.Rp, atom.Rt, atom.Math, atom.Svg, atom.Caption, atom.Col, atom.Colgroup, atom.Tbody, atom.Td, atom.Tfoot, atom.Th,
		atom.Thead, atom.Tr:
		return false
	}
	return t.add(tag, name, t.attrs)
}

// end takes in an end tag.
func (t *tidy) end(tag atom.Atom, name string) bool {
	for {
		switch t.mode {
		case inHead:
			t.mode = afterHead
			t.pop()
			return tag == atom.Head
		case inTable:
			t.pop()
			t.reset()
			return tag == atom.Table
		case inColumns:
			if tag == atom.Col || tag == atom.Template {
				return false
			}
			t.pop()
			t.mode = inTable
			if tag == atom.Colgroup {
				return true
			}
		case inTableBody:
			top := t.top().DataAtom
			if tag != top && tag != atom.Table {
				return false
			}
			t.pop()
			t.mode = inTable
			if tag == top {
				return true
			}
		case inRow:
			if tag != atom.Tr && tag != atom.Table && tag != t.open[len(t.open)-2].DataAtom {
				return false
			}
			t.pop()
			t.mode = inTableBody
			if tag == atom.Tr {
				return true
			}
		case inCell:
			switch tag {
			case atom.Td, atom.Th:
				return t.endCell() == tag
			case atom.Table, atom.Tbody, atom.Tfoot, atom.Thead, atom.Tr:
				t.endCell()
			case atom.Body, atom.Caption, atom.Col, atom.Colgroup, atom.Html:
				return false
			default:
				return t.endInBody(tag, name)
			}
		case inCaption:
			switch tag {
			case atom.Caption:
				t.endCaption()
				return true
			case atom.Table:
				t.endCaption()
			case atom.Body, atom.Col, atom.Colgroup, atom.Html, atom.Tbody, atom.Td, atom.Tfoot, atom.Th, atom.Thead, atom.Tr:
				return false
			default:
				return t.endInBody(tag, name)
			}
		case inBody:
			switch tag {
			case atom.Body:
				t.mode = afterBody
				return t.scope(atom.Body, 0) >= 0
			case atom.Html:
				t.mode = afterHTML
				return t.scope(atom.Body, 0) >= 0
			}
			return t.endInBody(tag, name)
		case afterBody:
			t.mode = afterHTML
			return tag == atom.Html
		default:
			return false
		}
	}
}

// endInBody takes in an end tag among text.
func (t *tidy) endInBody(tag atom.Atom, name string) bool {
	switch tag {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Button, atom.Center, atom.Details, atom.Dialog, atom.Dir, atom.Div,
		atom.Dl, atom.Fieldset, atom.Figcaption, atom.Figure, atom.Footer, atom.Header, atom.Hgroup, atom.Listing, atom.Main, atom.Menu,
		atom.Nav, atom.Ol, atom.Pre, atom.Search, atom.Section, atom.Select, atom.Summary, atom.Ul, atom.Dd, atom.Dt:
		return t.cut(t.scope(tag, 0))
	case atom.P:
		return t.cut(t.scope(tag, atom.Button))
	case atom.Li:
		at := t.scope(tag, 0)
		for i := at + 1; at >= 0 && i < len(t.open); i++ {
			if list := t.open[i].DataAtom; list == atom.Ol || list == atom.Ul {
				return false
			}
		}
		return t.cut(at)
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6,
		atom.A, atom.Nobr, atom.B, atom.Big, atom.Code, atom.Em, atom.Font, atom.I, atom.S, atom.Small, atom.Strike, atom.Strong, atom.Tt, atom.U:
		if t.top().DataAtom != tag {
			return false
		}
		t.pop()
		return true
	case atom.Form:
		for at := len(t.open) - 1; at > 0; at-- {
			switch t.open[at].DataAtom {
			case atom.Form:
				t.form = nil
				t.open = t.open[:at]
				return true
			case atom.P, atom.Li, atom.Dd, atom.Dt:
				continue
			}
			break
		}
		return false
	case atom.Br, atom.Template, atom.Applet, atom.Marquee, atom.Object, atom.Html, atom.Body:
		return false
	}
	if top := t.top(); top.DataAtom != tag || top.Data != name {
		return false
	}
	t.pop()
	return true
}

// scope returns the place of the innermost open element with a tag, -1 if there
// is none within what the standard calls the scope, which also ends at stop.
func (t *tidy) scope(tag, stop atom.Atom) int {
	for i := len(t.open) - 1; i >= 0; i-- {
		switch at := t.open[i].DataAtom; at {
		case tag:
			return i
		case atom.Caption, atom.Html, atom.Table, atom.Td, atom.Th, atom.Select:
			return -1
		case stop:
			if stop != 0 {
				return -1
			}
		}
	}
	return -1
}

// cut closes open element at and what is in it. It reports false if there is no
// such element, or if a formatting element is in it, which would be opened
// again behind it.
func (t *tidy) cut(at int) bool {
	if at < 0 {
		return false
	}
	for _, n := range t.open[at:] {
		if isFormat(n.DataAtom) {
			return false
		}
	}
	t.open = t.open[:at]
	return true
}

// endP closes the paragraph that is open, if there is one.
func (t *tidy) endP() bool {
	at := t.scope(atom.P, atom.Button)
	return at < 0 || t.cut(at)
}

// endItem closes the list item before a new one.
func (t *tidy) endItem(a, b atom.Atom) bool {
	for i := len(t.open) - 1; i >= 0; i-- {
		switch tag := t.open[i].DataAtom; {
		case tag == a || tag == b:
			return t.cut(i)
		case tag == atom.Address || tag == atom.Div || tag == atom.P:
		case isSpecial(tag):
			return true
		}
	}
	return true
}

// endCell closes the cell that is open, with the formatting in it, and returns
// its tag.
func (t *tidy) endCell() atom.Atom {
	at := len(t.open) - 1
	for t.open[at].DataAtom != atom.Td && t.open[at].DataAtom != atom.Th {
		at--
	}
	tag := t.open[at].DataAtom
	t.open = t.open[:at]
	t.mode = inRow
	return tag
}

func (t *tidy) endCaption() {
	at := len(t.open) - 1
	for t.open[at].DataAtom != atom.Caption {
		at--
	}
	t.open = t.open[:at]
	t.mode = inTable
}

// reset finds the mode behind a table.
func (t *tidy) reset() {
	for i := len(t.open) - 1; i >= 0; i-- {
		switch t.open[i].DataAtom {
		case atom.Td, atom.Th:
			t.mode = inCell
			return
		case atom.Caption:
			t.mode = inCaption
			return
		}
	}
	t.mode = inBody
}

// formats returns how many formatting elements with a tag are open, in the cell
// or caption if there is one.
func (t *tidy) formats(tag atom.Atom) (n int) {
	for i := len(t.open) - 1; i >= 0; i-- {
		switch t.open[i].DataAtom {
		case tag:
			n++
		case atom.Td, atom.Th, atom.Caption:
			return n
		}
	}
	return n
}

// format adds a formatting element.
func (t *tidy) format(tag atom.Atom, name string) bool {
	sortAttrs(t.attrs)
	return t.add(tag, name, t.attrs)
}

func isFormat(tag atom.Atom) bool {
	switch tag {
	case atom.A, atom.Nobr, atom.B, atom.Big, atom.Code, atom.Em, atom.Font, atom.I, atom.S, atom.Small, atom.Strike, atom.Strong, atom.Tt, atom.U:
		return true
	}
	return false
}

func isHeading(tag atom.Atom) bool {
	switch tag {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return true
	}
	return false
}

// isSpecial reports whether an element that may be open is one of the standard's
// special category (section 13.2.4.2).
func isSpecial(tag atom.Atom) bool {
	switch tag {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Button, atom.Caption, atom.Center, atom.Colgroup,
		atom.Dd, atom.Details, atom.Dir, atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption, atom.Figure, atom.Footer,
		atom.Form, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Head, atom.Header, atom.Hgroup, atom.Html, atom.Li,
		atom.Listing, atom.Main, atom.Menu, atom.Nav, atom.Noscript, atom.Ol, atom.P, atom.Pre, atom.Section, atom.Select,
		atom.Summary, atom.Table, atom.Tbody, atom.Td, atom.Tfoot, atom.Th, atom.Thead, atom.Tr, atom.Ul:
		return true
	}
	return false
}
