package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"weir/engine"
)

// A keeping is a run's file while the run is worked on. A nil keeping is that
// of a run that is in memory only.
type keeping struct {
	runs  *Runs
	file  RunFile
	path  string
	name  string // what `weir resume` calls it: a number, or the path
	fresh bool   // it was made for this life

	mu    sync.Mutex // guards about, and the order in which it is written
	about about
}

// create makes the file of a new run: that of --store, or the next number.
func create(runs *Runs, path string, ab about) (*keeping, error) {
	text, err := ab.text()
	if err != nil {
		return nil, err
	}
	k := &keeping{runs: runs, fresh: true, about: ab}
	if path != "" {
		k.path, k.name = path, path
		if k.file, err = runs.Create(path, text); errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("--store %s: %s", path, runs.taken(path))
		}
		if err != nil {
			return nil, &storeError{fmt.Errorf("--store: %w", named(path, err))}
		}
		return k, nil
	}
	dir, err := runs.Dir()
	if err != nil {
		return nil, &storeError{fmt.Errorf("runs: %w (--no-store keeps none)", err)}
	}
	next, err := nextRun(dir)
	if err != nil {
		return nil, &storeError{fmt.Errorf("runs: %w (--no-store keeps none)", err)}
	}
	for ; ; next++ { // others count at the same time
		k.name = strconv.Itoa(next)
		k.path = filepath.Join(dir, k.name+runEnding)
		k.file, err = runs.Create(k.path, text)
		if _, held := errors.AsType[*HeldError](err); held || errors.Is(err, fs.ErrExist) {
			continue // that number is another's, who may be making its file just now
		}
		if err != nil {
			return nil, &storeError{fmt.Errorf("runs: %w (--no-store keeps none)", named(k.path, err))}
		}
		return k, nil
	}
}

// nextRun returns the number after those of a directory.
func nextRun(dir string) (int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, pathError(err)
	}
	next := 1
	for _, e := range entries {
		if n, ok := runNumber(e.Name()); ok {
			next = max(next, n+1)
		}
	}
	return next, nil
}

// taken says why a run cannot be kept in a file that is there.
func (rs *Runs) taken(path string) string {
	s, err := rs.look(path)
	switch {
	case err != nil:
		return "is there, and is no run that can be read: choose another file"
	case s.state == stateRunning:
		return "is a run that is worked on: " + s.holder.String()
	case s.state == stateFinished:
		return "holds a run that has ended: choose another file, or remove it with weir runs rm " + quoted(path)
	}
	return "holds a run that has not ended: weir resume " + quoted(path) + " goes on with it"
}

// store returns what the engine keeps the run in; nil: memory.
func (k *keeping) store() engine.Store {
	if k == nil {
		return nil
	}
	return k.file
}

// outputs returns where the run notes how far its files are; nil: nowhere.
func (k *keeping) outputs() outputs {
	if k == nil {
		return nil
	}
	return k.file
}

// again is the command that goes on with the run.
func (k *keeping) again() string {
	if k == nil {
		return ""
	}
	return "weir resume " + quoted(k.name)
}

// more is what can be done about a run that has ended: fetch again what failed,
// and write the results that are in no file yet. Empty: nothing of it.
func (k *keeping) more(failed, unsaved bool) string {
	var does []string
	if failed {
		does = append(does, "weir retry "+quoted(k.name)+" fetches what failed again")
	}
	if unsaved {
		does = append(does, "weir export "+quoted(k.name)+" -o FILE writes the results")
	}
	return strings.Join(does, ", ")
}

// change changes what the file knows of the command line.
func (k *keeping) change(f func(*about)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	f(&k.about)
	text, err := k.about.text()
	if err != nil {
		return err
	}
	return k.file.SetAbout(text)
}

// read notes that a source was read to its end.
func (k *keeping) read(batch string, added time.Time) error {
	return k.change(func(a *about) {
		for i := range a.Sources {
			if s := &a.Sources[i]; s.Batch == batch && s.Added.Equal(added) {
				s.Done = true
			}
		}
	})
}

func (k *keeping) unread() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.about.unread()
}

// close ends this life of the run. One to which nothing was ever added leaves
// no file.
func (k *keeping) close(state runState, empty bool) error {
	if k == nil {
		return nil
	}
	var err error
	if !k.fresh || !empty {
		err = k.change(func(a *about) { a.State, a.Ended = state, time.Now().UTC() })
	}
	err = errors.Join(err, k.file.Close())
	if k.fresh && empty {
		err = errors.Join(err, k.runs.Remove(k.path))
	}
	return err
}
