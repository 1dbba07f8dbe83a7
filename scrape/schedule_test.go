package scrape_test

import (
	"slices"
	"testing"

	"weir/scrape"
)

func TestExpand(t *testing.T) {
	const fields = "name: r\nfields: {a: {}}\n"
	const both, fixed, site = fields + "url: '{base}/s/{month}?m={month}'", fields + "url: 'https://h.test/{month}'", fields + "url: '{base}/all'"
	for _, tc := range []struct {
		name, recipe, base, months string
		want                       []string
		err                        string
	}{
		{"base and months", both, "http://h.test", "2025-12+2", []string{"http://h.test/s/2025-12?m=2025-12", "http://h.test/s/2026-01?m=2026-01"}, ""},
		{"a slash at the end of base counts once", both, "http://h.test/d//", "2025-12", []string{"http://h.test/d/s/2025-12?m=2025-12"}, ""},
		{"only months", fixed, "", "2025-12", []string{"https://h.test/2025-12"}, ""},
		{"only a base", site, "http://h.test/", "", []string{"http://h.test/all"}, ""},
		{"no url: the base is the page", fields, "http://h.test/p?q#f", "", []string{"http://h.test/p?q#f"}, ""},
		{"no months", both, "http://h.test", "", nil, "scrape: recipe r: its url has {month}: which months?"},
		{"no base", both, "", "2025-12", nil, "scrape: recipe r: its url has {base}: which site?"},
		{"months for nothing", site, "http://h.test", "2025-12", nil, "scrape: recipe r: its url has no {month} to fill with months"},
		{"months without a url", fields, "http://h.test", "2025-12", nil, "scrape: recipe r: its url has no {month} to fill with months"},
		{"base for nothing", fixed, "http://o.test", "2025-12", nil, "scrape: recipe r: its url has no {base} to fill with http://o.test"},
		{"months in another form", fields + "url: '{base}/{month:YYYY}/{month:M}?m={month:MM-YY}'", "http://h.test", "2025-12+2", []string{"http://h.test/2025/12?m=12-25", "http://h.test/2026/1?m=01-26"}, ""},
		{"parameters behind a base without any", fields + "url: '{base}&Month={month:M-YY}'", "http://h.test/ocs", "2025-12+2", []string{"http://h.test/ocs?Month=12-25", "http://h.test/ocs?Month=1-26"}, ""},
		{"parameters behind a session", fields + "url: '{base}&Month={month:M-YY}'", "http://h.test/ocs?Lo=x%20y", "2026-01", []string{"http://h.test/ocs?Lo=x%20y&Month=1-26"}, ""},
		{"parameters that the base has too", fields + "url: '{base}&Month={month:M-YY}&Rpt=1'", "http://h.test/ocs?Month=11-25&Lo=x&Rpt", "2026-01", []string{"http://h.test/ocs?Lo=x&Month=1-26&Rpt=1"}, ""},
		{"a base that ends with &", fields + "url: '{base}&m={month}'", "http://h.test/?a&", "2026-01", []string{"http://h.test/?a&m=2026-01"}, ""},
		{"parameters alone", fields + "url: '{base}&all=1'", "http://h.test/?a", "", []string{"http://h.test/?a&all=1"}, ""},
		{"parameters behind a fragment", fields + "url: '{base}&all=1'", "http://h.test/?a#x", "", nil, "scrape: recipe r: base http://h.test/?a#x has a fragment, and a query comes behind it"},
		{"base with a query", both, "http://h.test?t=1", "2025-12", nil, "scrape: recipe r: base http://h.test?t=1 has a query or fragment, and a path comes behind it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var months []scrape.Month
			if tc.months != "" {
				var err error
				if months, err = scrape.ParseMonths(tc.months); err != nil {
					t.Fatal(err)
				}
			}
			got, err := recipe(t, tc.recipe).Expand(tc.base, months)
			if !slices.Equal(got, tc.want) || (err == nil) != (tc.err == "") || err != nil && err.Error() != tc.err {
				t.Errorf("Expand(%q, %v) = %q, %v; want %q, %s", tc.base, months, got, err, tc.want, tc.err)
			}
		})
	}
}
