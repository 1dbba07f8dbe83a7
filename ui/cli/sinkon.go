package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"weir/engine"
)

// This file is how files of results outlive the process that wrote them: what
// is on the disk is noted with the run, and the next life cuts the file back to
// that and goes on, so that no row is there twice and none is missing.

// noteEvery is how often what is in the files is brought to the disk.
const noteEvery = time.Second

// behind reports whether a file has what outputs was not told of.
func (s *sink) behind() bool {
	for _, f := range s.files {
		if f.last > f.told {
			return true
		}
	}
	return false
}

// checkpoint brings the files to the disk and notes with the run what they
// have.
func (s *sink) checkpoint() error {
	if s.keep == nil {
		return nil
	}
	s.noted = time.Now()
	for _, f := range s.files {
		if f.last == f.told {
			continue
		}
		if f.file != nil {
			if err := f.file.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !isDevice(f.file) {
				return fmt.Errorf("%s: %w", f.path, cause(err))
			}
		}
		if err := s.keep.SetOutput(f.key, f.last, f.bytes); err != nil {
			return &storeError{err}
		}
		f.told = f.last
	}
	return nil
}

// isDevice reports whether a file is none that a disk has: a pipe, a terminal.
func isDevice(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && !info.Mode().IsRegular()
}

// goOn opens a file that an earlier life of the run wrote and cuts it back to
// what is known to be in it. It reports false for one that has to be written
// anew.
func (s *sink) goOn(ctx context.Context, f *outFile, rows func(io.Writer) (Rows, error)) (bool, error) {
	num, size := s.keep.Output(f.key)
	if num == 0 {
		return false, nil
	}
	file, err := os.OpenFile(f.path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		s.note(f.path + " is gone: it is written anew from what is kept")
		return false, nil
	}
	if err != nil {
		return false, pathError(err)
	}
	f.file = file
	if f.rows, err = rows(f); err == nil {
		err = s.check(ctx, f, rows, num, size)
	}
	if err == nil {
		if err = file.Truncate(size); err == nil {
			_, err = file.Seek(size, io.SeekStart)
		}
		if err == nil {
			f.last, f.told, f.bytes = num, num, size
			return true, nil
		}
		return false, errors.Join(pathError(err), file.Close())
	}
	if !errors.Is(err, errOther) {
		return false, errors.Join(err, file.Close())
	}
	s.note(f.path + " is not as this run left it: it is written anew from what is kept")
	return false, file.Close()
}

// errOther is the error of a file that another one wrote, or who knows who.
var errOther = errors.New("not the file that was written")

// check finds out whether the first size bytes of a file are what the run wrote
// until the result num.
func (s *sink) check(ctx context.Context, f *outFile, rows func(io.Writer) (Rows, error), num uint64, size int64) error {
	info, err := f.file.Stat()
	if err != nil {
		return pathError(err)
	}
	if !info.Mode().IsRegular() || info.Size() < size {
		return errOther
	}
	if size == 0 {
		return nil // no result had a row
	}
	if f.rows.Continue(io.NewSectionReader(f.file, 0, size)) != nil {
		return errOther
	}
	last, err := s.lastRows(ctx, f, rows, num, size)
	if err != nil {
		return err
	}
	end := make([]byte, min(size, int64(len(last))))
	if _, err := f.file.ReadAt(end, size-int64(len(end))); err != nil {
		return pathError(err)
	}
	if !bytes.Equal(end, last) {
		return errOther
	}
	return nil
}

// lastRows returns the rows of the last result that has some up to num, or a
// line's end if it is not near.
func (s *sink) lastRows(ctx context.Context, f *outFile, rows func(io.Writer) (Rows, error), num uint64, size int64) ([]byte, error) {
	rs, err := s.results(ctx, engine.Query{After: max(num, page) - page, Limit: page})
	if err != nil {
		return nil, err
	}
	for i := len(rs) - 1; i >= 0; i-- {
		if rs[i].Num > num {
			continue
		}
		var b bytes.Buffer
		w, err := rows(&b)
		if err == nil && w.Continue(io.NewSectionReader(f.file, 0, size)) != nil {
			err = errOther
		}
		if err == nil {
			err = w.Write(rs[i])
		}
		if err == nil {
			err = w.Flush()
		}
		if err != nil || b.Len() > 0 {
			return b.Bytes(), err
		}
	}
	return []byte("\n"), nil
}
