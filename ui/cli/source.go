package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"weir/engine"

	"github.com/muesli/cancelreader"
)

// A plan is a batch and its list before the engine has seen them.
type plan struct {
	batch  engine.Batch
	fields []string // of its recipe
	name   string   // of the list, in messages
	in     io.Reader
	halt   func() // ends a Read that waits, from any goroutine; at any time, more than once

	path string // of the list's file; empty: it has none
	urls string // the list itself, if it has neither file nor stdin
	skip int    // lines that an earlier life of the run took already
	read func() // told when the list was read to its end; nil: nobody wants to know
}

// use sets the recipe that the plan's pages are read with.
func (p *plan) use(r Recipe) { p.batch.Recipe, p.batch.Text, p.fields = r.Ref, r.Text, r.Fields }

// jobs reads the plan's list. It can be read once.
func (p *plan) jobs(s *Session) iter.Seq2[engine.Job, error] {
	return s.List(p.batch.Recipe, p.name, p.in)
}

// isURL tells a URL from the name of a file.
func isURL(s string) bool { return strings.Contains(s, "://") }

// plans makes batches of the SOURCEs of a command line: one of each file and
// of stdin, one of all the URLs together; with a recipe that has a template,
// one of each base. All files are open when it returns.
func plans(cfg Config, s *Session, r Recipe, sources []string, stdin io.Reader) (ps []*plan, err error) {
	defer func() {
		if err != nil {
			for _, p := range ps {
				p.halt()
			}
		}
	}()
	add := func(p *plan) {
		p.use(r)
		ps = append(ps, p)
	}
	if r.Template != "" {
		bases := sources
		if !strings.Contains(r.Template, "{base}") {
			if len(sources) > 0 {
				return nil, fmt.Errorf("%s: recipe %s has no {base} in its url", sources[0], r.Ref.Name)
			}
			bases = []string{""}
		}
		for _, base := range bases {
			p, err := expand(cfg, s, r, base)
			if err != nil {
				return ps, err
			}
			add(p)
		}
		return ps, nil
	}
	if cfg.Months != "" {
		return nil, fmt.Errorf("--months: recipe %s has no {month} in its url", r.Ref.Name)
	}
	var urls []string
	for _, src := range sources {
		if isURL(src) {
			urls = append(urls, src)
			continue
		}
		p, err := openList(src, stdin)
		if err != nil {
			return ps, err
		}
		add(p)
	}
	if len(urls) > 0 {
		name := fmt.Sprintf("%d URLs", len(urls))
		if len(urls) == 1 {
			name = urls[0]
		}
		p, err := listed(s, r, name, urls)
		if err != nil {
			return ps, err
		}
		add(p)
	}
	return ps, nil
}

// expand fills the recipe's template with one base.
func expand(cfg Config, s *Session, r Recipe, base string) (*plan, error) {
	monthly := r.monthly()
	switch {
	case monthly && cfg.Months == "":
		return nil, fmt.Errorf("recipe %s wants months, such as 2025-11+6 (--months)", r.Ref.Name)
	case !monthly && cfg.Months != "":
		return nil, fmt.Errorf("--months: recipe %s has no {month} in its url", r.Ref.Name)
	case strings.Contains(r.Template, "{base}") && !isURL(base):
		return nil, fmt.Errorf("%s: recipe %s wants the URL that stands for {base}", base, r.Ref.Name)
	}
	urls, err := r.Expand(base, cfg.Months)
	if err != nil {
		return nil, err
	}
	name := r.Ref.Name
	switch {
	case monthly:
		name = cfg.Months
	case base != "":
		name = base
	}
	return listed(s, r, name, urls)
}

// listed is a plan over URLs of the command line, all of which must be good.
func listed(s *Session, r Recipe, name string, urls []string) (*plan, error) {
	text := strings.Join(urls, "\n")
	const list = "SOURCE"
	for _, err := range s.List(r.Ref, list, strings.NewReader(text)) {
		if err != nil {
			if line, ok := s.Lines(err); ok { // as a list shows it: short, and without a password
				return nil, errors.New(strings.TrimPrefix(err.Error(), fmt.Sprintf("%s:%d: ", list, line)))
			}
			return nil, err
		}
	}
	return &plan{
		batch: engine.Batch{Name: name},
		name:  name,
		in:    strings.NewReader(text),
		halt:  func() {},
		urls:  text,
	}, nil
}

// errNoList is what names neither a list nor a URL.
var errNoList = errors.New("no such file (a URL begins with http:// or https://)")

// openList opens a list: a file, or stdin for "-".
func openList(src string, stdin io.Reader) (*plan, error) {
	if src == "-" {
		p := &plan{batch: engine.Batch{Name: "stdin"}, name: "stdin", in: stdin, halt: func() {}}
		// Files that are always ready, such as a list behind <, cannot be
		// waited for and are refused; they need no cancelling either.
		if in, err := cancelreader.NewReader(stdin); err == nil {
			p.in, p.halt = in, func() { in.Cancel() }
		}
		return p, nil
	}
	f, err := os.Open(src)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", cmp.Or(src, `""`), errNoList)
	}
	if err != nil {
		return nil, pathError(err)
	}
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		f.Close()
		if err != nil {
			return nil, pathError(err)
		}
		return nil, fmt.Errorf("%s: is a directory", src)
	}
	lines := 0
	if info.Mode().IsRegular() {
		lines = aboutLines(f, info.Size())
	}
	return &plan{
		batch: engine.Batch{Name: filepath.Base(src), Lines: lines},
		name:  src,
		in:    f,
		halt:  func() { f.Close() },
		path:  src,
	}, nil
}

// aboutLines returns about how many lines a file of size bytes has: exactly, if
// it is short.
func aboutLines(f io.ReaderAt, size int64) int {
	head := make([]byte, min(size, 64<<10))
	n, _ := f.ReadAt(head, 0) // what is wrong with the file is said when it is read
	if n == 0 {
		return 0
	}
	lines := bytes.Count(head[:n], []byte("\n"))
	if int64(n) == size && head[n-1] != '\n' {
		lines++
	}
	return int(float64(lines) * float64(size) / float64(n))
}

// strict reads the whole of every list and returns the first bad line as an
// error. The plans can be read again afterwards.
func strict(s *Session, ps []*plan) error {
	for _, p := range ps {
		text, err := io.ReadAll(p.in)
		if err != nil {
			return pathError(err)
		}
		for _, err := range s.List(p.batch.Recipe, p.name, bytes.NewReader(text)) {
			if err != nil {
				return err
			}
		}
		p.in = bytes.NewReader(text)
	}
	return nil
}

// A tally is what reading the lists came to.
type tally struct {
	jobs int // URLs that became jobs
	bad  int // lines that did not
}

// mostLines is how many bad lines are shown; the others are only counted.
const mostLines = 20

// firstLines is how many lines are read before the first frame of a screen is
// drawn: as many as it can show. To read 10,000 and to keep them in a file takes
// both cores for as long as that frame does.
const firstLines = 100

// feed adds the plans to the engine, one after the other, until ctx ends; what
// comes after firstLines once rest is closed, if it is not nil. note is told of
// bad lines, and of a list that could not be read to its end: what was read of it
// runs, and the error is returned after the others were added.
func feed(ctx context.Context, s *Session, ps []*plan, rest <-chan struct{}, note func(string)) (tally, error) {
	var t tally
	lines := 0
	var broken error
	for _, p := range ps {
		whole := true
		jobs := func(yield func(engine.Job, error) bool) {
			n := 0
			for j, err := range p.jobs(s) {
				if err != nil {
					if _, ok := s.Lines(err); !ok {
						broken, whole = errors.Join(broken, err), false
						return
					}
				}
				if lines++; lines > firstLines && rest != nil {
					select {
					case <-rest:
					case <-ctx.Done():
					}
				}
				if n++; n <= p.skip {
					continue
				}
				if err != nil {
					if t.bad++; t.bad <= mostLines {
						note(plainText(err.Error()))
					}
				}
				if !yield(j, err) {
					return
				}
			}
		}
		added, err := s.Engine.Add(ctx, p.batch, jobs)
		p.halt()
		t.jobs += added.New + p.skip
		if p.read != nil && whole && err == nil && ctx.Err() == nil {
			p.read()
		}
		if ctx.Err() != nil {
			return t, nil // whoever ended it knows why
		}
		if err != nil {
			return t, err
		}
	}
	if more := t.bad - mostLines; more > 0 {
		note(fmt.Sprintf("and %d more bad lines", more))
	}
	if t.jobs == 0 && t.bad > 0 && broken == nil {
		return t, fmt.Errorf("no line of %s is a URL", ps[len(ps)-1].name)
	}
	return t, broken
}
