package scrape

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A take says what of an element is its text. The name is the recipe's.
type take string

const (
	takeText take = "text" // of the element and all below it
	takeOwn  take = "own"  // of the element alone, not of elements in it
	takeHTML take = "html" // what stands between its tags, as it was parsed

	// takeMarkup is the text of an element whose text is HTML once more, as
	// feeds have it: &lt;p&gt;One &lt;b&gt;word&lt;/b&gt; is One word.
	takeMarkup take = "markup"
)

var takes = []string{string(takeText), string(takeOwn), string(takeHTML), string(takeMarkup)}

// raw returns the text or attribute of n as it stands on the page, and whether
// it is there.
func (x *extractor) raw(f *field, n *html.Node) (string, bool) {
	if f.attr == "" {
		if f.strip != nil {
			n = x.without(n, f.strip)
		}
		switch f.take {
		case takeOwn:
			return ownText(x.w, n), true
		case takeHTML:
			return innerHTML(x.w, n)
		case takeMarkup:
			return markupText(x.w, n), true
		}
		return textOf(x.w, n), true
	}
	value, ok := attribute(n, f.attr)
	if !ok || !x.w.spend(1+len(value)/64) {
		return "", false
	}
	if f.typ == typeURL { // a line break inside one is nothing, not a space
		return strings.Clone(strings.TrimSpace(value)), true // and not of the page it stood on
	}
	return fold(value), true
}

// without returns a copy of n without what strip selects below it. The page
// stays as it is: other fields read it too.
func (x *extractor) without(n *html.Node, strip *selector) *html.Node {
	m := strip.on(x.w, n)
	var copyOf func(n *html.Node) *html.Node
	copyOf = func(n *html.Node) *html.Node { // no deeper than maxDepth
		c := &html.Node{Type: n.Type, DataAtom: n.DataAtom, Data: n.Data, Namespace: n.Namespace, Attr: n.Attr}
		for child := n.FirstChild; child != nil && x.w.spend(4); child = child.NextSibling {
			if !isElement(child) || !m.Match(child) {
				c.AppendChild(copyOf(child))
			}
		}
		return c
	}
	return copyOf(n)
}

// ownText returns the folded text that stands in n itself.
func ownText(w *work, n *html.Node) string {
	var t folder
	for c := n.FirstChild; c != nil && w.spend(1+len(c.Data)/256); c = c.NextSibling {
		switch {
		case c.Type == html.TextNode:
			t.add(c.Data)
		case isElement(c) && breaks(c):
			t.gap()
		}
	}
	return string(t.b)
}

// markupText returns the text of n read as HTML once more, unless there are
// elements in n, which is marked up already then, or n says that it is text
// (Atom, RFC 4287, section 3.1.1.1).
func markupText(w *work, n *html.Node) string {
	text := textOf(w, n)
	if kind, _ := attribute(n, "type"); kind == "text" || !strings.ContainsAny(text, "<&") {
		return text
	}
	for c := n.FirstChild; c != nil && w.spend(1); c = c.NextSibling {
		if isElement(c) {
			return text
		}
	}
	if !w.spend(1 + len(text)/4) {
		return ""
	}
	doc, err := w.parse([]byte(text))
	if err != nil {
		w.fail(err)
		return ""
	}
	return textOf(w, doc.root)
}

// innerHTML returns what stands between the tags of n, white space at the ends
// apart. It is not there if it cannot be written as HTML: a page can be parsed
// into what no page says.
func innerHTML(w *work, n *html.Node) (string, bool) {
	out := sink{w: w}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		var err error
		if c.Type == html.TextNode && asIs(n) { // Render knows that only from n
			_, err = out.WriteString(c.Data)
		} else {
			err = html.Render(&out, c)
		}
		if err != nil {
			return "", false
		}
	}
	return strings.TrimSpace(out.b.String()), true
}

// asIs reports whether the text in n stands on the page as it is, without
// entities (HTML, section 13.3): such as the JSON-LD of a script.
func asIs(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Iframe, atom.Noembed, atom.Noframes, atom.Noscript, atom.Plaintext, atom.Xmp:
		return n.Namespace == ""
	}
	return false
}

// A sink takes HTML as long as the work is not spent and a page's values have
// room for it.
type sink struct {
	w *work
	b strings.Builder
}

func (s *sink) room(n int) error {
	if s.b.Len()+n > s.w.text {
		s.w.fail(tooComplex("more than %d bytes of values", maxText))
	}
	s.w.spend(1 + n/64)
	return s.w.err
}

func (s *sink) Write(b []byte) (int, error) {
	if err := s.room(len(b)); err != nil {
		return 0, err
	}
	return s.b.Write(b)
}

func (s *sink) WriteString(text string) (int, error) {
	if err := s.room(len(text)); err != nil {
		return 0, err
	}
	return s.b.WriteString(text)
}

func (s *sink) WriteByte(c byte) error {
	if err := s.room(1); err != nil {
		return err
	}
	return s.b.WriteByte(c)
}
