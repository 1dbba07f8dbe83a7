package cli_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// A stopwatch is a site of pages of 8 KB that takes the time between two of
// them.
type stopwatch struct {
	first, last int64 // the pages, by the order in which they are asked for
	asked       atomic.Int64
	began       time.Time
	took        chan time.Duration // capacity 1
	page        []byte
}

func newStopwatch(first, last int64) *stopwatch {
	var page strings.Builder
	page.WriteString("<!doctype html><title>rota</title><table>")
	for i := range 30 {
		fmt.Fprintf(&page, "<tr><td class=day>2025-01-%02d</td><td>%s</td><td>%d</td><td><a href=/shift/%d>more</a></td></tr>\n",
			i+1, strings.Repeat("word ", 30), i, i)
	}
	page.WriteString("</table>")
	return &stopwatch{first: first, last: last, took: make(chan time.Duration, 1), page: []byte(page.String())}
}

func (s *stopwatch) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	switch s.asked.Add(1) {
	case s.first:
		s.began = time.Now()
	case s.last:
		s.took <- time.Since(s.began)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(s.page)
}

// BenchmarkScreen is what the screen costs the engine, unpaced, with the results
// going to a file and no store that waits for the disk. An op is one run without
// a screen and one with it, in a terminal of 120 by 36 cells that somebody reads;
// each ends at its 12,000th page. It reports pages a second with the screen over
// those without, and the same of the program's CPU time: medians of the ops. Run
// it, on a machine that has nothing else to do, with
//
//	go test ./ui/cli -run '^$' -bench Screen -benchtime 15x
//
// Both runs have a session of their own. Linux shares the cores between
// sessions before it shares them between processes (sched(7), autogroup): a
// program beside its site in one session is interrupted half as often as one
// beside it in a terminal, and gets a tenth more pages, with a screen or
// without.
func BenchmarkScreen(b *testing.B) {
	const first, last = 2000, 12_000
	dir := b.TempDir()
	recipe := filepath.Join(dir, "rota.yaml")
	put(b, recipe, `
rows: tr
fields:
  day: {select: td.day, type: date}
  words: {select: "td:nth-child(2)"}
  n: {select: "td:nth-child(3)", type: int}
  more: {select: a, attr: href, type: url}
`)
	run := func(screen bool) (took, cpu time.Duration) {
		watch := newStopwatch(first, last)
		site := httptest.NewServer(watch)
		defer site.Close()
		list := filepath.Join(dir, "urls.txt")
		var urls strings.Builder
		for i := range last + 1000 { // the end is like the middle
			fmt.Fprintf(&urls, "%s/%d\n", site.URL, i)
		}
		put(b, list, urls.String())
		cmd := exec.Command(program, "-w", "50", "-i", "0", "--ignore-robots", "--no-store", "-r", recipe, "-o", filepath.Join(dir, "out.jsonl"), list)
		cmd.Dir = dir
		cmd.Env = []string{"TERM=xterm-256color", "LANG=C.UTF-8", "HOME=" + dir, "XDG_STATE_HOME=" + filepath.Join(dir, "state")}
		if screen {
			keys, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 36, Cols: 120}) // in a new session
			if err != nil {
				b.Fatal(err)
			}
			defer keys.Close()
			var reading sync.WaitGroup
			reading.Go(func() { _, _ = io.Copy(io.Discard, keys) }) // it ends when the program has, with an error
			defer reading.Wait()
		} else {
			cmd.Args = append(cmd.Args, "--headless")
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			if err := cmd.Start(); err != nil {
				b.Fatal(err)
			}
		}
		select {
		case took = <-watch.took:
		case <-time.After(time.Minute):
			b.Errorf("page %d was not asked for, %d were", last, watch.asked.Load())
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // says that it was killed
		return took, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	var pages, cpu, rate []float64
	for turn := 0; b.Loop(); turn++ {
		var took, used [2]time.Duration // without a screen, and with it
		for i := range 2 {
			at := (turn + i) % 2
			took[at], used[at] = run(at == 1)
		}
		pages = append(pages, took[0].Seconds()/took[1].Seconds())
		cpu = append(cpu, used[1].Seconds()/used[0].Seconds())
		rate = append(rate, (last-first)/took[1].Seconds())
	}
	b.ReportMetric(median(pages), "pages/headless")
	b.ReportMetric(median(cpu), "cpu/headless")
	b.ReportMetric(median(rate), "pages/s")
	b.ReportMetric(0, "ns/op")
}

func put(tb testing.TB, path, text string) {
	tb.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}

// median returns the middle one of numbers, the higher of two.
func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}
