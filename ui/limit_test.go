package ui

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"weir/engine"
)

// Every diagnosis that the engine can give, as the header says it at its widest
// and as w does: both go on from "limited by" as a sentence does.
func TestLimitReadsAsASentence(t *testing.T) {
	const pause = time.Minute
	at := noon.Add(pause)
	by := func(k engine.LimitKind, waiting, hosts int, why engine.Reason) engine.Limit {
		l := engine.Limit{Kind: k, Hosts: hosts, Waiting: waiting, Jobs: 12, Reason: why}
		if waiting > 0 {
			l.Host, l.Next = "one.test", at.Add(30*time.Second)
		}
		return l
	}
	hand, guard := engine.Paused{At: noon, What: "batch"}, engine.Paused{At: noon, What: "host", Failed: 12, Of: 20}
	asked := engine.ServerAsked{Until: at.Add(30 * time.Second), Asked: 10 * time.Minute, Status: 429, Parked: true}
	down := engine.HostDown{Until: at.Add(30 * time.Second), Class: engine.DNS, Failures: 5}
	busy := engine.Counts{Submitted: 40, OK: 28, Backlog: 7, Queued: 2, Retry: 2, InFlight: 1}
	for _, tc := range []struct {
		name  string
		limit engine.Limit
		with  func(s *engine.Stats)
		want  string
		w     string // what w says otherwise
	}{
		{"no batch", engine.Limit{}, func(s *engine.Stats) { s.Counts = engine.Counts{} }, "lack of work: press a to add a batch", ""},
		{"all has ended", engine.Limit{}, func(s *engine.Stats) { s.Counts = engine.Counts{Submitted: 40, OK: 30, Failed: 8, Cancelled: 2} }, "lack of work · 38 results NOT SAVED: e exports them · R retries 8 failed · 2 cancelled: u brings them back", "lack of work. 38 results NOT SAVED: e exports them. R retries 8 failed. 2 cancelled: u brings them back"},
		{"the run is paused", by(engine.LimitPaused, 0, 0, engine.Paused{At: noon, What: "run"}), nil, "your pause at 12:00:00, 1m ago: P resumes 12 URLs", ""},
		{"one URL is", by(engine.LimitPaused, 0, 0, engine.Paused{At: at, What: "run"}), func(s *engine.Stats) { s.Counts = engine.Counts{Submitted: 40, OK: 39, Queued: 1} }, "your pause at 12:01:00: P resumes 1 URL", ""},
		{"a batch is", by(engine.LimitPaused, 0, 1, hand), nil, "your pause at 12:00:00, 1m ago: p on the batch resumes 12 URLs", ""},
		{"hosts are", by(engine.LimitPaused, 2, 2, engine.Paused{At: noon, What: "host"}), nil, "your pause at 12:00:00, 1m ago: p on each host resumes 12 URLs", ""},
		{"by the safeguard", by(engine.LimitPaused, 1, 1, guard), nil, "the safeguard's pause at 12:00:00, 1m ago: p on the host resumes 12 URLs · 12 of the last 20 answers failed", ""},
		{"robots.txt of one", by(engine.LimitRobots, 1, 1, engine.RobotsWait{}), nil, "robots.txt: the 1 host waits for the rules of its site · next in 30s · one.test", ""},
		{"robots.txt of all", by(engine.LimitRobots, 3, 3, engine.RobotsWait{}), nil, "robots.txt: 3 of 3 hosts wait for the rules of their site · next in 30s · one.test", ""},
		{"one is parked", by(engine.LimitParked, 1, 1, asked), nil, "a parked host: 12 URLs wait 30s · one.test answered 429 and asked for 10m · again at 12:01:30", ""},
		{"two are", by(engine.LimitParked, 2, 2, down), nil, "2 parked hosts: 12 URLs wait 30s · one.test cannot be reached (dns, 5x) · p on it probes now · again at 12:01:30", ""},
		{"latency", by(engine.LimitServer, 0, 3, nil), nil, "server latency: all 5 workers await bytes", ""},
		{"latency of one", by(engine.LimitServer, 0, 3, nil), func(s *engine.Stats) { s.Workers, s.Busy = 1, 1 }, "server latency: the 1 worker awaits bytes", ""},
		{"workers", by(engine.LimitWorkers, 3, 4, engine.WorkersBusy{Workers: 5}), nil, "workers: all 5 are busy · 3 hosts could go on · + adds one", ""},
		{"one worker", by(engine.LimitWorkers, 0, 4, nil), func(s *engine.Stats) { s.Workers, s.Busy = 1, 1 }, "workers: the only one is busy · + adds one", ""},
		{"pace", by(engine.LimitPace, 2, 3, engine.PaceWait{}), nil, "host pace: 2 of 3 hosts wait their turn · next in 30s · one.test", ""},
		{"pace of one of many", by(engine.LimitPace, 1, 3, engine.PaceWait{}), nil, "host pace: 1 of 3 hosts waits its turn · next in 30s · one.test", ""},
		{"pace of one", by(engine.LimitPace, 1, 1, engine.PaceWait{}), nil, "host pace: the 1 host waits its turn · next in 30s · one.test", ""},
		{"pace of none", by(engine.LimitPace, 0, 1, nil), nil, "host pace: no turn has come", ""},
		{"retries", engine.Limit{Kind: engine.LimitRetry, Hosts: 1, Next: at.Add(7 * time.Second)}, nil, "retry waits: 2 URLs to be asked again · next in 7.0s", ""},
		{"the last", engine.Limit{Kind: engine.LimitBacklog, Hosts: 1}, nil, "an empty backlog: 1 request in flight · 2 wait to be retried", ""},
		{"and no retry", engine.Limit{Kind: engine.LimitBacklog, Hosts: 1}, func(s *engine.Stats) { s.Counts.Retry, s.Counts.InFlight = 0, 3 }, "an empty backlog: 3 requests in flight", ""},
		{"the store", engine.Limit{Kind: engine.LimitPace}, func(s *engine.Stats) { s.Trouble = engine.ErrStore.Error() + ": sqlite: disk full" }, "a failed store: disk full · nothing is kept since 12:01:00", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &engine.Stats{At: at, State: engine.RunRunning, Limit: tc.limit, Counts: busy, Workers: 5, Busy: 5}
			if tc.with != nil {
				tc.with(s)
			}
			unsaved := s.Counts.OK + s.Counts.Failed
			h := header{w: 160, s: s, limit: s, th: NewTheme(true, false), keys: newKeys(), unsaved: unsaved}
			if got := strings.TrimSpace(ansi.Strip(h.limited())); got != "limited by "+tc.want {
				t.Errorf("got  %s\nwant limited by %s", got, tc.want)
			}
			if tc.w == "" {
				tc.w = strings.ReplaceAll(tc.want, " · ", ", ")
			}
			if got := whyRun(newKeys(), s, Deps{}, unsaved)[0]; got != "Limited by "+tc.w+"." {
				t.Errorf("got  %s\nwant Limited by %s.", got, tc.w)
			}
		})
	}
}

// Where the words of a pause do not fit, fewer do: none is cut.
func TestLimitOfAPauseFits(t *testing.T) {
	guard := engine.Paused{At: noon, What: "host", Failed: 12, Of: 20}
	hand := engine.Paused{At: noon, What: "run"}
	for _, tc := range []struct {
		w    int
		of   engine.Paused
		ago  time.Duration
		want string
	}{
		{79, hand, time.Hour, "your pause at 12:00:00, 1h ago: P resumes 443 URLs"},
		{60, hand, time.Hour, "your pause, 1h ago: P resumes 443 URLs"},
		{60, hand, time.Second, "your pause at 12:00:00: P resumes 443 URLs"},
		{79, guard, time.Hour, "the safeguard's pause, 1h ago: p on the host resumes 443 URLs"},
		{60, guard, time.Hour, "the safeguard's pause: 443 URLs wait"},
	} {
		s := &engine.Stats{
			At: noon.Add(tc.ago), State: engine.RunPaused, Counts: engine.Counts{Submitted: 443, Backlog: 443},
			Limit: engine.Limit{Kind: engine.LimitPaused, Reason: tc.of},
		}
		h := header{w: tc.w, s: s, limit: s, th: NewTheme(true, false), keys: newKeys()}
		lines := h.lines()
		if got := strings.TrimSpace(ansi.Strip(lines[3])); got != "limited by "+tc.want {
			t.Errorf("%d cells, %v: got  %s\nwant limited by %s", tc.w, tc.ago, got, tc.want)
		}
	}
}
