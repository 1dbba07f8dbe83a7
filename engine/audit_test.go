package engine

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Audit compares what the engine counts of all hosts with what a walk over them
// finds. It is for tests.
func (e *Engine) Audit() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	var waiting, stocked int
	var lined, halted []string
	for name, h := range e.hosts {
		if h.left > h.flight {
			waiting++
		}
		if h.left > h.queued+h.flight {
			stocked++
		}
		if h.queued > 0 {
			lined = append(lined, name)
		}
		if h.halted(now) {
			halted = append(halted, name)
		}
	}
	if e.waiting != waiting || e.stocked != stocked {
		return fmt.Errorf("%d hosts with jobs that wait, %d with jobs outside the queue; want %d, %d", e.waiting, e.stocked, waiting, stocked)
	}
	for share := 1; share < 4; share++ {
		poor := 0
		for _, h := range e.hosts {
			if !h.halted(now) && h.queued < share && h.left > h.queued+h.flight {
				poor++
			}
		}
		if got := e.poor(now, share); got != poor {
			return fmt.Errorf("%d hosts have less than %d jobs in the queue, want %d", got, share, poor)
		}
	}
	for _, c := range []struct {
		what      string
		got       []*host
		wantNames []string
	}{{"with jobs in the queue", e.lined, lined}, {"halted", e.halted(now), halted}} {
		var got []string
		for _, h := range c.got {
			got = append(got, h.name)
		}
		slices.Sort(got)
		slices.Sort(c.wantNames)
		if !slices.Equal(got, c.wantNames) {
			return fmt.Errorf("hosts %s: %q, want %q", c.what, got, c.wantNames)
		}
	}
	return nil
}

// Audit looks whether a snapshot has the hosts by name, each once.
func (s *Stats) Audit() error {
	for i := 1; i < len(s.Hosts); i++ {
		if cmp.Compare(s.Hosts[i-1].Host, s.Hosts[i].Host) >= 0 {
			return fmt.Errorf("host %q stands before %q", s.Hosts[i-1].Host, s.Hosts[i].Host)
		}
	}
	return nil
}
