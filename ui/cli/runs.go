package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/engine"
)

// A summary is a run as it is found, without opening it.
type summary struct {
	name     string // what commands call it: a number, or a path
	path     string
	about    about
	state    runState
	holder   *Holder // who works on it; nil: nobody
	batches  []KeptBatch
	counts   engine.Counts
	size     int64     // bytes, of what lies beside its file too
	modified time.Time // when it was written to last
	err      error     // why nothing more is known of it
}

// canGoOn reports whether something is left of a run that nobody works on.
func (s *summary) canGoOn() bool {
	return s.err == nil && s.holder == nil && (s.counts.Left() > 0 || s.about.unread()) && s.state != stateFinished
}

// has reports whether URLs of the run ended in one of the outcomes, which are
// those that can be retried.
func (s *summary) has(outcomes []engine.Outcome) bool {
	n := map[engine.Outcome]int{engine.Failed: s.counts.Failed, engine.Empty: s.counts.Empty, engine.Cancelled: s.counts.Cancelled}
	return slices.ContainsFunc(outcomes, func(o engine.Outcome) bool { return n[o] > 0 })
}

// beside are the endings of the files of one run.
var beside = []string{"", "-wal", "-shm"}

// look finds out what can be known of a run without opening it to go on.
func (rs *Runs) look(path string) (summary, error) {
	s := summary{name: path, path: path}
	for _, ending := range beside {
		if info, err := os.Stat(path + ending); err == nil {
			s.size += info.Size()
			if info.ModTime().After(s.modified) {
				s.modified = info.ModTime()
			}
		} else if ending == "" {
			return s, pathError(err)
		}
	}
	s.err = rs.lookInto(&s)
	return s, s.err
}

func (rs *Runs) lookInto(s *summary) (err error) {
	v, err := rs.Read(s.path)
	if err != nil {
		return named(s.path, err)
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	if s.about, err = readAbout(v.About()); err != nil {
		return named(s.path, err)
	}
	if s.batches, err = v.Batches(context.Background()); err != nil {
		return named(s.path, err)
	}
	for i := range s.batches {
		s.counts = s.counts.Add(s.batches[i].Counts)
	}
	s.holder = v.Holder()
	switch s.state = s.about.State; {
	case s.holder != nil:
		s.state = stateRunning
	case s.state == stateRunning,
		s.state == stateFinished && s.counts.Left() > 0: // results were lost with a damaged file
		s.state = stateInterrupted
	}
	return nil
}

// all returns the runs that have numbers, the newest first. What is wrong with
// one is in its err.
func (rs *Runs) all() ([]summary, error) { return rs.newest(math.MaxInt) }

// newest returns the first n of all. To look into one takes a millisecond.
func (rs *Runs) newest(n int) ([]summary, error) {
	dir, err := rs.Dir()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, pathError(err)
	}
	var numbers []int
	for _, e := range entries {
		if number, ok := runNumber(e.Name()); ok {
			numbers = append(numbers, number)
		}
	}
	slices.SortFunc(numbers, func(a, b int) int { return cmp.Compare(b, a) })
	var found []summary
	for _, number := range numbers[:min(n, len(numbers))] {
		name := strconv.Itoa(number)
		s, err := rs.look(filepath.Join(dir, name+runEnding))
		s.name, s.err = name, err
		found = append(found, s)
	}
	return found, nil
}

// A noRunError says that there is no run of a name.
type noRunError struct{ text string }

func (e *noRunError) Error() string { return e.text }
func (e *noRunError) Unwrap() error { return fs.ErrNotExist }

// find returns the run that a command names: by its number, or by the path of
// its file.
func (rs *Runs) find(name string) (summary, error) {
	path := name
	n, err := strconv.Atoi(name)
	numbered := err == nil && n > 0
	if numbered {
		dir, err := rs.Dir()
		if err != nil {
			return summary{}, err
		}
		path = filepath.Join(dir, strconv.Itoa(n)+runEnding)
	}
	s, err := rs.look(path)
	if numbered {
		s.name = name
	}
	if errors.Is(err, os.ErrNotExist) {
		if numbered {
			return s, &noRunError{"run " + name + ": there is none (weir runs lists them)"}
		}
		return s, &noRunError{name + ": no such run"}
	}
	return s, err
}

// said is how far a run is, in words.
func (s *summary) said() string {
	c := s.counts
	parts := []string{fmt.Sprintf("%d of %s ended", c.Ended(), plural(c.Submitted, "URL"))}
	for _, n := range []struct {
		n    int
		word string
	}{{c.Failed, "failed"}, {c.Empty, "empty"}, {c.Cancelled, "cancelled"}} {
		if n.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n.n, n.word))
		}
	}
	return strings.Join(parts, ", ")
}

// Runs that nothing was written to for oldRun are offered for removal, once
// they are oldRuns or take oldBytes.
const (
	oldRun   = 30 * 24 * time.Hour
	oldRuns  = 20
	oldBytes = 100 << 20
)

// stale offers old runs for removal; empty: there are not many.
func (rs *Runs) stale(now time.Time) string {
	dir, err := rs.Dir()
	if err != nil {
		return ""
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	n, bytes := 0, int64(0)
	for _, e := range entries {
		if _, ok := runNumber(e.Name()); !ok {
			continue
		}
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > oldRun {
			n++
			bytes += info.Size()
		}
	}
	if n < oldRuns && bytes < oldBytes {
		return ""
	}
	take, them := "take", "them"
	if n == 1 {
		take, them = "takes", "it"
	}
	return fmt.Sprintf("%s that nothing was written to for 30 days %s %s: weir runs rm --older 30d removes %s", plural(n, "run"), take, showBytes(bytes), them)
}

// label is what an error calls a run.
func (s *summary) label() string {
	if s.name == s.path {
		return s.path
	}
	return "run " + s.name
}
