package cli

import (
	"context"
	"io"
	"iter"
	"strings"

	"weir/engine"
	"weir/ui"
)

// Deps are the rooms this package may not enter. Main fills all of them.
type Deps struct {
	Version string

	// Recipes returns the built-in recipes by name.
	Recipes func() []RecipeInfo

	// RecipeText returns the YAML of a recipe, built in or in a file. Guide and
	// Schema return the page on how to write one, in Markdown, and the JSON
	// Schema of it.
	RecipeText func(nameOrPath string) ([]byte, error)
	Guide      func() []byte
	Schema     func() []byte

	// Start builds a run and starts nothing. Its errors are the operator's.
	Start func(Config) (*Session, error)

	// Try runs a recipe on one page, a URL or a file, and writes what it found
	// to w. It reports whether the page could be fetched and read: if not,
	// that is written too. A URL is fetched once, however often it is tried.
	// Errors are the operator's.
	Try func(ctx context.Context, cfg Config, recipe, page string, w io.Writer) (ok bool, err error)

	// Reextract prepares to run a recipe over the bodies in a directory. Its
	// errors are the operator's.
	Reextract func(cfg Config, recipe, dir string) (*Reextraction, error)

	// Demo starts the demo site on loopback. A fast one does not keep its
	// clients waiting.
	Demo func(seed uint64, fast bool) (*Demo, error)

	// Metrics opens addr, a host:port, to show a run to whoever watches it from
	// elsewhere.
	Metrics func(addr string, run engine.Controller) (MetricsServer, error)

	// Runs are those that are kept on disk. Nil: none are.
	Runs *Runs

	// State returns the path of a file in the user's state directory, which is
	// made if need be. Nil: nothing is remembered between runs.
	State func(name string) (string, error)

	// CanWrite says what is wrong with the name of a file for results. - is
	// stdout.
	CanWrite func(path string) error

	// Results returns a writer of results to w in the format that path asks
	// for, Records one of their records with the given fields as columns, or
	// with those that come if fields is nil. name knows batches.
	Results func(w io.Writer, path string, name func(engine.BatchID) string) (Rows, error)
	Records func(w io.Writer, path string, name func(engine.BatchID) string, fields []string) (Rows, error)
}

// RecipeInfo is what a list of recipes says of one.
type RecipeInfo struct {
	Name   string
	About  string // one line
	Fields []string
}

// A Session is one run that has been built.
type Session struct {
	// Begin makes the Engine, over a store that keeps the run or, with nil,
	// over memory. A store with a run in it is taken up.
	Begin  func(store engine.Store) error
	Engine Engine
	Recipe func(nameOrPath string) (Recipe, error) // errors say file:line

	// Reuse takes up a recipe of an earlier life by its text. Its relative
	// files hang on where file is; empty: it was built in.
	Reuse func(ref engine.RecipeRef, text, file string) (Recipe, error)

	// List reads a list for a batch of a recipe that Recipe returned. Lines
	// says whether an error of it is one bad line, and which.
	List  func(r engine.RecipeRef, name string, in io.Reader) iter.Seq2[engine.Job, error]
	Lines func(error) (line int, ok bool)

	Kept   func() (string, error) // what became of the bodies of --keep-bodies, in words; nil: there are none
	Bodies ui.Bodies              // of --keep-bodies; nil: there are none
	Close  func() error
}

// An Engine is what a run is steered by and what carries it out.
type Engine interface {
	engine.Controller
	Run(ctx context.Context) error
}

// A Recipe is what a batch needs of one.
type Recipe struct {
	Ref      engine.RecipeRef
	Text     string
	Template string // of its URLs, with {base} and perhaps {month}; empty: none
	Fields   []string

	// Expand fills the template. Months are written 2025-11 or 2025-11+6;
	// empty for a template without {month}.
	Expand func(base, months string) ([]string, error)
}

// monthly reports whether the template has a place for months, in whatever form.
func (r Recipe) monthly() bool { return strings.Contains(r.Template, "{month") }

// A Demo is the demo site while it runs.
type Demo struct {
	Lists []DemoList
	Close func() error
}

// A DemoList is a batch that the demo begins with.
type DemoList struct {
	Name   string
	Recipe string
	URLs   []string
}

// A MetricsServer answers those who watch a run from elsewhere.
type MetricsServer interface {
	URL() string
	Serve() error // until Close; nil then
	Close() error
}

// Rows writes results to a file. A row is written whole or, after an error,
// not at all.
type Rows interface {
	Write(engine.Result) error
	Flush() error

	// Continue makes the rows go behind those that are in a file. The error is
	// that of a file which is no beginning of theirs.
	Continue(file io.Reader) error
}
