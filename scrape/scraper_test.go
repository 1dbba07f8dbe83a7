package scrape_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"weir/engine"
	"weir/scrape"
)

func TestNewRefusesWhatCannotBe(t *testing.T) {
	for _, tc := range []struct {
		name, want string
		cfg        scrape.Config
	}{
		{name: "negative timeout", cfg: scrape.Config{Timeout: -1}, want: "scrape: timeout -1ns: want above zero"},
		{name: "negative body", cfg: scrape.Config{MaxBody: -1}, want: "scrape: max body -1: want above zero"},
		{name: "negative header", cfg: scrape.Config{MaxHeader: -1}, want: "scrape: max header -1: want above zero"},
		{name: "negative workers", cfg: scrape.Config{Workers: -1}, want: "scrape: workers -1: want at least 1"},
		{name: "a field name with a space", cfg: scrape.Config{Header: http.Header{"a b": {"c"}}}, want: `scrape: header "a b": not a field name`},
		{name: "a line end in a field, which may be secret", cfg: scrape.Config{Header: http.Header{"X-Key": {"s3\r\nX: y"}}}, want: "scrape: header X-Key: not a field value"},
		{name: "what is not the operator's to set", cfg: scrape.Config{Header: http.Header{"accept-encoding": {"gzip"}}}, want: "scrape: header accept-encoding: cannot be set"},
		{name: "a line end in the agent", cfg: scrape.Config{UserAgent: "a\nb"}, want: "scrape: user agent: not a header value"},
		{name: "a contact that would end its bracket", cfg: scrape.Config{Contact: "a) (b"}, want: "scrape: contact: want an address or a URL without brackets"},
		{name: "no prefix", cfg: scrape.Config{Allow: []netip.Prefix{{}}}, want: "scrape: allow: prefix 1 is not valid"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := scrape.New(tc.cfg); err == nil || err.Error() != tc.want {
				t.Errorf("New: %v, want %s", err, tc.want)
			}
		})
	}
}

func TestJob(t *testing.T) {
	for _, ignore := range []bool{false, true} {
		s, err := scrape.New(scrape.Config{IgnoreRobots: ignore})
		if err != nil {
			t.Fatal(err)
		}
		want := engine.Job{
			URL: "https://one.test/?b&a", Host: "one.test:443", Origin: "https://one.test:443", Fingerprint: "https://one.test/?a&b",
		}
		if ignore {
			want.Origin = ""
		}
		if got, err := s.Job(" HTTPS://one.test?b&a#c"); got != want || err != nil {
			t.Errorf("Job = %+v, %v; want %+v", got, err, want)
		}
	}
}

func TestUseTwiceIsUsingOnce(t *testing.T) {
	s, err := scrape.New(scrape.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var refs [2]engine.RecipeRef
	for i := range refs {
		r, err := scrape.ParseRecipe("titles.yaml", []byte(titles))
		if err != nil {
			t.Fatal(err)
		}
		refs[i] = s.Use(r)
	}
	if refs[0] != refs[1] || refs[0].Name != "titles" || len(refs[0].Hash) != 64 {
		t.Errorf("Use = %v, then %v; want one name", refs[0], refs[1])
	}
}

func TestKeptHeaderIsBounded(t *testing.T) {
	g := site(t, scrape.Config{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-A", strings.Repeat("a", 5000))
		for range 100 {
			w.Header().Add("X-B", "\u202eb")
		}
		html(w, "a")
	})
	got := g.get(t, "http://one.test/").Header
	if len(got) != 64 || got[0].Name != "Content-Length" || got[1].Name != "Content-Type" {
		t.Fatalf("%d fields, want 64 by name: %.200v", len(got), got)
	}
	for _, f := range got {
		if len(f.Value) > 515 || strings.Contains(f.Value, "\u202e") {
			t.Errorf("%s: %d bytes %.10q, want at most 515 clean ones", f.Name, len(f.Value), f.Value)
		}
	}
}
