package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"weir/engine"
)

// A Reextraction is a recipe that is to be run over kept bodies.
type Reextraction struct {
	Pages  int
	Fields []string // of the recipe

	// Page reads a page, from 0. Any number of goroutines may call it.
	Page func(context.Context, int) Reread

	// Missing returns how many URLs with rows --against has that are none of
	// the pages, once all were read.
	Missing func() int
}

// A Reread is a page read again.
type Reread struct {
	Result   engine.Result
	Rows     RowChanges
	Compared bool // Rows says something: there is something to compare with
}

// RowChanges say how the rows of a page differ from those of before.
type RowChanges struct{ Same, Gained, Lost, Changed int }

func (c *RowChanges) add(d RowChanges) {
	c.Same += d.Same
	c.Gained += d.Gained
	c.Lost += d.Lost
	c.Changed += d.Changed
}

func (c RowChanges) String() string {
	return fmt.Sprintf("%d gained, %d lost, %d changed", c.Gained, c.Lost, c.Changed)
}

func (a *app) reextract() *cobra.Command {
	cfg := defaultConfig()
	cfg.Workers = min(runtime.GOMAXPROCS(0), engine.MaxWorkers)
	cmd := &cobra.Command{
		Use:   "reextract RECIPE DIR",
		Short: "Run a changed recipe over kept bodies, without fetching",
		Long: "reextract runs RECIPE over the pages that --keep-bodies kept in DIR, each URL as it was fetched last, and says how the rows differ from before: " +
			"from those that the recipe of then finds, or from a file of --against.",
		Example: `
# after a run with --keep-bodies bodies
weir reextract --records shifts.csv rota.yaml bodies
# against the rows of that run
weir reextract --against shifts.jsonl rota.yaml bodies`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return errors.New("want a recipe and a directory of --keep-bodies, such as: weir reextract rota.yaml bodies")
			}
			return nil
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return a.completeTry(cmd, args, typed)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.runReextract(cmd, &cfg, args[0], args[1]) },
	}
	flags(cmd, &cfg, rereadFlags, outputFlags, workerFlags, pageFlags, fileFlags)
	return cmd
}

func (a *app) runReextract(cmd *cobra.Command, cfg *Config, recipe, dir string) error {
	if err := settle(cmd.Flags(), os.Getenv); err != nil {
		return err
	}
	if err := checkOutput(a.deps, *cfg); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	x, err := a.deps.Reextract(*cfg, recipe, dir)
	if err != nil {
		return err
	}
	s := new(sink)
	name := func(engine.BatchID) string { return dir }
	if err := s.openFiles(ctx, a.deps, *cfg, a.stdout, name, x.Fields); err != nil {
		return errors.Join(err, s.close())
	}
	p := &linePrinter{w: a.stderr}
	if a.code, err = reread(ctx, p, x, cfg.Workers, s); err != nil {
		return errors.Join(err, s.close())
	}
	if err := s.close(); err != nil {
		a.code = exitFailed
		return err
	}
	if len(s.files) > 0 && a.code != exitCancelled {
		p.note("results in " + s.where())
	}
	return nil
}

// mostPages is how many pages whose rows differ are shown; the others are only
// counted.
const mostPages = 20

// reread reads the pages, writes what they hold, and tells p what became of
// them. It returns the exit code.
func reread(ctx context.Context, p printer, x *Reextraction, workers int, s *sink) (int, error) {
	var sum RowChanges
	var outcomes [engine.Cancelled + 1]int
	done, rows, compared, differ := 0, 0, 0, 0
	last := time.Now()
	pending := make([]engine.Result, 0, 64)
	err := inOrder(ctx, x.Pages, workers, x.Page, func(page Reread) error {
		r := page.Result
		if pending = append(pending, r); len(pending) == cap(pending) {
			if err := s.write(pending); err != nil {
				return err
			}
			pending = pending[:0]
		}
		done++
		outcomes[r.Outcome]++
		rows += len(r.Records)
		switch {
		case r.Outcome == engine.Failed:
			p.note(plainText(fmt.Sprintf("%s: %s: %s", r.URL, r.Class, r.Error)))
		case page.Compared:
			compared++
			sum.add(page.Rows)
			if page.Rows.Gained+page.Rows.Lost+page.Rows.Changed > 0 {
				if differ++; differ <= mostPages {
					p.note(plainText(r.URL + ": " + page.Rows.String()))
				}
			}
		}
		if time.Since(last) > p.every() {
			last = time.Now()
			p.note(fmt.Sprintf("%d of %s", done, plural(x.Pages, "page")))
		}
		return nil
	})
	if err == nil || ctx.Err() != nil {
		err = s.write(pending)
	}
	if err != nil {
		return exitFailed, err
	}
	if more := differ - mostPages; more > 0 {
		p.note(fmt.Sprintf("and %s more whose rows differ", plural(more, "page")))
	}
	p.note(fmt.Sprintf("%s: %d ok, %d empty, %d failed; %s",
		plural(done, "page"), outcomes[engine.OK], outcomes[engine.Empty], outcomes[engine.Failed], plural(rows, "row")))
	if compared > 0 {
		p.note(fmt.Sprintf("rows: %v, %d the same", sum, sum.Same))
	}
	if n := done - outcomes[engine.Failed] - compared; n > 0 {
		p.note(fmt.Sprintf("%s with nothing to compare with", plural(n, "page")))
	}
	switch {
	case ctx.Err() != nil:
		p.note("cancelled")
		return exitCancelled, nil
	case outcomes[engine.Failed] > 0:
		return exitFailed, nil
	}
	if n := x.Missing(); n > 0 {
		p.note(fmt.Sprintf("%s with rows before that are not kept", plural(n, "URL")))
	}
	return 0, nil
}
