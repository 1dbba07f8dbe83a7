package cli

import (
	"cmp"
	"context"
	"os"
	"os/signal"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"weir/ui"
)

// keep makes the file that a new run is kept in; nil if it is to be kept
// nowhere. On a screen, the operator may rather go on with an old run: that is
// done then, and taken says so.
func (a *app) keep(cmd *cobra.Command, cfg Config, name string, sources []string, ps []*plan) (k *keeping, taken bool, err error) {
	if a.deps.Runs == nil || cfg.NoStore {
		return nil, false, nil
	}
	ab, err := a.about(cmd, cfg, name, sources, ps)
	if err != nil {
		return nil, false, err
	}
	if cfg.Store == "" {
		if taken, err := a.offer(cmd.Context(), cfg, ab); taken || err != nil {
			return nil, true, err
		}
	}
	if k, err = create(a.deps.Runs, cfg.Store, ab); err != nil {
		return nil, false, err
	}
	k.follow(ps, a.note)
	return k, false, nil
}

// keepDemo is keep for the demo, whose site nobody can go back to.
func (a *app) keepDemo(cmd *cobra.Command, cfg Config, ps []*plan) (*keeping, error) {
	if a.deps.Runs == nil || cfg.Store == "" {
		return nil, nil
	}
	ab, err := a.about(cmd, cfg, "demo", nil, ps)
	if err != nil {
		return nil, err
	}
	k, err := create(a.deps.Runs, cfg.Store, ab)
	if err != nil {
		return nil, err
	}
	k.follow(ps, a.note)
	return k, nil
}

// about is what is kept of a command line. It gives each plan the time by which
// its batch is known again.
func (a *app) about(cmd *cobra.Command, cfg Config, name string, sources []string, ps []*plan) (about, error) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	ab := about{
		Version: a.deps.Version, Name: name, Headless: a.mode(cfg) == headless, State: stateRunning, Started: now,
	}
	var err error
	if ab.Dir, err = absolute("."); err != nil {
		return ab, err
	}
	if ab.Flags, err = keepFlags(cmd.Flags()); err != nil {
		return ab, err
	}
	ab.Words = words(cmd.CommandPath(), ab.Flags, sources)
	recipe := cfg.Recipe
	if isRecipeFile(recipe) {
		if recipe, err = absolute(recipe); err != nil {
			return ab, err
		}
	}
	for i, p := range ps {
		p.batch.Added = now.Add(time.Duration(i) * time.Millisecond)
		of := recipe
		if !isRecipeFile(of) {
			of = p.batch.Recipe.Name // each of the demo's has its own
		}
		src, err := p.source(of)
		if err != nil {
			return ab, err
		}
		ab.Sources = append(ab.Sources, src)
		hash := p.batch.Recipe.Hash
		if slices.ContainsFunc(ab.Recipes, func(k keptRecipe) bool { return k.Hash == hash }) {
			continue
		}
		k := keptRecipe{Hash: hash, Fields: p.fields}
		if isRecipeFile(recipe) {
			k.File = recipe
		}
		ab.Recipes = append(ab.Recipes, k)
	}
	return ab, nil
}

// follow makes the plans tell k when they were read.
func (k *keeping) follow(ps []*plan, note func(string)) {
	for _, p := range ps {
		p.read = func() {
			if err := k.read(p.batch.Name, p.batch.Added); err != nil {
				note(err.Error()) // the engine will say so too
			}
		}
	}
}

// offer looks for a run that was not finished and is about the same lists, or
// about anything if there are none now. On a screen the operator is asked
// whether to go on with it, which is done then; else a note says how to. taken
// says that no new run is wanted.
func (a *app) offer(ctx context.Context, cfg Config, ab about) (taken bool, err error) {
	old, more := a.unfinished(ab)
	if old == nil {
		return false, nil
	}
	if a.mode(cfg) != screen {
		if len(ab.Sources) > 0 || a.mode(cfg) == plain {
			a.note("run " + old.name + " is about the same and has not ended: weir resume " + quoted(old.name) + " goes on with it")
		}
		return false, nil
	}
	asking, stop := signal.NotifyContext(ctx, stopSignals...)
	defer stop()
	giveBack := keepTitle(a.stdout)
	answer, err := a.offerOf(cfg, old, more).Ask(asking, tea.WithoutSignalHandler())
	giveBack()
	switch {
	case asking.Err() != nil:
		a.code = exitCancelled
		return true, nil
	case err != nil:
		return true, err
	}
	stop()
	switch answer {
	case ui.AnswerNew:
		return false, nil
	case ui.AnswerResume:
		now := defaultConfig()
		fs := pflag.NewFlagSet("resume", pflag.ContinueOnError)
		for _, add := range []flagSet{sourceFlags, runFlags, storeFlags, fetchFlags, fileFlags} {
			add(&now, fs)
		}
		if err := fs.Parse(a.args); err != nil { // it went well before
			return true, err
		}
		return true, a.takeUp(ctx, fs, &now, old)
	}
	return true, nil
}

// offerOf returns the question about an old run, with the keys of the screen that
// comes after it and in its colours: the theme that is named, else the one that
// was kept.
func (a *app) offerOf(cfg Config, old *summary, more int) ui.Offer {
	var screen ui.Deps
	a.remember(&screen)
	return ui.Offer{
		Run: old.name, At: old.modified, Left: old.counts.Left(), Of: old.counts.Submitted, Sources: old.about.subject(), More: more,
		ASCII: cfg.ASCII || !utf8Locale(), Theme: cmp.Or(cfg.Theme, screen.Look.Theme),
		Keys: cfg.Keys, NoMouse: screen.Look.NoMouse,
	}
}

// offeredRuns is how many of the newest runs are looked into for one to offer:
// that comes before the first frame.
const offeredRuns = 20

// unfinished returns the newest run that could go on and that ab is about too,
// and how many others of the last offeredRuns could.
func (a *app) unfinished(ab about) (newest *summary, more int) {
	all, err := a.deps.Runs.newest(offeredRuns)
	if err != nil {
		return nil, 0 // making the new one will say why
	}
	for i := range all {
		s := &all[i]
		if !s.canGoOn() || len(ab.Sources) > 0 && !s.about.same(ab.Sources) {
			continue
		}
		if newest == nil {
			newest = s
		} else {
			more++
		}
	}
	return newest, more
}

// source is what is kept of a plan.
func (p *plan) source(recipe string) (keptSource, error) {
	k := keptSource{Batch: p.batch.Name, Added: p.batch.Added, URLs: p.urls, Recipe: recipe}
	if p.path == "" {
		return k, nil
	}
	var err error
	if k.File, err = absolute(p.path); err != nil {
		return k, err
	}
	if info, err := os.Stat(k.File); err == nil && info.Mode().IsRegular() {
		k.Size, k.Modified = info.Size(), info.ModTime()
	}
	return k, nil
}

// same reports whether two runs are about the same lists. What comes from stdin
// is always another.
func (a *about) same(sources []keptSource) bool {
	if len(a.Sources) != len(sources) {
		return false
	}
	for i := range sources {
		was, is := &a.Sources[i], &sources[i]
		if is.File == "" && is.URLs == "" || was.File != is.File || was.URLs != is.URLs || was.Batch != is.Batch || was.Recipe != is.Recipe {
			return false
		}
	}
	return true
}
