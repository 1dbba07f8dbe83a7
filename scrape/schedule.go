package scrape

import (
	"errors"
	"fmt"
	"strings"
)

// What a recipe's url may leave open.
const (
	slotBase  = "{base}"
	slotMonth = "{month}"
)

// checkTemplate says whether url can be expanded.
func checkTemplate(url string) error {
	if url == "" {
		return errors.New("url is empty")
	}
	rest := strings.NewReplacer(slotBase, "", slotMonth, "").Replace(url)
	if i := strings.IndexAny(rest, "{}"); i >= 0 {
		return fmt.Errorf("url %q: only %s and %s are filled", clip(url, maxShown), slotBase, slotMonth)
	}
	if i := strings.Index(url, slotBase); i > 0 || strings.Count(url, slotBase) > 1 {
		return fmt.Errorf("url %q: %s stands at the beginning or not at all", clip(url, maxShown), slotBase)
	} else if i < 0 && !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		return fmt.Errorf("url %q begins with none of %s, http:// and https://", clip(url, maxShown), slotBase)
	}
	return nil
}

// Expand returns the URLs of the recipe for a base and months, one for each
// month. A slash at the end of base counts once.
//
// It is an error if base or months are missing where the recipe's url has a
// place for them, and if they are given where it has none. A recipe without a
// url has the base as its one URL.
func (r *Recipe) Expand(base string, months []Month) ([]string, error) {
	url := r.url
	if url == "" {
		url = slotBase
	}
	fail := func(format string, args ...any) ([]string, error) {
		return nil, fmt.Errorf("scrape: recipe %s: %w", r.name, fmt.Errorf(format, args...))
	}
	hasBase, hasMonth := strings.Contains(url, slotBase), strings.Contains(url, slotMonth)
	switch {
	case hasMonth && len(months) == 0:
		return fail("its url has %s: which months?", slotMonth)
	case !hasMonth && len(months) > 0:
		return fail("its url has no %s to fill with months", slotMonth)
	case hasBase && base == "":
		return fail("its url has %s: which site?", slotBase)
	case !hasBase && base != "":
		return fail("its url has no %s to fill with %s", slotBase, clip(base, maxShown))
	case r.url != "" && strings.ContainsAny(base, "?#"):
		return fail("base %s has a query or fragment, and a path comes behind it", clip(base, maxShown))
	}
	if strings.HasPrefix(url, slotBase+"/") {
		base = strings.TrimRight(base, "/")
	}
	url = strings.Replace(url, slotBase, base, 1)
	if !hasMonth {
		return []string{url}, nil
	}
	urls := make([]string, len(months))
	for i, m := range months {
		urls[i] = strings.ReplaceAll(url, slotMonth, m.String())
	}
	return urls, nil
}
