package demo

import (
	"slices"
	"time"
)

// This file is the clean dialect: one table a month, one row a shift.

// A shiftRow is one row of it, with what is wrong with it.
type shiftRow struct {
	Date, Shift, Start, End string
	Name                    string
	Num                     int  // of the person
	Open                    bool // nobody was found: there is no link
	NoEnd                   bool // the cell holds a no-break space
	Short                   bool // the row ends before its last cell
}

// The shifts of a day. The night ends on the day after.
var shifts = [...]struct{ name, start, end string }{
	{"Day", "07:00", "19:00"},
	{"Night", "19:00", "07:00"},
}

// monthRows returns the rows of a month, in about one month of three with
// cells that are missing or wrong, and here and there with a row twice.
func (h *host) monthRows(m month) []shiftRow {
	var rows []shiftRow
	for d := range m.days() {
		day := m.day(d + 1)
		for _, s := range shifts {
			p, ok := h.onCall(day, "", s.name)
			rows = append(rows, shiftRow{
				Date: day.Format(time.DateOnly), Shift: s.name, Start: s.start, End: s.end,
				Name: p.name(), Num: p.num, Open: !ok,
			})
		}
	}
	r := h.rand("month " + m.String())
	if r.IntN(3) == 0 {
		for range 1 + r.IntN(3) {
			row := &rows[r.IntN(len(rows))]
			switch r.IntN(9) {
			case 0, 1, 2:
				row.Start = ""
			case 3, 4:
				row.NoEnd = true
			case 5, 6:
				row.Short = true
			case 7:
				row.Start = "7pm?"
			case 8:
				row.Shift = ""
			}
		}
	}
	for range r.IntN(3) {
		at := r.IntN(len(rows))
		rows = slices.Insert(rows, at, rows[at])
	}
	return rows
}

// schedulePage draws a month, or one without a shift if it is hollow.
func (h *host) schedulePage(m month, base string, bare bool) page {
	var rows []shiftRow
	if !bare {
		rows = h.monthRows(m)
	}
	return draw("month.html", struct {
		Org, Base, Title, Month, Previous, Next string
		Rows                                    []shiftRow
	}{h.org, base, m.title(), m.String(), (m - 1).link(month.String), (m + 1).link(month.String), rows})
}

// link returns the month as write puts it, or nothing if it is not published.
func (m month) link(write func(month) string) string {
	if !m.published() {
		return ""
	}
	return write(m)
}
