package sqlite_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/engine/enginetest"
	"weir/engine/sqlite"
)

// TestMain is also a process that holds a run until it is killed.
func TestMain(m *testing.M) {
	if path := os.Getenv("WEIR_TEST_HOLD"); path != "" {
		if _, err := sqlite.Open(path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("held")
		_, _ = io.Copy(io.Discard, os.Stdin) // until the test is over, if nobody kills it
		os.Exit(0)
	}
	// Tests about the disk have one of their own (newDisk).
	done := enginetest.InMemory()
	code := enginetest.Run(m)
	done()
	os.Exit(code)
}

func TestLock(t *testing.T) {
	s := made(t)
	path := s.Path()
	held := func(pid int) {
		t.Helper()
		for what, try := range map[string]func() error{
			"Open":   func() error { _, err := sqlite.Open(path); return err },
			"Remove": func() error { return sqlite.Remove(path) },
			"Create": func() error { _, err := sqlite.Create(path, nil); return err },
		} {
			err := try()
			h, ok := errors.AsType[*sqlite.HeldError](err)
			if !ok || h.PID != pid || h.Path != path || time.Since(h.Since) > time.Minute || h.Host == "" ||
				h.Command != filepath.Base(os.Args[0]) || !strings.Contains(err.Error(), fmt.Sprint(pid)) {
				t.Errorf("%s = %+v, %v; want it held by process %d", what, h, err, pid)
			}
		}
		if h, err := sqlite.Held(path); h == nil || h.PID != pid || err != nil {
			t.Errorf("Held = %+v, %v; want process %d", h, err, pid)
		}
		r, err := sqlite.Read(path) // whoever holds it
		if err != nil {
			t.Errorf("Read: %v", err)
		} else if err := r.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	held(os.Getpid())
	shut(t, s)
	if h, err := sqlite.Held(path); h != nil || err != nil {
		t.Errorf("Held = %+v, %v; want nobody", h, err)
	}

	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), "WEIR_TEST_HOLD="+path)
	stdin, err := other.StdinPipe()
	check(t, err)
	defer stdin.Close()
	stdout, err := other.StdoutPipe()
	check(t, err)
	check(t, other.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if line != "held\n" || err != nil {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	held(other.Process.Pid)
	// A dead holder holds nobody, though its note is still there.
	check(t, other.Process.Kill())
	if err := other.Wait(); err == nil {
		t.Error("the other process ended well, want it killed")
	}
	if h, err := sqlite.Held(path); h != nil || err != nil {
		t.Errorf("Held = %+v, %v; want nobody", h, err)
	}
	s, err = sqlite.Open(path)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { shut(t, s) })
	held(os.Getpid())
}

func TestRemove(t *testing.T) {
	s := made(t)
	path := s.Path()
	size, err := sqlite.Size(path)
	at, e := os.Stat(path)
	if err != nil || e != nil || size <= at.Size()+1<<15 {
		t.Errorf("Size = %d, %v; want the %d bytes of the run, and those of -wal and -shm", size, err, at.Size())
	}
	shut(t, s)
	if err := sqlite.Remove(path); err != nil {
		t.Errorf("Remove: %v", err)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); len(files) > 0 || err != nil {
		t.Errorf("there are %v, %v; want nothing", files, err)
	}
	if err := sqlite.Remove(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Remove again = %v, want os.ErrNotExist", err)
	}
	if _, err := sqlite.Size(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Size = %v, want os.ErrNotExist", err)
	}
}
