package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"weir/engine"
)

// This file makes a run of rows that were found, some of which may be missing
// or senseless.

// mend puts the tables in order, and counts what is in them and what is not.
func mend(ctx context.Context, c *conn, r *Repaired) error {
	now := time.Now()
	paused, err := json.Marshal(engine.Paused{At: now, What: "batch"})
	if err != nil {
		return err
	}
	// A job has an id of a row that was: those that were lost are in the pages
	// that cannot be read, and take at least 16 bytes there.
	room := 1000 + r.Broken + r.Unread*usualPage/16
	for _, step := range []struct {
		count *int
		sql   string
		args  []driver.Value
	}{
		{&r.Broken, `DELETE FROM batch WHERE id NOT BETWEEN 1 AND 1000 + (SELECT count(*) FROM batch)`, nil},
		{&r.Broken, `DELETE FROM job WHERE ended NOT IN (0, 1) OR id NOT BETWEEN 1 AND ? + 4 * (SELECT count(*) FROM job)`, []driver.Value{int64(room)}},
		{&r.Broken, `DELETE FROM result WHERE num < 1
			OR job NOT BETWEEN 1 AND ? + 4 * (SELECT count(*) FROM result) + (SELECT ifnull(max(id), 0) FROM job)`, []driver.Value{int64(room)}},
		// More batches than rows of theirs and different ids elsewhere there
		// cannot be: their ids have no gaps.
		{nil, `CREATE TEMP TABLE known AS SELECT batch AS id FROM job UNION SELECT batch FROM result UNION SELECT id FROM batch`, nil},
		{&r.Broken, `DELETE FROM job WHERE batch NOT BETWEEN 1 AND (SELECT count(*) FROM known)`, nil},
		{&r.Broken, `DELETE FROM result WHERE batch NOT BETWEEN 1 AND (SELECT count(*) FROM known)`, nil},
		// So have those of sites.
		{nil, `CREATE TEMP TABLE place AS SELECT site AS id FROM job UNION SELECT site FROM result UNION SELECT id FROM site`, nil},
		{&r.Broken, `DELETE FROM job WHERE site NOT BETWEEN 1 AND (SELECT count(*) FROM place)`, nil},
		{&r.Broken, `DELETE FROM result WHERE site NOT BETWEEN 1 AND (SELECT count(*) FROM place)`, nil},
		{&r.Broken, `DELETE FROM site WHERE id NOT BETWEEN 1 AND (SELECT count(*) FROM place)`, nil},
		{nil, `DELETE FROM known WHERE id > (SELECT count(*) FROM known) AND id NOT IN (SELECT id FROM batch)`, nil},

		// The newest result of a job is the one that counts.
		{nil, `DELETE FROM result WHERE num NOT IN (SELECT max(num) FROM result GROUP BY job)`, nil},
		{&r.Stray, `INSERT INTO job (id, batch, site, url, depth, ended, outcome, result, fingerprint)
			SELECT job, batch, site, coalesce(final, ''), 0, 1, outcome, num, 'stray ' || num FROM result WHERE job NOT IN (SELECT id FROM job)`, nil},
		{nil, `UPDATE job SET ended = 1, outcome = r.outcome, result = r.num, attempts = 0, retries = 0, due = NULL, mark = 0, class = NULL, paused = NULL
			FROM result r WHERE r.job = job.id AND (job.result IS NULL OR job.result < r.num)`, nil},
		{&r.Again, `UPDATE job SET ended = 0, outcome = 0, result = NULL WHERE ended AND (outcome = 0 OR result IS NULL OR result NOT IN (SELECT num FROM result))`, nil},
		{nil, `UPDATE job SET outcome = 0, result = NULL WHERE result NOT IN (SELECT num FROM result)`, nil},

		{&r.Made, `WITH RECURSIVE ids(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids WHERE id < (SELECT max(id) FROM known))
			INSERT INTO batch (id, name, recipe, recipe_hash, priority, interval, added, paused)
			SELECT id, 'recovered ' || id, '', '', 0, 0, ?, ? FROM ids
			WHERE id NOT IN (SELECT id FROM batch) AND id <= (SELECT max(id) FROM known)`, []driver.Value{nanos(now), string(paused)}},
		{nil, `UPDATE batch SET (jobs, retry, ok, empty, failed, skipped, cancelled) =
			(SELECT count(*), ifnull(sum(NOT ended AND due IS NOT NULL), 0), ifnull(sum(ended AND outcome = 1), 0),
				ifnull(sum(ended AND outcome = 2), 0), ifnull(sum(ended AND outcome = 3), 0),
				ifnull(sum(ended AND outcome = 4), 0), ifnull(sum(ended AND outcome = 5), 0)
			FROM job WHERE job.batch = batch.id)`, nil},
	} {
		s, err := c.prepare(step.sql)
		if err != nil {
			return fmt.Errorf("%w in %s", err, step.sql)
		}
		if err := s.run(step.args...); err != nil {
			return err
		}
		if step.count != nil {
			n, err := c.number("SELECT changes()")
			if err != nil {
				return err
			}
			*step.count += int(n)
		}
	}
	if err := mendSites(ctx, c); err != nil {
		return err
	}
	for sql, n := range map[string]*int{
		"SELECT count(*) FROM batch":                    &r.Batches,
		"SELECT count(*) FROM job":                      &r.Jobs,
		"SELECT count(*) FROM result":                   &r.Results,
		"SELECT ifnull(max(id), 0) - count(*) FROM job": &r.Missing,
	} {
		found, err := c.number(sql)
		if err != nil {
			return err
		}
		*n = int(found)
	}
	return nil
}

// mendSites makes the sites that are lost out of the URLs of their jobs: the
// host is that of the URL, and the origin too, so that its robots.txt is asked
// for. Their ids have no gaps then.
func mendSites(ctx context.Context, c *conn) error {
	add, err := c.prepare("INSERT INTO site (id, host, origin) VALUES (?, ?, ?)")
	if err != nil {
		return err
	}
	const lost = `WITH RECURSIVE
		used(n) AS (SELECT max(id) FROM (SELECT max(site) AS id FROM job UNION SELECT max(site) FROM result UNION SELECT max(id) FROM site)),
		ids(id) AS (SELECT 1 FROM used WHERE n >= 1 UNION ALL SELECT id + 1 FROM ids, used WHERE id < n)
		SELECT id, (SELECT max(url) FROM job WHERE job.site = ids.id) FROM ids WHERE id NOT IN (SELECT id FROM site)`
	var sites [][]driver.Value
	err = c.each(ctx, lost, nil, func(row []driver.Value) error {
		host, origin := hostOf(text(row[1]))
		sites = append(sites, []driver.Value{row[0], host, origin})
		return nil
	})
	for _, s := range sites {
		if err == nil {
			err = add.run(s...)
		}
	}
	return err
}

// hostOf returns the host and origin of a URL, with its port.
func hostOf(raw string) (host, origin string) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return "lost", "" // nothing says which it was
	}
	host = u.Host
	if u.Port() == "" {
		host += map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	}
	return host, u.Scheme + "://" + host
}
