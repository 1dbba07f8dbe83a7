package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
)

// Repaired says what Repair read, and what was not there to be read.
type Repaired struct {
	Batches, Jobs, Results int // in the new file

	Pages   int // of the damaged file, those that it should have too
	Unread  int // of them, what is not there or no page of a run
	Broken  int // rows of the others that cannot be read, or make no sense
	Missing int // jobs that are not found: at least so many ids are not there

	// Again counts jobs that had ended, and whose results are lost. They wait
	// again.
	Again int

	// Stray counts results whose jobs are lost. Their URLs are empty, or what
	// they were redirected to.
	Stray int

	// Made counts batches that are known from their jobs or results only. They
	// are paused: what is to be made of their pages is lost.
	Made int
}

// Whole reports whether all of the file could be read.
func (r *Repaired) Whole() bool { return r.Unread+r.Broken+r.Missing+r.Again+r.Stray+r.Made == 0 }

// Repair reads what can be read of the run in the file damaged, and writes it
// to a new one that can be gone on with. It believes nothing that the file
// says of itself: it looks at every page, also of the log beside it, and takes
// the rows that can be rows of a run. So it needs neither a header nor a way
// to a page, and finds all rows that are whole. It cannot know that a letter
// in a row was another one before.
//
// Of a row that is there in several versions it takes the newest. Jobs whose
// results are lost wait again.
//
// The damaged file is not changed. Of the new one nothing is left when there is
// an error: [ErrForeign] if there is no row of a run, a [HeldError] if a
// process has the file open.
func Repair(ctx context.Context, damaged, to string) (r Repaired, err error) {
	if _, err := os.Stat(damaged); err != nil {
		return r, trouble(damaged, err)
	}
	lock, err := hold(damaged)
	if _, held := errors.AsType[*HeldError](err); held {
		return r, err
	}
	if err == nil { // else nobody can work on it: its folder is read-only
		defer func() { err = errors.Join(err, lock.Close()) }()
	}
	w, done, err := wreckOf(damaged)
	if err != nil {
		return r, trouble(damaged, err)
	}
	defer done()
	s, err := Create(to, nil)
	if err != nil {
		return r, err
	}
	if err = s.Close(); err == nil {
		err = fill(ctx, to, w, &r)
	}
	if err == nil && r.Batches == 0 {
		err = &Error{Path: damaged, Kind: ErrForeign, Cause: ErrForeign.Error() + ": there is no row of one in it"}
	}
	if err != nil {
		err = errors.Join(err, removeAll(to))
	}
	return r, err
}

// blamed returns err, or [ErrDamaged] if err says that the file is no run of
// weir, and there are rows of one in it.
func blamed(path string, err error) error {
	if !errors.Is(err, ErrForeign) {
		return err
	}
	w, done, e := wreckOf(path)
	if e != nil {
		return err
	}
	defer done()
	c, e := connectAs(":memory:", "mode=memory")
	if e != nil {
		return err
	}
	tables, e := []*table(nil), c.exec(schema)
	if e == nil {
		tables, e = tablesOf(context.Background(), c)
	}
	if errors.Join(e, c.Close()) != nil {
		return err
	}
	for rows := range w.rows(context.Background(), new(Repaired)) {
		if t := tableOf(tables, rows); t != nil && slices.Contains([]string{"batch", "job", "result"}, t.name) {
			return &Error{Path: path, Kind: ErrDamaged, Cause: "the file is damaged: its header is not that of a run, but there are rows of one in it", Err: err}
		}
	}
	return err
}

// wreckOf opens a file and its log. done closes them.
func wreckOf(path string) (w *wreck, done func(), err error) {
	main, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	at, err := main.Stat()
	if err == nil && !at.Mode().IsRegular() {
		err = &Error{Path: path, Kind: ErrForeign, Cause: ErrForeign.Error() + ", but a folder or a device"}
	}
	if err != nil {
		return nil, nil, errors.Join(err, main.Close())
	}
	log, size, err := logOf(path)
	if err != nil {
		return nil, nil, errors.Join(err, main.Close())
	}
	done = func() {
		_ = main.Close() // nothing was written to it
		if log != nil {
			_ = log.Close()
		}
	}
	return survey(main, at.Size(), log, size), done, nil
}

// logOf opens the write-ahead log of a file: nil if there is none.
func logOf(path string) (log *os.File, size int64, err error) {
	log, err = os.Open(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	at, err := log.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, log.Close())
	}
	return log, at.Size(), nil
}

// fill puts the rows of a wreck into a new file, and makes a run of them.
func fill(ctx context.Context, to string, w *wreck, r *Repaired) error {
	c, err := connect(to)
	if err != nil {
		return trouble(to, err)
	}
	err = transact(c, func() error {
		tables, err := tablesOf(ctx, c)
		if err != nil {
			return err
		}
		if err := c.exec("DELETE FROM meta"); err != nil {
			return err
		}
		for rows := range w.rows(ctx, r) {
			t := tableOf(tables, rows)
			for _, row := range rows {
				if t == nil || !t.fits(row) || !t.sane(row) {
					r.Broken++
				} else if err := t.put(row); err != nil {
					return err
				}
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return mend(ctx, c, r)
	})
	return errors.Join(trouble(to, err), trouble(to, c.Close()))
}
