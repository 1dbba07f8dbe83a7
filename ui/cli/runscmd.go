package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// runs lists the runs that are kept, and clears up among them.
func (a *app) runs() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List the runs that are kept, remove or repair them",
		Long: "Every run is kept in a file, so that what was fetched is not lost and \"weir resume\" can go on with it. " +
			"Those without a file of --store have numbers and are in the user's state folder. None is removed unasked.",
		Example: `
weir runs
weir runs --json | jq -r 'select(.state == "interrupted") | .run'
weir runs rm 3 4
weir runs rm --older 30d`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			all, err := a.allRuns()
			if err != nil {
				return err
			}
			if asJSON {
				return writeRunsJSON(a.stdout, all)
			}
			return a.writeRuns(all)
		},
	}
	yes(cmd.Flags(), &asJSON, "json", "one object a line, for machines")
	cmd.AddCommand(a.removeRuns(), a.repairRun())
	return cmd
}

func (a *app) allRuns() ([]summary, error) {
	if a.deps.Runs == nil {
		return nil, errors.New("runs: none are kept")
	}
	all, err := a.deps.Runs.all()
	if err != nil {
		return nil, &storeError{fmt.Errorf("runs: %w", err)}
	}
	return all, nil
}

// writeRuns writes the table for people.
func (a *app) writeRuns(all []summary) error {
	if len(all) == 0 {
		a.note("no runs are kept")
		return nil
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RUN\tSTATE\tSTARTED\tURLS\tENDED\tOK\tFAILED\tLEFT\tSIZE\tWHAT")
	for i := range all {
		s := &all[i]
		if s.err != nil {
			fmt.Fprintf(w, "%s\tunreadable\t-\t-\t-\t-\t-\t-\t%s\t%s\n", s.name, showBytes(s.size), plainText(s.err.Error()))
			continue
		}
		c := s.counts
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", s.name, s.state, s.about.Started.Local().Format("2006-01-02 15:04"),
			c.Submitted, c.Ended(), c.OK, c.Failed, c.Left(), showBytes(s.size), plainText(s.about.subject()))
	}
	return w.Flush()
}

// A runJSON is a run as scripts read it. Its keys are promised.
type runJSON struct {
	Run      string      `json:"run"`
	Path     string      `json:"path"`
	State    string      `json:"state"` // running, interrupted, finished, failed or unreadable
	Error    string      `json:"error,omitempty"`
	PID      int         `json:"pid,omitempty"` // of the process that works on it
	Command  string      `json:"command,omitempty"`
	Dir      string      `json:"dir,omitempty"`
	Started  *time.Time  `json:"started,omitempty"`
	Modified time.Time   `json:"modified"`
	Bytes    int64       `json:"bytes"`
	Counts   *jsonCounts `json:"counts,omitempty"`
	Left     int         `json:"left"`
	Batches  []string    `json:"batches,omitempty"`
}

func writeRunsJSON(w io.Writer, all []summary) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range all {
		s := &all[i]
		out := runJSON{Run: s.name, Path: s.path, State: "unreadable", Modified: s.modified.UTC(), Bytes: s.size}
		if s.err != nil {
			out.Error = s.err.Error()
		} else {
			counts := jsonCounts(s.counts)
			out.State, out.Command, out.Dir, out.Started = string(s.state), s.about.Words, s.about.Dir, &s.about.Started
			out.Counts, out.Left = &counts, s.counts.Left()
			for j := range s.batches {
				out.Batches = append(out.Batches, s.batches[j].Name)
			}
		}
		if s.holder != nil {
			out.PID = s.holder.PID
		}
		if err := enc.Encode(out); err != nil {
			return err
		}
	}
	return nil
}

// showBytes writes a size for people.
func showBytes(n int64) string {
	for i, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if size := float64(n) / float64(int64(1)<<(10*i)); size < 1000 || unit == "GiB" {
			if i == 0 {
				return strconv.FormatInt(n, 10) + " B"
			}
			return strconv.FormatFloat(size, 'f', 1, 64) + " " + unit
		}
	}
	return ""
}

// removeRuns is `weir runs rm`.
func (a *app) removeRuns() *cobra.Command {
	var older time.Duration
	sure := false
	cmd := &cobra.Command{
		Use:   "rm RUN...",
		Short: "Remove runs for good",
		Long: "rm removes the files of runs, after it has said which and how large they are. On a terminal it asks; elsewhere it wants --yes. " +
			"A run that is worked on stays. Files of results are not touched.",
		Example: `
weir runs rm 3 4
# those that nothing was written to for a month
weir runs rm --older 30d --yes`,
		ValidArgsFunction: a.completeRun(100, func(s *summary) bool { return s.holder == nil }),
		RunE:              func(_ *cobra.Command, args []string) error { return a.runRemove(args, older, sure) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.Var(one(&older, "age", parseAge, showDuration), "older", "those that nothing was written to for so long, such as 30d")
	yes(fs, &sure, "yes", "do not ask")
	return cmd
}

// parseAge reads a time in days, weeks or what time.ParseDuration reads.
func parseAge(s string) (time.Duration, error) {
	for _, u := range []struct {
		ending string
		long   time.Duration
	}{{"d", 24 * time.Hour}, {"w", 7 * 24 * time.Hour}} {
		if digits, ok := strings.CutSuffix(s, u.ending); ok {
			if n, err := strconv.ParseUint(digits, 10, 16); err == nil && n <= 36500 {
				return time.Duration(n) * u.long, nil
			}
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, errors.New("want an age such as 30d, 4w or 12h")
	}
	return d, nil
}

func (a *app) runRemove(args []string, older time.Duration, sure bool) error {
	found, err := a.toRemove(args, older)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		a.note(fmt.Sprintf("no run is older than %s", showDuration(older)))
		return nil
	}
	var bytes int64
	left := 0
	for i := range found {
		s := &found[i]
		bytes += s.size
		left += s.counts.Left()
		what := "it cannot be read"
		if s.err == nil {
			what = fmt.Sprintf("%s, %s: %s", s.state, s.about.subject(), s.said())
		}
		a.note(fmt.Sprintf("%s, %s: %s", s.label(), showBytes(s.size), what))
	}
	question := fmt.Sprintf("remove %s (%s) for good", plural(len(found), "run"), showBytes(bytes))
	if left > 0 {
		question += fmt.Sprintf(", and with them %s that are not fetched", plural(left, "URL"))
	}
	if !sure {
		if !isTerminal(a.stdin) || !isTerminal(a.stderr) {
			return errors.New("runs rm: " + question + "? say so with --yes")
		}
		if !a.agrees(question) {
			a.note("nothing is removed")
			return nil
		}
	}
	var errs []error
	for i := range found {
		err := a.deps.Runs.Remove(found[i].path)
		if held, ok := errors.AsType[*HeldError](err); ok {
			err = fmt.Errorf("%s is worked on and stays: %v", found[i].label(), held.Holder)
		} else if err != nil {
			err = named(found[i].path, err)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	if n := len(found) - len(errs); n > 0 {
		a.note(plural(n, "run") + " removed")
	}
	if len(errs) > 0 {
		a.code = exitFailed
	}
	return errors.Join(errs...)
}

// toRemove returns the runs that are to be removed.
func (a *app) toRemove(args []string, older time.Duration) ([]summary, error) {
	if len(args) > 0 == (older > 0) {
		return nil, errors.New("runs rm: want runs, such as: weir runs rm 3 4, or --older 30d")
	}
	if older > 0 {
		all, err := a.allRuns()
		if err != nil {
			return nil, err
		}
		var found []summary
		for i := range all {
			if s := &all[i]; s.holder == nil && time.Since(s.modified) > older {
				found = append(found, *s)
			}
		}
		return found, nil
	}
	if a.deps.Runs == nil {
		return nil, errors.New("runs: none are kept")
	}
	var found []summary
	for _, name := range args {
		s, err := a.deps.Runs.find(name)
		switch {
		case errors.Is(err, fs.ErrNotExist) || s.path == "":
			return nil, err
		case s.holder != nil:
			return nil, fmt.Errorf("%s is worked on and stays: %v", s.label(), s.holder)
		case err != nil && !runLike(s.path):
			return nil, err // a file that happens to lie there
		}
		found = append(found, s)
	}
	return found, nil
}

// runLike reports whether a file that cannot be read as a run has the name of
// one.
func runLike(path string) bool { return strings.HasSuffix(path, runEnding) }

// agrees asks a question on the terminal.
func (a *app) agrees(question string) bool {
	fmt.Fprintf(a.stderr, "weir: %s? [y/N] ", plainText(question))
	answer, _ := bufio.NewReader(a.stdin).ReadString('\n') // no answer is no
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}

// repairRun is `weir runs repair`.
func (a *app) repairRun() *cobra.Command {
	to := ""
	cmd := &cobra.Command{
		Use:   "repair RUN|FILE",
		Short: "Save what can be read of a damaged run into a new file",
		Long: "repair reads what can be read of a damaged file and writes it into a new run, with which \"weir resume\" and \"weir export\" can go on. " +
			"The damaged file stays as it is.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("runs repair: want one run, such as: weir runs repair 7")
			}
			return nil
		},
		ValidArgsFunction: a.completeRun(1, func(*summary) bool { return true }),
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.deps.Runs == nil {
				return errors.New("runs: none are kept")
			}
			s, err := a.deps.Runs.find(args[0])
			if errors.Is(err, os.ErrNotExist) || s.path == "" {
				return err
			}
			path, name, err := a.repairTo(&s, to)
			if err != nil {
				return err
			}
			saved, err := a.deps.Runs.Repair(cmd.Context(), s.path, path)
			if held, ok := errors.AsType[*HeldError](err); ok {
				return fmt.Errorf("%s is worked on: %v", s.label(), held.Holder)
			}
			if err != nil {
				return &storeError{err}
			}
			a.note(fmt.Sprintf("%s: %s", path, saved))
			a.note("weir resume " + quoted(name) + " goes on with it; " + s.label() + " is as it was")
			return nil
		},
	}
	cmd.Flags().Var(text(&to), "to", "the new file, instead of the next number")
	return cmd
}

// repairTo returns the file that a damaged run is repaired into, and what
// commands call it: the next number for one that has a number.
func (a *app) repairTo(s *summary, to string) (path, name string, err error) {
	switch {
	case to != "":
		return to, to, nil
	case s.name == s.path:
		path = strings.TrimSuffix(s.path, runEnding) + "-repaired" + runEnding
		return path, path, nil
	}
	n, err := nextRun(filepath.Dir(s.path))
	name = strconv.Itoa(n)
	return filepath.Join(filepath.Dir(s.path), name+runEnding), name, err
}
