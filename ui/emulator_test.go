package ui

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"weir/engine"
	"weir/engine/enginetest"
)

// A terminal is an emulated one with a whole program in it, in the virtual time
// of a synctest bubble. What is pressed reaches the program as the bytes that a
// terminal sends, and so do the terminal's answers; what the program writes
// becomes cells.
type terminal struct {
	t    *testing.T
	prog *tea.Program
	sent keyboard
	done chan struct{} // closed when the program has ended
	err  error         // of the program

	mu    sync.Mutex
	emu   *vt.Emulator
	out   []byte // all that was written
	title string
	modes map[ansi.Mode]bool // those that are on, of what was written
}

// A keyboard is the input of a program.
type keyboard struct {
	keys chan []byte
	left []byte // of the last ones, not yet read
}

func (k *keyboard) Read(p []byte) (int, error) {
	if len(k.left) == 0 {
		left, ok := <-k.keys
		if !ok {
			return 0, io.EOF
		}
		k.left = left
	}
	n := copy(p, k.left)
	k.left = k.left[n:]
	return n, nil
}

// Write takes what the program writes. Lines end as they do on a tty.
func (term *terminal) Write(p []byte) (int, error) {
	term.mu.Lock()
	defer term.mu.Unlock()
	term.out = append(term.out, p...)
	if _, err := term.emu.Write([]byte(strings.ReplaceAll(string(p), "\n", "\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// inTerminal runs a program in a terminal of 120 x 36 cells until story has
// returned and the program has ended. program gets the context that ends it
// and the options that put it there.
func inTerminal(t *testing.T, program func(context.Context, ...tea.ProgramOption) error, story func(*terminal)) {
	t.Helper()
	const w, h = 120, 36
	term := &terminal{
		t: t, emu: vt.NewEmulator(w, h), done: make(chan struct{}),
		modes: map[ansi.Mode]bool{ansi.ModeTextCursorEnable: true, ansi.ModeAutoWrap: true},
		sent:  keyboard{keys: make(chan []byte, 1024)},
	}
	// It knows updates in one piece and clusters, which is what programs ask for.
	for _, m := range []ansi.Mode{ansi.ModeSynchronizedOutput, ansi.ModeUnicodeCore} {
		if _, err := term.emu.WriteString(ansi.SetMode(m) + ansi.ResetMode(m)); err != nil {
			t.Fatal(err)
		}
	}
	term.emu.SetCallbacks(vt.Callbacks{
		Title:       func(title string) { term.title = title },
		EnableMode:  func(m ansi.Mode) { term.modes[m] = true },
		DisableMode: func(m ansi.Mode) { delete(term.modes, m) },
	})
	ctx, end := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { // the terminal answers what it is asked
		var buf [4096]byte
		for {
			n, err := term.emu.Read(buf[:])
			if err != nil {
				return
			}
			term.sent.keys <- slices.Clone(buf[:n])
		}
	})
	wg.Go(func() {
		defer close(term.done)
		term.err = program(ctx, tea.WithInput(&term.sent), tea.WithOutput(term), tea.WithWindowSize(w, h),
			tea.WithoutSignalHandler(), tea.WithColorProfile(colorprofile.TrueColor),
			tea.WithEnvironment([]string{"TERM=xterm-256color"}), func(p *tea.Program) { term.prog = p })
	})
	// What a failed story leaves behind ends too, or the bubble would not.
	defer func() {
		end()
		<-term.done
		term.mu.Lock()
		_ = term.emu.Close() // of a pipe
		term.mu.Unlock()
		close(term.sent.keys)
		wg.Wait()
		time.Sleep(2 * toastTime) // timers that the program leaves behind
	}()
	term.rest(time.Second)
	story(term)
	end()
	<-term.done
	term.givenBack()
	checkBytes(t, term.out)
}

// rest lets so much time pass and waits until nothing moves.
func (term *terminal) rest(long time.Duration) {
	time.Sleep(long)
	synctest.Wait()
}

// keyBytes are what a terminal sends for keys that are no characters.
var keyBytes = map[string]string{
	"enter": "\r", "esc": "\x1b", "tab": "\t", "space": " ", "backspace": "\x7f",
	"end": "\x1b[F", "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
	"ctrl+c": "\x03", "ctrl+p": "\x10", "ctrl+u": "\x15",
}

// press presses keys one after the other, as slowly as a hand does.
func (term *terminal) press(names ...string) {
	for _, name := range names {
		bytes, ok := keyBytes[name]
		if !ok {
			bytes = name
		}
		term.send(bytes)
		term.rest(200 * time.Millisecond) // longer than a lone escape is waited on, a frame and a rush
	}
}

// write types text, quickly.
func (term *terminal) write(text string) {
	for _, r := range text {
		term.send(string(r))
		term.rest(20 * time.Millisecond)
	}
	term.rest(200 * time.Millisecond)
}

// paste pastes text as a terminal does that brackets it.
func (term *terminal) paste(text string) {
	term.send(ansi.BracketedPasteStart + strings.ReplaceAll(text, "\n", "\r") + ansi.BracketedPasteEnd)
	term.rest(200 * time.Millisecond)
}

func (term *terminal) send(bytes string) { term.sent.keys <- []byte(bytes) }

// resize makes the terminal another size and tells the program, as SIGWINCH
// makes it find out.
func (term *terminal) resize(w, h int) {
	term.mu.Lock()
	term.emu.Resize(w, h)
	term.mu.Unlock()
	term.prog.Send(tea.WindowSizeMsg{Width: w, Height: h})
	term.rest(200 * time.Millisecond)
}

// lines are the cells that stand on the screen.
func (term *terminal) lines() []string {
	term.mu.Lock()
	defer term.mu.Unlock()
	lines := make([]string, term.emu.Height())
	for y := range lines {
		var b strings.Builder
		for x := 0; x < term.emu.Width(); {
			c := term.emu.CellAt(x, y)
			if c == nil || c.Width == 0 {
				b.WriteByte(' ')
				x++
				continue
			}
			b.WriteString(c.Content)
			x += c.Width
		}
		lines[y] = b.String()
	}
	return lines
}

func (term *terminal) String() string { return strings.Join(term.lines(), "\n") }

// line returns the first line of the screen that holds text, without the runs
// of spaces that put things in columns.
func (term *terminal) line(text string) string {
	for _, line := range term.lines() {
		if line = strings.Join(strings.Fields(line), " "); strings.Contains(line, text) {
			return line
		}
	}
	return ""
}

// sees checks that lines stand on the screen, runs of spaces aside.
func (term *terminal) sees(texts ...string) {
	term.t.Helper()
	for _, text := range texts {
		if term.line(text) == "" {
			term.t.Fatalf("%q is not on the screen:\n%s", text, term)
		}
	}
}

// seesNo checks that nothing of the kind stands on the screen.
func (term *terminal) seesNo(texts ...string) {
	term.t.Helper()
	for _, text := range texts {
		if line := term.line(text); line != "" {
			term.t.Fatalf("%q is on the screen, in %q:\n%s", text, line, term)
		}
	}
}

// titled checks the title of the window.
func (term *terminal) titled(want string) {
	term.t.Helper()
	term.mu.Lock()
	defer term.mu.Unlock()
	if term.title != want {
		term.t.Errorf("the title is %q, want %q", term.title, want)
	}
}

// written returns how many bytes the program has written.
func (term *terminal) written() int {
	term.mu.Lock()
	defer term.mu.Unlock()
	return len(term.out)
}

// ends waits for the program's end; it has so long.
func (term *terminal) ends(within time.Duration) {
	term.t.Helper()
	select {
	case <-term.done:
	case <-time.After(within):
		term.t.Fatalf("the program goes on; the screen:\n%s", term)
	}
}

// givenBack checks that the terminal is as a shell wants it.
func (term *terminal) givenBack() {
	term.t.Helper()
	term.mu.Lock()
	defer term.mu.Unlock()
	if term.emu.IsAltScreen() {
		term.t.Error("the alternate screen was not left")
	}
	want := map[ansi.Mode]bool{ansi.ModeTextCursorEnable: true, ansi.ModeAutoWrap: true}
	if !maps.Equal(term.modes, want) {
		term.t.Errorf("modes %v are on, want %v", slices.Collect(maps.Keys(term.modes)), slices.Collect(maps.Keys(want)))
	}
}

// A tale is a run with its screen in a terminal.
type tale struct {
	*terminal
	eng     *engine.Engine
	scraper *enginetest.Scraper
	begin   time.Time
}

// tell tells a story of a run that begins empty. change makes its deps other
// than those of a run in memory.
func tell(t *testing.T, scraper *enginetest.Scraper, change func(*Deps), story func(*tale)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		eng, err := engine.New(scraper, engine.Config{Workers: 2, Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		d := Deps{Controller: eng, Name: "story", Interval: time.Second, Planner: &listPlanner{}, Exporter: &files{there: map[string]int{}}}
		if change != nil {
			change(&d)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := eng.Run(t.Context()); err != nil {
				t.Error(err)
			}
		})
		defer wg.Wait()
		defer eng.Close()
		// There may be nothing left to cancel.
		defer func() { _, _ = eng.Cancel(t.Context(), engine.Selector{All: true}) }()
		run := func(ctx context.Context, opts ...tea.ProgramOption) error { return Run(ctx, d, opts...) }
		inTerminal(t, run, func(term *terminal) {
			story(&tale{terminal: term, eng: eng, scraper: scraper, begin: time.Now()})
		})
	})
}

// pages returns when pages of a host were asked for, robots.txt aside.
func (ta *tale) pages(host string) (at []time.Time) {
	for _, c := range ta.scraper.Calls() {
		if c.Kind == engine.KindPage && c.Host == host {
			at = append(at, c.At)
		}
	}
	return at
}

// counts checks a batch's part of the ledger.
func (ta *tale) counts(what string, got engine.Counts, want engine.Counts) {
	ta.t.Helper()
	if !got.Balanced() || got != want {
		ta.t.Errorf("%s: %+v, want %+v", what, got, want)
	}
}

// pagesOf lists n pages of a host, a line each.
func pagesOf(host string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "http://%s/%d\n", host, i)
	}
	return b.String()
}
