package sqlite

import (
	"database/sql/driver"
	"math"
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

func textOrNull(s string) driver.Value {
	if s == "" {
		return nil
	}
	return s
}

// nanos returns a time as nanoseconds since 1970, those that are further than
// these reach as the last that they do.
func nanos(t time.Time) driver.Value {
	if t.IsZero() {
		return nil
	}
	if s := t.Unix(); s >= math.MaxInt64/int64(time.Second) {
		return int64(math.MaxInt64)
	} else if s <= math.MinInt64/int64(time.Second) {
		return int64(math.MinInt64)
	}
	return t.UnixNano()
}

// column returns a text of JSON; nil is NULL.
func column(b []byte) driver.Value {
	if b == nil {
		return nil
	}
	return string(b)
}
