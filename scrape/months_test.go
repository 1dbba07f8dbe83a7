package scrape_test

import (
	"slices"
	"testing"
	"time"

	"weir/scrape"
)

func names(months []scrape.Month) []string {
	var list []string
	for _, m := range months {
		list = append(list, m.String())
	}
	return list
}

func TestParseMonths(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     []string
	}{
		{"one", "2025-11", []string{"2025-11"}},
		{"one, counted", "2025-11+1", []string{"2025-11"}},
		{"over the end of a year", "2025-11+6", []string{"2025-11", "2025-12", "2026-01", "2026-02", "2026-03", "2026-04"}},
		{"January is followed by February", "2025-01+3", []string{"2025-01", "2025-02", "2025-03"}},
		{"spaces around it", " 2025-11+2\n", []string{"2025-11", "2025-12"}},
		{"the last month", "9999-12", []string{"9999-12"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := scrape.ParseMonths(tc.in)
			if err != nil || !slices.Equal(names(got), tc.want) {
				t.Errorf("ParseMonths(%q) = %v, %v; want %v", tc.in, got, err, tc.want)
			}
		})
	}
	if got, err := scrape.ParseMonths("2025-11+1200"); err != nil || len(got) != scrape.MaxMonths || got[1199].String() != "2125-10" {
		t.Errorf("a century is %d months, %v; want %d up to 2125-10", len(got), err, scrape.MaxMonths)
	}
}

func TestParseMonthsErrors(t *testing.T) {
	const hint = ", as in 2025-11 or 2025-11+6"
	for _, tc := range []struct{ name, in, want string }{
		{"empty", "", `scrape: months "": not a year and a month` + hint},
		{"a word", "next", `scrape: months "next": not a year and a month` + hint},
		{"a day", "2025-11-03", `scrape: months "2025-11-03": not a year and a month` + hint},
		{"one digit", "2025-1", `scrape: months "2025-1": not a year and a month` + hint},
		{"the first site's form", "11-25", `scrape: months "11-25": not a year and a month` + hint},
		{"digits of another script", "２０２５-11", `scrape: months "２０２５-11": not a year and a month` + hint},
		{"month 13", "2025-13", `scrape: months "2025-13": 13 is no month` + hint},
		{"month 0", "2025-00", `scrape: months "2025-00": 00 is no month` + hint},
		{"year 0", "0000-01", `scrape: months "0000-01": 0000 is no year` + hint},
		{"none", "2025-11+0", `scrape: months "2025-11+0": "0" is not a number of months from 1 to 1200` + hint},
		{"no number", "2025-11+", `scrape: months "2025-11+": "" is not a number of months from 1 to 1200` + hint},
		{"signed", "2025-11++6", `scrape: months "2025-11++6": "+6" is not a number of months from 1 to 1200` + hint},
		{"too many", "2025-11+1201", `scrape: months "2025-11+1201": "1201" is not a number of months from 1 to 1200` + hint},
		{"more than a number holds", "2025-11+99999999999999999999", `scrape: months "2025-11+99999999999999999999": "99999999999999999999" is not a number of months from 1 to 1200` + hint},
		{"after the last year", "9999-12+2", `scrape: months "9999-12+2": ends after the year 9999` + hint},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := scrape.ParseMonths(tc.in); err == nil || err.Error() != tc.want {
				t.Errorf("ParseMonths(%q)\n got %v\nwant %s", tc.in, err, tc.want)
			}
		})
	}
}

// Whatever is read: months follow one another as a calendar has them.
func FuzzParseMonths(f *testing.F) {
	for _, seed := range []string{"2025-11", "2025-11+6", "9999-12+1", "0001-01+1200", "2025-1+x", "+", "-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		months, err := scrape.ParseMonths(in)
		if err != nil {
			return
		}
		if n := len(months); n < 1 || n > scrape.MaxMonths {
			t.Errorf("ParseMonths(%q) has %d months", in, n)
		}
		first := time.Date(months[0].Year, months[0].Month, 1, 0, 0, 0, 0, time.UTC)
		for i, m := range months {
			if want := first.AddDate(0, i, 0).Format("2006-01"); m.String() != want {
				t.Errorf("month %d of %q is %s, want %s", i, in, m, want)
			}
		}
	})
}
