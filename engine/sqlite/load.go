package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"sync"

	"weir/engine"
)

// load reads what the file has, all of its jobs among it. So every page of the
// table of jobs is read, and a damage there is found. The pages of the results
// are not looked at. See OpenContext for read.
func (s *Store) load(ctx context.Context, c *conn, read func(jobs int)) error {
	v, err := found(c, s.path)
	if err != nil {
		return err
	}
	if err := c.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;
		PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384`); err != nil {
		return err
	}
	// A file that cannot be written is told now, and not after the first page.
	if err := c.exec(fmt.Sprintf("BEGIN IMMEDIATE; PRAGMA user_version = %d; ROLLBACK", v)); err != nil {
		return err
	}
	if err := migrate(c, v, migrations); err != nil {
		return err
	}
	about, err := meta(c, "about")
	if err != nil {
		return err
	}
	s.about = []byte(about)
	err = c.each(ctx, "SELECT path, num, bytes FROM output", nil, func(row []driver.Value) error {
		s.outputs[text(row[0])] = Output{Num: uint64(whole(row[1])), Bytes: whole(row[2])}
		return nil
	})
	if err != nil {
		return err
	}
	sites := make(map[int64]site)
	err = c.each(ctx, "SELECT id, host, origin FROM site", nil, func(row []driver.Value) error {
		sites[whole(row[0])] = site{text(row[1]), text(row[2])}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.refill(ctx, c, sites, read); err != nil {
		return err
	}
	s.writer, err = newWriter(c, s, sites)
	return err
}

// refill gives the Frontier its jobs.
func (s *Store) refill(ctx context.Context, c *conn, sites map[int64]site, read func(jobs int)) error {
	var r engine.Refill
	num, err := c.number("SELECT max(num) FROM result")
	if err != nil {
		return err
	}
	r.Num = uint64(num)
	s.recent.after = r.Num
	if r.State, err = keptState(c, s.path); err != nil {
		return err
	}
	if r.Batches, err = keptBatches(c, s.path); err != nil {
		return err
	}
	s.journal.last = engine.BatchID(len(r.Batches))
	var ours error // what SQLite said or ended ctx, and not what the Frontier says of the jobs
	jobs := 0
	err = s.front.Refill(r, func(yield func(*engine.RefillJob, error) bool) {
		for j, err := range keptJobs(c, s.path, sites) {
			if jobs++; jobs%chunk == 0 && err == nil {
				if read != nil {
					read(jobs)
				}
				err = context.Cause(ctx)
			}
			if ours = err; !yield(j, err) {
				return
			}
		}
	})
	if err != nil && ours == nil {
		return damaged(s.path, "%v", err)
	}
	if err == nil && read != nil {
		read(jobs)
	}
	return err
}

// keptState reads what was given to Keep.
func keptState(c *conn, path string) (engine.State, error) {
	var out engine.State
	run, err := meta(c, "run")
	if err != nil {
		return out, err
	}
	if run != "" {
		out.Run = new(engine.RunNotes)
		if err := json.Unmarshal([]byte(run), out.Run); err != nil {
			return out, damaged(path, "the notes of the run: %v", err)
		}
	}
	if out.Hosts, err = jsonRows[engine.HostState](c, path, "SELECT host, state FROM host"); err != nil {
		return out, err
	}
	out.Origins, err = jsonRows[engine.OriginState](c, path, "SELECT origin, state FROM origin")
	return out, err
}

// jsonRows reads rows of a name and a value in JSON.
func jsonRows[T any](c *conn, path, sql string) (out []T, err error) {
	err = c.each(context.Background(), sql, nil, func(row []driver.Value) error {
		var v T
		if err := json.Unmarshal([]byte(text(row[1])), &v); err != nil {
			return damaged(path, "%s: %v", text(row[0]), err)
		}
		out = append(out, v)
		return nil
	})
	return out, err
}

// keptBatches reads the batches for a Frontier.
func keptBatches(c *conn, path string) ([]engine.KeptBatch, error) {
	notes, err := batches(context.Background(), c)
	if err != nil {
		return nil, err
	}
	out := make([]engine.KeptBatch, len(notes))
	for i, n := range notes {
		out[i] = engine.KeptBatch{Batch: n.Batch, Counts: n.Counts, Read: n.Lines, Cut: n.Cut}
	}
	i := 0
	const sql = `SELECT batch.mark, batch.paused, batch.totals, recipe.text
		FROM batch LEFT JOIN recipe ON recipe.hash = batch.recipe_hash ORDER BY batch.id`
	err = c.each(context.Background(), sql, nil, func(row []driver.Value) error {
		b := &out[i]
		i++
		b.Mark, b.Text = uint64(whole(row[0])), text(row[3])
		if p := text(row[1]); p != "" {
			if err := json.Unmarshal([]byte(p), &b.Paused); err != nil {
				return damaged(path, "batch %d: paused: %v", b.ID, err)
			}
		}
		if t := text(row[2]); t != "" {
			if err := json.Unmarshal([]byte(t), &b.Totals); err != nil {
				return damaged(path, "batch %d: totals: %v", b.ID, err)
			}
		}
		return nil
	})
	return out, err
}

// chunk is how many jobs are read ahead of those that are put into a Frontier.
const chunk = 512

var errEnough = errors.New("no more is wanted")

// keptJobs reads the jobs, in a goroutine that is gone when the sequence ends.
func keptJobs(c *conn, path string, sites map[int64]site) iter.Seq2[*engine.RefillJob, error] {
	return func(yield func(*engine.RefillJob, error) bool) {
		full, empty := make(chan []engine.RefillJob, 2), make(chan []engine.RefillJob, 3)
		for range cap(empty) {
			empty <- make([]engine.RefillJob, 0, chunk)
		}
		stop := make(chan struct{})
		var reading sync.WaitGroup
		var err error
		reading.Go(func() {
			defer close(full)
			defer func() {
				if v := recover(); v != nil {
					err = trouble(path, &engine.PanicError{Value: v, Stack: debug.Stack(), In: "the reader of the file"})
				}
			}()
			jobs := <-empty
			const sql = `SELECT id, batch, site, url, depth, waited, ended, outcome, result,
				attempts, retries, due, mark, fingerprint, class, paused, carry FROM job`
			err = c.each(context.Background(), sql, nil, func(row []driver.Value) error {
				jobs = append(jobs, engine.RefillJob{})
				if err := keptJob(&jobs[len(jobs)-1], row, sites); err != nil {
					return damaged(path, "job %d: %v", whole(row[0]), err)
				}
				if len(jobs) < chunk {
					return nil
				}
				full <- jobs
				select {
				case jobs = <-empty:
					jobs = jobs[:0]
					return nil
				case <-stop:
					return errEnough
				}
			})
			full <- jobs
		})
		defer reading.Wait()
		more := true
		for jobs := range full {
			for i := range jobs {
				if more = more && yield(&jobs[i], nil); !more {
					break
				}
			}
			if !more {
				select {
				case <-stop:
				default:
					close(stop)
				}
				continue
			}
			empty <- jobs
		}
		if more && err != nil {
			yield(nil, err)
		}
	}
}

// keptJob makes a job of its row.
func keptJob(j *engine.RefillJob, row []driver.Value, sites map[int64]site) error {
	at, ok := sites[whole(row[2])]
	if !ok {
		return fmt.Errorf("site %d is not there", whole(row[2]))
	}
	outcome := whole(row[7])
	if outcome < 0 || outcome > int64(engine.Cancelled) {
		return fmt.Errorf("outcome %d is none", outcome)
	}
	j.ID, j.Batch, j.Host, j.Origin = engine.JobID(whole(row[0])), engine.BatchID(whole(row[1])), at.host, at.origin
	j.URL, j.Depth, j.Waited = text(row[3]), int(whole(row[4])), moment(row[5])
	j.Ended, j.Outcome, j.Note = whole(row[6]) != 0, engine.Outcome(outcome), uint64(whole(row[8]))
	j.Attempts, j.Retries, j.Due, j.Mark = int(whole(row[9])), int(whole(row[10])), moment(row[11]), uint64(whole(row[12]))
	j.Fingerprint = j.URL
	if row[13] != nil {
		j.Fingerprint = text(row[13])
	}
	j.Class, j.Carry = engine.Class(text(row[14])), text(row[16])
	if row[15] != nil {
		j.Paused = new(engine.Paused)
		return json.Unmarshal([]byte(text(row[15])), j.Paused)
	}
	return nil
}
