package cli_test

import (
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// privateMode is a sequence that turns modes of a terminal on or off.
var privateMode = regexp.MustCompile(`\x1b\[\?([0-9;]+)([hl])`)

// modesOn returns the modes that are on after what a program wrote: those of
// DEC by number, and the ways of sending keys that it has asked for.
func modesOn(out string) map[string]bool {
	on := map[string]bool{}
	for _, m := range privateMode.FindAllStringSubmatch(out, -1) {
		for mode := range strings.SplitSeq(m[1], ";") {
			if on[mode] = m[2] == "h"; !on[mode] {
				delete(on, mode)
			}
		}
	}
	if i := strings.LastIndex(out, "\x1b[>4;"); i > strings.LastIndex(out, "\x1b[>4m") {
		on["modifyOtherKeys"] = true
	}
	return on
}

// clearOfModes checks that the program has turned off what it turned on, and
// that it had turned something on.
func (c *console) clearOfModes(t *testing.T) {
	t.Helper()
	out := c.String()
	left := modesOn(out)
	delete(left, "25") // the cursor, which is on before and after
	delete(left, "7")  // and the wrapping of lines
	if len(left) > 0 {
		t.Errorf("modes %v are still on", left)
	}
	for _, mode := range []string{"1002", "1004", "1006", "1049", "2004"} { // mouse, focus, screen, paste
		if !strings.Contains(out, "\x1b[?"+mode+"h") {
			t.Errorf("mode %s was never on", mode)
		}
	}
}

// awaitSince waits until text was written after the first so many bytes.
func (c *console) awaitSince(t *testing.T, from int, text string) {
	t.Helper()
	late := time.After(patience)
	for !strings.Contains(c.String()[from:], text) {
		select {
		case <-c.more:
		case <-late:
			t.Fatalf("%q did not come; got %q", text, c.String()[from:])
		}
	}
}

// resize gives the terminal another size, of which the kernel tells the
// program, and waits for a screen that says text.
func (c *console) resize(t *testing.T, w, h uint16, text string) {
	t.Helper()
	from := len(c.String())
	if err := pty.Setsize(c.keys, &pty.Winsize{Rows: h, Cols: w}); err != nil {
		t.Fatal(err)
	}
	c.awaitSince(t, from, text)
}

func (c *console) press(t *testing.T, keys string) {
	t.Helper()
	if _, err := io.WriteString(c.keys, keys); err != nil {
		t.Fatal(err)
	}
}

// However a screen is left, in whatever size and with what open: modes, cursor
// and screen are as they were.
func TestTerminalIsGivenBack(t *testing.T) {
	signal := func(sigs ...os.Signal) func(*testing.T, *console) {
		return func(t *testing.T, c *console) {
			for _, sig := range sigs {
				if err := c.cmd.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, tc := range []struct {
		name string
		end  func(*testing.T, *console)
	}{
		{"interrupted twice", signal(os.Interrupt, os.Interrupt)},
		{"terminated in a question", func(t *testing.T, c *console) {
			c.press(t, "q")
			c.await(t, "Leave?")
			signal(syscall.SIGTERM)(t, c)
		}},
		{"hung up in a form", func(t *testing.T, c *console) {
			c.press(t, "\x1b[200~http://127.0.0.1:1/\x1b[201~")
			c.await(t, "Add a batch")
			signal(syscall.SIGHUP)(t, c)
		}},
		{"told to quit, without the mouse", func(t *testing.T, c *console) {
			c.press(t, "m")
			c.await(t, "\x1b[?1002l")
			signal(syscall.SIGQUIT)(t, c)
		}},
		{"resized and terminated", func(t *testing.T, c *console) {
			c.resize(t, 80, 24, "[4 Results")
			c.resize(t, 40, 10, "40x10")
			c.resize(t, 1, 1, "\x1b[")
			c.resize(t, 120, 36, "3 Hosts")
			c.resize(t, 60, 15, "[4 Results")
			signal(syscall.SIGTERM)(t, c)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			url, asked := hanging(t)
			c := open(t, nil, "--no-store", "-i", "0", url+"/a", url+"/b")
			c.await(t, enterScreen)
			await(t, asked, "the first request")
			tc.end(t, c)
			c.ends(t, 130)
			c.restored(t)
			c.clearOfModes(t)
		})
	}
}

// Ctrl+C is a key there: the first asks, the second cancels and leaves.
func TestTerminalIsGivenBackByCtrlC(t *testing.T) {
	t.Parallel()
	url, asked := hanging(t)
	c := open(t, nil, "--no-store", "-i", "0", url+"/a")
	c.await(t, enterScreen)
	await(t, asked, "the request")
	c.press(t, "\x03")
	gone := make(chan struct{})
	var leaving sync.WaitGroup
	leaving.Go(func() { c.ends(t, 130); close(gone) })
	c.insists(t, "Leave?", "\x03", gone)
	leaving.Wait()
	c.restored(t)
	c.clearOfModes(t)
	c.await(t, "1 submitted = 0 ok + 0 empty + 0 failed + 0 skipped + 1 cancelled: balances")
}
