package scrape

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParsePatternErrors(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"open parenthesis", "(a", `regex "(a": missing closing )`},
		{"one too many", "a)", `regex "a)": unexpected ) a)`},
		{"open bracket", "[a", `regex "[a": missing closing ] [a`},
		{"look-ahead", "a(?=b)", `regex "a(?=b)": (?= is not known: RE2 has no look-around`},
		{"look-behind", "(?<!a)b", `regex "(?<!a)b": (?<! is not known: RE2 has no look-around`},
		{"back-reference", `(a)\1`, `regex "(a)\\1": invalid escape sequence \1`},
		{"repeats nothing", "*a", `regex "*a": missing argument to repetition operator *`},
		{"repeats a repetition", "a**", `regex "a**": invalid nested repetition operator **`},
		{"written out it is long", "(abc){900}", `regex "(abc){900}": 4502 steps when written out, at most 2000`},
		{"far too long", "((a{100}){100}){100}", `regex "((a{100}){100}){100}": invalid repeat count {100}`},
		{"long", strings.Repeat("a", 1025), `regex "` + strings.Repeat("a", 80) + `...": 1025 bytes long, at most 1024`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := parsePattern(tc.in); err == nil || err.Error() != tc.want {
				t.Errorf("parsePattern(%.40q) = %v, want %s", tc.in, err, tc.want)
			}
		})
	}
}

func TestPatternGroup(t *testing.T) {
	const text = "A 7a-5p"
	for _, tc := range []struct{ name, regex, group, want string }{
		{"no group: the whole match", `\d\w`, "", "7a"},
		{"the first group", `(\d\w)-(\d\w)`, "", "7a"},
		{"the group that is named value", `(\d\w)-(?P<value>\d\w)`, "", "5p"},
		{"another name does not count", `(?P<from>\d\w)-(\d\w)`, "", "7a"},
		{"another by number", `(\d\w)-(\d\w)`, "2", "5p"},
		{"the whole", `(\d\w)-(\d\w)`, "0", "7a-5p"},
		{"another by name", `(\d\w)-(?<to>\d\w)`, "to", "5p"},
		{"white space at the ends is none of it", `A(.*)7`, "", ""},
		{"a group that took no part", `(x)|7`, "", "none"},
		{"no match", `z`, "", "none"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := parsePattern(tc.regex)
			if err == nil && tc.group != "" {
				p, err = p.choose(tc.group)
			}
			if err != nil {
				t.Fatal(err)
			}
			got, ok := p.find(newWork(t.Context()), text)
			if !ok {
				got = "none"
			}
			if got != tc.want {
				t.Errorf("found %q, want %q", got, tc.want)
			}
		})
	}
}

// All matches are those of package regexp, blank ones apart.
func FuzzPatternAll(f *testing.F) {
	for _, seed := range [][2]string{
		{`\d+`, "1 22 333"},
		{`^a`, "aaa"},
		{`(?m)^.`, "a\nb\n\nc"},
		{`\ba`, "aa a ba"},
		{`\Ba`, "aa a ba"},
		{`a*`, "baaac"},
		{`a|$`, "ab"},
		{`x.*y|x`, "xxxxxxy xx"},
		{`(é)|.`, "aéàé"},
		{``, "ab"},
		{`(a)?(b)?`, "abba"},
		{`(?i)A`, "aA"},
		{`\z`, "a"},
		{`[^a]`, "\xffa\xfe"},
		{`(?s).`, "a\nb"},
		{`a$`, "a\na"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, regex, text string) {
		p, err := parsePattern(regex)
		if err != nil || len(text) > 1000 {
			return
		}
		notBlank := func(s string) bool { return s != "" }
		want := []string{}
		for _, loc := range regexp.MustCompile(regex).FindAllStringSubmatchIndex(text, -1) {
			if g := 2 * p.group; loc[g] >= 0 && notBlank(strings.TrimSpace(text[loc[g]:loc[g+1]])) {
				want = append(want, strings.TrimSpace(text[loc[g]:loc[g+1]]))
			}
		}
		got := slices.DeleteFunc(p.all(newWork(t.Context()), text), func(s string) bool { return s == "" })
		if !slices.Equal(got, want) {
			t.Errorf("all of %q in %q = %q, want %q", regex, text, got, want)
		}
	})
}

// Whatever the text: searching it ends within the budget, in time.
func TestPatternIsBounded(t *testing.T) {
	for _, tc := range []struct{ name, regex, text string }{
		{"every match looks at all the rest", `x.*y|x`, strings.Repeat("x", 1<<18)},
		{"a thousand threads", `(?:a?){300}(?:b?){300}c`, strings.Repeat("ab", 1000)},
		{"alternatives", `(?:x+)+y|(?:[a-z]{1,50}\d){1,6}`, strings.Repeat("abcdefgh", 1<<18)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := parsePattern(tc.regex)
			if err != nil {
				t.Fatal(err)
			}
			for name, search := range map[string]func(w *work){
				"all":     func(w *work) { p.all(w, tc.text) },
				"find":    func(w *work) { p.find(w, tc.text) },
				"matches": func(w *work) { p.matches(w, tc.text) },
			} {
				w := newWork(t.Context())
				w.begun = time.Now().Add(time.Second - maxTime) // one is left
				begun := time.Now()
				search(w)
				if took := time.Since(begun); took > 15*time.Second || w.err != nil && !errors.Is(w.err, ErrTooComplex) {
					t.Errorf("%s: %v after %v", name, w.err, took)
				} else {
					t.Logf("%s: %v after %v", name, w.err, took)
				}
			}
		})
	}
}
