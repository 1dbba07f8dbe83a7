package scrape

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"
)

// This file is any: several ways to read a page, for a site whose pages are not
// all of one kind.

const maxWays = 10 // of one any

// wayKeys are the keys of one way: those of a reading but for what is said once
// for all of them.
func wayKeys() []key[*reading] {
	return slices.DeleteFunc(readingKeys(), func(k key[*reading]) bool {
		return k.name == "any" || k.name == "page" || k.name == "follow"
	})
}

// ways reads a list of ways.
func (s sheet) ways(p pair, r *reading) error {
	n := p.value
	if n.Kind != yaml.SequenceNode {
		return s.errorf(n, "any is %s, not a list", kindOf(n))
	}
	if len(n.Content) < 1 || len(n.Content) > maxWays {
		return s.errorf(n, "%d entries in any, not 1 to %d", len(n.Content), maxWays)
	}
	for _, entry := range n.Content {
		way := reading{}
		has, err := mapping(s, entry, "an entry of any", wayKeys(), &way)
		if err != nil {
			return err
		}
		if err := s.whole(entry, has); err != nil {
			return err
		}
		_, way.expects = has["expect"]
		r.any = append(r.any, way)
	}
	r.expect.rows = 1 // unless expect says otherwise
	return nil
}

// way returns the ith way to read a page, with what is said once for all.
func (r *reading) way(i int) *reading {
	way := r.any[i]
	way.xml, way.follow = r.xml, r.follow
	if !way.expects {
		way.expect = r.expect
	}
	return &way
}

// runAny extracts by the first way that finds a record. If none does, it is the
// first that finds a row, or else the first.
func (x *extractor) runAny(p Page) {
	all, before := x.reading, x.out
	var best *extractor
	for i := range all.any {
		try := *x
		try.reading, try.out = all.way(i), before
		try.out.Findings = slices.Clip(before.Findings)
		try.run(p)
		if x.w.err != nil {
			return
		}
		if len(try.out.Records) > 0 {
			*x = try
			return
		}
		if best == nil || best.out.Rows == 0 && try.out.Rows > 0 && !try.onePage() {
			best = &try
		}
	}
	*x = *best
	x.tried = len(all.any)
}

// byNone says of a page without a record that no other way found one either.
func (x *extractor) byNone() string {
	if x.tried < 2 {
		return ""
	}
	return fmt.Sprintf(", by none of %d ways", x.tried)
}
