package scrape

import (
	"errors"
	"fmt"
	"strings"
)

// A selParser finds where the parts of a selector begin and end. What the plain
// parts mean is left to cascadia.
type selParser struct {
	s    string
	i    int // next byte
	deep int // parentheses around i
}

// group parses alternatives up to a closing parenthesis or the end.
func (p *selParser) group() (selector, error) {
	start := p.i
	var sel selector
	for {
		one, err := p.chain()
		if err != nil {
			return sel, err
		}
		sel.any = append(sel.any, one)
		if p.peek() != ',' {
			sel.text = strings.TrimSpace(p.s[start:p.i])
			sel.compile()
			return sel, nil
		}
		p.i++
	}
}

// chain parses compounds and what joins them.
func (p *selParser) chain() (chain, error) {
	var steps chain
	p.space()
	if p.peek() == '>' { // a child of the scope
		steps = chain{{scope: true}}
	}
	for {
		link := byte(0)
		if len(steps) > 0 {
			link = p.link()
			if link == 0 {
				return steps, nil
			}
			if len(steps) > maxCombinators {
				return nil, fmt.Errorf("more than %d combinators", maxCombinators)
			}
		}
		c, err := p.compound()
		if err != nil {
			return nil, err
		}
		c.link = link
		steps = append(steps, c)
	}
}

// link reads what joins the compound before with the next one; 0 if none follows.
func (p *selParser) link() byte {
	apart := p.space()
	switch c := p.peek(); c {
	case '>', '+', '~':
		p.i++
		p.space()
		return c
	case 0, ',', ')':
		return 0
	}
	if apart {
		return ' '
	}
	return 0
}

// compound parses what is asked of one element.
func (p *selParser) compound() (compound, error) {
	var c compound
	var plain strings.Builder
	for begun := false; ; begun = true {
		start := p.i
		switch ch := p.peek(); {
		case ch == '[':
			if err := p.brackets(); err != nil {
				return c, err
			}
		case ch == ':':
			taken, err := p.pseudo(&c)
			if err != nil {
				return c, err
			}
			if taken {
				continue
			}
		case ch == '#' || ch == '.':
			p.i++
			p.name()
		case ch == '*' || isNameByte(ch) || ch == '|':
			if begun && ch != '*' {
				return c, fmt.Errorf("the tag %q must come first", clip(p.s[start:], maxShown))
			}
			tag, err := p.tag()
			if err != nil {
				return c, err
			}
			plain.WriteString(tag)
			continue
		case ch == 0, ch == ',', ch == ')', ch == '>', ch == '+', ch == '~', isCSSSpace(ch), p.comment():
			if !begun {
				return c, p.missing()
			}
			return c, c.compile(plain.String())
		case ch == '(':
			return c, errors.New("opening parenthesis without a : name before it")
		case ch == ']':
			return c, errors.New("closing bracket without an opening one")
		default:
			return c, fmt.Errorf("unexpected %q", rune(ch))
		}
		plain.WriteString(p.s[start:p.i])
	}
}

// missing is the error for a place where a compound should stand.
func (p *selParser) missing() error {
	switch c := p.peek(); {
	case p.s == "":
		return errors.New("empty")
	case c == 0:
		return errors.New("ends where an element is expected")
	case c == '+' || c == '~':
		return fmt.Errorf("begins with %q: only > may begin a selector", c)
	default:
		return fmt.Errorf("%q where an element is expected", c)
	}
}

// pseudo reads one :name or :name(...). Those that hold selectors become
// relations of c and are taken; the others are left to cascadia.
func (p *selParser) pseudo(c *compound) (taken bool, err error) {
	p.i++ // the colon
	if p.peek() == ':' {
		return false, errors.New("a pseudo-element (::) selects nothing on a page")
	}
	start := p.i
	p.name()
	name := strings.ToLower(p.s[start:p.i])
	if name == "scope" {
		c.scope = true
		return true, nil
	}
	if p.peek() != '(' {
		c.cost.add(name)
		return false, nil
	}
	p.i++
	if p.deep++; p.deep > maxNested {
		return false, fmt.Errorf("more than %d nested parentheses", maxNested)
	}
	switch name {
	case "not", "is", "where", "has", "haschild":
		sel, err := p.group()
		if err != nil {
			return false, err
		}
		if name == "where" {
			name = "is"
		}
		c.sub = append(c.sub, relation{kind: name, sel: sel})
		taken = true
	case "matches", "matchesown":
		p.regexp()
	default:
		if err := p.until(')'); err != nil {
			return false, err
		}
	}
	if p.peek() != ')' {
		return false, errors.New("unclosed parenthesis")
	}
	p.i++
	p.deep--
	c.cost.add(name)
	return taken, nil
}

// add counts a pseudo-class.
func (c *cost) add(pseudo string) {
	kind, _, _ := strings.Cut(pseudo, "-")
	switch kind {
	case "nth", "only", "first", "last":
		c.siblings++
	case "contains", "containsown", "matches", "matchesown":
		c.text++
	case "lang", "enabled", "disabled":
		c.parents++
	}
}

// tag reads a tag or *, with the prefix of XML that it may have (CSS Namespaces:
// media|title, |title for none, *|title for any, as title alone), and returns
// it as cascadia reads it.
func (p *selParser) tag() (string, error) {
	name := p.tagName()
	if p.peek() != '|' {
		return name, nil
	}
	p.i++
	tag := p.tagName()
	switch {
	case tag == "":
		return "", fmt.Errorf("no tag behind %q", name+"|")
	case name == "*":
		return tag, nil
	case name == "":
		return tag + `:not([\` + prefixAttr + `])`, nil
	case strings.ContainsAny(name, "\\"):
		return "", fmt.Errorf("prefix %q has an escape", clip(name, maxShown))
	}
	return tag + `[\` + prefixAttr + `="` + strings.ToLower(name) + `"]`, nil
}

// tagName skips a tag or * and returns it, nothing if none stands there.
func (p *selParser) tagName() string {
	start := p.i
	if p.peek() == '*' {
		p.i++
	} else {
		p.name()
	}
	return p.s[start:p.i]
}

// brackets skips one [attribute] part.
func (p *selParser) brackets() error {
	p.i++
	p.space()
	p.name()
	p.space()
	if strings.HasPrefix(p.s[p.i:], "#=") {
		p.regexp()
	} else if err := p.until(']'); err != nil {
		return err
	}
	if p.peek() != ']' {
		return errors.New("unclosed bracket")
	}
	p.i++
	return nil
}

// until moves to the next end that is not quoted.
func (p *selParser) until(end byte) error {
	for ; p.i < len(p.s) && p.s[p.i] != end; p.i++ {
		switch q := p.s[p.i]; q {
		case '\\':
			p.i++
		case '"', '\'':
			for p.i++; p.peek() != q; p.i++ {
				if p.peek() == '\\' {
					p.i++
				}
				if p.i >= len(p.s) {
					return errors.New("unclosed quote")
				}
			}
		}
	}
	p.i = min(p.i, len(p.s))
	return nil
}

// regexp moves to the bracket or parenthesis that ends a regular expression:
// the first that was not opened in it. It counts as cascadia does.
func (p *selParser) regexp() {
	for open := 0; p.i < len(p.s); p.i++ {
		switch p.s[p.i] {
		case '(', '[':
			open++
		case ')', ']':
			if open--; open < 0 {
				return
			}
		}
	}
}

// name skips a CSS name with its escapes.
func (p *selParser) name() {
	for p.i < len(p.s) && isNameByte(p.s[p.i]) {
		if p.s[p.i] != '\\' {
			p.i++
			continue
		}
		start := p.i + 1
		for p.i = start; p.i < len(p.s) && p.i < start+6 && isHex(p.s[p.i]); p.i++ {
		}
		switch {
		case p.i == start: // the next byte, whatever it is
			p.i = min(p.i+1, len(p.s))
		case isCSSSpace(p.peek()): // one space ends a hex escape and is part of it
			p.i++
		}
	}
}

// space skips white space and comments and reports whether there were any.
func (p *selParser) space() bool {
	start := p.i
	for {
		switch {
		case isCSSSpace(p.peek()):
			p.i++
		case p.comment():
			end := strings.Index(p.s[p.i+2:], "*/")
			p.i += 2 + end + 2
		default:
			return p.i > start
		}
	}
}

// comment reports whether a whole comment stands next.
func (p *selParser) comment() bool {
	return strings.HasPrefix(p.s[p.i:], "/*") && strings.Contains(p.s[p.i+2:], "*/")
}

// peek returns the next byte, 0 at the end.
func (p *selParser) peek() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

func isCSSSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func isNameByte(c byte) bool {
	return isHex(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '-' || c == '_' || c == '\\' || c >= 0x80
}
