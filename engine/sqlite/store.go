package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"

	"weir/engine"
)

// A Store is a run in a file that this process works on. Make one with Create
// or Open. It is safe for use by multiple goroutines.
type Store struct {
	path    string
	lock    *flock.Flock
	front   *engine.Frontier
	journal journal
	read    Reader // its about is not used
	recent  recent
	writer  *writer
	writing sync.WaitGroup // of the goroutine that owns the writer

	mu      sync.Mutex // guards the following
	about   []byte
	outputs map[string]Output
	closed  bool
}

// Create makes the file of a new run, which must not be there yet. about is
// what the caller wants to know of the run later; it is text. The file is there
// when it is a run: a process that dies before leaves one with another name,
// which the next Create of this path removes.
func Create(path string, about []byte) (*Store, error) {
	lock, err := hold(path)
	if err != nil {
		return nil, err
	}
	_, err = os.Lstat(path)
	if err == nil {
		err = &Error{Path: path, Kind: fs.ErrExist, Cause: "the file exists"}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(trouble(path, err), lock.Close())
	}
	fresh := path + "-new"
	if err = removeAll(fresh); err == nil {
		if err = create(fresh, about); err == nil {
			err = os.Rename(fresh, path)
		}
		if err == nil {
			err = syncFolder(path)
		}
	}
	var s *Store
	if err == nil {
		s, err = open(context.Background(), path, lock, nil)
	} else {
		err = errors.Join(trouble(path, err), lock.Close())
	}
	if err != nil {
		return nil, errors.Join(err, removeAll(fresh), removeAll(path)) // half a run is none
	}
	return s, nil
}

// syncFolder sees to it that a new file is found after a power cut.
func syncFolder(path string) error {
	f, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// create makes a file that is an empty run, and all of it is on disk then. It
// is nobody's before it is whole, so it takes no journal and one sync, which
// its last step makes. After an error there may be any part of it.
func create(path string, about []byte) error {
	// SQLite gives the files beside it the mode of this one.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	c, err := connect(path)
	if err != nil {
		return err
	}
	err = c.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
	if err == nil {
		err = transact(c, func() error {
			if err := c.exec(schema); err != nil {
				return err
			}
			s, err := c.prepare("INSERT INTO meta (name, value) VALUES ('about', ?)")
			if err != nil {
				return err
			}
			if err := s.run(string(about)); err != nil {
				return err
			}
			return c.exec(fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, version))
		})
	}
	if err == nil {
		// The mode stands in the first page. That is written and the file synced.
		err = c.exec("PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL")
	}
	return errors.Join(err, c.Close())
}

// Open opens a run to go on with it. It takes the run's lock, which another
// process may have ([HeldError]), and brings an older file to the version of
// this program; a newer one is refused ([ErrNewer]).
func Open(path string) (*Store, error) { return OpenContext(context.Background(), path, nil) }

// OpenContext is Open for a run of many jobs, a million of which take a second
// or two to read. read, if it is not nil, is told now and then how many were
// read, and in the end of all; it is to return at once. When ctx ends first, the
// error has its cause, and the run is as it was.
func OpenContext(ctx context.Context, path string, read func(jobs int)) (*Store, error) {
	if err := there(path); err != nil {
		return nil, err
	}
	lock, err := hold(path)
	if err != nil {
		return nil, err
	}
	return open(ctx, path, lock, read)
}

// open opens a file whose lock is held, and lets go of it if that fails.
func open(ctx context.Context, path string, lock *flock.Flock, read func(jobs int)) (*Store, error) {
	s := &Store{path: path, lock: lock, outputs: make(map[string]Output)}
	s.journal.change.L = &s.journal.mu
	s.front = engine.NewFrontier(&s.journal)
	s.read = Reader{path: path, gate: new(sync.RWMutex), find: s.front.Find}
	c, err := connect(path)
	if err == nil {
		if err = s.load(ctx, c, read); err != nil {
			err = errors.Join(trouble(path, err), c.Close())
		}
	}
	if err != nil {
		return nil, errors.Join(blamed(path, trouble(path, err)), lock.Close())
	}
	s.writing.Go(s.writer.run)
	return s, nil
}

// Path returns where the run is.
func (s *Store) Path() string { return s.path }

// About returns what was last set.
func (s *Store) About() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]byte(nil), s.about...)
}

// SetAbout keeps what the caller wants to know of the run later. It returns
// when it is on disk.
func (s *Store) SetAbout(about []byte) error {
	s.mu.Lock()
	s.about = append([]byte(nil), about...)
	s.journal.add(&noted{"about", string(about)})
	s.mu.Unlock()
	return s.journal.wait(context.Background(), true)
}

// An Output is how far a file that results are written to is known to be on
// disk.
type Output struct {
	Num   uint64 // of the last result that is in it
	Bytes int64  // of it, up to the end of that
}

// Output returns how far a file was noted to be; zero: it was not.
func (s *Store) Output(path string) Output {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outputs[path]
}

// SetOutput notes how far a file that results are written to is on disk. It
// does not wait: what is lost of the notes when the process dies only makes
// the file seem shorter than it is. It returns the error that ended the store.
func (s *Store) SetOutput(path string, o Output) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outputs[path] = o
	s.journal.add(&outputNoted{path, o})
	return s.journal.failed()
}

// Close writes what is still to be written and gives the run free. It returns
// the error that ended the store, if one did.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.journal.close()
	s.writing.Wait()
	err := errors.Join(s.journal.failed(), s.read.Close())
	s.journal.committed(0, &Error{Path: s.path, Kind: ErrClosed, Cause: ErrClosed.Error()})
	return errors.Join(err, trouble(s.path, s.writer.Close()), trouble(s.path, s.lock.Close()))
}
