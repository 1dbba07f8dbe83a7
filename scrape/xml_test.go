package scrape

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// sketched writes a tree in short: a(b"text" c[k=v]).
func sketched(n *html.Node) string {
	var parts []string
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.TextNode {
			parts = append(parts, fmt.Sprintf("%q", c.Data))
			continue
		}
		var part strings.Builder
		part.WriteString(c.Data)
		for _, a := range c.Attr {
			part.WriteString("[" + a.Key + "=" + a.Val + "]")
		}
		if inner := sketched(c); inner != "" {
			part.WriteString("(" + inner + ")")
		}
		parts = append(parts, part.String())
	}
	return strings.Join(parts, " ")
}

func TestParseXML(t *testing.T) {
	for _, tc := range []struct{ name, in, want, broken string }{
		{"names in lower case", `<?xml version="1.0"?><RSS Version="2.0"><pubDate>x</pubDate></RSS>`, `rss[version=2.0](pubdate("x"))`, ""},
		{"prefixes are apart from names", `<a xmlns:M="urn:m"><M:Title M:x="1">x</M:Title></a>`, `a[xmlns:m=urn:m](title[:ns=m][m:x=1]("x"))`, ""},
		{"no page makes a prefix", `<a :ns="m" ns="x"/>`, `a[ns=x]`, ""},
		{"texts", `<a>1 &amp; 2 &#233;&nbsp;<![CDATA[<b> & ]]></a>`, `a("1 & 2 é\u00a0" "<b> & ")`, ""},
		{"comments and instructions are nothing", `<!-- x --><?php x ?><a><!-- <b> --><?y?></a><!-- z -->`, `a`, ""},
		{"an entity of the page's own is not read", `<!DOCTYPE a [<!ENTITY x "y"><!ENTITY f SYSTEM "file:///etc/passwd">]><a>&x;&f;</a>`, `a("&x;&f;")`, ""},
		{"a bare ampersand, attributes without quotes or value", `<a>R&D<b c=d e>x</b></a>`, `a("R&D" b[c=d][e=e]("x"))`, ""},
		{"ends in the wrong order", `<a><b>x<c>y</b>z</a>`, `a(b("x" c("y")) "z")`, ""},
		{"an end without a beginning", `<a></b>x</a>`, `a("x")`, ""},
		{"characters that XML has not", "<a>x\x00\x0b\ufffey</a>", `a("x   y")`, ""},
		{"text outside of everything", "x<a/>y", `a`, ""},
		{"more than one root", "<a/><b/>", `a b`, ""},
		{"another version of XML", `<?xml version="1.1" encoding='x'?><a/>`, `a`, ""},
		{"a byte order mark, space before the declaration", "\ufeff\n<?xml version='1.0'?><a/>", `a`, ""},
		{"it ends too early", "<a><b>x", `a(b("x"))`, "BrokenXML@R1C8 ends before </b>"},
		{"in a tag", "<?xml version='1.0'?>\n<a>x\n<b", `a("x\n")`, "BrokenXML@R3C3 unexpected EOF"},
		{"nothing", "", ``, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			doc, broken, err := newWork(t.Context()).parseXML([]byte(tc.in))
			if err != nil {
				t.Fatal(err)
			}
			told := ""
			if broken != nil {
				told = broken.String() + " " + broken.Raw
			}
			if got := sketched(doc.root); got != tc.want || told != tc.broken {
				t.Errorf("%q\n got %s, %s\nwant %s, %s", tc.in, got, told, tc.want, tc.broken)
			}
		})
	}
}

// The text of an element of XML stands apart from that of its neighbours; that
// of HTML inside it does as in HTML.
func TestTextOfXML(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"elements", `<a><b>1</b><c>2</c>3<d/>4</a>`, "1 2 3 4"},
		{"names that mean something in HTML", `<a><script>1</script><b>2</b><template>3</template></a>`, "1 2 3"},
		{"HTML", `<a><div xmlns="http://www.w3.org/1999/xhtml">x<b>y</b>z<p>v</p><script>w</script></div></a>`, "xyz v"},
		{"HTML with a prefix", `<a xmlns:h="http://www.w3.org/1999/xhtml"><h:div>x<h:b>y</h:b>z<b>v</b></h:div></a>`, "xyz v"},
		{"XML inside HTML", `<a xmlns="http://www.w3.org/1999/xhtml"><b>x</b>y<i xmlns="urn:i">z<b>v</b></i></a>`, "xy z v"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWork(t.Context())
			doc, _, err := w.parseXML([]byte(tc.in))
			if err != nil {
				t.Fatal(err)
			}
			if got := textOf(w, doc.root); got != tc.want {
				t.Errorf("textOf(%s) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
}

func TestSelectPrefix(t *testing.T) {
	const page = `<rss xmlns:media="m"><item><title>1</title><media:title>2</media:title><MEDIA:Title>3</MEDIA:Title><itunes:title>4</itunes:title><x/></item></rss>`
	for _, tc := range []struct{ sel, want string }{
		{"title", "1 2 3 4"},
		{"media|title", "2 3"},
		{"Media|Title", "2 3"},
		{"|title", "1"},
		{"*|title", "1 2 3 4"},
		{"item > media|*", "2 3"},
		{"title:not(media|title)", "1 4"},
		{"item:has(itunes|title) > |title", "1"},
		{"media|title + title", "3 4"},
		{"title:not(media|*, itunes|*)", "1"},
	} {
		w := newWork(t.Context())
		doc, _, err := w.parseXML([]byte(page))
		if err != nil {
			t.Fatal(err)
		}
		sel, err := parseSelector(tc.sel)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range sel.on(w, doc.root).MatchAll(doc.root) {
			got = append(got, textOf(w, n))
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s selects %q, want %s", tc.sel, got, tc.want)
		}
	}
}

func TestParseXMLIsBounded(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString(`<!DOCTYPE a [<!ENTITY a "ha">`)
	for c := 'b'; c <= 'z'; c++ {
		bomb.WriteString(fmt.Sprintf(`<!ENTITY %c "%s">`, c, strings.Repeat("&"+string(c-1)+";", 10)))
	}
	for _, tc := range []struct{ name, in, want string }{
		{"elements", "<a>" + strings.Repeat("<b/>", 200_000), "more than 2000000 nodes"},
		{"attributes", "<a" + strings.Repeat(" b=c", 200_000) + "/>", "more than 2000000 nodes"},
		{"texts", "<a>" + strings.Repeat("<![CDATA[x]]><!---->", 200_000), "more than 2000000 nodes"},
		{"depth", strings.Repeat("<a>", maxDepth+1), "more than 2000 elements deep"},
		{"ends without a beginning", strings.Repeat("<a>", maxDepth) + strings.Repeat("</b>", 200_000), "more than 50000000 steps"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, begun := newWork(t.Context()), time.Now()
			w.nodes, w.steps = 100_000, 1_000_000 // the rest is spent
			_, _, err := w.parseXML([]byte(tc.in))
			if took := time.Since(begun); !errors.Is(err, ErrTooComplex) || !strings.Contains(err.Error(), tc.want) || took > 8*time.Second {
				t.Errorf("parseXML = %v after %v, want %v: %s", err, took, ErrTooComplex, tc.want)
			}
		})
	}
	w := newWork(t.Context())
	doc, _, err := w.parseXML([]byte(bomb.String() + `]><a>&z;</a>`))
	if err != nil || sketched(doc.root) != `a("&z;")` {
		t.Errorf("a bomb of entities: %v, want the reference as it stands", err)
	}
}

func TestXMLToUTF8(t *testing.T) {
	utf16 := func(s string, big bool) string {
		var b strings.Builder
		for _, c := range s {
			if big {
				b.Write([]byte{byte(c >> 8), byte(c)})
			} else {
				b.Write([]byte{byte(c), byte(c >> 8)})
			}
		}
		return b.String()
	}
	const decl = `<?xml version="1.0" encoding="%s"?><a>`
	for _, tc := range []struct{ name, kind, in, want string }{
		{"nothing said", "application/xml", "<a>é", "<a>é"},
		{"nothing said, and not UTF-8", "application/xml", "<a>\xe9\x80", "<a>é€"},
		{"the declaration", "", fmt.Sprintf(decl, "windows-1252") + "\x80", fmt.Sprintf(decl, "windows-1252") + "€"},
		{"the declaration in single quotes", "text/xml", `<?xml version='1.0' encoding = 'ISO-8859-2'?>` + "\xb9", `<?xml version='1.0' encoding = 'ISO-8859-2'?>š`},
		{"the header counts more", "text/xml; charset=utf-8", fmt.Sprintf(decl, "windows-1252") + "€", fmt.Sprintf(decl, "windows-1252") + "€"},
		{"a mark counts most", "text/xml; charset=latin1", "\xef\xbb\xbf" + fmt.Sprintf(decl, "windows-1252") + "€", fmt.Sprintf(decl, "windows-1252") + "€"},
		{"UTF-16 with a mark", "text/xml", "\xff\xfe" + utf16("<a>é", false), "<a>é"},
		{"UTF-16 without a mark", "text/xml", utf16(fmt.Sprintf(decl, "utf-16")+"é", false), fmt.Sprintf(decl, "utf-16") + "é"},
		{"UTF-16 the other way round", "text/xml", utf16(fmt.Sprintf(decl, "utf-16")+"é", true), fmt.Sprintf(decl, "utf-16") + "é"},
		{"UTF-16 that is none", "text/xml", fmt.Sprintf(decl, "UTF-16") + "é", fmt.Sprintf(decl, "UTF-16") + "é"},
		{"no charset that is known", "text/xml", fmt.Sprintf(decl, "klingon") + "é", fmt.Sprintf(decl, "klingon") + "é"},
		{"broken UTF-8 that was declared", "text/xml", fmt.Sprintf(decl, "utf-8") + "\xff", fmt.Sprintf(decl, "utf-8") + "\ufffd"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := string(xmlToUTF8([]byte(tc.in), tc.kind)); got != tc.want {
				t.Errorf("xmlToUTF8(%q, %q) = %q, want %q", tc.in, tc.kind, got, tc.want)
			}
		})
	}
}

func TestExtractXMLType(t *testing.T) {
	r, err := ParseRecipe("x.yaml", []byte("page: xml\nrows: item\nfields: {t: {select: title}}"))
	if err != nil {
		t.Fatal(err)
	}
	const rss = `<rss><item><title>x</title></item></rss>`
	for _, tc := range []struct {
		name, kind, body string
		err              error
	}{
		{"a feed", "application/rss+xml; charset=utf-8", rss, nil},
		{"any XML", "Text/XML", rss, nil},
		{"XHTML", "application/xhtml+xml", rss, nil},
		{"said to be HTML and is not", "text/html", "\n <?xml version='1.0'?>" + rss, nil},
		{"without a declaration", "text/plain", "<!-- made by hand -->\n" + rss, nil},
		{"said nothing", "", rss, nil},
		{"nothing", "text/html", "", nil},
		{"a page of HTML", "text/html", "<!DOCTYPE HTML><title>x", ErrNotXML},
		{"a page of HTML behind a comment", "", "<!-- x --><html>", ErrNotXML},
		{"text", "text/plain", "rss", ErrNotXML},
		{"JSON", "application/json", rss, ErrNotXML},
		{"a picture", "", "\x89PNG\r\n\x1a\n", ErrNotXML},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x, err := r.Extract(t.Context(), Page{Body: []byte(tc.body), ContentType: tc.kind})
			if !errors.Is(err, tc.err) {
				t.Errorf("error %v, want %v", err, tc.err)
			}
			if err == nil && tc.body != "" && len(x.Records) != 1 {
				t.Errorf("%d records, want 1", len(x.Records))
			}
		})
	}
}

// What stands before the end of a broken page is kept.
func TestExtractBrokenXML(t *testing.T) {
	r, err := ParseRecipe("x.yaml", []byte("page: xml\nrows: item\nfields: {t: {select: title, type: int}, u: {select: link, type: url}}"))
	if err != nil {
		t.Fatal(err)
	}
	x, err := r.Extract(t.Context(), Page{Body: []byte("<rss xml:base='http://b.test/d/'><title>Feed</title><item><title>1</title><link>x</link></item>\n<item><title>two</ti")})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, f := range x.Findings {
		kinds = append(kinds, f.String())
	}
	if want := []string{"BrokenXML@R2C21", "BadCell@R2C1"}; !slices.Equal(kinds, want) || len(x.Records) != 2 || x.Title != "Feed" || x.Records[0][1].Value != "http://b.test/d/x" {
		t.Errorf("%d records %v, title %q, findings %q; want 2, Feed, %q and a link on the feed's base", len(x.Records), x.Records, x.Title, kinds, want)
	}
}

// Whatever comes in: a tree that is bounded, of names in lower case, and only
// prefixes have the attribute of prefixes.
func FuzzParseXML(f *testing.F) {
	for _, seed := range []string{
		`<?xml version="1.0"?><rss><channel><item><media:title>x</media:title></item></channel></rss>`,
		"<a b=c :ns=d><![CDATA[x]]></b>&nbsp;&#1;</a>", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;", "<a:b:c/>", "<\x00", "\xff\xfe<\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		in = xmlToUTF8(in, "")
		if !utf8.Valid(in) {
			t.Fatalf("%q is not UTF-8", in)
		}
		doc, _, err := newWork(t.Context()).parseXML(in)
		if err != nil {
			if !errors.Is(err, ErrTooComplex) {
				t.Fatal(err)
			}
			return
		}
		for n := range nodes(doc.root) {
			if n.Data != strings.ToLower(n.Data) && n.Type == html.ElementNode {
				t.Errorf("element %q is not in lower case", n.Data)
			}
			for i, a := range n.Attr {
				if a.Key == prefixAttr && (i > 0 || a.Val == "") {
					t.Errorf("%s has a prefix %q that it was not given", n.Data, a.Val)
				}
			}
		}
	})
}
