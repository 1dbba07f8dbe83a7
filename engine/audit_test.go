package engine

import (
	"fmt"
	"maps"
	"reflect"
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
		stock := 0
		for i, s := range h.stock {
			if stock += s.jobs; s.jobs <= 0 || i > 0 && s.batch <= h.stock[i-1].batch {
				return fmt.Errorf("the stock of %s: %v", name, h.stock)
			}
		}
		if stock != h.left-h.queued-h.flight {
			return fmt.Errorf("the stock of %s: %v; want %d jobs in all", name, h.stock, h.left-h.queued-h.flight)
		}
		if h.halted(now) {
			halted = append(halted, name)
		}
	}
	if e.waiting != waiting || e.stocked != stocked {
		return fmt.Errorf("%d hosts with jobs that wait, %d with jobs outside the queue; want %d, %d", e.waiting, e.stocked, waiting, stocked)
	}
	guarded := 0
	for _, b := range e.batches {
		for _, h := range e.hosts {
			if b.paused.Of > 0 || h.paused.Of > 0 {
				guarded += h.stockOf(b.ID)
			}
		}
	}
	if got := e.guarded(); got != guarded {
		return fmt.Errorf("%d jobs guarded, want %d", got, guarded)
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

// AuditHosts compares the hosts of a snapshot of this moment, in which nothing
// happens, with what is found for one host after the other, by name. It is for
// tests.
func (e *Engine) AuditHosts(s *Stats) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pool.mu.Lock()
	defer e.pool.mu.Unlock()
	now := time.Now()
	names := slices.Sorted(maps.Keys(e.hosts))
	for name := range e.pool.lanes {
		if e.hosts[name] == nil {
			return fmt.Errorf("host %s has a lane and no books", name)
		}
	}
	if len(names) != len(s.Hosts) {
		return fmt.Errorf("%d hosts, want %d", len(s.Hosts), len(names))
	}
	for i, name := range names {
		if got, want := s.Hosts[i], e.hostStat(name, now); !reflect.DeepEqual(got, want) {
			return fmt.Errorf("host %d: %+v, want %+v", i, got, want)
		}
	}
	return nil
}

func (e *Engine) hostStat(name string, now time.Time) HostStats {
	h := e.hosts[name]
	hs := HostStats{Host: name, Waiting: h.left - h.flight, Failed: h.failed, Paused: h.paused, Interval: max(e.cfg.Interval, 0)}
	hs.History, hs.Rate = h.meter.read(now.Sub(e.epoch))
	l := e.pool.lanes[name]
	if l != nil {
		p := &l.pace
		hs.Interval, hs.Set, hs.Changes, hs.Last = p.interval, p.set, p.changes, p.last
		hs.InFlight, hs.Down, hs.Reason = p.flight, !p.breaker.opened.IsZero(), p.reason(now)
		var held string
		if _, _, free := l.find(e.pool.held); !free {
			for _, w := range e.pool.slots {
				if w != nil && w.turn != nil && w.turn.back != nil && w.turn.back.host() == name {
					if o := w.turn.back.origin(); in(e.pool.held, o) {
						held = o
					}
				}
			}
			l.each(func(w *waiter) { held = w.origin() })
		}
		if held != "" && p.paused.At.IsZero() && (hs.Reason == nil || p.flight > 0) {
			hs.Reason = RobotsWait{Origin: held}
		}
	}
	for _, f := range e.flights {
		if f.req.Host == name && (hs.Phase == PhaseIdle || f.since.Before(hs.Since)) {
			hs.Phase, hs.Since = f.phase, f.since
		}
	}
	if hs.Waiting == 0 && hs.Reason != nil {
		return hs
	}
	var halted int // jobs of batches that are paused
	var first Paused
	for _, b := range e.batches {
		if n := h.stockOf(b.ID); n > 0 && !b.paused.At.IsZero() {
			if halted += n; first.At.IsZero() || b.paused.At.Before(first.At) {
				first = b.paused
			}
		}
	}
	queued := l != nil && l.size > 0
	switch {
	case hs.Waiting > 0 && !e.paused.IsZero():
		hs.Reason = Paused{At: e.paused, What: "run"}
	case hs.Reason != nil:
	case queued && len(e.slots) >= e.cfg.Workers:
		hs.Reason = WorkersBusy{Workers: e.cfg.Workers}
	case queued && !e.pool.gate(now).IsZero():
		hs.Reason = RateWait{Next: e.pool.gate(now)}
	case queued || hs.Waiting == 0:
	case halted == hs.Waiting:
		hs.Reason = first
	case halted+len(h.stays) >= hs.Waiting:
		hs.Reason = h.stayed()
	case e.draining:
		hs.Reason = Draining{}
	default:
		for _, r := range h.retries {
			if r.Due.After(now) && e.counts.Queued < e.cfg.Queue {
				hs.Reason = r
				return hs
			}
		}
		hs.Reason = QueueWait{Len: e.counts.Queued, Cap: e.cfg.Queue}
	}
	return hs
}

func in[K comparable](set map[K]struct{}, k K) bool {
	_, is := set[k]
	return is
}
