package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
)

// Ask returns what a query finds in a file: a line for each row, with bars
// between the columns.
func Ask(path, sql string) (string, error) {
	c, err := connect(path)
	if err != nil {
		return "", err
	}
	var lines []string
	err = c.each(context.Background(), sql, nil, func(row []driver.Value) error {
		cells := make([]string, len(row))
		for i, v := range row {
			if cells[i] = fmt.Sprint(v); v == nil {
				cells[i] = ""
			}
		}
		lines = append(lines, strings.Join(cells, "|"))
		return nil
	})
	return strings.Join(lines, "\n"), errors.Join(err, c.Close())
}
