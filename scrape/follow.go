package scrape

import (
	"slices"
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"
	"go.yaml.in/yaml/v4"
	"golang.org/x/net/html"

	"weir/engine"
)

// MaxNext is how many links of one page are followed, and how many pages its
// rows are joined with; the first ones.
const MaxNext = 1000

// ManyLinks is the finding of a page with more than that: its row is the number
// of the first link that is not followed, and its column that of the entry.
const ManyLinks = "ManyLinks"

const (
	maxNest  = 8   // readings inside one another by then
	maxHosts = 100 // entries of hosts
)

// A follow says which links of a page lead to more pages of the batch.
type follow struct {
	sel   *selector
	attr  string
	sieve     // of absolute URLs
	pages int // links of this entry in a row; 0: it leads to another reading
	reach reach
	then  *reading   // nil: the pages are read as this one
	join  *yaml.Node // the key, if what then reads goes into the record of the row that holds the link; else nil
}

// A link leads on from a page.
type link struct {
	url  string
	by   int   // entry of follow
	rows []int // records that wait for its page, from 0; nil: none does
}

func followKeys() []key[*follow] {
	return append(sieveKeys(func(f *follow) *sieve { return &f.sieve }), []key[*follow]{
		{name: "select", read: func(s sheet, p pair, f *follow) (err error) {
			f.sel, err = s.selector(p)
			return err
		}},
		{name: "attr", read: func(s sheet, p pair, f *follow) (err error) {
			f.attr, err = s.attr(p)
			return err
		}},
		{name: "pages", read: sheet.pages},
		{name: "depth", read: sheet.pages},
		{name: "scope", read: func(s sheet, p pair, f *follow) error { return s.scope(p, &f.reach) }},
		{name: "hosts", read: func(s sheet, p pair, f *follow) error { return s.hosts(p, &f.reach) }},
		{name: "then", read: func(s sheet, p pair, f *follow) error {
			f.then = new(reading)
			has, err := mapping(s, p.value, "then", readingKeys(), f.then)
			if err != nil {
				return err
			}
			f.then.compile()
			return s.whole(p.at, has)
		}},
		{name: "join", read: func(s sheet, p pair, f *follow) error {
			join, err := s.flag(p)
			if join {
				f.join = p.at
			}
			return err
		}},
	}...)
}

func (s sheet) pages(p pair, f *follow) (err error) {
	f.pages, err = s.count(p, 1, maxPages)
	return err
}

func (s sheet) follows(p pair, r *reading) error {
	n := p.value
	if n.Kind != yaml.SequenceNode {
		return s.errorf(n, "follow is %s, not a list", kindOf(n))
	}
	if len(n.Content) > maxFollow {
		return s.errorf(n, "%d entries in follow, at most %d", len(n.Content), maxFollow)
	}
	for _, entry := range n.Content {
		f := follow{attr: "href"}
		has, err := mapping(s, entry, "an entry of follow", followKeys(), &f)
		if err != nil {
			return err
		}
		if err := s.followed(entry, has, &f); err != nil {
			return err
		}
		if f.join != nil {
			if other := r.joined(); other >= 0 {
				return s.errorf(f.join, "a second join: entry %d of this follow has one", other+1)
			}
		}
		r.follow = append(r.follow, f)
	}
	return nil
}

// followed checks the keys of an entry of follow against one another and fills
// in what they leave out.
func (s sheet) followed(entry *yaml.Node, has map[string]pair, f *follow) error {
	given := func(names ...string) (pair, bool) {
		for _, name := range names {
			if p, ok := has[name]; ok {
				return p, true
			}
		}
		return pair{}, false
	}
	switch depth, ok := given("depth", "pages"); {
	case f.sel == nil:
		return s.errorf(entry, "an entry of follow has no select")
	case ok && f.then != nil:
		return s.errorf(depth.at, "%s beside then: it counts pages that are read as this one", depth.key)
	case f.join != nil && f.then == nil:
		return s.errorf(f.join, "join without then, which says what to read on the page")
	case f.then == nil && f.pages == 0:
		f.pages = defaultPages
	}
	if _, pages := has["pages"]; pages {
		if depth, too := has["depth"]; too {
			return s.errorf(depth.at, "depth beside pages: they are two names of one thing")
		}
	}
	_, scoped := has["scope"]
	_, bounded := given("match", "skip", "depth")
	hosts, allowed := has["hosts"]
	switch {
	case scoped && f.reach.scope == scopeAny && allowed:
		return s.errorf(hosts.at, "hosts beside scope: any, which allows every host")
	case !scoped && (bounded || allowed):
		f.reach.scope = scopeHost
	}
	return nil
}

// walks checks what the readings of a recipe say of one another.
func (s sheet) walks(root *yaml.Node, r *reading) error {
	if deep := r.nested(); deep > maxNest {
		return s.errorf(root, "then inside of then %d times, at most %d", deep-1, maxNest-1)
	}
	return s.joins(r, nil)
}

// joins says whether the fields that come together in a record have names of
// their own. above are those of the rows that r is joined with.
func (s sheet) joins(r *reading, above []string) error {
	names := r.names()
	for i := range r.follow {
		f := &r.follow[i]
		var rows []string
		switch {
		case f.then == nil:
			continue
		case f.join != nil && (r.pivot != nil || r.table != nil || r.any != nil):
			return s.errorf(f.join, "join beside pivot, table or any: it leads on from rows and fields")
		case f.join != nil && f.then.open():
			return s.errorf(f.join, "join with a table, whose fields are known when it is read")
		case f.join != nil:
			rows = slices.Concat(above, names)
			for _, name := range f.then.names() {
				if slices.Contains(rows, name) {
					return s.errorf(f.join, "field %s is joined with a row that has a field %s", name, name)
				}
			}
		}
		if err := s.joins(f.then, rows); err != nil {
			return err
		}
	}
	return nil
}

// joined returns the entry of follow that joins, below zero if none does.
func (r *reading) joined() int {
	for i := range r.follow {
		if r.follow[i].join != nil {
			return i
		}
	}
	return -1
}

// next finds the links that lead on from p: absolute, http or https, without
// fragment, each once for each way in which its page is read, not p itself. A
// page that is as many links of an entry away from where they begin is the last
// of its row.
func (x *extractor) next(p Page) {
	if len(x.follow) == 0 || x.base() == nil {
		return
	}
	type way struct {
		url  string
		then *reading
	}
	seen := map[way]bool{}
	if p.URL != nil {
		if u, err := parser.Parse(p.URL.String()); err == nil {
			seen[way{u.Href(true), nil}] = true
		}
	}
	found := 0
	for i := range x.follow {
		f := &x.follow[i]
		if f.join != nil || f.then == nil && p.walked(i) >= f.pages {
			continue
		}
		for _, n := range x.below(f.sel, x.page.Nodes, true) {
			url, ok := x.leads(f, n, p)
			if !ok || seen[way{url, f.then}] {
				continue
			}
			if found == MaxNext {
				x.out.Findings = append(x.out.Findings, engine.Finding{
					Kind: ManyLinks, Row: found + 1, Col: i + 1, Selector: f.sel.text, Raw: cutBytes(url, maxRaw),
				})
				return
			}
			found++
			seen[way{url, f.then}] = true
			x.out.links = append(x.out.links, link{url: url, by: i})
		}
	}
}

// joins finds the page that the record of a row waits for: the first of the
// row's links that its entry takes.
func (x *extractor) joins(row []*html.Node, record int, p Page) {
	i := x.joined()
	if i < 0 || x.base() == nil {
		return
	}
	f := &x.follow[i]
	for _, n := range x.below(f.sel, row, true) {
		url, ok := x.leads(f, n, p)
		if !ok {
			continue
		}
		at, known := x.waits[url]
		switch {
		case known:
			x.out.links[at].rows = append(x.out.links[at].rows, record)
		case len(x.out.links) == MaxNext:
			x.out.left = append(x.out.left, record)
		default:
			if x.waits == nil {
				x.waits = make(map[string]int)
			}
			x.waits[url] = len(x.out.links)
			x.out.links = append(x.out.links, link{url: url, by: i, rows: []int{record}})
		}
		return
	}
}

// leads returns where f follows n to, as a URL, and whether it does.
func (x *extractor) leads(f *follow, n *html.Node, p Page) (string, bool) {
	ref, ok := attribute(n, f.attr)
	if !ok || len(ref) > longestURL || !x.w.spend(1+len(ref)/4) {
		return "", false
	}
	u, err := x.base().Parse(strings.TrimSpace(ref))
	if err != nil || !isWeb(u) {
		return "", false
	}
	return u.Href(true), f.passes(x.w, u.Href(true)) && f.reach.holds(u, p.began())
}

// isWeb reports whether u can be fetched.
func isWeb(u *whatwg.Url) bool {
	return (u.Scheme() == "http" || u.Scheme() == "https") && u.Hostname() != ""
}
