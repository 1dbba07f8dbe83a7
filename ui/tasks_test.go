package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// mostKeys is how many keys a task of an operator may take from the main
// screen, besides what is typed or pasted.
const mostKeys = 4

// Hands do a task of an operator: they count the keys that they press.
type hands struct {
	*tale
	small bool // the screen has one panel at a time
	keys  int
}

// press presses keys, as slowly as somebody who reads what a key has shown
// before the next one.
func (h *hands) press(names ...string) {
	for _, name := range names {
		h.keys++
		h.tale.press(name)
		h.rest(grace)
	}
}

// lists adds a batch of n pages of each host, as an operator who is not
// counted did.
func (h *hands) lists(n int, hosts ...string) {
	var text strings.Builder
	for _, host := range hosts {
		text.WriteString(pagesOf(host, n))
	}
	h.paste(text.String())
	h.tale.press("enter")
}

// refuses answers 429 once to each page of late.test, and asks for so long.
func refuses(asks time.Duration) func() *enginetest.Scraper {
	return func() *enginetest.Scraper {
		return &enginetest.Scraper{Answer: func(r engine.Request, nth int) engine.Step {
			switch {
			case r.Kind == engine.KindRobots:
				return enginetest.Rules(0)
			case r.Host == "late.test" && nth == 1:
				return enginetest.Status(429, asks)
			}
			return enginetest.OK(1)
		}}
	}
}

// fading fills the field date in the pages of one.test, and in few of two.test.
func fading() *enginetest.Scraper {
	return &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
		if r.Kind == engine.KindRobots {
			return enginetest.Rules(0)
		}
		step, filled := enginetest.OK(0), 10
		if r.Host == "two.test" {
			filled = 1
		}
		for i := range 10 {
			date := engine.Field{Name: "date"}
			if i < filled {
				date.Value = "2026-11-26"
			}
			step.Result.Records = append(step.Result.Records, engine.Record{date, {Name: "shift", Value: "7a-5p"}})
		}
		step.Result.Fill = []engine.FieldFill{{Field: "date", Records: 10, Filled: filled}, {Field: "shift", Records: 10, Filled: 10}}
		return step
	}}
}

// What operators come for, each with its keys from the main screen: the answer
// stands on the screen, what was asked for is done, and it takes few keys.
func TestTasksOfAnOperator(t *testing.T) {
	t.Parallel()
	files := &files{}
	for _, task := range []struct {
		name    string
		scraper func() *enginetest.Scraper
		deps    func(*Deps)
		before  func(*hands) // comes to the main screen
		does    func(*hands)
		keys    int
	}{
		{
			name: "find the slowest host", scraper: refuses(20 * time.Second),
			before: func(h *hands) {
				h.lists(9, "a.test", "b.test", "c.test", "d.test", "e.test", "f.test", "g.test", "late.test", "m.test")
				h.rest(40 * time.Second)
			},
			does: func(h *hands) {
				h.press("3")
				h.sees("▸ late.test 2.0s", "429 asked 20s: again in 0.")
			},
			keys: 1,
		},
		{
			name: "why is nothing moving", scraper: refuses(10 * time.Minute),
			before: func(h *hands) {
				h.lists(8, "late.test")
				h.rest(time.Minute)
			},
			does: func(h *hands) {
				h.sees("limited by a parked host: 8 URLs wait 9m")
				h.press("W")
				h.sees("late.test answered 429 and", "asked for 10m", "0 of 8 URLs ended; left: ")
			},
			keys: 1,
		},
		{
			name: "cancel one of two batches and bring it back", scraper: broken,
			before: func(h *hands) {
				h.lists(30, "one.test")
				h.lists(30, "six.test")
				h.rest(5 * time.Second)
			},
			does: func(h *hands) {
				h.press("1", "down", "x")
				h.sees("batch 2 cancelled: ", "u to undo")
				fetched := len(h.pages("six.test"))
				h.rest(5 * time.Second)
				if c := h.eng.Snapshot().Batches; len(h.pages("six.test")) != fetched || c[1].Counts.Cancelled == 0 || c[0].Counts.Cancelled != 0 {
					h.t.Errorf("after x the batches are at %+v and %+v", c[0].Counts, c[1].Counts)
				}
				h.press("u")
				h.sees("undone: batch 2 cancelled")
				h.rest(time.Minute)
				h.counts("batch 2", h.eng.Snapshot().Batches[1].Counts, engine.Counts{Submitted: 30, OK: 30})
			},
			keys: 4,
		},
		{
			name: "find all 5xx of one host and export them", scraper: broken,
			deps: func(d *Deps) { files.there = map[string]int{}; d.Exporter = files },
			before: func(h *hands) {
				h.lists(10, "one.test", "two.test")
				h.rest(time.Minute)
			},
			does: func(h *hands) {
				h.press("/")
				h.write("code:5xx host:two")
				h.sees("5 of 20 match", "failed 50")
				h.press("enter", "e")
				h.write("bad.csv")
				h.press("enter")
				h.rest(time.Second)
				h.sees("5 rows written to bad.csv")
				if n := files.there["bad.csv"]; n != 5 || len(files.there) != 1 {
					h.t.Errorf("written are %v, want 5 rows in bad.csv", files.there)
				}
			},
			keys: 4,
		},
		{
			name: "slow one host down", scraper: broken,
			before: func(h *hands) {
				h.lists(40, "one.test", "six.test")
				h.rest(5 * time.Second)
			},
			does: func(h *hands) {
				h.press("3", "down", "<")
				h.sees("host six.test: interval 1s -> 2s · u to undo", "▸ six.test 2.0s")
				h.rest(20 * time.Second)
				for host, want := range map[string]time.Duration{"one.test": time.Second, "six.test": 2 * time.Second} {
					at := h.pages(host)
					if gap := at[len(at)-1].Sub(at[len(at)-2]); gap != want {
						h.t.Errorf("the last two pages of %s are %v apart, want %v", host, gap, want)
					}
				}
			},
			keys: 3,
		},
		{
			name: "see what a page yielded", scraper: broken,
			before: func(h *hands) {
				h.lists(20, "six.test")
				h.rest(time.Minute)
			},
			does: func(h *hands) {
				h.press("/")
				h.write("six.test/13")
				h.press("enter", "enter")
				h.sees("http://six.test/13", "[records 3]")
				h.sees("n", "0", "1", "2")
			},
			keys: 3,
		},
		{
			name: "add 50 URLs from the clipboard", scraper: broken,
			does: func(h *hands) {
				h.paste(pagesOf("six.test", 50))
				h.sees("50 URLs on 1 host: 50 new", "enter add 50")
				h.press("enter")
				h.sees("batch 1 pasted", "added: 50 new")
				if c := h.eng.Snapshot().Counts; c.Submitted != 50 {
					h.t.Errorf("%d URLs were added, want 50", c.Submitted)
				}
			},
			keys: 1,
		},
		{
			name: "pause over lunch", scraper: broken,
			before: func(h *hands) {
				h.lists(20, "six.test")
				h.rest(5 * time.Second)
			},
			does: func(h *hands) {
				h.press("P")
				h.sees("PAUSED", "limited by your pause at")
				h.rest(time.Second) // what was in flight ends
				fetched := len(h.pages("six.test"))
				h.rest(time.Minute)
				h.sees("PAUSED", "ago: P resumes 15 URLs")
				if n := len(h.pages("six.test")); n != fetched {
					h.t.Errorf("%d pages were asked for at lunch", n-fetched)
				}
				h.press("P")
				h.sees("running")
				h.rest(time.Minute)
				h.counts("the run", h.eng.Snapshot().Counts, engine.Counts{Submitted: 20, OK: 20})
			},
			keys: 2,
		},
		{
			name: "find a field that stopped filling", scraper: fading,
			before: func(h *hands) {
				h.lists(9, "one.test")
				h.lists(9, "two.test")
				h.rest(time.Minute)
			},
			does: func(h *hands) {
				if !h.small {
					h.sees("! date 10%") // without a key
				}
				h.press("1", "down")
				h.sees("! date 10%")
				h.press("d")
				h.sees("Batch 2 pasted", "! date ███░░░░░░░░░░░░░░░░░░░░░░░░░░░ 10% 9 90 100%", "shift ██████████████████████████████ 100% 90 90 100%")
			},
			keys: 3,
		},
		{
			name: "leave without losing anything, kept in a store", scraper: broken,
			deps: func(d *Deps) { d.Kept = "weir resume 7" },
			before: func(h *hands) {
				h.lists(20, "six.test")
				h.rest(5 * time.Second)
			},
			does: func(h *hands) {
				h.press("q")
				h.sees("results kept.", "the rest waits for weir resume 7")
				h.press("q")
				h.ends(time.Second)
				if c := h.eng.Snapshot().Counts; c.Cancelled != 0 || c.Left() == 0 {
					h.t.Errorf("left with %+v, want nothing cancelled", c)
				}
			},
			keys: 2,
		},
		{
			name: "leave without losing anything, in memory", scraper: broken,
			deps: func(d *Deps) { files.there = map[string]int{}; d.Exporter = files },
			before: func(h *hands) {
				h.lists(20, "six.test")
				h.rest(time.Minute)
			},
			does: func(h *hands) {
				h.press("q")
				h.sees("Every job has ended.", "20 results are only in memory", "e export the results first")
				h.press("e", "enter")
				h.rest(time.Second)
				h.sees("20 rows written to weir.jsonl")
				h.press("q")
				h.ends(time.Second)
				if files.there["weir.jsonl"] != 20 {
					h.t.Errorf("written are %v, want 20 rows", files.there)
				}
			},
			keys: 4,
		},
	} {
		for _, size := range sizes[:2] {
			t.Run(fmt.Sprintf("%s-%dx%d", task.name, size[0], size[1]), func(t *testing.T) {
				tell(t, task.scraper(), task.deps, func(ta *tale) {
					h := &hands{tale: ta, small: size[0] < 100}
					ta.resize(size[0], size[1])
					if task.before != nil {
						task.before(h)
					}
					task.does(h)
					if h.keys != task.keys || h.keys > mostKeys {
						t.Errorf("it took %d keys, want %d, and at most %d", h.keys, task.keys, mostKeys)
					}
				})
			})
		}
	}
}
