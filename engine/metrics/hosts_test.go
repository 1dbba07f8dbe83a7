package metrics_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"weir/engine"
	"weir/engine/metrics"
)

func TestCollectorBoundsHosts(t *testing.T) {
	for _, n := range []int{0, 1, metrics.TopHosts, metrics.TopHosts + 1, 5000} {
		s := engine.Stats{}
		rest := 0.0
		for i := range n {
			s.Hosts = append(s.Hosts, engine.HostStats{Host: fmt.Sprintf("h%d.test", i), Waiting: i})
			rest += float64(i)
		}
		text := expose(t, &still{stats: s})
		if got, want := strings.Count(text, "\nweir_host_waiting_jobs{"), min(n, metrics.TopHosts+1); got != want {
			t.Errorf("%d hosts: %d lines, want %d", n, got, want)
		}
		for i := max(n-metrics.TopHosts, 0); i < n; i++ {
			rest -= float64(i)
		}
		if got := sum(t, text, `weir_host_waiting_jobs{host="other"}`); got != rest {
			t.Errorf("%d hosts: other = %g, want %g", n, got, rest)
		}
	}
}

var reasonLine = regexp.MustCompile(`^func \((\w+)\) isReason\(\) +\{\}`)

// Every reason of the engine has its word, and is looked at here.
func TestReasonsHaveNames(t *testing.T) {
	known := []string{"HopWait"} // no host waits for that
	for _, tc := range []struct {
		why  engine.Reason
		word string
	}{
		{engine.PaceWait{}, "interval"},
		{engine.PaceWait{Crawl: true}, "crawl_delay"},
		{engine.PaceWait{Slowed: true}, "throttle"},
		{engine.ServerAsked{}, "retry_after"},
		{engine.ServerAsked{Parked: true}, "parked"},
		{engine.ServerBusy{}, "backoff"},
		{engine.QuotaSpent{}, "quota"},
		{engine.QuotaSpent{Parked: true}, "parked"},
		{engine.HostDown{}, "unreachable"},
		{engine.RobotsWait{}, "robots"},
		{engine.RobotsDown{}, "robots_unreachable"},
		{engine.TurnOut{}, "connecting"},
		{engine.Probing{}, "probing"},
		{engine.Crowding{InFlight: 2}, "crowding"},
		{engine.Paused{}, "paused"},
		{engine.WorkersBusy{}, "workers_busy"},
		{engine.RateWait{}, "rate"},
		{engine.RetryWait{}, "retry"},
		{engine.QueueWait{}, "queue"},
		{engine.Draining{}, "draining"},
		{nil, "queue"},
	} {
		known = append(known, strings.TrimPrefix(fmt.Sprintf("%T", tc.why), "engine."))
		s := engine.Stats{Hosts: []engine.HostStats{{Host: "one.test", Waiting: 1, Reason: tc.why}}}
		text := expose(t, &still{stats: s})
		if got, all := sample(text, `weir_hosts{reason="`+tc.word+`"}`), sum(t, text, "weir_hosts{"); got != "1" || all != 1 {
			t.Errorf("%#v: %s = %q of %g, want 1 of 1", tc.why, tc.word, got, all)
		}
	}
	source, err := os.ReadFile("../reason.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(string(source)) {
		if m := reasonLine.FindStringSubmatch(line); m != nil {
			found++
			if !slices.Contains(known, m[1]) {
				t.Errorf("the reason %s has no name in the metrics", m[1])
			}
		}
	}
	if found < 10 {
		t.Errorf("%d reasons in reason.go, want them all", found)
	}
}
