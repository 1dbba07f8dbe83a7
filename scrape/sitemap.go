package scrape

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/jimsmart/grobotstxt"
	"golang.org/x/net/html/charset"

	"weir/engine"
)

// The limits of a sitemap: those of the protocol (sitemaps.org/protocol.html).
// Its size has the cap of every page.
const (
	maxLocs   = 50_000 // URLs of one that are taken
	maxCharts = 4      // sitemaps that lead to one another: robots.txt, an index, and what that lists
)

// A sitemap says which URLs of sitemaps are pages of the batch.
type sitemap struct {
	sieve     // of absolute URLs
	limit int // URLs of one sitemap
	reach reach
}

func sitemapKeys() []key[*sitemap] {
	return append(sieveKeys(func(m *sitemap) *sieve { return &m.sieve }), []key[*sitemap]{
		{name: "limit", read: func(s sheet, p pair, m *sitemap) (err error) {
			m.limit, err = s.count(p, 1, maxLocs)
			return err
		}},
		{name: "scope", read: func(s sheet, p pair, m *sitemap) error { return s.scope(p, &m.reach) }},
		{name: "hosts", read: func(s sheet, p pair, m *sitemap) error { return s.hosts(p, &m.reach) }},
	}...)
}

// sitemap reads what a recipe says of sitemaps. Their pages are those of the
// host that was listed, as the protocol asks, if it does not say otherwise.
func (s sheet) sitemap(p pair, r *Recipe) error {
	m := &sitemap{limit: maxLocs, reach: reach{scope: scopeHost}}
	has, err := mapping(s, p.value, "sitemap", sitemapKeys(), m)
	if err != nil {
		return err
	}
	if hosts, ok := has["hosts"]; ok && m.reach.scope == scopeAny {
		return s.errorf(hosts.at, "hosts beside scope: any, which allows every host")
	}
	r.sitemap = m
	return nil
}

// A chart is an answer that lists URLs: a sitemap of one of the kinds.
type chart uint8

const (
	chartNone   chart = iota
	chartURLs         // <urlset>: pages
	chartIndex        // <sitemapindex>: sitemaps
	chartText         // a URL a line: pages
	chartRobots       // robots.txt: sitemaps
)

// chart reads an answer that may be a sitemap. One that is not is a page.
func (a *attempt) chart(ctx context.Context, resp *http.Response) (*Page, *engine.Step) {
	stop := func(step engine.Step) (*Page, *engine.Step) { return nil, &step }
	text, err := readAll(resp, a.s.cfg.MaxBody)
	a.done = time.Now()
	a.result.Bytes = int64(len(text))
	if err != nil {
		return stop(a.fail(ctx, classOf(err, true), err))
	}
	kind, sure, err := readable(resp.Header.Get("Content-Type"), a.xml)
	chart := chartOf(text, a.t.path, kind)
	switch {
	case chart != chartNone:
	case a.trail.Chart > 0:
		return stop(a.fail(ctx, engine.Extract, errors.New("not a sitemap, though one led here")))
	case err != nil:
		return stop(a.fail(ctx, classOf(err, true), err))
	case !sure:
		kind = ""
	}
	if chart == chartNone || bytes.HasPrefix(text, []byte("\xfe\xff")) || bytes.HasPrefix(text, []byte("\xff\xfe")) {
		text = decode(text, resp.Header.Get("Content-Type"), a.xml && chart == chartNone)
	}
	return &Page{URL: a.t.base(), Body: text, ContentType: kind, Depth: a.r.Job.Depth, chart: chart}, nil
}

// readAll returns a body with its content coding undone, and gzip undone in it:
// sitemaps are kept as files that are compressed.
func readAll(resp *http.Response, most int64) ([]byte, error) {
	b, err := newBody(resp, most)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	text, err := io.ReadAll(b)
	if err != nil || !bytes.HasPrefix(text, []byte("\x1f\x8b")) {
		return text, err
	}
	in, err := gzip.NewReader(bytes.NewReader(text))
	if err == nil {
		text, err = io.ReadAll(newCapped(in, most, "unpacked body"))
	}
	var known *fault
	if err != nil && !errors.As(err, &known) {
		err = faultf(engine.Decode, "gzip: %s", clip(err.Error(), maxWords))
	}
	return text, err
}

// chartOf says which kind of sitemap text is, by its root element or, as text,
// by its first line.
func chartOf(text []byte, path, media string) chart {
	head := bytes.TrimLeft(bytes.TrimPrefix(text, utf8BOM), " \t\r\n")
	switch {
	case bytes.HasPrefix(text, []byte("\xfe\xff")), bytes.HasPrefix(text, []byte("\xff\xfe")):
		head = toUTF8(text, "")
		fallthrough
	case bytes.HasPrefix(head, []byte("<")):
		for in := newTokens(head); ; {
			tok, err := in.RawToken()
			if err != nil {
				return chartNone
			}
			if root, ok := tok.(xml.StartElement); ok {
				switch root.Name.Local {
				case "urlset":
					return chartURLs
				case "sitemapindex":
					return chartIndex
				}
				return chartNone
			}
		}
	case path == "/robots.txt":
		return chartRobots
	case media == "text/plain" && (bytes.HasPrefix(head, []byte("http://")) || bytes.HasPrefix(head, []byte("https://"))):
		return chartText
	}
	return chartNone
}

// newTokens reads XML leniently, in whatever charset it says. There are no
// entities but the five of XML itself: none can be declared.
func newTokens(text []byte) *xml.Decoder {
	in := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, utf8BOM)))
	in.Strict = false
	in.CharsetReader = func(label string, r io.Reader) (io.Reader, error) {
		if strings.HasPrefix(strings.ToLower(label), "utf-16") {
			return r, nil // it is UTF-8 by now
		}
		return charset.NewReaderLabel(label, r)
	}
	return in
}

// locs yields the URLs of a sitemap of XML, as they stand there. It returns an
// error for XML that ends early or cannot be read on.
func locs(w *work, text []byte, yield func(string)) error {
	in := newTokens(text)
	var loc strings.Builder
	deep, inside := 0, 0 // elements; at which depth a <loc> began, 0: in none
	for {
		from := in.InputOffset()
		tok, err := in.RawToken()
		if !w.spend(1 + int(in.InputOffset()-from)/16) {
			return w.err
		}
		switch {
		case err == io.EOF && deep > 0:
			return fmt.Errorf("it ends inside of %s", plural(deep, "element"))
		case err == io.EOF:
			return nil
		case err != nil:
			line, _ := in.InputPos()
			return fmt.Errorf("line %d: not XML", line)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if deep++; deep > maxDepth {
				return tooComplex("more than %d elements deep", maxDepth)
			}
			// A page's own, not that of its images and videos.
			if tok.Name.Local == "loc" && tok.Name.Space == "" || deep == 3 && tok.Name.Local == "loc" {
				inside = deep
				loc.Reset()
			}
		case xml.EndElement:
			if inside > 0 && deep == inside {
				yield(strings.TrimSpace(loc.String()))
				inside = 0
			}
			deep = max(deep-1, 0)
		case xml.CharData:
			if inside > 0 && loc.Len() < longestURL {
				loc.Write(tok)
			}
		}
	}
}

// A sitemapLines gathers the Sitemap lines of a robots.txt.
type sitemapLines struct {
	robotsParser
	urls []string
}

func (l *sitemapLines) HandleSitemap(_ int, value string) { l.urls = append(l.urls, value) }

// sitemap ends the attempt with the URLs of a sitemap as links, of which those
// of other sitemaps are read likewise.
func (a *attempt) sitemap(ctx context.Context, r *Recipe, page *Page) engine.Step {
	a.wire.extracting()
	from := time.Now()
	c := charting{a: a, recipe: r, maps: page.chart == chartIndex || page.chart == chartRobots, seen: map[string]bool{}}
	err := c.read(newWork(ctx), page)
	a.took = time.Since(from)
	res := &a.result
	res.Title = c.words()
	switch {
	case c.maps && len(res.Links) > 0 && a.trail.Chart+1 >= maxCharts:
		res.Links = nil
		return a.fail(ctx, engine.Extract, fmt.Errorf("sitemap: more than %d lead to one another", maxCharts-1))
	case errors.Is(err, ErrTooComplex):
		return a.fail(ctx, engine.TooComplex, err)
	case err != nil: // what was read of it is followed
		return a.fail(ctx, engine.Extract, fmt.Errorf("sitemap: %w (read so far: %s)", err, plural(c.taken, "URL")))
	case c.taken == 0:
		res.Outcome, res.Error = engine.Empty, c.words()
	default:
		res.Outcome = engine.OK
	}
	return a.finish()
}

// A charting is a sitemap being read.
type charting struct {
	a      *attempt
	recipe *Recipe
	maps   bool // its URLs are sitemaps
	seen   map[string]bool
	plain  print

	taken   int // URLs that became links
	passed  int // by match and skip
	outside int // of scope
	bad     int // no URLs
	more    int // over the limit
}

func (c *charting) read(w *work, page *Page) error {
	next := &trail{From: c.a.trail.From, Links: make([]int, len(c.recipe.follow))}
	if next.Chart = chartPage; c.maps {
		next.Chart = c.a.trail.Chart + 1
	}
	c.plain = next.print()
	switch page.chart {
	case chartRobots:
		var lines sitemapLines
		grobotstxt.Parse(ascii(string(page.Body[:min(len(page.Body), maxRobots)])), &lines)
		for _, url := range lines.urls {
			c.take(w, url)
		}
	case chartText:
		for line := range strings.Lines(string(toUTF8(page.Body, "text/plain"))) {
			if !w.spend(1 + len(line)/16) {
				return w.err
			}
			if line = strings.TrimSpace(line); line != "" {
				c.take(w, line)
			}
		}
	default:
		return locs(w, page.Body, func(url string) { c.take(w, url) })
	}
	return nil
}

// take makes a link of a URL, which is absolute in all kinds of sitemaps.
func (c *charting) take(w *work, url string) {
	t, err := parseTarget(url)
	m := c.recipe.sitemap
	switch {
	case err != nil:
		c.bad++
		return
	case !c.maps && !m.passes(w, t.href):
		c.passed++
		return
	case !c.maps && !m.reach.holdsURL(t.href, c.a.trail.From):
		c.outside++
		return
	}
	job := c.a.s.job(t, c.recipe)
	if c.seen[job.Fingerprint] {
		return
	}
	if c.taken == m.limit {
		c.more++
		return
	}
	c.seen[job.Fingerprint] = true
	c.taken++
	job.Depth = c.a.r.Job.Depth + 1
	c.a.result.Links = append(c.a.result.Links, c.plain.on(job))
}

// words says what was in the sitemap: `sitemap: 20 URLs, 3 out of scope`.
func (c *charting) words() string {
	what := "URL"
	if c.maps {
		what = "sitemap"
	}
	var text strings.Builder
	text.WriteString("sitemap: " + plural(c.taken, what))
	for _, part := range []struct {
		n    int
		what string
	}{{c.passed, "passed over by match and skip"}, {c.outside, "out of scope"}, {c.bad, "no URL"}, {c.more, "over the limit"}} {
		if part.n > 0 {
			fmt.Fprintf(&text, ", %d %s", part.n, part.what)
		}
	}
	return text.String()
}
