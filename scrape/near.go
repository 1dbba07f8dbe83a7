package scrape

// A nearby says where on a page stands when it is, for the dates of a field
// that lack their year or month.
type nearby struct {
	sel   *selector
	attr  string   // empty: the text
	regex *pattern // nil: the whole of it
}

// A finding of when a page is, made once for each field that asks.
type when struct {
	raw string  // what stands there
	at  *moment // nil: nothing that says when
}

// when returns what f's near has found on the page.
func (x *extractor) when(f *field) when {
	if seen, ok := x.moments[f]; ok {
		return seen
	}
	var seen when
	probe := field{sel: f.near.sel, attr: f.near.attr}
	for _, n := range x.below(probe.sel, x.page.Nodes, false) {
		raw, ok := x.raw(&probe, n)
		if ok && f.near.regex != nil {
			if part, has := f.near.regex.find(x.w, raw); has {
				raw = part
			}
		}
		seen.raw = raw
		if at, ok := momentOf(raw, f.order); ok {
			seen.at = &at
		}
	}
	if x.moments == nil {
		x.moments = make(map[*field]when)
	}
	x.moments[f] = seen
	return seen
}

// setting returns what the reading of f's values depends on.
func (x *extractor) setting(f *field) setting {
	set := setting{currency: f.currency, dates: dateRule{order: f.order}}
	if f.typ == typeURL {
		set.base = x.base()
	}
	if f.near != nil {
		set.dates.near = x.when(f).at
	}
	return set
}
