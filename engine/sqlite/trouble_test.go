package sqlite_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"

	"weir/engine/sqlite"
)

// named reports whether err says what is wrong with a file in a word that
// callers know, and which file.
func named(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok || e.Path == "" || e.Cause == "" {
		return false
	}
	for _, kind := range []error{sqlite.ErrFull, sqlite.ErrIO, sqlite.ErrReadOnly, sqlite.ErrDamaged, sqlite.ErrForeign, sqlite.ErrLocked, sqlite.ErrClosed} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// faults are the ways of a disk to fail that everything here has to live
// with. nth is set by whoever goes through the calls.
var faults = []struct {
	name string
	fault
	cut bool // the power goes with it
	any bool // and what was not synced is there or not, by chance
}{
	{name: "one call fails", fault: fault{calls: everything}},
	{name: "one write is half done", fault: fault{calls: callWrite, torn: true}},
	{name: "the disk is full for once", fault: fault{calls: callWrite, code: sqlite3.SQLITE_FULL}},
	{name: "the disk is full", fault: fault{calls: callWrite, code: sqlite3.SQLITE_FULL, stays: true}},
	{name: "the disk is gone", fault: fault{calls: everything, stays: true}},
	{name: "the power is cut", fault: fault{calls: changes, stays: true}, cut: true},
	{name: "the power is cut, and some was written", fault: fault{calls: changes, stays: true, torn: true}, cut: true, any: true},
}

// everyFault calls test with disks that fail in all ways of faults, at each
// call in turn, until there is none that has not failed. work is what goes on
// when they do; check looks at what is left, with a healthy disk.
func everyFault(t *testing.T, work func(t *testing.T, d *disk), check func(t *testing.T, d *disk)) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			for nth := 1; ; nth++ {
				d := newDisk(t)
				f.nth = nth
				d.fail(f.fault)
				work(t, d)
				calls, hit := d.heal()
				if f.cut {
					var chance *rand.Rand
					if f.any {
						chance = rand.New(rand.NewPCG(uint64(nth), 5))
					}
					if err := d.cutPower(chance); err != nil {
						t.Fatal(err)
					}
				}
				check(t, d)
				if t.Failed() {
					t.Fatalf("call %d, %s, failed", nth, hit)
				}
				if nth > calls {
					t.Logf("each of %d calls failed in turn", calls)
					return
				}
				if err := os.RemoveAll(d.dir); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// Whatever fails: what SetAbout returned from without an error is in the file,
// the error is named, and there is no other after it.
func TestNotesOnFailingDisk(t *testing.T) {
	var kept, tried int
	work := func(t *testing.T, d *disk) {
		kept, tried = -1, -1
		s, err := sqlite.Create(d.path("a.db"), []byte("0"))
		if err != nil {
			if !named(err) {
				t.Errorf("Create: %v", err)
			}
			return
		}
		kept, tried = 0, 0
		var first error
		for i := 1; i <= 5; i++ {
			tried = i
			err := s.SetAbout([]byte(strconv.Itoa(i)))
			switch {
			case err == nil && first != nil:
				t.Errorf("SetAbout %d went well after %v", i, first)
			case err == nil:
				kept = i
			case first == nil:
				first = err
				if !named(err) {
					t.Errorf("SetAbout: %v", err)
				}
			case err.Error() != first.Error():
				t.Errorf("SetAbout: %v after %v", err, first)
			}
		}
		if err := s.Close(); first != nil && err == nil || err != nil && !named(err) {
			t.Errorf("Close: %v after %v", err, first)
		}
	}
	check := func(t *testing.T, d *disk) {
		s, err := sqlite.Open(d.path("a.db"))
		if kept < 0 { // Create failed: the file is gone, if the disk let it
			if err == nil {
				err = s.Close()
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) && !(d.cut && named(err)) {
				t.Errorf("Open after a Create that failed: %v", err)
			}
			return
		}
		if err != nil {
			t.Errorf("Open: %v", err)
			return
		}
		if n, err := strconv.Atoi(string(s.About())); n < kept || n > tried || err != nil {
			t.Errorf("%d is kept, want %d to %d; %v", n, kept, tried, err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := whole(d.path("a.db")); err != nil {
			t.Error(err)
		}
	}
	everyFault(t, work, check)
}

// whole checks a file as SQLite does.
func whole(path string) error {
	said, err := sqlite.Ask(path, "PRAGMA integrity_check")
	if err == nil && said[0] != "ok" {
		err = fmt.Errorf("integrity_check: %s", said[0])
	}
	return err
}
