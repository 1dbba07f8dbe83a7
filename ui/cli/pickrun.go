package cli

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

// pick returns the run that a command is about: the one that is named, or the
// newest that fits. What says what none does.
func (a *app) pick(args []string, fit func(*summary) bool, what string) (*summary, error) {
	if a.deps.Runs == nil {
		return nil, errors.New("runs: none are kept")
	}
	if len(args) > 0 {
		s, err := a.deps.Runs.find(args[0])
		if err != nil {
			return nil, unreadable(&s, err)
		}
		return &s, nil
	}
	all, err := a.deps.Runs.all()
	if err != nil {
		return nil, &storeError{fmt.Errorf("runs: %w", err)}
	}
	for i := range all {
		if fit(&all[i]) {
			return &all[i], nil
		}
	}
	return nil, fmt.Errorf("runs: no run %s (weir runs lists all)", what)
}

// unreadable is an error of a run of which nothing is known.
func unreadable(s *summary, err error) error {
	if s.path == "" || errors.Is(err, os.ErrNotExist) || s.err == nil {
		return err
	}
	return &storeError{err}
}

// completeRun offers runs, at most so many of them.
func (a *app) completeRun(most int, fit func(*summary) bool) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= most || a.deps.Runs == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		all, err := a.deps.Runs.all()
		if err != nil {
			return nil, cobra.ShellCompDirectiveDefault
		}
		var names []string
		for i := range all {
			if s := &all[i]; fit(s) {
				names = append(names, s.name+"\t"+plainText(s.about.subject()+": "+s.said()))
			}
		}
		return names, cobra.ShellCompDirectiveDefault
	}
}
