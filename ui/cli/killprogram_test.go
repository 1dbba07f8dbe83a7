package cli_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// A killProgram is one process of the program.
type killProgram struct {
	cmd    *exec.Cmd
	wrote  tape // of a screen all, else stderr
	ending chan error

	stop    context.CancelFunc
	helping sync.WaitGroup // those who read and ask beside it
	heard   int            // most results that it said were kept; read it after helping
}

// Write keeps what a program writes.
func (tp *tape) Write(b []byte) (int, error) {
	tp.mu.Lock()
	tp.text = append(tp.text, b...)
	tp.mu.Unlock()
	select {
	case tp.more <- struct{}{}:
	default:
	}
	return len(b), nil
}

// start runs the program: in a terminal, or with JSON on stderr and metrics.
func (k *killer) start(t *testing.T, screen bool, args []string) *killProgram {
	t.Helper()
	if !screen && args[0] != "export" {
		args = append(args, "--headless", "--log", "json", "--metrics", "0")
	}
	p := &killProgram{cmd: exec.Command(program, args...), wrote: tape{more: make(chan struct{}, 1)}, ending: make(chan error, 1)}
	p.cmd.Dir = k.dir
	p.cmd.Env = []string{"TERM=xterm-256color", "LANG=C.UTF-8", "HOME=" + k.dir, "XDG_STATE_HOME=" + k.path("state"), "PATH=" + os.Getenv("PATH")}
	var asking context.Context
	asking, p.stop = context.WithCancel(t.Context())
	if screen {
		terminal, err := pty.StartWithSize(p.cmd, &pty.Winsize{Rows: 36, Cols: 120})
		if err != nil {
			t.Fatal(err)
		}
		p.helping.Go(func() {
			_, _ = io.Copy(&p.wrote, terminal) // ends with an error when the program does
			terminal.Close()
		})
	} else {
		p.cmd.Stderr = &p.wrote
		if err := p.cmd.Start(); err != nil {
			t.Fatal(err)
		}
		p.helping.Go(func() { p.listen(asking) })
	}
	p.helping.Go(func() { p.ending <- p.cmd.Wait() })
	return p
}

// end kills the program after a while, or waits for its end if that is below
// zero.
func (p *killProgram) end(t *testing.T, after time.Duration) (killed bool, code int) {
	t.Helper()
	signal := syscall.SIGKILL
	if after < 0 {
		after, signal = 3*patience, syscall.SIGABRT // it should have ended: where is it?
	}
	var err error
	moment := time.NewTimer(after)
	defer moment.Stop()
	select {
	case err = <-p.ending:
	case <-moment.C:
		_ = p.cmd.Process.Signal(signal) // it may end just now
		err = <-p.ending
	}
	p.stop()
	p.helping.Wait()
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
		return true, 0
	}
	if _, failed := err.(*exec.ExitError); err != nil && !failed {
		t.Fatal(err)
	}
	return false, p.cmd.ProcessState.ExitCode()
}

// said is what the program wrote.
func (p *killProgram) said() []byte {
	p.wrote.mu.Lock()
	defer p.wrote.mu.Unlock()
	return bytes.Clone(p.wrote.text)
}

var killMetrics = regexp.MustCompile(`metrics on (http://[0-9.:]+/metrics)`)

// listen asks the program again and again how many results it has kept, until
// asking ends or there is no answer any more.
func (p *killProgram) listen(asking context.Context) {
	var at []string
	for at == nil {
		select {
		case <-p.wrote.more:
			at = killMetrics.FindStringSubmatch(string(p.said()))
		case <-asking.Done():
			return
		}
	}
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		request, err := http.NewRequestWithContext(asking, http.MethodGet, at[1], nil)
		if err != nil {
			return
		}
		request.Header.Set("Accept-Encoding", "identity") // packing costs both sides more than the page
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			return
		}
		p.heard = max(p.heard, killEnded(string(body)))
		select {
		case <-again.C:
		case <-asking.Done():
			return
		}
	}
}

// killEnded is how many jobs have a result, says a page of metrics.
func killEnded(page string) int {
	sum := 0
	for line := range strings.Lines(page) {
		for _, state := range []string{"ok", "empty", "failed"} {
			if number, is := strings.CutPrefix(line, "weir_jobs{state=\""+state+"\"} "); is {
				n, _ := strconv.Atoi(strings.TrimSpace(number)) // of a page that was cut: none
				sum += n
			}
		}
	}
	return sum
}
