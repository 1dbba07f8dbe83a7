package scrape_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"

	"weir/engine"
	"weir/scrape"
)

// A recipe says whether XML is a page: feeds are for one that reads XML, and
// HTML is not.
func TestDoXML(t *testing.T) {
	const feed = "<?xml version='1.0' encoding='windows-1252'?><rss><item><title>caf\xe9</title></item></rss>"
	synctest.Test(t, func(t *testing.T) {
		g := site(t, scrape.Config{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = r.URL.Query()["type"]
			if r.URL.Path == "/html" {
				io.WriteString(w, "<!doctype html><title>Are you a robot?</title>")
				return
			}
			io.WriteString(w, feed)
		})
		html := g.recipe
		xml, err := scrape.ParseRecipe("feed.yaml", []byte("page: xml\nrows: item\nfields: {title: {select: title}}"))
		if err != nil {
			t.Fatal(err)
		}
		for _, tc := range []struct {
			name, url, want string
			recipe          engine.RecipeRef
		}{
			{"a feed", "/feed?type=application/rss%2Bxml", "ok [[{title café}]]", g.Use(xml)},
			{"a feed as HTML", "/feed?type=text/html", "ok [[{title café}]]", g.Use(xml)},
			{"a feed without a type", "/feed", "ok [[{title café}]]", g.Use(xml)},
			{"HTML as HTML", "/html?type=text/html", "failed not_html: text/html by its first bytes, not XML", g.Use(xml)},
			{"a feed as an archive", "/feed?type=application/zip", "failed not_html: application/zip, not XML", g.Use(xml)},
			{"a feed for a recipe of HTML", "/feed?type=application/rss%2Bxml", "failed not_html: application/rss+xml, not HTML", html},
		} {
			g.recipe = tc.recipe
			res := g.get(t, "http://one.test"+tc.url)
			got := fmt.Sprint(res.Outcome, " ", res.Records)
			if res.Class != "" {
				got = fmt.Sprintf("%s %s: %s", res.Outcome, res.Class, res.Error)
			}
			if got != tc.want {
				t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
			}
		}
	})
}
