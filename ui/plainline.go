package ui

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"weir/engine"
)

// progressLine says how far the run is.
func (p *plain) progressLine() string {
	s, c := &p.stats, p.stats.Counts
	line := fmt.Sprintf("%s, %s of %s ended: %s ok, %s empty, %s failed, %s skipped",
		percentText(&c), count(c.Ended()), plural(c.Submitted, "URL"), count(c.OK), count(c.Empty), count(c.Failed), count(c.Skipped))
	if c.Cancelled > 0 {
		line += ", " + count(c.Cancelled) + " cancelled"
	}
	if s.State == engine.RunRunning {
		line += "; " + rate(s.Rate)
		if s.ETA >= 0 {
			line += ", " + round(s.ETA.Truncate(time.Second)) + " left"
		}
	}
	return line
}

// rowLine says how a job ended, and what it is sorted by, the URL last.
func rowLine(r *jobRow, by column) string {
	facts := []string{fmt.Sprintf("result %d %s", r.num, r.state())}
	if r.status != 0 && !saysStatus(r) {
		facts = append(facts, "status "+statusText(r.status))
	}
	if r.why != "" {
		facts = append(facts, r.why)
	}
	switch by {
	case byTime:
		facts = append(facts, "took "+duration(r.time))
	case bySize:
		facts = append(facts, size(r.bytes))
	}
	if r.records > 0 || by == byRows {
		facts = append(facts, plural(int(r.records), "row"))
	}
	if r.tries > 1 || by == byTry {
		facts = append(facts, plural(int(r.tries), "attempt"))
	}
	return strings.Join(facts, ", ") + ": " + r.url
}

// errorLine says why a command did nothing.
func errorLine(command string, err error) string {
	switch {
	case errors.Is(err, engine.ErrReadOnly):
		return command + ": read-only: the run cannot be changed here"
	case errors.Is(err, engine.ErrClosed):
		return command + ": the run has ended: nothing can be changed any more"
	}
	return command + ": error: " + err.Error()
}
