package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
)

// applicationID marks a file as a run of weir: "weir" in ASCII.
const applicationID = 0x77656972

// version is the schema that this package writes, in user_version.
const version = 1

// migrations[i] makes a schema of version i+1 one of version i+2. Each runs in
// a transaction that sets user_version too, so a file is of one version or of
// the other.
var migrations []func(*conn) error

// schema is version 1. Times are nanoseconds since 1970 and NULL for none,
// durations are nanoseconds, outcomes are engine.Outcome. A text that cannot
// be looked for in other rows has no index: a run is read as a whole.
//
// The tables are weir's own and change with the version. The views are for
// people.
const schema = `
CREATE TABLE meta (
	name  TEXT PRIMARY KEY, -- about: what the command noted; run: engine.RunNotes
	value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE recipe (
	hash TEXT PRIMARY KEY, -- SHA-256, as batch.recipe_hash
	text TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE batch (
	id          INTEGER PRIMARY KEY,
	name        TEXT NOT NULL,
	recipe      TEXT NOT NULL,
	recipe_hash TEXT NOT NULL,
	priority    INTEGER NOT NULL,
	interval    INTEGER NOT NULL,
	added       INTEGER,
	mark        INTEGER NOT NULL DEFAULT 0, -- the cancel that took all of it
	paused      TEXT,                       -- engine.Paused
	-- what became of its lines, as of the last commit
	jobs        INTEGER NOT NULL DEFAULT 0,
	duplicate   INTEGER NOT NULL DEFAULT 0,
	invalid     INTEGER NOT NULL DEFAULT 0,
	retry       INTEGER NOT NULL DEFAULT 0,
	ok          INTEGER NOT NULL DEFAULT 0,
	empty       INTEGER NOT NULL DEFAULT 0,
	failed      INTEGER NOT NULL DEFAULT 0,
	skipped     INTEGER NOT NULL DEFAULT 0, -- duplicate and invalid apart
	cancelled   INTEGER NOT NULL DEFAULT 0,
	lines       INTEGER NOT NULL DEFAULT 0, -- of its lists that were read
	cut         INTEGER NOT NULL DEFAULT 0, -- a list was not read to its end
	totals      TEXT                        -- engine.Totals
);

CREATE TABLE site (
	id     INTEGER PRIMARY KEY,
	host   TEXT NOT NULL,
	origin TEXT NOT NULL
);

CREATE TABLE job (
	id          INTEGER PRIMARY KEY,
	batch       INTEGER NOT NULL,
	site        INTEGER NOT NULL,
	url         TEXT NOT NULL,
	depth       INTEGER NOT NULL,
	waited      INTEGER,
	ended       INTEGER NOT NULL DEFAULT 0,
	outcome     INTEGER NOT NULL DEFAULT 0, -- of its result
	result      INTEGER,                    -- its result's num; it stays while a retry waits
	attempts    INTEGER NOT NULL DEFAULT 0,
	retries     INTEGER NOT NULL DEFAULT 0,
	due         INTEGER,
	mark        INTEGER NOT NULL DEFAULT 0, -- the cancel that took it by itself
	fingerprint TEXT,                       -- NULL: the URL
	class       TEXT,                       -- why it is to be tried again
	paused      TEXT,                       -- engine.Paused; NULL: it is not
	carry       TEXT
);

CREATE TABLE result (
	num       INTEGER PRIMARY KEY,
	job       INTEGER NOT NULL,
	batch     INTEGER NOT NULL,
	site      INTEGER NOT NULL,
	outcome   INTEGER NOT NULL,
	class     TEXT,
	status    INTEGER NOT NULL,
	unchanged INTEGER NOT NULL,
	attempts  INTEGER NOT NULL,
	bytes     INTEGER NOT NULL,
	elapsed   INTEGER NOT NULL,
	fetched   TEXT,
	records_n  INTEGER NOT NULL,
	findings_n INTEGER NOT NULL,
	finding   TEXT, -- the kind of the first
	error     TEXT,
	final     TEXT,
	title     TEXT,
	-- the rest is not read for a list
	timing    TEXT, -- JSON: nanoseconds by stage; one that did not happen is not there
	history   TEXT, -- JSON: the attempts
	header    TEXT, -- JSON: [name, value], ...
	findings  TEXT, -- JSON
	records   TEXT, -- JSON: an array of objects
	exact     TEXT  -- what JSON cannot say of the four above; NULL: nothing
);

CREATE TABLE host (
	host  TEXT PRIMARY KEY,
	state TEXT NOT NULL -- engine.HostState
) WITHOUT ROWID;

CREATE TABLE origin (
	origin TEXT PRIMARY KEY,
	state  TEXT NOT NULL -- engine.OriginState
) WITHOUT ROWID;

CREATE TABLE output (
	path  TEXT PRIMARY KEY,
	num   INTEGER NOT NULL, -- of the last result that is in it
	bytes INTEGER NOT NULL  -- of it that are known to be on disk
) WITHOUT ROWID;

CREATE VIEW batches AS
SELECT id, name, recipe, strftime('%Y-%m-%dT%H:%M:%SZ', added / 1000000000, 'unixepoch') AS added,
	jobs + duplicate + invalid AS submitted, ok, empty, failed,
	skipped + duplicate + invalid AS skipped, cancelled,
	jobs - ok - empty - failed - skipped - cancelled AS "left"
FROM batch;

CREATE VIEW jobs AS
SELECT job.id, batch.name AS batch, site.host, job.url,
	CASE
	WHEN job.ended THEN
		CASE job.outcome WHEN 1 THEN 'ok' WHEN 2 THEN 'empty' WHEN 3 THEN 'failed' WHEN 4 THEN 'skipped' ELSE 'cancelled' END
	WHEN batch.mark OR job.mark THEN 'cancelled'
	WHEN batch.paused IS NOT NULL OR job.paused IS NOT NULL THEN 'paused'
	WHEN job.due IS NOT NULL THEN 'retry'
	ELSE 'waiting'
	END AS state,
	job.attempts, strftime('%Y-%m-%dT%H:%M:%SZ', job.due / 1000000000, 'unixepoch') AS due, job.result AS num
FROM job JOIN batch ON batch.id = job.batch JOIN site ON site.id = job.site;

CREATE VIEW results AS
SELECT result.num, job.url, coalesce(result.final, job.url) AS final_url, batch.name AS batch, site.host,
	CASE result.outcome WHEN 1 THEN 'ok' WHEN 2 THEN 'empty' WHEN 3 THEN 'failed' WHEN 4 THEN 'skipped' ELSE 'cancelled' END AS outcome,
	result.class, result.error, result.status, result.attempts, result.bytes,
	result.elapsed / 1000000 AS elapsed_ms, result.fetched AS fetched_at, result.title,
	result.records_n AS rows, result.records, result.findings, result.history, result.header, result.timing
FROM result JOIN job ON job.id = result.job JOIN batch ON batch.id = result.batch JOIN site ON site.id = result.site;
`

// found looks at what kind of file c has open, and says so if it is none that
// this package can go on with. It returns the version of its schema.
func found(c *conn, path string) (int, error) {
	app, err := c.number("PRAGMA application_id")
	if err != nil {
		return 0, err
	}
	v, err := c.number("PRAGMA user_version")
	if err != nil {
		return 0, err
	}
	switch {
	case app != applicationID:
		return 0, &Error{Path: path, Kind: ErrForeign, Cause: fmt.Sprintf("%v: an SQLite file of another program (application_id %#x)", ErrForeign, app)}
	case v > version:
		return 0, &Error{Path: path, Kind: ErrNewer, Cause: fmt.Sprintf("%v: its schema is version %d, and this weir knows %d", ErrNewer, v, version)}
	case v < 1:
		return 0, &Error{Path: path, Kind: ErrDamaged, Cause: fmt.Sprintf("%v: its schema says version %d", ErrDamaged, v)}
	}
	return int(v), nil
}

// migrate brings a file from a version to the one of to, step by step.
func migrate(c *conn, from int, steps []func(*conn) error) error {
	for v := from; v <= len(steps); v++ {
		err := transact(c, func() error {
			if err := steps[v-1](c); err != nil {
				return err
			}
			return c.exec(fmt.Sprint("PRAGMA user_version = ", v+1))
		})
		if err != nil {
			return fmt.Errorf("schema %d to %d: %w", v, v+1, err)
		}
	}
	return nil
}

// transact does what f does wholly or not at all.
func transact(c *conn, f func() error) error {
	if err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := f()
	if err == nil {
		if err = c.exec("COMMIT"); err == nil {
			return nil
		}
	}
	_ = c.exec("ROLLBACK") // SQLite may have done so itself; the error that counts is known
	return err
}

// meta reads a note of the file, empty if there is none.
func meta(c *conn, name string) (out string, err error) {
	err = c.each(context.Background(), "SELECT value FROM meta WHERE name = ?", named(nil, name), func(row []driver.Value) error {
		out = text(row[0])
		return nil
	})
	return out, err
}
