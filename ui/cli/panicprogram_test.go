package cli_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// faulty is the path of the program with faults in it: it panics at the place
// that WEIR_FAULT names from the moment on that the file WEIR_TRIGGER is there.
var faulty = sync.OnceValues(buildFaulty)

// faults are the places, each in front of a text that is in its file once.
var faults = []struct{ place, file, before, with string }{
	{"view", "ui/view.go", "func (m *Model) draw() tea.View {\n", ""},
	{"update", "ui/model.go", "func (m *Model) update(msg tea.Msg) tea.Cmd {\n", ""},
	{"command", "ui/feed.go", "	return func() tea.Msg {\n		_, ok := <-f.sub.Ready()\n", ""},
	{"batch", "ui/press.go", "	return tea.Tick(rushTime, func(time.Time) tea.Msg { ", ""},
	{"sink", "main.go", "	return export.NewResults(w, f, name), nil\n", "	return faultyRows{export.NewResults(w, f, name)}, nil\n"},
	{"scraper", "main.go", "		e, err := engine.New(s, ecfg)\n", "		e, err := engine.New(faultyScraper{s}, ecfg)\n"},
	{"feeder", "main.go", "		ecfg.Store = store\n", "		if ecfg.Store = store; store != nil {\n			ecfg.Store = faultyStore{store}\n		}\n"},
	{"writer", "engine/sqlite/writer.go", "func (w *writer) commit(group []entry, batches []engine.KeptBatch) error {\n", ""},
}

// faultsOf is a file beside the others of a package.
const faultsOf = `package PACKAGE

import "os"

func fault(place string) {
	if os.Getenv("WEIR_FAULT") != place {
		return
	}
	if _, err := os.Stat(os.Getenv("WEIR_TRIGGER")); err == nil {
		panic("fault in the " + place)
	}
}
`

// mainFaults is another one, of package main.
const mainFaults = `package main

import (
	"context"
	"strings"

	"weir/engine"
	"weir/scrape"
	"weir/ui/cli"
)

type faultyRows struct{ cli.Rows }

func (f faultyRows) Write(r engine.Result) error { fault("sink"); return f.Rows.Write(r) }

type faultyScraper struct{ *scrape.Scraper }

func (f faultyScraper) Do(ctx context.Context, r engine.Request) engine.Step {
	if strings.HasSuffix(r.URL, "/odd") {
		fault("scraper")
	}
	return f.Scraper.Do(ctx, r)
}

type faultyStore struct{ engine.Store }

func (f faultyStore) Next(ctx context.Context, n int, w engine.Want) ([]engine.Job, error) {
	fault("feeder")
	return f.Store.Next(ctx, n, w)
}

func (f faultyStore) Finish(ctx context.Context, rs []engine.Result, each func(engine.Job, engine.Class)) error {
	fault("committer")
	return f.Store.Finish(ctx, rs, each)
}
`

func buildFaulty() (path string, err error) {
	dir := filepath.Join(filepath.Dir(program), "faulty")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return "", err
	}
	text, packages := map[string]string{"faults_main.go": mainFaults}, map[string]string{}
	for _, f := range faults {
		if text[f.file] == "" {
			was, err := os.ReadFile(filepath.Join(root, f.file))
			if err != nil {
				return "", err
			}
			text[f.file] = string(was)
		}
		if n := strings.Count(text[f.file], f.before); n != 1 {
			return "", &exec.Error{Name: f.file, Err: os.ErrInvalid}
		}
		with := f.with
		if with == "" {
			with = f.before + "fault(\"" + f.place + "\"); "
		}
		text[f.file] = strings.Replace(text[f.file], f.before, with, 1)
		name := filepath.Base(filepath.Dir(f.file))
		if name == "." {
			name = "main"
		}
		packages[filepath.Dir(f.file)] = name
	}
	for at, name := range packages {
		text[filepath.Join(at, "faults.go")] = strings.Replace(faultsOf, "PACKAGE", name, 1)
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for file, s := range text {
		to := filepath.Join(dir, strings.ReplaceAll(file, string(filepath.Separator), "_")+".txt")
		if err := os.WriteFile(to, []byte(s), 0o600); err != nil {
			return "", err
		}
		overlay.Replace[filepath.Join(root, file)] = to
	}
	list, err := json.Marshal(overlay)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), list, 0o600); err != nil {
		return "", err
	}
	path = filepath.Join(dir, "weir")
	build := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-overlay", filepath.Join(dir, "overlay.json"), "-o", path, "weir")
	build.Stderr = os.Stderr
	return path, build.Run()
}

// lasting is a list of pages that take the program half a minute at 20 ms each.
func lasting(t *testing.T) (list string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<title>Page</title>")
	}))
	t.Cleanup(s.Close)
	var urls strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&urls, "%s/%d\n", s.URL, i)
	}
	list = filepath.Join(t.TempDir(), "urls.txt")
	put(t, list, urls.String())
	return list
}

// Whatever panics, in whatever goroutine: the terminal is given back, the stack
// stands below what was there before, and the exit code says that it failed.
func TestTerminalIsGivenBackByPanic(t *testing.T) {
	if os.Getenv("WEIR_PANICS") == "" {
		t.Skip("builds the program with faults in it, which takes long: WEIR_PANICS=1 does, as .ci/run")
	}
	for _, tc := range []struct {
		place string
		where string // in the program's words
		code  int
		args  []string
	}{
		{"view", "the screen", 1, nil},
		{"update", "the screen", 1, nil},
		{"command", "the screen", 1, nil},
		{"batch", "the screen", 1, nil},
		{"sink", "", 1, []string{"-o", "out.jsonl"}},
		{"feeder", "the feeder", 3, nil},
		{"committer", "keeping results", 3, nil},
		{"writer", "the writer of the file", 3, nil},
	} {
		t.Run(tc.place, func(t *testing.T) {
			t.Parallel()
			path, err := faulty()
			if err != nil {
				t.Fatal(err)
			}
			list, trigger := lasting(t), filepath.Join(t.TempDir(), "now")
			c := openProgram(t, path, []string{"WEIR_FAULT=" + tc.place, "WEIR_TRIGGER=" + trigger},
				append(tc.args, "-i", "20ms", "--ignore-robots", list)...)
			c.await(t, enterScreen)
			c.await(t, " ok ")
			put(t, trigger, "")
			c.press(t, "j")
			c.ends(t, tc.code)
			c.restored(t)
			c.clearOfModes(t)
			left := strings.LastIndex(c.String(), leaveScreen)
			for _, want := range []string{"panic", tc.where, "fault in the " + tc.place, "\ngoroutine "} {
				c.awaitSince(t, left, want)
			}
			if before := c.String()[:left]; strings.Contains(before, "goroutine ") {
				t.Errorf("a stack was written on the screen: %q", before)
			}
		})
	}
}

// A panic in the scraper is how its URL ended, and the run goes on.
func TestScreenStaysAfterPanicOfScraper(t *testing.T) {
	if os.Getenv("WEIR_PANICS") == "" {
		t.Skip("builds the program with faults in it, which takes long: WEIR_PANICS=1 does, as .ci/run")
	}
	t.Parallel()
	path, err := faulty()
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(http.NotFoundHandler())
	defer site.Close()
	trigger := filepath.Join(t.TempDir(), "now")
	put(t, trigger, "")
	c := openProgram(t, path, []string{"WEIR_FAULT=scraper", "WEIR_TRIGGER=" + trigger}, "--no-store", "-i", "0", "-o", "out.jsonl", site.URL+"/odd")
	c.await(t, "FAILED 1")
	c.press(t, "l")
	c.await(t, "fault in the scraper")
	from := len(c.String())
	c.press(t, "\x1b")
	c.awaitSince(t, from, "\x1b[") // with q at once it would be another key
	c.press(t, "q")
	c.ends(t, 1)
	c.restored(t)
	c.clearOfModes(t)
}

// What is stopped with ctrl+z leaves the terminal as it was, and takes it again
// in the size that it has then. The shell between is one that has jobs: nothing
// can be stopped that nobody could set going again.
func TestTerminalIsGivenBackBySuspend(t *testing.T) {
	t.Parallel()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	list := lasting(t)
	c := openProgram(t, sh, nil, "-c", `set -m; "$0" "$@"; echo stopped; read x; fg >/dev/null; echo ended with $?`,
		program, "--no-store", "-i", "20ms", "--ignore-robots", list)
	c.await(t, enterScreen)
	c.await(t, " ok ")
	c.press(t, "\x1a")
	c.await(t, "stopped\r\n")
	c.usable(t)
	c.clearOfModes(t)
	if err := pty.Setsize(c.keys, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	from := len(c.String())
	c.press(t, "\r")
	c.awaitSince(t, from, enterScreen)
	c.awaitSince(t, from, "[4 Results")
	c.press(t, "q")
	c.awaitSince(t, from, "Leave?")
	for !strings.Contains(c.String()[from:], "ended with ") {
		c.press(t, "x") // a question is deaf at first
		select {
		case <-c.more:
		case <-time.After(patience):
			t.Fatalf("nothing more came; got %q", c.String()[from:])
		}
	}
	c.await(t, "ended with 130\r\n")
	c.ends(t, 0)
	c.restored(t)
	c.clearOfModes(t)
}
