package scrape

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// A test is a compound as a program asks for it. It means what the compound
// means to a [match], but knows an element's place and the answers of other
// selectors without looking for them. What is common is compared here; the
// rest is cascadia's.
type test struct {
	tag, id string // empty: any
	classes []string
	attrs   []attrTest
	places  []placeTest
	rest    cascadia.Sel // nil: nothing
	cost    cost         // of rest
	alike   []*condition // that the element itself can answer
	marked  []*condition // that other elements have their part in
}

// An attrTest asks for an attribute, and for its value unless any will do.
type attrTest struct {
	key, value string
	any        bool
}

// A placeTest asks whether an element is child a*n+b of its parent, for an n of
// 0 and above.
type placeTest struct {
	a, b int
	last bool // counted from the last
	only bool // it must be the only one: b is 1 from both ends
}

// bare reports whether everything is what t asks for.
func (t *test) bare() bool {
	return t.tag == "" && t.id == "" && t.classes == nil && t.attrs == nil && t.places == nil && t.rest == nil && t.alike == nil && t.marked == nil
}

// holds reports whether element i of a tree is what t asks for.
func (t *test) holds(w *work, page *tree, i int32) bool {
	e, n := &page.elems[i], page.nodes[i]
	if t.tag != "" && n.Data != t.tag {
		return false
	}
	for _, p := range t.places {
		if !p.holds(int(e.nth), int(page.elems[e.parent].kids)) {
			return false
		}
	}
	if t.id != "" && !hasAttr(n.Attr, attrTest{key: "id", value: t.id}) {
		return false
	}
	for _, c := range t.classes {
		if !hasClass(n.Attr, c) {
			return false
		}
	}
	for _, a := range t.attrs {
		if !hasAttr(n.Attr, a) {
			return false
		}
	}
	if t.rest != nil && (!t.cost.pay(w, n) || !t.rest.Match(n)) {
		return false
	}
	for _, c := range t.alike {
		if c.holds(w, page, i) == c.not {
			return false
		}
	}
	for _, c := range t.marked {
		if page.marks[c][i] == c.not {
			return false
		}
	}
	return true
}

func (p placeTest) holds(nth, kids int) bool {
	if p.only {
		return kids == 1
	}
	if p.last {
		nth = kids - nth + 1
	}
	nth -= p.b
	if p.a == 0 {
		return nth == 0
	}
	return nth%p.a == 0 && nth/p.a >= 0
}

func hasAttr(attrs []html.Attribute, want attrTest) bool {
	for i := range attrs {
		if attrs[i].Key == want.key && (want.any || attrs[i].Val == want.value) {
			return true
		}
	}
	return false
}

func hasClass(attrs []html.Attribute, class string) bool {
	for i := range attrs {
		if attrs[i].Key != "class" {
			continue
		}
		for s := attrs[i].Val; len(s) >= len(class); {
			end := strings.IndexAny(s, " \t\r\n\f")
			if end < 0 {
				end = len(s)
			}
			if s[:end] == class {
				return true
			}
			s = s[min(end+1, len(s)):]
		}
	}
	return false
}

var (
	plainName  = regexp.MustCompile(`^[a-zA-Z_-][a-zA-Z0-9_-]*$`)
	plainAttr  = regexp.MustCompile(`^\[([a-zA-Z_-][a-zA-Z0-9_-]*)(?:=(?:"([^"\\\n\r\f]*)"|'([^'\\\n\r\f]*)'|([a-zA-Z_-][a-zA-Z0-9_-]*)))?\]$`)
	plainPlace = regexp.MustCompile(`^:nth-(last-)?child\( *(?:(odd)|(even)|([+-]?[0-9]{1,6})|([+-]?[0-9]{0,6})n *(?:([+-]) *([0-9]{1,6}))?) *\)$`)
)

// take takes in the simple parts of a compound, and returns those of them that
// are left to cascadia.
func (t *test) take(plain string) (rest string) {
	p := selParser{s: plain}
	for p.i < len(p.s) {
		start := p.i
		if !p.part() {
			return rest + p.s[start:]
		}
		if part := p.s[start:p.i]; !t.read(part) {
			rest += part
		}
	}
	return rest
}

// part moves to the end of a simple part. It reports false where there may be
// more to it than it knows.
func (p *selParser) part() bool {
	switch p.peek() {
	case '[':
		return p.brackets() == nil
	case '*':
		p.i++
	case ':':
		p.i++
		p.name()
		if p.peek() == '(' {
			end := strings.IndexAny(p.s[p.i+1:], "()'\"\\[")
			if end < 0 || p.s[p.i+1+end] != ')' {
				return false
			}
			p.i += 1 + end + 1
		}
	case '#', '.':
		p.i++
		p.name()
	default:
		start := p.i
		p.name()
		return p.i > start
	}
	return true
}

// read takes in one simple part. It reports false for one that is left to
// cascadia.
func (t *test) read(piece string) bool {
	switch piece[0] {
	case '*':
		return true
	case '#':
		if t.id == "" && plainName.MatchString(piece[1:]) {
			t.id = piece[1:]
			return true
		}
	case '.':
		if plainName.MatchString(piece[1:]) {
			t.classes = append(t.classes, piece[1:])
			return true
		}
	case '[':
		if m := plainAttr.FindStringSubmatch(piece); m != nil {
			t.attrs = append(t.attrs, attrTest{key: strings.ToLower(m[1]), value: m[2] + m[3] + m[4], any: !strings.Contains(piece, "=")})
			return true
		}
	case ':':
		return t.place(strings.ToLower(piece))
	default:
		if plainName.MatchString(piece) {
			t.tag = strings.ToLower(piece)
			return true
		}
	}
	return false
}

// place takes in :first-child and its kin.
func (t *test) place(piece string) bool {
	p := placeTest{b: 1}
	switch piece {
	case ":first-child":
	case ":last-child":
		p.last = true
	case ":only-child":
		p.only = true
	default:
		m := plainPlace.FindStringSubmatch(piece)
		if m == nil {
			return false
		}
		p.last = m[1] != ""
		switch {
		case m[2] != "":
			p.a, p.b = 2, 1
		case m[3] != "":
			p.a, p.b = 2, 0
		case m[4] != "":
			p.a, p.b = 0, number(m[4])
		default:
			p.a, p.b = number(m[5]), number(m[6]+m[7])
			if m[5] == "" || m[5] == "+" || m[5] == "-" {
				p.a = number(m[5] + "1")
			}
		}
	}
	t.places = append(t.places, p)
	return true
}

// number returns the value of digits, which may have a sign; 0 of nothing.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
