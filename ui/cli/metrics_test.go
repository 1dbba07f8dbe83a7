package cli_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// get returns the body of a page that is there.
func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v", url, answer.StatusCode, err)
	}
	return string(body)
}

// The metrics of a run can be read while it goes on, and no longer than that.
func TestMetricsAreServedWhileARunGoesOn(t *testing.T) {
	s := &site{hits: map[string]int{}, hangs: make(chan struct{}, 1), end: make(chan struct{})}
	server := httptest.NewServer(s)
	defer server.Close()
	defer close(s.end)

	cmd := exec.Command(program, "-i", "0", "--headless", "--metrics", "0", server.URL+"/hang", server.URL+"/a")
	cmd.Dir = t.TempDir()
	out, w := io.Pipe()
	cmd.Stderr = w
	said := record(t, out)
	t.Cleanup(func() { w.Close() })
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it may have ended
	said.await(t, "/metrics\n")
	m := regexp.MustCompile(`^weir: metrics on (http://(127\.0\.0\.1:[0-9]+))/metrics\n`).FindStringSubmatch(said.String())
	if m == nil {
		t.Fatalf("wrote %q, want where the metrics are", said)
	}
	<-s.hangs
	text := get(t, m[1]+"/metrics")
	for _, want := range []string{
		"\nweir_jobs_submitted_total ", "\nweir_workers 5\n", "\nweir_request_duration_seconds_count ",
		`weir_run_state{state="running"} 1` + "\n", "\ngo_goroutines ", `version="`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if got := get(t, m[1]+"/healthz"); got != "running\n" {
		t.Errorf("health = %q, want running", got)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if got := codeOf(cmd.Wait()); got != 130 {
		t.Errorf("exit code %d, want 130; wrote %q", got, said)
	}
	if c, err := net.Dial("tcp", m[2]); err == nil {
		c.Close()
		t.Errorf("%s still takes connections", m[2])
	}
}
