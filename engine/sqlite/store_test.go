package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
	"weir/engine/sqlite"
)

// made makes a run that is closed when the test ends.
func made(t *testing.T) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Create(filepath.Join(t.TempDir(), "run ?%23#.db"), []byte(`{"a":1}`))
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	t.Cleanup(func() { shut(t, s) })
	return s
}

func shut(t *testing.T, s *sqlite.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// again closes a run and opens it.
func again(t *testing.T, s *sqlite.Store) *sqlite.Store {
	t.Helper()
	shut(t, s)
	s, err := sqlite.Open(s.Path())
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { shut(t, s) })
	return s
}

func TestNotesAreKept(t *testing.T) {
	s := made(t)
	const out = "/some/where.jsonl"
	if got := string(s.About()); got != `{"a":1}` {
		t.Errorf("About = %s", got)
	}
	if got := s.Output(out); got != (sqlite.Output{}) {
		t.Errorf("Output = %+v, want none", got)
	}
	if err := s.SetAbout([]byte(`{"a":2}`)); err != nil {
		t.Errorf("SetAbout: %v", err)
	}
	r, err := sqlite.Read(s.Path())
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	if got := string(r.About()); got != `{"a":2}` {
		t.Errorf("About of a Reader = %s", got)
	}
	if err := r.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	want := sqlite.Output{Num: 1 << 40, Bytes: 1 << 50}
	for _, o := range []sqlite.Output{{Num: 1, Bytes: 2}, want} {
		if err := s.SetOutput(out, o); err != nil {
			t.Errorf("SetOutput: %v", err)
		}
		if got := s.Output(out); got != o {
			t.Errorf("Output = %+v, want %+v", got, o)
		}
	}
	s = again(t, s)
	if got := string(s.About()); got != `{"a":2}` {
		t.Errorf("About = %s", got)
	}
	if got := s.Output(out); got != want {
		t.Errorf("Output = %+v, want %+v", got, want)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := s.SetAbout(nil); !errors.Is(err, sqlite.ErrClosed) {
		t.Errorf("SetAbout of a closed store = %v, want ErrClosed", err)
	}
	if err := s.SetOutput(out, want); !errors.Is(err, sqlite.ErrClosed) {
		t.Errorf("SetOutput of a closed store = %v, want ErrClosed", err)
	}
}

// All that is on disk of a run is for its owner only.
func TestFilesAreTheOwners(t *testing.T) {
	s := made(t)
	files, err := filepath.Glob(filepath.Dir(s.Path()) + "/*")
	if err != nil || len(files) != 4 {
		t.Errorf("there are %q, %v; want the run, -wal, -shm and .lock", files, err)
	}
	for _, name := range files {
		at, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if at.Mode() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", name, at.Mode())
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	foreign := func(t *testing.T, path, sql string) {
		t.Helper()
		s, err := sqlite.Create(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		shut(t, s)
		if err := sqlite.Exec(path, sql); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name string
		make func(t *testing.T, path string)
		want error
		says string
	}{
		{"no file", func(*testing.T, string) {}, fs.ErrNotExist, "no such file"},
		{"a folder", func(t *testing.T, path string) { check(t, os.Mkdir(path, 0o700)) }, sqlite.ErrForeign, "a folder"},
		{"an empty file", func(t *testing.T, path string) { check(t, os.WriteFile(path, nil, 0o600)) }, sqlite.ErrForeign, "is empty"},
		{"a list", func(t *testing.T, path string) {
			check(t, os.WriteFile(path, []byte("http://one.test/\nhttp://two.test/\n"), 0o600))
		}, sqlite.ErrForeign, "not a run of weir"},
		{"another program's file", func(t *testing.T, path string) { foreign(t, path, "PRAGMA application_id = 7") }, sqlite.ErrForeign, "application_id 0x7"},
		{"a newer file", func(t *testing.T, path string) { foreign(t, path, "PRAGMA user_version = 99") }, sqlite.ErrNewer, "version 99"},
		{"a file without a version", func(t *testing.T, path string) { foreign(t, path, "PRAGMA user_version = 0") }, sqlite.ErrDamaged, "version 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.db")
			tc.make(t, path)
			refused := func(what string, err error) {
				t.Helper()
				if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("%s = %v; want it to name the file and to say %q", what, err, tc.says)
				}
			}
			_, err := sqlite.Open(path)
			refused("Open", err)
			_, err = sqlite.Read(path)
			refused("Read", err)
			// It lets go of the lock.
			if h, err := sqlite.Held(path); h != nil || err != nil {
				t.Errorf("Held = %v, %v; want nobody", h, err)
			}
		})
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCreateSparesWhatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	check(t, os.WriteFile(path, []byte("dear"), 0o644))
	if _, err := sqlite.Create(path, nil); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("Create = %v, want an error that names the file and is fs.ErrExist", err)
	}
	if got, err := os.ReadFile(path); string(got) != "dear" || err != nil {
		t.Errorf("the file has %q, %v", got, err)
	}
	if _, err := sqlite.Create(filepath.Join(path, "b.db"), nil); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("Create under a file = %v, want an error that names it", err)
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	enginetest.TestStore(t, func(t *testing.T) engine.Store { return made(t) })
}

// How far a list was read is not how many lines somebody took it to have.
func TestLinesReadAreKept(t *testing.T) {
	s := made(t)
	job := engine.Job{URL: "http://one.test/", Host: "one.test", Fingerprint: "http://one.test/"}
	_, err := s.AddBatch(t.Context(), engine.Batch{Name: "list", Lines: 100}, func(yield func(engine.Job, error) bool) {
		for range 2 {
			if !yield(job, nil) {
				return
			}
		}
		yield(engine.Job{}, errors.New("no URL"))
	}, nil)
	check(t, err)
	s = again(t, s)
	k, err := s.Load(t.Context(), time.Now())
	check(t, err)
	if len(k.Batches) != 1 || k.Batches[0].Read != 3 || k.Batches[0].Cut {
		t.Errorf("kept are %+v, want one batch with 3 lines of a whole list", k.Batches)
	}
}

// A process that died while it made a run leaves nothing that is in the way.
func TestCreateAfterOneThatDied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	for _, name := range []string{"-new", "-new-wal", "-new-shm", "-new-journal"} {
		check(t, os.WriteFile(path+name, []byte("half a run"), 0o600))
	}
	s, err := sqlite.Create(path, []byte("whole"))
	check(t, err)
	if s = again(t, s); string(s.About()) != "whole" {
		t.Errorf("About = %s", s.About())
	}
	if left, err := filepath.Glob(path + "-new*"); len(left) > 0 || err != nil {
		t.Errorf("%q is left, %v", left, err)
	}
}

// Whoever opens a run is told how far it is, and can end that: the run is as it
// was then, and free.
func TestOpenSaysHowFarItIs(t *testing.T) {
	const n = 2000
	s := made(t)
	_, err := s.AddBatch(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", n), nil)
	check(t, err)
	shut(t, s)
	before, err := os.ReadFile(s.Path())
	check(t, err)
	enough := errors.New("enough")
	ctx, end := context.WithCancelCause(t.Context())
	var told []int
	if _, err := sqlite.OpenContext(ctx, s.Path(), func(jobs int) {
		if told = append(told, jobs); len(told) == 2 {
			end(enough)
		}
	}); !errors.Is(err, enough) || errors.Is(err, sqlite.ErrDamaged) {
		t.Errorf("OpenContext = %v, want %v", err, enough)
	}
	if len(told) != 2 || told[1] >= n {
		t.Errorf("told of %v jobs, want no more after the second", told)
	}
	if after, err := os.ReadFile(s.Path()); !bytes.Equal(after, before) || err != nil {
		t.Errorf("the file has changed, %v", err)
	}
	if files, err := filepath.Glob(s.Path() + "-*"); len(files) > 0 || err != nil {
		t.Errorf("beside it there are %q, %v", files, err)
	}
	told = nil
	s, err = sqlite.OpenContext(t.Context(), s.Path(), func(jobs int) { told = append(told, jobs) })
	check(t, err)
	if len(told) < 4 || !slices.IsSorted(told) || told[0] == 0 || told[0] > n/3 || told[len(told)-1] != n {
		t.Errorf("told of %v jobs, want some steps to %d", told, n)
	}
	if c, err := s.Count(t.Context(), engine.Query{}); c.Backlog != n || err != nil {
		t.Errorf("Count = %+v, %v", c, err)
	}
	shut(t, s)
}
