package ui

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"weir/engine"
)

// ended makes a job that ended well as number num.
func ended(num int) engine.JobState {
	return engine.JobState{
		ID: engine.JobID(num), Num: uint64(num), Batch: 1, URL: fmt.Sprintf("http://h.test/%d", num), Host: "h.test",
		Place: engine.Ended, Outcome: engine.OK, Status: 200, Attempts: 1,
	}
}

func (s *stage) more(jobs ...engine.JobState) {
	s.tell(viewMsg{view: &engine.View{Stats: s.stats, Jobs: jobs}})
}

// The cursor follows the newest until it is moved, then stays on its row.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		heading := func() string { return strings.Split(s.screen(), "\n")[19] }
		s.more(ended(813))
		if got := s.results.selected().num; got != 812 {
			t.Errorf("a key before the next frame means row %d, want 812, which is on the screen", got)
		}
		s.tell(frameMsg{})
		if got := s.results.selected().num; got != 813 {
			t.Errorf("following, the cursor is on %d, want 813", got)
		}
		s.press("j")
		s.more(ended(814), ended(815))
		s.tell(frameMsg{})
		if got := s.results.selected().num; got != 812 {
			t.Errorf("after two more, the cursor is on %d, want 812", got)
		}
		if got, want := heading(), "815 · 2 new · f follows"; !strings.Contains(got, want) {
			t.Errorf("heading is %q, want %q in it", got, want)
		}
		lines := strings.Split(s.screen(), "\n")
		if got := lines[22]; !strings.HasPrefix(got, "┃▸     812") {
			t.Errorf("the cursor's line has moved: %q", got)
		}
		s.press("f")
		if got := s.results.selected().num; got != 815 || !strings.Contains(heading(), "following") {
			t.Errorf("f goes to %d, want 815; heading %q", got, heading())
		}
	})
}

// A key acts on the row that was drawn under the cursor.
func TestKeyMeansWhatWasDrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		failed := ended(813)
		failed.Outcome, failed.Class = engine.Failed, engine.Timeout
		s.more(failed)
		s.tell(frameMsg{})
		s.more(ended(814)) // comes while the operator reaches for the key
		s.press("r")
		if want := []string{"retry job 813"}; !slices.Equal(s.fake.calls, want) {
			t.Errorf("the engine was told %v, want %v", s.fake.calls, want)
		}
	})
}

func TestFilter(t *testing.T) {
	for _, tc := range []struct {
		filter string
		want   []uint64 // of the newest seven
	}{
		{"outcome:failed", []uint64{810, 808}},
		{"outcome:f", []uint64{810, 808}},
		{"code:5xx", []uint64{810}},
		{"code:-", []uint64{808, 807}},
		{"class:time", []uint64{808}},
		{"host:4011", []uint64{809}},
		{"batch:1 outcome:ok", []uint64{812, 806}},
		{"SCHEDULE outcome:empty", []uint64{811}},
		{"missingcell", []uint64{809}},
		{"http://127.0.0.1:4014", []uint64{808}},
		{"nowhere", nil},
		{"", []uint64{812, 811, 810, 809, 808, 807, 806}},
	} {
		t.Run(tc.filter, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sc := busyScene()
				sc.jobs = sc.jobs[len(sc.jobs)-7:]
				s := newStage(t, sc, 120, 36)
				s.press("/")
				for _, r := range tc.filter {
					if r == ' ' {
						s.tell(keyPress("space"))
						continue
					}
					s.tell(keyPress(string(r)))
				}
				var got []uint64
				for i := range s.results.table.count() {
					got = append(got, s.results.table.at(i).num)
				}
				if !slices.Equal(got, tc.want) {
					t.Errorf("filter %q shows %v, want %v", tc.filter, got, tc.want)
				}
				if want := fmt.Sprintf("%d of 7 match · esc clears", len(tc.want)); !strings.Contains(s.screen(), want) {
					t.Errorf("the screen does not say %q:\n%s", want, s.screen())
				}
				s.press("enter", "esc")
				if got := s.results.table.count(); got != 7 {
					t.Errorf("after esc there are %d rows, want 7", got)
				}
			})
		})
	}
}

// Tab completes a key, then the values that the run has.
func TestFilterCompletes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		for _, step := range []struct{ key, want string }{
			{"/", ""},
			{"c", "c"},
			{"tab", "class:"},
			{"tab", "code:"},
			{"backspace", "code"},
			{"tab", "code:"},
			{"tab", "code:2xx"},
			{"space", "code:2xx "},
			{"h", "code:2xx h"},
			{"tab", "code:2xx host:"},
			{"tab", "code:2xx host:127.0.0.1:4010"},
			{"tab", "code:2xx host:127.0.0.1:4011"},
		} {
			s.press(step.key)
			if got := s.filter.Value(); got != step.want {
				t.Fatalf("after %s the filter is %q, want %q", step.key, got, step.want)
			}
		}
	})
}

// Enter on a batch, host or worker shows its results.
func TestOpenFilters(t *testing.T) {
	for p, want := range map[panel]string{batchesPanel: "batch:1", hostsPanel: "host:127.0.0.1:4011", workersPanel: "host:127.0.0.1:4010"} {
		synctest.Test(t, func(t *testing.T) {
			sc := busyScene()
			sc.focus = p
			s := newStage(t, sc, 120, 36)
			s.press("enter")
			if got := s.filter.Value(); got != want || s.focus != resultsPanel {
				t.Errorf("enter on %v filters by %q on %v, want %q on Results", p, got, s.focus, want)
			}
		})
	}
}

// v goes from what has ended to what waits, with when and why, to all.
func TestShow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		s.more(engine.JobState{
			ID: 900, Batch: 1, URL: "http://127.0.0.1:4011/late", Host: "127.0.0.1:4011", Place: engine.Deferred, Attempts: 1,
			Reason: engine.RetryWait{Due: s.stats.At.Add(9 * time.Second), Class: engine.Timeout, Retry: 1},
		})
		s.press("v")
		if got := s.screen(); !strings.Contains(got, "1 of 443 waiting") || !strings.Contains(got, "- retry        -    9.0s") || !strings.Contains(got, "retry 1 in 9.0s: timeout") {
			t.Errorf("the waiting job is not told about:\n%s", got)
		}
		s.press("v")
		if got := s.results.table.count(); got != 813 {
			t.Errorf("all are %d rows, want 813", got)
		}
	})
}

// Results from before the first view are read in pages, and never stand over
// newer states.
func TestOlderResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := busyScene()
		sc.jobs = nil
		s := newStage(t, sc, 120, 36)
		for i := range 1700 {
			s.fake.results = append(s.fake.results, engine.Result{Job: engine.JobID(i + 1), Num: uint64(i + 1), URL: "http://old.test/", Outcome: engine.Empty})
		}
		var jobs []engine.JobState
		for num := 1601; num <= 1700; num++ {
			jobs = append(jobs, ended(num))
		}
		jobs = append(jobs, engine.JobState{ID: 5, Place: engine.Queued, URL: "http://again.test/"})
		s.tell(viewMsg{view: &engine.View{Full: true, Stats: sc.stats, Jobs: jobs}})
		if s.results.older == nil {
			t.Error("nothing older is read")
		}
		s.rest(time.Second)
		if got := s.results.table.ended; got != 1699 || s.results.older != nil {
			t.Errorf("%d rows have ended, want 1699; still reading: %v", got, s.results.older != nil)
		}
		if got := s.results.table.of(5).place; got != engine.Queued {
			t.Errorf("job 5 is %v, want queued, as the view says", got)
		}
		if got := s.results.table.of(1650).outcome; got != engine.OK {
			t.Errorf("job 1650 is %v, want ok, as the view says", got)
		}
	})
}

// jobOf makes a random state of one of 300 jobs.
func jobOf(rnd *rand.Rand) engine.JobState {
	s := engine.JobState{
		ID: engine.JobID(1 + rnd.IntN(300)), Batch: engine.BatchID(rnd.IntN(3)), Elapsed: time.Duration(rnd.IntN(5)) * time.Second,
		Bytes: int64(rnd.IntN(4)), URL: "http://" + string(rune('a'+rnd.IntN(5))), Host: string(rune('a' + rnd.IntN(2))), Status: 200 + rnd.IntN(2),
		Place: engine.Ended, Outcome: engine.OK + engine.Outcome(rnd.IntN(5)), Num: uint64(1 + rnd.IntN(1000)),
		Attempts: rnd.IntN(3), Records: rnd.IntN(3), Class: engine.Class([]string{"", "timeout", "status"}[rnd.IntN(3)]),
	}
	if s.Outcome == engine.Cancelled {
		s.Num = 0
	}
	if rnd.IntN(4) == 0 {
		s.Place, s.Outcome, s.Num = engine.Queued, engine.OutcomeNone, 0
	}
	return s
}

// someJobs makes states of up to n jobs, each once.
func someJobs(rnd *rand.Rand, n int) []engine.JobState {
	var states []engine.JobState
	for range rnd.IntN(n + 1) {
		s := jobOf(rnd)
		if !slices.ContainsFunc(states, func(o engine.JobState) bool { return o.ID == s.ID }) {
			states = append(states, s)
		}
	}
	return states
}

var someFilters = []string{"", "batch:1", "code:201", "host:b outcome:o", "class:t", "b", "timeout batch:2", "outcome:qu"}

// listedAnew returns the list as if all rows were looked at and compared anew,
// by the rows that are drawn.
func listedAnew(t *table, store shelved) []engine.JobID {
	var rows []*jobRow
	for slot := range t.x.all() {
		r := t.row(slot)
		if s, ok := store[r.id]; ok && !r.told {
			r.text = newText(&s)
		}
		ended := r.place == engine.Ended
		if t.want.show == showEnded && !ended || t.want.show == showWaiting && ended || !matches(t.want.filter.text, r) {
			continue
		}
		rows = append(rows, r)
	}
	num := func(r *jobRow) uint64 {
		if r.num == 0 && r.place != engine.Ended {
			return 1 << 40
		}
		return r.num
	}
	rank := map[engine.Outcome]int{engine.Failed: 0, engine.Empty: 1, engine.Skipped: 2, engine.Cancelled: 3, engine.OK: 4, engine.OutcomeNone: 5}
	slices.SortFunc(rows, func(a, b *jobRow) int {
		by := map[column]int{
			byOutcome: cmp.Compare(rank[a.outcome], rank[b.outcome]), byCode: cmp.Compare(a.status, b.status), byTime: cmp.Compare(a.time, b.time),
			bySize: cmp.Compare(a.bytes, b.bytes), byRows: cmp.Compare(a.records, b.records), byTry: cmp.Compare(a.tries, b.tries),
			byURL: cmp.Compare(a.url, b.url), byWhy: cmp.Compare(a.why, b.why),
		}
		return cmp.Or(by[t.want.by], cmp.Compare(num(a), num(b)), cmp.Compare(a.id, b.id))
	})
	if t.want.down() {
		slices.Reverse(rows)
	}
	ids := make([]engine.JobID, len(rows))
	for i, r := range rows {
		ids[i] = r.id
	}
	return ids
}

// matches says what the filters of these tests mean.
func matches(filter string, r *jobRow) bool {
	for word := range strings.FieldsSeq(filter) {
		ok := false
		switch key, value, _ := strings.Cut(word, ":"); key {
		case "batch":
			ok = fmt.Sprint(r.batch) == value
		case "code":
			ok = fmt.Sprint(r.status) == value
		case "host":
			ok = strings.Contains(r.host, value)
		case "class":
			ok = strings.HasPrefix(string(r.class), value)
		case "outcome":
			ok = strings.HasPrefix(r.state(), value)
		default:
			ok = strings.Contains(r.url, word) || strings.Contains(r.why, word)
		}
		if !ok {
			return false
		}
	}
	return true
}

func listOf(t *table) []engine.JobID {
	ids := make([]engine.JobID, t.count())
	for i := range ids {
		ids[i] = t.keyAt(i)
	}
	return ids
}

// Whatever comes in which order, the list is what sorting all rows makes.
func TestTableKeepsOrder(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for by := range columns {
		for _, show := range []show{showEnded, showWaiting, showAll} {
			for _, filter := range someFilters {
				table := newTable()
				if l := table.relist(want{show: show, by: by, turned: rnd.IntN(2) == 0, filter: parseFilter(filter)}); l != nil {
					t.Fatal("a short list is not made at once")
				}
				for range 20 {
					table.put(someJobs(rnd, 20))
					if rnd.IntN(10) == 0 {
						table.doubt()
						table.put(someJobs(rnd, 20))
						table.forget()
					}
					if got, want := listOf(table), listedAnew(table, nil); !slices.Equal(got, want) {
						t.Fatalf("by %v, %v, %q: list is\n%v, want\n%v as if sorted anew", by, show, filter, got, want)
					}
					for i := range table.count() {
						if at := table.find(table.keyAt(i)); at != i {
							t.Fatalf("by %v, %v, %q: row %d is found at %d", by, show, filter, i, at)
						}
					}
				}
				again := listOf(table)
				table.relist(table.want)
				if got := listOf(table); !slices.Equal(got, again) {
					t.Fatalf("by %v, %v, %q: made anew the list is\n%v, want\n%v", by, show, filter, got, again)
				}
			}
		}
	}
}

// shelved is a store whose results can be read, and the states that a view
// would bring.
type shelved map[engine.JobID]engine.JobState

func (s shelved) put(states []engine.JobState) []engine.JobState {
	for _, j := range states {
		s[j.ID] = j
	}
	return states
}

func (s shelved) read(_ context.Context, q engine.Query) ([]engine.JobState, error) {
	var found []engine.JobState
	cancelled := slices.Contains(q.Outcomes, engine.Cancelled)
	if len(q.Jobs) == 0 {
		panic("all was asked for")
	}
	for _, id := range q.Jobs {
		if j, ok := s[id]; ok && j.Place == engine.Ended && (j.Outcome == engine.Cancelled) == cancelled {
			found = append(found, j)
		}
	}
	return found, nil
}

// A long list is made beside the loop, in steps where it needs texts, and what
// changes meanwhile is in it.
func TestRelistMeanwhile(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for by := range columns {
		for _, show := range []show{showEnded, showWaiting, showAll} {
			for _, filter := range someFilters[len(someFilters)-1-(int(by)+int(show))%len(someFilters):][:1] {
				store := shelved{}
				table := newTable()
				table.read, table.few = store.read, 7
				var many []engine.JobState
				for _, id := range rnd.Perm(listAtOnce + 1000) { // not heard of in the order of their ids
					s := jobOf(rnd)
					s.ID = engine.JobID(1 + id)
					many = append(many, s)
				}
				table.put(store.put(many))
				w := want{show: show, by: by, turned: rnd.IntN(2) == 0, filter: parseFilter(filter)}
				overtaken := table.relist(want{by: byURL})
				l := table.relist(w)
				if l == nil || overtaken == nil || !overtaken.dropped.Load() {
					t.Fatal("a long list was made at once, or one that is overtaken goes on")
				}
				change := func() {
					some := someJobs(rnd, 30)
					for i := range some {
						if rnd.IntN(2) == 0 {
							some[i].ID = many[i*17+rnd.IntN(17)].ID
						}
					}
					table.put(store.put(some))
				}
				change()
				if table.listed(overtaken.step(t.Context())) {
					t.Fatal("the list that was overtaken was taken")
				}
				steps := 0
				for done := false; !done; steps++ {
					msg := l.step(t.Context())
					change()
					if !table.listed(msg) || msg.err != nil {
						t.Fatalf("the list was not taken, or %v", msg.err)
					}
					done = msg.done
					change()
					if !done && msg.rows != nil { // it begins as the whole will
						if got, want := listOf(table), listedAnew(table, store); len(got) == 0 || got[0] != want[0] {
							t.Fatalf("by %v, %v, %q: a part begins with %v, want %v", by, show, filter, got[:1], want[:1])
						}
					}
				}
				if table.x.read != 0 {
					t.Errorf("both lists are made, or dropped, and %d snapshots are kept", table.x.read)
				}
				if got, want := listOf(table), listedAnew(table, store); !slices.Equal(got, want) {
					t.Fatalf("by %v, %v, %q: after %d steps the list has %d rows, want %d as if sorted anew", by, show, filter, steps, len(got), len(want))
				}
			}
		}
	}
}

// Hosts stand in the order of their states; a countdown changes nothing.
func TestHostsOrder(t *testing.T) {
	at := noon
	host := func(name string, pace time.Duration, waiting int, why engine.Reason) engine.HostStats {
		return engine.HostStats{Host: name, Interval: pace, Waiting: waiting, Reason: why}
	}
	p := newHosts(new(engine.Stats))
	p.SetFocus(true)
	take := func(s engine.Stats) {
		*p.stats = s
		p.Update(numbersMsg{})
	}
	take(engine.Stats{Hosts: []engine.HostStats{
		host("done", 9*time.Second, 0, engine.ServerBusy{Until: at.Add(time.Second)}),
		host("fast", time.Second, 1, engine.PaceWait{Next: at.Add(time.Second)}),
		host("parked", time.Second, 1, engine.ServerAsked{Until: at.Add(time.Hour), Parked: true}),
		host("probed", time.Second, 1, engine.Probing{}),
		host("refused", time.Second, 1, engine.ServerBusy{Until: at.Add(time.Second)}),
		host("slow", 5*time.Second, 1, engine.TurnOut{}),
	}})
	names := func() (names []string) {
		for i := range p.count() {
			names = append(names, p.keyAt(i))
		}
		return names
	}
	want := []string{"parked", "refused", "probed", "slow", "fast", "done"}
	if got := names(); !slices.Equal(got, want) {
		t.Errorf("hosts stand as %v, want %v", got, want)
	}
	p.cur.moveTo(p, 1)
	take(engine.Stats{At: at.Add(time.Minute), Hosts: []engine.HostStats{
		host("done", 9*time.Second, 0, nil),
		host("fast", time.Second, 1, engine.TurnOut{}),
		host("parked", time.Second, 1, engine.ServerAsked{Until: at.Add(time.Hour), Parked: true}),
		host("probed", time.Second, 1, engine.Probing{}),
		host("refused", time.Second, 1, engine.ServerBusy{Until: at.Add(2 * time.Minute)}),
		host("slow", 5*time.Second, 1, engine.PaceWait{Next: at.Add(2 * time.Minute)}),
	}})
	if got := names(); !slices.Equal(got, want) {
		t.Errorf("later, hosts stand as %v, want %v", got, want)
	}
	if got := p.selected().Host; got != "refused" {
		t.Errorf("the cursor is on %s, want refused", got)
	}
}

// Nobody works in the panel: what stands first is what it shows, however many
// hosts come in front. Once the operator has gone to a row, it stays there.
func TestHostsShowsTheWorstUntilItIsWorkedIn(t *testing.T) {
	see := func(p *hosts, focused bool, refused ...string) string {
		var s engine.Stats
		for _, name := range []string{"a", "b", "c", "d"} {
			h := engine.HostStats{Host: name, Interval: time.Second, Waiting: 1}
			if slices.Contains(refused, name) {
				h.Reason = engine.ServerBusy{Until: noon}
			}
			s.Hosts = append(s.Hosts, h)
		}
		*p.stats = s
		p.SetFocus(focused)
		p.Update(numbersMsg{})
		return p.keyAt(p.cur.at)
	}
	p := newHosts(new(engine.Stats))
	p.SetSize(80, 3, true)
	for _, tc := range []struct {
		name    string
		focused bool
		refused []string
		move    bool
		want    string
	}{
		{name: "at first", want: "a"},
		{name: "another is worse", refused: []string{"c"}, want: "c"},
		{name: "with the focus the row is held", focused: true, refused: []string{"b", "c"}, want: "c"},
		{name: "without it the worst is shown", refused: []string{"b", "c"}, want: "b"},
		{name: "a row that was gone to is held for good", move: true, refused: []string{"c"}, want: "b"},
	} {
		if tc.move {
			p.cur.moveTo(p, 0)
		}
		if got := see(p, tc.focused, tc.refused...); got != tc.want {
			t.Errorf("%s: the cursor stands on %s, want %s", tc.name, got, tc.want)
		}
	}
}

// Without colour, nothing but colour is missing.
func TestNoColour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		before := s.screen()
		s.tell(tea.ColorProfileMsg{Profile: colorprofile.ASCII}) // which NO_COLOR makes
		view := s.View().Content
		for _, code := range []string{"38;", "\x1b[3", "\x1b[9"} {
			if strings.Contains(view, code) {
				t.Errorf("the view has colours: %q", code)
			}
		}
		for _, code := range []string{"\x1b[1m", "\x1b[7m"} {
			if !strings.Contains(view, code) {
				t.Errorf("the view has no %q", code)
			}
		}
		if got := s.screen(); got != before {
			t.Errorf("the cells have changed:\n%s", got)
		}
	})
}

// What happens without a key is said.
func TestNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		sc := busyScene()
		b, h := &sc.stats.Batches[0], &sc.stats.Hosts[1]
		b.State, b.Counts = engine.BatchDone, engine.Counts{Submitted: 100, OK: 97, Empty: 1, Failed: 2}
		h.Reason = engine.ServerAsked{Until: noon.Add(time.Hour), Asked: time.Hour, Status: 429, Parked: true}
		s.bring(sc)
		s.bring(busyScene())
		var got []string
		for _, one := range s.toasts.list {
			got = append(got, one.text)
		}
		want := []string{
			"batch 1 schedule 2024-11+36 finished: 97 ok, 1 empty, 2 failed",
			"127.0.0.1:4011 PARKED 429 asked 1h: at 13:00:00, 56m48s",
			"127.0.0.1:4011 is back",
		}
		if !slices.Equal(got, want) {
			t.Errorf("toasts are %q, want %q", got, want)
		}
		s.rest(2 * toastTime)
		if n := len(s.toasts.list); n > 0 {
			t.Errorf("%d toasts stay", n)
		}
	})
}

func TestTitleAndProgress(t *testing.T) {
	for _, tc := range []struct {
		scene scene
		title string
		state tea.ProgressBarState
	}{
		{startScene(), "weir", tea.ProgressBarNone},
		{busyScene(), "weir 64% · 9 failed", tea.ProgressBarDefault},
		{pausedScene(), "weir 64% · 9 failed", tea.ProgressBarWarning},
		{finishedScene(), "weir 100% · 52 failed", tea.ProgressBarNone},
	} {
		synctest.Test(t, func(t *testing.T) {
			v := newStage(t, tc.scene, 120, 36).View()
			var state tea.ProgressBarState
			if v.ProgressBar != nil {
				state = v.ProgressBar.State
			}
			if v.WindowTitle != tc.title || state != tc.state || !v.AltScreen {
				t.Errorf("%s: title %q, progress %v, want %q, %v", tc.scene.name, v.WindowTitle, state, tc.title, tc.state)
			}
		})
	}
}

// While details are open a key means the URL that they show: new results do
// not take the cursor from it, and not even leaving the list does.
func TestDetailsHoldTheirRow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		failed := func(num int) engine.JobState {
			j := ended(num)
			j.Outcome, j.Class = engine.Failed, engine.Timeout
			return j
		}
		s.more(failed(813))
		s.tell(frameMsg{})
		s.press("d")
		s.more(failed(814), failed(815))
		s.tell(frameMsg{})
		s.press("r")
		if got, want := strings.Split(s.screen(), "\n")[19], "2 new · f follows"; !strings.Contains(got, want) {
			t.Errorf("heading is %q, want %q in it", got, want)
		}
		again := ended(813)
		again.Place, again.Outcome, again.Num = engine.Queued, 0, 0
		s.more(again)
		s.tell(frameMsg{})
		s.press("r", "x", "j", "r")
		if want := []string{"retry job 813", "cancel job 813", "retry job 811"}; !slices.Equal(s.fake.calls, want) {
			t.Errorf("the engine was told %v, want %v", s.fake.calls, want)
		}
		s.press("f")
		if got, want := s.screen(), "814 · newest first · following"; strings.Contains(got, "Details") || !strings.Contains(got, want) {
			t.Errorf("after f the screen shows\n%s\nwant %q and no details", got, want)
		}
	})
}

// An empty screen promises the pace that the run has.
func TestTeachPace(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Second:            "Each host is asked at most once a second, whatever",
		500 * time.Millisecond: "Each host is asked at most once in 0.5s, whatever",
		2 * time.Minute:        "Each host is asked at most once in 2m0s, whatever",
		0:                      "Each host is asked as fast as it answers:",
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newModel(t.Context(), Deps{Controller: &fakeController{}, Interval: d})
			m.Update(tea.WindowSizeMsg{Width: 120, Height: 36})
			if got := ansi.Strip(m.View().Content); !strings.Contains(got, want) {
				t.Errorf("at %v the screen shows\n%s\nwant %q in it", d, got, want)
			}
		})
	}
}

// A filter without a match is counted once, in its own line; the rows say where
// else to look, while a key for that would not be text.
func TestFilterWithoutAMatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, size := range sizes {
			s := newStage(t, busyScene(), size[0], size[1])
			looks := "v  looks among those that wait"
			s.press("/", "z", "e", "b", "r", "a")
			if got := s.screen(); strings.Count(got, "0 of 812 match · esc clears") != 1 || !strings.Contains(got, "No URL that has ended has that.") || strings.Contains(got, looks) {
				t.Errorf("typed, the screen is\n%s", got)
			}
			s.press("enter")
			if got := s.screen(); strings.Count(got, "0 of 812 match · esc clears") != 1 || !strings.Contains(got, looks) {
				t.Errorf("kept, the screen is\n%s", got)
			}
			s.tell(statsMsg{finishedScene().stats})
			if got := s.screen(); strings.Contains(got, looks) {
				t.Errorf("nothing waits, and the screen is\n%s", got)
			}
			s.press("v", "v")
			if got := s.screen(); !strings.Contains(got, "No URL has that.") || strings.Contains(got, looks) {
				t.Errorf("of all, the screen is\n%s", got)
			}
		}
	})
}
