package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	lite "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// What can be wrong with a file. Each comes wrapped in an [Error], which names
// the file.
var (
	ErrFull     = errors.New("no space left on the device")
	ErrReadOnly = errors.New("the file or its folder is read-only")
	ErrIO       = errors.New("the device failed")
	ErrDamaged  = errors.New("the file is damaged")
	ErrForeign  = errors.New("not a run of weir")
	ErrNewer    = errors.New("written by a newer weir")
	ErrOlder    = errors.New("written by an older weir: resume it to bring it up to date")
	ErrLocked   = errors.New("another program has it locked")
	ErrClosed   = errors.New("closed")
)

// An Error is trouble with a file.
type Error struct {
	Path  string
	Kind  error  // one of the sentinels of this package, or of io/fs; nil: none of them
	Cause string // in plain words
	Err   error  // what SQLite or the system said; nil: nothing
}

// Error names the file, the cause and, if there is one, the way out.
func (e *Error) Error() string {
	if e.Kind == ErrDamaged {
		return fmt.Sprintf("sqlite: %s: %s; `weir runs repair %[1]s` saves what can be read", e.Path, e.Cause)
	}
	return "sqlite: " + e.Path + ": " + e.Cause
}

// Unwrap returns Kind and Err.
func (e *Error) Unwrap() []error {
	var out []error
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			out = append(out, err)
		}
	}
	return out
}

// trouble makes an [Error] of what SQLite or the system said of a file.
func trouble(path string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	out := &Error{Path: path, Cause: err.Error(), Err: err}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		out.Cause = e.Err.Error()
		if e.Path != path {
			out.Cause = e.Path + ": " + out.Cause
		}
		switch {
		case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
			out.Kind = ErrReadOnly
		case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
			out.Kind = ErrFull
		case errors.Is(err, syscall.EIO):
			out.Kind = ErrIO
		}
	}
	if e, ok := errors.AsType[*lite.Error](err); ok {
		out.Cause, out.Kind = kindOf(e.Code())
		if out.Cause == "" {
			out.Cause = e.Error()
		}
		out.Cause = fmt.Sprintf("%s (SQLite %d)", out.Cause, e.Code())
	}
	return out
}

// kindOf says in plain words what a result code of SQLite means. The first
// byte of a code is its kind, the rest says what was tried
// (https://www.sqlite.org/rescode.html).
func kindOf(code int) (cause string, kind error) {
	switch code & 0xff {
	case lib.SQLITE_FULL:
		return ErrFull.Error(), ErrFull
	case lib.SQLITE_READONLY, lib.SQLITE_PERM:
		return ErrReadOnly.Error(), ErrReadOnly
	case lib.SQLITE_IOERR:
		return ErrIO.Error() + tried(code), ErrIO
	case lib.SQLITE_CORRUPT:
		return ErrDamaged.Error(), ErrDamaged
	case lib.SQLITE_NOTADB:
		return ErrForeign.Error(), ErrForeign
	case lib.SQLITE_CANTOPEN:
		return "it cannot be opened", ErrIO
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_PROTOCOL:
		return ErrLocked.Error(), ErrLocked
	case lib.SQLITE_NOMEM:
		return "out of memory", nil
	case lib.SQLITE_TOOBIG:
		return "a text is longer than a row can be", nil
	}
	return "", nil
}

// tried says what an I/O error came of.
func tried(code int) string {
	switch code {
	case lib.SQLITE_IOERR_READ, lib.SQLITE_IOERR_SHORT_READ:
		return " when it was read"
	case lib.SQLITE_IOERR_WRITE:
		return " when it was written"
	case lib.SQLITE_IOERR_FSYNC, lib.SQLITE_IOERR_DIR_FSYNC:
		return " when it was to keep what was written"
	case lib.SQLITE_IOERR_TRUNCATE:
		return " when a file was cut"
	case lib.SQLITE_IOERR_DELETE, lib.SQLITE_IOERR_DELETE_NOENT:
		return " when a file was removed"
	case lib.SQLITE_IOERR_SHMOPEN, lib.SQLITE_IOERR_SHMSIZE, lib.SQLITE_IOERR_SHMMAP, lib.SQLITE_IOERR_SHMLOCK:
		return " with the file -shm beside it"
	}
	return ""
}

// there returns why there is no file to open: what SQLite says of that is
// vaguer.
func there(path string) error {
	at, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &Error{Path: path, Kind: fs.ErrNotExist, Cause: "no such file", Err: err}
	case err != nil:
		return trouble(path, err)
	case at.IsDir():
		return &Error{Path: path, Kind: ErrForeign, Cause: ErrForeign.Error() + ", but a folder"}
	case at.Size() == 0:
		return &Error{Path: path, Kind: ErrForeign, Cause: ErrForeign.Error() + ": the file is empty"}
	}
	return nil
}

// damaged says what is wrong with a file.
func damaged(path, format string, args ...any) error {
	return &Error{Path: path, Kind: ErrDamaged, Cause: ErrDamaged.Error() + ": " + fmt.Sprintf(format, args...)}
}
