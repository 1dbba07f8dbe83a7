package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/engine"
	"weir/ui"
)

var errLine = errors.New("not a URL")

// fakeSession lists lines that begin with http as URLs, and has a recipe
// without a template and two with one.
func fakeSession() *Session {
	templates := map[string]string{"page": "", "months": "{base}/{month}", "fixed": "http://fixed.test/{month}"}
	return &Session{
		Recipe: func(name string) (Recipe, error) {
			tmpl, ok := templates[name]
			if !ok {
				return Recipe{}, errors.New("no such recipe")
			}
			return Recipe{
				Ref:      engine.RecipeRef{Name: name},
				Template: tmpl,
				Expand: func(base, months string) ([]string, error) {
					one := strings.NewReplacer("{base}", base, "{month}", months).Replace(tmpl)
					return []string{one, one + "b"}, nil
				},
			}, nil
		},
		List: func(r engine.RecipeRef, name string, in io.Reader) iter.Seq2[engine.Job, error] {
			return func(yield func(engine.Job, error) bool) {
				lines := bufio.NewScanner(in)
				for n := 1; lines.Scan(); n++ {
					var err error
					if !strings.HasPrefix(lines.Text(), "http") {
						err = fmt.Errorf("%s:%d: %w", name, n, errLine)
					}
					if !yield(engine.Job{URL: lines.Text(), Fingerprint: r.Name + " " + lines.Text()}, err) {
						return
					}
				}
			}
		},
		Lines: func(err error) (int, bool) {
			if !errors.Is(err, errLine) {
				return 0, false
			}
			_, rest, _ := strings.Cut(err.Error(), ":")
			var n int
			_, err = fmt.Sscanf(rest, "%d:", &n)
			return n, err == nil
		},
	}
}

func TestPlan(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "my list.txt")
	if err := os.WriteFile(file, []byte("http://one.test/\nhttp://two.test/\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", dir)
	p := newPlanner(Deps{Recipes: func() []RecipeInfo { return []RecipeInfo{{Name: "months"}, {Name: "page"}} }}, fakeSession(), "page")
	if got, want := p.Recipes(), []string{"page", "months"}; !slices.Equal(got, want) {
		t.Errorf("Recipes = %q, want %q", got, want)
	}
	for _, tc := range []struct {
		name       string
		text, with string // with: the recipe
		want       string // URLs and bad lines
		batch      string
		err        string // what it contains
	}{
		{name: "lines", text: "http://a.test/\nhttp://b.test/\n", want: "http://a.test/ http://b.test/"},
		{name: "a bracketed paste has CR", text: "http://a.test/\rhttp://b.test/", want: "http://a.test/ http://b.test/"},
		{name: "spaces", text: " http://a.test/  http://b.test/ ", want: "http://a.test/ http://b.test/"},
		{name: "comments", text: "# http://no.test/\nhttp://a.test/", want: "http://a.test/"},
		{name: "a bad line among good ones", text: "http://a.test/\nno\n", want: "http://a.test/ line 2: no: not a URL"},
		{name: "a bad one is named by its line, whatever stands before it", text: "http://a.test/ http://b.test/\r# no\r\n\nno", want: "http://a.test/ http://b.test/ line 4: no: not a URL"},
		{name: "URLs fill no template", with: "months", text: "http://a.test/1\nhttp://a.test/2", want: "http://a.test/1 http://a.test/2"},
		{name: "a file", text: file, want: "http://one.test/ http://two.test/", batch: "my list.txt"},
		{name: "a file at home", text: "~/my list.txt", want: "http://one.test/ http://two.test/", batch: "my list.txt"},
		{name: "no such file", text: "one.test", err: "one.test: no such file (a URL begins with http"},
		{name: "a URL begins", text: "h", err: "no URL yet"},
		{name: "a URL begins with its scheme", text: "https://", err: "no URL yet"},
		{name: "stdin is the command line's", text: "-", err: "stdin is read at the start"},
		{name: "nothing", text: " \n", err: "no URL yet"},
		{name: "comments only", text: "# one\n# two", err: "no URL yet"},
		{name: "months", with: "months", text: "http://a.test 2025-11", want: "http://a.test/2025-11 http://a.test/2025-11b", batch: "2025-11"},
		{name: "months of one site", with: "fixed", text: "2025-11", want: "http://fixed.test/2025-11 http://fixed.test/2025-11b", batch: "2025-11"},
		{name: "months left out", with: "months", text: "http://a.test", err: "wants months, such as 2025-11+6"},
		{name: "months of a recipe without", text: "http://a.test 2025-11+6", err: "recipe page has no {month} in its url: choose one that has, such as months"},
		{name: "a third word", with: "months", text: "http://a.test 2025-11 x", err: "wants a base URL and months"},
		{name: "no recipe", with: "none", text: "http://a.test", err: "no such recipe"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b, jobs, err := p.Plan(ui.Spec{Text: tc.text, Recipe: tc.with, Priority: engine.High})
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("Plan: %v, want an error with %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for pass := range 2 { // the form previews, then adds
				var got []string
				for j, err := range jobs {
					if err != nil {
						got = append(got, err.Error())
						continue
					}
					got = append(got, j.URL)
				}
				if got := strings.Join(got, " "); got != tc.want {
					t.Errorf("pass %d has %q, want %q", pass+1, got, tc.want)
				}
			}
			if b.Name != tc.batch || b.Priority != engine.High {
				t.Errorf("the batch is named %q with priority %v, want %q and high", b.Name, b.Priority, tc.batch)
			}
		})
	}
}

// textRows writes one line for each result.
type textRows struct{ w io.Writer }

func (r textRows) Write(res engine.Result) error { _, err := fmt.Fprintln(r.w, res.URL); return err }
func (r textRows) Flush() error                  { return nil }
func (r textRows) Continue(io.Reader) error      { return nil }

func TestExport(t *testing.T) {
	x := exporter{d: Deps{
		CanWrite: func(path string) error {
			if path == "-" || strings.HasSuffix(path, ".csv") {
				return nil
			}
			return errors.New("no such format")
		},
		Results: func(w io.Writer, _ string, _ func(engine.BatchID) string) (Rows, error) { return textRows{w}, nil },
	}}
	errRead := errors.New("the store failed")
	results := func(yield func(engine.Result, error) bool) {
		_ = yield(engine.Result{URL: "a"}, nil) && yield(engine.Result{URL: "b"}, nil)
	}
	broken := func(yield func(engine.Result, error) bool) {
		_ = yield(engine.Result{URL: "a"}, nil) && yield(engine.Result{}, errRead)
	}
	ended, end := context.WithCancelCause(t.Context())
	end(context.Canceled)
	for _, tc := range []struct {
		name      string
		ctx       context.Context
		path      string
		before    string // what the file holds; "": it is not there
		overwrite bool
		rs        iter.Seq2[engine.Result, error]
		n         int
		err       error
		want      string // "": no file
	}{
		{name: "new", path: "out.csv", rs: results, n: 2, want: "a\nb\n"},
		{name: "there already", path: "out.csv", before: "x", rs: results, err: fs.ErrExist, want: "x"},
		{name: "over it", path: "out.csv", before: "xxxxxxxx", overwrite: true, rs: results, n: 2, want: "a\nb\n"},
		{name: "half a file is none", path: "out.csv", rs: broken, n: 1, err: errRead},
		{name: "what was there stays until all is written", path: "out.csv", before: "xxxx", overwrite: true, rs: broken, n: 1, err: errRead, want: "xxxx"},
		{name: "left in the middle", ctx: ended, path: "out.csv", rs: results, err: context.Canceled},
		{name: "no such folder", path: "no/out.csv", rs: results, err: fs.ErrNotExist},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.ctx == nil {
				tc.ctx = t.Context()
			}
			path := filepath.Join(t.TempDir(), tc.path)
			if tc.before != "" {
				if err := os.WriteFile(path, []byte(tc.before), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			n, err := x.Export(tc.ctx, path, tc.overwrite, tc.rs)
			if n != tc.n || !errors.Is(err, tc.err) {
				t.Errorf("Export = %d, %v; want %d, %v", n, err, tc.n, tc.err)
			}
			if got, _ := os.ReadFile(path); string(got) != tc.want {
				t.Errorf("the file holds %q, want %q", got, tc.want)
			}
			if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*.tmp")); err != nil || len(left) > 0 {
				t.Errorf("%v is left behind (%v)", left, err)
			}
		})
	}
	for _, path := range []string{"-", "out.txt"} {
		if _, err := x.Export(t.Context(), path, true, results); err == nil {
			t.Errorf("Export to %s succeeded, want an error", path)
		}
	}
}

// Which URLs are one page is for the recipe of the batch to say, wherever the
// batch comes from.
func TestJobsAreMadeForTheirRecipe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "list.txt")
	if err := os.WriteFile(file, []byte("http://one.test/\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	s := fakeSession()
	p := newPlanner(Deps{Recipes: func() []RecipeInfo { return nil }}, s, "page")
	check := func(jobs iter.Seq2[engine.Job, error], recipe string) {
		t.Helper()
		n := 0
		for j, err := range jobs {
			if n++; err != nil || !strings.HasPrefix(j.Fingerprint, recipe+" ") {
				t.Errorf("a job was made as %q, %v; want it for %s", j.Fingerprint, err, recipe)
			}
		}
		if n == 0 {
			t.Errorf("no job for %s", recipe)
		}
	}
	for _, spec := range []ui.Spec{
		{Text: "http://one.test/"},
		{Text: file, Recipe: "page"},
		{Text: "http://one.test/ http://two.test/", Recipe: "months"},
		{Text: "http://one.test 2025-11", Recipe: "months"},
	} {
		_, jobs, err := p.Plan(spec)
		if err != nil {
			t.Fatal(err)
		}
		check(jobs, cmp.Or(spec.Recipe, "page"))
	}
	for name, sources := range map[string][]string{"page": {file, "http://two.test/"}, "months": {"http://one.test"}} {
		r, err := s.Recipe(name)
		if err != nil {
			t.Fatal(err)
		}
		cfg := Config{}
		if name == "months" {
			cfg.Months = "2025-11"
		}
		ps, err := plans(cfg, s, r, sources, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, pl := range ps {
			check(pl.jobs(s), name)
			pl.halt()
		}
	}
}
