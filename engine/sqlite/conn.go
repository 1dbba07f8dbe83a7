package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net/url"
	"path/filepath"

	lite "modernc.org/sqlite"
)

// A conn is one connection to a file. It is used by one goroutine at a time.
// It speaks to the driver without database/sql between, which costs more than
// most statements do. Its errors are plain: whoever has the path wraps them.
type conn struct {
	driver.Conn
	stmts []*stmt
}

// connect opens a file that is there.
func connect(path string) (*conn, error) { return connectAs(path, "mode=rw") }

// connectAs opens a file with parameters of https://www.sqlite.org/uri.html.
func connectAs(path, params string) (*conn, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	name := url.URL{Scheme: "file", Path: full, RawQuery: params}
	c, err := new(lite.Driver).Open(name.String())
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c}, nil
}

// Close ends the statements and the connection.
func (c *conn) Close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.Conn.Close())...)
}

// exec runs one or more statements without arguments.
func (c *conn) exec(sql string) error {
	_, err := c.Conn.(driver.ExecerContext).ExecContext(context.Background(), sql, nil)
	return err
}

// number returns the one number that a query answers.
func (c *conn) number(sql string) (n int64, err error) {
	err = c.each(context.Background(), sql, nil, func(row []driver.Value) error {
		n, _ = row[0].(int64)
		return nil
	})
	return n, err
}

// each calls f with every row that a query finds. The row is f's until it
// returns.
func (c *conn) each(ctx context.Context, sql string, args []driver.NamedValue, f func(row []driver.Value) error) error {
	rows, err := c.Conn.(driver.QueryerContext).QueryContext(ctx, sql, args)
	if err != nil {
		return err
	}
	row := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return rows.Close()
		case err != nil:
			return errors.Join(err, rows.Close())
		}
		if err := f(row); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
}

// A stmt is a statement that is run many times.
type stmt struct {
	driver.Stmt
	args []driver.NamedValue
}

// prepare makes a statement that lives as long as the connection.
func (c *conn) prepare(sql string) (*stmt, error) {
	s, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(context.Background(), sql)
	if err != nil {
		return nil, err
	}
	out := &stmt{Stmt: s}
	c.stmts = append(c.stmts, out)
	return out, nil
}

// run runs the statement.
func (s *stmt) run(args ...driver.Value) error {
	s.args = named(s.args[:0], args...)
	_, err := s.Stmt.(driver.StmtExecContext).ExecContext(context.Background(), s.args)
	return err
}

// named appends the arguments of a statement to a.
func named(a []driver.NamedValue, args ...driver.Value) []driver.NamedValue {
	for _, v := range args {
		a = append(a, driver.NamedValue{Ordinal: len(a) + 1, Value: v})
	}
	return a
}
