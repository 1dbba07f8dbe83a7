package ui

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path/filepath"
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

// export writes results to a file: all, or those that a filter lets through. The
// question of quit waits for that, and is asked again if there is still something to
// lose.
func (p *plain) export(args []string) tea.Cmd {
	if p.quitting() {
		p.asked = p.was
	}
	if len(args) == 0 {
		return p.usage("export")
	}
	path, overwrite, words, err := parseExport(args)
	if err != nil {
		p.say("export: " + err.Error())
		return nil
	}
	text := strings.Join(words, " ")
	again := exportWords(path, true, words)
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
				return saidMsg{[]string{"export: nothing is written: " + parseFilter(text).none("result")}}
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
			return saidMsg{[]string{"export: " + path + " is there already: " + again + " replaces it"}}
		case err != nil:
			return saidMsg{[]string{errorLine("export", err)}}
		case text != "":
			last = 0
		}
		return exportedPlain{path, last, []string{"export: " + what + plural(n, "row") + " written to " + path}}
	})
}

// parseExport reads what export is told: a file, which may stand in quotes, whether
// it may be overwritten, and the words of a filter. The error says what is wrong
// and how that is written.
func parseExport(args []string) (path string, overwrite bool, words []string, err error) {
	path, words, err = fileWord(args)
	words, overwrite = without(words, overwriteWord)
	if err != nil || isExportFile(path) {
		return path, overwrite, words, err
	}
	words, overwrite = without(args, overwriteWord)
	if i := slices.IndexFunc(words, isExportFile); i >= 0 {
		path = words[i]
		return "", false, nil, fmt.Errorf("the file comes first: %s", exportWords(path, overwrite, slices.Delete(words, i, i+1)))
	}
	if len(words) == 0 || isTerm(path) {
		return "", false, nil, fmt.Errorf("there is no file: %s, or a name that ends in .csv", exportWords("NAME.jsonl", overwrite, words))
	}
	return "", false, nil, fmt.Errorf("%s ends in neither .jsonl nor .csv, which says how it is written", path)
}

// without returns words but for a last or first one, and whether that was there.
func without(words []string, word string) ([]string, bool) {
	words = slices.Clone(words)
	for _, i := range []int{0, len(words) - 1} {
		if len(words) > 0 && words[i] == word {
			return slices.Delete(words, i, i+1), true
		}
	}
	return words, false
}

// overwriteWord lets export replace a file that is there.
const overwriteWord = "overwrite"

// exportWords writes an export as it is typed.
func exportWords(path string, overwrite bool, filter []string) string {
	if strings.Contains(path, " ") {
		path = `"` + path + `"`
	}
	words := "export " + path
	if overwrite {
		words += " " + overwriteWord
	}
	return strings.TrimSpace(words + " " + strings.Join(filter, " "))
}

// fileWord returns the file that args begin with, and the words after it. One with
// blanks in its name stands in quotes.
func fileWord(args []string) (path string, rest []string, err error) {
	text := strings.Join(args, " ")
	if !strings.HasPrefix(text, `"`) {
		return args[0], args[1:], nil
	}
	path, after, closed := strings.Cut(text[1:], `"`)
	if !closed || path == "" {
		return "", nil, fmt.Errorf("a file in quotes is written \"NAME.jsonl\"")
	}
	return path, strings.Fields(after), nil
}

// isExportFile reports whether a word ends like the files that are exported to.
func isExportFile(word string) bool {
	ending := strings.ToLower(filepath.Ext(word))
	return (ending == ".jsonl" || ending == ".csv") && !isURL(word)
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
