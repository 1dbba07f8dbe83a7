package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"weir/engine"
	"weir/engine/enginetest"
	"weir/ui"
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
	faster := []error{fs.ErrExist, &HeldError{}} // somebody was, or is about to be
	d.Runs.Create = func(path string, text []byte) (RunFile, error) {
		if len(faster) > 0 {
			err := faster[0]
			faster = faster[1:]
			return nil, err
		}
		return made(path, text)
	}
	if k, err := create(d.Runs, "", about{}); err != nil || k.name != "16" {
		t.Errorf("the next run is %+v (%v), want 16", k, err)
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
	f.put(t, "12.db", &fakeRun{
		about:   about{State: stateInterrupted, Started: someday, Sources: []keptSource{{Batch: "stdin"}}},
		batches: []KeptBatch{batchKept(1, "stdin", engine.Counts{Submitted: 1, Backlog: 1})},
	})
	a := &app{deps: f.deps()}
	for _, tc := range []struct {
		name string
		ab   about
		want string
		more int
	}{
		{name: "any", want: "12", more: 2},
		{name: "the same list", ab: runAbout(stateRunning, "b.txt"), want: "2"},
		{name: "another list", ab: runAbout(stateRunning, "z.txt")},
		{name: "one that has ended", ab: runAbout(stateRunning, "a.txt")},
		{name: "one that is worked on", ab: runAbout(stateRunning, "d.txt")},
		{name: "stdin is always another", ab: about{Sources: []keptSource{{Batch: "stdin"}}}},
	} {
		got, more := a.unfinished(tc.ab)
		if name := nameOf(got); name != tc.want || more != tc.more {
			t.Errorf("%s: %q and %d more, want %q and %d", tc.name, name, more, tc.want, tc.more)
		}
	}
}

// However many runs are kept, only the newest are opened for one to offer.
func TestUnfinishedOfMany(t *testing.T) {
	f := newFakeRuns(t)
	const n = 10 * offeredRuns
	for i := range n {
		f.put(t, fmt.Sprint(i+1, ".db"), &fakeRun{
			about:   runAbout(stateInterrupted, "a.txt"),
			batches: []KeptBatch{batchKept(1, "a.txt", engine.Counts{Submitted: 1, Backlog: 1})},
		})
	}
	d := f.deps()
	opened, read := 0, d.Runs.Read
	d.Runs.Read = func(path string) (RunView, error) {
		opened++
		return read(path)
	}
	newest, more := (&app{deps: d}).unfinished(about{})
	if name := nameOf(newest); name != fmt.Sprint(n) || more != offeredRuns-1 || opened != offeredRuns {
		t.Errorf("%q and %d more of %d, want %d and %d more of %d", name, more, opened, n, offeredRuns-1, offeredRuns)
	}
}

func nameOf(s *summary) string {
	if s == nil {
		return ""
	}
	return s.name
}

// A file that is added on the screen is noted while it is read, so that the next
// life of the run can read on.
func TestFilesOfTheScreenAreNoted(t *testing.T) {
	t.Chdir(t.TempDir())
	listOf(t, "list.txt", urls("a", "b")...)
	f := newFakeRuns(t)
	k, err := create(f.deps().Runs, "", about{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(&enginetest.Scraper{}, engine.Config{Store: k.file})
	if err != nil {
		t.Fatal(err)
	}
	s := fakeSession()
	s.Engine = e
	r := &run{s: s, keep: k}
	p := newPlanner(Deps{Recipes: func() []RecipeInfo { return nil }}, s, "page")
	ctl := r.controller(p)
	for _, text := range []string{"list.txt", "http://one.test/typed"} {
		b, jobs, err := p.Plan(ui.Spec{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		_, err = ctl.Add(t.Context(), b, func(yield func(engine.Job, error) bool) {
			if got := f.runs[k.path].about.Sources; len(got) != 1 || got[0].Done != (text != "list.txt") {
				t.Errorf("while %s is read, the file knows %+v", text, got)
			}
			jobs(yield)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	got := f.runs[k.path].about.Sources
	if len(got) != 1 || !got[0].Done || filepath.Base(got[0].File) != "list.txt" || got[0].Recipe != "page" || !got[0].is(&e.Snapshot().Batches[0].Batch) {
		t.Errorf("the file knows %+v, want list.txt, read", got)
	}
	e.Close()
	if _, err := ctl.Add(t.Context(), engine.Batch{Name: got[0].Batch, Added: got[0].Added}, nil); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Add to a run that has ended = %v", err)
	}
	if !f.runs[k.path].about.Sources[1].Done {
		t.Error("a list that was not added is to be read on")
	}
}
