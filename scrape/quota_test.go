package scrape

import (
	"net/http"
	"testing"
	"time"
)

func TestQuotaReset(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name   string
		header http.Header
		want   time.Duration
	}{
		{name: "nothing said"},
		{name: "something remains", header: http.Header{"Ratelimit": {`"default";r=50;t=30`}}},
		{name: "nothing remains", header: http.Header{"Ratelimit": {`"default";r=0;t=30`}}, want: 30 * time.Second},
		{name: "the longest of several", header: http.Header{"Ratelimit": {`"second";r=0;t=1, "day";r=0;t=3600`, `"month";r=9;t=90000`}}, want: time.Hour},
		{name: "a name that looks like a limit", header: http.Header{"Ratelimit": {`"a;r=0;t=9, b";r=5;t=30`}}},
		{name: "the form before draft 08", header: http.Header{"Ratelimit": {"limit=100, remaining=0, reset=50"}}, want: 50 * time.Second},
		{name: "something remains in that form", header: http.Header{"Ratelimit": {"limit=100, remaining=10, reset=50"}}},
		{name: "two fields", header: http.Header{"Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {"7"}}, want: 7 * time.Second},
		{name: "two fields with X", header: http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"7"}}, want: 7 * time.Second},
		{name: "a time", header: http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"1795435260"}}, want: time.Minute},
		{name: "a time that is past", header: http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"1700000000"}}},
		{name: "a day at most", header: http.Header{"Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {"900000"}}, want: 24 * time.Hour},
		{name: "more digits than fit", header: http.Header{"Ratelimit": {`"d";r=0;t=99999999999999999999`}}, want: 24 * time.Hour},
		{name: "no time", header: http.Header{"X-Ratelimit-Remaining": {"0"}}},
		{name: "nonsense", header: http.Header{"Ratelimit": {`"";;=,r=0;t=-1,"r=0;t=5`}, "X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"soon"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := quotaReset(tc.header, now); got != tc.want {
				t.Errorf("quotaReset = %v, want %v", got, tc.want)
			}
		})
	}
}

// Whatever a server says: no panic, never below zero, never over a day.
func FuzzQuotaReset(f *testing.F) {
	f.Add(`"default";r=0;t=30`, "0", "1795435260")
	f.Add("limit=1, remaining=0, reset=3", "00", "-1")
	f.Fuzz(func(t *testing.T, limit, remaining, reset string) {
		got := quotaReset(http.Header{"Ratelimit": {limit}, "X-Ratelimit-Remaining": {remaining}, "X-Ratelimit-Reset": {reset}}, time.Unix(1_795_435_200, 0))
		if got < 0 || got > maxRetryAfter {
			t.Errorf("quotaReset = %v", got)
		}
	})
}
