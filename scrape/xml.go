package scrape

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"

	"weir/engine"
)

// This file reads pages of XML (page: xml) into the tree that selectors know.
// Names are in lower case and without their prefix, which stands in an
// attribute that no page can write: the selector media|title asks for it.

// ErrNotXML is returned by [Recipe.Extract] for a page of another type than its
// recipe's, XML (class not_html).
var ErrNotXML = errors.New("scrape: not XML")

// BrokenXML is the finding of a page whose XML ends in the middle. What stands
// before is read. Row and Col are those of the text, in lines and bytes.
const BrokenXML = "BrokenXML"

// pageKinds are the values of page.
var pageKinds = []string{"html", "xml"}

const (
	prefixAttr = ":ns"                          // holds an element's prefix
	xmlSpace   = "xml"                          // Namespace of elements that are not HTML's
	xhtmlSpace = "http://www.w3.org/1999/xhtml" // whose elements are HTML's
)

// An xmlReader builds the tree of one page.
type xmlReader struct {
	w     *work
	in    *xml.Decoder
	root  *html.Node
	open  []xmlElement
	html  map[string]bool // prefixes that were said to be XHTML's
	title *html.Node
	base  string
}

// An xmlElement is one whose end has not come.
type xmlElement struct {
	node *html.Node
	name xml.Name // in lower case; Space is the prefix
	html bool     // elements in it without a prefix are HTML's
}

// parseXML parses body within the limits of w. It takes what browsers would
// refuse: elements that are not closed, or closed in the wrong order, bare & and
// unquoted attributes. Entities are those of HTML; what a page declares is not
// read. broken is the finding of a page that ends in the middle, else nil.
func (w *work) parseXML(body []byte) (doc *document, broken *engine.Finding, err error) {
	r := xmlReader{w: w, root: &html.Node{Type: html.DocumentNode}, html: make(map[string]bool)}
	body = visible(bytes.TrimPrefix(body, utf8BOM))
	decl := len(xmlDeclaration.Find(body))
	r.in = xml.NewDecoder(&guard{w: w, rest: body[decl:], heap: heapBytes()})
	r.in.Strict, r.in.Entity = false, xml.HTMLEntity
	r.in.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	for {
		token, err := r.in.RawToken()
		if w.err != nil {
			return nil, nil, w.err
		}
		if err == nil {
			r.take(token)
			continue
		}
		line, col := r.in.InputPos()
		line += bytes.Count(body[:decl], []byte("\n"))
		what := "ends before " + r.unclosed()
		if err != io.EOF {
			what = strings.TrimPrefix(err.Error(), "XML syntax error on ")
			if _, after, ok := strings.Cut(what, ": "); ok {
				what = after
			}
		}
		if err != io.EOF || len(r.open) > 0 {
			broken = &engine.Finding{Kind: BrokenXML, Row: line, Col: col, Raw: cutBytes(what, maxRaw)}
		}
		return &document{root: r.root, title: r.title, base: r.base}, broken, nil
	}
}

// unclosed names the end that is missing.
func (r *xmlReader) unclosed() string {
	if len(r.open) == 0 {
		return ""
	}
	return "</" + r.open[len(r.open)-1].node.Data + ">"
}

// take puts a token into the tree.
func (r *xmlReader) take(token xml.Token) {
	switch t := token.(type) {
	case xml.StartElement:
		r.start(t)
	case xml.EndElement:
		r.end(t.Name)
	case xml.CharData:
		if len(t) > 0 && len(r.open) > 0 {
			r.add(&html.Node{Type: html.TextNode, Data: string(t)})
		}
	}
}

// add puts a node at the end of what is open.
func (r *xmlReader) add(n *html.Node) {
	parent := r.root
	if len(r.open) > 0 {
		parent = r.open[len(r.open)-1].node
	}
	if r.w.grow(1 + len(n.Attr)) {
		parent.AppendChild(n)
	}
}

func (r *xmlReader) start(t xml.StartElement) {
	e := xmlElement{name: lower(t.Name), node: &html.Node{Type: html.ElementNode, Data: strings.ToLower(t.Name.Local)}}
	if len(r.open) > 0 {
		e.html = r.open[len(r.open)-1].html
	}
	if e.name.Space != "" {
		e.node.Attr = append(e.node.Attr, html.Attribute{Key: prefixAttr, Val: e.name.Space})
	}
	for _, a := range t.Attr {
		name := lower(a.Name)
		switch {
		case name.Space == "" && name.Local == "xmlns":
			e.html = a.Value == xhtmlSpace
		case name.Space == "xmlns" && (a.Value == xhtmlSpace || r.html[name.Local]):
			r.html[name.Local] = a.Value == xhtmlSpace
		}
		key := name.Local
		if name.Space != "" {
			key = name.Space + ":" + key
		}
		if key != prefixAttr {
			e.node.Attr = append(e.node.Attr, html.Attribute{Key: key, Val: a.Value})
		}
	}
	if e.name.Space == "" && e.html || r.html[e.name.Space] {
		e.node.DataAtom = atom.Lookup([]byte(e.node.Data))
	} else {
		e.node.Namespace = xmlSpace
	}
	if len(r.open) == 0 && r.base == "" {
		r.base, _ = attribute(e.node, "xml:base")
	}
	if e.node.Data == "title" && r.title == nil {
		r.title = e.node
	}
	r.add(e.node)
	if r.open = append(r.open, e); len(r.open) > maxDepth {
		r.w.fail(tooComplex("more than %d elements deep", maxDepth))
	}
}

// end closes the last open element of that name and those inside it. An end
// without a beginning is passed over.
func (r *xmlReader) end(name xml.Name) {
	name = lower(name)
	for i := len(r.open) - 1; i >= 0 && r.w.spend(1); i-- {
		if r.open[i].name == name {
			r.open = r.open[:i]
			return
		}
	}
}

func lower(n xml.Name) xml.Name {
	return xml.Name{Space: strings.ToLower(n.Space), Local: strings.ToLower(n.Local)}
}

// visible returns body with a space in place of each character that XML has
// not, such as control characters.
func visible(body []byte) []byte {
	bad := func(c rune) bool {
		return c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == '\ufffe' || c == '\uffff'
	}
	if bytes.IndexFunc(body, bad) < 0 {
		return body
	}
	return bytes.Map(func(c rune) rune {
		if bad(c) {
			return ' '
		}
		return c
	}, body)
}

// checkXML refuses what a recipe for XML cannot read. An empty body is a page
// without anything on it.
func checkXML(p Page) error {
	kind := mediaType(p.ContentType)
	if len(p.Body) == 0 || isXML(kind) {
		return nil
	}
	if mayBeXML(kind) && looksXML(p.Body) {
		return nil
	}
	if kind == "" {
		kind = mediaType(http.DetectContentType(p.Body))
	}
	return fmt.Errorf("%w: %s", ErrNotXML, clip(kind, maxShown))
}

// mediaType returns a Content-Type without its parameters.
func mediaType(value string) string {
	kind, _, _ := strings.Cut(value, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// isXML reports whether a media type is one of XML (RFC 7303).
func isXML(kind string) bool {
	return kind == "text/xml" || kind == "application/xml" || strings.HasSuffix(kind, "+xml")
}

// mayBeXML reports whether a media type says so little that the body decides.
// Feeds are often sent as HTML or text.
func mayBeXML(kind string) bool {
	switch kind {
	case "", "text/plain", "text/html", "application/octet-stream", "unknown/unknown":
		return true
	}
	return false
}

// looksXML tells XML by its first bytes from anything else, HTML too.
func looksXML(head []byte) bool {
	head = bytes.ReplaceAll(head[:min(len(head), sniffed)], []byte{0}, nil) // UTF-16
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		head = bytes.TrimPrefix(head, []byte(mark))
	}
	head = bytes.ToLower(bytes.TrimLeft(head, " \t\r\n"))
	if bytes.HasPrefix(head, []byte("<?xml")) {
		return true
	}
	for bytes.HasPrefix(head, []byte("<!--")) {
		_, rest, ok := bytes.Cut(head, []byte("-->"))
		if !ok {
			return false
		}
		head = bytes.TrimLeft(rest, " \t\r\n")
	}
	if len(head) < 2 || head[0] != '<' || bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html")) {
		return false
	}
	return head[1] == '!' || head[1] == '?' || head[1] == '_' || head[1] >= 'a' && head[1] <= 'z' || head[1] >= utf8.RuneSelf
}

var (
	xmlDeclaration = regexp.MustCompile(`^\s*<\?xml\s[^>]*\?>`)
	xmlCharset     = regexp.MustCompile(`^\s*<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']`)
)

// decode returns a page as UTF-8.
func decode(page []byte, contentType string, xml bool) []byte {
	if xml {
		return xmlToUTF8(page, contentType)
	}
	return toUTF8(page, contentType)
}

// xmlToUTF8 returns a page of XML as toUTF8 does one of HTML. Its charset is, in
// this order, what a byte order mark says, the Content-Type, the XML
// declaration, UTF-8 if all of it is that, and windows-1252.
func xmlToUTF8(page []byte, contentType string) []byte {
	if _, _, certain := charset.DetermineEncoding(page, contentType); !certain {
		label := ""
		head := page[:min(len(page), sniffed)]
		switch {
		case bytes.HasPrefix(head, []byte("<\x00?\x00")):
			label = "utf-16le"
		case bytes.HasPrefix(head, []byte("\x00<\x00?")):
			label = "utf-16be"
		default:
			if found := xmlCharset.FindSubmatch(head); found != nil {
				label = strings.ToLower(string(found[1]))
			}
			if strings.HasPrefix(label, "utf-16") { // it could not be read so far
				label = "utf-8"
			}
		}
		if label != "" {
			contentType = "application/xml; charset=" + label
		}
	}
	return toUTF8(page, contentType)
}
