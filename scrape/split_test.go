package scrape

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// firstCell returns the td of a page that consists of one.
func firstCell(t testing.TB, inner string) *html.Node {
	t.Helper()
	for n := range elements(firstTable(t, "<table><tr><th>h<td class=c>"+inner)) {
		if n.Data == "td" {
			return n
		}
	}
	t.Fatal("no cell")
	return nil
}

func outer(t testing.TB, n *html.Node) string {
	t.Helper()
	var b strings.Builder
	if err := html.Render(&b, n); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCut(t *testing.T) {
	for _, tc := range []struct {
		name, at, inner string   // at: with a bar between several
		want            []string // without the <td class=c> around
	}{
		{"at two texts and at line breaks", "/|; |<br>", "a/b<br>c; d;e", []string{"a", "b", "c", "d;e"}},
		{"not there", "/", "a <b>b</b>", []string{"a <b>b</b>"}},
		{"text", "/", "a / b/c", []string{"a ", " b", "c"}},
		{"through an element", "/", "x<b><i>a / b</i>c</b><u>d</u>", []string{"x<b><i>a </i></b>", "<b><i> b</i>c</b><u>d</u>"}},
		{"attributes are no text and are kept", "/", `<a href="/x" title="p/q">a/b</a>`, []string{`<a href="/x" title="p/q">a</a>`, `<a href="/x" title="p/q">b</a>`}},
		{"what follows stays with the last", "/", `A 7a-5p / B 5p-7a&nbsp;<img title=telehealth>`, []string{"A 7a-5p ", " B 5p-7a\u00a0<img title=\"telehealth\"/>"}},
		{"scripts are no text", "/", "a<script>1/2</script>/b", []string{"a<script>1/2</script>", "b"}},
		{"white space is any", " / ", "12/31 \u00a0/\n a", []string{"12/31", "a"}},
		{"at both ends", "/", "/a/", []string{"", "a", ""}},
		{"its signs mean nothing else", "(.*)", "a(.*)b", []string{"a", "b"}},
		{"line breaks", "<br>", "a<b>b<br>c</b><br><br>d", []string{"a<b>b</b>", "<b>c</b>", "", "d"}},
		{"that text is no line break", "<br>", "a&lt;br>b", []string{"a&lt;br&gt;b"}},
		{"deep and back up", "/", "<i><b><u>x</u></b></i>/<i>y</i>", []string{"<i><b><u>x</u></b></i>", "<i>y</i>"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sep, err := newSeparator(strings.Split(tc.at, "|")...)
			if err != nil {
				t.Fatal(err)
			}
			cell := firstCell(t, tc.inner)
			before, parent := outer(t, cell), cell.Parent
			var got []string
			for _, part := range sep.cut(newWork(t.Context()), cell) {
				text := strings.TrimSuffix(strings.TrimPrefix(outer(t, part), `<td class="c">`), "</td>")
				got = append(got, text)
				if part.Parent != parent || part.PrevSibling == nil || part.PrevSibling.Data != "th" {
					t.Error("a part does not stand in the cell's place")
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("cut %q\n got %q\nwant %q", tc.inner, got, tc.want)
			}
			if after := outer(t, cell); after != before {
				t.Errorf("the page was changed to %s", after)
			}
		})
	}
}

func TestSeparatorErrors(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"blank", " ", "split is blank: it is the text that stands between the parts, or <br>"},
		{"long", strings.Repeat("x", maxSeparator+1), "split is longer than 64 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := newSeparator(tc.text); err == nil || err.Error() != tc.want {
				t.Errorf("newSeparator = %v, want %s", err, tc.want)
			}
		})
	}
}

// Each cut copies all that is open around it.
func TestCutIsBounded(t *testing.T) {
	sep, err := newSeparator("/")
	if err != nil {
		t.Fatal(err)
	}
	w, begun := newWork(t.Context()), time.Now()
	w.nodes = 100_000
	parts := sep.cut(w, firstCell(t, strings.Repeat("<b><i>", 200)+strings.Repeat("/", 50_000)))
	if took := time.Since(begun); !errors.Is(w.err, ErrTooComplex) || parts != nil || took > 5*time.Second {
		t.Errorf("%d parts, error %v after %v; want none and %v", len(parts), w.err, took, ErrTooComplex)
	}
}
