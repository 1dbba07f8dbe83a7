package scrape

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/engine"
)

// What Try prints at most.
const (
	tryRows     = 20 // records
	tryFindings = 20
	tryCell     = 32 // cells of the terminal, for a column of records
	tryWhy      = 60 // likewise, for a selector or a raw value
)

// Try extracts p with r and writes to w what an author of recipes wants to know:
// the records as a table, what each selector matched and how often, what its
// field lacks, and the findings. The text is for people and safe for a terminal:
// whatever the page wrote is printed with control characters and the like
// escaped.
//
// It returns how long a run would take for the page once it is there, and the
// error of [Recipe.Extract], or of w. A page that is empty for the recipe is no
// error.
func Try(ctx context.Context, w io.Writer, r *Recipe, p Page) (spent time.Duration, err error) {
	var b bytes.Buffer
	var found []tally
	all := true
	work := newWork(ctx)
	x, err := r.inspect(work, p, func(x *extractor) {
		spent = time.Since(work.begun)
		found, all = x.tallies(ctx)
	})
	if err != nil {
		return 0, err
	}
	tryHead(&b, r, p, x)
	by := x.by
	if by.onePage() {
		tryRecord(&b, x.Records)
	} else {
		tryTable(&b, x.Fields, x.Records)
	}
	tryMatches(&b, found, all)
	tryFound(&b, x)
	tryNext(&b, x.Next)
	_, err = w.Write(b.Bytes())
	return spent, err
}

func tryHead(b *bytes.Buffer, r *Recipe, p Page, x Extraction) {
	fmt.Fprintf(b, "recipe   %s\n", safe(r.name))
	if p.URL != nil {
		fmt.Fprintf(b, "page     %s\n", safe(p.URL.String()))
	}
	if x.Title != "" {
		fmt.Fprintf(b, "title    %s\n", safe(x.Title))
	}
	if len(p.Body) == 0 {
		b.WriteString("kind     empty\n")
	} else {
		fmt.Fprintf(b, "kind     %s, %s\n", safe(p.kind()), size(int64(len(p.Body))))
	}
	outcome := engine.OK
	if x.Empty {
		outcome = engine.Empty
	}
	fmt.Fprintf(b, "outcome  %s, %s", outcome, plural(len(x.Records), "record"))
	if x.Empty {
		fmt.Fprintf(b, ": %s", safe(x.Why))
	}
	b.WriteByte('\n')
}

// tryRecord prints the record of a recipe without rows, a value a line.
func tryRecord(b *bytes.Buffer, records []engine.Record) {
	if len(records) == 0 {
		return
	}
	b.WriteByte('\n')
	t := table{gap: 2}
	for _, f := range records[0] {
		list, many := items(f.Value)
		if !many {
			t.add(f.Name, shown(f.Value, 2*tryWhy))
			continue
		}
		t.add(f.Name, plural(len(list), "value"))
		for _, v := range list[:min(len(list), 5)] {
			t.add("", fit(safe(v), 2*tryWhy))
		}
		if more := len(list) - 5; more > 0 {
			t.add("", fmt.Sprintf("… %d more", more))
		}
	}
	t.print(b)
}

func tryTable(b *bytes.Buffer, fields []FieldStats, records []engine.Record) {
	if len(records) == 0 {
		return
	}
	b.WriteByte('\n')
	t := table{gap: 2, right: 1}
	head := []string{"#"}
	for _, f := range fields {
		head = append(head, fit(safe(f.Name), tryCell))
	}
	t.add(head...)
	for i, rec := range records[:min(len(records), tryRows)] {
		line := []string{strconv.Itoa(i + 1)}
		for at, f := range fields {
			if at >= len(rec) || rec[at].Name != f.Name { // of a table with other columns
				at = slices.IndexFunc(rec, func(has engine.Field) bool { return has.Name == f.Name })
			}
			cell := ""
			if at >= 0 {
				cell = shown(rec[at].Value, tryCell)
			}
			line = append(line, cell)
		}
		t.add(line...)
	}
	t.print(b)
	if more := len(records) - tryRows; more > 0 {
		fmt.Fprintf(b, "… %s more\n", plural(more, "record"))
	}
}

// tryMatches prints how often each selector matched, and what is wrong with it.
func tryMatches(b *bytes.Buffer, found []tally, all bool) {
	b.WriteByte('\n')
	t := table{gap: 2}
	t.add("field", "filled", "matched", "select", "")
	for _, m := range found {
		sel := fit(safe(m.sel), tryWhy)
		if m.label == "" {
			sel = "  " + sel
		}
		t.add(m.label, m.filled, strconv.Itoa(m.shown), sel, fit(safe(m.why), 2*tryWhy))
	}
	t.print(b)
	if !all {
		b.WriteString("not everything was counted: the page is too complex\n")
	}
}

// whyEmpty says what keeps a field from being filled in every record.
func whyEmpty(f *field, s FieldStats, records, rows int) string {
	switch {
	case rows == 0:
		return "no row to look in"
	case records == 0 && s.Unlike == 0:
		return "nothing matches, or it holds no text"
	case s.Filled == records && records > 0:
		return ""
	case f.typ == typeBool:
		return fmt.Sprintf("%d false", records-s.Filled)
	}
	var why []string
	if n := records - s.Matched; n > 0 {
		why = append(why, fmt.Sprintf("%d without a match", n))
	}
	if s.Bad > 0 {
		why = append(why, fmt.Sprintf("%d not of type %s", s.Bad, f.typ))
	}
	if s.Unlike > 0 {
		why = append(why, fmt.Sprintf("%d unlike the regex, as %q", s.Unlike, s.Text))
	}
	if n := s.Matched - s.Filled - s.Bad - s.Unlike; n > 0 {
		what := "blank"
		if f.attr != "" {
			what += " or without " + f.attr
		}
		why = append(why, fmt.Sprintf("%d %s", n, what))
	}
	return strings.Join(why, ", ")
}

// tryFound prints the findings, gathered by kind and field.
func tryFound(b *bytes.Buffer, x Extraction) {
	total := 0
	for _, f := range x.Findings {
		if f.Field == "" { // about the whole page
			total++
		}
	}
	for _, s := range x.Fields {
		total += s.Missing + s.Bad
	}
	if total == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", plural(total, "finding"))
	found := slices.SortedStableFunc(slices.Values(x.Findings), func(a, b engine.Finding) int {
		return cmp.Or(-strings.Compare(a.Kind, b.Kind), cmp.Compare(a.Col, b.Col))
	})
	t := table{gap: 2}
	shownFindings := found[:min(len(found), tryFindings)]
	for _, f := range shownFindings {
		raw := ""
		if f.Raw != "" {
			raw = fit(strconv.Quote(safe(f.Raw)), tryWhy)
		}
		t.add("  "+f.String(), f.Field, fit(safe(f.Selector), tryWhy), raw)
	}
	t.print(b)
	if more := total - len(shownFindings); more > 0 {
		fmt.Fprintf(b, "  … %d more\n", more)
	}
}

func tryNext(b *bytes.Buffer, next []string) {
	if len(next) == 0 {
		return
	}
	fmt.Fprintf(b, "\nfollows %s\n", plural(len(next), "page"))
	for _, u := range next[:min(len(next), 5)] {
		fmt.Fprintf(b, "  %s\n", safe(u))
	}
	if more := len(next) - 5; more > 0 {
		fmt.Fprintf(b, "  … %d more\n", more)
	}
}

// items returns the items of a list.
func items(v any) (list []string, many bool) {
	switch v := v.(type) {
	case []string:
		return v, true
	case []any:
		for _, item := range v {
			list = append(list, engine.Text(item, ""))
		}
		return list, true
	}
	return nil, false
}

// shown writes a value as a cell: - for one that is not there.
func shown(v any, cells int) string {
	if v == nil {
		return "-"
	}
	return fit(safe(engine.Text(v, "; ")), cells)
}
