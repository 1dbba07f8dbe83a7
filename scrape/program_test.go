package scrape

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// The tests here compare programs with what goquery, and so cascadia, answers:
// in one walk, the same elements must be found in the same order.

// plainFind is goquery's plain answer to all that sel selects below top. A
// leading > is what goquery leaves to the caller: top is given an attribute for
// it. Templates are emptied by the caller.
func plainFind(t testing.TB, sel string, top *html.Node) []*html.Node {
	t.Helper()
	const mark = "walk-scope"
	if strings.Contains(sel, ":scope") || strings.HasPrefix(sel, ">") || strings.Contains(sel, ", >") {
		if top.Type == html.DocumentNode {
			return nil // not asked for
		}
		top.Attr = append(top.Attr, html.Attribute{Key: mark})
		defer func() { top.Attr = top.Attr[:len(top.Attr)-1] }()
		sel = strings.ReplaceAll(sel, ":scope", "["+mark+"]")
		sel = strings.ReplaceAll(", "+sel, ", >", ", ["+mark+"] >")[2:]
	}
	m, err := cascadia.ParseGroup(theirs(sel))
	if err != nil {
		t.Fatalf("cascadia refuses %q: %v", sel, err)
	}
	return goquery.NewDocumentFromNode(top).FindMatcher(group{m}).Nodes
}

// theirs writes what cascadia has no word for in its own.
func theirs(sel string) string {
	return strings.ReplaceAll(sel, ":has(> ", ":haschild(")
}

// A group is a cascadia.SelectorGroup as goquery takes it. Text, which some of
// cascadia's words select, is no element.
type group struct{ cascadia.SelectorGroup }

func (g group) MatchAll(n *html.Node) []*html.Node {
	var found []*html.Node
	for c := range nodes(n) {
		if isElement(c) && g.Match(c) {
			found = append(found, c)
		}
	}
	return found
}

func (g group) Filter(ns []*html.Node) []*html.Node { return cascadia.Filter(ns, g) }

// treeOf parses a page, and empties its templates, which goquery would look in.
func treeOf(t testing.TB, page string) (*work, *html.Node) {
	t.Helper()
	w := newWork(t.Context())
	doc, err := w.parse([]byte(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range nodes(doc.root) {
		for isTemplate(n) && n.FirstChild != nil {
			n.RemoveChild(n.FirstChild)
		}
	}
	return w, doc.root
}

// describe names elements for people.
func describe(ns []*html.Node) string {
	var names []string
	for _, n := range ns {
		var b strings.Builder
		html.Render(&b, n)
		names = append(names, clip(b.String(), 60))
	}
	return strings.Join(names, " | ")
}

// sameBelow compares what a program finds for all of its selectors below every
// element with goquery's answer, and with what a match says.
func sameBelow(t testing.TB, w *work, root *html.Node, page string, texts []string) {
	t.Helper()
	sels := make([]*selector, len(texts))
	for i, text := range texts {
		sel, err := compileSelector(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		sels[i] = &sel
	}
	p := newProgram(sels...)
	for top := range nodes(root) {
		if !isElement(top) && top != root || isTemplate(top) {
			continue
		}
		for i, sel := range sels {
			got := slices.Clone(w.treeOf(root).below(w, p, sel, top, false, true))
			if w.err != nil {
				t.Fatal(w.err)
			}
			if want := plainFind(t, texts[i], top); !slices.Equal(got, want) && !(want == nil && top == root) {
				t.Fatalf("%q below <%s> of %s\ngot  %s\nwant %s", texts[i], top.Data, page, describe(got), describe(want))
			}
			if want := sel.on(w, top).below(false, true); !slices.Equal(got, want) {
				t.Fatalf("%q below <%s> of %s\ngot    %s\nmatch: %s", texts[i], top.Data, page, describe(got), describe(want))
			}
			if got, want := w.treeOf(root).below(w, p, sel, top, true, true), sel.on(w, top).below(true, true); !slices.Equal(got, want) {
				t.Fatalf("%q among <%s> of %s\ngot    %s\nmatch: %s", texts[i], top.Data, page, describe(got), describe(want))
			}
			if first := w.treeOf(root).below(w, p, sel, top, false, false); !slices.Equal(first, got[:min(len(got), 1)]) {
				t.Fatalf("%q below <%s> of %s: first is %s, want %s", texts[i], top.Data, page, describe(first), describe(got))
			}
		}
	}
}

func TestWalkAgreesWithGoquery(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 80 {
		page := wildPage(rnd)
		w, root := treeOf(t, page)
		texts := make([]string, 1+rnd.IntN(12)) // up to some words of bits
		for i := range texts {
			texts[i] = wildSelector(rnd, 2)
		}
		sameBelow(t, w, root, page, texts)
		w.done()
	}
}

func wildPage(rnd *rand.Rand) string {
	var b strings.Builder
	for range 3 + rnd.IntN(30) {
		tag := []string{"div", "b", "section", "td", "table", "template", "li"}[rnd.IntN(7)]
		switch rnd.IntN(5) {
		case 0:
			b.WriteString("</" + tag + ">")
		case 1:
			b.WriteString("x<!-- -->")
		default:
			fmt.Fprintf(&b, "<%s class='%c %c'", tag, 'a'+rune(rnd.IntN(3)), 'a'+rune(rnd.IntN(3)))
			if rnd.IntN(3) == 0 {
				fmt.Fprintf(&b, " id=%c t=%d", 'a'+rune(rnd.IntN(3)), rnd.IntN(3))
			}
			b.WriteString(">")
		}
	}
	return b.String()
}

func wildSelector(rnd *rand.Rand, deep int) string {
	var b strings.Builder
	if deep == 2 {
		b.WriteString([]string{"", "", "> ", ":scope ", ":scope > "}[rnd.IntN(5)])
	}
	for i := range 1 + rnd.IntN(4) {
		if i > 0 {
			b.WriteString([]string{" ", " > ", " + ", " ~ ", " ", ", "}[rnd.IntN(6)])
		}
		b.WriteString([]string{"div", "b", "SECTION", "*", "", "td"}[rnd.IntN(6)])
		switch n := rnd.IntN(16); {
		case n < 3 && deep > 0:
			fmt.Fprintf(&b, ":%s(%s)", []string{"not", "has", "haschild"}[n], wildSelector(rnd, deep-1))
		case n == 3:
			b.WriteString([]string{":nth-child(2n+1)", ":nth-child(even)", ":nth-child(-n + 3)", ":nth-child(2)", ":nth-last-child(odd)", ":nth-last-child( 3n-1 )", ":nth-child(+2)", ":nth-child(0n+1)"}[rnd.IntN(8)])
		case n == 4:
			b.WriteString([]string{":last-of-type", ":first-child", ":last-child", ":only-child", ":nth-of-type(2)", ":empty", ":only-of-type"}[rnd.IntN(7)])
		case n == 5:
			b.WriteString([]string{"[t]", "[T='1']", `[t="2"]`, "[ t ]", "[id = c]", "[id=b]", "[class~=a]", "[t!='1']", "[class='A B' i]", "[t|='1']"}[rnd.IntN(10)])
		case n == 6:
			fmt.Fprintf(&b, "#%c", 'a'+rune(rnd.IntN(3)))
		case n == 7 && deep > 0:
			fmt.Fprintf(&b, ":has(> %s.%c)", []string{"b", "*", "td"}[rnd.IntN(3)], 'a'+rune(rnd.IntN(3)))
		case n == 8:
			b.WriteString(`.\61 `)
		case n == 9:
			b.WriteString(":contains(x)")
		default:
			fmt.Fprintf(&b, ".%c", 'a'+rune(rnd.IntN(3)))
		}
	}
	return b.String()
}

// Every simple part that is compared here means what it means to cascadia.
func TestSimpleAgreesWithCascadia(t *testing.T) {
	pages := testPages(t)
	page := pages["testdata/walk/manual.html"] + pages["testdata/walk/broken.html"] + "<p ID=Q CLASS=' c-d\tE ' Data-X=\"it's\"><p id='' class=''><p id=q id=Q data-x>"
	w, root := treeOf(t, page)
	for _, text := range []string{
		"p", "P", "foreignObject", "foreignobject", "svg", `\70`, "x-y", "*",
		"#x", "#Q", "#q", `#\51`, ".a", ".A", ".c-d", ".E", ".e", ".first.odd", ".odd:not(.first)",
		"[data-x]", "[DATA-X]", "[Data-X='1']", `[data-x="it's"]`, "[data-x=it]", "[ data-x ]", "[class=a]", "[class='']", "[class=A i]", "[id=q]", "[title='a]b, c > d']", "[data-x!='1']", "[href$='.html']", "[lang|=de]",
		":first-child", ":LAST-child", ":only-child", ":nth-child(2)", ":nth-child( odd )", ":nth-child(EVEN)", ":nth-child(2n)", ":nth-child(2N+1)", ":nth-child(-n+2)", ":nth-child(+n+2)", ":nth-child(n)", ":nth-child(-2)", ":nth-child(0)", ":nth-child(0n+2)", ":nth-child(-2n)", ":nth-child(3n - 1)", ":nth-child(+3)",
		":nth-last-child(2n+1)", ":nth-last-child(1)", ":nth-of-type(2)", ":nth-last-of-type(1)", ":first-of-type", ":only-of-type", ":root", ":empty", ":input", ":link", ":lang(de)", ":enabled", ":disabled", ":checked", ":contains('in svg')", ":matchesOwn(^x$)",
		"td.odd:first-child[class]", "p#x.a:nth-child(1)", "tr:first-child:last-child",
	} {
		sameBelow(t, w, root, "the page", []string{text})
	}
}

// What is inside a template is no part of the page, unless a template is what
// is looked in.
func TestWalkTemplates(t *testing.T) {
	r, err := ParseRecipe("r.yaml", []byte("rows: template, p\nfields: {i: {select: i, many: true}}"))
	if err != nil {
		t.Fatal(err)
	}
	x, err := r.Extract(t.Context(), Page{Body: []byte("<p><i>a</i><template><i>b</i><template><i>c</i></template></template><i>d</i>"), ContentType: "text/html"})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(x.Records); got != "[[{i [a d]}] [{i [b]}]]" {
		t.Errorf("records are %v, want a d and b", got)
	}
}

// What cascadia has no words for is compared with a match.
func TestWalkAgreesWithMatch(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	texts := []string{
		"div:is(.a, b > .b)", ":where(div, b) :not(:is(.a .b))", "div:has(> .a .b)", ":has(:scope > b + div)", ":has(> .a > .b, .c ~ .b)",
		"div:has(> b ~ .a + .c)", ":not(:has(> *))", "div:has(:has(> .a))", ":has(.a):not(:has(> .a > .b))", ":is(:has(.a), .b .c) > .b", // a program's
		"td :scope > b", ":not(:scope > .a)", ":has(:not(:scope > b))", ":haschild(> .a)", ":has(:scope)", "div:has(:scope ~ b)", ".a:scope > .b", "b:scope:has(.a) .b", // some are odd
	}
	for range 50 {
		page := wildPage(rnd)
		w, root := treeOf(t, page)
		for _, text := range texts {
			sel, err := compileSelector(text)
			if err != nil {
				t.Fatal(err)
			}
			for top := range nodes(root) {
				if !isElement(top) && top != root {
					continue
				}
				got, want := slices.Clone(w.treeOf(root).below(w, nil, &sel, top, false, true)), sel.on(w, top).below(false, true)
				if !slices.Equal(got, want) {
					t.Fatalf("%q below <%s> of %s\ngot    %s\nmatch: %s", text, top.Data, page, describe(got), describe(want))
				}
			}
		}
		w.done()
	}
}

// Only what asks for an element that may be many is left to a match.
func TestOdd(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want bool
	}{
		{"td", false},
		{"> td a", false},
		{":scope > td", false},
		{"tr:scope td", false},
		{"td:has(> a b)", false},
		{"td:not(tr td):has(a):haschild(b)", false},
		{"td :scope", true},
		{"td:not(:scope > td)", true},
		{"td:has(a:not(:scope > a))", true},
		{"td:haschild(> a)", true},
		{"td:has(:scope)", true},
	} {
		sel, err := compileSelector(tc.in)
		if err != nil {
			t.Fatal(err)
		}
		if sel.odd != tc.want {
			t.Errorf("%s is odd: %v, want %v", tc.in, sel.odd, tc.want)
		}
	}
}

func FuzzWalk(f *testing.F) {
	for _, page := range testPages(f) {
		f.Add(page[:min(len(page), 400)], "td > a")
	}
	rnd := rand.New(rand.NewPCG(7, 8))
	for range 20 {
		f.Add(wildPage(rnd), wildSelector(rnd, 2))
	}
	f.Fuzz(func(t *testing.T, page, text string) {
		if len(page) > 500 || len(text) > 60 || strings.Count(text, ":has") > 2 { // cascadia is to come to an end
			return
		}
		sel, err := compileSelector(text)
		if err != nil {
			return
		}
		w, root := treeOf(t, page)
		defer w.done()
		m, err := cascadia.ParseGroup(text)
		for top := range nodes(root) {
			if !isElement(top) && top != root || isTemplate(top) {
				continue
			}
			got := slices.Clone(w.treeOf(root).below(w, nil, &sel, top, false, true))
			if want := sel.on(w, top).below(false, true); !slices.Equal(got, want) {
				t.Fatalf("%q below <%s> of %q\ngot    %s\nmatch: %s", text, top.Data, page, describe(got), describe(want))
			}
			if err != nil {
				continue
			}
			if want := goquery.NewDocumentFromNode(top).FindMatcher(group{m}).Nodes; !slices.Equal(got, want) {
				t.Fatalf("%q below <%s> of %q\ngot  %s\nwant %s", text, top.Data, page, describe(got), describe(want))
			}
		}
	})
}

// testPages are the small pages of the recipes' tests.
func testPages(t testing.TB) map[string]string {
	t.Helper()
	pages := map[string]string{}
	err := filepath.WalkDir("testdata", func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".html" {
			var text []byte
			text, err = os.ReadFile(path)
			pages[path] = string(text)
		}
		return err
	})
	if err != nil || len(pages) < 5 {
		t.Fatal(len(pages), "pages:", err)
	}
	return pages
}

// testRecipes are those built in, those of the tests and those made for what the
// walk has to know.
func testRecipes(t testing.TB) []*Recipe {
	t.Helper()
	rs := Recipes()
	for _, glob := range []string{"testdata/pages/*.yaml", "testdata/walk/*.yaml"} {
		files, err := filepath.Glob(glob)
		if err != nil || len(files) == 0 {
			t.Fatal(glob, err)
		}
		for _, file := range files {
			r, err := LoadRecipe(file)
			if err != nil {
				t.Fatal(err)
			}
			rs = append(rs, r)
		}
	}
	return rs
}

// sameRows compares the rows of a page and what their fields find, row by row,
// with goquery's plain answer, and the text of every field too.
func sameRows(t *testing.T, r *Recipe, name, page string) (rows int) {
	t.Helper()
	w, root := treeOf(t, page)
	defer w.done()
	tops := []*html.Node{root}
	if r.rows != nil {
		tops = slices.Clone(w.treeOf(root).below(w, r.plan, r.rows, root, false, true))
		if want := plainFind(t, r.rows.text, root); !slices.Equal(tops, want) {
			t.Fatalf("%s on %s: %d rows, want %d", r.name, name, len(tops), len(want))
		}
	}
	for num, top := range tops {
		for i := range r.fields {
			f := &r.fields[i]
			if f.sel == nil {
				continue
			}
			got := w.treeOf(root).below(w, r.plan, f.sel, top, false, f.many)
			if w.err != nil {
				t.Fatalf("%s on %s: %v", r.name, name, w.err)
			}
			want := plainFind(t, f.sel.text, top)
			if !f.many {
				want = want[:min(len(want), 1)]
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s on %s: row %d, field %s\ngot  %s\nwant %s", r.name, name, num+1, f.name, describe(got), describe(want))
			}
			for _, n := range got {
				if text, plain := textOf(w, n), plainText(n); strings.ReplaceAll(text, " ", "") != plain {
					t.Fatalf("%s on %s: row %d, field %s\ngot  %q\nwant %q", r.name, name, num+1, f.name, text, plain)
				}
			}
		}
	}
	return len(tops)
}

// plainText is goquery's text of an element without what no reader sees, and
// without white space, which goquery does not fold.
func plainText(n *html.Node) string {
	one := goquery.CloneDocument(goquery.NewDocumentFromNode(n))
	one.Find("script, style, template, noframes, noembed, iframe").Remove()
	return strings.Join(strings.Fields(one.Text()), "")
}

func TestRowsAgreeWithGoquery(t *testing.T) {
	rows := 0
	for _, r := range testRecipes(t) {
		for name, page := range testPages(t) {
			rows += sameRows(t, r, name, page)
		}
	}
	if rows < 50 {
		t.Errorf("%d rows were compared, want more", rows)
	}
}

func TestManualsAgreeWithGoquery(t *testing.T) {
	var files []string
	filepath.WalkDir("/usr/share/doc", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.HasSuffix(path, ".html") {
			if info, err := d.Info(); err == nil && info.Size() < 100<<10 {
				files = append(files, path)
			}
		}
		return nil
	})
	if len(files) == 0 {
		t.Skip("no HTML manuals are installed under /usr/share/doc")
	}
	rs := testRecipes(t)
	for i, step := 0, max(len(files)/12, 1); i < len(files); i += step {
		text, err := os.ReadFile(files[i])
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rs {
			sameRows(t, r, files[i], string(toUTF8(text, "text/html")))
		}
	}
}

// What takes cascadia minutes to years takes a program a few steps for each
// element and each part of the selector. A budget below that ends it.
func TestWalkHostile(t *testing.T) {
	nested := strings.Repeat("<div>", 480) + "<span>"
	flat := strings.Repeat("<b>x</b>", 20_000)
	for _, tc := range []struct {
		name, in, page string
		parts          int // of the selector
		found          int
	}{
		{"ancestors", "section div div div span", nested, 5, 0},
		{"eight combinators", "section div div div div div div div span", nested, 9, 0},
		{"that match", "div div div div div div div div span", nested, 9, 1},
		{"children among ancestors", "section > div div > div div > div div > div span", nested, 9, 0},
		{"siblings", "i ~ b ~ b ~ b ~ b ~ b ~ b ~ b ~ b", flat, 9, 0},
		{"siblings that match", "b ~ b ~ b ~ b ~ b + b", flat, 6, 19_995},
		{"has", "div:has(div:has(div:has(i)))", nested, 4, 0},
		{"has that match", "div:has(div:has(div:has(span)))", nested, 4, 478},
		{"has everywhere", ":has(:has(:has(:has(:has(i)))))", nested, 6, 0},
		{"has below itself", "div:has(> div div div > span)", nested, 5, 477},
		{"not", "div:not(div div div div):not(:has(span))", nested, 6, 0},
		{"positions", "b:nth-last-child(2n+1):nth-child(3n)", flat, 1, 3333},
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
			elems := len(w.treeOf(doc.root).elems)
			w.steps, w.look = maxSteps, stepsPerLook
			got := len(w.treeOf(doc.root).below(w, nil, &sel, doc.root, false, true))
			took := maxSteps - w.steps + stepsPerLook - w.look
			if most := 3 * tc.parts * elems; got != tc.found || took > most || w.err != nil {
				t.Errorf("%d found in %d steps, error %v; want %d in at most %d for %d elements", got, took, w.err, tc.found, most, elems)
			}

			if took < 2*stepsPerLook {
				return
			}
			w = newWork(t.Context())
			if doc, err = w.parse([]byte(tc.page)); err != nil {
				t.Fatal(err)
			}
			w.steps = took / 2
			w.treeOf(doc.root).below(w, nil, &sel, doc.root, false, true)
			if !errors.Is(w.err, ErrTooComplex) {
				t.Errorf("with half the steps: error %v, want %v", w.err, ErrTooComplex)
			}
		})
	}
}

// Rows inside one another are asked for each: what is bound to them costs no
// more than they hold, and less where a > leads nowhere.
func TestWalkNestedRows(t *testing.T) {
	r, err := ParseRecipe("r.yaml", []byte("rows: div\nfields: {a: {select: '> i'}, b: {select: 'div i'}, c: {select: '> b > i'}}"))
	if err != nil {
		t.Fatal(err)
	}
	w := newWork(t.Context())
	x, err := r.extract(w, Page{Body: []byte(strings.Repeat("<div><i>x</i>", 250)), ContentType: "text/html"})
	if err != nil || len(x.Records) != 250 {
		t.Fatalf("%d records, error %v; want 250", len(x.Records), err)
	}
	for _, rec := range x.Records {
		if rec[0].Value != "x" || rec[2].Value != nil {
			t.Fatalf("record %v, want x and nothing", rec)
		}
	}
	if took := maxSteps - w.steps + stepsPerLook - w.look; took > 50_000 {
		t.Errorf("took %d steps, want at most 50,000", took)
	}
}

// A released tree holds nothing of its page, and what is used again does not
// show.
func TestTreeRelease(t *testing.T) {
	w, root := treeOf(t, strings.Repeat("<p class=a><i>x</i>", 50))
	sel, err := compileSelector("p:has(i), > html")
	if err != nil {
		t.Fatal(err)
	}
	if got := len(w.treeOf(root).below(w, nil, &sel, root, false, true)); got != 51 {
		t.Errorf("%d found, want 51", got)
	}
	tree := w.tree
	w.done()
	for i, n := range tree.nodes[:cap(tree.nodes)] {
		if n != nil {
			t.Fatalf("element %d is still there", i)
		}
	}
	if tree.where != nil || tree.marks != nil {
		t.Error("places or marks are still there")
	}
}

// What was read from a page stays when the room that the page stood in has
// another one.
func TestExtractionHoldsNothingOfThePage(t *testing.T) {
	base, err := url.Parse("http://a.test/b/")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range testRecipes(t) {
		for name, page := range testPages(t) {
			body, kind := []byte(page), "text/html"
			if r.xml {
				kind = "application/xml"
			}
			x, err := r.Extract(t.Context(), Page{URL: base, Body: body, ContentType: kind})
			if err != nil {
				t.Fatal(err)
			}
			before := fmt.Sprintf("%#v", x)
			for i := range body {
				body[i] = '#'
			}
			if after := fmt.Sprintf("%#v", x); after != before {
				t.Errorf("%s on %s: was\n%s\nis\n%s", r.name, name, before, after)
			}
		}
	}
}
