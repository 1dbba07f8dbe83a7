package scrape

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of one regular expression.
const (
	maxRegex = 1 << 10 // bytes of its text
	maxInsts = 2000    // instructions it compiles to: a{1000} is a thousand
)

// A pattern is a compiled regular expression (RE2, as package regexp knows it)
// and which group of it is the value. It takes time linear in the text, and it
// pays for that out of the page's work before it starts, since it cannot be
// interrupted. It is immutable.
type pattern struct {
	text  string
	first *regexp.Regexp
	later *regexp.Regexp // past the first character: \A(?s:..*?)(text), whose groups count from 1
	insts int
	group int
}

// parsePattern compiles text. Its value is the group named value, or else the
// first group, or else the whole match.
func parsePattern(text string) (*pattern, error) {
	fail := func(err error) (*pattern, error) {
		return nil, fmt.Errorf("regex %q: %w", clip(text, maxShown), err)
	}
	if text == "" {
		return fail(errors.New("empty"))
	}
	if len(text) > maxRegex {
		return fail(fmt.Errorf("%d bytes long, at most %d", len(text), maxRegex))
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return fail(whyRegex(err))
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return fail(err)
	}
	if n := len(prog.Inst); n > maxInsts {
		return fail(fmt.Errorf("%d steps when written out, at most %d", n, maxInsts))
	}
	first, err := regexp.Compile(text)
	if err != nil {
		return fail(err)
	}
	later, err := regexp.Compile(`\A(?s:..*?)(` + text + `)`)
	if err != nil {
		return fail(err)
	}
	p := &pattern{text: text, first: first, later: later, insts: len(prog.Inst)}
	if p.group = first.SubexpIndex("value"); p.group < 0 {
		p.group = min(1, first.NumSubexp())
	}
	return p, nil
}

// whyRegex says what is wrong with a regular expression, without the whole of
// it again.
func whyRegex(err error) error {
	var bad *syntax.Error
	if !errors.As(err, &bad) {
		return err
	}
	switch {
	case bad.Code == syntax.ErrInvalidPerlOp, strings.HasPrefix(bad.Expr, "(?<!"), strings.HasPrefix(bad.Expr, "(?<="):
		return fmt.Errorf("%s is not known: RE2 has no look-around", bad.Expr[:min(len(bad.Expr), 4)])
	case bad.Code == syntax.ErrMissingParen:
		return errors.New(string(bad.Code))
	}
	return fmt.Errorf("%s %s", bad.Code, bad.Expr)
}

// choose returns p with another group as its value: a number or a name.
func (p *pattern) choose(group string) (*pattern, error) {
	chosen := *p
	n, err := strconv.Atoi(group)
	if err != nil {
		if n = p.first.SubexpIndex(group); n < 0 {
			return nil, fmt.Errorf("regex %q has no group named %q%s", clip(p.text, maxShown), clip(group, maxShown), suggest(group, p.first.SubexpNames()[1:]))
		}
	}
	if n < 0 || n > p.first.NumSubexp() {
		return nil, fmt.Errorf("group %d: regex %q has %s", n, clip(p.text, maxShown), plural(p.first.NumSubexp(), "group"))
	}
	chosen.group = n
	return &chosen, nil
}

// cost is what n bytes of text take. A step is about 60 ns elsewhere; here it is
// 20 to 50 of them for patterns as people write them, and 95 for
// (?:a?){300}(?:b?){300}c on a text of a and b.
func (p *pattern) cost(n int) int { return 1 + n*(8+p.insts)/8 }

// matches reports whether text has a match.
func (p *pattern) matches(w *work, text string) bool {
	return w.spend(p.cost(len(text))) && w.err == nil && p.first.MatchString(text)
}

// find returns the value of the first match in text, and whether there is one.
func (p *pattern) find(w *work, text string) (string, bool) {
	if !w.spend(p.cost(len(text))) {
		return "", false
	}
	loc := p.first.FindStringSubmatchIndex(text)
	if loc == nil || loc[2*p.group] < 0 {
		return "", false
	}
	return strings.TrimSpace(text[loc[2*p.group]:loc[2*p.group+1]]), true
}

// all returns the values of all matches in text that do not overlap.
//
// Package regexp does the same with FindAll, which a text can make quadratic
// (x.*y|x on nothing but x) and which cannot be stopped. So each match is
// searched for on its own, from the character before, which ^ and \b look at.
func (p *pattern) all(w *work, text string) []string {
	var values []string
	for from, re, shift := 0, p.first, 0; from <= len(text); re, shift = p.later, 1 {
		begin := from // of what is searched
		if shift > 0 {
			if from == 0 {
				return values
			}
			_, n := utf8.DecodeLastRuneInString(text[:from])
			begin -= n
		}
		if w.steps < p.cost(len(text)-begin) {
			w.fail(tooComplex("more than %d steps", maxSteps))
		}
		if !w.alive() {
			return nil
		}
		loc := re.FindStringSubmatchIndex(text[begin:])
		if loc == nil {
			w.spend(p.cost(len(text) - begin))
			return values
		}
		start, end := begin+loc[2*shift], begin+loc[2*shift+1]
		if g := 2 * (p.group + shift); loc[g] >= 0 {
			values = append(values, strings.TrimSpace(text[begin+loc[g]:begin+loc[g+1]]))
		}
		if !w.spend(p.cost(end - begin)) {
			return nil
		}
		if from = end; end == start { // of nothing: on by one character
			if end == len(text) {
				return values
			}
			_, n := utf8.DecodeRuneInString(text[end:])
			from += n
		}
	}
	return values
}
