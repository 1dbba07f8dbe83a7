package scrape_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
	"weir/scrape"
)

// beside runs an engine in a bubble: five healthy hosts with 60 pages each, at
// one request a second and 200 ms an answer, and besides them hosts that do
// something else. It returns how long the healthy hosts took.
func beside(t *testing.T, workers, faults int, talk http.HandlerFunc) (took time.Duration) {
	t.Helper()
	const hosts, pages = 5, 60
	synctest.Test(t, func(t *testing.T) {
		ctx, enough := context.WithCancelCause(t.Context())
		done := errors.New("the healthy hosts are done")
		var mu sync.Mutex
		served, begin := 0, time.Now()
		server := enginetest.NewPipeServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.Host, "fault") {
				talk(w, r)
				return
			}
			time.Sleep(200 * time.Millisecond)
			html(w, "healthy")
			mu.Lock()
			defer mu.Unlock()
			if served++; served == hosts*pages {
				took = time.Since(begin)
				enough(done)
			}
		}))
		g := newRig(t, scrape.Config{Dial: server.Dial, IgnoreRobots: true, Workers: workers})
		e, err := engine.New(g, engine.Config{Workers: workers, Interval: time.Second, Random: func() float64 { return 0.5 }})
		if err != nil {
			t.Fatal(err)
		}
		list := func(name string, hosts int) {
			var urls []string
			for page := range pages {
				for host := range hosts {
					urls = append(urls, fmt.Sprintf("http://%s%d.test/%d", name, host, page))
				}
			}
			if _, err := e.Add(ctx, engine.Batch{Name: name, Recipe: g.recipe}, g.List(name, strings.NewReader(strings.Join(urls, "\n")))); err != nil {
				t.Fatal(err)
			}
		}
		list("fault", faults)
		list("healthy", hosts)
		if err := e.Run(ctx); err != done {
			t.Errorf("Run = %v, want %v", err, done)
		}
	})
	return took
}

// Five workers on hosts that stall leave five others all of theirs to the rest:
// healthy hosts go on at 95 % of what they do alone, or more. One such host does
// not take the few workers of a small run either. Where as many hosts stall as
// there are workers, nothing is left for others until attempts time out.
func TestHealthyHostsBesideFaults(t *testing.T) {
	alone := beside(t, 5, 0, nil)
	if alone != 59200*time.Millisecond {
		t.Errorf("alone: %v, want 59.2s: one request a second", alone)
	}
	begin := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<title>a</title>")
		w.(http.Flusher).Flush()
	}
	for _, tc := range []struct {
		name string
		talk http.HandlerFunc
	}{
		{"silent", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"silent in the body", func(w http.ResponseWriter, r *http.Request) {
			begin(w)
			<-r.Context().Done()
		}},
		{"a byte a second", func(w http.ResponseWriter, r *http.Request) {
			begin(w)
			for tick := time.NewTicker(time.Second); ; {
				select {
				case <-tick.C:
				case <-r.Context().Done():
					return
				}
				io.WriteString(w, "x")
				w.(http.Flusher).Flush()
			}
		}},
		{"errors with bodies that do not come", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, scene := range []struct{ workers, faults int }{{10, 5}, {5, 1}} {
				took := beside(t, scene.workers, scene.faults, tc.talk)
				share := float64(alone) / float64(took)
				t.Logf("%d workers, %d hosts of faults: %v, %.1f %%", scene.workers, scene.faults, took, 100*share)
				if share < 0.95 {
					t.Errorf("%d workers, %d hosts of faults: %v, %.1f %% of what it is alone", scene.workers, scene.faults, took, 100*share)
				}
			}
		})
	}
}
