package demo

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// This file is the old dialect, as the on-call sites of the nineties speak it:
// windows-1252 without saying so, tags in upper case that are never closed,
// tables inside tables, and a session token in every link.

// The hours of a service, in its way of writing.
const (
	dayHours   = "7a-7p"
	nightHours = "7p-7a"
	splitOdds  = 9 // one cell in so many is split between two people
)

const (
	oldType    = "text/html" // its charset is for the reader to find out
	sessionLen = 10
)

// newToken returns the token of the host's sessions.
func (h *host) newToken() string {
	const signs = "0123456789abcdefghjkmnpqrstvwxyz"
	r := h.rand("token")
	token := make([]byte, sessionLen)
	for i := range token {
		token[i] = signs[r.IntN(len(signs))]
	}
	return string(token)
}

// gridPath returns the nth path that a grid's list holds: a year of months,
// then days, which cross from December into January.
func (h *host) gridPath(n int) string {
	const year = 12
	m := month(2025*12 + 1)
	if n < year {
		return fmt.Sprintf("/ocs?Lo=%s&Month=%s", h.token, (m + month(n)).old())
	}
	day := time.Date(2025, time.December, 20+n-year, 0, 0, 0, 0, time.UTC)
	return fmt.Sprintf("/ocs?Lo=%s&Month=%s&Day=%d", h.token, monthOf(day).old(), day.Day())
}

// gridPage draws what a query of /ocs asks for.
func (h *host) gridPage(q url.Values) page {
	if q.Get("Lo") != h.token {
		return oldPage("expired.html", nil)
	}
	m, ok := parseOldMonth(q.Get("Month"))
	switch {
	case q.Has("Who"):
		n, err := strconv.Atoi(q.Get("Who"))
		if err != nil || n < 1 || n > staffSize {
			return h.missing()
		}
		return page{status: http.StatusFound, location: fmt.Sprintf("/staff/%d", n)}
	case !ok:
		return h.missing()
	case q.Get("Rpt") == "csv":
		return h.report(m)
	case !q.Has("Day"):
		return h.monthGrid(m)
	}
	d, err := strconv.Atoi(q.Get("Day"))
	if err != nil || d < 1 || d > m.days() {
		return h.missing()
	}
	return h.dayTable(m.day(d))
}

// oldPage draws a page in the old dialect's bytes.
func oldPage(name string, data any) page {
	p := draw(name, data)
	p.ctype, p.body = oldType, windows1252(p.body)
	return p
}

// A gridCell is one service on one day.
type gridCell struct {
	First, Second string // Second: from 5p on, in a split cell
	Open, Remote  bool
	Remark        string
}

func (h *host) monthGrid(m month) page {
	type head struct {
		Service, Hours string
		Note           int
	}
	type day struct {
		Day   int
		Name  string
		Grey  bool
		Cells []gridCell
	}
	type note struct {
		Num  int
		Text string
	}
	var heads []head
	for i, s := range services {
		heads = append(heads, head{s, dayHours, i + 1})
	}
	var days []day
	for d := range m.days() {
		date := m.day(d + 1)
		row := day{Day: d + 1, Name: date.Format("Mon 1/2"), Grey: d%2 == 1}
		for _, s := range services {
			row.Cells = append(row.Cells, h.cell(date, s))
		}
		days = append(days, row)
	}
	return oldPage("grid.html", struct {
		Org, Token, Title, Month, Previous, Next string
		Heads                                    []head
		Days                                     []day
		Notes                                    []note
	}{
		h.org, h.token, m.title(), m.old(), (m - 1).link(month.old), (m + 1).link(month.old), heads, days,
		[]note{{1, "Pager – never the desk’s number"}, {2, "Call the “upper” line first"}, {3, "Mileage: €0.30"}},
	})
}

func (h *host) cell(day time.Time, service string) gridCell {
	r := h.rand("cell " + day.Format(time.DateOnly) + service)
	p, ok := h.onCall(day, service, dayHours)
	c := gridCell{First: p.short(), Open: !ok, Remote: r.IntN(12) == 0}
	if !ok {
		return c
	}
	if night, ok := h.onCall(day, service, nightHours); ok && r.IntN(splitOdds) == 0 {
		c.Second = night.short()
	}
	if r.IntN(15) == 0 {
		c.Remark = "Swapped with " + h.person(1+r.IntN(staffSize)).name() + " – ask first"
	}
	return c
}

func (h *host) dayTable(day time.Time) page {
	type step struct {
		Month string
		Day   int
	}
	type row struct {
		Service, Name, Mark, Hours, Contact string
		Num                                 int
		Open, Grey                          bool
	}
	to := func(t time.Time) *step {
		if !monthOf(t).published() {
			return nil
		}
		return &step{monthOf(t).old(), t.Day()}
	}
	var rows []row
	for _, s := range services {
		for _, hours := range []string{dayHours, nightHours} {
			r := h.rand("row " + day.Format(time.DateOnly) + s + hours)
			p, ok := h.onCall(day, s, hours)
			one := row{Service: s, Hours: hours, Open: !ok, Name: p.short(), Num: p.num, Grey: len(rows)%2 == 1}
			if at := r.IntN(9); at < 3 {
				one.Mark = "=*+"[at : at+1]
			}
			if r.IntN(3) > 0 {
				one.Contact = fmt.Sprintf("555 01%02d", r.IntN(100))
			}
			rows = append(rows, one)
		}
	}
	return oldPage("day.html", struct {
		Org, Token, Date, Month string
		Previous, Next          *step
		Rows                    []row
	}{
		h.org, h.token, day.Format("Mon, Jan 2, 2006"), monthOf(day).old(),
		to(day.AddDate(0, 0, -1)), to(day.AddDate(0, 0, 1)), rows,
	})
}

// report is the month as the CSV that such sites keep beside their pages.
func (h *host) report(m month) page {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	_ = w.Write([]string{"Date", "Service", "Hours", "Name"}) // a Buffer takes all
	for d := range m.days() {
		for _, s := range services {
			p, ok := h.onCall(m.day(d+1), s, dayHours)
			name := p.name()
			if !ok {
				name = "OPEN SHIFT"
			}
			_ = w.Write([]string{m.day(d + 1).Format("1/2/2006"), s, dayHours, name})
		}
	}
	w.Flush()
	return page{status: http.StatusOK, ctype: "text/csv", body: windows1252(out.Bytes())}
}
