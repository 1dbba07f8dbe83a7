package scrape

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// sameNodes compares a page as a tidy reads it with what package html makes of
// it, and reports whether it was tidy.
func sameNodes(t testing.TB, page string) bool {
	t.Helper()
	w := newWork(t.Context())
	got := w.tidyPage([]byte(page))
	defer w.done()
	if w.err != nil {
		t.Fatal(w.err)
	}
	if got == nil {
		return false
	}
	want, err := html.ParseWithOptions(strings.NewReader(page), html.ParseOptionEnableScripting(false))
	if err != nil {
		t.Fatalf("package html refuses %q: %v", clip(page, 2000), err)
	}
	a, b := got, want
	for a != nil && b != nil {
		if a.Type != b.Type || a.DataAtom != b.DataAtom || a.Data != b.Data || a.Namespace != b.Namespace || !slices.Equal(a.Attr, b.Attr) {
			t.Fatalf("%q\ngot  %v %q %v\nwant %v %q %v\nin %s", clip(page, 2000), a.Type, a.Data, a.Attr, b.Type, b.Data, b.Attr, describe([]*html.Node{b.Parent}))
		}
		if (a.FirstChild == nil) != (b.FirstChild == nil) || (a.NextSibling == nil) != (b.NextSibling == nil) {
			t.Fatalf("%q\nat %q\ngot  %s\nwant %s", clip(page, 2000), a.Data, describe([]*html.Node{a.Parent}), describe([]*html.Node{b.Parent}))
		}
		a, b = after(a, got), after(b, want)
	}
	if a != nil || b != nil {
		t.Fatalf("%q: one has more nodes", clip(page, 2000))
	}
	return true
}

func TestTidy(t *testing.T) {
	for _, tc := range []struct {
		name, page string
		tidy       bool
	}{
		{"a whole page", "<!DOCTYPE html>\n<html lang=en><head><title>a &amp; b</title>\n<meta charset=utf-8></head>\n<body class='x'><p>text</p></body>\n</html>\n", true},
		{"nothing but text in tags", "<p>a<p>b", true},
		{"no head", "<title>x</title><p>y", true},
		{"head only", "<title>x</title>", false},
		{"no tags", "text", false},
		{"an old doctype", `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "x"><title>x</title><p>y<div>z</div>`, true},
		{"an old doctype, and a table in a paragraph", `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN"><p>y<table></table>`, false},
		{"no doctype, and a table in a paragraph", `<p>y<table></table>`, true},
		{"a table behind a paragraph", `<!doctype html><p>y<table></table>`, true},
		{"lists", "<ul><li>a<li>b<ul><li>c</ul><li><p>d</ul><dl><dt>a<dd>b<dt>c</dl>", true},
		{"tables", "<table><caption>x</caption><colgroup><col><col></colgroup><thead><tr><th>a<tbody><tr><td>b<td>c</tr><tr><td>d</table>x", true},
		{"a table without rows' parents", "<table><td>a<td>b<tr><td>c</table><table><col><tr><td><table><tr><td>x</table></table>", true},
		{"formatting in a cell left open", "<table><tr><td><b>x<td><i>y</table>z", true},
		{"formatting left open in a paragraph", "<p><b>x<p>y", false},
		{"formatting crossed", "<b><i>x</b></i>", false},
		{"attributes of formatting are sorted", "<a z=1 b=2 href=x>y</a>", true},
		{"four of a kind", "<b><b><b><b>x</b></b></b></b>", false},
		{"an anchor in an anchor", "<a><div><a>", false},
		{"raw text", "<script>if (a<b) '</p>'</script><style>a>b{}</style ><textarea>\nx</textarea><iframe><p></iframe><p>x", true},
		{"a comment in a script", "<script><!-- </script><p>x", false},
		{"comments", "<!-- a --><!doctype html><!-- b --><html><!----><head><!--c--></head><!-- d --><body><!-- e --->x</body><!-- f --></html><!-- g -->", true},
		{"an odd comment", "<p><!--> x", false},
		{"entities", "<p title='a=1&b=2&amp;c=3&d'>&lt;&eacute;&notit; &#65;&amp &nbsp;", true},
		{"an entity that may be none", "<p title='&copy'>", false},
		{"an attribute twice", "<p a=1 A=2 b>", true},
		{"carriage returns", "<pre>\r\na\r\nb\rc</pre>\r\n<p title='a\r\nb'>", true},
		{"text in a table", "<table>x<tr><td>y</table>", false},
		{"an icon", "<p><svg viewBox='0 0 1 1' xmlns='http://www.w3.org/2000/svg'>\n<g><path d='M0 0'/><circle r=1></circle></g></svg>x<svg/>", true},
		{"more than an icon", "<p><svg><title>x</title></svg>", false},
		{"an icon that is not closed", "<p><svg><path></svg>", false},
		{"an attribute of another name", "<p><svg preserveaspectratio=none></svg>", false},
		{"an instruction", "<?xml version='1.0'?><!doctype html><p>x", true},
		{"select", "<select><option>a<option selected>b</option><optgroup label=x><option>c</option></optgroup></select>", true},
		{"a select that is open at the end", "<p><select></body><!-- x -->", false},
		{"forms", "<form><input><p>x</form><form></form>", true},
		{"a form across", "<div><form></div></form>", false},
		{"an end without a start", "<p>x</div>", false},
		{"an end tag that is left out", "<div><span>x</div>y", true},
		{"body twice", "<body><body a>", false},
		{"text behind the end", "<p>x</body>\n<!-- -->\n</html> y", false},
		{"blanks behind the end", "<p>x</body>\n</html>\n\n", true},
		{"noscript in the head", "<head><noscript><p></noscript>", false},
		{"noscript in the body", "<body><noscript><p>x</noscript>y", false},
		{"unknown tags", "<my-tag A-b=c>x</my-tag><X>y</X>", true},
		{"a slash at the end", "<br/><p/><img src=x />y", true},
		{"headings", "<h1>a</h1><h2>b</h2><div><h3>c</div>", true},
		{"a heading in a heading", "<h1>a<h2>b", false},
		{"deep", strings.Repeat("<div>", 480), true},
		{"too deep", strings.Repeat("<div>", 513), false},
		{"a zero byte", "<p>\x00", false},
		{"cut in a tag", "<p><a href=", false},
		{"a stray <", "<p>a < b", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if len(tc.page) > 512*5 { // package html does not take it either
				w := newWork(t.Context())
				if w.tidyPage([]byte(tc.page)) != nil {
					t.Error("is tidy")
				}
				return
			}
			if got := sameNodes(t, tc.page); got != tc.tidy {
				t.Errorf("tidy: %v, want %v", got, tc.tidy)
			}
		})
	}
}

// The rooms of a page that is done with are empty, and others' pages do not show
// what was in them.
func TestTidyRelease(t *testing.T) {
	for i := range 50 {
		w := newWork(t.Context())
		root := w.tidyPage([]byte(strings.Repeat("<p class=a id=b>x</p>", 300*(i%3)) + "<p>y"))
		if root == nil {
			t.Fatal("not tidy")
		}
		var nodes []*html.Node
		for n := range root.Descendants() {
			nodes = append(nodes, n)
		}
		p := nodes[len(nodes)-2]
		if p.Data != "p" || p.Attr != nil || p.FirstChild == nil || p.FirstChild.Data != "y" {
			t.Fatalf("the last paragraph is %+v", p)
		}
		w.done()
		for _, n := range nodes {
			if n.Data != "" || n.Attr != nil || n.Parent != nil || n.FirstChild != nil || n.NextSibling != nil {
				t.Fatalf("left over: %+v", n)
			}
		}
	}
}

// Whatever tags are put together: what is read is what package html makes of it.
func TestTidyAgreesOnRandomPages(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 10))
	tidy := 0
	for range 20_000 {
		if sameNodes(t, tagSoup(rnd)) {
			tidy++
		}
	}
	if tidy < 2000 {
		t.Errorf("%d of 20,000 pages were tidy, want more", tidy)
	}
}

var soupTags = strings.Fields("html head body title p p div div ul ol li li dl dt dd table table tr tr td td th tbody thead caption colgroup col a b i span h1 h2 pre br img hr form input button select option optgroup script style section noscript x-y center blockquote label textarea svg path g")

func tagSoup(rnd *rand.Rand) string {
	var b strings.Builder
	if rnd.IntN(2) == 0 {
		b.WriteString("<!doctype html>")
	}
	var open []string
	for range 1 + rnd.IntN(12) {
		switch rnd.IntN(7) {
		case 0, 1:
			b.WriteString([]string{"x", " ", "\n", " y ", "<!--c-->", "&amp;"}[rnd.IntN(6)])
		case 2, 3:
			if n := len(open); n > 0 {
				fmt.Fprintf(&b, "</%s>", open[n-1])
				open = open[:n-1]
			}
		case 4:
			if rnd.IntN(3) == 0 {
				fmt.Fprintf(&b, "</%s>", soupTags[rnd.IntN(len(soupTags))])
			}
		default:
			tag := soupTags[rnd.IntN(len(soupTags))]
			fmt.Fprintf(&b, "<%s%s>", tag, []string{"", "", " z=1 a='b c' z", " a", "/"}[rnd.IntN(5)])
			open = append(open, tag)
		}
	}
	return b.String()
}

func TestTidyAgreesOnPages(t *testing.T) {
	tidy := 0
	for _, page := range testPages(t) {
		if sameNodes(t, page) {
			tidy++
		}
	}
	if tidy < 2 {
		t.Errorf("%d pages were tidy, want more", tidy)
	}
}

func TestTidyAgreesOnManuals(t *testing.T) {
	var files []string
	filepath.WalkDir("/usr/share/doc", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.HasSuffix(path, ".html") {
			files = append(files, path)
		}
		return nil
	})
	if len(files) == 0 {
		t.Skip("no HTML manuals are installed under /usr/share/doc")
	}
	tidy := 0
	step := max(len(files)/100, 1)
	if os.Getenv("TIDY_ALL") != "" {
		step = 1
	}
	for i := 0; i < len(files); i += step {
		text, err := os.ReadFile(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if sameNodes(t, string(toUTF8(text, "text/html"))) {
			tidy++
		}
	}
	t.Logf("%d of %d manuals are tidy", tidy, (len(files)+step-1)/step)
}

func FuzzTidy(f *testing.F) {
	for _, page := range testPages(f) {
		f.Add(page)
	}
	rnd := rand.New(rand.NewPCG(11, 12))
	for range 50 {
		f.Add(tagSoup(rnd))
	}
	f.Fuzz(func(t *testing.T, page string) {
		page = strings.ToValidUTF8(page, "?") // as toUTF8 leaves it
		if len(page) > 10_000 {
			return
		}
		if _, err := html.Parse(strings.NewReader(page)); err == nil {
			sameNodes(t, page)
		}
	})
}
