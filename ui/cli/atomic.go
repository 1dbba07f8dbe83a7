package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// A newFile is written beside the file that it takes the place of when it is
// whole: whoever reads that finds the old one or the new one, and a write that
// fails leaves the old one as it was.
type newFile struct {
	*os.File
	to   string
	temp bool // File is another one, which is renamed at the end
}

// writeAnew begins a file. One that is no regular file, such as a pipe, is
// written to as it is.
func writeAnew(path string) (*newFile, error) {
	to, err := filepath.EvalSymlinks(path)
	if err != nil {
		to = path // it is not there yet
	}
	mode := fs.FileMode(0o666)
	if info, err := os.Stat(to); err == nil {
		if !info.Mode().IsRegular() {
			f, err := os.OpenFile(to, os.O_WRONLY, 0)
			return &newFile{File: f, to: to}, err
		}
		mode = info.Mode().Perm()
	}
	for i := 0; ; i++ {
		name := filepath.Join(filepath.Dir(to), "."+filepath.Base(to)+"."+strconv.Itoa(os.Getpid()+i)+".tmp")
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) {
			continue // of another export, or of one that was killed
		}
		return &newFile{File: f, to: to, temp: true}, err
	}
}

// done puts the file in its place, if err is nil: all that there is to write
// was written then. It returns err, or what else went wrong.
func (f *newFile) done(err error) error {
	if !f.temp {
		return errors.Join(err, f.Close())
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), f.to)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // it is of no use, and err is why
	}
	return err
}
