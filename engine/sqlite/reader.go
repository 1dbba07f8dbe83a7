package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	lite "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"weir/engine"
)

// A Reader reads a run, also while another process works on it. It changes
// nothing in it: SQLite may put its files -wal and -shm beside it, and takes
// them away when the last one closes the run. Make one with Read. It is safe
// for use by multiple goroutines.
type Reader struct {
	path  string
	about []byte

	// find returns the URL and the host of a job, for a Store, which knows
	// them. Nil: the file says.
	find func(engine.JobID) (url, host string, ok bool)

	mu   sync.Mutex // guards the connections that nobody uses
	idle []*conn
	down bool

	// gate is held for reading while a connection reads. Whoever holds it for
	// writing may start the write-ahead log from its beginning.
	gate *sync.RWMutex
}

// Read opens a run to read it. It takes no lock.
func Read(path string) (*Reader, error) {
	if err := there(path); err != nil {
		return nil, err
	}
	r := &Reader{path: path, gate: new(sync.RWMutex)}
	err := r.use(func(c *conn) error {
		v, err := found(c, path)
		if err != nil {
			return err
		}
		if v != version {
			return &Error{Path: path, Kind: ErrOlder, Cause: ErrOlder.Error()}
		}
		about, err := meta(c, "about")
		r.about = []byte(about)
		return err
	})
	if err != nil {
		return nil, errors.Join(blamed(path, err), r.Close())
	}
	return r, nil
}

// use lends f a connection.
func (r *Reader) use(f func(c *conn) error) error {
	r.gate.RLock()
	defer r.gate.RUnlock()
	c, err := r.get()
	if err != nil {
		return trouble(r.path, err)
	}
	err = f(c)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down {
		return errors.Join(trouble(r.path, err), trouble(r.path, c.Close()))
	}
	r.idle = append(r.idle, c)
	return trouble(r.path, err)
}

// get returns a connection that nobody uses.
func (r *Reader) get() (*conn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down {
		return nil, &Error{Path: r.path, Kind: ErrClosed, Cause: ErrClosed.Error()}
	}
	if n := len(r.idle); n > 0 {
		c := r.idle[n-1]
		r.idle = r.idle[:n-1]
		return c, nil
	}
	c, err := r.connect("mode=rw")
	e, ok := errors.AsType[*lite.Error](err)
	if !ok || e.Code()&0xff != lib.SQLITE_READONLY && e.Code()&0xff != lib.SQLITE_CANTOPEN {
		return c, err
	}
	if logged(r.path) {
		return nil, &Error{
			Path: r.path, Kind: ErrReadOnly, Err: err,
			Cause: "it was not closed by who wrote it, and what is beside it cannot be opened: copy it and its -wal to a folder that can be written",
		}
	}
	return r.connect("immutable=1") // where nothing can be written, nobody writes to it either
}

// connect opens the run and reads a little of it.
func (r *Reader) connect(params string) (*conn, error) {
	c, err := connectAs(r.path, params)
	if err != nil {
		return nil, err
	}
	if err = c.exec("PRAGMA query_only = 1; PRAGMA busy_timeout = 5000"); err == nil {
		_, err = c.number("PRAGMA schema_version")
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// logged reports whether a run has something in its write-ahead log.
func logged(path string) bool {
	at, err := os.Stat(path + "-wal")
	return !errors.Is(err, fs.ErrNotExist) && (err != nil || at.Size() > 0)
}

// Close ends the Reader.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = true
	var errs []error
	for _, c := range r.idle {
		errs = append(errs, trouble(r.path, c.Close()))
	}
	r.idle = nil
	return errors.Join(errs...)
}

// Path returns where the run is.
func (r *Reader) Path() string { return r.path }

// About returns what the command noted of the run when Read opened it.
func (r *Reader) About() []byte { return append([]byte(nil), r.about...) }

// A BatchNote is a batch as it was at the last commit, and its numbers. What
// was leased then counts as backlog.
type BatchNote struct {
	engine.Batch // without its recipe's text
	Counts       engine.Counts

	// Lines are how many lines of lists were read into it, and Cut says that a
	// list was not read to its end: see [engine.KeptBatch].
	Lines int
	Cut   bool
}

// Batches returns the batches by id.
func (r *Reader) Batches(ctx context.Context) (out []BatchNote, err error) {
	err = r.use(func(c *conn) error { out, err = batches(ctx, c); return err })
	return out, err
}

// Count returns the numbers that q selects, which is by batch only, as of the
// last commit.
func (r *Reader) Count(ctx context.Context, q engine.Query) (engine.Counts, error) {
	var sum engine.Counts
	bs, err := r.Batches(ctx)
	for i := range bs {
		if q.Batch == 0 || q.Batch == bs[i].ID {
			sum = sum.Add(bs[i].Counts)
		}
	}
	return sum, err
}

// batches reads the batches of a file.
func batches(ctx context.Context, c *conn) (out []BatchNote, err error) {
	const sql = `SELECT id, name, recipe, recipe_hash, priority, interval, added, jobs, duplicate, invalid,
		retry, ok, empty, failed, skipped, cancelled, lines, cut FROM batch ORDER BY id`
	err = c.each(ctx, sql, nil, func(row []driver.Value) error {
		var b BatchNote
		b.ID = engine.BatchID(whole(row[0]))
		b.Name, b.Recipe = text(row[1]), engine.RecipeRef{Name: text(row[2]), Hash: text(row[3])}
		b.Priority, b.Interval, b.Added = engine.Priority(whole(row[4])), time.Duration(whole(row[5])), moment(row[6])
		var n [9]int
		for i := range n {
			n[i] = int(whole(row[7+i]))
		}
		c := &b.Counts
		jobs := n[0]
		c.Duplicate, c.Invalid, c.Retry, c.OK, c.Empty, c.Failed, c.Skipped, c.Cancelled = n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8]
		c.Backlog = jobs - c.Retry - c.OK - c.Empty - c.Failed - c.Skipped - c.Cancelled
		c.Skipped += c.Duplicate + c.Invalid
		c.Submitted = jobs + c.Duplicate + c.Invalid
		b.Lines, b.Cut = int(whole(row[16])), whole(row[17]) != 0
		out = append(out, b)
		return nil
	})
	return out, err
}
