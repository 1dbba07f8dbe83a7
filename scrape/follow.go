package scrape

import (
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// MaxNext is how many links of one page are followed; the first ones.
const MaxNext = 1000

// A follow says which links of a page lead to more pages of the batch.
type follow struct {
	sel   *selector
	attr  string
	pages int // links in a row, from a URL of the list
}

// next returns the URLs that the recipe walks on to from p: absolute, http or
// https, without fragment, each once, not p itself. A page that is pages links
// away from the list is the last of its row.
func (x *extractor) next(p Page) []string {
	var urls []string
	seen := map[string]bool{}
	if x.base == nil {
		return nil
	}
	if p.URL != nil {
		if u, err := parser.Parse(p.URL.String()); err == nil {
			seen[u.Href(true)] = true
		}
	}
	for i := range x.follow {
		f := &x.follow[i]
		if p.Depth >= f.pages {
			continue
		}
		for _, n := range x.page.FindMatcher(f.sel.on(x.w, x.page.Nodes[0])).Nodes {
			ref, ok := attribute(n, f.attr)
			if !ok || len(ref) > longestURL || !x.w.spend(1+len(ref)/4) {
				continue
			}
			u, err := x.base.Parse(strings.TrimSpace(ref))
			if err != nil || !isWeb(u) || seen[u.Href(true)] {
				continue
			}
			if len(urls) == MaxNext {
				return urls
			}
			seen[u.Href(true)] = true
			urls = append(urls, u.Href(true))
		}
	}
	return urls
}

// isWeb reports whether u can be fetched.
func isWeb(u *whatwg.Url) bool {
	return (u.Scheme() == "http" || u.Scheme() == "https") && u.Hostname() != ""
}
