package cli

import (
	"fmt"
	"slices"
	"strings"

	"weir/engine"
)

// An outcomeList is a flag of outcomes, apart by commas.
type outcomeList struct {
	to  *[]engine.Outcome
	of  []engine.Outcome // that can be named
	set bool
}

func (l *outcomeList) Type() string   { return "list" }
func (l *outcomeList) String() string { return outcomeNames(*l.to, ",") }

// Set adds outcomes. The first call begins with none.
func (l *outcomeList) Set(text string) error {
	var found []engine.Outcome
	for word := range strings.SplitSeq(text, ",") {
		i := slices.IndexFunc(l.of, func(o engine.Outcome) bool { return o.String() == strings.TrimSpace(word) })
		if i < 0 {
			return fmt.Errorf("want %s", outcomeNames(l.of, " or "))
		}
		found = append(found, l.of[i])
	}
	if !l.set {
		*l.to, l.set = nil, true
	}
	*l.to = append(*l.to, found...)
	return nil
}

func outcomeNames(of []engine.Outcome, sep string) string {
	names := make([]string, len(of))
	for i, o := range of {
		names[i] = o.String()
	}
	return strings.Join(names, sep)
}
