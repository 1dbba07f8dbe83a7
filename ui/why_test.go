package ui

import (
	"slices"
	"testing"
	"time"

	"weir/engine"
)

// A sentence with numbers: when, why not before, and what waits for it.
func TestWhyNext(t *testing.T) {
	s := &engine.Stats{At: noon, State: engine.RunRunning, Counts: engine.Counts{Submitted: 40, Backlog: 40}}
	in := noon.Add(7200 * time.Millisecond)
	for _, tc := range []struct {
		name    string
		reason  engine.Reason
		waiting int
		want    string
	}{
		{
			"a server that asked",
			engine.ServerAsked{Until: in, Asked: 10 * time.Second, Status: 429},
			31,
			"Next request to one.test in 7.2s: it answered 429 at " + daytime(in.Add(-10*time.Second)) + " and asked for 10s; 31 URLs wait behind it.",
		},
		{
			"one that refused",
			engine.ServerBusy{Until: in, Status: 503, Refusals: 3},
			1,
			"Next request to one.test in 7.2s: it refused 3x with 503; 1 URL waits behind it.",
		},
		{
			"its turn",
			engine.PaceWait{Next: in, Interval: time.Second},
			2,
			"Next request to one.test in 7.2s: its turn has not come; 2 URLs wait behind it.",
		},
		{
			"robots.txt",
			engine.PaceWait{Next: in, Interval: 20 * time.Second, Crawl: true},
			2,
			"Next request to one.test in 7.2s: its robots.txt asks for 20s between requests; 2 URLs wait behind it.",
		},
		{
			"down",
			engine.HostDown{Until: in, Class: engine.Connect, Failures: 5},
			2,
			"Next probe of one.test in 7.2s: it failed 5x in a row (connect); 2 URLs wait behind it.",
		},
		{"no time is known", engine.Probing{}, 2, "one.test: one request at a time until it answers well."},
		{"nothing waits", engine.PaceWait{Next: in}, 0, "one.test: nothing to do."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := &engine.HostStats{Host: "one.test", Reason: tc.reason, Waiting: tc.waiting}
			if got := whyNext(h, s); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// The status of an answer is said once, whether the why of the job has it or not.
func TestStatusIsSaidOnce(t *testing.T) {
	for _, tc := range []struct {
		why, line string
		sentences []string
	}{
		{
			"status 404 Not Found",
			"result 3 failed, status 404 Not Found: http://one.test/",
			[]string{"one.test/", "Ended failed: status 404 Not Found.", "1 attempt, the last one took 80ms; 210 B; 0 rows.", "retry retries it."},
		},
		{
			"decode: gzip: invalid header",
			"result 3 failed, status 404, decode: gzip: invalid header: http://one.test/",
			[]string{"one.test/", "Ended failed: decode: gzip: invalid header.", "1 attempt, the last one took 80ms; status 404; 210 B; 0 rows.", "retry retries it."},
		},
	} {
		r := &jobRow{num: 3, place: engine.Ended, outcome: engine.Failed, status: 404, tries: 1, time: 80 * time.Millisecond, bytes: 210, text: text{url: "http://one.test/", why: tc.why}}
		if got := rowLine(r, byNum); got != tc.line {
			t.Errorf("got  %s\nwant %s", got, tc.line)
		}
		keys := keyMap{{act: actRetry, key: bind("retry", "")}}
		if got := whyJob(keys, r, &engine.Stats{}); !slices.Equal(got, tc.sentences) {
			t.Errorf("got  %q\nwant %q", got, tc.sentences)
		}
	}
}
