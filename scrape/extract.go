package scrape

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/PuerkitoBio/goquery"
	whatwg "github.com/nlnwa/whatwg-url/url"
	"golang.org/x/net/html"

	"weir/engine"
)

// ErrNotHTML is returned by [Recipe.Extract] for a page of another type (class
// not_html).
var ErrNotHTML = errors.New("scrape: not HTML")

// MaxFindings is how many findings of one page are kept. Those beyond are
// counted in [FieldStats].
const MaxFindings = 1000

const (
	maxRaw   = 80      // bytes of Finding.Raw
	maxTitle = 1 << 10 // bytes of Extraction.Title
)

// The kinds of findings.
const (
	MissingCell = "MissingCell" // a required cell that is not there, or empty
	BadCell     = "BadCell"     // a cell that is not of its field's type
)

// A Page is what a recipe reads: one answer, decoded.
type Page struct {
	URL         *url.URL // of the answer, after redirects; relative URLs hang on it. Nil: only absolute ones can be read
	Body        []byte   // UTF-8
	ContentType string   // of the answer; empty: the body tells
	Depth       int      // links followed to get here, as in engine.Job

	trail *trail // nil: that of a listed URL
	chart chart  // the page is a sitemap of this kind
	again *again // when it asks for a login; nil: it never does
}

// An Extraction is what a recipe found on a page.
type Extraction struct {
	Title    string          // of <title>, folded, at most 1 KiB
	Records  []engine.Record // in the order of the page
	Findings []engine.Finding
	Next     []string // absolute URLs to follow, each once
	links    []link   // the same, with what leads there and for what
	asks     bool     // the page asks for a login, and nothing was read of it
	left     []int    // records with a link that is one too many to be followed

	// Empty says that the page holds less than the recipe expects, and Why
	// in which number: `0 rows, expected ≥ 1`. What was found is kept.
	Empty bool
	Why   string

	Rows    int          // rows, with those that held nothing; cells of a pivot, rows below a header; else 1
	Skipped int          // elements that rows selected, but whose text is no row's
	Fields  []FieldStats // of each field, in the order of the recipe; of each column that the page names

	by *reading // what it was read by
}

// FieldStats say how often a field was found, of the page's records.
type FieldStats struct {
	Name     string
	Selector string // as the recipe writes it; empty: the row itself
	Attr     string // likewise; empty: the text
	Matched  int    // an element was there
	Filled   int    // with a value of the field's type
	Missing  int    // required, and not there or empty
	Bad      int    // not of the field's type

	Unlike int    // of all rows: with text in which the field's regex has no match
	Text   string // the first of these, at most 80 bytes
}

// fill returns in how many of the page's records each field has a good value.
func (x *Extraction) fill() []engine.FieldFill {
	fs := make([]engine.FieldFill, len(x.Fields))
	for i, f := range x.Fields {
		fs[i] = engine.FieldFill{Field: f.Name, Filled: f.Filled, Records: len(x.Records)}
	}
	return fs
}

// Extract reads a page. It starts no goroutine.
//
// A cell that is missing or bad is a finding and never ends the page. A row in
// which no field has a value is no record (a heading, a spacer). The errors are
// [ErrNotHTML], [ErrNotXML], [ErrTooComplex], and [context.Cause] when ctx ends; what comes
// with an error is the zero Extraction.
func (r *Recipe) Extract(ctx context.Context, p Page) (Extraction, error) {
	return r.extract(newWork(ctx), p)
}

// extract is Extract within the limits of w.
func (r *Recipe) extract(w *work, p Page) (Extraction, error) { return r.inspect(w, p, nil) }

// inspect is extract that, if all went well, shows look the extractor while the
// page is still there.
func (r *Recipe) inspect(w *work, p Page, look func(*extractor)) (Extraction, error) {
	if !w.alive() {
		return Extraction{}, w.err
	}
	defer w.done()
	by := &r.reading
	if p.trail != nil {
		by = p.trail.reading
	}
	doc, broken, err := by.parse(w, p)
	if err != nil {
		return Extraction{}, err
	}
	if p.again != nil && p.again.on(&loginDoc{w: w, root: doc.root}) {
		return Extraction{asks: w.err == nil}, w.err
	}
	x := extractor{reading: by, w: w, page: goquery.NewDocumentFromNode(doc.root).Selection}
	x.base = sync.OnceValue(func() *whatwg.Url { return baseOf(p.URL, doc.base) })
	if broken != nil {
		x.out.Findings = append(x.out.Findings, *broken)
	}
	x.run(p)
	if doc.title != nil {
		x.out.Title = cutBytes(textOf(w, doc.title), maxTitle)
	}
	x.next(p)
	signs := x.signs()
	if w.err != nil {
		return Extraction{}, w.err
	}
	x.out.Next = urlsOf(x.out.links)
	x.judge(signs)
	x.out.by = x.reading
	if look != nil {
		look(&x)
	}
	return x.out, nil
}

// urlsOf returns the URLs of links, each once.
func urlsOf(links []link) []string {
	var urls []string
	seen := make(map[string]bool, len(links))
	for _, l := range links {
		if !seen[l.url] {
			seen[l.url] = true
			urls = append(urls, l.url)
		}
	}
	return urls
}

// parse parses a page as what the recipe reads. broken is a finding about all
// of it, or nil.
func (r *reading) parse(w *work, p Page) (doc *document, broken *engine.Finding, err error) {
	if r.xml {
		if err := checkXML(p); err != nil {
			return nil, nil, err
		}
		return w.parseXML(p.Body)
	}
	if err := checkHTML(p); err != nil {
		return nil, nil, err
	}
	doc, err = w.parse(p.Body)
	return doc, nil, err
}

// checkHTML refuses what a recipe cannot read. An empty body is a page without
// anything on it.
func checkHTML(p Page) error {
	if len(p.Body) == 0 {
		return nil
	}
	switch kind := p.kind(); kind {
	case "text/html", "application/xhtml+xml":
		return nil
	default:
		return fmt.Errorf("%w: %s", ErrNotHTML, clip(kind, maxShown))
	}
}

// kind returns the media type of the page.
func (p Page) kind() string {
	kind, _, _ := strings.Cut(p.ContentType, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	if kind == "" {
		kind, _, _ = strings.Cut(http.DetectContentType(p.Body), ";")
	}
	return kind
}

// baseOf returns what the URLs of a page hang on, nil for nothing: the href of
// its <base>, itself relative to the page (HTML standard, section 4.2.3).
func baseOf(page *url.URL, href string) *whatwg.Url {
	var base *whatwg.Url
	if page != nil {
		if u, err := parser.Parse(page.String()); err == nil {
			base = u
		}
	}
	if href == "" {
		return base
	}
	if abs, ok := readURL(strings.TrimSpace(href), base); ok {
		if u, err := parser.Parse(abs); err == nil && (u.Scheme() == "http" || u.Scheme() == "https") {
			return u
		}
	}
	return base
}

// An extractor is one Extract at work.
type extractor struct {
	*reading
	w    *work
	page *goquery.Selection
	base func() *whatwg.Url // what URLs hang on; nil: nothing. Most pages are never asked
	col  int                // of a grid, from 1, for findings; 0: theirs is the number of the field
	out  Extraction

	cells []cell         // of the row that is read
	room  []engine.Field // for records, which are kept together

	moments map[*field]when         // of fields with near, as they are asked for
	tables  map[*html.Node]*headed  // that fields with a column have looked in
	waits   map[string]int          // by URL, the link for whose page rows wait
	shared  map[*field][]*html.Node // what fields of the whole page select, likewise
	tried   int                     // ways that found no record, of an any
}

// run extracts every row.
func (x *extractor) run(p Page) {
	if len(x.any) > 0 {
		x.runAny(p)
		return
	}
	x.out.Fields = make([]FieldStats, len(x.fields))
	for i := range x.fields {
		f := &x.fields[i]
		x.out.Fields[i] = FieldStats{Name: f.name, Selector: f.selector(), Attr: f.attr}
	}
	switch {
	case x.pivot != nil:
		x.pivots()
		return
	case x.table != nil:
		x.readTables()
		return
	}
	rows := [][]*html.Node{x.page.Nodes}
	if x.rows != nil {
		rows = x.rowsOf(x.below(x.rows, x.page.Nodes, true))
	}
	x.out.Rows = len(rows)
	for i, row := range rows {
		records := len(x.out.Records)
		x.row(i+1, row)
		if len(x.out.Records) > records {
			x.joins(row, records, p)
		}
		if x.w.err != nil {
			return
		}
	}
}

// below returns the elements below top that sel selects, in document order:
// all of them, or only the first. It is less once the work is spent.
func (x *extractor) below(sel *selector, top []*html.Node, all bool) []*html.Node {
	return x.search(sel, top, false, all)
}

// search is below, with top if it is among what is searched.
func (x *extractor) search(sel *selector, top []*html.Node, among, all bool) (found []*html.Node) {
	for _, n := range top {
		some := x.w.treeOf(x.page.Nodes[0]).below(x.w, x.plan, sel, n, among, all)
		if len(some) > 0 && (len(top) == 1 || !all) {
			return some
		}
		found = append(found, some...)
	}
	return found
}
