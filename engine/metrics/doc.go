// Package metrics shows a run to Prometheus: a [Collector] over the engine's
// Snapshot, and a [Server] that answers /metrics and /healthz.
//
// Every number of a scrape is of one moment: there is one snapshot for each.
// Names begin with weir_, times are in seconds, and names that end in _total
// never fall while the program runs. Labels take few values: hosts are the
// [TopHosts] with the most jobs waiting, and the rest together is the host
// "other".
//
// .github/grafana has a dashboard and alerting rules over these names.
package metrics
