package scrape

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// quotaReset returns for how long an answer says that nothing remains of what
// its server allows; zero: something does, or it does not say. It reads
//
//   - RateLimit as draft-ietf-httpapi-ratelimit-headers-10 has it
//     ("name";r=0;t=30), and as drafts before 08 had it (remaining=0, reset=30);
//   - RateLimit-Remaining and RateLimit-Reset, and both with X-, where Reset is
//     in seconds from now, or a time in Unix seconds if it is so large.
//
// Of several limits the one that lasts longest counts.
func quotaReset(h http.Header, now time.Time) time.Duration {
	var reset time.Duration
	for _, value := range h.Values("RateLimit") {
		reset = max(reset, spentLimit(value))
	}
	for _, prefix := range [...]string{"Ratelimit-", "X-Ratelimit-"} {
		if h.Get(prefix+"Remaining") == "0" {
			reset = max(reset, resetTime(h.Get(prefix+"Reset"), now))
		}
	}
	return min(reset, maxRetryAfter)
}

// spentLimit reads one RateLimit field.
func spentLimit(value string) (reset time.Duration) {
	// Names are quoted and may hold anything; nothing else is.
	parts := strings.Split(value, `"`)
	for i := 1; i < len(parts); i += 2 {
		parts[i] = ""
	}
	value = strings.Join(parts, "")
	if strings.Contains(value, "remaining=") {
		value = strings.ReplaceAll(value, ",", ";") // the old form is one limit
	}
	for limit := range strings.SplitSeq(value, ",") {
		var remaining, until string
		for param := range strings.SplitSeq(limit, ";") {
			name, v, _ := strings.Cut(strings.TrimSpace(param), "=")
			switch name {
			case "r", "remaining":
				remaining = v
			case "t", "reset":
				until = v
			}
		}
		if remaining == "0" && allDigits(until) {
			reset = max(reset, seconds(until))
		}
	}
	return reset
}

// unixFrom is the number from which on a reset is a time and not a wait: the
// ninth of September 2001, or more than thirty years.
const unixFrom = 1_000_000_000

// resetTime reads a Reset field.
func resetTime(value string, now time.Time) time.Duration {
	if !allDigits(value) {
		return 0
	}
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= unixFrom {
		return max(time.Unix(n, 0).Sub(now), 0)
	}
	return seconds(value)
}

// seconds reads digits as seconds, at most maxRetryAfter.
func seconds(digits string) time.Duration {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > int64(maxRetryAfter/time.Second) {
		return maxRetryAfter // more digits than fit
	}
	return time.Duration(n) * time.Second
}
