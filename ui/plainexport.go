package ui

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// exportedPlain says how an export ended, and up to which result it is of all.
type exportedPlain struct {
	path  string
	num   uint64 // 0: it is of some
	lines []string
}

// export writes results to a file: all, or those that a filter lets through.
func (p *plain) export(args []string) tea.Cmd {
	if len(args) == 0 {
		return p.usage("export")
	}
	path, words := args[0], args[1:]
	overwrite := len(words) > 0 && words[0] == "overwrite"
	if overwrite {
		words = words[1:]
	}
	text := strings.Join(words, " ")
	again := strings.TrimSpace("export " + path + " overwrite " + text)
	return p.ask(func(ctx context.Context) tea.Msg {
		var last uint64
		results, what := allResults(ctx, p.deps.Controller, engine.Query{}), ""
		if text != "" {
			var ids []engine.JobID
			for state, err := range matching(ctx, p.deps.Controller, parseFilter(text)) {
				if err != nil {
					return saidMsg{[]string{errorLine("export", err)}}
				}
				ids = append(ids, state.ID)
			}
			if len(ids) == 0 {
				return saidMsg{[]string{"export: no result matches " + text + ": nothing is written"}}
			}
			results, what = theResults(ctx, p.deps.Controller, ids), count(len(ids))+" results match "+text+": "
			if len(ids) == 1 {
				what = "1 result matches " + text + ": "
			}
		}
		n, err := p.deps.Exporter.Export(ctx, path, overwrite, func(yield func(engine.Result, error) bool) {
			for r, err := range results {
				if last = max(last, r.Num); !yield(r, err) {
					return
				}
			}
		})
		switch {
		case errors.Is(err, fs.ErrExist):
			return saidMsg{[]string{"export: " + path + " is there already: " + again}}
		case err != nil:
			return saidMsg{[]string{errorLine("export", err)}}
		case text != "":
			last = 0
		}
		return exportedPlain{path, last, []string{"export: " + what + plural(n, "row") + " written to " + path}}
	})
}

// theResults reads the results of jobs, a page at a time.
func theResults(ctx context.Context, c engine.Controller, ids []engine.JobID) iter.Seq2[engine.Result, error] {
	return func(yield func(engine.Result, error) bool) {
		for page := range slices.Chunk(ids, exportPage) {
			// The store tells of cancelled jobs only by themselves.
			for _, q := range []engine.Query{{Jobs: page}, {Jobs: page, Outcomes: []engine.Outcome{engine.Cancelled}}} {
				rs, err := c.Results(ctx, q)
				if !yieldAll(yield, rs, err) {
					return
				}
			}
		}
	}
}

// saved returns the deps with the file that all results were exported to.
func (p *plain) saved() Deps {
	return savedIn(p.exported.path, p.exported.num, p.deps, &p.stats, p.last)
}
