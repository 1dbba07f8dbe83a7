package metrics

import (
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"weir/engine"
)

// A Source says how a run goes. Every [engine.Controller] is one.
type Source interface {
	Snapshot() engine.Stats
}

// desc describes one metric. Its labels take the values that Collect gives, in
// that order.
func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("weir_"+name, help, labels, nil)
}

var (
	buildInfo = desc("build_info", "1, labelled with the version of weir and of Go.", "version", "goversion")

	runState   = desc("run_state", "1 for the state that the run is in, 0 for the others.", "state")
	runLimit   = desc("run_limit", "1 for what keeps the run from going faster now, 0 for the rest.", "limit")
	runStarted = desc("run_start_time_seconds", "When the first batch was added, since the Unix epoch; absent before.")
	runActive  = desc("run_active_seconds_total", "Time that the run has worked, without pauses.")
	runETA     = desc("run_eta_seconds", "Estimated time until nothing is left; absent while unknown.")

	workers       = desc("workers", "Workers set.")
	workersActive = desc("workers_active", "Workers that carry a job now.")
	queueDepth    = desc("queue_depth", "Jobs in the queue now.")
	queueCapacity = desc("queue_capacity", "Jobs that the queue can hold.")
	hits          = desc("backpressure_hits_total", "Jobs that the full queue refused; each is offered again.")

	jobs      = desc("jobs", "Jobs by where they are or how they ended; the sum is weir_jobs_submitted_total.", "state")
	submitted = desc("jobs_submitted_total", "URLs added, duplicates and invalid lines too.")
	ended     = desc("jobs_ended_total", "Jobs that ended, by outcome and class; again each time that a job is fetched again by hand. Cancelled ones are in weir_jobs.", "outcome", "class")
	records   = desc("records_total", "Records kept.")
	batches   = desc("batches", "Batches by state.", "state")

	requests = desc("requests_total", "Requests sent: pages, redirect hops, robots.txt, retries.")
	retries  = desc("retries_total", "Attempts that were retries.")
	duration = desc("request_duration_seconds", "Time from a request's headers written to its end, extraction included.")

	hosts        = desc("hosts", "Hosts with jobs waiting, by what they wait for.", "reason")
	hostWaiting  = desc("host_waiting_jobs", "Jobs of a host that are left and not in flight.", "host")
	hostFlight   = desc("host_in_flight_requests", "Requests of a host under way.", "host")
	hostInterval = desc("host_interval_seconds", "Shortest time between two requests to a host, in force now; 0: unpaced. For other, the longest of them.", "host")
	hostBlocked  = desc("host_blocked_seconds", "Time until a host that refused, whose quota is spent or that cannot be reached may be asked again, by why; absent if it may be now. For other, the longest of them.", "host", "reason")
)

// descs is every metric of a Collector.
var descs = []*prometheus.Desc{
	buildInfo,
	runState, runLimit, runStarted, runActive, runETA,
	workers, workersActive, queueDepth, queueCapacity, hits,
	jobs, submitted, ended, records, batches,
	requests, retries, duration,
	hosts, hostWaiting, hostFlight, hostInterval, hostBlocked,
}

// A Collector is a [prometheus.Collector] over the snapshots of a run. It is
// safe for use by multiple goroutines.
type Collector struct {
	src     Source
	version string
}

// NewCollector returns a collector over src. version is weir's own.
func NewCollector(src Source, version string) *Collector {
	return &Collector{src: src, version: version}
}

// Describe implements [prometheus.Collector].
func (c *Collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range descs {
		to <- d
	}
}

// Collect implements [prometheus.Collector]. It takes one snapshot.
func (c *Collector) Collect(to chan<- prometheus.Metric) {
	s := c.src.Snapshot()
	o := out(to)
	o.gauge(buildInfo, 1, c.version, runtime.Version())
	o.run(&s)
	o.jobs(&s)
	o.batches(&s)
	o.counter(requests, float64(s.Requests))
	o.counter(retries, float64(s.Retried))
	o.durations(s.Durations)
	o.hosts(&s)
}

// An out takes metrics.
type out chan<- prometheus.Metric

func (o out) gauge(d *prometheus.Desc, v float64, labels ...string) {
	o <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (o out) counter(d *prometheus.Desc, v float64, labels ...string) {
	o <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

// oneOf writes 1 for the label that holds now and 0 for the others.
func (o out) oneOf(d *prometheus.Desc, label string, holds bool) {
	v := 0.0
	if holds {
		v = 1
	}
	o.gauge(d, v, label)
}

// word writes a name of the engine as a label: words joined by underscores.
func word(s string) string { return strings.ReplaceAll(s, " ", "_") }

func (o out) run(s *engine.Stats) {
	for st := engine.RunIdle; st <= engine.RunFinished; st++ {
		o.oneOf(runState, word(st.String()), st == s.State)
	}
	for k := engine.LimitNothing; k <= engine.LimitBacklog; k++ {
		o.oneOf(runLimit, word(k.String()), k == s.Limit.Kind)
	}
	if !s.Started.IsZero() {
		o.gauge(runStarted, float64(s.Started.UnixMilli())/1e3)
	}
	o.counter(runActive, s.Active.Seconds())
	if s.ETA >= 0 {
		o.gauge(runETA, s.ETA.Seconds())
	}
	o.gauge(workers, float64(s.Workers))
	o.gauge(workersActive, float64(s.Busy))
	o.gauge(queueDepth, float64(s.QueueLen))
	o.gauge(queueCapacity, float64(s.QueueCap))
	o.counter(hits, float64(s.Hits))
}

// An ending is how a job can end.
type ending struct {
	outcome engine.Outcome
	class   string
}

func (o out) jobs(s *engine.Stats) {
	c := s.Counts
	for _, j := range []struct {
		state string
		n     int
	}{
		{"backlog", c.Backlog},
		{"queued", c.Queued},
		{"retry", c.Retry},
		{"in_flight", c.InFlight},
		{"ok", c.OK},
		{"empty", c.Empty},
		{"failed", c.Failed},
		{"skipped", c.Skipped},
		{"cancelled", c.Cancelled},
	} {
		o.gauge(jobs, float64(j.n), j.state)
	}
	o.counter(submitted, float64(c.Submitted))
	n := map[ending]float64{
		// These never became jobs that could have a result.
		{engine.Skipped, string(engine.Duplicate)}: float64(c.Duplicate),
		{engine.Skipped, string(engine.Invalid)}:   float64(c.Invalid),
	}
	for _, k := range s.Classes {
		n[ending{k.Outcome, strings.ToValidUTF8(string(k.Class), "?")}] += float64(k.Results)
	}
	for k, v := range n {
		o.counter(ended, v, k.outcome.String(), k.class)
	}
	o.counter(records, float64(s.Rows))
}

func (o out) batches(s *engine.Stats) {
	var n [engine.BatchDone + 1]int
	for i := range s.Batches {
		n[s.Batches[i].State]++
	}
	for st := engine.BatchAdding; st <= engine.BatchDone; st++ {
		o.gauge(batches, float64(n[st]), word(st.String()))
	}
}

func (o out) durations(d engine.Durations) {
	within := make(map[float64]uint64, len(d.Within))
	for i, n := range d.Within {
		within[engine.DurationBounds[i].Seconds()] = n
	}
	o <- prometheus.MustNewConstHistogram(duration, d.Count, d.Sum.Seconds(), within)
}

// left returns how long it is from now until t in seconds, 0 if it has passed.
func left(now, t time.Time) float64 { return max(t.Sub(now), 0).Seconds() }
