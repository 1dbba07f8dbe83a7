package ui

import (
	"strings"
	"testing"

	"weir/engine"
)

// A column says of a URL what its other rows do not have: those of the page's
// own site are paths, of which the end stays longest.
func TestLinksOfATable(t *testing.T) {
	r := rotaPage()
	r.URL, r.Final = "http://before.test/", "http://127.0.0.1:4010/schedule/2025-02/" // the page is the one that answered
	r.Records = nil
	for _, link := range []any{
		"http://127.0.0.1:4010/calendar/2025/02/somebody-who-has-a-long-name?Month=11-25",
		"http://127.0.0.1:4010",
		"http://127.0.0.1:4010?page=2",
		"http://127.0.0.1:40100/a",
		"https://127.0.0.1:4010/a",
		"HTTP is a protocol",
		"http://one.test/a, http://one.test/b",
		[]string{"http://127.0.0.1:4010/a", "b", "https://two.test/c"},
		[]string{"http://127.0.0.1:4010/only"},
		[]any{},
		nil,
	} {
		r.Records = append(r.Records, engine.Record{{Name: "date", Value: "1"}, {Name: "link", Value: link}})
	}
	r.Records = append(r.Records, engine.Record{{Name: "date", Value: "2"}})
	for _, tc := range []struct {
		w     int
		links []string
	}{
		{100, []string{
			"/calendar/2025/02/somebody-who-has-a-long-name?Month=11-25", "/", "/?page=2", "127.0.0.1:40100/a", "127.0.0.1:4010/a",
			"HTTP is a protocol", "http://one.test/a, http://one.test/b", "/a, b, two.test/c", "/only", `""`, "-", "-",
		}},
		{30, []string{
			"/calenda…?Month=11-25", "/", "/?page=2", "127.0.0.1:40100/a", "127.0.0.1:4010/a",
			"HTTP is a protocol", "http://one.test/a, http…", "/a, b, two.test/c", "/only", `""`, "-", "-",
		}},
		{16, []string{
			"…nth=11-25", "/", "/?page=2", "…1:40100/a", "….1:4010/a", "HTTP is a…", "http://on…", "/a, b, tw…", "/only", `""`, "-", "-",
		}},
	} {
		lines := strings.Split(wholeLeaf(recordTable{cleanResult(r).records}, tc.w), "\n")
		if len(lines) != len(tc.links) {
			t.Fatalf("%d lines, want %d", len(lines), len(tc.links))
		}
		for i, line := range lines {
			if _, got, _ := strings.Cut(strings.TrimRight(line, " "), "     "); strings.TrimSpace(got) != tc.links[i] {
				t.Errorf("in %d cells link %d is %q, want %q", tc.w, i, got, tc.links[i])
			}
		}
	}
	if lines := wholeLeaf(cleanResult(r).records.opened(), 200); !strings.Contains(lines, "http://127.0.0.1:4010/a") || !strings.Contains(lines, "http://127.0.0.1:4010?page=2") {
		t.Errorf("a whole record does not show whole links:\n%s", lines)
	}
}

// The room that a link does not need is the other columns'.
func TestLinksMakeRoom(t *testing.T) {
	rs := []engine.Record{{{Name: "link", Value: "http://one.test/schedule"}, {Name: "person", Value: "Ada Lovelace"}}}
	if got := wholeLeaf(recordTable{newRecords(rs, "http://one.test/")}, 30); got != "/schedule  Ada Lovelace" {
		t.Errorf("got %q", got)
	}
}

// The column of a field in Results shows links as the table does.
func TestLinksOfAFieldColumn(t *testing.T) {
	r := rotaPage()
	r.Final = ""
	for _, tc := range []struct{ page, want string }{{"http://one.test/x", "/schedule"}, {"http://two.test/x", "one.test/schedule"}, {"not a URL", "one.test/schedule"}} {
		r.URL, r.Records = tc.page, []engine.Record{{{Name: "link", Value: "http://one.test/schedule"}}}
		got := firstOf(&r, []string{"link", "gone"})
		if text := strings.TrimSpace(got.values[0].column(30)); text != tc.want {
			t.Errorf("on %s the link is %q, want %q", tc.page, text, tc.want)
		}
		if got.values[0].text != "http://one.test/schedule" || got.values[1].there {
			t.Errorf("on %s the values are %+v", tc.page, got.values)
		}
	}
}

// Whatever a URL is made of, it fills its column.
func TestLinksKeepTheirColumn(t *testing.T) {
	for cells := range 40 {
		for _, link := range []string{"日本語.test/日本a語?日", "/é/日本語日本語日本語日本語日本語", "", "/"} {
			if got := padLink(link, cells); width(got) != cells {
				t.Errorf("%q is %d cells in %d", link, width(got), cells)
			}
		}
	}
}
