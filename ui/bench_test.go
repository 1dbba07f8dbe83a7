package ui

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// heldJob is one ended job of 50 hosts.
func heldJob(num int) engine.JobState {
	host := "host" + strconv.Itoa(10+num%50) + ".example.org"
	return engine.JobState{
		ID: engine.JobID(num), Num: uint64(num), Batch: 1, Host: host, URL: "https://" + host + "/page/" + strconv.Itoa(num*7919%1_000_003),
		Place: engine.Ended, Outcome: engine.OK + engine.Outcome(num%3), Status: 200 + num%7, Attempts: 1,
		Elapsed: time.Duration(num%977) * time.Millisecond, Bytes: int64(num % 4999), Records: num % 31, Title: "A page of many",
	}
}

func heldJobs(from, n int) []engine.JobState {
	jobs := make([]engine.JobState, n)
	for i := range jobs {
		jobs[i] = heldJob(from + i)
	}
	return jobs
}

// heldStore is a controller whose store has n results.
type heldStore struct {
	*fakeController
	n int
}

func (c *heldStore) States(_ context.Context, q engine.Query) ([]engine.JobState, error) {
	if len(q.Jobs) == 0 {
		from := int(q.After) + 1
		return heldJobs(from, max(min(q.Limit, c.n+1-from), 0)), nil
	}
	if slices.Contains(q.Outcomes, engine.Cancelled) {
		return nil, nil
	}
	states := make([]engine.JobState, len(q.Jobs))
	for i, id := range q.Jobs {
		states[i] = heldJob(int(id))
	}
	return states, nil
}

// held is a screen with n results behind it.
func held(n int) *Model { return heldTo(n, n) }

// heldTo is one with the n results up to a number.
func heldTo(last, n int) *Model {
	m := newModel(context.Background(), Deps{Controller: &heldStore{&fakeController{}, last}, Name: "bench", Interval: time.Second})
	sc := busyScene()
	m.Update(tea.WindowSizeMsg{Width: 120, Height: 36})
	const page = 4096
	for from := last - n + 1; from <= last; from += page {
		m.Update(viewMsg{view: &engine.View{Full: !m.live, More: true, Stats: sc.stats, Jobs: heldJobs(from, min(page, last-from+1))}})
	}
	m.tell(frameMsg{})
	return m
}

var heldSizes = []int{1000, 1_000_000}

// runAll runs a command and those that follow from it, one after the other,
// until until holds. It leaves out timers.
func (m *Model) runAll(cmd tea.Cmd, until func() bool) {
	queue := []tea.Cmd{cmd}
	for len(queue) > 0 && !until() {
		cmd := queue[0]
		queue = queue[1:]
		if cmd == nil {
			continue
		}
		switch msg := cmd().(type) {
		case tea.BatchMsg:
			queue = append(queue, msg...)
		case nil, toastGoneMsg, calmMsg, rushMsg:
		default:
			_, cmd := m.Update(msg)
			m.View()
			queue = append(queue, cmd)
		}
	}
}

// What a frame costs over a million rows against the same over the last
// thousand of them, in every order: Update and View of a view with so many new
// results, and of one with rows that change. The frames of both take turns, and
// their medians count. Run it with -benchtime 200x: the thousand grow by what
// comes.
func BenchmarkDepth(b *testing.B) {
	const million = 1_000_000
	wants := []want{{turned: true}, {by: byTime, turned: true}, {by: bySize, show: showAll}, {by: byTime, filter: parseFilter("host:host1")}, {by: byRows, show: showWaiting}}
	for by := range columns {
		wants = slices.Insert(wants, int(by), want{by: by})
	}
	var deep *Model
	next := 2 * million
	for _, w := range wants {
		for _, comes := range []struct{ fresh, again int }{{0, 0}, {1, 0}, {50, 0}, {0, 50}} {
			name := fmt.Sprintf("by %v/%v", w.by, w.show)
			if w.turned {
				name += " turned"
			}
			b.Run(fmt.Sprintf("%s %s/%d new %d again", name, w.filter.text, comes.fresh, comes.again), func(b *testing.B) {
				if deep == nil {
					deep = heldTo(million, million)
				}
				models := [2]*Model{heldTo(million, 1000), deep}
				for _, m := range models {
					if has := m.results.table.has; has.by != w.by || has.show != w.show || has.turned != w.turned || has.filter.text != w.filter.text {
						m.runAll(m.relist(w), func() bool { return false })
						m.results.move(0)
						m.runAll(m.askTexts(), func() bool { return false })
					}
				}
				stats := busyScene().stats
				var took [2][]float64 // ns
				for b.Loop() {
					for i, m := range models {
						jobs := heldJobs(next, comes.fresh)
						for n := range comes.again {
							s := heldJob(next + n)
							s.ID = engine.JobID(million - (next+n)*7919%[]int{1000, million}[i])
							jobs = append(jobs, s)
						}
						if w.show == showWaiting {
							for i := range jobs {
								jobs[i].Place, jobs[i].Outcome, jobs[i].Num = engine.Queued, engine.OutcomeNone, 0
							}
						}
						begin := time.Now()
						m.Update(viewMsg{view: &engine.View{Stats: stats, Jobs: jobs}})
						m.View()
						took[i] = append(took[i], float64(time.Since(begin)))
					}
					next += comes.fresh + comes.again
				}
				for i := range took {
					slices.Sort(took[i])
				}
				small, large := took[0][len(took[0])/2], took[1][len(took[1])/2]
				b.ReportMetric(small, "ns-thousand")
				b.ReportMetric(large, "ns-million")
				b.ReportMetric(large/small, "ratio")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// A burst of 10,000 changes a second: ten frames of 1,000.
func BenchmarkBurst(b *testing.B) {
	for _, n := range heldSizes {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			m := held(n)
			stats, next := busyScene().stats, n+1
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				jobs := heldJobs(next, 1000)
				next += 1000
				b.StartTimer()
				m.Update(viewMsg{view: &engine.View{Stats: stats, Jobs: jobs}})
				m.View()
			}
		})
	}
}

// A key press and its frame.
func BenchmarkKey(b *testing.B) {
	for _, n := range heldSizes {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			m := held(n)
			down, up := keyPress("j"), keyPress("k")
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%2 == 0 {
					m.Update(down)
				} else {
					m.Update(up)
				}
				m.Update(rushMsg{})
				m.View()
			}
		})
	}
}

// From a key to the frame that shows its first screenful, with all texts, over
// a million results. Done is how long the rest takes.
func BenchmarkMillion(b *testing.B) {
	m := held(1_000_000)
	t := m.results.table
	told := func() bool {
		for _, slot := range m.results.onScreen(0) {
			if _, ok := t.texts.get(slot); !ok {
				return false
			}
		}
		return true
	}
	for _, bc := range []struct {
		name string
		do   func() tea.Cmd
	}{
		{"j", func() tea.Cmd { return m.do(actDown, "j") }},
		{"pgdn", func() tea.Cmd { return m.do(actPageDown, "pgdown") }},
		{"G", func() tea.Cmd { return m.do(actEnd, "G") }},
		{"g", func() tea.Cmd { return m.do(actTop, "g") }},
		{"s", func() tea.Cmd { return m.relist(want{by: byTime}) }},
		{"s by outcome", func() tea.Cmd { return m.relist(want{by: byOutcome}) }},
		{"S", func() tea.Cmd { return m.relist(want{turned: true}) }},
		{"outcome failed", func() tea.Cmd { return m.setFilter("outcome:failed") }},
		{"host", func() tea.Cmd { return m.setFilter("host:host42") }},
		{"text that many have", func() tea.Cmd { return m.setFilter("page/77") }},
		{"text that one has", func() tea.Cmd { return m.setFilter("/page/" + strconv.Itoa(7*7919%1_000_003) + " host17") }},
		{"v", func() tea.Cmd { return m.relist(want{show: showAll}) }},
		{"mark all", func() tea.Cmd { m.markAll(); return nil }},
		{"by url", func() tea.Cmd { return m.relist(want{by: byURL}) }},
	} {
		b.Run(bc.name, func(b *testing.B) {
			var first, all, longest time.Duration
			n := 0
			for b.Loop() {
				b.StopTimer()
				m.setFilter("")
				m.results.marks.clear()
				m.runAll(m.relist(want{}), func() bool { return false })
				m.results.move(0)
				if bc.name == "g" {
					m.runAll(m.do(actEnd, "G"), func() bool { return false })
				}
				if bc.name == "j" || bc.name == "pgdn" { // far from the newest
					m.results.move(500_000)
					m.runAll(m.askTexts(), func() bool { return false })
				}
				asked := time.Now()
				b.StartTimer()
				cmd := bc.do()
				_, more := m.Update(nil)
				m.View()
				longest = max(longest, time.Since(asked))
				var shown time.Duration
				see := func() bool {
					part := t.has.filter.text != "" && t.has.filter.text == t.want.filter.text && t.count() > 0
					if shown == 0 && (t.making == nil || part) && told() {
						shown = time.Since(asked)
					}
					return false
				}
				see()
				m.runAll(tea.Batch(cmd, more), see)
				see()
				first += shown
				all += time.Since(asked)
				n++
			}
			b.ReportMetric(float64(first.Microseconds())/1000/float64(n), "ms-first")
			b.ReportMetric(float64(longest.Microseconds())/1000, "ms-loop-most")
			b.ReportMetric(float64(all.Microseconds())/1000/float64(n), "ms-all")
		})
	}
}

// What the screen keeps of a million results.
func BenchmarkHeap(b *testing.B) {
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	for b.Loop() {
		before := heap()
		m := held(1_000_000)
		b.ReportMetric(float64(heap()-before)/1e6, "bytes/row")
		m.runAll(m.relist(want{by: byTime}), func() bool { return false })
		b.ReportMetric(float64(heap()-before)/1e6, "bytes/row-sorted")
		m.runAll(m.relist(want{by: byURL}), func() bool { return false })
		b.ReportMetric(float64(heap()-before)/1e6, "bytes/row-by-url")
		runtime.KeepAlive(m)
	}
}

// A resumed run of a million results: how long until the first of them stand on
// the screen, until all are in the index, and what a part of them costs the
// loop.
func BenchmarkOlder(b *testing.B) {
	const n = 1_000_000
	stats := busyScene().stats
	stats.Counts = engine.Counts{Submitted: n, OK: n}
	stats.Classes = []engine.ClassCount{{Outcome: engine.OK, Results: n}}
	for b.Loop() {
		m := newModel(context.Background(), Deps{Controller: &heldStore{&fakeController{}, n}})
		m.Update(tea.WindowSizeMsg{Width: 120, Height: 36})
		begin := time.Now()
		m.Update(viewMsg{view: &engine.View{Full: true, Stats: stats}})
		var first, most, loop time.Duration
		parts := 0
		for m.results.older != nil {
			msg := m.results.older.next(context.Background(), m.deps.Controller.States)
			t := time.Now()
			m.Update(msg)
			m.View()
			took := time.Since(t)
			loop, most, parts = loop+took, max(most, took), parts+1
			if first == 0 {
				first = time.Since(begin)
			}
		}
		if got := m.results.table.count(); got != n {
			b.Fatalf("%d rows", got)
		}
		b.ReportMetric(float64(first.Microseconds())/1000, "ms-first")
		b.ReportMetric(float64(time.Since(begin).Milliseconds()), "ms-all")
		b.ReportMetric(float64(loop.Microseconds())/1000/float64(parts), "ms-loop")
		b.ReportMetric(float64(most.Microseconds())/1000, "ms-loop-most")
	}
}
