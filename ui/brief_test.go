package ui

import (
	"testing"
	"time"

	"weir/engine"
)

// A state that does not fit its column is said shorter, and keeps its time.
func TestHostBrief(t *testing.T) {
	now := time.Date(2025, 11, 3, 14, 3, 12, 0, time.UTC)
	soon, late := now.Add(7200*time.Millisecond), now.Add(542*time.Second)
	for _, tc := range []struct {
		reason engine.Reason
		want   string
	}{
		{engine.PaceWait{Next: soon, Interval: 2 * time.Second, Crawl: true}, "next in 7.2s"},
		{engine.PaceWait{Next: soon, Interval: 2 * time.Second, Slowed: true}, "next in 7.2s"},
		{engine.ServerAsked{Until: soon, Status: 429, Asked: 10 * time.Second}, "429: again in 7.2s"},
		{engine.ServerAsked{Until: late, Status: 429, Asked: 10 * time.Minute, Parked: true}, "PARKED 429: 9m02s"},
		{engine.QuotaSpent{Until: late, Parked: true}, "PARKED quota: 9m02s"},
		{engine.ServerBusy{Until: soon, Status: 503, Refusals: 3}, "503: again in 7.2s"},
		{engine.HostDown{Until: late, Class: "connect", Failures: 5}, "PARKED connect: 9m02s"},
		{engine.RobotsDown{Until: late, Status: 503}, "PARKED robots: 9m02s"},
		{engine.Probing{}, "one request at a time"},
		{engine.Crowding{InFlight: 2}, "leaves workers to others"},
		{engine.Paused{Failed: 10, Of: 20}, "paused: 10 of 20 failed"},
		{engine.WorkersBusy{Workers: 5}, "ready"},
	} {
		h := &engine.HostStats{Host: "one.test", Waiting: 3, Reason: tc.reason}
		s := &engine.Stats{State: engine.RunRunning, Hosts: []engine.HostStats{*h}}
		long := hostText(h, s, now)
		if got := hostBrief(h, s, now, 26); got != tc.want || width(got) > 26 {
			t.Errorf("%q is %q in 26 cells, want %q", long, got, tc.want)
		}
		if got := hostBrief(h, s, now, width(long)); got != long {
			t.Errorf("%q is %q where it fits", long, got)
		}
	}
}

func TestWhyBrief(t *testing.T) {
	const rule = "robots.txt: Disallow: /private/"
	for cells, want := range map[int]string{24: "robots.txt: /private/", 30: "robots.txt: /private/", 31: rule} {
		if got := whyBrief(rule, cells); got != want {
			t.Errorf("in %d cells it is %q, want %q", cells, got, want)
		}
	}
}
