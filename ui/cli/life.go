package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"weir/engine"
)

// A life is what a run needs before it goes on, beside its file.
type life struct {
	app *app
	cfg *Config
	s   *Session
	k   *keeping

	kept    engine.Kept                   // what it had come to
	fields  map[engine.RecipeRef][]string // of its recipes
	plans   []*plan                       // lists that were not read to their end
	missing error                         // those that cannot be read any more
	begun   bool                          // the run is under way
}

// A loadedStore is a store whose state was looked at before its engine does.
type loadedStore struct {
	engine.Store
	kept engine.Kept
}

// Load implements [engine.Store].
func (l loadedStore) Load(context.Context, time.Time) (engine.Kept, error) { return l.kept, nil }

// live gives the settings that an operator can change while a run goes on the
// values that they had last, but for those that are given now.
func (l *life) live(given map[string]bool) {
	run := l.kept.Run
	if run == nil {
		return
	}
	if !given["workers"] && run.Workers > 0 {
		l.cfg.Workers = run.Workers
	}
	if !given["interval"] && run.Interval != 0 {
		l.cfg.Interval = max(run.Interval, 0) // below zero is none, which is zero to an operator
	}
}

// prepare makes the engine and whatever it will ask for.
func (l *life) prepare(fs *pflag.FlagSet) error {
	if err := l.recipes(); err != nil {
		return err
	}
	if err := l.sources(); err != nil {
		return err
	}
	if err := l.s.Begin(loadedStore{l.k.file, l.kept}); err != nil {
		return err
	}
	flags, err := keepFlags(fs)
	if err != nil {
		return err
	}
	for _, k := range l.k.about.Flags { // of another command
		if fs.Lookup(k.Name) == nil {
			flags = append(flags, k)
		}
	}
	if err := l.k.change(func(a *about) {
		a.Flags, a.State, a.Headless = flags, stateRunning, l.app.mode(*l.cfg) == headless
	}); err != nil {
		return &storeError{named(l.k.path, err)}
	}
	l.k.follow(l.plans, l.app.note)
	return nil
}

// recipes takes up the recipes of the batches, as they were.
func (l *life) recipes() error {
	l.fields = map[engine.RecipeRef][]string{}
	for i := range l.kept.Batches {
		b := &l.kept.Batches[i].Batch
		if b.Recipe == (engine.RecipeRef{}) {
			if err := l.adopt(&l.kept.Batches[i]); err != nil {
				return err
			}
		}
		if _, ok := l.fields[b.Recipe]; ok {
			continue
		}
		file := l.k.about.recipe(b.Recipe.Hash).File
		if file != "" {
			l.compare(file, b.Text)
		}
		r, err := l.s.Reuse(b.Recipe, b.Text, file)
		if err != nil && l.kept.Batches[i].Counts.Left() == 0 {
			l.fields[b.Recipe] = nil // nothing waits for it
			continue
		}
		if err != nil {
			return err
		}
		l.fields[b.Recipe] = r.Fields
	}
	return nil
}

// adopt gives a batch whose recipe was lost with a damaged file the one that
// the run began with, and lets it go on.
func (l *life) adopt(b *engine.KeptBatch) error {
	if b.Counts.Left() == 0 {
		return nil
	}
	r, err := l.s.Recipe(l.cfg.Recipe)
	if err != nil {
		return fmt.Errorf("batch %d %s has lost its recipe: %w", b.ID, b.Name, err)
	}
	if _, err := l.k.file.Change(context.Background(), engine.Selector{Batch: b.ID}, engine.Change{Kind: engine.ChangeResume}); err != nil {
		return &storeError{named(l.k.path, err)}
	}
	b.Recipe, b.Text, b.Paused = r.Ref, r.Text, engine.Paused{}
	l.app.note(fmt.Sprintf("batch %d %s has lost its recipe: it goes on with %s", b.ID, b.Name, r.Ref.Name))
	return nil
}

// compare says if the file of a recipe is not what it was any more.
func (l *life) compare(file, text string) {
	switch now, err := l.app.deps.RecipeText(file); {
	case err != nil:
		l.app.note(fmt.Sprintf("recipe %s cannot be read any more: the run goes on with what it was", near(file)))
	case string(now) != text:
		l.app.note(fmt.Sprintf("recipe %s has changed: the run goes on with what it was", near(file)))
	}
}

// sources opens the lists that were not read to their end.
func (l *life) sources() error {
	for i := range l.k.about.Sources {
		src := &l.k.about.Sources[i]
		if src.Done {
			continue
		}
		p := &plan{batch: engine.Batch{Name: src.Batch, Added: src.Added}, name: src.Batch, halt: func() {}}
		lines := 0
		for j := range l.kept.Batches {
			if b := &l.kept.Batches[j]; src.is(&b.Batch) {
				p.batch, p.fields, lines = b.Batch, l.fields[b.Recipe], b.Read
				src.Done = b.Mark != 0 // nobody wants the rest of a batch that was cancelled
			}
		}
		if src.Done {
			continue
		}
		switch {
		case src.URLs != "":
			p.in, p.skip = strings.NewReader(src.URLs), lines
		case src.File == "":
			l.app.note(fmt.Sprintf("%s cannot be read again: %s of it are kept, and whether there were more is not known", src.Batch, plural(lines, "line")))
			src.Done = true
			continue
		default:
			from, err := openList(near(src.File), nil)
			if err != nil {
				l.missing = errors.Join(l.missing, fmt.Errorf("%w; %s of it are kept", err, plural(lines, "line")))
				continue
			}
			p.name, p.in, p.halt, p.skip = from.name, from.in, from.halt, lines
			if src.changed() {
				l.app.note(fmt.Sprintf("%s has changed: it is read from its beginning, and what was in it before is a duplicate", from.name))
				p.skip = 0
			}
		}
		if p.batch.ID == 0 { // its first line had not been kept
			r, err := l.s.Recipe(src.Recipe)
			if err != nil {
				return err
			}
			p.use(r)
			l.fields[r.Ref] = r.Fields
		}
		l.plans = append(l.plans, p)
	}
	return nil
}

// changed reports whether the file of the list is another than it was.
func (k *keptSource) changed() bool {
	info, err := os.Stat(k.File)
	return err != nil || info.Size() != k.Size || !info.ModTime().Equal(k.Modified)
}

// near is a path as it is best written here: relative, if it is below the
// working directory.
func near(path string) string {
	if !filepath.IsAbs(path) {
		return path
	}
	dir, err := os.Getwd()
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(dir, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return path
	}
	return rel
}
