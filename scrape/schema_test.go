package scrape

import (
	"bytes"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// grammar is every mapping of the language by the name that schema.json has for
// it in $defs; the recipe itself is "".
func grammar() map[string][]string {
	return map[string][]string{
		"":         keyNames(recipeKeys()),
		"rowRule":  keyNames(rowKeys()),
		"field":    keyNames(fieldKeys()),
		"near":     keyNames(nearKeys()),
		"pivot":    keyNames(pivotKeys()),
		"top":      keyNames(headingKeys("row")),
		"side":     keyNames(headingKeys("column")),
		"cell":     keyNames(cellKeys()),
		"table":    keyNames(tabularKeys()),
		"way":      keyNames(wayKeys()),
		"follow":   keyNames(followKeys()),
		"reading":  keyNames(readingKeys()),
		"sitemap":  keyNames(sitemapKeys()),
		"login":    keyNames(loginKeys()),
		"token":    keyNames(tokenKeys()),
		"again":    keyNames(againKeys()),
		"expect":   keyNames(expectKeys()),
		"signRule": keyNames(signKeys()),

		"fingerprint": keyNames(fingerprintKeys()),
	}
}

// fixed are the only values by their place in schema.json.
var fixed = map[string][]string{
	"/page":        pageKinds,
	"reading/page": pageKinds,
	"field/from":   fieldRooms,
	"field/type":   valueTypes,
	"field/take":   takes,
	"field/order":  dateOrders,
}

// A node is what the tests know of a schema.
type node struct {
	Description string
	Ref         string `json:"$ref"`
	Properties  map[string]node
	Enum        []string
	Closed      *bool           `json:"additionalProperties"`
	Defs        map[string]node `json:"$defs"`
}

// The schema has every key that Go reads, no other, and says what it is for.
func TestSchemaKeys(t *testing.T) {
	var root node
	text := bytes.ReplaceAll(Schema(), []byte(`"additionalProperties": {`), []byte(`"items": {`)) // a schema there is not of interest
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	known := grammar()
	for name, keys := range known {
		n := root
		if name != "" {
			n = root.Defs[name]
		}
		if got, want := slices.Sorted(maps.Keys(n.Properties)), slices.Sorted(slices.Values(keys)); !slices.Equal(got, want) {
			t.Errorf("schema of %q has the keys\n%q, Go reads\n%q", name, got, want)
		}
		if n.Closed == nil || *n.Closed {
			t.Errorf("schema of %q allows other keys", name)
		}
		for key, of := range n.Properties {
			if of.Description == "" && root.Defs[strings.TrimPrefix(of.Ref, "#/$defs/")].Description == "" {
				t.Errorf("schema of %q says nothing of %s", name, key)
			}
			if got, want := of.Enum, fixed[name+"/"+key]; !slices.Equal(got, want) {
				t.Errorf("schema of %s in %q allows %q, Go reads %q", key, name, got, want)
			}
		}
	}
	for name, n := range root.Defs {
		if _, ok := known[name]; !ok && n.Properties != nil {
			t.Errorf("schema has a mapping %q that Go does not read", name)
		}
	}
}

var compiled = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("recipe.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("recipe.json")
})

// CheckSchema says what the schema has against the text of a recipe.
func CheckSchema(t testing.TB, text string) error {
	t.Helper()
	schema, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	plain, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	doc, err = jsonschema.UnmarshalJSON(bytes.NewReader(plain))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(doc)
}

// Every recipe that is built in or lies in testdata is one for the schema. (So
// is every one of the other tests, which check it as they parse it.)
func TestSchemaTakesRecipes(t *testing.T) {
	for _, r := range Recipes() {
		if err := CheckSchema(t, r.Text()); err != nil {
			t.Errorf("%s: %v", r.Name(), err)
		}
	}
	files, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		r, err := LoadRecipe(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckSchema(t, r.Text()); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}
