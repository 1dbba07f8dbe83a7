package scrape

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

func TestParseSelectorErrors(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"open bracket", "td[", "unclosed bracket"},
		{"open bracket with a name", "a[href", "unclosed bracket"},
		{"open quote", `a[href="x]`, "unclosed quote"},
		{"quote ends in a backslash", `a[href="x\`, "unclosed quote"},
		{"open parenthesis", "p:not(.a", "unclosed parenthesis"},
		{"open parenthesis of a plain part", "p:nth-child(2", "unclosed parenthesis"},
		{"open regular expression", "p:matches((a", "unclosed parenthesis"},
		{"one too many", "p)", "closing parenthesis without an opening one"},
		{"a bracket too many", "p]", "closing bracket without an opening one"},
		{"a group without a name", "p (a)", "opening parenthesis without a : name before it"},
		{"nothing", "", "empty"},
		{"only a space", " ", "ends where an element is expected"},
		{"an alternative is missing", "a,", "ends where an element is expected"},
		{"an alternative is missing in between", "a,,b", `',' where an element is expected`},
		{"nothing to the right", "a >", "ends where an element is expected"},
		{"two combinators", "a > > b", `'>' where an element is expected`},
		{"a row has no siblings inside itself", "+ td", `begins with '+': only > may begin a selector`},
		{"the tag comes first", ".a:not(.b)td", `the tag "td" must come first`},
		{"a prefix of nothing", "media|", `no tag behind "media|"`},
		{"no prefix of nothing", "|[a]", `no tag behind "|"`},
		{"a prefix with an escape", `a\:b|c`, `prefix "a\\:b" has an escape`},
		{"pseudo-element", "p::before", "a pseudo-element (::) selects nothing on a page"},
		{"unknown pseudo-class", "p:nope", "unknown pseudoclass or pseudoelement :nope"},
		{"bad position", "p:nth-child(x)", "unexpected character while attempting to parse expression of form an+b"},
		{"bad regular expression", "p:matches(a**)", "error parsing regexp: invalid nested repetition operator: `**`"},
		{"an escape of nothing", `\`, "invalid escape sequence"},
		{"stray character", "a%b", `unexpected '%'`},
		{"nine combinators", "a b c d e f g h i j", "more than 8 combinators"},
		{"seventeen nested", strings.Repeat(":not(", 17) + "a" + strings.Repeat(")", 17), "more than 16 nested parentheses"},
		{"too long", strings.Repeat("a", maxSelector+1), "1025 bytes long, at most 1024"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := compileSelector(tc.in)
			if err == nil || err.Error() != tc.want {
				t.Errorf("compileSelector(%.40q) = %v, want %s", tc.in, err, tc.want)
			}
		})
	}
}

// What is suggested is known.
func TestPseudoClasses(t *testing.T) {
	for _, name := range pseudoClasses {
		_, plain := compileSelector("a:" + name)
		_, args := compileSelector("a:" + name + "(a)")
		_, number := compileSelector("a:" + name + "(1)")
		if plain != nil && args != nil && number != nil {
			t.Errorf(":%s is none: %v, %v, %v", name, plain, args, number)
		}
	}
}

func TestParseSelectorLimitsAreMet(t *testing.T) {
	for _, in := range []string{
		"a b c d e f g h i",
		"a b c d e f g h i, a > b > c > d > e > f > g > h > i",
		strings.Repeat(":not(", 16) + "a" + strings.Repeat(")", 16),
		strings.Repeat(":not(a)", 17), // beside one another
		strings.Repeat("a", maxSelector),
	} {
		if _, err := compileSelector(in); err != nil {
			t.Errorf("compileSelector(%.40q) = %v, want no error", in, err)
		}
	}
}

// found returns the ids of what sel selects below the element with the id scope.
func found(t *testing.T, text, page, scope string) []string {
	t.Helper()
	sel, err := compileSelector(text)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	top := doc.Selection
	if scope != "" {
		top = doc.Find("#" + scope)
	}
	w := newWork(t.Context())
	var ids []string
	for _, n := range top.FindMatcher(sel.on(w, top.Nodes[0])).Nodes {
		id, _ := attribute(n, "id")
		ids = append(ids, id)
	}
	if w.err != nil {
		t.Fatal(w.err)
	}
	return ids
}

func TestSelect(t *testing.T) {
	const page = `<table id=t><tr id=r><td id=a class="x y"><table><tr><td id=b>in<td id=c></table><td id=d title='a]b")c'><i id=i>Word</i>` +
		`<tr id=s><th id=h><td id=e data-x="1"></table><p id=p><template><p id=hid></template>`
	for _, tc := range []struct{ name, in, scope, want string }{
		{"tag", "td", "r", "a b c d"},
		{"a child of the row keeps nested tables out", "> td", "r", "a d"},
		{"likewise, said in full", ":scope > td", "r", "a d"},
		{"position among the row's own", "> td:nth-child(2)", "r", "d"},
		{"below a child", "> td td", "r", "b c"},
		{"ancestors may stand outside the row", "#t td", "s", "e"},
		{"alternatives come in the page's order", "#e, #h", "s", "h e"},
		{"one element is selected once", "td, .x, [class]", "r", "a b c d"},
		{"sibling", "#a + td", "", "d"},
		{"later sibling", "th ~ td", "", "e"},
		{"any element", "> *", "s", "h e"},
		{"not", "td:not(.x):not([data-x])", "", "b c d"},
		{"not a tree", "td:not(td td)", "r", "a d"},
		{"has", "td:has(td)", "", "a"},
		{"has a child", "tr:has(> th)", "", "s"},
		{"haschild", "tr:haschild(th)", "", "s"},
		{"is and where", ":is(th, i):where(#h, #d)", "", "h"},
		{"a quote holds brackets", `[title='a]b")c']`, "", "d"},
		{"text", "i:contains('word')", "", "i"},
		{"text by regular expression", "td:matchesOwn(^i[n]$)", "", "b"},
		{"attribute by regular expression", "[data-x#=(^[0-9]$)]", "", "e"},
		{"escape", `#\65`, "", "e"},
		{"escape ended by a space", `#\65 :not(i)`, "", "e"},
		{"comment is a space", "#t/* x > y */td", "s", "e"},
		{"templates are no part of the page", "p", "", "p"},
		{"the root is no element's child here", "> html", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := strings.Fields(tc.want)
			if tc.in == "> html" { // the document is the scope of a page without rows
				want = []string{""}
			}
			if got := found(t, tc.in, page, tc.scope); !slices.Equal(got, want) {
				t.Errorf("%s selects %q, want %q", tc.in, got, want)
			}
		})
	}
}

// Whatever it is made of: a selector selects what cascadia selects with it. The
// pages are small, so that cascadia comes to an end.
func TestSelectAgreesWithCascadia(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		page := randomPage(rnd)
		doc, err := html.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			text := randomSelector(rnd, 2)
			theirs, err := cascadia.ParseGroup(text)
			if err != nil {
				t.Fatalf("cascadia refuses %q: %v", text, err)
			}
			ours, err := compileSelector(text)
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			m := ours.on(newWork(t.Context()), doc)
			for n := range nodes(doc) {
				if got, want := m.Match(n), isElement(n) && theirs.Match(n); got != want {
					t.Fatalf("%q on <%s> of %s: %v, want %v", text, n.Data, page, got, want)
				}
			}
		}
	}
}

func randomPage(rnd *rand.Rand) string {
	var b strings.Builder
	for range 3 + rnd.IntN(25) {
		switch tag := []string{"div", "b", "section"}[rnd.IntN(3)]; rnd.IntN(4) {
		case 0:
			b.WriteString("</" + tag + ">")
		case 1:
			b.WriteString("x<!-- -->")
		default:
			fmt.Fprintf(&b, "<%s class=%c>", tag, 'a'+rune(rnd.IntN(3)))
		}
	}
	return b.String()
}

func randomSelector(rnd *rand.Rand, deep int) string {
	var b strings.Builder
	for i := range 1 + rnd.IntN(4) {
		if i > 0 {
			b.WriteString([]string{" ", " > ", "+", " ~ ", " ", ", "}[rnd.IntN(6)])
		}
		b.WriteString([]string{"div", "b", "section", "*", ""}[rnd.IntN(5)])
		switch n := rnd.IntN(8); {
		case n < 3 && deep > 0:
			fmt.Fprintf(&b, ":%s(%s)", []string{"not", "has", "haschild"}[n], randomSelector(rnd, deep-1))
		case n == 3:
			b.WriteString(":nth-child(2n+1)")
		case n == 4:
			b.WriteString(":last-of-type")
		default:
			fmt.Fprintf(&b, ".%c", 'a'+rune(rnd.IntN(3)))
		}
	}
	return b.String()
}

// Selectors that take cascadia minutes to years on a page of 500 nested
// elements, or of many siblings, end quickly: looked up without trying again
// what cannot be, or refused.
func TestSelectHostile(t *testing.T) {
	nested := strings.Repeat("<div>", 480) + "<span>"
	flat := strings.Repeat("<b>x</b>", 20_000)
	for _, tc := range []struct {
		name, in, page string
		refused        bool
	}{
		{"ancestors", "section div div div span", nested, false},
		{"eight combinators", "section div div div div div div div span", nested, false},
		{"children among ancestors", "section > div div > div div > div div > div span", nested, false},
		{"siblings", "i ~ b ~ b ~ b ~ b ~ b ~ b ~ b ~ b", flat, true},
		{"has", "div:has(div:has(div:has(i)))", nested, true},
		{"has everywhere", ":has(:has(:has(:has(:has(i)))))", nested, true},
		{"positions", "b:nth-last-child(2n+1):nth-child(3n):nth-of-type(5n)", flat, true},
		{"text", ":contains(y) :contains(y)", nested + strings.Repeat("x", 1<<20), true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sel, err := compileSelector(tc.in)
			if err != nil {
				t.Fatal(err)
			}
			w := newWork(t.Context())
			doc, err := w.parse([]byte(tc.page))
			if err != nil {
				t.Fatal(err)
			}
			w.steps = 200_000
			begun := time.Now()
			got := goquery.NewDocumentFromNode(doc.root).FindMatcher(sel.on(w, doc.root)).Length()
			if took := time.Since(begun); took > 2*time.Second {
				t.Errorf("took %v, more than 2s for 200,000 steps", took)
			}
			if refused := errors.Is(w.err, ErrTooComplex); refused != tc.refused || got != 0 {
				t.Errorf("%d found, error %v; want none, refused: %v", got, w.err, tc.refused)
			}
		})
	}
}

// The clock is looked at on the way: a search ends with its context.
func TestSelectEndsWithContext(t *testing.T) {
	sel, err := compileSelector(":has(:has(:has(:has(:has(i)))))")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := newWork(t.Context()).parse([]byte(strings.Repeat("<div>", 480)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, errors.New("enough"))
	defer cancel()
	w := newWork(ctx)
	w.steps = 1 << 60 // only the context is left to end it
	if first := sel.on(w, doc.root).MatchFirst(doc.root); first != nil || w.err == nil || w.err.Error() != "enough" {
		t.Errorf("found %v, error %v; want nothing and enough", first, w.err)
	}
}
