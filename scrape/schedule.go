package scrape

import (
	"errors"
	"fmt"
	"strings"
)

// What a recipe's url may leave open. A month can have a form: {month:MM-YY}.
const (
	slotBase  = "{base}"
	slotMonth = "{month}"
)

// A template is a recipe's url taken apart.
type template struct {
	base  bool     // it begins with {base}
	texts []string // what stands before, between and behind the months
	forms []string // of the months between them
}

// parseTemplate takes url apart, or says why it cannot be filled.
func parseTemplate(url string) (template, error) {
	t := template{}
	if url == "" {
		return t, errors.New("url is empty")
	}
	bad := func(format string, args ...any) (template, error) {
		return template{}, fmt.Errorf("url %q: %s", clip(url, maxShown), fmt.Sprintf(format, args...))
	}
	rest, based := strings.CutPrefix(url, slotBase)
	t.base = based
	for {
		text, slot, found := strings.Cut(rest, "{")
		switch {
		case strings.Contains(text, "}"):
			return bad("only %s and %s are filled", slotBase, slotMonth)
		case !found:
			t.texts = append(t.texts, text)
			return t, t.check(url)
		}
		slot, rest, found = strings.Cut(slot, "}")
		form, month := strings.CutPrefix(slot, "month")
		switch {
		case slot == "base" && found:
			return bad("%s stands at the beginning or not at all", slotBase)
		case !month || !found || form != "" && form[0] != ':':
			return bad("only %s and %s are filled", slotBase, slotMonth)
		case form == "":
			form = ":YYYY-MM"
		}
		if err := checkForm(form[1:]); err != nil {
			return bad("{%s}: %v", clip(slot, maxShown), err)
		}
		t.texts, t.forms = append(t.texts, text), append(t.forms, form[1:])
	}
}

func (t template) check(url string) error {
	if !t.base && !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		return fmt.Errorf("url %q begins with none of %s, http:// and https://", clip(url, maxShown), slotBase)
	}
	month := len(t.forms) == 0
	for _, form := range t.forms {
		month = month || strings.Contains(form, "M")
	}
	if !month {
		return fmt.Errorf("url %q: no form has the month, M or MM", clip(url, maxShown))
	}
	return nil
}

// joins reports whether what follows the base are parameters of a query:
// {base}&Month={month:M-YY}.
func (t template) joins() bool { return t.base && strings.HasPrefix(t.texts[0], "&") }

// formParts are what a form may be made of, the longest first.
var formParts = []string{"YYYY", "YY", "MM", "M"}

// checkForm says whether form is one of a month: YYYY, YY, MM and M with signs
// between them.
func checkForm(form string) error {
	if form == "" {
		return errors.New("no form, such as MM-YY")
	}
	rest := form
	for _, part := range formParts {
		rest = strings.ReplaceAll(rest, part, "")
	}
	if i := strings.IndexFunc(rest, func(r rune) bool { return !strings.ContainsRune("-/._ ", r) }); i >= 0 {
		return fmt.Errorf("a form is made of YYYY, YY, MM, M and - / . _ or spaces between them, not %q", clip(rest[i:], 10))
	}
	return nil
}

// form writes the month in a form: November 2025 is 11-25 as MM-YY.
func (m Month) form(form string) string {
	year, month := fmt.Sprintf("%04d", m.Year), fmt.Sprintf("%02d", int(m.Month))
	return strings.NewReplacer("YYYY", year, "YY", year[2:], "MM", month, "M", strings.TrimPrefix(month, "0")).Replace(form)
}

// checkTemplate says whether url can be expanded.
func checkTemplate(url string) error {
	_, err := parseTemplate(url)
	return err
}

// Expand returns the URLs of the recipe for a base and months, one for each
// month. A slash at the end of base counts once.
//
// What stands behind {base} and begins with & are parameters: base may have a
// query then, such as a session, and loses what the recipe gives a value of its
// own.
//
// It is an error if base or months are missing where the recipe's url has a
// place for them, and if they are given where it has none. A recipe without a
// url has the base as its one URL.
func (r *Recipe) Expand(base string, months []Month) ([]string, error) {
	t := template{base: true, texts: []string{""}}
	if r.url != "" {
		var err error
		if t, err = parseTemplate(r.url); err != nil {
			return nil, err // ParseRecipe has refused it
		}
	}
	fail := func(format string, args ...any) ([]string, error) {
		return nil, fmt.Errorf("scrape: recipe %s: %w", r.name, fmt.Errorf(format, args...))
	}
	monthly := len(t.forms) > 0
	switch {
	case monthly && len(months) == 0:
		return fail("its url has %s: which months?", slotMonth)
	case !monthly && len(months) > 0:
		return fail("its url has no %s to fill with months", slotMonth)
	case t.base && base == "":
		return fail("its url has %s: which site?", slotBase)
	case !t.base && base != "":
		return fail("its url has no %s to fill with %s", slotBase, clip(base, maxShown))
	case t.joins() && strings.Contains(base, "#"):
		return fail("base %s has a fragment, and a query comes behind it", clip(base, maxShown))
	case r.url != "" && !t.joins() && strings.ContainsAny(base, "?#"):
		return fail("base %s has a query or fragment, and a path comes behind it", clip(base, maxShown))
	}
	if t.joins() {
		base, t.texts[0] = t.join(base), t.texts[0][1:]
	} else if strings.HasPrefix(t.texts[0], "/") {
		base = strings.TrimRight(base, "/")
	}
	urls := make([]string, max(len(months), 1))
	for i := range urls {
		var b strings.Builder
		b.WriteString(base)
		for j, text := range t.texts {
			b.WriteString(text)
			if j < len(t.forms) {
				b.WriteString(months[i].form(t.forms[j]))
			}
		}
		urls[i] = b.String()
	}
	return urls, nil
}

// join returns base with a ? or & at its end, without the parameters that the
// template has too.
func (t template) join(base string) string {
	own := make(map[string]bool)
	for param := range strings.SplitSeq(strings.Join(t.texts, ""), "&") {
		name, _, _ := strings.Cut(param, "=")
		own[name] = true
	}
	base, query, _ := strings.Cut(base, "?")
	base += "?"
	for param := range strings.SplitSeq(query, "&") {
		if name, _, _ := strings.Cut(param, "="); param != "" && !own[name] {
			base += param + "&"
		}
	}
	return base
}
