package scrape

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode"

	"weir/engine"
)

// Limits of one recipe.
const (
	MaxRecipe = 1 << 20 // bytes of its text
	MaxFields = 100
	maxFollow = 10     // entries
	maxPages  = 10_000 // that one entry may follow in a row
	maxName   = 64     // bytes of the name of a recipe or field
)

// defaultPages is how many pages in a row an entry of follow walks on when it
// does not say.
const defaultPages = 50

// A Recipe says what to extract from a page and how to walk on. It is compiled
// and immutable, and safe for use by multiple goroutines.
type Recipe struct {
	name string
	text string
	hash string // hex SHA-256 of text

	url      string
	ignore   []glob   // parameters that fingerprints leave out
	login    *login   // nil: nobody logs in
	sitemap  *sitemap // nil: sitemaps are pages like others
	anchored bool     // its walks are bounded by where they began
	reading
}

// A reading says what to read on a page, or on a part of one, and how to walk
// on from it: what a recipe is made of, and what other places in one may hold
// too. It is compiled and immutable.
type reading struct {
	xml    bool      // pages are XML, not HTML
	any    []reading // ways to read a page, of which one fits; empty: the one of this reading
	rows   *selector // nil: the page is one record, unless there is a pivot or table
	rule   rowRule
	pivot  *pivot   // nil: none; else fields are those of its parts
	table  *tabular // nil: none; else there are no fields, for the page names them
	fields []field
	follow []follow
	expect expect
	plan   *program // of rows and fields, in one; nil: each has its own

	expects bool // a way has an expect of its own
}

// compile makes one program of what is read, when all of it is known.
func (r *reading) compile() {
	sels := []*selector{r.rows}
	for i := range r.fields {
		sels = append(sels, r.fields[i].sel)
	}
	if r.pivot != nil {
		sels = append(sels, r.pivot.selectors()...)
	}
	r.plan = newProgram(sels...)
	for i := range r.any {
		r.any[i].compile()
	}
}

// onePage reports whether a page is one record.
func (r *reading) onePage() bool {
	return r.rows == nil && r.pivot == nil && r.table == nil && r.any == nil
}

// names returns the names of the fields, in their order; of all ways to read a
// page, each once. There are none if the page names them.
func (r *reading) names() []string {
	var names []string
	for i := range r.fields {
		names = append(names, r.fields[i].name)
	}
	for i := range r.any {
		own := r.any[i].names()
		if len(own) == 0 {
			return nil
		}
		for _, name := range own {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// open reports whether the page names its fields.
func (r *reading) open() bool {
	return r.table != nil || slices.ContainsFunc(r.any, func(way reading) bool { return way.open() })
}

// opens reports whether the page names its fields, or one does that it leads to.
func (r *reading) opens() bool {
	return r.open() || slices.ContainsFunc(r.follow, func(f follow) bool { return f.then != nil && f.then.opens() })
}

// Name returns the recipe's name.
func (r *Recipe) Name() string { return r.name }

// Ref returns what the engine and the store know the recipe by.
func (r *Recipe) Ref() engine.RecipeRef { return engine.RecipeRef{Name: r.name, Hash: r.hash} }

// Text returns the YAML that the recipe was made of.
func (r *Recipe) Text() string { return r.text }

// URL returns the template of the recipe's URLs, empty if it has none.
func (r *Recipe) URL() string { return r.url }

// Decode returns the body of a page for [Page]: as UTF-8, from the charset that
// contentType or the body itself says.
func (r *Recipe) Decode(body []byte, contentType string) []byte {
	return decode(body, contentType, r.xml)
}

// Fields returns the names of the fields, in their order: those of the recipe,
// for all kinds of pages that it knows, and then those of the pages that it leads
// to, each name once. There are none if some page names its own, as tables that
// are read by their headers do.
func (r *Recipe) Fields() []string {
	if r.opens() {
		return nil
	}
	return r.columns(nil)
}

// About returns the first comment of the recipe's text up to its first blank
// comment line, as one line: what a list of recipes says of it. A line for an
// editor's YAML mode is none of it.
func (r *Recipe) About() string {
	var words []string
	for line := range strings.Lines(r.text) {
		comment, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
		if strings.HasPrefix(strings.TrimSpace(comment), "yaml-language-server:") {
			continue
		}
		if !ok || strings.TrimSpace(comment) == "" {
			break
		}
		words = append(words, strings.Fields(comment)...)
	}
	return strings.Join(words, " ")
}

//go:embed recipes/*.yaml
var builtIn embed.FS

//go:embed recipes/schema.json
var schema []byte

//go:embed recipes/README.md
var guide []byte

// Guide returns the page about how to write recipes, in Markdown.
func Guide() []byte { return bytes.Clone(guide) }

// Schema returns the JSON Schema (2020-12) of recipes, with which an editor
// completes and checks them.
func Schema() []byte { return bytes.Clone(schema) }

// Recipes returns the recipes that are built in, by name.
func Recipes() []*Recipe { return slices.Clone(builtInRecipes()) }

var builtInRecipes = sync.OnceValue(func() []*Recipe {
	files, err := fs.Glob(builtIn, "recipes/*.yaml")
	if err != nil {
		panic(err)
	}
	var rs []*Recipe
	for _, file := range files {
		text, err := builtIn.ReadFile(file)
		if err != nil {
			panic(err)
		}
		r, err := ParseRecipe(path.Base(file), text)
		if err != nil {
			panic(err) // the tests parse them all
		}
		rs = append(rs, r)
	}
	slices.SortFunc(rs, func(a, b *Recipe) int { return strings.Compare(a.name, b.name) })
	return rs
})

// LoadRecipe returns the built-in recipe of that name or, if there is none and
// nameOrPath looks like a path (it ends in .yaml or .yml or has a slash), the
// one in that file.
func LoadRecipe(nameOrPath string) (*Recipe, error) {
	var names []string
	for _, r := range builtInRecipes() {
		if r.name == nameOrPath {
			return r, nil
		}
		names = append(names, r.name)
	}
	ext := strings.ToLower(filepath.Ext(nameOrPath))
	if ext != ".yaml" && ext != ".yml" && !strings.ContainsRune(nameOrPath, filepath.Separator) && !strings.Contains(nameOrPath, "/") {
		return nil, fmt.Errorf("scrape: no recipe is named %q%s: built in are %s, and a file of your own ends in .yaml",
			clip(nameOrPath, maxShown), suggest(nameOrPath, names), strings.Join(names, ", "))
	}
	text, err := readRecipe(nameOrPath)
	if err != nil {
		var named *fs.PathError
		if errors.As(err, &named) { // the path is said already
			err = named.Err
		}
		return nil, fmt.Errorf("scrape: recipe %s: %w", nameOrPath, err)
	}
	return ParseRecipe(nameOrPath, text)
}

func readRecipe(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, MaxRecipe+1)) // ParseRecipe refuses the one more
}

// ParseRecipe compiles a recipe. file is named in errors, which are all of the
// form `scrape: recipe oncall.yaml:14:11: selector "td[": unclosed bracket`; its
// last part without the ending is the recipe's name if text does not give one.
func ParseRecipe(file string, text []byte) (*Recipe, error) {
	s := sheet{file: file}
	if len(text) > MaxRecipe {
		return nil, s.at(nil, fmt.Errorf("longer than %d bytes", MaxRecipe))
	}
	root, err := s.load(text)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	r := &Recipe{text: string(text), hash: hex.EncodeToString(sum[:])}
	if err := s.recipe(root, r); err != nil {
		return nil, err
	}
	r.compile()
	if r.name == "" {
		base := filepath.Base(file)
		r.name = strings.TrimSuffix(base, filepath.Ext(base))
		if err := checkName(r.name); err != nil {
			return nil, s.at(nil, fmt.Errorf("no name, and the file's will not do: %w", err))
		}
	}
	return r, nil
}

// checkName says whether name can stand for a recipe on a screen.
func checkName(name string) error {
	switch {
	case strings.TrimSpace(name) != name || name == "":
		return fmt.Errorf("name %q is empty or has white space around it", clip(name, maxShown))
	case len(name) > maxName:
		return fmt.Errorf("name %q is longer than %d bytes", clip(name, maxShown), maxName)
	case strings.IndexFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) >= 0:
		return fmt.Errorf("name %q holds what cannot be printed", clip(name, maxShown))
	}
	return nil
}

// checkField says whether name can be a key and a column. Those that begin with
// an underscore are the program's own: _url, _batch.
func checkField(name string) error {
	bad := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-. ", r)
	}
	switch {
	case name == "" || len(name) > maxName:
		return fmt.Errorf("field name %q is not of 1 to %d bytes", clip(name, maxShown), maxName)
	case name[0] == '_':
		return fmt.Errorf("field name %q begins with an underscore, as only _url and _batch do", clip(name, maxShown))
	case strings.IndexFunc(name, bad) >= 0 || strings.TrimSpace(name) != name || name[0] == '-' || name[0] == '.':
		return fmt.Errorf("field name %q is not of letters, digits and _ - . or spaces between them", clip(name, maxShown))
	}
	return nil
}
