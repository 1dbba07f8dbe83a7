package cli_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"weir/engine/enginetest"
)

// program is the path of the program under test.
var program string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "weir-test-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		program = filepath.Join(dir, "weir")
		os.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state")) // programs leave nothing with who runs the tests
		// go test keeps results for as long as the files that a test opened
		// stay as they are. The program is built by another process, so what
		// it is made of is looked at here.
		if err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() && d.Name() == ".git" {
				return filepath.SkipDir
			}
			return err
		}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		// go run keeps what it linked for as long as nothing changed, go build
		// links each time. The program is copied, as a cache may be trimmed.
		build := exec.Command("go", "run", "-buildvcs=false", "-exec", "cp", "weir", program)
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "go run -exec cp weir:", err)
			return 1
		}
		if err := waitTogether(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		// TestKill stays on the disk that the program is on.
		defer enginetest.InMemory()()
		return enginetest.Run(m)
	}())
}

// waitTogether lets twice as many tests go on at once as there are processors,
// unless -parallel says how many: most of them wait, for a program, a terminal
// or a disk.
func waitTogether() error {
	flag.Parse()
	const name = "test.parallel"
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	if given {
		return nil
	}
	return flag.Set(name, strconv.Itoa(2*runtime.GOMAXPROCS(0)))
}

// TestScripts runs testdata/script/*.txtar over the real program. Beside the
// commands of testscript there are
//
//	serve                         starts a site on loopback; $SITE is its URL,
//	                              $ADDR its address
//	exit CODE COMMAND [ARG...]    runs a command that must end with CODE
//	signal NAME CODE COMMAND ...  the same, but the site's /hang, or the first
//	                              /once, is waited for and the signal sent then
//	requests N [PATH]             the site got N requests (for PATH) besides
//	                              robots.txt
//	lines N FILE                  a file has N lines
//	count N                       the last command wrote N lines to stderr
//	list FILE LINE...             writes a list; a LINE that begins with a
//	                              slash is of the site
//	worse N FILE [LINE...]        the same behind N lines that are no URL
//	dos FILE TO                   gives a list a byte order mark, CRLF, a
//	                              comment, a blank line, and no last newline
//	asked                         waits until the site's /hang was asked for
//	proxy FILE                    writes the URL of the site as a proxy that wants
//	                              a password
//	grown N FILE                  waits until a file has N lines
//	without TEXT DIR              no file below DIR holds the text
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(program)+string(os.PathListSeparator)+os.Getenv("PATH"))
			env.Setenv("LANG", "C.UTF-8")
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, ".state"))
			env.Values["env"] = env
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve":    serve,
			"exit":     exit,
			"signal":   signalled,
			"requests": requests,
			"lines":    lines,
			"count":    count,
			"list":     list,
			"worse":    worse,
			"dos":      dos,
			"asked":    asked,
			"proxy":    proxy,
			"grown":    grown,
			"without":  without,
		},
	})
}

// A site is a small web site that counts what it is asked for.
type site struct {
	mu    sync.Mutex
	hits  map[string]int
	hangs chan struct{} // one token for each request of /hang
	end   chan struct{}
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.hits[r.URL.Path]++
	first := s.hits[r.URL.Path] == 1
	s.mu.Unlock()
	switch path := r.URL.Path; {
	case path == "/robots.txt":
		fmt.Fprint(w, "User-agent: *\nDisallow: /private\n")
	case path == "/hang", path == "/once" && first:
		s.hangs <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-s.end:
		}
	case path == "/gone":
		http.Error(w, "gone", http.StatusGone)
	case path == "/members":
		if user, password, _ := r.BasicAuth(); user+password != "adahush" && r.Header.Get("Authorization") != "Bearer hush" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<title>Members</title>")
	case path == "/tagged":
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Content-Type", "text/html")
		if r.Header.Get("If-None-Match") == `"v1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprint(w, "<title>Tagged</title><table><tr><td>2025-11-01<td>Day</tr><tr><td>2025-11-02<td>Night</tr></table>")
	case path == "/login" && r.Method == http.MethodPost:
		if r.FormValue("user")+r.FormValue("password") == "ada-hush"+"hush-file" {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "hush-session", Path: "/"})
		}
		fmt.Fprint(w, "<title>Welcome</title>")
	case path == "/login":
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<title>Log in</title><form method=post><input name=user><input name=password type=password></form>`)
	case strings.HasPrefix(path, "/inside/"):
		if c, err := r.Cookie("session"); err != nil || c.Value != "hush-session" {
			http.Error(w, "log in", http.StatusUnauthorized)
			return
		}
		if path == "/inside/once" && first {
			s.hangs <- struct{}{}
			<-r.Context().Done()
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<title>%s</title>", path)
	case path == "/jar":
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "hush", Path: "/"})
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<title>%d cookies</title>", len(r.Cookies()))
	case strings.HasPrefix(path, "/rota/"):
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<title>Rota of %[1]s</title><table><tr><td>%[1]s-01<td>Day</tr><tr><td>%[1]s-02<td>=1+1</tr></table>", strings.TrimPrefix(path, "/rota/"))
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<html><title>Page %s</title><h1>Page</h1><p>%s</p></html>", path, r.Header.Get("X-Team"))
	}
}

func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: serve")
	}
	s := &site{hits: map[string]int{}, hangs: make(chan struct{}, 64), end: make(chan struct{})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	server := &http.Server{Handler: s}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) })
	ts.Defer(func() {
		close(s.end)
		_ = server.Close()
		serving.Wait()
	})
	ts.Setenv("SITE", "http://"+l.Addr().String())
	ts.Setenv("ADDR", l.Addr().String())
	env(ts).Values["site"] = s
}

func env(ts *testscript.TestScript) *testscript.Env { return ts.Value("env").(*testscript.Env) }

func theSite(ts *testscript.TestScript) *site {
	s, ok := env(ts).Values["site"].(*site)
	if !ok {
		ts.Fatalf("no site: serve comes first")
	}
	return s
}

func exit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE COMMAND [ARG...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		ts.Fatalf("%v", err)
	}
	if got := codeOf(err); strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// codeOf returns the exit code of a command that ran.
func codeOf(err error) int {
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return failed.ExitCode()
	}
	return 0
}

var signals = map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "QUIT": syscall.SIGQUIT}

func signalled(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || signals[args[0]] == nil {
		ts.Fatalf("usage: signal NAME CODE COMMAND [ARG...]")
	}
	s := theSite(ts)
	path, err := exec.LookPath(program)
	ts.Check(err)
	if args[2] != "weir" {
		ts.Fatalf("signal runs weir only")
	}
	cmd := exec.Command(path, args[3:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = slices.Clone(env(ts).Vars)
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	// A pipe that stays open: a list that never ends.
	in, err := cmd.StdinPipe()
	ts.Check(err)
	_, err = fmt.Fprintln(in, ts.Getenv("SITE")+"/hang")
	ts.Check(err)
	for len(s.hangs) > 0 { // of a process that has ended
		<-s.hangs
	}
	ts.Check(cmd.Start())
	if !s.hung() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		ts.Fatalf("/hang was not asked for")
	}
	ts.Check(cmd.Process.Signal(signals[args[0]]))
	begin := time.Now()
	// Wait closes the pipe only after the program has ended.
	err = cmd.Wait()
	if got := codeOf(err); strconv.Itoa(got) != args[1] {
		ts.Fatalf("exit code %d (%v), want %s", got, err, args[1])
	}
	if took := time.Since(begin); took > 3*time.Second {
		ts.Fatalf("ended %v after the signal, want at once", took)
	}
}

// hung waits until somebody hangs.
func (s *site) hung() bool {
	select {
	case <-s.hangs:
		return true
	case <-time.After(10 * time.Second):
		return false
	}
}

func asked(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: asked")
	}
	if !theSite(ts).hung() {
		ts.Fatalf("/hang was not asked for")
	}
}

func proxy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: proxy FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte("http://ada:hush@"+ts.Getenv("ADDR")+"\n"), 0o600))
}

func grown(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: grown N FILE")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	look, late := time.NewTicker(5*time.Millisecond), time.After(10*time.Second)
	defer look.Stop()
	for {
		text, err := os.ReadFile(ts.MkAbs(args[1]))
		if err == nil && strings.Count(string(text), "\n") >= n {
			return
		}
		select {
		case <-look.C:
		case <-late:
			ts.Fatalf("%s has %d lines (%v), want %d", args[1], strings.Count(string(text), "\n"), err, n)
		}
	}
}

func without(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: without TEXT DIR")
	}
	files := 0
	ts.Check(filepath.WalkDir(ts.MkAbs(args[1]), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(text), args[0]) {
			ts.Fatalf("%s holds %q", path, args[0])
		}
		return err
	}))
	if files == 0 {
		ts.Fatalf("%s has no files", args[1])
	}
}

func requests(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: requests N [PATH]")
	}
	s := theSite(ts)
	s.mu.Lock()
	defer s.mu.Unlock()
	got := 0
	for path, n := range s.hits {
		if len(args) == 1 && path != "/robots.txt" || len(args) == 2 && path == args[1] {
			got += n
		}
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("%d requests, want %s", got, args[0])
	}
}

func lines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lines N FILE")
	}
	if got := strings.Count(ts.ReadFile(args[1]), "\n"); strconv.Itoa(got) != args[0] {
		ts.Fatalf("%s has %d lines, want %s", args[1], got, args[0])
	}
}

func count(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: count N")
	}
	if got := strings.Count(ts.ReadFile("stderr"), "\n"); strconv.Itoa(got) != args[0] {
		ts.Fatalf("stderr has %d lines, want %s", got, args[0])
	}
}

func list(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: list FILE LINE...")
	}
	worse(ts, neg, append([]string{"0"}, args...))
}

func worse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: worse N FILE [LINE...]")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "no url %d\n", i)
	}
	for _, line := range args[2:] {
		if strings.HasPrefix(line, "/") {
			line = ts.Getenv("SITE") + line
		}
		fmt.Fprintln(&b, line)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(b.String()), 0o666))
}

func dos(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: dos FILE TO")
	}
	text := "# list\n\n" + strings.TrimSpace(ts.ReadFile(args[0]))
	text = "\ufeff" + strings.ReplaceAll(text, "\n", "\r\n")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o666))
}
