package ui

import (
	"context"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"weir/engine"
)

// The scenes of the screen: one moment each of a run, as a view would bring it.

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.Local)

// A scene is a view and what the screen knows besides.
type scene struct {
	name  string
	stats engine.Stats
	jobs  []engine.JobState
	log   []engine.LogLine
	focus panel
}

func scenes() []scene {
	return []scene{startScene(), busyScene(), parkedScene(), pausedScene(), finishedScene()}
}

func startScene() scene {
	return scene{name: "start", focus: resultsPanel, stats: engine.Stats{
		At: noon, Workers: 5, QueueCap: 100, ETA: -1,
	}}
}

// wave is a history that draws as the given cells where a full step is unit.
func wave(cells string, unit float64) (h engine.History) {
	for i, c := range []rune(cells) {
		if level := strings.IndexRune("▁▂▃▄▅▆▇█", c) / len("▁"); level > 0 {
			h[i] = float64(level+1) * unit
		}
	}
	return h
}

func busyScene() scene {
	at := noon.Add(3*time.Minute + 12*time.Second)
	batch := func(id engine.BatchID, name string, p engine.Priority, st engine.BatchState, ended, cancelled, all int, eta time.Duration) engine.BatchStats {
		return engine.BatchStats{
			Batch: engine.Batch{ID: id, Name: name, Priority: p}, State: st, ETA: eta,
			Counts: engine.Counts{Submitted: all, OK: ended, Cancelled: cancelled, Backlog: all - ended - cancelled},
		}
	}
	worker := func(n int, p engine.Phase, since time.Duration, host, path string, try int) engine.WorkerStats {
		return engine.WorkerStats{
			Num: n, Phase: p, Since: at.Add(-since), Job: engine.JobID(900 + n), Batch: 1,
			URL: "http://" + host + path, Host: host, Attempt: try, Most: 3,
		}
	}
	hosts := []engine.HostStats{
		{
			Host: "127.0.0.1:4010", Interval: time.Second, Rate: 0.9, History: wave("▅▅▂▁▂▃▅▅", 0.2), Waiting: 54, InFlight: 1,
			Reason: engine.PaceWait{Next: at.Add(300 * time.Millisecond), Interval: time.Second}, Phase: engine.PhaseSent, Since: at.Add(-1200 * time.Millisecond),
		},
		{
			Host: "127.0.0.1:4011", Interval: 2900 * time.Millisecond, Rate: 0.3, History: wave("▇▃▁▁▁▁▁▁", 0.2/2.9), Waiting: 31, Failed: 2,
			Reason: engine.ServerAsked{Until: at.Add(7200 * time.Millisecond), Asked: 10 * time.Second, Status: 429},
		},
		{
			Host: "127.0.0.1:4012", Interval: time.Second, Rate: 1, History: wave("▅▅▅▅▅▅▅▅", 0.2), Waiting: 12, InFlight: 1, Failed: 7,
			Reason: engine.PaceWait{Next: at.Add(600 * time.Millisecond), Interval: time.Second}, Phase: engine.PhaseSent, Since: at.Add(-400 * time.Millisecond),
		},
		{
			Host: "127.0.0.1:4013", Interval: time.Second, Rate: 1, History: wave("▅▅▅▅▅▅▅▅", 0.2), Waiting: 2, InFlight: 1,
			Reason: engine.TurnOut{Since: at.Add(-100 * time.Millisecond)}, Phase: engine.PhaseConnect, Since: at.Add(-100 * time.Millisecond),
		},
		{
			Host: "127.0.0.1:4014", Interval: time.Second, Rate: 7.0 / 60, Waiting: 1, InFlight: 1,
			Phase: engine.PhaseSent, Since: at.Add(-8800 * time.Millisecond),
		},
	}
	return scene{name: "busy", focus: resultsPanel, jobs: fates(812), stats: engine.Stats{
		At: at, Started: noon, Active: 3*time.Minute + 12*time.Second, State: engine.RunRunning,
		Counts: engine.Counts{Submitted: 1255, Backlog: 324, Queued: 100, Retry: 14, InFlight: 5, OK: 790, Empty: 3, Failed: 9, Skipped: 10},
		Limit: engine.Limit{
			Kind: engine.LimitPace, Hosts: 5, Waiting: 5, Next: at.Add(300 * time.Millisecond), Host: "127.0.0.1:4010",
			Reason: engine.PaceWait{Next: at.Add(300 * time.Millisecond), Interval: time.Second},
		},
		Workers: 5, Busy: 5, QueueLen: 100, QueueCap: 100, Hits: 1204, HitRate: 12,
		Rate: 4.9, History: wave("▂▃▅▇▆▅▅▆", 1), ETA: 90 * time.Second,
		Slots: []engine.WorkerStats{
			worker(1, engine.PhaseSent, 1200*time.Millisecond, "127.0.0.1:4010", "/schedule/2025-02", 1),
			worker(2, engine.PhaseExtract, 0, "127.0.0.1:4011", "/ocs?Month=11-25", 2),
			worker(3, engine.PhaseSent, 400*time.Millisecond, "127.0.0.1:4012", "/a/17", 1),
			worker(4, engine.PhaseConnect, 100*time.Millisecond, "127.0.0.1:4013", "/slow/3", 1),
			worker(5, engine.PhaseSent, 8800*time.Millisecond, "127.0.0.1:4014", "/slow/9", 1),
		},
		Batches: []engine.BatchStats{
			batch(1, "schedule 2024-11+36", engine.Normal, engine.BatchRunning, 72, 0, 100, 70*time.Second),
			batch(2, "urls.txt", engine.High, engine.BatchRunning, 21, 0, 100, 160*time.Second),
			batch(3, "pasted 14:03", engine.Normal, engine.BatchCancelled, 40, 60, 100, -1),
		},
		Hosts: hosts,
		Undo:  []engine.Done{{Action: engine.ActCancel, At: at.Add(-20 * time.Second), Selector: engine.Selector{Batch: 3}, Queued: 61, InFlight: 3}},
	}}
}

func parkedScene() scene {
	s := busyScene()
	at := time.Date(2026, 11, 23, 14, 4, 9, 0, time.Local)
	s.name, s.focus, s.jobs = "parked", hostsPanel, fates(1142)
	until := at.Add(9*time.Minute + 2*time.Second)
	asked := engine.ServerAsked{Until: until, Asked: 10 * time.Minute, Status: 429, Parked: true}
	st := &s.stats
	st.At, st.Active, st.Rate, st.History, st.ETA = at, 400*time.Second, 0.2, wave("▇▅▃▂▁▁▁▁", 1), 550*time.Second
	st.Counts = engine.Counts{Submitted: 1255, Backlog: 58, Queued: 40, Retry: 14, InFlight: 1, OK: 1107, Empty: 4, Failed: 21, Skipped: 10}
	st.Limit = engine.Limit{Kind: engine.LimitParked, Hosts: 2, Waiting: 1, Jobs: 113, Next: until, Host: "127.0.0.1:4011", Reason: asked}
	st.Busy, st.QueueLen, st.Hits, st.HitRate = 1, 40, 1318, 0
	st.Slots = []engine.WorkerStats{{
		Num: 1, Phase: engine.PhaseSent, Since: at.Add(-400 * time.Millisecond), Job: 901, Batch: 1,
		URL: "http://127.0.0.1:4012/a/17", Host: "127.0.0.1:4012", Attempt: 1, Most: 3,
	}, {Num: 2}, {Num: 3}, {Num: 4}, {Num: 5}}
	st.Batches[0].State, st.Batches[0].Counts = engine.BatchDone, engine.Counts{Submitted: 36, OK: 36}
	st.Batches[1].Counts, st.Batches[1].ETA = engine.Counts{Submitted: 100, OK: 79, Backlog: 21}, 550*time.Second
	waves := []string{"▅▅▂▁▁▁▁▁", "▇▃▁▁▁▁▁▁", "▅▅▅▅▅▅▅▅", "▅▅▅▅▁▁▁▁", "▁▁▁▁▁▁▁▁"}
	for i := range st.Hosts {
		h := &st.Hosts[i]
		*h = engine.HostStats{Host: h.Host, Interval: h.Interval, Failed: h.Failed, History: wave(waves[i], 0.2/h.Interval.Seconds())}
	}
	st.Hosts[1].Waiting, st.Hosts[1].Reason = 113, asked
	st.Hosts[2].InFlight, st.Hosts[2].Phase, st.Hosts[2].Since, st.Hosts[2].Rate = 1, engine.PhaseSent, at.Add(-400*time.Millisecond), 0.2
	return s
}

func pausedScene() scene {
	s := busyScene()
	s.name = "paused"
	st := &s.stats
	paused := engine.Paused{At: time.Date(2026, 11, 23, 12, 1, 40, 0, time.Local), What: "run"}
	st.At = paused.At.Add(31*time.Minute + 12*time.Second)
	st.State, st.Paused, st.Rate, st.History, st.ETA = engine.RunPaused, paused, 0, wave("▅▅▅▃▁▁▁▁", 1), -1
	st.Counts.InFlight, st.Counts.Backlog = 0, 329
	st.Limit = engine.Limit{Kind: engine.LimitPaused, Hosts: 5, Waiting: 5, Jobs: 443, Reason: paused}
	st.Busy, st.HitRate = 0, 0
	for i := range st.Slots {
		st.Slots[i] = engine.WorkerStats{Num: i + 1}
	}
	for i := range st.Hosts {
		h := &st.Hosts[i]
		h.Reason, h.InFlight, h.Phase, h.Rate, h.History = paused, 0, engine.PhaseIdle, 0, wave("▅▅▃▁▁▁▁▁", 0.2/h.Interval.Seconds())
	}
	return s
}

func finishedScene() scene {
	s := pausedScene()
	s.name, s.jobs = "finished", fates(1255)
	st := &s.stats
	st.State, st.Paused, st.Active, st.History = engine.RunFinished, engine.Paused{}, 302*time.Second, wave("▅▅▅▃▂▁▁▁", 1)
	st.Counts = engine.Counts{Submitted: 1255, OK: 1189, Empty: 4, Failed: 52, Skipped: 10}
	st.Limit, st.QueueLen, st.Hits = engine.Limit{}, 0, 1390
	st.Batches = st.Batches[:2]
	for i := range st.Batches {
		b := &st.Batches[i]
		b.State, b.Counts = engine.BatchDone, engine.Counts{Submitted: 600, OK: 600}
	}
	for i := range st.Hosts {
		h := &st.Hosts[i]
		h.Reason, h.Waiting = nil, 0
	}
	st.Hosts[2].Failed, st.Hosts[4].Failed = 41, 9
	return s
}

// fates are the last rows of a list that ends with number last.
func fates(last int) []engine.JobState {
	kinds := []engine.JobState{
		{URL: "127.0.0.1:4010/schedule/2025-", Outcome: engine.OK, Status: 200, Elapsed: 118 * time.Millisecond, Bytes: 8100, Records: 31, Attempts: 1},
		{URL: "127.0.0.1:4010/schedule/2025-", Outcome: engine.Empty, Status: 200, Elapsed: 97 * time.Millisecond, Bytes: 7900, Attempts: 1, Why: "0 rows, expected ≥ 1"},
		{URL: "127.0.0.1:4012/a/", Outcome: engine.Failed, Class: engine.Status, Status: 503, Elapsed: 40 * time.Millisecond, Bytes: 210, Attempts: 3},
		{URL: "127.0.0.1:4011/ocs?Month=11-", Outcome: engine.OK, Status: 200, Elapsed: 2110 * time.Millisecond, Bytes: 22000, Records: 124, Attempts: 1, Why: "3 findings: MissingCell"},
		{URL: "127.0.0.1:4014/slow/", Outcome: engine.Failed, Class: engine.Timeout, Elapsed: 30 * time.Second, Attempts: 3},
		{URL: "127.0.0.1:4012/private/", Outcome: engine.Skipped, Class: engine.Robots},
	}
	tails := [6][]string{{"02", "02", "04"}, {"01", "09", "01"}, {"17", "16", "18"}, {"25", "23", "25"}, {"8", "0", "2"}, {"1", "7", "4"}}
	var jobs []engine.JobState
	for i := range last {
		k := kinds[i%6]
		turn := tails[i%6]
		k.URL = "http://" + k.URL + turn[i/6%len(turn)]
		k.ID, k.Num, k.Batch, k.Place = engine.JobID(last-i), uint64(last-i), 1+engine.BatchID(i%2), engine.Ended
		k.Host = k.URL[7:21]
		jobs = append(jobs, k)
	}
	for i, j := 0, len(jobs)-1; i < j; i, j = i+1, j-1 {
		jobs[i], jobs[j] = jobs[j], jobs[i] // oldest change first
	}
	return jobs
}

// fakeController answers what a screen asks, and notes what it is told.
type fakeController struct {
	engine.Controller
	sub     *engine.Subscription
	results []engine.Result
	read    atomic.Int64  // states, so many times
	takes   time.Duration // each of them
	calls   []string
	err     error
	waits   []engine.WaitingJob // ids from 1
	asking  sync.Mutex          // guards asked
	asked   []engine.Query      // for them
}

func (c *fakeController) note(action engine.Action, sel engine.Selector) (engine.Done, error) {
	c.calls = append(c.calls, fmt.Sprintf("%s %s", action, selectorText(sel)))
	return engine.Done{Action: action, Selector: sel, Queued: 61, InFlight: 3, From: "1", To: "2"}, c.err
}

func (c *fakeController) Add(_ context.Context, b engine.Batch, jobs iter.Seq2[engine.Job, error]) (engine.Added, error) {
	added := engine.Added{Batch: 4}
	for _, err := range jobs {
		if err != nil {
			added.Invalid++
		} else {
			added.New++
		}
	}
	c.calls = append(c.calls, "add "+b.Name)
	return added, c.err
}

func (c *fakeController) Cancel(_ context.Context, s engine.Selector) (engine.Done, error) {
	return c.note(engine.ActCancel, s)
}

func (c *fakeController) Pause(_ context.Context, s engine.Selector) (engine.Done, error) {
	return c.note(engine.ActPause, s)
}

func (c *fakeController) Resume(_ context.Context, s engine.Selector) (engine.Done, error) {
	return c.note(engine.ActResume, s)
}

func (c *fakeController) Retry(_ context.Context, s engine.Selector) (engine.Done, error) {
	return c.note(engine.ActRetry, s)
}

func (c *fakeController) SetWorkers(_ context.Context, n int) (engine.Done, error) {
	c.calls = append(c.calls, fmt.Sprintf("workers %d", n))
	return engine.Done{Action: engine.ActWorkers, From: "5", To: fmt.Sprint(n)}, c.err
}

func (c *fakeController) SetInterval(_ context.Context, s engine.Selector, d time.Duration) (engine.Done, error) {
	c.calls = append(c.calls, fmt.Sprintf("interval %s %v", selectorText(s), d))
	return engine.Done{Action: engine.ActInterval, Selector: s, From: "1s", To: d.String()}, c.err
}

func (c *fakeController) SetPriority(_ context.Context, b engine.BatchID, p engine.Priority) (engine.Done, error) {
	c.calls = append(c.calls, fmt.Sprintf("priority %d %v", b, p))
	return engine.Done{Action: engine.ActPriority, Selector: engine.Selector{Batch: b}, From: "normal", To: p.String()}, c.err
}

func (c *fakeController) Undo(context.Context) (engine.Done, error) {
	return c.note("undo", engine.Selector{})
}

func (c *fakeController) Exclude(_ context.Context, jobs []engine.JobID) (engine.Done, error) {
	c.calls = append(c.calls, fmt.Sprintf("exclude %v", jobs))
	return engine.Done{Action: engine.ActExclude, Waiting: len(jobs)}, c.err
}

// Waiting tells of the waiting jobs in c.waits, a page in c.takes.
func (c *fakeController) Waiting(_ context.Context, q engine.Query) (page engine.WaitingPage, err error) {
	time.Sleep(c.takes)
	c.asking.Lock()
	defer c.asking.Unlock()
	c.asked = append(c.asked, q)
	rest := c.waits[min(q.After, uint64(len(c.waits))):]
	if len(rest) > q.Limit {
		rest, page.Next = rest[:q.Limit], q.After+uint64(q.Limit)
	}
	page.Jobs = rest
	return page, c.err
}

func (c *fakeController) Drain() { c.calls = append(c.calls, "drain") }

func (c *fakeController) Snapshot() engine.Stats                                 { return engine.Stats{} }
func (c *fakeController) Subscribe(engine.SubscribeOptions) *engine.Subscription { return c.sub }

func (c *fakeController) Results(_ context.Context, q engine.Query) ([]engine.Result, error) {
	var rs []engine.Result
	cancelled := slices.Contains(q.Outcomes, engine.Cancelled)
	jobs := map[engine.JobID]bool{}
	for _, id := range q.Jobs {
		jobs[id] = true
	}
	for i := range c.results {
		r := &c.results[i]
		if (r.Outcome == engine.Cancelled) != cancelled || !cancelled && r.Num <= q.After || len(q.Jobs) > 0 && !jobs[r.Job] {
			continue
		}
		if rs = append(rs, *r); len(rs) == q.Limit {
			break
		}
	}
	return rs, c.err
}

// reads returns how often states were read.
func (c *fakeController) reads() int { return int(c.read.Load()) }

func (c *fakeController) States(ctx context.Context, q engine.Query) ([]engine.JobState, error) {
	c.read.Add(1)
	time.Sleep(c.takes)
	rs, err := c.Results(ctx, q)
	var states []engine.JobState
	for i := range rs {
		states = append(states, rs[i].State())
	}
	return states, err
}

// A stage is a screen that is fed by hand, in the virtual time of a synctest
// bubble: commands run beside the loop, their messages come back.
type stage struct {
	*Model
	t    *testing.T
	fake *fakeController
	quit bool      // it was asked to leave
	said []tea.Msg // what is for the program: the clipboard, suspending

	loop
}

// newStage shows a scene in w x h cells.
func newStage(t *testing.T, sc scene, w, h int, with ...func(*Deps)) *stage {
	t.Helper()
	fake := &fakeController{}
	d := Deps{Controller: fake, Name: "demo", Interval: time.Second, Planner: &listPlanner{}}
	for _, change := range with {
		change(&d)
	}
	s := &stage{t: t, fake: fake, Model: newModel(t.Context(), d)}
	t.Cleanup(func() { s.rest(2 * toastTime) }) // until every timer has ended
	s.focus, s.peak = sc.focus, 7
	s.tell(tea.WindowSizeMsg{Width: w, Height: h})
	s.bring(sc)
	return s
}

// bring hands a scene over as a view and lets it be drawn.
func (s *stage) bring(sc scene) {
	s.tell(viewMsg{view: &engine.View{Full: !s.live, Stats: sc.stats, Jobs: sc.jobs, Log: sc.log}})
	s.tell(frameMsg{})
}

// tell hands over a message and starts the command that follows.
func (s *stage) tell(msg tea.Msg) {
	if _, ok := msg.(frameMsg); ok {
		s.Model.tell(msg) // without asking for the next view
		return
	}
	_, cmd := s.Update(msg)
	s.run(cmd)
}

// rest lets so much time pass.
func (s *stage) rest(long time.Duration) { s.loop.rest(long, s.take) }

func (s *stage) take(msg tea.Msg) {
	switch msg := msg.(type) {
	case nil:
	case tea.BatchMsg:
		for _, cmd := range msg {
			s.run(cmd)
		}
	case tea.QuitMsg:
		s.quit = true
	default:
		if reflect.TypeOf(msg).PkgPath() == reflect.TypeFor[tea.QuitMsg]().PkgPath() {
			s.said = append(s.said, msg)
		}
		s.tell(msg)
	}
}

// press presses keys by their names, with a moment between them.
func (s *stage) press(names ...string) {
	for _, name := range names {
		s.tell(keyPress(name))
		s.rest(20 * time.Millisecond)
	}
}

// screen returns the cells without styles.
func (s *stage) screen() string { return ansi.Strip(s.View().Content) }

// toast returns the newest toast.
func (s *stage) toast() string {
	if n := len(s.toasts.list); n > 0 {
		return s.toasts.list[n-1].text
	}
	return ""
}
