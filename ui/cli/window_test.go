package cli_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// A window is an emulated terminal of 120 by 36 cells with the program in it,
// in real time. It answers what a terminal of today is asked for, and counts
// what is written to it.
type window struct {
	cmd  *exec.Cmd
	keys *os.File
	more chan struct{} // capacity 1: something was written

	mu     sync.Mutex // guards the following
	emu    *vt.Emulator
	bytes  int
	writes int
	last   time.Time // when something was written
}

// openWindow starts the program, in a session of its own: see BenchmarkScreen.
func openWindow(tb testing.TB, dir string, args ...string) *window {
	tb.Helper()
	w := &window{cmd: exec.Command(program, args...), more: make(chan struct{}, 1), emu: vt.NewEmulator(120, 36)}
	// It knows updates in one piece and clusters, which is what programs ask for.
	for _, m := range []ansi.Mode{ansi.ModeSynchronizedOutput, ansi.ModeUnicodeCore} {
		if _, err := w.emu.WriteString(ansi.SetMode(m) + ansi.ResetMode(m)); err != nil {
			tb.Fatal(err)
		}
	}
	w.cmd.Dir = dir
	w.cmd.Env = []string{"TERM=xterm-256color", "LANG=C.UTF-8", "HOME=" + dir, "XDG_STATE_HOME=" + filepath.Join(dir, "state")}
	keys, err := pty.StartWithSize(w.cmd, &pty.Winsize{Rows: 36, Cols: 120})
	if err != nil {
		tb.Fatal(err)
	}
	w.keys = keys
	var wg sync.WaitGroup
	wg.Go(func() { // it answers
		buf := make([]byte, 4096)
		for {
			n, err := w.emu.Read(buf)
			if err != nil {
				return
			}
			if _, err := keys.Write(buf[:n]); err != nil {
				return
			}
		}
	})
	wg.Go(func() { // it shows
		buf := make([]byte, 32<<10)
		for {
			n, err := keys.Read(buf)
			if err != nil {
				return // the program has ended
			}
			w.mu.Lock()
			_, _ = w.emu.Write(buf[:n]) // to memory
			w.bytes += n
			w.writes++
			w.last = time.Now()
			w.mu.Unlock()
			select {
			case w.more <- struct{}{}:
			default:
			}
		}
	})
	tb.Cleanup(func() {
		w.kill()
		_ = w.emu.InputPipe().(io.Closer).Close() // what its Close does, but that races with Read
		wg.Wait()
	})
	return w
}

// kill ends the program at once.
func (w *window) kill() {
	if w.cmd.ProcessState != nil {
		return
	}
	_ = w.cmd.Process.Kill() // it may have ended
	_ = w.cmd.Wait()         // says that it was killed
	_ = w.keys.Close()
}

// shows reports whether text is on the screen.
func (w *window) shows(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Contains(w.emu.String(), text)
}

// awaits waits until text is on the screen, and returns when that was written.
func (w *window) awaits(tb testing.TB, text string) time.Time {
	tb.Helper()
	late := time.After(time.Minute)
	for {
		if w.shows(text) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.last
		}
		select {
		case <-w.more:
		case <-late:
			w.mu.Lock()
			defer w.mu.Unlock()
			tb.Fatalf("%q did not come; the screen is\n%s", text, w.emu.String())
		}
	}
}

func (w *window) press(tb testing.TB, keys string) {
	tb.Helper()
	if _, err := w.keys.WriteString(keys); err != nil {
		tb.Fatal(err)
	}
}

// settles waits until nothing has been written for so long, a minute at most.
func (w *window) settles(long time.Duration) {
	quiet, late := time.NewTimer(long), time.After(time.Minute)
	for {
		select {
		case <-w.more:
			quiet.Reset(long)
		case <-quiet.C:
			return
		case <-late:
			return
		}
	}
}

// A toll is what a program has cost so far.
type toll struct {
	at            time.Time
	bytes, writes int
	cpu           time.Duration
}

func (w *window) toll(tb testing.TB) toll {
	tb.Helper()
	w.mu.Lock()
	t := toll{bytes: w.bytes, writes: w.writes}
	w.mu.Unlock()
	t.at, t.cpu = time.Now(), used(tb, w.cmd.Process.Pid)
	return t
}

// used returns the time that a process has been on a core, of its threads that
// are there still (proc_pid_schedstat(5)).
func used(tb testing.TB, pid int) (sum time.Duration) {
	tb.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(threads) == 0 {
		tb.Skipf("nothing is known of process %d here (%v)", pid, err)
	}
	for _, path := range threads {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		spent, _, _ := strings.Cut(string(text), " ")
		n, err := strconv.ParseInt(spent, 10, 64)
		if err != nil {
			tb.Fatalf("%s: %q", path, text)
		}
		sum += time.Duration(n)
	}
	return sum
}

// watch lets so much time pass and reports what it cost: bytes and writes to
// the terminal a second, and of a core a hundred.
func (w *window) watch(b *testing.B, long time.Duration) {
	b.Helper()
	from := w.toll(b)
	<-time.After(long)
	to := w.toll(b)
	took := to.at.Sub(from.at).Seconds()
	b.ReportMetric(float64(to.bytes-from.bytes)/took, "B/s")
	b.ReportMetric(float64(to.writes-from.writes)/took, "writes/s")
	b.ReportMetric((to.cpu-from.cpu).Seconds()/took*100, "%core")
	b.ReportMetric(0, "ns/op")
}

// What stands behind the first lines of a list is read too, once the screen is
// there.
func TestLongListOnScreen(t *testing.T) {
	dir := t.TempDir()
	var urls strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&urls, "http://127.0.0.1:1/%d\n", i)
	}
	put(t, filepath.Join(dir, "urls.txt"), urls.String())
	openWindow(t, dir, "--no-store", "urls.txt").awaits(t, "/1,000 ")
}
