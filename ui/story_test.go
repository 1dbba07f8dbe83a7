package ui

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"weir/engine"
	"weir/engine/enginetest"
)

// Stories of operators, told to the whole program: keys in as bytes, cells out
// of a terminal, an engine behind it.

// broken answers 503 to the odd pages of two.test, 404 to the third page of
// one.test and three records to all others.
func broken() *enginetest.Scraper {
	return &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
		switch {
		case r.Kind == engine.KindRobots:
			return enginetest.Rules(0)
		case r.Host == "two.test" && strings.ContainsAny(r.URL[len(r.URL)-1:], "13579"):
			return enginetest.Status(500+len(r.URL)%4, 0)
		case r.URL == "http://one.test/2":
			return enginetest.Status(404, 0)
		}
		step := enginetest.OK(3)
		step.Result.Title = "Page of " + r.Host
		return step
	}}
}

func TestStoryOfABatch(t *testing.T) {
	tell(t, broken(), nil, func(ta *tale) {
		ta.sees("idle", "no batch yet: press a, or paste URLs", "limited by lack of work")
		ta.titled("weir")
		ta.paste(pagesOf("one.test", 5) + "http://one.test/0\n")
		ta.sees("Add a batch", "6 URLs on 1 host: 5 new · 1 duplicate")
		if n := len(ta.scraper.Calls()); n != 0 {
			t.Errorf("%d requests before enter, want none", n)
		}
		ta.press("enter")
		ta.seesNo("Add a batch")
		ta.sees("batch 1 pasted", "added: 5 new, 1 duplicate", "running")
		ta.rest(2500 * time.Millisecond)
		ta.sees("ok 2", "limited by host pace", "one.test/1")
		ta.rest(time.Minute)
		ta.sees("finished", "ok 4 empty 0 FAILED 1 skipped 1", "100%", "ok 200", "failed 404")
		if got := ta.pages("one.test"); len(got) != 5 || got[4].Sub(got[0]) != 4*time.Second {
			t.Errorf("the pages were asked for at %v, want five, a second apart", got)
		}
		ta.titled("weir 100% · 1 failed")

		ta.press("/")
		ta.write("outcome:failed")
		ta.sees("/ outcome:failed", "1 of 5 match")
		ta.seesNo("one.test/1")
		ta.press("enter", "d")
		ta.sees("Details #3", "http://one.test/2", "status 404")
		ta.press("esc")
		ta.seesNo("Details")
		ta.sees("/ outcome:failed")
		ta.press("esc")
		ta.seesNo("/ outcome:failed")
		ta.sees("one.test/1")
		ta.press("/")
		ta.write("zebra")
		ta.sees("0 of 5 match · esc clears")
		ta.press("esc")
		ta.seesNo("zebra")
		ta.sees("one.test/1")
		ta.counts("the run", ta.eng.Snapshot().Counts, engine.Counts{Submitted: 6, OK: 4, Failed: 1, Skipped: 1, Duplicate: 1})
	})
}

func TestStoryOfACancelAndItsUndo(t *testing.T) {
	tell(t, broken(), nil, func(ta *tale) {
		for _, host := range []string{"one.test", "six.test"} {
			ta.paste(pagesOf(host, 30))
			ta.press("enter")
		}
		ta.rest(5 * time.Second)
		ta.press("1", "g", "down", "x")
		ta.sees("batch 2 cancelled: ", "u to undo", "cancel")
		ta.press("u")
		ta.sees("undone: batch 2 cancelled: ")
		ta.seesNo("u to undo") // what is undone is no longer offered
		ta.press("x")
		ta.sees("u to undo", "cancel")
		before := len(ta.pages("six.test"))
		ta.rest(10 * time.Second)
		if got := len(ta.pages("six.test")); got != before {
			t.Errorf("%d pages of the cancelled batch were asked for after it was", got-before)
		}
		if got := ta.eng.Snapshot().Batches; got[1].Counts.Cancelled != 30-before || got[0].Counts.Cancelled != 0 {
			t.Errorf("cancelled are %d and %d, want none of the first batch and %d of the second", got[0].Counts.Cancelled, got[1].Counts.Cancelled, 30-before)
		}
		ta.press("u")
		ta.sees("undone: ")
		ta.rest(time.Minute)
		ta.sees("finished", "ok 59 empty 0 FAILED 1 skipped 0")
		ta.counts("the batch that was brought back", ta.eng.Snapshot().Batches[1].Counts, engine.Counts{Submitted: 30, OK: 30})
		at := ta.pages("six.test")
		for i := range at[1:] {
			if gap := at[i+1].Sub(at[i]); gap < time.Second {
				t.Errorf("pages %d and %d are %v apart, want a second at least", i, i+1, gap)
			}
		}
		if len(at) != 30 {
			t.Errorf("%d requests for 30 pages", len(at))
		}
	})
}

func TestStoryOfALunch(t *testing.T) {
	tell(t, broken(), nil, func(ta *tale) {
		ta.paste(pagesOf("six.test", 20))
		ta.press("enter")
		ta.rest(5 * time.Second)
		ta.press("P")
		ta.sees("paused", "the run paused: ", "limited by", "ETA -")
		before := len(ta.pages("six.test"))
		written := ta.written()
		const lunch = 90 * time.Second // a long one takes seconds of ours
		ta.rest(lunch)
		ta.sees("paused")
		if got := len(ta.pages("six.test")); got != before {
			t.Errorf("%d pages were asked for in the pause", got-before)
		}
		if got := (ta.written() - written) / int(lunch/time.Second); got > 200 {
			t.Errorf("a paused screen wrote %d bytes a second, want at most 200", got)
		}
		ta.press("P")
		ta.sees("running")
		ta.seesNo("ETA -")
		ta.rest(time.Minute)
		ta.sees("finished", "ok 20")
	})
}

func TestStoryOfAnExport(t *testing.T) {
	out := &files{there: map[string]int{"taken.csv": 7}}
	tell(t, broken(), func(d *Deps) { d.Exporter = out }, func(ta *tale) {
		ta.paste(pagesOf("one.test", 10) + pagesOf("two.test", 9))
		ta.press("enter")
		ta.rest(time.Minute)
		ta.sees("finished", "FAILED 5")
		ta.press("/")
		ta.write("code:5xx host:two")
		ta.press("tab") // completes the host
		ta.sees("/ code:5xx host:two.test", "4 of 19 match")
		ta.press("enter", "e")
		ta.write("taken.csv")
		ta.press("enter")
		ta.rest(time.Second) // questions are deaf at first
		ta.sees("taken.csv")
		if out.there["taken.csv"] != 7 {
			t.Error("the file that was there was overwritten unasked")
		}
		ta.press("esc", "esc")
		ta.press("e")
		ta.write("bad.jsonl")
		ta.press("enter")
		ta.rest(time.Second)
		ta.sees("4 rows written to bad.jsonl")
		if got := out.there["bad.jsonl"]; got != 4 {
			t.Errorf("%d rows were written, want 4", got)
		}
	})
}

func TestStoryOfASlowHost(t *testing.T) {
	tell(t, broken(), nil, func(ta *tale) {
		ta.paste(pagesOf("six.test", 40))
		ta.press("enter")
		ta.rest(5 * time.Second)
		ta.press("3", "<", "<")
		ta.sees("host six.test: interval 2s -> 3s · u to undo", "six.test 3.0s")
		ta.rest(30 * time.Second)
		at := ta.pages("six.test")
		if last, want := at[len(at)-1].Sub(at[len(at)-2]), 3*time.Second; last != want {
			t.Errorf("the last two pages are %v apart, want %v", last, want)
		}
		ta.press("=")
		ta.press("ctrl+u")
		ta.write("0.5s")
		ta.press("enter")
		ta.rest(time.Second)
		ta.sees("Faster than your interval?", "0.5s between two requests to host six.test")
		ta.press("esc")
		ta.seesNo("Faster than your interval?")
		ta.press("u", "u")
		ta.sees("six.test 1.0s")
	})
}

func TestStoryOfLeaving(t *testing.T) {
	t.Run("in memory", func(t *testing.T) {
		tell(t, broken(), nil, func(ta *tale) {
			ta.paste(pagesOf("six.test", 20))
			ta.press("enter")
			ta.rest(5 * time.Second)
			ta.press("q", "x") // the second is deaf ears'
			ta.rest(time.Second)
			ta.sees("Leave?", "not fetched:", "are only in memory", "cancel: stop now")
			ta.press("esc")
			ta.seesNo("Leave?")
			ta.rest(3 * time.Second)
			if c := ta.eng.Snapshot().Counts; c.Cancelled != 0 {
				t.Errorf("%d jobs were cancelled by who stayed", c.Cancelled)
			}
			ta.press("q")
			ta.rest(time.Second)
			ta.send("x")
			ta.ends(5 * time.Second)
			if c := ta.eng.Snapshot().Counts; c.Left() != 0 || c.Cancelled == 0 || c.OK == 0 {
				t.Errorf("left with %+v, want what was fetched ok and the rest cancelled", c)
			}
		})
	})
	t.Run("kept", func(t *testing.T) {
		tell(t, broken(), func(d *Deps) { d.Kept = "weir resume 7" }, func(ta *tale) {
			ta.paste(pagesOf("six.test", 20))
			ta.press("enter")
			ta.rest(5 * time.Second)
			ta.press("q")
			ta.rest(time.Second)
			ta.sees("Leave?", "results kept.", "the rest waits for weir resume 7")
			ta.send("q")
			ta.ends(5 * time.Second)
			if c := ta.eng.Snapshot().Counts; c.Cancelled != 0 || c.Left() == 0 {
				t.Errorf("left with %+v, want nothing cancelled", c)
			}
		})
	})
	t.Run("drained", func(t *testing.T) {
		tell(t, broken(), nil, func(ta *tale) {
			ta.paste(pagesOf("six.test", 20))
			ta.press("enter")
			ta.rest(5 * time.Second)
			ta.press("ctrl+c")
			ta.rest(time.Second)
			ta.press("d")
			ta.sees("draining")
			ta.ends(time.Minute)
			ta.counts("the run", ta.eng.Snapshot().Counts, engine.Counts{Submitted: 20, OK: 20})
		})
	})
	t.Run("twice interrupted", func(t *testing.T) {
		tell(t, broken(), nil, func(ta *tale) {
			ta.paste(pagesOf("six.test", 20))
			ta.press("enter")
			ta.rest(5 * time.Second)
			ta.press("ctrl+c")
			ta.rest(time.Second)
			ta.send("\x03")
			ta.ends(5 * time.Second)
			if c := ta.eng.Snapshot().Counts; c.Left() != 0 || c.Cancelled == 0 {
				t.Errorf("left with %+v, want the rest cancelled", c)
			}
		})
	})
	t.Run("finished and unsaved", func(t *testing.T) {
		out := &files{there: map[string]int{}}
		tell(t, broken(), func(d *Deps) { d.Exporter = out }, func(ta *tale) {
			ta.paste(pagesOf("six.test", 3))
			ta.press("enter")
			ta.rest(time.Minute)
			ta.press("q")
			ta.rest(time.Second)
			ta.sees("Every job has ended.", "3 results are only in memory")
			ta.press("e", "enter")
			ta.rest(time.Second)
			ta.sees("3 rows written to weir.jsonl")
			ta.send("q") // nothing is lost now
			ta.ends(5 * time.Second)
			if out.there["weir.jsonl"] != 3 {
				t.Errorf("exported %v, want 3 rows", out.there)
			}
		})
	})
}

// A terminal that is made smaller and larger again shows at every size what
// fits, with no cell of the sizes before, and in the end the same as before.
func TestStoryOfAResize(t *testing.T) {
	tell(t, broken(), nil, func(ta *tale) {
		ta.paste(pagesOf("one.test", 10) + pagesOf("two.test", 9))
		ta.press("enter")
		ta.rest(time.Minute)
		whole := ta.String()
		for _, size := range []struct {
			w, h  int
			sees  []string
			lacks []string
		}{
			{80, 24, []string{"finished", "[4 Results", "two.test/"}, []string{"3 Hosts ──"}},
			{40, 10, []string{"finished"}, []string{"two.test/"}},
			{1, 1, nil, []string{"finished"}},
			{200, 60, []string{"finished", "1 Batches ──", "3 Hosts ──"}, nil},
			{60, 15, []string{"finished", "[4 Results"}, []string{"3 Hosts ──"}},
			{120, 36, []string{"finished", "1 Batches ──", "3 Hosts ──"}, nil},
		} {
			ta.resize(size.w, size.h)
			lines := ta.lines()
			if len(lines) != size.h || ansi.StringWidth(lines[0]) != size.w {
				t.Fatalf("the terminal is %dx%d, want %dx%d", ansi.StringWidth(lines[0]), len(lines), size.w, size.h)
			}
			ta.sees(size.sees...)
			ta.seesNo(size.lacks...)
		}
		if got := ta.String(); got != whole {
			t.Errorf("after all sizes the screen is\n%s\nwant\n%s", got, whole)
		}
		// In the middle of something, too.
		ta.press("enter")
		ta.sees("Details #19")
		ta.resize(60, 15)
		ta.sees("#19")
		ta.press("a")
		ta.resize(120, 36)
		ta.sees("Add a batch", "[records 3]")
		ta.press("esc", "esc")
		if got := ta.String(); got != whole {
			t.Errorf("after details and a form the screen is\n%s\nwant\n%s", got, whole)
		}
	})
}
