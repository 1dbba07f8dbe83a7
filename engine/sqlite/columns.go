package sqlite

import (
	"database/sql/driver"
	"time"
)

// This file is how values pass to columns and back. Zero times and empty texts
// are NULL.

// text returns the text of a column.
func text(v driver.Value) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ""
}

// whole returns the number of a column.
func whole(v driver.Value) int64 {
	n, _ := v.(int64)
	return n
}

// moment returns the time of a column, in UTC.
func moment(v driver.Value) time.Time {
	n, ok := v.(int64)
	if !ok {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
