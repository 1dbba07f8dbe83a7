package cli_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkTraffic is what the screen writes to a terminal of 120 by 36 cells
// at five results a second: five hosts, one request a second each, answered
// after 40 to 360 ms. Run it with
//
//	go test ./ui/cli -run '^$' -bench Traffic
func BenchmarkTraffic(b *testing.B) {
	for _, focused := range []bool{true, false} {
		b.Run(fmt.Sprintf("focused=%v", focused), func(b *testing.B) {
			for b.Loop() {
				w := openWindow(b, b.TempDir(), append([]string{"--no-store", "--ignore-robots"}, fiveSites(b)...)...)
				w.awaits(b, " 20 ok ")
				if !focused {
					w.press(b, "\x1b[O")
				}
				w.watch(b, 20*time.Second)
				w.kill()
			}
		})
	}
}

// fiveSites returns a list of URLs of five hosts, in turn.
func fiveSites(b *testing.B) (urls []string) {
	var sites []string
	for i := range 5 {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-time.After(time.Duration(40+80*i) * time.Millisecond)
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, "<title>Page %s</title>", r.URL.Path)
		}))
		b.Cleanup(s.Close)
		sites = append(sites, s.URL)
	}
	for i := range 100 {
		for _, s := range sites {
			urls = append(urls, fmt.Sprintf("%s/schedule/%d", s, i))
		}
	}
	return urls
}

// BenchmarkIdle is what a screen costs on which nothing happens. Run it with
//
//	go test ./ui/cli -run '^$' -bench Idle
func BenchmarkIdle(b *testing.B) {
	for _, bc := range []struct {
		name string
		urls int
		make func(*testing.B, *window)
	}{
		{"empty", 0, func(b *testing.B, w *window) { w.awaits(b, "no batch yet") }},
		{"finished", 20, func(b *testing.B, w *window) { w.awaits(b, "finished") }},
		{"unfocused", 20, func(b *testing.B, w *window) { w.awaits(b, "finished"); w.press(b, "\x1b[O") }},
		{"paused", 1000, func(b *testing.B, w *window) {
			w.awaits(b, " 20 ok ")
			w.press(b, "P")
			w.awaits(b, "PAUSED")
		}},
	} {
		b.Run(bc.name, func(b *testing.B) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprintf(w, "<title>Page %s</title>", r.URL.Path)
			}))
			defer s.Close()
			for b.Loop() {
				args := []string{"--no-store", "--ignore-robots", "-i", "20ms"}
				for i := range bc.urls {
					args = append(args, fmt.Sprintf("%s/%d", s.URL, i))
				}
				w := openWindow(b, b.TempDir(), args...)
				bc.make(b, w)
				w.settles(7 * time.Second) // longer than toasts stay
				w.watch(b, 15*time.Second)
				w.kill()
			}
		})
	}
}

// BenchmarkKey is how long a key takes to be seen while 10,000 things a second
// change, and while as many do as the machine can do: from its byte to the frame
// that shows what it did, of 400 keys. Every page is three changes: its URL is
// queued, in flight, and ended. Run it, on a machine that has nothing else to
// do, with
//
//	go test ./ui/cli -run '^$' -bench Key
func BenchmarkKey(b *testing.B) {
	const keys = 400
	panels := []string{"1 Batches", "2 Workers", "3 Hosts", "4 Results"}
	for _, bc := range []struct {
		name  string
		after time.Duration // the site answers
	}{
		{"10k", 13 * time.Millisecond}, // 50 workers fetch 3,400 pages a second
		{"unpaced", 0},
	} {
		b.Run(bc.name, func(b *testing.B) {
			dir := b.TempDir()
			url, asked := briefSite(b, bc.after)
			var urls strings.Builder
			for i := range 400_000 {
				fmt.Fprintf(&urls, "%s/%d\n", url, i)
			}
			put(b, filepath.Join(dir, "urls.txt"), urls.String())
			for b.Loop() {
				w := openWindow(b, dir, "--no-store", "--ignore-robots", "-i", "0", "-w", "50", "urls.txt")
				w.awaits(b, "┏━ 4 Results")
				w.awaits(b, " ok ")
				began, before := time.Now(), asked.Load()
				var took []float64
				for i := range keys {
					panel := panels[i%len(panels)]
					<-time.After(rand.N(time.Second / 20)) // no key waits for a frame
					pressed := time.Now()
					w.press(b, panel[:1])
					took = append(took, w.awaits(b, "┏━ "+panel).Sub(pressed).Seconds()*1000)
				}
				b.ReportMetric(float64(asked.Load()-before)/time.Since(began).Seconds(), "pages/s")
				w.kill()
				slices.Sort(took)
				b.ReportMetric(took[keys/2], "ms-median")
				b.ReportMetric(took[keys*99/100], "ms-p99")
				b.ReportMetric(0, "ns/op")
			}
		})
	}
}

// briefSite is a site that answers after some time, at next to no cost: the
// machine is for the program. It counts what it is asked.
func briefSite(b *testing.B, after time.Duration) (url string, asked *atomic.Int64) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	const page = "<title>Page</title>"
	answer := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s", len(page), page)
	asked = new(atomic.Int64)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				buf := make([]byte, 4096)
				for n := 0; ; {
					m, err := c.Read(buf[n:])
					if err != nil {
						return
					}
					if n += m; !bytes.HasSuffix(buf[:n], []byte("\r\n\r\n")) {
						continue
					}
					n = 0
					asked.Add(1)
					<-time.After(after)
					if _, err := c.Write(answer); err != nil {
						return
					}
				}
			})
		}
	})
	b.Cleanup(func() { l.Close(); serving.Wait() })
	return "http://" + l.Addr().String(), asked
}

// BenchmarkFirstFrame is how long the program takes from its start to its first
// frame, panels and all, of 20 starts: with nothing, with a configuration that
// says a lot, and with a list of 10,000 URLs and a file that keeps the run. Run
// it with
//
//	go test ./ui/cli -run '^$' -bench FirstFrame
func BenchmarkFirstFrame(b *testing.B) {
	for _, bc := range []struct {
		name string
		args []string
	}{
		{"nothing", nil},
		{"no-store", []string{"--no-store"}},
		{"config", []string{"--config", "big.yaml"}},
		{"store", []string{"--store", "STORE", "urls.txt"}},
	} {
		b.Run(bc.name, func(b *testing.B) {
			dir := b.TempDir()
			var urls, config strings.Builder
			for i := range 10_000 {
				fmt.Fprintf(&urls, "http://127.0.0.1:1/schedule/%d\n", i)
			}
			put(b, filepath.Join(dir, "urls.txt"), urls.String())
			config.WriteString("workers: 7\ntheme: high-contrast\nheader:\n")
			for i := range 500 {
				fmt.Fprintf(&config, "  - 'X-Header-%d: value %d'\n", i, i)
			}
			put(b, filepath.Join(dir, "big.yaml"), config.String())
			for b.Loop() {
				var took []float64
				for i := range 20 {
					args := slices.Clone(bc.args)
					for j := range args {
						args[j] = strings.ReplaceAll(args[j], "STORE", fmt.Sprintf("run%d.weir", i))
					}
					began := time.Now()
					w := openWindow(b, dir, args...)
					took = append(took, w.awaits(b, "┏━ 4 Results").Sub(began).Seconds()*1000)
					w.kill()
					_ = os.Remove(filepath.Join(dir, fmt.Sprintf("run%d.weir", i)))
				}
				b.ReportMetric(median(took), "ms-median")
				b.ReportMetric(slices.Max(took), "ms-max")
				b.ReportMetric(0, "ns/op")
			}
		})
	}
}

// BenchmarkBinary is how long the program is as go build makes it: the one that
// the tests run has no tables for debuggers. Run it with
//
//	go test ./ui/cli -run '^$' -bench Binary
func BenchmarkBinary(b *testing.B) {
	built := filepath.Join(b.TempDir(), "weir")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", built, "weir").CombinedOutput(); err != nil {
		b.Fatalf("go build weir: %v\n%s", err, out)
	}
	at, err := os.Stat(built)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
	}
	b.ReportMetric(float64(at.Size())/1e6, "MB")
	b.ReportMetric(0, "ns/op")
}
