package sqlite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// A HeldError says that another process has a run open, and which.
type HeldError struct {
	Path    string    `json:"-"`
	PID     int       `json:"pid"` // 0: its note could not be read
	Host    string    `json:"host"`
	Since   time.Time `json:"since"`
	Command string    `json:"command"` // without its arguments, which may hold secrets
}

// Error names the file and its holder.
func (e *HeldError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("sqlite: %s: another process has it open", e.Path)
	}
	return fmt.Sprintf("sqlite: %s: process %d (%s) on %s has it open since %s",
		e.Path, e.PID, e.Command, e.Host, e.Since.Local().Format("2006-01-02 15:04:05"))
}

// lockPath is the file beside a run that its process has locked. The lock is
// the kernel's, so that of a process that is no more holds nobody. The file
// stays: whoever removed it could leave two processes with a lock each.
func lockPath(path string) string { return path + ".lock" }

// glance is how long Held may have a lock.
const glance = 100 * time.Millisecond

// hold takes the lock of a run, or says in a [HeldError] who has it.
func hold(path string) (*flock.Flock, error) {
	l := flock.New(lockPath(path), flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err == nil && !ok {
		ctx, cancel := context.WithTimeout(context.Background(), glance)
		defer cancel()
		ok, err = l.TryLockContext(ctx, glance/10) // asks nobody if time is up already: hence the try before
	}
	if !ok && (err == nil || errors.Is(err, context.DeadlineExceeded)) {
		return nil, errors.Join(holder(path), l.Close())
	}
	if err != nil {
		return nil, errors.Join(trouble(path, err), l.Close())
	}
	me := HeldError{PID: os.Getpid(), Since: time.Now().UTC().Round(time.Second), Command: filepath.Base(os.Args[0])}
	me.Host, _ = os.Hostname() // a note for people: it may be missing
	note, err := json.Marshal(me)
	if err == nil {
		err = os.WriteFile(lockPath(path), append(note, '\n'), 0o600)
	}
	if err != nil {
		return nil, errors.Join(trouble(path, err), l.Close())
	}
	return l, nil
}

// holder reads who has the lock of a run.
func holder(path string) *HeldError {
	var h HeldError
	note, err := os.ReadFile(lockPath(path))
	if err != nil || json.Unmarshal(bytes.TrimSpace(note), &h) != nil {
		h = HeldError{}
	}
	h.Path = path
	return &h
}

// Held returns who has a run open: nil if nobody has.
func Held(path string) (*HeldError, error) {
	if _, err := os.Stat(lockPath(path)); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	l := flock.New(lockPath(path), flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err != nil {
		return nil, errors.Join(trouble(path, err), l.Close())
	}
	if !ok {
		return holder(path), l.Close()
	}
	return nil, l.Close()
}

// Size returns how many bytes a run takes on disk.
func Size(path string) (int64, error) {
	at, err := os.Stat(path)
	if err != nil {
		return 0, trouble(path, err)
	}
	sum := at.Size()
	for _, name := range beside(path) {
		if at, err := os.Stat(name); err == nil {
			sum += at.Size()
		}
	}
	return sum, nil
}

// Remove removes a run for good. One that a process has open is refused with a
// [HeldError].
func Remove(path string) error {
	if _, err := os.Stat(path); err != nil {
		return trouble(path, err)
	}
	l, err := hold(path)
	if err != nil {
		return err
	}
	return errors.Join(removeAll(path), l.Close())
}

// removeAll removes a run and what is beside it. The run goes first: the rest
// is nothing without it, and the other way round it might be.
func removeAll(path string) (err error) {
	for _, name := range append([]string{path}, beside(path)...) {
		if e := os.Remove(name); err == nil && !errors.Is(e, os.ErrNotExist) {
			err = trouble(path, e)
		}
	}
	return err
}

// beside returns the files that a run may have beside it.
func beside(path string) []string {
	return []string{path + "-wal", path + "-shm", path + "-journal", lockPath(path)}
}
