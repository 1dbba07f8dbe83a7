package cli

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/engine"
)

// A fakeServer notes what is done to it, in order.
type fakeServer struct {
	closed chan struct{}
	did    []string // read it after start has returned
}

func (*fakeServer) URL() string { return "http://127.0.0.1:9/metrics" }

func (s *fakeServer) Serve() error {
	<-s.closed
	s.did = append(s.did, "served")
	return nil
}

func (s *fakeServer) Close() error {
	s.did = append(s.did, "closed")
	close(s.closed)
	return nil
}

// Who listens for metrics also closes, and waits for the one who serves.
func TestMetricsEndWithTheRun(t *testing.T) {
	for _, tc := range []struct {
		name   string
		cfg    Config
		listen error
		code   int
		did    []string
		err    string
		told   string
		not    string
	}{
		{name: "after the run", did: []string{"closed", "served"}, told: "weir: metrics on http://127.0.0.1:9/metrics\nweir: ledger: 1 submitted = 1 ok"},
		{
			name: "a run that does not start", cfg: Config{Output: filepath.Join("no", "such", "out.csv")}, did: []string{"closed", "served"},
			code: exitUsage, err: "--output no/such/out.csv: no such file or directory", not: "metrics on",
		},
		{name: "there is nowhere to listen", listen: errors.New("metrics: x: in use"), code: exitUsage, err: "--metrics: metrics: x: in use", not: "ledger"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := &fakeServer{closed: make(chan struct{})}
			var stderr, stdout strings.Builder
			a := &app{stdout: &stdout, stderr: &stderr, deps: Deps{Metrics: func(addr string, run engine.Controller) (MetricsServer, error) {
				if addr != "127.0.0.1:9" || run.Snapshot().Requests != 0 {
					t.Errorf("asked for %s after %d requests, want 127.0.0.1:9 after none", addr, run.Snapshot().Requests)
				}
				return server, tc.listen
			}}}
			tc.cfg.Metrics, tc.cfg.Headless = "127.0.0.1:9", true
			code, err := a.start(t.Context(), tc.cfg, &Session{Engine: runOf(t, 1)}, "", nil, nil)
			if code != tc.code || err != nil && err.Error() != tc.err || (err == nil) != (tc.err == "") {
				t.Errorf("start = %d, %v; want %d, %q", code, err, tc.code, tc.err)
			}
			if !slices.Equal(server.did, tc.did) {
				t.Errorf("the server was %q, want %q", server.did, tc.did)
			}
			if got := stderr.String(); !strings.HasPrefix(got, tc.told) || tc.not != "" && strings.Contains(got, tc.not) {
				t.Errorf("wrote %q, want %q and not %q", got, tc.told, tc.not)
			}
		})
	}
}

// Trouble with serving the metrics is told, and the run is not the worse for it.
func TestMetricsThatFail(t *testing.T) {
	var stderr, stdout strings.Builder
	a := &app{stdout: &stdout, stderr: &stderr, deps: Deps{Metrics: func(string, engine.Controller) (MetricsServer, error) {
		return &brokenServer{}, nil
	}}}
	code, err := a.start(t.Context(), Config{Metrics: "127.0.0.1:9", Headless: true}, &Session{Engine: runOf(t, 1)}, "", nil, nil)
	if code != 0 || err != nil {
		t.Errorf("start = %d, %v; want 0 and no error", code, err)
	}
	if got := stderr.String(); !strings.Contains(got, "= 1 ok") || !strings.HasSuffix(got, "weir: metrics: too many open files\n") {
		t.Errorf("wrote %q, want the ledger, and then what was wrong with the metrics", got)
	}
}

// A brokenServer cannot serve.
type brokenServer struct{}

func (*brokenServer) URL() string  { return "" }
func (*brokenServer) Serve() error { return errors.New("metrics: too many open files") }
func (*brokenServer) Close() error { return nil }
