package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"weir/engine"
)

// allOutcomes are those that a result can have.
var allOutcomes = []engine.Outcome{engine.OK, engine.Empty, engine.Failed, engine.Skipped, engine.Cancelled}

// An exporting is what is written of a run that is kept.
type exporting struct {
	outcomes []engine.Outcome
	batches  []string // names or numbers; none: all
}

// export writes what a run has kept.
func (a *app) export() *cobra.Command {
	cfg := defaultConfig()
	x := exporting{outcomes: allOutcomes}
	cmd := &cobra.Command{
		Use:   "export RUN -o FILE",
		Short: "Write the results of a run that is kept",
		Long: "export writes the results of RUN, a number of \"weir runs\" or the file of --store, also while it is worked on. " +
			"The file is there when it is whole, and until then what was there before. Of a URL that was fetched again by hand only the newest result is written.",
		Example: `
weir export 7 -o out.jsonl
weir export 7 --records shifts.csv --outcome ok
weir export 7 --batch list.txt -o - | jq .title`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("want one run, such as: weir export 7 -o out.jsonl (weir runs lists them)")
			}
			return nil
		},
		ValidArgsFunction: a.completeRun(1, func(s *summary) bool { return s.err == nil }),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.runExport(cmd, cfg, x, args) },
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().Var(&outcomeList{to: &x.outcomes, of: allOutcomes}, "outcome", "only these: ok, empty, failed, skipped or cancelled; may be several")
	cmd.Flags().Var(many(&x.batches, ",", func(s string) (string, error) { return s, nil }), "batch", "only the batches of that name or number; may be repeated")
	flags(cmd, &cfg, outputFlags)
	return cmd
}

func (a *app) runExport(cmd *cobra.Command, cfg Config, x exporting, args []string) (err error) {
	if cfg.Output == "" && cfg.Records == "" {
		return errors.New("want -o FILE or --records FILE; - is stdout")
	}
	if err := checkOutput(a.deps, cfg); err != nil {
		return err
	}
	s, err := a.pick(args, nil, "")
	if err != nil {
		return err
	}
	only, err := x.find(s)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), stopSignals...)
	defer stop()
	v, err := a.deps.Runs.Read(s.path)
	if err != nil {
		return &storeError{named(s.path, err)}
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	n := 0
	for _, to := range []struct {
		flag, path string
		rows       func(io.Writer) (Rows, error)
	}{
		{"--output", cfg.Output, func(w io.Writer) (Rows, error) { return a.deps.Results(w, cfg.Output, s.batchName) }},
		{"--records", cfg.Records, func(w io.Writer) (Rows, error) { return a.deps.Records(w, cfg.Records, s.batchName, s.fields()) }},
	} {
		if to.path == "" {
			continue
		}
		if n, err = a.writeOut(ctx, v, x.outcomes, only, to.path, to.rows); ctx.Err() != nil {
			a.code = exitCancelled
			return nil
		}
		if err != nil {
			if !isStoreTrouble(err) {
				a.code = exitFailed
				err = fmt.Errorf("%s %s: %w", to.flag, to.path, cause(err))
			}
			return err
		}
		if to.path != "-" {
			a.note(fmt.Sprintf("%s of %s in %s", plural(n, "result"), s.label(), to.path))
		}
	}
	return nil
}

// writeOut writes results to a file or, for -, to stdout, and returns how many.
func (a *app) writeOut(ctx context.Context, v RunView, outcomes []engine.Outcome, only []engine.BatchID, path string, open func(io.Writer) (Rows, error)) (n int, err error) {
	w := a.stdout
	if path != "-" {
		f, err := writeAnew(path)
		if err != nil {
			return 0, err
		}
		defer func() { err = f.done(err) }()
		w = f
	}
	rows, err := open(w)
	if err != nil {
		return 0, err
	}
	err = eachResult(ctx, v, outcomes, only, func(r engine.Result) error {
		n++
		return rows.Write(r)
	})
	return n, errors.Join(err, rows.Flush())
}

// eachResult calls f with the results of a run, in their order and the
// cancelled jobs last, a page at a time.
func eachResult(ctx context.Context, v RunView, outcomes []engine.Outcome, only []engine.BatchID, f func(engine.Result) error) error {
	q := engine.Query{Limit: page}
	for _, o := range outcomes {
		if o != engine.Cancelled {
			q.Outcomes = append(q.Outcomes, o)
		}
	}
	if len(only) == 1 {
		q.Batch = only[0]
	}
	take := func(rs []engine.Result) error {
		for _, r := range rs {
			if len(only) > 0 && !slices.Contains(only, r.Batch) {
				continue
			}
			if err := f(r); err != nil {
				return err
			}
		}
		return nil
	}
	read := func(ctx context.Context, q engine.Query) ([]engine.Result, error) {
		rs, err := v.Results(ctx, q)
		if err != nil {
			return nil, &storeError{err}
		}
		return rs, nil
	}
	for len(q.Outcomes) > 0 && ctx.Err() == nil {
		rs, err := read(ctx, q)
		if err != nil {
			return err
		}
		if err := take(rs); err != nil {
			return err
		}
		if len(rs) < q.Limit {
			break
		}
		q.After = rs[len(rs)-1].Num
	}
	if slices.Contains(outcomes, engine.Cancelled) && ctx.Err() == nil {
		if err := eachCancelled(ctx, q.Batch, read, take); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// find returns the batches that are asked for; none: all.
func (x *exporting) find(s *summary) ([]engine.BatchID, error) {
	var only []engine.BatchID
	for _, want := range x.batches {
		found := false
		for i := range s.batches {
			if b := &s.batches[i]; b.Name == want || strconv.FormatUint(uint64(b.ID), 10) == want {
				only, found = append(only, b.ID), true
			}
		}
		if !found {
			var names []string
			for i := range s.batches {
				names = append(names, fmt.Sprintf("%d %s", s.batches[i].ID, s.batches[i].Name))
			}
			return nil, fmt.Errorf("--batch %q: %s has %s", want, s.label(), strings.Join(names, ", "))
		}
	}
	return only, nil
}

// fields are the columns of the run's records, where all of it has one recipe.
func (s *summary) fields() []string {
	for i := range s.batches {
		if s.batches[i].Recipe != s.batches[0].Recipe {
			return nil
		}
	}
	if len(s.batches) == 0 {
		return nil
	}
	return s.about.recipe(s.batches[0].Recipe.Hash).Fields
}

func (s *summary) batchName(id engine.BatchID) string {
	for i := range s.batches {
		if s.batches[i].ID == id {
			return s.batches[i].Name
		}
	}
	return ""
}
