package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"weir/engine"
)

// resume goes on with a run of before.
func (a *app) resume() *cobra.Command {
	cfg := defaultConfig()
	cmd := &cobra.Command{
		Use:   "resume [RUN]",
		Short: "Go on with a run that was left or killed, where it was",
		Long: "resume goes on with RUN, a number of \"weir runs\" or the file of --store; without one, with the newest that has not ended. " +
			"Batches, pauses, retries, the pace and blocks of hosts, and what was fetched already are as they were; " +
			"what was under way is fetched again.\n\n" +
			"The settings are those it began with. A flag that is given now goes before them; a secret that was typed has to be given again. " +
			"Recipes are those it began with, whatever their files say now.",
		Example: `
# the one that was left last
weir resume
# more slowly
weir resume 7 -i 5s`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeRun(1, func(s *summary) bool { return s.canGoOn() }),
		RunE: func(cmd *cobra.Command, args []string) error {
			found, err := a.pick(args, (*summary).canGoOn, "is left to go on with")
			if err != nil {
				return err
			}
			return a.takeUp(cmd.Context(), cmd.Flags(), &cfg, found)
		},
	}
	flags(cmd, &cfg, runFlags, fetchFlags, fileFlags)
	return cmd
}

// retry fetches again what did not go well.
func (a *app) retry() *cobra.Command {
	cfg := defaultConfig()
	outcomes := []engine.Outcome{engine.Failed}
	cmd := &cobra.Command{
		Use:   "retry [RUN]",
		Short: "Fetch again what failed in a run",
		Long: "retry puts the URLs of RUN that ended in one of the outcomes back to those that wait, and goes on with it as \"weir resume\" does. " +
			"Without RUN it is the newest that has any. " +
			"In files of results their new rows come behind the old ones; \"weir export\" writes the newest only.",
		Example: `
# what failed in the newest run in which something did
weir retry
weir retry 7 --outcome failed,empty
# what was cancelled after all
weir retry 7 --outcome cancelled`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeRun(1, func(s *summary) bool { return s.err == nil && s.holder == nil }),
		RunE: func(cmd *cobra.Command, args []string) error {
			some := func(s *summary) bool { return s.err == nil && s.holder == nil && s.has(outcomes) }
			found, err := a.pick(args, some, "has anything that is "+outcomeNames(outcomes, " or "))
			if err != nil {
				return err
			}
			n, err := a.putBack(cmd.Context(), found, outcomes, a.mode(cfg))
			if err != nil {
				return a.left(err)
			}
			if n == 0 {
				a.note(fmt.Sprintf("%s has nothing that is %s", found.label(), outcomeNames(outcomes, " or ")))
				return nil
			}
			a.note(fmt.Sprintf("%s: %s again", found.label(), plural(n, "URL")))
			if found, err = a.pick([]string{found.name}, nil, ""); err != nil {
				return err
			}
			return a.takeUp(cmd.Context(), cmd.Flags(), &cfg, found)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().Var(&outcomeList{to: &outcomes, of: []engine.Outcome{engine.Failed, engine.Empty, engine.Cancelled}}, "outcome", "which: failed, empty or cancelled; may be several")
	flags(cmd, &cfg, runFlags, fetchFlags, fileFlags)
	return cmd
}

// putBack makes jobs of a run wait again, and returns how many.
func (a *app) putBack(ctx context.Context, s *summary, outcomes []engine.Outcome, m mode) (n int, err error) {
	file, err := a.openRun(ctx, s, m)
	if err != nil {
		return 0, err
	}
	defer func() {
		if cerr := file.Close(); cerr != nil {
			err = errors.Join(err, &storeError{named(s.path, cerr)})
		}
	}()
	var changes []engine.Change
	if slices.Contains(outcomes, engine.Cancelled) {
		changes = append(changes, engine.Change{Kind: engine.ChangeRestore})
	}
	if ended := slices.DeleteFunc(slices.Clone(outcomes), func(o engine.Outcome) bool { return o == engine.Cancelled }); len(ended) > 0 {
		changes = append(changes, engine.Change{Kind: engine.ChangeRetry, Outcomes: ended, At: time.Now()})
	}
	for _, ch := range changes {
		done, err := file.Change(ctx, engine.Selector{All: true}, ch)
		if err != nil && !errors.Is(err, engine.ErrNothing) {
			return n, &storeError{named(s.path, err)}
		}
		for _, c := range done.Batches {
			n += c.Left() + c.Ended()
		}
	}
	if n == 0 {
		return 0, nil
	}
	k := &keeping{file: file}
	if k.about, err = readAbout(file.About()); err == nil {
		err = k.change(func(a *about) { a.State = stateInterrupted })
	}
	if err != nil {
		return n, &storeError{named(s.path, err)}
	}
	return n, nil
}

// openRun opens a run to work on it. It says how far it is if that takes long,
// and a signal ends it with [errInterrupted]: the run is as it was then.
func (a *app) openRun(ctx context.Context, s *summary, m mode) (RunFile, error) {
	ctx, stop := signal.NotifyContext(ctx, stopSignals...)
	defer stop()
	defer context.AfterFunc(ctx, stop)() // the second signal does what it does to any program
	jobs := s.counts.Submitted - s.counts.Duplicate - s.counts.Invalid
	o := newOpening(a.stderr, s.label(), jobs, m != plain && isTerminal(a.stderr) && !dumb())
	defer o.done()
	file, err := a.deps.Runs.Open(ctx, s.path, o.reads)
	if ctx.Err() != nil {
		left := fmt.Errorf("%s: %w while it was opened: it is as it was", s.label(), errInterrupted)
		if err == nil {
			return nil, errors.Join(left, file.Close())
		}
		return nil, left
	}
	if held, ok := errors.AsType[*HeldError](err); ok {
		return nil, fmt.Errorf("%s is worked on: %v", s.label(), held.Holder)
	}
	if err != nil {
		return nil, &storeError{named(s.path, err)}
	}
	return file, nil
}

// left returns err, unless it says that a signal came: that is no error of the
// operator's.
func (a *app) left(err error) error {
	if !errors.Is(err, errInterrupted) {
		return err
	}
	a.code = exitCancelled
	a.note(err.Error())
	return nil
}

// takeUp goes on with a run. What fs was given goes before what was kept.
func (a *app) takeUp(ctx context.Context, fs *pflag.FlagSet, cfg *Config, found *summary) (err error) {
	given := changed(fs)
	if given["config"] {
		if err := settleFile(fs, allFlags(), given, cfg.File); err != nil {
			return err
		}
		given = changed(fs)
	}
	if err := errors.Join(restore(fs, found.about.Flags, os.Getenv), settle(fs, os.Getenv), cfg.checkPairs()); err != nil {
		return err
	}
	if !given["headless"] && found.about.Headless {
		cfg.Headless = true
	}
	cfg.Recipe = cmp.Or(keptText(found.about.Flags, "recipe"), cfg.Recipe) // what a screen's form offers first
	cfg.Output, cfg.Records, cfg.Keep = near(cfg.Output), near(cfg.Records), near(cfg.Keep)
	mode := a.mode(*cfg)
	cfg.GiveUp = mode == headless
	if err := checkOutput(a.deps, *cfg); err != nil {
		return err
	}
	if found.state == stateFinished && mode == headless {
		a.note(fmt.Sprintf("%s has ended: %s", found.label(), found.said()))
		a.note((&keeping{name: found.name}).more(found.counts.Failed > 0, true))
		return nil
	}
	past := a.past()
	cfg.Fill = past.before()
	file, err := a.openRun(ctx, found, mode)
	if err != nil {
		return a.left(err)
	}
	l := &life{app: a, cfg: cfg, k: &keeping{runs: a.deps.Runs, file: file, path: found.path, name: found.name}}
	defer func() {
		if !l.begun {
			err = errors.Join(err, file.Close())
		}
	}()
	if l.k.about, err = readAbout(file.About()); err != nil {
		return &storeError{named(found.path, err)}
	}
	if l.kept, err = file.Load(ctx, time.Now()); err != nil {
		return &storeError{named(found.path, err)}
	}
	l.live(given)
	if l.s, err = a.deps.Start(*cfg); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.s.Close()) }()
	if err := l.prepare(fs); err != nil {
		return err
	}
	for _, flag := range []string{"output", "records"} {
		was, is := keptText(found.about.Flags, flag), keptText(l.k.about.Flags, flag)
		if given[flag] && was != "" && was != is {
			a.note(fmt.Sprintf("--%s: %s has the results so far too; %s is left as it is", flag, fs.Lookup(flag).Value, near(was)))
		}
	}
	r := &run{
		app: a, cfg: *cfg, s: l.s, name: l.k.about.Name, plans: l.plans, mode: mode, keep: l.k, known: l.fields, fed: l.missing,
		drawn: make(chan struct{}), added: make(chan struct{}),
	}
	l.begun = true // it closes the file
	a.code, err = r.live(ctx)
	a.keepFill(past, l.s)
	return err
}

// changed returns the flags that were given.
func changed(fs *pflag.FlagSet) map[string]bool {
	given := map[string]bool{}
	fs.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	return given
}

// keptText is the kept text of a flag.
func keptText(kept []keptFlag, name string) string {
	for _, k := range kept {
		if k.Name == name && len(k.Values) > 0 {
			return k.Values[0].Text
		}
	}
	return ""
}
