package metrics_test

import (
	"fmt"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/x/exp/golden"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"weir/engine"
	"weir/engine/enginetest"
	"weir/engine/metrics"
)

// A still is a source that does not change. It counts the snapshots.
type still struct {
	stats engine.Stats
	taken int
}

func (s *still) Snapshot() engine.Stats {
	s.taken++
	return s.stats
}

// scene is a run in which every metric has something to say.
func scene() engine.Stats {
	at := time.Date(2026, 11, 23, 2, 30, 0, 0, time.UTC)
	host := func(n int, h engine.HostStats) engine.HostStats {
		h.Host = fmt.Sprintf("h%02d.test", n)
		return h
	}
	s := engine.Stats{
		At: at, Started: at.Add(-90 * time.Second), Active: 75500 * time.Millisecond, State: engine.RunRunning,
		Counts: engine.Counts{
			Submitted: 323, Backlog: 150, Queued: 100, Retry: 8, InFlight: 5,
			OK: 40, Empty: 2, Failed: 6, Skipped: 7, Cancelled: 5, Duplicate: 3, Invalid: 1,
		},
		Limit:   engine.Limit{Kind: engine.LimitServer},
		Workers: 6, Busy: 5, QueueLen: 100, QueueCap: 120, Hits: 304,
		Requests: 85, Retried: 4, ETA: 61500 * time.Millisecond, Rows: 1650,
		Durations: engine.Durations{Within: [12]uint64{0, 1, 4, 12, 12, 23, 56, 78, 79, 79, 79, 80}, Count: 81, Sum: 61250 * time.Millisecond},
		Classes: []engine.ClassCount{
			{Outcome: engine.OK, Results: 41},
			{Outcome: engine.Empty, Results: 2},
			{Outcome: engine.Failed, Class: engine.Decode, Results: 1},
			{Outcome: engine.Failed, Class: engine.Status, Results: 5},
			{Outcome: engine.Skipped, Class: engine.Robots, Results: 3},
		},
		Batches: []engine.BatchStats{{State: engine.BatchRunning}, {State: engine.BatchDone}, {State: engine.BatchRunning}},
		Hosts: []engine.HostStats{
			host(1, engine.HostStats{Interval: time.Second, Waiting: 90, InFlight: 1, Reason: engine.PaceWait{Next: at.Add(time.Second)}}),
			host(2, engine.HostStats{Interval: 2500 * time.Millisecond, Waiting: 80, Reason: engine.ServerAsked{Until: at.Add(3750 * time.Millisecond), Status: 429}}),
			host(3, engine.HostStats{Interval: 2 * time.Second, Waiting: 70, Reason: engine.ServerAsked{Until: at.Add(time.Hour), Status: 503, Parked: true}}),
			host(4, engine.HostStats{Waiting: 60, InFlight: 3, Reason: engine.WorkersBusy{Workers: 6}}),
			host(5, engine.HostStats{Waiting: 50}),
		},
	}
	for n := 6; n < 26; n++ {
		s.Hosts = append(s.Hosts, host(n, engine.HostStats{Interval: time.Duration(n) * time.Second, Waiting: 40 - n, InFlight: 1}))
	}
	s.Hosts[7].Reason = engine.HostDown{Until: at.Add(30 * time.Second), Class: engine.Connect, Failures: 5}
	s.Hosts[8].Reason = engine.RobotsDown{Until: at.Add(5 * time.Minute), Class: engine.Status, Status: 503}
	s.Hosts[22].Reason = engine.ServerBusy{Until: at.Add(8 * time.Second)}
	s.Hosts[23].Reason = engine.ServerAsked{Until: at.Add(9 * time.Second)}
	s.Hosts[24].Reason = engine.ServerBusy{Until: at.Add(-time.Second)}
	return s
}

// expose returns what a collector over src says to Prometheus, after strict
// checks of its consistency.
func expose(t *testing.T, src metrics.Source) string {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(metrics.NewCollector(src, "1.2.3"))
	w := httptest.NewRecorder()
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// sample returns the value of a sample; empty: there is none.
func sample(text, name string) string {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func TestCollectorGolden(t *testing.T) {
	got := expose(t, &still{stats: scene()})
	golden.RequireEqual(t, strings.ReplaceAll(got, runtime.Version(), "GO"))
}

func TestCollectorTakesOneSnapshotAScrape(t *testing.T) {
	src := &still{stats: scene()}
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(metrics.NewCollector(src, ""))
	for range 3 {
		if _, err := reg.Gather(); err != nil {
			t.Fatal(err)
		}
	}
	if src.taken != 3 {
		t.Errorf("%d snapshots for 3 scrapes, want 3", src.taken)
	}
}

func TestCollectorIsSilentOnWhatIsNotKnown(t *testing.T) {
	text := expose(t, &still{stats: engine.Stats{ETA: -1}})
	for _, name := range []string{"weir_run_eta_seconds", "weir_run_start_time_seconds", "weir_host_blocked_seconds"} {
		if strings.Contains(text, name) {
			t.Errorf("%s is there, want it absent", name)
		}
	}
	if got := sample(text, `weir_run_state{state="idle"}`); got != "1" {
		t.Errorf("idle = %q, want 1", got)
	}
}

// Whatever hosts and classes are called, a scrape succeeds and is bounded.
func TestCollectorBearsAnyName(t *testing.T) {
	s := scene()
	s.Hosts = nil
	for _, name := range []string{"other", "a\xff", "a\xfe", "a?", "", "a\nb", `a"b\`} {
		s.Hosts = append(s.Hosts, engine.HostStats{Host: name, Waiting: 1})
	}
	s.Classes = append(s.Classes,
		engine.ClassCount{Outcome: engine.Failed, Class: "\xff", Results: 1},
		engine.ClassCount{Outcome: engine.Failed, Class: "\xfe", Results: 2},
		engine.ClassCount{Outcome: engine.Skipped, Class: engine.Duplicate, Results: 4})
	text := expose(t, &still{stats: s})
	for name, want := range map[string]string{
		`weir_host_waiting_jobs{host="other"}`:                                   "3",
		`weir_host_waiting_jobs{host="a?"}`:                                      "1",
		`weir_host_waiting_jobs{host=""}`:                                        "1",
		`weir_host_waiting_jobs{host="a\nb"}`:                                    "1",
		`weir_jobs_ended_total{class="?",outcome="failed"}`:                      "3",
		`weir_jobs_ended_total{class="duplicate",outcome="skipped"}`:             "7",
		`weir_run_limit{limit="server_latency"}`:                                 "1",
		`weir_request_duration_seconds_bucket{le="+Inf"}`:                        "81",
		`weir_build_info{goversion="` + runtime.Version() + `",version="1.2.3"}`: "1",
	} {
		if got := sample(text, name); got != want {
			t.Errorf("%s = %q, want %s", name, got, want)
		}
	}
}

// The names of states end where the engine's end: one more would be missing.
func TestCollectorKnowsAllStates(t *testing.T) {
	for name, beyond := range map[string]func() string{
		"run states":   func() string { return (engine.RunFinished + 1).String() },
		"limits":       func() string { return (engine.LimitBacklog + 1).String() },
		"batch states": func() string { return (engine.BatchDone + 1).String() },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Errorf("there is one more than the collector writes")
				}
			}()
			t.Log(beyond())
		})
	}
}

// The numbers of a real run add up, at every moment and at its end.
func TestCollectorOverAnEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{
			Latency: func(engine.Request) time.Duration { return 400 * time.Millisecond },
			Answer: func(r engine.Request, nth int) engine.Step {
				if r.Job.ID%5 == 0 {
					return enginetest.Status(404, 0)
				}
				return enginetest.OK(2)
			},
		}
		e, err := engine.New(fake, engine.Config{Workers: 3, Queue: 4})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() { ended <- e.Run(t.Context()) }()
		if _, err := e.Add(t.Context(), engine.Batch{}, enginetest.Chain(enginetest.Jobs("one.test", 10), enginetest.Jobs("two.test", 10), enginetest.Jobs("one.test", 2))); err != nil {
			t.Fatal(err)
		}
		e.Close()
		for range 20 {
			time.Sleep(700 * time.Millisecond)
			synctest.Wait()
			text := expose(t, e)
			if got, want := sum(t, text, "weir_jobs{"), sum(t, text, "weir_jobs_submitted_total "); got != want || want != 22 {
				t.Errorf("the jobs of all states are %g, submitted are %g, want 22 each", got, want)
			}
		}
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		text := expose(t, e)
		for name, want := range map[string]string{
			`weir_run_state{state="finished"}`:                           "1",
			`weir_requests_total`:                                        "20",
			`weir_request_duration_seconds_count`:                        "20",
			`weir_request_duration_seconds_sum`:                          "8",
			`weir_request_duration_seconds_bucket{le="0.25"}`:            "0",
			`weir_request_duration_seconds_bucket{le="0.5"}`:             "20",
			`weir_jobs_ended_total{class="",outcome="ok"}`:               "16",
			`weir_jobs_ended_total{class="status",outcome="failed"}`:     "4",
			`weir_jobs_ended_total{class="duplicate",outcome="skipped"}`: "2",
			`weir_records_total`:                                         "32",
			`weir_batches{state="done"}`:                                 "1",
			`weir_workers`:                                               "3",
			`weir_workers_active`:                                        "0",
			`weir_queue_capacity`:                                        "4",
		} {
			if got := sample(text, name); got != want {
				t.Errorf("%s = %q, want %s", name, got, want)
			}
		}
	})
}

// sum adds up the samples whose lines begin so.
func sum(t *testing.T, text, begin string) (total float64) {
	t.Helper()
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, begin) {
			var v float64
			if _, err := fmt.Sscan(line[strings.LastIndex(line, " "):], &v); err != nil {
				t.Fatal(err)
			}
			total += v
		}
	}
	return total
}
