package scrape

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxSeparator is how long the text may be at which a cell is cut, in bytes.
const maxSeparator = 64

// A separator says where a cell is cut into parts: at texts, at <br>, or both.
type separator struct {
	at *regexp.Regexp // nil: at no text
	br bool
}

// space is white space in a separator: any white space, no-break spaces too.
const space = `[\s\x{85}\x{a0}]+`

var spaces = regexp.MustCompile(space)

// newSeparator compiles texts: white space in one stands for any white space,
// and "<br>" for the element.
func newSeparator(texts ...string) (*separator, error) {
	s := &separator{}
	var patterns []string
	for _, text := range texts {
		switch {
		case text == "<br>":
			s.br = true
			continue
		case strings.TrimSpace(text) == "":
			return nil, errors.New("split is blank: it is the text that stands between the parts, or <br>")
		case len(text) > maxSeparator:
			return nil, fmt.Errorf("split is longer than %d bytes", maxSeparator)
		}
		words := spaces.Split(text, -1)
		for i, word := range words {
			words[i] = regexp.QuoteMeta(word)
		}
		patterns = append(patterns, strings.Join(words, space))
	}
	if len(patterns) == 0 {
		return s, nil
	}
	at, err := regexp.Compile(strings.Join(patterns, "|"))
	s.at = at
	return s, err
}

// cut returns n cut at every separator that stands in its text, each part as an
// element like n in n's place, with what stands around the text copied into
// each: <td><b>x / y</b> becomes <td><b>x and <td><b>y. Without a separator it
// is n itself. The page is not changed.
//
// It returns nothing when w is spent: what is copied counts as nodes.
func (s *separator) cut(w *work, n *html.Node) []*html.Node {
	if !s.in(w, n) {
		return []*html.Node{n}
	}
	c := cutter{w: w, of: n}
	c.part()
	for o := n.FirstChild; o != nil; {
		next := o.NextSibling
		switch {
		case s.br && o.DataAtom == atom.Br:
			c.part()
		case s.at != nil && o.Type == html.TextNode && !hides(o.Parent):
			c.text(o, s.at)
		default:
			c.add(o, o.Data)
			if o.FirstChild != nil {
				c.open = append(c.open, o)
				next = o.FirstChild
			}
		}
		if w.err != nil {
			return nil
		}
		for next == nil && len(c.open) > 0 { // up, to what follows
			last := len(c.open) - 1
			next, c.open, c.top = c.open[last].NextSibling, c.open[:last], c.top.Parent
		}
		o = next
	}
	return c.parts
}

// in reports whether there is a place to cut below n.
func (s *separator) in(w *work, n *html.Node) bool {
	for c := range nodes(n) {
		if !w.spend(1 + len(c.Data)/64) {
			return false
		}
		switch {
		case s.br && c.DataAtom == atom.Br:
			return true
		case s.at != nil && c.Type == html.TextNode && !hides(c.Parent) && s.at.MatchString(c.Data):
			return true
		}
	}
	return false
}

// hides reports whether the text of an element is none of the page.
func hides(n *html.Node) bool { return n != nil && n.Type == html.ElementNode && unseen(n) }

// A cutter copies an element into parts.
type cutter struct {
	w     *work
	of    *html.Node
	parts []*html.Node
	open  []*html.Node // the elements below of around what is copied
	top   *html.Node   // the copy of the last of them, or the part
}

// part begins the next part: a copy of what is open.
func (c *cutter) part() {
	c.top = c.copy(c.of)
	c.top.Parent, c.top.PrevSibling = c.of.Parent, c.of.PrevSibling
	c.parts = append(c.parts, c.top)
	for _, o := range c.open {
		if c.w.err != nil {
			return
		}
		n := c.copy(o)
		c.top.AppendChild(n)
		c.top = n
	}
}

func (c *cutter) copy(n *html.Node) *html.Node {
	c.w.grow(1)
	return &html.Node{Type: n.Type, DataAtom: n.DataAtom, Data: n.Data, Namespace: n.Namespace, Attr: n.Attr}
}

// add copies one node, with data, and goes into it if it has children.
func (c *cutter) add(o *html.Node, data string) {
	n := c.copy(o)
	n.Data = data
	c.top.AppendChild(n)
	if o.FirstChild != nil {
		c.top = n
	}
}

// text copies a text, cut where at matches.
func (c *cutter) text(o *html.Node, at *regexp.Regexp) {
	rest := o.Data
	for c.w.err == nil {
		place := at.FindStringIndex(rest)
		if place == nil {
			break
		}
		c.add(o, rest[:place[0]])
		c.part()
		rest = rest[place[1]:]
	}
	c.add(o, rest)
}
