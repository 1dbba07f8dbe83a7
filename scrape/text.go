package scrape

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// textOf returns the text of n and everything below it, folded: white space
// (no-break spaces too) becomes one space, ends are trimmed, and <br> and the
// edges of blocks and cells are a space. What no reader sees is left out
// (scripts, styles, templates, comments), unless n itself is such an element.
//
// It stops early, with less text, when w is spent.
func textOf(w *work, n *html.Node) string {
	t := folder{b: w.fold[:0]}
	for c := n; c != nil; {
		if !w.spend(1 + len(c.Data)/256) {
			break
		}
		next := after(c, n)
		switch {
		case c.Type == html.TextNode:
			t.add(c.Data)
		case c.Type == html.ElementNode && c != n && unseen(c):
			next = beyond(c, n)
		case c.Type == html.ElementNode && breaks(c):
			t.gap()
		}
		// Going on to anything but the first child leaves elements behind.
		if next == nil || next.Parent != c {
			t.leave(c, next)
		}
		c = next
	}
	w.fold = t.b
	return w.texts.string(t.b)
}

// Texts makes strings of a page's values, many in one piece of memory: what is
// kept of a page is kept together.
type texts struct {
	room strings.Builder
	size int // bytes of the last piece
}

// A page with little text is to keep little: the first piece is small, and each
// one after it twice as large. In bytes.
const (
	textFirst = 64
	textMost  = 2 << 10
	textOwn   = 512 // longer ones have a piece for themselves
)

func (t *texts) string(b []byte) string {
	if len(b) > textOwn {
		return string(b)
	}
	if t.room.Cap()-t.room.Len() < len(b) {
		t.size = min(max(2*t.size, textFirst, len(b)), textMost)
		t.room = strings.Builder{}
		t.room.Grow(t.size)
	}
	at := t.room.Len()
	t.room.Write(b)
	return t.room.String()[at:]
}

// A folder joins text and folds its white space.
type folder struct {
	b     []byte
	space bool // one is due before the next character
}

func (f *folder) gap() { f.space = true }

// leave notes the end of a block: of c, or of an element around it that ends
// before next.
func (f *folder) leave(c, next *html.Node) {
	for ; c != nil && (next == nil || c != next.Parent); c = c.Parent {
		if c.Type == html.ElementNode && breaks(c) {
			f.gap()
			return
		}
	}
}

func (f *folder) add(s string) {
	for from := 0; from < len(s); {
		n, wide := spaceIn(s[from:])
		if n > 0 {
			if f.space && len(f.b) > 0 {
				f.b = append(f.b, ' ')
			}
			f.space = false
			f.b = append(f.b, s[from:from+n]...)
		}
		if wide > 0 {
			f.gap()
		}
		from += n + wide
	}
}

// spaceIn returns where the first white space of s is, and its width in bytes;
// the length of s and zero if there is none.
func spaceIn(s string) (at, wide int) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c > ' ' && c < utf8.RuneSelf: // as most are
		case c == ' ' || '\t' <= c && c <= '\r':
			return i, 1
		case c >= utf8.RuneSelf:
			r, width := utf8.DecodeRuneInString(s[i:])
			if unicode.IsSpace(r) {
				return i, width
			}
			i += width - 1
		}
	}
	return len(s), 0
}

// fold folds the white space of an attribute's value as textOf does.
func fold(s string) string {
	var f folder
	f.add(s)
	return string(f.b)
}

// unseen reports whether an element's content is no text of the page.
func unseen(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Template, atom.Noframes, atom.Noembed, atom.Iframe:
		return true
	}
	return false
}

// breaks reports whether an element stands apart from the text around it: the
// elements that browsers draw as blocks, table cells and <br>
// (HTML standard, section 15.3), and all those of XML.
func breaks(n *html.Node) bool {
	if n.Namespace == xmlSpace {
		return true
	}
	switch n.DataAtom {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Br, atom.Caption, atom.Center,
		atom.Dd, atom.Details, atom.Dialog, atom.Dir, atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption,
		atom.Figure, atom.Footer, atom.Form, atom.Frameset, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6,
		atom.Head, atom.Header, atom.Hgroup, atom.Hr, atom.Html, atom.Legend, atom.Li, atom.Listing, atom.Main,
		atom.Menu, atom.Nav, atom.Ol, atom.Optgroup, atom.Option, atom.P, atom.Plaintext, atom.Pre, atom.Search,
		atom.Section, atom.Summary, atom.Table, atom.Tbody, atom.Td, atom.Textarea, atom.Tfoot, atom.Th, atom.Thead,
		atom.Title, atom.Tr, atom.Ul, atom.Xmp:
		return true
	}
	return false
}
