package scrape

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxTidyAttrs is how many attributes a tidy tag has at most.
const maxTidyAttrs = 32

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isTagSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\f' }

// name reads the name of a tag.
func (t *tidy) name() (atom.Atom, string, bool) {
	from := t.i
	lower := true
	for ; t.i < len(t.page); t.i++ {
		c := t.page[t.i]
		if isTagSpace(c) || c == '/' || c == '>' {
			break
		}
		if c == '<' || c >= 0x80 {
			return 0, "", false
		}
		lower = lower && (c < 'A' || c > 'Z')
	}
	name := t.page[from:t.i]
	if !lower {
		name = strings.ToLower(name)
	}
	var room [24]byte // no known tag is longer
	if len(name) <= len(room) {
		if tag := atom.Lookup(room[:copy(room[:], name)]); tag != 0 {
			return tag, tag.String(), true
		}
	}
	return 0, name, true
}

func (t *tidy) space() {
	for t.i < len(t.page) && isTagSpace(t.page[t.i]) {
		t.i++
	}
}

// next reports whether c comes next.
func (t *tidy) next(c byte) bool { return t.i < len(t.page) && t.page[t.i] == c }

// startTag reads a start tag, and takes it in.
func (t *tidy) startTag() bool {
	tag, name, closed, ok := t.tag()
	switch {
	case !ok || closed && rawText(tag):
		return false
	case tag == atom.Svg:
		return t.svg(closed)
	}
	return t.start(tag, name)
}

// tag reads a start tag with its attributes; closed says that it ends in />.
func (t *tidy) tag() (tag atom.Atom, name string, closed, ok bool) {
	t.i++
	if tag, name, ok = t.name(); !ok {
		return 0, "", false, false
	}
	t.attrs = t.attrs[:0]
	for {
		t.space()
		if t.next('/') {
			t.i++
			closed = true
			if !t.next('>') {
				return 0, "", false, false
			}
		}
		if t.next('>') {
			t.i++
			return tag, name, closed, true
		}
		if !t.attr() {
			return 0, "", false, false
		}
	}
}

// attr reads one attribute.
func (t *tidy) attr() bool {
	from := t.i
	lower := true
key:
	for ; t.i < len(t.page); t.i++ {
		switch c := t.page[t.i]; c {
		case ' ', '\n', '\t', '\f', '/', '>', '=':
			break key
		case '"', '\'', '<':
			return false
		default:
			lower = lower && (c < 'A' || c > 'Z')
		}
	}
	if t.i == from || t.i == len(t.page) {
		return false
	}
	a := html.Attribute{Key: t.page[from:t.i]}
	if !lower {
		a.Key = asciiLower(a.Key)
	}
	t.space()
	if t.next('=') {
		t.i++
		t.space()
		value, ok := t.value()
		if !ok {
			return false
		}
		if a.Val, ok = unescapedAttr(value); !ok {
			return false
		}
	}
	for i := range t.attrs {
		if t.attrs[i].Key == a.Key {
			return true // the first counts
		}
	}
	t.attrs = append(t.attrs, a)
	return len(t.attrs) <= maxTidyAttrs
}

// value reads the value of an attribute.
func (t *tidy) value() (string, bool) {
	if t.i == len(t.page) {
		return "", false
	}
	if quote := t.page[t.i]; quote == '"' || quote == '\'' {
		t.i++
		end := strings.IndexByte(t.page[t.i:], quote)
		if end < 0 {
			return "", false
		}
		value := t.page[t.i : t.i+end]
		t.i += end + 1
		return value, t.i < len(t.page) && (isTagSpace(t.page[t.i]) || t.next('/') || t.next('>'))
	}
	end := strings.IndexAny(t.page[t.i:], " \n\t\f>\"'<=`")
	if end <= 0 {
		return "", false
	}
	value := t.page[t.i : t.i+end]
	t.i += end
	return value, isTagSpace(t.page[t.i]) || t.next('>')
}

// endTag reads an end tag, and takes it in.
func (t *tidy) endTag() bool {
	t.i += 2
	tag, name, ok := t.name()
	if !ok {
		return false
	}
	t.space()
	if !t.next('>') {
		return false
	}
	t.i++
	return t.end(tag, name)
}

// rawText reports whether the content of an element is text, whatever stands
// in it.
func rawText(tag atom.Atom) bool {
	switch tag {
	case atom.Script, atom.Style, atom.Title, atom.Textarea, atom.Iframe:
		return true
	}
	return false
}

// raw reads the content of such an element, and its end tag.
func (t *tidy) raw(tag atom.Atom, name string) bool {
	t.add(tag, name, t.attrs)
	for from := t.i; ; {
		at := strings.Index(t.page[t.i:], "</")
		if at < 0 {
			return false
		}
		t.i += at + 2
		rest := t.page[t.i:]
		if len(rest) <= len(name) || !strings.EqualFold(rest[:len(name)], name) {
			continue
		}
		if c := rest[len(name)]; !isTagSpace(c) && c != '/' && c != '>' {
			continue
		}
		s := t.page[from : t.i-2]
		t.i += len(name)
		if t.space(); !t.next('>') || tag == atom.Script && strings.Contains(s, "<!--") {
			return false
		}
		t.i++
		if tag == atom.Title || tag == atom.Textarea {
			s = unescaped(s)
		}
		if tag == atom.Textarea {
			if strings.HasPrefix(s, "\r") {
				return false
			}
			s = strings.TrimPrefix(s, "\n")
		}
		t.addText(t.top(), s)
		t.pop()
		return true
	}
}

// unescaped returns text with its entities replaced.
func unescaped(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	return html.UnescapeString(s)
}

// unescapedAttr is the same for the value of an attribute, in which an entity
// without its semicolon may be none: for values in which all are clear.
func unescapedAttr(s string) (string, bool) {
	if strings.IndexByte(s, '&') < 0 {
		return s, true
	}
	var b strings.Builder
	for {
		at := strings.IndexByte(s, '&')
		if at < 0 {
			b.WriteString(s)
			return b.String(), true
		}
		b.WriteString(s[:at])
		s = s[at:]
		n := 1
		for n < len(s) && (isLetter(s[n]) || '0' <= s[n] && s[n] <= '9') {
			n++
		}
		closed := n < len(s) && s[n] == ';'
		switch {
		case n == 1 && len(s) > 1 && s[1] == '#':
			return "", false
		case n == 1: // & alone
		case closed:
			switch s[:n] {
			case "&amp", "&lt", "&gt", "&quot", "&nbsp":
			default:
				return "", false
			}
			n++
			b.WriteString(html.UnescapeString(s[:n]))
			s = s[n:]
			continue
		case n < len(s) && s[n] == '=': // a parameter of a URL
		case html.UnescapeString(s[:n]) != s[:n]:
			return "", false
		}
		b.WriteString(s[:n])
		s = s[n:]
	}
}

func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
