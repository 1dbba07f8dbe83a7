package cli

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunsAreNumbered(t *testing.T) {
	f := severalRuns(t)
	d := f.deps()
	for _, want := range []string{"12", "13"} {
		k, err := create(d.Runs, "", about{})
		if err != nil || k.name != want || k.path != filepath.Join(f.dir, want+".db") {
			t.Errorf("the next run is %+v (%v), want %s", k, err, want)
		}
	}
	made := d.Runs.Create
	lost := false
	d.Runs.Create = func(path string, text []byte) (RunFile, error) {
		if !lost { // somebody was faster
			lost = true
			return nil, fs.ErrExist
		}
		return made(path, text)
	}
	if k, err := create(d.Runs, "", about{}); err != nil || k.name != "15" {
		t.Errorf("the next run is %+v (%v), want 15", k, err)
	}
	d.Runs.Create = func(string, []byte) (RunFile, error) { return nil, fs.ErrPermission }
	if _, err := create(d.Runs, "", about{}); !isStoreTrouble(err) || !errors.Is(err, fs.ErrPermission) || !strings.HasPrefix(err.Error(), "runs: "+f.dir) || !strings.Contains(err.Error(), "--no-store") {
		t.Errorf("create = %v, want one that names the file and --no-store", err)
	}
}

// What is in a file of --store says what to do instead.
func TestStoreIsTaken(t *testing.T) {
	f := severalRuns(t)
	for name, want := range map[string]string{
		"1.db":   "holds a run that has ended: choose another file, or remove it with weir runs rm ",
		"9.db":   "holds a run that has not ended: weir resume ",
		"2.db":   "holds a run that has not ended: weir resume ",
		"10.db":  "is a run that is worked on: process 42 on here",
		"11.db":  "is there, and is no run that can be read",
		"007.db": "is there, and is no run that can be read",
	} {
		_, err := create(f.deps().Runs, filepath.Join(f.dir, name), about{})
		if err == nil || isStoreTrouble(err) || !strings.HasPrefix(err.Error(), "--store "+filepath.Join(f.dir, name)+": "+want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// The runs that can be gone on with are those of the same lists, or of any
// where there are none.
func TestUnfinished(t *testing.T) {
	f := severalRuns(t)
	a := &app{deps: f.deps()}
	for _, tc := range []struct {
		name string
		ab   about
		want string
		more int
	}{
		{name: "any", want: "9", more: 1},
		{name: "the same list", ab: runAbout(stateRunning, "b.txt"), want: "2"},
		{name: "another list", ab: runAbout(stateRunning, "z.txt")},
		{name: "one that has ended", ab: runAbout(stateRunning, "a.txt")},
		{name: "one that is worked on", ab: runAbout(stateRunning, "d.txt")},
	} {
		got, more := a.unfinished(tc.ab)
		if name := nameOf(got); name != tc.want || more != tc.more {
			t.Errorf("%s: %q and %d more, want %q and %d", tc.name, name, more, tc.want, tc.more)
		}
	}
}

func nameOf(s *summary) string {
	if s == nil {
		return ""
	}
	return s.name
}
