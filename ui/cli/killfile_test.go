package cli_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

// look reads a copy of the run's file, as it is while no process has it open:
// whoever opens the file itself may change it. began is whether there is a run
// in it.
func (k *killer) look(t *testing.T) (began bool, kept map[string]keptRow, check string) {
	t.Helper()
	// Of the three files, -shm is only an index of -wal.
	for _, name := range []string{"run.db", "run.db-wal"} {
		text, err := os.ReadFile(k.path(name))
		if err == nil {
			err = os.WriteFile(k.path("copy-"+name), text, 0o600)
		} else if errors.Is(err, os.ErrNotExist) {
			err = os.RemoveAll(k.path("copy-" + name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(k.path("copy-run.db")); err != nil {
		return false, nil, ""
	}
	db, err := sql.Open("sqlite", k.path("copy-run.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&check); err != nil {
		return true, nil, err.Error()
	}
	var views int
	if err := db.QueryRow("SELECT count(*) FROM sqlite_schema WHERE name = 'results'").Scan(&views); err != nil {
		return true, nil, err.Error()
	}
	if views == 0 {
		return false, nil, check
	}
	rows, err := db.Query("SELECT * FROM results")
	if err != nil {
		return true, nil, err.Error()
	}
	defer rows.Close()
	kept = map[string]keptRow{}
	for rows.Next() {
		url, row, err := k.row(rows)
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := kept[url]; twice {
			check = url + " is in the file twice"
		}
		kept[url] = row
	}
	if err := rows.Err(); err != nil {
		check = err.Error()
	}
	return true, kept, check
}

// row reads the row at which rows stands.
func (k *killer) row(rows *sql.Rows) (url string, row keptRow, err error) {
	names, err := rows.Columns()
	if err != nil {
		return "", "", err
	}
	cells := make([]any, len(names))
	for i := range cells {
		cells[i] = new(sql.NullString)
	}
	if err := rows.Scan(cells...); err != nil {
		return "", "", err
	}
	var text strings.Builder
	for i, name := range names {
		cell := k.site.neutral(cells[i].(*sql.NullString).String)
		if name == "url" {
			url = cell
		}
		fmt.Fprintf(&text, "%s=%q ", name, cell)
	}
	return url, keptRow(text.String()), nil
}
