package sqlite

import (
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"weir/engine"
)

// A writer writes the journal of a store to its file. Only its goroutine uses
// it.
type writer struct {
	*conn
	path    string
	journal *journal
	front   *engine.Frontier
	gate    *sync.RWMutex // see Reader
	recent  *recent

	most  int64 // bytes of the write-ahead log
	sites map[site]int64
	hosts map[string]int64 // of each, one of its sites

	setMeta, setHost, setOrigin, setOutput *stmt
	addRecipe, addBatch, setBatch          *stmt
	addSite, addJob, setJob, endJob        *stmt
	addResult, dropResult                  *stmt
	cancel, pause, retry, back             *stmt
}

// A site is what jobs of one origin have in common.
type site struct{ host, origin string }

// newWriter prepares what is written.
func newWriter(c *conn, s *Store, sites map[int64]site) (*writer, error) {
	w := &writer{
		conn: c, path: s.path, journal: &s.journal, front: s.front, gate: s.read.gate, recent: &s.recent, most: walMost,
		sites: make(map[site]int64, len(sites)), hosts: make(map[string]int64),
	}
	for id, at := range sites {
		w.sites[at], w.hosts[at.host] = id, id
	}
	for _, p := range []struct {
		at  **stmt
		sql string
	}{
		{&w.setMeta, "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)"},
		{&w.setHost, "INSERT OR REPLACE INTO host (host, state) VALUES (?, ?)"},
		{&w.setOrigin, "INSERT OR REPLACE INTO origin (origin, state) VALUES (?, ?)"},
		{&w.setOutput, "INSERT OR REPLACE INTO output (path, num, bytes) VALUES (?, ?, ?)"},
		{&w.addRecipe, "INSERT OR IGNORE INTO recipe (hash, text) VALUES (?, ?)"},
		{&w.addBatch, "INSERT INTO batch (id, name, recipe, recipe_hash, priority, interval, added) VALUES (?, ?, ?, ?, ?, ?, ?)"},
		{&w.setBatch, `UPDATE batch SET priority = ?, mark = ?, paused = ?, jobs = ?, duplicate = ?, invalid = ?, retry = ?,
			ok = ?, empty = ?, failed = ?, skipped = ?, cancelled = ?, lines = ?, cut = ?, totals = ? WHERE id = ?`},
		{&w.addSite, "INSERT INTO site (id, host, origin) VALUES (?, ?, ?)"},
		{&w.addJob, `INSERT INTO job (id, batch, site, url, depth, waited, attempts, retries, due, fingerprint, class, carry)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&w.setJob, "UPDATE job SET waited = ?, attempts = ?, retries = ?, due = ?, class = ? WHERE id = ?"},
		{&w.endJob, `UPDATE job SET ended = 1, outcome = ?, result = ?, attempts = 0, retries = 0, due = NULL, class = NULL,
			mark = 0, paused = NULL WHERE id = ?`},
		{&w.addResult, `INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&w.dropResult, "DELETE FROM result WHERE num = ?"},
		{&w.cancel, "UPDATE job SET mark = ? WHERE id BETWEEN ? AND ?"},
		{&w.pause, "UPDATE job SET paused = ? WHERE id BETWEEN ? AND ?"},
		{&w.retry, "UPDATE job SET ended = 0, waited = ? WHERE id BETWEEN ? AND ?"},
		{&w.back, "UPDATE job SET ended = 1, paused = NULL WHERE id BETWEEN ? AND ?"},
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
// before it. A panic is such a failure: nothing is committed of what it was
// writing then.
func (w *writer) run() {
	defer func() {
		if v := recover(); v != nil {
			w.journal.committed(0, trouble(w.path, &engine.PanicError{Value: v, Stack: debug.Stack(), In: "the writer of the file"}))
		}
	}()
	var last time.Time
	for w.journal.ripe(last) {
		last = time.Now()
		var group []entry
		var batches []engine.KeptBatch
		w.front.Still(func(batch func(engine.BatchID) engine.KeptBatch) {
			group = w.journal.take()
			for _, id := range touched(group, w.journal) {
				batches = append(batches, batch(id))
			}
		})
		err := transact(w.conn, func() error { return w.commit(group, batches) })
		if err == nil {
			w.recent.add(group)
			w.journal.committed(len(group), nil)
			err = w.tidy()
		}
		if err != nil {
			w.journal.committed(0, trouble(w.path, err))
			return
		}
	}
}

// touched returns the batches whose numbers entries change.
func touched(group []entry, j *journal) (out []engine.BatchID) {
	var last engine.BatchID
	for _, e := range group {
		switch id := e.of(); id {
		case 0, last:
		case every:
			return j.batches()
		default:
			if last = id; !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// commit writes entries, and the numbers that they change.
func (w *writer) commit(group []entry, batches []engine.KeptBatch) error {
	for _, e := range group {
		if err := e.write(w); err != nil {
			return err
		}
	}
	for i := range batches {
		if err := w.putBatch(&batches[i]); err != nil {
			return err
		}
	}
	return nil
}

// walMost is how long the write-ahead log may get, in bytes. SQLite starts it
// from its beginning by itself once all of it is in the file and nobody reads
// it; where there is always a reader, that would never be.
const walMost = 64 << 20

// tidy cuts a write-ahead log that is too long. The readers of this process
// wait for that; while another process reads the run it is put off.
func (w *writer) tidy() error {
	at, err := os.Stat(w.path + "-wal")
	if err != nil || at.Size() < w.most {
		return nil // there is nothing to cut, or nothing is known of it
	}
	w.gate.Lock()
	defer w.gate.Unlock()
	return w.exec("PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA busy_timeout = 5000")
}

// site returns the number of a site, and makes one for it.
func (w *writer) site(at site) (int64, error) {
	if id, ok := w.sites[at]; ok {
		return id, nil
	}
	id := int64(len(w.sites) + 1)
	if err := w.addSite.run(id, at.host, at.origin); err != nil {
		return 0, err
	}
	w.sites[at] = id
	if _, ok := w.hosts[at.host]; !ok {
		w.hosts[at.host] = id
	}
	return id, nil
}

// host returns the number of a site of a host.
func (w *writer) host(host string) (int64, error) {
	if id, ok := w.hosts[host]; ok {
		return id, nil
	}
	return w.site(site{host: host})
}
