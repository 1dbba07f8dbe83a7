package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"weir/engine"
)

// watch tells p how the run goes until it has ended, or ctx has. Of the log, it
// passes on what happened since from.
func watch(ctx context.Context, p printer, ctl engine.Controller, from time.Time) {
	sub := ctl.Subscribe(engine.SubscribeOptions{})
	defer sub.Close()
	tick := time.NewTicker(p.every())
	defer tick.Stop()
	for {
		select {
		case _, more := <-sub.Ready():
			tell(p, sub, from)
			if !more {
				return
			}
		case <-tick.C:
			p.progress(ctl.Snapshot())
		case <-ctx.Done():
			return
		}
	}
}

// tell passes on what is new in the log since from, but for what is no more
// than information.
func tell(p printer, sub *engine.Subscription, from time.Time) {
	var v engine.View
	for v.More = true; v.More; {
		sub.Take(&v)
		for _, l := range v.Log {
			if l.Level > engine.LevelInfo && !l.At.Before(from) {
				p.note(plainText(l.Text))
			}
		}
		if v.LogDropped > 0 && from.IsZero() {
			p.note(fmt.Sprintf("%d messages were dropped", v.LogDropped))
		}
	}
}

// An ending is the last word on a run.
type ending struct {
	stats   engine.Stats
	classes map[engine.Class]int // of the failed and skipped jobs
	firsts  []engine.Result      // of each class of the failed, and of the empty, the first
	saved   string               // files that have all results; empty: none were asked for
}

// account counts what the jobs of a run that has ended came to.
func account(ctx context.Context, ctl engine.Controller) (ending, error) {
	e := ending{stats: ctl.Snapshot(), classes: map[engine.Class]int{}}
	for _, o := range []engine.Outcome{engine.Failed, engine.Skipped} {
		q := engine.Query{Outcomes: []engine.Outcome{o}, Limit: page}
		for {
			rs, err := ctl.Results(ctx, q)
			if err != nil {
				return e, err
			}
			for _, r := range rs {
				if e.classes[r.Class]++; e.classes[r.Class] == 1 && o == engine.Failed {
					e.firsts = append(e.firsts, r)
				}
			}
			if len(rs) < q.Limit {
				break
			}
			q.After = rs[len(rs)-1].Num
		}
	}
	rs, err := ctl.Results(ctx, engine.Query{Outcomes: []engine.Outcome{engine.Empty}, Limit: 1})
	if err != nil {
		return e, err
	}
	e.firsts = append(e.firsts, rs...)
	for class, n := range map[engine.Class]int{engine.Duplicate: e.stats.Counts.Duplicate, engine.Invalid: e.stats.Counts.Invalid} {
		if n > 0 {
			e.classes[class] = n
		}
	}
	return e, nil
}

// collapsed says of each batch which of its fields fell from what they were.
func collapsed(s *engine.Stats) []string {
	var lines []string
	for i := range s.Batches {
		b := &s.Batches[i]
		for _, f := range b.Fill {
			before, known := b.Was(f.Field)
			if !known || !f.Collapsed(before) {
				continue
			}
			lines = append(lines, plainText(fmt.Sprintf("%s: %s filled in %d%% of %d records, %d%% before",
				cmp.Or(b.Batch.Name, fmt.Sprint("batch ", b.Batch.ID)), f.Field, f.Percent(), f.Records, before.Percent())))
		}
	}
	return lines
}

// ledger is the law that every submitted URL is accounted for, as a sum.
func ledger(c engine.Counts) string {
	terms := []string{
		fmt.Sprintf("%d ok", c.OK),
		fmt.Sprintf("%d empty", c.Empty),
		fmt.Sprintf("%d failed", c.Failed),
		fmt.Sprintf("%d skipped", c.Skipped),
		fmt.Sprintf("%d cancelled", c.Cancelled),
	}
	if left := c.Left(); left > 0 {
		terms = append(terms, fmt.Sprintf("%d not fetched", left))
	}
	verdict := "balances"
	if !c.Balanced() {
		verdict = "DOES NOT BALANCE"
	}
	return fmt.Sprintf("%d submitted = %s: %s", c.Submitted, strings.Join(terms, " + "), verdict)
}

// lines is the ending in words.
func (e ending) lines() []string {
	c := e.stats.Counts
	out := []string{"ledger: " + ledger(c)}
	if len(e.classes) > 0 {
		var terms []string
		for _, class := range slices.Sorted(maps.Keys(e.classes)) {
			terms = append(terms, fmt.Sprintf("%d %s", e.classes[class], class))
		}
		out = append(out, "failed and skipped: "+strings.Join(terms, ", "))
	}
	for _, r := range e.firsts {
		what, n := string(r.Class), e.classes[r.Class]
		if r.Outcome == engine.Empty {
			what, n = r.Outcome.String(), c.Empty
		}
		if n > 1 {
			what += ", such as"
		}
		out = append(out, plainText(fmt.Sprintf("%s: %s: %s", what, cut(r.URL), cut(r.Error))))
	}
	out = append(out, fmt.Sprintf("%s in %s, %d retried, %s, %s",
		plural(e.stats.Requests, "request"), showDuration(e.stats.Active.Round(100*time.Millisecond)), e.stats.Retried,
		plural(e.stats.Rows, "record"), plural(e.stats.Hits, "backpressure hit")))
	if e.saved != "" {
		out = append(out, "results in "+e.saved)
	}
	return out
}

// cut shortens what others wrote to what a line has room for.
func cut(text string) string {
	const most = 200 // characters
	if cells := []rune(text); len(cells) > most {
		return string(cells[:most]) + "..."
	}
	return text
}

// plural is n things, such as "1 record" and "2 records".
func plural[N int | uint64](n N, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// progressLine says how far a run is.
func progressLine(s engine.Stats) string {
	c := s.Counts
	line := fmt.Sprintf("%3d%%  %d of %d  ok %d  empty %d  failed %d  %.1f/s",
		percent(c), c.Ended(), c.Submitted, c.OK, c.Empty, c.Failed, s.Rate)
	if s.ETA >= 0 && c.Left() > 0 {
		line += "  eta " + showDuration(s.ETA.Round(time.Second))
	}
	if c.Left() > 0 {
		line += "  limited by " + s.Limit.Kind.String()
	}
	return line
}

// percent is how much of the run has ended, rounded down: 100 means all.
func percent(c engine.Counts) int {
	if c.Submitted == 0 {
		return 0
	}
	return c.Ended() * 100 / c.Submitted
}
