package scrape

import (
	"testing"
	"time"
)

// What dates mean that have more than one meaning.
func TestReadDateByRule(t *testing.T) {
	const bad = ""
	year := &moment{year: 2026}
	march := &moment{2026, time.March, 0}
	december := &moment{2025, time.December, 0}
	newYear := &moment{2026, time.January, 2}
	for _, tc := range []struct {
		name, in string
		rule     dateRule
		want     string
	}{
		{"months first", "3/4/2025", dateRule{order: "mdy"}, "2025-03-04"},
		{"days first", "3/4/2025", dateRule{order: "dmy"}, "2025-04-03"},
		{"dashes too", "3-4-2025", dateRule{order: "mdy"}, "2025-03-04"},
		{"points are days first", "3.4.2025", dateRule{}, "2025-04-03"},
		{"but the recipe knows better", "3.4.2025", dateRule{order: "mdy"}, "2025-03-04"},
		{"years first", "2025.4.3", dateRule{order: "ymd"}, "2025-04-03"},
		{"years first has no points at the end", "3.4.2025", dateRule{order: "ymd"}, bad},
		{"ISO has its own order", "2025-04-03", dateRule{order: "dmy"}, "2025-04-03"},
		{"a day that only the other order has", "13/4/2025", dateRule{order: "mdy"}, bad},
		{"two digits are no year", "3/4/25", dateRule{order: "mdy"}, bad},
		{"no year and nothing near", "3 November", dateRule{order: "mdy"}, bad},
		{"a year alone", "3 November", dateRule{near: year}, "2026-11-03"},
		{"a year alone is that year, in January too", "Jan 1", dateRule{near: year}, "2026-01-01"},
		{"numbers without an order", "3/1", dateRule{near: year}, bad},
		{"numbers with one", "3/1", dateRule{order: "mdy", near: year}, "2026-03-01"},
		{"and with the other", "3/1", dateRule{order: "dmy", near: year}, "2026-01-03"},
		{"with a point at its end", "3.1.", dateRule{order: "dmy", near: year}, "2026-01-03"},
		{"years first leaves month and day", "3/1", dateRule{order: "ymd", near: year}, "2026-03-01"},
		{"January after December", "Jan 1", dateRule{near: december}, "2026-01-01"},
		{"December before January", "Dec 31", dateRule{near: newYear}, "2025-12-31"},
		{"the same month", "Mar 31", dateRule{near: march}, "2026-03-31"},
		{"half a year on", "Sep 12", dateRule{near: march}, "2026-09-12"},
		{"more than half a year on is the year before", "Sep 16", dateRule{near: march}, "2025-09-16"},
		{"a bare day", "7", dateRule{near: march}, "2026-03-07"},
		{"a bare day with its ending", "Sat, 7th", dateRule{near: march}, "2026-03-07"},
		{"a bare day of another weekday", "Sun 7", dateRule{near: march}, bad},
		{"a bare day near a day", "7", dateRule{near: newYear}, "2026-01-07"},
		{"a bare day near a year", "7", dateRule{near: year}, bad},
		{"a bare day that the month has not", "32", dateRule{near: march}, bad},
		{"no day", "0", dateRule{near: march}, bad},
		{"three digits are no day", "007", dateRule{near: march}, bad},
		{"a weekday that fits", "Sun 3/1", dateRule{order: "mdy", near: march}, "2026-03-01"},
		{"a weekday that does not", "Mon 3/1", dateRule{order: "mdy", near: march}, bad},
		{"a leap day in a leap year", "Feb 29", dateRule{near: &moment{year: 2028}}, "2028-02-29"},
		{"a leap day in another", "Feb 29", dateRule{near: year}, bad},
		{"a leap day is not moved to another year", "Feb 29", dateRule{near: &moment{2025, time.March, 0}}, bad},
		{"a date with its year needs nothing", "3 November 2024", dateRule{near: march}, "2024-11-03"},
		{"no year zero", "Dec 31", dateRule{near: &moment{1, time.January, 1}}, bad},
		{"no year 10000", "Jan 1", dateRule{near: &moment{9999, time.December, 31}}, bad},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want, wantOK := tc.want, tc.want != bad
			if !wantOK {
				want = tc.in
			}
			if got, ok := readDate(tc.in, tc.rule); got != want || ok != wantOK {
				t.Errorf("readDate(%q, %+v) = %q, %v; want %q, %v", tc.in, tc.rule, got, ok, want, wantOK)
			}
		})
	}
}

// Near a moment, what could be a year is no time of day.
func TestReadDatetimeNear(t *testing.T) {
	march := &moment{2026, time.March, 0}
	for _, tc := range []struct{ name, in, want string }{
		{"day and time", "7 07:30", "2026-03-07T07:30"},
		{"month, day and time", "Sat, Mar 7, 7a", "2026-03-07T07:00"},
		{"numbers by their order", "3/7 7:30 pm", "2026-03-07T19:30"},
		{"a date alone", "3 November 2025", ""},
		{"four digits behind a date without year", "3/7 2025", ""},
		{"and in front of it", "2025 3/7", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want, wantOK := tc.want, tc.want != ""
			if !wantOK {
				want = tc.in
			}
			if got, ok := readDatetime(tc.in, dateRule{order: "mdy", near: march}); got != want || ok != wantOK {
				t.Errorf("readDatetime(%q) = %q, %v; want %q, %v", tc.in, got, ok, want, wantOK)
			}
		})
	}
}

func TestMomentOf(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want moment
	}{
		{"2026", moment{year: 2026}},
		{" March\u00a02026 ", moment{2026, time.March, 0}},
		{"Mar. 2026", moment{2026, time.March, 0}},
		{"2026 March", moment{2026, time.March, 0}},
		{"2026-03", moment{2026, time.March, 0}},
		{"3/2026", moment{2026, time.March, 0}},
		{"2026/3", moment{2026, time.March, 0}},
		{"2026-03-07", moment{2026, time.March, 7}},
		{"Sat, 7 March 2026", moment{2026, time.March, 7}},
		{"2026-03-07T07:00:00Z", moment{2026, time.March, 7}},
		{"3/7/2026", moment{2026, time.March, 7}},
		{"13/7/2026", moment{}},
		{"Sun, 7 March 2026", moment{}},
		{"0000", moment{}},
		{"0000-03", moment{}},
		{"26", moment{}},
		{"20260", moment{}},
		{"March", moment{}},
		{"Sat March 2026", moment{}},
		{"the year 2026", moment{}},
		{"", moment{}},
	} {
		t.Run(tc.in, func(t *testing.T) {
			got, ok := momentOf(tc.in, "mdy")
			if ok != (tc.want != moment{}) || ok && got != tc.want {
				t.Errorf("momentOf(%q) = %v, %v; want %v", tc.in, got, ok, tc.want)
			}
		})
	}
}

func TestReadMoneyOfTheUsualCurrency(t *testing.T) {
	for _, tc := range []struct{ name, in, usual, want string }{
		{"a shared sign", "$5", "USD", "5 USD"},
		{"the same sign elsewhere", "$1,234.50", "AUD", "1234.50 AUD"},
		{"yen", "¥500", "JPY", "500 JPY"},
		{"yuan", "¥500", "CNY", "500 CNY"},
		{"crowns", "500 kr", "SEK", "500 SEK"},
		{"without a sign", "5", "USD", "5 USD"},
		{"the page says otherwise", "5 EUR", "USD", "5 EUR"},
		{"a sign that is not of it", "$5", "EUR", ""},
		{"another sign that is not of it", "¥5", "USD", ""},
		{"below zero", "-$5", "USD", "-5 USD"},
		{"below zero inside", "$-5", "USD", "-5 USD"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want, wantOK := tc.want, tc.want != ""
			if !wantOK {
				want = tc.in
			}
			if got, ok := readMoney(tc.in, tc.usual); got != want || ok != wantOK {
				t.Errorf("readMoney(%q, %s) = %q, %v; want %q, %v", tc.in, tc.usual, got, ok, want, wantOK)
			}
		})
	}
}
