package ui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
	"weir/engine/enginetest"
)

// This file is about screens that have more rows behind them than texts.

// many shows a screen with n rows whose texts are in the store, numbers 1 to n.
func many(t *testing.T, n int) *stage {
	t.Helper()
	sc := busyScene()
	sc.jobs = nil
	s := newStage(t, sc, 120, 36)
	var jobs []engine.JobState
	for num := 1; num <= n; num++ {
		r := engine.Result{
			Job: engine.JobID(num), Num: uint64(num), Batch: 1, Host: "h.test", Outcome: engine.OK, Status: 200, Attempts: 1,
			URL: fmt.Sprintf("http://h.test/%d", num), Elapsed: time.Duration(num*7919%n) * time.Millisecond,
		}
		if num%10 == 0 {
			r.Outcome, r.Class, r.Error = engine.Failed, engine.Status, fmt.Sprintf("status 50%d", num/10%5)
		}
		s.fake.results = append(s.fake.results, r)
		jobs = append(jobs, r.State())
		if len(jobs) == 1000 || num == n {
			s.more(jobs...)
			jobs = nil
		}
	}
	s.tell(frameMsg{})
	s.rest(time.Second)
	return s
}

// line returns the line of the screen that the cursor stands on in Results.
func (s *stage) line() string {
	for _, line := range strings.Split(s.screen(), "\n")[20:] {
		if strings.Contains(line, "▸") {
			return line
		}
	}
	return ""
}

// A row whose text the screen does not keep is drawn without it, and with it
// when the store has told; keys on it know it in any case.
func TestTextsComeFromTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := many(t, 9000)
		kept := func() int {
			tx := &s.results.table.texts
			return len(tx.fresh.at) + len(tx.read.at) + len(tx.waits) + len(tx.shown)
		}
		if got := kept(); got > textsNew+textsRead+200 {
			t.Errorf("%d texts are kept of 9000", got)
		}
		s.fake.takes = 50 * time.Millisecond
		s.press("G") // and 20 ms
		if got := s.line(); !strings.Contains(got, "     1 ok ") || !strings.Contains(got, " …  ") {
			t.Errorf("before the store has told, the row is %q", got)
		}
		s.tell(keyPress("w"))
		s.rest(rushTime) // the key is pressed before the text is there
		s.rest(200 * time.Millisecond)
		if got := s.screen(); !strings.Contains(got, "Why?") || !strings.Contains(got, " h.test/1 ") {
			t.Errorf("w does not say which row it means:\n%s", got)
		}
		s.press("esc")
		if got := s.line(); !strings.Contains(got, " h.test/1 ") {
			t.Errorf("the row is %q, want its URL in it", got)
		}
		// What comes meanwhile, however much, does not take the text away.
		for num := 9001; num <= 16000; num += 1000 {
			var jobs []engine.JobState
			for i := range 1000 {
				jobs = append(jobs, ended(num+i))
			}
			s.more(jobs...)
		}
		s.rest(time.Second)
		if got := s.line(); !strings.Contains(got, " h.test/1 ") {
			t.Errorf("after a burst the row is %q", got)
		}
		s.press("f", "j") // among the newest, whose texts the store need not be asked for
		reads := s.fake.reads()
		for num := 16001; num <= 22000; num += 1000 {
			var jobs []engine.JobState
			for i := range 1000 {
				jobs = append(jobs, ended(num+i))
			}
			s.more(jobs...)
		}
		if got := s.line(); !strings.Contains(got, " h.test/15999 ") {
			t.Errorf("after another burst the row is %q, want that of 15999 still", got)
		}
		s.rest(time.Second)
		if s.fake.reads() != reads {
			t.Errorf("%d texts were read of rows that were on the screen", s.fake.reads()-reads)
		}
		if got := kept(); got > textsNew+textsRead+200 {
			t.Errorf("%d texts are kept of 22000", got)
		}
	})
}

// What the store says of a row does not stand over news that came while it was
// asked.
func TestTextsAreNotOlderThanNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := many(t, 9000)
		s.fake.takes = 50 * time.Millisecond
		w := s.results.table.want
		w.by, w.turned = byOutcome, false
		s.run(s.relist(w))
		s.rest(20 * time.Millisecond)
		s.press("g")
		again := engine.JobState{ID: 10, Num: 10, Batch: 1, URL: "http://h.test/10", Host: "h.test", Place: engine.Ended, Outcome: engine.Failed, Why: "news of it"}
		s.more(again)
		s.rest(time.Second)
		if got := s.line(); !strings.Contains(got, "h.test/10 ") || !strings.Contains(got, "news of it") {
			t.Errorf("the row is %q, want the news of it", got)
		}
	})
}

// Moving by pages asks the store for what is on the screen and around it, once.
func TestTextsAreAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := many(t, 9000)
		s.press("G")
		s.rest(time.Second)
		reads := s.fake.reads()
		s.press("k", "j", "k", "k", "j")
		s.rest(time.Second)
		if s.fake.reads() != reads {
			t.Errorf("%d more reads for rows that are there", s.fake.reads()-reads)
		}
		// A store that has lost a row, or fails, is not asked for ever.
		s.fake.results = slices.DeleteFunc(s.fake.results, func(r engine.Result) bool { return r.Num < 5000 })
		s.fake.err = errors.New("disk \x1b[2J gone")
		s.results.move(6000)
		s.tell(nil)
		s.rest(time.Minute)
		if got := s.fake.reads() - reads; got != 1 {
			t.Errorf("a store that fails was asked %d times, want once", got)
		}
		if got := s.screen(); !strings.Contains(got, "disk [2J gone") {
			t.Errorf("that the store fails is not said:\n%s", got)
		}
	})
}

// A word that the store has to be searched for shows its first screenful before
// the search has ended, says how far it is, and is dropped by the next key.
func TestSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := many(t, 40_000)
		s.fake.takes = 10 * time.Millisecond // a thousand rows
		s.press("/")
		s.tell(keyPress("7"))
		s.rest(12 * time.Millisecond)
		if got := s.screen(); !strings.Contains(got, "match so far, searching") || !strings.Contains(got, "h.test/39997") {
			t.Errorf("after one page of the store the screen shows\n%s", got)
		}
		s.rest(200 * time.Millisecond)
		if got := s.screen(); !strings.Contains(got, "searching 5") {
			t.Errorf("half way the screen does not say how far it is:\n%s", got)
		}
		for _, a := range []act{actMarkAll, actExport} { // of what, is not known yet
			s.tell(actMsg{a})
			if got := s.toast(); !strings.Contains(got, "what the filter shows is not all known yet: searching 5") || s.results.marks.n > 0 || s.dialogs.any() {
				t.Errorf("act %d on half a list is answered with %q", a, got)
			}
		}
		s.tell(keyPress("7")) // the list of 7 is of no use any more
		reads := s.fake.reads()
		s.rest(time.Second)
		if got := s.fake.reads() - reads; got > 45 {
			t.Errorf("%d pages were read for 40: the search that was overtaken goes on", got)
		}
		want := 0
		for num := range 40_001 {
			if strings.Contains(fmt.Sprintf("http://h.test/%d", num), "77") {
				want++
			}
		}
		if got, want := s.screen(), fmt.Sprintf("%s of 40,000 match · esc clears", count(want)); !strings.Contains(got, want) {
			t.Errorf("the screen does not say %q:\n%s", want, got)
		}
		s.press("backspace", "backspace")
		s.rest(time.Second)
		s.tell(tea.PasteMsg{Content: "503"})
		s.rest(time.Second)
		s.more(engine.JobState{ID: 70_000, Num: 70_000, Place: engine.Ended, Outcome: engine.Failed, URL: "http://new.test/", Host: "new.test", Why: "status 503"})
		s.tell(frameMsg{})
		if got := s.screen(); !strings.Contains(got, "new.test/") {
			t.Errorf("a new row that matches is not listed:\n%s", got)
		}
		s.press("esc")
		s.rest(time.Second)
		if got := s.results.table.count(); got != 40_001 {
			t.Errorf("after esc there are %d rows, want 40001", got)
		}
	})
}

// A sort that no index helps with goes on behind the list; esc gives it up.
func TestSortByURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := many(t, 50_000)
		s.fake.takes = 10 * time.Millisecond
		sort := func() {
			w := s.results.table.want
			w.by = byURL
			s.run(s.relist(w))
			s.rest(250 * time.Millisecond)
		}
		sort()
		if got := s.screen(); !strings.Contains(got, "sorting 40%") || !strings.Contains(got, "h.test/50000") {
			t.Errorf("while it sorts the screen shows\n%s", got)
		}
		s.press("esc")
		s.rest(time.Second)
		if got := s.screen(); strings.Contains(got, "sorting") || s.results.table.has.by != byNum {
			t.Errorf("after esc the screen shows\n%s", got)
		}
		sort()
		s.rest(time.Second)
		s.press("g")
		if got := s.screen(); !strings.Contains(got, "by url") || !strings.Contains(s.line(), " h.test/1 ") {
			t.Errorf("sorted by URL the screen shows\n%s", got)
		}
		s.more(engine.JobState{ID: 60_000, Num: 60_000, Place: engine.Ended, Outcome: engine.OK, URL: "http://h.test/10", Host: "h.test"})
		if got := s.results.table.find(60_000); got != 2 {
			t.Errorf("a new row stands on line %d, want 2: behind 1 and the other 10", got)
		}
	})
}

// What was missed while the screen was too slow is read from the store, and
// nothing is read again that was not missed.
func TestMissedViews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := many(t, 3000)
		s.more(
			engine.JobState{ID: 4001, Place: engine.Queued, URL: "http://h.test/a", Host: "h.test"},
			engine.JobState{ID: 4002, Place: engine.InFlight, URL: "http://h.test/b", Host: "h.test"},
			engine.JobState{ID: 4003, Place: engine.Ended, Outcome: engine.Cancelled, URL: "http://h.test/c", Host: "h.test"},
			engine.JobState{ID: 4004, Place: engine.Queued, URL: "http://h.test/d", Host: "h.test"},
			engine.JobState{ID: 4005, Place: engine.Queued, URL: "http://h.test/e", Host: "h.test"},
		)
		for num := 3001; num <= 9000; num++ {
			s.fake.results = append(s.fake.results, engine.Result{Job: engine.JobID(num + 2000), Num: uint64(num), Outcome: engine.OK, URL: "http://late.test/", Host: "late.test"})
		}
		s.fake.results[100].Num, s.fake.results[100].Outcome = 9001, engine.Empty // job 101 was retried
		s.fake.results = append(s.fake.results,
			engine.Result{Job: 4001, Num: 9002, Outcome: engine.OK, URL: "http://h.test/a", Host: "h.test"},
			engine.Result{Job: 4003, Num: 9003, Outcome: engine.OK, URL: "http://h.test/c", Host: "h.test"},   // it was restored
			engine.Result{Job: 4004, Num: 20, Outcome: engine.Failed, URL: "http://h.test/d", Host: "h.test"}, // its retry was undone
			engine.Result{Job: 4005, Outcome: engine.Cancelled, URL: "http://h.test/e", Host: "h.test"},
		)
		slices.SortFunc(s.fake.results, func(a, b engine.Result) int { return int(a.Num) - int(b.Num) })
		stats := s.stats
		stats.Classes = []engine.ClassCount{{Results: 9003}}
		reads := s.fake.reads()
		s.tell(viewMsg{view: &engine.View{Full: true, Stats: stats, Jobs: []engine.JobState{
			{ID: 4002, Place: engine.InFlight, URL: "http://h.test/b", Host: "h.test"}, ended(9500),
		}}})
		s.rest(time.Second)
		tb := s.results.table
		if tb.ended != 9004 || tb.waiting != 1 || len(tb.texts.waits) != 1 {
			t.Errorf("%d have ended, %d wait and %d texts of waiting ones are kept, want 9004, 1 and 1", tb.ended, tb.waiting, len(tb.texts.waits))
		}
		for id, want := range map[engine.JobID]string{4001: "ok", 4002: "in flight", 4003: "ok", 4004: "failed", 4005: "cancelled", 101: "empty", 102: "ok", 9500: "ok"} {
			if r := tb.of(id); r == nil || r.state() != want {
				t.Errorf("job %d is %v, want %s", id, r, want)
			}
		}
		if got := s.fake.reads() - reads; got > 9 {
			t.Errorf("%d pages were read, want 6,000 results and no more", got)
		}
	})
}

// The results of a run that is resumed come newest first, with how far that
// is, and a screen that falls behind meanwhile reads them all the same.
func TestOlderOfAResumedRun(t *testing.T) {
	t.Run("as many as there are", func(t *testing.T) { testOlder(t, 30_000) })
	t.Run("more than are known of", func(t *testing.T) { testOlder(t, 9000) })
}

func testOlder(t *testing.T, known int) {
	synctest.Test(t, func(t *testing.T) {
		sc := busyScene()
		sc.jobs = nil
		sc.stats.Counts = engine.Counts{Submitted: 40_000, Backlog: 10_000, OK: known}
		sc.stats.Classes = []engine.ClassCount{{Outcome: engine.OK, Results: uint64(known)}}
		s := newStage(t, startScene(), 120, 36)
		for num := 1; num <= 30_000; num++ {
			s.fake.results = append(s.fake.results, engine.Result{Job: engine.JobID(num), Num: uint64(num), Outcome: engine.OK, URL: "http://old.test/", Host: "old.test"})
		}
		s.fake.results = append(s.fake.results, engine.Result{Job: 50_001, Outcome: engine.Cancelled, URL: "http://lost.test/", Host: "lost.test"})
		s.fake.takes = 10 * time.Millisecond
		full := func() { s.tell(viewMsg{view: &engine.View{Full: true, Stats: sc.stats}}) }
		full()
		if got := s.screen(); !strings.Contains(got, "reading older ones 0%") {
			t.Errorf("at first the screen says\n%s", got)
		}
		s.rest(15 * time.Millisecond)
		if got := s.line(); !strings.Contains(got, fmt.Sprint(known)+" ok ") {
			t.Errorf("after a page of the store the first line is %q, want the newest", got)
		}
		// A job that waits is lost from sight when views are missed.
		s.more(engine.JobState{ID: 50_001, Place: engine.Queued, URL: "http://lost.test/", Host: "lost.test"},
			engine.JobState{ID: 60_000, Num: 60_000, Place: engine.Ended, Outcome: engine.OK, URL: "http://new.test/", Host: "new.test"})
		for range 5 {
			s.rest(25 * time.Millisecond)
			full()
		}
		if got := s.screen(); !strings.Contains(got, "reading older ones ") {
			t.Errorf("on the way the screen says\n%s", got)
		}
		s.rest(time.Second)
		if got := s.results.table.count(); got != 30_002 || s.results.older != nil {
			t.Errorf("%d rows were read, want 30002; reading: %v", got, s.results.older != nil)
		}
		for _, num := range []uint64{30_000, 29_000, 28_000} { // the newest are kept at hand
			slot, _ := s.results.table.x.slot(engine.JobID(num))
			if _, ok := s.results.table.texts.fresh.get(slot); known == 30_000 && !ok {
				t.Errorf("the text of %d made way for older ones", num)
			}
		}
		if r := s.results.table.of(50_001); r == nil || r.outcome != engine.Cancelled {
			t.Errorf("the job that was lost from sight is %+v, want cancelled", r)
		}
	})
}

// Marks, and what is done with them, reach over all rows.
func TestMarksOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := many(t, 9000)
		s.run(s.setFilter("outcome:failed"))
		s.rest(time.Second)
		s.press("*")
		s.run(s.setFilter(""))
		s.rest(time.Second)
		if got := s.screen(); !strings.Contains(got, "9,000 · 900 marked") {
			t.Errorf("the heading does not say what is marked:\n%s", got)
		}
		s.press("r")
		s.rest(time.Second)
		if want := []string{"retry 900 jobs"}; !slices.Equal(s.fake.calls, want) {
			t.Errorf("the engine was told %v, want %v", s.fake.calls, want)
		}
		s.run(s.setFilter("code:200"))
		s.rest(time.Second)
		s.press("G", "space", "space", "y") // the last one twice is no mark
		s.rest(time.Second)
		s.press("g", "space", "G", "space", "y")
		s.rest(time.Second)
		var copied []string
		for _, msg := range s.said {
			copied = append(copied, fmt.Sprint(msg))
		}
		if want := []string{"http://h.test/1", "http://h.test/9000\nhttp://h.test/1"}; len(copied) != 2 || copied[1] != want[1] {
			t.Errorf("copied %q, want %q", copied, want)
		}
		s.press("*", "y")
		s.rest(time.Second)
		if got := s.toast(); !strings.Contains(got, "more than terminals copy: e writes a file") {
			t.Errorf("too much to copy is answered with %q", got)
		}
	})
}

// What the filter shows is exported whole, cancelled jobs too: a real store
// tells of these apart.
func TestExportOfAFilter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
			return engine.Step{Result: &engine.Result{Outcome: engine.Failed, Class: engine.Status, Status: 404}}
		}}
		eng, err := engine.New(fake, engine.Config{Interval: time.Hour, Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		m := newModel(t.Context(), Deps{Controller: eng, Exporter: &files{}})
		defer m.Close()
		m.Update(tea.WindowSizeMsg{Width: 120, Height: 36})
		var wg sync.WaitGroup
		wg.Go(func() { eng.Run(t.Context()) })
		for range 2 {
			if _, err := eng.Add(t.Context(), engine.Batch{}, enginetest.Jobs("a.test", 5)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(150 * time.Minute)
		if _, err := eng.Cancel(t.Context(), engine.Selector{All: true}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		m.Update(m.feed.take()())
		m.setFilter("test")
		if got := m.results.table.count(); got != 10 {
			t.Fatalf("the filter shows %d rows, want 10", got)
		}
		m.export()
		d, ok := m.dialogs.open[0].(*exportDialog)
		if !ok {
			t.Fatal("e asks for no file")
		}
		got := map[engine.Outcome]int{}
		for r, err := range d.results {
			if err != nil {
				t.Fatal(err)
			}
			got[r.Outcome]++
		}
		if got[engine.Failed] != 3 || got[engine.Cancelled] != 7 {
			t.Errorf("exported %v, want 3 failed and 7 cancelled", got)
		}
		eng.Close()
		wg.Wait()
	})
}

// A ring forgets the text that was put first, but none for a place that its slot
// had before.
func TestRing(t *testing.T) {
	r, last := newRing(3), [9]int64{}
	check := func(want ...uint32) {
		t.Helper()
		for slot := range uint32(9) {
			if tx, ok := r.get(slot); ok != slices.Contains(want, slot) || ok && tx.ended != last[slot] {
				t.Errorf("slot %d has the text %v, %v, want those of %v", slot, tx, ok, want)
			}
		}
		if len(r.at) != len(want) {
			t.Errorf("%d texts are kept, want %d", len(r.at), len(want))
		}
	}
	put := func(slot uint32) {
		last[slot]++
		r.put(slot, text{ended: last[slot]})
	}
	for _, slot := range []uint32{1, 2, 1, 3} {
		put(slot)
	}
	check(1, 2, 3)
	put(4)
	check(2, 3, 4)
	delete(r.at, 2)
	check(3, 4)
	put(5) // in the place of 2
	put(3)
	check(3, 4, 5)
	delete(r.at, 4)
	put(6) // in the place of 3
	put(3) // in that of 4
	put(7) // in that of 5
	check(3, 6, 7)
	put(8)
	check(3, 7, 8)
	delete(r.at, 3)
	delete(r.at, 7)
	put(7) // in the place of 3
	check(7, 8)
	put(1) // in that which 7 had
	check(1, 7, 8)
}

// What was taken a snapshot of stays as it was, and costs nothing until it
// changes.
func TestIndexSnapshot(t *testing.T) {
	x := newIndex()
	put := func(s engine.JobState) { x.set(uint32(s.ID), x.record(&s)) }
	known := func(x *index) (n int) {
		for range x.all() {
			n++
		}
		return n
	}
	for num := 1; num < 3*pageLen; num++ {
		put(ended(num))
	}
	then := x.snapshot()
	again := ended(pageLen + 5)
	again.Status, again.Num = 503, 1<<20
	put(again)
	put(ended(5 * pageLen))
	if r := then.at(pageLen + 5); r.status != 200 || r.num != pageLen+5 || known(then) != 3*pageLen-1 {
		t.Errorf("the snapshot has %+v of %d", r, known(then))
	}
	if r := x.at(pageLen + 5); r.status != 503 || known(x) != 3*pageLen {
		t.Errorf("the index has %+v of %d", r, known(x))
	}
	for i, shared := range []bool{true, false, true} {
		if got := x.pages[i] == then.pages[i]; got != shared {
			t.Errorf("page %d is shared: %v, want %v", i, got, shared)
		}
	}
	page := x.pages[1]
	if put(again); x.pages[1] != page {
		t.Error("a page is copied for every change")
	}
	x.snapshot()
	x.unshare()
	if put(again); x.pages[1] == page {
		t.Error("one of two snapshots is read no more, and the page of the other is changed")
	}
	page = x.pages[0]
	x.unshare()
	if put(ended(5)); x.pages[0] != page {
		t.Error("a page is copied that no snapshot has any more")
	}
	// Of what was not heard of nothing is known, in a page that there is, in one
	// that there is not, and behind all.
	for _, id := range []engine.JobID{0, 4*pageLen + 1, 5*pageLen + 1, 1 << 31, 1 << 40} {
		if _, ok := x.slot(id); ok {
			t.Errorf("job %d is known", id)
		}
	}
	if slot, ok := x.slot(5 * pageLen); slot != 5*pageLen || !ok {
		t.Errorf("job %d has the slot %d, %v", 5*pageLen, slot, ok)
	}
}
