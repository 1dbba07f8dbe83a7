package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/term"

	"weir/engine"
)

// isTerminal reports whether w is one.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(f.Fd())
}

// keepTitle has a terminal remember the title of its window, and returns what
// gives it back: a screen has its own, and leaves none. Terminals that do not
// know how (XTWINOPS 22 and 23 of xterm) do nothing.
func keepTitle(w io.Writer) (giveBack func()) {
	_, _ = io.WriteString(w, "\x1b[22;2t") // if that fails, so does the screen
	return func() { _, _ = io.WriteString(w, "\x1b[23;2t") }
}

// columns returns how many cells a line of the terminal w has.
func columns(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(f.Fd()); err == nil && width > 0 {
			return width
		}
	}
	return 80
}

// dumb reports whether the terminal cannot move its cursor.
func dumb() bool { return os.Getenv("TERM") == "dumb" }

// utf8Locale reports whether the environment's locale is UTF-8 (POSIX, the
// first of LC_ALL, LC_CTYPE and LANG that is set).
func utf8Locale() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := os.Getenv(name); v != "" {
			v = strings.ToLower(v)
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return runtime.GOOS == "darwin" || runtime.GOOS == "windows"
}

// opener returns a function that shows a page in the operator's browser; nil
// where there is none, as over SSH.
func opener() func(url string) error {
	if os.Getenv("SSH_CONNECTION") != "" {
		return nil
	}
	command := []string{"xdg-open"}
	switch runtime.GOOS {
	case "darwin":
		command = []string{"open"}
	case "windows":
		command = []string{"rundll32", "url.dll,FileProtocolHandler"}
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		return nil
	}
	return func(url string) error {
		if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
			return errors.New("not a web page")
		}
		return exec.Command(path, append(command[1:], url)...).Run()
	}
}

// plainText makes text that others wrote fit for one line of a terminal or a
// log: what is not printable becomes U+FFFD, white space one space.
func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.Join(strings.Fields(s), " "))
}

// complain writes an error as one line; a panic brings its stack.
func complain(w io.Writer, err error) {
	fmt.Fprintln(w, "weir: "+plainText(strings.Join(sayings(err.Error()), "; ")))
	if p, ok := errors.AsType[*panicError](err); ok {
		fmt.Fprintf(w, "%s\n", p.stack)
	}
	if p, ok := errors.AsType[*engine.PanicError](err); ok {
		fmt.Fprintf(w, "%s\n", p.Stack)
	}
}

// sayings are the lines of an error that says several things, without the names
// of rooms. A thing that another line says too, perhaps with more words, is said
// once: trouble with a disk is met by whoever writes to it.
func sayings(text string) []string {
	var all []string
	for line := range strings.SplitSeq(text, "\n") {
		for _, room := range []string{"scrape: ", "engine: ", "export: ", "demo: ", "metrics: ", "sqlite: "} {
			line = strings.ReplaceAll(strings.TrimPrefix(line, room), ": "+room, ": ")
		}
		if slices.ContainsFunc(all, func(said string) bool { return strings.Contains(said, line) }) {
			continue
		}
		all = slices.DeleteFunc(all, func(said string) bool { return strings.Contains(line, said) })
		all = append(all, line)
	}
	return all
}
