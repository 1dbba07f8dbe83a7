package cli_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"
)

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// A tape is what a program has written so far.
type tape struct {
	mu   sync.Mutex
	text []byte
	more chan struct{} // capacity 1: there is more
}

func record(t testing.TB, r io.Reader) *tape {
	tp := &tape{more: make(chan struct{}, 1)}
	var reading sync.WaitGroup
	reading.Go(func() {
		buf := make([]byte, 32<<10)
		for {
			n, err := r.Read(buf)
			tp.mu.Lock()
			tp.text = append(tp.text, buf[:n]...)
			tp.mu.Unlock()
			select {
			case tp.more <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	})
	t.Cleanup(reading.Wait)
	return tp
}

func (tp *tape) String() string {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	return string(tp.text)
}

// await waits until text was written.
func (tp *tape) await(t testing.TB, text string) {
	t.Helper()
	late := time.After(patience)
	for !strings.Contains(tp.String(), text) {
		select {
		case <-tp.more:
		case <-late:
			t.Fatalf("%q did not come; got %q", text, tp)
		}
	}
}

// A console is a terminal with the program in it.
type console struct {
	*tape
	keys   *os.File // the terminal's other side
	tty    *os.File
	before *term.State
	cmd    *exec.Cmd
}

// open starts the program in a terminal of 120 by 36 cells.
func open(t *testing.T, env []string, args ...string) *console {
	t.Helper()
	return openProgram(t, program, env, args...)
}

// openProgram starts another one.
func openProgram(t *testing.T, program string, env []string, args ...string) *console {
	t.Helper()
	keys, tty, err := pty.Open()
	if err != nil {
		t.Fatalf("no terminals here: %v", err)
	}
	if err := pty.Setsize(keys, &pty.Winsize{Rows: 36, Cols: 120}); err != nil {
		t.Fatal(err)
	}
	before, err := term.GetState(tty.Fd())
	if err != nil {
		t.Fatal(err)
	}
	c := &console{keys: keys, tty: tty, before: before, cmd: exec.Command(program, args...)}
	c.cmd.Dir = t.TempDir()
	c.cmd.Env = append([]string{"TERM=xterm-256color", "LANG=C.UTF-8", "HOME=" + c.cmd.Dir, "PATH=" + os.Getenv("PATH")}, env...)
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = tty, tty, tty
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	c.tape = record(t, keys)
	t.Cleanup(func() { // what comes after it in line waits for the recorder
		tty.Close()
		keys.Close()
	})
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.cmd.Process.Kill() }) // it may have ended
	return c
}

// ends waits for the program's end, and until all that it wrote is recorded:
// then so is a mark that is written after it.
func (c *console) ends(t *testing.T, code int) {
	t.Helper()
	late := time.AfterFunc(patience, func() { _ = c.cmd.Process.Signal(syscall.SIGABRT) })
	err := c.cmd.Wait()
	late.Stop()
	if got := codeOf(err); got != code {
		t.Errorf("exit code %d, want %d; wrote %q", got, code, c.tape)
	}
	const mark = "<that was all>"
	if _, err := io.WriteString(c.tty, mark); err != nil {
		t.Error(err)
	}
	c.await(t, mark)
}

// restored checks that the terminal is as it was, and so is the title of its
// window.
func (c *console) restored(t *testing.T) {
	t.Helper()
	c.usable(t)
	c.await(t, titleBack)
	out := c.String()
	if n, m := strings.Count(out, titleKept), strings.Count(out, titleBack); n != m || strings.LastIndex(out, titleBack) < strings.LastIndex(out, "\x1b]2;") {
		t.Errorf("the title of the window was kept %d times and given back %d times; wrote %q", n, m, out)
	}
}

// usable checks that the terminal is as it was.
func (c *console) usable(t *testing.T) {
	t.Helper()
	after, err := term.GetState(c.tty.Fd())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(after, c.before) {
		t.Errorf("the terminal's modes are %+v, want %+v", after, c.before)
	}
	c.await(t, leaveScreen)
	c.await(t, "\x1b[?25h") // the cursor shows
	out := c.String()
	const progress = "\x1b]9;4;"
	if i := strings.LastIndex(out, progress); i >= 0 && !strings.HasPrefix(out[i:], progress+"0") {
		t.Errorf("the progress bar stays, with %q", out[i:])
	}
	if n, m := strings.Count(out, "\x1b[>1u"), strings.Count(out, "\x1b[<1u"); n != m && n != m-1 { // one pop for the screen before
		t.Errorf("the way of sending keys was put on %d times and off %d times", n, m)
	}
}

const (
	enterScreen = "\x1b[?1049h"
	leaveScreen = "\x1b[?1049l"
	titleKept   = "\x1b[22;2t"
	titleBack   = "\x1b[23;2t"
)

// hanging is a site that never answers but for robots.txt; asked gets a token
// for each other request.
func hanging(t *testing.T) (url string, asked <-chan struct{}) {
	t.Helper()
	hits := make(chan struct{}, 64)
	end := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		hits <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-end:
		}
	}))
	t.Cleanup(func() { close(end); s.Close() })
	return s.URL, hits
}

func await(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("%s did not come", what)
	}
}

func TestSignalGivesTheTerminalBack(t *testing.T) {
	for name, sig := range signals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, asked := hanging(t)
			c := open(t, nil, "--no-store", "-o", "out.jsonl", url+"/a", url+"/b")
			c.await(t, enterScreen)
			await(t, asked, "the first request")
			if err := c.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			c.ends(t, 130)
			c.restored(t)
			c.await(t, "2 submitted = 0 ok + 0 empty + 0 failed + 0 skipped + 2 cancelled: balances")
			got, err := os.ReadFile(filepath.Join(c.cmd.Dir, "out.jsonl"))
			if n := bytes.Count(got, []byte(`"outcome":"cancelled"`)); err != nil || n != 2 {
				t.Errorf("out.jsonl has %d cancelled rows (%v), want 2", n, err)
			}
		})
	}
}

// A run that is kept is left to be resumed, and offered when the screen starts
// with the same again, or with nothing.
func TestScreenOffersWhatWasLeft(t *testing.T) {
	t.Parallel()
	url, asked := hanging(t)
	home := "HOME=" + t.TempDir()
	left := func(c *console, run string) {
		t.Helper()
		c.await(t, enterScreen)
		if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		c.ends(t, 130)
		c.restored(t)
		c.await(t, "weir resume "+run+" goes on")
	}
	c := open(t, []string{home}, "-i", "0", "-w", "1", url+"/a", url+"/b")
	await(t, asked, "the request")
	left(c, "1")
	c.await(t, "2 submitted = 0 ok + 0 empty + 0 failed + 0 skipped + 0 cancelled + 2 not fetched: balances")

	c = open(t, []string{home}, "-i", "0", "-w", "1", url+"/a", url+"/b") // the same again: a new one
	c.insists(t, "Resume run 1?", "n", asked)
	left(c, "2")

	c = open(t, []string{home}) // nothing: the newest
	c.insists(t, "Resume run 2?", "\r", asked)
	left(c, "2")

	c = open(t, []string{home})
	gone := make(chan struct{})
	var leaving sync.WaitGroup
	leaving.Go(func() { c.ends(t, 0); close(gone) })
	c.insists(t, "Resume run 2?", "q", gone)
	leaving.Wait()
	c.restored(t)

	c = open(t, []string{home}) // a signal is no answer
	c.await(t, "Resume run 2?")
	if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	c.ends(t, 130)
	c.restored(t)

	c = open(t, []string{home}, "resume", "1")
	await(t, asked, "the request")
	left(c, "1")

	c = open(t, []string{home}, "resume", "1", "-o", "out.jsonl") // cancelled for good
	await(t, asked, "the request")
	c.await(t, enterScreen)
	if _, err := io.WriteString(c.keys, "q"); err != nil {
		t.Fatal(err)
	}
	gone = make(chan struct{})
	leaving.Go(func() { c.ends(t, 130); close(gone) })
	c.insists(t, "Leave?", "x", gone)
	leaving.Wait()
	c.restored(t)
	c.await(t, "2 submitted = 0 ok + 0 empty + 0 failed + 0 skipped + 2 cancelled: balances")
	if strings.Contains(c.String(), "goes on") {
		t.Errorf("wrote %q, want no word of going on", c)
	}
	rows, err := os.ReadFile(filepath.Join(c.cmd.Dir, "out.jsonl"))
	if n := bytes.Count(rows, []byte(`"outcome":"cancelled"`)); err != nil || n != 2 {
		t.Errorf("out.jsonl has %d cancelled rows (%v), want 2", n, err)
	}
	c = open(t, []string{home}, "runs")
	c.await(t, "1    finished")
	c.ends(t, 0)
}

// insists presses a key once text was written, and again until it has done
// something: questions are deaf at first.
func (c *console) insists(t *testing.T, text, key string, done <-chan struct{}) {
	t.Helper()
	c.await(t, text)
	again, late := time.NewTicker(50*time.Millisecond), time.After(patience)
	defer again.Stop()
	for {
		if _, err := io.WriteString(c.keys, key); err != nil {
			t.Fatal(err)
		}
		select {
		case <-done:
			return
		case <-again.C:
		case <-late:
			t.Fatalf("%q did nothing; got %q", key, c.tape)
		}
	}
}

func TestScreenIsLeftByKey(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		keys []string // each pressed when the text before it has come
		code int
	}{
		{name: "nothing was added", keys: []string{enterScreen, "q"}},
		{name: "everything is saved", args: []string{"-i", "0", "-o", "out.jsonl", "SITE/"}, keys: []string{"100%", "q"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprint(w, "<title>Page</title>")
			}))
			defer s.Close()
			for i, a := range tc.args {
				tc.args[i] = strings.ReplaceAll(a, "SITE", s.URL)
			}
			c := open(t, nil, tc.args...)
			for i := 0; i < len(tc.keys); i += 2 {
				c.await(t, tc.keys[i])
				if _, err := io.WriteString(c.keys, tc.keys[i+1]); err != nil {
					t.Fatal(err)
				}
			}
			c.ends(t, tc.code)
			c.restored(t)
		})
	}
}

// What was chosen of a screen is chosen in the next one, however the first ended.
func TestScreenIsRemembered(t *testing.T) {
	t.Parallel()
	state := "XDG_STATE_HOME=" + t.TempDir()
	first := open(t, []string{state})
	first.await(t, enterScreen)
	if _, err := io.WriteString(first.keys, "t"); err != nil {
		t.Fatal(err)
	}
	first.await(t, "theme high-contrast")
	if err := first.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	first.ends(t, 130)
	second := open(t, []string{state})
	second.await(t, enterScreen)
	if _, err := io.WriteString(second.keys, "t"); err != nil {
		t.Fatal(err)
	}
	second.await(t, "theme colour-blind") // the one after it
	if _, err := io.WriteString(second.keys, "q"); err != nil {
		t.Fatal(err)
	}
	second.ends(t, 0)
}

func TestHeadlessOnATerminal(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<title>Page</title>")
	}))
	defer s.Close()
	c := open(t, nil, "--headless", s.URL)
	c.ends(t, 0)
	c.await(t, "\r████████████████████ 100%  1 of 1  ok 1  empty 0  failed 0")
	c.await(t, "ledger: 1 submitted = 1 ok")
	if got := c.String(); strings.Contains(got, enterScreen) {
		t.Errorf("wrote %q, want no screen", got)
	}

	c = open(t, []string{"LANG=C"}, "--headless", s.URL)
	c.ends(t, 0)
	c.await(t, "\r#################### 100%  1 of 1")
}

func TestDumbTerminalGetsLines(t *testing.T) {
	t.Parallel()
	url, asked := hanging(t)
	c := open(t, []string{"TERM=dumb"}, url)
	await(t, asked, "the request")
	if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	c.ends(t, 130)
	c.await(t, "ledger: 1 submitted")
	if got := c.String(); strings.Contains(got, "\x1b") {
		t.Errorf("wrote %q, want no escape sequence", got)
	}
}

// A mistake is named at once, whatever the terminal: asking for its background
// takes seconds where nobody answers, and one that is dumb shows the question.
func TestErrorsAskTheTerminalNothing(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, term string
		args       []string
		code       int
		want       string
	}{
		{"a wrong flag", "xterm-256color", []string{"--no-such"}, 2, "weir: unknown flag: --no-such"},
		{"a list that is not there", "xterm-256color", []string{"--headless", "none.txt"}, 2, "weir: none.txt: no such file"},
		{"help on a dumb terminal", "dumb", []string{"runs", "--help"}, 0, "Every run is kept in a file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, []string{"TERM=" + tc.term}, tc.args...)
			c.ends(t, tc.code)
			if got := c.String(); !strings.HasPrefix(got, tc.want) || strings.Contains(got, "\x1b") {
				t.Errorf("wrote %q, want %q first and no escape sequence", got, tc.want)
			}
		})
	}
}

// The first Ctrl+C waits until all rows are written. Whoever does not read them
// needs the second.
func TestSecondInterruptLeavesAtOnce(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/big":
			w.Header().Set("Content-Type", "text/html")
			for i := range 400 { // more than a pipe holds
				fmt.Fprintf(w, "<h2>%d %s</h2>", i, strings.Repeat("x", 500))
			}
		case "/next": // the one worker is done with /big
			asked <- struct{}{}
			<-r.Context().Done()
		default:
			http.NotFound(w, r)
		}
	}))
	defer s.Close()
	unread, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer unread.Close()
	defer out.Close()
	said, errs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	recipe := filepath.Join(t.TempDir(), "titles.yaml")
	if err := os.WriteFile(recipe, []byte("rows: body\nfields:\n  titles: {select: h2, many: true}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-i", "0", "-w", "1", "-r", recipe, "-o", "-", s.URL+"/big", s.URL+"/next")
	cmd.Env = []string{"LANG=C.UTF-8", "HOME=" + t.TempDir()}
	cmd.Stdout, cmd.Stderr = out, errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	errs.Close()
	tp := record(t, said)
	await(t, asked, "the second request")
	for range 2 {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		tp.await(t, "leaving; once more leaves at once")
	}
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	if got := codeOf(cmd.Wait()); got != 130 {
		t.Errorf("exit code %d, want 130", got)
	}
}
