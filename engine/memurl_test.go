package engine

import (
	"strings"
	"testing"
)

// Whatever URLs and fingerprints are, they come back, and no other fingerprint
// is taken for one.
func FuzzMemURL(f *testing.F) {
	long := strings.Repeat("https://one.test/", 20)
	for _, seed := range [][3]string{
		{"", "", ""},
		{"https://one.test/", "https://one.test/", "https://one.test/"},
		{"https://one.test/a?b=1&a=2", "https://one.test/c?b=1&a=2", "https://one.test/c?a=2&b=1"},
		{"https://one.test/a", "https://two.test/", ""},
		{"a", "", "a"},
		{long, long + "x", long + "y"},
		{long, long[:255], long[:256]},
		{long, strings.Repeat("z", 2*memBlock), strings.Repeat("z", memBlock) + "y"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, first, url, fingerprint string) {
		var u memURLs
		type both struct{ url, fingerprint string }
		want := []both{{first, first}, {url, fingerprint}, {url, url}, {fingerprint, first}, {url, fingerprint}}
		var refs []memRef
		for _, w := range want {
			refs = append(refs, u.put(first, w.url, w.fingerprint))
		}
		var reel strings.Builder
		reel.WriteString(strings.Repeat("x", max(memReel-len(first), 0))) // it may be full, or not quite
		inReel := make([]string, len(want))
		for i := range want {
			inReel[i] = u.urlIn(&reel, first, refs[i])
		}
		for i, w := range want {
			if inReel[i] != w.url {
				t.Errorf("%d: in a reel the URL is %q, want %q", i, inReel[i], w.url)
			}
			if got := u.url(first, refs[i]); got != w.url {
				t.Errorf("%d: the URL is %q, want %q", i, got, w.url)
			}
			if url, fingerprint := u.both(first, refs[i]); url != w.url || fingerprint != w.fingerprint {
				t.Errorf("%d: the URL and its fingerprint are %q and %q, want %q", i, url, fingerprint, w)
			}
			for _, other := range []string{first, url, fingerprint, "", w.fingerprint + "x", w.fingerprint[:len(w.fingerprint)/2]} {
				if got := u.has(first, refs[i], other); got != (other == w.fingerprint) {
					t.Errorf("%d: has %q = %v, and it is %q", i, other, got, w.fingerprint)
				}
			}
		}
	})
}

// A URL is kept without what the first of its site has too.
func TestMemURLsAreSmall(t *testing.T) {
	const first = "https://shop.test/catalog/item/000001.html"
	for _, tc := range []struct {
		name, url, fingerprint string
		want                   int // bytes
	}{
		{"the first itself", first, first, 2},
		{"another page", "https://shop.test/catalog/item/000002.html", "https://shop.test/catalog/item/000002.html", 2 + 6},
		{"another site", "http://a.test/", "http://a.test/", 2 + len("://a.test/")},
		{"another fingerprint", first + "?b=2&a=1", first + "?a=1&b=2", 2 + 8 + 2 + 7},
		{"long", first + strings.Repeat("x", 100), first + strings.Repeat("x", 100), 3 + 100},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var u memURLs
			u.put(first, tc.url, tc.fingerprint)
			if got := len(u.arena.blocks[0]); got != tc.want {
				t.Errorf("%q takes %d bytes, want %d", tc.url, got, tc.want)
			}
			allocs := testing.AllocsPerRun(10, func() { u.put(first, tc.url, tc.fingerprint) })
			if allocs != 0 {
				t.Errorf("to put it costs %v allocations, want none", allocs)
			}
		})
	}
}
