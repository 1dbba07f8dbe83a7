package sqlite

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	lite "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// old is a file of three made-up versions ago, and the steps from there.
func old(t *testing.T) (c *conn, steps []func(*conn) error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "old.db")
	s, err := Create(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if c, err = connect(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := c.exec("CREATE TABLE thing (a INTEGER); INSERT INTO thing VALUES (1), (2)"); err != nil {
		t.Fatal(err)
	}
	return c, []func(*conn) error{
		func(c *conn) error { return c.exec("ALTER TABLE thing ADD COLUMN b INTEGER NOT NULL DEFAULT 0") },
		func(c *conn) error { return c.exec("UPDATE thing SET b = a * 10; ALTER TABLE thing RENAME TO object") },
		func(c *conn) error { return c.exec("INSERT INTO object VALUES (3, 30)") },
	}
}

func is(t *testing.T, c *conn, sql string, want int64) {
	t.Helper()
	if got, err := c.number(sql); got != want || err != nil {
		t.Errorf("%s = %d, %v; want %d", sql, got, err, want)
	}
}

// A file of any earlier version becomes one of this, and goes through the steps
// that it has not gone through, in their order.
func TestMigrate(t *testing.T) {
	c, steps := old(t)
	for from := 1; from <= len(steps)+1; from++ {
		if err := migrate(c, from, steps[:from-1]); err != nil { // it is there
			t.Errorf("migrate: %v", err)
		}
		is(t, c, "PRAGMA user_version", int64(from))
		if from <= len(steps) {
			if err := migrate(c, from, steps[:from]); err != nil {
				t.Fatalf("migrate from %d: %v", from, err)
			}
		}
	}
	is(t, c, "SELECT sum(b) FROM object", 60)
	c, steps = old(t)
	if err := migrate(c, 1, steps); err != nil { // all at once
		t.Fatalf("migrate: %v", err)
	}
	is(t, c, "PRAGMA user_version", 4)
	is(t, c, "SELECT sum(b) FROM object", 60)
}

// A step that fails leaves the file as the step before it did.
func TestMigrateStops(t *testing.T) {
	c, steps := old(t)
	broken := errors.New("broken")
	steps[1] = func(c *conn) error {
		if err := c.exec("UPDATE thing SET b = 7; DROP TABLE job"); err != nil {
			return err
		}
		return broken
	}
	if err := migrate(c, 1, steps); !errors.Is(err, broken) || !strings.Contains(err.Error(), "schema 2 to 3") {
		t.Errorf("migrate = %v; want it to say which step is broken", err)
	}
	is(t, c, "PRAGMA user_version", 2)
	is(t, c, "SELECT sum(b) FROM thing", 0)
	is(t, c, "SELECT count(*) FROM job", 0)
}

// The steps that there are lead to the version that is written.
func TestMigrationsReachTheVersion(t *testing.T) {
	if len(migrations)+1 != version {
		t.Errorf("%d migrations lead from 1 to %d, want %d", len(migrations), len(migrations)+1, version)
	}
}

// Every kind of result code has its sentinel, and words that name the file.
func TestKindsOfTrouble(t *testing.T) {
	for _, tc := range []struct {
		code int
		kind error
		says string
	}{
		{lib.SQLITE_FULL, ErrFull, "no space left"},
		{lib.SQLITE_READONLY, ErrReadOnly, "read-only"},
		{lib.SQLITE_READONLY_DIRECTORY, ErrReadOnly, "read-only"},
		{lib.SQLITE_IOERR, ErrIO, "the device failed"},
		{lib.SQLITE_IOERR_WRITE, ErrIO, "when it was written"},
		{lib.SQLITE_IOERR_READ, ErrIO, "when it was read"},
		{lib.SQLITE_IOERR_FSYNC, ErrIO, "to keep"},
		{lib.SQLITE_IOERR_SHMMAP, ErrIO, "-shm"},
		{lib.SQLITE_CORRUPT, ErrDamaged, "damaged"},
		{lib.SQLITE_CORRUPT_INDEX, ErrDamaged, "damaged"},
		{lib.SQLITE_NOTADB, ErrForeign, "not a run of weir"},
		{lib.SQLITE_CANTOPEN, ErrIO, "cannot be opened"},
	} {
		cause, kind := kindOf(tc.code)
		if kind != tc.kind || !strings.Contains(cause, tc.says) {
			t.Errorf("code %d is %v: %q, want %v: %q", tc.code, kind, cause, tc.kind, tc.says)
		}
	}
	c, err := connect(filepath.Join(t.TempDir(), "none.db"))
	if err == nil {
		t.Fatalf("connect = %v, want an error", c)
	}
	err = trouble("a.db", err)
	if !errors.Is(err, ErrIO) || !strings.HasPrefix(err.Error(), "sqlite: a.db: it cannot be opened") {
		t.Errorf("trouble = %v; want the file and the cause", err)
	}
	if e, ok := errors.AsType[*lite.Error](err); !ok || e.Code() != lib.SQLITE_CANTOPEN {
		t.Errorf("trouble = %v; want SQLite's error in it", err)
	}
	if trouble("b.db", err) != err || trouble("a.db", nil) != nil {
		t.Error("an error of a file is wrapped again")
	}
}
