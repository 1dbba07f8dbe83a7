package scrape

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// A sheet is a recipe's YAML being read. It is read node by node instead of
// into a struct, so that every complaint has the place of what it is about.
type sheet struct{ file string }

// errorf returns an error about n.
func (s sheet) errorf(n *yaml.Node, format string, args ...any) error {
	return s.at(n, fmt.Errorf(format, args...))
}

// at makes an error about n of err, if err is one. A nil n stands for the whole
// recipe.
func (s sheet) at(n *yaml.Node, err error) error {
	switch {
	case err == nil:
		return nil
	case n == nil:
		return s.place(1, 1, err)
	}
	return s.place(n.Line, n.Column, err)
}

// place makes an error about a line and a column, both from 1.
func (s sheet) place(line, column int, err error) error {
	return fmt.Errorf("scrape: recipe %s:%d:%d: %w", s.file, max(line, 1), max(column, 1), err)
}

// load parses text and returns the node of its one document.
func (s sheet) load(text []byte) (*yaml.Node, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, s.at(nil, errors.New("empty"))
	}
	in, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		return nil, s.syntax(err, text)
	}
	var doc, second yaml.Node
	switch err := in.Load(&doc); {
	case err == io.EOF:
		return nil, s.at(nil, errors.New("nothing but comments"))
	case err != nil:
		return nil, s.syntax(err, text)
	case doc.Kind != yaml.DocumentNode || len(doc.Content) != 1:
		return nil, s.at(nil, errors.New("no document"))
	}
	switch err := in.Load(&second); {
	case err == nil:
		return nil, s.errorf(&second, "a second document: a recipe is one")
	case err != io.EOF:
		return nil, s.syntax(err, text)
	}
	return doc.Content[0], nil
}

// syntax turns an error of the YAML package about text into one of ours, with
// its place and what may have been meant.
func (s sheet) syntax(err error, text []byte) error {
	var many *yaml.LoadErrors
	if errors.As(err, &many) && len(many.Errors) > 0 {
		err = many.Errors[0]
	}
	var one *yaml.LoadError
	if !errors.As(err, &one) {
		return s.at(nil, err)
	}
	what := one.Message
	if one.ContextMsg != "" {
		what = one.ContextMsg + ": " + what
	}
	return s.place(one.Mark.Line, one.Mark.Column, errors.New(what+meant(one, text)))
}

// meant says what a recipe with a mistake in its YAML should look like, where
// it is a mistake that recipes invite.
func meant(err *yaml.LoadError, text []byte) string {
	switch {
	case strings.Contains(err.Message, "unknown escape character"):
		return `; a pattern stands in single quotes: '\d'`
	case strings.Contains(err.Message, "cannot start any token"):
		switch c := charAt(text, err.Mark.Line, err.Mark.Column); {
		case c == '\t':
			return "; YAML indents with spaces, not with tabs"
		case unicode.IsPrint(c):
			return fmt.Sprintf("; text that begins with %c stands in quotes", c)
		}
	case strings.Contains(err.Message, "unknown anchor"), strings.Contains(err.ContextMsg, "scanning an alias"):
		return "; text that begins with * stands in quotes"
	case strings.Contains(err.Message, "mapping values are not allowed"):
		return "; keys that belong together begin in one column, and text with a colon and a space in it stands in quotes"
	case strings.Contains(err.Message, "did not find expected ',' or"):
		return "; inside braces, text with one of []{}, in it stands in quotes"
	case strings.Contains(err.Message, "did not find expected key"):
		return "; keys that belong together begin in one column, and text that begins with { or [ stands in quotes"
	}
	return ""
}

// charAt returns the character in a line and column of text, both from 1, or
// the replacement character.
func charAt(text []byte, line, column int) rune {
	for l := range bytes.Lines(text) {
		if line--; line == 0 {
			if chars := []rune(string(l)); column >= 1 && column <= len(chars) {
				return chars[column-1]
			}
			break
		}
	}
	return unicode.ReplacementChar
}

// A pair is one key of a mapping with its value.
type pair struct {
	key   string
	at    *yaml.Node // the key
	value *yaml.Node
}

// pairs returns the keys of a mapping in their order. A key that occurs twice
// and a key that is no text are errors. what names the mapping.
func (s sheet) pairs(n *yaml.Node, what string) ([]pair, error) {
	if n.Kind != yaml.MappingNode {
		return nil, s.errorf(n, "%s is %s, not a mapping of keys", what, kindOf(n))
	}
	var ps []pair
	seen := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			return nil, s.errorf(k, "a key in %s is %s, not text", what, kindOf(k))
		}
		if first, twice := seen[k.Value]; twice {
			return nil, s.errorf(k, "key %q in %s stands in %d:%d already", clip(k.Value, maxShown), what, first.Line, first.Column)
		}
		seen[k.Value] = k
		ps = append(ps, pair{key: k.Value, at: k, value: v})
	}
	return ps, nil
}

// A key is one that a mapping of a recipe may have, and what reads its value.
type key[T any] struct {
	name string
	read func(s sheet, p pair, into T) error
	last bool // it is read after the others: it needs what they say
}

// mapping reads the keys of n into into and returns them by name. A key that is
// not one of known is an error. what names the mapping.
func mapping[T any](s sheet, n *yaml.Node, what string, known []key[T], into T) (map[string]pair, error) {
	ps, err := s.pairs(n, what)
	if err != nil {
		return nil, err
	}
	has := make(map[string]pair, len(ps))
	for _, last := range []bool{false, true} {
		for _, p := range ps {
			i := slices.IndexFunc(known, func(k key[T]) bool { return k.name == p.key })
			if i < 0 {
				return nil, s.errorf(p.at, "unknown key %q in %s%s", clip(p.key, maxShown), what, suggestAny(p.key, keyNames(known)))
			}
			if known[i].last != last {
				continue
			}
			has[p.key] = p
			if err := known[i].read(s, p, into); err != nil {
				return nil, err
			}
		}
	}
	return has, nil
}

func keyNames[T any](keys []key[T]) []string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	return names
}

// text returns a scalar as it is written.
func (s sheet) text(p pair) (string, error) {
	if p.value.Kind != yaml.ScalarNode || p.value.ShortTag() == "!!null" {
		return "", s.errorf(p.value, "%s is %s, not text", clip(p.key, maxShown), kindOf(p.value))
	}
	return p.value.Value, nil
}

// flag returns true or false.
func (s sheet) flag(p pair) (bool, error) {
	switch {
	case p.value.Kind != yaml.ScalarNode:
	case p.value.Value == "true":
		return true, nil
	case p.value.Value == "false":
		return false, nil
	}
	return false, s.errorf(p.value, "%s is %s, not true or false", p.key, kindOf(p.value))
}

// count returns a whole number from low to high.
func (s sheet) count(p pair, low, high int) (int, error) {
	var n int
	if p.value.Kind != yaml.ScalarNode || p.value.Decode(&n) != nil || n < low || n > high {
		return 0, s.errorf(p.value, "%s is %s, not a whole number from %d to %d", p.key, kindOf(p.value), low, high)
	}
	return n, nil
}

// kindOf says in words what n is.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias (recipes have none)"
	}
	if n.ShortTag() == "!!null" {
		return "empty"
	}
	return fmt.Sprintf("%q", clip(n.Value, maxShown))
}

// suggestAny is suggest, but names all that are known if none is near.
func suggestAny(word string, known []string) string {
	if near := suggest(word, known); near != "" || len(known) == 0 {
		return near
	}
	return "; known are " + strings.Join(known, ", ")
}

// suggest returns `; did you mean "x"?` if one of known is near word, else "".
func suggest(word string, known []string) string {
	best, least := "", 3 // at most two slips
	for _, k := range known {
		if d := slips(strings.ToLower(word), k); d < least && 2*d <= len(k) {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// slips returns how many letters must be added, dropped, changed or swapped
// with their neighbour to make b of a (optimal string alignment). Words of very
// different length count as far apart.
func slips(a, b string) int {
	if len(a) > len(b)+2 || len(b) > len(a)+2 {
		return max(len(a), len(b))
	}
	var before []int // the row above row
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

// cutBytes returns the longest prefix of s of at most n bytes that ends with a
// whole character.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 { // inside a UTF-8 sequence
		n--
	}
	return s[:n]
}

// oneOf writes words as a list: a, b or c.
func oneOf(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
}
