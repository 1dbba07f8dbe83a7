package scrape

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"weir/engine"
)

// Kept are the pages of a [Keep]'s directory, each URL as it was fetched last.
// It is only read, and may be at work meanwhile.
type Kept struct {
	dir   string
	out   unpacker
	pages []keptPage // in the order in which their URLs were fetched first

	mu      sync.Mutex
	recipes map[string]*Recipe // by the hash of their text; nil: cannot be read
}

type keptPage struct {
	entry
	hash [32]byte
}

// OpenKept reads the index of a directory. It returns an error if there is
// none.
func OpenKept(dir string) (*Kept, error) {
	k := &Kept{dir: dir, recipes: make(map[string]*Recipe)}
	at := make(map[string]int)
	var err error
	if k.out, err = newUnpacker(); err != nil {
		return nil, err
	}
	err = readIndex(filepath.Join(dir, "index.jsonl"), func(e entry, hash [32]byte) error {
		i, ok := at[e.URL]
		if !ok {
			i = len(k.pages)
			at[e.URL] = i
			k.pages = append(k.pages, keptPage{})
		}
		k.pages[i] = keptPage{e, hash}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("scrape: %s: no index.jsonl in it: want a directory of --keep-bodies", dir)
	}
	return k, err
}

// Len returns how many pages there are.
func (k *Kept) Len() int { return len(k.pages) }

// Only leaves the pages that were fetched for a recipe of that name. With the
// empty name it leaves all of them if they are of one recipe, or else those of
// the recipe called other. The error, if nothing is left, says which there are.
func (k *Kept) Only(name, other string) error {
	of := make(map[string]int)
	for _, p := range k.pages {
		of[p.Recipe]++
	}
	if name == "" && len(of) <= 1 {
		return nil
	}
	want := cmp.Or(name, other)
	if of[want] == 0 && len(k.pages) > 0 {
		var have []string
		for _, n := range slices.Sorted(maps.Keys(of)) {
			have = append(have, fmt.Sprintf("%s (%d)", clip(n, maxName), of[n]))
		}
		return fmt.Errorf("scrape: %s: no pages of recipe %q: there are those of %s", k.dir, clip(want, maxShown), strings.Join(have, ", "))
	}
	k.pages = slices.DeleteFunc(k.pages, func(p keptPage) bool { return p.Recipe != want })
	return nil
}

// A Reread is a page read again.
type Reread struct {
	Result engine.Result

	// Before are the records that the recipe of then finds on the page, and
	// Known says whether it could be run: it is kept beside the bodies, and
	// what it finds is what it found.
	Before []engine.Record
	Known  bool
	same   bool // it is the recipe of now
}

// Reread runs r over page i, from 0. Nothing is fetched. The times, status and
// URLs of the result are those of the page; a body that is gone or broken is a
// failed one. With compare the recipe of then is run as well. Of cfg, Timeout
// (of one recipe) and MaxBody matter.
//
// Any number of goroutines may call it.
func (k *Kept) Reread(ctx context.Context, i int, r *Recipe, cfg Config, compare bool) Reread {
	from := time.Now()
	p := &k.pages[i]
	out := Reread{Result: engine.Result{
		URL: p.Job, Outcome: engine.Failed, Status: p.Status, Bytes: p.Bytes, FetchedAt: p.At,
	}}
	res := &out.Result
	if p.URL != p.Job {
		res.Final = p.URL
	}
	fail := func(class engine.Class, err error) Reread {
		res.Class, res.Error, res.Elapsed = class, words(err), time.Since(from)
		return out
	}
	t, err := parseTarget(p.URL)
	if err != nil {
		return fail(engine.Extract, err)
	}
	res.Host = t.host
	body, err := k.out.body(k.dir, p.hash, p.Bytes, cfg.MaxBody)
	if named, ok := errors.AsType[*os.PathError](err); ok {
		err = fmt.Errorf("kept body: %w", named.Err)
	}
	if known, ok := errors.AsType[*fault](err); ok {
		return fail(known.class, err)
	} else if err != nil {
		return fail(engine.Decode, err)
	}
	run := func(r *Recipe) (*engine.Result, Extraction, error) {
		page := Page{URL: t.base(), Body: r.Decode(body, p.Type), ContentType: p.Kind, Depth: p.Depth}
		ctx, cancel := context.WithTimeoutCause(ctx, cfg.Timeout, errTimeout)
		defer cancel()
		return p.read(ctx, r, t, page)
	}
	if p.Version == r.hash {
		out.same = compare
	} else if old := k.recipe(p.Version); compare && old != nil {
		if was, _, err := run(old); err == nil {
			out.Before, out.Known = was.Records, true
		}
	}
	found, got, err := run(r)
	if errors.Is(err, errTimeout) {
		return fail(engine.Timeout, fmt.Errorf("no result within %v", cfg.Timeout))
	}
	if err != nil {
		return fail(extractClass(err), err)
	}
	res.Outcome, res.Elapsed = engine.OK, time.Since(from)
	if got.Empty {
		res.Outcome, res.Error = engine.Empty, got.Why
	}
	if out.same {
		out.Before, out.Known = found.Records, true
	}
	res.Title, res.Records, res.Findings, res.Fill = got.Title, found.Records, found.Findings, got.fill()
	return out
}

// read extracts the page by r as a run would: by the part of it that is for
// pages found in this way, and with the fields of the row that it joins, as they
// were when its link was found.
func (p *keptPage) read(ctx context.Context, r *Recipe, t target, page Page) (*engine.Result, Extraction, error) {
	a := &attempt{s: new(Scraper), t: t, r: engine.Request{URL: p.URL, Job: engine.Job{URL: p.Job, Depth: p.Depth, Carry: p.Carry}}}
	var err error
	if a.trail, err = r.trail(a.r.Job); err != nil {
		return nil, Extraction{}, err
	}
	if r.anchored && len(a.trail.From) == 0 {
		a.trail.begin(p.Job, t.href)
	}
	page.trail = a.trail
	got, err := safely(func() (Extraction, error) { return r.Extract(ctx, page) })
	if err == nil {
		err = a.walk(r, got)
	}
	return &a.result, got, err
}

// recipe returns the recipe of then; nil if it cannot be read any more.
func (k *Kept) recipe(version string) *Recipe {
	k.mu.Lock()
	defer k.mu.Unlock()
	r, ok := k.recipes[version]
	if !ok {
		if text, err := readRecipe(filepath.Join(k.dir, "recipes", version+".yaml")); err == nil {
			r, _ = ParseRecipe("kept.yaml", text)
		}
		k.recipes[version] = r
	}
	return r
}
