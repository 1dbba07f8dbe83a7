package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// An app is one call of the program.
type app struct {
	deps           Deps
	args           []string
	stdin          io.Reader
	stdout, stderr io.Writer
	code           int // of a run that needs no more words
}

// Main carries out a command line and returns its exit code. Errors are
// written to stderr, one line each.
func Main(ctx context.Context, d Deps, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{deps: d, args: args, stdin: stdin, stdout: stdout, stderr: stderr}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.Version = d.Version
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { a.help(ctx, cmd) })
	err := root.ExecuteContext(ctx)
	if err != nil {
		complain(stderr, err)
	}
	switch {
	case isStoreTrouble(err):
		return exitStore
	case err != nil && a.code == 0:
		return exitUsage
	}
	return a.code
}

// help shows how to use a command.
//
// fang draws it, and only it: fang asks the terminal for its background before
// it hands over an error too, and a terminal that does not answer costs four
// seconds and has the question in its text. One that is dumb is not asked.
func (a *app) help(ctx context.Context, cmd *cobra.Command) {
	root := cmd.Root()
	if dumb() {
		root.SetHelpFunc(nil)
		_ = cmd.Help()
		return
	}
	path := strings.Fields(cmd.CommandPath())[1:]
	_ = a.draw(ctx, root, append(path, "--help")...)
}

// man writes the manual page, which fang makes too.
func (a *app) man() *cobra.Command {
	cmd := &cobra.Command{Use: "man", Short: "Write the manual page", Args: cobra.NoArgs, Hidden: true}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		root := cmd.Root()
		root.RemoveCommand(cmd)
		return a.draw(cmd.Context(), root, cmd.Name())
	}
	return cmd
}

// draw has fang carry out a command line of root.
func (a *app) draw(ctx context.Context, root *cobra.Command, args ...string) error {
	root.SetArgs(args)
	return fang.Execute(ctx, root, fang.WithVersion(a.deps.Version), fang.WithErrorHandler(func(io.Writer, fang.Styles, error) {}))
}

func (a *app) root() *cobra.Command {
	cfg := defaultConfig()
	root := &cobra.Command{
		Use:   "weir [SOURCE...]",
		Short: "Run web scrapes politely, and watch and steer them live",
		Long: "weir fetches lists of URLs no faster than each host can bear, extracts what a recipe says, and shows it happen.\n\n" +
			"SOURCE is a file of URLs, a URL, or - for stdin. With a recipe that has a url, SOURCE is what stands for {base} in it.\n\n" +
			"The run is kept on disk while it goes on: \"weir resume\" goes on with one that was left or killed, \"weir runs\" lists them.\n\n" +
			"Exit codes: 0 all ended ok, empty or skipped; 1 some failed; 2 bad usage, recipe or list; 3 the run could not be kept; 130 cancelled or left.",
		Example: `
# the screen, empty: press a to add URLs
weir
# a list, with what happened to each URL in a file
weir -o out.jsonl urls.txt
# go on with the run that was left last
weir resume
# six months of schedules, without a screen
weir -r schedule --months 2025-11+6 --headless --records shifts.csv https://rota.example.org`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return a.scrape(cmd, &cfg, args) },
	}
	root.SetFlagErrorFunc(flagError)
	flags(root, &cfg, sourceFlags, runFlags, storeFlags, fetchFlags, fileFlags)
	_ = root.RegisterFlagCompletionFunc("recipe", a.completeRecipe)
	root.AddCommand(a.resume(), a.retry(), a.runs(), a.export(), a.demo(), a.try(), a.reextract(), a.recipes(), a.keys(), a.man())
	return root
}

// flags adds groups of flags to a command.
func flags(cmd *cobra.Command, cfg *Config, groups ...flagSet) {
	cmd.Flags().SortFlags = false
	for _, add := range groups {
		add(cfg, cmd.Flags())
	}
}

// flagError says what is wrong with a flag: "--workers "x": want ...".
func flagError(cmd *cobra.Command, err error) error {
	if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return wrong("--"+bad.GetFlag().Name, shown(bad.GetFlag().Value, bad.GetValue()), bad.Unwrap())
	}
	near := ""
	if bad, ok := errors.AsType[*pflag.NotExistError](err); ok && bad.GetSpecifiedShortnames() == "" {
		near = meant("--", bad.GetSpecifiedName(), flagNames(cmd.Flags()))
	}
	return fmt.Errorf("%w%s (%s --help lists them)", err, near, cmd.CommandPath())
}

// ready fills cfg from all its sources and checks what concerns every run.
func (a *app) ready(cmd *cobra.Command, cfg *Config) error {
	if err := settle(cmd.Flags(), os.Getenv); err != nil {
		return err
	}
	if err := cfg.checkPairs(); err != nil {
		return err
	}
	cfg.GiveUp = a.mode(*cfg) == headless
	return checkOutput(a.deps, *cfg)
}

// scrape is the command without a name.
func (a *app) scrape(cmd *cobra.Command, cfg *Config, sources []string) (err error) {
	if err := a.ready(cmd, cfg); err != nil {
		return err
	}
	if err := checkInput(*cfg, a.stdin, sources...); err != nil {
		return err
	}
	past := a.past()
	cfg.Fill = past.before()
	s, err := a.deps.Start(*cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	r, err := s.Recipe(cfg.Recipe)
	if err != nil {
		return err
	}
	ps, err := plans(*cfg, s, r, sources, a.stdin)
	if err != nil {
		if len(sources) > 0 && errors.Is(err, errNoList) { // the first may be a command with a slip in it
			return fmt.Errorf("%w%s", err, meant("weir ", sources[0], commandNames(cmd)))
		}
		return err
	}
	if len(ps) == 0 && a.mode(*cfg) == headless {
		return errors.New("no SOURCE: name a list, a URL or - (an empty screen needs a terminal)")
	}
	if cfg.Strict {
		if err := strict(s, ps); err != nil {
			return err
		}
	}
	name := strings.Join(sources, " ")
	if len(ps) == 1 {
		name = ps[0].batch.Name
	}
	k, taken, err := a.keep(cmd, *cfg, name, sources, ps)
	if taken || err != nil {
		for _, p := range ps {
			p.halt()
		}
		return err
	}
	if err := s.Begin(k.store()); err != nil {
		return errors.Join(err, k.close(stateFailed, true))
	}
	a.code, err = a.start(cmd.Context(), *cfg, s, name, ps, k)
	a.keepFill(past, s)
	return err
}

// keepFill keeps how well the fields of the run were filled.
func (a *app) keepFill(past *past, s *Session) {
	if past == nil {
		return
	}
	if err := past.keep(new(s.Engine.Snapshot())); err != nil {
		a.note("how well fields were filled is not remembered: " + err.Error())
	}
}

// past returns what earlier runs left; nil, with a note, if it cannot be read.
// It is a help, and never what a run fails for.
func (a *app) past() *past {
	if a.deps.State == nil {
		return nil
	}
	path, err := a.deps.State(pastFile)
	if err == nil {
		var p *past
		if p, err = readPast(path); err == nil {
			return p
		}
	}
	a.note("how well fields were filled before is not known: " + err.Error())
	return nil
}

// note prints a line about something that is not in the way.
func (a *app) note(text string) { fmt.Fprintln(a.stderr, "weir: "+plainText(text)) }

func (a *app) demo() *cobra.Command {
	cfg := defaultConfig()
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "The same against the built-in demo site on loopback",
		Long:  "demo scrapes a small site that it serves itself. Its run is kept only with --store: the site ends with it.",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.runDemo(cmd, &cfg) },
	}
	flags(cmd, &cfg, demoFlags, runFlags, storeFlags, fetchFlags, fileFlags)
	return cmd
}

func (a *app) runDemo(cmd *cobra.Command, cfg *Config) (err error) {
	if err := a.ready(cmd, cfg); err != nil {
		return err
	}
	s, err := a.deps.Start(*cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	site, err := a.deps.Demo(cfg.Seed, cfg.Fast)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, site.Close()) }()
	var ps []*plan
	for _, l := range site.Lists {
		r, err := s.Recipe(l.Recipe)
		if err != nil {
			return err
		}
		p, err := listed(s, r, l.Name, l.URLs)
		if err != nil {
			return err
		}
		p.use(r)
		ps = append(ps, p)
	}
	k, err := a.keepDemo(cmd, *cfg, ps)
	if err != nil {
		return err
	}
	if err := s.Begin(k.store()); err != nil {
		return errors.Join(err, k.close(stateFailed, true))
	}
	a.code, err = a.start(cmd.Context(), *cfg, s, "demo", ps, k)
	return err
}

// completeRecipe offers the built-in recipes and .yaml files.
func (a *app) completeRecipe(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, r := range a.deps.Recipes() {
		names = append(names, r.Name+"\t"+r.About)
	}
	return names, cobra.ShellCompDirectiveDefault
}

func (a *app) completeTry(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return a.completeRecipe(cmd, args, typed)
	}
	return nil, cobra.ShellCompDirectiveDefault
}
