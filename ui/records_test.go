package ui

import (
	"strings"
	"testing"

	"weir/engine"
)

func TestCellText(t *testing.T) {
	for _, tc := range []struct {
		name string
		in   any
		want string
	}{
		{"not there", nil, unknown},
		{"empty", "", emptyText},
		{"an empty list", []string{}, emptyText},
		{"text is cleaned", "a\x1b[31mb", clean("a\x1b[31mb", valueBytes)},
		{"a number to its last digit", engine.Number("-12345678901234567890.50"), "-12345678901234567890.50"},
		{"true", true, "true"},
		{"false", false, "false"},
		{"a list", []string{"a", "b"}, "a, b"},
		{"a list of numbers and what is none", []any{engine.Number("1"), "x"}, "1, x"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := cellText(tc.in); got != tc.want {
				t.Errorf("cellText(%v) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
}

// linked is a record with a list, a long text and values that are not there or
// empty.
func linked(n int) engine.Record {
	links := make([]string, n)
	for i := range links {
		links[i] = "http://one.test/" + string(rune('a'+i%26))
	}
	return engine.Record{{Name: "title", Value: "Rota"}, {Name: "links", Value: links}, {Name: "note", Value: ""}, {Name: "end"}, {Name: "text", Value: strings.Repeat("word ", 20)}}
}

// One record is its fields as lines. A long list or text does not push the
// others away until it is opened.
func TestRecordIsLines(t *testing.T) {
	one := newRecords([]engine.Record{linked(14)}, "")
	want := `title     Rota
links 14  http://one.test/a
          http://one.test/b
          http://one.test/c
          … 11 more
note      ""
end       -
text      word word word word word word
          word word word word word word
          word word word word word word…`
	if got := wholeLeaf(one.folded(), 40); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := one.folded().opens(40); got != "all of it" {
		t.Errorf("enter is said to show %q", got)
	}
	opened := wholeLeaf(one.opened(), 40)
	if strings.Contains(opened, "…") || strings.Count(opened, "http://") != 14 || strings.Count(opened, "word") != 20 {
		t.Errorf("opened it is\n%s", opened)
	}
	// A list of one more than is shown is shown: the line would be as long.
	if got := wholeLeaf(newRecords([]engine.Record{linked(4)}, "").folded(), 40); strings.Contains(got, "more") || !strings.Contains(got, "links 4  http") {
		t.Errorf("a list of four is\n%s", got)
	}
	short := newRecords([]engine.Record{{{Name: "a", Value: "b"}}}, "").folded()
	if got := short.opens(40); got != "" {
		t.Errorf("enter is said to show %q of what is all there", got)
	}
}

// Several records are a table. What its columns have no room for is said, and
// shown when it is opened, from the same record on.
func TestRecordsAreATable(t *testing.T) {
	r := rotaPage()
	r.Records = r.Records[:0]
	for range 40 {
		r.Records = append(r.Records, linked(5))
	}
	d := opened(t, r, 40, 20)
	view := bareLines(d.View(NewTheme(true, false)))
	for _, want := range []string{"title  links       note  end  text\n", "Rota   one.test/…  \"\"    -    word word…\n", "1-11 of 40 · enter whole records\n"} {
		if !strings.Contains(view, want) {
			t.Errorf("%q is missing:\n%s", want, view)
		}
	}
	d.SetSize(33, 20)
	if view = bareLines(d.View(NewTheme(true, false))); !strings.Contains(view, "title  links            note  end\n") || !strings.Contains(view, "enter 1 more field\n") {
		t.Errorf("in 33 cells it is\n%s", view)
	}
	d.SetSize(40, 20)
	d.do(actEnd)
	first := d.at.block
	d.do(actOpen)
	if view = bareLines(d.View(NewTheme(true, false))); !strings.Contains(view, "record "+count(first+1)+" of 40\ntitle ") || !strings.Contains(view, "enter table") {
		t.Errorf("from record %d on it is opened as\n%s", first+1, view)
	}
	if d.do(actOpen); d.at.block != first {
		t.Errorf("closed, the table begins with %d, want %d", d.at.block, first)
	}
}

// The values of a record that came before a field was known are not there.
func TestRecordsOfDifferentFields(t *testing.T) {
	got := wholeLeaf(recordTable{newRecords([]engine.Record{
		{{Name: "a", Value: "1"}}, {{Name: "b", Value: "2"}}, {}, {{Name: "b", Value: "3"}, {Name: "a", Value: ""}},
	}, "")}, 20)
	if want := "1   -\n-   2\n-   -\n\"\"  3"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
