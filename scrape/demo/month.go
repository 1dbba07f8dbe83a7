package demo

import (
	"fmt"
	"time"
)

// A month counts calendar months, from January of the year 0.
type month int

// The months that a host has published, and those that are on a list. The
// last listed one is the last published one, so it has no next month.
const (
	firstMonth   = month(2020*12 + 0)
	firstListed  = month(2024*12 + 4)
	listedMonths = 46
	lastMonth    = firstListed + listedMonths - 1
)

func (m month) year() int           { return int(m) / 12 }
func (m month) mon() time.Month     { return time.Month(int(m)%12 + 1) }
func (m month) day(d int) time.Time { return time.Date(m.year(), m.mon(), d, 0, 0, 0, 0, time.UTC) }
func (m month) days() int           { return (m + 1).day(0).Day() }
func (m month) published() bool     { return firstMonth <= m && m <= lastMonth }

// String returns the month as the clean dialect writes it: 2025-11.
func (m month) String() string { return fmt.Sprintf("%04d-%02d", m.year(), m.mon()) }

// title returns the month in words: November 2025.
func (m month) title() string { return m.day(1).Format("January 2006") }

// old returns the month as the old dialect writes it: 11-25.
func (m month) old() string { return fmt.Sprintf("%d-%02d", m.mon(), m.year()%100) }

// parseMonth reads what String writes.
func parseMonth(s string) (month, bool) {
	t, err := time.Parse("2006-01", s)
	if err != nil {
		return 0, false
	}
	m := monthOf(t)
	return m, m.published()
}

// parseOldMonth reads what old writes.
func parseOldMonth(s string) (month, bool) {
	t, err := time.Parse("1-06", s)
	if err != nil {
		return 0, false
	}
	m := monthOf(t)
	return m, m.published()
}

func monthOf(t time.Time) month { return month(t.Year()*12 + int(t.Month()) - 1) }
