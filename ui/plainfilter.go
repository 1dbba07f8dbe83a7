package ui

import (
	"slices"
	"strconv"
	"strings"

	"weir/engine"
)

// none says that a filter lets none of something through, and why that cannot be
// otherwise if it cannot.
func (f filter) none(noun string) string {
	text := "no " + noun + " matches " + f.text
	if amiss := f.amiss(); amiss != "" {
		text += ": " + amiss
	}
	return text
}

// amiss says which word of a filter is likely not what was meant; empty if each may
// be.
func (f filter) amiss() string {
	for _, word := range f.words {
		key, _, ok := strings.Cut(word, ":")
		if !ok || key == "" || strings.ContainsFunc(key, func(r rune) bool { return r < 'a' || r > 'z' }) || isURL(word) {
			continue
		}
		return word + " is looked for as text, " + key + ": is no filter: " + meant("", nearest(key+":", filterKeys), " ") + "there are " + strings.Join(filterKeys, " ")
	}
	for _, t := range f.terms {
		switch t.key {
		case "outcome":
			if names := outcomeNames(); len(withPrefix(names, t.value)) == 0 {
				return "no outcome begins with " + t.value + ": " + meant("", nearest(t.value, names), " ") + "there are " + strings.Join(names, ", ")
			}
		case "batch":
			if n, err := strconv.ParseUint(t.value, 10, 32); err != nil || n == 0 {
				return "a batch has a number: batch:2"
			}
		case "code":
			if t.value != unknown && strings.Trim(strings.TrimRight(t.value, "x"), "0123456789") != "" {
				return "a code is of digits: code:503, or code:5xx for all that begin with 5"
			}
		}
	}
	return ""
}

// outcomeNames are what outcome: may ask for: of what has ended, and of what has
// not.
func outcomeNames() (names []string) {
	for o := engine.OK; o <= engine.Cancelled; o++ {
		names = append(names, o.String())
	}
	for place := range engine.Ended {
		if name := place.String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
