package sqlite_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
	"weir/engine/sqlite"
)

// state returns the bytes of all files of a folder.
func state(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	files, err := os.ReadDir(dir)
	check(t, err)
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if errors.Is(err, fs.ErrPermission) {
			continue
		}
		check(t, err)
		out[f.Name()] = string(b)
	}
	return out
}

// TestAsAnother is no test: it is what a process does that is not root, or that
// has a disk of its own. It says what came of it.
func TestAsAnother(t *testing.T) {
	what, path := os.Getenv("WEIR_TEST_DO"), os.Getenv("WEIR_TEST_PATH")
	switch what {
	case "":
		t.Skip("it is for processes that other tests start")
	case "create":
		beAnother(t)
		_, err := sqlite.Create(path, nil)
		said(err)
	case "open":
		beAnother(t)
		said(goOn(t, path))
	case "read":
		beAnother(t)
		said(looked(t, path))
	case "full":
		ownDisk(t, filepath.Dir(path))
		n, err := fill(t, path)
		said(err)
		biggerDisk(t, filepath.Dir(path))
		hasKept(t, path, n)
	case "limit":
		limitFiles(t)
		n, err := fill(t, path)
		said(err)
		check(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 40, Max: 1 << 40}))
		hasKept(t, path, n)
	}
}

// said says an error to the process that waits for it.
func said(err error) {
	kind := error(nil)
	for _, k := range []error{sqlite.ErrFull, sqlite.ErrReadOnly, sqlite.ErrIO} {
		if errors.Is(err, k) {
			kind = k
		}
	}
	fmt.Printf("kind: %v\nerror: %v\n", kind, err)
}

// asAnother has a process of its own do something, and returns what it said.
func asAnother(t *testing.T, what, path string, change func(*exec.Cmd)) (kind, text string, err error) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAsAnother$", "-test.v")
	c.Env = append(os.Environ(), "WEIR_TEST_DO="+what, "WEIR_TEST_PATH="+path)
	if change != nil {
		change(c)
	}
	out, err := c.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if k, ok := strings.CutPrefix(line, "kind: "); ok {
			kind = strings.TrimSpace(k)
		}
		if e, ok := strings.CutPrefix(line, "error: "); ok {
			text = strings.TrimSpace(e)
		}
	}
	if err != nil || text == "" {
		err = errors.Join(errors.New(string(out)), err)
	}
	return kind, text, err
}

// Where nothing can be written a run is not begun, and not gone on with. It can
// be read.
func TestReadOnly(t *testing.T) {
	dir, err := os.MkdirTemp("", "weir-") // one that every user can get at
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "a.db")
	s, err := sqlite.Create(path, nil)
	check(t, err)
	_, err = s.AddBatch(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", 3), nil)
	check(t, err)
	// One whose process died has a log, without which it is of before.
	died := filepath.Join(dir, "died.db")
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + end)
		check(t, err)
		check(t, os.WriteFile(died+end, b, 0o644))
	}
	shut(t, s)
	modes := func(folder, file os.FileMode) {
		t.Helper()
		check(t, os.Chmod(path, file))
		check(t, os.Chmod(dir, folder))
	}
	does := func(what, path string, want error) {
		t.Helper()
		kind, text, err := asAnother(t, what, path, nil)
		if err != nil || kind != fmt.Sprint(want) || want != nil && !strings.Contains(text, path) {
			t.Errorf("%s: %s, %s, %v; want %v", what, kind, text, err, want)
		}
	}
	before := state(t, dir)
	modes(0o555, 0o444)
	does("create", filepath.Join(dir, "b.db"), sqlite.ErrReadOnly)
	does("open", path, sqlite.ErrReadOnly)
	does("read", path, nil)
	does("read", died, sqlite.ErrReadOnly)
	modes(0o777, 0o644) // of root, if this is root
	check(t, os.Remove(path+".lock"))
	if os.Getuid() == 0 {
		does("open", path, sqlite.ErrReadOnly)
	}
	modes(0o777, 0o444)
	does("open", path, sqlite.ErrReadOnly)
	does("read", path, nil)
	modes(0o700, 0o600)
	after := state(t, dir)
	if after["a.db"] != before["a.db"] {
		t.Error("the run has changed")
	}
	s, err = sqlite.Open(path)
	if errors.Is(err, fs.ErrPermission) { // the lock is another user's
		check(t, os.Remove(path+".lock"))
		s, err = sqlite.Open(path)
	}
	check(t, err)
	shut(t, s)
}

// The name of a new run is on disk too before it is one. A folder that can be
// written and not be opened cannot be synced: no run is left in it.
func TestCreateSyncsTheFolder(t *testing.T) {
	dir, err := os.MkdirTemp("", "weir-") // one that every user can get at
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	check(t, os.Chmod(dir, 0o333))
	path := filepath.Join(dir, "a.db")
	kind, text, err := asAnother(t, "create", path, nil)
	if err != nil || kind != sqlite.ErrReadOnly.Error() || !strings.Contains(text, path) {
		t.Errorf("Create: %s, %s, %v; want %v", kind, text, err, sqlite.ErrReadOnly)
	}
	check(t, os.Chmod(dir, 0o700))
	if files, err := os.ReadDir(dir); len(files) > 0 || err != nil {
		t.Errorf("there are %v, %v; want nothing", files, err)
	}
}

// fill works on a run until there is an error, and says how many results were
// kept by then.
func fill(t *testing.T, path string) (kept int, err error) {
	s, err := sqlite.Create(path, nil)
	check(t, err)
	_, err = s.AddBatch(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", 1000), nil)
	check(t, err)
	for num := uint64(1); ; num++ {
		jobs, err := s.Next(t.Context(), 1, engine.Want{Now: time.Now()})
		if err != nil || len(jobs) == 0 {
			return kept, errors.Join(err, s.Close())
		}
		j := jobs[0]
		err = s.Finish(t.Context(), []engine.Result{{
			Job: j.ID, Batch: j.Batch, Num: num, URL: j.URL, Host: j.Host, Outcome: engine.OK, Title: strings.Repeat("long ", 2000),
		}}, nil)
		if err != nil {
			if e := s.Close(); e == nil || e.Error() != err.Error() {
				t.Errorf("Close = %v after %v", e, err)
			}
			return kept, err
		}
		kept++
	}
}

// hasKept checks that a run can be gone on with, and has at least n results.
func hasKept(t *testing.T, path string, n int) {
	t.Helper()
	s, err := sqlite.Open(path)
	check(t, err)
	rs, err := s.Results(t.Context(), engine.Query{})
	if err != nil || len(rs) < n || n == 0 {
		t.Errorf("%d results, %v; want the %d that were kept", len(rs), err, n)
	}
	check(t, s.SetAbout([]byte("it goes on")))
	check(t, s.Close())
	check(t, whole(path))
}

// beAnother makes this process one of a user that is not root.
func beAnother(t *testing.T) {
	t.Helper()
	if os.Getuid() == 0 {
		check(t, syscall.Setgid(65534))
		check(t, syscall.Setuid(65534))
	}
}

// ownDisk puts a small disk at a folder, for this process only.
func ownDisk(t *testing.T, dir string) {
	t.Helper()
	err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
	if err == nil {
		err = syscall.Mount("none", dir, "tmpfs", 0, "size=512k")
	}
	if err != nil {
		t.Skipf("no mount: %v", err)
	}
}

// biggerDisk gives it more room.
func biggerDisk(t *testing.T, dir string) {
	t.Helper()
	check(t, syscall.Mount("none", dir, "tmpfs", syscall.MS_REMOUNT, "size=2m"))
}

// limitFiles makes all writes behind 300 KB of a file fail.
func limitFiles(t *testing.T) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	check(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 300_000, Max: 1 << 40}))
}

// A real disk that is really full, of 512 KiB: in memory, and of a process that
// has its own view of the system's disks.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	mount := func(c *exec.Cmd) {
		c.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}
	}
	path := filepath.Join(dir, "run.db")
	kind, text, err := asAnother(t, "full", path, mount)
	if errors.Is(err, fs.ErrPermission) || err != nil && strings.Contains(err.Error(), "no mount") {
		t.Skipf("a process can have no disk of its own here: %v", err)
	}
	if err != nil || kind != sqlite.ErrFull.Error() || !strings.Contains(text, path) {
		t.Errorf("%s: %s, %v; want %v", kind, text, err, sqlite.ErrFull)
	}
}

// A file that may not grow (RLIMIT_FSIZE) is one that the device fails.
func TestFileLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.db")
	kind, text, err := asAnother(t, "limit", path, nil)
	if err != nil || kind != sqlite.ErrIO.Error() || !strings.Contains(text, path) {
		t.Errorf("%s: %s, %v; want %v", kind, text, err, sqlite.ErrIO)
	}
}
