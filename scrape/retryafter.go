package scrape

import (
	"net/http"
	"time"
)

// maxRetryAfter is the longest that a server's wish is honoured.
const maxRetryAfter = 24 * time.Hour

// retryAfter returns how long an answer asks to stay away (RFC 9110, section
// 10.2.3): digits, or an HTTP date counted from the answer's own Date, so that
// a server whose clock is wrong is understood. Zero means that it does not
// ask; so do zero, past, negative and fractional values.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if value == "" {
		return 0
	}
	if allDigits(value) {
		return seconds(value)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
