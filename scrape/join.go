package scrape

import (
	"fmt"
	"slices"

	"weir/engine"
)

// MissingDetail is the finding of a record whose row had a link to a page of
// its own (join), and nothing came of that page: it failed, was skipped or
// cancelled, held no record, or was one too many.
const MissingDetail = "MissingDetail"

// walk turns an extraction into the records and links of a result: what waits
// for a page goes there, and what came from the row before is put ahead.
func (a *attempt) walk(r *Recipe, got Extraction) error {
	t, res := a.trail, &a.result
	records, err := t.merge(got.Records)
	if err != nil {
		return err
	}
	per := max(len(t.Rows), 1) // records of each one on the page
	waits := make([]bool, len(got.Records))
	left := got.left         // records whose links are not followed
	at := map[string]int{}   // by fingerprint, the place in groups
	steps := map[int]print{} // by entry: its links differ in their URLs only
	var groups []*waiting
	for _, l := range got.links {
		to, err := parseTarget(l.url)
		if a.session != nil && err == nil && r.login.token.query != "" {
			to = to.without(r.login.token.query)
		}
		if err != nil {
			left = append(left, l.rows...)
			continue // a user in the URL and the like
		}
		job := a.s.job(to, r)
		job.Depth = a.r.Job.Depth + 1
		if l.rows == nil {
			p, known := steps[l.by]
			if !known {
				p = t.step(l.by).print()
				steps[l.by] = p
			}
			res.Links = append(res.Links, p.on(job))
			continue
		}
		i, known := at[job.Fingerprint]
		if !known { // two URLs may be one page by the rules of the recipe
			i = len(groups)
			at[job.Fingerprint] = i
			groups = append(groups, &waiting{at: len(res.Links), trail: t.step(l.by)})
			res.Links = append(res.Links, job)
		}
		for _, row := range l.rows {
			waits[row] = true
			groups[i].rows = append(groups[i].rows, row)
		}
	}
	page := a.r.Job.Fingerprint
	for _, g := range groups {
		slices.Sort(g.rows)
		for _, row := range g.rows {
			g.trail.take(records[row*per : (row+1)*per])
		}
		g.trail.Key = g.trail.key(page)
		res.Links[g.at] = g.trail.print().on(res.Links[g.at])
	}
	res.Findings = got.Findings
	if len(records) == 0 && len(t.Rows) > 0 && !t.Kept {
		t.rescue(r, res)
		return nil
	}
	for i := range got.Records {
		if !waits[i] {
			res.Records = append(res.Records, records[i*per:(i+1)*per]...)
		}
	}
	for _, i := range left {
		res.Findings = append(res.Findings, t.reading.missing(i+1))
	}
	return nil
}

// A waiting is the rows of a page that wait for one other.
type waiting struct {
	at    int // its place in the links of the result
	trail *trail
	rows  []int
}

// merge puts the rows that wait for a page ahead of each of its records: each
// row with each record.
func (t *trail) merge(records []engine.Record) ([]engine.Record, error) {
	if len(t.Rows) == 0 {
		return records, nil
	}
	if cells := len(t.Rows) * len(records) * (len(t.Names) + len(t.reading.names())); cells > maxCells {
		return nil, tooComplex("more than %d values when each record is joined with each of %s", maxCells, plural(len(t.Rows), "row"))
	}
	merged := make([]engine.Record, 0, len(t.Rows)*len(records))
	for _, rec := range records {
		for _, row := range t.Rows {
			merged = append(merged, append(t.record(row), rec...))
		}
	}
	return merged, nil
}

// record returns a row as a record, with room for the fields of its page.
func (t *trail) record(row []any) engine.Record {
	rec := make(engine.Record, len(row), len(row)+len(t.reading.fields))
	for i, v := range row {
		rec[i] = engine.Field{Name: t.Names[i], Value: v}
	}
	return rec
}

// take makes records rows that wait for the page of t.
func (t *trail) take(records []engine.Record) {
	for _, rec := range records {
		row := make([]any, len(rec))
		for i, f := range rec {
			row[i] = f.Value
		}
		t.Rows = append(t.Rows, row)
		if t.Names == nil {
			for _, f := range rec {
				t.Names = append(t.Names, f.Name)
			}
		}
	}
}

// missing is the finding of a row whose page is not asked for.
func (r *reading) missing(row int) engine.Finding {
	by := &r.follow[r.joined()]
	f := engine.Finding{Kind: MissingDetail, Row: row, Col: len(r.fields) + 1, Selector: by.sel.text, Raw: "not followed"}
	if then := by.then.names(); len(then) > 0 {
		f.Field = then[0]
	}
	return f
}

// rescue makes records of the rows that waited for a page that came to none,
// the fields of the page missing in them.
func (t *trail) rescue(r *Recipe, res *engine.Result) {
	for i, row := range t.Rows {
		rec := t.record(row)
		for _, name := range t.reading.names() {
			rec = append(rec, engine.Field{Name: name})
		}
		res.Records = append(res.Records, rec)
		if len(res.Findings) < MaxFindings {
			f := engine.Finding{Kind: MissingDetail, Row: i + 1, Col: len(t.Names) + 1, Raw: cutBytes(lost(res), maxRaw)}
			if names := t.reading.names(); len(names) > 0 {
				f.Field = names[0]
			}
			if by := t.entry(r); by != nil {
				f.Selector = by.sel.text
			}
			res.Findings = append(res.Findings, f)
		}
	}
}

// lost says in a word or two what became of a page.
func lost(r *engine.Result) string {
	if r.Class != "" {
		return fmt.Sprintf("%s: %s", r.Outcome, r.Class)
	}
	return r.Outcome.String()
}

// Salvage implements [engine.Salvager]: the rows that waited for the page of a
// job are not lost with it. A row whose page was cancelled comes out like one
// whose page failed, as long as the job stays cancelled.
func (s *Scraper) Salvage(ref engine.RecipeRef, r *engine.Result) {
	recipe, err := s.recipe(ref)
	if err != nil {
		return
	}
	t, err := recipe.trail(engine.Job{Carry: r.Carry})
	if err != nil || t.Kept {
		return
	}
	t.rescue(recipe, r)
}

var _ engine.Salvager = (*Scraper)(nil)
