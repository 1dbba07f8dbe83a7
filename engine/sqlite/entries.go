package sqlite

import (
	"database/sql/driver"
	"encoding/json"
	"slices"
	"time"

	"weir/engine"
)

// This file is what each entry of the journal writes.

// A noted is a note of the file.
type noted struct{ name, value string }

func (*noted) of() engine.BatchID { return 0 }

func (n *noted) write(w *writer) error { return w.setMeta.run(n.name, n.value) }

// An outputNoted is how far a file got.
type outputNoted struct {
	path string
	Output
}

func (*outputNoted) of() engine.BatchID { return 0 }

func (o *outputNoted) write(w *writer) error {
	return w.setOutput.run(o.path, int64(o.Num), o.Bytes)
}

// A state is what was given to Keep.
type state struct{ engine.State }

func (*state) of() engine.BatchID { return 0 }

func (s *state) write(w *writer) error {
	if s.Run != nil {
		if err := putJSON(w.setMeta, "run", s.Run); err != nil {
			return err
		}
	}
	for i := range s.Hosts {
		if err := putJSON(w.setHost, s.Hosts[i].Host, &s.Hosts[i]); err != nil {
			return err
		}
	}
	for i := range s.Origins {
		if err := putJSON(w.setOrigin, s.Origins[i].Origin, &s.Origins[i]); err != nil {
			return err
		}
	}
	return nil
}

func putJSON(s *stmt, name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.run(name, string(b))
}

// An added is a new batch.
type added struct{ engine.Batch }

func (a *added) of() engine.BatchID { return a.ID }

func (a *added) write(w *writer) error {
	if a.Recipe.Hash != "" || a.Text != "" {
		if err := w.addRecipe.run(a.Recipe.Hash, a.Text); err != nil {
			return err
		}
	}
	return w.addBatch.run(int64(a.ID), a.Name, a.Recipe.Name, a.Recipe.Hash, int64(a.Priority), int64(a.Interval), nanos(a.Added))
}

// A refused is a line that became no job, or the end of a list, of that batch.
type refused engine.BatchID

func (r refused) of() engine.BatchID { return engine.BatchID(r) }
func (refused) write(*writer) error  { return nil }

// putBatch writes what changes of a batch.
func (w *writer) putBatch(b *engine.KeptBatch) error {
	c := &b.Counts
	refused := c.Duplicate + c.Invalid
	totals, err := json.Marshal(&b.Totals)
	if err != nil {
		return err
	}
	var paused driver.Value
	if !b.Paused.At.IsZero() {
		p, err := json.Marshal(&b.Paused)
		if err != nil {
			return err
		}
		paused = string(p)
	}
	return w.setBatch.run(int64(b.Priority), int64(b.Mark), paused, int64(c.Submitted-refused),
		int64(c.Duplicate), int64(c.Invalid), int64(c.Retry), int64(c.OK), int64(c.Empty), int64(c.Failed),
		int64(c.Skipped-refused), int64(c.Cancelled), int64(b.Read), b.Cut, string(totals), int64(b.ID))
}

// An opened is a new job.
type opened struct{ engine.Job }

func (o *opened) of() engine.BatchID { return o.Batch }

func (o *opened) write(w *writer) error {
	site, err := w.site(site{o.Host, o.Origin})
	if err != nil {
		return err
	}
	var fingerprint driver.Value // NULL: the URL
	if o.Fingerprint != o.URL {
		fingerprint = o.Fingerprint
	}
	return w.addJob.run(int64(o.ID), int64(o.Batch), site, o.URL, int64(o.Depth), nanos(o.Waited),
		int64(o.Attempts), int64(o.Retries), nanos(o.Due), fingerprint, textOrNull(string(o.Class)), textOrNull(o.Carry))
}

// A returned is a job that was given back.
type returned struct{ engine.Job }

func (r *returned) of() engine.BatchID { return r.Batch }

func (r *returned) write(w *writer) error {
	return w.setJob.run(nanos(r.Waited), int64(r.Attempts), int64(r.Retries), nanos(r.Due), textOrNull(string(r.Class)), int64(r.ID))
}

// An ended is a result, and the end of its job.
type ended struct {
	engine.Result // without its lists
	was           uint64
	records       int
	findings      int
	finding       string
	lists         lists
	given         engine.Result // for who reads it soon
}

// newEnded makes an entry of a result. The error is that of a record with a
// value that is none.
func newEnded(r *engine.Result) (*ended, error) {
	l, err := encode(r)
	if err != nil {
		return nil, err
	}
	e := &ended{Result: *r, records: len(r.Records), findings: len(r.Findings), lists: l}
	if len(r.Findings) > 0 {
		e.finding = r.Findings[0].Kind
	}
	e.Records, e.Findings, e.Header, e.History, e.Links, e.Fill = nil, nil, nil, nil, nil, nil
	return e, nil
}

func (e *ended) of() engine.BatchID { return e.Batch }

func (e *ended) write(w *writer) error {
	if e.was != 0 {
		if err := w.dropResult.run(int64(e.was)); err != nil {
			return err
		}
	}
	site, err := w.host(e.Host)
	if err != nil {
		return err
	}
	var fetched driver.Value
	if !e.FetchedAt.IsZero() {
		fetched = e.FetchedAt.UTC().Format(time.RFC3339Nano)
	}
	l := &e.lists
	err = w.addResult.run(
		int64(e.Num), int64(e.Job), int64(e.Batch), site, int64(e.Outcome), textOrNull(string(e.Class)),
		int64(e.Status), e.Unchanged, int64(e.Attempts), e.Bytes, int64(e.Elapsed), fetched,
		int64(e.records), int64(e.findings), textOrNull(e.finding),
		textOrNull(e.Error), textOrNull(e.Final), textOrNull(e.Title),
		column(l.timing), column(l.history), column(l.header), column(l.findings), column(l.records), column(l.exact),
	)
	if err != nil {
		return err
	}
	return w.endJob.run(int64(e.Outcome), int64(e.Num), int64(e.Job))
}

// A moved is an operator's change.
type moved struct{ engine.Moved }

func (*moved) of() engine.BatchID { return every }

func (m *moved) write(w *writer) error {
	var err error
	switch m.Kind {
	case engine.ChangeCancel:
		err = ranges(m.Jobs, w.cancel, int64(m.Mark))
	case engine.ChangeRestore:
		err = ranges(m.Jobs, w.cancel, int64(0))
	case engine.ChangePause:
		p, e := json.Marshal(&m.Paused)
		if e != nil {
			return e
		}
		err = ranges(m.Jobs, w.pause, string(p))
	case engine.ChangeResume:
		err = ranges(m.Jobs, w.pause, nil)
	case engine.ChangeRetry:
		err = ranges(m.Jobs, w.retry, nanos(m.At))
	}
	if err != nil {
		return err
	}
	return ranges(m.Back, w.back)
}

// ranges runs a statement for jobs, for those with ids in a row at once: it ends
// with the first and the last of them.
func ranges(ids []engine.JobID, s *stmt, args ...driver.Value) error {
	if !slices.IsSorted(ids) {
		ids = slices.Sorted(slices.Values(ids))
	}
	for len(ids) > 0 {
		n := 1
		for n < len(ids) && ids[n] <= ids[n-1]+1 {
			n++
		}
		if err := s.run(append(args, int64(ids[0]), int64(ids[n-1]))...); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}
