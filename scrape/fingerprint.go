package scrape

import (
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxIgnore is how many parameters a recipe may ignore.
const maxIgnore = 100

// fingerprintKeys are the keys of a recipe's fingerprint.
func fingerprintKeys() []key[*Recipe] {
	return []key[*Recipe]{
		{name: "ignore", read: func(s sheet, p pair, r *Recipe) (err error) {
			r.ignore, err = s.globs(p, maxIgnore)
			return err
		}},
	}
}

// globs reads a list of texts in which a star stands for any characters.
func (s sheet) globs(p pair, most int) ([]glob, error) {
	texts, err := s.texts(p, most)
	if err != nil {
		return nil, err
	}
	gs := make([]glob, len(texts))
	for i, t := range texts {
		gs[i] = newGlob(t)
	}
	return gs, nil
}

// texts reads a list of 1 to most texts, none of them empty.
func (s sheet) texts(p pair, most int) ([]string, error) {
	n := p.value
	if n.Kind != yaml.SequenceNode {
		return nil, s.errorf(n, "%s is %s, not a list", p.key, kindOf(n))
	}
	if len(n.Content) == 0 || len(n.Content) > most {
		return nil, s.errorf(n, "%s has %d entries, not 1 to %d", p.key, len(n.Content), most)
	}
	texts := make([]string, len(n.Content))
	for i, v := range n.Content {
		t, err := s.text(pair{key: "an entry of " + p.key, at: v, value: v})
		switch {
		case err != nil:
			return nil, err
		case t == "" || len(t) > maxName:
			return nil, s.errorf(v, "an entry of %s is not of 1 to %d bytes", p.key, maxName)
		}
		texts[i] = t
	}
	return texts, nil
}

// A glob is a text in which each star stands for any characters, or none.
type glob struct{ parts []string } // what stands between the stars; never empty

func newGlob(text string) glob { return glob{strings.Split(text, "*")} }

// matches reports whether s is what g stands for, as a whole. It looks at each
// byte of s a few times at most for each byte of g.
func (g glob) matches(s string) bool {
	last := len(g.parts) - 1
	if last == 0 {
		return s == g.parts[0]
	}
	s, ok := strings.CutPrefix(s, g.parts[0])
	if !ok {
		return false
	}
	for _, part := range g.parts[1:last] {
		if _, s, ok = strings.Cut(s, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(s, g.parts[last])
}

func anyMatches(gs []glob, s string) bool {
	return slices.ContainsFunc(gs, func(g glob) bool { return g.matches(s) })
}

// fingerprint returns what is equal for two URLs that are one page: the href
// with the query's parameters in the order of their names, without those that
// ignore names. Parameters of one name keep their order: it may matter. A
// parameter of the path (/a;jsessionid=1) is ignored by its name too.
func (t target) fingerprint(ignore ...glob) string {
	head, query, _ := strings.Cut(t.href, "?")
	if len(ignore) > 0 && strings.Contains(head, ";") {
		head = withoutPathParams(head, ignore)
	}
	params := slices.DeleteFunc(strings.Split(query, "&"), func(p string) bool {
		return p == "" || len(ignore) > 0 && anyMatches(ignore, paramName(p))
	})
	if len(params) == 0 {
		return head
	}
	slices.SortStableFunc(params, func(a, b string) int {
		a, _, _ = strings.Cut(a, "=")
		b, _, _ = strings.Cut(b, "=")
		return strings.Compare(a, b)
	})
	return head + "?" + strings.Join(params, "&")
}

// paramName returns the name of a parameter as its server reads it.
func paramName(param string) string {
	name, _, _ := strings.Cut(param, "=")
	if plain, err := url.QueryUnescape(name); err == nil {
		return plain
	}
	return name
}

// withoutPathParams returns head, a URL up to its query, without the ignored
// parameters of its path's segments (RFC 3986, section 3.3).
func withoutPathParams(head string, ignore []glob) string {
	segments := strings.Split(head, "/")
	for i := 3; i < len(segments); i++ { // before it: scheme, nothing, host
		parts := strings.Split(segments[i], ";")
		kept := slices.DeleteFunc(parts[1:], func(p string) bool { return anyMatches(ignore, paramName(p)) })
		segments[i] = strings.Join(parts[:1+len(kept)], ";")
	}
	return strings.Join(segments, "/")
}
