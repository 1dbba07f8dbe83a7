package cli_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// story is what demo.tape tells, as what stands on the screen one after the
// other when something that it waits for has come.
var story = []string{
	`● running .*\n workers .* FULL +backpressure \d+`,      // start: backpressure
	`━ Add a batch ━`,                                       // add a batch
	`recipe +schedule .*\n.*\n.* 12 URLs on 1 host: 12 new`, // ... of which the form says what it comes to
	`batch 5 2020-01\+12 added: 12 new`,                     // ... and which is there
	`batch 5 cancelled: .* · u to undo`,                     // cancel
	`undone: batch 5 cancelled`,                             // undo
	`/ batch:1`,                                             // the results of another
	`━ Details #\d+ ━(.*\n)+.* http://127\.0\.0\.1:\d+/schedule/20(.*\n)+.* batch 1 schedule`,
	`/ outcome:failed .* \d+ of \d+ match`, // filter
	`━ Leave\? ━`,                          // quit
	`weir: ledger: 330 submitted = .*: balances`,
}

// demo.tape is played key by key, in a shell in a terminal as vhs does it, and
// everything that it waits for has to come. What it sleeps is for people and is
// left out here, so that it cannot depend on luck with the time. That takes
// eight seconds: WEIR_FILM=1, as in .ci/run. Without, it is only read.
func TestFilm(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "demo.tape"))
	if err != nil {
		t.Fatal(err)
	}
	cues, err := parseFilm(string(text))
	if err != nil {
		t.Fatal("demo.tape: ", err)
	}
	var length time.Duration
	for _, c := range cues {
		length += c.long
	}
	if length < 15*time.Second || length > 25*time.Second {
		t.Errorf("demo.tape sleeps %v, want about 20 s", length)
	}
	if os.Getenv("WEIR_FILM") == "" {
		return
	}
	f := newFilm(t)
	told := 0
	for _, c := range cues {
		f.play(c)
		if c.what != nil {
			for told < len(story) && regexp.MustCompile(story[told]).MatchString(f.String()) {
				told++
			}
		}
	}
	if told < len(story) {
		t.Errorf("demo.tape does not wait for %s; the screen:\n%s", story[told], f)
	}
	// The terminal was the shell's again before the last words.
	shown, _, _ := strings.Cut(f.tape.String(), "weir: ledger")
	left := modesOn(shown)
	delete(left, "25") // the cursor, which is on before and after
	delete(left, "7")  // and the wrapping of lines
	if len(left) > 0 || f.emu.IsAltScreen() {
		t.Errorf("modes %v are still on, the alternate screen: %t", left, f.emu.IsAltScreen())
	}
	// The rest was cancelled, and the shell knows. Ctrl+U takes away what was
	// pressed too often, see await.
	f.await(regexp.MustCompile(`balances\n(.*\n)*x*> ?x*\n`))
	f.press("\x15echo exit code $?\r")
	f.await(regexp.MustCompile(`\nexit code 130\n`))
	f.press("exit\r")
	f.ends(t, 0)
}

// A film is a shell in an emulated terminal, which answers what it is asked.
type film struct {
	*console
	t *testing.T

	mu   sync.Mutex
	emu  *vt.Emulator
	seen int    // how much of the console's tape is in emu
	last string // the last key
}

// newFilm starts the shell as vhs 0.11 does (its shell.go), in a folder with
// the program in it.
func newFilm(t *testing.T) *film {
	const w, h = 120, 32 // what demo.tape's Width, Height and FontSize come to
	keys, tty, err := pty.Open()
	if err != nil {
		t.Fatalf("no terminals here: %v", err)
	}
	if err := pty.Setsize(keys, &pty.Winsize{Rows: h, Cols: w}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "--noprofile", "--norc", "--login", "+o", "history")
	cmd.Dir = t.TempDir()
	if err := os.Symlink(program, filepath.Join(cmd.Dir, "weir")); err != nil {
		t.Fatal(err)
	}
	cmd.Env = []string{"TERM=xterm-256color", "COLORTERM=truecolor", `PS1=\[\e[38;2;90;86;224m\]> \[\e[0m\]`, "HOME=" + cmd.Dir, "PATH=" + os.Getenv("PATH")}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	f := &film{console: &console{keys: keys, tty: tty, cmd: cmd}, t: t, emu: vt.NewEmulator(w, h)}
	_, _ = f.emu.WriteString(updateBegin + updateEnd) // it knows them, when it is asked
	var answering sync.WaitGroup
	answering.Go(func() { _, _ = io.Copy(keys, f.emu) }) // until it is closed
	t.Cleanup(answering.Wait)
	f.tape = record(t, keys)
	t.Cleanup(func() {
		tty.Close()
		keys.Close()
		_ = f.emu.InputPipe().(io.Closer).Close() // of a pipe; Close races with Read
	})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// What it started ends with it: they are one session.
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	f.await(regexp.MustCompile(`^>`))
	return f
}

// play does what one command of the tape says.
func (f *film) play(c cue) {
	f.t.Helper()
	switch c.word {
	case "Type":
		f.press(f.ours(c.arg))
	case "Wait+Screen":
		f.await(c.what)
	default:
		f.press(strings.Repeat(filmKeys[c.word], c.n))
	}
}

// theirs are the ports of the demo's three hosts with months, if they are free.
var theirs = regexp.MustCompile(`127\.0\.0\.1:401[012]\b`)

// ours is text with a host that the demo has here: its usual ports are taken
// where another demo runs.
func (f *film) ours(text string) string {
	if !theirs.MatchString(text) {
		return text
	}
	month := regexp.MustCompile(`(127\.0\.0\.1:\d+) */schedule/\d`)
	f.await(month)
	host := month.FindStringSubmatch(f.String())[1]
	if theirs.MatchString(host) {
		return text
	}
	return theirs.ReplaceAllString(text, host)
}

func (f *film) press(keys string) {
	f.t.Helper()
	if keys == "" {
		return
	}
	if _, err := io.WriteString(f.keys, keys); err != nil {
		f.t.Fatal(err)
	}
	f.last = keys
}

// question is the frame of one. They are deaf at first, as a person is slow.
var question = regexp.MustCompile(`━ [A-Z][a-z ]+\? ━`)

// await waits until what is on the screen. A question is asked again and again.
func (f *film) await(what *regexp.Regexp) {
	f.t.Helper()
	again, late := time.NewTicker(50*time.Millisecond), time.After(2*patience)
	defer again.Stop()
	for {
		screen := f.String()
		if what.MatchString(screen) {
			return
		}
		select {
		case <-f.more:
		case <-again.C:
			if question.MatchString(screen) {
				f.press(f.last)
			}
		case <-late:
			f.t.Fatalf("demo.tape: %s does not come; the screen:\n%s", what, f)
		}
	}
}

// What stands around a frame, so that none is shown in part.
const (
	updateBegin = "\x1b[?2026h"
	updateEnd   = "\x1b[?2026l"
)

// String returns the screen as vhs sees it: its lines, without the spaces at
// their ends. A frame of which a part has come is not there yet.
func (f *film) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	text := f.tape.String()
	if i := strings.LastIndex(text, updateBegin); i > strings.LastIndex(text, updateEnd) {
		text = text[:i]
	}
	_, _ = f.emu.WriteString(text[f.seen:]) // it takes everything
	f.seen = len(text)
	var b strings.Builder
	for y := range f.emu.Height() {
		line := ""
		for x := 0; x < f.emu.Width(); {
			c := f.emu.CellAt(x, y)
			if c == nil || c.Width == 0 {
				line, x = line+" ", x+1
				continue
			}
			line, x = line+c.Content, x+c.Width
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}
