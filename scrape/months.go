package scrape

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxMonths is how many months one range may have: a century.
const MaxMonths = 1200

// A Month is a month of a year.
type Month struct {
	Year  int
	Month time.Month
}

// String returns the month as {month} is filled: 2025-11.
func (m Month) String() string { return fmt.Sprintf("%04d-%02d", m.Year, int(m.Month)) }

// next returns the month n later by the calendar. (Adding 30 days n times, as
// the first version of this system did, visits some months twice and leaves
// others out.)
func (m Month) next(n int) Month {
	all := m.Year*12 + int(m.Month) - 1 + n
	return Month{Year: all / 12, Month: time.Month(all%12 + 1)}
}

// ParseMonths reads a range of months: "2025-11" is that month, "2025-11+6" six
// months from November 2025 to April 2026.
func ParseMonths(s string) ([]Month, error) {
	first, more, ranged := strings.Cut(strings.TrimSpace(s), "+")
	months := func(err error) error {
		return fmt.Errorf("scrape: months %q: %w, as in 2025-11 or 2025-11+6", clip(s, maxShown), err)
	}
	year, month, ok := strings.Cut(first, "-")
	if !ok || len(year) != 4 || len(month) != 2 || !allDigits(year) || !allDigits(month) {
		return nil, months(errors.New("not a year and a month"))
	}
	y, _ := strconv.Atoi(year)
	m, _ := strconv.Atoi(month)
	if m < 1 || m > 12 {
		return nil, months(fmt.Errorf("%s is no month", month))
	}
	if y < 1 {
		return nil, months(fmt.Errorf("%s is no year", year))
	}
	n := 1
	if ranged {
		var err error
		if n, err = strconv.Atoi(more); err != nil || !allDigits(more) || n < 1 || n > MaxMonths {
			return nil, months(fmt.Errorf("%q is not a number of months from 1 to %d", clip(more, maxShown), MaxMonths))
		}
	}
	start := Month{Year: y, Month: time.Month(m)}
	if last := start.next(n - 1); last.Year > 9999 {
		return nil, months(errors.New("ends after the year 9999"))
	}
	list := make([]Month, n)
	for i := range list {
		list[i] = start.next(i)
	}
	return list, nil
}
