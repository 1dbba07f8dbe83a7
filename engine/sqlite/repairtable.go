package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"weir/engine"
)

// A table is one of the new file, with what tells its rows from others.
type table struct {
	name    string
	columns []field
	kin     func(key, value string) bool // tells the rows of tables that have two texts; nil: of others
	sound   func(get func(column string) *driver.Value) bool
	insert  *stmt // nil: the rows are not wanted
}

// A field is a column as it was declared.
type field struct {
	name string
	kind string
	null bool // it may be NULL
	id   bool // it is the rowid by another name, and NULL in a record
}

// schemaTable is SQLite's own, which a new file has already.
var schemaTable = &table{name: "sqlite_schema", columns: []field{
	{name: "type", kind: "TEXT"},
	{name: "name", kind: "TEXT"},
	{name: "tbl_name", kind: "TEXT"},
	{name: "rootpage", kind: "INTEGER"},
	{name: "sql", kind: "TEXT", null: true},
}}

// tablesOf returns the tables of a new file.
func tablesOf(ctx context.Context, c *conn) ([]*table, error) {
	var all []*table
	const sql = `SELECT t.name, c.name, c.type, c."notnull", c.pk > 0 AND c.type = 'INTEGER'
		FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY t.name, c.cid`
	err := c.each(ctx, sql, nil, func(row []driver.Value) error {
		name := text(row[0])
		if len(all) == 0 || all[len(all)-1].name != name {
			all = append(all, &table{name: name, kin: kins[name], sound: soundRows[name]})
		}
		t := all[len(all)-1]
		t.columns = append(t.columns, field{text(row[1]), text(row[2]), whole(row[3]) == 0, whole(row[4]) != 0})
		return nil
	})
	for _, t := range all {
		if err != nil {
			break
		}
		t.insert, err = c.prepare("INSERT OR IGNORE INTO " + t.name + " VALUES (?" + strings.Repeat(", ?", len(t.columns)-1) + ")")
	}
	return append(all, schemaTable), err
}

// fits reports whether r can be a row of t.
func (t *table) fits(r carved) bool {
	if len(r.vals) != len(t.columns) {
		return false
	}
	for i, c := range t.columns {
		if !c.fits(r.vals[i]) {
			return false
		}
	}
	return t.kin == nil || t.kin(text(r.vals[0]), text(r.vals[1]))
}

// sane reports whether what stands in a row that fits t can be read, and takes
// out of it what is of no matter and cannot.
func (t *table) sane(r carved) bool {
	return t.sound == nil || t.sound(func(column string) *driver.Value {
		return &r.vals[slices.IndexFunc(t.columns, func(f field) bool { return f.name == column })]
	})
}

func (c field) fits(v driver.Value) bool {
	switch v.(type) {
	case nil:
		return c.null || c.id
	case int64:
		return c.kind == "INTEGER" && !c.id
	case string:
		return c.kind == "TEXT" || c.kind == "BLOB"
	case []byte:
		return c.kind == "BLOB"
	}
	return false
}

// put puts a row into t, unless it is there.
func (t *table) put(r carved) error {
	if t.insert == nil {
		return nil
	}
	for i, c := range t.columns {
		if c.id {
			r.vals[i] = r.id
		}
	}
	return t.insert.run(r.vals...)
}

// tableOf returns the table that most rows of a page fit: nil for none.
func tableOf(all []*table, rows []carved) *table {
	var best *table
	most := 0
	for _, t := range all {
		n := 0
		for _, r := range rows {
			if t.fits(r) {
				n++
			}
		}
		if n > most {
			best, most = t, n
		}
	}
	return best
}

// kins tell the rows of four tables apart: all of them are two texts.
var kins = map[string]func(key, value string) bool{
	"meta": func(name, _ string) bool { return name == "about" || name == "run" },
	"recipe": func(hash, text string) bool {
		sum := sha256.Sum256([]byte(text))
		return hash == hex.EncodeToString(sum[:])
	},
	"host": func(host, state string) bool {
		var s engine.HostState
		return json.Unmarshal([]byte(state), &s) == nil && s.Host == host
	},
	"origin": func(origin, state string) bool {
		var s engine.OriginState
		return json.Unmarshal([]byte(state), &s) == nil && s.Origin == origin
	},
}

// soundRows look into the rows of the other tables.
var soundRows = map[string]func(get func(column string) *driver.Value) bool{
	"meta": func(get func(string) *driver.Value) bool {
		return text(*get("name")) != "run" || reads[engine.RunNotes](*get("value"))
	},
	"batch": func(get func(string) *driver.Value) bool {
		if totals := get("totals"); !reads[engine.Totals](*totals) {
			*totals = nil
		}
		if paused := get("paused"); !reads[engine.Paused](*paused) {
			*paused = nil
		}
		return true
	},
	"job": func(get func(string) *driver.Value) bool {
		if paused := get("paused"); !reads[engine.Paused](*paused) {
			*paused = nil
		}
		n := whole(*get("outcome"))
		return n >= 0 && n <= int64(engine.Cancelled) && !strings.Contains(text(*get("url")), "\x00")
	},
	"result": func(get func(string) *driver.Value) bool {
		fetched := get("fetched")
		if _, err := time.Parse(time.RFC3339Nano, text(*fetched)); err != nil {
			*fetched = nil
		}
		n := whole(*get("outcome"))
		var lists []string
		for _, column := range []string{"timing", "history", "header", "findings", "records", "exact"} {
			lists = append(lists, text(*get(column)))
		}
		return n > 0 && n <= int64(engine.Cancelled) &&
			decode(new(engine.Result), lists[0], lists[1], lists[2], lists[3], lists[4], lists[5]) == nil
	},
}

// reads reports whether a column has a T in JSON, or nothing.
func reads[T any](v driver.Value) bool {
	return v == nil || json.Unmarshal([]byte(text(v)), new(T)) == nil
}
