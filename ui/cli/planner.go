package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"weir/engine"
	"weir/ui"
)

// A planner makes batches of what is typed into the screen's form.
type planner struct {
	s     *Session
	names []string // of recipes, the run's own first

	mu    sync.Mutex
	files map[time.Time]keptSource // lists in files, by the time that their batch has
}

func newPlanner(d Deps, s *Session, first string) *planner {
	p := &planner{s: s, names: []string{first}, files: map[time.Time]keptSource{}}
	for _, r := range d.Recipes() {
		if r.Name != first {
			p.names = append(p.names, r.Name)
		}
	}
	return p
}

// Recipes implements [ui.Planner].
func (p *planner) Recipes() []string { return p.names }

// Plan implements [ui.Planner].
func (p *planner) Plan(spec ui.Spec) (engine.Batch, iter.Seq2[engine.Job, error], error) {
	name := spec.Recipe
	if name == "" {
		name = p.names[0]
	}
	r, err := p.s.Recipe(name)
	if err != nil {
		return engine.Batch{}, nil, err
	}
	b := engine.Batch{Recipe: r.Ref, Text: r.Text, Priority: spec.Priority, Interval: spec.Interval}
	text := strings.TrimSpace(spec.Text)
	switch {
	case text == "", begins(text):
		return b, nil, ui.ErrNoURL
	case r.Template != "" && !isList(text):
		return p.template(b, r, strings.Fields(text))
	case r.Template == "" && isMonths(text):
		return b, nil, fmt.Errorf("recipe %s has no {month} in its url%s", r.Ref.Name, p.monthly())
	case !isURL(text) && !strings.ContainsAny(text, "\r\n"):
		return p.file(b, text)
	}
	return p.urls(b, text)
}

// template fills a recipe's template: BASE, or BASE and months.
func (p *planner) template(b engine.Batch, r Recipe, words []string) (engine.Batch, iter.Seq2[engine.Job, error], error) {
	if !strings.Contains(r.Template, "{base}") {
		words = append([]string{""}, words...)
	}
	cfg := Config{}
	if len(words) == 2 {
		cfg.Months = words[1]
	}
	if len(words) > 2 {
		return b, nil, fmt.Errorf("recipe %s wants a base URL and months, such as https://example.org 2025-11+6", r.Ref.Name)
	}
	pl, err := expand(cfg, p.s, r, words[0])
	if err != nil {
		return b, nil, err
	}
	text, err := io.ReadAll(pl.in)
	if err != nil {
		return b, nil, err
	}
	b.Name = pl.batch.Name
	return b, p.s.again(b.Recipe, pl.name, string(text)), nil
}

// file reads a list from a file, which is opened anew each time.
func (p *planner) file(b engine.Batch, path string) (engine.Batch, iter.Seq2[engine.Job, error], error) {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			path = filepath.Join(home, rest)
		}
	}
	if path == "-" {
		return b, nil, errors.New("-: stdin is read at the start only")
	}
	pl, err := openList(path, nil)
	if err != nil {
		return b, nil, err
	}
	pl.halt()
	b.Name, b.Lines, b.Added = pl.batch.Name, pl.batch.Lines, time.Now().UTC().Round(0)
	pl.batch = b
	src, err := pl.source(b.Recipe.Name)
	if err != nil {
		return b, nil, err
	}
	p.mu.Lock()
	p.files[b.Added] = src
	p.mu.Unlock()
	return b, func(yield func(engine.Job, error) bool) {
		pl, err := openList(path, nil)
		if err != nil {
			yield(engine.Job{}, err)
			return
		}
		defer pl.halt()
		pl.batch.Recipe = b.Recipe
		pl.jobs(p.s)(yield)
	}, nil
}

// source returns the list that a batch of Plan is made of, if it has a file.
func (p *planner) source(b *engine.Batch) (keptSource, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	src, ok := p.files[b.Added]
	return src, ok
}

// A listKeeper notes which files batches are made of while they are read, so
// that the next life of the run can read on.
type listKeeper struct {
	Engine
	p    *planner
	keep *keeping
}

// controller returns what a screen steers the run by.
func (r *run) controller(p *planner) engine.Controller {
	if r.keep == nil {
		return r.s.Engine
	}
	return listKeeper{r.s.Engine, p, r.keep}
}

// Add implements [engine.Controller].
func (l listKeeper) Add(ctx context.Context, b engine.Batch, jobs iter.Seq2[engine.Job, error]) (engine.Added, error) {
	src, ok := l.p.source(&b)
	if !ok {
		return l.Engine.Add(ctx, b, jobs)
	}
	if err := l.keep.change(func(a *about) { a.Sources = append(a.Sources, src) }); err != nil {
		return engine.Added{}, err
	}
	added, err := l.Engine.Add(ctx, b, jobs)
	if err == nil || added.Batch == 0 {
		err = errors.Join(err, l.keep.read(b.Name, b.Added))
	}
	return added, err
}

// begins reports whether text is the begin of a URL, as it stands there while
// one is typed, and no file.
func begins(text string) bool {
	if !strings.HasPrefix("http://", text) && !strings.HasPrefix("https://", text) {
		return false
	}
	_, err := os.Stat(text)
	return err != nil
}

// isMonths reports whether text is a URL and a range of months.
func isMonths(text string) bool {
	words := strings.Fields(text)
	if len(words) != 2 || !isURL(words[0]) {
		return false
	}
	month, _, _ := strings.Cut(words[1], "+")
	_, err := time.Parse("2006-01", month)
	return err == nil
}

// monthly names a recipe that takes months, as the end of a sentence.
func (p *planner) monthly() string {
	for _, name := range p.names {
		if r, err := p.s.Recipe(name); err == nil && r.monthly() {
			return ": choose one that has, such as " + name
		}
	}
	return ""
}

// isList reports whether text is more than one URL, which fills no template.
func isList(text string) bool {
	words := strings.Fields(text)
	return len(words) > 1 && isURL(words[0]) && isURL(words[1])
}

// urls reads text as URLs apart by any white space; a line that begins with #
// is a comment. A bad one is named by its line in the text, which may end in
// LF, CR or both.
func (p *planner) urls(b engine.Batch, text string) (engine.Batch, iter.Seq2[engine.Job, error], error) {
	var urls []string
	var lines []int // of each URL, from 1
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for url := range strings.FieldsSeq(line) {
			urls, lines = append(urls, url), append(lines, n)
		}
	}
	if len(urls) == 0 {
		return b, nil, ui.ErrNoURL
	}
	return b, func(yield func(engine.Job, error) bool) {
		for j, err := range p.s.again(b.Recipe, "URL", strings.Join(urls, "\n")) {
			if i, ok := p.s.Lines(err); ok && i <= len(urls) {
				err = badLine{lines[i-1], urls[i-1], err}
			}
			if !yield(j, err) {
				return
			}
		}
	}, nil
}

// A badLine is a bad URL of the form, which has no file to name.
type badLine struct {
	line int
	url  string
	err  error
}

func (e badLine) Error() string {
	why := e.err
	if inner := errors.Unwrap(why); inner != nil {
		why = inner
	}
	return fmt.Sprintf("line %d: %s: %v", e.line, e.url, why)
}

func (e badLine) Unwrap() error { return e.err }

// again is a list in memory that can be read more than once.
func (s *Session) again(r engine.RecipeRef, name, text string) iter.Seq2[engine.Job, error] {
	return func(yield func(engine.Job, error) bool) {
		s.List(r, name, strings.NewReader(text))(yield)
	}
}

// An exporter writes what the screen shows to a file.
type exporter struct {
	d   Deps
	ctl engine.Controller
}

// Export implements [ui.Exporter]. The file is there when it is whole: until
// then, and if that fails, there is what was there before.
func (x exporter) Export(ctx context.Context, path string, overwrite bool, rs iter.Seq2[engine.Result, error]) (n int, err error) {
	if path == "-" {
		return 0, errors.New("-: want a file that ends in .jsonl or .csv")
	}
	if err := x.d.CanWrite(path); err != nil {
		return 0, err
	}
	if _, err := os.Stat(path); err == nil && !overwrite {
		return 0, fs.ErrExist
	}
	f, err := writeAnew(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = f.done(err) }()
	rows, err := x.d.Results(f, path, batchNames(x.ctl))
	if err != nil {
		return 0, err
	}
	for r, err := range rs {
		if err != nil {
			return n, err
		}
		if ctx.Err() != nil {
			return n, context.Cause(ctx)
		}
		if err := rows.Write(r); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Flush()
}
