package cli

import (
	"fmt"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// meant says what a word may have been meant for, to be put behind an error:
// the name with the fewest slips, at most two and less than half of it, with
// before in front. If none is that near it is empty.
func meant(before, word string, names []string) string {
	best, least := "", 3
	for _, name := range names {
		if d := levenshtein.Distance(strings.ToLower(word), name, nil); d < least && 2*d < len(name) {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", before+best)
}

// flagNames returns the flags that people are told of.
func flagNames(fs *pflag.FlagSet) []string {
	var names []string
	fs.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}

// commandNames returns the commands that people are told of.
func commandNames(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}
