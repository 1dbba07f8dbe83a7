package sqlite_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"weir/engine"
	"weir/engine/sqlite"
)

// What is cut is not opened as if it were whole, and stays as it is.
func TestOpenOfCutFile(t *testing.T) {
	main, err := os.ReadFile(sample(t))
	check(t, err)
	for size := 1; size < len(main); size += pageBytes/2 + 1 {
		d := newDisk(t)
		path := d.path("cut.db")
		check(t, os.WriteFile(path, main[:size], 0o600))
		_, err := sqlite.Open(path)
		if want := "`weir runs repair " + path + "`"; size >= 4*pageBytes && (!errors.Is(err, sqlite.ErrDamaged) || !strings.Contains(err.Error(), want)) || !named(err) {
			t.Fatalf("Open of %d bytes = %v, want ErrDamaged that says %s", size, err, want)
		}
		if now, err := os.ReadFile(path); !bytes.Equal(now, main[:size]) || err != nil {
			t.Fatalf("cut to %d bytes, it was changed", size)
		}
	}
}

// A run whose first page is gone does not look like a run. It is said what it
// is, as it is when a page of the jobs is gone, or one of the results.
func TestDamageIsNamed(t *testing.T) {
	path := sample(t)
	main, err := os.ReadFile(path)
	check(t, err)
	places, _, _ := sqlite.Places(t, path)
	for _, tc := range []struct {
		name string
		page uint32
		at   int // in it; below zero: all of it
	}{
		{"the first page", 1, -1},
		{"the mark of SQLite", 1, 3},
		{"the mark of weir", 1, 68},
		{"a page of jobs", places["job 50"].Page, -1},
		{"a page of results", places["result 30"].Page, -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDisk(t)
			hurt := bytes.Clone(main)
			page := hurt[(tc.page-1)*pageBytes:][:pageBytes]
			if tc.at < 0 {
				clear(page)
			} else {
				page[tc.at] ^= 0x10
			}
			path := d.path("hurt.db")
			check(t, os.WriteFile(path, hurt, 0o600))
			for what, err := range map[string]error{"Open": goOn(t, path), "Read": looked(t, path)} {
				if want := "`weir runs repair " + path + "`"; !errors.Is(err, sqlite.ErrDamaged) || !strings.Contains(err.Error(), want) {
					t.Errorf("%s = %v, want ErrDamaged that says %s", what, err, want)
				}
			}
			if now, err := os.ReadFile(path); !bytes.Equal(now, hurt) || err != nil {
				t.Error("the file has changed")
			}
		})
	}
}

// goOn opens a run to go on with it and reads it.
func goOn(t *testing.T, path string) error {
	s, err := sqlite.Open(path)
	if err == nil {
		_, err = s.Results(t.Context(), engine.Query{})
		check(t, s.Close())
	}
	return err
}

// looked reads a run.
func looked(t *testing.T, path string) error {
	r, err := sqlite.Read(path)
	if err == nil {
		_, err = r.Results(t.Context(), engine.Query{})
		check(t, r.Close())
	}
	return err
}
