package metrics_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/metrics"
)

func TestHandler(t *testing.T) {
	h := metrics.Handler(&still{stats: scene()}, "1.2.3")
	for _, tc := range []struct {
		name, method, path string
		code               int
		has                []string
	}{
		{name: "metrics of weir, of Go and of the process", method: "GET", path: "/metrics", code: 200, has: []string{
			"\nweir_workers 6\n", "\ngo_goroutines ", "\nprocess_start_time_seconds ", "\n# HELP weir_workers Workers set.\n",
		}},
		{name: "health is the state of the run", method: "GET", path: "/healthz", code: 200, has: []string{"running\n"}},
		{name: "health can be asked for without it", method: "HEAD", path: "/healthz", code: 200},
		{name: "nothing can be sent", method: "POST", path: "/metrics", code: 405},
		{name: "there is nothing else", method: "GET", path: "/debug/pprof/", code: 404},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(tc.method, tc.path, nil))
			if w.Code != tc.code {
				t.Errorf("status %d, want %d", w.Code, tc.code)
			}
			for _, want := range tc.has {
				if !strings.Contains("\n"+w.Body.String(), want) {
					t.Errorf("no %q in %s", want, w.Body)
				}
			}
		})
	}
}

// get returns the body of a page.
func get(url string) (string, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

func TestServerAnswersUntilItIsClosed(t *testing.T) {
	s, err := metrics.Listen("127.0.0.1:0", &still{stats: scene()}, "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	var serving sync.WaitGroup
	serving.Go(func() { served <- s.Serve() })
	defer serving.Wait()

	if body, err := get(s.URL()); err != nil || !strings.Contains(body, "weir_queue_depth 100\n") {
		t.Errorf("metrics = %q, %v; want a queue of 100", body, err)
	}
	// A client that has sent nothing yet holds nothing up for long.
	silent, err := net.Dial("tcp", strings.Split(s.URL(), "/")[2])
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if err := s.Close(); err != nil {
		t.Errorf("Close = %v, want nil", err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve = %v, want nil", err)
	}
	_ = silent.SetReadDeadline(time.Now().Add(2 * time.Second)) // less than an idle client is given; Read says if it fails
	if _, err := silent.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a client's Read after Close = %v, want the end of the connection", err)
	}
	if _, err := get(s.URL()); err == nil {
		t.Errorf("it still answers after Close")
	}
}

func TestListen(t *testing.T) {
	taken, err := metrics.Listen("127.0.0.1:0", &still{}, "")
	if err != nil {
		t.Fatal(err)
	}
	addr := strings.Split(taken.URL(), "/")[2]
	for _, tc := range []struct{ name, addr, want string }{
		{name: "in use", addr: addr, want: "metrics: " + addr + ": address already in use"},
		{name: "of another machine", addr: "192.0.2.1:9090", want: "metrics: 192.0.2.1:9090: cannot assign requested address"},
		{name: "no port", addr: "127.0.0.1", want: "metrics: 127.0.0.1: address 127.0.0.1: missing port in address"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := metrics.Listen(tc.addr, &still{}, "")
			if err == nil {
				s.Close()
			}
			if err == nil || err.Error() != tc.want {
				t.Errorf("Listen = %v, want %s", err, tc.want)
			}
		})
	}

	// Closed without having served, the address is free again.
	if err := taken.Close(); err != nil {
		t.Errorf("Close = %v, want nil", err)
	}
	again, err := metrics.Listen(addr, &still{stats: engine.Stats{}}, "")
	if err != nil {
		t.Fatalf("Listen after Close = %v, want nil", err)
	}
	again.Close()
}
