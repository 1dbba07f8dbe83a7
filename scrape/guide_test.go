package scrape

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// fenced returns the blocks of a language in the guide.
func fenced(t *testing.T, language string) []string {
	t.Helper()
	var blocks []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(Guide()), -1) {
		blocks = append(blocks, m[1])
	}
	if len(blocks) == 0 {
		t.Fatalf("no block of %s in the guide", language)
	}
	return blocks
}

// The guide's example does what it says.
func TestGuideExample(t *testing.T) {
	r, err := ParseRecipe("rota.yaml", []byte(fenced(t, "yaml")[0]))
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse("https://rota.test/")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := Try(t.Context(), &b, r, Page{URL: at, Body: []byte(fenced(t, "html")[0]), ContentType: "text/html"}); err != nil {
		t.Fatal(err)
	}
	if want := fenced(t, "text")[0]; b.String() != want {
		t.Errorf("the guide's example prints\n%s\nthe guide says\n%s", b.String(), want)
	}
}

// All recipes of the guide are some, for Go and for the schema, and the guide
// names every key that there is. (A part of a recipe is given what it lacks.)
func TestGuideIsComplete(t *testing.T) {
	blocks := fenced(t, "yaml")
	for _, text := range blocks {
		if !regexp.MustCompile(`(?m)^(fields|table|pivot|any):`).MatchString(text) {
			text += "fields: {a: {select: b}}\n"
		}
		if _, err := ParseRecipe("guide.yaml", []byte(text)); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
		if err := CheckSchema(t, text); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
	}
	code := strings.Join(blocks, "\n")
	for name, keys := range grammar() {
		for _, key := range keys {
			used := regexp.MustCompile(`\b` + key + `:`).MatchString(code)
			if !used && !strings.Contains(string(Guide()), "`"+key+"`") {
				t.Errorf("the guide does not know %s of %q", key, name)
			}
		}
	}
	for _, word := range valueTypes {
		if !strings.Contains(string(Guide()), "\n| `"+word+"` |") {
			t.Errorf("the guide's table of types has no %s", word)
		}
	}
}
