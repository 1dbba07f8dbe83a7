package metrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler answers /metrics with the metrics of src, of the Go runtime and of
// the process, and /healthz with the state of the run and 200: that the program
// answers is all that it promises there.
func Handler(src Source, version string) http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(
		NewCollector(src, version),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = fmt.Fprintln(w, src.Snapshot().State) // who asked has gone, if it fails
	})
	return mux
}

// The bounds of what a client may cost.
const (
	maxScrapes    = 4 // at once; one more is answered 503
	headerTimeout = 5 * time.Second
	writeTimeout  = 10 * time.Second
	maxHeader     = 16 << 10 // bytes

	// A scrape that is under way when the server closes may take this long.
	lastScrape = 500 * time.Millisecond
)

// A Server is a [Handler] on an address.
type Server struct {
	listener net.Listener
	http     *http.Server
}

// Listen opens addr, a host:port, for a server of the metrics of src. Clients
// may connect from now on; [Server.Serve] answers them.
func Listen(addr string, src Source, version string) (*Server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("metrics: %s: %w", addr, cause(err))
	}
	return &Server{
		listener: l,
		http: &http.Server{
			Handler:           Handler(src, version),
			ReadHeaderTimeout: headerTimeout,
			WriteTimeout:      writeTimeout,
			MaxHeaderBytes:    maxHeader,
			ErrorLog:          log.New(io.Discard, "", 0), // stderr may be a screen
		},
	}, nil
}

// cause returns what is wrong with an address, without "listen tcp" and the
// address itself.
func cause(err error) error {
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		return call.Err
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}

// URL returns where the metrics are.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() + "/metrics" }

// Serve answers until Close is called, and returns nil then. Call it once.
func (s *Server) Serve() error {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("metrics: %w", err)
	}
	return nil
}

// Close closes the address and waits, for half a second at most, for requests
// that are being answered. Serve need not have been called.
func (s *Server) Close() error {
	ctx, stop := context.WithTimeout(context.Background(), lastScrape)
	defer stop()
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close() // the clients' connections; there is nothing left to lose
	}
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("metrics: %w", err)
	}
	return nil
}
