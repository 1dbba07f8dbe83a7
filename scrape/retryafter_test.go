package scrape

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name, value, date string
		want              time.Duration
	}{
		{name: "absent"},
		{name: "seconds", value: "120", want: 2 * time.Minute},
		{name: "zero is absent", value: "0"},
		{name: "negative is absent", value: "-5"},
		{name: "a sign is no digit", value: "+5"},
		{name: "fractional is absent", value: "1.5"},
		{name: "words are absent", value: "soon"},
		{name: "a date", value: "Mon, 23 Nov 2026 12:05:00 GMT", want: 5 * time.Minute},
		{name: "a date in the form of RFC 850", value: "Monday, 23-Nov-26 12:05:00 GMT", want: 5 * time.Minute},
		{name: "a date in the form of asctime", value: "Mon Nov 23 12:05:00 2026", want: 5 * time.Minute},
		{name: "a date that is past", value: "Mon, 23 Nov 2026 11:59:59 GMT"},
		{name: "the server's clock is an hour behind", value: "Mon, 23 Nov 2026 11:05:00 GMT", date: "Mon, 23 Nov 2026 11:00:00 GMT", want: 5 * time.Minute},
		{name: "the server does not know its clock", value: "Mon, 23 Nov 2026 12:05:00 GMT", date: "today", want: 5 * time.Minute},
		{name: "a day", value: "86400", want: 24 * time.Hour},
		{name: "more than a day", value: "86401", want: 24 * time.Hour},
		{name: "more than fits", value: "99999999999999999999999", want: 24 * time.Hour},
		{name: "a date next year", value: "Tue, 23 Nov 2027 12:00:00 GMT", want: 24 * time.Hour},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := http.Header{}
			h.Set("Date", tc.date)
			if tc.value != "" {
				h.Set("Retry-After", tc.value)
			}
			if got := retryAfter(h, now); got != tc.want {
				t.Errorf("retryAfter(%q, date %q) = %v, want %v", tc.value, tc.date, got, tc.want)
			}
		})
	}
}

// Whatever a server writes, it is kept waiting for between nothing and a day.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "1", "-1", "1e9", "00000000000000000000001", "Mon, 23 Nov 2026 12:05:00 GMT", "\u0661"} {
		f.Add(seed, "Mon, 23 Nov 2026 12:00:00 GMT")
	}
	f.Fuzz(func(t *testing.T, value, date string) {
		h := http.Header{"Retry-After": {value}, "Date": {date}}
		if got := retryAfter(h, time.Unix(1<<31, 0)); got < 0 || got > maxRetryAfter {
			t.Errorf("retryAfter(%q, date %q) = %v", value, date, got)
		}
	})
}
