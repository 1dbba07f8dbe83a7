package sqlite

import "time"

// A writer writes the journal of a store to its file. Only its goroutine uses
// it.
type writer struct {
	*conn
	journal *journal
	path    string

	setMeta   *stmt
	setOutput *stmt
}

// newWriter prepares what is written.
func newWriter(c *conn, j *journal, path string) (*writer, error) {
	w := &writer{conn: c, journal: j, path: path}
	for _, p := range []struct {
		at  **stmt
		sql string
	}{
		{&w.setMeta, "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)"},
		{&w.setOutput, "INSERT OR REPLACE INTO output (path, num, bytes) VALUES (?, ?, ?)"},
	} {
		s, err := c.prepare(p.sql)
		if err != nil {
			return nil, err
		}
		*p.at = s
	}
	return w, nil
}

// run writes until the journal is closed, or cannot be written any more: after
// one failure nothing more is tried, so that nothing is kept without what went
// before it.
func (w *writer) run() {
	var last time.Time
	for {
		group := w.journal.take(last)
		if group == nil {
			return
		}
		last = time.Now()
		if err := w.commit(group); err != nil {
			w.journal.committed(0, trouble(w.path, err))
			return
		}
		w.journal.committed(len(group), nil)
	}
}

// commit writes entries in one transaction.
func (w *writer) commit(group []entry) error {
	return transact(w.conn, func() error {
		for _, e := range group {
			if err := e.write(w); err != nil {
				return err
			}
		}
		return nil
	})
}

// A noted is a note of the file.
type noted struct{ name, value string }

func (n *noted) write(w *writer) error { return w.setMeta.run(n.name, n.value) }

// An Output is how far a file that results are written to is known to be on
// disk.
type Output struct {
	Num   uint64 // of the last result that is in it
	Bytes int64  // of it, up to the end of that
}

// An outputNoted is how far a file got.
type outputNoted struct {
	path string
	Output
}

func (o *outputNoted) write(w *writer) error {
	return w.setOutput.run(o.path, int64(o.Num), o.Bytes)
}
