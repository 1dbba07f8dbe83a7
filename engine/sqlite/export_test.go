package sqlite

import (
	"errors"

	"weir/engine"
)

// Exec does something to a file that no store would.
func Exec(path, sql string) error {
	c, err := connect(path)
	if err != nil {
		return err
	}
	return errors.Join(c.exec(sql), c.Close())
}

// Hold reads a run and does not end: SQLite keeps what it sees until release.
func Hold(path string) (release func() error, err error) {
	c, err := connect(path)
	if err != nil {
		return nil, err
	}
	if err := c.exec("BEGIN; SELECT count(*) FROM result"); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c.Close, nil
}

// SetLogMost sets how long the write-ahead log of a store may get. Nothing may
// have been written to it yet.
func SetLogMost(s *Store, bytes int64) { s.writer.most = bytes }

// A bomb panics when it is written.
type bomb struct{}

func (bomb) write(*writer) error { panic("bomb") }
func (bomb) of() engine.BatchID  { return 0 }

// Bomb makes the goroutine that writes s panic.
func (s *Store) Bomb() { s.journal.add(bomb{}) }
