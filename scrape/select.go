package scrape

import (
	"errors"
	"fmt"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// Limits of one selector. They are wide of what a recipe needs; what a selector
// within them may cost on a page is bounded by a [work].
const (
	maxSelector    = 1 << 10 // bytes of its text
	maxCombinators = 8       // from the first element to the last, of each alternative
	maxNested      = 16      // :not(), :has() and the like inside one another
)

// A selector is a compiled CSS selector: alternatives, one of which must match.
// It is immutable.
//
// What the simple parts (tags, classes, attributes, positions) mean is
// cascadia's to say. How they hang together is kept here, because cascadia tries
// every combination of ancestors without looking up, which a page can turn into
// hours. A [program] finds all that a selector selects on a page; a [match] asks
// about one element.
type selector struct {
	text  string
	any   []chain
	alone *program // that has only this selector
	odd   bool     // no program knows what it means
}

// A chain is compounds from left to right, at least one.
type chain []compound

// A compound is what is asked of one element.
type compound struct {
	link  byte         // how it hangs on the one before: ' ', '>', '+' or '~'; 0: it is the first
	scope bool         // it must be the element in which the search began
	plain cascadia.Sel // nil: any element
	cost  cost         // of asking plain
	sub   []relation   // :not, :has and the like
	test  test         // all of that but scope, for a program
	odd   bool         // there is no such test
}

// A relation is a compound's condition on other selectors.
type relation struct {
	kind string // not, is, has, haschild
	sel  selector
}

// A cost says how many of a compound's plain parts make cascadia walk, and over
// what.
type cost struct {
	siblings int // :nth-child and its kin
	text     int // :contains and :matches
	parents  int // :lang, :enabled, :disabled
}

// compile makes what a match and a program need of the simple parts of c, as one
// text, and of its relations.
func (c *compound) compile(plain string) (err error) {
	if plain != "" && plain != "*" {
		if c.plain, err = cascadia.Parse(plain); err != nil {
			return err
		}
		if rest := c.test.take(plain); rest != "" {
			if c.test.rest, err = cascadia.Parse(rest); err != nil {
				return err
			}
			c.test.cost = c.cost // some of it may be for nothing
		}
	}
	for i := range c.sub {
		switch is, ok := newCondition(&c.sub[i]); {
		case !ok:
			c.odd = true
		case is.alone != nil:
			c.test.alike = append(c.test.alike, is)
		default:
			c.test.marked = append(c.test.marked, is)
		}
	}
	return nil
}

// compile makes the program of sel alone.
func (sel *selector) compile() {
	for _, c := range sel.any {
		for i := range c {
			sel.odd = sel.odd || c[i].odd || i > 0 && c[i].scope
		}
	}
	sel.alone = newProgram(sel)
}

// parseSelector compiles text. Errors name what is wrong, not where it stands.
func parseSelector(text string) (selector, error) {
	sel, err := compileSelector(text)
	if err != nil {
		return selector{}, fmt.Errorf("selector %q: %w", clip(text, maxShown), err)
	}
	return sel, nil
}

func compileSelector(text string) (selector, error) {
	if len(text) > maxSelector {
		return selector{}, fmt.Errorf("%d bytes long, at most %d", len(text), maxSelector)
	}
	p := selParser{s: text}
	sel, err := p.group()
	if err != nil {
		return selector{}, err
	}
	if p.i < len(p.s) { // only an unmatched parenthesis stops a group early
		return selector{}, errors.New("closing parenthesis without an opening one")
	}
	return sel, nil
}

// isElement reports whether n is an element, the only thing that is selected.
func isElement(n *html.Node) bool { return n != nil && n.Type == html.ElementNode }
