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
	words []string // in lower case
	terms []term
}

// A term is one key:value of a filter: it asks for nothing but the record of a
// job.
type term struct{ key, value string }

// parseFilter never fails: what it does not know it looks for as text.
func parseFilter(s string) filter {
	f := filter{text: strings.TrimSpace(s)}
	for word := range strings.FieldsSeq(strings.ToLower(f.text)) {
		key, value, _ := strings.Cut(word, ":")
		if !slices.Contains(filterKeys, key+":") {
			f.words = append(f.words, word)
		} else if value != "" {
			f.terms = append(f.terms, term{key, value})
		}
	}
	return f
}

// finds reports whether all words are in a text.
func (f *filter) finds(t *text) bool {
	for _, word := range f.words {
		if !containsFold(t.url, word) && !containsFold(t.why, word) && !containsFold(t.title, word) {
			return false
		}
	}
	return true
}

// test returns what the term asks of a record of x. What can be told from a
// small number is worked out once for each number that there is now.
func (t term) test(x *index) func(*record) bool {
	switch t.key {
	case "outcome":
		outcome := worked(int(engine.Cancelled)+1, func(n int) bool { return strings.HasPrefix(engine.Outcome(n).String(), t.value) })
		place := worked(int(engine.Ended), func(n int) bool { return strings.HasPrefix(engine.Place(n).String(), t.value) })
		return func(r *record) bool {
			if r.ended() {
				return outcome(int(r.outcome))
			}
			return r.place != forgotten && place(int(r.place))
		}
	case "class":
		class := worked(len(x.classes), func(n int) bool { return strings.HasPrefix(string(x.classes[n]), t.value) })
		return func(r *record) bool { return class(int(r.class)) }
	case "host":
		host := worked(len(x.hosts), func(n int) bool { return containsFold(x.hosts[n], t.value) })
		return func(r *record) bool { return host(int(r.host)) }
	case "batch":
		n, _ := strconv.ParseUint(t.value, 10, 32)
		return func(r *record) bool { return uint64(r.batch) == n }
	}
	digits := strings.TrimRight(t.value, "x") // code:5xx is any that begins with 5
	code := worked(1000, func(n int) bool {
		if t.value == unknown {
			return n == 0
		}
		return n > 0 && strings.HasPrefix(strconv.Itoa(n), digits)
	})
	return func(r *record) bool { return code(int(r.status)) }
}

// worked returns test with its answers for the numbers below n at hand.
func worked(n int, test func(int) bool) func(int) bool {
	known := make([]bool, n)
	for i := range known {
		known[i] = test(i)
	}
	return func(i int) bool {
		if 0 <= i && i < n {
			return known[i]
		}
		return test(i)
	}
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
