package engine

import (
	"context"
	"fmt"
	"time"
)

// SafeguardOf is how many of the last answers of a host or batch a safeguard
// looks at. Twenty are enough that one bad page in a row of good ones does not
// count, and few enough that a site that broke is not asked for hundreds more.
const SafeguardOf = 20

// A window is how the last answers ended. The zero window has none.
type window struct {
	failed [SafeguardOf]bool
	next   int // where the next one goes
	seen   int
	bad    int // of those seen
}

// add takes one more answer, for the oldest one.
func (w *window) add(failed bool) {
	if w.failed[w.next] {
		w.bad--
	}
	if w.failed[w.next] = failed; failed {
		w.bad++
	}
	w.next = (w.next + 1) % SafeguardOf
	w.seen = min(w.seen+1, SafeguardOf)
}

// over reports whether at least that share of a full window failed.
func (w *window) over(share float64) bool {
	return w.seen == SafeguardOf && float64(w.bad) >= share*SafeguardOf
}

// watch takes one more attempt of b at h to their windows and pauses what
// fails too often: the host, or else the batch, whose window then begins anew.
func (e *Engine) watch(b *batch, h *host, failed bool, now time.Time) {
	if e.cfg.Safeguard == 0 || b.halted() || !h.paused.At.IsZero() {
		return
	}
	h.answers.add(failed)
	b.answers.add(failed)
	var sel Selector
	p := Paused{At: now, Of: SafeguardOf}
	switch {
	case h.answers.over(e.cfg.Safeguard):
		sel.Host, p.What, p.Failed = h.name, "host", h.answers.bad
		b.answers = window{} // what is left of the batch may be well
	case b.answers.over(e.cfg.Safeguard):
		sel.Batch, p.What, p.Failed = b.ID, "batch", b.answers.bad
	default:
		return
	}
	if _, err := e.halt(context.Background(), sel, p); err != nil {
		e.fail(err)
		return
	}
	e.sayf(LevelWarn, "%s paused by the safeguard: %d of the last %d answers failed", e.label(sel), p.Failed, p.Of)
}

// guarded returns how many of the jobs left wait only for somebody to lift a
// pause of the safeguard.
func (e *Engine) guarded() (n int) {
	if e.cfg.Safeguard == 0 {
		return 0
	}
	for _, b := range e.batches {
		if b.paused.Of > 0 {
			n += b.counts.Backlog + b.counts.Retry
		}
	}
	for _, h := range e.kept {
		if h.paused.Of == 0 {
			continue
		}
		for _, s := range h.stock {
			if e.batch(s.batch).paused.Of == 0 {
				n += s.jobs
			}
		}
	}
	return n
}

func checkSafeguard(share float64) error {
	if share < 0 || share > 1 {
		return fmt.Errorf("engine: safeguard %g: want a share from 0 to 1", share)
	}
	return nil
}
