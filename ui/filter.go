package ui

import (
	"slices"
	"strconv"
	"strings"

	"weir/engine"
)

// The words before a colon that a filter knows.
var filterKeys = []string{"batch:", "class:", "code:", "host:", "outcome:"}

// A filter is what an operator typed to see fewer rows: words that all have to
// be found in the URL, the title or the why of a row, and outcome:failed
// code:5xx host: batch: class: with the beginning of a value.
type filter struct {
	text  string
	terms []func(*jobRow) bool
}

// parseFilter never fails: what it does not know it looks for as text.
func parseFilter(s string) filter {
	f := filter{text: strings.TrimSpace(s)}
	for word := range strings.FieldsSeq(strings.ToLower(f.text)) {
		key, value, _ := strings.Cut(word, ":")
		if !slices.Contains(filterKeys, key+":") {
			f.terms = append(f.terms, func(r *jobRow) bool {
				return containsFold(r.url, word) || containsFold(r.why, word) || containsFold(r.title, word)
			})
			continue
		}
		if value != "" {
			f.terms = append(f.terms, term(key, value))
		}
	}
	return f
}

// term returns what one key:value asks of a row.
func term(key, value string) func(*jobRow) bool {
	switch key {
	case "outcome":
		return func(r *jobRow) bool { return strings.HasPrefix(r.state(), value) }
	case "class":
		return func(r *jobRow) bool { return strings.HasPrefix(string(r.class), value) }
	case "host":
		return func(r *jobRow) bool { return containsFold(r.host, value) }
	case "batch":
		n, _ := strconv.ParseUint(value, 10, 32)
		return func(r *jobRow) bool { return uint64(r.batch) == n }
	}
	digits := strings.TrimRight(value, "x") // code:5xx is any that begins with 5
	return func(r *jobRow) bool {
		if value == unknown {
			return r.status == 0
		}
		return r.status > 0 && strings.HasPrefix(strconv.Itoa(int(r.status)), digits)
	}
}

func (f filter) match(r *jobRow) bool {
	for _, t := range f.terms {
		if !t(r) {
			return false
		}
	}
	return true
}

// containsFold reports whether lower, which is in lower case, is in s in any
// case of its ASCII letters.
func containsFold(s, lower string) bool {
	if lower == "" {
		return true
	}
	first := lower[0]
	for i := 0; i+len(lower) <= len(s); i++ {
		if toLower(s[i]) == first && foldEqual(s[i:i+len(lower)], lower) {
			return true
		}
	}
	return false
}

func foldEqual(s, lower string) bool {
	for i := range len(s) {
		if toLower(s[i]) != lower[i] {
			return false
		}
	}
	return true
}

func toLower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// completions returns what the last word of a filter can become: a key, or a
// key with one of the values that the run has.
func completions(text string, s *engine.Stats, t *table) []string {
	word := text[strings.LastIndexByte(text, ' ')+1:]
	key, value, ok := strings.Cut(word, ":")
	if !ok {
		return withPrefix(filterKeys, word)
	}
	var values []string
	switch key {
	case "outcome":
		for o := engine.OK; o <= engine.Cancelled; o++ {
			values = append(values, o.String())
		}
	case "class":
		values = t.classes()
	case "host":
		for i := range s.Hosts {
			values = append(values, clean(s.Hosts[i].Host, lineBytes))
		}
	case "batch":
		for i := range s.Batches {
			values = append(values, strconv.Itoa(int(s.Batches[i].Batch.ID)))
		}
	case "code":
		values = []string{"2xx", "3xx", "4xx", "5xx", "200", "404", "429", "503"}
	}
	found := withPrefix(values, value)
	for i := range found {
		found[i] = key + ":" + found[i]
	}
	return found
}

func withPrefix(all []string, prefix string) []string {
	var found []string
	for _, s := range all {
		if strings.HasPrefix(s, prefix) {
			found = append(found, s)
		}
	}
	return found
}
