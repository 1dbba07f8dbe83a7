package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/engine"
)

// This file is how results are read.

// Results returns what q selects: see [engine.Store].
func (r *Reader) Results(ctx context.Context, q engine.Query) ([]engine.Result, error) {
	if slices.Contains(q.Outcomes, engine.Cancelled) {
		return r.cancelled(ctx, q)
	}
	var out []engine.Result
	err := r.rows(ctx, q, true, func(row []driver.Value) error {
		res, err := r.result(row)
		out = append(out, res)
		return err
	})
	return out, err
}

// States returns of the same results what screens are told of them, and reads
// nothing else.
func (r *Reader) States(ctx context.Context, q engine.Query) ([]engine.JobState, error) {
	if slices.Contains(q.Outcomes, engine.Cancelled) {
		rs, err := r.cancelled(ctx, q)
		return states(rs), err
	}
	out := []engine.JobState{}
	err := r.rows(ctx, q, false, func(row []driver.Value) error {
		res, err := r.head(row)
		s := res.State()
		s.Records, s.Findings, s.Finding = int(whole(row[11])), int(whole(row[12])), text(row[13])
		out = append(out, s)
		return err
	})
	return out, err
}

func states(rs []engine.Result) []engine.JobState {
	out := make([]engine.JobState, len(rs))
	for i := range rs {
		out[i] = rs[i].State()
	}
	return out
}

const (
	heads = `result.num, result.job, result.batch, result.outcome, result.class, result.status, result.unchanged,
		result.attempts, result.bytes, result.elapsed, result.fetched, result.records_n, result.findings_n, result.finding,
		result.error, result.final, result.title`
	headN  = 17
	bodies = `, result.timing, result.history, result.header, result.findings, result.records, result.exact`
	bodyN  = 6
)

// rows calls f with the rows that q selects, whole or their heads only. The URL
// and the host of the job are at their end, for a Reader that cannot find them.
func (r *Reader) rows(ctx context.Context, q engine.Query, all bool, f func([]driver.Value) error) error {
	sql := "SELECT " + heads
	if all {
		sql += bodies
	}
	if r.find == nil {
		// A cross join goes from left to right, in the order of num.
		sql += ", job.url, site.host FROM result CROSS JOIN job ON job.id = result.job CROSS JOIN site ON site.id = result.site"
	} else {
		sql += " FROM result"
	}
	sql += " WHERE result.num > ?"
	args := named(nil, int64(min(q.After, 1<<63-1)))
	if q.Batch != 0 {
		sql += " AND result.batch = ?"
		args = named(args, int64(q.Batch))
	}
	if q.Host != "" {
		sql += " AND result.site IN (SELECT id FROM site WHERE host = ?)"
		args = named(args, q.Host)
	}
	if len(q.Jobs) > 0 {
		ids, err := json.Marshal(q.Jobs)
		if err != nil {
			return err
		}
		sql += " AND result.num IN (SELECT job.result FROM json_each(?) AS of CROSS JOIN job ON job.id = of.value WHERE job.result IS NOT NULL)"
		args = named(args, string(ids))
	}
	if len(q.Outcomes) > 0 {
		in := make([]string, len(q.Outcomes))
		for i, o := range q.Outcomes {
			in[i] = fmt.Sprint(int(o))
		}
		sql += " AND result.outcome IN (" + strings.Join(in, ", ") + ")"
	}
	sql += " ORDER BY result.num"
	if q.Limit > 0 {
		sql += " LIMIT ?"
		args = named(args, int64(q.Limit))
	}
	return r.use(func(c *conn) error {
		return c.each(ctx, sql, args, func(row []driver.Value) error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return f(row)
		})
	})
}

// head makes a result of what is not extracted.
func (r *Reader) head(row []driver.Value) (engine.Result, error) {
	res := engine.Result{
		Num: uint64(whole(row[0])), Job: engine.JobID(whole(row[1])), Batch: engine.BatchID(whole(row[2])),
		Class: engine.Class(text(row[4])), Status: int(whole(row[5])), Unchanged: whole(row[6]) != 0,
		Attempts: int(whole(row[7])), Bytes: whole(row[8]), Elapsed: time.Duration(whole(row[9])),
		Error: text(row[14]), Final: text(row[15]), Title: text(row[16]),
	}
	o := whole(row[3])
	if o < 0 || o > int64(engine.Cancelled) {
		return res, damaged(r.path, "result %d has outcome %d, which is none", res.Num, o)
	}
	res.Outcome = engine.Outcome(o)
	if r.find == nil {
		res.URL, res.Host = text(row[len(row)-2]), text(row[len(row)-1])
		return res, nil
	}
	var ok bool
	if res.URL, res.Host, ok = r.find(res.Job); !ok {
		return res, damaged(r.path, "result %d is of job %d, which is not there", res.Num, res.Job)
	}
	return res, nil
}

// result makes a result of a whole row.
func (r *Reader) result(row []driver.Value) (engine.Result, error) {
	res, err := r.head(row)
	if err != nil {
		return res, err
	}
	if at := text(row[10]); at != "" {
		if res.FetchedAt, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return res, damaged(r.path, "result %d: fetched: %v", res.Num, err)
		}
	}
	b := row[headN:]
	if err := decode(&res, text(b[0]), text(b[1]), text(b[2]), text(b[3]), text(b[4]), text(b[5])); err != nil {
		return res, damaged(r.path, "result %d: %v", res.Num, err)
	}
	return res, nil
}

// cancelled returns results of the jobs that are cancelled now.
func (r *Reader) cancelled(ctx context.Context, q engine.Query) (out []engine.Result, err error) {
	sql := `SELECT job.id, job.batch, job.url, site.host, job.attempts, job.carry
		FROM job CROSS JOIN batch ON batch.id = job.batch CROSS JOIN site ON site.id = job.site
		WHERE NOT job.ended AND (job.mark OR batch.mark) AND job.id > ?`
	args := named(nil, int64(q.After))
	if q.Batch != 0 {
		sql += " AND job.batch = ?"
		args = named(args, int64(q.Batch))
	}
	if q.Host != "" {
		sql += " AND site.host = ?"
		args = named(args, q.Host)
	}
	if len(q.Jobs) > 0 {
		ids, err := json.Marshal(q.Jobs)
		if err != nil {
			return nil, err
		}
		sql += " AND job.id IN (SELECT value FROM json_each(?))"
		args = named(args, string(ids))
	}
	sql += " ORDER BY job.id"
	if q.Limit > 0 {
		sql += " LIMIT ?"
		args = named(args, int64(q.Limit))
	}
	err = r.use(func(c *conn) error {
		return c.each(ctx, sql, args, func(row []driver.Value) error {
			out = append(out, engine.Result{
				Job: engine.JobID(whole(row[0])), Batch: engine.BatchID(whole(row[1])), URL: text(row[2]), Host: text(row[3]),
				Attempts: int(whole(row[4])), Carry: text(row[5]), Outcome: engine.Cancelled,
			})
			return context.Cause(ctx)
		})
	})
	return out, err
}
