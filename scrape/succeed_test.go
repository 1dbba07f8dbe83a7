package scrape_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
	"weir/scrape"
)

// A run that is taken up by another process goes on with its recipe, with what
// the operator listed, private addresses among it, and with the rules of
// robots.txt while they are fresh.
func TestScraperSucceedsAnother(t *testing.T) {
	for _, tc := range []struct {
		name   string
		robots string // empty: there is none
		away   time.Duration
		asked  int
		status string // of the results
	}{
		{"fresh rules", "User-agent: *\nDisallow: /2\nDisallow: /5", time.Minute, 1, "ok ok skipped ok ok skipped"},
		{"old rules", "User-agent: *\nDisallow: /2\nDisallow: /5", 25 * time.Hour, 2, "ok ok skipped ok ok skipped"},
		{"no rules", "", time.Minute, 1, "ok ok ok ok ok ok"},
		{"a text without any", "\n", time.Minute, 1, "ok ok ok ok ok ok"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var asked int
				var keys []string
				dial := enginetest.NewPipeServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					mu.Lock()
					defer mu.Unlock()
					if r.URL.Path != "/robots.txt" {
						keys = append(keys, r.Header.Get("X-Key"))
						html(w, "page "+r.URL.Path)
						return
					}
					if asked++; tc.robots == "" {
						http.NotFound(w, r)
						return
					}
					fmt.Fprint(w, strings.TrimPrefix(tc.robots, "\n"))
				})).Dial
				store := engine.NewMemStore()
				live := func(recipe string, until time.Duration) {
					t.Helper()
					s, err := scrape.New(scrape.Config{Dial: dial, Header: http.Header{"X-Key": {"k"}}})
					if err != nil {
						t.Fatal(err)
					}
					defer s.Close()
					e, err := engine.New(s, engine.Config{Store: store})
					if err != nil {
						t.Fatal(err)
					}
					if recipe != "" {
						r, err := scrape.ParseRecipe("titles.yaml", []byte(recipe))
						if err != nil {
							t.Fatal(err)
						}
						var urls []string
						for i := range 6 {
							urls = append(urls, fmt.Sprintf("http://10.0.0.1/%d", i))
						}
						b := engine.Batch{Recipe: s.Use(r), Text: r.Text()}
						if _, err := e.Add(t.Context(), b, s.ListFor(b.Recipe, "list", strings.NewReader(strings.Join(urls, "\n")))); err != nil {
							t.Fatal(err)
						}
					}
					ctx, stop := context.WithTimeoutCause(t.Context(), until, errors.New("gone"))
					defer stop()
					e.Close()
					if err := e.Run(ctx); (err != nil) != (recipe != "") {
						t.Errorf("Run = %v", err)
					}
				}
				live(titles, 2500*time.Millisecond)
				time.Sleep(tc.away)
				live("", time.Hour)
				rs, err := store.Results(t.Context(), engine.Query{})
				if err != nil {
					t.Fatal(err)
				}
				slices.SortFunc(rs, func(a, b engine.Result) int { return strings.Compare(a.URL, b.URL) })
				var got []string
				for _, r := range rs {
					got = append(got, r.Outcome.String())
					if r.Outcome == engine.OK && (len(r.Records) != 1 || !strings.HasSuffix(r.URL, engine.Text(r.Records[0][0].Value, "")[len("page "):])) {
						t.Errorf("%s has records %v", r.URL, r.Records)
					}
					if r.Error != "" && r.Outcome != engine.Skipped {
						t.Errorf("%s: %s %s", r.URL, r.Class, r.Error)
					}
				}
				if strings.Join(got, " ") != tc.status {
					t.Errorf("ended as %v, want %s", got, tc.status)
				}
				if asked != tc.asked {
					t.Errorf("robots.txt was asked for %d times, want %d", asked, tc.asked)
				}
				if n := strings.Count(tc.status, "ok"); len(keys) != n || slices.ContainsFunc(keys, func(k string) bool { return k != "k" }) {
					t.Errorf("headers %q, want %d times what is for hosts that were listed", keys, n)
				}
			})
		})
	}
}

func TestSucceedRefusesRecipesThatItCannotRead(t *testing.T) {
	r, err := scrape.ParseRecipe("titles.yaml", []byte(titles))
	if err != nil {
		t.Fatal(err)
	}
	left := engine.Counts{Submitted: 1, Backlog: 1}
	t.Setenv("WEIR_TEST_PW", "")
	for _, tc := range []struct {
		name   string
		ref    engine.RecipeRef
		text   string
		counts engine.Counts
		want   string
	}{
		{"the same", r.Ref(), titles, left, ""},
		{"its name is that of a file", engine.RecipeRef{}, "fields:\n  title: {select: title}\n", left, ""},
		{"none", r.Ref(), "", left, "batch 3 list: scrape: recipe titles.yaml:1:1: empty"},
		{"another", r.Ref(), titles + "\n", left, "its text is that of titles"},
		{"nothing waits for it", r.Ref(), "", engine.Counts{Submitted: 1, OK: 1}, ""},
		{"a broken one", r.Ref(), "fields: [", left, "recipe titles.yaml:2:1: "},
		{"one whose secrets are gone", engine.RecipeRef{}, enterAt("http://one.test/login", ""), left, "WEIR_TEST_USER"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := scrape.New(scrape.Config{})
			if err != nil {
				t.Fatal(err)
			}
			if tc.ref.Name == "" {
				r, err := scrape.ParseRecipe("v1.2.yaml", []byte(tc.text))
				if err != nil {
					t.Fatal(err)
				}
				tc.ref = r.Ref()
			}
			k := engine.Kept{Batches: []engine.KeptBatch{{Batch: engine.Batch{ID: 3, Name: "list", Recipe: tc.ref, Text: tc.text}, Counts: tc.counts}}}
			err = s.Succeed(&k)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Succeed = %v, want %q", err, tc.want)
			}
		})
	}
}

// What a scraper holds of earlier lives is bounded: the rest is asked for again.
func TestRecallIsBounded(t *testing.T) {
	s, err := scrape.New(scrape.Config{})
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(strings.Repeat("Disallow: /a\n", 38_000)) // nearly half a megabyte
	fresh := time.Now().Add(time.Hour)
	taken := 0
	for i := range 200 {
		if s.Recall(fmt.Sprintf("http://h%d.test", i), text, fresh) {
			taken++
		}
	}
	if taken < 60 || taken > 70 {
		t.Errorf("%d of 200 texts were taken, want 32 MiB of them", taken)
	}
	if s.Recall("http://h0.test", text, fresh) {
		t.Error("an origin was recalled twice")
	}
}
