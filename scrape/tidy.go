package scrape

import (
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A tidy reads pages whose tags are where they belong, which is most pages that
// a program has written, in a quarter of the time of package html: it makes the
// very same nodes, but none twice and in rooms that the next page uses again.
//
// It knows the part of the HTML standard's parser (section 13.2) in which
// nothing is moved, ignored or opened again. Where a page leaves that part, in
// one place anywhere, read gives up and package html parses the page from its
// beginning. So there is no page that a tidy reads otherwise: it is compared
// with package html on pages of every kind, and by FuzzTidy.
type tidy struct {
	w    *work
	page string
	i    int // of page: read up to here

	root *html.Node
	open []*html.Node // elements, outermost first
	form *html.Node   // of open; nil: none
	mode tidyMode
	// Whether a table ends the paragraph before it: it does not in quirks
	// mode, and an old doctype is not looked at closely.
	quirks, unsure bool

	nodes tidyNodes
	attrs []html.Attribute // of the tag that is read
}

// A tidyMode is an insertion mode of the standard's.
type tidyMode uint8

const (
	initial tidyMode = iota
	beforeHTML
	beforeHead
	inHead
	afterHead
	inBody // and those behind it: a page may end here
	inTable
	inCaption
	inColumns
	inTableBody
	inRow
	inCell
	afterBody
	afterHTML
)

var tidies = sync.Pool{New: func() any { return new(tidy) }}

// tidyPage returns the nodes of a page, or nil for one that package html has to
// parse, or if w is spent. They are good until w is done.
func (w *work) tidyPage(body []byte) *html.Node {
	if !w.alive() {
		return nil
	}
	t := tidies.Get().(*tidy)
	t.w, t.page = w, string(body)
	if strings.IndexByte(t.page, '\r') >= 0 {
		t.page = strings.ReplaceAll(strings.ReplaceAll(t.page, "\r\n", "\n"), "\r", "\n")
	}
	t.root = t.nodes.next(html.Node{Type: html.DocumentNode})
	if strings.IndexByte(t.page, 0) >= 0 || !t.read() {
		t.release()
		return nil
	}
	w.tidy = t
	return t.root
}

// release gives t back when its nodes are no longer in use.
func (t *tidy) release() {
	t.nodes.clear()
	clear(t.open[:cap(t.open)])
	clear(t.attrs[:cap(t.attrs)])
	*t = tidy{nodes: t.nodes, open: t.open[:0], attrs: t.attrs[:0]}
	tidies.Put(t)
}

// read reads the page and reports whether it was tidy.
func (t *tidy) read() bool {
	for tags := 1; t.i < len(t.page); tags++ {
		if tags%tagsPerRead == 0 && !t.w.alive() {
			return false
		}
		if t.nodes.used > t.w.nodes {
			t.w.fail(tooComplex("more than %d nodes", maxNodes))
			return false
		}
		ok := false
		switch rest := t.page[t.i:]; {
		case rest[0] != '<':
			end := strings.IndexByte(rest, '<')
			if end < 0 {
				end = len(rest)
			}
			t.i += end
			ok = t.text(unescaped(rest[:end]))
		case len(rest) < 3:
		case isLetter(rest[1]):
			ok = t.startTag()
		case rest[1] == '/' && isLetter(rest[2]):
			ok = t.endTag()
		case strings.HasPrefix(rest, "<!--"):
			ok = t.comment()
		case rest[1] == '!':
			ok = t.doctype()
		case rest[1] == '?' && t.mode == initial:
			ok = t.instruction()
		}
		if !ok {
			return false
		}
	}
	return t.mode >= inBody
}

func (t *tidy) top() *html.Node { return t.open[len(t.open)-1] }

// add puts an element into the one that is open, and opens it.
func (t *tidy) add(tag atom.Atom, name string, attrs []html.Attribute) bool {
	n := t.nodes.next(html.Node{Type: html.ElementNode, DataAtom: tag, Data: name, Attr: t.nodes.keep(attrs)})
	parent := t.root
	if len(t.open) > 0 {
		parent = t.top()
	}
	parent.AppendChild(n)
	t.open = append(t.open, n)
	return len(t.open) < 500 // package html refuses 513
}

// imply opens an element for which there is no tag.
func (t *tidy) imply(tag atom.Atom) { t.add(tag, tag.String(), nil) }

func (t *tidy) pop() { t.open = t.open[:len(t.open)-1] }

// text adds text to the element that is open.
func (t *tidy) text(s string) bool {
	switch t.mode {
	case initial, beforeHTML, beforeHead:
		return isBlank(s)
	case inHead, afterHead, inTable, inColumns, inTableBody, inRow, afterBody, afterHTML:
		if !isBlank(s) {
			return false
		}
	}
	n := t.top()
	if (n.DataAtom == atom.Pre || n.DataAtom == atom.Listing) && n.FirstChild == nil {
		if s[0] == '\r' {
			return false
		}
		s = strings.TrimPrefix(s, "\n")
	}
	t.addText(n, s)
	return true
}

func (t *tidy) addText(n *html.Node, s string) {
	switch last := n.LastChild; {
	case s == "":
	case last != nil && last.Type == html.TextNode:
		last.Data += s
	default:
		n.AppendChild(t.nodes.next(html.Node{Type: html.TextNode, Data: s}))
	}
}

func isBlank(s string) bool { return strings.Trim(s, " \t\r\n\f") == "" }

// comment reads a comment without oddities.
func (t *tidy) comment() bool {
	s := t.page[t.i+len("<!--"):]
	end := strings.Index(s, "-->")
	if end < 0 || strings.HasPrefix(s, ">") || strings.HasPrefix(s, "->") || strings.Contains(s[:end], "--!") {
		return false
	}
	t.i += len("<!--") + end + len("-->")
	n := t.nodes.next(html.Node{Type: html.CommentNode, Data: s[:end]})
	switch {
	case t.mode < beforeHead || t.mode == afterHTML:
		t.root.AppendChild(n)
	case t.mode == afterBody:
		t.open[0].AppendChild(n)
	default:
		t.top().AppendChild(n)
	}
	return true
}

// instruction reads the <?xml ... ?> at the beginning, which is a comment.
func (t *tidy) instruction() bool {
	s := t.page[t.i:]
	end := strings.IndexByte(s, '>')
	if end < 0 {
		return false
	}
	t.i += end + 1
	t.root.AppendChild(t.nodes.next(html.Node{Type: html.CommentNode, Data: s[1:end]}))
	return true
}

// doctype reads the doctype at the beginning. One of before HTML 5 is package
// html's to read.
func (t *tidy) doctype() bool {
	s := t.page[t.i:]
	end := strings.IndexByte(s, '>')
	if t.mode != initial || end < 0 || len(s) < 10 || !strings.EqualFold(s[:10], "<!doctype ") {
		return false
	}
	t.i += end + 1
	t.mode = beforeHTML
	if strings.EqualFold(s[10:end], "html") {
		t.root.AppendChild(t.nodes.next(html.Node{Type: html.DoctypeNode, Data: "html"}))
		return true
	}
	doc, err := html.Parse(strings.NewReader(s[:end+1]))
	if err != nil || doc.FirstChild.Type != html.DoctypeNode {
		return false
	}
	t.unsure = true
	t.root.AppendChild(t.nodes.next(html.Node{Type: html.DoctypeNode, Data: doc.FirstChild.Data, Attr: doc.FirstChild.Attr}))
	return true
}

// TidyNodes makes nodes and their attributes in rooms that are kept.
type tidyNodes struct {
	rooms [][]html.Node
	used  int // nodes
	attrs [][]html.Attribute
	room  int // of attrs: the one that is filled
}

const (
	nodesPerRoom = 256
	attrsPerRoom = 256
	roomsKept    = 64 // for pages of about 16,000 nodes
)

func (p *tidyNodes) next(n html.Node) *html.Node {
	room := p.used / nodesPerRoom
	if room == len(p.rooms) {
		p.rooms = append(p.rooms, make([]html.Node, nodesPerRoom))
	}
	at := &p.rooms[room][p.used%nodesPerRoom]
	p.used++
	*at = n
	return at
}

// keep copies the attributes of a tag, which are at most maxTidyAttrs.
func (p *tidyNodes) keep(attrs []html.Attribute) []html.Attribute {
	if len(attrs) == 0 {
		return nil
	}
	if p.room < len(p.attrs) && len(p.attrs[p.room])+len(attrs) > attrsPerRoom {
		p.room++
	}
	if p.room == len(p.attrs) {
		p.attrs = append(p.attrs, make([]html.Attribute, 0, attrsPerRoom))
	}
	room := &p.attrs[p.room]
	from := len(*room)
	*room = append(*room, attrs...)
	return (*room)[from:len(*room):len(*room)]
}

func (p *tidyNodes) clear() {
	for i := range p.rooms[:(p.used+nodesPerRoom-1)/nodesPerRoom] {
		clear(p.rooms[i])
	}
	for i := range p.attrs {
		clear(p.attrs[i])
		p.attrs[i] = p.attrs[i][:0]
	}
	clear(p.rooms[min(len(p.rooms), roomsKept):])
	clear(p.attrs[min(len(p.attrs), roomsKept):])
	*p = tidyNodes{rooms: p.rooms[:min(len(p.rooms), roomsKept)], attrs: p.attrs[:min(len(p.attrs), roomsKept)]}
}

// sortAttrs puts the attributes of a formatting element into the order that
// package html gives them.
func sortAttrs(attrs []html.Attribute) {
	slices.SortFunc(attrs, func(a, b html.Attribute) int { return strings.Compare(a.Key, b.Key) })
}
